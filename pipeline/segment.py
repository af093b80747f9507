"""Sections of a document: one a form, and one for whatever stands between forms. Nothing is dropped.

A form begins at its title (or, where the title is lost, at its first label) and ends behind its line of totals and the
signatures below. A title in running text begins nothing: labels of the form must follow it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import groupby, pairwise

from pipeline.forms import FormType
from pipeline.source import Cell, Document, Section, SectionKind, Span
from pipeline.vocabulary import Vocabulary, fold

__all__ = ["segment"]

_ANCHOR_REACH = 60
"""Within how many filled cells behind a title its labels must follow; a title, a year and a header are some 20."""
_ANCHORS_NEEDED = 3
_TITLE_LENGTH = 60
_YEAR_BEHIND = re.compile(r"[(](?:(?:19|20)[0-9]{2}[^()]*[)]?)?$")
_FOOTER_REACH = 60
"""Within how many filled cells behind the totals a signature is looked for: printed scoring notes may stand between."""


def segment(document: Document, form_types: Sequence[FormType]) -> list[Section]:
    """Cut a document into sections that cover its text and its cells completely and in order."""
    cells = document.cells
    bounds: list[tuple[int, int, str]] = []
    for form_type in form_types:
        finder = _Finder(cells, form_type.vocabulary)
        starts = finder.starts()
        for start, limit in pairwise([*starts, len(cells)]):
            bounds.append((start, finder.end(start, limit), form_type.name))
    bounds.sort()
    sections: list[Section] = []
    ordinals: dict[str, int] = {}
    at = 0
    for begin, end, name in bounds:
        start = max(begin, at)
        if start >= end:
            continue
        if start > at:
            sections.append(Section(SectionKind.OTHER, None, 0, Span(0, 0), at, start))
        ordinals[name] = ordinals.get(name, 0) + 1
        sections.append(Section(SectionKind.FORM, name, ordinals[name], Span(0, 0), start, end))
        at = end
    if at < len(cells) or not sections:
        sections.append(Section(SectionKind.OTHER, None, 0, Span(0, 0), at, len(cells)))
    return _with_spans(document, sections)


def _with_spans(document: Document, sections: list[Section]) -> list[Section]:
    """Give each section the text from its first cell to the next one's; the first also what stands before."""
    starts = [
        document.cells[section.first].span.start if section.first < len(document.cells) else 0 for section in sections
    ]
    starts[0] = 0
    ends = [*starts[1:], len(document.text)]
    return [
        Section(section.kind, section.form_type, section.ordinal, Span(start, end), section.first, section.last)
        for section, start, end in zip(sections, starts, ends, strict=True)
    ]


