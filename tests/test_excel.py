"""Excel sheets into tables and lines: one test a trap."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date

import openpyxl
import pytest
from openpyxl.styles import Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.errors import DocumentError
from pipeline.ingest.excel import read_excel
from pipeline.ingest.limits import Limits
from pipeline.ingest.numberformat import show_number, show_text
from pipeline.ingest.page import PageContent, Table, TableCell

SIDE = Side("thin")
BOX = Border(left=SIDE, right=SIDE, top=SIDE, bottom=SIDE)


def rule(sheet: Worksheet, cells: str) -> None:
    for row in sheet[cells]:
        for cell in row:
            cell.border = BOX


def saved(book: openpyxl.Workbook, **change: tuple[str, str]) -> bytes:
    """The workbook's bytes; `change` replaces text in its parts, and what openpyxl asks of Excel is left out."""
    first, out = io.BytesIO(), io.BytesIO()
    book.save(first)
    with zipfile.ZipFile(first) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            text = source.read(name).decode()
            if name == "xl/workbook.xml":
                text = text.replace(' fullCalcOnLoad="1"', "")
            for old, new in (pair for part, pair in change.items() if part in name):
                assert old in text
                text = text.replace(old, new)
            target.writestr(name, text)
    return out.getvalue()


def sheet_xml(rows: str, head: str = "", tail: str = "") -> bytes:
    book = openpyxl.Workbook()
    return saved(book, sheet1=("<sheetData></sheetData>", f"{head}<sheetData>{rows}</sheetData>{tail}"))


def read(data: bytes, limits: Limits = Limits()) -> PageContent:  # noqa: B008 - frozen
    (page,) = read_excel(data, limits)
    return page


def text(cell: TableCell) -> str:
    return "|".join(word.text for line in cell.lines for word in line)


def outline(page: PageContent) -> list[list[str]]:
    """Of each table the texts of its cells, of each line its words."""
    return [
        [text(cell) for cell in block.cells] if isinstance(block, Table) else [word.text for word in block]
        for block in page.blocks
    ]


def first_cell(page: PageContent) -> tuple[str, tuple[str, ...]]:
    (block,) = page.blocks
    assert isinstance(block, Table)
    return text(block.cells[0]), block.cells[0].doubts


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (1234.5, "#,##0.00", "1,234.50"),
        (0.985, "0.0%", "98.5%"),
        (99.996, "0.00", "100.00"),
        (1.005, "0.00", "1.01"),
        (2.5, "0", "3"),
        (0, '_ * #,##0.00_ ;_ * \\-#,##0.00_ ;_ * "-"??_ ;_ @_ ', "-"),
        (-3.5, '_ * #,##0.00_ ;_ * \\-#,##0.00_ ;_ * "-"??_ ;_ @_ ', "-3.50"),
        (-1234, "#,##0_);(#,##0)", "(1,234)"),
        (12, '0"元"', "12元"),
        (12.5, 'G/通用格式"分"', "12.5分"),
        (12345, '0!.0,"万"', "1.2万"),
        (55501234, "0000-00000000", "0000-55501234"),
        (7, "00", "07"),
        (0, "0;-0;;@", ""),
        (85, ";;;", ""),
        (85, '[>=60]"合格";"不合格"', "合格"),
        (0.1 + 0.2, "General", "0.3"),
        (55501234567, "General", "55501234567"),
        (1 / 3, "General", "0.333333333"),
        (44561, 'yyyy"年"m"月"d"日";@', "2021年12月31日"),
        (44561, "[$-804]yyyy/m/d", "2021/12/31"),
        (44561.75, "yyyy-mm-dd hh:mm", "2021-12-31 18:00"),
        (1.5, "[h]:mm", "36:00"),
        (0.00001234, "0.00E+00", "1.23E-05"),
    ],
)
def test_numbers_are_as_their_format_shows_them(value: float, code: str, shown: str) -> None:
    assert show_number(value, code) == (shown, True)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (0.285, "0%"),
        (1.5, "# ?/?"),
        (-0.001, "0.00"),
        (44561, '[DBNum1]yyyy"年"'),
        (44561, "d-mmm-yy"),
        (30, "yyyy/m/d"),
        (123456789012, "General"),
        (1, "0.#"),
        (5, "0*-"),
        (5, "0;0;0;0;0"),
    ],
)
def test_what_a_format_shows_is_doubted_where_programs_differ(value: float, code: str) -> None:
    assert not show_number(value, code).certain


