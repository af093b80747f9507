"""Stories as Excel workbooks: merged cells, numbers stored as numbers under a format, several forms on a sheet."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from random import Random
from typing import Any

from samples.content import Segments
from samples.files.archive import zip_bytes
from samples.files.drawn import Drawn, DrawnCell, draw_table, half_width
from samples.files.lattice import text_of
from samples.files.story import Story

__all__ = ["shown_number", "xlsx_bytes"]

_NUMBER = re.compile(
    r"(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?P<fraction>[.][0-9]+)?(?P<suffix> ?(?:%|万元|元|分)?)"
)
_DATE = re.compile(r"(?P<y>[0-9]{4})(?P<a>[年.\-/])(?P<m>[0-9]{1,2})(?P<b>[月.\-/])(?P<d>[0-9]{1,2})(?P<c>日?)")
_WRITTEN = datetime(2023, 2, 15, 9, 0, 0)


@dataclass(slots=True)
class _Habits:
    """How one office fills in a sheet."""

    as_text: float
    """Share of figures that are stored as text."""
    more_digits: bool
    """Figures are stored with more digits than are shown."""
    texts_too: bool
    """A target such as 95% is a number under a format too."""
    suffix_in_format: bool
    formula: bool
    """The total score is a formula with its last value."""
    dash_is_zero: bool
    """A dash in the money block is a zero under a format that shows a dash."""
    date_apart: bool
    top: int
    left: int
    borders: bool


def shown_number(text: str) -> tuple[Decimal, str, str] | None:
    """The number that a text shows: its value, a number format that shows it so, the suffix; None if it is none."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    whole, fraction, suffix = found["whole"], found["fraction"] or "", found["suffix"]
    if len(whole) > 1 and whole[0] == "0":
        return None
    value = Decimal(whole.replace(",", "") + fraction)
    form = ("#,##0" if "," in whole else "0") + ("." + "0" * (len(fraction) - 1) if fraction else "")
    return value, form, suffix


def xlsx_bytes(seed: int, story: Story) -> bytes:
    """The story as a workbook."""
    import openpyxl

    rng = Random(f"xlsx {seed}")
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    habits = _Habits(
        as_text=rng.choice((0.0, 0.1, 1.0)),
        more_digits=rng.random() < 0.3,
        texts_too=rng.random() < 0.6,
        suffix_in_format=rng.random() < 0.4,
        formula=rng.random() < 0.4,
        dash_is_zero=rng.random() < 0.08,
        date_apart=rng.random() < 0.4,
        top=rng.choice((1, 1, 1, 2, 3)),
        left=rng.choice((1, 1, 1, 2)),
        borders=rng.random() < 0.9,
    )
    together = rng.random() < 0.35
    cached: dict[tuple[str, str], str] = {}
    if story.report:
        sheet = book.create_sheet("说明")
        for n, paragraph in enumerate([story.title, *story.report], 1):
            sheet.cell(n, 1, paragraph)
    sheet, at = None, habits.top
    for place, grid in enumerate(story.grids):
        if sheet is None or not together:
            name = rng.choice((f"自评表{place + 1}", f"Sheet{place + 1}", f"{place + 1}.项目自评"))
            sheet, at = book.create_sheet(name), habits.top
        drawn = draw_table(
            rng, grid, title_inside=True, footer_inside=rng.random() < 0.3, own_money=rng.random() < 0.25
        )
        if story.annexes[place]:
            sheet.cell(at, habits.left, story.annexes[place])
            at += 1
        at = _put(sheet, drawn, at, rng, habits, cached)
        if story.notes:
            for line in story.notes.split("\n"):
                sheet.cell(at, habits.left, line)
                at += 1
        at += rng.choice((1, 2, 3))
    book.properties.created = book.properties.modified = _WRITTEN
    book.properties.creator = "formtally samples"
    # As a spreadsheet program saves it: what the formulas came to is up to date.
    book.calculation.fullCalcOnLoad = False
    out = io.BytesIO()
    book.save(out)
    return _finished(out.getvalue(), cached)


def _put(sheet: Any, drawn: Drawn, top: int, rng: Random, habits: _Habits, cached: dict[tuple[str, str], str]) -> int:
    """Put a table on the sheet from that row on; gives the row behind all of it."""
    from openpyxl.styles import Alignment, Border, Font, Side
    from openpyxl.utils import get_column_letter

    thin = Side(style="thin")
    placed: dict[str, Any] = {}
    for n, width in enumerate(drawn.widths):
        sheet.column_dimensions[get_column_letter(habits.left + n)].width = round(width * 1.6, 1)
    for row in drawn.rows:
        for cell in row:
            target = sheet.cell(top + cell.row, habits.left + cell.column)
            _fill(target, cell, rng, habits)
            placed.update(dict.fromkeys(cell.leaves, target))
            side = "center" if not cell.value or cell.figure else "left"
            target.alignment = Alignment(horizontal=side, vertical="center", wrap_text=True)
            if cell.kind == "title":
                target.font = Font(size=16, bold=True)
            if habits.borders and cell.kind not in ("title", "footer", "grade"):
                for line in range(cell.row_span):
                    for step in range(cell.column_span):
                        other = sheet.cell(top + cell.row + line, habits.left + cell.column + step)
                        other.border = Border(left=thin, right=thin, top=thin, bottom=thin)
            if cell.row_span > 1 or cell.column_span > 1:
                sheet.merge_cells(
                    start_row=target.row, start_column=target.column,
                    end_row=target.row + cell.row_span - 1, end_column=target.column + cell.column_span - 1,
                )  # fmt: skip
    for number, row in enumerate(drawn.rows):
        sheet.row_dimensions[top + number].height = 15.0 * max(map(partial(_lines, drawn), row), default=1) + 3
    if habits.formula:
        _sum_up(placed, cached)
    at = top + len(drawn.rows)
    for segments in drawn.below:
        sheet.cell(at, habits.left, text_of(segments))
        at += 1
    if drawn.footer:
        _sign(sheet, drawn.footer, at, len(drawn.widths), rng, habits)
        at += 1
    return at


