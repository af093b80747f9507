"""Running `formtally` in a process of its own, as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMAND = (sys.executable, "-m", "pipeline.cli")


def environment(**extra: str) -> dict[str, str]:
    """The environment of a command: none of our own settings, and this source tree."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FORMTALLY_", "OPENAI_"))}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "COLUMNS": "100", **extra}


def formtally(folder: Path, *arguments: str | Path, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder and wait for its end."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=folder,
        env=environment(**extra),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


def start(folder: Path, arguments: Sequence[str | Path], **extra: str) -> subprocess.Popen[str]:
    """Start a command in a folder, in a process group of its own, as a terminal does."""
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=folder,
        env=environment(**extra),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )


def one_sentence(said: str) -> str:
    """The sentence of an error: one line, no traceback."""
    lines = [line for line in said.splitlines() if line.startswith("formtally: ")]
    assert len(lines) == 1, said
    assert "Traceback" not in said
    return lines[0]
