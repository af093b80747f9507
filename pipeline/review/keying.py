"""Whole forms keyed blind by one or two people: gold records for `formtally eval`, on the team's own templates.

Of such a form a person is shown the source and nothing that was read of it, and keys field after field: how many rows
there are, then every leaf of the record. What they key is on disk before the next field is asked, so whoever stops goes
on later. `fields` and `filled` are pure; `Keying` serves forms, `FormKeying` is one person at one form, without any
screen; `run_keying` prints and reads lines. What comes of it is in `pipeline.review.gold`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from io import TextIOWrapper
from typing import NamedTuple, TextIO

from rich.console import Console
from rich.text import Text

from pipeline.anchors import anchor_key
from pipeline.decisions import Purpose
from pipeline.dossier import SettledLeaves
from pipeline.errors import ExitCode, UsageError
from pipeline.forms import FormType, Kind, pattern
from pipeline.geometry import HEADINGS, carried_down
from pipeline.messages import say
from pipeline.overrule import rows_path
from pipeline.review.answers import malformed_sentence
from pipeline.review.asking import question_of
from pipeline.review.commands import ending_cleanly, reviewer_of
from pipeline.review.desk import Desk, Opened
from pipeline.review.excerpt import excerpt, is_printable, printable
from pipeline.review.hearing import Left, hear
from pipeline.review.question import Item, Question, Verdict, keyed
from pipeline.review.wording import field_label, row_label
from pipeline.settings import Settings
from pipeline.settle import Settled
from pipeline.source import Origin
from pipeline.store.keyings import FINISHED
from pipeline.store.rows import KeyedRow, KeyingRow
from pipeline.store.store import Store
from pipeline.summary import console

__all__ = [
    "Filled",
    "FormKeying",
    "Keying",
    "Mark",
    "Said",
    "fields",
    "filled",
    "key_command",
    "keying_command",
    "located",
    "row_of",
    "run_keying",
]

_MOST_ROWS = 999
_MOST_SECONDS = 300.0
"""A field that stays longer on the screen was not thought about all the time."""
_POINTS = ("weight", "score")
"""Columns that may be printed once for several rows."""
_AS_TYPED = frozenset({Kind.TEXT, Kind.NAME, Kind.PHONE, Kind.UNIT})
"""Kinds of which anything may be printed."""


class Mark(StrEnum):
    """How a keyed value is meant."""

    VALUE = "value"
    """It is printed so; None for a blank."""
    ABOVE = "above"
    """The heading is the one above."""
    MERGED = "merged"
    """Printed once, together with the row above."""
    LOST = "lost"
    """It cannot be read."""


class Said(NamedTuple):
    """What a person keyed of one leaf; of `indicators[]` the number of rows."""

    mark: Mark
    value: str | None = None


# What is asked, and what comes of it


def fields(form_type: FormType, said: Mapping[str, Said]) -> list[str]:
    """What is asked of a form, in order: how many rows there are, then the leaves of the record, of the rows as many as
    there are, and behind them a subtotal for every heading that was keyed."""
    table = form_type.vocabulary.table
    every = [rows_path(form_type)]
    of_rows = [leaf for leaf in form_type.leaves if leaf.startswith(f"{table.group}[].")]
    for leaf in form_type.leaves:
        if leaf not in of_rows:
            every.append(leaf)
        elif leaf == of_rows[0]:
            rows = range(_rows(form_type, said))
            every += [each.replace("[]", f"[{row}]", 1) for row in rows for each in of_rows]
            every += [f"{table.subtotals}.{heading}" for heading in _headings(form_type, said)]
    return every


def _rows(form_type: FormType, said: Mapping[str, Said]) -> int:
    return int(said.get(rows_path(form_type), Said(Mark.VALUE)).value or 0)


def _headings(form_type: FormType, said: Mapping[str, Said]) -> list[str]:
    """The outer headings that were keyed, each once, in order."""
    group = form_type.vocabulary.table.group
    paths = (f"{group}[{row}].{HEADINGS[0]}" for row in range(_rows(form_type, said)))
    return list(dict.fromkeys(filter(None, (_value(said, path) for path in paths))))


def _value(said: Mapping[str, Said], path: str) -> str | None:
    """The value of a leaf; a heading that is the one above has that one's."""
    while path in said and said[path].mark is Mark.ABOVE:
        row = row_of(path)
        path = path.replace(f"[{row}]", f"[{row - 1}]", 1)
    return said[path].value if path in said else None


