"""The command line: one thin function a command.

What is heavy to import is imported by the command that needs it, so that `formtally --help` answers at once. Errors of
the user's world are one sentence on standard error and an exit code (`pipeline.errors`), never a traceback.
"""

from __future__ import annotations

import gc
import os
import sys
import traceback
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from pipeline.errors import ExitCode, FormtallyError
from pipeline.messages import say

__all__ = [
    "app",
    "batch",
    "batch_export",
    "batch_import",
    "batch_poll",
    "batch_submit",
    "doctor",
    "eval",
    "export",
    "formtally",
    "main",
    "review",
    "review_command",
    "review_decide",
    "review_export",
    "review_gold",
    "review_import",
    "review_key",
    "review_list",
    "review_redo",
    "review_rescan",
    "review_sign_off",
    "review_undo",
    "run",
    "status",
]

app = typer.Typer(
    name="formtally",
    help=say("help.app"),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

batch = typer.Typer(help=say("help.batch"), no_args_is_help=True)
app.add_typer(batch, name="batch")
review = typer.Typer(help=say("help.review"), invoke_without_command=True)
app.add_typer(review, name="review")

_GARBAGE_THRESHOLDS = (100_000, 50, 100)
"""Starting makes many objects and no garbage; looking for it takes a tenth of the time until the first question."""

_Db = Annotated[str | None, typer.Option(help=say("help.db"), metavar="URL")]
_Jobs = Annotated[int | None, typer.Option(help=say("help.jobs"), min=1, metavar="N")]
_AskingReader = Annotated[str | None, typer.Option(help=say("help.batch_reader"), metavar="NAME")]
_Json = Annotated[bool, typer.Option("--json", help=say("help.json"))]
_Reviewer = Annotated[str | None, typer.Option(help=say("help.reviewer"), metavar="NAME")]
_InDocument = Annotated[str | None, typer.Option("--document", help=say("help.in_document"), metavar="PART")]
_Reason = Annotated[str | None, typer.Option("--reason", "--check", help=say("help.reason"), metavar="CODE")]
_Body = Annotated[str | None, typer.Option(help=say("help.body"), metavar="PART")]
_Year = Annotated[str | None, typer.Option(help=say("help.year"), metavar="YEAR")]


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"formtally {version('formtally')}")
        raise typer.Exit


@app.callback()
def formtally(
    version: Annotated[
        bool, typer.Option("--version", help=say("help.version"), is_eager=True, callback=_say_version)
    ] = False,
) -> None:
    """What holds for every command."""


@app.command(help=say("help.run"))
def run(
    paths: Annotated[list[str], typer.Argument(help=say("help.paths"), metavar="PATH", show_default=False)],
    db: _Db = None,
    reader: Annotated[str | None, typer.Option(help=say("help.reader"), metavar="NAME")] = None,
    executor: Annotated[str | None, typer.Option(help=say("help.executor"), metavar="NAME")] = None,
    export: Annotated[Path | None, typer.Option(help=say("help.run_export"), metavar="FILE.jsonl")] = None,
    jobs: _Jobs = None,
    pages_as_documents: Annotated[
        bool | None, typer.Option("--pages-as-documents", help=say("help.pages_as_documents"))
    ] = None,
    epoch: Annotated[int | None, typer.Option(help=say("help.epoch"), min=0, metavar="N")] = None,
    max_tokens_total: Annotated[int | None, typer.Option(help=say("help.max_tokens"), min=1, metavar="N")] = None,
    max_cost: Annotated[float | None, typer.Option(help=say("help.max_cost"), min=0, metavar="AMOUNT")] = None,
) -> int:
    """Digitise files, folders and archives."""
    from decimal import Decimal

    from pipeline.commands import run_command
    from pipeline.settings import load_settings

    settings = load_settings(
        db=db, reader=reader, executor=executor, jobs=jobs, pages_as_documents=pages_as_documents, epoch=epoch
    )
    cost = None if max_cost is None else Decimal(str(max_cost))
    return run_command(paths, settings, export=export, max_tokens=max_tokens_total, max_cost=cost)


@app.command(help=say("help.status"))
def status(db: _Db = None, json: _Json = False) -> int:
    """Say what is in the store."""
    from pipeline.commands import status_command
    from pipeline.settings import load_settings

    return status_command(load_settings(db=db), as_json=json)


@app.command(help=say("help.doctor"))
def doctor(db: _Db = None, model: Annotated[bool, typer.Option("--model", help=say("help.model"))] = False) -> int:
    """Check the installation, and with `--model` the model."""
    from pipeline.doctor import doctor_command

    return doctor_command(db, model=model)


