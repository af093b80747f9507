"""Which PDF pages are read by their text layer, and which as pictures, and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pymupdf as untyped_pymupdf
import pytest

from pipeline.errors import DocumentError
from pipeline.ingest import pdf
from pipeline.ingest.limits import Limits
from pipeline.ingest.pdf_text import standing
from pipeline.ingest.textlayer import garbled

pymupdf: Any = untyped_pymupdf

LIMITS = Limits()
TEXT = ["项目支出绩效自评表", "项目名称：街道绿化养护", "年初预算数 1,286.50 万元", "实际完成值 ≥90%", "得分 9.50"]


def write(page: Any, **options: Any) -> None:
    for n, line in enumerate(TEXT * 4):
        page.insert_text((60, 80 + 20 * n), line, fontname="china-s", fontsize=11, **options)


def rule(page: Any) -> None:
    for y in range(200, 500, 40):
        page.draw_line((60, y), (500, y))
    for x in range(60, 501, 110):
        page.draw_line((x, 200), (x, 480))


def page_of(draw: Callable[[Any], None]) -> bytes:
    document = pymupdf.open()
    draw(document.new_page())
    return bytes(document.tobytes())


def picture_of(draw: Callable[[Any], None], dpi: int = 100) -> Any:
    return pymupdf.open(stream=page_of(draw))[0].get_pixmap(dpi=dpi)


def plan(data: bytes) -> pdf.Plan:
    return pdf.plan(pdf.open_pdf(data, LIMITS))[0]


def reason(draw: Callable[[Any], None]) -> str:
    found = plan(page_of(draw))
    assert (found.way is pdf.Way.RECOGNISE) == found.reason.startswith("text.")
    return found.reason


def test_text_is_digital() -> None:
    assert plan(page_of(write)) == pdf.Plan(pdf.Way.DIGITAL)


def test_an_empty_page_is_blank() -> None:
    assert plan(page_of(lambda page: None)) == pdf.Plan(pdf.Way.BLANK, "page.blank")
    assert pdf.read_page(pdf.open_pdf(page_of(lambda page: None), LIMITS), 0, LIMITS).blocks == []


def test_a_scan_is_recognised() -> None:
    assert reason(lambda page: page.insert_image(page.rect, pixmap=picture_of(write))) == "text.none"


def test_a_scan_with_a_page_number_is_recognised() -> None:
    def draw(page: Any) -> None:
        page.insert_image(page.rect, pixmap=picture_of(write))
        page.insert_text((290, 820), "- 3 -", fontsize=9)

    assert reason(draw) == "text.disagrees"


def test_a_scan_on_a_part_of_the_page_with_a_heading_is_recognised() -> None:
    def draw(page: Any) -> None:
        page.insert_image((150, 150, 450, 575), pixmap=picture_of(write))
        page.insert_text((60, 60), "附件：自评表", fontname="china-s", fontsize=11)

    assert reason(draw) == "text.disagrees"


@pytest.mark.parametrize("first", ["text", "picture"])
def test_an_ocr_layer_is_recognised_anew(first: str) -> None:
    def draw(page: Any) -> None:
        if first == "text":
            write(page)
        page.insert_image(page.rect, pixmap=picture_of(write))
        if first == "picture":
            write(page, render_mode=3)

    assert reason(draw) == "text.invisible"


def test_a_visible_ocr_layer_over_its_scan_is_recognised_anew() -> None:
    def draw(page: Any) -> None:
        page.insert_image(page.rect, pixmap=picture_of(write))
        write(page)

    assert reason(draw) == "text.disagrees"


def test_a_table_that_is_a_picture_is_recognised() -> None:
    def draw(page: Any) -> None:
        write(page)
        page.insert_image((60, 500, 300, 800), pixmap=picture_of(rule))

    assert reason(draw) == "text.disagrees"


def test_a_seal_a_watermark_and_a_letterhead_do_not_matter() -> None:
    def seal(page: Any) -> None:
        page.draw_circle((300, 420), 200, color=(0.9, 0.1, 0.1), width=14)
        page.insert_text((150, 440), "专用章", fontname="china-s", fontsize=90, color=(0.9, 0.1, 0.1))

    def draw(page: Any) -> None:
        page.insert_image(page.rect, pixmap=picture_of(lambda p: p.draw_rect(p.rect, fill=(0.93, 0.95, 1), color=None)))
        write(page)
        page.insert_image((300, 200, 420, 370), pixmap=picture_of(seal))

    assert reason(draw) == ""


def test_text_turned_into_outlines_is_recognised() -> None:
    """Glyphs as paths: what a designer's program exports."""
    generator = np.random.default_rng(3)

    def draw(page: Any) -> None:
        shape = page.new_shape()
        for y in range(80, 500, 20):
            for x in range(60, 500, 12):
                a, b, c, d = generator.uniform(0, 9, 4)
                shape.draw_bezier((x, y), (x + a, y + b), (x + c, y + d), (x + 9, y + 9))
                shape.draw_line((x, y + b), (x + 9, y + d))
        shape.finish(width=1)
        shape.commit()

    def beside_text(page: Any) -> None:
        draw(page)
        page.insert_text((60, 700), "1,286.50", fontsize=11)

    assert reason(draw) == "text.none"
    assert reason(beside_text) == "text.disagrees"


