"""The documents of a command, from what was found to the store: what is stored is not computed again.

Outcomes come in any order and are written in batches, each in one transaction, so whatever ends a run leaves whole
documents behind, and the same command again does the rest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pipeline.agenda import Agenda
from pipeline.consulting import Consulting, Endpoint
from pipeline.executors import Executor
from pipeline.inputs import Input, Inputs
from pipeline.store.rows import Entry, FailureRow, NameRow, People
from pipeline.store.store import Store
from pipeline.work import Job, Outcome, Plan, Tally

__all__ = ["Report", "Watcher", "digitise_inputs", "settle_stored"]

_LOOK_UP = 32
"""Stored documents that are fetched at once, and are in memory until they are sent on."""
_TICK_SECONDS = 0.2
_BATCH = 100
_BATCH_BYTES = 8 * 1024 * 1024
_BATCH_SECONDS = 0.5
"""Outcomes, bytes of them, and seconds between two transactions: what a killed run loses."""


class Watcher(Protocol):
    """Is told of every outcome as it comes: a progress bar, an export."""

    def __call__(self, outcome: Outcome, /) -> None:
        """An outcome, in the order in which they are done. It is in the store, at the latest, when the run ends."""
        ...


@dataclass(slots=True)
class Report:
    """What became of the documents of a command. `stored` counts those of which everything was in the store.

    `further` counts documents that came out of archives, `pages` those that are to be recognised, `pages_done` those of
    them that have been, or have failed; `on_step` is called when one of these three changes.
    """

    tally: Tally = field(default_factory=Tally)
    stored: int = 0
    failures: list[tuple[str, FailureRow]] = field(default_factory=list)
    failed_documents: int = 0
    further: int = 0
    pages: int = 0
    pages_done: int = 0
    on_step: Callable[[], None] = lambda: None

    def fail(self, name: str, failures: Iterable[FailureRow]) -> None:
        """Note failures of a document."""
        for failure in failures:
            self.failures.append((name, failure))
            self.failed_documents += failure.whole


def digitise_inputs(
    inputs: Inputs,
    *,
    store: Store,
    run_id: int,
    executor: Executor,
    plan: Plan,
    watchers: Sequence[Watcher],
    report: Report,
    endpoint: Endpoint | None = None,
) -> None:
    """Digitise what was found and write it to the store; `report` is kept up to date.

    The same bytes under several names are read once: the other names come when the first is stored. `endpoint` answers
    what a model is asked.
    """
    ledger = _Ledger(store, lambda: run_id, plan, watchers, report, of_files=True)
    for file, failure in inputs.unreadable:
        ledger.unreadable(file, failure)
    agenda = Agenda(inputs.files, store, plan, pages_as_documents=inputs.pages_as_documents)
    try:
        ledger.take(_whole(agenda, _answered(Consulting(agenda, store, endpoint), executor), report))
        ledger.flush()
        ledger.indexed = False  # what has several names is asked about under the first
        twins = Agenda(agenda.twins, store, plan, once=False)
        ledger.take(_whole(twins, _answered(Consulting(twins, store, endpoint), executor), report))
    finally:
        ledger.flush()


def _whole(agenda: Agenda, outcomes: Iterable[Outcome], report: Report) -> Iterator[Outcome]:
    """The outcomes of whole documents; those of their pages, and of archives, lead to further jobs."""
    for outcome in outcomes:
        done = outcome if outcome.requests else agenda.take(outcome)
        report.further, report.pages, report.pages_done = agenda.documents, agenda.pages, agenda.pages_done
        if done is None:
            report.on_step()
        yield from agenda.failed
        agenda.failed.clear()
        if done is not None:
            yield done
    yield from agenda.failed


def _answered(consulting: Consulting, executor: Executor) -> Iterator[Outcome]:
    """Outcomes until nothing waits for a model's answer any more; those of documents that ask are among them."""
    while True:
        for outcome in executor.run(jobs=consulting):
            consulting.take(outcome)
            yield outcome
        if not consulting.waiting:
            return
        consulting.wait(_TICK_SECONDS)


