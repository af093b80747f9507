"""The generator of made-up forms: deterministic, consistent, and true about where every value stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest

from benchmarks.faults import FAULTS, inject, leaf_value
from benchmarks.oracle import broken
from benchmarks.raised import judge
from samples.content import FUNDING_CELLS, FUNDING_LINES, ROW_CELLS
from samples.generate import SHAPES, Made, checked_in, defects_of, make_document, make_form, truth
from samples.pages import wrap
from samples.templates import TEMPLATES

SAMPLES = Path(__file__).parent.parent / "samples"
RECORD_KEYS = [
    "title", "fiscal_year", "project_name", "competent_department", "implementing_unit", "project_leader", "phone",
    "amount_unit", "funding", "expected_goal", "actual_result", "indicators", "level1_weights", "total_weight",
    "total_score", "filled_by", "section_head", "filler_phone", "filled_on",
]  # fmt: skip
SEEDS = range(60)
READABLE = ("shifted_left", "shifted_right", "total_short", "glued", "heading_twice")
"""Planted, but every value is still there."""


def leaves(record: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf of a record that has a place in the text."""
    for key, value in record.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{key}.")
        elif isinstance(value, list):
            for n, row in enumerate(value):
                yield from leaves(row, f"{prefix}{key}[{n}].")
        elif key != "merged":
            yield f"{prefix}{key}", value


def held(form: Made, path: str) -> str:
    """What the spans of a leaf hold, without spaces and thousands separators."""
    printed = "".join(form.text[start:end] for start, end in form.spans[path])
    return re.sub(r"\s", "", printed).replace(",", "")


def assert_spans_hold(form: Made) -> None:
    for path, value in leaves(form.record):
        if value is None:
            assert path not in form.spans, path
        elif path == "filled_on":
            assert [int(part) for part in re.findall(r"[0-9]+", held(form, path))] == [
                int(part) for part in value.split("-")
            ]
        else:
            assert held(form, path) == re.sub(r"\s", "", str(value)).replace(",", ""), path


def test_a_seed_gives_the_same_form_always_and_the_same_content_in_every_shape() -> None:
    for shape in SHAPES:
        assert make_form(7, shape) == make_form(7, shape)
        assert make_form(7, shape).record == make_form(7, "tsv").record
        assert make_form(7, shape).text != make_form(8, shape).text


@pytest.mark.parametrize("shape", SHAPES)
def test_spans_hold_the_values(shape: str) -> None:
    for seed in SEEDS:
        assert_spans_hold(make_form(seed, shape))


@pytest.mark.parametrize("shape", SHAPES)
def test_spans_hold_the_values_of_damaged_forms_and_defects_are_told(shape: str) -> None:
    for defect in defects_of(shape):
        for seed in range(12):
            form = make_form(seed, shape, defect=defect)
            assert_spans_hold(form)
            assert bool(form.defects) == (defect not in READABLE), defect
            assert form.planted == defect


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_template_comes_in_every_shape(shape: str, template: str) -> None:
    form = make_form(3, shape, template=template)
    assert form.template == template
    assert "项目名称" in form.text
    assert_spans_hold(form)


def test_records_have_every_key_in_order() -> None:
    for seed in SEEDS:
        record = make_form(seed, "tsv").record
        assert list(record) == RECORD_KEYS
        assert list(record["funding"]) == list(FUNDING_LINES)
        lines = [line for line in record["funding"].values() if line is not None]
        assert all(list(line) == list(FUNDING_CELLS) for line in lines)
        assert [name for name, line in record["funding"].items() if line is None] in ([], ["carryover"])
        assert all(list(row) == [*ROW_CELLS, "merged"] for row in record["indicators"])


def test_figures_are_decimal_strings_without_separators_and_units() -> None:
    for seed in SEEDS:
        for path, value in leaves(make_form(seed, "tsv").record):
            if re.search(r"funding|weight|score$", path) and value is not None:
                assert re.fullmatch(r"[0-9]+(\.[0-9]+)?", value), path


def test_forms_without_a_planted_defect_are_consistent() -> None:
    for seed in range(400):
        assert broken(make_form(seed, "tsv").record) == set(), seed


@pytest.mark.parametrize(
    ("defect", "identity"),
    [
        ("rate", "rate"),
        ("funding_score", "funding_score"),
        ("parts", "parts"),
        ("weights_total", "weights_total"),
        ("scores_total", "scores_total"),
        ("score_range", "score_range"),
        ("subtotal", "subtotal"),
    ],
)
def test_a_planted_defect_breaks_its_identity(defect: str, identity: str) -> None:
    for seed in SEEDS:
        assert identity in broken(make_form(seed, "tsv", defect=defect).record), seed


def test_rows_that_lose_points_say_why_and_are_many() -> None:
    short = rows = 0
    for seed in SEEDS:
        for row in make_form(seed, "tsv").record["indicators"]:
            rows += 1
            if row["score"] is not None and Decimal(row["score"]) < Decimal(row["weight"]):
                short += 1
                assert row["deviation"] not in (None, "无", "/")
    assert short >= 0.4 * rows


