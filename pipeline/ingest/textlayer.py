"""May the text layer of a PDF page be believed? What it says of itself, and whether the picture of the page agrees.

Reason codes: `text.none` (a picture only), `text.garbled` (characters that are none), `text.invisible` (somebody's OCR
over a picture), `text.disagrees` (text without ink, or ink without text).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.ingest.page import Rect

if TYPE_CHECKING:
    from pipeline.ingest.pdf_text import Char

__all__ = ["Ink", "disagreement", "garbled", "under"]

_Array = np.ndarray[Any, Any]

_STRANGE = 0.02
"""Share of characters that are none from which on the layer is garbage; below, the words concerned are doubted."""
_RARE = 0.35
"""Share of ideographs common in no script: 0.03 in texts with rare names, 0.5 in UTF-8 read as GBK."""
_ENOUGH = 20
"""Characters from which on a share says something."""
_EDGE = 6
"""Levels of grey between two neighbouring pixels that are an edge of something; #e0e0e0 on white has 31."""
_DARK = 150
"""Red levels below this are ink. Red seals have 200 and more."""
_GREY = 215
"""Red levels below this are no paper: the thin lines of a picture that was made smaller are grey."""
_LOST = 0.05
"""Share of characters without ink from which on the layer is not that of this picture."""
_UNREAD = 0.35
"""Ink outside of all text, as a share of the ink under it, from which on a part of the page is a picture."""
_CHARACTER_INK = 36.0
"""Dark pixels of a character of 10.5 points at 96 dpi; 30 such characters are more than a logo with its name."""


class Ink:
    """The picture of a page at low resolution: where it has edges, and where it is dark.

    `pixels` are rows × columns × RGB; `scale` is pixels a point.
    """

    def __init__(self, pixels: _Array, scale: float) -> None:
        self.scale = scale
        red, green, blue = (np.ascontiguousarray(pixels[:, :, n]) for n in range(3))
        self._edges = _summed(_edges(np.minimum(np.minimum(red, green), blue)))
        self._dark = red < _DARK
        self._grey = red < _GREY
        self._taken = np.zeros_like(self._dark)
        self.total = int(np.count_nonzero(self._dark))

    def shows(self, boxes: _Array) -> _Array:
        """For each box of points (rows of x0, y0, x1, y1): is there anything to be seen in it?"""
        return _sums(self._edges, self._pixels(boxes)) > 0

    def outside(self, boxes: _Array) -> Ink:
        """The same picture without what is dark in these boxes."""
        rest = object.__new__(Ink)
        rest.scale, rest._edges, rest._grey = self.scale, self._edges, self._grey
        rest._taken = self._taken.copy()
        for x0, y0, x1, y1 in self._pixels(boxes).tolist():
            rest._taken[y0:y1, x0:x1] = True
        rest._dark = self._dark & ~rest._taken
        rest.total = int(np.count_nonzero(rest._dark))
        return rest

    def within(self, box: Rect) -> int:
        """Dark pixels in a box of points."""
        x0, y0, x1, y1 = (max(0, round(place * self.scale)) for place in box)
        return int(np.count_nonzero(self._dark[y0:y1, x0:x1]))

    def ruled(self, box: Rect) -> bool:
        """Does a part of the picture show a ruled table: three lines and more, both along and across?

        Lines are stretches without paper of 0.3 of the part's width or 0.15 of its height; a photograph has no paper
        between them.
        """
        x0, y0, x1, y1 = (max(0, round(place * self.scale)) for place in box)
        part = self._grey[y0:y1, x0:x1]
        if min(part.shape) < 30:
            return False
        part = part & ~self._taken[y0:y1, x0:x1]
        return _lines(part, 0.3) >= 3 and _lines(part.T, 0.15) >= 3

    def _pixels(self, boxes: _Array) -> _Array:
        height, width = self._dark.shape
        scaled = np.asarray(boxes, dtype=float).reshape(-1, 4) * self.scale
        low = np.floor(scaled[:, :2]).astype(int)
        high = np.ceil(scaled[:, 2:]).astype(int)
        corners = np.concatenate([low, high], axis=1)
        corners[:, 0::2] = np.clip(corners[:, 0::2], 0, width)
        corners[:, 1::2] = np.clip(corners[:, 1::2], 0, height)
        return corners


def garbled(chars: Sequence[str]) -> bool:
    """Is this text garbage: replacement characters, codes without meaning, or one encoding read as another?"""
    count = len(chars)
    if not count:
        return False
    counts: dict[str, int] = {}
    for char in chars:
        counts[char] = counts.get(char, 0) + 1
    strange = sum(n for char, n in counts.items() if _is_strange(char))
    if strange > max(2, _STRANGE * count) or strange * 2 > count:
        return True
    if count < _ENOUGH:
        return False
    western = sum(n for char, n in counts.items() if "\xa1" <= char <= "\xff" and char not in "·×°±§«»÷¥")
    if western > 0.15 * count:
        return True
    signs = sum(n for char, n in counts.items() if "!" <= char < "\x7f" and not char.isalnum())
    if signs > 0.6 * count:
        return True
    ideographs = sum(n for char, n in counts.items() if "\u3400" <= char <= "\u9fff")
    rare = sum(n for char, n in counts.items() if "\u3400" <= char <= "\u9fff" and not _is_common(char))
    return ideographs >= _ENOUGH and rare > _RARE * ideographs


