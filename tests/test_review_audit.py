"""Audits: the interval, how many are drawn, that a draw can be made again, and what its answers measure."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import comb
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest

from pipeline.cli import main
from pipeline.decisions import DecisionKind, Purpose
from pipeline.errors import NothingUsable, UsageError
from pipeline.forms import Kind
from pipeline.review.audit import Measured, Stratum, allocation, audit_command, measure, measured, needed
from pipeline.review.interval import interval
from pipeline.review.question import Question, same_value
from pipeline.review.session import Filters, Review
from pipeline.settings import Settings
from pipeline.store.store import Store
from tests.engines import form_text
from tests.reviewed import digitised, reviewing

_MANY = 10**9

# The interval


@pytest.mark.parametrize(
    ("wrong", "checked", "low", "high"),
    [
        # As printed in tables of exact binomial limits; 0 of 300 is 1 - 0.025 ** (1 / 300).
        (0, 10, 0, 0.3085),
        (1, 10, 0.0025, 0.4450),
        (10, 10, 0.6915, 1),
        (5, 100, 0.0164, 0.1128),
        (10, 100, 0.0490, 0.1762),
        (50, 100, 0.3983, 0.6017),
        (0, 300, 0, 0.0122),
    ],
)
def test_limits_are_those_of_the_tables(wrong: int, checked: int, low: float, high: float) -> None:
    assert interval(wrong, checked, _MANY) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("population", "checked"), [(20, 5), (30, 12), (25, 24), (50, 10)])
def test_limits_of_a_small_population_hold_whatever_is_true(population: int, checked: int) -> None:
    limits = [interval(wrong, checked, population) for wrong in range(checked + 1)]
    for bad in range(population + 1):
        covered = sum(
            comb(bad, wrong) * comb(population - bad, checked - wrong)
            for wrong, (low, high) in enumerate(limits)
            if low <= bad / population <= high
        )
        assert covered / comb(population, checked) >= 0.95


def test_what_was_looked_at_whole_is_known() -> None:
    assert interval(3, 40, 40) == (3 / 40, 3 / 40)
    assert interval(0, 40, 40) == (0, 0)
    assert interval(0, 0, 40) == (0, 1)


def test_a_small_population_is_known_better() -> None:
    (_, small), (_, large) = interval(1, 100, 400), interval(1, 100, _MANY)
    assert small < large


@pytest.mark.parametrize("population", [150, _MANY])
def test_between_whole_numbers_the_limits_lie_between_theirs(population: int) -> None:
    limits = [interval(wrong, 99.5, population) for wrong in (1, 1.25, 1.75, 2)]
    assert sorted(limits) == limits
    assert len(set(limits)) == len(limits)


# How many


_STRATA = {"figures.digital": 9000, "names.digital": 700, "rows": 40, "text.unknown": 4000}


def test_a_sample_is_proportional_with_one_of_each() -> None:
    drawn = allocation(_STRATA, 300)
    assert sum(drawn.values()) == 300
    assert drawn["rows"] == 1
    for name, count in drawn.items():
        assert count == pytest.approx(300 * _STRATA[name] / sum(_STRATA.values()), abs=1)


def test_two_draws_are_as_one() -> None:
    first = allocation(_STRATA, 50)
    second = allocation(_STRATA, 200, first)
    assert Counter(first) + Counter(second) == Counter(allocation(_STRATA, 250))


def test_no_more_is_drawn_than_there_is() -> None:
    assert allocation({"a": 3, "b": 2}, 10) == {"a": 3, "b": 2}
    assert allocation({"a": 3, "b": 2}, 10, {"a": 3, "b": 1}) == {"a": 0, "b": 1}


@pytest.mark.parametrize("share", [0.05, 0.01, 0.001])
def test_as_many_as_the_proof_needs_and_not_one_more(share: float) -> None:
    count = needed({"all": _MANY}, {}, share)
    assert count is not None
    assert interval(0, count, _MANY)[1] <= share < interval(0, count - 1, _MANY)[1]


def test_the_proof_takes_all_strata_together() -> None:
    count = needed(_STRATA, {}, 0.01)
    assert count is not None
    found = measure({name: Stratum(_STRATA[name], n, n, 0) for name, n in allocation(_STRATA, count).items()}, ())
    assert found.high <= 0.01
    before = allocation(_STRATA, 100)
    assert needed(_STRATA, before, 0.01) == count - 100


def test_errors_that_were_found_take_more_and_too_many_cannot_be_made_good() -> None:
    none, one = needed({"all": 2000}, {"all": 200}, 0.01), needed({"all": 2000}, {"all": 200}, 0.01, 1 / 200)
    assert none is not None
    assert one is not None
    assert one > none
    assert needed({"all": 300}, {"all": 200}, 0.01, 4 / 200) is None


def test_a_rate_weighs_the_strata() -> None:
    found = measure({"a": Stratum(900, 10, 10, 0), "b": Stratum(100, 10, 10, 5), "c": Stratum(50, 1, 0, 0)}, ())
    assert found.rate == pytest.approx(0.05)
    assert found.low < 0.05 < found.high
    alike = measure({"a": Stratum(900, 90, 90, 0), "b": Stratum(100, 10, 10, 1)}, ())
    assert (alike.low, alike.high) == pytest.approx(interval(1, 100, 1000))


@pytest.mark.parametrize(
    ("kind", "one", "other", "same"),
    [
        (Kind.NUMBER, "10", "10.00", True),
        (Kind.NUMBER, "10", "1", False),
        (Kind.NUMBER, None, "0", False),
        (Kind.TEXT, "完成（一期）", "完成(一期)", True),
        (Kind.TEXT, "完成一期", "完成二期", False),
        (Kind.TEXT, None, None, True),
    ],
)
def test_equal_figures_and_texts_are_the_same_value(kind: Kind, one: str, other: str, same: bool) -> None:
    assert same_value(kind, one, other) is same


# Drawing


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return {
        f"{seed}.txt": form_text(seed, forms=2, shape=shape) for seed, shape in ((1, "word"), (2, "lines"), (3, "tsv"))
    }


@pytest.fixture
def settings(tmp_path: Path, texts: dict[str, str]) -> Settings:
    return digitised(tmp_path, texts)


def drawn_of(settings: Settings) -> dict[str, str]:
    """What was drawn: strata by key."""
    with Store.open(settings.db, create=False) as store:
        return {row.key: row.stratum for rows in store.reviews.drawn().values() for row in rows}


def found_in(settings: Settings) -> Measured:
    with Store.open(settings.db, create=False) as store:
        found = measured(store)
    assert found is not None
    return found


def exported(settings: Settings, folder: Path) -> list[dict[str, Any]]:
    assert main(["export", "--out", str(folder / "out.jsonl"), "--db", settings.db]) == 0
    return [json.loads(line) for line in (folder / "out.jsonl").read_bytes().splitlines()]


def audit(settings: Settings, answer: Callable[[Review, Question, int], None], reviewer: str = "wang") -> int:
    """Have everything that was drawn answered; how much that was."""
    with reviewing(settings, reviewer, filters=Filters(purpose=Purpose.AUDIT)) as review:
        number = 0
        while (question := review.next()) is not None:
            answer(review, question, number)
            number += 1
    return number


def accept(review: Review, question: Question, _: int) -> None:
    review.decide(question, DecisionKind.ACCEPT)


def silent(lines: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Leaves, and forms whose rows, are accepted without a question."""
    states = Counter(state for line in lines for state in line["states"].values())
    asked = [{entry["path"] for entry in line["review"]} for line in lines]
    return states["accepted"], sum(not paths & {"", "indicators", "indicators[]"} for paths in asked)


