"""The reader that asks a model: what it lets pass, what it asks people, what it costs, and how it bears bad servers.

    make bench WHAT=model                         all parts
    python -m benchmarks.model --only safety --quick

Ends with 1 where a threshold is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from pathlib import Path

from rich.table import Table

from benchmarks.model_cost import measure_cost
from benchmarks.model_runs import measure_faults, measure_killed, measure_throughput
from benchmarks.model_safety import Result, Way, measure, tasks
from benchmarks.modelserver.errors import Profile
from benchmarks.report import Report, percent

__all__ = ["main", "measure_burden", "measure_safety"]

_FEW = (1, 1, 1, 2, 2, 2, 3)
"""Errors wanted in each of the readings of a form; fewer find a place."""
_MANY = (7, 7)
_MAX_SILENT = 0.0005
_MIN_CAUGHT = 0.97
_MUST_CATCH = ("dropped_row", "shifted_block", "changed_score")
_MAX_BURDEN = 0.015
_PUBLISHED = 0.027
"""Share of the values that real models get wrong."""
_BOTH, _WRONG_TABLE, _ALONE = "both readers", "both readers, the table reader made wrong", "model alone"
_WAYS = (
    Way(_BOTH, Profile(seed=1), _FEW),
    Way(_WRONG_TABLE, Profile(seed=2), _MANY, table="wrong"),
    Way(_ALONE, Profile(seed=3), _FEW, table="none"),
)
_BURDEN = (
    Way("both, model right", Profile(), (0,)),
    Way("both, 2.7 % wrong", Profile(rate=_PUBLISHED), (0,)),
    Way("model alone, right", Profile(), (0,), table="none"),
    Way("model alone, 2.7 % wrong", Profile(rate=_PUBLISHED), (0,), table="none"),
    Way("table reader alone", Profile(), (0,), model=False),
)


def measure_safety(report: Report, forms: int, show: int, jobs: int) -> None:
    """Errors accepted silently, by kind, with both readers, with a table reader that is wrong as well, and alone."""
    result = measure(list(tasks(forms)), _WAYS, jobs)
    for way in _WAYS:
        counts = result.errors[way.name]
        _print_errors(report, f"{way.name}, {forms} forms", counts)
        report.show(sorted(result.silent[way.name], key=lambda line: "without any" in line), show)
        if way.name == _ALONE:
            for kind in _MUST_CATCH:
                caught = 1 - counts[kind, "silent"] / max(counts[kind, "injected"], 1)
                report.require(
                    caught >= _MIN_CAUGHT, f"{way.name}: {kind} caught {caught:.2%}, wanted {_MIN_CAUGHT:.0%}"
                )
        else:
            share = counts["all", "silent"] / max(counts["all", "injected"], 1)
            report.require(share <= _MAX_SILENT, f"{way.name}: {share:.3%} accepted silently, wanted {_MAX_SILENT:.2%}")


def _print_errors(report: Report, title: str, counts: Counter[tuple[str, str]]) -> None:
    table = Table(title=title)
    for head in ("error", "injected", "values", "accepted silently", "share", "nothing asked near it"):
        table.add_column(head, justify="left" if head == "error" else "right")
    for kind in sorted({kind for kind, _ in counts} - {"all", "beside", "anyway"}):
        _add_errors(table, kind, counts)
    table.add_section()
    _add_errors(table, "all", counts)
    report.console.print(table)
    report.console.print(
        f"wrong and accepted beside any error: {counts['beside', 'silent']} leaves; "
        f"and without any error made: {counts['anyway', 'silent']}, counted again with each reading"
    )


def _add_errors(table: Table, kind: str, counts: Counter[tuple[str, str]]) -> None:
    injected, silent = counts[kind, "injected"], counts[kind, "silent"]
    share = f"{silent / injected:.3%}" if injected else "-"
    table.add_row(kind, str(injected), str(counts[kind, "leaves"]), str(silent), share, str(counts[kind, "unnoticed"]))


def measure_burden(report: Report, forms: int, show: int, jobs: int) -> None:
    """How much people are asked where a model is wrong as often as real ones are."""
    result = measure(list(tasks(forms)), _BURDEN, jobs)
    table = Table(title=f"burden, {forms} forms")
    for head in ("read by", "values wrong in answers", "accuracy", "silent", "burden", "forms without a question"):
        table.add_column(head, justify="left" if head == "read by" else "right")
    for way in _BURDEN:
        _add_burden(table, way, result)
    report.console.print(table)
    both = _BURDEN[1]
    report.show(result.silent[both.name], show)
    leaves = result.leaves[both.name]
    share = leaves["burden"] / max(leaves["right"], 1)
    report.require(share <= _MAX_BURDEN, f"burden {share:.2%}, wanted {_MAX_BURDEN:.1%}")


def _add_burden(table: Table, way: Way, result: Result) -> None:
    leaves, errors = result.leaves[way.name], result.errors[way.name]
    table.add_row(
        way.name,
        percent(errors["all", "leaves"], leaves["filled"]),
        percent(leaves["right"], leaves["leaves"]),
        f"{leaves['silent']} = {percent(leaves['silent'], leaves['leaves'])}",
        percent(leaves["burden"], leaves["right"]),
        f"{leaves['untouched']}/{leaves['forms']}",
    )


_PARTS = ("safety", "burden", "cost", "throughput", "faults", "killed")


def main() -> int:
    """Command line of this module."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.model", description=__doc__)
    parser.add_argument("--forms", type=int, default=1000, help="made-up forms for safety and burden (default 1000)")
    parser.add_argument("--quick", action="store_true", help="a tenth of everything")
    parser.add_argument("--show", type=int, default=10, help="name that many of what went wrong in each part")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    parser.add_argument("--corpus", type=Path, help="folder of text documents to measure the cost on")
    parser.add_argument("--only", choices=_PARTS, help="one part")
    args = parser.parse_args()
    forms = max(args.forms // 10, 5) if args.quick else args.forms
    report = Report()
    wanted = _PARTS if args.only is None else (args.only,)
    if "safety" in wanted:
        measure_safety(report, forms, args.show, args.jobs)
    if "burden" in wanted:
        measure_burden(report, forms, args.show, args.jobs)
    if "cost" in wanted:
        measure_cost(report, forms, args.corpus)
    share = 10 if args.quick else 1
    if "throughput" in wanted:
        measure_throughput(report, 2000 // share, timed=not args.quick)
    if "faults" in wanted:
        measure_faults(report, 600 // share)
    if "killed" in wanted:
        measure_killed(report, 60, 30 // share)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
