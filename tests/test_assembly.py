"""Pages into a document: one text, one grid of columns; and what settling makes of recognised cells."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from pipeline.codec import decode_document, decode_page, encode_document, encode_page
from pipeline.errors import DocumentError
from pipeline.ingest.assembly import assemble
from pipeline.ingest.limits import Limits
from pipeline.ingest.page import PageContent, Rect, Table, TableCell, Word
from pipeline.source import Glyph, Layout, Origin, Page
from tests.made_tables import FOOT, HEAD, HEADS, ROWS, TITLE, TOTAL, document, flagged, lines, page


def _table(columns: list[float], *, page_number: int = 1, origin: Origin = Origin.DIGITAL) -> PageContent:
    cells = [
        TableCell(0, n, 1, 1, Rect(left, 0, right, 9), [[Word(f"甲{n}", Rect(left, 0, right, 9))]])
        for n, (left, right) in enumerate(pairwise(columns))
    ]
    table = Table(Rect(columns[0], 0, columns[-1], 9), columns, [0, 9], cells)
    return PageContent(Page(page_number, 100, 100, "points", origin), [table])


def _columns(*pages: PageContent) -> list[list[tuple[int, int]]]:
    _, cells = assemble(pages, Limits())
    return [[(cell.column, cell.column_span) for cell in cells if cell.page == each.page.number] for each in pages]


def test_the_text_is_what_the_spans_point_into() -> None:
    made = document(page(1, *TITLE, [*HEAD, HEADS, *ROWS, *TOTAL], *FOOT), page(2, "附件"))
    assert all(made.text[cell.span.start : cell.span.end] == cell.text for cell in made.cells)
    assert made.text.count("\f") == 1
    assert [cell.id for cell in made.cells] == list(range(1, len(made.cells) + 1))
    rows = [cell.row for cell in made.cells]
    assert rows == sorted(rows)
    assert {cell.layout for cell in made.cells} == {Layout.TABLE, Layout.LINES}


def test_a_table_that_goes_on_has_the_columns_of_the_page_before() -> None:
    first, second = _columns(_table([10, 20, 50, 90]), _table([10.5, 51, 90.5], page_number=2))
    assert first == [(0, 1), (1, 1), (2, 1)]
    assert second == [(0, 2), (2, 1)]


def test_pages_photographed_from_near_and_far_are_one_table() -> None:
    far = _table([20, 27, 48, 76], page_number=2, origin=Origin.RECOGNISED)
    first, second = _columns(_table([10, 20, 50, 90], origin=Origin.RECOGNISED), far)
    assert first == second


def test_a_table_of_another_width_has_columns_of_its_own() -> None:
    assert _columns(_table([10, 20, 50, 90]), _table([10, 20, 50], page_number=2))[1] == [(0, 1), (1, 1)]


def test_too_many_cells_are_refused() -> None:
    with pytest.raises(DocumentError, match=r"limits[.]cells"):
        assemble([_table([10, 20, 50, 90])], Limits(cells=2))


# On the way between processes, and in the store


def test_pages_and_recognised_documents_survive_the_codec() -> None:
    word = Word(
        "12.5", Rect(1, 2, 9, 4), 0.91, tuple(Glyph(n, 2, n + 1, 4, 0.9) for n in range(4)), ("recognition.differs",)
    )
    cell = TableCell(0, 0, 1, 2, Rect(0, 0, 10, 5), [[word]], ("ink.unread",))
    content = PageContent(
        Page(3, 100, 200, "pixels", Origin.RECOGNISED, 90, "text.garbled"),
        [[word], Table(Rect(0, 0, 10, 5), [0, 5, 10], [0, 5], [cell])],
    )
    assert decode_page(encode_page(content)) == content
    text, cells = assemble([content], Limits())
    made = replace(document(page(1)), text=text, cells=cells, pages=(content.page,), origin=Origin.RECOGNISED)
    again = decode_document(encode_document(made), name=made.name, source=made.source, sha256=made.sha256)
    assert again == made
    assert again.cells[1].doubts == ("ink.unread", "recognition.differs")


# Settling


def _doubted(content: PageContent, text: str, *doubts: str, score: float | None = 0.6) -> PageContent:
    """The page as recognised, with doubts about the words of that text."""
    for block in content.blocks:
        for line in [line for cell in block.cells for line in cell.lines] if isinstance(block, Table) else [block]:
            for word in line:
                word.score = score
                if word.text == text:
                    word.doubts = doubts
    return content


def _page() -> PageContent:
    return page(1, *TITLE, [*HEAD, HEADS, *ROWS, *TOTAL], *FOOT)


def test_a_doubt_of_a_cell_is_one_of_every_leaf_in_it() -> None:
    [line] = lines(_doubted(_page(), "75%", "recognition.differs"))
    assert flagged(line) == {"funding.total.execution_rate": ["recognition.differs"]}
    assert line["text_origin"] == "recognised"


def test_a_heading_of_the_vocabulary_is_certain_though_its_score_is_low() -> None:
    assert flagged(lines(_doubted(_page(), "产出指标", "recognition.unsure"))[0]) == {}
    assert flagged(lines(_doubted(_page(), "产出指标", "recognition.differs"))[0])


def test_a_recognised_label_with_one_wrong_character_is_that_label() -> None:
    def misread(score: float | None) -> PageContent:
        content = _doubted(_page(), "", score=score)
        for block in content.blocks:
            for cell in block.cells if isinstance(block, Table) else []:
                for word in [word for line in cell.lines for word in line]:
                    word.text = word.text.replace("年度资金总额", "年度资全总额")
        return content

    assert flagged(lines(misread(0.9))[0]) == {}
    assert "funding" in {path.split(".")[0] for path in flagged(lines(misread(None))[0])}


def test_a_contradiction_is_the_documents_own_if_digital_and_a_question_if_recognised() -> None:
    total = ((("总分", 6), "100", "94.5", ""),)
    wrong = page(1, *TITLE, [*HEAD, HEADS, *ROWS, *total], *FOOT)
    [digital] = lines(wrong)
    assert "source_defect" in digital["states"].values()
    [recognised] = lines(_doubted(wrong, ""))
    assert "source_defect" not in recognised["states"].values()
    assert flagged(recognised)
