"""The words of a form type, as the engine needs them, and how printed text is compared with them.

Labels are written folded (`fold`): no white space, half-width punctuation. A label matches a cell whose folded text
equals it, with or without a colon behind it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

__all__ = [
    "Fields",
    "Folded",
    "Headings",
    "Labels",
    "Matrix",
    "Pair",
    "Table",
    "Vocabulary",
    "display_width",
    "fold",
    "folded",
    "squeeze",
]

_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_WIDE |= {ord("〇"): ord("0"), ord("∶"): ord(":"), ord("﹕"): ord(":"), ord("︰"): ord(":"), ord("："): ord(":")}
_SPACE = re.compile(r"[\s\u3000\u00a0\u200b\u2060\ufeff\x00-\x1f\x7f]+")


@lru_cache(maxsize=16384)
def fold(text: str) -> str:
    """Printed text for comparing: white space and control characters dropped, full-width ASCII made half-width."""
    if not text.isascii():
        text = text.translate(_WIDE)
    return _SPACE.sub("", text)


def squeeze(text: str) -> str:
    """Printed text without white space and control characters, its punctuation as printed."""
    return _SPACE.sub("", text)


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text with the way back: `offsets[i]` is where character i stands in the text it was made of."""

    text: str
    offsets: tuple[int, ...]


def folded(text: str) -> Folded:
    """Like `fold`, keeping where each character came from."""
    plain = fold(text)
    if len(plain) == len(text):
        return Folded(plain, tuple(range(len(text))))
    kept: list[str] = []
    offsets: list[int] = []
    for offset, char in enumerate(text):
        if not _SPACE.match(char):
            kept.append(chr(_WIDE.get(ord(char), ord(char))))
            offsets.append(offset)
    return Folded("".join(kept), tuple(offsets))


def display_width(text: str) -> float:
    """Width of text in units of a full-width character; half-width characters count one half."""
    if text.isascii():
        return len(text) / 2
    return sum(1.0 if unicodedata.east_asian_width(char) in "WFA" else 0.5 for char in text)


class Labels(dict[str, str]):
    """Folded labels and what they mean."""

    @cached_property
    def initials(self) -> frozenset[str]:
        """Their first characters, to pass over most texts cheaply."""
        return frozenset(label[0] for label in self)


def _by_label(labels: Mapping[str, tuple[str, ...]]) -> Labels:
    return Labels({label: meaning for meaning, each in labels.items() for label in each})


@dataclass(frozen=True)
class Fields:
    """Single leaves printed as label and value: leaf path → its labels, the usual one first.

    `joint` are labels that ask for another leaf as well; `unknown` is what a label may look like that is none of these.
    Every template has the labels of `always`; it has either all of a group of `together` or none.
    """

    labels: Mapping[str, tuple[str, ...]]
    joint: Mapping[str, str]
    unknown: re.Pattern[str]
    always: frozenset[str]
    together: tuple[frozenset[str], ...]

    @cached_property
    def by_label(self) -> Labels:
        """Folded label → leaf path."""
        return _by_label(self.labels)


@dataclass(frozen=True)
class _Block:
    """A part of a form with headings of its own."""

    heading: tuple[str, ...]

    @cached_property
    def heading_labels(self) -> Labels:
        """The block's own headings."""
        return Labels(dict.fromkeys(self.heading, ""))


@dataclass(frozen=True)
class _Columns(_Block):
    """A block with columns: column → its labels."""

    columns: Mapping[str, tuple[str, ...]]

    @cached_property
    def column_by_label(self) -> Labels:
        """Folded column label → column."""
        return _by_label(self.columns)


@dataclass(frozen=True)
class Matrix(_Columns):
    """A block of lines by columns (the money block). Paths are `group.line.column`."""

    group: str
    lines: Mapping[str, tuple[str, ...]]
    other_lines: re.Pattern[str]
    """Labels of lines that the record has no place for."""

    @cached_property
    def line_by_label(self) -> Labels:
        """Folded line label → line."""
        return _by_label(self.lines)


@dataclass(frozen=True)
class Pair(_Block):
    """Two headings side by side with their texts below: heading labels by leaf path, left one first."""

    labels: Mapping[str, tuple[str, ...]]

    @cached_property
    def by_label(self) -> Labels:
        """Folded label → leaf path."""
        return _by_label(self.labels)


@dataclass(frozen=True)
class Headings:
    """Words that head rows in a carried-down column, and under which outer heading each belongs.

    `outer` and `inner` are folded, with and without their `suffix` (指标); `parents` maps the stem of an inner heading
    to the stems of the outer headings that may stand above it.
    """

    outer: frozenset[str]
    inner: frozenset[str]
    parents: Mapping[str, frozenset[str]]
    suffix: str

    def stem(self, text: str) -> str:
        """A heading without its suffix."""
        return text.removesuffix(self.suffix)


@dataclass(frozen=True)
class Table(_Columns):
    """A table of rows under a header. `columns` maps a column to its labels.

    `outer`, `inner` are the carried-down heading columns, `subtotals` the record's map of the figures in brackets
    behind outer headings; `weight`, `score` the numeric columns; `others` are columns the record has no place for.
    """

    group: str
    others: frozenset[str]
    headings: Headings
    subtotals: str
    marker: re.Pattern[str]
    """Begins the name of a row in templates that number them (指标1：), folded."""
    short: Mapping[str, frozenset[str]]
    """What usually stands in columns of single words."""
    no_reason: frozenset[str]
    """What stands in the column of reasons where there is none to give (无)."""
    measure: re.Pattern[str]
    """Begins what goes on behind a figure (年, 万元, 个), folded: a gap before it parts no cells."""
    words: Mapping[str, re.Pattern[str]]
    """What a text of a column usually holds somewhere."""


@dataclass(frozen=True)
class Vocabulary:
    """Everything that the engine must know of a form type's words."""

    title: re.Pattern[str]
    """Matches the folded title of a form, whole."""
    title_ends: frozenset[str]
    """The characters with which a folded title may end, to pass over most texts cheaply."""
    year: re.Pattern[str]
    """Finds the fiscal year in folded text, group `year`."""
    unit: re.Pattern[str]
    """Finds the unit of money in the money block's heading, group `unit`."""
    fields: Fields
    matrix: Matrix
    pair: Pair
    table: Table
    total: tuple[str, ...]
    """Labels of the line of totals."""
    total_leaves: tuple[str, str]
    """Leaf paths of total weight and total score."""
    footer: Fields
    remarks: Mapping[str, re.Pattern[str]]
    """What the record has no place for though it may be printed below the totals, by name: group `value`, folded."""
    notes: re.Pattern[str]
    """Begins the printed scoring notes (folded), which are no data."""
    clutter: Mapping[str, re.Pattern[str]]
    """Kinds of clutter by what a whole line of it looks like (folded)."""
    nothing: frozenset[str]
    """Texts that mean in a numeric cell that nothing is stated."""
    money_units: tuple[str, ...]
    """Units that may stand behind an amount, longest first."""

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of the template, folded: nobody's value."""
        return frozenset(
            {
                *self.fields.by_label,
                *self.footer.by_label,
                *self.matrix.heading,
                *self.matrix.column_by_label,
                *self.matrix.line_by_label,
                *self.pair.heading,
                *self.pair.by_label,
                *self.table.heading,
                *self.table.column_by_label,
                *self.total,
            }
        )
