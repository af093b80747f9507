"""Documents that are ingested, cut and read otherwise than before, with the truth about what became of every leaf."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from random import Random

from pipeline.forms import FormType, form_types
from pipeline.ingest import ingest
from pipeline.ingest.limits import Limits
from pipeline.readers.table import read as read_table
from pipeline.reading import Claim, Part, Reading, Ref, RefKind
from pipeline.segment import segment
from pipeline.source import Box, Cell, Document, Layout, Section, Span

__all__ = [
    "FORM_TYPE",
    "ROWS",
    "Name",
    "World",
    "cut_apart",
    "join_cells",
    "joined",
    "lowered",
    "noisy",
    "read_file",
    "row_of",
    "shaken",
    "shortened",
    "split_cells",
    "with_boxes",
    "with_cells",
    "with_row_halved",
    "with_rows",
    "with_rows_run_together",
    "with_values",
    "without_form",
    "without_title",
    "world",
]

FORM_TYPE = form_types()[0]
ROWS = "indicators[]"
"""The rows as a whole."""
Name = tuple[int, int, str]
"""What a leaf is, whatever it is called: the form, the row (-1 for none), the column or path."""


@dataclass(frozen=True)
class World:
    """A document as it is ingested, cut and read, with the name of every leaf by path; the rows and the form have some
    too."""

    document: Document
    forms: tuple[tuple[Section, FormType, Reading], ...]
    names: tuple[dict[str, Name], ...]

    def places(self) -> dict[Name, tuple[int, str]]:
        """Where every leaf is; not those that are there twice."""
        found: dict[Name, list[tuple[int, str]]] = {}
        for index, names in enumerate(self.names):
            for path, name in names.items():
                found.setdefault(name, []).append((index, path))
        return {name: places[0] for name, places in found.items() if len(places) == 1}


def world(document: Document) -> World:
    """A document as it is cut and read now."""
    sections = [section for section in segment(document, (FORM_TYPE,)) if section.form_type]
    forms = tuple((section, FORM_TYPE, read_table(document, section, FORM_TYPE)) for section in sections)
    return World(document, forms, tuple(_names(index, reading) for index, (_, _, reading) in enumerate(forms)))


def read_file(name: str, data: bytes) -> World:
    """A file as it is ingested, cut and read now."""
    document = ingest(name, name, [data], Limits())
    assert isinstance(document, Document)
    return world(document)


def _names(form: int, reading: Reading) -> dict[str, Name]:
    names: dict[str, Name] = {"": (form, -1, ""), ROWS: (form, -1, ROWS)}
    for path in reading.leaves:
        row, column = row_of(path)
        names[path] = (form, row, column)
    return names


def row_of(path: str) -> tuple[int, str]:
    """Number of a leaf's row, -1 for none, and its column or path."""
    if not path.startswith("indicators[") or path == ROWS:
        return -1, path
    number, _, column = path.removeprefix("indicators[").partition("].")
    return int(number), column


def _path(row: int, column: str) -> str:
    return column if row < 0 else f"indicators[{row}].{column}"


# -- ingested otherwise

Piece = tuple[int, int, int]
"""Id of a cell, and a range of its characters."""


def with_cells(before: World, groups: Sequence[Sequence[Piece]]) -> World:
    """The document with other cells: each made of pieces of those before, all of which are there, in order."""
    document = before.document
    cells: list[Cell] = []
    where: dict[int, list[tuple[int, int, int, int]]] = {}
    text = document.text if not document.pages else ""
    for group in groups:
        old = [document.cell(cell) for cell, _, _ in group]
        if document.pages:
            words = [cell.text[start:end] for cell, (_, start, end) in zip(old, group, strict=True)]
            offsets = [0, *accumulate(len(word) + 1 for word in words)]
            own = " ".join(words)
            span = Span(len(text), len(text) + len(own))
            text += own + "\n\n"
        else:
            begins = [cell.span.start + start for cell, (_, start, _) in zip(old, group, strict=True)]
            span = Span(begins[0], old[-1].span.start + group[-1][2])
            offsets = [begin - span.start for begin in begins]
            own = text[span.start : span.end]
        boxes = [_slice(cell, start, end) for cell, (_, start, end) in zip(old, group, strict=True)]
        new = replace(old[0], id=len(cells) + 1, text=own, span=span, box=_union(boxes), glyphs=(), column=len(cells))
        cells.append(new)
        for (cell, start, end), offset in zip(group, offsets, strict=False):
            where.setdefault(cell, []).append((new.id, start, end, offset - start))

    def moved(part: Part) -> Iterator[Part]:
        for cell, start, end, by in where[part.cell]:
            low, high = max(part.start, start), min(part.end, end)
            if low < high or (part.start == part.end == low == high):
                yield Part(cell, low + by, high + by)
                if low == high:
                    return

    made = replace(document, text=text, cells=tuple(cells))
    forms = []
    for section, form_type, reading in before.forms:
        ids = [cell for old in range(section.first + 1, section.last + 1) for cell, *_ in where[old]]
        moved_reading = _with_parts(reading, lambda parts: [new for part in parts for new in moved(part)])
        forms.append((replace(section, first=min(ids) - 1, last=max(ids)), form_type, moved_reading))
    return replace(before, document=made, forms=tuple(forms))