def test_the_population_is_what_nobody_is_asked_about(settings: Settings, tmp_path: Path) -> None:
    leaves, rows = silent(exported(settings, tmp_path))
    audit_command(settings, count=5, to=None, seed="s")
    found = found_in(settings)
    assert found.total == Stratum(leaves + rows, 5, 0, 0)
    assert found.strata["rows"].population == rows
    assert set(found.strata) == {"figures.unknown", "names.unknown", "rows", "text.unknown"}
    with reviewing(settings, filters=Filters(purpose=Purpose.AUDIT)) as review:
        questions = [review.look(item) for item in review.items()]
    assert len(questions) == 5
    kinds = {question.kind: question.blind for question in questions if question is not None}
    assert kinds[Kind.TEXT] is False
    assert all(blind for kind, blind in kinds.items() if kind is not Kind.TEXT)


@pytest.mark.parametrize("kind", [DecisionKind.ACCEPT, DecisionKind.SOURCE_DEFECT])
def test_what_people_decided_is_not_in_the_population(settings: Settings, tmp_path: Path, kind: DecisionKind) -> None:
    with reviewing(settings, filters=Filters(purpose=Purpose.REVIEW)) as review:
        question = review.next()
        assert question is not None
        while not question.candidates or question.rows:
            question = review.next()
            assert question is not None
        review.decide(question, kind)
    lines = exported(settings, tmp_path)
    assert any(line["decisions"] for line in lines)
    audit_command(settings, count=1, to=None)
    assert found_in(settings).total.population == sum(silent(lines))


