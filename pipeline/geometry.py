"""Where the leaves of a reading stand to each other: a table has columns, rows and headings, whoever reads it.

A reading names places only, so that what it says can be held against the page: leaves of a column stand below each
other, those of a row beside each other, in the order of the printed headings, and a heading that is carried down is the
nearest above. A leaf that does not is doubted; no value is looked at.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, groupby
from typing import NamedTuple

from pipeline.forms import FormType
from pipeline.reading import Doubt, Reading, Ref
from pipeline.source import Cell, Document, Layout, Section
from pipeline.vocabulary import fold

__all__ = ["HEADINGS", "carried_down", "misplaced"]

HEADINGS = ("level1", "level2")
"""Columns whose cells hold for the rows below them too."""
_MOST = 0.8
"""The share of a table's rows from which on they say how the others are laid out."""


def carried_down(path: str) -> bool:
    """Is a leaf a heading that its row may share with the rows around it?"""
    return path.endswith(_CARRIED)


_CARRIED = tuple(f".{column}" for column in HEADINGS)


class _Place(NamedTuple):
    """Where a leaf begins: cell and character, and the rows and columns that the cell covers."""

    at: tuple[int, int]
    cell: Cell

    @property
    def in_table(self) -> bool:
        return self.cell.layout is not Layout.LINES

    def on_row(self, row: int) -> bool:
        return self.cell.row <= row < self.cell.row + self.cell.row_span

    def in_column(self, column: int) -> bool:
        return self.cell.column <= column < self.cell.column + self.cell.column_span


_Grid = list[dict[str, _Place]]
"""Rows of a table: column → place, for the leaves that stand somewhere."""


def misplaced(document: Document, section: Section, form_type: FormType, reading: Reading) -> list[Doubt]:
    """Leaves that do not stand where the others of their row and column do, or where no value stands.

    Codes: `place.column`, `place.row`, `place.order`, `place.heading`, `place.label`.
    """
    vocabulary = form_type.vocabulary
    found = list(_labels(document, form_type, reading))
    table, matrix = vocabulary.table, vocabulary.matrix
    lines = [line for line in matrix.lines if f"{matrix.group}.{line}." in _groups(reading)]
    for prefixes, columns, headers in (
        ([f"{matrix.group}.{line}." for line in lines], list(matrix.columns), matrix.column_by_label),
        ([f"{table.group}[{row}]." for row in range(reading.rows)], _row_columns(form_type), table.column_by_label),
    ):
        grid = [_places(document, reading.leaves, prefix, columns) for prefix in prefixes]
        own = [{column: place for column, place in row.items() if column not in HEADINGS} for row in grid]
        heads = _headers(section.cells(document), headers, own)
        strange: dict[tuple[int, str], str] = {}
        checks = (_columns(own), _below(own, heads), _rows(own), _order(own, heads), _sequence(own), _apart(own))
        for check in checks:
            for row, column, code in check:
                strange.setdefault((row, column), code)
        for row, column, code in _headings(grid):
            strange.setdefault((row, column), code)
        found += [Doubt(f"{prefixes[row]}{column}", code) for (row, column), code in strange.items()]
    return found


def _labels(document: Document, form_type: FormType, reading: Reading) -> Iterator[Doubt]:
    """Leaves that are a word of the template, the label taken for its value; and headings that are a piece of one."""
    words = form_type.vocabulary.words
    known = form_type.vocabulary.table.headings.outer | form_type.vocabulary.table.headings.inner
    for path, ref in reading.leaves.items():
        text = "".join(fold(document.cells[cell - 1].text[start:end]) for cell, start, end in ref.parts)
        if not text:
            continue
        if not carried_down(path):
            if text.rstrip(":") in words:
                yield Doubt(path, "place.label")
        elif text not in known and any(text in heading for heading in known):
            yield Doubt(path, "place.heading")


def _groups(reading: Reading) -> set[str]:
    return {path.rpartition(".")[0] + "." for path in reading.leaves}


def _row_columns(form_type: FormType) -> list[str]:
    start = f"{form_type.vocabulary.table.group}[]."
    return [leaf.removeprefix(start) for leaf in form_type.leaves if leaf.startswith(start)]


def _places(document: Document, leaves: Mapping[str, Ref], prefix: str, columns: Sequence[str]) -> dict[str, _Place]:
    out = {}
    for column in columns:
        ref = leaves.get(prefix + column)
        if ref is not None and ref.parts and ref.parts[0].end > ref.parts[0].start:
            cell, start, _ = ref.parts[0]
            out[column] = _Place((cell, start), document.cells[cell - 1])
    return out


def _headers(cells: Sequence[Cell], labels: Mapping[str, str], grid: _Grid) -> dict[str, Cell]:
    """The headings that are printed in one piece on the line that has most of them, above the first row.

    Where each cell has a line of its own, those that follow one another.
    """
    first = min((place.at[0] for row in grid for place in row.values()), default=0)
    rows: dict[int, dict[str, Cell]] = {}
    runs: list[dict[str, Cell]] = [{}]
    for cell in cells:
        if cell.id >= first:
            break
        text = fold(cell.text).rstrip(":")
        if name := labels.get(text):
            rows.setdefault(cell.row, {})[name] = cell
            runs[-1][name] = cell
        elif text:
            runs.append({})
    for each in (rows.values(), runs):
        best = max(each, key=len, default={})
        if len(best) >= 3:
            return best
    return {}


_Strange = Iterator[tuple[int, str, str]]
"""(row, column, code)."""


