"""A number of a spreadsheet as its format shows it: what a clerk sees and would key.

Rules: ECMA-376 part 1, 18.8.31, as Excel applies them with Chinese settings. A format that is not rendered with
certainty says so. Numbers are rounded in decimal, half away from zero, from the 15 figures that Excel keeps.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import NamedTuple

__all__ = ["BUILTIN", "Shown", "general", "is_general", "show_number", "show_text"]


class Shown(NamedTuple):
    """What a cell shows, and whether that is certain."""

    text: str
    certain: bool = True


BUILTIN = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?",
    13: "# ??/??", 14: "yyyy/m/d", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM",
    20: "h:mm", 21: "h:mm:ss", 22: "yyyy/m/d h:mm", 37: "#,##0 ;-#,##0 ", 38: "#,##0 ;[Red]-#,##0 ",
    39: "#,##0.00 ;-#,##0.00 ", 40: "#,##0.00 ;[Red]-#,##0.00 ", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0",
    48: "##0.0E+0", 49: "@",
    5: "\\¥#,##0;\\¥\\-#,##0", 6: "\\¥#,##0;[Red]\\¥\\-#,##0", 7: "\\¥#,##0.00;\\¥\\-#,##0.00",
    8: "\\¥#,##0.00;[Red]\\¥\\-#,##0.00",
    41: '_ * #,##0_ ;_ * \\-#,##0_ ;_ * "-"_ ;_ @_ ', 42: '_ \\¥* #,##0_ ;_ \\¥* \\-#,##0_ ;_ \\¥* "-"_ ;_ @_ ',
    43: '_ * #,##0.00_ ;_ * \\-#,##0.00_ ;_ * "-"??_ ;_ @_ ',
    44: '_ \\¥* #,##0.00_ ;_ \\¥* \\-#,##0.00_ ;_ \\¥* "-"??_ ;_ @_ ',
    27: 'yyyy"年"m"月"', 28: 'm"月"d"日"', 29: 'm"月"d"日"', 30: "m-d-yy", 31: 'yyyy"年"m"月"d"日"', 32: 'h"时"mm"分"',
    33: 'h"时"mm"分"ss"秒"', 36: 'yyyy"年"m"月"', 50: 'yyyy"年"m"月"', 51: 'm"月"d"日"', 52: 'yyyy"年"m"月"',
    53: 'm"月"d"日"', 54: 'm"月"d"日"', 57: 'yyyy"年"m"月"', 58: 'm"月"d"日"',
}  # fmt: skip
"""Formats by number that a workbook does not spell out, as Chinese Excel shows them."""

_TOKEN = re.compile(
    r"""(?P<quoted>"[^"]*"?)|[\\!](?P<escaped>.)|_(?P<pad>.)|\*(?P<fill>.)|\[(?P<bracket>[^\]]*)\]"""
    r"""|(?P<general>General|G/通用格式)|(?P<ampm>AM/PM|A/P|上午/下午)|(?P<exponent>E[+-])|(?P<date>y+|m+|d+|h+|s+|a{3,4}|e+|g+|b{2,4})"""
    r"""|(?P<digit>[0#?])|(?P<point>\.)|(?P<comma>,)|(?P<percent>%)|(?P<slash>/)|(?P<text>@)|(?P<other>.)""",
    re.I | re.S | re.X,
)
_LITERAL = frozenset("$-+/():!^&'~{}<>= ¥￥€£年月日时分秒元万亿个人次项、，。：（）")
_CONDITION = re.compile(r"\s*(<=|>=|<>|<|>|=)\s*(-?[0-9.]+)\s*")
_LOCALE = re.compile(r"\$([^-]*)(?:-([0-9A-Fa-f]+))?")
_LATEST = 2_958_466
"""The day behind 31 December 9999."""
_Token = tuple[str, str]


def is_general(code: str) -> bool:
    """Is it the format that shows as many figures as there is room for?"""
    return code.strip().lower() in ("", "general", "g/通用格式")


