"""What can go wrong, as one sentence and an exit code.

FormtallyError                 one sentence that says what to do next
├── UsageError          2      the command was typed wrongly
├── ConflictError       2      somebody else has decided the same meanwhile
├── DocumentError              one document failed; the others go on
├── NothingUsable       4      no document of the run could be read
├── ConfigurationError  5      a setting, the store or an endpoint
└── BudgetReached       6      a limit of tokens or cost kept calls of a model from being made
"""

from __future__ import annotations

from enum import IntEnum

__all__ = [
    "BudgetReached",
    "ConfigurationError",
    "ConflictError",
    "DocumentError",
    "ExitCode",
    "FormtallyError",
    "NothingUsable",
    "UsageError",
]


class ExitCode(IntEnum):
    """Exit codes of every command."""

    DONE = 0
    INTERNAL = 1
    USAGE = 2
    SOME_FAILED = 3
    NOTHING_USABLE = 4
    CONFIGURATION = 5
    BUDGET = 6
    INTERRUPTED = 130


class FormtallyError(Exception):
    """An error of the user's world, not of ours: shown as its one sentence, never as a traceback."""

    exit_code = ExitCode.INTERNAL


class UsageError(FormtallyError):
    """The command line asks for something that cannot be."""

    exit_code = ExitCode.USAGE


class ConflictError(FormtallyError):
    """Somebody else decided, or is deciding, the same meanwhile; nothing of it was changed."""

    exit_code = ExitCode.USAGE


class DocumentError(FormtallyError):
    """One document cannot be read; a row in the store, never the end of a run.

    `code` is stable (`empty`, `binary`, `encoding`, ...) and is what the store keeps beside the sentence.
    """

    exit_code = ExitCode.SOME_FAILED

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[type[DocumentError], tuple[str, str]]:
        """Survive the way home from a worker process."""
        return type(self), (self.code, str(self))


class NothingUsable(FormtallyError):
    """Not one document of the command could be read."""

    exit_code = ExitCode.NOTHING_USABLE


class ConfigurationError(FormtallyError):
    """A setting, the store or an endpoint is not usable as it is."""

    exit_code = ExitCode.CONFIGURATION


class BudgetReached(FormtallyError):
    """A limit of tokens or cost was reached before everything was read; what was read is in the store."""

    exit_code = ExitCode.BUDGET
