"""Plain mode, and the commands for automation, on a real store."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from pipeline import messages
from pipeline.decisions import Decision, DecisionKind, effective
from pipeline.errors import UsageError
from pipeline.forms import Kind
from pipeline.review.answers import Choice, choice_of
from pipeline.review.commands import open_queue, questions, reviewer_of
from pipeline.review.excerpt import excerpt, printable
from pipeline.review.options import ReviewOptions
from pipeline.review.plain import Command, Decide, Dialogue, Tell, run_plain
from pipeline.review.question import Question
from pipeline.review.session import Filters, Review
from pipeline.settings import Settings
from pipeline.store.store import Store
from pipeline.summary import console
from tests.commandline import COMMAND, environment, formtally, one_sentence
from tests.review_forms import copy_of, fill, form, keys_of

TOTAL = ("sum.txt", 1, "total_score")
SCORE = ("sum.txt", 1, "indicators[0].score")
LEADER = ("names.txt", 1, "project_leader")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled")
    fill(folder)
    return folder


@pytest.fixture
def settings(filled: Path, tmp_path: Path) -> Settings:
    return copy_of(filled, tmp_path)


@pytest.fixture(params=["en", "zh"])
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(messages, "_language", request.param)
    return str(request.param)


Asked = Callable[[tuple[str, int, str]], Question]


@pytest.fixture
def asked(settings: Settings) -> Iterator[Asked]:
    """A question of the queue by its place."""
    with open_queue(settings) as store:
        items = Review(store, settings, reviewer="nobody").items()
        found = {(item.document, item.ordinal, item.path): item for item in items}
        yield lambda place: next(iter(questions(store, settings, [found[place]])))


class Reader(StringIO):
    """Somebody who types what is printed at the place in question, a few times; a text is accepted."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.printed = StringIO()
        self._times = times

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
        self._times -= 1
        question = self.printed.getvalue().rpartition("----")[2]
        figure = re.search("【([0-9.]+)】", question)
        return "" if self._times < 0 else f"{figure.group(1) if figure else ''}\n"


def talk(settings: Settings, lines: str | Reader, *, filters: Filters | None = None, reviewer: str = "anna") -> str:
    """What plain mode prints when these lines are typed."""
    source = lines if isinstance(lines, Reader) else StringIO(lines)
    printed = lines.printed if isinstance(lines, Reader) else StringIO()
    out = console()
    out.file = printed
    out.width = 80
    with open_queue(settings) as store, Review(store, settings, reviewer=reviewer, filters=filters) as review:
        run_plain(review, source=source, out=out)
    return printed.getvalue()


def decisions(settings: Settings) -> list[Decision]:
    """All decisions of the store that hold, in order."""
    with Store.open(settings.db, create=False) as store:
        found = store.reviews.decisions([row.sha256 for row in store.reviews.dossiers()])
    everything = sorted((each for made in found.values() for each in made), key=lambda each: each.number)
    return effective(everything)


def held(settings: Settings) -> list[str]:
    """Who holds something of the queue."""
    with Store.open(settings.db, create=False) as store:
        return [item.held_by for item in Review(store, settings, reviewer="nobody").items() if item.held_by]


# What lines mean


def test_a_figure_that_a_reader_read_is_settled_with_one_line(asked: Asked) -> None:
    assert Dialogue(asked(TOTAL)).heard("96.50") == Decide(Choice(DecisionKind.ACCEPT))
    assert Dialogue(asked(TOTAL)).heard("９６.５") == Decide(Choice(DecisionKind.ACCEPT))


def test_a_figure_that_nobody_read_is_shown_what_was_read_and_confirmed(asked: Asked) -> None:
    dialogue = Dialogue(asked(TOTAL))
    told = dialogue.heard("95.5")
    assert isinstance(told, Tell)
    assert told.read and dialogue.visible
    assert "95.5" in dialogue.prompt
    assert dialogue.heard("") == Decide(Choice(DecisionKind.CORRECT, "95.5"))


def test_what_was_read_can_be_chosen_once_it_is_shown_and_no_figure_is_taken_for_a_choice(asked: Asked) -> None:
    dialogue = Dialogue(asked(TOTAL))
    assert isinstance(dialogue.heard(":1"), Tell)
    assert not dialogue.visible
    dialogue.heard("1")
    assert dialogue.heard(":1") == Decide(Choice(DecisionKind.ACCEPT))
    assert isinstance(dialogue.heard("1"), Tell)
    assert dialogue.heard("") == Decide(Choice(DecisionKind.CORRECT, "1"))


