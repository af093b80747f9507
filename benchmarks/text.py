"""Accuracy, faults and throughput on made-up text documents.

    make bench WHAT=text            all three parts, within 20 minutes
    python -m benchmarks.text --quick

Ends with 1 where a threshold is missed.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

from rich.table import Table

from benchmarks.faults import FAULTS, inject
from benchmarks.raised import Tally, judge
from benchmarks.report import Report, percent
from benchmarks.throughput import Run, run_bulk
from pipeline.evaluate import Gold, score
from pipeline.forms import form_types
from pipeline.work import digitise_file
from samples.generate import SHAPES, defects_of, make_document, make_form, truth

__all__ = ["main", "measure_accuracy", "measure_faults", "measure_throughput"]

_SEED = 7_000_000
"""Seeds of the benchmark begin here; the checked-in samples and their tests stay far below."""
_FAULT_SHAPES = ("tsv", "word", "lines")
_MIN_RAISED, _MIN_NAMED = 1.0, 0.95
_MIN_RATE = 150
"""Forms a second."""
_MAX_PEAK = 400 * 1024**2
_MAX_RATIO = 1.2
"""Time of a form in a large run over that in a small one."""


def measure_accuracy(report: Report, forms: int, show: int) -> None:
    """Right, silent and flagged leaves per shape, on clean forms and on forms with a defect, half and half."""
    table = Table(title=f"accuracy, {forms} forms a shape")
    for head in ("shape", "forms", "accuracy", "numbers", "silent", "burden", "defects raised", "false errors"):
        table.add_column(head, justify="left" if head == "shape" else "right")
    wrong: list[str] = []
    for number, shape in enumerate(SHAPES):
        counts: Counter[str] = Counter()
        for exported, gold in _read_documents(_SEED + number * 10_000, shape, forms):
            scored = score(exported, gold, form_types()[0])
            counts.update(scored.total)
            wrong += [
                f"{miss.what} {miss.form} {miss.path}: want {miss.want!r} got {miss.got!r}"
                for miss in scored.misses
                if miss.what != "caught"
            ]
        found, all_forms = counts["forms"] - counts["missing_forms"], counts["forms"]
        table.add_row(
            shape,
            f"{found}/{all_forms}",
            percent(counts["right"], counts["leaves"]),
            percent(counts["num_right"], counts["num_leaves"]),
            f"{counts['silent']} = {percent(counts['silent'], counts['leaves'])}",
            percent(counts["burden"], counts["right"]),
            f"{counts['defects_raised']}/{counts['defects']}",
            str(counts["false_errors"]),
        )
        report.require(counts["false_errors"] == 0, f"{counts['false_errors']} clean {shape} forms with an error")
    report.console.print(table)
    report.show(wrong, show)


def _read_documents(seed: int, shape: str, forms: int) -> Iterator[tuple[list[dict[str, Any]], list[Gold]]]:
    """Export and gold of documents of five forms; every other document carries defects."""
    for number in range(-(-forms // 5)):
        count = min(5, forms - number * 5)
        rng = Random(f"accuracy {seed} {number}")
        planted = {place: rng.choice(defects_of(shape)) for place in range(count)} if number % 2 else {}
        document = make_document(seed + number, count, shape, defects=planted)
        name = f"{shape}-{number}"
        golds = [Gold(name, at, truth(form, name, at)) for at, form in enumerate(document.forms, 1)]
        yield digitise_file(f"{name}.txt", document.text.encode()), golds


def measure_faults(report: Report, forms: int, show: int) -> None:
    """Every kind of fault once in each of `forms` forms a shape; and what the undamaged forms raise."""
    wrong: list[str] = []
    tallies = {(shape, kind): Tally() for shape in _FAULT_SHAPES for kind in FAULTS}
    for shape in _FAULT_SHAPES:
        for seed in range(_SEED + 500_000, _SEED + 500_000 + forms):
            form = make_form(seed, shape)
            lines = digitise_file("form.txt", form.text.encode())
            errors = [f["check"] for line in lines for f in line["findings"] if f["severity"] == "error"]
            if errors:
                wrong.append(f"untouched {shape} form {seed}: {', '.join(errors)}")
            for kind in FAULTS:
                if kind == "cell_shifted" and shape == "lines":
                    continue  # nothing shifts where there are no columns
                fault = inject(Random(f"{kind} {shape} {seed}"), form, kind)
                if fault is not None:
                    verdict = judge(form, fault, digitise_file("form.txt", fault.text.encode()))
                    tallies[shape, kind].add(fault, verdict, f"{kind} in {shape} form {seed}")
    _print_faults(report, tallies)
    report.show([line for tally in tallies.values() for line in tally.missed], show)
    report.console.print(f"untouched forms with an error: {len(wrong)} of {forms * len(_FAULT_SHAPES)}")
    report.show(wrong, show)
    report.require(not wrong, f"{len(wrong)} untouched forms with an error")


def _print_faults(report: Report, tallies: dict[tuple[str, str], Tally]) -> None:
    table = Table(title="faults injected one at a time")
    for head in ("shape", "fault", "injected", "breaking", "raised", "named in first 3", "read right", "silent of all"):
        table.add_column(head, justify="left" if head in ("shape", "fault") else "right")
    total: Counter[str] = Counter()
    for (shape, kind), tally in tallies.items():
        if tally.counts["injected"]:
            _add_faults(table, shape, kind, tally.counts)
        total.update(tally.counts)
    table.add_section()
    _add_faults(table, "all", "", total)
    report.console.print(table)
    breaking = max(total["breaking"], 1)
    report.require(total["raised"] / breaking >= _MIN_RAISED, "a fault that breaks an identity was not raised")
    report.require(total["named"] / breaking >= _MIN_NAMED, f"suspects named in under {_MIN_NAMED:.0%}")


def _add_faults(table: Table, shape: str, kind: str, counts: Counter[str]) -> None:
    injected, breaking = counts["injected"], counts["breaking"]
    shares = (percent(counts["raised"], breaking), percent(counts["named"], breaking), str(counts["right"]))
    table.add_row(shape, kind, str(injected), str(breaking), *shares, percent(counts["silent"], injected))


def measure_throughput(report: Report, forms: int) -> None:
    """A small and a large run of the command line."""
    small, large = run_bulk(max(forms // 20, 100), _SEED // 1000 + 1), run_bulk(forms, _SEED // 1000 + 2)
    table = Table(title="formtally run, all shapes, 20 forms a file")
    for head in ("forms", "exported", "seconds", "forms/s", "ms a form", "peak MB", "exit"):
        table.add_column(head, justify="right")
    for run in (small, large):
        _add_run(table, run)
        report.require(run.returncode == 0, f"run of {run.forms} forms ended with {run.returncode}: {run.message}")
        report.require(run.lines == run.forms, f"{run.lines} of {run.forms} forms in the export")
    report.console.print(table)
    ratio = small.rate / large.rate
    report.console.print(f"time of a form, large run over small: {ratio:.2f}")
    report.require(large.rate >= _MIN_RATE, f"{large.rate:.0f} forms a second, wanted {_MIN_RATE}")
    report.require(large.peak < _MAX_PEAK, f"peak of {large.peak / 1024**2:.0f} MB, wanted {_MAX_PEAK // 1024**2}")
    report.require(ratio <= _MAX_RATIO, f"a form takes {ratio:.2f} times as long in the large run")


def _add_run(table: Table, run: Run) -> None:
    table.add_row(
        f"{run.forms:,}",
        f"{run.lines:,}",
        f"{run.seconds:.1f}",
        f"{run.rate:.0f}",
        f"{1000 / run.rate:.2f}",
        f"{run.peak / 1024**2:.0f}",
        str(run.returncode),
    )


def main() -> int:
    """Command line of this module."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.text", description=__doc__)
    parser.add_argument("--forms", type=int, default=200, help="forms a shape for accuracy and faults (default 200)")
    parser.add_argument("--bulk", type=int, default=20_000, help="forms of the large run (default 20000)")
    parser.add_argument("--quick", action="store_true", help="a tenth of everything")
    parser.add_argument("--show", type=int, default=10, help="name that many of what went wrong in each part")
    parser.add_argument("--only", choices=("accuracy", "faults", "throughput"), help="one part")
    args = parser.parse_args()
    forms, large = (max(args.forms // 10, 5), args.bulk // 10) if args.quick else (args.forms, args.bulk)
    report = Report()
    if args.only in (None, "accuracy"):
        measure_accuracy(report, forms, args.show)
    if args.only in (None, "faults"):
        measure_faults(report, forms, args.show)
    if args.only in (None, "throughput"):
        measure_throughput(report, large)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
