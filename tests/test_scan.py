"""Pictures of pages into page content: grids, text, and what must be doubted."""

from __future__ import annotations

import unicodedata
from random import Random
from typing import Any

import cv2
import numpy as np
import pytest

from pipeline.ingest.limits import Limits
from pipeline.ingest.page import PageContent, Table, TableCell
from pipeline.ingest.scan import read_picture
from tests.scan_pages import Box, Drawn, draw, photographed, sealed, turned, worn

ROWS = [
    [(2, "项目名称"), (6, "河道清淤与堤岸加固项目")],
    [(2, "项目资金（万元）"), (2, "全年预算数"), (2, "全年执行数"), (1, "分值"), (1, "得分")],
    [(2, "年度资金总额"), (2, "1,286.50"), (2, "1,187.43"), (1, "10"), (1, "9.23")],
    [(2, "其他资金"), (2, "—"), (2, ""), (1, "/"), (1, "0")],
    [(1, "产出指标"), (1, "数量指标"), (2, "维修路灯数量"), (2, "≥90%，完成103处"), (1, "8"), (1, "7.5")],
]


def page(**settings: Any) -> Drawn:
    return draw(ROWS, height=900, **settings)


def read(image: Any, **settings: Any) -> PageContent:
    return read_picture(image, number=1, limits=Limits(), **settings)


def cells(content: PageContent) -> list[TableCell]:
    return [cell for block in content.blocks if isinstance(block, Table) for cell in block.cells]


def text_of(cell: TableCell) -> str:
    text = "".join(word.text for line in cell.lines for word in line)
    return "".join(unicodedata.normalize("NFKC", text).split())


def doubts_of(cell: TableCell) -> set[str]:
    return {*cell.doubts, *(doubt for line in cell.lines for word in line for doubt in word.doubts)}


def wanted(drawn: Drawn) -> dict[tuple[int, int, int, int], str]:
    return {key: unicodedata.normalize("NFKC", text) for key, (text, _) in drawn.cells.items()}


def found(content: PageContent) -> dict[tuple[int, int, int, int], str]:
    return {(c.row, c.column, c.row_span, c.column_span): text_of(c) for c in cells(content)}


@pytest.fixture(scope="module")
def clean() -> Drawn:
    return page()


@pytest.fixture(scope="module")
def content(clean: Drawn) -> PageContent:
    return read(clean.image)


def test_every_cell_of_a_clean_page_is_read(clean: Drawn, content: PageContent) -> None:
    assert list(found(content).values()) == list(wanted(clean).values())
    assert not any(doubts_of(cell) for cell in cells(content))


def test_boxes_are_those_of_the_picture(clean: Drawn, content: PageContent) -> None:
    for cell, (_, box) in zip(cells(content), clean.cells.values(), strict=True):
        assert np.allclose(cell.box, box, atol=3)
        for line in cell.lines:
            for word in line:
                assert box.x0 < word.box.x0 and word.box.x1 < box.x1 and box.y0 < word.box.y0 and word.box.y1 < box.y1
                assert len(word.glyphs) == len(word.text)
                assert word.score == min(glyph.score for glyph in word.glyphs)


def test_what_stands_around_the_table_is_read_in_order(content: PageContent) -> None:
    kinds = ["table" if isinstance(block, Table) else "".join(word.text for word in block) for block in content.blocks]
    assert kinds[0] == "项目支出绩效自评表" and kinds[1] == "table"
    assert kinds[2].replace(":", "：") == "填表人：沈知远联系电话：0571-86543210"


def test_a_scale_turns_pixels_into_points(clean: Drawn) -> None:
    content = read(clean.image, scale=0.36, unit="points")
    assert content.page.unit == "points" and content.page.width == pytest.approx(1654 * 0.36)
    first = next(iter(clean.cells.values()))[1]
    assert np.allclose(cells(content)[0].box, np.array(first) * 0.36, atol=1.5)


@pytest.mark.parametrize("angle", [-1.9, 3.5])
def test_a_skewed_worn_page_is_read(angle: float) -> None:
    drawn = page()
    content = read(worn(turned(drawn.image, angle), Random(1)))
    truth = list(wanted(drawn).values())
    got = cells(content)
    assert len(got) == len(truth)
    for cell, text, (_, box) in zip(got, truth, drawn.cells.values(), strict=True):
        assert text_of(cell) == text or doubts_of(cell)
        middle = np.array([(cell.box.x0 + cell.box.x1) / 2, (cell.box.y0 + cell.box.y1) / 2])
        assert np.abs(middle - _turned_middle(box, angle)).max() < 6


