"""The characters of a PDF page where they stand, as a person sees the page.

Everything here is in points of the page as shown, /Rotate applied, from its top left corner.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from pipeline.ingest.symbols import symbol

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pymupdf

__all__ = ["SKEWED", "Char", "chars_of", "standing"]

SKEWED = -1
"""Direction of text that runs neither along nor across the page."""

_LIGATURES, _KEEP_WHITESPACE, _NO_MADE_UP_SPACES, _CLIP, _NO_ACTUAL_TEXT = 1, 2, 8, 64, 2048
_FLAGS = _LIGATURES | _KEEP_WHITESPACE | _NO_MADE_UP_SPACES | _NO_ACTUAL_TEXT
"""Neither a code in place of an unknown character (it looks like text), nor text that replaces what is drawn."""
_FILLED_OR_STROKED = 16 | 32
_ASCENT, _DESCENT = 0.88, 0.12
"""A character's box from its base line, in sizes: the em box of a CJK font. Fonts' own boxes reach into other lines."""
_SAME_PLACE = 0.15
"""Sizes between two prints of one character that make it bold; the narrowest characters advance by 0.22."""
_WORD = 0.25
"""Sizes between two characters of a word at the most."""
_STRIP = 6.0
_NOTHING = "\u200b\u200c\u200d\u2060\ufeff\u00ad\x00"
"""Characters without a picture of their own."""
_LEAST_SIZE = 0.8
"""Points; nobody reads less."""
_RADICALS = dict(
    zip(
        "⺟⺠⻁⻄⻅⻆⻉⻋⻑⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻪⻬⻮⻰⻳",
        "母民虎西见角贝车長长门青韦页风飞食马骨鬼鱼鸟卤麦黄黾齐齿龙龟",
        strict=True,
    )
)
"""Radicals that stand for a whole character: what some programs write for it, since the font draws both alike."""


class Char(NamedTuple):
    """A character: its em box, where its base line begins, its size in points, and how it is written.

    `turn` is its direction in degrees clockwise: 0, 90 (downwards), 180, 270 (upwards) or `SKEWED`. `run` numbers the
    stretch of the file that it comes from. `unseen` says that it is drawn invisibly, `cut` that it is clipped away,
    `torn` that the character before or behind it is, `covered` that a picture may lie over it.
    """

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    x: float
    y: float
    size: float
    turn: int
    run: int
    unseen: bool = False
    cut: bool = False
    torn: bool = False
    covered: bool = False


def chars_of(page: pymupdf.Page) -> list[Char]:
    """The characters of a page, white space included as such, those printed twice for boldness once.

    Those too small for anybody are left out; those that are clipped away or off the page are marked.
    """
    whole = _raw(page, _FLAGS)
    shown = page.get_text("text", flags=_FLAGS | _CLIP)  # type: ignore[no-untyped-call]
    if sum(not char.text.isspace() for char in whole) != sum(not char.isspace() for char in shown):
        kept = {(char.text, char.x, char.y) for char in _raw(page, _FLAGS | _CLIP)}
        whole = [char._replace(cut=(char.text, char.x, char.y) not in kept) for char in whole]
    width, height = page.rect.width, page.rect.height
    for n, c in enumerate(whole):
        if not (-1 < (c.x0 + c.x1) / 2 < width + 1 and -1 < (c.y0 + c.y1) / 2 < height + 1):
            whole[n] = c._replace(cut=True)
    for n in range(1, len(whole)):
        before, behind = whole[n - 1], whole[n]
        if before.cut != behind.cut and _touch(before, behind):
            at, seen = (n, behind) if before.cut else (n - 1, before)
            whole[at] = seen._replace(torn=True)
    return _once(char for char in whole if char.size >= _LEAST_SIZE)


def standing(char: str, font: str) -> tuple[str, ...]:
    """The characters for which a character of the file stands.

    Programs write radicals and compatibility characters for the ideograph that the font draws alike, and places of a
    symbol font; a ligature stands for its letters.
    """
    code = ord(char[0])
    if 0xE000 <= code <= 0xF8FF:
        name = font.split("+", 1)[-1].replace("-Regular", "").replace("SymbolMT", "Symbol")
        found = symbol(name.replace("Wingdings2", "Wingdings 2"), code)
        return (char if found is None or found == "\ufffd" else found,)
    if 0x2E80 <= code <= 0x2EFF:
        return (_RADICALS.get(char, char),)
    if 0x2F00 <= code <= 0x2FDF or 0xF900 <= code <= 0xFAFF or 0x2F800 <= code <= 0x2FA1F or 0xFB00 <= code <= 0xFB06:
        return tuple(unicodedata.normalize("NFKC", char))
    return (char,)


def _raw(page: pymupdf.Page, flags: int) -> list[Char]:
    turned, matrix = bool(page.rotation), page.rotation_matrix  # asked for once: each asks the library
    a, b, c, d, e, f = matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f
    out: list[Char] = []
    run = 0
    for block in page.get_text("rawdict", flags=flags)["blocks"]:  # type: ignore[no-untyped-call]
        for line in block.get("lines", ()):
            dx, dy = line["dir"]
            turn = _turn(dx * a + dy * c, dx * b + dy * d) if line["wmode"] == 0 else 0
            for span in line["spans"]:
                size = span["size"]
                unseen = span["alpha"] == 0 or not span["char_flags"] & _FILLED_OR_STROKED
                font = span["font"]
                run += 1
                for entry in span["chars"]:
                    char = entry["c"]
                    x0, y0, x1, y1 = entry["bbox"]
                    x, y = entry["origin"]
                    if turned:
                        xs, ys = (a * x0 + c * y0 + e, a * x1 + c * y1 + e), (b * x0 + d * y0 + f, b * x1 + d * y1 + f)
                        (x0, x1), (y0, y1) = sorted(xs), sorted(ys)
                        x, y = a * x + c * y + e, b * x + d * y + f
                    if turn == 0 and line["wmode"] == 0:
                        y0, y1 = y - _ASCENT * size, y + _DESCENT * size
                    elif turn == 180:
                        y0, y1 = y - _DESCENT * size, y + _ASCENT * size
                    elif turn == 90:
                        x0, x1 = x - _DESCENT * size, x + _ASCENT * size
                    elif turn == 270:
                        x0, x1 = x - _ASCENT * size, x + _DESCENT * size
                    if char < "\u2e80":
                        out.append(Char(char, x0, y0, x1, y1, x, y, size, turn, run, unseen))
                    else:
                        parts = standing(char, font)
                        step = (x1 - x0) / len(parts)
                        for n, part in enumerate(parts):
                            left = x0 + n * step
                            out.append(Char(part, left, y0, left + step, y1, x + n * step, y, size, turn, run, unseen))
    return out


def _touch(before: Char, behind: Char) -> bool:
    """Are two characters that follow one another in the file one word?"""
    apart = max(behind.x0 - before.x1, before.x0 - behind.x1, behind.y0 - before.y1, before.y0 - behind.y1)
    return apart < _WORD * before.size and not (before.text.isspace() or behind.text.isspace())


def _turn(dx: float, dy: float) -> int:
    """The direction of writing in degrees clockwise, if it is along an axis within some three degrees."""
    if abs(dy) < 0.05:
        return 0 if dx > 0 else 180
    if abs(dx) < 0.05:
        return 90 if dy > 0 else 270
    return SKEWED


def _once(chars: Iterable[Char]) -> list[Char]:
    """Drop second prints of a character, and characters without width that are no mark of their own."""
    out: list[Char] = []
    seen: defaultdict[tuple[str, int], list[int]] = defaultdict(list)  # by character and strip of the page
    for char in chars:
        text = char.text
        if text.isspace():
            out.append(char)
            continue
        if text in _NOTHING:
            continue
        reach = _SAME_PLACE * char.size
        strips = {int((char.y - reach) // _STRIP), int((char.y + reach) // _STRIP)}
        twin = None
        for strip in strips:
            for n in seen.get((text, strip), ()):
                if abs(out[n].x - char.x) < reach and abs(out[n].y - char.y) < reach:
                    twin = n
        if twin is None:
            seen[text, int(char.y // _STRIP)].append(len(out))
            out.append(char)
        elif (out[twin].unseen or out[twin].cut) and not (char.unseen or char.cut):
            out[twin] = char
    return out
