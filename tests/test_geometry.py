"""Where the leaves of a reading may stand: each check on a reading that passes and on one that does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from pipeline.geometry import carried_down, misplaced
from pipeline.reading import Part, Reading, Ref, RefKind
from pipeline.source import Cell, Document, Layout, Origin, Section, SectionKind, Span
from samples.generate import SHAPES
from tests.made_tables import HEADS, ROWS, TITLE, TOTAL, document, page
from tests.read_forms import FORM_TYPE, Ruled, changed, lines_document, read_form, ruled

HEADINGS = ("一级指标", "二级指标", "三级指标", "年度指标值", "实际完成值", "分值", "得分", "偏差原因分析及改进措施")
COLUMNS = ("level1", "level2", "name", "target", "actual", "weight", "score", "deviation")


def _found(form: Ruled, leaves: Mapping[str, Ref]) -> set[tuple[str, str]]:
    reading = changed(form.table, leaves)
    return {(doubt.path, doubt.code) for doubt in misplaced(form.document, form.section, FORM_TYPE, reading)}


def _of(form: Ruled, path: str) -> dict[str, Ref]:
    """The reference of a leaf, for use at another."""
    return {path: form.table.leaves[path]}


# Tables with walls.


def test_a_right_reading_of_a_table_stands_where_it_should() -> None:
    form = ruled()
    assert _found(form, {}) == set()
    assert not misplaced(form.document, form.section, FORM_TYPE, form.model())


@pytest.mark.parametrize(
    ("path", "place", "code"),
    [
        ("indicators[1].target", "indicators[1].actual", "place.order"),
        ("indicators[1].score", "indicators[1].weight", "place.order"),
        ("indicators[1].score", "indicators[2].score", "place.row"),
        ("indicators[2].name", "indicators[1].name", "place.row"),
        ("funding.total.executed", "funding.appropriation.executed", "place.row"),
        ("funding.total.executed", "funding.total.weight", "place.order"),
        ("indicators[2].level1", "indicators[3].level1", "place.heading"),
        ("indicators[2].level1", "indicators[0].level1", "place.heading"),
        ("indicators[1].level1", "indicators[2].level1", "place.heading"),
        ("indicators[1].level2", "indicators[2].level2", "place.heading"),
    ],
)
def test_a_leaf_at_the_place_of_another_is_doubted(path: str, place: str, code: str) -> None:
    form = ruled()
    found = _found(form, {path: form.table.leaves[place]})
    assert path in {each for each, _ in found}
    assert code in {each for _, each in found}


def test_headings_say_which_column_a_leaf_stands_in() -> None:
    """Also where no other leaf of its column says so: a figure that is said to be the one beside it."""
    form = ruled()
    moved = {"funding.appropriation.executed": Ref(RefKind.EMPTY)}
    moved["funding.appropriation.weight"] = form.table.leaves["funding.appropriation.executed"]
    assert ("funding.appropriation.weight", "place.column") in _found(form, moved)


def test_target_and_actual_swapped_on_every_row_stand_against_the_headings() -> None:
    form = ruled()
    swapped: dict[str, Ref] = {}
    for row in range(4):
        target, actual = f"indicators[{row}].target", f"indicators[{row}].actual"
        swapped |= {target: form.table.leaves[actual], actual: form.table.leaves[target]}
    assert {path for path, _ in _found(form, swapped)} == set(swapped)


def test_a_merged_heading_stands_beside_all_its_rows_and_no_others() -> None:
    form = ruled()
    merged = form.table.leaves["indicators[0].level1"]
    assert form.table.leaves["indicators[1].level1"] == merged
    assert form.document.cell(merged.parts[0].cell).row_span == 2
    assert _found(form, {"indicators[2].level1": merged}) == {("indicators[2].level1", "place.heading")}


def test_rows_told_in_another_order_do_not_follow_each_other() -> None:
    form = ruled()
    swapped: dict[str, Ref] = {}
    for column in COLUMNS[2:]:
        one, other = f"indicators[1].{column}", f"indicators[2].{column}"
        swapped |= {one: form.table.leaves[other], other: form.table.leaves[one]}
    assert {path.split(".", maxsplit=1)[0] for path, code in _found(form, swapped) if code == "place.order"} >= {
        "indicators[1]",
        "indicators[2]",
    }


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("project_name", "项目名称"),
        ("actual_result", "绩效指标"),
        ("indicators[0].deviation", "偏差原因分析及改进措施"),
        ("total_score", "总分"),
        ("funding.appropriation.weight", "其中：当年财政拨款"),
    ],
)
def test_a_label_is_no_value(path: str, label: str) -> None:
    form = ruled()
    assert (path, "place.label") in _found(form, {path: form.at(label)})


@pytest.mark.parametrize("path", ["indicators[0].level1", "indicators[2].level2"])
def test_a_piece_of_a_heading_is_no_heading(path: str) -> None:
    form = ruled()
    [part] = form.table.leaves[path].parts
    for start, end in ((0, 1), (1, 0), (0, 3)):
        piece = Ref(RefKind.AT, (Part(part.cell, part.start + start, part.end - end),))
        assert (path, "place.heading") in _found(form, {path: piece})


def test_headings_of_rows_are_values() -> None:
    form = ruled()
    assert not any(code == "place.label" for _, code in _found(form, {}))
    assert carried_down("indicators[0].level1") and carried_down("indicators[12].level2")
    assert not carried_down("indicators[0].name") and not carried_down("project_name")


def test_blanks_stand_nowhere() -> None:
    form = ruled()
    blank = {path: Ref(RefKind.EMPTY) for path in form.table.leaves if path.startswith("indicators[1]")}
    assert _found(form, blank) == set()
    empty = {
        path: Ref(RefKind.EMPTY, (Part(ref.parts[0].cell, 0, 0),))
        for path, ref in form.table.leaves.items()
        if ref.parts
    }
    assert _found(form, empty) == set()


def test_a_table_on_two_pages_is_one_table() -> None:
    from pipeline.readers.table import read
    from pipeline.segment import segment

    made = document(page(1, *TITLE, (HEADS, *ROWS[:2])), page(2, (HEADS, *ROWS[2:], *TOTAL)))
    [section] = [section for section in segment(made, (FORM_TYPE,)) if section.form_type]
    reading = read(made, section, FORM_TYPE)
    assert reading.rows == 4
    assert misplaced(made, section, FORM_TYPE, reading) == []


# Columns that are counted, and walls that are not real.


def _grid(rows: Sequence[Sequence[str]], headings: Sequence[str] = HEADINGS) -> tuple[Document, Section, Reading]:
    """A tab-separated table below its headings, each row read from left to right; blank cells are there."""
    cells: list[Cell] = []
    leaves: dict[str, Ref] = {}
    text = ""
    for number, texts in enumerate([headings, *rows]):
        wanted = iter(COLUMNS)
        for column, each in enumerate(texts):
            span = Span(len(text), len(text) + len(each))
            cells.append(Cell(len(cells) + 1, each, span, number, column, Layout.GRID))
            text += each + "\t"
            if number and each:
                leaves[f"indicators[{number - 1}].{next(wanted)}"] = Ref(RefKind.AT, (Part(len(cells), 0, len(each)),))
    made = Document("a.txt", "a.txt", "0" * 64, Origin.DIGITAL, text, tuple(cells))
    section = Section(SectionKind.FORM, FORM_TYPE.name, 1, Span(0, len(text)), 0, len(cells))
    return made, section, Reading("made", "", len(rows), leaves)


def _row(number: int) -> list[str]:
    return [f"产出指标{number}", f"数量指标{number}", *(f"{column}{number}" for column in "名目实分得因")]


def test_several_leaves_shifted_together_are_a_blank_that_was_dropped() -> None:
    rows = [_row(number) for number in range(5)]
    rows[2] = ["", *rows[2]]
    assert misplaced(*_args(_grid(rows))) == []


@pytest.mark.parametrize("rows", [4, 5, 6])
def test_columns_are_known_where_four_of_five_rows_say_so(rows: int) -> None:
    """The headings are those of another table: only the other rows say what stands below what."""
    made, section, reading = _grid([_row(number) for number in range(rows)], headings=["甲"] * 8)
    assert misplaced(made, section, FORM_TYPE, reading) == []
    path = "indicators[2].deviation"
    shifted = changed(reading, {path: reading.leaves["indicators[2].score"], "indicators[2].score": Ref(RefKind.EMPTY)})
    found = {(doubt.path, doubt.code) for doubt in misplaced(made, section, FORM_TYPE, shifted)}
    assert ((path, "place.column") in found) is (rows >= 5)


def _args(made: tuple[Document, Section, Reading]) -> tuple[Document, Section, Any, Reading]:
    return made[0], made[1], FORM_TYPE, made[2]


# Lines of text.


def _in_lines(one_a_line: bool) -> tuple[Document, Section, Reading]:
    """Three rows as lines of text, or with every cell on a line of its own, below their headings."""
    rows: list[Sequence[str]] = [HEADINGS, *(_row(number) for number in range(3))]
    if one_a_line:
        rows = [(text,) for row in rows for text in row]
    made, section = lines_document(*rows)
    leaves = {
        f"indicators[{number // 8 - 1}].{COLUMNS[number % 8]}": Ref(RefKind.AT, (Part(cell.id, 0, len(cell.text)),))
        for number, cell in enumerate(made.cells)
        if number >= 8
    }
    return made, section, Reading("made", "", 3, leaves)


@pytest.mark.parametrize("one_a_line", [False, True])
def test_lines_have_an_order(one_a_line: bool) -> None:
    made, section, reading = _in_lines(one_a_line)
    assert misplaced(made, section, FORM_TYPE, reading) == []
    target, actual = "indicators[1].target", "indicators[1].actual"
    swapped = changed(reading, {target: reading.leaves[actual], actual: reading.leaves[target]})
    found = {(doubt.path, doubt.code) for doubt in misplaced(made, section, FORM_TYPE, swapped)}
    assert found == {(target, "place.order"), (actual, "place.order")}


@pytest.mark.parametrize("one_a_line", [False, True])
def test_what_is_swapped_on_every_row_stands_against_the_printed_headings(one_a_line: bool) -> None:
    made, section, reading = _in_lines(one_a_line)
    swapped = changed(
        reading,
        {
            f"indicators[{row}].{one}": reading.leaves[f"indicators[{row}].{other}"]
            for row in range(3)
            for one, other in (("target", "actual"), ("actual", "target"))
        },
    )
    paths = {doubt.path for doubt in misplaced(made, section, FORM_TYPE, swapped)}
    assert paths == {f"indicators[{row}].{column}" for row in range(3) for column in ("target", "actual")}


@pytest.mark.parametrize("one_a_line", [False, True])
def test_a_leaf_does_not_reach_into_another_row(one_a_line: bool) -> None:
    made, section, reading = _in_lines(one_a_line)
    for place in ("indicators[0].deviation", "indicators[2].deviation"):
        wrong = changed(reading, {"indicators[1].deviation": reading.leaves[place]})
        found = {(doubt.path, doubt.code) for doubt in misplaced(made, section, FORM_TYPE, wrong)}
        assert ("indicators[1].deviation", "place.order") in found


def test_a_heading_among_lines_holds_to_the_next() -> None:
    made, section, reading = _in_lines(False)
    wrong = changed(reading, {"indicators[2].level1": reading.leaves["indicators[1].level1"]})
    assert misplaced(made, section, FORM_TYPE, wrong) == [], "as long as nobody says that another stands between"
    wrong = changed(reading, {"indicators[1].level1": reading.leaves["indicators[0].level1"]})
    assert misplaced(made, section, FORM_TYPE, wrong) == []
    wrong = changed(reading, {"indicators[2].level1": reading.leaves["indicators[0].level1"]})
    assert [(doubt.path, doubt.code) for doubt in misplaced(made, section, FORM_TYPE, wrong)] == [
        ("indicators[2].level1", "place.heading")
    ]


# Forms that are made by the hundred.


@pytest.mark.parametrize("shape", SHAPES)
def test_the_truth_stands_where_it_should(shape: str) -> None:
    for seed in range(5700, 5712):
        form = read_form(shape, seed)
        assert misplaced(form.document, form.section, FORM_TYPE, form.truth) == [], seed


@pytest.mark.parametrize(
    "reading", [Reading("none", "", 0, {}), Reading("none", "", 2, {"indicators[1].score": Ref(RefKind.LOST)})]
)
def test_a_reading_of_nothing_is_nowhere(reading: Reading) -> None:
    made, section, _ = _in_lines(False)
    assert misplaced(made, section, FORM_TYPE, reading) == []
