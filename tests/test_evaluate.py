"""Scoring: each figure on a case made for it, and agreement with the reference script on real documents."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import UsageError
from pipeline.evaluate import Gold, Score, gold_records, read_export, score
from pipeline.lines import line_bytes
from pipeline.work import digitise_file, installed_engine
from samples.generate import make_document, truth
from tests.commandline import formtally

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"
[FORM_TYPE] = installed_engine().form_types

Line = dict[str, Any]


@pytest.fixture(scope="module")
def made() -> tuple[str, Line, Gold]:
    """A document with one form, an export line that is right in everything, and its gold."""
    document = make_document(11, 1, "tsv", prose_in_front=False)
    gold = truth(document.forms[0], "made", 1)
    gold["ambiguous"], gold["defects"] = [], []
    [line] = digitise_file("made.txt", document.text.encode())
    line["record"] = copy.deepcopy({key: gold[key] for key in line["record"]})
    line["review"], line["findings"] = [], []
    return document.text, line, Gold("made", 1, gold)


def scored(
    made: tuple[str, Line, Gold], change: Callable[[Line, Line], object] = lambda line, gold: None
) -> Counter[str]:
    _, line, gold = copy.deepcopy(made)
    record = dict(gold.record)
    change(line, record)
    return score([line], [Gold(gold.document, gold.ordinal, record)], FORM_TYPE).total


def test_a_right_form(made: tuple[str, Line, Gold]) -> None:
    counts = scored(made)
    rows = len(made[1]["record"]["indicators"])
    assert counts["leaves"] == counts["right"] == len(FORM_TYPE.paths(rows))
    assert counts["silent"] == counts["burden"] == counts["extra_rows"] == counts["missing_rows"] == 0
    assert counts["untouched"] == counts["forms"] == 1


def test_a_wrong_number_is_silent_unless_it_is_flagged(made: tuple[str, Line, Gold]) -> None:
    def wrong(line: Line, gold: Line) -> None:
        line["record"]["total_score"] = "1.5"

    def flagged(line: Line, gold: Line) -> None:
        wrong(line, gold)
        line["review"] = [{"path": "total_score", "reasons": ["x"]}]

    assert (scored(made, wrong)["silent"], scored(made, wrong)["num_silent"]) == (1, 1)
    counts = scored(made, flagged)
    assert (counts["silent"], counts["caught"], counts["untouched"]) == (0, 1, 0)


def test_a_flag_on_a_right_leaf_is_burden_and_a_group_flags_all_below(made: tuple[str, Line, Gold]) -> None:
    def flag(path: str) -> Callable[[Line, Line], None]:
        return lambda line, gold: line.update(review=[{"path": path, "reasons": []}])

    rows = len(made[1]["record"]["indicators"])
    assert scored(made, flag("funding.total.score"))["burden"] == 1
    assert scored(made, flag("funding.total"))["burden"] == 6
    assert scored(made, flag("funding"))["burden"] == 24
    assert scored(made, flag("indicators[0]"))["burden"] == 8
    assert scored(made, flag("indicators[]"))["burden"] == 0
    assert scored(made, flag(""))["burden"] == len(FORM_TYPE.paths(rows))


@pytest.mark.parametrize(
    ("leaf", "one", "other", "same"),
    [
        ("project_name", "某某“项目”", '某某"项目"', True),
        ("project_name", "某某 项目（一）", "某某项目(一)", True),
        ("project_name", "—", None, True),
        ("project_name", "甲", "乙", False),
        ("phone", "010-12345678", "（010）12345678", True),
        ("phone", "", "12345678", False),
        ("total_score", "90.50", "90.5", True),
        ("total_score", "90.50%", "90.5", True),
        ("total_score", "90", "九十", False),
        ("filled_on", "2022-01-10", "2022-1-10", False),
    ],
)
def test_what_counts_as_the_same(made: tuple[str, Line, Gold], leaf: str, one: str, other: str, same: bool) -> None:
    def change(line: Line, gold: Line) -> None:
        line["record"][leaf], gold[leaf] = other, one

    assert (scored(made, change)["silent"] == 0) is same


def test_rows_are_aligned_and_surplus_and_missing_ones_counted(made: tuple[str, Line, Gold]) -> None:
    def drop(line: Line, gold: Line) -> None:
        line["record"]["indicators"] = line["record"]["indicators"][1:]

    def double(line: Line, gold: Line) -> None:
        rows = line["record"]["indicators"]
        blank = dict.fromkeys(rows[0], None)
        line["record"]["indicators"] = [{**blank, "name": "多出的一行", "score": "3"}, *rows]

    counts = scored(made, drop)
    assert (counts["missing_rows"], counts["extra_rows"]) == (1, 0)
    counts = scored(made, double)
    assert (counts["missing_rows"], counts["extra_rows"], counts["silent"], counts["num_silent"]) == (0, 1, 2, 1)


def test_ambiguous_leaves_are_counted_apart(made: tuple[str, Line, Gold]) -> None:
    def change(line: Line, gold: Line) -> None:
        gold["ambiguous"] = [{"path": "indicators[0].name"}, {"path": "phone"}]
        line["review"] = [{"path": "phone", "reasons": []}]
        line["record"]["indicators"][0]["name"] = "别的"

    counts = scored(made, change)
    assert (counts["ambiguous"], counts["ambiguous_flagged"], counts["ambiguous_silent"]) == (2, 1, 1)
    assert counts["leaves"] == scored(made)["leaves"] - 2
    assert counts["silent"] == 0


def test_defects_and_false_errors(made: tuple[str, Line, Gold]) -> None:
    error = {"check": "scores.total", "severity": "error", "paths": ["indicators[2].score"], "message": ""}

    def defect(path: str) -> Callable[[Line, Line], None]:
        def change(line: Line, gold: Line) -> None:
            gold["defects"] = [{"paths": [path], "what": "x"}]
            line["findings"] = [error]

        return change

    assert scored(made, defect("indicators[2].score"))["defects_raised"] == 1
    assert scored(made, defect("indicators[2]"))["defects_raised"] == 1
    assert scored(made, defect("indicators"))["defects_raised"] == 1
    assert scored(made, defect("indicators[1].score"))["defects_raised"] == 0
    assert scored(made, defect("total_score"))["false_errors"] == 0
    assert scored(made, lambda line, gold: line.update(findings=[error]))["false_errors"] == 1


def test_missing_and_surplus_forms(made: tuple[str, Line, Gold]) -> None:
    _, line, gold = made
    counts = score([], [gold], FORM_TYPE).total
    assert (counts["forms"], counts["missing_forms"], counts["right"]) == (1, 1, 0)
    counts = score([line, {**line, "ordinal": 2}], [gold], FORM_TYPE).total
    assert counts["extra_forms"] == 1
    with pytest.raises(UsageError, match="twice"):
        score([line, line], [gold], FORM_TYPE)


def test_evidence_must_hold_the_value(made: tuple[str, Line, Gold], tmp_path: Path) -> None:
    text, _, gold = made
    [line] = digitise_file("made.txt", text.encode())
    (tmp_path / "made.txt").write_bytes(text.encode())
    counts = score([line], [gold], FORM_TYPE, sources=tmp_path).total
    assert counts["evidence"] == counts["evidence_good"] > 50
    line["evidence"]["project_name"]["spans"] = [[0, 1]]
    counts = score([line], [gold], FORM_TYPE, sources=tmp_path).total
    assert counts["evidence"] == counts["evidence_good"] + 1


def test_what_is_no_export_or_no_gold_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "text.jsonl").write_text("not json\n")
    (tmp_path / "other.jsonl").write_text('{"a": 1}\n')
    (tmp_path / "gold-01.json").write_text("{")
    for name, says in (("text.jsonl", "not JSON Lines"), ("other.jsonl", "line 1"), ("none.jsonl", "cannot be opened")):
        with pytest.raises(UsageError, match=says):
            list(read_export(tmp_path / name))
    with pytest.raises(UsageError, match="no gold record"):
        gold_records(tmp_path)
    with pytest.raises(UsageError, match="holds no gold"):
        gold_records(tmp_path / "none")


needs_shared = pytest.mark.skipif(not (SHARED / "score.py").exists(), reason="../shared is not here")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of the real documents, as it is and damaged in every way that the figures tell apart."""
    folder = tmp_path_factory.mktemp("real")
    lines = [
        line
        for path in sorted((SHARED / "corpus").glob("*.txt"))
        for line in digitise_file(path.name, path.read_bytes())
    ]
    (folder / "right.jsonl").write_bytes(b"".join(map(line_bytes, lines)))
    damaged = copy.deepcopy(lines)
    for number, line in enumerate(damaged):
        rows = line["record"]["indicators"]
        if number % 7 == 0:
            del rows[number % len(rows)]
        if number % 7 == 1:
            rows.insert(number % len(rows), copy.deepcopy(rows[-1]) | {"name": "x", "target": "y", "level2": "z"})
        if number % 7 == 2:
            line["review"] = [{"path": "", "reasons": ["reader.failed"]}]
        if number % 7 == 3:
            line["review"], line["findings"] = [], []
            line["record"]["total_score"] = "1"
        if number % 7 == 4:
            line["review"].append({"path": "indicators[]", "reasons": ["x"]})
            line["record"]["funding"]["carryover"] = None
        if number % 7 == 5:
            rows[0], rows[-1] = rows[-1], rows[0]
            line["evidence"] = {}
    del damaged[6::9]
    damaged.append({**damaged[0], "ordinal": 77})
    (folder / "damaged.jsonl").write_bytes(b"".join(map(line_bytes, damaged)))
    return folder


