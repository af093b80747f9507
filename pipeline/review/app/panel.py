"""What stands beside the source: the question in words, the line to key in, the keys that work now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.widgets import Input, Static

from pipeline.decisions import Decision
from pipeline.forms import form_types
from pipeline.messages import say
from pipeline.review.app.actions import FIXED, Keys, key_name
from pipeline.review.app.dialogue import Dialogue, Stage
from pipeline.review.app.layout import wrapped
from pipeline.review.excerpt import printable, reader_name
from pipeline.review.question import Answer, Candidate, Item, Question
from pipeline.review.session import Counts, Filters
from pipeline.review.wording import differences, field_label, row_label

__all__ = [
    "Entry",
    "KeyBar",
    "Listener",
    "decision_words",
    "empty_text",
    "head_text",
    "outcome_text",
    "place_words",
    "prompt",
    "question_text",
    "shown_keys",
]

_MARK = "▸ "
_NO_MARK = "  "
_NEXT = "formtally export --only settled --out records.xlsx"
_ARROWS = {"up": -1, "down": 1}
_DIFFERENT = "bold underline reverse"
_ESCAPED = {
    "¡": "1",
    "™": "2",
    "£": "3",
    "¢": "4",
    "∞": "5",
    "§": "6",
    "¶": "7",
    "•": "8",
    "ª": "9",
    "º": "0",
    "–": "-",
}
"""What Textual makes of Escape and a figure that come in one go, as over a slow line: both were pressed."""


class Listener(Protocol):
    """Whoever is told of keys, at once: a message would come behind the keys that were pressed since."""

    def entered(self, text: str) -> None:
        """Enter was pressed."""

    def typed(self, text: str) -> None:
        """The line holds another text."""

    def letter(self, letter: str) -> None:
        """A letter was pressed where letters are commands."""

    def command(self, key: str) -> bool:
        """A function key, or one with Ctrl or Alt, was pressed: does it mean something?"""

    def escaped(self) -> None:
        """Escape was pressed."""

    def moved(self, step: int) -> None:
        """An arrow was pressed."""


class Entry(Input):
    """The line in which a value is keyed. Where none is, its letters are commands, unless `#` began a number."""

    def __init__(self, listener: Listener, *, id: str) -> None:
        super().__init__(compact=True, select_on_focus=False, id=id)
        self._listener = listener
        self.typing = True
        self.figures = True
        self.cursor_blink = False

    def set(self, text: str) -> None:
        """Hold another text, with the cursor behind it."""
        self.value = text
        self.cursor_position = len(text)

    def watch_value(self, value: str) -> None:
        """Tell of another text."""
        self._listener.typed(value)

    def action_submit(self) -> None:  # type: ignore[override]
        """Tell of Enter."""
        self._listener.entered(self.value)

    def take(self, event: events.Key) -> bool:
        """Handle a key that is no character of the line."""
        if not self.screen.is_active:
            return True  # meant for what has just been laid over the screen, which has not been drawn yet
        if event.key in _ARROWS:
            self._listener.moved(_ARROWS[event.key])
        elif event.key == "escape":
            self._listener.escaped()
        elif self.figures and self.typing and event.character in _ESCAPED:
            self._listener.escaped()
            self.insert_text_at_cursor(_ESCAPED[event.character])
        elif self._is_letter(event):
            self._listener.letter(event.character or "")
        else:
            return self._listener.command(event.key)
        return True

    async def _on_key(self, event: events.Key) -> None:
        if self.take(event):
            event.stop()
            event.prevent_default()
        else:
            await super()._on_key(event)

    def _on_paste(self, event: events.Paste) -> None:
        if self.typing:
            super()._on_paste(event)
        event.stop()
        event.prevent_default()

    def _is_letter(self, event: events.Key) -> bool:
        if self.typing or not event.is_printable or not event.character:
            return False
        return not (self.value + event.character).startswith(("#", "＃"))


class KeyBar(Static):
    """The keys that work now, as many as fit; the page of all keys is always among them."""

    _shown: Sequence[tuple[str, str]] = ()
    _help_key = ""

    def show(self, shown: Sequence[tuple[str, str]], help_key: str) -> None:
        """Show keys with what they do, the most wanted first."""
        self._shown, self._help_key = shown, help_key
        self._draw()

    def on_resize(self) -> None:
        """Show as many as fit now."""
        self._draw()

    def _draw(self) -> None:
        help_key = self._help_key
        last = f" {help_key} {say('app.action.help')}"
        text = Text(no_wrap=True, overflow="crop")
        for key, label in self._shown:
            if text.cell_len + cell_len(f" {key} {label} ") + cell_len(last) > self.size.width:
                break
            text.append(f" {key} ", "bold reverse").append(f"{label} ")
        self.update(text.append(f" {help_key} ", "bold reverse").append(say("app.action.help")))


def prompt(dialogue: Dialogue, keys: Keys) -> str:
    """What may be entered now."""
    question = dialogue.question
    if dialogue.orphan:
        key = "app.prompt.orphan_sure" if dialogue.stage is Stage.DISCARD else "app.prompt.orphan"
    elif dialogue.stage is Stage.NOTHING:
        key = "app.prompt.nothing"
    elif dialogue.stage is Stage.BESIDE:
        key = "app.prompt.beside"
    elif dialogue.stage is Stage.EDIT:
        key = "app.prompt.edit"
    elif dialogue.stage is Stage.ROW:
        key = "app.prompt.row"
    elif dialogue.stage is Stage.NOTE:
        key = "app.prompt.note"
    elif dialogue.rows:
        key = "app.prompt.rows_differ" if dialogue.revealed else "app.prompt.rows"
    elif dialogue.stage is Stage.DIFFERS:
        key = "app.prompt.differs"
    elif not dialogue.typing:
        key = "app.prompt.choose"
    elif dialogue.revealed and dialogue.selected >= 0:
        key = "app.prompt.seen"
    else:
        key = "app.prompt.figure" if question.numeric else "app.prompt.text"
    return say(key, press=keys.shown("discard" if dialogue.orphan else "correct", typing=False))


def question_text(dialogue: Dialogue, keys: Keys, same: int, width: int) -> Text:
    """The question: what is asked, why, and what was read as far as it may be seen; in lines of that width."""
    question = dialogue.question
    text = Text()
    form = say("app.form", document=printable(question.item.document), label=printable(question.form_label))
    text.append(f"{form}\n", "dim")
    text.append(f"{printable(question.label)}\n", "bold underline")
    if question.row_label:
        text.append(f"{printable(question.row_label)}\n")
    for reason in question.reasons if question.blind and not dialogue.revealed else question.figures:
        text.append(f"- {printable(reason.sentence)}\n")
    for remark in question.remarks:
        said = say("app.remark", who=printable(remark.reviewer), text=printable(remark.value or ""))
        text.append(f"✎ {said}\n", "italic")
    if question.orphan is not None:
        text.append("\n").append_text(_orphan(question.orphan))
    if dialogue.revealed:
        text.append("\n").append_text(_candidates(dialogue))
        if dialogue.rows:
            text.append("".join(f"{_NO_MARK}{printable(row.label)}\n" for row in question.neighbours))
    if dialogue.stage is Stage.EDIT:
        text.append("\n").append_text(_edited(dialogue))
    if same and dialogue.stage is Stage.ASKED:
        key = keys.shown("same", typing=dialogue.typing)
        text.append(f"\n{say('app.same', count=same, press=key)}\n", "bold")
    return wrapped(text, width)


def head_text(counts: Counts, filters: Filters) -> str:
    """How much there is to do, and under which filter."""
    figures = {name: f"{count:,}" for name, count in counts._asdict().items()}
    orphans = say("app.head.orphans", count=figures["orphans"]) if counts.orphans else ""
    filtered = _filter_words(filters)
    shown = (say("app.head", **figures), orphans, say("app.head.filter", what=filtered) if filtered else "")
    return "  ·  ".join(filter(None, shown))


def empty_text(counts: Counts, filters: Filters) -> str:
    """That nothing is left to ask, as far as anybody knows, and what comes next."""
    filtered = _filter_words(filters)
    lines = [say("app.empty.filtered", what=filtered) if filtered else say("app.empty.done")]
    lines += [say("app.empty.held", held=counts.held)] if counts.held else []
    lines += [say("app.empty.skipped", skipped=counts.skipped)] if counts.skipped else []
    return "\n".join([*lines, "", say("app.empty.next", command=_NEXT)])


def _filter_words(filters: Filters) -> str:
    """What is asked for, in a few words; empty where all is."""
    given = (filters.reason, filters.body, filters.year, filters.document)
    return " · ".join(printable(each) for each in given if each)


def place_words(item: Item) -> str:
    """Where the same is asked, and what was read there: value, document, form, field, body."""
    form_type = next((each for each in form_types() if each.name == item.form_type), None)
    label = field_label(form_type, item.path) if form_type is not None else item.path
    field = " · ".join(filter(None, (label, row_label({}, item.path))))
    said = say("app.batch.row", document=printable(item.document), ordinal=item.ordinal, field=printable(field))
    value = printable(item.value) if item.value else say("app.blank")
    return " · ".join(filter(None, (f"“{value}”", said, printable(item.body))))


def decision_words(decision: Decision) -> str:
    """A decision in a few words: what it says, and its value."""
    words = say(f"decision.{decision.kind}")
    return f"{words}: {printable(decision.value)}" if decision.value is not None else words


def outcome_text(answers: Sequence[Answer], question: Question) -> str:
    """What an answer did, to a question and to others that ask the same: a sentence for each thing."""
    what = decision_words(answers[0].decision)
    key = "app.decided" if len(answers) == 1 else "app.decided_all"
    said = [say(key, label=printable(question.label), what=what, count=len(answers))]
    gone = [item for answer in answers for item in answer.gone]
    if gone:
        reasons = ", ".join(dict.fromkeys(reason for item in gone for reason in item.reasons))
        said.append(say("app.gone", count=len(gone), reasons=reasons))
    if answers[0].settled:
        said.append(say("app.settled", document=printable(question.item.document)))
    return "\n".join(said)


def _orphan(decision: Decision) -> Text:
    """An old decision: what, who, when, and what stood there."""
    where = " ".join(printable(spot.text) for spot in (*decision.anchor.row, *decision.anchor.value) if spot.text)
    time = decision.time.replace("T", " ")[:16]
    lines = [
        say("app.orphan.what", what=decision_words(decision), path=decision.path or "–"),
        say("app.orphan.who", who=printable(decision.reviewer), time=time),
        *([say("app.orphan.where", where=where)] if where else []),
    ]
    return Text("\n".join(lines) + "\n")


def _candidates(dialogue: Dialogue) -> Text:
    """What was read, with numbers; the one that Enter takes is marked. Of texts what differs is marked, too."""
    question = dialogue.question
    text = Text()
    if dialogue.marked == -1:
        keyed = printable(dialogue.waiting) if dialogue.waiting is not None else say("app.blank")
        text.append(f"{_MARK}= {keyed}  ", "bold").append(f"{say('app.keyed')}\n", "dim")
    for index, candidate in enumerate(question.candidates):
        chosen = index == dialogue.marked
        text.append(f"{_MARK if chosen else _NO_MARK}{index + 1} ", "bold" if chosen else "")
        text.append_text(_marked(question, index, candidate))
        readers = " · ".join(reader_name(reader) for reader in candidate.readers)
        text.append(f"  {readers}\n", "dim")
    return text


def _edited(dialogue: Dialogue) -> Text:
    """The text as it is edited, all of it, which the line is too short for; what was changed is marked."""
    shown = Text(f"✎ {printable(dialogue.text)}", "bold")
    first = next((each.value for each in dialogue.question.candidates if each.value is not None), "")
    for start, end in differences(printable(dialogue.text), printable(first)):
        shown.stylize(_DIFFERENT, start + 2, end + 2)
    return shown.append("\n")


def _marked(question: Question, index: int, candidate: Candidate) -> Text:
    """A candidate with the characters marked in which it differs from the first, or the first from the second."""
    if candidate.value is None:
        return Text(say("app.blank"), "italic")
    value = printable(candidate.value)
    shown = Text(value, "bold")
    others = [other for place, other in enumerate(question.candidates) if place != index]
    if others and others[0].value is not None and not question.numeric:
        for first, last in differences(value, printable(others[0].value)):
            shown.stylize(_DIFFERENT, first, last)
    printed = printable(candidate.printed)
    if printed and printed != value:
        shown.append(f" ({printed})", "dim not bold")
    return shown


def shown_keys(dialogue: Dialogue | None, keys: Keys, same: int) -> list[tuple[str, str]]:
    """The keys that are worth showing now, with what they do."""
    if dialogue is None:
        return _labelled(["confirm"], ["undo", "redo", "filter", "queue", "quit"], keys, typing=False)
    names = ["undo", "open", "filter", "queue", "quit"]
    if dialogue.orphan:
        return _labelled([], ["discard", "skip", "note", *names], keys, typing=False)
    fixed = ["confirm"]
    if dialogue.stage is not Stage.ASKED:
        fixed.append("back")
    if dialogue.marked > -2 and len(dialogue.question.candidates) + dialogue.typing > 1:
        fixed.append("choose")
    batch = ["same"] if same else []
    if dialogue.rows:
        names = [*batch, "add_row", "reject_row", "lost", "skip", "note", *names]
    elif dialogue.typing:
        names = [*batch, "blank", "lost", "source_defect", "skip", "note", *names]
    else:
        names = [*batch, "correct", "blank", "lost", "source_defect", "skip", "note", *names]
    return _labelled(fixed, names, keys, typing=dialogue.typing)


def _labelled(fixed: Sequence[str], names: Sequence[str], keys: Keys, *, typing: bool) -> list[tuple[str, str]]:
    fixed_keys = dict(FIXED)
    return [
        *((key_name(fixed_keys[name]), say(f"app.action.{name}")) for name in fixed),
        *((keys.shown(name, typing=typing), say(f"app.action.{name}")) for name in names),
    ]
