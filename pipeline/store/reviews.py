"""What people decide, in the store: decisions, the index of the queue, leases, samples, signatures.

A decision is one transaction, and on the disk when it returns: SQLite waits for it, unlike when it takes what could be
read again. The index (`dossier`, `item`) is replaced as documents are settled; where it is behind, `stale` says so.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import socket
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    tuple_,
    update,
)

from pipeline.anchors import from_json, to_json
from pipeline.decisions import Decision, DecisionKind, Purpose
from pipeline.store.connect import DURABLE, WRITING, told
from pipeline.store.rows import DossierRow, DrawnRow, DrawRow, ItemRow, People, SignOffRow
from pipeline.store.tables import decision, document, dossier, draw, drawn, item, lease, name, sign_off

__all__ = [
    "Filters",
    "Place",
    "Queued",
    "Reviews",
    "drop_from_index",
    "new_holder",
    "write_index",
]

_AT_ONCE = 400
_ORDER = (item.c.rank, item.c.dossier, item.c.ordinal, item.c.position)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which items are meant; empty for any. `document` and `body` are parts of a name, `reason` is a code or what it
    begins with (`funding.`), `sha256` the hash of a document."""

    document: str = ""
    reason: str = ""
    body: str = ""
    year: str = ""
    purpose: Purpose | None = None
    sha256: str = ""


class Place(NamedTuple):
    """Where in the order of the queue an item stands."""

    rank: int = -1
    dossier: int = 0
    ordinal: int = 0
    position: int = 0


class Queued(NamedTuple):
    """An item with its document, its place in the order, and who has it, empty if nobody."""

    item: ItemRow
    sha256: str
    document: str
    location: str
    place: Place
    held_by: str


