"""The queue as a workbook for colleagues who do not use a terminal, and what they wrote into it.

One row is one question. What is asked blind on the screen is asked blind here: the workbook does not say what was read.
A workbook may stay away for weeks, is sorted, filtered and saved by other programs, so nothing in it is found by its
place: questions are known by their keys, columns by their titles in either language, the sheet by the mark in the title
of the keys. What comes back is data of unknown hands, for a process of its own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from itertools import count, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.cells import cell_len

from pipeline.decisions import DecisionKind
from pipeline.messages import CATALOGUE, say
from pipeline.review.answers import reasons_of
from pipeline.review.excerpt import excerpt, printable, reader_name
from pipeline.review.question import Question

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.styles import Font

__all__ = ["Entry", "Filled", "Filling", "decision_of", "entry_of", "read_workbook", "row_uid", "write_workbook"]

DECISIONS = (
    DecisionKind.ACCEPT,
    DecisionKind.CORRECT,
    DecisionKind.BLANK,
    DecisionKind.LOST,
    DecisionKind.SOURCE_DEFECT,
    DecisionKind.REJECT_ROW,
    DecisionKind.SKIP,
)
"""What can be chosen in a workbook, in the order of the list."""
_COLUMNS = {
    "id": 3.0,
    "document": 20.0,
    "form": 7.0,
    "field": 22.0,
    "row": 20.0,
    "why": 34.0,
    "source": 58.0,
    "picture": 91.0,
    "read": 26.0,
    "decision": 15.0,
    "value": 24.0,
    "note": 24.0,
}
"""Columns with their width in characters."""
_UNLOCKED = ("decision", "value", "note")
_MARK = "formtally:"
_MARKED = re.compile(rf"{_MARK}([0-9a-f]{{8,32}})")
_KEY = re.compile(r"([0-9a-f]{4,32})@([0-9a-f]{64})")
_AROUND = 2
_PIECES = 10
_TEXT_MOST = 32_000
"""An Excel cell holds 32,767 characters."""
_LINE_POINTS = 16.5
_ROW_POINTS_MOST = 400.0
"""Excel's rows are at most 409 points high."""
_PICTURE_WIDTH, _PICTURE_HEIGHT = 640, 200
"""Pixels that the picture of a row takes on the sheet."""
_HEADER_ROWS = 40
"""Rows of a sheet in which its titles are looked for."""


class Entry(NamedTuple):
    """A row as it is written: what stands in its columns, what may be decided, and the picture, if there is one."""

    texts: Mapping[str, str]
    decisions: tuple[DecisionKind, ...]
    picture: bytes | None = None


class Filled(NamedTuple):
    """A row that came back. `number` is the row's, as a spreadsheet counts; `decision` and `value` as they stand there.

    `typed` says what the program made of the value: `text`, `number`, `percent`, `date`, `formula` or `other`. `place`
    is what to call the row when something is to be said of it.
    """

    number: int
    key: str
    sha256: str
    place: str
    decision: str
    value: str
    note: str
    typed: str = "text"

    @property
    def empty(self) -> bool:
        """Was nothing written there?"""
        return not (self.decision or self.value or self.note)


class Filling(NamedTuple):
    """What came back: the mark of the export, who filled it in (empty if nobody says so), and its rows."""

    token: str
    reviewer: str
    rows: tuple[Filled, ...]


def decision_of(words: str) -> DecisionKind | None:
    """The decision of these words in either language; None where there is none."""
    wanted = words.strip().casefold()
    for kind in DECISIONS:
        if wanted in (kind.value, *(each.casefold() for each in CATALOGUE[f"decision.{kind}"])):
            return kind
    return None


def row_uid(token: str, row: Filled, reviewer: str, what: str) -> str:
    """What a row decides is called, so that a file that is imported twice counts once: 32 hexadecimal digits.

    `token` is the export's, `what` is `answer` or `note`.
    """
    said = (row.note,) if what == "note" else (row.decision, row.value)
    words = (token, row.key, reviewer, what, *said)
    return hashlib.sha256("\x1f".join(words).encode("utf-8", "surrogatepass")).hexdigest()[:32]


