"""What the pipeline says of a damaged form: was the fault raised, were the right suspects named, was it accepted?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.faults import ROW_MISSING, Fault, leaf_value
from samples.generate import Made

__all__ = ["Tally", "Verdict", "judge"]

_SUSPECTS = 3
"""A person looks at that many places; the fault must be among them."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`right`: the reader found the right values all the same. `silent`: a wrong value stands and nothing was said."""

    raised: bool
    named: bool
    right: bool
    silent: bool


def _steps(path: str) -> list[str]:
    return re.findall(r"[^.\[\]]+", path)


def _touches(damaged: str, path: str) -> bool:
    """Does the path lie on, above or below what is damaged?"""
    if ROW_MISSING in (damaged, path):
        return path in (ROW_MISSING, "indicators", "") or damaged == ROW_MISSING == path
    one, other = _steps(damaged), _steps(path)
    common = min(len(one), len(other))
    return one[:common] == other[:common]


def _names(damaged: str, path: str) -> bool:
    """Does the path name it: the leaf itself, its row, its funding line, or a leaf of the damaged row?"""
    if damaged == ROW_MISSING:
        return path in (ROW_MISSING, "indicators")
    wanted = _steps(damaged)
    return path != ROW_MISSING and _touches(damaged, path) and len(_steps(path)) >= min(2, len(wanted))


def judge(form: Made, fault: Fault, lines: Sequence[Mapping[str, Any]]) -> Verdict:
    """Judge the export lines of the damaged document, which held one form."""
    if not lines:
        return Verdict(raised=False, named=False, right=False, silent=True)
    line = lines[0]
    told = [finding["paths"] for finding in line["findings"] if finding["severity"] in ("error", "warning")]
    review = [item["path"] for item in line["review"]]
    everything = [*review, *(path for paths in told for path in paths)]
    suspects = [*review, *(path for paths in told for path in paths[:_SUSPECTS])]
    raised = len(lines) > 1 or any(_touches(damaged, path) for damaged in fault.paths for path in everything)
    named = any(_names(damaged, path) for damaged in fault.paths for path in suspects)
    right = fault.movable and _reads_right(form, fault, line["record"])
    return Verdict(raised=raised, named=named, right=right, silent=not raised and not right)


def _reads_right(form: Made, fault: Fault, record: dict[str, Any]) -> bool:
    """Are the values at the damaged place those of the undamaged form?"""
    for path in fault.paths:
        for key, want in leaf_value(form.record, path).items():
            got = leaf_value(record, f"{path}.{key}")
            if key != "merged" and re.sub(r"\s", "", str(want)) != re.sub(r"\s", "", str(got)):
                return False
    return True


@dataclass(slots=True)
class Tally:
    """Counts of one kind of fault: all of them, and of those that break something."""

    counts: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)
    """Which breaking faults were not raised, for a person to look into."""

    def add(self, fault: Fault, verdict: Verdict, where: str) -> None:
        """Count one fault; `where` tells how to make the form again."""
        self.counts["injected"] += 1
        self.counts["silent"] += verdict.silent
        self.counts["right"] += verdict.right
        if not fault.breaks or (verdict.right and not verdict.raised):
            return
        self.counts["breaking"] += 1
        self.counts["raised"] += verdict.raised
        self.counts["named"] += verdict.named
        if not verdict.raised:
            self.missed.append(f"{where}: {', '.join(fault.paths)} not raised")
        elif not verdict.named:
            self.missed.append(f"{where}: {', '.join(fault.paths)} not named")