def settle_stored(
    names: Sequence[NameRow],
    *,
    store: Store,
    run_id: Callable[[], int],
    executor: Executor,
    plan: Plan,
    watchers: Sequence[Watcher],
    report: Report,
    endpoint: Endpoint | None = None,
) -> None:
    """Settle documents out of the store, without their files; readings that have become stale are read again.

    Documents that never could be ingested are left out, and without an `endpoint` no model is asked. `run_id` is asked
    for only if there is something to write.
    """
    ledger = _Ledger(store, run_id, plan, watchers, report, of_files=False)
    try:
        consulting = Consulting(_stored_jobs(names, store, plan), store, endpoint)
        ledger.take(_answered(consulting, executor))
    finally:
        ledger.flush()


class _Ledger:
    """Outcomes on their way into the store and the report.

    With `of_files`, names and failures are written as well; without, only what was computed anew.
    """

    def __init__(
        self,
        store: Store,
        run_id: Callable[[], int],
        plan: Plan,
        watchers: Sequence[Watcher],
        report: Report,
        *,
        of_files: bool,
    ) -> None:
        self._store = store
        self._run_id = run_id
        self._plan = plan
        self._watchers = watchers
        self._report = report
        self._of_files = of_files
        self.indexed = True
        """Does what is asked of people go into the queue?"""
        self._pending: list[Entry] = []
        self._bytes = 0
        self._written = time.monotonic()

    def unreadable(self, file: Input, failure: FailureRow) -> None:
        """Note a file or folder that could not be opened."""
        self._note(Outcome(Job(file.name, file.source, file.location, ""), failures=(failure,)))

    def take(self, outcomes: Iterable[Outcome]) -> None:
        """Note outcomes as they come, and write them in batches."""
        for outcome in outcomes:
            self._note(outcome)
            full = len(self._pending) >= _BATCH or self._bytes >= _BATCH_BYTES
            if full or time.monotonic() - self._written >= _BATCH_SECONDS:
                self.flush()

    def flush(self) -> None:
        """Write what has not been written yet."""
        pending, self._pending, self._bytes = self._pending, [], 0
        if pending:
            self._store.write(self._run_id(), pending)
        self._written = time.monotonic()

    def _note(self, outcome: Outcome) -> None:
        job = outcome.job
        new = bool(outcome.document or outcome.sections or outcome.readings)
        if outcome.requests:
            if new:
                self._pending.append(self._entry(outcome))
            return
        self._report.tally.add(outcome.tally)
        self._report.stored += not new and not outcome.failures
        self._report.fail(job.name, outcome.failures)
        for watcher in self._watchers:
            watcher(outcome)
        if not (new or self._of_files or outcome.dossier):
            return
        entry = self._entry(outcome)
        self._pending.append(entry)
        self._bytes += entry.size

    def _entry(self, outcome: Outcome) -> Entry:
        job = outcome.job
        return Entry(
            name=job.name,
            source=job.source,
            location=job.location,
            sha256=job.sha256 or None,
            ingest=outcome.ingest,
            segmentation=self._plan.versions.segmentation,
            document=outcome.document,
            sections=outcome.sections,
            readings=outcome.readings,
            failures=outcome.failures if self._of_files else (),
            dossier=outcome.dossier if self.indexed else None,
        )


def _stored_jobs(names: Sequence[NameRow], store: Store, plan: Plan) -> Iterator[Job]:
    for start in range(0, len(names), _LOOK_UP):
        batch = names[start : start + _LOOK_UP]
        hashes = [row.sha256 for row in batch]
        held = store.held(hashes, plan.versions, plan.readers, any_ingest=True)
        people = store.reviews.people(hashes)
        for row in batch:
            if row.sha256 in held:
                said = people.get(row.sha256, People())
                yield Job(row.name, row.source, row.location, row.sha256, held=held[row.sha256], people=said)
