"""A dossier's life: open, in review, settled, signed off, and open again where something changed since.

States are worked out from the index of the queue, from signatures and from nothing else, so that none can be out of
date with what they are about: a signature holds for what the forms of a document said, by its digest.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from statistics import median
from typing import Any, NamedTuple

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from pipeline.bulk import Watcher
from pipeline.decisions import DecisionKind, Purpose
from pipeline.errors import ExitCode, UsageError
from pipeline.lines import with_keys
from pipeline.messages import say
from pipeline.review.asking import question_of
from pipeline.review.audit import Measured, measured
from pipeline.review.commands import open_queue, reviewer_of
from pipeline.review.desk import Desk
from pipeline.review.question import Item, Question
from pipeline.settings import Settings
from pipeline.store.progress import Act, Effort
from pipeline.store.reviews import Filters
from pipeline.store.rows import DossierRow, SignOffRow
from pipeline.store.store import Store
from pipeline.summary import console
from pipeline.work import Outcome

__all__ = [
    "Person",
    "SignedLines",
    "Standing",
    "State",
    "rescan_command",
    "sign_off_command",
    "standing",
    "state_of",
    "work_of",
]


class State(StrEnum):
    """Where a document is on its way through people's hands."""

    OPEN = "open"
    """There are questions, and nobody has decided anything."""
    IN_REVIEW = "in_review"
    """Somebody has decided something, and there is something left to ask or to scan again."""
    SETTLED = "settled"
    """Nothing is left to ask, and nothing waits for another scan."""
    SIGNED_OFF = "signed_off"
    """Somebody vouches for what its forms say now."""
    REOPENED = "reopened"
    """Somebody vouched for what its forms said before they changed."""


def state_of(*, holds: bool | None, left: bool, touched: bool) -> State:
    """The state of a document: does the latest signature hold, None where there is none; is something left to ask or to
    scan again; has somebody decided something?"""
    if holds is not None:
        return State.SIGNED_OFF if holds else State.REOPENED
    if not left:
        return State.SETTLED
    return State.IN_REVIEW if touched else State.OPEN


# Who works how


class Person(NamedTuple):
    """What one person did. `seconds` is the median of what a decision took, None where nobody measured it.

    `blind` counts figures keyed before anything that was read was shown, `blind_agreed` those of them that a reader had
    read so; `double` what another person decided too, `double_agreed` where they said the same; `audits` what was keyed
    of random samples, `audits_agreed` where it was what had been accepted.
    """

    reviewer: str
    decisions: int
    seconds: float | None
    blind: int
    blind_agreed: int
    double: int
    double_agreed: int
    audits: int
    audits_agreed: int


_NO_DECISIONS = frozenset({DecisionKind.SKIP, DecisionKind.NOTE})
_OF_VALUES = frozenset({DecisionKind.ACCEPT, DecisionKind.CORRECT, DecisionKind.BLANK, DecisionKind.SOURCE_DEFECT})


def work_of(efforts: Sequence[Effort], paces: Mapping[str, Sequence[float]], acts: Sequence[Act]) -> list[Person]:
    """What each person did, by name."""
    by_person: dict[str, list[Effort]] = {}
    for effort in efforts:
        if effort.kind not in _NO_DECISIONS:
            by_person.setdefault(effort.reviewer, []).append(effort)
    double, audits = _double(acts), _audits(acts)
    people = []
    for name, made in sorted(by_person.items()):
        blind = [each for each in made if each.blind and each.purpose is Purpose.REVIEW and each.kind in _OF_VALUES]
        compared = [counts.get(name, Counter()) for counts in (double, audits)]
        people.append(
            Person(
                name,
                sum(each.decisions for each in made),
                median(paces[name]) if name in paces else None,
                sum(each.decisions for each in blind),
                sum(each.decisions for each in blind if _agreed(each)),
                *(number for counts in compared for number in (counts.total(), counts[True])),
            )
        )
    return people


def _agreed(effort: Effort) -> bool:
    """Was what was keyed blind what a reader had read? Else the candidates came on the screen."""
    return not effort.seen and not (effort.unseen and effort.kind is DecisionKind.CORRECT)


