"""What an answer may name and what it leads to: cells, parts of them, and a code where it leads nowhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.readers.llm.cells import as_shown, number_cells
from pipeline.readers.llm.references import Miss, locate, resolve
from pipeline.source import Cell, Layout, Span
from pipeline.vocabulary import fold

TEXTS = (
    "项目资金（万元）",
    "10 10",
    "完成城北三条",
    "河道的清淤，\n共12公里。",
    "ＡＢＣ１２３：合格",
    "产出指标（50分）",
    "0000",
    "见附件[1]所列",
    "𠮷野街道😀社区",
    "甲乙丙甲丁丙",
)
IDS = 7
"""What is added to the number of a cell to give its id: the two are never the same."""


def _cells(*texts: str) -> list[Cell]:
    return [Cell(IDS + n, text, Span(0, len(text)), 0, n, Layout.LINES) for n, text in enumerate(texts, 1)]


CELLS = _cells(*TEXTS)


def _named(reference: str, cells: list[Cell] = CELLS) -> list[tuple[int, str]]:
    """Numbers and texts of what a reference names."""
    found = resolve(reference, cells)
    assert isinstance(found, tuple), found
    return [(part.cell - IDS, cells[part.cell - IDS - 1].text[part.start : part.end]) for part in found]


@pytest.mark.parametrize(
    ("reference", "named"),
    [
        ("3", [(3, "完成城北三条")]),
        (" 3\n", [(3, "完成城北三条")]),
        ("003", [(3, "完成城北三条")]),
        ("3-4", [(3, "完成城北三条"), (4, "河道的清淤，\n共12公里。")]),
        ("4,3", [(4, "河道的清淤，\n共12公里。"), (3, "完成城北三条")]),
        ("5,2-3", [(5, "ＡＢＣ１２３：合格"), (2, "10 10"), (3, "完成城北三条")]),
        ("1=万元", [(1, "万元")]),
        ("1-1=万元", [(1, "万元")]),
        ("3-4=三条河道", [(3, "三条"), (4, "河道")]),
        ("2-4=三条河道的清淤", [(3, "三条"), (4, "河道的清淤")]),
        ("2#1=10", [(2, "10")]),
        ("6=50", [(6, "50")]),
    ],
)
def test_what_is_named_is_found(reference: str, named: list[tuple[int, str]]) -> None:
    assert _named(reference) == named


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ("", "reference.malformed"),
        ("-", "reference.malformed"),
        ("~", "reference.malformed"),
        ("[3]", "reference.malformed"),
        ("三", "reference.malformed"),
        ("３", "reference.malformed"),
        ("٣", "reference.malformed"),
        ("-3", "reference.malformed"),
        ("3-", "reference.malformed"),
        ("3,", "reference.malformed"),
        ("3 - 4", "reference.malformed"),
        ("3.0", "reference.malformed"),
        ("4-3", "reference.malformed"),
        ("5,4-3", "reference.malformed"),
        ("2#1", "reference.malformed"),
        ("2#0=10", "reference.malformed"),
        ("2#=10", "reference.malformed"),
        ("2=", "reference.malformed"),
        ("2= \n", "reference.malformed"),
        ("1-999", "reference.malformed"),
        ("1" * 5000, "reference.malformed"),
        ("1-" + "9" * 5000, "reference.malformed"),
        (",".join(["1-400"] * 2000), "reference.malformed"),
        ("0", "reference.unknown_cell"),
        ("0-2", "reference.unknown_cell"),
        ("11", "reference.unknown_cell"),
        ("9-11", "reference.unknown_cell"),
        ("123456789", "reference.unknown_cell"),
        ("3,3", "reference.repeated"),
        ("2-4,3", "reference.repeated"),
        ("3=公里", "quote.missing"),
        ("3,5=完成城北三条河道", "quote.missing"),
        ("2#3=10", "quote.missing"),
        ("4=共十二公里", "quote.missing"),
        ("2=10", "quote.twice"),
    ],
)
def test_what_leads_nowhere_says_why(reference: str, code: str) -> None:
    found = resolve(reference, CELLS)
    assert isinstance(found, Miss)
    assert found.code == code


def test_a_quote_that_stands_twice_is_shown_where_it_stands_first() -> None:
    found = resolve("2=10", CELLS)
    assert isinstance(found, Miss)
    assert found.parts == resolve("2#1=10", CELLS)
    first, second = resolve("2#1=10", CELLS), resolve("2#2=10", CELLS)
    assert isinstance(first, tuple) and isinstance(second, tuple)
    assert (first[0].start, second[0].start) == (0, 3)


def test_places_that_reach_into_each_other_are_two() -> None:
    assert resolve("7=00", CELLS) == Miss("quote.twice", resolve("7#1=00", CELLS))  # type: ignore[arg-type]
    found = resolve("7=000", CELLS)
    assert isinstance(found, Miss) and found.code == "quote.twice"
    assert _named("7=0000") == [(7, "0000")]


@pytest.mark.parametrize("reference", ["5=ABC123:合格", "5=ＡＢＣ123：合格", "5=A B C 1 2 3：合　格", "5=ABC123"])
def test_width_and_spaces_of_a_quote_do_not_matter(reference: str) -> None:
    [(number, text)] = _named(reference)
    assert number == 5 and "ＡＢＣ１２３：合格".startswith(text)


@pytest.mark.parametrize("reference", ["4=清淤，共12公里", "4=清淤,\n共12 公里", "4=清淤， \u200b共12公里"])
def test_line_breaks_inside_a_cell_do_not_matter(reference: str) -> None:
    assert _named(reference) == [(4, "清淤，\n共12公里")]


@pytest.mark.parametrize("reference", ["8=[1]", "8=［1］", "8=［１]"])
def test_brackets_are_quoted_as_they_are_shown_or_as_they_are_printed(reference: str) -> None:
    assert as_shown(TEXTS[7]) == "见附件［1］所列"
    assert _named(reference) == [(8, "[1]")]


@pytest.mark.parametrize("reference", ["9=𠮷野街道", "9=😀社区", "9=𠮷…社区"])
def test_rare_characters_count_as_one(reference: str) -> None:
    [(_, text)] = _named(reference)
    assert text in ("𠮷野街道", "😀社区", "𠮷野街道😀社区")


@pytest.mark.parametrize("dots", ["…", "……", "...", "......"])
def test_a_long_quote_may_leave_out_its_middle(dots: str) -> None:
    assert _named(f"3-4=完成{dots}公里。") == [(3, "完成城北三条"), (4, "河道的清淤，\n共12公里。")]


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ("3=完成…公里", "quote.missing"),
        ("3=…三条", "quote.missing"),
        ("3=完成…", "quote.missing"),
        ("10=甲…丁", "quote.twice"),
        ("10=乙…丙", "quote.twice"),
        ("10=甲…丙", "quote.twice"),
    ],
)
def test_what_is_left_out_has_both_ends_and_one_place(reference: str, code: str) -> None:
    found = resolve(reference, CELLS)
    assert isinstance(found, Miss)
    assert found.code == code


def test_dots_that_are_printed_are_quoted_like_other_text() -> None:
    assert _named("1=一…三", _cells("一…三，一二三")) == [(1, "一…三")]


def test_a_form_without_cells_has_nothing_to_name() -> None:
    assert resolve("1", []) == Miss("reference.unknown_cell")
    assert locate("甲", []) == Miss("quote.missing")


REFERENCES = st.one_of(
    st.text(),
    st.text(alphabet="0123456789-,#=…[]~x 10万元甲"),
    st.builds(
        "{}{}{}".format,
        st.lists(st.integers(0, 12).map(str), min_size=1, max_size=4).map(",".join),
        st.sampled_from(["", "#1", "#2"]),
        st.one_of(st.just(""), st.text(alphabet="".join({*"".join(TEXTS), "…"})).map("={}".format)),
    ),
)


@given(REFERENCES, st.lists(st.text(max_size=12), max_size=6))
def test_no_reference_raises_and_what_resolves_lies_within_the_named_cells(reference: str, texts: list[str]) -> None:
    cells = _cells(*texts)
    found = resolve(reference, cells)
    if isinstance(found, Miss):
        assert found.code.startswith(("reference.", "quote."))
        assert not found.parts or found.code == "quote.twice"
        found = found.parts
    else:
        assert found
    cited = _cited(reference.strip().partition("=")[0].partition("#")[0])
    assert [part.cell - IDS for part in found] == [n for n in cited if n in {part.cell - IDS for part in found}]
    for part in found:
        assert 0 <= part.start <= part.end <= len(texts[part.cell - IDS - 1])


def _cited(cells: str) -> list[int]:
    """The numbers that a reference lists, in order."""
    numbers: list[int] = []
    for piece in cells.split(","):
        first, _, last = piece.partition("-")
        if first.isdecimal() and len(first) < 6 and (not last or (last.isdecimal() and len(last) < 6)):
            numbers += range(int(first), int(last or first) + 1)
    return numbers


@given(st.lists(st.text(min_size=1, max_size=10), min_size=1, max_size=5), st.data())
def test_what_is_quoted_as_it_is_printed_is_found_or_ambiguous(texts: list[str], data: st.DataObject) -> None:
    cells = _cells(*texts)
    number = data.draw(st.integers(0, len(texts) - 1))
    start = data.draw(st.integers(0, len(texts[number])))
    end = data.draw(st.integers(start, len(texts[number])))
    quote = texts[number][start:end]
    found = resolve(f"{number + 1}={quote}", cells)
    if not fold(quote):
        assert found == Miss("reference.malformed")
    elif isinstance(found, Miss):
        assert found.code == "quote.twice"
        assert fold(texts[number]).find(fold(quote), fold(texts[number]).find(fold(quote)) + 1) >= 0
    else:
        [part] = found
        assert fold(texts[number][part.start : part.end]) == fold(quote)


@given(st.lists(st.lists(st.text(max_size=8), max_size=4), max_size=4))
def test_the_numbers_that_are_shown_are_those_that_resolve(rows: list[list[str]]) -> None:
    cells = [
        Cell(IDS + row * 10 + column, text, Span(0, len(text)), row, column, Layout.GRID)
        for row, texts in enumerate(rows)
        for column, text in enumerate(texts)
    ]
    numbered = number_cells(cells)
    shown = numbered.text()
    assert shown.count("\n") == max(len(numbered.lines) - 1, 0)
    assert shown.encode("utf-8").decode() == shown
    assert [number for line in numbered.lines for number in line] == list(range(1, len(numbered.cells) + 1))
    for number, cell in enumerate(numbered.cells, 1):
        found = resolve(str(number), numbered.cells)
        assert isinstance(found, tuple) and found[0].cell == cell.id
        assert shown.count(f"[{number}]") == 1
