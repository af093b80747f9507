"""Breaking a cell's text into lines by measured widths.

Chinese text may break anywhere, except that with kinsoku no line begins with closing or ends with opening punctuation;
a run of Latin letters or digits is kept whole.
"""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Measure", "clusters", "longest", "wrapped"]

_CLOSING = frozenset("，。、；：！？）》」』”’〕】％…,.;:!?)]}%")
_OPENING = frozenset("（《「『“‘〔【([{")

Measure = Callable[[str], float]


def clusters(text: str, *, kinsoku: bool) -> list[str]:
    """The stretches of a text that no line break may part; spaces are stretches of their own."""
    found: list[str] = []
    at = 0
    while at < len(text):
        end = at + 1
        if "!" <= text[at] <= "~":
            while end < len(text) and "!" <= text[end] <= "~":
                end += 1
        found.append(text[at:end])
        at = end
    if not kinsoku:
        return found
    joined: list[str] = []
    for piece in found:
        closes = piece[0] in _CLOSING and not piece[0].isascii()
        if joined and not joined[-1].isspace() and (closes or joined[-1][-1] in _OPENING):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def longest(text: str, measure: Measure, *, kinsoku: bool) -> float:
    """Width of the widest stretch that cannot be broken."""
    pieces = (piece for line in text.split("\n") for piece in clusters(line, kinsoku=kinsoku))
    return max((measure(piece) for piece in pieces), default=0.0)


def wrapped(text: str, width: float, measure: Measure, *, kinsoku: bool) -> list[str]:
    """The lines of a text; a newline ends a paragraph, spaces at a line break are dropped.

    Raises ValueError where a stretch that cannot be broken is wider than `width`.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line, used = "", 0.0
        for piece in clusters(paragraph, kinsoku=kinsoku):
            size = measure(piece)
            if size > width:
                raise ValueError(f"{len(piece)} characters do not fit into the width of their cell")
            if line.strip() and used + size > width:
                lines.append(line.rstrip())
                line, used = "", 0.0
                if piece.isspace():
                    continue
            line += piece
            used += size
        lines.append(line.rstrip())
    return lines