@app.command(help=say("help.export"), short_help=say("help.export.short"))
def export(
    out: Annotated[Path, typer.Option(help=say("help.out"), metavar="PATH", show_default=False)],
    format: Annotated[str | None, typer.Option(help=say("help.format"), metavar="NAME")] = None,
    document: Annotated[list[str] | None, typer.Option(help=say("help.document"), metavar="NAME")] = None,
    only: Annotated[str | None, typer.Option(help=say("help.only"), metavar="settled|signed")] = None,
    db: _Db = None,
    jobs: _Jobs = None,
) -> int:
    """Write records out of the store."""
    from pipeline.commands import export_command
    from pipeline.settings import load_settings

    return export_command(load_settings(db=db, jobs=jobs), out=out, format=format, documents=document or [], only=only)


@app.command(help=say("help.picture"))
def picture(
    document: Annotated[str, typer.Argument(help=say("help.picture_document"), metavar="DOCUMENT", show_default=False)],
    path: Annotated[str, typer.Argument(help=say("help.picture_path"), metavar="PATH", show_default=False)],
    out: Annotated[Path, typer.Option(help=say("help.picture_out"), metavar="FILE.png", show_default=False)],
    form: Annotated[int, typer.Option(help=say("help.form"), min=1, metavar="N")] = 1,
    db: _Db = None,
) -> int:
    """Cut a picture out of a page."""
    from pipeline.cutting import picture_command
    from pipeline.settings import load_settings

    return picture_command(load_settings(db=db), document=document, form=form, path=path, out=out)


@app.command(help=say("help.eval"))
def eval(
    gold: Annotated[Path, typer.Option(help=say("help.gold"), metavar="DIR", show_default=False)],
    exported: Annotated[
        Path | None, typer.Argument(help=say("help.eval_export"), metavar="[EXPORT]", show_default=False)
    ] = None,
    sources: Annotated[Path | None, typer.Option(help=say("help.sources"), metavar="DIR")] = None,
    show: Annotated[int, typer.Option(help=say("help.show"), min=0, metavar="N")] = 0,
    json: _Json = False,
    db: _Db = None,
) -> int:
    """Score an export or the store."""
    from pipeline.commands import eval_command
    from pipeline.settings import load_settings

    return eval_command(load_settings(db=db), exported, gold=gold, sources=sources, show=show, as_json=json)


@batch.command("export", help=say("help.batch.export"))
def batch_export(
    out: Annotated[Path, typer.Argument(help=say("help.batch_out"), metavar="FILE.jsonl", show_default=False)],
    db: _Db = None,
    reader: _AskingReader = None,
    jobs: _Jobs = None,
) -> int:
    """Write requests to files."""
    from pipeline.batch.commands import batch_export_command
    from pipeline.settings import load_settings

    return batch_export_command(load_settings(db=db, reader=reader, jobs=jobs), out=out)


@batch.command("import", help=say("help.batch.import"))
def batch_import(
    answers: Annotated[list[Path], typer.Argument(help=say("help.answers"), metavar="FILE.jsonl", show_default=False)],
    db: _Db = None,
) -> int:
    """Take answers out of files."""
    from pipeline.batch.commands import batch_import_command
    from pipeline.settings import load_settings

    return batch_import_command(load_settings(db=db), answers)


@batch.command("submit", help=say("help.batch.submit"))
def batch_submit(
    completion_window: Annotated[str, typer.Option(help=say("help.completion_window"), metavar="TIME")] = "24h",
    db: _Db = None,
    reader: _AskingReader = None,
    jobs: _Jobs = None,
) -> int:
    """Give requests to the endpoint."""
    from pipeline.batch.commands import batch_submit_command
    from pipeline.settings import load_settings

    return batch_submit_command(load_settings(db=db, reader=reader, jobs=jobs), window=completion_window)


@batch.command("poll", help=say("help.batch.poll"))
def batch_poll(
    wait: Annotated[bool, typer.Option("--wait", help=say("help.wait"))] = False,
    db: _Db = None,
) -> int:
    """Look at the endpoint's batches."""
    from pipeline.batch.commands import batch_poll_command
    from pipeline.settings import load_settings

    return batch_poll_command(load_settings(db=db), wait=wait)


