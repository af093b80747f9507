"""The shape of a PDF's text without columns: every cell wraps within its own column, and no column is marked.

The cells of a row come out from left to right, each with all its lines; cells on the same base line share a line, with
a space between two that follow each other to the right, and with nothing where the next one lies further left (a score
that is printed once for several rows runs into the name of the row beside it). Cells are centred upright. A Chinese
character is two units wide, an ASCII character one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from samples.content import Segments
from samples.grid import Cell, Grid, GridRow
from samples.sheet import Placed, Sheet

__all__ = ["print_lines", "wrap"]

_CLOSING = frozenset("，。、；：！？）》」』”’〕】％…,.;:!?)]}%")
_OPENING = frozenset("（《「『“‘〔【([{")
_SCORES = ("weight", "score", "execution_rate")


def _is_word(character: str) -> bool:
    return " " < character < "\x7f"


def wrap(text: str, width: int, *, kinsoku: bool) -> list[tuple[int, int]]:
    """Break a text into lines of at most `width` units; returns half-open ranges of it.

    Runs of ASCII are kept whole where they fit; a newline ends a paragraph. With `kinsoku` no line begins with closing
    punctuation nor ends with opening punctuation: the character before goes down with it.
    """
    if 2 * len(text) <= width and "\n" not in text:
        return [(0, len(text))]
    lines: list[tuple[int, int]] = []
    begin = 0
    for paragraph in text.split("\n"):
        _wrap_paragraph(text, begin, begin + len(paragraph), width, kinsoku, lines)
        begin += len(paragraph) + 1
    return lines


def _wrap_paragraph(text: str, begin: int, end: int, width: int, kinsoku: bool, lines: list[tuple[int, int]]) -> None:
    first, at, used = begin, begin, 0
    while at < end:
        behind = at + 1
        if _is_word(text[at]):
            while behind < end and _is_word(text[behind]) and behind - at < width:
                behind += 1
            size = behind - at
        else:
            size = 1 if text[at] == " " else 2
        if used + size > width and at > first:
            cut = at
            if kinsoku and at - first > 1 and (text[at] in _CLOSING or text[at - 1] in _OPENING):
                cut -= 1
                while _is_word(text[cut]) and cut - 1 > first and _is_word(text[cut - 1]):
                    cut -= 1
            lines.append((first, cut - 1 if text[cut - 1] == " " else cut))
            first = cut
            used = sum(1 if text[n] < "\x7f" else 2 for n in range(cut, at))
            if text[at] == " ":
                first, used, size = at + 1, 0, 0
        used += size
        at = behind
    if first < end:
        lines.append((first, end))


@dataclass(slots=True)
class _Block:
    """A cell with its lines. `top` counts half lines, so that centring stays exact."""

    cell: Cell
    text: str
    lines: list[tuple[int, int]]
    top: int = 0


@dataclass(slots=True)
class _Habits:
    """How one PDF comes out as text."""

    kinsoku: bool
    within: float
    """Chance of a blank line between two lines of a cell."""
    between: float
    """Chance of a blank line between two cells."""
    trailing: bool
    """A space behind the scores that count."""
    widths: dict[str, list[int]] = field(default_factory=dict)
    """Units of each column, by kind of row."""


def _draw_habits(rng: Random, grid: Grid) -> _Habits:
    within, between = rng.choice(((0.0, 0.0), (0.1, 0.6), (0.5, 0.7), (1.0, 1.0)))
    habits = _Habits(kinsoku=rng.random() < 0.6, within=within, between=between, trailing=rng.random() < 0.3)
    outer = rng.choice((4, 6, 8, 12))
    own = {
        "level1": rng.choice((4, 6, 8, 10, 12)),
        "level2": rng.choice((6, 8, 10, 12, 20)),
        "name": rng.randint(14, 32),
        "target": rng.randint(16, 34),
        "actual": rng.randint(16, 34),
        "deviation": rng.randint(14, 34),
        "method": rng.randint(10, 18),
        "nature": rng.choice((4, 8)),
        "unit": rng.choice((4, 8)),
    }
    keys = grid.content.draft.spelling.template.indicators
    printed = [outer, *(own.get(key, 6) for key in keys)]
    habits.widths = {"heads": printed, "indicator": printed, "total": [20] * len(printed)}
    habits.widths["head"] = [20, *([max(40, sum(printed) // 3)] * len(printed))]
    left = sum(printed[1 : 1 + len(keys) // 2])
    habits.widths["goals"] = [outer, *([max(left, sum(printed) - outer - left, 40)] * len(printed))]
    habits.widths["money"] = [max(outer, 8), rng.choice((20, 26, 30, 30)), *(rng.randint(8, 14) for _ in range(8))]
    return habits


def _blocks(grid: Grid, habits: _Habits) -> list[list[_Block]]:
    """The cells of every row, wrapped and centred."""
    rows: list[list[_Block]] = []
    for row in grid.rows:
        widths = habits.widths[row.kind]
        blocks = []
        for place, cell in enumerate(row.cells):
            if not cell.segments:
                continue
            segments = cell.segments
            text = segments[0][0] if len(segments) == 1 else "".join(part for part, _ in segments)
            column = place if row.kind == "money" else cell.column
            width = widths[column]
            figure = row.kind == "money" and place > 1 and segments[0][1]
            if figure or (_is_word(text[0]) and len(text) <= 8):
                width = max(width, len(text) * 2)  # a figure is never broken
            blocks.append(_Block(cell, text, wrap(text, width, kinsoku=habits.kinsoku)))
        rows.append(blocks)
    heights = [max((len(block.lines) for block in blocks if block.cell.height == 1), default=1) for blocks in rows]
    for n, blocks in enumerate(rows):
        for block in blocks:
            last = n + block.cell.height
            heights[last - 1] += max(0, len(block.lines) - sum(heights[n:last]))
    top = 0
    for n, blocks in enumerate(rows):
        for block in blocks:
            block.top = 2 * top + sum(heights[n : n + block.cell.height]) - len(block.lines)
        top += heights[n]
    return rows


class _Printer:
    """Puts lines down one after the other and knows where the last one stands."""

    def __init__(self, rng: Random, sheet: Sheet, habits: _Habits) -> None:
        self.rng, self.sheet, self.habits = rng, sheet, habits
        self.base, self.column = -1, -1

    def end_line(self, chance: float) -> None:
        """Begin a new line, behind a blank one by that chance."""
        self.sheet.put("\n\n" if chance and (chance >= 1 or self.rng.random() < chance) else "\n")

    def block(self, block: _Block, number: int) -> None:
        """All lines of a cell."""
        sheet, cell = self.sheet, block.cell
        start = -1
        for n, (first, last) in enumerate(block.lines):
            base = block.top + 2 * n
            if n:
                self.end_line(self.habits.within)
            elif base == self.base:
                sheet.put(" " if cell.column > self.column else "")
            elif self.base >= 0:
                self.end_line(self.habits.between)
            start = sheet.at if start < 0 else start
            _put_range(sheet, cell.segments, first, last)
            self.base, self.column = base, cell.column
        leaves = tuple(leaf for _, names in cell.segments for leaf in names)
        sheet.cells.append(Placed(number, cell.column, start, sheet.at, leaves))
        if self.habits.trailing and leaves in (("funding.total.score",), ("total_score",)):
            sheet.put(" ")

    def page_break(self, lines: list[str]) -> None:
        """A new page, with lines that it prints again."""
        self.sheet.put("\n\n\n\n")
        for line in lines:
            self.sheet.put(line)
            self.end_line(self.habits.within)
        self.base = -1


def _put_range(sheet: Sheet, segments: Segments, first: int, last: int) -> None:
    """Put down characters `first`..`last` of a cell."""
    at = 0
    for text, leaves in segments:
        part = text[max(first - at, 0) : max(last - at, 0)]
        at += len(text)
        if part and leaves:
            sheet.put_value(part, leaves)
        elif part:
            sheet.put(part)


def _break_places(grid: Grid) -> dict[int, str]:
    """Grid rows before which a page may end, with the first-level heading that goes on behind the break."""
    places = {}
    for number, row in enumerate(grid.rows):
        second = next((cell for cell in row.cells if cell.heading and cell.column == 2), None)
        if row.index > 0 and second is not None:
            group = next(group for group in grid.content.level1 if group.first <= row.index < group.last)
            places[number] = "" if group.first == row.index else group.cell[0][0]
    return places


def _repeated(rng: Random, grid: Grid, habits: _Habits, going_on: str, page: int) -> list[str]:
    """What a new page prints before the table goes on."""
    lines = [f"- {page} -"] if rng.random() < 0.5 else [str(page)] if rng.random() < 0.5 else []
    labels = grid.content.draft.spelling
    widths = habits.widths["indicator"]
    if rng.random() < 0.7:
        lines += [labels["table"][a:b] for a, b in wrap(labels["table"], widths[0], kinsoku=habits.kinsoku)]
    if rng.random() < 0.5:
        lines.append(" ".join(labels[key] for key in labels.template.indicators))
    if going_on and rng.random() < 0.4:
        lines += [going_on[a:b] for a, b in wrap(going_on, widths[1], kinsoku=habits.kinsoku)]
    return lines


def print_lines(rng: Random, grid: Grid, sheet: Sheet) -> None:
    """Print a form as the text of a PDF without columns."""
    habits = _draw_habits(rng, grid)
    sheet.put_segments(grid.title)
    sheet.put("\n")
    sheet.put_segments(grid.year)
    sheet.put("\n\n")
    places = _break_places(grid) if rng.random() < 0.3 else {}
    broken = rng.choice(list(places)) if places else -1
    printer = _Printer(rng, sheet, habits)
    for number, (row, blocks) in enumerate(zip(grid.rows, _blocks(grid, habits), strict=True)):
        if number == broken:
            printer.page_break(_repeated(rng, grid, habits, places[broken], rng.randint(2, 90)))
        for block in blocks:
            printer.block(block, number)
        _note_row(sheet, row, number)
    sheet.put("\n")
    if grid.grade:
        sheet.put_segments(grid.grade)
        sheet.put("\n")
    if grid.footer:
        sheet.put("\n")
        for n, item in enumerate(grid.footer):
            sheet.put(" " if n else "")
            sheet.put_segments(item)
        sheet.put("\n")


def _note_row(sheet: Sheet, row: GridRow, number: int) -> None:
    """The range of an indicator row without the headings in front of it."""
    if row.index < 0:
        return
    own = []
    for placed in reversed(sheet.cells):
        if placed.row != number:
            break
        if placed.column > 2:
            own.append(placed)
    if own:
        sheet.rows[row.index] = (own[-1].start, own[0].end)
