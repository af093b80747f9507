"""Pictures cut out of pages: what a person is shown beside a value that is asked about.

The files are untrusted, so this belongs into a process of its own wherever it is called for many of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import DocumentError
from pipeline.ingest.limits import Limits
from pipeline.source import Box

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["MARGIN", "cut", "hull"]

MARGIN = 0.15
"""Share of the smaller side of what is cut out that is shown around it, so that its walls can be seen."""
_LEAST_MARGIN = 4.0
"""Points; pixels for pictures."""
_MOST_PIXELS = 16_000_000
"""A cut is on a screen; A4 at 300 dpi has 8.7 million pixels."""
_FRAME = (214, 40, 40)
_QUARTERS = (0, 90, 180, 270)


def hull(boxes: Sequence[Box]) -> Box:
    """The smallest box around these, all of one unit."""
    if not boxes or len({box.unit for box in boxes}) > 1:
        raise ValueError("a hull is that of boxes in one unit")
    return Box(
        min(box.x0 for box in boxes),
        min(box.y0 for box in boxes),
        max(box.x1 for box in boxes),
        max(box.y1 for box in boxes),
        boxes[0].unit,
    )


def cut(
    source: Path | bytes,
    page: int,
    box: Box | Sequence[Box],
    *,
    turn: int = 0,
    margin: float = MARGIN,
    dpi: float = 150,
    frame: Box | None = None,
) -> bytes:
    """A part of a page as PNG: a box, or the hull of several, with some of what is around it.

    `source` is a PDF or a picture file, or its bytes; `page` counts from 1. Boxes are those of the page as shown,
    before it is turned clockwise by `turn` degrees; those in points are drawn at `dpi`. `margin` is a share of the
    smaller side. Around `frame` a thin line is drawn, outside of what it holds.

    Raises DocumentError: `no_pictures` for a format without pages, `page.missing`, `page.failed`, and what opening the
    file raises.
    """
    if turn not in _QUARTERS:
        raise ValueError("a page is turned by quarters")
    wanted = box if isinstance(box, Box) else hull(list(box))
    if wanted.unit == "cells":
        raise DocumentError("no_pictures", "this format has no pages that could be shown; open the document itself")
    data = source if isinstance(source, bytes) else _bytes(source)
    around = max(margin * min(wanted.x1 - wanted.x0, wanted.y1 - wanted.y0), _LEAST_MARGIN)
    area = Box(wanted.x0 - around, wanted.y0 - around, wanted.x1 + around, wanted.y1 + around, wanted.unit)
    if b"%PDF-" in data[:1024]:
        picture, origin, scale = _of_pdf(data, page, area, dpi)
    else:
        picture, origin, scale = _of_picture(data, page, area, dpi)
    if frame is not None:
        _draw_frame(picture, frame, origin, scale)
    if turn:
        from PIL.Image import Transpose

        how = {90: Transpose.ROTATE_270, 180: Transpose.ROTATE_180, 270: Transpose.ROTATE_90}[turn]
        picture = picture.transpose(how)
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _bytes(path: Path) -> bytes:
    limit = Limits().file_bytes
    try:
        if path.stat().st_size > limit:
            raise DocumentError("too_many.file_bytes", f"{path} is larger than {limit // 2**20} MiB: split it")
        return path.read_bytes()
    except OSError as error:
        raise DocumentError("unreadable", f"{path} cannot be read: {error.strerror or error}") from error


def _of_pdf(data: bytes, page: int, area: Box, dpi: float) -> tuple[Image, tuple[float, float], float]:
    """The area of a PDF page: the picture, where its corner is on the page, and pixels a unit."""
    import pymupdf
    from PIL import Image

    from pipeline.ingest.pdf import FAILURES, open_pdf

    document = open_pdf(data, Limits())
    if not 1 <= page <= document.page_count:
        raise _missing(page)
    try:
        sheet = document[page - 1]
        x0, y0, x1, y1 = _on_page(area, sheet.rect.width, sheet.rect.height)
        scale = min(dpi / 72, (_MOST_PIXELS / ((x1 - x0) * (y1 - y0))) ** 0.5)
        library: Any = pymupdf
        pixmap = sheet.get_pixmap(
            matrix=library.Matrix(scale, scale),
            clip=library.Rect(x0, y0, x1, y1),
            colorspace=library.csRGB,
            alpha=False,
        )
    except FAILURES as error:
        raise DocumentError(
            "page.failed", f"page {page} of the PDF cannot be drawn; open the document itself"
        ) from error
    picture = Image.frombytes("RGB", (pixmap.width, pixmap.height), bytes(pixmap.samples))
    return picture, (pixmap.x / scale, pixmap.y / scale), scale


def _of_picture(data: bytes, page: int, area: Box, dpi: float) -> tuple[Image, tuple[float, float], float]:
    """The same of a picture file; boxes in points are those of a picture whose pixels are points of that `dpi`."""
    from PIL import Image

    from pipeline.ingest.scan.picture import FORMATS, frame, frame_count

    if not _is_picture(data, FORMATS):
        raise DocumentError("no_pictures", "this format has no pages that could be shown; open the document itself")
    if not 1 <= page <= frame_count(data, Limits()):
        raise _missing(page)
    pixels = frame(data, page - 1, Limits())
    height, width = pixels.shape[:2]
    unit = dpi / 72 if area.unit == "points" else 1.0
    x0, y0, x1, y1 = (round(place * unit) for place in _on_page(area, width / unit, height / unit))
    picture = Image.fromarray(pixels[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)])
    scale = min(1.0, (_MOST_PIXELS / (picture.width * picture.height)) ** 0.5)
    if scale < 1:
        picture = picture.resize((max(1, int(picture.width * scale)), max(1, int(picture.height * scale))))
    return picture, (x0 / unit, y0 / unit), scale * unit


def _is_picture(data: bytes, formats: tuple[str, ...]) -> bool:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(BytesIO(data), formats=formats):
            return True
    except UnidentifiedImageError:
        return False
    except Exception:
        return True  # a picture, but a damaged one: opening it in earnest says what is wrong


def _on_page(area: Box, width: float, height: float) -> tuple[float, float, float, float]:
    """The area as far as it is on the page; raises DocumentError where it is not."""
    x0, y0, x1, y1 = max(area.x0, 0.0), max(area.y0, 0.0), min(area.x1, width), min(area.y1, height)
    if not (x1 - x0 > 0 and y1 - y0 > 0):
        raise DocumentError("page.missing", "the place is not on the page; the file has changed since it was read")
    return x0, y0, x1, y1


def _draw_frame(picture: Image, frame: Box, origin: tuple[float, float], scale: float) -> None:
    from PIL import ImageDraw

    pen = max(2, round(min(picture.size) / 150))
    box = (
        (frame.x0 - origin[0]) * scale - pen,
        (frame.y0 - origin[1]) * scale - pen,
        (frame.x1 - origin[0]) * scale + pen,
        (frame.y1 - origin[1]) * scale + pen,
    )
    if box[2] > box[0] and box[3] > box[1]:
        ImageDraw.Draw(picture).rectangle(box, outline=_FRAME, width=pen)


def _missing(page: int) -> DocumentError:
    return DocumentError("page.missing", f"the document has no page {page}: it has changed since it was read")
