"""Ruling lines in pixels: thin, long, darker than what is on both sides of them, and joined to one another."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import cv2
import numpy as np

from pipeline.ingest.rulings import Segment

__all__ = ["Rulings", "rulings"]

_Picture = np.ndarray[Any, np.dtype[np.uint8]]

_FAINT = 18
"""Grey levels by which a ruling is darker than both sides after smoothing along it: a tenth of black."""
_NEAR_END = 0.45
"""In characters, the stretch at each end of a short run in which it is looked for a gap, the ruling there included."""
_END_GAP = 0.05
"""In characters, the longest gap between a wall and the ruling it ends at; text keeps 0.1 and more away."""
_STROKE = (0.25, 1.6)
"""In characters, how long a stroke can be that is taken for the end of a ruling."""
_OVERSHOOT = 1.2
"""In characters, how far a run may go on beyond the ruling it ends at."""
_LEAN = 60
"""Pixels by which a ruling leans or bends at most, up and down of its middle."""
_DARK = 150
"""Grey level below which an evened pixel is ink."""


class Rulings(NamedTuple):
    """The rulings of a straightened picture in its pixels, and a mask (255) of the pixels that are theirs."""

    horizontal: list[Segment]
    vertical: list[Segment]
    mask: _Picture


class _Run(NamedTuple):
    """A piece of a ruling: where it lies, and its label in the components it was found among."""

    at: float
    start: float
    end: float
    label: int


def rulings(picture: _Picture, size: float) -> Rulings:
    """The rulings of an evened, straightened picture whose characters are about `size` pixels high."""
    across, level_labels = _runs(picture, size)
    down, plumb_labels = _runs(np.ascontiguousarray(picture.T), size)
    across, down = _joined_up(across, down, size, picture)
    mask = _painted(level_labels, across)
    mask |= _painted(plumb_labels, down).T
    return Rulings(
        [Segment(run.at, run.start, run.end) for run in across],
        [Segment(run.at, run.start, run.end) for run in down],
        mask,
    )


def _runs(picture: _Picture, size: float) -> tuple[list[_Run], Any]:
    """Level runs that look like rulings, and the components they are; for upright ones hand in the transpose."""
    reach = max(4, round(0.22 * size))
    along = max(5, round(0.45 * size)) | 1
    # Smoothing along the ruling brings faint and dashed ones out of the noise; its sides must be lighter, both of them.
    soft = cv2.blur(picture, (along, 1), borderType=cv2.BORDER_REPLICATE)
    above = np.full_like(soft, 255)
    below = np.full_like(soft, 255)
    above[reach:] = soft[:-reach]
    below[:-reach] = soft[reach:]
    depth = cv2.subtract(np.minimum(above, below), soft)
    thin = (depth > _FAINT).astype(np.uint8)
    # A ruling that leans by a pixel in thirty is still one run.
    thick = cv2.dilate(thin, np.ones((3, 1), np.uint8))
    # No stroke of a character is as long as this, with what the smoothing added to it.
    length = max(14, round(1.15 * size) + along // 2)
    opened = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    count, labels, stats, middles = cv2.connectedComponentsWithStats(opened, connectivity=8, ltype=cv2.CV_32S)
    found = []
    for label in range(1, count):
        x, y, width, height, area = (int(value) for value in stats[label])
        if area > 0.45 * size * width or height > max(0.7 * size, 0.04 * width):
            continue
        run = _Run(float(middles[label][1]), float(x), float(x + width), label)
        run = _trimmed(picture, run, size)
        if run.end - run.start >= length and _alone(picture, labels, run, (y, height), reach):
            found.append(run)
    return found, labels


def _trimmed(picture: _Picture, run: _Run, size: float) -> _Run:
    """A run without a stroke at its end that the smoothing has bridged a gap to: text in the row beyond the ruling."""
    light = _light(picture, run.at, run.start, run.end - 1)
    gap = max(_END_GAP * size, 1.0)
    start, end = run.start, run.end
    for backwards in (False, True):
        edges = np.flatnonzero(np.diff(np.concatenate([[1], light[:: -1 if backwards else 1].astype(np.int8), [1]])))
        dark = list(zip(edges[::2], edges[1::2], strict=True))  # stretches of ink, from this end
        if len(dark) < 2 or dark[1][0] - dark[0][1] <= gap:
            continue
        # A dash of a dashed ruling is shorter than a stroke that could be taken for a wall.
        if _STROKE[0] * size <= dark[0][1] - dark[0][0] <= _STROKE[1] * size:
            if backwards:
                end -= float(dark[1][0])
            else:
                start += float(dark[1][0])
    return run._replace(start=start, end=end)


def _alone(picture: _Picture, labels: Any, run: _Run, rows: tuple[int, int], reach: int) -> bool:
    """Is a run dark along its length and paper beside it? Strokes of a line of text in a row are not."""
    first, height = rows
    part = labels[first : first + height, int(run.start) : int(run.end)] == run.label
    columns = part.any(axis=0)
    if not columns.any():
        return False
    centre = first + np.round(
        (part * np.arange(height)[:, None]).sum(axis=0)[columns] / part.sum(axis=0)[columns]
    ).astype(int)
    xs = np.arange(int(run.start), int(run.end))[columns]
    last = picture.shape[0] - 1
    near = np.stack([picture[np.clip(centre + d, 0, last), xs] for d in (-1, 0, 1)]).min(axis=0)
    sides = [
        np.stack([picture[np.clip(centre + sign * (reach + d), 0, last), xs] for d in (0, 2)]).min(axis=0)
        for sign in (-1, 1)
    ]
    inked = [float((side < _DARK).mean()) for side in sides]
    level = 0.6 * float(np.median(np.maximum(sides[0], sides[1]))) + 0.4 * float(np.median(near))
    covered = float((near < level).mean())
    if covered >= 0.85:
        return min(inked) < 0.3
    return covered >= 0.4 and max(inked) < 0.12


def _joined_up(across: list[_Run], down: list[_Run], size: float, picture: _Picture) -> tuple[list[_Run], list[_Run]]:
    """The longest runs, and those that end at others on both sides: walls, not strokes of text."""
    kept: tuple[list[_Run], list[_Run]] = ([], [])
    rest: tuple[list[_Run], list[_Run]] = ([], [])
    for own, runs in enumerate((across, down)):
        longest = max((run.end - run.start for run in runs), default=0.0)
        # Strokes of a line of text may fall in a row for a few characters; nothing in text is upright for long.
        sure = min(0.5 * longest, (10 * size, 4 * size)[own])
        for chain in _chains(runs, size):
            seed = sum(run.end - run.start for run in chain) >= max(sure, 3 * size)
            (kept if seed else rest)[own].extend(chain)
    changed = True
    upright = np.ascontiguousarray(picture.T)
    while changed:
        changed = False
        for own in (0, 1):
            for run in list(rest[own]):
                stops = [_end(run, end, kept, own, size) for end in (run.start, run.end)]
                if None not in stops and _reaches((picture, upright)[own], run, stops, size):
                    kept[own].append(_clipped(run, stops, size))
                    rest[own].remove(run)
                    changed = True
    level = [piece for run in kept[0] for piece in _without_strokes(picture, run, kept[1], size, 6 * size)]
    plumb = [piece for run in kept[1] for piece in _without_strokes(upright, run, kept[0], size, 2.6 * size)]
    return level, plumb


def _without_strokes(picture: _Picture, run: _Run, crossing: list[_Run], size: float, most: float) -> list[_Run]:
    """A run without the stretches between two crossing rulings, up to `most` apart, in which it touches neither.

    A stroke of a character may stand exactly where the wall of the next row does.
    """
    stops = sorted({o.at for o in crossing if o.start - 0.5 * size <= run.at <= o.end + 0.5 * size})
    near, gap = round(_NEAR_END * size), max(_END_GAP * size, 1.0)
    pieces = [run]
    for first, last in pairwise(stops):
        if last - first > most or last - first < 0.8 * size or first < run.start - size or last > run.end + size:
            continue
        light = _light(picture, run.at, first, last)
        if light.all() or (_longest(light[:near]) > gap and _longest(light[::-1][:near]) > gap):
            before, behind = pieces[-1]._replace(end=min(first, pieces[-1].end)), pieces[-1]._replace(start=last)
            pieces[-1:] = [piece for piece in (before, behind) if piece.end - piece.start > 0.5 * size]
            if not pieces:
                break
    return pieces


def _chains(runs: list[_Run], size: float) -> list[list[_Run]]:
    """Runs that follow one another at one height with small gaps, as one: a seal, or dirt, cuts a ruling."""
    chains: list[list[_Run]] = []
    for run in sorted(runs, key=lambda run: run.start):
        for chain in chains:
            last = chain[-1]
            if abs(last.at - run.at) <= 0.15 * size and -0.5 * size <= run.start - last.end <= size:
                chain.append(run)
                break
        else:
            chains.append([run])
    return chains


def _end(run: _Run, end: float, kept: tuple[list[_Run], list[_Run]], own: int, size: float) -> float | None:
    """Where the ruling is at which a run ends, or the next piece of its own; None if there is nothing near."""
    room = 0.5 * size
    behind = end == run.end
    crossing = [o.at for o in kept[1 - own] if o.start - room <= run.at <= o.end + room]
    near = [at for at in crossing if abs(at - end) <= room]
    # Blur may bridge the gap to a stroke beyond the ruling, so that the run goes on into it.
    other = run.start if behind else run.end
    inside = [at for at in crossing if abs(at - other) > 0.8 * size and room < abs(at - end) <= _OVERSHOOT * size]
    inside = [at for at in inside if run.start < at < run.end]
    if near or inside:
        return min(near or inside, key=lambda at: abs(at - end))
    for o in kept[own]:
        if abs(o.at - run.at) <= 0.15 * size and 0 <= (o.start - end if behind else end - o.end) <= 2 * size:
            return end
    return None


def _clipped(run: _Run, stops: list[float | None], size: float) -> _Run:
    """A run without what goes on beyond the rulings it ends at."""
    first, last = (stop for stop in stops if stop is not None)
    clip = 0.5 * size
    return run._replace(
        start=first if first - run.start > clip else run.start, end=last if run.end - last > clip else run.end
    )


def _reaches(picture: _Picture, run: _Run, stops: list[float | None], size: float) -> bool:
    """Does a short run go all the way to the rulings at its ends? The tallest stroke of a character leaves gaps."""
    if run.end - run.start > 2.6 * size:
        return True
    first, last = (stop for stop in stops if stop is not None)
    light = _light(picture, run.at, first, last)
    near = round(_NEAR_END * size)
    gap = max(_END_GAP * size, 1.0)
    ends = max(_longest(light[:near]), _longest(light[::-1][:near]))
    return light.size > 0 and ends <= gap and float(light.mean()) < 0.3


def _light(picture: _Picture, at: float, first: float, last: float) -> Any:
    """Which pixels between two places along a run are paper."""
    row = round(at)
    along = picture[max(row - 2, 0) : row + 3, max(round(first), 0) : round(last) + 1].min(axis=0, initial=255)
    return along > 0.55 * 252 + 0.45 * float(np.percentile(along, 20)) if along.size else np.zeros(0, bool)


def _longest(flags: Any) -> int:
    """Length of the longest stretch of true flags."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def _painted(labels: Any, runs: list[_Run]) -> _Picture:
    """The pixels of these runs with the grey edge of their ink."""
    mask = np.zeros(labels.shape, np.uint8)
    for run in runs:
        first, last = round(run.start), round(run.end)
        top = max(round(run.at) - _LEAN, 0)
        part = labels[top : round(run.at) + _LEAN, first:last] == run.label
        mask[top : round(run.at) + _LEAN, first:last][part] = 255
    return np.asarray(cv2.dilate(mask, np.ones((3, 3), np.uint8)), np.uint8)
