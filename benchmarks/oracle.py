"""Which identities a record breaks: a second, independent opinion, sharing no code with the checks of the pipeline.

Tolerances are those of the record format: a recomputed figure more than one whole unit of the last printed place away
breaks its identity.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

__all__ = ["broken", "number"]

_ZERO = Decimal(0)
_AMOUNTS = ("initial_budget", "annual_budget", "executed")


def number(value: object) -> Decimal | None:
    """The figure, None for a blank or for what is none."""
    try:
        return None if value is None else Decimal(str(value))
    except InvalidOperation:
        return None


def _unit(value: Decimal) -> Decimal:
    """One unit of the last printed place."""
    exponent = value.as_tuple().exponent
    return Decimal(1).scaleb(int(exponent))


def _misses(printed: Decimal, *recomputed: Decimal) -> bool:
    return all(abs(printed - figure) > _unit(printed) for figure in recomputed)


def _sums(rows: list[Mapping[str, Any]], key: str) -> Decimal:
    return sum((figure for row in rows if (figure := number(row[key])) is not None), _ZERO)


def broken(record: Mapping[str, Any]) -> set[str]:
    """Names of the identities that the record breaks; one whose figures are not all printed holds."""
    return _money(record["funding"]) | _points(record) | _subtotals(record)


def _money(funding: Mapping[str, Any]) -> set[str]:
    out = set()
    total = {key: number(value) for key, value in funding["total"].items()}
    base = total["annual_budget"] if total["annual_budget"] is not None else total["initial_budget"]
    exact = total["executed"] * 100 / base if base and total["executed"] is not None else None
    rate, weight, score = total["execution_rate"], total["weight"], total["score"]
    if rate is not None and exact is not None and _misses(rate, exact):
        out.add("rate")
    if weight is not None and rate is not None and score is not None:
        wanted = [weight * figure / 100 for figure in (rate, exact) if figure is not None]
        if _misses(score, *wanted):
            out.add("funding_score")
        if not 0 <= score <= weight:
            out.add("score_range")
    for column in _AMOUNTS:
        whole, own = total[column], number(funding["appropriation"][column])
        if whole is not None and own is not None:
            parts = [funding[line] for line in ("carryover", "other") if funding[line] is not None]
            others = sum((number(part[column]) or _ZERO for part in parts), _ZERO)
            if _misses(whole, own + others):
                out.add("parts")
    return out


def _points(record: Mapping[str, Any]) -> set[str]:
    out = set()
    rows, money = record["indicators"], record["funding"]["total"]
    weights, scores = _sums(rows, "weight"), _sums(rows, "score")
    total_weight, total_score = number(record["total_weight"]), number(record["total_score"])
    own_weight, own_score = number(money["weight"]) or _ZERO, number(money["score"]) or _ZERO
    alone = total_weight is None or weights == total_weight
    together = total_weight is None or weights + own_weight == total_weight
    if not alone and not together:
        out.add("weights_total")
    if total_score is not None:
        wanted = [scores] * (alone or not together) + [scores + own_score] * (together or not alone)
        if _misses(total_score, *wanted):
            out.add("scores_total")
    for row in rows:
        weight, score = number(row["weight"]), number(row["score"])
        if weight is not None and score is not None and not 0 <= score <= weight:
            out.add("score_range")
    return out


def _subtotals(record: Mapping[str, Any]) -> set[str]:
    for level1, printed in record["level1_weights"].items():
        rows = [row for row in record["indicators"] if row["level1"] == level1]
        subtotal = number(printed)
        if subtotal is not None and _misses(subtotal, _sums(rows, "weight")):
            return {"subtotal"}
    return set()
