"""Printed pages as a PDF file, and as pictures of such pages."""

from __future__ import annotations

import re
from importlib import import_module
from itertools import groupby
from random import Random
from typing import Any

from samples.files.fonts import face_width, load
from samples.files.paper import Print
from samples.files.printing import PrintedPage, Type

_mupdf: Any = import_module("pymupdf")

__all__ = ["draw", "pdf_bytes"]

_PIECES = {"lines": re.compile(".+"), "runs": re.compile("[ -~]+|[^ -~]+"), "characters": re.compile(".")}
_DATE = "D:20230215090000+08'00'"
_MAKERS = (("WPS 文字", "WPS PDF"), ("Microsoft® Word 2016", "Microsoft® Word 2016"), ("", "Skia/PDF m96"), ("", ""))


def draw(printed: Print, *, pieces: str = "lines", mixed: bool = False) -> Any:
    """The pages as an open `pymupdf.Document`.

    `pieces` says what is put down at a time: `lines`, `runs` of Latin or Chinese characters, or `characters`. With
    `mixed` the lines of a page are not stored in reading order.
    """
    document = _mupdf.open()
    font = load(printed.face)
    for page in printed.pages:
        sheet = document.new_page(width=page.width, height=page.height)
        for bold, lines in groupby(sorted(page.lines, key=lambda line: line.bold), key=lambda line: line.bold):
            writer = _mupdf.TextWriter(sheet.rect)
            for line in sorted(lines, key=lambda line: (line.x, line.y)) if mixed else lines:
                x = line.x
                for piece in _PIECES[pieces].findall(line.text):
                    writer.append((x, line.y), piece, font=font, fontsize=line.size)
                    x += face_width(printed.face, piece) * line.size
            writer.write_text(sheet, render_mode=2 if bold else 0)
        _rule(sheet, page, printed.type)
    return document


def pdf_bytes(printed: Print, rng: Random) -> tuple[bytes, tuple[int, ...]]:
    """The pages as a PDF file with text, and the /Rotate entry of each page."""
    pieces = rng.choice(("lines", "lines", "lines", "runs", "runs", "characters"))
    document = draw(printed, pieces=pieces, mixed=rng.random() < 0.15)
    turned = rng.random() < 0.06
    if turned:
        for sheet in document:
            _turn(document, sheet, 90)
    creator, producer = rng.choice(_MAKERS)
    document.subset_fonts()
    document.set_metadata({"creator": creator, "producer": producer, "creationDate": _DATE, "modDate": _DATE})
    data: bytes = document.tobytes(garbage=3, deflate=True, no_new_id=True)
    return data, tuple(sheet.rotation for sheet in document)


def _turn(document: Any, sheet: Any, angle: int) -> None:
    """Store the page lying on its side and say so in /Rotate: it looks the same."""
    width, height = sheet.rect.width, sheet.rect.height
    stream = sheet.read_contents()
    (first, *rest) = sheet.get_contents()
    # Shown turned by 90 degrees clockwise, so what is stored is turned by 90 degrees the other way.
    matrix = f"q 0 1 -1 0 {height:.3f} 0 cm\n".encode()
    document.update_stream(first, matrix + stream + b"\nQ")
    for xref in rest:
        document.update_stream(xref, b" ")
    sheet.set_mediabox(_mupdf.Rect(0, 0, height, width))
    sheet.set_rotation(angle)


def _rule(sheet: Any, page: PrintedPage, kind: Type) -> None:
    """Draw the rulings of all tables of a page."""
    if not page.cells:
        return
    shape = sheet.new_shape()
    if kind.rulings == "boxes":
        for cell in page.cells:
            shape.draw_rect(_mupdf.Rect(cell.x0, cell.y0, cell.x1, cell.y1))
        shape.finish(color=(0, 0, 0), width=kind.rule)
    else:
        half = kind.rule / 2
        for x0, y0, x1, y1 in _edges(page):
            if kind.rulings == "lines":
                shape.draw_line((x0, y0), (x1, y1))
            else:
                shape.draw_rect(_mupdf.Rect(x0 - half, y0 - half, x1 + half, y1 + half))
        if kind.rulings == "lines":
            shape.finish(color=(0, 0, 0), width=kind.rule)
        else:
            shape.finish(color=None, fill=(0, 0, 0), width=0)
    shape.commit()


def _edges(page: PrintedPage) -> list[tuple[float, float, float, float]]:
    """The borders of all cells, each stretch once, what follows in a straight line joined."""
    level: dict[float, list[tuple[float, float]]] = {}
    upright: dict[float, list[tuple[float, float]]] = {}
    for cell in page.cells:
        for y in (cell.y0, cell.y1):
            level.setdefault(round(y, 2), []).append((cell.x0, cell.x1))
        for x in (cell.x0, cell.x1):
            upright.setdefault(round(x, 2), []).append((cell.y0, cell.y1))
    found = [(a, y, b, y) for y, stretches in sorted(level.items()) for a, b in _joined(stretches)]
    found += [(x, a, x, b) for x, stretches in sorted(upright.items()) for a, b in _joined(stretches)]
    return found


def _joined(stretches: list[tuple[float, float]]) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for a, b in sorted(stretches):
        if joined and a <= joined[-1][1] + 0.05:
            joined[-1] = (joined[-1][0], max(joined[-1][1], b))
        else:
            joined.append((a, b))
    return joined
