"""A form's table for formats that have tables of their own: columns with widths, cells with spans, nothing measured.

Widths are in em of a font whose Latin characters are half as wide as Chinese ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from random import Random

from samples.content import Segments
from samples.files.columns import TooNarrow, boundaries, merged_grid
from samples.files.lattice import Lattice, lattice_of, leaves_of, text_of
from samples.grid import Grid

__all__ = ["Drawn", "DrawnCell", "draw_table", "half_width"]


def half_width(text: str) -> float:
    """Width of a text in em, Latin characters half as wide as Chinese ones."""
    return sum(0.5 if character < "\x7f" else 1.0 for character in text)


@dataclass(slots=True)
class DrawnCell:
    """`kind` is that of its row; `key`, `value` and `figure` are as in `Piece`."""

    segments: Segments
    row: int
    column: int
    row_span: int
    column_span: int
    kind: str
    key: str = ""
    value: bool = False
    figure: bool = False

    @property
    def sides(self) -> tuple[int, int]:
        """Its first column and the one behind its last."""
        return self.column, self.column + self.column_span

    @property
    def text(self) -> str:
        return text_of(self.segments)

    @property
    def leaves(self) -> tuple[str, ...]:
        return leaves_of(self.segments)


@dataclass(slots=True)
class Drawn:
    """`rows` holds the cells that begin in each row, `kinds` the kind of each row, `widths` the columns in em."""

    kinds: list[str]
    rows: list[list[DrawnCell]]
    widths: list[float]
    above: list[Segments] = field(default_factory=list)
    """Lines above the table: title and year, unless the table itself holds them."""
    below: list[Segments] = field(default_factory=list)
    """Lines below it; the signature is apart."""
    footer: list[Segments] = field(default_factory=list)

    def parts(self, cuts: list[int]) -> list[Drawn]:
        """The table cut before these rows, each part with its own columns; title above the first, the rest below."""
        found = []
        for first, last in pairwise((0, *cuts, len(self.kinds))):
            borders = sorted({end for row in self.rows[first:last] for cell in row for end in cell.sides})
            place = {border: n for n, border in enumerate(borders)}
            rows = [
                [
                    replace(
                        cell,
                        row=cell.row - first,
                        column=place[cell.sides[0]],
                        column_span=place[cell.sides[1]] - place[cell.sides[0]],
                    )
                    for cell in row
                ]
                for row in self.rows[first:last]
            ]
            widths = [sum(self.widths[a:b]) for a, b in pairwise(borders)]
            found.append(Drawn(self.kinds[first:last], rows, widths))
        found[0].above, found[-1].below, found[-1].footer = self.above, self.below, self.footer
        return found

    def cuts(self) -> list[int]:
        """Rows before which the table can be cut: where another block begins that no cell reaches into."""
        found = []
        for n in range(1, len(self.kinds)):
            reach = any(cell.row + cell.row_span > n for row in self.rows[:n] for cell in row)
            if self.kinds[n] != self.kinds[n - 1] and not reach and self.kinds[n] in ("money", "goals", "heads"):
                found.append(n)
        return found


def _outline(rng: Random, grid: Grid, *, own_money: bool, width: float) -> tuple[Lattice, dict[str, list[float]]]:
    """The drawn table with the borders of its blocks."""
    state = rng.getstate()
    for own in (own_money, False):
        rng.setstate(state)
        lattice = lattice_of(rng, grid, own_money=own)
        try:
            borders = boundaries(rng, lattice, width, half_width, padding=0.6, kinsoku=True)
            merged_grid(borders)
        except TooNarrow:
            continue
        return lattice, borders
    raise TooNarrow("the form needs a wider table")


def draw_table(
    rng: Random, grid: Grid, *, title_inside: bool, footer_inside: bool, own_money: bool = False, width: float = 100.0
) -> Drawn:
    """The table of a form, `width` em wide; with `title_inside` and `footer_inside` these are merged rows of it.

    Raises `TooNarrow`.
    """
    lattice, borders = _outline(rng, grid, own_money=own_money, width=width)
    lines = [round(x, 3) for x in merged_grid(borders)]
    places = {name: [lines.index(round(x, 3)) for x in found] for name, found in borders.items()}
    wide = len(lines) - 1
    drawn = Drawn([], [], [b - a for a, b in pairwise(lines)])
    if title_inside:
        for segments in (grid.title, grid.year):
            _whole_row(drawn, segments, wide, "title")
    else:
        drawn.above = [grid.title, grid.year]
    before = len(drawn.kinds)
    for kind, pieces in zip(lattice.kinds, lattice.rows(), strict=True):
        row = []
        for piece in pieces:
            column, end = places[piece.block][piece.column], places[piece.block][piece.end]
            row.append(
                DrawnCell(
                    piece.segments, piece.row + before, column, piece.row_span, end - column, kind, piece.key,
                    piece.value, piece.figure,
                )
            )  # fmt: skip
        drawn.kinds.append(kind)
        drawn.rows.append(row)
    if grid.grade:
        if footer_inside:
            _whole_row(drawn, grid.grade, wide, "grade")
        else:
            drawn.below.append(grid.grade)
    if grid.footer and footer_inside:
        joined: Segments = ()
        for item in grid.footer:
            joined += (("    ", ()), *item) if joined else item
        _whole_row(drawn, joined, wide, "footer")
    else:
        drawn.footer = list(grid.footer)
    return drawn


def _whole_row(drawn: Drawn, segments: Segments, wide: int, kind: str) -> None:
    drawn.rows.append([DrawnCell(segments, len(drawn.kinds), 0, 1, wide, kind)])
    drawn.kinds.append(kind)