def test_a_draw_can_be_made_again_from_its_seed(tmp_path: Path, texts: dict[str, str]) -> None:
    other = dict(reversed([(f"x{name}", text) for name, text in texts.items()]))
    found = []
    for number, (documents, jobs, seed) in enumerate(((texts, 1, "s"), (other, 2, "s"), (texts, 1, "t"))):
        folder = tmp_path / str(number)
        folder.mkdir()
        made = digitised(folder, documents).model_copy(update={"jobs": jobs})
        audit_command(made, count=40, to=None, seed=seed)
        found.append(drawn_of(made))
        with Store.open(made.db, create=False) as store:
            [draw] = store.reviews.draws()
        assert draw.seed == seed
        assert sum(draw.population.values()) > 500
    assert found[0] == found[1]
    assert found[0] != found[2]
    assert Counter(found[0].values()) == Counter(found[2].values())


def test_what_has_two_names_is_drawn_once(tmp_path: Path, texts: dict[str, str]) -> None:
    text = texts["1.txt"]
    settings = digitised(tmp_path, {"a.txt": text, "b.txt": text})
    audit_command(settings, count=10, to=None)
    assert len(exported(settings, tmp_path)) == 4
    assert found_in(settings).strata["rows"].population == 2


def test_a_second_draw_adds_and_repeats_nothing(settings: Settings) -> None:
    audit_command(settings, count=30, to=None)
    first = drawn_of(settings)
    population = found_in(settings).total.population
    assert audit(settings, accept) == 30
    audit_command(settings, count=30, to=None)
    both = drawn_of(settings)
    assert len(both) == 60
    assert both.items() >= first.items()
    assert found_in(settings).total == Stratum(population, 60, 30, 0)
    assert audit(settings, accept) == 30
    assert len(found_in(settings).seeds) == 2


def test_all_of_it_can_be_drawn_and_then_nothing_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = digitised(tmp_path, {"a.txt": form_text(1, shape="word")})
    audit_command(settings, count=10_000, to=None)
    population = found_in(settings).total.population
    assert len(drawn_of(settings)) == population
    assert audit(settings, accept) == population
    assert (found_in(settings).rate, found_in(settings).high) == (0, 0)
    capsys.readouterr()
    audit_command(settings, count=5, to=None)
    assert "nothing more to draw" in capsys.readouterr().out
    assert len(drawn_of(settings)) == population


