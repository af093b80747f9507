"""The parts of a form that both shapes share: title, unit of money, carried-down headings, signatures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.readers.draft import Draft, Strip, whole
from pipeline.reading import Part
from pipeline.source import Cell

__all__ = ["Carried", "read_footer", "read_title", "read_unit", "split_heading"]

_HEADING = re.compile(r"(?P<name>[^(]+?)(?:[(](?P<weight>[0-9]+(?:[.][0-9]+)?)?(?:分|%)?(?P<close>[)])?)?")


def read_title(cells: Sequence[Cell], draft: Draft) -> None:
    """Title and fiscal year out of what stands above the first label."""
    strip = Strip(cell for cell in cells if cell.text)
    vocabulary = draft.vocabulary
    year = None
    for found in vocabulary.year.finditer(strip.text):
        year = found  # the last one: a title may name a year of its own
        if strip.text[found.end() - 1] == "度":
            break
    if year is not None:
        draft.put("fiscal_year", strip.cut(*year.span("year")))
        _claim_around(draft, strip, year.span(), year.span("year"))
    title_end = len(strip.text)
    if year is not None:
        title_end = year.start()
        while title_end and strip.text[title_end - 1] in "([":
            title_end -= 1
    if title_end:
        parts = strip.cut(0, title_end)
        if vocabulary.title.fullmatch(strip.text[:title_end]):
            draft.put("title", parts)
            if re.search("[0-9]", strip.text[:title_end]):
                draft.doubt("title", "title.uncertain", "the heading holds figures")
        elif (at := _title_start(strip, title_end, draft)) is not None:
            draft.put("title", strip.cut(at, title_end))
            draft.claim(strip.cut(0, at), "above_title")
            if at and not any(form.fullmatch(strip.text[:at]) for form in vocabulary.clutter.values()):
                draft.doubt("title", "title.uncertain", "text stands above the title")
        else:
            draft.put("title", parts)
            draft.doubt("title", "title.uncertain", "the heading is not a known title")
    elif year is not None and vocabulary.title.fullmatch(strip.text[year.end() :].lstrip(")]")):
        start = len(strip.text) - len(strip.text[year.end() :].lstrip(")]"))
        draft.put("title", strip.cut(start, len(strip.text)))
    elif year is not None and year.start() == 0 and len(strip.text) > year.end() + 2:
        draft.put("title", strip.cut(year.end(), len(strip.text)))
        draft.doubt("title", "title.uncertain", "the heading is not a known title")
    read_unit(strip, draft)
    draft.claim(strip.outside(part for ref in draft.leaves.values() for part in ref.parts), "title")
    for path in ("title", "fiscal_year"):
        if path not in draft.leaves:
            draft.lose(path, "title.missing", "nothing of it stands above the first label")


def _title_start(strip: Strip, end: int, draft: Draft) -> int | None:
    """The first cell from which on the text up to `end` is a title."""
    for start in strip.starts:
        if start < end and draft.vocabulary.title.fullmatch(strip.text[start:end]):
            return start
    return None


def _claim_around(draft: Draft, strip: Strip, words: tuple[int, int], value: tuple[int, int]) -> None:
    """Claim the words that a value stands in, not the value: what is read of it is held against what is printed."""
    draft.claim(strip.cut(words[0], value[0]))
    draft.claim(strip.cut(value[1], words[1]))


def read_unit(strip: Strip, draft: Draft) -> None:
    """The unit of money out of the heading of the money block."""
    found = draft.vocabulary.unit.search(strip.text)
    if found:
        group = "unit" if found.group("unit") else "unit2"
        draft.put("amount_unit", strip.cut(*found.span(group)))
        _claim_around(draft, strip, found.span(), found.span(group))


def read_footer(cells: Iterable[Cell], draft: Draft) -> None:
    """Signatures below the totals; page numbers and the like among them are clutter."""
    kept: list[Cell] = []
    vocabulary = draft.vocabulary
    labels = vocabulary.footer.by_label
    rows: dict[int, list[Cell]] = {}
    for cell in cells:
        rows.setdefault(cell.row, []).append(cell)
    notes = False
    for row in rows.values():
        strip = Strip(row)
        remark = _remark(strip, draft)
        if any(label in strip.text for label in labels):
            notes = False
        elif vocabulary.notes.match(strip.text):
            notes = True
        if notes or remark == strip.text:
            draft.claim((whole(cell) for cell in row), "notes")
        elif any(form.fullmatch(strip.text) for form in vocabulary.clutter.values()) and not _waits(kept, draft):
            draft.claim((whole(cell) for cell in row), "page_number")
        else:
            kept.extend(row)
    draft.fields_inline(Strip(kept), vocabulary.footer)


def _remark(strip: Strip, draft: Draft) -> str:
    """Keep what is printed in a row that the record has no place for; the words that said it."""
    for name, pattern in draft.vocabulary.remarks.items():
        if found := pattern.search(strip.text):
            draft.put_extra(name, strip.cut(*found.span("value")))
            return found.group()
    return ""


def _waits(kept: Sequence[Cell], draft: Draft) -> bool:
    """Does the last cell end in a label that still wants its value?"""
    if not kept:
        return False
    text = Strip([kept[-1]]).text
    return any(text.endswith((label, label + ":")) for label in draft.vocabulary.footer.by_label)


@dataclass(frozen=True, slots=True)
class _Heading:
    text: str
    parts: tuple[Part, ...]
    known: bool


def split_heading(text: str) -> tuple[str, tuple[int, int] | None, bool] | None:
    """A folded heading as (name, where the bracketed subtotal stands, is the bracket whole); None if it is none."""
    found = _HEADING.fullmatch(text)
    if found is None:
        return None
    weight = found.span("weight") if found.group("weight") else None
    return found.group("name"), weight, "(" not in text or found.group("close") is not None


class Carried:
    """The carried-down headings of a table: a merged heading stands for every row below it until the next."""

    def __init__(self, draft: Draft, *, has_inner: bool = True) -> None:
        self.draft = draft
        self.headings = draft.vocabulary.table.headings
        self.has_inner = has_inner
        self._outer: _Heading | None = None
        self._inner: _Heading | None = None

    def is_outer(self, text: str) -> bool:
        """Is that folded heading the one that is carried down at present?"""
        split = split_heading(text)
        name = split[0] if split else text
        return self._outer is not None and self.headings.stem(name) == self.headings.stem(self._outer.text)

    def row(self, prefix: str, outer: Strip | None, inner: Strip | None) -> None:
        """Write the headings of one row, given those that are printed on it."""
        if outer is not None:
            self._outer, self._inner = self._take(prefix, outer), None
        if inner is not None:
            self._inner = self._inner_of(inner)
        self._put_outer(f"{prefix}.level1", printed=outer is not None)
        if not self.has_inner:
            return
        path = f"{prefix}.level2"
        if self._inner is not None:
            self.draft.put(path, self._inner.parts)
            if not self._inner.known:
                self.draft.doubt(path, "heading.unknown", "the heading is not known")
        else:
            self.draft.put(path, ())
            self.draft.doubt(path, "heading.lost", "no heading stands above this row")

    def _put_outer(self, path: str, *, printed: bool) -> None:
        if self._outer is None:
            self.draft.lose(path, "heading.lost", "no heading stands above this row")
            self.draft.doubt(
                f"{self.draft.vocabulary.table.group}[]", "row.missing", "the row of the heading may be missing"
            )
            return
        above = self.headings.stem(self._outer.text)
        below = self.headings.parents.get(self.headings.stem(self._inner.text)) if self._inner else None
        if below is not None and above not in below and self._outer.known:
            if printed:
                self.draft.put(path, self._outer.parts)
                self.draft.doubt(path, "heading.unusual", "the headings do not belong together")
            else:
                self.draft.lose(path, "heading.lost", "the heading carried down does not belong above this one")
            return
        self.draft.put(path, self._outer.parts)
        if not self._outer.known:
            self.draft.doubt(path, "heading.unknown", "the heading is not known")

    def _take(self, prefix: str, strip: Strip) -> _Heading:
        table = self.draft.vocabulary.table
        split = split_heading(strip.text)
        if split is None:
            return _Heading(strip.text, strip.cut(0, len(strip.text)), known=False)
        name, weight, closed = split
        if weight is not None:
            path = f"{table.subtotals}.{name}"
            if path not in self.draft.leaves:
                self.draft.put(path, strip.cut(*weight))
            if not closed:
                self.draft.doubt(path, "heading.cut", "the bracket behind the heading is not closed")
        self.draft.claim(strip.cut(len(name), len(strip.text)))
        return _Heading(name, strip.cut(0, len(name)), known=name in self.headings.outer)

    def _inner_of(self, strip: Strip) -> _Heading:
        split = split_heading(strip.text)
        name = split[0] if split else strip.text
        if name in self.headings.inner:
            self.draft.claim(strip.cut(len(name), len(strip.text)))
            return _Heading(name, strip.cut(0, len(name)), known=True)
        known = name in self.headings.outer or (len(name) <= 12 and name.endswith(self.headings.suffix))
        return _Heading(strip.text, strip.cut(0, len(strip.text)), known=known)
