"""The queue as a workbook for colleagues, and what comes back, whatever a spreadsheet has made of it."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from PIL import Image

from pipeline import messages
from pipeline.decisions import Decision, DecisionKind, effective
from pipeline.ingest.limits import Limits
from pipeline.interrupt import Interrupted
from pipeline.messages import CATALOGUE
from pipeline.review.commands import open_queue
from pipeline.review.desk import Desk
from pipeline.review.exchange import Taken, import_rows, row_pictures
from pipeline.review.question import Place
from pipeline.review.session import Review
from pipeline.review.workbook import DECISIONS, Entry, decision_of, read_workbook, write_workbook
from pipeline.settings import Settings
from pipeline.source import Box
from pipeline.store.store import Store
from tests.commandline import formtally, one_sentence
from tests.review_forms import copy_of, fill, keys_of

TOTAL = ("sum.txt", 1, "total_score")
FUNDING = ("sum.txt", 1, "funding.total.score")
SCORE = ("sum.txt", 1, "indicators[0].score")
LEADER = ("names.txt", 1, "project_leader")
OTHER = ("names.txt", 2, "project_leader")
Where = tuple[str, int, str]
soffice = pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a queue, and its workbook."""
    folder = tmp_path_factory.mktemp("filled")
    fill(folder)
    done = formtally(folder, "review", "export", "out.xlsx")
    assert done.returncode == 0, done.stderr
    assert "8 questions" in done.stdout
    return folder


@pytest.fixture
def settings(filled: Path, tmp_path: Path) -> Settings:
    return copy_of(filled, tmp_path)


class Book:
    """A workbook that somebody fills in."""

    def __init__(self, path: Path) -> None:
        self.book: Any = load_workbook(path)
        self.sheet: Any = self.book.worksheets[1]
        titles: Any = self.sheet[2]
        self.titles = {str(cell.value): cell.column for cell in titles}

    def cell(self, key: str, title: str) -> Any:
        """The cell of a question in a column."""
        [row] = [
            row for row in range(3, self.sheet.max_row + 1) if (self.sheet.cell(row, 1).value or "").startswith(key)
        ]
        return self.sheet.cell(row, self.titles[title])

    def fill(self, key: str, **columns: Any) -> None:
        """Write into columns of a question."""
        for title, value in columns.items():
            self.cell(key, title).value = value

    def saved(self, path: Path, by: str = "li") -> Path:
        """The workbook as a file, filled in by somebody."""
        self.sheet["C1"] = by or None
        self.book.save(path)
        return path


@pytest.fixture
def back(filled: Path, settings: Settings, tmp_path: Path) -> Callable[..., Path]:
    """A workbook that came back, with these questions filled in."""

    def make(answers: Mapping[Where, Mapping[str, Any]], by: str = "li") -> Path:
        book = Book(filled / "out.xlsx")
        keys = keys_of(settings)
        for where, columns in answers.items():
            book.fill(keys[where], **columns)
        return book.saved(tmp_path / "back.xlsx", by)

    return make


def imported(settings: Settings, path: Path, **more: Any) -> Taken:
    """What becomes of a workbook."""
    filling = read_workbook(path.read_bytes())
    assert filling is not None
    with open_queue(settings) as store, Review(store, settings, reviewer=filling.reviewer or "li") as review:
        return import_rows(review, Desk(store, settings), store, filling, **more)


def decisions(settings: Settings) -> dict[str, Decision]:
    """The decisions that hold, by path."""
    with Store.open(settings.db, create=False) as store:
        found = store.reviews.decisions([row.sha256 for row in store.reviews.dossiers()])
    return {f"{each.path}": each for made in found.values() for each in effective(made)}


def count(settings: Settings) -> int:
    """How many decisions the store has, those that were taken back included."""
    with Store.open(settings.db, create=False) as store:
        found = store.reviews.decisions([row.sha256 for row in store.reviews.dossiers()])
    return sum(map(len, found.values()))


# Export


