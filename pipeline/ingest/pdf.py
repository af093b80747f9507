"""PDF pages: how each is to be read, and the digital ones as content with the geometry of their rulings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import pymupdf

from pipeline.errors import DocumentError
from pipeline.ingest.limits import Limits
from pipeline.ingest.order import blocks_of
from pipeline.ingest.page import PageContent, Rect, Table, TableCell, Word
from pipeline.ingest.pdf_cells import place, turned_box, turned_chars
from pipeline.ingest.pdf_grids import grids_of
from pipeline.ingest.pdf_lines import Drawn, drawn_on
from pipeline.ingest.pdf_text import SKEWED, Char, chars_of
from pipeline.ingest.rulings import Segment
from pipeline.ingest.textlayer import Ink, disagreement, garbled, under
from pipeline.source import Origin, Page

__all__ = ["FAILURES", "Plan", "Way", "open_pdf", "plan", "plan_page", "read_page", "render"]

_LOOK_DPI = 96.0
_LOOK_PIXELS = 4_000_000
"""The picture that text is compared with: A4 at 96 dpi has 0.9 million pixels."""
_LARGE_PICTURE = 0.3
"""Share of the page that a picture under invisible text covers."""
_BACKGROUND = 0.5
"""Share of the page that a picture behind its text covers; that of a scan is a page as a rule."""
_FULL_PAGE = 0.85
_DARK_SHARE = 0.01
"""Dark pixels of a scanned page of text are 0.02 and more, those of a letterhead or a watermark nearly none."""
_HIDDEN_SHARE = 0.3
_INK_IN_CELL = 8
"""Dark pixels at 96 dpi inside a cell, outside of its text, that may be a sign: a drawn dash has 8 or more."""
_FILLED_CELL = 0.8
"""Share of a cell that is dark where the cell itself is coloured."""
_MOSTLY = 0.6
"""Share of text that runs across from which on the page is turned rather than some headings."""
_RIM = 2.5
"""Points along the walls of a cell in which its walls are drawn."""
_RESOLUTION = (150.0, 300.0)
"""Pixels an inch between which a scanned page is rendered at its own resolution."""
FAILURES = (RuntimeError, ValueError, IndexError, TypeError, OSError, KeyError, pymupdf.mupdf.FzErrorBase)
"""What the library raises for pages that make no sense is not documented."""

pymupdf.TOOLS.mupdf_display_errors(False)  # type: ignore[no-untyped-call]
pymupdf.TOOLS.mupdf_display_warnings(False)  # type: ignore[no-untyped-call]


class Way(StrEnum):
    """How a page is to be read."""

    DIGITAL = "digital"
    """By its text layer: `read_page`."""
    RECOGNISE = "recognise"
    """As a picture: `render`."""
    BLANK = "blank"
    """Not at all."""


class _Picture(NamedTuple):
    """An image: its box on the page as shown, and on the page before /Rotate; its number in the file (0: none)."""

    box: Rect
    drawn: Rect
    xref: int
    width: int
    height: int
    opaque: bool


@dataclass(slots=True)
class _Look:
    """A page looked at: its characters, those that nobody sees marked, its lines, and its ink that is no text."""

    chars: Sequence[Char]
    drawn: Drawn | None = None
    unread: Ink | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """How a page is to be read, and why it is not read digitally.

    Reasons are `text.none`, `text.garbled`, `text.invisible`, `text.disagrees`, `page.failed` and for blank pages
    `page.blank`; empty for digital ones. `look` is what was found out about the page, for `read_page`.
    """

    way: Way
    reason: str = ""
    look: _Look | None = field(default=None, repr=False, compare=False)


def open_pdf(data: bytes, limits: Limits) -> pymupdf.Document:
    """Open a PDF; a damaged one as far as it can be repaired.

    Raises DocumentError `empty`, `damaged`, `encrypted` (a password is needed to open it) or `too_many.pages`.
    """
    if not data:
        raise DocumentError("empty", "the file is empty; fetch it again")
    try:
        document = pymupdf.open(stream=data, filetype="pdf")  # type: ignore[no-untyped-call]
        if document.needs_pass and not document.authenticate(""):  # type: ignore[no-untyped-call]
            raise DocumentError("encrypted", "the PDF is encrypted; save a copy without a password and run again")
        count = document.page_count
    except FAILURES as error:
        raise DocumentError("damaged", _DAMAGED) from error
    if not count:
        raise DocumentError("damaged", _DAMAGED)
    if count > limits.pages:
        raise DocumentError(
            "too_many.pages",
            f"the PDF has {count:,} pages, more than the {limits.pages:,} allowed; split it, or raise limits.pages",
        )
    return document


def plan(document: pymupdf.Document) -> list[Plan]:
    """How each page is to be read, in order; without what was found out about them, which is large."""
    return [replace(plan_page(document, index), look=None) for index in range(document.page_count)]


def plan_page(document: pymupdf.Document, index: int) -> Plan:
    """How the page of that index, from 0, is to be read. Some ten milliseconds a page of text."""
    try:
        return _planned(document[index])
    except FAILURES:
        return Plan(Way.RECOGNISE, "page.failed")


def read_page(document: pymupdf.Document, index: int, limits: Limits, plan: Plan | None = None) -> PageContent:
    """Read the page of that index, from 0, by its text layer, whether or not that may be believed.

    `plan` is what `plan_page` said of the page: given, the page is not looked at again.

    Boxes are points of the page as shown. `Page.turn` says by how many degrees clockwise it has to be turned where
    most of its text runs across; table and text are then in the order of the turned page. Doubts of words and cells:
    see `pdf_cells.place`; further `ink.unread` (something is drawn in the cell that is no text) and `table.nested`.

    Raises DocumentError `page.failed`, and `too_many.cells` beyond `limits`.
    """
    try:
        page = document[index]
        look = (plan or _planned(page)).look or _Look(chars_of(page))
        drawn = look.drawn if look.drawn is not None else drawn_on(page)
        width, height = page.rect.width, page.rect.height
    except FAILURES as error:
        raise DocumentError("page.failed", f"page {index + 1} of the PDF is damaged; print it anew") from error
    if len(look.chars) > 20 * limits.cells:
        raise DocumentError("too_many.cells", f"page {index + 1} holds more text than limits.cells allow; split it")
    turn = _turn(look.chars)
    chars = turned_chars(look.chars, turn, width, height)
    drawn = _turned(drawn, turn, width, height)
    size = (width, height) if turn in (0, 180) else (height, width)
    sizes = [char.size for char in chars if not char.text.isspace()]
    found = grids_of(drawn, median(sizes) if sizes else 10.0, size)
    tables, words = place(found, chars, drawn.horizontal, *size)
    blocks = blocks_of(tables, words)
    if turn:
        blocks = _turned_back(blocks, (360 - turn) % 360, size)
    if look.unread is not None:
        _doubt_ink([block for block in blocks if isinstance(block, Table)], look.unread)
    note = "" if blocks else "page.blank"
    return PageContent(Page(index + 1, width, height, "points", Origin.DIGITAL, turn, note), blocks)


def render(
    document: pymupdf.Document, index: int, dpi: float, limits: Limits
) -> tuple[np.ndarray[Any, np.dtype[np.uint8]], float]:
    """The page of that index, from 0, as rows × columns × RGB, and how many points a pixel has.

    A page that is one scan is rendered at the scan's own resolution, between 150 and 300; any page at less where it
    would have more than `limits.pixels`. Raises DocumentError `page.failed` or `too_many.pixels`.
    """
    try:
        page = document[index]
        pictures = _pictures(page)
        if any(one.width * one.height > limits.pixels for one in pictures):
            raise DocumentError(
                "too_many.pixels",
                f"a picture on page {index + 1} has more than {limits.pixels // 1_000_000} million pixels: "
                "scan it at 300 dpi, or raise limits.pixels",
            )
        area = page.rect.width * page.rect.height or 1.0
        for box, _, _, width, height, _ in pictures:
            if _area(box) >= _FULL_PAGE * area:
                own = 72 * max(width, height) / max(box.x1 - box.x0, box.y1 - box.y0)
                dpi = min(max(own, _RESOLUTION[0]), _RESOLUTION[1])
        dpi = min(dpi, 72 * (limits.pixels / area) ** 0.5)
        pixels = _pixels(page, dpi)
        return pixels, page.rect.width / pixels.shape[1]
    except FAILURES as error:
        raise DocumentError("page.failed", f"page {index + 1} of the PDF cannot be drawn; print it anew") from error


_DAMAGED = "the PDF is damaged or cut short; fetch it again, or open it and save a copy"


def _planned(page: pymupdf.Page) -> Plan:
    chars = chars_of(page)
    look = _Look(chars)
    area = page.rect.width * page.rect.height or 1.0
    pictures = _pictures(page)
    covered = sum(_area(one.box) for one in pictures) / area
    shown = [n for n, c in enumerate(chars) if not (c.unseen or c.cut or c.text.isspace())]
    unseen = sum(char.unseen for char in chars)
    if not shown:
        if unseen and covered >= _LARGE_PICTURE:
            return Plan(Way.RECOGNISE, "text.invisible", look)
        if covered >= _LARGE_PICTURE or _ink(page).total > _INK_IN_CELL:
            return Plan(Way.RECOGNISE, "text.none", look)
        return Plan(Way.BLANK, "page.blank", look)
    if unseen > max(10, _HIDDEN_SHARE * len(shown)) and covered >= _LARGE_PICTURE:
        return Plan(Way.RECOGNISE, "text.invisible", look)
    if garbled([chars[n].text for n in shown]):
        return Plan(Way.RECOGNISE, "text.garbled", look)
    for one in pictures:
        if _area(one.box) >= _BACKGROUND * area:
            if under(page.get_bboxlog(), one.drawn) > 0.5:  # type: ignore[no-untyped-call]
                return Plan(Way.RECOGNISE, "text.invisible", look)
            if _dark_share(page, one.xref) > _DARK_SHARE:
                return Plan(Way.RECOGNISE, "text.disagrees", look)
    _covered(page, chars, shown, pictures)
    look.drawn = drawn_on(page)
    ink = _ink(page)
    visible = [chars[n] for n in shown]
    seen, look.unread, reason = disagreement(visible, ink, _boxes(look.drawn, area), [one.box for one in pictures])
    for n, is_seen in zip(shown, seen.tolist(), strict=True):
        if not is_seen:
            chars[n] = chars[n]._replace(unseen=True)
    return Plan(Way.RECOGNISE if reason else Way.DIGITAL, reason, look)


def _pictures(page: pymupdf.Page) -> list[_Picture]:
    """The images of a page as far as they are on it."""
    wide, high = page.rect.width, page.rect.height
    flat = (high, wide) if page.rotation in (90, 270) else (wide, high)
    out = []
    for one in page.get_image_info(xrefs=True):
        drawn = Rect(*one["bbox"])
        x0, y0, x1, y1 = turned_box(drawn, page.rotation, *flat)
        box = Rect(max(x0, 0.0), max(y0, 0.0), min(x1, wide), min(y1, high))
        if box.x1 > box.x0 and box.y1 > box.y0:
            opaque = not one.get("has-mask")
            out.append(_Picture(box, drawn, int(one["xref"]), int(one["width"]), int(one["height"]), opaque))
    return out


def _covered(page: pymupdf.Page, chars: list[Char], shown: Sequence[int], pictures: Iterable[_Picture]) -> None:
    """Mark the characters over which a picture is drawn, such as a correction that is stuck on."""
    for picture in pictures:
        x0, y0, x1, y1 = picture.box
        inside = [
            n for n in shown if x0 < (chars[n].x0 + chars[n].x1) / 2 < x1 and y0 < (chars[n].y0 + chars[n].y1) / 2 < y1
        ]
        if picture.opaque and inside and under(page.get_bboxlog(), picture.drawn) > 0:  # type: ignore[no-untyped-call]
            for n in inside:
                chars[n] = chars[n]._replace(covered=True)


def _dark_share(page: pymupdf.Page, xref: int) -> float:
    """Which share of an image is dark; 1 where it cannot be seen by itself."""
    if not xref:
        return 1.0
    pixmap = pymupdf.Pixmap(page.parent, xref)  # type: ignore[no-untyped-call]
    if pixmap.colorspace is None or pixmap.n - pixmap.alpha != 1:
        pixmap = pymupdf.Pixmap(pymupdf.csGRAY, pixmap)  # type: ignore[no-untyped-call]
    grey = np.frombuffer(pixmap.samples_mv, dtype=np.uint8).reshape(pixmap.height, pixmap.stride)
    step = max(1, round((grey.size / 250_000) ** 0.5))
    return float(np.mean(grey[::step, : pixmap.width * pixmap.n : step * pixmap.n] < 128))


def _ink(page: pymupdf.Page) -> Ink:
    area = page.rect.width * page.rect.height or 1.0
    dpi = min(_LOOK_DPI, 72 * (_LOOK_PIXELS / area) ** 0.5)
    pixels = _pixels(page, dpi)
    return Ink(pixels, pixels.shape[1] / (page.rect.width or 1.0))


def _pixels(page: pymupdf.Page, dpi: float) -> np.ndarray[Any, np.dtype[np.uint8]]:
    matrix = pymupdf.Matrix(dpi / 72, dpi / 72)  # type: ignore[no-untyped-call]
    pixmap = page.get_pixmap(matrix=matrix, colorspace=pymupdf.csRGB, alpha=False)
    rows = np.frombuffer(pixmap.samples_mv, dtype=np.uint8).reshape(pixmap.height, pixmap.stride)
    return rows[:, : pixmap.width * 3].reshape(pixmap.height, pixmap.width, 3).copy()


def _boxes(drawn: Drawn, area: float) -> np.ndarray[Any, Any]:
    """The lines and the smaller fills of a page as boxes, with what their strokes are thick."""
    boxes = [(s.start - 1.5, s.at - 1.5, s.end + 1.5, s.at + 1.5) for s in drawn.horizontal]
    boxes += [(s.at - 1.5, s.start - 1.5, s.at + 1.5, s.end + 1.5) for s in drawn.vertical]
    boxes += [(box.x0, box.y0, box.x1, box.y1) for box in drawn.fills if _area(box) < 0.2 * area]
    return np.array(boxes, dtype=float).reshape(-1, 4)


def _turn(chars: Iterable[Char]) -> int:
    """By how much the page must be turned clockwise so that its text is upright; 0 where it is mixed."""
    counts: dict[int, int] = {}
    for char in chars:
        if char.turn != SKEWED and not (char.unseen or char.cut or char.text.isspace()):
            counts[char.turn] = counts.get(char.turn, 0) + 1
    most = max(counts, key=lambda turn: counts[turn], default=0)
    return (360 - most) % 360 if counts and counts[most] > _MOSTLY * sum(counts.values()) else 0


def _turned(drawn: Drawn, turn: int, width: float, height: float) -> Drawn:
    if not turn:
        return drawn._replace(horizontal=sorted(drawn.horizontal))
    horizontal, vertical = [], []
    for s in drawn.horizontal:
        horizontal.append(turned_box(Rect(s.start, s.at, s.end, s.at), turn, width, height))
    for s in drawn.vertical:
        vertical.append(turned_box(Rect(s.at, s.start, s.at, s.end), turn, width, height))
    if turn in (90, 270):
        horizontal, vertical = vertical, horizontal
    return drawn._replace(
        horizontal=sorted(Segment(box.y0, box.x0, box.x1) for box in horizontal),
        vertical=sorted(Segment(box.x0, box.y0, box.y1) for box in vertical),
        fills=[turned_box(box, turn, width, height) for box in drawn.fills],
    )


def _turned_back(
    blocks: Sequence[Table | list[Word]], turn: int, size: tuple[float, float]
) -> list[Table | list[Word]]:
    """The same blocks in the same order with their boxes on the page as shown."""

    def line(words: Iterable[Word]) -> list[Word]:
        return [replace(word, box=turned_box(word.box, turn, *size)) for word in words]

    def cell(one: TableCell) -> TableCell:
        return replace(one, box=turned_box(one.box, turn, *size), lines=[line(words) for words in one.lines])

    return [
        replace(block, box=turned_box(block.box, turn, *size), cells=[cell(one) for one in block.cells])
        if isinstance(block, Table)
        else line(block)
        for block in blocks
    ]


def _doubt_ink(tables: Sequence[Table], unread: Ink) -> None:
    """Doubt the cells in which something is drawn that is no text, and those that hold another table."""
    few = _INK_IN_CELL * (unread.scale * 72 / _LOOK_DPI) ** 2
    for table in tables:
        for cell in table.cells:
            x0, y0, x1, y1 = cell.box
            inner = Rect(x0 + _RIM, y0 + _RIM, x1 - _RIM, y1 - _RIM)
            if inner.x1 <= inner.x0 or inner.y1 <= inner.y0:
                continue
            if any(other is not table and _inside(other.box, cell.box) for other in tables):
                cell.doubts = tuple(sorted({*cell.doubts, "table.nested"}))
                continue
            count = unread.within(inner)
            if few <= count <= _FILLED_CELL * _area(inner) * unread.scale**2:
                cell.doubts = tuple(sorted({*cell.doubts, "ink.unread"}))


def _inside(inner: Rect, outer: Rect) -> bool:
    x, y = (inner.x0 + inner.x1) / 2, (inner.y0 + inner.y1) / 2
    return outer.x0 < x < outer.x1 and outer.y0 < y < outer.y1 and _area(inner) < _area(outer)


def _area(box: Rect) -> float:
    return (box.x1 - box.x0) * (box.y1 - box.y0)
