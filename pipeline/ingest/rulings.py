"""From rulings to grids: the one algorithm for the vector lines of a PDF and the ruling lines found in a picture.

Rulings that touch make one grid. Their positions are its rows and columns; where no ruling parts two places of that
lattice they are one cell. A cell that is no rectangle, and a wall that is only partly there, are problems that the
caller must not read over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from pipeline.ingest.page import Rect

__all__ = ["Grid", "GridCell", "Problem", "Segment", "grids"]

_WALL = 0.6
"""Share of the distance between two crossings that a ruling must cover to be a wall between two cells."""
_BROKEN = (0.2, 0.8)
"""A wall of which a share between these is there is doubtful either way."""
_CELLS_NEEDED = 2
"""A single frame is no table."""


class Segment(NamedTuple):
    """A straight ruling at `at`, the y of a horizontal or the x of a vertical one, from `start` to `end` along it."""

    at: float
    start: float
    end: float


class GridCell(NamedTuple):
    """A cell: its place and spans in the grid's lattice, and its box between the centres of its rulings."""

    row: int
    column: int
    row_span: int
    column_span: int
    box: Rect


class Problem(NamedTuple):
    """What is not certain about the walls in `box`.

    Codes: `grid.not_tiled` (walls that enclose no rectangle), `grid.broken` (a wall of which a part is there),
    `grid.open` (a cell without a ruling at the edge of its table).
    """

    code: str
    box: Rect


@dataclass(slots=True)
class Grid:
    """A ruled table. `columns` are the x of its lattice from left to right, `rows` the y from top to bottom."""

    box: Rect
    columns: list[float]
    rows: list[float]
    cells: list[GridCell]
    problems: list[Problem] = field(default_factory=list)


def grids(horizontal: Iterable[Segment], vertical: Iterable[Segment], *, tolerance: float) -> list[Grid]:
    """The grids that these rulings make, from top to bottom and left to right.

    `tolerance` is the distance up to which two positions are one and a gap in a ruling is none, in the unit of the
    segments; it must be well below the height of the lowest row. A grid inside a cell of another is a grid of its own.
    """
    across = _merged(horizontal, tolerance)
    down = _merged(vertical, tolerance)
    found = []
    for lines, columns in _touching(across, down, tolerance):
        grid = _grid(lines, columns, tolerance)
        if grid is not None:
            found.append(grid)
    return sorted(found, key=lambda grid: (grid.box.y0, grid.box.x0))


def _merged(segments: Iterable[Segment], tolerance: float) -> list[Segment]:
    """Rulings of one line as one segment each: pieces that follow one another, and a ruling drawn twice."""
    out: list[Segment] = []
    for line in _lines(sorted(segments), tolerance):
        pieces = sorted(line, key=lambda piece: piece.start)
        begun: list[Segment] = []
        end = 0.0
        for piece in pieces:
            if begun and piece.start - end > tolerance:
                out.append(_joined(begun))
                begun = []
            end = max(end, piece.end) if begun else piece.end
            begun.append(piece)
        if begun:
            out.append(_joined(begun))
    return out


def _lines(segments: Sequence[Segment], tolerance: float) -> Iterable[list[Segment]]:
    """Groups of segments at one position; a group is never wider than the tolerance, so positions do not creep."""
    group: list[Segment] = []
    for segment in segments:
        if group and segment.at - group[0].at > tolerance:
            yield group
            group = []
        group.append(segment)
    if group:
        yield group


def _joined(pieces: Sequence[Segment]) -> Segment:
    """One segment for pieces of one line, at their mean position weighted by length."""
    length = sum(piece.end - piece.start for piece in pieces)
    at = sum(piece.at * (piece.end - piece.start) for piece in pieces) / length if length else pieces[0].at
    return Segment(at, min(piece.start for piece in pieces), max(piece.end for piece in pieces))