def test_a_figure_that_stands_beside_is_asked_about_and_shows_nothing(asked: Asked) -> None:
    dialogue = Dialogue(asked(SCORE))
    told = dialogue.heard("20")
    assert isinstance(told, Tell)
    assert "20" in told.sentence
    assert not told.read and not dialogue.visible
    assert dialogue.heard("") == Decide(Choice(DecisionKind.CORRECT, "20"))


def test_what_is_malformed_confirms_nothing_that_was_keyed_before(asked: Asked) -> None:
    dialogue = Dialogue(asked(TOTAL))
    dialogue.heard("95.5")
    assert isinstance(dialogue.heard("95.5.5"), Tell)
    told = dialogue.heard("")
    assert isinstance(told, Tell), "an empty line asks whether nothing is printed"
    assert dialogue.heard("") == Decide(Choice(DecisionKind.BLANK))


@pytest.mark.parametrize("line", [":accept", ":defect", ":a"])
def test_nothing_is_accepted_unseen(asked: Asked, line: str) -> None:
    dialogue = Dialogue(asked(TOTAL))
    assert isinstance(dialogue.heard(line), Tell)
    assert not dialogue.visible


def test_a_defect_of_the_document_is_said_with_the_figure(asked: Asked) -> None:
    assert Dialogue(asked(TOTAL)).heard(":defect 96.5") == Decide(Choice(DecisionKind.SOURCE_DEFECT, None))
    dialogue = Dialogue(asked(LEADER))
    assert dialogue.heard(":defect") == Decide(Choice(DecisionKind.SOURCE_DEFECT, None))


def test_texts_are_accepted_chosen_or_corrected(asked: Asked) -> None:
    question = asked(LEADER)
    assert question.candidates[0].value == "钱多多"
    assert Dialogue(question).heard("") == Decide(Choice(DecisionKind.ACCEPT))
    assert Dialogue(question).heard("1") == Decide(Choice(DecisionKind.ACCEPT))
    assert isinstance(Dialogue(question).heard("2"), Tell)
    assert isinstance(Dialogue(question).heard("钱多夕"), Tell), "a text without = may be a slip"
    assert Dialogue(question).heard("=钱多夕") == Decide(Choice(DecisionKind.CORRECT, "钱多夕"))
    assert Dialogue(question).heard("＝钱多夕") == Decide(Choice(DecisionKind.CORRECT, "钱多夕"))
    question = replace(question, kind=Kind.TEXT)
    assert Dialogue(question).heard("=:skip") == Decide(Choice(DecisionKind.CORRECT, ":skip"))


def test_a_correction_is_meant_to_the_last_mark(asked: Asked) -> None:
    question = asked(LEADER)
    seen = question.candidates[0]
    question = replace(question, candidates=(seen._replace(value="钱(多)", printed="钱(多)"),))
    assert Dialogue(question).heard("=钱（多）") == Decide(Choice(DecisionKind.CORRECT, "钱（多）"))
    assert Dialogue(question).heard("=钱(多)") == Decide(Choice(DecisionKind.ACCEPT))


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (":lost", DecisionKind.LOST),
        ("：lost", DecisionKind.LOST),
        (":skip", DecisionKind.SKIP),
        (": skip", DecisionKind.SKIP),
        (":reject", DecisionKind.REJECT_ROW),
        (":ad", DecisionKind.ADD_ROW),
        (":not-a-form", DecisionKind.NOT_A_FORM),
        (":join", DecisionKind.JOIN),
    ],
)
def test_commands_decide(asked: Asked, line: str, kind: DecisionKind) -> None:
    assert Dialogue(asked(SCORE)).heard(line) == Decide(Choice(kind))


def test_a_note_has_words_and_a_split_a_line(asked: Asked) -> None:
    question = asked(TOTAL)
    assert Dialogue(question).heard(":note look again") == Decide(Choice(DecisionKind.NOTE, "look again"))
    assert isinstance(Dialogue(question).heard(":note"), Tell)
    line = question.lines[4]
    assert Dialogue(question).heard(":split 5") == Decide(Choice(DecisionKind.SPLIT), line.pieces[0].cell)
    for wrong in (":split", ":split 0", ":split 999", ":split x"):
        assert isinstance(Dialogue(question).heard(wrong), Tell)


