"""A picture drawn in half-blocks, which every terminal has: two pixels make a character, an upper and a lower one.

That is far too coarse for a page or a row. So of the cell that was cut out only what is printed in it is drawn, as
large as there is room: a figure can be read so, a sentence cannot, and is not drawn.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

__all__ = ["Blocks"]

_WALL = 0.7
"""A row or column of pixels with more ink than this share of it is a wall of the table; print has less."""
_BARE = 0.2
"""A row of pixels with less than this share of the ink of the fullest one lies between lines of print."""
_BETWEEN_LINES = 2
"""So many bare rows of pixels may lie within a line of print, in a thin 7 or between the dots of an i."""
_AROUND = 0.2
"""Paper around what is printed, as a share of its height."""
_LEAST_LINE = 8
"""Rows of pixels that a line of print needs to be read."""


class Blocks(Widget):
    """Draws a picture in half-blocks, as large as the width and the height allow."""

    def __init__(self, *, id: str, classes: str) -> None:
        super().__init__(id=id, classes=classes)
        self._png: bytes | None = None
        self._strips: list[Strip] = []
        self._drawn = Size(0, 0)

    def draw(self, png: bytes | None) -> bool:
        """Draw another picture; None for none. Can it be read?"""
        self._png = png
        self._drawn = self.size
        self._strips = _half_blocks(png, self.size) if png is not None else []
        self.refresh()
        return bool(self._strips)

    def render_line(self, y: int) -> Strip:
        """A row of the screen: two rows of pixels."""
        if self._drawn != self.size:
            self.draw(self._png)
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width, self.rich_style)


def _half_blocks(png: bytes, size: Size) -> list[Strip]:
    """What is printed in a picture, as rows of half-blocks; empty where it would be too small to be read."""
    from PIL import Image, ImageOps

    with Image.open(BytesIO(png)) as opened:
        picture = opened.convert("RGB")
    box, lines = _print_of(picture)
    scale = min(size.width / (box[2] - box[0]), 2 * size.height / (box[3] - box[1]))
    if lines and (box[3] - box[1]) * scale / lines < _LEAST_LINE:
        return []
    width, height = max(round((box[2] - box[0]) * scale), 1), max(round((box[3] - box[1]) * scale), 2)
    small = picture.crop(box).resize((width, height - height % 2), Image.Resampling.LANCZOS)
    pixels = ImageOps.autocontrast(small).tobytes()

    def colour(x: int, y: int) -> Color:
        at = (y * width + x) * 3
        return Color.from_rgb(*pixels[at : at + 3])

    return [
        Strip([Segment("▀", Style(color=colour(x, y), bgcolor=colour(x, y + 1))) for x in range(width)], width)
        for y in range(0, small.height, 2)
    ]


def _print_of(picture: Any) -> tuple[tuple[int, int, int, int], int]:
    """Where in the picture of a cell there is print, with some paper around it, and in how many lines."""
    import numpy as np

    grey = np.asarray(picture.convert("L"), dtype=np.int16)
    height, width = grey.shape
    ink = grey < (int(grey.min()) + int(np.median(grey))) // 2
    top, bottom = _between_walls(ink.mean(axis=1) > _WALL)
    left, right = _between_walls(ink.mean(axis=0) > _WALL)
    inside = ink[top:bottom, left:right]
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if int(grey.max()) - int(grey.min()) < 64 or not len(rows):
        return (left, top, right, bottom), 0
    filled = np.flatnonzero(inside.mean(axis=1) > _BARE * inside.mean(axis=1).max())
    lines = 1 + int((np.diff(filled) > _BETWEEN_LINES + 1).sum())
    around = max(2, round((rows[-1] - rows[0]) / lines * _AROUND))
    box = (
        max(left + int(columns[0]) - around, 0),
        max(top + int(rows[0]) - around, 0),
        min(left + int(columns[-1]) + 1 + around, width),
        min(top + int(rows[-1]) + 1 + around, height),
    )
    return box, lines


def _between_walls(walls: Any) -> tuple[int, int]:
    """The stretch around the middle that no wall crosses, half-open, without the blurred edges of the walls."""
    import numpy as np

    middle = len(walls) // 2
    places = np.flatnonzero(walls)
    before, behind = places[places < middle], places[places >= middle]
    first = int(before[-1]) + 3 if len(before) else len(walls) // 12
    last = int(behind[0]) - 2 if len(behind) else len(walls) - len(walls) // 12
    return (first, last) if last - first > 2 else (0, len(walls))
