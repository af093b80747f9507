"""What a person is told: fields and rows by name, reasons as sentences, and where two texts differ.

Fields are called what the form prints, in whatever language the interface is. A reason that a check found is its
sentence with the figures, as exports have it, or the same in Chinese.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from functools import cache

from rich.cells import cell_len, set_cell_size

from pipeline.forms import Finding, FormType, Sentence, pattern
from pipeline.messages import CATALOGUE, language, say

__all__ = ["differences", "field_label", "reason_sentence", "row_label"]

_BETWEEN = " · "
_ROW = re.compile(r"(?P<group>.+)\[(?P<number>[0-9]+)\]")
_NAMES = ("name", "target", "level2", "level1")
"""The columns that a row may be called by, the best first."""
_SHORT = 2
"""So many equal characters between two longer differences are marked with them: they are equal by chance."""


def field_label(form_type: FormType, path: str) -> str:
    """What a leaf, a row, a line, a table or, of an empty path, the whole form is called.

    A line of the money block and a total have two names, as in a table: of the line and of the column. The path itself
    where the form type has no name for it.
    """
    if not path:
        return say("field.whole_form")
    table = form_type.vocabulary.table
    group, _, heading = path.partition(".")
    if group == table.subtotals and heading:
        return _joined(heading, table.columns.get("weight"))
    return _labels(form_type).get(pattern(path), path)


def row_label(values: Mapping[str, str | None], path: str, width: int = 40) -> str:
    """What the row of a leaf is called, by number (from 1) and name, in at most `width` columns of a terminal.

    `values` are those of the form by leaf path. Empty for a leaf that stands on no row.
    """
    row = _ROW.match(path)
    if row is None:
        return ""
    number = str(int(row["number"]) + 1)
    named = (values.get(f"{row[0]}.{column}") for column in _NAMES)
    name = next((" ".join(text.split()) for text in named if text), "")
    return _shortened(number + _BETWEEN + name if name else number, width)


def reason_sentence(code: str, finding: Finding | None = None, form_type: FormType | None = None) -> str:
    """Why something is asked, in the language of the process.

    With its figures where there is a finding. Without one, and so without any figure that a person who keys blind must
    not see, what the code means in general; `form_type` knows that of its checks. The code itself if it is unknown.
    """
    if finding is not None:
        return _said(finding.sentence)
    if form_type is not None and code in form_type.wording.checks:
        return _said(form_type.wording.checks[code])
    return say(f"reason.{code}") if f"reason.{code}" in CATALOGUE else code


def differences(one: str, other: str) -> list[tuple[int, int]]:
    """Half-open ranges of `one` that `other` has not, or has otherwise, in order.

    What only `other` has stands nowhere in `one`: it is found the other way round.
    """
    ranges: list[tuple[int, int]] = []
    for tag, start, end, _, _ in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if tag == "equal" or start == end:
            continue
        first, last = ranges[-1] if ranges else (0, 0)
        if ranges and start - last <= _SHORT and start - last < min(last - first, end - start):
            ranges[-1] = (first, end)
        else:
            ranges.append((start, end))
    return ranges


@cache
def _labels(form_type: FormType) -> Mapping[str, str]:
    """Pattern of a leaf, a row, a line or a table → what it is called."""
    vocabulary = form_type.vocabulary
    matrix, table = vocabulary.matrix, vocabulary.table
    found = {matrix.group: matrix.heading[0], table.group: table.heading[0], f"{table.group}[]": table.heading[0]}
    for single in (vocabulary.fields.labels, vocabulary.pair.labels, vocabulary.footer.labels):
        found |= {path: labels[0] for path, labels in single.items()}
    for line, labels in matrix.lines.items():
        found[f"{matrix.group}.{line}"] = labels[0]
        found |= {
            f"{matrix.group}.{line}.{column}": _joined(labels[0], names) for column, names in matrix.columns.items()
        }
    found |= {f"{table.group}[].{column}": names[0] for column, names in table.columns.items()}
    for path, column in zip(vocabulary.total_leaves, ("weight", "score"), strict=True):
        found[path] = _joined(vocabulary.total[0], table.columns.get(column))
    return {**found, **form_type.wording.labels}


def _joined(line: str, column: Sequence[str] | None) -> str:
    return line + _BETWEEN + column[0] if column else line


def _shortened(text: str, width: int) -> str:
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…"


def _said(sentence: Sentence) -> str:
    return sentence.in_chinese() if language() == "zh" else sentence.in_english()