def test_a_row_a_question_and_nothing_of_what_is_asked_blind(filled: Path, settings: Settings) -> None:
    book = Book(filled / "out.xlsx")
    keys = keys_of(settings)
    assert book.sheet.max_row == 2 + len(keys)
    for (document, ordinal, _), key in keys.items():
        assert book.cell(key, "document").value == document
        assert book.cell(key, "form").value == str(ordinal)
    total = {title: book.cell(keys[TOTAL], title).value for title in book.titles}
    assert total["field"].startswith("总分")
    assert "【96.5】" in total["source"]
    assert total["as read"] is None
    assert "96.5" not in total["why"]
    assert book.cell(keys[LEADER], "as read").value == "钱多多 (table reader)"
    assert book.cell(keys[SCORE], "row").value == "1 · 清淤河道条数"


def test_only_what_is_to_be_filled_in_can_be_written(filled: Path) -> None:
    book = Book(filled / "out.xlsx")
    sheet = book.sheet
    assert sheet.protection.sheet
    assert sheet.protection.password is None
    assert not sheet.protection.sort and not sheet.protection.autoFilter
    assert book.book.worksheets[0].protection.sheet
    open_columns = {sheet.cell(2, cell.column).value for cell in sheet[3] if not cell.protection.locked}
    assert open_columns == {"decision", "value", "note"}
    assert not sheet["C1"].protection.locked and sheet["B1"].value == "Filled in by:"
    assert sheet.column_dimensions["A"].hidden
    assert sheet.freeze_panes == "A3"
    assert sheet.auto_filter.ref == f"A2:{sheet.cell(2, sheet.max_column).column_letter}{sheet.max_row}"
    assert all(cell.number_format == "@" and cell.alignment.wrap_text for cell in sheet[3])


def test_the_choices_are_those_that_make_sense(filled: Path, settings: Settings) -> None:
    book = Book(filled / "out.xlsx")
    keys = keys_of(settings)

    def choices(where: Where) -> list[str]:
        place = book.cell(keys[where], "decision").coordinate
        [rule] = [rule for rule in book.sheet.data_validations.dataValidation if place in rule.sqref]
        return str(rule.formula1).strip('"').split(",")

    assert "accept" not in choices(TOTAL) and "no row of the form" not in choices(TOTAL)
    assert "accept" not in choices(SCORE) and "no row of the form" in choices(SCORE)
    assert choices(LEADER)[0] == "accept"
    for where in (TOTAL, SCORE, LEADER):
        assert len(",".join(choices(where))) < 255
        assert {decision_of(words) for words in choices(where)} <= set(DECISIONS)


def test_pictures_where_there_are_pages(filled: Path, settings: Settings) -> None:
    book = Book(filled / "out.xlsx")
    keys = keys_of(settings)
    rows = {image.anchor._from.row + 1: image for image in book.sheet._images}
    paged = {book.cell(key, "document").row for (document, _, _), key in keys.items() if document == "page.pdf"}
    assert set(rows) == paged and len(paged) == 3
    for number, image in rows.items():
        width, height = image.anchor.ext.width / 9525, image.anchor.ext.height / 9525
        assert 100 < width <= 640 and 10 < height <= 200
        assert book.sheet.row_dimensions[number].height >= height * 0.75
    with zipfile.ZipFile(filled / "out.xlsx") as archive:
        sizes = [each.file_size for each in archive.infolist() if each.filename.startswith("xl/media/")]
    assert max(sizes) < 100_000


def test_no_picture_where_none_is_wanted_or_none_can_be_cut(filled: Path, settings: Settings, tmp_path: Path) -> None:
    without = formtally(tmp_path, "review", "export", "a.xlsx", FORMTALLY_REVIEW__PICTURES="off")
    assert without.returncode == 0, without.stderr
    assert "picture" not in Book(tmp_path / "a.xlsx").titles
    (filled / "page.pdf").rename(filled / "elsewhere.pdf")
    try:
        gone = formtally(tmp_path, "review", "export", "b.xlsx", "--document", "page")
    finally:
        (filled / "elsewhere.pdf").rename(filled / "page.pdf")
    assert gone.returncode == 0, gone.stderr
    assert Book(tmp_path / "b.xlsx").sheet.max_row == 5


