"""Tables as CSV, Excel and Parquet files.

Spreadsheets take text for what it is not. So text in an Excel file is always text, whatever it begins with, and in CSV
text that a spreadsheet would take for a number, a date or a formula (telephones, `1-2`, `=...`) has a tab in front,
which a spreadsheet does not show; programs strip it. An apostrophe would be shown, and `="..."` is itself a formula.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pipeline.tables import ColumnKind, Row, Shape

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Write", "guarded", "writer"]

Write = Callable[[str, Row], None]
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_FORMULA = re.compile(r"[=+\-@\t\r＝＋－＠]")
_LIKE_A_NUMBER = re.compile(r"[0-9.,][0-9.,:/%eE +-]*")


@contextmanager
def writer(format: str, target: Path, tables: Sequence[Shape]) -> Iterator[Write]:
    """A function that writes rows to tables, by the table's name; files are complete when the context ends."""
    with {"csv": _csv, "xlsx": _xlsx, "parquet": _parquet}[format](target, tables) as write:
        yield write


def guarded(text: str) -> str:
    """Text for a CSV file, with a tab in front where a spreadsheet would not take it for text."""
    return f"\t{text}" if _FORMULA.match(text) or _LIKE_A_NUMBER.fullmatch(text) else text


def _clean(text: str) -> str:
    """Text without characters that no spreadsheet can hold."""
    return _CONTROL.sub("\ufffd", text)


@contextmanager
def _csv(folder: Path, tables: Sequence[Shape]) -> Iterator[Write]:
    with ExitStack() as stack:
        writers: dict[str, tuple[Any, Shape]] = {}
        for table in tables:
            path = folder / f"{table.name}.csv"
            stream: IO[str] = stack.enter_context(open(path, "w", encoding="utf-8-sig", newline=""))
            writers[table.name] = csv.writer(stream), table
            writers[table.name][0].writerow([column.name for column in table.columns])

        def write(name: str, row: Row) -> None:
            rows, table = writers[name]
            rows.writerow([_csv_cell(row.get(column.name), column.kind) for column in table.columns])

        yield write


def _csv_cell(value: Any, kind: ColumnKind) -> str:
    if value is None:
        return ""
    if kind is ColumnKind.TEXT:
        return guarded(_clean(value))
    if kind is ColumnKind.FLAG:
        return "1" if value else "0"
    if kind is ColumnKind.WANYUAN:
        return f"{value:f}"
    return str(value)


_EXCEL_ROWS = 1_048_576
_EXCEL_TEXT = 32_767
_EXCEL_DIGITS = 15


@contextmanager
def _xlsx(target: Path, tables: Sequence[Shape]) -> Iterator[Write]:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    shapes = {table.name: table for table in tables}
    sheets: dict[str, tuple[Any, int]] = {}
    bold = Font(bold=True)

    def begin(name: str, part: int) -> Any:
        sheet = book.create_sheet(name if part == 1 else f"{name} {part}")
        sheet.freeze_panes = "A2"
        columns = shapes[name].columns
        for number, column in enumerate(columns, start=1):
            wide = column.kind is ColumnKind.TEXT and column.name not in ("form_type", "state", "kind", "severity")
            sheet.column_dimensions[get_column_letter(number)].width = 24 if wide else 14
        header = [WriteOnlyCell(sheet, value=column.name) for column in columns]
        for cell in header:
            cell.font = bold
        sheet.append(header)
        sheets[name] = sheet, 1
        return sheet

    def excel_cell(sheet: Any, value: Any, kind: ColumnKind) -> Any:
        if kind in (ColumnKind.FIGURE, ColumnKind.WANYUAN):
            number = _excel_number(value)
            if number is not None:
                cell = WriteOnlyCell(sheet)
                cell.value = number
                cell.number_format = "0." + "0" * places if (places := _places(number)) else "0"
                return cell
        elif kind in (ColumnKind.INTEGER, ColumnKind.FLAG):
            return WriteOnlyCell(sheet, value=value)
        cell = WriteOnlyCell(sheet, value=_clean(str(value))[:_EXCEL_TEXT])
        cell.data_type = "s"  # openpyxl takes what begins with = for a formula
        cell.number_format = "@"
        return cell

    parts = dict.fromkeys(shapes, 1)
    for table in tables:
        begin(table.name, 1)

    def write(name: str, row: Row) -> None:
        sheet, rows = sheets[name]
        if rows >= _EXCEL_ROWS:
            parts[name] += 1
            sheet, rows = begin(name, parts[name]), 1
        values = [(row.get(column.name), column.kind) for column in shapes[name].columns]
        sheet.append([None if value is None else excel_cell(sheet, value, kind) for value, kind in values])
        sheets[name] = sheet, rows + 1

    try:
        yield write
    except BaseException:
        for sheet in book.worksheets:  # its temporary file is closed; it is removed when the process ends
            with suppress(OSError):
                sheet.close()
        raise
    book.save(target)


