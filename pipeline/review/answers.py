"""From what a person says of a question to a decision: one way for plain mode, the command line and the workbook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pipeline.decisions import DecisionKind
from pipeline.errors import UsageError
from pipeline.forms import Kind
from pipeline.messages import say
from pipeline.review.question import Keyed, Question, Reason, Verdict, keyed

__all__ = [
    "Choice",
    "choice_of",
    "chosen",
    "corrected",
    "defect",
    "malformed_sentence",
    "reasons_of",
    "settled_as",
    "shown_of",
]

_OF_A_VALUE = frozenset({DecisionKind.ACCEPT, DecisionKind.CORRECT, DecisionKind.SOURCE_DEFECT})
"""Decisions that say what stands there; all others speak for themselves."""
_ELSEWHERE = frozenset({DecisionKind.SPLIT, DecisionKind.FORM_MISSING, DecisionKind.UNDO, DecisionKind.REDO})
"""Decisions that need a place, or another decision, to be chosen on a screen."""
_OF_ORPHANS = frozenset({DecisionKind.UNDO, DecisionKind.SKIP, DecisionKind.NOTE})


class Choice(NamedTuple):
    """A decision about a question, before it is made."""

    kind: DecisionKind
    value: str | None = None


def settled_as(question: Question, what: Keyed) -> Choice:
    """What a keyed value decides once it stands: a candidate is chosen, anything else is a correction."""
    if what.candidate is None:
        return _correction(what.value)
    return chosen(question, question.candidates.index(what.candidate))


def corrected(question: Question, text: str) -> Choice | None:
    """What a text decides that was keyed with the candidates in view; None where it can be no value of that kind.

    It is meant as it stands, to the last mark, also where a candidate differs from it in nothing but width.
    """
    what = keyed(question, text)
    if what.verdict is Verdict.MALFORMED:
        return None
    literal = " ".join(text.split())
    if (
        what.candidate is None
        or question.numeric
        or question.kind is Kind.DATE
        or what.candidate.value in (None, literal)
    ):
        return settled_as(question, what)
    return Choice(DecisionKind.CORRECT, literal)


def chosen(question: Question, index: int) -> Choice:
    """The decision for one of the candidates."""
    return Choice(DecisionKind.ACCEPT) if index == 0 else _correction(question.candidates[index].value)


def choice_of(question: Question, kind: DecisionKind | None, text: str) -> Choice:
    """The decision that a kind and a value, written down without any talk, stand for; without a kind, what was read.

    A value is held against what was read as in the app, so `correct` with what the reader read is an `accept`. Where
    the question is blind, nothing is accepted unseen: the value has to be given. Raises `UsageError` where the two do
    not go together, or the value is malformed.
    """
    if question.orphan is not None and kind not in _OF_ORPHANS:
        raise UsageError(say("answer.orphan"))
    if kind in _ELSEWHERE and question.orphan is None:
        raise UsageError(say("answer.elsewhere", kind=kind))
    if kind is DecisionKind.NOTE:
        if not text.strip():
            raise UsageError(say("answer.no_note"))
        return Choice(kind, text.strip())
    if kind is not None and kind not in _OF_A_VALUE:
        if text.strip():
            raise UsageError(say("answer.no_value", kind=say(f"decision.{kind}")))
        return Choice(kind)
    if not text.strip():
        return _unseen(question, kind)
    what = keyed(question, text)
    said = settled_as(question, what) if question.blind else corrected(question, text)
    if said is None or what.verdict is Verdict.MALFORMED:
        raise UsageError(malformed_sentence(question))
    if question.rows and what.verdict is not Verdict.AGREES:
        raise UsageError(say("answer.rows_differ", count=question.candidates[0].value))
    if kind in (DecisionKind.ACCEPT, DecisionKind.SOURCE_DEFECT) and what.verdict is not Verdict.AGREES:
        raise UsageError(say("answer.nobody_read"))
    if kind is DecisionKind.SOURCE_DEFECT:
        return defect(said)
    return said


def defect(said: Choice) -> Choice:
    """The same answer, said of a document that is wrong there; what is not printed cannot be."""
    return said if said.kind is DecisionKind.BLANK else Choice(DecisionKind.SOURCE_DEFECT, said.value)


def _unseen(question: Question, kind: DecisionKind | None) -> Choice:
    """A decision that says what stands there without a value: what the reader read, where it may be seen."""
    if kind in (None, DecisionKind.CORRECT):
        raise UsageError(say("answer.value_missing"))
    if question.blind:
        raise UsageError(say("answer.blind"))
    assert kind is not None
    return Choice(kind)


def _correction(value: str | None) -> Choice:
    return Choice(DecisionKind.BLANK) if value is None else Choice(DecisionKind.CORRECT, value)


def malformed_sentence(question: Question) -> str:
    """Why a keyed value cannot be one of that kind, and what one looks like."""
    if question.kind is Kind.DATE:
        return say("answer.no_date")
    if question.kind is Kind.PHONE:
        return say("answer.no_phone")
    if question.kind is Kind.YEAR:
        return say("answer.no_year")
    return say("answer.no_figure" if question.kind is None or question.numeric else "answer.no_text")


def reasons_of(question: Question, *, seen: bool) -> tuple[Reason, ...]:
    """Why it is asked; what the checks compared only where what was read may be seen."""
    return question.figures if seen else question.reasons


def shown_of(question: Question, *, candidates: bool, **more: Any) -> Mapping[str, Any]:
    """What is kept of what was on the screen: why it was asked, and the candidates if they could be seen."""
    shown: dict[str, Any] = {"blind": question.blind, "reasons": [reason.code for reason in question.reasons]}
    if candidates:
        shown["candidates"] = [[each.value, *each.readers] for each in question.candidates]
    return shown | more
