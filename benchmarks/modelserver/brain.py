"""What the misbehaving model answers: the truth about made-up forms, made wrong as a profile wants it.

A form is known by the cells that a request shows. Whole forms, heads, rows and single leaves are asked for as
`pipeline.readers.llm.prompt` asks; each is answered by reference or by quotes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any, NamedTuple

from benchmarks.modelserver.answers import Writer
from benchmarks.modelserver.errors import Change, Profile, changes, misread, plan, row_order
from benchmarks.modelserver.mistakes import Error, row_of
from benchmarks.modelserver.truth import true_reading
from pipeline.forms import FormType
from pipeline.ingest import ingest
from pipeline.ingest.limits import Limits
from pipeline.readers.llm.cells import Numbered, number_cells
from pipeline.readers.llm.prompt import Asking, Question, prompt_text, request_for
from pipeline.readers.llm.wire import ABOVE, BLANK, Shape, layout_of
from pipeline.reading import Reading, Ref
from pipeline.segment import segment
from pipeline.source import Document, Section
from samples.generate import Made, MadeDocument

__all__ = ["Brain", "Injected"]

_HEADINGS = ("level1", "level2")
_ONCE = ("weight", "score")


class Injected(NamedTuple):
    """An error in an answer: to which form, the model and question and how often it was asked before, and what it
    touches."""

    form: str
    asked: str
    kind: str
    persistent: bool
    changes: tuple[Change, ...]


class Brain:
    """Answers requests about the forms that it has learnt; to anything else it says `{}`.

    Called with the body of a request and how often it was asked before; gives the text of the answer.
    """

    def __init__(self, form_type: FormType, profile: Profile | None = None) -> None:
        self._form_type = form_type
        self._profile = profile
        self._forms: dict[bytes, tuple[_Form, bool]] = {}
        self._parts = _Parts(form_type)
        self._made: list[tuple[_Form, str, list[Error], Error]] = []

    def __len__(self) -> int:
        return len(self._forms) // 2

    def learn(self, name: str, made: MadeDocument) -> int:
        """Learn the forms of a document; returns how many.

        None, where ingest takes it apart otherwise than it was made, for then it is not known which form is which.
        """
        document = ingest(f"{name}.txt", name, [made.text.encode()], Limits())
        assert isinstance(document, Document)
        sections = [section for section in segment(document, (self._form_type,)) if section.form_type]
        if len(sections) != len(made.forms):
            return 0
        for number, (section, form) in enumerate(zip(sections, made.forms, strict=True), 1):
            self._learn(f"{name}-{number:02d}", document, section, form)
        return len(sections)

    def _learn(self, name: str, document: Document, section: Section, made: Made) -> None:
        form = _Form(name, self._form_type, document, section, true_reading(document, section, self._form_type, made))
        form.writer.answer(form.truth)  # what is written once is not worked out again while a client waits
        for quotes in (False, True):
            self._forms[_digest(form.shown(quotes=quotes))] = form, quotes

    def __call__(self, body: Mapping[str, Any], asked_before: int) -> str:
        user = next((each["content"] for each in body.get("messages", ()) if each.get("role") == "user"), "")
        part, _, cells = str(user).rpartition("\n\n")
        known = self._forms.get(_digest(cells))
        if known is None:
            return "{}"
        form, quotes = known
        if self._profile is None:
            errors: list[Error] = []
        else:
            asked = f"{body.get('model', '')}|{part}|{asked_before}"
            errors = form.plan(self._profile, str(body.get("model", "")), asked, quotes=quotes)
            self._made += [(form, asked, errors, error) for error in errors]
        answer = form.answer(self._parts.question(part), errors, quotes=quotes)
        return json.dumps(answer, ensure_ascii=False, separators=(",", ":"))

    def injected(self) -> Iterator[Injected]:
        """Every error made so far, also those in rows or leaves that were not asked for."""
        for form, asked, errors, error in self._made:
            touched = changes(form.document, self._form_type, form.truth, errors, error)
            yield Injected(form.name, asked, error.kind, error.persistent, tuple(touched))


def _digest(cells: str) -> bytes:
    return blake2b(cells.encode("utf-8", "replace"), digest_size=16).digest()


class _Parts:
    """Reads the sentences that ask for a part of a form."""

    def __init__(self, form_type: FormType) -> None:
        chapters = dict(re.findall(r"^# Part (\w+)\n+(.+?)\n*(?=^# |\Z)", prompt_text(form_type.name), re.M | re.S))
        self._head = chapters["head"]
        self._rows = _form_of(chapters["rows"], first=r"\[(?P<first>\d+)\]", last=r"\[(?P<last>\d+)\]")
        self._leaves = _form_of(chapters["leaves"], leaves="(?P<leaves>.*?)")

    def question(self, part: str) -> Question:
        """What is asked for; without such a sentence the whole form."""
        if part == self._head:
            return Question(Shape.HEAD)
        if found := self._rows.fullmatch(part):
            return Question(Shape.ROWS, int(found["first"]), int(found["last"]))
        if found := self._leaves.fullmatch(part):
            return Question(Shape.LEAVES, leaves=tuple(found["leaves"].split("; ")))
        return Question()


def _form_of(chapter: str, **fields: str) -> re.Pattern[str]:
    pattern = re.escape(chapter)
    for name, form in fields.items():
        pattern = pattern.replace(re.escape(f"{{{name}}}"), form)
    return re.compile(pattern, re.S)


@dataclass(eq=False)
class _Form:
    """A form with the truth about it."""

    name: str
    form_type: FormType
    document: Document
    section: Section
    truth: Reading

    def __post_init__(self) -> None:
        self.layout = layout_of(self.form_type)

    @cached_property
    def numbered(self) -> Numbered:
        """The cells as they are shown."""
        return number_cells(self.section.cells(self.document))

    @cached_property
    def writer(self) -> Writer:
        """Writes answers about this form."""
        return Writer(self.section.cells(self.document), self.form_type)

    @cached_property
    def begins(self) -> list[tuple[int, int]]:
        """The number of the cell in which each row of the truth begins, and the row; in order.

        A row that holds nothing but a heading begins with that.
        """
        numbers = {cell.id: number for number, cell in enumerate(self.numbered.cells, 1)}
        own = [column for column in self.layout.row if column not in _HEADINGS]
        found = []
        for row in range(self.truth.rows):
            for columns in (own, *([column] for column in reversed(_HEADINGS))):
                refs = [self.truth.leaves[self._path(row, column)] for column in columns]
                cells = [numbers[part.cell] for ref in refs for part in ref.parts if part.cell in numbers]
                if cells:
                    found.append((min(cells), row))
                    break
        return sorted(found)

    def _path(self, row: int, column: str) -> str:
        return f"{self.layout.table}[{row}].{column}"

    def shown(self, *, quotes: bool) -> str:
        """The cells as a request shows them."""
        if not quotes:
            return self.numbered.text()
        request = request_for(self.form_type, "", self.numbered, Question(), Asking("", mode="text", quotes=True))
        text: str = json.loads(request.body)["messages"][-1]["content"]
        return text

    def plan(self, profile: Profile, model: str, asked: str, *, quotes: bool) -> list[Error]:
        """The errors of a model that is asked about this form."""
        return plan(
            self.document, self.section, self.form_type, self.truth, profile,
            form=f"{model}|{self.name}", asked=asked, quotes=quotes,
        )  # fmt: skip

    def answer(self, question: Question, errors: Sequence[Error], *, quotes: bool) -> dict[str, Any]:
        """The answer to a question with these errors in it."""
        reading = misread(self.truth, errors) if errors else self.truth
        order = row_order(self.truth.rows, errors)
        if question.shape == Shape.LEAVES:
            write = self.writer.quote if quotes else self.writer.reference
            return {"leaves": [self._leaf(leaf, reading, order, write) for leaf in question.leaves]}
        answer = self.writer.quoted(reading) if quotes else self.writer.answer(reading)
        if question.shape == Shape.HEAD:
            del answer[self.layout.table]
        elif question.shape == Shape.ROWS:
            return {self.layout.table: self._rows(question, answer[self.layout.table], reading, order)}
        return answer

    def _leaf(self, leaf: str, reading: Reading, order: Sequence[int], write: Callable[[Ref], str]) -> str:
        """One leaf; its row, if it has one, is called by the number of the cell in which it begins."""
        path = leaf
        row = row_of(leaf)
        if row is not None:
            found = self._row(row)
            if found is None:
                return BLANK
            column = leaf.rsplit(".", 1)[1]
            if found not in order:
                # Asked about expressly, the model reads a row that it left out when it was asked about the form.
                return write(self.truth.leaves[self._path(found, column)])
            path = self._path(order.index(found), column)
            covered = {each for first, last in reading.merged for each in range(first + 1, last)}
            if column in _ONCE and order.index(found) in covered:
                return ABOVE
        ref = reading.leaves.get(path)
        return BLANK if ref is None else write(ref)

    def _row(self, number: int) -> int | None:
        """The row that begins in the cell of that number, or else the last that begins before it."""
        return next((row for begin, row in reversed(self.begins) if begin <= number), None)

    def _rows(self, question: Question, rows: list[Any], reading: Reading, order: Sequence[int]) -> list[Any]:
        """The rows that begin between two cells; the first of them has its headings, whatever stands above it."""
        wanted = {row for begin, row in self.begins if question.first <= begin <= question.last}
        places = [place for place, row in enumerate(order) if row in wanted]
        found = [rows[place] for place in places]
        if found and isinstance(found[0], list):
            refs = [reading.leaves[self._path(places[0], column)] for column in self.layout.row]
            found[0] = [
                self.writer.reference(ref) if text == ABOVE and column in _HEADINGS else text
                for text, column, ref in zip(found[0], self.layout.row, refs, strict=True)
            ]
        return found
