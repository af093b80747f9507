"""The table reader on planted forms: exact records and spans in each shape, and doubts where nothing is certain."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from pipeline.evaluate import Gold, score
from pipeline.forms import form_types
from pipeline.work import digitise_file
from samples.generate import SHAPES, make_document, make_form, truth

GRIDS = ("tsv", "word")


def _read(text: str) -> dict[str, Any]:
    lines = digitise_file("a.txt", text.encode())
    assert len(lines) == 1
    return lines[0]


def _flagged(line: dict[str, Any]) -> set[str]:
    return {entry["path"] for entry in line["review"]}


def _under(path: str, flagged: set[str]) -> bool:
    return any(not flag or path == flag or path.startswith((f"{flag}.", f"{flag}[")) for flag in flagged)


@pytest.mark.parametrize("shape", GRIDS)
@pytest.mark.parametrize("seed", range(9300, 9312))
def test_a_grid_gives_the_exact_record(shape: str, seed: int) -> None:
    made = make_form(seed, shape)
    assert _read(made.text)["record"] == made.record


@pytest.mark.parametrize("shape", SHAPES)
def test_no_wrong_leaf_is_accepted(shape: str) -> None:
    """Over a dozen documents of every template: what is wrong is in review (the bench measures the rate at length)."""
    exported: list[dict[str, Any]] = []
    gold: list[Gold] = []
    for seed in range(9400, 9412):
        made = make_document(seed, 3, shape)
        exported.extend(digitise_file(f"{seed}.txt", made.text.encode()))
        gold.extend(Gold(str(seed), n, truth(form, str(seed), n)) for n, form in enumerate(made.forms, 1))
    result = score(exported, gold, form_types()[0])
    assert result.total["forms"] == 36 and not result.total["missing_forms"]
    assert result.total["silent"] == 0, result.misses[:10]


@pytest.mark.parametrize("seed", range(9600, 9606))
def test_a_piece_of_another_cell_in_a_name_is_doubted(seed: int) -> None:
    made = make_form(seed, "cells")
    row = 2
    name = made.record["indicators"][row]["name"]
    assert made.text.count(f"\n{name}\n") == 1
    line = _read(made.text.replace(f"\n{name}\n", f"\n分）{name}\n"))
    got = [(index, entry["name"]) for index, entry in enumerate(line["record"]["indicators"])]
    at = next(index for index, text in got if text and text.endswith(name))
    assert got[at][1] == name or _under(f"indicators[{at}].name", _flagged(line))


RENAMED = {
    "项目名称": "事项",
    "主管部门": "归口处室",
    "实施单位": "执行机构",
    "项目负责人": "牵头人",
    "联系电话": "手机",
    "全年预算数": "核定数",
    "全年执行数": "已支付",
    "执行率": "进度",
    "分值": "配分",
    "得分": "评定",
    "年度资金总额": "全部资金",
    "一级指标": "大类",
    "三级指标": "考核内容",
    "年度指标值": "应达到",
    "实际完成值": "已达到",
    "偏差原因分析及改进措施": "说明",
    "预期目标": "计划",
    "实际完成情况": "落实",
    "总分": "总计得到",
    "填表人": "填写者",
}


@pytest.mark.parametrize("shape", GRIDS)
@pytest.mark.parametrize("label", RENAMED)
def test_a_label_that_is_not_known_hides_no_value(label: str, shape: str) -> None:
    gold: list[Gold] = []
    lines: list[dict[str, Any]] = []
    for seed in range(9700, 9708):
        made = make_form(seed, shape)
        if label in made.text:
            lines += digitise_file(f"{seed}.txt", made.text.replace(label, RENAMED[label]).encode())
            gold.append(Gold(str(seed), 1, truth(made, str(seed), 1)))
    result = score(lines, gold, form_types()[0])
    assert gold
    assert result.total["forms"] == len(gold)
    assert [(miss.form, miss.path) for miss in result.misses if miss.what == "silent"] == []


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(9500, 9504))
def test_the_evidence_of_an_accepted_leaf_is_the_planted_place(shape: str, seed: int) -> None:
    made = make_form(seed, shape)
    line = _read(made.text)
    flagged = _flagged(line)
    compared = 0
    for path, spans in made.spans.items():
        evidence = line["evidence"].get(path)
        if evidence is None or _under(path, flagged) or evidence["kind"] != "at":
            continue
        planted = "".join(made.text[start:end] for start, end in spans)
        found = "".join(made.text[start:end] for start, end in evidence["spans"])
        visible = [at for start, end in spans for at in range(start, end) if not made.text[at].isspace()]
        assert visible[0] in {at for start, end in evidence["spans"] for at in range(start, end)}, path
        assert re.sub(r"\s", "", planted) in re.sub(r"\s", "", found), path
        compared += 1
    assert compared > 20


HEAD = """项目支出绩效自评表
（2023年度）
项目名称\t河道清淤\t\t\t\t\t\t\t
主管部门\t水务局\t\t\t实施单位\t水务所\t\t\t
项目资金\t\t年初预算数\t全年预算数\t全年执行数\t分值\t执行率\t得分\t
（万元）\t年度资金总额\t120\t100\t90\t10\t90%\t9\t
\t其中：当年财政拨款\t120\t100\t90\t—\t90%\t—\t
年度总体目标\t预期目标\t\t\t实际完成情况\t\t\t\t
\t清淤十公里\t\t\t清淤九公里\t\t\t\t
绩效指标\t一级指标\t二级指标\t三级指标\t年度指标值\t实际完成值\t分值\t得分\t偏差原因分析及改进措施
"""
ROWS = """\t产出指标\t数量指标\t清淤长度\t10公里\t9公里\t50\t45\t汛期停工
\t效益指标\t社会效益指标\t居民受益\t受益\t已受益\t40\t40\t
"""
TAIL = """总分\t\t\t\t\t\t100\t94\t
填表人：甲一 联系电话：5550123 填写日期：2024年1月8日
"""


def test_a_planted_form_leaf_by_leaf() -> None:
    line = _read(HEAD + ROWS + TAIL)
    record = line["record"]
    assert (record["title"], record["fiscal_year"], record["amount_unit"]) == ("项目支出绩效自评表", 2023, "万元")
    assert record["project_leader"] is None and line["evidence"]["project_leader"]["kind"] == "absent"
    assert record["funding"]["total"] == {
        "initial_budget": "120", "annual_budget": "100", "executed": "90",
        "weight": "10", "execution_rate": "90", "score": "9",
    }  # fmt: skip
    assert line["evidence"]["funding.appropriation.weight"]["kind"] == "dash"
    assert line["evidence"]["indicators[1].deviation"]["kind"] == "empty"
    assert [row["level2"] for row in record["indicators"]] == ["数量指标", "社会效益指标"]
    assert (record["total_weight"], record["total_score"], record["filled_on"]) == ("100", "94", "2024-01-08")
    assert line["review"] == [] and set(line["states"].values()) == {"accepted"}


@pytest.mark.parametrize("shift", [1, -1])
def test_a_row_shifted_by_a_column_is_read_by_what_its_cells_are(shift: int) -> None:
    row = "\t产出指标\t数量指标\t清淤长度\t10公里\t9公里\t50\t45\t汛期停工"
    moved = "\t" + row if shift > 0 else row[1:]
    line = _read(HEAD + ROWS.replace(row, moved) + TAIL)
    assert line["record"]["indicators"][0]["score"] == "45"
    assert line["record"]["indicators"][0]["level1"] == "产出指标"


def test_a_cell_that_could_belong_to_two_columns_is_doubted() -> None:
    line = _read(HEAD + ROWS.replace("10公里\t9公里\t50", "10公里\t50") + TAIL)
    assert _under("indicators[0].actual", _flagged(line)) or line["record"]["indicators"][0]["actual"] is None


def test_a_lost_first_level_heading_is_not_carried_down_wrongly() -> None:
    line = _read(HEAD + ROWS.replace("效益指标\t社会", "\t社会") + TAIL)
    assert line["record"]["indicators"][1]["level1"] is None
    assert line["evidence"]["indicators[1].level1"]["kind"] == "lost"
    assert _under("indicators[1].level1", _flagged(line))


def test_a_goal_row_that_is_missing_is_lost_and_not_blank() -> None:
    line = _read(HEAD.replace("\t清淤十公里\t\t\t清淤九公里\t\t\t\t\n", "") + ROWS + TAIL)
    assert line["evidence"]["expected_goal"]["kind"] == "lost"
    assert {"expected_goal", "actual_result"} <= _flagged(line)


def test_a_total_row_with_a_figure_too_many_is_doubted() -> None:
    line = _read(HEAD + ROWS + TAIL.replace("100\t94", "10\t0\t94"))
    assert {"total_weight", "total_score"} <= _flagged(line)


def test_an_unknown_column_is_kept_beside_the_record_and_said() -> None:
    head = HEAD.replace("得分\t偏差", "得分\t复核意见\t偏差")
    rows = ROWS.replace("45\t汛期", "45\t同意\t汛期").replace("40\t40\t", "40\t40\t同意\t")
    line = _read(head + rows + TAIL)
    assert line["template"] == "unfamiliar"
    assert "indicators" in _flagged(line)
    assert "同意" in line["extra"].values()
    assert [row["score"] for row in line["record"]["indicators"]] == ["45", "40"]


def test_text_in_no_field_is_left_over() -> None:
    line = _read(HEAD + ROWS + TAIL.replace("总分\t\t", "总分\t多出来的字\t"))
    assert any(finding["check"] == "coverage.left_over" for finding in line["findings"])


def test_a_money_line_of_an_unfamiliar_template_is_never_taken_for_another() -> None:
    line = _read(HEAD.replace("其中：当年财政拨款", "其中：彩票公益金") + ROWS + TAIL)
    assert line["record"]["funding"]["appropriation"]["executed"] is None
    assert "funding" in _flagged(line)


def test_columns_held_apart_by_spaces_are_not_trusted() -> None:
    lines = [re.sub(r"\t+", "      ", line) for line in (HEAD + ROWS + TAIL).split("\n")]
    assert "" in _flagged(_read("\n".join(lines)))


def test_a_figure_glued_to_the_next_word_is_parted_and_doubted() -> None:
    line = _read(HEAD + ROWS.replace("50\t45\t汛期停工", "50\t\t45汛期停工") + TAIL)
    row = line["record"]["indicators"][0]
    assert (row["score"], row["deviation"]) == ("45", "汛期停工")
    assert {"indicators[0].score", "indicators[0].deviation"} <= _flagged(line)


def test_numbers_of_an_export_are_decimal_strings() -> None:
    record = _read(HEAD.replace("120", "1,200.50") + ROWS + TAIL)["record"]
    assert Decimal(record["funding"]["total"]["initial_budget"]) == Decimal("1200.50")
