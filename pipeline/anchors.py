"""Anchors: a decision stays with its place in the source, however the document is ingested, cut and read later.

Everything is numbered anew meanwhile: cells, forms, rows. An anchor is found by place first. For plain text that is the
offset, which cannot change for the same bytes; elsewhere it is the box on its page, believed as long as the form's own
first and last cells stand where they stood. Where place says nothing, the text of the row with its neighbours and its
form decides, if it is there once. A leaf is found by its row, or its form, and its pattern, never by its value alone: a
better reading finds that elsewhere. What is not certain is not found.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import cached_property
from itertools import accumulate
from typing import Any, NamedTuple

from pipeline.decisions import Anchor, Purpose, Spot
from pipeline.forms import FormType
from pipeline.geometry import carried_down
from pipeline.reading import Part, Reading
from pipeline.source import Box, Cell, Document, Layout, Section, Span
from pipeline.vocabulary import fold, folded

__all__ = [
    "CELL",
    "Anchors",
    "Locator",
    "anchor_key",
    "anchor_of",
    "anchor_of_cell",
    "find_cell",
    "from_json",
    "to_json",
]

CELL = "cell"
"""The pattern of an anchor at a cell."""
_FIRST = 5
"""Filled cells at the beginning of a form that an anchor keeps: title, year, the project's name behind its label."""
_ROW_TEXT, _VALUE_TEXT, _FORM_TEXT, _BEGIN_TEXT = 100, 40, 120, 12
"""Characters of text that an anchor keeps, at most: of a row, a value, a form, and the first cell of each row."""
_AROUND = 12
"""Characters before and after that an anchor keeps; as many more as tell a row from equal ones, up to `_REACH`."""
_REACH = 400
_NEARLY_ALL, _HALF, _HARDLY = 0.8, 0.5, 0.1
"""Shares of characters: from the first on a row is the same, up to the last it is another."""
_SIMILAR = 0.6
"""From which ratio on two texts may be one that was recognised twice."""
_ENDS = 30
"""Filled cells by which the same form may begin or end elsewhere: titles, signatures, notes. The shortest forms have
twice as many, and what holds the first label of another form is more than an end."""
_STRIPES = 64
"""Stripes of a page by which its cells are looked up."""

_Char = tuple[int, int]
"""Id of a cell and offset of a character in it. A blank place has one too, where a character would stand."""
_Row = tuple[int, int]
"""Index of a form and number of a row."""
_SHARED = -1
"""Instead of the number of a row: characters that several rows are read from."""
_NOWHERE = Spot(0, Span(0, 0), None, "")
"""Where a row begins that has no place in the source."""


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
        self._section = section
        self._reading = reading
        self._added = added or {}
        self._form = _Form(document, section, form_type, reading)
        self._rows: dict[int, tuple[tuple[Spot, ...], tuple[str, str]]] = {}

    def of(self, path: str) -> Anchor:
        """The anchor of a leaf, of the rows as a whole (`indicators[]`), or of the whole form ("").

        Raises `ValueError` for a row as such (`indicators[3]`): what is said of a row is said at one of its leaves.
        """
        if not path:
            return self._anchor(path)
        group = self._form.group
        if path == f"{group}[]":
            return self._anchor(path, row=tuple(self._begins()))
        ref = self._reading.leaves.get(path)
        parts = ref.parts if ref else ()
        value = _spots(self._document, parts, _VALUE_TEXT)
        number = _row_number(group, path)
        if number is None:
            return self._anchor(path, value, around=self._form.flow.around(parts) if parts else ("", ""))
        column = path.partition("].")[2]
        if not column:
            raise ValueError(f"{path} is no leaf")
        pattern = f"{group}[].{column}"
        if number in self._added:
            return self._anchor(pattern, added=self._added[number])
        if number not in self._rows:
            parts = self._form.own[number]
            self._rows[number] = _spots(self._document, parts, _ROW_TEXT), self._form.around(number)
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
        return Anchor(self._form.form_type.name, pattern, value, row, around, self._ends, self._section.ordinal, added)

    @cached_property
    def _ends(self) -> tuple[Spot, ...]:
        """The first filled cells of the form and its last."""
        filled = self._form.filled
        cells = [self._document.cells[index] for index in (*filled[:_FIRST], *filled[-1:])]
        return _spots(self._document, [_whole(cell) for cell in cells], _FORM_TEXT, apart=True)

    def _begins(self) -> Iterator[Spot]:
        for number, parts in enumerate(self._form.own):
            if number not in self._added:
                yield _spots(self._document, parts[:1], _BEGIN_TEXT)[0] if parts else _NOWHERE


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
    part = _whole(document.cell(cell_id))
    around = _Flow(document.cells, cell_id - 1, cell_id).around([part], 2 * _AROUND)
    return Anchor(form_type, CELL, _spots(document, [part], _VALUE_TEXT), around=around)


