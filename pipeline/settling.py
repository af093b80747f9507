"""Settling what is in the store: for its forms, or for what a model is still to be asked about them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence

from pipeline.bulk import Report, Watcher, settle_stored
from pipeline.consulting import Endpoint
from pipeline.executors.local import local_executor
from pipeline.logbook import write_log
from pipeline.messages import say
from pipeline.settings import Settings
from pipeline.store.rows import NameRow
from pipeline.store.store import Store
from pipeline.summary import RunProgress
from pipeline.work import Outcome, Plan, installed_engine

__all__ = ["LateRun", "counts_of", "log_watcher", "settle_documents"]

_STORED_BYTES = 4_000
"""Bytes of text that a stored document is taken for where it is decided whether worker processes are worth it."""


class LateRun:
    """A run of a command that is noted when there is something to write, and not at all where there is not."""

    def __init__(self, store: Store, command: str, arguments: Mapping[str, object] | None = None) -> None:
        self.store = store
        self.arguments = arguments or {}
        self.begun: int | None = None
        """The number of the run, if it has been noted."""
        self._command = command

    def __call__(self) -> int:
        """The number of the run."""
        if self.begun is None:
            self.begun = self.store.begin_run(self._command, self.arguments)
        return self.begun

    def end(self, counts: Mapping[str, object]) -> None:
        """Note that the command is done."""
        if self.begun is not None:
            self.store.end_run(self.begun, "done", counts)


def settle_documents(
    names: Sequence[NameRow],
    settings: Settings,
    plan: Plan,
    watchers: Sequence[Watcher],
    stop: Callable[[], None],
    *,
    run: LateRun,
    endpoint: Endpoint | None = None,
) -> Report:
    """Settle stored documents; what their readings have become stale for is read again, and stored.

    `endpoint` answers what a model is asked; without one it is not asked.
    """
    report = Report()
    size = _STORED_BYTES * len(names)
    executor = local_executor(engine=installed_engine, plan=plan, jobs=settings.jobs, size=size, stop=stop)
    try:
        with RunProgress(say("run.settling"), len(names), report) as progress:
            told = [progress, log_watcher(settings), *watchers]
            settle_stored(
                names,
                store=run.store,
                run_id=run,
                executor=executor,
                plan=plan,
                watchers=told,
                report=report,
                endpoint=endpoint,
            )
    finally:
        executor.close()
    run.end(counts_of(report))
    return report


def log_watcher(settings: Settings) -> Watcher:
    """A watcher that writes internal errors down."""

    def watch(outcome: Outcome) -> None:
        if outcome.tracebacks:
            write_log(settings.log, outcome.job.name, outcome.tracebacks)
            if settings.debug:
                print(*outcome.tracebacks, sep="\n", file=sys.stderr)

    return watch


def counts_of(report: Report) -> dict[str, object]:
    """The counts of a report, as the store keeps them with a run."""
    tally = report.tally
    return {
        "documents": tally.documents,
        "formless": tally.formless,
        "failed": report.failed_documents,
        "stored": report.stored,
        "forms": tally.forms,
        "untouched": tally.untouched,
        "questions": tally.questions,
        "states": dict(sorted(tally.states.items())),
        "findings": {f"{check} {severity}": count for (check, severity), count in sorted(tally.findings.items())},
    }
