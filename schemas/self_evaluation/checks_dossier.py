"""Checks across the forms of one document: people, years, and cells that a sister form prints in full.

Each check states what should hold, where it comes from, and an example that passes and one that fails. Messages name no
person and no telephone number. The work is linear in the number of forms: a document may hold thousands.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import combinations

from pipeline.forms import Finding, FormView, Kind, Severity
from pipeline.vocabulary import fold
from schemas.self_evaluation import sentences
from schemas.self_evaluation.figures import figure, figures, says_nothing
from schemas.self_evaluation.record import LEAVES
from schemas.self_evaluation.truncation import CLIPPED_COLUMNS, clipped, shortened, weak_signs

__all__ = [
    "cell_truncated_across",
    "convention_alone",
    "form_duplicate",
    "names_lookalike",
    "phone_names",
    "unit_truncated",
    "year_alone",
]

_WARNING = Severity.WARNING

_NAMES_BY_PHONE = (("project_leader", "phone"), ("filled_by", "filler_phone"))
_NAME_LEAVES = tuple(leaf for leaf, kind in LEAVES.items() if kind is Kind.NAME)
_UNIT_LEAVES = ("competent_department", "implementing_unit")

_Place = tuple[int, str]
"""Index of a form, leaf path."""


def phone_names(forms: Sequence[FormView]) -> Iterator[tuple[int, Finding]]:
    """One telephone number stands with one spelling of a name.

    Source: OCR reads a rare character in several ways. Names one character apart (changed, lost or added) count as
    spellings of one, so a number that colleagues share passes. Every spelling is to be reviewed: the frequent one may
    be the misread one.

    >>> passes: one number beside 李白 and 杜甫
    >>> fails: one number beside 李昀昊 and 李昀昱
    """
    by_phone: dict[str, dict[str, list[_Place]]] = defaultdict(lambda: defaultdict(list))
    for index, form in enumerate(forms):
        for leaf, phone in _NAMES_BY_PHONE:
            name, digits = form.values.get(leaf), _digits(form.values.get(phone))
            if name is not None and digits and not says_nothing(name):
                by_phone[digits][fold(name)].append((index, leaf))
    for digits, places in by_phone.items():
        spellings = {name for pair in _one_apart(places) for name in pair}
        message = sentences.SPELLINGS.of(count=len(spellings))
        for name in spellings:
            for index, leaf in places[name]:
                yield index, Finding("phone.names", _WARNING, (leaf,), message, (leaf,), about=digits)


def _digits(phone: str | None) -> str:
    """The digits of a telephone number, "" where there are too few for one."""
    digits = re.sub(r"[^0-9]", "", fold(phone or ""))
    return digits if len(digits) >= 5 else ""


def _one_apart(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Pairs of names that differ by one character changed, lost or added; of two characters, by a rare one only."""
    known = dict.fromkeys(names)
    for at, pairs in _changed(known):
        yield from (pair for pair in pairs if len(pair[0]) > 2 or any(_rare(name[at]) for name in pair))
    for name in known:
        for at in range(len(name)):
            if len(name) > 2 and (shorter := name[:at] + name[at + 1 :]) in known:
                yield name, shorter


def _changed(names: Iterable[str]) -> Iterator[tuple[int, Iterator[tuple[str, str]]]]:
    """Pairs of names that differ in one place, with that place."""
    alike: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name in names:
        if len(name) > 1:
            for at in range(len(name)):
                alike[name[:at], name[at + 1 :]].append(name)
    for (before, _), found in alike.items():
        if len(found) > 1:
            yield len(before), combinations(found, 2)


