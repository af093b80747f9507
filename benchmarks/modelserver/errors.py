"""What a model gets wrong: errors on a right reading, at set rates, the same ones for the same seed.

An error is planned on the references of a reading, so that it can be made in an answer by reference, in one by quotes,
or in what the table reader read. Some errors persist: they are made again however often a form is asked about. The
others are drawn anew each time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import NamedTuple

from benchmarks.modelserver.mistakes import KINDS, QUOTES_ONLY, Error, Page, printed, row_of, said
from pipeline.forms import FormType
from pipeline.reading import Doubt, Reading, Ref
from pipeline.source import Document, Section

__all__ = ["Change", "Profile", "changes", "misread", "plan", "row_order"]

_TRIES = 12
"""Kinds that are tried where a form offers no place for one, and places that are tried for each."""
_MIX = {
    "neighbour_column": 5, "neighbour_row": 4, "shifted_block": 1, "dropped_row": 1, "doubled_row": 1,
    "target_actual_swapped": 1, "heading_misassigned": 2, "null": 4, "invented_cell": 2, "changed_score": 3,
    "computed": 2, "quote_cut": 2,
}  # fmt: skip
"""How often each kind happens where a share of the values is to be wrong."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How much is wrong: a share `rate` of the values that a form prints, or `count` errors a form, kinds in turn.

    A share `persist` of the errors does not go away when the form is asked about again.
    """

    seed: int = 0
    rate: float = 0.0
    count: int = 0
    persist: float = 0.3
    kinds: tuple[str, ...] = ()
    """Only these kinds; all of them where empty."""


class Change(NamedTuple):
    """A leaf that an error touches: its path by the rows of the truth and by those of the answer, what is printed for
    it and what the answer says.

    `wrong` is empty for a leaf of a row that is left out, `truth` for one of a row that comes twice.
    """

    truth: str
    wrong: str
    want: str
    got: str


def plan(
    document: Document,
    section: Section,
    form_type: FormType,
    reading: Reading,
    profile: Profile,
    *,
    form: str,
    asked: str = "",
    quotes: bool = False,
) -> list[Error]:
    """The errors that are made on a reading of the form of that name when it is asked about in the way `asked`.

    No two errors touch the same leaf, and each changes at least one value. `quotes` says that values are copied.
    """
    page = Page(document, section, form_type, reading, quotes=quotes)
    errors: list[Error] = []
    touched: set[str] = set()
    for persistent in (True, False):
        rng = Random(f"{profile.seed}|{form}|{'' if persistent else asked}|{persistent}")
        share = profile.persist if persistent else 1 - profile.persist
        for error in _drawn(rng, page, profile, share):
            paths = page.touched(error)
            if not paths & touched:
                touched |= paths
                errors.append(replace(error, persistent=persistent))
    return errors


def _drawn(rng: Random, page: Page, profile: Profile, share: float) -> Iterator[Error]:
    """Errors as the profile wants them, of which this is a share."""
    names = [name for name in profile.kinds or KINDS if page.quotes or name not in QUOTES_ONLY]
    if profile.count:
        for _ in range(profile.count):
            if rng.random() < share and (error := _one(rng, page, names, [1] * len(names))):
                yield error
        return
    values = sum(map(printed, page.leaves.values()))
    wanted = sum(rng.random() < profile.rate * share for _ in range(values))
    weights = [_MIX[name] for name in names]
    for _ in range(wanted * _TRIES):
        if wanted <= 0:
            return
        error = _one(rng, page, names, weights)
        if error is not None:
            size = sum(page.differs(path, ref) for path, ref in error.puts.items()) or len(page.filled(error))
            # An error larger than what is left is made as seldom as keeps the share of wrong values as it is wanted.
            if size <= wanted or rng.random() < wanted / size:
                yield error
            wanted -= size


def _one(rng: Random, page: Page, names: Sequence[str], weights: Sequence[int]) -> Error | None:
    """An error of one of these kinds; None where the form offers no place for any of several that were tried."""
    for name in rng.choices(names, weights, k=_TRIES):
        for _ in range(_TRIES):
            error = KINDS[name](rng, page)
            if error is not None:
                return replace(error, kind=name)
    return None


def misread(reading: Reading, errors: Iterable[Error]) -> Reading:
    """The reading with these errors made on it."""
    errors = list(errors)
    leaves = dict(reading.leaves)
    for error in errors:
        leaves.update(error.puts)
    order = row_order(reading.rows, errors)
    renumbered = {path: ref for path, ref in leaves.items() if row_of(path) is None}
    for number, row in enumerate(order):
        renumbered |= {_at(path, number): ref for path, ref in leaves.items() if row_of(path) == row}
    covered = {row for first, last in reading.merged for row in range(first + 1, last)}
    return replace(
        reading,
        rows=len(order),
        leaves=renumbered,
        merged=tuple(_ranges([row in covered for row in order])),
        doubts=tuple(_doubts(reading.doubts, order)),
    )


def changes(
    document: Document, form_type: FormType, reading: Reading, errors: Sequence[Error], of: Error
) -> list[Change]:
    """What one of the errors made on a reading touches; leaves that it leaves as they were are not among it."""
    order = row_order(reading.rows, errors)

    def say(path: str, ref: Ref) -> str:
        return said(document, form_type, path, ref)

    found = []
    for path, ref in of.puts.items():
        row = row_of(path)
        wrong = path if row is None else _at(path, order.index(row)) if row in order else ""
        found.append(Change(path, wrong, say(path, reading.leaves[path]), say(path, ref)))
    for path, ref in reading.leaves.items():
        if printed(ref) and of.dropped is not None and row_of(path) == of.dropped:
            found.append(Change(path, "", say(path, ref), ""))
        if printed(ref) and of.doubled is not None and row_of(path) == of.doubled:
            found.append(Change("", _at(path, order.index(of.doubled) + 1), "", say(path, ref)))
    return [change for change in found if change.want != change.got]


_ROW = re.compile(r"\[[0-9]+\]")


def _at(path: str, row: int) -> str:
    return _ROW.sub(f"[{row}]", path, count=1)


def row_order(rows: int, errors: Iterable[Error]) -> list[int]:
    """The rows of the truth in the order in which they are read, dropped ones left out and doubled ones twice."""
    order = list(range(rows))
    for error in errors:
        if error.dropped is not None:
            order.remove(error.dropped)
        if error.doubled is not None:
            order.insert(order.index(error.doubled), error.doubled)
    return order


def _ranges(covered: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Ranges of rows whose weight and score are printed once."""
    first = 0
    for number in range(1, len(covered) + 1):
        if number == len(covered) or not covered[number]:
            if number - first > 1:
                yield first, number
            first = number


def _doubts(doubts: Iterable[Doubt], order: Sequence[int]) -> Iterator[Doubt]:
    for doubt in doubts:
        row = row_of(doubt.path)
        if row is None:
            yield doubt
        elif row in order:
            yield replace(doubt, path=_at(doubt.path, order.index(row)))