def row_of(path: str) -> int:
    """The number of a leaf's row; 0 for a leaf that stands on none."""
    return int(path.partition("[")[2].partition("]")[0] or 0)


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as one person keyed it. `merged` are leaves that are printed with those of the row above, `lost` what they
    could not read."""

    rows: int
    values: Mapping[str, str | None]
    merged: frozenset[str]
    lost: frozenset[str]


def filled(form_type: FormType, said: Mapping[str, Said]) -> Filled:
    """What somebody keyed, as leaves."""
    leaves = fields(form_type, said)[1:]
    marked = {mark: frozenset(path for path in leaves if path in said and said[path].mark is mark) for mark in Mark}
    values = {path: _value(said, path) for path in leaves}
    return Filled(_rows(form_type, said), values, marked[Mark.MERGED], marked[Mark.LOST])


# Keying


class FormKeying:
    """One person at one form. What was keyed in an earlier session is there."""

    def __init__(self, store: Store, row: KeyingRow, reviewer: str, form_type: FormType, about: Question) -> None:
        self.about = about
        """The form as a question without a field: where it stands, its lines unless they are what a machine made of a
        picture."""
        self._keyings = store.keyings
        self._row = row
        self._reviewer = reviewer
        self._form_type = form_type
        made = store.keyings.keyed(row.id, reviewer)
        self._said = {each.path: Said(Mark(each.mark), each.value) for each in made}
        self._again = ""

    @property
    def progress(self) -> tuple[int, int]:
        """How many fields were keyed, of how many as far as that is known."""
        every = fields(self._form_type, self._said)
        return sum(path in self._said for path in every), len(every)

    @property
    def above(self) -> str | None:
        """The heading above the one that is asked for, as this person keyed it; None for what is no such heading."""
        path = self._path()
        if path is None or not _may_repeat(path):
            return None
        return _value({**self._said, path: Said(Mark.ABOVE)}, path)

    def field(self) -> Question | None:
        """The field that is to be keyed now; None where all are."""
        path = self._path()
        if path is None:
            return None
        values = {each: _value(self._said, each) for each in self._said}
        kind = None if path == rows_path(self._form_type) else self._form_type.leaves.get(pattern(path), Kind.NUMBER)
        return replace(
            self.about,
            item=self.about.item._replace(path=path),
            kind=kind,
            label=field_label(self._form_type, path),
            row_label=row_label(values, path),
        )

    def key(self, text: str, *, as_typed: bool = False, seconds: float = 0.0) -> None:
        """Take what is printed in the field that is asked for. Nothing, a dash or a slash is a blank; of a heading,
        nothing is the one above, and of points a ^ that they are printed once for this row and the one above.

        A text that is meant `as_typed` is not understood in any way. Raises `UsageError` for what cannot be a value of
        that kind.
        """
        self._keep(_understood(self._asked(), text, as_typed=as_typed), seconds)

    def mark_lost(self, seconds: float = 0.0) -> None:
        """The field that is asked for cannot be read. Raises `UsageError` for the number of rows."""
        self._keep(Said(Mark.LOST), seconds)

    def mark_blank(self, seconds: float = 0.0) -> None:
        """Nothing is printed in the field that is asked for, also where an empty line would mean what stands above.
        Raises `UsageError` for the number of rows."""
        self._keep(Said(Mark.VALUE), seconds)

    def back(self) -> None:
        """Ask for the field before once more."""
        every = fields(self._form_type, self._said)
        path = self._path()
        at = len(every) if path is None else every.index(path)
        self._again = every[max(at - 1, 0)]

    def finish(self) -> None:
        """The form is keyed to its end."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._keyings.write(KeyedRow(self._row.id, self._reviewer, "", FINISHED, None, 0.0, now))

    def _path(self) -> str | None:
        every = fields(self._form_type, self._said)
        return self._again or next((path for path in every if path not in self._said), None)

    def _asked(self) -> Question:
        question = self.field()
        assert question is not None, "a field is asked for"
        return question

    def _keep(self, said: Said, seconds: float) -> None:
        question = self._asked()
        if question.rows and said.value is None:
            raise UsageError(malformed_sentence(question))
        path, now = question.path, datetime.now(UTC).isoformat(timespec="seconds")
        self._keyings.write(KeyedRow(self._row.id, self._reviewer, path, said.mark, said.value, round(seconds, 1), now))
        self._said[path] = said
        self._again = ""