# Writing


def entry_of(question: Question, picture: bytes | None = None) -> Entry:
    """A question as a row: with a question that is asked blind, nothing of what was read."""
    return Entry(_texts(question), _allowed(question), picture)


def write_workbook(target: Path, entries: Sequence[Entry], *, token: str) -> None:
    """Write a workbook. `token` tells this export from others."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    _instructions(book)
    _Sheet(book, token, pictures=any(entry.picture is not None for entry in entries)).write(entries)
    book.save(target)


def _instructions(book: Any) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment

    sheet = book.create_sheet(say("workbook.instructions"))
    widths = {"A": 22.0, "B": 90.0}
    for letter, width in widths.items():
        sheet.column_dimensions[letter].width = width
    sheet.protection.sheet = True
    _fit_to_width(sheet)
    rows = count(1)

    def add(first: str, second: str = "") -> None:
        cells = [WriteOnlyCell(sheet, value=text) for text in (first, second)]
        cells[0].font = _bold()
        for cell in cells:
            cell.alignment = Alignment(wrap_text=bool(second), vertical="top")
        sheet.row_dimensions[next(rows)].height = max(_height(second, widths["B"]), _height("", 1)) + 3
        sheet.append(cells)

    add(say("workbook.title"))
    for number in range(1, 7):
        add(str(number), say(f"workbook.step.{number}"))
    add("")
    add(say("workbook.columns"))
    for name in _COLUMNS:
        if name != "id":
            add(say(f"workbook.column.{name}"), say(f"workbook.about.{name}"))
    add("")
    add(say("workbook.decisions"))
    for kind in DECISIONS:
        add(say(f"decision.{kind}"), say(f"workbook.decision.{kind}"))


def _bold() -> Font:
    from openpyxl.styles import Font

    return Font(name="Calibri", size=11, bold=True)  # what is not bold is in it, too


def _fit_to_width(sheet: Any) -> None:
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


class _Sheet:
    """The sheet of the questions: a row for who fills it in, the titles, and a row a question."""

    _TITLES = 2

    def __init__(self, book: Any, token: str, pictures: bool) -> None:
        from openpyxl.styles import Alignment, Border, PatternFill, Protection, Side

        self._sheet = book.create_sheet(say("workbook.items"))
        self._token = token
        self._names = [name for name in _COLUMNS if pictures or name != "picture"]
        self._wrapped = Alignment(wrap_text=True, vertical="top")
        self._bold = _bold()
        self._open = Protection(locked=False)
        side = Side(style="thin", color="FFB0B0B0")
        self._border = Border(left=side, right=side, top=side, bottom=side)
        self._fill = PatternFill("solid", fgColor="FFFFF8DC")
        self._prepare()

    def write(self, entries: Iterable[Entry]) -> None:
        """Write the questions."""
        number = self._TITLES
        allowed: dict[tuple[DecisionKind, ...], list[int]] = {}
        for number, entry in enumerate(entries, start=self._TITLES + 1):
            self._write(number, entry)
            allowed.setdefault(entry.decisions, []).append(number)
        for kinds, numbers in allowed.items():
            self._choices(kinds, numbers)
        self._sheet.auto_filter.ref = f"A{self._TITLES}:{self._letter('note')}{number}"

    def _prepare(self) -> None:
        """Everything that a sheet that is written row by row has to know beforehand, and its titles."""
        sheet = self._sheet
        sheet.freeze_panes = f"A{self._TITLES + 1}"
        for name in self._names:
            dimension = sheet.column_dimensions[self._letter(name)]
            dimension.width = _COLUMNS[name]
            dimension.hidden = name == "id"
        _fit_to_width(sheet)
        protection = sheet.protection
        protection.sheet = True
        for what in ("sort", "autoFilter", "formatColumns", "formatRows", "formatCells"):
            setattr(protection, what, False)  # what is False here is not forbidden
        filled_by = [self._cell(""), self._cell(say("workbook.filled_by"), bold=True), self._cell("", unlocked=True)]
        sheet.append(filled_by)
        titles = {name: say(f"workbook.column.{name}") for name in self._names} | {"id": f"{_MARK}{self._token}"}
        sheet.append([self._cell(titles[name], bold=True) for name in self._names])

    def _write(self, number: int, entry: Entry) -> None:
        texts = entry.texts
        height = max(_height(text, _COLUMNS[name]) for name, text in texts.items() if name != "id")
        if entry.picture is not None:
            height = max(height, self._place(entry.picture, number))
        self._sheet.row_dimensions[number].height = min(height, _ROW_POINTS_MOST)
        self._sheet.append([self._cell(texts.get(name, ""), unlocked=name in _UNLOCKED) for name in self._names])

    def _cell(self, text: str, *, bold: bool = False, unlocked: bool = False) -> Cell:
        from openpyxl.cell import WriteOnlyCell

        cell: Cell = WriteOnlyCell(self._sheet, value=text[:_TEXT_MOST] or None)
        if text:
            cell.data_type = "s"  # openpyxl takes what begins with = for a formula
        cell.number_format = "@"  # and Excel what is keyed here for a number: 001 is to stay what it is
        cell.alignment, cell.border = self._wrapped, self._border
        if bold:
            cell.font = self._bold
        if unlocked:
            cell.protection, cell.fill = self._open, self._fill
        return cell

    def _place(self, picture: bytes, number: int) -> float:
        """Put a picture onto the sheet; how many points it is high."""
        from openpyxl.drawing.image import Image

        image = Image(BytesIO(picture))
        scale = min(1.0, _PICTURE_WIDTH / image.width, _PICTURE_HEIGHT / image.height)
        image.width, image.height = round(image.width * scale), round(image.height * scale)
        self._sheet.add_image(image, f"{self._letter('picture')}{number}")
        return image.height * 0.75 + 4

    def _choices(self, kinds: Sequence[DecisionKind], numbers: Sequence[int]) -> None:
        from openpyxl.worksheet.cell_range import MultiCellRange
        from openpyxl.worksheet.datavalidation import DataValidation

        words = ",".join(say(f"decision.{kind}") for kind in kinds)
        rule = DataValidation(type="list", formula1=f'"{words}"', allow_blank=True, showErrorMessage=True)
        rule.errorTitle, rule.error = say("workbook.column.decision"), say("workbook.choose")
        column = self._letter("decision")
        rule.sqref = MultiCellRange(f"{column}{first}:{column}{last}" for first, last in _stretches(numbers))
        self._sheet.data_validations.append(rule)

    def _letter(self, name: str) -> str:
        from openpyxl.utils import get_column_letter

        return str(get_column_letter(self._names.index(name) + 1))


def _allowed(question: Question) -> tuple[DecisionKind, ...]:
    """The decisions that make sense for a question: nothing is accepted unseen, and only a row can be rejected."""
    no = {DecisionKind.ACCEPT} if question.blind else set()
    if "[" not in question.path or question.path.endswith("[]"):
        no.add(DecisionKind.REJECT_ROW)
    return tuple(kind for kind in DECISIONS if kind not in no)


def _stretches(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Ascending numbers as stretches without a gap, first and last of each."""
    for _, stretch in groupby(enumerate(numbers), key=lambda each: each[1] - each[0]):
        found = [number for _, number in stretch]
        yield found[0], found[-1]


