"""The indicator rows of a made-up form: weights add up, scores follow from targets, lost points have reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from random import Random

from samples.figures import Money, Style, rounded
from samples.vocabulary import PERIODS, Theme, qualitative, reason

__all__ = ["Habits", "Row", "make_habits", "make_rows"]

_SLOTS = {
    "产出指标": ("数量指标", "质量指标", "时效指标", "成本指标"),
    "成本指标": ("经济成本指标", "社会成本指标"),
    "效益指标": ("经济效益指标", "社会效益指标", "生态效益指标", "可持续影响指标"),
    "满意度指标": ("服务对象满意度指标",),
}
_MUST = ("数量指标", "社会效益指标", "服务对象满意度指标", "质量指标", "时效指标")
_BUDGETS = {
    (90, False): ((50, 30, 10), (40, 40, 10), (60, 20, 10), (50, 25, 15)),
    (100, False): ((50, 40, 10), (60, 30, 10), (50, 30, 20)),
    (90, True): ((40, 20, 20, 10), (50, 10, 20, 10), (30, 20, 30, 10)),
    (100, True): ((40, 20, 30, 10), (50, 10, 30, 10)),
}
"""Weights of the first-level headings, in their order, by (sum, with 成本指标 among them)."""
_NOT_CONCERNED = "不涉及"
_VERBS = ("推动", "促进", "逐步实现", "助力", "着力保障")


@dataclass(slots=True)
class Row:
    """One printed row. Blank texts are empty strings, blank figures None.

    `kind` is `scored`, `covered` (its weight and score are printed on the first row of its group), `not_concerned`,
    `heading` (a second-level heading alone) or `empty` (指标2： with nothing behind it). `members` counts the rows that
    one weight and score cover. `nature` and `unit` are what the provincial template prints in columns of their own;
    `bare_target` and `bare_actual` are target and actual without them. `cost` marks the row that names the budget.
    """

    level1: str
    level2: str
    name: str = ""
    target: str = ""
    actual: str = ""
    weight: Decimal | None = None
    score: Decimal | None = None
    deviation: str = ""
    kind: str = "scored"
    members: int = 1
    nature: str = "定性"
    unit: str = ""
    bare_target: str = ""
    bare_actual: str = ""
    cost: bool = False


@dataclass(slots=True)
class Habits:
    """How one author fills the indicator table."""

    rows: int
    whole: int
    """What the weights of the indicators add up to: 90, or 100 where the funding line is left out."""
    cost_level1: bool
    numbered: bool
    """Names begin with 指标1：."""
    none_deviation: str
    """What a row without lost points prints as its reason."""
    halves: bool
    """Weights come in steps of 0.5."""
    equal: bool
    merge: bool
    extras: float
    """Share of rows such as 不涉及, headings alone, or an empty 指标2：."""


def make_habits(rng: Random, *, counted: bool, cost_level1: bool, rows: int | None) -> Habits:
    """Draw them. `rows` fixes how many rows there are (3 to 24)."""
    if rows is None:
        kind = rng.random()
        rows = rng.randint(3, 6) if kind < 0.15 else rng.randint(7, 13) if kind < 0.75 else rng.randint(14, 24)
    if not 3 <= rows <= 24:
        raise ValueError(f"a form has 3 to 24 indicator rows, not {rows}")
    return Habits(
        rows=rows,
        whole=90 if counted else 100,
        cost_level1=cost_level1,
        numbered=rng.random() < 0.3,
        none_deviation=rng.choice(("", "", "无", "无", "/")),
        halves=rng.random() < 0.12,
        equal=rng.random() < 0.4,
        merge=rng.random() < 0.15,
        extras=rng.choice((0.0, 0.0, 0.1, 0.3)),
    )


def make_rows(rng: Random, habits: Habits, theme: Theme, city: str, year: int, money: Money, style: Style) -> list[Row]:
    """The rows in printed order: consistent, at least two in five of them short of their weight."""
    rows = _skeleton(rng, habits)
    for row in rows:
        _fill(rng, row, theme, city, year, money, style)
    _tell_apart(rng, rows, theme)
    _number(rows, habits)
    if habits.merge:
        _merge(rng, rows)
    _weigh(rng, rows, habits)
    _score(rng, rows, habits, style)
    return rows


def _skeleton(rng: Random, habits: Habits) -> list[Row]:
    """Which headings have how many rows, and which of them say nothing."""
    slots: dict[str, tuple[str, ...]] = dict(_SLOTS)
    if habits.cost_level1:
        slots["产出指标"] = slots["产出指标"][:3]
    else:
        del slots["成本指标"]
    must = ["经济成本指标" if habits.cost_level1 else "成本指标", *_MUST]
    others = [level2 for level2s in slots.values() for level2 in level2s if level2 not in must]
    rng.shuffle(others)
    wanted = (must + others)[: min(habits.rows, rng.randint(4, 10))] if habits.rows > 3 else must[:3]
    count = dict.fromkeys(wanted, 1)
    spread = [level2 for level2 in wanted if level2 in ("数量指标", "质量指标", "时效指标", "社会效益指标")]
    for _ in range(habits.rows - len(wanted)):
        count[rng.choice(spread)] += 1
    rows: list[Row] = []
    for level1, level2s in slots.items():
        for level2 in level2s:
            for n in range(count.get(level2, 0)):
                kind = "scored"
                if level2 not in must and rng.random() < habits.extras:
                    kind = rng.choice(("not_concerned", "not_concerned", "heading"))
                elif n and rng.random() < habits.extras / 2:
                    kind = "empty"
                rows.append(Row(level1, level2, kind=kind))
    return rows


def _fill(rng: Random, row: Row, theme: Theme, city: str, year: int, money: Money, style: Style) -> None:
    """Give a row its texts: a met target for now."""
    if row.kind == "not_concerned":
        row.name = row.target = row.actual = row.bare_target = row.bare_actual = _NOT_CONCERNED
        row.nature = ""
    if row.kind != "scored":
        return
    if row.level2 == "数量指标":
        row.name, row.unit, low, high = rng.choice(theme.counts)
        _quantity(rng, row, rng.randint(low, high), ("≥", "≥", "不少于", "", "="))
    elif row.level2 == "质量指标":
        row.name, row.unit = rng.choice(theme.rates), "%"
        _quantity(rng, row, rng.choice((80, 85, 90, 95, 98, 100)), ("≥", "≥", "", "不低于"))
    elif row.level2 == "服务对象满意度指标":
        row.name, row.unit = rng.choice(theme.public) + "满意度", "%"
        _quantity(rng, row, rng.choice((80, 85, 90, 92, 95)), ("≥", "≥", "", "不低于"))
    elif row.level2 == "时效指标":
        _period(rng, row, theme, year)
    elif row.level2 in ("成本指标", "经济成本指标"):
        _cost(rng, row, money, style)
    else:
        row.name = rng.choice(_VERBS) + rng.choice(theme.effects)
        row.target, row.actual = qualitative(rng, theme, city)
        row.bare_target, row.bare_actual = row.target, row.actual


def _tell_apart(rng: Random, rows: list[Row], theme: Theme) -> None:
    """No two rows of a form have the same name."""
    seen: set[str] = set()
    for row in rows:
        if row.kind == "scored":
            name, n = row.name, 0
            while row.name in seen:
                n += 1
                row.name = (rng.choice(theme.objects) if n < 6 else f"第{n - 4}批") + name
            seen.add(row.name)


def _quantity(rng: Random, row: Row, target: int, natures: Sequence[str]) -> None:
    row.nature = rng.choice(natures)
    over = target if row.unit == "%" else target + target // 8
    actual = rng.randint(target, min(over, 100) if row.unit == "%" else over)
    _print_quantity(row, str(target), str(actual))


def _print_quantity(row: Row, target: str, actual: str) -> None:
    row.bare_target, row.bare_actual = target, actual
    row.target, row.actual = f"{row.nature}{target}{row.unit}", f"{actual}{row.unit}"


def _period(rng: Random, row: Row, theme: Theme, year: int) -> None:
    row.name = rng.choice(theme.steps) + rng.choice(("完成时间", "", "及时性"))
    if rng.random() < 0.5:
        month = rng.randint(4, 12)
        row.target, row.actual = f"{year}年{month}月底前", f"{year}年{rng.randint(2, month)}月完成"
    else:
        row.target = rng.choice(PERIODS) + "完成"
        row.actual = rng.choice(("按期完成", "如期完成", "已完成"))
    row.bare_target, row.bare_actual = row.target, row.actual


def _cost(rng: Random, row: Row, money: Money, style: Style) -> None:
    """A cost row names the budget of the form and what was spent of it, in the form's own unit."""
    total = money.lines["total"]
    row.cost, row.unit = True, style.unit
    row.name = rng.choice(("预算总成本", "经费支出规模", "项目总成本控制"))
    row.nature = rng.choice(("≤", "不超过", ""))
    _print_quantity(row, style.amount(total[money.base]), style.amount(total["executed"]))