def _touching(
    across: Sequence[Segment], down: Sequence[Segment], tolerance: float
) -> Iterable[tuple[list[Segment], list[Segment]]]:
    """Horizontal and vertical rulings that hang together, directly or through others."""
    parent = list(range(len(across) + len(down)))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for j, column in enumerate(down, len(across)):
        low, high, left, right = (
            column.start - tolerance,
            column.end + tolerance,
            column.at - tolerance,
            column.at + tolerance,
        )
        for i, line in enumerate(across):
            if low <= line.at <= high and line.start <= right and left <= line.end:
                parent[root(i)] = root(j)
    groups: dict[int, tuple[list[Segment], list[Segment]]] = {}
    for i, line in enumerate(across):
        groups.setdefault(root(i), ([], []))[0].append(line)
    for j, column in enumerate(down, len(across)):
        groups.setdefault(root(j), ([], []))[1].append(column)
    return groups.values()


def _grid(across: list[Segment], down: list[Segment], tolerance: float) -> Grid | None:
    """The grid of rulings that hang together; None where they enclose less than two cells."""
    xs, open_x = _positions(down, across, tolerance)
    ys, open_y = _positions(across, down, tolerance)
    rows, columns = len(ys) - 1, len(xs) - 1
    if rows < 1 or columns < 1 or rows * columns < _CELLS_NEEDED:
        return None
    # upright[c][r]: how much of the wall at xs[c] is there beside row r; level[r][c] likewise above row r.
    upright = [_cover(down, x, ys, tolerance) for x in xs]
    level = [_cover(across, y, xs, tolerance) for y in ys]
    for at in open_x:
        upright[at] = [1.0] * rows
    for at in open_y:
        level[at] = [1.0] * columns
    lattice = _Lattice(xs, ys, upright, level)
    cells, problems = lattice.cells()
    if len(cells) < _CELLS_NEEDED:
        return None
    return Grid(Rect(xs[0], ys[0], xs[-1], ys[-1]), xs, ys, cells, problems)


def _positions(own: list[Segment], other: list[Segment], tolerance: float) -> tuple[list[float], list[int]]:
    """The lattice positions of one axis, and which of them have no ruling: a table may be open at its sides.

    There the rulings of the other axis say where it ends: where at least two of them go on to the same position.
    """
    positions: list[float] = []
    for group in _lines(sorted(own), tolerance):
        length = sum(segment.end - segment.start for segment in group) or 1.0
        positions.append(sum(segment.at * (segment.end - segment.start) for segment in group) / length)
    added: list[float] = []
    room = 4 * tolerance
    for end, outside in (
        (min((segment.start for segment in other), default=0.0), -1),
        (max((segment.end for segment in other), default=0.0), 1),
    ):
        edge = (positions[0] if outside < 0 else positions[-1]) if positions else None
        reached = [s for s in other if abs((s.start if outside < 0 else s.end) - end) <= tolerance]
        if len(reached) >= 2 and (edge is None or (end - edge) * outside > room):
            added.append(end)
    together = sorted([*positions, *added])
    return together, [at for at, position in enumerate(together) if position in added]


def _cover(segments: Sequence[Segment], at: float, stops: Sequence[float], tolerance: float) -> list[float]:
    """How much of each stretch between two stops a ruling at that position covers, from 0 to 1."""
    near = [segment for segment in segments if abs(segment.at - at) <= tolerance]
    shares = []
    for start, end in pairwise(stops):
        length = end - start
        covered = 0.0
        last = start
        for segment in sorted(near, key=lambda segment: segment.start):
            # A ruling may end a little short of the one that it meets.
            first = max(last, start if segment.start - start <= tolerance else segment.start)
            stop = end if end - segment.end <= tolerance else segment.end
            if stop > first:
                covered += min(stop, end) - first
                last = min(stop, end)
        shares.append(covered / length if length > 0 else 1.0)
    return shares


