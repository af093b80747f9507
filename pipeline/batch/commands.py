"""The commands `formtally batch export`, `import`, `submit` and `poll`. Each returns an exit code."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.batch.api import ApiError, BatchApi, RemoteBatch
from pipeline.batch.files import RequestFile, RequestFiles, check_answers
from pipeline.batch.intake import Intake, Taken
from pipeline.batch.outbox import Outbox
from pipeline.batch.submission import NOT_SENT, recover, shown_url, submit, take_in
from pipeline.choice import api_key, asking_reader, plan_of
from pipeline.commands import next_command, to_type
from pipeline.errors import ConfigurationError, ExitCode, NothingUsable
from pipeline.export import Format, check_target
from pipeline.interrupt import Interruption
from pipeline.messages import CATALOGUE, say
from pipeline.settings import Settings
from pipeline.settling import LateRun, settle_documents
from pipeline.store.rows import BatchRow
from pipeline.store.store import Store
from pipeline.summary import console, show_facts, spent_words

__all__ = ["batch_export_command", "batch_import_command", "batch_poll_command", "batch_submit_command"]

_ASKING = ("batch export", "batch submit")
_COMMANDS = ("run", *_ASKING, "batch import", "batch poll")
_KINDS = {
    "model.refused": "batch.kind.refused",
    "model.invalid": "batch.kind.invalid",
    "model.empty": "batch.kind.empty",
}
_NAMED = 10
"""Names that a line of a summary has room for."""
_NAME_LENGTH = 64
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 60.0
"""Seconds between two looks at the batches, where they are waited for."""
_TICK_SECONDS = 0.2

Facts = list[tuple[str, str]]


def batch_export_command(settings: Settings, *, out: Path) -> int:
    """Write the pending requests about everything in the store to files."""
    check_target(out, Format.JSONL)
    with Interruption() as interruption, Store.open(settings.db, create=False) as store:
        run = _asking_run(settings, store, "batch export")
        outbox, files = _write_down(settings, run, out, interruption.check)
    if not files:
        return _nothing_written(outbox)
    names = [str(file.path) for file in files]
    facts = [("batch.requests", f"{outbox.written:,}"), ("batch.files", "\n".join(names)), *_left_out(outbox)]
    answers = str(out.with_name(f"{out.stem}-answers{out.suffix}"))
    command = to_type(settings, "batch", "import", answers)
    show_facts(facts, say("batch.next.answer", file=names[0], command=command))
    return ExitCode.DONE


def batch_import_command(settings: Settings, paths: Sequence[Path]) -> int:
    """Take the answers in files into the store. Raises `NothingUsable` where there is none that it can use."""
    for path in paths:
        check_answers(path)
    with Interruption() as interruption, Store.open(settings.db, create=False) as store:
        run = _answered_run(store, "batch import")
        intake = Intake(store, settings.model, run, interruption.check)
        for path in paths:
            intake.take(path, str(path))
        facts = [*_taken(intake.report), *_end(run, intake.report)]
    show_facts(facts, _next(settings, intake.report, "export", "requests.jsonl"))
    if not intake.report.usable:
        raise NothingUsable(say("batch.nothing"))
    return ExitCode.DONE if intake.report.whole else ExitCode.SOME_FAILED


def batch_submit_command(settings: Settings, *, window: str) -> int:
    """Have the endpoint work off the pending requests about everything in the store, as batches."""
    url = _url(settings)
    with Interruption() as interruption, ExitStack() as stack:
        store = stack.enter_context(Store.open(settings.db, create=False))
        run = _asking_run(settings, store, "batch submit")
        api = stack.enter_context(BatchApi(settings.model, api_key()))
        recover(store, api, url, seconds=settings.model.timeout_seconds)
        folder = stack.enter_context(TemporaryDirectory(prefix="formtally-"))
        outbox, files = _write_down(settings, run, Path(folder, "requests.jsonl"), interruption.check)
        sent: list[tuple[str, int]] = []
        try:
            for file in files:
                interruption.check()
                sent.append((submit(store, api, run(), url, file, window), len(file.keys)))
        finally:
            if sent:
                count = sum(requests for _, requests in sent)
                names = "\n".join(name for name, _ in sent)
                facts = [("batch.requests", f"{count:,}"), ("batch.batches", names), *_left_out(outbox)]
                show_facts(facts, to_type(settings, "batch", "poll", "--wait"))
    return ExitCode.DONE if files else _nothing_written(outbox)


def batch_poll_command(settings: Settings, *, wait: bool) -> int:
    """Look at the open batches, and take in the answers of those that have ended; with `wait`, until all have.

    Raises `NothingUsable` where all have ended and there is not one answer.
    """
    url = _url(settings)
    with Interruption() as interruption, ExitStack() as stack:
        store = stack.enter_context(Store.open(settings.db, create=False))
        if elsewhere := [batch.url for batch in store.open_batches() if batch.url != url]:
            urls = ", ".join(sorted(set(elsewhere)))
            console(stderr=True).print(say("batch.elsewhere", count=f"{len(elsewhere):,}", urls=urls))
        poll = _Poll(settings, store, url, interruption.check, aloud=wait)
        if not poll.open():
            console().print(say("batch.none_open"))
            return ExitCode.DONE
        api = stack.enter_context(BatchApi(settings.model, api_key()))
        try:
            poll.look(api)
            if wait:
                poll.wait(api)
        finally:
            still_open = bool(poll.open())
            again = to_type(settings, "batch", "poll", "--wait")
            poll.show(again if still_open else _next(settings, poll.intake.report, "submit"))
    report = poll.intake.report
    if not still_open and not report.usable:
        raise NothingUsable(say("batch.nothing"))
    return ExitCode.DONE if report.whole and not poll.failed else ExitCode.SOME_FAILED


class _Poll:
    """Looks at the open batches of an endpoint, and takes in what has come; `aloud` says what changes as it does."""

    def __init__(self, settings: Settings, store: Store, url: str, stop: Callable[[], None], *, aloud: bool) -> None:
        self.failed = False
        """Has a batch ended in another way than by being completed?"""
        self._run = _answered_run(store, "batch poll")
        self.intake = Intake(store, settings.model, self._run, stop)
        self._settings = settings
        self._store = store
        self._url = url
        self._stop = stop
        self._aloud = aloud
        self._said: dict[int, str] = {}
        """What was last said of each batch, by number."""

    def open(self) -> list[BatchRow]:
        """The batches that have not ended."""
        return [batch for batch in self._store.open_batches() if batch.url == self._url]

    def look(self, api: BatchApi) -> None:
        """Look at each of them once."""
        for batch in recover(self._store, api, self._url, seconds=self._settings.model.timeout_seconds):
            self.failed = True
            self._say(batch, NOT_SENT)
        for batch in self.open():
            self._stop()
            if batch.remote is None:
                self._say(batch, "submitting")
                continue
            remote = api.look(batch.remote)
            if remote is None or remote.ended:
                outcome = take_in(self._store, api, batch, remote, self.intake)
                self.failed |= outcome != "completed"
                self._say(batch, outcome, remote)
            else:
                self._say(batch, remote.status, remote)

    def wait(self, api: BatchApi) -> None:
        """Look at them again and again until all have ended; an endpoint may be down for a while in between."""
        pause = _FIRST_PAUSE
        heard = time.monotonic()
        while self.open():
            _sleep(pause, self._stop)
            pause = min(2 * pause, _LONGEST_PAUSE)
            try:
                self.look(api)
                heard = time.monotonic()
            except ApiError as error:
                if not error.passes or time.monotonic() - heard > self._settings.model.outage_seconds:
                    raise

    def show(self, next_command: str) -> None:
        """Show what there is to say at the end."""
        report = self.intake.report
        if self._said:
            taken = _taken(report) if report.usable or not report.whole else []
            said = [("batch.batches", "\n".join(self._said.values()))]
            show_facts([*said, *taken, *_end(self._run, report)], next_command)

    def _say(self, batch: BatchRow, state: str, remote: RemoteBatch | None = None) -> None:
        """Note how a batch is doing, and say it where that is news."""
        said = _state(batch, state, remote)
        if self._aloud and self._said.get(batch.id) != said:
            console(stderr=True).print(said)
        self._said[batch.id] = said


def _asking_run(settings: Settings, store: Store, command: str) -> LateRun:
    """The run of a command that writes down what a model is to be asked."""
    if settings.model.name is None:
        raise ConfigurationError(say("batch.no_model"))
    return LateRun(store, command, {"reader": asking_reader(settings, store.last_reader(_COMMANDS))})


def _answered_run(store: Store, command: str) -> LateRun:
    """The run of a command after which the answers to what was asked are there: exports read by them from then on."""
    return LateRun(store, command, {"reader": store.last_reader(_ASKING) or "both"})


def _write_down(
    settings: Settings, run: LateRun, target: Path, stop: Callable[[], None]
) -> tuple[Outbox, list[RequestFile]]:
    """Write the pending requests about everything in the store, but for those in open batches, to files."""
    store = run.store
    plan = plan_of(settings, str(run.arguments["reader"]))
    run_id = run()
    with RequestFiles(target) as files:
        outbox = Outbox(files, lambda rows: store.write_requests(run_id, rows), store.keys_under_way())
        report = settle_documents(store.names(), settings, plan, [], stop, run=run, endpoint=outbox)
        if not report.tally.forms:
            raise NothingUsable(say("export.nothing"))
        outbox.flush()
    return outbox, files.files


def _nothing_written(outbox: Outbox) -> int:
    count = outbox.left_out
    console().print(say("batch.all_under_way", count=f"{count:,}") if count else say("batch.nothing_pending"))
    return ExitCode.DONE


def _left_out(outbox: Outbox) -> Facts:
    if not outbox.left_out:
        return []
    return [("batch.under_way", say("batch.under_way_count", count=f"{outbox.left_out:,}"))]


def _taken(report: Taken) -> Facts:
    """What became of the lines of files of answers."""
    words = [say("batch.taken", count=f"{report.taken:,}")]
    if report.known:
        words.append(say("batch.known", count=f"{report.known:,}"))
    facts = [("batch.answers", " · ".join(words))]
    if report.cut:
        facts.append(("batch.cut", say("batch.cut_count", count=f"{report.cut:,}")))
    if report.failed:
        facts.append(("batch.failed", _some(list(_failures(report)), " · ")))
    if report.unknown:
        names = _some([_shown(name) for name in report.unknown])
        facts.append(("batch.unknown", say("batch.unknown_named", count=f"{len(report.unknown):,}", names=names)))
    if report.malformed:
        facts.append(("batch.malformed", _some([say("batch.line", file=file, line=n) for file, n in report.malformed])))
    return facts


def _failures(report: Taken) -> Iterator[str]:
    """The kinds of failures with how many there are of each, most first."""
    for code, count in report.failed.most_common():
        kind = say(_KINDS[code]) if code in _KINDS else say("batch.kind.other", detail=code)
        yield say("batch.failed_kind", count=f"{count:,}", kind=kind)


def _some(names: Sequence[str], between: str = ", ") -> str:
    """The first of many names."""
    return between.join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")


def _shown(name: str) -> str:
    """A name out of a file of somebody else's, as far as a terminal may show it."""
    return "".join(letter if letter.isprintable() else "?" for letter in name[:_NAME_LENGTH])


