"""Lines of ink into words: recognised, a second time where it matters, and compared with the ink."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from pipeline.ingest.page import Rect, Word
from pipeline.ingest.scan.ink import Ink, Line, is_slash, is_zero, leans
from pipeline.ingest.scan.recognise import Read, Recogniser
from pipeline.source import Glyph

__all__ = ["DIFFERS", "UNREAD", "UNSURE", "LineReader", "folded"]

_Picture = np.ndarray[Any, np.dtype[np.uint8]]

DIFFERS = "recognition.differs"
"""A second recognition of the same pixels gave something else."""
UNSURE = "recognition.unsure"
"""A character has a low score."""
UNREAD = "ink.unread"
"""There is ink for which no character was recognised."""

_PAPER = 252
_FRAME = 1.3
"""Height of a crop in sizes of a character: right for the model at a fifth less work than a tight one."""
_FRAME_LONG = 1.45
_FRAME_AGAIN = (1.0, 1.6)
"""The same for lines of more than ten characters, where words help the model, and for second recognitions of short
and of long lines: well away from the first, larger for figures, smaller for text."""
_RIM = 0.45
"""White left and right of a line, in sizes of a character; with less the model loses thin characters at the ends."""
_SURE = 0.93
"""Score below which a line of text is recognised a second time."""
_POOR = 0.8
"""Score below which a character of a text is doubted whatever the second recognition says."""
_POOR_FIGURE = 0.7
"""The same for the characters of a figure, which is always recognised twice; high scores clear none."""
_POOR_MARK = 0.45
"""The same for brackets and other marks beside them, which the model is less sure of."""
_ALIKE = re.compile(r"[<>×]|%[0oO]|[0-9][OolI|xX]|[OlI|xX][0-9]|^[Oo|lIVvxX]$")
"""What the model makes of ≥, ‰, 0, 1 and × with good scores; forms hardly ever print it."""
_RIVAL = 0.002
"""Probability of a dash from which on a numeral one is doubted: true ones have up to 0.0012, dashes from 0.005."""
_DASH = (0.05, 0.97)
"""Probability of a dash from which on, and score below which, a numeral one is a dash: true ones score 0.998."""
_NARROW = frozenset("0123456789.,:;-/()|!'abcdefghijklnopqrstuvxyz ")
"""Characters half as wide as a full-width one."""
_DASHES = ("—", "一", "ー", "-", "–", "_")
_SLASHES = ("/", "1", "l", "I", "|", "!", "丿", "J", "L")
_ZEROS = ("0", "O", "o", "〇")
_LOST = 0.25
"""Probability of a character where none was taken, from which on the line is recognised a second time."""


class LineReader:
    """Reads lines of a page's ink.

    `covered` is the mask of where a seal was taken away, `size` the size of a character in pixels. All boxes are in
    pixels of the ink's picture.
    """

    def __init__(self, ink: Ink, covered: _Picture, size: float, recogniser: Recogniser) -> None:
        self._ink, self._covered, self._size, self._recogniser = ink, covered, size, recogniser
        self._own = np.zeros(len(ink.areas), bool)

    def score(self, line: Line) -> float:
        """How well a line can be read: mean score of its characters, only the CJK ones and figures counting."""
        read = self._recogniser.read(self._crop(line, _FRAME))
        scores = [c.score if c.char.isalnum() and (not c.char.isascii() or c.char.isdigit()) else 0.0
                  for c in read.characters if c.char.isalnum()]  # fmt: skip
        return sum(scores) / len(scores) if scores else 0.0

    def read(self, line: Line, *, alone: bool = False) -> tuple[Word | None, tuple[str, ...]]:
        """The word of a line and the doubts about it; no word where nothing was recognised.

        `alone` says that the line is all that stands in its cell: then it may be a figure whatever it looks like.
        """
        first = self._recogniser.read(self._crop(line, _FRAME_LONG if self._long(line) else _FRAME))
        first = self._with_marks(line, first)
        text = first.text.strip()
        doubts: list[str] = []
        if alone and (char := self._by_shape(line, text)):
            box = Rect(float(line.x0), float(line.y0), float(line.x1), float(line.y1))
            return Word(char, box, round(first.score, 4), (Glyph(*box, round(first.score, 4)),)), ()
        if self._differs(line, first, alone) or self._separators_differ(line, first):
            doubts.append(DIFFERS)
        if self._poor(first) or first.rival > _RIVAL or _ALIKE.search(folded(text)) or self._leans(line, text, alone):
            doubts.append(UNSURE)
        if self._amiss(line, first):
            doubts.append(UNREAD)
        if not text:
            return None, (UNREAD,)
        return self._word(line, first, tuple(doubts)), tuple(doubts)

    def _long(self, line: Line) -> bool:
        return line.x1 - line.x0 > 10 * self._size

    def _by_shape(self, line: Line, text: str) -> str:
        """What a lone mark is that the model takes for something else of much the same shape; empty if it is not one.

        The shape only decides between the two: it never overrules the model on anything else.
        """
        if text in _SLASHES and is_slash(self._ink, line, self._size):
            return "/"
        if text in _DASHES and line.y1 - line.y0 <= 0.35 * self._size:
            return "—"
        if text in _ZEROS and is_zero(self._ink, line, self._size):
            again = self._recogniser.read(self._crop(line, _FRAME_AGAIN[0], again=True)).text.strip()
            return "0" if again in _ZEROS else ""
        return ""

    def _with_marks(self, line: Line, read: Read) -> Read:
        """A reading in which a dash is no numeral, the ring of a full stop no nought, a quotation mark no two nines.

        The model takes them for these; a mark's ink is half as high as a figure's. The doubt of a dash stays.
        """
        characters = list(read.characters)
        for n in range(len(characters) - 1, -1, -1):
            char = characters[n].char
            if char == "一" and read.rival > _DASH[0] and characters[n].score < _DASH[1]:
                characters[n] = characters[n]._replace(char="—")
                continue
            nines = char == "9" and n > 0 and characters[n - 1].char == "9"
            before = characters[n - 1 - nines].char if n > nines else ""
            if before.isascii() and before:
                continue
            if char in _ZEROS and self._is_small(line, characters[n].x, low=True):
                characters[n] = characters[n]._replace(char="。")
            elif nines and all(self._is_small(line, characters[m].x, low=False) for m in (n, n - 1)):
                characters[n - 1 : n + 1] = [characters[n]._replace(char="”")]
                break
        return replace(read, characters=tuple(characters))

    def _is_small(self, line: Line, x: float, *, low: bool) -> bool:
        """Is the ink at a place of a line a small mark, at the foot of the line or at its head?"""
        boxes = self._ink.boxes[list(line.pieces)]
        near = np.abs((boxes[:, 0] + boxes[:, 2]) / 2 - self._origin(line) - x) < 0.4 * self._size
        if line.cut or not near.any():
            return False
        if line.y1 - line.y0 <= 0.45 * self._size:
            return True  # a line of its own, where the mark stood alone behind a break
        top, bottom = int(boxes[near, 1].min()), int(boxes[near, 3].max())
        middle = (line.y0 + line.y1) / 2
        return bottom - top <= 0.45 * self._size and (top > middle - 0.1 * self._size if low else bottom < middle + 1)

    def _leans(self, line: Line, text: str, alone: bool) -> bool:
        """May a lone 1 be a slash?"""
        return alone and text in _SLASHES and text != "/" and leans(self._ink, line)

    def _poor(self, read: Read) -> bool:
        """Has one of the characters a score too low for what it is?"""
        for c in read.characters:
            char = unicodedata.normalize("NFKC", c.char)
            least = _POOR_FIGURE if char.isdigit() or char in ".,%-" else _POOR if char.isalpha() else _POOR_MARK
            if c.score < (_POOR_FIGURE if len(read.characters) == 1 and not char.isalpha() else least):
                return True
        return False

    def _differs(self, line: Line, read: Read, alone: bool) -> bool:
        """Does a second recognition differ, where one is due?

        It is due for figures and what may be one, for what lies below a seal, and for middling scores. Of a long line
        that is certain but for its figures only the stretch with the figures is recognised again.
        """
        text = folded(read.text)
        below = self._covered[line.y0 : line.y1, line.x0 : line.x1]
        sealed = bool(below.size) and float((below > 0).mean()) > 0.02
        short = alone and len(text) <= 3 and not (text.isalpha() and not text.isascii() and read.score > 0.98)
        if not text or short or sealed or line.cut or read.score < _SURE or read.lost > _LOST:
            frame = _FRAME_AGAIN[self._long(line)]
            return folded(self._recogniser.read(self._crop(line, frame, again=True)).text) != text
        digits = [n for n, c in enumerate(read.characters) if folded(c.char).isdigit()]
        if not digits:
            return False
        groups = [[digits[0], digits[0]]]
        for n in digits[1:]:
            if read.characters[n].x - read.characters[groups[-1][1]].x > 4 * self._size:
                groups.append([n, n])
            groups[-1][1] = n
        return any(self._stretch_differs(line, read, first, last) for first, last in groups)

    def _stretch_differs(self, line: Line, read: Read, first: int, last: int) -> bool:
        """Does a second recognition of the figures from one character to another, with a neighbour each, differ?"""
        size = self._size
        origin = self._origin(line)
        left, right = origin + read.characters[first].x - 1.8 * size, origin + read.characters[last].x + 1.8 * size
        boxes = self._ink.boxes[list(line.pieces)]
        middles = (boxes[:, 0] + boxes[:, 2]) / 2
        inside = (middles >= left) & (middles <= right)
        if left <= line.x0 + size:
            inside |= middles < left
        if right >= line.x1 - size:
            inside |= middles > right
        own = boxes[inside]
        if not len(own):
            return True
        pieces = tuple(piece for piece, hit in zip(line.pieces, inside, strict=True) if hit)
        stretch = line._replace(pieces=pieces, x0=int(own[:, 0].min()), x1=int(own[:, 2].max()))
        again = folded(self._recogniser.read(self._crop(stretch, _FRAME_AGAIN[0], again=True)).text)
        if len(pieces) == len(line.pieces):
            return again != folded(read.text)
        wanted = folded("".join(c.char for c in read.characters[max(first - 1, 0) : last + 2]))
        return wanted not in again

    def _crop(self, line: Line, frame: float, *, again: bool = False) -> _Picture:
        """A line's pixels with nobody else's ink; `again` as another pair of eyes would have it."""
        height, width = self._ink.labels.shape
        high = max(frame * self._size, (1.04 * frame) * (line.y1 - line.y0))
        if line.cut:
            high = line.y1 - line.y0 + 2.0
        middle = (line.y0 + line.y1) / 2
        rim = round((_RIM if not again else 0.6) * self._size)
        y0, y1 = round(middle - high / 2), round(middle + high / 2)
        x0, x1 = line.x0 - rim, line.x1 + rim
        ry0, ry1, rx0, rx1 = max(y0, 0), min(y1, height), max(x0, 0), min(x1, width)
        part = self._ink.paper[ry0:ry1, rx0:rx1]
        labels = self._ink.labels[ry0:ry1, rx0:rx1]
        own = self._own
        pieces = list(line.pieces)
        own[pieces] = True
        foreign = ~own[labels] & (labels > 0)
        own[pieces] = False
        if foreign.any():
            part = part.copy()
            mine = cv2.dilate(((labels > 0) & ~foreign).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
            part[(cv2.dilate(foreign.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0) & ~mine] = _PAPER
        crop = cv2.copyMakeBorder(
            part, ry0 - y0, y1 - ry1, rx0 - x0, x1 - rx1, cv2.BORDER_CONSTANT, value=(_PAPER,)
        )  # fmt: skip
        if again:
            blurred = cv2.GaussianBlur(crop, (0, 0), 1.2)
            crop = cv2.addWeighted(crop, 1.7, blurred, -0.7, 0)
        return np.asarray(crop, np.uint8)

    def _origin(self, line: Line) -> float:
        return line.x0 - round(_RIM * self._size)

    def _amiss(self, line: Line, read: Read) -> bool:
        """Is there ink in a line without a character for it?

        Ink that hangs together in columns belongs to the character within whose reach its middle lies: half a size for
        a full-width one, 0.3 for a figure or a Latin mark.
        """
        if line.cut:
            return False
        ink = self._ink
        boxes = sorted((int(ink.boxes[piece, 0]), int(ink.boxes[piece, 2])) for piece in line.pieces)
        runs: list[list[int]] = []
        for x0, x1 in boxes:
            if runs and x0 <= runs[-1][1]:
                runs[-1][1] = max(runs[-1][1], x1)
            else:
                runs.append([x0, x1])
        origin = self._origin(line)
        places = [
            (origin + c.x, (0.33 if c.char in _NARROW else 0.62) * max(self._size, 0.9 * (line.y1 - line.y0)))
            for c in read.characters
            if not c.char.isspace()
        ]
        for x0, x1 in runs:
            middle = (x0 + x1) / 2
            if not any(abs(middle - x) <= reach or x0 - 2 <= x <= x1 + 2 for x, reach in places):
                return True
            # What goes on well beyond the last character of it is a stroke, or characters that run together.
            beyond = 0.3 * self._size
            if not all(any(abs(end - x) <= reach + beyond for x, reach in places) for end in (x0, x1)):
                return True
        return False

    def _separators_differ(self, line: Line, read: Read) -> bool:
        """Does the shape of a separator inside a figure say that it is the other one?

        A comma hangs below the feet of the figures, a point stands on them.
        """
        text = [unicodedata.normalize("NFKC", c.char) for c in read.characters]
        boxes = self._ink.boxes[list(line.pieces)]
        size = self._size
        high = boxes[boxes[:, 3] - boxes[:, 1] >= 0.5 * size]
        if line.cut or not len(high):
            return False
        for n in range(1, len(text) - 1):
            if text[n] not in ".," or not (text[n - 1].isdigit() and text[n + 1].isdigit()):
                continue
            x = self._origin(line) + read.characters[n].x
            middles = (boxes[:, 0] + boxes[:, 2]) / 2
            near = np.abs(middles - x) < 0.22 * size
            low = near & (boxes[:, 3] - boxes[:, 1] < 0.42 * size) & (boxes[:, 2] - boxes[:, 0] < 0.35 * size)
            if int(low.sum()) != 1:
                continue
            beside = high[np.argsort(np.abs((high[:, 0] + high[:, 2]) / 2 - x))[:2]]
            hangs = float(boxes[low][0, 3]) - float(np.median(beside[:, 3]))
            if hangs > 0.1 * size + 0.5 if text[n] == "." else hangs < 0.02 * size:
                return True
        return False

    def _word(self, line: Line, read: Read, doubts: tuple[str, ...]) -> Word:
        characters = list(read.characters)
        while characters and characters[0].char.isspace():
            characters.pop(0)
        while characters and characters[-1].char.isspace():
            characters.pop()
        origin = self._origin(line)
        xs = [min(max(origin + c.x, line.x0), line.x1) for c in characters]
        half = 0.5 * self._size
        top, bottom = float(line.y0), float(line.y1)
        glyphs = []
        for n, x in enumerate(xs):
            left = max((xs[n - 1] + x) / 2, x - 1.2 * half) if n else float(line.x0)
            right = min((x + xs[n + 1]) / 2, x + 1.2 * half) if n + 1 < len(xs) else float(line.x1)
            glyphs.append(Glyph(left, top, max(right, left), bottom, round(characters[n].score, 4)))
        text = "".join(c.char for c in characters)
        box = Rect(float(line.x0), top, float(line.x1), bottom)
        return Word(text, box, min(glyph.score for glyph in glyphs), tuple(glyphs), doubts)


def folded(text: str) -> str:
    """Text for comparing two recognitions: without white space and width."""
    return "".join(unicodedata.normalize("NFKC", text).split())
