"""A reading as a model would answer it: by reference to numbered cells, or by quotes.

The way back is `pipeline.readers.llm.reader.read_answer`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from pipeline.forms import FormType
from pipeline.readers.llm.cells import number_cells
from pipeline.readers.llm.references import resolve
from pipeline.readers.llm.wire import ABOVE, ABSENT, BLANK, SUBTOTAL, Layout, layout_of
from pipeline.reading import Part, Reading, Ref, RefKind
from pipeline.source import Cell, Document, Section
from pipeline.values import join
from pipeline.vocabulary import fold, squeeze

__all__ = ["Writer", "answer_of", "quoted_answer"]

_HEADINGS = ("level1", "level2")
_ONCE = ("weight", "score")
_LONG = 12
"""A quote longer than this is shortened to its ends."""
_ENDS = 4
_MOST_EQUAL = 9
"""A reference may name the first to the ninth of equal parts."""


def answer_of(document: Document, section: Section, form_type: FormType, reading: Reading) -> dict[str, Any]:
    """The answer by reference to which the reading belongs."""
    return Writer(section.cells(document), form_type).answer(reading)


def quoted_answer(document: Document, section: Section, form_type: FormType, reading: Reading) -> dict[str, Any]:
    """The answer that copies the values of the reading, with a name on each."""
    return Writer(section.cells(document), form_type).quoted(reading)


class Writer:
    """Writes readings of one section as answers; what was written once for a place is remembered.

    A leaf that is lost is written as a cell that there is not, one that is keyed as what was keyed.
    """

    def __init__(self, cells: Sequence[Cell], form_type: FormType) -> None:
        self.layout = layout_of(form_type)
        numbered = number_cells(cells)
        self._cells = numbered.cells
        self._numbers = {cell.id: number for number, cell in enumerate(numbered.cells, 1)}
        self._written: dict[tuple[Part, ...], str] = {}

    def answer(self, reading: Reading) -> dict[str, Any]:
        """The reading by reference."""
        return _filled(self.layout, reading, self.reference, self._folded)

    def quoted(self, reading: Reading) -> dict[str, Any]:
        """The reading by quotes, with names."""
        return _named(self.layout, _filled(self.layout, reading, self.quote, self._folded))

    def reference(self, ref: Ref) -> str:
        """What names the place of a leaf."""
        if ref.kind is RefKind.ABSENT:
            return ABSENT
        if ref.kind is RefKind.LOST:
            return str(len(self._cells) + 1)
        if ref.kind is RefKind.KEYED:
            return ref.keyed or BLANK
        parts = tuple(part for part in ref.parts if part.cell in self._numbers)
        if not parts:
            return BLANK
        written = self._written.get(parts)
        if written is None:
            written = self._written[parts] = self._name(parts)
        return written

    def quote(self, ref: Ref) -> str:
        """The text of a leaf as printed."""
        if ref.kind is RefKind.ABSENT:
            return ABSENT
        if ref.kind is RefKind.KEYED:
            return ref.keyed or BLANK
        return join([self._text(part) for part in ref.parts if part.cell in self._numbers]) or BLANK

    def _name(self, parts: tuple[Part, ...]) -> str:
        """The shortest reference that leads to exactly these characters."""
        wanted = self._trimmed(parts)
        candidates = list(self._candidates(parts))
        for candidate in candidates:
            found = resolve(candidate, self._cells)
            if isinstance(found, tuple) and self._trimmed(found) == wanted:
                return candidate
        return candidates[-1]

    def _candidates(self, parts: Sequence[Part]) -> Iterator[str]:
        cells = _runs(dict.fromkeys(self._numbers[part.cell] for part in parts))
        yield cells
        quote = squeeze("".join(map(self._text, parts)))
        if len(quote) > _LONG:
            yield f"{cells}={quote[:_ENDS]}…{quote[-_ENDS:]}"
        yield f"{cells}={quote}"
        for nth in range(1, _MOST_EQUAL + 1):
            yield f"{cells}#{nth}={quote}"

    def _text(self, part: Part) -> str:
        return self._cells[self._numbers[part.cell] - 1].text[part.start : part.end]

    def _folded(self, ref: Ref) -> str:
        return "".join(fold(self._text(part)) for part in ref.parts)

    def _trimmed(self, parts: Iterable[Part]) -> list[Part]:
        """The parts without white space at their ends."""
        out = []
        for part in parts:
            text = self._text(part)
            if text.strip():
                ahead = len(text) - len(text.lstrip())
                out.append(Part(part.cell, part.start + ahead, part.start + len(text.rstrip())))
        return out


def _runs(numbers: Iterable[int]) -> str:
    """Numbers in order, those that follow one another as a range: 3,7-9."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(f"{first}-{last}" if last > first else str(first) for first, last in runs)


def _filled(
    layout: Layout, reading: Reading, write: Callable[[Ref], str], text: Callable[[Ref], str]
) -> dict[str, Any]:
    """The answer with its lines and rows as arrays."""
    leaves = reading.leaves
    answer: dict[str, Any] = {}
    for name in layout.order:
        if name in layout.lines:
            answer[name] = {
                line: [write(leaves[f"{name}.{line}.{column}"]) for column in columns]
                for line, columns in layout.lines[name].items()
            }
        elif name == layout.table:
            answer[name] = list(_rows(layout, reading, write))
        elif name == layout.subtotals:
            answer[name] = list(_subtotals(layout, leaves, write, text))
        else:
            answer[name] = write(leaves[name])
    return answer


def _rows(layout: Layout, reading: Reading, write: Callable[[Ref], str]) -> Iterator[list[str]]:
    covered = {row for first, last in reading.merged for row in range(first + 1, last)}
    for number in range(reading.rows):
        row = []
        for column in layout.row:
            ref = reading.leaves[f"{layout.table}[{number}].{column}"]
            above = reading.leaves.get(f"{layout.table}[{number - 1}].{column}")
            carried = column in _HEADINGS and bool(ref.parts) and ref == above
            row.append(ABOVE if carried or (number in covered and column in _ONCE) else write(ref))
        yield row


def _subtotals(
    layout: Layout, leaves: Mapping[str, Ref], write: Callable[[Ref], str], text: Callable[[Ref], str]
) -> Iterator[list[str]]:
    """Printed subtotals: the heading that they stand behind, and the figure."""
    headings = {text(ref): ref for path, ref in leaves.items() if path.endswith(f".{_HEADINGS[0]}")}
    for path, ref in leaves.items():
        group, _, heading = path.partition(".")
        if group == layout.subtotals and heading in headings:
            yield [write(headings[heading]), write(ref)]


def _named(layout: Layout, answer: dict[str, Any]) -> dict[str, Any]:
    """The answer with a name on every value of its lines and rows."""
    named = dict(answer)
    for group, lines in layout.lines.items():
        named[group] = {line: dict(zip(columns, answer[group][line], strict=True)) for line, columns in lines.items()}
    named[layout.table] = [dict(zip(layout.row, row, strict=True)) for row in answer[layout.table]]
    named[layout.subtotals] = [dict(zip(SUBTOTAL, pair, strict=True)) for pair in answer[layout.subtotals]]
    return named
