"""The ruling lines of a PDF page, out of its vector drawings.

Programs draw the walls of a table as strokes, as rectangles, as thin filled rectangles, one for every cell or one for
the table, dashed by a pattern or dash by dash; some fill the cells and let the edges of the fills be the walls.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.ingest.page import Rect
from pipeline.ingest.rulings import Segment

if TYPE_CHECKING:
    import pymupdf

__all__ = ["Drawn", "drawn_on", "strokes_of"]

_THIN = 3.2
"""Points; a filled rectangle up to that thick is a line. Double walls of word processors are 2.6 to 3 in all."""
_LEVEL = 0.6
"""Points by which a line may rise or move over its length and still be along an axis."""
_WHITE = 0.94
"""A colour of which every part is at least this is not seen on paper."""
_MOST_PIECES = 60_000
"""Pieces of drawing beyond which a page is a plan or a map; a form has some hundreds."""


class Drawn(NamedTuple):
    """What is drawn on a page along its axes, in points of the page as shown, and whether there is more.

    `horizontal` and `vertical` are drawn lines, `fills` the boxes of filled areas, `curved` counts pieces that are
    neither (curves and slanted lines). `too_many` says that the page has more pieces than a form.
    """

    horizontal: list[Segment]
    vertical: list[Segment]
    fills: list[Rect]
    curved: int
    too_many: bool


def drawn_on(page: pymupdf.Page) -> Drawn:
    """The lines and fills of a page that can be seen; white and clipping paths are none."""
    drawings = page.get_cdrawings()  # type: ignore[no-untyped-call]
    drawn = Drawn([], [], [], 0, sum(len(drawing["items"]) for drawing in drawings) > _MOST_PIECES)
    if drawn.too_many:
        return drawn
    matrix = page.rotation_matrix if page.rotation else None
    width, height = page.rect.width, page.rect.height
    curved = 0
    for drawing in drawings:
        stroked, filled = _seen(drawing)
        if not (stroked or filled):
            continue
        thick = (drawing.get("width") or 0.0) if stroked else 0.0
        for box, slanted in _pieces(drawing["items"], outline=not filled):
            if slanted:
                curved += 1
                continue
            x0, y0, x1, y1 = _shown(box, matrix)
            if x1 < 0 or y1 < 0 or x0 > width or y0 > height:
                continue
            if stroked:
                _strokes(x0, y0, x1, y1, thick, drawn)
            elif max(x1 - x0, y1 - y0) > 0:
                _area(x0, y0, x1, y1, drawn)
    return drawn._replace(curved=curved)


def strokes_of(boxes: Iterable[Rect]) -> tuple[list[Segment], list[Segment]]:
    """The four edges of each box: horizontal and vertical ones."""
    horizontal, vertical = [], []
    for x0, y0, x1, y1 in boxes:
        horizontal += [Segment(y0, x0, x1), Segment(y1, x0, x1)]
        vertical += [Segment(x0, y0, y1), Segment(x1, y0, y1)]
    return horizontal, vertical


def _seen(drawing: dict[str, Any]) -> tuple[bool, bool]:
    """Is a path stroked, and is it filled, so that it can be seen on white paper?"""
    kind = drawing["type"] or ""
    stroked = "s" in kind and _visible(drawing.get("color"), drawing.get("stroke_opacity"))
    filled = "f" in kind and _visible(drawing.get("fill"), drawing.get("fill_opacity"))
    return stroked, filled


def _visible(colour: Sequence[float] | None, opacity: float | None) -> bool:
    if opacity is not None and opacity < 0.05:
        return False
    return not (colour and min(colour) >= _WHITE)


def _pieces(items: Sequence[tuple[Any, ...]], *, outline: bool) -> Iterator[tuple[tuple[float, ...], bool]]:
    """Boxes of what a path is made of, and whether it is slanted.

    Of a stroked path every line and the four edges of every rectangle are pieces; of a filled one every rectangle and
    every closed way along the axes.
    """
    way: list[tuple[float, float]] = []
    slanted = False
    for item in [*items, ("end",)]:
        kind = item[0]
        if kind == "l":
            (ax, ay), (bx, by) = item[1], item[2]
            if outline:
                box = (min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))
                yield box, min(box[2] - box[0], box[3] - box[1]) > _LEVEL
                continue
            if way and way[-1] != (ax, ay):
                yield _hull(way), slanted
                way, slanted = [], False
            way += [(bx, by)] if way else [(ax, ay), (bx, by)]
            slanted |= min(abs(ax - bx), abs(ay - by)) > _THIN
            continue
        if way:
            yield _hull(way), slanted
            way, slanted = [], False
        if kind in ("re", "qu"):
            points = item[1]
            x0, y0, x1, y1 = points if kind == "re" else _hull([tuple(point) for point in _corners(points)])
            x0, x1, y0, y1 = min(x0, x1), max(x0, x1), min(y0, y1), max(y0, y1)
            if outline and x1 - x0 > _LEVEL and y1 - y0 > _LEVEL:
                yield (x0, y0, x1, y0), False
                yield (x0, y1, x1, y1), False
                yield (x0, y0, x0, y1), False
                yield (x1, y0, x1, y1), False
            else:
                yield (x0, y0, x1, y1), False
        elif kind == "c":
            yield (0.0, 0.0, 0.0, 0.0), True


def _corners(quad: Any) -> list[Any]:
    """The corners of a quad, given as a quad or as eight numbers."""
    flat = list(quad)
    if len(flat) == 8:
        return [(flat[n], flat[n + 1]) for n in range(0, 8, 2)]
    return flat


def _hull(points: Sequence[tuple[float, ...]]) -> tuple[float, float, float, float]:
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    return min(xs), min(ys), max(xs), max(ys)


def _shown(box: tuple[float, ...], matrix: Any) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = box
    if matrix is None:
        return x0, y0, x1, y1
    ax, ay = matrix.a * x0 + matrix.c * y0 + matrix.e, matrix.b * x0 + matrix.d * y0 + matrix.f
    bx, by = matrix.a * x1 + matrix.c * y1 + matrix.e, matrix.b * x1 + matrix.d * y1 + matrix.f
    return min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)


def _strokes(x0: float, y0: float, x1: float, y1: float, thick: float, drawn: Drawn) -> None:
    """A piece of a stroked path: a line, an area if it is drawn very thick, or (filled too) the edges of an area."""
    wide, high = x1 - x0, y1 - y0
    if wide > _THIN and high > _THIN:
        drawn.fills.append(Rect(x0, y0, x1, y1))
        horizontal, vertical = strokes_of([drawn.fills[-1]])
        drawn.horizontal.extend(horizontal)
        drawn.vertical.extend(vertical)
    elif thick > 2 * _THIN:
        half = thick / 2
        across, down = (0.0, half) if wide >= high else (half, 0.0)
        _area(x0 - across, y0 - down, x1 + across, y1 + down, drawn)
    elif wide >= high:
        drawn.horizontal.append(Segment((y0 + y1) / 2, x0, x1))
    else:
        drawn.vertical.append(Segment((x0 + x1) / 2, y0, y1))


def _area(x0: float, y0: float, x1: float, y1: float, drawn: Drawn) -> None:
    """A filled rectangle: a line if it is thin, a dot of a dotted line (either way) if it is small, else a fill."""
    wide, high = x1 - x0, y1 - y0
    if wide <= _THIN and high <= _THIN:
        drawn.horizontal.append(Segment((y0 + y1) / 2, x0, x1))
        drawn.vertical.append(Segment((x0 + x1) / 2, y0, y1))
    elif high <= _THIN:
        drawn.horizontal.append(Segment((y0 + y1) / 2, x0, x1))
    elif wide <= _THIN:
        drawn.vertical.append(Segment((x0 + x1) / 2, y0, y1))
    else:
        drawn.fills.append(Rect(x0, y0, x1, y1))
