"""A section as a model sees it: its cells numbered in reading order, a line a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from pipeline.source import Cell, Layout
from pipeline.vocabulary import fold

__all__ = ["Numbered", "as_shown", "number_cells"]

_BRACKETS = str.maketrans("[]", "［］")
"""A document may hold what looks like a number of ours; full-width brackets are equal when quotes are compared."""
_BLANK = "[]"


@dataclass(frozen=True, slots=True)
class Numbered:
    """The cells that are shown, number 1 first, and the numbers that stand in each line of what is shown."""

    cells: tuple[Cell, ...]
    lines: tuple[tuple[int, ...], ...]
    shown: tuple[str, ...]

    def text(self) -> str:
        """All lines, as they stand in a prompt."""
        return "\n".join(self.shown)


def number_cells(cells: Sequence[Cell]) -> Numbered:
    """Number the cells that say something.

    A cell is shown as `[12]text`, in a table `[12↓3→2]text` where it spans three rows and two columns; a blank cell of
    a row of a table, up to the last one that says something, as `[]`.
    """
    said: list[Cell] = []
    lines: list[tuple[int, ...]] = []
    shown: list[str] = []
    for _, row in groupby(cells, key=lambda cell: (cell.row, cell.page)):
        numbers: list[int] = []
        words: list[str] = []
        for cell in _without_blank_end(row):
            text = as_shown(cell.text)
            if not fold(text):
                if cell.layout is not Layout.LINES:
                    words.append(_BLANK)
                continue
            said.append(cell)
            numbers.append(len(said))
            words.append(f"[{len(said)}{''.join(_spans(cell))}]{text}")
        if numbers:
            lines.append(tuple(numbers))
            shown.append(" ".join(words))
    return Numbered(tuple(said), tuple(lines), tuple(shown))


def as_shown(text: str) -> str:
    """Text of a cell on one line; half a character out of an odd file, which JSON over HTTP cannot carry, as `?`."""
    if text.isalnum():
        return text
    return " ".join(text.split()).translate(_BRACKETS).encode("utf-8", "replace").decode()


def _without_blank_end(row: Iterable[Cell]) -> list[Cell]:
    cells = list(row)
    while cells and not fold(cells[-1].text):
        cells.pop()
    return cells


def _spans(cell: Cell) -> Iterator[str]:
    if cell.row_span > 1:
        yield f"↓{cell.row_span}"
    if cell.column_span > 1:
        yield f"→{cell.column_span}"
