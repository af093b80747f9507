"""The misbehaving server and the command line as processes of their own, and what each costs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

__all__ = ["Run", "Served", "begin", "finish", "plain_script", "served"]

_MODEL = "misread-1"


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs: `folder` holds `documents` and `truth`."""

    url: str
    forms: int
    folder: Path

    @property
    def documents(self) -> Path:
        """The documents that the server knows."""
        return self.folder / "documents"

    def stats(self) -> dict[str, Any]:
        """What it has sent so far."""
        with urlopen(self.url.removesuffix("/v1") + "/_stats", timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
        return found


@dataclass(frozen=True, slots=True)
class Run:
    """A run that ended: seconds by the clock and of processor, its exit code, and the end of what it wrote."""

    seconds: float
    cpu: float
    returncode: int
    message: str
    lines: list[dict[str, Any]]
    export: bytes


@contextmanager
def served(folder: Path, forms: int, *arguments: str) -> Iterator[Served]:
    """Run a server that knows so many forms, written into the folder."""
    command = [sys.executable, "-m", "benchmarks.modelserver", "--forms", str(forms), "--out", str(folder), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            said = json.loads(line) if line else {}
            if said.get("unknown") or not said:
                raise RuntimeError(f"the server did not start as it should: {line or 'it ended'}")
            yield Served(said["url"], said["forms"], folder)
        finally:
            process.send_signal(signal.SIGTERM)


def begin(server: Served, folder: Path, *, reader: str = "both", **settings: object) -> subprocess.Popen[bytes]:
    """Begin `formtally run` over the documents of a server, with the store in `folder`; in a process group of its own.

    `settings` are those of the model: `concurrency`, `timeout_seconds` and so on.
    """
    folder.mkdir(parents=True, exist_ok=True)
    command = [str(Path(sys.executable).with_name("formtally")), "run", str(server.documents), "--reader", reader]
    command += ["--db", f"sqlite:///{folder}/store.db", "--export", str(folder / "export.jsonl")]
    known = {"url": server.url, "name": _MODEL, **settings}
    variables = {f"FORMTALLY_MODEL__{name.upper()}": str(value) for name, value in known.items()}
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            command,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**os.environ, **variables, "FORMTALLY_API_KEY": "none"},
            start_new_session=True,
        )


def finish(process: subprocess.Popen[bytes], folder: Path, *, since: float) -> Run:
    """Wait for a run that began at that time of `time.perf_counter`."""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - since
    process.returncode = os.waitstatus_to_exitcode(status)
    export = folder / "export.jsonl"
    data = export.read_bytes() if export.exists() else b""
    message = (folder / "log").read_text(encoding="utf-8", errors="replace")[-800:]
    lines = [json.loads(line) for line in data.splitlines()]
    return Run(seconds, usage.ru_utime + usage.ru_stime, process.returncode, message, lines, data)


def plain_script(server: Served, at_once: int, forms: int) -> dict[str, float]:
    """What the plain script says of itself: answers, seconds, seconds of processor."""
    arguments: Sequence[str] = (server.url, str(server.documents), str(at_once), str(forms), _MODEL)
    command = [sys.executable, "-m", "benchmarks.model_plain", *arguments]
    said: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return said
