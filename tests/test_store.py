"""The store: migrations, what is written and found again, and what is recomputed when."""

from __future__ import annotations

import ast
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, inspect, text

import pipeline
from benchmarks.postgresql import missing_postgresql, postgresql
from pipeline.bulk import Report, digitise_inputs, settle_stored
from pipeline.errors import ConfigurationError
from pipeline.executors.local import InProcess
from pipeline.inputs import find_inputs
from pipeline.store import tables
from pipeline.store.migrations import MIGRATIONS, first_tables, migrate, schema_number
from pipeline.store.rows import Entry, FailureRow, NameRow
from pipeline.store.store import Store
from pipeline.versions import Versions, import_statements
from pipeline.work import Plan
from tests.engines import Counted, plan_of, write_documents

# Opening


def test_opening_makes_the_tables_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    with Store.open(url) as store:
        assert store.migrated == list(range(1, len(MIGRATIONS) + 1))
    with Store.open(url, create=False) as store:
        assert store.migrated == []
        assert store.schema == len(MIGRATIONS)


def test_migrations_make_what_the_tables_say(tmp_path: Path) -> None:
    migrated, made = create_engine(f"sqlite:///{tmp_path}/a.db"), create_engine(f"sqlite:///{tmp_path}/b.db")
    with migrated.begin() as connection:
        migrate(connection)
    tables.metadata.create_all(made)
    assert _schema(migrated.connect()) == _schema(made.connect())


def _schema(connection: Connection) -> dict[str, object]:
    found = inspect(connection)
    return {
        name: (
            [(column["name"], str(column["type"]), column["nullable"]) for column in found.get_columns(name)],
            found.get_pk_constraint(name)["constrained_columns"],
            sorted((str(index["name"]), *map(str, index["column_names"])) for index in found.get_indexes(name)),
            sorted(str(key["referred_table"]) for key in found.get_foreign_keys(name)),
        )
        for name in found.get_table_names()
    }


def test_an_older_store_is_migrated(tmp_path: Path) -> None:
    def second(connection: Connection) -> None:
        connection.execute(text("ALTER TABLE run ADD COLUMN machine TEXT"))

    engine = create_engine(f"sqlite:///{tmp_path}/a.db")
    with engine.begin() as connection:
        assert migrate(connection, (first_tables,)) == [1]
        connection.execute(text("INSERT INTO run (command, arguments, started) VALUES ('run', '{}', 'now')"))
    with engine.begin() as connection:
        assert migrate(connection, (first_tables, second)) == [2]
        assert schema_number(connection) == 2
        assert connection.scalar(text("SELECT count(*) FROM run WHERE machine IS NULL")) == 1


def _later(database: Path) -> None:
    Store.open(f"sqlite:///{database}").close()
    with sqlite3.connect(database) as connection:
        connection.execute("INSERT INTO formtally_migration VALUES (99, 'later', 'now')")


