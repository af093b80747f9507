"""A made-up form before it is printed: who, money, goals, rows, totals; and the defects planted in its figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from samples.figures import Money, Style, make_money, make_style
from samples.indicators import Habits, Row, make_habits, make_rows
from samples.templates import TEMPLATES, Spelling, spell
from samples.vocabulary import BODIES, CITIES, THEMES, Theme, goal, person, phone, result

__all__ = ["DRAFT_DEFECTS", "Author", "Draft", "Person", "make_author", "make_draft"]

_HALF_WIDTH = str.maketrans("，；：", ",;:")
_CLEAR_MISS = (Decimal("-20"), Decimal("-7.5"), Decimal("-3"))


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class Author:
    """The body that files the forms of a document, and its people."""

    city: str
    body: str
    department: str
    year: int
    theme: Theme
    people: tuple[Person, ...]


def make_author(rng: Random, people: int = 2) -> Author:
    """A fictional body with that many people."""
    place = rng.randrange(len(BODIES))
    city = rng.choice(CITIES)
    return Author(
        city=city,
        body=city + BODIES[place],
        department=rng.choice((f"{city}人民政府办公室", "综合科", "业务二科", city + BODIES[place])),
        year=rng.choice((2020, 2021, 2021, 2022, 2023)),
        theme=THEMES[place],
        people=tuple(Person(person(rng), phone(rng)) for _ in range(people)),
    )


@dataclass(slots=True)
class Draft:
    """Everything a form says. Blank texts are empty strings; `texts` holds the header leaves by name."""

    author: Author
    spelling: Spelling
    style: Style
    habits: Habits
    money: Money
    rows: list[Row]
    texts: dict[str, str]
    total_weight: Decimal
    total_score: Decimal
    level1_spelling: dict[str, str]
    """How a first-level heading is printed: 满意度 for 满意度指标."""
    subtotals: dict[str, Decimal]
    """Printed subtotals by first-level heading as printed; empty if the author prints none."""
    has_leader: bool
    filled_on: date | None
    signature: tuple[str, ...]
    """Which of filled_by, filler_phone, filled_on, section_head the form has."""
    not_concerned: tuple[str, str]
    """What a row of 不涉及 prints for weight and score, and for the reason."""
    grade: str = ""
    foreign_unit: str = ""
    """A funding leaf that is printed in 元 on a form in 万元."""
    defects: list[dict[str, Any]] = field(default_factory=list)
    ambiguous: list[dict[str, str]] = field(default_factory=list)

    def total(self) -> Decimal:
        """What the scores add up to."""
        scores = sum((row.score for row in self.rows if row.score is not None), Decimal(0))
        return scores + self.money.score if self.money.counted else scores


def make_draft(
    rng: Random, author: Author, *, template: str | None = None, rows: int | None = None, defect: str | None = None
) -> Draft:
    """A consistent form of that author, with the defect planted if it is one of `DRAFT_DEFECTS`."""
    name = template or rng.choices(list(TEMPLATES), (5, 3, 1, 1))[0]
    spelling = spell(rng, TEMPLATES[name])
    chosen = spelling.template
    style = make_style(rng)
    if defect == "unit":
        style.unit, style.unit_in_cell = "万元", True
    counted = rng.random() < 0.8 or defect == "funding_score"
    lines = tuple(line for line in chosen.lines if line != "carryover" or rng.random() < 0.9)
    money = make_money(rng, style, lines, chosen.funding, counted=counted)
    habits = make_habits(rng, counted=counted, cost_level1=rng.random() < chosen.cost_level1, rows=rows)
    theme = author.theme if rng.random() < 0.5 else rng.choice(THEMES)
    made = make_rows(rng, habits, theme, author.city, author.year, money, style)
    draft = Draft(
        author=author,
        spelling=spelling,
        style=style,
        habits=habits,
        money=money,
        rows=made,
        texts=_texts(rng, author, spelling, theme),
        total_weight=Decimal(100),
        total_score=Decimal(0),
        level1_spelling={row.level1: row.level1 for row in made},
        subtotals={},
        has_leader=rng.random() < chosen.leader,
        filled_on=date(author.year + 1, 1, 4) + timedelta(days=rng.randrange(85)),
        signature=_signature(rng, defect),
        not_concerned=rng.choice((("", ""), ("", ""), ("--", ""), ("不涉及", "不涉及"))),
    )
    draft.total_score = draft.total()
    if "满意度指标" in draft.level1_spelling and rng.random() < 0.25:
        draft.level1_spelling["满意度指标"] = "满意度"
    if rng.random() < 0.45 or defect == "subtotal":
        _print_subtotals(draft)
    if rng.random() < 0.15:
        _half_width(draft)
    if defect in DRAFT_DEFECTS:
        paths, what = DRAFT_DEFECTS[defect](rng, draft)
        draft.defects.append({"paths": paths, "what": what})
    return draft


def _texts(rng: Random, author: Author, spelling: Spelling, theme: Theme) -> dict[str, str]:
    project = rng.choice(theme.projects)
    leader, filler = rng.choice(author.people), rng.choice(author.people)
    named = rng.choice(("{project}经费", "{city}{project}项目", "{year}年{project}", "{obj}{project}（二期）"))
    return {
        "title": spelling.template.titles[rng.randrange(3) % len(spelling.template.titles)].format(city=author.city),
        "fiscal_year": str(author.year),
        "project_name": named.format(
            project=project, city=author.city, year=author.year, obj=rng.choice(theme.objects)
        ),
        "competent_department": author.department if rng.random() < 0.95 else "",
        "implementing_unit": author.body,
        "project_leader": leader.name,
        "phone": leader.phone,
        "expected_goal": goal(rng, theme, author.city, author.year, project),
        "actual_result": result(rng, theme, author.city, author.year, project),
        "filled_by": filler.name,
        "filler_phone": filler.phone,
        "section_head": author.people[-1].name,
    }


def _signature(rng: Random, defect: str | None) -> tuple[str, ...]:
    if rng.random() < 0.12 and defect != "date":
        return ()
    signature = ("filled_by", "filler_phone", "filled_on")
    return ("section_head", *signature) if rng.random() < 0.15 else signature


def _print_subtotals(draft: Draft) -> None:
    for level1, printed in draft.level1_spelling.items():
        weights = [row.weight for row in draft.rows if row.level1 == level1 and row.weight is not None]
        if weights:
            draft.subtotals[printed] = sum(weights, Decimal(0))


def _half_width(draft: Draft) -> None:
    for row in draft.rows:
        for name in ("name", "target", "actual", "deviation", "bare_target", "bare_actual"):
            setattr(row, name, getattr(row, name).translate(_HALF_WIDTH))
    for name in ("expected_goal", "actual_result"):
        draft.texts[name] = draft.texts[name].translate(_HALF_WIDTH)


# Defects: each changes the draft and returns (leaf paths, what is wrong). What is printed stays what the record holds.


def _wrong_rate(rng: Random, draft: Draft) -> tuple[list[str], str]:
    right = draft.money.rate
    shift = next(shift for shift in rng.sample(_CLEAR_MISS, 3) if right + shift >= 0 or right < 3)
    draft.money.rate = abs(right + shift)
    return ["funding.total.execution_rate"], f"rate {draft.money.rate} instead of {right}"


def _wrong_funding_score(rng: Random, draft: Draft) -> tuple[list[str], str]:
    right = draft.money.score
    draft.money.score = right - 4 if right >= 5 else right + 4
    draft.total_score = draft.total()
    return ["funding.total.score"], f"funding score {draft.money.score} instead of {right}"


def _wrong_parts(rng: Random, draft: Draft) -> tuple[list[str], str]:
    column = draft.money.base
    part = draft.money.lines["appropriation"]
    part[column] += 7 * Decimal(1).scaleb(2 if draft.style.unit == "元" else 0)
    paths = [f"funding.appropriation.{column}", f"funding.total.{column}"]
    return paths, "appropriation and the other parts do not make the total"


def _wrong_weights_total(rng: Random, draft: Draft) -> tuple[list[str], str]:
    places = [n for n, row in enumerate(draft.rows) if row.weight is not None and row.score != row.weight]
    n = rng.choice(places)
    row = draft.rows[n]
    assert row.weight is not None
    row.weight += rng.choice((2, 3, 5))
    return ["total_weight", f"indicators[{n}].weight"], "weights do not make the total weight"


def _wrong_scores_total(rng: Random, draft: Draft) -> tuple[list[str], str]:
    right = draft.total_score
    draft.total_score -= rng.choice((2, 4, 10))
    return ["total_score"], f"total {draft.total_score} instead of {right}"


def _score_above_weight(rng: Random, draft: Draft) -> tuple[list[str], str]:
    n = rng.choice([n for n, row in enumerate(draft.rows) if row.score is not None])
    row = draft.rows[n]
    assert row.weight is not None
    row.score = row.weight + rng.choice((1, 2))
    draft.total_score = draft.total()
    return [f"indicators[{n}].score"], f"score {row.score} above weight {row.weight}"


def _wrong_subtotal(rng: Random, draft: Draft) -> tuple[list[str], str]:
    level1 = rng.choice(list(draft.subtotals))
    right = draft.subtotals[level1]
    draft.subtotals[level1] = right + 10 if right <= 10 else right - 5
    return ["level1_weights"], f"subtotal {level1} {draft.subtotals[level1]}, rows make {right}"


def _missing_reason(rng: Random, draft: Draft) -> tuple[list[str], str]:
    n = rng.choice([n for n, row in enumerate(draft.rows) if row.score is not None and row.score != row.weight])
    draft.rows[n].deviation = ""
    return [f"indicators[{n}].deviation", f"indicators[{n}]"], "lost points without a reason"


def _other_cost(rng: Random, draft: Draft) -> tuple[list[str], str]:
    n = next(n for n, row in enumerate(draft.rows) if row.cost)
    row = draft.rows[n]
    spent = draft.money.lines["total"]["executed"]
    other = draft.style.amount(spent + (Decimal(50000) if draft.style.unit == "元" else Decimal(5)))
    row.bare_actual, row.actual = other, f"{other}{row.unit}"
    return [f"indicators[{n}]", "funding.total.executed"], f"cost actual {other}, executed {spent}"


def _foreign_unit(rng: Random, draft: Draft) -> tuple[list[str], str]:
    draft.foreign_unit = "funding.total.executed"
    return [draft.foreign_unit], "printed in 元 on a form in 万元"


def _early_date(rng: Random, draft: Draft) -> tuple[list[str], str]:
    draft.filled_on = date(draft.author.year, rng.randint(2, 7), rng.randint(1, 28))
    return ["filled_on", "fiscal_year"], "filled in before the fiscal year was over"


def _wrong_grade(rng: Random, draft: Draft) -> tuple[list[str], str]:
    score = draft.total_score
    right = "优" if score >= 90 else "良" if score >= 80 else "中" if score >= 60 else "差"
    draft.grade = rng.choice([grade for grade in "优良中差" if grade != right])
    return ["total_score"], f"grade {draft.grade} printed, {score} is {right}"


def _long_text(rng: Random, draft: Draft) -> tuple[str, int, str]:
    """A text worth damaging: (field, row or -1, text)."""
    found = [
        (name, n, getattr(row, name))
        for n, row in enumerate(draft.rows)
        for name in ("name", "target", "deviation")
        if row.kind == "scored" and len(getattr(row, name)) >= 9 and not row.cost
    ]
    found += [(name, -1, draft.texts[name]) for name in ("expected_goal", "actual_result")]
    return rng.choice(found)


def _set_text(draft: Draft, name: str, n: int, text: str) -> str:
    """Put the text there; return its leaf path."""
    if n < 0:
        draft.texts[name] = text
        return name
    row = draft.rows[n]
    setattr(row, name, text)
    if name == "target":
        row.bare_target, row.nature, row.unit = text, "", ""
    return f"indicators[{n}].{name}"


def _truncated(rng: Random, draft: Draft) -> tuple[list[str], str]:
    name, n, text = _long_text(rng, draft)
    kept = text[: rng.randint(len(text) // 2, len(text) - 3)].rstrip("，。；：、\n,;:")
    return [_set_text(draft, name, n, kept)], "text cut off"


def _markup(rng: Random, draft: Draft) -> tuple[list[str], str]:
    name, n, text = _long_text(rng, draft)
    path = _set_text(draft, name, n, f"<p>{text}</p>")
    draft.ambiguous.append({"path": path, "why": "markup leaked into the cell"})
    return [path], "markup leaked into the cell"


DRAFT_DEFECTS: dict[str, Callable[[Random, Draft], tuple[list[str], str]]] = {
    "rate": _wrong_rate,
    "funding_score": _wrong_funding_score,
    "parts": _wrong_parts,
    "weights_total": _wrong_weights_total,
    "scores_total": _wrong_scores_total,
    "score_range": _score_above_weight,
    "subtotal": _wrong_subtotal,
    "missing_reason": _missing_reason,
    "cost": _other_cost,
    "unit": _foreign_unit,
    "date": _early_date,
    "grade": _wrong_grade,
    "truncated": _truncated,
    "markup": _markup,
}