def _with_parts(reading: Reading, moved: Callable[[Sequence[Part]], Sequence[Part]]) -> Reading:
    leaves = {path: replace(ref, parts=tuple(moved(ref.parts))) for path, ref in reading.leaves.items()}
    claims = tuple(Claim(part, kind) for old, kind in reading.claims for part in moved([old]))
    extra = {path: replace(ref, parts=tuple(moved(ref.parts))) for path, ref in reading.extra.items()}
    return replace(reading, leaves=leaves, claims=claims, extra=extra)


def _slice(cell: Cell, start: int, end: int) -> Box | None:
    """Where a range of a cell's characters stands, as far as the lines and the number of characters say."""
    if cell.box is None or not cell.text:
        return cell.box
    x0, y0, x1, y1, unit = cell.box
    lines = cell.text.count("\n") + 1
    if lines == 1:
        width = (x1 - x0) / len(cell.text)
        return Box(x0 + start * width, y0, x0 + end * width, y1, unit)
    height = (y1 - y0) / lines
    first, last = cell.text.count("\n", 0, start), cell.text.count("\n", 0, end)
    return Box(x0, y0 + first * height, x1, y0 + (last + 1) * height, unit)


def _union(boxes: Sequence[Box | None]) -> Box | None:
    there = [box for box in boxes if box is not None]
    if not there:
        return None
    low = min(box.x0 for box in there), min(box.y0 for box in there)
    return Box(*low, max(box.x1 for box in there), max(box.y1 for box in there), there[0].unit)


def split_cells(before: World, rng: Random) -> World:
    """Cells cut at their spaces, and now and then where there is none."""
    groups: list[list[Piece]] = []
    for cell in before.document.cells:
        cuts = {at + 1 for at, char in enumerate(cell.text) if char.isspace() and 0 < at < len(cell.text) - 1}
        if "\n" not in cell.text and len(cell.text) > 3 and rng.random() < 0.3:
            cuts.add(rng.randrange(1, len(cell.text)))
        ends = sorted({0, len(cell.text), *cuts})
        groups += [[(cell.id, a, b)] for a, b in pairwise(ends)] or [[(cell.id, 0, 0)]]
    return with_cells(before, groups)


def join_cells(before: World, rng: Random) -> World:
    """Words of a line run together; cells of a table are as they were."""
    begins = {section.first + 1 for section, _, _ in before.forms} | {
        section.last + 1 for section, _, _ in before.forms
    }
    groups: list[list[Piece]] = []
    last: Cell | None = None
    for cell in before.document.cells:
        piece = (cell.id, 0, len(cell.text))
        same = last is not None and cell.layout is last.layout is Layout.LINES and cell.row == last.row
        if same and cell.id not in begins and rng.random() < 0.3 and len(groups[-1]) < 3:
            groups[-1].append(piece)
        else:
            groups.append([piece])
        last = cell
    return with_cells(before, groups)


def with_boxes(before: World, moved: Callable[[Cell, Box], Box]) -> World:
    """Boxes that stand elsewhere."""
    cells = tuple(replace(cell, box=cell.box and moved(cell, cell.box)) for cell in before.document.cells)
    return replace(before, document=replace(before.document, cells=cells))


def shaken(before: World, rng: Random) -> World:
    """Every side of every box moved by up to two units."""

    def moved(cell: Cell, box: Box) -> Box:
        x0, y0, x1, y1 = (side + rng.uniform(-2, 2) for side in box[:4])
        return Box(x0, y0, max(x1, x0 + 1), max(y1, y0 + 1), box.unit)

    return with_boxes(before, moved)


