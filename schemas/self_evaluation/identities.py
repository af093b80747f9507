"""Identities: relations between printed figures that a form should satisfy, and the tolerance they are judged by.

An identity knows the cells that enter it, whether it holds, and what one cell would have to be for it to hold. Source:
the arithmetic of the national template (财预〔2020〕10号) and the scoring notes that many forms print below the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from typing import Protocol

__all__ = ["Bound", "Full", "Identity", "Product", "Quotient", "Sum", "Values", "Verdict", "judge", "rounded", "shown"]

_ZERO = Decimal(0)
_HALF = Decimal("0.5")
_ONE = Decimal(1)
_HUNDRED = Decimal(100)
_ABSURD = Decimal(10) ** 15


class Verdict(IntEnum):
    """What the tolerance of `record-format` makes of a recomputed figure."""

    HOLDS = 0
    ROUNDING = 1
    FAILS = 2


def judge(difference: Decimal, unit: Decimal, *, whole: bool = False) -> Verdict:
    """Half a unit of the last printed place holds, one whole unit is rounding, more fails.

    Where every figure of a sum is whole (`whole`) nothing was rounded: any difference fails.
    """
    if not difference or (difference <= unit * _HALF and not whole):
        return Verdict.HOLDS
    return Verdict.ROUNDING if difference <= unit and not whole else Verdict.FAILS


def rounded(figure: Decimal, unit: Decimal) -> Decimal:
    """To the nearest unit, except for figures that are no figures of a form and would overflow."""
    return figure if abs(figure) >= _ABSURD else figure.quantize(unit)


def shown(figure: Decimal, places: int = 2) -> str:
    """A recomputed figure for a message: at most so many decimals, no trailing zeros."""
    text = f"{figure:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


Values = Mapping[str, Decimal]
"""Figures by leaf path."""


class Identity(Protocol):
    """A relation between printed figures."""

    @property
    def cells(self) -> Sequence[str]:
        """Leaf paths that enter, the likeliest to be wrong first."""

    @property
    def subject(self) -> str:
        """The cell that the identity is about: the one that the others make."""

    @property
    def hint(self) -> bool:
        """Is it no rule but a habit of authors? Hints never make a finding; they only rank suspects."""

    def verdict(self, values: Values) -> Verdict:
        """Does it hold among these values?"""

    def repair(self, cell: str, values: Values) -> Decimal | None:
        """What `cell` would have to be for the identity to hold; None if no value or no single one does that."""


@dataclass(frozen=True, slots=True)
class Sum:
    """`total` is the sum of `parts`. `unit` is the place that rounding is judged by.

    `whole`: all figures are whole. `exact`: no rounding can explain a difference, for at most one part has decimals and
    the total is printed as finely, or there is but one part. What fails only because of that is a note all the same.
    """

    total: str
    parts: tuple[str, ...]
    unit: Decimal
    whole: bool
    exact: bool
    hint: bool = False

    @property
    def subject(self) -> str:
        """The total."""
        return self.total

    @property
    def cells(self) -> tuple[str, ...]:
        """The total, then the parts."""
        return (self.total, *self.parts)

    def of(self, values: Values) -> Decimal:
        """The sum of the parts."""
        return sum((values[part] for part in self.parts), _ZERO)

    def verdict(self, values: Values) -> Verdict:
        """See `Identity`."""
        verdict = self.judged(values)
        return Verdict.FAILS if self.exact and self.of(values) != values[self.total] else verdict

    def judged(self, values: Values) -> Verdict:
        """What the tolerance alone says."""
        return judge(abs(self.of(values) - values[self.total]), self.unit, whole=self.whole)

    def repair(self, cell: str, values: Values) -> Decimal | None:
        """See `Identity`."""
        return self.of(values) if cell == self.total else values[cell] + values[self.total] - self.of(values)


@dataclass(frozen=True, slots=True)
class Quotient:
    """Execution rate (percent) = executed / annual budget. `initial` is the other denominator that authors take.

    `slack` is how far the rate may be off, in percent of itself, because the amounts are printed with rounded decimals.
    """

    rate: str
    executed: str
    annual: str
    initial: str | None
    unit: Decimal
    slack: Decimal
    hint: bool = False

    @property
    def subject(self) -> str:
        """The rate."""
        return self.rate

    @property
    def cells(self) -> tuple[str, ...]:
        """The rate, then the amounts."""
        return (self.rate, self.executed, self.annual)

    def of(self, values: Values, budget: str) -> Decimal | None:
        """Executed in percent of that budget; None of a budget of nothing."""
        return values[self.executed] * _HUNDRED / values[budget] if values[budget] > 0 else None

    def against(self, values: Values, budget: str) -> Verdict:
        """The printed rate against the one recomputed of that budget."""
        recomputed = self.of(values, budget)
        if recomputed is None:
            # Nothing of nothing: authors print 0 or 100.
            nothing = not values[self.executed] and values[self.rate] in (_ZERO, _HUNDRED)
            return Verdict.HOLDS if nothing else Verdict.FAILS
        difference = abs(recomputed - values[self.rate])
        verdict = judge(difference, self.unit)
        slack = self.slack if values[self.executed] != values[budget] else _ZERO
        if verdict is Verdict.FAILS and difference <= self.unit * _HALF + recomputed * slack:
            return Verdict.ROUNDING
        return verdict

    def verdict(self, values: Values) -> Verdict:
        """See `Identity`."""
        verdict = self.against(values, self.annual)
        if verdict is Verdict.FAILS and self.initial is not None:
            return self.against(values, self.initial)
        return verdict

    def repair(self, cell: str, values: Values) -> Decimal | None:
        """See `Identity`."""
        if cell == self.rate:
            rate = self.of(values, self.annual)
            return rate if rate is None else rounded(rate, self.unit)
        if cell == self.executed:
            return values[self.rate] * values[self.annual] / _HUNDRED
        return values[self.executed] * _HUNDRED / values[self.rate] if values[self.rate] > 0 else None


@dataclass(frozen=True, slots=True)
class Product:
    """Funding score = weight x rate, capped by the weight; authors round it to whole or half points, or to a band.

    Either the printed rate will do or the one recomputed of the `amounts` (executed, annual budget).
    """

    score: str
    weight: str
    rate: str | None
    amounts: tuple[str, str] | None
    unit: Decimal
    hint: bool = False

    @property
    def subject(self) -> str:
        """The score."""
        return self.score

    @property
    def cells(self) -> tuple[str, ...]:
        """Score, rate and weight, then the amounts of the rate."""
        return (self.score, *((self.rate,) if self.rate else ()), self.weight, *(self.amounts or ()))

    def of(self, values: Values) -> Decimal:
        """The score nearest to the printed one that weight and a rate allow."""
        rates = [values[self.rate]] if self.rate else []
        if self.amounts and values[self.amounts[1]] > 0:
            rates.append(values[self.amounts[0]] * _HUNDRED / values[self.amounts[1]])
        weight = values[self.weight]
        scores = [min(weight * rate / _HUNDRED, weight) for rate in rates]
        return min(scores, key=lambda score: abs(score - values[self.score]), default=values[self.score])

    def verdict(self, values: Values) -> Verdict:
        """See `Identity`."""
        difference = abs(self.of(values) - values[self.score])
        if difference <= self.unit * _HALF:
            return Verdict.HOLDS
        return Verdict.ROUNDING if difference <= _ONE else Verdict.FAILS

    def repair(self, cell: str, values: Values) -> Decimal | None:
        """See `Identity`."""
        if cell == self.score:
            return rounded(self.of(values), self.unit)
        if cell == self.rate:
            return values[self.score] * _HUNDRED / values[self.weight] if values[self.weight] else None
        if cell == self.weight and self.rate:
            return values[self.score] * _HUNDRED / values[self.rate] if values[self.rate] else None
        return None


@dataclass(frozen=True, slots=True)
class Bound:
    """0 ≤ score ≤ weight."""

    score: str
    weight: str
    hint: bool = False

    @property
    def subject(self) -> str:
        """The score."""
        return self.score

    @property
    def cells(self) -> tuple[str, ...]:
        """The score, then the weight."""
        return (self.score, self.weight)

    def verdict(self, values: Values) -> Verdict:
        """See `Identity`."""
        return Verdict.HOLDS if 0 <= values[self.score] <= values[self.weight] else Verdict.FAILS

    def repair(self, cell: str, values: Values) -> Decimal | None:
        """See `Identity`."""
        return values[self.weight] if cell == self.score else values[self.score]


@dataclass(frozen=True, slots=True)
class Full:
    """A row that states no reason for lost points scores its full weight: a habit, no rule."""

    score: str
    weight: str
    hint: bool = True

    @property
    def subject(self) -> str:
        """The score."""
        return self.score

    @property
    def cells(self) -> tuple[str, ...]:
        """The score, then the weight."""
        return (self.score, self.weight)

    def verdict(self, values: Values) -> Verdict:
        """See `Identity`."""
        return Verdict.HOLDS if values[self.score] == values[self.weight] else Verdict.FAILS

    def repair(self, cell: str, values: Values) -> Decimal | None:
        """See `Identity`."""
        return values[self.weight] if cell == self.score else values[self.score]
