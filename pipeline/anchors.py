"""Anchors: a decision stays with its place in the source, however the document is ingested, cut and read later.

Everything is numbered anew meanwhile: cells, forms, rows. An anchor is found (`Locator`) by place first. For plain text
that is the offset, which cannot change for the same bytes; elsewhere it is the box on its page, believed as long as
the form's own first and last cells stand where they stood, or all a little further on. Where place says nothing, the
text of the row with its neighbours and its form decides, if it is there once. A leaf is found by its row, or its form,
and its pattern: a better reading finds its value elsewhere. What is not certain is not found.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Any

from pipeline.decisions import Anchor, Purpose, Spot
from pipeline.forms import FormType
from pipeline.locator import CELL, NOWHERE, Locator
from pipeline.placed import BEGIN_TEXT, ROW_TEXT, VALUE_TEXT, PlacedForm, row_number
from pipeline.places import AROUND, Flow, Places, spots_of, whole
from pipeline.reading import Reading
from pipeline.source import Box, Document, Section, Span
from pipeline.vocabulary import fold

__all__ = [
    "Anchors",
    "Locator",
    "anchor_key",
    "anchor_of",
    "anchor_of_cell",
    "find_cell",
    "from_json",
    "to_json",
]

_FIRST, _FORM_TEXT = 5, 120
"""Filled cells at the beginning of a form that an anchor keeps (title, year, the project's name behind its label), and
characters of these and the last, at most."""


class Anchors:
    """The anchors of one form's leaves. Work is shared between them, and done when it is first needed.

    `added` maps the numbers of rows that a person added to the uid of the decision.
    """

    def __init__(
        self,
        document: Document,
        section: Section,
        form_type: FormType,
        reading: Reading,
        added: Mapping[int, str] | None = None,
    ) -> None:
        self._document = document
        self._form = PlacedForm(document, section, form_type, reading)
        self._added = added or {}
        self._rows: dict[int, tuple[tuple[Spot, ...], tuple[str, str]]] = {}

    def of(self, path: str) -> Anchor:
        """The anchor of a leaf, of the rows as a whole (`indicators[]`), or of the whole form ("").

        Raises `ValueError` for a row as such (`indicators[3]`): what is said of a row is said at one of its leaves.
        """
        if not path:
            return self._anchor(path)
        form = self._form
        if path == f"{form.group}[]":
            return self._anchor(path, row=tuple(self._begins()))
        ref = form.reading.leaves.get(path)
        parts = ref.parts if ref else ()
        value = spots_of(self._document, parts, VALUE_TEXT)
        number = row_number(form.group, path)
        if number is None:
            return self._anchor(path, value, around=form.flow.around(parts) if parts else ("", ""))
        column = path.partition("].")[2]
        if not column:
            raise ValueError(f"{path} is no leaf")
        pattern = f"{form.group}[].{column}"
        if number in self._added:
            return self._anchor(pattern, added=self._added[number])
        if number not in self._rows:
            self._rows[number] = spots_of(self._document, form.own[number], ROW_TEXT), form.around(number)
        row, around = self._rows[number]
        return self._anchor(pattern, value, row, around)

    def _anchor(
        self,
        pattern: str,
        value: tuple[Spot, ...] = (),
        row: tuple[Spot, ...] = (),
        around: tuple[str, str] = ("", ""),
        added: str = "",
    ) -> Anchor:
        form = self._form
        return Anchor(form.form_type.name, pattern, value, row, around, self._ends, form.section.ordinal, added)

    @cached_property
    def _ends(self) -> tuple[Spot, ...]:
        """The first filled cells of the form and its last."""
        stretch = self._form.section.cells(self._document)
        filled = islice((cell for cell in stretch if fold(cell.text)), _FIRST)
        cells = [*filled, *islice((cell for cell in reversed(stretch) if fold(cell.text)), 1)]
        return spots_of(self._document, [whole(cell) for cell in cells], _FORM_TEXT, apart=True)

    def _begins(self) -> Iterator[Spot]:
        """Where each row begins."""
        for number, parts in enumerate(self._form.own):
            if number not in self._added:
                yield spots_of(self._document, parts[:1], BEGIN_TEXT)[0] if parts else NOWHERE


def anchor_of(
    document: Document,
    section: Section,
    form_type: FormType,
    reading: Reading,
    path: str,
    *,
    added: Mapping[int, str] | None = None,
) -> Anchor:
    """The anchor of one path; `Anchors` is cheaper for several."""
    return Anchors(document, section, form_type, reading, added).of(path)


def anchor_of_cell(document: Document, cell_id: int, *, form_type: str = "") -> Anchor:
    """The anchor of a cell at which a section begins, ends or goes on, of that form type."""
    part = whole(document.cell(cell_id))
    around = Flow(document.cells, cell_id - 1, cell_id, 2 * AROUND).around([part], 2 * AROUND)
    return Anchor(form_type, CELL, spots_of(document, [part], VALUE_TEXT), around=around)


def find_cell(document: Document, anchor: Anchor) -> int | None:
    """Id of the cell that begins where the anchor's cell began; None where none does, or it is not certain."""
    places = Places(document)
    parts = places.standing(anchor.value)
    if parts is None:
        by_text = _cells_by_text(document, anchor)
        return by_text[0] if len(by_text) == 1 else None
    first = min(parts)
    if fold(document.cell(first.cell).text[: first.start]):
        return None
    if not document.pages or places.stand_between(parts, anchor.around):
        return first.cell
    # Rows of a table without pages are counted: all may stand one further down now, and equal ones be mistaken.
    counted = any(spot.box is not None and spot.box.unit == "cells" for spot in anchor.value)
    return None if counted or _cells_by_text(document, anchor) else first.cell


def _cells_by_text(document: Document, anchor: Anchor) -> list[int]:
    """The filled cells that begin with the anchor's text between its neighbours."""
    before, after = anchor.around
    text = "".join(spot.text for spot in anchor.value)
    if not text:
        return []
    flow = Flow(document.cells, 0, len(document.cells), 0)
    sought = before + text + (after if len(text) < VALUE_TEXT else "")
    found = []
    at = flow.text.find(sought)
    while at >= 0:
        cell = flow.cell_at(at + len(before))
        if cell is not None:
            found.append(cell)
        at = flow.text.find(sought, at + 1)
    return found


def anchor_key(sha256: str, anchor: Anchor, purpose: Purpose) -> str:
    """A name of the place by which the queue calls a question: 12 hex digits.

    It is made of where the row, the form or the cell begins, so it stays as long as that does, and a leaf that is read
    from another cell keeps it.
    """
    spots = anchor.row if "[]." in anchor.pattern else anchor.value if anchor.pattern == CELL else anchor.form
    begin = _begin(spots[0]) if spots else [*anchor.around, *map(_begin, anchor.form[:1])]
    content = [sha256, purpose, anchor.form_type, anchor.pattern, anchor.added, begin]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]


def _begin(spot: Spot) -> list[Any]:
    return [spot.span.start] if spot.box is None else [spot.page, spot.box.x0, spot.box.y0, spot.box.unit]


def to_json(anchor: Anchor) -> list[Any]:
    """An anchor as plain JSON: lists, numbers and texts."""
    value, row, form = ([_flat(spot) for spot in spots] for spots in (anchor.value, anchor.row, anchor.form))
    return [anchor.form_type, anchor.pattern, value, row, list(anchor.around), form, anchor.ordinal, anchor.added]


def from_json(value: Sequence[Any]) -> Anchor:
    """The anchor of a value that `to_json` made."""
    form_type, pattern, leaf, row, (before, after), form, ordinal, added = value
    leaf, row, form = (tuple(map(_spot, spots)) for spots in (leaf, row, form))
    return Anchor(form_type, pattern, leaf, row, (before, after), form, ordinal, added)


def _flat(spot: Spot) -> list[Any]:
    return [spot.page, *spot.span, spot.text, *(spot.box or ())]


def _spot(flat: Sequence[Any]) -> Spot:
    page, start, end, text, *box = flat
    return Spot(page, Span(start, end), Box(*box) if box else None, text)
