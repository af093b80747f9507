"""Word documents into tables and lines: one test a trap."""

from __future__ import annotations

import io
import zipfile

import pytest

from pipeline.errors import DocumentError
from pipeline.ingest.limits import Limits
from pipeline.ingest.page import PageContent, Table
from pipeline.ingest.word import read_word

NS = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
)
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def docx(body: str, *, head: str = "", **parts: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", f"{head}<w:document {NS}><w:body>{body}</w:body></w:document>")
        for name, content in parts.items():
            archive.writestr({"rels": "word/_rels/document.xml.rels", "styles": "word/styles.xml"}[name], content)
    return out.getvalue()


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def para(*runs: str) -> str:
    return f"<w:p>{''.join(run(r) if not r.startswith('<') else r for r in runs)}</w:p>"


def cell(content: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{content if content.startswith('<') else para(content)}</w:tc>"


def row(*cells: str, properties: str = "") -> str:
    inner = "".join(c if c.startswith("<w:tc>") else cell(c) for c in cells)
    return f"<w:tr><w:trPr>{properties}</w:trPr>{inner}</w:tr>"


def table(*rows: str, widths: tuple[int, ...] = ()) -> str:
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    return f"<w:tbl><w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>"


def read(body: str, limits: Limits = Limits(), **more: str) -> PageContent:  # noqa: B008 - frozen
    (page,) = read_word(docx(body, **more), limits)
    return page


def tables(page: PageContent) -> list[Table]:
    return [block for block in page.blocks if isinstance(block, Table)]


def lines(page: PageContent) -> list[list[str]]:
    return [[word.text for word in block] for block in page.blocks if not isinstance(block, Table)]


def shape(found: Table) -> list[tuple[int, int, int, int, str]]:
    return [
        (c.row, c.column, c.row_span, c.column_span, "|".join(w.text for line in c.lines for w in line))
        for c in found.cells
    ]


def test_a_line_is_cut_at_tabs_and_wide_gaps_and_a_cell_is_not() -> None:
    gaps = para("填表人：甲", "<w:r><w:tab/></w:r>", "电话：1  日期：2\u30002021 年")
    page = read(gaps + table(row("甲  乙\u3000丙", "")))
    assert lines(page) == [["填表人：甲", "电话：1", "日期：2", "2021 年"]]
    assert shape(tables(page)[0]) == [(0, 0, 1, 1, "甲  乙\u3000丙"), (0, 1, 1, 1, "")]


def test_merged_cells_span_what_they_cover() -> None:
    down = '<w:vMerge w:val="restart"/>'
    page = read(
        table(
            row(cell("项目资金", down), cell("预算", '<w:gridSpan w:val="2"/>')),
            row(cell("残留", "<w:vMerge/>"), "1", "2"),
            row(cell("合计"), cell("3", '<w:hMerge w:val="restart"/>'), cell("", "<w:hMerge/>")),
            row("右", properties='<w:gridBefore w:val="2"/>'),
            widths=(1000, 1000, 1000),
        )
    )
    (found,) = tables(page)
    assert shape(found) == [
        (0, 0, 2, 1, "项目资金"),
        (0, 1, 1, 2, "预算"),
        (1, 1, 1, 1, "1"),
        (1, 2, 1, 1, "2"),
        (2, 0, 1, 1, "合计"),
        (2, 1, 1, 2, "3"),
        (3, 2, 1, 1, "右"),
    ]
    assert list(found.columns) == [0, 50, 100, 150]


def test_boxes_count_rows_through_the_document() -> None:
    page = read(table(row("甲")) + para("中间") + table(row("乙")))
    boxes = [tuple(word.box) for block in page.blocks if not isinstance(block, Table) for word in block]
    assert [tuple(found.cells[0].box) for found in tables(page)] == [(0, 0, 1, 1), (0, 2, 1, 3)]
    assert boxes == [(0, 1, 1, 2)]


def test_widths_say_where_cells_stand_if_the_columns_do_not_fit() -> None:
    def width(twips: int) -> str:
        return f'<w:tcW w:w="{twips}" w:type="dxa"/>'

    (found,) = tables(
        read(
            table(
                row(cell("名称", width(1000)), cell("河道", width(2010))),
                row(cell("a", width(1000)), cell("b", width(1000)), cell("c", width(1000))),
            )
        )
    )
    assert shape(found)[:2] == [(0, 0, 1, 1, "名称"), (0, 1, 1, 2, "河道")]
    assert not any(found_cell.doubts for found_cell in found.cells)


def test_rows_that_do_not_fit_and_have_no_widths_are_doubted() -> None:
    (found,) = tables(read(table(row("名称", "河道"), row("a", "b", "c"))))
    assert [found_cell.doubts for found_cell in found.cells] == [("cell.walls",)] * 2 + [()] * 3


def test_borders_that_nearly_meet_are_one() -> None:
    (found,) = tables(
        read(
            table(
                row("甲", cell("乙", '<w:gridSpan w:val="2"/>')),
                row(cell("丙", '<w:gridSpan w:val="2"/>'), "丁"),
                widths=(2000, 90, 2000),
            )
        )
    )
    assert [place[:4] for place in shape(found)] == [(0, 0, 1, 1), (0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 1, 1)]


def field(kind: str) -> str:
    return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'


@pytest.mark.parametrize(
    ("inside", "shown"),
    [
        ("<w:del><w:r><w:delText>85</w:delText></w:r></w:del><w:ins>" + run("90") + "</w:ins>", "90"),
        ("<w:moveFrom>" + run("85") + "</w:moveFrom><w:moveTo>" + run("90") + "</w:moveTo>", "90"),
        (run("85", "<w:vanish/>") + run("90", '<w:vanish w:val="0"/>'), "90"),
        (run("85", '<w:rStyle w:val="Secret2"/>') + run("90"), "90"),
        (
            field("begin") + "<w:r><w:instrText>=1+1</w:instrText></w:r>" + field("separate") + run("2") + field("end"),
            "2",
        ),
        ('<w:fldSimple w:instr="PAGE">' + run("7") + "</w:fldSimple>", "7"),
        ('<w:hyperlink r:id="x">' + run("链接") + "</w:hyperlink>", "链接"),
        (run("10") + "<w:r><w:noBreakHyphen/></w:r>" + run("20"), "10-20"),
        ('<w:r><w:sym w:font="Symbol" w:char="F0B3"/></w:r>' + run("90%"), "≥90%"),
        (run("\uf0a3", '<w:rFonts w:ascii="Symbol"/>') + run("5"), "≤5"),
        ("<w:sdt><w:sdtContent>" + run("控件") + "</w:sdtContent></w:sdt>", "控件"),
        (
            "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>" + run("单击此处") + "</w:sdtContent></w:sdt>",
            "",
        ),
        ("<w:r><w:ruby><w:rt>" + run("hé") + "</w:rt><w:rubyBase>" + run("河") + "</w:rubyBase></w:ruby></w:r>", "河"),
        ("<w:r><w:t> 首尾 </w:t></w:r>", "首尾"),
        ("<m:oMath><m:r><m:t>x=1</m:t></m:r></m:oMath>", "x=1"),
        (run("甲") + "<w:r><w:br/></w:r>" + run("乙"), "甲|乙"),
    ],
)
def test_what_word_shows_is_read(inside: str, shown: str) -> None:
    styles = (
        f'<w:styles {NS}><w:style w:styleId="Secret"><w:rPr><w:vanish/></w:rPr></w:style>'
        '<w:style w:styleId="Secret2"><w:basedOn w:val="Secret"/></w:style></w:styles>'
    )
    rels = f'<Relationships><Relationship Id="s" Type="{RELATIONS}/styles" Target="styles.xml"/></Relationships>'
    page = read(table(row(cell(f"<w:p>{inside}</w:p>"), "x")), styles=styles, rels=rels)
    assert shape(tables(page)[0])[0][4] == shown
    assert not tables(page)[0].cells[0].doubts


@pytest.mark.parametrize(
    ("inside", "doubt"),
    [
        (run("85", "<w:strike/>"), "text.struck"),
        (run("85") + run("1", '<w:vertAlign w:val="superscript"/>'), "text.raised"),
        ('<w:r><w:sym w:font="Webdings" w:char="F061"/></w:r>', "text.symbol"),
        (
            "<m:oMath><m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f></m:oMath>",
            "text.equation",
        ),
        (field("begin") + r"<w:r><w:instrText>EQ \f(1,2)</w:instrText></w:r>" + field("end"), "field.no_result"),
        ("<w:r><w:drawing><pic:pic/></w:drawing></w:r>", "cell.picture"),
    ],
)
def test_what_is_not_certain_is_doubted(inside: str, doubt: str) -> None:
    found = tables(read(table(row(cell(f"<w:p>{inside}</w:p>"), "x"))))[0].cells[0]
    assert {*found.doubts, *(d for line in found.lines for word in line for d in word.doubts)} == {doubt}


def test_a_text_box_is_read_once() -> None:
    box = f"<w:txbxContent>{para('附件1')}</w:txbxContent>"
    both = (
        f'<mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:txbx>{box}</wps:txbx></w:drawing></mc:Choice>'
        f"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent>"
    )
    assert lines(read(para("正文", f"<w:r>{both}</w:r>"))) == [["正文"], ["附件1"]]


def test_a_table_that_only_wraps_another_is_taken_apart() -> None:
    inner = table(row("a", "b"), row("c", "d"), row("e", "f"))
    page = read(table(row(cell(para("标题") + inner + "<w:p/>"))))
    assert lines(page) == [["标题"]]
    assert [len(found.cells) for found in tables(page)] == [6]


def test_a_large_table_inside_a_form_stands_below_its_row_and_a_small_one_is_text() -> None:
    large = table(row("a", "b"), row("c", "d"), row("e", "f"))
    small = table(row("1", "2"))
    page = read(table(row("x", "y", "z"), row("绩效", "指标", cell(large + "<w:p/>")), row("p", "q", cell(small))))
    assert [[place[4] for place in shape(found)] for found in tables(page)] == [
        ["x", "y", "z", "绩效", "指标", ""],
        ["a", "b", "c", "d", "e", "f"],
        ["p", "q", "1\t2"],
    ]


def test_rows_and_cells_in_content_controls_count_and_deleted_rows_do_not() -> None:
    control = f"<w:sdt><w:sdtContent>{row('a', 'b')}</w:sdtContent></w:sdt>"
    page = read(table(control, row("c", "d", properties="<w:del/>"), row("e", "f", properties="<w:hidden/>")))
    assert [place[4] for place in shape(tables(page)[0])] == ["a", "b"]


def test_a_field_that_never_ends_does_not_swallow_the_tables() -> None:
    page = read(para(field("begin")) + table(row("甲", "乙")) + para("完"))
    assert [place[4] for place in shape(tables(page)[0])] == ["甲", "乙"]
    assert lines(page) == [["完"]]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (docx("<w:p/>"), "empty"),
        (docx(para("<w:r><w:drawing><pic:pic/></w:drawing></w:r>")), "pictures"),
        (docx(para("x"))[:-40], "damaged"),
        (docx("<w:p>"), "damaged"),
        (docx("<w:p>" + "<w:hyperlink>" * 220 + run("x") + "</w:hyperlink>" * 220 + "</w:p>"), "damaged"),
        (docx(para("&b;"), head='<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>'), "xml.entities"),
        (docx("<w:p/>" * 6_000_000), "too_many.bytes"),
    ],
)
def test_bad_files_fail_with_one_sentence(data: bytes, code: str) -> None:
    with pytest.raises(DocumentError) as failure:
        read_word(data, Limits())
    assert failure.value.code == code


def test_a_document_has_no_more_cells_than_allowed() -> None:
    with pytest.raises(DocumentError) as failure:
        read(table(*(row("a", "b") for _ in range(10))), Limits(cells=19))
    assert failure.value.code == "too_many.cells"
