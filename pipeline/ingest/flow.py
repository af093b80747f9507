"""Text with marked-up tables in it, as word processors and web pages write it, into a page of tables and lines.

The readers of such formats give a flow: lines, and grids whose cells hold a flow again. Here it is decided what of that
is layout: a table that only holds other tables is taken apart, a small table inside a cell is that cell's text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise

from pipeline.errors import DocumentError
from pipeline.ingest.limits import Limits
from pipeline.ingest.page import PageContent, Rect, Table, TableCell, Word
from pipeline.source import Origin, Page

__all__ = ["Grid", "GridCell", "Line", "cut", "page_of", "too_many_cells", "without_slivers"]

_GAP = re.compile(r"[^\S\n]*[\t\u3000][^\S\n]*|[^\S\n]{2,}")
"""A tab, an ideographic space (as wide as two others) or at least two spaces."""
_SLIVER = 8.0
"""Points: no column that holds a character is so narrow, but borders dragged by hand miss each other by as much."""
_SMALL_ROWS = 2
"""A table inside a cell beside others is the cell's text up to this many rows, and beyond a table of its own."""


@dataclass(slots=True)
class Line:
    """A line of text, tabs included. `doubts` are reason codes that concern its characters."""

    text: str
    doubts: tuple[str, ...] = ()


@dataclass(slots=True)
class GridCell:
    """A cell of a grid, with what it holds in order. Rows and columns count from 0."""

    row: int
    column: int
    row_span: int
    column_span: int
    flow: list[Line | Grid] = field(default_factory=list)
    doubts: tuple[str, ...] = ()


@dataclass(slots=True)
class Grid:
    """A table as marked up: `columns` are the x of its grid lines in points, or 0, 1, 2, … where nothing says them."""

    columns: list[float]
    rows: int
    cells: list[GridCell]


def cut(line: Line, place: Callable[[int], Rect]) -> list[Word]:
    """The words of a line outside of tables: cut at tabs and wide gaps. `place` gives the box of the nth word."""
    pieces = [piece.strip() for piece in _GAP.split(line.text)]
    return [Word(piece, place(at), doubts=line.doubts) for at, piece in enumerate(piece for piece in pieces if piece)]


def page_of(flow: Iterable[Line | Grid], limits: Limits, number: int = 1, note: str = "") -> PageContent:
    """A page of that flow, in units of cells: a line, and a row of a table, has the height 1.

    Raises `DocumentError` (`too_many.cells`) where there are more cells than `limits` allow.
    """
    content = PageContent(Page(number, 0, 0, "cells", Origin.DIGITAL, note=note))
    row, width, count = 0, 0, 0
    for block in _unwrapped(flow, limits.nesting):
        if isinstance(block, Line):
            y = row
            words = cut(block, lambda at, y=y: Rect(at, y, at + 1, y + 1))  # type: ignore[misc]
            if not words:
                continue
            content.blocks.append(words)
            count += len(words)
            width, row = max(width, len(words)), row + 1
        else:
            content.blocks.append(_table(block, row))
            count += len(block.cells)
            width, row = max(width, len(block.columns) - 1), row + block.rows
        if count > limits.cells:
            raise too_many_cells(limits)
    content.page = content.page._replace(width=width, height=row)
    return content


def too_many_cells(limits: Limits) -> DocumentError:
    """The error of a document with more cells than may be."""
    return DocumentError(
        "too_many.cells", f"the document has more than {limits.cells:,} cells; split it, or raise limits.cells"
    )


def without_slivers(grid: Grid) -> Grid:
    """The grid, its columns in points, with lines that nearly coincide made one where no cell stands between them."""
    alone = {cell.column for cell in grid.cells if cell.column_span == 1}
    new, columns = [0], [grid.columns[0]]
    for column, (left, right) in enumerate(pairwise(grid.columns)):
        if right - left >= _SLIVER or column in alone:
            columns.append(right)
        new.append(len(columns) - 1)
    if len(columns) == len(grid.columns) or len(columns) < 2:
        return grid
    if any(new[cell.column] == new[cell.column + cell.column_span] for cell in grid.cells):
        return grid
    for cell in grid.cells:
        last = new[cell.column + cell.column_span]
        cell.column = new[cell.column]
        cell.column_span = last - cell.column
    return Grid(columns, grid.rows, grid.cells)


