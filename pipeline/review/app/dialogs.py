"""What is laid over the screen: all keys, the filter, the list of places that one answer is for, a last question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, TypeVar

from rich.cells import cell_len, set_cell_size
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from pipeline.messages import say
from pipeline.review.app.actions import FIXED, Keys, key_name
from pipeline.review.app.layout import fit
from pipeline.review.session import Filters

__all__ = ["Batch", "FilterForm", "Help", "Sure"]

_Result = TypeVar("_Result")
_LABEL_WIDTH = 27
_GROUPS = ("answer", "rows", "form", "queue", "view")


class _Laid(ModalScreen[_Result]):
    """A box in the middle of the screen that Escape closes without an answer."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", show=False)]
    DEFAULT_CSS = """
    _Laid { align: center middle; background: transparent; }
    _Laid > Vertical {
        width: 90%; max-width: 90; height: auto; max-height: 90%;
        border: round $foreground; padding: 0 1; background: $background;
    }
    _Laid .hint { height: auto; margin-top: 1; text-style: dim; }
    _Laid .field { height: 2; border-bottom: solid $foreground; }
    _Laid .field:focus-within { border-bottom: heavy $foreground; }
    _Laid .field Static { width: 10; }
    _Laid Input { width: 1fr; background: $background; }
    _Laid OptionList { border: none; height: auto; max-height: 8; padding: 0; background: $background; }
    _Laid OptionList:focus { border: none; }
    """
    TITLE_KEY = ""

    def compose(self) -> ComposeResult:
        """A frame with its title, and what is in it."""
        with Vertical() as box:
            box.border_title = self.heading()
            yield from self.contents()

    def heading(self) -> str:
        """The title of the box."""
        return say(self.TITLE_KEY)

    def contents(self) -> ComposeResult:
        """What is in the box."""
        raise NotImplementedError


class Help(_Laid[None]):
    """All keys with their actions."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark,f1,q,enter", "dismiss(None)", show=False)]
    TITLE_KEY = "app.help.title"

    def __init__(self, keys: Keys) -> None:
        super().__init__()
        self._keys = keys

    def contents(self) -> ComposeResult:
        """A table of keys by group, which scrolls."""
        with VerticalScroll():
            yield Static(self._table(), markup=False)
        yield Static(f"{say('app.help.letters')} {say('app.help.settings')}", classes="hint", markup=False)

    def _table(self) -> Text:
        text = Text(no_wrap=True)
        for group in _GROUPS:
            text.append(f"{say(f'app.help.{group}')}\n", "bold underline")
            for action in self._keys:
                if action.group == group:
                    key = key_name(action.key) if action.key else self._keys.shown(action.name, typing=True)
                    _row(text, say(f"app.action.{action.name}"), action.letter, key, action.name)
        text.append(f"{say('app.help.fixed')}\n", "bold underline")
        for name, key in FIXED:
            _row(text, say(f"app.action.{name}"), "", key_name(key), "")
        text.rstrip()
        return text


def _row(text: Text, label: str, *columns: str) -> None:
    text.append(f"  {set_cell_size(label, max(_LABEL_WIDTH, cell_len(label) + 1))}")
    letter, key, name = columns
    text.append(set_cell_size(letter, 4), "bold")
    text.append(set_cell_size(key, 16), "bold")
    text.append(f"{name}\n", "dim")


class FilterForm(_Laid[Filters]):
    """Which questions are asked: a reason out of a list, parts of names, a year."""

    TITLE_KEY = "app.filter.title"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "done", show=False, priority=True)]

    def __init__(self, filters: Filters, reasons: Mapping[str, int]) -> None:
        super().__init__()
        self._filters = filters
        self._codes = ["", *reasons]
        if filters.reason not in self._codes:
            self._codes.insert(1, filters.reason)
        self._reasons = reasons

    def contents(self) -> ComposeResult:
        """The list of reasons, and a line for each of the others."""
        yield Static(say("app.filter.reason"), markup=False)
        options = [Option(self._option(code)) for code in self._codes]
        reasons = OptionList(*options, id="reason", markup=False)
        reasons.highlighted = self._codes.index(self._filters.reason)
        yield reasons
        for name in ("body", "year", "document"):
            with Horizontal(classes="field"):
                yield Static(say(f"app.filter.{name}"), markup=False)
                yield Input(getattr(self._filters, name), id=name, select_on_focus=False, compact=True)
        yield Static(say("app.filter.hint"), classes="hint", markup=False)

    def action_done(self) -> None:
        """Filter by what the form holds."""
        chosen = self.query_one("#reason", OptionList).highlighted
        said = {name: self.query_one(f"#{name}", Input).value.strip() for name in ("body", "year", "document")}
        self.dismiss(Filters(reason=self._codes[chosen or 0], purpose=self._filters.purpose, **said))

    def _option(self, code: str) -> str:
        if not code:
            return say("app.filter.all")
        return f"{self._reasons.get(code, 0):>7,}  {code}"


class Batch(_Laid[Sequence[str]]):
    """The other places that the same is asked in, to choose those that the answer is for. Gives their keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "done", show=False, priority=True),
        Binding("space", "choose", show=False, priority=True),
        Binding("a", "all", show=False),
    ]

    def __init__(self, answer: str, places: Sequence[tuple[str, str]]) -> None:
        """`places` are keys of items, and where they are."""
        super().__init__()
        self._answer = answer
        self._places = places
        self._chosen = {key for key, _ in places}

    def heading(self) -> str:
        """What is answered."""
        return say("app.batch.title", what=fit(self._answer, min(cell_len(self._answer), 30)))

    def contents(self) -> ComposeResult:
        """The list, all of it chosen."""
        yield OptionList(*(Option(self._label(place)) for place in range(len(self._places))), id="places", markup=False)
        yield Static(self._count(), id="chosen", markup=False)
        yield Static(say("app.batch.hint"), classes="hint", markup=False)

    def action_choose(self) -> None:
        """Choose the place at the cursor, or do not any more."""
        place = self._list.highlighted
        if place is not None:
            self._chosen ^= {self._places[place][0]}
            self._mark()

    def action_all(self) -> None:
        """Choose all, or none where all are chosen."""
        self._chosen = set() if len(self._chosen) == len(self._places) else {key for key, _ in self._places}
        self._mark()

    def action_done(self) -> None:
        """The answer is for these."""
        self.dismiss([key for key, _ in self._places if key in self._chosen])

    @property
    def _list(self) -> OptionList:
        return self.query_one("#places", OptionList)

    def _mark(self) -> None:
        for place in range(len(self._places)):
            self._list.replace_option_prompt_at_index(place, self._label(place))
        self.query_one("#chosen", Static).update(self._count())

    def _label(self, place: int) -> str:
        key, where = self._places[place]
        return f"{'[x]' if key in self._chosen else '[ ]'} {where}"

    def _count(self) -> str:
        return say("app.batch.chosen", count=len(self._chosen), total=len(self._places))


class Sure(_Laid[bool]):
    """A last question before something that reaches further than one field."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "dismiss(True)", show=False)]

    def __init__(self, title: str, sentence: str) -> None:
        super().__init__()
        self._title = title
        self._sentence = sentence

    def heading(self) -> str:
        """What is about to be done."""
        return self._title

    def contents(self) -> ComposeResult:
        """What it means."""
        yield Static(self._sentence, markup=False)
        yield Static(say("app.sure.hint"), classes="hint", markup=False)