def test_a_picture_that_cannot_be_cut_costs_no_other(filled: Path) -> None:
    box = Box(20, 60, 400, 90, "points")
    places = [Place(1, (box,), box), None, Place(7, (box,), None), Place(1, (box,), box)]
    first, second, third, fourth = row_pictures(str(filled / "page.pdf"), places, Limits())
    assert first is not None and fourth == first
    assert Image.open(BytesIO(first)).format == "JPEG"
    assert second is third is None


def test_nothing_is_claimed_and_filters_hold(settings: Settings, tmp_path: Path) -> None:
    done = formtally(tmp_path, "review", "export", "a.xlsx", "--document", "names")
    assert done.returncode == 0, done.stderr
    assert Book(tmp_path / "a.xlsx").sheet.max_row == 4
    with Store.open(settings.db, create=False) as store:
        assert not [item for item in Review(store, settings, reviewer="x").items() if item.held_by]
    nothing = formtally(tmp_path, "review", "export", "none.xlsx", "--document", "good")
    assert (nothing.returncode, nothing.stderr) == (0, "")
    assert not (tmp_path / "none.xlsx").exists()


@pytest.mark.parametrize(("target", "code"), [("a.csv", 2), ("no/such/a.xlsx", 2), ("folder.xlsx", 2)])
def test_where_no_workbook_can_be_written(filled: Path, tmp_path: Path, target: str, code: int) -> None:
    copy_of(filled, tmp_path)
    (tmp_path / "folder.xlsx").mkdir()
    done = formtally(tmp_path, "review", "export", target)
    assert done.returncode == code
    assert target.partition("/")[0] in one_sentence(done.stderr)


def test_chinese_workbooks(settings: Settings, tmp_path: Path) -> None:
    assert formtally(tmp_path, "review", "export", "a.xlsx", FORMTALLY_LANG="zh").returncode == 0
    book = Book(tmp_path / "a.xlsx")
    assert book.book.sheetnames == ["说明", "问题"]
    keys = keys_of(settings)
    book.fill(keys[LEADER], 裁定="采信")
    book.fill(keys[FUNDING], 值="7.5")
    book.fill(keys[SCORE], 裁定="illegible")
    taken = imported(settings, book.saved(tmp_path / "b.xlsx"))
    assert (taken.applied, taken.refused) == (3, [])
    kinds = {path: each.kind for path, each in decisions(settings).items()}
    assert kinds["indicators[0].score"] is DecisionKind.LOST
    assert kinds["project_leader"] is kinds["funding.total.score"] is DecisionKind.ACCEPT


def test_instructions_name_every_column_and_decision(filled: Path) -> None:
    book = Book(filled / "out.xlsx")
    words = {row[0].value for row in book.book.worksheets[0].iter_rows()}
    assert set(book.titles) - words == {book.sheet["A2"].value}
    assert {CATALOGUE[f"decision.{kind}"][0] for kind in DECISIONS} <= words


def test_text_is_never_a_formula(tmp_path: Path) -> None:
    texts = {name: "=HYPERLINK(1)" for name in ("document", "field", "why", "source", "read")} | {
        "id": "+1",
        "row": "@x",
    }
    write_workbook(tmp_path / "a.xlsx", [Entry(texts, (DecisionKind.BLANK,))], token="0" * 16)
    for row in load_workbook(tmp_path / "a.xlsx").worksheets[1].iter_rows(min_row=3):
        assert {cell.data_type for cell in row if cell.value is not None} == {"s"}


def test_characters_that_no_spreadsheet_can_hold(tmp_path: Path) -> None:
    from pipeline.review.excerpt import printable

    text = printable("a\x00b\x0bc\ud800d\ufffee")
    write_workbook(tmp_path / "a.xlsx", [Entry({"source": text * 20_000}, (DecisionKind.BLANK,))], token="0" * 16)
    [row] = load_workbook(tmp_path / "a.xlsx").worksheets[1].iter_rows(min_row=3)
    assert len(max((str(cell.value) for cell in row), key=len)) <= 32_767


# Import


