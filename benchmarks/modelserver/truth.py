"""Where every value of a made-up form stands: the reading of a reader that makes no mistake.

It comes from the truth of the form, the ranges of the text in which its values were printed, and owes nothing to the
table reader.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pipeline.forms import FormType, Kind, pattern
from pipeline.readers.draft import Draft
from pipeline.reading import Part, Reading, Ref, RefKind
from pipeline.source import Cell, Document, Section
from samples.generate import Made
from samples.sheet import Placed
from samples.templates import TEMPLATES

__all__ = ["true_reading"]

_UNIT = re.compile(r" *(%|％|‰|万元|元|分)")
"""What is printed behind a figure and belongs to what is read of it, though not to its value."""
_OWN = re.compile(r"indicators\[\d+\]\.(?!level)")
_FIGURES = re.compile(r"^funding\.|\.(weight|score)$")
_LOST = re.compile(r"column (\w+) of the money block lost")
_ALWAYS = ("competent_department",)
"""Leaves whose label is printed though the value may be blank."""


def true_reading(document: Document, section: Section, form_type: FormType, made: Made) -> Reading:
    """The reading of a made-up form in which every reference is right; the form's spans count in the document's text.

    A leaf is absent where the template has no such label or column, blank where it has.
    """
    cells = [cell for cell in section.cells(document) if cell.text]
    draft = Draft(form_type, cells)
    draft.rows = len(made.record["indicators"])
    places = _Places(cells, document.text)
    begins = {start for spans in made.spans.values() for start, _ in spans}
    for path, spans in made.spans.items():
        kind = form_type.leaves.get(pattern(path))
        measured = spans if kind is None or not kind.numeric else _with_unit(document.text, spans, begins)
        draft.put(path, places.parts(measured))
    for path, placed in _marks(made):
        if path not in draft.leaves:
            parts = places.parts([(placed.start, placed.end)])
            draft.leaves[path] = draft.reference(Kind.NUMBER, parts) if parts else Ref(RefKind.EMPTY)
    for path in _blanks(made, form_type):
        draft.leaves.setdefault(path, Ref(RefKind.EMPTY))
    draft.merged = list(_merged(made.record["indicators"]))
    return draft.finish("truth", made.template)


class _Places:
    """From ranges of the text to parts of cells."""

    def __init__(self, cells: Sequence[Cell], text: str) -> None:
        self._cells = cells
        self._starts = [cell.span.start for cell in cells]
        self._texts = {cell.id: cell.text for cell in cells}
        self._text = text

    def parts(self, spans: Iterable[tuple[int, int]]) -> list[Part]:
        """The parts of cells that hold these ranges; what only white space parts inside a cell is one part."""
        parts: list[Part] = []
        for part in (part for span in spans for part in self._in_cells(*span)):
            before = parts[-1] if parts else None
            if before and before.cell == part.cell and not self._texts[part.cell][before.end : part.start].strip():
                parts[-1] = Part(part.cell, before.start, part.end)
            else:
                parts.append(part)
        return parts

    def _in_cells(self, start: int, end: int) -> Iterator[Part]:
        at = max(bisect_right(self._starts, start) - 1, 0)
        while at < len(self._cells) and self._cells[at].span.start < end:
            cell = self._cells[at]
            first, last = max(start, cell.span.start), min(end, cell.span.end)
            if self._text[first:last].strip():
                yield Part(cell.id, first - cell.span.start, last - cell.span.start)
            at += 1


def _with_unit(text: str, spans: Sequence[tuple[int, int]], begins: set[int]) -> list[tuple[int, int]]:
    """The ranges of a figure with the unit behind it, where nothing else begins there."""
    *others, (start, end) = spans
    found = _UNIT.match(text, end)
    if found and end not in begins:
        behind = found.end()
        if behind in begins or not text[behind : behind + 1].strip():
            end = behind
    return [*others, (start, end)]


def _marks(made: Made) -> Iterator[tuple[str, Placed]]:
    """Leaves of the money block and of the table with the cell that is printed for them, whatever it says."""
    rows: dict[int, list[Placed]] = {}
    for placed in made.cells:
        rows.setdefault(placed.row, []).append(placed)
    template = TEMPLATES[made.template]
    columns = [column for column in template.funding if column != _lost_column(made)]
    total = next(placed for placed in made.cells if any(leaf.startswith("funding.total.") for leaf in placed.leaves))
    own = next(leaf for leaf in total.leaves if leaf.startswith("funding.total."))
    first = total.column - columns.index(own.rsplit(".", 1)[1])
    for number, line in enumerate(_lines(made)):
        yield from _in_columns(rows.get(total.row + number, ()), first, [f"funding.{line}.{name}" for name in columns])
    for cells in rows.values():
        for placed in cells:
            leaf = next((leaf for leaf in placed.leaves if _OWN.match(leaf)), "")
            if leaf:
                row, name = leaf.rsplit(".", 1)
                first = placed.column - template.indicators.index(name)
                yield from _in_columns(cells, first, [f"{row}.{key}" for key in template.indicators])
                break


def _in_columns(cells: Iterable[Placed], first: int, leaves: Sequence[str]) -> Iterator[tuple[str, Placed]]:
    """The cells in figure columns that hold no value, and yet something: a dash, or a mark like it."""
    for placed in cells:
        place = placed.column - first
        printed = not placed.leaves and placed.end > placed.start
        if printed and 0 <= place < len(leaves) and _FIGURES.search(leaves[place]):
            yield leaves[place], placed


def _lines(made: Made) -> list[str]:
    """The lines of the money block in printed order."""
    carried = made.record["funding"]["carryover"] is not None
    return [line for line in TEMPLATES[made.template].lines if carried or line != "carryover"]


def _lost_column(made: Made) -> str:
    found = (_LOST.match(defect["what"]) for defect in made.defects)
    return next((match[1] for match in found if match), "")


def _blanks(made: Made, form_type: FormType) -> Iterator[str]:
    """Leaves that the form has a place for; blank where nothing is printed."""
    template = TEMPLATES[made.template]
    columns = [name for name in template.funding if name != _lost_column(made)]
    yield from _ALWAYS
    for line in _lines(made):
        yield from (path for name in columns if (path := f"funding.{line}.{name}") in form_type.leaves)
    for number in range(len(made.record["indicators"])):
        yield from (leaf.replace("[]", f"[{number}]") for leaf in form_type.leaves if "[]" in leaf)


def _merged(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, int]]:
    """Ranges of rows whose weight and score are printed once."""
    first = 0
    for number in range(1, len(rows) + 1):
        if number == len(rows) or not rows[number]["merged"]:
            if number - first > 1:
                yield first, number
            first = number
