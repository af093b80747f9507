"""Reading order: lines out of words, tables side by side, columns of text."""

from __future__ import annotations

from pipeline.ingest.order import blocks_of, lines_of
from pipeline.ingest.page import Rect, Table, Word


def word(text: str, x: float, y: float, width: float | None = None, size: float = 10) -> Word:
    return Word(text, Rect(x, y, x + (size * len(text) if width is None else width), y + size))


def table(name: str, x0: float, y0: float, x1: float, y1: float) -> tuple[str, Table]:
    return name, Table(Rect(x0, y0, x1, y1), (x0, x1), (y0, y1), [])


def order(named: list[tuple[str, Table]], words: list[Word]) -> list[str]:
    names = {id(t): name for name, t in named}
    blocks = blocks_of([t for _, t in named], words)
    out = [names[id(b)] if isinstance(b, Table) else " ".join(w.text for w in b) for b in blocks]
    assert sum(len(b) for b in blocks if isinstance(b, list)) == len(words), "no word may be dropped"
    return out


def texts(lines: list[list[Word]]) -> list[str]:
    return [" ".join(w.text for w in line) for line in lines]


def test_lines_go_from_top_to_bottom_and_left_to_right() -> None:
    words = [word("丁", 60, 22), word("乙", 60, 10.5), word("丙", 10, 22), word("甲", 10, 10)]
    assert texts(lines_of(words)) == ["甲 乙", "丙 丁"]


def test_scripts_stay_in_their_line() -> None:
    words = [word("m", 10, 10), word("2", 20, 8, size=6), word("H", 40, 10), word("2", 50, 16, size=6)]
    words += [word("下", 10, 22)]
    assert texts(lines_of(words)) == ["m 2 H 2", "下"]


def test_a_tall_word_beside_two_lines_swallows_neither() -> None:
    words = [word("大", 10, 10, size=24), word("上行", 60, 11), word("下行", 60, 23)]
    assert sorted(texts(lines_of(words))) == ["上行", "下行", "大"]


def test_turned_text_is_a_line_of_its_own() -> None:
    words = [Word("装订线", Rect(0, 0, 10, 90)), *(word("行", 20, 12 * k) for k in range(7))]
    assert "装订线" in texts(lines_of(words))


def test_text_above_between_and_below_tables() -> None:
    named = [table("T2", 0, 200, 100, 300), table("T1", 0, 50, 100, 150)]
    words = [word("foot", 0, 310), word("middle", 0, 170), word("title", 30, 20)]
    assert order(named, words) == ["title", "T1", "middle", "T2", "foot"]


def test_two_forms_side_by_side_are_read_one_after_the_other() -> None:
    named = [table("right", 520, 100, 900, 500), table("left", 50, 110, 480, 520)]
    words = [word("右标题", 600, 70), word("左标题", 150, 70), word("右签字", 530, 540), word("左签字", 60, 540)]
    assert order(named, words) == ["左标题", "left", "左签字", "右标题", "right", "右签字"]


def test_a_line_across_both_forms_stays_before_or_after() -> None:
    named = [table("left", 50, 100, 480, 500), table("right", 520, 100, 900, 500)]
    across = word("两张表的总标题写在正中间", 440, 20)
    page_number = word("3", 495, 560)
    words = [word("左", 100, 70), word("右", 600, 70), across, page_number, word("附件", 60, 5)]
    assert order(named, words) == ["附件", across.text, "左", "left", "右", "right", "3"]


def test_a_title_in_spaced_letters_across_both_forms_is_one_line() -> None:
    named = [table("left", 50, 100, 480, 500), table("right", 520, 100, 900, 500)]
    words = [word(char, 430 + 22 * k, 20) for k, char in enumerate("总标题在中")]
    assert order(named, words) == ["总 标 题 在 中", "left", "right"]


def test_two_pairs_of_tables_with_the_same_gutter_are_two_columns() -> None:
    named = [table("l1", 0, 50, 100, 150), table("r1", 120, 50, 220, 150)]
    named += [table("l2", 0, 200, 100, 300), table("r2", 120, 180, 220, 300)]
    assert order(named, [word("l", 10, 170)]) == ["l1", "l", "l2", "r1", "r2"]


def test_a_table_across_ends_the_columns() -> None:
    named = [table("l1", 0, 50, 100, 150), table("r1", 120, 50, 220, 150), table("wide", 0, 160, 220, 200)]
    named += [table("l2", 0, 210, 100, 300), table("r2", 120, 210, 220, 300)]
    assert order(named, []) == ["l1", "r1", "wide", "l2", "r2"]


def test_words_beside_a_table() -> None:
    named = [table("T", 100, 100, 400, 500)]
    words = [word("注", 420, 300), word("线", 50, 300), word("后", 100, 520)]
    assert order(named, words) == ["线", "T", "注", "后"]


def test_filled_columns_of_text_are_read_one_after_the_other() -> None:
    words = [word("标题横跨两栏" * 5, 0, 0)]
    for k in range(8):
        words += [word("左" * 14, 0, 20 + 14 * k), word("右" * 14, 180, 24 + 14 * k)]
    words += [word("尾" * 30, 0, 150)]
    got = order([], words)
    assert got == ["标题横跨两栏" * 5, *["左" * 14] * 8, *["右" * 14] * 8, "尾" * 30]


def test_an_unruled_table_is_read_line_by_line() -> None:
    words = []
    for k, label in enumerate(["名称", "联系电话", "年初预算数", "得分", "分值", "单位", "日期", "备注说明"]):
        words += [word(label, 0, 14 * k), word("值" * (k + 1), 180, 14 * k)]
    assert order([], words)[1] == "联系电话 值值"


def test_nothing_gives_nothing() -> None:
    assert blocks_of([], []) == []
    assert lines_of([]) == []
