"""Who is to blame when an identity fails: the smallest set of cells that explains it.

Each cell of the failing identity is tried with the value that would repair it. The cells whose repair leaves the fewest
identities failing are the suspects; where several do, those whose misreading is easiest to imagine come first. The
tried values are thrown away: nothing is ever changed to make a sum come out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from enum import IntEnum
from typing import NamedTuple

from schemas.self_evaluation.figures import Figures
from schemas.self_evaluation.identities import Identity, Sum, Verdict, rounded

__all__ = ["Suspects", "merged", "suspects"]

_HUNDRED = Decimal(100)
_MISSING_ROW = "indicators[]"
_NAMED = 4
"""As many suspects as a finding names, unless more explain the failure equally well."""


class Suspects(NamedTuple):
    """Paths by suspicion, and those of them (the first) that explain the failure equally well."""

    paths: tuple[str, ...]
    review: tuple[str, ...]


class _Strange(IntEnum):
    """How strange it would be that what is meant came to be printed as it is."""

    EXPECTED = 0
    """A total weight is meant to be 100, as every template has it, and printed otherwise; a row stands there twice, or
    there is none below a heading that has points."""
    LOST_DIGIT = 1
    """A digit, several at the end or the beginning, or the point are lost or added."""
    ONE_DIGIT = 2
    OTHER = 3
    IMPOSSIBLE = 4
    """It would have to be negative, or a printed total weight of 100 something else."""


class _Trial(NamedTuple):
    """What repairing one cell leaves: failing rules, failing hints; how strange the misreading; the cell's place."""

    rules: int
    hints: int
    strange: _Strange
    place: int
    path: str


def suspects(sheet: Figures, identity: Identity) -> Suspects:
    """The cells that explain why an identity fails among the printed figures, most likely first.

    Cells that explain it equally well are all to be reviewed: to leave one out would be to accept it unseen.
    """
    trials = [trial for place, cell in enumerate(identity.cells) if (trial := _single(sheet, cell, place)) is not None]
    if identity is sheet.scores:
        trials += _whole_rows(sheet, "score")
    elif identity is sheet.weights or identity in sheet.subtotals.values():
        elsewhere = {row.at("weight") for row in sheet.weighted}.difference(identity.cells)
        trials += [trial for trial in _whole_rows(sheet, "weight") if trial.path not in elsewhere]
    if not trials:
        return Suspects(tuple(identity.cells), tuple(identity.cells))
    trials.sort()
    tied = _pruned([trial for trial in trials if trial[:2] == trials[0][:2]], identity.subject)
    review = _unique(trial.path for trial in tied)
    named = _unique((*review, *(trial.path for trial in trials)))[: max(_NAMED, len(review))]
    return Suspects(named if identity.subject in named else (*named, identity.subject), review)


def _pruned(tied: list[_Trial], subject: str) -> list[_Trial]:
    """Of equally good explanations, those whose misreading is easiest to imagine, unless there are few anyway."""
    if tied[0].strange is _Strange.EXPECTED:
        return [trial for trial in tied if trial.strange is _Strange.EXPECTED]
    if len(tied) <= _NAMED:
        return tied
    kept = (_MISSING_ROW, subject)
    return [trial for trial in tied if trial.strange == tied[0].strange or trial.path in kept]


def merged(first: Suspects, second: Suspects) -> Suspects:
    """The suspects of two explanations that nothing tells apart."""
    review = _unique((*first.review, *second.review))
    return Suspects(_unique((*review, *first.paths, *second.paths)), review)


def _unique(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(paths))


def _single(sheet: Figures, cell: str, place: int) -> _Trial | None:
    """The best that changing one cell can do; None if no single value of it repairs anything."""
    trials = []
    for identity in sheet.entering[cell]:
        if identity in sheet.failing and (meant := identity.repair(cell, sheet.values)) is not None:
            rules, hints = _left(sheet, {cell: meant})
            strange = _strangeness(sheet, cell, meant)
            trials.append(_Trial(rules + (strange is _Strange.IMPOSSIBLE), hints, strange, place, cell))
    return min(trials, default=None)


