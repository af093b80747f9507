"""How wide the columns of a drawn table are: wide enough for every figure, the rest shared out as an office would."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from random import Random

from samples.files.lattice import Lattice, Piece
from samples.files.wrapping import Measure, longest

__all__ = ["TooNarrow", "boundaries", "merged_grid"]

_SHARES = {
    "outer": 1.0, "level1": 1.6, "level2": 2.0, "name": 5.0, "target": 4.5, "actual": 4.5, "weight": 1.0, "score": 1.0,
    "deviation": 5.0, "nature": 1.0, "unit": 1.2, "method": 3.5, "line": 5.0, "initial_budget": 3.0,
    "annual_budget": 3.0, "executed": 3.0, "execution_rate": 2.0,
}  # fmt: skip
"""What a column gets of the width that nothing needs, relative to the others."""
_LEAST = {
    "name": 4.2,
    "target": 3.2,
    "actual": 3.2,
    "deviation": 3.2,
    "line": 4.2,
    "level1": 2.1,
    "level2": 2.1,
    "label": 2.1,
}
"""Characters that a column is wide at least, if only its labels ask for less."""
_NEAR = 1.2
"""Columns of two blocks whose borders lie that close, in em, share one."""


class TooNarrow(ValueError):
    """The form does not fit into that width at that size."""


def boundaries(
    rng: Random, lattice: Lattice, width: float, measure: Measure, *, padding: float, kinsoku: bool
) -> dict[str, list[float]]:
    """The borders of the columns of each block, in em from the left edge, 0 and `width` included.

    `padding` is the space in em left and right of a cell's text together. Raises `TooNarrow`.
    """
    found = {
        block: _share_out(rng, lattice, block, count, width, measure, padding, kinsoku)
        for block, count in lattice.columns.items()
    }
    if "money" in found:
        found["money"] = _snapped(found["money"], found["table"], _needs(lattice, "money", measure, padding, kinsoku))
    return found


def _need(piece: Piece, measure: Measure, padding: float, kinsoku: bool) -> float:
    need = longest(piece.text.strip(), measure, kinsoku=kinsoku) + padding + 0.05
    if piece.text:
        need = max(need, _LEAST.get(piece.key, 1.0) + padding if piece.end - piece.column == 1 else need)
    return need


def _needs(lattice: Lattice, block: str, measure: Measure, padding: float, kinsoku: bool) -> list[float]:
    """What each column of a block needs, in em."""
    needs = [padding + 1.0] * lattice.columns[block]
    pieces = [piece for piece in lattice.pieces if piece.block == block]
    for piece in sorted(pieces, key=lambda piece: piece.end - piece.column):
        need = _need(piece, measure, padding, kinsoku)
        lack = need - sum(needs[piece.column : piece.end])
        for column in range(piece.column, piece.end):
            needs[column] += max(lack, 0.0) / (piece.end - piece.column)
    return needs


def _share_out(
    rng: Random, lattice: Lattice, block: str, count: int, width: float, measure: Measure, padding: float, kinsoku: bool
) -> list[float]:
    needs = _needs(lattice, block, measure, padding, kinsoku)
    left = width - sum(needs)
    if left < 0:
        raise TooNarrow(f"{block} needs {sum(needs):.1f} em of {width:.1f}")
    keys = ["outer"] * count
    for piece in lattice.pieces:
        wanted = piece.block == block and piece.end - piece.column == 1
        if wanted and (lattice.kinds[piece.row] != "money" or block == "money"):
            keys[piece.column] = piece.key
    shares = [_SHARES.get(key, 1.0) * rng.uniform(0.6, 1.4) for key in keys]
    borders = [0.0]
    for need, share in zip(needs, shares, strict=True):
        borders.append(borders[-1] + need + left * share / sum(shares))
    borders[-1] = width
    return borders


def _snapped(own: Sequence[float], shared: Sequence[float], needs: Sequence[float]) -> list[float]:
    """Move a border onto a near one of the other block where the columns beside it stay wide enough."""
    borders = list(own)
    for n in range(1, len(borders) - 1):
        near = min(shared, key=lambda x: abs(x - borders[n]))
        if (
            abs(near - borders[n]) < _NEAR
            and near - borders[n - 1] >= needs[n - 1]
            and borders[n + 1] - near >= needs[n]
        ):
            borders[n] = near
    return borders


def merged_grid(borders: dict[str, list[float]]) -> list[float]:
    """All borders of all blocks, each once, from left to right."""
    found = sorted({round(x, 3) for block in borders.values() for x in block})
    if any(b - a < 0.4 for a, b in pairwise(found)):
        raise TooNarrow("two borders of different blocks lie too close together")
    return found
