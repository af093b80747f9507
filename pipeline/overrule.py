"""What people decided, put in the place of what was read: rows added and rejected, leaves keyed, confirmed or blank.

Pure, like settling, whose first step it is. Nothing is applied by guess: a decision whose anchor is not found exactly
is an orphan. Where two people have to decide independently, their decisions hold only where they agree, or after a
third person's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from pipeline.anchors import Locator
from pipeline.decisions import Decision, DecisionKind, effective
from pipeline.forms import FormType, Kind, pattern
from pipeline.geometry import carried_down
from pipeline.reading import Claim, Part, Reading, Ref, RefKind
from pipeline.source import Cell, Document, Section
from pipeline.values import value_of

__all__ = ["RESCAN", "Overruled", "Placing", "RowMap", "overruled", "rows_path"]

SECOND_WANTED = "second.wanted"
SECOND_DIFFERS = "second.differs"
RESCAN = "rescan"
ROW_ADDED = "row.added"


class RowMap:
    """The rows of a form's table as people decided: the numbers of those that were read, and the uids of the decisions
    that added one, in the order in which they stand now. A leaf of a row is called otherwise than it was read."""

    def __init__(self, group: str, order: Sequence[int | str]) -> None:
        self.group = group
        self.order = tuple(order)
        self.added = {number: row for number, row in enumerate(self.order) if isinstance(row, str)}
        """The numbers of added rows, with the uid of the decision."""
        self._now = {row: number for number, row in enumerate(self.order)}

    @classmethod
    def decided(cls, group: str, rows: int, placed: Sequence[tuple[str, Decision]]) -> RowMap:
        """The rows of a reading after decisions, each with the path that its leaf has in it."""
        order: list[int | str] = list(range(rows))
        read = cls(group, order)
        for path, decision in placed:
            at = decision.anchor.added or read.number_of(path)
            if decision.kind is DecisionKind.ADD_ROW:
                order.insert(order.index(at) + 1 if at in order else 0, decision.uid)
            elif decision.kind is DecisionKind.REJECT_ROW and at in order:
                order.remove(at)
        return cls(group, order)

    @property
    def is_as_read(self) -> bool:
        """Has nobody added or rejected any?"""
        return not self.added and list(self.order) == list(range(len(self.order)))

    def number_of(self, path: str) -> int:
        """The number of a leaf's row, or of a row; -1 where it stands in none."""
        if not path.startswith(f"{self.group}[") or path.startswith(f"{self.group}[]"):
            return -1
        return int(path[len(self.group) + 1 :].partition("]")[0])

    def number_now(self, row: int | str) -> int | None:
        """The number of a row that was read, or added by that decision; None where it was rejected."""
        return self._now.get(row)

    def now(self, path: str) -> str | None:
        """What a leaf that was read is called now; None where its row was rejected."""
        number = self.number_of(path)
        if number < 0:
            return path
        now = self._now.get(number)
        return None if now is None else self._with_number(path, now)

    def before(self, path: str) -> str:
        """What a leaf was called as it was read; "" for one of an added row."""
        number = self.number_of(path)
        if number < 0:
            return path
        row = self.order[number]
        return self._with_number(path, row) if isinstance(row, int) else ""

    def _with_number(self, path: str, number: int) -> str:
        return f"{self.group}[{number}]{path[len(self.group) + 1 :].partition(']')[2]}"


@dataclass(frozen=True, slots=True)
class Overruled:
    """A reading with what people decided in it.

    `rows` says how its rows differ from those that were read. `decided` maps leaves, and `GROUP[]` for the rows as a
    whole, to the decision that holds. `open` maps those that people have been asked about and that are still open to
    the reason and the people who may not be asked again. `applied` are all decisions that found their place, with its
    path.
    """

    reading: Reading
    rows: RowMap
    decided: Mapping[str, Decision] = field(default_factory=dict)
    open: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    applied: Sequence[tuple[str, Decision]] = ()


def rows_path(form_type: FormType) -> str:
    """What the rows of the table are called as a whole: `indicators[]`."""
    return f"{form_type.vocabulary.table.group}[]"


