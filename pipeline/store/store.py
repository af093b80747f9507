"""The store itself: what a command asks of it, each in one transaction.

SQLite runs with a write-ahead log and a busy time-out, so that a status can be asked for while a run writes, and two
runs take turns. Writing is idempotent: what is there already is left as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    Table,
    and_,
    case,
    delete,
    func,
    insert,
    select,
    tuple_,
)

from pipeline.codec import pack, unpack
from pipeline.errors import ConfigurationError
from pipeline.messages import say
from pipeline.source import Section, SectionKind, Span
from pipeline.store.connect import WRITING, connect, parse, told
from pipeline.store.keyings import Keyings
from pipeline.store.migrations import MIGRATIONS, migrate, schema_number
from pipeline.store.progress import Progress
from pipeline.store.reviews import Reviews, drop_from_index, write_index
from pipeline.store.rows import (
    AnswerRow,
    BatchRow,
    CallRow,
    Entry,
    FailureRow,
    FormSpent,
    Held,
    NameRow,
    OpenFailure,
    PageRow,
    Placed,
    RequestRow,
    RunRow,
    Shelf,
    Spent,
)
from pipeline.store.tables import (
    answer,
    batch,
    batch_end,
    batch_request,
    batch_sent,
    call,
    document,
    failure,
    name,
    page,
    reading,
    request,
    run,
    run_end,
    section,
)
from pipeline.versions import Versions, reading_keys

__all__ = ["Store"]

_COST_UNITS = 10**9
"""Costs are kept as whole billionths: an answer may cost less than a cent's thousandth."""
_READING_COMMANDS = ("run", "batch import", "batch poll")
_AT_ONCE = 400
"""Values in one IN list; SQLite's oldest limit of variables in a statement is 999."""