def test_other_commands_are_passed_on_and_unknown_ones_are_told(asked: Asked) -> None:
    for name in ("undo", "redo", "same", "source", "help", "quit"):
        assert Dialogue(asked(TOTAL)).heard(f":{name}") == Command(name)
    assert Dialogue(asked(TOTAL)).heard("?") == Dialogue(asked(TOTAL)).heard("？") == Command("help")
    for line in (":", ":nonsense", ":s", ":\x1b[2J"):
        told = Dialogue(asked(TOTAL)).heard(line)
        assert isinstance(told, Tell)
        assert "\x1b" not in told.sentence


@pytest.mark.parametrize("line", ["=a\x1bb", "=\udcff", "=a\u202eb"])
def test_what_cannot_be_seen_is_no_value(asked: Asked, line: str) -> None:
    assert isinstance(Dialogue(asked(LEADER)).heard(line), Tell)


# The talk


def test_a_whole_queue_is_settled_line_by_line(settings: Settings) -> None:
    said = talk(settings, Reader(100))
    assert "Nothing is left" in said
    assert "formtally review undo" in said
    made = decisions(settings)
    assert len(made) >= 8
    assert {(each.kind, each.reviewer) for each in made} == {(DecisionKind.ACCEPT, "anna")}
    assert keys_of(settings) == {}


def test_what_is_kept_of_a_decision(settings: Settings) -> None:
    talk(settings, "7.6\n\n", filters=Filters(document="sum.txt"))
    talk(settings, Reader(1), filters=Filters(document="page.pdf"))
    one, other = decisions(settings)
    assert (one.kind, one.value) == (DecisionKind.CORRECT, "7.6")
    assert other.kind is DecisionKind.ACCEPT
    assert one.shown["blind"] is other.shown["blind"] is True
    assert one.shown["reasons"] == ["scores.total"]
    assert one.shown["candidates"] == [["7.5", "table"]]
    assert "candidates" not in other.shown, "it was settled without anything that was read being seen"


def test_the_question_shows_its_place_and_nothing_that_was_read(settings: Settings) -> None:
    said = talk(settings, "", filters=Filters(document="sum.txt"))
    assert "sum.txt" in said
    assert "【7.5】" in said
    assert "总分" not in said.split("【7.5】")[0]
    assert "table reader" not in said
    assert "96.5" not in said, "the figures of the check are not for who keys blind"


def test_the_language_and_the_width_are_kept(settings: Settings, language: str) -> None:
    said = talk(settings, "1\n:source\n?\n\n:note 待查\n:skip\n")
    asking = [line for line in said.splitlines() if " > " not in line]
    assert max(map(cell_len, asking)) <= 80
    if language == "zh":
        words = re.sub(r"anna|\S+\.(txt|pdf)|:[a-z-]+( [0-9.]+)?|/\S*", "", said)
        assert not re.search("[A-Za-z]{3}", words), re.findall("[A-Za-z]{3,}", words)
    else:
        assert "What is printed there" in said or "Enter accepts" in said


def test_undo_and_redo(settings: Settings) -> None:
    filters = Filters(document="sum.txt")
    talk(settings, "7.5\n:undo\n", filters=filters)
    assert decisions(settings) == []
    talk(settings, ":redo\n", filters=filters)
    [made] = decisions(settings)
    assert made.value == "7.5"
    assert "nothing to take back" in talk(settings, ":undo\n:undo\n", filters=filters)


def test_after_an_undo_the_same_question_is_asked(settings: Settings) -> None:
    said = talk(settings, "7.5\n:undo\n", filters=Filters(document="sum.txt"))
    assert said.count("【7.5】") == 2


def test_a_note_is_shown_when_the_question_is_asked_again(settings: Settings) -> None:
    filters = Filters(document="sum.txt")
    said = talk(settings, ":note look at the seal\n", filters=filters)
    assert "anna: look at the seal" in said
    assert "anna: look at the seal" in talk(settings, "", filters=filters, reviewer="bo")


def test_what_the_rules_refuse_is_told_and_asked_again(settings: Settings) -> None:
    said = talk(settings, ":reject\n7.5\n", filters=Filters(document="sum.txt"))
    [made] = decisions(settings)
    assert (made.kind, made.value) == (DecisionKind.ACCEPT, "7.5")
    assert said.count("What is printed there") >= 2