def _may_repeat(path: str) -> bool:
    return carried_down(path) and row_of(path) > 0


def _understood(question: Question, text: str, *, as_typed: bool) -> Said:
    path, literal = question.path, " ".join(text.split())
    if not is_printable(literal):
        raise UsageError(say("plain.unprintable"))
    if as_typed and literal and question.kind in _AS_TYPED:
        return Said(Mark.VALUE, literal)
    if not literal and _may_repeat(path):
        return Said(Mark.ABOVE)
    if literal in ("^", "＾") and path.endswith(tuple(f".{column}" for column in _POINTS)) and row_of(path) > 0:
        return Said(Mark.MERGED)
    if literal in ("/", "／") and question.kind in _AS_TYPED:
        return Said(Mark.VALUE, literal)
    found = keyed(question, text)
    if found.verdict is Verdict.MALFORMED or (question.rows and int(found.value or 0) > _MOST_ROWS):
        raise UsageError(malformed_sentence(question))
    return Said(Mark.VALUE, found.value)


class Keying:
    """Serves the forms that one person is to key."""

    def __init__(self, store: Store, settings: Settings, *, reviewer: str) -> None:
        self._store = store
        self._desk = Desk(store, settings)
        self._reviewer = reviewer

    def next_form(self) -> FormKeying | None:
        """The form that this person began, else the first for which somebody is wanted; None where there is none."""
        people = self._store.keyings.people()
        rows = sorted(self._store.keyings.assigned(), key=lambda row: self._reviewer not in people.get(row.id, {}))
        for row in rows:
            others = people.get(row.id, {})
            if others.get(self._reviewer) == FINISHED or (self._reviewer not in others and len(others) >= row.keyers):
                continue
            found = located(self._desk, row)
            now = datetime.now(UTC).isoformat(timespec="seconds")
            if found is not None and self._store.keyings.begin(row, self._reviewer, now):
                opened, form = found
                return FormKeying(self._store, row, self._reviewer, form.form_type, _about(opened, form))
        return None


def located(desk: Desk, row: KeyingRow) -> tuple[Opened, Settled] | None:
    """The form of a keying as it is cut now; None where its place is not found any more."""
    opened = desk.open(row.sha256)
    found = SettledLeaves(opened.document, opened.settled).find(row.anchor)
    return None if found is None else (opened, found[0])


def _about(opened: Opened, form: Settled) -> Question:
    """A form as a question that shows nothing of what was read, nor where."""
    document, section = opened.document, form.section
    path = rows_path(form.form_type)
    item = Item("", document.name, document.sha256, form.form_type.name, section.ordinal, path, (), Purpose.REVIEW)
    question = question_of(document, opened.settled, form, path, item, blind=(), location=opened.location)
    own = [line for line in question.lines if not line.outside]
    unmarked = (
        line._replace(pieces=tuple(piece._replace(focus=False, row=False) for piece in line.pieces)) for line in own
    )
    pages = sorted({line.page for line in own if line.page})
    where = [f"{section.ordinal}/{len(opened.settled)}"]
    if pages:
        where.append(say("keying.pages", pages=f"{pages[0]}–{pages[-1]}" if len(pages) > 1 else pages[0]))
    return replace(
        question,
        form_label=" · ".join(where),
        blind=True,
        candidates=(),
        neighbours=(),
        lines=() if form.origin is Origin.RECOGNISED else tuple(unmarked),
        focus=-1,
        focus_cell=0,
        place=None,
    )


# In lines


_COMMANDS = ("back", "blank", "lost", "source", "help", "quit")
_AT_THE_END = ("back", "source", "help", "quit")


def run_keying(keying: Keying, *, source: TextIO, out: Console) -> None:
    """Have one form after the other keyed until none is left, the person quits, or the input ends.

    What was answered is on disk before the next field is asked. `KeyboardInterrupt` goes through.
    """
    _Lines(source, out).run(keying)


