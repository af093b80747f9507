"""Checks of the money block: rate, score, parts, order and units, and the cost rows that repeat its amounts.

Each check states its identity, where it comes from, and an example that passes and one that fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from pipeline.forms import Finding, FormView, Severity
from pipeline.vocabulary import fold
from schemas.self_evaluation import sentences
from schemas.self_evaluation.figures import (
    FUNDING_CELLS,
    FUNDING_LINES,
    FUNDING_PARTS,
    MONEY_COLUMNS,
    Figures,
    Row,
    figures,
)
from schemas.self_evaluation.identities import Quotient, Verdict, judge, shown
from schemas.self_evaluation.money import IN_YUAN, unit_name
from schemas.self_evaluation.suspects import Suspects, merged, suspects

__all__ = [
    "cost_money",
    "funding_columns",
    "funding_order",
    "funding_parts",
    "funding_rate",
    "funding_repeat",
    "funding_score",
    "money_unit",
]

_ERROR, _WARNING, _NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE
_HUNDRED = Decimal(100)

_AMOUNT = re.compile(r"(?<![0-9.,])([0-9]+(?:,[0-9]{3})*(?:[.][0-9]+)?)(亿元?|万元?|千元|元)")
_BARE_AMOUNT = re.compile(r"[0-9]+(?:[.][0-9]+)?")
_SAVED = re.compile(r"节|结余|剩余|未支")


def funding_rate(form: FormView) -> Iterator[Finding]:
    """Executed / annual budget = execution rate, per funding line; a rate of the initial budget is said to be one.

    Source: the column heading 执行率 (B/A) of the national template. The amounts' own rounding is allowed for as a
    note. A line that prints no rate has none to check; without both amounts a note says that it cannot be checked.

    >>> passes: executed 90 of 120, rate 75 %
    >>> fails: executed 90 of 120, rate 57 %
    """
    sheet = figures(form)
    for line in FUNDING_LINES:
        identity = sheet.quotients.get(line)
        if identity is not None:
            yield from _rate(sheet, identity)
            continue
        rate = f"funding.{line}.execution_rate"
        amounts = [f"funding.{line}.{column}" for column in MONEY_COLUMNS[1:]]
        printed = [sheet.get(path) for path in amounts]
        if printed == [0, 0] and sheet.get(rate) not in (None, 0, 100):
            said = sentences.RATE_OF_NOTHING.of(rate=sheet.printed(rate))
            yield Finding("funding.rate", _WARNING, (rate,), said, (rate,))
        elif sheet.get(rate) and printed != [0, 0]:
            blank = tuple(path for path, figure in zip(amounts, printed, strict=True) if not figure)
            said = sentences.RATE_NOT_RECOMPUTED.of(rate=sheet.printed(rate))
            yield Finding("funding.rate", _NOTE, (*blank, rate), said)


def _rate(sheet: Figures, identity: Quotient) -> Iterator[Finding]:
    values, rate = sheet.values, sheet.values[identity.rate]
    recomputed = identity.of(values, identity.annual)
    assert recomputed is not None
    said = sentences.RATE.of(
        executed=sheet.printed(identity.executed),
        budget=sentences.BUDGETS[identity.annual.rpartition(".")[2]],
        amount=sheet.printed(identity.annual),
        recomputed=shown(recomputed),
        printed=sheet.printed(identity.rate),
    )
    verdict = identity.against(values, identity.annual)
    if verdict is not Verdict.FAILS and recomputed in (0, 100) and rate != recomputed:
        message = sentences.NEEDLESS_ROUNDING.of(said=said)
        yield Finding("funding.rate", _NOTE, (identity.rate,), message, (identity.rate,))
        return
    if verdict is Verdict.HOLDS:
        if rate == _HUNDRED and recomputed != _HUNDRED:
            yield Finding("funding.rate", _NOTE, (identity.rate,), sentences.RATE_OF_ALL.of(said=said))
        return
    if verdict is Verdict.ROUNDING:
        yield Finding("funding.rate", _NOTE, (identity.rate,), sentences.WITHIN_ROUNDING.of(said=said))
        return
    if identity.verdict(values) is not Verdict.FAILS:
        # The other amounts of the column vouch for the annual budget, or else it may be misread.
        column = sheet.parts.get("annual_budget")
        vouched = column is not None and identity.annual in column.cells and column.verdict(values) is Verdict.HOLDS
        paths = (identity.rate, identity.annual) if vouched else (identity.annual, identity.rate)
        review = () if vouched else (identity.annual,)
        yield Finding("funding.rate", _WARNING, paths, sentences.RATE_OF_INITIAL.of(said=said), review)
        return
    if 0 < rate <= 1 and judge(abs(recomputed / _HUNDRED - rate), identity.unit) is not Verdict.FAILS:
        message = sentences.RATE_AS_FRACTION.of(said=said)
        yield Finding("funding.rate", _WARNING, (identity.rate,), message, (identity.rate,))
        return
    whole = sheet.quotients.get("total")
    if whole is not None and whole is not identity and rate == values[whole.rate] and _holds(sheet, whole):
        yield Finding("funding.rate", _WARNING, (identity.rate,), sentences.RATE_REPEATED.of(said=said))
        return
    blamed = suspects(sheet, identity)
    yield Finding("funding.rate", _ERROR, blamed.paths, said, blamed.review)


def _holds(sheet: Figures, identity: Quotient) -> bool:
    return identity.against(sheet.values, identity.annual) is not Verdict.FAILS


def funding_score(form: FormView) -> Iterator[Finding]:
    """Funding weight x execution rate = funding score, rounded to points or to a band, capped by the weight.

    Source: the scoring notes printed on the forms. Within half a unit of the printed place it passes; a whole or half
    point within one point of the product is a rounding or a band (note); a finer figure is not rounded to points, so
    it is a warning; beyond one point it is an error. Lines that print no score, weight or rate are not checked here.

    >>> passes: weight 10, rate 87 %, score 8.7 or 9
    >>> fails: weight 10, rate 87 %, score 5
    """
    sheet = figures(form)
    for identity in sheet.products.values():
        verdict = identity.verdict(sheet.values)
        if verdict is Verdict.HOLDS:
            continue
        score = sheet.values[identity.score]
        rate = sentences.RATE_OF_AMOUNTS
        if identity.rate:
            rate = sentences.PRINTED_RATE.of(rate=sheet.printed(identity.rate))
        said = sentences.FUNDING_SCORE.of(
            weight=sheet.printed(identity.weight),
            rate=rate,
            points=shown(identity.of(sheet.values)),
            printed=sheet.printed(identity.score),
        )
        if verdict is Verdict.FAILS:
            blamed = suspects(sheet, identity)
            yield Finding("funding.score", _ERROR, blamed.paths, said, blamed.review)
        elif score * 2 == int(score * 2):
            yield Finding("funding.score", _NOTE, (identity.score,), sentences.BY_BAND.of(said=said))
        elif judge(abs(identity.of(sheet.values) - score), identity.unit) is Verdict.ROUNDING:
            yield Finding("funding.score", _NOTE, (identity.score,), sentences.WITHIN_ROUNDING.of(said=said))
        else:
            yield Finding("funding.score", _WARNING, (identity.score,), said, (identity.score,))


def funding_parts(form: FormView) -> Iterator[Finding]:
    """Total = appropriation + carryover + other, per money column.

    Source: the lines below 年度资金总额 of the national template. A dash states nothing and counts as nothing. Where a
    part's cell is blank, a difference is a warning; where the scan lost a part, or none is printed beside a printed
    total, a note says that the column cannot be added up; with the total blank there is nothing to compare.

    >>> passes: 120 = 100 + 20 + 0
    >>> fails: 120 = 100 + 30 + 0
    """
    sheet = figures(form)
    for column in MONEY_COLUMNS:
        total = f"funding.total.{column}"
        parts = [f"funding.{line}.{column}" for line in FUNDING_PARTS]
        blank = tuple(path for path in parts if sheet.lost(path))
        identity = sheet.parts.get(column)
        if identity is None:
            if total in sheet.values and blank:
                said = sentences.PARTS_NOT_PRINTED.of(column=sentences.AMOUNT_COLUMNS[column])
                yield Finding("funding.parts", _NOTE, (*blank, total), said)
            continue
        verdict = identity.verdict(sheet.values)
        if verdict is Verdict.HOLDS:
            continue
        summed = identity.of(sheet.values)
        said = sentences.PARTS.of(
            column=sentences.AMOUNT_COLUMNS[column], summed=shown(summed, 6), total=sheet.printed(total)
        )
        if verdict is Verdict.ROUNDING:
            yield Finding("funding.parts", _NOTE, (total,), sentences.WITHIN_ROUNDING.of(said=said))
            continue
        blamed = suspects(sheet, identity)
        severity = _ERROR
        if identity.judged(sheet.values) is not Verdict.FAILS:
            severity, said = _NOTE, sentences.NEEDLESS_ROUNDING.of(said=said)
        elif blank and summed < sheet.values[total]:
            severity, blamed = _WARNING, merged(Suspects(blank, blank), blamed)
        yield Finding("funding.parts", severity, blamed.paths, said, blamed.review)


def funding_repeat(form: FormView) -> Iterator[Finding]:
    """Where the appropriation line repeats weight and score of the total line, it repeats them as they are.

    Source: many authors fill both lines; the points count once. A line that does not repeat them is skipped, and so is
    one that differs from the total line in its amounts.

    >>> passes: 10 and 8 on both lines
    >>> fails: 10 and 8 on the total line, 10 and 3 below
    """
    sheet = figures(form)
    for cell in ("weight", "score"):
        once, again = (f"funding.{line}.{cell}" for line in FUNDING_LINES[:2])
        if once not in sheet.values or again not in sheet.values or sheet.values[once] == sheet.values[again]:
            continue
        if all(_same_amount(sheet, column) for column in MONEY_COLUMNS[1:]):
            said = sentences.REPEATED.of(
                cell=sentences.REPEATED_CELLS[cell], once=sheet.printed(once), again=sheet.printed(again)
            )
            yield Finding("funding.repeat", _WARNING, (again, once), said, (again, once))


def _same_amount(sheet: Figures, column: str) -> bool:
    return sheet.get(f"funding.total.{column}") == sheet.get(f"funding.appropriation.{column}")


def funding_columns(form: FormView) -> Iterator[Finding]:
    """The total line of the money block fills its columns.

    Source: an OCR that drops a column shifts the others under the wrong heading; then no cell of the block can be
    trusted. Two cells blank beside two amounts are taken for that. One blank cell is `field.missing`; dashes, and
    columns that the template does not have, are no blanks.

    >>> passes: 120, 120, 90, 10, 75 %, 8
    >>> fails: blank, 120, 90, 10, blank, blank
    """
    sheet = figures(form)
    line = [f"funding.total.{cell}" for cell in FUNDING_CELLS]
    if sum(sheet.lost(path) for path in line) >= 2 and sum(bool(sheet.get(path)) for path in line[:3]) >= 2:
        yield Finding("funding.columns", _WARNING, ("funding",), sentences.COLUMNS_LOST, ("funding",))


def funding_order(form: FormView) -> Iterator[Finding]:
    """Nothing spends more than its annual budget.

    Source: budget law in general; overspending is rare enough to be looked at. A line without both amounts is skipped.

    >>> passes: executed 90 of 120
    >>> fails: executed 150 of 120
    """
    sheet = figures(form)
    for line in FUNDING_LINES:
        executed, annual = (f"funding.{line}.{cell}" for cell in ("executed", "annual_budget"))
        spent, budget = sheet.get(executed), sheet.get(annual)
        if spent is not None and budget is not None and spent > budget:
            said = sentences.OVERSPENT.of(executed=sheet.printed(executed), annual=sheet.printed(annual))
            yield Finding("funding.order", _WARNING, (executed, annual), said)


def money_unit(form: FormView) -> Iterator[Finding]:
    """Amounts are printed in the unit that the money block's heading names.

    Source: 项目资金（万元）. The record keeps the figure as printed, so a person must see what it counts; the sums
    are made in the unit of the form. Amounts without a unit of their own are in the heading's. Nothing is nothing in
    every unit: a note. A heading's unit is one by its full name.

    >>> passes: 12.5 万元, or 12.5, on a form in 万元
    >>> fails: 125000 元 on a form in 万元
    """
    unit = unit_name(form.text("amount_unit"))
    if unit is not None and fold(form.text("amount_unit") or "").removeprefix("人民币") not in IN_YUAN:
        yield Finding("money.unit", _WARNING, ("amount_unit",), sentences.NO_UNIT, ("amount_unit",))
    for path, printed in form.units.items():
        if unit is None or unit_name(printed) == unit:
            continue
        said = sentences.OTHER_UNIT.of(printed=printed, unit=unit)
        if form.number(path) == 0:
            yield Finding("money.unit", _NOTE, (path,), said)
        else:
            yield Finding("money.unit", _WARNING, (path,), said, (path,))


class _Amount(NamedTuple):
    """An amount written in a text cell, in the form's unit."""

    value: Decimal
    place: Decimal
    digits: str