class Store:
    """An open store. Close it, or use it as a context manager.

    Every method raises `ConfigurationError`, with one sentence that says what to do, where the database fails.
    """

    def __init__(self, engine: Engine, shown: str) -> None:
        self._reader = engine
        self._writer = engine.execution_options(**{WRITING: True})
        self._shown = shown
        self.reviews = Reviews(engine, shown)
        """What people write."""
        self.keyings = Keyings(engine, shown)
        """What people key of whole forms."""
        self.progress = Progress(engine, shown)
        """How far people are."""
        self.migrated: list[int] = []
        """Numbers of the migrations that opening applied."""

    @classmethod
    def open(cls, url: str, *, create: bool = True) -> Store:
        """Open the store at a database URL and migrate it; without `create` it must be there already."""
        parsed = parse(url, create=create)
        store = cls(connect(parsed), parsed.render_as_string(hide_password=True))
        try:
            with told(store._shown), store._writer.begin() as connection:
                if not create and schema_number(connection) == 0:
                    raise ConfigurationError(say("store.none", store=store._shown))
                store.migrated = migrate(connection)
        except BaseException:
            store.close()
            raise
        return store

    def close(self) -> None:
        """Close every connection; the last one folds SQLite's log back into the file."""
        self._reader.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def shown(self) -> str:
        """The store's URL without a password."""
        return self._shown

    @property
    def schema(self) -> int:
        """Number of the last migration."""
        return len(MIGRATIONS)

    # Runs

    def begin_run(self, command: str, arguments: Mapping[str, object]) -> int:
        """Note that a command begins; its number. `arguments` must hold no secret."""
        values = {"command": command, "arguments": _json(arguments), "started": _now()}
        with told(self._shown), self._writer.begin() as connection:
            key = connection.execute(insert(run).values(values)).inserted_primary_key
        assert key is not None
        return int(key[0])

    def end_run(self, run_id: int, outcome: str, counts: Mapping[str, object]) -> None:
        """Note how a run ended (`done`, `interrupted`), with its counts."""
        values = {"run": run_id, "finished": _now(), "outcome": outcome, "counts": _json(counts)}
        with told(self._shown), self._writer.begin() as connection:
            connection.execute(insert(run_end).values(values))

    def last_run(self, command: str = "run") -> RunRow | None:
        """The latest run of a command."""
        query = (
            select(run, run_end.c.finished, run_end.c.outcome, run_end.c.counts)
            .outerjoin(run_end, run_end.c.run == run.c.id)
            .where(run.c.command == command)
            .order_by(run.c.id.desc())
            .limit(1)
        )
        with told(self._shown), self._reader.connect() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        counts, arguments = json.loads(row.counts or "{}"), json.loads(row.arguments)
        return RunRow(row.id, row.command, row.started, row.finished, row.outcome, counts, arguments)

    def last_reader(self, commands: Sequence[str] = _READING_COMMANDS) -> str | None:
        """The readers that the latest of these commands noted: by default of those after which there is something."""
        query = select(run.c.arguments).where(run.c.command.in_(commands)).order_by(run.c.id.desc()).limit(1)
        with told(self._shown), self._reader.connect() as connection:
            found = json.loads(connection.scalar(query) or "{}").get("reader")
        return None if found is None else str(found)

    # Writing

    def write(self, run_id: int, entries: Sequence[Entry]) -> None:
        """Add what documents of a run brought, all in one transaction."""
        if not entries:
            return
        with told(self._shown), self._writer.begin() as connection:
            _add(connection, document, _document_rows(run_id, entries))
            _add(connection, section, _section_rows(entries))
            _add(connection, reading, _reading_rows(run_id, entries))
            if rows := _name_rows(connection, run_id, entries):
                before = _hashes(connection, [row["location"] for row in rows])
                connection.execute(insert(name), rows)
                current = _current_names().subquery()
                rest = _select_in(connection, select(current.c.sha256), current.c.sha256, list(before))
                drop_from_index(connection, list(before - {row.sha256 for row in rest}))
            if rows := _failure_rows(run_id, entries):
                connection.execute(insert(failure), rows)
            write_index(connection, [entry.dossier for entry in entries if entry.dossier is not None])
            # Pages of a document that is made now are in it.
            made = [entry.sha256 for entry in entries if entry.document is not None and not entry.page_failures]
            for start in range(0, len(made), _AT_ONCE):
                connection.execute(delete(page).where(page.c.sha256.in_(made[start : start + _AT_ONCE])))

    def write_page(self, row: PageRow) -> None:
        """Keep a recognised page until its document is made."""
        with told(self._shown), self._writer.begin() as connection:
            _add(connection, page, [row._asdict()])

    def pages(self, sha256: str, ingest: str) -> dict[int, bytes]:
        """Pages of a document that an earlier run recognised, by number."""
        query = select(page.c.page, page.c.payload).where(page.c.sha256 == sha256, page.c.ingest == ingest)
        with told(self._shown), self._reader.connect() as connection:
            return {row.page: row.payload for row in connection.execute(query)}

    def write_answers(self, run_id: int, answers: Iterable[AnswerRow], calls: Iterable[CallRow]) -> None:
        """Keep what models answered, and every call that was made for it, in one transaction.

        A completion that came in a file is counted once.
        """
        ended = _now()
        answer_rows = [{"run": run_id, **row._asdict(), "payload": pack(row.text)} for row in answers]
        for values in answer_rows:
            del values["text"]
        call_rows = [
            {"run": run_id, "ended": ended, **row._asdict(), "cost": int(row.cost * _COST_UNITS)} for row in calls
        ]
        with told(self._shown), self._writer.begin() as connection:
            _add(connection, answer, answer_rows)
            keys = [values["key"] for values in call_rows if values["origin"]]
            counted = {row.origin for row in _select_in(connection, _origins(), call.c.key, keys)}
            call_rows = [values for values in call_rows if values["origin"] not in counted]
            if call_rows:
                connection.execute(insert(call), call_rows)

    def answers(self, keys: Sequence[str]) -> dict[str, AnswerRow]:
        """What models have answered to the requests of these keys."""
        with told(self._shown), self._reader.connect() as connection:
            rows = list(_select_in(connection, select(answer), answer.c.key, keys))
        return {
            row.key: AnswerRow(
                row.key, row.digest, row.form_type, row.shape, row.model, bool(row.cut), unpack(row.payload)
            )
            for row in rows
        }

    def spent(self, run_id: int | None = None) -> Spent:
        """What calls of models took, in one run or in all."""
        query = select(*_sums())
        if run_id is not None:
            query = query.where(call.c.run == run_id)
        with told(self._shown), self._reader.connect() as connection:
            return _spent(connection.execute(query).one())

    def spent_on_forms(self, versions: Versions) -> list[FormSpent]:
        """What calls of models took for each form as it is segmented now, by name.

        A form that stands in several documents with the same cells was asked about once, and is named once for each.
        """
        names = _current_names().subquery()
        sums = select(call.c.digest, *_sums()).group_by(call.c.digest).subquery()
        query = (
            select(names.c.name, section.c.form_type, section.c.ordinal, sums)
            .join(section, section.c.sha256 == names.c.sha256)
            .join(sums, sums.c.digest == section.c.digest)
            .where(section.c.segmentation == versions.segmentation, section.c.ingest == versions.ingest)
            .order_by(names.c.name, section.c.form_type, section.c.ordinal)
        )
        with told(self._shown), self._reader.connect() as connection:
            rows = connection.execute(query).all()
        return [FormSpent(row.name, row.form_type, row.ordinal, _spent(row)) for row in rows]

    # Batches

    def write_requests(self, run_id: int, rows: Iterable[RequestRow]) -> None:
        """Note requests that go out, so that their answers will be understood."""
        with told(self._shown), self._writer.begin() as connection:
            _add(connection, request, [{"run": run_id, **row._asdict()} for row in rows])

    def requests(self, keys: Sequence[str]) -> dict[str, RequestRow]:
        """The requests of these keys that ever went out."""
        query = select(*(request.c[field] for field in RequestRow._fields))
        with told(self._shown), self._reader.connect() as connection:
            rows = list(_select_in(connection, query, request.c.key, keys))
        return {row.key: RequestRow(**row._asdict()) for row in rows}

    def call_origins(self, keys: Sequence[str]) -> set[str]:
        """Hashes of the completions to the requests of these keys that are counted already."""
        with told(self._shown), self._reader.connect() as connection:
            return {row.origin for row in _select_in(connection, _origins(), call.c.key, keys)}

    def begin_batch(self, run_id: int, url: str, file: str, keys: Sequence[str]) -> int | None:
        """Note a batch that is about to be submitted; its number. None where a request is in an open one already."""
        values = {"run": run_id, "url": url, "file": file, "requests": len(keys), "begun": _now()}
        with told(self._shown), self._writer.begin() as connection:
            if any(_select_in(connection, _open_requests(), batch_request.c.key, keys)):
                return None
            number = connection.execute(insert(batch).values(values)).inserted_primary_key
            assert number is not None
            connection.execute(insert(batch_request), [{"batch": number[0], "key": key} for key in keys])
        return int(number[0])

    def batch_sent(self, number: int, remote: str) -> None:
        """Note that the endpoint has a batch, and how it calls it."""
        with told(self._shown), self._writer.begin() as connection:
            _add(connection, batch_sent, [{"batch": number, "remote": remote, "sent": _now()}])

    def end_batch(self, number: int, outcome: str, reason: str) -> None:
        """Note what became of a batch; what it has not answered may be asked for again."""
        with told(self._shown), self._writer.begin() as connection:
            values = {"batch": number, "outcome": outcome, "reason": reason, "ended": _now()}
            _add(connection, batch_end, [values])

    def open_batches(self) -> list[BatchRow]:
        """Batches that have not ended, in the order in which they were begun."""
        query = (
            select(batch.c.id, batch.c.url, batch.c.file, batch.c.requests, batch.c.begun, batch_sent.c.remote)
            .outerjoin(batch_sent, batch_sent.c.batch == batch.c.id)
            .outerjoin(batch_end, batch_end.c.batch == batch.c.id)
            .where(batch_end.c.batch.is_(None))
            .order_by(batch.c.id)
        )
        with told(self._shown), self._reader.connect() as connection:
            return [BatchRow(**row._asdict()) for row in connection.execute(query)]

    def keys_under_way(self) -> set[str]:
        """Keys of the requests in open batches."""
        with told(self._shown), self._reader.connect() as connection:
            return set(connection.scalars(_open_requests()))

    # Reading

    def held(
        self, hashes: Sequence[str], versions: Versions, readers: Sequence[str], *, any_ingest: bool = False
    ) -> dict[str, Held]:
        """What the store holds of documents, by their hash, with the readings that the versions ask for.

        With `any_ingest` a document that only an earlier version of ingest made counts too, the latest of them.
        """
        query = select(document.c.sha256, document.c.ingest, document.c.payload).order_by(document.c.run)
        if not any_ingest:
            query = query.where(document.c.ingest == versions.ingest)
        out: dict[str, Held] = {}
        with told(self._shown), self._reader.connect() as connection:
            for row in _select_in(connection, query, document.c.sha256, hashes):
                earlier = out.get(row.sha256)
                if row.ingest == versions.ingest or earlier is None or earlier.ingest != versions.ingest:
                    out[row.sha256] = Held(row.ingest, row.payload, None)
            found = _sections(connection, out, versions.segmentation)
            # Where a document has to be cut anew, most of its sections will be what they were: their readings count.
            cut_before = _sections(connection, {sha256: out[sha256] for sha256 in out.keys() - found.keys()}, None)
            for sha256, held in out.items():
                sections = found.get(sha256)
                known = sections or cut_before.get(sha256, ())
                keys = [key for placed in known for key in reading_keys(placed, held.ingest, versions, readers)]
                out[sha256] = Held(held.ingest, held.payload, sections, _readings(connection, keys))
        return out

    def names(self) -> list[NameRow]:
        """The documents that the store knows, by name: the latest bytes of every location, each name and bytes once."""
        with told(self._shown), self._reader.connect() as connection:
            rows = connection.execute(_current_names().order_by(name.c.id)).all()
        known = {(row.name, row.sha256): NameRow(row.name, row.source, row.location, row.sha256) for row in rows}
        return [known[key] for key in sorted(known)]

    def open_failures(self) -> list[OpenFailure]:
        """Failures of the latest attempt at a document that no later run has mended, by name."""
        latest = _latest_runs(failure).subquery()
        named = _latest_runs(name).subquery()
        query = (
            select(failure)
            .join(latest, and_(latest.c.location == failure.c.location, latest.c.run == failure.c.run))
            .outerjoin(named, named.c.location == failure.c.location)
            .where(failure.c.run >= func.coalesce(named.c.run, 0))
        )
        with told(self._shown), self._reader.connect() as connection:
            rows = connection.execute(query).all()
            read = {row.location: row.run for row in connection.execute(_latest_runs(name))} if rows else {}
        found = []
        for row in rows:
            # An archive, or a folder, is mended by what was read out of it since.
            if any(run > row.run and location.startswith(f"{row.location}/") for location, run in read.items()):
                continue
            why = FailureRow(row.code, row.message, row.form_type, row.ordinal, row.page)
            found.append(OpenFailure(row.name, row.source, why))
        return sorted(found, key=lambda each: (each.name, each.source, each.failure.page, each.failure.ordinal))

    def shelf(self, versions: Versions, readers: Sequence[str]) -> Shelf:
        """Count documents, forms, and forms with current readings."""
        names = _current_names().subquery()
        known = select(names.c.name, names.c.sha256).distinct().subquery()
        made = select(document.c.sha256).where(document.c.sha256 == known.c.sha256)
        cut = select(section).where(
            section.c.sha256 == known.c.sha256,
            section.c.ingest == versions.ingest,
            section.c.segmentation == versions.segmentation,
        )
        forms = cut.add_columns(known.c.name).where(section.c.kind == SectionKind.FORM)
        with told(self._shown), self._reader.connect() as connection:

            def count(query: Select[Any]) -> int:
                return connection.scalar(select(func.count()).select_from(query.subquery())) or 0

            read = 0
            for rows in connection.execute(forms).partitions(_AT_ONCE):
                wanted = [reading_keys(_placed(row), row.ingest, versions, readers) for row in rows]
                query = select(reading.c.key)
                every = [key for keys in wanted for key in keys]
                there = {row.key for row in _select_in(connection, query, reading.c.key, every)}
                read += sum(there.issuperset(keys) for keys in wanted)
            return Shelf(
                documents=count(select(known)),
                held=count(select(known).where(made.exists())),
                current=count(select(known).where(cut.exists())),
                forms=count(forms),
                read=read,
            )


