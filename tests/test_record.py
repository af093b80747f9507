from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError

from pipeline.forms import FormView, Kind, pattern
from pipeline.reading import RefKind
from schemas.self_evaluation.record import LEAVES, Record, record
from tests.made_up_forms import CELLS, form


def leaves_of(node: object, path: str = "") -> list[str]:
    """Leaf patterns of plain data, without what is no leaf."""
    if isinstance(node, dict):
        return [leaf for key, inner in node.items() for leaf in leaves_of(inner, f"{path}.{key}" if path else key)]
    if isinstance(node, list):
        return [leaf for inner in node[:1] for leaf in leaves_of(inner, path + "[]")]
    return [path]


def test_leaves_cover_the_model_exactly() -> None:
    printed = leaves_of(record(form()))
    no_leaves = {"indicators[].merged", *(path for path in printed if path.startswith("level1_weights."))}
    assert [path for path in printed if path not in no_leaves] == list(LEAVES)


def test_leaves_cover_the_view_exactly() -> None:
    assert {pattern(path) for path in form().values} == set(LEAVES)


@pytest.mark.parametrize(
    ("leaf", "kind"),
    [
        ("project_leader", Kind.NAME),
        ("filled_by", Kind.NAME),
        ("section_head", Kind.NAME),
        ("phone", Kind.PHONE),
        ("filler_phone", Kind.PHONE),
        ("filled_on", Kind.DATE),
        ("fiscal_year", Kind.YEAR),
        ("amount_unit", Kind.UNIT),
        ("funding.other.initial_budget", Kind.MONEY),
        ("funding.total.annual_budget", Kind.MONEY),
        ("funding.carryover.executed", Kind.MONEY),
        ("funding.total.execution_rate", Kind.PERCENT),
        ("funding.appropriation.weight", Kind.NUMBER),
        ("indicators[].score", Kind.NUMBER),
        ("total_score", Kind.NUMBER),
        ("title", Kind.TEXT),
        ("indicators[].deviation", Kind.TEXT),
    ],
)
def test_kind_of_a_leaf(leaf: str, kind: Kind) -> None:
    assert LEAVES[leaf] is kind


@pytest.mark.parametrize(
    "view",
    [
        form(),
        form(merged=((1, 3),)),
        form({path: None for path in form().values}, subtotals={}),
        form({"total_score": "-3.5", "filled_on": None}),
        form(rows=(), subtotals={}),
    ],
    ids=["filled", "merged rows", "blank", "negative", "no rows"],
)
def test_the_model_accepts_every_record(view: FormView) -> None:
    exported = record(view)
    assert Record.model_validate(exported).model_dump() == exported


def test_a_record_holds_what_the_view_holds() -> None:
    exported = record(form(merged=((1, 3),)))
    assert exported["fiscal_year"] == 2021
    assert exported["funding"]["total"]["executed"] == "90"
    assert exported["funding"]["other"]["score"] is None
    assert exported["indicators"][0]["deviation"] == "一条因汛期顺延"
    assert exported["level1_weights"] == {"产出指标": "50", "效益指标": "30", "满意度指标": "10"}
    # The first row of a group carries its points; those below share them.
    assert [entry["merged"] for entry in exported["indicators"]] == [False, False, True, False, False, False]


def test_a_line_that_the_template_lacks_is_none() -> None:
    lacking = {f"funding.carryover.{cell}": RefKind.ABSENT for cell in CELLS}
    blank: dict[str, str | None] = dict.fromkeys(lacking)
    exported = record(form(blank, kinds=lacking))
    assert exported["funding"]["carryover"] is None
    Record.model_validate(exported)
    assert record(form(blank))["funding"]["carryover"] == dict.fromkeys(CELLS)


@pytest.mark.parametrize("year", ["二〇二一", "20x1", ""])
def test_a_year_that_is_none_is_left_out(year: str) -> None:
    assert record(form({"fiscal_year": year}))["fiscal_year"] is None


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("total_score", "1,000"),
        ("total_score", "95.5分"),
        ("total_score", ".5"),
        ("total_score", 95.5),
        ("funding.total.executed", "90万元"),
        ("filled_on", "2022.1.20"),
        ("fiscal_year", "2021"),
        ("title", 7),
    ],
)
def test_the_model_refuses_what_is_not_as_the_format_says(path: str, value: object) -> None:
    exported = record(form())
    node = exported
    *groups, cell = path.split(".")
    for group in groups:
        node = node[group]
    node[cell] = value
    with pytest.raises(ValidationError):
        Record.model_validate(exported)


@pytest.mark.parametrize("model", [Record])
def test_every_key_is_asked_for(model: type[BaseModel]) -> None:
    exported = record(form())
    for key in list(exported):
        with pytest.raises(ValidationError):
            model.model_validate({name: value for name, value in exported.items() if name != key})
    with pytest.raises(ValidationError):
        model.model_validate({**exported, "remark": None})
