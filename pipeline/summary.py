"""What commands show: progress on standard error, and the summary of a run, a status or a score on standard output."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from pipeline.messages import failure_sentence, say
from pipeline.store.rows import FailureRow, OpenFailure, RunRow, Shelf, Spent

if TYPE_CHECKING:
    # Types only: the commands that show nothing of the kind start without them.
    from pipeline.bulk import Report
    from pipeline.evaluate import Miss, Score
    from pipeline.review.life import Person, Standing
    from pipeline.work import Outcome

__all__ = [
    "RunProgress",
    "console",
    "percent",
    "show_checks",
    "show_facts",
    "show_failures",
    "show_report",
    "show_score",
    "show_status",
    "spent_words",
]

_PLAIN_SECONDS = 10.0
"""Seconds between two lines of progress where there is no terminal to draw a bar on."""
_FAILURES_SHOWN = 20
_REOPENED_SHOWN = 5
_SEVERITIES = ("error", "warning", "note")
_STATES = ("accepted", "source_defect", "decided", "review")


def console(*, stderr: bool = False) -> Console:
    """A console that prints names of documents as they are, whatever marks are in them."""
    return _Console(stderr=stderr, markup=False, highlight=False, emoji=False, soft_wrap=False)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Whoever read our output has gone: what is left of it is dropped, and the command ends as it would have."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class RunProgress:
    """Progress of a run on standard error: a bar on a terminal, else a line now and then. A watcher of outcomes."""

    def __init__(self, label: str, total: int, report: Report) -> None:
        self._report = report
        self._console = console(stderr=True)
        self._label = label
        self._total = total
        self._done = self._forms = 0
        self._began = self._told = time.monotonic()
        self._bar: Progress | None = None

    def __enter__(self) -> RunProgress:
        if self._console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=None),
                MofNCompleteColumn(),
                TaskProgressColumn(),
                TextColumn("{task.fields[forms]}"),
                TimeRemainingColumn(compact=True),
                console=self._console,
                transient=True,
            )
            self._task = self._bar.add_task(self._label, total=self._total, forms="")
            self._bar.start()
        self._report.on_step = self.step
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, outcome: Outcome) -> None:
        """Count an outcome."""
        self._done += 1
        self._forms += outcome.tally.forms
        self.step()

    def step(self) -> None:
        """Show how far the work has come; pages that are recognised count beside the documents."""
        now = time.monotonic()
        report = self._report
        total = self._total + report.further
        said = say("run.forms", count=f"{self._forms:,}")
        if report.pages:
            said = f"{say('run.pages', done=f'{report.pages_done:,}', total=f'{report.pages:,}')} · {said}"
        if self._bar is not None:
            # A page takes as long as many documents of text, so the bar goes by pages too.
            self._bar.update(
                self._task, total=total + report.pages, completed=self._done + report.pages_done, forms=said
            )
        elif now - self._told >= _PLAIN_SECONDS:
            self._told = now
            seconds = round(now - self._began)
            values = {"done": f"{self._done:,}", "total": f"{total:,}", "forms": said}
            self._console.print(say("run.plain", seconds=seconds, **values))


def show_report(
    report: Report,
    *,
    seconds: float | None = None,
    spent: Spent | None = None,
    store: str = "",
    export: str | None = None,
    next_command: str,
) -> None:
    """The summary of a run; `spent` is what calls of a model took in it."""
    tally = report.tally
    documents = [f"{tally.documents + report.failed_documents:,}"]
    if tally.formless:
        documents.append(say("summary.formless", count=f"{tally.formless:,}"))
    if report.failed_documents:
        documents.append(say("summary.failed_count", count=f"{report.failed_documents:,}"))
    if report.stored:
        documents.append(say("summary.stored", count=f"{report.stored:,}"))
    lines = [("documents", " · ".join(documents))]
    lines.append(("forms", f"{tally.forms:,}"))
    if tally.forms:
        lines.append(("untouched", f"{tally.untouched:,} · {_share(tally.untouched, tally.forms)}"))
        rate = say("summary.per_form", rate=f"{tally.questions / tally.forms:.2f}")
        lines.append(("questions", f"{tally.questions:,} · {rate}"))
        lines.append(("leaves", _states(tally.states)))
    if spent is not None and (spent.calls or tally.spared):
        lines.append(("model", spent_words(spent, tally.spared)))
    if seconds is not None:
        rate = f"{tally.forms / seconds:,.0f}" if seconds > 0 else "-"
        key = "summary.speed" if tally.forms and seconds >= 1 else "summary.seconds"
        lines.append(("time", say(key, seconds=f"{seconds:.1f}", rate=rate)))
    if store:
        lines.append(("store", store))
    if export is not None:
        lines.append(("export", export))
    # What matters most comes last: it is what a small terminal still shows.
    out = console()
    out.print()
    if tally.findings:
        out.print(_findings(tally.findings))
    show_failures(report.failures)
    out.print(_pairs(lines))
    out.print(_next(next_command))


def show_facts(lines: Iterable[tuple[str, str]], next_command: str) -> None:
    """What a command ends with: facts, each under the message that names it, and what to type next."""
    out = console()
    out.print()
    out.print(_pairs(lines))
    out.print(_next(next_command))


def spent_words(spent: Spent, spared: int = 0) -> str:
    """Calls of a model, their tokens and cost, and the calls that a cascade saved."""
    words = [say("summary.calls", count=f"{spent.calls:,}")]
    words.append(say("summary.tokens", prompt=f"{spent.prompt_tokens:,}", completion=f"{spent.completion_tokens:,}"))
    if spent.cost:
        words.append(say("summary.cost", cost=f"{spent.cost:,.4f}"))
    if spared:
        words.append(say("summary.spared", count=f"{spared:,}"))
    return " · ".join(words)


def show_failures(failures: Sequence[tuple[str, FailureRow]], *, everything: bool = False) -> None:
    """Failures, a line each; of many, the first."""
    if not failures:
        return
    out = console()
    out.print(Text(say("summary.failed"), style="bold red"))
    shown = failures if everything else failures[:_FAILURES_SHOWN]
    for name, failure in shown:
        where = say("summary.form", name=name, ordinal=failure.ordinal) if failure.form_type else name
        if failure.page:
            where = say("summary.page", name=name, page=failure.page)
        out.print(_hanging(where, failure_sentence(failure.code, failure.message)))
    if len(failures) > len(shown):
        out.print("  " + say("summary.more_failures", count=f"{len(failures) - len(shown):,}"))
    out.print()


def show_status(
    store: str,
    shelf: Shelf,
    last: RunRow | None,
    failures: Sequence[OpenFailure],
    spent: Spent,
    far: Standing,
    next_command: str,
) -> None:
    """What is in a store, what calls of a model took for all of it, and how far people are with it."""
    documents = [f"{shelf.documents:,}"]
    if failed := shelf.documents - shelf.held:
        documents.append(say("summary.failed_count", count=f"{failed:,}"))
    lines = [("store", store), ("documents", " · ".join(documents))]
    forms = [f"{shelf.forms:,}"]
    if shelf.read < shelf.forms:
        forms.append(say("status.read", read=f"{shelf.read:,}", forms=f"{shelf.forms:,}"))
    lines.append(("forms", " · ".join(forms)))
    if spent.calls:
        lines.append(("model", spent_words(spent)))
    out = console()
    out.print()
    out.print(_pairs([*lines, *_last_run(last), *_standing(far)]))
    if far.people:
        out.print(_people(far.people))
    for each in far.reopened[:_REOPENED_SHOWN]:
        when = f"{datetime.fromisoformat(each.time).astimezone():%Y-%m-%d %H:%M}"
        out.print(_hanging(each.document, say("status.reopened", name=each.reviewer, when=when)))
    if len(far.reopened) > _REOPENED_SHOWN:
        out.print("  " + say("status.more_reopened", count=f"{len(far.reopened) - _REOPENED_SHOWN:,}"))
    if far.reopened:
        out.print()
    if stale := shelf.held - shelf.current:
        out.print(say("status.stale", count=f"{stale:,}"))
        out.print()
    show_failures([(each.name, each.failure) for each in failures], everything=True)
    out.print(_next(next_command))


def _last_run(last: RunRow | None) -> list[tuple[str, str]]:
    if last is None:
        return [("status.last_run", say("status.never"))]
    outcome = say(f"outcome.{last.outcome or 'open'}")
    started = f"{datetime.fromisoformat(last.started).astimezone():%Y-%m-%d %H:%M}"
    lines = [("status.last_run", say("status.run_done", started=started, outcome=outcome))]
    counts: Mapping[str, Any] = last.counts
    if counts.get("forms"):
        untouched = f"{counts['untouched']:,} · {_share(counts['untouched'], counts['forms'])}"
        lines += [("untouched", untouched), ("questions", f"{counts['questions']:,}")]
        lines.append(("leaves", _states(counts["states"])))
    return lines


def _standing(far: Standing) -> list[tuple[str, str]]:
    """Documents by state, the queue, and what audits found."""
    lines = []
    if states := [f"{say(f'dossier.{state}')} {count:,}" for state, count in far.states.items() if count]:
        lines.append(("status.dossiers", " · ".join(states)))
    counts = (("questions", far.questions), ("audits", far.audits), ("rescan", far.lost))
    if queue := [say(f"status.{name}", count=f"{count:,}") for name, count in counts if count]:
        lines.append(("status.queue", " · ".join(queue)))
    if far.audit is not None:
        values = {name: f"{value:,}" for name, value in far.audit.total._asdict().items()}
        if far.audit.rate is None:
            said = say("status.audit_begun", **values)
        else:
            shares = {"rate": far.audit.rate, "low": far.audit.low, "high": far.audit.high}
            said = say("status.audit_found", **values, **{name: percent(share) for name, share in shares.items()})
        lines.append(("status.audit", said))
    return lines


def _people(people: Sequence[Person]) -> Table:
    """Reviewers: how much, how fast, and how often what they said was what others had."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, caption=say("status.people"), caption_justify="left")
    table.add_column(say("status.reviewer"), overflow="fold")
    for name in ("decisions", "seconds", "blind", "double", "audited"):
        table.add_column(say(f"status.{name}"), justify="right")
    for each in people:
        pairs = (
            (each.blind_agreed, each.blind),
            (each.double_agreed, each.double),
            (each.audits_agreed, each.audits),
        )
        shares = (f"{_share(part, whole)} · {whole:,}" if whole else "" for part, whole in pairs)
        seconds = "" if each.seconds is None else f"{each.seconds:.1f}"
        table.add_row(Text(each.reviewer), f"{each.decisions:,}", seconds, *shares)
    return table


