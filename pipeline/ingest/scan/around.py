"""The text outside the tables of a page, or all of it on a page without any."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from pipeline.ingest.page import Rect, Word
from pipeline.ingest.scan.ink import Ink, Line, lines_in
from pipeline.ingest.scan.words import LineReader

__all__ = ["free_lines", "lines_around"]

_MOST_LINES = 300
"""Lines outside tables that are read on one page; a photograph of something else has thousands of pieces."""
_POOR = 0.5
"""Mean score below which what was recognised outside a table is no text but dirt, a picture or part of a seal."""
_POOR_MARK = 0.8


def lines_around(ink: Ink, tables: Sequence[Rect], size: float, reader: LineReader) -> list[Word]:
    """The words that stand outside these boxes, in no particular order."""
    words = []
    for line in free_lines(ink, tables, size)[:_MOST_LINES]:
        word, _ = reader.read(line)
        if word is not None and _is_text(word):
            words.append(word)
    return words


def _is_text(word: Word) -> bool:
    """Is it more than dirt read as text? A few Latin letters and marks must be read well, and so must anything."""
    score = sum(glyph.score for glyph in word.glyphs) / len(word.glyphs)
    says = any(char.isalnum() and (char.isdigit() or not char.isascii()) for char in word.text)
    return score >= (_POOR if says and len(word.text) > 2 else _POOR_MARK)


def free_lines(ink: Ink, tables: Sequence[Rect], size: float) -> list[Line]:
    """Pieces of ink outside the tables as lines: neighbours of about one height, one beside the other."""
    boxes = ink.boxes
    cx, cy = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    free = ink.areas > 0
    free[0] = False
    for box in tables:
        free &= ~((cx >= box.x0) & (cx <= box.x1) & (cy >= box.y0) & (cy <= box.y1))
    free &= (boxes[:, 3] - boxes[:, 1] <= 4 * size) & (boxes[:, 2] - boxes[:, 0] <= 12 * size)
    pieces = np.flatnonzero(free)
    if not len(pieces):
        return []
    # Half the resolution is enough to see what stands beside what.
    text = cv2.resize(free[ink.labels].astype(np.uint8), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    text = cv2.morphologyEx((text > 0).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((1, max(3, round(0.8 * size)))))
    count, groups = cv2.connectedComponents(text, connectivity=8, ltype=cv2.CV_32S)
    home = np.zeros(len(pieces), np.int32)
    for n, piece in enumerate(pieces):
        x0, y0, x1, y1 = (int(v) // 2 for v in boxes[piece])
        inside = groups[y0 : y1 + 1, x0 : x1 + 1]
        home[n] = inside.max(initial=0)
    out: list[Line] = []
    for group in range(1, count):
        own = pieces[home == group].astype(np.int32)
        if len(own):
            out += [part for line in lines_in(ink, own, size) for part in line]
    return sorted((line for line in out if _may_be_text(ink, line, size)), key=lambda line: (line.y0, line.x0))


def _may_be_text(ink: Ink, line: Line, size: float) -> bool:
    """Is a line as high as one, more than a speck, and no edge of the sheet?"""
    width, height = line.x1 - line.x0, line.y1 - line.y0
    if height > 1.4 * size and width < 0.4 * height:
        return False
    return height >= 0.12 * size and int(ink.areas[list(line.pieces)].sum()) >= 0.03 * size * size
