"""Signs that a scan cut a text off: in the cell itself, beside it, and down its column.

A single cell is only suspected on a strong sign: a bracket or a quote left open, an ending that no phrase has, a figure
whose unit is gone, a heading that is the beginning of a known one. A cell that is the beginning of its neighbour is a
weak sign, because authors abbreviate; three of them in a column whose cells all end at the same width are a strong one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pipeline.forms import Finding, FormView, Sentence, Severity
from pipeline.vocabulary import display_width, fold
from schemas.self_evaluation import sentences
from schemas.self_evaluation.figures import Row, figures, says_nothing
from schemas.self_evaluation.labels import VOCABULARY

__all__ = ["CLIPPED_COLUMNS", "Clip", "cell_stray", "cell_truncated", "clipped", "shortened", "weak_signs"]

CLIPPED_COLUMNS = ("target", "actual")
"""Text columns that a narrow scan clips, and that stand beside one that says the same at length."""

_WEAK_ENOUGH = 3
"""So many different cells of a column must be shortened before the column counts as clipped."""
_SAME_WIDTH = 2.0
"""Clipped cells end within so many full-width characters of the column's widest one."""
_SHORT = 4
"""In a clipped column, texts of so many characters may be cut without any other sign."""

# Endings that no phrase has. The look-behinds spare words that happen to end so: 不涉及, 参与, 总和, 可以, 抑或.
_DANGLING = re.compile(
    r"(?:[、，,]"
    r"|(?<![涉普顾波危触遍提论累埃兼推])及"
    r"|(?<![参给赋授])与"
    r"|(?<![总缓温祥调饱谐平求附柔谦亲])和"
    r"|(?<![可所得予难加足用借])以"
    r"|(?<![抑间])或"
    r"|[0-9][余多])"
)
_TAIL = re.compile(rf"(?:{_DANGLING.pattern})$")
_PAIRS = (("(", ")"), ("“", "”"), ("《", "》"), ("「", "」"), ("【", "】"), ("[", "]"))
_OPENERS = re.compile(r"[(“《「【\[]")
_STOP = "。.；;！!）)”》」】]"
_CLAUSE_ENDS = "，,、：:（(" + _STOP
_QUANTITY = re.compile(r"[^0-9]{0,4}[0-9]+(?:[.][0-9]+)?(?:%|‰|[^\W0-9_余多]{1,3})(?:以上|以下|以内)?")
_DIGIT = re.compile(r"[0-9.]")
_COMPLETE = frozenset(
    {
        "完成", "已完成", "达标", "已达标", "合格", "通过", "满足", "良好", "优秀", "有效", "及时", "按时", "按期",
        "全年", "落实", "保障", "提升", "提高", "改善", "增强", "促进", "稳定",
    }
)  # fmt: skip
"""Words that stand for a whole achievement though the target goes on behind them."""


def _ends_cut(text: str) -> Sentence | None:
    """Why a text cannot end where it does; None if it can."""
    if _TAIL.search(text[-2:]) and not says_nothing(text):
        return sentences.MIDDLE_OF_PHRASE
    folded = text if text.isascii() else text.replace("（", "(").replace("）", ")")
    if _OPENERS.search(folded):
        for opening, closing in _PAIRS:
            if folded.count(opening) > folded.count(closing) and folded.rfind(opening) > folded.rfind(closing):
                return sentences.LEFT_OPEN
    return None


def _cut_heading(text: str, known: frozenset[str]) -> bool:
    """Is it no known heading but the beginning of one?"""
    if text in known:
        return False
    folded = fold(text)
    return folded not in known and any(heading.startswith(folded) for heading in known)


def shortened(short: str | None, long: str | None) -> bool:
    """Is the first text the beginning of the second, and not complete in itself?"""
    if short is None or long is None or len(short) >= len(long) or len(short) < 2:
        return False
    if not long.startswith(short) or short[-1] in _STOP or short in _COMPLETE:
        return False
    # A scan does not cut just where a clause ends, and 10 is not the beginning of 100.
    return long[len(short)] not in _CLAUSE_ENDS and not (_DIGIT.match(short[-1]) and _DIGIT.match(long[len(short)]))


class Clip(NamedTuple):
    """A cell that may be cut, and why."""

    path: str
    why: Sentence


def weak_signs(rows: list[Row], column: str) -> dict[int, str]:
    """Row → text, for cells of a column that are the beginning of a neighbour's or of the row's next to it."""
    other = "actual" if column == "target" else "target"
    found = {}
    for row in rows:
        text = getattr(row, column)
        if text is None or says_nothing(text):
            continue
        near = [getattr(row, other)]
        for step in (-1, 1):
            if 0 <= row.position + step < len(rows) and rows[row.position + step].level2 == row.level2:
                near.append(getattr(rows[row.position + step], column))
        if _TAIL.search(text[-2:]) or any(shortened(text, beside) for beside in near):
            found[row.position] = text
    return found


