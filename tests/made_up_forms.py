"""A made-up self-evaluation form as the checks see it, and how to change it. Nothing in it was ever printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.forms import FormView
from pipeline.reading import RefKind
from schemas.self_evaluation.record import LEAVES

ROW = tuple(leaf.removeprefix("indicators[].") for leaf in LEAVES if "[]" in leaf)

HEADER = {
    "title": "示例区项目支出绩效自评表",
    "fiscal_year": "2021",
    "project_name": "河道清淤示例项目",
    "competent_department": "示例区水务局",
    "implementing_unit": "示例区河道管理所",
    "project_leader": "钱多多",
    "phone": "55550101",
    "amount_unit": "万元",
    "expected_goal": "完成城北三条河道的清淤",
    "actual_result": "完成了三条河道中两条的清淤",
    "total_weight": "100",
    "total_score": "95.5",
    "filled_by": "孙点点",
    "filler_phone": "55550102",
    "filled_on": "2022-01-20",
}
FUNDING = {
    "total": ("120", "120", "90", "10", "75", "7.5"),
    "appropriation": ("100", "100", "80", None, None, None),
    "carryover": ("20", "20", "10", None, None, None),
    "other": ("0", "0", "0", None, None, None),
}
CELLS = ("initial_budget", "annual_budget", "executed", "weight", "execution_rate", "score")

Words = Sequence[str | None]
ROWS: tuple[Words, ...] = (
    ("产出指标", "数量指标", "清淤河道条数", "3条", "清淤两条", "20", "18", "一条因汛期顺延"),
    ("产出指标", "质量指标", "验收合格率", "100%", "100%", "10", "10", None),
    ("产出指标", "时效指标", "完工时间", "2021年11月底前", "2021年10月完工", "8", "8", "无"),
    ("产出指标", "成本指标", "预算控制数", "120万元", "90万元", "12", "12", None),
    ("效益指标", "社会效益指标", "改善沿河环境", "沿河居民投诉减少", "投诉减少四成", "30", "30", None),
    ("满意度指标", "服务对象满意度指标", "沿河居民满意度", "≥90%", "95%", "10", "10", None),
)
SUBTOTALS = {"产出指标": "50", "效益指标": "30", "满意度指标": "10"}


def form(
    changes: Mapping[str, str | None] | None = None,
    *,
    rows: Sequence[Words] = ROWS,
    subtotals: Mapping[str, str] = SUBTOTALS,
    merged: tuple[tuple[int, int], ...] = (),
    units: Mapping[str, str] | None = None,
    kinds: Mapping[str, RefKind] | None = None,
    printed: Mapping[str, str] | None = None,
    extra: Mapping[str, str] | None = None,
) -> FormView:
    """The made-up form, in which every identity holds, with some leaves changed. A blank is an empty cell."""
    values: dict[str, str | None] = {leaf: HEADER.get(leaf) for leaf in LEAVES if "[]" not in leaf}
    for line, figures in FUNDING.items():
        values |= {f"funding.{line}.{cell}": figure for cell, figure in zip(CELLS, figures, strict=True)}
    for place, words in enumerate(rows):
        values |= {f"indicators[{place}].{cell}": word for cell, word in zip(ROW, words, strict=True)}
    unknown = set(changes or {}) - set(values)
    assert not unknown, unknown
    values |= changes or {}
    blank = {path: RefKind.EMPTY for path, value in values.items() if value is None}
    return FormView(
        values=values,
        kinds={path: RefKind.AT for path in values} | blank | dict(kinds or {}),
        printed={path: value for path, value in values.items() if value is not None} | dict(printed or {}),
        units=units or {},
        rows=len(rows),
        merged=merged,
        subtotals=subtotals,
        extra=extra or {},
        document="made-up.txt",
        ordinal=1,
    )


def row(
    level1: str, level2: str, name: str | None, target: str | None, actual: str | None, *points: str | None
) -> Words:
    """A row of the indicator table; `points` are weight, score and reason, as far as they are printed."""
    return (level1, level2, name, target, actual, *points, *([None] * (3 - len(points))))
