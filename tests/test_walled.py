"""Forms in tables with real geometry: the walls are believed, and what they leave open is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.made_tables import FOOT, HEAD, HEADS, ROWS, TITLE, TOTAL, Row, flagged, lines, page


def one(rows: Sequence[Row] = ROWS, head: Sequence[Row] = HEAD, total: Sequence[Row] = TOTAL) -> dict[str, Any]:
    [line] = lines(page(1, *TITLE, [*head, HEADS, *rows, *total], *FOOT))
    return line


def broken(first: Sequence[Row], second: Sequence[Row], *between: str) -> dict[str, Any]:
    """The form with a page break between these rows; `between` are lines at the top of the second page."""
    [line] = lines(page(1, *TITLE, [*HEAD, HEADS, *first]), page(2, *between, [*second, *TOTAL], *FOOT))
    return line


def test_a_form_in_a_table_is_read_without_a_question() -> None:
    line = one()
    assert flagged(line) == {}
    record = line["record"]
    assert record["funding"]["total"]["execution_rate"] == "75"
    assert [row["level1"] for row in record["indicators"]] == ["产出指标", "产出指标", "效益指标", "满意度指标"]
    assert record["indicators"][0]["deviation"] == "一条因汛期顺延"
    assert (record["total_weight"], record["total_score"], record["filled_on"]) == ("100", "84.5", "2022-01-20")
    assert set(line["states"].values()) == {"accepted"}


def test_every_leaf_that_is_printed_has_a_page_and_a_box() -> None:
    evidence = one()["evidence"]
    placed = [item for item in evidence.values() if item["kind"] != "absent"]
    assert all(item["page"] == 1 and len(item["box"]) == 4 and item["unit"] == "points" for item in placed)
    assert evidence["indicators[1].level1"]["box"] == evidence["indicators[0].level1"]["box"]


def test_a_figure_in_the_column_of_reasons_stays_there() -> None:
    row = ("", "质量指标", "验收合格率", "100%", "100%", "10", "", "10")
    record = one([ROWS[0], row, *ROWS[2:]])["record"]
    assert (record["indicators"][1]["score"], record["indicators"][1]["deviation"]) == (None, "10")


def test_a_cell_across_two_columns_puts_both_in_doubt() -> None:
    row = ("", "质量指标", "验收合格率", ("100%", 2), "10", "10", "")
    assert {"indicators[1].target", "indicators[1].actual"} <= flagged(one([ROWS[0], row, *ROWS[2:]])).keys()


def test_a_weight_for_two_rows_is_merged_and_one_that_is_blank_is_not() -> None:
    rows = [list(row) for row in ROWS]
    rows[0][6:8] = [("50", 1, 2), ("37", 1, 2)]
    rows[1][5:7] = []
    record = one(rows)["record"]
    assert [row["merged"] for row in record["indicators"]] == [False, True, False, False]
    rows = [list(row) for row in ROWS]
    rows[1][5:7] = ["", ""]
    assert not any(row["merged"] for row in one(rows)["record"]["indicators"])


def test_a_text_for_two_rows_is_asked_for() -> None:
    rows = [list(row) for row in ROWS]
    rows[0][4] = ("3条", 1, 2)
    del rows[1][3]
    assert "cell.spans" in flagged(one(rows))["indicators[1].target"]


def test_a_blank_cell_among_merged_headings_is_asked_for() -> None:
    rows = [ROWS[0], ROWS[1], ("", "", *ROWS[2][2:]), ROWS[3]]
    assert "heading.blank" in flagged(one(rows))["indicators[2].level1"]


def test_a_score_glued_to_its_reason_is_parted_and_asked_for() -> None:
    row = ("", "质量指标", "验收合格率", "100%", "100%", "10", "8因汛期顺延", "")
    line = one([ROWS[0], row, *ROWS[2:]])
    assert line["record"]["indicators"][1]["deviation"] == "因汛期顺延"
    assert {"indicators[1].score", "indicators[1].deviation"} <= flagged(line).keys()


# Page breaks


def test_a_table_goes_on_with_and_without_its_header() -> None:
    whole = one()["record"]
    going_on = ("", "效益指标", *ROWS[2][2:])
    for second in ([going_on, ROWS[3]], [HEADS, going_on, ROWS[3]]):
        line = broken(ROWS[:2], second)
        assert line["record"] == whole
        assert flagged(line) == {}


def test_page_numbers_and_running_titles_between_the_parts_are_clutter() -> None:
    line = broken(ROWS[:2], ROWS[2:], "- 2 -", "示例区部门决算公开")
    assert flagged(line) == {}


def test_other_text_between_the_parts_is_asked_for() -> None:
    long = (
        "本表所列各项指标的完成情况由示例区水务局会同示例区河道管理所于次年一月底之前完成核实并报送示例区财政局备案存档"
    )
    assert flagged(broken(ROWS[:2], ROWS[2:], long))


def test_a_merged_heading_goes_on_blank_or_printed_again() -> None:
    first = [("", "产出指标", *ROWS[0][2:])]
    for heading in ("", "产出指标"):
        line = broken(first, [("", heading, *ROWS[1][1:]), *ROWS[2:]])
        assert [row["level1"] for row in line["record"]["indicators"]][:2] == ["产出指标", "产出指标"]
        assert flagged(line) == {}


def test_a_row_cut_in_two_is_one_row() -> None:
    name = "满足沿河居民对\n清洁水环境的需"
    first = [ROWS[0], ("", "质量指标", name, "100%", "100%", "10", "10", "")]
    line = broken(first, [("", "", "", "求", "", "", "", "", ""), *ROWS[2:]])
    assert line["record"]["indicators"][1]["name"] == "满足沿河居民对清洁水环境的需求"
    assert len(line["record"]["indicators"]) == 4
    assert flagged(line) == {}


def test_a_row_whose_points_stand_behind_the_break_is_asked_for() -> None:
    first = [ROWS[0], ("", "质量指标", "验收合", "100%", "100%", "", "", "")]
    line = broken(first, [("", "", "", "格率", "", "", "10", "10", ""), *ROWS[2:]])
    assert len(line["record"]["indicators"]) == 4 or "indicators[]" in flagged(line)


def test_a_row_of_its_own_behind_the_break_is_never_swallowed() -> None:
    first = [ROWS[0], ("", "质量指标", "指标2：", "", "", "", "", "")]
    line = broken(first, [("", "", "", "验收合格率", "100%", "100%", "10", "10", ""), *ROWS[2:]])
    assert [row["name"] for row in line["record"]["indicators"]][1:3] == ["指标2：", "验收合格率"]


def test_headings_and_headers_cut_in_two_are_whole() -> None:
    cut = [*HEADS[:8], "偏差原因分析及改"]
    [line] = lines(page(1, *TITLE, [*HEAD, cut]), page(2, [("", *[""] * 7, "进措施"), *ROWS, *TOTAL], *FOOT))
    assert flagged(line) == {}
    first = [("", "产出指", *ROWS[0][2:])]
    line = broken(first, [("", "标（50分）", *ROWS[1][1:]), *ROWS[2:]])
    assert [row["level1"] for row in line["record"]["indicators"]][:2] == ["产出指标", "产出指标"]
    assert line["record"]["level1_weights"] == {"产出指标": "50"}


def test_a_page_that_failed_beside_a_form_puts_all_of_it_in_review() -> None:
    failed = page(3, note="page.failed")
    [line] = lines(page(1, *TITLE, [*HEAD, HEADS, *ROWS[:2]]), page(2, [*ROWS[2:], *TOTAL], *FOOT), failed)
    assert flagged(line) == {"": ["page.failed"]}
