"""What an answer looks like on the wire, derived from the leaves of a form type.

Every leaf is a string, nothing is optional: a reference to numbered cells, `-` for a blank cell, `x` for a label that
the form does not have, `~` for what is printed once with the row above. The leaves of a line of the money block, and of
a row of the table, are arrays of a fixed number of strings in the order of the record, which is much shorter than
naming them again and again.

An answer that quotes has names on every row instead: it is the plain record, filled in, and its columns have nothing
but their names to tell them apart.

    reference   = cells [["#" occurrence] "=" quote]      cells = number ["-" number] {"," number ["-" number]}

The schema that is sent constrains the strings by pattern; what comes back is taken more leniently, since a malformed
reference costs the doubt of one leaf, and asking again costs another answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema, create_model

from pipeline.forms import FormType
from pipeline.model.lenient import Lenient

__all__ = ["ABOVE", "ABSENT", "BLANK", "SUBTOTAL", "Layout", "Shape", "answer_model", "in_order", "layout_of", "shapes"]

BLANK = "-"
ABSENT = "x"
ABOVE = "~"
SUBTOTAL = ("heading", "figure")

_REFERENCE = "[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*((#[1-9])?=[ !#-Z^-￥𠀀-𲎯]+)?"
"""Quotes hold neither quotation marks, backslashes nor brackets: constrained decoders differ in escaping them."""
_PATTERN = f"^({BLANK}|{ABSENT}|{ABOVE}|{_REFERENCE})$"


def _as_string(value: object) -> object:
    """Numbers and nulls that a model sent where strings are due."""
    if value is None:
        return BLANK
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


_Reference = Annotated[str, BeforeValidator(_as_string), WithJsonSchema({"type": "string", "pattern": _PATTERN})]
_Quote = Annotated[str, BeforeValidator(_as_string), WithJsonSchema({"type": "string"})]


class Shape:
    """Names of the schemas of a form type: the whole form or a part of it, by reference or by quotes."""

    WHOLE = "whole"
    HEAD = "head"
    """Everything but the rows of the table."""
    ROWS = "rows"
    """Rows of the table only."""
    LEAVES = "leaves"
    """Some leaves, in the order of the question."""


def shapes() -> tuple[str, ...]:
    """Every shape."""
    return (Shape.WHOLE, Shape.HEAD, Shape.ROWS, Shape.LEAVES)


@dataclass(frozen=True)
class Layout:
    """The leaves of a form type as an answer groups them, in the order of the record.

    `single` are leaves of their own; `lines` maps a group of lines (`funding`) and its lines to their columns; `row`
    are the columns of `table`.
    """

    single: tuple[str, ...]
    lines: dict[str, dict[str, tuple[str, ...]]]
    table: str
    row: tuple[str, ...]
    order: tuple[str, ...]
    subtotals: str


@cache
def layout_of(form_type: FormType) -> Layout:
    """How the answers of a form type are laid out."""
    single: list[str] = []
    lines: dict[str, dict[str, list[str]]] = {}
    row: list[str] = []
    table = ""
    order: dict[str, None] = {}
    for leaf in form_type.leaves:
        if "[]." in leaf:
            table, _, column = leaf.partition("[].")
            row.append(column)
            order[table] = None
        elif leaf.count(".") == 2:
            group, line, column = leaf.split(".")
            lines.setdefault(group, {}).setdefault(line, []).append(column)
            order[group] = None
        else:
            single.append(leaf)
            order[leaf] = None
    grouped = {group: {line: tuple(columns) for line, columns in each.items()} for group, each in lines.items()}
    names = tuple(order)
    subtotals = form_type.vocabulary.table.subtotals
    at = names.index(table) + 1
    return Layout(tuple(single), grouped, table, tuple(row), (*names[:at], subtotals, *names[at:]), subtotals)


@cache
def answer_model(form_type: FormType, shape: str, *, quotes: bool = False) -> type[Lenient]:
    """The schema of an answer of that shape; with `quotes` values are copied instead of named."""
    text: Any = _Quote if quotes else _Reference
    if shape == Shape.LEAVES:
        fields: dict[str, Any] = {"leaves": (list[text], ...)}
    else:
        fields = {name: (kind, ...) for name, kind in _fields(layout_of(form_type), shape, text)}
    return create_model(f"{form_type.name}_{shape}", __base__=_Answer, **fields)


_CLOSED = ConfigDict(extra="ignore", json_schema_extra={"additionalProperties": False})
"""No further keys are asked for; one that comes all the same does no harm."""


class _Answer(Lenient):
    model_config = _CLOSED


class _Group(BaseModel):
    model_config = _CLOSED


def _fields(layout: Layout, shape: str, text: Any) -> Iterator[tuple[str, Any]]:
    for name in layout.order:
        in_table = name in (layout.table, layout.subtotals)
        if (shape == Shape.ROWS and name != layout.table) or (shape == Shape.HEAD and name == layout.table):
            continue
        if name in layout.lines:
            lines = {
                line: (_columns(f"{name}_line", columns, text), ...) for line, columns in layout.lines[name].items()
            }
            yield name, create_model(name, __base__=_Group, **lines)  # type: ignore[call-overload]
        elif in_table:
            columns = SUBTOTAL if name == layout.subtotals else layout.row
            yield name, list[_columns(f"{name}_row", columns, text)]  # type: ignore[misc]
        else:
            yield name, text


def _columns(name: str, columns: Sequence[str], text: Any) -> Any:
    """The columns of a line or a row: an array of so many references, or an object with quotes by name.

    A shorter array is taken as it is: the leaves that it lacks are doubted.
    """
    if text is _Quote:
        return create_model(name, __base__=_Group, **dict.fromkeys(columns, (text, ...)))  # type: ignore[call-overload]
    item = {"type": "string", "pattern": _PATTERN}
    schema = {"type": "array", "items": item, "minItems": len(columns), "maxItems": len(columns)}
    return Annotated[list[text], WithJsonSchema(schema)]


def in_order(form_type: FormType, answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer that quotes with its lines and rows as arrays, as an answer by reference has them."""
    layout = layout_of(form_type)
    arrays = dict(answer)
    for group in layout.lines.keys() & answer.keys():
        arrays[group] = {line: list(columns.values()) for line, columns in answer[group].items()}
    for name in {layout.table, layout.subtotals} & answer.keys():
        arrays[name] = [list(row.values()) for row in answer[name]]
    return arrays
