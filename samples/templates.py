"""Templates of the form: which columns and labels are printed, and in how many spellings.

Labels belong to the public national template and its provincial and older relatives; the spellings of one form are
drawn once, in `spell`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

__all__ = ["TEMPLATES", "Spelling", "Template", "spell"]


@dataclass(frozen=True, slots=True)
class Template:
    """What one template prints.

    `funding` and `indicators` name the columns from left to right by their record key; a key that the record has no
    place for (`nature`, `unit`, `method`) is printed all the same. `lines` names the funding lines likewise.
    `heads` maps a key to the spellings of its label.
    """

    name: str
    titles: tuple[str, ...]
    funding: tuple[str, ...]
    lines: tuple[str, ...]
    indicators: tuple[str, ...]
    heads: dict[str, tuple[str, ...]] = field(default_factory=dict)
    leader: float = 1.0
    """Share of forms with a row for the project leader."""
    cost_level1: float = 0.0
    """Share of forms with 成本指标 among the first-level headings."""


_COMMON = {
    "project": ("项目名称",),
    "department": ("主管部门",),
    "unit_name": ("实施单位", "实施单位", "项目实施单位"),
    "leader": ("项目负责人",),
    "phone": ("联系电话",),
    "money": ("项目资金",),
    "goals": ("年度总体目标",),
    "expected_goal": ("预期目标", "预期目标", "年初设定目标"),
    "actual_result": ("实际完成情况", "实际完成情况", "全年实际完成情况"),
    "table": ("绩效指标",),
    "level1": ("一级指标",),
    "level2": ("二级指标",),
    "name": ("三级指标",),
    "score": ("得分",),
    "weight": ("分值",),
    "grand": ("总分",),
    "filled_by": ("填表人",),
    "filler_phone": ("联系电话",),
    "filled_on": ("填写日期", "填写日期", "填表日期"),
    "section_head": ("科室负责人",),
    "total": ("年度资金总额", "年度资金总额", "年度资金总额："),
    "appropriation": ("其中：当年财政拨款", "其中：本年财政拨款", "其中：本年一般公共预算拨款", "其中:当年财政拨款"),
    "carryover": ("上年结转资金", "上年结转资金", "上年结转"),
    "other": ("其他资金",),
    "execution_rate": ("执行率",),
}

_NATIONAL_FUNDING = ("initial_budget", "annual_budget", "executed", "weight", "execution_rate", "score")
_NATIONAL_ROW = ("level1", "level2", "name", "target", "actual", "weight", "score", "deviation")

TEMPLATES = {
    template.name: template
    for template in (
        Template(
            "national-2020",
            ("{city}项目支出绩效自评表", "项目支出绩效自评表", "{city}项目支出绩效自评表"),
            _NATIONAL_FUNDING,
            ("total", "appropriation", "carryover", "other"),
            _NATIONAL_ROW,
            _COMMON
            | {
                "initial_budget": ("年初预算数",),
                "annual_budget": ("全年预算数",),
                "executed": ("全年执行数",),
                "target": ("年度指标值",),
                "actual": ("实际完成值",),
                "deviation": ("偏差原因分析及改进措施",),
            },
        ),
        Template(
            "national-2021",
            ("项目支出绩效自评表", "{city}市级项目支出绩效自评表", "{city}项目支出绩效自评表"),
            _NATIONAL_FUNDING,
            ("total", "appropriation", "carryover", "other"),
            _NATIONAL_ROW,
            _COMMON
            | {
                "initial_budget": ("年初预算数",),
                "annual_budget": ("全年预算数",),
                "executed": ("全年执行数",),
                "target": ("年度指标值", "年度指标值(A)"),
                "actual": ("实际完成值", "实际完成值(B)"),
                "deviation": ("偏差原因分析及改进措施", "未完成原因分析及改进措施"),
            },
            leader=0.5,
            cost_level1=0.6,
        ),
        Template(
            "provincial-2022",
            ("部门预算项目支出绩效自评表", "{city}部门预算项目支出绩效自评表"),
            ("initial_budget", "annual_budget", "executed", "execution_rate", "weight", "score"),
            ("total", "appropriation", "special", "own", "other"),
            ("level1", "level2", "name", "nature", "target", "unit", "actual", "weight", "score", "deviation"),
            _COMMON
            | {
                "money": ("项目预算执行情况", "项目资金"),
                "initial_budget": ("年初预算",),
                "annual_budget": ("调整后预算数",),
                "executed": ("预算执行数",),
                "execution_rate": ("预算执行率",),
                "weight": ("权重",),
                "total": ("年度资金总额", "总额"),
                "appropriation": ("其中：财政资金",),
                "special": ("财政专户管理资金",),
                "own": ("单位资金",),
                "nature": ("指标性质",),
                "target": ("指标值",),
                "unit": ("度量单位",),
                "actual": ("完成值",),
                "deviation": ("未完成原因分析",),
            },
            leader=0.0,
            cost_level1=0.5,
        ),
        Template(
            "city-2016",
            ("{city}财政支出项目绩效自评表", "{city}项目支出绩效自评表"),
            ("initial_budget", "executed", "weight", "execution_rate", "score"),
            ("total", "appropriation", "other"),
            ("level1", "level2", "name", "weight", "target", "actual", "method", "score", "deviation"),
            _COMMON
            | {
                "initial_budget": ("年初预算数(A)", "年初预算数（A）"),
                "executed": ("全年执行数(B)", "全年执行数（B）"),
                "execution_rate": ("执行率(B/A)", "执行率（B/A）"),
                "target": ("年度指标值(A)", "年度指标值（A）"),
                "actual": ("全年实际值(B)", "全年实际值（B）"),
                "method": ("得分计算方法",),
                "deviation": ("未完成原因分析",),
                "appropriation": ("其中：本年财政拨款",),
            },
            leader=0.7,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Spelling:
    """The labels of one form, by key."""

    template: Template
    labels: dict[str, str]

    def __getitem__(self, key: str) -> str:
        return self.labels[key]


def spell(rng: Random, template: Template) -> Spelling:
    """Draw the spelling of every label once."""
    return Spelling(template, {key: rng.choice(choices) for key, choices in template.heads.items()})