@review.callback()
def review_command(
    context: typer.Context,
    plain: Annotated[bool, typer.Option("--plain", help=say("help.plain"))] = False,
    reviewer: _Reviewer = None,
    document: _InDocument = None,
    reason: _Reason = None,
    body: _Body = None,
    year: _Year = None,
    audit: Annotated[int | None, typer.Option(help=say("help.audit"), min=1, metavar="N")] = None,
    audit_to: Annotated[str | None, typer.Option(help=say("help.audit_to"), metavar="SHARE")] = None,
    keying: Annotated[bool, typer.Option("--keying", help=say("help.keying"))] = False,
    db: _Db = None,
) -> int:
    """Settle what the readers doubt."""
    from pipeline.review.commands import audit_drawn, refuse_options, review_queue
    from pipeline.settings import load_settings

    if context.invoked_subcommand is not None:
        refuse_options(context.params, context.invoked_subcommand)
        return 0
    settings = load_settings(db=db)
    if keying:
        from pipeline.review.keying import keying_command

        return keying_command(settings, reviewer=reviewer)
    filters = {"document": document, "reason": reason, "body": body, "year": year}
    if audit is not None or audit_to is not None:
        return audit_drawn(settings, count=audit, to=audit_to, reviewer=reviewer, filters=filters)
    return review_queue(settings, plain=plain, reviewer=reviewer, filters=filters)


@review.command("list", help=say("help.review.list"))
def review_list(
    document: _InDocument = None,
    reason: _Reason = None,
    body: _Body = None,
    year: _Year = None,
    limit: Annotated[int, typer.Option(help=say("help.limit"), min=0, metavar="N")] = 100,
    show: Annotated[bool, typer.Option("--show", help=say("help.show_candidates"))] = False,
    json: _Json = False,
    db: _Db = None,
) -> int:
    """Say what is to be settled."""
    from pipeline.review.commands import review_list_command
    from pipeline.settings import load_settings

    filters = {"document": document, "reason": reason, "body": body, "year": year}
    return review_list_command(load_settings(db=db), filters=filters, limit=limit, show=show, as_json=json)


@review.command("decide", help=say("help.review.decide"))
def review_decide(
    ids: Annotated[list[str], typer.Argument(help=say("help.ids"), metavar="ID", show_default=False)],
    kind: Annotated[str, typer.Argument(help=say("help.kind"), metavar="KIND", show_default=False)],
    value: Annotated[str | None, typer.Option(help=say("help.value"), metavar="TEXT")] = None,
    reviewer: _Reviewer = None,
    json: _Json = False,
    db: _Db = None,
) -> int:
    """Settle entries of the queue by their id."""
    from pipeline.review.commands import review_decide_command
    from pipeline.settings import load_settings

    return review_decide_command(load_settings(db=db), ids, kind=kind, value=value, reviewer=reviewer, as_json=json)


@review.command("undo", help=say("help.review.undo"))
def review_undo(reviewer: _Reviewer = None, db: _Db = None) -> int:
    """Take back the last decision."""
    from pipeline.review.commands import review_undo_command
    from pipeline.settings import load_settings

    return review_undo_command(load_settings(db=db), reviewer=reviewer)


@review.command("redo", help=say("help.review.redo"))
def review_redo(reviewer: _Reviewer = None, db: _Db = None) -> int:
    """Let what was taken back hold again."""
    from pipeline.review.commands import review_undo_command
    from pipeline.settings import load_settings

    return review_undo_command(load_settings(db=db), reviewer=reviewer, redo=True)


@review.command("sign-off", help=say("help.review.sign_off"))
def review_sign_off(
    documents: Annotated[
        list[str] | None, typer.Argument(help=say("help.signed_documents"), metavar="[DOCUMENT]", show_default=False)
    ] = None,
    all_settled: Annotated[bool, typer.Option("--all-settled", help=say("help.all_settled"))] = False,
    reviewer: _Reviewer = None,
    db: _Db = None,
) -> int:
    """Vouch for settled documents."""
    from pipeline.review.life import sign_off_command
    from pipeline.settings import load_settings

    return sign_off_command(load_settings(db=db), documents or [], all_settled=all_settled, reviewer=reviewer)


@review.command("rescan", help=say("help.review.rescan"))
def review_rescan(json: _Json = False, db: _Db = None) -> int:
    """List what has to be scanned again."""
    from pipeline.review.life import rescan_command
    from pipeline.settings import load_settings

    return rescan_command(load_settings(db=db), as_json=json)


