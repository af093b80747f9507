"""A made-up file and the truth about it: its forms, and for pictures and PDF where every cell truly stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from samples.files.printing import PrintedPage
from samples.files.story import MadeForm

__all__ = ["Corner", "MadeFile", "TrueCell", "TrueLine", "TruePage", "true_page"]

Corner = tuple[float, float]


@dataclass(slots=True)
class TrueCell:
    """A cell: its corners from the top left clockwise, as fractions of the width and the height of the shown page.

    Rows count from 0 in its part of the table on this page, columns in the grid of its table. `form` is the place of
    its form in the document from 0, `part` numbers the tables of the document, a new one behind every page break.
    """

    corners: tuple[Corner, Corner, Corner, Corner]
    row: int
    column: int
    row_span: int
    column_span: int
    text: str
    leaves: tuple[str, ...]
    form: int
    part: int


@dataclass(slots=True)
class TrueLine:
    """A line outside of tables; `form` is -1 in front of the first form."""

    corners: tuple[Corner, Corner, Corner, Corner]
    text: str
    leaves: tuple[str, ...]
    form: int


@dataclass(slots=True)
class TruePage:
    """A page of the document, numbered from 1 through all its files; `width` and `height` in points or pixels."""

    number: int
    width: float
    height: float
    cells: list[TrueCell]
    lines: list[TrueLine]


@dataclass(slots=True)
class MadeFile:
    """`files` are names and bytes: one, or a picture a page of one document.

    `name` is what an export calls the document. `forms` are all its forms in reading order; those of an archive say
    in `MadeForm.document` which member they stand in. `pages` is empty where a format has no pages of its own.
    """

    name: str
    kind: str
    files: list[tuple[str, bytes]]
    forms: list[MadeForm]
    pages: list[TruePage] = field(default_factory=list)
    members: list[MadeFile] = field(default_factory=list)
    """What an archive holds."""


def true_page(page: PrintedPage, number: int, matrix: Any, width: float, height: float) -> TruePage:
    """The truth about a page that a 3 × 3 matrix took from points to a picture of that size; None leaves it."""

    def corners(x0: float, y0: float, x1: float, y1: float) -> tuple[Corner, Corner, Corner, Corner]:
        a, b, c, d = (_moved(matrix, x, y) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1)))
        return tuple((x / width, y / height) for x, y in (a, b, c, d))  # type: ignore[return-value]

    cells = [
        TrueCell(
            corners(cell.x0, cell.y0, cell.x1, cell.y1),
            cell.row,
            cell.column,
            cell.row_span,
            cell.column_span,
            cell.text,
            cell.leaves,
            cell.form,
            cell.part,
        )
        for cell in page.cells
    ]
    lines = [
        TrueLine(corners(line.x0, line.y0, line.x1, line.y1), line.text, line.leaves, line.form) for line in page.loose
    ]
    return TruePage(number, width, height, cells, lines)


def _moved(matrix: Any, x: float, y: float) -> Corner:
    if matrix is None:
        return x, y
    u, v, w = (float(row[0] * x + row[1] * y + row[2]) for row in matrix)
    return u / w, v / w
