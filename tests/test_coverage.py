"""What is left over, and what is claimed twice: who it is said of, and what is no concern."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.coverage import uncovered
from pipeline.forms import Finding, Severity
from pipeline.reading import Claim, Part, Reading, Ref, RefKind
from pipeline.source import Document, Section
from samples.generate import SHAPES
from tests.made_tables import ROWS
from tests.read_forms import FORM_TYPE, Ruled, changed, lines_document, read_form, ruled

BLANK = Ref(RefKind.EMPTY)


def _findings(form: Ruled, leaves: Mapping[str, Ref] | None = None, **more: object) -> list[Finding]:
    reading = changed(form.table, leaves or {}, **more)
    return list(uncovered(form.section.cells(form.document), FORM_TYPE, reading))


def _left(form: Ruled, leaves: Mapping[str, Ref]) -> set[str]:
    """What is left over is said of these."""
    findings = _findings(form, leaves)
    assert {finding.check for finding in findings} <= {"coverage.left_over"}
    assert all(finding.review == finding.paths for finding in findings)
    return {path for finding in findings for path in finding.paths}


def _cut(ref: Ref, start: int = 0, end: int = 0) -> Ref:
    """A reference to one part without some characters at its ends."""
    [part] = ref.parts
    return Ref(ref.kind, (Part(part.cell, part.start + start, part.end - end),))


def test_a_right_reading_covers_the_form() -> None:
    form = ruled()
    assert _findings(form) == []
    assert list(uncovered(form.section.cells(form.document), FORM_TYPE, form.model())) == []


@pytest.mark.parametrize("shape", SHAPES)
def test_right_readings_cover_forms_of_every_shape(shape: str) -> None:
    for seed in range(5800, 5806):
        form = read_form(shape, seed, template="national-2020")
        found = list(uncovered(form.section.cells(form.document), FORM_TYPE, form.table))
        assert not any(finding.check == "coverage.claimed_twice" for finding in found)


# Left over.


@pytest.mark.parametrize(
    ("path", "said_of"),
    [
        ("project_name", "project_name"),
        ("competent_department", "competent_department"),
        ("funding.total.executed", "funding.total"),
        ("funding.appropriation.initial_budget", "funding.appropriation"),
        ("indicators[0].deviation", "indicators[0]"),
        ("indicators[2].name", "indicators[2]"),
        ("indicators[2].score", "indicators[2]"),
        ("indicators[3].actual", "indicators[3]"),
        ("filled_by", "filled_by"),
    ],
)
def test_a_value_that_is_said_to_be_blank_is_left_over(path: str, said_of: str) -> None:
    assert said_of in _left(ruled(), {path: BLANK})


@pytest.mark.parametrize(
    "path", ["project_name", "indicators[2].actual", "expected_goal", "actual_result", "filled_by"]
)
@pytest.mark.parametrize(("start", "end"), [(1, 0), (0, 1), (1, 1)])
def test_a_value_that_is_cut_leaves_its_rest_beside_it(path: str, start: int, end: int) -> None:
    form = ruled()
    group = path.rpartition(".")[0] or path
    assert group in _left(form, {path: _cut(form.table.leaves[path], start, end)})


def test_what_stands_between_two_values_may_be_of_either() -> None:
    document, section = lines_document(("填表人：甲一丙联系电话：5555",))
    leaves = {"filled_by": Ref(RefKind.AT, (Part(1, 4, 6),)), "filler_phone": Ref(RefKind.AT, (Part(1, 12, 16),))}
    claims = [Claim(Part(1, 0, 4), "label"), Claim(Part(1, 7, 12), "label")]
    assert _said_of(document, section, leaves, claims) == {"filled_by"}
    assert _said_of(document, section, leaves, [claims[0], Claim(Part(1, 7, 11), "label")]) == {"filled_by"}
    glued = {**leaves, "filler_phone": Ref(RefKind.AT, (Part(1, 7, 16),))}
    assert _said_of(document, section, glued, claims[:1]) == {"filled_by", "filler_phone"}


def _said_of(
    document: Document, section: Section, leaves: Mapping[str, Ref], claims: list[Claim] | None = None
) -> set[str]:
    reading = Reading("made", "", 0, leaves, claims=tuple(claims or ()))
    findings = list(uncovered(section.cells(document), FORM_TYPE, reading))
    assert {finding.check for finding in findings} <= {"coverage.left_over"}
    return {path for finding in findings for path in finding.paths}


@pytest.mark.parametrize(
    ("text", "value", "noticed"),
    [
        ("已完成。", "已完成", True),
        ("已完成；", "已完成", True),
        ("，已完成", "已完成", True),
        ("已完成 ", "已完成", False),
        ("（已完成）", "已完成", False),
        ("：已完成", "已完成", False),
        ("已完成。", "已完成。", False),
    ],
)
def test_a_mark_at_the_edge_of_a_cell_belongs_to_what_is_read_from_it(text: str, value: str, noticed: bool) -> None:
    document, section = lines_document(("项目名称", text))
    at = text.index(value)
    leaves = {"project_name": Ref(RefKind.AT, (Part(2, at, at + len(value)),))}
    assert bool(_said_of(document, section, leaves, [Claim(Part(1, 0, 4), "label")])) is noticed


def test_marks_beside_labels_are_trifles() -> None:
    document, section = lines_document(("填表人：甲一。", "联系电话：。"))
    leaves = {"filled_by": Ref(RefKind.AT, (Part(1, 4, 7),)), "filler_phone": BLANK}
    claims = [Claim(Part(1, 0, 3), "label"), Claim(Part(2, 0, 4), "label")]
    assert _said_of(document, section, leaves, claims) == set()


def test_a_row_that_is_not_told_is_left_over() -> None:
    form = ruled()
    gone = {path: BLANK for path in form.table.leaves if path.startswith("indicators[1].")}
    assert _left(form, gone) & {"indicators[0]", "indicators[1]", "indicators[2]"}


@pytest.mark.parametrize("column", ["level1", "level2"])
def test_a_heading_belongs_to_the_row_below(column: str) -> None:
    form = ruled()
    assert _left(form, {f"indicators[2].{column}": BLANK}) == {"indicators[2]"}


def test_a_heading_with_a_subtotal_belongs_to_the_row_below() -> None:
    form = ruled((*ROWS[:2], ("", "效益指标（30分）", *ROWS[2][2:]), ROWS[3]))
    assert form.table.leaves["level1_weights.效益指标"].parts
    assert "indicators[2]" in _left(form, {"indicators[2].level1": form.table.leaves["indicators[0].level1"]})


def test_a_heading_that_is_cut_is_cut_on_every_row() -> None:
    form = ruled()
    cut = _cut(form.table.leaves["indicators[0].level1"], end=1)
    found = _left(form, {"indicators[0].level1": cut, "indicators[1].level1": cut})
    assert found == {"indicators[0]", "indicators[1].level1"}


@pytest.mark.parametrize("path", ["expected_goal", "actual_result"])
def test_of_two_texts_side_by_side_it_may_be_either(path: str) -> None:
    assert _left(ruled(), {path: BLANK}) == {"expected_goal", "actual_result"}


def test_the_label_in_front_says_whose_it_is() -> None:
    document, section = lines_document(("主管部门", "水务局"), ("联系电话", "5555"))
    labels = [Claim(Part(1, 0, 4), "label"), Claim(Part(3, 0, 4), "label")]
    assert _said_of(document, section, {"phone": Ref(RefKind.AT, (Part(4, 0, 4),))}, labels) == {"competent_department"}
    assert _said_of(document, section, {"competent_department": Ref(RefKind.AT, (Part(2, 0, 3),))}, labels) == {"phone"}


def test_a_label_of_both_ends_of_a_form_is_told_by_its_place() -> None:
    form = ruled(foot=("填表人：孙点点 联系电话：55550102 填写日期：2022年1月20日",))
    assert "filler_phone" in _left(form, {"filler_phone": BLANK})


@pytest.mark.parametrize("path", ["amount_unit", "fiscal_year"])
@pytest.mark.parametrize("start", [None, 1])
def test_what_is_known_by_sight_is_missed_among_the_labels(path: str, start: int | None) -> None:
    """A reader that claims all of the heading in which it stands leaves nothing over."""
    form = ruled()
    ref = BLANK if start is None else _cut(form.table.leaves[path], start)
    assert path in _left(form, {path: ref})


def test_a_unit_that_the_cells_cut_in_two_is_missed() -> None:
    document, section = lines_document(("项目资金", "（单位：", "万元）", "年初预算数"))
    claims = [Claim(Part(1, 0, 4), "label"), Claim(Part(4, 0, 5), "label")]
    assert "amount_unit" in _said_of(document, section, {"amount_unit": BLANK}, claims)
    both = [*claims, Claim(Part(2, 0, 4), "label"), Claim(Part(3, 0, 3), "label")]
    assert _said_of(document, section, {"amount_unit": BLANK}, both) == {"amount_unit"}
    right = {"amount_unit": Ref(RefKind.AT, (Part(3, 0, 2),))}
    assert _said_of(document, section, right, both) == set()


def test_a_year_in_the_notes_is_not_missed() -> None:
    document, section = lines_document(("项目名称", "清淤"), ("注：按2021年度办法填报",))
    claims = [Claim(Part(1, 0, 4), "label"), Claim(Part(3, 0, 13), "notes")]
    leaves = {"project_name": Ref(RefKind.AT, (Part(2, 0, 2),)), "fiscal_year": BLANK}
    assert _said_of(document, section, leaves, claims) == set()


def test_a_title_is_known_by_sight() -> None:
    document, section = lines_document(("示例区项目支出绩效自评表（2021", "年度）"))
    leaves = {"title": Ref(RefKind.AT, (Part(2, 0, 2),)), "fiscal_year": Ref(RefKind.AT, (Part(1, 13, 17),))}
    assert "title" in _said_of(document, section, leaves)


def test_what_is_claimed_around_the_title_does_not_hide_that_it_is_cut() -> None:
    document, section = lines_document(("示例区项目支出绩效自评表",))
    claims = [Claim(Part(1, 0, 12), "title")]
    assert _said_of(document, section, {"title": Ref(RefKind.AT, (Part(1, 0, 12),))}, claims) == set()
    assert _said_of(document, section, {"title": Ref(RefKind.AT, (Part(1, 0, 11),))}, claims) == {"title"}


def test_labels_extras_and_clutter_are_accounted_for() -> None:
    document, section = lines_document(("项目名称", "清淤"), ("度量单位", "公里"), ("— 3 —",))
    leaves = {"project_name": Ref(RefKind.AT, (Part(2, 0, 2),))}
    claims = [Claim(Part(1, 0, 4), "label"), Claim(Part(3, 0, 4), "label"), Claim(Part(5, 0, 5), "page_number")]
    reading = Reading("made", "", 0, leaves, claims=tuple(claims), extra={"unit": Ref(RefKind.AT, (Part(4, 0, 2),))})
    assert not list(uncovered(section.cells(document), FORM_TYPE, reading))
    for without in (replace(reading, claims=reading.claims[:2]), replace(reading, extra={})):
        assert list(uncovered(section.cells(document), FORM_TYPE, without))


# Claimed twice.


def _twice(form: Ruled, leaves: Mapping[str, Ref]) -> set[tuple[str, ...]]:
    findings = [finding for finding in _findings(form, leaves) if finding.check == "coverage.claimed_twice"]
    assert all(finding.severity is Severity.ERROR and finding.review == finding.paths for finding in findings)
    return {finding.paths for finding in findings}


def test_two_leaves_do_not_share_a_cell() -> None:
    form = ruled()
    score = form.table.leaves["indicators[1].score"]
    assert _twice(form, {"indicators[1].weight": score}) == {("indicators[1].weight", "indicators[1].score")}


@pytest.mark.parametrize(("start", "end"), [(0, 1), (1, 0), (1, 1), (3, 3)])
def test_nor_a_part_of_one(start: int, end: int) -> None:
    form = ruled()
    goal = form.table.leaves["expected_goal"]
    part = _cut(goal, start, end)
    for leaves in ({"actual_result": part}, {"expected_goal": part, "actual_result": goal}):
        assert {frozenset(pair) for pair in _twice(form, leaves)} == {frozenset({"expected_goal", "actual_result"})}


def test_neighbours_in_a_cell_share_nothing() -> None:
    form = ruled()
    goal = form.table.leaves["expected_goal"]
    [part] = goal.parts
    halves = {"expected_goal": _cut(goal, end=4), "actual_result": _cut(goal, start=part.end - 4)}
    assert _twice(form, halves) == set()


def test_headings_are_carried_down_and_nothing_else_is() -> None:
    form = ruled()
    assert form.table.leaves["indicators[0].level1"] == form.table.leaves["indicators[1].level1"]
    assert _twice(form, {}) == set()
    assert _twice(form, {"indicators[1].name": form.table.leaves["indicators[0].name"]})
    assert _twice(form, {"indicators[1].level2": form.table.leaves["indicators[1].level1"]})


def test_a_heading_is_carried_down_as_a_whole() -> None:
    form = ruled()
    cut = _cut(form.table.leaves["indicators[0].level1"], end=1)
    assert _twice(form, {"indicators[1].level1": cut}) == {("indicators[1].level1", "indicators[0].level1")}


def test_what_is_claimed_twice_as_a_label_is_no_matter() -> None:
    form = ruled()
    assert _findings(form, claims=(*form.table.claims, *form.table.claims)) == []


# Whatever is said.


@given(st.data())
def test_every_visible_character_is_claimed_or_left_over(data: st.DataObject) -> None:
    texts = data.draw(st.lists(st.text("甲乙1 。(", min_size=1, max_size=6), min_size=1, max_size=5))
    document, section = lines_document(*([text] for text in texts))
    spans = st.integers(1, len(texts)).flatmap(
        lambda cell: st.tuples(st.just(cell), *[st.integers(0, len(texts[cell - 1]))] * 2)
    )
    parts = [Part(cell, min(a, b), max(a, b)) for cell, a, b in data.draw(st.lists(spans, max_size=4))]
    paths = ["project_name", "indicators[0].name", "indicators[0].level1", "total_score"]
    leaves = {path: Ref(RefKind.AT, (part,)) for path, part in zip(paths, parts, strict=False)}
    findings = list(uncovered(section.cells(document), FORM_TYPE, Reading("made", "", 1, leaves)))
    taken = {(part.cell, at) for part in parts for at in range(part.start, part.end)}
    free = [text[at] for cell, text in enumerate(texts, 1) for at in range(len(text)) if (cell, at) not in taken]
    left = any(finding.check == "coverage.left_over" for finding in findings)
    assert left or not any(char in "甲乙1" for char in free)
    shared = any(
        one.cell == other.cell and max(one.start, other.start) < min(one.end, other.end)
        for n, one in enumerate(parts)
        for other in parts[:n]
    )
    assert any(finding.check == "coverage.claimed_twice" for finding in findings) is shared
