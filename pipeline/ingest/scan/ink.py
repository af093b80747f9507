"""Ink: what is on the paper once the rulings are taken away, as pieces that hang together."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import cv2
import numpy as np

__all__ = ["Ink", "Line", "is_dash", "is_slash", "is_zero", "leans", "lines_in"]

_Picture = np.ndarray[Any, np.dtype[np.uint8]]
_Numbers = np.ndarray[Any, np.dtype[np.int32]]

_PAPER = 252
_TRACE = 20
"""Grey levels by which a stroke of 0.4 of a character, two pixels wide, is darker than its cell: noise has up to 10."""


@dataclass(slots=True)
class Ink:
    """The pieces of ink of a page: `labels` numbers their pixels from 1; `boxes` has x0, y0, x1, y1 of each and
    `areas` its pixels, entry 0 being the paper. `paper` is the picture with its rulings painted over.
    """

    paper: _Picture
    labels: _Numbers
    boxes: _Numbers
    areas: _Numbers

    @classmethod
    def of(cls, picture: _Picture, rulings: _Picture, size: float) -> Ink:
        """The ink of an evened picture beside its rulings, specks left out."""
        paper = picture.copy()
        paper[rulings > 0] = _PAPER
        soft = cv2.GaussianBlur(paper, (3, 3), 0)
        dark = soft[soft < 180]
        # On a page with hardly any ink the darkest is dirt: its threshold must not follow that up into the noise.
        black = min(float(np.percentile(dark[:: max(1, dark.size // 50_000)], 15)), 120.0) if dark.size else 60.0
        ink = (soft < _PAPER - 0.36 * (_PAPER - black)).astype(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8, ltype=cv2.CV_32S)
        boxes = np.stack([stats[:, 0], stats[:, 1], stats[:, 0] + stats[:, 2], stats[:, 1] + stats[:, 3]], axis=1)
        areas = stats[:, 4].astype(np.int32)
        # A full stop at 7.5 points has nine pixels at 200 dpi; dust has fewer.
        small = areas < max(4.0, 0.007 * size * size)
        small[0] = False
        if small.any():
            labels = np.where(small, 0, np.arange(count))[labels].astype(np.int32)
            areas[small] = 0
        return cls(paper, np.asarray(labels, np.int32), boxes.astype(np.int32), areas)

    def faint(self, x0: float, y0: float, x1: float, y1: float, size: float) -> bool:
        """Is there a trace of ink in a box without any, too faint to be a piece: a hairline dash, a worn figure?"""
        rim = max(3, round(0.2 * size))
        part = self.paper[round(y0) + rim : round(y1) - rim, round(x0) + rim : round(x1) - rim]
        long = max(3, round(0.4 * size))
        if min(part.shape) < long:
            return False
        paper = float(np.median(part))
        return any(
            paper - float(cv2.blur(part, kernel, borderType=cv2.BORDER_REPLICATE).min()) > _TRACE
            for kernel in ((long, 2), (2, long))
        )

    def within(self, x0: float, y0: float, x1: float, y1: float) -> _Numbers:
        """The pieces whose middle lies in a box."""
        cx = (self.boxes[:, 0] + self.boxes[:, 2]) / 2
        cy = (self.boxes[:, 1] + self.boxes[:, 3]) / 2
        inside = (cx >= x0) & (cx < x1) & (cy >= y0) & (cy < y1) & (self.areas > 0)
        inside[0] = False
        return np.flatnonzero(inside).astype(np.int32)


class Line(NamedTuple):
    """A line of text, or a part of one between wide gaps: its pieces of ink and the box around them."""

    pieces: tuple[int, ...]
    x0: int
    y0: int
    x1: int
    y1: int
    cut: bool = False
    """Was it cut out of ink that hangs together with the line above or below?"""


def lines_in(ink: Ink, pieces: _Numbers, size: float, gap: float = 1.6) -> list[list[Line]]:
    """These pieces as lines from top to bottom, each as its parts from left to right.

    Parts are what is further apart than `gap` times the size of a character.
    """
    if not len(pieces):
        return []
    bands = _bands(ink, pieces, size)
    out = []
    for band, cut in bands:
        parts: list[list[int]] = []
        right = -1e9
        for piece in sorted(band, key=lambda piece: int(ink.boxes[piece, 0])):
            if ink.boxes[piece, 0] - right > gap * size:
                parts.append([])
            parts[-1].append(int(piece))
            right = max(right, float(ink.boxes[piece, 2]))
        out.append([_line(ink, part, cut) for part in parts])
    return out


def _line(ink: Ink, pieces: list[int], cut: tuple[int, int] | None) -> Line:
    boxes = ink.boxes[pieces]
    y0, y1 = (int(boxes[:, 1].min()), int(boxes[:, 3].max())) if cut is None else cut
    return Line(tuple(pieces), int(boxes[:, 0].min()), y0, int(boxes[:, 2].max()), y1, cut is not None)


def _bands(ink: Ink, pieces: _Numbers, size: float) -> list[tuple[list[int], tuple[int, int] | None]]:
    """Pieces that overlap in height, as lines; what is too high for one line is cut where it has least ink."""
    order = pieces[np.argsort(ink.boxes[pieces, 1], kind="stable")]
    groups: list[list[int]] = []
    bottom = -(10**9)
    for piece in order:
        if ink.boxes[piece, 1] >= bottom:
            groups.append([])
            bottom = int(ink.boxes[piece, 3])
        groups[-1].append(int(piece))
        bottom = max(bottom, int(ink.boxes[piece, 3]))
    out: list[tuple[list[int], tuple[int, int] | None]] = []
    for group in _mended(ink, groups, size):
        boxes = ink.boxes[group]
        top, bottom = int(boxes[:, 1].min()), int(boxes[:, 3].max())
        heights = boxes[:, 3] - boxes[:, 1]
        own = float(np.clip(np.percentile(heights, 80) * 1.08, 0.8 * size, 3 * size))
        if bottom - top <= 1.55 * own:
            out.append((group, None))
        else:
            out += _cut(ink, group, top, bottom, min(own, 1.4 * size))
    return out


def _mended(ink: Ink, groups: list[list[int]], size: float) -> list[list[int]]:
    """Bands so low that they are a stroke or a dot, joined to the nearer neighbour that leaves one line's height."""
    out = [list(group) for group in groups]

    def extent(group: list[int]) -> tuple[int, int]:
        return int(ink.boxes[group, 1].min()), int(ink.boxes[group, 3].max())

    at = 0
    while at < len(out):
        top, bottom = extent(out[at])
        choices = []
        for other in (at - 1, at + 1):
            if 0 <= other < len(out):
                otop, obottom = extent(out[other])
                together = max(bottom, obottom) - min(top, otop)
                low = min(bottom - top, obottom - otop)
                if together <= 1.15 * size and low < 0.55 * size:
                    choices.append((max(otop - bottom, top - obottom), other))
        if choices:
            other = min(choices)[1]
            out[min(at, other)] += out[max(at, other)]
            del out[max(at, other)]
            at = max(0, min(at, other) - 1)
        else:
            at += 1
    return out