class _Finder:
    """Where the forms of one type begin and end among the cells of a document."""

    def __init__(self, cells: Sequence[Cell], vocabulary: Vocabulary) -> None:
        self.cells = cells
        self.vocabulary = vocabulary
        self.texts = [fold(cell.text) for cell in cells]
        self.row_cells = Counter(cell.row for cell in cells)
        self.total_initials = {label[0] for label in vocabulary.total}
        self.first_initials = {label[0] for label in next(iter(vocabulary.fields.labels.values()))}
        fields = vocabulary.fields
        self.first_labels = set(next(iter(fields.labels.values())))
        self.anchors = {
            *self.first_labels,
            *(label for path, labels in fields.labels.items() for label in labels if len(label) > 2),
            *vocabulary.matrix.heading,
            *(label for labels in vocabulary.matrix.columns.values() for label in labels if len(label) > 3),
            *vocabulary.table.column_by_label,
        }

    def starts(self) -> list[int]:
        """Indices of the cells at which forms begin."""
        rows = [list(group) for _, group in groupby(range(len(self.cells)), key=lambda i: self.cells[i].row)]
        out: list[int] = []
        labelled = False  # has the current form had its first label?
        for number, row in enumerate(rows):
            titles = self._titles(row)
            for index in row:
                if index in titles and self._labels_follow(index):
                    if out and not labelled and self._nothing_but_titles(out[-1], index):
                        continue  # a title over two lines begins one form
                    out.append(index)
                    labelled = False
                elif self._is_first_label(index):
                    if (not out and self._labels_follow(index)) or (
                        labelled and self._labels_follow(index) and self._total_since(out[-1], index)
                    ):
                        out.append(self._before(rows, number, index))
                    labelled = bool(out)
        return out

    def _titles(self, row: list[int]) -> list[int]:
        """The cells at which titles begin in this row: its first, where the whole row is one, or any that is one
        itself."""
        filled = [index for index in row if self.texts[index]]
        whole = "".join(self.texts[index] for index in filled) if len(filled) < 40 else ""
        if 0 < len(whole) <= _TITLE_LENGTH and self._is_title(whole):
            return [filled[0]]
        return [
            index for index in filled if len(self.texts[index]) <= _TITLE_LENGTH and self._is_title(self.texts[index])
        ]

    def _is_title(self, text: str) -> bool:
        if text[-1] not in self.vocabulary.title_ends:
            return False
        bare = self.vocabulary.year.sub("", _YEAR_BEHIND.sub("", text)).replace("()", "")
        return bool(self.vocabulary.title.fullmatch(bare))

    def _is_first_label(self, index: int) -> bool:
        text = self.texts[index]
        if text[:1] not in self.first_initials:
            return False
        return text.rstrip(":") in self.first_labels or any(text.startswith(label + ":") for label in self.first_labels)

    def _labels_follow(self, start: int) -> bool:
        seen: set[str] = set()
        filled = 0
        for index in range(start, len(self.cells)):
            text = self.texts[index]
            if not text:
                continue
            filled += 1
            if filled > _ANCHOR_REACH:
                return False
            if text.rstrip(":") in self.anchors or ((head := text.split(":", 1)[0]) != text and head in self.anchors):
                seen.add(text.rstrip(":"))
                if len(seen) >= _ANCHORS_NEEDED:
                    return True
        return False

    def _nothing_but_titles(self, start: int, end: int) -> bool:
        return sum(len(text) for text in self.texts[start:end]) <= _TITLE_LENGTH

    def _total_since(self, start: int, end: int) -> bool:
        return any(text.rstrip(":") in self.vocabulary.total for text in self.texts[start:end])

    def _before(self, rows: list[list[int]], number: int, index: int) -> int:
        """A form without a title begins at the year above its first label, if there is one."""
        if rows[number][0] == index or not any(self.texts[i] for i in rows[number] if i < index):
            for above in rows[max(number - 2, 0) : number]:
                text = "".join(self.texts[i] for i in above)
                if len(text) <= 14 and self.vocabulary.year.search(text):
                    return above[0]
            return rows[number][0]
        return index

    def end(self, start: int, limit: int) -> int:
        """Index behind the last cell of the form that begins at `start`; the next one begins at `limit`."""
        header = next((i for i in range(start, limit) if self.texts[i] in self.vocabulary.table.column_by_label), start)
        total = max((i for i in range(header, limit) if self._is_total(i)), default=None)
        notes = next((i for i in range(start, limit) if self._begins_notes(i)), None)
        if total is None:
            end = notes if notes is not None and self._labels_before(start, notes) else limit
            return self._trim(start, end)
        end = total + 1
        row = self.cells[total].row
        numbers = 0
        while end < limit and (self.cells[end].row == row or (self._is_figure(self.texts[end]) and numbers < 4)):
            if self._flat(row) and (numbers == 2 or not self._is_figure(self.texts[end])):
                break
            numbers += self._is_figure(self.texts[end])
            end += 1
        return self._with_footer(end, limit)

    def _is_total(self, index: int) -> bool:
        text = self.texts[index].rstrip(":")
        if text[:1] not in self.total_initials:
            return False
        return any(
            text == label or (text.startswith(label) and self._is_figure(text[len(label) :]))
            for label in self.vocabulary.total
        )

    def _begins_notes(self, index: int) -> bool:
        return bool(self.vocabulary.notes.match(self.texts[index]))

    def _labels_before(self, start: int, index: int) -> bool:
        return any(text.rstrip(":") in self.anchors for text in self.texts[start:index])

    @staticmethod
    def _is_figure(text: str) -> bool:
        return bool(re.fullmatch(r"[-+]?[0-9.,]+(?:分|%)?|[-—–/]+|", text))

    def _flat(self, row: int) -> bool:
        return self.row_cells[row] > 40

    def _with_footer(self, end: int, limit: int) -> int:
        """Extend a form over the signatures below its totals."""
        labels = self.vocabulary.footer.by_label
        filled = 0
        index = end
        while index < limit and filled <= _FOOTER_REACH:
            text = self.texts[index]
            filled += bool(text)
            head = text.split(":", 1)[0]
            if (head in labels and ":" in text) or (self._short_row(index) and self._asks(index, head)):
                row = self.cells[index].row
                bare = text.rstrip(":") == head
                index += 1
                values = 0
                while index < limit:
                    same_row = self.cells[index].row == row
                    head = self.texts[index].split(":", 1)[0]
                    if head in labels:
                        break
                    if same_row and not self._flat(row):
                        values += bool(self.texts[index])
                    elif (
                        bare
                        and not values
                        and self.texts[index]
                        and len(self.texts[index]) <= 20
                        and not self._begins_notes(index)
                    ):
                        values += 1
                    elif self.texts[index]:
                        break
                    index += 1
                end = index
                filled = 0
            else:
                index += 1
        return end

    def _asks(self, index: int, head: str) -> bool:
        """Is the cell a label of the signatures, or does it hold one behind a label that is not known?"""
        labels = self.vocabulary.footer.by_label
        text = self.texts[index]
        return head in labels or (any(f"{label}:" in text for label in labels) and not self._begins_notes(index))

    def _short_row(self, index: int) -> bool:
        row = self.cells[index].row
        around = self.texts[max(index - 8, 0) : index + 9]
        rows = [self.cells[i].row for i in range(max(index - 8, 0), min(index + 9, len(self.cells)))]
        return sum(len(text) for text, r in zip(around, rows, strict=False) if r == row) <= 80

    def _trim(self, start: int, end: int) -> int:
        """Leave clutter that follows the form to the next section."""
        while end > start + 1:
            text = self.texts[end - 1]
            if text and not any(form.fullmatch(text) for form in self.vocabulary.clutter.values()):
                break
            end -= 1
        return end
