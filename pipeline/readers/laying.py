"""From the cheapest way through a lattice to rows: their cells, what is doubted of them, and shared scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from pipeline.readers.lattice import Lattice, Step
from pipeline.readers.units import Unit
from pipeline.vocabulary import Vocabulary

__all__ = ["Laid", "Row", "lay_units"]

_DOUBT = 1.85
"""How much dearer the best other way of reading a place must be for the reading to stand undoubted."""
_STRAINED = 3.0
"""A cell, or a step between two, that costs more than this is doubted even where nothing else is nearly as good."""


@dataclass(slots=True)
class Row:
    """One row of the table: the units of each filled column."""

    cells: dict[str, list[Unit]] = field(default_factory=dict)


@dataclass(slots=True)
class Laid:
    """A stream laid into rows. `doubts` are (row, column or "" for the whole row, code); `merged` half-open row ranges
    with one score; `torn` says that so many rows have no score that the way as a whole is not to be trusted.
    """

    rows: list[Row]
    doubts: list[tuple[int, str, str]]
    merged: list[tuple[int, int]]
    torn: bool


def lay_units(units: Sequence[Unit], columns: Sequence[str], vocabulary: Vocabulary, *, spaced: bool = False) -> Laid:
    """Lay the units of an indicator table into rows and columns; `spaced` as in `gap_cost`."""
    if not units:
        return Laid([], [], [], torn=False)
    lattice = Lattice(units, columns, vocabulary, spaced=spaced)
    path = lattice.best()
    for _ in range(3):
        if not lattice.learn(path):
            break
        path = lattice.best()
    rows, places = _rows(lattice, columns, path)
    doubts = _doubts(lattice, path, places, columns)
    merged = _merge(rows, doubts, wrapped=lattice.flowing)
    torn = _torn(rows, merged, vocabulary)
    around = {r for row in torn for r in (row - 1, row, row + 1) if 0 <= r < len(rows)}
    doubts.extend((r, "", "row.torn") for r in sorted(around))
    return Laid(rows, doubts, merged, len(torn) >= 2 and len(torn) * 8 >= len(rows))


def _rows(
    lattice: Lattice, columns: Sequence[str], path: Sequence[Step]
) -> tuple[list[Row], list[tuple[int, str, bool, bool]]]:
    """The rows of a way, and for each unit its row, its column, whether its cell begins and whether its row begins."""
    rows: list[Row] = []
    places: list[tuple[int, str, bool, bool]] = []
    for step in path:
        if step.begins:
            rows.append(Row())
        piece = lattice.pieces[step.piece]
        name = columns[step.column]
        rows[-1].cells[name] = list(lattice.units[piece.first : piece.last])
        for t in range(piece.first, piece.last):
            begins = t == piece.first
            places.append((len(rows) - 1, name, begins, begins and step.begins))
    return rows, places


def _doubts(
    lattice: Lattice, path: Sequence[Step], places: Sequence[tuple[int, str, bool, bool]], columns: Sequence[str]
) -> list[tuple[int, str, str]]:
    """Leaves on both sides of every boundary that could as well be elsewhere.

    Where a row could begin a few units earlier or later, the leaves between are in doubt; where it could as well not
    begin at all, or one more could, the whole rows are.
    """
    doubts: list[tuple[int, str, str]] = []
    rivals = lattice.rivals(_DOUBT)
    runs = _text_runs(lattice.units)
    gained = [t for t, others in enumerate(rivals) if not places[t][3] and any(new_row for _, _, new_row in others)]
    missed = [t for t, others in enumerate(rivals) if places[t][3] and any(not new_row for _, _, new_row in others)]
    for t, others in enumerate(rivals):
        row, name, cell_begins, row_begins = places[t]
        for column, begins, new_row in others:
            other = columns[column]
            if (other, begins, new_row) == (name, cell_begins, row_begins):
                continue
            doubts.append((row, name, "boundary.uncertain"))
            if begins != cell_begins:
                doubts.append((places[t - 1][0], places[t - 1][1], "boundary.uncertain"))
            if new_row != row_begins:
                partners = [u for u in (missed if new_row else gained) if runs[u] == runs[t]]
                if not partners:
                    doubts.extend((r, "", "row.uncertain") for r in (max(row - 1, 0), row))
                elif other not in ("level1", "level2"):
                    there = places[partners[0]][0] if new_row else max(row - 1, 0)
                    doubts.append((there, other, "boundary.uncertain"))
            elif other not in ("level1", "level2") and other != name:
                doubts.append((row, other, "boundary.uncertain"))
        if lattice.units[t].glued:
            doubts.append((row, name, "figure.glued"))
    for before, step in zip([None, *path], path, strict=False):
        first, last = lattice.pieces[step.piece].first, lattice.pieces[step.piece].last
        if lattice.own[step.piece][step.column] >= _STRAINED:
            around = range(max(first - 1, 0), min(last + 1, len(places)))
            doubts.extend((*places[t][:2], "cell.strained") for t in around if places[t][0] == places[first][0])
        if before is not None and lattice.step_cost(first, before.column, step.column) >= _STRAINED:
            doubts.extend((*places[t][:2], "cell.strained") for t in (first - 1, first))
    for row in range(places[-1][0] + 1):
        held = {place[1] for place in places if place[0] == row}
        if ("weight" in held) != ("score" in held):
            doubts.extend((row, name, "pair.half") for name in ("weight", "score"))
    return list(dict.fromkeys(doubts))


def _text_runs(units: Sequence[Unit]) -> list[int]:
    """For each unit the number of its run of text, between headings and figures."""
    out: list[int] = []
    run = 0
    for unit in units:
        run += unit.outer or unit.inner or unit.value is not None
        out.append(run)
    return out


def _merge(rows: Sequence[Row], doubts: list[tuple[int, str, str]], *, wrapped: bool) -> list[tuple[int, int]]:
    """Rows whose weight and score are printed once for all of them.

    A row without weight and score belongs to a group with the row beside it, under the same heading, if it is whole: a
    name, a target and an actual value, each in one piece and, in wrapped text, all on one line. The pair is written at
    the group's first row. Where cells are kept apart it is printed there as well; in wrapped text it is centred, so
    that it is certain only of a group that is all there is below its heading, and doubted where its place in the text
    does not agree.
    """
    merged: list[tuple[int, int]] = []
    for start, end in _blocks(rows):
        holders = [r for r in range(start, end) if "weight" in rows[r].cells]
        bare = [r for r in range(start, end) if "weight" not in rows[r].cells and _whole_row(rows[r], wrapped)]
        if not wrapped:
            for holder, limit in pairwise([*holders, end]):
                last = next((r for r in range(holder + 1, limit) if r not in bare), limit)
                if last > holder + 1:
                    merged.append((holder, last))
        elif len(holders) == 1 and bare and holders[0] - start <= end - 1 - holders[0] and len(bare) == end - start - 1:
            merged.append((start, end))
            if holders[0] != start:
                for name in ("weight", "score"):
                    if name in rows[holders[0]].cells:
                        rows[start].cells[name] = rows[holders[0]].cells.pop(name)
                        doubts.extend((r, name, "row.merged") for r in (start, holders[0]))
        elif holders and bare:
            doubts.extend((r, name, "row.merged") for r in (*bare, *holders) for name in ("weight", "score"))
    return merged


def _blocks(rows: Sequence[Row]) -> list[tuple[int, int]]:
    """Half-open ranges of rows under one printed heading."""
    starts = [r for r, row in enumerate(rows) if r == 0 or {"level1", "level2"} & row.cells.keys()]
    return list(pairwise([*starts, len(rows)]))


def _torn(rows: Sequence[Row], merged: Sequence[tuple[int, int]], vocabulary: Vocabulary) -> list[int]:
    """Rows that hold text but neither weight nor score, without belonging to a group that shares one."""
    shared = {r for start, end in merged for r in range(start, end)}
    return [
        r
        for r, row in enumerate(rows)
        if r not in shared and not {"weight", "score"} & row.cells.keys() and _says_something(row, vocabulary)
    ]


def _says_something(row: Row, vocabulary: Vocabulary) -> bool:
    """Does a row hold more than headings, the mark of an empty row, or marks for nothing?"""
    texts = [unit for name, units in row.cells.items() if name not in ("level1", "level2") for unit in units]
    return any(not unit.nothing and vocabulary.table.marker.sub("", unit.text) for unit in texts)


def _whole_row(row: Row, wrapped: bool) -> bool:
    """Are name, target and actual value there, each in one piece, and is nothing else?"""
    units = [row.cells.get(name, []) for name in ("name", "target", "actual")]
    if any(len(each) != 1 or each[0].nothing for each in units) or "deviation" in row.cells:
        return False
    return not wrapped or len({each[0].row for each in units}) == 1
