"""Ctrl-C and SIGTERM as a request that is granted at safe points, so that a transaction or a file is finished first."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

from pipeline.errors import ExitCode, FormtallyError

__all__ = ["Interrupted", "Interruption"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(FormtallyError):
    """Somebody stopped a command; the sentence says what is done and how to go on."""

    exit_code = ExitCode.INTERRUPTED


class Interruption:
    """While entered, a first signal is only noted, and `check` raises `KeyboardInterrupt`; a second one raises at once.

    Outside the main thread, where Python delivers no signals, it does nothing.
    """

    def __init__(self) -> None:
        self._requested = False
        self._before: dict[signal.Signals, Any] = {}

    def check(self) -> None:
        """Raise `KeyboardInterrupt` if somebody asked to stop."""
        if self._requested:
            raise KeyboardInterrupt

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in _SIGNALS}
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if kind is None:
            self.check()

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._requested:
            raise KeyboardInterrupt
        self._requested = True
