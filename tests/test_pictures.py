"""Pictures cut out of pages."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pymupdf as untyped_pymupdf
import pytest
from PIL import Image

from pipeline.errors import DocumentError
from pipeline.pictures import cut, hull
from pipeline.source import Box

pymupdf: Any = untyped_pymupdf

RED = (214, 40, 40)


def sheet(rotation: int = 0) -> bytes:
    """A page of 400 by 600 points with a blue field at 100..200, 300..340 of the unturned page."""
    document = pymupdf.open()
    page = document.new_page(width=400, height=600)
    page.draw_rect((100, 300, 200, 340), color=None, fill=(0, 0, 1))
    page.set_rotation(rotation)
    return bytes(document.tobytes())


def picture(kind: str, frames: int = 1) -> bytes:
    images = []
    for n in range(frames):
        image = Image.new("RGB", (400, 600), "white")
        image.paste((0, 0, 255 - 50 * n), (100, 300, 200, 340))
        images.append(image)
    out = BytesIO()
    options: dict[str, Any] = {"save_all": True, "append_images": images[1:]} if frames > 1 else {}
    images[0].save(out, kind, **options)
    return out.getvalue()


def pixels(png: bytes) -> Any:
    return np.asarray(Image.open(BytesIO(png)).convert("RGB")).astype(int)


def blue(image: Any) -> tuple[float, float, float]:
    """The share of blue pixels, and where their middle is across and down, as shares."""
    found = (image[:, :, 2] > 150) & (image[:, :, 0] < 90)
    rows, columns = np.nonzero(found)
    return found.mean(), columns.mean() / image.shape[1], rows.mean() / image.shape[0]


def test_a_box_of_a_pdf_with_its_margin() -> None:
    image = pixels(cut(sheet(), 1, Box(100, 300, 200, 340, "points"), dpi=144, margin=0.25))
    assert image.shape == (120, 240, 3)
    assert blue(image)[0] == pytest.approx(200 * 80 / (240 * 120), abs=0.02)


def test_a_box_of_a_page_that_is_shown_turned() -> None:
    # The field is at 260..300, 100..200 of the page as it is shown.
    image = pixels(cut(sheet(90), 1, Box(260, 100, 300, 200, "points"), dpi=72))
    assert image.shape[0] > image.shape[1]
    assert blue(image)[0] > 0.6


def test_a_page_of_turned_text_comes_out_to_be_read() -> None:
    box = Box(100, 300, 200, 400, "points")
    across = pixels(cut(sheet(), 1, box, dpi=72, turn=90))
    # The field is at the top of the box: turned clockwise by a quarter it is at the right.
    assert blue(across)[1] > 0.6
    assert blue(pixels(cut(sheet(), 1, box, dpi=72, turn=270)))[1] < 0.4
    assert blue(pixels(cut(sheet(), 1, box, dpi=72, turn=180)))[2] > 0.6


def test_a_frame_is_drawn_around_a_leaf_in_its_row() -> None:
    row = [Box(50, 300, 100, 340, "points"), Box(100, 300, 200, 340, "points"), Box(200, 300, 350, 340, "points")]
    plain = pixels(cut(sheet(), 1, row, dpi=144))
    framed = pixels(cut(sheet(), 1, row, dpi=144, frame=row[1]))
    assert plain.shape == framed.shape
    red = (framed == RED).all(axis=2)
    assert not (plain == RED).all(axis=2).any()
    columns = np.nonzero(red)[1]
    assert columns.min() < (100 - 44) * 2 < (200 - 44) * 2 < columns.max() + 4
    assert blue(framed)[0] == pytest.approx(blue(plain)[0], abs=0.002)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP", "WEBP"])
def test_a_box_of_a_picture_file(kind: str) -> None:
    image = pixels(cut(picture(kind), 1, Box(100, 300, 200, 340, "pixels"), margin=0.25))
    assert image.shape == (60, 120, 3)
    assert blue(image)[0] > 0.5


def test_a_frame_of_a_tiff() -> None:
    image = pixels(cut(picture("TIFF", 3), 3, Box(110, 310, 190, 330, "pixels"), margin=0))
    assert image[10, 10].tolist() == [0, 0, 155]


def test_the_picture_of_a_path(tmp_path: Path) -> None:
    path = tmp_path / "form.pdf"
    path.write_bytes(sheet())
    assert cut(path, 1, Box(100, 300, 200, 340, "points")).startswith(b"\x89PNG")


def test_an_enormous_page_does_not_make_an_enormous_picture() -> None:
    document = pymupdf.open()
    document.new_page(width=14400, height=14400)
    image = pixels(cut(document.tobytes(), 1, Box(0, 0, 14400, 14400, "points"), dpi=600))
    assert image.shape[0] * image.shape[1] <= 16_100_000


@pytest.mark.parametrize(
    ("data", "page", "box", "code"),
    [
        (b"PK\x03\x04 a word-processor file", 1, Box(0, 0, 1, 1, "pixels"), "no_pictures"),
        (b"text", 1, Box(0, 0, 1, 1, "cells"), "no_pictures"),
        (sheet(), 2, Box(0, 0, 9, 9, "points"), "page.missing"),
        (sheet(), 0, Box(0, 0, 9, 9, "points"), "page.missing"),
        (sheet(), 1, Box(900, 900, 950, 950, "points"), "page.missing"),
        (picture("PNG"), 2, Box(0, 0, 9, 9, "pixels"), "page.missing"),
        (picture("PNG")[:200], 1, Box(0, 0, 9, 9, "pixels"), "damaged"),
        (b"%PDF-1.7 nothing", 1, Box(0, 0, 9, 9, "points"), "damaged"),
    ],
)
def test_what_cannot_be_shown_is_one_sentence(data: bytes, page: int, box: Box, code: str) -> None:
    with pytest.raises(DocumentError) as caught:
        cut(data, page, box)
    assert caught.value.code == code


def test_a_file_that_is_gone_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="cannot be read"):
        cut(tmp_path / "gone.pdf", 1, Box(0, 0, 9, 9, "points"))


def test_a_hull_is_that_of_one_unit() -> None:
    assert hull([Box(1, 5, 2, 6, "points"), Box(0, 7, 1, 9, "points")]) == Box(0, 5, 2, 9, "points")
    with pytest.raises(ValueError, match="unit"):
        hull([Box(1, 5, 2, 6, "points"), Box(0, 7, 1, 9, "pixels")])
