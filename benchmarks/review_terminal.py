"""The review in a real pseudo-terminal, whose screen is kept with the widths of its text."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import pyte

from benchmarks.review_people import at_work
from pipeline.decisions import Decision
from pipeline.review.question import Question
from pipeline.review.session import Review
from pipeline.store.store import Store

__all__ = ["First", "Terminal", "Typed", "first_question", "keystrokes"]

_WIDTH, _HEIGHT = 120, 36
_PATIENCE_SECONDS = 30.0


class Terminal:
    """A program in a pseudo-terminal. Use it as a context manager; leaving kills the program if it is still there."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        width: int = _WIDTH,
        height: int = _HEIGHT,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.screen = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self.screen)
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], list(command), {**os.environ, "TERM": "xterm-256color", **(env or {})})
        self.resize(width, height)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        os.close(self._master)

    def resize(self, width: int, height: int) -> None:
        """Tell the program that its terminal has another size."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self.screen.resize(height, width)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._master, keys.encode())

    def read(self, seconds: float) -> bool:
        """Take what the program writes, waiting so long for the first of it; False where nothing came."""
        ready, _, _ = select.select([self._master], [], [], seconds)
        if not ready:
            return False
        try:
            written = os.read(self._master, 65_536)
        except OSError:  # the program has ended
            return False
        self._stream.feed(written)
        return bool(written)

    @property
    def text(self) -> str:
        """The screen, line by line; the second half of a wide character is left out."""
        rows = (self.screen.buffer[row] for row in range(self.screen.lines))
        return "\n".join("".join(row[column].data for column in range(self.screen.columns)).rstrip() for row in rows)

    def wait(self, shown: Callable[[str], bool], what: str, seconds: float = _PATIENCE_SECONDS) -> float:
        """Read until the screen shows it; when that was. Raises `TimeoutError` with the screen."""
        until = time.monotonic() + seconds
        while not shown(self.text):
            if not self.read(0.05) and time.monotonic() > until:
                raise TimeoutError(f"{what} did not appear on this screen:\n{self.text}")
        return time.monotonic()


class First(NamedTuple):
    """How long it took from the command to the first question on the screen, and the memory that the program had."""

    seconds: float
    peak: int


class Typed(NamedTuple):
    """Times from Enter to the next question on the screen, 95 % of them; keys beyond the digits to settle a figure."""

    late: float
    beyond_digits: int


def _review(url: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "pipeline.cli", "review", "--db", url, "--reviewer", "bench", *arguments]


def first_question(url: str) -> First:
    """Open the queue of a store, and leave again."""
    question = _first(url)
    began = time.monotonic()
    with Terminal(_review(url)) as terminal:
        seconds = terminal.wait(lambda text: _asks(text, question), "the first question") - began
        peak = _peak(terminal.pid)
    return First(seconds, peak)


def _first(url: str, path: str = "") -> Question:
    """What is asked first: the label of a field is how it is known on the screen."""
    with at_work(url, "bench") as review:
        question = review.next()
        while question is not None and path and not question.path.endswith(path):
            question = review.next()
    assert question is not None
    return question


def _asks(text: str, question: Question) -> bool:
    return question.label.split(" ")[-1] in text and question.item.document in text


def _peak(pid: int) -> int:
    """Bytes that a process has had in memory at most."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


def keystrokes(url: str, questions: int = 60) -> Typed:
    """Answer as a clerk who reads what the first reader read: for a figure its digits and Enter, and nothing else."""
    waits: list[float] = []
    beyond: list[int] = []
    with Terminal(_review(url)) as terminal, at_work(url, "looking") as looking:
        terminal.wait(lambda text: _asks(text, _asked(looking)), "the first question")
        for _ in range(questions):
            question = _asked(looking)
            decided = len(_made(url))
            digits = question.candidates[0].value or "" if question.candidates and question.numeric else ""
            terminal.type(digits)
            terminal.wait(_shows(digits), "what was keyed")
            pressed = 0
            while len(_made(url)) == decided and pressed < _MOST_ENTERS:
                terminal.type("\r")
                pressed += 1
                waits.append(_drawn(terminal))
            if digits:
                beyond.append(pressed)
    return Typed(sorted(waits)[int(len(waits) * 0.95)], max(beyond))


_MOST_ENTERS = 3
_MOST_ITEMS = 1_000
_QUIET_SECONDS = 0.3
"""A screen that has not changed for so long is drawn."""


def _shows(keyed: str) -> Callable[[str], bool]:
    return lambda text: keyed in text


def _asked(looking: Review) -> Question:
    """What is asked in the terminal now: the item that it holds."""
    while True:
        held = [item for item in looking.items(limit=_MOST_ITEMS) if item.held_by]
        question = looking.look(held[0]) if held else None
        if question is not None:
            return question


def _made(url: str) -> Sequence[Decision]:
    with Store.open(url, create=False) as store:
        return store.reviews.made_by("bench")


def _drawn(terminal: Terminal) -> float:
    """Seconds until the screen changes; returns when nothing changes any more."""
    began = changed = time.monotonic()
    first = 0.0
    before = terminal.text
    while time.monotonic() - changed < _QUIET_SECONDS:
        terminal.read(_QUIET_SECONDS / 10)
        if terminal.text != before:
            before, changed = terminal.text, time.monotonic()
            first = first or changed - began
    return first
