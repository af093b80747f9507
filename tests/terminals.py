"""A terminal of a test's own: a command runs in it as in a real one, and what it shows can be read."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import pyte

from tests.commandline import COMMAND, environment

_PATIENCE_SECONDS = 30.0
_QUIET_SECONDS = 0.3
_IN_TERMINAL = 'exec "$@" < "$0" > "$0" 2>&1'
"""The leader of a new session that opens a terminal is the one whom it belongs to."""


class Terminal:
    """A pseudo-terminal with a command in the foreground, as a shell would start it.

    `answers` are what it says to the questions of commands, each once.
    """

    def __init__(
        self,
        folder: Path,
        arguments: Sequence[str | Path],
        *,
        columns: int,
        rows: int,
        answers: Mapping[str, str] | None = None,
        **extra: str,
    ) -> None:
        self._answers = dict(answers or {})
        self._master, slave = pty.openpty()
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.written = b""
        self.resize(columns, rows, tell=False)
        values = environment(TERM="xterm-256color", COLORTERM="truecolor", TEXTUAL_DISABLE_KITTY_KEY="1", **extra)
        del values["COLUMNS"]
        self.process = subprocess.Popen(
            ["sh", "-c", _IN_TERMINAL, os.ttyname(slave), *COMMAND, *map(str, arguments)],
            cwd=folder,
            env=values,
            start_new_session=True,
        )
        os.close(slave)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait()
        self.hang_up()

    def left(self) -> bool:
        """Has the command given the shell its own screen back, which the emulation knows nothing of?"""
        return self.written.rfind(b"\x1b[?1049l") > self.written.rfind(b"\x1b[?1049h")

    @property
    def lines(self) -> list[str]:
        """What stands on the screen."""
        rows = (self._screen.buffer[row] for row in range(self._screen.lines))
        # The second half of a wide character holds nothing.
        return ["".join(row[column].data for column in range(self._screen.columns)).rstrip() for row in rows]

    @property
    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines)

    def send(self, keys: str) -> None:
        """Press keys, as the bytes that a terminal sends for them."""
        os.write(self._master, keys.encode())

    def resize(self, columns: int, rows: int, *, tell: bool = True) -> None:
        """Give the terminal another size; the kernel tells the process group in the foreground."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._screen.resize(rows, columns)
        if tell:
            self._screen.erase_in_display(2)

    def wait_for(self, wanted: str | Callable[[str], bool]) -> str:
        """Read until the screen holds a text, or what a function looks for; the screen."""
        found = wanted if callable(wanted) else lambda text: wanted in text
        end = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < end:
            self._read(0.05)
            if found(self.text):
                return self.text
        raise AssertionError(f"{wanted!r} is not on the screen:\n{self.text}")

    def settle(self) -> str:
        """Read until nothing comes any more; the screen."""
        while self._read(_QUIET_SECONDS):
            pass
        return self.text

    def end(self) -> int:
        """Read until the command has ended, since it waits for whoever reads what it writes; its exit code."""
        end = time.monotonic() + _PATIENCE_SECONDS
        while self.process.poll() is None and time.monotonic() < end:
            if self._master < 0 or not self._read(0.05):
                time.sleep(0.02)
        return self.process.wait(1)

    def hang_up(self) -> None:
        """Close the terminal, as a connection that breaks does."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def _read(self, seconds: float) -> bool:
        if not select.select([self._master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # whoever had the other end has closed it
            return False
        self.written += data
        self._stream.feed(data)
        for question in [each for each in self._answers if each.encode() in self.written]:
            self.send(self._answers.pop(question))
        return bool(data)
