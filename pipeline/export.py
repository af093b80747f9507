"""Exports: one line a form, sorted by document and ordinal, and files that appear whole or not at all.

Lines arrive in the order in which documents are done. They wait, compressed, in a nameless file beside the target, so
memory stays flat; then they are written in order to a temporary file that is renamed. An interruption or a full disk
leaves the target as it was, and removes the temporary file.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
import stat
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ConfigurationError, UsageError
from pipeline.lines import with_keys
from pipeline.messages import say
from pipeline.work import Outcome

if TYPE_CHECKING:
    from pipeline.review.audit import Measured

__all__ = ["Format", "Spool", "check_target", "whole_file", "write_export"]


class Format(StrEnum):
    """Formats of an export. `csv` and `parquet` are folders of tables, `xlsx` is one file of the same tables."""

    JSONL = "jsonl"
    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"

    @property
    def is_folder(self) -> bool:
        """Is the target a folder?"""
        return self in (Format.CSV, Format.PARQUET)


class Spool:
    """Export lines of documents, taken in any order and given back in that of the documents' names.

    They wait beside the target, or without one among the temporary files.
    What goes wrong while lines are taken is raised when they are wanted back: the run that brings them goes on.
    """

    def __init__(self, target: Path | None = None) -> None:
        self._target = target or Path(tempfile.gettempdir())
        folder = _real(target).parent if target else None
        with _file_errors(self._target):
            # Nameless, so that a killed run leaves nothing behind.
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed with the spool
        self._places: list[tuple[str, str, int, int]] = []
        self._error: OSError | None = None

    def __call__(self, outcome: Outcome) -> None:
        """Take the lines of a document."""
        if not outcome.lines or self._error is not None:
            return
        try:
            at = self._file.seek(0, os.SEEK_END)
            self._file.write(outcome.lines)
        except OSError as error:
            self._error = error
            return
        self._places.append((outcome.job.name, outcome.job.source, at, len(outcome.lines)))

    def lines(self) -> Iterator[bytes]:
        """Every line, sorted by document (and path, where two share a name), then by ordinal.

        Raises `ConfigurationError` where the lines did not all fit on the disk.
        """
        with _file_errors(self._target):
            if self._error is not None:
                raise self._error
            for *_, at, length in sorted(self._places):
                self._file.seek(at)
                yield from zlib.decompress(self._file.read(length)).splitlines(keepends=True)

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # a full disk, of which `lines` has told already
            self._file.close()


def check_target(target: Path, format: Format) -> None:
    """Raise `UsageError` where an export cannot be written to, before any work is done for it."""
    if not target.absolute().parent.is_dir():
        raise UsageError(say("export.folder", folder=target.absolute().parent))
    if format.is_folder:
        if target.exists() and not _is_export_folder(target, format):
            raise UsageError(say("export.not_ours", path=target, format=format.value))
    elif target.is_dir():
        raise UsageError(say("export.is_folder", path=target))


def write_export(
    lines: Iterable[bytes],
    target: Path,
    format: Format,
    *,
    stop: Callable[[], None] = lambda: None,
    audit: Measured | None = None,
) -> int:
    """Write lines, which come in order, as an export; the number of forms. `stop` is called for every form.

    `audit` is what audits of the store have found; it stands on every line, or in a table of its own.
    """
    count = 0

    def counted() -> Iterator[bytes]:
        nonlocal count
        for line in lines:
            stop()
            yield line
            count += 1

    with _file_errors(target):
        if format.is_folder:
            with _whole_folder(target) as folder:
                _write_tables(counted(), folder, format, audit)
        else:
            with whole_file(target) as file:
                if format is Format.JSONL:
                    said = None if audit is None else {"audit": audit.data()}
                    with open(file, "wb") as stream:
                        for line in counted():
                            stream.write(line if said is None else with_keys(line, said))
                else:
                    _write_tables(counted(), file, format, audit)
    return count


def _write_tables(lines: Iterable[bytes], target: Path, format: Format, audit: Measured | None) -> None:
    from pipeline.forms import form_types
    from pipeline.sheets import writer
    from pipeline.tables import AUDIT, Tables, audit_rows

    tables = Tables(form_types())
    with writer(format.value, target, [*tables.shapes, *([AUDIT] if audit is not None else [])]) as write:
        for row in audit_rows(audit) if audit is not None else ():
            write(AUDIT.name, row)
        for line in lines:
            for table, row in tables.rows(json.loads(line)):
                write(table, row)


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """A temporary file that becomes the target at the end, or is removed. A device or a pipe is written directly."""
    real = _real(target)
    if real.exists() and not stat.S_ISREG(real.stat().st_mode):
        yield real
        return
    temporary = real.with_name(f".{real.name}.{secrets.token_hex(4)}.part")
    try:
        yield temporary
        with open(temporary, "rb") as stream:
            os.fsync(stream.fileno())
        os.replace(temporary, real)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


@contextmanager
def _whole_folder(target: Path) -> Iterator[Path]:
    """A temporary folder that becomes the target at the end, or is removed."""
    real = _real(target)
    token = secrets.token_hex(4)
    temporary = real.with_name(f".{real.name}.{token}.part")
    old = real.with_name(f".{real.name}.{token}.old")
    temporary.mkdir()
    try:
        yield temporary
        if real.exists():
            os.replace(real, old)
        os.replace(temporary, real)
    except BaseException:
        if old.exists() and not real.exists():
            os.replace(old, real)
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _is_export_folder(folder: Path, format: Format) -> bool:
    """May the folder be replaced? Only if it holds nothing but an export of this format."""
    if not folder.is_dir():
        return False
    files = list(folder.iterdir())
    ours = all(file.is_file() and file.suffix == f".{format.value}" for file in files)
    return not files or (ours and any(file.stem == "forms" for file in files))


def _real(target: Path) -> Path:
    """Where the target really is: a link is written through, not replaced."""
    return Path(os.path.realpath(target))


@contextmanager
def _file_errors(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
            raise ConfigurationError(say("export.full", path=target)) from error
        cause = error.strerror or type(error).__name__
        raise ConfigurationError(say("export.failed", path=target, cause=cause)) from error
