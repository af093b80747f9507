"""Accuracy and speed on made-up files of every format.

    make bench WHAT=files                      every kind, then the speeds; an hour and more on two cores
    python -m benchmarks.files --quick
    python -m benchmarks.files --only pdf --show 40

Ends with 1 where a threshold is missed.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import PurePosixPath
from random import Random
from typing import Any, NamedTuple
from unittest import mock

from rich.table import Table

from benchmarks.files_grids import judge_page
from benchmarks.files_speed import measure_speed
from benchmarks.report import Report, percent
from pipeline.errors import DocumentError
from pipeline.evaluate import Gold, score
from pipeline.forms import FormType, form_types, pattern
from pipeline.source import Document
from pipeline.work import digitise_file, installed_engine
from samples.files import KINDS, MadeFile, make_file, planted
from samples.generate import truth

__all__ = ["Result", "Task", "main", "measure", "measure_kind"]

_SEED = 9_000
"""Seeds of the benchmark begin here; the checked-in samples and the tests stay below."""
_DIGITAL = ("pdf", "docx", "xlsx", "html")


class Task(NamedTuple):
    """One document to make and to digitise."""

    kind: str
    seed: int
    forms: int
    defects: bool


@dataclass(slots=True)
class Result:
    """What came of a document, of several kinds of counts: those of `pipeline.evaluate.score`, and of this module."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, other: Result) -> None:
        """Add another result to this one."""
        self.counts.update(other.counts)
        self.wrong += other.wrong
        self.seconds += other.seconds


def measure(task: Task) -> Result:
    """Make a document, digitise it, and compare; a crash is a count, and every form of it is missing."""
    rng = Random(f"files {task}")
    defects = planted(rng, task.kind, task.forms, 0.5) if task.defects else {}
    made = make_file(task.seed, task.kind, forms=task.forms, defects=defects)
    documents: list[Document] = []
    engine = installed_engine()

    def watched(*args: Any, **named: Any) -> Any:
        document = engine.ingest(*args, **named)
        if isinstance(document, Document):
            documents.append(document)
        return document

    result = Result()
    lines: list[dict[str, Any]] = []
    started = time.perf_counter()
    with mock.patch("pipeline.work.installed_engine", lambda: replace(engine, ingest=watched)):
        try:
            lines = digitise_file(made.name, [data for _, data in made.files])
        except DocumentError as error:
            result.counts["failed"] += 1
            result.wrong.append(f"failed {made.name}: {error}")
        except Exception as error:
            result.counts["crashed"] += 1
            frame = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{PurePosixPath(frame.filename).name}:{frame.lineno}"
            result.wrong.append(f"crashed {made.name}: {type(error).__name__} at {place}: {error}")
    result.seconds = time.perf_counter() - started
    _count_leaves(result, made, lines)
    if made.pages and documents:
        _count_grids(result, made, lines, documents[0])
    return result


def _count_leaves(result: Result, made: MadeFile, lines: list[dict[str, Any]]) -> None:
    form_type = form_types()[0]
    golds = [
        Gold(
            PurePosixPath(form.document).stem,
            form.ordinal,
            truth(form, PurePosixPath(form.document).stem, form.ordinal),
        )
        for form in made.forms
    ]
    scored = score(lines, golds, form_type)
    result.counts.update(scored.total)
    result.counts["documents"] += 1
    result.counts["pages"] += len(made.pages)
    for miss in scored.misses:
        kind = form_type.leaves.get(pattern(miss.path))
        if miss.what in ("silent", "caught") and kind is not None and not kind.numeric:
            result.counts["txt_errors"] += _distance(str(miss.want or ""), str(miss.got or ""))
        if miss.what != "caught" and lines:
            result.wrong.append(f"{miss.what} {miss.form} {miss.path}: want {miss.want!r} got {miss.got!r}")
    result.counts["txt_characters"] += sum(_characters(form.record, form_type) for form in made.forms)
    by_place = {(PurePosixPath(line["document"]).stem, line["ordinal"]): line for line in lines}
    for form in made.forms:
        line = by_place.get((PurePosixPath(form.document).stem, form.ordinal))
        if form.planted is None and not form.ambiguous:
            result.counts["clean"] += 1
            result.counts["clean_untouched"] += line is not None and not line["review"]
            if line is not None and line["review"]:
                reasons = sorted({reason for item in line["review"] for reason in item["reasons"]})
                places = ", ".join(item["path"] or "form" for item in line["review"][:4])
                result.wrong.append(f"asked {form.document} {form.ordinal} {places}: {', '.join(reasons)}")


