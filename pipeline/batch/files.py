"""Files of requests and of answers, a JSON object a line, as the OpenAI batch API has them.

What is written is exactly that format. What is read may be what other runners make of it: an answer is recognised by
its `custom_id` and by the completion, wherever that stands in the line.
"""

from __future__ import annotations

import errno
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Self

from pipeline.errors import ConfigurationError, UsageError
from pipeline.export import whole_file
from pipeline.messages import say
from pipeline.model.request import Request

__all__ = [
    "ENDPOINT",
    "FileLimits",
    "Line",
    "RequestFile",
    "RequestFiles",
    "check_answers",
    "file_errors",
    "read_answers",
]

ENDPOINT = "/v1/chat/completions"

_BOM = b"\xef\xbb\xbf"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,39}")
"""Names of errors, which say what they mean and hold no text of a document."""
_PLACES = ("response", "body", "result")
_DEPTH = 4
"""Members in which a completion may stand, and how deep inside one another."""


class FileLimits(NamedTuple):
    """What one file may hold; the defaults are OpenAI's, and a megabyte is taken as a million bytes."""

    requests: int = 50_000
    bytes: int = 200_000_000


@dataclass(slots=True)
class RequestFile:
    """A file of requests to one model: the keys of those in it, and its bytes."""

    path: Path
    stream: BinaryIO
    keys: list[str] = field(default_factory=list)
    size: int = 0


class RequestFiles:
    """Requests on their way into `NAME.jsonl`, and where one file is not enough, `NAME-2.jsonl` and so on.

    A file holds requests to one model, since the batch API wants it so. A context manager: the files appear when it is
    left, each of them whole, and none of them where an exception leaves it. Raises `ConfigurationError` where they
    cannot be written.
    """

    def __init__(self, target: Path, limits: FileLimits | None = None) -> None:
        self.files: list[RequestFile] = []
        self._target = target
        self._limits = limits or FileLimits()
        self._stack = ExitStack()
        self._current: dict[str, RequestFile] = {}
        """The file that is being written for each model."""

    def write(self, request: Request, model: str) -> None:
        """Write a request to a model; its body stands in the file exactly as it would be sent."""
        head = json.dumps({"custom_id": request.key, "method": "POST", "url": ENDPOINT})
        line = f'{head[:-1]}, "body": {request.body}}}\n'.encode()
        with file_errors(self._target):
            file = self._current.get(model)
            if file is None or self._full(file, len(line)):
                file = self._next(model)
            file.stream.write(line)
        file.keys.append(request.key)
        file.size += len(line)

    def _full(self, file: RequestFile, size: int) -> bool:
        return len(file.keys) >= self._limits.requests or file.size + size > self._limits.bytes

    def _next(self, model: str) -> RequestFile:
        if full := self._current.get(model):
            full.stream.close()
        number = len(self.files) + 1
        name = self._target.name if number == 1 else f"{self._target.stem}-{number}{self._target.suffix}"
        path = self._target.with_name(name)
        temporary = self._stack.enter_context(whole_file(path))
        file = RequestFile(path, open(temporary, "wb"))  # noqa: SIM115 - closed by the next one, or at the end
        self.files.append(file)
        self._current[model] = file
        return file

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        with file_errors(self._target):
            try:
                for file in self.files:
                    file.stream.close()
            except OSError as failed:
                self._stack.__exit__(type(failed), failed, failed.__traceback__)
                raise
            self._stack.__exit__(*error)


class Line(NamedTuple):
    """A line of a file of answers: a `completion`, or the `error` that stands for one in a few words.

    `key` is the line's `custom_id`; None for a line that is no answer at all. `origin` is the hash of key and
    completion, by which a completion is known again in whatever file it comes.
    """

    number: int
    key: str | None = None
    completion: Mapping[str, Any] | None = None
    error: str = ""
    origin: str = ""


def check_answers(path: Path) -> None:
    """Raise `UsageError` where a file of answers cannot be opened."""
    try:
        with open(path, "rb") as stream:
            stream.read(1)
    except OSError as error:
        raise UsageError(say("batch.unreadable", path=path, cause=error.strerror or type(error).__name__)) from None


def read_answers(path: Path) -> Iterator[Line]:
    """The lines of a file of answers, those that are blank left out. Raises `OSError`."""
    with open(path, "rb") as stream:
        for number, line in enumerate(stream, 1):
            content = (line.removeprefix(_BOM) if number == 1 else line).strip()
            if content:
                yield _line(number, content)


def _line(number: int, content: bytes) -> Line:
    try:
        record = json.loads(content)
    except (ValueError, RecursionError):
        return Line(number)
    key = record.get("custom_id") if isinstance(record, Mapping) else None
    if not isinstance(key, str) or not key:
        return Line(number)
    if error := _error(record):
        return Line(number, key, error=error)
    completion = _completion(record)
    if completion is None:
        return Line(number, key, error="no completion")
    known = json.dumps([key, completion], sort_keys=True).encode()
    return Line(number, key, completion, origin=hashlib.sha256(known).hexdigest()[:32])


def _completion(value: Any, depth: int = _DEPTH) -> Mapping[str, Any] | None:
    """The completion in a value, also where it is a string of JSON."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if not isinstance(value, Mapping):
        return None
    if isinstance(value.get("choices"), list):
        return value
    if depth:
        for name in _PLACES:
            found = _completion(value.get(name), depth - 1)
            if found is not None:
                return found
    return None


def _error(record: Mapping[str, Any]) -> str:
    """What went wrong by the line itself; empty where nothing did."""
    response = record.get("response")
    status = response.get("status_code") if isinstance(response, Mapping) else None
    wrong = status is not None and str(status) != "200"
    error = record.get("error")
    if not wrong and not error:
        return ""
    body = response.get("body") if isinstance(response, Mapping) else None
    words = [f"HTTP {status}"] if wrong and str(status).isdecimal() else []
    if name := _name(error) or _name(body):
        words.append(name)
    return " ".join(words) or "error"


def _name(value: Any) -> str:
    """The code of an error, or else its type, where that is a name; messages are not looked at, they quote requests."""
    if isinstance(value, Mapping) and isinstance(value.get("error"), Mapping):
        value = value["error"]
    if not isinstance(value, Mapping):
        return ""
    names = [str(value.get(each) or "") for each in ("code", "type")]
    return next(filter(_NAME.fullmatch, names), "")


@contextmanager
def file_errors(target: Path) -> Iterator[None]:
    """Turn an `OSError` about a file that is written into one sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
            raise ConfigurationError(say("batch.full", path=target)) from error
        cause = error.strerror or type(error).__name__
        raise ConfigurationError(say("batch.not_written", path=target, cause=cause)) from error
