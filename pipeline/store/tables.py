"""The tables as they are after the last migration.

Rows are only ever added, except that those of `page` go when their document is made. `answer` holds what models
answered, `call` what was paid, in billionths of the currency of the prices, with the hash of the completion where that
came in a file; `request` what went out in files. `batch` is what an endpoint is given to do, noted before it is;
`batch_request` what is in it, `batch_sent` how the endpoint calls it, `batch_end` what became of it. Hashes are
hexadecimal text, payloads compressed bytes (`pipeline.codec`), times ISO 8601 UTC.

`decision` holds what people decided, `sign_off` who vouched for a document, `draw` and `drawn` the random samples that
people audit; `keying` which forms people key as a whole, the latest row of a `key` counting, and `keyed` what they
keyed. `dossier` and `item` are no truth but an index of it, the queue: what settling said last of a document, by the
versions and decisions that it names; they are replaced, and can be made anew at any time. Rows of `lease` say who is
asked what until when (seconds since 1970), and go with it.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
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
)

__all__ = [
    "answer",
    "batch",
    "batch_end",
    "batch_request",
    "batch_sent",
    "call",
    "decision",
    "document",
    "dossier",
    "draw",
    "drawn",
    "failure",
    "item",
    "keyed",
    "keying",
    "lease",
    "metadata",
    "migration",
    "name",
    "page",
    "reading",
    "request",
    "run",
    "run_end",
    "section",
    "sign_off",
]

_LARGEST_PAYLOAD = 2**31 - 1
"""Bytes; it makes MySQL choose a type that holds more than 64 KB."""

metadata = MetaData()

migration = Table(
    "formtally_migration",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", String(80), nullable=False),
    Column("applied", String(32), nullable=False),
)

run = Table(
    "run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("command", String(16), nullable=False),
    Column("arguments", Text, nullable=False),
    Column("started", String(32), nullable=False),
)

run_end = Table(
    "run_end",
    metadata,
    Column("run", ForeignKey("run.id"), primary_key=True),
    Column("finished", String(32), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("counts", Text, nullable=False),
)

document = Table(
    "document",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("ingest", String(16), primary_key=True),
    Column("run", ForeignKey("run.id"), nullable=False),
    Column("origin", String(16), nullable=False),
    Column("characters", Integer, nullable=False),
    Column("cells", Integer, nullable=False),
    Column("payload", LargeBinary(_LARGEST_PAYLOAD), nullable=False),
)

section = Table(
    "section",
    metadata,
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

reading = Table(
    "reading",
    metadata,
    Column("key", String(32), primary_key=True),
    Column("run", ForeignKey("run.id"), nullable=False),
    Column("digest", String(32), nullable=False),
    Column("form_type", String(64), nullable=False),
    Column("reader", String(32), nullable=False),
    Column("version", String(16), nullable=False),
    Column("payload", LargeBinary(_LARGEST_PAYLOAD), nullable=False),
)

page = Table(
    "page",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("ingest", String(16), primary_key=True),
    Column("page", Integer, primary_key=True, autoincrement=False),
    Column("payload", LargeBinary(_LARGEST_PAYLOAD), nullable=False),
    sqlite_with_rowid=False,
)

answer = Table(
    "answer",
    metadata,
    Column("key", String(32), primary_key=True),
    Column("run", ForeignKey("run.id"), nullable=False),
    Column("digest", String(32), nullable=False),
    Column("form_type", String(64), nullable=False),
    Column("shape", String(32), nullable=False),
    Column("model", String(128), nullable=False),
    Column("cut", Integer, nullable=False),
    Column("payload", LargeBinary(_LARGEST_PAYLOAD), nullable=False),
)

call = Table(
    "call",
    metadata,
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

request = Table(
    "request",
    metadata,
    Column("key", String(32), primary_key=True),
    Column("run", ForeignKey("run.id"), nullable=False),
    Column("digest", String(32), nullable=False),
    Column("form_type", String(64), nullable=False),
    Column("shape", String(32), nullable=False),
    Column("model", String(128), nullable=False),
    Column("size", Integer, nullable=False),
)

batch = Table(
    "batch",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", ForeignKey("run.id"), nullable=False),
    Column("url", Text, nullable=False),
    Column("file", String(128), nullable=False),
    Column("requests", Integer, nullable=False),
    Column("begun", String(32), nullable=False),
)

batch_request = Table(
    "batch_request",
    metadata,
    Column("batch", ForeignKey("batch.id"), primary_key=True),
    Column("key", String(32), primary_key=True),
    sqlite_with_rowid=False,
)

batch_sent = Table(
    "batch_sent",
    metadata,
    Column("batch", ForeignKey("batch.id"), primary_key=True),
    Column("remote", String(128), nullable=False),
    Column("sent", String(32), nullable=False),
)

batch_end = Table(
    "batch_end",
    metadata,
    Column("batch", ForeignKey("batch.id"), primary_key=True),
    Column("outcome", String(32), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("ended", String(32), nullable=False),
)

name = Table(
    "name",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", ForeignKey("run.id"), nullable=False),
    Column("location", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Index("name_by_location", "location"),
    Index("name_by_sha256", "sha256"),
)

failure = Table(
    "failure",
    metadata,
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
    Column("page", Integer, nullable=False, server_default="0"),
    Index("failure_by_location", "location"),
)

decision = Table(
    "decision",
    metadata,
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

sign_off = Table(
    "sign_off",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("digest", String(32), nullable=False),
    Column("reviewer", String(128), nullable=False),
    Column("time", String(32), nullable=False),
    Index("sign_off_by_sha256", "sha256"),
)

draw = Table(
    "draw",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("seed", String(32), nullable=False),
    Column("reviewer", String(128), nullable=False),
    Column("time", String(32), nullable=False),
    Column("population", Text, nullable=False),
)

drawn = Table(
    "drawn",
    metadata,
    Column("draw", ForeignKey("draw.id"), primary_key=True),
    Column("key", String(16), primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("stratum", String(64), nullable=False),
    Column("anchor", Text, nullable=False),
    Index("drawn_by_sha256", "sha256"),
    sqlite_with_rowid=False,
)

keying = Table(
    "keying",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(16), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("anchor", Text, nullable=False),
    Column("keyers", Integer, nullable=False),
    Column("assigned_by", String(128), nullable=False),
    Column("time", String(32), nullable=False),
    Index("keying_by_key", "key"),
)

keyed = Table(
    "keyed",
    metadata,
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

dossier = Table(
    "dossier",
    metadata,
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

item = Table(
    "item",
    metadata,
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

lease = Table(
    "lease",
    metadata,
    Column("key", String(16), primary_key=True),
    Column("reviewer", String(128), nullable=False),
    Column("holder", String(32), nullable=False),
    Column("until", Float, nullable=False),
)
