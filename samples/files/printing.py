"""Printing forms on paper: lines of text and tables flow over pages; every cell's true box is kept.

Lengths are points from the top left corner of the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from samples.content import Segments
from samples.files.columns import TooNarrow
from samples.files.lattice import Lattice, Piece, leaves_of, text_of
from samples.files.wrapping import Measure, wrapped

__all__ = ["Line", "Paper", "PrintedCell", "PrintedLine", "PrintedPage", "Printer", "Type", "draw_type"]

_ASCENT = 0.88
"""Height of a Chinese character above its base line, in em."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A page and its margins; with `halves` the left and the right half are filled one after the other."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    halves: bool = False

    @property
    def inner(self) -> float:
        """Width between the margins of a page, or of half a page."""
        return self.width / (2 if self.halves else 1) - self.left - self.right


@dataclass(frozen=True, slots=True)
class Type:
    """How a document is set. `padding` is left and right of a cell's text together, in em; lengths else in points."""

    size: float
    leading: float
    padding: float
    above: float
    """Least space above and below a cell's text."""
    least: float
    """Least height of a row, in lines."""
    align: str
    """`left` or `centre`: texts in cells. Labels are centred always."""
    figures: str
    """`left`, `centre` or `right`: figures in cells."""
    kinsoku: bool
    repeat_heads: bool
    """Print the heads of the indicator table again on each page."""
    restate: bool
    """Print a merged heading again on the page where it goes on."""
    rulings: str
    """`lines`, `bars` (thin filled rectangles) or `boxes` (a rectangle a cell)."""
    rule: float
    indent: bool
    """Keep the spaces in front of the labels of funding lines."""


@dataclass(slots=True)
class Line:
    """A line of characters; `y` is its base line."""

    x: float
    y: float
    text: str
    size: float
    bold: bool = False


@dataclass(slots=True)
class PrintedCell:
    """A cell as drawn. Rows count from 0 in its part of the table on this page, columns in the grid of its table."""

    x0: float
    y0: float
    x1: float
    y1: float
    row: int
    column: int
    row_span: int
    column_span: int
    text: str
    leaves: tuple[str, ...]
    form: int
    part: int


@dataclass(slots=True)
class PrintedLine:
    """What stands outside of tables: its box, its characters, the leaves whose values they hold."""

    x0: float
    y0: float
    x1: float
    y1: float
    text: str
    leaves: tuple[str, ...]
    form: int


@dataclass(slots=True)
class PrintedPage:
    """`lines` is all that is printed, `cells` and `loose` say what it means."""

    width: float
    height: float
    lines: list[Line] = field(default_factory=list)
    cells: list[PrintedCell] = field(default_factory=list)
    loose: list[PrintedLine] = field(default_factory=list)


