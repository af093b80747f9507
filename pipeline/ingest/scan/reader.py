"""A picture of a page into its content: straightened, its grid found, every cell read, and what stands around it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from pipeline.ingest.limits import Limits
from pipeline.ingest.order import blocks_of
from pipeline.ingest.page import PageContent, Rect, Table, TableCell, Word
from pipeline.ingest.rulings import Grid, grids
from pipeline.ingest.scan.around import free_lines, lines_around
from pipeline.ingest.scan.cells import table_of
from pipeline.ingest.scan.ink import Ink, Line, lines_in
from pipeline.ingest.scan.lines import Rulings, rulings
from pipeline.ingest.scan.recognise import recogniser
from pipeline.ingest.scan.seals import grey_of
from pipeline.ingest.scan.upright import Straightened, even, straighten, text_size
from pipeline.ingest.scan.words import LineReader
from pipeline.source import Glyph, Origin, Page

__all__ = ["read_picture"]

_Picture = np.ndarray[Any, np.dtype[np.uint8]]

_MOST_PIXELS = 20_000_000
"""A picture is reduced to this before anything else: A3 at 300 dpi has 17 million, and takes some 700 MB."""
_MOST_ENLARGED = 10_000_000
"""To what a picture of small characters is enlarged at most: A4 at 150 dpi to twice its size."""
_SIZES = (18.0, 52.0)
"""Sizes of characters, in pixels, that are worked at as they are; the model itself sees 37."""
_WANTED = 34.0
_READABLE = 0.85
"""Mean score of the first lines from which on a page is the right way up; upside down they have 0.2 to 0.6."""
_PROBES = 5


def read_picture(
    image: _Picture, *, number: int, scale: float = 1.0, unit: str = "pixels", limits: Limits
) -> PageContent:
    """Read one page of RGB pixels.

    `scale` converts pixels of the given picture into `unit`. Boxes are those of the given picture, before any turning
    or straightening; `Page.turn` says by how many degrees clockwise it has to be turned to be read.
    """
    height, width = image.shape[:2]
    page = Page(number, width * scale, height * scale, unit, Origin.RECOGNISED)
    view = _look(image)
    if view is None:
        return PageContent(page._replace(note="page.blank"))
    view = _the_right_way_up(view)
    reader = LineReader(view.ink, view.covered, view.size, recogniser())
    tables = [table_of(grid, view.ink, view.rulings, view.size, reader) for grid in view.grids]
    words = lines_around(view.ink, [grid.box for grid in view.grids], view.size, reader)
    blocks = blocks_of(tables, words)
    page = page._replace(turn=view.turn, note="" if _says_anything(blocks) else "page.blank")
    return PageContent(page, _placed(blocks, view, scale))


@dataclass(frozen=True, slots=True)
class _View:
    """A picture as it is read: evened, straightened, with its rulings and its ink, and the way back.

    `before` is the size of the picture before it was straightened, `factor` its pixels for one of the given picture.
    """

    picture: _Picture
    covered: _Picture
    straightened: Straightened
    factor: float
    size: float
    rulings: Rulings
    grids: list[Grid]
    ink: Ink
    turn: int = 0

    def back(self, boxes: Any) -> Any:
        """Boxes (n × 4) as hulls in the given picture."""
        x0, y0, x1, y1 = np.asarray(boxes, np.float64).reshape(-1, 4).T
        corners = np.stack([np.stack([x, y], axis=1) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))], axis=1)
        flat = corners.reshape(-1, 2)
        height, width = self.picture.shape
        x, y = flat[:, 0], flat[:, 1]
        # Undo the turn: the picture was turned clockwise by it.
        if self.turn == 90:
            flat = np.stack([y, width - x], axis=1)
        elif self.turn == 180:
            flat = np.stack([width - x, height - y], axis=1)
        elif self.turn == 270:
            flat = np.stack([height - y, x], axis=1)
        moved = self.straightened.back(flat).reshape(-1, 4, 2) / self.factor
        return np.concatenate([moved.min(axis=1), moved.max(axis=1)], axis=1)


def _look(image: _Picture) -> _View | None:
    """The picture evened and straightened at a good size, with what is on it; None if there is nothing."""
    factor = 1.0
    if image.shape[0] * image.shape[1] > _MOST_PIXELS:
        factor = (_MOST_PIXELS / (image.shape[0] * image.shape[1])) ** 0.5
        image = _resized(image, factor)
    grey, covered = grey_of(image)
    picture = even(grey)
    size = text_size(picture)
    if size and not _SIZES[0] <= size <= _SIZES[1]:
        by = float(np.clip(_WANTED / size, 0.1, 3.0))
        by = min(by, max((_MOST_ENLARGED / picture.size) ** 0.5, 1.0))
        picture, covered = _resized(picture, by), _resized(covered, by)
        factor *= by
        size *= by
    size = size or _WANTED
    straightened = straighten(picture)
    picture, covered = straightened.warp(picture, 252), straightened.warp(covered, 0)
    view = _ruled(picture, covered, straightened, factor, size, 0)
    return view if view.grids or bool((view.ink.areas[1:] > 0).any()) else None


def _ruled(
    picture: _Picture, covered: _Picture, straightened: Straightened, factor: float, size: float, turn: int
) -> _View:
    found = rulings(picture, size)
    ink = Ink.of(picture, found.mask, size)
    tables = grids(found.horizontal, found.vertical, tolerance=0.3 * size)
    return _View(picture, covered, straightened, factor, size, found, tables, ink, turn)


def _the_right_way_up(view: _View) -> _View:
    """The view turned by as many right angles as its text asks for.

    Lines are read as they stand; where they make no sense, upside down, and then on both sides. Without any line that
    reads well the page stays as it is.
    """
    turns = (90, 270, 0, 180) if _lies(view) else (0, 180, 90, 270)
    best = (-1.0, view)
    for turn in turns:
        other = _turned(view, turn) if turn else view
        sense = _sense(other)
        if sense > best[0] + 0.1:
            best = (sense, other)
        if sense >= _READABLE:
            break
    return best[1]


def _lies(view: _View) -> bool:
    """Do the lines of a page run from top to bottom?

    Scores cannot tell: the model reads columns of text that lies on its side, across its lines, with a good score.
    What stands together within 0.6 of a character is longer along its line than across.
    """
    inked = (view.ink.labels > 0).astype(np.uint8)
    small = (cv2.resize(inked, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) > 0).astype(np.uint8)
    reach = max(3, round(0.3 * view.size))
    count, _, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(small, np.ones((reach, reach), np.uint8)))
    width, height = stats[1:count, 2] - reach, stats[1:count, 3] - reach
    size = view.size / 2
    line = (np.minimum(width, height) <= 1.6 * size) & (np.minimum(width, height) >= 0.4 * size)
    level, plumb = line & (width > 1.8 * height), line & (height > 1.8 * width)
    return int(plumb.sum()) > 1.5 * int(level.sum()) + 1


def _turned(view: _View, turn: int) -> _View:
    times = {90: 3, 180: 2, 270: 1}[turn]
    picture = np.ascontiguousarray(np.rot90(view.picture, times))
    covered = np.ascontiguousarray(np.rot90(view.covered, times))
    return _ruled(picture, covered, view.straightened, view.factor, view.size, turn)


def _sense(view: _View) -> float:
    """How well some lines of a view read, from 0 to 1: the better half of them, since dirt is read, too."""
    reader = LineReader(view.ink, view.covered, view.size, recogniser())
    lines = _samples(view)
    scores: list[float] = []
    for first in range(0, len(lines), _PROBES):
        scores += [reader.score(line) for line in lines[first : first + _PROBES]]
        better = sorted(scores, reverse=True)[: max(2, (len(scores) + 1) // 2)]
        sense = sum(better) / max(2, len(better))
        if sense >= _READABLE:
            break
    return sense if scores else 0.0


def _samples(view: _View) -> list[Line]:
    """A few lines of four to ten characters, from all over the page."""
    areas = [cell.box for grid in view.grids for cell in grid.cells]
    found: list[Line] = [] if areas else free_lines(view.ink, [], view.size)
    for area in areas[:: max(1, len(areas) // 24)]:
        pieces = view.ink.within(*area)
        if 2 < len(pieces) < 4000:
            found += [part for parts in lines_in(view.ink, pieces, view.size) for part in parts]
    found = [p for p in found if 3 * view.size <= p.x1 - p.x0 and p.y1 - p.y0 <= 1.6 * view.size]
    found = [line for line in found if line.x1 - line.x0 <= 12 * view.size] or found
    step = max(1, len(found) // _PROBES)
    # Spread over the page first, then what lies between: most pages are clear after the first five.
    return [line for first in range(step) for line in found[first::step]][: 3 * _PROBES]


def _resized(picture: _Picture, factor: float) -> _Picture:
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=way), np.uint8)


def _says_anything(blocks: Iterable[Table | list[Word]]) -> bool:
    return any(bool(block) if isinstance(block, list) else True for block in blocks)


def _placed(blocks: Sequence[Table | list[Word]], view: _View, scale: float) -> list[Table | list[Word]]:
    """The blocks with their boxes in the given picture, in the page's unit."""

    def rect(box: Rect) -> Rect:
        return Rect(*(float(value) * scale for value in view.back([box])[0]))

    def word(one: Word) -> Word:
        boxes = view.back([one.box, *(glyph[:4] for glyph in one.glyphs)]) * scale
        glyphs = tuple(
            Glyph(
                round(float(box[0]), 1),
                round(float(box[1]), 1),
                round(float(box[2]), 1),
                round(float(box[3]), 1),
                glyph.score,
            )
            for box, glyph in zip(boxes[1:], one.glyphs, strict=True)
        )
        return replace(one, box=Rect(*(float(value) for value in boxes[0])), glyphs=glyphs)

    def cell(one: TableCell) -> TableCell:
        return replace(one, box=rect(one.box), lines=[[word(w) for w in line] for line in one.lines])

    per_pixel = scale / view.factor
    out: list[Table | list[Word]] = []
    for block in blocks:
        if isinstance(block, Table):
            out.append(
                Table(
                    rect(block.box),
                    [x * per_pixel for x in block.columns],
                    [y * per_pixel for y in block.rows],
                    [cell(one) for one in block.cells],
                )
            )
        else:
            out.append([word(one) for one in block])
    return out
