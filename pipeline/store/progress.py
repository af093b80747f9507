"""How far the documents are and who did what, counted in the store."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Engine, and_, case, func, or_, select

from pipeline.decisions import DecisionKind, Purpose
from pipeline.store.connect import told
from pipeline.store.rows import SignOffRow
from pipeline.store.tables import decision, dossier, sign_off

__all__ = ["Act", "Effort", "Life", "Progress"]


class Life(NamedTuple):
    """So many documents that are equally far. `holds` says whether the latest signature does, None where there is none;
    `left` that something is to be asked or scanned again, `touched` that somebody has decided something. `open` and
    `lost` are counted over all of them."""

    holds: bool | None
    left: bool
    touched: bool
    documents: int
    open: int
    lost: int


class Effort(NamedTuple):
    """So many decisions of one person that hold and are alike: `blind` were keyed before anything that was read was
    shown, `seen` when it was shown after all, `unseen` where it never is (a workbook, a command)."""

    reviewer: str
    kind: DecisionKind
    purpose: Purpose
    blind: bool
    seen: bool
    unseen: bool
    decisions: int


class Act(NamedTuple):
    """A decision that holds, as far as it is compared with something: with what was `accepted`, or with what another
    person says of the same `place`, which is empty where nobody else is asked."""

    sha256: str
    kind: DecisionKind
    reviewer: str
    value: str | None
    purpose: Purpose
    accepted: str | None
    place: str


class Progress:
    """Counts over what people did, none of which reads more than it has to."""

    def __init__(self, engine: Engine, shown: str) -> None:
        self._engine = engine
        self._shown = shown

    def lives(self) -> list[Life]:
        """How far the documents are that hold a form, or about which something is asked; counted."""
        signatures = select(sign_off.c.digest).where(sign_off.c.sha256 == dossier.c.sha256)
        last = signatures.order_by(sign_off.c.id.desc()).limit(1).scalar_subquery()
        each = select(
            case((last.is_(None), -1), (_holds(last), 1), else_=0).label("holds"),
            case((or_(dossier.c.open > 0, dossier.c.lost > 0), 1), else_=0).label("left"),
            case((dossier.c.decided > 0, 1), else_=0).label("touched"),
            dossier.c.open,
            dossier.c.lost,
        )
        of = each.where(or_(dossier.c.forms > 0, dossier.c.open > 0)).subquery().c
        flags = of.holds, of.left, of.touched
        query = select(*flags, func.count(), func.sum(of.open), func.sum(of.lost)).group_by(*flags)
        with told(self._shown), self._engine.connect() as connection:
            return [
                Life(None if row[0] < 0 else bool(row[0]), bool(row[1]), bool(row[2]), *map(int, row[3:]))
                for row in connection.execute(query)
            ]

    def outdated(self) -> list[tuple[str, SignOffRow]]:
        """Documents whose latest signature does not hold any more, by name, with that."""
        latest = select(func.max(sign_off.c.id)).group_by(sign_off.c.sha256)
        last = select(*(sign_off.c[field] for field in SignOffRow._fields)).where(sign_off.c.id.in_(latest)).subquery()
        query = select(dossier.c.document, *last.c).join_from(dossier, last, last.c.sha256 == dossier.c.sha256)
        query = query.where(~_holds(last.c.digest)).order_by(dossier.c.document)
        with told(self._shown), self._engine.connect() as connection:
            return [
                (row.document, SignOffRow(row.sha256, row.digest, row.reviewer, row.time))
                for row in connection.execute(query)
            ]

    def efforts(self) -> list[Effort]:
        """What everybody decided, counted."""
        shown = decision.c.shown  # as `_json` writes it
        blind = shown.contains('"blind":true')
        seen = shown.contains('"candidates":')
        unseen = or_(shown.contains('"workbook":true'), shown.contains('"command":true'))
        flags = [case((flag, 1), else_=0).label(f"flag{number}") for number, flag in enumerate((blind, seen, unseen))]
        each = select(decision.c.reviewer, decision.c.kind, decision.c.purpose, *flags).where(_holding()).subquery()
        with told(self._shown), self._engine.connect() as connection:
            rows = connection.execute(select(*each.c, func.count()).group_by(*each.c)).all()
        return [
            Effort(row[0], DecisionKind(row[1]), Purpose(row[2]), bool(row[3]), bool(row[4]), bool(row[5]), row[6])
            for row in rows
        ]

    def paces(self) -> dict[str, list[float]]:
        """The seconds that each person took for decisions that hold and say something, where they were measured."""
        saying = decision.c.kind.not_in((DecisionKind.SKIP, DecisionKind.NOTE))
        query = select(decision.c.reviewer, decision.c.seconds).where(_holding(), saying, decision.c.seconds > 0)
        found: dict[str, list[float]] = {}
        with told(self._shown), self._engine.connect() as connection:
            for reviewer, seconds in connection.execute(query):
                found.setdefault(reviewer, []).append(seconds)
        return found

    def acts(self) -> list[Act]:
        """The decisions that hold of what was audited, or is decided by two people, in order."""
        place = case((decision.c.double == 1, decision.c.anchor), else_="")
        columns = [decision.c[name] for name in ("sha256", "kind", "reviewer", "value", "purpose", "shown")]
        compared = or_(decision.c.double == 1, decision.c.purpose == Purpose.AUDIT)
        query = select(*columns, place).where(_holding(), compared).order_by(decision.c.id)
        with told(self._shown), self._engine.connect() as connection:
            rows = connection.execute(query).all()
        return [
            Act(sha256, DecisionKind(kind), name, value, Purpose(purpose), json.loads(shown).get("accepted"), place)
            for sha256, kind, name, value, purpose, shown, place in map(tuple, rows)
        ]


def _holds(digest: ColumnElement[Any]) -> ColumnElement[bool]:
    """Is a signature under what a document says now, with nothing left to ask or to scan again?"""
    return and_(digest == dossier.c.digest, dossier.c.open == 0, dossier.c.lost == 0)


def _holding() -> ColumnElement[bool]:
    """Is a decision none that takes back another, and was not taken back?"""
    undoing = (DecisionKind.UNDO, DecisionKind.REDO)
    last = select(func.max(decision.c.id)).where(decision.c.kind.in_(undoing)).group_by(decision.c.target)
    undone = select(decision.c.target).where(decision.c.id.in_(last), decision.c.kind == DecisionKind.UNDO)
    return and_(decision.c.kind.not_in(undoing), decision.c.uid.not_in(undone))