def test_a_proof_says_what_it_takes_and_takes_no_more(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    audit_command(settings, count=20, to=None)
    assert main(["review", "--audit-to", "4%", "--db", settings.db]) == 0
    said = " ".join(capsys.readouterr().out.split())
    count = len(drawn_of(settings))
    assert f"takes {count - 20} more" in said
    assert audit(settings, accept) == count
    found = found_in(settings)
    assert found.high <= 0.04
    assert found.high > 0.037
    assert main(["review", "--audit-to", "5%", "--db", settings.db]) == 0
    assert "are enough to prove" in " ".join(capsys.readouterr().out.split())
    assert len(drawn_of(settings)) == count


def test_what_cannot_be_proven_any_more_is_refused(tmp_path: Path) -> None:
    settings = digitised(tmp_path, {"a.txt": form_text(1, shape="word")})
    audit_command(settings, count=40, to=None)

    def lost(review: Review, question: Question, number: int) -> None:
        review.decide(question, DecisionKind.LOST if number % 4 == 0 and not question.rows else DecisionKind.ACCEPT)

    audit(settings, lost)
    with pytest.raises(UsageError, match="cannot be proven"):
        audit_command(settings, count=None, to=0.001)


def test_a_store_without_anything_accepted_is_nothing_usable(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("关于报送材料的通知", encoding="utf-8")
    url = f"sqlite:///{tmp_path}/a.db"
    assert main(["run", str(tmp_path / "letter.txt"), "--db", url]) == 4
    with pytest.raises(NothingUsable):
        audit_command(Settings(db=url), count=5, to=None)


def test_either_a_number_or_a_proof(settings: Settings) -> None:
    with pytest.raises(UsageError):
        audit_command(settings, count=5, to=0.1)


# What the answers measure


def test_other_values_are_errors_and_equal_figures_are_none(settings: Settings) -> None:
    audit_command(settings, count=60, to=None, seed="s")
    wrong = Counter[str]()
    drawn = drawn_of(settings)

    def answer(review: Review, question: Question, number: int) -> None:
        figure = question.kind is not None and question.kind is not Kind.YEAR and question.kind.numeric
        value = question.candidates[0].value
        if figure and value is not None and number % 2:
            review.decide(question, DecisionKind.CORRECT, f"{value}1" if "." in value else f"{value}.5")
            wrong[drawn[question.item.key]] += 1
        elif figure and value is not None:
            review.decide(question, DecisionKind.CORRECT, f"{value}0" if "." in value else f"{value}.0")
        elif question.kind is Kind.TEXT and value is not None and number % 3 == 0:
            review.decide(question, DecisionKind.BLANK)
            wrong[drawn[question.item.key]] += 1
        else:
            review.decide(question, DecisionKind.ACCEPT)

    assert audit(settings, answer) == 60
    found = found_in(settings)
    assert wrong["figures.unknown"] > 2
    assert wrong["text.unknown"] > 2
    assert {name: each.wrong for name, each in found.strata.items() if each.wrong} == wrong
    assert found.rate is not None
    assert found.low < found.rate < found.high
    assert found.rate == pytest.approx(wrong.total() / 60, rel=0.2)


def test_what_is_taken_back_is_not_checked_and_the_latest_answer_counts(settings: Settings) -> None:
    audit_command(settings, count=20, to=None)
    audit(settings, accept)
    with reviewing(settings) as review:
        [undone] = review.undo()
    assert found_in(settings).total.checked == 19
    with reviewing(settings) as review:
        review.redo()
        assert found_in(settings).total.checked == 20
        review.undo()
        question = review.next()
        assert question is not None
        assert question.item.purpose is Purpose.AUDIT
        assert question.path == undone.path
        review.decide(question, DecisionKind.LOST if not question.rows else DecisionKind.ACCEPT)
    total = found_in(settings).total
    assert (total.checked, total.wrong) == (20, 1)


def test_a_row_that_was_overlooked_is_an_error(settings: Settings) -> None:
    audit_command(settings, count=10_000, to=None)
    rows = Filters(purpose=Purpose.AUDIT, sha256="")
    with reviewing(settings, filters=rows) as review:
        items = [item for item in review.items(limit=10_000) if item.path == "indicators[]"]
        assert len(items) == found_in(settings).strata["rows"].drawn
        question = review.go(items[0].key)
        assert question is not None
        assert question.blind
        review.decide(question, DecisionKind.ADD_ROW, "1")
        assert found_in(settings).strata["rows"][2:] == (1, 1)
        second = review.go(items[1].key)
        assert second is not None
        review.decide(second, DecisionKind.ACCEPT)
    assert found_in(settings).strata["rows"][2:] == (2, 1)
    with reviewing(settings) as review:
        review.undo()
        review.undo()
    assert found_in(settings).strata["rows"][2:] == (0, 0)


# What status and exports say


def test_status_states_the_rate(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    def status(*more: str) -> str:
        capsys.readouterr()
        assert main(["status", "--db", settings.db, *more]) == 0
        return capsys.readouterr().out

    assert json.loads(status("--json"))["audit"] is None
    assert "Silent errors" not in status()
    audit_command(settings, count=30, to=None, seed="s")
    assert "not measured yet" in status()
    audit(settings, accept)
    said = json.loads(status("--json"))["audit"]
    found = found_in(settings)
    assert said["high"] == pytest.approx(found.high, abs=1e-8)
    assert (said["checked"], said["wrong"], said["rate"], said["seeds"]) == (30, 0, 0, ["s"])
    assert said["strata"]["rows"]["drawn"] == 1
    assert f"0 % (95 %: 0 % to {100 * found.high:.3g} %)" in " ".join(status().split())


def test_exports_state_it_only_where_there_is_one(settings: Settings, tmp_path: Path) -> None:
    before = exported(settings, tmp_path)
    assert not any("audit" in line for line in before)
    audit_command(settings, count=10, to=None)
    audit(settings, accept)
    data = found_in(settings).data()
    for line, old in zip(exported(settings, tmp_path), before, strict=True):
        assert list(line) == [*old, "audit"]
        assert line["audit"] == data


def test_tables_have_a_table_of_it(settings: Settings, tmp_path: Path) -> None:
    def export(name: str, *more: str) -> Path:
        assert main(["export", "--out", str(tmp_path / name), "--db", settings.db, *more]) == 0
        return tmp_path / name

    assert not (export("none", "--format", "csv") / "audit.csv").exists()
    audit_command(settings, count=10, to=None)
    audit(settings, accept)
    found = found_in(settings)
    rows: list[Mapping[str, str]]
    with open(export("csv", "--format", "csv") / "audit.csv", encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["stratum"] for row in rows] == ["all", *found.strata]
    assert float(rows[0]["high"]) == pytest.approx(found.high, abs=1e-8)
    book = openpyxl.load_workbook(export("a.xlsx"), read_only=True)
    sheet = [[cell.value for cell in row] for row in book["audit"].iter_rows()]
    assert sheet[1][:5] == ["all", *found.total]
    [first, *_] = pq.read_table(export("parquet", "--format", "parquet") / "audit.parquet").to_pylist()
    assert first["checked"] == 10
    assert float(first["high_decimal"]) == pytest.approx(found.high, abs=1e-8)
