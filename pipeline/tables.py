"""Export lines as tables: one of forms, one for every group of the record, and review, findings, evidence and the rest.

The tables follow from the records of the form types, so a new form type brings its own. Every row begins with
`document`, `form_type` and `ordinal`, which join the tables. Beside every column of money stands one in 万元 (10,000
yuan), by the unit printed with the amount or, without one, by the form's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.forms import FormType, FormView, Kind
from pipeline.reading import RefKind
from pipeline.vocabulary import fold

if TYPE_CHECKING:
    from pipeline.review.audit import Measured

__all__ = ["AUDIT", "Column", "ColumnKind", "Row", "Shape", "Tables", "audit_rows", "wanyuan"]


class ColumnKind(StrEnum):
    """What the values of a column are."""

    TEXT = "text"
    """Text as printed, telephones among it."""
    DATE = "date"
    """A date, ISO 8601, as text."""
    FIGURE = "figure"
    """A decimal exactly as printed, as text."""
    WANYUAN = "wanyuan"
    """A `Decimal` in 万元."""
    INTEGER = "integer"
    FLAG = "flag"


class Column(NamedTuple):
    """A column of a table."""

    name: str
    kind: ColumnKind


class Shape(NamedTuple):
    """A table by name, with its columns."""

    name: str
    columns: tuple[Column, ...]


Row = dict[str, Any]

_KEY = (
    Column("document", ColumnKind.TEXT),
    Column("form_type", ColumnKind.TEXT),
    Column("ordinal", ColumnKind.INTEGER),
)
_FORM = (
    *_KEY,
    *(Column(name, ColumnKind.TEXT) for name in ("source", "sha256", "text_origin", "template")),
    Column("settled", ColumnKind.FLAG),
    Column("questions", ColumnKind.INTEGER),
    Column("errors", ColumnKind.INTEGER),
    Column("in_review", ColumnKind.TEXT),
    Column("signed_off_by", ColumnKind.TEXT),
    Column("signed_off_at", ColumnKind.TEXT),
)
AUDIT = Shape(
    "audit",
    (
        Column("stratum", ColumnKind.TEXT),
        *(Column(name, ColumnKind.INTEGER) for name in ("population", "drawn", "checked", "wrong")),
        *(Column(name, ColumnKind.FIGURE) for name in ("rate", "low", "high")),
    ),
)
"""What audits of the store have found: all of it, and by stratum; shares with the ends of their 95 % interval."""
_LISTS = (
    Shape("review", (*_KEY, Column("path", ColumnKind.TEXT), Column("reasons", ColumnKind.TEXT))),
    Shape("findings", (*_KEY, *(Column(name, ColumnKind.TEXT) for name in ("check", "severity", "paths", "message")))),
    Shape(
        "evidence",
        (
            *_KEY,
            *(Column(name, ColumnKind.TEXT) for name in ("path", "state", "kind", "text", "spans")),
            Column("page", ColumnKind.INTEGER),
            *(Column(name, ColumnKind.TEXT) for name in ("box", "unit")),
        ),
    ),
    Shape("decisions", (*_KEY, *(Column(name, ColumnKind.TEXT) for name in ("path", "kind", "reviewer", "time")))),
    Shape("extra", (*_KEY, Column("label", ColumnKind.TEXT), Column("value", ColumnKind.TEXT))),
)


class Tables:
    """The tables of exports of some form types; where two have a table of one name, its columns are both's."""

    def __init__(self, form_types: Sequence[FormType]) -> None:
        self._groups = {each.name: {shape.name: shape for shape in _record_shapes(each)} for each in form_types}
        columns: dict[str, dict[str, Column]] = {"forms": {column.name: column for column in _FORM}}
        for groups in self._groups.values():
            for shape in groups.values():
                columns.setdefault(shape.name, {}).update({column.name: column for column in shape.columns})
        self.shapes = [*(Shape(name, tuple(found.values())) for name, found in columns.items()), *_LISTS]

    def rows(self, form: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
        """The rows that one export line adds to the tables, by table."""
        groups = self._groups[form["form_type"]]
        key: Row = {column.name: form[column.name] for column in _KEY}
        record = form["record"]
        signed = form.get("signed_off") or {}
        yield (
            "forms",
            {
                **key,
                **{name: form[name] for name in ("source", "sha256", "text_origin", "template")},
                "settled": not form["review"],
                "questions": len(form["review"]),
                "errors": sum(finding["severity"] == "error" for finding in form["findings"]),
                "signed_off_by": signed.get("by"),
                "signed_off_at": signed.get("time"),
                **_cells(form, record, groups["forms"], ""),
            },
        )
        for name, value in record.items():
            if isinstance(value, list):
                for number, cells in enumerate(value):
                    yield name, {**key, "row": number, **_cells(form, cells, groups[name], f"{name}[{number}].")}
            elif isinstance(value, dict):
                for line, cells in value.items():
                    if isinstance(cells, dict):
                        yield name, {**key, "line": line, **_cells(form, cells, groups[name], f"{name}.{line}.")}
                    elif cells is not None:
                        yield name, {**key, "heading": line, "value": cells}
        yield from _list_rows(form, key)


def audit_rows(audit: Measured) -> Iterator[Row]:
    """The rows of the table of audits, shares as decimals."""
    for row in audit.rows():
        yield {name: f"{value:.8f}" if isinstance(value, float) else value for name, value in row.items()}


def _record_shapes(form_type: FormType) -> tuple[Shape, ...]:
    """Tables of a record: plain leaves belong to `forms`; a list of rows or a map of lines is a table of its own."""
    form: list[Column] = []
    groups: list[Shape] = []
    for key, value in _blank_record(form_type).items():
        if isinstance(value, list):
            groups.append(_group(form_type, key, "row", f"{key}[].", value[0]))
        elif isinstance(value, dict) and value:
            line, cells = next(iter(value.items()))
            groups.append(_group(form_type, key, "line", f"{key}.{line}.", cells))
        elif isinstance(value, dict):
            figure = (Column("heading", ColumnKind.TEXT), Column("value", ColumnKind.FIGURE))
            groups.append(Shape(key, (*_KEY, *figure)))
        else:
            form.extend(_columns(form_type, key, key))
    return (Shape("forms", tuple(form)), *groups)


def _blank_record(form_type: FormType) -> dict[str, Any]:
    """A record with one row of each kind and nothing in it: it shows which keys there are."""
    paths = form_type.paths(1)
    kinds = dict.fromkeys(paths, RefKind.EMPTY)
    return form_type.record(FormView(dict.fromkeys(paths), kinds, printed={}, units={}, rows=1))


def _group(form_type: FormType, key: str, number: str, prefix: str, cells: Mapping[str, Any]) -> Shape:
    first = Column(number, ColumnKind.INTEGER if number == "row" else ColumnKind.TEXT)
    columns = [column for name in cells for column in _columns(form_type, prefix + name, name)]
    return Shape(key, (*_KEY, first, *columns, Column("in_review", ColumnKind.TEXT)))


def _columns(form_type: FormType, leaf: str, name: str) -> Iterator[Column]:
    kind = form_type.leaves.get(leaf)
    if kind is None:
        yield Column(name, ColumnKind.FLAG)
    elif kind is Kind.MONEY:
        yield Column(name, ColumnKind.FIGURE)
        yield Column(f"{name}_wanyuan", ColumnKind.WANYUAN)
    elif kind is Kind.YEAR:
        yield Column(name, ColumnKind.INTEGER)
    elif kind.numeric:
        yield Column(name, ColumnKind.FIGURE)
    else:
        yield Column(name, ColumnKind.DATE if kind is Kind.DATE else ColumnKind.TEXT)


def _cells(form: Mapping[str, Any], values: Mapping[str, Any], shape: Shape, prefix: str) -> Row:
    """The values of a group's columns, money also in 万元, and the names of those in review."""
    row: Row = {}
    doubtful = []
    for name, kind in shape.columns:
        if kind is ColumnKind.WANYUAN:
            leaf = name.removesuffix("_wanyuan")
            evidence = form["evidence"].get(prefix + leaf) or {}
            row[name] = wanyuan(values.get(leaf), evidence.get("text"), form["record"].get("amount_unit"))
        elif name in values:
            row[name] = values[name]
            if form["states"].get(prefix + name) == "review":
                doubtful.append(name)
    row["in_review"] = " ".join(doubtful) or None
    return row


def _list_rows(form: Mapping[str, Any], key: Row) -> Iterator[tuple[str, Row]]:
    for entry in form["review"]:
        yield "review", {**key, "path": entry["path"], "reasons": " ".join(entry["reasons"])}
    for finding in form["findings"]:
        yield "findings", {**key, **finding, "paths": " ".join(finding["paths"])}
    for path, found in form["evidence"].items():
        spans = " ".join(f"[{start},{end})" for start, end in found["spans"])
        box = f"[{','.join(map(str, found['box']))}]" if found["box"] else None
        yield "evidence", {**key, **found, "path": path, "state": form["states"].get(path), "spans": spans, "box": box}
    for decision in form["decisions"]:
        yield "decisions", {**key, **decision}
    for label, value in form["extra"].items():
        yield "extra", {**key, "label": label, "value": value}


_WAN = {
    "元": Decimal("0.0001"),
    "千元": Decimal("0.1"),
    "万": Decimal(1),
    "万元": Decimal(1),
    "百万元": Decimal(100),
    "千万元": Decimal(1000),
    "亿": Decimal(10000),
    "亿元": Decimal(10000),
}
"""How much of 万元 a unit is. What is not here is not converted."""
_UNIT = re.compile(r"(?:人民币|单位:?)?(?P<unit>[亿万千百]*元|亿|万)")


def wanyuan(value: str | None, printed: str | None, form_unit: str | None) -> Decimal | None:
    """An amount in 万元, by the unit printed behind it or else the form's; None where no unit is known for certain."""
    if value is None:
        return None
    behind = re.sub(r"^[-+0-9.,]*", "", fold(printed or ""))
    unit = _UNIT.fullmatch((behind or fold(form_unit or "")).strip("()[]:"))
    factor = _WAN.get(unit["unit"]) if unit else None
    try:
        return None if factor is None else Decimal(value) * factor
    except InvalidOperation:
        return None
