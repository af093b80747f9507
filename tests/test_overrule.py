"""Decisions of people put in the place of what was read, and what settling makes of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from pipeline.anchors import anchor_of
from pipeline.decisions import Decision, DecisionKind, effective
from pipeline.reading import Doubt, Reading, Ref, RefKind
from pipeline.settle import Settled, Settler, settle
from tests.read_forms import FORM_TYPE, ReadForm, read_form

_NUMBERS = count(1)


@pytest.fixture
def form() -> ReadForm:
    return read_form("tsv", 5)


def decide(
    form: ReadForm,
    path: str,
    kind: DecisionKind,
    value: str | None = None,
    *,
    by: str = "wang",
    double: bool = False,
    added: str = "",
    target: str = "",
) -> Decision:
    """A decision about a leaf of the form as it was read, or of a row that the decision `added` added."""
    anchor = anchor_of(form.document, form.section, FORM_TYPE, form.table, path)
    if added:
        anchor = replace(anchor, added=added, value=(), row=())
    number = next(_NUMBERS)
    return Decision(
        f"{number:032x}",
        form.document.sha256,
        kind,
        path,
        anchor,
        by,
        f"2026-01-01T00:00:{number:02}",
        value,
        double=double,
        target=target,
        number=number,
    )


def settled(form: ReadForm, *decisions: Decision, readings: list[Reading] | None = None) -> Settled:
    work = [(form.section, FORM_TYPE, readings or [form.table])]
    [made] = settle(form.document, work, decisions)
    return made


def flagged(made: Settled) -> dict[str, list[str]]:
    return {entry["path"]: entry["reasons"] for entry in made.review}


def doubting(form: ReadForm, *paths: str) -> Reading:
    return replace(form.table, doubts=tuple(Doubt(path, "boundary.uncertain") for path in paths))


def value(made: Settled, path: str) -> Any:
    return made.values[path].value


def test_a_corrected_leaf_holds_what_was_keyed_and_says_who_said_so(form: ReadForm) -> None:
    made = settled(form, decide(form, "project_name", DecisionKind.CORRECT, "改正后的名称"))
    assert made.record["project_name"] == "改正后的名称"
    assert made.states["project_name"] == "decided"
    assert made.evidence["project_name"]["kind"] == "keyed"
    assert made.evidence["project_name"]["spans"], "where the reader saw it stays its evidence"
    [told] = made.decisions
    assert (told["path"], told["kind"], told["reviewer"]) == ("project_name", "correct", "wang")


def test_what_is_accepted_stays_what_it_was_whatever_is_read_later(form: ReadForm) -> None:
    path = "indicators[2].score"
    accepted = value(settled(form), path)
    decision = decide(form, path, DecisionKind.ACCEPT, accepted)
    other = replace(form.table, leaves={**form.table.leaves, path: form.table.leaves["indicators[2].weight"]})
    assert value(settled(form, readings=[other]), path) != accepted
    made = settled(form, decision, readings=[other])
    assert (value(made, path), made.states[path]) == (accepted, "decided")


def test_a_keyed_amount_keeps_the_unit_that_is_printed_behind_it() -> None:
    form = read_form("tsv", 5, defect="unit")
    before = settled(form)
    path = next(path for path, value in before.values.items() if value.unit and path.startswith("funding."))
    made = settled(form, decide(form, path, DecisionKind.CORRECT, "123.45"))
    assert value(made, path) == "123.45"
    assert made.values[path].unit == before.values[path].unit
    assert made.values[path].unit


def test_a_blank_and_a_source_defect_keep_what_is_printed(form: ReadForm) -> None:
    score = value(settled(form), "total_score")
    made = settled(
        form,
        decide(form, "project_leader", DecisionKind.BLANK),
        decide(form, "total_score", DecisionKind.SOURCE_DEFECT, score),
    )
    assert made.record["project_leader"] is None
    assert made.states["project_leader"] == "decided"
    assert (made.record["total_score"], made.states["total_score"]) == (score, "source_defect")


def test_what_is_lost_waits_for_a_scan_and_is_not_asked_again(form: ReadForm) -> None:
    made = settled(form, decide(form, "phone", DecisionKind.LOST))
    assert made.record["phone"] is None
    assert made.states["phone"] == "review", "an export never takes it for a blank"
    assert flagged(made)["phone"] == ["rescan"]
    assert made.lost == {"phone"}
    assert "phone" not in made.asked


def test_of_a_group_only_what_nobody_decided_is_left(form: ReadForm) -> None:
    doubted = doubting(form, "indicators[1]")
    row = [path for path in form.table.leaves if path.startswith("indicators[1].")]
    first = settled(form, readings=[doubted])
    assert flagged(first) == {"indicators[1]": ["boundary.uncertain"]}
    assert set(first.asked) == set(row)
    said = [decide(form, path, DecisionKind.ACCEPT, value(first, path)) for path in row]
    part = settled(form, *said[:3], readings=[doubted])
    assert set(flagged(part)) == set(row[3:])
    assert set(part.asked) == set(row[3:])
    whole = settled(form, *said, readings=[doubted])
    assert not whole.review
    assert not whole.asked
    assert {whole.states[path] for path in row} == {"decided"}


def test_a_whole_table_in_doubt_also_asks_whether_its_rows_are_all_there(form: ReadForm) -> None:
    doubted = doubting(form, "indicators")
    made = settled(form, readings=[doubted])
    assert next(iter(made.asked)) == "indicators[]"
    rows = decide(form, "indicators[]", DecisionKind.ACCEPT, str(form.table.rows))
    assert "indicators[]" not in settled(form, rows, readings=[doubted]).asked


def test_a_rejected_row_goes_and_the_rows_below_move_up_with_their_decisions(form: ReadForm) -> None:
    names = [row["name"] for row in settled(form).record["indicators"]]
    made = settled(
        form,
        decide(form, "indicators[1].name", DecisionKind.REJECT_ROW),
        decide(form, "indicators[2].actual", DecisionKind.CORRECT, "改正后的完成值"),
    )
    assert [row["name"] for row in made.record["indicators"]] == [names[0], *names[2:]]
    assert made.record["indicators"][1]["actual"] == "改正后的完成值"
    assert made.states["indicators[1].actual"] == "decided"
    assert not [finding for finding in made.findings if finding.check.startswith("coverage")]


def test_an_added_row_is_asked_leaf_by_leaf_until_it_is_keyed(form: ReadForm) -> None:
    names = [row["name"] for row in settled(form).record["indicators"]]
    added = decide(form, "indicators[0].name", DecisionKind.ADD_ROW)
    made = settled(form, added)
    assert [row["name"] for row in made.record["indicators"]] == [names[0], None, *names[1:]]
    asked = {path: reasons for path, reasons in made.asked.items() if path.startswith("indicators[1].")}
    assert len(asked) == 8
    assert all("row.added" in reasons for reasons in asked.values())
    keyed = decide(form, "indicators[1].name", DecisionKind.CORRECT, "补录的指标", added=added.uid)
    made = settled(form, added, keyed)
    assert made.record["indicators"][1]["name"] == "补录的指标"
    assert "indicators[1].name" not in made.asked
    below = decide(form, "indicators[0].name", DecisionKind.ADD_ROW, added=added.uid)
    assert settled(form, added, keyed, below).reading.rows == len(names) + 2


def test_rows_found_complete_are_so_until_one_is_added_or_rejected(form: ReadForm) -> None:
    doubted = doubting(form, "indicators[]")
    reject = decide(form, "indicators[1].name", DecisionKind.REJECT_ROW)
    complete = decide(form, "indicators[]", DecisionKind.ACCEPT, str(form.table.rows - 1))
    assert "indicators[]" not in settled(form, reject, complete, readings=[doubted]).asked
    assert "indicators[]" in settled(form, complete, readings=[doubted]).asked


def test_undo_and_redo_are_decisions_too(form: ReadForm) -> None:
    before = settled(form).record["project_name"]
    first = decide(form, "project_name", DecisionKind.CORRECT, "另一个名称")
    undo = decide(form, "project_name", DecisionKind.UNDO, target=first.uid)
    redo = decide(form, "project_name", DecisionKind.REDO, target=first.uid)
    assert settled(form, first, undo).record["project_name"] == before
    assert settled(form, first, undo, redo).record["project_name"] == "另一个名称"
    assert effective([first, undo, redo, replace(undo, uid="f" * 32)]) == []


def test_two_people_have_to_agree_and_nobody_agrees_with_themselves(form: ReadForm) -> None:
    path = "total_score"

    def say(who: str, value: str) -> Decision:
        return decide(form, path, DecisionKind.CORRECT, value, by=who, double=True)

    one = settled(form, say("wang", "91"))
    assert (one.asked[path], one.barred[path]) == (("second.wanted",), ("wang",))
    assert one.states[path] == "review"
    twice = settled(form, say("wang", "91"), say("wang", "91"))
    assert twice.asked[path] == ("second.wanted",)
    assert settled(form, say("wang", "91"), say("li", "91")).states[path] == "decided"
    differing = settled(form, say("wang", "91"), say("li", "92"))
    assert (differing.asked[path], set(differing.barred[path])) == (("second.differs",), {"wang", "li"})
    third = settled(form, say("wang", "91"), say("li", "92"), say("zhao", "92"))
    assert (third.record[path], third.states[path]) == ("92", "decided")


def test_a_corrected_figure_clears_what_its_sum_suspected_and_nothing_else(form: ReadForm) -> None:
    path = "indicators[2].score"
    right = value(settled(form), path)
    wrong = decide(form, path, DecisionKind.CORRECT, "1")
    broken = settled(form, wrong, replace(wrong, uid="e" * 32, kind=DecisionKind.NOTE))
    assert any(finding.check == "scores.total" for finding in broken.findings)
    doubted = doubting(form, "project_name")
    mended = settled(form, wrong, decide(form, path, DecisionKind.CORRECT, right), readings=[doubted])
    assert flagged(mended) == {"project_name": ["boundary.uncertain"]}


def test_a_sum_that_fails_among_confirmed_suspects_suspects_the_rest(form: ReadForm) -> None:
    wrong = read_form("tsv", 5, defect="scores_total")
    first = settled(wrong)
    finding = next(finding for finding in first.findings if finding.check == "scores.total")
    suspects = finding.review
    assert suspects
    said = [decide(wrong, path, DecisionKind.ACCEPT, value(first, path)) for path in suspects]
    wider = settled(wrong, *said)
    rest = set(finding.paths) - set(suspects)
    assert rest
    assert rest <= set(wider.asked)
    defect = [decide(wrong, path, DecisionKind.SOURCE_DEFECT, value(first, path)) for path in suspects]
    assert not rest & set(settled(wrong, *defect).asked)


def test_a_disagreement_of_readers_stays_until_somebody_decides_it(form: ReadForm) -> None:
    weight, score = form.table.leaves["total_weight"], form.table.leaves["total_score"]
    swapped = {**form.table.leaves, "total_weight": score, "total_score": weight}
    tables = replace(form.table, leaves=swapped)
    model = replace(form.table, reader="llm")
    before = settled(form, readings=[tables, model])
    assert "readers.differ" in before.asked["total_weight"]
    assert "total_weight" in before.disputed
    right = value(settled(form), "total_weight")
    after = settled(form, decide(form, "total_weight", DecisionKind.CORRECT, right), readings=[tables, model])
    assert after.record["total_weight"] == right
    assert after.evidence["total_weight"]["kind"] == "at"
    assert "total_weight" not in after.asked
    assert "readers.differ" in after.asked["total_score"]


def test_a_decision_without_a_place_is_an_orphan_and_puts_its_table_in_doubt(form: ReadForm) -> None:
    decision = decide(form, "indicators[1].score", DecisionKind.CORRECT, "3")
    fewer = tuple(path for path in form.table.leaves if not path.startswith("indicators["))
    gone = replace(form.table, rows=0, merged=(), leaves={path: form.table.leaves[path] for path in fewer})
    made = settled(form, decision, readings=[gone])
    assert made.orphans == (decision,)
    assert any("decision.orphan" in reasons for reasons in flagged(made).values())
    assert not made.record["indicators"]


def test_a_keyed_value_that_stands_on_the_row_is_grounded_there(form: ReadForm) -> None:
    path = "indicators[1].deviation"
    right = value(settled(form), path)
    assert right
    blind = replace(form.table, leaves={**form.table.leaves, path: Ref(RefKind.LOST)})
    made = settled(form, decide(form, path, DecisionKind.CORRECT, right), readings=[blind])
    assert made.evidence[path]["kind"] == "at"
    assert made.evidence[path]["spans"] == settled(form).evidence[path]["spans"]


def test_settling_again_gives_what_settling_at_once_gives_and_the_same_objects(form: ReadForm) -> None:
    settler = Settler(form.document, [(form.section, FORM_TYPE, [form.table])])
    decision = decide(form, "project_name", DecisionKind.CORRECT, "另一个名称")
    [before] = settler.settle()
    assert settler.settle()[0] is before
    [after] = settler.settle([decision])
    assert after.record == settled(form, decision).record
    assert settler.settle()[0].record == before.record
