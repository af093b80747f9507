"""The checks on forms made at random: consistent ones raise no error, a misread figure is found, nothing raises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.forms import Finding, FormView, Severity
from pipeline.reading import RefKind
from schemas.self_evaluation.checks import CHECKS, DOSSIER_CHECKS
from tests.made_up_forms import Words, form, row

OK = form()
AMOUNTS = ("initial_budget", "annual_budget", "executed")


def found(view: FormView) -> list[Finding]:
    return [finding for check in CHECKS for finding in check(view)]


@dataclass(frozen=True)
class Consistent:
    view: FormView
    covered: tuple[str, ...]
    """Leaves that enter an identity."""


@st.composite
def consistent(draw: st.DrawFn) -> Consistent:
    headings = [("产出指标", "数量指标"), ("效益指标", "社会效益指标"), ("满意度指标", "满意度指标")]
    cuts = sorted(draw(st.sets(st.integers(1, 89), min_size=2, max_size=9)))
    weights = [after - before for before, after in zip([0, *cuts], [*cuts, 90], strict=True)]
    rows: list[Words] = []
    subtotals: dict[str, int] = {}
    for place, weight in enumerate(weights):
        level1, level2 = headings[min(place * 3 // len(weights), 2)]
        lost = draw(st.sampled_from([0, 0, 0, 1])) * draw(st.integers(0, weight))
        reason = "汛期顺延" if lost else None
        rows.append(
            row(level1, level2, f"指标{place}", "达到计划", "基本达到", str(weight), str(weight - lost), reason)
        )
        subtotals[level1] = subtotals.get(level1, 0) + weight
    places = draw(st.sampled_from([0, 2, 4]))
    unit = Decimal(1).scaleb(-places)
    amounts = st.integers(100, 10**7).map(lambda n: n * unit)
    shares = [draw(amounts) for _ in range(2)]
    spent = [(share * draw(st.integers(1, 100)) / 100).quantize(unit) for share in shares]
    annual, executed = sum(shares, Decimal(0)), sum(spent, Decimal(0))
    rate = (executed * 100 / annual).quantize(Decimal("0.01"), ROUND_HALF_UP)
    score = (rate / 10).quantize(Decimal("0.01"), ROUND_HALF_UP)
    total = sum((Decimal(str(words[6])) for words in rows), score)
    changes: dict[str, str | None] = {
        "total_score": str(total),
        "funding.total.execution_rate": str(rate),
        "funding.total.score": str(score),
    }
    for line, initial, spending in (
        ("total", annual, executed),
        ("appropriation", shares[0], spent[0]),
        ("carryover", shares[1], spent[1]),
        ("other", Decimal(0) * unit, Decimal(0) * unit),
    ):
        changes |= {f"funding.{line}.initial_budget": str(initial), f"funding.{line}.annual_budget": str(initial)}
        changes[f"funding.{line}.executed"] = str(spending)
    view = form(changes, rows=rows, subtotals={heading: str(points) for heading, points in subtotals.items()})
    covered = ["total_weight", "total_score", "funding.total.weight", "funding.total.score"]
    covered += [f"funding.{line}.{column}" for line in ("total", "appropriation") for column in AMOUNTS]
    covered += ["funding.total.execution_rate"]
    covered += [f"indicators[{place}].{cell}" for place in range(len(rows)) for cell in ("weight", "score")]
    return Consistent(view, tuple(covered))


@given(consistent())
@settings(max_examples=200, deadline=None)
def test_a_consistent_form_raises_no_error_and_no_review(made: Consistent) -> None:
    told = found(made.view)
    assert [finding for finding in told if finding.severity is Severity.ERROR] == []
    assert [finding for finding in told if finding.review] == []


def misread(printed: str, how: int, digit: int) -> str:
    """What an OCR may make of a figure: a digit lost, added or taken for another."""
    places = [place for place, char in enumerate(printed) if char.isdigit()]
    place = places[digit % len(places)]
    before, after = printed[:place], printed[place + 1 :]
    other = str((int(printed[place]) + 1 + digit % 9) % 10)
    return (before + after, before + other + printed[place:], before + other + after)[how]


@given(consistent(), st.data(), st.integers(0, 2), st.integers(0, 10**6))
@settings(max_examples=400, deadline=None)
def test_a_misread_figure_is_among_the_first_suspects(
    made: Consistent, data: st.DataObject, how: int, digit: int
) -> None:
    path = data.draw(st.sampled_from(made.covered))
    printed = made.view.values[path]
    assert printed is not None
    wrong = misread(printed, how, digit)
    assume(wrong.strip(".") == wrong != "")
    assume(abs(Decimal(wrong) - Decimal(printed)) >= 2)
    # 0.75 for 75 may be a rate printed as a fraction of one: a warning.
    assume(not path.endswith("rate") or Decimal(wrong) > 1)
    view = replace(made.view, values={**made.view.values, path: wrong})
    told = found(view)
    errors = [finding for finding in told if finding.severity is Severity.ERROR]
    assert errors
    assert path in {path for finding in told for path in finding.review}
    suspects = {suspect for finding in errors for suspect in finding.paths[:3]}
    assert path in suspects


TEXT = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.sampled_from(
        ["0", "-1", "100", "1E+9", "NaN", "9" * 40, "0." + "1" * 30, "无", "<p>", "（", "2021-13-01", "３", "3条"]
    ),
)


@given(
    values=st.dictionaries(st.sampled_from(sorted(OK.values)), TEXT, max_size=40),
    kinds=st.dictionaries(st.sampled_from(sorted(OK.values)), st.sampled_from(RefKind), max_size=10),
    units=st.dictionaries(
        st.sampled_from(sorted(OK.values)), st.sampled_from(["元", "万", "亿元", "两", ""]), max_size=5
    ),
    subtotals=st.dictionaries(
        st.sampled_from(["产出指标", "效益", "", "满意度指标(10"]), st.text(max_size=4), max_size=3
    ),
    merged=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), max_size=2),
)
@settings(max_examples=300, deadline=None)
def test_no_check_raises_whatever_a_form_holds(
    values: Mapping[str, str | None],
    kinds: Mapping[str, RefKind],
    units: Mapping[str, str],
    subtotals: Mapping[str, str],
    merged: list[tuple[int, int]],
) -> None:
    view = form(values, kinds=kinds, units=units, subtotals=subtotals, merged=tuple(merged))
    known = {*view.values, *(f"level1_weights.{heading}" for heading in subtotals), "funding", "indicators[]"}
    known |= {f"indicators[{place}]" for place in range(view.rows)}
    told = found(view) + [finding for check in DOSSIER_CHECKS for _, finding in check([view, OK, view])]
    for finding in told:
        assert finding.paths
        assert set(finding.paths) <= known
        assert set(finding.review) <= set(finding.paths)