def names_lookalike(forms: Sequence[FormView]) -> Iterator[tuple[int, Finding]]:
    """No two names of people or units of a document differ by one rare character only.

    Source: OCR reads a rare character in several ways, also where no telephone number ties the spellings together.
    Names of three characters or more that differ in one place count, if one of the two characters is not among the
    3755 common ones of GB 2312 (first level): common characters make different people. Two names that both stand with
    telephone numbers are left to `phone.names`: with numbers of their own they are two people.

    >>> passes: 王小明 and 王小红
    >>> fails: 王小昉 and 王小昐
    """
    places: dict[str, list[_Place]] = defaultdict(list)
    phoned: set[str] = set()
    for index, form in enumerate(forms):
        for leaf in (*_NAME_LEAVES, *_UNIT_LEAVES):
            name = form.values.get(leaf)
            if name is not None and len(name) >= 3:
                places[fold(name)].append((index, leaf))
        for leaf, phone in _NAMES_BY_PHONE:
            if (name := form.values.get(leaf)) is not None and _digits(form.values.get(phone)):
                phoned.add(fold(name))
    suspicious: dict[str, set[str]] = defaultdict(set)
    for at, pairs in _changed(places):
        for one, other in pairs:
            if (_rare(one[at]) or _rare(other[at])) and not phoned.issuperset((one, other)):
                suspicious[one].add(other)
                suspicious[other].add(one)
    for name, others in suspicious.items():
        message, about = sentences.LOOKALIKES.of(count=len(others) + 1), _least_linked(name, suspicious)
        for index, leaf in places[name]:
            yield index, Finding("names.lookalike", _WARNING, (leaf,), message, (leaf,), about=about)


def _least_linked(name: str, alike: Mapping[str, set[str]]) -> str:
    """The least of all names that a name is like, and those that these are like: the same for all of them."""
    linked, waiting = {name}, [name]
    while waiting:
        further = alike[waiting.pop()] - linked
        linked |= further
        waiting.extend(further)
    return min(linked)


def _rare(char: str) -> bool:
    """Is it a CJK character that is not among the common ones?"""
    if not "\u3400" <= char <= "\U0003ffff":
        return False
    try:
        return char.encode("gb2312") >= b"\xd8\xa1"
    except UnicodeEncodeError:
        return True


def cell_truncated_across(forms: Sequence[FormView]) -> Iterator[tuple[int, Finding]]:
    """A cell is as long as in the sister form that has the same indicator.

    Source: forms of one body repeat their indicators, and a scan clips the columns of one of them. As within a form,
    three cells of a column must be shortened, and end at the same width, before it counts as clipped.

    >>> passes: the same indicator with another target
    >>> fails: three targets of a form that are the beginnings of a sister form's
    """
    for column in CLIPPED_COLUMNS:
        cells = [(index, row, *cell) for index, form in enumerate(forms) for row, cell in _named(form, column)]
        texts: dict[str, set[str]] = defaultdict(set)
        for _, _, name, text in cells:
            texts[name].add(text)
        by_name = {name: sorted(found) for name, found in texts.items() if len(found) > 1}
        longer: dict[int, dict[int, str]] = defaultdict(dict)
        for index, row, name, text in cells:
            known = by_name.get(name, [])
            after = bisect_right(known, text)
            if any(shortened(text, full) for full in known[after : after + 2]):
                longer[index][row] = text
        for index, signs in longer.items():
            rows = figures(forms[index]).rows
            own = weak_signs(rows, column)
            told = {clip.path for clip in clipped(rows, column, own)}
            for path, why in clipped(rows, column, own | signs):
                if path not in told:
                    message = sentences.CUT.of(why=why)
                    yield index, Finding("cell.truncated", _WARNING, (path,), message, (path,))


def _named(form: FormView, column: str) -> Iterator[tuple[int, tuple[str, str]]]:
    """Row → name and text of a column, for rows that print both."""
    for row in range(form.rows):
        name, text = form.values.get(f"indicators[{row}].name"), form.values.get(f"indicators[{row}].{column}")
        if name is not None and text is not None and not says_nothing(text):
            yield row, (name, text)


_UNIT_WORDS = (
    "办公室", "委员会", "管理局", "管理处", "中心", "公司", "集团", "学院", "学校", "大学", "中学", "小学", "医院",
    "银行", "政府", "街道", "协会", "机关", "总队", "支队", "大队", "服务站", "幼儿园", "研究院", "研究所", "博物馆",
    "图书馆",
)  # fmt: skip


