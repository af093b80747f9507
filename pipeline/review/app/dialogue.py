"""One question as it is talked over in the app: what is visible, what Enter means now. Knows no screen.

What is keyed is never taken for a choice: a candidate is chosen with the arrows, or as `#2`. A question that is not
blind is not answered by an Enter behind keys that were meant for another one (`stray`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from pipeline.decisions import DecisionKind
from pipeline.messages import say
from pipeline.review.answers import Choice, chosen, corrected, defect, malformed_sentence, settled_as, shown_of
from pipeline.review.question import Keyed, Question, Verdict, keyed

__all__ = ["Dialogue", "Stage", "Stopwatch"]

_NUMBERED = re.compile(r"[#＃]\s*([1-9])")
_IDLE_SECONDS = 300.0
"""Who does nothing for longer is not working on the question."""


class Stage(Enum):
    """How far a question is talked over."""

    ASKED = "asked"
    """Nothing was answered yet."""
    NOTHING = "nothing"
    """An empty line was entered: is nothing printed?"""
    BESIDE = "beside"
    """What was keyed stands beside: is it the right row?"""
    DIFFERS = "differs"
    """Nobody read what was keyed: once more to confirm it."""
    EDIT = "edit"
    """A text is being corrected."""
    ROW = "row"
    """The number of a row is asked for, which is missing or is none."""
    NOTE = "note"
    """A note is being written."""
    DISCARD = "discard"
    """An old decision without a place: once more to discard it."""


_WRITING = frozenset({Stage.EDIT, Stage.ROW, Stage.NOTE})
"""Stages in which the line is for something else than a value that is keyed, until Escape or an answer."""


@dataclass(slots=True)
class Dialogue:
    """What has been said of one question.

    `revealed` says whether candidates can be seen, `selected` which one Enter takes; -1 is what was keyed. `told` is
    the answer to what was done last.
    """

    question: Question
    stage: Stage = Stage.ASKED
    told: str = ""
    selected: int = field(init=False)
    revealed: bool = field(init=False)
    stray: bool = False
    _keyed: Keyed | None = None
    _text: str = ""
    _of_row: DecisionKind = DecisionKind.ADD_ROW

    def __post_init__(self) -> None:
        self.revealed = not self.question.blind and not self.orphan and bool(self.question.candidates)
        self.selected = self._first

    @property
    def orphan(self) -> bool:
        """Is it about a decision that has lost its place?"""
        return self.question.orphan is not None

    @property
    def rows(self) -> bool:
        """Is the number of rows asked for?"""
        return self.question.rows and not self.orphan

    @property
    def typing(self) -> bool:
        """Does what is typed belong to a value? Else letters are commands."""
        if self.stage in _WRITING:
            return True
        return not self.orphan and (self.question.blind or self.question.numeric or not self.revealed)

    @property
    def marked(self) -> int:
        """The candidate that Enter takes; -1 for what was keyed, which waits for another Enter; -2 for none."""
        if self.stage in _WRITING or (self.selected < 0 and self.stage is not Stage.DIFFERS):
            return -2
        return self.selected

    @property
    def text(self) -> str:
        """What the line holds."""
        return self._text

    @property
    def waiting(self) -> str | None:
        """What was keyed and waits for a second Enter."""
        return self._keyed.value if self._keyed is not None else None

    def type(self, text: str) -> None:
        """The line changed. Whatever waited for an Enter was about another text, and what is typed is no choice."""
        if text == self._text:
            return
        self._text = text
        self.stray = False
        self._keyed = None
        if self.stage not in _WRITING:
            self.stage = Stage.ASKED
            self.told = ""
        if self.revealed and self.typing and self.stage not in _WRITING:
            self.selected = self._first if not text.strip() else -1

    def move(self, step: int) -> None:
        """Select the next candidate, or the one before. What was keyed stands before the first, where there is any."""
        if self.revealed and self.stage not in _WRITING:
            least = -1 if self._text.strip() or self.stage is Stage.DIFFERS else 0
            self.selected = min(max(self.selected + step, least), len(self.question.candidates) - 1)
            self.told = ""
            self.stray = False

    def strayed(self) -> None:
        """Something was typed that can mean nothing here, as when another question was expected."""
        self.stray = True
        self.told = say("app.orphan.keys" if self.orphan else "app.stray")

    def enter(self, text: str) -> Choice | None:
        """What Enter decides; None where something has to be said or shown first."""
        self.type(text)
        if self.stray:
            self.stray = False
            return None
        if self.stage is Stage.NOTE:
            return self._note(text)
        if self.orphan:
            return self.discard()
        if self.stage is Stage.ROW:
            return self._row(text)
        numbered = _NUMBERED.fullmatch(text.strip())
        if numbered and self.revealed and self.stage is not Stage.EDIT:
            return self._number(int(numbered.group(1)) - 1)
        if text.strip() and not self.typing:
            self.told = say("app.no_candidate", count=len(self.question.candidates))
            return None
        if self.revealed and self.selected >= 0 and self.stage is not Stage.EDIT:
            return chosen(self.question, self.selected)
        if self.stage in (Stage.BESIDE, Stage.DIFFERS) and self._keyed is not None and not self.rows:
            return settled_as(self.question, self._keyed)
        return self._enter(text)

    def accept(self, text: str) -> Choice | None:
        """What `accept` decides: the selected candidate, or what is keyed if a reader read so."""
        if self.orphan or self.stage is not Stage.ASKED or (self.typing and text.strip() and self.selected < 0):
            return self.enter(text)
        if self.selected < 0:
            self.told = say("app.choose_first" if self.revealed else "app.blind_first")
            return None
        return chosen(self.question, self.selected)

    def blank(self) -> Choice | None:
        """Nothing stands there; while nothing that was read is visible, that is a keyed value like any other."""
        if self.orphan or self.rows:
            self.told = say("app.not_here")
            return None
        if self.revealed:
            return Choice(DecisionKind.BLANK)
        return self._hold("")

    def defect(self, text: str) -> Choice | None:
        """What stands there is read rightly and wrong in the document: the same as `accept`, said of the document."""
        if self.orphan or self.rows:
            self.told = say("app.not_here")
            return None
        choice = self.accept(text)
        return None if choice is None else defect(choice)

    def ask_row(self, kind: DecisionKind) -> None:
        """Ask which row is none of the table's, or behind which one a row is missing."""
        self.stage = Stage.ROW
        self.revealed = True
        self.selected = -1
        self._of_row = kind
        self._keyed = None
        self._text = ""
        self.told = say("app.row.add" if kind is DecisionKind.ADD_ROW else "app.row.reject")

    def write_note(self) -> None:
        """Begin to write a note."""
        self.stage = Stage.NOTE
        self._keyed = None
        self._text = ""
        self.told = ""

    def discard(self) -> Choice | None:
        """Discard the old decision, which has to be said twice."""
        if not self.orphan:
            self.told = say("app.not_here")
        elif self.stage is Stage.DISCARD:
            return Choice(DecisionKind.UNDO)
        else:
            self.stage = Stage.DISCARD
            self.told = say("app.orphan.sure")
        return None

    def edit(self) -> str:
        """Begin to correct the text; what the line shall hold."""
        if self.orphan:
            self.told = say("app.not_here")
            return ""
        if not self.revealed:
            return self._text
        if not self.question.numeric:
            self.stage = Stage.EDIT
            self.told = ""
        self._keyed = None
        self._text = (self.question.candidates[max(self.selected, 0)].value or "") if not self.rows else ""
        return self._text

    def escape(self) -> None:
        """Back to where nothing was answered; candidates that were shown stay."""
        self.stage = Stage.ASKED
        self.told = ""
        self.stray = False
        self._keyed = None
        self._text = ""
        self.selected = self._first

    def shown(self) -> Mapping[str, Any]:
        """What is kept of what was on the screen."""
        return shown_of(self.question, candidates=self.revealed)

    @property
    def _first(self) -> int:
        """What an Enter without a word takes: the first candidate, but none that was seen after something was keyed."""
        return 0 if self.revealed and not self.question.blind else -1

    def _enter(self, text: str) -> Choice | None:
        if not text.strip() and self.stage is Stage.ASKED and keyed(self.question, "").verdict is not Verdict.AGREES:
            if self.rows:
                self.told = say("app.rows.key")
            else:
                self.stage = Stage.NOTHING
                self.told = say("app.nothing_printed")
            return None
        return self._hold(text)

    def _hold(self, text: str) -> Choice | None:
        """Hold a value against what was read."""
        if not (self.question.blind or self.question.numeric):
            choice = corrected(self.question, text)
            self.told = "" if choice is not None else malformed_sentence(self.question)
            return choice
        what = keyed(self.question, text)
        if what.verdict is Verdict.MALFORMED:
            self.told = malformed_sentence(self.question)
            return None
        if what.verdict is Verdict.AGREES:
            return settled_as(self.question, what)
        self._keyed = what
        if what.verdict is Verdict.NEIGHBOUR and what.neighbour is not None:
            self.stage = Stage.BESIDE
            self.told = say("app.beside", value=what.value, label=what.neighbour.label)
            return None
        self.stage = Stage.DIFFERS
        self.revealed = True
        self.selected = -1
        if self.rows:
            read = self.question.candidates[0].value if self.question.candidates else "?"
            self.told = say("app.rows.differ", keyed=what.value, read=read)
        elif what.value is None:
            self.told = say("app.differs_blank")
        else:
            self.told = say("app.differs", value=what.value)
        return None

    def _note(self, text: str) -> Choice | None:
        if text.strip():
            return Choice(DecisionKind.NOTE, text.strip())
        self.escape()
        return None

    def _row(self, text: str) -> Choice | None:
        """A row by its number; `decide` wants it as the value."""
        least = 0 if self._of_row is DecisionKind.ADD_ROW else 1
        most = int(self.question.candidates[0].value or 0) if self.question.candidates else 0
        number = unicodedata.normalize("NFKC", text).strip()
        if number.isdecimal() and least <= int(number) <= most:
            return Choice(self._of_row, str(int(number)))
        self.told = say("app.row.no_number", least=least, most=most)
        return None

    def _number(self, index: int) -> Choice | None:
        if index < len(self.question.candidates):
            return chosen(self.question, index)
        self.told = say("app.no_candidate", count=len(self.question.candidates))
        return None


class Stopwatch:
    """Seconds that a person took for a question; `now` is a clock's. Pauses count up to five minutes each."""

    def __init__(self, now: float) -> None:
        self._last = now
        self._seconds = 0.0

    def touch(self, now: float) -> None:
        """The person did something."""
        self._seconds += min(max(now - self._last, 0.0), _IDLE_SECONDS)
        self._last = now

    def seconds(self, now: float) -> float:
        """Seconds until now."""
        self.touch(now)
        return self._seconds
