"""A question as a person is asked it: plain data that every way of asking shows, and what a keyed value tells.

A question holds the source around the place, why it is asked, and what readers read. Numeric leaves are keyed before
any of that reading is seen, because looking at a filled-in value finds few errors; `keyed` then holds the two against
each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import NamedTuple

from pipeline.decisions import Anchor, Decision, Purpose
from pipeline.forms import Kind
from pipeline.reading import Part
from pipeline.source import Box, Cell, Layout, Span
from pipeline.values import value_of
from pipeline.vocabulary import fold

__all__ = [
    "Answer",
    "Candidate",
    "Item",
    "Keyed",
    "Line",
    "Neighbour",
    "Piece",
    "Place",
    "Question",
    "Reason",
    "Verdict",
    "keyed",
    "same_value",
]


class Item(NamedTuple):
    """An entry of the queue.

    `key` is stable: it is made of the place in the source. `document` is the name, `sha256` the hash, of the document;
    `rank` is 0 for orphans, which come first. `same` is equal for items that ask the same question in several places,
    and `value` what was read there, both empty where there is no other way than one by one. `held_by` is who has the
    item, empty if nobody.
    """

    key: str
    document: str
    sha256: str
    form_type: str
    ordinal: int
    path: str
    reasons: tuple[str, ...]
    purpose: Purpose
    body: str = ""
    year: str = ""
    rank: int = 1
    same: str = ""
    value: str = ""
    held_by: str = ""


class Reason(NamedTuple):
    """Why something is asked: a stable code, and the sentence with its figures, in the language of the process."""

    code: str
    sentence: str


class Candidate(NamedTuple):
    """What was read there. `value` is the record's, None for a blank; `printed` as it stands in the source.

    `readers` are those who read so: `table`, `llm`, or a person's name where somebody decided otherwise before.
    """

    value: str | None
    printed: str
    readers: tuple[str, ...]


class Neighbour(NamedTuple):
    """A value beside the one in question: another row's of the same column, or another column's of the same row."""

    value: str
    path: str
    label: str


class Piece(NamedTuple):
    """Text of a cell on a line of the source. `focus` is what the question is about, `row` what stands on its row."""

    text: str
    cell: int
    focus: bool = False
    row: bool = False


class Line(NamedTuple):
    """One row of the source: its cells in order, blank ones included. `page` is 0 for plain text; `outside` is what
    stands before and behind the form."""

    pieces: tuple[Piece, ...]
    page: int = 0
    outside: bool = False


class Place(NamedTuple):
    """Where on a page the row of the question stands: its boxes, that of the value, quarter turns of the page."""

    page: int
    boxes: tuple[Box, ...]
    frame: Box | None
    turn: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked.

    `path` is that of a leaf, or of the rows as a whole (`indicators[]`: how many rows are printed?), or of an orphaned
    decision, `orphan`. `label` is the field as the form prints it, `row_label` what its row is called. `kind` is None
    where there is no leaf. With `blind` no candidate may be seen before something is keyed, and of why it is asked only
    `reasons`: `figures` are the same with what the checks compared, the value in question among it. `candidates` begin
    with what would be accepted. `lines` are the rows of the form's section and `focus` the index of the one to show;
    `focus_cell` is the cell in question, or the one nearest to it. `remarks` are notes that people left there.
    """

    item: Item
    anchor: Anchor
    label: str
    row_label: str
    form_label: str
    kind: Kind | None
    reasons: tuple[Reason, ...]
    figures: tuple[Reason, ...]
    blind: bool
    candidates: tuple[Candidate, ...]
    neighbours: tuple[Neighbour, ...]
    lines: tuple[Line, ...]
    focus: int
    focus_cell: int
    place: Place | None
    location: str
    """Absolute path of the document's file."""
    forms: int = 1
    """Forms in the document."""
    remarks: tuple[Decision, ...] = ()
    orphan: Decision | None = None

    @property
    def path(self) -> str:
        """Leaf path, or `indicators[]`."""
        return self.item.path

    @property
    def rows(self) -> bool:
        """Is it about the rows as a whole?"""
        return self.path.endswith("[]")

    @property
    def numeric(self) -> bool:
        """Is a figure asked for?"""
        return self.rows or (self.kind is not None and self.kind.numeric)


class Verdict(StrEnum):
    """What a keyed value tells."""

    AGREES = "agrees"
    """A reader read the same at this place: one Enter settles it."""
    NEIGHBOUR = "neighbour"
    """It stands beside: was the wrong row keyed, or read?"""
    DIFFERS = "differs"
    """Nobody read so: now the candidates are shown, and the person confirms or chooses."""
    MALFORMED = "malformed"
    """No figure, date or telephone number of that kind."""


class Keyed(NamedTuple):
    """A keyed value, as the record would hold it, and what it tells; `candidate` and `neighbour` are what it equals."""

    verdict: Verdict
    value: str | None
    candidate: Candidate | None = None
    neighbour: Neighbour | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a decision: it is on disk. `gone` are items that left the queue with it, and why is known: only
    what is decided now was their reason. `settled` says that nothing of the document is left to ask."""

    decision: Decision
    gone: Sequence[Item] = ()
    settled: bool = False


def keyed(question: Question, text: str) -> Keyed:
    """Hold what a person keyed against what was read. An empty text, a dash or a slash means that nothing is printed.

    Figures are compared as decimals: 10 is 10.00, and the record keeps what is printed. Width, thousands separators,
    percent signs and units are understood as the reader understands them.
    """
    kind = Kind.NUMBER if question.rows else question.kind or Kind.TEXT
    value = None if text.strip() in _NOTHING_PRINTED else _value(kind, text)
    if value is _MALFORMED or (question.rows and not (value or "").isdecimal()):
        return Keyed(Verdict.MALFORMED, None)
    for candidate in question.candidates:
        if same_value(kind, value, candidate.value):
            return Keyed(Verdict.AGREES, candidate.value, candidate)
    if kind.numeric and value is not None:
        for neighbour in question.neighbours:
            if same_value(kind, value, neighbour.value):
                return Keyed(Verdict.NEIGHBOUR, value, neighbour=neighbour)
    return Keyed(Verdict.DIFFERS, value)


_NOTHING_PRINTED = frozenset({"", "-", "--", "—", "——", "–", "/", "／"})
_MALFORMED = "\0"


def _value(kind: Kind, text: str) -> str | None:
    """The value that a leaf of this kind would hold, if this was printed; `_MALFORMED` for what is none."""
    cell = Cell(1, text.strip(), Span(0, len(text.strip())), 0, 0, Layout.LINES)
    value = value_of(kind, (Part(1, 0, len(cell.text)),), (cell,))
    return _MALFORMED if value.issue or value.value is None else value.value


def same_value(kind: Kind, one: str | None, other: str | None) -> bool:
    """Do two values say the same? Figures are compared as decimals, texts without their width and white space."""
    if one is None or other is None:
        return one is other
    if not kind.numeric:
        return fold(one) == fold(other)
    try:
        return Decimal(one) == Decimal(other)
    except InvalidOperation:
        return one == other