class Placing:
    """Finds the places of decisions among the forms of a document as they were read, each once."""

    def __init__(self, document: Document, forms: Sequence[tuple[Section, FormType, Reading]]) -> None:
        self._document = document
        self._forms = forms
        self._found: dict[str, tuple[int, str] | None] = {}

    @cached_property
    def _locator(self) -> Locator:
        return Locator(self._document, self._forms)

    def assigned(
        self, decisions: Sequence[Decision]
    ) -> tuple[list[list[tuple[str, Decision]]], list[tuple[int | None, Decision]]]:
        """Decisions about leaves and rows, as far as they hold, by form, each with its leaf's path in the reading.

        A leaf of a row that somebody added has the path "", its place being that row's. What cannot be placed comes
        second, with the index of its form where that is certain.
        """
        placed: list[list[tuple[str, Decision]]] = [[] for _ in self._forms]
        orphans: list[tuple[int | None, Decision]] = []
        row_form: dict[str, int] = {}
        for decision in effective(decisions):
            if decision.kind.of_section:
                continue
            found = self._place(decision, row_form)
            if found is not None:
                index, path = found
                placed[index].append((path, decision))
                if decision.kind is DecisionKind.ADD_ROW:
                    row_form[decision.uid] = index
            elif decision.kind not in (DecisionKind.NOTE, DecisionKind.SKIP):
                # A remark, or a question put off, is not worth another.
                orphans.append((self._locator.find_form(decision.anchor), decision))
        return placed, orphans

    def _place(self, decision: Decision, row_form: Mapping[str, int]) -> tuple[int, str] | None:
        """Index of the form and path in its reading; for a leaf of an added row "", as it has none there."""
        if decision.anchor.added:
            index = row_form.get(decision.anchor.added)
            return None if index is None else (index, "")
        if decision.uid not in self._found:
            self._found[decision.uid] = self._locator.find(decision.anchor)
        return self._found[decision.uid]


def overruled(
    document: Document,
    section: Section,
    form_type: FormType,
    reading: Reading,
    disputed: Mapping[str, Ref],
    placed: Sequence[tuple[str, Decision]],
) -> Overruled:
    """The reading of a form with the decisions about it, as `Placing` found them; `disputed` is what the other reader
    has."""
    rows = RowMap.decided(form_type.vocabulary.table.group, reading.rows, placed)
    if not placed:
        return Overruled(reading, rows)
    reading = _with_rows(form_type, reading, rows)
    by_path: dict[str, list[Decision]] = {}
    applied: list[tuple[str, Decision]] = []
    for before, decision in placed:
        path = _path_now(rows, before, decision)
        if path is None:
            continue
        applied.append((path, decision))
        if decision.kind.settles:
            by_path.setdefault(path, []).append(decision)
    leaves = dict(reading.leaves)
    decided: dict[str, Decision] = {}
    still_open: dict[str, tuple[str, tuple[str, ...]]] = {
        path: (ROW_ADDED, ()) for path in leaves if any(path.startswith(f"{rows.group}[{row}].") for row in rows.added)
    }
    for path, decisions in by_path.items():
        if path not in leaves and path not in (rows_path(form_type), ""):
            continue
        reason, who, holding = _held(decisions)
        if holding is None:
            still_open[path] = (reason, who)
        elif path == rows_path(form_type) and holding.value not in (None, str(reading.rows)):
            continue  # rows have been added or rejected since somebody found them complete
        elif holding.kind is DecisionKind.LOST:
            still_open[path] = (RESCAN, ())
            if path in leaves:
                leaves[path] = replace(leaves[path], kind=RefKind.LOST)
        else:
            still_open.pop(path, None)
            decided[path] = holding
    taken = {part.cell for path, ref in leaves.items() if path not in decided for part in ref.parts}
    taken |= {claim.part.cell for claim in reading.claims}
    for path, decision in decided.items():
        if path in leaves:
            other = disputed.get(rows.before(path))
            kind = form_type.leaves.get(pattern(path), Kind.NUMBER)
            leaves[path] = _ref(document, section, kind, decision, leaves, path, other, taken)
    return Overruled(replace(reading, leaves=leaves), rows, decided, still_open, tuple(applied))


def _path_now(rows: RowMap, before: str, decision: Decision) -> str | None:
    """What the leaf of a decision is called now; None where its row was rejected."""
    if not decision.anchor.added:
        return rows.now(before)
    number = rows.number_now(decision.anchor.added)
    return None if number is None else decision.anchor.pattern.replace("[]", f"[{number}]", 1)


