"""Plain mode: a question is printed, an answer is a line that is typed. For dumb terminals, screen readers and scripts.

Nothing is drawn over, no key is special, and what is asked does not depend on colour or place. `Dialogue` is what can
be said of one question, without any screen; `run_plain` prints and reads.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.decisions import Decision, DecisionKind
from pipeline.errors import ConflictError, UsageError
from pipeline.messages import say
from pipeline.review.answers import (
    Choice,
    chosen,
    corrected,
    defect,
    malformed_sentence,
    reasons_of,
    settled_as,
    shown_of,
)
from pipeline.review.excerpt import excerpt, is_printable, printable, reader_name
from pipeline.review.hearing import Left, hear
from pipeline.review.question import Item, Keyed, Question, Verdict, keyed
from pipeline.review.session import Review

__all__ = ["Command", "Decide", "Dialogue", "Tell", "decided_sentence", "item_place", "run_plain"]

_AROUND = 4
"""Rows of the source that are printed before and behind the one in question; `:source` prints all."""
_PIECES = 15
"""Cells of a long row on either side of the one in question."""
_MOST_SECONDS = 300.0
"""A question that stays longer on the screen was not thought about all the time."""
_DECISIONS = {
    "accept": DecisionKind.ACCEPT,
    "blank": DecisionKind.BLANK,
    "lost": DecisionKind.LOST,
    "defect": DecisionKind.SOURCE_DEFECT,
    "reject": DecisionKind.REJECT_ROW,
    "add": DecisionKind.ADD_ROW,
    "skip": DecisionKind.SKIP,
    "note": DecisionKind.NOTE,
    "not-a-form": DecisionKind.NOT_A_FORM,
    "split": DecisionKind.SPLIT,
    "join": DecisionKind.JOIN,
    "discard": DecisionKind.UNDO,
}
_STAYING = (DecisionKind.NOTE, DecisionKind.ADD_ROW, DecisionKind.REJECT_ROW)
"""Decisions after which the question may be there still."""
_COMMANDS = ("undo", "redo", "same", "source", "help", "quit")


class Decide(NamedTuple):
    """The person has decided."""

    choice: Choice
    cell: int = 0


class Tell(NamedTuple):
    """The person is told something and asked again; `read` if what was read is to be shown with it."""

    sentence: str
    read: bool = False


class Command(NamedTuple):
    """Something that is not about the question: `undo`, `redo`, `same`, `source`, `help`, `quit`."""

    name: str


@dataclass(slots=True)
class Dialogue:
    """What has been said of one question.

    `visible` says whether the candidates may be seen: with a blind question only once something was keyed that nobody
    read. `waiting` is what was keyed and waits for an Enter.
    """

    question: Question
    visible: bool = field(init=False)
    waiting: Keyed | None = None

    def __post_init__(self) -> None:
        self.visible = not self.question.blind

    @property
    def keying(self) -> bool:
        """Is a line a value? Else it chooses among candidates, and `=` stands before a value."""
        return self.question.blind or self.question.numeric

    @property
    def prompt(self) -> str:
        """What can be answered now."""
        question = self.question
        if question.orphan is not None:
            return say("plain.orphan")
        if question.rows:
            return say("plain.rows_differ" if self.waiting is not None else "plain.rows")
        seen = self.visible and bool(question.candidates)
        if self.waiting is not None:
            key = "plain.confirm_blank" if self.waiting.value is None else "plain.confirm"
            return say(key, value=self.waiting.value) + (say("plain.or_first") if seen else "")
        if self.keying:
            if seen and not question.blind:
                return say("plain.key_seen")
            return say("plain.key") + (say("plain.or_first") if seen else "")
        return say("plain.choose" if seen else "plain.type")

    def heard(self, line: str) -> Decide | Tell | Command:
        """What a typed line means."""
        text = line.strip()
        if text in ("?", "？"):
            return Command("help")
        if text.startswith((":", "：")):
            word, _, rest = text[1:].strip().partition(" ")
            return self._command(word, rest.strip())
        if self.question.orphan is not None:
            return Tell(say("plain.orphan"))
        if text.startswith(("=", "＝")):
            return self._keyed(text[1:].strip())
        if not text and self.waiting is not None:
            return self._confirmed(self.waiting)
        if not text and not self.question.blind and self.question.candidates:
            return Decide(chosen(self.question, 0))
        if self.keying:
            return self._keyed(text)
        if text.isdecimal():
            return self._choice(int(text))
        return Tell(say("plain.not_understood"))

    def _keyed(self, text: str) -> Decide | Tell:
        if not is_printable(text):
            return Tell(say("plain.unprintable"))
        if not self.keying:
            choice = corrected(self.question, text)
            return Decide(choice) if choice is not None else Tell(malformed_sentence(self.question))
        self.waiting = None
        what = keyed(self.question, text)
        if what.verdict is Verdict.MALFORMED:
            return Tell(malformed_sentence(self.question))
        if what.verdict is Verdict.AGREES:
            return Decide(settled_as(self.question, what))
        self.waiting = what
        if what.verdict is Verdict.NEIGHBOUR and what.neighbour is not None:
            return Tell(say("plain.neighbour", value=what.value, label=what.neighbour.label))
        self.visible = True
        if not self.question.candidates:
            return Tell(say("plain.nothing_read"))
        if self.question.rows:
            return Tell(say("plain.rows_read", keyed=what.value, read=self.question.candidates[0].value), read=True)
        key = "plain.nobody_read_blank" if what.value is None else "plain.nobody_read"
        return Tell(say(key, value=what.value), read=True)

    def _confirmed(self, what: Keyed) -> Decide | Tell:
        if self.question.rows:
            return Tell(say("plain.rows_which"))
        return Decide(settled_as(self.question, what))

    def _choice(self, number: int) -> Decide | Tell:
        if not self.visible:
            return Tell(say("answer.blind"))
        if not 1 <= number <= len(self.question.candidates):
            return Tell(say("plain.no_candidate", number=number))
        return Decide(chosen(self.question, number - 1))

    def _command(self, word: str, rest: str) -> Decide | Tell | Command:
        if word.isdecimal():
            return self._choice(int(word))
        names = [name for name in (*_DECISIONS, *_COMMANDS) if name.startswith(word.lower())]
        if not word or (len(names) != 1 and word not in names):
            return Tell(say("plain.no_command", word=printable(word)))
        name = word if word in names else names[0]
        if name in _COMMANDS:
            return Command(name)
        return self._decision(_DECISIONS[name], rest)

    def _decision(self, kind: DecisionKind, rest: str) -> Decide | Tell:
        if kind is DecisionKind.SPLIT:
            lines = self.question.lines
            if not rest.isdecimal() or not 1 <= int(rest) <= len(lines) or not lines[int(rest) - 1].pieces:
                return Tell(say("plain.split_where"))
            return Decide(Choice(kind), lines[int(rest) - 1].pieces[0].cell)
        if kind is DecisionKind.NOTE:
            return Decide(Choice(kind, rest)) if rest else Tell(say("answer.no_note"))
        if kind in (DecisionKind.REJECT_ROW, DecisionKind.ADD_ROW) and self.question.rows:
            return Decide(Choice(kind, rest)) if rest.isdecimal() else Tell(say("plain.rows_which"))
        if kind is DecisionKind.BLANK and not self.visible:
            return self._keyed("")
        if kind not in (DecisionKind.ACCEPT, DecisionKind.SOURCE_DEFECT):
            return Decide(Choice(kind))
        said = self._keyed(rest) if rest else self._first()
        if kind is DecisionKind.SOURCE_DEFECT and isinstance(said, Decide):
            return Decide(defect(said.choice))
        return said

    def _first(self) -> Decide | Tell:
        if not (self.visible and self.question.candidates):
            return Tell(say("answer.blind"))
        return Decide(chosen(self.question, 0))


def run_plain(review: Review, *, source: TextIO, out: Console) -> None:
    """Ask one question after the other until nothing is left, the person quits, or the input ends.

    What is printed as decided is on disk. `KeyboardInterrupt` goes through; whoever holds `review` gives back.
    """
    _Plain(review, source, out).run()


class _Plain:
    def __init__(self, review: Review, source: TextIO, out: Console) -> None:
        self._review = review
        self._source = source
        self._out = out

    def run(self) -> None:
        try:
            self._counts()
            question = self._review.next()
            while question is not None:
                question = self._ask(question)
            self._say("plain.nothing_left")
        except Left:
            self._say("plain.left")
        self._counts()

    def _ask(self, question: Question) -> Question | None:
        """Ask until it is decided or something else is wanted; the question that comes next."""
        dialogue = Dialogue(question)
        together: Sequence[Item] = ()
        began = time.monotonic()
        _show_question(self._out, question)
        if dialogue.visible:
            _show_candidates(self._out, question)
        while True:
            said = dialogue.heard(hear(self._source, self._out, dialogue.prompt))
            if isinstance(said, Tell):
                self._print(said.sentence)
                if said.read:
                    _show_candidates(self._out, question)
                    _show_facts(self._out, [("plain.why", reason.sentence) for reason in question.figures])
            elif isinstance(said, Decide):
                try:
                    self._decide(dialogue, said, together, min(time.monotonic() - began, _MOST_SECONDS))
                except UsageError as error:
                    self._print(str(error))
                    continue
                except ConflictError as error:
                    self._print(str(error))
                stays = said.choice.kind in _STAYING
                return (self._review.go(question.item.key) if stays else None) or self._review.next()
            elif said.name == "same":
                together = self._chosen_same(question)
            elif said.name in ("undo", "redo"):
                if following := self._taken_back(said.name == "undo"):
                    return following
            elif said.name == "quit":
                raise Left
            else:
                self._show(said.name, question)

    def _decide(self, dialogue: Dialogue, said: Decide, together: Sequence[Item], seconds: float) -> None:
        """Make the decision and say what became of it."""
        question, choice = dialogue.question, said.choice
        if together:
            keys = [item.key for item in together]
            answers = self._review.decide_all(question, keys, choice.kind, choice.value, seconds=seconds)
        else:
            shown = shown_of(question, candidates=dialogue.visible)
            answers = [
                self._review.decide(question, choice.kind, choice.value, cell=said.cell, seconds=seconds, shown=shown)
            ]
        made = answers[0].decision
        self._say("plain.stored", said=decided_sentence(made.kind, made.value))
        if together:
            self._say("plain.together", count=f"{len(answers):,}")
        if gone := sum(len(answer.gone) for answer in answers):
            self._say("plain.gone", count=f"{gone:,}")
        if answers and answers[0].settled:
            self._say("plain.settled", document=question.item.document)

    def _chosen_same(self, question: Question) -> Sequence[Item]:
        """The other places that the answer is to be given for, too; they are listed first."""
        others = self._review.same(question)
        if not others:
            self._say("plain.no_same")
            return ()
        for number, item in enumerate(others, start=1):
            self._out.print(Text(f"{number:>5}  {item_place(item)}: “{printable(item.value)}”"), soft_wrap=True)
        while True:
            line = hear(self._source, self._out, say("plain.same")).strip()
            numbers = re.split(r"[\s,，、]+", line) if line else [str(number + 1) for number in range(len(others))]
            if all(word.isdecimal() and int(word) <= len(others) for word in numbers):
                picked = [others[int(word) - 1] for word in dict.fromkeys(numbers) if int(word)]
                self._say("plain.same_chosen", count=f"{len(picked):,}")
                return picked
            self._say("plain.same_numbers", count=len(others))

    def _taken_back(self, back: bool) -> Question | None:
        """Undo or redo; the question that is to be asked now, None for the one that is."""
        decisions = self._review.undo() if back else self._review.redo()
        if not decisions:
            self._say("plain.nothing_to_undo" if back else "plain.nothing_to_redo")
            return None
        self._say("plain.undone" if back else "plain.redone", count=len(decisions))
        for decision in decisions:
            self._print(f"{decision.path or '-'}: {decided_sentence(decision.kind, decision.value)}")
        return self._review.next()

    def _show(self, name: str, question: Question) -> None:
        """Print the whole source, or the help."""
        if name == "source":
            _show_source(self._out, question, None, None)
        else:
            self._out.print(_commands_table())
            self._say("plain.help_lines")

    def _counts(self) -> None:
        counts = self._review.counts()
        self._say("plain.counts", **{name: f"{number:,}" for name, number in counts._asdict().items()})

    def _say(self, key: str, **values: object) -> None:
        self._print(say(key, **values))

    def _print(self, sentence: str) -> None:
        """Print a sentence, which may quote a document."""
        self._out.print(Text(printable(sentence)))


def decided_sentence(kind: DecisionKind, value: str | None) -> str:
    """What was decided, in words."""
    words = say(f"decision.{kind}")
    return words if value is None else say("plain.with_value", kind=words, value=printable(value))


def item_place(item: Item) -> str:
    """Where an entry of the queue stands: document, form, path."""
    parts = (printable(item.document), say("plain.form", ordinal=item.ordinal), item.path)
    return " · ".join(part for part in parts if part)


def _show_question(out: Console, question: Question) -> None:
    """Where it stands, what is asked and why, and the source around it."""
    item = question.item
    out.print()
    out.rule(style="none", characters="-")
    facts = [
        ("plain.document", item.document),
        ("plain.form_name", question.form_label),
        ("plain.field", question.label),
    ]
    if question.row_label:
        facts.append(("plain.row", question.row_label))
    facts += [("plain.why", reason.sentence) for reason in reasons_of(question, seen=not question.blind)]
    for remark in question.remarks:
        facts.append(("plain.remark", f"{remark.reviewer}: {remark.value}"))
    if question.place is not None:
        facts.append(("plain.page", f"{question.place.page} · {question.location}"))
    if question.orphan is not None:
        facts += _orphan_facts(question.orphan)
    _show_facts(out, facts)
    _show_source(out, question, _AROUND, _PIECES)


def _orphan_facts(orphan: Decision) -> list[tuple[str, str]]:
    said = decided_sentence(orphan.kind, orphan.value)
    return [("plain.decision", f"{said} · {orphan.reviewer} · {orphan.time} · {orphan.path or '-'}")]


def _show_source(out: Console, question: Question, around: int | None, pieces: int | None) -> None:
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, justify="right")
    table.add_column(overflow="fold")
    for row in excerpt(question, around=around, pieces=pieces):
        table.add_row(">" if row.here else " ", str(row.number), Text(row.text))
    out.print()
    out.print(table)
    out.print()


def _show_candidates(out: Console, question: Question) -> None:
    """What was read; of the rows, where each begins."""
    if question.rows:
        for number, spot in enumerate(question.anchor.row, start=1):
            out.print(Text(f"{number:>3}  {printable(spot.text)}"))
        return
    if not question.candidates:
        return
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for number, candidate in enumerate(question.candidates, start=1):
        value = say("plain.nothing_there") if candidate.value is None else printable(candidate.value)
        table.add_row(Text(f"{number}"), Text(value), Text(", ".join(map(reader_name, candidate.readers))))
    out.print(table)


def _show_facts(out: Console, facts: Sequence[tuple[str, str]]) -> None:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    before = ""
    for key, value in facts:
        table.add_row(Text(say(key) if key != before else ""), Text(printable(value)))
        before = key
    out.print(table)


def _commands_table() -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name in (*_DECISIONS, *_COMMANDS):
        table.add_row(Text(f":{name}"), Text(say(f"plain.help.{name}")))
    return table
