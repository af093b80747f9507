"""One or several people at work on the queue of a real store."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import signal
import sqlite3
import time
from decimal import Decimal
from pathlib import Path

import pytest

from benchmarks.postgresql import missing_postgresql, postgresql
from pipeline.cli import main
from pipeline.decisions import DecisionKind, Purpose
from pipeline.errors import ConflictError, UsageError
from pipeline.review.index import renew_queue
from pipeline.review.question import Question, Verdict, keyed
from pipeline.review.session import Filters, Review
from pipeline.settings import Settings
from pipeline.store.store import Store
from samples.generate import make_document
from tests.reviewed import digitised, reviewing

_DEFECTS = {0: "scores_total", 1: "rate", 2: "subtotal"}


def made(seed: int = 21, forms: int = 3, shape: str = "lines") -> str:
    return make_document(seed, forms, shape, defects=_DEFECTS if forms > 2 else {0: "scores_total"}).text


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A digitised store, made once; tests work on copies of it."""
    folder = tmp_path_factory.mktemp("review")
    digitised(folder, {"one.txt": made(21), "two.txt": made(22), "three.txt": made(23, 1)})
    return folder / "review.db"


@pytest.fixture
def settings(template: Path, tmp_path: Path) -> Settings:
    copy = tmp_path / "review.db"
    copy.write_bytes(template.read_bytes())
    return Settings(db=f"sqlite:///{copy}")


def answer(review: Review, question: Question) -> None:
    """Answer as somebody who reads what the first reader read."""
    if question.candidates:
        review.decide(question, DecisionKind.ACCEPT)
    else:
        review.decide(question, DecisionKind.BLANK)


def first(review: Review) -> Question:
    question = review.next()
    assert question is not None
    return question


def numeric(review: Review, *, beside: bool = False) -> Question:
    """The next question about a figure that was read, if wanted with another figure beside it."""
    while True:
        question = first(review)
        value = question.candidates[0].value if question.candidates else None
        others = [each for each in question.neighbours if each.value != value]
        if question.numeric and not question.rows and value and (others or not beside):
            return question
        review.decide(question, DecisionKind.SKIP)


def test_the_queue_is_served_in_order_and_settled_to_its_end(settings: Settings) -> None:
    with reviewing(settings) as review:
        before = review.counts()
        assert before.open > 10
        assert before.documents == len(review.groups())
        listed = [item.key for item in review.items()]
        served: list[str] = []
        while (question := review.next()) is not None:
            served.append(question.item.key)
            answer(review, question)
        assert len(served) == len(set(served)), "nothing is asked twice"
        assert [key for key in served if key in listed] == listed, "nothing is passed over"
        assert review.counts().open == 0
    # Whatever settling says elsewhere is the same: an export has nothing in review.
    out = Path(settings.db.removeprefix("sqlite:///")).with_suffix(".jsonl")
    assert main(["export", "--db", settings.db, "--out", str(out), "--only", "settled"]) == 0
    assert len(out.read_text(encoding="utf-8").splitlines()) == 7


def test_a_question_says_where_why_and_what_was_read(settings: Settings) -> None:
    with reviewing(settings) as review:
        question = numeric(review)
        assert question.blind
        assert question.label
        assert question.reasons
        assert all(any("一" <= char <= "鿿" for char in question.label) for _ in question.label)
        shown = question.lines[question.focus]
        assert any(piece.cell == question.focus_cell for piece in shown.pieces)
        printed = question.candidates[0].printed
        assert any(printed in piece.text for line in question.lines for piece in line.pieces if piece.focus)
        for reason in question.reasons:
            value = question.candidates[0].value
            assert value is not None
            assert value not in reason.sentence.split(), "a blind question does not tell what was read"


