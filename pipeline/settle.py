"""Settling: from readings and decisions to a record, findings, a state for every leaf and the questions for people.

Pure and cheap, so its results are never stored: it runs again whenever the rules or the decisions change, and reads
nothing again. The unit is the dossier, all forms of one document, because forms tell on each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pipeline.agreement import agree, decided
from pipeline.coverage import uncovered
from pipeline.decisions import Decision, DecisionKind
from pipeline.forms import Finding, FormType, FormView, Kind, Sentence, Severity, pattern
from pipeline.geometry import carried_down, misplaced
from pipeline.messages import CATALOGUE
from pipeline.overrule import RESCAN, Overruled, Placing, RowMap, overruled, rows_path
from pipeline.reading import Part, Reading, Ref, RefKind
from pipeline.source import Box, Cell, Document, Origin, Section
from pipeline.values import Value, pieces_of, value_of
from pipeline.vocabulary import fold

__all__ = ["Settled", "Settler", "settle"]


@dataclass(frozen=True, slots=True)
class Settled:
    """One form, settled: what an export line says of it (`record-format`), and what people are asked about it.

    `read` is what the readers agree on, `reading` the same with the decisions, `values` what that says; `rows` tells
    how their rows differ. `disputed` maps leaves on which the readers differ, and nobody has decided, to what the other
    one has. `asked` maps leaves, and `GROUP[]` for the rows as a whole, to the reason codes for which they are in
    review; `barred` maps those of them that wait for a second or third person to the people who may not be asked again.
    `lost` are leaves that a person could not read: they wait for another scan. `orphans` are decisions that have lost
    their place.
    """

    section: Section
    form_type: FormType
    template: str
    record: dict[str, Any]
    states: dict[str, str]
    review: list[dict[str, Any]]
    findings: list[Finding]
    evidence: dict[str, dict[str, Any]]
    extra: dict[str, str]
    decisions: list[dict[str, Any]]
    origin: Origin
    reading: Reading
    values: Mapping[str, Value]
    disputed: Mapping[str, Ref]
    asked: Mapping[str, tuple[str, ...]]
    barred: Mapping[str, tuple[str, ...]]
    lost: frozenset[str]
    read: Reading
    rows: RowMap
    orphans: tuple[Decision, ...]


@dataclass(slots=True)
class _Form:
    """A form on its way through settling."""

    section: Section
    form_type: FormType
    reading: Reading
    values: dict[str, Value]
    view: FormView
    findings: list[Finding]
    reasons: dict[str, list[str]]
    read: Reading
    """What the readers agree on, before anybody decided."""
    overruled: Overruled
    doubted: set[str] = field(default_factory=set)
    """Paths whose place, or whose characters, the reader or ingest doubt."""
    disputed: Mapping[str, Ref] = field(default_factory=dict)
    orphans: list[Decision] = field(default_factory=list)

    def flag(self, path: str, reason: str) -> None:
        known = self.reasons.setdefault(path, [])
        if reason not in known:
            known.append(reason)

    def orphan(self, decision: Decision, *, certain: bool) -> None:
        """Take a decision that has lost its place. If it is one of this form, all it may be about is in doubt."""
        self.orphans.append(decision)
        if certain:
            table = self.form_type.vocabulary.table.group
            leaf = decision.anchor.pattern
            self.flag(table if leaf.startswith(table) else leaf if leaf in self.reading.leaves else "", _ORPHAN)

    def copy(self) -> _Form:
        """The form as it is now, to which more may be found."""
        reasons = {path: list(codes) for path, codes in self.reasons.items()}
        return replace(
            self, findings=list(self.findings), reasons=reasons, doubted=set(self.doubted), orphans=list(self.orphans)
        )


def settle(
    document: Document,
    work: Sequence[tuple[Section, FormType, Sequence[Reading]]],
    decisions: Sequence[Decision] = (),
) -> list[Settled]:
    """Settle the forms of one document, in order, with what people decided about it.

    A section without a reading (its reader failed) becomes an empty record that is wholly in review.
    """
    return Settler(document, work).settle(decisions)


class Settler:
    """The forms of one document, to be settled again and again as people decide: a form is computed anew only where a
    decision about it is."""

    def __init__(self, document: Document, work: Sequence[tuple[Section, FormType, Sequence[Reading]]]) -> None:
        self._document = document
        self._read = [
            _Read(section, form_type, readings, *_one_reading(document, section, form_type, readings))
            for section, form_type, readings in work
        ]
        self._placing = Placing(document, [(each.section, each.form_type, each.reading) for each in self._read])
        self._made: dict[tuple[int, tuple[str, ...]], _Form] = {}
        self._concluded: dict[int, tuple[_Form, Settled]] = {}

    def settle(self, decisions: Sequence[Decision] = ()) -> list[Settled]:
        """Settle them with these decisions. A form that comes out as before is the same object."""
        placed, orphans = self._placing.assigned(decisions)
        forms = [self._form(index, found) for index, found in enumerate(placed)]
        for index, decision in orphans if forms else ():
            forms[index or 0].orphan(decision, certain=index is not None)
        for form_type in {form.form_type.name: form.form_type for form in forms}.values():
            of_type = [form for form in forms if form.form_type.name == form_type.name]
            for check in form_type.dossier_checks:
                for number, finding in check([form.view for form in of_type]):
                    of_type[number].findings.append(finding)
        return [self._conclusion(index, form) for index, form in enumerate(forms)]

    def _conclusion(self, index: int, form: _Form) -> Settled:
        before = self._concluded.get(index)
        if before is not None and before[0] == form:
            return before[1]
        made = _conclude(self._document, form.copy())
        self._concluded[index] = (form, made)
        return made

    def _form(self, index: int, placed: Sequence[tuple[str, Decision]]) -> _Form:
        """A form with the decisions about it, as far as it depends on no other form."""
        key = (index, tuple(decision.uid for _, decision in placed))
        if key not in self._made:
            for old in [old for old in self._made if old[0] == index]:
                del self._made[old]
            self._made[key] = self._computed(self._read[index], placed)
        return self._made[key].copy()

    def _computed(self, read: _Read, placed: Sequence[tuple[str, Decision]]) -> _Form:
        document = self._document
        form = _resolve(document, read, placed)
        form.findings.extend(finding for check in form.form_type.checks for finding in check(form.view))
        if form.reading.rows or form.reading.claims:
            form.findings.extend(
                _widened(finding, form)
                for finding in uncovered(form.section.cells(document), form.form_type, form.reading)
            )
        form.findings[:] = [_tempered(finding, form) for finding in form.findings]
        return form


@dataclass(frozen=True, slots=True)
class _Read:
    """A form as its readers read it, before anybody decides: one reading, and what is disputed in it."""

    section: Section
    form_type: FormType
    readings: Sequence[Reading]
    reading: Reading
    disputed: Mapping[str, Ref]


def _one_reading(
    document: Document, section: Section, form_type: FormType, readings: Sequence[Reading]
) -> tuple[Reading, Mapping[str, Ref]]:
    """What the readers of a section agree on, and the leaves that they dispute with what the other one has."""
    made = [reading for reading in readings if reading.leaves]
    if len(made) > 1:
        first, second, *others = made
        agreement = agree(document, section, form_type, first, second)
        for third in others:
            agreement = decided(document, form_type, agreement, third)
        return agreement.reading, agreement.disputed
    if made:
        return replace(made[0], doubts=(*made[0].doubts, *misplaced(document, section, form_type, made[0]))), {}
    return Reading("none", "unfamiliar", 0, {path: Ref(RefKind.LOST) for path in form_type.paths(0)}), {}


def _resolve(document: Document, read: _Read, placed: Sequence[tuple[str, Decision]]) -> _Form:
    """Values of the leaves, and what the reading itself doubts."""
    section, form_type, readings = read.section, read.form_type, read.readings
    ruled = overruled(document, section, form_type, read.reading, read.disputed, placed)
    reading = ruled.reading
    disputed = {now: ref for path, ref in read.disputed.items() if (now := ruled.rows.now(path)) is not None}
    kinds = form_type.leaves
    values: dict[str, Value] = {}
    for path, ref in reading.leaves.items():
        if ref.kind is RefKind.AT:
            values[path] = value_of(kinds.get(pattern(path), Kind.NUMBER), ref.parts, document.cells)
        elif ref.kind is RefKind.KEYED:
            # Somebody keyed the figure; the unit printed behind it is still what it was.
            printed = value_of(kinds.get(pattern(path), Kind.NUMBER), ref.parts, document.cells)
            values[path] = Value(ref.keyed, ref.keyed or "", unit=printed.unit)
        elif ref.kind is RefKind.DASH:
            values[path] = Value(None, "".join(pieces_of(ref.parts, document.cells)))
        else:
            values[path] = _BLANK
    subtotals = {
        path.split(".", 1)[1]: value.value or "" for path, value in values.items() if path.startswith("level1_weights.")
    }
    view = FormView(
        values={path: value.value for path, value in values.items()},
        kinds={path: ref.kind for path, ref in reading.leaves.items()},
        printed={
            path: value.printed
            for path, value in values.items()
            if value.printed and reading.leaves[path].kind is not RefKind.DASH
        },
        units={path: value.unit for path, value in values.items() if value.unit},
        rows=reading.rows,
        merged=reading.merged,
        subtotals=subtotals,
        extra={label: value_of(Kind.TEXT, ref.parts, document.cells).printed for label, ref in reading.extra.items()},
        document=document.name,
        ordinal=section.ordinal,
    )
    form = _Form(section, form_type, reading, values, view, [], {}, read.reading, ruled)
    if not readings:
        form.flag("", "reader.failed")
    _doubt_cells(document, form)
    form.findings.extend(_pages(document, form))
    not_made = (doubt for each in readings if not each.leaves for doubt in each.doubts)
    for doubt in (*reading.doubts, *not_made):
        form.doubted.add(doubt.path)
        form.flag(doubt.path, doubt.code)
    form.disputed = {
        path: ref
        for path, ref in disputed.items()
        if path in reading.leaves and path not in ruled.decided and not _told_apart(document, form, path, ref)
    }
    for path in form.disputed:
        form.doubted.add(path)
        form.flag(path, "readers.differ")
    for path, value in values.items():
        if value.issue:
            form.flag(path, value.issue)
    for path, (code, _) in ruled.open.items():
        form.flag(path, code)
    flagged = set(form.reasons)
    for path, ref in reading.leaves.items():
        # Its reader says so too; this is what keeps one that forgets from passing it for a blank.
        if ref.kind is RefKind.LOST and not _covered(path, flagged):
            form.flag(path, "leaf.lost")
    form.doubted.difference_update(ruled.decided)
    return form


_BLANK = Value(None, "")
_ORPHAN = "decision.orphan"


def _told_apart(document: Document, form: _Form, path: str, other: Ref) -> bool:
    """Does an identity that a leaf enters hold with its value, and fail with the other reader's?"""
    kind = form.form_type.leaves.get(pattern(path))
    if kind is None or not kind.numeric or other.kind is not RefKind.AT:
        return False
    value = value_of(kind, other.parts, document.cells).value
    theirs = replace(form.view, values={**form.view.values, path: value})
    return not _broken(form, form.view, path) and _broken(form, theirs, path)


