"""From answers to a reading: parts are joined, references resolved, and every other character accounted for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.forms import FormType, pattern
from pipeline.geometry import HEADINGS
from pipeline.model.request import Request
from pipeline.readers import LLM
from pipeline.readers.draft import Draft, label_of
from pipeline.readers.llm.cells import Numbered, number_cells
from pipeline.readers.llm.labels import claim_labels
from pipeline.readers.llm.prompt import Asking, Question, request_for
from pipeline.readers.llm.quotes import quoted
from pipeline.readers.llm.references import Miss, resolve
from pipeline.readers.llm.wire import ABOVE, ABSENT, BLANK, Shape, in_order, layout_of
from pipeline.readers.parts import split_heading
from pipeline.reading import Part, Reading, Ref, RefKind
from pipeline.source import Document, Section

__all__ = ["NAME", "Asked", "Known", "ask", "ask_leaves", "read_answer", "read_leaves"]

NAME = LLM


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a request: its answer; that it was `cut` at the output limit; or the `problem` there was."""

    text: str = ""
    cut: bool = False
    problem: str = ""


@dataclass(slots=True)
class Asked:
    """Where asking about a section has come to: `missing` requests, or a `problem`, or, with neither, the `answer`.

    `numbered` are the cells that were shown.
    """

    numbered: Numbered
    missing: list[Request] = field(default_factory=list)
    problem: str = ""
    answer: dict[str, Any] = field(default_factory=dict)


def ask(
    document: Document,
    section: Section,
    form_type: FormType,
    digest: str,
    asking: Asking,
    known: Mapping[str, Known],
) -> Asked:
    """What has to be asked yet about a section, given what is known; the joined answer where all of it is.

    An answer that was cut at the output limit is asked for again in parts: the head, and the rows in halves, down to
    single lines. One that quotes cannot be: its cells have no numbers by which the rows of a part could be called.
    """
    numbered = number_cells(section.cells(document))
    asked = Asked(numbered)
    if not numbered.cells:
        asked.problem = "model.nothing"
        return asked

    def answer_to(question: Question) -> dict[str, Any] | None:
        request = request_for(form_type, digest, numbered, question, asking)
        found = known.get(request.key)
        if found is None:
            asked.missing.append(request)
            return None
        if found.problem:
            asked.problem = asked.problem or found.problem
            return None
        if not found.cut:
            answer: dict[str, Any] = json.loads(found.text)
            return answer
        parts = [] if asking.quotes else _split(form_type, question, numbered)
        if not parts:
            asked.problem = asked.problem or "model.truncated"
            return None
        answers = [(part, answer_to(part)) for part in parts]
        return _join(form_type, numbered, [(part, answer) for part, answer in answers if answer is not None])

    asked.answer = answer_to(Question()) or {}
    return asked


def ask_leaves(
    document: Document,
    section: Section,
    form_type: FormType,
    digest: str,
    asking: Asking,
    known: Mapping[str, Known],
    leaves: Mapping[str, int],
) -> Asked:
    """What has to be asked about single leaves, each with the cell that its row begins in, 0 for a leaf of its own."""
    numbered = number_cells(section.cells(document))
    numbers = {cell.id: number for number, cell in enumerate(numbered.cells, 1)}
    told = []
    for path, cell in leaves.items():
        name = pattern(path).replace("[]", "")
        told.append(f"{name} of the row that begins in [{numbers[cell]}]" if cell in numbers else name)
    asked = Asked(numbered)
    request = request_for(form_type, digest, numbered, Question(Shape.LEAVES, leaves=tuple(told)), asking)
    found = known.get(request.key)
    if found is None:
        asked.missing.append(request)
    elif found.cut or found.problem:
        asked.problem = found.problem or "model.truncated"
    else:
        asked.answer = json.loads(found.text)
    return asked


