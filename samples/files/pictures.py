"""Printed pages as pictures: a scanner's, a bad scanner's, a telephone's; with where every point of the page went.

Pictures are arrays of height × width × 3 bytes, red first. A page's way into its picture is a 3 × 3 matrix that takes
points of the printed page to pixels.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from importlib import import_module
from random import Random
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from samples.files.fonts import load
from samples.files.paper import Print
from samples.files.pdf import draw

__all__ = ["Picture", "as_jpeg", "as_pdf", "as_png", "as_tiff", "photograph", "render", "scan_badly", "seal_of"]

_Pixels = npt.NDArray[np.uint8]
_Floats = npt.NDArray[np.float32]
_Matrix = npt.NDArray[Any]


@dataclass(slots=True)
class Picture:
    """A page as a picture; `matrix` takes points of the printed page to its pixels, `dpi` is what its file states."""

    pixels: _Pixels
    matrix: _Matrix
    dpi: int
    orientation: int = 1
    """The EXIF code by which a viewer turns it; `pixels` and `matrix` are as it is shown."""


def render(printed: Print, dpi: int) -> list[Picture]:
    """Every page as a clean picture in that resolution."""
    document = draw(printed)
    pictures = []
    for sheet in document:
        pixmap = sheet.get_pixmap(dpi=dpi)
        flat = np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.width, 3)
        pictures.append(Picture(flat.copy(), np.diag(np.array([dpi / 72, dpi / 72, 1.0], np.float64)), dpi))
    return pictures


def scan_badly(rng: Random, picture: Picture, seal: _Pixels | None, at: tuple[float, float]) -> Picture:
    """Skewed by 1 to 2 degrees, blurred, noisy; with a red seal around the point `at` of the page if there is one."""
    pixels, matrix = picture.pixels, picture.matrix
    if seal is not None:
        pixels = _stamp(pixels, seal, _moved(matrix, *at))
    height, width = pixels.shape[:2]
    angle = rng.choice((-1, 1)) * rng.uniform(1.0, 2.0)
    turn = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0), [0, 0, 1]])
    turn[:2, 2] += (rng.uniform(-8, 8), rng.uniform(-8, 8))
    paper = rng.randint(238, 252)
    pixels = _warped(pixels, turn, (width, height), (255, 255, 255))
    blurred = cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.6, 1.0)).astype(np.float32)
    shown = np.asarray(blurred * (paper - 25) / 255 + rng.randint(15, 30), np.float32)
    return Picture(_noisy(rng, shown, rng.uniform(4, 9)), turn @ matrix, picture.dpi)


def photograph(rng: Random, picture: Picture) -> Picture:
    """Taken by hand: perspective, uneven light, a table top around the sheet; sometimes stored lying on its side."""
    pixels, matrix = picture.pixels, picture.matrix
    height, width = pixels.shape[:2]
    side = int(0.05 * width)
    size = (width + 2 * side, height + 2 * side)
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    shift = 0.03 * width
    there = corners + side + np.array([(rng.uniform(-shift, shift), rng.uniform(-shift, shift)) for _ in range(4)])
    bend = cv2.getPerspectiveTransform(corners, there.astype(np.float32))
    desk = tuple(rng.randint(60, 150) for _ in range(3))
    lit = _warped(pixels, bend, size, desk).astype(np.float32) * _light(rng, size)[:, :, None]
    shown: _Floats = np.asarray(cv2.GaussianBlur(lit, (0, 0), rng.uniform(0.5, 1.0)), np.float32)
    orientation = rng.choice((1, 1, 1, 1, 1, 6, 8, 3))
    return Picture(_noisy(rng, shown, rng.uniform(2, 5)), bend @ matrix, picture.dpi, orientation)


def _warped(pixels: _Pixels, matrix: _Matrix, size: tuple[int, int], border: tuple[int, ...]) -> _Pixels:
    return np.asarray(
        cv2.warpPerspective(
            pixels, matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_CONSTANT, borderValue=border
        ),
        np.uint8,
    )


def _light(rng: Random, size: tuple[int, int]) -> _Floats:
    """Brightness that falls off to one side, with a soft shadow across a corner."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    angle = rng.uniform(0, 2 * math.pi)
    slope = (x / width - 0.5) * math.cos(angle) + (y / height - 0.5) * math.sin(angle)
    edge = (x / width) * rng.uniform(-1, 1) + (y / height) * rng.uniform(-1, 1) - rng.uniform(0.1, 0.5)
    shadow = 1 - rng.uniform(0.0, 0.25) / (1 + np.exp(-edge * 40))
    return np.asarray((0.88 + rng.uniform(0.1, 0.35) * slope) * shadow, np.float32)


