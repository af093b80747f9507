"""What tests of batches share: made-up forms with a brain that knows them, commands, a runner of batch files."""

from __future__ import annotations

import json
import os
import signal
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from benchmarks.modelserver import Faults, ModelServer
from benchmarks.modelserver.brain import Brain
from pipeline.cli import main
from pipeline.forms import form_types
from samples.generate import make_document

__all__ = [
    "MODEL",
    "CountingBrain",
    "Ended",
    "FailingServer",
    "Shell",
    "answer_lines",
    "body_of",
    "calls",
    "contents",
    "lines_of",
    "some_cut",
    "sql",
    "write_forms",
    "write_lines",
]

MODEL = "m"


class CountingBrain:
    """A brain that knows the forms of `write_forms`, and counts how often it was asked each question."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self._brain = Brain(form_types()[0])

    def learn(self, name: str, seed: int, shape: str) -> str:
        """Learn a document; its text."""
        document = make_document(seed, 1, shape, prose_in_front=False)
        assert self._brain.learn(name, document) == 1
        return document.text

    def __call__(self, body: dict[str, Any], asked_before: int) -> str:
        self.asked[json.dumps(body, ensure_ascii=False)] += 1
        return self._brain(body, asked_before)


def write_forms(folder: Path, number: int) -> CountingBrain:
    """Write documents of one form each; the brain that knows them."""
    folder.mkdir(parents=True)
    brain = CountingBrain()
    shapes = ("tsv", "word", "lines", "flat", "cells")
    for seed in range(1, number + 1):
        written = brain.learn(f"{seed}", seed, shapes[seed % len(shapes)])
        (folder / f"{seed}.txt").write_text(written, encoding="utf-8", newline="")
    return brain


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    error: str


class Shell:
    """Runs commands in a folder, in this process, as the command line would."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._patch = monkeypatch
        self._capsys = capsys
        for name in [name for name in os.environ if name.startswith(("FORMTALLY_", "OPENAI_"))]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("COLUMNS", "500")
        monkeypatch.setenv("FORMTALLY_JOBS", "1")
        monkeypatch.setenv("FORMTALLY_MODEL__NAME", MODEL)

    def set(self, **settings: object) -> None:
        """Settings of the model, by their names."""
        for name, value in settings.items():
            self._patch.setenv(f"FORMTALLY_MODEL__{name.upper()}", str(value))

    def __call__(self, *arguments: str | Path, code: int | None = 0) -> Ended:
        """Run a command, which is to end with that code."""
        self._patch.chdir(self.folder)
        self._capsys.readouterr()
        ended = main([str(argument) for argument in arguments])
        said = self._capsys.readouterr()
        assert code is None or ended == code, (ended, said)
        return Ended(ended, said.out, said.err)


class FailingServer(ModelServer):
    """A server that does what it is asked about files and batches, and then something happens, once."""

    def __init__(self, brain: Callable[[dict[str, Any], int], str], **more: Any) -> None:
        super().__init__(brain, **more)
        self.point: tuple[str, str, int] | None = None
        """The method, the kind and the number of further parts of the path after which it happens."""
        self.happens: Callable[[], None] = self.break_off

    def break_off(self) -> None:
        """The connection breaks."""
        raise ConnectionError

    def kill(self, process: int) -> Callable[[], None]:
        """The command that asks is killed."""

        def happens() -> None:
            os.kill(process, signal.SIGKILL)
            raise ConnectionError

        return happens

    def _filed(self, asked: Any, method: str, kind: str, rest: list[str]) -> Any:
        reply = super()._filed(asked, method, kind, rest)
        if (method, kind, len(rest)) == self.point:
            self.point = None
            self.happens()
        return reply


def lines_of(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of JSON Lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def body_of(line: bytes) -> bytes:
    """The body in a line of a request file, exactly as it stands there."""
    return line.partition(b'"body": ')[2][:-1]


def some_cut(path: Path) -> Faults:
    """Faults that wrap answers, and that cut some of the requests in a file short, and not all of them."""
    bodies = [blake2b(body_of(line), digest_size=16).hexdigest() for line in path.read_bytes().splitlines()]
    for seed in count():
        faults = Faults(seed=seed, fence=0.5, prose=0.5, think=0.5, cut=0.4)
        if 0 < sum(faults.strikes("cut", body) for body in bodies) < len(bodies):
            return faults
    raise AssertionError


def answer_lines(url: str, *paths: Path) -> list[dict[str, Any]]:
    """What a runner of batches makes of request files: each body is sent exactly as it stands in its line."""
    answers: list[dict[str, Any]] = []
    for path in paths:
        for line in path.read_bytes().splitlines():
            request = json.loads(line)
            body = body_of(line)
            sent = urllib.request.Request(f"{url}{request['url'].removeprefix('/v1')}", data=body)
            with urllib.request.urlopen(sent) as response:
                completion = json.loads(response.read())
            answers.append(
                {
                    "id": f"batch_req_{len(answers)}",
                    "custom_id": request["custom_id"],
                    "response": {"status_code": 200, "request_id": "r", "body": completion},
                    "error": None,
                }
            )
    return answers


def write_lines(path: Path, lines: Iterable[object]) -> Path:
    """Write objects as JSON Lines."""
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return path


_KEPT = {
    "answer": "key, digest, form_type, shape, model, cut, hex(payload)",
    "call": "key, model, outcome, status, prompt_tokens, cached_tokens, completion_tokens, cost",
    "reading": "key, digest, form_type, reader, version, hex(payload)",
}


def contents(folder: Path, *tables: str) -> dict[str, list[tuple[object, ...]]]:
    """What the store of a folder holds, but for when, in which run and how fast."""
    engine = create_engine(f"sqlite:///{folder}/formtally.db")
    with engine.connect() as connection:
        found = {
            table: sorted(tuple(row) for row in connection.execute(text(f"SELECT {columns} FROM {table}")))
            for table, columns in _KEPT.items()
            if not tables or table in tables
        }
    engine.dispose()
    return found


def calls(folder: Path) -> Sequence[tuple[object, ...]]:
    """The calls that the store of a folder counts."""
    return contents(folder, "call")["call"]


def sql(folder: Path, statement: str) -> list[tuple[object, ...]]:
    """Rows that a statement gives, or nothing where it changes some."""
    engine = create_engine(f"sqlite:///{folder}/formtally.db")
    with engine.begin() as connection:
        result = connection.execute(text(statement))
        rows = [tuple(row) for row in result] if result.returns_rows else []
    engine.dispose()
    return rows
