"""What the commands do, once the command line is understood and the settings are known. Each returns an exit code."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipeline.bulk import Report, Watcher, digitise_inputs
from pipeline.choice import budget_of, chosen_reader, endpoint_sentence, open_caller, plan_of, stored_plan
from pipeline.errors import BudgetReached, ConfigurationError, ExitCode, NothingUsable, UsageError
from pipeline.evaluate import gold_records, read_export, score
from pipeline.executors.local import local_executor
from pipeline.export import Format, Spool, check_target, write_export
from pipeline.ingest import is_plain
from pipeline.inputs import Inputs, all_plain, find_inputs
from pipeline.interrupt import Interrupted, Interruption
from pipeline.messages import failure_sentence, say
from pipeline.model.caller import Caller, import_ahead
from pipeline.model.failures import EndpointError
from pipeline.model.spending import Budget
from pipeline.settings import Settings
from pipeline.settling import LateRun, counts_of, log_watcher, settle_documents
from pipeline.store.connect import shown
from pipeline.store.rows import NameRow, Spent
from pipeline.store.store import Store
from pipeline.summary import RunProgress, console, show_report, show_score, show_status
from pipeline.work import Plan, installed_engine

__all__ = [
    "eval_command",
    "export_command",
    "next_command",
    "run_command",
    "status_command",
    "to_type",
]

_KINDS_SHOWN = 5
_PATHS_KEPT = 20
"""Paths of a command line that the store notes: a shell may make thousands of one pattern."""


def run_command(
    paths: Sequence[str],
    settings: Settings,
    *,
    export: Path | None,
    max_tokens: int | None = None,
    max_cost: Decimal | None = None,
) -> int:
    """Digitise files and folders into the store, and export their forms if that is asked for.

    `max_tokens` and `max_cost` bound what the calls of a model may take in all. Raises `NothingUsable` where no
    document could be read or no form was found.
    """
    reader = chosen_reader(settings)
    if reader != "table":
        import_ahead()
    budget = budget_of(settings, max_tokens=max_tokens, max_cost=max_cost)
    _refuse_later("executor", settings.executor, "local", ("durable",))
    if export is not None:
        if export.suffix in (".csv", ".xlsx", ".parquet"):
            raise UsageError(say("export.only_jsonl", path=export, format=export.suffix[1:]))
        check_target(export, Format.JSONL)
    from pipeline.review.audit import measured

    began = time.monotonic()
    report = Report()
    with Interruption() as interruption, ExitStack() as stack:
        inputs = find_inputs(paths, pages_as_documents=settings.pages_as_documents, stop=interruption.check)
        if not inputs.files and not inputs.unreadable:
            _tell_other_kinds(inputs)
            raise NothingUsable(say("run.no_files"))
        store = stack.enter_context(Store.open(settings.db))
        spool = stack.enter_context(Spool(export)) if export is not None else None
        with TemporaryDirectory(prefix="formtally-") as folder:
            plan = plan_of(settings, reader, lines=spool is not None, index=True, limits=settings.limits, spool=folder)
            run = _Run(settings, store, plan, report, interruption.check)
            run.digitise(paths, inputs, spool, {"reader": reader}, budget)
        written = None
        if spool is not None and export is not None and report.tally.forms > 0:
            write_export(spool.lines(), export, Format.JSONL, stop=interruption.check, audit=measured(store))
            written = str(export)
    _tell_other_kinds(inputs)
    show_report(
        report,
        seconds=time.monotonic() - began,
        spent=run.spent,
        store=store.shown,
        export=written,
        next_command=say("next.again")
        if report.failures or run.cut_short
        else next_command(settings, report.tally.questions > 0),
    )
    if run.fatal is not None:
        raise ConfigurationError(endpoint_sentence(run.fatal))
    if run.budget_reached:
        raise BudgetReached(say("run.budget"))
    if report.tally.forms == 0:
        raise NothingUsable(say("run.no_forms" if report.tally.documents else "run.all_failed"))
    return ExitCode.SOME_FAILED if report.failures else ExitCode.DONE


class _Run:
    """The work of a run, noted in the store from its beginning to its end, and what the model has cost in it."""

    def __init__(self, settings: Settings, store: Store, plan: Plan, report: Report, stop: Callable[[], None]) -> None:
        self.spent = Spent()
        self.fatal: EndpointError | None = None
        self.budget_reached = False
        self._settings = settings
        self._store = store
        self._plan = plan
        self._report = report
        self._stop = stop

    @property
    def cut_short(self) -> bool:
        """Is there something that the model was not asked?"""
        return self.fatal is not None or self.budget_reached

    def digitise(
        self, paths: Sequence[str], inputs: Inputs, spool: Spool | None, arguments: dict[str, object], budget: Budget
    ) -> None:
        """Digitise the inputs. Raises `Interrupted` where somebody stops it."""
        from pipeline.review.life import SignedLines

        settings, store, plan, report = self._settings, self._store, self._plan, self._report
        arguments |= {"paths": paths[:_PATHS_KEPT], "path_count": len(paths), "jobs": settings.jobs}
        run_id = store.begin_run("run", arguments)
        executor = local_executor(
            engine=installed_engine,
            plan=plan,
            jobs=settings.jobs,
            size=inputs.size,
            stop=self._stop,
            trusted=lambda: all_plain(inputs.files, is_plain),
        )
        total = len(inputs.files) + len(inputs.unreadable)
        caller: Caller | None = None
        try:
            with ExitStack() as stack:
                stack.callback(executor.close)
                if plan.asking is not None:
                    caller = stack.enter_context(open_caller(settings.model, store, run_id, budget))
                progress = stack.enter_context(RunProgress(say("run.digitising"), total, report))
                watchers: list[Watcher] = [progress, log_watcher(settings)]
                if spool is not None:
                    watchers.append(SignedLines(store.reviews.signatures(), spool))
                digitise_inputs(
                    inputs,
                    store=store,
                    run_id=run_id,
                    executor=executor,
                    plan=plan,
                    watchers=watchers,
                    report=report,
                    endpoint=caller,
                )
        except KeyboardInterrupt:
            store.end_run(run_id, "interrupted", counts_of(report))
            done = f"{report.tally.documents:,}"
            raise Interrupted(say("run.interrupted", done=done, total=f"{total:,}")) from None
        finally:
            if caller is not None:
                self.fatal, self.budget_reached = caller.fatal, caller.budget_reached
                self.spent = store.spent(run_id)
        store.end_run(run_id, "done", counts_of(report))


def status_command(settings: Settings, *, as_json: bool) -> int:
    """Say what is in the store: documents, forms, how far people are with them, the last run, what failed."""
    from pipeline.review.life import standing

    with Store.open(settings.db, create=False) as store:
        plan = stored_plan(settings, store)
        shelf = store.shelf(plan.versions, plan.readers)
        last = store.last_run()
        failures = store.open_failures()
        spent = store.spent()
        far = standing(store)
        by_form = store.spent_on_forms(plan.versions) if as_json and spent.calls else []
    if not as_json:
        following = next_command(settings, far.questions + far.audits > 0)
        show_status(store.shown, shelf, last, failures, spent, far, following)
        return ExitCode.DONE
    said = {
        "store": store.shown,
        "schema": store.schema,
        "documents": shelf.documents,
        "documents_held": shelf.held,
        "documents_current": shelf.current,
        "forms": shelf.forms,
        "forms_read": shelf.read,
        "last_run": None
        if last is None
        else {"started": last.started, "finished": last.finished, "outcome": last.outcome, "counts": last.counts},
        **far.data(),
        "model": {
            **_spent(spent),
            "forms": [
                {"document": each.document, "form_type": each.form_type, "ordinal": each.ordinal, **_spent(each.spent)}
                for each in by_form
            ],
        },
        "failures": [
            {
                "document": each.name,
                "source": each.source,
                "form_type": each.failure.form_type,
                "ordinal": each.failure.ordinal or None,
                "page": each.failure.page or None,
                "code": each.failure.code,
                "message": failure_sentence(each.failure.code, each.failure.message),
            }
            for each in failures
        ],
    }
    _print_json(said)
    return ExitCode.DONE


def _spent(spent: Spent) -> dict[str, object]:
    """Sums over calls as plain data; money as a decimal string."""
    return {**spent._asdict(), "cost": str(spent.cost)}


def export_command(
    settings: Settings, *, out: Path, format: str | None, documents: Sequence[str], only: str | None
) -> int:
    """Write the forms of the store, or of some of its documents, as an export."""
    kind = _chosen_format(format, out)
    if only not in (None, "settled", "signed"):
        raise UsageError(say("usage.unknown", option="only", value=only, instead="settled, signed"))
    check_target(out, kind)
    from pipeline.review.audit import measured
    from pipeline.review.life import SignedLines

    with Interruption() as interruption, ExitStack() as stack:
        store = stack.enter_context(Store.open(settings.db, create=False))
        names = _chosen_names(store, documents)
        signatures = store.reviews.signatures()
        if only == "signed":
            names = [row for row in names if row.sha256 in signatures]
        spool = stack.enter_context(Spool(out))
        plan = stored_plan(settings, store, lines=True, only_settled=only == "settled", index=bool(signatures))
        watcher = SignedLines(signatures, spool, only=only == "signed")
        run = LateRun(store, "export")
        report = settle_documents(names, settings, plan, [watcher], interruption.check, run=run)
        if not report.tally.forms:
            raise NothingUsable(say("export.none_signed" if only == "signed" else "export.nothing"))
        count = write_export(spool.lines(), out, kind, stop=interruption.check, audit=measured(store))
    console().print(say("export.done", count=f"{count:,}", path=out))
    return ExitCode.DONE


def eval_command(
    settings: Settings, exported: Path | None, *, gold: Path, sources: Path | None, show: int, as_json: bool
) -> int:
    """Score an export, or the store, against gold records."""
    records = gold_records(gold)
    form_type = installed_engine().form_type("self_evaluation")
    with Interruption() as interruption, ExitStack() as stack:
        if exported is not None:
            forms: Iterable[Any] = read_export(exported)
        else:
            store = stack.enter_context(Store.open(settings.db, create=False))
            spool = stack.enter_context(Spool())
            plan = stored_plan(settings, store, lines=True)
            run = LateRun(store, "export")
            settle_documents(store.names(), settings, plan, [spool], interruption.check, run=run)
            forms = map(json.loads, spool.lines())
        scored = score(forms, records, form_type, sources=sources)
    if as_json:
        _print_json({"total": scored.total, "documents": scored.documents})
    else:
        worst_first = sorted(scored.misses, key=lambda miss: miss.what not in ("silent", "extra_row"))
        show_score(scored, worst_first[:show])
    return ExitCode.DONE


def _chosen_names(store: Store, documents: Sequence[str]) -> list[NameRow]:
    names = store.names()
    if not documents:
        return names
    known = {row.name for row in names}
    for document in documents:
        if document not in known:
            raise UsageError(say("export.no_document", name=document))
    return [row for row in names if row.name in set(documents)]


def _refuse_later(option: str, value: str, instead: str, later: Sequence[str]) -> None:
    """Raise `UsageError` for what is to come, and for what is not known at all."""
    if value in later:
        raise UsageError(say("usage.later", option=option, value=value, instead=instead))
    if value != instead:
        raise UsageError(say("usage.unknown", option=option, value=value, instead=instead))


def _chosen_format(value: str | None, out: Path) -> Format:
    """The format asked for, else the one that the target's suffix says, else JSON Lines."""
    if value is None:
        suffix = out.suffix[1:].lower()
        return Format(suffix) if suffix in list(Format) else Format.JSONL
    try:
        return Format(value)
    except ValueError:
        raise UsageError(say("usage.unknown", option="format", value=value, instead=", ".join(Format))) from None


def _tell_other_kinds(inputs: Inputs) -> None:
    if inputs.other_kinds:
        kinds = [suffix for suffix, _ in sorted(inputs.other_kinds.items(), key=lambda item: (-item[1], item[0]))]
        shown = " ".join([*kinds[:_KINDS_SHOWN], *(["…"] if len(kinds) > _KINDS_SHOWN else [])])
        said = say("run.other_kinds", count=f"{inputs.other_kinds.total():,}", kinds=shown)
        console(stderr=True).print(said)


def next_command(settings: Settings, questions: bool) -> str:
    """The command to type next: to settle questions, or for tables to work with."""
    if questions:
        return to_type(settings, "review")
    return to_type(settings, "export", "--format", "csv", "--out", "formtally-csv")


def to_type(settings: Settings, *words: str) -> str:
    """A command to type, with the store that it is to use."""
    command = ["formtally", *words]
    if settings.db != Settings.model_fields["db"].default:
        command += ["--db", shown(settings.db)]
    return shlex.join(command)


def _print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1))
