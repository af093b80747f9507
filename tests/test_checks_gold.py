"""The checks on the hand-keyed gold records: every defect is touched, no clean form is accused, the burden is small.

The records are for measuring only and are not part of the project: without them the tests skip. Run as a script
(`python -m tests.test_checks_gold`) it prints what was flagged, and why, without quoting a cell.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.forms import Finding, FormView, Kind, Severity
from pipeline.reading import RefKind
from schemas.self_evaluation.checks import CHECKS, DOSSIER_CHECKS
from schemas.self_evaluation.record import LEAVES

GOLD = Path(__file__).resolve().parents[2] / "shared" / "gold"


@dataclass(frozen=True)
class Gold:
    """A gold record as the checks see it, with what its keepers said of it."""

    name: str
    view: FormView
    defects: tuple[tuple[str, ...], ...]
    ambiguous: tuple[str, ...]

    def doubtful(self, path: str) -> bool:
        return any(below(path, doubt) for doubt in self.ambiguous)


def below(path: str, group: str) -> bool:
    """Is the path the group or something in it?"""
    return group in ("", path) or path.startswith((group + ".", group + "["))


def touches(one: str, other: str) -> bool:
    a, b = (re.findall(r"[^.\[\]]+", path) for path in (one, other))
    length = min(len(a), len(b))
    return a[:length] == b[:length]


def leaf_values(record: dict[str, Any]) -> Iterator[tuple[str, Kind, str | None]]:
    """Every leaf of a record, with its kind and value."""
    for leaf, kind in LEAVES.items():
        head, _, cell = leaf.partition("[].")
        places = [(f"{head}[{i}].{cell}", row) for i, row in enumerate(record[head])] if cell else [(leaf, record)]
        for path, node in places:
            value: Any = node
            for key in (cell or leaf).split("."):
                value = None if value is None else value.get(key)
            yield path, kind, None if value is None else str(value)


def view_of(record: dict[str, Any], document: str, ordinal: int) -> FormView:
    """A gold record as a view: filled leaves are at a place, blank ones are empty cells."""
    leaves = list(leaf_values(record))
    merged: list[tuple[int, int]] = []
    for i, row in enumerate(record["indicators"]):
        if row["merged"]:
            merged[-1:] = [(merged[-1][0], i + 1)] if merged and merged[-1][1] == i else [*merged[-1:], (i - 1, i + 1)]
    return FormView(
        values={path: value for path, _, value in leaves},
        kinds={path: RefKind.EMPTY if value is None else RefKind.AT for path, _, value in leaves},
        printed={path: value + "%" * (kind is Kind.PERCENT) for path, kind, value in leaves if value is not None},
        units={},
        rows=len(record["indicators"]),
        merged=tuple(merged),
        subtotals=record.get("level1_weights") or {},
        document=document,
        ordinal=ordinal,
    )


def gold() -> list[Gold]:
    out = []
    for path in sorted(GOLD.glob("*-[0-9][0-9].json")):
        document, ordinal = path.stem.rsplit("-", 1)
        record = json.loads(path.read_text(encoding="utf-8"))
        out.append(
            Gold(
                path.stem,
                view_of(record, document, int(ordinal)),
                tuple(tuple(defect["paths"]) for defect in record.get("defects") or []),
                tuple(doubt["path"] for doubt in record.get("ambiguous") or []),
            )
        )
    return out


def findings(forms: list[Gold]) -> dict[str, list[Finding]]:
    """All findings by form: of its own, and of the forms of its document together."""
    out = {form.name: [finding for check in CHECKS for finding in check(form.view)] for form in forms}
    for document in {form.view.document for form in forms}:
        dossier = [form for form in forms if form.view.document == document]
        for check in DOSSIER_CHECKS:
            for index, finding in check([form.view for form in dossier]):
                out[dossier[index].name].append(finding)
    return out


@pytest.fixture(scope="module")
def forms() -> list[Gold]:
    if not GOLD.is_dir():
        pytest.skip(f"no gold records at {GOLD}")
    return gold()


def test_every_defect_is_touched_by_a_finding(forms: list[Gold]) -> None:
    told = findings(forms)
    missed = [
        (form.name, defect)
        for form in forms
        for defect in form.defects
        if not any(
            touches(path, place)
            for finding in told[form.name]
            for path in (*finding.paths, *finding.review)
            for place in defect
        )
    ]
    assert not missed


def test_no_clean_form_has_an_error(forms: list[Gold]) -> None:
    told = findings(forms)
    accused = [
        (form.name, finding.check)
        for form in forms
        if not form.defects and not form.ambiguous
        for finding in told[form.name]
        if finding.severity is Severity.ERROR
    ]
    assert not accused


def flagged(form: Gold, told: list[Finding]) -> dict[str, set[str]]:
    """Leaf → the checks that send it to review."""
    out: dict[str, set[str]] = {}
    for finding in told:
        for path in finding.review:
            for leaf in form.view.values:
                if below(leaf, path):
                    out.setdefault(leaf, set()).add(finding.check)
    return out


def test_few_right_leaves_are_flagged(forms: list[Gold]) -> None:
    told = findings(forms)
    right = burden = 0
    for form in forms:
        marked = flagged(form, told[form.name])
        right += sum(not form.doubtful(leaf) for leaf in form.view.values)
        burden += sum(not form.doubtful(leaf) for leaf in marked)
    assert burden / right < 0.007


def main() -> None:
    forms = gold()
    told = findings(forms)
    right = burden = doubtful = caught = 0
    right_by: Counter[str] = Counter()
    doubt_by: Counter[str] = Counter()
    for form in forms:
        marked = flagged(form, told[form.name])
        for leaf in form.view.values:
            if form.doubtful(leaf):
                doubtful += 1
                caught += leaf in marked
                doubt_by.update(marked.get(leaf, {"(not flagged) " + re.sub(r"\[\d+\]", "[]", leaf)}))
            else:
                right += 1
                burden += leaf in marked
                right_by.update(marked.get(leaf, ()))
                if leaf in marked:
                    print("right but flagged", form.name, leaf, sorted(marked[leaf]))
        for leaf in form.view.values:
            if form.doubtful(leaf) and leaf not in marked:
                print("doubtful, not flagged", form.name, leaf)
        for finding in told[form.name]:
            if finding.severity is Severity.ERROR:
                print("error", form.name, finding.check, finding.message, finding.paths, finding.review)
    print("findings", Counter((f.severity.value, f.check) for fs in told.values() for f in fs).most_common())
    print(f"right leaves flagged {burden}/{right} = {burden / right:.3%}", right_by.most_common())
    print(f"ambiguous leaves flagged {caught}/{doubtful}", doubt_by.most_common())


if __name__ == "__main__":
    main()