def read_leaves(
    document: Document,
    section: Section,
    form_type: FormType,
    answer: Mapping[str, Any],
    leaves: Sequence[str],
    model: str,
) -> Reading:
    """The reading of single leaves that another model's answer makes; it holds no others.

    An answer of another length says of no leaf which it means, and makes a reading of none.
    """
    numbered = number_cells(section.cells(document))
    draft = Draft(form_type, section.cells(document))
    single = _Answer(draft, lambda path, text: resolve(text, numbered.cells))
    texts = answer["leaves"]
    for path, text in zip(leaves, texts, strict=True) if len(texts) == len(leaves) else ():
        single.put(path, text)
    return Reading(f"{NAME}:{model}", "", 0, draft.leaves, tuple(draft.doubts))


def _split(form_type: FormType, question: Question, numbered: Numbered) -> list[Question]:
    """The parts of a question whose answer is too long; none where it cannot be split.

    The rows are halved between lines; in a form that is printed on one line, between cells.
    """
    if question.shape == Shape.WHOLE:
        first, last = 1, len(numbered.cells)
    elif question.shape == Shape.ROWS:
        first, last = question.first, question.last
    else:
        return []
    lines = [within for line in numbered.lines if (within := [n for n in line if first <= n <= last])]
    begins = [line[0] for line in lines]
    if len(lines) == 1 and len(lines[0]) >= 2 * len(layout_of(form_type).row):
        begins = lines[0]
    if len(begins) < 2:
        return []
    middle = begins[len(begins) // 2]
    rows = [Question(Shape.ROWS, first, middle - 1), Question(Shape.ROWS, middle, last)]
    return [Question(Shape.HEAD), *rows] if question.shape == Shape.WHOLE else rows


def _join(
    form_type: FormType, numbered: Numbered, answers: Sequence[tuple[Question, dict[str, Any]]]
) -> dict[str, Any]:
    """One answer out of those to its parts.

    A row that begins outside the lines of a part belongs to another part, and is left out where that has it.
    """
    table = layout_of(form_type).table
    joined: dict[str, Any] = {}
    placed: list[tuple[list[str], int | None, bool]] = []
    for part, answer in answers:
        for row in _spelled_out(answer.get(table, []), _heading_count(form_type)):
            begin = _begins(form_type, row, numbered)
            placed.append((row, begin, begin is None or part.first <= begin <= part.last))
        joined |= answer
    known = {begin for _, begin, inside in placed if inside}
    joined[table] = [row for row, begin, inside in placed if inside or begin not in known]
    return joined


def _spelled_out(rows: Sequence[Sequence[str]], headings: int) -> list[list[str]]:
    """Rows in which a heading that goes on is named again: the row above may belong to another part."""
    out: list[list[str]] = []
    for row in rows:
        above = out[-1] if out else row
        carried = [up if text == ABOVE else text for text, up in zip(row[:headings], above, strict=False)]
        out.append([*carried, *row[headings:]])
    return out


def _begins(form_type: FormType, row: Sequence[str], numbered: Numbered) -> int | None:
    """Number of the first cell of a row that is no heading carried down; None where it names none."""
    headings = _heading_count(form_type)
    ids = {cell.id: number for number, cell in enumerate(numbered.cells, 1)}
    found = [resolve(text, numbered.cells) for text in row[headings:]]
    return min((ids[parts[0].cell] for parts in found if isinstance(parts, tuple)), default=None)


def _heading_count(form_type: FormType) -> int:
    """How many columns of the table hold headings that are carried down."""
    return sum(column in HEADINGS for column in layout_of(form_type).row)


_ONCE = ("weight", "score")
_Resolver = Callable[[str, str], "tuple[Part, ...] | Miss"]
"""From the path of a leaf and what was answered for it to its place."""


def read_answer(
    document: Document,
    section: Section,
    form_type: FormType,
    answer: Mapping[str, Any],
    *,
    quotes: bool = False,
    numbered: Numbered | None = None,
) -> Reading:
    """The reading that an answer to a whole section makes; `numbered` are its cells as shown, if they are at hand."""
    cells = section.cells(document)
    numbered = numbered or number_cells(cells)
    if quotes:
        resolver: _Resolver = quoted(numbered.cells, form_type)
    else:
        resolver = lambda path, text: resolve(text, numbered.cells)  # noqa: E731
    draft = Draft(form_type, cells)
    _Answer(draft, resolver).take(in_order(form_type, answer) if quotes else answer)
    claim_labels(draft, numbered.cells)
    return draft.finish(NAME, "unfamiliar")


class _Answer:
    """Puts what an answer names into a draft."""

    def __init__(self, draft: Draft, resolver: _Resolver) -> None:
        self.draft = draft
        self.layout = layout_of(draft.form_type)
        self._resolve = resolver
        self._carried: dict[str, str] = {}
        """What was last said of each column of headings."""

    def take(self, answer: Mapping[str, Any]) -> None:
        """Put all of it, in the order of the record."""
        for name in self.layout.order:
            if name in self.layout.lines:
                for line, columns in self.layout.lines[name].items():
                    texts = answer.get(name, {}).get(line, [])
                    for column, text in self._in_columns(f"{name}.{line}", columns, texts):
                        self.put(f"{name}.{line}.{column}", text)
            elif name == self.layout.table:
                self._rows(answer.get(name, []))
            elif name == self.layout.subtotals:
                for pair in answer.get(name, []):
                    self._subtotal(pair)
            else:
                self.put(name, answer.get(name, ""))

    def _rows(self, rows: Sequence[Sequence[str]]) -> None:
        self.draft.rows = len(rows)
        for number, row in enumerate(rows):
            self._row(number, row)
        self._doubt_blank_rows()
        self._merge(rows)

    def _in_columns(self, path: str, columns: Sequence[str], texts: Sequence[str]) -> list[tuple[str, str]]:
        if len(texts) != len(columns):
            self.draft.doubt(path, "answer.length", "the answer has another number of columns than the form type")
        padded = [*texts, *[""] * len(columns)][: len(columns)]
        return list(zip(columns, padded, strict=True))

    def _row(self, number: int, row: Sequence[str]) -> None:
        prefix = f"{self.layout.table}[{number}]"
        for column, said in self._in_columns(prefix, self.layout.row, row):
            path, text = f"{prefix}.{column}", said
            if column in HEADINGS:  # what is doubtful where it is named is doubtful on every row
                text = self._carried[column] = self._carried.get(column, ABOVE) if said == ABOVE else said
            if text != ABOVE:
                self.put(path, text)
            elif number == 0 or column in HEADINGS:
                self.draft.lose(path, "reference.above", "it is said to stand with a row above, and there is none")
            else:
                self.draft.leaves[path] = Ref(RefKind.EMPTY)
                if column not in _ONCE:
                    self.draft.doubt(path, "cell.spans", "one cell is printed for several rows")

    def _doubt_blank_rows(self) -> None:
        """A row that says nothing but headings has one of its own: else it is another's, told twice."""
        leaves, table = self.draft.leaves, self.layout.table
        own = [column for column in self.layout.row if column not in HEADINGS]
        for number in range(self.draft.rows):
            if any(leaves[f"{table}[{number}].{column}"].parts for column in own):
                continue
            for near in (number - 1, number + 1):
                refs = [
                    (leaves[f"{table}[{number}].{name}"], leaves.get(f"{table}[{near}].{name}")) for name in HEADINGS
                ]
                if all(not ref.parts or ref == other for ref, other in refs):
                    self.draft.doubt(f"{table}[{number}]", "row.blank", "the row says nothing of its own")

    def _merge(self, rows: Sequence[Sequence[str]]) -> None:
        """Rows whose weight and score are printed once: said to be, or all referred to the same cell."""
        first = 0
        for number in range(1, len(rows) + 1):
            if number < len(rows) and self._printed_once(first, number, rows[number]):
                for path in self._once(number):
                    self.draft.leaves[path] = Ref(RefKind.EMPTY)
                continue
            if number - first > 1:
                self.draft.merged.append((first, number))
            first = number

    def _once(self, number: int) -> list[str]:
        """The leaves of a row that may be printed once for several."""
        return [f"{self.layout.table}[{number}].{column}" for column in _ONCE]

    def _printed_once(self, first: int, number: int, row: Sequence[str]) -> bool:
        """Are weight and score of a row those of the group that begins with row `first`?"""
        leaves, table = self.draft.leaves, self.layout.table
        paths = self._once(number)
        said = dict(zip(self.layout.row, row, strict=False))
        above = [path for path, column in zip(paths, _ONCE, strict=True) if said.get(column) == ABOVE]
        if above and not any(leaves[path].parts for path in paths):
            return True
        for path in above:
            self.draft.doubt(path, "cell.spans", "one of weight and score is printed for several rows")
        same = all(
            leaves[own].kind is RefKind.AT and leaves[own] == leaves[its]
            for own, its in zip(paths, self._once(first), strict=True)
        )
        return same and leaves[f"{table}[{number}].name"] != leaves[f"{table}[{number - 1}].name"]

    def _subtotal(self, pair: Sequence[str]) -> None:
        path = f"{self.layout.table}[]"
        if len(pair) != 2:
            self.draft.doubt(path, "answer.length", "a subtotal has no figure, or more than one")
            return
        heading, figure = (self._resolve(self.layout.subtotals, text) for text in pair)
        if isinstance(heading, Miss) or isinstance(figure, Miss):
            code = next(found.code for found in (heading, figure) if isinstance(found, Miss))
            self.draft.doubt(path, code, "a subtotal cannot be found")
            return
        name = self.draft.text(self._heading_only(heading))
        path = f"{self.layout.subtotals}.{name}"
        if path in self.draft.leaves and self.draft.leaves[path].parts != figure:
            self.draft.doubt(path, "reference.repeated", "a heading has two subtotals")
        self.draft.put(path, figure)
        strip = self.draft.whole(dict.fromkeys(part.cell for part in (*heading, *figure)))
        split = split_heading(strip.text)
        if split and split[0] == name and split[1] and strip.cut(*split[1]) == figure:
            self.draft.claim(strip.cut(len(name), len(strip.text)))
        else:
            self.draft.doubt(path, "place.heading", "the figure does not stand behind its heading")

    def put(self, path: str, text: str) -> None:
        """Set a leaf to what is answered for it; a code where that is no place."""
        if text == BLANK:
            self.draft.leaves[path] = Ref(RefKind.EMPTY)
        elif text == ABSENT:
            self.draft.leaves[path] = Ref(RefKind.ABSENT)
        else:
            found = self._resolve(path, text)
            if isinstance(found, Miss):
                self._doubt(path, found)
            else:
                self.draft.put(path, self._without_label(path, found))

    def _doubt(self, path: str, miss: Miss) -> None:
        if miss.parts:
            self.draft.put(path, miss.parts)
            self.draft.doubt(path, miss.code, "the place that the answer names is not the only one")
        else:
            self.draft.lose(path, miss.code, "the answer names a place that there is not")

    def _without_label(self, path: str, parts: tuple[Part, ...]) -> tuple[Part, ...]:
        """What is named without the label, the year or the subtotal that stands in the same cell."""
        vocabulary = self.draft.vocabulary
        if path.endswith(f".{HEADINGS[0]}"):
            return self._heading_only(parts)
        for fields in (vocabulary.fields, vocabulary.footer):
            if path in fields.labels:
                strip = self.draft.strip(parts)
                head, colon, _ = strip.text.partition(":")
                if colon and label_of(head, fields.by_label) == path:
                    return strip.cut(len(head) + 1, len(strip.text))
        return parts

    def _heading_only(self, parts: tuple[Part, ...]) -> tuple[Part, ...]:
        """A heading without the subtotal in brackets behind it."""
        strip = self.draft.strip(parts)
        split = split_heading(strip.text)
        return strip.cut(0, len(split[0])) if split else parts
