"""Finding anchors among the forms of today: place first, then text, and nothing where either leaves a doubt."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from functools import cached_property
from typing import NamedTuple

from pipeline.decisions import Anchor, Spot
from pipeline.forms import FormType
from pipeline.geometry import carried_down
from pipeline.placed import BEGIN_TEXT, SHARED, VALUE_TEXT, PlacedForm
from pipeline.places import BARELY_SIMILAR, SIMILAR, UNMOVED, Char, Places, Shift, chars_of, text_of
from pipeline.reading import Part, Reading
from pipeline.source import Document, Section, Span

__all__ = ["CELL", "NOWHERE", "Locator"]

CELL = "cell"
"""The pattern of an anchor at a cell."""
NOWHERE = Spot(0, Span(0, 0), None, "")
"""Where a row begins that has no place in the source."""
_NEARLY_ALL, _MOST, _HALF, _HARDLY = 0.8, 0.7, 0.5, 0.2
"""Shares of characters: from which on a leaf, or a form, is the same, and a row; up to the last it is another."""

_Row = tuple[int, int]
"""Index of a form and number of a row."""
_Leaf = tuple[int, str]
"""Index of a form and path of a leaf."""


class _Ends(NamedTuple):
    """What the first and the last cells of an anchor's form say: the form that begins and ends there now, if one does,
    and by how much its cells have moved, two shifts if the last have moved otherwise than the first."""

    form: int | None
    shifts: tuple[Shift, ...]


class Locator:
    """Finds anchors among the forms of their document as it is cut and read now. Forms are named by their index."""

    def __init__(self, document: Document, forms: Sequence[tuple[Section, FormType, Reading]]) -> None:
        self._document = document
        self._forms = [PlacedForm(document, *form) for form in forms]
        self._order = sorted(range(len(forms)), key=lambda index: forms[index][0].first)
        self._firsts = [forms[index][0].first for index in self._order]
        self._places = Places(document)
        self._ends: dict[tuple[Spot, ...], _Ends | None] = {}
        self._owners: dict[Char, _Row] = {}
        self._owned: set[int] = set()

    def find(
        self, anchor: Anchor, *, added: Mapping[str, _Row] | None = None, rejected: Collection[_Row] = ()
    ) -> _Leaf | None:
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
        index = ends.form
        places = (self._places.resolved(spots, ends.shifts[0]) for spots in (anchor.row, anchor.value))
        if len(ends.shifts) == 1 and (parts := next(filter(None, places), None)):
            [(index, count)] = Counter(self._form_at(part.cell) for part in parts).most_common(1)
            index = index if count >= _NEARLY_ALL * len(parts) else None
        return index if index is not None and self._is_of(anchor, index) else None

    # -- rows

    def _row(self, anchor: Anchor) -> _Row | None:
        """The row of an anchor, by its place if that is certain, else by what it says."""
        ends = self._ends_of(anchor)
        shifts = ends.shifts if ends else ()
        there = ((shift, self._places.standing(anchor.row, shift, self._least)) for shift in shifts)
        standing = {shift: parts for shift, parts in there if parts}
        if not self._document.pages and standing:
            return self._row_at(anchor, standing[UNMOVED], UNMOVED)
        firm = [shift for shift, parts in standing.items() if self._places.stand_between(parts, anchor.around)]
        if len(firm) == 1:
            return self._row_at(anchor, standing[firm[0]], firm[0])
        by_text = self._rows_by_text(anchor)
        if len(shifts) == 1 and standing:
            row = self._row_at(anchor, standing[shifts[0]], shifts[0])
            if row is None or row in by_text:
                return row
            contradicted = any(index == row[0] for index, _ in by_text)
            return row if not contradicted and self._is_likest(row, anchor) else None
        return by_text[0] if len(by_text) == 1 else None

    def _row_at(self, anchor: Anchor, parts: Sequence[Part], shift: Shift) -> _Row | None:
        """The row that stands where the anchor's row stood."""
        chars = chars_of(self._document, parts)
        value = chars_of(self._document, self._places.resolved(anchor.value, shift))
        owners = self._owners_of(chars | value)
        # What the leaf was read from may be read no more, which says nothing of the row.
        row = _holder(owners, chars - {char for char in value if char not in owners})
        rest = _holder(owners, chars - value)
        held = Counter(map(owners.get, chars))
        alone = not any(self._holds_leaves(other, chars) for other in held if other not in (row, None))
        if row is not None and rest in (row, None) and alone and self._is_all_of(row, chars | value):
            return row
        # Of rows that were split or run together, the one whose leaf is still read from where the anchor's was.
        by_value = self._rows_by_value(anchor, value)
        return by_value[0] if len(by_value) == 1 and held[by_value[0]] >= _HALF * len(chars) else None

    def _owners_of(self, chars: Iterable[Char]) -> Mapping[Char, _Row]:
        """The row of every character that a row is read from, of the forms that these characters stand in at least."""
        for index in self._forms_of(chars) - self._owned:
            self._owned.add(index)
            self._owners.update({char: (index, number) for char, number in self._forms[index].owners.items()})
        return self._owners

    def _holds_leaves(self, row: _Row, chars: set[Char]) -> bool:
        """Are several leaves of a row read from these characters? One alone may be a value of the row beside."""
        index, number = row
        form = self._forms[index]
        leaves = (form.chars(column.replace("[]", f"[{number}]", 1)) for column in form.columns)
        return number != SHARED and sum(not leaf.isdisjoint(chars) for leaf in leaves) > 1

    def _is_all_of(self, row: _Row, chars: set[Char]) -> bool:
        """Is a row hardly more than these characters? Else two rows were run together.

        Two of its leaves may be read from elsewhere now, or one may be longer.
        """
        form, number = self._forms[row[0]], row[1]
        elsewhere = longer = 0
        for column in form.columns:
            leaf = form.chars(column.replace("[]", f"[{number}]", 1))
            more = sum(form.owners.get(char) == number for char in leaf - chars)
            if more > (1 - _NEARLY_ALL) * len(leaf):
                elsewhere += leaf.isdisjoint(chars)
                longer += not leaf.isdisjoint(chars)
        return elsewhere + longer < 2 or (elsewhere == 2 and not longer)

    def _rows_by_value(self, anchor: Anchor, value: set[Char]) -> list[_Row]:
        """The rows whose leaf is read from exactly where the anchor's value stood."""
        if not value or carried_down(anchor.pattern):
            return []
        rows = [(index, row) for index in self._forms_of(value) for row in range(self._forms[index].reading.rows)]
        leaves = [(row, self._leaf(anchor, row)) for row in rows]
        return [row for row, leaf in leaves if leaf and self._forms[leaf[0]].chars(leaf[1]) == value]

    def _rows_by_text(self, anchor: Anchor) -> list[_Row]:
        """The rows that say the same between the same neighbours, in forms that begin and end the same."""
        text = "".join(spot.text for spot in anchor.row)
        if not text:
            return []
        return [
            (index, number)
            for index in self._forms_by_text(anchor)
            for number in self._forms[index].by_text.get(text, ())
            if self._forms[index].flow.stands_between(self._forms[index].own[number], anchor.around)
        ]

    def _is_likest(self, row: _Row, anchor: Anchor) -> bool:
        """Does a row say what the anchor's row said, or else no other row of the form more nearly?"""
        form, number = self._forms[row[0]], row[1]
        likeness = SequenceMatcher(None, form.texts[number], "".join(spot.text for spot in anchor.row), autojunk=False)
        least = likeness.ratio()
        if least >= SIMILAR:
            return True
        for other in form.texts:
            likeness.set_seq1(other)
            if least < likeness.quick_ratio() and least < likeness.ratio():
                return False
        return True

    def _row_without_place(self, anchor: Anchor) -> _Row | None:
        """The row of the same form that has no place either, between the same rows."""
        ends = self._ends_of(anchor)
        index = None if ends is None else ends.form
        if index is None or not self._is_of(anchor, index):
            return None
        form = self._forms[index]
        rows = [number for number, own in enumerate(form.own) if not own and form.around(number) == anchor.around]
        return (index, rows[0]) if len(rows) == 1 else None

    def _all_rows(self, anchor: Anchor, left_out: Collection[_Row]) -> _Leaf | None:
        """The rows as a whole, if each of them begins where one of the anchor's began, and the other way round."""
        ends = self._ends_of(anchor)
        if ends is None or len(ends.shifts) > 1:
            return self._all_rows_by_text(anchor, left_out)
        [shift] = ends.shifts
        spots = [spot for spot in anchor.row if spot != NOWHERE]
        begins = [chars_of(self._document, self._places.resolved([spot], shift)) for spot in spots]
        found = {_holder(self._owners_of(chars), chars) for chars in begins}
        if None in found or (spots and self._places.standing(spots, shift, self._least) is None):
            return None
        forms = {row[0] for row in found if row is not None} if found else {ends.form}
        index = forms.pop() if len(forms) == 1 else None
        if index is None or not self._is_of(anchor, index):
            return None
        rows = self._rows_but(index, left_out)
        placed = {(index, number) for number in rows if self._forms[index].own[number]}
        same = found == placed and len(found) == len(spots) and len(rows) == len(anchor.row)
        return (index, anchor.pattern) if same else None

    def _all_rows_by_text(self, anchor: Anchor, left_out: Collection[_Row]) -> _Leaf | None:
        begins = [spot.text for spot in anchor.row]
        found = []
        for index in self._forms_by_text(anchor):
            form = self._forms[index]
            own = [form.own[number][:1] for number in self._rows_but(index, left_out)]
            if [text_of(self._document, parts)[:BEGIN_TEXT] for parts in own] == begins and form.is_one:
                found.append(index)
        return (found[0], anchor.pattern) if len(found) == 1 else None

    def _rows_but(self, index: int, left_out: Collection[_Row]) -> list[int]:
        """The numbers of a form's rows without some."""
        return [number for number in range(self._forms[index].reading.rows) if (index, number) not in left_out]

    # -- leaves that a form has once, and the form itself

    def _single(self, anchor: Anchor) -> _Leaf | None:
        ends = self._ends_of(anchor)
        if ends is None:
            index = self._form_by_text(anchor)
            return None if index is None else self._leaf_of_form(anchor, index, set())
        spots = anchor.value if len(ends.shifts) == 1 else ()
        value = chars_of(self._document, self._places.resolved(spots, ends.shifts[0]))
        held = self._forms_of(value)
        if ends.form is not None:
            return self._leaf_of_form(anchor, ends.form, value) if not held or ends.form in held else None
        # In a form that was split or joined, the leaf is the one that is still read from where the anchor's was.
        leaves = [leaf for index in held if (leaf := self._leaf_of_form(anchor, index, value))]
        read = [leaf for leaf in leaves if self._is_read_from(leaf, value)]
        return read[0] if len(read) == 1 else None

    def _leaf_of_form(self, anchor: Anchor, index: int, value: set[Char]) -> _Leaf | None:
        form, path = self._forms[index], anchor.pattern
        if not self._is_of(anchor, index):
            return None
        subtotals = f"{form.form_type.vocabulary.table.subtotals}."
        if not path.startswith(subtotals):
            return (index, path) if not path or path in form.form_type.leaves else None
        # These are called by a heading, which may be read otherwise now.
        leaves = form.reading.leaves
        there = [leaf for leaf in leaves if leaf.startswith(subtotals) and self._is_read_from((index, leaf), value)]
        if not there or path in there:
            return (index, path) if path in leaves else None
        return (index, there[0]) if len(there) == 1 and path not in leaves else None

    def _is_read_from(self, leaf: _Leaf, value: set[Char]) -> bool:
        """Is a leaf read from these characters, or nearly?"""
        now = self._forms[leaf[0]].chars(leaf[1])
        return bool(now) and len(now & value) >= _NEARLY_ALL * max(len(now), len(value))

    def _form_by_text(self, anchor: Anchor) -> int | None:
        """The one form that begins and ends the same; of several, the one whose leaf says the same there."""
        found = self._forms_by_text(anchor)
        same = [index for index in found if anchor.value and self._says(anchor, index)]
        if same:
            return same[0] if len(same) == 1 else None
        return found[0] if len(found) == 1 and self._forms[found[0]].is_one else None

    def _says(self, anchor: Anchor, index: int) -> bool:
        """Does the anchor's leaf say the same in a form, between the same neighbours?"""
        form = self._forms[index]
        ref = form.reading.leaves.get(anchor.pattern)
        if ref is None or not ref.parts:
            return False
        text = text_of(self._document, sorted(ref.parts))[:VALUE_TEXT]
        same = text == "".join(spot.text for spot in anchor.value)
        return same and form.flow.stands_between(ref.parts, anchor.around)

    # -- forms

    def _ends_of(self, anchor: Anchor) -> _Ends | None:
        """Where the anchor's form begins and ends now; None where its cells do not stand where they stood, or near."""
        if anchor.form not in self._ends:
            self._ends[anchor.form] = self._found_ends(anchor.form)
        return self._ends[anchor.form]

    def _found_ends(self, form: tuple[Spot, ...]) -> _Ends | None:
        *begin, end = form or (NOWHERE,)
        for shift in self._places.shifts(begin):
            firsts = [parts for spot in begin if (parts := self._places.standing([spot], shift))]
            if firsts and 2 * len(firsts) >= len(begin):
                break
        else:
            return None
        shifts = [shift]
        last = self._places.standing([end], shift)
        if last is None and self._least < SIMILAR:
            # On a page it is enough that its cell is there; rows that are counted may all be one further down.
            last = self._places.same_cells(end, shift)
        if not last:
            found = ((other, self._places.standing([end], other)) for other in self._places.shifts([end]))
            other, last = next(((other, parts) for other, parts in found if parts), (shift, None))
            shifts.append(other)
        if not last:
            return None
        low = min(part.cell for parts in firsts for part in parts) - 1
        high = max(part.cell for part in last) - 1
        # What now ends in another form was split; what begins in the one before may only have lost its title to it.
        near = {self._form_at(high + 1)} - {None} or {self._form_at(parts[0].cell) for parts in firsts} - {None}
        index = near.pop() if len(near) == 1 else None
        return _Ends(index if index is not None and self._forms[index].is_within(low, high) else None, tuple(shifts))

    @cached_property
    def _least(self) -> float:
        """How much alike texts have to be where the form stands as it stood: little on a page, where nothing but what
        is recognised may change; rows that are counted may have got one more between them."""
        return SIMILAR if any(page.unit == "cells" for page in self._document.pages) else BARELY_SIMILAR

    def _forms_by_text(self, anchor: Anchor) -> list[int]:
        """The forms that begin and end with the same cells; on the same page, where pages are those of the file."""
        *begin, end = anchor.form or (NOWHERE,)
        text = "".join(spot.text for spot in begin)
        if not text:
            return []
        pages = {spot.page for spot in begin if spot.box is not None and spot.box.unit != "cells"}
        forms = enumerate(self._forms)
        found = [index for index, form in forms if form.begins_with(text, pages) and form.ends_with(end.text)]
        return [index for index in found if self._is_of(anchor, index)]

    def _is_of(self, anchor: Anchor, index: int) -> bool:
        return self._forms[index].form_type.name == anchor.form_type

    def _form_at(self, cell: int) -> int | None:
        """The form in whose section a cell stands."""
        place = bisect_right(self._firsts, cell - 1) - 1
        index = self._order[place] if place >= 0 else None
        return index if index is not None and cell <= self._forms[index].section.last else None

    def _forms_of(self, chars: Iterable[Char]) -> set[int]:
        return {index for cell in {cell for cell, _ in chars} if (index := self._form_at(cell)) is not None}

    def _leaf(self, anchor: Anchor, row: _Row) -> _Leaf | None:
        index, number = row
        return (index, anchor.pattern.replace("[]", f"[{number}]", 1)) if self._is_of(anchor, index) else None


def _holder(owners: Mapping[Char, _Row], chars: Collection[Char]) -> _Row | None:
    """The row that holds most of these characters, if no other holds more than hardly any."""
    held = Counter(map(owners.get, chars))
    for row in [row for row in held if row is not None and row[1] == SHARED]:
        del held[row]
    rows = [(row, count) for row, count in held.most_common() if row is not None]
    if not rows or rows[0][1] < _MOST * held.total():
        return None
    return rows[0][0] if len(rows) == 1 or rows[1][1] <= _HARDLY * held.total() else None