class Reviews:
    """The part of a store that people write."""

    def __init__(self, engine: Engine, shown: str) -> None:
        self._engine = engine
        self._options = {True: {DURABLE: True}, False: {WRITING: True}}
        self._shown = shown

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with told(self._shown), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self, *, durable: bool = False) -> Iterator[Connection]:
        engine = self._engine.execution_options(**self._options[durable])
        with told(self._shown), engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                # One after the other, as on SQLite: two claims may want the same item.
                connection.execute(text("LOCK TABLE lease IN SHARE ROW EXCLUSIVE MODE"))
            yield connection

    # Decisions

    def decisions(self, hashes: Sequence[str]) -> dict[str, tuple[Decision, ...]]:
        """All decisions about documents, by hash, in the order in which they were made."""
        with self._reading() as connection:
            return _read_decisions(connection, hashes)

    def people(self, hashes: Sequence[str]) -> dict[str, People]:
        """What people have to do with documents, by hash; with those not named here nobody has."""
        with self._reading() as connection:
            decided, sampled = _read_decisions(connection, hashes), _read_drawn(connection, hashes)
        return {sha256: People(decided.get(sha256, ()), sampled.get(sha256, ())) for sha256 in (decided | sampled)}

    def decisions_since(self, sha256: str, number: int) -> tuple[Decision, ...]:
        """Decisions about a document behind that number. None with a smaller one is made any more: whoever decides
        waits for the one before."""
        query = select(decision).where(decision.c.sha256 == sha256, decision.c.id > number).order_by(decision.c.id)
        with self._reading() as connection:
            return tuple(_decision(row) for row in connection.execute(query))

    def made_by(self, reviewer: str) -> list[Decision]:
        """All decisions of one person, in order."""
        query = select(decision).where(decision.c.reviewer == reviewer).order_by(decision.c.id)
        with self._reading() as connection:
            return [_decision(row) for row in connection.execute(query)]

    def add(self, made: Sequence[Decision], *, key: str = "", holder: str = "") -> bool:
        """Append decisions, all or none; one that is there already is left as it is.

        With a `key`, only if that item is still in the queue and nobody else holds it; False where it is not.
        """
        with self._writing(durable=True) as connection:
            if key and not self._mine(connection, key, holder):
                return False
            known = {row.uid for row in _in(connection, select(decision.c.uid), decision.c.uid, [d.uid for d in made])}
            rows = [_values(each) for each in made if each.uid not in known]
            if rows:
                connection.execute(insert(decision), rows)
        return True

    def _mine(self, connection: Connection, key: str, holder: str) -> bool:
        if connection.scalar(select(item.c.key).where(item.c.key == key)) is None:
            return False
        others = select(lease.c.key).where(
            lease.c.key == key, lease.c.holder != holder, lease.c.until > _clock(connection)
        )
        return connection.scalar(others) is None

    # The index

    def write_index(self, row: DossierRow) -> bool:
        """Replace what the index says of a document; False where somebody decided about it since."""
        with self._writing() as connection:
            latest = select(func.max(decision.c.id)).where(decision.c.sha256 == row.sha256)
            if (connection.scalar(latest) or 0) > row.decision:
                return False
            write_index(connection, [row])
        return True

    def stale(self, basis: str) -> list[str]:
        """Hashes of documents that have no entry, or one made by other versions or before the latest decision."""
        latest = select(func.max(decision.c.id)).where(decision.c.sha256 == dossier.c.sha256).scalar_subquery()
        query = select(dossier.c.sha256).where(
            or_(dossier.c.basis != basis, dossier.c.decision < func.coalesce(latest, 0))
        )
        known = select(dossier.c.id).where(dossier.c.sha256 == name.c.sha256)
        made = select(document.c.sha256).where(document.c.sha256 == name.c.sha256)
        missing = select(name.c.sha256).where(~known.exists(), made.exists()).distinct()
        with self._reading() as connection:
            return [*connection.scalars(query.order_by(dossier.c.id)), *connection.scalars(missing)]

    def named(self, sha256: str) -> tuple[str, str]:
        """The name of a document, and where its file was found last."""
        query = select(name.c.name, name.c.location).where(name.c.sha256 == sha256).order_by(name.c.id.desc()).limit(1)
        with self._reading() as connection:
            row = connection.execute(query).one()
        return row.name, row.location

    def dossiers(self, hashes: Sequence[str] | None = None) -> list[DossierRow]:
        """What the index says of documents, all of them or some, without their items."""
        query = select(*(dossier.c[field] for field in DossierRow._fields if field != "items")).order_by(dossier.c.id)
        with self._reading() as connection:
            rows = connection.execute(query) if hashes is None else _in(connection, query, dossier.c.sha256, hashes)
            return [DossierRow(**row._asdict()) for row in rows]

    # The queue

    def count(self, filters: Filters) -> tuple[int, int, int]:
        """How many items, how many of them orphans, in how many documents."""
        asked = _filtered(filters)
        if filters == Filters():
            # Counted from narrow indexes: the whole queue may have hundreds of thousands of entries.
            counts = [
                select(func.count()).select_from(item),
                select(func.count()).select_from(item).where(item.c.rank == 0),
                select(func.count()).select_from(dossier).where(dossier.c.open > 0),
            ]
        else:
            found = asked.with_only_columns(item.c.rank, item.c.dossier).subquery()
            counts = [
                select(func.count()).select_from(found),
                select(func.count()).select_from(found).where(found.c.rank == 0),
                select(func.count(found.c.dossier.distinct())),
            ]
        with self._reading() as connection:
            total, orphans, documents = (connection.scalar(query) or 0 for query in counts)
        return total, orphans, documents

    def held_by_others(self, holder: str) -> int:
        """How many items of the queue others hold."""
        with self._reading() as connection:
            query = select(func.count()).select_from(lease.join(item, item.c.key == lease.c.key))
            query = query.where(lease.c.holder != holder, lease.c.until > _clock(connection))
            return connection.scalar(query) or 0

    def items(self, filters: Filters, *, offset: int = 0, limit: int | None = None) -> list[Queued]:
        """Items in the order in which they are served."""
        with self._reading() as connection:
            query = _queued(filters, _clock(connection)).order_by(*_ORDER).offset(offset).limit(limit)
            return [_queued_row(row) for row in connection.execute(query)]

    def found(self, beginning: str) -> list[Queued]:
        """Items whose key begins so; at most two."""
        with self._reading() as connection:
            query = _queued(Filters(), _clock(connection)).where(item.c.key.startswith(beginning, autoescape=True))
            return [_queued_row(row) for row in connection.execute(query.order_by(item.c.key).limit(2))]

    def same(self, same: str, holder: str) -> list[Queued]:
        """Items that ask the same, which nobody else holds."""
        with self._reading() as connection:
            query = _queued(Filters(), _clock(connection)).where(item.c.same == same).order_by(*_ORDER)
            rows = connection.execute(query.add_columns(lease.c.holder)).all()
        return [_queued_row(row) for row in rows if row.holder in (None, holder)]

    def reasons(self, filters: Filters) -> dict[str, int]:
        """How many items each reason code has."""
        query = _filtered(filters).with_only_columns(item.c.reasons, func.count()).group_by(item.c.reasons)
        counts: dict[str, int] = {}
        with self._reading() as connection:
            for reasons, count in connection.execute(query):
                for code in _codes(reasons):
                    counts[code] = counts.get(code, 0) + count
        return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))

    def groups(self, filters: Filters, *, offset: int, limit: int) -> list[tuple[str, str, dict[str, int], int]]:
        """Documents of the queue in the order in which they are served: name, hash, reasons with counts, items."""
        with self._reading() as connection:
            groups = connection.execute(_documents(filters).offset(offset).limit(limit)).all()
            found = _filtered(filters).with_only_columns(item.c.dossier, item.c.reasons, func.count().label("items"))
            found = found.group_by(item.c.dossier, item.c.reasons)
            rows = list(_in(connection, found, item.c.dossier, [group.dossier for group in groups]))
        counts: dict[int, dict[str, int]] = {}
        items: dict[int, int] = {}
        for row in rows:
            known = counts.setdefault(row.dossier, {})
            items[row.dossier] = items.get(row.dossier, 0) + row.items
            for code in _codes(row.reasons):
                known[code] = known.get(code, 0) + row.items
        return [(each.document, each.sha256, counts[each.dossier], items[each.dossier]) for each in groups]

    # Leases

    def claim(
        self,
        filters: Filters,
        *,
        reviewer: str,
        holder: str,
        seconds: float,
        after: Place,
        without: Iterable[str] = (),
    ) -> Queued | None:
        """Claim the first item behind a place that this person may answer and nobody else holds, or go round once.

        What the holder had before is given back. Documents in which others are at work come last.
        """
        avoided = set(without)
        with self._writing() as connection:
            now = _clock(connection)
            connection.execute(delete(lease).where(or_(lease.c.holder == holder, lease.c.until <= now)))
            _give_back(connection)
            busy = select(item.c.dossier).join(lease, lease.c.key == item.c.key)
            mine = item.c.not_by.not_like(_like(f",{reviewer},"), escape="\\")
            free = _queued(filters, now).where(lease.c.key.is_(None), mine)
            behind = tuple_(*_ORDER) > tuple_(*after)
            # A document that I am in is mine until it is done, what a decision has brought up in it included.
            inside = item.c.dossier == after.dossier
            here = and_(inside, behind)
            quiet = item.c.dossier.not_in(busy)
            for where in (here, inside, and_(behind, quiet), quiet, behind, None):
                query = free.order_by(*_ORDER) if where is None else free.where(where).order_by(*_ORDER)
                found = _first(connection, query, avoided)
                if found is not None:
                    _lease(connection, found.item.key, reviewer, holder, now + seconds)
                    return found
        return None

    def take(self, key: str, *, reviewer: str, holder: str, seconds: float) -> Queued | None:
        """Claim that item; None where somebody else holds it, it is gone, or this person may not answer it."""
        with self._writing() as connection:
            now = _clock(connection)
            _give_back(connection)
            if not self._mine(connection, key, holder):
                return None
            row = connection.execute(_queued(Filters(), now).where(item.c.key == key)).one()
            found = _queued_row(row)
            if reviewer in found.item.not_by:
                return None
            connection.execute(delete(lease).where(or_(lease.c.holder == holder, lease.c.key == key)))
            _lease(connection, key, reviewer, holder, now + seconds)
            return found

    def release(self, holder: str) -> None:
        """Give back all that a holder has."""
        with self._writing() as connection:
            connection.execute(delete(lease).where(lease.c.holder == holder))

    # Signatures and samples

    def sign(self, sha256: str, digest: str, reviewer: str, when: str) -> None:
        """Note that somebody vouches for what a document's forms say now."""
        with self._writing(durable=True) as connection:
            values = {"sha256": sha256, "digest": digest, "reviewer": reviewer, "time": when}
            connection.execute(insert(sign_off).values(values))

    def signatures(self) -> dict[str, SignOffRow]:
        """The latest signature under each document, by hash."""
        latest = select(func.max(sign_off.c.id)).group_by(sign_off.c.sha256)
        query = select(sign_off).where(sign_off.c.id.in_(latest))
        with self._reading() as connection:
            return {
                row.sha256: SignOffRow(row.sha256, row.digest, row.reviewer, row.time)
                for row in connection.execute(query)
            }

    def add_draw(self, row: DrawRow, leaves: Sequence[DrawnRow]) -> int:
        """Keep a sample that was drawn, whole; its number."""
        values = {**row._asdict(), "population": _json(row.population)}
        del values["id"]
        with self._writing(durable=True) as connection:
            key = connection.execute(insert(draw).values(values)).inserted_primary_key
            assert key is not None
            rows = [{"draw": key[0], **each._asdict(), "anchor": _json(to_json(each.anchor))} for each in leaves]
            if rows:
                connection.execute(insert(drawn), rows)
        return int(key[0])

    def draws(self) -> list[DrawRow]:
        """The samples that were drawn, in order."""
        with self._reading() as connection:
            rows = connection.execute(select(draw).order_by(draw.c.id)).all()
        return [DrawRow(row.seed, row.reviewer, row.time, json.loads(row.population), row.id) for row in rows]

    def drawn(self, hashes: Sequence[str] | None = None) -> dict[str, tuple[DrawnRow, ...]]:
        """The leaves that were drawn, of all documents or some, by hash."""
        with self._reading() as connection:
            return _read_drawn(connection, hashes)