def test_texts_follow_a_format_with_a_section_for_them() -> None:
    assert show_text("85", '0;0;0;"约"@') == ("约85", True)
    assert show_text("85", "0.00") == ("85", True)


def test_cells_are_as_shown_and_dates_count_from_1904_where_the_workbook_says_so() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.append([0.98765, date(2021, 12, 31), True, "第一行\n第二行", "_x005F_x0041_", "#DIV/0!"])
    sheet["A1"].number_format = "0.00%"
    sheet["B1"].number_format = "mm-dd-yy"
    assert outline(read(saved(book))) == [["98.77%", "2021/12/31", "TRUE", "第一行|第二行", "_x0041_", "#DIV/0!"]]
    moved = saved(book, **{"xl/workbook.xml": ("<workbookPr/>", '<workbookPr date1904="1"/>')})
    assert outline(read(moved))[0][1] == "2026/1/1"


def test_a_long_figure_in_a_narrow_column_is_doubted() -> None:
    wide = '<cols><col min="1" max="1" width="{}"/></cols>'
    row = '<row r="1"><c r="A1"><v>98.7654321</v></c><c r="B1"><v>1</v></c></row>'
    assert first_cell(read(sheet_xml(row, wide.format(6)))) == ("98.7654321", ("number.shown",))
    assert first_cell(read(sheet_xml(row, wide.format(14)))) == ("98.7654321", ())


@pytest.mark.parametrize(
    ("cell", "shown", "doubts"),
    [
        ("<f>A2*2</f>", "", ("formula.no_result",)),
        ("<f>A2*2</f><v>85</v>", "85", ()),
        ("<v>1e999</v>", "1e999", ("number.shown",)),
        ("<v>NaN</v>", "NaN", ("number.shown",)),
    ],
)
def test_formulas_give_the_result_that_was_stored(cell: str, shown: str, doubts: tuple[str, ...]) -> None:
    assert first_cell(read(sheet_xml(f'<row r="1"><c r="A1">{cell}</c><c r="B1"><v>1</v></c></row>'))) == (
        shown,
        doubts,
    )


def test_results_that_are_to_be_calculated_anew_are_doubted() -> None:
    data = sheet_xml('<row r="1"><c r="A1"><f>A2*2</f><v>0</v></c><c r="B1"><v>1</v></c></row>')
    stale = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(stale, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b"<calcPr ", b'<calcPr fullCalcOnLoad="1" '))
    assert first_cell(read(stale.getvalue())) == ("0", ("formula.stale",))


def test_a_picture_in_a_cell_and_struck_text_are_doubted() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.append(["85", "甲"])
    sheet["A1"].font = Font(strike=True)
    (block,) = read(saved(book)).blocks
    assert isinstance(block, Table)
    assert [cell.doubts for cell in block.cells] == [("text.struck",), ()]
    picture = '<c r="A1" t="str"><f>_xlfn.DISPIMG("ID_1",1)</f><v>=DISPIMG("ID_1",1)</v></c>'
    assert first_cell(read(sheet_xml(f'<row r="1">{picture}<c r="B1"><v>1</v></c></row>'))) == ("", ("cell.picture",))


def form() -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet["A1"], sheet["A2"], sheet["A3"] = "自评表", "（2021年度）", "项目名称"
    sheet["C3"], sheet["A4"], sheet["B4"], sheet["C4"], sheet["D4"] = "河道", "年度目标", "甲", "乙", "丙"
    sheet["A6"] = "填表人：甲  电话：1"
    for cells in ("A1:D1", "A3:B3", "C3:D3", "A4:A5"):
        sheet.merge_cells(cells)
    rule(sheet, "A3:D5")
    return book


