"""From what an answer names to places in the source.

    "12"  "12-14"  "12,15"      cells, whole, in joining order
    "12=万元"  "12-14=…"         a part of them, quoted; long quotes may leave out their middle: "开头…结尾"
    "12#2=10"                    the second of several equal parts

A reference that cannot be resolved is a `Miss` with a reason code, never an error: one leaf is doubted, the others
stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.readers.draft import Strip
from pipeline.reading import Part
from pipeline.source import Cell
from pipeline.vocabulary import fold

__all__ = ["Miss", "locate", "resolve"]

_CELLS = r"[0-9]{1,9}(?:-[0-9]{1,9})?"
_GRAMMAR = re.compile(rf"(?P<cells>{_CELLS}(?:,{_CELLS})*)(?:(?:#(?P<nth>[1-9]))?=(?P<quote>.*))?", re.S)
_ELLIPSIS = re.compile("…+|[.]{3,}")
_MOST_CELLS = 400
"""A reference to more cells than this is no reference."""


@dataclass(frozen=True, slots=True)
class Miss:
    """A reference that leads nowhere: `code` says why, `parts` is the nearest that can be said, often nothing."""

    code: str
    parts: tuple[Part, ...] = ()


def resolve(reference: str, cells: Sequence[Cell]) -> tuple[Part, ...] | Miss:
    """The parts of the source that a reference names; `cells` are those shown, number 1 first.

    Codes of misses: `reference.malformed`, `reference.unknown_cell`, `reference.repeated` (a cell named twice),
    `quote.missing` (not in its cells), `quote.twice` (there more than once, and not said which).
    """
    found = _GRAMMAR.fullmatch(reference.strip())
    numbers = _numbers(found["cells"]) if found else []
    if found is None or not numbers:
        return Miss("reference.malformed")
    if min(numbers) < 1 or max(numbers) > len(cells):
        return Miss("reference.unknown_cell")
    if len(set(numbers)) < len(numbers):
        return Miss("reference.repeated")
    named = [cells[number - 1] for number in numbers]
    if found["quote"] is None:
        return tuple(Part(cell.id, 0, len(cell.text)) for cell in named)
    return locate(found["quote"], named, int(found["nth"] or 0))


def locate(quote: str, cells: Sequence[Cell], nth: int = 0) -> tuple[Part, ...] | Miss:
    """Where a quoted text stands in cells read one after the other; `nth` says which one, from 1, 0 if there is one."""
    strip = Strip(cells)
    wanted = fold(quote)
    if not wanted:
        return Miss("reference.malformed")
    places = list(_places(strip.text, wanted))
    several = bool(places) and strip.text.find(wanted, places[0][0] + 1) >= 0
    if not places and _ELLIPSIS.search(wanted):
        places, several = _shortened(strip.text, wanted)
    if not places or nth > len(places):
        return Miss("quote.missing")
    parts = strip.cut(*places[max(nth - 1, 0)])
    return Miss("quote.twice", parts) if several and not nth else parts


def _numbers(cells: str) -> list[int]:
    """The cells that are named, in order; none where a range runs backwards, or where they are too many."""
    numbers: list[int] = []
    for piece in cells.split(","):
        first, _, last = piece.partition("-")
        start, end = int(first), int(last or first)
        if not start <= end < start + _MOST_CELLS - len(numbers):
            return []
        numbers.extend(range(start, end + 1))
    return numbers


def _places(text: str, wanted: str) -> Iterator[tuple[int, int]]:
    at = text.find(wanted)
    while at >= 0:
        yield at, at + len(wanted)
        at = text.find(wanted, at + len(wanted))


def _shortened(text: str, wanted: str) -> tuple[list[tuple[int, int]], bool]:
    """Places of a quote whose middle is left out, from its beginning to the nearest end; could it be more than one?"""
    begin, end = (fold(half) for half in _ELLIPSIS.split(wanted, maxsplit=1))
    if not begin or not end:
        return [], False
    places: list[tuple[int, int]] = []
    several = False
    for start, behind in _places(text, begin):
        stop = text.find(end, behind)
        if stop < 0:
            break
        several = several or bool(places) or text.find(end, stop + 1) >= 0
        places.append((start, stop + len(end)))
    return places, several