def lowered(before: World, by: float, *, from_row: int = 0) -> World:
    """All that stands from a row of the document on moved down its page."""

    def moved(cell: Cell, box: Box) -> Box:
        down = by if cell.row >= from_row else 0
        return Box(box.x0, box.y0 + down, box.x1, box.y1 + down, box.unit)

    return with_boxes(before, moved)


def noisy(before: World, rng: Random, share: float = 0.05) -> World:
    """Characters recognised otherwise: that share of all of them."""

    def other(char: str) -> str:
        if char.isspace() or rng.random() >= share:
            return char
        return rng.choice("0123456789" if char.isdigit() else "口日目田由甲申")

    cells = tuple(replace(cell, text="".join(map(other, cell.text))) for cell in before.document.cells)
    return replace(before, document=replace(before.document, cells=cells))


# -- cut otherwise


def without_title(before: World) -> World:
    """Forms that begin behind their title."""
    forms = []
    for section, form_type, reading in before.forms:
        filled = [n for n in range(section.first, section.last) if before.document.cells[n].text.strip()]
        title = {part.cell for part in reading.leaves["title"].parts}
        first = next(n for n in filled if n + 1 not in title and n + 1 > max(title, default=0))
        forms.append((replace(section, first=first), form_type, reading))
    return replace(before, forms=tuple(forms))


def shortened(before: World, filled: int = 3) -> World:
    """Forms without their last cells."""
    forms = []
    for section, form_type, reading in before.forms:
        there = [n for n in range(section.first, section.last) if before.document.cells[n].text.strip()]
        forms.append((replace(section, last=there[-filled]), form_type, reading))
    return replace(before, forms=tuple(forms))


def without_form(before: World, index: int) -> World:
    """A form not found any more: what is behind it is numbered anew."""
    forms = tuple(
        (replace(section, ordinal=number), form_type, reading)
        for number, (section, form_type, reading) in enumerate(
            (form for place, form in enumerate(before.forms) if place != index), 1
        )
    )
    return replace(before, forms=forms, names=before.names[:index] + before.names[index + 1 :])


def joined(before: World, index: int, *, singles: int = 0) -> World:
    """A form run together with the next one: all rows are there, and leaves that a form has once are the first's or
    the second's."""
    (one, form_type, first), (other, _, second) = before.forms[index : index + 2]
    section = replace(one, last=other.last)
    source, names = ((first, before.names[index]), (second, before.names[index + 1]))[singles]
    leaves = {path: ref for path, ref in source.leaves.items() if row_of(path)[0] < 0}
    named = {path: name for path, name in names.items() if path in leaves}
    for reading, own, by in ((first, before.names[index], 0), (second, before.names[index + 1], first.rows)):
        for path, ref in reading.leaves.items():
            row, column = row_of(path)
            if row >= 0:
                leaves[_path(row + by, column)] = ref
                named[_path(row + by, column)] = own[path]
    reading = replace(first, rows=first.rows + second.rows, leaves=leaves, merged=())
    forms = (*before.forms[:index], (section, form_type, reading), *before.forms[index + 2 :])
    return replace(before, forms=forms, names=(*before.names[:index], named, *before.names[index + 2 :]))


def cut_apart(before: World, index: int, row: int) -> World:
    """A form of which that row and what follows was taken for another one."""
    section, form_type, reading = before.forms[index]
    names = before.names[index]
    begin = min(
        part.cell
        for path, ref in reading.leaves.items()
        if row_of(path)[0] == row and "level" not in path
        for part in ref.parts
    )
    halves: list[tuple[dict[str, Ref], dict[str, Name], int]] = []
    for low, high in ((0, row), (row, reading.rows)):
        leaves: dict[str, Ref] = {}
        named: dict[str, Name] = {}
        for path, ref in reading.leaves.items():
            number, column = row_of(path)
            here = bool(ref.parts) and (ref.parts[0].cell >= begin) == (low > 0)
            if low <= number < high:
                leaves[_path(number - low, column)] = ref
                named[_path(number - low, column)] = names[path]
            elif number < 0 and here:
                leaves[path] = ref
                named[path] = names[path]
        halves.append((leaves, named, high - low))
    forms = list(before.forms)
    sections = (replace(section, last=begin - 1), replace(section, first=begin - 1, ordinal=section.ordinal + 1))
    forms[index : index + 1] = [
        (part, form_type, replace(reading, rows=rows, leaves=leaves, merged=()))
        for part, (leaves, _, rows) in zip(sections, halves, strict=True)
    ]
    all_names = list(before.names)
    all_names[index : index + 1] = [named for _, named, _ in halves]
    return replace(before, forms=tuple(forms), names=tuple(all_names))


