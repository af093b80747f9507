"""Picture files into frames, one at a time, within limits that are checked before anything is decoded."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from pipeline.errors import DocumentError
from pipeline.ingest.limits import Limits

__all__ = ["FORMATS", "frame", "frame_count"]

FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP")
"""The formats that are decoded, by Pillow's names."""
_NONSENSE = (
    UnidentifiedImageError, OSError, SyntaxError, EOFError, ArithmeticError, AttributeError, LookupError, RuntimeError,
    TypeError, ValueError,
)  # fmt: skip
"""What Pillow's plug-ins raise for headers that make no sense; it is not documented."""
_NEW_SUBFILE_TYPE = 254
_NO_PAGE = 1 | 4
"""Bits of a TIFF's NewSubfileType: a smaller copy of another frame, and a mask."""


def frame_count(data: bytes, limits: Limits) -> int:
    """How many pages a picture file holds; more than one only in a TIFF.

    Raises DocumentError `damaged`, `too_many.pages` or `too_many.pixels`; no pixel is decoded.
    """
    with _opened(data, limits) as image:
        return len(_pages(image, limits))


def frame(data: bytes, index: int, limits: Limits) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The page of that index, from 0, as rows × columns × RGB, the way its EXIF orientation shows it.

    What is transparent becomes white. Raises DocumentError `damaged`, `too_many.pages` or `too_many.pixels`.
    """
    with _opened(data, limits) as image:
        image.seek(_pages(image, limits)[index])
        _check(image, limits)
        shown = ImageOps.exif_transpose(image)
        return np.array(_rgb(shown), dtype=np.uint8)


@contextmanager
def _opened(data: bytes, limits: Limits) -> Iterator[Image.Image]:
    try:
        with warnings.catch_warnings():
            # Pillow warns of large pictures; the limit here is the one that counts.
            warnings.simplefilter("ignore")
            with Image.open(BytesIO(data), formats=FORMATS) as image:
                _check(image, limits)
                yield image
    except DocumentError:
        raise
    except Image.DecompressionBombError:
        raise _too_large(limits) from None
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        TypeError,
        KeyError,
        IndexError,
    ) as error:
        raise _damaged() from error
    except (OverflowError, ZeroDivisionError, AttributeError, RuntimeError) as error:
        # What Pillow's plug-ins raise for headers that make no sense is not documented.
        raise _damaged() from error


def _pages(image: Image.Image, limits: Limits) -> list[int]:
    """The frames of a file that are pages: all but thumbnails and masks, and only the first of an animation."""
    if image.format != "TIFF":
        return [0]
    pages = []
    number = 0
    while True:
        try:
            image.seek(number)
        except EOFError:
            break
        kind = image.tag_v2.get(_NEW_SUBFILE_TYPE, 0)  # type: ignore[attr-defined]
        if not (isinstance(kind, int) and kind & _NO_PAGE):
            pages.append(number)
        number += 1
        if number > limits.pages:
            raise DocumentError(
                "too_many.pages",
                f"the picture file has more than {limits.pages} pages; split it into smaller files and run again",
            )
    return pages or [0]


def _check(image: Image.Image, limits: Limits) -> None:
    width, height = image.size
    if width * height > limits.pixels:
        raise _too_large(limits)
    if width < 1 or height < 1:
        raise _damaged()


def _too_large(limits: Limits) -> DocumentError:
    return DocumentError(
        "too_many.pixels",
        f"the picture has more than {limits.pixels // 1_000_000} million pixels: "
        "save it at a lower resolution, 300 dpi is enough",
    )


def _damaged() -> DocumentError:
    return DocumentError("damaged", "the picture is damaged or cut short; scan it or fetch it again")


def _rgb(image: Image.Image) -> Image.Image:
    """Eight bits of red, green and blue, on white where it is transparent."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        values = np.asarray(image).astype(np.float32)
        top = 65535.0 if values.max(initial=0.0) > 255 else 255.0
        return Image.fromarray(np.clip(values * (255.0 / top), 0, 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        see_through = image.convert("RGBA")
        white = Image.new("RGB", image.size, (255, 255, 255))
        white.paste(see_through, mask=see_through.getchannel("A"))
        return white
    return image.convert("RGB")