def _number(rows: list[Row], habits: Habits) -> None:
    """Put 指标1： before names, where the author does, and before what has no name else."""
    number, heading = 0, None
    for row in rows:
        number = number + 1 if (row.level1, row.level2) == heading else 1
        heading = (row.level1, row.level2)
        if row.kind == "empty":
            row.name = f"指标{number}："
        elif habits.numbered and row.kind == "scored":
            row.name = f"指标{number}：{row.name}"


def _merge(rng: Random, rows: list[Row]) -> None:
    """Let one weight and score cover two or three rows of one heading."""
    size = rng.choice((2, 3, 3))
    starts = [
        n
        for n in range(len(rows) - size + 1)
        if all(row.kind == "scored" and row.level2 == rows[n].level2 and not row.cost for row in rows[n : n + size])
    ]
    if starts:
        first = rng.choice(starts)
        rows[first].members = size
        for row in rows[first + 1 : first + size]:
            row.kind = "covered"


def _weigh(rng: Random, rows: list[Row], habits: Habits) -> None:
    """Share the whole out among the first-level headings, and each share among its rows."""
    level1s = list(dict.fromkeys(row.level1 for row in rows))
    order = [level1 for level1 in _SLOTS if level1 != "成本指标" or habits.cost_level1]
    shares = dict(zip(order, rng.choice(_BUDGETS[habits.whole, habits.cost_level1]), strict=True))
    scored = {level1: [row for row in rows if row.level1 == level1 and row.kind == "scored"] for level1 in level1s}
    heirs = [level1 for level1 in level1s if scored[level1]]
    for level1 in order:
        if level1 not in heirs:
            shares[heirs[0]] += shares.pop(level1)
    for level1 in heirs:
        units = _partition(rng, shares[level1] * 2, len(scored[level1]), habits)
        for row, unit in zip(scored[level1], units, strict=True):
            row.weight = Decimal(unit) / 2