def unit_truncated(forms: Sequence[FormView]) -> Iterator[tuple[int, Finding]]:
    """The name of a department or unit does not end inside the last word of another's.

    Source: narrow cells of scanned forms. A name that ends where a word ends passes: a bureau and its own information
    centre share a beginning.

    >>> passes: 某区教育局 and 某区教育局信息中心
    >>> fails: 某区接待办 and 某区接待办公室
    """
    places: dict[str, list[_Place]] = defaultdict(list)
    for index, form in enumerate(forms):
        for leaf in _UNIT_LEAVES:
            if (name := form.values.get(leaf)) is not None:
                places[name].append((index, leaf))
    for full in list(places):
        word = next((word for word in _UNIT_WORDS if full.endswith(word)), "")
        for kept in range(1, len(word)):
            for index, leaf in places.get(full[: len(full) - len(word) + kept], ()):
                message = sentences.CUT.of(why=sentences.NAME_GOES_ON)
                yield index, Finding("cell.truncated", _WARNING, (leaf,), message, (leaf,))


def convention_alone(forms: Sequence[FormView]) -> Iterator[tuple[int, Finding]]:
    """The totals of a document's forms all count the funding line, or none does.

    Source: the two conventions of `weights.total`. A row misread by just the funding weight makes the other convention
    come true, and every sum of the form with it; only the other forms tell. One form among four or more is taken for
    that; its rows that could be so misread, or its totals, are to be reviewed.

    >>> passes: weights of 90 and funding 10 in every form
    >>> fails: weights of 100 beside a funding weight of 10 in one form of five
    """
    kept = [(index, counted) for index, form in enumerate(forms) if (counted := _counts_funding(form)) is not None]
    without = [index for index, counted in kept if not counted]
    if len(without) != 1 or len(kept) < 5:
        return
    sheet = figures(forms[without[0]])
    funding = sheet.values[_FUNDING_WEIGHT]
    rows = [row for row in sheet.weighted if row.weight is not None and row.weight > funding]
    paths = tuple(row.at(cell) for row in rows for cell in ("weight", "score")) or ("total_weight",)
    yield without[0], Finding("weights.total", _WARNING, paths, sentences.WEIGHTS_ALONE, paths)


_FUNDING_WEIGHT = "funding.total.weight"


def _counts_funding(form: FormView) -> bool | None:
    """Do the weights make the total with the funding weight, or without? None if neither, or there is no telling."""
    total, funding = figure(form.values.get("total_weight")), figure(form.values.get(_FUNDING_WEIGHT))
    if total is None or not funding:
        return None
    weights = [figure(form.values.get(f"indicators[{row}].weight")) for row in range(form.rows)]
    summed = sum((weight for weight in weights if weight is not None), Decimal(0))
    return {total - funding: True, total: False}.get(summed)


def year_alone(forms: Sequence[FormView]) -> Iterator[tuple[int, Finding]]:
    """No form of a document stands alone with its fiscal year.

    Source: bodies publish a year's forms together; one year among five forms or more of another is a digit misread.

    >>> passes: three forms of 2020 and three of 2021
    >>> fails: one form of 2024 and six of 2021
    """
    years = [form.values.get("fiscal_year") for form in forms]
    counts = Counter(year for year in years if year is not None)
    if len(counts) != 2 or counts.total() < 6 or min(counts.values()) != 1:
        return
    for index, year in enumerate(years):
        if year is not None and counts[year] == 1:
            paths = ("fiscal_year",)
            yield index, Finding("date.year", _WARNING, paths, sentences.YEAR_ALONE, paths)


def form_duplicate(forms: Sequence[FormView]) -> Iterator[tuple[int, Finding]]:
    """No project files two forms for one year in one document.

    Source: a page scanned, or a section read, twice. Forms without a project name are skipped.

    >>> passes: one project in 2020 and in 2021
    >>> fails: the same project and year twice
    """
    first: dict[tuple[str, str | None], int] = {}
    for index, form in enumerate(forms):
        name = form.values.get("project_name")
        if name is None:
            continue
        key = (fold(name), form.values.get("fiscal_year"))
        if key in first:
            message = sentences.FORM_TWICE.of(ordinal=forms[first[key]].ordinal)
            yield index, Finding("form.duplicate", _WARNING, ("project_name",), message)
        first.setdefault(key, index)
