"""What the cells of a made-up form print, and the true record that follows from it.

A cell is a tuple of segments, each a text with the leaves whose value it is (none for labels, units, brackets). So one
place decides what is printed, what the record holds, and which characters are the value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

from samples.draft import Draft
from samples.figures import fixed, rounded
from samples.indicators import Row

__all__ = ["FUNDING_CELLS", "FUNDING_LINES", "ROW_CELLS", "Content", "Group", "Segments", "label", "print_form"]

Segments = tuple[tuple[str, tuple[str, ...]], ...]

FUNDING_LINES = ("total", "appropriation", "carryover", "other")
FUNDING_CELLS = ("initial_budget", "annual_budget", "executed", "weight", "execution_rate", "score")
ROW_CELLS = ("level1", "level2", "name", "target", "actual", "weight", "score", "deviation")
_METHODS = ("完成值÷指标值×分值", "按完成比例计分", "达到得满分，未达到酌情扣分")


def label(text: str) -> Segments:
    """A cell without a value."""
    return ((text, ()),) if text else ()


class Group(NamedTuple):
    """Rows `first`..`last` (half-open) under one printed heading."""

    first: int
    last: int
    cell: Segments


@dataclass(slots=True)
class Content:
    """`cells` maps leaf paths, and paths like them for what the record has no place for, to what is printed there."""

    draft: Draft
    record: dict[str, Any]
    cells: dict[str, Segments]
    level1: list[Group] = field(default_factory=list)
    level2: list[Group] = field(default_factory=list)

    def cell(self, path: str) -> Segments:
        """What is printed there; blank if nothing is."""
        return self.cells.get(path, ())


def print_form(rng: Random, draft: Draft) -> Content:
    """Print the draft: its cells and its true record."""
    texts = draft.texts
    content = Content(draft, {}, {})
    record = content.record
    year = texts["fiscal_year"]
    opening, closing = rng.choice((("（", "年度）"), ("（ ", " 年度）"), ("(", " 年度)"), ("（", "年度）")))
    record["title"] = _text(content, "title", texts["title"])
    record["fiscal_year"] = int(year)
    content.cells["fiscal_year"] = ((opening, ()), (year, ("fiscal_year",)), (closing, ()))
    for name in ("project_name", "competent_department", "implementing_unit"):
        record[name] = _text(content, name, texts[name])
    for name in ("project_leader", "phone"):
        record[name] = _text(content, name, texts[name]) if draft.has_leader else None
    record["amount_unit"] = draft.style.unit
    opening, closing = rng.choice((("（", "）"), ("(", ")"), ("（单位：", "）")))
    content.cells["amount_unit"] = ((opening, ()), (draft.style.unit, ("amount_unit",)), (closing, ()))
    record["funding"] = _print_funding(content)
    for name in ("expected_goal", "actual_result"):
        record[name] = _text(content, name, texts[name])
    record["indicators"] = [_print_row(rng, content, n, row) for n, row in enumerate(draft.rows)]
    record["level1_weights"] = _print_headings(rng, content)
    for name, value in (("total_weight", draft.total_weight), ("total_score", draft.total_score)):
        record[name] = _score(content, name, value, suffix=False)
    for name in ("filled_by", "section_head", "filler_phone"):
        record[name] = _text(content, name, texts[name]) if name in draft.signature else None
    record["filled_on"] = None
    if "filled_on" in draft.signature and draft.filled_on is not None:
        record["filled_on"] = draft.filled_on.isoformat()
        content.cells["filled_on"] = ((_date(rng, draft.filled_on), ("filled_on",)),)
    return content


def _text(content: Content, path: str, text: str) -> str | None:
    """Print a text as it is; the value leaves the paragraph breaks out."""
    if not text:
        return None
    content.cells[path] = ((text, (path,)),)
    return text.replace("\n", "")


def _score(content: Content, path: str, value: Decimal, *, suffix: bool) -> str:
    style = content.draft.style
    text = style.score(value)
    printed = ((text, (path,)),)
    content.cells[path] = (*printed, (style.score_suffix, ())) if suffix and style.score_suffix else printed
    return text


def _date(rng: Random, day: date) -> str:
    y, m, d = day.year, day.month, day.day
    spellings = (f"{y}年{m}月{d}日", f"{y}年{m:02d}月{d:02d}日", f"{y}.{m}.{d}", f"{y}-{m:02d}-{d:02d}", f"{y}/{m}/{d}")
    return rng.choice(spellings)


def _print_funding(content: Content) -> dict[str, dict[str, str | None] | None]:
    """Print the money block; the record says null for a line of carryover that the form does not have."""
    draft = content.draft
    money, style = draft.money, draft.style
    record: dict[str, dict[str, str | None]] = {line: dict.fromkeys(FUNDING_CELLS) for line in FUNDING_LINES}
    for line, amounts in money.lines.items():
        values = record.setdefault(line, {})
        used = line in ("total", "appropriation") or any(amounts.values())
        for column, amount in amounts.items():
            path = f"funding.{line}.{column}"
            values[column] = _amount(content, path, amount) if used else _unused(content, path)
        for column in ("weight", "execution_rate", "score"):
            content.cells[f"funding.{line}.{column}"] = label(style.mark)
        if line == "total" or (line == "appropriation" and money.repeats and money.counted):
            _print_share(content, line, values)
        elif used and money.part_rates and amounts[money.base] and style.rate_suffix:
            share = rounded(amounts["executed"] / amounts[money.base] * 100, money.rate_places)
            values["execution_rate"] = _rate(content, f"funding.{line}.execution_rate", share)
    return {line: record[line] if line in money.lines else None for line in FUNDING_LINES}


def _print_share(content: Content, line: str, values: dict[str, str | None]) -> None:
    """Weight, rate and score of a line; weight and score only where the funding line counts."""
    money = content.draft.money
    values["execution_rate"] = _rate(content, f"funding.{line}.execution_rate", money.rate)
    if money.counted:
        values["weight"] = _score(content, f"funding.{line}.weight", money.weight, suffix=False)
        values["score"] = _score(content, f"funding.{line}.score", money.score, suffix=True)


def _amount(content: Content, path: str, amount: Decimal) -> str:
    style = content.draft.style
    text, unit = style.amount(amount), style.unit if style.unit_in_cell and amount else ""
    if path == content.draft.foreign_unit:
        text, unit = fixed(amount * 10000, 2), "元"
    printed = f"{Decimal(text):,}" if style.separators else text
    content.cells[path] = ((printed, (path,)), (unit, ())) if unit else ((printed, (path,)),)
    return text


def _unused(content: Content, path: str) -> str | None:
    text = content.draft.style.unused
    if text.startswith("0"):
        content.cells[path] = ((text, (path,)),)
        return text
    content.cells[path] = label(text)
    return None


def _rate(content: Content, path: str, rate: Decimal) -> str:
    text = str(rate)
    suffix = content.draft.style.rate_suffix
    content.cells[path] = ((text, (path,)), (suffix, ())) if suffix else ((text, (path,)),)
    return text


def _print_row(rng: Random, content: Content, n: int, row: Row) -> dict[str, Any]:
    draft, at = content.draft, f"indicators[{n}]."
    split_target = "nature" in draft.spelling.template.indicators
    record: dict[str, Any] = dict.fromkeys(ROW_CELLS)
    record["level1"], record["level2"] = draft.level1_spelling[row.level1], row.level2
    record["name"] = _text(content, at + "name", row.name)
    record["target"] = _text(content, at + "target", row.bare_target if split_target else row.target)
    record["actual"] = _text(content, at + "actual", row.bare_actual if split_target else row.actual)
    if row.weight is not None and row.score is not None:
        record["weight"] = _score(content, at + "weight", row.weight, suffix=False)
        record["score"] = _score(content, at + "score", row.score, suffix=True)
    record["deviation"] = _text(content, at + "deviation", row.deviation)
    if row.kind == "not_concerned":
        figure, reason = draft.not_concerned
        content.cells[at + "weight"] = content.cells[at + "score"] = label(figure)
        record["deviation"] = _text(content, at + "deviation", reason)
    record["merged"] = row.kind == "covered"
    if split_target and row.kind in ("scored", "covered"):
        content.cells[at + "nature"], content.cells[at + "unit"] = label(row.nature), label(row.unit)
    if "method" in draft.spelling.template.indicators and row.kind == "scored":
        content.cells[at + "method"] = label(rng.choice(_METHODS))
    return record


def _print_headings(rng: Random, content: Content) -> dict[str, str]:
    """Merged headings with their subtotals; every row under a heading has it as its value."""
    draft, rows = content.draft, content.draft.rows
    opening, closing = rng.choice((("（", "分）"), ("（", "分）"), ("(", "分)")))
    subtotals: dict[str, str] = {}
    first = 0
    while first < len(rows):
        last = first + 1
        while last < len(rows) and rows[last].level1 == rows[first].level1:
            last += 1
        heading = draft.level1_spelling[rows[first].level1]
        cell: Segments = ((heading, tuple(f"indicators[{n}].level1" for n in range(first, last))),)
        if heading in draft.subtotals:
            subtotals[heading] = draft.style.score(draft.subtotals[heading]).removesuffix(".00")
            cell += ((opening, ()), (subtotals[heading], (f"level1_weights.{heading}",)), (closing, ()))
        content.level1.append(Group(first, last, cell))
        _print_level2(content, first, last)
        first = last
    return subtotals


def _print_level2(content: Content, first: int, last: int) -> None:
    rows = content.draft.rows
    while first < last:
        end = first + 1
        while end < last and rows[end].level2 == rows[first].level2:
            end += 1
        leaves = tuple(f"indicators[{n}].level2" for n in range(first, end))
        content.level2.append(Group(first, end, ((rows[first].level2, leaves),)))
        first = end