def _noisy(rng: Random, shown: _Floats, sigma: float) -> _Pixels:
    noise = np.random.default_rng(rng.getrandbits(32)).normal(0, sigma, shown.shape[:2]).astype(np.float32)
    return np.asarray(np.clip(shown + noise[:, :, None], 0, 255), np.uint8)


def _moved(matrix: _Matrix, x: float, y: float) -> tuple[int, int]:
    u, v, w = matrix @ np.array([x, y, 1.0])
    return int(u / w), int(v / w)


# -- seals


def seal_of(printed: Print, body: str, dpi: int) -> _Pixels:
    """The round seal of a body, 42 mm wide, as coverage from 0 to 255."""
    radius = int(21 / 25.4 * dpi)
    image = Image.new("L", (2 * radius, 2 * radius), 0)
    pen = ImageDraw.Draw(image)
    width = max(3, radius // 22)
    pen.ellipse((2, 2, 2 * radius - 3, 2 * radius - 3), outline=255, width=width)
    star = [
        (
            radius + radius * (0.28 if n % 2 == 0 else 0.11) * math.sin(math.pi * n / 5),
            radius - radius * (0.28 if n % 2 == 0 else 0.11) * math.cos(math.pi * n / 5),
        )
        for n in range(10)
    ]
    pen.polygon(star, fill=255)
    font = ImageFont.truetype(io.BytesIO(load(printed.face).buffer), int(radius * 0.26))
    step = min(26.0, 250 / max(len(body), 1))
    for n, character in enumerate(body):
        angle = (n - (len(body) - 1) / 2) * step
        tile = Image.new("L", image.size, 0)
        ImageDraw.Draw(tile).text((radius, radius * 0.24), character, fill=255, font=font, anchor="mm")
        image.paste(255, (0, 0), tile.rotate(-angle, Image.Resampling.BICUBIC))
    return np.asarray(image, np.uint8).copy()


def _stamp(pixels: _Pixels, seal: _Pixels, centre: tuple[int, int]) -> _Pixels:
    """Red ink over what is printed: dark stays dark, white turns red."""
    stamped = pixels.copy()
    half = seal.shape[0] // 2
    x, y = (
        max(half, min(c, limit - half)) for c, limit in zip(centre, (pixels.shape[1], pixels.shape[0]), strict=True)
    )
    area = stamped[y - half : y - half + seal.shape[0], x - half : x - half + seal.shape[1]].astype(np.float32)
    ink = seal[: area.shape[0], : area.shape[1], None].astype(np.float32) / 255 * 0.85
    colour = np.array([215, 40, 45], np.float32) / 255
    stamped[y - half : y - half + area.shape[0], x - half : x - half + area.shape[1]] = area * (1 - ink * (1 - colour))
    return stamped


# -- files


def as_jpeg(picture: Picture, quality: int) -> bytes:
    """A JPEG file; a picture with an orientation is stored as the camera held it."""
    image = Image.fromarray(picture.pixels)
    exif = Image.Exif()
    if picture.orientation != 1:
        exif[0x0112] = picture.orientation
        turn = {
            6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270, 3: Image.Transpose.ROTATE_180
        }  # fmt: skip
        image = image.transpose(turn[picture.orientation])
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, dpi=(picture.dpi, picture.dpi), exif=exif.tobytes())
    return out.getvalue()


def as_png(picture: Picture) -> bytes:
    """A PNG file in grey."""
    out = io.BytesIO()
    _grey(picture).save(out, "PNG", dpi=(picture.dpi, picture.dpi))
    return out.getvalue()


def as_tiff(pictures: list[Picture]) -> bytes:
    """A TIFF file with a page for every picture."""
    first, *rest = map(_grey, pictures)
    out = io.BytesIO()
    dpi = pictures[0].dpi
    first.save(out, "TIFF", save_all=True, append_images=rest, compression="tiff_lzw", dpi=(dpi, dpi))
    return out.getvalue()


def _grey(picture: Picture) -> Image.Image:
    return Image.fromarray(cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2GRAY))


def as_pdf(pictures: list[Picture], quality: int) -> bytes:
    """A PDF file without text: a picture a page."""
    document = import_module("pymupdf").open()
    for picture in pictures:
        height, width = picture.pixels.shape[:2]
        sheet = document.new_page(width=width * 72 / picture.dpi, height=height * 72 / picture.dpi)
        sheet.insert_image(sheet.rect, stream=as_jpeg(picture, quality))
    data: bytes = document.tobytes(garbage=3, deflate=True, no_new_id=True)
    return data