def test_keying_what_a_reader_read_agrees_and_what_stands_beside_is_told(settings: Settings) -> None:
    with reviewing(settings) as review:
        question = numeric(review, beside=True)
        value = Decimal(question.candidates[0].value or "0")
        assert keyed(question, f"{value:.4f}").verdict is Verdict.AGREES
        assert keyed(question, f"{value:.4f}").value == question.candidates[0].value
        fullwidth = str(question.candidates[0].value).translate(str.maketrans("0123456789.", "０１２３４５６７８９．"))
        assert keyed(question, f" {fullwidth} ").verdict is Verdict.AGREES
        assert keyed(question, "12x").verdict is Verdict.MALFORMED
        beside = next(each for each in question.neighbours if Decimal(each.value) != value)
        told = keyed(question, beside.value)
        assert (told.verdict, told.neighbour) == (Verdict.NEIGHBOUR, beside)
        assert keyed(question, "987654321").verdict is Verdict.DIFFERS
        assert keyed(question, " — ").value is None


def test_what_a_decision_settles_leaves_the_queue_and_an_undo_brings_it_back(settings: Settings) -> None:
    with reviewing(settings) as review:
        before = review.counts().open
        question = numeric(review)
        answer(review, question)
        assert question.item.key not in {item.key for item in review.items()}
        taken = review.undo()
        assert [each.path for each in taken] == [question.path]
        assert review.counts().open == before
        assert first(review).item.key == question.item.key
        assert [each.path for each in review.redo()] == [question.path]
        assert question.item.key not in {item.key for item in review.items()}
        assert not review.redo()


def test_keys_stay_what_they_are_while_people_decide(settings: Settings) -> None:
    """Where a row begins may be decided otherwise: its other leaves are still the same items."""
    with reviewing(settings) as review:
        before = {item.key: item.path for item in review.items(limit=500) if "[" in item.path}
        for key, path in before.items():
            if path.endswith((".name", ".target")):
                question = review.go(key)
                assert question is not None
                review.decide(question, DecisionKind.CORRECT, "另一个名称")
        after = {item.key for item in review.items(limit=500)}
        rest = {key for key, path in before.items() if not path.endswith((".name", ".target"))}
        assert len(rest) > 3
        assert rest <= after


def test_undo_goes_back_through_sessions_without_limit_and_a_new_decision_ends_redo(settings: Settings) -> None:
    with reviewing(settings) as review:
        before = {item.key for item in review.items()}
        for _ in range(4):
            answer(review, first(review))
    with reviewing(settings) as review:
        answer(review, first(review))
        assert [bool(review.undo()) for _ in range(6)] == [True] * 5 + [False]
        assert {item.key for item in review.items()} == before
        assert [bool(review.redo()) for _ in range(3)] == [True] * 3
        answer(review, first(review))
        assert not review.redo()
    with reviewing(settings, "li") as other:
        assert not other.undo(), "what others decided is theirs to take back"


def test_what_is_put_off_comes_last_in_every_session(settings: Settings) -> None:
    with reviewing(settings) as review:
        put_off = first(review)
        review.decide(put_off, DecisionKind.SKIP)
        assert review.counts().skipped == 1
        assert first(review).item.key != put_off.item.key
    with reviewing(settings) as review:
        served = []
        while (question := review.next()) is not None:
            served.append(question.item.key)
            answer(review, question)
        assert served[-1] == put_off.item.key


def test_notes_decide_nothing_and_are_shown(settings: Settings) -> None:
    with reviewing(settings) as review:
        question = first(review)
        review.decide(question, DecisionKind.NOTE, "与原件核对")
        again = review.go(question.item.key)
        assert again is not None
        assert [note.value for note in again.remarks] == ["与原件核对"]
        with pytest.raises(UsageError):
            review.decide(question, DecisionKind.NOTE, "  ")


def test_what_makes_no_sense_is_refused_in_one_sentence_and_nothing_is_stored(settings: Settings) -> None:
    with reviewing(settings) as review:
        question = numeric(review)
        for kind, value in (
            (DecisionKind.CORRECT, "twelve"),
            (DecisionKind.UNDO, None),
            (DecisionKind.SPLIT, None),
        ):
            with pytest.raises(UsageError) as told:
                review.decide(question, kind, value)
            assert str(told.value)
        assert question.item.key in {item.key for item in review.items()}


