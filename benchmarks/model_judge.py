"""Which wrong values of a settled form nobody is asked about."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from benchmarks.faults import leaf_value
from pipeline.forms import FormType

__all__ = ["Silent", "Verdict", "judge"]

_BLANKS = frozenset({"", "-", "--", "—", "——", "/"})
_TABLE = "indicators"
_WHOLE = ("", _TABLE, f"{_TABLE}[]")
"""Review entries that say that rows may be missing or surplus."""
_ROW = re.compile(rf"{_TABLE}\[([0-9]+)\](.*)")


class Silent(NamedTuple):
    """A wrong value that was accepted; its path goes by the rows of the truth."""

    path: str
    want: Any
    got: Any

    def __str__(self) -> str:
        return f"{self.path} want {self.want!r} got {self.got!r}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong and accepted: `silent` leaves by path, and surplus rows.

    `rows` says for each row of the export which row of the truth it is, `review` which paths are asked about.
    """

    silent: dict[str, Silent]
    surplus: list[str]
    rows: list[int | None]
    review: set[str]

    def within(self, paths: Set[str]) -> Verdict:
        """The verdict on these leaves only."""
        return replace(self, silent={path: each for path, each in self.silent.items() if path in paths})

    def asks(self, paths: Iterable[str]) -> bool:
        """Is there a review entry on, above or below one of these paths of the truth, or on the table as a whole?"""
        places = {place for path in paths for place in self._places(path)}
        return any(entry in _WHOLE or _touch(entry, place) for entry in self.review for place in places)

    def _places(self, path: str) -> Iterator[str]:
        """Where the export has a leaf or a row of the truth; where its row would be, if it has none."""
        found = _ROW.match(path)
        if found is None:
            yield path
            return
        row = int(found[1])
        at = [place for place, each in enumerate(self.rows) if each == row]
        for place in at or _around(self.rows, row):
            yield f"{_TABLE}[{place}]{found[2]}" if at else f"{_TABLE}[{place}]"


def judge(
    line: Mapping[str, Any], gold: Mapping[str, Any], form_type: FormType, orders: Iterable[Sequence[int]] = ()
) -> Verdict:
    """Judge an export line by the true record, leaves that it calls ambiguous left out.

    Each of `orders` says which row of the truth each row of a reading is. The rows of the export are those of the
    truth, or of a reading, or those are the same that say the same, whichever fits best.
    """
    truth, record = dict(gold), line["record"]
    review = {entry["path"] for entry in line["review"]}
    rows = _rows(record[_TABLE], truth[_TABLE], orders)
    doubtful = {entry["path"] for entry in truth.get("ambiguous") or ()}
    silent: dict[str, Silent] = {}
    for path, place in _leaves(form_type, truth, rows):
        want, got = leaf_value(truth, path), None if place is None else leaf_value(record, place)
        asked = _row_asked(path, rows, review) if place is None else line["states"].get(place) == "review"
        if not asked and not same(want, got) and not any(_touch(each, path) for each in doubtful):
            silent[path] = Silent(path, want, got)
    wanted, found = truth["level1_weights"], record["level1_weights"]
    if wanted != found and not any(entry in _WHOLE or _touch(entry, "level1_weights") for entry in review):
        silent["level1_weights"] = Silent("level1_weights", wanted, found)
    return Verdict(silent, list(_surplus(rows, review)), rows, review)


def _surplus(rows: Sequence[int | None], review: Set[str]) -> Iterator[str]:
    """Rows that the form does not have, or has once, and that are asked about nowhere, nor is the row they repeat."""
    for at, row in enumerate(rows):
        if row is None or row in rows[:at]:
            alike = [place for place, other in enumerate(rows) if place == at or (row is not None and other == row)]
            paths = [f"{_TABLE}[{place}]" for place in alike]
            if not any(entry in _WHOLE or _touch(entry, path) for entry in review for path in paths):
                yield f"{_TABLE}[{at}]"


def _leaves(
    form_type: FormType, truth: Mapping[str, Any], rows: Sequence[int | None]
) -> Iterator[tuple[str, str | None]]:
    """Every leaf of the truth, with its path in the export."""
    places: dict[int, int] = {}
    for at, row in enumerate(rows):
        if row is not None:
            places.setdefault(row, at)
    for path in form_type.paths(len(truth[_TABLE])):
        found = _ROW.match(path)
        if found is None:
            yield path, path
        else:
            place = places.get(int(found[1]))
            yield path, None if place is None else f"{_TABLE}[{place}]{found[2]}"


def _rows(
    got: Sequence[Mapping[str, Any]], want: Sequence[Mapping[str, Any]], orders: Iterable[Sequence[int]]
) -> list[int | None]:
    """For each row of the export the row of the truth that it is; None for one that the form does not have."""
    matched: list[int | None] = [None] * len(got)
    said = [[_fold(f"{row['name']}|{row['target']}|{row['actual']}") for row in rows] for rows in (want, got)]
    for first, second, size in SequenceMatcher(a=said[0], b=said[1], autojunk=False).get_matching_blocks():
        matched[second : second + size] = range(first, first + size)
    known: list[Sequence[int | None]] = [range(len(want)), *orders]
    candidates = [*(order for order in known if len(order) == len(got)), matched]
    return list(max(candidates, key=lambda rows: sum(_likeness(got[at], want, row) for at, row in enumerate(rows))))


def _likeness(got: Mapping[str, Any], want: Sequence[Mapping[str, Any]], row: int | None) -> int:
    return 0 if row is None else sum(same(value, got[name]) for name, value in want[row].items())


def _row_asked(path: str, rows: Sequence[int | None], review: Set[str]) -> bool:
    """Is anybody asked about a row that the export lacks: about all rows, or those that it stood between?"""
    found = _ROW.match(path)
    around = _around(rows, int(found[1])) if found else ()
    return bool(review & {*_WHOLE, *(f"{_TABLE}[{row}]" for row in around)})


def _around(rows: Sequence[int | None], missing: int) -> tuple[int, int]:
    """The rows of the export between which a row of the truth would stand."""
    before = max((at for at, row in enumerate(rows) if row is not None and row < missing), default=-1)
    return before, before + 1


def _touch(one: str, other: str) -> bool:
    """Does one path lie on, above or below the other?"""
    steps, others = (re.findall(r"[^.\[\]]+", path) for path in (one, other))
    common = min(len(steps), len(others))
    return steps[:common] == others[:common]


def same(want: Any, got: Any) -> bool:
    """Do two values say the same? Width, white space, marks for a blank, and zeros behind a figure do not matter."""
    left, right = _fold(want), _fold(got)
    if left == right:
        return True
    try:
        return Decimal(left) == Decimal(right)
    except InvalidOperation:
        return False


def _fold(value: Any) -> str:
    folded = "" if value is None else "".join(unicodedata.normalize("NFKC", str(value)).split())
    return "" if folded in _BLANKS else folded
