"""Where characters of a document stand, by offset or by box, and what stands there after it was ingested anew.

`Spot` is how a place is remembered, `Part` and `Char` are how it is found among the cells of today.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import cached_property
from itertools import accumulate

from pipeline.decisions import Spot
from pipeline.reading import Part
from pipeline.source import Box, Cell, Document, Layout, Span
from pipeline.vocabulary import fold, folded

__all__ = [
    "AROUND",
    "BARELY_SIMILAR",
    "REACH",
    "SIMILAR",
    "UNMOVED",
    "Char",
    "Flow",
    "Places",
    "Shift",
    "chars_of",
    "spots_of",
    "text_of",
    "whole",
]

Char = tuple[int, int]
"""Id of a cell and offset of a character in it. A blank place has one too, where a character would stand."""
Shift = tuple[float, float]
"""Rightwards and downwards, in the unit of the page."""
UNMOVED: Shift = (0.0, 0.0)
AROUND, REACH = 12, 400
"""How many characters before and behind tell where something stands, and at most where that says nothing."""
SIMILAR, BARELY_SIMILAR = 0.6, 0.3
"""From which ratio on two texts may be one that was recognised twice; the same at a place that is certain."""
_SAME, _HALF, _LARGER = 0.8, 0.5, 1.2
"""Which share of two boxes is common where they are one cell's, and which of the smaller one where it stands in the
other; and how much larger a cell is that holds something else as well."""
_STRIPES = 64
"""Stripes of a page by which its cells are looked up."""
_SHIFT = 3
"""By how many rows that are counted, or by how many stripes of a page, a form may have moved as a whole."""
_SHORT = 12
"""Characters from which on a text that was kept may be the beginning of a longer one."""


def whole(cell: Cell) -> Part:
    """All of a cell."""
    return Part(cell.id, 0, len(cell.text))


def text_of(document: Document, parts: Iterable[Part]) -> str:
    """The folded text of parts of cells, in their order."""
    return "".join(fold(document.cells[cell - 1].text[start:end]) for cell, start, end in parts)


def chars_of(document: Document, parts: Iterable[Part]) -> set[Char]:
    """The visible characters of parts of cells, and the places of blank ones."""
    chars: set[Char] = set()
    for cell, start, end in parts:
        text = document.cells[cell - 1].text
        chars.update((cell, at) for at in range(start, end) if not text[at].isspace())
        if start == end:
            chars.add((cell, start))
    return chars


def spots_of(document: Document, parts: Iterable[Part], most: int, *, apart: bool = False) -> tuple[Spot, ...]:
    """Parts of cells as spots: in reading order, what goes on on the same line as one; or, `apart`, each as it comes.

    They keep `most` characters of text together, from the first on.
    """
    spots: list[Spot] = []
    for part in parts if apart else sorted(parts):
        cell = document.cells[part.cell - 1]
        span = Span(cell.span.start + part.start, cell.span.start + part.end)
        box = None if cell.box is None else _box(cell, cell.box, part)
        spot = Spot(cell.page, span, box, fold(cell.text[part.start : part.end]))
        if spots and not apart and _goes_on(document, spots[-1], spot, cell.layout):
            spots[-1] = _joined(spots[-1], spot)
        else:
            spots.append(spot)
    kept = []
    for spot in spots:
        kept.append(spot if len(spot.text) <= most else spot._replace(text=spot.text[:most]))
        most -= len(kept[-1].text)
    return tuple(kept)


def _goes_on(document: Document, one: Spot, other: Spot, layout: Layout) -> bool:
    """Does a spot go on with another: nothing stands between them, and on a page they are words of one line?"""
    if fold(document.text[one.span.end : other.span.start]):
        return False
    if one.box is None or other.box is None:
        return one.box is other.box
    if one.page != other.page or layout is not Layout.LINES:
        return False
    slack = (other.box.y1 - other.box.y0) / 4
    return abs(one.box.y0 - other.box.y0) <= slack and abs(one.box.y1 - other.box.y1) <= slack


def _joined(one: Spot, other: Spot) -> Spot:
    span = Span(one.span.start, max(one.span.end, other.span.end))
    box = one.box
    if box is not None and other.box is not None:
        a, b = box, other.box
        box = Box(min(a.x0, b.x0), min(a.y0, b.y0), max(a.x1, b.x1), max(a.y1, b.y1), a.unit)
    return Spot(one.page, span, box, one.text + other.text)


def _box(cell: Cell, box: Box, part: Part) -> Box:
    """Where a part of a cell stands: for what is not all of its text, about there, by lines and by characters.

    So what shares a cell with something else has a place of its own.
    """
    if not fold(cell.text[: part.start]) and not fold(cell.text[part.end :]):
        return box
    lines = cell.text.split("\n")
    first, last = cell.text.count("\n", 0, part.start), cell.text.count("\n", 0, part.end)
    height = (box.y1 - box.y0) / len(lines)
    x0, x1 = box.x0, box.x1
    if first == last:
        begin = cell.text.rfind("\n", 0, part.start) + 1
        width = (box.x1 - box.x0) / (len(lines[first]) or 1)
        x0, x1 = box.x0 + (part.start - begin) * width, box.x0 + (part.end - begin) * width
    y0, y1 = box.y0 + first * height, box.y0 + (last + 1) * height
    return Box(round(x0, 1), round(y0, 1), round(x1, 1), round(y1, 1), box.unit)


class Flow:
    """The folded text of a stretch of cells, by index, and of as many characters before and behind as are asked for."""

    def __init__(self, cells: Sequence[Cell], first: int, last: int, more: int) -> None:
        low, left = first, more
        while low > 0 and left > 0:
            low -= 1
            left -= len(fold(cells[low].text))
        high, left = last, more
        while high < len(cells) and left > 0:
            left -= len(fold(cells[high].text))
            high += 1
        texts = [fold(cell.text) for cell in cells[low:high]]
        self.text = "".join(texts)
        self._cells = cells
        self._low = low
        self._starts = list(accumulate(map(len, texts), initial=0))

    def at(self, cell: int, offset: int) -> int:
        """Where a character of a cell stands in the text."""
        start = self._starts[cell - 1 - self._low]
        return start + len(fold(self._cells[cell - 1].text[:offset])) if offset else start

    def cell_at(self, at: int) -> int | None:
        """Id of the filled cell that begins there; None where none does."""
        index = bisect_right(self._starts, at) - 1
        begins = index + 1 < len(self._starts) and self._starts[index] == at
        return self._low + index + 1 if begins else None

    def around(self, parts: Sequence[Part], size: int = AROUND) -> tuple[str, str]:
        """What stands before the first of these parts and behind the last."""
        first, last = min(parts), max(parts)
        start, end = self.at(first.cell, first.start), self.at(last.cell, last.end)
        return self.text[max(start - size, 0) : start], self.text[end : end + size]

    def stands_between(self, parts: Sequence[Part], around: tuple[str, str]) -> bool:
        """Do these parts stand between these texts?"""
        before, behind = self.around(parts, max(map(len, around)))
        return before.endswith(around[0]) and behind.startswith(around[1])


class Places:
    """The cells of a document by where they stand: by offset in plain text, else by box."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._pages: dict[int, _Page] = {}

    def standing(self, spots: Sequence[Spot], shift: Shift = UNMOVED, least: float = SIMILAR) -> list[Part] | None:
        """What stands at these spots, None where that is nothing, or says something else altogether."""
        parts = self.resolved(spots, shift)
        if not parts:
            return None
        if not self._document.pages:
            return parts if all(map(self._at_span, spots)) else None
        text = "".join(spot.text for spot in spots)
        now = text_of(self._document, parts)
        now = now[: len(text)] if len(text) >= _SHORT else now
        similar = text == now or SequenceMatcher(None, text, now, autojunk=False).ratio() >= least
        return parts if similar else None

    def resolved(self, spots: Iterable[Spot], shift: Shift = UNMOVED) -> list[Part]:
        """What stands at these spots, in order; of plain text only where it is the same."""
        if not self._document.pages:
            return [part for spot in spots for part in self._at_span(spot)]
        boxes = ((spot, spot.box) for spot in spots)
        return [part for spot, box in boxes if box is not None for part in self._at_box(spot, _moved(box, shift))]

    def same_cells(self, spot: Spot, shift: Shift = UNMOVED) -> list[Part]:
        """The cells that have a spot's box, or nearly, whatever they say."""
        if spot.box is None:
            return []
        box = _moved(spot.box, shift)
        return [whole(cell) for cell, there in self._page(spot.page).near(box) if _are_same(there, box)]

    def stand_between(self, parts: Sequence[Part], around: tuple[str, str]) -> bool:
        """Do these parts stand between these texts?"""
        low, high = min(parts).cell - 1, max(parts).cell
        return Flow(self._document.cells, low, high, max(map(len, around))).stands_between(parts, around)

    def shifts(self, spots: Iterable[Spot]) -> Iterator[Shift]:
        """By how much these spots may have moved, least first: not at all, or to one of their texts near by."""
        yield UNMOVED
        found: set[Shift] = set()
        for spot in spots:
            if spot.box is None or not spot.text:
                continue
            page = self._page(spot.page)
            reach = _SHIFT * page.height
            x0, y0, x1, y1, unit = spot.box
            for cell, box in page.near(Box(x0, y0 - reach, x1, y1 + reach, unit)):
                text = fold(cell.text)
                begins = text and (text.startswith(spot.text) or spot.text.startswith(text))
                if begins and max(abs(box.x0 - x0), abs(box.y0 - y0)) <= reach:
                    found.add((box.x0 - x0, box.y0 - y0))
        yield from sorted(found - {UNMOVED}, key=lambda shift: abs(shift[0]) + abs(shift[1]))

    @cached_property
    def _starts(self) -> list[int]:
        return [cell.span.start for cell in self._document.cells]

    def _at_span(self, spot: Spot) -> list[Part]:
        start, end = spot.span
        text = fold(self._document.text[start:end])
        if spot.box is not None or not text.startswith(spot.text):
            return []
        cells = self._document.cells
        parts = []
        index = max(bisect_right(self._starts, start) - 1, 0)
        while index < len(cells) and cells[index].span.start <= end:
            cell = cells[index]
            part = Part(cell.id, max(start - cell.span.start, 0), min(end, cell.span.end) - cell.span.start)
            if part.end >= part.start and bool(text) == bool(fold(cell.text[part.start : part.end])):
                parts.append(part)
            index += 1
        return parts

    @cached_property
    def _cells_of_pages(self) -> dict[int, list[Cell]]:
        cells: dict[int, list[Cell]] = {}
        for cell in self._document.cells:
            cells.setdefault(cell.page, []).append(cell)
        return cells

    def _page(self, number: int) -> _Page:
        if number not in self._pages:
            page = next((page for page in self._document.pages if page.number == number), None)
            height = page.height / _STRIPES if page is not None and page.unit != "cells" else 1.0
            self._pages[number] = _Page(self._cells_of_pages.get(number, ()), height or 1.0)
        return self._pages[number]

    def _at_box(self, spot: Spot, box: Box) -> list[Part]:
        page = self._page(spot.page)
        same = [cell for cell in page.by_box.get(box, ()) if fold(cell.text).startswith(spot.text)]
        if len(same) == 1:
            return [whole(same[0])]
        near = page.near(box)
        # Where a page is photographed at a slant boxes reach into each other, and several cells of a line that was cut
        # may have its box: one with the same box that says the same is it alone.
        same = [cell for cell, there in near if _are_same(there, box) and fold(cell.text).startswith(spot.text)]
        if len(same) == 1:
            return [whole(same[0])]
        parts = [
            _narrowed(cell, there, spot.text, box)
            for cell, there in near
            if _common(there, box) >= _HALF * min(_area(there), _area(box)) > 0
        ]
        return self._those_that_say(parts, spot.text)

    def _those_that_say(self, parts: list[Part], sought: str) -> list[Part]:
        """Of parts that stand in one box, those that say a text together, if it is there behind others."""
        texts = [text_of(self._document, [part]) for part in parts]
        at = "".join(texts).find(sought)
        if at <= 0:
            return parts
        ends = accumulate(map(len, texts))
        behind = at + len(sought)
        places = zip(parts, texts, ends, strict=True)
        return [part for part, text, end in places if at < end and end - len(text) < behind]