class _Lattice:
    """Places between rulings, and how they hang together."""

    def __init__(self, xs: list[float], ys: list[float], upright: list[list[float]], level: list[list[float]]) -> None:
        self.xs, self.ys, self.upright, self.level = xs, ys, upright, level
        self.rows, self.columns = len(ys) - 1, len(xs) - 1

    def cells(self) -> tuple[list[GridCell], list[Problem]]:
        """The cells in reading order, and what is wrong with them."""
        cells: list[GridCell] = []
        problems: list[Problem] = []
        for region in self._regions():
            rows = [row for row, _ in region]
            columns = [column for _, column in region]
            top, bottom, left, right = min(rows), max(rows), min(columns), max(columns)
            openings = self._openings(region)
            if len(openings) >= 2:
                continue  # outside a table that is not a rectangle as a whole
            box = self._box(top, bottom, left, right)
            if len(region) != (bottom - top + 1) * (right - left + 1):
                problems.append(Problem("grid.not_tiled", box))
                cells += self._strips(region)
                continue
            if openings:
                problems.append(Problem("grid.open", box))
            if self._broken(top, bottom, left, right):
                problems.append(Problem("grid.broken", box))
            cells.append(GridCell(top, left, bottom - top + 1, right - left + 1, box))
        return sorted(cells), problems

    def _box(self, top: int, bottom: int, left: int, right: int) -> Rect:
        return Rect(self.xs[left], self.ys[top], self.xs[right + 1], self.ys[bottom + 1])

    def _regions(self) -> list[list[tuple[int, int]]]:
        """Places that no wall parts, from the top left."""
        seen = [[False] * self.columns for _ in range(self.rows)]
        regions = []
        for row in range(self.rows):
            for column in range(self.columns):
                if seen[row][column]:
                    continue
                seen[row][column] = True
                region = [(row, column)]
                for r, c in region:
                    for nr, nc, wall in (
                        (r, c + 1, self.upright[c + 1][r]),
                        (r, c - 1, self.upright[c][r]),
                        (r + 1, c, self.level[r + 1][c]),
                        (r - 1, c, self.level[r][c]),
                    ):
                        inside = 0 <= nr < self.rows and 0 <= nc < self.columns
                        if inside and wall < _WALL and not seen[nr][nc]:
                            seen[nr][nc] = True
                            region.append((nr, nc))
                regions.append(region)
        return regions

    def _openings(self, region: list[tuple[int, int]]) -> set[str]:
        """At which sides of the table a region has no ruling."""
        open_sides: set[str] = set()
        for row, column in region:
            if column == 0 and self.upright[0][row] < _WALL:
                open_sides.add("left")
            if column == self.columns - 1 and self.upright[-1][row] < _WALL:
                open_sides.add("right")
            if row == 0 and self.level[0][column] < _WALL:
                open_sides.add("top")
            if row == self.rows - 1 and self.level[-1][column] < _WALL:
                open_sides.add("bottom")
        return open_sides

    def _strips(self, region: list[tuple[int, int]]) -> list[GridCell]:
        """A region that is no rectangle as one cell a row of it, so that nothing in it is lost."""
        strips = []
        for row in sorted({row for row, _ in region}):
            columns = sorted(column for r, column in region if r == row)
            first = columns[0]
            for column, behind in zip(columns, [*columns[1:], -1], strict=True):
                if behind != column + 1:
                    strips.append(GridCell(row, first, 1, column - first + 1, self._box(row, row, first, column)))
                    first = behind
        return strips

    def _broken(self, top: int, bottom: int, left: int, right: int) -> bool:
        """Is a wall of a cell, or one through it, only partly there?"""
        low, high = _BROKEN
        around = [self.upright[c][r] for r in range(top, bottom + 1) for c in range(left, right + 2)]
        around += [self.level[r][c] for c in range(left, right + 1) for r in range(top, bottom + 2)]
        return any(low < share < high for share in around)