def show_number(value: float, code: str, *, since_1904: bool = False) -> Shown:
    """The number in that format; `since_1904` says from when the workbook counts its days."""
    if is_general(code):
        return general(value)
    try:
        sections = _sections(code)
    except ValueError:
        return Shown(general(value).text, False)
    number = _exact(value)
    tokens, magnitude, certain = _section_for(number, sections)
    if not tokens:
        return Shown("", certain)
    kinds = {kind for kind, _ in tokens}
    if "general" in kinds:
        shown = general(float(magnitude))
        text = "".join(shown.text if kind == "general" else _literal(kind, raw) for kind, raw in tokens)
        return Shown(text.strip(), shown.certain and certain and _plain(tokens))
    if "date" in kinds or "ampm" in kinds or "elapsed" in kinds:
        shown = _date(value, tokens, since_1904)
    elif kinds & {"digit", "point"}:
        shown = _decimal(magnitude, tokens)
    elif "text" in kinds:
        shown = general(value)
    else:
        shown = Shown("".join(_literal(kind, raw) for kind, raw in tokens))
        if magnitude < 0:
            shown = Shown("-" + shown.text, False)
    if "digit" in kinds and "date" not in kinds:
        # The 16th and 17th figure may decide how it is rounded, and programs differ in whether they look at them: of
        # 0.285 in whole percent one shows 28 and another 29.
        others = [_nearest(value), _nearest(value * 100).scaleb(-2)] if "percent" in kinds else [_nearest(value)]
        seen = {_decimal(abs(other), tokens).text for other in (number, *others)}
        certain = certain and len(seen) == 1
    return Shown(shown.text.strip(), shown.certain and certain and _plain(tokens))


def show_text(text: str, code: str) -> Shown:
    """A text in that format: as it is, unless the format has a section for texts."""
    if is_general(code) or code.strip() == "@":
        return Shown(text)
    try:
        sections = _sections(code)
    except ValueError:
        return Shown(text)
    last = sections[-1]
    if len(sections) < 4 and not any(kind == "text" for kind, _ in last):
        return Shown(text)
    return Shown("".join(text if kind == "text" else _literal(kind, raw) for kind, raw in last).strip(" "))


def general(value: float) -> Shown:
    """A number as the format General shows it in a column that is wide enough: at most 11 characters."""
    number = _exact(value)
    sign, number = ("-", -number) if number < 0 else ("", number)
    if number == 0:
        return Shown("0")
    exponent = number.adjusted()
    if exponent >= 11 or exponent < -9:
        # Twelve figures and more become 1.23457E+11: the rest of the figures is hidden from the clerk.
        mantissa = (number.scaleb(-exponent)).quantize(Decimal("1.00000"), ROUND_HALF_UP)
        text = f"{mantissa.normalize():f}E{'+' if exponent >= 0 else '-'}{abs(exponent):02d}"
        return Shown(sign + text, False)
    places = max(0, 9 - max(exponent, 0))
    text = f"{number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"
    certain = exponent >= -4
    return Shown(sign + (text.rstrip("0").rstrip(".") if "." in text else text), certain)


def _exact(value: float) -> Decimal:
    """The number with the 15 figures that Excel keeps."""
    return Decimal(f"{value:.14e}")


def _nearest(value: float) -> Decimal:
    return Decimal(repr(value))


@lru_cache(maxsize=1024)
def _sections(code: str) -> list[list[_Token]]:
    """The sections of a format as tokens. Raises ValueError for what is no format."""
    sections: list[list[_Token]] = [[]]
    at = 0
    while at < len(code):
        if code[at] == ";":
            sections.append([])
            at += 1
            continue
        found = _TOKEN.match(code, at)
        if found is None or found.lastgroup is None:
            raise ValueError(code)
        kind, raw = found.lastgroup, found.group(found.lastgroup)
        if kind == "quoted":
            kind, raw = "literal", raw.strip('"')
        elif kind == "escaped":
            kind = "literal"
        elif kind == "bracket":
            kind, raw = _bracket(raw)
        elif kind == "date" and raw[0] in "eEgGbB":
            kind = "strange"
        sections[-1].append((kind, raw))
        at = found.end()
    if len(sections) > 4:
        raise ValueError(code)
    return sections


def _bracket(raw: str) -> _Token:
    if re.fullmatch(r"h+|m+|s+", raw, re.I):
        return "elapsed", raw
    if _CONDITION.fullmatch(raw):
        return "condition", raw
    if raw.upper().startswith("DBNUM"):
        return "strange", raw
    locale = _LOCALE.fullmatch(raw)
    if locale:
        return "literal", locale.group(1)
    return "colour", raw


