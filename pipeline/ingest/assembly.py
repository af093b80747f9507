"""From pages to a document: the cells of all pages in one reading order, with the text that they make.

The text is made here, since a page has none of its own: a line a row of a table, a tab between two cells, a line a line
outside the tables, a form feed between pages. Tables that go on from page to page get one grid of columns.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.errors import DocumentError
from pipeline.ingest.limits import Limits
from pipeline.ingest.page import PageContent, Rect, Table, Word
from pipeline.source import Box, Cell, Glyph, Layout, Origin, Span

__all__ = ["assemble"]

_SAME_COLUMN = 0.02
"""Share of a table's width by which a column may move from page to page; the narrowest columns have some 0.03."""
_SAME_COLUMN_OF_AS_MANY = 0.04
"""The same where both tables have as many columns, as the pages of a photographed form do."""
_SAME_WIDTH = 0.03
"""By which share the widths of two pages' tables may differ where one goes on with the other."""


def assemble(pages: Sequence[PageContent], limits: Limits) -> tuple[str, tuple[Cell, ...]]:
    """The text and the cells of a document of these pages.

    Raises `DocumentError` where there are more cells than `limits` allow.
    """
    columns = _columns(pages)
    builder = _Builder(limits)
    for number, content in enumerate(pages):
        if number:
            builder.put("\f")
        for block in content.blocks:
            if isinstance(block, Table):
                builder.table(block, columns[id(block)], content)
            else:
                builder.line(block, content)
    return "".join(builder.texts), tuple(builder.cells)


class _Builder:
    """Text and cells under construction."""

    def __init__(self, limits: Limits) -> None:
        self.texts: list[str] = []
        self.cells: list[Cell] = []
        self._limits = limits
        self._at = 0
        self._row = 0

    def put(self, text: str) -> None:
        self.texts.append(text)
        self._at += len(text)

    def table(self, table: Table, columns: Sequence[int], content: PageContent) -> None:
        """A line a row; `columns` maps the table's own grid lines to those of the document."""
        last = -1
        for cell in sorted(table.cells, key=lambda cell: (cell.row, cell.column)):
            if last >= 0:
                self.put("\t" if cell.row == last else "\n")
            last = cell.row
            words = [word for line in cell.lines for word in line]
            text = "\n".join(" ".join(word.text for word in line) for line in cell.lines)
            first, behind = columns[cell.column], columns[cell.column + cell.column_span]
            place = (self._row + cell.row, first, cell.row_span, behind - first)
            self._cell(text, words, cell.doubts, cell.box, Layout.TABLE, place, content)
        self._row += len(table.rows)
        self.put("\n")

    def line(self, words: Sequence[Word], content: PageContent) -> None:
        """A line outside of tables, one cell a word."""
        for column, word in enumerate(words):
            if column:
                self.put(" ")
            self._cell(word.text, [word], (), word.box, Layout.LINES, (self._row, column, 1, 1), content)
        self._row += 1
        self.put("\n")

    def _cell(
        self,
        text: str,
        words: Sequence[Word],
        doubts: Iterable[str],
        box: Rect,
        layout: Layout,
        place: tuple[int, int, int, int],
        content: PageContent,
    ) -> None:
        if len(self.cells) >= self._limits.cells:
            raise DocumentError(
                "too_many.cells",
                f"the document has more than {self._limits.cells:,} cells; split it, or raise limits.cells",
            )
        row, column, row_span, column_span = place
        scores = [word.score for word in words if word.score is not None]
        glyphs: list[Glyph] = []
        for word in words:
            if word.glyphs:
                glyphs += [glyph for glyph, char in zip(word.glyphs, word.text, strict=True) if not char.isspace()]
        reasons = dict.fromkeys([*doubts, *(doubt for word in words for doubt in word.doubts)])
        self.cells.append(
            Cell(
                id=len(self.cells) + 1,
                text=text,
                span=Span(self._at, self._at + len(text)),
                row=row,
                column=column,
                layout=layout,
                page=content.page.number,
                row_span=row_span,
                column_span=column_span,
                box=Box(*_rounded(box), content.page.unit),
                score=min(scores) if scores else None,
                glyphs=tuple(glyphs),
                doubts=tuple(reasons),
            )
        )
        self.put(text)


def _rounded(box: Rect) -> tuple[float, float, float, float]:
    return round(box.x0, 1), round(box.y0, 1), round(box.x1, 1), round(box.y1, 1)


@dataclass(slots=True)
class _Chain:
    """Tables that follow one another and share their columns. Positions are shares of the width, in order."""

    width: float
    positions: list[float]
    tables: list[tuple[int, list[float]]]


def _columns(pages: Sequence[PageContent]) -> dict[int, list[int]]:
    """For every table, by `id`, the grid column of the document that each of its own grid lines is."""
    chains: list[_Chain] = []
    for content in pages:
        scale = content.page.width if content.page.unit != "cells" else 1.0
        # Nobody photographs every page from the same distance.
        most = _SAME_WIDTH if content.page.origin is Origin.DIGITAL else 1.0
        for table in content.blocks:
            if not isinstance(table, Table):
                continue
            left, width = table.columns[0], (table.columns[-1] - table.columns[0]) or 1.0
            shares = [(x - left) / width for x in table.columns]
            chain = chains[-1] if chains else None
            same = chain is not None and abs(width / scale / chain.width - 1) <= most
            matched = _matched(shares, chain.positions) if chain is not None and same else None
            if chain is None or matched is None:
                chains.append(_Chain(width / scale, shares, [(id(table), shares)]))
            else:
                chain.positions = sorted({*chain.positions, *matched})
                chain.tables.append((id(table), matched))
    return {
        table: [bisect_left(chain.positions, share) for share in matched]
        for chain in chains
        for table, matched in chain.tables
    }


def _matched(shares: Sequence[float], positions: Sequence[float]) -> list[float] | None:
    """Each share as the position that it is, or as itself; None where two of them would be one."""
    if len(shares) == len(positions):
        pairs = zip(shares, positions, strict=True)
        if all(abs(share - position) <= _SAME_COLUMN_OF_AS_MANY for share, position in pairs):
            return list(positions)
    matched = []
    for share in shares:
        near = min(positions, key=lambda position: abs(position - share))
        matched.append(near if abs(near - share) <= _SAME_COLUMN else share)
    return matched if all(a < b for a, b in pairwise(matched)) else None
