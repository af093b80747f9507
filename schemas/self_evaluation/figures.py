"""The figures of a form, parsed once, and the identities that they enter."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from pipeline.forms import FormView
from pipeline.reading import RefKind
from pipeline.vocabulary import fold
from schemas.self_evaluation.identities import Bound, Full, Identity, Product, Quotient, Sum, Verdict
from schemas.self_evaluation.labels import VOCABULARY
from schemas.self_evaluation.money import IN_YUAN, unit_name

__all__ = [
    "FUNDING_CELLS",
    "FUNDING_LINES",
    "FUNDING_PARTS",
    "FUNDING_POINTS",
    "MONEY_COLUMNS",
    "Figures",
    "Row",
    "figure",
    "figures",
    "says_nothing",
]

FUNDING_PARTS = ("appropriation", "carryover", "other")
FUNDING_LINES = ("total", *FUNDING_PARTS)
MONEY_COLUMNS = ("initial_budget", "annual_budget", "executed")
FUNDING_CELLS = (*MONEY_COLUMNS, "weight", "execution_rate", "score")

FUNDING_POINTS = ("funding.total.weight", "funding.total.score")
_FUNDING_PATHS = tuple(f"funding.{line}.{cell}" for line in FUNDING_LINES for cell in FUNDING_CELLS)
_ZERO = Decimal(0)
_HALF = Decimal("0.5")
_ONE = Decimal(1)
_NOTHING_IS_SHORT = 10
_DECIMAL = re.compile(r"-?[0-9]{1,13}(?:[.][0-9]{1,8})?")
"""What is taken for a figure; longer ones are no figures of a form, and would overflow exact arithmetic."""
_NOTHING = frozenset({"", "无", "不涉及", "不适用", "/", "-", "--", "—", "——", "–"})


def says_nothing(text: str | None) -> bool:
    """Is a text cell blank, or does it print a word for nothing (无, 不涉及, a dash)?"""
    return text is None or (len(text) < _NOTHING_IS_SHORT and fold(text).rstrip("。.") in _NOTHING)


def figure(text: str | None) -> Decimal | None:
    """The value of a numeric leaf; None for a blank, and for what is no figure."""
    return Decimal(text) if text is not None and _DECIMAL.fullmatch(text) else None


class Row(NamedTuple):
    """One row of the indicator table; figures are None where none is printed."""

    position: int
    level1: str | None
    level2: str | None
    name: str | None
    target: str | None
    actual: str | None
    weight: Decimal | None
    score: Decimal | None
    deviation: str | None

    def at(self, cell: str) -> str:
        """The leaf path of one of its cells."""
        return f"indicators[{self.position}].{cell}"

    @property
    def speaks(self) -> bool:
        """Does it state a target or an achievement (so that it ought to carry points)?"""
        return not (says_nothing(self.target) and says_nothing(self.actual))


@dataclass
class Figures:
    """The printed figures of a form: parsed once, shared by all checks.

    `convention` settles whether the totals count the funding line; None lets the figures tell.
    """

    form: FormView
    convention: bool | None = None
    values: dict[str, Decimal] = field(default_factory=dict, init=False)
    rows: list[Row] = field(default_factory=list, init=False)
    _units: dict[str, Decimal] = field(default_factory=dict, init=False)
    _foreign: dict[str, str] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        texts = self.form.values
        for path in chain(_FUNDING_PATHS, ("total_weight", "total_score")):
            self._parse(path, texts.get(path))
        self._convert()
        for index in range(self.form.rows):
            at = f"indicators[{index}]."
            self.rows.append(
                Row(
                    index,
                    texts.get(at + "level1"),
                    texts.get(at + "level2"),
                    texts.get(at + "name"),
                    texts.get(at + "target"),
                    texts.get(at + "actual"),
                    self._parse(at + "weight", texts.get(at + "weight")),
                    self._parse(at + "score", texts.get(at + "score")),
                    texts.get(at + "deviation"),
                )
            )
        for heading, text in self.form.subtotals.items():
            self._parse(f"level1_weights.{heading}", text)

    def _parse(self, path: str, text: str | None) -> Decimal | None:
        value = figure(text)
        if text is None or value is None:
            return None
        self.values[path] = value
        point = text.find(".")
        self._units[path] = _ONE if point < 0 else Decimal(1).scaleb(point + 1 - len(text))
        return value

    def _convert(self) -> None:
        """Count amounts that are printed in another unit in the unit of the form."""
        ours = IN_YUAN.get(unit_name(self.form.text("amount_unit")) or "")
        for path, printed in self.form.units.items():
            theirs = IN_YUAN.get(unit_name(printed) or "")
            if path in self.values and ours is not None and theirs is not None and ours != theirs:
                self.values[path] *= theirs / ours
                self._units[path] *= theirs / ours
                self._foreign[path] = printed

    def get(self, path: str) -> Decimal | None:
        """The figure of a leaf, None where none is printed."""
        return self.values.get(path)

    def unit(self, path: str) -> Decimal:
        """One unit of the last place that a printed figure has."""
        return self._units[path]

    def printed(self, path: str) -> str:
        """A printed figure for a message, with its unit where that is not the form's."""
        foreign = self._foreign.get(path)
        return f"{self.values[path]:f}" if foreign is None else f"{self.form.values[path]} {foreign}"

    def lost(self, path: str) -> bool:
        """Is the leaf blank although its cell may have held a figure?

        It is not where a dash states nothing, where the template lacks the cell, nor for the points of a funding line
        that the totals do without.
        """
        if path in self.values or self.form.kinds.get(path) in (RefKind.DASH, RefKind.ABSENT):
            return False
        return path not in FUNDING_POINTS or not self.without_funding

    @cached_property
    def without_funding(self) -> bool:
        """Does the funding line print no points, and do the totals come out without them?"""
        if any(path in self.values for path in FUNDING_POINTS):
            return False
        return self.weights is not None and self.weights.verdict(self.values) is Verdict.HOLDS

    def total_of(self, total: str, parts: Sequence[str], *, unit: Decimal | None = None, hint: bool = False) -> Sum:
        """The identity that a printed total is the sum of printed parts."""
        units = [self.unit(path) for path in (total, *parts)]
        filled = [place for place, path in zip(units[1:], parts, strict=True) if self.values[path]]
        fractions = sum(place < 1 for place in filled)
        exact = fractions <= 1 and (units[0] <= min(units[1:]) or len(filled) == 1)
        return Sum(total, tuple(parts), unit or units[0], min(units) == 1, exact, hint)

    def _weights(self, total: str, parts: Sequence[str], *, hint: bool = False) -> Sum:
        """As `total_of`; weights are given and never rounded, so the finest printed place counts."""
        return self.total_of(total, parts, unit=min(self.unit(path) for path in (total, *parts)), hint=hint)

    @cached_property
    def quotients(self) -> dict[str, Quotient]:
        """The rate of each funding line that prints all of rate, executed and a positive budget.

        Where no annual budget is printed (older templates) the initial one stands for it.
        """
        found = {}
        for line in FUNDING_LINES:
            rate, executed, annual, initial = (
                f"funding.{line}.{cell}" for cell in ("execution_rate", "executed", "annual_budget", "initial_budget")
            )
            if annual not in self.values:
                annual = initial
            if rate in self.values and executed in self.values and self.values.get(annual, _ZERO) > 0:
                # A whole amount is taken as exact; one with decimals stands for half a unit of its last place.
                slack = sum(
                    (
                        self.unit(path) * _HALF / self.values[path]
                        for path in (executed, annual)
                        if self.values[path] and self.unit(path) < 1
                    ),
                    _ZERO,
                )
                other = initial if self.values.get(initial, _ZERO) > 0 else None
                found[line] = Quotient(rate, executed, annual, other, self.unit(rate), slack)
        return found

    @cached_property
    def products(self) -> dict[str, Product]:
        """The score of each funding line that prints weight, score and a rate or the amounts of one."""
        found = {}
        for line in FUNDING_LINES:
            score, weight, rate, executed, annual = (
                f"funding.{line}.{cell}" for cell in ("score", "weight", "execution_rate", "executed", "annual_budget")
            )
            if score not in self.values or weight not in self.values:
                continue
            known = rate if rate in self.values else None
            amounts = (executed, annual) if executed in self.values and self.values.get(annual, _ZERO) > 0 else None
            if known is not None or amounts is not None:
                found[line] = Product(score, weight, known, amounts, self.unit(score))
        return found

    @cached_property
    def parts(self) -> dict[str, Sum]:
        """Total = appropriation + carryover + other, for each money column that prints the total and a part."""
        found = {}
        for column in MONEY_COLUMNS:
            total = f"funding.total.{column}"
            paths = [f"funding.{line}.{column}" for line in FUNDING_PARTS]
            printed = [path for path in paths if path in self.values]
            if total in self.values and printed and RefKind.LOST not in map(self.form.kinds.get, paths):
                found[column] = self.total_of(total, printed)
        return found

    def funding_cell(self, cell: str) -> str | None:
        """Where the funding line's weight or score stands: on the total line, else on the appropriation line."""
        for line in ("total", "appropriation"):
            if (path := f"funding.{line}.{cell}") in self.values:
                return path
        return None

    @property
    def repeated(self) -> Iterator[tuple[Row, Row]]:
        """Rows that say the same as an earlier one: heading, name, target and achievement."""
        seen: dict[tuple[str | None, ...], Row] = {}
        for row in self.rows:
            if row.speaks and not says_nothing(row.name):
                key = (row.level2, row.name, row.target, row.actual)
                if key in seen:
                    yield seen[key], row
                seen.setdefault(key, row)

    @cached_property
    def weighted(self) -> list[Row]:
        """Rows that print a weight."""
        return [row for row in self.rows if row.weight is not None]

    def _weights_by(self, *, funding: bool) -> Sum | None:
        rows = [row.at("weight") for row in self.weighted]
        if not rows or "total_weight" not in self.values:
            return None
        line = self.funding_cell("weight") if funding else None
        return self._weights("total_weight", rows if line is None else [*rows, line])

    def _headings_by(self, *, funding: bool) -> Sum | None:
        """Σ subtotals (+ funding weight) = total weight, where every weight stands below a subtotal."""
        covered = {part for subtotal in self.subtotals.values() for part in subtotal.parts}
        if (
            not covered
            or "total_weight" not in self.values
            or any(row.at("weight") not in covered for row in self.weighted)
        ):
            return None
        line = self.funding_cell("weight") if funding else None
        headings = [subtotal.total for subtotal in self.subtotals.values()]
        return self._weights("total_weight", headings if line is None else [*headings, line], hint=True)

    def _scores_by(self, *, funding: bool) -> Sum | None:
        rows = [row.at("score") for row in self.rows if row.score is not None]
        if not rows or "total_score" not in self.values:
            return None
        line = self.funding_cell("score") if funding else None
        return self.total_of("total_score", rows if line is None else [*rows, line])

    def _convention(self, *, funding: bool) -> tuple[bool, int, bool]:
        """Do the subtotals fail, how many of the two totals do, and do the weights, under one convention?"""
        weights, scores, headings = (
            identity is not None and identity.verdict(self.values) is Verdict.FAILS
            for identity in (
                self._weights_by(funding=funding),
                self._scores_by(funding=funding),
                self._headings_by(funding=funding),
            )
        )
        return headings, weights + scores, weights

    @cached_property
    def counts_funding(self) -> bool:
        """Do the totals count the funding line, as the national template has it? A second convention leaves it out.

        The usual convention is taken if both totals hold under it, else the one that the printed subtotals follow, else
        the one under which fewer totals fail, else the one that the weights follow.
        """
        if self.convention is not None:
            return self.convention
        usual = self._convention(funding=True)
        return not usual[1] or usual <= self._convention(funding=False)

    @cached_property
    def weights(self) -> Sum | None:
        """Σ indicator weights (+ funding weight) = total weight; None where the rows or the total print none."""
        return self._weights_by(funding=self.counts_funding)

    @cached_property
    def scores(self) -> Sum | None:
        """Σ indicator scores (+ funding score, once) = total score, by the same convention."""
        return self._scores_by(funding=self.counts_funding)

    @cached_property
    def subtotals(self) -> dict[str, Sum]:
        """Σ weights under a level1 heading = the subtotal printed behind it, for headings whose rows print weights."""
        under: dict[str, list[str]] = {}
        stem = VOCABULARY.table.headings.stem
        for row in self.weighted:
            if row.level1 is not None:
                under.setdefault(stem(fold(row.level1)), []).append(row.at("weight"))
        found = {}
        for heading in self.form.subtotals:
            total, parts = f"level1_weights.{heading}", under.get(stem(fold(heading)))
            if parts and total in self.values:
                found[heading] = self._weights(total, parts)
        return found

    @cached_property
    def bare_headings(self) -> dict[str, str]:
        """Headings that print a subtotal though no row stands below them, with the subtotal's path."""
        stem = VOCABULARY.table.headings.stem
        known = {stem(fold(row.level1)) for row in self.rows if row.level1 is not None}
        return {
            heading: f"level1_weights.{heading}" for heading in self.form.subtotals if stem(fold(heading)) not in known
        }

    @cached_property
    def bounds(self) -> list[Bound]:
        """0 ≤ score ≤ weight wherever both are printed: rows, funding lines, totals."""
        places = [
            *(f"indicators[{row.position}]." for row in self.rows if row.weight is not None and row.score is not None),
            *(
                at
                for at in (f"funding.{line}." for line in FUNDING_LINES)
                if at + "weight" in self.values and at + "score" in self.values
            ),
        ]
        found = [Bound(at + "score", at + "weight") for at in places]
        if "total_weight" in self.values and "total_score" in self.values:
            found.append(Bound("total_score", "total_weight"))
        return found

    @cached_property
    def identities(self) -> list[Identity]:
        """Everything that can tell which cell is wrong, rules and hints."""
        found: list[Identity] = [
            *self.quotients.values(),
            *self.products.values(),
            *self.parts.values(),
            *self.subtotals.values(),
            *self.bounds,
        ]
        found += [identity for identity in (self.weights, self.scores) if identity is not None]
        found += [
            Full(row.at("score"), row.at("weight"))
            for row in self.weighted
            if row.score is not None and says_nothing(row.deviation)
        ]
        for cell, alike in (("score", ("weight",)), ("execution_rate", MONEY_COLUMNS[1:])):
            once, again = (f"funding.{line}.{cell}" for line in FUNDING_LINES[:2])
            pairs = [[self.get(f"funding.{line}.{other}") for line in FUNDING_LINES[:2]] for other in alike]
            if once in self.values and again in self.values and all(a is not None and a == b for a, b in pairs):
                found.append(self.total_of(once, [again], hint=True))
        found += [
            Bound(executed, annual, hint=True)
            for executed, annual in (
                (f"funding.{line}.executed", f"funding.{line}.annual_budget") for line in FUNDING_LINES
            )
            if executed in self.values and annual in self.values
        ]
        # A rate of the initial budget holds, but may do so by chance.
        found += [
            replace(rate, initial=None, hint=True) for rate in self.quotients.values() if rate.initial is not None
        ]
        headings = self._headings_by(funding=self.counts_funding)
        return found if headings is None else [*found, headings]

    @cached_property
    def failing(self) -> list[Identity]:
        """The identities that fail among the printed figures, hints included."""
        return [identity for identity in self.identities if identity.verdict(self.values) is Verdict.FAILS]

    @cached_property
    def entering(self) -> dict[str, list[Identity]]:
        """Leaf path → the identities it enters."""
        found: dict[str, list[Identity]] = {}
        for identity in self.identities:
            for cell in identity.cells:
                found.setdefault(cell, []).append(identity)
        return found


class _Latest:
    """The figures of the form that was asked for last: the checks of one form run one after another."""

    entry: tuple[FormView, Figures] | None = None


def figures(form: FormView) -> Figures:
    """The figures of a form; the checks that run on the same form share them."""
    latest = _Latest.entry
    if latest is not None and latest[0] is form:
        return latest[1]
    made = Figures(form)
    _Latest.entry = (form, made)
    return made
