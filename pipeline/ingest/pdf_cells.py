"""Characters into words, and words into the cells of ruled tables: geometry, without a PDF library.

Points, y downwards. Everything here is the right way up: who calls turns the page.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pipeline.ingest.order import lines_of
from pipeline.ingest.page import Rect, Table, TableCell, Word
from pipeline.ingest.pdf_text import SKEWED, Char
from pipeline.ingest.rulings import Grid, Segment

__all__ = ["place", "turned_box", "turned_chars", "words_of"]

_GAP = 0.25
"""Sizes between two characters of which neither is CJK from which on they are two words: a space is 0.25 or more."""
_CJK_GAP = 0.45
"""The same beside a CJK character: justified lines are stretched by up to 0.4."""
_STRETCH_GAP = 0.15
"""The same between two stretches that the file writes one by one, as it does the cells of an unruled table."""
_TOUCHING = 0.12
"""Sizes between characters that were written as one."""
_BASE_LINE = 0.45
"""Sizes by which base lines of one line may differ: superscripts are raised by a third to 0.4."""
_SMALL = 0.85
"""A character off the base line is a script if it is smaller than that share of its neighbour."""
_NEAR_WALL = 0.15
"""Sizes between the middle of a line of text and a wall below which it is not certain on which side it stands."""
_EDGE = 2.0
"""Points from the edge of the page: what reaches it goes on beyond it, where nothing is printed."""
_STRUCK = (0.15, 0.58)
"""Heights over the base line, in sizes, at which a line strikes text out rather than underlines it."""


@dataclass(slots=True)
class _Run:
    chars: list[Char]
    doubts: set[str] = field(default_factory=set)


def turned_box(box: Rect, turn: int, width: float, height: float) -> Rect:
    """Where a box of a page of that size is when the page is turned clockwise by 0, 90, 180 or 270 degrees."""
    x0, y0, x1, y1 = box
    if turn == 90:
        return Rect(height - y1, x0, height - y0, x1)
    if turn == 180:
        return Rect(width - x1, height - y1, width - x0, height - y0)
    if turn == 270:
        return Rect(y0, width - x1, y1, width - x0)
    return box


def turned_chars(chars: Iterable[Char], turn: int, width: float, height: float) -> list[Char]:
    """The characters of a page of that size when the page is turned clockwise."""
    if not turn:
        return list(chars)
    out = []
    for char in chars:
        x0, y0, x1, y1 = turned_box(Rect(char.x0, char.y0, char.x1, char.y1), turn, width, height)
        x, y, _, _ = turned_box(Rect(char.x, char.y, char.x, char.y), turn, width, height)
        direction = char.turn if char.turn == SKEWED else (char.turn + turn) % 360
        out.append(char._replace(x0=x0, y0=y0, x1=x1, y1=y1, x=x, y=y, turn=direction))
    return out


def words_of(chars: Iterable[Char], lines: Sequence[Segment] = ()) -> list[Word]:
    """The words that upright characters make; `lines` are the drawn horizontal ones, which may strike words out.

    Doubts: `text.raised` (a figure raised or lowered beside a figure), `text.overlaid` (another text, or a picture, in
    the same place), `text.struck` (struck out), `text.clipped` (a part of the word is clipped away or off the page),
    `text.symbol` (a character that stands for an unknown sign).
    """
    return [_word(run, lines) for run in _runs(chars)]


def place(
    grids: Sequence[Grid], chars: Sequence[Char], lines: Sequence[Segment], width: float, height: float
) -> tuple[list[Table], list[Word]]:
    """The tables with their text in reading order, and the words outside of them.

    `chars` are of a page of that size, those that nobody sees marked as such: they are left out, and doubted in the
    cell where they are (`text.hidden`, `text.clipped`). Text turned against the page is read its own way. Cells whose
    walls are not certain, or whose text reaches over a wall, are doubted: `grid.uncertain` and the grid's problems.
    Words of which a part is clipped away are doubted too, and the cells of a table that ends where the page does.
    """
    lattices = [_Lattice(grid, width, height) for grid in sorted(grids, key=lambda grid: _area(grid.box))]
    outside: list[Word] = []
    for turn in (0, 90, 270, 180):
        # Turning the page by as much again makes text of that direction upright.
        back = (360 - turn) % 360
        own = [c for c in chars if c.turn == turn and not (c.unseen or c.cut)]
        if not own:
            continue
        size = (width, height) if turn in (0, 180) else (height, width)
        for run in _runs(turned_chars(own, back, width, height)):
            # A run stays in its own direction, that of its words; places are asked for on the page.
            spots = _spots(lattices, run, turn, size)
            for first, last, spot in _pieces(run, spots, lattices):
                piece = _Run(run.chars[first:last], set(run.doubts))
                struck = lines if turn == 0 else ()
                word = _word(piece, struck)
                if _at_edge(turned_box(word.box, turn, *size), width, height):
                    word.doubts = tuple(sorted({*word.doubts, "text.clipped"}))
                if spot is None:
                    word.box = turned_box(word.box, turn, *size)
                    outside.append(word)
                else:
                    spot.words.setdefault(turn, []).append(word)
    skewed = [char for char in chars if char.turn == SKEWED and not (char.unseen or char.cut)]
    outside += _skewed(skewed)
    for char in chars:
        if (char.unseen or char.cut) and not char.text.isspace():
            spot = _find(lattices, (char.x0 + char.x1) / 2, (char.y0 + char.y1) / 2)
            if spot is not None:
                spot.doubts.add("text.clipped" if char.cut else "text.hidden")
    tables = [lattice.table(width, height) for lattice in lattices]
    return tables, outside


@dataclass(slots=True)
class _Spot:
    """A cell under construction: its words by direction."""

    row: int
    column: int
    row_span: int
    column_span: int
    box: Rect
    words: dict[int, list[Word]] = field(default_factory=dict)
    doubts: set[str] = field(default_factory=set)

    def lines(self, width: float, height: float) -> list[list[Word]]:
        """The lines of the cell from top to bottom; those of turned text after the upright ones."""
        out: list[list[Word]] = []
        for turn, words in sorted(self.words.items()):
            size = (width, height) if turn in (0, 180) else (height, width)
            lines = _stacked(lines_of(words))
            for line in lines:
                for word in line:
                    word.box = turned_box(word.box, turn, *size)
            out += lines
        return out


class _Lattice:
    """The places of a grid, for finding the cell of a point."""

    def __init__(self, grid: Grid, width: float, height: float) -> None:
        self.grid = grid
        self.spots = [_Spot(*cell) for cell in grid.cells]
        self.places = {
            (row, column): spot
            for spot in self.spots
            for row in range(spot.row, spot.row + spot.row_span)
            for column in range(spot.column, spot.column + spot.column_span)
        }
        for problem in grid.problems:
            for spot in self.spots:
                if _overlaps(spot.box, problem.box):
                    spot.doubts.add(problem.code)
        for spot in self.spots:
            if _at_edge(spot.box, width, height):
                spot.doubts.add("grid.open")

    def find(self, x: float, y: float) -> _Spot | None:
        row = bisect_right(self.grid.rows, y) - 1
        column = bisect_right(self.grid.columns, x) - 1
        return self.places.get((row, column))

    def table(self, width: float, height: float) -> Table:
        cells = [
            TableCell(
                spot.row,
                spot.column,
                spot.row_span,
                spot.column_span,
                spot.box,
                spot.lines(width, height),
                tuple(sorted(spot.doubts)),
            )
            for spot in self.spots
        ]
        return Table(self.grid.box, tuple(self.grid.columns), tuple(self.grid.rows), cells)


def _find(lattices: Sequence[_Lattice], x: float, y: float) -> _Spot | None:
    """The cell at a point; of a table inside a cell of another, the inner one."""
    for lattice in lattices:
        spot = lattice.find(x, y)
        if spot is not None:
            return spot
    return None


def _spots(lattices: Sequence[_Lattice], run: _Run, turn: int, size: tuple[float, float]) -> list[_Spot | None]:
    """The cell of each character of a run. Cells are rectangles: what holds both its ends holds all of it."""
    ends = [_spot(lattices, run.chars[n], turn, size) for n in (0, -1)]
    if ends[0] is ends[1]:
        return ends[:1] * len(run.chars)
    return [_spot(lattices, char, turn, size) for char in run.chars]


def _spot(lattices: Sequence[_Lattice], char: Char, turn: int, size: tuple[float, float]) -> _Spot | None:
    """The cell of a character that has been made upright, doubted if its line runs along a wall."""
    box = turned_box(Rect(char.x0, char.y0, char.x1, char.y1), turn, *size)
    x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    spot = _find(lattices, x, y)
    reach = _NEAR_WALL * char.size
    across = (reach, 0.0) if turn in (90, 270) else (0.0, reach)
    for sign in (-1, 1):
        other = _find(lattices, x + sign * across[0], y + sign * across[1])
        if other is not spot:
            for one in (spot, other):
                if one is not None:
                    one.doubts.add("grid.uncertain")
    return spot


def _pieces(
    run: _Run, spots: Sequence[_Spot | None], lattices: Sequence[_Lattice]
) -> list[tuple[int, int, _Spot | None]]:
    """A run cut where it goes from one cell to the next with a gap at the wall.

    Without a gap the text reaches over the wall: it stays whole, in the cell that holds the most of it, and both are
    doubted.
    """
    pieces: list[tuple[int, int]] = []
    first = 0
    for at in range(1, len(run.chars) + 1):
        if at < len(run.chars):
            before, behind = run.chars[at - 1], run.chars[at]
            size = max(before.size, behind.size)
            if spots[at] is spots[at - 1]:
                continue
            if behind.x0 - before.x1 < _TOUCHING * size:
                for spot in (spots[at - 1], spots[at]):
                    if spot is not None:
                        spot.doubts.add("grid.uncertain")
                continue
        pieces.append((first, at))
        first = at
    return [(start, end, _most(spots[start:end])) for start, end in pieces]


def _most(spots: Sequence[_Spot | None]) -> _Spot | None:
    """The cell that holds the most of a piece; any cell rather than none, since text outside a table has no doubts."""
    counts: dict[int, int] = {}
    for spot in spots:
        if spot is not None:
            counts[id(spot)] = counts.get(id(spot), 0) + 1
    if not counts:
        return None
    best = max(counts, key=lambda key: counts[key])
    return next(spot for spot in spots if id(spot) == best)


def _runs(chars: Iterable[Char]) -> list[_Run]:
    """Upright characters as stretches without a gap, in no particular order."""
    ordered = sorted(chars, key=lambda char: char.y)
    runs: list[_Run] = []
    group: list[Char] = []
    for char in ordered:
        if group and char.y - group[0].y > _BASE_LINE * max(char.size, group[0].size):
            runs += _cut(group)
            group = []
        group.append(char)
    if group:
        runs += _cut(group)
    return runs


def _cut(group: list[Char]) -> list[_Run]:
    """The characters of one visual line cut at spaces, at gaps, and where the base line changes."""
    group.sort(key=lambda char: (char.x0, char.x1))
    runs: list[_Run] = []
    run: _Run | None = None
    for char in group:
        if char.text.isspace():
            run = None
            continue
        if run is None:
            runs.append(run := _Run([char]))
            continue
        last = run.chars[-1]
        size = max(last.size, char.size)
        gap = char.x0 - last.x1
        raised = abs(char.y - last.y) > _TOUCHING * size
        script = raised and min(char.size, last.size) < _SMALL * size
        limit = _STRETCH_GAP if char.run != last.run else _CJK_GAP if _wide(last.text) or _wide(char.text) else _GAP
        overlaid = (
            -gap > 0.5 * min(last.x1 - last.x0, char.x1 - char.x0) and last.text.isalnum() and char.text.isalnum()
        )
        figures = script and last.text.isdigit() and char.text.isdigit() and gap <= limit * size
        if overlaid:
            run.doubts.add("text.overlaid")
        if gap > limit * size or (raised and not script) or figures:
            runs.append(run := _Run([char]))
            if figures:
                run.doubts.add("text.raised")
            if overlaid:
                run.doubts.add("text.overlaid")
        else:
            run.chars.append(char)
    return runs


def _word(run: _Run, lines: Sequence[Segment]) -> Word:
    chars = run.chars
    box = Rect(
        min(char.x0 for char in chars),
        min(char.y0 for char in chars),
        max(char.x1 for char in chars),
        max(char.y1 for char in chars),
    )
    text = "".join(char.text for char in chars)
    doubts = set(run.doubts)
    if any(_unknown(char) for char in text):
        doubts.add("text.symbol")
    if any(char.covered for char in chars):
        doubts.add("text.overlaid")
    if any(char.torn for char in chars):
        doubts.add("text.clipped")
    if lines and _struck(chars, box, lines):
        doubts.add("text.struck")
    return Word(text, box, doubts=tuple(sorted(doubts)))


def _struck(chars: Sequence[Char], box: Rect, lines: Sequence[Segment]) -> bool:
    """Does a line run through the word at half its height, along at least half of it?"""
    low, high = _STRUCK
    size, base = chars[0].size, chars[0].y
    start = bisect_right(lines, (base - high * size,))
    for line in lines[start:]:
        if line.at > base - low * size:
            return False
        if min(line.end, box.x1) - max(line.start, box.x0) > 0.5 * (box.x1 - box.x0):
            return True
    return False


def _stacked(lines: list[list[Word]]) -> list[list[Word]]:
    """A heading written one CJK character a line as the one word that it is."""
    words = [word for line in lines for word in line]
    if len(lines) < 2 or len(words) != len(lines) or any(len(w.text) != 1 or not _ideograph(w.text) for w in words):
        return lines
    boxes = [word.box for word in words]
    hull = Rect(
        min(box.x0 for box in boxes),
        min(box.y0 for box in boxes),
        max(box.x1 for box in boxes),
        max(box.y1 for box in boxes),
    )
    doubts = sorted({doubt for word in words for doubt in word.doubts})
    return [[Word("".join(word.text for word in words), hull, doubts=tuple(doubts))]]


def _skewed(chars: Sequence[Char]) -> list[Word]:
    """Text that runs slanted, such as a watermark: one word a stretch of the file, outside of all tables."""
    runs: dict[int, list[Char]] = {}
    for char in chars:
        if not char.text.isspace():
            runs.setdefault(char.run, []).append(char)
    return [_word(_Run(run), ()) for run in runs.values()]


def _wide(char: str) -> bool:
    return char >= "\u2e80" or "\u2014" <= char <= "\u2026"


def _ideograph(char: str) -> bool:
    return char >= "\u2e80" and unicodedata.category(char) == "Lo"


def _unknown(char: str) -> bool:
    code = ord(char)
    return (
        0xE000 <= code <= 0xF8FF or code >= 0xF0000 or code == 0xFFFD or 0x2E80 <= code <= 0x2EFF or code < 0x20
    )  # fmt: skip


def _at_edge(box: Rect, width: float, height: float) -> bool:
    return min(box.x0, box.y0, width - box.x1, height - box.y1) < _EDGE


def _overlaps(a: Rect, b: Rect) -> bool:
    return min(a.x1, b.x1) - max(a.x0, b.x0) > 0.5 and min(a.y1, b.y1) - max(a.y0, b.y0) > 0.5


def _area(box: Rect) -> float:
    return (box.x1 - box.x0) * (box.y1 - box.y0)
