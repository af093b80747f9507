"""Connecting to a database: settings of SQLite, and database errors as one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from pipeline.errors import ConfigurationError
from pipeline.messages import say

__all__ = ["DURABLE", "WRITING", "connect", "parse", "shown", "sqlite_file", "told"]

WRITING = "formtally_writing"
"""Execution option of transactions that write: SQLite then takes its lock at once instead of failing half-way."""
DURABLE = "formtally_durable"
"""Execution option of transactions that must outlive the machine's power: what people decided cannot be made again."""
_BUSY_SECONDS = 60


def parse(url: str, *, create: bool) -> URL:
    """The database URL, checked as far as that goes without connecting.

    Raises `ConfigurationError` for what is no URL, a driver that is not installed, and a SQLite file that cannot be.
    """
    try:
        parsed = make_url(url)
        parsed.get_dialect().import_dbapi()
    except (NoSuchModuleError, ImportError):
        raise ConfigurationError(say("store.driver", driver=url.partition(":")[0])) from None
    except ArgumentError:
        # SQLAlchemy's own words would repeat the URL, with what may be a password in it.
        raise ConfigurationError(say("store.url")) from None
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        path = Path(parsed.database)
        if not path.exists():
            if not create:
                raise ConfigurationError(say("store.none", store=parsed.render_as_string()))
            if not path.absolute().parent.is_dir():
                raise ConfigurationError(say("store.folder", folder=path.absolute().parent))
        elif path.is_dir():
            raise ConfigurationError(say("store.is_folder", folder=path))
    return parsed


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite URL; None for any other URL, or what is none."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return None
    return Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None


def shown(url: str) -> str:
    """A database URL without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "-"


def connect(url: URL) -> Engine:
    """An engine for the URL; nothing is opened yet."""
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    # Transactions are begun by `_begin_sqlite`: Python's module would leave DDL outside of them.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    durable = options.get(DURABLE, False)
    connection.exec_driver_sql(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if durable or options.get(WRITING, False) else "BEGIN")


@contextmanager
def told(shown: str) -> Iterator[None]:
    """Turn an error of the database into one sentence that names the store; `shown` hides a password."""
    try:
        yield
    except SQLAlchemyError as error:
        raise ConfigurationError(_sentence(error, shown)) from error


_CAUSES = (
    ("database or disk is full", "store.full"),
    ("disk I/O error", "store.full"),
    ("No space left", "store.full"),
    ("database is locked", "store.locked"),
    ("readonly database", "store.readonly"),
    ("file is not a database", "store.not_a_store"),
    ("malformed", "store.malformed"),
    ("unable to open database file", "store.unable"),
)


def _sentence(error: SQLAlchemyError, shown: str) -> str:
    # The driver's words only: SQLAlchemy's would repeat the statement with its parameters, names of people among them.
    cause = getattr(error, "orig", None)
    words = str(cause) if cause is not None else type(error).__name__
    for sign, key in _CAUSES:
        if sign in words:
            return say(key, store=shown)
    first = next((line.strip() for line in words.splitlines() if line.strip()), type(error).__name__)
    return say("store.failed", store=shown, cause=first)