def _cut(
    ink: Ink, group: list[int], top: int, bottom: int, size: float
) -> list[tuple[list[int], tuple[int, int] | None]]:
    """Lines that touch one another, parted at the rows with least ink about one line's height apart."""
    left, right = int(ink.boxes[group, 0].min()), int(ink.boxes[group, 2].max())
    part = np.isin(ink.labels[top:bottom, left:right], group)
    rows = part.sum(axis=1).astype(np.float64)
    cuts = [0]
    while bottom - top - cuts[-1] > 1.55 * size:
        low, high = cuts[-1] + int(0.75 * size), min(cuts[-1] + int(1.5 * size), bottom - top - int(0.4 * size))
        if high <= low:
            break
        cuts.append(low + int(np.argmin(rows[low:high])))
    cuts.append(bottom - top)
    middles = (ink.boxes[group, 1] + ink.boxes[group, 3]) / 2 - top
    out: list[tuple[list[int], tuple[int, int] | None]] = []
    for start, end in pairwise(cuts):
        crossing = (ink.boxes[group, 1] - top < end) & (ink.boxes[group, 3] - top > start)
        own = [piece for piece, hit, y in zip(group, crossing, middles, strict=True) if hit and start <= y < end]
        torn = [piece for piece, hit in zip(group, crossing, strict=True) if hit and piece not in own]
        band = own + [piece for piece in torn if part[start:end].any()]
        if band:
            out.append((band, (top + start, top + end)))
    return out


def is_dash(line: Line, size: float) -> bool:
    """Is the only ink of a cell one level stroke: a dash that says that nothing is to be entered?"""
    width, height = line.x1 - line.x0, line.y1 - line.y0
    return height <= max(0.2 * size, 3) and 0.2 * size <= width <= 3.2 * size and width >= 2.2 * height


def is_slash(ink: Ink, line: Line, size: float) -> bool:
    """Is it one straight stroke that leans to the right by 14 to 50 degrees? The model takes it for a 1."""
    height = line.y1 - line.y0
    if len(line.pieces) != 1 or not 0.5 * size <= height <= 1.5 * size:
        return False
    slope, strayed = _lean(ink, line)
    return 0.25 < slope < 1.2 and strayed < 0.05 * height + 0.6


def leans(ink: Ink, line: Line) -> bool:
    """Does ink lean to the right by 8 degrees or more? An upright 1 never does: its flag is on the left."""
    return line.y1 - line.y0 > 3 and _lean(ink, line)[0] > 0.14


def _lean(ink: Ink, line: Line) -> tuple[float, float]:
    """How many pixels a line's ink goes to the right for one upwards, and how far it strays from a straight line."""
    ys, xs = np.nonzero(np.isin(ink.labels[line.y0 : line.y1, line.x0 : line.x1], line.pieces))
    slope, offset = np.polyfit(ys, xs, 1)
    return -float(slope), float(np.std(xs - (slope * ys + offset)))


def is_zero(ink: Ink, line: Line, size: float) -> bool:
    """Is it one narrow ring, the same upside down and in a mirror? The model takes a lone 0 for the letter O.

    The letter is as wide as it is high.
    """
    width, height = line.x1 - line.x0, line.y1 - line.y0
    if len(line.pieces) != 1 or not (0.5 * size <= height <= size and 0.38 * height <= width <= 0.78 * height):
        return False
    ring = (ink.labels[line.y0 : line.y1, line.x0 : line.x1] == line.pieces[0]).astype(np.uint8)
    around = cv2.copyMakeBorder(ring, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(0,))
    holes, _, stats, _ = cv2.connectedComponentsWithStats(1 - around, connectivity=4)
    if holes != 3 or int(stats[1:, 4].min()) < 0.12 * width * height:
        return False
    wide = cv2.dilate(ring, np.ones((3, 3), np.uint8))
    return all(float((ring & other).sum()) > 0.93 * float(ring.sum()) for other in (wide[::-1], wide[:, ::-1]))
