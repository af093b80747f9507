"""What people decide about where forms begin and end."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from pipeline.anchors import anchor_of_cell
from pipeline.decisions import Decision, DecisionKind
from pipeline.ingest.limits import Limits
from pipeline.recut import recut
from pipeline.segment import segment
from pipeline.source import Document, Section
from pipeline.work import installed_engine
from samples.generate import make_document
from tests.read_forms import FORM_TYPE

_NUMBERS = count(1)


def document(forms: int = 3, *, mark: str = "") -> Document:
    made = make_document(11, forms, "tsv", prose_in_front=False)
    found = installed_engine().ingest("forms.txt", "forms.txt", [(mark + made.text).encode()], Limits())
    assert isinstance(found, Document)
    return found


def decide(source: Document, cell: int, kind: DecisionKind, target: str = "") -> Decision:
    number = next(_NUMBERS)
    anchor = anchor_of_cell(source, cell, form_type=FORM_TYPE.name)
    return Decision(f"{number:032x}", source.sha256, kind, "", anchor, "wang", "", target=target, number=number)


def cut(source: Document, *decisions: Decision) -> tuple[list[Section], list[Decision]]:
    sections, orphans = recut(source, segment(source, (FORM_TYPE,)), (FORM_TYPE,), decisions)
    # Whatever is decided, the sections cover the document completely and in order.
    assert [section.first for section in sections[1:]] == [section.last for section in sections[:-1]]
    assert (sections[0].first, sections[-1].last) == (0, len(source.cells))
    assert [section.span.start for section in sections[1:]] == [section.span.end for section in sections[:-1]]
    assert (sections[0].span.start, sections[-1].span.end) == (0, len(source.text))
    return sections, orphans


def forms(sections: list[Section]) -> list[Section]:
    return [section for section in sections if section.form_type]


def test_without_decisions_the_sections_are_those_that_were_found() -> None:
    source = document()
    found = segment(source, (FORM_TYPE,))
    assert cut(source) == (found, [])


def test_what_is_not_a_form_becomes_text_and_the_others_are_numbered_anew() -> None:
    source = document()
    first, second, third = forms(segment(source, (FORM_TYPE,)))
    sections, _ = cut(source, decide(source, second.first + 1, DecisionKind.NOT_A_FORM))
    assert [(form.first, form.ordinal) for form in forms(sections)] == [(first.first, 1), (third.first, 2)]


def test_two_forms_that_were_one_are_split_and_joined_again() -> None:
    source = document()
    first, second, _ = forms(segment(source, (FORM_TYPE,)))
    join = decide(source, first.first + 1, DecisionKind.JOIN)
    sections, _ = cut(source, join)
    assert [form.ordinal for form in forms(sections)] == [1, 2]
    assert forms(sections)[0].last == second.last
    split = decide(source, second.first + 1, DecisionKind.SPLIT)
    sections, orphans = cut(source, join, split)
    assert [form.first for form in forms(sections)][:2] == [first.first, second.first]
    assert not orphans
    undone, _ = cut(source, join, split, decide(source, second.first + 1, DecisionKind.UNDO, split.uid))
    assert len(forms(undone)) == 2


def test_a_form_that_was_overlooked_begins_where_a_person_says() -> None:
    source = document()
    _, second, _ = forms(segment(source, (FORM_TYPE,)))
    at = second.first + 1
    gone = decide(source, at, DecisionKind.NOT_A_FORM)
    back = decide(source, at, DecisionKind.FORM_MISSING)
    sections, orphans = cut(source, gone, back)
    assert [form.first for form in forms(sections)][1] == second.first
    assert not orphans


def test_what_makes_no_sense_any_more_is_an_orphan_and_changes_nothing() -> None:
    source = document()
    found = segment(source, (FORM_TYPE,))
    first, *_, last = forms(found)
    nonsense = [
        decide(source, last.first + 1, DecisionKind.JOIN),
        decide(source, first.first + 1, DecisionKind.SPLIT),
        decide(source, first.first + 1, DecisionKind.FORM_MISSING),
    ]
    elsewhere = decide(document(1, mark="前言一段，与表无关。\n"), 1, DecisionKind.NOT_A_FORM)
    lost = replace(
        elsewhere, anchor=replace(elsewhere.anchor, value=(elsewhere.anchor.value[0]._replace(text="不在"),))
    )
    sections, orphans = cut(source, *nonsense, lost)
    assert sections == found
    assert orphans == [*nonsense, lost]