def clipped(rows: list[Row], column: str, signs: Mapping[int, str]) -> Iterator[Clip]:
    """The cells of a column that the scan may have cut, if enough of them show a sign of it.

    `signs` is row → text. Besides those cells, short texts of the column are named that are no complete quantity.
    """
    texts = {
        row.position: text for row in rows if (text := getattr(row, column)) is not None and not says_nothing(text)
    }
    if len(set(signs.values())) < _WEAK_ENOUGH:
        return
    widest = max(display_width(text) for text in texts.values())
    if any(display_width(text) < widest - _SAME_WIDTH for text in set(signs.values())):
        return
    for index, text in texts.items():
        path = f"indicators[{index}].{column}"
        if index in signs:
            yield Clip(path, sentences.LONGER_BESIDE)
        elif len(text) <= _SHORT and not _QUANTITY.fullmatch(text) and not text.isdecimal():
            yield Clip(path, sentences.CUT_COLUMN)


_HEADINGS = VOCABULARY.table.headings
_TEXTS = ("title", "project_name", "competent_department", "implementing_unit", "expected_goal", "actual_result")


def cell_truncated(form: FormView) -> Iterator[Finding]:
    """A text ends where its author ended it.

    Source: narrow columns of scanned forms, which lose what does not fit. Only strong signs are taken (see the module);
    what the other forms of the document tell is `cell_truncated_across`.

    >>> passes: 满意度90%; 完成 beside 完成报告4份
    >>> fails: 不少于500余; 社会效; （以实际发生额为准
    """
    found = [*_cut_alone(form)]
    rows = figures(form).rows
    for column in CLIPPED_COLUMNS:
        found += clipped(rows, column, weak_signs(rows, column))
    for path, why in dict(reversed(found)).items():
        yield Finding("cell.truncated", Severity.WARNING, (path,), sentences.CUT.of(why=why), (path,))


def _cut_alone(form: FormView) -> Iterator[Clip]:
    """Cells that show by themselves that they are cut."""
    for path in _TEXTS:
        if (text := form.values.get(path)) is not None and (why := _ends_cut(text)) is not None:
            yield Clip(path, why)
    rows = figures(form).rows
    for row in rows:
        for cell, text in (
            ("name", row.name),
            ("target", row.target),
            ("actual", row.actual),
            ("deviation", row.deviation),
        ):
            if text is not None and (why := _ends_cut(text)) is not None:
                yield Clip(row.at(cell), why)
        if row.level1 is not None and _cut_heading(row.level1, _HEADINGS.outer):
            yield Clip(row.at("level1"), sentences.HEADING_BEGUN)
    inner = {row.position: row.level2 for row in rows if row.level2 is not None}
    cut = {index for index, heading in inner.items() if _cut_heading(heading, _HEADINGS.inner)}
    for index, heading in inner.items():
        if index in cut:
            yield Clip(rows[index].at("level2"), sentences.HEADING_BEGUN)
        elif cut and not heading.endswith(_HEADINGS.suffix):
            yield Clip(rows[index].at("level2"), sentences.HEADINGS_CUT)


# What an author puts before the words of a target to say that they are done, or are to be.
_MARKS = frozenset("已均将拟应要须需全共并再各可能未不无非")
_LONG_ENOUGH = 12
_IDEOGRAPH = re.compile(r"[\u3400-\u9fff]")


def cell_stray(form: FormView) -> Iterator[Finding]:
    """Goal and result, target and achievement do not differ by one stray character at the front.

    Source: OCR keeps half a word of what stood before. The words by which authors say that something is done or to be
    done pass, and so do short texts.

    >>> passes: 已推动… beside 推动…
    >>> fails: 之推动… beside 推动…, alike to the end
    """
    pairs = [("expected_goal", "actual_result")]
    pairs += [(f"indicators[{row}].target", f"indicators[{row}].actual") for row in range(form.rows)]
    for pair in pairs:
        one, other = (form.values.get(path) for path in pair)
        if one is None or other is None or abs(len(one) - len(other)) != 1:
            continue
        path, long, short = (pair[0], one, other) if len(one) > len(other) else (pair[1], other, one)
        if len(short) >= _LONG_ENOUGH and long.endswith(short) and _IDEOGRAPH.match(long) and long[0] not in _MARKS:
            yield Finding("cell.stray", Severity.WARNING, (path,), sentences.STRAY, (path,))
