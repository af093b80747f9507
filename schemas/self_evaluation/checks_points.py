"""Checks of the points: weights, scores, subtotals, and what a row's target, achievement and reason say of its score.

Each check states its identity, where it comes from, and an example that passes and one that fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from pipeline.forms import Finding, FormView, Sentence, Severity
from pipeline.reading import RefKind
from pipeline.vocabulary import fold
from schemas.self_evaluation import sentences
from schemas.self_evaluation.figures import Figures, Row, figures, says_nothing
from schemas.self_evaluation.identities import Sum, Verdict, shown
from schemas.self_evaluation.suspects import Suspects, merged, suspects

__all__ = [
    "deviation_missing",
    "grade",
    "indicator_duplicate",
    "level1_subtotal",
    "row_merged",
    "score_range",
    "score_target",
    "scores_total",
    "weights_total",
]

_ERROR, _WARNING, _NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE
_POINTS = ("weight", "score")
_FUNDING_SCORE = "funding.total.score"
_FUNDING_WEIGHT = "funding.total.weight"


def weights_total(form: FormView) -> Iterator[Finding]:
    """Σ indicator weights + funding weight = total weight; by a second convention without the funding weight.

    Source: 总分 of the national template (100). Weights are given, so nothing but the finest printed place is rounded.
    Rows that state a target but print no weight make the sum incomplete: a warning that names them. A form that prints
    no weights, or no total, is not checked (a missing total is `field.missing`).

    >>> passes: 60 + 30 + funding 10 = 100
    >>> fails: 60 + 13 + funding 10, total 100
    """
    sheet = figures(form)
    identity = sheet.weights
    if identity is None:
        return
    verdict = identity.verdict(sheet.values)
    if verdict is Verdict.HOLDS:
        yield from _convention_by_chance(sheet)
        return
    said = _sum_said(sheet, identity, sentences.WEIGHTS)
    blank = [row.at("weight") for row in _unmerged(sheet) if row.speaks and row.weight is None]
    if sheet.counts_funding and sheet.funding_cell("weight") is None and sheet.lost(_FUNDING_WEIGHT):
        blank.append(_FUNDING_WEIGHT)
    if blank and identity.of(sheet.values) < sheet.values["total_weight"]:
        message = sentences.WEIGHTS_BLANK.of(said=said)
        blamed = Suspects((*blank, "total_weight"), tuple(blank))
        if blank == [_FUNDING_WEIGHT] and sheet.funding_cell("score") is None:
            # A line without points at all may well be meant so: a misread weight is as likely as a lost one.
            blamed = merged(blamed, suspects(sheet, identity))
        yield Finding("weights.total", _WARNING, blamed.paths, message, blamed.review)
    else:
        yield _off("weights.total", sheet, identity, suspects(sheet, identity), said)


def grade(form: FormView) -> Iterator[Finding]:
    """The printed grade follows from the total score: 优 from 90, 良 from 80, 中 from 60, below that 差.

    Source: the scoring notes printed below many forms. Forms that print no grade, or no total score, are skipped.

    >>> passes: total score 92, grade 优
    >>> fails: total score 92, grade 良
    """
    printed, score = form.extra.get("grade"), form.number("total_score")
    if printed is None or score is None:
        return
    due = next(name for least, name in _GRADES if score >= least)
    said = next((name for name, words in _GRADE_WORDS.items() if printed.startswith(words)), None)
    if said is not None and said != due:
        message = sentences.GRADE.of(printed=printed, score=score, due=due)
        yield Finding("grade", _WARNING, ("total_score",), message)


_GRADES = ((90, "优"), (80, "良"), (60, "中"), (-(10**9), "差"))
_GRADE_WORDS = {"优": ("优",), "良": ("良",), "中": ("中", "一般", "合格"), "差": ("差", "不合格")}


def _off(code: str, sheet: Figures, identity: Sum, blamed: Suspects, said: Sentence) -> Finding:
    """The finding for a sum that fails: a note where the tolerance would let it pass, though nothing was rounded."""
    if identity.judged(sheet.values) is Verdict.FAILS:
        return Finding(code, _ERROR, blamed.paths, said, blamed.review)
    return Finding(code, _NOTE, blamed.paths, sentences.NEEDLESS_ROUNDING.of(said=said), blamed.review)


def _convention_by_chance(sheet: Figures) -> Iterator[Finding]:
    """A row weight too large by just the funding weight makes the convention without the funding line come true."""
    path = sheet.funding_cell("weight")
    if path is None or sheet.counts_funding or not (funding := sheet.values[path]):
        return
    for row in sheet.weighted:
        if row.score is not None and row.score + funding == row.weight and says_nothing(row.deviation):
            message = sentences.WEIGHTS_BY_CHANCE.of(weight=row.weight, score=row.score)
            yield Finding("weights.total", _WARNING, (row.at("weight"),), message, (row.at("weight"),))


def scores_total(form: FormView) -> Iterator[Finding]:
    """Σ indicator scores + funding score = total score. The funding score counts once though a line repeats it.

    Source: 总分 of the national template. The scores follow the convention of the weights, with or without the funding
    line. Where a weight has no score beside it the sum is incomplete: a note if it comes out all the same, a warning
    that names the blanks if they can have held what is missing. A form that prints no scores, or no total, is not
    checked.

    >>> passes: 58 + 30 + funding 8.7 = 96.7
    >>> fails: 58 + 30 + funding 8.7, total 69.7
    """
    sheet = figures(form)
    identity = sheet.scores
    if identity is None:
        return
    verdict = identity.verdict(sheet.values)
    said = _sum_said(sheet, identity, sentences.SCORES)
    # Score cells that are blank beside a weight, and what they can have held at most.
    blank = {row.at("score"): row.weight for row in sheet.weighted if row.weight and row.score is None}
    if sheet.counts_funding and (weight := sheet.funding_cell("weight")) and sheet.funding_cell("score") is None:
        blank[_FUNDING_SCORE] = sheet.values[weight]
    if verdict is Verdict.HOLDS:
        if blank:
            yield Finding("scores.total", _NOTE, tuple(blank), sentences.SCORES_BLANK_YET_RIGHT.of(said=said))
    elif verdict is Verdict.ROUNDING:
        yield Finding("scores.total", _NOTE, ("total_score",), sentences.WITHIN_ROUNDING.of(said=said))
    elif 0 < sheet.values["total_score"] - identity.of(sheet.values) <= sum(blank.values()):
        message = sentences.SCORES_BLANK.of(said=said)
        yield Finding("scores.total", _WARNING, (*blank, "total_score"), message, tuple(blank))
    elif _unrounded(sheet, identity):
        message = sentences.SCORE_UNROUNDED.of(said=said)
        yield Finding("scores.total", _WARNING, (_FUNDING_SCORE, "total_score"), message, (_FUNDING_SCORE,))
    else:
        blamed = merged(_blamed_for_scores(sheet, identity), Suspects(tuple(blank), tuple(blank)))
        yield _off("scores.total", sheet, identity, blamed, said)


def _sum_said(sheet: Figures, identity: Sum, cells: Sentence) -> Sentence:
    counted = any(part.startswith("funding.") for part in identity.parts)
    return sentences.TOTAL.of(
        cells=cells,
        summed=shown(identity.of(sheet.values), 6),
        line=sentences.WITH_FUNDING if counted else sentences.WITHOUT_FUNDING,
        total=sheet.printed(identity.total),
    )


def _unmerged(sheet: Figures) -> Iterator[Row]:
    """Rows whose points are not printed on another row of their group."""
    elsewhere = {row for first, last in sheet.form.merged for row in range(first + 1, last)}
    return (row for row in sheet.rows if row.position not in elsewhere)


def _unrounded(sheet: Figures, identity: Sum) -> bool:
    """Does the total come out with weight x rate in place of the rounded funding score?"""
    product = sheet.products.get("total")
    if product is None or product.score not in identity.parts or product.verdict(sheet.values) is Verdict.FAILS:
        return False
    values = {**sheet.values, product.score: product.of(sheet.values)}
    return identity.verdict(values) is Verdict.HOLDS


def _blamed_for_scores(sheet: Figures, identity: Sum) -> Suspects:
    """Suspects. That the weights leave the funding line out may be chance: then those of the usual convention, too."""
    blamed = suspects(sheet, identity)
    if sheet.counts_funding or not sheet.funding_cell("weight"):
        return blamed
    usual = Figures(sheet.form, convention=True)
    for other in (usual.weights, usual.scores):
        if other is not None and other.verdict(usual.values) is Verdict.FAILS:
            blamed = merged(blamed, suspects(usual, other))
    return blamed


def score_range(form: FormView) -> Iterator[Finding]:
    """0 ≤ score ≤ weight, in every row, funding line and in the totals.

    Source: the printed notes, 得分最高不能超过该指标分值上限. A row without both figures is skipped; a weight without
    a score is told by `scores.total`.

    >>> passes: 9 of 10
    >>> fails: 12 of 10
    """
    sheet = figures(form)
    for bound in sheet.bounds:
        if bound.verdict(sheet.values) is Verdict.FAILS:
            blamed = suspects(sheet, bound)
            message = sentences.OUT_OF_RANGE.of(score=sheet.printed(bound.score), weight=sheet.printed(bound.weight))
            yield Finding("score.range", _ERROR, blamed.paths, message, blamed.review)


def level1_subtotal(form: FormView) -> Iterator[Finding]:
    """Σ weights under a level1 heading = the subtotal printed behind it.

    Source: headings such as 产出指标（50分）. A heading whose rows print no weight cannot be checked: a note. One
    without any row has lost them.

    >>> passes: 产出指标（50分） above rows of 20, 20 and 10
    >>> fails: 产出指标（40分） above rows of 20, 20 and 10
    """
    sheet = figures(form)
    for heading, printed in form.subtotals.items():
        path = f"level1_weights.{heading}"
        identity = sheet.subtotals.get(heading)
        if heading in sheet.bare_headings and path in sheet.values and sheet.values[path]:
            message = sentences.SUBTOTAL_OF_NO_ROWS.of(printed=printed)
            yield Finding("level1.subtotal", _WARNING, ("indicators[]", path), message, ("indicators[]",))
            continue
        if identity is None:
            yield Finding("level1.subtotal", _NOTE, (path,), sentences.SUBTOTAL_OF_NO_WEIGHTS.of(printed=printed))
            continue
        verdict = identity.verdict(sheet.values)
        if verdict is Verdict.HOLDS:
            continue
        said = sentences.SUBTOTAL.of(summed=shown(identity.of(sheet.values), 6), printed=printed)
        if verdict is Verdict.ROUNDING:
            yield Finding("level1.subtotal", _NOTE, (path,), sentences.WITHIN_ROUNDING.of(said=said))
        else:
            yield _off("level1.subtotal", sheet, identity, suspects(sheet, identity), said)


def deviation_missing(form: FormView) -> Iterator[Finding]:
    """A lost point needs a reason (偏差原因分析及改进措施).

    Source: the printed notes ask for the causes of every deviation. A row without weight or score is skipped, and so is
    a template without a column for reasons.

    >>> passes: 8 of 10, with a reason; 10 of 10 without one
    >>> fails: 8 of 10, no reason or 无
    """
    for row in figures(form).rows:
        if row.weight is None or row.score is None or row.score >= row.weight or not says_nothing(row.deviation):
            continue
        if form.kinds.get(row.at("deviation")) is not RefKind.ABSENT:
            message = sentences.NO_REASON.of(lost=row.weight - row.score, weight=row.weight)
            yield Finding("deviation.missing", _WARNING, (row.at("deviation"), row.at("score")), message)


class _Quantity(NamedTuple):
    """A cell that states one quantity and nothing else."""

    value: Decimal
    unit: str
    reverse: bool


_QUANTITY = re.compile(
    r"(?P<sign>≥|≧|>=|>|≤|≦|<=|<|=|不少于|不低于|至少|大于等于|大于|达到|不超过|不高于|不多于|低于|小于|控制在)?"
    r"(?P<value>[0-9]+(?:[.][0-9]+)?)(?P<unit>[%‰]|[^\W0-9_]{0,3}?)(?P<tail>以上|及以上|以下|及以下|以内|之内)?[。.]?"
)
_REVERSE = frozenset(
    {"≤", "≦", "<=", "<", "不超过", "不高于", "不多于", "低于", "小于", "控制在", "以下", "及以下", "以内", "之内"}
)
_TIMES = frozenset({"年", "月", "日", "号", "季度", "年度", "月底", "月前", "年底", "年前", "月份", "点", "时"})
_UNDONE = re.compile(r"(?:未|没有|尚未)(?:完成|开展|实施|达标|达到|按时|按期|启动|执行)")


def score_target(form: FormView) -> Iterator[Finding]:
    """A row's score follows from its target A and achievement B.

    Source: the printed notes: for a positive quantity B/A x weight, for a reverse one A/B x weight, capped; a target
    overfulfilled by 200 % or more is docked. Only rows that state one quantity of the same kind on both sides are
    recomputed; dates, qualitative targets and cost rows (`cost.money`) are skipped. Authors judge, so this is never an
    error: a missed target with full points is a warning, the rest are notes.

    >>> passes: target 4份, achievement 4份, 5 of 5
    >>> fails: target 4份, achievement 1份, 5 of 5
    """
    for row in figures(form).rows:
        if not row.weight or row.score is None or "成本" in (row.level2 or ""):
            continue
        target, actual = fold(row.target or ""), fold(row.actual or "")
        full = row.score == row.weight
        paths = (row.at("score"), row.at("actual"), row.at("target"))
        points = sentences.POINTS.of(score=row.score, weight=row.weight)
        if full and _UNDONE.match(actual):
            yield Finding("score.target", _WARNING, paths, sentences.NOT_DONE.of(points=points))
            continue
        if target and target == actual and not full:
            yield Finding("score.target", _NOTE, paths, sentences.MET_WORD_FOR_WORD.of(points=points))
            continue
        a, b = _quantity(target), _quantity(actual)
        if a is None or b is None or (a.unit != b.unit and (a.unit == "%" or b.unit)):
            continue
        met = b.value <= a.value if a.reverse else b.value >= a.value
        if not met:
            low, high = sorted((a.value, b.value))
            earned = row.weight * low / high
            if full:
                said = sentences.MISSED.of(points=points, earned=shown(earned))
                yield Finding("score.target", _WARNING, paths, said)
            elif row.score > earned + 1:
                said = sentences.ABOVE_RULE.of(points=points, earned=shown(earned))
                yield Finding("score.target", _NOTE, paths, said)
        elif not full:
            yield Finding("score.target", _NOTE, paths, sentences.MET.of(points=points))
        elif not a.reverse and a.value and b.value >= 3 * a.value:
            yield Finding("score.target", _NOTE, paths, sentences.OVERFULFILLED.of(points=points))


def _quantity(text: str) -> _Quantity | None:
    found = _QUANTITY.fullmatch(text)
    if found is None or found["unit"] in _TIMES:
        return None
    reverse = found["sign"] in _REVERSE or found["tail"] in _REVERSE
    return _Quantity(Decimal(found["value"]), found["unit"], reverse)


def row_merged(form: FormView) -> Iterator[Finding]:
    """Weight and score printed once for several rows stand on the first row of the group.

    Source: `record-format`, and the merged cells of the template. A row with a target but no points, outside a group,
    is a note: its points may be another row's, lost, or never given.

    >>> passes: rows 3 to 5 share 10 points, printed on row 3
    >>> fails: row 4 of the group prints points of its own
    """
    sheet = figures(form)
    for first, last in form.merged:
        group = sheet.rows[first:last]
        for row in group[1:]:
            if own := tuple(row.at(cell) for cell in _POINTS if row.at(cell) in sheet.values):
                message = sentences.POINTS_IN_GROUP.of(row=row.position + 1)
                yield Finding("row.merged", _WARNING, own, message, own)
        if blank := tuple(row.at(cell) for row in group[:1] for cell in _POINTS if row.at(cell) not in sheet.values):
            message = sentences.GROUP_WITHOUT_POINTS.of(first=first + 1, last=last)
            yield Finding("row.merged", _WARNING, blank, message, blank)
    for row in _unmerged(sheet):
        if row.weight is None and row.score is None and row.speaks:
            paths = (row.at("weight"), row.at("score"))
            yield Finding("row.merged", _NOTE, paths, sentences.ROW_WITHOUT_POINTS)
        elif row.weight is None and row.score is not None:
            paths = (row.at("weight"), row.at("score"))
            yield Finding("row.merged", _WARNING, paths, sentences.SCORE_ALONE, paths[:1])


def indicator_duplicate(form: FormView) -> Iterator[Finding]:
    """No row is printed, or read, twice: same heading, name, target and achievement.

    Source: OCR of a page break that repeats a row. Where weight and score are the same, too, or the weights do not add
    up, the second row is to be reviewed. Rows that state neither target nor achievement are skipped.

    >>> passes: two rows of the same name with targets of their own
    >>> fails: the same name, target and achievement under the same heading twice
    """
    sheet = figures(form)
    for first, second in sheet.repeated:
        path = f"indicators[{second.position}]"
        same = (first.weight, first.score) == (second.weight, second.score) and first.weight is not None
        surplus = sheet.weights is not None and sheet.weights in sheet.failing
        message = sentences.DUPLICATE.of(second=second.position + 1, first=first.position + 1)
        yield Finding("indicator.duplicate", _WARNING, (path,), message, (path,) if same or surplus else ())
