"""The words of the template in a section that a model has read: an answer names values only.

What is no value, no label and no known clutter stays over, which is how a dropped row or a wrong place shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby

from pipeline.forms import FormType, Kind
from pipeline.readers.draft import FIGURE, Draft, Strip, whole
from pipeline.reading import Part
from pipeline.source import Cell, Layout
from pipeline.vocabulary import Vocabulary, fold

__all__ = ["claim_labels"]

_LEAST_HEADINGS = 3
_NOTHING = re.compile("[-—–―－_/\\\\]+")


def claim_labels(draft: Draft, cells: Sequence[Cell]) -> None:
    """Claim what the vocabulary knows among the characters that no leaf of the draft is read from."""
    printed = [list(group) for _, group in groupby(cells, key=lambda cell: (cell.page, cell.row))]
    _claim_clutter(draft, printed)
    rows = {cell.id: row for row in printed for cell in row}
    forms = {Kind.YEAR: draft.vocabulary.year, Kind.UNIT: draft.vocabulary.unit}
    for path, ref in draft.leaves.items():
        form = forms.get(draft.form_type.leaves.get(path, Kind.TEXT))
        if form is not None and ref.parts:
            _claim_around(draft, rows[ref.parts[0].cell], form, ref.parts)
    taken = _taken(draft)
    other = _other_columns(cells, draft.vocabulary)
    free: list[tuple[Cell, tuple[int, int]]] = []
    for cell in cells:
        for start, end in _gaps(len(cell.text), taken.get(cell.id, ())):
            if cell.column in other.get(cell.layout, ()) or _NOTHING.fullmatch(fold(cell.text)):
                draft.claim([Part(cell.id, start, end)], "other")
            else:
                free.append((cell, (start, end)))
    strip = Strip([cell for cell, _ in free], [part for _, part in free])
    missing = [form for kind, form in forms.items() if not _is_read(draft, kind)]
    for found in _labels(draft.form_type).finditer(strip.text):
        start, end = found.span()
        for form in missing:  # a label may hold it: what says that the answer left it out stays over
            if inside := form.search(strip.text, start, end):
                draft.claim(strip.cut(inside.end(), end))
                end = inside.start()
        draft.claim(strip.cut(start, end))


def _claim_clutter(draft: Draft, rows: Sequence[Sequence[Cell]]) -> None:
    """Claim the rows of printed notes, page numbers and the like that no leaf is read from.

    A bare figure among the rows that hold values may be one that the answer left out, and stays.
    """
    taken = _taken(draft)
    with_values = [number for number, row in enumerate(rows) if any(cell.id in taken for cell in row)]
    first, last = min(with_values, default=0), max(with_values, default=0)
    notes = False
    for number, row in enumerate(rows):
        text = Strip(row).text
        if number in with_values or _is_labelled(draft.vocabulary, row):
            notes = False
        elif notes or draft.vocabulary.notes.match(text):
            notes = True
            draft.claim(map(whole, row), "notes")
        elif first < number < last and FIGURE.fullmatch(text):
            continue
        elif any(form.fullmatch(text) for form in draft.vocabulary.clutter.values()):
            draft.claim(map(whole, row), "page_number")


def _is_labelled(vocabulary: Vocabulary, row: Sequence[Cell]) -> bool:
    """Does a cell of the row begin with a label of what stands below the table?"""
    begins = (fold(cell.text).partition(":")[0] for cell in row)
    return any(begin in vocabulary.footer.by_label or begin in vocabulary.total for begin in begins)


def _taken(draft: Draft) -> dict[int, list[tuple[int, int]]]:
    """Ranges of the characters that are accounted for, by cell."""
    taken: dict[int, list[tuple[int, int]]] = {}
    of_leaves = (part for ref in draft.leaves.values() for part in ref.parts)
    for part in (*of_leaves, *(claim.part for claim in draft.claims)):
        taken.setdefault(part.cell, []).append((part.start, part.end))
    return taken


def _is_read(draft: Draft, kind: Kind) -> bool:
    """Is a leaf of that kind read from somewhere? Then it may be printed again elsewhere."""
    return any(draft.leaves[path].parts for path, each in draft.form_type.leaves.items() if each is kind)


def _claim_around(draft: Draft, row: Sequence[Cell], form: re.Pattern[str], value: Sequence[Part]) -> None:
    """Claim the words in which a value stands, without what is part of it and yet was not read: (2021年度)."""
    strip = Strip(row)
    for found in form.finditer(strip.text):
        inside = next(found.span(name) for name, text in found.groupdict().items() if text)
        if _overlap(strip.cut(*inside), value):
            draft.claim(strip.cut(found.start(), inside[0]))
            draft.claim(strip.cut(inside[1], found.end()))


def _overlap(parts: Sequence[Part], others: Sequence[Part]) -> bool:
    return any(
        one.cell == other.cell and one.start < other.end and other.start < one.end for one in parts for other in others
    )


def _gaps(length: int, taken: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    at = 0
    for start, end in sorted(taken):
        if start > at:
            yield at, start
        at = max(at, end)
    if at < length:
        yield at, length


@cache
def _labels(form_type: FormType) -> re.Pattern[str]:
    """Matches one word of the template, longest first, where the cells around it may have cut it in pieces."""
    vocabulary = form_type.vocabulary
    longest_first = sorted(vocabulary.words, key=lambda word: (-len(word), word))
    year, unit = (re.sub(r"\?P<\w+>", "?:", form.pattern) for form in (vocabulary.year, vocabulary.unit))
    return re.compile("|".join([*map(re.escape, longest_first), unit, year]))


def _other_columns(cells: Sequence[Cell], vocabulary: Vocabulary) -> dict[Layout, set[int]]:
    """Columns of the table that the record has no place for, by the way in which columns are counted."""
    found: dict[Layout, set[int]] = {}
    labels = vocabulary.table.column_by_label
    for _, group in groupby(cells, key=lambda cell: (cell.page, cell.row)):
        heads = [(labels[fold(cell.text)], cell) for cell in group if fold(cell.text) in labels]
        if len({name for name, _ in heads}) >= _LEAST_HEADINGS:
            for name, cell in heads:
                if name in vocabulary.table.others and cell.layout is not Layout.LINES:
                    found.setdefault(cell.layout, set()).add(cell.column)
    return found
