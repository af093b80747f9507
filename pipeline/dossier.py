"""What settling says of a document, as the index of the queue keeps it: what is asked, and how far the document is.

The index is made of what settling says and can be made anew from it at any time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence

from pipeline.anchors import Anchors, Locator, anchor_key
from pipeline.decisions import Anchor, Decision, DecisionKind, Purpose, effective
from pipeline.forms import Kind, pattern
from pipeline.settle import Settled
from pipeline.source import Document
from pipeline.store.rows import DossierRow, DrawnRow, ItemRow

__all__ = ["ORPHAN", "FormAnchors", "Indexer", "SettledLeaves", "orphan_key"]

ORPHAN = "orphan"
"""What stands for the path of an item that asks about a decision without a place."""
_RANKS = {Purpose.REVIEW: 1, Purpose.AUDIT: 2}
_TOLD_APART = frozenset({Kind.NUMBER, Kind.MONEY, Kind.PERCENT})
"""Kinds whose equal values in two places are no sign that the same is asked."""


class FormAnchors:
    """The anchors of a settled form's leaves. They are made of what was read, not of what was decided, so that they,
    and the keys of the queue, stay the same while people decide; a leaf of an added row is anchored to that decision.
    """

    def __init__(self, document: Document, form: Settled) -> None:
        self._read = Anchors(document, form.section, form.form_type, form.read)
        self._rows = form.rows
        self._added = Anchors(document, form.section, form.form_type, form.reading, form.rows.added)

    def of(self, path: str) -> Anchor:
        """The anchor of a leaf, or of the rows as a whole, by what it is called now."""
        before = self._rows.before(path)
        return self._read.of(before) if before or not path else self._added.of(path)


class SettledLeaves:
    """Finds the leaves of a settled document by their anchors, whatever they are called now."""

    def __init__(self, document: Document, settled: Sequence[Settled]) -> None:
        self._settled = settled
        self._locator = Locator(document, [(form.section, form.form_type, form.read) for form in settled])

    def find(self, anchor: Anchor) -> tuple[Settled, str] | None:
        """The form and the leaf; None where it is not found exactly, or its row was rejected."""
        found = self._locator.find(anchor)
        if found is None:
            return None
        form = self._settled[found[0]]
        path = form.rows.now(found[1])
        return None if path is None else (form, path)


class Indexer:
    """Makes the entry of one document in the index, again and again as people decide: a form that settles as before,
    which is then the same object, costs nothing."""

    def __init__(self, document: Document, location: str, basis: str) -> None:
        self._document = document
        self._location = location
        self._basis = basis
        self._known: dict[int, tuple[Settled, bytes, list[ItemRow]]] = {}

    def row(
        self,
        settled: Sequence[Settled],
        decisions: Sequence[Decision],
        lost: Sequence[Decision] = (),
        drawn: Sequence[DrawnRow] = (),
    ) -> DossierRow:
        """The entry, settled with these decisions, all of the document's.

        `lost` are decisions on sections whose place is gone; where no form is left, all decisions are. `drawn` is what
        of it is audited.
        """
        orphans = [*lost, *(decision for form in settled for decision in form.orphans)]
        if not settled:
            orphans += [each for each in effective(decisions) if each.kind.settles]
        items = [_orphan_item(decision) for decision in orphans]
        digest = hashlib.sha256()
        for index, form in enumerate(settled):
            known = self._known.get(index)
            if known is None or known[0] is not form:
                known = self._known[index] = (form, self._said(form), list(_items(self._document, form)))
            digest.update(known[1])
            items += known[2]
        asked = len(items)
        items += self._audited(settled, decisions, drawn)
        return DossierRow(
            sha256=self._document.sha256,
            document=self._document.name,
            location=self._location,
            basis=self._basis,
            decision=max((decision.number for decision in decisions), default=0),
            forms=len(settled),
            open=asked,
            lost=sum(len(form.lost) for form in settled),
            decided=sum(decision.kind is not DecisionKind.SKIP for decision in decisions),
            digest=digest.hexdigest()[:32],
            items=tuple(items),
        )

    def _audited(
        self, settled: Sequence[Settled], decisions: Sequence[Decision], drawn: Sequence[DrawnRow]
    ) -> Iterable[ItemRow]:
        """What was drawn and nobody has keyed yet. What has lost its place is not asked any more."""
        done = {
            anchor_key(each.sha256, each.anchor, each.purpose)
            for each in (effective(decisions) if drawn else ())
            if each.purpose is Purpose.AUDIT and each.kind.settles
        }
        waiting = [each for each in drawn if each.key not in done]
        if not waiting:
            return
        leaves = SettledLeaves(self._document, settled)
        for each in waiting:
            found = leaves.find(each.anchor)
            if found is not None:
                yield _item(*found, ("audit",), each.key, Purpose.AUDIT)

    def _said(self, form: Settled) -> bytes:
        """A hash of what a form says and of what is asked of it: who signs a document off vouches for this. That
        somebody has confirmed what was accepted before, as audits do, is nothing new."""
        states = {path: state for path, state in form.states.items() if state not in ("accepted", "decided")}
        said = [form.section.ordinal, form.record, states, form.review]
        return hashlib.sha256(json.dumps(said, ensure_ascii=True).encode()).digest()


def _items(document: Document, form: Settled) -> Iterable[ItemRow]:
    """What is asked about a form, in record order."""
    if form.asked:
        anchors = FormAnchors(document, form)
        for path, reasons in form.asked.items():
            key = anchor_key(document.sha256, anchors.of(path), Purpose.REVIEW)
            yield _item(form, path, reasons, key, Purpose.REVIEW)


def _item(form: Settled, path: str, reasons: tuple[str, ...], key: str, purpose: Purpose) -> ItemRow:
    years = (leaf for leaf, kind in form.form_type.leaves.items() if kind is Kind.YEAR)
    same = _same(form, path, reasons) if purpose is Purpose.REVIEW else ""
    return ItemRow(
        key=key,
        rank=_RANKS[purpose],
        ordinal=form.section.ordinal,
        position=_position(form, path),
        form_type=form.form_type.name,
        path=path,
        reasons=reasons,
        purpose=purpose.value,
        body=next((value for leaf in form.form_type.bodies if (value := _value(form, leaf))), ""),
        year=next((value for leaf in years if (value := _value(form, leaf))), ""),
        same=same,
        value=_value(form, path) if same else "",
        not_by=form.barred.get(path, ()),
    )


def _position(form: Settled, path: str) -> int:
    """Place of a leaf in the record, the rows as a whole first: it stays the same while others leave the queue."""
    return 0 if path.endswith("[]") else 1 + list(form.reading.leaves).index(path)


def _value(form: Settled, path: str) -> str:
    value = form.values.get(path)
    return (value.value or "") if value else ""


def _same(form: Settled, path: str, reasons: Sequence[str]) -> str:
    """Equal for leaves that ask the same question, whose answer may hold for all of them; empty for what has to be read
    one by one: figures, blanks, rows."""
    kind = form.form_type.leaves.get(pattern(path))
    if kind is None or kind in _TOLD_APART:
        return ""
    about = [finding.about for finding in form.findings if finding.about and path in finding.review]
    value = _value(form, path)
    if not about and not value:
        return ""
    other = form.disputed.get(path)
    question = about[:1] or [pattern(path), value, str(other.kind if other else ""), *sorted(reasons)]
    return hashlib.sha256(json.dumps([kind, *question], ensure_ascii=True).encode()).hexdigest()[:16]


def orphan_key(decision: Decision) -> str:
    """The key of the item that asks what becomes of a decision without a place."""
    return hashlib.sha256(f"{ORPHAN} {decision.uid}".encode()).hexdigest()[:12]


def _orphan_item(decision: Decision) -> ItemRow:
    anchor = decision.anchor
    return ItemRow(
        key=orphan_key(decision),
        rank=0,
        ordinal=anchor.ordinal,
        position=0,
        form_type=anchor.form_type,
        path=ORPHAN,
        reasons=("decision.orphan",),
        purpose=Purpose.REVIEW.value,
        body="",
        year="",
        same="",
        value="",
        not_by=(),
    )
