"""The review as a Textual app: one question after the other, the source beside it, the queue beside that.

Keys are handled at once and in order, by methods that are called instead of messages that are sent: whoever types fast
has typed the next value before a message would arrive.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, ClassVar

from rich.text import Text
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from pipeline.decisions import DecisionKind
from pipeline.errors import ConflictError, FormtallyError
from pipeline.messages import say
from pipeline.review.answers import Choice
from pipeline.review.app.actions import Keys
from pipeline.review.app.dialogue import Dialogue, Stage, Stopwatch
from pipeline.review.app.layout import fit, wrapped
from pipeline.review.app.panel import (
    Entry,
    KeyBar,
    decision_words,
    empty_text,
    head_text,
    outcome_text,
    place_words,
    prompt,
    question_text,
    shown_keys,
)
from pipeline.review.app.panes import QueuePane, SourcePane
from pipeline.review.app.picture import PicturePane, prepare
from pipeline.review.app.style import CSS
from pipeline.review.app.viewer import Opener
from pipeline.review.excerpt import printable
from pipeline.review.question import Item, Question
from pipeline.review.session import Filters, Group, Review
from pipeline.settings import Settings

__all__ = ["ReviewApp"]

_NARROW = 100
"""Below this width the question stands under the source, and the queue is folded up."""
_SHORT = 30
"""Below this height the picture takes fewer rows."""
_LEAST_SOURCE = 5
_LEAST_PANEL = 10
"""Rows of each where the question stands under the source."""
_UNREAD_SECONDS = 0.25
"""Nobody has read a question that was on the screen for a shorter time."""
_ITEMS_TRIED = 50
_SETTLING = frozenset({"accept", "blank", "lost", "source_defect"})
_PLACE_KINDS = {"split": DecisionKind.SPLIT, "form_missing": DecisionKind.FORM_MISSING}


class ReviewApp(App[None], inherit_bindings=False):
    """Asks a reviewer the questions of the queue. `failed` is an error of ours that ended it."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "suspend_process", show=False, priority=True),
        Binding("pageup", "scroll_source(-1, True)", show=False),
        Binding("pagedown", "scroll_source(1, True)", show=False),
        Binding("ctrl+up", "scroll_source(-1, False)", show=False),
        Binding("ctrl+down", "scroll_source(1, False)", show=False),
    ]
    CSS = CSS

    def __init__(
        self,
        review: Review,
        settings: Settings,
        *,
        graphics: type[Widget] | None = None,
        unread_seconds: float = _UNREAD_SECONDS,
    ) -> None:
        super().__init__()
        prepare()
        self.theme = "ansi-dark"  # every colour is the terminal's own
        self.failed: BaseException | None = None
        self._review = review
        self._settings = settings
        self._graphics = graphics
        self._unread_seconds = unread_seconds
        self._keys = Keys(settings.review.keys)
        self._dialogue: Dialogue | None = None
        self._same: Sequence[Item] = ()
        self._stopwatch = Stopwatch(time.monotonic())
        self._begun = False
        self._shown_at: float | None = None
        self._told = ""
        self._place_kind: DecisionKind | None = None
        self._folded: bool | None = None
        self._opener = Opener(settings)

    # The screen

    def compose(self) -> ComposeResult:
        """The head, the panes, the keys."""
        yield Static("", id="head", markup=False)
        with Container(id="body"):
            yield QueuePane(self._groups, self._go_to_document, self._key_of_pane, id="queue")
            with Container(id="work"):
                with Vertical(id="look"):
                    key = self._keys.shown("open", typing=True)
                    yield PicturePane(self._settings, self._graphics, self._from_thread, self._show, key, id="picture")
                    yield SourcePane(self._place_taken, self._key_of_pane, id="source")
                with Vertical(id="panel"):
                    with VerticalScroll(id="ask", can_focus=False):
                        yield Static("", id="question", markup=False)
                    yield Static("", id="told", markup=False)
                    yield Static("", id="prompt", markup=False)
                    with Container(id="line"):
                        yield Static("▸ ", markup=False)
                        yield Entry(self, id="entry")
        yield KeyBar("", id="keys", markup=False)

    def on_mount(self) -> None:
        """Ask the first question before anything is drawn."""
        self._arrange(self.size.width, self.size.height)
        self._entry.focus()
        self._watch_signals()
        self.call_later(self.ask, self._review.next())

    def on_resize(self, event: events.Resize) -> None:
        """Arrange the panes for another size."""
        self._arrange(event.size.width, event.size.height)
        self.call_after_refresh(self._show)

    def _arrange(self, width: int, height: int) -> None:
        folded = width < _NARROW if self._folded is None else self._folded
        self.screen.set_class(width < _NARROW, "narrow")
        self.screen.set_class(height < _SHORT, "short")
        self.screen.set_class(folded, "folded")
        self.screen.set_class(not folded, "unfolded")

    @property
    def _entry(self) -> Entry:
        return self.query_one("#entry", Entry)

    @property
    def _source(self) -> SourcePane:
        return self.query_one("#source", SourcePane)

    @property
    def _picture(self) -> PicturePane:
        return self.query_one("#picture", PicturePane)

    # A question

    def ask(self, question: Question | None) -> None:
        """Show a question; without one, that there is none."""
        self._begun = True
        self._dialogue = Dialogue(question) if question is not None else None
        self._same = ()
        self._place_kind = None
        self._shown_at = None
        self._stopwatch = Stopwatch(time.monotonic())
        self.screen.set_class(question is None, "empty")
        self._picture.show(question)
        self._source.show(question, masked=self._masked)
        self._entry.set("")
        self._entry.focus()
        self._show()
        self.call_after_refresh(self._drawn, question)

    def _drawn(self, question: Question | None) -> None:
        """The question is on the screen; whatever takes longer comes now."""
        if question is not (self._dialogue.question if self._dialogue is not None else None):
            return
        if question is not None:
            self._shown_at = time.monotonic()
            self._same = self._review.same(question)
        counts = self._review.counts()
        head = head_text(counts, self._review.filters)
        self.query_one("#head", Static).update(fit(f" {head}", self.size.width))
        self.query_one("#queue", QueuePane).show(counts.documents, question.item.sha256 if question else "")
        self._show()

    def _show(self) -> None:
        """Draw what is said of the question."""
        if not self._begun:
            return
        dialogue = self._dialogue
        entry = self._entry
        entry.typing = dialogue is not None and dialogue.typing
        entry.figures = dialogue is not None and dialogue.question.numeric and dialogue.stage is not Stage.NOTE
        told = self._told
        if dialogue is None:
            text = Text(empty_text(self._review.counts(), self._review.filters))
            asked = say("app.prompt.empty")
        else:
            self._source.mask(self._masked)
            width = self.query_one("#ask").scrollable_content_region.width
            text = question_text(dialogue, self._keys, len(self._same), width)
            asked = say("app.prompt.place") if self._place_kind else prompt(dialogue, self._keys)
            told = dialogue.told or told
        self.query_one("#told").display = bool(told)
        width = self.query_one("#line").size.width
        shown = {"question": text, "told": wrapped(Text(told), width), "prompt": wrapped(Text(asked), width)}
        for name, content in shown.items():
            self.query_one(f"#{name}", Static).update(content)
        self._make_room(sum(content.plain.count("\n") + bool(content) for content in shown.values()))
        self._show_keys()

    def _make_room(self, lines: int) -> None:
        """Give a question under the source as many lines as it needs, as long as there is something left of that."""
        panel = self.query_one("#panel")
        if self.screen.has_class("narrow") and self._dialogue is not None:
            most = self.query_one("#work").size.height - self._picture.outer_size.height * self._picture.display
            panel.styles.height = max(min(lines + 2, most - _LEAST_SOURCE), _LEAST_PANEL)
        else:
            panel.styles.height = None

    def _show_keys(self) -> None:
        shown = shown_keys(self._dialogue, self._keys, len(self._same))
        typing = self._dialogue is not None and self._dialogue.typing
        self.query_one("#keys", KeyBar).show(shown, self._keys.shown("help", typing=typing))

    def _tell(self, sentence: str) -> None:
        if self._dialogue is not None:
            self._dialogue.told = ""
        self._told = sentence
        self._show()

    # What is keyed

    def entered(self, text: str) -> None:
        """Enter was pressed in the line."""
        self._touch()
        dialogue = self._dialogue
        if dialogue is None:
            self._guarded(self._go_on)
        elif dialogue.revealed and self._unread():
            self._tell(say("app.too_soon"))
        else:
            self._told = ""
            self._guarded(lambda: self._answer(dialogue.enter(text)))

    def typed(self, text: str) -> None:
        """The line holds another text."""
        if self._dialogue is not None:
            self._touch()
            self._dialogue.type(text)
            self._show()

    def letter(self, letter: str) -> None:
        """A letter was pressed where letters are commands."""
        self._touch()
        if letter in self._keys.by_letter:
            self._do(self._keys.by_letter[letter])
        elif self._dialogue is not None:
            self._dialogue.strayed()
            self._show()

    def command(self, key: str) -> bool:
        """A function key, or one with Ctrl or Alt, was pressed."""
        self._touch()
        if key == "ctrl+c":  # by habit
            self._tell(say("app.quit_with", press=self._keys.shown("quit", typing=True)))
            return True
        if key not in self._keys.by_key:
            return False
        self._do(self._keys.by_key[key])
        return True

    def escaped(self) -> None:
        """Escape was pressed: what was keyed is forgotten."""
        self._touch()
        self._told = ""
        if self._dialogue is not None:
            self._dialogue.escape()
        self._entry.set("")
        self._show()

    def moved(self, step: int) -> None:
        """An arrow was pressed."""
        self._touch()
        if self._dialogue is not None:
            self._dialogue.move(step)
            self._show()

    def _touch(self) -> None:
        self._stopwatch.touch(time.monotonic())

    def _unread(self) -> bool:
        """Is a question that nothing was keyed for on the screen for too short a time to have been read?"""
        dialogue = self._dialogue
        if dialogue is None or self._entry.value.strip() or dialogue.stage is not Stage.ASKED:
            return False
        return self._shown_at is None or time.monotonic() - self._shown_at < self._unread_seconds

    # Answers

    def _answer(self, choice: Choice | None) -> None:
        """Decide what was chosen; without a choice, show what there is to say."""
        if choice is None:
            self._show()
        else:
            self._decide(choice.kind, choice.value)

    def _decide(self, kind: DecisionKind, value: str | None = None, *, cell: int = 0) -> None:
        dialogue = self._dialogue
        if dialogue is None:
            return
        seconds = self._stopwatch.seconds(time.monotonic())
        shown = {**dialogue.shown(), "picture": self._picture.shown}
        try:
            answer = self._review.decide(dialogue.question, kind, value, cell=cell, seconds=seconds, shown=shown)
        except ConflictError as error:
            self._go_on(str(error))
            return
        if kind is DecisionKind.NOTE:
            dialogue.escape()
            self._entry.set("")
            self._tell(say("app.noted"))
            return
        self._go_on(outcome_text([answer], dialogue.question))

    def _go_on(self, told: str = "") -> None:
        """Ask the next question, and say what became of the last one."""
        question = self._review.next()
        self._told = told
        self.ask(question)

    # Commands

    def _do(self, name: str) -> None:
        """Do what a key stands for."""
        self._told = ""
        dialogue = self._dialogue
        handler: Callable[[], None] | None = getattr(self, f"_do_{name}", None)
        try:
            if handler is not None:
                handler()
            elif dialogue is not None:
                self._answer_by(name, dialogue)
        except FormtallyError as error:
            self._tell(str(error))

    def _answer_by(self, name: str, dialogue: Dialogue) -> None:
        """The commands that answer the question."""
        text = self._entry.value
        if name in _SETTLING and self._unread():  # a key that was held down too long
            self._tell(say("app.too_soon"))
            return
        match name:
            case "accept":
                self._answer(dialogue.accept(text))
            case "correct":
                self._entry.set(dialogue.edit())
                self._show()
            case "blank":
                self._entry.set("")  # what is keyed there is not what is said
                self._answer(dialogue.blank())
            case "source_defect":
                self._answer(dialogue.defect(text))
            case "discard":
                self._answer(dialogue.discard())
            case "lost" | "skip":
                self._decide(DecisionKind(name))
            case "note":
                dialogue.write_note()
                self._entry.set("")
                self._show()
            case "add_row" | "reject_row":
                self._change_rows(DecisionKind(name), dialogue)
            case "not_a_form" | "join":
                self._make_sure(DecisionKind(name), say(f"app.sure.{name}"))
            case "split" | "form_missing":
                self._place_kind = _PLACE_KINDS[name]
                self._source.choose()
                self._show()

    def _change_rows(self, kind: DecisionKind, dialogue: Dialogue) -> None:
        if dialogue.rows:
            dialogue.ask_row(kind)
            self._entry.set("")
            self._show()
        elif dialogue.question.row_label:
            self._make_sure(kind, say(f"app.sure.{kind}", row=printable(dialogue.question.row_label)))
        else:
            self._tell(say("app.not_here"))

    def _make_sure(self, kind: DecisionKind, sentence: str) -> None:
        def decide(sure: bool | None) -> None:
            if sure:
                self._guarded(lambda: self._decide(kind))

        from pipeline.review.app.dialogs import Sure

        self.push_screen(Sure(say(f"app.action.{kind}"), sentence), decide)

    def _place_taken(self, cell: int) -> None:
        """A cell was chosen in the source, or nothing."""
        kind, self._place_kind = self._place_kind, None
        self._entry.focus()
        if kind is not None and cell:
            self._guarded(lambda: self._decide(kind, cell=cell))
        self._show()

    def _do_same(self) -> None:
        dialogue = self._dialogue
        if dialogue is not None and not self._same:
            self._same = self._review.same(dialogue.question)
        if dialogue is None or not self._same:
            self._tell(say("app.no_same"))
            return
        choice = dialogue.accept(self._entry.value)
        if choice is None:
            self._show()
            return
        value = dialogue.question.candidates[0].value if choice.kind is DecisionKind.ACCEPT else choice.value
        answer = printable(value) if value is not None else say("app.blank")

        def decide(keys: Sequence[str] | None) -> None:
            if keys is not None:
                self._guarded(lambda: self._decide_all(dialogue.question, keys, choice))

        from pipeline.review.app.dialogs import Batch

        self.push_screen(Batch(answer, [(item.key, place_words(item)) for item in self._same]), decide)

    def _decide_all(self, question: Question, keys: Sequence[str], choice: Choice) -> None:
        seconds = self._stopwatch.seconds(time.monotonic())
        try:
            answers = self._review.decide_all(question, keys, choice.kind, choice.value, seconds=seconds)
        except ConflictError as error:
            self._go_on(str(error))
            return
        self._go_on(outcome_text(answers, question))

    def _do_undo(self) -> None:
        self._taken_back(self._review.undo(), "app.undone", "app.nothing_to_undo")

    def _do_redo(self) -> None:
        self._taken_back(self._review.redo(), "app.redone", "app.nothing_to_redo")

    def _taken_back(self, decisions: Sequence[Any], done: str, nothing: str) -> None:
        if not decisions:
            self._tell(say(nothing))
            return
        what = "; ".join(dict.fromkeys(f"{each.path} – {decision_words(each)}" for each in decisions[:3]))
        self._go_on(say(done, what=what))

    def _do_filter(self) -> None:
        def filtered(filters: Filters | None) -> None:
            if filters is not None and filters != self._review.filters:
                self._review.filters = filters
                self._guarded(self._go_on)

        from pipeline.review.app.dialogs import FilterForm

        self.push_screen(FilterForm(self._review.filters, self._review.reasons()), filtered)

    def _do_queue(self) -> None:
        self._folded = not self.screen.has_class("folded")
        self._arrange(self.size.width, self.size.height)
        pane: Widget = self._entry if self._folded else self.query_one("#queue", QueuePane)
        self.call_after_refresh(pane.focus)

    def _do_help(self) -> None:
        from pipeline.review.app.dialogs import Help

        self.push_screen(Help(self._keys))

    def _do_quit(self) -> None:
        self.exit()

    def _guarded(self, act: Callable[[], None]) -> None:
        """Do something that may be refused, which is said."""
        try:
            act()
        except FormtallyError as error:
            self._tell(str(error))

    # Panes

    def _groups(self, offset: int, limit: int) -> Sequence[Group]:
        return self._review.groups(offset=offset, limit=limit)

    def _go_to_document(self, group: Group | None) -> None:
        """Ask the first question of a document that nobody else holds; without one, back to the question."""
        self._to_the_line()
        if group is not None:
            self._guarded(lambda: self._ask_of(group))

    def _ask_of(self, group: Group) -> None:
        for item in self._review.items(document=group.sha256, limit=_ITEMS_TRIED):
            question = self._review.go(item.key)
            if question is not None:
                self.ask(question)
                return
        self._tell(say("app.held", document=printable(group.document)))

    def _to_the_line(self) -> None:
        """Back to where values are keyed, which the queue covers on a narrow screen."""
        if self.screen.has_class("narrow") and not self.screen.has_class("folded"):
            self._folded = True
            self._arrange(self.size.width, self.size.height)
        self._entry.focus()

    def _key_of_pane(self, event: events.Key) -> bool:
        """A key in a pane that is none of its own: what is typed is a value, commands are commands."""
        if event.is_printable and event.character and not self._source.choosing:
            self._to_the_line()
            if not self._entry.take(event):
                self._entry.insert_text_at_cursor(event.character)
            return True
        return self.command(event.key)

    def action_scroll_source(self, step: int, page: bool) -> None:
        """Scroll the source by a page, or by a line."""
        lines = max(self._source.size.height - 2, 1) if page else 1
        self._source.scroll_relative(y=step * lines, animate=False)

    # Pictures and files

    @property
    def _masked(self) -> bool:
        """Is the value kept back, since what stands in the source may be no more than what was read of the picture?"""
        dialogue = self._dialogue
        blind = dialogue is not None and dialogue.question.blind and not dialogue.revealed
        return blind and self._picture.shown

    def _do_open(self) -> None:
        """Open the page with the value framed, where the document has pages; else the document."""
        dialogue = self._dialogue
        if dialogue is None or dialogue.question.place is None:
            self._do_open_document()
            return
        question = dialogue.question

        def cut_and_open() -> None:
            self._from_thread(self._tell, self._opener.open_page(question))

        threading.Thread(target=cut_and_open, daemon=True).start()

    def _do_open_document(self) -> None:
        if self._dialogue is not None:
            self._tell(self._opener.open_document(self._dialogue.question))

    def _from_thread(self, function: Callable[..., None], *arguments: object) -> None:
        """Call something in the app's own thread, as long as there is an app."""
        if self.is_running:
            with suppress(RuntimeError):  # it has ended just now
                self.call_from_thread(function, *arguments)

    # The end

    def on_unmount(self) -> None:
        """Remove the pictures that were opened."""
        self._opener.close()

    def _watch_signals(self) -> None:
        """Leave in order when asked to; without a terminal at once, since nothing could be shown any more."""
        if self.is_headless or sys.platform == "win32":
            return
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.exit)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up)

    def _hang_up(self) -> None:
        try:
            self._review.__exit__(None, None, None)
            self.on_unmount()
        finally:
            os._exit(128 + signal.SIGHUP)

    def _handle_exception(self, error: Exception) -> None:
        """An error of ours ends the app; it is reported as any other command's is, and quotes no document."""
        if self.is_headless:
            super()._handle_exception(error)
            return
        self.failed = self.failed or error
        self.exit()
