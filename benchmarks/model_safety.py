"""Which errors of a model are accepted: right readings of made-up forms, made wrong on purpose, settled and judged.

Nothing is sent anywhere: answers go from the misbehaving model's pen straight to the reader of answers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import lru_cache
from multiprocessing import get_context
from random import Random
from typing import Any, NamedTuple

from benchmarks.model_judge import Verdict, judge
from benchmarks.modelserver.answers import Writer
from benchmarks.modelserver.errors import Change, Profile, changes, misread, plan, row_order
from benchmarks.modelserver.mistakes import Error, printed, row_of
from benchmarks.modelserver.truth import true_reading
from pipeline.evaluate import Gold, score
from pipeline.forms import FormType
from pipeline.ingest.limits import Limits
from pipeline.lines import form_line
from pipeline.readers.llm.reader import read_answer
from pipeline.reading import Reading, RefKind
from pipeline.source import Document, Section
from pipeline.work import installed_engine
from samples.content import ROW_CELLS
from samples.generate import SHAPES, defects_of, make_form, truth

__all__ = ["Result", "Task", "Way", "examine", "measure", "tasks"]

_SEED = 11_000_000
"""Seeds of the benchmark begin here; those of other benchmarks, of samples and of tests stay below."""
_TABLE_WRONG = 0.01
"""Share of the table reader's leaves that are made wrong, half of them as the model has them."""


class Task(NamedTuple):
    """A made-up form to be asked about."""

    shape: str
    seed: int
    defect: str | None

    @property
    def name(self) -> str:
        """What the form is called."""
        return f"{self.shape}-{self.seed}"


class Way(NamedTuple):
    """How a form is read, and how wrongly: once for each of `trials`, which says how many errors are wanted.

    With 0 the model makes as many as `profile` says by its rate.

    `table` is what the table reader does: not asked (`none`), as it is (`right`), or made wrong (`wrong`). Without the
    model (`model` false) it is the table reader alone.
    """

    name: str
    profile: Profile
    trials: tuple[int, ...]
    table: str = "right"
    model: bool = True


@dataclass(slots=True)
class Result:
    """Counts by way: of leaves as `pipeline.evaluate.score` counts them, of errors by kind."""

    leaves: dict[str, Counter[str]] = field(default_factory=dict)
    errors: dict[str, Counter[tuple[str, str]]] = field(default_factory=dict)
    silent: dict[str, list[str]] = field(default_factory=dict)
    """Which errors were accepted, for a person to look into."""

    def add(self, other: Result) -> None:
        """Add another result to this one."""
        for way, counts in other.leaves.items():
            self.leaves.setdefault(way, Counter()).update(counts)
        for way, by_kind in other.errors.items():
            self.errors.setdefault(way, Counter()).update(by_kind)
        for way, lines in other.silent.items():
            self.silent.setdefault(way, []).extend(lines)


def tasks(forms: int, *, seed: int = _SEED) -> Iterator[Task]:
    """So many forms, the shapes in turn; one in seven carries a defect of its own."""
    shapes = list(SHAPES)
    for number in range(forms):
        shape = shapes[number % len(shapes)]
        rng = Random(f"model {seed} {number}")
        yield Task(shape, seed + number, rng.choice(defects_of(shape)) if rng.random() < 1 / 7 else None)


def measure(forms: Sequence[Task], ways: Sequence[Way], jobs: int) -> Result:
    """Every form in every way, over so many processes."""
    total = Result()
    if jobs == 1:
        for task in forms:
            total.add(examine(task, ways))
        return total
    with ProcessPoolExecutor(jobs, mp_context=get_context("forkserver")) as pool:
        for result in pool.map(examine, forms, [ways] * len(forms), chunksize=4):
            total.add(result)
    return total


@dataclass(slots=True)
class _Form:
    """A form with the truth about it, and what the table reader makes of it."""

    task: Task
    form_type: FormType
    document: Document
    section: Section
    gold: Gold
    truth: Reading
    table: Reading
    writer: Writer
    accepted: dict[tuple[bool, bool], frozenset[str]] = field(default_factory=dict)
    """Leaves that are wrong and accepted although nobody made an error on purpose; by whether each reader reads."""

    def settle(self, readings: list[Reading]) -> dict[str, Any]:
        """The export line that these readings make."""
        [settled] = installed_engine().settle(self.document, [(self.section, self.form_type, readings)], ())
        return form_line(self.document, settled)

    def own_silent(self, way: Way) -> frozenset[str]:
        """Leaves that are wrong and accepted in that way of reading without any error made on purpose."""
        key = way.table != "none", way.model
        if key not in self.accepted:
            readings = [self.table] * key[0] + ([self.ask([])] if way.model else [])
            verdict = judge(self.settle(readings), self.gold.record, self.form_type)
            self.accepted[key] = frozenset(verdict.silent)
        return self.accepted[key]

    def ask(self, errors: Iterable[Error]) -> Reading:
        """What is read of the answer of a model that makes these errors."""
        answer = self.writer.answer(misread(self.truth, errors))
        return read_answer(self.document, self.section, self.form_type, answer)

    def plan(self, reading: Reading, profile: Profile, asked: str) -> list[Error]:
        """Errors on a reading of this form."""
        return plan(self.document, self.section, self.form_type, reading, profile, form=self.task.name, asked=asked)


