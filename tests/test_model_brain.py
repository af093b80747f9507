"""What the misbehaving model answers: right where it is to be right, wrong where and as often as it is to be wrong."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from urllib.request import urlopen

import pytest

from benchmarks.model_judge import judge
from benchmarks.model_safety import Way, examine, tasks
from benchmarks.modelserver.answers import answer_of, quoted_answer
from benchmarks.modelserver.brain import Brain
from benchmarks.modelserver.errors import Profile, changes, misread, plan, row_order
from benchmarks.modelserver.mistakes import KINDS, printed
from benchmarks.modelserver.truth import true_reading
from pipeline.forms import Kind, pattern
from pipeline.ingest.limits import Limits
from pipeline.readers.llm.cells import number_cells
from pipeline.readers.llm.prompt import Asking, Question, request_for
from pipeline.readers.llm.reader import Known, ask, read_answer
from pipeline.readers.llm.wire import Shape, answer_model
from pipeline.reading import Reading, RefKind
from pipeline.settle import settle
from pipeline.source import Document, Section
from pipeline.values import value_of
from pipeline.work import installed_engine
from samples.generate import SHAPES, Made, MadeDocument, defects_of, make_document, make_form

ENGINE = installed_engine()
FORM_TYPE = ENGINE.form_types[0]


@cache
def _form(shape: str, seed: int, defect: str | None = None) -> tuple[Made, Document, Section, Reading]:
    """A form, its document and section, and the true reading of it."""
    made = make_form(seed, shape, defect=defect)
    document = ENGINE.ingest("form.txt", "form.txt", [made.text.encode()], Limits())
    assert isinstance(document, Document)
    [section] = [section for section in ENGINE.segment(document, ENGINE.form_types) if section.form_type]
    return made, document, section, true_reading(document, section, FORM_TYPE, made)


def _brain(made: Made, profile: Profile | None = None) -> Brain:
    brain = Brain(FORM_TYPE, profile)
    assert brain.learn("form", MadeDocument(made.text, [made])) == 1
    return brain


def _body(
    document: Document, section: Section, question: Question | None = None, *, quotes: bool = False, model: str = "m"
) -> dict[str, Any]:
    numbered = number_cells(section.cells(document))
    request = request_for(FORM_TYPE, "", numbered, question or Question(), Asking(model, quotes=quotes))
    body: dict[str, Any] = json.loads(request.body)
    return body


@pytest.mark.parametrize("shape", SHAPES)
def test_the_answer_to_the_truth_is_read_as_the_record(shape: str) -> None:
    for seed in range(12):
        defect = Random(f"{shape} {seed}").choice(defects_of(shape)) if seed % 2 else None
        made, document, section, reading = _form(shape, 3000 + seed, defect)
        answer = answer_of(document, section, FORM_TYPE, reading)
        answer_model(FORM_TYPE, Shape.WHOLE).model_validate(answer)
        again = read_answer(document, section, FORM_TYPE, answer)
        [settled] = settle(document, [(section, FORM_TYPE, [again])])
        assert settled.record == made.record, (seed, defect)


@pytest.mark.parametrize("defect", defects_of("tsv"))
def test_the_truth_holds_for_every_defect(defect: str) -> None:
    made, document, section, reading = _form("tsv", 3100, defect)
    again = read_answer(document, section, FORM_TYPE, answer_of(document, section, FORM_TYPE, reading))
    [settled] = settle(document, [(section, FORM_TYPE, [again])])
    assert settled.record == made.record


def test_dashes_are_dashes_and_columns_that_are_not_there_are_absent() -> None:
    kinds = {"dash": 0, "absent": 0}
    for seed in range(3200, 3220):
        made, document, _, reading = _form("tsv", seed)
        for ref in reading.leaves.values():
            if ref.kind is RefKind.DASH:
                kinds["dash"] += 1
                assert {document.cells[part.cell - 1].text for part in ref.parts} <= FORM_TYPE.vocabulary.nothing
            if ref.kind is RefKind.ABSENT:
                kinds["absent"] += 1
        without = made.template == "city-2016"
        assert (reading.leaves["funding.total.annual_budget"].kind is RefKind.ABSENT) == without
    assert min(kinds.values()) > 10


def test_quotes_are_the_values_as_printed_with_their_names() -> None:
    _, document, section, reading = _form("tsv", 3300)
    answer = quoted_answer(document, section, FORM_TYPE, reading)
    answer_model(FORM_TYPE, Shape.WHOLE, quotes=True).model_validate(answer)
    ref = reading.leaves["funding.total.executed"]
    wanted = value_of(Kind.MONEY, ref.parts, document.cells).printed
    assert answer["funding"]["total"]["executed"] == wanted
    assert set(answer["indicators"][0]) == {leaf.split(".")[1] for leaf in FORM_TYPE.leaves if "[]" in leaf}


def test_a_form_is_known_by_its_cells_in_both_modes() -> None:
    made, document, section, reading = _form("word", 3400)
    brain = _brain(made)
    assert len(brain) == 1
    assert json.loads(brain(_body(document, section), 0)) == answer_of(document, section, FORM_TYPE, reading)
    quoted = json.loads(brain(_body(document, section, quotes=True), 3))
    assert quoted == quoted_answer(document, section, FORM_TYPE, reading)
    assert brain({"messages": [{"role": "user", "content": "hello"}]}, 0) == "{}"
    assert brain({"messages": []}, 0) == "{}"


def test_the_forms_of_a_document_are_told_apart() -> None:
    made = make_document(3410, 4, "lines", prose_in_front=True)
    brain = Brain(FORM_TYPE)
    assert brain.learn("several", made) == 4
    document = ENGINE.ingest("several.txt", "several.txt", [made.text.encode()], Limits())
    assert isinstance(document, Document)
    sections = [section for section in ENGINE.segment(document, ENGINE.form_types) if section.form_type]
    for section, form in zip(sections, made.forms, strict=True):
        answer = json.loads(brain(_body(document, section), 0))
        [settled] = settle(document, [(section, FORM_TYPE, [read_answer(document, section, FORM_TYPE, answer)])])
        assert settled.record["project_name"] == form.record["project_name"]
        assert settled.record["indicators"] == form.record["indicators"]


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape != "flat"])
def test_parts_of_a_cut_answer_make_the_whole(shape: str) -> None:
    for seed in range(3500, 3504):
        made, document, section, reading = _form(shape, seed)
        brain = _brain(made)
        known: dict[str, Known] = {}
        for _ in range(10):
            asked = ask(document, section, FORM_TYPE, "", Asking("m"), known)
            for request in asked.missing:
                text = brain(json.loads(request.body), 0)
                cut = len(text) > 250 and not request.shape.startswith(Shape.HEAD)
                known[request.key] = Known("" if cut else text, cut=cut)
        assert not asked.missing and not asked.problem
        assert len(known) >= 4
        joined = read_answer(document, section, FORM_TYPE, asked.answer)
        whole = read_answer(document, section, FORM_TYPE, answer_of(document, section, FORM_TYPE, reading))
        assert joined.leaves == whole.leaves and joined.merged == whole.merged


def test_single_leaves_are_answered_in_the_order_of_the_question() -> None:
    made, document, section, reading = _form("tsv", 3600)
    answer = answer_of(document, section, FORM_TYPE, reading)
    begin = int(answer["indicators"][2][2])
    leaves = (f"indicators[{begin}].score", "title", f"indicators[{begin}].level1", "funding.total.score")
    body = _body(document, section, Question(Shape.LEAVES, leaves=leaves))
    found = json.loads(_brain(made)(body, 0))
    answer_model(FORM_TYPE, Shape.LEAVES).model_validate(found)
    column = [leaf.split(".")[1] for leaf in FORM_TYPE.leaves if "[]" in leaf].index("score")
    level1 = next(row[0] for row in reversed(answer["indicators"][:3]) if row[0] != "~")
    score = answer["funding"]["total"][5]
    assert found["leaves"] == [answer["indicators"][2][column], answer["title"], level1, score]


def _errors(made: Made, profile: Profile, asked: str = "", **options: Any) -> list[Any]:
    _, document, section, reading = _form(made.shape, made.seed)
    return plan(document, section, FORM_TYPE, reading, profile, form=f"form {made.seed}", asked=asked, **options)


def test_errors_persist_as_often_as_they_are_to() -> None:
    profile = Profile(seed=1, count=10)
    kept = gone = 0
    for seed in range(3700, 3712):
        made = _form("word", seed)[0]
        first, again = _errors(made, profile, "0"), _errors(made, profile, "1")
        assert first == _errors(made, profile, "0")
        lasting = [error for error in first if error.persistent]
        assert lasting == [error for error in again if error.persistent]
        kept += len(lasting)
        gone += len([error for error in first if not error.persistent and error not in again])
    assert 0.2 < kept / (kept + gone) < 0.45


def test_another_seed_or_another_model_errs_otherwise() -> None:
    made, document, section, _ = _form("tsv", 3720)
    brain = _brain(made, Profile(seed=1, count=6, persist=1.0))
    answers = {model: brain(_body(document, section, model=model), 0) for model in ("a", "b")}
    assert answers["a"] == brain(_body(document, section, model="a"), 7)
    assert answers["a"] != answers["b"]
    assert brain(_body(document, section), 0) != _brain(made, Profile(seed=2, count=6))(_body(document, section), 0)


def test_the_share_of_wrong_values_is_the_rate() -> None:
    wrong = values = 0
    for seed in range(3800, 3860):
        made, document, _, reading = _form("tsv", seed)
        errors = _errors(made, Profile(seed=4, rate=0.027))
        values += sum(map(printed, reading.leaves.values()))
        wrong += sum(len(changes(document, FORM_TYPE, reading, errors, error)) for error in errors)
    assert 0.02 < wrong / values < 0.035


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_error_changes_what_it_says(kind: str) -> None:
    made_some = 0
    for seed in range(3900, 3908):
        made, document, _, reading = _form("word", seed)
        errors = _errors(made, Profile(seed=5, count=3, kinds=(kind,)), quotes=kind == "computed")
        wrong = misread(reading, errors)
        dropped = sum(error.dropped is not None for error in errors)
        doubled = sum(error.doubled is not None for error in errors)
        assert wrong.rows == reading.rows - dropped + doubled == len(row_order(reading.rows, errors))
        assert set(FORM_TYPE.paths(wrong.rows)) <= set(wrong.leaves)
        for error in errors:
            made_some += 1
            assert error.kind == kind
            found = changes(document, FORM_TYPE, reading, errors, error)
            assert found
            for change in found:
                if change.truth and change.wrong:
                    assert reading.leaves[change.truth] != wrong.leaves[change.wrong]
                elif change.wrong:
                    assert change.got == _value(document, wrong, change.wrong)
                else:
                    assert change.want == _value(document, reading, change.truth)
    assert made_some > (1 if kind == "computed" else 4)  # what is worked out is mostly what is printed


def _value(document: Document, reading: Reading, path: str) -> str:
    ref = reading.leaves[path]
    value = value_of(FORM_TYPE.leaves[pattern(path)], ref.parts, document.cells)
    return "" if ref.kind is RefKind.DASH else value.value or value.printed


def test_what_was_made_wrong_is_told() -> None:
    made, document, section, reading = _form("tsv", 3920)
    brain = _brain(made, Profile(seed=6, count=5))
    wrong = json.loads(brain(_body(document, section), 0))
    told = list(brain.injected())
    assert told and wrong != answer_of(document, section, FORM_TYPE, reading)
    assert all(error.form == "form-01" and error.changes for error in told)


def _line(record: dict[str, Any], review: tuple[str, ...] = ()) -> dict[str, Any]:
    def asked(path: str) -> bool:
        return any(not entry or path == entry or path.startswith((f"{entry}.", f"{entry}[")) for entry in review)

    paths = FORM_TYPE.paths(len(record["indicators"]))
    states = {path: "review" if asked(path) else "accepted" for path in paths}
    return {"record": record, "states": states, "review": [{"path": path, "reasons": ["x"]} for path in review]}


@pytest.fixture
def truth() -> Iterator[dict[str, Any]]:
    """A record with at least four rows that may be changed."""
    yield json.loads(json.dumps(make_form(3930, "tsv", rows=6).record))


def test_a_wrong_value_is_silent_unless_it_is_asked_about(truth: dict[str, Any]) -> None:
    wrong = json.loads(json.dumps(truth))
    wrong["indicators"][1]["score"] = "0.125"
    wrong["total_weight"] = "100.00"
    assert not judge(_line(truth), truth, FORM_TYPE).silent
    assert set(judge(_line(wrong), truth, FORM_TYPE).silent) == {"indicators[1].score"}
    for entry in ("indicators[1].score", "indicators[1]", "indicators", ""):
        assert not judge(_line(wrong, (entry,)), truth, FORM_TYPE).silent


def test_a_row_that_is_missing_is_silent_unless_its_place_is_asked_about(truth: dict[str, Any]) -> None:
    wrong = json.loads(json.dumps(truth))
    del wrong["indicators"][2]
    order = [row for row in range(len(truth["indicators"])) if row != 2]
    verdict = judge(_line(wrong), truth, FORM_TYPE, [order])
    assert "indicators[2].name" in verdict.silent
    assert not any(path.startswith("indicators[3]") for path in verdict.silent)
    assert judge(_line(wrong, ("indicators[4]",)), truth, FORM_TYPE, [order]).silent
    for entry in ("indicators[]", "indicators[1]", "indicators[2]"):
        assert not judge(_line(wrong, (entry,)), truth, FORM_TYPE, [order]).silent


def test_a_row_that_stands_twice_is_surplus(truth: dict[str, Any]) -> None:
    wrong = json.loads(json.dumps(truth))
    wrong["indicators"].insert(3, wrong["indicators"][2])
    order = [0, 1, 2, 2, *range(3, len(truth["indicators"]))]
    assert judge(_line(wrong), truth, FORM_TYPE, [order]).surplus == ["indicators[3]"]
    assert not judge(_line(wrong), truth, FORM_TYPE, [order]).silent
    assert not judge(_line(wrong, ("indicators[2]",)), truth, FORM_TYPE, [order]).surplus


def test_a_reader_alone_accepts_what_nothing_tells_apart() -> None:
    way = Way("alone", Profile(seed=7), (3, 3), table="none")
    [task] = tasks(1, seed=3940)
    result = examine(task, [way])
    counts = result.errors["alone"]
    assert counts["all", "injected"] == sum(counts[kind, "injected"] for kind in KINDS) > 2
    assert counts["all", "silent"] <= counts["all", "injected"]
    assert result.leaves["alone"]["forms"] == 2


def test_the_server_is_a_process_that_tells_what_it_did(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.modelserver", "--forms", "1", "--shape", "tsv", "--count", "2"]
    with subprocess.Popen([*command, "--out", str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        with urlopen(said["url"].removesuffix("/v1") + "/_stats", timeout=10) as answer:
            assert json.load(answer)["requests"] == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    assert said["forms"] == 1 and not said["unknown"]
    assert len(list((tmp_path / "documents").iterdir())) == len(list((tmp_path / "truth").iterdir())) == 1
    assert json.loads((tmp_path / "stats.json").read_text())["requests"] == 0
    assert (tmp_path / "errors.jsonl").read_text() == ""
