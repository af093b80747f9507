"""Documents, pages and readings as compact bytes, for the store and for the way between processes.

A payload is JSON with one list a column of cells (differences instead of offsets), compressed with zlib: a form of
130 cells takes about 2 KB as a document and 2 KB as a reading. A reading counts cells from the first of its section, so
that the reading of a section is the same wherever the section stands.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable
from typing import Any

from pipeline.ingest.page import PageContent, Rect, Table, TableCell, Word
from pipeline.reading import Claim, Doubt, Part, Reading, Ref, RefKind
from pipeline.source import Box, Cell, Document, Glyph, Layout, Origin, Page, Section, Span

__all__ = [
    "decode_document",
    "decode_page",
    "decode_reading",
    "encode_document",
    "encode_page",
    "encode_reading",
    "pack",
    "section_digest",
    "unpack",
]

_LAYOUTS = (Layout.GRID, Layout.LINES, Layout.TABLE)
_KINDS = (RefKind.AT, RefKind.EMPTY, RefKind.DASH, RefKind.ABSENT, RefKind.LOST, RefKind.KEYED)
# Payloads hold places in these two lists: append to them, never reorder.
_COMMON = [None, 1, 1, None, None]
"""What most cells of plain text have: their text in the document's, no spans, no box, no score."""
_LAYOUT_NUMBER = {layout: number for number, layout in enumerate(_LAYOUTS)}
_KIND_NUMBER = {kind: number for number, kind in enumerate(_KINDS)}


def pack(value: Any) -> bytes:
    """Plain JSON values as compressed bytes."""
    return zlib.compress(_json(value), 6)


def unpack(payload: bytes) -> Any:
    """The values that `pack` packed."""
    return json.loads(zlib.decompress(payload))


def encode_document(document: Document) -> bytes:
    """Text and cells of a document; its name, source and hash are kept beside the payload, not in it."""
    columns = _columns(document, document.cells, offset=0, row=0, page=0)
    return pack([document.origin, document.text, columns, document.pages])


def decode_document(payload: bytes, *, name: str, source: str, sha256: str) -> Document:
    """The document of a payload, under the name and the path that the caller knows it by."""
    origin, text, columns, *more = unpack(payload)
    *steps, rare = columns
    cells: list[Cell] = []
    end = row = page = 0
    for index, (gap, length, row_step, column, layout, page_step) in enumerate(zip(*steps, strict=True)):
        start = end + gap
        end = start + length
        row += row_step
        page += page_step
        own_text, row_span, column_span, box, score, *seen = rare.get(str(index)) or (None, 1, 1, None, None)
        glyphs, doubts = seen or ((), ())
        cells.append(
            Cell(
                index + 1,
                text[start:end] if own_text is None else own_text,
                Span(start, end),
                row,
                column,
                _LAYOUTS[layout],
                page,
                row_span,
                column_span,
                None if box is None else Box(*box),
                score,
                _glyphs(glyphs),
                tuple(doubts),
            )
        )
    pages = tuple(_page(values) for values in more[0]) if more else ()
    return Document(name, source, sha256, Origin(origin), text, tuple(cells), pages)


def section_digest(document: Document, section: Section) -> str:
    """Hash of all that a reader may look at in a section: its text and cells, wherever they stand in the document."""
    cells = section.cells(document)
    start, end = section.span
    row, page = (cells[0].row, cells[0].page) if cells else (0, 0)
    content = [document.origin, document.text[start:end], _columns(document, cells, offset=start, row=row, page=page)]
    return hashlib.sha256(_json(content)).hexdigest()[:32]


def _columns(document: Document, cells: Iterable[Cell], *, offset: int, row: int, page: int) -> list[Any]:
    """Cells as lists of differences, counted from that offset, row and page; what few cells have stands in a map."""
    text = document.text
    gaps: list[int] = []
    lengths: list[int] = []
    row_steps: list[int] = []
    columns: list[int] = []
    layouts: list[int] = []
    page_steps: list[int] = []
    rare: dict[str, list[Any]] = {}
    for index, cell in enumerate(cells):
        start, end = cell.span
        gaps.append(start - offset)
        lengths.append(end - start)
        row_steps.append(cell.row - row)
        columns.append(cell.column)
        layouts.append(_LAYOUT_NUMBER[cell.layout])
        page_steps.append(cell.page - page)
        offset, row, page = end, cell.row, cell.page
        own_text = None if text[start:end] == cell.text else cell.text
        rest: list[Any] = [own_text, cell.row_span, cell.column_span, cell.box, cell.score]
        if cell.glyphs or cell.doubts:
            rest += [_numbers(cell.glyphs), cell.doubts]
        if rest != _COMMON:
            rare[str(index)] = rest
    return [gaps, lengths, row_steps, columns, layouts, page_steps, rare]