@pytest.mark.parametrize(
    ("prepare", "says"),
    [
        (_later, "newer formtally"),
        (
            lambda path: sqlite3.connect(path).execute("CREATE TABLE document (x)").connection.commit(),
            "another program",
        ),
        (lambda path: path.write_bytes(b"no database at all, but long enough to be one" * 20), "no database"),
        (lambda path: path.mkdir(), "is a folder"),
    ],
)
def test_what_is_no_store_is_refused_in_one_sentence(tmp_path: Path, prepare: object, says: str) -> None:
    path = tmp_path / "a.db"
    assert callable(prepare)
    prepare(path)
    with pytest.raises(ConfigurationError, match=says) as raised:
        Store.open(f"sqlite:///{path}")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("formtally.db", "not a database URL"),
        ("nonsense://x/y", "driver of nonsense"),
        ("sqlite:////no/such/folder/a.db", "does not exist"),
        ("sqlite:////no/such/folder/secret.db", "does not exist"),
    ],
)
def test_bad_urls_are_told_apart(url: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        Store.open(url)


def test_a_store_that_is_not_there_is_not_made_by_looking(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no store"):
        Store.open(f"sqlite:///{tmp_path}/a.db", create=False)
    assert list(tmp_path.iterdir()) == []


# What is computed when


@pytest.fixture
def counted() -> Counted:
    return Counted()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path}/store.db") as opened:
        yield opened


def _run(store: Store, folder: Path, counted: Counted, plan: Plan | None = None) -> Report:
    plan = plan or plan_of(counted.engine)
    report = Report()
    executor = InProcess(engine=lambda: counted.engine, plan=plan)
    run_id = store.begin_run("run", {})
    digitise_inputs(
        find_inputs([str(folder)]),
        store=store,
        run_id=run_id,
        executor=executor,
        plan=plan,
        watchers=[],
        report=report,
    )
    store.end_run(run_id, "done", {})
    return report


def _rows(store: Store) -> dict[str, int]:
    with sqlite3.connect(store.shown.removeprefix("sqlite:///")) as connection:
        return {
            name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for name in ("document", "section", "reading", "name", "failure")
        }


def test_the_same_run_again_computes_and_writes_nothing(store: Store, tmp_path: Path, counted: Counted) -> None:
    write_documents(tmp_path / "in", 3, forms=2)
    first = _run(store, tmp_path / "in", counted)
    assert counted.take() == {"ingest": 3, "segment": 3, "read": 6}
    rows = _rows(store)
    second = _run(store, tmp_path / "in", counted)
    assert counted.take() == {}
    assert _rows(store) == rows
    assert second.stored == 3
    assert second.tally == first.tally


def _with(plan: Plan, **versions: object) -> Plan:
    return replace(plan, versions=replace(plan.versions, **versions))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "computed"),
    [
        ({"reader": {("table", "self_evaluation"): "new"}}, {"read": 4}),
        ({"segmentation": "new"}, {"segment": 2}),
        ({"segment": {"self_evaluation": "new"}, "segmentation": "new"}, {"segment": 2, "read": 4}),
        ({"ingest": "new"}, {"ingest": 2, "segment": 2, "read": 4}),
    ],
)
def test_a_change_recomputes_what_it_must_and_nothing_else(
    store: Store, tmp_path: Path, counted: Counted, changed: dict[str, object], computed: dict[str, int]
) -> None:
    write_documents(tmp_path / "in", 2, forms=2)
    plan = plan_of(counted.engine)
    _run(store, tmp_path / "in", counted, plan)
    counted.take()
    _run(store, tmp_path / "in", counted, _with(plan, **changed))
    assert counted.take() == computed
    _run(store, tmp_path / "in", counted, _with(plan, **changed))
    assert counted.take() == {}
    _run(store, tmp_path / "in", counted, plan)
    assert counted.take() == {}, "what the first version made is still there"


def test_a_corrected_form_leaves_the_other_readings_of_its_document(
    store: Store, tmp_path: Path, counted: Counted
) -> None:
    [path] = write_documents(tmp_path / "in", 1, forms=3)
    _run(store, tmp_path / "in", counted)
    counted.take()
    before = _rows(store)["reading"]
    told = path.read_bytes().decode()
    at = told.rindex("总分")
    path.write_bytes((told[:at] + told[at:].replace("0", "1", 1)).encode())
    _run(store, tmp_path / "in", counted)
    assert _rows(store)["reading"] == before + 1


def test_the_same_bytes_under_two_names_are_read_once(store: Store, tmp_path: Path, counted: Counted) -> None:
    [path] = write_documents(tmp_path / "in", 1)
    shutil.copy(path, tmp_path / "in" / "copy.txt")
    report = _run(store, tmp_path / "in", counted)
    assert counted.take() == {"ingest": 1, "segment": 1, "read": 1}
    assert report.tally.forms == 2
    assert [row.name for row in store.names()] == ["0001.txt", "copy.txt"]


