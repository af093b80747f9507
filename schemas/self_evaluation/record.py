"""The record of a self-evaluation form: its fields, in the order in which an export prints them.

The models say what a record looks like (`record-format`); `LEAVES` is derived from them, so the two cannot drift.
`record` builds the record of a form without validating it: it runs for every form of a batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field

from pipeline.forms import FormView, Kind
from pipeline.reading import RefKind

__all__ = ["LEAVES", "Funding", "FundingLine", "Indicator", "Record", "record"]

_Figure = Annotated[str, Field(pattern=r"^-?[0-9]+([.][0-9]+)?$")]
"""A decimal exactly as printed, without thousands separators and unit."""

_Text = Annotated[str | None, Kind.TEXT]
_Name = Annotated[str | None, Kind.NAME]
_Phone = Annotated[str | None, Kind.PHONE]
_Number = Annotated[_Figure | None, Kind.NUMBER]
_Money = Annotated[_Figure | None, Kind.MONEY]
_Percent = Annotated[_Figure | None, Kind.PERCENT]
_Year = Annotated[Annotated[int, Field(ge=1900, le=2099)] | None, Kind.YEAR]
_Date = Annotated[Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] | None, Kind.DATE]
_Unit = Annotated[str | None, Kind.UNIT]


class _Strict(BaseModel):
    """Every key is present, and no other; a blank is None."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class FundingLine(_Strict):
    """One line of the money block (项目资金). Money is in the form's `amount_unit`, the rate in percent."""

    initial_budget: _Money
    annual_budget: _Money
    executed: _Money
    weight: _Number
    execution_rate: _Percent
    score: _Number


class Funding(_Strict):
    """The money block. `carryover` is None where the template has no such line."""

    total: FundingLine
    appropriation: FundingLine
    carryover: FundingLine | None
    other: FundingLine


class Indicator(_Strict):
    """One printed row of the indicator table (绩效指标); headings of merged cells are repeated on the rows they cover.

    `merged` is true where the row's weight and score are printed once for several rows.
    """

    level1: _Text
    level2: _Text
    name: _Text
    target: _Text
    actual: _Text
    weight: _Number
    score: _Number
    deviation: _Text
    merged: bool


class Record(_Strict):
    """A form. `level1_weights` holds the printed subtotals by heading, `{}` if none."""

    title: _Text
    fiscal_year: _Year
    project_name: _Text
    competent_department: _Text
    implementing_unit: _Text
    project_leader: _Name
    phone: _Phone
    amount_unit: _Unit
    funding: Funding
    expected_goal: _Text
    actual_result: _Text
    indicators: list[Indicator]
    level1_weights: dict[str, _Figure]
    total_weight: _Number
    total_score: _Number
    filled_by: _Name
    filler_phone: _Phone
    filled_on: _Date
    section_head: _Name


def _leaves(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, Kind]]:
    """Leaf patterns of a model with their kinds, in field order."""
    for name, field in model.model_fields.items():
        kind = next((mark for mark in field.metadata if isinstance(mark, Kind)), None)
        if kind is not None:
            yield prefix + name, kind
            continue
        brackets = "[]" if get_origin(field.annotation) is list else ""
        for inner in (field.annotation, *get_args(field.annotation)):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from _leaves(inner, f"{prefix}{name}{brackets}.")


LEAVES: Mapping[str, Kind] = dict(_leaves(Record))
"""Leaf pattern → kind, in record order. `indicators[].merged` and `level1_weights` are no leaves: a view holds them."""

_LINES = tuple(Funding.model_fields)
_CELLS = tuple(FundingLine.model_fields)
_ROW = tuple(name for name in Indicator.model_fields if name != "merged")


def record(view: FormView) -> dict[str, Any]:
    """The record of a form, as plain data with every key of `Record`.

    Nothing is validated: values are decimal strings and texts already, and a year that is none becomes None.
    """
    value = view.values.get
    year = value("fiscal_year")
    merged = {row for first, last in view.merged for row in range(first + 1, last)}
    indicators = []
    for row in range(view.rows):
        at = f"indicators[{row}]."
        entry: dict[str, Any] = {name: value(at + name) for name in _ROW}
        entry["merged"] = row in merged
        indicators.append(entry)
    funding: dict[str, Any] = {line: {cell: value(f"funding.{line}.{cell}") for cell in _CELLS} for line in _LINES}
    if all(view.kinds.get(f"funding.carryover.{cell}") is RefKind.ABSENT for cell in _CELLS):
        funding["carryover"] = None
    return {
        "title": value("title"),
        "fiscal_year": int(year) if year is not None and year.isdecimal() else None,
        "project_name": value("project_name"),
        "competent_department": value("competent_department"),
        "implementing_unit": value("implementing_unit"),
        "project_leader": value("project_leader"),
        "phone": value("phone"),
        "amount_unit": value("amount_unit"),
        "funding": funding,
        "expected_goal": value("expected_goal"),
        "actual_result": value("actual_result"),
        "indicators": indicators,
        "level1_weights": dict(view.subtotals),
        "total_weight": value("total_weight"),
        "total_score": value("total_score"),
        "filled_by": value("filled_by"),
        "filler_phone": value("filler_phone"),
        "filled_on": value("filled_on"),
        "section_head": value("section_head"),
    }
