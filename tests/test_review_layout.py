"""What the app draws with: rows of a source in any width, pictures in half-blocks, and those of the documentation."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from rich.cells import cell_len
from rich.text import Text
from textual.geometry import Size

from pipeline.cutting import Spot
from pipeline.errors import DocumentError
from pipeline.ingest.limits import Limits
from pipeline.review.app.blocks import _half_blocks, _print_of
from pipeline.review.app.layout import BLANK, MASK, fit, lay_out, wrapped
from pipeline.review.app.picture import Cutter, graphics, page_spot, row_spot, value_spot
from pipeline.review.app.viewer import viewer_command
from pipeline.review.question import Line, Piece, Place
from pipeline.source import Box
from tests.commandline import ROOT, environment

TEXT = st.text(alphabet="abc 12.5%，。（）【】清淤河道示例\n\t\x1b\u200b￥①—", max_size=60)


def line(*texts: str, focus: int = -1) -> Line:
    return Line(tuple(Piece(text, place + 1, place == focus, focus >= 0) for place, text in enumerate(texts)))


def shown(*lines: Line, width: int, masked: bool = False) -> list[str]:
    return ["".join(part.text for part in row.parts).rstrip() for row in lay_out(lines, width, masked=masked)]


def test_rows_with_the_same_number_of_cells_stand_in_columns() -> None:
    rows = shown(line("清淤河道条数", "3条", "20", "18", focus=3), line("验收合格率", "100%", "10", "10"), width=60)
    assert rows == ["清淤河道条数 ¦ 3条  ¦ 20 ¦ 【18】", "验收合格率   ¦ 100% ¦ 10 ¦ 10"]


def test_long_cells_are_wrapped_within_their_column() -> None:
    long = "一条因汛期顺延，已列入下一年度计划"
    rows = shown(line("清淤", long, "18"), line("验收", "", "10"), width=34)
    assert rows == [
        "清淤 ¦ 一条因汛期顺延，已列入 ¦ 18",
        "     ¦ 下一年度计划           ¦",
        "验收 ¦ ·                      ¦ 10",
    ]


def test_where_there_is_no_room_for_columns_cells_run_on() -> None:
    words = ("产出指标", "数量指标", "清淤河道条数", "3条", "清淤两条", "20", "18", "一条因汛期顺延")
    rows = shown(line(*words), line(*words), width=40)
    assert rows[0].startswith("产出指标 ¦ 数量指标") and rows[1].startswith("  ")
    assert all(any(word in row for row in rows) for word in words), "a cell that fits on a row is not broken"


def test_blank_cells_at_the_end_of_a_row_are_shown_once() -> None:
    assert shown(line("总分", "", "95.5", "", "", "", ""), width=60) == ["总分 ¦ · ¦ 95.5 ¦ ·"]
    assert shown(line("总分", "", "", focus=2), width=60)[0].endswith("【】")


def test_what_is_kept_back_is_nowhere_on_the_rows() -> None:
    for width in (20, 60):
        rows = shown(line("总分", "100", "95.5", focus=2), line("a", "b", "c"), width=width, masked=True)
        assert "95.5" not in "".join(rows) and f"【{MASK}】" in "".join(rows)


@settings(max_examples=200, deadline=None)
@given(rows=st.lists(st.lists(TEXT, min_size=1, max_size=9), min_size=1, max_size=5), width=st.integers(12, 90))
def test_no_row_is_wider_than_the_screen_and_no_character_is_lost(rows: list[list[str]], width: int) -> None:
    lines = [line(*texts, focus=0) for texts in rows]
    laid = lay_out(lines, width)
    for row in laid:
        text = "".join(part.text for part in row.parts)
        assert cell_len(text.rstrip()) <= width
        assert not re.search(r"[\x00-\x1f\x7f\u200b]", text), "nothing moves the cursor"
    for number, texts in enumerate(rows):
        for place, text in enumerate(texts, start=1):
            parts = [
                part.text
                for row in laid
                if row.line == number
                for part in row.parts
                if part.piece is not None and part.piece.cell == place
            ]
            wanted = re.sub(r"[\s\x00-\x1f\u200b]", "", text)
            found = re.sub(r"\s", "", "".join(parts)).removeprefix("【" if place == 1 else "")
            assert found.removesuffix("】" if place == 1 else "").replace(BLANK, "") == wanted


@settings(max_examples=200, deadline=None)
@given(text=TEXT, width=st.integers(8, 60))
def test_wrapped_text_keeps_its_characters_and_the_width(text: str, width: int) -> None:
    done = wrapped(Text(text.replace("\x1b", "").replace("\t", " ")), width)
    assert all(cell_len(row) <= width for row in done.plain.split("\n"))
    assert re.sub(r"\s", "", done.plain) == re.sub(r"\s", "", text.replace("\x1b", ""))


def test_no_line_begins_with_a_closing_mark() -> None:
    for width in range(8, 40):
        done = wrapped(Text("没有人读成 89。下面是读到的内容；再按回车即以您键入的为准（见下）。"), width)
        assert not re.search(r"(?m)^[，。；）]|（$", done.plain), width


def test_text_in_exactly_so_many_cells() -> None:
    assert fit("河道清淤", 6) == "河道… "
    assert fit("ab", 4) == "ab  "
    assert all(cell_len(fit("河道abc清淤", width)) == width for width in range(12))


def picture(*words: str, walls: bool = True) -> bytes:
    """A cell of a table with these lines in it."""
    image = Image.new("RGB", (240, 70), "white")
    draw = ImageDraw.Draw(image)
    if walls:
        draw.rectangle((10, 8, 230, 62), outline="black", width=2)
    for place, text in enumerate(words):
        draw.text((20, 14 + 9 * place), text, fill="black", font_size=14 if len(words) == 1 else 8)
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("walls", [True, False])
def test_only_what_is_printed_in_a_cell_is_drawn(walls: bool) -> None:
    png = picture("96.5", walls=walls)
    (left, top, right, bottom), lines = _print_of(Image.open(BytesIO(png)))
    assert lines == 1
    assert 12 <= left <= 20 and 10 <= top <= 20 and right < 70 and bottom < 40
    strips = _half_blocks(png, Size(60, 6))
    assert len(strips) == 6 and all(strip.cell_length <= 60 for strip in strips)
    colours = {segment.style.color for strip in strips for segment in strip if segment.style}
    assert len(colours) > 3


def test_what_could_not_be_read_in_blocks_is_not_drawn() -> None:
    png = picture(*["a line of print that is long"] * 4)
    assert _print_of(Image.open(BytesIO(png)))[1] == 4
    assert not _half_blocks(png, Size(60, 6))


def test_a_blank_cell_is_drawn_blank() -> None:
    assert _print_of(Image.open(BytesIO(picture())))[1] == 0
    assert len(_half_blocks(picture(), Size(60, 6))) > 1


def test_spots_of_a_question() -> None:
    boxes = (Box(0, 0, 10, 5, "points"), Box(10, 0, 30, 5, "points"))
    place = Place(3, boxes, boxes[1], 90)
    assert row_spot(place) == Spot(3, boxes, 90, boxes[1])
    assert value_spot(place) == Spot(3, (boxes[1],), 90)
    assert value_spot(place._replace(frame=None)) == Spot(3, boxes, 90)
    assert page_spot(place).frame == boxes[1]


def test_of_many_pictures_that_are_wanted_only_the_last_is_cut_next() -> None:
    begun, go_on, done = threading.Event(), threading.Event(), threading.Event()
    came: list[tuple[str, bytes | None]] = []

    def cut(location: str, spot: Spot, limits: Limits) -> bytes:
        begun.set()
        assert go_on.wait(10)
        if location == "gone":
            raise DocumentError("unreadable", "the file is gone")
        return location.encode()

    def ready(key: str, png: bytes | None) -> None:
        came.append((key, png))
        if len(came) == 2:
            done.set()

    cutter = Cutter(cut, Limits(), ready)
    spot = Spot(1, (), 0)
    cutter.want("first", "first", spot)
    assert begun.wait(10)
    for name in ("second", "third"):
        cutter.want(name, name, spot)
    cutter.want("last", "gone", spot)
    go_on.set()
    assert done.wait(10)
    assert came == [("first", b"first"), ("last", None)]


def test_only_terminals_that_are_known_for_graphics_are_asked() -> None:
    assert graphics("auto", {"TERM": "xterm-256color"}) is None
    assert graphics("off", {"TERM": "xterm-kitty"}) is None
    assert graphics("blocks", {"TERM": "xterm-kitty"}) is None
    assert graphics("auto", {"TERM": "xterm-kitty"}) is None, "there is no terminal to answer here"


def test_the_viewer_is_the_configured_one_or_the_desktops() -> None:
    assert viewer_command("feh --fullscreen", {}) == ["feh", "--fullscreen"]
    assert not viewer_command(None, {"TERM": "xterm"}), "over SSH there is no desktop"


PICTURES = sorted((ROOT / "docs" / "pictures").glob("*.svg"))


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_the_pictures_of_the_documentation_look_the_same_everywhere(path: Path) -> None:
    svg = path.read_text(encoding="utf-8")
    root = ElementTree.fromstring(svg)
    assert set(re.findall(r"https?://[^\"<\s]+", svg)) == {"http://www.w3.org/2000/svg"}, "no web address"
    assert "CJK" in svg and "Fira" not in svg
    placed = [text for text in root.iter("{http://www.w3.org/2000/svg}text") if " " in text.attrib.get("x", "")]
    assert path.stem == "help-en" or any(re.search("[一-鿿]", text.text or "") for text in placed)
    for text in placed:
        places = [float(place) for place in text.attrib["x"].split()]
        assert places == sorted(places) and len(places) == len(text.text or "")


def test_the_pictures_are_drawn_anew_by_a_command(tmp_path: Path) -> None:
    stems = {path.stem for path in PICTURES}
    assert len(stems) == 12 and {stem.partition("-")[2] for stem in stems} == {"en", "zh"}
    command = [sys.executable, str(ROOT / "docs" / "pictures.py"), str(tmp_path), "diff"]
    done = subprocess.run(command, env=environment(), capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["diff-en.svg", "diff-zh.svg"]
    assert "陆" in (tmp_path / "diff-en.svg").read_text(encoding="utf-8")
