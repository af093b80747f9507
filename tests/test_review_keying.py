"""Whole forms keyed blind: what is asked, that nothing that was read is shown, and the gold records it yields."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from rich.console import Console

from pipeline.cli import main
from pipeline.errors import UsageError
from pipeline.forms import form_types
from pipeline.review.gold import compared, gold_command
from pipeline.review.keying import (
    FormKeying,
    Keying,
    Mark,
    Said,
    fields,
    filled,
    key_command,
    run_keying,
)
from pipeline.settings import Settings
from pipeline.store.store import Store
from samples.generate import make_document
from tests.commandline import COMMAND, ROOT, environment
from tests.reviewed import digitised

FORM_TYPE = form_types()[0]
ROWS = "indicators[]"
MADE = make_document(1, 2, "word", prose_in_front=False)
RECORD: Mapping[str, Any] = MADE.forms[0].record


def keyed(rows: int, values: Mapping[str, str | None]) -> dict[str, Said]:
    """What somebody keyed: these values, blanks elsewhere."""
    said = {ROWS: Said(Mark.VALUE, str(rows))} | {path: Said(Mark.VALUE, value) for path, value in values.items()}
    for path in fields(FORM_TYPE, said):
        said.setdefault(path, Said(Mark.VALUE))
    return said


def at(record: Any, path: str) -> Any:
    for step in path.replace("[", ".").replace("]", "").split("."):
        record = None if record is None else record[int(step)] if isinstance(record, list) else record.get(step)
    return record


# What is asked


def test_first_the_rows_then_every_leaf_in_record_order_and_subtotals_by_heading() -> None:
    said = {ROWS: Said(Mark.VALUE, "2")}
    every = fields(FORM_TYPE, said)
    assert every == [ROWS, *(path for path in every if path in FORM_TYPE.paths(2))]
    assert set(every[1:]) == set(FORM_TYPE.paths(2))
    said |= {"indicators[0].level1": Said(Mark.VALUE, "产出指标"), "indicators[1].level1": Said(Mark.ABOVE)}
    more = fields(FORM_TYPE, said)
    assert [path for path in more if path not in every] == ["level1_weights.产出指标"]
    assert more.index("level1_weights.产出指标") == more.index("indicators[1].deviation") + 1


def test_headings_are_those_above_also_after_these_were_changed() -> None:
    said = {ROWS: Said(Mark.VALUE, "4"), "indicators[0].level1": Said(Mark.VALUE, "产出")}
    said |= {f"indicators[{row}].level1": Said(Mark.ABOVE) for row in (1, 3)}
    said["indicators[2].level1"] = Said(Mark.VALUE, "效益")
    values = filled(FORM_TYPE, said).values
    assert [values[f"indicators[{row}].level1"] for row in range(4)] == ["产出", "产出", "效益", "效益"]
    said["indicators[0].level1"] = Said(Mark.VALUE, "成本")
    assert filled(FORM_TYPE, said).values["indicators[1].level1"] == "成本"


def test_two_who_agree_leave_nothing_ambiguous() -> None:
    one = keyed(1, {"total_score": "95.50", "title": "自评表（一）"})
    other = keyed(1, {"total_score": "95.5", "title": "自评表(一)"})
    assert compared(FORM_TYPE, {"li": filled(FORM_TYPE, one), "wu": filled(FORM_TYPE, other)}) == []


def test_where_two_differ_the_leaf_is_ambiguous_saying_how() -> None:
    one, other = keyed(2, {"total_score": "95"}), keyed(2, {"total_score": "59"})
    other["indicators[1].score"] = Said(Mark.MERGED)
    one["phone"] = Said(Mark.LOST)
    doubts = compared(FORM_TYPE, {"li": filled(FORM_TYPE, one), "wu": filled(FORM_TYPE, other)})
    assert {each["path"] for each in doubts} == {"total_score", "indicators[1].score", "phone"}
    why = {each["path"]: each["why"] for each in doubts}
    assert why["total_score"] == 'li keyed "95", wu "59"'
    assert why["phone"] == "illegible to li"


def test_where_two_count_rows_differently_the_table_is_ambiguous() -> None:
    one, other = keyed(2, {"indicators[0].name": "甲"}), keyed(3, {"indicators[0].name": "乙"})
    [doubt] = compared(FORM_TYPE, {"li": filled(FORM_TYPE, one), "wu": filled(FORM_TYPE, other)})
    assert doubt == {"path": "indicators", "why": "li counts 2 rows, wu 3"}


# Keying


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return digitised(tmp_path, {"made.txt": MADE.text})


@contextmanager
def keying(settings: Settings, reviewer: str) -> Iterator[Keying]:
    with Store.open(settings.db, create=False) as store:
        yield Keying(store, settings, reviewer=reviewer)


def begun(work: Keying) -> FormKeying:
    form = work.next_form()
    assert form is not None
    return form


def type_line(path: str, above: str | None, changes: Mapping[str, str]) -> str:
    """What a typist keys who reads the record off the page."""
    if path in changes:
        return changes[path]
    if path == ROWS:
        return str(len(RECORD["indicators"]))
    value = at(RECORD, path)
    if path.endswith((".level1", ".level2")) and value == above and "[0]" not in path:
        return ""
    return ":blank" if value is None else str(value)


def type_all(form: FormKeying, changes: Mapping[str, str] | None = None, *, most: int = 10_000) -> int:
    """Key what is left of a form, or as many fields; how many those were."""
    count = 0
    while count < most and (question := form.field()) is not None:
        line = type_line(question.path, form.above, changes or {})
        if line == ":blank":
            form.mark_blank()
        elif line == ":lost":
            form.mark_lost()
        else:
            form.key(line)
        count += 1
    return count


def key_whole(settings: Settings, reviewer: str, changes: Mapping[str, str] | None = None) -> None:
    with keying(settings, reviewer) as work:
        form = begun(work)
        type_all(form, changes)
        form.finish()


def gold_of(settings: Settings, folder: Path, name: str = "made-01") -> dict[str, Any]:
    gold_command(settings, out=folder / "gold")
    found: dict[str, Any] = json.loads((folder / "gold" / f"{name}.json").read_text(encoding="utf-8"))
    return found


def test_nothing_that_was_read_is_shown(settings: Settings) -> None:
    key_command(settings, "made.txt", ordinal=1, keyers=1)
    with keying(settings, "li") as work:
        form = begun(work)
        source = "".join(piece.text for line in form.about.lines for piece in line.pieces)
        assert RECORD["project_name"] in source
        while (question := form.field()) is not None:
            assert question.blind
            assert not (question.candidates or question.neighbours or question.reasons or question.remarks)
            assert question.place is None
            assert not any(piece.focus or piece.row for line in question.lines for piece in line.pieces)
            assert str(RECORD["project_name"]) not in f"{question.form_label}{question.label}{question.row_label}"
            form.key("1" if question.rows else "")


def test_what_a_machine_made_of_a_picture_is_not_shown(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    assert main(["run", str(ROOT / "samples" / "documents" / "clean-scan.tif"), "--db", url]) == 0
    settings = Settings(db=url)
    key_command(settings, "clean-scan.tif", ordinal=1, keyers=1)
    out = StringIO()
    with keying(settings, "li") as work:
        run_keying(work, source=StringIO(), out=Console(file=out, width=100))
    assert "it is not shown" in out.getvalue()
    assert "page 1" in out.getvalue()
    assert "clean-scan.tif" in out.getvalue()
    assert "项目名称" not in out.getvalue()


def test_one_person_keys_a_form_and_it_is_a_gold_record(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key_command(settings, "made.txt", ordinal=1, keyers=1)
    key_whole(settings, "li")
    gold = gold_of(settings, tmp_path)
    assert {key: gold[key] for key in RECORD} == RECORD
    assert (gold["form_id"], gold["ambiguous"], gold["keyed_by"]) == ("made-01", [], ["li"])
    capsys.readouterr()
    assert main(["eval", "--gold", str(tmp_path / "gold"), "--db", settings.db, "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)["total"]
    assert counts["right"] == counts["leaves"] > 100


def test_points_that_are_printed_once_are_merged(settings: Settings, tmp_path: Path) -> None:
    key_command(settings, "made.txt", ordinal=1, keyers=1)
    changes = {f"indicators[{row}].{column}": "^" for row in (2, 3, 6) for column in ("weight", "score")}
    key_whole(settings, "li", changes)
    rows = gold_of(settings, tmp_path)["indicators"]
    assert [number for number, row in enumerate(rows) if row["merged"]] == [2, 3, 6]
    assert [row["score"] for row in rows[1:5]] == [
        RECORD["indicators"][1]["score"],
        None,
        None,
        at(RECORD, "indicators[4].score"),
    ]


def test_where_two_differ_the_gold_record_and_the_command_say_so(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key_command(settings, "made.txt", ordinal=1, keyers=2)
    key_whole(settings, "li")
    with pytest.raises(UsageError):
        gold_command(settings, out=tmp_path / "gold")
    key_whole(settings, "wu", {"total_score": "1.5", "phone": ":lost"})
    gold = gold_of(settings, tmp_path)
    assert gold["total_score"] == RECORD["total_score"]
    assert [each["path"] for each in gold["ambiguous"]] == ["phone", "total_score"]
    said = " ".join(capsys.readouterr().out.split())
    assert f'made-01 total_score: li keyed "{RECORD["total_score"]}", wu "1.5"' in said
    assert "of 2 leaves" in said
    assert main(["eval", "--gold", str(tmp_path / "gold"), "--db", settings.db, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["total"]["ambiguous"] == 2


def test_what_was_keyed_is_there_after_a_kill(settings: Settings, tmp_path: Path) -> None:
    key_command(settings, "made.txt", ordinal=1, keyers=1)
    with keying(settings, "li") as work:
        type_all(begun(work), most=40)
    with keying(settings, "li") as work:
        form = begun(work)
        assert form.progress[0] == 40
        left = type_all(form)
        assert form.progress == (40 + left, 40 + left)
        form.finish()
    assert at(gold_of(settings, tmp_path), "project_name") == RECORD["project_name"]


def test_no_more_people_key_a_form_than_are_wanted(settings: Settings) -> None:
    key_command(settings, "made.txt", ordinal=1, keyers=2)
    found: dict[str, bool] = {}

    def take(name: str) -> None:
        with keying(settings, name) as work:
            found[name] = work.next_form() is not None

    threads = [Thread(target=take, args=(f"p{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(found.values()) == 2
    for name, has in found.items():
        with keying(settings, name) as work:
            assert (work.next_form() is not None) is has


def test_what_is_assigned_anew_is_keyed_anew(settings: Settings, tmp_path: Path) -> None:
    key_command(settings, "made.txt", ordinal=1, keyers=1)
    key_whole(settings, "li", {"total_score": "1.5"})
    with keying(settings, "li") as work:
        assert work.next_form() is None
    key_command(settings, "made.txt", ordinal=1, keyers=1)
    with pytest.raises(UsageError):
        gold_command(settings, out=tmp_path / "gold")
    key_whole(settings, "li")
    assert gold_of(settings, tmp_path)["total_score"] == RECORD["total_score"]


def test_a_document_without_a_number_is_keyed_whole(settings: Settings) -> None:
    key_command(settings, "made.txt", ordinal=None, keyers=1)
    with keying(settings, "li") as work:
        one = begun(work)
        assert one.about.form_label == "1/2"
        one.finish()
        assert begun(work).about.form_label == "2/2"


@pytest.mark.parametrize(
    "arguments",
    [["key", "nowhere.txt"], ["key", "made.txt", "--form", "3"], ["key", "made.txt", "--keyers", "3"], ["gold"]],
)
def test_what_cannot_be_keyed_is_refused(settings: Settings, arguments: Sequence[str]) -> None:
    assert main(["review", *arguments, "--db", settings.db]) == 2


def test_two_gold_records_of_one_name_are_refused(tmp_path: Path) -> None:
    other = make_document(2, 1, "word", prose_in_front=False).text
    settings = digitised(tmp_path, {"made.txt": MADE.text})
    folder = tmp_path / "documents" / "more"
    folder.mkdir()
    (folder / "made.txt").write_text(other, encoding="utf-8")
    assert main(["run", str(tmp_path / "documents"), "--db", settings.db]) == 0
    for name in ("made.txt", "more/made.txt"):
        key_command(settings, name, ordinal=1, keyers=1)
    with keying(settings, "li") as work:
        for _ in range(2):
            begun(work).finish()
    with pytest.raises(UsageError, match=r"made-01\.json"):
        gold_command(settings, out=tmp_path / "gold")


# In lines


def typed(settings: Settings, lines: Sequence[str], reviewer: str = "li") -> str:
    """What plain keying prints when these lines are typed."""
    out = StringIO()
    with keying(settings, reviewer) as work:
        run_keying(work, source=StringIO("".join(f"{line}\n" for line in lines)), out=Console(file=out, width=100))
    return out.getvalue()


def lines_of(settings: Settings) -> list[str]:
    """The lines that key the first form of the document to its end."""
    said: dict[str, Said] = {}
    lines = []
    while path := next((path for path in fields(FORM_TYPE, said) if path not in said), ""):
        line = type_line(path, None, {})
        said[path] = Said(Mark.VALUE, None if line == ":blank" else line)
        lines.append(line)
    return lines


def test_a_form_is_keyed_line_by_line(settings: Settings, tmp_path: Path) -> None:
    key_command(settings, "made.txt", ordinal=1, keyers=1)
    said = typed(settings, [*lines_of(settings), ""])
    assert "The form is keyed." in said
    assert "No form is left for you to key." in said
    assert {key: value for key, value in gold_of(settings, tmp_path).items() if key in RECORD} == RECORD


def test_a_form_is_done_when_the_person_says_so(settings: Settings) -> None:
    key_command(settings, "made.txt", ordinal=1, keyers=1)
    lines = lines_of(settings)
    said = typed(settings, [*lines, ":quit"])
    assert "The form is keyed." not in said
    assert "Left; what was keyed is stored" in said
    said = typed(settings, [":back", lines[-1], ""])
    assert "The form is keyed." in said


def test_what_is_typed_is_understood_as_it_is_meant(settings: Settings) -> None:
    key_command(settings, "made.txt", ordinal=1, keyers=1)
    typed(
        settings,
        [
            "many",
            "",
            "2",
            "自评表",
            ":b",
            "自评表（更正）",
            "two",
            "2021",
            ":lost",
            "=:back",
            "/",
            "-",
            "?",
            ":nonsense",
            ":source",
        ],
    )
    with Store.open(settings.db, create=False) as store:
        [row] = store.keyings.assigned()
        made = [(each.path, each.mark, each.value) for each in store.keyings.keyed(row.id, "li")]
    assert made == [
        (ROWS, "value", "2"),
        ("title", "value", "自评表"),
        ("title", "value", "自评表（更正）"),
        ("fiscal_year", "value", "2021"),
        ("project_name", "lost", None),
        ("competent_department", "value", ":back"),
        ("implementing_unit", "value", "/"),
        ("project_leader", "value", None),
    ]


def test_headings_say_what_stands_above(settings: Settings) -> None:
    key_command(settings, "made.txt", ordinal=1, keyers=1)
    with keying(settings, "li") as work:
        form = begun(work)
        while (question := form.field()) is not None and question.path != "indicators[1].level1":
            form.key("2" if question.rows else "产出指标" if question.path.endswith("level1") else "")
        assert form.above == "产出指标"
    said = typed(settings, [""])
    assert "Enter: as above, 产出指标" in said


def test_the_command_keys_from_a_pipe(settings: Settings, tmp_path: Path) -> None:
    key_command(settings, "made.txt", ordinal=1, keyers=1)
    done = subprocess.run(
        [*COMMAND, "review", "--keying", "--reviewer", "li", "--db", settings.db],
        cwd=tmp_path,
        env=environment(FORMTALLY_LANG="zh"),
        input="14\n自评表\n",
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "已离开" in done.stdout
    with keying(settings, "li") as work:
        assert begun(work).progress[0] == 2
