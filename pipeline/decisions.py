"""Decisions of people: what is appended to the store, and which of them hold.

A decision is a reading whose reader is a person. It is never changed or removed: undo is another decision, and so is
redo. It is anchored to the place in the source (`Anchor`), not to the number of a row, so that it survives reading,
cutting and numbering anew; `pipeline.anchors` makes and finds anchors.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from pipeline.source import Box, Span

__all__ = ["Anchor", "Decision", "DecisionKind", "Purpose", "Spot", "effective"]


class DecisionKind(StrEnum):
    """What a person says of a leaf, of a row, of a section, or of another decision."""

    ACCEPT = "accept"
    """The value as read is what stands there; of `indicators[]`: no row is missing or surplus."""
    CORRECT = "correct"
    """Another value stands there: `Decision.value`."""
    BLANK = "blank"
    """Nothing stands there."""
    LOST = "lost"
    """What stands there cannot be read: the page has to be scanned again."""
    SOURCE_DEFECT = "source_defect"
    """What stands there is read rightly and is wrong in the document: kept as printed."""
    REJECT_ROW = "reject_row"
    """The row is none of the form's."""
    ADD_ROW = "add_row"
    """A row is missing behind this one (behind none: before the first)."""
    SKIP = "skip"
    """Not now, or not by me."""
    NOTE = "note"
    """A remark, in `Decision.value`; decides nothing."""
    NOT_A_FORM = "not_a_form"
    SPLIT = "split"
    """Another form begins at the cell."""
    JOIN = "join"
    """The form goes on in the next section."""
    FORM_MISSING = "form_missing"
    """A form begins at the cell, in what was taken for other text."""
    UNDO = "undo"
    """The decision `Decision.target` does not hold."""
    REDO = "redo"
    """The decision `Decision.target`, which was undone, holds again."""

    @property
    def of_section(self) -> bool:
        """Does it say how the document is cut?"""
        return self in _OF_SECTION

    @property
    def settles(self) -> bool:
        """Does it settle the leaf, or the rows, it is about?"""
        return self in _SETTLING


_OF_SECTION = frozenset({DecisionKind.NOT_A_FORM, DecisionKind.SPLIT, DecisionKind.JOIN, DecisionKind.FORM_MISSING})
_SETTLING = frozenset(
    {
        DecisionKind.ACCEPT,
        DecisionKind.CORRECT,
        DecisionKind.BLANK,
        DecisionKind.LOST,
        DecisionKind.SOURCE_DEFECT,
    }
)


class Purpose(StrEnum):
    """Why a person was asked."""

    REVIEW = "review"
    """A reader or a check doubts it."""
    AUDIT = "audit"
    """It was accepted and drawn at random."""


class Spot(NamedTuple):
    """Characters of a document: where they stand, by every measure that there is, and what they are.

    `span` counts in the decoded text, `box` is that of the cell on `page`, None for plain text; `text` is folded.
    """

    page: int
    span: Span
    box: Box | None
    text: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """What a decision is about, by its place in the source.

    `pattern` is that of the leaf (`indicators[].score`), `indicators[]` for the rows as a whole, `cell` for the cell
    at which a section begins, ends or goes on, and "" for the whole form. `value` is what the leaf was read from, empty
    for what was not found; `row` the row's own cells, headings that are carried down left out; of `indicators[]` the
    first cell of each row. `around` is the text of the filled cells before and after. `form` are the first filled cells
    of the form and its last. `added` is the uid of the decision that added the row, where a person did.
    """

    form_type: str
    pattern: str
    value: tuple[Spot, ...] = ()
    row: tuple[Spot, ...] = ()
    around: tuple[str, str] = ("", "")
    form: tuple[Spot, ...] = ()
    ordinal: int = 0
    added: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What one person decided, once.

    `uid` is made by whoever asks, so that the same decision cannot be stored twice. `path` is what the leaf was called
    then. `time` is ISO 8601 UTC, `seconds` what the person took for it. `shown` is what was on the screen: reasons,
    candidates with their readers, whether these were shown before keying. Decisions of one `group` were made together.
    `double` says that a second person has to decide it too, independently. `number` is its place in the store.
    """

    uid: str
    sha256: str
    kind: DecisionKind
    path: str
    anchor: Anchor
    reviewer: str
    time: str
    value: str | None = None
    purpose: Purpose = Purpose.REVIEW
    seconds: float = 0.0
    shown: Mapping[str, Any] = field(default_factory=dict)
    target: str = ""
    group: str = ""
    double: bool = False
    number: int = 0


def effective(decisions: Iterable[Decision]) -> list[Decision]:
    """The decisions that hold, in order: those not undone, or redone since. Undo and redo themselves are left out."""
    held: dict[str, Decision] = {}
    undone: set[str] = set()
    for decision in decisions:
        if decision.kind is DecisionKind.UNDO:
            undone.add(decision.target)
        elif decision.kind is DecisionKind.REDO:
            undone.discard(decision.target)
        else:
            held[decision.uid] = decision
    return [decision for uid, decision in held.items() if uid not in undone]