def _end(run: LateRun, report: Taken) -> Facts:
    """Note that answers have been taken; what they cost, and where they are."""
    facts = []
    if run.begun is not None:
        failed = sum(report.failed.values()) + len(report.unknown) + len(report.malformed)
        run.end({"taken": report.taken, "cut": report.cut, "known": report.known, "failed": failed})
        spent = run.store.spent(run.begun)
        if spent.calls:
            facts.append(("model", spent_words(spent)))
    return [*facts, ("store", run.store.shown)]


def _next(settings: Settings, report: Taken, *again: str) -> str:
    """What to type after answers were taken: ask for the rest, write what there is."""
    export = next_command(settings, questions=True)
    # Leaves that another model is to be asked about are known only now.
    more = settings.model.tie_break is not None and report.taken > 0
    if report.usable and not (report.cut or report.failed or more):
        return export
    return say("batch.next.rest", again=to_type(settings, "batch", *again), export=export)


def _state(batch: BatchRow, state: str, remote: RemoteBatch | None = None) -> str:
    """How a batch is doing."""
    key = f"batch.state.{state}"
    values = {"name": batch.remote or batch.file, "state": say(key) if key in CATALOGUE else _shown(state)}
    if remote is not None and remote.reason:
        return say("batch.state_reason", reason=remote.reason, **values)
    if remote is not None and remote.total:
        return say("batch.state_done", done=f"{remote.done:,}", total=f"{remote.total:,}", **values)
    return say("batch.state", **values)


def _url(settings: Settings) -> str:
    """The URL of the endpoint, as the store knows it."""
    if settings.model.url is None:
        raise ConfigurationError(say("batch.no_endpoint"))
    try:
        return shown_url(settings.model.url)
    except ValueError:
        raise ConfigurationError(say("endpoint.url")) from None


def _sleep(seconds: float, stop: Callable[[], None]) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        stop()
        time.sleep(min(left, _TICK_SECONDS))