def cost_money(form: FormView) -> Iterator[Finding]:
    """The target and the achievement of a cost row (成本) agree with the money block.

    Source: the cost rows of the national template restate budget and spending. Authors often write another figure
    there (a price, a cap, a saving), so this is never an error. An amount that is the block's with its last digits
    gone is to be reviewed. Cells without an amount in the form's own unit are skipped, and so are forms whose several
    cost rows add up to the block's amount.

    >>> passes: target 120万元, budget 120; achievement 90万元, executed 90
    >>> fails: achievement 95万元, executed 90
    """
    sheet = figures(form)
    factor = IN_YUAN.get(unit_name(form.text("amount_unit")) or "")
    if factor is None:
        return
    rows = [row for row in sheet.rows if "成本" in (row.level2 or row.level1 or "")]
    budgets = [f"funding.total.{column}" for column in ("annual_budget", "initial_budget")]
    yield from _cost(sheet, rows, "target", budgets, factor)
    yield from _cost(sheet, rows, "actual", ["funding.total.executed"], factor)


def _cost(sheet: Figures, rows: Iterable[Row], cell: str, block: list[str], factor: Decimal) -> Iterator[Finding]:
    block = [path for path in block if path in sheet.values]
    if not block:
        return
    texts = {row.at(cell): fold((row.target if cell == "target" else row.actual) or "") for row in rows}
    written = {path: amounts for path, text in texts.items() if (amounts := _amounts(text, factor))}
    together = sum((amounts[0].value for amounts in written.values()), Decimal(0))
    if len(written) > 1 and any(together == sheet.values[path] for path in block):
        return
    for path, amounts in written.items():
        found = next((at for at in block if any(_agrees(sheet, amount, at) for amount in amounts)), None)
        if found == block[0] or (cell == "actual" and _SAVED.search(texts[path]) and _saved(sheet, amounts)):
            continue
        if found is not None:
            said = sentences.COST_OF_INITIAL.of(annual=sheet.printed(block[0]))
            yield Finding("cost.money", _NOTE, (path, block[0]), said)
            continue
        said = sentences.COST.of(written=amounts[0].digits, block=sheet.printed(block[0]))
        if any(sheet.printed(at).startswith(amounts[0].digits) and "." in amounts[0].digits for at in block):
            yield Finding("cost.money", _WARNING, (path, block[0]), sentences.DIGIT_LOST.of(said=said), (path,))
        else:
            yield Finding("cost.money", _WARNING, (path, block[0]), said)


