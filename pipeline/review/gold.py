"""Gold records of forms that people keyed as a whole: what one keyed, or two, who agree but for what is named."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from rich.text import Text

from pipeline.errors import ConfigurationError, ExitCode, UsageError
from pipeline.export import whole_file
from pipeline.forms import FormType, FormView, Kind, pattern
from pipeline.messages import english, say
from pipeline.reading import RefKind
from pipeline.review.desk import Desk
from pipeline.review.keying import Filled, Mark, Said, filled, located, row_of
from pipeline.review.question import same_value
from pipeline.settings import Settings
from pipeline.store.keyings import FINISHED
from pipeline.store.rows import KeyingRow
from pipeline.store.store import Store
from pipeline.summary import console

__all__ = ["compared", "gold_command"]

_MOST = 99
"""Gold records are numbered with two digits."""


def compared(form_type: FormType, keyed_by: Mapping[str, Filled]) -> list[dict[str, str]]:
    """The leaves of which those who keyed a form, one or two by name, are not certain: `{"path", "why"}`.

    Where two count the rows differently, the table as a whole is one of them.
    """
    (name, one), *others = keyed_by.items()
    doubtful: dict[str, str] = {}
    for person, form in keyed_by.items():
        doubtful |= {path: english("keying.why_lost", name=person) for path in sorted(form.lost)}
    group = form_type.vocabulary.table.group
    for other_name, other in others:
        if one.rows != other.rows:
            rows = english("keying.why_rows", one=one.rows, name=name, other=other.rows, other_name=other_name)
            doubtful[group] = rows
        for path in dict.fromkeys((*one.values, *other.values)):
            if path.startswith(f"{group}[") and one.rows != other.rows:
                continue
            values = one.values.get(path), other.values.get(path)
            kind = form_type.leaves.get(pattern(path), Kind.NUMBER)
            if not same_value(kind, *values) or (path in one.merged) is not (path in other.merged):
                said = {"one": json.dumps(values[0], ensure_ascii=False), "name": name}
                said |= {"other": json.dumps(values[1], ensure_ascii=False), "other_name": other_name}
                doubtful.setdefault(path, english("keying.why_differs", **said))
    return [{"path": path, "why": why} for path, why in doubtful.items()]


def _record(form_type: FormType, form: Filled) -> dict[str, Any]:
    """The record of a form as somebody keyed it."""
    subtotals = f"{form_type.vocabulary.table.subtotals}."
    printed = {path: value for path, value in form.values.items() if value is not None}
    view = FormView(
        values=form.values,
        # A blank and what the template has no label for are keyed alike.
        kinds={path: RefKind.ABSENT if value is None else RefKind.AT for path, value in form.values.items()},
        printed=printed,
        units={},
        rows=form.rows,
        merged=tuple(_merged(form)),
        subtotals={path.removeprefix(subtotals): printed[path] for path in printed if path.startswith(subtotals)},
    )
    return form_type.record(view)


def _merged(form: Filled) -> Iterator[tuple[int, int]]:
    """Half-open ranges of rows whose points are printed once, on the first of them."""
    rows = sorted({row_of(path) for path in form.merged})
    first = [row for row in rows if row - 1 not in rows]
    last = [row for row in rows if row + 1 not in rows]
    yield from ((begin - 1, end + 1) for begin, end in zip(first, last, strict=True))


def gold_command(settings: Settings, *, out: Path) -> int:
    """Write a gold record of every form that was keyed to its end by as many people as were wanted.

    Raises `UsageError` where there is none, or two would have the same name.
    """
    with Store.open(settings.db, create=False) as store:
        found = list(_gold(store, settings))
    records = [each for each in found if each is not None and each.name]
    if not records:
        raise UsageError(say("keying.no_gold"))
    names = [each.name for each in records]
    for each in records:
        if names.count(each.name) > 1:
            raise UsageError(say("keying.same_name", name=each.name))
    try:
        out.mkdir(parents=True, exist_ok=True)
        for each in records:
            with whole_file(out / f"{each.name}.json") as file:
                file.write_text(json.dumps(each.record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        cause = error.strerror or type(error).__name__
        raise ConfigurationError(say("export.failed", path=out, cause=cause)) from error
    show = console()
    for each in records:
        for doubt in each.record["ambiguous"]:
            show.print(Text(say("keying.doubt", name=each.name, path=doubt["path"], why=doubt["why"])))
    doubts = sum(len(each.record["ambiguous"]) for each in records)
    show.print(say("keying.gold", count=len(records), folder=out, doubts=doubts))
    if waiting := found.count(None):
        show.print(say("keying.waiting", count=waiting))
    if left_out := sum(each is not None and not each.name for each in found):
        show.print(say("keying.left_out", count=left_out))
    return ExitCode.DONE


class _Gold(NamedTuple):
    """A gold record under the name of its file; without one it cannot be told which form it is of."""

    name: str
    record: Mapping[str, Any]


def _gold(store: Store, settings: Settings) -> Iterator[_Gold | None]:
    """A gold record for each form that was assigned; None for one that is not keyed to its end."""
    desk = Desk(store, settings)
    people = store.keyings.people()
    for row in store.keyings.assigned():
        done = [name for name, mark in people.get(row.id, {}).items() if mark == FINISHED]
        if len(done) < row.keyers:
            yield None
            continue
        found = located(desk, row)
        if found is None or found[1].section.ordinal > _MOST:
            yield _Gold("", {})
            continue
        opened, form = found
        name = f"{PurePosixPath(opened.document.name).stem}-{form.section.ordinal:02}"
        keyed_by = {person: _filled_by(store, row, person, form.form_type) for person in done}
        record = _record(form.form_type, next(iter(keyed_by.values())))
        doubts = compared(form.form_type, keyed_by)
        yield _Gold(name, {"form_id": name, **record, "ambiguous": doubts, "keyed_by": done})


def _filled_by(store: Store, row: KeyingRow, person: str, form_type: FormType) -> Filled:
    made = store.keyings.keyed(row.id, person)
    return filled(form_type, {each.path: Said(Mark(each.mark), each.value) for each in made})
