"""What people are told: every field has a name, every reason a sentence in both languages with the same figures."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from pipeline import messages
from pipeline.coverage import uncovered
from pipeline.forms import Finding, Sentence, Severity, form_types
from pipeline.ingest.limits import Limits
from pipeline.messages import CATALOGUE, set_language
from pipeline.readers.table import read as read_table
from pipeline.reading import RefKind
from pipeline.review.wording import differences, field_label, reason_sentence, row_label
from pipeline.segment import segment
from pipeline.settle import settle
from pipeline.source import Document
from pipeline.work import installed_engine
from schemas.self_evaluation import sentences
from schemas.self_evaluation.checks import CHECKS, DOSSIER_CHECKS
from tests.commandline import ROOT
from tests.made_up_forms import CELLS, FUNDING, form, row
from tests.read_forms import changed, ruled
from tests.test_checks import CASES, DOSSIER_CASES, OK

FORM_TYPE = form_types()[0]
CJK = re.compile("[\u4e00-\u9fff]")
FIGURE = re.compile(r"(?<![a-z])[0-9]+(?:[.][0-9]+)?")
SAMPLES = ROOT / "samples" / "documents"


@pytest.fixture(params=["en", "zh"])
def language(request: pytest.FixtureRequest) -> Iterator[messages.Language]:
    before = messages.language()
    set_language(request.param)
    yield request.param
    set_language(before)


# Names of fields and rows.


def test_fields_are_called_what_the_form_prints() -> None:
    assert {path: field_label(FORM_TYPE, path) for path in LABELS} == LABELS


LABELS = {
    "project_name": "项目名称",
    "fiscal_year": "年度",
    "amount_unit": "项目资金 · 单位",
    "phone": "项目负责人 · 联系电话",
    "filler_phone": "填表人 · 联系电话",
    "funding": "项目资金",
    "funding.appropriation": "当年财政拨款",
    "funding.total.executed": "年度资金总额 · 全年执行数",
    "expected_goal": "预期目标",
    "indicators": "绩效指标",
    "indicators[]": "绩效指标",
    "indicators[11]": "绩效指标",
    "indicators[3].score": "得分",
    "level1_weights.产出指标": "产出指标 · 分值",
    "total_weight": "总分 · 分值",
    "total_score": "总分 · 得分",
}


def test_every_leaf_has_a_name_of_its_own() -> None:
    names = {path: field_label(FORM_TYPE, path) for path in FORM_TYPE.paths(1)}
    assert len(names) > 40
    assert all(CJK.search(name) for name in names.values())
    single = [name for path, name in names.items() if "[" not in path]
    assert len(single) == len(set(single))


def test_a_form_type_that_says_no_more_has_the_names_of_its_vocabulary() -> None:
    bare = replace(FORM_TYPE, wording=type(FORM_TYPE.wording)())
    assert field_label(bare, "phone") == "联系电话"
    assert field_label(bare, "fiscal_year") == "fiscal_year"


def test_the_whole_form_is_called_so(language: messages.Language) -> None:
    assert field_label(FORM_TYPE, "") == ("整张表" if language == "zh" else "the whole form")


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("indicators[0].score", "1 · 清淤河道条数"),
        ("indicators[5]", "6 · 沿河居民满意度"),
        ("indicators[1].name", "2 · 一次验收 合格"),
        ("indicators[2].name", "3 · 社会效益指标"),
        ("indicators[7].name", "8"),
        ("indicators[]", ""),
        ("total_score", ""),
        ("funding.total.score", ""),
    ],
)
def test_rows_are_called_by_number_and_name(path: str, label: str) -> None:
    values = {**OK.values, "indicators[1].name": None, "indicators[1].target": "一次验收\n合格"}
    values |= {f"indicators[2].{column}": None for column in ("name", "target")} | {
        "indicators[2].level2": "社会效益指标"
    }
    assert row_label(values, path) == label


@given(st.text(alphabet="河道a 指（1", max_size=60), st.integers(8, 60))
def test_a_row_label_is_no_wider_than_it_may_be(name: str, width: int) -> None:
    label = row_label({"indicators[3].name": name}, "indicators[3].score", width)
    assert cell_len(label) <= width
    whole = row_label({"indicators[3].name": name}, "indicators[3].score", 200)
    assert label == whole or (label.endswith("…") and whole.startswith(label.removesuffix("…")))
    assert label != whole or cell_len(whole) <= width


# Sentences.


def _checked() -> Iterator[Finding]:
    """What the checks find on the forms that every check is tried with, and on those that only some sentences know."""
    views = [view for case in CASES.values() for view in (*case.passes, *(fails.view for fails in case.fails))]
    for case in DOSSIER_CASES.values():
        for forms in (*case.passes, *(fails[0] for fails in case.fails)):
            views += forms
            yield from (finding for check in DOSSIER_CHECKS for _, finding in check(forms))
    yield from (finding for view in (*views, *_RARE) for check in CHECKS for finding in check(view))


_RARE = (
    form({"amount_unit": "套"}),
    form({"funding.total.annual_budget": None, "funding.total.execution_rate": "57"}),
    form(
        {f"funding.appropriation.{cell}": value for cell, value in zip(CELLS, FUNDING["total"], strict=True)}
        | {"funding.appropriation.weight": "1"}
    ),
    form({"funding.total.score": "7.54", "funding.total.execution_rate": "75.38"}),
    form({"funding.total.score": "7.3", "funding.total.weight": "10.0"}),
    form({"funding.total.score": "8"}, kinds={"funding.total.execution_rate": RefKind.LOST}),
    form({"total_score": "95.6"}),
    form(subtotals={"产出指标": "50.5"}),
    form(
        rows=[
            row("产出指标", "数量指标", f"清淤{place}", target, target[:2], "15", "15")
            for place, target in enumerate(["城北三条河", "城南两条河", "城东五条河", "城西一条", "城中", "桥下"])
        ]
    ),
    form(
        rows=[
            row("产出指标", level2, "清淤", "三条", "三条", "15", "15")
            for level2 in ("社会效", "数量", "质量指标", "时效指标", "成本指标", "数量指标")
        ]
    ),
)


def _settled() -> Iterator[Finding]:
    """What is found in the sample documents that need no recognition."""
    for path in sorted(SAMPLES.iterdir()):
        if path.suffix in (".txt", ".docx", ".xlsx", ".html"):
            document = installed_engine().ingest(path.name, path.name, [path.read_bytes()], Limits())
            assert isinstance(document, Document)
            sections = [section for section in segment(document, (FORM_TYPE,)) if section.form_type]
            work = [(section, FORM_TYPE, [read_table(document, section, FORM_TYPE)]) for section in sections]
            yield from (finding for settled in settle(document, work) for finding in settled.findings)


def _of_pages() -> Iterator[Finding]:
    """What there is to say of pages, and of what is left over or claimed twice."""
    made = ruled()
    notes = ("text.garbled", "text.invisible", "text.disagrees", "file.repaired", "pictures.unread")
    for note in (*notes, "page.failed"):
        pages = tuple(page._replace(note=note) for page in made.document.pages)
        document = replace(made.document, pages=pages)
        [settled] = settle(document, [(made.section, FORM_TYPE, [made.table])])
        found = [finding for finding in settled.findings if finding.check == note]
        assert found, note
        yield from found
    total = made.table.leaves["total_score"]
    twice = changed(made.table, {"total_weight": total})
    yield from uncovered(made.section.cells(made.document), FORM_TYPE, twice)


@pytest.fixture(scope="module")
def findings() -> list[Finding]:
    found = [*_checked(), *_settled(), *_of_pages()]
    assert len({finding.check for finding in found}) > 35
    return found


def test_a_finding_says_the_same_figures_in_both_languages(findings: list[Finding]) -> None:
    for said in {finding.sentence for finding in findings}:
        english, chinese = said.in_english(), said.in_chinese()
        assert CJK.search(chinese), english
        assert Counter(FIGURE.findall(english)) == Counter(FIGURE.findall(chinese)), (english, chinese)
        assert not set("{}") & set(english + chinese), (english, chinese)
        assert not re.search("[a-z]{2,}", chinese), chinese


def test_an_export_holds_the_english_sentence(findings: list[Finding]) -> None:
    assert all(finding.message == finding.sentence.in_english() for finding in findings)


def _sentences() -> Mapping[str, Sentence]:
    """All sentences of the form type by the name of their constant."""
    found = {name: value for name, value in vars(sentences).items() if isinstance(value, Sentence)}
    for name in ("AMOUNT_COLUMNS", "BUDGETS", "REPEATED_CELLS"):
        found |= {f"{name}.{key}": value for key, value in getattr(sentences, name).items()}
    return found | {f"checks.{code}": value for code, value in FORM_TYPE.wording.checks.items()}


@pytest.mark.parametrize("name", _sentences())
def test_every_sentence_of_the_form_type_is_there_in_both_languages(name: str) -> None:
    said = _sentences()[name]
    assert said.english and not CJK.search(said.english)
    assert CJK.search(said.chinese)
    assert _figures(said.english) == _figures(said.chinese)


def _figures(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_sentence_of_the_checks_was_heard(findings: list[Finding]) -> None:
    """So the figures of each are compared above: a sentence that no test makes a check say may say anything."""
    heard: set[tuple[str, str]] = set()
    waiting = [finding.sentence for finding in findings]
    while waiting:
        said = waiting.pop()
        heard.add(said[:2])
        waiting += [figure for _, figure in said.figures if isinstance(figure, Sentence)]
    known = {name: said for name, said in _sentences().items() if not name.startswith("checks.")}
    known |= {key: Sentence(*said) for key, said in CATALOGUE.items() if key.startswith("finding.")}
    assert {name for name, said in known.items() if said[:2] not in heard} == set()


def test_no_check_says_what_is_no_sentence_of_both_languages() -> None:
    """Every finding is made with a sentence: never with a text that exists in one language only."""
    files = [*(ROOT / "schemas").rglob("*.py"), ROOT / "pipeline" / "coverage.py", ROOT / "pipeline" / "settle.py"]
    said = [
        node.args[3]
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding"
    ]
    assert len(said) > 60
    assert not [node for node in said if isinstance(node, ast.Constant | ast.JoinedStr)]


def _documented() -> set[str]:
    """Every code of the documentation: of checks, of doubts, of a model that gave no answer, of the review itself."""
    codes: set[str] = set()
    for name in ("checks.md", "model.md"):
        text = (ROOT / "docs" / name).read_text(encoding="utf-8")
        for line in text.splitlines():
            first = line.split("|")[1] if line.startswith("|") else ""
            codes |= set(re.findall(r"`([a-z0-9]+[.][a-z0-9_]+|grade|markup|continued|rescan|audit)`", first))
    return codes


def test_every_code_has_a_sentence_without_figures(language: messages.Language) -> None:
    codes = _documented()
    assert len(codes) > 120
    for code in codes:
        said = reason_sentence(code, None, FORM_TYPE)
        assert said != code
        assert bool(CJK.search(said)) == (language == "zh"), code
        assert not FIGURE.search(said), code


def test_every_reason_of_the_catalogue_is_documented() -> None:
    codes = {key.removeprefix("reason.") for key in CATALOGUE if key.startswith("reason.")}
    assert len(codes) > 90
    assert not codes - _documented()
    assert not set(FORM_TYPE.wording.checks) - _documented()


def test_a_reason_is_what_the_check_says(language: messages.Language) -> None:
    finding = Finding("weights.total", Severity.ERROR, ("total_weight",), SUM.of(summed=90, total="100"))
    expected = "合计 90，总分是 100" if language == "zh" else "90 in all, total printed 100"
    assert reason_sentence("weights.total", finding, FORM_TYPE) == expected
    assert "90" not in reason_sentence("weights.total", None, FORM_TYPE)


SUM = Sentence("{summed} in all, total printed {total}", "合计 {summed}，总分是 {total}")


def test_a_sentence_in_a_sentence_is_said_in_the_same_language() -> None:
    said = sentences.WITHIN_ROUNDING.of(said=SUM.of(summed=90, total="{100}"))
    assert said.in_english() == "90 in all, total printed {100}: within rounding"
    assert said.in_chinese().startswith("合计 90，总分是 {100}；")


def test_a_code_that_is_not_known_is_shown_as_it_is(language: messages.Language) -> None:
    assert reason_sentence("no.such_code", None, FORM_TYPE) == "no.such_code"


# Differences.


@pytest.mark.parametrize(
    ("one", "other", "marked"),
    [
        ("示例区河道管理所", "示例区河道管理所", []),
        ("示例区河道管理所", "示例区河道管埋所", ["理"]),
        ("李昀昊", "王昀昱", ["李", "昊"]),
        ("已完成清淤三条", "完成清淤", ["已", "三条"]),
        ("完成清淤", "已完成清淤三条", []),
        ("", "清淤", []),
        ("清淤", "", ["清淤"]),
        ("验收（一次）合格", "验收(一次)合格", ["（", "）"]),
        ("甲乙丙的丁戊己", "一二三的四五六", ["甲乙丙的丁戊己"]),
        ("甲乙丙的项目丁戊己", "一二三的项目四五六", ["甲乙丙", "丁戊己"]),
    ],
)
def test_what_differs_is_marked(one: str, other: str, marked: list[str]) -> None:
    assert [one[start:end] for start, end in differences(one, other)] == marked


@given(st.text(alphabet="河道清淤三条", max_size=30), st.text(alphabet="河道清淤三条", max_size=30))
def test_what_is_not_marked_stands_in_the_other(one: str, other: str) -> None:
    ranges = differences(one, other)
    assert all(start < end for start, end in ranges)
    assert all(before[1] < after[0] for before, after in pairwise(ranges))
    kept = "".join(char for place, char in enumerate(one) if not any(start <= place < end for start, end in ranges))
    rest = iter(other)
    assert all(char in rest for char in kept)
    assert (not ranges and len(one) <= len(other)) or one != other
