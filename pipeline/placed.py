"""A form as it is cut and read, by where its rows stand: what anchors are made of, and what they are found among."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from functools import cached_property

from pipeline.forms import FormType
from pipeline.geometry import carried_down
from pipeline.places import AROUND, REACH, Char, Flow, chars_of, text_of
from pipeline.reading import Part, Reading
from pipeline.source import Document, Section
from pipeline.vocabulary import fold

__all__ = ["BEGIN_TEXT", "ROW_TEXT", "SHARED", "VALUE_TEXT", "PlacedForm", "row_number"]

ROW_TEXT, VALUE_TEXT, BEGIN_TEXT = 100, 40, 12
"""Characters of text that an anchor keeps, at most: of a row, of a value, of the first cell of each row."""
SHARED = -1
"""Instead of the number of a row: characters that several rows are read from."""
_ENDS = 30
"""Filled cells by which the same form may begin or end elsewhere: titles, signatures, notes. The shortest forms have
twice as many, and what holds the first label of another form is more than an end."""
_BESIDE = 100
"""Characters of what stands beside a form that may be its title."""


def row_number(group: str, path: str) -> int | None:
    """The number of a leaf's row in the table of that name; None for a leaf of none."""
    return int(path[len(group) + 1 :].partition("]")[0]) if path.startswith(f"{group}[") else None


class PlacedForm:
    """A form of a document. What is made of it is made when it is first needed."""

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
    def flow(self) -> Flow:
        """The form's text, and what stands around it."""
        return Flow(self._document.cells, self.section.first, self.section.last, _BESIDE)

    @cached_property
    def places(self) -> list[set[Part]]:
        """Where each row is read from: blank cells where it holds nothing else, and headings where it has no cells and
        they are no other's."""
        full: list[set[Part]] = []
        empty: list[set[Part]] = []
        for number in range(self.reading.rows):
            parts = self._parts(number, self.columns)
            full.append({part for part in parts if part.end > part.start})
            empty.append(parts - full[-1])
        # Only a row that holds nothing asks for the headings.
        heads = [] if all(full) else [self._parts(number, self._headings) for number in range(self.reading.rows)]
        rows_of = Counter(part for parts in heads for part in parts)
        alone = [{part for part in parts if rows_of[part] == 1} for parts in heads] or empty
        return [filled or blank or head for filled, blank, head in zip(full, empty, alone, strict=True)]

    def _parts(self, number: int, patterns: Iterable[str]) -> set[Part]:
        leaves = self.reading.leaves
        refs = (leaves.get(pattern.replace("[]", f"[{number}]", 1)) for pattern in patterns)
        return {part for ref in refs if ref is not None for part in ref.parts}

    @cached_property
    def own(self) -> list[tuple[Part, ...]]:
        """The places of each row, in reading order: those that it shares with no other row, if it has any."""
        rows_of = Counter(part for parts in self.places for part in parts)
        return [tuple(sorted({part for part in parts if rows_of[part] == 1} or parts)) for parts in self.places]

    @cached_property
    def columns(self) -> list[str]:
        """The leaf patterns of a row, those that it may share with others left out."""
        return [leaf for leaf in self._patterns if not carried_down(leaf)]

    @cached_property
    def _headings(self) -> list[str]:
        return [leaf for leaf in self._patterns if carried_down(leaf)]

    @property
    def _patterns(self) -> Iterable[str]:
        return (leaf for leaf in self.form_type.leaves if leaf.startswith(f"{self.group}[]."))

    @cached_property
    def owners(self) -> dict[Char, int]:
        """The row of every character that a row is read from."""
        owners: dict[Char, int] = {}
        for number, parts in enumerate(self.places):
            for char in chars_of(self._document, parts):
                owners[char] = SHARED if char in owners else number
        return owners

    @cached_property
    def texts(self) -> list[str]:
        """What each row says, as anchors keep it."""
        return [text_of(self._document, parts)[:ROW_TEXT] for parts in self.own]

    @cached_property
    def by_text(self) -> dict[str, list[int]]:
        """The rows that say the same."""
        rows: dict[str, list[int]] = {}
        for number, text in enumerate(self.texts):
            rows.setdefault(text, []).append(number)
        return rows

    def chars(self, path: str) -> set[Char]:
        """The characters that a leaf is read from."""
        ref = self.reading.leaves.get(path)
        return chars_of(self._document, ref.parts) if ref else set()

    def around(self, number: int) -> tuple[str, str]:
        """What stands around a row: as much as tells it from rows that say the same.

        Of a row without a place it is what the rows before and behind say, with a line end for each between them that
        has none either, and for itself on both sides.
        """
        parts = self.own[number]
        if not parts:
            first = next((row for row in range(number, 0, -1) if self.own[row - 1]), 0)
            behind = next((row for row in range(number, len(self.own)) if self.own[row]), len(self.own))
            texts = ["", *self.texts, ""]
            before = texts[first][-AROUND:] + "\n" * (number + 1 - first)
            return before, "\n" * (behind - number) + texts[behind + 1][:AROUND]
        equal = [self.own[other] for other in self.by_text[self.texts[number]] if other != number]
        size = AROUND
        while size < REACH and any(self.flow.around(parts, size) == self.flow.around(each, size) for each in equal):
            size *= 2
        return self.flow.around(parts, size)

    def begins_with(self, text: str, pages: Collection[int] = ()) -> bool:
        """Does the form begin with this text, on one of these pages if any are given?

        A title may be missing on either side.
        """
        if pages and self._document.cell(self.section.first + 1).page not in pages:
            return False
        start = self.flow.at(self.section.first + 1, 0)
        return text in self.flow.text[max(start - _BESIDE, 0) : start + len(text) + _BESIDE]

    def ends_with(self, text: str) -> bool:
        """Is this text among the last cells of the form?"""
        cells = self._document.cells
        return text in "".join(fold(cells[index].text) for index in self.filled[-_ENDS:])

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
