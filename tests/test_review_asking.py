"""A question out of a settled form: who read what, what stands beside, and what may not be seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.decisions import Purpose
from pipeline.forms import Kind
from pipeline.reading import Part, Reading, Ref, RefKind
from pipeline.review.asking import question_of
from pipeline.review.question import Item, Question, Verdict, keyed
from pipeline.settle import settle
from pipeline.source import Document
from tests.read_forms import FORM_TYPE, ReadForm, read_form

_BLIND = frozenset({Kind.NUMBER, Kind.MONEY, Kind.PERCENT})


@pytest.fixture
def form() -> ReadForm:
    return read_form("tsv", 5)


def ask(
    form: ReadForm, path: str, *readings: Reading, reasons: tuple[str, ...] = (), document: Document | None = None
) -> Question:
    source = document or form.document
    [settled] = settle(source, [(form.section, FORM_TYPE, readings or (form.table,))])
    item = Item("0" * 12, "form.txt", source.sha256, FORM_TYPE.name, 1, path, reasons, Purpose.REVIEW)
    return question_of(source, [settled], settled, path, item, blind=_BLIND, location="/form.txt")


def test_where_the_readers_differ_each_is_named_with_what_it_read(form: ReadForm) -> None:
    weight, score = form.table.leaves["total_weight"], form.table.leaves["total_score"]
    swapped = {**form.table.leaves, "total_weight": score, "total_score": weight}
    question = ask(form, "total_weight", replace(form.table, leaves=swapped), replace(form.table, reader="llm"))
    assert [each.readers for each in question.candidates] == [("table",), ("llm",)]
    assert len({each.value for each in question.candidates}) == 2
    agreed = ask(form, "phone", form.table, replace(form.table, reader="llm"))
    assert [each.readers for each in agreed.candidates] == [("table", "llm")]


def test_characters_that_make_no_value_are_no_blank(form: ReadForm) -> None:
    """A cell that reads "1 8" holds something: whoever keys nothing does not agree with its reader."""
    path = "indicators[1].score"
    [part] = form.table.leaves[path].parts
    cell = form.document.cell(part.cell)
    torn = replace(cell, text="1 8")
    cells = (*form.document.cells[: part.cell - 1], torn, *form.document.cells[part.cell :])
    leaves = {**form.table.leaves, path: Ref(RefKind.AT, (Part(part.cell, 0, 3),))}
    question = ask(form, path, replace(form.table, leaves=leaves), document=replace(form.document, cells=cells))
    assert not question.candidates
    assert keyed(question, "").verdict is Verdict.DIFFERS
    assert keyed(question, "18").verdict is Verdict.DIFFERS


def test_a_printed_subtotal_is_a_figure() -> None:
    form = next(form for seed in range(5, 30) if any(_subtotals(form := read_form("tsv", seed))))
    path = _subtotals(form)[0]
    question = ask(form, path)
    assert question.kind is Kind.NUMBER
    assert question.blind
    value = question.candidates[0].value
    assert keyed(question, f"{value}.00").verdict is Verdict.AGREES


def _subtotals(form: ReadForm) -> list[str]:
    return [path for path in form.table.leaves if path.startswith("level1_weights.")]


def test_rows_are_asked_for_by_number_and_known_by_name(form: ReadForm) -> None:
    question = ask(form, "indicators[]")
    assert question.blind
    assert [each.value for each in question.candidates] == [str(form.table.rows)]
    assert len(question.neighbours) == form.table.rows
    assert question.neighbours[1].label.startswith("2 ")
    assert keyed(question, str(form.table.rows)).verdict is Verdict.AGREES
    assert keyed(question, "x").verdict is Verdict.MALFORMED


def test_a_leaf_that_was_lost_is_shown_where_its_row_stands(form: ReadForm) -> None:
    path = "indicators[2].score"
    lost = replace(form.table, leaves={**form.table.leaves, path: Ref(RefKind.LOST)})
    question = ask(form, path, lost)
    assert not question.candidates
    row = form.table.leaves["indicators[2].name"].parts[0].cell
    assert any(piece.cell == row for piece in question.lines[question.focus].pieces)
    assert keyed(question, "").verdict is Verdict.DIFFERS


def test_a_blind_question_keeps_the_figures_of_its_reason_back() -> None:
    form = read_form("tsv", 5, defect="rate")
    path = "funding.total.execution_rate"
    question = ask(form, path, reasons=("funding.rate",))
    printed = question.candidates[0].value
    assert printed is not None
    assert printed not in question.reasons[0].sentence
    assert printed in question.figures[0].sentence