class Printer:
    """Prints one thing under the other and begins a new page where one is full."""

    def __init__(self, paper: Paper, kind: Type, measure: Measure) -> None:
        self.paper, self.type, self.measure = paper, kind, measure
        self.pages: list[PrintedPage] = []
        self.form = -1
        self.parts = 0
        self.left = paper.left
        self.y = paper.height

    # -- room

    @property
    def page(self) -> PrintedPage:
        """The page being printed."""
        return self.pages[-1]

    @property
    def room(self) -> float:
        """Height that is left on the page."""
        return self.paper.height - self.paper.bottom - self.y if self.pages else 0.0

    @property
    def full(self) -> float:
        """Height of an empty page between its margins."""
        return self.paper.height - self.paper.top - self.paper.bottom

    def advance(self) -> None:
        """Go on at the top of the next page or half page."""
        half = self.paper.width / 2
        if self.paper.halves and self.pages and self.left < half:
            self.left += half
        else:
            self.pages.append(PrintedPage(self.paper.width, self.paper.height))
            self.left = self.paper.left
        self.y = self.paper.top

    def space(self, height: float) -> None:
        """Leave that much white."""
        self.y += height

    # -- lines

    def text(self, segments: Segments, *, size: float = 0.0, align: str = "left", bold: bool = False) -> None:
        """A paragraph across the page."""
        size = size or self.type.size
        width = self.paper.inner
        for number, line in enumerate(self._wrap(text_of(segments), width, size)):
            self._need_line(size)
            lead = (width - self.measure(line) * size) / (2 if align == "centre" else 1)
            x = self.left + (0.0 if align == "left" else lead)
            self._put(line, x, size, leaves_of(segments) if number == 0 else (), bold)
            self.y += size * self.type.leading

    def items(self, items: Sequence[Segments], *, spread: bool) -> None:
        """Several items on a line as far as they fit, spread over the width or with gaps between them."""
        size, width = self.type.size, self.paper.inner
        sizes = [self.measure(text_of(item)) * size for item in items]
        gap = 2.5 * size
        if sum(sizes) + gap * len(items) > width:
            for item in items:
                self.text(item)
            return
        self._need_line(size)
        x = self.left
        step = width / len(items)
        for number, (item, used) in enumerate(zip(items, sizes, strict=True)):
            if spread and max(sizes) + size < step:
                x = self.left + step * number
            self._put(text_of(item), x, size, leaves_of(item), False)
            x += used + gap
        self.y += size * self.type.leading

    def _need_line(self, size: float) -> None:
        if self.room < size * self.type.leading:
            self.advance()

    def _put(self, text: str, x: float, size: float, leaves: tuple[str, ...], bold: bool) -> None:
        top = self.y + (self.type.leading - 1) * size / 2
        self.page.lines.append(Line(x, top + _ASCENT * size, text, size, bold))
        box = (x, top, x + self.measure(text) * size, top + size)
        self.page.loose.append(PrintedLine(*box, text, leaves, self.form))

    def _wrap(self, text: str, width: float, size: float) -> list[str]:
        try:
            return wrapped(text, width / size, self.measure, kinsoku=self.type.kinsoku)
        except ValueError as error:
            raise TooNarrow(str(error)) from None

    # -- tables

    def table(self, lattice: Lattice, borders: dict[str, list[float]], grid: list[float]) -> None:
        """A table; `borders` are those of its blocks and `grid` all of them, in em from the left margin."""
        drawing = _Drawing(self, lattice, borders, grid)
        first = 0
        while first < len(lattice.kinds):
            again = self._heads_again(lattice, first)
            room = self.room - (sum(drawing.heights[n] for n in again))
            last = drawing.fitting(first, room)
            if last <= first:
                if self.room >= self.full - 1:
                    raise TooNarrow("a row is higher than a page")
                self.advance()
                continue
            drawing.print_part(first, last, again)
            first = last
            if first < len(lattice.kinds):
                self.advance()

    def _heads_again(self, lattice: Lattice, first: int) -> list[int]:
        if not (first and self.type.repeat_heads and lattice.kinds[first] == "indicator"):
            return []
        heads = lattice.kinds.index("heads")
        return [heads] if first > heads + 1 else []


