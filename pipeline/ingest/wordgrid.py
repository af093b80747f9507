"""The grid of a Word table out of its rows: where cells begin and end across, and which go on below.

Word keeps the width of each cell beside the number of grid columns that it covers. Programs that write such files by
template often give the widths only, with one grid column a cell; then the widths say where cells stand.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

from pipeline.ingest.flow import Grid, GridCell, without_slivers

__all__ = ["RawCell", "RawRow", "grid_of"]

_MOST_COLUMNS = 1024
"""Grid columns of a cell; Word allows 63 in a table."""
_SAME_EDGE = 60
"""Twips (3 points) within which edges of two rows are the same."""
_SAME_END = 0.02
"""Share of a table's width by which rows may end apart and still be meant to end together."""
_TWIPS = 20


@dataclass(slots=True)
class RawCell:
    """A cell as its row gives it: `span` in grid columns, `width` in twips (0: not said).

    `below` cells go on with the one above them, `joined` ones with the one to their left; `starts` begins the former.
    """

    span: int
    width: int
    below: bool
    joined: bool
    starts: bool
    cell: GridCell


@dataclass(slots=True)
class RawRow:
    """A row: the grid columns left out before and after its cells, and the width in twips of those before."""

    before: int
    after: int
    indent: int
    cells: list[RawCell] = field(default_factory=list)


def grid_of(rows: Sequence[RawRow], widths: Sequence[int]) -> Grid:
    """The table of these rows; `widths` are its grid columns in twips, as far as it says.

    Cells of rows that do not fit together, and that have no widths to tell how, are doubted (`cell.walls`).
    """
    rows = [_joined(row) for row in rows if row.cells]
    if not rows:
        return Grid([0.0, 1.0], 0, [])
    totals = [row.before + sum(cell.span for cell in row.cells) + row.after for row in rows]
    count = max(totals)
    if min(totals) == count:
        return _placed(rows, _starts_by_span(rows), _columns(count, widths))
    by_width = _by_width(rows, widths)
    if by_width is not None:
        return _placed(rows, *by_width)
    for row, total in zip(rows, totals, strict=True):
        if total < count:
            for cell in row.cells:
                cell.cell.doubts = (*cell.cell.doubts, "cell.walls")
    return _placed(rows, _starts_by_span(rows), _columns(count, widths))


def _joined(row: RawRow) -> RawRow:
    """The row with cells that go on with the one to their left made part of it."""
    out = RawRow(min(row.before, _MOST_COLUMNS), min(row.after, _MOST_COLUMNS), row.indent)
    for cell in row.cells:
        cell.span = min(cell.span, _MOST_COLUMNS)
        if cell.joined and out.cells:
            first = out.cells[-1]
            first.span += cell.span
            first.width = first.width + cell.width if first.width and cell.width else 0
            first.cell.flow += cell.cell.flow
        else:
            out.cells.append(cell)
    return out


def _columns(count: int, widths: Sequence[int]) -> list[float]:
    """Grid lines in points, or 0, 1, 2, … where the widths do not say them."""
    if len(widths) >= count and all(width > 0 for width in widths[:count]):
        return [0.0, *(total / _TWIPS for total in accumulate(widths[:count]))]
    return [float(column) for column in range(count + 1)]


def _starts_by_span(rows: Sequence[RawRow]) -> list[list[tuple[int, int]]]:
    """For each cell of each row its first grid column and the one behind it, by counting."""
    places = []
    for row in rows:
        at, cells = row.before, []
        for cell in row.cells:
            cells.append((at, at + cell.span))
            at += cell.span
        places.append(cells)
    return places


def _by_width(rows: Sequence[RawRow], widths: Sequence[int]) -> tuple[list[list[tuple[int, int]]], list[float]] | None:
    """The places of cells, and the grid lines in points, by the widths of the cells; None where not all have one."""
    edges: list[list[int]] = []
    for row in rows:
        indent = row.indent or (sum(widths[: row.before]) if len(widths) >= row.before else 0)
        if not all(cell.width for cell in row.cells) or (row.before and not indent):
            return None
        edges.append([indent, *(indent + total for total in accumulate(cell.width for cell in row.cells))])
    end = max(line[-1] for line in edges)
    for line in edges:
        if end - line[-1] <= end * _SAME_END:
            line[-1] = end
    lines: list[int] = []
    for edge in sorted({edge for line in edges for edge in line}):
        if not lines or edge - lines[-1] > _SAME_EDGE:
            lines.append(edge)
    places = []
    for line in edges:
        at = [bisect_right(lines, edge) - 1 for edge in line]
        if any(a >= b for a, b in pairwise(at)):
            return None
        places.append(list(pairwise(at)))
    return places, [edge / _TWIPS for edge in lines]


def _placed(rows: Sequence[RawRow], places: list[list[tuple[int, int]]], columns: list[float]) -> Grid:
    cells: list[GridCell] = []
    open_above: dict[tuple[int, int], GridCell] = {}
    for number, (row, across) in enumerate(zip(rows, places, strict=True)):
        open_here: dict[tuple[int, int], GridCell] = {}
        for raw, (first, behind) in zip(row.cells, across, strict=True):
            above = open_above.get((first, behind)) if raw.below else None
            if above is not None:
                # What Word keeps of the text in such a cell is not shown.
                above.row_span += 1
                open_here[first, behind] = above
                continue
            cell = raw.cell
            cell.row, cell.column, cell.column_span = number, first, behind - first
            if raw.below:
                # Nothing above has its walls: Word shows it as a cell of its own, or not at all.
                cell.doubts = (*cell.doubts, "cell.walls")
            if raw.below or raw.starts:
                open_here[first, behind] = cell
            cells.append(cell)
        open_above = open_here
    grid = Grid(columns, len(rows), cells)
    return grid if columns == [float(column) for column in range(len(columns))] else without_slivers(grid)
