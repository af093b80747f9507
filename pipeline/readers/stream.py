"""Reading a form whose cells come as a stream of text without columns: wrapped lines of a PDF, one cell a line, or all
of a form flattened to one line.

Labels divide the stream into blocks. What stands in a block is told by order, by what can stand in a column and, for
wrapped lines, by width: every cell of a column wraps at that column's width (`pipeline.readers.wrapping`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from pipeline.forms import FormType
from pipeline.readers.draft import Draft, Strip, amount, begins_with_label, figure, label_of, whole
from pipeline.readers.laying import Laid, lay_units
from pipeline.readers.parts import Carried, read_footer, read_title, read_unit
from pipeline.readers.units import spaced_out, unit_follows, units_of
from pipeline.readers.wrapping import split_in_two
from pipeline.source import Cell
from pipeline.vocabulary import Labels, fold

__all__ = ["read_stream"]

_LABEL_CELLS = 8
"""Into how many pieces a label may be wrapped."""


def read_stream(cells: Sequence[Cell], form_type: FormType) -> Draft:
    """Read a section whose cells have no columns."""
    return _Stream(cells, form_type).read()


class _Stream:
    def __init__(self, cells: Sequence[Cell], form_type: FormType) -> None:
        self.draft = Draft(form_type, cells)
        self.vocabulary = form_type.vocabulary
        pairs = [(cell, text) for cell in cells if (text := fold(cell.text))]
        self.cells = [cell for cell, _ in pairs]
        self.texts = [text for _, text in pairs]

    def read(self) -> Draft:
        vocabulary = self.vocabulary
        table_at, table_end, columns = self._table_header()
        total = self._total_label(table_end if columns else 0)
        pair_at = self._pair_header(0, table_at)
        matrix_at = self._first(
            vocabulary.matrix.column_by_label, 0, pair_at if pair_at is not None else table_at, needed=2
        )
        ends = [at for at in (matrix_at, pair_at, table_at) if at is not None]
        head_end = self._back_over(min(ends, default=len(self.cells)), vocabulary.matrix.heading_labels)
        head_end = self._own_heading(head_end)
        self._head(head_end)
        if matrix_at is not None:
            matrix_end = min(
                (at for at in (pair_at, table_at) if at is not None and at > matrix_at), default=len(self.cells)
            )
            self._matrix(head_end, self._back_over(matrix_end, vocabulary.pair.heading_labels))
        else:
            self.draft.doubt(vocabulary.matrix.group, "header.missing", "the money block has no headings")
        if pair_at is not None:
            end = self._back_over(table_at, vocabulary.table.heading_labels)
            self._pair(pair_at, end)
            if end == table_at and (not columns or len(self.texts[end - 1]) <= 4 or self._same_line(end - 1, end)):
                last = list(vocabulary.pair.labels)[-1]
                self.draft.doubt(
                    last, "boundary.uncertain", "the heading of the table below may be mixed into the text"
                )
        self.draft.lose_goals()
        if columns:
            self._table(table_end, total if total is not None else len(self.cells), columns)
        else:
            self.draft.doubt(vocabulary.table.group, "header.missing", "the indicator table has no headings")
        if total is not None:
            self._total(total)
        else:
            self.draft.lose_total()
        return self.draft

    def _same_line(self, at: int, other: int) -> bool:
        return other < len(self.cells) and self.cells[at].row == self.cells[other].row

    # -- labels

    def _label(self, at: int, labels: Labels, limit: int | None = None) -> tuple[int, str] | None:
        """The longest label that begins with the cell at `at`, as (index behind it, meaning)."""
        if self.texts[at][0] not in labels.initials:
            return None
        text = ""
        found = None
        for end in range(at, min(at + _LABEL_CELLS, limit if limit is not None else len(self.cells))):
            text += self.texts[end]
            if len(text) > 24:
                break
            meaning = label_of(text, labels)
            if meaning is not None:
                found = end + 1, meaning
        return found

    def _first(self, labels: Labels, first: int, last: int, *, needed: int) -> int | None:
        """Where a run of at least `needed` different labels begins."""
        for at in range(first, last):
            seen: set[str] = set()
            end = at
            while end < last and (hit := self._label(end, labels)):
                seen.add(hit[1])
                end = hit[0]
            if len(seen) >= needed:
                return at
        return None

    def _back_over(self, at: int, labels: Labels) -> int:
        """The index before a block's own heading, which may be wrapped, where one stands right before `at`."""
        for start in range(max(at - _LABEL_CELLS, 0), at):
            hit = self._label(start, labels, at)
            if hit and hit[0] == at:
                self.draft.claim(whole(cell) for cell in self.cells[start:at])
                return start
        return at

    def _own_heading(self, head_end: int) -> int:
        """The index before the money block's heading, where unknown words stand between it and the columns."""
        for at in range(head_end):
            hit = self._label(at, self.vocabulary.matrix.heading_labels, head_end)
            if hit and self.texts[at] not in self.vocabulary.fields.by_label:
                self.draft.doubt(
                    self.vocabulary.matrix.group, "header.unknown", "a heading of the money block is not known"
                )
                return at
        return head_end

    def _table_header(self) -> tuple[int, int, list[str]]:
        """Where the header of the indicators begins and ends, and its columns in order."""
        labels = self.vocabulary.table.column_by_label
        for at in range(len(self.cells)):
            hit = self._label(at, labels)
            if not hit or not hit[1].startswith("level"):
                continue
            columns, end = self._header_run(at, labels)
            if len(columns) >= 4:
                self.draft.claim(whole(cell) for cell in self.cells[at:end])
                return at, end, columns
        return len(self.cells), len(self.cells), []

    def _header_run(self, at: int, labels: Labels) -> tuple[list[str], int]:
        columns: list[str] = []
        while at < len(self.cells):
            hit = self._label(at, labels)
            if hit is None or hit[1] in columns:
                break
            columns.append(hit[1])
            at = hit[0]
        return columns, at

    def _pair_header(self, first: int, last: int) -> int | None:
        return self._first(self.vocabulary.pair.by_label, first, last, needed=2) or self._first(
            self.vocabulary.pair.by_label, first, last, needed=1
        )

    def _total_label(self, first: int) -> int | None:
        for at in range(len(self.cells) - 1, first - 1, -1):
            if self.texts[at].rstrip(":") in self.vocabulary.total:
                return at
            if at + 1 < len(self.cells) and (self.texts[at] + self.texts[at + 1]).rstrip(":") in self.vocabulary.total:
                return at
        return None

    # -- blocks

    def _head(self, end: int) -> None:
        labels = self.vocabulary.fields.by_label
        first = next(
            (
                at
                for at in range(end)
                if self._label(at, labels, end)
                or label_of(self.texts[at].split(":", 1)[0], labels)
                or begins_with_label(self.texts[at], labels)
            ),
            end,
        )
        read_title(self.cells[:first], self.draft)
        self.draft.fields_inline(Strip(self.cells[first:end]), self.vocabulary.fields)

    def _matrix(self, first: int, last: int) -> None:
        matrix = self.vocabulary.matrix
        heads = matrix.heading_labels
        columns: list[str] = []
        at = first
        lines: list[tuple[str | None, str, int, int]] = []
        while at < last:
            line = self._label(at, matrix.line_by_label, last)
            column = self._label(at, matrix.column_by_label, last) if not lines else None
            head = self._label(at, heads, last)
            if line and (columns or not column):
                lines.append((line[1], self.texts[at], line[0], line[0]))
                self.draft.claim(whole(cell) for cell in self.cells[at : line[0]])
                at = line[0]
            elif column:
                columns.append(column[1])
                self.draft.claim(whole(cell) for cell in self.cells[at : column[0]])
                at = column[0]
            elif head and (not lines or not self._is_value(at)):
                self.draft.claim(whole(cell) for cell in self.cells[at : head[0]])
                at = head[0]
            elif matrix.other_lines.fullmatch(self.texts[at].rstrip(":")):
                lines.append((None, self.texts[at], at + 1, at + 1))
                self.draft.claim([whole(self.cells[at])])
                at += 1
            else:
                if lines:
                    lines[-1] = (*lines[-1][:3], at + 1)
                elif self._is_value(at):
                    self.draft.doubt(
                        matrix.group, "line.unknown", "figures stand before the first line of the money block"
                    )
                at += 1
        read_unit(Strip(self.cells[first : min(first + 24, last)]), self.draft)
        if len(set(columns)) < len(columns):
            self.draft.doubt(matrix.group, "header.repeated", "a heading of the money block stands twice")
        columns = list(dict.fromkeys(columns))
        seen: set[str] = set()
        for name, label, start, end in lines:
            values = self.cells[start:end]
            if name is None or name in seen:
                for number, cell in enumerate(values):
                    self.draft.put_extra(f"{matrix.group}.{label}.{number}", [whole(cell)])
                if name is not None:
                    self.draft.doubt(f"{matrix.group}.{name}", "line.repeated", "the line stands twice")
                continue
            seen.add(name)
            self._line(f"{matrix.group}.{name}", values, columns)
        self.draft.require_total_line(seen)

    def _is_value(self, at: int) -> bool:
        return figure(self.texts[at]) is not None or self.texts[at] in self.vocabulary.nothing

    def _line(self, prefix: str, cells: Sequence[Cell], columns: Sequence[str]) -> None:
        """Lay the figures of a money line against the columns: every order-keeping way, cheapest first."""
        values = self._figures(cells)
        texts = ["".join(fold(cell.text) for cell in value) for value in values]
        if len(values) > len(columns):
            group = self.vocabulary.matrix.group
            self.draft.doubt(group, "cell.surplus", "a line has more in it than columns: another may be mixed into it")
            values, texts = values[: len(columns)], texts[: len(columns)]
        ways = []
        for places in combinations(range(len(columns)), len(values)):
            cost = sum(self._money_cost(columns[place], text) for place, text in zip(places, texts, strict=True))
            cost += sum(
                1.6 if columns[place] in _MONEY else 0.3 for place in range(len(columns)) if place not in places
            )
            ways.append((cost, places))
        ways.sort()
        lowest, best = ways[0]
        said = self._said(columns, best, texts)
        for at, column in enumerate(columns):
            self.draft.put(f"{prefix}.{column}", [whole(cell) for cell in values[best.index(at)]] if at in best else [])
        if lowest >= 4.0:
            self.draft.doubt(prefix, "column.uncertain", "the figures do not fit the columns")
        for cost, places in ways[1:]:
            if cost >= lowest + 1.0:
                break
            other = self._said(columns, places, texts)
            for column in columns:
                if other[column] != said[column]:
                    self.draft.doubt(f"{prefix}.{column}", "column.uncertain", "a figure may belong to another column")

    def _figures(self, cells: Sequence[Cell]) -> list[list[Cell]]:
        """The cells of a money line, a unit that stands behind a gap put to its figure."""
        out: list[list[Cell]] = []
        for at, cell in enumerate(cells):
            if at and unit_follows(cells, at - 1, (*self.vocabulary.money_units, "分", "%")):
                out[-1].append(cell)
            else:
                out.append([cell])
        return out

    def _said(self, columns: Sequence[str], places: Sequence[int], texts: Sequence[str]) -> dict[str, str]:
        """What a way of laying says of each column; marks for nothing say the same as a blank."""
        out = dict.fromkeys(columns, "")
        for place, text in zip(places, texts, strict=True):
            if text not in self.vocabulary.nothing:
                out[columns[place]] = text
        return out

    def _money_cost(self, column: str, text: str) -> float:
        if text in self.vocabulary.nothing:
            return 0.5 if column in _MONEY else 0.0
        value = figure(text)
        if column in _MONEY:
            return 0.0 if amount(text, self.vocabulary.money_units) else 6.0
        if text.endswith("%"):
            return 0.0 if column == "execution_rate" else 5.0
        if value is None:
            return 6.0
        if column == "execution_rate":
            return 0.8
        return 0.0 if value <= 100 else 4.0

    def _pair(self, at: int, end: int) -> None:
        pair = self.vocabulary.pair
        paths: list[str] = []
        heads = pair.heading_labels
        first = at
        while at < end:
            hit = self._label(at, pair.by_label, end)
            head = self._label(at, heads, end)
            if hit and hit[1] not in paths:
                paths.append(hit[1])
            elif not head:
                break
            stop = hit[0] if hit and (not head or hit[0] >= head[0]) else head[0] if head else at + 1
            self.draft.claim(whole(cell) for cell in self.cells[at:stop])
            at = stop
        at = self._rest_of_heading(first, at, end)
        texts = self.cells[at:end]
        if not texts:
            for path in paths:
                self.draft.lose(path, "row.missing", "nothing stands below the heading")
        elif len(paths) == 1:
            self.draft.put(paths[0], [whole(cell) for cell in texts])
            self.draft.doubt(paths[0], "header.missing", "the heading beside it is missing")
        else:
            cut, certain = split_in_two(units_of(texts, self.vocabulary))
            for path, side in zip(paths, (texts[:cut], texts[cut:]), strict=True):
                self.draft.put(path, [whole(cell) for cell in side])
                if not certain:
                    self.draft.doubt(
                        path, "boundary.uncertain", "where one text ends and the next begins is not certain"
                    )

    def _rest_of_heading(self, first: int, at: int, end: int) -> int:
        """The index behind the rest of the block's own heading, of which a part stands before the labels at `first`.

        A heading that is wrapped beside the labels comes out cut in two by them.
        """
        if first == 0 or at >= end:
            return at
        for stop in range(at + 1, min(at + 3, end)):
            joined = self.texts[first - 1] + "".join(self.texts[at:stop])
            if joined in self.vocabulary.pair.heading_labels:
                self.draft.claim(whole(cell) for cell in (self.cells[first - 1], *self.cells[at:stop]))
                return stop
        return at

    # -- indicators

    def _table(self, first: int, last: int, columns: list[str]) -> None:
        table = self.vocabulary.table
        kept: list[Cell] = []
        at = first
        while at < last:
            behind_line = self._page_mark(at, last)
            if behind_line:
                self.draft.claim((whole(cell) for cell in self.cells[at:behind_line]), "page_number")
                at = behind_line
                continue
            again, end = self._header_run(at, table.column_by_label)
            if len(again) >= 4:
                self.draft.claim(whole(cell) for cell in self.cells[at:end])
                at = end
                continue
            heading = self._label(at, table.heading_labels, last)
            if heading and (
                self._heading_follows(heading[0], last)
                or len(self._header_run(heading[0], table.column_by_label)[0]) >= 4
            ):
                self.draft.claim(whole(cell) for cell in self.cells[at : heading[0]])
                at = heading[0]
                continue
            kept.append(self.cells[at])
            at += 1
        behind = ("分",) if "unit" in columns else ("分", "%", *self.vocabulary.money_units)
        units = units_of(kept, self.vocabulary, headings=True, behind=behind)
        laid = lay_units(units, columns, self.vocabulary, spaced=spaced_out(kept))
        self._rows(laid, columns)

    def _page_mark(self, at: int, last: int) -> int:
        """The index behind a line that is a page mark and begins here; 0 if none does."""
        row = self.cells[at].row
        if at and self.cells[at - 1].row == row:
            return 0
        end = at
        while end < last and self.cells[end].row == row:
            end += 1
        return end if self.vocabulary.clutter["page_mark"].fullmatch("".join(self.texts[at:end])) else 0

    def _heading_follows(self, at: int, last: int) -> bool:
        headings = self.vocabulary.table.headings
        text = ""
        for end in range(at, min(at + _LABEL_CELLS, last)):
            text += self.texts[end]
            if text.split("(", 1)[0] in headings.outer | headings.inner:
                return True
        return False

    def _rows(self, laid: Laid, columns: Sequence[str]) -> None:
        table = self.vocabulary.table
        if missing := {"name", "target", "actual", "weight", "score"} - set(columns):
            self.draft.doubt(table.group, "header.incomplete", f"no heading was found for {', '.join(sorted(missing))}")
        carried = Carried(self.draft, has_inner="level2" in columns)
        by_id = {cell.id: cell for cell in self.cells}
        for index, row in enumerate(laid.rows):
            prefix = f"{table.group}[{index}]"
            self.draft.rows += 1
            for column in columns:
                parts = [part for unit in row.cells.get(column, ()) for part in unit.parts]
                if column in table.others:
                    self.draft.put_extra(f"{prefix}.{column}", parts)
                elif column not in ("level1", "level2"):
                    self.draft.put(f"{prefix}.{column}", parts)
                    if parts and self._torn(self.draft.text(parts)):
                        self.draft.doubt(prefix, "boundary.uncertain", f"a piece of another cell is in {column}")
            strips = [
                Strip(by_id[part.cell] for unit in row.cells[column] for part in unit.parts)
                if column in row.cells
                else None
                for column in ("level1", "level2")
            ]
            carried.row(prefix, *strips)
        for row_index, column, code in laid.doubts:
            if column not in table.others:
                path = f"{table.group}[{row_index}].{column}" if column else f"{table.group}[{row_index}]"
                self.draft.doubt(path, code, "where the cell begins or ends is not certain")
        if any(code.startswith(("row.", "pair.", "cell.")) for _, _, code in laid.doubts):
            self.draft.doubt(f"{table.group}[]", "row.uncertain", "a row may be missing, or one too many")
        self.draft.merged = laid.merged
        if laid.torn:
            self.draft.doubt(table.group, "rows.torn", "many rows have no score: the text may not come row by row")

    def _torn(self, text: str) -> bool:
        """Does the text hold a piece of another cell: half of a pair of brackets, or a heading before it?"""
        headings = self.vocabulary.table.headings
        return text.count("(") != text.count(")") or any(
            text.startswith(heading) and heading.endswith(headings.suffix)
            for heading in headings.outer | headings.inner
        )

    def _total(self, at: int) -> None:
        behind = at + 1 if self.texts[at].rstrip(":") in self.vocabulary.total else at + 2
        self.draft.claim(whole(cell) for cell in self.cells[at:behind])
        end = behind
        while end < len(self.cells) and self._is_value(end):
            end += 1
        values = self.cells[behind:end]
        paths = self.vocabulary.total_leaves
        if len(values) == 2:
            for path, cell in zip(paths, values, strict=True):
                self.draft.put(path, [whole(cell)])
        else:
            for number, path in enumerate(paths):
                self.draft.put(path, [whole(values[number])] if number < len(values) else [])
                self.draft.doubt(path, "total.cells", "the line of totals does not hold two figures")
        read_footer(self.cells[end:], self.draft)


_MONEY = frozenset({"initial_budget", "annual_budget", "executed"})
