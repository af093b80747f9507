"""Web pages into tables and lines: one test a trap."""

from __future__ import annotations

import pytest

from pipeline.errors import DocumentError
from pipeline.ingest.html import read_html
from pipeline.ingest.limits import Limits
from pipeline.ingest.page import PageContent, Table

ROW = "<tr><td>a</td><td>b</td></tr>"


def read(page: str | bytes, limits: Limits = Limits()) -> PageContent:  # noqa: B008 - frozen
    (content,) = read_html(page.encode() if isinstance(page, str) else page, limits)
    return content


def tables(page: PageContent) -> list[list[tuple[int, int, int, int, str]]]:
    return [
        [
            (c.row, c.column, c.row_span, c.column_span, "|".join(w.text for line in c.lines for w in line))
            for c in block.cells
        ]
        for block in page.blocks
        if isinstance(block, Table)
    ]


def lines(page: PageContent) -> list[list[str]]:
    return [[word.text for word in block] for block in page.blocks if not isinstance(block, Table)]


def test_spans_cover_what_a_browser_lets_them_cover() -> None:
    page = "<table><tr><td rowspan=0>a<td colspan=99999999>b<tr><td colspan=0>c<td>d</table><p>后</p>"
    found = tables(read(page))[0]
    assert found == [(0, 0, 2, 1, "a"), (0, 1, 1, 1000, "b"), (1, 1, 1, 1, "c"), (1, 2, 1, 1, "d")]


def test_spans_do_not_reach_beyond_the_group_of_rows() -> None:
    page = f"<table><tfoot><tr><td>f<td>g</tfoot><thead><tr><td rowspan=9>h<td>i</thead><tbody>{ROW}</tbody></table>"
    found = tables(read(page))[0]
    assert [cell[4] for cell in found] == ["h", "i", "a", "b", "f", "g"]
    assert {cell[2] for cell in found} == {1}


def test_a_cell_that_runs_into_one_from_above_is_doubted() -> None:
    page = "<table><tr><td>a<td>b<td rowspan=2>c<tr><td colspan=3>d</table>"
    (block,) = read(page).blocks
    assert isinstance(block, Table)
    assert [cell.doubts for cell in block.cells] == [(), (), (), ("cell.walls",)]


def test_text_is_as_a_browser_shows_it() -> None:
    page = (
        "<style>.off{display:none} a.x, #y {color:red}</style><h1>标\n题</h1><div>一<b>二</b><br>三 &nbsp;四</div>"
        "<p style='DISPLAY: none'>隐</p><p class='off'>藏</p><p hidden>了</p><script>x</script><!-- 注 -->"
        "<table><tr><td>甲\n <br/>乙<td><p>&nbsp;</p><td><ruby>河<rt>hé</rt></ruby></td></tr></table>"
        "<pre>五\n六</pre>"
    )
    found = read(page)
    assert lines(found) == [["标 题"], ["一二"], ["三", "四"], ["五"], ["六"]]
    assert [cell[4] for cell in tables(found)[0]] == ["甲|乙", "", "河"]


def test_tables_around_a_table_are_layout() -> None:
    inner = f"<table>{ROW * 3}</table>"
    page = read(f"<table><tr><td>导航<td>{inner}</table>")
    assert lines(page) == [["导航"]]
    assert [len(found) for found in tables(page)] == [6]
    wrapped = read(f"<table><tr><td><table><tr><td><table><tr><td><table><tr><td>{inner}" + "</table>" * 4)
    assert [len(found) for found in tables(wrapped)] == [6]


def test_a_table_with_a_cell_a_row_is_lines() -> None:
    assert lines(read("<table><tr><td>标题<tr><td>填表人：甲&nbsp;&nbsp;电话：1</table>")) == [
        ["标题"],
        ["填表人：甲", "电话：1"],
    ]


def test_text_between_the_cells_is_not_lost() -> None:
    page = read(f"<table>前<tr>中<td>a<td>b</tr>{ROW}</table>")
    assert lines(page) == [["前"], ["中"]]


@pytest.mark.parametrize(
    "data",
    [
        "<p>实施单位</p>".encode(),
        "<p>实施单位</p>".encode("gb18030"),
        "<meta charset=gb2312><p>实施单位</p>".encode("gb18030"),
        "<meta charset=gb2312><p>实施单位</p>".encode(),
        "<meta charset=utf-8><p>实施单位</p>".encode("gb18030"),
        "<p>实施单位</p>".encode("utf-8-sig"),
        "<meta charset=utf-16><p>实施单位</p>".encode("utf-16"),
    ],
)
def test_the_encoding_is_found_whatever_the_page_says(data: bytes) -> None:
    assert lines(read(data)) == [["实施单位"]]


def test_each_page_in_mhtml_is_a_page() -> None:
    import base64
    import quopri

    first = quopri.encodestring("<p>第一页 = 甲</p>".encode("gb2312")).decode()
    second = base64.b64encode("<p>第二页</p>".encode()).decode()
    data = (
        'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="x"\r\n\r\n'
        "--x\r\nContent-Type: text/html; charset=gb2312\r\n"
        f"Content-Transfer-Encoding: quoted-printable\r\n\r\n{first}\r\n"
        f"--x\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{second}\r\n"
        "--x\r\nContent-Type: image/png\r\n\r\nx\r\n--x--\r\n"
    ).encode()
    pages = read_html(data, Limits())
    assert [(page.page.number, lines(page)) for page in pages] == [(1, [["第一页 = 甲"]]), (2, [["第二页"]])]


def test_fields_of_a_form_show_what_was_entered() -> None:
    page = "<p><input value=85> <input type=hidden value=9><select><option>优<option selected>良</select></p>"
    assert lines(read(page)) == [["85 良"]]


def test_struck_and_raised_figures_are_doubted() -> None:
    (block,) = read("<table><tr><td><del>85</del>90<td>85<sup>1</sup><td>m<sup>2</sup></table>").blocks
    assert isinstance(block, Table)
    assert [cell.lines[0][0].doubts for cell in block.cells] == [("text.struck",), ("text.raised",), ()]


def test_columns_are_in_points_where_the_page_gives_every_width() -> None:
    page = "<table><tr><td width=100>a<td style='width:30pt'>b<tr><td>c<td>d</table>"
    (block,) = read(page).blocks
    assert isinstance(block, Table)
    assert list(block.columns) == [0, 75, 105]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"<html><frameset><frame src=a.htm></frameset></html>", "empty"),
        (b"<div>" * 5000 + b"x", "damaged"),
        (b"<table>" + b"<tr><td>a<td>b" * 60 + b"</table>", "too_many.cells"),
        (b"<p>\xff\xff\xfe\x81</p>" * 9, "encoding"),
    ],
)
def test_bad_pages_fail_with_one_sentence(data: bytes, code: str) -> None:
    with pytest.raises(DocumentError) as failure:
        read_html(data, Limits(cells=100))
    assert failure.value.code == code
