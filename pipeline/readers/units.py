"""The units of a stream: a cell, part of a cell where a figure is glued to the next word, or a heading over several
cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.readers.draft import figure, whole
from pipeline.readers.parts import split_heading
from pipeline.reading import Part
from pipeline.source import Cell
from pipeline.values import is_cjk
from pipeline.vocabulary import Vocabulary, display_width, fold, squeeze

__all__ = ["Unit", "glued_figure", "spaced_out", "unit_follows", "units_of"]

_FIGURE_AND_CHINESE = re.compile(r"[0-9][\u4e00-\u9fff]")
_DATE_PARTS = "年月"
_HEADING_CELLS = 8
_HEADING_LENGTH = 24


@dataclass(slots=True, eq=False)
class Unit:
    """A piece of a stream that belongs to one cell of the form.

    `text` is folded, `raw` as printed without its white space (its punctuation has its printed width). `gap` is 0
    where it stands on the same line as the unit before it, 1 on the next line, 2 behind a blank line. `width` counts
    full-width characters. `value` is the figure that it is, if it is one; `nothing` says that it is a mark for
    nothing. `glued` marks a unit that was cut out of a cell.
    """

    parts: tuple[Part, ...]
    text: str
    raw: str
    row: int
    gap: int
    width: float
    value: float | None = None
    nothing: bool = False
    outer: bool = False
    inner: bool = False
    bare: bool = False
    """A heading without its suffix, on one line: it may as well be a word of a text."""
    glued: bool = False

    @property
    def mark(self) -> bool:
        """Is it a mark for nothing that is no word: a dash, a slash?"""
        return self.nothing and not any(char.isalpha() for char in self.text)

    @property
    def heading(self) -> bool:
        """Is it a heading beyond doubt?"""
        return (self.outer or self.inner) and not self.bare


def units_of(
    cells: Sequence[Cell], vocabulary: Vocabulary, *, headings: bool = False, behind: Sequence[str] = ("分",)
) -> list[Unit]:
    """Units of the cells in order; with `headings`, headings that are wrapped over several cells become one unit.

    `behind` are the words that belong to a figure before them even across a gap. Where the text has gaps between
    figures and Chinese throughout (some programs put them there), a measure word belongs to the figure before it too.
    """
    units: list[Unit] = []
    measures = headings and "%" in behind and spaced_out(cells)
    at = 0
    while at < len(cells):
        end, kinds = _heading(cells, at, vocabulary) if headings else (at + 1, (False, False))
        if end == at + 1 and unit_follows(cells, at, behind):
            end += 1
        if end == at + 1 and _marker_follows(cells, at, vocabulary):
            end += 1
        while measures and not any(kinds) and _measure_follows(cells, at, end, vocabulary):
            end += 1
        run = cells[at:end]
        raw = "".join(squeeze(cell.text) for cell in run)
        text = fold(raw)
        before = units[-1] if units else None
        gap = 2 if before is None else min(run[0].row - before.row, 2)
        width = display_width(raw)
        parts = tuple(whole(cell) for cell in run)
        bare = any(kinds) and len(run) == 1 and not text.endswith((vocabulary.table.headings.suffix, ")"))
        value = figure(text) if len(run) == 1 or text.endswith("分") else None
        if (
            headings
            and before is not None
            and before.value is not None
            and gap == 0
            and (cut := glued_figure(text, before.value))
        ):
            offset = run[0].text.index(text[cut - 1], cut - 1) + 1
            head, tail = Part(run[0].id, 0, offset), Part(run[0].id, offset, len(run[0].text))
            units.append(Unit((head,), text[:cut], raw[:cut], run[0].row, gap, cut / 2, figure(text[:cut]), glued=True))
            rest = text[cut:]
            wide = display_width(raw[cut:])
            units.append(Unit((tail,), rest, raw[cut:], run[0].row, 0, wide, figure(rest), glued=True))
        else:
            units.append(
                Unit(parts, text, raw, run[-1].row, gap, width, value, text in vocabulary.nothing, *kinds, bare)
            )
        at = end
    return units


def spaced_out(cells: Sequence[Cell]) -> bool:
    """Does the text put gaps between figures and Chinese throughout, so that such a gap says nothing?"""
    apart = together = 0
    for cell, behind in pairwise(cells):
        apart += cell.row == behind.row and cell.text[-1:].isdigit() and is_cjk(behind.text[:1])
        together += len(_FIGURE_AND_CHINESE.findall(cell.text))
    return apart >= 3 and together * 3 < apart


def _measure_follows(cells: Sequence[Cell], first: int, end: int, vocabulary: Vocabulary) -> bool:
    """Does the cell at `end` go on with the figure in which those before it end, or the other way round in a date?"""
    if end >= len(cells) or cells[end].row != cells[end - 1].row:
        return False
    before, after = fold(cells[end - 1].text), fold(cells[end].text)
    if before[-1].isdigit():
        if vocabulary.table.measure.match(after):
            return True
        alone = (
            first == 0 or figure(fold(cells[first - 1].text)) is None
        )  # no score, which would have a weight before it
        return alone and end == first + 1 and len(after) <= 2 and is_cjk(after[0]) and after not in vocabulary.nothing
    return before[-1] in _DATE_PARTS and after[0].isdigit() and fold(cells[first].text)[0].isdigit()


def _marker_follows(cells: Sequence[Cell], at: int, vocabulary: Vocabulary) -> bool:
    """Is the mark of a row (指标1：) cut in two by a gap?"""
    if at + 1 >= len(cells) or cells[at + 1].row != cells[at].row:
        return False
    before, after = fold(cells[at].text), fold(cells[at + 1].text)
    marker = vocabulary.table.marker
    return (
        marker.match(before) is None
        and (found := marker.match(before + after)) is not None
        and found.end() > len(before)
    )


def unit_follows(cells: Sequence[Cell], at: int, units: Sequence[str]) -> bool:
    """Is a cell a figure whose unit stands behind a gap, in the next cell of the same line?"""
    if at + 1 >= len(cells) or cells[at + 1].row != cells[at].row:
        return False
    return fold(cells[at + 1].text) in units and figure(fold(cells[at].text)) is not None


def glued_figure(text: str, weight: float) -> int:
    """Where a score ends that is glued to the next word (`8` and `2月底` in `82月底`); 0 if none is.

    The score may not exceed the weight before it, and what follows may not begin with a nought.
    """
    if figure(text) is not None or not text[0].isdigit():
        return 0
    digits = re.match(r"[0-9]+(?:[.][0-9]+)?", text)
    run = digits.group() if digits else ""
    for cut in range(len(run), 0, -1):
        value = figure(run[:cut])
        if (
            value is not None
            and value <= weight
            and value * 10 >= weight
            and text[cut : cut + 1] not in ("0", ".", "%")
        ):
            return cut
    return 0


def _heading(cells: Sequence[Cell], at: int, vocabulary: Vocabulary) -> tuple[int, tuple[bool, bool]]:
    """The longest heading that begins with a cell: (index behind it, (may be outer, may be inner))."""
    headings = vocabulary.table.headings
    text = ""
    found = (at + 1, (False, False))
    for end in range(at, min(at + _HEADING_CELLS, len(cells))):
        piece = fold(cells[end].text)
        text += piece
        if len(text) > _HEADING_LENGTH or (end > at and len(piece) > 10):
            break
        split = split_heading(text)
        if split is None:
            continue
        name, weight, _ = split
        outer, inner = name in headings.outer, name in headings.inner
        if outer or inner:
            found = end + 1, (outer, inner and weight is None)
    return found
