"""A reading: for every leaf of a record, a reference to where the source holds it.

A reading never holds a copy of a value, so a value that is not in the source cannot be expressed (a person's keyed
value is the one exception, and says so). A blank has evidence too: the empty cell, the dash, or a template without
that label.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

__all__ = ["Claim", "Doubt", "Part", "Reading", "Ref", "RefKind"]


class RefKind(StrEnum):
    """What a reference says of its leaf."""

    AT = "at"
    """The value stands in these parts of cells, joined in this order."""
    EMPTY = "empty"
    """The cell for it is there and blank; `parts` names it where the source has such a cell."""
    DASH = "dash"
    """The cell holds a mark that means nothing is stated (a dash, a slash, 不涉及 in a numeric cell)."""
    ABSENT = "absent"
    """Not on this form: the template has no such label."""
    LOST = "lost"
    """The scan or its OCR lost it: always for review."""
    KEYED = "keyed"
    """Keyed by a person: `keyed` holds the value."""


class Part(NamedTuple):
    """Characters `start`..`end` (half-open, in `Cell.text`) of one cell."""

    cell: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Ref:
    """Where a leaf stands. `parts` is in joining order; it is empty for ABSENT, LOST and KEYED."""

    kind: RefKind
    parts: tuple[Part, ...] = ()
    keyed: str | None = None


@dataclass(frozen=True, slots=True)
class Doubt:
    """A reader is not certain of `path` (a leaf, a group, `indicators[]` or "" for the whole form); `code` says why."""

    path: str
    code: str
    message: str = ""


class Claim(NamedTuple):
    """Characters that are no value: a label of the template, or clutter of a named kind (`page_number`, `notes`,
    ...)."""

    part: Part
    kind: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reader read of one section.

    `leaves` holds a reference for every leaf path of the record, rows included (`indicators[3].score`). `merged` lists
    half-open row ranges whose weight and score are printed once and stand on the range's first row. `extra` maps a
    label that the record has no place for to where its value stands.
    """

    reader: str
    template: str
    rows: int
    leaves: Mapping[str, Ref]
    doubts: tuple[Doubt, ...] = ()
    claims: tuple[Claim, ...] = ()
    merged: tuple[tuple[int, int], ...] = ()
    extra: Mapping[str, Ref] = field(default_factory=dict)

    @classmethod
    def failed(cls, reader: str, code: str) -> Reading:
        """What stands for the reading of a reader that gave none, and why; it has no leaves and is never stored."""
        return cls(reader, "", 0, {}, (Doubt("", code),))
