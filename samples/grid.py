"""The table of a made-up form: rows of cells with columns and spans, before any shape is given to it.

Columns count from 0. A cell that a cell further up covers is there as a blank with `covered` set, so that a shape may
print it (a table OCR does) or leave it out (a PDF does).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from samples.content import Content, Segments, label
from samples.figures import AMOUNTS

__all__ = ["GRID_DEFECTS", "Cell", "Grid", "GridRow", "lay_out"]


@dataclass(slots=True)
class Cell:
    """`height` counts the rows that the cell covers, its own included."""

    segments: Segments
    column: int
    height: int = 1
    covered: bool = False
    heading: bool = False
    """A merged first- or second-level heading."""


@dataclass(slots=True)
class GridRow:
    """`kind`: head, money, goals, heads, indicator, total. `index` numbers the indicator rows from 0."""

    kind: str
    cells: list[Cell]
    index: int = -1


@dataclass(slots=True)
class Grid:
    """The table of one form, with what is printed above and below it."""

    content: Content
    title: Segments
    year: Segments
    rows: list[GridRow]
    columns: int
    footer: list[Segments]
    """The signature, an item each: 填表人：, 联系电话：, 填写日期：."""
    grade: Segments
    defects: list[dict[str, Any]] = field(default_factory=list)
    ambiguous: list[dict[str, str]] = field(default_factory=list)


def lay_out(rng: Random, content: Content) -> Grid:
    """Put the cells of a form into rows and columns."""
    wide = rng.random() < 0.4
    columns = 1 + len(content.draft.spelling.template.indicators)
    rows = [*_head_rows(content, wide), *_money_rows(rng, content, wide), *_goal_rows(content)]
    rows += [_indicator_heads(content), *_indicator_rows(content), _total_row(content)]
    draft = content.draft
    return Grid(
        content=content,
        title=content.cell("title"),
        year=content.cell("fiscal_year"),
        rows=rows,
        columns=columns,
        footer=_footer(rng, content),
        grade=label(f"自评等级：{draft.grade}") if draft.grade else (),
        defects=list(draft.defects),
        ambiguous=list(draft.ambiguous),
    )


def _head_rows(content: Content, wide: bool) -> list[GridRow]:
    spelling, w = content.draft.spelling, int(wide)
    rows = [GridRow("head", [Cell(label(spelling["project"]), 0), Cell(content.cell("project_name"), 1 + w)])]
    pairs = [("department", "competent_department", "unit_name", "implementing_unit")]
    if content.draft.has_leader:
        pairs.append(("leader", "project_leader", "phone", "phone"))
    for left, left_leaf, right, right_leaf in pairs:
        cells = [Cell(label(spelling[left]), 0), Cell(content.cell(left_leaf), 1 + w)]
        cells += [Cell(label(spelling[right]), 3 + w), Cell(content.cell(right_leaf), 5 + w)]
        rows.append(GridRow("head", cells))
    return rows


def _money_rows(rng: Random, content: Content, wide: bool) -> list[GridRow]:
    """The header, then a row for each funding line; the heads may stand a column left of their values, as scans do."""
    draft = content.draft
    spelling, lines = draft.spelling, draft.money.lines
    first = 2 + int(wide)
    head = first - 1 if wide and rng.random() < 0.5 else first
    apart = rng.random() < 0.5
    unit = content.cell("amount_unit")
    title: Segments = label(spelling["money"]) if apart else (*label(spelling["money"]), *unit)
    cells = [Cell(title, 0, height=1 if apart else len(lines) + 1), Cell((), 1)]
    cells += [Cell(label(spelling[key]), head + n) for n, key in enumerate(spelling.template.funding)]
    rows = [GridRow("money", cells)]
    for n, line in enumerate(lines):
        own = unit if apart and n == 0 else ()
        cells = [Cell(own, 0, height=len(lines) if own else 1, covered=not own)]
        cells.append(Cell(_line_label(spelling[line], n), first - 1))
        for place, key in enumerate(spelling.template.funding):
            cells.append(Cell(content.cell(f"funding.{line}.{key}"), first + place))
        rows.append(GridRow("money", cells))
    return rows


def _line_label(text: str, n: int) -> Segments:
    return label(f"     {text}" if n > 1 else text)


def _goal_rows(content: Content) -> list[GridRow]:
    spelling = content.draft.spelling
    right = 5 if len(spelling.template.indicators) > 8 else 4
    heads = [Cell(label(spelling["goals"]), 0, height=2), Cell(label(spelling["expected_goal"]), 1)]
    heads.append(Cell(label(spelling["actual_result"]), right))
    cells = [Cell((), 0, covered=True), Cell(content.cell("expected_goal"), 1)]
    cells.append(Cell(content.cell("actual_result"), right))
    return [GridRow("goals", heads), GridRow("goals", cells)]


def _indicator_heads(content: Content) -> GridRow:
    spelling = content.draft.spelling
    cells = [Cell(label(spelling["table"]), 0, height=len(content.draft.rows) + 1)]
    cells += [Cell(label(spelling[key]), 1 + n) for n, key in enumerate(spelling.template.indicators)]
    return GridRow("heads", cells)


def _indicator_rows(content: Content) -> list[GridRow]:
    keys = content.draft.spelling.template.indicators
    headings = {("level1", group.first): group for group in content.level1}
    headings |= {("level2", group.first): group for group in content.level2}
    grid = []
    for n, row in enumerate(content.draft.rows):
        cells = [Cell((), 0, covered=True)]
        for column, key in enumerate(keys, 1):
            if key in ("level1", "level2"):
                group = headings.get((key, n))
                if group is None:
                    cells.append(Cell((), column, covered=True))
                else:
                    cells.append(Cell(group.cell, column, height=group.last - group.first, heading=True))
            elif key in ("weight", "score"):
                printed = content.cell(f"indicators[{n}].{key}")
                cells.append(Cell(printed, column, height=row.members, covered=row.kind == "covered"))
            else:
                cells.append(Cell(content.cell(f"indicators[{n}].{key}"), column))
        grid.append(GridRow("indicator", cells, n))
    return grid


def _total_row(content: Content) -> GridRow:
    keys = content.draft.spelling.template.indicators
    cells = [Cell(label(content.draft.spelling["grand"]), 0)]
    cells.append(Cell(content.cell("total_weight"), 1 + keys.index("weight")))
    cells.append(Cell(content.cell("total_score"), 1 + keys.index("score")))
    cells.append(Cell((), 1 + keys.index("deviation")))
    return GridRow("total", cells)


def _footer(rng: Random, content: Content) -> list[Segments]:
    colon = rng.choice(("：", "：", ":", "： "))
    spelling = content.draft.spelling
    return [(*label(spelling[name] + colon), *content.cell(name)) for name in content.draft.signature]


# Defects of the page: each damages the grid. One that loses something returns (leaf paths, what is wrong); one that
# leaves every value readable returns None, for nobody need be told of it.


def _field_cells(grid: Grid, row: GridRow) -> list[Cell]:
    """The cells of an indicator row from its name on."""
    return row.cells[1 + grid.content.draft.spelling.template.indicators.index("name") :]


def _scored_row(rng: Random, grid: Grid) -> GridRow:
    rows = [row for row in grid.rows if row.index >= 0]
    drafts = grid.content.draft.rows
    return rng.choice([row for row in rows if drafts[row.index].kind == "scored" and drafts[row.index].members == 1])


def _shift_left(rng: Random, grid: Grid) -> None:
    row = _scored_row(rng, grid)
    del row.cells[0]
    for cell in row.cells:
        cell.column -= 1


def _shift_right(rng: Random, grid: Grid) -> None:
    for cell in _field_cells(grid, _scored_row(rng, grid)):
        cell.column += 1


def _lose_column(rng: Random, grid: Grid) -> tuple[list[str], str]:
    """The scan lost an amount column, heads and values, and pushed the rest to the left."""
    keys = grid.content.draft.spelling.template.funding
    lost = rng.choice([n for n, key in enumerate(keys) if key not in AMOUNTS or n == 0])
    for row in (row for row in grid.rows if row.kind == "money"):
        place = len(row.cells) - len(keys) + lost
        for cell in row.cells[place + 1 :]:
            cell.column -= 1
        del row.cells[place]
    for line, values in grid.content.record["funding"].items():
        if values is None:
            continue
        values[keys[lost]] = None
        grid.ambiguous.append({"path": f"funding.{line}", "why": "a column of the money block is lost"})
    return ["funding"], f"column {keys[lost]} of the money block lost"


def _short_total(rng: Random, grid: Grid) -> None:
    for cell in grid.rows[-1].cells[1:]:
        cell.column -= 1


def _glue(rng: Random, grid: Grid) -> None:
    """A score runs into the reason behind it."""
    record, drafts = grid.content.record["indicators"], grid.content.draft.rows
    rows = [row for row in grid.rows if row.index >= 0 and drafts[row.index].members == 1]
    row = rng.choice([row for row in rows if record[row.index]["score"] and record[row.index]["deviation"]])
    place = 1 + grid.content.draft.spelling.template.indicators.index("deviation")
    row.cells[place - 1].segments += row.cells[place].segments
    row.cells[place].segments = ()


def _repeat_heads(rng: Random, grid: Grid) -> None:
    """The heads of the indicator table are printed again further down."""
    place = next(n for n, row in enumerate(grid.rows) if row.kind == "heads")
    heads = [Cell((), 0, covered=True), *(Cell(cell.segments, cell.column) for cell in grid.rows[place].cells[1:])]
    grid.rows.insert(place + 1 + rng.randint(1, len(grid.content.draft.rows) - 1), GridRow("heads", heads))


def _lose_heading(rng: Random, grid: Grid) -> tuple[list[str], str]:
    """A first-level heading is nowhere printed: its rows fall under the one before."""
    groups = grid.content.level1
    lost = rng.randrange(1, len(groups))
    before, group = groups[lost - 1], groups[lost]
    heading = before.cell[0][0]
    leaves = tuple(f"indicators[{n}].level1" for n in range(before.first, group.last))
    for row in (row for row in grid.rows if row.index >= 0):
        if row.index == before.first:
            row.cells[1].segments = ((heading, leaves), *before.cell[1:])
            row.cells[1].height = group.last - before.first
        elif row.index == group.first:
            row.cells[1] = Cell((), 1, covered=True)
    record = grid.content.record
    record["level1_weights"].pop(group.cell[0][0], None)
    for n in range(group.first, group.last):
        record["indicators"][n]["level1"] = heading
        grid.ambiguous.append({"path": f"indicators[{n}].level1", "why": "its heading is not printed"})
    return [f"indicators[{n}].level1" for n in range(group.first, group.last)], "a first-level heading is missing"


GRID_DEFECTS: dict[str, Callable[[Random, Grid], tuple[list[str], str] | None]] = {
    "shifted_left": _shift_left,
    "shifted_right": _shift_right,
    "lost_column": _lose_column,
    "total_short": _short_total,
    "glued": _glue,
    "heading_twice": _repeat_heads,
    "heading_missing": _lose_heading,
}
