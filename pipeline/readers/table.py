"""The table reader: reads a form by its labels and its geometry, deterministically and without a network."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from pipeline.forms import FormType
from pipeline.readers.grid import read_grid
from pipeline.readers.stream import read_stream
from pipeline.readers.walled import read_walled
from pipeline.reading import Reading
from pipeline.source import Cell, Document, Layout, Section

__all__ = ["NAME", "read"]

NAME = "table"


def read(document: Document, section: Section, form_type: FormType) -> Reading:
    """Read one form. What is not certain is doubted with a reason code, never guessed silently."""
    cells = section.cells(document)
    filled = [cell.layout for cell in cells if cell.text]
    if filled.count(Layout.TABLE) * 2 > len(filled):
        draft = read_walled(cells, form_type)
    elif filled.count(Layout.GRID) * 2 > len(filled):
        draft = read_grid(cells, form_type)
    else:
        draft = read_stream(cells, form_type)
    if _in_columns(cells):
        draft.doubt("", "layout.columns", "columns are kept apart by runs of spaces, which this reader does not follow")
    return draft.finish(NAME, draft.template[0] if draft.template else "national")


_WIDE_GAP = 3


def _in_columns(cells: Sequence[Cell]) -> bool:
    """Does the text imitate the page, its columns held apart by runs of spaces?"""
    rows: dict[int, list[Cell]] = {}
    for cell in cells:
        if cell.layout is Layout.LINES:
            rows.setdefault(cell.row, []).append(cell)
    several = [row for row in rows.values() if len(row) > 1]
    wide = sum(any(b.span.start - a.span.end >= _WIDE_GAP for a, b in pairwise(row)) for row in several)
    return len(several) >= 5 and wide * 3 > len(several)
