"""Made-up forms as the readers see them: the document, the truth about it, and readings that are changed on purpose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

from benchmarks.modelserver.answers import answer_of
from benchmarks.modelserver.truth import true_reading
from pipeline.forms import form_types
from pipeline.ingest.limits import Limits
from pipeline.lines import form_line
from pipeline.readers.llm.reader import read_answer
from pipeline.readers.table import read as read_table
from pipeline.reading import Part, Reading, Ref, RefKind
from pipeline.segment import segment
from pipeline.settle import settle
from pipeline.source import Cell, Document, Layout, Origin, Section, SectionKind, Span
from pipeline.work import installed_engine
from samples.generate import Made, make_form
from tests import made_tables

FORM_TYPE = form_types()[0]


class ReadForm(NamedTuple):
    """A form with the truth about it, and what the table reader makes of it."""

    made: Made
    document: Document
    section: Section
    truth: Reading
    table: Reading


@cache
def read_form(
    shape: str, seed: int, *, rows: int | None = None, template: str | None = None, defect: str | None = None
) -> ReadForm:
    made = make_form(seed, shape, rows=rows, template=template, defect=defect)
    document = installed_engine().ingest("form.txt", "form.txt", [made.text.encode()], Limits())
    assert isinstance(document, Document)
    [section] = [section for section in segment(document, (FORM_TYPE,)) if section.form_type]
    truth = true_reading(document, section, FORM_TYPE, made)
    return ReadForm(made, document, section, truth, read_table(document, section, FORM_TYPE))


class Ruled(NamedTuple):
    """The made-up ruled form of `made_tables`, which the table reader reads without a doubt."""

    document: Document
    section: Section
    table: Reading

    def cell(self, text: str, nth: int = 0) -> Cell:
        """The cell with that text."""
        return [cell for cell in self.document.cells if cell.text == text][nth]

    def at(self, text: str, nth: int = 0) -> Ref:
        """A reference to all of it."""
        cell = self.cell(text, nth)
        return Ref(RefKind.AT, (Part(cell.id, 0, len(cell.text)),))

    def line(self, *readings: Reading) -> dict[str, Any]:
        """The export line that these readings make."""
        [settled] = settle(self.document, [(self.section, FORM_TYPE, readings)])
        return form_line(self.document, settled)

    def answer(self, reading: Reading | None = None) -> dict[str, Any]:
        """The answer by reference to which a reading belongs."""
        return answer_of(self.document, self.section, FORM_TYPE, reading or self.table)

    def read(self, answer: Mapping[str, Any]) -> Reading:
        """The reading of a model that answers so."""
        return read_answer(self.document, self.section, FORM_TYPE, answer)

    def model(self, reading: Reading | None = None) -> Reading:
        """The reading of a model that reads the same."""
        return self.read(self.answer(reading))


def ruled(
    rows: Sequence[made_tables.Row] = made_tables.ROWS,
    *,
    head: Sequence[made_tables.Row] = made_tables.HEAD,
    foot: Sequence[made_tables.Block] = made_tables.FOOT,
    origin: Origin = Origin.DIGITAL,
) -> Ruled:
    """A form with real walls; `rows` are those of the indicator table."""
    blocks = (*made_tables.TITLE, (*head, made_tables.HEADS, *rows, *made_tables.TOTAL), *foot)
    document = made_tables.document(made_tables.page(1, *blocks), origin=origin)
    [section] = [section for section in segment(document, (FORM_TYPE,)) if section.form_type]
    return Ruled(document, section, read_table(document, section, FORM_TYPE))


def only_a_heading() -> Ruled:
    """The same form with a row, the fourth of five, that holds a heading and nothing else."""
    *rows, third, last = made_tables.ROWS
    heading = ("", "生态效益指标", "", "", "", "", "", "")
    return ruled((*rows, ("", ("效益指标", 1, 2), *third[2:]), heading, last))


def lines_document(*rows: Sequence[str]) -> tuple[Document, Section]:
    """A document of lines of text, cut into cells as they are given, all of which is one form."""
    cells: list[Cell] = []
    text = ""
    for row, texts in enumerate(rows):
        for column, each in enumerate(texts):
            span = Span(len(text), len(text) + len(each))
            cells.append(Cell(len(cells) + 1, each, span, row, column, Layout.LINES))
            text += each + ("\n" if column == len(texts) - 1 else " ")
    document = Document("a.txt", "a.txt", "0" * 64, Origin.DIGITAL, text, tuple(cells))
    return document, Section(SectionKind.FORM, FORM_TYPE.name, 1, Span(0, len(text)), 0, len(cells))


def changed(reading: Reading, leaves: Mapping[str, Ref], **more: Any) -> Reading:
    """A reading with other references at some leaves."""
    return replace(reading, leaves={**reading.leaves, **leaves}, **more)


def in_review(line: Mapping[str, Any]) -> set[str]:
    """The leaves of an export line that are in review."""
    return {path for path, state in line["states"].items() if state == "review"}


def reasons(line: Mapping[str, Any]) -> dict[str, list[str]]:
    """Review entries with their reason codes."""
    return {entry["path"]: entry["reasons"] for entry in line["review"]}