def show_checks(checks: Iterable[tuple[str, bool, str, str]]) -> None:
    """What doctor found: (subject, is it well, detail, how to mend it)."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for subject, well, detail, mend in checks:
        mark = Text("✓", style="green") if well else Text("✗", style="bold red")
        said: RenderableType = detail if well else Group(detail, Text(f"→ {mend}", style="bold"))
        table.add_row(mark, Text(subject), said)
    out = console()
    out.print()
    out.print(table)
    out.print()


def show_score(score: Score, misses: Sequence[Miss]) -> None:
    """A score, a column a document, and those of the misses that were asked for."""
    columns = [*score.documents.items()]
    if len(columns) != 1:
        columns.append((say("eval.total"), score.total))
    out = console()
    for name, counts in columns:
        out.print()
        out.print(Text(name, style="bold"))
        out.print(_pairs(_score_lines(counts), prefix="eval."))
    if score.causes:
        named = {cause or say("eval.not_flagged"): count for cause, count in score.causes.most_common()}
        out.print(_hanging(say("eval.causes"), " · ".join(f"{cause} {count}" for cause, count in named.items())))
    for miss in misses:
        out.print(_hanging(f"{miss.what} {miss.form} {miss.path}", f"{miss.want!r} ← {miss.got!r}"))


def _score_lines(counts: Counter[str]) -> list[tuple[str, str]]:
    share = _share
    forms = f"{counts['forms'] - counts['missing_forms']:,} / {counts['forms']:,}"
    if counts["extra_forms"]:
        forms += " · " + say("eval.extra_forms", count=counts["extra_forms"])
    numbers = say(
        "eval.numbers",
        share=share(counts["num_right"], counts["num_leaves"], 2),
        other=share(counts["txt_right"], counts["txt_leaves"], 2),
    )
    of_filled = say("eval.of_filled", share=share(counts["filled_burden"], counts["filled_right"], 2))
    lines = [
        ("forms", forms),
        ("rows", f"{counts['missing_rows']} / {counts['extra_rows']}"),
        ("accuracy", f"{share(counts['right'], counts['leaves'], 2)} · {numbers}"),
        (
            "silent",
            f"{counts['silent']} · {share(counts['silent'], counts['leaves'], 3)} · "
            + say("eval.of_numbers", count=counts["num_silent"]),
        ),
        ("burden", f"{share(counts['burden'], counts['right'], 2)} · {of_filled}"),
        ("ambiguous", f"{counts['ambiguous_flagged']} / {counts['ambiguous']}"),
        ("defects", f"{counts['defects_raised']} / {counts['defects']}"),
        ("false_errors", str(counts["false_errors"])),
        ("untouched", str(counts["untouched"])),
    ]
    if counts["evidence"]:
        lines.append(("evidence", f"{counts['evidence_good']} / {counts['evidence']}"))
    return lines


def _pairs(lines: Iterable[tuple[str, str]], prefix: str = "summary.") -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for key, value in lines:
        table.add_row(say(key if "." in key else prefix + key), Text(value))
    table.add_row("", "")
    return table


def _findings(findings: Mapping[tuple[str, str], int]) -> Table:
    table = Table(
        box=SIMPLE_HEAD, pad_edge=False, title=say("summary.findings"), title_justify="left", title_style="bold"
    )
    table.add_column(say("summary.check"))
    for severity in _SEVERITIES:
        table.add_column(say(f"summary.{severity}"), justify="right", style="red" if severity == "error" else None)
    checks = {check for check, _ in findings}
    order = sorted(checks, key=lambda check: ([-findings.get((check, severity), 0) for severity in _SEVERITIES], check))
    for check in order:
        counts = [findings.get((check, severity), 0) for severity in _SEVERITIES]
        table.add_row(check, *(f"{count:,}" if count else "" for count in counts))
    return table


def _states(states: Mapping[str, int]) -> str:
    total = sum(states.values())
    parts = [f"{total:,}"]
    for state in _STATES:
        if states.get(state):
            parts.append(f"{_share(states[state], total, 2)} {say(f'state.{state}')}")
    return " · ".join(parts)


def _share(part: int, whole: int, places: int = 1) -> str:
    """A share in percent that says 100 or 0 only where it is all or nothing."""
    if not whole:
        return "-"
    percent = 100 * part / whole
    least = 10**-places
    if 0 < part < whole:
        percent = min(max(percent, least), 100 - least)
    return f"{percent:.{places}f} %"


def percent(share: float) -> str:
    """A share that was measured, with three digits."""
    return f"{100 * share:.3g} %"


def _hanging(name: str, sentence: str) -> Table:
    """A name with a sentence beside or below it, indented, that wraps within its own column."""
    table = Table(box=None, show_header=False, padding=(0, 0, 0, 2))
    table.add_column(overflow="fold")
    table.add_row(Text.assemble((name, "bold"), ": ", sentence))
    return table


def _next(command: str) -> Text:
    return Text.assemble((say("summary.next"), "bold"), "  ", (command, "cyan"))
