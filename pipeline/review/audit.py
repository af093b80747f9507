"""Audits: random samples of what was accepted silently, keyed blind by people, which measure the silent error rate.

What is drawn: leaves that nobody was asked about, blank ones and those whose label the template has not included (a
value, or a label, that was overlooked is an error as silent as a misread digit); and the rows of whole forms, of which
it is asked how many are printed. A draw depends on its seed and on what is in the store, on nothing else: every leaf
has a number made of the seed and its own name, and in each stratum those with the smallest are drawn. So it does not
matter who settles the documents in which order, and memory holds the sample, never the population.

Samples are proportional to the strata as far as whole leaves go, with one of every stratum at least. The rate weighs
what was found by the sizes of the strata. Its interval is the exact one for a sample of the effective size (Korn and
Graubard, Survey Methodology 24, 1998), which is the size itself where all leaves weigh the same.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import secrets
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import ceil, log, log1p
from typing import Any, NamedTuple

from rich.box import SIMPLE_HEAD
from rich.table import Table

from pipeline.anchors import anchor_key
from pipeline.choice import stored_plan
from pipeline.commands import to_type
from pipeline.decisions import Anchor, Decision, DecisionKind, Purpose, effective
from pipeline.errors import ExitCode, NothingUsable, UsageError
from pipeline.forms import FormType, Kind, form_types, pattern
from pipeline.interrupt import Interruption
from pipeline.messages import say
from pipeline.overrule import rows_path
from pipeline.review.commands import reviewer_of
from pipeline.review.desk import Desk
from pipeline.review.interval import interval
from pipeline.review.question import same_value
from pipeline.settings import Settings
from pipeline.settling import LateRun, settle_documents
from pipeline.store.rows import DrawnRow, DrawRow
from pipeline.store.store import Store
from pipeline.summary import console, percent, show_facts
from pipeline.work import Outcome

__all__ = ["Measured", "Stratum", "allocation", "audit_command", "measure", "measured", "needed"]

_ROWS = "rows"
"""The stratum of whole forms, audited for missing rows."""
_NAMES = frozenset({Kind.NAME, Kind.PHONE, Kind.DATE})
_OF_ROWS = frozenset({DecisionKind.ADD_ROW, DecisionKind.REJECT_ROW})
_ANY_SIZE = 10**12
_SPARE = 64
"""Leaves more than the proof needs at least: of each stratum one is drawn, and strata do not divide evenly."""


# What was found


class Stratum(NamedTuple):
    """A kind of leaf by where its characters come from: how many there are, were drawn, were keyed, and were wrong."""

    population: int
    drawn: int
    checked: int
    wrong: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What audits have found. `rate` is the share of wrong ones among what is accepted silently, `low` and `high` the
    ends of its 95 % interval; without anything checked it is None, and they are 0 and 1."""

    strata: Mapping[str, Stratum]
    rate: float | None
    low: float
    high: float
    seeds: tuple[str, ...]

    @property
    def total(self) -> Stratum:
        """All strata together."""
        return Stratum(*(sum(column) for column in zip(*self.strata.values(), strict=True)))

    def data(self) -> dict[str, Any]:
        """For programs, and on every line of an export."""
        return {**self.total._asdict(), **self.shares(), "seeds": list(self.seeds)}

    def shares(self) -> dict[str, float | None]:
        """The rate and its interval."""
        shares = {"rate": self.rate, "low": self.low, "high": self.high}
        return {name: None if share is None else round(share, 8) for name, share in shares.items()}

    def rows(self) -> Iterator[dict[str, Any]]:
        """The same as rows of a table: one of all, then one of each stratum with an interval of its own."""
        yield {"stratum": "all", **self.total._asdict(), **self.shares()}
        for name, stratum in self.strata.items():
            alone = measure({name: stratum}, ())
            yield {"stratum": name, **stratum._asdict(), **alone.shares()}


def measured(store: Store) -> Measured | None:
    """What the audits of a store have found until now; None if none was drawn.

    A leaf is wrong if whoever keyed it found another value than the one that was accepted, or could not read it: then
    it ought to have been asked. The latest decision counts that was not undone.
    """
    draws = store.reviews.draws()
    if not draws:
        return None
    drawn = store.reviews.drawn()
    decisions = store.reviews.decisions(list(drawn))
    counts: dict[str, Counter[str]] = {name: Counter() for name in sorted(draws[-1].population)}
    for sha256, rows in drawn.items():
        audited = _Audited(decisions.get(sha256, ()))
        for row in rows:
            counted = counts.setdefault(row.stratum, Counter())
            counted["drawn"] += 1
            right = audited.is_right(row)
            counted["checked"] += right is not None
            counted["wrong"] += right is False
    population = draws[-1].population
    strata = {
        name: Stratum(max(population.get(name, 0), each["drawn"]), each["drawn"], each["checked"], each["wrong"])
        for name, each in counts.items()
    }
    return measure(strata, tuple(draw.seed for draw in draws))