def test_what_stands_around_the_borders_is_lines_and_merged_cells_span() -> None:
    page = read(saved(form()))
    (found,) = [block for block in page.blocks if isinstance(block, Table)]
    assert outline(page)[:2] + outline(page)[3:] == [["自评表"], ["（2021年度）"], ["填表人：甲", "电话：1"]]
    assert [(c.row, c.column, c.row_span, c.column_span, text(c)) for c in found.cells] == [
        (0, 0, 1, 2, "项目名称"),
        (0, 2, 1, 2, "河道"),
        (1, 0, 2, 1, "年度目标"),
        (1, 1, 1, 1, "甲"),
        (1, 2, 1, 1, "乙"),
        (1, 3, 1, 1, "丙"),
        (2, 1, 1, 1, ""),
        (2, 2, 1, 1, ""),
        (2, 3, 1, 1, ""),
    ]
    assert tuple(found.cells[1].box) == (2, 2, 4, 3)


def test_hidden_sheets_rows_and_columns_are_left_out() -> None:
    book = form()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.column_dimensions["A"].hidden = True
    sheet.row_dimensions[5].hidden = True
    book.create_sheet("b").sheet_state = "hidden"
    book.create_sheet("c").sheet_state = "veryHidden"
    book.create_sheet("d").append(["见"])
    first, second = read_excel(saved(book), Limits())
    # A merged cell is shown as far as a part of it is.
    assert outline(first) == [["自评表"], ["项目名称", "河道", "甲", "乙", "丙"]]
    assert (second.page.number, outline(second)) == (4, [["见"]])


def test_zeros_that_the_sheet_hides_are_blank() -> None:
    row = '<row r="1"><c r="A1"><v>0</v></c><c r="B1"><v>5</v></c></row>'
    book = saved(openpyxl.Workbook(), sheet1=("<sheetData></sheetData>", f"<sheetData>{row}</sheetData>"))
    assert outline(read(book)) == [["0", "5"]]
    data = saved(openpyxl.Workbook(), sheet1=("<sheetData></sheetData>", f"<sheetData>{row}</sheetData>"))
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        parts = {name: source.read(name).decode() for name in source.namelist()}
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(
        "<sheetView ", '<sheetView showZeros="0" '
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for name, content in parts.items():
            target.writestr(name, content)
    assert outline(read(out.getvalue())) == [["5"]]


def test_forms_below_one_another_are_tables_with_the_same_columns() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for top in (1, 6):
        for row in range(top, top + 3):
            sheet.cell(row, 1, f"甲{row}")
            sheet.cell(row, 3, f"乙{row}")
        rule(sheet, f"A{top}:C{top + 2}")
    one, two = read(saved(book)).blocks
    assert isinstance(one, Table) and isinstance(two, Table)
    assert list(one.columns) == list(two.columns)
    assert len(one.cells) == len(two.cells) == 9


def test_forms_side_by_side_are_read_one_after_the_other() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for row in range(1, 4):
        for column in (1, 2, 4, 5):
            sheet.cell(row, column, f"{row}{column}")
    rule(sheet, "A1:B3")
    rule(sheet, "D1:E3")
    assert outline(read(saved(book))) == [
        ["11", "12", "21", "22", "31", "32"],
        ["14", "15", "24", "25", "34", "35"],
    ]


def test_a_blank_row_or_column_with_borders_does_not_tear_a_form() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for row in (1, 2, 3, 5):
        for column in (1, 2, 4, 5):
            sheet.cell(row, column, f"{row}{column}")
    rule(sheet, "A1:E5")
    (found,) = read(saved(book)).blocks
    assert isinstance(found, Table)
    assert len(found.cells) == 25


def test_a_sheet_without_borders_is_a_table() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for row in range(1, 4):
        sheet.append([f"{row}a", f"{row}b"])
    assert [type(block) for block in read(saved(book)).blocks] == [Table]


def test_a_sheet_of_sentences_is_lines() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.append(["一、基本情况"])
    sheet.append(["综合来看，\n立项依据完备。"])
    assert outline(read(saved(book))) == [["一、基本情况"], ["综合来看，"], ["立项依据完备。"]]


def test_formatted_blank_rows_and_columns_cost_nothing() -> None:
    rows = "".join(f'<row r="{row}" spans="1:9" ht="14"><c r="I{row}" s="0"/></row>' for row in range(2, 100_000))
    wide = "".join(f'<c r="{get_column_letter(column)}1" s="0"/>' for column in range(2, 16_385))
    first = f'<row r="1"><c r="A1" t="inlineStr"><is><t>甲</t></is></c>{wide}</row>'
    merges = '<mergeCells><mergeCell ref="A1:XFD1"/></mergeCells>'
    assert outline(read(sheet_xml(first + rows, tail=merges))) == [["甲"]]


def test_cells_in_the_far_corner_do_not_fill_what_lies_between() -> None:
    corner = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    assert sum(len(block) for block in outline(read(sheet_xml(corner)))) < 10


@pytest.mark.parametrize(
    ("rows", "tail", "code"),
    [
        ("", "", "empty"),
        ("", '<drawing xmlns:r="x" r:id="d"/>', "pictures"),
        (
            "".join(
                f'<row r="{n}"><c r="A{n}"><v>1</v></c><c r="{get_column_letter(n)}{n}"><v>1</v></c></row>'
                for n in range(2, 50)
            ),
            "",
            "too_many.cells",
        ),
        (
            '<row r="1"><c r="A1"><v>1</v></c></row><row r="999"><c r="ZZ999"><v>1</v></c></row>',
            '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>',
            "too_many.cells",
        ),
        ("<row>", "", "damaged"),
    ],
)
def test_bad_sheets_fail_with_one_sentence(rows: str, tail: str, code: str) -> None:
    with pytest.raises(DocumentError) as failure:
        read(sheet_xml(rows, tail=tail), Limits(cells=100))
    assert failure.value.code == code


def with_strings(strings: str) -> bytes:
    """A workbook whose first cells hold the first two of those shared strings."""
    cells = '<c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c>'
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(sheet_xml(f'<row r="1">{cells}</row>'))) as source,
        zipfile.ZipFile(out, "w") as target,
    ):
        for name in source.namelist():
            text = source.read(name).decode()
            if name == "xl/_rels/workbook.xml.rels":
                new = f'<Relationship Id="s" Type="{kind}" Target="strings.xml"/></Relationships>'
                text = text.replace("</Relationships>", new)
            target.writestr(name, text)
        target.writestr("xl/strings.xml", strings)
    return out.getvalue()