def find_cell(document: Document, anchor: Anchor) -> int | None:
    """Id of the cell that begins where the anchor's cell began; None where none does, or it is not certain."""
    parts = _Places(document).standing(anchor.value)
    if parts is None:
        by_text = _cells_by_text(document, anchor)
        return by_text[0] if len(by_text) == 1 else None
    first = min(parts)
    if fold(document.cell(first.cell).text[: first.start]):
        return None
    flow = _Flow(document.cells, first.cell - 1, parts[-1].cell)
    if not document.pages or flow.stands_between(parts, anchor.around):
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
    flow = _Flow(document.cells, 0, len(document.cells))
    sought = before + text + (after if len(text) < _VALUE_TEXT else "")
    found = []
    at = flow.text.find(sought)
    while at >= 0:
        cell = flow.cell_at(at + len(before))
        if cell is not None:
            found.append(cell)
        at = flow.text.find(sought, at + 1)
    return found


class Locator:
    """Finds anchors among the forms of their document as it is cut and read now. Forms are named by their index."""

    def __init__(self, document: Document, forms: Sequence[tuple[Section, FormType, Reading]]) -> None:
        self._document = document
        self._forms = [_Form(document, *form) for form in forms]
        self._order = sorted(range(len(forms)), key=lambda index: forms[index][0].first)
        self._firsts = [forms[index][0].first for index in self._order]
        self._places = _Places(document)
        self._ends: dict[tuple[Spot, ...], _Ends | None] = {}

    def find(
        self,
        anchor: Anchor,
        *,
        added: Mapping[str, _Row] | None = None,
        rejected: Collection[_Row] = (),
    ) -> tuple[int, str] | None:
        """The form, and the path that the anchor's leaf has there now; None where that is not certain.

        `added` maps uids of decisions to the rows that they added, as (form, row number); `rejected` are rows that
        people rejected. Neither takes part in whether the rows as a whole (`indicators[]`) are still the same.
        """
        pattern = anchor.pattern
        if anchor.added:
            row = (added or {}).get(anchor.added)
            return None if row is None else self._leaf(anchor, row)
        if pattern.endswith("[]"):
            return self._all_rows(anchor, {*(added or {}).values(), *rejected})
        if "[]." in pattern:
            row = self._row(anchor) if anchor.row else self._row_without_place(anchor)
            return None if row is None else self._leaf(anchor, row)
        return self._single(anchor) if pattern != CELL else None

    def find_form(self, anchor: Anchor) -> int | None:
        """The form that an anchor belongs to, as far as that is certain though its leaf is not."""
        ends = self._ends_of(anchor)
        if ends is None:
            found = self._forms_by_text(anchor)
            return found[0] if len(found) == 1 else None
        parts = self._places.standing(anchor.row) or self._places.standing(anchor.value) or ()
        held = Counter(self._form_at(part.cell) for part in parts)
        index, count = held.most_common(1)[0] if held else (ends.form, 0)
        certain = count >= _NEARLY_ALL * held.total()
        return index if index is not None and certain and self._is_of(anchor, index) else None

    # -- rows

    def _row(self, anchor: Anchor) -> _Row | None:
        trusted = self._ends_of(anchor) is not None
        parts = self._places.standing(anchor.row)
        if not self._document.pages and parts is not None:
            return self._row_at(anchor, parts)
        by_text = self._rows_by_text(anchor)
        if not trusted or parts is None:
            return by_text[0] if len(by_text) == 1 else None
        row = self._row_at(anchor, parts)
        return row if row in by_text or not by_text else None

    def _row_at(self, anchor: Anchor, parts: Sequence[Part]) -> _Row | None:
        """The row that stands where the anchor's row stood."""
        chars = _chars(self._document, parts)
        value = _chars(self._document, self._places.resolved(anchor.value))
        row = self._holder(chars)
        rest = self._holder(chars - value)
        if row is not None and rest is not None and row != rest:
            return None
        row = row or rest
        if row is not None and self._is_all_of(row, anchor, chars | value):
            return row
        # Of rows that were split or run together, the one whose leaf is still read from where the anchor's was.
        by_value = self._rows_by_value(anchor, value)
        if len(by_value) == 1 and self._share(chars, by_value[0]) >= _HALF:
            return by_value[0]
        return None

    def _owner(self, char: _Char) -> _Row | None:
        index = self._form_at(char[0])
        number = None if index is None else self._forms[index].owners.get(char)
        return None if index is None or number is None else (index, number)

    def _holder(self, chars: Iterable[_Char]) -> _Row | None:
        """The row that holds nearly all of these characters, if no other holds more than hardly any."""
        held = Counter(owner for char in chars if (owner := self._owner(char)) is None or owner[1] != _SHARED)
        rows = [(row, count) for row, count in held.most_common() if row is not None]
        if not rows or rows[0][1] < _NEARLY_ALL * held.total():
            return None
        return rows[0][0] if len(rows) == 1 or rows[1][1] <= _HARDLY * held.total() else None

    def _share(self, chars: Collection[_Char], row: _Row) -> float:
        return sum(self._owner(char) == row for char in chars) / (len(chars) or 1)

    def _is_all_of(self, row: _Row, anchor: Anchor, chars: Collection[_Char]) -> bool:
        """Is a row, but for the leaf itself, hardly more than these characters? Else two rows were run together."""
        index, number = row
        form = self._forms[index]
        own = {char for char in _chars(self._document, form.own[number]) if form.owners[char] != _SHARED}
        _, path = self._leaf(anchor, row) or (index, "")
        own -= self._leaf_chars(form, path)
        return sum(char in chars for char in own) >= _NEARLY_ALL * len(own)

    def _rows_by_value(self, anchor: Anchor, value: set[_Char]) -> list[_Row]:
        """The rows whose leaf is read from where the anchor's value stood."""
        if not value or carried_down(anchor.pattern):
            return []
        rows = [(index, row) for index in self._forms_of_chars(value) for row in range(len(self._forms[index].own))]
        leaves = [(row, self._leaf(anchor, row)) for row in rows]
        return [row for row, leaf in leaves if leaf and self._is_read_from(leaf, value)]

    def _rows_by_text(self, anchor: Anchor) -> list[_Row]:
        """The rows that say the same between the same neighbours in a form that begins the same."""
        text = "".join(spot.text for spot in anchor.row)
        if not text:
            return []
        return [
            (index, number)
            for index in self._forms_by_text(anchor)
            for number in self._forms[index].by_text.get(text, ())
            if self._forms[index].flow.stands_between(self._forms[index].own[number], anchor.around)
        ]

    def _row_without_place(self, anchor: Anchor) -> _Row | None:
        """The one row of the same form that has no place either, between the same two rows."""
        ends = self._ends_of(anchor)
        index = None if ends is None else ends.form
        if index is None or not self._is_of(anchor, index):
            return None
        form = self._forms[index]
        rows = [number for number, own in enumerate(form.own) if not own and form.around(number) == anchor.around]
        return (index, rows[0]) if len(rows) == 1 else None

    def _all_rows(self, anchor: Anchor, left_out: Collection[_Row]) -> tuple[int, str] | None:
        """The rows as a whole, if each of them begins where one of the anchor's began, and the other way round."""
        spots = [spot for spot in anchor.row if spot != _NOWHERE]
        ends = self._ends_of(anchor)
        if ends is None:
            return self._all_rows_by_text(anchor, left_out)
        found = {self._holder(_chars(self._document, self._places.resolved([spot]))) for spot in spots}
        if None in found or (spots and self._places.standing(spots) is None):
            return None
        forms = {row[0] for row in found if row is not None} if found else {ends.form}
        index = forms.pop() if len(forms) == 1 else None
        if index is None or not self._is_of(anchor, index):
            return None
        rows = self._forms[index].rows_but(left_out, index)
        placed = {(index, number) for number in rows if self._forms[index].own[number]}
        same = found == placed and len(found) == len(spots) and len(rows) == len(anchor.row)
        return (index, anchor.pattern) if same else None

    def _all_rows_by_text(self, anchor: Anchor, left_out: Collection[_Row]) -> tuple[int, str] | None:
        found = []
        for index in self._forms_by_text(anchor):
            form = self._forms[index]
            begins = [_text(self._document, form.own[number][:1]) for number in form.rows_but(left_out, index)]
            if [text[:_BEGIN_TEXT] for text in begins] == [spot.text for spot in anchor.row] and form.is_one:
                found.append(index)
        return (found[0], anchor.pattern) if len(found) == 1 else None

    # -- leaves that a form has once, and the form itself

    def _single(self, anchor: Anchor) -> tuple[int, str] | None:
        ends = self._ends_of(anchor)
        if ends is None:
            index = self._form_by_text(anchor)
            return None if index is None else self._leaf_of_form(anchor, index, set())
        value = _chars(self._document, self._places.resolved(anchor.value))
        # In a form that was split or joined, the leaf is the one that is still read from where the anchor's was.
        read = [leaf for index in self._forms_of_chars(value) if (leaf := self._leaf_of_form(anchor, index, value))]
        read = [leaf for leaf in read if self._is_read_from(leaf, value)]
        if ends.form is None:
            return read[0] if len(read) == 1 else None
        held = self._forms_of_chars(value)
        if not self._is_of(anchor, ends.form) or (held and ends.form not in held):
            return None
        return self._leaf_of_form(anchor, ends.form, value)

    def _leaf_of_form(self, anchor: Anchor, index: int, value: set[_Char]) -> tuple[int, str] | None:
        form, path = self._forms[index], anchor.pattern
        if not self._is_of(anchor, index):
            return None
        subtotals = f"{form.form_type.vocabulary.table.subtotals}."
        if not path.startswith(subtotals):
            return index, path
        # These are called by a heading, which may be read otherwise now.
        leaves = form.reading.leaves
        there = [leaf for leaf in leaves if leaf.startswith(subtotals) and self._is_read_from((index, leaf), value)]
        if not there or path in there:
            return (index, path) if path in leaves else None
        return (index, there[0]) if len(there) == 1 and path not in leaves else None

    def _form_by_text(self, anchor: Anchor) -> int | None:
        """The one form that begins and ends the same; of several, the one whose leaf says the same there."""
        found = self._forms_by_text(anchor)
        text = "".join(spot.text for spot in anchor.value)
        if text:
            same = [index for index in found if self._says(anchor, index, text)]
            if same:
                return same[0] if len(same) == 1 else None
        if len(found) != 1 or not self._forms[found[0]].is_one:
            return None
        return found[0] if self._forms[found[0]].ends_with(anchor.form[-1].text) else None

    def _says(self, anchor: Anchor, index: int, text: str) -> bool:
        form = self._forms[index]
        ref = form.reading.leaves.get(anchor.pattern)
        parts = ref.parts if ref else ()
        same = _text(self._document, sorted(parts))[:_VALUE_TEXT] == text
        return same and form.flow.stands_between(parts, anchor.around)

    # -- forms

    def _ends_of(self, anchor: Anchor) -> _Ends | None:
        """Where the anchor's form begins and ends now; None where its cells do not stand where they stood."""
        if anchor.form not in self._ends:
            self._ends[anchor.form] = self._found_ends(anchor)
        return self._ends[anchor.form]

    def _found_ends(self, anchor: Anchor) -> _Ends | None:
        *begin, end = anchor.form or (_NOWHERE,)
        firsts = [parts for spot in begin if (parts := self._places.standing([spot]))]
        last = self._places.standing([end])
        if last is None and end.box is not None and end.box.unit != "cells":
            # On a page it is enough that something stands there; rows that are counted may all be one further down.
            last = self._places.resolved([end])
        if not last or not firsts or 2 * len(firsts) < len(begin):
            return None
        low = min(part.cell for parts in firsts for part in parts) - 1
        high = max(part.cell for part in last) - 1
        near = {self._form_at(part.cell) for parts in (*firsts, last) for part in parts} - {None}
        same = [index for index in near if index is not None and self._forms[index].is_within(low, high)]
        return _Ends(same[0] if len(same) == 1 else None)

    def _forms_by_text(self, anchor: Anchor) -> list[int]:
        """The forms that begin with the same cells."""
        begin = "".join(spot.text for spot in anchor.form[:-1])
        forms = enumerate(self._forms)
        return [index for index, form in forms if self._is_of(anchor, index) and begin and form.begins_with(begin)]

    def _is_of(self, anchor: Anchor, index: int) -> bool:
        return self._forms[index].form_type.name == anchor.form_type

    def _form_at(self, cell: int) -> int | None:
        """The form in whose section a cell stands."""
        place = bisect_right(self._firsts, cell - 1) - 1
        index = self._order[place] if place >= 0 else None
        return index if index is not None and cell <= self._forms[index].section.last else None

    def _forms_of_chars(self, chars: Iterable[_Char]) -> set[int]:
        return {index for cell in {cell for cell, _ in chars} if (index := self._form_at(cell)) is not None}

    def _leaf(self, anchor: Anchor, row: _Row) -> tuple[int, str] | None:
        index, number = row
        return (index, anchor.pattern.replace("[]", f"[{number}]", 1)) if self._is_of(anchor, index) else None

    def _leaf_chars(self, form: _Form, path: str) -> set[_Char]:
        ref = form.reading.leaves.get(path)
        return _chars(self._document, ref.parts) if ref else set()

    def _is_read_from(self, leaf: tuple[int, str], value: set[_Char]) -> bool:
        """Is a leaf read from these characters, more or less?"""
        now = self._leaf_chars(self._forms[leaf[0]], leaf[1])
        return bool(now) and len(now & value) >= _HALF * max(len(now), len(value))


