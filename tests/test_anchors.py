"""Decisions stay with their place however the document is ingested, cut and read later, and never go to another one."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from benchmarks.modelserver.truth import true_reading
from pipeline.anchors import (
    Anchors,
    Locator,
    anchor_key,
    anchor_of,
    anchor_of_cell,
    find_cell,
    from_json,
    to_json,
)
from pipeline.decisions import Anchor, Purpose
from pipeline.reading import Part, Reading, Ref, RefKind
from pipeline.source import Box
from samples.generate import make_document
from tests import made_tables
from tests.disturbed import (
    FORM_TYPE,
    ROWS,
    Name,
    World,
    cut_apart,
    join_cells,
    joined,
    lowered,
    noisy,
    read_file,
    row_of,
    shaken,
    shortened,
    split_cells,
    with_boxes,
    with_cells,
    with_row_halved,
    with_rows,
    with_rows_run_together,
    with_values,
    without_form,
    without_title,
    world,
)

DOCUMENTS = Path(__file__).parent.parent / "samples" / "documents"
EQUAL = ("", "质量指标", "例行巡查", "完成", "完成", "2", "2", "")
EMPTY = ("", "质量指标", "不涉及", "/", "/", "0", "0", "")
OUTPUT = ("", ("产出指标", 1, 7), *made_tables.ROWS[0][2:])
TABLE = (OUTPUT, EQUAL, EQUAL, EQUAL, EMPTY, EMPTY, *made_tables.ROWS[1:])
"""Rows of which some say the same."""
BLOCKS: tuple[made_tables.Block, ...] = (
    *made_tables.TITLE,
    (*made_tables.HEAD, made_tables.HEADS, *TABLE, *made_tables.TOTAL),
    *made_tables.FOOT,
)
SHAPES = ("tsv", "word", "lines", "flat", "cells")
FILES = ("digital-pdf.pdf", "word-tables.docx", "workbook.xlsx", "web-page.html", "clean-scan.tif")
ALL = ("equal-lines", "equal-page", "equal-sheet", *SHAPES, *FILES)
PAGES = ("equal-page", "digital-pdf.pdf", "clean-scan.tif")
SHEETS = ("equal-sheet", "word-tables.docx", "workbook.xlsx", "web-page.html")


@cache
def made(name: str) -> World:
    """A document by name. Those called equal hold the same form three times, with rows that say the same."""
    if name in FILES:
        return read_file(name, (DOCUMENTS / name).read_bytes())
    if name in SHAPES:
        return read_file("a.txt", make_document(100 + SHAPES.index(name), 3, name).text.encode() * 2)
    if name == "equal-lines":
        return read_file("a.txt", "".join(map(_printed, BLOCKS * 3)).encode())
    document = made_tables.document(made_tables.page(1, *BLOCKS * 3))
    if name == "equal-sheet":
        pages = tuple(page._replace(unit="cells") for page in document.pages)
        counted = with_boxes(World(document, (), ()), lambda cell, box: _counted(box))
        document = replace(counted.document, pages=pages)
    return world(document)


def _printed(block: made_tables.Block) -> str:
    if isinstance(block, str):
        return f"{block}\n"
    return "".join("\t".join(spec if isinstance(spec, str) else spec[0] for spec in row) + "\n" for row in block)


def _counted(box: Box) -> Box:
    x0, y0 = box.x0 // 10, box.y0 // 10
    return Box(x0, y0, max(box.x1 // 10, x0 + 1), max(box.y1 // 10, y0 + 1), "cells")


class Anchored(NamedTuple):
    name: Name
    path: str
    anchor: Anchor


def anchored(before: World) -> list[Anchored]:
    """The anchors of every leaf, of the rows and of the form, for all forms."""
    out = []
    for form, names in zip(before.forms, before.names, strict=True):
        anchors = Anchors(before.document, *form)
        out += [Anchored(name, path, anchors.of(path)) for path, name in names.items()]
    return out


@dataclass(frozen=True)
class Score:
    """How many leaves were found where they are; those that were not though they are there; those found elsewhere."""

    right: int
    orphans: tuple[Anchored, ...]
    wrong: tuple[tuple[Anchored, tuple[int, str]], ...]

    @property
    def share(self) -> float:
        return self.right / (self.right + len(self.orphans) or 1)


def score(anchors: Sequence[Anchored], now: World) -> Score:
    """Look for anchors in the document as it is now, whose truth is known."""
    locator = Locator(now.document, now.forms)
    places = now.places()
    right, orphans, wrong = 0, [], []
    for each in anchors:
        found, place = locator.find(each.anchor), places.get(each.name)
        if found is not None and found != place:
            wrong.append((each, found))
        elif found is not None:
            right += 1
        elif place is not None:
            orphans.append(each)
    return Score(right, tuple(orphans), tuple(wrong))


def shuffled(before: World, rng: Random) -> World:
    return with_rows(before, lambda form, count: rng.sample(range(count), count))


def dropped(before: World, rng: Random) -> World:
    rows = {form: rng.randrange(reading.rows) for form, (_, _, reading) in enumerate(before.forms)}
    return with_rows(before, lambda form, count: (row for row in range(count) if row != rows[form]))


Disturbance = Callable[[World, Random], World]
INGESTED: dict[str, Disturbance] = {"split": split_cells, "join": join_cells}
ON_PAGES: dict[str, Disturbance] = {
    "shaken": shaken,
    "noisy": noisy,
    "noisy, shaken and split": lambda before, rng: split_cells(shaken(noisy(before, rng), rng), rng),
    "moved": lambda before, rng: lowered(before, 15),
}
IN_SHEETS: dict[str, Disturbance] = {
    "a row more in front": lambda before, rng: lowered(before, 1),
    "two rows less in front": lambda before, rng: lowered(before, -2),
    "a row more in between": lambda before, rng: lowered(before, 1, from_row=rng.choice(before.document.cells).row),
}
CUT: dict[str, Disturbance] = {
    "without titles": lambda before, rng: without_title(before),
    "shorter": lambda before, rng: shortened(before),
    "a form less": lambda before, rng: without_form(before, 0),
}
READ: dict[str, Disturbance] = {
    "same": lambda before, rng: before,
    "shuffled": shuffled,
    "equal rows swapped": lambda before, rng: with_rows(before, lambda form, count: (0, 2, 1, *range(3, count))),
    "a row less": dropped,
    "a value elsewhere": lambda before, rng: with_values(
        before, lambda path: path in ("total_score", "phone", "indicators[1].score", "indicators[2].weight"), rng
    ),
}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("how", [*READ, *CUT, *INGESTED])
def test_anchors_are_found_after_another_ingest_cut_or_reading(name: str, how: str) -> None:
    before = made(name)
    now = {**READ, **CUT, **INGESTED}[how](before, Random(f"{name} {how}"))
    result = score(anchored(before), now)
    assert not result.wrong
    assert result.share >= 0.99 or not now.forms, result.orphans


@pytest.mark.parametrize(
    ("name", "how"), [(n, h) for n in PAGES for h in ON_PAGES] + [(n, h) for n in SHEETS for h in IN_SHEETS]
)
def test_anchors_are_found_where_boxes_moved_and_characters_are_recognised_otherwise(name: str, how: str) -> None:
    before = made(name)
    result = score(anchored(before), {**ON_PAGES, **IN_SHEETS}[how](before, Random(f"{name} {how}")))
    assert not result.wrong
    assert result.share >= 0.99, result.orphans


@pytest.mark.parametrize("name", ALL)
def test_a_thousand_decisions_stay_after_everything_changed(name: str) -> None:
    before, rng = made(name), Random(name)
    now = shuffled(without_title(split_cells(join_cells(before, rng), rng)), rng)
    if name in PAGES:
        now = shaken(noisy(now, rng, 0.02), rng)
    elif name in SHEETS:
        now = lowered(now, 1)
    if len(before.forms) > 2:
        now = without_form(now, 1)
    result = score(rng.choices(anchored(before), k=1000), now)
    assert not result.wrong
    assert result.right > 500
    assert result.share >= 0.99, result.orphans


UNCERTAIN: dict[str, Disturbance] = {
    "a row as two": lambda before, rng: with_row_halved(before, 2),
    "two rows as one": lambda before, rng: with_rows_run_together(before, 2),
    "a row twice": lambda before, rng: with_rows(before, lambda form, count: (1, *range(count))),
    "the first of two forms": lambda before, rng: joined(before, 0),
    "the second of two forms": lambda before, rng: joined(before, 0, singles=1),
    "a form as two": lambda before, rng: cut_apart(before, 0, 2),
    "scores anywhere": lambda before, rng: with_values(before, lambda path: path.endswith(".score"), rng),
    "illegible": lambda before, rng: noisy(before, rng, 0.3),
    "lower half moved": lambda before, rng: lowered(before, 20, from_row=rng.choice(before.document.cells).row),
}


@pytest.mark.parametrize("name", [name for name in ALL if name != "clean-scan.tif"])
@pytest.mark.parametrize("how", UNCERTAIN)
def test_what_is_not_certain_is_an_orphan_and_never_another_leaf(name: str, how: str) -> None:
    before = made(name)
    result = score(anchored(before), UNCERTAIN[how](before, Random(f"{name} {how}")))
    assert not result.wrong
    assert result.right > 0


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", [3, 8])
def test_another_reader_finds_what_the_first_one_read(shape: str, seed: int) -> None:
    document = make_document(seed, 3, shape)
    before = read_file("a.txt", document.text.encode())
    forms = [
        (section, form_type, true_reading(before.document, section, form_type, form))
        for (section, form_type, _), form in zip(before.forms, document.forms, strict=True)
    ]
    locator = Locator(before.document, forms)
    found = wrong = leaves = 0
    for form in before.forms:
        anchors = Anchors(before.document, *form)
        for path in form[2].leaves:
            there = locator.find(anchors.of(path))
            leaves += 1
            found += there is not None
            row, column = row_of(path)
            if there is not None and row >= 0:
                number, other = row_of(there[1])
                own = cells_of_row(form[2], row), cells_of_row(forms[there[0]][2], number)
                wrong += column != other or (own[0].isdisjoint(own[1]) and bool(own[0]))
    assert wrong == 0
    assert found >= 0.99 * leaves


def cells_of_row(reading: Reading, row: int) -> set[int]:
    """The cells that a row does not share with others."""
    leaves = ((row_of(path), ref) for path, ref in reading.leaves.items())
    return {part.cell for (at, name), ref in leaves if at == row and "level" not in name for part in ref.parts}


# -- one by one


def found(before: World, now: World, form: int, path: str) -> tuple[int, str] | None:
    return Locator(now.document, now.forms).find(anchor_of(before.document, *before.forms[form], path))


@pytest.mark.parametrize("name", ["equal-lines", "equal-page", "equal-sheet"])
def test_a_row_that_is_read_no_more_is_not_the_equal_one_beside_it(name: str) -> None:
    before = made(name)
    now = with_rows(before, lambda form, count: (row for row in range(count) if row != 2))
    assert found(before, now, 1, "indicators[2].score") is None
    assert found(before, now, 1, "indicators[3].score") == (1, "indicators[2].score")
    assert (
        Locator(now.document, now.forms).find_form(anchor_of(before.document, *before.forms[1], "indicators[2].score"))
        == 1
    )


def test_the_rows_as_a_whole_are_others_as_soon_as_one_is() -> None:
    before = made("equal-page")
    anchor = anchor_of(before.document, *before.forms[1], ROWS)
    fewer = with_rows(before, lambda form, count: range(count - 1))
    other = with_values(before, lambda path: path.startswith("indicators[3]."), Random(1))
    assert Locator(before.document, shuffled(before, Random(1)).forms).find(anchor) == (1, ROWS)
    assert Locator(before.document, fewer.forms).find(anchor) is None
    assert Locator(before.document, other.forms).find(anchor) is None


def test_rows_that_people_rejected_or_added_are_none_of_the_rows_that_are_read() -> None:
    before = made("equal-page")
    section, form_type, reading = before.forms[1]
    fewer = with_rows(before, lambda form, count: range(1, count))
    anchor = anchor_of(before.document, *fewer.forms[1], ROWS)
    locator = Locator(before.document, before.forms)
    assert locator.find(anchor) is None
    assert locator.find(anchor, rejected={(1, 0)}) == (1, ROWS)

    leaves = {path: ref for path, ref in reading.leaves.items()}
    leaves |= {
        path.replace("[0]", f"[{reading.rows}]"): Ref(RefKind.LOST)
        for path in leaves
        if path.startswith("indicators[0]")
    }
    more = replace(reading, rows=reading.rows + 1, leaves=leaves)
    anchors = Anchors(before.document, section, form_type, more, {reading.rows: "a-decision"})
    assert locator.find(anchors.of(ROWS)) == (1, ROWS)
    score_added = anchors.of(f"indicators[{reading.rows}].score")
    assert (score_added.added, score_added.row, score_added.value) == ("a-decision", (), ())
    assert locator.find(score_added) is None
    assert locator.find(score_added, added={"a-decision": (1, 4)}) == (1, "indicators[4].score")
    with_it = Locator(before.document, [*before.forms[:1], (section, form_type, more), *before.forms[2:]])
    assert with_it.find(anchor_of(before.document, section, form_type, reading, ROWS)) is None
    assert with_it.find(anchors.of(ROWS), added={"a-decision": (1, reading.rows)}) == (1, ROWS)


def test_a_leaf_without_a_place_is_found_by_its_row_or_its_form() -> None:
    before = made("equal-lines")
    section, form_type, reading = before.forms[1]
    lost = {path: Ref(RefKind.LOST) for path in ("indicators[4].score", "total_score", "indicators[4].deviation")}
    forms = [*before.forms]
    forms[1] = (section, form_type, replace(reading, leaves={**reading.leaves, **lost}))
    before = replace(before, forms=tuple(forms))
    now = without_form(shuffled(before, Random(2)), 0)
    place = now.places()
    for path in lost:
        row, column = row_of(path)
        assert found(before, now, 1, path) == place[1, row, column]


def test_a_row_without_a_place_is_found_between_the_same_rows_only() -> None:
    before = made("equal-lines")
    section, form_type, reading = before.forms[1]
    nowhere = {
        path: Ref(RefKind.LOST) for path in reading.leaves if path.startswith(("indicators[4].", "indicators[5]."))
    }
    lost = (section, form_type, replace(reading, leaves={**reading.leaves, **nowhere}))
    before = replace(before, forms=(before.forms[0], lost, before.forms[2]))
    keys = {
        anchor_key("", anchor_of(before.document, *lost, f"indicators[{row}].score"), Purpose.REVIEW) for row in (4, 5)
    }
    assert len(keys) == 2
    assert found(before, before, 1, "indicators[5].score") == (1, "indicators[5].score")
    fewer = with_rows(before, lambda form, count: (row for row in range(count) if row != 4))
    assert found(before, fewer, 1, "indicators[5].score") is None


def test_row_and_pattern_decide_where_a_column_is_read_one_row_further_down() -> None:
    """Every score was read from the row below; now it is read from its own."""
    right = made("equal-lines")
    forms = []
    for section, form_type, reading in right.forms:
        below = {
            f"indicators[{row}].score": reading.leaves[f"indicators[{row + 1}].score"]
            for row in range(reading.rows - 1)
        }
        forms.append((section, form_type, replace(reading, leaves={**reading.leaves, **below})))
    before = replace(right, forms=tuple(forms))
    result = score(anchored(before), right)
    assert not result.wrong
    assert result.share > 0.9


def test_a_leaf_that_two_forms_have_once_goes_to_the_one_that_is_still_read_there() -> None:
    before = made("equal-page")
    first, second = joined(before, 0), joined(before, 0, singles=1)
    for path in ("total_score", "funding.total.executed", "project_name"):
        assert found(before, first, 0, path) == (0, path)
        assert found(before, first, 1, path) is None
        assert found(before, second, 0, path) is None
        assert found(before, second, 1, path) == (0, path)
        assert found(first, before, 0, path) == (0, path)
        assert found(second, before, 0, path) == (1, path)
    assert found(before, first, 0, "") is None
    assert found(before, first, 0, "phone") is None, "it has no place, and may be either form's"


def test_a_form_on_a_page_that_was_lost_is_not_its_double_on_another_page() -> None:
    both = world(made_tables.document(made_tables.page(1, *BLOCKS), made_tables.page(2, *BLOCKS)))
    one = made_tables.document(made_tables.page(2, *BLOCKS))
    one = replace(one, pages=both.document.pages)
    result = score(anchored(both), replace(world(one), names=both.names[1:]))
    assert not result.wrong
    assert result.share == 1


def test_a_row_whose_place_says_something_else_is_not_found() -> None:
    before = made("equal-page")
    row = [
        part.cell
        for path, ref in before.forms[0][2].leaves.items()
        if path.startswith("indicators[6]")
        for part in ref.parts
    ]
    cells = tuple(
        replace(cell, text="甲乙丙丁戊己庚辛"[: len(cell.text)]) if cell.id in row else cell
        for cell in before.document.cells
    )
    now = replace(before, document=replace(before.document, cells=cells))
    assert found(before, now, 0, "indicators[6].target") is None
    assert found(before, now, 0, "indicators[5].target") == (0, "indicators[5].target")


def test_a_subtotal_is_found_under_a_heading_that_is_read_otherwise() -> None:
    before = made("word")
    form, path = next(
        (index, path)
        for index, (_, _, reading) in enumerate(before.forms)
        for path in reading.leaves
        if path.startswith("level1_weights.")
    )
    section, form_type, reading = before.forms[form]
    ref = reading.leaves[path]
    rest = {leaf: other for leaf, other in reading.leaves.items() if leaf != path}
    new = "level1_weights.产岀指标"

    def now(leaves: dict[str, Ref]) -> World:
        forms = [*before.forms]
        forms[form] = (section, form_type, replace(reading, leaves=leaves))
        return replace(before, forms=tuple(forms))

    assert found(before, before, form, path) == (form, path)
    assert found(before, now({**rest, new: ref}), form, path) == (form, new)
    assert found(before, now({**rest, new: ref, path: rest["title"]}), form, path) is None, "name and place contradict"
    assert found(before, now(rest), form, path) is None


def test_a_row_as_such_has_no_anchor() -> None:
    before = made("tsv")
    with pytest.raises(ValueError, match=r"indicators\[1\] is no leaf"):
        anchor_of(before.document, *before.forms[0], "indicators[1]")


# -- cells


@pytest.mark.parametrize("name", ALL)
def test_the_cell_at_which_a_form_begins_is_found(name: str) -> None:
    before, rng = made(name), Random(name)
    firsts = {section.first + 1 for section, _, _ in before.forms}
    disturbed = [split_cells(before, rng)]
    disturbed += [shaken(before, rng), noisy(before, rng, 0.02)] if name in PAGES else []
    for now in disturbed:
        begins = {section.first + 1 for section, _, _ in now.forms}
        assert {find_cell(now.document, anchor_of_cell(before.document, cell)) for cell in firsts} == begins
    assert all(
        find_cell(before.document, anchor_of_cell(before.document, cell.id)) == cell.id
        for cell in before.document.cells
    )


def test_a_cell_that_begins_no_more_is_not_found() -> None:
    before = made("flat")
    second = before.forms[1][0].first + 1
    groups = [[(cell.id, 0, len(cell.text))] for cell in before.document.cells]
    groups[second - 2 : second] = [groups[second - 2] + groups[second - 1]]
    plain = replace(before, forms=(), names=())
    now = with_cells(plain, groups).document
    assert find_cell(now, anchor_of_cell(before.document, second)) is None
    assert find_cell(now, anchor_of_cell(before.document, second + 1)) == second


def test_a_cell_of_a_table_that_moved_is_found_by_what_stands_around_it() -> None:
    before = made("web-page.html")
    now = lowered(before, 1).document
    second = before.forms[1][0].first + 1
    assert find_cell(now, anchor_of_cell(before.document, second)) == second
    twins = made("equal-sheet")
    cell = twins.forms[1][0].first + 1
    assert find_cell(lowered(twins, 1).document, anchor_of_cell(twins.document, cell)) in (None, cell)


def test_an_anchor_at_a_cell_says_of_what_form_type() -> None:
    before = made("tsv")
    anchor = anchor_of_cell(before.document, 3, form_type=FORM_TYPE.name)
    assert anchor.form_type == FORM_TYPE.name
    assert Locator(before.document, before.forms).find(anchor) is None


# -- keys and stored anchors


@pytest.mark.parametrize("name", ALL)
def test_every_leaf_has_a_key_of_its_own_and_anchors_come_back_from_json(name: str) -> None:
    anchors = [each.anchor for each in anchored(made(name))]
    keys = {anchor_key("0" * 64, anchor, Purpose.REVIEW) for anchor in anchors}
    assert len(keys) == len(anchors)
    assert all(len(key) == 12 and int(key, 16) >= 0 for key in keys)
    stored = [json.loads(json.dumps(to_json(anchor))) for anchor in anchors]
    assert [from_json(value) for value in stored] == anchors
    size = sum(len(json.dumps(value, ensure_ascii=False).encode()) for value in stored)
    assert size < 1200 * len(anchors), "there may be 100,000 of them"


@pytest.mark.parametrize("name", ["equal-lines", "equal-page", "lines", "digital-pdf.pdf"])
def test_a_key_stays_after_everything_is_numbered_anew(name: str) -> None:
    before, rng = made(name), Random(name)
    now = shuffled(without_form(before, 0), rng)
    now = with_values(now, lambda path: path in ("phone", "total_score"), rng)
    now = split_cells(now, rng) if not before.document.pages else now

    def keys(each: World) -> dict[Name, str]:
        return {each.name: anchor_key("", each.anchor, Purpose.REVIEW) for each in anchored(each)}

    old, new = keys(before), keys(now)
    assert new and {name: old[name] for name in new} == new


def test_keys_tell_documents_and_purposes_apart() -> None:
    before = made("tsv")
    anchor = anchor_of(before.document, *before.forms[0], "total_score")
    keys = {anchor_key(sha256, anchor, purpose) for sha256 in ("a", "b") for purpose in Purpose}
    assert len(keys) == 4


def test_headings_that_are_carried_down_are_no_part_of_a_row() -> None:
    before = made("equal-page")
    anchor = anchor_of(before.document, *before.forms[0], "indicators[1].level2")
    assert [spot.text for spot in anchor.value] == ["质量指标"]
    assert "".join(spot.text for spot in anchor.row) == "例行巡查完成完成22"
    assert anchor.around[0].endswith("一条因汛期顺延质量指标")


def test_an_anchor_of_a_part_of_a_cell_has_a_place_of_its_own() -> None:
    """Two rows that say the same, read from one cell each of which holds both."""
    before = made("equal-page")
    section, form_type, reading = before.forms[0]
    cells = {
        path.partition("].")[2]: ref.parts[0].cell
        for path, ref in reading.leaves.items()
        if path.startswith("indicators[1].") and ref.parts and "level" not in path
    }
    document = replace(
        before.document,
        cells=tuple(
            replace(cell, text=f"{cell.text}\n{cell.text}", span=cell.span) if cell.id in cells.values() else cell
            for cell in before.document.cells
        ),
    )
    leaves = dict(reading.leaves)
    for column, cell in cells.items():
        half = (len(document.cell(cell).text) - 1) // 2
        leaves[f"indicators[1].{column}"] = Ref(RefKind.AT, (Part(cell, 0, half),))
        leaves[f"indicators[2].{column}"] = Ref(RefKind.AT, (Part(cell, half + 1, 2 * half + 1),))
    form = (section, form_type, replace(reading, leaves=leaves))
    anchors = [anchor_of(document, *form, f"indicators[{row}].score") for row in (1, 2)]
    assert len({anchor_key("", anchor, Purpose.REVIEW) for anchor in anchors}) == 2
    locator = Locator(document, [form])
    assert [locator.find(anchor) for anchor in anchors] == [(0, "indicators[1].score"), (0, "indicators[2].score")]
