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

__all__ = ["RESCAN", "Overruled", "Placing", "overruled", "rows_path"]

SECOND_WANTED = "second.wanted"
SECOND_DIFFERS = "second.differs"
RESCAN = "rescan"
ROW_ADDED = "row.added"


@dataclass(frozen=True, slots=True)
class Overruled:
    """A reading with what people decided in it.

    `decided` maps leaves, and `GROUP[]` for the rows as a whole, to the decision that holds. `open` maps those that
    people have been asked about and that are still open to the reason and the people who may not be asked again.
    `added` are the numbers of rows that people added, with the uid of the decision. `applied` are all decisions that
    found their place, as paths.
    """

    reading: Reading
    decided: Mapping[str, Decision] = field(default_factory=dict)
    open: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    added: Mapping[int, str] = field(default_factory=dict)
    applied: Sequence[tuple[str, Decision]] = ()
    moved: Mapping[str, str] = field(default_factory=dict)
    """Leaves of the reading before → what they are called now, where rows were added or rejected."""


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
    if not placed:
        return Overruled(reading)
    rows = _Rows(form_type, reading, placed)
    reading = rows.reading
    by_path: dict[str, list[Decision]] = {}
    applied: list[tuple[str, Decision]] = []
    for before, decision in placed:
        path = rows.path_of(before, decision)
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
    moved = {before: after for before, after in rows.moved.items() if before != after}
    for path, decisions in by_path.items():
        if path not in leaves and path not in (rows_path(form_type), ""):
            continue
        reason, who, holding = _held(decisions)
        if holding is None:
            still_open[path] = (reason, who)
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
            other = disputed.get(rows.path_before(path))
            kind = form_type.leaves.get(pattern(path), Kind.NUMBER)
            leaves[path] = _ref(document, section, kind, decision, leaves, path, other, taken)
    return Overruled(replace(reading, leaves=leaves), decided, still_open, rows.added, tuple(applied), moved)


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


class _Rows:
    """The rows of a reading with those that people added and without those that they rejected."""

    def __init__(self, form_type: FormType, reading: Reading, placed: Sequence[tuple[str, Decision]]) -> None:
        self.group = form_type.vocabulary.table.group
        self._columns = [leaf for leaf in form_type.leaves if leaf.startswith(f"{self.group}[].")]
        order: list[int | str] = list(range(reading.rows))
        for path, decision in placed:
            at: int | str | None = decision.anchor.added or self._number(path)
            if decision.kind is DecisionKind.ADD_ROW:
                order.insert(order.index(at) + 1 if at in order else 0, decision.uid)
            elif decision.kind is DecisionKind.REJECT_ROW and at in order:
                order.remove(at)
        self._now = {row: number for number, row in enumerate(order)}
        self._before = {number: row for row, number in self._now.items()}
        self.added = {number: row for row, number in self._now.items() if isinstance(row, str)}
        self.moved: dict[str, str] = {}
        self.reading = reading if order == list(range(reading.rows)) else self._renumbered(reading)

    def path_of(self, before: str, decision: Decision) -> str | None:
        """What a leaf of the reading, or of an added row, is called now; None where its row was rejected."""
        if decision.anchor.added:
            row = self._now.get(decision.anchor.added)
            return None if row is None else decision.anchor.pattern.replace("[]", f"[{row}]", 1)
        return self._renamed(before)

    def path_before(self, path: str) -> str:
        """What a leaf was called in the reading; "" for a leaf of an added row."""
        number = self._number(path)
        if number is None:
            return path
        before = self._before.get(number)
        return self._with_number(path, before) if isinstance(before, int) else ""

    def _number(self, path: str) -> int | None:
        if not path.startswith(f"{self.group}[") or path.startswith(f"{self.group}[]"):
            return None
        return int(path[len(self.group) + 1 :].partition("]")[0])

    def _with_number(self, path: str, number: int) -> str:
        return f"{self.group}[{number}]{path[len(self.group) + 1 :].partition(']')[2]}"

    def _renamed(self, path: str) -> str | None:
        number = self._number(path)
        if number is None:
            return path
        now = self._now.get(number)
        return None if now is None else self._with_number(path, now)

    def _renumbered(self, reading: Reading) -> Reading:
        leaves: dict[str, Ref] = {}
        for path, ref in reading.leaves.items():
            now = self._renamed(path)
            if now is not None:
                leaves[now] = ref
                self.moved[path] = now
        for number in self.added:
            leaves |= {leaf.replace("[]", f"[{number}]", 1): Ref(RefKind.LOST) for leaf in self._columns}
        doubts = [
            replace(doubt, path=now) for doubt in reading.doubts if (now := self._renamed(doubt.path)) is not None
        ]
        merged = []
        for first, last in reading.merged:
            kept = [self._now[row] for row in range(first, last) if row in self._now]
            if len(kept) > 1 and kept[-1] - kept[0] == len(kept) - 1:
                merged.append((kept[0], kept[-1] + 1))
        claims = [*reading.claims, *self._rejected(reading)]
        order = {path: place for place, path in enumerate(self._record_order(leaves))}
        leaves = dict(sorted(leaves.items(), key=lambda leaf: order[leaf[0]]))
        return replace(
            reading,
            rows=len(self._now),
            leaves=leaves,
            doubts=tuple(doubts),
            merged=tuple(merged),
            claims=tuple(claims),
            extra={label: ref for before, ref in reading.extra.items() if (label := self._renamed(before)) is not None},
        )

    def _rejected(self, reading: Reading) -> Iterable[Claim]:
        """Claims for the characters of rows that people rejected: they are no value, and not left over either."""
        for path, ref in reading.leaves.items():
            number = self._number(path)
            if number is not None and number not in self._now and not carried_down(path):
                yield from (Claim(part, "rejected") for part in ref.parts)

    def _record_order(self, leaves: Iterable[str]) -> list[str]:
        """Leaves in record order: those of rows by their new numbers, the others where they stood."""
        return sorted(leaves, key=lambda path: -1 if (number := self._number(path)) is None else number)


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
