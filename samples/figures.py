"""The figures of a made-up form: its money block, printed with the precision that its author chose.

Amounts are in the unit of the form (万元 or 元), rates in per cent. Everything is consistent until a defect is planted.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from random import Random

__all__ = ["AMOUNTS", "Money", "Style", "fixed", "make_money", "make_style", "plain", "rounded"]

AMOUNTS = ("initial_budget", "annual_budget", "executed")
_UNITS_OF_LAST_PLACE = tuple(Decimal(1).scaleb(-places) for places in range(7))
_ZERO = Decimal(0)


def rounded(value: Decimal, places: int) -> Decimal:
    """Half up, as authors round."""
    return value.quantize(_UNITS_OF_LAST_PLACE[places], ROUND_HALF_UP)


def plain(value: Decimal) -> str:
    """Without needless zeros: 10, 9.5."""
    text = str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def fixed(value: Decimal, places: int) -> str:
    """With exactly that many decimals."""
    return f"{value:.{places}f}"


@dataclass(slots=True)
class Style:
    """How one author prints figures and blanks."""

    unit: str
    """万元 or 元."""
    places: int
    """Decimals of an amount."""
    strip: bool
    """Drop the needless zeros of an amount."""
    separators: bool
    unit_in_cell: bool
    unused: str
    """What an unused funding line prints for an amount: a zero, a mark, or nothing."""
    mark: str
    """What stands in a cell that holds no figure: a dash, a slash, nothing."""
    score_places: int
    """Decimals that a score is rounded to."""
    fixed_scores: bool
    """Print weights and scores with two decimals always."""
    score_suffix: str
    rate_suffix: str

    def amount(self, value: Decimal) -> str:
        """An amount without separators: what the record holds."""
        text = fixed(value, self.places)
        return plain(Decimal(text)) if self.strip else text

    def score(self, value: Decimal) -> str:
        """A weight or a score."""
        return fixed(value, 2) if self.fixed_scores else plain(value)


def make_style(rng: Random) -> Style:
    """Draw the habits of an author."""
    unit = "元" if rng.random() < 0.1 else "万元"
    fixed_scores = rng.random() < 0.2
    return Style(
        unit=unit,
        places=2 if unit == "元" else rng.choice((0, 1, 2, 2, 2, 4, 6)),
        strip=rng.random() < 0.5,
        separators=rng.random() < 0.25,
        unit_in_cell=rng.random() < 0.2,
        unused=rng.choice(("0", "0", "0", "0.00", "", "", "—", "--", "/")),
        mark=rng.choice(("—", "—", "—", "--", "/", "")),
        score_places=2 if fixed_scores else rng.choice((0, 0, 1, 1, 2)),
        fixed_scores=fixed_scores,
        score_suffix=rng.choice(("分", " 分")) if rng.random() < 0.04 else "",
        rate_suffix="%" if rng.random() < 0.94 else "",
    )


@dataclass(slots=True)
class Money:
    """The money block. `lines` maps a funding line to its three amounts; an unused line holds zeros only.

    `rate` is rounded to `rate_places` decimals of a per cent.
    """

    lines: dict[str, dict[str, Decimal]]
    base: str
    """The column that the rate is taken of."""
    weight: Decimal
    rate: Decimal
    rate_places: int
    score: Decimal
    score_places: int
    repeats: bool
    """The appropriation line prints weight, rate and score again."""
    part_rates: bool
    """Lines in use print their own rate."""
    counted: bool = True
    """The funding score is part of the total; else the indicators alone make 100."""


def _amount(rng: Random, low: Decimal, high: Decimal, places: int) -> Decimal:
    unit = 10**places
    return Decimal(rng.randint(int(low * unit) + 1, max(int(high * unit), int(low * unit) + 1))).scaleb(-places)


def _split(rng: Random, money: dict[str, dict[str, Decimal]], line: str, places: int) -> None:
    """Move a share of the appropriation to another line, the same share of every column."""
    share = Decimal(rng.randint(5, 40)).scaleb(-2)
    for column, value in money["appropriation"].items():
        moved = rounded(value * share, places)
        money[line][column] = moved
        money["appropriation"][column] = value - moved


def make_money(rng: Random, style: Style, lines: tuple[str, ...], columns: tuple[str, ...], *, counted: bool) -> Money:
    """A consistent money block for the funding lines and amount columns of a template."""
    places = style.places
    low, high = (Decimal(30000), Decimal(60000000)) if style.unit == "元" else (Decimal(3), Decimal(6000))
    if places >= 4:
        high = min(high, Decimal(800))
    initial = _amount(rng, low, high if rng.random() < 0.3 else high / 20, places)
    annual = initial
    if "annual_budget" in columns and rng.random() < 0.4:
        annual = rounded(initial * Decimal(rng.randint(55, 130)).scaleb(-2), places) or initial
    base = annual if "annual_budget" in columns else initial
    kind = rng.random()
    if kind < 0.45:
        executed = base
    elif kind < 0.98:
        executed = rounded(base * Decimal(rng.randint(600, 999)).scaleb(-3), places)
    else:
        executed = _ZERO
    total = {"initial_budget": initial, "annual_budget": annual, "executed": executed}
    total = {column: total[column] for column in AMOUNTS if column in columns}
    block = {line: dict(total) if n < 2 else dict.fromkeys(total, _ZERO) for n, line in enumerate(lines)}
    if "carryover" in lines and rng.random() < 0.25:
        _split(rng, block, "carryover", places)
    if "other" in lines and rng.random() < 0.12:
        _split(rng, block, "other", places)
    weight = Decimal(10)
    exact = executed / base * 100
    rate_places, score_places = _precision(rng, exact, weight, style)
    rate = rounded(exact, rate_places)
    return Money(
        lines=block,
        base="annual_budget" if "annual_budget" in columns else "initial_budget",
        weight=weight,
        rate=rate,
        rate_places=rate_places,
        score=rounded(weight * rate / 100, score_places),
        score_places=score_places,
        repeats=rng.random() < 0.08,
        part_rates=rng.random() < 0.2,
        counted=counted,
    )


def _precision(rng: Random, exact: Decimal, weight: Decimal, style: Style) -> tuple[int, int]:
    """Decimals of rate and score such that the score follows alike from the exact and from the printed rate."""
    wanted = rng.choice(((2, 2), (2, 2), (2, 1), (1, 2), (1, 1), (0, 1), (0, 0)))
    if style.score_places == 0:
        wanted = (wanted[0], min(wanted[1], 1))
    if style.fixed_scores:
        wanted = (wanted[0], 2)
    for rate_places, score_places in (wanted, (2, 2), (4, 2)):
        printed = rounded(exact, rate_places)
        if rounded(weight * exact / 100, score_places) == rounded(weight * printed / 100, score_places):
            return rate_places, score_places
    return 6, 2
