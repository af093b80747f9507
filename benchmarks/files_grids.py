"""Are the cells that the pipeline found on a page those that were drawn?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pipeline.source import Cell, Document, Layout, Page
from samples.files import TrueCell, TruePage

__all__ = ["PageVerdict", "judge_page", "leaf_places"]

_NEAR = 0.3
"""How far the middle of a found cell may lie from that of the drawn one, in heights and widths of the drawn one."""
_SLACK = 6.0
"""Points by which a side may be longer or shorter than drawn."""
_POINTS_HIGH = 842.0
"""Height of an A4 page; a shorter side of a page lying on its side is taken from its width."""


class PageVerdict(NamedTuple):
    """`drawn` and `found` count cells, `matched` those that are the same one."""

    drawn: int
    found: int
    matched: int

    @property
    def right(self) -> bool:
        """Is the grid of the page exactly right?"""
        return self.drawn == self.found == self.matched


class _Shape(NamedTuple):
    """Middle and least and greatest width and height, in points of a page as long as A4 is."""

    x: float
    y: float
    widths: tuple[float, float]
    heights: tuple[float, float]


def judge_page(truth: TruePage, document: Document) -> PageVerdict:
    """Compare the drawn cells of a page with the ruled cells that a document has there."""
    page = next((page for page in document.pages if page.number == truth.number), None)
    cells = [cell for cell in document.cells if cell.page == truth.number and cell.layout is Layout.TABLE and cell.box]
    if page is None:
        return PageVerdict(len(truth.cells), 0, 0)
    scale = _POINTS_HIGH / max(truth.width, truth.height)
    width, height = truth.width * scale, truth.height * scale
    drawn = [_drawn(cell, width, height) for cell in truth.cells]
    found = [_found(cell, page, width, height) for cell in cells]
    return PageVerdict(len(drawn), len(found), _matched(drawn, found))


def _drawn(cell: TrueCell, width: float, height: float) -> _Shape:
    """A drawn cell. Skewed, its box is higher than the cell itself: anything between the two will do."""
    points = [(x * width, y * height) for x, y in cell.corners]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    a, b, c, d = points
    across = (_length(a, b) + _length(d, c)) / 2
    down = (_length(a, d) + _length(b, c)) / 2
    return _Shape(
        sum(xs) / 4, sum(ys) / 4, (across, max(across, max(xs) - min(xs))), (down, max(down, max(ys) - min(ys)))
    )


def _found(cell: Cell, page: Page, width: float, height: float) -> _Shape:
    assert cell.box is not None
    x0, x1 = (x / page.width * width for x in (cell.box.x0, cell.box.x1))
    y0, y1 = (y / page.height * height for y in (cell.box.y0, cell.box.y1))
    return _Shape((x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0, x1 - x0), (y1 - y0, y1 - y0))


def _length(one: tuple[float, float], other: tuple[float, float]) -> float:
    return float(((one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2) ** 0.5)


def _matched(drawn: Iterable[_Shape], found: list[_Shape]) -> int:
    """How many drawn cells have exactly one found cell in their place."""
    left = list(found)
    matched = 0
    for want in drawn:
        hits = [got for got in left if _same(want, got)]
        if len(hits) == 1:
            matched += 1
            left.remove(hits[0])
    return matched


def _same(want: _Shape, got: _Shape) -> bool:
    return (
        abs(want.x - got.x) <= max(_NEAR * want.widths[0], _SLACK / 2)
        and abs(want.y - got.y) <= max(_NEAR * want.heights[0], _SLACK / 2)
        and want.widths[0] - _SLACK <= got.widths[0] <= want.widths[1] + _SLACK
        and want.heights[0] - _SLACK <= got.heights[0] <= want.heights[1] + _SLACK
    )


def leaf_places(truth: TruePage) -> dict[tuple[int, str], TrueCell]:
    """The cell that holds each leaf, by the place of its form in the document and its path."""
    return {(cell.form, leaf): cell for cell in truth.cells for leaf in cell.leaves}