def _table(grid: Grid, top: int) -> Table:
    cells = []
    for cell in grid.cells:
        box = Rect(cell.column, top + cell.row, cell.column + cell.column_span, top + cell.row + cell.row_span)
        lines = [line for line in cell.flow if isinstance(line, Line)]
        words = [[Word(line.text.strip(), box, doubts=line.doubts)] for line in lines if line.text.strip()]
        # What is doubtful although nothing of it is left to see (a field without its result) is the cell's doubt.
        unseen = [doubt for line in lines if not line.text.strip() for doubt in line.doubts]
        doubts = tuple(dict.fromkeys([*cell.doubts, *unseen]))
        cells.append(TableCell(cell.row, cell.column, cell.row_span, cell.column_span, box, words, doubts))
    rows = [float(top + row) for row in range(grid.rows + 1)]
    return Table(Rect(0, top, len(grid.columns) - 1, top + grid.rows), grid.columns, rows, cells)


def _unwrapped(flow: Iterable[Line | Grid], nesting: int) -> Iterator[Line | Grid]:
    """The flow with tables that are mere layout taken apart, and no table inside another."""
    for block in flow:
        if isinstance(block, Line):
            yield block
        elif block.rows and block.cells:
            yield from _parts(block, nesting)


def _parts(grid: Grid, nesting: int) -> Iterator[Line | Grid]:
    filled = [cell for cell in grid.cells if _filled(cell)]
    nested = [cell for cell in filled if _nested(cell)]
    if not nested:
        yield grid
    elif len(grid.columns) <= 2 or len(nested) == len(filled) or (grid.rows == 1 and any(map(_is_large, nested))):
        # Nothing but layout: what its cells hold, one after the other.
        for cell in sorted(filled, key=lambda cell: (cell.row, cell.column)):
            yield from _unwrapped(cell.flow, nesting)
    else:
        yield from _torn(grid, nesting)


def _torn(grid: Grid, nesting: int) -> Iterator[Line | Grid]:
    """A grid of which some cells hold tables: a small one becomes lines, a large one stands below its row."""
    first = 0
    for row, cells in groupby(sorted(grid.cells, key=lambda cell: cell.row), key=lambda cell: cell.row):
        large: list[Line | Grid] = []
        for cell in cells:
            if nesting > 0 and _is_large(cell):
                large += cell.flow
                cell.flow = []
            elif _nested(cell):
                cell.flow = list(_as_lines(cell.flow))
        if large:
            yield _slice(grid, first, row + 1)
            yield from _unwrapped(large, nesting - 1)
            first = row + 1
    if first < grid.rows:
        yield _slice(grid, first, grid.rows)


def _slice(grid: Grid, first: int, last: int) -> Grid:
    """The rows from `first` up to, not including, `last`; a cell that spans on stays where it begins."""
    cells = [
        replace(cell, row=cell.row - first, row_span=min(cell.row_span, last - cell.row))
        for cell in grid.cells
        if first <= cell.row < last
    ]
    return Grid(grid.columns, last - first, cells)


def _as_lines(flow: Sequence[Line | Grid]) -> Iterator[Line]:
    """A flow as lines: a row of a table is one, with a tab between two cells."""
    for block in flow:
        if isinstance(block, Line):
            yield block
            continue
        ordered = sorted(block.cells, key=lambda cell: (cell.row, cell.column))
        for _, cells in groupby(ordered, key=lambda cell: cell.row):
            lines = [line for cell in cells for line in _as_lines(cell.flow)]
            doubts = tuple(dict.fromkeys(doubt for line in lines for doubt in line.doubts))
            yield Line("\t".join(line.text for line in lines), doubts)


def _nested(cell: GridCell) -> list[Grid]:
    return [block for block in cell.flow if isinstance(block, Grid) and any(_filled(inner) for inner in block.cells)]


def _is_large(cell: GridCell) -> bool:
    """Does a cell hold a table that is a table of its own?"""
    return any(table.rows > _SMALL_ROWS and len(table.columns) > 2 for table in _nested(cell))


def _filled(cell: GridCell) -> bool:
    return any(
        bool(block.text.strip()) if isinstance(block, Line) else any(_filled(inner) for inner in block.cells)
        for block in cell.flow
    )
