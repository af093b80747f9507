"""Chinese fonts of the machine, and PyMuPDF's own where it has none."""

from __future__ import annotations

import shutil
import struct
import subprocess
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

__all__ = ["Face", "choose_face", "face_width", "faces", "has_all", "load"]

_WANTED = (
    ("Noto Sans CJK SC", "Regular"),
    ("Noto Serif CJK SC", "Regular"),
    ("WenQuanYi Micro Hei", "Regular"),
    ("WenQuanYi Zen Hei", "Regular"),
    ("AR PL UMing CN", "Light"),
    ("AR PL UKai CN", "Book"),
)
_HEAVY = "Noto"
"""Families whose glyphs PyMuPDF cannot cut down to those used: 13 MB in every file."""


@dataclass(frozen=True, slots=True)
class Face:
    """A face of a font file; without a path it is PyMuPDF's own."""

    name: str
    path: str = ""
    index: int = 0

    @property
    def light(self) -> bool:
        """Can a file embed just the glyphs that it uses?"""
        return not self.name.startswith(_HEAVY)


@cache
def faces() -> tuple[Face, ...]:
    """The faces at hand, always in the same order; PyMuPDF's own is the last."""
    found: dict[str, Face] = {}
    if shutil.which("fc-list"):
        listed = subprocess.run(
            ["fc-list", "-f", "%{file}|%{index}|%{family}|%{style}\n", ":lang=zh-cn"],
            capture_output=True, text=True, check=False, timeout=30,
        ).stdout  # fmt: skip
        for line in sorted(listed.splitlines()):
            path, index, family, style = [*line.split("|"), "", "", ""][:4]
            name = family.split(",")[0]
            if (name, style.split(",")[0]) in _WANTED and name not in found:
                found[name] = Face(name, path, int(index) & 0xFFFF)
    return (*(found[name] for name, _ in _WANTED if name in found), Face("cjk"))


@cache
def load(face: Face) -> Any:
    """The `pymupdf.Font` of a face."""
    pymupdf: Any = import_module("pymupdf")
    if not face.path:
        return pymupdf.Font("cjk")
    return pymupdf.Font(fontbuffer=_face_bytes(Path(face.path).read_bytes(), face.index))


def _face_bytes(data: bytes, index: int) -> bytes:
    """One face of a font collection as a font of its own; PyMuPDF only reads the first."""
    if data[:4] != b"ttcf":
        return data
    (start,) = struct.unpack_from(">I", data, 12 + 4 * index)
    (count,) = struct.unpack_from(">H", data, start + 4)
    head, body = bytearray(data[start : start + 12]), bytearray()
    for n in range(count):
        tag, check, at, length = struct.unpack_from(">4sIII", data, start + 12 + 16 * n)
        head += struct.pack(">4sIII", tag, check, 12 + 16 * count + len(body), length)
        body += data[at : at + length] + b"\0" * (-length % 4)
    return bytes(head + body)


@cache
def _advance(face: Face, character: str) -> float:
    return float(load(face).text_length(character, fontsize=1))


def face_width(face: Face, text: str) -> float:
    """Width of a text in em."""
    return sum(_advance(face, character) for character in text)


def has_all(face: Face, text: str) -> bool:
    """Has the face a glyph for every character?"""
    font = load(face)
    return all(font.has_glyph(ord(character)) for character in set(text) if not character.isspace())


def choose_face(rng: Random, text: str, *, embedded: bool) -> Face:
    """A face that can print the text; `embedded` if the file is to carry the font."""
    usable = [face for face in faces() if (face.light or not embedded) and has_all(face, text)]
    return rng.choice(usable) if usable else faces()[-1]