def _excel_number(value: Any) -> Decimal | None:
    """A figure as a number; None where Excel could not hold it exactly, and it must stay text."""
    number = _decimal(value)
    return number if number is not None and len(number.as_tuple().digits) <= _EXCEL_DIGITS else None


def _decimal(value: Any) -> Decimal | None:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _places(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int), "a finite number"
    return max(0, -exponent)


_PARQUET_ROWS = 10_000
_PLACES = 8
_DIGITS = 28


@contextmanager
def _parquet(folder: Path, tables: Sequence[Shape]) -> Iterator[Write]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    decimal = pa.decimal128(_DIGITS, _PLACES)
    types = {
        ColumnKind.TEXT: pa.string(),
        ColumnKind.DATE: pa.string(),
        ColumnKind.FIGURE: pa.string(),
        ColumnKind.WANYUAN: decimal,
        ColumnKind.INTEGER: pa.int64(),
        ColumnKind.FLAG: pa.bool_(),
    }
    waiting: dict[str, list[Row]] = {table.name: [] for table in tables}
    schemas: dict[str, pa.Schema] = {}
    with ExitStack() as stack:
        files: dict[str, pq.ParquetWriter] = {}
        for table in tables:
            fields = []
            for column in table.columns:
                fields.append(pa.field(column.name, types[column.kind]))
                if column.kind is ColumnKind.FIGURE:
                    fields.append(pa.field(f"{column.name}_decimal", decimal))
            schemas[table.name] = pa.schema(fields)
            path = folder / f"{table.name}.parquet"
            files[table.name] = stack.enter_context(pq.ParquetWriter(path, schemas[table.name], compression="zstd"))

        def flush(name: str) -> None:
            rows = [_parquet_row(row, shapes[name]) for row in waiting[name]]
            files[name].write_table(pa.Table.from_pylist(rows, schema=schemas[name]))
            waiting[name].clear()

        def write(name: str, row: Row) -> None:
            waiting[name].append(row)
            if len(waiting[name]) >= _PARQUET_ROWS:
                flush(name)

        shapes = {table.name: table for table in tables}
        yield write
        for name, rows in waiting.items():
            if rows:
                flush(name)


def _parquet_row(row: Row, table: Shape) -> Row:
    """A row with the decimal beside every figure; a figure too long for the type has none."""
    out = dict(row)
    for column in table.columns:
        value = row.get(column.name)
        if column.kind is ColumnKind.WANYUAN:
            out[column.name] = _fitting(value)
        elif column.kind is ColumnKind.FIGURE:
            out[f"{column.name}_decimal"] = _fitting(_decimal(value)) if value is not None else None
        elif isinstance(value, str):
            out[column.name] = value.encode("utf-8", "replace").decode()
    return out


def _fitting(number: Decimal | None) -> Decimal | None:
    if number is None or number.adjusted() >= _DIGITS - _PLACES or _places(number) > _PLACES:
        return None
    return number