def test_an_export_reads_again_what_is_stale_and_keeps_it(store: Store, tmp_path: Path, counted: Counted) -> None:
    write_documents(tmp_path / "in", 2)
    plan = plan_of(counted.engine)
    _run(store, tmp_path / "in", counted, plan)
    shutil.rmtree(tmp_path / "in")
    counted.take()

    def settle(plan: Plan) -> dict[str, int]:
        settle_stored(
            store.names(),
            store=store,
            run_id=lambda: store.begin_run("export", {}),
            executor=InProcess(engine=lambda: counted.engine, plan=plan),
            plan=plan,
            watchers=[],
            report=Report(),
        )
        return counted.take()

    assert settle(plan) == {}
    stale = _with(plan, reader={("table", "self_evaluation"): "new"}, ingest="new")
    assert settle(stale) == {"read": 2}, "without the file, the cells of the older ingest do"
    assert settle(stale) == {}


def test_failures_are_not_cached_and_are_mended_by_a_success(store: Store, tmp_path: Path, counted: Counted) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_bytes(b"")
    for _ in range(2):
        report = _run(store, folder, counted)
        assert [failure.code for _, failure in report.failures] == ["empty"]
        assert counted.take() == {"ingest": 1}, "tried again"
    assert [each.failure.code for each in store.open_failures()] == ["empty"]
    write_documents(folder, 1)[0].replace(folder / "a.txt")
    _run(store, folder, counted)
    assert store.open_failures() == []


def test_an_unreadable_file_is_a_failure_until_it_can_be_read(store: Store, tmp_path: Path) -> None:
    good = NameRow("a.txt", "a.txt", "/in/a.txt", "0" * 64)
    unreadable = Entry(*good[:3], None, failures=(FailureRow("unreadable.permission", "no"),))
    store.write(store.begin_run("run", {}), [Entry(*good)])
    store.write(store.begin_run("run", {}), [unreadable])
    assert [each.name for each in store.open_failures()] == ["a.txt"]
    store.write(store.begin_run("run", {}), [Entry(*good)])
    assert store.open_failures() == []


def test_a_file_that_changed_is_known_by_its_latest_bytes(store: Store) -> None:
    for digest in ("1" * 64, "2" * 64, "1" * 64):
        store.write(store.begin_run("run", {}), [Entry("a.txt", "in/a.txt", "/in/a.txt", digest)])
    store.write(store.begin_run("run", {}), [Entry("a.txt", "moved/a.txt", "/moved/a.txt", "1" * 64)])
    assert store.names() == [NameRow("a.txt", "moved/a.txt", "/moved/a.txt", "1" * 64)]


def test_a_batch_is_written_whole_or_not_at_all(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _rows(store)
    good = Entry("a.txt", "a.txt", "/a.txt", "0" * 64)
    bad = replace(good, location="/b.txt", failures=(FailureRow(None, "no code"),))  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError):
        store.write(store.begin_run("run", {}), [good, bad])
    assert _rows(store) == before


def test_a_form_takes_less_than_twelve_kilobytes(store: Store, tmp_path: Path, counted: Counted) -> None:
    write_documents(tmp_path / "in", 40)
    report = _run(store, tmp_path / "in", counted)
    store.close()
    size = (tmp_path / "store.db").stat().st_size
    assert size / report.tally.forms < 12 * 1024


def test_two_runs_share_a_store(tmp_path: Path) -> None:
    from tests.commandline import formtally, start

    write_documents(tmp_path / "one", 60)
    write_documents(tmp_path / "two", 60, first=40)
    with start(tmp_path, ["run", "one", "--jobs", "2"]) as other:
        assert formtally(tmp_path, "run", "two", "--jobs", "2").returncode == 0
        said = other.communicate(timeout=120)
    assert other.returncode == 0, said
    with Store.open(f"sqlite:///{tmp_path}/formtally.db", create=False) as store:
        assert len(store.names()) == 60 + 60 - 21, "21 have the same name and the same bytes"


# Versions

_SAY_VERSIONS = """
from pipeline.forms import form_types
from pipeline.versions import ingest_version, reader_version, segment_version
[form_type] = form_types()
print(ingest_version(), segment_version(form_type), reader_version("table", form_type))
"""