def _sums() -> list[ColumnElement[Any]]:
    """Sums over calls, by the names of `Spent`."""
    counted = {"calls": func.count(call.c.id), "answers": func.sum(case((call.c.outcome == "answered", 1), else_=0))}
    summed = {name: func.sum(call.c[name]) for name in ("prompt_tokens", "cached_tokens", "completion_tokens", "cost")}
    return [func.coalesce(value, 0).label(name) for name, value in (counted | summed).items()]


def _spent(row: Row[Any]) -> Spent:
    calls, answers, prompt, cached, completion, cost = (int(getattr(row, name)) for name in Spent._fields)
    return Spent(calls, answers, prompt, cached, completion, Decimal(cost) / _COST_UNITS)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_Rows = list[dict[str, Any]]


def _add(connection: Connection, table: Table, rows: _Rows) -> None:
    """Insert the rows whose primary key is not there yet."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        connection.execute(sqlite.insert(table).on_conflict_do_nothing(), rows)
    elif connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql

        connection.execute(postgresql.insert(table).on_conflict_do_nothing(), rows)
    else:
        columns = list(table.primary_key.columns)
        by_key = {tuple(row[column.name] for column in columns): row for row in rows}
        query = select(*columns)
        for row in _select_in(connection, query, tuple_(*columns), list(by_key)):
            by_key.pop(tuple(row))
        if by_key:
            connection.execute(insert(table), list(by_key.values()))


def _origins() -> Select[Any]:
    """Hashes of the completions that came in files."""
    return select(call.c.origin).where(call.c.origin != "")


def _open_requests() -> Select[Any]:
    """Keys of the requests in batches that have not ended."""
    ended = select(batch_end.c.batch).where(batch_end.c.batch == batch_request.c.batch)
    return select(batch_request.c.key).where(~ended.exists())


def _document_rows(run_id: int, entries: Iterable[Entry]) -> _Rows:
    return [{"run": run_id, **entry.document._asdict()} for entry in entries if entry.document is not None]


def _section_rows(entries: Iterable[Entry]) -> _Rows:
    return [
        {
            "sha256": entry.sha256,
            "ingest": entry.ingest,
            "segmentation": entry.segmentation,
            "position": position,
            "kind": placed.section.kind,
            "form_type": placed.section.form_type,
            "ordinal": placed.section.ordinal,
            "span_start": placed.section.span.start,
            "span_end": placed.section.span.end,
            "first_cell": placed.section.first,
            "last_cell": placed.section.last,
            "digest": placed.digest,
        }
        for entry in entries
        for position, placed in enumerate(entry.sections or ())
    ]


def _reading_rows(run_id: int, entries: Iterable[Entry]) -> _Rows:
    return [{"run": run_id, **row._asdict()} for entry in entries for row in entry.readings]


def _failure_rows(run_id: int, entries: Iterable[Entry]) -> _Rows:
    return [
        {
            "run": run_id,
            "location": entry.location,
            "name": entry.name,
            "source": entry.source,
            "sha256": entry.sha256,
            **row._asdict(),
        }
        for entry in entries
        for row in entry.failures
    ]


def _name_rows(connection: Connection, run_id: int, entries: Sequence[Entry]) -> _Rows:
    """Names that say something new: other bytes or another name than last, or the first success after a failure."""
    locations = [entry.location for entry in entries]
    ids = select(func.max(name.c.id).label("id")).group_by(name.c.location)
    last_ids = [row.id for row in _select_in(connection, ids, name.c.location, locations)]
    latest = {row.location: row for row in _select_in(connection, select(name), name.c.id, last_ids)}
    failures = _select_in(connection, _latest_runs(failure), failure.c.location, locations)
    failed = {row.location: row.run for row in failures}
    rows: _Rows = []
    for entry in entries:
        if entry.sha256 is None:
            continue
        now = NameRow(entry.name, entry.source, entry.location, entry.sha256)
        last = latest.get(entry.location)
        same = last is not None and (last.name, last.source, last.location, last.sha256) == now
        mended = last is not None and not entry.failures and failed.get(entry.location, 0) >= last.run
        if not same or mended:
            rows.append({"run": run_id, **now._asdict()})
    return rows


def _hashes(connection: Connection, locations: Sequence[str]) -> set[str]:
    """Hashes of all bytes that ever were at these locations."""
    query = select(name.c.sha256).distinct()
    return {row.sha256 for row in _select_in(connection, query, name.c.location, locations)}


def _latest_runs(table: Table) -> Select[Any]:
    """For every location the latest run that wrote a row about it."""
    return select(table.c.location, func.max(table.c.run).label("run")).group_by(table.c.location)


def _current_names() -> Select[Any]:
    """The latest name row of every location."""
    last = select(func.max(name.c.id)).group_by(name.c.location)
    return select(name).where(name.c.id.in_(last))


def _select_in(
    connection: Connection, query: Select[Any], column: ColumnElement[Any], values: Sequence[object]
) -> Iterator[Row[Any]]:
    """The query's rows whose column has one of the values, however many those are."""
    for start in range(0, len(values), _AT_ONCE):
        yield from connection.execute(query.where(column.in_(values[start : start + _AT_ONCE])))


def _sections(
    connection: Connection, held: Mapping[str, Held], segmentation: str | None
) -> dict[str, tuple[Placed, ...]]:
    """Sections of documents in order, by hash; with None those of every segmentation, in no order."""
    query = select(section).order_by(section.c.sha256, section.c.position)
    if segmentation is not None:
        query = query.where(section.c.segmentation == segmentation)
    found: dict[str, list[Placed]] = {}
    for row in _select_in(connection, query, section.c.sha256, list(held)):
        if row.ingest == held[row.sha256].ingest:
            found.setdefault(row.sha256, []).append(_placed(row))
    return {sha256: tuple(sections) for sha256, sections in found.items()}


def _placed(row: Row[Any]) -> Placed:
    span = Span(row.span_start, row.span_end)
    made = Section(SectionKind(row.kind), row.form_type, row.ordinal, span, row.first_cell, row.last_cell)
    return Placed(made, row.digest)


def _readings(connection: Connection, keys: Sequence[str]) -> dict[str, bytes]:
    query = select(reading.c.key, reading.c.payload)
    return {row.key: row.payload for row in _select_in(connection, query, reading.c.key, keys)}
