"""Every check on made-up forms: one that passes, one that fails, the order of its suspects, its tolerance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pytest

from pipeline.forms import Check, DossierCheck, Finding, FormView, Severity
from pipeline.reading import RefKind
from schemas.self_evaluation import checks_dossier as across
from schemas.self_evaluation import checks_funding as funding
from schemas.self_evaluation import checks_points as points
from schemas.self_evaluation import checks_text as texts
from schemas.self_evaluation import truncation
from schemas.self_evaluation.checks import CHECKS, DOSSIER_CHECKS
from schemas.self_evaluation.identities import Verdict, judge
from tests.made_up_forms import ROW, ROWS, SUBTOTALS, Words, form, row

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE
OK = form()


@dataclass(frozen=True)
class Fails:
    """A form on which a check finds something: how severe, which path first, what is to be reviewed."""

    view: FormView
    severity: Severity
    first: str
    review: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    code: str
    passes: tuple[FormView, ...]
    fails: tuple[Fails, ...]


def with_rows(*changed: tuple[int, Words]) -> tuple[Words, ...]:
    rows = list(ROWS)
    for place, words in changed:
        rows[place] = words
    return tuple(rows)


def at(place: int, cell: str) -> str:
    return f"indicators[{place}].{cell}"


MERGED = with_rows(
    (1, row("产出指标", "质量指标", "验收合格率", "100%", "100%", None, None)),
    (2, row("产出指标", "时效指标", "完工时间", "2021年11月底前", "2021年10月完工", "18", "18")),
    (3, row("产出指标", "成本指标", "预算控制数", "120万元", "90万元", "12", "12")),
)
CLIPPED = with_rows(
    (0, row("产出指标", "数量指标", "清淤河道", "城北三条河道", "城北三条", "20", "18", "一条因汛期顺延")),
    (1, row("产出指标", "质量指标", "验收", "一次验收合格", "一次", "10", "10")),
    (2, row("产出指标", "时效指标", "完工", "汛期以前完工", "汛期", "8", "8")),
    (3, row("产出指标", "成本指标", "成本", "120万元", "90万元", "12", "12")),
    (4, row("效益指标", "社会效益指标", "环境", "沿河居民投诉减少", "沿河居", "30", "30")),
)
REPEATED = (*ROWS[:2], ROWS[1], *ROWS[2:])

CASES: dict[Check, Case] = {
    funding.funding_rate: Case(
        "funding.rate",
        (
            OK,
            form({"funding.total.execution_rate": "75.0"}),
            form({"funding.total.execution_rate": None}),
            form({"funding.appropriation.execution_rate": "80"}),
            form({"funding.other.execution_rate": "0"}),
            form({"funding.other.execution_rate": "100"}),
            form({"funding.total.annual_budget": None}),
        ),
        (
            Fails(
                form({"funding.total.execution_rate": "57"}),
                ERROR,
                "funding.total.execution_rate",
                ("funding.total.execution_rate",),
            ),
            # The amount disagrees with its parts as well: it is to blame, not the rate.
            Fails(form({"funding.total.executed": "60"}), ERROR, "funding.total.executed", ("funding.total.executed",)),
            Fails(
                form({"funding.total.annual_budget": "130", "funding.total.initial_budget": "110"}),
                ERROR,
                "funding.total.annual_budget",
                ("funding.total.annual_budget",),
            ),
            Fails(
                form({"funding.appropriation.execution_rate": "0"}),
                ERROR,
                "funding.appropriation.execution_rate",
                ("funding.appropriation.execution_rate",),
            ),
            # 90 of 100: the author took the initial budget. The parts vouch for the annual budget.
            Fails(
                form(
                    {
                        "funding.total.initial_budget": "100",
                        "funding.appropriation.initial_budget": "80",
                        "funding.total.execution_rate": "90",
                    }
                ),
                WARNING,
                "funding.total.execution_rate",
                (),
            ),
            # Nothing vouches for the annual budget: it may be misread.
            Fails(
                form({"funding.total.annual_budget": "720"}),
                WARNING,
                "funding.total.annual_budget",
                ("funding.total.annual_budget",),
            ),
            Fails(
                form({"funding.total.execution_rate": "0.75"}),
                WARNING,
                "funding.total.execution_rate",
                ("funding.total.execution_rate",),
            ),
            # The author repeats the rate of the total line.
            Fails(
                form({"funding.appropriation.execution_rate": "75"}),
                WARNING,
                "funding.appropriation.execution_rate",
                (),
            ),
            Fails(
                form({"funding.other.execution_rate": "40"}),
                WARNING,
                "funding.other.execution_rate",
                ("funding.other.execution_rate",),
            ),
            # 119.8 of 120 is 99.83 %: right as a rounded figure, but not all was spent.
            Fails(
                form({"funding.total.executed": "119.8", "funding.total.execution_rate": "100"}),
                NOTE,
                "funding.total.execution_rate",
                (),
            ),
            # All was spent: no rounding makes 99.7 of that.
            Fails(
                form({"funding.carryover.executed": "20", "funding.carryover.execution_rate": "99.9"}),
                NOTE,
                "funding.carryover.execution_rate",
                ("funding.carryover.execution_rate",),
            ),
            Fails(
                form({"funding.carryover.execution_rate": "50", "funding.carryover.executed": None}),
                NOTE,
                "funding.carryover.executed",
                (),
            ),
        ),
    ),
    funding.funding_score: Case(
        "funding.score",
        (OK, form({"funding.total.score": None}), form({"funding.total.weight": None})),
        (
            Fails(form({"funding.total.score": "5.2"}), ERROR, "funding.total.score", ("funding.total.score",)),
            Fails(form({"funding.total.score": "6.5"}), NOTE, "funding.total.score", ()),
            Fails(form({"funding.total.score": "7.1"}), WARNING, "funding.total.score", ("funding.total.score",)),
            Fails(
                form({"funding.appropriation.weight": "10", "funding.appropriation.score": "3"}),
                ERROR,
                "funding.appropriation.score",
                ("funding.appropriation.score",),
            ),
        ),
    ),
    funding.funding_repeat: Case(
        "funding.repeat",
        (
            OK,
            form({"funding.appropriation.weight": "10", "funding.appropriation.score": "7.5"}),
            # Other amounts, other points.
            form({"funding.appropriation.weight": "10", "funding.appropriation.score": "8"}),
        ),
        (
            Fails(
                form(
                    {
                        "funding.appropriation.annual_budget": "120",
                        "funding.appropriation.executed": "90",
                        "funding.appropriation.weight": "10",
                        "funding.appropriation.score": "1.5",
                    }
                ),
                WARNING,
                "funding.appropriation.score",
                ("funding.appropriation.score", "funding.total.score"),
            ),
        ),
    ),
    funding.funding_parts: Case(
        "funding.parts",
        (
            OK,
            form({"funding.other.executed": None}),
            form({"funding.total.executed": None}),
            # Two parts with decimals, the total rounded to whole amounts.
            form({"funding.appropriation.executed": "80.2", "funding.carryover.executed": "10.2"}),
        ),
        (
            Fails(form({"funding.total.executed": "60"}), ERROR, "funding.total.executed", ("funding.total.executed",)),
            Fails(
                form({"funding.appropriation.annual_budget": "10"}),
                ERROR,
                "funding.appropriation.annual_budget",
                ("funding.appropriation.annual_budget",),
            ),
            # A blank part may hold what is missing.
            Fails(
                form({"funding.carryover.initial_budget": None}),
                WARNING,
                "funding.carryover.initial_budget",
                (
                    "funding.carryover.initial_budget",
                    "funding.total.initial_budget",
                    "funding.appropriation.initial_budget",
                    "funding.other.initial_budget",
                ),
            ),
            # A dash holds nothing.
            Fails(
                form(
                    {"funding.carryover.initial_budget": None},
                    kinds={"funding.carryover.initial_budget": RefKind.DASH},
                ),
                ERROR,
                "funding.total.initial_budget",
                (
                    "funding.total.initial_budget",
                    "funding.appropriation.initial_budget",
                    "funding.other.initial_budget",
                ),
            ),
            Fails(
                form({"funding.appropriation.executed": "80.3", "funding.carryover.executed": "10.3"}),
                NOTE,
                "funding.total.executed",
                (),
            ),
            # One part with decimals: nothing was rounded on the way to the total.
            Fails(
                form(
                    {
                        "funding.total.initial_budget": "247.18",
                        "funding.appropriation.initial_budget": "247.19",
                        "funding.carryover.initial_budget": "0",
                    }
                ),
                NOTE,
                "funding.total.initial_budget",
                ("funding.total.initial_budget", "funding.appropriation.initial_budget"),
            ),
            Fails(
                form({"funding.carryover.executed": None}, kinds={"funding.carryover.executed": RefKind.LOST}),
                NOTE,
                "funding.carryover.executed",
                (),
            ),
        ),
    ),
    funding.funding_order: Case(
        "funding.order",
        (OK, form({"funding.total.executed": "120"})),
        (Fails(form({"funding.total.executed": "150"}), WARNING, "funding.total.executed", ()),),
    ),
    funding.funding_columns: Case(
        "funding.columns",
        (
            OK,
            form({"funding.total.score": None}),
            form(
                {"funding.total.score": None, "funding.total.execution_rate": None},
                kinds={"funding.total.score": RefKind.DASH},
            ),
            # A funding line that carries no points, and totals that do without them.
            form(
                {"funding.total.weight": None, "funding.total.score": None, "total_weight": "90", "total_score": "88"}
            ),
        ),
        (
            Fails(
                form({"funding.total.score": None, "funding.total.initial_budget": None}),
                WARNING,
                "funding",
                ("funding",),
            ),
        ),
    ),
    funding.money_unit: Case(
        "money.unit",
        (OK, form(units={"funding.total.executed": "万元"}), form(units={"funding.total.executed": "万"})),
        (
            Fails(
                form({"funding.total.executed": "900000"}, units={"funding.total.executed": "元"}),
                WARNING,
                "funding.total.executed",
                ("funding.total.executed",),
            ),
            Fails(form(units={"funding.other.executed": "元"}), NOTE, "funding.other.executed", ()),
        ),
    ),
    funding.cost_money: Case(
        "cost.money",
        (
            OK,
            form({at(3, "actual"): "已达标"}),
            form({at(3, "actual"): "节约30万元"}),
            form({at(3, "actual"): "单价200元"}),
            form({at(3, "actual"): "90"}),
            form({at(3, "target"): "总成本不超过120万元，单个河道不超过50万元"}),
            # Rows of partial costs that add up to what was spent.
            form({at(3, "actual"): "60万元", at(2, "level2"): "成本指标", at(2, "actual"): "30万元"}),
        ),
        (
            Fails(form({at(3, "actual"): "95万元"}), WARNING, at(3, "actual"), ()),
            Fails(form({at(3, "target"): "150万元"}), WARNING, at(3, "target"), ()),
            Fails(form({at(3, "target"): "100万元", "funding.total.initial_budget": "100"}), NOTE, at(3, "target"), ()),
            # 118.4 is 118.47 with its last digit gone, not rounded.
            Fails(
                form({at(3, "target"): "118.4万元", "funding.total.annual_budget": "118.47"}),
                WARNING,
                at(3, "target"),
                (at(3, "target"),),
            ),
        ),
    ),
    points.weights_total: Case(
        "weights.total",
        (
            OK,
            form({"total_weight": None}),
            # The second convention: the total leaves the funding line out.
            form({"total_weight": "90", "total_score": "88"}),
            form(rows=MERGED, merged=((1, 3),)),
            form({"total_weight": "100.00"}),
        ),
        (
            Fails(form({at(4, "weight"): "3"}), ERROR, at(4, "weight"), (at(4, "weight"),)),
            Fails(form({at(1, "weight"): "16"}), ERROR, at(1, "weight"), (at(1, "weight"),)),
            Fails(form({"total_weight": "10"}), ERROR, "total_weight", ("total_weight",)),
            # Whole points are not rounded.
            Fails(form({at(1, "weight"): "11"}, subtotals={}), ERROR, at(1, "weight"), (at(1, "weight"),)),
            # Weight and score misread alike; a lost row would explain it, too.
            Fails(
                form({at(1, "weight"): "1", at(1, "score"): "1"}, subtotals={}),
                ERROR,
                at(1, "weight"),
                (at(1, "weight"), "indicators[]"),
            ),
            # A row that is missing explains weights, scores and the subtotal at once.
            Fails(form(rows=(*ROWS[:4], *ROWS[5:])), ERROR, "indicators[]", ("indicators[]",)),
            Fails(form(rows=REPEATED), ERROR, "indicators[2]", ("indicators[2]",)),
            Fails(form({at(4, "weight"): None}), WARNING, at(4, "weight"), (at(4, "weight"),)),
            Fails(form({"funding.total.weight": None}), WARNING, "funding.total.weight", ("funding.total.weight",)),
            # 22 makes the total without the funding line, which is chance: the score is 12.
            Fails(
                form({at(3, "weight"): "22", "total_score": "88"}, subtotals={}),
                WARNING,
                at(3, "weight"),
                (at(3, "weight"),),
            ),
        ),
    ),
    points.scores_total: Case(
        "scores.total",
        (
            OK,
            form({"total_score": None}),
            form({"total_score": "95"}),
            form({"total_weight": "90", "total_score": "88"}),
            # The line below repeats the points: they count once.
            form({"funding.appropriation.weight": "10", "funding.appropriation.score": "7.5"}),
        ),
        (
            Fails(form({"total_score": "59.5"}), ERROR, "total_score", ("total_score",)),
            Fails(form({at(4, "score"): "3"}), ERROR, at(4, "score"), (at(4, "score"),)),
            Fails(form({"funding.total.score": "1.5"}), ERROR, "funding.total.score", ("funding.total.score",)),
            # The author counted points that are not printed.
            Fails(form({"funding.total.score": None}), WARNING, "funding.total.score", ("funding.total.score",)),
            Fails(form({at(5, "score"): None}), WARNING, at(5, "score"), (at(5, "score"),)),
            # The blank cell cannot have held all that is missing.
            Fails(
                form({at(5, "score"): None, at(4, "score"): "3"}),
                ERROR,
                "total_score",
                ("total_score", at(5, "score")),
            ),
            # 75.4 % makes 7.54 points; 7.5 are printed, 7.54 counted.
            Fails(
                form(
                    {
                        "funding.total.annual_budget": "1000",
                        "funding.total.executed": "754",
                        "funding.total.execution_rate": "75.4",
                        "total_score": "95.54",
                    }
                ),
                WARNING,
                "funding.total.score",
                ("funding.total.score",),
            ),
            Fails(form({"total_score": "94.8", at(0, "score"): "17.2"}), NOTE, "total_score", ()),
            Fails(form({at(5, "score"): None, "total_score": "85.5"}), NOTE, at(5, "score"), ()),
        ),
    ),
    points.score_range: Case(
        "score.range",
        (OK, form({at(0, "score"): "0"}), form({at(0, "score"): None})),
        (
            Fails(form({at(4, "score"): "39"}), ERROR, at(4, "score"), (at(4, "score"),)),
            Fails(form({at(4, "weight"): "3"}), ERROR, at(4, "weight"), (at(4, "weight"),)),
            Fails(form({"funding.total.score": "17.5"}), ERROR, "funding.total.score", ("funding.total.score",)),
            Fails(form({at(0, "score"): "-2"}), ERROR, at(0, "score"), (at(0, "score"),)),
        ),
    ),
    points.level1_subtotal: Case(
        "level1.subtotal",
        (OK, form(subtotals={}), form(subtotals={"产出": "50", "满意度指标": "10"})),
        (
            Fails(
                form(subtotals={**SUBTOTALS, "产出指标": "40"}),
                ERROR,
                "level1_weights.产出指标",
                ("level1_weights.产出指标",),
            ),
            Fails(form({at(1, "weight"): "19"}), ERROR, at(1, "weight"), (at(1, "weight"),)),
            Fails(form(subtotals={**SUBTOTALS, "成本指标": "10"}), WARNING, "indicators[]", ("indicators[]",)),
            Fails(form({at(5, "weight"): None}), NOTE, "level1_weights.满意度指标", ()),
        ),
    ),
    points.deviation_missing: Case(
        "deviation.missing",
        (OK, form({at(0, "deviation"): None}, kinds={at(0, "deviation"): RefKind.ABSENT})),
        (
            Fails(form({at(0, "deviation"): None}), WARNING, at(0, "deviation"), ()),
            Fails(form({at(0, "deviation"): "无"}), WARNING, at(0, "deviation"), ()),
        ),
    ),
    points.score_target: Case(
        "score.target",
        (
            OK,
            form({at(1, "target"): "2021年", at(1, "actual"): "2020年"}),
            form({at(1, "target"): "≤3天", at(1, "actual"): "2天"}),
            form({at(1, "target"): "3份", at(1, "actual"): "2次"}),
        ),
        (
            Fails(form({at(1, "target"): "4份", at(1, "actual"): "1份"}), WARNING, at(1, "score"), ()),
            Fails(form({at(1, "target"): "2", at(1, "actual"): "0"}), WARNING, at(1, "score"), ()),
            Fails(form({at(1, "target"): "不超过3天", at(1, "actual"): "6天"}), WARNING, at(1, "score"), ()),
            Fails(form({at(4, "actual"): "未开展"}), WARNING, at(4, "score"), ()),
            Fails(form({at(0, "target"): "3条", at(0, "actual"): "3条"}), NOTE, at(0, "score"), ()),
            Fails(form({at(0, "target"): "3条", at(0, "actual"): "4条"}), NOTE, at(0, "score"), ()),
            Fails(form({at(0, "target"): "3条", at(0, "actual"): "1条"}), NOTE, at(0, "score"), ()),
            Fails(form({at(1, "target"): "3条", at(1, "actual"): "9条"}), NOTE, at(1, "score"), ()),
        ),
    ),
    points.grade: Case(
        "grade",
        (
            form(extra={"grade": "优"}),
            form(extra={"grade": "优秀"}),
            form(),
            form({"total_score": None}, extra={"grade": "差"}),
        ),
        (
            Fails(form(extra={"grade": "良"}), WARNING, "total_score", ()),
            Fails(form({"total_score": "59.9"}, extra={"grade": "中"}), WARNING, "total_score", ()),
        ),
    ),
    points.row_merged: Case(
        "row.merged",
        (
            OK,
            form(rows=MERGED[:1] + MERGED[2:3] + MERGED[1:2] + MERGED[3:], merged=((1, 3),)),
            form(rows=(*ROWS, row("效益指标", "生态效益指标", "不涉及", "不涉及", "不涉及"))),
            form(rows=(*ROWS, row("效益指标", "生态效益指标", "指标2：", None, None))),
        ),
        (
            Fails(form(merged=((1, 3),)), WARNING, at(2, "weight"), (at(2, "weight"), at(2, "score"))),
            Fails(
                form({at(1, "score"): None, at(2, "weight"): None, at(2, "score"): None}, merged=((1, 3),)),
                WARNING,
                at(1, "score"),
                (at(1, "score"),),
            ),
            Fails(form({at(1, "weight"): None}), WARNING, at(1, "weight"), (at(1, "weight"),)),
            Fails(form({at(1, "weight"): None, at(1, "score"): None}), NOTE, at(1, "weight"), ()),
        ),
    ),
    points.indicator_duplicate: Case(
        "indicator.duplicate",
        (OK, form(rows=(*ROWS, *[row("效益指标", "生态效益指标", "不涉及", "不涉及", "不涉及")] * 2))),
        (
            Fails(form(rows=REPEATED), WARNING, "indicators[2]", ("indicators[2]",)),
            Fails(form({at(2, "weight"): "7"}, rows=REPEATED), WARNING, "indicators[2]", ("indicators[2]",)),
            # The sums hold, and the points differ: perhaps the author meant it.
            Fails(
                form(rows=with_rows((2, row("产出指标", "质量指标", "验收合格率", "100%", "100%", "8", "8")))),
                WARNING,
                "indicators[2]",
                (),
            ),
        ),
    ),
    texts.row_headings: Case(
        "row.headings",
        (
            OK,
            form({at(0, "level1"): "履职效能"}),
            form({at(0, "level2"): "河长制"}),
            form({at(0, "level1"): None}, kinds={at(0, "level1"): RefKind.ABSENT}),
        ),
        (
            Fails(form({at(4, "level1"): "产出指标"}), WARNING, at(4, "level1"), (at(4, "level1"),)),
            Fails(form({at(0, "level1"): None}), WARNING, at(0, "level1"), (at(0, "level1"),)),
            Fails(form({at(0, "level2"): None}), WARNING, at(0, "level2"), (at(0, "level2"),)),
        ),
    ),
    texts.row_incomplete: Case(
        "row.incomplete",
        (
            OK,
            form(rows=(*ROWS, row("效益指标", "生态效益指标", None, None, None))),
            form({at(0, "actual"): None}, kinds={at(0, "actual"): RefKind.DASH}),
        ),
        (
            Fails(
                form({at(0, "name"): None}),
                WARNING,
                at(0, "name"),
                (at(0, "name"), at(0, "target"), at(0, "actual")),
            ),
            Fails(form({at(0, "actual"): None}), WARNING, at(0, "actual"), (at(0, "actual"),)),
            Fails(
                form(rows=(*ROWS, row("效益指标", "生态效益指标", None, None, None, "0", "0"))),
                WARNING,
                at(6, "weight"),
                (at(6, "weight"), at(6, "score")),
            ),
        ),
    ),
    texts.field_missing: Case(
        "field.missing",
        (
            OK,
            form({"project_leader": None, "section_head": None}),
            form({"expected_goal": None}, kinds={"expected_goal": RefKind.KEYED}),
            form({"funding.total.initial_budget": None}, kinds={"funding.total.initial_budget": RefKind.DASH}),
            form(
                {"funding.total.weight": None, "funding.total.score": None, "total_weight": "90", "total_score": "88"}
            ),
        ),
        (
            Fails(form({"total_score": None}), WARNING, "total_score", ("total_score",)),
            Fails(form({"actual_result": None}), WARNING, "actual_result", ("actual_result",)),
            Fails(form({"title": None}, kinds={"title": RefKind.ABSENT}), NOTE, "title", ()),
        ),
    ),
    texts.number_format: Case(
        "number.format",
        (
            OK,
            form(
                printed={
                    "funding.total.executed": "1,234.50 万元",
                    "funding.total.execution_rate": "７５％",
                    "total_score": "0 分",
                    at(0, "weight"): "20（分）",
                    at(0, "name"): "10 条 20",
                    "fiscal_year": "二〇二一",
                }
            ),
        ),
        (
            *(
                Fails(form(printed={path: printed}), WARNING, path, (path,))
                for path, printed in (
                    (at(0, "score"), "1O"),
                    (at(0, "score"), "18 10"),
                    (at(0, "weight"), "020"),
                    ("total_score", "95..5"),
                    ("funding.total.executed", "12,34"),
                    ("funding.total.executed", "约90"),
                )
            ),
            Fails(
                form({"total_score": "九十"}, printed={"total_score": "90"}), WARNING, "total_score", ("total_score",)
            ),
        ),
    ),
    texts.phone_format: Case(
        "phone.format",
        (
            OK,
            *(
                form({"phone": phone})
                for phone in ("010-55550123-801", "（010）55550123", "138****0123", "无", "55550123转8")
            ),
        ),
        tuple(
            Fails(form({"filler_phone": phone}), WARNING, "filler_phone", ("filler_phone",))
            for phone in ("555O0123", "5550", "孙点点")
        ),
    ),
    texts.date_year: Case(
        "date.year",
        (OK, form({"filled_on": None}), form({"filled_on": "2024-12-31"})),
        (
            Fails(form({"filled_on": "2021-12-20"}), NOTE, "filled_on", ()),
            Fails(form({"filled_on": "2021-03-10"}), WARNING, "filled_on", ()),
            Fails(form({"filled_on": "2020-03-10"}), WARNING, "filled_on", ("filled_on", "fiscal_year")),
            Fails(form({"filled_on": "2072-01-20"}), WARNING, "filled_on", ("filled_on", "fiscal_year")),
            Fails(form({"filled_on": "2022-02-30"}), WARNING, "filled_on", ("filled_on",)),
        ),
    ),
    texts.cell_split: Case(
        "cell.split",
        (OK, form({at(1, "target"): "合格率100%"}), form({at(4, "name"): "在建设中改善沿河环境"})),
        (
            Fails(
                form({at(5, "target"): "沿河居民满意度", at(5, "actual"): "95%"}),
                WARNING,
                at(5, "target"),
                (at(5, "target"), at(5, "actual")),
            ),
            Fails(
                form({at(4, "name"): "改善沿河环境，在河长制框架下"}),
                WARNING,
                at(4, "name"),
                (at(4, "name"), at(4, "target")),
            ),
        ),
    ),
    texts.markup: Case(
        "markup",
        (OK, form({at(1, "target"): "故障率<1%，响应<2h"}), form({"project_name": "A&B示例项目"})),
        (
            Fails(form({"actual_result": "<p>完成清淤</p>"}), WARNING, "actual_result", ("actual_result",)),
            Fails(form({"actual_result": "完成清淤&nbsp;"}), WARNING, "actual_result", ("actual_result",)),
            Fails(form({at(0, "name"): "清淤<br/>条数"}), WARNING, at(0, "name"), (at(0, "name"),)),
        ),
    ),
    truncation.cell_truncated: Case(
        "cell.truncated",
        (
            OK,
            *(
                form({at(4, "actual"): text})
                for text in ("不涉及", "群众参与", "投诉总和", "1）投诉减少", "“一河一策”")
            ),
            form({at(4, "level2"): "社会效益"}),
            form({at(4, "level2"): "沿河"}),
            # Authors abbreviate: a beginning of the target, twice, is no sign of a scan.
            form({at(4, "actual"): "沿河居民", at(1, "target"): "一次验收合格", at(1, "actual"): "一次验收"}),
            form({at(1, "target"): "100", at(1, "actual"): "10"}),
            # Complete clauses that the other column elaborates.
            form({at(place, "actual"): f"{ROWS[place][3]}，达到预期" for place in (0, 1, 2, 4)}),
        ),
        (
            Fails(form({at(4, "actual"): "不少于500余"}), WARNING, at(4, "actual"), (at(4, "actual"),)),
            Fails(form({at(4, "actual"): "投诉减少（以热线"}), WARNING, at(4, "actual"), (at(4, "actual"),)),
            Fails(form({"expected_goal": "完成城北三条河道的清淤、"}), WARNING, "expected_goal", ("expected_goal",)),
            Fails(form({at(0, "deviation"): "一条因汛期顺延以及"}), WARNING, at(0, "deviation"), (at(0, "deviation"),)),
            Fails(form({at(4, "level2"): "社会效"}), WARNING, at(4, "level2"), (at(4, "level2"),)),
            Fails(form({at(5, "level1"): "满意"}), WARNING, at(5, "level1"), (at(5, "level1"),)),
            Fails(
                form(rows=CLIPPED),
                WARNING,
                at(4, "actual"),
                tuple(at(place, "actual") for place in (4, 2, 1, 0)),
            ),
        ),
    ),
    truncation.cell_stray: Case(
        "cell.stray",
        (
            OK,
            form({"actual_result": "已完成城北三条河道的清淤"}),
            form({at(4, "target"): "≤120000.55", at(4, "actual"): "120000.55"}),
            form({at(4, "target"): "更快", at(4, "actual"): "快"}),
        ),
        (
            Fails(
                form({"expected_goal": "之推动沿河居民生活环境改善", "actual_result": "推动沿河居民生活环境改善"}),
                WARNING,
                "expected_goal",
                ("expected_goal",),
            ),
        ),
    ),
}


@dataclass(frozen=True)
class DossierCase:
    code: str
    passes: tuple[tuple[FormView, ...], ...]
    fails: tuple[tuple[tuple[FormView, ...], tuple[tuple[int, str], ...]], ...]
    """Forms, and which leaf of which form is to be reviewed."""


def person(name: str, phone: str | None, **more: str | None) -> FormView:
    return form({"project_leader": name, "phone": phone, "filled_by": None, "filler_phone": None, **more})


def project(number: int, **changes: str | None) -> FormView:
    return form({"project_name": f"示例项目{number}", **changes})


CLIPPED_AGAINST_SISTER = form(
    {at(0, "target"): "城北三", at(4, "target"): "沿河居", at(5, "target"): "居民满意", at(1, "target"): "100%"},
    rows=with_rows(
        (2, row("产出指标", "时效指标", "完工时间", "10月", "2021年10月完工", "8", "8")),
        (3, row("产出指标", "成本指标", "预算控制数", "50万", "90万元", "12", "12")),
    ),
)
SISTER = form(
    {at(0, "target"): "城北三条河道全部清淤", at(4, "target"): "沿河居民投诉减少", at(5, "target"): "居民满意度高"}
)
OUTSIDE = form({at(4, "weight"): "40", at(4, "score"): "40", "total_score": "98"}, subtotals={})

DOSSIER_CASES: dict[DossierCheck, DossierCase] = {
    across.phone_names: DossierCase(
        "phone.names",
        (
            (person("李白", "55550123"), person("杜甫", "55550123")),
            (person("李昀昊", "55550123"), person("李昀昱", "55550124")),
            (person("王伟", "55550123"), person("王芳", "55550123")),
        ),
        (
            (
                (person("李昀昊", "5555-0123"), person("李昀昱", "５５５５０１２３"), person("李昀昊", "55550123"), OK),
                ((0, "project_leader"), (1, "project_leader"), (2, "project_leader")),
            ),
            (
                (person("李昀", "55550123"), person("李昀昱", "55550123")),
                ((0, "project_leader"), (1, "project_leader")),
            ),
            # Within one form: the leader fills it in.
            (
                (person("钱昉", "55550123", filled_by="钱昐", filler_phone="55550123"),),
                ((0, "project_leader"), (0, "filled_by")),
            ),
        ),
    ),
    across.names_lookalike: DossierCase(
        "names.lookalike",
        (
            (person("王小明", None), person("王小红", None)),
            (person("王小昉", "55550123"), person("王小昐", "55550124")),
            (person("王昉", None), person("王昐", None)),
        ),
        (
            (
                (person("王小昉", None), person("王小昐", None), person("李昀昊", None)),
                ((0, "project_leader"), (1, "project_leader")),
            ),
            (
                (OK, form({"implementing_unit": "示例区河道管埋所", "section_head": "赵某"}), form()),
                (),
            ),
            (
                (OK, form({"implementing_unit": "示例区河道管瑝所"})),
                ((0, "implementing_unit"), (1, "implementing_unit")),
            ),
        ),
    ),
    across.cell_truncated_across: DossierCase(
        "cell.truncated",
        ((OK, OK), (SISTER, OK)),
        (((CLIPPED_AGAINST_SISTER, SISTER), tuple((0, at(place, "target")) for place in (0, 4, 5))),),
    ),
    across.unit_truncated: DossierCase(
        "cell.truncated",
        ((form({"competent_department": "示例区水务局", "implementing_unit": "示例区水务局信息中心"}),),),
        (
            (
                (form({"competent_department": "示例区接待办公室", "implementing_unit": "示例区接待办"}), OK),
                ((0, "implementing_unit"),),
            ),
        ),
    ),
    across.convention_alone: DossierCase(
        "weights.total",
        ((OUTSIDE,) * 5, (OK,) * 5, (OUTSIDE, OK)),
        (
            (
                (OK, OUTSIDE, OK, OK, OK),
                tuple((1, at(place, cell)) for place in (0, 3, 4) for cell in ("weight", "score")),
            ),
        ),
    ),
    across.year_alone: DossierCase(
        "date.year",
        ((*[OK] * 3, *[form({"fiscal_year": "2020"})] * 3), (OK, form({"fiscal_year": "2020"}))),
        (((*[OK] * 5, form({"fiscal_year": "2027"})), ((5, "fiscal_year"),)),),
    ),
    across.form_duplicate: DossierCase(
        "form.duplicate",
        ((project(1), project(2)), (project(1), project(1, fiscal_year="2020"))),
        (((project(1), project(2), project(1)), ()),),
    ),
}


def found(view: FormView) -> list[Finding]:
    return [finding for check in CHECKS for finding in check(view)]


def test_every_check_has_an_example_that_passes_and_one_that_fails() -> None:
    assert list(CASES) and set(CASES) == set(CHECKS)
    assert set(DOSSIER_CASES) == set(DOSSIER_CHECKS)
    assert all(case.passes and case.fails for case in CASES.values())
    assert all(dossier.passes and dossier.fails for dossier in DOSSIER_CASES.values())


@pytest.mark.parametrize("check", [*CHECKS, *DOSSIER_CHECKS], ids=lambda check: check.__name__)
def test_a_check_says_what_it_holds_where_from_and_by_example(check: Callable[..., object]) -> None:
    assert check.__doc__ is not None
    for part in ("Source: ", ">>> passes: ", ">>> fails: "):
        assert part in check.__doc__


def test_the_made_up_form_passes_every_check() -> None:
    assert found(OK) == []


@pytest.mark.parametrize(
    ("check", "view"),
    [
        pytest.param(check, view, id=f"{case.code}-{number}")
        for check, case in CASES.items()
        for number, view in enumerate(case.passes)
    ],
)
def test_check_passes(check: Check, view: FormView) -> None:
    assert list(check(view)) == []


@pytest.mark.parametrize(
    ("check", "fails"),
    [
        pytest.param(check, fails, id=f"{case.code}-{number}")
        for check, case in CASES.items()
        for number, fails in enumerate(case.fails)
    ],
)
def test_check_fails(check: Check, fails: Fails) -> None:
    told = list(check(fails.view))
    assert told
    assert {finding.check for finding in told} == {CASES[check].code}
    assert told[0].severity is fails.severity
    assert told[0].paths[0] == fails.first
    review = tuple(dict.fromkeys(path for finding in told for path in finding.review))
    assert review == fails.review
    for finding in told:
        assert finding.message and "\n" not in finding.message
        assert set(finding.review) <= set(finding.paths)
        assert len(finding.paths) == len(set(finding.paths))


@pytest.mark.parametrize(
    ("check", "forms"),
    [
        pytest.param(check, forms, id=f"{case.code}-{number}")
        for check, case in DOSSIER_CASES.items()
        for number, forms in enumerate(case.passes)
    ],
)
def test_dossier_check_passes(check: DossierCheck, forms: Sequence[FormView]) -> None:
    assert list(check(forms)) == []


@pytest.mark.parametrize(
    ("check", "forms", "review"),
    [
        pytest.param(check, *fails, id=f"{case.code}-{number}")
        for check, case in DOSSIER_CASES.items()
        for number, fails in enumerate(case.fails)
    ],
)
def test_dossier_check_fails(check: DossierCheck, forms: Sequence[FormView], review: Sequence[tuple[int, str]]) -> None:
    told = list(check(forms))
    assert {finding.check for _, finding in told} <= {DOSSIER_CASES[check].code}
    assert {(index, path) for index, finding in told for path in finding.review} == set(review)
    if not review:
        assert all(finding.severity is not ERROR for _, finding in told)


def test_messages_name_no_person_and_no_telephone() -> None:
    forms = (person("李昀昊", "55550123"), person("李昀昱", "55550123"), person("王小昉", None), person("王小昐", None))
    messages = [finding.message for check in DOSSIER_CHECKS for _, finding in check(forms)]
    messages += [finding.message for view in forms for finding in found(view)]
    assert len(messages) >= 4
    for personal in ("李昀昊", "李昀昱", "王小昉", "王小昐", "55550123"):
        assert not any(personal in message for message in messages)


def test_a_message_gives_the_figures() -> None:
    view = form({"funding.total.execution_rate": "57"})
    assert [finding.message for finding in funding.funding_rate(view)] == [
        "executed 90 of annual budget 120 is 75 %, printed 57 %"
    ]


@pytest.mark.parametrize(
    ("difference", "unit", "whole", "verdict"),
    [
        ("0", "1", True, Verdict.HOLDS),
        ("0.05", "0.1", False, Verdict.HOLDS),
        ("0.0501", "0.1", False, Verdict.ROUNDING),
        ("0.1", "0.1", False, Verdict.ROUNDING),
        ("0.1001", "0.1", False, Verdict.FAILS),
        ("1", "1", False, Verdict.ROUNDING),
        ("1", "1", True, Verdict.FAILS),
    ],
)
def test_tolerance(difference: str, unit: str, whole: bool, verdict: Verdict) -> None:
    assert judge(Decimal(difference), Decimal(unit), whole=whole) is verdict


@pytest.mark.parametrize(
    ("executed", "rate", "severity"),
    [
        ("7505", "75.1", None),
        ("7505", "75.0", None),
        ("7506", "75.0", NOTE),
        ("7510", "75.0", NOTE),
        ("7511", "75.0", ERROR),
        ("7550", "75", None),
        ("7551", "75", NOTE),
        ("7601", "75", ERROR),
    ],
)
def test_the_printed_place_of_a_rate_counts(executed: str, rate: str, severity: Severity | None) -> None:
    view = form(
        {
            "funding.total.annual_budget": "10000",
            "funding.total.executed": executed,
            "funding.total.execution_rate": rate,
        }
    )
    assert [finding.severity for finding in funding.funding_rate(view)] == ([severity] if severity else [])


def test_amounts_with_decimals_are_rounded_themselves() -> None:
    """12.35 may be 12.3452: a rate that fits it is a note. Whole amounts are exact."""
    rounded = form(
        {
            "funding.total.annual_budget": "13.00",
            "funding.total.executed": "12.35",
            "funding.total.execution_rate": "94.97",
        }
    )
    assert [finding.severity for finding in funding.funding_rate(rounded)] == [NOTE]
    whole = form(
        {
            "funding.total.annual_budget": "1300",
            "funding.total.executed": "1235",
            "funding.total.execution_rate": "94.97",
        }
    )
    assert [finding.severity for finding in funding.funding_rate(whole)] == [ERROR]


def test_amounts_in_another_unit_are_compared_in_the_units_of_the_form() -> None:
    view = form({"funding.appropriation.executed": "800000"}, units={"funding.appropriation.executed": "元"})
    assert [finding.check for finding in found(view)] == ["money.unit"]


def test_nothing_tells_the_suspects_apart() -> None:
    """Rows that lost points for reasons of their own may each be misread: every one of them is to be reviewed."""
    lost = tuple(row("产出指标", "数量指标", f"河道{n}", "城北", "城中", "15", "12", "汛期") for n in range(6))
    view = form({"total_score": "78.5"}, rows=lost, subtotals={})
    told = [finding for finding in found(view) if finding.severity is ERROR]
    assert [finding.check for finding in told] == ["scores.total"]
    assert set(told[0].review) == {at(place, "score") for place in range(6)} | {"total_score", "funding.total.score"}


def test_a_sum_by_the_other_convention_blames_both() -> None:
    """Weight misread by just the funding weight, total score misread too: neither convention holds."""
    view = form({at(4, "weight"): "40", "total_score": "55.5"}, subtotals={})
    reviewed = {path for finding in found(view) for path in finding.review}
    assert {at(4, "weight"), "total_score"} <= reviewed


def test_the_made_up_rows_have_every_column() -> None:
    assert all(len(words) == len(ROW) for words in ROWS)