def test_rows_are_added_and_rejected_from_the_question_about_them(tmp_path: Path) -> None:
    text = made(21, 1, "tsv").replace("三级指标", "某种要点", 1)
    settings = digitised(tmp_path, {"renamed.txt": text})
    with reviewing(settings) as review:
        rows = next(item for item in review.items() if item.path == "indicators[]")
        question = review.go(rows.key)
        assert question is not None
        count = int(question.candidates[0].value or 0)
        assert keyed(question, str(count)).verdict is Verdict.AGREES
        assert keyed(question, str(count + 1)).verdict is Verdict.DIFFERS
        with pytest.raises(UsageError):
            review.decide(question, DecisionKind.CORRECT, str(count + 1))
        with pytest.raises(UsageError):
            review.decide(question, DecisionKind.ADD_ROW, str(count + 1))
        review.decide(question, DecisionKind.ADD_ROW, str(count))
        added = [item for item in review.items(limit=500) if "row.added" in item.reasons]
        assert {item.path.partition(".")[0] for item in added} == {f"indicators[{count}]"}
        question = review.go(added[-1].key)
        assert question is not None
        assert not question.candidates
        review.decide(question, DecisionKind.BLANK)
        question = review.go(added[0].key)
        assert question is not None
        review.decide(question, DecisionKind.REJECT_ROW)
        assert not [item for item in review.items(limit=500) if "row.added" in item.reasons]


def test_a_form_can_be_split_joined_and_dismissed(settings: Settings) -> None:
    with reviewing(settings, filters=Filters(document="one")) as review:
        question = first(review)
        forms = question.forms
        cell = next(piece.cell for line in question.lines[6:] for piece in line.pieces if not line.outside)
        with pytest.raises(UsageError):
            review.decide(question, DecisionKind.FORM_MISSING, cell=cell)
        review.decide(question, DecisionKind.SPLIT, cell=cell)
        assert first(review).forms == forms + 1
        assert [each.kind for each in review.undo()] == [DecisionKind.SPLIT]
        question = first(review)
        assert question.forms == forms
        review.decide(question, DecisionKind.NOT_A_FORM)
        assert first(review).forms == forms - 1


def test_the_same_question_is_answered_once_for_all_chosen(tmp_path: Path) -> None:
    text = made_with_names("闻砚舟", "闻砚州", "闻砚舟", "闻砚舟")
    settings = digitised(tmp_path, {"names.txt": text})
    with reviewing(settings, filters=Filters(reason="phone.names")) as review:
        question = first(review)
        others = review.same(question)
        assert others
        answers = review.decide_all(question, [item.key for item in others], DecisionKind.CORRECT, "闻砚舟")
        assert len(answers) == len(others) + 1
        assert len({each.decision.group for each in answers}) == 1
        assert {each.decision.kind for each in answers} == {DecisionKind.CORRECT, DecisionKind.ACCEPT}
        assert review.next() is None
        assert len(review.undo()) == len(answers), "what was decided together is taken back together"
        assert len(review.items()) == len(answers)


def made_with_names(*names: str) -> str:
    """Forms of one telephone number, whose person is spelled in several ways."""
    text = ""
    for number, name in enumerate(names):
        form = make_document(41 + number, 1, "tsv", prose_in_front=False).text
        lines = form.split("\n")
        for index, line in enumerate(lines):
            cells = line.split("\t")
            if cells[0] == "项目负责人":
                cells = [
                    name if place == 1 else re.sub(r"[0-9-]{7,}", "55550199", cell) for place, cell in enumerate(cells)
                ]
                lines[index] = "\t".join(cells)
        text += "\n".join(lines) + "\n"
    return text


# Several people