def test_what_is_keyed_blind_is_held_against_what_was_read(settings: Settings, back: Callable[..., Path]) -> None:
    taken = imported(settings, back({FUNDING: {"value": "7.50"}, SCORE: {"value": "17"}}))
    assert (taken.applied, taken.empty, taken.refused) == (2, 6, [])
    made = decisions(settings)
    agreed, other = made["funding.total.score"], made["indicators[0].score"]
    assert (agreed.kind, agreed.value) == (DecisionKind.ACCEPT, "7.5")
    assert (other.kind, other.value) == (DecisionKind.CORRECT, "17")
    assert other.shown["workbook"] is other.shown["blind"] is True
    assert other.reviewer == "li"


def test_texts_are_accepted_or_corrected(settings: Settings, back: Callable[..., Path]) -> None:
    answers = {LEADER: {"decision": "accept"}, OTHER: {"value": "钱多多", "note": "same person"}}
    taken = imported(settings, back(answers))
    assert (taken.applied, taken.refused) == (2, [])
    with Store.open(settings.db, create=False) as store:
        [made] = [
            each for each in store.reviews.decisions([r.sha256 for r in store.reviews.dossiers()]).values() if each
        ]
    assert [(each.kind, each.value) for each in made] == [
        (DecisionKind.ACCEPT, "钱多多"),
        (DecisionKind.NOTE, "same person"),
        (DecisionKind.CORRECT, "钱多多"),
    ]


@pytest.mark.parametrize(
    ("where", "columns", "kind", "value"),
    [
        (SCORE, {"decision": "blank"}, DecisionKind.BLANK, None),
        (SCORE, {"decision": "Lost"}, DecisionKind.LOST, None),
        (SCORE, {"decision": " illegible "}, DecisionKind.LOST, None),
        (SCORE, {"decision": "no row of the form"}, DecisionKind.REJECT_ROW, None),
        (SCORE, {"decision": "skip"}, DecisionKind.SKIP, None),
        (SCORE, {"note": "see the seal"}, DecisionKind.NOTE, "see the seal"),
        (SCORE, {"decision": "correct", "value": "１７"}, DecisionKind.CORRECT, "17"),
        (SCORE, {"value": "-"}, DecisionKind.BLANK, None),
        (SCORE, {"value": 18}, DecisionKind.ACCEPT, "18"),
        (SCORE, {"value": 18.0}, DecisionKind.ACCEPT, "18"),
        (SCORE, {"value": 17.25}, DecisionKind.CORRECT, "17.25"),
        (TOTAL, {"decision": "wrong in the document", "value": "96.5"}, DecisionKind.SOURCE_DEFECT, "96.5"),
        (LEADER, {"decision": "wrong in the document"}, DecisionKind.SOURCE_DEFECT, "钱多多"),
    ],
)
def test_a_row_is_one_decision(
    settings: Settings,
    back: Callable[..., Path],
    where: Where,
    columns: Mapping[str, Any],
    kind: DecisionKind,
    value: str | None,
) -> None:
    taken = imported(settings, back({where: columns}))
    assert (taken.applied, taken.refused) == (1, [])
    [made] = decisions(settings).values()
    assert (made.kind, made.value, made.path) == (kind, value, where[2])