def _held(decisions: Sequence[Decision]) -> tuple[str, tuple[str, ...], Decision | None]:
    """The decision that holds of those about one leaf; without one, why, and who may not be asked again."""
    if not any(decision.double for decision in decisions):
        return "", (), decisions[-1]
    latest = {decision.reviewer: decision for decision in decisions}
    people = tuple(latest)
    if len(people) == 1:
        return SECOND_WANTED, people, None
    first, second, *others = latest.values()
    if others:
        return "", (), others[-1]
    if (first.kind is DecisionKind.LOST) == (second.kind is DecisionKind.LOST) and first.value == second.value:
        return "", (), second
    return SECOND_DIFFERS, people, None


def _with_rows(form_type: FormType, reading: Reading, rows: RowMap) -> Reading:
    """The reading with the rows that people added, whose leaves are all lost, and without those that they rejected."""
    if rows.is_as_read:
        return reading
    leaves = {new: ref for path, ref in reading.leaves.items() if (new := rows.now(path)) is not None}
    columns = [leaf for leaf in form_type.leaves if leaf.startswith(f"{rows.group}[].")]
    for number in rows.added:
        leaves |= {leaf.replace("[]", f"[{number}]", 1): Ref(RefKind.LOST) for leaf in columns}
    merged = []
    for first, last in reading.merged:
        kept = [now for row in range(first, last) if (now := rows.number_now(row)) is not None]
        if len(kept) > 1 and kept[-1] - kept[0] == len(kept) - 1:
            merged.append((kept[0], kept[-1] + 1))
    # The characters of rejected rows are no value, and not left over either.
    rejected = [
        Claim(part, "rejected")
        for path, ref in reading.leaves.items()
        if rows.now(path) is None and not carried_down(path)
        for part in ref.parts
    ]
    return replace(
        reading,
        rows=len(rows.order),
        leaves=dict(sorted(leaves.items(), key=lambda leaf: rows.number_of(leaf[0]))),
        doubts=tuple(replace(doubt, path=new) for doubt in reading.doubts if (new := rows.now(doubt.path)) is not None),
        merged=tuple(merged),
        claims=(*reading.claims, *rejected),
        extra={new: ref for label, ref in reading.extra.items() if (new := rows.now(label)) is not None},
    )


def _ref(
    document: Document,
    section: Section,
    kind: Kind,
    decision: Decision,
    leaves: Mapping[str, Ref],
    path: str,
    other: Ref | None,
    taken: set[int],
) -> Ref:
    """Where the value that a person decided stands: where a reader has it, else in a cell of the row that no leaf is
    read from, else keyed, with the place that was read as its evidence."""
    ref = leaves[path]
    if decision.value is None:
        return ref if ref.kind in (RefKind.EMPTY, RefKind.DASH, RefKind.ABSENT) else Ref(RefKind.EMPTY)
    for found in (ref, other):
        if found is not None and found.kind is RefKind.AT and _says(document, kind, found.parts, decision.value):
            return found
    for part in _free_parts(document, section, leaves, path, taken):
        if _says(document, kind, (part,), decision.value):
            taken.add(part.cell)
            return Ref(RefKind.AT, (part,))
    return Ref(RefKind.KEYED, ref.parts, decision.value)


def _says(document: Document, kind: Kind, parts: Sequence[Part], value: str) -> bool:
    return value_of(kind, parts, document.cells).value == value


def _free_parts(
    document: Document, section: Section, leaves: Mapping[str, Ref], path: str, taken: set[int]
) -> Iterable[Part]:
    """Whole cells on the lines of the leaf's row that are no leaf's, nor a label; `taken` are those that are."""
    row = f"{path.rpartition('.')[0]}."
    parts = [
        part for leaf, ref in leaves.items() if leaf.startswith(row) and not carried_down(leaf) for part in ref.parts
    ]
    lines = {document.cells[part.cell - 1].row for part in parts}

    def free(cell: Cell) -> bool:
        return cell.row in lines and cell.id not in taken and bool(cell.text.strip())

    return (Part(cell.id, 0, len(cell.text)) for cell in section.cells(document) if free(cell))
