"""Digital PDF pages into tables and lines: one test for each way in which programs draw forms."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import pymupdf as untyped_pymupdf
import pytest

from pipeline.errors import DocumentError
from pipeline.ingest import pdf
from pipeline.ingest.limits import Limits
from pipeline.ingest.page import PageContent, Table, TableCell, Word

pymupdf: Any = untyped_pymupdf

LIMITS = Limits()
XS = (60.0, 160.0, 240.0, 400.0)
YS = (100.0, 130.0, 160.0, 220.0)
TEXTS = (("项目名称", "甲", "1,286.50"), ("得分", "9.5", "—"), ("备注", "", "≥90%"))


def a4(draw: Callable[[Any], None], *, rotation: int = 0, size: tuple[float, float] = (595, 842)) -> bytes:
    document = pymupdf.open()
    page = document.new_page(width=size[0], height=size[1])
    draw(page)
    page.set_rotation(rotation)
    return bytes(document.tobytes())


def put(page: Any, x: float, y: float, text: str, size: float = 10, **options: Any) -> None:
    """Text that starts at x with its base line at y; CJK characters in a CJK font, others in a Latin one."""
    font = "china-s" if any(char > "\u2000" for char in text) else "helv"
    page.insert_text((x, y), text, fontname=font, fontsize=size, **options)


def fill_in(page: Any, texts: Iterable[Iterable[str]] = TEXTS, dx: float = 0, dy: float = 0) -> None:
    for y, row in zip(YS, texts, strict=False):
        for x, text in zip(XS, row, strict=False):
            if text:
                put(page, x + 5 + dx, y + 18 + dy, text)


def read(data: bytes, index: int = 0) -> PageContent:
    document = pdf.open_pdf(data, LIMITS)
    plan = pdf.plan_page(document, index)
    assert plan == pdf.Plan(pdf.Way.DIGITAL)
    return pdf.read_page(document, index, LIMITS, plan)


def tables(content: PageContent) -> list[Table]:
    return [block for block in content.blocks if isinstance(block, Table)]


def lines(content: PageContent) -> list[str]:
    return [line(block) for block in content.blocks if not isinstance(block, Table)]


def line(words: Iterable[Word]) -> str:
    return " ".join(word.text for word in words)


def text(cell: TableCell) -> str:
    return "/".join(line(words) for words in cell.lines)


def rows(table: Table) -> list[list[str]]:
    out: dict[int, list[str]] = {}
    for cell in sorted(table.cells, key=lambda cell: (cell.row, cell.column)):
        out.setdefault(cell.row, []).append(text(cell))
    return list(out.values())


def doubts(content: PageContent) -> set[str]:
    found = set()
    for table in tables(content):
        for cell in table.cells:
            found |= {*cell.doubts, *(doubt for words in cell.lines for word in words for doubt in word.doubts)}
    return found


def cell_at(table: Table, row: int, column: int) -> TableCell:
    return next(cell for cell in table.cells if (cell.row, cell.column) == (row, column))


# -- walls


def _lines(page: Any, **options: Any) -> None:
    for y in YS:
        page.draw_line((XS[0], y), (XS[-1], y), **options)
    for x in XS:
        page.draw_line((x, YS[0]), (x, YS[-1]), **options)


def _cells(page: Any) -> None:
    for y0, y1 in itertools.pairwise(YS):
        for x0, x1 in itertools.pairwise(XS):
            page.draw_rect((x0, y0, x1, y1))


def _thin_fills(page: Any) -> None:
    for y in YS:
        page.draw_rect((XS[0], y - 0.25, XS[-1], y + 0.25), color=None, fill=(0, 0, 0))
    for x in XS:
        page.draw_rect((x - 0.25, YS[0], x + 0.25, YS[-1]), color=None, fill=(0, 0, 0))


def _pieces(page: Any) -> None:
    for y in YS:
        for x0, x1 in itertools.pairwise(XS):
            page.draw_line((x0 + 0.5, y), (x1 - 0.5, y))
    for x in XS:
        for y0, y1 in itertools.pairwise(YS):
            page.draw_line((x, y0 + 0.5), (x, y1 - 0.5))


def _dashed(page: Any) -> None:
    _lines(page, dashes="[3 2] 0")


def _dots(page: Any) -> None:
    """Walls dot by dot, each a small filled square."""
    for y in YS:
        for n in range(int((XS[-1] - XS[0]) / 2) + 1):
            page.draw_rect((XS[0] + 2 * n, y - 0.3, XS[0] + 2 * n + 0.6, y + 0.3), color=None, fill=(0, 0, 0))
    for x in XS:
        for n in range(int((YS[-1] - YS[0]) / 2) + 1):
            page.draw_rect((x - 0.3, YS[0] + 2 * n, x + 0.3, YS[0] + 2 * n + 0.6), color=None, fill=(0, 0, 0))


def _double(page: Any) -> None:
    for shift in (-0.9, 0.9):
        for y in YS:
            page.draw_line((XS[0], y + shift), (XS[-1], y + shift), width=0.4)
        for x in XS:
            page.draw_line((x + shift, YS[0]), (x + shift, YS[-1]), width=0.4)


def _coloured_cells(page: Any) -> None:
    for n, (y0, y1) in enumerate(itertools.pairwise(YS)):
        for x0, x1 in itertools.pairwise(XS):
            page.draw_rect((x0 + 0.5, y0 + 0.5, x1 - 0.5, y1 - 0.5), color=None, fill=(0.8, 0.9, 1 - 0.1 * n))


@pytest.mark.parametrize("walls", [_lines, _cells, _thin_fills, _pieces, _dashed, _dots, _double, _coloured_cells])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_every_way_of_drawing_walls(walls: Callable[[Any], None], rotation: int) -> None:
    def draw(page: Any) -> None:
        walls(page)
        fill_in(page)

    content = read(a4(draw, rotation=rotation))
    assert rows(tables(content)[0]) == [list(row) for row in TEXTS]
    assert len(content.blocks) == 1
    assert not doubts(content)
    assert content.page.turn == (360 - rotation) % 360


def test_merged_cells_span_rows_and_columns() -> None:
    def draw(page: Any) -> None:
        page.draw_rect((XS[0], YS[0], XS[-1], YS[-1]))
        page.draw_line((XS[0], YS[1]), (XS[-1], YS[1]))
        page.draw_line((XS[1], YS[2]), (XS[-1], YS[2]))
        page.draw_line((XS[1], YS[1]), (XS[1], YS[-1]))
        page.draw_line((XS[2], YS[2]), (XS[2], YS[-1]))
        put(page, 65, 118, "合并的一行")
        put(page, 65, 170, "合并的列")

    table = tables(read(a4(draw)))[0]
    assert [(c.row, c.column, c.row_span, c.column_span, text(c)) for c in table.cells] == [
        (0, 0, 1, 3, "合并的一行"),
        (1, 0, 2, 1, "合并的列"),
        (1, 1, 1, 2, ""),
        (2, 1, 1, 1, ""),
        (2, 2, 1, 1, ""),
    ]


def test_frames_underlines_and_white_lines_are_no_tables() -> None:
    def draw(page: Any) -> None:
        page.draw_rect((20, 20, 575, 822))
        page.draw_rect((24, 24, 571, 818))
        page.draw_line((60, 82), (130, 82))
        page.draw_line((200, 82), (270, 82))
        put(page, 60, 80, "填表人：")
        _lines(page)
        fill_in(page)
        for x in (100.0, 300.0):
            page.draw_line((x, 100), (x, 220), color=(1, 1, 1))

    content = read(a4(draw))
    assert len(tables(content)) == 1
    assert rows(tables(content)[0]) == [list(row) for row in TEXTS]
    assert lines(content) == ["填表人："]


def test_a_page_without_rulings_is_lines_cut_at_gaps() -> None:
    def draw(page: Any) -> None:
        put(page, 60, 80, "填表人：甲")
        put(page, 200, 80, "2022年1月5日")
        put(page, 60, 100, "第二行")

    content = read(a4(draw))
    assert [[word.text for word in block] for block in content.blocks if isinstance(block, list)] == [
        ["填表人：甲", "2022年1月5日"],
        ["第二行"],
    ]


def test_a_drawing_of_many_thousand_lines_takes_no_time() -> None:
    def draw(page: Any) -> None:
        shape = page.new_shape()
        for n in range(4000):
            shape.draw_line((10, n / 5), (500, n / 5))
            shape.draw_line((n / 8, 10), (n / 8, 800))
        shape.finish(width=0.01)
        shape.commit()
        put(page, 60, 80, "平面图")

    document = pdf.open_pdf(a4(draw), LIMITS)
    pdf.plan_page(document, 0)
    assert tables(pdf.read_page(document, 0, LIMITS)) == []


# -- text in its cells


def test_wrapped_lines_stay_in_order() -> None:
    def draw(page: Any) -> None:
        _lines(page)
        for n, part in enumerate(("第一行文字", "第二行", "第三行")):
            put(page, 245, 175 + 13 * n, part)

    table = tables(read(a4(draw)))[0]
    assert text(cell_at(table, 2, 2)) == "第一行文字/第二行/第三行"


def test_a_run_over_several_cells_is_split_at_the_walls() -> None:
    def draw(page: Any) -> None:
        _lines(page)
        put(page, 130, 118, "10.00        9.50                                   100%")

    content = read(a4(draw))
    assert rows(tables(content)[0])[0] == ["10.00", "9.50", "100%"]
    assert not doubts(content)


def test_text_that_reaches_over_a_wall_is_doubted_on_both_sides() -> None:
    def draw(page: Any) -> None:
        _lines(page)
        put(page, 130, 118, "123456789.00")

    table = tables(read(a4(draw)))[0]
    assert rows(table)[0] == ["", "123456789.00", ""]
    assert [cell.doubts for cell in table.cells[:3]] == [("grid.uncertain",), ("grid.uncertain",), ()]


def test_vertical_headings_are_one_line_each() -> None:
    def draw(page: Any) -> None:
        _lines(page)
        for n, char in enumerate("产出指标"):
            put(page, 100, 172 + 12 * n, char)
        put(page, 200, 215, "Budget 2", rotate=90)
        put(page, 300, 165, "Turned", rotate=270)

    table = tables(read(a4(draw)))[0]
    assert [text(cell_at(table, 2, n)) for n in range(3)] == ["产出指标", "Budget 2", "Turned"]
    box = cell_at(table, 2, 1).lines[0][0].box
    assert XS[1] < box.x0 < box.x1 < XS[2]
    assert YS[2] < box.y0 < box.y1 < YS[3]


def test_figures_one_a_line_are_not_joined() -> None:
    def draw(page: Any) -> None:
        _lines(page)
        for n, char in enumerate("12"):
            put(page, 100, 172 + 12 * n, char)

    assert text(cell_at(tables(read(a4(draw)))[0], 2, 0)) == "1/2"


@pytest.mark.parametrize(("rotate", "turn"), [(90, 90), (270, 270)])
def test_a_page_of_turned_text_is_read_the_way_it_is_meant(rotate: int, turn: int) -> None:
    """A landscape form on a portrait page: the text itself is turned."""

    def place(x: float, y: float) -> tuple[float, float]:
        return (y, 842 - x) if rotate == 90 else (595 - y, x)

    def draw(page: Any) -> None:
        for y in YS:
            page.draw_line(place(XS[0], y), place(XS[-1], y))
        for x in XS:
            page.draw_line(place(x, YS[0]), place(x, YS[-1]))
        for y, row in zip(YS, TEXTS, strict=False):
            for x, word in zip(XS, row, strict=False):
                if word:
                    put(page, *place(x + 5, y + 18), word, rotate=rotate)
        put(page, *place(60, 90), "标题在上", rotate=rotate)

    content = read(a4(draw))
    assert lines(content) == ["标题在上"]
    assert content.page.turn == turn
    table = tables(content)[0]
    assert rows(table) == [list(row) for row in TEXTS]
    assert not doubts(content)
    corner = place(XS[0], YS[0])
    first = cell_at(table, 0, 0).box
    assert (first.y1 if rotate == 90 else first.y0) == pytest.approx(corner[1], abs=1)
    assert (first.x0 if rotate == 90 else first.x1) == pytest.approx(corner[0], abs=1)
    assert max(cell.box.y1 for cell in table.cells) <= 842


def test_two_forms_on_one_page_are_read_one_after_the_other() -> None:
    def draw(page: Any) -> None:
        for dx in (0, 500):
            for y in YS:
                page.draw_line((XS[0] + dx, y), (XS[-1] + dx, y))
            for x in XS:
                page.draw_line((x + dx, YS[0]), (x + dx, YS[-1]))
            fill_in(page, dx=dx)
            put(page, 150 + dx, 90, "左标题" if not dx else "右标题")
            put(page, 60 + dx, 240, "左签字" if not dx else "右签字")

    content = read(a4(draw, size=(1191, 842)))
    kinds = ["table" if isinstance(block, Table) else line(block) for block in content.blocks]
    assert kinds == ["左标题", "table", "左签字", "右标题", "table", "右签字"]


# -- characters


def test_fake_bold_is_printed_once() -> None:
    def draw(page: Any) -> None:
        _lines(page)
        for shift in (0, 0.3, 0.6):
            put(page, 65 + shift, 118, "11.00")
            put(page, 165 + shift, 118, "合计")

    content = read(a4(draw))
    assert rows(tables(content)[0])[0] == ["11.00", "合计", ""]
    assert not doubts(content)


def test_white_text_is_left_out_and_its_cell_doubted() -> None:
    def draw(page: Any) -> None:
        _lines(page)
        fill_in(page)
        put(page, 165, 178, "99", color=(1, 1, 1))

    table = tables(read(a4(draw)))[0]
    assert text(cell_at(table, 2, 1)) == ""
    assert cell_at(table, 2, 1).doubts == ("text.hidden",)


def test_white_text_on_a_dark_cell_is_read() -> None:
    def draw(page: Any) -> None:
        page.draw_rect((XS[0], YS[0], XS[-1], YS[1]), color=None, fill=(0.1, 0.2, 0.6))
        _lines(page)
        for x, word in zip(XS, ("名称", "数值", "得分"), strict=False):
            put(page, x + 5, 118, word, color=(1, 1, 1))

    content = read(a4(draw))
    assert rows(tables(content)[0])[0] == ["名称", "数值", "得分"]
    assert not doubts(content)


def test_text_covered_by_a_correction_is_doubted() -> None:
    def draw(page: Any) -> None:
        _lines(page)
        fill_in(page)
        put(page, 165, 178, "12")
        page.draw_rect((162, 165, 200, 185), color=None, fill=(1, 1, 1))
        put(page, 166, 178, "34")

    assert "text.overlaid" in doubts(read(a4(draw)))


@pytest.mark.parametrize("rotation", [0, 90])
def test_a_picture_stuck_over_a_figure_is_doubted_and_a_seal_is_not(rotation: int) -> None:
    patch = pymupdf.open()
    put(patch.new_page(width=88, height=20), 3, 13, "9,999.99")
    seal = pymupdf.open()
    seal.new_page(width=100, height=100).draw_circle((50, 50), 45, color=(1, 0, 0), width=4)

    def draw(page: Any) -> None:
        _lines(page)
        fill_in(page)
        page.insert_image((242, 105, 330, 125), pixmap=patch[0].get_pixmap(dpi=200))
        page.insert_image((60, 120, 180, 240), pixmap=seal[0].get_pixmap(dpi=150, alpha=True))

    table = tables(read(a4(draw, rotation=rotation)))[0]
    assert {text(c): c.lines[0][0].doubts for c in table.cells if c.lines and c.lines[0][0].doubts} == {
        "1,286.50": ("text.overlaid",)
    }


def test_text_struck_out_is_doubted_and_underlined_text_is_not() -> None:
    def draw(page: Any) -> None:
        _lines(page)
        put(page, 65, 118, "12.50")
        page.draw_line((64, 114.5), (95, 114.5))
        put(page, 165, 118, "13.50")
        page.draw_line((164, 119.5), (195, 119.5))

    table = tables(read(a4(draw)))[0]
    assert cell_at(table, 0, 0).lines[0][0].doubts == ("text.struck",)
    assert cell_at(table, 0, 1).lines[0][0].doubts == ()
    assert cell_at(table, 0, 1).doubts == ()


def test_superscripts_stay_in_their_word_but_not_behind_a_figure() -> None:
    def draw(page: Any) -> None:
        _lines(page)
        put(page, 65, 118, "50m")
        put(page, 65 + pymupdf.get_text_length("50m", "helv", 10), 114.5, "2", size=6)
        put(page, 165, 118, "95.5")
        put(page, 165 + pymupdf.get_text_length("95.5", "helv", 10), 114.5, "2", size=6)

    table = tables(read(a4(draw)))[0]
    assert text(cell_at(table, 0, 0)) == "50m2"
    assert text(cell_at(table, 0, 1)) == "95.5 2"
    assert cell_at(table, 0, 1).lines[0][1].doubts == ("text.raised",)


def test_text_clipped_away_is_left_out_and_doubted() -> None:
    """A spreadsheet program prints a cell's whole text and clips it at the wall."""

    def draw(page: Any) -> None:
        _lines(page)
        fill_in(page)
        document = page.parent
        page.clean_contents()
        xref = page.get_contents()[0]
        clipped = b"\nq 160 622 80 58 re W n BT /helv 10 Tf 165 664 Td (Long text that is cut off here) Tj ET Q\n"
        document.update_stream(xref, document.xref_stream(xref) + clipped)

    table = tables(read(a4(draw)))[0]
    cells = [text(cell) for cell in table.cells]
    assert any("Long" in one for one in cells)
    assert not any("here" in one for one in cells)
    assert "text.clipped" in {doubt for cell in table.cells for doubt in cell.doubts}


