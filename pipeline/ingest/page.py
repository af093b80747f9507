"""A page as its reader leaves it: tables with real geometry and lines of text, in reading order.

The readers of PDF pages and of pictures both end here; `pipeline.ingest.assembly` makes a document of such pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.source import Glyph, Page

__all__ = ["PageContent", "Rect", "Table", "TableCell", "Word"]


class Rect(NamedTuple):
    """A rectangle from the top left corner of the page, in the unit of its page."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(slots=True)
class Word:
    """A stretch of text on one line without a gap in it.

    `score` is the lowest of its characters', None for digital text; `glyphs` has one entry for every character of
    recognised text and is empty for digital text. `doubts` are reason codes: why the characters are not certain.
    """

    text: str
    box: Rect
    score: float | None = None
    glyphs: tuple[Glyph, ...] = ()
    doubts: tuple[str, ...] = ()


@dataclass(slots=True)
class TableCell:
    """A cell of a ruled table. Rows and columns count from 0 in the table's own grid.

    `lines` are the lines of text in it from top to bottom, each a list of words from left to right; blank cells have
    none. `doubts` are reason codes that concern the cell as a whole: ink in it that was not read, walls that are not
    certain.
    """

    row: int
    column: int
    row_span: int
    column_span: int
    box: Rect
    lines: list[list[Word]] = field(default_factory=list)
    doubts: tuple[str, ...] = ()


@dataclass(slots=True)
class Table:
    """A ruled table: `columns` are the x of its grid lines from left to right, `rows` the y from top to bottom."""

    box: Rect
    columns: Sequence[float]
    rows: Sequence[float]
    cells: list[TableCell]


@dataclass(slots=True)
class PageContent:
    """A page in reading order: tables, and between them lines of words."""

    page: Page
    blocks: list[Table | list[Word]] = field(default_factory=list)