def _read_decisions(connection: Connection, hashes: Sequence[str]) -> dict[str, tuple[Decision, ...]]:
    """All decisions about documents, by hash, in the order in which they were made."""
    found: dict[str, list[Decision]] = {}
    for row in _in(connection, select(decision).order_by(decision.c.id), decision.c.sha256, hashes):
        found.setdefault(row.sha256, []).append(_decision(row))
    return {sha256: tuple(made) for sha256, made in found.items()}


def _read_drawn(connection: Connection, hashes: Sequence[str] | None = None) -> dict[str, tuple[DrawnRow, ...]]:
    """The leaves that were drawn, of all documents or some, by hash."""
    query = select(drawn).order_by(drawn.c.draw, drawn.c.key)
    rows = connection.execute(query) if hashes is None else _in(connection, query, drawn.c.sha256, hashes)
    found: dict[str, list[DrawnRow]] = {}
    for row in rows:
        one = DrawnRow(row.key, row.sha256, row.stratum, from_json(json.loads(row.anchor)))
        found.setdefault(row.sha256, []).append(one)
    return {sha256: tuple(drawn) for sha256, drawn in found.items()}


def drop_from_index(connection: Connection, hashes: Sequence[str]) -> None:
    """Forget what is asked about documents that no name stands for any more. Decisions about them are kept."""
    for row in list(_in(connection, select(dossier.c.id), dossier.c.sha256, hashes)):
        connection.execute(delete(item).where(item.c.dossier == row.id))
        connection.execute(delete(dossier).where(dossier.c.id == row.id))


