"""Every visible character of a form is a value, a label or named clutter, and is claimed by one leaf only.

What is left over is how a dropped row, a blank that is none and a wrong place show, whoever read the form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from pipeline.forms import Finding, FormType, Kind, Severity, pattern
from pipeline.geometry import carried_down
from pipeline.reading import Reading
from pipeline.source import Cell
from pipeline.vocabulary import Vocabulary, fold

__all__ = ["uncovered"]

_TRIFLES = ":()。.;；、,，"
_Claims = Mapping[int, Sequence[tuple[int, int, str]]]
"""Cell id → what is claimed of it: half-open range, and the leaf, empty for what is no value."""


def uncovered(cells: Sequence[Cell], form_type: FormType, reading: Reading) -> Iterator[Finding]:
    """What nothing accounts for (`coverage.left_over`), and what two leaves claim (`coverage.claimed_twice`).

    Headings that are carried down may be claimed by every row below them. What is left over is said of the leaf, the
    row or the line it most likely belongs to: that whose label is printed before it, a leaf that is blank and looks
    like it, else that on its own line of the page, else that before it. A heading belongs to the row below.
    """
    claimed = _claims(reading)
    vocabulary = form_type.vocabulary
    labels = _labels(vocabulary)
    left: dict[str, int] = {}
    waiting: list[_Left] = []
    last, last_row = "", -1
    for cell in cells:
        if not cell.text:
            continue
        covered = bytearray(len(cell.text))
        owner: dict[int, str] = {}
        for start, end, path in claimed.get(cell.id, ()):
            covered[start:end] = b"\1" * (end - start)
            found = path or labels.get(fold(cell.text[start:end]).rstrip(":"), "")
            if found and not (carried_down(found) and owner):  # the first of the rows that a heading is carried to
                last, last_row = found, cell.row
            if not path:
                continue
            for at in {start, end - 1}:
                other = owner.setdefault(at, path)
                if other != path and not (pattern(other) == pattern(path) and carried_down(path)):
                    words = "two leaves are read from the same characters"
                    yield Finding("coverage.claimed_twice", Severity.ERROR, (other, path), words, (other, path))
            if waiting and not carried_down(path):
                for each in waiting:
                    group = _group(path if each.heading or each.row == cell.row else each.before)
                    left[group] = left.get(group, 0) + each.characters
                waiting.clear()
        rest = "" if all(covered) else fold("".join(char for at, char in enumerate(cell.text) if not covered[at]))
        if not rest.strip(_TRIFLES):
            continue
        heading = rest in vocabulary.table.headings.inner or rest in vocabulary.table.headings.outer
        if path := _looked_for(rest, form_type, reading):
            left[path] = left.get(path, 0) + len(rest)
        elif heading or cell.row != last_row:
            waiting.append(_Left(len(rest), cell.row, heading, last))
        else:
            left[_group(last)] = left.get(_group(last), 0) + len(rest)
    for each in waiting:
        left[_group(each.before)] = left.get(_group(each.before), 0) + each.characters
    for path, count in left.items():
        words = f"{count} characters of the form are in no field, no label and no known clutter"
        yield Finding("coverage.left_over", Severity.WARNING, (path,), words, (path,))


class _Left(NamedTuple):
    """So many characters that are left over, on a row, behind the leaf `before`, until the next leaf is seen."""

    characters: int
    row: int
    heading: bool
    before: str


def _looked_for(rest: str, form_type: FormType, reading: Reading) -> str:
    """A leaf that is blank, of a kind that the vocabulary knows by sight, which this would be; else nothing."""
    forms = {Kind.UNIT: form_type.vocabulary.unit, Kind.YEAR: form_type.vocabulary.year}
    for path, kind in form_type.leaves.items():
        if kind in forms and path in reading.leaves and not reading.leaves[path].parts and forms[kind].search(rest):
            return path
    return ""


def _claims(reading: Reading) -> _Claims:
    claimed: dict[int, list[tuple[int, int, str]]] = {}
    for path, ref in reading.leaves.items():
        for part in ref.parts:
            if part.end > part.start:
                claimed.setdefault(part.cell, []).append((part.start, part.end, path))
    others = [claim.part for claim in reading.claims]
    others += [part for ref in reading.extra.values() for part in ref.parts]
    for part in others:
        claimed.setdefault(part.cell, []).append((part.start, part.end, ""))
    return claimed


def _labels(vocabulary: Vocabulary) -> dict[str, str]:
    """Labels of leaves and lines → leaf or line; a label that two leaves have says nothing."""
    fields, footer = vocabulary.fields.by_label, vocabulary.footer.by_label
    own = {label: path for label, path in (fields | footer).items() if (label in fields) != (label in footer)}
    matrix = vocabulary.matrix
    return own | {label: f"{matrix.group}.{line}." for label, line in matrix.line_by_label.items()}


def _group(path: str) -> str:
    """The row or line that a leaf belongs to; a leaf of its own otherwise."""
    return path.rsplit(".", 1)[0] if "." in path else path
