"""What goes wrong on the way in, and what happens then: one sentence, every other document done, nothing half-written.

Nothing is made up where the real thing can be had: full disks are small file systems or limits of the process,
interruptions are signals, and workers die for good.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from pipeline.errors import ConfigurationError
from pipeline.executors.local import InProcess, WorkerProcesses
from pipeline.ingest.limits import Limits
from pipeline.store.rows import FailureRow
from pipeline.work import Engine, Job, Outcome, digitise
from tests import engines
from tests.commandline import COMMAND, environment, formtally, one_sentence, start
from tests.engines import form_text, plan_of, write_documents

JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffdb004300") + bytes(range(256)) * 8


def forms_of(export: Path) -> list[str]:
    return [json.loads(line)["document"] for line in export.read_bytes().splitlines()]


# Documents


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.txt", b"", "is empty"),
        ("blank.txt", b" \r\n\t\n" * 10, "is empty"),
        ("program.txt", bytes(range(256)) * 20, "not|no format|neither"),
        ("photo.txt", JPEG, "damaged"),
        ("archive.txt", b"PK\x03\x04" + bytes(100), "archive"),
        ("nuls.txt", bytes(5000), "no format|empty"),
        ("broken.txt", "项目名称".encode() + b"\xff\xfe\x80\x81\xff" * 40, "UTF-8"),
    ],
)
def test_a_bad_document_is_named_with_what_to_do_and_the_others_are_done(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    write_documents(tmp_path / "in", 2)
    (tmp_path / "in" / name).write_bytes(content)
    done = formtally(tmp_path, "run", "in", "--export", "out.jsonl")
    assert done.returncode == 3, done.stderr
    said = " ".join(done.stdout.split())
    found = [part for part in said.split("Not read")[1:] if name in part]
    assert found
    assert any(word in found[0] for word in says.split("|")), said
    assert ";" in found[0], "it says what to do"
    assert forms_of(tmp_path / "out.jsonl") == ["0001.txt", "0002.txt"]
    assert "Traceback" not in done.stdout + done.stderr


def test_nul_bytes_in_a_form_do_not_stop_it(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(form_text(1).encode().replace(b"\n\n", b"\n\x00\n", 1))
    assert formtally(tmp_path, "run", "a.txt", "--export", "out.jsonl").returncode == 0
    assert forms_of(tmp_path / "out.jsonl") == ["a.txt"]


def test_a_line_of_fifty_megabytes_is_refused_in_seconds_and_in_little_memory(tmp_path: Path) -> None:
    write_documents(tmp_path / "in", 1)
    (tmp_path / "in" / "long.txt").write_bytes(b"0123456789 " * (50 * 1024 * 1024 // 11))
    began = time.monotonic()
    done, peak = measured(tmp_path, "run", "in", "--export", "out.jsonl")
    assert done.returncode == 3, done.stderr
    assert "long.txt" in done.stdout
    assert time.monotonic() - began < 20
    assert peak < 700 << 20, peak
    assert forms_of(tmp_path / "out.jsonl") == ["0001.txt"]


def measured(folder: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], int]:
    """Run a command; also the most bytes that one of its processes held."""
    code = (
        "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:]);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr); sys.exit(done.returncode)"
    )
    command = [sys.executable, "-c", code, *COMMAND, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, encoding="utf-8", check=False)
    *_, peak = done.stderr.split()
    return done, int(peak) * 1024


def test_a_file_larger_than_any_document_is_not_even_read(tmp_path: Path) -> None:
    write_documents(tmp_path / "in", 1)
    with open(tmp_path / "in" / "huge.txt", "wb") as stream:
        stream.truncate(20 << 30)
    done, peak = measured(tmp_path, "run", "in")
    assert done.returncode == 3
    assert "too large" in done.stdout
    assert peak < 400 << 20


def test_a_document_without_a_form_is_no_failure(tmp_path: Path) -> None:
    write_documents(tmp_path / "in", 1)
    (tmp_path / "in" / "letter.txt").write_text("关于报送材料的通知\n各单位：\n请按时报送。\n", encoding="utf-8")
    done = formtally(tmp_path, "run", "in")
    assert done.returncode == 0
    assert "1 without a form" in done.stdout
    alone = formtally(tmp_path, "run", "in/letter.txt")
    assert alone.returncode == 4
    assert "no form was found" in one_sentence(alone.stderr)


def test_the_same_file_twice_is_one_document(tmp_path: Path) -> None:
    write_documents(tmp_path / "in", 1)
    done = formtally(tmp_path, "run", "in/0001.txt", "in/0001.txt", "./in/0001.txt", "in", "--export", "out.jsonl")
    assert done.returncode == 0
    assert forms_of(tmp_path / "out.jsonl") == ["0001.txt"]


def test_what_cannot_be_opened_is_named_and_the_others_are_done(tmp_path: Path) -> None:
    write_documents(tmp_path / "in", 1)
    (tmp_path / "file.txt").write_text("x")
    done = formtally(tmp_path, "run", "in", "file.txt/folder", "no-such-folder", "--export", "out.jsonl")
    assert done.returncode == 3
    assert "no-such-folder: there is no such file or folder" in done.stdout
    assert "folder: it cannot be opened (Not a directory)" in done.stdout
    assert forms_of(tmp_path / "out.jsonl") == ["0001.txt"]


def test_a_folder_that_may_not_be_read(tmp_path: Path) -> None:
    write_documents(tmp_path / "in", 1)
    write_documents(tmp_path / "in" / "shut", 1, first=2)
    (tmp_path / "in" / "shut").chmod(0)
    command = ["run", "in", "--export", "out.jsonl"]
    done = _as_nobody(tmp_path, command) if os.geteuid() == 0 else formtally(tmp_path, *command)
    (tmp_path / "in" / "shut").chmod(0o700)
    assert done.returncode == 3, done.stderr
    assert "shut: you may not read it" in done.stdout
    assert forms_of(tmp_path / "out.jsonl") == ["0001.txt"]


def _as_nobody(folder: Path, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """As a user without rights: the super-user may read everything."""
    place = Path("/tmp") / f"formtally-test-{os.getpid()}"
    shutil.copytree(folder, place)
    try:
        for path in [place, *place.rglob("*")]:
            os.chown(path, 65534, 65534)
        # What is imported late is imported by a first run, since Python itself may not be readable to others.
        code = (
            "import os, sys; from pipeline.cli import main; main(['run', 'in/0001.txt', '--db', 'sqlite://']);"
            "os.setgid(65534); os.setuid(65534); sys.exit(main(sys.argv[1:]))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=place,
            env=environment(),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        if (place / "out.jsonl").exists():
            shutil.copy(place / "out.jsonl", folder)
        return done
    finally:
        shutil.rmtree(place)


# Readers that break, workers that die


def _jobs(*texts: str) -> list[Job]:
    return [Job(f"{n}.txt", f"{n}.txt", f"/{n}.txt", f"{n:064}", text.encode()) for n, text in enumerate(texts)]


def _outcomes(
    engine: Callable[[], Engine], jobs: list[Job], *, processes: int = 2, patience: float = 60
) -> dict[str, Outcome]:
    plan = replace(plan_of(engine()), limits=Limits(document_seconds=patience))
    executor = WorkerProcesses(engine=engine, plan=plan, processes=processes)
    try:
        outcomes = list(executor.run(jobs=iter(jobs)))
    finally:
        executor.close()
    assert len(outcomes) == len(jobs)
    return {outcome.job.name: outcome for outcome in outcomes}


GOOD = tuple(form_text(seed) for seed in range(1, 25))


@pytest.mark.parametrize("processes", [1, 2])
def test_a_worker_that_dies_costs_its_document_only(processes: int) -> None:
    texts = [*GOOD[:10], form_text(30, mark=engines.CRASH), *GOOD[10:20], form_text(31, mark=engines.CRASH), *GOOD[20:]]
    outcomes = _outcomes(engines.failing_engine, _jobs(*texts), processes=processes)
    failed = {name: outcome.failures[0].code for name, outcome in outcomes.items() if outcome.failures}
    assert failed == {"10.txt": "crashed", "21.txt": "crashed"}
    assert sum(outcome.tally.forms for outcome in outcomes.values()) == len(GOOD)


def test_a_worker_that_hangs_costs_its_document_only() -> None:
    texts = [*GOOD[:6], form_text(30, mark=engines.HANG), *GOOD[6:12]]
    outcomes = _outcomes(engines.failing_engine, _jobs(*texts), patience=3)
    failed = {name: outcome.failures[0].code for name, outcome in outcomes.items() if outcome.failures}
    assert failed == {"6.txt": "too_slow"}
    assert sum(outcome.tally.forms for outcome in outcomes.values()) == 12


def test_a_worker_that_wants_all_memory_is_refused_it() -> None:
    texts = [GOOD[0], form_text(30, mark=engines.EAT), GOOD[1]]
    outcomes = _outcomes(engines.failing_engine, _jobs(*texts))
    [failure] = outcomes["1.txt"].failures
    assert (failure.code, failure.ordinal) == ("memory", 1)
    assert outcomes["1.txt"].tally.forms == 1


def test_a_reader_that_raises_costs_its_form_which_is_wholly_in_review(tmp_path: Path) -> None:
    engine = engines.failing_engine()
    [job] = _jobs(form_text(30, mark=engines.RAISE))
    outcome = digitise(job, engine, plan_of(engine, lines=True))
    [failure] = outcome.failures
    assert (failure.code, failure.form_type, failure.ordinal) == ("reader.failed", "self_evaluation", 1)
    import zlib

    line = json.loads(zlib.decompress(outcome.lines))
    [entry] = line["review"]
    assert entry["path"] == ""
    assert "reader.failed" in entry["reasons"]
    assert set(line["states"].values()) == {"review"}
    assert line["record"]["project_name"] is None
    assert line["record"]["indicators"] == []
    assert outcome.readings == (), "a failure is not kept as a reading"
    for said in (failure.message, *outcome.tracebacks):
        assert engines.SECRET not in said


def test_workers_that_do_not_start_end_the_run_in_one_sentence(capfd: pytest.CaptureFixture[str]) -> None:
    executor = WorkerProcesses(engine=engines.broken_engine, plan=plan_of(engines.failing_engine()), processes=2)
    with pytest.raises(ConfigurationError, match="worker processes do not start"):
        list(executor.run(jobs=_jobs(*GOOD[:3])))
    executor.close()


def test_both_executors_bring_the_same() -> None:
    engine = engines.failing_engine()
    jobs = _jobs(*GOOD, "", form_text(30, mark=engines.RAISE))
    plan = plan_of(engine, lines=True)
    alone = {each.job.name: each for each in InProcess(engine=engines.failing_engine, plan=plan).run(jobs=jobs)}
    executor = WorkerProcesses(engine=engines.failing_engine, plan=plan, processes=3)
    many = {each.job.name: each for each in executor.run(jobs=jobs)}
    executor.close()
    assert many == alone


def test_jobs_are_taken_as_they_are_needed() -> None:
    taken = 0

    def jobs() -> Iterator[Job]:
        nonlocal taken
        for job in _jobs(*GOOD * 20):
            taken += 1
            yield job

    executor = WorkerProcesses(engine=engines.failing_engine, plan=plan_of(engines.failing_engine()), processes=2)
    outcomes = executor.run(jobs=jobs())
    for _ in range(10):
        next(outcomes)
    assert taken <= 10 + 2 * 3 * 8, "jobs are not all taken at once"
    executor.close()


# Full disks


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(place)]
    mounted = subprocess.run(command, capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip("a small file system can only be mounted by the super-user")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_store_on_a_full_disk_is_one_sentence_and_stays_whole(tmp_path: Path, small_disk: Path) -> None:
    write_documents(tmp_path / "in", 240)
    done = formtally(tmp_path, "run", "in", "--db", f"sqlite:///{small_disk}/store.db", "--export", "out.jsonl")
    assert done.returncode == 5, done.stderr
    assert "disk is full" in one_sentence(done.stderr)
    assert not (tmp_path / "out.jsonl").exists()
    _check_whole(small_disk / "store.db")


def test_an_export_on_a_full_disk_leaves_the_target_and_the_store_has_all(tmp_path: Path, small_disk: Path) -> None:
    write_documents(tmp_path / "in", 60, forms=2)
    (small_disk / "out.jsonl").write_text("before")
    done = formtally(tmp_path, "run", "in", "--export", str(small_disk / "out.jsonl"))
    assert done.returncode == 5, done.stderr
    assert "disk is full" in one_sentence(done.stderr)
    assert (small_disk / "out.jsonl").read_text() == "before"
    assert os.listdir(small_disk) == ["out.jsonl"]
    assert formtally(tmp_path, "export", "--out", "out.jsonl").returncode == 0
    assert len(forms_of(tmp_path / "out.jsonl")) == 120


def test_a_limit_on_file_sizes_is_a_full_disk(tmp_path: Path) -> None:
    """For who may not mount: the kernel refuses to let the store grow."""
    write_documents(tmp_path / "some", 20)
    assert formtally(tmp_path, "run", "some").returncode == 0
    write_documents(tmp_path / "in", 200)
    most = (tmp_path / "formtally.db").stat().st_size + 100_000

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    command = [*COMMAND, "run", "some", "in", "--jobs", "1"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(), preexec_fn=limit, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 5, done.stderr
    assert "disk is full" in one_sentence(done.stderr)
    _check_whole(tmp_path / "formtally.db")
    again = formtally(tmp_path, "run", "some", "in")
    assert again.returncode == 0
    assert "as stored" in again.stdout


def _check_whole(database: Path) -> None:
    """Every document in the store has its sections, and every form of it its reading."""
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        lacking = """
            SELECT count(*) FROM document
            WHERE NOT EXISTS (SELECT 1 FROM section WHERE section.sha256 = document.sha256)
            UNION ALL
            SELECT count(*) FROM section
            WHERE kind = 'form' AND NOT EXISTS (SELECT 1 FROM reading WHERE reading.digest = section.digest)
            UNION ALL
            SELECT count(*) FROM document WHERE NOT EXISTS (SELECT 1 FROM name WHERE name.sha256 = document.sha256)
        """
        assert connection.execute(lacking).fetchall() == [(0,), (0,), (0,)]


# Interruptions


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of documents, with the export that an undisturbed run makes of them."""
    folder = tmp_path_factory.mktemp("whole")
    write_documents(folder / "in", 120)
    assert formtally(folder, "run", "in", "--db", "sqlite:///whole.db", "--export", "whole.jsonl").returncode == 0
    return folder


