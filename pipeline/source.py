"""What a document is made of: cells with their place, in reading order.

Pure types, no behaviour beyond looking things up. Offsets count code points of the decoded text (byte-order mark
removed, line ends as in the file) and are half-open.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

__all__ = ["Box", "Cell", "Document", "Glyph", "Layout", "Origin", "Page", "Section", "SectionKind", "Span"]


class Origin(StrEnum):
    """Where the characters of a document come from, which says what may be believed of them."""

    DIGITAL = "digital"
    """Characters of a file that a program wrote: certain."""
    RECOGNISED = "recognised"
    """Characters that formtally recognised in a picture."""
    UNKNOWN = "unknown"
    """Characters that somebody else produced; formtally vouches for the reading, not for the transcription."""


class Layout(StrEnum):
    """How the cells of a row of a document came about, which says what their column numbers mean."""

    GRID = "grid"
    """Tab-separated or ruled: `Cell.column` counts the cells of the row, blank cells included."""
    LINES = "lines"
    """Lines of text cut at their gaps: `Cell.column` counts the pieces of the line and says nothing of columns."""
    TABLE = "table"
    """A table with real geometry, ruled on a page or marked up: `Cell.column` and the spans are those of its grid, the
    same through all its pages. Blank cells are there; places that another cell spans are not."""


class Span(NamedTuple):
    """Half-open range of code points in the decoded text."""

    start: int
    end: int


class Box(NamedTuple):
    """A rectangle on a page, from the top left corner of the page as it is shown, in `unit`.

    Units are `points` or `pixels`, and `cells` where a format has no pages: then x counts the columns and y the rows of
    the table, both from 0.
    """

    x0: float
    y0: float
    x1: float
    y1: float
    unit: str


class Glyph(NamedTuple):
    """Where a recognised character stands, in the unit of its page, and its score from 0 to 1."""

    x0: float
    y0: float
    x1: float
    y1: float
    score: float


class Page(NamedTuple):
    """A page, a picture or a sheet: its number from 1, its size as shown, and where its characters come from.

    `turn` is by how many degrees clockwise the picture must be turned to be read, which boxes do not take part in.
    `note` is a code: why the page was recognised although it has text (`text.garbled`, `text.disagrees`), or why it
    has no cells (`page.failed`, `page.blank`); empty where there is nothing to say.
    """

    number: int
    width: float
    height: float
    unit: str
    origin: Origin
    turn: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """The atom of a document.

    `text` is as in the source, line breaks inside the cell included; it may be blank. `id` counts from 1 in reading
    order. `row` counts from 0 through the document; a cell that spans several rows stands in its first.

    `score` is the lowest of its recognised characters', None for text that was not recognised by formtally; `glyphs`
    has an entry for each of its characters that is no white space, in order, or is empty. `doubts` are reason codes:
    why its characters, or its walls, are not certain.
    """

    id: int
    text: str
    span: Span
    row: int
    column: int
    layout: Layout
    page: int = 1
    row_span: int = 1
    column_span: int = 1
    box: Box | None = None
    score: float | None = None
    glyphs: tuple[Glyph, ...] = ()
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One input as cells. `name` is what an export calls it, `source` the path where it was found.

    `origin` is where its characters come from unless a cell says that it was recognised (`Cell.score`). `pages` is
    empty for plain text.
    """

    name: str
    source: str
    sha256: str
    origin: Origin
    text: str
    cells: tuple[Cell, ...]
    pages: tuple[Page, ...] = ()

    def cell(self, cell_id: int) -> Cell:
        """The cell of that id; ids count from 1 without gaps."""
        return self.cells[cell_id - 1]


class SectionKind(StrEnum):
    """What a stretch of a document holds."""

    FORM = "form"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a document: one form, or what stands between forms.

    The sections of a document cover its text and its cells completely and in order: `span` and the half-open cell
    range `first`..`last` (indices into `Document.cells`) of one begin where those of the one before end. `ordinal`
    counts from 1 through the sections of the same form type; it is 0 for other text.
    """

    kind: SectionKind
    form_type: str | None
    ordinal: int
    span: Span
    first: int
    last: int

    def cells(self, document: Document) -> tuple[Cell, ...]:
        """The cells of the section, in reading order."""
        return document.cells[self.first : self.last]
