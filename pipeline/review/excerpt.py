"""The source around a question as lines of plain text, for screens that cannot mark anything, and for workbooks."""

from __future__ import annotations

import re
from typing import NamedTuple

from pipeline.messages import say
from pipeline.review.question import Line, Piece, Question

__all__ = ["FOCUS", "Row", "excerpt", "is_printable", "printable", "reader_name"]

FOCUS = ("【", "】")
"""What stands around the cell in question."""
_BETWEEN = " │ "
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")
_READERS = ("table", "llm")


class Row(NamedTuple):
    """A row of the source: its number in the section, from 1, whether it is the one in question, and its text."""

    number: int
    here: bool
    text: str


def excerpt(question: Question, *, around: int | None = None, pieces: int | None = None) -> list[Row]:
    """Rows of the source with the cell in question between 【 and 】: all of them, or so many on either side.

    Of a row with more than twice `pieces` cells only so many are given on either side of the one in question, since a
    whole form may stand on one line.
    """
    first = 0 if around is None else max(0, question.focus - around)
    last = len(question.lines) if around is None else question.focus + around + 1
    return [
        Row(index + 1, index == question.focus, _text(line, question.focus_cell, pieces))
        for index, line in enumerate(question.lines[first:last], start=first)
    ]


def printable(text: str) -> str:
    """Text of a document without what a terminal would take for a command, or would show in another order."""
    return _UNPRINTABLE.sub(" ", text).strip()


def is_printable(text: str) -> bool:
    """Is there nothing in it but what can be seen?"""
    return not _UNPRINTABLE.search(text)


def reader_name(reader: str) -> str:
    """What a reader is called: those that are programs in the language of the process, people by their names."""
    return say(f"reader.{reader}") if reader in _READERS else printable(reader)


def _text(line: Line, focus_cell: int, most: int | None) -> str:
    found = line.pieces
    before = behind = ""
    if most is not None and len(found) > 2 * most + 1:
        middle = next((at for at, piece in enumerate(found) if piece.focus or piece.cell == focus_cell), 0)
        first, last = max(0, middle - most), middle + most + 1
        before, behind = "… " if first else "", " …" if last < len(found) else ""
        found = found[first:last]
    return before + _BETWEEN.join(map(_marked, found)) + behind


def _marked(piece: Piece) -> str:
    text = printable(piece.text)
    return f"{FOCUS[0]}{text}{FOCUS[1]}" if piece.focus else text