def _count_grids(result: Result, made: MadeFile, lines: list[dict[str, Any]], document: Document) -> None:
    """Pages with a table whose cells are exactly those drawn; and of the others, those where a form is flagged."""
    for page in made.pages:
        if not page.cells:
            continue
        verdict = judge_page(page, document)
        result.counts["grids"] += 1
        result.counts["grids_right"] += verdict.right
        if not verdict.right:
            forms = {cell.form + 1 for cell in page.cells}
            flagged = any(line["review"] for line in lines if line["ordinal"] in forms)
            missing = not forms <= {line["ordinal"] for line in lines}
            result.counts["grids_noticed"] += flagged or missing
            result.wrong.append(
                f"grid {made.name} page {page.number}: {verdict.drawn} cells drawn, {verdict.found} found, "
                f"{verdict.matched} the same{'' if flagged or missing else ', not noticed'}"
            )


def _characters(record: dict[str, Any], form_type: FormType) -> int:
    """Characters of all texts of a record."""
    total = 0
    for path in form_type.paths(len(record["indicators"])):
        if not form_type.leaves[pattern(path)].numeric:
            value: Any = record
            for step in re.findall(r"[^.\[\]]+", path):
                value = value[int(step)] if isinstance(value, list) else (value or {}).get(step)
            total += len(str(value or ""))
    return total


def _distance(one: str, other: str) -> int:
    """Least number of characters to put in, to take out or to exchange."""
    row = list(range(len(other) + 1))
    for n, a in enumerate(one, 1):
        before, row[0] = row[0], n
        for m, b in enumerate(other, 1):
            before, row[m] = row[m], min(row[m] + 1, row[m - 1] + 1, before + (a != b))
    return row[-1]


def _tasks(kind: str, forms: int) -> Iterator[Task]:
    """Documents of one to three forms; every other one carries defects."""
    rng = Random(f"tasks {kind}")
    made, number = 0, 0
    while made < forms:
        count = min(rng.choice((1, 1, 1, 2, 3)), forms - made)
        yield Task(kind, _SEED + number, count, number % 2 == 1)
        made, number = made + count, number + 1


def measure_kind(kind: str, forms: int, jobs: int) -> Result:
    """Everything about that many forms of a kind, in `jobs` processes."""
    total = Result()
    for result in _results(list(_tasks(kind, forms)), jobs):
        total.add(result)
    return total


def _results(tasks: list[Task], jobs: int) -> Iterable[Result]:
    if jobs == 1:
        yield from map(measure, tasks)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(measure, tasks)


def _share(counts: Counter[str], part: str, whole: str) -> float:
    return counts[part] / counts[whole] if counts[whole] else 0.0


def _require(report: Report, kind: str, counts: Counter[str]) -> None:
    """The thresholds of a kind; photographs have none."""
    found = {
        "accuracy": _share(counts, "right", "leaves"),
        "numeric accuracy": _share(counts, "num_right", "num_leaves"),
        "silent": _share(counts, "silent", "leaves"),
        "numeric silent": _share(counts, "num_silent", "num_leaves"),
        "text silent": _share(counts, "txt_silent", "txt_leaves"),
        "character error": _share(counts, "txt_errors", "txt_characters"),
        "burden": _share(counts, "burden", "right"),
        "clean forms without a question": _share(counts, "clean_untouched", "clean"),
        "grids right": _share(counts, "grids_right", "grids"),
    }
    at_least, at_most = _THRESHOLDS.get(kind, ({}, {}))
    for name, least in at_least.items():
        report.require(found[name] >= least, f"{kind}: {name} {found[name]:.3%}, wanted at least {least:.2%}")
    for name, most in at_most.items():
        report.require(found[name] <= most, f"{kind}: {name} {found[name]:.3%}, wanted at most {most:.2%}")
    report.require(not counts["crashed"], f"{kind}: {counts['crashed']} documents made the pipeline crash")


