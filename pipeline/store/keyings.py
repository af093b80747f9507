"""Forms that people key as a whole, in the store: which, by how many, and what they keyed.

What was keyed is one transaction a leaf, and on the disk when it returns.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Connection, Engine, Row, func, insert, select, text

from pipeline.anchors import from_json, to_json
from pipeline.store.connect import DURABLE, told
from pipeline.store.rows import KeyedRow, KeyingRow
from pipeline.store.tables import keyed, keying

__all__ = ["BEGUN", "FINISHED", "Keyings"]

BEGUN, FINISHED = "begun", "finished"
"""Marks of rows without a path: somebody is at the form, or done with it."""


class Keyings:
    """The part of a store in which whole forms are keyed."""

    def __init__(self, engine: Engine, shown: str) -> None:
        self._engine = engine
        self._writer = engine.execution_options(**{DURABLE: True})
        self._shown = shown

    def assign(self, rows: Sequence[KeyingRow]) -> None:
        """Have forms keyed. One that was assigned before is keyed anew, from its beginning."""
        values = [{**row._asdict(), "anchor": json.dumps(to_json(row.anchor), ensure_ascii=False)} for row in rows]
        for each in values:
            del each["id"]
        with told(self._shown), self._writer.begin() as connection:
            connection.execute(insert(keying), values)

    def assigned(self) -> list[KeyingRow]:
        """The forms that are to be keyed, or have been, each once, in the order in which they were assigned."""
        latest = select(func.max(keying.c.id)).group_by(keying.c.key)
        query = select(keying).where(keying.c.id.in_(latest)).order_by(keying.c.id)
        with told(self._shown), self._engine.connect() as connection:
            return [_keying(row) for row in connection.execute(query)]

    def people(self) -> dict[int, dict[str, str]]:
        """Who is at each form, or done with it: the latest mark by person, by number of the keying, in order."""
        with told(self._shown), self._engine.connect() as connection:
            return _people(connection)

    def begin(self, row: KeyingRow, reviewer: str, when: str) -> bool:
        """Note that somebody keys a form, or goes on with it; False where enough others do, or they are done."""
        with told(self._shown), self._writer.begin() as connection:
            if connection.dialect.name == "postgresql":
                # One after the other, as on SQLite: two people may want the same place.
                connection.execute(text("LOCK TABLE keying IN SHARE ROW EXCLUSIVE MODE"))
            people = _people(connection).get(row.id, {})
            if reviewer in people:
                return people[reviewer] == BEGUN
            if len(people) >= row.keyers:
                return False
            made = KeyedRow(row.id, reviewer, "", BEGUN, None, 0.0, when)
            connection.execute(insert(keyed).values(made._asdict()))
        return True

    def write(self, row: KeyedRow) -> None:
        """Append what somebody keyed."""
        with told(self._shown), self._writer.begin() as connection:
            connection.execute(insert(keyed).values(row._asdict()))

    def keyed(self, number: int, reviewer: str) -> list[KeyedRow]:
        """What somebody keyed of a form, in order."""
        query = select(*(keyed.c[field] for field in KeyedRow._fields))
        query = query.where(keyed.c.keying == number, keyed.c.reviewer == reviewer, keyed.c.path != "")
        with told(self._shown), self._engine.connect() as connection:
            return [KeyedRow(**row._asdict()) for row in connection.execute(query.order_by(keyed.c.id))]


def _people(connection: Connection) -> dict[int, dict[str, str]]:
    query = select(keyed.c.keying, keyed.c.reviewer, keyed.c.mark).where(keyed.c.path == "").order_by(keyed.c.id)
    people: dict[int, dict[str, str]] = {}
    for row in connection.execute(query):
        people.setdefault(row.keying, {})[row.reviewer] = row.mark
    return people


def _keying(row: Row[tuple[object, ...]]) -> KeyingRow:
    values = row._asdict()
    return KeyingRow(**{**values, "anchor": from_json(json.loads(values["anchor"]))})
