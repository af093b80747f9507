"""The app with its real queue on a real store, driven by keys as from a keyboard."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.text import Text
from textual.pilot import Pilot
from textual.widgets import Static

from pipeline.decisions import Anchor, Decision, DecisionKind, Spot
from pipeline.errors import ConfigurationError
from pipeline.messages import CATALOGUE, say, set_language
from pipeline.review.app.actions import ACTIONS, FIXED, Keys
from pipeline.review.app.app import ReviewApp
from pipeline.review.app.dialogs import Batch, FilterForm, Help, Sure
from pipeline.review.app.dialogue import Stopwatch
from pipeline.review.app.panel import Entry, KeyBar
from pipeline.review.app.panes import QueuePane, SourcePane
from pipeline.review.app.picture import PicturePane
from pipeline.review.options import ReviewOptions
from pipeline.review.question import Question
from pipeline.review.session import Filters, Review
from pipeline.settings import Settings
from pipeline.source import Span
from pipeline.store.store import Store
from tests.commandline import ROOT, formtally
from tests.review_forms import copy_of, fill

Script = Callable[["Driver"], Awaitable[None]]

SUM = ("sum.txt", "total_score")
SCORE = ("sum.txt", "indicators[0].score")
PAGE = ("page.pdf", "total_score")
NAME = ("names.txt", "project_leader")
ROWS = ("pdf-lines.txt", "indicators[]")
WEIGHT = ("pdf-lines.txt", "indicators[0].weight")
BLANK = ("pdf-lines.txt", "indicators[4].weight")
LEVEL = ("pdf-lines.txt", "indicators[3].level2")
LONG = ("pdf-lines.txt", "indicators[3].deviation")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a queue, made once; tests work on copies of it."""
    folder = tmp_path_factory.mktemp("filled")
    fill(folder)
    shutil.copy(ROOT / "samples" / "documents" / "pdf-lines.txt", folder)
    assert formtally(folder, "run", "pdf-lines.txt").returncode == 0
    return folder


class Driver:
    """The app under test: its keys, what it shows, and what the store holds."""

    def __init__(self, review: Review, store: Store, app: ReviewApp, pilot: Pilot[None]) -> None:
        self.review = review
        self.store = store
        self.app = app
        self._pilot = pilot

    async def press(self, *keys: str) -> None:
        """Press keys as fast as can be."""
        await self._pilot.press(*keys)

    async def key(self, text: str) -> None:
        """Type a text."""
        await self._pilot.press(*text)

    async def wait(self) -> None:
        """Let everything be drawn."""
        await self._pilot.pause(0.05)

    def shown(self, name: str = "question") -> str:
        """The text of a part of the screen."""
        return str(self.app.query_one(f"#{name}", Static).content)

    @property
    def question(self) -> Question:
        """What is asked."""
        dialogue = self.app._dialogue
        assert dialogue is not None
        return dialogue.question

    @property
    def told(self) -> str:
        """What is said to what was done last, without its line breaks."""
        return self.shown("told").replace("\n", " ")

    @property
    def source(self) -> list[str]:
        """Rows of the source that are on the screen."""
        pane = self.app.query_one("#source", SourcePane)
        return [pane.render_line(y).text.rstrip() for y in range(pane.size.height)]

    @property
    def decisions(self) -> list[Decision]:
        """What this reviewer decided."""
        return self.store.reviews.made_by(self.review.reviewer)

    def said(self) -> list[tuple[str, str, str | None]]:
        """Kinds, paths and values of what was decided."""
        return [(each.kind.value, each.path, each.value) for each in self.decisions]


@contextmanager
def at_work(
    filled: Path,
    folder: Path,
    script: Script,
    first: tuple[str, str] = SUM,
    *,
    size: tuple[int, int] = (120, 36),
    unread_seconds: float = 0.0,
    **options: Any,
) -> Iterator[Driver]:
    """Drive the app from a question on; then what it left behind."""
    settings = copy_of(filled, folder).model_copy(update={"review": ReviewOptions(**options)})
    with Store.open(settings.db, create=False) as store, Review(store, settings, reviewer="wang") as review:
        document, path = first
        review.filters = Filters(document=document)
        key = next(item.key for item in review.items(limit=500) if item.path == path)
        review.filters = Filters()

        class From(Review):
            """A review whose first question is chosen."""

            def next(self) -> Question | None:
                nonlocal key
                chosen, key = key, ""
                return self.go(chosen) if chosen else super().next()

        review.__class__ = From
        app = ReviewApp(review, settings, unread_seconds=unread_seconds)
        driver: Driver | None = None

        async def drive() -> None:
            nonlocal driver
            async with app.run_test(size=size) as pilot:
                driver = Driver(review, store, app, pilot)
                await driver.wait()
                await script(driver)
                await driver.wait()

        asyncio.run(drive())
        assert driver is not None
        yield driver


