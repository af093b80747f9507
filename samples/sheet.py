"""Text under construction: what is put down, and where every value came to stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from samples.content import Segments

__all__ = ["Placed", "Sheet"]


class Placed(NamedTuple):
    """A cell as printed: grid row and column, its half-open range in the text, the leaves whose value it holds."""

    row: int
    column: int
    start: int
    end: int
    leaves: tuple[str, ...]


@dataclass(slots=True)
class Sheet:
    """Collects text; `at` is its length so far."""

    parts: list[str] = field(default_factory=list)
    at: int = 0
    spans: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    cells: list[Placed] = field(default_factory=list)
    rows: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Range of each indicator row, from its first character to behind its last line."""

    @property
    def text(self) -> str:
        return "".join(self.parts)

    def put(self, text: str) -> None:
        """Put down what is no value."""
        self.parts.append(text)
        self.at += len(text)

    def put_value(self, text: str, leaves: tuple[str, ...]) -> None:
        """Put down a value, or a stretch of one, without a line break in it."""
        start = self.at
        self.put(text)
        for leaf in leaves:
            self.spans.setdefault(leaf, []).append((start, self.at))

    def put_segments(self, segments: Segments, newline: str = "") -> None:
        """Put down a cell; `newline` stands for the paragraph breaks in it."""
        for text, leaves in segments:
            if not leaves:
                self.put(text.replace("\n", newline))
            elif "\n" not in text:
                self.put_value(text, leaves)
            else:
                for n, line in enumerate(text.split("\n")):
                    if n:
                        self.put(newline)
                    if line:
                        self.put_value(line, leaves)

    def put_cell(self, segments: Segments, row: int, column: int, newline: str = "") -> None:
        """Put down a cell of a grid and remember its place."""
        start = self.at
        self.put_segments(segments, newline)
        leaves = tuple(leaf for _, names in segments for leaf in names)
        self.cells.append(Placed(row, column, start, self.at, leaves))
