"""What may be one cell of a stream: units, runs of units of one line, and runs of whole lines.

A piece is judged as a cell of a width by whether its lines wrap as one cell's do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.readers.units import Unit
from pipeline.readers.wrapping import first_piece, gap_cost, give, wrap_cost
from pipeline.vocabulary import display_width

__all__ = ["Line", "Piece", "echoes_of", "one_cell_a_line", "overflow", "pieces_of", "wrapped_cost"]

_MOST_LINES = 24
_WIDEST_COLUMN = 26
"""No column of a printed form is wider than this many characters, so that a longer line is not wrapped."""
_DEAREST = 14.0
"""A cell that costs more than this on its own is not considered."""
_MOST_GAPS = 5.0
"""Gaps that cost more than this together are never inside one cell, unless it fills whole lines."""
_ECHOED = 2.0
_SHARED_LINE = 2.4


@dataclass(slots=True, eq=False)
class Line:
    """A line of text units, or what stands of it behind a heading: units `first`..`last`, half-open."""

    first: int
    last: int
    text: str
    width: float
    gaps: float
    given: float
    """By how much its real width may differ."""
    piece: float
    """Width of its first unbreakable piece."""


@dataclass(slots=True, eq=False)
class Piece:
    """What may be one cell: units `first`..`last`. `lines` is empty for a single unit that is no text."""

    first: int
    last: int
    lines: tuple[Line, ...]
    penalty: float
    """For lines inside it that begin like a line before, so that another cell probably begins there, and for a last
    line that other cells share."""


def wrapped_cost(lines: Sequence[Line], width: float) -> float:
    """What it costs that these are the wrapped lines of one cell of that width."""
    cost = 0.0
    for line in lines:
        cost += overflow(line, width)
    for before, after in pairwise(lines):
        cost += wrap_cost(width, before.text, before.width, before.given, after.text, after.piece)
    return cost


def overflow(line: Line, width: float) -> float:
    """What it costs that a line is wider than its column."""
    over = line.width - width
    return 0.0 if over <= 0.3 + line.given else min(3.0 * over, 9.0)


def _line_of(units: Sequence[Unit], first: int, last: int, spaced: bool) -> Line:
    run = units[first:last]
    text = "".join(unit.raw for unit in run)
    return Line(
        first,
        last,
        text,
        sum(unit.width for unit in run),
        sum(gap_cost(before.raw, after.raw, spaced=spaced) for before, after in pairwise(run)),
        give(text),
        display_width(first_piece(text)),
    )


def pieces_of(units: Sequence[Unit], echo: Sequence[bool], *, wrapped: bool, spaced: bool) -> list[Piece]:
    """What may be a cell: every unit, runs of text units of one line, and runs of whole lines of text."""
    pieces: list[Piece] = []
    lines = _whole_lines(units, spaced)
    starts = {line.first: number for number, line in enumerate(lines)}
    for first, unit in enumerate(units):
        text = not unit.heading and unit.value is None
        pieces.append(Piece(first, first + 1, (_line_of(units, first, first + 1, spaced),) if text else (), 0.0))
        last = first + 1
        while last < len(units) and units[last].gap == 0 and _joinable(units[last - 1], units[last]):
            last += 1
            line = _line_of(units, first, last, spaced)
            if line.gaps > _MOST_GAPS:
                break
            pieces.append(Piece(first, last, (line,), 0.0))
        if first not in starts:
            continue
        run = [lines[starts[first]]]
        penalty = 0.0
        while len(run) < (_MOST_LINES if wrapped else 6):
            at = run[-1].last
            if wrapped and (head := _shared_line(units, at, spaced)) is not None:
                pieces.append(Piece(first, head.last, (*run, head), penalty + _SHARED_LINE))
            number = starts.get(at)
            if number is None:
                break
            penalty += _ECHOED * echo[at]
            run.append(lines[number])
            if wrapped and wrapped_cost(run, max(each.width for each in run)) > _DEAREST:
                break
            pieces.append(Piece(first, run[-1].last, tuple(run), penalty))
    return pieces


def _shared_line(units: Sequence[Unit], first: int, spaced: bool) -> Line | None:
    """The first unit of a line that other cells share, where it may be the end of a cell begun above."""
    if first + 1 >= len(units) or not units[first].gap or units[first + 1].gap:
        return None
    unit = units[first]
    return None if unit.heading or unit.value is not None or unit.nothing else _line_of(units, first, first + 1, spaced)


def _whole_lines(units: Sequence[Unit], spaced: bool) -> list[Line]:
    """Lines that one cell may fill: without headings and, unless it is all of the line, without a figure."""
    lines: list[Line] = []
    first = 0
    while first < len(units):
        last = first + 1
        while last < len(units) and units[last].gap == 0:
            last += 1
        start = first
        while start < last and units[start].heading:
            start += 1
        run = units[start:last]
        if run and all(_joinable(a, b) for a, b in pairwise(run)) and not any(unit.heading for unit in run):
            lines.append(_line_of(units, start, last, spaced))
        first = last
    return lines


def _joinable(before: Unit, after: Unit) -> bool:
    """May a gap between two units stand inside one cell?"""
    if before.heading or after.heading or before.glued or after.glued:
        return False
    return before.value is None or after.value is None


def one_cell_a_line(units: Sequence[Unit]) -> bool:
    """Does every cell have one line of its own, so that nothing is wrapped? Then a long text is one long line."""
    sharing = sum(unit.gap == 0 for unit in units)
    return sharing * 20 < len(units) and max(unit.width for unit in units) > _WIDEST_COLUMN


def echoes_of(units: Sequence[Unit]) -> list[bool]:
    """Does a unit begin with the words with which one shortly before it began, and not merely go on echoing?

    An actual value often echoes its target; where the words before differ as well, the echo begins, and so a cell.
    """
    out = [False] * len(units)
    for t in range(1, len(units)):
        head = units[t].text[:6]
        if len(head) < 4:
            continue
        for s in range(t - 1, max(t - 24, -1), -1):
            before = units[s]
            if before.heading or before.value is not None:
                break
            if before.text.startswith(head):
                out[t] = s == 0 or units[s - 1].text[-2:] != units[t - 1].text[-2:]
                break
    return out