class _Lines:
    def __init__(self, source: TextIO, out: Console) -> None:
        self._source = source
        self._out = out

    def run(self, keying: Keying) -> None:
        try:
            while (form := keying.next_form()) is not None:
                self._show_form(form)
                while not self._keyed_through(form):
                    pass
                form.finish()
                self._say("keying.finished")
            self._say("keying.none_left")
        except Left:
            self._say("keying.left")

    def _keyed_through(self, form: FormKeying) -> bool:
        """Ask field after field; False where the person goes back from the end."""
        while (question := form.field()) is not None:
            began = time.monotonic()
            line = hear(self._source, self._out, _prompt(form, question))
            seconds = min(time.monotonic() - began, _MOST_SECONDS)
            self._try(partial(self._take, form, line.strip(), seconds))
        text = hear(self._source, self._out, say("keying.end", count=form.progress[1])).strip()
        if text:
            self._try(lambda: self._command(form, text, _AT_THE_END))
        return not text

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except UsageError as error:
            self._out.print(Text(str(error)))

    def _take(self, form: FormKeying, text: str, seconds: float) -> None:
        if text in ("?", "？") or text.startswith((":", "：")):
            self._command(form, text, _COMMANDS, seconds)
        elif text.startswith(("=", "＝")):
            form.key(text[1:], as_typed=True, seconds=seconds)
        else:
            form.key(text, seconds=seconds)

    def _command(self, form: FormKeying, text: str, among: Sequence[str], seconds: float = 0.0) -> None:
        word = "help" if text in ("?", "？") else text.lstrip(":：").strip().lower()
        match next((name for name in among if word and name.startswith(word)), None):
            case None:
                raise UsageError(say("plain.no_command", word=printable(word)))
            case "back":
                form.back()
            case "blank":
                form.mark_blank(seconds)
            case "lost":
                form.mark_lost(seconds)
            case "source":
                self._show_form(form)
            case "help":
                self._say("keying.help")
            case "quit":
                raise Left

    def _show_form(self, form: FormKeying) -> None:
        """Where the form stands, and its lines."""
        about = form.about
        self._out.print()
        self._out.rule(style="none", characters="-")
        self._say("keying.form", document=printable(about.item.document), form=about.form_label)
        self._say("keying.file", path=about.location)
        for row in excerpt(about):
            self._out.print(Text(f"{row.number:>5}  {row.text}"), soft_wrap=True)
        if not about.lines:
            self._say("keying.recognised")
        self._say("keying.help")

    def _say(self, key: str, **values: object) -> None:
        self._out.print(Text(say(key, **values)))


def _prompt(form: FormKeying, question: Question) -> str:
    done, every = form.progress
    if question.rows:
        return say("keying.rows")
    place = " · ".join(filter(None, (question.row_label, question.label)))
    if _may_repeat(question.path):
        above = say("plain.nothing_there") if form.above is None else printable(form.above)
        place = say("keying.above", place=place, above=above)
    elif carried_down(question.path):
        place = say("keying.heading", place=place)
    return f"[{done + 1}/{every}] {place}"


# Commands


def key_command(
    settings: Settings, document: str, *, ordinal: int | None, keyers: int, reviewer: str | None = None
) -> int:
    """Have forms of a document keyed as a whole, by one or two people. Raises `UsageError` where there is none."""
    name = reviewer_of(settings, reviewer)
    with Store.open(settings.db, create=False) as store:
        hashes = [row.sha256 for row in store.names() if row.name == document]
        if not hashes:
            raise UsageError(say("export.no_document", name=document))
        opened = Desk(store, settings).open(hashes[-1])
        chosen = [form for form in opened.settled if ordinal in (None, form.section.ordinal)]
        if not chosen:
            raise UsageError(say("keying.no_form", document=document, count=len(opened.settled)))
        now = datetime.now(UTC).isoformat(timespec="seconds")
        anchors = [opened.anchors(form).of("") for form in chosen]
        store.keyings.assign(
            [
                KeyingRow(anchor_key(hashes[-1], anchor, Purpose.REVIEW), hashes[-1], anchor, keyers, name, now)
                for anchor in anchors
            ]
        )
    console().print(say("keying.assigned", count=len(chosen), document=document, keyers=keyers))
    return ExitCode.DONE


def keying_command(settings: Settings, *, reviewer: str | None = None) -> int:
    """Key the forms that were assigned, in plain lines."""
    name = reviewer_of(settings, reviewer)
    if isinstance(sys.stdin, TextIOWrapper):  # a wrong byte is told to the person, and ends nothing
        sys.stdin.reconfigure(errors="surrogateescape")
    with Store.open(settings.db, create=False) as store, ending_cleanly():
        run_keying(Keying(store, settings, reviewer=name), source=sys.stdin, out=console())
    return ExitCode.DONE
