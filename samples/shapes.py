"""Shapes that keep the cells apart: a table OCR's tab-separated lines, a word processor's cells, flattened text.

Each function prints one form onto a sheet. What differs between documents of one kind (empty cells at the margin,
a merged title row, where the signature stands) is drawn per form.
"""

from __future__ import annotations

import re
from random import Random

from samples.content import Segments
from samples.grid import Cell, Grid, GridRow
from samples.sheet import Sheet

__all__ = ["print_cells", "print_flat", "print_tsv", "print_word"]

_BROKEN = {
    "绩效指标": "绩\n效\n指\n标",
    "年度总体目标": "年度\n总体\n目标",
    "年度指标值": "年度\n指标值",
    "实际完成值": "实际\n完成值",
    "满意度指标": "满意度\n指标",
    "经济效益指标": "经济效益\n指标",
    "社会效益指标": "社会效益\n指标",
    "偏差原因分析及改进措施": "偏差原因\n分析及改进措施",
    "项目资金": "项目\n资金",
}
"""Where a narrow column breaks a heading."""
_BESIDE_LATIN = re.compile(r"(?<=[0-9A-Za-z%])(?=[一-鿿])|(?<=[一-鿿])(?=[0-9A-Za-z])")


def _break_headings(segments: Segments, newline: str) -> Segments:
    text, leaves = segments[0] if segments else ("", ())
    if text in _BROKEN:
        return ((_BROKEN[text].replace("\n", newline), leaves), *segments[1:])
    return segments


def _space_out(segments: Segments) -> Segments:
    """As some recognisers do: a space between Chinese characters and figures."""
    return tuple((_BESIDE_LATIN.sub(" ", text), leaves) for text, leaves in segments)


def _row_done(sheet: Sheet, row: GridRow, start: int) -> None:
    if row.index >= 0:
        sheet.rows[row.index] = (start, sheet.at)


def print_tsv(rng: Random, grid: Grid, sheet: Sheet) -> None:
    """A line a row, a tab between two cells, empty cells for what merged cells cover."""
    columns = max(grid.columns, max(row.cells[-1].column for row in grid.rows) + 1)
    padding = rng.choice((0, 0, 1, 2))
    ragged = rng.random() < 0.5
    spaced = rng.random() < 0.2
    broken = rng.random() < 0.25
    _tsv_title(rng, grid, sheet, columns)
    for number, row in enumerate(grid.rows):
        start, at = sheet.at, 0
        for cell in row.cells:
            for column in range(at, cell.column):
                sheet.put_cell((), number, column)
                sheet.put("\t")
            segments = _break_headings(cell.segments, " ") if broken else _strip(cell.segments)
            sheet.put_cell(_space_out(segments) if spaced else segments, number, cell.column)
            at = cell.column
            if cell is not row.cells[-1]:
                sheet.put("\t")
                at += 1
        last = columns - 1 + padding - (rng.randint(0, 1) if ragged else 0)
        for column in range(at + 1, last + 1):
            sheet.put("\t")
            sheet.put_cell((), number, column)
        sheet.put("\n")
        _row_done(sheet, row, start)
    _tsv_footer(rng, grid, sheet, columns)


def _tsv_title(rng: Random, grid: Grid, sheet: Sheet, columns: int) -> None:
    way = rng.random()
    if way < 0.15:  # merged rows of the table itself
        for segments in (grid.title, grid.year):
            sheet.put_segments(segments)
            sheet.put("\t" * (columns - 1) + "\n")
        return
    sheet.put_segments(grid.title)
    sheet.put(" " if way < 0.3 else "\n\n")
    sheet.put_segments(grid.year)
    sheet.put("\n\n")


def _tsv_footer(rng: Random, grid: Grid, sheet: Sheet, columns: int) -> None:
    if grid.grade:
        sheet.put_segments(grid.grade)
        sheet.put("\t" * (columns - 1) + "\n")
    if not grid.footer:
        return
    way = rng.random()
    if way < 0.4:  # one merged cell
        _join(sheet, grid.footer, " ")
        sheet.put("\t" * (columns - 1) + "\n")
    elif way < 0.65:  # cells of the table
        _join(sheet, grid.footer, "\t\t")
        sheet.put("\t" * max(columns - 2 * len(grid.footer), 0) + "\n")
    else:
        sheet.put("\n")
        _join(sheet, grid.footer, "\n\n")
        sheet.put("\n")


def _join(sheet: Sheet, items: list[Segments], between: str) -> None:
    for n, item in enumerate(items):
        if n:
            sheet.put(between)
        sheet.put_segments(item)


def print_word(rng: Random, grid: Grid, sheet: Sheet) -> None:
    """A cell a line behind a tab, a blank line between two rows, further lines of a cell as they are."""
    broken = rng.random() < 0.6
    for segments in (grid.title, grid.year):
        sheet.put("\t")
        sheet.put_segments(segments)
        sheet.put("\n\n")
    for number, row in enumerate(grid.rows):
        start = sheet.at
        for cell in row.cells:
            sheet.put("\t")
            segments = _break_headings(cell.segments, "\n") if broken else cell.segments
            sheet.put_cell(segments, number, cell.column, "\n")
            sheet.put("\n")
        sheet.put("\n")
        _row_done(sheet, row, start)
    if grid.grade:
        sheet.put_segments(grid.grade)
        sheet.put("\n")
    sheet.put("\n")
    if grid.footer:
        _join(sheet, grid.footer, " " * rng.randint(2, 7))
        sheet.put("\n")


def _filled(row: GridRow) -> list[Cell]:
    return [cell for cell in row.cells if cell.segments]


def print_flat(rng: Random, grid: Grid, sheet: Sheet) -> None:
    """The whole form on one line, a space between two cells; what is blank leaves no trace."""
    _join(sheet, [grid.title, grid.year], rng.choice(("", " ")))
    for number, row in enumerate(grid.rows):
        start = sheet.at
        for cell in _filled(row):
            sheet.put(" ")
            sheet.put_cell(_strip(cell.segments), number, cell.column)
        _row_done(sheet, row, start)
    for item in [grid.grade, *grid.footer] if grid.grade else grid.footer:
        sheet.put(" ")
        sheet.put_segments(item)
    sheet.put("\n")


def print_cells(rng: Random, grid: Grid, sheet: Sheet) -> None:
    """A cell a line without any tab; blank cells are lost, or leave an empty line."""
    blanks = rng.random() < 0.4
    gap = "\n" if blanks or rng.random() < 0.5 else "\n\n"
    for segments in (grid.title, grid.year):
        sheet.put_segments(segments)
        sheet.put(gap)
    for number, row in enumerate(grid.rows):
        start = sheet.at
        for cell in row.cells if blanks else _filled(row):
            sheet.put_cell(_strip(cell.segments), number, cell.column)
            sheet.put(gap)
        _row_done(sheet, row, start)
    for item in [grid.grade, *grid.footer] if grid.grade else grid.footer:
        sheet.put_segments(item)
        sheet.put(gap)


def _strip(segments: Segments) -> Segments:
    if segments and segments[0][0].startswith(" "):
        return ((segments[0][0].lstrip(), segments[0][1]), *segments[1:])
    return segments