def write_index(connection: Connection, rows: Sequence[DossierRow]) -> None:
    """Replace what the index says of documents, each once. Items that are still asked keep their rows, and so the order
    of the queue; an entry that takes later decisions into account is left as it is."""
    columns = [dossier.c[field] for field in DossierRow._fields if field != "items"]
    query = select(dossier.c.id, *columns)
    known = {row.sha256: row for row in _in(connection, query, dossier.c.sha256, [row.sha256 for row in rows])}
    for row in {row.sha256: row for row in rows}.values():
        old = known.get(row.sha256)
        values = row._asdict()
        del values["items"]
        if old is None:
            key = connection.execute(insert(dossier).values(values)).inserted_primary_key
            assert key is not None
            number, there = int(key[0]), {}
        else:
            # What is audited was drawn, which leaves no trace in the entry itself.
            audited = any(each.purpose == Purpose.AUDIT for each in row.items)
            same = not audited and all(getattr(old, field) == value for field, value in values.items())
            if same or (old.basis == row.basis and old.decision > row.decision):
                continue
            number = old.id
            connection.execute(update(dossier).where(dossier.c.id == number).values(values))
            found = connection.execute(select(item).where(item.c.dossier == number))
            there = {each.key: each._asdict() for each in found}
        wanted = {each.key: {"dossier": number, **_item_values(each)} for each in row.items}
        changed = [key for key, values in there.items() if wanted.get(key) != values]
        for start in range(0, len(changed), _AT_ONCE):
            connection.execute(delete(item).where(item.c.key.in_(changed[start : start + _AT_ONCE])))
        new = [values for key, values in wanted.items() if there.get(key) != values]
        if new:
            connection.execute(insert(item), new)