class _Ends(NamedTuple):
    """What the first and the last cells of an anchor's form say: the form that begins and ends there, if one does."""

    form: int | None


class _Form:
    """A form as it is cut and read, with what anchors need of it; each is made when it is first needed."""

    def __init__(self, document: Document, section: Section, form_type: FormType, reading: Reading) -> None:
        self.section = section
        self.form_type = form_type
        self.reading = reading
        self.group = form_type.vocabulary.table.group
        self._document = document

    @cached_property
    def filled(self) -> list[int]:
        """Indices of the form's filled cells."""
        cells = self._document.cells
        return [index for index in range(self.section.first, self.section.last) if fold(cells[index].text)]

    @cached_property
    def flow(self) -> _Flow:
        """The form's text, and what stands around it."""
        return _Flow(self._document.cells, self.section.first, self.section.last)

    @cached_property
    def own(self) -> list[tuple[Part, ...]]:
        """The places of each row, in reading order: those that it shares with no other row, if it has any.

        Blank cells are a row's places where it holds nothing else, and headings where it has no cells and they are no
        other's.
        """
        count = self.reading.rows
        filled: list[list[Part]] = [[] for _ in range(count)]
        blank: list[list[Part]] = [[] for _ in range(count)]
        heads: list[list[Part]] = [[] for _ in range(count)]
        for path, ref in self.reading.leaves.items():
            if not ref.parts or (number := _row_number(self.group, path)) is None:
                continue
            if carried_down(path):
                heads[number] += ref.parts
            else:
                for part in ref.parts:
                    (filled if part.end > part.start else blank)[number].append(part)
        rows_of = Counter(part for rows in (filled, blank, heads) for row in rows for part in set(row))
        own = []
        for number in range(count):
            alone = [part for part in heads[number] if rows_of[part] == 1]
            parts = filled[number] or blank[number] or alone
            own.append(tuple(sorted({part for part in parts if rows_of[part] == 1} or set(parts))))
        return own

    @cached_property
    def owners(self) -> dict[_Char, int]:
        """The row of every character that a row is read from."""
        owners: dict[_Char, int] = {}
        for number, parts in enumerate(self.own):
            for char in _chars(self._document, parts):
                owners[char] = _SHARED if char in owners else number
        return owners

    @cached_property
    def texts(self) -> list[str]:
        """What each row says, as anchors keep it."""
        return [_text(self._document, parts)[:_ROW_TEXT] for parts in self.own]

    @cached_property
    def by_text(self) -> dict[str, list[int]]:
        """The rows that say the same."""
        rows: dict[str, list[int]] = {}
        for number, text in enumerate(self.texts):
            rows.setdefault(text, []).append(number)
        return rows

    def around(self, number: int) -> tuple[str, str]:
        """What stands around a row: as much as tells it from rows that say the same; of a row without a place, the
        rows before and behind."""
        parts = self.own[number]
        if not parts:
            before = next((text for text in reversed(self.texts[:number]) if text), "")
            behind = next((text for text in self.texts[number + 1 :] if text), "")
            return before[-_AROUND:], behind[:_AROUND]
        equal = [self.own[other] for other in self.by_text[self.texts[number]] if other != number]
        size = _AROUND
        while size < _REACH and any(self.flow.around(parts, size) == self.flow.around(each, size) for each in equal):
            size *= 2
        return self.flow.around(parts, size)

    def rows_but(self, left_out: Collection[_Row], index: int) -> list[int]:
        """The numbers of the rows without some; `index` is the form's."""
        return [number for number in range(self.reading.rows) if (index, number) not in left_out]

    def begins_with(self, text: str) -> bool:
        """Does the form begin with this text, or go on with it behind a title that the text or the form is without?"""
        start = self.flow.at(self.section.first + 1, 0)
        return text in self.flow.text[max(start - _REACH // 4, 0) : start + len(text) + _REACH // 4]

    def ends_with(self, text: str) -> bool:
        """Is this text among the last cells of the form?"""
        cells = self._document.cells
        return any(fold(cells[index].text).startswith(text) for index in self.filled[-_ENDS:])

    def is_within(self, low: int, high: int) -> bool:
        """Does the form begin and end at these cells, by index, or near enough to be the same one?"""
        if not self.filled:
            return False
        first, last = self.filled[0], self.filled[-1]
        return self._is_end(*sorted((low, first))) and self._is_end(*sorted((last + 1, high + 1)))

    @property
    def is_one(self) -> bool:
        """Is there the beginning of one form only?"""
        return sum(map(self._is_first_label, self.filled)) < 2

    def _is_end(self, start: int, end: int) -> bool:
        """May these cells, by index, be there or not without its being another form?"""
        filled = [index for index in range(start, end) if fold(self._document.cells[index].text)]
        return len(filled) <= _ENDS and not any(map(self._is_first_label, filled))

    def _is_first_label(self, index: int) -> bool:
        text = fold(self._document.cells[index].text)
        labels = next(iter(self.form_type.vocabulary.fields.labels.values()))
        return any(text.startswith(label) and text[len(label) :][:1] in ("", ":") for label in labels)


class _Places:
    """The cells of a document by where they stand."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def standing(self, spots: Sequence[Spot]) -> list[Part] | None:
        """What stands at these spots, None where that is nothing, or says something else altogether."""
        parts = self.resolved(spots)
        if not parts:
            return None
        if not self._document.pages:
            return parts if len(parts) >= len(spots) else None
        text = "".join(spot.text for spot in spots)
        now = _text(self._document, parts)
        return parts if _is_similar(text, now[: len(text)] if len(text) >= _BEGIN_TEXT else now) else None

    def resolved(self, spots: Iterable[Spot]) -> list[Part]:
        """What stands at these spots, in order; of plain text only where it is the same."""
        at = self._at_box if self._document.pages else self._at_span
        return [part for spot in spots for part in at(spot)]

    @cached_property
    def _starts(self) -> list[int]:
        return [cell.span.start for cell in self._document.cells]

    def _at_span(self, spot: Spot) -> Iterator[Part]:
        start, end = spot.span
        if spot.box is not None or not fold(self._document.text[start:end]).startswith(spot.text):
            return
        cells = self._document.cells
        index = max(bisect_right(self._starts, start) - 1, 0)
        while index < len(cells) and cells[index].span.start <= end:
            cell = cells[index]
            part = Part(cell.id, max(start - cell.span.start, 0), min(end, cell.span.end) - cell.span.start)
            if part.end >= part.start and bool(spot.text) == bool(fold(cell.text[part.start : part.end])):
                yield part
            index += 1

    @cached_property
    def _heights(self) -> dict[int, float]:
        """Heights of the stripes of each page."""
        return {
            page.number: 1.0 if page.unit == "cells" else page.height / _STRIPES or 1.0 for page in self._document.pages
        }

    @cached_property
    def _stripes(self) -> dict[tuple[int, int], list[Cell]]:
        """The cells of every stripe, by page and number."""
        stripes: dict[tuple[int, int], list[Cell]] = {}
        for cell in self._document.cells:
            if cell.box is not None:
                for stripe in self._stripes_of(cell.page, cell.box):
                    stripes.setdefault((cell.page, stripe), []).append(cell)
        return stripes

    def _stripes_of(self, page: int, box: Box) -> range:
        height = self._heights.get(page, 1.0)
        return range(int(box.y0 // height), int(box.y1 // height) + 1)

    def _at_box(self, spot: Spot) -> Iterator[Part]:
        box = spot.box
        if box is None:
            return
        near = {
            cell.id: (cell, cell.box)
            for stripe in self._stripes_of(spot.page, box)
            for cell in self._stripes.get((spot.page, stripe), ())
            if cell.box is not None
        }
        # Where a page is photographed at a slant, boxes reach into each other: one that is the same is it alone.
        same = [
            cell for cell, there in near.values() if _common(there, box) >= _NEARLY_ALL * max(map(_area, (there, box)))
        ]
        if len(same) == 1:
            yield _whole(same[0])
            return
        for _, (cell, there) in sorted(near.items()):
            if _common(there, box) >= _HALF * min(_area(there), _area(box)) > 0:
                yield _narrowed(cell, there, spot, box)


def _narrowed(cell: Cell, box: Box, spot: Spot, sought: Box) -> Part:
    """The part of a cell that stands at a spot: all of it, unless it is larger and holds the spot's text somewhere."""
    if not spot.text or _area(box) <= 1.5 * _area(sought):
        return _whole(cell)
    text = folded(cell.text)
    found = []
    at = text.text.find(spot.text)
    while at >= 0:
        found.append(Part(cell.id, text.offsets[at], text.offsets[at + len(spot.text) - 1] + 1))
        at = text.text.find(spot.text, at + 1)
    return max(found, key=lambda part: _common(_box(cell, box, part), sought), default=_whole(cell))


class _Flow:
    """The folded text of a stretch of cells, by index, and of some `_REACH` characters before and behind."""

    def __init__(self, cells: Sequence[Cell], first: int, last: int) -> None:
        low, reach = first, _REACH
        while low > 0 and reach > 0:
            low -= 1
            reach -= len(fold(cells[low].text)) or 1
        high, reach = last, _REACH
        while high < len(cells) and reach > 0:
            reach -= len(fold(cells[high].text)) or 1
            high += 1
        texts = [fold(cell.text) for cell in cells[low:high]]
        self.text = "".join(texts)
        self._cells = cells
        self._low = low
        self._starts = list(accumulate(map(len, texts), initial=0))

    def at(self, cell: int, offset: int) -> int:
        """Where a character of a cell stands in the text."""
        start = self._starts[cell - 1 - self._low]
        return start + len(fold(self._cells[cell - 1].text[:offset])) if offset else start

    def cell_at(self, at: int) -> int | None:
        """Id of the filled cell that begins there; None where none does."""
        index = bisect_right(self._starts, at) - 1
        begins = index + 1 < len(self._starts) and self._starts[index] == at
        return self._low + index + 1 if begins else None

    def around(self, parts: Sequence[Part], size: int = _AROUND) -> tuple[str, str]:
        """What stands before the first of these parts and behind the last."""
        first, last = min(parts), max(parts)
        start, end = self.at(first.cell, first.start), self.at(last.cell, last.end)
        return self.text[max(start - size, 0) : start], self.text[end : end + size]

    def stands_between(self, parts: Sequence[Part], around: tuple[str, str]) -> bool:
        """Do these parts stand between these texts?"""
        before, behind = self.around(parts, max(map(len, around)))
        return before.endswith(around[0]) and behind.startswith(around[1])


def _spots(document: Document, parts: Iterable[Part], most: int, *, apart: bool = False) -> tuple[Spot, ...]:
    """Parts of cells as spots: in reading order, what goes on on the same line as one; or, `apart`, each as it comes.

    They hold `most` characters of text together.
    """
    spots: list[Spot] = []
    for part in parts if apart else sorted(parts):
        cell = document.cells[part.cell - 1]
        span = Span(cell.span.start + part.start, cell.span.start + part.end)
        box = None if cell.box is None else _box(cell, cell.box, part)
        spot = Spot(cell.page, span, box, fold(cell.text[part.start : part.end]))
        if spots and not apart and _goes_on(document, spots[-1], spot, cell.layout):
            spots[-1] = _joined(spots[-1], spot)
        else:
            spots.append(spot)
    if sum(len(spot.text) for spot in spots) <= most:
        return tuple(spots)
    kept = []
    for spot in spots:
        kept.append(spot._replace(text=spot.text[:most]))
        most -= len(kept[-1].text)
    return tuple(kept)


def _goes_on(document: Document, one: Spot, other: Spot, layout: Layout) -> bool:
    """Does a spot go on with another: nothing stands between them, and on a page they are words of one line?"""
    if fold(document.text[one.span.end : other.span.start]):
        return False
    if one.box is None or other.box is None:
        return one.box is other.box
    if one.page != other.page or layout is not Layout.LINES:
        return False
    slack = (other.box.y1 - other.box.y0) / 4
    return abs(one.box.y0 - other.box.y0) <= slack and abs(one.box.y1 - other.box.y1) <= slack


def _joined(one: Spot, other: Spot) -> Spot:
    span = Span(one.span.start, max(one.span.end, other.span.end))
    box = one.box
    if box is not None and other.box is not None:
        a, b = box, other.box
        box = Box(min(a.x0, b.x0), min(a.y0, b.y0), max(a.x1, b.x1), max(a.y1, b.y1), a.unit)
    return Spot(one.page, span, box, one.text + other.text)


def _box(cell: Cell, box: Box, part: Part) -> Box:
    """Where a part of a cell stands: for what is not all of its text, about there, by lines and by characters.

    So what shares a cell with something else has a place of its own.
    """
    if not fold(cell.text[: part.start]) and not fold(cell.text[part.end :]):
        return box
    lines = cell.text.split("\n")
    first, last = cell.text.count("\n", 0, part.start), cell.text.count("\n", 0, part.end)
    height = (box.y1 - box.y0) / len(lines)
    x0, x1 = box.x0, box.x1
    if first == last:
        begin = cell.text.rfind("\n", 0, part.start) + 1
        width = (box.x1 - box.x0) / (len(lines[first]) or 1)
        x0, x1 = box.x0 + (part.start - begin) * width, box.x0 + (part.end - begin) * width
    y0, y1 = box.y0 + first * height, box.y0 + (last + 1) * height
    return Box(round(x0, 1), round(y0, 1), round(x1, 1), round(y1, 1), box.unit)


def _area(box: Box) -> float:
    return (box.x1 - box.x0) * (box.y1 - box.y0)


def _common(one: Box, other: Box) -> float:
    """The area that two boxes share."""
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return width * height if width > 0 and height > 0 and one.unit == other.unit else 0.0


def _is_similar(one: str, other: str) -> bool:
    return one == other or SequenceMatcher(None, one, other, autojunk=False).ratio() >= _SIMILAR


def _whole(cell: Cell) -> Part:
    return Part(cell.id, 0, len(cell.text))


def _text(document: Document, parts: Iterable[Part]) -> str:
    return "".join(fold(document.cells[cell - 1].text[start:end]) for cell, start, end in parts)


def _chars(document: Document, parts: Iterable[Part]) -> set[_Char]:
    chars: set[_Char] = set()
    for cell, start, end in parts:
        text = document.cells[cell - 1].text
        chars.update((cell, at) for at in range(start, end) if not text[at].isspace())
        if start == end:
            chars.add((cell, start))
    return chars


def _row_number(group: str, path: str) -> int | None:
    """The number of a leaf's row; None for a leaf that belongs to none."""
    return int(path[len(group) + 1 :].partition("]")[0]) if path.startswith(f"{group}[") else None


def anchor_key(sha256: str, anchor: Anchor, purpose: Purpose) -> str:
    """A name of the place that the queue calls a question by: 12 hex digits.

    It is made of where the row, the form or the cell begins, so it stays as long as that does, and a leaf that is read
    from another cell keeps it.
    """
    spots = anchor.row if "[]." in anchor.pattern else anchor.value if anchor.pattern == CELL else anchor.form
    begin: list[Any] = [_begin(spots[0]) if spots else [*anchor.around, *map(_begin, anchor.form[:1])]]
    content = [sha256, purpose, anchor.form_type, anchor.pattern, anchor.added, *begin]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]


def _begin(spot: Spot) -> list[Any]:
    return [spot.span.start] if spot.box is None else [spot.page, spot.box.x0, spot.box.y0, spot.box.unit]


def to_json(anchor: Anchor) -> list[Any]:
    """An anchor as plain JSON: lists, numbers and texts."""
    return [
        anchor.form_type,
        anchor.pattern,
        [_flat(spot) for spot in anchor.value],
        [_flat(spot) for spot in anchor.row],
        list(anchor.around),
        [_flat(spot) for spot in anchor.form],
        anchor.ordinal,
        anchor.added,
    ]


def from_json(value: Sequence[Any]) -> Anchor:
    """The anchor of a value that `to_json` made."""
    form_type, pattern, leaf, row, (before, after), form, ordinal, added = value
    spots = (tuple(map(_spot, each)) for each in (leaf, row, form))
    leaf, row, form = spots
    return Anchor(form_type, pattern, leaf, row, (before, after), form, ordinal, added)


def _flat(spot: Spot) -> list[Any]:
    return [spot.page, *spot.span, spot.text, *(spot.box or ())]


def _spot(flat: Sequence[Any]) -> Spot:
    page, start, end, text, *box = flat
    return Spot(page, Span(start, end), Box(*box) if box else None, text)
