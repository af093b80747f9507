"""Every visible character of a form is a value, a label or named clutter, and is claimed by one leaf only.

What is left over is how a dropped row, a blank that is none and a wrong place show, whoever read the form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pipeline.forms import Finding, FormType, Severity, pattern
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

    Headings that are carried down may be claimed by every row below them. What is left over is said of the row, line
    or leaf that is printed before it; behind the label of a leaf of that leaf, and a heading of the row below it.
    """
    claimed = _claims(reading)
    labels = _labels(form_type.vocabulary)
    left: dict[str, int] = {}
    last = ""
    waiting = 0  # characters of headings that are left over, for the next row
    for cell in cells:
        if not cell.text:
            continue
        holds = claimed.get(cell.id, ())
        if not waiting and len(holds) == 1 and holds[0][:2] == (0, len(cell.text)) and holds[0][2]:
            last = holds[0][2]
            continue
        covered = bytearray(len(cell.text))
        owner: dict[int, str] = {}
        for start, end, path in holds:
            covered[start:end] = b"\1" * (end - start)
            last = path or labels.get(fold(cell.text[start:end]).rstrip(":"), last)
            for at in {start, end - 1} if path else ():
                other = owner.setdefault(at, path)
                if other != path and not (pattern(other) == pattern(path) and carried_down(path)):
                    words = "two leaves are read from the same characters"
                    yield Finding("coverage.claimed_twice", Severity.ERROR, (other, path), words, (other, path))
            if waiting and path and not carried_down(path):
                left[_group(path)] = left.get(_group(path), 0) + waiting
                waiting = 0
        rest = fold("".join(char for at, char in enumerate(cell.text) if not covered[at]))
        if not rest.strip(_TRIFLES):
            continue
        if rest in form_type.vocabulary.table.headings.inner or rest in form_type.vocabulary.table.headings.outer:
            waiting += len(rest)
        else:
            left[_group(last)] = left.get(_group(last), 0) + len(rest)
    if waiting:
        left[_group(last)] = left.get(_group(last), 0) + waiting
    for path, count in left.items():
        words = f"{count} characters of the form are in no field, no label and no known clutter"
        yield Finding("coverage.left_over", Severity.WARNING, (path,), words, (path,))


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
    """Labels of leaves that stand on their own → the leaf; a label that two leaves have says nothing."""
    fields, footer = vocabulary.fields.by_label, vocabulary.footer.by_label
    return {label: path for label, path in (fields | footer).items() if (label in fields) != (label in footer)}


def _group(path: str) -> str:
    """The row or line that a leaf belongs to; a leaf of its own otherwise."""
    return path.rsplit(".", 1)[0] if "." in path else path