def _partition(rng: Random, total: int, parts: int, habits: Habits) -> list[int]:
    """Positive half points that add up to `total`; whole points unless the author prints halves or must."""
    step = 1 if habits.halves or total // 2 < parts else 2
    base, rest = divmod(total // step, parts)
    shares = [base + (n < rest) for n in range(parts)]
    if not habits.equal:
        for _ in range(parts // 2):
            giver, taker = rng.randrange(parts), rng.randrange(parts)
            moved = rng.randint(0, (shares[giver] - 1) // 2)
            shares[giver] -= moved
            shares[taker] += moved
    return [share * step for share in shares]


def _score(rng: Random, rows: list[Row], habits: Habits, style: Style) -> None:
    scored = [row for row in rows if row.kind == "scored"]
    for row in scored:
        row.score = row.weight
        row.deviation = habits.none_deviation
    # The cost row keeps its points where others can lose theirs: its figures are those of the money block.
    docked = [row for row in scored if not row.cost] or scored
    for row in rng.sample(docked, min(len(docked), ceil(0.42 * len(rows)))):
        _dock(rng, row, style)


def _dock(rng: Random, row: Row, style: Style) -> None:
    """Let a row miss its target, lose points for it and say why."""
    assert row.weight is not None
    ratio = Decimal(rng.randint(60, 94)).scaleb(-2)
    if row.bare_target.isdigit() and not row.cost:
        target = int(row.bare_target)
        actual = min(int(target * ratio), target - 1)
        _print_quantity(row, row.bare_target, str(actual))
        ratio = Decimal(actual) / target
    elif row.level2 == "时效指标":
        row.actual = row.bare_actual = rng.choice(("推迟一个月完成", "基本完成，尾款未支付", "部分完成"))
    places = max(style.score_places, 1) if row.weight <= 2 else style.score_places
    least = Decimal(1).scaleb(-places)
    row.score = max(min(rounded(row.weight * ratio, places), row.weight - least), Decimal(0))
    row.deviation = reason(rng)
