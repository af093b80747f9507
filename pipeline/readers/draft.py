"""A reading while it is being made, and the view of several cells as one folded text that the readers search in."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from pipeline.forms import FormType, Kind, pattern
from pipeline.reading import Claim, Doubt, Part, Reading, Ref, RefKind
from pipeline.source import Cell
from pipeline.vocabulary import Fields, fold, folded

__all__ = ["FIGURE", "Draft", "Strip", "amount", "begins_with_label", "figure", "label_of", "whole"]

FIGURE = re.compile(r"-?[0-9]+(?:,[0-9]{3})*(?:[.][0-9]+)?")
"""A bare figure, folded."""
_BRACKETED = re.compile(r"[(][^()]*[)]$")


def whole(cell: Cell) -> Part:
    """All of a cell."""
    return Part(cell.id, 0, len(cell.text))


@lru_cache(maxsize=16384)
def figure(text: str) -> float | None:
    """The figure that a folded text is, a trailing 分 allowed; None if it is none. For comparing only."""
    bare = text.removesuffix("分")
    return float(bare.replace(",", "")) if FIGURE.fullmatch(bare) else None


def amount(text: str, units: Sequence[str]) -> bool:
    """Is a folded text an amount of money, with or without one of these units (longest first)?"""
    bare = next((text.removesuffix(unit) for unit in units if text.endswith(unit)), text)
    return FIGURE.fullmatch(bare) is not None


def label_of(text: str, labels: Mapping[str, str], *, cut: bool = False, taken: Container[str] = ()) -> str | None:
    """What a folded text means as a label: as it is, without a colon, without a bracket behind it.

    With `cut`, a text of two characters or more that begins the labels of exactly one meaning that is not `taken`
    counts as well: a heading that the scan clipped.
    """
    for form in (text, text.rstrip(":"), _BRACKETED.sub("", text.rstrip(":"))):
        if form in labels:
            return labels[form]
    if cut and len(text) >= 2:
        meanings = {meaning for label, meaning in labels.items() if label.startswith(text) and meaning not in taken}
        if len(meanings) == 1:
            return meanings.pop()
    return None


class Strip:
    """Several cells in reading order as one folded text, every character of which knows its cell."""

    def __init__(self, cells: Iterable[Cell], ranges: Sequence[tuple[int, int]] = ()) -> None:
        """All of the cells, or only that half-open range of each."""
        self.cells = list(cells)
        texts: list[str] = []
        self._places: list[tuple[int, int]] = []
        self.starts: list[int] = []
        """Index in `text` at which each cell begins."""
        at = 0
        for number, cell in enumerate(self.cells):
            start, end = ranges[number] if ranges else (0, len(cell.text))
            piece = folded(cell.text[start:end])
            texts.append(piece.text)
            self._places.extend((number, start + offset) for offset in piece.offsets)
            self.starts.append(at)
            at += len(piece.text)
        self.text = "".join(texts)

    def cut(self, start: int, end: int) -> tuple[Part, ...]:
        """The source parts of the folded characters `start`..`end`, one a cell."""
        parts: list[Part] = []
        for number, offset in self._places[start:end]:
            cell = self.cells[number].id
            if parts and parts[-1].cell == cell:
                parts[-1] = Part(cell, parts[-1].start, offset + 1)
            else:
                parts.append(Part(cell, offset, offset + 1))
        return tuple(parts)

    def outside(self, parts: Iterable[Part]) -> tuple[Part, ...]:
        """The source parts of all folded characters that are in none of these."""
        taken = {(part.cell, at) for part in parts for at in range(part.start, part.end)}
        free: list[Part] = []
        for index, (number, offset) in enumerate(self._places):
            if (self.cells[number].id, offset) not in taken:
                free.extend(self.cut(index, index + 1))
        return tuple(free)


class Draft:
    """Collects leaves, label claims and doubts; `finish` makes the reading."""

    def __init__(self, form_type: FormType, cells: Sequence[Cell]) -> None:
        self.form_type = form_type
        self.vocabulary = form_type.vocabulary
        self._cells = {cell.id: cell for cell in cells}
        self.leaves: dict[str, Ref] = {}
        self.doubts: list[Doubt] = []
        self.claims: list[Claim] = []
        self.extra: dict[str, Ref] = {}
        self.merged: list[tuple[int, int]] = []
        self.rows = 0
        self.template: list[str] = []
        self.unknown_label = False
        """Was there a label among the fields that is not known?"""

    def text(self, parts: Iterable[Part]) -> str:
        """Folded text of these parts."""
        return "".join(fold(self._cells[cell].text[start:end]) for cell, start, end in parts)

    def strip(self, parts: Sequence[Part]) -> Strip:
        """These parts as one folded text."""
        return Strip((self._cells[part.cell] for part in parts), [(part.start, part.end) for part in parts])

    def whole(self, cells: Iterable[int]) -> Strip:
        """All of the cells with these ids as one folded text."""
        return Strip(self._cells[cell] for cell in cells)

    def put(self, path: str, parts: Sequence[Part]) -> None:
        """Set a leaf to what stands in these parts; blank cells and marks for nothing become references of their
        own."""
        self.leaves[path] = self.reference(self.form_type.leaves.get(pattern(path), Kind.NUMBER), parts)

    def put_extra(self, label: str, parts: Sequence[Part]) -> None:
        """Keep what the record has no place for."""
        if self.text(parts):
            self.extra[label] = self.reference(Kind.TEXT, parts)

    def reference(self, kind: Kind, parts: Sequence[Part]) -> Ref:
        """The reference that these parts make for a leaf of that kind."""
        text = self.text(parts)
        if not text:
            return Ref(RefKind.EMPTY, tuple(parts))
        if kind.numeric and text in self.vocabulary.nothing:
            return Ref(RefKind.DASH, tuple(parts))
        return Ref(RefKind.AT, tuple(part for part in parts if part.end > part.start))

    def lose(self, path: str, code: str, message: str = "") -> None:
        """Say that the source lost a leaf."""
        self.leaves[path] = Ref(RefKind.LOST)
        self.doubt(path, code, message)

    def doubt(self, path: str, code: str, message: str = "") -> None:
        """Say that a leaf, a group or the whole form is not certain."""
        entry = Doubt(path, code, message)
        if entry not in self.doubts:
            self.doubts.append(entry)

    def require_total_line(self, lines: Container[str]) -> None:
        """Every form has the first line of the money block: where it was not found, it was lost, not left out."""
        matrix = self.vocabulary.matrix
        first = next(iter(matrix.lines))
        if first not in lines:
            for column in matrix.columns:
                self.lose(
                    f"{matrix.group}.{first}.{column}", "line.missing", "the line of the whole amount was not found"
                )

    def lose_total(self) -> None:
        """Say that the line of totals was not found: then what stands below it was not looked for either."""
        for path in self.vocabulary.total_leaves:
            self.lose(path, "total.missing", "no line of totals was found")
        self.doubt(
            f"{self.vocabulary.table.group}[]", "total.missing", "what stands below the table may be among its rows"
        )
        if self.rows:
            last = f"{self.vocabulary.table.group}[{self.rows - 1}]"
            self.doubt(last, "total.missing", "what stands below the table may be at its end")
        for path in self.vocabulary.footer.labels:
            if path not in self.leaves:
                self.doubt(path, "total.missing", "without a line of totals the signatures are not found")

    def lose_goals(self) -> None:
        """Say that the texts of headings that were not found are lost."""
        for path in self.vocabulary.pair.labels:
            if path not in self.leaves:
                self.lose(path, "header.missing", "its heading was not found")

    def claim(self, parts: Iterable[Part], kind: str = "label") -> None:
        """Account for characters that are no value."""
        self.claims.extend(Claim(part, kind) for part in parts if part.end > part.start)

    def fields_inline(self, strip: Strip, fields: Fields) -> None:
        """Read `label：value` pairs out of running text; a value reaches to the next label.

        A label without a value is blank: the cell for it is there. A leaf that was read already is left alone.
        """
        taken: list[_Hit] = []
        for hit in sorted(_occurrences(strip, fields), key=lambda hit: (hit.glued, hit.start)):
            known = hit.path in self.leaves or any(hit.path == other.path for other in taken)
            if not known and not any(hit.start < other.end and other.start < hit.end for other in taken):
                taken.append(hit)
        taken.sort(key=lambda hit: hit.start)
        for number, hit in enumerate(taken):
            stop = taken[number + 1].start if number + 1 < len(taken) else len(strip.text)
            label = strip.text[hit.start : hit.end]
            self.put_field(hit.path, label, strip.cut(hit.start, hit.end), strip.cut(hit.end, stop), fields)
            if hit.glued:
                for path in (hit.path, *(other.path for other in taken[:number][-1:])):
                    self.doubt(path, "label.glued", "a label is glued to what follows it, or is no label")
        self.doubt_absent(fields)

    def put_field(
        self, path: str, label: str, label_parts: Sequence[Part], parts: Sequence[Part], fields: Fields
    ) -> None:
        """Set a leaf that a label announces; doubted where another label seems to stand among what follows."""
        self.claim(label_parts)
        self.put(path, parts)
        other = fields.joint.get(label.rstrip(":"))
        if other is not None and other not in self.leaves:
            self.lose(other, "label.joint", "one label asks for two things")
            self.doubt(path, "label.joint", "one label asks for two things")
        if len(parts) > 1 and any(fields.unknown.fullmatch(self.text([part]).rstrip(":")) for part in parts):
            self.doubt(path, "label.unknown", "a label that is not known seems to stand among the text")
            self.unknown_label = True

    def doubt_absent(self, fields: Fields) -> None:
        """Where a label was not known, what seems to be absent may be what it asks for.

        A label that every such form has is not absent but called otherwise; then its value may have been taken for the
        end of another's, wherever one is made of several cells.
        """
        found = {path for path in fields.labels if path in self.leaves}
        missing = set(fields.always - found)
        for group in fields.together:
            if group & found:
                missing |= group - found
        if missing:
            for path in found:
                if len(self.leaves[path].parts) > 1 and self.form_type.leaves[path] is not Kind.DATE:
                    self.doubt(path, "label.unknown", "the value of a label that is not known may be at its end")
        if missing or self.unknown_label:
            for path in fields.labels:
                if path not in found:
                    self.doubt(path, "label.unknown", "a label that is not known may ask for it")

    def finish(self, reader: str, template: str) -> Reading:
        """The reading: leaves that nothing was said of are absent from this form."""
        leaves = {path: self.leaves.get(path, Ref(RefKind.ABSENT)) for path in self.form_type.paths(self.rows)}
        leaves |= {path: ref for path, ref in self.leaves.items() if path not in leaves}
        return Reading(
            reader=reader,
            template=template,
            rows=self.rows,
            leaves=leaves,
            doubts=tuple(self.doubts),
            claims=tuple(self.claims),
            merged=tuple(self.merged),
            extra=self.extra,
        )


def begins_with_label(text: str, labels: Mapping[str, str]) -> bool:
    """Does a folded text begin with a label to which its value is glued?"""
    return any(len(label) >= _LONG_LABEL and text.startswith(label) for label in labels)


class _Hit(NamedTuple):
    """A label found in a strip: folded characters `start`..`end`, its colon included; `glued` to what follows."""

    start: int
    end: int
    path: str
    glued: bool


def _occurrences(strip: Strip, fields: Fields) -> list[_Hit]:
    """Where labels stand: in cells of their own, before a colon, or glued to what they begin; longest first."""
    hits: list[_Hit] = []
    begins = {*strip.starts, len(strip.text)}
    for label, path in sorted(fields.by_label.items(), key=lambda item: -len(item[0])):
        at = strip.text.find(label)
        while at >= 0:
            end = at + len(label)
            colon = strip.text[end : end + 1] == ":"
            whole_cells = at in begins and end in begins
            glued = at in begins and len(label) >= _LONG_LABEL
            if (colon or whole_cells or glued) and not any(at < hit.end and hit.start < end for hit in hits):
                hits.append(_Hit(at, end + colon, path, not colon and not whole_cells))
            at = strip.text.find(label, at + 1)
    return hits


_LONG_LABEL = 4
"""A shorter label is not looked for where it is glued to other text."""
