"""What goes wrong inside a document, collected as failures that say what and where, and never quote the document."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.messages import english
from pipeline.reading import Reading
from pipeline.source import Document, Section
from pipeline.store.rows import FailureRow

if TYPE_CHECKING:
    from pipeline.forms import FormType

__all__ = ["UNASKED", "Reader", "Trouble"]

UNASKED = frozenset({"model.pending", "model.budget", "model.stopped"})
"""Why a model was not asked about a form: it will be, by the same command again."""
Reader = Callable[[Document, Section, "FormType"], Reading]


class Trouble:
    """What went wrong inside a document, collected as failures without personal values."""

    def __init__(self) -> None:
        self.failures: list[FailureRow] = []
        self.tracebacks: list[str] = []

    def note(self, code: str, error: Exception, section: Section | None = None, *, page: int = 0) -> None:
        """Keep an error: its kind and place, never its words, which may quote the document."""
        if isinstance(error, MemoryError):
            code = "memory"
        frames = traceback.extract_tb(error.__traceback__)
        place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
        message = english(f"failure.{code}", kind=type(error).__name__, place=place)
        form_type, ordinal = (section.form_type, section.ordinal) if section else (None, 0)
        self.failures.append(FailureRow(code, message, form_type, ordinal, page))
        self.tracebacks.append("".join([*traceback.format_list(frames), type(error).__name__, "\n"]))

    def model(self, problem: str, section: Section) -> None:
        """Keep that a model gave no answer; what was not asked for is no failure."""
        if problem not in UNASKED:
            self.failures.append(FailureRow(problem, english(f"failure.{problem}"), section.form_type, section.ordinal))

    def read(self, reader: Reader, document: Document, section: Section, form_type: FormType) -> Reading | None:
        """The reading of a section; None, and a failure, where the reader breaks on it."""
        try:
            return reader(document, section, form_type)
        except Exception as error:
            self.note("reader.failed", error, section)
            return None
