"""Reading order of a page: words into lines, lines and tables into the order in which a person reads them.

Pure geometry, in any unit; y grows downwards. Nothing that is given is ever dropped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import median
from typing import NamedTuple

from pipeline.ingest.page import Rect, Table, Word

__all__ = ["blocks_of", "lines_of"]

_SAME_LINE = 0.5
"""Share of the lower one's height by which two words of a line overlap; lines set solid overlap by under a third."""
_SCRIPT = 1.9
"""From this ratio of heights on a small word is no sub- or superscript (those have 0.58 to 0.7 of the size)."""
_UPRIGHT = 2.2
"""A word that many times as high as the median, and higher than wide, is turned text: a line of its own."""
_RUN = 1.5
"""Words of a line less than this many heights apart are one stretch when it is asked whether text crosses a gutter."""
_COLUMN_LINES = 6
"""Lines beside each other from which on text is in columns rather than a few lines with a gap."""
_STRIPS = 200
"""Strips of the page, each as high as a usual word, that one word may reach into: a bound on time for absurd boxes."""
_MOST_RUNS = 4_000
"""Stretches of text on a page beyond which columns of text are not looked for (the search is quadratic)."""
_PAGE = 0.35
"""Least share of a sheet's width that what stands on each of two pages on it has."""
_FILLED = 0.85
"""Share of the column's width that the median line of a text column fills; the cells of an unruled table do not."""


class _Gutter(NamedTuple):
    left: float
    right: float

    def crossed_by(self, box: Rect) -> bool:
        """Does the box reach over the gutter, or hang in the middle of it?"""
        return (box.x0 < self.left and box.x1 > self.right) or self.left < (box.x0 + box.x1) / 2 < self.right


class _Run(NamedTuple):
    box: Rect
    words: tuple[Word, ...]


