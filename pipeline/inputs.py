"""Finding the documents that a command names, and what an export calls them.

A file is called by its file name, a file in a folder by its path inside the folder, with `/`, in NFC. Inputs of one
command that would share a name are called by their paths relative to their common folder. Pictures of a folder that
differ in a number only are the pages of one document (`pipeline.series`).
"""

from __future__ import annotations

import hashlib
import os
import stat
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from pipeline.messages import english
from pipeline.series import PICTURES, collect
from pipeline.store.rows import FailureRow

__all__ = ["SUFFIXES", "Input", "Inputs", "Loaded", "all_plain", "find_inputs", "load_input"]

_TEXT = frozenset({"", ".txt", ".text", ".tsv", ".csv", ".tab", ".md"})
_OFFICE = frozenset(
    {".docx", ".docm", ".doc", ".wps", ".rtf", ".odt", ".xlsx", ".xlsm", ".xls", ".et", ".ods"}
    | {".html", ".htm", ".xhtml", ".mht", ".mhtml"}
)
SUFFIXES = _TEXT | _OFFICE | PICTURES | {".pdf", ".ofd", ".zip"}
"""Suffixes, in lower case, of the files that a folder is searched for."""
_AT_HAND = 1024 * 1024
"""Bytes up to which a file is read once and sent to whoever works on it; a larger one is opened there again."""
_HEAD = 4096
"""First bytes of a file, which tell its format."""
_BLOCK = 4 * 1024 * 1024
_OURS = frozenset({".db", ".db-wal", ".db-shm", ".jsonl", ".log", ".toml"})
"""Suffixes of what formtally itself leaves in a folder, which nobody means to digitise."""
_ROUNDS = 3
"""How often names that are still shared are told apart by their folders, before their absolute paths must do."""


@dataclass(frozen=True, slots=True)
class Input:
    """A file to digitise, or several that are the pages of one document.

    `source` is its path as found and `location` the absolute one, both as text that can be written, of the first of
    several; `paths` are what opens them. `size` is its bytes when found.
    """

    name: str
    source: str
    location: str
    paths: tuple[str, ...]
    size: int


@dataclass(frozen=True, slots=True)
class Loaded:
    """The hash of an input, and its bytes where they are few."""

    sha256: str
    data: bytes | None


@dataclass(slots=True)
class Inputs:
    """What the paths of a command lead to.

    `unreadable` are files and folders that could not be looked at, with the reason; `other_kinds` counts, by suffix,
    files in folders of kinds that are not read. With `pages_as_documents`, numbered pictures are no series.
    """

    files: list[Input] = field(default_factory=list)
    unreadable: list[tuple[Input, FailureRow]] = field(default_factory=list)
    other_kinds: Counter[str] = field(default_factory=Counter)
    pages_as_documents: bool = False

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for file in self.files)


def find_inputs(
    paths: Iterable[str], *, pages_as_documents: bool = False, stop: Callable[[], None] = lambda: None
) -> Inputs:
    """Find the files that paths lead to, sorted by name; folders are searched to any depth.

    Numbered pictures of a folder are one document, unless `pages_as_documents` says that each is one. Hidden files and
    folders are skipped, and a folder that was searched is not searched again under another path, so links in a circle
    end. A file is taken once, however often the paths lead to it. `stop` is called before each folder; what it raises
    ends the search.
    """
    search = _Search(stop)
    for path in paths:
        search.path(path)
    found = search.inputs
    found.pages_as_documents = pages_as_documents
    if not pages_as_documents:
        found.files = [*search.named, *_joined(search.found)]
    else:
        found.files = [*search.named, *(file for _, file in search.found)]
    found.files = sorted(_told_apart(found.files), key=lambda file: (file.name, file.source))
    return found


def load_input(file: Input, most: int) -> Loaded | FailureRow:
    """The hash, and the bytes if they are few; the failure where a file cannot be read or has more than `most` bytes.

    The hash of several files is that of their bytes one behind the other.
    """
    if file.size > most:
        return FailureRow("too_large", english("failure.too_large"))
    whole = hashlib.sha256()
    kept: list[bytes] = []
    size = 0
    try:
        for path in file.paths:
            with open(path, "rb") as stream:
                while block := stream.read(_BLOCK):
                    whole.update(block)
                    size += len(block)
                    if size > most:
                        return FailureRow("too_large", english("failure.too_large"))
                    if size <= _AT_HAND and len(file.paths) == 1:
                        kept.append(block)
    except OSError as error:
        return _failure(error)
    return Loaded(whole.hexdigest(), b"".join(kept) if size <= _AT_HAND and len(file.paths) == 1 else None)


def all_plain(files: Iterable[Input], is_plain: Callable[[str, bytes], bool]) -> bool:
    """Are all files plain text by their first bytes, so that this process may open them itself?"""
    for file in files:
        if len(file.paths) > 1 or PurePath(file.name).suffix.lower() not in _TEXT:
            return False
        try:
            with open(file.paths[0], "rb") as stream:
                if not is_plain(file.name, stream.read(_HEAD)):
                    return False
        except OSError:
            continue  # its failure is told when it is read
    return True