@needs_shared
@pytest.mark.parametrize("name", ["right.jsonl", "damaged.jsonl"])
def test_figures_agree_with_the_reference_script(real: Path, name: str) -> None:
    command = [
        sys.executable,
        SHARED / "score.py",
        real / name,
        "--gold",
        SHARED / "gold",
        "--source",
        SHARED / "corpus",
    ]
    subprocess.run([*map(str, command), "--json", str(real / "theirs.json")], check=True, capture_output=True)
    theirs = json.loads((real / "theirs.json").read_text(encoding="utf-8"))
    ours: Score = score(read_export(real / name), gold_records(SHARED / "gold"), FORM_TYPE, sources=SHARED / "corpus")
    assert _filled(ours.total) == _filled(theirs["total"])
    assert {name: _filled(counts) for name, counts in ours.documents.items()} == {
        name: _filled(counts) for name, counts in theirs["documents"].items()
    }
    assert ours.total["leaves"] > 4000


def _filled(counts: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count}


def test_eval_of_an_export_and_of_the_store(tmp_path: Path) -> None:
    document = make_document(12, 2, "word", prose_in_front=False)
    (tmp_path / "made.txt").write_bytes(document.text.encode())
    (tmp_path / "gold").mkdir()
    for ordinal, form in enumerate(document.forms, 1):
        (tmp_path / "gold" / f"made-{ordinal:02}.json").write_text(json.dumps(truth(form, "made", ordinal)))
    assert formtally(tmp_path, "run", "made.txt", "--export", "out.jsonl").returncode == 0
    export = formtally(tmp_path, "eval", "out.jsonl", "--gold", "gold", "--sources", ".", "--json")
    store = formtally(tmp_path, "eval", "--gold", "gold", "--sources", ".", "--json")
    assert (export.returncode, store.returncode) == (0, 0), export.stderr + store.stderr
    assert json.loads(export.stdout) == json.loads(store.stdout)
    assert json.loads(export.stdout)["total"]["forms"] == 2
    shown = formtally(tmp_path, "eval", "out.jsonl", "--gold", "gold", "--show", "3")
    assert "Silent errors" in shown.stdout
    assert formtally(tmp_path, "eval", "out.jsonl", "--gold", "none").returncode == 2