class _Page:
    """The cells of a page by their boxes; `height` is that of the stripes by which they are looked up."""

    def __init__(self, cells: Iterable[Cell], height: float) -> None:
        self.height = height
        self.by_box: dict[Box, list[Cell]] = {}
        self._stripes: dict[int, list[tuple[Cell, Box]]] = {}
        for cell in cells:
            if cell.box is not None:
                self.by_box.setdefault(cell.box, []).append(cell)
                for stripe in self._stripes_of(cell.box):
                    self._stripes.setdefault(stripe, []).append((cell, cell.box))

    def near(self, box: Box) -> list[tuple[Cell, Box]]:
        """The cells on the stripes on which a box stands, in order."""
        near = {cell.id: (cell, there) for at in self._stripes_of(box) for cell, there in self._stripes.get(at, ())}
        return [near[cell] for cell in sorted(near)]

    def _stripes_of(self, box: Box) -> range:
        return range(int(box.y0 // self.height), int(box.y1 // self.height) + 1)


def _narrowed(cell: Cell, box: Box, sought: str, at_box: Box) -> Part:
    """The part of a cell that stands in a box: all of it, unless it is larger and holds the text somewhere."""
    if not sought or _area(box) <= _LARGER * _area(at_box):
        return whole(cell)
    text = folded(cell.text)
    found = []
    at = text.text.find(sought)
    while at >= 0:
        found.append(Part(cell.id, text.offsets[at], text.offsets[at + len(sought) - 1] + 1))
        at = text.text.find(sought, at + 1)
    return max(found, key=lambda part: _common(_box(cell, box, part), at_box), default=whole(cell))


def _moved(box: Box, shift: Shift) -> Box:
    if shift == UNMOVED:
        return box
    x, y = shift
    return Box(box.x0 + x, box.y0 + y, box.x1 + x, box.y1 + y, box.unit)


def _area(box: Box) -> float:
    return (box.x1 - box.x0) * (box.y1 - box.y0)


def _are_same(one: Box, other: Box) -> bool:
    return _common(one, other) >= _SAME * max(_area(one), _area(other))


def _common(one: Box, other: Box) -> float:
    """The area that two boxes share."""
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return width * height if width > 0 and height > 0 and one.unit == other.unit else 0.0
