"""Rows of a source laid out in the width that there is: text only, no screen.

Widths are those of cells of a terminal, in which a Chinese character takes two. Rows of the source with the same number
of cells stand below each other in columns where there is room, else their cells run on like text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.text import Text

from pipeline.review.excerpt import FOCUS, printable
from pipeline.review.question import Line, Piece
from pipeline.values import join

__all__ = ["BLANK", "MASK", "Part", "Row", "fit", "lay_out", "wrapped"]

MASK = "?"
"""Instead of a value that is keyed from its picture before anything that was read of it is seen."""
BLANK = "·"
"""A cell that holds nothing."""
_BETWEEN = " ¦ "
_INDENT = 2
_LEAST_COLUMN = 8
_MOST_COLUMN = 40
_ASKED_COLUMN = 20

_WORD = re.compile(
    r"[（〔［｛《〈「『【“‘(\[]*(?:[!-~\u00a1-\u024f]+|.)[，。、；：？！）〕］｝》〉」』】”’…,.;:?!)\]]*\s*", re.DOTALL
)
"""What is not broken: a word or a figure, or one Chinese character, with the marks that belong to it."""


class Part(NamedTuple):
    """Some text of a row on the screen, and the piece that it shows; None for what stands between."""

    text: str
    piece: Piece | None = None


class Row(NamedTuple):
    """A row on the screen. `line` is the row of the source, `first` whether it begins there."""

    line: int
    first: bool
    parts: tuple[Part, ...]


def fit(text: str, width: int) -> str:
    """Text in exactly that many cells; what is cut off leaves a mark."""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(set_cell_size(text, max(width - 1, 0)).rstrip() + "…", width)


def lay_out(lines: Sequence[Line], width: int, *, masked: bool = False) -> list[Row]:
    """The rows of a source in that width; `masked` keeps back what the question is about."""
    if masked:
        lines = [line._replace(pieces=tuple(map(_masked, line.pieces))) for line in lines]
    width = max(width, _LEAST_COLUMN)
    rows: list[Row] = []
    for first, last in _alike(lines):
        group = lines[first:last]
        widths = _columns(group, width)
        for number, line in enumerate(group, first):
            made = _aligned(line, widths) if widths else _running(line, width)
            rows.extend(Row(number, place == 0, parts) for place, parts in enumerate(made))
    return rows


def _alike(lines: Sequence[Line]) -> Iterator[tuple[int, int]]:
    """Half-open ranges of rows with the same number of cells."""
    first = 0
    for number in range(1, len(lines) + 1):
        if number == len(lines) or len(lines[number].pieces) != len(lines[first].pieces):
            yield first, number
            first = number


def _masked(piece: Piece) -> Piece:
    return piece._replace(text=MASK) if piece.focus else piece


def _shown(piece: Piece) -> str:
    text = printable(join([piece.text]))
    return f"{FOCUS[0]}{text}{FOCUS[1]}" if piece.focus else text or BLANK


def _columns(group: Sequence[Line], width: int) -> tuple[int, ...]:
    """Widths of the columns of rows with the same number of cells; empty where there is no room for them."""
    count = len(group[0].pieces)
    if count < 2 or len(group) < 2:
        return ()
    natural = [
        min(max(cell_len(_shown(line.pieces[column])) for line in group), _MOST_COLUMN) for column in range(count)
    ]
    room = width - len(_BETWEEN) * (count - 1)
    if sum(natural) <= room:
        return tuple(natural)
    asked = [any(line.pieces[column].focus for line in group) for column in range(count)]
    for most in range(_MOST_COLUMN, _LEAST_COLUMN - 1, -1):
        # The cell in question is narrowed last: a figure is not to be broken.
        widths = tuple(min(each, max(most, _ASKED_COLUMN * here)) for each, here in zip(natural, asked, strict=True))
        if sum(widths) <= room:
            return widths
    return ()


def _aligned(line: Line, widths: Sequence[int]) -> Iterator[tuple[Part, ...]]:
    """A row in columns; long cells are wrapped."""
    wrapped = [_wrap(_shown(piece), width) for piece, width in zip(line.pieces, widths, strict=True)]
    for height in range(max(map(len, wrapped))):
        parts: list[Part] = []
        for piece, texts, width in zip(line.pieces, wrapped, widths, strict=True):
            text = texts[height] if height < len(texts) else ""
            parts += [Part(_BETWEEN)] if parts else []
            parts += [Part(text, piece)] if text else []
            parts += [Part(" " * (width - cell_len(text)))]
        yield tuple(parts)


def _running(line: Line, width: int) -> Iterator[tuple[Part, ...]]:
    """A row whose cells run on; a cell that fits on a row of its own is not broken, and keeps the stroke behind it."""
    parts: list[Part] = []
    used = 0
    pieces = _without_blank_end(line.pieces)
    for number, piece in enumerate(pieces, 1):
        stroke = _BETWEEN if number < len(pieces) else ""
        text = _shown(piece)
        needed = cell_len(text) + len(stroke.rstrip())
        if parts and used + needed > width:
            yield tuple(parts)
            parts, used = [Part(" " * _INDENT)], _INDENT
        *full, last = _wrap(text, width - _INDENT - len(_BETWEEN))
        for each in full:
            yield (*parts, Part(each, piece))
            parts, used = [Part(" " * _INDENT)], _INDENT
        parts += [Part(last, piece), *([Part(stroke)] if stroke else [])]
        used += cell_len(last) + len(stroke)
    yield tuple(parts)


def _without_blank_end(pieces: Sequence[Piece]) -> Sequence[Piece]:
    """Cells without the blank ones that end a row, save one, and those that are in question."""
    last = max((place for place, piece in enumerate(pieces) if piece.focus or piece.text.strip()), default=0)
    return pieces[: last + 2]


def wrapped(text: Text, width: int) -> Text:
    """Text with its looks, broken into lines of at most that width."""
    lines = Text()
    for line in text.split("\n", allow_blank=True):
        for part in line.divide(_breaks(line.plain, width)):
            part.rstrip()
            lines.append_text(part).append("\n")
    lines.rstrip()
    return lines


def _wrap(text: str, width: int) -> list[str]:
    """Text in pieces of at most that width."""
    places = [0, *_breaks(text, width), len(text)]
    return [text[first:last].rstrip() for first, last in pairwise(places)]


def _breaks(text: str, width: int) -> list[int]:
    """Where lines begin, the first left out: between words where there are some, else anywhere, as Chinese is written.

    No line begins with a closing mark, or ends with an opening one.
    """
    if cell_len(text) <= width:
        return []
    breaks: list[int] = []
    used = 0
    for found in _WORD.finditer(text):
        word = found.group()
        if used and used + cell_len(word.rstrip()) > width:
            breaks.append(found.start())
            used = 0
        place = found.start()
        for part in chop_cells(word.rstrip(), max(width, 2))[:-1]:
            place += len(part)
            breaks.append(place)
            used = -cell_len(word[: place - found.start()])
        used += cell_len(word)
    return breaks
