"""From answers to readings: what is right comes back, what is wrong is doubted, what is cut is asked for in parts."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from benchmarks.model_judge import judge
from benchmarks.modelserver.answers import answer_of, quoted_answer
from benchmarks.modelserver.brain import Brain
from pipeline.lines import form_line
from pipeline.model.request import Request
from pipeline.readers.llm.prompt import Asking
from pipeline.readers.llm.reader import NAME, Asked, Known, ask, ask_leaves, read_answer, read_leaves
from pipeline.readers.llm.wire import Shape, answer_model
from pipeline.reading import Doubt, Part, Reading, Ref, RefKind
from pipeline.settle import settle
from samples.generate import SHAPES, MadeDocument, defects_of
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

ASKING = Asking("m")


def _line(form: ReadForm, reading: Reading) -> dict[str, Any]:
    [settled] = settle(form.document, [(form.section, FORM_TYPE, [reading])])
    return form_line(form.document, settled)


def _reading(form: ReadForm, *, quotes: bool = False) -> Reading:
    """The reading of a model that is right."""
    write = quoted_answer if quotes else answer_of
    answer = write(form.document, form.section, FORM_TYPE, form.truth)
    text = answer_model(FORM_TYPE, Shape.WHOLE, quotes=quotes).model_validate(answer).model_dump_json()
    return read_answer(form.document, form.section, FORM_TYPE, json.loads(text), quotes=quotes)


# Right answers.


@pytest.mark.parametrize("shape", SHAPES)
def test_a_right_answer_gives_the_record(shape: str) -> None:
    for seed in range(5300, 5308):
        form = read_form(shape, seed, defect=Random(seed).choice(defects_of(shape)) if seed % 2 else None)
        reading = _reading(form)
        assert reading.reader == NAME and reading.rows == form.truth.rows
        assert reading.merged == form.truth.merged
        assert _line(form, reading)["record"] == form.made.record, seed
        kinds = {path: ref.kind for path, ref in reading.leaves.items()}
        assert kinds == {path: ref.kind for path, ref in form.truth.leaves.items() if path in kinds}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_right_answer_by_quotes_may_be_doubted_and_is_never_silently_wrong(shape: str) -> None:
    counts: Counter[str] = Counter()
    for seed in range(5300, 5308):
        form = read_form(shape, seed)
        line = _line(form, _reading(form, quotes=True))
        counts["silent"] += len(judge(line, form.made.record, FORM_TYPE).silent)
        counts["asked"] += len(in_review(line))
        counts["leaves"] += len(line["states"])
    assert counts["silent"] == 0
    assert counts["asked"] < 0.6 * counts["leaves"]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_blank_says_why(shape: str) -> None:
    reading = _reading(read_form(shape, 5300))
    assert {ref.kind for ref in reading.leaves.values()} <= {*RefKind} - {RefKind.LOST, RefKind.KEYED}
    for ref in reading.leaves.values():
        assert bool(ref.parts) or ref.kind in (RefKind.EMPTY, RefKind.ABSENT)


def test_a_label_in_the_same_cell_is_no_part_of_the_value() -> None:
    document, section = lines_document(("填表人：孙点点",), ("联系电话：",), ("项目名称：河道：清淤",))
    answer = _empty_answer()
    answer |= {"filled_by": "1", "filler_phone": "2", "project_name": "3"}
    reading = read_answer(document, section, FORM_TYPE, answer)
    assert reading.leaves["filled_by"] == Ref(RefKind.AT, (Part(1, 4, 7),))
    assert reading.leaves["filler_phone"].kind is RefKind.EMPTY
    assert reading.leaves["project_name"] == Ref(RefKind.AT, (Part(3, 5, 10),))


def _empty_answer() -> dict[str, Any]:
    """An answer that says of everything that the form does not have it."""
    reading = Reading("none", "", 0, {path: Ref(RefKind.ABSENT) for path in FORM_TYPE.paths(0)})
    document, section = lines_document(("甲",))
    return answer_of(document, section, FORM_TYPE, reading)


# Wrong answers: what is said, where, and the code of the doubt.

Change = Callable[[dict[str, Any]], None]
ROW, COLUMN = (
    1,
    {"level1": 0, "level2": 1, "name": 2, "target": 3, "actual": 4, "weight": 5, "score": 6, "deviation": 7},
)


def _put(path: str, text: str) -> Change:
    def change(answer: dict[str, Any]) -> None:
        if found := re.fullmatch(r"indicators\[(\d)\]\.(\w+)", path):
            answer["indicators"][int(found[1])][COLUMN[found[2]]] = text
        elif path == "funding.total.executed":
            answer["funding"]["total"][2] = text
        else:
            answer[path] = text

    return change


def _shorten(answer: dict[str, Any]) -> None:
    answer["indicators"][ROW].pop()
    answer["funding"]["total"].append("-")


@pytest.mark.parametrize(
    ("change", "path", "code"),
    [
        (_put("project_name", "甲"), "project_name", "reference.malformed"),
        (_put("project_name", ""), "project_name", "reference.malformed"),
        (_put("project_name", "~"), "project_name", "reference.malformed"),
        (_put("funding.total.executed", "~"), "funding.total.executed", "reference.malformed"),
        (_put("project_name", "9999"), "project_name", "reference.unknown_cell"),
        (_put("indicators[1].score", "0"), "indicators[1].score", "reference.unknown_cell"),
        (_put("indicators[1].name", "3,3"), "indicators[1].name", "reference.repeated"),
        (_put("indicators[0].level1", "~"), "indicators[0].level1", "reference.above"),
        (_put("indicators[0].score", "~"), "indicators[0].score", "reference.above"),
        (_put("indicators[1].target", "~"), "indicators[1].target", "cell.spans"),
        (_put("indicators[1].score", "~"), "indicators[1].score", "cell.spans"),
        (_put("project_name", "4=没有"), "project_name", "quote.missing"),
        (_put("project_name", "4=清淤…没有"), "project_name", "quote.missing"),
        (_shorten, "indicators[1]", "answer.length"),
        (_shorten, "indicators[1].deviation", "reference.malformed"),
        (_shorten, "funding.total", "answer.length"),
        (lambda answer: answer["level1_weights"].append(["1"]), "indicators[]", "answer.length"),
        (lambda answer: answer["level1_weights"].append(["1", "9999"]), "indicators[]", "reference.unknown_cell"),
        (lambda answer: answer["level1_weights"].append(["9999", "1"]), "indicators[]", "reference.unknown_cell"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_doubted_where_it_stands(change: Change, path: str, code: str) -> None:
    form = ruled()
    answer = form.answer()
    before = form.line(form.read(answer))
    assert before["review"] == []
    change(answer)
    reading = form.read(answer)
    assert (path, code) in {(doubt.path, doubt.code) for doubt in reading.doubts}
    line = form.line(reading)
    asked = in_review(line)
    assert path in asked or (path not in line["states"] and line["review"])
    assert len(asked) < len(before["states"])


def test_a_quote_that_stands_twice_keeps_its_first_place_and_is_doubted() -> None:
    document, section = lines_document(("项目名称", "清淤清淤项目"))
    reading = read_answer(document, section, FORM_TYPE, _empty_answer() | {"project_name": "2=清淤"})
    assert reading.leaves["project_name"] == Ref(RefKind.AT, (Part(2, 0, 2),))
    assert [doubt.code for doubt in reading.doubts if doubt.path == "project_name"] == ["quote.twice"]
    told = read_answer(document, section, FORM_TYPE, _empty_answer() | {"project_name": "2#2=清淤"})
    assert told.leaves["project_name"] == Ref(RefKind.AT, (Part(2, 2, 4),))
    assert not told.doubts


@pytest.mark.parametrize("text", ["9999", "~", "1=没有", "1=示例"])
def test_a_heading_that_is_doubtful_is_doubtful_on_every_row(text: str) -> None:
    """What goes on from a row above has no better ground than that row."""
    form = ruled()
    answer = form.answer()
    for row in answer["indicators"]:
        row[0] = "~"
    answer["indicators"][0][0] = text
    line = form.line(form.read(answer))
    wrong = [row for row in range(4) if line["record"]["indicators"][row]["level1"] != ROWS_LEVEL1[row]]
    assert wrong
    for row in wrong:
        assert line["states"][f"indicators[{row}].level1"] == "review"


ROWS_LEVEL1 = ("产出指标", "产出指标", "效益指标", "满意度指标")


def test_a_column_that_the_answer_dropped_is_not_guessed() -> None:
    """A row of seven may lack any of the eight columns: none of its leaves is certain."""
    form = ruled()
    answer = form.answer()
    del answer["indicators"][ROW][COLUMN["target"]]
    line = form.line(form.read(answer))
    assert {leaf for leaf in line["states"] if leaf.startswith("indicators[1].")} <= in_review(line)


# Printed once.


@pytest.mark.parametrize("said", ["above", "same cell"])
def test_weight_and_score_printed_once_for_three_rows(said: str) -> None:
    rows = (
        ("", ("产出指标", 1, 3), ("数量指标", 1, 3), "清淤河道", "3条", "3条", ("50", 1, 3), ("47", 1, 3), ""),
        ("", "清淤湖泊", "1个", "1个", ""),
        ("", "清淤水渠", "9条", "8条", "一条顺延"),
        *ROWS[2:],
    )
    form = ruled(rows)
    assert form.table.merged == ((0, 3),)
    answer = form.answer()
    assert [row[5:7] for row in answer["indicators"][1:3]] == [["~", "~"], ["~", "~"]]
    if said == "same cell":
        for row in answer["indicators"][1:3]:
            row[5:7] = answer["indicators"][0][5:7]
    reading = form.read(answer)
    assert reading.merged == ((0, 3),) and not reading.doubts
    assert {reading.leaves[f"indicators[{row}].score"].kind for row in (1, 2)} == {RefKind.EMPTY}
    line = form.line(reading)
    assert [row["merged"] for row in line["record"]["indicators"]] == [False, True, True, False, False]
    assert form.line(form.table, reading)["review"] == form.line(form.table)["review"]


def test_a_figure_of_its_own_is_not_printed_once() -> None:
    form = ruled()
    answer = form.answer()
    answer["indicators"][1][COLUMN["weight"]] = "~"
    reading = form.read(answer)
    assert reading.merged == ()
    assert reading.leaves["indicators[1].score"].kind is RefKind.AT
    assert form.line(reading)["states"]["indicators[1].weight"] == "review"


# Subtotals.


def _with_subtotals() -> Ruled:
    first, second, third, last = ROWS
    return ruled((("", ("产出指标（50分）", 1, 2), *first[2:]), second, ("", "效益指标（30分）", *third[2:]), last))


def test_subtotals_stand_behind_their_headings() -> None:
    form = _with_subtotals()
    line = form.line(form.model())
    assert line["record"]["level1_weights"] == {"产出指标": "50", "效益指标": "30"}
    assert line["review"] == []


def test_a_subtotal_that_is_cut_of_another_heading_or_given_twice_is_asked_about() -> None:
    form = _with_subtotals()
    answer = form.answer()
    (first, own), (_, other) = answer["level1_weights"]
    for pairs in ([[first, own.replace("50", "5")]], [[first, other]], [[first, own], [first, other]]):
        reading = form.read({**answer, "level1_weights": pairs})
        wrong = form.line(reading)
        assert any(path.startswith("level1_weights") for path in reasons(wrong)), pairs


# Cut answers.


def _parts(request: Request) -> tuple[str, int, int]:
    """What a request asks: its shape, and for rows the numbers of the first and the last cell."""
    content = json.loads(request.body)["messages"][-1]["content"]
    numbers = re.findall(r"\[(\d+)\] to \[(\d+)\]", content.partition("\n\n")[0])
    first, last = map(int, numbers[0]) if request.shape == Shape.ROWS else (0, 0)
    return request.shape, first, last


def _asked(form: ReadForm, cut: Callable[[Request, str], bool], asking: Asking = ASKING) -> tuple[Asked, list[Request]]:
    """Ask until nothing is missing; answers are cut where `cut` says so."""
    brain = Brain(FORM_TYPE)
    assert brain.learn("form", MadeDocument(form.made.text, [form.made])) == 1
    known: dict[str, Known] = {}
    requests: list[Request] = []
    for _ in range(20):
        asked = ask(form.document, form.section, FORM_TYPE, "", asking, known)
        if not asked.missing:
            return asked, requests
        for request in asked.missing:
            text = brain(json.loads(request.body), 0)
            requests.append(request)
            known[request.key] = Known(cut=True) if cut(request, text) else Known(text)
    raise AssertionError("it asks again and again")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("longest", [1, 250, 600])
def test_parts_of_cut_answers_make_the_whole(shape: str, longest: int) -> None:
    """Answers to rows that are longer than so much are cut; those to the least parts never are."""
    form = read_form(shape, 5400, rows=9)
    whole = _reading(form)
    least = 3 if shape == "flat" else 1  # printed on one line: parts of a few cells are not halved

    def cut(request: Request, text: str) -> bool:
        rows = json.loads(text).get("indicators", ())
        return request.shape == Shape.WHOLE or (len(text) > longest and len(rows) > least)

    asked, requests = _asked(form, cut)
    assert not asked.problem
    assert len({request.key for request in requests}) == len(requests)
    assert [request.shape for request in requests[:4]] == [Shape.WHOLE, Shape.HEAD, Shape.ROWS, Shape.ROWS]
    joined = read_answer(form.document, form.section, FORM_TYPE, asked.answer)
    assert joined == whole
    if longest == 1 and least == 1:
        assert sum(request.shape == Shape.ROWS for request in requests) >= 2 * form.truth.rows - 2


def test_the_parts_of_rows_cover_all_cells_and_share_none() -> None:
    form = read_form("tsv", 5400, rows=9)
    _, requests = _asked(form, lambda request, text: request.shape == Shape.WHOLE)
    (_, first, middle), (_, behind, last) = (_parts(request) for request in requests if request.shape == Shape.ROWS)
    assert (first, behind) == (1, middle + 1)
    assert last == len(ask(form.document, form.section, FORM_TYPE, "", ASKING, {}).numbered.cells)


@pytest.mark.parametrize("shape", [Shape.WHOLE, Shape.HEAD, Shape.ROWS])
def test_what_cannot_be_split_is_a_problem(shape: str) -> None:
    form = read_form("tsv", 5400, rows=9)
    asked, requests = _asked(form, lambda request, text: request.shape in (Shape.WHOLE, shape))
    assert asked.problem == ("" if shape == Shape.WHOLE else "model.truncated")
    assert len(requests) < 200


def test_a_cut_answer_that_quotes_is_a_problem_since_its_rows_have_no_numbers() -> None:
    form = read_form("tsv", 5400, rows=9)
    asked, requests = _asked(form, lambda request, text: True, replace(ASKING, quotes=True))
    assert asked.problem == "model.truncated" and len(requests) == 1


class _Seam:
    """A form whose answer was cut, and the rows of the right answer by the part in which they begin."""

    def __init__(self) -> None:
        self.form = read_form("tsv", 5401, rows=20)
        answer = answer_of(self.form.document, self.form.section, FORM_TYPE, self.form.truth)
        self.rows = _spelled_out(answer.pop("indicators"))
        self.head = answer
        _, requests = _asked(self.form, lambda request, text: request.shape == Shape.WHOLE)
        self.whole, self.asked_head, *self.asked_rows = requests
        _, behind, _ = _parts(self.asked_rows[1])
        self.cut = next(
            n for n, row in enumerate(self.rows) if int(row[2].partition("=")[0].partition("-")[0]) >= behind
        )
        assert 2 < self.cut < 17

    def read(self, *parts: Sequence[Sequence[str]]) -> Reading:
        """The reading of the joined answer, where the rows of the parts are these."""
        known = {self.whole.key: Known(cut=True), self.asked_head.key: Known(json.dumps(self.head))}
        for request, rows in zip(self.asked_rows, parts, strict=True):
            known[request.key] = Known(json.dumps({"indicators": rows}))
        asked = ask(self.form.document, self.form.section, FORM_TYPE, "", ASKING, known)
        assert not asked.missing and not asked.problem
        return read_answer(self.form.document, self.form.section, FORM_TYPE, asked.answer)


def _spelled_out(rows: list[list[str]]) -> list[list[str]]:
    """The rows with every heading named."""
    for number, row in enumerate(rows):
        row[:2] = [rows[number - 1][n] if text == "~" else text for n, text in enumerate(row[:2])]
    return rows


def test_rows_doubled_at_a_seam_are_taken_once() -> None:
    seam = _Seam()
    whole = _reading(seam.form)
    rows, cut = seam.rows, seam.cut
    for early, late in ((rows[:cut], rows[cut:]), (rows[: cut + 2], rows[cut - 2 :]), (rows, rows)):
        assert seam.read(early, late) == whole


def test_a_heading_that_goes_on_across_a_seam_is_that_of_the_row_above() -> None:
    seam = _Seam()
    rows, cut = [list(row) for row in seam.rows], seam.cut
    assert rows[cut][0] == rows[cut - 1][0], "the seam has to run through the rows of one heading"
    late = [["~", *rows[cut][1:]], *rows[cut + 1 :]]
    assert seam.read(rows[:cut], late) == _reading(seam.form)


def test_a_heading_that_goes_on_from_a_row_of_another_part_is_what_that_row_said() -> None:
    """The late part repeats the row before its own, and refers to it; the early part has left that row out."""
    seam = _Seam()
    rows, cut = seam.rows, seam.cut
    late = [rows[cut - 1], ["~", *rows[cut][1:]], *rows[cut + 1 :]]
    assert seam.read(rows[: cut - 1], late) == _reading(seam.form)


def test_a_row_that_only_the_wrong_part_has_is_kept_in_its_place() -> None:
    seam = _Seam()
    rows, cut = seam.rows, seam.cut
    assert seam.read(rows[: cut + 1], rows[cut + 1 :]) == _reading(seam.form)
    assert seam.read(rows[: cut - 1], rows[cut - 1 :]) == _reading(seam.form)


def test_a_row_that_no_part_has_is_missed() -> None:
    seam = _Seam()
    rows, cut = seam.rows, seam.cut
    line = _line(seam.form, seam.read(rows[:cut], rows[cut + 1 :]))
    assert any("coverage.left_over" in found for found in reasons(line).values())
    assert len(line["record"]["indicators"]) == 19
    assert not judge(line, seam.form.made.record, FORM_TYPE).silent


@pytest.mark.parametrize("row", [[], ["~"] * 8, ["-"] * 8, ["9999"] * 8, ["", "", "x" * 9000], ["1" * 5000] * 8])
def test_odd_rows_of_parts_do_no_harm(row: list[str]) -> None:
    seam = _Seam()
    rows, cut = seam.rows, seam.cut
    reading = seam.read([*rows[:cut], row], rows[cut:])
    assert reading.rows == 21
    line = _line(seam.form, reading)
    assert any(path.startswith("indicators") for path in reasons(line))


def test_a_row_that_says_nothing_of_its_own_is_asked_about() -> None:
    form = ruled()
    rows = form.answer()["indicators"]
    for surplus in (["-"] * 8, ["~", "~", *["-"] * 6], [*rows[1][:2], *["-"] * 6], ["x"] * 8):
        for place in (1, 2, 3):
            answer = {**form.answer(), "indicators": [*rows[:place], surplus, *rows[place:]]}
            reading = form.read(answer)
            told = surplus[1] not in ("-", "~", "x") and place == 3  # a heading that stands somewhere else
            blank = Doubt(f"indicators[{place}]", "row.blank", "the row says nothing of its own")
            assert (blank in reading.doubts) is not told
            assert any(path.startswith("indicators") for path in reasons(form.line(reading)))


def test_a_row_that_holds_only_a_heading_is_a_row() -> None:
    form = only_a_heading()
    assert form.table.rows == 5
    reading = form.model()
    assert reading.rows == 5 and not reading.doubts
    assert form.line(reading)["review"] == form.line(form.table)["review"]


# Problems.


def test_a_problem_of_any_part_is_one_of_the_whole() -> None:
    seam = _Seam()
    for failed in (seam.asked_head, *seam.asked_rows):
        known = {seam.whole.key: Known(cut=True)}
        known |= {request.key: Known(json.dumps({"indicators": []})) for request in seam.asked_rows}
        known[seam.asked_head.key] = Known(json.dumps(seam.head))
        known[failed.key] = Known(problem="model.refused")
        asked = ask(seam.form.document, seam.form.section, FORM_TYPE, "", ASKING, known)
        assert asked.problem == "model.refused" and not asked.missing


def test_only_what_is_not_known_is_asked() -> None:
    seam = _Seam()
    known = {seam.whole.key: Known(cut=True), seam.asked_rows[0].key: Known(json.dumps({"indicators": []}))}
    asked = ask(seam.form.document, seam.form.section, FORM_TYPE, "", ASKING, known)
    assert [request.key for request in asked.missing] == [seam.asked_head.key, seam.asked_rows[1].key]


# Single leaves.


def test_leaves_are_asked_for_by_the_cell_in_which_their_row_begins() -> None:
    form = ruled()
    name = form.table.leaves["indicators[2].name"].parts[0].cell
    leaves = {"indicators[2].score": name, "total_score": 0}
    asked = ask_leaves(form.document, form.section, FORM_TYPE, "", ASKING, {}, leaves)
    [request] = asked.missing
    assert request.shape == Shape.LEAVES
    answer = form.answer()
    texts = [answer["indicators"][2][COLUMN["score"]], answer["total_score"]]
    known = {request.key: Known(json.dumps({"leaves": texts}))}
    asked = ask_leaves(form.document, form.section, FORM_TYPE, "", ASKING, known, leaves)
    reading = read_leaves(form.document, form.section, FORM_TYPE, asked.answer, list(leaves), "third")
    assert dict(reading.leaves) == {path: form.table.leaves[path] for path in leaves}
    assert reading.reader == f"{NAME}:third" and not reading.doubts


@pytest.mark.parametrize("known", [Known(cut=True), Known(problem="model.timeout")])
def test_a_question_about_leaves_is_not_split(known: Known) -> None:
    form = ruled()
    [request] = ask_leaves(form.document, form.section, FORM_TYPE, "", ASKING, {}, {"total_score": 0}).missing
    asked = ask_leaves(form.document, form.section, FORM_TYPE, "", ASKING, {request.key: known}, {"total_score": 0})
    assert asked.problem == (known.problem or "model.truncated") and not asked.missing


def test_an_answer_about_leaves_of_another_length_says_nothing() -> None:
    """Which of the leaves it leaves out is not known: the answer to one must not be taken for that to its neighbour."""
    form = ruled()
    leaves = ["indicators[2].weight", "indicators[2].score"]
    texts = [form.answer()["indicators"][2][COLUMN[path.rpartition(".")[2]]] for path in leaves]
    for wrong in (texts[1:], [*texts, "-"], []):
        reading = read_leaves(form.document, form.section, FORM_TYPE, {"leaves": wrong}, leaves, "third")
        assert not reading.leaves and not reading.doubts


def test_an_answer_about_a_leaf_that_leads_nowhere_is_doubted() -> None:
    form = ruled()
    for text, code in (("~", "reference.malformed"), ("9999", "reference.unknown_cell")):
        reading = read_leaves(form.document, form.section, FORM_TYPE, {"leaves": [text]}, ["total_score"], "third")
        assert [doubt.code for doubt in reading.doubts] == [code]


def test_a_model_cannot_say_what_is_not_there() -> None:
    """Whatever an answer says, values are what the cited cells hold."""
    form = ruled()
    answer = form.answer()
    answer["project_name"] = "甲乙丙"
    answer["total_score"] = "99999999"
    answer["indicators"][0][COLUMN["score"]] = "=100"
    line = form.line(form.read(answer))
    assert line["record"]["project_name"] is None and line["record"]["total_score"] is None
    assert {"project_name", "total_score", "indicators[0].score"} <= in_review(line)


def test_a_dropped_row_and_a_row_told_twice_are_noticed() -> None:
    form = ruled()
    answer = form.answer()
    rows = answer["indicators"]
    dropped = form.line(form.read({**answer, "indicators": [*rows[:1], *rows[2:]]}))
    doubled = form.line(form.read({**answer, "indicators": [*rows[:2], *rows[1:]]}))
    assert any("coverage.left_over" in found for found in reasons(dropped).values())
    assert any("coverage.claimed_twice" in found for found in reasons(doubled).values())
    spelled_out = {**answer, "indicators": _spelled_out([list(row) for row in rows])}
    assert form.read(spelled_out) == form.read(answer)


def test_the_reading_of_an_answer_is_the_same_each_time() -> None:
    form = ruled()
    assert form.model() == form.model()
    wrong = changed(form.table, {"total_score": Ref(RefKind.EMPTY)})
    assert form.model(wrong) != form.model()