def test_forms_have_3_to_24_rows() -> None:
    counts = {len(make_form(seed, "tsv").record["indicators"]) for seed in range(300)}
    assert min(counts) == 3
    assert max(counts) == 24
    assert len(make_form(1, "tsv", rows=17).record["indicators"]) == 17
    with pytest.raises(ValueError, match="3 to 24"):
        make_form(1, "tsv", rows=25)


def test_a_defect_that_the_shape_cannot_show_is_refused() -> None:
    with pytest.raises(ValueError, match="shifted_left"):
        make_form(1, "lines", defect="shifted_left")


@pytest.mark.parametrize("shape", SHAPES)
def test_the_spans_of_a_document_point_into_its_text(shape: str) -> None:
    document = make_document(5, 4, shape, defects={2: "name_spellings"}, prose_in_front=True)
    for form in document.forms:
        assert form.text == document.text
        assert_spans_hold(form)
    first, other = document.forms[0].record, document.forms[2].record
    assert first["phone"] == other["phone"]
    assert first["project_leader"] != other["project_leader"]


def test_cells_and_rows_are_where_they_are_said_to_be() -> None:
    for shape in SHAPES:
        form = make_form(9, shape)
        for cell in form.cells:
            for leaf in cell.leaves:
                assert all(cell.start <= start <= end <= cell.end for start, end in form.spans[leaf])
        for n, (start, end) in form.rows.items():
            name_at = form.spans[f"indicators[{n}].name"][0][0]
            assert start <= name_at < end


def test_wrapping_keeps_figures_whole_and_observes_kinsoku() -> None:
    text = "于2021年12月完成，（含验收）达到95.5%。"
    for kinsoku in (True, False):
        lines = [text[a:b] for a, b in wrap(text, 8, kinsoku=kinsoku)]
        assert "".join(lines) == text
        assert not any(re.search(r"[0-9]$", a) and re.match(r"[0-9.%]", b) for a, b in pairwise(lines))
        if kinsoku:
            assert not any(line[0] in "，）。" or line[-1] == "（" for line in lines)
    assert wrap("甲乙\n丙", 20, kinsoku=True) == [(0, 2), (3, 4)]


def test_checked_in_documents_are_up_to_date() -> None:
    expected_texts, expected_truth = set(), set()
    for name, document in checked_in():
        path = SAMPLES / "documents" / f"{name}.txt"
        expected_texts.add(path.name)
        assert path.read_bytes().decode() == document.text, f"run python -m samples.generate: {path.name} differs"
        assert path.stat().st_size < 40_000
        for ordinal, form in enumerate(document.forms, 1):
            gold = SAMPLES / "truth" / f"{name}-{ordinal:02d}.json"
            expected_truth.add(gold.name)
            assert json.loads(gold.read_text(encoding="utf-8")) == truth(form, name, ordinal)
    assert {path.name for path in (SAMPLES / "documents").glob("*.txt")} == expected_texts
    assert expected_truth <= {path.name for path in (SAMPLES / "truth").iterdir()}


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("shape", ["tsv", "word", "lines"])
def test_faults_change_text_and_record_where_they_say(shape: str, kind: str) -> None:
    if kind == "cell_shifted" and shape == "lines":
        return  # there are no columns to shift
    seen = 0
    for seed in range(20):
        form = make_form(seed, shape)
        before = json.dumps(form.record)
        fault = inject(Random(seed), form, kind)
        assert json.dumps(form.record) == before, "the truth was damaged"
        if fault is not None:
            seen += 1
            assert fault.text != form.text
            assert fault.record != form.record
            assert list(fault.record) == RECORD_KEYS
            if kind in ("digit_exchanged", "digit_dropped", "point_lost", "amount_in_yuan"):
                assert leaf_value(fault.record, fault.paths[0]) in fault.text.replace(",", "")
    assert seen >= 15


def test_a_verdict_asks_for_the_damaged_place_among_the_first_suspects() -> None:
    form = make_form(4, "tsv")
    fault = next(
        f for seed in range(99) if (f := inject(Random(seed), form, "digit_dropped")) and "].score" in f.paths[0]
    )
    row = fault.paths[0].split(".")[0]

    def line(paths: list[str], review: list[str], severity: str = "error") -> dict[str, Any]:
        findings = [{"check": "scores.total", "severity": severity, "paths": paths, "message": ""}]
        return {
            "record": fault.record,
            "findings": findings,
            "review": [{"path": path, "reasons": []} for path in review],
        }

    assert judge(form, fault, [line([fault.paths[0]], [])]).named
    assert judge(form, fault, [line(["total_score"], [row])]).named
    late = judge(form, fault, [line(["total_score", "title", "phone", fault.paths[0]], [])])
    assert (late.raised, late.named, late.silent) == (True, False, False)
    whole = judge(form, fault, [line([], [""])])
    assert (whole.raised, whole.named) == (True, False)
    for lines in ([line(["phone"], [])], [line([fault.paths[0]], [], "note")], []):
        verdict = judge(form, fault, lines)
        assert (verdict.raised, verdict.silent) == (False, True)
