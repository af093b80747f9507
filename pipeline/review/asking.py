"""A question made out of a document that is settled: the source around the place, the candidates, the neighbours."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import groupby

from rich.cells import cell_len, set_cell_size

from pipeline.decisions import Decision, DecisionKind, Purpose
from pipeline.dossier import FormAnchors
from pipeline.forms import Kind, pattern
from pipeline.geometry import carried_down
from pipeline.pictures import hull
from pipeline.reading import Part, Ref, RefKind
from pipeline.review.question import Candidate, Item, Line, Neighbour, Piece, Place, Question, Reason
from pipeline.review.wording import field_label, reason_sentence, row_label
from pipeline.settle import Settled
from pipeline.source import Cell, Document
from pipeline.values import Value, value_of
from pipeline.vocabulary import fold

__all__ = ["orphan_question", "question_of"]

_ROWS_AROUND = 2
"""Rows above and below whose values may be keyed by mistake."""
_OTHER_READER = "llm"
"""Whose reading `Settled.disputed` is."""
_TITLE_WIDTH = 40
_CELLS_AROUND = 120
"""Cells before and behind a form that are shown with it: another form may begin there that was not seen."""


def question_of(
    document: Document,
    settled: Sequence[Settled],
    form: Settled,
    path: str,
    item: Item,
    *,
    blind: Collection[Kind],
    location: str,
    decisions: Sequence[Decision] = (),
) -> Question:
    """The question about a leaf, or the rows as a whole, of one of the settled forms of a document.

    `decisions` are those that people made about this very place.
    """
    kind = _kind(form, path)
    own = _parts(form, [path])
    beside = _parts(form, _line_of(form, path))
    focus_cell = min((part.cell for part in own), default=0) or _nearest(form, path)
    lines, focus = _lines(document, form, {part.cell for part in own}, {part.cell for part in beside}, focus_cell)
    asked = Kind.NUMBER if path.endswith("[]") else kind
    audited = item.purpose is Purpose.AUDIT and asked is not None and asked is not Kind.TEXT
    return Question(
        item=item,
        anchor=FormAnchors(document, form).of(path),
        label=field_label(form.form_type, path),
        row_label=row_label(_values(form), path),
        form_label=f"{form.section.ordinal}/{len(settled)} {_title(form)}".strip(),
        kind=kind,
        reasons=tuple(Reason(code, reason_sentence(code, None, form.form_type)) for code in item.reasons),
        figures=tuple(_with_figures(form, path, item.reasons)),
        blind=asked in blind or audited,
        candidates=tuple(_candidates(document, form, path, kind, item, decisions)),
        neighbours=tuple(_neighbours(form, path)) if asked is not None and asked.numeric else (),
        lines=lines,
        focus=focus,
        focus_cell=focus_cell,
        place=_place(document, own, [*own, *beside], focus_cell),
        location=location,
        forms=len(settled),
        remarks=tuple(each for each in decisions if each.kind is DecisionKind.NOTE),
    )


def orphan_question(
    document: Document, settled: Sequence[Settled], decision: Decision, item: Item, *, location: str
) -> Question:
    """The question what becomes of a decision that has lost its place; shown is where its text still stands."""
    texts = [spot.text for spot in (*decision.anchor.value, *decision.anchor.row, *decision.anchor.form)]
    folded = {fold(cell.text): cell.id for cell in reversed(document.cells) if cell.text}
    cell = next((folded[text] for text in texts if text in folded), 1)
    form = next((each for each in settled if each.section.first < cell <= each.section.last), None)
    lines, focus = _lines(document, form, {cell}, set(), cell)
    return Question(
        item=item,
        anchor=decision.anchor,
        label=field_label(form.form_type, decision.path) if form is not None else decision.path,
        row_label="",
        form_label=f"{decision.anchor.ordinal}",
        kind=None,
        reasons=(reasons := tuple(Reason(code, reason_sentence(code)) for code in item.reasons)),
        figures=reasons,
        blind=False,
        candidates=(Candidate(decision.value, decision.value or "", (decision.reviewer,)),),
        neighbours=(),
        lines=lines,
        focus=focus,
        focus_cell=cell,
        place=None,
        location=location,
        forms=len(settled),
        orphan=decision,
    )


def _kind(form: Settled, path: str) -> Kind | None:
    """What a leaf holds; printed subtotals, which no leaf of the record stands for, are figures. None for rows."""
    return form.form_type.leaves.get(pattern(path), Kind.NUMBER if path in form.reading.leaves else None)


def _values(form: Settled) -> Mapping[str, str | None]:
    return {path: value.value for path, value in form.values.items()}


def _title(form: Settled) -> str:
    """What tells a form from the others of its document: shortened."""
    values = _values(form)
    title = next((value for leaf in form.form_type.titles if (value := values.get(leaf))), "")
    return set_cell_size(title, min(_TITLE_WIDTH, cell_len(title))) if title else ""


def _line_of(form: Settled, path: str) -> list[str]:
    """The leaves that stand on one line with a leaf: its row, or its line of a block; of the rows all of them."""
    if path.endswith("[]"):
        return [leaf for leaf in form.reading.leaves if leaf.startswith(f"{path[:-2]}[") and not carried_down(leaf)]
    group, dot, _ = path.rpartition(".")
    return [leaf for leaf in form.reading.leaves if dot and leaf.startswith(f"{group}.") and not carried_down(leaf)]


def _parts(form: Settled, paths: Iterable[str]) -> list[Part]:
    return [part for path in paths if path in form.reading.leaves for part in form.reading.leaves[path].parts]


def _nearest(form: Settled, path: str) -> int:
    """Id of the cell nearest to a leaf that was not found: that of the leaf before it on its line, or in its form."""
    leaves = list(form.reading.leaves)
    at = leaves.index(path) if path in form.reading.leaves else 0
    line = set(_line_of(form, path))
    for paths in (
        [leaf for leaf in leaves[:at] if leaf in line],
        [leaf for leaf in leaves if leaf in line],
        leaves[:at],
    ):
        for leaf in reversed(paths):
            if parts := form.reading.leaves[leaf].parts:
                return parts[-1].cell
    return form.section.first + 1


def _lines(
    document: Document, form: Settled | None, own: set[int], beside: set[int], focus_cell: int
) -> tuple[tuple[Line, ...], int]:
    """The rows of the form's section, or of the document, with some of what stands around it, and which of them holds
    the cell in question."""
    pages = bool(document.pages)
    first, last = (form.section.first, form.section.last) if form is not None else (0, len(document.cells))
    cells = document.cells[max(0, first - _CELLS_AROUND) : last + _CELLS_AROUND]
    lines = tuple(
        Line(
            tuple(Piece(cell.text, cell.id, cell.id in own, cell.id in beside) for cell in row),
            page=row[0].page * pages,
            outside=not any(first < cell.id <= last for cell in row),
        )
        for row in (list(group) for _, group in groupby(cells, key=lambda cell: cell.row))
    )
    here = (index for index, line in enumerate(lines) if any(piece.cell == focus_cell for piece in line.pieces))
    return lines, next(here, 0)


def _candidates(
    document: Document, form: Settled, path: str, kind: Kind | None, item: Item, decisions: Sequence[Decision]
) -> Iterable[Candidate]:
    """What was read there, what would be accepted first. Of another person's answer nothing is known before it is
    compared with a second one."""
    if path.endswith("[]"):
        yield Candidate(str(form.reading.rows), str(form.reading.rows), tuple(form.reading.reader.split("+")))
        return
    found: list[Candidate] = []
    ref = form.reading.leaves.get(path)
    if ref is not None and _says(ref, form.values[path]):
        value = form.values[path]
        # Where the readers differ, what stands is the first one's.
        readers = tuple(form.reading.reader.split("+"))[: 1 if path in form.disputed else None]
        found.append(Candidate(value.value, value.printed, readers))
    if path in form.disputed:
        other = _read(document, form.disputed[path], kind)
        if other is not None:
            found.append(other)
    if "second.differs" in item.reasons:
        found += [Candidate(each.value, each.value or "", (each.reviewer,)) for each in decisions if each.kind.settles]
    by_value: dict[str | None, Candidate] = {}
    for each in found:
        known = by_value.get(each.value)
        by_value[each.value] = each if known is None else known._replace(readers=(*known.readers, *each.readers))
    yield from by_value.values()


def _read(document: Document, ref: Ref, kind: Kind | None) -> Candidate | None:
    """What the other reader has; None where that is nothing that could stand in the record."""
    value = value_of(kind or Kind.NUMBER, ref.parts if ref.kind is RefKind.AT else (), document.cells)
    return Candidate(value.value, value.printed, (_OTHER_READER,)) if _says(ref, value) else None


def _says(ref: Ref, value: Value) -> bool:
    """Does a reading say what stands there? Characters that make no value say no more than that it is not blank."""
    return ref.kind is not RefKind.LOST and (value.value is not None or ref.kind is not RefKind.AT)


def _neighbours(form: Settled, path: str) -> Iterable[Neighbour]:
    """Figures that stand beside the one in question: the other columns of its line, its column in the lines around.

    Of the rows as a whole they are what each row is called."""
    if path.endswith("[]"):
        for row in range(form.reading.rows):
            yield Neighbour("", f"{path[:-2]}[{row}]", row_label(_values(form), f"{path[:-2]}[{row}]"))
        return
    group, _, column = path.rpartition(".")
    line = [leaf for leaf in _line_of(form, path) if leaf != path]
    table = form.form_type.vocabulary.table.group
    if group.startswith(f"{table}["):
        row = int(group[len(table) + 1 : -1])
        around = [row + step for step in range(-_ROWS_AROUND, _ROWS_AROUND + 1) if step]
        line += [f"{table}[{number}].{column}" for number in around]
    else:
        same = f".{column}"
        line += [leaf for leaf in form.values if leaf.endswith(same) and leaf != path and "[" not in leaf]
    for leaf in line:
        value = form.values.get(leaf)
        if (
            value is not None
            and value.value is not None
            and form.form_type.leaves.get(pattern(leaf), Kind.NUMBER).numeric
        ):
            label = " · ".join(filter(None, (row_label(_values(form), leaf), field_label(form.form_type, leaf))))
            yield Neighbour(value.value, leaf, label)


def _with_figures(form: Settled, path: str, codes: Sequence[str]) -> Iterable[Reason]:
    """Why it is asked, with what the checks compared: every finding that concerns the leaf."""
    for code in codes:
        findings = [finding for finding in form.findings if finding.check == code]
        here = [finding for finding in findings if any(_covers(each, path) for each in finding.review)]
        here = here or [finding for finding in findings if path in finding.paths]
        for finding in here or (None,):
            yield Reason(code, reason_sentence(code, finding, form.form_type))


def _covers(group: str, path: str) -> bool:
    return group in ("", path) or path.startswith((f"{group}.", f"{group}["))


def _place(document: Document, own: Sequence[Part], line: Sequence[Part], focus_cell: int) -> Place | None:
    """Where on its page the line of a leaf stands; None for what has no pages."""
    cells = [document.cells[part.cell - 1] for part in line] or [document.cells[focus_cell - 1]]
    page = document.cells[(own[0].cell if own else cells[0].id) - 1].page
    boxes = tuple(cell.box for cell in cells if cell.page == page and cell.box is not None and cell.box.unit != "cells")
    if not boxes:
        return None
    framed = [cell.box for cell in map(_cell_of(document), own) if cell.page == page and cell.box is not None]
    turn = next((each.turn for each in document.pages if each.number == page), 0)
    return Place(page, boxes, hull(framed) if framed else None, turn)


def _cell_of(document: Document) -> Callable[[Part], Cell]:
    return lambda part: document.cells[part.cell - 1]