def measure(strata: Mapping[str, Stratum], seeds: tuple[str, ...]) -> Measured:
    """The rate and its interval; strata of which nothing was checked do not take part."""
    looked_at = [each for each in strata.values() if each.checked]
    if not looked_at:
        return Measured(strata, None, 0.0, 1.0, seeds)
    population = sum(each.population for each in looked_at)
    rate = sum(each.population * each.wrong / each.checked for each in looked_at) / population
    checked = _effective_size((each.population, each.checked) for each in looked_at)
    return Measured(strata, rate, *interval(rate * checked, checked, population), seeds)


def _effective_size(strata: Iterable[tuple[int, int]]) -> float:
    """The size of the simple sample that tells as much as one of so many leaves of each of these strata (Kish)."""
    pairs = [pair for pair in strata if pair[1]]
    return sum(size for size, _ in pairs) ** 2 / sum(size**2 / checked for size, checked in pairs) if pairs else 0.0


class _Audited:
    """What the auditors of a document decided and did not take back."""

    def __init__(self, decisions: Sequence[Decision]) -> None:
        self._made: dict[str, Decision] = {}
        self._wrong: set[str] = set()
        for each in effective(decisions):
            if each.purpose is not Purpose.AUDIT:
                continue
            key = anchor_key(each.sha256, each.anchor, Purpose.AUDIT)
            if each.kind.settles:
                self._made[key] = each
            elif each.kind in _OF_ROWS:
                self._wrong.add(_key_of_rows(each))
            if each.kind is DecisionKind.REJECT_ROW:
                self._wrong.add(key)

    def is_right(self, row: DrawnRow) -> bool | None:
        """Is what was accepted there right? None where nobody has said so."""
        if row.key in self._wrong:
            return False
        made = self._made.get(row.key)
        if made is None:
            return None
        if made.kind is DecisionKind.LOST:
            return False
        kinds = next((each.leaves for each in form_types() if each.name == row.anchor.form_type), {})
        kind = kinds.get(row.anchor.pattern, Kind.NUMBER)
        return same_value(kind, made.value, made.shown.get("accepted"))


def _key_of_rows(decision: Decision) -> str:
    """The key under which the rows of the form are drawn, one of which a person added or rejected."""
    form_type = next((each for each in form_types() if each.name == decision.anchor.form_type), None)
    if form_type is None:
        return ""
    rows = replace(decision.anchor, pattern=rows_path(form_type), added="")
    return anchor_key(decision.sha256, rows, Purpose.AUDIT)


# How many


def allocation(population: Mapping[str, int], count: int, taken: Mapping[str, int] | None = None) -> dict[str, int]:
    """How many to draw of each stratum, `count` together, so that all that is drawn then is proportional.

    `taken` were drawn before, and are part of the population. One of each stratum comes first; the rest by the method
    of Sainte-Laguë. Where less is left, fewer.
    """
    before = Counter(taken or {})
    now = Counter(before)
    for _ in range(count):
        open_ones = [name for name in sorted(population) if now[name] < population[name]]
        if not open_ones:
            break
        now[max(open_ones, key=lambda name: (now[name] == 0, population[name] / (now[name] + 0.5)))] += 1
    return {name: now[name] - before[name] for name in sorted(population)}


def needed(population: Mapping[str, int], taken: Mapping[str, int], share: float, rate: float = 0.0) -> int | None:
    """How many must be drawn beside those `taken`, so that no more than this share is wrong in the population with 95 %
    certainty if no further error is found; None where that cannot be.

    `rate` are the wrong ones among those taken.
    """
    size = sum(population.values())
    wrong = rate * sum(taken.values())

    def proves(count: int) -> bool:
        drawn = Counter(taken)
        drawn.update(allocation(population, count, taken))
        checked = _effective_size((population[name], drawn[name]) for name in population)
        return interval(min(wrong, checked), checked, size)[1] <= share

    left = sum(max(size - taken.get(name, 0), 0) for name, size in population.items())
    high = min(left, _least(share))
    while not proves(high):
        if high == left:
            return None
        high = min(left, 2 * high + 1)
    low = -1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if proves(middle) else (middle, high)
    return high


