"""Lines that are typed, or come through a pipe: the answers of whoever is asked without a screen."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console
from rich.text import Text

from pipeline.review.excerpt import printable

__all__ = ["Left", "hear"]


class Left(Exception):
    """The person has left."""


def hear(source: TextIO, out: Console, prompt: str) -> str:
    """The next line that is typed. Raises `Left` where there is none any more."""
    out.print(Text(f"{printable(prompt)} > "), end="", soft_wrap=True)
    out.file.flush()
    line = source.readline()
    if not line or not source.isatty():
        out.print()
    if not line:
        raise Left
    return line.rstrip("\r\n")