class _Drawing:
    """One table on its way to paper."""

    def __init__(self, printer: Printer, lattice: Lattice, borders: dict[str, list[float]], grid: list[float]) -> None:
        self.printer, self.lattice = printer, lattice
        self.grid = grid
        size = printer.type.size
        self.borders = {name: [round(x, 3) for x in found] for name, found in borders.items()}
        self.step = size * printer.type.leading
        self.wrapped: dict[int, list[str]] = {}
        for piece in lattice.pieces:
            x0, x1 = self._sides(piece)
            text = piece.text if printer.type.indent else piece.text.strip(" ")
            inner = (x1 - x0 - printer.type.padding) * size
            self.wrapped[id(piece)] = printer._wrap(text, inner, size) if text else []
        self.heights = self._row_heights()

    def _sides(self, piece: Piece) -> tuple[float, float]:
        borders = self.borders[piece.block]
        return borders[piece.column], borders[piece.end]

    def _need(self, piece: Piece) -> float:
        lines = len(self.wrapped[id(piece)])
        return lines * self.step + 2 * self.printer.type.above if lines else 0.0

    def _row_heights(self) -> list[float]:
        heights = [self.printer.type.least * self.step + 2 * self.printer.type.above] * len(self.lattice.kinds)
        for piece in self.lattice.pieces:
            if piece.row_span == 1:
                heights[piece.row] = max(heights[piece.row], self._need(piece))
        for piece in sorted(self.lattice.pieces, key=lambda piece: piece.row_span):
            rows = range(piece.row, piece.row + piece.row_span)
            lack = self._need(piece) - sum(heights[row] for row in rows)
            if lack > 0:
                for row in rows:
                    heights[row] += lack / len(rows)
        return heights

    def fitting(self, first: int, room: float) -> int:
        """The row before which the part that begins at `first` must end, given that much room."""
        last, used = first, 0.0
        while last < len(self.heights) and used + self.heights[last] <= room:
            used += self.heights[last]
            last += 1
        while first < last < len(self.heights):
            # A merged cell that the break parts has to hold its text above it.
            short = [
                piece.row
                for piece in self.lattice.pieces
                if first <= piece.row < last < piece.row + piece.row_span
                and self._need(piece) > sum(self.heights[piece.row : last]) + 0.01
            ]
            if short:
                last = min(short)
            elif self.lattice.kinds[last - 1] == "heads" or (
                self.lattice.kinds[last - 1] == "goals" and self.lattice.kinds[last] == "goals"
            ):
                last -= 1  # heads alone at the foot of a page
            else:
                break
        return last

    def print_part(self, first: int, last: int, again: list[int]) -> None:
        """Rows `first`..`last` (half-open) from where the page stands, behind rows that are printed again."""
        printer = self.printer
        rows = [*again, *range(first, last)]
        tops = [printer.y]
        for row in rows:
            tops.append(tops[-1] + self.heights[row])
        for row in again:
            for piece in self.lattice.pieces:
                if piece.row == row and piece.row_span == 1:
                    self._cell(piece, tops, rows.index(row), rows.index(row) + 1, True)
        for piece in self.lattice.pieces:
            start, end = max(piece.row, first), min(piece.row + piece.row_span, last)
            if start < end:
                going_on = piece.row < first
                top = start - first + len(again)
                if going_on and again and piece.row in again:
                    top = again.index(piece.row)
                shown = not going_on or (printer.type.restate and (piece.heading or piece.key == "outer"))
                if going_on and self._need(piece) > tops[end - first + len(again)] - tops[top]:
                    shown = False
                self._cell(piece, tops, top, end - first + len(again), shown)
        printer.y = tops[-1]
        printer.parts += 1

    def _cell(self, piece: Piece, tops: list[float], top: int, end: int, shown: bool) -> None:
        printer, size = self.printer, self.printer.type.size
        left, right = self._sides(piece)
        x0, x1 = printer.left + left * size, printer.left + right * size
        y0, y1 = tops[top], tops[end]
        lines = self.wrapped[id(piece)]
        assert not shown or self._need(piece) <= y1 - y0 + 0.01, "a text is higher than its cell"
        column = self.grid.index(left)
        span = self.grid.index(right) - column
        printer.page.cells.append(
            PrintedCell(
                x0,
                y0,
                x1,
                y1,
                top,
                column,
                end - top,
                span,
                piece.text if shown else "",
                piece.leaves if shown else (),
                printer.form,
                printer.parts,
            )
        )
        if not shown:
            return
        pad = printer.type.padding * size / 2
        align = "centre" if not piece.value else printer.type.figures if piece.figure else printer.type.align
        if piece.key == "line":
            align = "left"
        y = (y0 + y1 - len(lines) * self.step) / 2
        for line in lines:
            used = printer.measure(line) * size
            room = x1 - x0 - 2 * pad
            assert used <= room + 0.01, "a line is wider than its cell"
            x = x0 + pad + {"left": 0.0, "centre": (room - used) / 2, "right": room - used}[align]
            base = y + (printer.type.leading - 1) * size / 2 + _ASCENT * size
            if line:
                printer.page.lines.append(Line(x, base, line, size))
            y += self.step


def draw_type(rng: Random, *, size: float) -> Type:
    """Draw how a document is set."""
    return Type(
        size=size,
        leading=rng.choice((1.15, 1.2, 1.3, 1.4)),
        padding=rng.choice((0.4, 0.6, 0.8, 1.0)),
        above=rng.choice((1.5, 2.5, 4.0)),
        least=rng.choice((1.0, 1.0, 1.3, 1.8)),
        align=rng.choice(("left", "left", "centre")),
        figures=rng.choice(("centre", "centre", "right", "left")),
        kinsoku=rng.random() < 0.75,
        repeat_heads=rng.random() < 0.4,
        restate=rng.random() < 0.25,
        rulings=rng.choice(("lines", "lines", "bars", "boxes")),
        rule=rng.choice((0.3, 0.5, 0.5, 0.75, 1.0, 1.5)),
        indent=rng.random() < 0.4,
    )
