"""Text into cells: every visible character in exactly one cell, at its exact place."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import DocumentError
from pipeline.ingest import ingest
from pipeline.ingest.text import MAX_LINE, decode, text_cells
from pipeline.source import Layout

TEXT = st.text(alphabet=st.sampled_from(list("项目资金（万元）：1234.5,%—/ab \t\n\r\f\u3000\x00")), max_size=300)


@given(TEXT)
def test_every_visible_character_stands_in_exactly_one_cell(text: str) -> None:
    owners = [0] * len(text)
    for cell in text_cells(text):
        assert cell.text == text[cell.span.start : cell.span.end]
        for at in range(cell.span.start, cell.span.end):
            owners[at] += 1
    for char, count in zip(text, owners, strict=True):
        visible = not char.isspace() and char.isprintable()
        assert count == 1 if visible else count <= 1


@given(TEXT)
def test_cells_are_numbered_in_reading_order(text: str) -> None:
    cells = text_cells(text)
    assert [cell.id for cell in cells] == list(range(1, len(cells) + 1))
    assert all(a.span.end <= b.span.start and a.row <= b.row for a, b in pairwise(cells))


def test_a_line_with_tabs_is_a_row_with_its_blank_cells() -> None:
    cells = text_cells("项目名称\t\t河道清淤\t\n")
    assert [(cell.text, cell.column, cell.layout) for cell in cells] == [
        ("项目名称", 0, Layout.GRID),
        ("", 1, Layout.GRID),
        ("河道清淤", 2, Layout.GRID),
        ("", 3, Layout.GRID),
    ]


def test_a_line_without_tabs_is_cut_at_its_gaps() -> None:
    cells = text_cells("数量指标 清淤长度\u300012公里\n")
    assert [(cell.text, cell.row, cell.column, cell.layout) for cell in cells] == [
        ("数量指标", 0, 0, Layout.LINES),
        ("清淤长度", 0, 1, Layout.LINES),
        ("12公里", 0, 2, Layout.LINES),
    ]


def test_word_processor_text_has_one_cell_a_line_and_a_blank_line_between_rows() -> None:
    text = "\t项目名称\n\t河道\n清淤\n\n\t主管部门\n\t\n\t实施单位\n\t水务所\n\n填表人：甲\n"
    rows: dict[int, list[str]] = {}
    for cell in text_cells(text):
        rows.setdefault(cell.row, []).append(cell.text)
    assert list(rows.values()) == [["项目名称", "河道\n清淤"], ["主管部门", "", "实施单位", "水务所"], ["填表人：甲"]]


def test_a_form_feed_begins_a_page() -> None:
    assert [cell.page for cell in text_cells("甲\n\f乙\n丙")] == [1, 2, 2]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings(encoding: str) -> None:
    text = "项目支出绩效自评表\r\n（2023年度）\r\n"
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b" \r\n\t ", "empty"),
        ("\u3000\n".encode(), "empty"),
        (bytes(range(256)) * 20, "encoding"),
        (b"\x00\x01\x02\x03" * 500, "binary"),
        ("项目".encode() + b"\xff\xfe\xff" + "名称".encode(), "encoding"),
        (b"x" * (MAX_LINE + 1), "line_too_long"),
    ],
)
def test_what_is_no_text_is_refused_with_one_sentence(data: bytes, code: str) -> None:
    with pytest.raises(DocumentError) as caught:
        ingest("a.txt", "a.txt", [data])
    assert caught.value.code == code
    assert "\n" not in str(caught.value)


def test_a_nul_byte_here_and_there_is_only_clutter() -> None:
    document = ingest("a.txt", "a.txt", [("项目名称：\x00河道清淤" + "。" * 200).encode()])
    assert "\x00" not in "".join(cell.text for cell in document.cells)