@lru_cache(maxsize=1)
def _made(task: Task) -> _Form | None:
    """The form; None where the document is not taken for one form."""
    engine = installed_engine()
    form_type = engine.form_types[0]
    made = make_form(task.seed, task.shape, defect=task.defect)
    document = engine.ingest(f"{task.name}.txt", task.name, [made.text.encode()], Limits())
    assert isinstance(document, Document)
    sections = [section for section in engine.segment(document, engine.form_types) if section.form_type]
    if len(sections) != 1:
        return None
    [section] = sections
    return _Form(
        task=task,
        form_type=form_type,
        document=document,
        section=section,
        gold=Gold(task.name, 1, truth(made, task.name, 1)),
        truth=true_reading(document, section, form_type, made),
        table=engine.readers["table"](document, section, form_type),
        writer=Writer(section.cells(document), form_type),
    )


def examine(task: Task, ways: Sequence[Way]) -> Result:
    """Read one form in every way."""
    result = Result()
    form = _made(task)
    for way in ways:
        leaves = result.leaves.setdefault(way.name, Counter())
        if form is None:
            leaves["missing_forms"] += 1
            continue
        for trial, count in enumerate(way.trials):
            # Another seed each time: an error that persists would be counted again and again.
            profile = replace(way.profile, seed=way.profile.seed * 100 + trial, count=count)
            _try(form, way, profile, f"{way.name} {trial}", result)
    return result


def _try(form: _Form, way: Way, profile: Profile, asked: str, result: Result) -> None:
    """One reading of a form with errors on it."""
    errors = form.plan(form.truth, profile, asked) if way.model else []
    others: list[Error] = []
    shared: list[Error] = []
    table = form.table
    if way.table == "wrong" and table.rows == form.truth.rows:  # else the same path is not the same leaf
        shared = _shared(form, errors, asked)
        own = form.plan(table, Profile(seed=profile.seed, rate=_TABLE_WRONG / 2), f"table {asked}")
        known = {path for error in shared for path in _paths(form, error)}
        others = [error for error in own if _readable(error) and not known.intersection(_paths(form, error))]
        table = misread(table, [*shared, *others])
    readings = [table] if way.table != "none" else []
    if way.model:
        readings.append(form.ask(errors))
    line = form.settle(readings)
    leaves = result.leaves[way.name]
    leaves.update(score([line], [form.gold], form.form_type).total)
    leaves["filled"] += sum(map(printed, form.truth.leaves.values()))
    counts = result.errors.setdefault(way.name, Counter())
    examples = result.silent.setdefault(way.name, [])
    orders = [row_order(form.truth.rows, made) for made in (errors, [*shared, *others])]
    verdict = judge(line, form.gold.record, form.form_type, orders)
    old = form.own_silent(way)
    touching = set(old)
    for source, made in ((form.truth, errors), (form.table, [*shared, *others])):
        for error in made if source is form.truth else others:
            touched = changes(form.document, form.form_type, source, made, error)
            reach = _reach(error, touched) - old
            touching |= reach
            by = "table" if source is form.table else "both" if error in shared else "model"
            _count(result, way.name, form.task, error, touched, verdict.within(reach), by)
    counts["anyway", "silent"] += len(verdict.silent.keys() & old)
    rest = sorted(verdict.silent.keys() - touching)
    counts["beside", "silent"] += len(rest)
    examples += [f"{form.task.name} beside any error: {verdict.silent[path]}" for path in rest]
    if asked.endswith(" 0"):
        examples += [f"{form.task.name} without any error: {path}" for path in sorted(old)]


def _reach(error: Error, touched: Sequence[Change]) -> set[str]:
    """Leaves at which an error may show: those that it touches, and where a block of rows slips all around it."""
    paths = {change.truth for change in touched}
    if error.kind == "shifted_block":
        rows = {row for path in paths if (row := row_of(path)) is not None}
        around = {row + by for row in rows for by in (-1, 0, 1)}
        paths |= {f"indicators[{row}].{name}" for row in around for name in ROW_CELLS}
    return paths


def _count(
    result: Result, way: str, task: Task, error: Error, touched: Sequence[Change], verdict: Verdict, by: str
) -> None:
    """Count one error: whose it is, and what became of what it touched."""
    surplus = verdict.surplus if error.kind in ("doubled_row", "shifted_block") else []
    wrong = [*map(str, verdict.silent.values()), *(f"surplus {path}" for path in surplus)]
    paths = [change.truth for change in touched if change.truth]
    if error.doubled is not None:
        paths.append(f"indicators[{error.doubled}]")
    counts = result.errors[way]
    for name in ("all", error.kind, f"by {by}"):
        counts[name, "injected"] += 1
        counts[name, "leaves"] += len(touched)
        counts[name, "silent"] += bool(wrong)
        counts[name, "unnoticed"] += not verdict.asks(paths)
    if wrong:
        result.silent[way].append(f"{task.name} {error.kind} ({by}): {'; '.join(wrong[:2])}")


def _readable(error: Error) -> bool:
    """Is it an error that the table reader could make? It never names a cell that there is not."""
    return all(ref.kind is not RefKind.LOST for ref in error.puts.values())


def _paths(form: _Form, error: Error) -> set[str]:
    row = error.dropped if error.dropped is not None else error.doubled
    rows = {path for path in form.truth.leaves if row is not None and f"[{row}]" in path}
    return set(error.puts) | rows


def _shared(form: _Form, errors: Sequence[Error], asked: str) -> list[Error]:
    """Errors of the model that the table reader makes as well: so many that half of its wrong leaves are of them."""
    rng = Random(f"shared {form.task.name} {asked}")
    values = sum(map(printed, form.truth.leaves.values()))
    wanted = sum(rng.random() < _TABLE_WRONG / 2 for _ in range(values))
    shared = []
    for error in rng.sample(errors, len(errors)):
        size = len(_paths(form, error))
        if wanted > 0 and _readable(error) and (size <= wanted or rng.random() < wanted / size):
            shared.append(error)
        wanted -= size
    return shared
