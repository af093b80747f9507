"""Sections cover a document completely and in order, and find every form."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.forms import form_types
from pipeline.ingest import ingest
from pipeline.segment import segment
from pipeline.source import Section
from samples.generate import SHAPES, make_document

PIECES = st.sampled_from(
    [
        "项目支出绩效自评表\n", "（2023年度）\n", "项目名称 河道清淤\n", "项目名称\t河道清淤\t\n", "主管部门 水务局 实施单位 水务所\n",
        "项目资金 年初预算数 全年预算数 全年执行数 分值 执行率 得分\n", "年度资金总额 10 10 10 10 100% 10\n", "\n", "附件 1\n",
        "一级指标 二级指标 三级指标 年度指标值 实际完成值 分值 得分\n", "总分 100 98\n", "填表人：甲 联系电话：5550123\n",
        "本报告附项目支出绩效自评表若干。\n", "\f", "- 3 -\n", "\t\n", "填报注意事项：\n1.说明。\n",
    ]
)  # fmt: skip


def _sections(text: str) -> tuple[int, int, list[Section]]:
    document = ingest("a.txt", "a.txt", [text.encode()])
    return len(document.text), len(document.cells), segment(document, form_types())


@given(st.lists(PIECES, min_size=1, max_size=40).filter(lambda pieces: "".join(pieces).strip()))
@settings(max_examples=150)
def test_sections_cover_text_and_cells_completely_and_in_order(pieces: list[str]) -> None:
    length, count, sections = _sections("".join(pieces))
    assert sections[0].span.start == 0 and sections[-1].span.end == length
    assert sections[0].first == 0 and sections[-1].last == count
    for before, after in pairwise(sections):
        assert before.span.end == after.span.start
        assert before.last == after.first
    ordinals = [section.ordinal for section in sections if section.form_type]
    assert ordinals == list(range(1, len(ordinals) + 1))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(9100, 9106))
def test_every_form_of_a_document_gets_a_section_that_holds_it(shape: str, seed: int) -> None:
    made = make_document(seed, 3, shape, prose_in_front=True)
    _, _, sections = _sections(made.text)
    forms = [section for section in sections if section.form_type]
    assert len(forms) == 3
    for section, form in zip(forms, made.forms, strict=True):
        spans = [span for spans in form.spans.values() for span in spans]
        assert section.span.start <= min(start for start, _ in spans)
        assert max(end for _, end in spans) <= section.span.end


def test_a_title_in_running_text_begins_nothing() -> None:
    _, _, sections = _sections("各单位报送了项目支出绩效自评表\n项目支出绩效自评表\n共三十份，均已汇总。\n")
    assert [section.form_type for section in sections] == [None]


def test_a_form_that_lost_its_title_begins_at_its_year() -> None:
    made = make_document(9200, 1, "tsv")
    text = made.text[made.text.index("项目名称") :]
    _, _, sections = _sections("前文\n（2023年度）\n" + text)
    assert [section.form_type for section in sections][:2] == [None, "self_evaluation"]
    assert sections[1].span.start == len("前文\n")