def _lines(drawn: Drawn, cell: DrawnCell) -> int:
    """Lines that the text of a cell takes in its width; 1 where it has several rows."""
    width = sum(drawn.widths[cell.column : cell.column + cell.column_span])
    return sum(int(half_width(line) / width) + 1 for line in cell.text.split("\n")) if cell.row_span == 1 else 1


def _sign(sheet: Any, footer: list[Segments], at: int, wide: int, rng: Random, habits: _Habits) -> None:
    """The signature: its items over the width, a date sometimes in a cell of its own as a date."""
    column, step = habits.left, max(2, wide // len(footer))
    for segments in footer:
        text = text_of(segments)
        found = _DATE.fullmatch(text_of(segments[1:])) if len(segments) > 1 else None
        if found and habits.date_apart:
            sheet.cell(at, column, segments[0][0])
            target = sheet.cell(at, column + 1, date(int(found["y"]), int(found["m"]), int(found["d"])))
            target.number_format = _date_format(found)
        else:
            sheet.cell(at, column, text)
        column += step


def _date_format(found: re.Match[str]) -> str:
    month = "mm" if len(found["m"]) == 2 and found["m"][0] == "0" else "m"
    day = "dd" if len(found["d"]) == 2 and found["d"][0] == "0" else "d"
    quoted = {"年": '"年"', "月": '"月"', "日": '"日"', ".": "\\."}
    a, b, c = (quoted.get(found[name], found[name]) for name in "abc")
    return f"yyyy{a}{month}{b}{day}{c}"


def _fill(target: Any, cell: DrawnCell, rng: Random, habits: _Habits) -> None:
    text = cell.text
    if not text:
        return
    if cell.value and habits.dash_is_zero and cell.kind == "money" and text in ("—", "--", "-"):
        target.value, target.number_format = 0, f'0.00;-0.00;"{text}"'
        return
    shown = shown_number(text) if cell.value and (cell.figure or habits.texts_too) else None
    phone = any(leaf.endswith("phone") for leaf in cell.leaves)
    if shown is None or phone or rng.random() < habits.as_text:
        target.value = text
        if shown is not None:
            target.number_format = "@"
        target.data_type = "s"
        return
    value, form, suffix = shown
    if suffix.strip() and suffix.strip() != "%" and not habits.suffix_in_format:
        target.value = text
        return
    places = len(form.partition(".")[2])
    if suffix.strip() == "%":
        value, form, places = value / 100, form + suffix, places + 2
    elif suffix:
        form += f'"{suffix}"'
    if habits.more_digits and value:
        value += Decimal(rng.randint(-4, 4)).scaleb(-places - 1)
    bare = not suffix and not habits.more_digits and format(value.normalize(), "f") == text
    if bare and rng.random() < 0.7:
        form = "General"
    target.value = int(value) if value == value.to_integral_value() else float(value)
    target.number_format = form


def _sum_up(placed: dict[str, Any], cached: dict[tuple[str, str], str]) -> None:
    """Make the total score a formula, where the scores are numbers that come to what is shown."""
    total = placed.get("total_score")
    scores = [placed[leaf] for leaf in placed if leaf.startswith("indicators[") and leaf.endswith("].score")]
    parts = [cell for cell in (*scores, placed.get("funding.total.score")) if cell is not None]
    if total is None or not scores or any(isinstance(cell.value, str) for cell in (total, *parts)):
        return
    exact = sum((Decimal(repr(cell.value)) for cell in parts), Decimal(0))
    if abs(exact - Decimal(repr(total.value))) > Decimal("0.0001"):
        return
    first, last = scores[0], scores[-1]
    formula = f"=SUM({first.column_letter}{first.row}:{last.column_letter}{last.row})"
    funding = placed.get("funding.total.score")
    cached[total.parent.title, total.coordinate] = repr(float(exact))
    total.value = formula + (f"+{funding.coordinate}" if funding is not None else "")


def _finished(data: bytes, cached: dict[tuple[str, str], str]) -> bytes:
    """The workbook with the last values of its formulas, and without today's date."""
    members = []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = re.findall(r'<sheet [^>]*name="([^"]*)"', archive.read("xl/workbook.xml").decode())
        for info in archive.infolist():
            content = archive.read(info)
            found = re.fullmatch(r"xl/worksheets/sheet([0-9]+)\.xml", info.filename)
            if found:
                sheet = names[int(found[1]) - 1]
                for (name, place), value in cached.items():
                    if name == sheet:
                        pattern = rf'(<c r="{place}"[^>]*><f>[^<]*</f>)<v ?/?>(?:</v>)?'.encode()
                        content, count = re.subn(pattern, rb"\1<v>" + value.encode() + b"</v>", content)
                        assert count == 1, "a formula lost its place"
            elif info.filename == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:(created|modified)[^>]*>)[^<]*", rb"\g<1>2023-02-15T09:00:00Z", content)
            members.append((info.filename, content))
    return zip_bytes(members)