def _broken(form: _Form, view: FormView, path: str) -> bool:
    """Does an identity fail that a leaf enters?"""
    findings = (finding for check in form.form_type.checks for finding in check(view))
    return any(finding.severity is Severity.ERROR and path in finding.paths for finding in findings)


def _doubt_cells(document: Document, form: _Form) -> None:
    """What ingest doubts of a cell holds for every leaf that is read from it.

    A heading that was recognised with little confidence and yet is one of the form's own is certain: the vocabulary is
    its second ground.
    """
    doubted = {cell.id: cell.doubts for cell in form.section.cells(document) if cell.doubts}
    if not doubted:
        return
    headings = form.form_type.vocabulary.table.headings
    for path, ref in form.reading.leaves.items():
        codes = dict.fromkeys(code for part in ref.parts for code in doubted.get(part.cell, ()))
        if codes and carried_down(path) and fold(form.values[path].printed) in (*headings.outer, *headings.inner):
            codes.pop("recognition.unsure", None)
        for code in codes:
            form.doubted.add(path)
            form.flag(path, code)


def _pages(document: Document, form: _Form) -> Iterable[Finding]:
    """What there is to say of the pages that the form stands on, and of one that is missing beside them."""
    if not document.pages:
        return
    numbers = {cell.page for cell in form.section.cells(document) if cell.text}
    first, last = min(numbers, default=0), max(numbers, default=0)
    told: set[str] = set()
    for page in document.pages:
        if page.note == "page.failed" and first - 1 <= page.number <= last + 1:
            said = _PAGE_FAILED.of(page=page.number)
            yield Finding("page.failed", Severity.WARNING, ("",), said, ("",))
        elif page.number in numbers and page.note in _NOTES:
            finding = Finding(page.note, Severity.NOTE, ("",), _NOTES[page.note].of(page=page.number))
            if finding.message not in told:
                told.add(finding.message)
                yield finding


