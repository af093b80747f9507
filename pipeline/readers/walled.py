"""Reading a form whose tables have real geometry: ruled on a page, or marked up with spans.

The walls are believed: a cell belongs to the column it stands in, whatever it holds, and a figure in the column of
reasons is left to the checks. What the walls leave open (a cell across two columns, a row that a page break cut in two,
a blank where a heading should be) is doubted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.forms import FormType
from pipeline.readers.alignment import Column, Cost, Item
from pipeline.readers.draft import Draft, Strip, figure, label_of, whole
from pipeline.readers.grid import Grid, Row
from pipeline.readers.parts import Carried, split_heading
from pipeline.reading import RefKind
from pipeline.source import Cell, Layout
from pipeline.vocabulary import display_width

__all__ = ["read_walled"]

_HEADINGS = ("level1", "level2")
_POINTS = ("weight", "score")
_LABEL_LENGTH = 4
"""A shorter text is not taken for a label that it nearly is."""
_FULL = 0.8
"""Share of the widest line of its column that a line must have for its text to go on behind a page break."""
_RUNNING_TITLE = 40
"""Longest text, in characters, that a page repeats above or below its table."""


def read_walled(cells: Sequence[Cell], form_type: FormType) -> Draft:
    """Read a section whose tables have real geometry."""
    return _Walled(cells, form_type).read()


@dataclass(slots=True)
class _Laid:
    """A row of the table with its filled cells in their columns, and the piece of the table it belongs to."""

    row: Row
    piece: int
    values: list[Item]
    placed: dict[str, Item]
    doubtful: set[str]

    @property
    def name(self) -> str:
        """The folded text in the column of names."""
        return self.placed["name"].text if "name" in self.placed else ""


class _Walled(Grid):
    def __init__(self, cells: Sequence[Cell], form_type: FormType) -> None:
        super().__init__(cells, form_type)
        self._pieces = _pieces(cells)
        self._mend_labels()
        self._set_lines_aside()
        self._mend_headers()
        self._above: dict[int, list[Item]] = {}
        """By row of the document, the cells that reach into it from above."""
        for row in self.rows:
            for item in row:
                for number in range(item.cell.row + 1, item.cell.row + item.cell.row_span):
                    self._above.setdefault(number, []).append(item)

    def place(self, cell: Cell, at: int) -> int:
        """The grid column of a cell of a table."""
        return cell.column if cell.layout is Layout.TABLE else at

    def _piece(self, row: Row) -> int:
        """The piece of the table that a row belongs to; 0 for a line outside of tables."""
        return self._pieces.get(row[0].cell.row, 0)

    def lay_row(
        self, row: Row, values: Sequence[Item], columns: Sequence[Column], shift: int, cost: Cost
    ) -> tuple[dict[str, Item], set[str]]:
        """Each filled cell in the column with which it shares most.

        A cell across several columns counts as the first one's and puts all of them in doubt; so do two cells in one.
        """
        placed: dict[str, Item] = {}
        doubtful: set[str] = set()
        for item in values:
            shared = [(share, column) for column in columns if (share := _overlap(item, column))]
            if not shared:
                continue
            covered = [column for share, column in shared if 2 * share > column.end - column.at]
            best = covered[0] if len(covered) > 1 else max(shared, key=lambda entry: entry[0])[1]
            if len(covered) > 1:
                doubtful.update(column.name for column in covered)
            if best.name in placed:
                doubtful.add(best.name)
            else:
                placed[best.name] = item
        return placed, doubtful

    def _set_lines_aside(self) -> None:
        """Take out the lines that pages print between two parts of the table: page numbers, running titles.

        Anything else that stands between is left unclaimed, so that it is asked for.
        """
        tables = [number for number, row in enumerate(self.rows) if row[0].cell.layout is Layout.TABLE]
        if not tables:
            return
        kept: list[Row] = []
        for number, row in enumerate(self.rows):
            if number < tables[0] or row[0].cell.layout is Layout.TABLE:
                kept.append(row)
                continue
            text = "".join(item.text for item in row)
            known = any(form.fullmatch(text) for form in self.vocabulary.clutter.values())
            if known or (number < tables[-1] and self._is_running_title(number, text, tables)):
                self.draft.claim([whole(item.cell) for item in row], "page_number" if known else "running_title")
            elif number > tables[-1]:
                kept.append(row)
        self.rows = kept

    def _is_running_title(self, number: int, text: str, tables: Sequence[int]) -> bool:
        """Is a line between two parts of the table what the page prints above or below it?"""
        before = next(n for n in reversed(tables) if n < number)
        behind = next(n for n in tables if n > number)
        pieces = {self._piece(self.rows[n]) for n in (before, behind)}
        return len(pieces) > 1 and len(text) <= _RUNNING_TITLE and not self._labels_in(self.rows[number])

    def _mend_labels(self) -> None:
        """Take a recognised text that is one character away from exactly one label of the form for that label."""
        vocabulary = self.vocabulary
        labels = {
            *vocabulary.fields.by_label,
            *vocabulary.matrix.column_by_label,
            *vocabulary.matrix.line_by_label,
            *vocabulary.table.column_by_label,
            *vocabulary.pair.by_label,
            *vocabulary.footer.by_label,
            *(label for block in (vocabulary.table, vocabulary.matrix, vocabulary.pair) for label in block.heading),
        }
        headings = vocabulary.table.headings
        known = {*labels, *headings.outer, *headings.inner}
        for row in self.rows:
            for item in row:
                text = item.text.rstrip(":")
                if item.cell.score is None or len(text) < _LABEL_LENGTH or text in known:
                    continue
                near = {label for label in known if abs(len(label) - len(text)) <= 1 and _one_apart(label, text)}
                if len(near) == 1 and (label := near.pop()) in labels:
                    item.text = label

    def _mend_headers(self) -> None:
        """Join labels that a page break cuts in two to the part above."""
        blocks = (self.vocabulary.table, self.vocabulary.matrix, self.vocabulary.pair)
        labels = {label for block in blocks for label in block.heading}
        labels |= self.vocabulary.table.column_by_label.keys() | self.vocabulary.matrix.column_by_label.keys()
        labels |= self.vocabulary.pair.by_label.keys()
        for above, row in pairwise(self.rows):
            if row[0].cell.layout is not Layout.TABLE or above[0].cell.layout is not Layout.TABLE:
                continue
            if self._piece(row) == self._piece(above):
                continue
            begun = {item.at: item for item in above if item.text and item.text not in labels}
            for item in [item for item in row if item.text and item.at in begun]:
                if (begun[item.at].text + item.text).rstrip(":") in labels:
                    begun[item.at].text += item.text
                    self.draft.claim([whole(item.cell)])
                    row.remove(item)
        self.rows = [row for row in self.rows if row]

    def _labels_in(self, row: Row) -> bool:
        """Does a line hold a label, so that it is no running title?"""
        labels = self.vocabulary.fields.by_label | self.vocabulary.footer.by_label
        return any(label_of(item.text.split(":", 1)[0], labels) is not None for item in row)

    # -- goals

    def _pair(self, header: int, last: int) -> None:
        pair = self.vocabulary.pair
        heads: list[Column] = []
        for item in self.rows[header]:
            path = label_of(item.text, pair.by_label) if item.text else None
            if path:
                kind = self.draft.form_type.leaves[path]
                heads.append(Column(path, item.at, kind, item.at + item.cell.column_span))
            self.draft.claim([whole(item.cell)])
        texts: dict[str, list[Item]] = {head.name: [] for head in heads}
        blanks: dict[str, list[Item]] = {head.name: [] for head in heads}
        for row in self.rows[header + 1 : last]:
            for item in row:
                if item.text in pair.heading:
                    self.draft.claim([whole(item.cell)])
                    continue
                shared = [(share, head) for head in heads if (share := _overlap(item, head))]
                if not shared:
                    continue  # left unclaimed where it says something
                head = max(shared, key=lambda entry: entry[0])[1]
                (texts if item.text else blanks)[head.name].append(item)
                if item.text and sum(2 * share > head.end - head.at for share, head in shared) > 1:
                    for _, head in shared:
                        self.draft.doubt(head.name, "column.uncertain", "one text stands below several headings")
        for path, items in texts.items():
            if not items and not blanks[path]:
                self.draft.lose(path, "row.missing", "no row stands below the heading")
                continue
            self.draft.put(path, [whole(item.cell) for item in items or blanks[path][:1]])
            if len({self._pieces.get(item.cell.row) for item in items}) < len(items):
                self.draft.doubt(path, "continued", "the text goes on over several rows")

    # -- indicators

    def _table(self, header: int, last: int, columns: list[Column]) -> None:
        table = self.vocabulary.table
        carried = Carried(self.draft, has_inner=any(column.name == "level2" for column in columns))
        spanned = self._headings_span(header, last, columns)
        rows = [laid for row in self.rows[header + 1 : last] if (laid := self._laid(row, columns)) is not None]
        widths = _widths(rows)
        parts_of = self._heading_parts(rows)
        piece = self._piece(self.rows[header])
        index_of: dict[int, int] = {}
        before: _Laid | None = None
        for laid in rows:
            turned = laid.piece != piece
            piece = laid.piece
            placed = laid.placed
            if turned and before is not None and placed:
                goes_on, certain = self._torn(before, laid, widths)
                if not certain:
                    self._doubt_torn()
                if goes_on:
                    self._go_on(self.draft.rows - 1, placed)
                    continue
            if not placed:
                continue
            index = self.draft.rows
            self.draft.rows += 1
            index_of[laid.row[0].cell.row] = index
            prefix = f"{table.group}[{index}]"
            self._place(prefix, laid.row, columns, placed, laid.doubtful, laid.values, 0)
            if turned and any(item not in placed.values() for item in laid.values):
                # The columns of the new page are not those of the header: its rows may be torn or lost.
                self.draft.doubt(f"{table.group}[]", "row.uncertain", "a cell behind the page break fits in no column")
            self._share_points(index, laid.row, columns, index_of, turned)
            if turned and "level1" in placed and carried.is_outer(placed["level1"].text):
                # A heading that a new page prints again begins nothing.
                self.draft.claim([whole(placed.pop("level1").cell)])
            self._doubt_blank_headings(prefix, laid.row, columns, placed, spanned, turned)
            heads = (parts_of.get(placed[name].cell.id) if name in placed else None for name in _HEADINGS)
            carried.row(prefix, *(Strip(cells) if cells else None for cells in heads))
            before = laid

    def _laid(self, row: Row, columns: Sequence[Column]) -> _Laid | None:
        """A row with its cells in their columns; None for a blank one and for the header on a new page."""
        table = self.vocabulary.table
        values = [item for item in row if item.text]
        if sum(item.text in table.column_by_label for item in values) >= 3:
            self.draft.claim(whole(item.cell) for item in values)
            return None
        while values and values[0].text in table.heading and values[0].at < columns[0].at:
            self.draft.claim([whole(values[0].cell)])
            values = values[1:]
        if not values:
            return None
        placed, doubtful = self.lay_row(row, values, columns, 0, lambda column, text: 0.0)
        return _Laid(row, self._piece(row), values, placed, doubtful)

    def _heading_parts(self, rows: Sequence[_Laid]) -> dict[int, list[Cell]]:
        """The cells that every heading stands in, by the id of its first.

        A page break may cut a heading in two, as it does a row: what is no heading by itself but is one with the text
        of the cell above goes on with that.
        """
        headings = self.vocabulary.table.headings
        parts = {
            laid.placed[name].cell.id: [laid.placed[name].cell]
            for laid in rows
            for name in _HEADINGS
            if name in laid.placed
        }
        for name, known in zip(_HEADINGS, (headings.outer, headings.inner), strict=True):
            above: Item | None = None
            piece = 0
            for laid in rows:
                item = laid.placed.get(name)
                if item is not None and above is not None and laid.piece != piece:
                    alone, whole_text = split_heading(item.text), split_heading(above.text + item.text)
                    if (alone is None or alone[0] not in known) and whole_text is not None and whole_text[0] in known:
                        parts[above.cell.id].append(item.cell)
                        laid.values.remove(laid.placed.pop(name))
                        item = None
                above = item or above
                piece = laid.piece
        return parts

    def _torn(self, before: _Laid, laid: _Laid, widths: Mapping[str, float]) -> tuple[bool, bool]:
        """Is the first row of a page the rest of the last one of the page before, and is that certain?

        A cell that goes on fills its last line, and only together have the two parts a name and points.
        """
        mine, theirs = laid.placed.keys() & {*_POINTS}, before.placed.keys() & {*_POINTS}
        if laid.placed.keys() & {*_HEADINGS} or (mine and theirs):
            return False, True
        marker = self.vocabulary.table.marker
        if marker.match(laid.name) or (marker.fullmatch(before.name) and len(before.placed) == 1):
            return False, True  # a row begins as a row does (指标2：), and an empty one has nothing else
        both = laid.placed.keys() & before.placed.keys() - {*_HEADINGS}
        full = [_fills(before.placed[name].cell, widths[name]) for name in both]
        if mine and "name" in laid.placed:
            states_nothing = not laid.placed.keys() & {"target", "actual"}
            return False, not (full and all(full)) and not states_nothing
        if both and all(full):
            return True, bool(mine or theirs)
        if "name" in laid.placed:
            return False, not any(full)
        return True, not both and bool(mine or theirs)

    def _headings_span(self, header: int, last: int, columns: Sequence[Column]) -> set[str]:
        """The columns of headings in which cells reach over several rows, so that a blank of its own is odd."""
        return {
            column.name
            for column in columns
            if column.name in _HEADINGS
            for row in self.rows[header + 1 : last]
            for item in row
            if item.text and item.cell.row_span > 1 and _overlap(item, column)
        }

    def _place(
        self,
        prefix: str,
        row: Row,
        columns: Sequence[Column],
        placed: Mapping[str, Item],
        doubtful: set[str],
        values: Sequence[Item],
        shift: int,
    ) -> None:
        blanks = [item for item in row if not item.text]
        for column in columns:
            path = f"{prefix}.{column.name}"
            own = placed.get(column.name) or next((item for item in blanks if _overlap(item, column)), None)
            parts = [whole(own.cell)] if own is not None else []
            if column.name.startswith("?") or column.name in self.vocabulary.table.others:
                self.draft.put_extra(path, parts)
                continue
            self.draft.put(path, parts)
            if column.name in doubtful:
                self.draft.doubt(path, "column.uncertain", "the cell may belong to another column")
            elif own is None and column.name not in (*_HEADINGS, *_POINTS):
                over = self._over(row, column)
                if over is not None and over.text:
                    self.draft.doubt(path, "cell.spans", "one cell is printed for several rows")
        self._unglue(prefix, placed)
        if any(item not in placed.values() for item in values):
            self.draft.doubt(prefix, "cell.surplus", "a cell of the row fits in no column")

    def _over(self, row: Row, column: Column) -> Item | None:
        """The cell that covers a column of this row from above."""
        return next((item for item in self._above.get(row[0].cell.row, ()) if _overlap(item, column)), None)

    def _share_points(
        self, index: int, row: Row, columns: Sequence[Column], index_of: Mapping[int, int], turned: bool
    ) -> None:
        """Let a row into which the cells of weight and score reach from above share them.

        Behind a page break the cells that go on are blanks of their own.
        """
        over = [self._over(row, column) for column in columns if column.name in _POINTS]
        prefix = f"{self.vocabulary.table.group}[{index}]"
        reaching = [item for item in over if item is not None]
        if reaching and len(reaching) == len(over):
            first = index_of.get(reaching[0].cell.row)
            if first is not None and all(item.cell.row == reaching[0].cell.row for item in reaching):
                self._merge(first, index)
                return
        if reaching:
            self.draft.doubt(prefix, "row.merged", "a weight or a score reaches into the row from above")
        elif turned and index and self.draft.leaves[f"{prefix}.actual"].kind is RefKind.AT:
            blank = [self.draft.leaves[f"{prefix}.{name}"].kind is RefKind.EMPTY for name in _POINTS]
            if all(blank):
                self._merge(index - 1, index)
                self.draft.doubt(
                    prefix, "row.merged", "behind a page break the row may share the points of the one above"
                )

    def _merge(self, first: int, index: int) -> None:
        merged = self.draft.merged
        if merged and merged[-1][1] == index and merged[-1][0] <= first:
            merged[-1] = (merged[-1][0], index + 1)
        else:
            merged.append((first, index + 1))

    def _go_on(self, index: int, placed: Mapping[str, Item]) -> None:
        """Join the rest of a row that a page break cut in two to the row above it."""
        for name, item in placed.items():
            path = f"{self.vocabulary.table.group}[{index}].{name}"
            if path not in self.draft.leaves:
                continue
            known = self.draft.leaves[path]
            self.draft.put(path, [*(known.parts if known.kind is not RefKind.EMPTY else ()), whole(item.cell)])

    def _doubt_torn(self) -> None:
        """Doubt the rows on both sides of a page break, which may be one."""
        group = self.vocabulary.table.group
        for index in (self.draft.rows - 1, self.draft.rows):
            self.draft.doubt(f"{group}[{index}]", "row.torn", "a page break may cut the row in two")
        self.draft.doubt(f"{group}[]", "row.uncertain", "what stands behind a page break may be a row of its own")

    def _doubt_blank_headings(
        self,
        prefix: str,
        row: Row,
        columns: Sequence[Column],
        placed: Mapping[str, Item],
        spanned: set[str],
        turned: bool,
    ) -> None:
        """A blank cell among merged headings may be one whose text was lost; behind a page break it goes on."""
        for column in columns:
            if column.name not in spanned or column.name in placed or turned:
                continue
            if any(not item.text and _overlap(item, column) for item in row):
                self.draft.doubt(f"{prefix}.{column.name}", "heading.blank", "the cell of the heading is blank")

    # -- totals

    def _total(self, number: int, columns: Sequence[Column]) -> None:
        row = self.rows[number]
        points = [column for column in columns if column.name in _POINTS]
        values = [item for item in row if item.text][1:]
        placed, doubtful = self.lay_row(row, values, points, 0, lambda column, text: 0.0)
        nothing = self.vocabulary.nothing
        clean = all(figure(item.text) is not None or item.text in nothing for item in placed.values())
        if len(placed) < 2 or doubtful or not clean:
            super()._total(number, columns)
            return
        self.draft.claim([whole(item.cell) for item in row if item.text][:1])
        for path, name in zip(self.vocabulary.total_leaves, _POINTS, strict=True):
            self.draft.put(path, [whole(placed[name].cell)])
        rest = [item for item in values if item not in placed.values()]
        if len(rest) == 1:
            self.draft.put_extra("total.deviation", [whole(rest[0].cell)])


def _one_apart(a: str, b: str) -> bool:
    """Are two texts the same but for one character: another, one more or one less?"""
    start = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return a[start + 1 :] == b[start + 1 :] or a[start:] == b[start + 1 :] or a[start + 1 :] == b[start:]


def _pieces(cells: Iterable[Cell]) -> dict[int, int]:
    """For every row, the piece of its table that page breaks, and the fold of a sheet of two pages, make."""
    pieces: dict[int, int] = {}
    piece = 0
    last: Cell | None = None
    for cell in cells:
        if cell.layout is Layout.TABLE:
            if last is None or cell.page != last.page or cell.row > last.row + 1:
                piece += 1
            pieces[cell.row] = piece
            last = cell
    return pieces


def _widths(rows: Iterable[_Laid]) -> dict[str, float]:
    """How wide the widest line of each column is, in full-width characters."""
    widths: dict[str, float] = {}
    for laid in rows:
        for name, item in laid.placed.items():
            for line in item.cell.text.split("\n"):
                widths[name] = max(widths.get(name, 0), display_width(line))
    return widths


def _fills(cell: Cell, width: float) -> bool:
    """Does the last line of a cell reach the edge of its column, so that its text may go on?"""
    return display_width(cell.text.rsplit("\n", 1)[-1]) >= _FULL * width


def _overlap(item: Item, column: Column) -> int:
    """How many grid columns a cell and a column share."""
    return max(0, min(item.at + item.cell.column_span, column.end) - max(item.at, column.at))