def lines_of(words: Iterable[Word]) -> list[list[Word]]:
    """Group words into visual lines, from top to bottom; the words of a line stand from left to right.

    Sub- and superscripts belong to the line that they overlap. A word of turned text is a line of its own.
    """
    todo = sorted(words, key=lambda word: word.box.y0 - word.box.y1)
    if len(todo) < 2:
        return [todo] if todo else []
    usual = median(word.box.y1 - word.box.y0 for word in todo)
    step = max(usual, 1e-6)
    references: list[tuple[float, float]] = []
    lines: list[list[Word]] = []
    near: defaultdict[int, list[int]] = defaultdict(list)  # lines by the strips of the page that they reach into
    turned: list[list[Word]] = []
    for word in todo:  # from the highest to the lowest, so that a script finds the line it belongs to
        box = word.box
        height = box.y1 - box.y0
        if height > _UPRIGHT * usual and height > 1.5 * (box.x1 - box.x0):
            turned.append([word])
            continue
        best, share = None, _SAME_LINE
        strips = range(int(box.y0 // step), min(int(box.y1 // step), int(box.y0 // step) + _STRIPS) + 1)
        for index in {line for strip in strips for line in near[strip]}:
            top, bottom = references[index]
            overlap = (min(bottom, box.y1) - max(top, box.y0)) / (height or 1e-9)
            small = bottom - top > _SCRIPT * height
            if overlap > share and not (small and not box.y0 < (top + bottom) / 2 < box.y1):
                best, share = index, overlap
        if best is None:
            for strip in strips:
                near[strip].append(len(lines))
            references.append((box.y0, box.y1))
            lines.append([word])
        else:
            lines[best].append(word)
    for line in lines:
        line.sort(key=lambda word: (word.box.x0, word.box.y0))
    middles = [(top + bottom) / 2 for top, bottom in references]
    middles += [(line[0].box.y0 + line[0].box.y1) / 2 for line in turned]
    placed = sorted(zip(middles, [*lines, *turned], strict=True), key=lambda pair: (pair[0], pair[1][0].box.x0))
    return [line for _, line in placed]


def blocks_of(tables: Sequence[Table], words: Sequence[Word]) -> list[Table | list[Word]]:
    """Put tables, and the words that stand outside them, into reading order.

    Words come out as lines. Everything goes from top to bottom; where tables stand side by side, all that belongs to
    the left one (by x: its title above, its signature below) comes before the right one, up to the next line or table
    that reaches across both. Text in two filled columns is read column by column.
    """
    return _arrange(list(tables), _runs(words))


def _runs(words: Sequence[Word]) -> list[_Run]:
    """The words of each line joined into stretches without a wide gap."""
    runs: list[_Run] = []
    for line in lines_of(words):
        part = [line[0]]
        for word in line[1:]:
            height = max(word.box.y1 - word.box.y0, part[-1].box.y1 - part[-1].box.y0)
            if word.box.x0 - max(w.box.x1 for w in part) > _RUN * height:
                runs.append(_Run(_hull(w.box for w in part), tuple(part)))
                part = []
            part.append(word)
        runs.append(_Run(_hull(w.box for w in part), tuple(part)))
    return runs


def _arrange(tables: list[Table], runs: list[_Run]) -> list[Table | list[Word]]:
    gutters = _fold(tables, runs)
    if gutters:
        return _side_by_side(tables, runs, tables, gutters)
    for group in _beside(tables):
        gutters = _gutters(table.box for table in group)
        if gutters:
            return _side_by_side(tables, runs, group, gutters)
    if not tables:
        return _text(runs)
    return _stack(tables, runs)


def _fold(tables: list[Table], runs: list[_Run]) -> list[_Gutter]:
    """The fold of a sheet with two pages on it: nothing reaches over it, and much stands on both sides.

    The tables need not stand beside each other: of a form that goes on, the second page may hold the last row only.
    """
    boxes = [*(table.box for table in tables), *(run.box for run in runs)]
    if not tables:
        return []
    whole = _hull(boxes)
    least = _PAGE * (whole.x1 - whole.x0)
    for gutter in _gutters(boxes):
        left = _hull(box for box in boxes if box.x1 <= gutter.left)
        right = _hull(box for box in boxes if box.x0 >= gutter.right)
        if min(left.x1 - left.x0, right.x1 - right.x0) >= least:
            return [gutter]
    return []


def _beside(tables: list[Table]) -> list[list[Table]]:
    """Groups of tables whose vertical extents overlap by more than a twentieth of the lower one."""
    groups: list[list[Table]] = []
    bottom = 0.0
    for table in sorted(tables, key=lambda t: t.box.y0):
        height = table.box.y1 - table.box.y0
        if groups and bottom - table.box.y0 > 0.05 * min(height, *(t.box.y1 - t.box.y0 for t in groups[-1])):
            groups[-1].append(table)
            bottom = max(bottom, table.box.y1)
        else:
            groups.append([table])
            bottom = table.box.y1
    return groups


def _gutters(boxes: Iterable[Rect]) -> list[_Gutter]:
    """The vertical strips between boxes that none of them reaches into."""
    gutters: list[_Gutter] = []
    reach: float | None = None
    for box in sorted(boxes):
        if reach is not None and box.x0 >= reach:
            gutters.append(_Gutter(reach, box.x0))
        reach = box.x1 if reach is None else max(reach, box.x1)
    return gutters


def _side_by_side(
    tables: list[Table], runs: list[_Run], group: list[Table], gutters: list[_Gutter]
) -> list[Table | list[Word]]:
    """Read the columns of a group of tables one after the other, with all above and below that is in one column."""
    top, bottom = min(t.box.y0 for t in group), max(t.box.y1 for t in group)
    upper, lower = float("-inf"), float("inf")
    chosen = {id(table) for table in group}
    others = [table.box for table in tables if id(table) not in chosen]
    for box in [*others, *(run.box for run in runs)]:
        if any(gutter.crossed_by(box) for gutter in gutters):
            if _middle(box) <= top:
                upper = max(upper, _middle(box))
            elif _middle(box) >= bottom:
                lower = min(lower, _middle(box))
    walls = [(gutter.left + gutter.right) / 2 for gutter in gutters]
    columns: list[tuple[list[Table], list[_Run]]] = [([], []) for _ in range(len(walls) + 1)]
    above: tuple[list[Table], list[_Run]] = ([], [])
    below: tuple[list[Table], list[_Run]] = ([], [])

    def part(box: Rect) -> tuple[list[Table], list[_Run]]:
        if _middle(box) <= upper:
            return above
        if _middle(box) >= lower:
            return below
        return columns[sum((box.x0 + box.x1) / 2 > wall for wall in walls)]

    for table in tables:
        part(table.box)[0].append(table)
    for run in runs:
        part(run.box)[1].append(run)
    return [block for piece in (above, *columns, below) for block in _arrange(*piece)]


def _stack(tables: list[Table], runs: list[_Run]) -> list[Table | list[Word]]:
    """Tables one below the other, with the lines before, between and behind them.

    Words beside a table come before it if they stand on its left, else behind it.
    """
    ordered = sorted(tables, key=lambda table: (table.box.y0, table.box.x0))
    gaps: list[list[_Run]] = [[] for _ in range(len(ordered) + 1)]
    for run in runs:
        place = 0
        for index, table in enumerate(ordered):
            x = (run.box.x0 + run.box.x1) / 2
            beyond = x > table.box.x0 if _middle(run.box) > table.box.y0 else False
            if _middle(run.box) > table.box.y1 or beyond:
                place = index + 1
        gaps[place].append(run)
    blocks: list[Table | list[Word]] = []
    for index, gap in enumerate(gaps):
        if gap:
            blocks += lines_of(word for run in gap for word in run.words)
        if index < len(ordered):
            blocks.append(ordered[index])
    return blocks


def _text(runs: list[_Run]) -> list[Table | list[Word]]:
    found = _text_columns(runs) if 2 * _COLUMN_LINES <= len(runs) <= _MOST_RUNS else None
    if found is None:
        return list(lines_of(word for run in runs for word in run.words))
    first, last, wall = found
    parts: list[list[_Run]] = [[], [], [], []]
    for run in runs:
        middle = _middle(run.box)
        side = 1 if (run.box.x0 + run.box.x1) / 2 <= wall else 2
        parts[0 if middle < first else 3 if middle > last else side].append(run)
    above, left, right, below = parts
    blocks: list[Table | list[Word]] = []
    for piece in (above, left, right):
        blocks += lines_of(word for run in piece for word in run.words)
    return [*blocks, *_text(below)]


def _text_columns(runs: list[_Run]) -> tuple[float, float, float] | None:
    """The first stretch of text in two columns with a plain gutter: its first and last middle, and the gutter's x."""
    size = median(run.box.y1 - run.box.y0 for run in runs)
    ordered = sorted(runs, key=lambda run: _middle(run.box))
    lowest = min(run.box.x0 for run in runs)
    width = max(run.box.x1 for run in runs) - lowest
    for start in range(len(ordered)):
        free = _Gutter(lowest + 0.3 * width, lowest + 0.7 * width)
        last = start
        for run in ordered[start:]:
            narrowed = _narrow(free, run.box)
            if narrowed.right - narrowed.left < size:
                break
            free, last = narrowed, last + 1
        stretch = ordered[start:last]
        wall = (free.left + free.right) / 2
        sides = ([r.box for r in stretch if r.box.x1 <= wall], [r.box for r in stretch if r.box.x0 >= wall])
        if all(_filled(side) for side in sides):
            return _middle(stretch[0].box), _middle(stretch[-1].box), wall
        if len(ordered) - start < 2 * _COLUMN_LINES:
            return None
    return None


def _narrow(free: _Gutter, box: Rect) -> _Gutter:
    """What a box leaves of a gutter, which is nothing if it reaches across."""
    if box.x1 <= free.left or box.x0 >= free.right:
        return free
    before, behind = _Gutter(free.left, box.x0), _Gutter(box.x1, free.right)
    return max(before, behind, key=lambda gutter: gutter.right - gutter.left)


def _filled(boxes: Sequence[Rect]) -> bool:
    if len(boxes) < _COLUMN_LINES:
        return False
    width = max(box.x1 for box in boxes) - min(box.x0 for box in boxes)
    return median(box.x1 - box.x0 for box in boxes) >= _FILLED * width


def _middle(box: Rect) -> float:
    return (box.y0 + box.y1) / 2


def _hull(boxes: Iterable[Rect]) -> Rect:
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return Rect(min(x0), min(y0), max(x1), max(y1))