def _turned_middle(box: Box, angle: float) -> Any:
    matrix = cv2.getRotationMatrix2D((1654 / 2, 900 / 2), angle, 1.0)
    return np.asarray(matrix) @ np.array([(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2, 1])


def test_a_photograph_in_perspective_and_shadow_is_read() -> None:
    drawn = page()
    content = read(worn(photographed(drawn.image), Random(2), quality=80))
    assert list(found(content)) == list(found(read(drawn.image)))
    for cell, text in zip(cells(content), wanted(drawn).values(), strict=True):
        assert text_of(cell) == text or doubts_of(cell)


@pytest.mark.parametrize("colour", [(215, 40, 45), (40, 60, 200)])
def test_a_seal_over_figures_hides_neither_them_nor_the_grid(colour: tuple[int, int, int]) -> None:
    drawn = page()
    (_, box) = drawn.cells[2, 2, 1, 2]
    content = read(sealed(drawn.image, (int(box.x1), int(box.y1)), colour=colour))
    assert list(found(content)) == list(found(read(drawn.image)))
    for cell, text in zip(cells(content), wanted(drawn).values(), strict=True):
        assert text_of(cell) == text or doubts_of(cell)


@pytest.mark.parametrize(("times", "turn"), [(1, 90), (2, 180), (3, 270)])
def test_a_turned_page_is_turned_back(times: int, turn: int) -> None:
    drawn = page()
    content = read(np.ascontiguousarray(np.rot90(drawn.image, times)))
    assert content.page.turn == turn
    assert list(found(content).values()) == list(wanted(drawn).values())
    # Boxes are those of the picture as it was given.
    first = cells(content)[0].box
    upright = next(iter(drawn.cells.values()))[1]
    long = (upright.x1 - upright.x0, upright.y1 - upright.y0)
    assert (first.x1 - first.x0, first.y1 - first.y0) == pytest.approx(long if turn == 180 else long[::-1], abs=4)
    assert first.x0 > 0 and first.y0 > 0 and first.x1 < content.page.width and first.y1 < content.page.height


def test_a_large_and_a_small_picture_are_read_alike() -> None:
    drawn = page()
    for factor in (0.6, 2.2):
        content = read(cv2.resize(drawn.image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))
        for cell, text, (_, box) in zip(cells(content), wanted(drawn).values(), drawn.cells.values(), strict=True):
            assert text_of(cell) == text or doubts_of(cell)
            assert np.allclose(cell.box, np.array(box) * factor, atol=4 * max(factor, 1))


def test_a_stroke_of_a_pen_through_a_cell_is_not_passed_over() -> None:
    drawn = page()
    box = drawn.cells[3, 4, 1, 2][1]
    x, y = int((box.x0 + box.x1) / 2), int((box.y0 + box.y1) / 2)
    points = np.array([(x - 60, y + 9), (x - 20, y - 14), (x + 10, y + 12), (x + 70, y - 10)], np.int32)
    cv2.polylines(drawn.image, [points], False, (20, 20, 20), 3, cv2.LINE_AA)
    struck = next(cell for cell in cells(read(drawn.image)) if (cell.row, cell.column) == (3, found_column(drawn, 4)))
    assert text_of(struck) == "" or doubts_of(struck)
    assert doubts_of(struck)


def found_column(drawn: Drawn, column: int) -> int:
    """The column of the grid that a column of the drawn lattice is: lattice lines that no row uses are none."""
    used = sorted({start for _, at, _, span in drawn.cells for start in (at, at + span)})
    return used.index(column)


def test_a_wall_that_is_only_partly_there_is_doubted() -> None:
    drawn = page()
    box = drawn.cells[2, 2, 1, 2][1]
    x = int(box.x1)
    drawn.image[int(box.y0) + 6 : int(box.y0 + (box.y1 - box.y0) * 0.75), x - 5 : x + 6] = 255
    content = read(drawn.image)
    row = [cell for cell in cells(content) if cell.row == 2]
    for cell in row:
        assert text_of(cell) in wanted(drawn).values() or doubts_of(cell)


def test_a_wall_through_text_is_doubted() -> None:
    drawn = page()
    box = drawn.cells[4, 2, 1, 2][1]
    x = int((box.x0 + box.x1) / 2) + 2
    cv2.line(drawn.image, (x, int(box.y0)), (x, int(box.y1)), (0, 0, 0), 2)
    content = read(drawn.image)
    torn = [cell for cell in cells(content) if cell.row == 4 and set(text_of(cell)) & set("路灯")]
    assert torn and all(doubts_of(cell) for cell in torn)


def test_a_blank_page_says_so() -> None:
    content = read(np.full((1200, 900, 3), 250, np.uint8))
    assert content.blocks == [] and content.page.note == "page.blank"


def test_noise_and_pictures_of_something_else_end_quickly() -> None:
    generator = np.random.default_rng(3)
    for image in (
        generator.integers(0, 255, (1000, 800, 3), np.uint8),
        cv2.GaussianBlur(generator.integers(0, 255, (1000, 800, 3), np.uint8), (0, 0), 6),
        np.zeros((600, 400, 3), np.uint8),
        np.full((1, 1, 3), 7, np.uint8),
        np.full((3, 2000, 3), 255, np.uint8),
    ):
        assert read(np.asarray(image, np.uint8)).page.number == 1


def test_text_without_any_grid_is_read_as_lines() -> None:
    drawn = draw([], height=420, title="关于报送绩效自评材料的通知")
    lines = ["".join(word.text for word in block) for block in read(drawn.image).blocks if isinstance(block, list)]
    assert lines[0] == "关于报送绩效自评材料的通知" and "0571-86543210" in lines[1]