# -- read otherwise


def with_rows(before: World, order: Callable[[int, int], Iterable[int]]) -> World:
    """Readings that have these rows in this order: `order` gives them for a form and its number of rows.

    The rows as a whole are others where one is missing or is there twice.
    """
    forms, names = [], []
    for index, (section, form_type, reading) in enumerate(before.forms):
        rows = list(order(index, reading.rows))
        leaves: dict[str, Ref] = {}
        named = {path: name for path, name in before.names[index].items() if path == "" or row_of(path)[0] < 0}
        if sorted(rows) != list(range(reading.rows)):
            named.pop(ROWS, None)
        for path, ref in reading.leaves.items():
            number, column = row_of(path)
            if number < 0:
                leaves[path] = ref
            for now in (now for now, row in enumerate(rows) if row == number >= 0):
                leaves[_path(now, column)] = ref
                named[_path(now, column)] = before.names[index][path]
        forms.append((section, form_type, replace(reading, rows=len(rows), leaves=leaves, merged=())))
        names.append(named)
    return replace(before, forms=tuple(forms), names=tuple(names))


def with_values(before: World, path: Callable[[str], bool], rng: Random) -> World:
    """Leaves of those paths read from other cells of their form."""
    forms = []
    for section, form_type, reading in before.forms:
        cells = [cell for cell in section.cells(before.document) if cell.text]
        leaves = {
            leaf: replace(ref, parts=(Part(other.id, 0, len(other.text)),))
            if path(leaf) and ref.parts and (other := rng.choice(cells))
            else ref
            for leaf, ref in reading.leaves.items()
        }
        forms.append((section, form_type, replace(reading, leaves=leaves)))
    return replace(before, forms=tuple(forms))


_BELOW = ("actual", "weight", "score", "deviation")


def with_row_halved(before: World, row: int) -> World:
    """That row of every form read as two, if it holds enough: its name and target, and the rest below."""
    forms, names = [], []
    for index, (section, form_type, reading) in enumerate(before.forms):
        named = before.names[index]
        own = _filled(reading, row)
        if "name" in own and len(own.intersection(_BELOW)) > 1:
            named = {path: name for path, name in named.items() if row_of(path)[0] < 0 and path != ROWS}
            leaves = {path: Ref(RefKind.EMPTY) for path in form_type.paths(reading.rows + 1)}
            for path, ref in reading.leaves.items():
                number, column = row_of(path)
                now = _path(number + (number > row or (number == row and column in _BELOW)), column)
                leaves[now] = ref
                named[now] = before.names[index][path]
            forms.append((section, form_type, replace(reading, rows=reading.rows + 1, leaves=leaves, merged=())))
        else:
            forms.append((section, form_type, reading))
        names.append(named)
    return replace(before, forms=tuple(forms), names=tuple(names))


def with_rows_run_together(before: World, row: int) -> World:
    """That row of every form read as one with the next, if both hold enough: leaves that both have are joined, and are
    neither's; one that only the second has is the second's."""
    forms, names = [], []
    for index, (section, form_type, reading) in enumerate(before.forms):
        named = before.names[index]
        if row + 1 < reading.rows and min(len(_filled(reading, at)) for at in (row, row + 1)) > 3:
            named = {path: name for path, name in named.items() if row_of(path)[0] < 0 and path != ROWS}
            leaves: dict[str, Ref] = {}
            for path, ref in reading.leaves.items():
                number, column = row_of(path)
                now = _path(number - (number > row), column)
                first = leaves.get(now)
                if number == row + 1 and first is not None and first.parts:
                    if ref.parts and not column.startswith("level"):
                        leaves[now] = replace(first, parts=(*first.parts, *ref.parts))
                        del named[now]
                else:
                    leaves[now] = ref
                    named[now] = before.names[index][path]
            forms.append((section, form_type, replace(reading, rows=reading.rows - 1, leaves=leaves, merged=())))
        else:
            forms.append((section, form_type, reading))
        names.append(named)
    return replace(before, forms=tuple(forms), names=tuple(names))


def _filled(reading: Reading, row: int) -> set[str]:
    """The columns in which a row holds something of its own."""
    places = ((row_of(path), ref) for path, ref in reading.leaves.items() if ref.kind is RefKind.AT)
    return {column for (number, column), _ in places if number == row and not column.startswith("level")}