def _texts(question: Question) -> dict[str, str]:
    """What stands in the columns of a row."""
    item = question.item
    candidates = [] if question.blind else question.candidates
    rows = excerpt(question, around=_AROUND, pieces=_PIECES)
    return {
        "id": f"{item.key}@{item.sha256}",
        "document": printable(item.document),
        "form": str(item.ordinal),
        "field": printable(question.label),
        "row": printable(question.row_label),
        "why": "\n".join(printable(each.sentence) for each in reasons_of(question, seen=not question.blind)),
        "source": "\n".join(f"{'▶' if row.here else ' '} {_cut(row.text, row.here)}" for row in rows),
        "read": "\n".join(
            f"{printable(each.value) if each.value is not None else say('workbook.nothing')}"
            f" ({', '.join(map(reader_name, each.readers))})"
            for each in candidates
        ),
    }


def _cut(text: str, whole: bool, most: int = 400) -> str:
    return text if whole or len(text) <= most else f"{text[:most]}…"


def _height(text: str, width: float) -> float:
    """How many points a wrapped text needs in a column so wide."""
    lines = sum(max(1, -(-cell_len(line) // max(1, int(width) - 1))) for line in text.split("\n"))
    return _LINE_POINTS * lines


# Reading


def read_workbook(data: bytes) -> Filling | None:
    """What colleagues wrote into a workbook; None where it is none of ours. For a process of its own."""
    from openpyxl import load_workbook

    try:
        book = load_workbook(BytesIO(data), read_only=True)
        sheets = [_read_sheet(sheet) for sheet in book.worksheets]
    except MemoryError:
        raise
    except Exception:  # a damaged file fails anywhere in the library
        return None
    found = [filling for filling in sheets if filling is not None]
    if not found:
        return None
    # Somebody may have put rows of one export onto several sheets.
    token = found[0].token
    rows = [row for filling in found if filling.token == token for row in filling.rows]
    return Filling(token, next((filling.reviewer for filling in found if filling.reviewer), ""), tuple(rows))


def _read_sheet(sheet: Any) -> Filling | None:
    columns: dict[str, int] = {}
    token = reviewer = ""
    rows: list[Filled] = []
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        if token:
            row = _read_row(number, cells, columns)
            if row is not None:
                rows.append(row)
        elif number <= _HEADER_ROWS:
            texts = [_text(cell.value) for cell in cells]
            reviewer = reviewer or _reviewer(texts)
            mark = next((found for text in texts if (found := _MARKED.fullmatch(text))), None)
            if mark is not None:
                token, columns = mark.group(1), _columns(texts)
        else:
            break
    return Filling(token, reviewer, tuple(rows)) if token else None


def _columns(titles: Sequence[str]) -> dict[str, int]:
    """Columns by name, found by their titles in either language."""
    known = {title: name for name in _COLUMNS for title in CATALOGUE[f"workbook.column.{name}"]}
    columns = {known[title]: at for at, title in enumerate(titles) if title in known}
    return columns | {"id": next(at for at, title in enumerate(titles) if _MARKED.fullmatch(title))}


def _reviewer(texts: Sequence[str]) -> str:
    """What stands behind the words that ask who fills it in."""
    for at, text in enumerate(texts):
        if text in CATALOGUE["workbook.filled_by"]:
            return next((name for name in texts[at + 1 :] if name), "")
    return ""


def _read_row(number: int, cells: Sequence[Any], columns: dict[str, int]) -> Filled | None:
    def cell(name: str) -> Any:
        at = columns.get(name)
        return cells[at] if at is not None and at < len(cells) else None

    def text(name: str) -> str:
        found = cell(name)
        return "" if found is None else _text(found.value)

    found = _KEY.fullmatch(text("id"))
    if found is None:
        return None
    value, typed = _value(cell("value"))
    place = " · ".join(part for part in (text("document"), text("form"), text("field"), text("row")) if part)
    return Filled(number, found.group(1), found.group(2), place, text("decision"), value, text("note"), typed)


def _value(cell: Any) -> tuple[str, str]:
    """A keyed value and what the program made of it."""
    value = None if cell is None else cell.value
    if value is None or isinstance(value, str):
        text = _text(value)
        return text, "formula" if cell is not None and cell.data_type == "f" else "text"
    if isinstance(value, bool):
        return str(value), "other"
    if isinstance(value, int | float):
        number = Decimal(repr(value))
        if "%" in cell.number_format:
            return f"{_plain(number * 100)}%", "percent"
        return _plain(number), "number"
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d"), "date"
    return _text(value), "other"


def _plain(number: Decimal) -> str:
    """A figure without exponent, and without the zeros that a spreadsheet's number cannot have kept."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()