def test_what_runs_off_the_page_is_doubted() -> None:
    def draw(page: Any) -> None:
        for y in YS:
            page.draw_line((XS[0], y), (700, y))
        for x in XS:
            page.draw_line((x, YS[0]), (x, YS[-1]))
        fill_in(page)
        put(page, 560, 300, "0000-5551234")

    content = read(a4(draw))
    table = tables(content)[0]
    assert [cell.doubts for cell in table.cells if cell.row == 0] == [(), (), (), ("grid.open",)]
    last = content.blocks[-1]
    assert isinstance(last, list)
    assert last[0].text.startswith("0000")
    assert last[0].doubts == ("text.clipped",)


def test_a_mark_that_is_drawn_rather_than_written_is_doubted() -> None:
    def draw(page: Any) -> None:
        _lines(page)
        fill_in(page)
        page.draw_line((170, 212), (230, 168))
        page.draw_line((300, 145), (312, 145), width=1)

    table = tables(read(a4(draw)))[0]
    assert cell_at(table, 2, 1).doubts == ("ink.unread",)


def test_fields_and_notes_of_a_fillable_form_are_read() -> None:
    def draw(page: Any) -> None:
        _lines(page)
        fill_in(page)
        field = pymupdf.Widget()
        field.field_type = pymupdf.PDF_WIDGET_TYPE_TEXT
        field.field_name, field.field_value = "a", "42.50"
        field.text_fontsize = 10
        field.rect = pymupdf.Rect(165, 165, 235, 185)
        page.add_widget(field)

    assert text(cell_at(tables(read(a4(draw)))[0], 2, 1)) == "42.50"


