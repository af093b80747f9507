"""Scoring an export against hand-keyed gold records: accuracy, silent errors, burden.

A leaf is *right* if it says what the gold says, with width, spaces, quotes and blank marks folded. A wrong leaf that no
review entry flags is *silent*: the figure that matters. *Burden* is the share of right leaves that are flagged. Leaves
that the gold itself calls ambiguous are counted apart. A *defect* is what the document itself gets wrong; it is raised
where a finding or a review entry touches its place.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline.errors import UsageError
from pipeline.forms import FormType, Kind
from pipeline.messages import say

__all__ = ["Gold", "Miss", "Record", "Score", "gold_records", "read_export", "score"]

_BLANKS = frozenset({"", "-", "--", "—", "——", "–", "/", "null", "none"})
_FOLDS = str.maketrans("“”„‘’。、《》〈〉≧≦―－", '"""\'\'.,<><>≥≤—-')
_STEP = re.compile(r"[^.\[\]]+")
_PREFIX = re.compile(r"[^.\[\]]+|\[[0-9]+\]")
_LIKENESS = {"level2": 1, "name": 3, "target": 2, "actual": 1, "weight": 1, "score": 1}
"""How much each column tells of whether two rows are the same one; two points are needed."""
_LIKE_ENOUGH = 2

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Gold:
    """A hand-keyed form: `document` is the source's file name without suffix."""

    document: str
    ordinal: int
    record: Record


@dataclass(frozen=True, slots=True)
class Miss:
    """Something wrong: a leaf, a row that the form does not have, a defect that was not raised, a false error."""

    form: str
    path: str
    what: str
    """`silent`, `caught`, `extra_row`, `defect`, `false_error`."""
    want: Any
    got: Any


@dataclass
class Score:
    """Counts by document, and what was wrong. `Score.total` adds the documents up."""

    documents: dict[str, Counter[str]] = field(default_factory=dict)
    misses: list[Miss] = field(default_factory=list)
    causes: Counter[str] = field(default_factory=Counter)
    """Why ambiguous leaves were flagged: how many for each reason; under "" those that were not."""

    @property
    def total(self) -> Counter[str]:
        """The counts of all documents together."""
        total: Counter[str] = Counter()
        for counts in self.documents.values():
            total.update(counts)
        return total


