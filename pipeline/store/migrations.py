"""Numbered migrations of the store: append one below, never change one that was released.

Each is a function that takes a connection inside a transaction. A migration spells its tables out rather than using
`tables`, which describes how they are after the last one; a test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    func,
    insert,
    inspect,
    select,
    text,
)

from pipeline.errors import ConfigurationError
from pipeline.messages import say
from pipeline.store import tables

__all__ = ["MIGRATIONS", "Migration", "answers", "first_tables", "migrate", "pages", "reviews", "schema_number"]

Migration = Callable[[Connection], None]


def first_tables(connection: Connection) -> None:
    """Documents, sections, readings, names, failures and runs."""
    made = MetaData()
    Table(
        "run",
        made,
        Column("id", Integer, primary_key=True),
        Column("command", String(16), nullable=False),
        Column("arguments", Text, nullable=False),
        Column("started", String(32), nullable=False),
    )
    Table(
        "run_end",
        made,
        Column("run", ForeignKey("run.id"), primary_key=True),
        Column("finished", String(32), nullable=False),
        Column("outcome", String(16), nullable=False),
        Column("counts", Text, nullable=False),
    )
    Table(
        "document",
        made,
        Column("sha256", String(64), primary_key=True),
        Column("ingest", String(16), primary_key=True),
        Column("run", ForeignKey("run.id"), nullable=False),
        Column("origin", String(16), nullable=False),
        Column("characters", Integer, nullable=False),
        Column("cells", Integer, nullable=False),
        Column("payload", LargeBinary(2**31 - 1), nullable=False),
    )
    Table(
        "section",
        made,
        Column("sha256", String(64), primary_key=True),
        Column("ingest", String(16), primary_key=True),
        Column("segmentation", String(16), primary_key=True),
        Column("position", Integer, primary_key=True, autoincrement=False),
        Column("kind", String(16), nullable=False),
        Column("form_type", String(64)),
        Column("ordinal", Integer, nullable=False),
        Column("span_start", Integer, nullable=False),
        Column("span_end", Integer, nullable=False),
        Column("first_cell", Integer, nullable=False),
        Column("last_cell", Integer, nullable=False),
        Column("digest", String(32), nullable=False),
        ForeignKeyConstraint(["sha256", "ingest"], ["document.sha256", "document.ingest"]),
        sqlite_with_rowid=False,
    )
    Table(
        "reading",
        made,
        Column("key", String(32), primary_key=True),
        Column("run", ForeignKey("run.id"), nullable=False),
        Column("digest", String(32), nullable=False),
        Column("form_type", String(64), nullable=False),
        Column("reader", String(32), nullable=False),
        Column("version", String(16), nullable=False),
        Column("payload", LargeBinary(2**31 - 1), nullable=False),
    )
    Table(
        "name",
        made,
        Column("id", Integer, primary_key=True),
        Column("run", ForeignKey("run.id"), nullable=False),
        Column("location", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("source", Text, nullable=False),
        Column("sha256", String(64), nullable=False),
        Index("name_by_location", "location"),
        Index("name_by_sha256", "sha256"),
    )
    Table(
        "failure",
        made,
        Column("id", Integer, primary_key=True),
        Column("run", ForeignKey("run.id"), nullable=False),
        Column("location", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("source", Text, nullable=False),
        Column("sha256", String(64)),
        Column("form_type", String(64)),
        Column("ordinal", Integer, nullable=False),
        Column("code", String(64), nullable=False),
        Column("message", Text, nullable=False),
        Index("failure_by_location", "location"),
    )
    made.create_all(connection)


def pages(connection: Connection) -> None:
    """Recognised pages of documents that are not made yet, and failures of pages."""
    made = MetaData()
    Table(
        "page",
        made,
        Column("sha256", String(64), primary_key=True),
        Column("ingest", String(16), primary_key=True),
        Column("page", Integer, primary_key=True, autoincrement=False),
        Column("payload", LargeBinary(2**31 - 1), nullable=False),
        sqlite_with_rowid=False,
    )
    made.create_all(connection)
    connection.execute(text("ALTER TABLE failure ADD COLUMN page INTEGER DEFAULT 0 NOT NULL"))


def answers(connection: Connection) -> None:
    """What models answered and what they cost; requests that went out in files, and batches of an endpoint."""
    made = MetaData()
    Table("run", made, Column("id", Integer, primary_key=True))
    Table(
        "answer",
        made,
        Column("key", String(32), primary_key=True),
        Column("run", ForeignKey("run.id"), nullable=False),
        Column("digest", String(32), nullable=False),
        Column("form_type", String(64), nullable=False),
        Column("shape", String(32), nullable=False),
        Column("model", String(128), nullable=False),
        Column("cut", Integer, nullable=False),
        Column("payload", LargeBinary(2**31 - 1), nullable=False),
    )
    Table(
        "call",
        made,
        Column("id", Integer, primary_key=True),
        Column("run", ForeignKey("run.id"), nullable=False),
        Column("key", String(32), nullable=False),
        Column("digest", String(32), nullable=False),
        Column("model", String(128), nullable=False),
        Column("outcome", String(32), nullable=False),
        Column("status", Integer, nullable=False),
        Column("prompt_tokens", Integer, nullable=False),
        Column("cached_tokens", Integer, nullable=False),
        Column("completion_tokens", Integer, nullable=False),
        Column("cost", BigInteger, nullable=False),
        Column("seconds", Float, nullable=False),
        Column("ended", String(32), nullable=False),
        Column("origin", String(32), nullable=False),
        Index("call_by_run", "run"),
        Index("call_by_key", "key"),
    )
    Table(
        "request",
        made,
        Column("key", String(32), primary_key=True),
        Column("run", ForeignKey("run.id"), nullable=False),
        Column("digest", String(32), nullable=False),
        Column("form_type", String(64), nullable=False),
        Column("shape", String(32), nullable=False),
        Column("model", String(128), nullable=False),
        Column("size", Integer, nullable=False),
    )
    Table(
        "batch",
        made,
        Column("id", Integer, primary_key=True),
        Column("run", ForeignKey("run.id"), nullable=False),
        Column("url", Text, nullable=False),
        Column("file", String(128), nullable=False),
        Column("requests", Integer, nullable=False),
        Column("begun", String(32), nullable=False),
    )
    Table(
        "batch_request",
        made,
        Column("batch", ForeignKey("batch.id"), primary_key=True),
        Column("key", String(32), primary_key=True),
        sqlite_with_rowid=False,
    )
    Table(
        "batch_sent",
        made,
        Column("batch", ForeignKey("batch.id"), primary_key=True),
        Column("remote", String(128), nullable=False),
        Column("sent", String(32), nullable=False),
    )
    Table(
        "batch_end",
        made,
        Column("batch", ForeignKey("batch.id"), primary_key=True),
        Column("outcome", String(32), nullable=False),
        Column("reason", String(64), nullable=False),
        Column("ended", String(32), nullable=False),
    )
    made.create_all(connection)


def reviews(connection: Connection) -> None:
    """Decisions of people, what they vouched for and audit, and the index of what is asked of them."""
    made = MetaData()
    Table(
        "decision",
        made,
        Column("id", Integer, primary_key=True),
        Column("uid", String(32), nullable=False, unique=True),
        Column("sha256", String(64), nullable=False),
        Column("kind", String(16), nullable=False),
        Column("path", Text, nullable=False),
        Column("anchor", Text, nullable=False),
        Column("reviewer", String(128), nullable=False),
        Column("time", String(32), nullable=False),
        Column("value", Text),
        Column("purpose", String(16), nullable=False),
        Column("seconds", Float, nullable=False),
        Column("shown", Text, nullable=False),
        Column("target", String(32), nullable=False),
        Column("together", String(32), nullable=False),
        Column("double", Integer, nullable=False),
        Index("decision_by_sha256", "sha256"),
        Index("decision_by_reviewer", "reviewer"),
    )
    Table(
        "sign_off",
        made,
        Column("id", Integer, primary_key=True),
        Column("sha256", String(64), nullable=False),
        Column("digest", String(32), nullable=False),
        Column("reviewer", String(128), nullable=False),
        Column("time", String(32), nullable=False),
        Index("sign_off_by_sha256", "sha256"),
    )
    Table(
        "draw",
        made,
        Column("id", Integer, primary_key=True),
        Column("seed", String(32), nullable=False),
        Column("reviewer", String(128), nullable=False),
        Column("time", String(32), nullable=False),
        Column("population", Text, nullable=False),
    )
    Table(
        "drawn",
        made,
        Column("draw", ForeignKey("draw.id"), primary_key=True),
        Column("key", String(16), primary_key=True),
        Column("sha256", String(64), nullable=False),
        Column("stratum", String(64), nullable=False),
        Column("anchor", Text, nullable=False),
        Index("drawn_by_sha256", "sha256"),
        sqlite_with_rowid=False,
    )
    Table(
        "keying",
        made,
        Column("id", Integer, primary_key=True),
        Column("key", String(16), nullable=False),
        Column("sha256", String(64), nullable=False),
        Column("anchor", Text, nullable=False),
        Column("keyers", Integer, nullable=False),
        Column("assigned_by", String(128), nullable=False),
        Column("time", String(32), nullable=False),
        Index("keying_by_key", "key"),
    )
    Table(
        "keyed",
        made,
        Column("id", Integer, primary_key=True),
        Column("keying", ForeignKey("keying.id"), nullable=False),
        Column("reviewer", String(128), nullable=False),
        Column("path", Text, nullable=False),
        Column("mark", String(16), nullable=False),
        Column("value", Text),
        Column("seconds", Float, nullable=False),
        Column("time", String(32), nullable=False),
        Index("keyed_by_keying", "keying", "reviewer"),
    )
    Table(
        "dossier",
        made,
        Column("id", Integer, primary_key=True),
        Column("sha256", String(64), nullable=False, unique=True),
        Column("document", Text, nullable=False),
        Column("location", Text, nullable=False),
        Column("basis", String(32), nullable=False),
        Column("decision", Integer, nullable=False),
        Column("forms", Integer, nullable=False),
        Column("open", Integer, nullable=False),
        Column("lost", Integer, nullable=False),
        Column("decided", Integer, nullable=False),
        Column("digest", String(32), nullable=False),
    )
    Table(
        "item",
        made,
        Column("key", String(16), primary_key=True),
        Column("dossier", ForeignKey("dossier.id"), nullable=False),
        Column("rank", Integer, nullable=False),
        Column("ordinal", Integer, nullable=False),
        Column("position", Integer, nullable=False),
        Column("form_type", String(64), nullable=False),
        Column("path", Text, nullable=False),
        Column("reasons", Text, nullable=False),
        Column("purpose", String(16), nullable=False),
        Column("body", Text, nullable=False),
        Column("year", String(8), nullable=False),
        Column("same", String(16), nullable=False),
        Column("value", Text, nullable=False),
        Column("not_by", Text, nullable=False),
        Index("item_in_order", "rank", "dossier", "ordinal", "position"),
        Index("item_by_dossier", "dossier"),
        Index("item_by_same", "same"),
    )
    Table(
        "lease",
        made,
        Column("key", String(16), primary_key=True),
        Column("reviewer", String(128), nullable=False),
        Column("holder", String(32), nullable=False),
        Column("until", Float, nullable=False),
    )
    made.create_all(connection)


MIGRATIONS: tuple[Migration, ...] = (first_tables, pages, answers, reviews)


def schema_number(connection: Connection) -> int:
    """Number of the last migration that was applied; 0 for a database without a store.

    Raises `ConfigurationError` where the database holds tables of something else under our names.
    """
    names = set(inspect(connection).get_table_names())
    if tables.migration.name not in names:
        if taken := sorted(names & set(tables.metadata.tables)):
            raise ConfigurationError(say("store.foreign", tables=", ".join(taken)))
        return 0
    return connection.scalar(select(func.max(tables.migration.c.number))) or 0


def migrate(connection: Connection, migrations: tuple[Migration, ...] = MIGRATIONS) -> list[int]:
    """Bring the store up to the last migration; the numbers of those that were applied.

    Raises `ConfigurationError` where a newer formtally made the store.
    """
    number = schema_number(connection)
    if number > len(migrations):
        raise ConfigurationError(say("store.newer", found=number, known=len(migrations)))
    tables.migration.create(connection, checkfirst=True)
    applied = list(range(number + 1, len(migrations) + 1))
    for step in applied:
        apply = migrations[step - 1]
        apply(connection)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        connection.execute(insert(tables.migration).values(number=step, name=apply.__name__, applied=now))
    return applied
