"""The log of internal errors: where in the code they happened, never what a document says."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["write_log"]


def write_log(path: Path, subject: str, tracebacks: Iterable[str]) -> Path:
    """Append tracebacks to the log; the path of the file that took them.

    Where the log cannot be written (a folder that is not ours, a full disk), a file of the same name among the
    temporary files is tried.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    text = "".join(f"{now} {subject}\n{trace}\n" for trace in tracebacks)
    for candidate in (path, Path(tempfile.gettempdir()) / path.name):
        try:
            with open(candidate, "a", encoding="utf-8") as log:
                log.write(text)
        except OSError:
            continue
        return candidate.absolute()
    return path