@pytest.mark.parametrize(
    ("where", "columns", "says"),
    [
        (SCORE, {"decision": "maybe"}, "maybe"),
        (SCORE, {"value": "about 17"}, "no figure"),
        (SCORE, {"value": True}, "True"),
        (SCORE, {"value": datetime(2022, 1, 7)}, "2022-01-07"),
        (SCORE, {"value": 0.17, "note": "keep"}, None),
        (SCORE, {"value": "=1+1"}, "formula"),
        (SCORE, {"decision": "accept"}, "unseen"),
        (SCORE, {"decision": "accept", "value": "17"}, "no reader read"),
        (SCORE, {"decision": "blank", "value": "17"}, "no value"),
        (SCORE, {"decision": "correct"}, "missing"),
        (TOTAL, {"decision": "no row of the form"}, "row"),
        (LEADER, {"value": 13800000000}, "apostrophe"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused_and_the_others_are_taken(
    settings: Settings, back: Callable[..., Path], where: Where, columns: Mapping[str, Any], says: str | None
) -> None:
    taken = imported(settings, back({FUNDING: {"value": "7.5"}, where: columns}))
    if says is None:
        assert (taken.applied, taken.refused) == (2, [])
        return
    assert taken.applied == 1
    [(row, reason)] = taken.refused
    assert says in reason
    assert where[0] in row.place
    assert list(decisions(settings)) == ["funding.total.score"]


def test_the_same_file_again_changes_nothing(settings: Settings, back: Callable[..., Path]) -> None:
    answers = {FUNDING: {"value": "7.5"}, SCORE: {"value": "17", "note": "faint"}, TOTAL: {"decision": "skip"}}
    path = back(answers)
    assert imported(settings, path).applied == 3
    before = count(settings)
    again = imported(settings, path)
    assert (again.applied, again.known, again.refused) == (0, 3, [])
    assert count(settings) == before


def test_what_was_taken_back_is_not_brought_again(settings: Settings, back: Callable[..., Path]) -> None:
    path = back({SCORE: {"value": "17"}})
    assert imported(settings, path).applied == 1
    with open_queue(settings) as store, Review(store, settings, reviewer="li") as review:
        assert len(review.undo()) == 1
    assert imported(settings, path).known == 1
    assert decisions(settings) == {}


def test_an_import_that_was_stopped_goes_on(settings: Settings, back: Callable[..., Path]) -> None:
    path = back({FUNDING: {"value": "7.5"}, SCORE: {"value": "17"}, LEADER: {"decision": "accept"}})
    left = 8 + 1

    def stop() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="6 of 8"):
        imported(settings, path, stop=stop)
    taken = imported(settings, path)
    assert (taken.known, taken.applied) == (1, 2)
    assert count(settings) == 3


@pytest.mark.parametrize(
    ("by_others", "in_the_book", "says"),
    [
        ((DecisionKind.CORRECT, "17"), {"value": "17.0"}, "has decided the same"),
        ((DecisionKind.CORRECT, "16"), {"value": "17"}, "otherwise"),
        ((DecisionKind.BLANK, None), {"decision": "blank"}, "has decided the same"),
        ((DecisionKind.ACCEPT, None), {"decision": "blank"}, "otherwise"),
        ((DecisionKind.REJECT_ROW, None), {"value": "18"}, "bo"),
    ],
)
def test_what_somebody_decided_meanwhile_stays(
    settings: Settings,
    back: Callable[..., Path],
    by_others: tuple[DecisionKind, str | None],
    in_the_book: Mapping[str, str],
    says: str,
) -> None:
    path = back({SCORE: in_the_book})
    with open_queue(settings) as store, Review(store, settings, reviewer="bo") as review:
        question = review.go(keys_of(settings)[SCORE])
        assert question is not None
        review.decide(question, *by_others)
    taken = imported(settings, path)
    assert taken.applied == 0
    [(_, reason)] = taken.refused
    assert says in reason and "bo" in reason
    assert {each.reviewer for each in decisions(settings).values()} == {"bo"}


def test_what_agrees_is_kept_although_another_row_settles_why_it_was_asked(
    settings: Settings, back: Callable[..., Path]
) -> None:
    taken = imported(settings, back({TOTAL: {"value": "95.5"}, FUNDING: {"value": "7.5"}, SCORE: {"value": "18"}}))
    assert (taken.applied, taken.spared, taken.refused) == (3, 0, [])
    assert len(decisions(settings)) == 3


def test_what_is_asked_no_more_counts_where_it_agrees_and_is_told_where_it_does_not(
    settings: Settings, back: Callable[..., Path]
) -> None:
    path = back({FUNDING: {"value": "7.50"}, SCORE: {"value": "17"}})
    with open_queue(settings) as store, Review(store, settings, reviewer="bo") as review:
        question = review.go(keys_of(settings)[TOTAL])
        assert question is not None
        review.decide(question, DecisionKind.CORRECT, "95.5")
    for _ in range(2):
        taken = imported(settings, path)
        assert (taken.applied, taken.spared) == (0, 1)
        [(row, reason)] = taken.refused
        assert row.value == "17"
        assert "look at it again" in reason


def test_what_somebody_has_open_waits(settings: Settings, back: Callable[..., Path]) -> None:
    path = back({SCORE: {"value": "17"}})
    with open_queue(settings) as store, Review(store, settings, reviewer="bo") as review:
        assert review.go(keys_of(settings)[SCORE]) is not None
        [(_, reason)] = imported(settings, path).refused
        assert "bo has it open" in reason
    assert imported(settings, path).applied == 1


def test_a_question_of_another_store(settings: Settings, back: Callable[..., Path], tmp_path: Path) -> None:
    path = back({SCORE: {"value": "17"}})
    (tmp_path / "x.txt").write_text("关于报送材料的通知", encoding="utf-8")
    assert formtally(tmp_path, "run", "x.txt", "--db", "sqlite:///other.db").returncode == 4
    [(_, reason)] = imported(Settings(db=f"sqlite:///{tmp_path}/other.db"), path).refused
    assert "no such question" in reason


def test_sorted_cut_widened_and_copied(filled: Path, settings: Settings, tmp_path: Path) -> None:
    keys = keys_of(settings)
    book = Book(filled / "out.xlsx")
    book.fill(keys[SCORE], value="17")
    book.fill(keys[LEADER], decision="accept")
    rows = [[cell.value for cell in row] for row in book.sheet.iter_rows(min_row=3)]
    kept = [row for row in reversed(rows) if row[0][:12] in (keys[SCORE], keys[LEADER], keys[TOTAL])]
    book.sheet.delete_rows(3, len(rows))
    for row in [*kept, [None] * len(kept[0]), kept[0]]:
        book.sheet.append(row)
    book.sheet.column_dimensions["A"].hidden = False
    book.sheet.column_dimensions["B"].width = 200
    book.sheet.insert_rows(1, 3)
    book.sheet["C4"] = "li"
    book.sheet.title = "copy (2)"
    book.book.create_sheet("sums", 0)["A1"] = "=SUM(B1:B9)"
    book.book.move_sheet("copy (2)", -1)
    book.book.save(tmp_path / "a.xlsx")
    filling = read_workbook((tmp_path / "a.xlsx").read_bytes())
    assert filling is not None
    assert (filling.reviewer, len(filling.rows)) == ("li", 4)
    taken = imported(settings, tmp_path / "a.xlsx")
    assert (taken.applied, taken.refused) == (2, [])


def test_columns_may_be_moved(filled: Path, settings: Settings, tmp_path: Path) -> None:
    keys = keys_of(settings)
    book = Book(filled / "out.xlsx")
    book.fill(keys[SCORE], value="17")
    rows = [[cell.value for cell in row][::-1] for row in book.sheet.iter_rows(min_row=2)]
    other = Workbook()
    sheet: Any = other.active
    for row in rows:
        sheet.append(row)
    other.save(tmp_path / "a.xlsx")
    assert imported(settings, tmp_path / "a.xlsx").applied == 1


def test_two_answers_to_one_question_are_none(filled: Path, settings: Settings, tmp_path: Path) -> None:
    keys = keys_of(settings)
    book = Book(filled / "out.xlsx")
    book.fill(keys[SCORE], value="17")
    values = [cell.value for cell in book.sheet[book.cell(keys[SCORE], "value").row]]
    values[book.titles["value"] - 1] = "18"
    book.sheet.append(values)
    taken = imported(settings, book.saved(tmp_path / "a.xlsx"))
    assert taken.applied == 0
    assert len(taken.refused) == 2
    assert all("more than once" in reason for _, reason in taken.refused)


@soffice
def test_a_workbook_that_libreoffice_saved(settings: Settings, back: Callable[..., Path], tmp_path: Path) -> None:
    answers = {FUNDING: {"value": "7.5"}, SCORE: {"value": 17.0}, LEADER: {"decision": "accept", "note": "001"}}
    path = back(answers)
    (tmp_path / "lo").mkdir()
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "xlsx", "--outdir", str(tmp_path / "lo"), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    saved = tmp_path / "lo" / path.name
    sheet: Any = load_workbook(saved).worksheets[1]
    assert sheet.protection.sheet and len(sheet.data_validations.dataValidation) >= 3
    taken = imported(settings, saved)
    assert (taken.applied, taken.refused) == (3, [])
    assert imported(settings, path).known == 3, "a file that was saved by another program says the same"
    made = decisions(settings)
    assert made["indicators[0].score"].value == "17"
    assert [each.value for each in made.values() if each.kind is DecisionKind.NOTE] in ([], ["001"])


# The command


def test_the_command_tells_row_by_row(settings: Settings, back: Callable[..., Path], tmp_path: Path) -> None:
    path = back({FUNDING: {"value": "7.5"}, SCORE: {"value": "many"}})
    done = formtally(tmp_path, "review", "import", path)
    assert done.returncode == 3, done.stderr
    assert "Taken" in done.stdout and "Not taken" in done.stdout
    assert "sum.txt" in done.stdout and "no figure" in done.stdout
    again = formtally(tmp_path, "review", "import", path, FORMTALLY_LANG="zh")
    assert again.returncode == 3
    assert "此前已收入" in again.stdout


def test_what_the_command_ends_with(settings: Settings, back: Callable[..., Path], tmp_path: Path) -> None:
    path = back({FUNDING: {"value": "7.5"}})
    assert formtally(tmp_path, "review", "import", path).returncode == 0
    again = formtally(tmp_path, "review", "import", path)
    assert again.returncode == 0
    assert "Nothing in it is new" in again.stdout
    assert formtally(tmp_path, "review", "import", back({SCORE: {"value": "many"}})).returncode == 4
    empty = formtally(tmp_path, "review", "import", back({}))
    assert empty.returncode == 0
    assert "Nothing is filled in" in empty.stdout


def test_who_filled_it_in(settings: Settings, back: Callable[..., Path], tmp_path: Path) -> None:
    path = back({FUNDING: {"value": "7.5"}}, by="")
    unsigned = formtally(tmp_path, "review", "import", path)
    assert unsigned.returncode == 2
    assert "--reviewer" in one_sentence(unsigned.stderr)
    assert formtally(tmp_path, "review", "import", path, "--reviewer", "王").returncode == 0
    [made] = decisions(settings).values()
    assert made.reviewer == "王"
    signed = formtally(tmp_path, "review", "import", back({SCORE: {"value": "18"}}, by="li"), "--reviewer", "bo")
    assert signed.returncode == 2
    assert "li" in one_sentence(signed.stderr)


def _foreign() -> bytes:
    out = BytesIO()
    Workbook().save(out)
    return out.getvalue()


def _bomb() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml", "<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'/>"
        )
        archive.writestr("xl/workbook.xml", "<a>" * 100)
    return out.getvalue()


@pytest.mark.parametrize(
    "data", [b"", b"not a workbook", _foreign(), _bomb()], ids=["empty", "text", "foreign", "damaged"]
)
def test_what_is_no_workbook_of_ours(filled: Path, tmp_path: Path, data: bytes) -> None:
    copy_of(filled, tmp_path)
    (tmp_path / "a.xlsx").write_bytes(data)
    done = formtally(tmp_path, "review", "import", "a.xlsx", "--reviewer", "li")
    assert done.returncode == 2
    assert "review export" in one_sentence(done.stderr)


def test_a_file_that_is_not_there(filled: Path) -> None:
    done = formtally(filled, "review", "import", "nowhere.xlsx")
    assert done.returncode == 2
    assert "nowhere.xlsx" in one_sentence(done.stderr)


def test_words_of_decisions_are_not_mixed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    for index, language in enumerate(("en", "zh")):
        monkeypatch.setattr(messages, "_language", language)
        words = [CATALOGUE[f"decision.{kind}"][index] for kind in DECISIONS]
        assert [decision_of(each) for each in words] == list(DECISIONS)
        assert not [each for each in words if "," in each or '"' in each]
    assert decision_of("") is None
