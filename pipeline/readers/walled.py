"""Reading a form whose tables have real geometry: ruled on a page, or marked up with spans.

The walls are believed: a cell belongs to the column it stands in, whatever it holds, and a figure in the column of
reasons is left to the checks. What the walls leave open (a cell across two columns, a row that a page break cut in two,
a blank where a heading should be) is doubted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.forms import FormType
from pipeline.readers.alignment import Column, Cost, Item
from pipeline.readers.draft import Draft, Strip, figure, label_of, whole
from pipeline.readers.grid import Grid, Row
from pipeline.readers.parts import Carried
from pipeline.reading import Part, RefKind
from pipeline.source import Cell, Layout

__all__ = ["read_walled"]

_HEADINGS = ("level1", "level2")
_POINTS = ("weight", "score")
_RUNNING_TITLE = 40
"""Longest text, in characters, that a page repeats above or below its table."""


def read_walled(cells: Sequence[Cell], form_type: FormType) -> Draft:
    """Read a section whose tables have real geometry."""
    return _Walled(cells, form_type).read()


class _Walled(Grid):
    def __init__(self, cells: Sequence[Cell], form_type: FormType) -> None:
        super().__init__(cells, form_type)
        self._set_lines_aside()
        self._above: dict[int, list[Item]] = {}
        """By row of the document, the cells that reach into it from above."""
        for row in self.rows:
            for item in row:
                for number in range(item.cell.row + 1, item.cell.row + item.cell.row_span):
                    self._above.setdefault(number, []).append(item)

    def place(self, cell: Cell, at: int) -> int:
        """The grid column of a cell of a table."""
        return cell.column if cell.layout is Layout.TABLE else at

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
            if number < tables[0] or number > tables[-1] or row[0].cell.layout is Layout.TABLE:
                kept.append(row)
                continue
            text = "".join(item.text for item in row)
            before = next(n for n in reversed(tables) if n < number)
            behind = next(n for n in tables if n > number)
            turned = self.rows[before][0].cell.page != self.rows[behind][0].cell.page
            known = any(form.fullmatch(text) for form in self.vocabulary.clutter.values())
            if known or (turned and len(text) <= _RUNNING_TITLE and not self._labels_in(row)):
                self.draft.claim([whole(item.cell) for item in row], "page_number" if known else "running_title")
        self.rows = kept

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
            if len({item.cell.page for item in items}) < len(items):
                self.draft.doubt(path, "continued", "the text goes on over several rows")

    # -- indicators

    def _table(self, header: int, last: int, columns: list[Column]) -> None:
        table = self.vocabulary.table
        carried = Carried(self.draft, has_inner=any(column.name == "level2" for column in columns))
        spanned = self._headings_span(header, last, columns)
        page = self.rows[header][0].cell.page if self.rows[header] else 1
        index_of: dict[int, int] = {}
        before: Mapping[str, Item] = {}
        for row in self.rows[header + 1 : last]:
            values = [item for item in row if item.text]
            if not values:
                continue
            if sum(item.text in table.column_by_label for item in values) >= 3:
                self.draft.claim(whole(item.cell) for item in values)  # the header again, on a new page
                continue
            while values and values[0].text in table.heading and values[0].at < columns[0].at:
                self.draft.claim([whole(values[0].cell)])
                values = values[1:]
            placed, doubtful = self.lay_row(row, values, columns, 0, lambda column, text: 0.0)
            turned = row[0].cell.page != page
            page = row[0].cell.page
            if turned and placed and not placed.keys() & {*_HEADINGS, "name", *_POINTS} and self.draft.rows:
                self._go_on(f"{table.group}[{self.draft.rows - 1}]", before, placed)
                continue
            if not placed:
                continue
            index = self.draft.rows
            self.draft.rows += 1
            index_of[row[0].cell.row] = index
            prefix = f"{table.group}[{index}]"
            self._place(prefix, row, columns, placed, doubtful, values, 0)
            self._share_points(index, row, columns, index_of, turned)
            if turned:
                self._doubt_torn(index, before, placed)
                self._drop_repeated(placed, before, carried)
            self._doubt_blank_headings(prefix, row, columns, placed, spanned, turned)
            carried.row(prefix, *(Strip([placed[name].cell]) if name in placed else None for name in _HEADINGS))
            before = placed

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

    def _go_on(self, prefix: str, before: Mapping[str, Item], placed: Mapping[str, Item]) -> None:
        """Join the rest of a row that a page break cut in two: it has neither a name nor points of its own."""
        for name, item in placed.items():
            path = f"{prefix}.{name}"
            if name.startswith("?") or path not in self.draft.leaves:
                continue
            parts: list[Part] = [*self.draft.leaves[path].parts, whole(item.cell)]
            self.draft.put(path, parts)
            if name not in before:
                self.draft.doubt(path, "row.torn", "a page break cuts the row in two")

    def _doubt_torn(self, index: int, before: Mapping[str, Item], placed: Mapping[str, Item]) -> None:
        """Doubt the two rows beside a page break where only together they are one."""
        mine, theirs = placed.keys() & {"name", *_POINTS}, before.keys() & {"name", *_POINTS}
        whole_row = {"name", *_POINTS}
        if (
            index
            and mine != whole_row
            and theirs
            and (mine | theirs) == whole_row
            and "actual" in before.keys() & placed.keys()
        ):
            for number in (index - 1, index):
                self.draft.doubt(
                    f"{self.vocabulary.table.group}[{number}]", "row.torn", "a page break may cut the row in two"
                )
            self.draft.doubt(f"{self.vocabulary.table.group}[]", "row.uncertain", "a row may be cut in two")

    def _drop_repeated(self, placed: dict[str, Item], before: Mapping[str, Item], carried: Carried) -> None:
        """A heading that a new page prints again begins nothing."""
        if "level1" in placed and carried.is_outer(placed["level1"].text):
            self.draft.claim([whole(placed.pop("level1").cell)])

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


def _overlap(item: Item, column: Column) -> int:
    """How many grid columns a cell and a column share."""
    return max(0, min(item.at + item.cell.column_span, column.end) - max(item.at, column.at))
