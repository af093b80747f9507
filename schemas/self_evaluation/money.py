"""Units of money: what their printed names count."""

from __future__ import annotations

from decimal import Decimal

from pipeline.vocabulary import fold

__all__ = ["IN_YUAN", "unit_name"]

IN_YUAN = {
    "元": Decimal(1),
    "千元": Decimal(1000),
    "万元": Decimal(10000),
    "百万元": Decimal(1000000),
    "亿元": Decimal(100000000),
}
"""What one of each unit is in 元."""


def unit_name(printed: str | None) -> str | None:
    """The unit by its full name (万 is short for 万元); None where none is printed."""
    if printed is None:
        return None
    folded = fold(printed).removeprefix("人民币")
    return folded + "元" if folded in ("千", "万", "百万", "亿") else folded or None
