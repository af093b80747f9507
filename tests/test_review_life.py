"""A dossier's life: states, signing off, what re-opens it, the rescan list, and who works how."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import main
from pipeline.decisions import DecisionKind, Purpose
from pipeline.errors import UsageError
from pipeline.review.audit import audit_command
from pipeline.review.life import State, sign_off_command, standing, state_of
from pipeline.review.question import Question
from pipeline.review.session import Filters, Review
from pipeline.settings import Settings
from pipeline.store.store import Store
from tests.commandline import ROOT
from tests.engines import form_text
from tests.reviewed import digitised, reviewing

CLEAR, DOUBTFUL = "clear.txt", "doubtful.txt"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A store with a document about which nothing is asked, and one about which something is."""
    texts = {CLEAR: form_text(1, forms=2, shape="word"), DOUBTFUL: form_text(2, forms=2, shape="lines")}
    made = digitised(tmp_path, texts)
    assert states(made) == {"settled": 1, "open": 1}
    return made


def states(settings: Settings) -> dict[str, int]:
    with Store.open(settings.db, create=False) as store:
        return {state.value: count for state, count in standing(store).states.items() if count}


def status(settings: Settings, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["status", "--json", "--db", settings.db]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def exported(settings: Settings, folder: Path, *more: str) -> list[dict[str, Any]]:
    assert main(["export", "--out", str(folder / "out.jsonl"), "--db", settings.db, *more]) == 0
    return [json.loads(line) for line in (folder / "out.jsonl").read_bytes().splitlines()]


def settle_all(settings: Settings, reviewer: str = "wang") -> None:
    """Answer every question with what was read."""
    with reviewing(settings, reviewer, filters=Filters(purpose=Purpose.REVIEW)) as review:
        while (question := review.next()) is not None:
            lost = not question.candidates
            review.decide(question, DecisionKind.BLANK if lost else DecisionKind.ACCEPT, seconds=4)


def audited(settings: Settings, answer: Callable[[Review, Question], None]) -> None:
    """Draw one leaf of the clear document that is no blank, and have it answered."""
    audit_command(settings, count=10_000, to=None, seed="s")
    with reviewing(settings, "auditor", filters=Filters(purpose=Purpose.AUDIT, document=CLEAR)) as review:
        while (question := review.next()) is not None:
            if question.path == "total_score":
                answer(review, question)
                return
    raise AssertionError("the total was not drawn")


def corrected(review: Review, question: Question) -> None:
    review.decide(question, DecisionKind.CORRECT, "1.25")


def confirmed(review: Review, question: Question) -> None:
    review.decide(question, DecisionKind.ACCEPT)


def illegible(review: Review, question: Question) -> None:
    review.decide(question, DecisionKind.LOST)


# States


@pytest.mark.parametrize(
    ("holds", "left", "touched", "state"),
    [
        (None, True, False, State.OPEN),
        (None, True, True, State.IN_REVIEW),
        (None, False, True, State.SETTLED),
        (None, False, False, State.SETTLED),
        (True, False, True, State.SIGNED_OFF),
        (False, False, True, State.REOPENED),
        (False, True, True, State.REOPENED),
    ],
)
def test_states_follow_from_what_is_left_decided_and_signed(
    holds: bool | None, left: bool, touched: bool, state: State
) -> None:
    assert state_of(holds=holds, left=left, touched=touched) is state


def test_a_document_goes_from_open_to_signed_off(settings: Settings) -> None:
    with reviewing(settings) as review:
        question = review.next()
        assert question is not None
        review.decide(question, DecisionKind.ACCEPT)
    assert states(settings) == {"settled": 1, "in_review": 1}
    settle_all(settings)
    assert states(settings) == {"settled": 2}
    assert sign_off_command(settings, [DOUBTFUL], all_settled=False, reviewer="li") == 0
    assert states(settings) == {"settled": 1, "signed_off": 1}


def test_what_cannot_be_read_keeps_a_document_in_review(settings: Settings) -> None:
    with reviewing(settings) as review:
        while (question := review.next()) is not None:
            kind = DecisionKind.ACCEPT if question.rows else DecisionKind.LOST
            review.decide(question, kind)
    assert states(settings) == {"settled": 1, "in_review": 1}
    with pytest.raises(UsageError):
        sign_off_command(settings, [DOUBTFUL], all_settled=False)


# Signing off


def test_what_is_not_settled_is_refused_saying_what_is_left(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["review", "sign-off", DOUBTFUL, "--db", settings.db]) == 2
    with reviewing(settings) as review:
        count = review.counts().open
    assert f"{DOUBTFUL}: {count} questions are left" in " ".join(capsys.readouterr().err.split())
    assert states(settings) == {"settled": 1, "open": 1}
    assert main(["review", "sign-off", DOUBTFUL, CLEAR, "--db", settings.db]) == 3
    assert states(settings) == {"signed_off": 1, "open": 1}


@pytest.mark.parametrize("arguments", [[], [CLEAR, "--all-settled"], ["nowhere.txt"]])
def test_what_to_sign_must_be_said_and_known(settings: Settings, arguments: list[str]) -> None:
    assert main(["review", "sign-off", *arguments, "--db", settings.db]) == 2
    assert states(settings) == {"settled": 1, "open": 1}


def test_all_that_is_settled_is_signed_once(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["review", "sign-off", "--all-settled", "--reviewer", "li", "--db", settings.db]) == 0
    assert "1 documents signed off by li; 0 were before" in capsys.readouterr().out
    assert main(["review", "sign-off", "--all-settled", "--reviewer", "wu", "--db", settings.db]) == 0
    assert "0 documents signed off by wu; 1 were before" in capsys.readouterr().out
    with Store.open(settings.db, create=False) as store:
        [signature] = store.reviews.signatures().values()
    assert signature.reviewer == "li"


def test_a_later_change_reopens_it_and_says_so(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    sign_off_command(settings, [CLEAR], all_settled=False, reviewer="li")
    audited(settings, corrected)
    assert states(settings)["reopened"] == 1
    [reopened] = status(settings, capsys)["reopened"]
    assert (reopened["document"], reopened["reviewer"]) == (CLEAR, "li")
    main(["status", "--db", settings.db])
    said = " ".join(capsys.readouterr().out.split())
    assert f"{CLEAR}: signed off by li on" in said
    assert "re-opened 1" in said


def test_what_was_reopened_is_signed_again_when_it_is_settled(settings: Settings) -> None:
    sign_off_command(settings, [CLEAR], all_settled=False, reviewer="li")
    audited(settings, corrected)
    settle_all(settings)
    sign_off_command(settings, [], all_settled=True, reviewer="wu")
    assert states(settings) == {"signed_off": 2}


def test_taking_the_change_back_makes_the_signature_hold_again(settings: Settings) -> None:
    sign_off_command(settings, [CLEAR], all_settled=False)
    audited(settings, corrected)
    with reviewing(settings, "auditor") as review:
        review.undo()
    assert states(settings) == {"signed_off": 1, "open": 1}


def test_an_audit_that_confirms_reopens_nothing(settings: Settings) -> None:
    sign_off_command(settings, [CLEAR], all_settled=False)
    audited(settings, confirmed)
    assert states(settings) == {"signed_off": 1, "open": 1}


def test_documents_without_a_form_are_in_no_state(tmp_path: Path) -> None:
    settings = digitised(tmp_path, {CLEAR: form_text(1), "letter.txt": "关于报送材料的通知\n"})
    assert states(settings) == {"settled": 1}
    with pytest.raises(UsageError):
        sign_off_command(settings, ["letter.txt"], all_settled=False)


# Exports


def test_lines_say_who_signed_only_where_somebody_did(settings: Settings, tmp_path: Path) -> None:
    before = exported(settings, tmp_path)
    sign_off_command(settings, [CLEAR], all_settled=False, reviewer="li")
    for line, old in zip(exported(settings, tmp_path), before, strict=True):
        if line["document"] == CLEAR:
            assert list(line) == [*old, "signed_off"]
            assert line["signed_off"]["by"] == "li"
            assert line["signed_off"]["time"].startswith("20")
        else:
            assert line == old


def test_only_signed_means_what_is_signed_now(settings: Settings, tmp_path: Path) -> None:
    out = ["export", "--out", str(tmp_path / "none.jsonl"), "--only", "signed", "--db", settings.db]
    assert main(out) == 4
    settle_all(settings)
    sign_off_command(settings, [], all_settled=True)
    assert len(exported(settings, tmp_path, "--only", "signed")) == 4
    audited(settings, corrected)
    signed = exported(settings, tmp_path, "--only", "signed")
    assert {line["document"] for line in signed} == {DOUBTFUL}
    assert {line["document"] for line in exported(settings, tmp_path) if "signed_off" in line} == {DOUBTFUL}


def test_a_run_says_it_too(settings: Settings, tmp_path: Path) -> None:
    sign_off_command(settings, [CLEAR], all_settled=False, reviewer="li")
    audit_command(settings, count=5, to=None)
    of_store = exported(settings, tmp_path)
    assert main(["run", str(tmp_path / "documents"), "--export", str(tmp_path / "run.jsonl"), "--db", settings.db]) == 0
    of_run = [json.loads(line) for line in (tmp_path / "run.jsonl").read_bytes().splitlines()]
    assert of_run == of_store
    assert "signed_off" in of_run[0]
    assert "audit" in of_run[0]


def test_only_settled_leaves_out_what_waits_for_a_scan(settings: Settings, tmp_path: Path) -> None:
    audited(settings, illegible)
    lines = exported(settings, tmp_path, "--only", "settled", "--document", CLEAR)
    assert len(lines) == 1
    assert all(state != "review" for state in lines[0]["states"].values())


# Scanning again


def test_what_cannot_be_read_is_listed_with_its_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    assert main(["run", str(ROOT / "samples" / "documents" / "digital-pdf.pdf"), "--db", url]) == 0
    settings = Settings(db=url)
    capsys.readouterr()
    assert main(["review", "rescan", "--db", url]) == 0
    assert "Nothing has to be scanned again" in capsys.readouterr().out
    pages = {
        (line["ordinal"], path): found["page"]
        for line in exported(settings, tmp_path)
        for path, found in line["evidence"].items()
    }
    audit_command(settings, count=12, to=None, seed="s")
    expected = []
    with reviewing(settings, filters=Filters(purpose=Purpose.AUDIT)) as review:
        while (question := review.next()) is not None:
            page = pages.get((question.item.ordinal, question.path))
            if question.rows or page is None:
                review.decide(question, DecisionKind.ACCEPT)
            else:
                review.decide(question, DecisionKind.LOST)
                expected.append((page, question.item.ordinal, question.path))
    assert len(expected) > 5
    assert len({page for page, _, _ in expected}) > 1
    capsys.readouterr()
    assert main(["review", "rescan", "--json", "--db", url]) == 0
    found = json.loads(capsys.readouterr().out)
    assert sorted((each["page"], each["ordinal"], each["path"]) for each in found) == sorted(expected)
    assert [each["page"] for each in found] == sorted(each["page"] for each in found)
    assert all(each["document"] == "digital-pdf.pdf" and each["field"] for each in found)
    assert main(["review", "rescan", "--db", url]) == 0
    assert found[0]["field"][:2] in capsys.readouterr().out
    assert status(settings, capsys)["queue"]["rescan"] == len(expected)


# People


def test_status_says_who_decided_how_much_how_fast_and_with_whom(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    def shown(*, seen: bool) -> dict[str, Any]:
        return {"blind": True} | ({"candidates": [["1", "table"]]} if seen else {})

    with reviewing(settings, "wang", filters=Filters(purpose=Purpose.REVIEW)) as review:
        for number, seconds in enumerate((2, 8, 4)):
            question = review.next()
            assert question is not None
            review.decide(question, DecisionKind.BLANK, seconds=seconds, shown=shown(seen=number == 0))
        question = review.next()
        assert question is not None
        review.decide(question, DecisionKind.SKIP, seconds=100)
        review.decide(question, DecisionKind.NOTE, "?", seconds=100)
        review.decide(question, DecisionKind.BLANK, seconds=1000)
        review.undo()
    audited(settings, confirmed)
    with reviewing(settings, "auditor", filters=Filters(purpose=Purpose.AUDIT)) as review:
        question = review.next()
        while question is not None and (question.rows or not question.candidates[0].value):
            question = review.next()
        assert question is not None
        review.decide(question, DecisionKind.BLANK)
    auditor, wang = status(settings, capsys)["reviewers"]
    assert wang == {
        "reviewer": "wang",
        "decisions": 3,
        "seconds": 4.0,
        "blind": 3,
        "blind_agreed": 2,
        "double": 0,
        "double_agreed": 0,
        "audits": 0,
        "audits_agreed": 0,
    }
    assert (auditor["audits"], auditor["audits_agreed"], auditor["seconds"]) == (2, 1, None)
    main(["status", "--db", settings.db])
    said = capsys.readouterr().out
    assert "66.7 % · 3" in said
    assert "50.0 % · 2" in said


def test_double_decisions_are_held_against_each_other(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    twice = settings.model_copy(update={"review": settings.review.model_copy(update={"double": 1.0})})
    decided = []
    for reviewer in ("wang", "li"):
        with reviewing(twice, reviewer) as review:
            for number in range(3):
                question = review.next()
                assert question is not None
                decided.append(question.path)
                blank = reviewer == "wang" or number < 2
                kind = DecisionKind.BLANK if blank else DecisionKind.LOST
                review.decide(question, DecisionKind.ACCEPT if question.rows else kind)
    assert decided[:3] == decided[3:]
    for person in status(settings, capsys)["reviewers"]:
        assert (person["double"], person["double_agreed"]) == (3, 2)