_PAGE_FAILED = Sentence(*CATALOGUE["finding.page.failed"])
_NOTES = {
    note: Sentence(*CATALOGUE[f"finding.{note}"])
    for note in ("text.garbled", "text.invisible", "text.disagrees", "file.repaired", "pictures.unread")
}


def _tempered(finding: Finding, form: _Form) -> Finding:
    """An error among figures that are in doubt themselves says nothing of the document: a warning."""
    if finding.severity is not Severity.ERROR:
        return finding
    groups = {_table(path) for path in finding.paths}
    for path in form.doubted:
        kind = form.form_type.leaves.get(pattern(path))
        if (kind is None or kind.numeric) and (not path or _table(path) in groups):
            return replace(finding, severity=Severity.WARNING)
    return finding


def _table(path: str) -> str:
    """The table that a leaf belongs to: `funding`, `indicators`, or the leaf itself."""
    return path.split(".", 1)[0].split("[", 1)[0]


def _widened(finding: Finding, form: _Form) -> Finding:
    """Where a model alone leaves out or repeats what stands in a table, any of its rows may be another's: all of it."""
    groups = {_table(path) for path in finding.paths} & {form.form_type.vocabulary.table.group}
    if form.reading.reader != _MODEL or not groups:
        return finding
    return replace(finding, review=(*finding.review, *groups))