def test_two_people_never_hold_the_same_item(settings: Settings) -> None:
    with reviewing(settings, "wang") as one, reviewing(settings, "li") as two:
        mine, theirs = first(one), first(two)
        assert mine.item.key != theirs.item.key
        assert mine.item.sha256 != theirs.item.sha256, "others are at work in that document"
        assert two.go(mine.item.key) is None
        assert one.counts().held == 1
        with pytest.raises(ConflictError):
            two.decide(mine, DecisionKind.SKIP)
        answer(one, mine)
        with pytest.raises(ConflictError):
            two.decide(mine, DecisionKind.SKIP)
    with reviewing(settings, "zhao") as three:
        assert three.counts().held == 0, "who leaves gives back what they hold"


def test_what_was_served_to_somebody_who_is_gone_is_served_again(settings: Settings) -> None:
    short = Settings(db=settings.db, review={"lease_seconds": 5})
    with Store.open(short.db, create=False) as store:
        gone = Review(store, short, reviewer="wang")
        lost = first(gone)
        with reviewing(short, "li") as other:
            assert other.go(lost.item.key) is None
            now = time.time
            try:
                time.time = lambda: now() + 6
                assert other.go(lost.item.key) is not None
            finally:
                time.time = now


def test_a_share_is_decided_by_two_and_differences_by_a_third(settings: Settings) -> None:
    double = Settings(db=settings.db, review={"double": 1.0})
    with reviewing(double, "wang") as one:
        question = numeric(one)
        value = question.candidates[0].value
        answer(one, question)
        [again] = [item for item in one.items() if item.key == question.item.key]
        assert "second.wanted" in again.reasons
        assert one.go(question.item.key) is None, "nobody confirms themselves"
    with reviewing(double, "li") as two:
        same = two.go(question.item.key)
        assert same is not None
        assert [each.value for each in same.candidates] == [value], "of the first answer nothing is shown"
        two.decide(same, DecisionKind.CORRECT, "77")
    with reviewing(double, "zhao") as three:
        third = three.go(question.item.key)
        assert third is not None
        assert "second.differs" in third.item.reasons
        assert {"77", value} <= {each.value for each in third.candidates}
        three.decide(third, DecisionKind.CORRECT, "77")
        assert question.item.key not in {item.key for item in three.items(limit=500)}


def _work(url: str, name: str, served: str) -> None:
    """A reviewer in a process of their own, who notes each item before deciding it."""
    settings = Settings(db=url)
    with reviewing(settings, name) as review, open(served, "a", encoding="utf-8") as log:
        while (question := review.next()) is not None:
            log.write(f"{question.item.key} {name}\n")
            log.flush()
            answer(review, question)


def _together(url: str, folder: Path) -> list[str]:
    """Four people work the queue off; the keys that were served, in any order."""
    context = multiprocessing.get_context("spawn")
    served = [folder / f"{name}.log" for name in ("wang", "li", "zhao", "qian")]
    people = [context.Process(target=_work, args=(url, path.stem, str(path))) for path in served]
    for each in people:
        each.start()
    for each in people:
        each.join(120)
        assert each.exitcode == 0
    return [line.split()[0] for path in served for line in path.read_text(encoding="utf-8").splitlines()]


def test_four_people_settle_one_sqlite_file_together(settings: Settings, tmp_path: Path) -> None:
    served = _together(settings.db, tmp_path)
    assert len(served) == len(set(served)), "no item was served twice"
    with reviewing(settings) as review:
        assert review.counts().open == 0


def test_four_people_settle_one_postgresql_store_together(tmp_path: Path) -> None:
    pytest.importorskip("psycopg", reason="PostgreSQL's driver psycopg is not installed")
    if missing := missing_postgresql():
        pytest.skip(missing)
    with postgresql() as url:
        settings = digitised(tmp_path, {"one.txt": made(21), "two.txt": made(22), "three.txt": made(23, 1)}, url)
        served = _together(url, tmp_path)
        assert len(served) == len(set(served))
        with reviewing(settings, "sun") as review:
            assert review.counts().open == 0
            assert review.undo() == []


# The index