def _versions(tree: Path) -> list[str]:
    said = subprocess.run([sys.executable, "-c", _SAY_VERSIONS], cwd=tree, capture_output=True, text=True, check=True)
    return said.stdout.split()


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    for package in ("pipeline", "schemas", "prompts"):
        shutil.copytree(
            Path(__file__).parent.parent / package, folder / package, ignore=shutil.ignore_patterns("*.pyc")
        )
    return folder


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("pipeline/ingest/text.py", (True, False, False)),
        ("pipeline/segment.py", (False, True, False)),
        ("pipeline/readers/grid.py", (False, False, True)),
        ("pipeline/readers/draft.py", (False, False, True)),
        ("schemas/self_evaluation/labels.py", (False, True, True)),
        ("pipeline/settle.py", (False, False, False)),
        ("schemas/self_evaluation/checks.py", (False, False, False)),
        ("pipeline/cli.py", (False, False, False)),
        ("pipeline/export.py", (False, False, False)),
    ],
)
def test_versions_change_with_the_sources_concerned(tree: Path, file: str, changes: tuple[bool, ...]) -> None:
    before = _versions(tree)
    source = tree / file
    kept = source.read_bytes()
    try:
        source.write_bytes(kept + b"\n# changed\n")
        after = _versions(tree)
        source.write_bytes(kept.replace(b"\n", b"\r\n"))
        assert _versions(tree) == before, "line ends that git changed are no change"
    finally:
        source.write_bytes(kept)
    assert tuple(old != new for old, new in zip(before, after, strict=True)) == changes


def test_the_imports_of_every_file_are_seen_without_parsing_it() -> None:
    """A version follows imports, and finds them faster than by parsing whole files: it must miss none."""
    root = Path(pipeline.__file__).parent.parent
    files = [path for own in ("pipeline", "schemas", "prompts") for path in (root / own).rglob("*.py")]
    assert len(files) > 100
    for path in files:
        source = path.read_text(encoding="utf-8")
        parsed = {
            ast.dump(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom)
        }
        assert {ast.dump(node) for node in import_statements(source)} == parsed, path


# PostgreSQL


@pytest.fixture
def postgres() -> Iterator[str]:
    """The URL of a server that is made for this test."""
    pytest.importorskip("psycopg", reason="PostgreSQL's driver psycopg is not installed")
    if missing := missing_postgresql():
        pytest.skip(missing)
    with postgresql() as url:
        yield url


def test_postgresql_holds_the_same(postgres: str, tmp_path: Path, counted: Counted) -> None:
    write_documents(tmp_path / "in", 3, forms=2)
    (tmp_path / "in" / "bad.txt").write_bytes(b"")
    with Store.open(postgres) as store:
        first = _run(store, tmp_path / "in", counted)
        assert counted.take() == {"ingest": 4, "segment": 3, "read": 6}
        second = _run(store, tmp_path / "in", counted)
        assert counted.take() == {"ingest": 1}
        assert first.tally == second.tally
        assert [each.failure.code for each in store.open_failures()] == ["empty"]
        plan = plan_of(counted.engine)
        shelf = store.shelf(plan.versions, plan.readers)
        assert (shelf.documents, shelf.held, shelf.forms, shelf.read) == (4, 3, 6, 6)
    with Store.open(postgres, create=False) as store:
        assert store.migrated == []


def test_shelf_counts_what_is_current(store: Store, tmp_path: Path, counted: Counted) -> None:
    write_documents(tmp_path / "in", 3, forms=2)
    (tmp_path / "in" / "bad.txt").write_bytes(b"")
    _run(store, tmp_path / "in", counted)
    versions = plan_of(counted.engine).versions

    def shelf(versions: Versions) -> tuple[int, ...]:
        shelf = store.shelf(versions, ("table",))
        return shelf.documents, shelf.held, shelf.current, shelf.forms, shelf.read

    assert shelf(versions) == (4, 3, 3, 6, 6)
    assert shelf(replace(versions, reader={("table", "self_evaluation"): "new"})) == (4, 3, 3, 6, 0)
    assert shelf(replace(versions, ingest="new")) == (4, 3, 0, 0, 0)