def test_shared_strings_leave_out_phonetic_guides_and_those_that_are_missing_are_doubted() -> None:
    rich = "<si><r><t>河</t></r><r><rPr><strike/></rPr><t>道</t></r><rPh><t>hé</t></rPh></si>"
    (block,) = read(with_strings(f"<sst>{rich}</sst>")).blocks
    assert isinstance(block, Table)
    assert [text(cell) for cell in block.cells] == ["河道", ""]
    assert [[*cell.doubts] for cell in block.cells] == [["text.struck"], ["text.lost"]]


def test_entities_in_any_part_are_refused() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "1">]><worksheet'
    data = saved(form(), sheet1=("<worksheet", bomb))
    with pytest.raises(DocumentError) as failure:
        read(data)
    assert failure.value.code == "xml.entities"
    with pytest.raises(DocumentError) as failure:
        read(with_strings('<!DOCTYPE x SYSTEM "file:///etc/passwd"><sst><si><t>1</t></si></sst>'))
    assert failure.value.code == "xml.entities"


def test_a_workbook_that_unpacks_to_too_much_is_refused() -> None:
    data = sheet_xml("<row/>" * 4_000_000)
    with pytest.raises(DocumentError) as failure:
        read(data)
    assert failure.value.code == "too_many.bytes"
    with pytest.raises(DocumentError) as failure:
        read(saved(form()), Limits(file_bytes=5000))
    assert failure.value.code == "too_many.bytes"


def test_no_place_where_a_file_is_cut_off_crashes() -> None:
    data = saved(form())
    for end in range(0, len(data), 211):
        with pytest.raises(DocumentError):
            read(data[:end])


def test_no_changed_byte_crashes() -> None:
    data = saved(form())
    for at in range(0, len(data), 37):
        changed = bytearray(data)
        changed[at] ^= 0x55
        try:
            read_excel(bytes(changed), Limits())
        except DocumentError as error:
            assert re.fullmatch(r"[a-z_.]+", error.code)
