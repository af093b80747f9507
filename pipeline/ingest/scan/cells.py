"""The cells of a grid, read: their lines, dashes, ink that nobody could read, and walls that are not certain."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.ingest.page import Rect, Table, TableCell, Word
from pipeline.ingest.rulings import Grid, GridCell
from pipeline.ingest.scan.ink import Ink, Line, is_dash, lines_in
from pipeline.ingest.scan.lines import Rulings
from pipeline.ingest.scan.words import UNREAD, LineReader
from pipeline.source import Glyph

__all__ = ["UNCERTAIN", "table_of"]

UNCERTAIN = "grid.uncertain"
"""The walls of a cell are not certain."""
_DASH = "—"
_WILD = 0.25
"""Share of doubtful cells from which on nothing of a table is certain."""


def table_of(grid: Grid, ink: Ink, rulings: Rulings, size: float, reader: LineReader) -> Table:
    """The table of a grid in pixels, every cell read."""
    homes, strays, suspects = _homes(grid, ink, size)
    suspects |= _suspects(grid) | _run_through(grid, homes, ink, size)
    if len(suspects) > _WILD * len(grid.cells):
        suspects = set(range(len(grid.cells)))
    cells = []
    for at, cell in enumerate(grid.cells):
        read = _read(cell, homes.get(at, np.zeros(0, np.int32)), ink, size, reader)
        if at in strays and UNREAD not in read.doubts:
            read.doubts = (*read.doubts, UNREAD)
        if at in suspects:
            read.doubts = (UNCERTAIN, *read.doubts)
        cells.append(read)
    return Table(grid.box, grid.columns, grid.rows, cells)


def _homes(grid: Grid, ink: Ink, size: float) -> tuple[dict[int, Any], set[int], set[int]]:
    """Which pieces of ink are in which cell, by the middle of the piece.

    Then the cells into which a piece reaches that is no text (the edge of the sheet, a stroke of a pen, a crease), and
    those between which a piece as large as text stands across the wall.
    """
    lattice = np.full((len(grid.rows) - 1, len(grid.columns) - 1), -1, np.int32)
    for at, cell in enumerate(grid.cells):
        lattice[cell.row : cell.row + cell.row_span, cell.column : cell.column + cell.column_span] = at
    xs, ys = np.array(grid.columns), np.array(grid.rows)
    boxes = ink.boxes
    reaches = (boxes[:, 0] < xs[-1]) & (boxes[:, 2] > xs[0]) & (boxes[:, 1] < ys[-1]) & (boxes[:, 3] > ys[0])
    reaches &= ink.areas > 0
    reaches[0] = False
    pieces = np.flatnonzero(reaches).astype(np.int32)
    boxes = boxes[pieces]

    def home(x: Any, y: Any) -> Any:
        column = np.searchsorted(xs, x, side="right") - 1
        row = np.searchsorted(ys, y, side="right") - 1
        inside = (column >= 0) & (column < lattice.shape[1]) & (row >= 0) & (row < lattice.shape[0])
        return np.where(
            inside, lattice[np.clip(row, 0, lattice.shape[0] - 1), np.clip(column, 0, lattice.shape[1] - 1)], -1
        )

    homes = home((boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2)
    room = 0.35 * size
    # The corners of a piece a little inwards; of one too small for that, its middle.
    dx = np.minimum(room, (boxes[:, 2] - boxes[:, 0]) / 2)
    dy = np.minimum(room, (boxes[:, 3] - boxes[:, 1]) / 2)
    spread = np.zeros(len(pieces), bool)
    for x in (boxes[:, 0] + dx, boxes[:, 2] - dx):
        for y in (boxes[:, 1] + dy, boxes[:, 3] - dy):
            spread |= home(x, y) != homes
    strays: set[int] = set()
    suspects: set[int] = set()
    for piece in pieces[spread]:
        hit = _reached(grid, ink, int(piece), room)
        large = max(ink.boxes[piece, 2] - ink.boxes[piece, 0], ink.boxes[piece, 3] - ink.boxes[piece, 1]) > 6 * size
        x0, y0, x1, y1 = ink.boxes[piece]
        if large:
            strays |= hit
            if x0 > xs[0] - room and x1 < xs[-1] + room and y0 > ys[0] - room and y1 < ys[-1] + room:
                suspects |= hit  # a wall that was not seen as one
        elif len(hit) > 1:
            suspects |= hit
    large = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]) > 6 * size
    kept = ~(spread & large) & (homes >= 0)
    own = {int(at): pieces[kept & (homes == at)] for at in np.unique(homes[kept])}
    return own, strays, suspects


def _reached(grid: Grid, ink: Ink, piece: int, room: float) -> set[int]:
    """The cells that hold pixels of a piece well inside their walls."""
    x0, y0, x1, y1 = (int(value) for value in ink.boxes[piece])
    ys, xs = np.nonzero(ink.labels[y0:y1, x0:x1] == piece)
    ys, xs = ys + y0, xs + x0
    hit = set()
    for at, cell in enumerate(grid.cells):
        box = cell.box
        if box.x0 > x1 or box.x1 < x0 or box.y0 > y1 or box.y1 < y0:
            continue
        inside = (xs > box.x0 + room) & (xs < box.x1 - room) & (ys > box.y0 + room) & (ys < box.y1 - room)
        if int(inside.sum()) > 0.1 * room * room:
            hit.add(at)
    return hit


def _read(cell: GridCell, pieces: Any, ink: Ink, size: float, reader: LineReader) -> TableCell:
    pieces, left_out = _without_rims(cell.box, pieces, ink, size)
    out = TableCell(cell.row, cell.column, cell.row_span, cell.column_span, cell.box)
    lines = lines_in(ink, pieces, size)
    parts = [part for line in lines for part in line]
    if len(parts) == 1 and is_dash(parts[0], size):
        out.lines = [[_mark(_DASH, parts[0])]]
        out.doubts = (UNREAD,) if left_out else ()
        return out
    doubts = {UNREAD: None} if left_out else {}
    for line in lines:
        words = []
        for part in line:
            word, why = reader.read(part, alone=len(parts) == 1)
            if word is not None:
                words.append(word)
            if UNREAD in why:
                doubts[UNREAD] = None
        if words:
            out.lines.append(words)
    if not parts and ink.faint(*cell.box, size):
        doubts[UNREAD] = None
    out.doubts = tuple(doubts)
    return out


def _without_rims(box: Rect, pieces: Any, ink: Ink, size: float) -> tuple[Any, bool]:
    """The pieces without what is left of the walls: slivers that lie wholly along them.

    Also whether one of those left out is as high as a figure: a thin 1 or a bracket may stand that close to a wall.
    """
    if not len(pieces):
        return pieces, False
    x0, y0, x1, y1 = (ink.boxes[pieces, n] for n in range(4))
    strip = max(0.15 * size, 3.0)
    upright = (x1 <= box.x0 + strip) | (x0 >= box.x1 - strip)
    level = (y1 <= box.y0 + strip) | (y0 >= box.y1 - strip)
    high = y1 - y0
    figure = upright & ~level & (high > 0.4 * size) & (high < 1.2 * size)
    return pieces[~(upright | level)], bool(figure.any())


def _mark(char: str, line: Line) -> Word:
    box = Rect(float(line.x0), float(line.y0), float(line.x1), float(line.y1))
    return Word(char, box, 1.0, (Glyph(*box, 1.0),))


def _suspects(grid: Grid) -> set[int]:
    """The cells beside a wall that may be none, or where one may be missing."""
    return {
        at for problem in grid.problems for at, cell in enumerate(grid.cells) if _overlap(cell.box, problem.box, 2.0)
    }


def _run_through(grid: Grid, homes: dict[int, Any], ink: Ink, size: float) -> set[int]:
    """The cells between which text runs on: ink close to both sides of a wall, at one height.

    A long stroke of a character in a low row looks like a wall; beside a true one there is at least a rim.
    """
    rim = 0.2 * size
    rights: dict[float, list[tuple[int, int]]] = {}
    for at, cell in enumerate(grid.cells):
        rights.setdefault(cell.box.x1, []).append((at, cell.row))
    found: set[int] = set()
    for at, cell in enumerate(grid.cells):
        own = homes.get(at)
        if own is None:
            continue
        near = [p for p in own if 0 <= ink.boxes[p, 0] - cell.box.x0 <= rim + 2 and _tall(ink, p, size)]
        if not near:
            continue
        for other, _ in rights.get(cell.box.x0, []):
            beside = grid.cells[other]
            if beside.box.y0 >= cell.box.y1 or beside.box.y1 <= cell.box.y0 or other not in homes:
                continue
            for piece in homes[other]:
                if cell.box.x0 - ink.boxes[piece, 2] <= rim + 2 and _tall(ink, piece, size):
                    y0, y1 = ink.boxes[piece, 1], ink.boxes[piece, 3]
                    if any(min(y1, ink.boxes[p, 3]) - max(y0, ink.boxes[p, 1]) > 0.3 * size for p in near):
                        found |= {at, other}
                        break
    return found


def _tall(ink: Ink, piece: int, size: float) -> bool:
    """Is a piece a part of text rather than what is left of a wall?"""
    width, height = ink.boxes[piece, 2] - ink.boxes[piece, 0], ink.boxes[piece, 3] - ink.boxes[piece, 1]
    return bool(height > 0.35 * size and width > 0.12 * size)


def _overlap(one: Rect, other: Rect, least: float) -> bool:
    return (
        min(one.x1, other.x1) - max(one.x0, other.x0) > least and min(one.y1, other.y1) - max(one.y0, other.y0) > least
    )