def _least(share: float) -> int:
    """The size of a simple sample without an error that proves a share in a population of any size."""
    return ceil(log(0.025) / log1p(-share))


# Drawing


class _Leaf(NamedTuple):
    """A leaf, or the rows, of a form; `number` is drawn by lot."""

    number: int
    sha256: str
    form_type: str
    ordinal: int
    path: str


@dataclass
class _Frame:
    """What could be drawn, counted, and of each stratum the leaves with the smallest numbers. A watcher of outcomes."""

    seed: str
    most: int
    """Leaves that are kept of each stratum."""
    population: Counter[str] = field(default_factory=Counter)
    _kept: dict[str, list[tuple[int, _Leaf]]] = field(default_factory=dict)
    """Heaps with the largest number on top."""

    def __call__(self, outcome: Outcome) -> None:
        """Take the forms of a document."""
        for line in zlib.decompress(outcome.lines).splitlines() if outcome.lines else ():
            form = json.loads(line)
            for stratum, path in _accepted(form):
                self._take(stratum, form["sha256"], form["form_type"], form["ordinal"], path)

    def ranked(self, stratum: str) -> list[_Leaf]:
        """The leaves of a stratum that were kept, in the order in which they are drawn."""
        return sorted(leaf for _, leaf in self._kept.get(stratum, ()))

    def _take(self, stratum: str, *name: Any) -> None:
        self.population[stratum] += 1
        digest = hashlib.blake2b(" ".join(map(str, (self.seed, *name))).encode(), digest_size=16).digest()
        number = int.from_bytes(digest)
        kept = self._kept.setdefault(stratum, [])
        if len(kept) < self.most:
            heapq.heappush(kept, (-number, _Leaf(number, *name)))
        elif kept and -number > kept[0][0]:
            heapq.heapreplace(kept, (-number, _Leaf(number, *name)))


