"""A story printed on paper: the choice of page, font and setting, and the printed pages."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from random import Random

from samples.content import Segments, label
from samples.files.columns import TooNarrow, boundaries, merged_grid
from samples.files.fonts import Face, choose_face, face_width
from samples.files.lattice import lattice_of
from samples.files.printing import Line, Paper, PrintedPage, Printer, Type, draw_type
from samples.files.story import Story
from samples.grid import Grid

__all__ = ["Print", "print_story"]

_A4, _A3 = (595.28, 841.89), (841.89, 1190.55)
_SMALLEST = 7.5
_SIZES = (7.5, 8.0, 8.0, 9.0, 9.0, 9.0, 10.0, 10.5, 12.0)


@dataclass(slots=True)
class Print:
    """Printed pages with what is needed to draw them."""

    pages: list[PrintedPage]
    face: Face
    type: Type


@dataclass(slots=True)
class _Habits:
    """What is the same for all forms of a document and is not a matter of type."""

    own_money: float
    title_size: float
    bold: bool
    year_beside: bool
    spread: bool
    new_page: bool
    """Every form begins a page; else one begins behind the one before if a third of the page is left."""
    page_number: str


def print_story(story: Story, seed: int, *, embedded: bool) -> Print:
    """Print a story; `embedded` if the file is to carry the font.

    Half of the authors choose a smaller type or turn the page where that keeps a form on one page.
    """
    rng = Random(f"paper {seed}")
    face = choose_face(rng, story.characters(), embedded=embedded)
    size = rng.choice(_SIZES)
    way = rng.random()
    kind = draw_type(rng, size=size)
    habits = _Habits(
        own_money=0.4,
        title_size=rng.choice((1.4, 1.6, 1.8, 2.0)),
        bold=rng.random() < 0.5,
        year_beside=rng.random() < 0.15,
        spread=rng.random() < 0.6,
        new_page=rng.random() < 0.65,
        page_number=rng.choice(("", "", "{}", "- {} -", "第{}页")),
    )
    margins = (rng.choice((28, 36, 45, 54, 62)), rng.choice((36, 50, 62, 72)))
    orders = {
        True: ("portrait", "landscape") if way < 0.6 else ("landscape", "portrait"),
        False: ("double", "portrait", "landscape"),
    }[way >= 0.06]
    on_one = rng.random() < 0.5
    state = rng.getstate()
    found: Print | None = None
    while size >= (_SMALLEST if found else 5):
        for order in orders:
            for own_money in (habits.own_money, 0.0):
                rng.setstate(state)
                sized = replace(kind, size=size)
                try:
                    pages = _print(story, rng, _paper(order, margins), sized, habits, face, own_money)
                except TooNarrow:
                    continue
                if not on_one or max(_lengths(pages)) == 1:
                    return Print(pages, face, sized)
                found = found or Print(pages, face, sized)
                break
        size -= 0.5
    if found is None:
        raise TooNarrow("the form fits on no page")
    return found


def _lengths(pages: list[PrintedPage]) -> list[int]:
    """On how many pages each form stands."""
    counts = Counter(form for page in pages for form in {cell.form for cell in page.cells})
    return list(counts.values())


def _paper(order: str, margins: tuple[float, float]) -> Paper:
    side, end = margins
    if order == "double":
        return Paper(_A3[1], _A3[0], side * 0.8, side * 0.8, end, end, halves=True)
    width, height = _A4 if order == "portrait" else (_A4[1], _A4[0])
    return Paper(width, height, side, side, end, end)


def _print(
    story: Story, rng: Random, paper: Paper, kind: Type, habits: _Habits, face: Face, own_money: float
) -> list[PrintedPage]:
    printer = Printer(paper, kind, partial(face_width, face))
    if story.report:
        printer.text(label(story.title), size=kind.size * habits.title_size, align="centre", bold=habits.bold)
        printer.space(kind.size)
        for paragraph in story.report:
            printer.text(label(paragraph), size=min(kind.size + 1, 12))
    for place, grid in enumerate(story.grids):
        printer.form = place
        if not printer.pages or habits.new_page or paper.halves or printer.room < printer.full / 3:
            printer.advance()
        else:
            printer.space(2.5 * kind.size)
        if story.annexes[place]:
            printer.text(label(story.annexes[place]))
        _print_form(printer, grid, rng, kind, habits, rng.random() < own_money)
        if story.notes:
            printer.space(kind.size / 2)
            printer.text(label(story.notes), size=kind.size - 0.5)
    if habits.page_number:
        _number(printer, habits.page_number, rng.choice((1, 1, 3, 17)))
    return printer.pages


def _print_form(printer: Printer, grid: Grid, rng: Random, kind: Type, habits: _Habits, own_money: bool) -> None:
    big = kind.size * habits.title_size
    if habits.year_beside:
        printer.text((*grid.title, *grid.year), size=big, align="centre", bold=habits.bold)
    else:
        printer.text(grid.title, size=big, align="centre", bold=habits.bold)
        printer.text(grid.year, align="centre")
    printer.space(kind.size * 0.6)
    lattice = lattice_of(rng, grid, own_money=own_money)
    borders = boundaries(
        rng, lattice, printer.paper.inner / kind.size, printer.measure, padding=kind.padding, kinsoku=kind.kinsoku
    )
    printer.table(lattice, borders, merged_grid(borders))
    printer.space(kind.size * 0.6)
    if grid.grade:
        printer.text(grid.grade)
    if grid.footer:
        footer: list[Segments] = list(grid.footer)
        printer.items(footer, spread=habits.spread)


def _number(printer: Printer, form: str, first: int) -> None:
    """Page numbers in the middle of the bottom margin."""
    size = 9.0
    for number, page in enumerate(printer.pages, first):
        text = form.format(number)
        x = (page.width - printer.measure(text) * size) / 2
        page.lines.append(Line(x, page.height - printer.paper.bottom / 2, text, size))
