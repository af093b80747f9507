"""How fast `formtally run` is, and how much memory its processes take, on bulk sets of made-up forms."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from samples.generate import SHAPES, bulk

__all__ = ["Run", "run_bulk"]

_PER_FILE = 20
_SAMPLED_EVERY = 0.05
"""Seconds between two looks at the memory of the processes."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run over `forms` forms. `peak` is the most memory that all its processes held together, in bytes."""

    forms: int
    lines: int
    """Forms in the export."""
    seconds: float
    peak: int
    returncode: int
    message: str
    """The end of what the command wrote, where it failed."""

    @property
    def rate(self) -> float:
        """Forms a second."""
        return self.forms / self.seconds


def _children(pid: int) -> Iterator[int]:
    """The process and all below it."""
    yield pid
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split():
                yield from _children(int(child))
    except OSError:
        return


def _held(pid: int) -> int:
    """Bytes that a process holds; pages that several share count for their share."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def run_bulk(forms: int, seed: int) -> Run:
    """Write that many forms of all shapes, twenty a file, and digitise the folder with an empty store."""
    with TemporaryDirectory(prefix="formtally-bench-") as folder:
        documents = Path(folder, "documents")
        documents.mkdir()
        for name, document in bulk(seed, forms, tuple(SHAPES), _PER_FILE):
            (documents / f"{name}.txt").write_text(document.text, encoding="utf-8", newline="")
        export = Path(folder, "export.jsonl")
        command = [str(Path(sys.executable).with_name("formtally")), "run", str(documents)]
        command += ["--db", f"sqlite:///{folder}/store.db", "--export", str(export)]
        log = Path(folder, "log")
        with log.open("wb") as output:
            started = time.perf_counter()
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=folder)
            peak = 0
            while process.poll() is None:
                peak = max(peak, sum(map(_held, _children(process.pid))))
                time.sleep(_SAMPLED_EVERY)
            seconds = time.perf_counter() - started
        lines = 0
        if export.exists():
            with export.open("rb") as exported:
                lines = sum(1 for _ in exported)
        said = log.read_text(encoding="utf-8", errors="replace")[-600:] if process.returncode else ""
        return Run(forms, lines, seconds, peak, process.returncode, said)