def _joined(found: Sequence[tuple[str, Input]]) -> list[Input]:
    """The files of searched folders, numbered pictures of a folder as one; each comes with the folder's own name."""
    out = []
    for name, files in collect([(file.name, folder, file) for folder, file in found]):
        first = files[0]
        if len(files) == 1:
            out.append(first)
        else:
            paths = tuple(path for file in files for path in file.paths)
            out.append(replace(first, name=name, paths=paths, size=sum(file.size for file in files)))
    return out


class _Search:
    """A search under way: what was found, and where it has been."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self.inputs = Inputs()
        self.named: list[Input] = []
        """Files that the command names itself."""
        self.found: list[tuple[str, Input]] = []
        """Files that folders hold, with the name of the folder that was searched."""
        self._stop = stop
        self._files: set[str] = set()
        self._folders: set[tuple[int, int]] = set()

    def path(self, path: str) -> None:
        """Take a path of the command line: a file of any kind, or all that a folder holds."""
        name = PurePath(os.path.abspath(path)).name or path
        try:
            status = os.stat(path)
        except OSError as error:
            self._fail(path, name, error)
            return
        if stat.S_ISDIR(status.st_mode):
            self._folders_below(path)
        elif stat.S_ISREG(status.st_mode):
            if (file := self._file(path, name, status.st_size)) is not None:
                self.named.append(file)
        else:
            self._fail(path, name, None)

    def _folders_below(self, path: str) -> None:
        root = PurePath(os.path.abspath(path)).name or path
        waiting = [(path, "")]
        while waiting:
            folder, inside = waiting.pop()
            self._stop()
            try:
                status = os.stat(folder)
                if (status.st_dev, status.st_ino) in self._folders:
                    continue
                self._folders.add((status.st_dev, status.st_ino))
                with os.scandir(folder) as entries:
                    ordered = sorted(entries, key=lambda entry: entry.name)
            except OSError as error:
                self._fail(folder, inside or root, error)
                continue
            below = []
            for entry in ordered:
                name = f"{inside}/{entry.name}" if inside else entry.name
                if not entry.name.startswith(".") and self._is_folder(entry, name, root):
                    below.append((entry.path, name))
            waiting.extend(reversed(below))

    def _is_folder(self, entry: os.DirEntry[str], name: str, root: str) -> bool:
        """Take an entry that is a file; true for a folder, which is searched later."""
        try:
            if entry.is_dir():
                return True
            status = entry.stat()
        except OSError as error:
            self._fail(entry.path, name, error)
            return False
        suffix = PurePath(entry.name).suffix.lower()
        if suffix in _OURS:
            return False
        if suffix not in SUFFIXES:
            self.inputs.other_kinds[suffix] += 1
        elif stat.S_ISREG(status.st_mode) and (file := self._file(entry.path, name, status.st_size)) is not None:
            self.found.append((_nfc(root), file))
        return False

    def _file(self, path: str, name: str, size: int) -> Input | None:
        """The input of a file; None where it was found before."""
        location = _writable(os.path.abspath(path))
        if location in self._files:
            return None
        self._files.add(location)
        return Input(_nfc(name), _writable(path), location, (path,), size)

    def _fail(self, path: str, name: str, error: OSError | None) -> None:
        file = Input(_nfc(name), _writable(path), _writable(os.path.abspath(path)), (path,), 0)
        self.inputs.unreadable.append((file, _failure(error)))


def _failure(error: OSError | None) -> FailureRow:
    """The failure of what cannot be opened; None stands for what is neither a file nor a folder."""
    if error is None:
        return FailureRow("unreadable.kind", english("failure.unreadable.kind"))
    if isinstance(error, FileNotFoundError):
        return FailureRow("unreadable.missing", english("failure.unreadable.missing"))
    if isinstance(error, PermissionError):
        return FailureRow("unreadable.permission", english("failure.unreadable.permission"))
    return FailureRow("unreadable", english("failure.unreadable", cause=error.strerror or type(error).__name__))


def _told_apart(files: list[Input]) -> list[Input]:
    """The files under names of which no two are the same."""
    for round_number in range(_ROUNDS + 2):
        by_name: dict[str, list[int]] = {}
        for index, file in enumerate(files):
            by_name.setdefault(file.name, []).append(index)
        shared = [group for group in by_name.values() if len(group) > 1]
        if not shared:
            break
        files = list(files)
        for group in shared:
            for index, name in zip(group, _longer_names([files[i] for i in group], round_number), strict=True):
                files[index] = replace(files[index], name=name)
    return files


def _longer_names(files: list[Input], round_number: int) -> list[str]:
    """Names that tell more of the path; from round to round, all of it, and all of it as the file system spells it."""
    locations = [file.location for file in files]
    if round_number > _ROUNDS:
        return locations
    if round_number == _ROUNDS:
        return [_nfc(location) for location in locations]
    try:
        common = os.path.commonpath([os.path.dirname(location) for location in locations])
    except ValueError:  # paths on several drives have no common folder
        return [_nfc(location) for location in locations]
    return [_nfc(os.path.relpath(location, common).replace(os.sep, "/")) for location in locations]


def _writable(path: str) -> str:
    """A path as text that any file can hold: bytes of its name that are no UTF-8 are written `\\xff`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _nfc(name: str) -> str:
    return unicodedata.normalize("NFC", _writable(name))
