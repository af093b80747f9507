"""The table of a form as an office draws it: cells that cover a rectangle without gaps.

A `Grid` says in which column a cell begins and how many rows it covers. Here every cell also knows where it ends, blank
cells are cells, and what another one covers is gone. Column numbers are those of the cell's block: `table` for all
blocks that share the columns of the indicator table, `money` where the money block has columns of its own, as tables
drawn by hand have.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from samples.content import Segments
from samples.grid import Cell, Grid, GridRow

__all__ = ["Lattice", "Piece", "grade_of", "lattice_of", "leaves_of", "text_of"]

_FIGURES = frozenset(("initial_budget", "annual_budget", "executed", "weight", "score", "execution_rate"))


def text_of(segments: Segments) -> str:
    """The characters of a cell, with a newline between its paragraphs."""
    return "".join(text for text, _ in segments)


def leaves_of(segments: Segments) -> tuple[str, ...]:
    """The leaves whose value stands in a cell."""
    return tuple(leaf for _, names in segments for leaf in names)


@dataclass(slots=True)
class Piece:
    """A cell of the drawn table; `column` and `end` are half-open column numbers of its block.

    `key` is the record key of its column, or the kind of the row where it has none; `value` tells a value from a label.
    """

    segments: Segments
    row: int
    row_span: int
    column: int
    end: int
    block: str
    key: str
    value: bool
    heading: bool = False

    @property
    def text(self) -> str:
        return text_of(self.segments)

    @property
    def leaves(self) -> tuple[str, ...]:
        return leaves_of(self.segments)

    @property
    def figure(self) -> bool:
        """Does it stand in a column of figures?"""
        return self.key in _FIGURES


@dataclass(slots=True)
class Lattice:
    """`kinds` names the kind of each row (`head`, `money`, ...); `columns` counts the columns of each block."""

    kinds: list[str]
    pieces: list[Piece]
    columns: dict[str, int]
    keys: tuple[str, ...]
    """Record keys of the columns of the indicator table behind its first one."""

    def rows(self) -> Iterator[list[Piece]]:
        """The cells that begin in each row, from left to right."""
        found: list[list[Piece]] = [[] for _ in self.kinds]
        for piece in self.pieces:
            found[piece.row].append(piece)
        yield from found


def lattice_of(rng: Random, grid: Grid, *, own_money: bool) -> Lattice:
    """The drawn table of a form; with `own_money` the money block has its own columns."""
    template = grid.content.draft.spelling.template
    whole_title = rng.random() < 0.6
    rows = [_Row(row, list(row.cells)) for row in grid.rows]
    _straighten_money(rows, template.funding, whole_title)
    _mend_heights(rows)
    last = {"table": grid.columns, "money": 2 + len(template.funding)}
    own = own_money and last["money"] <= grid.columns
    pieces: list[Piece] = []
    taken: set[tuple[int, int]] = set()
    for number, row in enumerate(rows):
        money = row.row.kind == "money"
        block = "money" if money and own else "table"
        places = [cell.column for cell in row.cells]
        if money and own:
            places = [0, 1, *range(2, len(row.cells))]
        ends = [*places[1:], last[block]]
        for cell, start, end in zip(row.cells, places, ends, strict=True):
            if cell.covered and (number, cell.column) in taken:
                continue
            height = min(cell.height, len(rows) - number) if not cell.covered else 1
            height = _reach(rows, number, cell, height)
            taken.update((number + n, cell.column) for n in range(1, height))
            key, value = _meaning(row.row, cell, template.indicators, template.funding, row.cells)
            pieces.append(Piece(cell.segments, number, height, start, end, block, key, value, cell.heading))
    columns = {name: count for name, count in last.items() if name == "table" or own}
    return Lattice([row.row.kind for row in rows], pieces, columns, template.indicators)


@dataclass(slots=True)
class _Row:
    row: GridRow
    cells: list[Cell]


def _straighten_money(rows: list[_Row], funding: tuple[str, ...], whole: bool) -> None:
    """Heads stand above their values, and the first column reaches to the label of the line.

    With `whole` the unit stands below the title in one cell that covers the block; else in a cell of its own.
    """
    money = [row for row in rows if row.row.kind == "money"]
    label_at = money[1].cells[1].column
    title, _, *heads = money[0].cells
    moved = [Cell(head.segments, label_at + 1 + n) for n, head in enumerate(heads)]
    money[0].cells = [title, Cell((), label_at), *moved]
    unit = money[1].cells[0]
    if unit.segments and whole:
        money[0].cells[0] = Cell((*title.segments, ("\n", ()), *unit.segments), 0, height=len(money))
        money[1].cells[0] = Cell((), 0, covered=True)


def _mend_heights(rows: list[_Row]) -> None:
    """The first cell of the indicator table also covers heads that are printed a second time."""
    place = next(n for n, row in enumerate(rows) if row.row.kind == "heads")
    count = sum(row.row.kind in ("heads", "indicator") for row in rows)
    first = rows[place].cells[0]
    rows[place].cells[0] = Cell(first.segments, 0, height=count)


def _reach(rows: list[_Row], number: int, cell: Cell, height: int) -> int:
    """How far down the cell goes: a row that prints something in that column ends it."""
    reach = 1
    if cell.covered:
        # What is left of a merged cell behind heads that were printed again.
        height = len(rows) - number
    while reach < height:
        below = next((other for other in rows[number + reach].cells if other.column == cell.column), None)
        if below is None or not below.covered or below.segments:
            break
        reach += 1
    return reach


def _meaning(
    row: GridRow, cell: Cell, indicators: tuple[str, ...], funding: tuple[str, ...], cells: list[Cell]
) -> tuple[str, bool]:
    """The record key of a cell's column, and whether values stand there."""
    place = next(n for n, other in enumerate(cells) if other is cell)
    if row.kind in ("heads", "indicator"):
        key = "outer" if cell.column == 0 else indicators[cell.column - 1]
        return key, row.kind == "indicator" and cell.column > 0
    if row.kind == "money":
        header = not cells[1].segments
        if place < 2:
            return ("outer", "line")[place], False
        return funding[place - 2], not header
    if row.kind == "total":
        return ("total", "weight", "score", "deviation")[place], place > 0
    if row.kind == "goals":
        return ("outer" if place == 0 else "goal"), bool(leaves_of(cell.segments))
    return ("field" if place % 2 else "label"), place % 2 == 1


def grade_of(grid: Grid) -> str:
    """The line that prints the grade, empty if the form has none."""
    return text_of(grid.grade)
