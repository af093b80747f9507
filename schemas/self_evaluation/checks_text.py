"""Checks of the texts: cells cut off by a scan, markup, headings, blanks, dates, numbers and telephones.

Each check states what should hold, where it comes from, and an example that passes and one that fails. Findings never
quote a cell: it may hold personal data, and the reviewer sees it anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from pipeline.forms import Finding, FormView, Kind, Severity
from pipeline.reading import RefKind
from pipeline.vocabulary import fold
from schemas.self_evaluation import sentences
from schemas.self_evaluation.figures import FUNDING_POINTS, figures, says_nothing
from schemas.self_evaluation.labels import VOCABULARY
from schemas.self_evaluation.record import LEAVES

__all__ = [
    "cell_split",
    "date_year",
    "field_missing",
    "markup",
    "number_format",
    "phone_format",
    "row_headings",
    "row_incomplete",
]

_WARNING, _NOTE = Severity.WARNING, Severity.NOTE
_HEADINGS = VOCABULARY.table.headings

_MARKUP = re.compile(r"</?[A-Za-z][A-Za-z0-9]*(?:\s[^<>]*)?/?>|&(?:[a-z]{2,6}|#[0-9]{2,5});")


def markup(form: FormView) -> Iterator[Finding]:
    """No cell holds markup of the program that made the file.

    Source: tags and entities (<p>, &nbsp;) that a converter left in the text.

    >>> passes: 完成率<90%
    >>> fails: <p>完成</p>
    """
    for path, text in form.values.items():
        if text is not None and ("<" in text or "&" in text) and _MARKUP.search(text):
            yield Finding("markup", _WARNING, (path,), sentences.MARKUP, (path,))


_REQUIRED = (
    "title",
    "fiscal_year",
    "project_name",
    "implementing_unit",
    "expected_goal",
    "actual_result",
    "funding.total.initial_budget",
    "funding.total.annual_budget",
    "funding.total.executed",
    "funding.total.weight",
    "funding.total.execution_rate",
    "funding.total.score",
    "total_weight",
    "total_score",
)
"""What every template of the form asks for and every author states."""


def field_missing(form: FormView) -> Iterator[Finding]:
    """The cells that every template asks for and every author fills are filled.

    Source: the national template. A dash states that there is nothing, and passes. A template that has no such label
    is a note; a blank cell is to be reviewed, for the scan may have lost what it held. The parts of the money block,
    the leader and the signatures may be blank, and so may the points of a funding line that the total does without.

    >>> passes: 项目名称 with a name; 年初预算数 with a dash
    >>> fails: 总分 without a score
    """
    lacking = []
    for path in _REQUIRED:
        if form.values.get(path) is not None:
            continue
        kind = form.kinds.get(path)
        if kind is RefKind.ABSENT:
            lacking.append(path)
        elif kind not in (RefKind.DASH, RefKind.KEYED) and not (
            path in FUNDING_POINTS and figures(form).without_funding
        ):
            yield Finding("field.missing", _WARNING, (path,), sentences.BLANK, (path,))
    if lacking:
        yield Finding("field.missing", _NOTE, tuple(lacking), sentences.NO_PLACE)


_LEVEL1_BY_STEM = frozenset(_HEADINGS.stem(heading) for heading in _HEADINGS.outer)


def row_headings(form: FormView) -> Iterator[Finding]:
    """Every row stands under a level2 heading, and that under a level1 heading where it belongs.

    Source: the headings of the national template: 社会效益 belongs under 效益, 质量 under 产出. Headings that no
    template known here prints are not judged; a heading cut off is `cell.truncated`.

    >>> passes: 效益指标, 社会效益指标
    >>> fails: 产出指标, 社会效益指标; a row without headings
    """
    for row in figures(form).rows:
        for cell, text in (("level1", row.level1), ("level2", row.level2)):
            if text is None and row.speaks and form.kinds.get(row.at(cell)) is not RefKind.ABSENT:
                yield Finding("row.headings", _WARNING, (row.at(cell),), sentences.NO_HEADING, (row.at(cell),))
        if row.level1 is None or row.level2 is None:
            continue
        above = _HEADINGS.stem(fold(row.level1))
        allowed = _HEADINGS.parents.get(_HEADINGS.stem(fold(row.level2)))
        if allowed is not None and above in _LEVEL1_BY_STEM and above not in allowed:
            paths = (row.at("level1"), row.at("level2"))
            yield Finding("row.headings", _WARNING, paths, sentences.HEADING_ELSEWHERE, paths[:1])


_NO_BLANK = (RefKind.DASH, RefKind.ABSENT)


def row_incomplete(form: FormView) -> Iterator[Finding]:
    """A row with points says what they are for: name, target and achievement; one without words has no points.

    Source: the columns of the indicator table. Points beside an empty row may be another row's; without a name nobody
    knows which text is which. A row without points passes, and so do dashes and columns that the template lacks.

    >>> passes: name, target, achievement, 10, 10
    >>> fails: a target and 10, 10 without a name; 0, 0 without any words
    """
    for row in figures(form).rows:
        points = tuple(row.at(cell) for cell in ("weight", "score") if getattr(row, cell) is not None)
        if not points:
            continue
        words = tuple(row.at(cell) for cell in ("name", "target", "actual"))
        blank = tuple(path for path in words if form.values.get(path) is None and form.kinds.get(path) not in _NO_BLANK)
        if len(blank) == len(words):
            yield Finding("row.incomplete", _WARNING, points, sentences.NO_WORDS, points)
        elif blank:
            review = words if words[0] in blank else blank
            yield Finding("row.incomplete", _WARNING, review, sentences.WORDS_LACKING, review)


_MEASURE = re.compile(r".*(?:率|度)[:：]?")
_LEVEL = re.compile(r"[≥≧>≤≦<]?[0-9]+(?:[.][0-9]+)?%(?:以上|以下)?[。.]?")
_CLAUSE = re.compile(r".*在[^，,。；;]*(?:框架|基础|前提|背景|情况|条件|过程|领导|指导|支持)(?:下|上|中)")


def cell_split(form: FormView) -> Iterator[Finding]:
    """A sentence ends in the cell where it began.

    Source: PDF text, where a name ends and a target begins only by sense. Two signs are taken: a target that names a
    measure without a level, beside an achievement that is nothing but a level; a name that ends in a clause that
    cannot end a sentence (在…框架下), beside a target.

    >>> passes: target 满意度85%, achievement 满意度90%
    >>> fails: target 满意度, achievement 85%
    """
    for row in figures(form).rows:
        if row.target is None:
            continue
        if row.actual is not None and _LEVEL.fullmatch(fold(row.actual)) and _MEASURE.fullmatch(fold(row.target)):
            paths = (row.at("target"), row.at("actual"))
            yield Finding("cell.split", _WARNING, paths, sentences.NO_LEVEL, paths)
        if row.name is not None and _CLAUSE.fullmatch(row.name):
            paths = (row.at("name"), row.at("target"))
            yield Finding("cell.split", _WARNING, paths, sentences.NAME_UNENDED, paths)


def date_year(form: FormView) -> Iterator[Finding]:
    """The form is filled in after its fiscal year.

    Source: the self-evaluation looks back on a year that is over. A form of December of its own year is a note, an
    earlier one, or one of four years later, a warning; a date before the year begins is to be reviewed. Forms without
    either date are skipped.

    >>> passes: year 2021, filled on 2022-01-20
    >>> fails: year 2021, filled on 2021-03-10
    """
    year, filled = form.text("fiscal_year"), form.text("filled_on")
    if year is None or filled is None or not year.isdecimal():
        return
    try:
        on = date.fromisoformat(filled)
    except ValueError:
        yield Finding("date.year", _WARNING, ("filled_on",), sentences.NO_DATE, ("filled_on",))
        return
    late = on.year - int(year)
    if late < 0 or late > 3:
        paths = ("filled_on", "fiscal_year")
        message = sentences.FILLED_IN_OTHER_YEAR.of(filled=on.year, year=year)
        yield Finding("date.year", _WARNING, paths, message, paths)
    elif late == 0:
        severity = _NOTE if on.month == 12 else _WARNING
        message = sentences.FILLED_IN_ITS_YEAR.of(year=year, month=on.month)
        yield Finding("date.year", severity, ("filled_on", "fiscal_year"), message)


_NUMERIC = frozenset(leaf for leaf, kind in LEAVES.items() if kind.numeric and kind is not Kind.YEAR)
_NUMERIC_ROW = frozenset(leaf.removeprefix("indicators[].") for leaf in _NUMERIC if "[]" in leaf)
_CLEAN = re.compile(
    r"[-+]?(?:0|[1-9][0-9]*|[1-9][0-9]{0,2}(?:,[0-9]{3})+)(?:[.][0-9]+)?[(]?(?:%|‰|亿元|万元|千元|百万元|元|亿|万|分)?[)]?"
)
_VALUE = re.compile(r"-?[0-9]+(?:[.][0-9]+)?")


def number_format(form: FormView) -> Iterator[Finding]:
    """A numeric cell holds one clean number, perhaps with its unit.

    Source: OCR takes 0 for O, drops points and glues neighbours together. Thousands are set off in threes, no number
    begins with a stray 0. The fiscal year is not checked here.

    >>> passes: 1,234.50万元; 100%; 0 分
    >>> fails: 1O0; 12,34; 10 10; 007
    """
    for path, printed in form.printed.items():
        leaf = path.rpartition("].")[2]
        if path not in _NUMERIC and not (leaf in _NUMERIC_ROW and leaf != path):
            continue
        value = form.values.get(path)
        # Digits set apart by a gap are two numbers to us, whatever the author meant.
        plain = printed.isascii() and printed.isdigit() and (printed[0] != "0" or len(printed) == 1)
        if not plain and (re.search(r"[0-9.]\s+[0-9.]", printed) or not _CLEAN.fullmatch(fold(printed))):
            yield Finding("number.format", _WARNING, (path,), sentences.NO_CLEAN_NUMBER, (path,))
        elif value is not None and not _VALUE.fullmatch(value):
            yield Finding("number.format", _WARNING, (path,), sentences.NO_NUMBER, (path,))


_PHONE_LEAVES = tuple(leaf for leaf, kind in LEAVES.items() if kind is Kind.PHONE)
_PHONE = re.compile(r"[0-9+*()\-—–转/、,; ]*[0-9*]{5,}[0-9+*()\-—–转/、,; ]*")


def phone_format(form: FormView) -> Iterator[Finding]:
    """A telephone number is made of digits, at least five in a row, with what usually joins its parts.

    Source: OCR takes digits for letters. Numbers masked with asterisks pass.

    >>> passes: 010-55550123-801
    >>> fails: 555O0123
    """
    for path in _PHONE_LEAVES:
        text = form.values.get(path)
        if text is not None and not says_nothing(text) and not _PHONE.fullmatch(fold(text)):
            yield Finding("phone.format", _WARNING, (path,), sentences.NO_PHONE, (path,))