def _item_values(row: ItemRow) -> dict[str, Any]:
    return {**row._asdict(), "reasons": _listed(row.reasons), "not_by": _listed(row.not_by)}


def _listed(values: Sequence[str]) -> str:
    """Values in one column, so that each can be looked for between commas."""
    return f",{','.join(values)}," if values else ""


def _codes(listed: str) -> tuple[str, ...]:
    return tuple(filter(None, listed.split(",")))


def _filtered(filters: Filters) -> Select[Any]:
    query = select(item, dossier.c.sha256, dossier.c.document, dossier.c.location)
    query = query.join(dossier, dossier.c.id == item.c.dossier)
    for column, part in ((dossier.c.document, filters.document), (item.c.body, filters.body)):
        if part:
            query = query.where(column.contains(part, autoescape=True))
    if filters.reason:
        query = query.where(item.c.reasons.contains(f",{filters.reason}", autoescape=True))
    for column, value in (
        (item.c.year, filters.year),
        (item.c.purpose, filters.purpose.value if filters.purpose else ""),
        (dossier.c.sha256, filters.sha256),
    ):
        if value:
            query = query.where(column == value)
    return query


def _documents(filters: Filters) -> Select[Any]:
    """Documents that have such items, in the order in which they are served."""
    columns = dossier.c.id.label("dossier"), dossier.c.document, dossier.c.sha256
    if filters == Filters():
        # The whole queue may have hundreds of thousands of entries: only documents are gone through.
        orphans = select(item.c.dossier).where(item.c.rank == 0)
        asked = select(item.c.key).where(item.c.dossier == dossier.c.id).exists()
        return select(*columns).where(asked).order_by(dossier.c.id.not_in(orphans), dossier.c.id)
    query = _filtered(filters).with_only_columns(*columns).group_by(*columns)
    return query.order_by(func.min(item.c.rank), dossier.c.id)