def _amounts(text: str, factor: Decimal) -> list[_Amount]:
    """The amounts of a cell in the form's unit; smaller units are prices, not budgets."""
    if _BARE_AMOUNT.fullmatch(text):
        return [_amount(text, Decimal(1))]
    found = []
    for digits, unit in _AMOUNT.findall(text):
        scale = IN_YUAN[unit_name(unit) or ""] / factor
        if scale >= 1:
            found.append(_amount(digits.replace(",", ""), scale))
    return found


def _amount(digits: str, scale: Decimal) -> _Amount:
    places = len(digits.partition(".")[2])
    return _Amount(Decimal(digits) * scale, scale.scaleb(-places), digits)


def _agrees(sheet: Figures, amount: _Amount, path: str) -> bool:
    """Is it the block's amount, one of them perhaps rounded?"""
    return abs(amount.value - sheet.values[path]) <= max(
        unit / 2 if unit < 1 else Decimal(0) for unit in (amount.place, sheet.unit(path))
    )


def _saved(sheet: Figures, amounts: Iterable[_Amount]) -> bool:
    """Is it what was left over of the annual budget?"""
    annual, executed = (sheet.get(f"funding.total.{column}") for column in MONEY_COLUMNS[1:])
    return annual is not None and executed is not None and any(one.value == annual - executed for one in amounts)
