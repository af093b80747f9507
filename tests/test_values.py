"""From references to values: joining, numbers, dates, telephones."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.forms import Kind
from pipeline.ingest.text import text_cells
from pipeline.reading import Part
from pipeline.values import join, value_of


@pytest.mark.parametrize(
    ("pieces", "joined"),
    [
        (["河道", "清淤"], "河道清淤"),
        (["河 道\n清\u3000淤"], "河道清淤"),
        (["App", "Store"], "App Store"),
        (["on-", "line"], "on-line"),
        (["共", "12", "公里"], "共12公里"),
        (["GDP 增长"], "GDP增长"),
        (["a \x00 b"], "a b"),
        (["", "甲"], "甲"),
    ],
)
def test_joining(pieces: list[str], joined: str) -> None:
    assert join(pieces) == joined


@given(st.lists(st.text(alphabet="河道清淤，。12ab \n", min_size=1, max_size=12), min_size=1, max_size=5))
def test_joining_keeps_every_visible_character_and_no_gap_beside_chinese(pieces: list[str]) -> None:
    joined = join(pieces)
    assert joined.replace(" ", "") == "".join("".join(pieces).split())
    for left, gap, right in zip(joined, joined[1:], joined[2:], strict=False):
        if gap == " ":
            assert left.isascii() and right.isascii()


def _value(kind: Kind, text: str) -> tuple[str | None, str | None]:
    cells = text_cells(text)
    value = value_of(kind, [Part(cell.id, 0, len(cell.text)) for cell in cells], cells)
    return value.value, value.issue


@pytest.mark.parametrize(
    ("kind", "text", "value", "issue"),
    [
        (Kind.MONEY, "1,286.50", "1286.50", None),
        (Kind.MONEY, "390万元", "390", None),
        (Kind.MONEY, "3000 万元", "3000", None),
        (Kind.MONEY, "１２．５", "12.5", None),
        (Kind.MONEY, "1.286.50", "1", "number.format"),
        (Kind.MONEY, "12 50", None, "number.gap"),
        (Kind.MONEY, "O.5", None, "number.format"),
        (Kind.MONEY, "07", "07", "number.format"),
        (Kind.PERCENT, "96.16%", "96.16", None),
        (Kind.NUMBER, "10分", "10", None),
        (Kind.NUMBER, "10%", "10", "number.format"),
        (Kind.NUMBER, "-3", "-3", None),
        (Kind.YEAR, "2023年度", "2023", None),
        (Kind.DATE, "2024年3月8日", "2024-03-08", None),
        (Kind.DATE, "2024. 3. 8", "2024-03-08", None),
        (Kind.DATE, "2024/13/8", None, "date.format"),
        (Kind.DATE, "三月八日", None, "date.format"),
        (Kind.PHONE, "0000-5550123", "0000-5550123", None),
        (Kind.PHONE, "55501l3", "55501l3", "phone.format"),
        (Kind.TEXT, "≥90%", "≥90%", None),
    ],
)
def test_values(kind: Kind, text: str, value: str | None, issue: str | None) -> None:
    assert _value(kind, text) == (value, issue)


@given(
    st.decimals(min_value=0, max_value=10**9, allow_nan=False, places=4),
    st.sampled_from(["", "万元", "元"]),
    st.booleans(),
)
def test_decimals_survive_as_printed(number: Decimal, unit: str, grouped: bool) -> None:
    printed = f"{number:,f}" if grouped else f"{number:f}"
    value, issue = _value(Kind.MONEY, printed + unit)
    assert issue is None and value == f"{number:f}"


@given(
    st.dates().filter(lambda date: 1900 <= date.year < 2100),
    st.sampled_from(["{y}年{m}月{d}日", "{y}.{m}.{d}", "{y}-{m:02}-{d:02}"]),
)
def test_dates_become_iso_8601(date: object, form: str) -> None:
    year, month, day = (int(part) for part in str(date).split("-"))
    assert _value(Kind.DATE, form.format(y=year, m=month, d=day)) == (str(date), None)