def test_the_same_question_elsewhere_is_listed_before_it_is_answered(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name, project in (("a", "河道清淤示例项目"), ("b", "河道护坡示例项目"), ("c", "河道巡查示例项目")):
        text = form(project) + form(f"{project}二期", "钱多夕")
        (tmp_path / "in" / f"{name}.txt").write_text(text, encoding="utf-8")
    assert formtally(tmp_path, "run", "in").returncode == 0
    settings = Settings(db=f"sqlite:///{tmp_path}/formtally.db")
    asked = len(keys_of(settings))
    said = talk(settings, ":same\n\n=钱多多\n")
    listed = re.findall(r"^ +[0-9]+  [abc][.]txt", said, re.MULTILINE)
    assert len(listed) >= 2, said
    made = decisions(settings)
    assert len(made) == len(listed) + 1
    assert {each.value for each in made} == {"钱多多"}
    assert len({each.group for each in made}) == 1
    assert len(keys_of(settings)) <= asked - len(made)
    with open_queue(settings) as store, Review(store, settings, reviewer="anna") as review:
        assert len(review.undo()) == len(made)
    assert len(keys_of(settings)) == asked


def test_where_the_same_is_asked_nowhere_else_it_says_so(settings: Settings) -> None:
    assert "nowhere else" in talk(settings, ":same\n", filters=Filters(document="sum.txt"))


def test_the_end_of_the_input_gives_back_what_is_held(settings: Settings) -> None:
    talk(settings, "")
    assert held(settings) == []


def test_documents_cannot_command_a_terminal(asked: Asked) -> None:
    question = asked(TOTAL)
    line = question.lines[question.focus]
    wild = line._replace(pieces=tuple(piece._replace(text="\x1b]0;x\x07\x1b[2J\u202e9") for piece in line.pieces))
    lines = (*question.lines[: question.focus], wild, *question.lines[question.focus + 1 :])
    text = "".join(row.text for row in excerpt(replace(question, lines=lines)))
    assert "\x1b" not in text and "\x07" not in text and "\u202e" not in text
    assert printable("a\tb") == "a b"


def test_a_form_on_one_line_is_shown_around_the_place(asked: Asked) -> None:
    question = asked(SCORE)
    pieces = tuple(piece for line in question.lines for piece in line.pieces)
    one = replace(question, lines=(question.lines[0]._replace(pieces=pieces),), focus=0)
    [row] = excerpt(one, pieces=5)
    assert "【18】" in row.text
    assert row.text.startswith("… ") and row.text.endswith(" …")
    assert row.text.count("│") == 10
    [row] = excerpt(one)
    assert row.text.count("│") == len(pieces) - 1


# Commands


def test_a_script_answers_through_a_pipe(filled: Path, tmp_path: Path) -> None:
    settings = copy_of(filled, tmp_path)
    done = subprocess.run(
        [*COMMAND, "review", "--plain", "--reviewer", "script", "--document", "sum"],
        input=":lost\n" * 3,
        cwd=tmp_path,
        env=environment(TERM="dumb", COLUMNS="80"),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert {(each.reviewer, each.kind) for each in decisions(settings)} == {("script", DecisionKind.LOST)}
    assert done.stdout.count("Stored") == len(decisions(settings))


def test_bytes_that_are_no_text_end_nothing(filled: Path, tmp_path: Path) -> None:
    settings = copy_of(filled, tmp_path)
    done = subprocess.run(
        [*COMMAND, "review", "--plain", "--reviewer", "script", "--document", "sum"],
        input=b"\xff\xfe\n7.5\n",
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(decisions(settings)) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_gives_back_what_is_held(filled: Path, tmp_path: Path, number: signal.Signals) -> None:
    settings = copy_of(filled, tmp_path)
    main, other = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "review", "--reviewer", "anna"],  # a dumb terminal gets plain mode without asking
        cwd=tmp_path,
        env=environment(TERM="dumb"),
        stdin=other,
        stdout=other,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    os.close(other)
    printed = b""
    while b"Enter" not in printed:
        printed += os.read(main, 1000)
    assert held(settings) == ["anna"]
    time.sleep(0.5)  # a signal between a prompt and the reading of its answer waits for that answer
    process.send_signal(number)
    deadline = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert process.returncode == 130
    os.close(main)
    assert process.stderr is not None
    with process.stderr:
        assert "Traceback" not in process.stderr.read().decode()
    assert held(settings) == []


def test_without_a_terminal_the_screen_is_not_started(filled: Path) -> None:
    done = formtally(filled, "review")
    assert done.returncode == 2
    assert "--plain" in one_sentence(done.stderr)


def test_nothing_to_settle_is_no_error(filled: Path) -> None:
    for arguments in (["--plain"], ["list"]):
        for extra in ([], ["--document", "good"]):
            done = formtally(filled, "review", *arguments, *(extra or ["--reason", "no.such"]))
            assert (done.returncode, done.stderr) == (0, "")
            assert "Nothing is to be settled" in done.stdout


def test_options_before_a_command_are_refused(filled: Path) -> None:
    done = formtally(filled, "review", "--document", "sum", "list")
    assert done.returncode == 2
    assert "--document" in one_sentence(done.stderr)


@pytest.mark.parametrize(
    "arguments",
    [["--audit-to", "many"], ["--audit-to", "0"], ["--audit-to", "200%"], ["--audit", "5", "--document", "sum"]],
)
def test_an_audit_needs_a_share_and_the_whole_store(filled: Path, arguments: list[str]) -> None:
    done = formtally(filled, "review", *arguments)
    assert done.returncode == 2
    one_sentence(done.stderr)


@pytest.mark.parametrize("name", ["a,b", "x" * 200, "a\x1b[2J"])
def test_a_reviewer_has_a_name_that_can_be_listed(name: str) -> None:
    with pytest.raises(UsageError):
        reviewer_of(Settings(), name)


def test_who_reviews(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "account")
    set_ = Settings(review=ReviewOptions(reviewer="set"))
    assert reviewer_of(set_, "王 given ") == "王 given"
    assert reviewer_of(set_, None) == "set"
    assert reviewer_of(Settings(), None) == "account"


def test_the_list_claims_nothing_and_hides_what_is_asked_blind(settings: Settings, tmp_path: Path) -> None:
    done = formtally(tmp_path, "review", "list", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["open"], said["held"], said["documents"]) == (8, 0, 3)
    items = {(item["document"], item["ordinal"], item["path"]): item for item in said["items"]}
    assert {place: item["id"] for place, item in items.items()} == keys_of(settings)
    total, leader = items[TOTAL], items[LEADER]
    assert total["blind"] and "candidates" not in total
    assert total["label"].startswith("总分")
    assert total["reasons"][0]["code"] == "scores.total"
    assert "96.5" not in json.dumps(total)
    assert leader["candidates"] == [{"value": "钱多多", "printed": "钱多多", "readers": ["table"]}]
    shown = json.loads(formtally(tmp_path, "review", "list", "--json", "--show", "--limit", "1").stdout)
    assert len(shown["items"]) == 1
    assert held(settings) == []
    assert said["items"][0]["held_by"] is None


def test_the_list_shows_who_has_what(settings: Settings, tmp_path: Path) -> None:
    with open_queue(settings) as store, Review(store, settings, reviewer="bo") as review:
        assert review.next() is not None
        assert "bo has it" in formtally(tmp_path, "review", "list").stdout
        one = json.loads(formtally(tmp_path, "review", "list", "--json").stdout)
        assert [item["held_by"] for item in one["items"]].count("bo") == one["held"] == 1


def test_the_list_as_a_table(settings: Settings, tmp_path: Path) -> None:
    for lang in ("en", "zh"):
        plain = formtally(tmp_path, "review", "list", COLUMNS="80", FORMTALLY_LANG=lang).stdout
        assert max(cell_len(line) for line in plain.splitlines()) <= 80
        assert all(key in plain for key in keys_of(settings).values())
        assert "96.5" not in plain
        assert "钱多夕" in plain
    assert "96.5" in formtally(tmp_path, "review", "list", "--show").stdout
    assert "7 more" in formtally(tmp_path, "review", "list", "--limit", "1").stdout


def test_decide_takes_what_the_screen_would(settings: Settings, tmp_path: Path) -> None:
    keys = keys_of(settings)

    def decide(*arguments: str) -> subprocess.CompletedProcess[str]:
        return formtally(tmp_path, "review", "decide", *arguments, "--reviewer", "robot")

    unseen = decide(keys[TOTAL], "accept")
    assert unseen.returncode == 2
    assert "unseen" in one_sentence(unseen.stderr)
    assert decide(keys[TOTAL], "accept", "--value", "95.5").returncode == 2
    assert decide(keys[TOTAL], "correct", "--value", "many").returncode == 2
    assert decide(keys[TOTAL], "lost", "--value", "1").returncode == 2
    assert decide(keys[TOTAL], "split").returncode == 2
    assert decide(keys[TOTAL], "nonsense").returncode == 2
    assert decisions(settings) == []
    done = decide(keys[TOTAL][:6], "correct", "--value", "96.50", "--json")
    assert done.returncode == 0, done.stderr
    [said] = json.loads(done.stdout)
    assert (said["kind"], said["value"], said["reviewer"]) == ("accept", "96.5", "robot")
    [made] = decisions(settings)
    assert made.uid == said["decision"]
    assert made.shown["command"] is True
    gone = decide(keys[TOTAL], "accept")
    assert gone.returncode == 2
    assert keys[TOTAL] in one_sentence(gone.stderr)
    assert held(settings) == []


def test_decide_tells_what_left_the_queue_with_it(settings: Settings, tmp_path: Path) -> None:
    done = formtally(tmp_path, "review", "decide", keys_of(settings)[TOTAL], "correct", "--value", "95.5")
    assert done.returncode == 0, done.stderr
    assert "2 more left the queue" in done.stdout
    assert "indicators[0].score" in done.stdout
    assert "Nothing is left to ask of sum.txt" in done.stdout


def test_several_are_decided_each_for_itself(settings: Settings, tmp_path: Path) -> None:
    keys = keys_of(settings)
    leaders = [key for (name, _, _), key in keys.items() if name == "names.txt"]
    done = formtally(tmp_path, "review", "decide", *leaders, "0" * 12, "accept", "--json")
    assert done.returncode == 3
    said = json.loads(done.stdout)
    assert [entry.get("kind") for entry in said] == ["accept", "accept", None]
    assert "error" in said[2]
    assert len(decisions(settings)) == 2


def test_what_somebody_has_open_is_not_decided(settings: Settings, tmp_path: Path) -> None:
    with open_queue(settings) as store, Review(store, settings, reviewer="bo") as review:
        question = review.next()
        assert question is not None
        done = formtally(tmp_path, "review", "decide", question.item.key, "skip", "--reviewer", "robot")
        assert done.returncode == 2
        assert "bo has it open" in one_sentence(done.stderr)


def test_undo_and_redo_as_commands(settings: Settings, tmp_path: Path) -> None:
    formtally(tmp_path, "review", "decide", keys_of(settings)[LEADER], "accept", "--reviewer", "robot")
    assert "nothing to take back" in formtally(tmp_path, "review", "undo", "--reviewer", "bo").stdout
    undone = formtally(tmp_path, "review", "undo", "--reviewer", "robot")
    assert (undone.returncode, decisions(settings)) == (0, [])
    assert "project_leader" in undone.stdout
    formtally(tmp_path, "review", "redo", "--reviewer", "robot")
    assert len(decisions(settings)) == 1
    assert "nothing to bring back" in formtally(tmp_path, "review", "redo", "--reviewer", "robot").stdout


def test_what_goes_together(asked: Asked) -> None:
    total, leader = asked(TOTAL), asked(LEADER)
    assert choice_of(total, None, "96.5") == Choice(DecisionKind.ACCEPT)
    assert choice_of(total, None, "95.5") == Choice(DecisionKind.CORRECT, "95.5")
    assert choice_of(total, None, "-") == Choice(DecisionKind.BLANK)
    assert choice_of(total, DecisionKind.SOURCE_DEFECT, "96.5") == Choice(DecisionKind.SOURCE_DEFECT)
    assert choice_of(leader, DecisionKind.ACCEPT, "") == Choice(DecisionKind.ACCEPT)
    assert choice_of(leader, DecisionKind.CORRECT, "钱多夕") == Choice(DecisionKind.CORRECT, "钱多夕")
    for question, kind, text in (
        (total, None, ""),
        (total, DecisionKind.ACCEPT, ""),
        (total, DecisionKind.SOURCE_DEFECT, ""),
        (total, DecisionKind.SOURCE_DEFECT, "95.5"),
        (total, DecisionKind.BLANK, "1"),
        (leader, DecisionKind.ACCEPT, "钱多夕"),
        (leader, DecisionKind.CORRECT, ""),
        (leader, DecisionKind.NOTE, " "),
        (leader, DecisionKind.UNDO, ""),
    ):
        with pytest.raises(UsageError):
            choice_of(question, kind, text)


def test_the_options_of_the_review_itself_are_documented() -> None:
    import typer.main

    from pipeline.cli import app
    from tests.commandline import ROOT

    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    section = text.split("\n## formtally review\n")[1].split("\n## ")[0]
    commands: Any = typer.main.get_command(app)
    group = commands.commands["review"]
    options = {option for parameter in group.params for option in parameter.opts if option.startswith("--")}
    assert {option for option in options - {"--help"} if f"`{option}" not in section} == set()
