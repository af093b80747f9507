"""From references to values: how pieces of text are joined, and how a leaf's characters become its value.

Rules of joining and keying: `record-format`. Nothing is ever repaired here: characters that are no clean number, date
or telephone give a value as far as they go and an issue code that sends the leaf to review.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.forms import Kind
from pipeline.reading import Part
from pipeline.source import Cell
from pipeline.vocabulary import fold

__all__ = ["Value", "is_cjk", "join", "value_of"]

_BLANK_CHAR = re.compile(r"[\s\u3000\u00a0\u200b\u2060\ufeff\x00-\x1f\x7f]")
_CJK = re.compile(
    r"[\u2018-\u201f\u2014\u2026\u2100-\u22ff\u2460-\u24ff\u2500-\u25ff\u2e80-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
    r"\U00020000-\U0003ffff]"
)
_GAP = re.compile(r"[\s\u3000\u00a0\u200b\u2060\ufeff\x00-\x1f\x7f]+")
_NUMBER = re.compile(
    r"(?P<sign>-)?(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?P<fraction>[.][0-9]+)?(?P<unit>%|‰|万元|亿元|千元|元|万|分)?"
)
_DATES = (
    re.compile(r"(?P<year>(?:19|20)[0-9]{2})[年./-](?P<month>[0-9]{1,2})[月./-](?P<day>[0-9]{1,2})日?"),
    re.compile(r"(?P<year>(?:19|20)[0-9]{2})(?P<month>[01][0-9])(?P<day>[0-3][0-9])"),
)
_LONGEST_NAME = 16
_NO_BREAK = frozenset("-–/.")
_PRINTED_NUMERAL = str.maketrans("〇○一二三四五六七八九", "00123456789")
_PHONE = re.compile(r"[(]?[0-9]{3,4}[)-]?[0-9]{7,8}(?:[-转][0-9]{1,6})?|[0-9]{5,12}(?:[-转][0-9]{1,6})?")


def is_cjk(char: str) -> bool:
    """Is it a CJK character or punctuation, beside which white space means nothing?"""
    return bool(_CJK.match(char))


@dataclass(frozen=True, slots=True)
class Value:
    """A leaf's value with what it was made of.

    `value` is None for a blank. `printed` is the joined source text with its unit. `unit` is a unit of money printed
    behind an amount. `issue` says why the characters cannot be trusted as they stand (None: nothing to say).
    """

    value: str | None
    printed: str
    unit: str | None = None
    issue: str | None = None


def join(pieces: Sequence[str]) -> str:
    """Join the pieces of one value: the parts of a reference, in order.

    White space beside a CJK character or punctuation is dropped, one space is kept between two Latin words. Between
    pieces, and at a line break inside a piece, the same holds, except that nothing is put behind a hyphen, a slash or a
    full stop that ends a line. Control characters are dropped.
    """
    if len(pieces) == 1 and not _GAP.search(pieces[0]):
        return pieces[0]
    out = ""
    for piece in pieces:
        for word in _GAP.split(piece):
            if not word:
                continue
            if out and not is_cjk(out[-1]) and not is_cjk(word[0]) and out[-1] not in _NO_BREAK:
                out += " "
            out += word
    return out


def pieces_of(parts: Sequence[Part], cells: Sequence[Cell]) -> list[str]:
    """The source text of each part; `cells` are the document's."""
    return [cells[cell - 1].text[start:end] for cell, start, end in parts]


def value_of(kind: Kind, parts: Sequence[Part], cells: Sequence[Cell]) -> Value:
    """The value that these parts hold as a leaf of that kind."""
    pieces = pieces_of(parts, cells)
    printed = join(pieces)
    if not printed:
        return Value(None, "")
    if kind is Kind.DATE:
        return _date(printed)
    if kind is Kind.YEAR:
        found = re.search(r"(?:19|20)[0-9]{2}", fold(printed).translate(_PRINTED_NUMERAL))
        return Value(found.group(), printed) if found else Value(None, printed, issue="number.format")
    if kind.numeric:
        return _number(kind, pieces, printed)
    if kind is Kind.NAME:
        strange = any(char.isdigit() or char in ":：" for char in printed) or len(printed) > _LONGEST_NAME
        return Value(printed, printed, issue="name.format" if strange else None)
    if kind is Kind.PHONE:
        clean = _PHONE.fullmatch(fold(printed).replace("—", "-"))
        return Value(printed, printed, issue=None if clean else "phone.format")
    return Value(printed, printed)


def _number(kind: Kind, pieces: Sequence[str], printed: str) -> Value:
    text = fold(printed)
    found = _NUMBER.fullmatch(text)
    if found is None:
        # What stands there is kept out of the record rather than repaired; the evidence shows it.
        first = _NUMBER.match(text)
        return Value(first.group("whole").replace(",", "") if first else None, printed, issue="number.format")
    if any(_GAP.search(piece.strip()) for piece in pieces) or len(pieces) > 1:
        bare = [re.sub(r"[^0-9.,]", "", part) for piece in pieces for part in _GAP.split(piece)]
        if sum(bool(part) for part in bare) > 1:
            # Where only the edge of the cell broke the line the figure is most likely one; still it is asked for.
            wrapped = len(pieces) == 1 and not re.search(r"[^\S\n]", pieces[0].strip())
            whole = text.removesuffix(found.group("unit") or "").replace(",", "")
            return Value(whole if wrapped else None, printed, issue="number.gap")
    unit = found.group("unit")
    value = (found.group("sign") or "") + found.group("whole").replace(",", "") + (found.group("fraction") or "")
    issue = None
    if unit == "%" and kind is not Kind.PERCENT:
        issue = "number.format"
    if unit in ("元", "万", "万元", "亿元", "千元"):
        if kind is not Kind.MONEY:
            issue = "number.format"
        return Value(value, printed, unit="万元" if unit == "万" else unit, issue=issue)
    if unit == "分" and kind is not Kind.NUMBER:
        issue = "number.format"
    if len(found.group("whole")) > 1 and found.group("whole")[0] == "0":
        issue = "number.format"
    return Value(value, printed, issue=issue)


def _date(printed: str) -> Value:
    text = fold(printed)
    for form in _DATES:
        found = form.fullmatch(text)
        if found:
            year, month, day = (int(found.group(name)) for name in ("year", "month", "day"))
            if 1 <= month <= 12 and 1 <= day <= 31:
                return Value(f"{year:04d}-{month:02d}-{day:02d}", printed)
    return Value(None, printed, issue="date.format")