def _stored(folder: Path) -> int:
    """Documents in the store so far; -1 before it is made."""
    if not (folder / "formtally.db").exists():
        return -1
    try:
        with closing(sqlite3.connect(folder / "formtally.db", timeout=10)) as connection:
            return int(connection.execute("SELECT count(*) FROM document").fetchone()[0])
    except sqlite3.OperationalError:  # its tables are just being made
        return -1


MOMENTS: dict[str, Callable[[Path], bool]] = {
    "the store is made": lambda folder: (folder / "formtally.db").exists(),
    "work begins": lambda folder: _stored(folder) >= 0,
    "something is stored": lambda folder: _stored(folder) > 0,
    "half is stored": lambda folder: _stored(folder) >= 60,
    "the export is written": lambda folder: any(folder.glob(".out.jsonl.*.part")),
}


def _wait_for(moment: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not moment() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)


CTRL_C = [(moment, jobs, signal.SIGINT) for moment in MOMENTS for jobs in ("1", "2")]


@pytest.mark.parametrize(("moment", "jobs", "signal_number"), [*CTRL_C, ("something is stored", "2", signal.SIGTERM)])
def test_ctrl_c_ends_cleanly_and_the_same_command_goes_on(
    whole: Path, tmp_path: Path, moment: str, jobs: str, signal_number: signal.Signals
) -> None:
    os.symlink(whole / "in", tmp_path / "in")
    arguments = ["run", "in", "--jobs", jobs, "--export", "out.jsonl"]
    with start(tmp_path, arguments) as process:
        _wait_for(lambda: MOMENTS[moment](tmp_path), process)
        os.killpg(process.pid, signal_number)
        _, said = process.communicate(timeout=30)
    if process.returncode == 0:
        pytest.skip("the run was done before the signal came")
    assert process.returncode == 130, said
    assert "the same command" in one_sentence(said)
    assert not (tmp_path / "out.jsonl").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"in", "formtally.db"}
    _check_whole(tmp_path / "formtally.db")
    assert formtally(tmp_path, *arguments).returncode == 0
    assert (tmp_path / "out.jsonl").read_bytes() == (whole / "whole.jsonl").read_bytes()


