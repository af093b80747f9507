"""Making a picture straight: even light, the skew of a scanner, the perspective of a telephone.

Everything is found from the rulings, which are many and long; a page without any is straightened by its lines of text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

__all__ = ["Straightened", "even", "straighten", "text_size"]

_Picture = np.ndarray[Any, np.dtype[np.uint8]]
_Points = np.ndarray[Any, np.dtype[np.float64]]

_STEEPEST = 14.0
"""Degrees by which a ruling may lean before it is none: a telephone held badly, not a diagonal."""
_WORTH_IT = 0.8
"""Pixels by which a corner must move before the picture is resampled, which costs sharpness."""
_DARKEST = 50
"""Paper is never darker than this; below it an even black is a black border, not a shadow."""


@dataclass(frozen=True, slots=True)
class Straightened:
    """How a straightened picture lies over the one it was made from: `forth` is the 3 × 3 matrix from old to new."""

    forth: _Points
    width: int
    height: int

    def back(self, points: _Points) -> _Points:
        """Points (n × 2) of the straightened picture in the old one."""
        shaped = np.asarray(points, np.float64).reshape(-1, 1, 2)
        return np.asarray(cv2.perspectiveTransform(shaped, np.linalg.inv(self.forth)), np.float64).reshape(-1, 2)

    def warp(self, picture: _Picture, fill: int) -> _Picture:
        """The picture straightened; what lies outside the old one is `fill`."""
        if np.array_equal(self.forth, np.eye(3)):
            return picture
        return np.asarray(
            cv2.warpPerspective(
                picture,
                self.forth,
                (self.width, self.height),
                flags=cv2.INTER_CUBIC,
                borderMode=cv2.BORDER_CONSTANT,
                borderValue=(fill,),
            ),
            np.uint8,
        )


def even(grey: _Picture) -> _Picture:
    """A grey picture divided by its paper, so that paper is nearly white everywhere, shadows and all."""
    height, width = grey.shape
    small = cv2.resize(grey, (max(width // 8, 1), max(height // 8, 1)), interpolation=cv2.INTER_AREA)
    # What is dark over less than 13 mm is ink, what is dark over more is a shadow, or no paper at all.
    paper = cv2.blur(cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((13, 13), np.uint8)), (5, 5))
    paper = cv2.resize(np.maximum(paper, _DARKEST), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.divide(grey, paper, scale=252), np.uint8)


def text_size(picture: _Picture) -> float:
    """About how high the characters of an evened picture are, in pixels; 0 where there is nothing like text."""
    ink = (cv2.GaussianBlur(picture, (3, 3), 0) < 190).astype(np.uint8)
    # Thin strokes fall apart; a pixel more on every side joins them. Only heights count: neighbours may join, too.
    count, _, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(ink, np.ones((3, 3), np.uint8)), connectivity=8)
    width, height, area = stats[1:count, 2], stats[1:count, 3], stats[1:count, 4]
    fits = (height >= 8) & (height < 260) & (width < 6 * height) & (height < 3 * width) & (area * 8 > width * height)
    sizes = height[fits].astype(np.float64) - 2
    if sizes.size < 8:
        return 0.0
    # Many components are parts of characters; the higher ones are whole, 0.9 of the size, or figures, 0.75 of it.
    return float(np.percentile(sizes, 80)) * 1.02


def straighten(picture: _Picture) -> Straightened:
    """How to straighten an evened picture that is upright, on its head or on its side."""
    height, width = picture.shape
    level, plumb = _segments(picture)
    enough = 0.35 * min(width, height)
    matrix: _Points | None = None
    if _total(level) >= enough and _total(plumb) >= enough and min(len(level), len(plumb)) >= 4:
        matrix = _fitted(level, plumb, width, height)
    else:
        longer, upright = (level, False) if _total(level) >= _total(plumb) else (plumb, True)
        angle = _slope(longer, upright) if _total(longer) >= enough else _text_slope(picture)
        matrix = _turning(angle, width, height)
    return _placed(matrix, width, height)


def _segments(picture: _Picture) -> tuple[_Points, _Points]:
    """Long straight edges as rows of x0, y0, x1, y1: those that are nearly level and those that are nearly plumb."""
    factor = 0.5 if min(picture.shape) > 900 else 1.0
    small = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA) if factor < 1 else picture
    detector = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD, 0.8)
    found: Any = detector.detect(small)[0]
    empty = np.zeros((0, 4))
    if found is None:
        return empty, empty
    lines = np.asarray(found, np.float64).reshape(-1, 4) / factor
    dx, dy = lines[:, 2] - lines[:, 0], lines[:, 3] - lines[:, 1]
    long = np.hypot(dx, dy) >= max(60.0, min(picture.shape) / 28)
    steep = np.tan(np.radians(_STEEPEST))
    return lines[long & (np.abs(dy) <= steep * np.abs(dx))], lines[long & (np.abs(dx) <= steep * np.abs(dy))]


def _total(lines: _Points) -> float:
    return float(np.hypot(lines[:, 2] - lines[:, 0], lines[:, 3] - lines[:, 1]).sum())


def _slope(lines: _Points, upright: bool) -> float:
    """The slope that most of the length of these lines has; positive when a level line falls to the right."""
    dx, dy = lines[:, 2] - lines[:, 0], lines[:, 3] - lines[:, 1]
    slopes = -dx / dy if upright else dy / dx
    order = np.argsort(slopes)
    weight = np.hypot(dx, dy)[order].cumsum()
    return float(slopes[order][np.searchsorted(weight, weight[-1] / 2)])


def _text_slope(picture: _Picture) -> float:
    """The slope of lines of text: at the right one, rows of pixels are either full of ink or empty."""
    factor = min(1.0, 700.0 / max(picture.shape))
    small = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    ink = (small < 170).astype(np.uint8)
    if int(ink.sum()) < 50:
        return 0.0
    best = (0.0, -1.0, False)
    for upright in (False, True):
        page = np.ascontiguousarray(ink.T) if upright else ink

        def sharpness(degrees: float, page: _Picture = page) -> float:
            matrix = cv2.getRotationMatrix2D((page.shape[1] / 2, page.shape[0] / 2), degrees, 1.0)
            rows = cv2.warpAffine(page, matrix, (page.shape[1], page.shape[0])).sum(axis=1, dtype=np.float64)
            return float(np.square(np.diff(rows)).sum())

        coarse = max(np.arange(-5.0, 5.01, 0.5), key=sharpness)
        fine = float(max(np.arange(coarse - 0.4, coarse + 0.41, 0.1), key=sharpness))
        value = sharpness(fine)
        if value > best[1]:
            best = (fine, value, upright)
    slope = float(np.tan(np.radians(best[0])))
    return -slope if best[2] else slope


def _turning(slope: float, width: int, height: int) -> _Points:
    degrees = float(np.degrees(np.arctan(slope)))
    matrix = np.eye(3)
    matrix[:2] = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return matrix


def _fitted(level: _Points, plumb: _Points, width: int, height: int) -> _Points:
    """The homography under which level lines become level and plumb ones plumb, robust against lines that are neither.

    Four numbers: the slopes of the two families at the middle, and the two of perspective.
    """
    size = max(width, height) / 2
    middle = np.array([width / 2, height / 2, width / 2, height / 2])
    a, b = (level - middle) / size, (plumb - middle) / size
    theta = np.array([_slope(plumb, True), -_slope(level, False), 0.0, 0.0])
    lengths = np.concatenate([np.hypot(*(lines[:, 2:] - lines[:, :2]).T) for lines in (a, b)])

    def misfit(values: _Points) -> _Points:
        u = _moved(values, a)
        v = _moved(values, b)
        return np.concatenate([(u[3] - u[1]) / (u[2] - u[0]), (v[2] - v[0]) / (v[3] - v[1])])

    for _ in range(12):
        errors = misfit(theta)
        # A degree off is already another line's; the weight of a segment is its length.
        weights = lengths / (1 + np.square(errors / 0.006))
        jacobian = np.stack([(misfit(theta + step) - errors) / 1e-5 for step in np.eye(4) * 1e-5], axis=1)
        normal = jacobian.T @ (jacobian * weights[:, None]) + np.diag([1e-6, 1e-6, 2e-3, 2e-3])
        theta = theta - np.linalg.solve(normal, jacobian.T @ (errors * weights) + np.array([0, 0, 2e-3, 2e-3]) * theta)
    if not np.all(np.isfinite(theta)) or np.abs(theta[2:]).max() > 0.4 or np.abs(theta[:2]).max() > 0.4:
        return _turning(_slope(level, False), width, height)
    norm = np.array([[1 / size, 0, -middle[0] / size], [0, 1 / size, -middle[1] / size], [0, 0, 1]])
    core = np.array([[1, theta[0], 0], [theta[1], 1, 0], [theta[2], theta[3], 1]])
    return np.asarray(np.linalg.inv(norm) @ core @ norm, np.float64)


def _moved(theta: _Points, lines: _Points) -> tuple[_Points, _Points, _Points, _Points]:
    out = []
    for at in (0, 2):
        x, y = lines[:, at], lines[:, at + 1]
        w = 1 + theta[2] * x + theta[3] * y
        out += [(x + theta[0] * y) / w, (theta[1] * x + y) / w]
    return out[0], out[1], out[2], out[3]


def _placed(matrix: _Points, width: int, height: int) -> Straightened:
    """The matrix moved so that the whole picture is in the new one; none at all where it would move nothing."""
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)
    moved = cv2.perspectiveTransform(corners.reshape(-1, 1, 2), matrix).reshape(-1, 2)
    if float(np.abs(moved - corners).max()) < _WORTH_IT:
        return Straightened(np.eye(3), width, height)
    low, high = moved.min(axis=0), moved.max(axis=0)
    size = np.minimum(np.ceil(high - low), np.array([width, height]) * 1.5).astype(int)
    shift = np.array([[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1]])
    return Straightened(np.asarray(shift @ matrix, np.float64), int(size[0]), int(size[1]))