_MODEL = "llm"
"""The reader whose places nobody has confirmed."""


def _conclude(document: Document, form: _Form) -> Settled:
    """States, the shortest review list, what people are asked, evidence."""
    ruled = form.overruled
    for finding in form.findings:
        for path in _to_look_at(finding, ruled.decided):
            form.flag(path, finding.check)
    reasons = _undecided(form)
    review = _shortest(reasons)
    flagged = {entry["path"] for entry in review}
    states = {path: "review" if _covered(path, flagged) else "accepted" for path in form.reading.leaves}
    if _origin(document, form.section) is Origin.DIGITAL:
        _keep_source_defects(form, states)
    for path, decision in ruled.decided.items():
        if path in states:
            states[path] = "source_defect" if decision.kind is DecisionKind.SOURCE_DEFECT else "decided"
    evidence = {path: _evidence(document, ref, form.values[path]) for path, ref in form.reading.leaves.items()}
    return Settled(
        section=form.section,
        form_type=form.form_type,
        template=form.reading.template,
        record=form.form_type.record(form.view),
        states=states,
        review=review,
        findings=form.findings,
        evidence=evidence,
        extra=dict(form.view.extra),
        decisions=[
            {"path": path, "kind": each.kind.value, "reviewer": each.reviewer, "time": each.time}
            for path, each in ruled.applied
            if each.kind is not DecisionKind.SKIP
        ],
        origin=_origin(document, form.section),
        reading=form.reading,
        values=form.values,
        disputed=form.disputed,
        asked=_asked(form, reasons),
        barred={path: people for path, (_, people) in ruled.open.items() if people},
        lost=frozenset(path for path, (code, _) in ruled.open.items() if code == RESCAN),
        read=form.read,
        rows=ruled.rows,
        orphans=tuple(form.orphans),
    )


def _to_look_at(finding: Finding, settled: Mapping[str, Decision]) -> Iterable[str]:
    """What a finding sends to review. Where an identity fails although people have confirmed all that it suspected, it
    suspects the rest of its leaves, unless they said that the document itself is wrong."""
    confirmed = [settled[path].kind for path in finding.review if path in settled]
    if finding.severity is not Severity.ERROR or not confirmed or len(confirmed) < len(finding.review):
        return finding.review
    return finding.review if DecisionKind.SOURCE_DEFECT in confirmed else finding.paths


def _undecided(form: _Form) -> Mapping[str, list[str]]:
    """Reasons by path, without what people have decided: of a group only the leaves that are left."""
    settled = form.overruled.decided
    if not settled:
        return form.reasons
    reasons: dict[str, list[str]] = {}
    for path, codes in form.reasons.items():
        under = _leaves_under(form, path)
        if path in settled or (under and all(leaf in settled for leaf in under)):
            continue
        whole = not any(leaf in settled for leaf in under)
        for each in [path] if whole else [leaf for leaf in under if leaf not in settled]:
            known = reasons.setdefault(each, [])
            known.extend(code for code in codes if code not in known)
    return reasons


