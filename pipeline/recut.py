"""What people decided about where forms begin and end, put in the place of what the segmenter found.

Pure; the sections of a document cover its cells completely and in order before and after.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.anchors import find_cell
from pipeline.decisions import Decision, DecisionKind, effective
from pipeline.forms import FormType
from pipeline.source import Document, Section, SectionKind, Span

__all__ = ["recut"]

_Cut = tuple[int, int, str | None]
"""First cell and the cell behind the last, indices; form type, None for other text."""


def recut(
    document: Document, sections: Sequence[Section], form_types: Sequence[FormType], decisions: Sequence[Decision]
) -> tuple[list[Section], list[Decision]]:
    """The sections with what people decided, and the decisions whose place is not found any more.

    `not_a_form` makes a form other text, `form_missing` makes a form of other text from its cell on, `split` begins
    another form at its cell, and `join` makes one form of a form and the next one, with what stands between them.
    """
    cuts = [(section.first, section.last, section.form_type) for section in sections]
    orphans: list[Decision] = []
    for decision in effective(decisions):
        if not decision.kind.of_section:
            continue
        cell = find_cell(document, decision.anchor)
        changed = None if cell is None else _changed(cuts, decision, cell - 1, {each.name for each in form_types})
        if changed is None:
            orphans.append(decision)
        else:
            cuts = changed
    if cuts == [(section.first, section.last, section.form_type) for section in sections]:
        return list(sections), orphans
    return _sections(document, cuts), orphans


def _changed(cuts: Sequence[_Cut], decision: Decision, at: int, known: set[str]) -> list[_Cut] | None:
    """The cuts after one decision about the section that holds the cell at that index; None where it makes no sense."""
    index = next((index for index, (first, last, _) in enumerate(cuts) if first <= at < last), None)
    if index is None:
        return None
    first, last, name = cuts[index]
    before, behind = list(cuts[:index]), list(cuts[index + 1 :])
    match decision.kind:
        case DecisionKind.NOT_A_FORM if name is not None:
            return [*before, (first, last, None), *behind]
        case DecisionKind.FORM_MISSING if name is None and decision.anchor.form_type in known:
            return [*before, *_halves(first, at, last, None, decision.anchor.form_type), *behind]
        case DecisionKind.SPLIT if name is not None and at > first:
            return [*before, *_halves(first, at, last, name, name), *behind]
        case DecisionKind.JOIN if name is not None:
            further = next((number for number, cut in enumerate(behind) if cut[2] is not None), None)
            if further is not None:
                return [*before, (first, behind[further][1], name), *behind[further + 1 :]]
    return None


def _halves(first: int, at: int, last: int, before: str | None, behind: str | None) -> list[_Cut]:
    return [cut for cut in ((first, at, before), (at, last, behind)) if cut[0] < cut[1]]


def _sections(document: Document, cuts: Sequence[_Cut]) -> list[Section]:
    """Sections of these cells, with their text and their numbers."""
    starts = [document.cells[first].span.start if first < len(document.cells) else 0 for first, _, _ in cuts]
    ends = [*starts[1:], len(document.text)]
    starts[0] = 0
    ordinals: dict[str, int] = {}
    made = []
    for (first, last, name), start, end in zip(cuts, starts, ends, strict=True):
        section = Section(SectionKind.OTHER, None, 0, Span(start, end), first, last)
        if name is not None:
            ordinals[name] = ordinals.get(name, 0) + 1
            section = replace(section, kind=SectionKind.FORM, form_type=name, ordinal=ordinals[name])
        made.append(section)
    return made