def gold_records(folder: Path) -> list[Gold]:
    """The gold records of a folder: files called NAME-NN.json. Raises `UsageError` where there are none."""
    records = []
    for path in sorted(folder.glob("*-[0-9][0-9].json")):
        document, ordinal = path.stem.rsplit("-", 1)
        try:
            records.append(Gold(document, int(ordinal), json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError) as error:
            raise UsageError(say("eval.bad_gold", path=path)) from error
    if not records:
        raise UsageError(say("eval.no_gold", folder=folder))
    return records


def read_export(path: Path) -> Iterator[Record]:
    """The lines of an export in JSON Lines. Raises `UsageError` for what is none."""
    try:
        with open(path, encoding="utf-8") as stream:
            for number, line in enumerate(stream, start=1):
                if line.strip():
                    form = json.loads(line)
                    if not isinstance(form, dict) or "document" not in form:
                        raise UsageError(say("eval.bad_line", path=path, line=number))
                    yield form
    except OSError as error:
        raise UsageError(say("eval.unreadable", path=path, cause=error.strerror or type(error).__name__)) from error
    except ValueError as error:
        raise UsageError(say("eval.not_export", path=path)) from error


def score(forms: Iterable[Record], gold: Sequence[Gold], form_type: FormType, *, sources: Path | None = None) -> Score:
    """Score the forms of an export.

    With `sources`, the folder of the text documents, the evidence of every filled leaf is checked too: its spans must
    hold the value. Raises `UsageError` where two lines are the same form of the same document.
    """
    exported: dict[tuple[str, int], Record] = {}
    for form in forms:
        if form.get("form_type", form_type.name) == form_type.name:
            key = PurePosixPath(form["document"]).stem, int(form["ordinal"])
            if key in exported:
                raise UsageError(say("eval.twice", document=form["document"], ordinal=key[1]))
            exported[key] = form
    result = Score()
    texts: dict[str, str | None] = {}
    for each in gold:
        counts = result.documents.setdefault(each.document, Counter())
        scoring = _Scoring(each, exported.pop((each.document, each.ordinal), None), form_type, counts, result)
        scoring.count()
        if sources is not None:
            if each.document not in texts:
                texts[each.document] = _decoded(sources / f"{each.document}.txt")
            scoring.count_evidence(texts[each.document])
    for document, _ in exported:
        if document in result.documents:
            result.documents[document]["extra_forms"] += 1
    return result


class _Scoring:
    """One form against its gold record."""

    def __init__(
        self, gold: Gold, form: Record | None, form_type: FormType, counts: Counter[str], score: Score
    ) -> None:
        self.gold = gold
        self.form = form
        self.types = form_type
        self.counts = counts
        self.misses = score.misses
        self.causes = score.causes
        self.record: Record = (form or {}).get("record") or {}
        self.review = {entry["path"] for entry in (form or {}).get("review") or ()}
        self.findings = (form or {}).get("findings") or []
        self.group = next(path.partition("[]")[0] for path in form_type.leaves if "[]" in path)

    def count(self) -> None:
        """Count leaves, rows and defects."""
        rows = self.gold.record.get(self.group) or []
        got_rows = self.record.get(self.group) or []
        places = _align(rows, got_rows, {name: self.types.leaves[f"{self.group}[].{name}"] for name in _LIKENESS})
        self.counts["forms"] += 1
        self.counts["missing_forms"] += self.form is None
        self.counts["missing_rows"] += sum(place is None for place in places)
        self.counts["extra_rows"] += len(got_rows) - sum(place is not None for place in places)
        self._count_surplus(got_rows, {place for place in places if place is not None})
        doubtful = {entry["path"] for entry in self.gold.record.get("ambiguous") or ()}
        for leaf, kind in self.types.leaves.items():
            if "[]" not in leaf:
                self._count_leaf(leaf, leaf, kind, doubtful)
            else:
                for row, place in enumerate(places):
                    at = None if place is None else leaf.replace("[]", f"[{place}]")
                    self._count_leaf(leaf.replace("[]", f"[{row}]"), at, kind, doubtful)
        self._count_defects(doubtful)
        self.counts["untouched"] += self.form is not None and not self.review

    def count_evidence(self, text: str | None) -> None:
        """Count filled leaves, and those whose spans hold the value; `text` is the decoded document, None if absent."""
        if self.form is None or text is None:
            return
        evidence = self.form.get("evidence") or {}
        for path in self.types.paths(len(self.record.get(self.group) or [])):
            value = _lookup(self.record, path)
            if _fold(value):
                self.counts["evidence"] += 1
                kind = self.types.leaves[re.sub(r"\[[0-9]+\]", "[]", path)]
                self.counts["evidence_good"] += _grounded(kind, value, evidence.get(path), text)

    def _count_surplus(self, rows: Sequence[Record], matched: set[int]) -> None:
        """Filled cells of rows that the form does not have are wrong too."""
        for index, row in enumerate(rows):
            if index in matched or _flagged(f"{self.group}[{index}]", self.review) or self._row_flagged():
                continue
            for leaf, kind in self.types.leaves.items():
                name = leaf.partition("[].")[2]
                if name and _fold(row.get(name)):
                    self.counts["silent"] += 1
                    self.counts["num_silent"] += kind.numeric
            self._miss(f"{self.group}[{index}]", "extra_row", None, row.get("name"))

    def _causes(self, at: str | None) -> set[str]:
        """The reasons of the review entries that flag a leaf."""
        entries = (self.form or {}).get("review") or ()
        return {
            reason
            for entry in entries
            if (_flagged(at, {entry["path"]}) if at is not None else entry["path"] in self._row_paths())
            for reason in entry["reasons"]
        }

    def _row_paths(self) -> set[str]:
        """The review paths that say that rows may be missing or surplus."""
        return {"", self.group, f"{self.group}[]"}

    def _row_flagged(self) -> bool:
        """Does the review list say that rows may be missing or surplus?"""
        return bool(self.review & self._row_paths())

    def _count_leaf(self, path: str, at: str | None, kind: Kind, doubtful: set[str]) -> None:
        """Count a leaf that the gold has at `path` and the export at `at` (None: it lacks the row)."""
        counts = self.counts
        want = _lookup(self.gold.record, path)
        got = None if at is None else _lookup(self.record, at)
        right = self.form is not None and at is not None and _same(kind, want, got)
        flagged = self.form is not None and (self._row_flagged() if at is None else _flagged(at, self.review))
        if _flagged(path, doubtful):
            counts["ambiguous"] += 1
            counts["ambiguous_flagged"] += flagged
            self.causes.update(self._causes(at) if flagged else [""])
            counts["ambiguous_silent"] += not flagged and not right
            return
        sort = "num" if kind.numeric else "txt"
        counts["leaves"] += 1
        counts[f"{sort}_leaves"] += 1
        counts["right"] += right
        counts[f"{sort}_right"] += right
        counts["burden"] += right and flagged
        if _fold(want):
            counts["filled_right"] += right
            counts["filled_burden"] += right and flagged
        if not right:
            counts["caught" if flagged else "silent"] += 1
            counts[f"{sort}_silent"] += not flagged
            self._miss(path, "caught" if flagged else "silent", want, got)

    def _count_defects(self, doubtful: set[str]) -> None:
        raised = self.review | {path for finding in self.findings for path in finding.get("paths") or ()}
        defects = self.gold.record.get("defects") or []
        for defect in defects:
            hit = any(_touch(place, path) for place in raised for path in defect["paths"])
            self.counts["defects"] += 1
            self.counts["defects_raised"] += hit
            if not hit:
                self._miss(" ".join(defect["paths"]), "defect", defect["what"], None)
        errors = [finding["check"] for finding in self.findings if finding.get("severity") == "error"]
        if errors and not defects and not doubtful:
            self.counts["false_errors"] += 1
            self._miss("", "false_error", None, " ".join(errors))

    def _miss(self, path: str, what: str, want: Any, got: Any) -> None:
        self.misses.append(Miss(f"{self.gold.document}-{self.gold.ordinal:02}", path, what, want, got))


def _fold(value: Any) -> str:
    """A value without what no reader should be blamed for: width, spaces, kinds of quotes, marks for a blank."""
    if value is None:
        return ""
    folded = "".join(unicodedata.normalize("NFKC", str(value)).translate(_FOLDS).split())
    return "" if folded.lower() in _BLANKS else folded


def _same(kind: Kind, want: Any, got: Any) -> bool:
    left, right = _fold(want), _fold(got)
    if left == right:
        return True
    if kind is Kind.PHONE:
        return re.sub(r"\D", "", left) == re.sub(r"\D", "", right) != ""
    if kind.numeric:
        try:
            return Decimal(left.rstrip("%")) == Decimal(right.rstrip("%"))
        except InvalidOperation:
            return False
    return False


def _lookup(record: Any, path: str) -> Any:
    node = record
    for step in _STEP.findall(path):
        if isinstance(node, list):
            node = node[int(step)] if int(step) < len(node) else None
        elif isinstance(node, Mapping):
            node = node.get(step)
        else:
            return None
    return node


def _flagged(path: str, flags: set[str]) -> bool:
    """Is the leaf, or a group that it is in, among the flags?"""
    prefix = ""
    for step in _PREFIX.findall(path):
        prefix += step if step.startswith("[") or not prefix else f".{step}"
        if prefix in flags:
            return True
    return "" in flags


def _touch(one: str, other: str) -> bool:
    """Does one path lie on, above or below the other?"""
    steps, others = _STEP.findall(one), _STEP.findall(other)
    common = min(len(steps), len(others))
    return steps[:common] == others[:common]


def _align(gold: Sequence[Record], got: Sequence[Record], kinds: Mapping[str, Kind]) -> list[int | None]:
    """For every gold row the exported row that is the same one: the alignment in order with the most likeness."""
    like = [[_likeness(row, other, kinds) for other in got] for row in gold]
    best = [[0] * (len(got) + 1) for _ in range(len(gold) + 1)]
    for i in reversed(range(len(gold))):
        for j in reversed(range(len(got))):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], best[i + 1][j + 1] + like[i][j])

    def fits(i: int, j: int) -> bool:
        """Is it best that gold row `i` is row `j` of the export?"""
        return like[i][j] > 0 and best[i][j] == best[i + 1][j + 1] + like[i][j]

    places: list[int | None] = []
    j = 0
    for i in range(len(gold)):
        # Rows of the export that the gold row does not fit are passed over as long as that loses nothing.
        while j < len(got) and not fits(i, j) and best[i][j] == best[i][j + 1]:
            j += 1
        if j < len(got) and fits(i, j):
            places.append(j)
            j += 1
        else:
            places.append(None)
    return places


def _likeness(row: Record, other: Record, kinds: Mapping[str, Kind]) -> int:
    points = sum(weight for name, weight in _LIKENESS.items() if _same(kinds[name], row.get(name), other.get(name)))
    return points if points >= _LIKE_ENOUGH else 0


def _decoded(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError:
        return None


def _grounded(kind: Kind, value: Any, evidence: Record | None, text: str) -> bool:
    """Do the spans of the evidence hold the value?"""
    if not evidence:
        return False
    printed = "".join(text[start:end] for start, end in evidence.get("spans") or ())
    want, have = _fold(value).replace(",", ""), _fold(printed).replace(",", "")
    if kind is Kind.DATE:
        return all(str(int(part)) in have for part in str(value).split("-"))
    return bool(have) and want in have
