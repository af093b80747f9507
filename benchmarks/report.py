"""What the benchmarks print: tables, examples of what went wrong, thresholds that were missed."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console

__all__ = ["Report", "percent"]


class Report:
    """Prints tables and remembers which thresholds were missed."""

    def __init__(self) -> None:
        # Wide enough for the tables where the output goes into a file.
        self.console = Console(width=None if sys.stdout.isatty() else 130)
        self.failures: list[str] = []

    def show(self, lines: Sequence[str], most: int) -> None:
        """Name the first of what went wrong."""
        for line in lines[:most]:
            self.console.print(f"  {line}", style="dim", highlight=False, markup=False)
        if len(lines) > most > 0:
            self.console.print(f"  ... and {len(lines) - most} more", style="dim")

    def require(self, holds: bool, what: str) -> None:
        """Note a threshold."""
        if not holds:
            self.failures.append(what)

    def finish(self) -> int:
        """Name the thresholds that were missed; the exit code."""
        for failure in self.failures:
            self.console.print(f"missed: {failure}", style="red")
        return 1 if self.failures else 0


def percent(part: float, whole: float) -> str:
    """A share with two decimals."""
    return f"{part / whole:.2%}" if whole else "-"
