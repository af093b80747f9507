"""The panes beside the question: the queue by document, and the source around the cell in question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from pipeline.review.app.layout import Part, Row, fit, lay_out
from pipeline.review.excerpt import printable
from pipeline.review.question import Line, Piece, Question
from pipeline.review.session import Group

__all__ = ["Pane", "QueuePane", "SourcePane"]

_PAGE = 50
"""Documents that are fetched at once."""
_MOST_LINES = 400
"""Rows of a source that are laid out around the one in question; a form has some 50."""
_MARK = "▸ "
_MARK_ROW = "│ "
_OUTSIDE = "┊ "
"""Before what stands before and behind the form."""

_BOLD = Style(bold=True)
_FOCUS = Style(bold=True, reverse=True)
_CHOSEN = Style(bold=True, underline=True, reverse=True)
_DIM = Style(dim=True)


class Pane(ScrollView, can_focus=True):
    """A list that draws only what can be seen. A key that means nothing in it belongs to the question."""

    def __init__(self, other_key: Callable[[events.Key], bool], *, id: str) -> None:
        super().__init__(id=id)
        self._other_key = other_key

    async def _on_key(self, event: events.Key) -> None:
        if self._other_key(event):
            event.stop()
            event.prevent_default()


class QueuePane(Pane):
    """The queue by document with its reasons; only what can be seen is fetched. Enter goes to a document."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "move(-1000000000)", show=False),
        Binding("end", "move(1000000000)", show=False),
        Binding("enter", "go", show=False),
        Binding("escape", "leave", show=False),
    ]
    _HEIGHT = 2

    cursor = reactive(0)

    def __init__(
        self,
        fetch: Callable[[int, int], Sequence[Group]],
        chosen: Callable[[Group | None], None],
        other_key: Callable[[events.Key], bool],
        *,
        id: str,
    ) -> None:
        super().__init__(other_key, id=id)
        self._fetch = fetch
        self._chosen = chosen
        self._pages: dict[int, Sequence[Group]] = {}
        self._documents = 0
        self._current = ""

    def show(self, documents: int, current: str) -> None:
        """The queue has changed: it has that many documents, and the question is about the one with this hash."""
        self._pages.clear()
        self._documents = documents
        self._current = current
        self.cursor = min(self.cursor, max(documents - 1, 0))
        self.virtual_size = Size(self.scrollable_content_region.width, documents * self._HEIGHT)
        self.refresh()

    def group(self, index: int) -> Group | None:
        """The document at that place of the queue."""
        if not 0 <= index < self._documents:
            return None
        page, place = divmod(index, _PAGE)
        if page not in self._pages:
            self._pages[page] = self._fetch(page * _PAGE, _PAGE)
        return self._pages[page][place] if place < len(self._pages[page]) else None

    def render_line(self, y: int) -> Strip:
        """A row of the list: the document with its count, or its reasons."""
        index, part = divmod(y + self.scroll_offset.y, self._HEIGHT)
        width = self.size.width
        group = self.group(index)
        base = self.rich_style
        if group is None:
            return Strip.blank(width, base)
        current = group.sha256 == self._current
        at_cursor = self.has_focus and index == self.cursor
        style = base + (_FOCUS if at_cursor else _BOLD if current and not part else Style())
        if part:
            reasons = "  ".join(f"{code} {count:,}" for code, count in group.reasons.items())
            return Strip([Segment(fit(f"   {reasons}", width), style if at_cursor else base + _DIM)], width)
        count = f" {group.items:,}"
        mark = "▸ " if current else "  "
        name = fit(mark + printable(group.document), max(width - len(count), 0))
        return Strip([Segment(fit(name + count, width), style)], width)

    def watch_cursor(self) -> None:
        """Keep the cursor in sight."""
        top = self.cursor * self._HEIGHT
        height = self.scrollable_content_region.height
        if top < self.scroll_offset.y:
            self.scroll_to(y=top, animate=False)
        elif top + self._HEIGHT > self.scroll_offset.y + height:
            self.scroll_to(y=top + self._HEIGHT - height, animate=False)
        self.refresh()

    def action_move(self, step: int) -> None:
        """Move the cursor."""
        self.cursor = min(max(self.cursor + step, 0), max(self._documents - 1, 0))

    def action_page(self, step: int) -> None:
        """Move the cursor by a page."""
        self.action_move(step * max(self.size.height // self._HEIGHT - 1, 1))

    def action_go(self) -> None:
        """Go to the document at the cursor."""
        if (group := self.group(self.cursor)) is not None:
            self._chosen(group)

    def action_leave(self) -> None:
        """Back to the question."""
        self._chosen(None)


class SourcePane(Pane):
    """The rows of the section; the one in question in the middle, its cell marked. A cell of it can be chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "line(-1)", show=False),
        Binding("down", "line(1)", show=False),
        Binding("left", "cell(-1)", show=False),
        Binding("right", "cell(1)", show=False),
        Binding("enter", "take", show=False),
        Binding("escape", "leave", show=False),
    ]

    def __init__(self, taken: Callable[[int], None], other_key: Callable[[events.Key], bool], *, id: str) -> None:
        """`taken` is called with the cell that was chosen, 0 where the choice was given up."""
        super().__init__(other_key, id=id)
        self._taken = taken
        self._lines: Sequence[Line] = ()
        self._rows: list[Row] = []
        self._first = 0
        self._focus = 0
        self._laid_out = 0
        self._masked = False
        self._cell: tuple[int, int] | None = None

    def show(self, question: Question | None, *, masked: bool) -> None:
        """Show the source of a question; `masked` keeps back the value."""
        lines = question.lines if question is not None else ()
        focus = question.focus if question is not None else 0
        self._first = max(0, focus - _MOST_LINES // 2) if len(lines) > _MOST_LINES else 0
        self._lines = lines[self._first : self._first + _MOST_LINES]
        self._focus = focus - self._first
        self._cell = None
        self._masked = masked
        self._lay_out()
        self.centre()

    def mask(self, masked: bool) -> None:
        """Keep the value back, or do not any more."""
        if masked is not self._masked:
            self._masked = masked
            self._lay_out()

    @property
    def choosing(self) -> bool:
        """Is a cell being chosen?"""
        return self._cell is not None

    def choose(self) -> None:
        """Let a cell be chosen, beginning at the row in question."""
        if any(line.pieces for line in self._lines):
            self._cell = (min(self._focus, len(self._lines) - 1), 0)
            self.focus()
            self.refresh()

    def centre(self) -> None:
        """Scroll so that the row in question is in the middle."""
        self._scroll_to_line(self._focus)

    def render_line(self, y: int) -> Strip:
        """A row of the screen."""
        index = y + self.scroll_offset.y
        width = self.size.width
        base = self.rich_style
        if not 0 <= index < len(self._rows):
            return Strip.blank(width, base)
        row = self._rows[index]
        here = row.line == self._focus
        outside = self._lines[row.line].outside
        mark = (_MARK if row.first else _MARK_ROW) if here else _OUTSIDE if outside else "  "
        segments = [Segment(mark, base + _BOLD), *(self._segment(row, part, base) for part in row.parts)]
        return Strip(segments).adjust_cell_length(width, base)

    def on_resize(self) -> None:
        """Lay the rows out anew where the width has changed; what is asked about stays in the middle."""
        if self._laid_out != self._width:
            self._lay_out()
        self.call_after_refresh(self.centre)

    def action_line(self, step: int) -> None:
        """A line up or down: of the screen, or of the source where a cell is chosen."""
        if self._cell is None:
            self.scroll_relative(y=step, animate=False)
            return
        line, _ = self._cell
        filled = [number for number, each in enumerate(self._lines) if each.pieces]
        behind = [number for number in filled if number > line] if step > 0 else [n for n in filled if n < line][::-1]
        if behind:
            self._cell = (behind[0], 0)
            self._scroll_to_line(behind[0])
            self.refresh()

    def action_cell(self, step: int) -> None:
        """To the next cell of the line, or the one before."""
        if self._cell is not None:
            line, place = self._cell
            self._cell = (line, min(max(place + step, 0), len(self._lines[line].pieces) - 1))
            self.refresh()

    def action_take(self) -> None:
        """Take the chosen cell."""
        piece = self._piece
        self._cell = None
        self.refresh()
        self._taken(piece.cell if piece is not None else 0)

    def action_leave(self) -> None:
        """Give up the choice, or leave the pane."""
        self._cell = None
        self.refresh()
        self._taken(0)

    @property
    def _piece(self) -> Piece | None:
        if self._cell is None:
            return None
        line, place = self._cell
        pieces = self._lines[line].pieces
        return pieces[place] if place < len(pieces) else None

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    def _lay_out(self) -> None:
        self._laid_out = self._width
        self._rows = lay_out(self._lines, self._laid_out - cell_len(_MARK), masked=self._masked)
        self.virtual_size = Size(self._laid_out, len(self._rows))
        self.refresh()

    def _scroll_to_line(self, line: int) -> None:
        places = [place for place, row in enumerate(self._rows) if row.line == line]
        if places:
            height = self.scrollable_content_region.height
            middle = (places[0] + min(places[-1], places[0] + height)) // 2
            self.scroll_to(y=max(0, middle - height // 2), animate=False)

    def _segment(self, row: Row, part: Part, base: Style) -> Segment:
        piece = part.piece
        if piece is not None and piece is self._piece:
            return Segment(part.text, base + _CHOSEN)
        if piece is not None and piece.focus:
            return Segment(part.text, base + _FOCUS)
        if piece is not None and (piece.row or row.line == self._focus):
            return Segment(part.text, base + _BOLD)
        return Segment(part.text, base + (_DIM if piece is None or self._lines[row.line].outside else Style()))