def _section_for(number: Decimal, sections: list[list[_Token]]) -> tuple[list[_Token], Decimal, bool]:
    """The section that a number takes, the number as it shows there (with its sign or not), and if that is certain."""
    texts = [section for section in sections if any(kind == "text" for kind, _ in section)]
    numeric = [section for section in sections if section not in texts] or sections
    if len(sections) == 4:
        numeric = sections[:3]
    conditions = [next((raw for kind, raw in section if kind == "condition"), None) for section in numeric]
    if any(conditions):
        for section, condition in zip(numeric, conditions, strict=True):
            if condition is None or _holds(number, condition):
                return section, number, number >= 0
        return numeric[-1], number, False
    if len(numeric) == 1:
        return numeric[0], number, True
    if number < 0:
        return numeric[1], -number, True
    if number == 0 and len(numeric) > 2:
        return numeric[2], number, True
    return numeric[0], number, True


def _holds(number: Decimal, condition: str) -> bool:
    found = _CONDITION.fullmatch(condition)
    if found is None:
        return False
    limit = Decimal(found.group(2))
    return {
        "<": number < limit, ">": number > limit, "<=": number <= limit, ">=": number >= limit, "=": number == limit,
        "<>": number != limit,
    }[found.group(1)]  # fmt: skip


def _literal(kind: str, raw: str) -> str:
    """What a token that is no placeholder shows. White space that only lines things up shows nothing."""
    if kind in ("literal", "other", "percent", "slash", "comma", "point"):
        return raw
    return " " if kind == "pad" else ""


def _plain(tokens: list[_Token]) -> bool:
    """Is each token one whose look is certain?"""
    return not any(
        kind == "strange" or (kind == "fill" and raw.strip()) or (kind == "other" and raw not in _LITERAL)
        for kind, raw in tokens
    )


def _decimal(number: Decimal, tokens: list[_Token]) -> Shown:
    kinds = [kind for kind, _ in tokens]
    if "slash" in kinds and kinds.count("digit") > 1:
        return Shown(general(float(number)).text, False)
    if "exponent" in kinds:
        return _scientific(number, tokens)
    number = number.scaleb(2 * kinds.count("percent"))
    last_digit = max(at for at, kind in enumerate(kinds) if kind in ("digit", "point"))
    scale = 0
    while last_digit + 1 + scale < len(kinds) and kinds[last_digit + 1 + scale] == "comma":
        scale += 1
    number = number.scaleb(-3 * scale)
    point = kinds.index("point") if "point" in kinds else None
    whole = [at for at, kind in enumerate(kinds) if kind == "digit" and (point is None or at < point)]
    fraction = [at for at, kind in enumerate(kinds) if kind == "digit" and point is not None and at > point]
    holders = [tokens[at][1] for at in fraction]
    grouped = any(kind == "comma" and whole and whole[0] < at < whole[-1] for at, kind in enumerate(kinds))
    negative = number < 0
    rounded = abs(number).quantize(Decimal(1).scaleb(-len(fraction)), ROUND_HALF_UP)
    figures, _, decimals = f"{rounded:f}".partition(".")
    figures = figures.lstrip("0")
    # Programs differ on a zero's sign, and on a point with nothing behind it.
    certain = not (negative and rounded == 0) and (bool(decimals.strip("0")) or "0" in holders or point is None)
    out: list[str] = []
    places = _whole_places(figures, [tokens[at][1] for at in whole], grouped)
    optional = decimals.rstrip("0")
    for at, (kind, raw) in enumerate(tokens):
        if kind == "digit" and at in whole:
            out.append(places[whole.index(at)])
        elif kind == "digit":
            nth = fraction.index(at)
            shown = decimals[nth] if raw == "0" or nth < len(optional) else " " if raw == "?" else ""
            out.append(shown)
        elif kind == "point":
            out.append(("" if whole else figures) + ".")
        elif kind == "comma":
            continue
        else:
            out.append(_literal(kind, raw))
    return Shown(("-" if negative else "") + "".join(out).strip(), certain)


