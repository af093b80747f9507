"""Pictures that differ in a number only: the pages of one document, the commonest delivery of scans."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import TypeVar

__all__ = ["PICTURES", "collect"]

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"})
"""Suffixes of pictures, in lower case."""
_NUMBERED = re.compile(r"(?P<stem>.*?)[ _.(（-]*(?P<number>[0-9]{1,6})[)）]?", re.DOTALL)
_SAYS_NOTHING = frozenset(
    {"", "img", "image", "dsc", "dscn", "dscf", "scan", "scanned", "page", "p", "pic", "picture", "photo", "mg", "cci"}
    | {
        "doc",
        "document",
        "wechatimg",
        "mmexport",
        "图片",
        "图像",
        "照片",
        "扫描",
        "扫描件",
        "扫描图片",
        "微信图片",
        "页",
        "第",
    }
)
"""What scanners and cameras call every picture."""

Entry = TypeVar("Entry")
_Key = tuple[str, str, str, str]
"""What the pictures of one document share: folder, folder searched, name without the number, suffix."""


def collect(entries: Iterable[tuple[str, str, Entry]]) -> list[tuple[str, Sequence[Entry]]]:
    """Documents out of files, each given as its name with `/`, the name of the folder searched, and what it is.

    Pictures in one folder whose names differ in their last number only become one document, in the order of the number;
    it is called by what the names have in common, or by its folder where that says nothing.
    """
    series: dict[_Key, list[tuple[int, str, Entry]]] = {}
    for name, root, entry in entries:
        path = PurePosixPath(name)
        numbered = _NUMBERED.fullmatch(path.stem) if path.suffix.lower() in PICTURES else None
        if numbered is None:
            key, number = (name, root, "", ""), 0
        else:
            key = (str(path.parent), root, numbered["stem"], path.suffix.lower())
            number = int(numbered["number"])
        series.setdefault(key, []).append((number, name, entry))
    out: list[tuple[str, Sequence[Entry]]] = []
    for key, found in series.items():
        members = sorted(found, key=lambda member: member[:2])
        numbers = [number for number, _, _ in members]
        if len(set(numbers)) < len(numbers):  # 1.jpg beside 01.jpg: which is which page, nobody can tell
            out.extend((name, [entry]) for _, name, entry in members)
        elif len(members) == 1:
            out.append((members[0][1], [members[0][2]]))
        else:
            out.append((_called(*key[:3]), [entry for _, _, entry in members]))
    return out


def _called(folder: str, root: str, stem: str) -> str:
    common = stem.strip(" _.-(（")
    inside = "" if folder == "." else folder
    if common.lower() in _SAYS_NOTHING:
        return inside or root
    return f"{inside}/{common}" if inside else common
