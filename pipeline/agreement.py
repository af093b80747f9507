"""Two readings of a form made one: double keying, with the page as the judge.

Rows are matched by the characters they are read from, never by their numbers, so that a row that one reader dropped or
doubled shifts nothing. A leaf on which both agree is confirmed, and what the table reader doubted about its place is
settled. Where they differ, a reading is refuted at a leaf by the page alone: it names a place that there is not, or
one that another leaf holds for both readers, it says that a leaf is blank, or shorter, and leaves over what the other
accounts for, or it stands where no leaf of its row or column could. If only the model's is refuted, and the page leaves
one place only, the table reader's stands. Otherwise an identity may tell the two apart (`settle`), else a person has
to. Equal values at different places are no agreement, save headings that are carried down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from pipeline.forms import FormType, Kind, pattern
from pipeline.geometry import HEADINGS, carried_down, misplaced
from pipeline.reading import Doubt, Part, Reading, Ref, RefKind
from pipeline.source import Cell, Document, Layout, Section
from pipeline.values import value_of
from pipeline.vocabulary import fold

__all__ = ["Agreement", "agree", "decided"]

_OF_THE_SOURCE = frozenset({"columns.lost", "heading.blank", "heading.cut", "heading.lost"})
"""Doubts about what the source holds, not about where: no second reader clears them."""
_Span = tuple[int, int]
"""Cell id and offset of one character."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """One reading out of two. `disputed` maps leaves that only a person, an identity or a third reader can settle to
    what the model read there."""

    reading: Reading
    disputed: Mapping[str, Ref] = field(default_factory=dict)

    def begin(self, path: str) -> int:
        """Id of the cell in which the row of a leaf begins, headings that are carried down left out; 0 without one."""
        row, bracket, _ = path.rpartition("].")
        own = [
            ref for leaf, ref in self.reading.leaves.items() if leaf.startswith(f"{row}].") and not carried_down(leaf)
        ]
        return min((part.cell for ref in own for part in ref.parts), default=0) if bracket else 0


def agree(document: Document, section: Section, form_type: FormType, first: Reading, second: Reading) -> Agreement:
    """Hold the reading of the table reader, `first`, against that of a model."""
    return _Comparison(document, section, form_type, first, second).result()


def decided(document: Document, form_type: FormType, agreement: Agreement, third: Reading) -> Agreement:
    """The agreement with what a third, different reader settles: it sides with one of the two, or with neither."""
    cells = document.cells
    leaves = dict(agreement.reading.leaves)
    disputed: dict[str, Ref] = {}
    doubted = {doubt.path for doubt in third.doubts}
    for path, theirs in agreement.disputed.items():
        found = third.leaves.get(path)
        if found is None or path in doubted:
            disputed[path] = theirs
        elif _says_the_same(form_type, path, theirs, found, cells):
            leaves[path] = theirs
        elif not _says_the_same(form_type, path, leaves[path], found, cells):
            disputed[path] = theirs
    return Agreement(replace(agreement.reading, leaves=leaves), disputed)


def _says_the_same(form_type: FormType, path: str, one: Ref, other: Ref, cells: Sequence[Cell]) -> bool:
    """Is it the same value, and at the same place? Blank is blank, whether said to be empty, a dash or absent.

    A heading that is carried down may be printed again, on the next page.
    """
    if RefKind.LOST in (one.kind, other.kind) or (one.kind is RefKind.AT) != (other.kind is RefKind.AT):
        return False
    if one.kind is not RefKind.AT or one.parts == other.parts:
        return True
    kind = form_type.leaves.get(pattern(path), Kind.NUMBER)
    values = [value_of(kind, ref.parts, cells).value for ref in (one, other)]
    near = carried_down(path) or bool(_spans(one.parts, cells) & _spans(other.parts, cells))
    return values[0] == values[1] and near


class _Comparison:
    def __init__(
        self, document: Document, section: Section, form_type: FormType, first: Reading, second: Reading
    ) -> None:
        self._document = document
        self._section = section
        self._form_type = form_type
        self._table = form_type.vocabulary.table.group
        self._first = first
        self._second = second
        start = f"{self._table}[]."
        own = (leaf.removeprefix(start) for leaf in form_type.leaves if leaf.startswith(start))
        self._columns = [column for column in own if column not in HEADINGS]
        self._rows = self._matched_rows()
        self._other = {path: second.leaves.get(self._path_there(path)) for path in first.leaves}
        self._doubted_there = {
            doubt.path for doubt in (*second.doubts, *misplaced(document, section, form_type, second))
        }
        self._misplaced = misplaced(document, section, form_type, first)
        self._doubted_here = {doubt.path for doubt in self._misplaced}

    def _path_there(self, path: str) -> str:
        """What a leaf of the first reading is called in the second."""
        if not path.startswith(f"{self._table}["):
            return path
        number, _, column = path[len(self._table) + 1 :].partition("].")
        row = self._rows.get(int(number))
        return "" if row is None else f"{self._table}[{row}].{column}"

    @cached_property
    def _accounted_here(self) -> set[_Span]:
        return self._accounted(self._first)

    @cached_property
    def _accounted_there(self) -> set[_Span]:
        return self._accounted(self._second)

    @cached_property
    def _one_piece_here(self) -> set[_Span]:
        """The characters of leaves that the first reading reads from one piece of a line each."""
        pieces = (ref for ref in self._first.leaves.values() if self._is_one_piece(ref))
        return self._spans(part for ref in pieces for part in ref.parts)

    @cached_property
    def _rows_with_extra(self) -> set[str]:
        return {label.rpartition(".")[0] for label in self._first.extra}

    @cached_property
    def _labels_here(self) -> set[_Span]:
        return self._spans(claim.part for claim in self._first.claims)

    @cached_property
    def _extra_here(self) -> set[_Span]:
        return self._spans(part for ref in self._first.extra.values() for part in ref.parts)

    def result(self) -> Agreement:
        same = {path for path, ref in self._first.leaves.items() if self._agrees(path, ref, self._other[path])}
        differ = [path for path in self._first.leaves if path not in same]
        settled = self._held_by(same) if differ else {}
        doubts: list[Doubt] = []
        disputed: dict[str, Ref] = {}
        for path in differ:
            ref, other = self._first.leaves[path], self._other[path]
            if ref.kind is RefKind.LOST or self._refuted_here(path, ref, other, settled):
                doubts.append(Doubt(path, "readers.differ"))
            elif not (self._refuted_there(path, ref, other, settled) and self._is_enclosed(path, ref, settled)):
                disputed[path] = other or Ref(RefKind.LOST)
        doubts += self._misplaced
        doubts += self._kept_doubts(same)
        doubts += self._rows_of_the_second_only()
        reading = replace(self._first, reader=f"{self._first.reader}+{self._second.reader}", doubts=tuple(doubts))
        return Agreement(reading, disputed)

    def _agrees(self, path: str, one: Ref, other: Ref | None) -> bool:
        if other is None or self._is_doubted_there(path):
            return False
        return _says_the_same(self._form_type, path, one, other, self._document.cells)

    def _held_by(self, paths: Iterable[str]) -> dict[_Span, str]:
        """The characters that both readers cite for the same leaf, with that leaf."""
        held: dict[_Span, str] = {}
        for path in paths:
            other = self._other[path]
            spans = self._spans(self._first.leaves[path].parts) & self._spans(other.parts if other else ())
            held.update(dict.fromkeys(spans, path))
        return held

    def _refuted_there(self, path: str, ref: Ref, other: Ref | None, settled: Mapping[_Span, str]) -> bool:
        """Can the second reading not be right about this leaf?"""
        if other is None:
            return self._left_out(path)
        mine, theirs = self._spans(ref.parts), self._spans(other.parts)
        left = mine - theirs - self._accounted_there
        if self._is_doubted_there(path):
            return not (left and self._has_unplaced(path, left))
        if any(_clash(path, settled.get(span)) for span in theirs - mine):
            return True
        if not left or theirs & self._extra_here:
            return False
        # Where it names a place of its own, what it leaves over may be nobody's value.
        return not theirs - mine and not self._has_unplaced(path, left)

    def _is_enclosed(self, path: str, ref: Ref, settled: Mapping[_Span, str]) -> bool:
        """Does the page leave one place only to what the first reading alone says, and vouch for its ends?

        In a table its walls do. Among lines of text it must stand between labels and leaves on which both agree; one
        that is a whole piece of a line also beside others that are, except among columns the record has no place for.
        """
        if not ref.parts or self._document.cell(ref.parts[0].cell).layout is not Layout.LINES:
            return True
        first, last = ref.parts[0], ref.parts[-1]
        ends = (self._beside(first.cell, first.start - 1, -1), self._beside(last.cell, last.end, 1))
        one_piece = self._is_one_piece(ref) and path.rpartition(".")[0] not in self._rows_with_extra
        return all(
            end is None or end in settled or end in self._labels_here or (one_piece and end in self._one_piece_here)
            for end in ends
        )

    def _is_one_piece(self, ref: Ref) -> bool:
        """Is a leaf all of one piece of a line?"""
        if len(ref.parts) != 1:
            return False
        cell, start, end = ref.parts[0]
        text = self._document.cells[cell - 1].text
        return not (text[:start] + text[end:]).strip()

    def _beside(self, cell: int, at: int, step: int) -> _Span | None:
        """The next visible character of the section in a direction, from that place on; None at its edge."""
        while self._section.first < cell <= self._section.last:
            text = self._document.cells[cell - 1].text
            while 0 <= at < len(text):
                if not text[at].isspace():
                    return cell, at
                at += step
            cell += step
            if self._section.first < cell <= self._section.last and step < 0:
                at = len(self._document.cells[cell - 1].text) - 1
            else:
                at = 0
        return None

    def _is_doubted_there(self, path: str) -> bool:
        """Is the leaf doubted in the second reading, or all of its row or line?"""
        there = self._path_there(path)
        return there in self._doubted_there or there.rpartition(".")[0] in self._doubted_there

    def _has_unplaced(self, path: str, left: set[_Span]) -> bool:
        """May what is left over be of a column or a line that the record has no place for, and stay over rightly?

        In a table with walls an answer is not asked for the columns of others.
        """
        group = path.split(".", 1)[0].split("[", 1)[0]
        if group == self._table and any(self._document.cells[cell - 1].layout is not Layout.LINES for cell, _ in left):
            return False
        return group in self._unplaced

    @cached_property
    def _unplaced(self) -> set[str]:
        """Groups in which the form prints what the record has no place for."""
        groups = {label.split(".", 1)[0].split("[", 1)[0] for label in self._first.extra}
        table = self._form_type.vocabulary.table
        cells = self._section.cells(self._document)
        if any(table.column_by_label.get(fold(cell.text)) in table.others for cell in cells):
            groups.add(self._table)
        return groups

    def _refuted_here(self, path: str, ref: Ref, other: Ref | None, settled: Mapping[_Span, str]) -> bool:
        """Can the first reading not be right about this leaf?"""
        if path in self._doubted_here:
            return True
        mine, theirs = self._spans(ref.parts), self._spans(other.parts if other else ())
        if any(_clash(path, settled.get(span)) for span in mine - theirs):
            return True
        return not theirs - mine <= self._accounted_here

    def _left_out(self, path: str) -> bool:
        """Has the second reading left out the row of a leaf, all of whose characters it accounts for nowhere?"""
        if not path.startswith(f"{self._table}["):
            return False
        own = self._row(self._first, int(path[len(self._table) + 1 :].partition("]")[0]))
        return bool(own) and not own & self._accounted_there

    def _kept_doubts(self, same: set[str]) -> Iterator[Doubt]:
        """Doubts of the first reading that agreement does not settle; one of a group stays for what is not agreed."""
        rows_agree = self._rows_agree(same)
        for doubt in self._first.doubts:
            if doubt.code in _OF_THE_SOURCE:
                yield doubt
            elif doubt.path == f"{self._table}[]":
                if not rows_agree:
                    yield doubt
            elif doubt.path in self._first.leaves:
                if doubt.path not in same:
                    yield doubt
            else:
                below = [path for path in self._first.leaves if _is_below(path, doubt.path)]
                if not below:
                    yield doubt
                for path in below:
                    if path not in same:
                        yield replace(doubt, path=path)

    def _rows_agree(self, same: set[str]) -> bool:
        """Have both the same rows: as many, and most of what each holds of its own read alike?"""
        if not self._first.rows == self._second.rows == len(self._rows):
            return False
        for row in self._rows:
            own = [
                path for column in self._columns if self._first.leaves[path := f"{self._table}[{row}].{column}"].parts
            ]
            if own and 2 * sum(path in same for path in own) <= len(own):
                return False
        return True

    def _rows_of_the_second_only(self) -> Iterator[Doubt]:
        """A row that only the second reading has is missing in the first, unless it says again what its others say.

        Where the first has its characters in rows of its own, these rows are in doubt: it may have run two together.
        """
        known = set(self._rows.values())
        others = {row: self._row(self._second, row) for row in range(self._second.rows)}
        said = {span for row in known for span in others[row]}
        for row in set(others) - known:
            if others[row] and others[row] <= said:
                continue
            yield Doubt(f"{self._table}[]", "rows.differ", "one reader has a row that the other has not")
            for number in range(self._first.rows):
                if others[row] & self._row(self._first, number):
                    yield Doubt(f"{self._table}[{number}]", "rows.differ", "another reader reads two rows here")

    def _spans(self, parts: Iterable[Part]) -> set[_Span]:
        return _spans(parts, self._document.cells)

    def _accounted(self, reading: Reading) -> set[_Span]:
        """All visible characters that a reading accounts for."""
        refs = (*reading.leaves.values(), *reading.extra.values())
        parts = {part for ref in refs for part in ref.parts} | {claim.part for claim in reading.claims}
        return self._spans(parts)

    def _row(self, reading: Reading, row: int) -> set[_Span]:
        """The visible characters of a row's own leaves."""
        return self._spans(self._row_parts(reading, row))

    def _matched_rows(self) -> dict[int, int]:
        """Rows of the first reading → rows of the second that are read from the same places, each taken once.

        Places are the parts of cells that both name alike; characters, where a row has none of those; and the headings
        of rows that hold nothing else.
        """
        rest, free = list(range(self._first.rows)), list(range(self._second.rows))
        matched: dict[int, int] = {}
        for places in (self._row_parts, self._row, self._heading_parts):
            if rest and free:
                matched |= self._matched_by(places, rest, free)
                rest = [row for row in rest if row not in matched]
                free = [row for row in free if row not in matched.values()]
        return matched

    def _matched_by(
        self, places: Callable[[Reading, int], set[Any]], rows: Iterable[int], others: Iterable[int]
    ) -> dict[int, int]:
        there: dict[object, list[int]] = {}
        for row in others:
            for place in places(self._second, row):
                there.setdefault(place, []).append(row)
        shared: list[tuple[int, int, int]] = []
        for row in rows:
            counts = Counter(other for place in places(self._first, row) for other in there.get(place, ()))
            shared += [(count, row, other) for other, count in counts.items()]
        matched: dict[int, int] = {}
        taken: set[int] = set()
        for _, row, other in sorted(shared, key=lambda each: (-each[0], abs(each[1] - each[2]), each)):
            if row not in matched and other not in taken:
                matched[row] = other
                taken.add(other)
        return matched

    def _row_parts(self, reading: Reading, row: int) -> set[Part]:
        """The parts of cells that a row's own leaves name."""
        return self._parts(reading, row, self._columns)

    def _heading_parts(self, reading: Reading, row: int) -> set[Part]:
        """The parts of cells that the headings of a row name, if it has no other leaves."""
        return set() if self._row_parts(reading, row) else self._parts(reading, row, HEADINGS)

    def _parts(self, reading: Reading, row: int, columns: Sequence[str]) -> set[Part]:
        refs = (reading.leaves.get(f"{self._table}[{row}].{column}") for column in columns)
        return {part for ref in refs if ref is not None for part in ref.parts if part.end > part.start}


def _spans(parts: Iterable[Part], cells: Sequence[Cell]) -> set[_Span]:
    """The visible characters of these parts."""
    return {
        (cell, at) for cell, start, end in parts for at in range(start, end) if not cells[cell - 1].text[at].isspace()
    }


def _clash(path: str, holder: str | None) -> bool:
    """Is a character held by another leaf, which does not share it? Headings that are carried down do."""
    if holder is None or holder == path:
        return False
    return not (pattern(path) == pattern(holder) and path.rpartition(".")[2] in HEADINGS)


def _is_below(path: str, group: str) -> bool:
    return not group or (path.startswith(group) and path[len(group) : len(group) + 1] in (".", "["))
