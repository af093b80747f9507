"""What the ends of lines tell: every cell of a column wraps at that column's width.

A line that is not the last of its cell is full: the first unbreakable piece of the next line would not have fitted. All
costs are in the same rough unit, the log-odds of what is seldom seen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from pipeline.readers.units import Unit
from pipeline.values import is_cjk
from pipeline.vocabulary import display_width

__all__ = [
    "end_cost",
    "first_piece",
    "gap_cost",
    "give",
    "paragraph",
    "split_in_two",
    "start_cost",
    "width_of",
    "wrap_cost",
]

_ENDS = "。；;！!?？:：.…"
_CLOSERS = "，。、；：！？）》」』”’】〕,;:!?)%％…"
_OPENERS = "（《「『“‘【〔("
_ENUMERATOR = re.compile(
    r"[(（]?(?:[0-9]{1,2}|[一二三四五六七八九十]{1,2})(?:[.、）)]|是)|[①-⑳]|指标[0-9一二三四五六七八九十]"
)


_CERTAIN = 1.6
"""How much dearer the next best cut between two texts must be for the best one to stand undoubted."""
_TOO_DEAR = 3.0
"""A cut between two texts that costs more than this is doubted even where no other is nearly as good."""
_DIGIT = re.compile("[0-9]")
_LETTER = re.compile("[A-Za-z]")
_FIGURE = re.compile(r"[0-9.,]+%?")
_AT_STOP = 1.2
"""Cost of a line of a cell ending just where a sentence does; a cell's last line often does, others seldom."""


def paragraph(before: str, after: str) -> bool:
    """May a paragraph end between these lines, so that the first need not be full?"""
    return before[-1:] in _ENDS or bool(_ENUMERATOR.match(after))


def give(text: str) -> float:
    """How far the real width of a line may be from what its characters count: figures and Latin letters vary by
    font."""
    return 0.3 + 0.08 * len(_DIGIT.findall(text)) + 0.15 * len(_LETTER.findall(text))


def wrap_cost(width: float, before: str, width_before: float, given: float, after: str, piece: float) -> float:
    """What it costs that `after` is the next line of the cell of that width that `before` stands in.

    `given` is the `give` of the line before, `piece` the width of the first unbreakable piece of the line after.
    """
    slack = width - width_before - piece
    if slack < given:
        return _AT_STOP if before[-1:] in "。！？" else 0.0
    if paragraph(before, after):
        return 1.6
    return 3.0 + min(slack, 4.0) * 0.5


def first_piece(text: str) -> str:
    """The first piece of a line that cannot be broken: a Latin word or figure, or a character with its punctuation."""
    end = 1
    if text[0] in _OPENERS:
        end = 2
    elif not is_cjk(text[0]):
        while end < len(text) and not is_cjk(text[end]) and text[end] not in " -/":
            end += 1
    while end < len(text) and text[end] in _CLOSERS:
        end += 1
    return text[:end]


def end_cost(text: str, width_text: float, width: float | None) -> float:
    """What it costs that a cell ends with this line."""
    cost = 0.0
    if text[-1:] in _OPENERS or text[-1:] in "、，,":
        cost += 2.0
    if width is not None and width - width_text < 1.0 and width > 4:
        cost += 0.4 if text[-1:] in _ENDS else 1.5
    return cost


def start_cost(text: str) -> float:
    """What it costs that a cell begins with this line."""
    return 4.0 if text[0] in _CLOSERS else 0.0


def gap_cost(before: str, after: str, *, spaced: bool = False) -> float:
    """What it costs that a gap stands inside a cell and not between two.

    `spaced` says that the text puts gaps between Chinese and other characters throughout.
    """
    if after[0] in _CLOSERS or before[-1] in _OPENERS:
        return 0.0
    if before[-1].isascii() and after[0].isascii():
        return 6.0 if before[-1] in "%0123456789" else 1.2
    if _FIGURE.fullmatch(before) or _FIGURE.fullmatch(after):
        return 1.0 if spaced and (before + after)[-1] != "%" and "%" in before + after else 2.0 if spaced else 4.0
    if is_cjk(before[-1]) and is_cjk(after[0]):
        return 1.6
    quantities = any(char.isdigit() for char in before) and after[0].isdigit()
    return 0.6 if spaced and not quantities else 1.9 + quantities


def split_in_two(units: Sequence[Unit]) -> tuple[int, bool]:
    """Cut the lines of two texts that stand side by side: (index where the second begins, is that certain)."""
    if len(units) < 2:
        return len(units), False
    whole_lines = len({unit.row for unit in units}) > 1
    costs: list[tuple[float, int]] = []
    for cut in range(1, len(units)):
        cost = _side_cost(units[:cut]) + _side_cost(units[cut:]) + start_cost(units[cut].text)
        if whole_lines and units[cut].gap == 0:
            cost += 2.0 if len(units) > 2 else 0.0
        last = units[cut - 1].text
        if len(units) > 2 and last[-1:] not in _ENDS:
            cost += 1.0
        shared = _shared_prefix(units[0].text, units[cut].text)
        if shared >= 4:
            cost -= 2.5
        costs.append((cost, cut))
    costs.sort()
    certain = len(costs) == 1 or costs[1][0] - costs[0][0] >= _CERTAIN
    lowest, cut = costs[0]
    if lowest >= _TOO_DEAR:
        certain = False  # nothing fits: the texts may be mixed into each other
    if units[cut - 1].gap and cut > 1 and units[cut - 1].raw[-1:] not in _ENDS:
        certain = False  # a text that stops in the middle may go on behind the other one
    return cut, certain


def _side_cost(units: Sequence[Unit]) -> float:
    """How badly these units go together as the wrapped lines of one cell."""
    lines: list[tuple[str, float]] = []
    cost = 0.0
    for unit in units:
        if lines and unit.gap == 0:
            text, width = lines[-1]
            lines[-1] = (text + unit.raw, width + unit.width)
            cost += 0.4 if len(units) > 2 else 2.0
        else:
            lines.append((unit.raw, unit.width))
    width = max(width for _, width in lines)
    for (before, width_before), (after, _) in pairwise(lines):
        cost += wrap_cost(width, before, width_before, give(before), after, display_width(first_piece(after)))
    return cost


def _shared_prefix(a: str, b: str) -> int:
    count = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        count += 1
    return count


def width_of(lines: Sequence[tuple[float, float | None]]) -> float | None:
    """The width that explains most line ends: no line is wider, and no next piece would have fitted."""
    wrapped = [(width, full) for width, full in lines if full is not None]
    if not wrapped:
        return None
    best, best_votes = None, 0.0
    for candidate in sorted({width for width, _ in lines if width >= 3.0}):
        votes = sum(
            (1.0 if full > candidate - 0.3 and width <= candidate + 0.6 else -0.5) for width, full in wrapped
        ) - 1.0 * sum(width > candidate + 0.6 for width, _ in lines)
        if votes >= best_votes and votes > 0:
            best, best_votes = candidate, votes
    return best
