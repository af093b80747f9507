"""The table reader: reads a form by its labels and its geometry, deterministically and without a network."""

from __future__ import annotations

from pipeline.forms import FormType
from pipeline.readers.grid import read_grid
from pipeline.readers.stream import read_stream
from pipeline.reading import Reading
from pipeline.source import Document, Layout, Section

__all__ = ["NAME", "read"]

NAME = "table"


def read(document: Document, section: Section, form_type: FormType) -> Reading:
    """Read one form. What is not certain is doubted with a reason code, never guessed silently."""
    cells = section.cells(document)
    grid = sum(cell.layout is Layout.GRID and bool(cell.text) for cell in cells)
    filled = sum(bool(cell.text) for cell in cells)
    draft = (read_grid if grid * 2 > filled else read_stream)(cells, form_type)
    return draft.finish(NAME, draft.template[0] if draft.template else "national")