def test_a_table_in_a_cell_of_another_keeps_its_text() -> None:
    def draw(page: Any) -> None:
        _lines(page)
        page.draw_rect((250, 170, 390, 210))
        page.draw_line((250, 190), (390, 190))
        page.draw_line((320, 170), (320, 210))
        put(page, 255, 185, "内")
        put(page, 65, 118, "外")

    inner, outer = sorted(tables(read(a4(draw))), key=lambda table: len(table.cells))
    assert rows(inner)[0] == ["内", ""]
    assert cell_at(outer, 2, 2).doubts == ("table.nested",)


# -- files


def test_an_empty_user_password_opens_and_another_is_refused() -> None:
    document = pymupdf.open(stream=a4(fill_in))
    open_to_all = document.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, owner_pw="x", user_pw="")
    assert lines(read(open_to_all))[0].startswith("项目名称")
    closed = document.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, owner_pw="x", user_pw="y")
    with pytest.raises(DocumentError, match="password") as caught:
        pdf.open_pdf(closed, LIMITS)
    assert caught.value.code == "encrypted"


@pytest.mark.parametrize(
    "data", [b"", b"%PDF-1.7\n", b"nothing of the kind", b"%PDF-1.4\n1 0 obj\n<</Type/Catalog>>\n"]
)
def test_what_is_no_pdf_is_one_sentence(data: bytes) -> None:
    with pytest.raises(DocumentError) as caught:
        pdf.open_pdf(data, LIMITS)
    assert caught.value.code == ("damaged" if data else "empty")