def test_killed_at_any_moment_a_run_goes_on_to_the_same_export(whole: Path, tmp_path: Path) -> None:
    os.symlink(whole / "in", tmp_path / "in")
    (tmp_path / "out.jsonl").write_text("before")
    rng = Random(7)
    for _ in range(4):
        with start(tmp_path, ["run", "in", "--jobs", "2", "--export", "out.jsonl"]) as process:
            before = _stored(tmp_path)
            _wait_for(lambda before=before: _stored(tmp_path) > before, process)  # type: ignore[misc]
            time.sleep(rng.uniform(0, 0.4))
            process.kill()
            process.communicate(timeout=30)
        if process.returncode == 0:
            break
        assert (tmp_path / "out.jsonl").read_text() == "before"
        if (tmp_path / "formtally.db").exists():
            shutil.copytree(tmp_path, tmp_path / "copy", symlinks=True)
            _check_whole(tmp_path / "copy" / "formtally.db")
            shutil.rmtree(tmp_path / "copy")
    done = formtally(tmp_path, "run", "in", "--jobs", "2", "--export", "out.jsonl")
    assert done.returncode == 0
    assert "as stored" in done.stdout
    assert (tmp_path / "out.jsonl").read_bytes() == (whole / "whole.jsonl").read_bytes()
    assert formtally(tmp_path, "status").returncode == 0


def test_workers_end_with_a_killed_parent(whole: Path, tmp_path: Path) -> None:
    os.symlink(whole / "in", tmp_path / "in")
    with start(tmp_path, ["run", "in", "--jobs", "2"]) as process:
        _wait_for(lambda: _stored(tmp_path) > 0, process)
        children = _descendants(process.pid)
        process.kill()
        process.communicate(timeout=30)
    assert len(children) >= 2
    deadline = time.monotonic() + 10
    while any(_alive(child) for child in children) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [child for child in children if _alive(child)]


def _descendants(pid: int) -> list[int]:
    try:
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [*children, *(below for child in children for below in _descendants(child))]


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_failure_rows_hold_no_personal_value() -> None:
    row = FailureRow("reader.failed", "the reader broke on this form (ValueError at grid.py:12)")
    assert engines.SECRET not in row.message
