"""One person's work on the queue: what is served, what is decided, what is taken back. Knows no screen.

Every method that decides returns when the decision is on disk, the document settled again, and its entries of the
queue renewed.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, NamedTuple
from uuid import uuid4

from pipeline.anchors import anchor_key, anchor_of_cell
from pipeline.decisions import Anchor, Decision, DecisionKind, Purpose
from pipeline.errors import ConflictError, UsageError
from pipeline.forms import Kind
from pipeline.messages import say
from pipeline.review.desk import Desk, Opened
from pipeline.review.question import Answer, Item, Question, Verdict, keyed
from pipeline.settings import Settings
from pipeline.store.reviews import Filters, Place, Queued, new_holder
from pipeline.store.rows import DossierRow, ItemRow
from pipeline.store.store import Store

__all__ = ["Counts", "Filters", "Group", "Review"]

_COUNTS_SECONDS = 5.0
"""How old counts of the whole queue may be: others work on it, too."""
_KEPT = frozenset({Kind.TEXT, Kind.NAME, Kind.UNIT})
"""Kinds whose values are what was keyed."""
_OF_ROWS = frozenset({DecisionKind.ADD_ROW, DecisionKind.REJECT_ROW})


class Counts(NamedTuple):
    """How many items there are under the filters: open, of these held by others, put off by me; orphans; documents."""

    open: int
    held: int
    skipped: int
    orphans: int
    documents: int


class Group(NamedTuple):
    """Items of the queue under one heading: a document, with how often each reason stands in it."""

    document: str
    sha256: str
    reasons: Mapping[str, int]
    items: int


class Review:
    """The queue as one reviewer works through it. Use it as a context manager; leaving gives back what is held.

    `filters` may be set at any time; the next question is one of these.
    """

    def __init__(self, store: Store, settings: Settings, *, reviewer: str, filters: Filters | None = None) -> None:
        self.reviewer = reviewer
        self.filters = filters or Filters()
        self._reviews = store.reviews
        self._options = settings.review
        self._desk = Desk(store, settings)
        self._holder = new_holder()
        self._after = Place()
        self._skipped: set[str] | None = None
        self._counted: tuple[float, Filters, Counts] | None = None

    def __enter__(self) -> Review:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give back what is held."""
        self._reviews.release(self._holder)

    # Looking

    def counts(self) -> Counts:
        """How much there is to do; of what others do meanwhile some seconds old."""
        now = time.monotonic()
        if self._counted is None or self._counted[1] != self.filters or now - self._counted[0] > _COUNTS_SECONDS:
            total, orphans, documents = self._reviews.count(self.filters)
            held = self._reviews.held_by_others(self._holder)
            counts = Counts(total, held, len(self._put_off()), orphans, documents)
            self._counted = (now, self.filters, counts)
        return self._counted[2]._replace(skipped=len(self._put_off()))

    def groups(self, *, offset: int = 0, limit: int = 100) -> Sequence[Group]:
        """The queue by document, in the order in which it is served, with how often each reason stands there."""
        return [Group(*group) for group in self._reviews.groups(self.filters, offset=offset, limit=limit)]

    def items(self, *, document: str = "", offset: int = 0, limit: int = 100) -> Sequence[Item]:
        """Entries of the queue in the order in which they are served; those of a document (by hash) if one is given."""
        filters = replace(self.filters, sha256=document or self.filters.sha256)
        return [_queued_item(queued) for queued in self._reviews.items(filters, offset=offset, limit=limit)]

    def reasons(self) -> Mapping[str, int]:
        """How many items each reason code has, most first; filters other than the reason apply."""
        return self._reviews.reasons(replace(self.filters, reason=""))

    def found(self, beginning: str) -> Sequence[Item]:
        """The items whose key begins so; two at most."""
        return [_queued_item(queued) for queued in self._reviews.found(beginning)]

    def look(self, item: Item) -> Question | None:
        """An item as a question, without claiming it; None where it is gone."""
        found = self._reviews.found(item.key)
        return self._question(found[0]) if found and found[0].item.key == item.key else None

    # Serving

    def next(self) -> Question | None:
        """Claim the next item behind the current one, and ask it; None where nothing is left that others do not hold.

        What I put off comes last.
        """
        avoided: set[str] = set()
        while True:
            queued = self._claim(avoided | self._put_off()) or (self._claim(avoided) if self._put_off() else None)
            if queued is None:
                return None
            self._after = queued.place
            question = self._question(queued)
            if question is not None:
                return question
            avoided.add(queued.item.key)

    def _claim(self, without: set[str]) -> Queued | None:
        return self._reviews.claim(
            self.filters,
            reviewer=self.reviewer,
            holder=self._holder,
            seconds=self._options.lease_seconds,
            after=self._after,
            without=without,
        )

    def go(self, key: str) -> Question | None:
        """Claim that item; None where somebody else holds it, or it is gone."""
        seconds = self._options.lease_seconds
        queued = self._reviews.take(key, reviewer=self.reviewer, holder=self._holder, seconds=seconds)
        if queued is None:
            return None
        self._after = queued.place
        return self._question(queued)

    def _question(self, queued: Queued) -> Question | None:
        """The question of an item, of the document as it is settled now; None where it is not asked any more."""
        opened = self._desk.open(queued.sha256)
        self._desk.renew_index(opened)
        return self._desk.question(opened, _queued_item(queued))

    # Deciding

    def decide(
        self,
        question: Question,
        kind: DecisionKind,
        value: str | None = None,
        *,
        cell: int = 0,
        seconds: float = 0.0,
        shown: Mapping[str, Any] | None = None,
        uid: str = "",
    ) -> Answer:
        """Append a decision about a question that was served to me.

        `cell` is where a form begins, for decisions on sections; of `indicators[]` the value names the row to reject,
        or behind which one is missing, from 1. `uid` makes the decision the same one when it is made again. Raises
        `UsageError` where the kind does not fit the question, or the value is none of that kind; `ConflictError` where
        somebody else decided meanwhile.
        """
        made = self._made(question, kind, value, cell=cell, seconds=seconds, shown=shown or {})
        return self._keep([(question, replace(made, uid=uid or made.uid))])[0]

    def same(self, question: Question) -> Sequence[Item]:
        """The other items that ask the same, which one answer may settle together; nobody else holds them."""
        if not question.item.same:
            return []
        found = [_queued_item(queued) for queued in self._reviews.same(question.item.same, self._holder)]
        return [item for item in found if item.key != question.item.key]

    def decide_all(
        self,
        question: Question,
        keys: Sequence[str],
        kind: DecisionKind,
        value: str | None = None,
        *,
        seconds: float = 0.0,
    ) -> Sequence[Answer]:
        """Give the same answer to a question and to chosen others of `same`, as one group that is undone together.

        To accept is to say that the value that was shown here stands in all of them.
        """
        if kind is DecisionKind.ACCEPT and value is None:
            value = _accepted(question)
        group = uuid4().hex
        asked = [question, *filter(None, (self.look(item) for item in self.same(question) if item.key in set(keys)))]
        shown = {"together": len(asked)}
        pairs = []
        for number, each in enumerate(asked):
            as_read = bool(each.candidates) and each.candidates[0].value == value
            what = DecisionKind.ACCEPT if as_read and kind is DecisionKind.CORRECT else kind
            if what is DecisionKind.ACCEPT and not as_read:
                what = DecisionKind.CORRECT
            made = self._made(each, what, value, cell=0, seconds=0.0 if number else seconds, shown=shown)
            pairs.append((each, replace(made, group=group)))
        return self._keep(pairs)

    def _made(
        self,
        question: Question,
        kind: DecisionKind,
        value: str | None,
        *,
        cell: int,
        seconds: float,
        shown: Mapping[str, Any],
    ) -> Decision:
        """A decision, checked against the question."""
        target = ""
        if question.orphan is not None:
            if kind not in (DecisionKind.UNDO, DecisionKind.NOTE, DecisionKind.SKIP):
                raise UsageError(say("review.orphan_kind"))
            target = question.orphan.uid if kind is DecisionKind.UNDO else ""
        elif kind in (DecisionKind.UNDO, DecisionKind.REDO):
            raise UsageError(say("review.no_such_kind", kind=say(f"decision.{kind}")))
        anchor, path = question.anchor, question.path
        if kind.of_section:
            anchor, path = self._anchor_of_section(question, kind, cell), ""
        elif kind in _OF_ROWS:
            anchor, path = self._anchor_of_row(question, kind, value)
            value = None
        else:
            value = _value(question, kind, value)
        double = kind.settles and self._decided_twice(question.item)
        return Decision(
            uid=uuid4().hex,
            sha256=question.item.sha256,
            kind=kind,
            path=path,
            anchor=anchor,
            reviewer=self.reviewer,
            time=datetime.now(UTC).isoformat(timespec="milliseconds"),
            value=value,
            purpose=question.item.purpose,
            seconds=round(seconds, 1),
            shown={"reasons": list(question.item.reasons), **_accepted_so_far(question), **shown},
            target=target,
            double=double,
        )

    def _decided_twice(self, item: Item) -> bool:
        """Is an item among the share that two people decide? The same ones whoever asks, whenever."""
        if "second.wanted" in item.reasons or "second.differs" in item.reasons:
            return True
        drawn = int(hashlib.sha256(f"double {item.key}".encode()).hexdigest()[:8], 16) / 2**32
        return item.purpose is Purpose.REVIEW and drawn < self._options.double

    def _anchor_of_section(self, question: Question, kind: DecisionKind, cell: int) -> Anchor:
        opened = self._desk.open(question.item.sha256)
        form = opened.form(question.item)
        first = form.section.first + 1 if form is not None else question.focus_cell
        if kind in (DecisionKind.SPLIT, DecisionKind.FORM_MISSING):
            if not cell:
                raise UsageError(say("review.where"))
            inside = form is not None and form.section.first < cell <= form.section.last
            if inside is (kind is DecisionKind.FORM_MISSING) or (inside and cell == first):
                raise UsageError(say(f"review.{kind}_where"))
            first = cell
        return anchor_of_cell(opened.document, first, form_type=question.item.form_type)

    def _anchor_of_row(self, question: Question, kind: DecisionKind, value: str | None) -> tuple[Anchor, str]:
        """Of a leaf of a row its own; of the rows as a whole that of the row that the value names."""
        opened = self._desk.open(question.item.sha256)
        form = opened.form(question.item)
        if form is None or not (question.rows or "[" in question.path):
            raise UsageError(say("review.no_row"))
        if not question.rows:
            return question.anchor, question.path
        number = int(value) if value and value.isdecimal() else -1
        least = 0 if kind is DecisionKind.ADD_ROW else 1
        if not least <= number <= form.reading.rows:
            raise UsageError(say("review.which_row", least=least, most=form.reading.rows))
        if number == 0:
            return question.anchor, question.path
        group = question.path[:-2]
        path = next(leaf for leaf in form.reading.leaves if leaf.startswith(f"{group}[{number - 1}]."))
        return opened.anchors(form).of(path), path

    def _keep(self, pairs: Sequence[tuple[Question, Decision]]) -> list[Answer]:
        """Store decisions, settle their documents again, and say what that did."""
        before = {decision.sha256: self._desk.open(decision.sha256).row for _, decision in pairs}
        question, _ = pairs[0]
        made = [decision for _, decision in pairs]
        if not self._reviews.add(made, key=question.item.key, holder=self._holder):
            raise ConflictError(say("review.conflict"))
        after = {sha256: self._settled_again(sha256).row for sha256 in before}
        if len(pairs) > 1 or self.filters != Filters():
            self._counted = None
        answers = []
        for each, decision in pairs:
            if decision.kind is DecisionKind.SKIP:
                self._put_off().add(each.item.key)
            old, new = before[decision.sha256], after[decision.sha256]
            left = {item.key for item in new.items}
            gone = [item for item in old.items if item.key not in left and item.key != each.item.key]
            told = [_item(item, each.item.sha256, each.item.document) for item in gone] if each is question else []
            answers.append(Answer(decision, told, not new.items))
        self._recount(pairs, before, after)
        return answers

    def _recount(self, pairs: Sequence[Any], before: Mapping[str, DossierRow], after: Mapping[str, DossierRow]) -> None:
        """Counts that are known keep step with what was decided here."""
        if self._counted is not None:
            when, filters, counts = self._counted
            fewer = sum(len(row.items) for row in before.values()) - sum(len(row.items) for row in after.values())
            done = sum(bool(before[sha256].items) and not row.items for sha256, row in after.items())
            counts = counts._replace(open=counts.open - fewer, documents=counts.documents - done)
            self._counted = (when, filters, counts)

    def _settled_again(self, sha256: str) -> Opened:
        opened = self._desk.open(sha256)
        self._desk.renew_index(opened)
        return opened

    def _put_off(self) -> set[str]:
        """Keys of the items that I put off, in whatever session."""
        if self._skipped is None:
            skips = [each for each in _standing(self._reviews.made_by(self.reviewer)) if each.kind is DecisionKind.SKIP]
            self._skipped = {anchor_key(each.sha256, each.anchor, each.purpose) for each in skips}
        return self._skipped

    # Taking back

    def undo(self) -> Sequence[Decision]:
        """Take back my last decision that holds (all of its group), of whatever session; empty if there is none.

        The next question is the one that was decided.
        """
        made, _ = _acts(self._reviews.made_by(self.reviewer))
        return self._take_back(made, DecisionKind.UNDO)

    def redo(self) -> Sequence[Decision]:
        """Let what I took back last hold again, unless I have decided since; empty if there is nothing."""
        _, undone = _acts(self._reviews.made_by(self.reviewer))
        return self._take_back(undone, DecisionKind.REDO)

    def _take_back(self, acts: Sequence[Decision], kind: DecisionKind) -> Sequence[Decision]:
        if not acts:
            return []
        last = acts[-1]
        group = [each for each in acts if last.group and each.group == last.group] or [last]
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        reverse = []
        for each in group:
            # What took back somebody else's decision is reversed by letting that hold again, and the other way round.
            foreign = each.kind is DecisionKind.UNDO
            what = DecisionKind.REDO if foreign is (kind is DecisionKind.UNDO) else DecisionKind.UNDO
            target = each.target if foreign else each.uid
            made = replace(each, uid=uuid4().hex, kind=what, time=now, value=None, target=target, seconds=0.0, shown={})
            reverse.append(replace(made, group="" if len(group) == 1 else uuid4().hex))
        self._reviews.add(reverse)
        self._skipped = self._counted = None
        for sha256 in dict.fromkeys(each.sha256 for each in group):
            self._settled_again(sha256)
        for queued in self._reviews.found(anchor_key(last.sha256, last.anchor, last.purpose)):
            self._after = queued.place._replace(position=queued.place.position - 1)
        return group


