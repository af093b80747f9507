"""Excel workbooks (.xlsx) into tables and lines, as the sheets show them.

Left out: hidden sheets, rows and columns, notes, headers and footers, text boxes, charts and pictures.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, product
from math import isfinite

from pipeline.errors import DocumentError
from pipeline.ingest.flow import Line, cut, too_many_cells
from pipeline.ingest.limits import Limits
from pipeline.ingest.numberformat import is_general, show_number, show_text
from pipeline.ingest.package import Package
from pipeline.ingest.page import PageContent, Rect, Table, TableCell, Word
from pipeline.ingest.workbook import Merge, RawCell, Sheet, Style, Workbook
from pipeline.source import Origin, Page

__all__ = ["read_excel"]

_WIDER = 32
"""Columns by which merged cells may go beyond the last one that holds something; titles merged to XFD do not count."""
_TALLER = 200
"""Rows, likewise."""
_FORM_ROWS, _FORM_COLUMNS = 3, 2
"""What stands beside a blank column is a form of its own only if it is at least so large."""
_TABLE_ROWS, _TABLE_CELLS = 3, 3
"""So many rows without borders with so many cells each are a table all the same."""
_POINTS = 0.75
_LINE_ENDS = re.compile(r"\r\n|[\n\r\v\x85\u2028\u2029]")


def read_excel(data: bytes, limits: Limits) -> list[PageContent]:
    """A page for each visible sheet, numbered as in the workbook, in units of cells: A1 has the box 0, 0, 1, 1.

    Numbers are as their formats show them. What stands without borders above or below a table with borders is lines;
    blank rows without borders end a table, and so do blank columns between two tables with borders. A sheet with no
    borders at all is tables where it has several columns. A sheet without anything has the note `page.blank`; one with
    pictures, which are not read, `pictures.unread`.

    Doubts: `number.shown` (what the format shows is not certain), `formula.no_result`, `formula.stale` (the workbook
    asks to be calculated anew), `text.struck`, `cell.picture`, `text.lost` (a string that the file does not have).

    Raises `DocumentError`: `empty`, `pictures`, `encrypted`, `damaged`, `xml.entities`, `too_many.…`.
    """
    with Package(data, limits) as package:
        book = Workbook(package, limits)
    pages, count = [], 0
    for sheet in book.sheets:
        blocks = list(_Layout(book, sheet, limits.cells - count).blocks())
        count += sum(len(block.cells) if isinstance(block, Table) else len(block) for block in blocks)
        if count > limits.cells:
            raise too_many_cells(limits)
        boxes = [cell.box for block in blocks for cell in (block.cells if isinstance(block, Table) else block)]
        width, height = max((box.x1 for box in boxes), default=0), max((box.y1 for box in boxes), default=0)
        note = "pictures.unread" if sheet.pictures else "" if blocks else "page.blank"
        pages.append(PageContent(Page(sheet.number, width, height, "cells", Origin.DIGITAL, note=note), blocks))
    if any(page.blocks for page in pages):
        return pages
    if any(sheet.pictures for sheet in book.sheets):
        raise DocumentError(
            "pictures", "the workbook holds pictures and no cells; save it as PDF, so that they can be recognised"
        )
    raise DocumentError("empty", "no visible sheet of the workbook holds anything; check that none is hidden")


@dataclass(slots=True)
class _Item:
    """What a cell shows, and the visible part of the sheet that it covers: last row and column included."""

    text: str
    doubts: tuple[str, ...]
    area: Merge


@dataclass(slots=True)
class _Part:
    """Rows of a sheet, last one included, that are one table, or lines."""

    top: int
    bottom: int
    table: bool


class _Layout:
    """The tables and lines of one sheet; `most` is how many cells they may have."""

    def __init__(self, book: Workbook, sheet: Sheet, most: int) -> None:
        self._book, self._sheet, self._most = book, sheet, most
        last_row = max((row for row, _ in sheet.cells), default=0)
        last_column = max((column for _, column in sheet.cells), default=0)
        merges = [clipped for merge in sheet.merges if (clipped := _clipped(merge, last_row, last_column)) is not None]
        columns = [sheet.column(column) for column in range(max([last_column, *(m.right for m in merges)]) + 1)]
        self._chars = [0.0 if hidden else chars for chars, hidden in columns]
        self._x = [0.0, *accumulate(int(chars * 7 + 5) * _POINTS if chars else 0.0 for chars in self._chars)]
        self._items: list[_Item] = []
        self._blank: list[_Item] = []
        self._fill(self._covered(merges), merges)

    def _covered(self, merges: Sequence[Merge]) -> dict[tuple[int, int], Merge]:
        """For each merged cell what it is part of."""
        if sum((m.bottom - m.top + 1) * (m.right - m.left + 1) for m in merges) > 4 * max(self._most, 1):
            raise too_many_cells(Limits(cells=self._most))
        covered: dict[tuple[int, int], Merge] = {}
        for merge in merges:
            for row in range(merge.top, merge.bottom + 1):
                for column in range(merge.left, merge.right + 1):
                    covered.setdefault((row, column), merge)
        return covered

    def _fill(self, covered: dict[tuple[int, int], Merge], merges: Sequence[Merge]) -> None:
        filled = set()
        for (row, column), raw in sorted(self._sheet.cells.items()):
            merge = covered.get((row, column), Merge(row, column, row, column))
            area = self._visible(merge)
            if (merge.top, merge.left) != (row, column) or area is None:
                continue
            text, doubts = self._shown(raw, area)
            if text.strip() or doubts:
                self._items.append(_Item(text, doubts, area))
                filled.add(merge)
        for merge in merges:
            area = self._visible(merge)
            if area is not None and merge not in filled:
                self._blank.append(_Item("", (), area))
        self._items.sort(key=lambda item: item.area[:2])

    def _visible(self, area: Merge) -> Merge | None:
        """What of an area is not hidden, from its first visible row and column to its last; None for nothing."""
        rows = [row for row in range(area.top, area.bottom + 1) if row not in self._sheet.hidden_rows]
        columns = [column for column in range(area.left, area.right + 1) if self._chars[column]]
        return Merge(rows[0], columns[0], rows[-1], columns[-1]) if rows and columns else None

    # -- what a cell shows

    def _shown(self, raw: RawCell, area: Merge) -> tuple[str, tuple[str, ...]]:
        style = self._book.style(raw.style)
        text, struck, doubts = raw.value, raw.struck or style.struck, []
        if raw.kind == "none":
            return "", ("formula.no_result",)
        if raw.kind == "s":
            if raw.value not in self._book.strings:
                return "", ("text.lost",)
            text, rich = self._book.strings[raw.value]
            struck = struck or rich
        if raw.kind == "n":
            text, certain = self._number(raw.value, style, area)
        elif raw.kind == "b":
            text, certain = ("TRUE" if raw.value == "1" else "FALSE"), True
        elif raw.kind in ("e", "d"):
            certain = raw.kind == "e"
        elif text.lstrip("=").startswith("DISPIMG("):
            return "", ("cell.picture",)
        else:
            text, certain = show_text(text, style.code)
        if not certain:
            doubts.append("number.shown")
        if raw.formula and self._book.stale:
            doubts.append("formula.stale")
        if struck and text.strip():
            doubts.append("text.struck")
        return text, tuple(doubts)

    def _number(self, stored: str, style: Style, area: Merge) -> tuple[str, bool]:
        try:
            value = float(stored)
        except ValueError:
            return stored, False
        if not isfinite(value):
            return stored, False
        if value == 0 and not self._sheet.zeros:
            return "", True
        text, certain = show_number(value, style.code, since_1904=self._book.since_1904)
        if is_general(style.code) and "." in text:
            # General rounds to what the column has room for; how much that is depends on the fonts of the machine.
            room = sum(self._chars[area.left : area.right + 1]) * self._book.style(0).size / max(style.size, 1)
            certain = certain and len(text) <= int(room)
        return text, certain

    # -- tables and lines

    def blocks(self) -> Iterator[Table | list[Word]]:
        """The tables and lines of the sheet in reading order."""
        parts = [part for top, bottom in self._ranges() for part in self._parts(top, bottom)]
        ruled = any(any(self._is_boxed(row) for row in range(part.top, part.bottom + 1)) for part in parts)
        for part in parts:
            part.table = part.table or (not ruled and self._has_columns(part))
        kept = self._kept([part for part in parts if part.table])
        for part in parts:
            if part.table:
                yield from self._tables(part, kept)
            else:
                yield from self._lines(part)

    def _is_boxed(self, row: int) -> bool:
        return row in self._sheet.boxed

    def _ranges(self) -> Iterator[tuple[int, int]]:
        """Ranges of rows without a blank row in them, except for blank rows with borders or hidden."""
        top = bottom = -1
        for item in self._items:
            if bottom >= 0 and not self._bridged(bottom + 1, item.area.top):
                yield top, bottom
                bottom = -1
            top = item.area.top if bottom < 0 else top
            bottom = max(bottom, item.area.bottom)
        if bottom >= 0:
            yield top, bottom

    def _bridged(self, first: int, last: int) -> bool:
        return all(self._is_boxed(row) or row in self._sheet.hidden_rows for row in range(first, last))

    def _parts(self, top: int, bottom: int) -> Iterator[_Part]:
        """The table of such a range, by its borders, and what stands above and below it."""
        rows = [row for row in range(top, bottom + 1) if self._is_boxed(row)]
        if not rows:
            yield _Part(top, bottom, self._is_dense(top, bottom))
            return
        first, last = rows[0], rows[-1]
        for item in self._items:
            if item.area.top < first <= item.area.bottom:
                first = item.area.top
            if item.area.top <= last < item.area.bottom:
                last = item.area.bottom
        first = top if self._is_dense(top, first - 1) else first
        last = bottom if self._is_dense(last + 1, bottom) else last
        if top < first:
            yield _Part(top, first - 1, False)
        yield _Part(first, last, True)
        if last < bottom:
            yield _Part(last + 1, bottom, False)

    def _is_dense(self, top: int, bottom: int) -> bool:
        """Are there so many rows of several cells that they are a table although they have no borders?"""
        counts = Counter(item.area.top for item in self._within(top, bottom))
        return sum(count >= _TABLE_CELLS for count in counts.values()) >= _TABLE_ROWS

    def _has_columns(self, part: _Part) -> bool:
        """Does any row have more than one cell? Where none has, it is the text of a report."""
        tops = [item.area.top for item in self._within(part.top, part.bottom)]
        return len(set(tops)) < len(tops)

    def _within(self, top: int, bottom: int) -> list[_Item]:
        first = bisect_left(self._items, top, key=lambda item: item.area.top)
        return self._items[first : bisect_left(self._items, bottom + 1, key=lambda item: item.area.top)]

    def _kept(self, parts: Sequence[_Part]) -> list[int]:
        """The columns of the sheet's tables: those in which a cell begins, or has borders. Others are mere width."""
        items = [item for part in parts for item in self._within(part.top, part.bottom)]
        if not items:
            return []
        bits = 0
        for part in parts:
            for row in range(part.top, part.bottom + 1):
                bits |= self._sheet.boxed.get(row, 0)
        anchors = {item.area.left for item in items}
        right = max(item.area.right for item in items)
        columns = range(min(anchors), right + 1)
        return [column for column in columns if self._chars[column] and (column in anchors or bits >> column & 1)]

    def _lines(self, part: _Part) -> Iterator[list[Word]]:
        """Rows of text; a cell of several lines gives several."""
        for _, group in groupby(self._within(part.top, part.bottom), key=lambda item: item.area.top):
            items = list(group)
            texts = [_LINE_ENDS.split(item.text) for item in items]
            for number in range(max(map(len, texts))):
                words: list[Word] = []
                for item, lines in zip(items, texts, strict=True):
                    if number < len(lines):
                        box = _box(item.area)
                        if words and not item.text.strip():
                            # What cannot be shown is doubted with the word before it, which is its label.
                            words[-1].doubts = (*words[-1].doubts, *item.doubts)
                        words += cut(Line(lines[number], item.doubts), lambda _, box=box: box)  # type: ignore[misc]
                if words:
                    yield words

    def _tables(self, part: _Part, kept: Sequence[int]) -> Iterator[Table]:
        """The table of these rows, or several side by side where blank columns without borders part them."""
        items = self._within(part.top, part.bottom)
        bits = 0
        for row in range(part.top, part.bottom + 1):
            bits |= self._sheet.boxed.get(row, 0)
        held = {column for item in items for column in range(item.area.left, item.area.right + 1)}
        groups: list[list[int]] = [[]]
        for column in range(kept[0], kept[-1] + 1):
            if self._chars[column] and column not in held and not bits >> column & 1:
                groups.append([])
            elif column in kept:
                groups[-1].append(column)
        groups = [group for group in groups if group]
        if len(groups) > 1 and all(self._is_form(group, items, bits) for group in groups):
            for group in groups:
                yield self._table(part, group, [i for i in items if group[0] <= i.area.left <= group[-1]])
        else:
            yield self._table(part, kept, items)

    def _is_form(self, group: Sequence[int], items: Sequence[_Item], bits: int) -> bool:
        rows = {item.area.top for item in items if group[0] <= item.area.left <= group[-1]}
        return len(group) >= _FORM_COLUMNS and len(rows) >= _FORM_ROWS and any(bits >> column & 1 for column in group)

    def _table(self, part: _Part, kept: Sequence[int], items: Sequence[_Item]) -> Table:
        rows = [row for row in range(part.top, part.bottom + 1) if row not in self._sheet.hidden_rows]
        if len(rows) * len(kept) > self._most:
            raise too_many_cells(Limits(cells=self._most))
        right = max([kept[-1], *(item.area.right for item in items)])
        cells: list[TableCell] = []
        taken: set[tuple[int, int]] = set()
        blank = [item for item in self._blank if part.top <= item.area.top and item.area.bottom <= part.bottom]
        for item in (*items, *blank):
            top, bottom = bisect_left(rows, item.area.top), bisect_left(rows, item.area.bottom + 1)
            first, last = bisect_left(kept, item.area.left), bisect_left(kept, item.area.right + 1)
            places = {(row, column) for row in range(top, bottom) for column in range(first, last)}
            if not places or (places & taken and not item.text):
                continue
            taken |= places
            box = _box(item.area)
            lines = [[Word(line, box)] for line in _LINE_ENDS.split(item.text) if line.strip()]
            cells.append(TableCell(top, first, bottom - top, last - first, box, lines, item.doubts))
        for row, column in product(range(len(rows)), range(len(kept))):
            if (row, column) not in taken:
                box = Rect(kept[column], rows[row], kept[column] + 1, rows[row] + 1)
                cells.append(TableCell(row, column, 1, 1, box))
        cells.sort(key=lambda cell: (cell.row, cell.column))
        columns = [*(self._x[column] for column in kept), self._x[right + 1]]
        lines_down = [float(row) for row in rows] + [rows[-1] + 1.0]
        return Table(Rect(kept[0], part.top, right + 1, part.bottom + 1), columns, lines_down, cells)


def _clipped(merge: Merge, last_row: int, last_column: int) -> Merge | None:
    """Merged cells as far as they lie beside something; None for what lies beyond."""
    if merge.top > last_row or merge.left > last_column:
        return None
    bottom = merge.bottom if merge.bottom <= last_row + _TALLER else last_row
    right = merge.right if merge.right <= last_column + _WIDER else last_column
    return Merge(merge.top, merge.left, bottom, right)


def _box(area: Merge) -> Rect:
    return Rect(area.left, area.top, area.right + 1, area.bottom + 1)
