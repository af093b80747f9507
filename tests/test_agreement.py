"""Two readings made one: what clears a doubt, what raises one, and who settles where they differ."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from benchmarks.model_judge import judge
from pipeline.agreement import Agreement, agree, decided
from pipeline.choice import plan_of
from pipeline.errors import ConfigurationError
from pipeline.lines import form_line
from pipeline.model.options import ModelOptions
from pipeline.reading import Doubt, Part, Reading, Ref, RefKind
from pipeline.settings import Settings
from pipeline.settle import settle
from samples.generate import SHAPES
from tests.made_tables import ROWS
from tests.read_forms import (
    FORM_TYPE,
    ReadForm,
    Ruled,
    changed,
    in_review,
    lines_document,
    only_a_heading,
    read_form,
    reasons,
    ruled,
)

OF_THE_SOURCE = ("columns.lost", "heading.blank", "heading.cut", "heading.lost")
BLANK = Ref(RefKind.EMPTY)


def _model(reading: Reading, leaves: Mapping[str, Ref] | None = None, *doubts: Doubt) -> Reading:
    """The reading of a model that reads the same, but for some leaves."""
    return changed(reading, leaves or {}, reader="llm", doubts=doubts)


def _agree(form: Ruled, first: Reading, second: Reading) -> Agreement:
    return agree(form.document, form.section, FORM_TYPE, first, second)


def _rows(reading: Reading, order: Sequence[int]) -> Reading:
    """A reading whose rows are these rows of it, in this order."""
    leaves = {path: ref for path, ref in reading.leaves.items() if not path.startswith("indicators[")}
    for number, row in enumerate(order):
        for path, ref in reading.leaves.items():
            if path.startswith(f"indicators[{row}]."):
                leaves[path.replace(f"[{row}]", f"[{number}]")] = ref
    return replace(reading, leaves=leaves, rows=len(order), merged=())


# What both say.


def test_what_both_say_is_one_reading() -> None:
    form = ruled()
    agreement = _agree(form, form.table, _model(form.table))
    assert agreement.reading == replace(form.table, reader="table+llm")
    assert not agreement.disputed


def test_agreement_clears_a_doubt_about_the_place() -> None:
    form = ruled()
    path = "indicators[1].target"
    doubtful = changed(form.table, {}, doubts=(Doubt(path, "boundary.uncertain"),))
    assert in_review(form.line(doubtful)) == {path}
    assert not in_review(form.line(doubtful, _model(form.table)))


@pytest.mark.parametrize(
    "second",
    [
        {"indicators[1].target": BLANK},
        {"indicators[1].target": Ref(RefKind.ABSENT)},
        {"indicators[1].target": Ref(RefKind.LOST)},
    ],
)
def test_a_doubt_stays_where_the_readers_differ(second: dict[str, Ref]) -> None:
    form = ruled()
    path = "indicators[1].target"
    doubtful = changed(form.table, {}, doubts=(Doubt(path, "boundary.uncertain"),))
    line = form.line(doubtful, _model(form.table, second))
    assert "boundary.uncertain" in reasons(line)[path]


def test_equal_values_at_different_places_are_no_agreement() -> None:
    """Weight and score of the second row are both 10: a model that cites the score for both confirms no weight."""
    form = ruled()
    path, other = "indicators[1].weight", form.table.leaves["indicators[1].score"]
    doubtful = changed(form.table, {}, doubts=(Doubt(path, "boundary.uncertain"),))
    line = form.line(doubtful, _model(form.table, {path: other}))
    assert form.line(form.table)["record"]["indicators"][1]["weight"] == "10"
    assert "boundary.uncertain" in reasons(line)[path]


def test_a_part_of_the_same_cell_with_the_same_value_is_agreement() -> None:
    form = ruled()
    path = "total_score"
    [part] = form.table.leaves[path].parts
    longer = Ref(RefKind.AT, (part, Part(form.cell("总分").id, 0, 0)))
    doubtful = changed(form.table, {}, doubts=(Doubt(path, "boundary.uncertain"),))
    assert not in_review(form.line(doubtful, _model(form.table, {path: longer})))


def test_a_heading_printed_again_is_the_same_heading() -> None:
    form = ruled((*ROWS[:2], ("", "产出指标", "时效指标", "按时完工", "12月", "12月", "5", "5", ""), *ROWS[2:]))
    again = form.at("产出指标", 1)
    path = "indicators[2].level1"
    assert form.table.leaves[path] == again
    second = _model(form.table, {path: form.at("产出指标", 0)})
    assert not _agree(form, form.table, second).disputed
    assert not any(doubt.path == path for doubt in _agree(form, form.table, second).reading.doubts)
    other = _model(form.table, {path: form.at("效益指标")})
    line = form.line(changed(form.table, {}, doubts=(Doubt(path, "heading.unknown"),)), other)
    assert path in in_review(line)


@pytest.mark.parametrize("code", OF_THE_SOURCE)
def test_what_the_source_lost_no_second_reader_finds(code: str) -> None:
    form = ruled()
    doubtful = changed(form.table, {}, doubts=(Doubt("indicators[2].level1", code),))
    line = form.line(doubtful, _model(form.table))
    assert reasons(line) == {"indicators[2].level1": [code]}


def test_a_reader_that_doubts_clears_nothing() -> None:
    form = ruled()
    path = "indicators[1].target"
    doubtful = changed(form.table, {}, doubts=(Doubt(path, "boundary.uncertain"),))
    for doubt in (Doubt(path, "quote.twice"), Doubt("indicators[1]", "answer.length")):
        line = form.line(doubtful, _model(form.table, {}, doubt))
        assert "boundary.uncertain" in reasons(line)[path]


@pytest.mark.parametrize("group", ["indicators", "indicators[1]", ""])
def test_the_doubt_of_a_group_stays_for_what_is_not_agreed(group: str) -> None:
    form = ruled()
    doubtful = changed(form.table, {}, doubts=(Doubt(group, "row.uncertain"),))
    assert not in_review(form.line(doubtful, _model(form.table)))
    line = form.line(doubtful, _model(form.table, {"indicators[1].target": BLANK}))
    assert reasons(line)["indicators[1].target"] == ["row.uncertain"]
    assert in_review(line) == {"indicators[1].target"}


def test_a_doubt_about_missing_rows_needs_the_same_rows() -> None:
    form = ruled()
    doubtful = changed(form.table, {}, doubts=(Doubt("indicators[]", "row.missing"),))
    assert not form.line(doubtful, _model(form.table))["review"]
    fewer = _rows(_model(form.table), (0, 1, 3))
    assert "row.missing" in reasons(form.line(doubtful, fewer))["indicators[]"]


@pytest.mark.parametrize("kind", [RefKind.EMPTY, RefKind.DASH, RefKind.ABSENT])
def test_blank_is_blank_however_it_is_said(kind: RefKind) -> None:
    form = ruled()
    path = "indicators[1].deviation"
    assert form.table.leaves[path].kind is RefKind.EMPTY
    second = _model(form.table, {path: Ref(kind)})
    assert _agree(form, form.table, second) == _agree(form, form.table, _model(form.table))


def test_marks_for_nothing_at_different_places_hold_no_place() -> None:
    """A row of 不涉及 that the table reader has shifted by a cell: its score is blank for both, yet nowhere agreed."""
    columns = ("name", "target", "actual", "weight", "score", "deviation")
    texts = [
        ["清淤河道", "3条", "2条", "40", "27", "汛期"],
        ["不涉及"] * 6,
        ["沿河居民", "90%", "95%", "10", "10", "无"],
    ]
    document, section = lines_document(*([text] for row in texts for text in row))
    cells = [Ref(RefKind.AT, (Part(cell.id, 0, len(cell.text)),)) for cell in document.cells]
    right = {f"indicators[{n // 6}].{columns[n % 6]}": ref for n, ref in enumerate(cells)}
    for column, kind in (("weight", RefKind.DASH), ("score", RefKind.DASH)):
        right[f"indicators[1].{column}"] = replace(right[f"indicators[1].{column}"], kind=kind)
    shifted = {"indicators[1].actual": cells[9], "indicators[1].deviation": BLANK}
    shifted |= {f"indicators[1].{columns[n - 1]}": replace(cells[6 + n], kind=RefKind.DASH) for n in (4, 5)}
    first, second = Reading("table", "", 3, {**right, **shifted}), Reading("llm", "", 3, right)
    agreement = agree(document, section, FORM_TYPE, first, second)
    doubted = {doubt.path for doubt in agreement.reading.doubts} | set(agreement.disputed)
    assert {"indicators[1].actual", "indicators[1].deviation"} <= doubted


# Rows.


@pytest.mark.parametrize("order", [(1, 2, 3), (0, 2, 3), (0, 1, 2), (0, 3), (0, 1, 1, 2, 3), (0, 0, 1, 2, 3, 3)])
def test_rows_that_a_model_drops_or_doubles_shift_nothing(order: Sequence[int]) -> None:
    form = ruled()
    line = form.line(form.table, _rows(_model(form.table), order))
    assert line["review"] == []
    assert line["record"] == form.line(form.table)["record"]


def test_a_row_that_only_the_model_has_is_asked_about() -> None:
    form = ruled()
    fewer = _rows(form.table, (0, 1, 3))
    line = form.line(fewer, _model(form.table))
    assert "rows.differ" in reasons(line)["indicators[]"]


def test_a_row_that_the_table_reader_doubles_is_asked_about() -> None:
    form = ruled()
    line = form.line(_rows(form.table, (0, 1, 1, 2, 3)), _model(form.table))
    assert any(path.startswith(("indicators[1]", "indicators[2]")) for path in in_review(line))


def test_two_rows_that_the_table_reader_runs_together_are_asked_about() -> None:
    form = ruled()
    both = {
        f"indicators[0].{name}": Ref(
            RefKind.AT,
            form.table.leaves[f"indicators[0].{name}"].parts + form.table.leaves[f"indicators[1].{name}"].parts,
        )
        for name in ("name", "target", "actual")
    }
    line = form.line(changed(_rows(form.table, (0, 2, 3)), both), _model(form.table))
    assert {path for path in in_review(line) if path.startswith("indicators[0].")} >= set(both)
    assert "rows.differ" in reasons(line)["indicators[]"]


@pytest.mark.parametrize("by", [1, -1])
def test_a_block_of_leaves_that_slips_by_a_row_does_no_harm(by: int) -> None:
    """A model that reads scores and targets from the row below, or above."""
    form = ruled()
    slipped = {
        f"indicators[{row}].{name}": form.table.leaves[f"indicators[{row + by}].{name}"]
        for row in (1, 2)
        for name in ("target", "score")
    }
    line = form.line(form.table, _model(form.table, slipped))
    assert line["record"] == form.line(form.table)["record"]
    assert line["review"] == []


def test_a_row_of_a_heading_only_is_matched() -> None:
    form = only_a_heading()
    agreement = _agree(form, form.table, form.model())
    assert not agreement.disputed and not agreement.reading.doubts
    without = _rows(form.model(), (0, 1, 2, 4))
    assert any(path.startswith("indicators[3].") for path in _agree(form, form.table, without).disputed)


# Where they differ.


def test_what_the_page_refutes_does_not_count() -> None:
    """The characters that the model leaves over, or claims for two leaves, tell that it is the model that is wrong."""
    form = ruled()
    wrong: dict[str, Ref] = {
        "project_name": BLANK,
        "indicators[0].deviation": Ref(RefKind.ABSENT),
        "indicators[1].score": form.table.leaves["indicators[2].score"],
        "indicators[2].actual": form.table.leaves["indicators[2].target"],
        "total_score": Ref(RefKind.LOST),
    }
    for path, ref in wrong.items():
        line = form.line(form.table, _model(form.table, {path: ref}))
        assert line["record"] == form.line(form.table)["record"]
        assert path not in in_review(line), path


@pytest.mark.parametrize("path", ["project_name", "indicators[0].deviation", "total_score", "indicators[1].score"])
def test_what_the_table_reader_leaves_over_is_asked_about(path: str) -> None:
    form = ruled()
    line = form.line(changed(form.table, {path: BLANK}), _model(form.table))
    assert path in in_review(line)


def _swapped(form: Ruled, one: str, other: str) -> Reading:
    return _model(form.table, {one: form.table.leaves[other], other: form.table.leaves[one]})


def test_an_identity_that_holds_one_way_only_settles_it() -> None:
    form = ruled()
    second = _swapped(form, "total_weight", "total_score")
    assert set(_agree(form, form.table, second).disputed) == {"total_weight", "total_score"}
    line = form.line(form.table, second)
    assert "total_weight" not in in_review(line)
    assert line["record"]["total_weight"] == "100"


def test_an_identity_that_fails_both_ways_settles_nothing() -> None:
    form = ruled((*ROWS[:3], ("", "满意度指标", "服务对象满意度指标", "沿河居民满意度", "≥90%", "95%", "17", "16", "")))
    line = form.line(form.table, _swapped(form, "total_weight", "total_score"))
    assert {"total_weight", "total_score"} <= in_review(line)
    assert "readers.differ" in reasons(line)["total_weight"]


def test_no_identity_settles_a_text() -> None:
    form = ruled()
    line = form.line(form.table, _swapped(form, "expected_goal", "actual_result"))
    assert in_review(line) == {"expected_goal", "actual_result"}
    assert set(map(tuple, reasons(line).values())) == {("readers.differ",)}


def _third(form: Ruled, leaves: Mapping[str, Ref], *doubts: Doubt) -> Reading:
    return Reading("llm:third", "", 0, leaves, doubts)


def test_a_third_reader_sides_with_one_of_two() -> None:
    form = ruled()
    goal, result = "expected_goal", "actual_result"
    second = _swapped(form, goal, result)
    right = form.line(form.table)["record"]
    with_first = form.line(form.table, second, _third(form, {path: form.table.leaves[path] for path in (goal, result)}))
    assert with_first["review"] == [] and with_first["record"] == right
    with_second = form.line(form.table, second, _third(form, {path: second.leaves[path] for path in (goal, result)}))
    assert with_second["review"] == []
    assert (with_second["record"][goal], with_second["record"][result]) == (right[result], right[goal])


def test_a_third_reader_that_says_something_else_or_doubts_settles_nothing() -> None:
    form = ruled()
    paths = ("expected_goal", "actual_result")
    second = _swapped(form, *paths)
    right = {path: form.table.leaves[path] for path in paths}
    thirds = [
        _third(form, {path: form.table.leaves["project_name"] for path in paths}),
        _third(form, dict.fromkeys(paths, BLANK)),
        _third(form, dict.fromkeys(paths, Ref(RefKind.LOST)), *(Doubt(path, "quote.missing") for path in paths)),
        _third(form, right, *(Doubt(path, "quote.twice") for path in paths)),
        _third(form, {}),
    ]
    for third in thirds:
        line = form.line(form.table, second, third)
        assert in_review(line) == set(paths)
        assert line["record"] == form.line(form.table)["record"]


def test_a_third_reader_changes_only_what_is_disputed() -> None:
    form = ruled()
    second = _swapped(form, "expected_goal", "actual_result")
    agreement = _agree(form, form.table, second)
    third = _third(form, {"project_name": BLANK, "total_score": BLANK})
    after = decided(form.document, FORM_TYPE, agreement, third)
    assert after.disputed == agreement.disputed
    assert after.reading.leaves == agreement.reading.leaves


def test_what_the_table_reader_doubts_a_third_reader_does_not_clear_for_the_model() -> None:
    form = ruled()
    second = _swapped(form, "expected_goal", "actual_result")
    doubtful = changed(form.table, {}, doubts=(Doubt("expected_goal", "boundary.uncertain"),))
    line = form.line(doubtful, second, _third(form, {"expected_goal": second.leaves["expected_goal"]}))
    assert "boundary.uncertain" in reasons(line)["expected_goal"]


def test_two_answers_of_one_model_are_one_reader() -> None:
    model = ModelOptions(url="http://127.0.0.1:9/v1", name="one", tie_break="one")
    with pytest.raises(ConfigurationError):
        plan_of(Settings(model=model), "both")
    plan = plan_of(Settings(model=model.model_copy(update={"tie_break": "other"})), "both")
    assert plan.tie_break is not None and plan.tie_break.model == "other"


def test_the_row_of_a_disputed_leaf_is_called_by_the_cell_in_which_it_begins() -> None:
    form = ruled()
    agreement = _agree(form, form.table, _model(form.table))
    for row in range(form.table.rows):
        name = form.table.leaves[f"indicators[{row}].name"].parts[0].cell
        for column in ("level1", "score"):
            assert agreement.begin(f"indicators[{row}].{column}") == name
    assert agreement.begin("project_name") == agreement.begin("funding.total.score") == 0


# What neither says, and both say wrongly.


def _alike(form: Ruled, leaves: Mapping[str, Ref]) -> dict[str, Any]:
    """The line where both readers make the same mistake."""
    return form.line(changed(form.table, leaves), _model(form.table, leaves))


@pytest.mark.parametrize(
    "cell", ["120", "河道清淤示例项目", "投诉减少", "84.5", "一条因汛期顺延", "完成三条河道的清淤"]
)
def test_a_value_that_both_leave_out_is_left_over(cell: str) -> None:
    form = ruled()
    path = next(path for path, ref in form.table.leaves.items() if ref == form.at(cell))
    line = _alike(form, {path: BLANK})
    assert path in in_review(line)
    assert any("coverage.left_over" in codes for codes in reasons(line).values())


@pytest.mark.parametrize(
    ("path", "from_path"),
    [
        ("indicators[1].score", "indicators[2].score"),
        ("indicators[1].target", "indicators[1].actual"),
        ("funding.total.executed", "funding.total.annual_budget"),
        ("indicators[2].level1", "indicators[0].level1"),
        ("project_name", "implementing_unit"),
    ],
)
def test_a_wrong_place_that_both_cite_is_noticed(path: str, from_path: str) -> None:
    form = ruled()
    line = _alike(form, {path: form.table.leaves[from_path]})
    assert path in in_review(line)


def test_a_row_that_both_drop_is_left_over() -> None:
    form = ruled()
    for row in range(4):
        order = [each for each in range(4) if each != row]
        line = form.line(_rows(form.table, order), _rows(_model(form.table), order))
        assert any("coverage.left_over" in codes for codes in reasons(line).values())
        assert any(path.startswith("indicators") for path in reasons(line))


def test_a_label_that_both_take_for_its_value_is_noticed() -> None:
    form = ruled()
    line = _alike(form, {"indicators[1].deviation": form.at("得分", 1)})
    assert "indicators[1].deviation" in in_review(line)


# Readers that fail.


@pytest.mark.parametrize("code", ["model.refused", "model.truncated", "model.nothing", "reader.failed"])
def test_a_reader_that_gave_no_reading_puts_the_form_in_review(code: str) -> None:
    form = ruled()
    failed = Reading.failed("llm", code)
    for readings in ([form.table, failed], [failed, form.table], [failed]):
        line = form.line(*readings)
        assert code in reasons(line)[""]
        assert set(line["states"].values()) == {"review"}
    assert form.line(form.table, failed)["record"] == form.line(form.table)["record"]


def test_without_any_reading_the_form_is_in_review() -> None:
    form = ruled()
    line = form.line()
    assert reasons(line)[""] == ["reader.failed"] and set(line["states"].values()) == {"review"}


# Forms that are made by the hundred.


def _lines(form: ReadForm, *ways: Sequence[Reading]) -> list[dict[str, Any]]:
    return [
        form_line(form.document, settle(form.document, [(form.section, FORM_TYPE, readings)])[0]) for readings in ways
    ]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_model_that_is_right_asks_nothing_that_the_table_reader_did_not(shape: str) -> None:
    for seed in range(5500, 5506):
        for template in ("national-2020", "provincial-2022"):
            form = read_form(shape, seed, template=template)
            alone, both = _lines(form, [form.table], [form.table, replace(form.truth, reader="llm")])
            assert not judge(both, form.made.record, FORM_TYPE).silent
            wrong = {
                path for path in both["states"] if _values(alone, path) != _values({"record": form.made.record}, path)
            }
            new = in_review(both) - in_review(alone)
            assert new <= wrong, seed


def _values(line: Mapping[str, Any], path: str) -> Any:
    value: Any = line["record"]
    for step in re.findall(r"[^.\[\]]+", path):
        if isinstance(value, list):
            value = value[int(step)] if int(step) < len(value) else None
        else:
            value = (value or {}).get(step)
    return value


def test_what_has_no_place_in_the_record_does_not_refute_the_model() -> None:
    """In a template with a column of units, a model leaves them over and is right."""
    form = read_form("cells", 5600, template="provincial-2022", rows=4)
    paths = [path for path in form.truth.leaves if path.endswith(".actual")]
    for path in paths:
        target = form.truth.leaves[path.replace("actual", "target")]
        unit = target.parts[-1].cell + 1
        text = form.document.cells[unit - 1].text
        if not text or form.truth.leaves[path].kind is not RefKind.AT or unit == form.truth.leaves[path].parts[0].cell:
            continue
        wrong = changed(form.truth, {path: Ref(RefKind.AT, (Part(unit, 0, len(text)),))}, reader="table")
        [both] = _lines(form, [wrong, replace(form.truth, reader="llm")])
        assert path in in_review(both)
        break
    else:
        raise AssertionError("the form has no unit in a cell of its own")