def _whole_places(figures: str, holders: list[str], grouped: bool) -> list[str]:
    """What each placeholder left of the point shows; the first takes all figures that are left over."""
    if not holders:
        return []
    least = max((len(holders) - at for at, raw in enumerate(holders) if raw == "0"), default=0)
    padded = figures.rjust(least, "0")
    out = []
    for at in range(len(holders)):
        place = len(holders) - 1 - at
        if place >= len(padded):
            out.append(" " if holders[at] == "?" else "")
            continue
        end = len(padded) - place
        chunk = padded[:end] if at == 0 else padded[end - 1 : end]
        shown = ""
        for nth, char in enumerate(chunk):
            right = place + len(chunk) - 1 - nth
            shown += char + ("," if grouped and right and right % 3 == 0 else "")
        out.append(shown)
    return out


def _scientific(number: Decimal, tokens: list[_Token]) -> Shown:
    code = "".join(raw for kind, raw in tokens if kind in ("digit", "point", "exponent"))
    found = re.fullmatch(r"0(?:\.(0*))?E([+-])(0+)", code, re.I)
    if found is None or len(code) != sum(len(raw) for _, raw in tokens):
        return Shown(general(float(number)).text, False)
    places = len(found.group(1) or "")
    exponent = number.adjusted() if number else 0
    mantissa = number.scaleb(-exponent).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    if abs(mantissa) >= 10:
        exponent += 1
        mantissa = number.scaleb(-exponent).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    sign = "-" if exponent < 0 else "+" if found.group(2) == "+" else ""
    return Shown(f"{mantissa:f}E{sign}{abs(exponent):0{len(found.group(3))}d}")


def _date(value: float, tokens: list[_Token], since_1904: bool) -> Shown:
    if value < 0 or value >= _LATEST:
        return Shown(general(value).text, False)
    # Excel has a 29 February 1900, so that days before 1 March 1900 count from one day later.
    epoch = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 30 if value >= 60 else 31)
    fraction = any(kind == "digit" for kind, _ in tokens)
    seconds = round(value * 86_400, 3 if fraction else 0)
    moment = epoch + timedelta(seconds=seconds)
    dated = any(kind == "date" and raw[0].lower() in "yda" for kind, raw in tokens)
    certain = not fraction and (since_1904 or value >= 61 or not dated)
    half = any(kind == "ampm" for kind, _ in tokens)
    out = []
    for at, (kind, raw) in enumerate(tokens):
        if kind == "date":
            text = _part(moment, raw.lower(), half, _is_minute(tokens, at))
            certain = certain and text is not None
            out.append(text or "")
        elif kind == "elapsed":
            unit = {"h": 3600, "m": 60, "s": 1}[raw[0].lower()]
            out.append(str(int(seconds // unit)).rjust(len(raw), "0"))
        elif kind == "ampm":
            names = ("上午", "下午") if raw.startswith("上") else ("AM", "PM") if len(raw) > 3 else ("A", "P")
            out.append(names[moment.hour >= 12])
        elif kind == "text":
            return Shown(general(value).text, False)
        else:
            out.append(_literal(kind, raw))
    return Shown("".join(out), certain)


def _is_minute(tokens: list[_Token], at: int) -> bool:
    """Is an `m` a minute: right behind an hour or right before a second?"""
    before = next((raw for kind, raw in reversed(tokens[:at]) if kind in ("date", "elapsed")), "")
    behind = next((raw for kind, raw in tokens[at + 1 :] if kind in ("date", "elapsed")), "")
    return before[:1].lower() == "h" or behind[:1].lower() == "s"


def _part(moment: datetime, raw: str, half: bool, minute: bool) -> str | None:
    """A part of a date; None where it is a name, which depends on the language."""
    first, count = raw[0], len(raw)
    if first == "y":
        return f"{moment.year:04d}" if count > 2 else f"{moment.year % 100:02d}"
    if first == "a":
        day = "一二三四五六日"[moment.weekday()]
        return f"星期{day}" if count == 4 else day
    if first in "md" and count > 2:
        return None
    number = {
        "m": moment.minute if minute else moment.month,
        "d": moment.day,
        "h": (moment.hour - 1) % 12 + 1 if half else moment.hour,
        "s": moment.second,
    }[first]
    return f"{number:02d}" if count > 1 else str(number)