@review.command("key", help=say("help.review.key"))
def review_key(
    document: Annotated[str, typer.Argument(help=say("help.keyed_document"), metavar="DOCUMENT", show_default=False)],
    form: Annotated[int | None, typer.Option(help=say("help.keyed_form"), min=1, metavar="N")] = None,
    keyers: Annotated[int, typer.Option(help=say("help.keyers"), min=1, max=2, metavar="N")] = 1,
    reviewer: _Reviewer = None,
    db: _Db = None,
) -> int:
    """Have forms keyed as a whole."""
    from pipeline.review.keying import key_command
    from pipeline.settings import load_settings

    return key_command(load_settings(db=db), document, ordinal=form, keyers=keyers, reviewer=reviewer)


@review.command("gold", help=say("help.review.gold"))
def review_gold(
    out: Annotated[Path, typer.Option(help=say("help.gold_out"), metavar="DIR", show_default=False)],
    db: _Db = None,
) -> int:
    """Write gold records of keyed forms."""
    from pipeline.review.gold import gold_command
    from pipeline.settings import load_settings

    return gold_command(load_settings(db=db), out=out)


@review.command("export", help=say("help.review.export"))
def review_export(
    out: Annotated[Path, typer.Argument(help=say("help.review_out"), metavar="FILE.xlsx", show_default=False)],
    document: _InDocument = None,
    reason: _Reason = None,
    body: _Body = None,
    year: _Year = None,
    db: _Db = None,
) -> int:
    """Write a workbook for colleagues."""
    from pipeline.review.exchange import review_export_command
    from pipeline.settings import load_settings

    filters = {"document": document, "reason": reason, "body": body, "year": year}
    return review_export_command(load_settings(db=db), out=out, filters=filters)


@review.command("import", help=say("help.review.import"))
def review_import(
    file: Annotated[Path, typer.Argument(help=say("help.filled"), metavar="FILE.xlsx", show_default=False)],
    reviewer: _Reviewer = None,
    db: _Db = None,
) -> int:
    """Take the answers out of a workbook."""
    from pipeline.review.exchange import review_import_command
    from pipeline.settings import load_settings

    return review_import_command(load_settings(db=db), file=file, reviewer=reviewer)


def main(arguments: list[str] | None = None) -> int:
    """Run a command; its exit code."""
    gc.set_threshold(*_GARBAGE_THRESHOLDS)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal that cannot show Chinese must not end a run
            stream.reconfigure(errors="backslashreplace")
    code = 0
    try:
        code = int(app(args=arguments, prog_name="formtally", standalone_mode=False) or 0)
        sys.stdout.flush()
        if code == ExitCode.INTERRUPTED:  # typer makes this of a KeyboardInterrupt, and says nothing
            _tell(say("interrupted"), code)
    except FormtallyError as error:
        return _tell(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _tell(say("interrupted"), ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has gone; Python would complain once more when it closes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        if hasattr(error, "format_message"):  # typer's own errors: their class has moved between its versions
            return _usage(error)
        return _internal(error)
    return code


def _tell(sentence: str, code: int) -> int:
    print(f"formtally: {sentence}", file=sys.stderr)
    return int(code)


def _usage(error: Exception) -> int:
    """An error of the command line as one sentence that names the help of its command."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "formtally"
    kind = type(error).__name__
    parameter = getattr(error, "param", None)
    name = (parameter.metavar if parameter.param_type_name == "argument" else parameter.opts[0]) if parameter else ""
    if kind == "NoArgsIsHelpError" and context:
        print(context.get_help())
        return ExitCode.USAGE
    if kind == "MissingParameter":
        problem = say("usage.missing", what=name)
    elif kind == "NoSuchOption":
        problem = say("usage.no_option", what=getattr(error, "option_name", ""))
    elif kind == "BadParameter":
        problem = say("usage.bad_value", what=name)
    else:
        problem = str(error.format_message())  # type: ignore[attr-defined]
    return _tell(say("usage.wrong", problem=problem, command=command), ExitCode.USAGE)


def _internal(error: Exception) -> int:
    from pipeline.logbook import write_log

    if os.environ.get("FORMTALLY_DEBUG", "") not in ("", "0", "false"):
        traceback.print_exception(error)
    # Frames only: the words of an error may quote a document.
    frames = "".join(traceback.format_tb(error.__traceback__)) + type(error).__name__
    log = write_log(Path(os.environ.get("FORMTALLY_LOG") or "formtally.log"), "formtally", [frames])
    return _tell(say("internal", kind=type(error).__name__, log=log), ExitCode.INTERNAL)


if __name__ == "__main__":
    sys.exit(main())
