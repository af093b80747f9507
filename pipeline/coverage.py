"""Every visible character of a form is a value, a label or named clutter, and is claimed by one leaf only.

What is left over is how a dropped row, a blank that is none and a wrong place show, whoever read the form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from pipeline.forms import Finding, FormType, Kind, Sentence, Severity, pattern
from pipeline.geometry import carried_down
from pipeline.messages import CATALOGUE
from pipeline.reading import Part, Reading
from pipeline.source import Cell
from pipeline.vocabulary import Vocabulary, fold

__all__ = ["uncovered"]

_CLAIMED_TWICE = Sentence(*CATALOGUE["finding.coverage.claimed_twice"])
_LEFT_OVER = Sentence(*CATALOGUE["finding.coverage.left_over"])

_LABEL = "label"
"""What a reader calls the words of the template."""
_TITLE = "title"
"""The leaf, and what a reader calls everything that stands around it: in its own cell that is the leaf alone."""
_MARKS = "。.;；、,，"
_TRIFLES = f":(){_MARKS}"


class _Claim(NamedTuple):
    """What is claimed of a cell: a half-open range, and the leaf that is read from it, empty for what is no value."""

    start: int
    end: int
    path: str
    parts: Sequence[Part] = ()
    """All that the leaf is read from."""

    def like(self, other: _Claim) -> bool:
        """Is it the same heading, carried to another row?"""
        return self.parts == other.parts and pattern(self.path) == pattern(other.path) and carried_down(self.path)


def uncovered(cells: Sequence[Cell], form_type: FormType, reading: Reading) -> Iterator[Finding]:
    """What nothing accounts for (`coverage.left_over`), and what two leaves claim (`coverage.claimed_twice`).

    Headings that are carried down may be claimed by every row below them. What is left over is said of the leaf, the
    row or the line it most likely belongs to: those that it stands beside in its cell, a leaf that is blank and looks
    like it, that whose label is printed before it, else that on its own line of the page, else that before it. A
    heading belongs to the row below.
    """
    claimed = _claims(reading)
    gaps = _Gaps(form_type, reading)
    for cell in cells:
        if not cell.text:
            continue
        claims = claimed.get(cell.id, ())
        for one, other in _claimed_twice(claims):
            yield Finding("coverage.claimed_twice", Severity.ERROR, (one, other), _CLAIMED_TWICE, (one, other))
        gaps.pass_over(cell, claims)
    gaps.look_among_labels(cells)
    for path, count in gaps.left_over().items():
        said = _LEFT_OVER.of(count=count)
        yield Finding("coverage.left_over", Severity.WARNING, (path,), said, (path,))


def _claimed_twice(claims: Sequence[_Claim]) -> Iterator[tuple[str, str]]:
    """Pairs of leaves that are read from the same characters of a cell and may not share them."""
    reach: list[_Claim] = []
    for claim in claims:
        if not claim.path or any(claim.like(other) for other in reach):
            continue
        for other in reach:
            if claim.start < other.end and other.start < claim.end and claim.path != other.path:
                yield other.path, claim.path
        reach.append(claim)


class _Left(NamedTuple):
    """So many characters that are left over, on a row, behind the leaf `before`, until the next leaf is seen."""

    characters: int
    row: int
    heading: bool
    before: str


class _Gaps:
    """Passes over the cells of a form in order, and keeps what is left over by the leaf or group it belongs to."""

    def __init__(self, form_type: FormType, reading: Reading) -> None:
        self._reading = reading
        forms = {Kind.UNIT: form_type.vocabulary.unit, Kind.YEAR: form_type.vocabulary.year}
        self._known = {path: forms[kind] for path, kind in form_type.leaves.items() if kind in forms}
        headings = form_type.vocabulary.table.headings
        self._headings = headings.inner | headings.outer
        self._title = form_type.vocabulary.title
        self._side_by_side = tuple(form_type.vocabulary.pair.labels)
        self._labels = _labels(form_type.vocabulary)
        self._subtotals = f"{form_type.vocabulary.table.subtotals}."
        self._left: dict[str, int] = {}
        self._rests: list[str] = []
        self._waiting: list[_Left] = []
        self._in_table = False
        """Has a row of the table been seen?"""
        self._last, self._last_row = "", -1
        """The last leaf or line that was seen, and its row."""

    def pass_over(self, cell: Cell, claims: Sequence[_Claim]) -> None:
        """Look at the next cell, and at what is claimed of it, in order of place."""
        at = 0
        of_leaf = False
        for start, end, path, _ in claims:
            if start > at:
                self._gap(cell, at, start, claims)
            at = max(at, end)
            self._in_table |= "[" in path
            found = path or self._labels[self._in_table].get(fold(cell.text[start:end]).rstrip(":"), "")
            if found and not (carried_down(found) and of_leaf):  # the first of the rows that a heading is carried to
                self._last, self._last_row = found, cell.row
            of_leaf = of_leaf or bool(path)
            if path and not carried_down(path) and not path.startswith(self._subtotals):
                self._settle_waiting(path, cell.row)
        if at < len(cell.text):
            self._gap(cell, at, len(cell.text), claims)

    def left_over(self) -> Mapping[str, int]:
        """Leaf or group → how many characters of it are left over."""
        for each in self._waiting:
            self._add(_group(each.before), each.characters)
        self._waiting.clear()
        return self._left

    def look_among_labels(self, cells: Sequence[Cell]) -> None:
        """What a leaf lacks of what the vocabulary knows by sight is not among labels, nor left over elsewhere."""
        texts = {cell.id: cell.text for cell in cells}
        labels = sorted({part for part, kind in self._reading.claims if kind in (_LABEL, _TITLE)})
        words = [fold(texts.get(cell, "")[start:end]) for cell, start, end in labels]
        words += ["".join(words), "".join(self._rests)]
        for path, form in self._known.items():
            parts = self._reading.leaves[path].parts if path in self._reading.leaves else ()
            own = "".join(fold(texts.get(cell, "")[start:end]) for cell, start, end in parts)
            for found in filter(None, map(form.search, words)):
                printed = next((text for text in found.groupdict().values() if text), "")
                if own != printed and own in printed:
                    self._add(path, len(printed) - len(own))
                    break

    def _gap(self, cell: Cell, start: int, end: int, claims: Sequence[_Claim]) -> None:
        """Take characters that nobody claims, among the claims of their cell."""
        rest = fold(cell.text[start:end])
        beside = [claim.path for claim in claims if claim.end == start or claim.start == end]
        leaves = dict.fromkeys(path for path in beside if path)
        # A mark at the edge of a cell ends, or begins, what is read from it, if only a leaf stands beside it.
        at_edge = bool(leaves) and all(beside) and not 0 < start < end < len(cell.text)
        if not rest or not (rest.strip(_TRIFLES) or (at_edge and not rest.strip(_MARKS))):
            return
        around = _around(cell, start, end, claims)
        self._rests.append(around)
        if self._title.fullmatch(rest.strip(_TRIFLES)):
            self._add(_TITLE, len(rest))
        elif path := self._looked_for(around):
            self._add(path, len(rest))
        elif rest in self._headings:
            self._waiting.append(_Left(len(rest), cell.row, True, self._last))
        elif leaves:
            for place, path in enumerate(leaves):
                self._add(path if place and carried_down(path) else _group(path), len(rest))
        elif cell.row != self._last_row:
            self._waiting.append(_Left(len(rest), cell.row, False, self._last))
        else:
            self._add(_group(self._last), len(rest))

    def _looked_for(self, rest: str) -> str:
        """A leaf that is blank, of a kind that the vocabulary knows by sight, which this would be; else nothing."""
        for path, form in self._known.items():
            if path in self._reading.leaves and not self._reading.leaves[path].parts and form.search(rest):
                return path
        return ""

    def _settle_waiting(self, path: str, row: int) -> None:
        for each in self._waiting:
            self._add(_group(path if each.heading or each.row == row else each.before), each.characters)
        self._waiting.clear()

    def _add(self, path: str, characters: int) -> None:
        # Of two texts side by side, what is left over may belong to either.
        for each in self._side_by_side if path in self._side_by_side else (path,):
            self._left[each] = self._left.get(each, 0) + characters


def _around(cell: Cell, start: int, end: int, claims: Sequence[_Claim]) -> str:
    """What is left over with the labels that it stands among, folded."""
    first = max((claim.end for claim in claims if claim.path and claim.end <= start), default=0)
    last = min((claim.start for claim in claims if claim.path and claim.start >= end), default=len(cell.text))
    return fold(cell.text[first:last])


def _claims(reading: Reading) -> Mapping[int, Sequence[_Claim]]:
    """What is claimed of each cell, in order of place; the leaves of a place in the order of the record."""
    claimed: dict[int, list[_Claim]] = {}
    for path, ref in reading.leaves.items():
        for cell, start, end in ref.parts:
            if end > start:
                claimed.setdefault(cell, []).append(_Claim(start, end, path, ref.parts))
    title = reading.leaves.get(_TITLE)
    titled = {part.cell for part in title.parts} if title else set()
    others = [claim.part for claim in reading.claims if claim.kind != _TITLE or claim.part.cell not in titled]
    others += [part for ref in reading.extra.values() for part in ref.parts]
    for cell, start, end in others:
        claimed.setdefault(cell, []).append(_Claim(start, end, ""))
    for claims in claimed.values():
        if len(claims) > 1:
            claims.sort(key=lambda claim: claim[:2])
    return claimed


def _labels(vocabulary: Vocabulary) -> tuple[dict[str, str], dict[str, str]]:
    """Labels of leaves and lines → leaf or line, above the table and below its first row."""
    fields, footer = vocabulary.fields.by_label, vocabulary.footer.by_label
    matrix = vocabulary.matrix
    lines = {label: f"{matrix.group}.{line}." for label, line in matrix.line_by_label.items()}
    lines |= vocabulary.pair.by_label
    return footer | lines | fields, fields | lines | footer


def _group(path: str) -> str:
    """The row or line that a leaf belongs to; a leaf of its own otherwise."""
    return path.rsplit(".", 1)[0] if "." in path else path