def test_a_pdf_cut_short_is_repaired_or_refused(capfd: pytest.CaptureFixture[str]) -> None:
    def draw(page: Any) -> None:
        _lines(page)
        fill_in(page)

    whole = a4(draw)
    for share in (0.3, 0.6, 0.9, 0.99):
        try:
            document = pdf.open_pdf(whole[: int(len(whole) * share)], LIMITS)
        except DocumentError as error:
            assert error.code == "damaged"
            continue
        for index in range(document.page_count):
            pdf.plan_page(document, index)
    assert capfd.readouterr() == ("", "")


def test_too_many_pages_names_the_number_and_the_setting() -> None:
    document = pymupdf.open()
    for _ in range(4):
        document.new_page()
    with pytest.raises(DocumentError, match=r"4 pages.*limits\.pages") as caught:
        pdf.open_pdf(document.tobytes(), Limits(pages=3))
    assert caught.value.code == "too_many.pages"


def test_rendering_keeps_to_the_limit_of_pixels() -> None:
    document = pdf.open_pdf(a4(fill_in, rotation=90), LIMITS)
    pixels, scale = pdf.render(document, 0, 200, Limits(pixels=1_000_000))
    assert pixels.shape[0] * pixels.shape[1] <= 1_010_000
    assert pixels.shape[1] > pixels.shape[0]
    assert pixels.shape[1] * scale == pytest.approx(842, abs=1)