def test_a_killed_reviewer_loses_nothing_that_was_confirmed(settings: Settings, tmp_path: Path) -> None:
    log = tmp_path / "confirmed.log"
    pid = os.fork()
    if pid == 0:
        with reviewing(settings) as review, log.open("a", encoding="utf-8") as out:
            while (question := review.next()) is not None:
                answer(review, question)
                out.write(question.item.key + "\n")
                out.flush()
        os._exit(0)
    while not log.exists() or len(log.read_text(encoding="utf-8").splitlines()) < 3:
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    confirmed = log.read_text(encoding="utf-8").split()
    with Store.open(settings.db, create=False) as store:
        made_by = store.reviews.made_by("wang")
    assert len(made_by) in (len(confirmed), len(confirmed) + 1)
    with reviewing(settings) as review:
        open_now = {item.key for item in review.items(limit=500)}
        assert not open_now & set(confirmed)
        assert review.next() is not None


def test_what_a_killed_reviewer_held_is_free_at_once(settings: Settings) -> None:
    pid = os.fork()
    if pid == 0:
        with reviewing(settings) as review:
            first(review)
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    with reviewing(settings, "li") as review:
        assert first(review).item.key == review.items(limit=1)[0].key
        assert review.counts().held == 0


def test_a_queue_that_is_behind_is_made_anew(settings: Settings) -> None:
    with reviewing(settings) as review:
        decided = first(review)
        answer(review, decided)
        before = {item.key: item.reasons for item in review.items(limit=500)}
    with Store.open(settings.db, create=False) as store:
        assert renew_queue(store, settings) == 0
        from sqlalchemy import create_engine, text

        engine = create_engine(settings.db)
        with engine.begin() as connection:
            connection.execute(text("UPDATE dossier SET basis = 'other'"))
            connection.execute(text("DELETE FROM item WHERE rowid % 2"))
        engine.dispose()
        assert renew_queue(store, settings) == 3
        assert renew_queue(store, settings) == 0
    with reviewing(settings) as review:
        assert {item.key: item.reasons for item in review.items(limit=500)} == before


def test_a_document_that_was_replaced_is_not_asked_about_any_more(tmp_path: Path) -> None:
    settings = digitised(tmp_path, {"one.txt": made(21)})
    with reviewing(settings) as review:
        old = {item.sha256 for item in review.items()}
    digitised(tmp_path, {"one.txt": made(22)}, settings.db)
    with reviewing(settings) as review:
        assert old.isdisjoint(item.sha256 for item in review.items())
        assert review.counts().documents == 1


def test_decisions_hold_where_a_document_is_ingested_anew(tmp_path: Path) -> None:
    settings = digitised(tmp_path, {"one.txt": made(21)})
    with reviewing(settings) as review:
        question = numeric(review)
        review.decide(question, DecisionKind.CORRECT, "5.5")
    with sqlite3.connect(tmp_path / "review.db") as connection:  # as if another version had made it
        connection.execute("UPDATE document SET ingest = 'older'")
        connection.execute("UPDATE section SET ingest = 'older'")
    out = tmp_path / "out.jsonl"
    assert main(["run", str(tmp_path / "documents"), "--db", settings.db, "--export", str(out)]) == 0
    states = [json.loads(line)["states"] for line in out.read_text(encoding="utf-8").splitlines()]
    assert [form.get(question.path) for form in states].count("decided") == 1
    with reviewing(settings) as review:
        assert question.item.key not in {item.key for item in review.items(limit=500)}


def test_a_run_again_keeps_what_people_decided(settings: Settings, tmp_path: Path) -> None:
    one = digitised(tmp_path, {"one.txt": made(21)}, settings.db)
    with reviewing(one, filters=Filters(document="one")) as review:
        question = numeric(review)
        review.decide(question, DecisionKind.CORRECT, "5.5")
    digitised(tmp_path, {"one.txt": made(21)}, settings.db)
    out = tmp_path / "out.jsonl"
    assert main(["export", "--db", settings.db, "--out", str(out), "--document", "one.txt"]) == 0
    lines = out.read_text(encoding="utf-8")
    assert '"reviewer":"wang"' in lines
    assert lines.count('"decided"') >= 1
    assert question.item.purpose is Purpose.REVIEW