_DIGITAL_THRESHOLDS = (
    {"accuracy": 0.9995, "clean forms without a question": 0.9},
    {"silent": 0.0, "burden": 0.005},
)
_THRESHOLDS: dict[str, tuple[dict[str, float], dict[str, float]]] = {
    **dict.fromkeys(_DIGITAL, _DIGITAL_THRESHOLDS),
    "scan": (
        {"numeric accuracy": 0.999},
        {"numeric silent": 0.0002, "text silent": 0.002, "character error": 0.0005, "burden": 0.02},
    ),
    "bad-scan": ({"grids right": 0.99}, {"numeric silent": 0.0005, "text silent": 0.005, "burden": 0.06}),
}
"""For each kind what must be reached at least, and at most."""


def _counted(counts: Counter[str], part: str, whole: str) -> str:
    return f"{counts[part]} = {percent(counts[part], counts[whole])}"


def _print(report: Report, results: dict[str, Result]) -> None:
    values, rest = Table(title="values"), Table(title="questions, defects, grids")
    for head in ("kind", "forms", "accuracy", "numbers", "characters wrong", "silent", "numbers", "texts", "burden"):
        values.add_column(head, justify="left" if head == "kind" else "right")
    heads = (
        "kind",
        "clean forms without a question",
        "defects raised",
        "false errors",
        "grids right",
        "wrong ones noticed",
    )
    for head in heads:
        rest.add_column(head, justify="left" if head == "kind" else "right")
    for kind, result in results.items():
        counts = result.counts
        values.add_row(
            kind,
            f"{counts['forms'] - counts['missing_forms']}/{counts['forms']}",
            percent(counts["right"], counts["leaves"]),
            percent(counts["num_right"], counts["num_leaves"]),
            f"{percent(counts['txt_errors'], counts['txt_characters'])}",
            _counted(counts, "silent", "leaves"),
            _counted(counts, "num_silent", "num_leaves"),
            _counted(counts, "txt_silent", "txt_leaves"),
            percent(counts["burden"], counts["right"]),
        )
        wrong = counts["grids"] - counts["grids_right"]
        rest.add_row(
            kind,
            f"{counts['clean_untouched']}/{counts['clean']} = {percent(counts['clean_untouched'], counts['clean'])}",
            f"{counts['defects_raised']}/{counts['defects']}",
            str(counts["false_errors"]),
            f"{counts['grids_right']}/{counts['grids']} = {percent(counts['grids_right'], counts['grids'])}",
            f"{counts['grids_noticed']}/{wrong}",
        )
    report.console.print(values)
    report.console.print(rest)


def main() -> int:
    """Command line of this module."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.files", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--forms", type=int, default=200, help="forms of each kind (default 200)")
    parser.add_argument("--only", choices=(*KINDS, "speed"), help="one kind, or the speeds")
    parser.add_argument("--quick", action="store_true", help="a tenth of everything")
    parser.add_argument("--show", type=int, default=10, help="name that many of what went wrong in each kind")
    parser.add_argument("--jobs", type=int, default=1, help="processes (default 1)")
    args = parser.parse_args()
    forms = max(args.forms // 10, 5) if args.quick else args.forms
    report = Report()
    results: dict[str, Result] = {}
    for kind in KINDS if args.only is None else () if args.only == "speed" else (args.only,):
        started = time.perf_counter()
        results[kind] = result = measure_kind(kind, forms, args.jobs)
        counts = result.counts
        report.console.print(
            f"{kind}: {counts['forms']} forms in {counts['documents']} documents, {counts['failed']} failed, "
            f"{counts['crashed']} crashed; {time.perf_counter() - started:.0f} s, "
            f"of which {result.seconds:.0f} s the pipeline"
        )
        report.show(result.wrong, args.show)
        _require(report, kind, counts)
    if results:
        _print(report, results)
    if args.only in (None, "speed"):
        measure_speed(report, quick=args.quick)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
