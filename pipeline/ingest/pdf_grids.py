"""Which of the lines drawn on a PDF page are the walls of tables."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from statistics import median

from pipeline.ingest.page import Rect
from pipeline.ingest.pdf_lines import Drawn, strokes_of
from pipeline.ingest.rulings import Grid, Segment, grids

__all__ = ["grids_of"]

_TOLERANCE = 3.0
"""Points up to which two rulings are one: the two strokes of a double line stand 2 to 3 apart."""
_TOLERANCE_IN_SIZES = 0.35
"""The same in sizes of the page's text, for forms that were scaled down."""
_LEAST_RULING = 4.0
"""Points; the lowest row of a form has some 8, what is shorter belongs to a sign."""
_MOST_RULINGS = 2_500
"""Rulings each way beyond which a page is a drawing; finding what touches is quadratic."""
_LEAST_ROW = 0.8
"""Sizes of text below which most rows and columns are those of squared paper or of hatching."""
_PAGE = 0.9
"""A fill over that share of the page is its background."""


def grids_of(drawn: Drawn, size: float, page: tuple[float, float]) -> list[Grid]:
    """The tables on a page of upright text of that usual size, in points, and of that width and height.

    A table has two rows and columns, or one row of three columns: what is left of a table at a page break. Where
    nothing is drawn but filled cells, the edges of the fills are its walls.
    """
    tolerance = min(_TOLERANCE, _TOLERANCE_IN_SIZES * size)
    across = _rulings(drawn.horizontal, tolerance)
    down = _rulings(drawn.vertical, tolerance)
    if max(len(across), len(down)) > _MOST_RULINGS:
        return []
    found = [grid for grid in grids(across, down, tolerance=tolerance) if _is_table(grid, size)]
    area = page[0] * page[1]
    loose = [
        box
        for box in drawn.fills
        if (box.x1 - box.x0) * (box.y1 - box.y0) < _PAGE * area and not any(_meet(box, grid.box) for grid in found)
    ]
    if 2 <= len(loose) <= _MOST_RULINGS:
        edges = strokes_of(loose)
        found += [grid for grid in grids(*edges, tolerance=tolerance) if _is_table(grid, size)]
    return found


def _is_table(grid: Grid, size: float) -> bool:
    rows, columns = len(grid.rows) - 1, len(grid.columns) - 1
    if columns < 2 or (rows < 2 and columns < 3):
        return False
    usual = min(median(b - a for a, b in pairwise(stops)) for stops in (grid.rows, grid.columns))
    return usual >= _LEAST_ROW * size


def _rulings(segments: Iterable[Segment], tolerance: float) -> list[Segment]:
    """Segments as rulings: dashes and pieces chained, and what is too short to be one left out."""
    out: list[Segment] = []
    group: list[Segment] = []
    for segment in [*sorted(segments), Segment(float("inf"), 0.0, 0.0)]:
        if group and segment.at - group[0].at > tolerance:
            out += _chained(group, tolerance)
            group = []
        group.append(segment)
    return out


def _chained(group: list[Segment], tolerance: float) -> list[Segment]:
    """The rulings of one line; positions are weighted by length."""
    group.sort(key=lambda piece: piece.start)
    chains: list[list[Segment]] = []
    end = 0.0
    for piece in group:
        if chains and piece.start - end <= tolerance:
            chains[-1].append(piece)
            end = max(end, piece.end)
        else:
            chains.append([piece])
            end = piece.end
    out = []
    for chain in chains:
        length = sum(piece.end - piece.start for piece in chain)
        start, stop = chain[0].start, max(piece.end for piece in chain)
        if stop - start >= _LEAST_RULING and length > 0:
            at = sum(piece.at * (piece.end - piece.start) for piece in chain) / length
            out.append(Segment(at, start, stop))
    return out


def _meet(a: Rect, b: Rect) -> bool:
    return min(a.x1, b.x1) - max(a.x0, b.x0) > 0 and min(a.y1, b.y1) - max(a.y0, b.y0) > 0
