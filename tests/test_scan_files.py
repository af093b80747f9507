"""Picture files: formats, limits before decoding, damage."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.errors import DocumentError
from pipeline.ingest.limits import Limits
from pipeline.ingest.scan import frame, frame_count

LIMITS = Limits()


def saved(image: Image.Image, kind: str, **settings: Any) -> bytes:
    out = BytesIO()
    image.save(out, kind, **settings)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP", "WEBP"])
def test_formats(kind: str) -> None:
    data = saved(Image.new("RGB", (40, 30), (200, 10, 20)), kind)
    assert frame_count(data, LIMITS) == 1
    picture = frame(data, 0, LIMITS)
    assert picture.shape == (30, 40, 3) and picture.dtype == np.uint8
    assert np.abs(picture[15, 20].astype(int) - (200, 10, 20)).max() < 12


def test_pages_of_a_tiff_one_at_a_time_and_no_thumbnail() -> None:
    pages = [Image.new("L", (20, 10), shade) for shade in (0, 90, 200)]
    data = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert frame_count(data, LIMITS) == 3
    assert int(frame(data, 2, LIMITS)[5, 5, 0]) == 200
    with pytest.raises(DocumentError) as failed:
        frame_count(data, Limits(pages=2))
    assert failed.value.code == "too_many.pages"
    small = saved(pages[0], "TIFF", save_all=True, append_images=[pages[1]], tiffinfo={254: 1})
    assert frame_count(small, LIMITS) == 2 or int(frame(small, 0, LIMITS)[5, 5, 0]) in (0, 90)


def test_too_many_pixels_are_refused_without_decoding() -> None:
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(header)) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    data = b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 4) + b"IDAT" + b"\x78\x9c\x03\x00" + struct.pack(">I", 0)
    for action in (lambda: frame_count(data, LIMITS), lambda: frame(data, 0, LIMITS)):
        with pytest.raises(DocumentError) as failed:
            action()
        assert failed.value.code == "too_many.pixels"
    with pytest.raises(DocumentError) as failed:
        frame_count(saved(Image.new("L", (200, 200)), "PNG"), Limits(pixels=30_000))
    assert failed.value.code == "too_many.pixels"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP", "WEBP"])
def test_damaged_pictures(kind: str) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (60, 80, 3), np.uint8)
    data = saved(Image.fromarray(noise), kind)
    for cut in (data[: len(data) // 2], data[:20], b"", b"\x00" * 50):
        with pytest.raises(DocumentError) as failed:
            frame(cut, 0, LIMITS)
        assert failed.value.code == "damaged"


def test_a_picture_is_turned_as_its_camera_says() -> None:
    shot = np.zeros((30, 50, 3), np.uint8)
    shot[:5] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by 90 degrees clockwise
    picture = frame(saved(Image.fromarray(shot), "JPEG", exif=exif, quality=95), 0, LIMITS)
    assert picture.shape == (50, 30, 3) and int(picture[25, 28, 0]) > 200 and int(picture[25, 2, 0]) < 50


def test_transparent_is_white_and_sixteen_bits_are_eight() -> None:
    clear = frame(saved(Image.new("RGBA", (10, 10), (0, 0, 0, 0)), "PNG"), 0, LIMITS)
    assert int(clear.min()) == 255
    deep = Image.fromarray(np.full((10, 10), 40_000, np.uint16))
    assert abs(int(frame(saved(deep, "PNG"), 0, LIMITS)[0, 0, 0]) - 155) <= 1
    bilevel = frame(saved(Image.new("1", (10, 10), 1), "TIFF", compression="group4"), 0, LIMITS)
    assert int(bilevel.min()) == 255