def encode_page(content: PageContent) -> bytes:
    """A page that was recognised, on its way from the process that did it and in the store until its document is."""
    blocks: list[Any] = []
    for block in content.blocks:
        if isinstance(block, Table):
            cells = [
                [cell.row, cell.column, cell.row_span, cell.column_span, cell.box, _words(cell.lines), cell.doubts]
                for cell in block.cells
            ]
            blocks.append([block.box, list(block.columns), list(block.rows), cells])
        else:
            blocks.append(_words([block]))
    return pack([content.page, blocks])


def decode_page(payload: bytes) -> PageContent:
    """The page of a payload."""
    page, blocks = unpack(payload)
    made: list[Table | list[Word]] = []
    for block in blocks:
        if len(block) == 1:
            made.append(_lines(block)[0])
            continue
        box, columns, rows, cells = block
        table_cells = [
            TableCell(row, column, row_span, column_span, Rect(*cell_box), _lines(lines), tuple(doubts))
            for row, column, row_span, column_span, cell_box, lines, doubts in cells
        ]
        made.append(Table(Rect(*box), columns, rows, table_cells))
    return PageContent(_page(page), made)


def _words(lines: Iterable[Iterable[Word]]) -> list[Any]:
    return [[[word.text, word.box, word.score, _numbers(word.glyphs), word.doubts] for word in line] for line in lines]


def _lines(lines: list[Any]) -> list[list[Word]]:
    return [
        [Word(text, Rect(*box), score, _glyphs(glyphs), tuple(doubts)) for text, box, score, glyphs, doubts in line]
        for line in lines
    ]


def _page(values: list[Any]) -> Page:
    number, width, height, unit, origin, turn, note = values
    return Page(number, width, height, unit, Origin(origin), turn, note)


def _numbers(glyphs: Iterable[Glyph]) -> list[float]:
    """Glyphs as one list of numbers: a tenth of a unit and a hundredth of a score are all that is known of them."""
    return [number for *box, score in glyphs for number in (*(round(value, 1) for value in box), round(score, 2))]


def _glyphs(numbers: list[float] | tuple[()]) -> tuple[Glyph, ...]:
    return tuple(Glyph(*numbers[at : at + 5]) for at in range(0, len(numbers), 5))


def encode_reading(reading: Reading, section: Section) -> bytes:
    """A reading of a section, its cells counted from the section's first."""
    base = section.first + 1
    return pack(
        [
            reading.reader,
            reading.template,
            reading.rows,
            [[path, *_flat(ref, base)] for path, ref in reading.leaves.items()],
            [[doubt.path, doubt.code, doubt.message] for doubt in reading.doubts],
            [[part.cell - base, part.start, part.end, kind] for part, kind in reading.claims],
            reading.merged,
            [[label, *_flat(ref, base)] for label, ref in reading.extra.items()],
        ]
    )


def decode_reading(payload: bytes, section: Section) -> Reading:
    """The reading of a payload, for the section it is a reading of."""
    base = section.first + 1
    reader, template, rows, leaves, doubts, claims, merged, extra = unpack(payload)
    return Reading(
        reader=reader,
        template=template,
        rows=rows,
        leaves={path: _ref(flat, base) for path, *flat in leaves},
        doubts=tuple(Doubt(*doubt) for doubt in doubts),
        claims=tuple(Claim(Part(cell + base, start, end), kind) for cell, start, end, kind in claims),
        merged=tuple((first, last) for first, last in merged),
        extra={label: _ref(flat, base) for label, *flat in extra},
    )


def _flat(ref: Ref, base: int) -> list[Any]:
    """`[kind, cell, start, end, cell, start, end, ...]`, for a keyed value `[kind, text]`."""
    flat: list[Any] = [_KIND_NUMBER[ref.kind]]
    if ref.kind is RefKind.KEYED:
        return [*flat, ref.keyed]
    for cell, start, end in ref.parts:
        flat += (cell - base, start, end)
    return flat


def _ref(flat: list[Any], base: int) -> Ref:
    kind = _KINDS[flat[0]]
    if kind is RefKind.KEYED:
        return Ref(kind, keyed=flat[1])
    return Ref(kind, tuple(Part(flat[at] + base, flat[at + 1], flat[at + 2]) for at in range(1, len(flat), 3)))


def _json(value: Any) -> bytes:
    # A decoded text may hold lone surrogates (an odd UTF-16 file): they are kept, as everything else is.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