_Counts = dict[str, Counter[bool]]
"""By person: how often something was so, and was not."""


def _double(acts: Iterable[Act]) -> _Counts:
    """Was what two people decided independently the same?"""
    places: dict[tuple[str, str], dict[str, Act]] = {}
    for act in acts:
        if act.place and act.kind.settles:
            places.setdefault((act.sha256, act.place), {})[act.reviewer] = act
    counts: _Counts = {}
    for latest in places.values():
        if len(latest) > 1:
            one, other, *_ = latest.values()
            lost = [each.kind is DecisionKind.LOST for each in (one, other)]
            same = lost[0] == lost[1] and one.value == other.value
            for each in (one, other):
                counts.setdefault(each.reviewer, Counter())[same] += 1
    return counts


def _audits(acts: Iterable[Act]) -> _Counts:
    """Was what was keyed of a random sample what had been accepted?"""
    counts: _Counts = {}
    for act in acts:
        if act.purpose is Purpose.AUDIT and act.kind.settles:
            same = act.kind is not DecisionKind.LOST and act.value == act.accepted
            counts.setdefault(act.reviewer, Counter())[same] += 1
    return counts


# How far everything is


class Reopened(NamedTuple):
    """A document that changed since it was signed off, and who did that when."""

    document: str
    reviewer: str
    time: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the documents of a store are: how many in each state, every state named; `questions`, `audits` and `lost`
    count the queue and the rescan list."""

    states: Mapping[State, int]
    questions: int
    audits: int
    lost: int
    reopened: Sequence[Reopened]
    people: Sequence[Person]
    audit: Measured | None

    def data(self) -> dict[str, Any]:
        """For programs."""
        audit = None
        if self.audit is not None:
            audit = {**self.audit.data(), "strata": {row.pop("stratum"): row for row in self.audit.rows()}}
            del audit["strata"]["all"]
        return {
            "dossiers": {state.value: count for state, count in self.states.items()},
            "queue": {"questions": self.questions, "audits": self.audits, "rescan": self.lost},
            "reopened": [each._asdict() for each in self.reopened],
            "reviewers": [each._asdict() for each in self.people],
            "audit": audit,
        }


def standing(store: Store) -> Standing:
    """How far the documents are, as the queue knows it; documents without a form are in no state."""
    states = Counter(dict.fromkeys(State, 0))
    questions = lost = 0
    for each in store.progress.lives():
        states[state_of(holds=each.holds, left=each.left, touched=each.touched)] += each.documents
        questions += each.open
        lost += each.lost
    total, _, _ = store.reviews.count(Filters())
    reopened = [Reopened(name, signature.reviewer, signature.time) for name, signature in store.progress.outdated()]
    people = work_of(store.progress.efforts(), store.progress.paces(), store.progress.acts())
    return Standing(states, questions, max(total - questions, 0), lost, reopened, people, measured(store))


# Signing off


def sign_off_command(
    settings: Settings, documents: Sequence[str], *, all_settled: bool, reviewer: str | None = None
) -> int:
    """Vouch for what the forms of settled documents say.

    Raises `UsageError` where no document is named, one is not known, or none of those named is settled.
    """
    if bool(documents) is all_settled:
        raise UsageError(say("life.which"))
    name = reviewer_of(settings, reviewer)
    with open_queue(settings) as store:
        chosen = _hashes(store, documents) if documents else None
        signatures = store.reviews.signatures()
        refused = []
        signed = known = 0
        for row in store.reviews.dossiers(chosen):
            if _holds(row, signatures.get(row.sha256)):
                known += 1
            elif row.forms and not row.open and not row.lost:
                now = datetime.now(UTC).isoformat(timespec="seconds")
                store.reviews.sign(row.sha256, row.digest, name, now)
                signed += 1
            elif documents:
                refused.append(_what_is_left(row))
    for sentence in refused:
        console(stderr=True).print(Text(sentence))
    if refused and not signed + known:
        raise UsageError(say("life.not_settled"))
    console().print(say("life.signed", count=f"{signed:,}", name=name, known=f"{known:,}"))
    return ExitCode.SOME_FAILED if refused else ExitCode.DONE


def _hashes(store: Store, documents: Sequence[str]) -> list[str]:
    """The hashes of documents by name. Raises `UsageError` for one that the store does not know."""
    names, wanted = store.names(), set(documents)
    for document in sorted(wanted - {row.name for row in names}):
        raise UsageError(say("export.no_document", name=document))
    return list(dict.fromkeys(row.sha256 for row in names if row.name in wanted))


def _what_is_left(row: DossierRow) -> str:
    key = "life.left" if row.forms or row.open else "life.no_form"
    return say(key, document=row.document, questions=f"{row.open:,}", lost=f"{row.lost:,}")


def _holds(row: DossierRow, signature: SignOffRow | None) -> bool:
    """Is the signature under what a document says now, with nothing left to ask or to scan again?"""
    return signature is not None and signature.digest == row.digest and not row.open and not row.lost


class SignedLines:
    """A watcher before another: it gives the lines of documents that are signed off who signed them, and when.

    With `only` no others go on. Outcomes have to bring what the queue is to know of their documents.
    """

    def __init__(self, signatures: Mapping[str, SignOffRow], then: Watcher, *, only: bool = False) -> None:
        self._signatures = signatures
        self._then = then
        self._only = only

    def __call__(self, outcome: Outcome) -> None:
        """Pass an outcome on."""
        signature = self._signatures.get(outcome.job.sha256)
        holds = outcome.dossier is not None and _holds(outcome.dossier, signature)
        if signature is not None and holds:
            outcome = replace(outcome, lines=_with_signature(outcome.lines, signature))
        if holds or not self._only:
            self._then(outcome)


def _with_signature(lines: bytes, signature: SignOffRow) -> bytes:
    said = {"signed_off": {"by": signature.reviewer, "time": signature.time}}
    made = [with_keys(line, said) for line in zlib.decompress(lines).splitlines(keepends=True)] if lines else []
    return zlib.compress(b"".join(made), 1) if made else b""


# Scanning again


def rescan_command(settings: Settings, *, as_json: bool) -> int:
    """List what people could not read, so that its pages can be scanned again."""
    with open_queue(settings) as store:
        wanted = [row for row in store.reviews.dossiers() if row.lost]
        desk = Desk(store, settings)
        found = [each for row in sorted(wanted, key=_name) for each in _illegible(desk, row)]
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
    elif not found:
        console().print(say("life.nothing_lost"))
    else:
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for column in ("document", "page", "form", "field"):
            table.add_column(say(f"life.{column}"), overflow="fold")
        for each in found:
            field = " · ".join(filter(None, (each["row"], each["field"])))
            page = "" if each["page"] is None else str(each["page"])
            table.add_row(*map(Text, (each["document"], page, str(each["ordinal"]), field)))
        console().print(table)
    return ExitCode.DONE


def _name(row: DossierRow) -> str:
    return row.document


def _illegible(desk: Desk, row: DossierRow) -> list[dict[str, Any]]:
    """The leaves of a document that people could not read, by page; a text has no pages."""
    opened = desk.open(row.sha256)
    found = []
    for form in opened.settled:
        order = {path: place for place, path in enumerate(form.states)}
        for path in sorted(form.lost, key=lambda path: order.get(path, -1)):
            item = Item(
                "", row.document, row.sha256, form.form_type.name, form.section.ordinal, path, (), Purpose.REVIEW
            )
            question = question_of(
                opened.document, opened.settled, form, path, item, blind=(), location=opened.location
            )
            found.append(_lost(question))
    return sorted(found, key=lambda each: each["page"] or 0)


def _lost(question: Question) -> dict[str, Any]:
    item = question.item
    return {
        "document": item.document,
        "page": (question.lines[question.focus].page if question.lines else 0) or None,
        "form_type": item.form_type,
        "ordinal": item.ordinal,
        "path": item.path,
        "field": question.label,
        "row": question.row_label,
    }