def _whole_rows(sheet: Figures, cell: str) -> Iterator[_Trial]:
    """One cause for weights and scores that fail alike: a row misread in both its figures, missing, or read twice."""
    weights, scores = sheet.weights, sheet.scores
    if weights is None or scores is None or weights not in sheet.failing:
        return
    if scores in sheet.failing:
        yield from _misread_rows(sheet, weights, scores, cell)
    hints = sum(identity.hint for identity in sheet.failing)
    short = sheet.values[weights.total] - weights.of(sheet.values)
    short_score = sheet.values[scores.total] - scores.of(sheet.values)
    repaired = [
        total
        for total in (weights, scores, *sheet.subtotals.values())
        if total in sheet.failing
        and sheet.values[total.total] - total.of(sheet.values) == (short_score if total is scores else short)
    ]
    rules = len(sheet.failing) - hints - len(repaired)
    if short > 0 and 0 <= short_score <= short:
        contradicted = bool(sheet.subtotals) and not any(total in repaired for total in sheet.subtotals.values())
        usual = any(row.weight == short for row in sheet.weighted)
        strange = _Strange.LOST_DIGIT if usual else _Strange.OTHER
        if any(sheet.values.get(path) == short for path in sheet.bare_headings.values()):
            contradicted, strange = False, _Strange.EXPECTED
        # Behind a row that is unlike all others, before those that are alike.
        yield _Trial(rules + contradicted, hints, strange, 2 * len(sheet.rows), _MISSING_ROW)
    for _, row in sheet.repeated:
        if row.weight == -short and row.score == -short_score:
            yield _Trial(rules, hints, _Strange.EXPECTED, row.position, f"indicators[{row.position}]")


def _misread_rows(sheet: Figures, weights: Sum, scores: Sum, cell: str) -> Iterator[_Trial]:
    for row in sheet.weighted:
        if row.score is None:
            continue
        meant = {
            path: to
            for path, total in ((row.at("weight"), weights), (row.at("score"), scores))
            if (to := total.repair(path, sheet.values)) is not None
        }
        rules, hints = _left(sheet, meant)
        strange = max(_strangeness(sheet, path, to) for path, to in meant.items())
        # A row unlike the others is the likelier one to be misread.
        alike = sum(other.weight == row.weight and other.score == row.score for other in sheet.weighted)
        place = alike * len(sheet.rows) + row.position
        yield _Trial(rules + (strange is _Strange.IMPOSSIBLE), hints, strange, place, row.at(cell))


def _left(sheet: Figures, changed: Mapping[str, Decimal]) -> tuple[int, int]:
    """How many rules and hints fail with these cells changed."""
    values = {**sheet.values, **changed}
    touched = {id(identity): identity for cell in changed for identity in sheet.entering.get(cell, ())}
    failing: Sequence[Identity] = [
        *(identity for identity in sheet.failing if id(identity) not in touched),
        *(identity for identity in touched.values() if identity.verdict(values) is Verdict.FAILS),
    ]
    hints = sum(identity.hint for identity in failing)
    return len(failing) - hints, hints


def _strangeness(sheet: Figures, cell: str, meant: Decimal) -> _Strange:
    printed, unit = sheet.values[cell], sheet.unit(cell)
    if meant < 0:
        return _Strange.IMPOSSIBLE
    if cell == "total_weight" and _HUNDRED in (printed, meant):
        return _Strange.EXPECTED if meant == _HUNDRED else _Strange.IMPOSSIBLE
    nearest = rounded(meant, unit)
    shorter = nearest != meant and unit < 1 and meant == rounded(meant, unit / 10)
    if shorter:
        nearest = rounded(meant, unit / 10)  # one decimal may be lost, where others are left
    if nearest != meant or not printed:
        return _Strange.OTHER
    short, long = sorted((str(printed).replace(".", ""), str(nearest).replace(".", "")), key=len)
    if len(short) < len(long):
        lost = (
            long.startswith(short)
            or long.endswith(short)
            or any(long[:at] + long[at + 1 :] == short for at in range(len(long)))
        )
        return (_Strange.ONE_DIGIT if shorter else _Strange.LOST_DIGIT) if lost else _Strange.OTHER
    return _Strange.ONE_DIGIT if sum(a != b for a, b in zip(short, long, strict=True)) == 1 else _Strange.OTHER
