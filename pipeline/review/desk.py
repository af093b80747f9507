"""The documents that a reviewer has open: as they are settled now, with what is asked about them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline.anchors import anchor_key
from pipeline.choice import stored_plan
from pipeline.decisions import Decision, Purpose
from pipeline.dossier import ORPHAN, FormAnchors, Indexer, orphan_key
from pipeline.review.asking import orphan_question, question_of
from pipeline.review.question import Item, Question
from pipeline.settings import Settings
from pipeline.settle import Settled, Settler
from pipeline.source import Document
from pipeline.store.rows import DossierRow, DrawnRow, People
from pipeline.store.store import Store
from pipeline.work import Job, installed_engine, read_stored

if TYPE_CHECKING:
    from pipeline.readers.llm import Known

__all__ = ["Desk", "Opened"]

_OPEN_AT_ONCE = 4
"""Documents that are kept open: the queue goes through one after the other, and an undo may go back."""
_PENDING = "model.pending"


@dataclass(slots=True)
class Opened:
    """A document, settled with the decisions that were known when it was looked at last."""

    document: Document
    location: str
    settler: Settler
    indexer: Indexer
    lost: Sequence[Decision]
    drawn: Sequence[DrawnRow]
    decisions: tuple[Decision, ...]
    settled: list[Settled]
    row: DossierRow
    indexed: DossierRow | None = None
    """What the queue says of it, as far as we wrote it."""

    def form(self, item: Item) -> Settled | None:
        """The form that an item is about; None for an orphan whose form is gone."""
        return next((each for each in self.settled if self.is_of(item, each)), None)

    @staticmethod
    def is_of(item: Item, form: Settled) -> bool:
        """Is the item about that form?"""
        return form.section.ordinal == item.ordinal and form.form_type.name == item.form_type

    def anchors(self, form: Settled) -> FormAnchors:
        """The anchors of a form's leaves."""
        return FormAnchors(self.document, form)

    def take(self, decisions: tuple[Decision, ...]) -> None:
        """Settle the document again, with these decisions."""
        self.decisions = decisions
        self.settled = self.settler.settle(decisions)
        self.row = self.indexer.row(self.settled, decisions, self.lost, self.drawn)


class Desk:
    """Opens documents out of a store, and keeps some of them open."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._blind = settings.review.blind
        self._engine = installed_engine()
        self._plan = stored_plan(settings, store, index=True)
        self._open: OrderedDict[str, Opened] = OrderedDict()

    @property
    def basis(self) -> str:
        """By what documents are settled."""
        return self._plan.versions.basis

    def open(self, sha256: str) -> Opened:
        """A document as it stands with all decisions that have been made about it until now."""
        opened = self._open.pop(sha256, None)
        further = self._further(opened) if opened is not None else ()
        if opened is None or _are_cuts(opened.decisions, further):
            opened = self._opened(sha256)
        else:
            drawn = self._store.reviews.drawn([sha256]).get(sha256, ())
            if further or drawn != opened.drawn:
                opened.drawn = drawn
                opened.take((*opened.decisions, *further))
        self._open[sha256] = opened
        if len(self._open) > _OPEN_AT_ONCE:
            self._open.popitem(last=False)
        return opened

    def renew_index(self, opened: Opened) -> None:
        """Have the queue say of a document what settling says of it now."""
        while opened.indexed is not opened.row:
            if self._store.reviews.write_index(opened.row):
                opened.indexed = opened.row
                continue
            further = self._further(opened)
            if _are_cuts(opened.decisions, further):
                return  # it is cut otherwise now: whoever decided that renews it
            opened.take((*opened.decisions, *further))

    def _further(self, opened: Opened) -> tuple[Decision, ...]:
        """Decisions that were made about a document since it was looked at last."""
        return self._store.reviews.decisions_since(opened.document.sha256, opened.row.decision)

    def question(self, opened: Opened, item: Item) -> Question | None:
        """An item as a question; None where it is not asked any more."""
        row = next((each for each in opened.row.items if each.key == item.key), None)
        if row is None:
            return None
        if row.path == ORPHAN:
            decision = next(each for each in opened.decisions if orphan_key(each) == row.key)
            return orphan_question(opened.document, opened.settled, decision, item, location=opened.location)
        item = item._replace(path=row.path, ordinal=row.ordinal, reasons=row.reasons, purpose=Purpose(row.purpose))
        form = opened.form(item)
        assert form is not None, "what is asked is asked about a form"
        question = question_of(
            opened.document,
            opened.settled,
            form,
            row.path,
            item,
            blind=self._blind,
            location=opened.location,
            decisions=[each for each in opened.decisions if _is_there(each, row.key)],
        )
        # What was drawn keeps its place and its key, whatever is decided beside it.
        drawn = next((each.anchor for each in opened.drawn if each.key == row.key), question.anchor)
        return replace(question, anchor=drawn)

    def _opened(self, sha256: str) -> Opened:
        name, location = self._store.reviews.named(sha256)
        versions, readers = self._plan.versions, self._plan.readers
        held = self._store.held([sha256], versions, readers, any_ingest=True)[sha256]
        people = self._store.reviews.people([sha256]).get(sha256, People())
        known: dict[str, Known] = {}
        while True:
            job = Job(name, location, location, sha256, held=held, known=known, people=people)
            found = read_stored(job, self._engine, self._plan)
            if not found.requests:
                break
            from pipeline.readers.llm import Known

            answers = self._store.answers([request.key for request in found.requests])
            known |= {request.key: Known(problem=_PENDING) for request in found.requests}
            known |= {key: Known(row.text, row.cut) for key, row in answers.items()}
        settler = Settler(found.document, found.work)
        indexer = Indexer(found.document, location, self.basis)
        settled = settler.settle(people.decisions)
        row = indexer.row(settled, people.decisions, found.lost, people.drawn)
        return Opened(
            found.document, location, settler, indexer, found.lost, people.drawn, people.decisions, settled, row
        )


def _are_cuts(before: Iterable[Decision], further: Iterable[Decision]) -> bool:
    """Do further decisions say how the document is cut, or take back one that does?"""
    of_section = {each.uid for each in before if each.kind.of_section}
    return any(each.kind.of_section or each.target in of_section for each in further)


def _is_there(decision: Decision, key: str) -> bool:
    return anchor_key(decision.sha256, decision.anchor, decision.purpose) == key