def _leaves_under(form: _Form, path: str) -> list[str]:
    """The leaves that a path flags; where the whole table is, also whether its rows are all there."""
    rows = rows_path(form.form_type)
    if path in form.reading.leaves or path == rows:
        return [path]
    under = [leaf for leaf in form.reading.leaves if _covered(leaf, {path})]
    return [*under, rows] if path in ("", form.form_type.vocabulary.table.group) else under


def _asked(form: _Form, reasons: Mapping[str, Sequence[str]]) -> Mapping[str, tuple[str, ...]]:
    """Leaves in review, and the rows as a whole where they are, in record order, with every reason for each."""
    asked: dict[str, list[str]] = {}
    for path, codes in reasons.items():
        for leaf in _leaves_under(form, path) or [path]:
            known = asked.setdefault(leaf, [])
            known.extend(code for code in codes if code not in known)
    lost = {path for path, (code, _) in form.overruled.open.items() if code == RESCAN}
    order = [rows_path(form.form_type), *form.reading.leaves]
    place = {path: number for number, path in enumerate(order)}
    found = sorted(asked.items(), key=lambda item: place.get(item[0], -1))
    return {path: tuple(codes) for path, codes in found if not _covered(path, lost)}


def _origin(document: Document, section: Section) -> Origin:
    """Where the characters of a section come from: recognised, as soon as one of its cells was."""
    recognised = any(cell.score is not None for cell in section.cells(document))
    return Origin.RECOGNISED if recognised else document.origin


def _keep_source_defects(form: _Form, states: dict[str, str]) -> None:
    """Leaves of certain place and certain characters that contradict each other are the document's own defect."""
    for finding in form.findings:
        if finding.severity is Severity.ERROR:
            for path in finding.paths:
                if states.get(path) == "accepted":
                    states[path] = "source_defect"


def _covered(path: str, flagged: set[str]) -> bool:
    """Is the leaf, or a group above it, flagged?"""
    if "" in flagged or path in flagged:
        return True
    at = len(path)
    while at > 0:
        at = max(path.rfind(".", 0, at), path.rfind("[", 0, at))
        if at > 0 and path[:at] in flagged:
            return True
    return False


def _shortest(reasons: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    """The review list without entries that one above them says already; a row may be missing stays on its own."""
    out = []
    for path, codes in reasons.items():
        others = {other for other in reasons if other != path}
        if not _covered(path, others):
            out.append({"path": path, "reasons": codes})
    return sorted(out, key=lambda entry: str(entry["path"]))


def _evidence(document: Document, ref: Ref, value: Value) -> dict[str, Any]:
    """Where a leaf stands, as an export says it."""
    if not ref.parts:
        return {"kind": ref.kind.value, "text": ref.keyed or "", "spans": [], "page": None, "box": None, "unit": None}
    cells = [document.cells[part.cell - 1] for part in ref.parts]
    spans = [_span(part, cell) for part, cell in zip(ref.parts, cells, strict=True)]
    # A leaf that a page break cuts in two has its box on the first of its pages.
    here = [(part, cell) for part, cell in zip(ref.parts, cells, strict=True) if cell.page == cells[0].page]
    boxes = [found for part, cell in here if (found := _box(part, cell)) is not None]
    box = None
    if boxes:
        box = [min(b.x0 for b in boxes), min(b.y0 for b in boxes), max(b.x1 for b in boxes), max(b.y1 for b in boxes)]
    return {
        "kind": ref.kind.value,
        "text": value.printed,
        "spans": spans,
        "page": cells[0].page,
        "box": box,
        "unit": boxes[0].unit if boxes else None,
    }


def _box(part: Part, cell: Cell) -> Box | None:
    """Where a part of a cell stands on its page: as closely as its characters are known, else the box of the cell."""
    if not cell.glyphs or part.end - part.start == len(cell.text) or cell.box is None:
        return cell.box
    before = sum(not char.isspace() for char in cell.text[: part.start])
    glyphs = cell.glyphs[before : before + sum(not char.isspace() for char in cell.text[part.start : part.end])]
    if not glyphs:
        return cell.box
    return Box(
        min(glyph.x0 for glyph in glyphs),
        min(glyph.y0 for glyph in glyphs),
        max(glyph.x1 for glyph in glyphs),
        max(glyph.y1 for glyph in glyphs),
        cell.box.unit,
    )


def _span(part: Part, cell: Cell) -> list[int]:
    return [cell.span.start + part.start, cell.span.start + part.end]