def disagreement(chars: Sequence[Char], ink: Ink, drawn: _Array, pictures: Iterable[Rect]) -> tuple[_Array, Ink, str]:
    """Compare text with the picture of its page.

    `chars` are those that are meant to be seen, white space not among them; `drawn` the boxes of lines and fills (rows
    of x0, y0, x1, y1), `pictures` those of the images on the page. Gives which characters can be seen, the picture
    without all text, and a reason code or nothing.
    """
    boxes = np.array([(c.x0, c.y0, c.x1, c.y1) for c in chars], dtype=float).reshape(-1, 4)
    narrow = 0.05 * (boxes[:, 2] - boxes[:, 0])
    inner = boxes + np.stack([narrow, np.zeros_like(narrow), -narrow, np.zeros_like(narrow)], axis=1)
    seen = ink.shows(inner)
    lost = int((~seen).sum())
    unread = ink.outside(_padded(boxes[seen]))
    if lost > max(3.0, _LOST * len(chars)):
        return seen, unread, "text.disagrees"
    rest = unread.outside(drawn)
    characters = rest.total * (96 / 72 / ink.scale) ** 2 / _CHARACTER_INK
    if characters > 30 and rest.total > _UNREAD * (ink.total - unread.total):
        return seen, unread, "text.disagrees"
    if any(rest.ruled(box) for box in pictures):
        return seen, unread, "text.disagrees"
    return seen, unread, ""


def under(log: Sequence[tuple[str, Sequence[float]]], picture: Rect) -> float:
    """Which share of the steps of drawing text in the place of a picture comes before the picture.

    `log` are the page's drawing steps with their boxes; `picture` is a box like those.
    """
    drawn = [n for n, (kind, box) in enumerate(log) if kind == "fill-image" and _same(box, picture)]
    texts = [n for n, (kind, box) in enumerate(log) if kind.endswith("-text") and _meet(box, picture)]
    if not drawn or not texts:
        return 0.0
    return sum(n < drawn[-1] for n in texts) / len(texts)


def _padded(boxes: _Array) -> _Array:
    """Boxes with room for what reaches out of an em box: descenders, underlines, slanted letters."""
    size = boxes[:, 3] - boxes[:, 1]
    return np.stack(
        [
            boxes[:, 0] - 0.1 * size - 0.5,
            boxes[:, 1] - 0.1 * size,
            boxes[:, 2] + 0.1 * size + 0.5,
            boxes[:, 3] + 0.2 * size,
        ],
        axis=1,
    )


def _same(box: Sequence[float], other: Rect) -> bool:
    return all(abs(a - b) < 1.0 for a, b in zip(box, other, strict=True))


def _meet(box: Sequence[float], other: Rect) -> bool:
    return min(box[2], other.x1) > max(box[0], other.x0) and min(box[3], other.y1) > max(box[1], other.y0)


def _edges(grey: _Array) -> _Array:
    """Where a pixel differs from the one before it, along or across."""
    edges = np.zeros(grey.shape, dtype=bool)
    left, right, upper, lower = grey[:, :-1], grey[:, 1:], grey[:-1], grey[1:]
    edges[:, 1:] = np.maximum(left, right) - np.minimum(left, right) > _EDGE
    edges[1:] |= np.maximum(upper, lower) - np.minimum(upper, lower) > _EDGE
    return edges


def _summed(flags: _Array) -> _Array:
    out = np.zeros((flags.shape[0] + 1, flags.shape[1] + 1), dtype=np.int32)
    np.cumsum(flags, axis=0, dtype=np.int32, out=out[1:, 1:])
    np.cumsum(out[1:, 1:], axis=1, out=out[1:, 1:])
    return out


def _sums(table: _Array, corners: _Array) -> _Array:
    x0, y0, x1, y1 = corners.T
    x1, y1 = np.maximum(x0, x1), np.maximum(y0, y1)
    sums: _Array = table[y1, x1] - table[y0, x1] - table[y1, x0] + table[y0, x0]
    return sums


def _lines(flags: _Array, share: float) -> int:
    """In how many separate stretches of rows a stretch of that share of the width is set."""
    length = int(share * flags.shape[1])
    sums = np.cumsum(np.pad(flags, ((0, 0), (1, 0))), axis=1, dtype=np.int32)
    rows = ((sums[:, length:] - sums[:, :-length]) == length).any(axis=1)
    return int(np.count_nonzero(rows[1:] & ~rows[:-1])) + int(rows[0])


def _is_strange(char: str) -> bool:
    """Is it no character: unknown, for private use, a control or an unassigned code?"""
    return char == "\ufffd" or unicodedata.category(char) in ("Co", "Cn", "Cs", "Cc")


def _is_common(char: str) -> bool:
    """Is an ideograph of the first level, the common ones, of the simplified or of the traditional standard?"""
    for encoding, first, last in (("gb2312", 0xB0, 0xD7), ("big5", 0xA4, 0xC6)):
        try:
            if first <= char.encode(encoding)[0] <= last:
                return True
        except UnicodeEncodeError:
            pass
    return False
