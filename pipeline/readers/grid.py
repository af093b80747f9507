"""Reading a form whose cells stand in rows with column numbers: an OCR's tab-separated lines, a Word or HTML table.

Columns are known by the labels that head them. The cells of a row are laid against the columns by order, by position
and by what can stand there; a row that fits in more than one way is read in the best one and its differing leaves are
doubted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from pipeline.forms import FormType, Kind
from pipeline.readers.alignment import Column, Cost, Item, lay
from pipeline.readers.draft import Draft, Strip, amount, figure, label_of, whole
from pipeline.readers.parts import Carried, read_footer, read_title, read_unit
from pipeline.readers.units import glued_figure
from pipeline.reading import Part, RefKind
from pipeline.source import Cell, Layout
from pipeline.vocabulary import Headings, fold

__all__ = ["Grid", "Row", "read_grid"]

_STATED = {"target", "actual", "weight", "score"}
"""Columns of which a row fills at least one if it states anything."""


Row = list[Item]


def read_grid(cells: Sequence[Cell], form_type: FormType) -> Draft:
    """Read a section whose table cells have column numbers."""
    return Grid(cells, form_type).read()


class Grid:
    """The way through a form from block to block; `pipeline.readers.walled` has it for tables with real geometry."""

    def __init__(self, cells: Sequence[Cell], form_type: FormType) -> None:
        self.draft = Draft(form_type, cells)
        self.vocabulary = form_type.vocabulary
        self.rows: list[Row] = [
            [Item(cell, fold(cell.text), self.place(cell, at)) for at, cell in enumerate(group)]
            for _, group in groupby(cells, key=lambda cell: cell.row)
        ]

    def place(self, cell: Cell, at: int) -> int:
        """Where a cell stands in its row, given its number there."""
        return at

    def lay_row(
        self, row: Row, values: Sequence[Item], columns: Sequence[Column], shift: int, cost: Cost
    ) -> tuple[dict[str, Item], set[str]]:
        """Which of its filled cells each column gets in a row, and which columns are in doubt."""
        return lay(values, columns, shift, cost)

    def read(self) -> Draft:
        """Read the form, block by block."""
        vocabulary = self.vocabulary
        matrix = self._header(vocabulary.matrix.column_by_label, 0, len(self.rows), 3)
        table = self._header(vocabulary.table.column_by_label, (matrix or 0) + 1, len(self.rows), 3, need="level")
        pair = self._header(vocabulary.pair.by_label, 0 if matrix is None else matrix, table or len(self.rows), 2)
        if pair is None:
            pair = self._header(vocabulary.pair.by_label, 0 if matrix is None else matrix, table or len(self.rows), 1)
        total = self._total_row((table or matrix or 0) + 1)
        ends = [row for row in (matrix, pair, table, total) if row is not None]
        self._head(min(ends, default=len(self.rows)))
        if matrix is not None:
            self._matrix(matrix, min((row for row in (pair, table, total) if row is not None), default=len(self.rows)))
        else:
            self.draft.doubt(vocabulary.matrix.group, "header.missing", "the money block has no heading row")
        if pair is not None:
            self._pair(pair, min((row for row in (table, total) if row is not None), default=len(self.rows)))
        self.draft.lose_goals()
        columns: list[Column] = []
        if table is not None:
            columns = self._columns(
                table, vocabulary.table.column_by_label, vocabulary.table.heading, vocabulary.table.group
            )
            self._table(table, total if total is not None else len(self.rows), columns)
        else:
            self.draft.doubt(vocabulary.table.group, "header.missing", "the indicator table has no heading row")
        if total is not None:
            self._total(total, columns)
            self._foot(total + 1)
        else:
            self.draft.lose_total()
        return self.draft

    # -- finding the blocks

    def _header(self, labels: Mapping[str, str], first: int, last: int, needed: int, need: str = "") -> int | None:
        for number in range(first, last):
            hits = {labels[item.text.rstrip(":")] for item in self.rows[number] if item.text.rstrip(":") in labels}
            if len(hits) >= needed and (not need or any(hit.startswith(need) for hit in hits)):
                return number
        return None

    def _total_row(self, first: int) -> int | None:
        for number in range(len(self.rows) - 1, first - 1, -1):
            filled = [item for item in self.rows[number] if item.text]
            if filled and filled[0].text.rstrip(":") in self.vocabulary.total:
                return number
        return None

    # -- what stands above the money

    def _head(self, last: int) -> None:
        labels = self.vocabulary.fields.by_label
        first = next(
            (n for n in range(last) if any(label_of(i.text.split(":", 1)[0], labels) for i in self.rows[n] if i.text)),
            last,
        )
        read_title([item.cell for row in self.rows[:first] for item in row], self.draft)
        previous: tuple[str, list[Part]] | None = None
        for number in range(first, last):
            row = [item for item in self.rows[number] if item.text]
            hits = [(k, label_of(item.text, labels)) for k, item in enumerate(row)]
            if any(path for _, path in hits):
                previous = self._field_row(self.rows[number], labels)
            elif any(":" in item.text and label_of(item.text.split(":", 1)[0], labels) for item in row):
                self.draft.fields_inline(Strip(item.cell for item in row), self.vocabulary.fields)
            elif row and previous and len(row) == 1 and not self._label_like(row[0].text):
                path, parts = previous
                self.draft.put(path, [*parts, whole(row[0].cell)])
                self.draft.doubt(path, "continued", "the value seems to go on in the next row")
            elif row:
                self.draft.unknown_label = True
        self.draft.doubt_absent(self.vocabulary.fields)

    def _label_like(self, text: str) -> bool:
        return self.vocabulary.fields.unknown.fullmatch(text.rstrip(":")) is not None

    def _field_row(self, row: Row, labels: Mapping[str, str]) -> tuple[str, list[Part]] | None:
        """Read a row of label, value, label, value; gives the last leaf read."""
        path: str | None = None
        label: Item | None = None
        parts: list[Part] = []
        blank: list[Part] = []
        last: tuple[str, list[Part]] | None = None
        for item in [*row, None]:
            found = label_of(item.text, labels) if item is not None and item.text else None
            if item is None or (found and found not in self.draft.leaves):
                if path is not None and label is not None:
                    values = parts or blank[:1]
                    self.draft.put_field(path, label.text, [whole(label.cell)], values, self.vocabulary.fields)
                    if len(parts) > 1:
                        self.draft.doubt(path, "value.split", "several cells stand behind the label")
                        self.draft.unknown_label = True
                    last = (path, parts)
                if item is not None:
                    path, label, parts, blank = found, item, [], []
            elif item.text:
                self.draft.unknown_label |= path is None
                parts.append(whole(item.cell))
            else:
                blank.append(whole(item.cell))
        return last

    # -- money

    def _columns(
        self, header: int, labels: Mapping[str, str], heading: Sequence[str], group: str, labels_at: int = -1
    ) -> list[Column]:
        """The columns that a row of headings names; up to the place `labels_at` stand the labels of the rows."""
        columns: list[Column] = []
        seen: set[str] = set()
        for item in self.rows[header]:
            if not item.text:
                continue
            if item.text.rstrip(":") in heading or (
                not columns and label_of(item.text, dict.fromkeys(heading, "")) is not None
            ):
                self.draft.claim([whole(item.cell)])
                continue
            name = label_of(item.text, labels, cut=bool(columns), taken=seen) or f"?{item.text}"
            if name in seen:
                self.draft.doubt(group, "header.repeated", f"the heading {item.text} stands twice")
                continue
            if name.startswith("?") and not columns:
                if item.at > labels_at:
                    self.draft.doubt(group, "header.unknown", f"the heading {item.text} is not known")
                continue
            seen.add(name)
            self.draft.claim([whole(item.cell)])
            leaf = (
                f"{group}[].{name}" if f"{group}[].{name}" in self.draft.form_type.leaves else f"{group}.total.{name}"
            )
            kind = self.draft.form_type.leaves.get(leaf, Kind.TEXT)
            columns.append(Column(name, item.at, kind, item.at + item.cell.column_span))
            if name.startswith("?"):
                self.draft.template.append("unfamiliar")
                self.draft.doubt(group, "header.unknown", f"the heading {item.text} is not known")
        return columns

    def _matrix(self, header: int, last: int) -> None:
        matrix = self.vocabulary.matrix
        labelled = next(
            (at for row in self.rows[header + 1 : last] if (at := self._line_label(row)[0]) is not None), -1
        )
        columns = self._columns(header, matrix.column_by_label, matrix.heading, matrix.group, labelled)
        read_unit(Strip(item.cell for row in self.rows[header : min(last, header + 3)] for item in row), self.draft)
        heads = {label for label in matrix.heading}
        seen: set[str] = set()
        for number in range(header + 1, last):
            row = self.rows[number]
            at, line = self._line_label(row)
            if at is None:
                if any(
                    item.text and item.text not in heads and item.text not in self.vocabulary.pair.heading
                    for item in row
                ):
                    self.draft.doubt(
                        matrix.group, "line.unknown", "a line of the money block has a label that is not known"
                    )
                continue
            label = row[at]
            self.draft.claim([whole(item.cell) for item in row[: at + 1]])
            values = [item for item in row[at + 1 :] if item.text]
            if line is None:
                # A line that the record has no place for: kept beside it, never mistaken for another.
                for k, item in enumerate(values):
                    self.draft.put_extra(f"{matrix.group}.{label.text}.{k}", [whole(item.cell)])
                continue
            if line in seen:
                self.draft.doubt(f"{matrix.group}.{line}", "line.repeated", "the line stands twice")
                continue
            seen.add(line)
            if columns and label.at >= columns[0].at and len(values) <= len(columns) < len(matrix.columns):
                self.draft.doubt(matrix.group, "columns.lost", "the label stands where a column of figures should be")
            shift = max(label.at - (columns[0].at - 1), 0) if columns else 0
            cost = _money_cost(self.vocabulary.nothing, self.vocabulary.money_units)
            placed, doubtful = self.lay_row(row, values, columns, shift, cost)
            self._place(f"{matrix.group}.{line}", row, columns, placed, doubtful, values, shift)
        self.draft.require_total_line(seen)

    def _line_label(self, row: Row) -> tuple[int | None, str | None]:
        """Where the label of a money line stands in its row, and which line it is (None: one the record does not
        have)."""
        matrix = self.vocabulary.matrix
        for at, item in enumerate(row):
            if not item.text or item.text in matrix.heading or self.vocabulary.unit.fullmatch(item.text):
                continue
            line = label_of(item.text, matrix.line_by_label)
            if line:
                return at, line
            if matrix.other_lines.fullmatch(item.text.rstrip(":")):
                return at, None
            return None, None
        return None, None

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
        """Write the leaves of one row; a column without a cell gets the blank cell that stands in its place."""
        by_place = {item.at: item for item in row}
        for column in columns:
            item = placed.get(column.name) or by_place.get(column.at + shift)
            parts = [whole(item.cell)] if item is not None and (column.name in placed or not item.text) else []
            if column.name.startswith("?") or column.name in self.vocabulary.table.others:
                self.draft.put_extra(f"{prefix}.{column.name}", parts)
            else:
                self.draft.put(f"{prefix}.{column.name}", parts)
                if column.name in doubtful:
                    self.draft.doubt(
                        f"{prefix}.{column.name}", "column.uncertain", "the cell may belong to another column"
                    )
        self._unglue(prefix, placed)
        if len(placed) < len(values):
            self.draft.doubt(prefix, "cell.surplus", "a cell of the row fits in no column")

    def _unglue(self, prefix: str, placed: Mapping[str, Item]) -> None:
        """Part a score from the reason that it is glued to, in whichever cell of the two both stand.

        Doubted, because where the score ends is a guess.
        """
        if "weight" not in placed or ("score" in placed) == ("deviation" in placed):
            return
        weight, glued = figure(placed["weight"].text), placed.get("deviation") or placed["score"]
        cut = glued_figure(glued.text, weight) if weight is not None else 0
        if cut:
            strip = Strip([glued.cell])
            self.draft.put(f"{prefix}.score", strip.cut(0, cut))
            self.draft.put(f"{prefix}.deviation", strip.cut(cut, len(strip.text)))
            for name in ("score", "deviation"):
                self.draft.doubt(f"{prefix}.{name}", "figure.glued", "a figure is glued to the next word")

    # -- goals

    def _pair(self, header: int, last: int) -> None:
        pair = self.vocabulary.pair
        heads: list[tuple[int, str]] = []
        for item in self.rows[header]:
            path = label_of(item.text, pair.by_label) if item.text else None
            if path:
                heads.append((item.at, path))
                self.draft.claim([whole(item.cell)])
            elif item.text:
                self.draft.claim([whole(item.cell)])
        contents: list[list[Item]] = []
        for number in range(header + 1, last):
            row = self.rows[number]
            kept = []
            for item in row:
                if item.text in pair.heading:
                    self.draft.claim([whole(item.cell)])
                elif item.text:
                    kept.append(item)
            contents.append(kept)
        filled = [row for row in contents if row]
        paths = [path for _, path in heads]
        if not filled:
            self._blank_pair(header, last, paths)
        elif len(paths) == 2 and all(len(row) == 2 for row in filled):
            for side, path in enumerate(paths):
                self.draft.put(path, [whole(row[side].cell) for row in filled])
                if len(filled) > 1:
                    self.draft.doubt(path, "continued", "the text goes on over several rows")
        else:
            self._uneven_pair(filled, heads)

    def _blank_pair(self, header: int, last: int, paths: Sequence[str]) -> None:
        blank = [item for number in range(header + 1, last) for item in self.rows[number]]
        for path in paths:
            if len(blank) >= len(paths):
                self.draft.put(path, [whole(blank[-1].cell)])
            else:
                self.draft.lose(path, "row.missing", "no row stands below the heading")

    def _uneven_pair(self, filled: list[list[Item]], heads: Sequence[tuple[int, str]]) -> None:
        """Texts that are not one on each side: by position, doubted."""
        sides: dict[str, list[Part]] = {path: [] for _, path in heads}
        for row in filled:
            for item in row:
                nearest = min(heads, key=lambda head: (abs(head[0] - item.at), head[0]))
                sides[nearest[1]].append(whole(item.cell))
        for path, parts in sides.items():
            self.draft.put(path, parts)
            self.draft.doubt(path, "column.uncertain", "the texts below the headings are not one on each side")

    # -- indicators

    def _table(self, header: int, last: int, columns: list[Column]) -> None:
        table = self.vocabulary.table
        rows = self._joined([self.rows[n] for n in range(header + 1, last)], len(self.rows[header]))
        carried = Carried(self.draft, has_inner=any(column.name == "level2" for column in columns))
        shift = 0
        torn = False
        for row in rows:
            values = [item for item in row if item.text]
            if not values:
                continue
            if sum(item.text in table.column_by_label for item in values) >= 3:
                self.draft.claim(whole(item.cell) for item in values)  # the header again, on a new page
                continue
            while values and values[0].text in table.heading and len(values) > 1 and values[0].at <= columns[0].at:
                self.draft.claim([whole(values[0].cell)])
                values = values[1:]
            if len(values) == 1 and any(form.fullmatch(values[0].text) for form in self.vocabulary.clutter.values()):
                self.draft.claim([whole(values[0].cell)], "page_number")
                continue
            placed, doubtful = lay(
                values, columns, shift, _table_cost(table.headings, table.short, self.vocabulary.nothing)
            )
            index = self.draft.rows
            self.draft.rows += 1
            prefix = f"{table.group}[{index}]"
            self._place(prefix, row, columns, placed, doubtful, values, shift)
            self._share(index, placed)
            if torn and not {"level1", "level2"} & placed.keys():
                self.draft.doubt(prefix, "row.torn", "the row above has a name and nothing else")
            torn = self._only_names_something(placed)
            if torn:
                self.draft.doubt(prefix, "row.torn", "the row has a name and nothing else")
                self.draft.doubt(f"{table.group}[]", "row.uncertain", "a row may be cut in two")
            carried.row(
                prefix, *(Strip([placed[name].cell]) if name in placed else None for name in ("level1", "level2"))
            )

    def _only_names_something(self, placed: Mapping[str, Item]) -> bool:
        """Has a row a name, more than the mark of an empty row or of one that does not apply, and nothing else?"""
        if "name" not in placed or placed.keys() & _STATED:
            return False
        bare = self.vocabulary.table.marker.sub("", placed["name"].text)
        return bare != "" and bare not in self.vocabulary.nothing

    def _share(self, index: int, placed: Mapping[str, Item]) -> None:
        """Let a row that states something but has neither weight nor score share those of the row above.

        A merged cell is printed on its first row only. A heading of its own ends the group.
        """
        if index == 0 or {"level1", "level2", "weight", "score"} & placed.keys() or "actual" not in placed:
            return
        if placed["actual"].text in self.vocabulary.nothing:
            return
        merged = self.draft.merged
        if merged and merged[-1][1] == index:
            merged[-1] = (merged[-1][0], index + 1)
        elif self.draft.leaves[f"{self.vocabulary.table.group}[{index - 1}].weight"].kind is RefKind.AT:
            merged.append((index - 1, index + 1))

    def _joined(self, rows: list[Row], width: int) -> list[Row]:
        """Join a row that a blank line inside one of its cells cut in two: together they are as wide as the header."""
        out: list[Row] = []
        for row in rows:
            before = out[-1] if out else None
            if (
                before is not None
                and row[0].cell.layout is Layout.GRID
                and len(before) < width
                and len(before) + len(row) == width
            ):
                out[-1] = [Item(item.cell, item.text, at) for at, item in enumerate([*before, *row])]
            else:
                out.append(row)
        return out

    # -- totals and signatures

    def _total(self, number: int, columns: Sequence[Column]) -> None:
        row = [item for item in self.rows[number] if item.text]
        self.draft.claim([whole(row[0].cell)])
        values = row[1:]
        paths = self.vocabulary.total_leaves
        figures = [item for item in values if figure(item.text) is not None or item.text in self.vocabulary.nothing]
        rest = [item for item in values if item not in figures]
        if len(figures) == 2:
            for path, item in zip(paths, figures, strict=True):
                self.draft.put(path, [whole(item.cell)])
        else:
            places = {column.name: column.at for column in columns}
            for path, name in zip(paths, ("weight", "score"), strict=True):
                near = [item for item in figures if item.at == places.get(name)]
                if len(figures) == 1:
                    near = figures if (path == paths[1]) == (figures[0].at == places.get("score")) else []
                self.draft.put(path, [whole(near[0].cell)] if near else [])
                self.draft.doubt(path, "total.cells", "the line of totals does not hold two figures")
        if len(rest) == 1 and figures and rest[0].at > figures[-1].at:
            self.draft.put_extra("total.deviation", [whole(rest[0].cell)])

    def _foot(self, first: int) -> None:
        cells = [item.cell for row in self.rows[first:] for item in row if item.text]
        read_footer(cells, self.draft)


def _money_cost(nothing: frozenset[str], units: Sequence[str]) -> Cost:
    """What a text costs in a column of the money block."""

    def cost(column: Column, text: str) -> float:
        if text in nothing:
            return 0.3 if column.kind is Kind.MONEY else 0.0
        value = figure(text)
        if column.kind is Kind.MONEY:
            return 0.0 if amount(text, units) else 5.0
        if text.endswith("%"):
            return 0.0 if column.kind is Kind.PERCENT else 4.0
        if value is None:
            return 5.0 if column.kind is not Kind.TEXT else 0.0
        if column.kind is Kind.PERCENT:
            return 0.2 if value == 0 else 0.8
        return 0.0 if value <= 100 else 4.0

    return cost


def _table_cost(headings: Headings, short: Mapping[str, frozenset[str]], nothing: frozenset[str]) -> Cost:
    """What a text costs in a column of the indicator table."""

    def cost(column: Column, text: str) -> float:  # noqa: PLR0911 - a table of cases
        name = column.name
        if name in ("weight", "score"):
            value = figure(text)
            if value is not None:
                return 0.0 if value <= 100 else 5.0
            return (1.0 if text.isalpha() else 0.2) if text in nothing else 9.0
        stem = text.split("(", 1)[0]
        if name == "level1":
            if stem in headings.outer:
                return 0.0
            return 6.0 if stem in headings.inner else 0.9 if len(text) <= 8 and text.endswith(headings.suffix) else 5.0
        if name == "level2":
            if stem in headings.inner:
                return 0.0
            if stem in headings.outer:
                return 2.0
            return 0.9 if len(text) <= 12 and text.endswith(headings.suffix) else 5.0
        known = stem in headings.inner or stem in headings.outer
        value = figure(text)
        if name == "name":
            return 3.0 if value is not None or known else 0.0
        if name == "deviation":
            return 4.0 if value is not None else 2.0 if known else 0.0
        if name in short:
            return 0.0 if text in short[name] else 0.3 if len(text) <= 6 else 2.0
        return 2.0 if known else 0.3 if value is not None else 0.0

    return cost
