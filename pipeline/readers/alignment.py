"""Laying the cells of a row against the columns of its table: by order, by position and by what can stand there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.forms import Kind
from pipeline.readers.draft import figure
from pipeline.source import Cell

__all__ = ["Column", "Cost", "Item", "lay"]

_MARGIN = 1.5
"""How much worse the next best way of laying a row must be for the best one to stand undoubted."""
_UNPLACED = 8.0
_SHIFT = 1.5
"""Cost of each column by which a cell stands further right or left of its heading than the cell before it."""


@dataclass(slots=True, eq=False)
class Item:
    """A cell with its folded text and its place in the row: its grid column where there is one, else its number."""

    cell: Cell
    text: str
    at: int


@dataclass(slots=True, eq=False)
class Column:
    """A column: its name (`?label` for a heading that is not known), where its heading stands, what fits in it.

    `end` is the place behind the heading; they are more than one apart only where cells have real spans.
    """

    name: str
    at: int
    kind: Kind
    end: int = 0


Cost = Callable[[Column, str], float]


def lay(values: Sequence[Item], columns: Sequence[Column], shift: int, cost: Cost) -> tuple[dict[str, Item], set[str]]:
    """Lay the filled cells of a row against columns: which cell each column gets, and which columns are in doubt.

    Order is kept; a cell costs what `cost` says of its text in that column, and each change of its distance from the
    heading (`shift` to begin with) costs too. Where the next best way of laying the row is nearly as good, the columns
    in which it differs are in doubt.
    """
    by_place = {column.at + shift: column for column in columns}
    straight = {by_place[item.at].name: item for item in values if item.at in by_place}
    if len(straight) == len(values):
        worst = max((cost(by_place[item.at], item.text) for item in values), default=0.0)
        if worst <= _FITS and not _half_a_pair(straight):
            return straight, set()
    return _lay_freely(values, columns, shift, cost)


_FITS = 0.9


def _half_a_pair(placed: Mapping[str, Item]) -> bool:
    """Is a weight there without a score, or the other way round?"""
    pair = [placed[name].text if name in placed else "" for name in ("weight", "score")]
    return (figure(pair[0]) is None) != (figure(pair[1]) is None)


def _lay_freely(
    values: Sequence[Item], columns: Sequence[Column], shift: int, cost: Cost
) -> tuple[dict[str, Item], set[str]]:
    """Cheapest way of laying, by dynamic programming forwards and backwards over (cell, column)."""
    n, m = len(values), len(columns)
    if not n or not m:
        return {}, set()
    own = [[cost(column, item.text) for column in columns] for item in values]
    skip = [0.0]
    for column in columns:
        skip.append(skip[-1] + _SKIP.get(column.name, 0.3))

    def step(i: int, j: int, k: int, q: int) -> float:
        """From cell i in column j to cell k in column q; i = -1 begins, k = n ends."""
        before = values[i].at - columns[j].at if i >= 0 else shift
        moved = abs(values[k].at - columns[q].at - before) if k < n else 0
        skipped = skip[q] - skip[j + 1]
        half = 0.0
        if i >= 0 and k < n and columns[j].name == "weight" and columns[q].name == "score":
            half = 2.0 if (figure(values[i].text) is None) != (figure(values[k].text) is None) else 0.0
        elif (i >= 0 and columns[j].name == "weight" and figure(values[i].text) is not None) or (
            k < n and columns[q].name == "score" and figure(values[k].text) is not None
        ):
            half = 2.0
        return _SHIFT * moved + skipped + half + _UNPLACED * (k - i - 1)

    forward = [[0.0] * m for _ in range(n)]
    for k in range(n):
        for q in range(m):
            best = step(-1, -1, k, q)
            for i in range(k):
                for j in range(q):
                    best = min(best, forward[i][j] + step(i, j, k, q))
            forward[k][q] = best + own[k][q]
    backward = [[0.0] * m for _ in range(n)]
    follow: list[list[tuple[int, int] | None]] = [[None] * m for _ in range(n)]
    for i in range(n - 1, -1, -1):
        for j in range(m - 1, -1, -1):
            best, at = step(i, j, n, m), None
            for k in range(i + 1, n):
                for q in range(j + 1, m):
                    total = step(i, j, k, q) + own[k][q] + backward[k][q]
                    if total < best:
                        best, at = total, (k, q)
            backward[i][j], follow[i][j] = best, at
    via = [[forward[i][j] + backward[i][j] for j in range(m)] for i in range(n)]
    lowest = min(map(min, via))
    chosen: dict[int, int] = {}
    start: tuple[int, int] | None = min(
        (via[i][j], i, (i, j)) for i in range(n) for j in range(m) if via[i][j] <= lowest + 1e-9
    )[2]
    while start is not None:
        chosen[start[0]] = start[1]
        start = follow[start[0]][start[1]]
    doubtful: set[str] = set()
    for i in range(n):
        for j in range(m):
            if chosen.get(i) != j and via[i][j] < lowest + _MARGIN:
                doubtful.add(columns[j].name)
                if i in chosen:
                    doubtful.add(columns[chosen[i]].name)
    return {columns[j].name: values[i] for i, j in chosen.items()}, doubtful


_SKIP = {"level1": 0.0, "level2": 0.0, "deviation": 0.0, "name": 0.6, "target": 0.6, "actual": 0.6}
