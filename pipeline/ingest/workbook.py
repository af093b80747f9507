"""The parts of an .xlsx workbook as they are stored: sheets, styles, strings, the cells that hold something.

Sheets are streamed: what is formatted and blank, down to row 1,048,576 or across to column XFD, is passed over and
never kept. openpyxl says nothing of hidden rows and merged ranges while streaming.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.errors import DocumentError
from pipeline.ingest.flow import too_many_cells
from pipeline.ingest.limits import Limits
from pipeline.ingest.numberformat import BUILTIN
from pipeline.ingest.package import Element, Package, local

__all__ = ["Merge", "RawCell", "Sheet", "Style", "Workbook"]

_BOXED_COLUMNS = 1024
"""Columns whose borders are kept; a form has some 10."""
_PENDING = 1000
"""Blank rows with borders below the last cell that holds something, whose borders are kept until another comes."""
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
_DEFAULT_WIDTH = 8.43
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")


class Style(NamedTuple):
    """What a cell's style says: its number format, borders to its left or right, struck out, the size of its font."""

    code: str = "General"
    boxed: bool = False
    struck: bool = False
    size: float = 11.0


class RawCell(NamedTuple):
    """A cell that holds something: its type (`n`, `s`, `str`, `b`, `e`, `d`, `text`), what is stored, its style."""

    kind: str
    value: str
    style: int
    formula: bool
    struck: bool = False


