"""What can be done in the app, and with which keys.

A letter stands for its action only where nothing is being keyed; together with Alt, and as the function or control key
beside it, the action is there always. So nothing that is keyed is ever taken for a command.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pipeline.errors import ConfigurationError
from pipeline.messages import say

__all__ = ["ACTIONS", "FIXED", "Action", "Keys", "key_name"]


class Action(NamedTuple):
    """Something that can be done: its name in the settings, its letter, its key as Textual calls it; empty for none.

    `group` is the heading on the page of keys that it stands under.
    """

    name: str
    letter: str
    key: str
    group: str


ACTIONS = (
    Action("accept", "a", "f2", "answer"),
    Action("correct", "e", "f3", "answer"),
    Action("blank", "b", "f4", "answer"),
    Action("lost", "l", "f5", "answer"),
    Action("source_defect", "d", "f6", "answer"),
    Action("skip", "s", "f9", "answer"),
    Action("note", "n", "ctrl+n", "answer"),
    Action("same", "g", "ctrl+g", "answer"),
    Action("discard", "c", "ctrl+x", "answer"),
    Action("reject_row", "x", "f7", "rows"),
    Action("add_row", "i", "f8", "rows"),
    Action("not_a_form", "N", "", "form"),
    Action("split", "S", "", "form"),
    Action("join", "J", "", "form"),
    Action("form_missing", "M", "", "form"),
    Action("undo", "u", "ctrl+r", "queue"),
    Action("redo", "r", "ctrl+y", "queue"),
    Action("filter", "f", "ctrl+t", "queue"),
    Action("queue", "w", "ctrl+l", "queue"),
    Action("open", "o", "ctrl+o", "view"),
    Action("open_document", "O", "", "view"),
    Action("help", "?", "f1", "view"),
    Action("quit", "q", "ctrl+q", "view"),
)
FIXED = (
    ("confirm", "enter"),
    ("choose", "up down"),
    ("choose_number", "#"),
    ("back", "escape"),
    ("scroll", "pageup pagedown"),
    ("scroll_line", "ctrl+up ctrl+down"),
    ("pane", "tab"),
    ("suspend", "ctrl+z"),
)
"""Keys that are what they are everywhere."""

_TAKEN = frozenset(
    [
        *("enter", "escape", "tab", "shift+tab", "up", "down", "left", "right", "home", "end", "pageup", "pagedown"),
        *("backspace", "delete", "space", "ctrl+z", "ctrl+up", "ctrl+down"),
        # what moves and deletes in a line of text, and what a terminal sends for enter, tab, backspace and escape
        *(f"ctrl+{letter}" for letter in "aekuwdcvhijm"),
    ]
)
_MODIFIERS = frozenset({"alt", "ctrl", "shift"})
_BARE = re.compile(r"f([1-9]|1[0-9]|2[0-4])|insert")
"""Keys that need no other one held down."""
_HELD = re.compile(r"[a-z]|f([1-9]|1[0-2])|insert|up|down|left|right")
_NO_LETTERS = frozenset("0123456789０１２３４５６７８９.,-+/%#() ")
"""What figures and dates are keyed with, and what a candidate is chosen with."""
_SECOND_LETTER = {"filter": "/"}
"""A second letter by habit; no figure is keyed where letters are commands."""


class Keys:
    """The keys of all actions, with those that the settings change."""

    def __init__(self, changed: Mapping[str, str]) -> None:
        """Raises `ConfigurationError` for an unknown action, for what is no key, and for a key that is used twice."""
        self._actions = {action.name: action for action in ACTIONS}
        for name, key in changed.items():
            self._change(name, key)
        self.by_letter: dict[str, str] = {}
        self.by_key: dict[str, str] = {}
        for action in self._actions.values():
            for letter in filter(None, (action.letter, _SECOND_LETTER.get(action.name, ""))):
                self._use(self.by_letter, letter, action.name)
            for key in filter(None, (action.key, _with_alt(action.letter))):
                self._use(self.by_key, key, action.name)

    def __iter__(self) -> Iterator[Action]:
        return iter(self._actions.values())

    def shown(self, name: str, *, typing: bool) -> str:
        """The key of an action as a person reads it: the one that works now."""
        action = self._actions[name]
        if action.letter and not typing:
            return action.letter
        return key_name(action.key or _with_alt(action.letter))

    def _change(self, name: str, key: str) -> None:
        if name not in self._actions:
            known = ", ".join(self._actions)
            raise ConfigurationError(say("app.keys.unknown", name=name, known=known))
        if len(key) == 1 and key.isprintable() and key not in _NO_LETTERS:
            self._actions[name] = self._actions[name]._replace(letter=key)
        elif (normal := _normal(key)) and normal not in _TAKEN:
            self._actions[name] = self._actions[name]._replace(key=normal)
        else:
            raise ConfigurationError(say("app.keys.no_key", name=name, press=key))

    def _use(self, used: dict[str, str], key: str, name: str) -> None:
        if key in used and used[key] != name:
            raise ConfigurationError(say("app.keys.twice", press=key, one=used[key], other=name))
        used[key] = name


def _normal(key: str) -> str:
    """A key as Textual calls it, from how a person may write it; empty for what is none."""
    *held, bare = key.lower().split("+")
    if not held:
        return bare if _BARE.fullmatch(bare) else ""
    # A letter with Shift alone is another letter.
    known = set(held) <= _MODIFIERS and _HELD.fullmatch(bare) and (len(bare) > 1 or set(held) != {"shift"})
    return "+".join((*sorted(set(held)), bare)) if known else ""


def _with_alt(letter: str) -> str:
    """The letter with Alt, which is also what a terminal sends for Escape and the letter in quick succession."""
    if not (letter.isascii() and letter.isalpha()):
        return ""
    return f"alt+{letter}" if letter.islower() else f"alt+shift+{letter.lower()}"


def key_name(key: str) -> str:
    """A key as a person reads it: `ctrl+n` → `Ctrl+N`, `f5` → `F5`."""
    words = {"pageup": "PgUp", "pagedown": "PgDn", "escape": "Esc", "up": "↑", "down": "↓", "left": "←", "right": "→"}
    return " ".join(
        "+".join(words.get(part, part.upper() if len(part) == 1 else part.capitalize()) for part in each.split("+"))
        for each in key.split()
    )