def test_text_that_cannot_be_seen_does_not_speak_for_the_page() -> None:
    def draw(page: Any) -> None:
        write(page)
        for n in range(10):
            page.insert_text((60, 500 + 20 * n), "hidden words 123", color=(1, 1, 1))

    assert reason(draw) == "text.disagrees"


def test_a_font_without_unicode_is_garbled() -> None:
    """Codes of glyphs without a table that says what they are."""
    data = page_of(write).replace(b"/UniGB-UTF16-H", b"/Identity-H   ").replace(b"/ToUnicode", b"/ToNothing")
    document = pymupdf.open(stream=data)
    font = pymupdf.Font("cjk")
    writer = pymupdf.TextWriter(document[0].rect)
    for n, line in enumerate(TEXT * 4):
        writer.append((60, 80 + 20 * n), line, font=font)
    fresh = pymupdf.open()
    writer.write_text(fresh.new_page())
    for xref in range(1, fresh.xref_length()):
        if fresh.xref_get_key(xref, "ToUnicode")[0] != "null":
            fresh.xref_set_key(xref, "ToUnicode", "null")
    assert plan(fresh.tobytes()).reason == "text.garbled"


@pytest.mark.parametrize(
    "text",
    [
        "\ufffd\ufffd\ufffd\ufffd",
        "项目支出绩效自评表".encode().decode("gbk", "replace") * 4,
        "项目支出绩效自评表".encode("gbk").decode("latin-1") * 4,
        "项目支出绩效自评表".encode().decode("cp1252", "replace") * 4,
        "\ue123\ue456\ue789项目",
        "!\"#$%&'()*+,-./:;<=>?@[]" * 2,
    ],
)
def test_garbage(text: str) -> None:
    assert garbled(list(text))


@pytest.mark.parametrize(
    "text",
    [
        "项目支出绩效自评表得分九点五",
        "項目支出績效自評表，預算執行率與財政撥款總額之說明，應當寫明原因",
        "12.50 100% 9.5 -- ——",
        "Performance self-evaluation of the budget, 2021: 95.5 points",
        "喆淼昇祎堃骞翀" + "负责人联系电话年度总体目标实际完成情况",
        "■□●☑①②≥≤％",
    ],
)
def test_no_garbage(text: str) -> None:
    assert not garbled(list(text))


def test_radicals_and_compatibility_characters_are_what_they_look_like() -> None:
    assert standing("\u2f00", "Noto") == ("一",)
    assert standing("\u2ed3", "Noto") == ("长",)
    assert standing("\uf90a", "Noto") == ("金",)
    assert standing("\ufb01", "Times") == ("f", "i")
    assert standing("\uf0fe", "ABCDEF+Wingdings-Regular") == ("☑",)
    assert standing("\uf0fe", "SimSun") == ("\uf0fe",)
    assert standing("項", "Noto") == ("項",)


def test_a_scan_is_rendered_at_its_own_resolution() -> None:
    data = page_of(lambda page: page.insert_image(page.rect, pixmap=picture_of(write, 180)))
    pixels, scale = pdf.render(pdf.open_pdf(data, LIMITS), 0, 200, LIMITS)
    assert pixels.shape[1] == pytest.approx(595 * 180 / 72, abs=3)
    assert scale == pytest.approx(72 / 180, rel=0.01)
    with pytest.raises(DocumentError, match="dpi") as caught:
        pdf.render(pdf.open_pdf(data, LIMITS), 0, 200, Limits(pixels=100_000))
    assert caught.value.code == "too_many.pixels"


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_what_is_seen_is_judged_the_way_the_page_is_shown(rotation: int) -> None:
    def draw(page: Any) -> None:
        write(page)
        page.insert_image(
            (60, 500, 120, 560), pixmap=picture_of(lambda p: p.draw_circle((300, 400), 200, fill=(0, 0, 0)))
        )
        page.set_rotation(rotation)

    assert reason(draw) == ""