def _queued(filters: Filters, now: float) -> Select[Any]:
    """Items with who holds them."""
    held = and_(lease.c.key == item.c.key, lease.c.until > now)
    return _filtered(filters).outerjoin(lease, held).add_columns(lease.c.reviewer.label("held_by"))


def _queued_row(row: Row[Any]) -> Queued:
    values = {field: getattr(row, field) for field in ItemRow._fields}
    made = ItemRow(**{**values, "reasons": _codes(row.reasons), "not_by": _codes(row.not_by)})
    place = Place(row.rank, row.dossier, row.ordinal, row.position)
    return Queued(made, row.sha256, row.document, row.location, place, row.held_by or "")


def _first(connection: Connection, query: Select[Any], without: set[str]) -> Queued | None:
    """The first item of a query that is not among these."""
    at, step = 0, 1 if not without else 50
    while True:
        rows = connection.execute(query.offset(at).limit(step)).all()
        for row in rows:
            if row.key not in without:
                return _queued_row(row)
        if len(rows) < step:
            return None
        at += step


def _lease(connection: Connection, key: str, reviewer: str, holder: str, until: float) -> None:
    values = {"key": key, "reviewer": reviewer, "holder": holder, "until": until}
    connection.execute(insert(lease).values(values))


@cache
def _machine() -> str:
    """This machine, as far as its process numbers tell processes apart: a container has numbers of its own."""
    try:
        numbers = os.readlink("/proc/self/ns/pid")
    except OSError:
        numbers = ""
    return hashlib.sha256(f"{socket.gethostname()} {numbers}".encode()).hexdigest()[:8]


def new_holder() -> str:
    """A name under which this process may hold items: it tells where the process is."""
    return f"{_machine()}-{os.getpid()}-{secrets.token_hex(4)}"


def _give_back(connection: Connection) -> None:
    """Free what processes of this machine held that were killed; what those of others held has to run out."""
    mine = select(lease.c.holder).where(lease.c.holder.like(f"{_machine()}-%")).distinct()
    dead = [holder for holder in connection.scalars(mine) if not _is_alive(int(holder.split("-")[1]))]
    if dead:
        connection.execute(delete(lease).where(lease.c.holder.in_(dead)))


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _clock(connection: Connection) -> float:
    """Seconds since 1970 by the clock that all who use the store share."""
    if connection.dialect.name == "postgresql":
        return float(connection.scalar(text("SELECT extract(epoch FROM clock_timestamp())")) or 0)
    return time.time()


def _like(part: str) -> str:
    for char in "\\%_":
        part = part.replace(char, f"\\{char}")
    return f"%{part}%"


def _in(
    connection: Connection, query: Select[Any], column: ColumnElement[Any], values: Sequence[object]
) -> Iterator[Row[Any]]:
    for start in range(0, len(values), _AT_ONCE):
        yield from connection.execute(query.where(column.in_(values[start : start + _AT_ONCE])))


def _values(made: Decision) -> dict[str, Any]:
    return {
        "uid": made.uid,
        "sha256": made.sha256,
        "kind": made.kind.value,
        "path": made.path,
        "anchor": _json(to_json(made.anchor)),
        "reviewer": made.reviewer,
        "time": made.time,
        "value": made.value,
        "purpose": made.purpose.value,
        "seconds": made.seconds,
        "shown": _json(made.shown),
        "target": made.target,
        "together": made.group,
        "double": int(made.double),
    }


def _decision(row: Row[Any]) -> Decision:
    return Decision(
        uid=row.uid,
        sha256=row.sha256,
        kind=DecisionKind(row.kind),
        path=row.path,
        anchor=from_json(json.loads(row.anchor)),
        reviewer=row.reviewer,
        time=row.time,
        value=row.value,
        purpose=Purpose(row.purpose),
        seconds=row.seconds,
        shown=json.loads(row.shown),
        target=row.target,
        group=row.together,
        double=bool(row.double),
        number=row.id,
    )


def _json(value: Mapping[str, Any] | Sequence[Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