def _columns(grid: _Grid) -> _Strange:
    """In a table, the leaves of a column stand in one column.

    Where walls are not real, several leaves of a row may be shifted together: a recogniser has dropped a blank cell.
    """
    usual: dict[str, int] = {}
    for column in {column for row in grid for column in row}:
        here = [row[column].cell.column for row in grid if column in row and row[column].in_table]
        if len(here) >= 3:
            most, count = Counter(here).most_common(1)[0]
            if count >= _MOST * len(here):
                usual[column] = most
    for number, row in enumerate(grid):
        known = sorted((usual[column], column) for column in row if column in usual and row[column].in_table)
        for shift, group in groupby(known, key=lambda each: row[each[1]].cell.column - each[0]):
            together = [column for _, column in group]
            shifted = len(together) > 1 and all(row[column].cell.layout is Layout.GRID for column in together)
            for column in together:
                if shift and not shifted and not row[column].in_column(usual[column]):
                    yield number, column, "place.column"


def _below(grid: _Grid, heads: Mapping[str, Cell]) -> _Strange:
    """Where walls are real, a leaf does not stand below another's heading, if most of its row stand below theirs."""
    for number, row in enumerate(grid):
        own = 0
        others: list[str] = []
        for column, place in row.items():
            above = [name for name, head in heads.items() if _covers(head, place.cell)]
            if column in above:
                own += 1
            elif column in heads and above:
                others.append(column)
        for column in others if own > len(others) else ():
            yield number, column, "place.column"


def _covers(head: Cell, cell: Cell) -> bool:
    """Does a cell of a table with real walls stand in the columns of a heading?"""
    real = head.layout is cell.layout is Layout.TABLE
    return real and head.column <= cell.column < head.column + head.column_span


def _rows(grid: _Grid) -> _Strange:
    """In a table, the leaves of a row stand in one row."""
    for number, row in enumerate(grid):
        here = {column: place for column, place in row.items() if place.in_table}
        if len(here) < 3:
            continue
        usual, count = Counter(place.cell.row for place in here.values()).most_common(1)[0]
        for column, place in here.items():
            if count * 2 <= len(here) or not place.on_row(usual):
                yield number, column, "place.row"


def _order(grid: _Grid, heads: Mapping[str, Cell]) -> _Strange:
    """The leaves of a row follow each other as those of the other rows do, and as the headings do."""
    columns = list({column: None for row in grid for column in row})
    for one, other in combinations(columns, 2):
        both = [(number, row[one].at < row[other].at) for number, row in enumerate(grid) if one in row and other in row]
        before = sum(first for _, first in both)
        usual = None
        if one in heads and other in heads:
            usual = heads[one].id < heads[other].id
        elif len(both) >= 3 and max(before, len(both) - before) >= _MOST * len(both):
            usual = before * 2 > len(both)
        if usual is None:
            continue
        for number, first in both:
            if first is not usual:
                yield number, one, "place.order"
                yield number, other, "place.order"


def _sequence(grid: _Grid) -> _Strange:
    """Down a column, leaves follow each other in the order of the rows; of two that do not, either may be wrong."""
    for column in {column for row in grid for column in row}:
        here = [(number, row[column].at) for number, row in enumerate(grid) if column in row]
        kept = _longest_rise([at for _, at in here])
        out_of_order = [(number, at) for index, (number, at) in enumerate(here) if index not in kept]
        for number, at in here:
            for other, place in out_of_order:
                if other == number or (other < number) != (place < at):
                    yield number, column, "place.order"
                    break


def _apart(grid: _Grid) -> _Strange:
    """Rows do not reach into each other: a leaf stands behind the middle of the row above, before that of the next."""
    middles = [sorted(place.at for place in row.values())[len(row) // 2] if row else None for row in grid]
    for number, row in enumerate(grid):
        before = middles[number - 1] if number else None
        behind = middles[number + 1] if number + 1 < len(grid) else None
        for column, place in row.items():
            if (before and place.at < before) or (behind and place.at > behind):
                yield number, column, "place.order"


def _longest_rise(values: Sequence[tuple[int, int]]) -> set[int]:
    """Indices of a longest strictly rising subsequence."""
    tails: list[tuple[int, int]] = []
    ends: list[int] = []
    before: list[int] = []
    for index, value in enumerate(values):
        at = bisect_left(tails, value)
        before.append(ends[at - 1] if at else -1)
        if at == len(tails):
            tails.append(value)
            ends.append(index)
        else:
            tails[at], ends[at] = value, index
    kept: set[int] = set()
    index = ends[-1] if ends else -1
    while index >= 0:
        kept.add(index)
        index = before[index]
    return kept


def _headings(grid: _Grid) -> _Strange:
    """A heading holds from where it stands to the next of its column."""
    for column in HEADINGS:
        places = {row[column].at: row[column] for row in grid if column in row}
        heads = sorted(places)
        for number, row in enumerate(grid):
            own = [place for name, place in row.items() if name not in HEADINGS]
            if column not in row or not own:
                continue
            head = row[column]
            first = min(place.at for place in own)
            if head.in_table:
                at = Counter(place.cell.row for place in own).most_common(1)[0][0]
                if head.cell.page != own[0].cell.page:  # a page break cuts a merged cell: its text is on one side
                    low, high = sorted((head.cell.row, at))
                    right = not any(low < each.cell.row <= high for each in places.values() if each.at != head.at)
                elif head.cell.row_span > 1:
                    right = head.on_row(at)
                else:
                    above = [each for each in places.values() if each.cell.row <= at]
                    right = bool(above) and max(above, key=lambda each: (each.cell.row, each.at)).at == head.at
            else:
                place = bisect_left(heads, first)
                right = place > 0 and heads[place - 1] == head.at
            if not right:
                yield number, column, "place.heading"
