"""Kinds of errors that models make, each as a function that makes one of its kind on a form where it can."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cached_property
from random import Random

from pipeline.forms import FormType, Kind, pattern
from pipeline.readers.draft import FIGURE, Draft, whole
from pipeline.readers.llm.wire import Layout, layout_of
from pipeline.reading import Part, Reading, Ref, RefKind
from pipeline.source import Cell, Document, Section
from pipeline.values import value_of
from pipeline.vocabulary import fold

__all__ = ["KINDS", "QUOTES_ONLY", "Error", "Page", "printed", "row_of", "said"]

_HEADINGS = ("level1", "level2")
_ONCE = ("weight", "score")
_BLOCK = (2, 5)
"""A block that slips has so many rows."""
_ROW = re.compile(r"\[([0-9]+)\]")


@dataclass(frozen=True, slots=True)
class Error:
    """One error on a reading: leaves by path that refer elsewhere, rows that are left out, rows that come twice."""

    kind: str
    persistent: bool
    puts: Mapping[str, Ref] = field(default_factory=dict)
    dropped: int | None = None
    doubled: int | None = None


def row_of(path: str) -> int | None:
    """The row of a leaf of the table."""
    found = _ROW.search(path)
    return int(found[1]) if found else None


def printed(ref: Ref) -> bool:
    """Is something printed for the leaf, be it a dash?"""
    return ref.kind in (RefKind.AT, RefKind.DASH)


def said(document: Document, form_type: FormType, path: str, ref: Ref) -> str:
    """What a reference makes of a leaf: its value, blank for none, the place itself where there is nothing to find."""
    if ref.kind is RefKind.KEYED:
        return ref.keyed or ""
    if ref.kind is RefKind.LOST:
        return "?"
    if ref.kind is not RefKind.AT:
        return ""
    value = value_of(form_type.leaves.get(pattern(path), Kind.NUMBER), ref.parts, document.cells)
    return value.value or value.printed


class Page:
    """A form as errors see it: its leaves and rows, its cells, and what would make a difference."""

    def __init__(
        self, document: Document, section: Section, form_type: FormType, reading: Reading, *, quotes: bool
    ) -> None:
        self.form_type = form_type
        self.reading = reading
        self.leaves = reading.leaves
        self.quotes = quotes
        self.layout: Layout = layout_of(form_type)
        self.cells: list[Cell] = [cell for cell in section.cells(document) if fold(cell.text)]
        self._document = document
        self._draft = Draft(form_type, section.cells(document))

    @cached_property
    def covered(self) -> set[int]:
        """Rows whose weight and score are printed with a row above."""
        return {row for first, last in self.reading.merged for row in range(first + 1, last)}

    @cached_property
    def own(self) -> list[str]:
        """Columns of the table that belong to one row only."""
        return [column for column in self.layout.row if column not in _HEADINGS]

    @cached_property
    def figures(self) -> list[Cell]:
        """Cells that hold a figure and nothing else."""
        return [cell for cell in self.cells if FIGURE.fullmatch(fold(cell.text))]

    @cached_property
    def bands(self) -> list[list[str]]:
        """Leaves that stand side by side: the fields, each line of the money block, each row of the table."""
        table = [[self.row(row, column) for column in self.own] for row in range(self.reading.rows)]
        lines = [
            [f"{group}.{line}.{column}" for column in columns]
            for group, each in self.layout.lines.items()
            for line, columns in each.items()
        ]
        return [list(self.layout.single), *lines, *table]

    @cached_property
    def columns(self) -> list[list[str]]:
        """Leaves that stand one below the other."""
        table = [[self.row(row, column) for row in range(self.reading.rows)] for column in self.own]
        lines = [
            [f"{group}.{line}.{column}" for line in each]
            for group, each in self.layout.lines.items()
            for column in next(iter(each.values()))
        ]
        return [*lines, *table]

    @cached_property
    def scores(self) -> list[str]:
        """Leaves that hold a score."""
        return [path for path, ref in self.leaves.items() if path.endswith("score") and ref.kind is RefKind.AT]

    @cached_property
    def quoted(self) -> list[str]:
        """Filled leaves that an answer quotes: all of them, or those that are a part of their cells."""
        if self.quotes:
            return self.filled_leaves
        wholes = {whole(cell) for cell in self.cells}
        return [path for path in self.filled_leaves if not wholes.issuperset(self.leaves[path].parts)]

    @cached_property
    def filled_leaves(self) -> list[str]:
        """Leaves with a value."""
        return [path for path in self.form_type.paths(self.reading.rows) if self.leaves[path].kind is RefKind.AT]

    @cached_property
    def worked_out(self) -> list[tuple[str, str]]:
        """Leaves with the figure that one gets by working it out, where another is printed."""
        found = [(path, str(figure)) for path, figure in _work_out(self)]
        return [(path, figure) for path, figure in found if self.differs(path, Ref(RefKind.KEYED, keyed=figure))]

    def row(self, row: int, column: str) -> str:
        """The path of a leaf of the table."""
        return f"{self.layout.table}[{row}].{column}"

    def say(self, path: str) -> str:
        """The value of a leaf."""
        return said(self._document, self.form_type, path, self.leaves[path])

    def number(self, path: str) -> Decimal | None:
        """The value of a leaf as a figure; None if it is none."""
        return _decimal(self.say(path))

    def at(self, path: str, parts: Sequence[Part]) -> Ref:
        """The reference of a leaf to these parts."""
        return self._draft.reference(self.form_type.leaves[pattern(path)], parts)

    def moved(self, path: str, source: str) -> Ref:
        """The reference of another leaf, as this leaf would have it."""
        ref = self.leaves[source]
        return self.at(path, ref.parts) if printed(ref) else Ref(RefKind.EMPTY)

    def writable(self, path: str) -> bool:
        """Can an answer say something of this leaf? Not of figures that are printed with the row above."""
        return row_of(path) not in self.covered or not path.endswith(_ONCE)

    def differs(self, path: str, ref: Ref) -> bool:
        """Would the leaf have another value? Figures that are equal in amount are the same."""
        want = self.say(path)
        got = said(self._document, self.form_type, path, ref)
        amounts = _decimal(want), _decimal(got)
        return fold(want) != fold(got) and (None in amounts or amounts[0] != amounts[1])

    def filled(self, error: Error) -> list[str]:
        """Leaves with a value in rows that an error drops or doubles."""
        row = error.dropped if error.dropped is not None else error.doubled
        return [path for path, ref in self.leaves.items() if printed(ref) and row is not None and row_of(path) == row]

    def touched(self, error: Error) -> set[str]:
        """Paths that no other error may touch."""
        row = error.dropped if error.dropped is not None else error.doubled
        return set(error.puts) | ({path for path in self.leaves if row_of(path) == row} if row is not None else set())

    def error(self, puts: Mapping[str, Ref], *, least: int = 1) -> Error | None:
        """An error that puts these references, if it makes at least so many differences."""
        kept = {path: ref for path, ref in puts.items() if self.writable(path)}
        return Error("", False, kept) if sum(self.differs(path, ref) for path, ref in kept.items()) >= least else None


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(fold(text).rstrip("%"))
    except InvalidOperation:
        return None


def _beside(rng: Random, page: Page, bands: Sequence[Sequence[str]]) -> Error | None:
    """A leaf refers to what belongs to the next one."""
    band = rng.choice(bands)
    at = rng.randrange(len(band))
    other = at + rng.choice((-1, 1))
    if not 0 <= other < len(band) or not printed(page.leaves[band[at]]) or not printed(page.leaves[band[other]]):
        return None
    return page.error({band[at]: page.moved(band[at], band[other])})


def _neighbour_column(rng: Random, page: Page) -> Error | None:
    return _beside(rng, page, page.bands)


def _neighbour_row(rng: Random, page: Page) -> Error | None:
    return _beside(rng, page, page.columns)


def _shifted_block(rng: Random, page: Page) -> Error | None:
    """In some rows one after the other, leaves refer to the row above or below."""
    by = rng.choice((-1, 1))
    size = rng.randint(*_BLOCK)
    first, last = max(0, -by), page.reading.rows - max(0, by) - size
    if last < first:
        return None
    start = rng.randint(first, last)
    columns = page.own if rng.random() < 0.5 else rng.sample(page.own, rng.randint(1, 3))
    puts = {
        page.row(row, column): page.moved(page.row(row, column), page.row(row + by, column))
        for row in range(start, start + size)
        for column in columns
    }
    return page.error(puts, least=2)


def _free_row(rng: Random, page: Page) -> int | None:
    """A row that no other shares its figures with, and that says something of its own."""
    row = rng.randrange(page.reading.rows) if page.reading.rows > 1 else -1
    shared = row in page.covered or row + 1 in page.covered
    says = row >= 0 and any(printed(page.leaves[page.row(row, column)]) for column in page.own)
    return row if says and not shared else None


def _dropped_row(rng: Random, page: Page) -> Error | None:
    row = _free_row(rng, page)
    return None if row is None else Error("", False, dropped=row)


def _doubled_row(rng: Random, page: Page) -> Error | None:
    row = _free_row(rng, page)
    return None if row is None else Error("", False, doubled=row)


def _swapped(rng: Random, page: Page) -> Error | None:
    """What was planned and what was achieved change places, in one row or in all."""
    rows = range(page.reading.rows) if rng.random() < 0.25 else [rng.randrange(max(page.reading.rows, 1))]
    puts: dict[str, Ref] = {}
    for row in rows:
        target, actual = page.row(row, "target"), page.row(row, "actual")
        if printed(page.leaves[target]) or printed(page.leaves[actual]):
            puts |= {target: page.moved(target, actual), actual: page.moved(actual, target)}
    return page.error(puts)


def _heading(rng: Random, page: Page) -> Error | None:
    """The row at the edge of a group is put under the heading of the next one."""
    column = rng.choice(_HEADINGS)
    row = rng.randrange(1, max(page.reading.rows, 2))
    edge = [page.row(row - 1, column), page.row(row, column)]
    if page.reading.rows < 2 or page.leaves[edge[0]] == page.leaves[edge[1]]:
        return None
    rng.shuffle(edge)
    return page.error({edge[0]: page.moved(edge[0], edge[1])}) if printed(page.leaves[edge[1]]) else None


def _null(rng: Random, page: Page) -> Error | None:
    return page.error({rng.choice(page.filled_leaves): Ref(RefKind.EMPTY)})


def _invented(rng: Random, page: Page) -> Error | None:
    """A number of no cell, or of any cell; where values are copied, one that is misspelt."""
    path = rng.choice(page.filled_leaves)
    if page.quotes:
        text = page.say(path)
        at = rng.randrange(len(text))
        char = rng.choice("0123456789") if text[at].isdigit() else "□"
        return page.error({path: Ref(RefKind.KEYED, keyed=f"{text[:at]}{char}{text[at + 1 :]}")})
    if rng.random() < 0.5:
        return page.error({path: Ref(RefKind.LOST)})
    return page.error({path: page.at(path, [whole(rng.choice(page.cells))])})


def _changed_score(rng: Random, page: Page) -> Error | None:
    """A score refers to a cell with another figure."""
    if not page.scores or not page.figures:
        return None
    path = rng.choice(page.scores)
    return page.error({path: page.at(path, [whole(rng.choice(page.figures))])})


def _computed(rng: Random, page: Page) -> Error | None:
    """A figure that was worked out instead of copied; mostly that is the figure that is printed."""
    if not page.worked_out:
        return None
    path, figure = rng.choice(page.worked_out)
    return page.error({path: Ref(RefKind.KEYED, keyed=figure)})


def _work_out(page: Page) -> Iterator[tuple[str, Decimal]]:
    """Figures as one would work them out, each with its leaf."""
    rows = range(page.reading.rows)
    for column in _ONCE:
        figures = [page.number(page.row(row, column)) for row in rows]
        total, money = page.number(f"total_{column}"), page.number(f"funding.total.{column}")
        if total is not None:
            yield f"total_{column}", sum((figure for figure in figures if figure is not None), money or Decimal(0))
    spent, planned = page.number("funding.total.executed"), page.number("funding.total.annual_budget")
    rate, weight = page.number("funding.total.execution_rate"), page.number("funding.total.weight")
    if spent is not None and planned and rate is not None:
        for places in ("1", "0.1", "0.01", "0.0001"):
            exact = (spent * 100 / planned).quantize(Decimal(places), ROUND_HALF_UP)
            yield "funding.total.execution_rate", exact
        if weight is not None and page.number("funding.total.score") is not None:
            yield "funding.total.score", (weight * spent / planned).quantize(Decimal("0.001"), ROUND_HALF_UP)


def _quote_cut(rng: Random, page: Page) -> Error | None:
    """A quoted part loses its last character."""
    if not page.quoted:
        return None
    path = rng.choice(page.quoted)
    *parts, last = page.leaves[path].parts
    if last.end - last.start < 2:
        return None
    return page.error({path: page.at(path, [*parts, last._replace(end=last.end - 1)])})


KINDS: dict[str, Callable[[Random, Page], Error | None]] = {
    "neighbour_column": _neighbour_column,
    "neighbour_row": _neighbour_row,
    "shifted_block": _shifted_block,
    "dropped_row": _dropped_row,
    "doubled_row": _doubled_row,
    "target_actual_swapped": _swapped,
    "heading_misassigned": _heading,
    "null": _null,
    "invented_cell": _invented,
    "changed_score": _changed_score,
    "computed": _computed,
    "quote_cut": _quote_cut,
}
"""Every kind of error by name."""
QUOTES_ONLY = ("computed",)