def _accepted(form: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The leaves of an export line that nobody was asked about, with their strata, and its rows if they are such."""
    form_type = next(each for each in form_types() if each.name == form["form_type"])
    kinds = [(each["path"], DecisionKind(each["kind"])) for each in form["decisions"]]
    decided = {path for path, kind in kinds if kind.settles}
    for path, state in form["states"].items():
        if state in ("accepted", "source_defect") and path not in decided:
            yield _stratum(form_type, path, form["text_origin"]), path
    rows = rows_path(form_type)
    asked = {each["path"] for each in form["review"]} & {"", rows, form_type.vocabulary.table.group}
    if not asked and rows not in decided and not any(kind in _OF_ROWS for _, kind in kinds):
        yield _ROWS, rows


def _stratum(form_type: FormType, path: str, origin: str) -> str:
    kind = form_type.leaves.get(pattern(path), Kind.NUMBER)
    sort = "figures" if kind.numeric else "names" if kind in _NAMES else "text"
    return f"{sort}.{origin}"


def audit_command(
    settings: Settings,
    *,
    count: int | None,
    to: float | None,
    reviewer: str | None = None,
    seed: str | None = None,
) -> int:
    """Draw so many accepted leaves, or as many as the proof of a share of errors needs, for the queue.

    What was drawn before stays; nothing is drawn twice. Raises `NothingUsable` where nothing is accepted.
    """
    if (count is None) is (to is None):
        raise UsageError(say("audit.one"))
    name = reviewer_of(settings, reviewer)
    with Interruption() as interruption, Store.open(settings.db, create=False) as store:
        drawing = _Drawing(store, settings, seed or secrets.token_hex(8), interruption.check)
        drawing.look(drawing.needed_of_any(to) if to is not None else count or 0)
        if not drawing.population:
            raise NothingUsable(say("audit.nothing"))
        if to is not None:
            count = drawing.needed(to)
            _say_needed(drawing, to, count)
        chosen = drawing.draw(count or 0, name)
    if chosen:
        _show_draw(drawing, chosen, settings)
    elif to is None:
        console().print(say("audit.no_more"))
    return ExitCode.DONE


class _Drawing:
    """One draw: of what, and what was drawn before."""

    def __init__(self, store: Store, settings: Settings, seed: str, stop: Callable[[], None]) -> None:
        self.seed = seed
        self._store = store
        self._settings = settings
        self._stop = stop
        self._before = store.reviews.drawn()
        self.taken = Counter(row.stratum for rows in self._before.values() for row in rows)
        found = measured(store)
        self._checked = {} if found is None else {name: each.checked for name, each in found.strata.items()}
        self._rate = 0.0 if found is None else found.rate or 0.0
        self._frame = _Frame(seed, 0)
        self.population: Counter[str] = Counter()

    def look(self, most: int) -> None:
        """Settle the documents of the store, and keep what may be drawn if it is about so many."""
        self._frame.most = most + self.taken.total() + _SPARE
        self._settle(None, self._frame, lines=True)
        # What an audit confirmed is decided now. It was accepted when it was drawn, and stands for others that are.
        self.population = self._frame.population + Counter(self._checked)

    def needed_of_any(self, share: float) -> int:
        """How many would have to be drawn now out of a population of any size."""
        return needed({"": _ANY_SIZE}, {"": self.taken.total()}, share, self._rate) or 0

    def needed(self, share: float) -> int:
        """How many must be drawn now. Raises `UsageError` where all there is would not prove the share."""
        count = needed(self.population, self.taken, share, self._rate)
        if count is None:
            raise UsageError(say("audit.cannot", share=percent(share), rate=percent(self._rate)))
        return count

    def draw(self, count: int, reviewer: str) -> list[DrawnRow]:
        """Draw so many, keep the draw, and put it into the queue."""
        wanted = allocation(self.population, count, self.taken)
        chosen = list(self._chosen({name: number for name, number in wanted.items() if number}))
        if chosen:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            self._store.reviews.add_draw(DrawRow(self.seed, reviewer, now, dict(self.population)), chosen)
        # Those of earlier draws, too: a command may have been stopped before they were in the queue.
        self._settle({row.sha256 for row in chosen} | set(self._before), index=True)
        return chosen

    def _chosen(self, wanted: Mapping[str, int]) -> Iterator[DrawnRow]:
        """The first leaves of each stratum that were not drawn before."""
        ranked = {name: self._frame.ranked(name)[: number + self.taken[name]] for name, number in wanted.items()}
        anchors = self._anchors([leaf for leaves in ranked.values() for leaf in leaves])
        known = {row.key for rows in self._before.values() for row in rows}
        for name, number in wanted.items():
            new: dict[str, DrawnRow] = {}
            for leaf in ranked[name]:
                if leaf in anchors:
                    key = anchor_key(leaf.sha256, anchors[leaf], Purpose.AUDIT)
                    if key not in known:
                        new.setdefault(key, DrawnRow(key, leaf.sha256, name, anchors[leaf]))
            yield from [*new.values()][:number]

    def _anchors(self, leaves: Sequence[_Leaf]) -> dict[_Leaf, Anchor]:
        """The anchors of leaves; each document is opened once."""
        desk = Desk(self._store, self._settings)
        found = {}
        for leaf in sorted(leaves, key=lambda leaf: leaf[1:]):
            self._stop()
            opened = desk.open(leaf.sha256)
            for form in opened.settled:
                if (form.form_type.name, form.section.ordinal) == (leaf.form_type, leaf.ordinal):
                    found[leaf] = opened.anchors(form).of(leaf.path)
        return found

    def _settle(self, hashes: set[str] | None, *watchers: _Frame, **wanted: bool) -> None:
        names = {row.sha256: row for row in self._store.names() if hashes is None or row.sha256 in hashes}
        plan = stored_plan(self._settings, self._store, **wanted)
        run = LateRun(self._store, "audit")
        settle_documents(list(names.values()), self._settings, plan, watchers, self._stop, run=run)


def _say_needed(drawing: _Drawing, share: float, count: int) -> None:
    values = {"population": drawing.population.total(), "taken": drawing.taken.total(), "count": count}
    key = "audit.needed" if count else "audit.enough"
    console().print(say(key, share=percent(share), **{name: f"{value:,}" for name, value in values.items()}))


def _show_draw(drawing: _Drawing, chosen: Sequence[DrawnRow], settings: Settings) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for number, column in enumerate(("stratum", "population", "before", "drawn")):
        table.add_column(say(f"audit.{column}"), justify="right" if number else "left")
    drawn = Counter(row.stratum for row in chosen)
    for name, population in sorted(drawing.population.items()):
        table.add_row(_stratum_name(name), *(f"{each:,}" for each in (population, drawing.taken[name], drawn[name])))
    console().print(table)
    facts = [("audit.drawn", f"{len(chosen):,}"), ("audit.seed", drawing.seed)]
    show_facts(facts, to_type(settings, "review", "--reason", "audit"))


def _stratum_name(name: str) -> str:
    """A stratum in words: the kind of leaf, and where its characters come from."""
    return " · ".join(say(f"audit.{part}") for part in name.split("."))
