"""Laying a stream of units into the rows and columns of a table.

The stream is cut into cells and each cell given a column, the cheapest way found by dynamic programming over where
cells begin and end (a semi-Markov model: a cell of several lines is judged as a whole, by whether its lines wrap as
one cell's do). The widths of the columns are not known, but a form has many cells: the stream is laid with what order
and content say, widths are taken from that, and it is laid again. The same programming backwards gives, for every
other way of reading a place, how much dearer the best way is that reads it so: where that is little, the leaves
concerned are doubted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log

from pipeline.readers.pieces import Piece, echoes_of, one_cell_a_line, overflow, pieces_of, wrapped_cost
from pipeline.readers.units import Unit
from pipeline.readers.wrapping import end_cost, paragraph, start_cost, width_of
from pipeline.vocabulary import Vocabulary

__all__ = ["Lattice", "Step"]

_INFINITE = 1e9
_TEXT = frozenset({"name", "target", "actual", "deviation", "method"})
_BLANK = {
    "name": 3.0,
    "target": 2.5,
    "actual": 2.5,
    "weight": 2.7,
    "score": 2.7,
    "nature": 1.5,
    "unit": 1.0,
    "method": 1.0,
}
"""What a blank cell costs in a stream, where a blank leaves no trace."""
_BLANK_APART = 1.3
"""What a blank weight or score costs where cells are kept apart, so that rows are not easily torn."""
_HALF_PAIR = 4.0
_LEARN = 1.6
"""How much dearer the best other way of reading its ends must be for a cell to tell the width of its column."""
_HEADING_ONLY = 4.0
_HABIT_CHANGED = 0.05
_ECHO = 1.5


_Crossing = tuple[int, float, bool]
"""A column, what it costs to go on to it, and whether a row begins there."""


@dataclass(frozen=True, slots=True)
class Step:
    """A cell of the way: its piece, its column, and whether it begins a row."""

    piece: int
    column: int
    begins: bool


class Lattice:
    """All ways of laying units into columns, with their costs."""

    def __init__(
        self, units: Sequence[Unit], columns: Sequence[str], vocabulary: Vocabulary, *, spaced: bool = False
    ) -> None:
        self.units = units
        self.columns = columns
        self.suffix = vocabulary.table.headings.suffix
        self.marker = vocabulary.table.marker
        self.short = vocabulary.table.short
        self.words = vocabulary.table.words
        self.widths: list[float | None] = [None] * len(columns)
        self.no_reason = vocabulary.table.no_reason
        self.reasons = _usual_reasons(units, self.no_reason)
        """Share of the rows without lost points that give a reason all the same."""
        m = len(columns)
        self.one_a_line = one_cell_a_line(units)
        self.flowing = not self.one_a_line and len({unit.row for unit in units}) > 3
        """Are cells wrapped over lines?"""
        blank = [
            _BLANK.get(name, 0.0) if self.flowing or name not in ("weight", "score") else _BLANK_APART
            for name in columns
        ]
        self.text = [name in _TEXT for name in columns]
        self.weight = columns.index("weight") if "weight" in columns else -1
        self.score = columns.index("score") if "score" in columns else -1
        self.deviation = columns.index("deviation") if "deviation" in columns else -1
        self.to_end = [sum(blank[j + 1 :]) for j in range(m)]
        if self.weight >= 0 <= self.score:
            for j in (self.weight, self.score):
                if j < max(self.weight, self.score):
                    self.to_end[j] += _HALF_PAIR
        for j, name in enumerate(columns):
            if name == "level2":
                self.to_end[j] = _HEADING_ONLY
            elif name == "level1":
                self.to_end[j] = _HEADING_ONLY + 2
        self.from_start = [sum(blank[:j]) for j in range(m)]
        self.between = [[sum(blank[i + 1 : j]) for j in range(m)] for i in range(m)]
        self.echo = echoes_of(units)
        self.pieces = pieces_of(units, self.echo, wrapped=not self.one_a_line, spaced=spaced)
        self.starting: list[list[int]] = [[] for _ in units]
        for index, piece in enumerate(self.pieces):
            self.starting[piece.first].append(index)
        self.kind = [[self._kind(t, unit, name) for name in columns] for t, unit in enumerate(units)]
        self.possible = [[j for j in range(m) if costs[j] < _INFINITE] for costs in self.kind]
        """The columns in which each unit can stand at all."""
        in_text = [j for j in range(m) if self.text[j]]
        self.fits = [self.possible[piece.first] if piece.last - piece.first == 1 else in_text for piece in self.pieces]
        """The columns in which each piece can stand."""
        self.fixed = [self._fixed(piece) for piece in self.pieces]
        self.own = [list(costs) for costs in self.fixed]
        self._fit(range(m))
        self.crossing = [{}, *(self._crossing(t, self.possible[t - 1]) for t in range(1, len(units)))]

    # -- costs

    def _kind(self, t: int, unit: Unit, column: str) -> float:  # noqa: PLR0911 - a table of cases
        """What a unit costs in a column for what it is."""
        text = unit.text
        if column == "level1":
            if not unit.outer:
                return _INFINITE
            return 3.0 if unit.inner and not (t + 1 < len(self.units) and self.units[t + 1].inner) else 0.0
        if column == "level2":
            if unit.inner:
                return 0.0
            if unit.outer:
                return 4.0
            return 4.0 if len(text) <= 10 and text.endswith(self.suffix) else _INFINITE
        if column in ("weight", "score"):
            if unit.value is not None:
                return 0.0 if unit.value <= 100 else 3.5
            return (0.2 if unit.mark else 1.0) if unit.nothing else _INFINITE
        if unit.outer or unit.inner:
            return 2.5 if unit.bare else 6.0 if len(unit.parts) == 1 else _INFINITE
        if self.marker.match(text):
            return -1.0 if column == "name" else 4.0
        if column == "deviation":
            return 6.0 if unit.value is not None else 0.0
        if unit.value is not None:
            return 3.0 if column == "name" else 1.0
        if unit.nothing and unit.mark:
            return 2.0
        if column in self.words:
            return 0.0 if self.words[column].search(text) else 2.0
        if column in self.short:
            return 0.0 if text in self.short[column] else 0.6 if column == "unit" and len(text) <= 4 else 4.0
        return 0.0

    def _fixed(self, piece: Piece) -> list[float]:
        """What a piece costs as one cell of each column, apart from what the column's width says."""
        if piece.last - piece.first == 1:
            return self.kind[piece.first]
        fixed = piece.lines[0].gaps + piece.penalty
        for line in piece.lines[1:]:
            fixed += line.gaps
        for t in range(piece.first, piece.last):
            unit = self.units[t]
            if unit.heading or (t > piece.first and self.marker.match(unit.text)):
                fixed += 6.0
            elif unit.bare:
                fixed += 0.8
            elif unit.value is not None:
                fixed += 3.0
        if self.one_a_line:
            fixed += sum(1.6 if paragraph(a.text, b.text) else 3.5 for a, b in pairwise(piece.lines))
        costs = [fixed if text else _INFINITE for text in self.text]
        if self.marker.match(piece.lines[0].text):
            costs = [cost + (-1.0 if name == "name" else 4.0) for cost, name in zip(costs, self.columns, strict=True)]
        return costs

    def _fit(self, columns: Iterable[int]) -> None:
        """Work out anew what each piece costs in these columns, whose widths have changed."""
        columns = [] if self.one_a_line else [j for j in columns if self.text[j]]
        for index, piece in enumerate(self.pieces):
            lines = piece.lines
            if not lines or not columns:
                continue
            fixed, own = self.fixed[index], self.own[index]
            alone = len(lines) == 1
            loose: float | None = None
            for j in columns:
                width = self.widths[j]
                if width is not None:
                    own[j] = fixed[j] + (overflow(lines[0], width) if alone else wrapped_cost(lines, width))
                elif piece.last - piece.first > 1:
                    if loose is None:
                        widest = max(line.width for line in lines)
                        loose = wrapped_cost(lines, widest) + (0.8 if widest - lines[-1].width < 0.6 else 0.3)
                    own[j] = fixed[j] + loose
                else:
                    own[j] = fixed[j]

    def _crossing(self, t: int, columns: Iterable[int]) -> dict[int, list[_Crossing]]:
        """By column i, what it costs that a cell in it ends before unit t and one in column j begins there.

        What depends on the width of the column in which a cell ends is left to `_ends`.
        """
        unit, before = self.units[t], self.units[t - 1]
        start = start_cost(unit.raw)
        inline = 1.0 if unit.gap == 0 and not unit.glued else 0.0
        if unit.nothing and before.nothing:
            inline += 3.0  # rows that do not apply stand below headings of their own
        on: dict[int, float] = {}
        anew: dict[int, float] = {}
        for j in self.possible[t]:
            here = start if self.text[j] else 0.0
            on[j] = here - _ECHO if self.echo[t] and self.columns[j] in ("target", "actual") else here
            anew[j] = here + inline + self.from_start[j]
        lost = self._lost_points(t - 1)
        out: dict[int, list[_Crossing]] = {}
        for i in columns:
            row_end = self._row_end(t - 1, i, lost)
            between = self.between[i]
            line = [(j, between[j] + cost, False) if j > i else (j, row_end + anew[j], True) for j, cost in on.items()]
            if i in (self.score, self.weight) or i < self.weight < self.score:
                pairs = self._pair_costs(i, t, lost)
                line = [(j, cost + pairs.get(j, 0.0), begins) for j, cost, begins in line] if pairs else line
            out[i] = line
        return out

    def _habits_changed(self) -> None:
        """Work out anew what depends on the habit of giving reasons: what follows a score."""
        for t in range(1, len(self.units)):
            if self.score in self.crossing[t]:
                self.crossing[t].update(self._crossing(t, [self.score]))

    def _ends(self, t: int) -> list[float]:
        """What it costs that a cell of each column ends before unit t, for how its last line fills the column."""
        before = self.units[t - 1]
        return [
            end_cost(before.raw, before.width, width) if text else 0.0
            for text, width in zip(self.text, self.widths, strict=True)
        ]

    def _row_end(self, t: int, column: int, lost: bool) -> float:
        """What it costs that a row ends with unit t in that column."""
        if column == self.score:
            if self.deviation < 0:
                return 0.0
            return 0.7 if lost else _surprise(1.0 - self.reasons)
        name = self.columns[column]
        unit = self.units[t]
        if name in ("target", "actual", "name") and unit.nothing:
            return self.to_end[column] * 0.15
        if name == "name" and self.marker.sub("", unit.text) == "":
            return 0.5  # 指标2： with nothing behind it
        on_one_line = unit.gap == 0 and t > 1 and self.units[t - 1].gap == 0
        if name == "actual" and on_one_line and (t + 1 == len(self.units) or self.units[t + 1].gap):
            return self.to_end[column] * 0.45  # a whole row on one line whose score is printed once for several rows
        return self.to_end[column]

    def _pair_costs(self, i: int, t: int, lost: bool) -> dict[int, float]:
        """What the weight and the score say of each other, and of a reason behind them: costs by column of unit t."""
        before, unit = self.units[t - 1], self.units[t]
        if i == self.weight < self.score:
            costs = dict.fromkeys(range(self.score + 1, len(self.columns)), _HALF_PAIR)
            if (before.value is None) != (unit.value is None):
                costs[self.score] = _HALF_PAIR
            elif (
                before.value is not None
                and unit.value is not None
                and unit.value > before.value
                and self.score == i + 1
            ):
                costs[self.score] = 6.0
            return costs
        if i < self.weight < self.score:
            return {self.score: _HALF_PAIR}
        if i == self.score and self.deviation > i:
            return {self.deviation: 0.0 if lost or unit.text in self.no_reason else _surprise(self.reasons)}
        return {}

    def _lost_points(self, t: int) -> bool:
        """Is unit t a score below the weight before it?"""
        if t < 1:
            return False
        weight, score = self.units[t - 1].value, self.units[t].value
        return weight is not None and score is not None and score < weight

    # -- ways

    def best(self) -> list[Step]:
        """The cheapest way; keeps the costs forwards and backwards for `rivals`."""
        n, m = len(self.units), len(self.columns)
        self.ends = [[], *(self._ends(t) for t in range(1, n))]
        ended = [[_INFINITE] * m for _ in range(n + 1)]  # a cell of column i ends before unit t
        ended_by: list[list[int]] = [[-1] * m for _ in range(n + 1)]
        entered = [[_INFINITE] * m for _ in range(n)]  # a cell of column j begins at unit t
        entered_from: list[list[int]] = [[-1] * m for _ in range(n)]
        entered[0] = list(self.from_start)
        for t in range(n):
            if t:
                row, origin, bases, ends = entered[t], entered_from[t], ended[t], self.ends[t]
                for i, line in self.crossing[t].items():
                    base = bases[i] + ends[i]
                    if base < _INFINITE:
                        for j, cost, _ in line:
                            total = base + cost
                            if total < row[j]:
                                row[j] = total
                                origin[j] = i
            begin = entered[t]
            for index in self.starting[t]:
                own, last = self.own[index], self.pieces[index].last
                row, origin = ended[last], ended_by[last]
                for j in self.fits[index]:
                    cost = begin[j] + own[j]
                    if cost < row[j]:
                        row[j] = cost
                        origin[j] = index
        self.ended, self.entered = ended, entered
        self._backwards()
        final = [ended[n][j] + self.rest[n][j] for j in range(m)]
        self.lowest = min(final)
        j, t = final.index(self.lowest), n
        path: list[Step] = []
        while True:
            index = ended_by[t][j]
            t = self.pieces[index].first
            if t == 0:
                path.append(Step(index, j, True))
                break
            i = entered_from[t][j]
            path.append(Step(index, j, j <= i))
            j = i
        path.reverse()
        return path

    def _backwards(self) -> None:
        """Costs of the rest of the way.

        `rest[t][i]`: once a cell of column i has ended before unit t; `ahead[t][j]`: once one of column j begins there.
        """
        n, m = len(self.units), len(self.columns)
        lost = self._lost_points(n - 1)
        self.rest = [[_INFINITE] * m for _ in range(n)] + [[self._row_end(n - 1, j, lost) for j in range(m)]]
        self.ahead = [[_INFINITE] * m for _ in range(n)]
        for t in range(n - 1, -1, -1):
            ahead = self.ahead[t]
            for index in self.starting[t]:
                own, rest = self.own[index], self.rest[self.pieces[index].last]
                for j in self.fits[index]:
                    cost = own[j] + rest[j]
                    if cost < ahead[j]:  # noqa: PLR1730 - a call would cost a tenth of the time
                        ahead[j] = cost
            if t:
                rest, ends = self.rest[t], self.ends[t]
                for i, line in self.crossing[t].items():
                    rest[i] = ends[i] + min([cost + ahead[j] for j, cost, _ in line])

    def step_cost(self, t: int, i: int, j: int) -> float:
        """What it costs that a cell of column i ends before unit t and one of column j begins there."""
        return self.ends[t][i] + next(cost for column, cost, _ in self.crossing[t][i] if column == j)

    def rivals(self, margin: float) -> list[list[tuple[int, bool, bool]]]:
        """For every unit what it is in some way dearer than the best by less than `margin`.

        Each is (column, does a cell begin, does a row begin).
        """
        n = len(self.units)
        bound = self.lowest + margin
        out: list[list[tuple[int, bool, bool]]] = [[] for _ in range(n)]
        for t in range(1, n):
            bases, ahead, rest = self.ended[t], self.ahead[t], self.rest[t]
            for i, line in self.crossing[t].items():
                if bases[i] + rest[i] < bound:
                    base = bases[i] + self.ends[t][i]
                    out[t].extend((j, True, row) for j, cost, row in line if base + cost + ahead[j] < bound)
        for piece, own in zip(self.pieces, self.own, strict=True):
            if piece.last - piece.first > 1:
                entered, rest = self.entered[piece.first], self.rest[piece.last]
                for j, cost in enumerate(own):
                    if entered[j] + cost + rest[j] < bound:
                        for t in range(piece.first + 1, piece.last):
                            out[t].append((j, False, False))
        return out

    def _places(self, path: Sequence[Step]) -> list[tuple[list[tuple[int, bool, bool]], bool]]:
        """For every unit what else it may be, and whether a cell begins there."""
        begins = [False] * len(self.units)
        for step in path:
            begins[self.pieces[step.piece].first] = True
        return list(zip(self.rivals(_LEARN), begins, strict=True))

    # -- learning

    def learn(self, path: Sequence[Step]) -> bool:
        """Take column widths and the habit of giving reasons from a way; False if that changes nothing.

        Only cells whose ends are certain tell a width: a guess must not make itself true.
        """
        certain = [not any(True for rival in rivals if rival[1] != begins) for rivals, begins in self._places(path)]
        lines: list[list[tuple[float, float | None]]] = [[] for _ in self.columns]
        full = given = 0
        for here, behind in pairwise([*path, None]):
            assert here is not None
            piece = self.pieces[here.piece]
            if self.text[here.column] and all(certain[piece.first : piece.last + 1]):
                for line, after in pairwise([*piece.lines, None]):
                    assert line is not None
                    lines[here.column].append((line.width, line.width + after.piece if after else None))
            if here.column == self.score and not self._lost_points(piece.first):
                full += 1
                given += behind is not None and behind.column == self.deviation and not behind.begins
        widths = [None if self.one_a_line else width_of(column) for column in lines]
        reasons = min(max((given + 0.1) / (full + 1.0), 0.02), 0.98)
        renewed = [j for j, (old, new) in enumerate(zip(self.widths, widths, strict=True)) if old != new]
        self.widths = widths
        self._fit(renewed)
        if abs(reasons - self.reasons) > _HABIT_CHANGED:
            self.reasons = reasons
            self._habits_changed()
            return True
        return bool(renewed)


def _usual_reasons(units: Sequence[Unit], no_reason: frozenset[str]) -> float:
    """A first guess at how many full scores have a text behind them, from how many say that there is none."""
    full = given = 0
    for weight, score, behind in zip(units, units[1:], units[2:], strict=False):
        if weight.value is not None and weight.value == score.value:
            full += 1
            given += behind.text in no_reason
    return min(max((given + 0.1) / (full + 1.0), 0.08), 0.95)


def _surprise(share: float) -> float:
    """Cost of what happens in this share of cases."""
    return 0.7 * -log(share)