def _queued_item(queued: Queued) -> Item:
    return _item(queued.item, queued.sha256, queued.document, queued.held_by)


def _item(row: ItemRow, sha256: str, document: str, held_by: str = "") -> Item:
    return Item(
        key=row.key,
        document=document,
        sha256=sha256,
        form_type=row.form_type,
        ordinal=row.ordinal,
        path=row.path,
        reasons=row.reasons,
        purpose=Purpose(row.purpose),
        body=row.body,
        year=row.year,
        rank=row.rank,
        same=row.same,
        value=row.value,
        held_by=held_by,
    )


def _accepted(question: Question) -> str | None:
    """The value that is accepted. Raises `UsageError` where nothing was read."""
    if not question.candidates:
        raise UsageError(say("review.nothing_read"))
    return question.candidates[0].value


def _accepted_so_far(question: Question) -> Mapping[str, str | None]:
    """What would stand if nobody had looked: an audit holds the decision against it."""
    audited = question.item.purpose is Purpose.AUDIT and question.candidates
    return {"accepted": question.candidates[0].value} if audited else {}


def _value(question: Question, kind: DecisionKind, value: str | None) -> str | None:
    """The value of a decision about a leaf, or the rows, as the record holds it."""
    match kind:
        case DecisionKind.ACCEPT:
            return _accepted(question)
        case DecisionKind.SOURCE_DEFECT if value is None:
            return _accepted(question)
        case DecisionKind.CORRECT if question.rows:
            raise UsageError(say("review.rows_value"))
        case DecisionKind.BLANK if question.rows:
            raise UsageError(say("review.rows_value"))
        case DecisionKind.CORRECT | DecisionKind.SOURCE_DEFECT:
            found = keyed(question, value or "")
            if found.verdict is Verdict.MALFORMED:
                raise UsageError(say("review.malformed"))
            # A text that was keyed otherwise than it was read, if only by a mark, is meant so.
            as_keyed = question.kind in _KEPT and found.value is not None
            return (value or "").strip() if as_keyed else found.value
        case DecisionKind.NOTE:
            if not (value or "").strip():
                raise UsageError(say("review.empty_note"))
            return value
    return None


def _standing(made: Sequence[Decision]) -> Sequence[Decision]:
    """Acts of one person that were not taken back, in order."""
    return _acts(made)[0]


def _acts(made: Sequence[Decision]) -> tuple[list[Decision], list[Decision]]:
    """What one person did, in order, as far as it stands, and what they took back and may do again."""
    standing: list[Decision] = []
    undone: list[Decision] = []
    for decision in made:
        if decision.kind in (DecisionKind.UNDO, DecisionKind.REDO):
            for source, sink in ((standing, undone), (undone, standing)):
                act = next((each for each in reversed(source) if _reverses(decision, each)), None)
                if act is not None:
                    source.remove(act)
                    sink.append(act)
                    break
            else:
                standing.append(decision)
                undone.clear()
        else:
            standing.append(decision)
            undone.clear()
    return standing, undone


def _reverses(decision: Decision, act: Decision) -> bool:
    """Does a decision take back an act, or let it hold again?"""
    return decision.target in (act.uid, act.target if act.kind is DecisionKind.UNDO else act.uid)