class Merge(NamedTuple):
    """Merged cells, from 0, last row and column included."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(slots=True)
class Sheet:
    """A sheet: its cells by row and column from 0, and what hides or joins them.

    `boxed` has, for each row, a bit for each column whose cell has a border to its left or right.
    """

    number: int
    cells: dict[tuple[int, int], RawCell] = field(default_factory=dict)
    boxed: dict[int, int] = field(default_factory=dict)
    merges: list[Merge] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    columns: list[tuple[int, int, float, bool]] = field(default_factory=list)
    default_width: float = _DEFAULT_WIDTH
    zeros: bool = True
    pictures: bool = False

    def column(self, number: int) -> tuple[float, bool]:
        """The width of a column in characters, and whether it is hidden."""
        for first, last, width, hidden in self.columns:
            if first <= number <= last:
                return width, hidden
        return self.default_width, False


class Workbook:
    """A workbook: `sheets` are the visible ones, `strings` what their cells refer to, with whether it is struck out."""

    def __init__(self, package: Package, limits: Limits) -> None:
        """Read the workbook. Raises `DocumentError`: `damaged`, `too_many.…`, `xml.entities`."""
        self._package = package
        self._limits = limits
        self._cells = 0
        main = package.main_part("xl/workbook.xml")
        relations = package.relations(main)
        root = package.tree(main)
        self.since_1904 = _flag(_first(root, "workbookPr"), "date1904")
        self.stale = _flag(_first(root, "calcPr"), "fullCalcOnLoad")
        self.styles = self._styles(_part(relations, "styles"))
        listed = [sheet for sheet in root.iter("{*}sheet") if local(sheet.getparent()) == "sheets"]
        if len(listed) > limits.pages:
            raise DocumentError("too_many.pages", f"the workbook has more than {limits.pages:,} sheets; split it")
        self.sheets: list[Sheet] = []
        for number, entry in enumerate(listed, start=1):
            ids = [value for key, value in entry.items() if key.rpartition("}")[2] == "id" and key != "id"]
            kind, path = relations.get(ids[0] if ids else "", ("", ""))
            if kind == "worksheet" and entry.get("state", "visible") == "visible":
                self.sheets.append(self._sheet(number, path))
        wanted = {cell.value for sheet in self.sheets for cell in sheet.cells.values() if cell.kind == "s"}
        self.strings = self._strings(_part(relations, "sharedStrings"), wanted)

    def style(self, number: int) -> Style:
        """The style of that number."""
        return self.styles[number] if 0 <= number < len(self.styles) else Style()

    def _styles(self, part: str) -> list[Style]:
        if part not in self._package:
            return []
        root = self._package.tree(part)
        codes = dict(BUILTIN)
        for entry in _below(root, "numFmts"):
            codes[_whole(entry, "numFmtId")] = entry.get("formatCode") or "General"
        fonts = [(_is_struck(font), _size(font)) for font in _below(root, "fonts")]
        boxed = [
            any(
                local(side) in ("left", "right", "start", "end") and side.get("style", "none") != "none"
                for side in border
            )
            for border in _below(root, "borders")
        ]
        styles = []
        for entry in _below(root, "cellXfs"):
            font, border = _whole(entry, "fontId"), _whole(entry, "borderId")
            struck, size = fonts[font] if font < len(fonts) else (False, 11.0)
            # A format that neither the workbook nor the standard spells out is shown as who knows what.
            code = codes.get(_whole(entry, "numFmtId"), "[DBNum1]General")
            styles.append(Style(code, border < len(boxed) and boxed[border], struck, size))
        return styles

    def _strings(self, part: str, wanted: set[str]) -> dict[str, tuple[str, bool]]:
        found: dict[str, tuple[str, bool]] = {}
        if not wanted or part not in self._package:
            return found
        for number, entry in enumerate(self._package.events(part, frozenset({"sst"}), "si")):
            if str(number) in wanted:
                found[str(number)] = _rich(entry)
        return found

    # -- a sheet

    def _sheet(self, number: int, part: str) -> Sheet:
        sheet = Sheet(number)
        parents = frozenset({"sheetViews", "cols", "sheetData", "mergeCells", "worksheet"})
        names = ("sheetView", "sheetFormatPr", "col", "row", "mergeCell", "drawing", "picture")
        pending: dict[int, int] = {}
        row = -1
        for element in self._package.events(part, parents, *names):
            name = local(element)
            if name == "row":
                row = self._row(element, row + 1, sheet, pending)
            elif name == "mergeCell":
                merge = _merge(element.get("ref", ""))
                if merge is not None:
                    sheet.merges.append(merge)
                if len(sheet.merges) > self._limits.cells:
                    raise too_many_cells(self._limits)
            elif name == "col":
                hidden = _flag(element, "hidden") or element.get("width") in ("0", "0.0")
                width = _float(element.get("width"), sheet.default_width)
                sheet.columns.append((_whole(element, "min") - 1, _whole(element, "max") - 1, width, hidden))
                del sheet.columns[_LAST_COLUMN:]
            elif name == "sheetView":
                sheet.zeros = element.get("showZeros", "1") not in ("0", "false")
            elif name == "sheetFormatPr":
                sheet.default_width = _float(element.get("defaultColWidth"), _DEFAULT_WIDTH)
            else:
                sheet.pictures = True
        return sheet

    def _row(self, element: Element, usual: int, sheet: Sheet, pending: dict[int, int]) -> int:
        """Take in a row; `usual` is its number if it does not say one. Gives its number."""
        row = (_whole(element, "r") or usual + 1) - 1
        if len(pending) >= _PENDING and next(element.iter("{*}v", "{*}f", "{*}is"), None) is None:
            return row
        column, boxed, filled = -1, 0, False
        for child in element:
            reference = child.get("r")
            column = _column(reference) if reference else column + 1
            style = _whole(child, "s")
            if 0 <= column < _BOXED_COLUMNS and self.style(style).boxed:
                boxed |= 1 << column
            if len(child):
                cell = _cell(child, style)
                if cell is not None and 0 <= column < _LAST_COLUMN and 0 <= row < _LAST_ROW:
                    sheet.cells[row, column] = cell
                    filled = True
                    self._cells += 1
                    if self._cells > self._limits.cells:
                        raise too_many_cells(self._limits)
        if _flag(element, "hidden") or element.get("ht") in ("0", "0.0"):
            # Blank rows are hidden by the hundred thousand; only hidden ones between others matter.
            if filled or len(pending) < _PENDING:
                pending[row] = -1
        elif boxed and len(pending) < _PENDING:
            pending[row] = boxed
        if filled:
            for number, bits in pending.items():
                if bits < 0:
                    sheet.hidden_rows.add(number)
                else:
                    sheet.boxed[number] = bits
            pending.clear()
            if boxed:
                sheet.boxed[row] = boxed
        return row


def _cell(element: Element, style: int) -> RawCell | None:
    """What a cell holds; None for nothing."""
    kind = element.get("t", "n")
    formula, value, struck = False, None, False
    for child in element:
        name = local(child)
        if name == "f":
            formula = True
        elif name == "v":
            value = child.text or ""
        elif name == "is":
            value, struck = _rich(child)
            kind = "text"
    if value is None:
        return RawCell("none", "", style, True) if formula else None
    if kind == "str":
        value = _unescaped(value)
    return RawCell(kind, value, style, formula, struck) if value else None


def _rich(element: Element) -> tuple[str, bool]:
    """The text of a string, phonetic guides left out, and whether a part of it is struck out."""
    texts, struck = [], False
    for child in element:
        name = local(child)
        if name == "t":
            texts.append(child.text or "")
        elif name == "r":
            texts += [part.text or "" for part in child if local(part) == "t"]
            struck = struck or any(_is_struck(part) for part in child if local(part) == "rPr")
    return _unescaped("".join(texts)), struck


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), text) if "_x" in text else text


def _is_struck(font: Element) -> bool:
    return any(local(part) == "strike" and part.get("val", "1") not in ("0", "false") for part in font)


def _size(font: Element) -> float:
    return next((_float(part.get("val"), 11.0) for part in font if local(part) == "sz"), 11.0)


def _first(root: Element, name: str) -> Element | None:
    return next((child for child in root if local(child) == name), None)


def _below(root: Element, name: str) -> Iterable[Element]:
    parent = _first(root, name)
    return [child for child in parent if local(child)] if parent is not None else []


def _part(relations: dict[str, tuple[str, str]], kind: str) -> str:
    return next((path for found, path in relations.values() if found == kind), "")


def _flag(element: Element | None, name: str) -> bool:
    return element is not None and element.get(name, "0") not in ("0", "false")


def _whole(element: Element, name: str) -> int:
    value = element.get(name)
    return int(value) if value is not None and value.isdecimal() and len(value) < 10 else 0


def _float(text: str | None, otherwise: float) -> float:
    try:
        value = float(text) if text else otherwise
    except ValueError:
        return otherwise
    return value if 0 <= value < 10_000 else otherwise


def _column(reference: str) -> int:
    """The column, from 0, of a reference such as AB12; -1 for what is none."""
    number = 0
    for char in reference:
        if not "A" <= char <= "Z":
            break
        number = number * 26 + ord(char) - 64
        if number > _LAST_COLUMN:
            return _LAST_COLUMN
    return number - 1


def _merge(reference: str) -> Merge | None:
    corners = [_REFERENCE.fullmatch(corner) for corner in reference.split(":")]
    if len(corners) != 2 or corners[0] is None or corners[1] is None:
        return None
    (left, top), (right, bottom) = (
        (min(_column(found.group(1)), _LAST_COLUMN - 1), min(int(found.group(2)), _LAST_ROW) - 1)
        for found in (corners[0], corners[1])
    )
    return Merge(top, left, bottom, right) if left <= right and 0 <= top <= bottom else None
