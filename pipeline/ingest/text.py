"""Text into cells: OCR tables as tab-separated lines, word-processor text with one cell a line, plain lines.

Every visible character ends up in exactly one cell, with its exact place in the decoded text. Lines without tabs are
cut at their gaps (too finely rather than too coarsely); no column is decided here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.errors import DocumentError
from pipeline.source import Cell, Layout, Span

__all__ = ["MAX_BYTES", "MAX_LINE", "decode", "text_cells"]

MAX_BYTES = 16 * 1024 * 1024
"""Largest text document, in bytes: some 5,000 forms, which take a worker about 1 GB."""
MAX_LINE = 2_000_000
"""Longest line, in code points; hundreds of forms flattened to one line stay well below it."""

_LINE = re.compile(r"[^\n\r\f\v\x85\u2028\u2029]*(?:\r\n|[\n\r\f\v\x85\u2028\u2029]|$)")
_TOKEN = re.compile(r"[^\s\x00-\x1f\x7f\u200b\u2060\ufeff]+")
_ODD = re.compile(r"[\ufffd\ue000-\uf8ff\x80-\x9f\U000f0000-\U0010ffff]|(?![\n\r\t\f\v\x1a])[\x00-\x1f]")


def decode(data: bytes) -> str:
    """Decode UTF-8 (with or without byte-order mark), UTF-16 with a mark, or GB18030; the mark is removed.

    Raises `DocumentError` for what is empty, too large, binary, or in no encoding known here.
    """
    if not data.strip():
        raise DocumentError("empty", "the file is empty; check that it was copied completely")
    if len(data) > MAX_BYTES:
        raise DocumentError(
            "too_large", f"the file has more than {MAX_BYTES >> 20} MB of text; split it into smaller files"
        )
    try:
        text = data.decode("utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("gb18030")
        except UnicodeDecodeError as error:
            raise DocumentError(
                "encoding", f"the file is neither UTF-8 nor GB18030 (byte {error.start}); save it again as UTF-8"
            ) from None
    odd = len(_ODD.findall(text))
    if odd * 50 > len(text):
        raise DocumentError(
            "binary",
            "the file is in no format that is read; convert it to PDF, Word, Excel, HTML, a picture or text",
        )
    if not _TOKEN.search(text):
        raise DocumentError("empty", "the file holds nothing but white space; check that it was copied completely")
    if max(len(line) for line in text.splitlines()) > MAX_LINE:
        raise DocumentError(
            "line_too_long", f"the file has a line of over {MAX_LINE:,} characters; break it between the forms"
        )
    return text


def text_cells(text: str) -> tuple[Cell, ...]:
    """Cut text into cells in reading order.

    A line with tabs is a row of a grid (`Layout.GRID`), blank cells included, except that in word-processor text, where
    each cell has a line of its own beginning with a tab, the lines up to a blank line are one row. Any other line is
    cut at its white space (`Layout.LINES`). `Cell.row` is the number of the (first) line; a form feed begins a page.
    """
    lines = [(match.start(), match.group()) for match in _LINE.finditer(text) if match.group()]
    tabbed = [line.rstrip("\r\n\f\v\x85\u2028\u2029") for _, line in lines if "\t" in line]
    word = tabbed and sum(line.rfind("\t") == 0 for line in tabbed) * 10 >= len(tabbed) * 8
    rows = _word_rows(lines) if word else _plain_rows(lines)
    cells: list[Cell] = []
    for row, page, layout, spans in rows:
        for column, (start, end) in enumerate(spans):
            cells.append(Cell(len(cells) + 1, text[start:end], Span(start, end), row, column, layout, page))
    return tuple(cells)


_Row = tuple[int, int, Layout, list[tuple[int, int]]]


def _plain_rows(lines: list[tuple[int, str]]) -> Iterator[_Row]:
    page = 1
    for number, (start, line) in enumerate(lines):
        if "\t" in line and _TOKEN.search(line):
            yield number, page, Layout.GRID, _tab_spans(start, line)
        elif spans := [(start + m.start(), start + m.end()) for m in _TOKEN.finditer(line)]:
            yield number, page, Layout.LINES, spans
        page += line.count("\f")


def _tab_spans(start: int, line: str) -> list[tuple[int, int]]:
    """Spans of the tab-separated cells of a line, white space around their text left out."""
    spans: list[tuple[int, int]] = []
    for piece in line.rstrip("\r\n\f\v\x85\u2028\u2029").split("\t"):
        tokens = list(_TOKEN.finditer(piece))
        if tokens:
            spans.append((start + tokens[0].start(), start + tokens[-1].end()))
        else:
            spans.append((start, start))
        start += len(piece) + 1
    return spans


def _word_rows(lines: list[tuple[int, str]]) -> Iterator[_Row]:
    """Rows of word-processor text: a line that begins with a tab begins a cell, a blank line ends the row.

    A line without a tab goes on with the cell above it; behind a blank line it is a line of its own.
    """
    page = 1
    row: _Row | None = None
    after_blank = True
    for index, (start, line) in enumerate(lines):
        tokens = list(_TOKEN.finditer(line))
        if line.startswith("\t"):
            span = (start + tokens[0].start(), start + tokens[-1].end()) if tokens else (start + 1, start + 1)
            if row is not None and row[2] is Layout.GRID and not after_blank:
                row[3].append(span)
            else:
                if row is not None:
                    yield row
                row = (index, page, Layout.GRID, [span])
            after_blank = False
        elif not tokens:
            after_blank = True
        else:
            if row is not None and row[2] is Layout.GRID and not after_blank:
                first, last = row[3][-1]
                row[3][-1] = (first if last > first else start + tokens[0].start(), start + tokens[-1].end())
            else:
                if row is not None:
                    yield row
                row = (index, page, Layout.LINES, [(start + m.start(), start + m.end()) for m in tokens])
            after_blank = False
        page += line.count("\f")
    if row is not None:
        yield row