def work(filled: Path, folder: Path, script: Script, first: tuple[str, str] = SUM, **more: Any) -> list[Decision]:
    """Drive the app; the decisions that were made."""
    with at_work(filled, folder, script, first, **more) as driver:
        return driver.decisions


def test_a_figure_that_a_reader_read_takes_its_digits_and_one_enter(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        await driver.key("96.5")
        await driver.press("enter")
        assert say("decision.accept") in driver.told

    [decision] = work(filled, tmp_path, script)
    assert (decision.kind, decision.path, decision.value) == (DecisionKind.ACCEPT, "total_score", "96.5")
    assert decision.shown["blind"] is True
    assert "candidates" not in decision.shown
    assert decision.reviewer == "wang"
    assert 0 < decision.seconds < 60


def test_nothing_that_was_read_is_shown_before_something_is_keyed(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        before = driver.shown()
        assert "96.5" not in before and "95.5" not in before
        assert say("reader.table") not in before
        await driver.press("f2")
        assert driver.told == say("app.blind_first")
        assert not driver.decisions
        await driver.key("96")
        await driver.press("enter")
        after = driver.shown()
        assert "1 96.5" in after and say("reader.table") in after
        assert "95.5" in after, "now the reason has its figures"
        assert not driver.decisions
        await driver.press("enter")

    [decision] = work(filled, tmp_path, script)
    assert (decision.kind, decision.value) == (DecisionKind.CORRECT, "96")
    assert decision.shown["blind"] is True
    assert decision.shown["candidates"][0][0] == "96.5"


@pytest.mark.parametrize("keys", [("down", "enter"), ("number_sign", "1", "enter"), ("f2",), ("alt+a",)])
def test_a_candidate_is_chosen_by_arrow_or_number_never_by_a_figure(
    filled: Path, tmp_path: Path, keys: tuple[str, ...]
) -> None:
    async def script(driver: Driver) -> None:
        await driver.key("1")
        await driver.press("enter")
        assert not driver.decisions, "1 is a figure here"
        if keys[-1] != "enter":
            await driver.press("down")
        if keys[0] == "number_sign":
            await driver.press("backspace")
        await driver.press(*keys)

    [decision] = work(filled, tmp_path, script)
    assert (decision.kind, decision.value) == (DecisionKind.ACCEPT, "96.5")


def test_a_value_that_stands_beside_is_asked_about(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        await driver.key("20")
        await driver.press("enter")
        assert "20" in driver.told and "分值" in driver.told
        assert say("reader.table") not in driver.shown(), "still blind"
        await driver.press("escape")
        assert driver.app.query_one(Entry).value == ""
        await driver.key("20")
        await driver.press("enter")
        assert not driver.decisions
        await driver.press("enter")

    [decision] = work(filled, tmp_path, script, SCORE)
    assert (decision.kind, decision.path, decision.value) == (DecisionKind.CORRECT, "indicators[0].score", "20")


def test_what_is_no_figure_is_said_and_kept_in_the_line(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        await driver.key("lsd")
        assert driver.app.query_one(Entry).value == "lsd", "letters are no commands while a figure is keyed"
        await driver.press("enter")
        assert driver.told == say("answer.no_figure")
        assert driver.app.query_one(Entry).value == "lsd"

    assert not work(filled, tmp_path, script)


def test_an_empty_line_is_asked_about_before_it_means_blank(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        await driver.press("enter")
        assert driver.told == say("app.nothing_printed")
        assert say("reader.table") not in driver.shown()
        await driver.press("enter")
        assert say("reader.table") in driver.shown()
        assert not driver.decisions
        await driver.press("enter")

    [decision] = work(filled, tmp_path, script)
    assert (decision.kind, decision.value) == (DecisionKind.BLANK, None)


@pytest.mark.parametrize("keys", [("enter",), ("minus", "enter"), ("f4",)])
def test_a_blank_that_a_reader_read_takes_one_enter(filled: Path, tmp_path: Path, keys: tuple[str, ...]) -> None:
    async def script(driver: Driver) -> None:
        await driver.press(*keys)

    [decision] = work(filled, tmp_path, script, BLANK)
    assert (decision.kind, decision.path, decision.value) == (DecisionKind.ACCEPT, BLANK[1], None)


def test_two_figures_keyed_in_one_go_answer_two_questions(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        await driver.press("4", "enter", "4", ".", "0", "enter", "4", "enter")

    decisions = work(filled, tmp_path, script, WEIGHT)
    assert [(each.kind.value, each.value) for each in decisions] == [("accept", "4")] * 3
    assert len({each.path for each in decisions}) == 3
    assert decisions[0].path == WEIGHT[1]


def test_a_command_in_a_stream_of_keys_is_done_in_its_turn(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        await driver.press("f9", "4", "enter", "ctrl+n", *"faint", "enter", "4", "enter")

    skipped, first, note, second = work(filled, tmp_path, script, WEIGHT)
    assert (skipped.kind, skipped.path) == (DecisionKind.SKIP, WEIGHT[1])
    assert (first.kind, first.value) == (DecisionKind.ACCEPT, "4")
    assert (note.kind, note.value) == (DecisionKind.NOTE, "faint")
    assert (second.kind, second.value) == (DecisionKind.ACCEPT, "4")
    assert skipped.path != first.path != note.path == second.path


def test_escape_and_a_figure_that_arrive_together_are_both_taken(filled: Path, tmp_path: Path) -> None:
    from textual._xterm_parser import XTermParser

    async def script(driver: Driver) -> None:
        await driver.key("12")
        parser = XTermParser()
        events = [*parser.feed("\x1b9"), *parser.feed("6.5")]
        await asyncio.sleep(0.2)
        events += parser.tick()
        for event in events:
            driver.app.post_message(event)  # as the driver of a terminal does
        await driver.wait()
        assert driver.app.query_one(Entry).value == "96.5"
        await driver.press("enter")

    [decision] = work(filled, tmp_path, script)
    assert (decision.kind, decision.value) == (DecisionKind.ACCEPT, "96.5")


@pytest.mark.parametrize(
    ("first", "keys", "expected"),
    [
        (SUM, ("f5",), (DecisionKind.LOST, "total_score", None)),
        (SUM, ("alt+l",), (DecisionKind.LOST, "total_score", None)),
        (SUM, ("f9",), (DecisionKind.SKIP, "total_score", None)),
        (SUM, (*"96.5", "f6"), (DecisionKind.SOURCE_DEFECT, "total_score", "96.5")),
        (SUM, (*"96.4", "enter", "f6"), (DecisionKind.SOURCE_DEFECT, "total_score", "96.4")),
        (SUM, ("f4", "enter"), (DecisionKind.BLANK, "total_score", None)),
        (NAME, ("enter",), (DecisionKind.ACCEPT, "project_leader", "钱多多")),
        (NAME, ("a",), (DecisionKind.ACCEPT, "project_leader", "钱多多")),
        (NAME, ("b",), (DecisionKind.BLANK, "project_leader", None)),
        (NAME, ("l",), (DecisionKind.LOST, "project_leader", None)),
        (NAME, ("d",), (DecisionKind.SOURCE_DEFECT, "project_leader", "钱多多")),
        (NAME, ("s",), (DecisionKind.SKIP, "project_leader", None)),
        (NAME, ("e", "end", "backspace", "夕", "enter"), (DecisionKind.CORRECT, "project_leader", "钱多夕")),
        (SCORE, ("f7", "enter"), (DecisionKind.REJECT_ROW, "indicators[0].score", None)),
        (SCORE, ("f8", "enter"), (DecisionKind.ADD_ROW, "indicators[0].score", None)),
        (NAME, ("N", "enter"), (DecisionKind.NOT_A_FORM, "", None)),
        (SUM, ("alt+shift+n", "enter"), (DecisionKind.NOT_A_FORM, "", None)),
        (NAME, ("J", "enter"), (DecisionKind.JOIN, "", None)),
        (NAME, ("S", "down", "enter"), (DecisionKind.SPLIT, "", None)),
        (ROWS, (*"21", "enter"), (DecisionKind.ACCEPT, "indicators[]", "21")),
        (ROWS, ("f8", "3", "enter"), (DecisionKind.ADD_ROW, "indicators[2]", None)),
        (ROWS, (*"20", "enter", "f7", "2", "enter"), (DecisionKind.REJECT_ROW, "indicators[1]", None)),
    ],
    ids=str,
)
def test_every_decision_can_be_made(
    filled: Path, tmp_path: Path, first: tuple[str, str], keys: tuple[str, ...], expected: tuple[DecisionKind, str, str]
) -> None:
    async def script(driver: Driver) -> None:
        await driver.press(*keys[:-1])
        await driver.wait()
        await driver.press(keys[-1])

    [decision] = work(filled, tmp_path, script, first)
    kind, path, value = expected
    assert (decision.kind, decision.value) == (kind, value)
    assert decision.path.startswith(path) if kind in (DecisionKind.ADD_ROW, DecisionKind.REJECT_ROW) else True
    assert decision.path == path or decision.kind in (DecisionKind.ADD_ROW, DecisionKind.REJECT_ROW)


def test_a_form_that_is_missing_begins_in_what_was_taken_for_other_text(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        driver.review.filters = Filters(document="pdf-lines")
        await driver.press("N")
        await driver.wait()
        await driver.press("enter")
        await driver.wait()
        question = driver.question
        place = max(n for n, line in enumerate(question.lines[: question.focus]) if line.outside)
        await driver.press("alt+shift+m", "enter")
        assert driver.told == say("review.form_missing_where"), "inside of a form none is missing"
        await driver.press("alt+shift+m", *["up"] * (question.focus - place), "enter")

    no_form, missing = work(filled, tmp_path, script, LEVEL)
    assert (no_form.kind, missing.kind) == (DecisionKind.NOT_A_FORM, DecisionKind.FORM_MISSING)
    assert missing.anchor.pattern == "cell"


def test_the_arrows_choose_where_a_form_begins_and_escape_gives_up(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        await driver.press("S")
        await driver.wait()
        assert driver.app.query_one(SourcePane).choosing
        assert driver.shown("prompt").replace("\n", " ") == say("app.prompt.place")
        await driver.press("escape")
        assert not driver.app.query_one(SourcePane).choosing
        assert driver.app.focused is driver.app.query_one(Entry)

    assert not work(filled, tmp_path, script, NAME)


def test_a_last_question_can_be_answered_with_no(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        for keys in ("N", "J"):
            await driver.press(keys)
            await driver.wait()
            assert isinstance(driver.app.screen, Sure)
            await driver.press("escape")
            await driver.wait()

    assert not work(filled, tmp_path, script, NAME)


def test_how_many_rows_are_printed_is_keyed_and_no_value_of_its_own(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        assert "21" not in driver.shown()
        await driver.press("enter")
        assert driver.told == say("app.rows.key")
        await driver.press(*"20", "enter", "enter", "enter")
        assert "21" in driver.told and "20" in driver.told
        await driver.press("f7", "9", "9", "enter")
        assert driver.told == say("app.row.no_number", least=1, most=21)

    assert not work(filled, tmp_path, script, ROWS)


def test_blank_means_blank_whatever_was_keyed_before(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        await driver.press(*"96", "f4")
        assert driver.app.query_one(Entry).value == ""
        assert say("app.blank") in driver.shown()
        await driver.press("enter")

    [decision] = work(filled, tmp_path, script)
    assert (decision.kind, decision.value) == (DecisionKind.BLANK, None)


def test_a_number_that_no_candidate_has_chooses_none(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        for number in ("2", "12"):
            await driver.press("number_sign", *number, "enter")
            assert driver.told == say("app.no_candidate", count=1)
            await driver.press("escape")

    assert not work(filled, tmp_path, script, NAME)


def test_figures_meant_for_another_question_answer_no_text(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        await driver.press(*"12.5", "enter")
        assert not driver.decisions
        await driver.press(*"1", "enter")
        assert not driver.decisions
        await driver.press("enter")

    [decision] = work(filled, tmp_path, script, NAME)
    assert (decision.kind, decision.value) == (DecisionKind.ACCEPT, "钱多多")


def test_nothing_is_accepted_that_nobody_can_have_read(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        for key in ("enter", "a", "b", "l", "d"):
            await driver.press(key)
            assert driver.told == say("app.too_soon")

    assert not work(filled, tmp_path, script, NAME, unread_seconds=600.0)


def test_typing_a_text_gives_no_command(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        await driver.press("e", "home", *"ablsdqun?", "enter")

    [decision] = work(filled, tmp_path, script, NAME)
    assert (decision.kind, decision.value) == (DecisionKind.CORRECT, "ablsdqun?钱多多")


def test_a_text_under_correction_is_shown_whole_with_its_changes(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        await driver.press("e", "end", "backspace", *"XY")
        shown = driver.app.query_one("#question", Static).content
        assert "违约条款XY" in str(shown).replace("\n", "")
        assert driver.shown("prompt") == say("app.prompt.edit")
        await driver.press("escape")
        assert driver.app.query_one(Entry).value == ""

    assert not work(filled, tmp_path, script, LONG, size=(80, 24))


def test_texts_that_were_read_in_two_ways_are_told_apart_by_marks(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        question = driver.question
        two = (question.candidates[0], question.candidates[0]._replace(value="钱夕多", readers=("llm",)))
        driver.app.ask(replace(question, candidates=two))
        await driver.wait()
        text = driver.app.query_one("#question", Static).content
        assert isinstance(text, Text)
        plain = text.plain
        marked = {plain[span.start : span.end] for span in text.spans if "underline reverse" in str(span.style)}
        assert marked == {"多", "夕"}
        await driver.press("down", "enter")

    [decision] = work(filled, tmp_path, script, NAME)
    assert (decision.kind, decision.value) == (DecisionKind.CORRECT, "钱夕多")


def test_one_answer_for_the_same_question_in_many_places(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        assert say("app.same", count=3, press="g") in driver.shown().replace("\n", " ")
        await driver.press("g")
        await driver.wait()
        assert isinstance(driver.app.screen, Batch)
        assert not driver.decisions, "listed before it is applied"
        await driver.press("space")
        await driver.wait()
        await driver.press("enter")
        await driver.wait()
        assert len(driver.decisions) == 3
        await driver.press("u")

    decisions = work(filled, tmp_path, script, LEVEL)
    made, undone = decisions[:3], decisions[3:]
    assert {(each.kind, each.value) for each in made} == {(DecisionKind.ACCEPT, "数量指标")}
    assert len({each.path for each in made}) == 3 and len({each.group for each in made}) == 1
    assert {each.target for each in undone} == {each.uid for each in made}, "taken back together"


def test_one_answer_can_be_given_up(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        await driver.press("g")
        await driver.wait()
        await driver.press("a", "a", "escape")
        await driver.wait()

    assert not work(filled, tmp_path, script, LEVEL)


def test_undo_and_redo_go_back_beyond_the_session(filled: Path, tmp_path: Path) -> None:
    async def decide(driver: Driver) -> None:
        await driver.press(*"96.5", "enter")

    async def take_back(driver: Driver) -> None:
        await driver.press("ctrl+r")
        assert "total_score" in driver.told
        assert driver.question.path == "total_score"
        await driver.press("ctrl+r")
        assert driver.told == say("app.nothing_to_undo")
        await driver.press("ctrl+y")
        assert "total_score" in driver.told
        await driver.press("ctrl+y")
        assert driver.told == say("app.nothing_to_redo")

    work(filled, tmp_path, decide)
    later = tmp_path / "later"
    later.mkdir()
    decisions = work(tmp_path, later, take_back, SCORE)
    assert [each.kind for each in decisions] == [DecisionKind.ACCEPT, DecisionKind.UNDO, DecisionKind.REDO]


def test_what_leaves_the_queue_with_a_decision_is_told(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        await driver.press(*"95.5", "enter", "enter")
        assert say("app.gone", count=2, reasons="scores.total") in driver.told
        assert say("app.settled", document="sum.txt") in driver.told

    work(filled, tmp_path, script)


def test_a_note_is_kept_and_shown_to_who_comes_next(filled: Path, tmp_path: Path) -> None:
    async def write(driver: Driver) -> None:
        await driver.press("ctrl+n", *"page is torn", "enter")
        assert driver.told == say("app.noted")
        assert driver.question.path == "total_score", "the question stays"

    async def read(driver: Driver) -> None:
        assert "page is torn" in driver.shown()

    [decision] = work(filled, tmp_path, write)
    assert (decision.kind, decision.value) == (DecisionKind.NOTE, "page is torn")
    later = tmp_path / "later"
    later.mkdir()
    work(tmp_path, later, read)


def test_a_decision_without_a_place_is_shown_and_discarded_when_it_is_said_twice(filled: Path, tmp_path: Path) -> None:
    settings = copy_of(filled, tmp_path)
    with Store.open(settings.db, create=False) as store, Review(store, settings, reviewer="zhou") as review:
        review.filters = Filters(document="sum.txt")
        item = review.items()[0]
        spot = Spot(1, Span(90000, 90003), None, "别处的字")
        anchor = Anchor("self_evaluation", "total_score", (spot,), (spot,), ("甲", "乙"), (spot,), 1)
        old = Decision(
            "0" * 32,
            item.sha256,
            DecisionKind.CORRECT,
            "total_score",
            anchor,
            "zhou",
            "2026-01-02T03:04:05+00:00",
            "88",
        )
        store.reviews.add([old])
        review.go(item.key)

    async def script(driver: Driver) -> None:
        shown = driver.shown()
        assert "88" in shown and "zhou" in shown and "2026-01-02 03:04" in shown and "别处的字" in shown
        await driver.press(*"12", "enter")
        assert not driver.decisions
        await driver.press("enter")
        assert driver.told == say("app.orphan.sure")
        assert not driver.decisions
        await driver.press("enter")

    later = tmp_path / "later"
    later.mkdir()
    [decision] = work(tmp_path, later, script, ("sum.txt", "orphan"))
    assert (decision.kind, decision.target) == (DecisionKind.UNDO, "0" * 32)


def test_what_somebody_else_decided_meanwhile_is_said_and_work_goes_on(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        question = driver.question
        driver.review.__exit__(None, None, None)  # as when the lease has run out
        other = Review(driver.store, Settings(db="unused"), reviewer="zhou")
        assert other.go(question.item.key) is not None
        other.decide(question, DecisionKind.CORRECT, "95.5")
        await driver.press(*"96.5", "enter")
        assert driver.told == say("review.conflict")
        assert driver.question.path != "total_score"

    assert not work(filled, tmp_path, script)


def test_an_answer_that_cannot_be_is_refused_with_a_sentence_and_nothing_is_lost(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        await driver.press(*"96.5", "f7")
        assert driver.told == say("app.not_here")
        await driver.press("J")
        assert driver.app.query_one(Entry).value == "96.5J"
        await driver.press("backspace", "alt+shift+s", *["up"] * 25, "enter")
        assert driver.told in (say("review.where"), say("review.split_where"))
        assert driver.app.query_one(Entry).value == "96.5"

    assert not work(filled, tmp_path, script)


def test_the_queue_is_filtered_and_says_so(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        await driver.press("ctrl+t")
        await driver.wait()
        assert isinstance(driver.app.screen, FilterForm)
        await driver.press("tab", "tab", "tab", *"names", "enter")
        await driver.wait()
        assert driver.review.filters == Filters(document="names")
        assert driver.question.item.document == "names.txt"
        assert say("app.head.filter", what="names") in driver.shown("head")
        await driver.press("slash")
        await driver.wait()
        await driver.press("tab", "tab", "tab", *"xyz", "enter")
        await driver.wait()
        assert say("app.empty.filtered", what="namesxyz") in driver.shown()

    assert not work(filled, tmp_path, script)


def test_the_filter_by_reason_lists_codes_with_their_counts(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        counts = driver.review.reasons()
        assert counts["scores.total"] == 6
        await driver.press("ctrl+t")
        await driver.wait()
        place = list(counts).index("scores.total") + 1
        await driver.press(*["down"] * place, "enter")
        await driver.wait()
        assert driver.review.filters == Filters(reason="scores.total")

    assert not work(filled, tmp_path, script)


def test_the_queue_lists_documents_and_goes_to_one(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        pane = driver.app.query_one(QueuePane)
        shown = [pane.render_line(y).text for y in range(pane.size.height)]
        groups = driver.review.groups()
        for place, group in enumerate(groups):
            assert group.document in shown[2 * place] and str(group.items) in shown[2 * place]
            assert next(iter(group.reasons)) in shown[2 * place + 1]
        current = next(line for line in shown if "sum.txt" in line)
        assert current.startswith("▸"), "the current one has a mark, not only other looks"
        await driver.press("ctrl+l", "ctrl+l")
        await driver.wait()
        place = [group.document for group in groups].index("page.pdf")
        await driver.press("home", *["down"] * place, "enter")
        await driver.wait()
        assert driver.question.item.document == "page.pdf"
        assert driver.app.focused is driver.app.query_one(Entry)

    assert not work(filled, tmp_path, script)


def test_what_is_typed_in_another_pane_is_a_value_all_the_same(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        await driver.press("shift+tab")
        assert isinstance(driver.app.focused, SourcePane)
        await driver.press(*"96.5", "enter")

    [decision] = work(filled, tmp_path, script)
    assert (decision.kind, decision.value) == (DecisionKind.ACCEPT, "96.5")


def test_the_source_shows_the_cell_in_the_middle_and_scrolls(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        rows = driver.source
        [place] = [place for place, row in enumerate(rows) if "【" in row]
        assert rows[place].startswith("▸")
        assert len(rows) // 4 < place < 3 * len(rows) // 4
        await driver.press("pagedown", "pagedown")
        assert driver.source != rows
        await driver.press("pageup", "pageup", "pageup", "ctrl+down", "ctrl+up")
        assert any("┊" in row for row in driver.source), "what stands before the form is told apart"

    assert not work(filled, tmp_path, script, ("pdf-lines.txt", "indicators[3].score"))


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (120, 36), (200, 60)])
@pytest.mark.parametrize("first", [SUM, ROWS, LONG, PAGE])
def test_everything_fits_in_any_size(
    filled: Path, tmp_path: Path, first: tuple[str, str], size: tuple[int, int]
) -> None:
    async def script(driver: Driver) -> None:
        width, height = size
        for name in ("head", "source", "panel", "entry", "keys"):
            region = driver.app.query_one(f"#{name}").region
            assert region.area and region.right <= width and region.bottom <= height, name
        assert all(cell_len(row) <= width for row in driver.source)
        assert sum(bool(row.strip()) for row in driver.source) >= 5, "neighbours are visible"
        bar = driver.app.query_one(KeyBar)
        assert cell_len(str(bar.content)) <= width
        assert say("app.action.help") in str(bar.content)
        label = driver.question.label
        assert label in driver.shown()

    set_language("zh")
    try:
        assert not work(filled, tmp_path, script, first, size=size)
    finally:
        set_language("en")


def test_a_narrow_terminal_folds_the_queue_up_and_shows_it_when_asked(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        pane = driver.app.query_one(QueuePane)
        assert not pane.region.area
        await driver.press("ctrl+l")
        await driver.wait()
        assert pane.region.width == 80 and driver.app.focused is pane
        await driver.press("escape")
        await driver.wait()
        assert not pane.region.area
        assert isinstance(driver.app.focused, Entry)

    assert not work(filled, tmp_path, script, size=(80, 24))


def test_a_value_on_a_page_is_keyed_from_its_picture(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        pane = driver.app.query_one(PicturePane)
        assert pane.display
        assert any("【?】" in row for row in driver.source), "the recognised text is no blind question"
        for _ in range(200):
            if not pane.coming:
                break
            await asyncio.sleep(0.1)
        assert pane.border_subtitle == say("app.picture.page", page=1)
        drawn: Any = driver.app.query_one("#drawn")
        strips = [drawn.render_line(y) for y in range(drawn.size.height)]
        colours = {segment.style.color for strip in strips for segment in strip if segment.style}
        assert any("▀" in strip.text for strip in strips) and len(colours) > 10
        await driver.press(*"96", "enter")
        assert any("【96.5】" in row for row in driver.source)

    assert not work(filled, tmp_path, script, PAGE)


def test_without_pictures_the_text_is_shown(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        assert not driver.app.query_one(PicturePane).display
        assert any("【96.5】" in row for row in driver.source)
        await driver.press(*"96.5", "enter")

    [decision] = work(filled, tmp_path, script, PAGE, pictures="off")
    assert decision.shown["picture"] is False


def test_a_picture_that_cannot_be_cut_keeps_nothing_back(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        pane = driver.app.query_one(PicturePane)
        for _ in range(200):
            if not pane.coming:
                break
            await asyncio.sleep(0.1)
        assert pane.border_subtitle == say("app.picture.none")
        assert any("【96.5】" in row for row in driver.source)

    page = filled / "page.pdf"
    kept = page.read_bytes()
    page.unlink()
    try:
        assert not work(filled, tmp_path, script, PAGE)
    finally:
        page.write_bytes(kept)


@pytest.mark.parametrize(("first", "name"), [(SUM, "sum.txt"), (PAGE, ".png")])
def test_a_viewer_is_given_the_page_or_the_document(
    filled: Path, tmp_path: Path, first: tuple[str, str], name: str
) -> None:
    seen = tmp_path / "seen"

    async def script(driver: Driver) -> None:
        await driver.press("ctrl+o")
        for _ in range(200):
            if seen.exists() and seen.read_text(encoding="utf-8").strip().endswith(name):
                break
            await asyncio.sleep(0.1)
        assert seen.read_text(encoding="utf-8").strip().endswith(name)

    viewer = tmp_path / "viewer"
    viewer.write_text(f'#!/bin/sh\necho "$1" > {seen}\n', encoding="utf-8")
    viewer.chmod(0o700)
    assert not work(filled, tmp_path, script, first, viewer=str(viewer))


def test_a_viewer_that_is_not_there_is_said(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        await driver.press("ctrl+o")
        assert driver.told == say("app.viewer_failed", command="no-such-viewer")

    assert not work(filled, tmp_path, script, viewer="no-such-viewer")


def test_when_nothing_is_left_the_screen_says_what_comes_next(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        driver.review.filters = Filters(document="sum.txt")
        await driver.press(*"95.5", "enter", "enter")
        await driver.wait()
        assert "formtally export" in driver.shown()
        await driver.press("u")
        await driver.wait()
        assert driver.question.path == "total_score", "an undo brings the question back"

    work(filled, tmp_path, script)


def test_all_keys_are_on_one_page_in_both_languages(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        for key in ("f1", "question_mark"):
            await driver.press(key)
            await driver.wait()
            assert isinstance(driver.app.screen, Help)
            page = "\n".join(str(part.content) for part in driver.app.screen.query(Static))
            for action in ACTIONS:
                assert say(f"app.action.{action.name}") in page and action.name in page
            await driver.press("escape")
            await driver.wait()

    assert not work(filled, tmp_path, script, NAME)
    for name in (*(action.name for action in ACTIONS), *(name for name, _ in FIXED)):
        english, chinese = CATALOGUE[f"app.action.{name}"]
        assert english.isascii() and not chinese.isascii()


def test_keys_can_be_changed(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        assert "F12" in str(driver.app.query_one(KeyBar).content)
        await driver.press("f5")
        assert not driver.decisions
        await driver.press("f12")

    [decision] = work(filled, tmp_path, script, keys={"lost": "f12"})
    assert decision.kind is DecisionKind.LOST


@pytest.mark.parametrize(
    "keys",
    [
        {"loose": "f12"},
        {"lost": "f4"},
        {"lost": "b"},
        {"lost": "enter"},
        {"lost": "7"},
        {"lost": "ctrl+z"},
        {"lost": "bogus"},
        {"lost": "ctrl+a"},
        {"lost": "shift+k"},
        {"lost": "hyper+k"},
        {"lost": ""},
    ],
    ids=str,
)
def test_keys_that_cannot_be_are_a_sentence(keys: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError) as raised:
        Keys(keys)
    [name] = keys
    assert name in str(raised.value)


def test_keys_may_be_written_as_a_person_does() -> None:
    keys = Keys({"lost": "Ctrl+Alt+K", "skip": "F12", "blank": "z"})
    assert keys.by_key["alt+ctrl+k"] == "lost" and keys.by_key["f12"] == "skip"
    assert keys.by_letter["z"] == "blank" and "b" not in keys.by_letter
    assert keys.shown("blank", typing=False) == "z" and keys.shown("blank", typing=True) == "F4"


def test_every_sentence_of_the_app_is_there_and_said() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "pipeline/review/app").glob("*.py"))
    said = set(re.findall(r"[\"'](app\.[a-z_.]+)[\"']", sources))
    made = set(re.findall(r"f[\"'](app\.[a-z_.]+)\{", sources)) | {"app.help."}
    ours = {key for key in CATALOGUE if key.startswith("app.")}
    assert said <= ours
    assert not {key for key in ours - said if not key.startswith(tuple(made))}


def test_no_action_is_taken_for_what_is_keyed() -> None:
    keys = Keys({})
    assert len(list(keys)) == len(ACTIONS)
    for letter in keys.by_letter:
        assert not letter.isdigit()
    for key in keys.by_key:
        assert len(key) > 1, "only letters that are typed are one character"


def test_the_app_leaves_what_it_held(filled: Path, tmp_path: Path) -> None:
    async def script(driver: Driver) -> None:
        other = Review(driver.store, Settings(db="unused"), reviewer="zhou")
        assert other.counts().held == 1
        await driver.press("ctrl+q")

    with at_work(filled, tmp_path, script) as driver:
        driver.review.__exit__(None, None, None)
        assert Review(driver.store, Settings(db="unused"), reviewer="zhou").counts().held == 0


def test_pauses_do_not_count_as_work() -> None:
    watch = Stopwatch(0.0)
    watch.touch(10.0)
    watch.touch(10_000.0)
    assert watch.seconds(10_005.0) == 10.0 + 300.0 + 5.0
