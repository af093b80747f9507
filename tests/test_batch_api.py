"""Batches of an endpoint over real HTTP: nothing is paid twice, nothing is lost, whatever ends a command."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from benchmarks.modelserver import Faults, ModelServer
from pipeline.batch.api import BatchApi
from pipeline.batch.submission import shown_url
from pipeline.messages import CATALOGUE
from pipeline.model.options import ModelOptions
from pipeline.store.store import Store
from tests.batches import CountingBrain, FailingServer, Shell, calls, contents, sql, write_forms
from tests.commandline import formtally, one_sentence, start
from tests.model_calls import canned

FORMS = 4
LONG_AGO = "2020-01-01T00:00:00+00:00"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, CountingBrain]:
    """A folder with documents in it, and in its store, and the brain that knows them."""
    folder = tmp_path_factory.mktemp("made")
    brain = write_forms(folder / "in", FORMS)
    assert formtally(folder, "run", "in", "--reader", "table").returncode == 0
    return folder, brain


@pytest.fixture
def shell(
    made: tuple[Path, CountingBrain],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Shell:
    """Commands in a copy of that folder."""
    folder = tmp_path / "work"
    shutil.copytree(made[0], folder)
    shell = Shell(folder, monkeypatch, capsys)
    shell.set(server_tries=1, timeout_tries=1, rate_limit_tries=1)
    return shell


@pytest.fixture
def brain(made: tuple[Path, CountingBrain]) -> CountingBrain:
    made[1].asked.clear()
    return made[1]


def _batches(server: ModelServer) -> list[dict[str, Any]]:
    return list(server.batches.batches.values())


def _uploads(server: ModelServer) -> int:
    return sum(file["purpose"] == "batch" for file, _ in server.batches.files.values())


def test_a_batch_answers_what_a_live_run_answers(shell: Shell, brain: CountingBrain, tmp_path: Path) -> None:
    live = tmp_path / "live"
    shutil.copytree(shell.folder, live)
    with ModelServer(brain, key="sk-secret", faults=Faults(fence=1, think=1)) as server:
        shell.set(url=server.url)
        ended = formtally(
            shell.folder, "batch", "submit", FORMTALLY_API_KEY="sk-secret", **_environment(server, tries=1)
        )
        assert ended.returncode == 0, ended.stderr
        assert "batch_1" in ended.stdout and "formtally batch poll" in ended.stdout
        polled = formtally(
            shell.folder, "batch", "poll", "--wait", FORMTALLY_API_KEY="sk-secret", **_environment(server, tries=1)
        )
        assert polled.returncode == 0, polled.stderr
        assert f"{FORMS} taken" in polled.stdout
        assert "batch_1: completed, 4 of 4 requests" in polled.stdout
        asked = formtally(
            live, "run", "in", "--reader", "both", FORMTALLY_API_KEY="sk-secret", **_environment(server, tries=1)
        )
        assert asked.returncode == 0, asked.stderr
    shell("export", "--out", "out.jsonl")
    batch, shell.folder = shell.folder, live
    shell("export", "--out", "out.jsonl")
    assert contents(batch) == contents(live)
    assert (batch / "out.jsonl").read_bytes() == (live / "out.jsonl").read_bytes()
    assert set(brain.asked.values()) == {2}, "once by the batch, once live"
    for file in batch.glob("formtally.db*"):
        assert b"sk-secret" not in file.read_bytes()


def _environment(server: ModelServer, *, tries: int = 1) -> dict[str, str]:
    names = ("SERVER_TRIES", "TIMEOUT_TRIES", "RATE_LIMIT_TRIES")
    options = {f"FORMTALLY_MODEL__{name}": str(tries) for name in names}
    return {**options, "FORMTALLY_MODEL__URL": server.url, "FORMTALLY_MODEL__NAME": "m"}


def test_what_fails_is_asked_again_and_nothing_else(shell: Shell, brain: CountingBrain) -> None:
    with ModelServer(brain, faults=_some_fail(shell)) as server:
        shell.set(url=server.url)
        shell("batch", "submit")
        again = shell("batch", "submit")
        assert again.out.startswith(f"{FORMS} requests are in open batches")
        assert "open batches" in shell("batch", "export", "r.jsonl").out and not (shell.folder / "r.jsonl").exists()
        assert len(_batches(server)) == _uploads(server) == 1
        looked = shell("batch", "poll")
        assert "batch_1: in progress" in looked.out and "formtally batch poll --wait" in looked.out
        ended = shell("batch", "poll", "--wait", code=3)
        assert "with the error HTTP 500 server_error" in ended.out and "formtally batch submit" in ended.out
        assert shell("batch", "poll").out.startswith("No batch is open")
        taken = len(calls(shell.folder))
        shell("batch", "submit")
        second = _batches(server)[1]
        assert server.batches.files[second["input_file_id"]][1].count(b"\n") == FORMS - taken
    assert max(brain.asked.values()) == 1
    assert 0 < taken == len(brain.asked) < FORMS


def _some_fail(shell: Shell) -> Faults:
    """Faults that strike some of the requests, and not all."""
    shell("batch", "export", "probe.jsonl")
    text = (shell.folder / "probe.jsonl").read_text(encoding="utf-8")
    keys = [line.split('"')[3] for line in text.splitlines()]
    (shell.folder / "probe.jsonl").unlink()
    for seed in range(1000):
        faults = Faults(seed=seed, batch_error=0.5)
        if 0 < sum(faults.strikes("batch_error", key) for key in keys) < len(keys):
            return faults
    raise AssertionError


# Whatever ends a command.


@pytest.mark.parametrize(
    ("point", "uploads"), [(("POST", "files", 0), 2), (("POST", "batches", 0), 1), (("GET", "batches", 1), 1)]
)
def test_a_killed_submission_is_made_good(
    shell: Shell, brain: CountingBrain, point: tuple[str, str, int], uploads: int
) -> None:
    """Killed when the file is there, when the batch is there, when all is noted and it is looked at."""
    with FailingServer(brain) as server:
        shell.set(url=server.url)
        command = ["submit"] if point[0] == "POST" else ["poll"]
        if command == ["poll"]:
            shell("batch", "submit")
        _killed(shell, server, point, *command)
        shell("batch", "submit")
        shell("batch", "poll", "--wait")
        assert len(_batches(server)) == 1
        assert _uploads(server) == uploads
    assert list(brain.asked.values()) == [1] * FORMS
    assert len(calls(shell.folder)) == len(contents(shell.folder, "answer")["answer"]) == FORMS


def test_a_killed_poll_takes_the_answers_the_next_time(shell: Shell, brain: CountingBrain) -> None:
    with FailingServer(brain, faults=_some_fail(shell)) as server:
        shell.set(url=server.url)
        shell("batch", "submit")
        shell("batch", "poll")
        # The answers are taken, the file of failures is on its way.
        _killed(shell, server, ("GET", "files", 2), "poll", second=True)
        before = len(calls(shell.folder))
        ended = shell("batch", "poll", code=3)
        assert f"0 taken · {before} known already" in ended.out
        assert shell("batch", "poll").out.startswith("No batch is open")
    assert before == len(calls(shell.folder)) == len(brain.asked)


def _killed(
    shell: Shell, server: FailingServer, point: tuple[str, str, int], command: str, *, second: bool = False
) -> None:
    """Have a command killed at a point, the first time that it comes to it, or the second."""
    process = start(shell.folder, ["batch", command], **_environment(server))
    happens = server.kill(process.pid)
    if second:

        def at_first() -> None:
            server.point, server.happens = point, happens

        server.happens = at_first
    else:
        server.happens = happens
    server.point = point
    process.communicate(timeout=60)
    assert process.returncode == -9


def test_a_connection_that_breaks_while_a_batch_is_made(shell: Shell, brain: CountingBrain) -> None:
    with FailingServer(brain) as server:
        shell.set(url=server.url, server_tries=3)
        server.point = ("POST", "batches", 0)
        ended = shell("batch", "submit", code=5)
        assert CATALOGUE["batch.lost"][0] in one_sentence(ended.error)
        assert len(_batches(server)) == 1, "it is not made again"
        assert "open batches" in shell("batch", "submit").out
        shell("batch", "poll", "--wait")
        assert len(_batches(server)) == 1
    assert len(calls(shell.folder)) == FORMS


def test_a_batch_that_never_came_to_be_is_waited_for_and_then_made(shell: Shell, brain: CountingBrain) -> None:
    with ModelServer(brain) as server:
        shell.set(url=server.url)
        shell("batch", "export", "probe.jsonl")
        with Store.open(f"sqlite:///{shell.folder}/formtally.db") as store:
            keys = [str(row[0]) for row in sql(shell.folder, "SELECT key FROM request")]
            store.begin_batch(1, shown_url(server.url), "file-none", keys)
        assert "open batches" in shell("batch", "submit").out
        assert "being submitted, or broken off just now" in shell("batch", "poll").out
        sql(shell.folder, f"UPDATE batch SET begun = '{LONG_AGO}'")
        ended = shell("batch", "poll", code=4)
        assert "file-none: never reached the endpoint" in ended.out
        shell("batch", "submit")
        assert len(_batches(server)) == 1


def test_two_commands_do_not_submit_the_same(shell: Shell) -> None:
    with Store.open(f"sqlite:///{shell.folder}/formtally.db") as store:
        first = store.begin_batch(1, "u", "f1", ["a", "b"])
        assert first is not None
        assert store.begin_batch(1, "u", "f2", ["c", "b"]) is None
        assert store.begin_batch(1, "u", "f3", ["c"]) is not None
        store.end_batch(first, "expired", "")
        assert store.begin_batch(1, "u", "f4", ["a", "b"]) is not None
        assert store.keys_under_way() == {"a", "b", "c"}
        assert [batch.file for batch in store.open_batches()] == ["f3", "f4"]


# What becomes of batches.


def test_a_batch_that_fails_says_the_endpoints_reason(shell: Shell, brain: CountingBrain) -> None:
    with ModelServer(brain) as server:
        shell.set(url=server.url)
        shell("batch", "submit")
        errors = [{"code": "token_limit_exceeded", "message": "Enqueued token limit", "line": None, "param": None}]
        _batches(server)[0].update(status="failed", errors={"object": "list", "data": errors})
        ended = shell("batch", "poll", "--wait", code=4)
        assert "batch_1: failed (token_limit_exceeded)" in ended.out
        assert sql(shell.folder, "SELECT outcome, reason FROM batch_end") == [("failed", "token_limit_exceeded")]
        shell("batch", "submit")
        assert len(_batches(server)) == 2
    assert not brain.asked


@pytest.mark.parametrize("status", ["expired", "cancelled", "EXPIRED"])
def test_a_batch_that_ends_early_leaves_what_it_has(shell: Shell, brain: CountingBrain, status: str) -> None:
    with ModelServer(brain) as server:
        shell.set(url=server.url)
        shell("batch", "submit")
        shell("batch", "poll")
        server.batches.look("batch_1")
        batch = _batches(server)[0]
        meta, content = server.batches.files[batch["output_file_id"]]
        server.batches.files[batch["output_file_id"]] = meta, b"".join(content.splitlines(keepends=True)[:3])
        batch["status"] = status
        ended = shell("batch", "poll", code=3)
        assert f"batch_1: {status.lower()}" in ended.out and "3 taken" in ended.out
        shell("batch", "submit")
        second = _batches(server)[1]
        assert server.batches.files[second["input_file_id"]][1].count(b"\n") == FORMS - 3


@pytest.mark.parametrize("lost", ["batch", "answers"])
def test_what_the_endpoint_does_not_have_any_more_is_asked_again(shell: Shell, brain: CountingBrain, lost: str) -> None:
    with ModelServer(brain) as server:
        shell.set(url=server.url)
        shell("batch", "submit")
        shell("batch", "poll")
        server.batches.look("batch_1")
        if lost == "batch":
            del server.batches.batches["batch_1"]
        else:
            del server.batches.files[_batches(server)[0]["output_file_id"]]
        ended = shell("batch", "poll", code=4)
        assert "not at the endpoint any more" in ended.out
        assert str(FORMS) in shell("batch", "submit").out


def test_batches_at_another_endpoint_are_left_alone(shell: Shell, brain: CountingBrain) -> None:
    with ModelServer(brain) as here, ModelServer(brain) as there:
        shell.set(url=here.url.replace("http://", "http://user:secret@") + "/")
        shell("batch", "submit")
        shell.set(url=there.url)
        ended = shell("batch", "poll")
        assert f"1 batches are at another endpoint ({here.url})" in ended.error
        assert "open batches" in shell("batch", "submit").out and not _batches(there)
        shell.set(url=here.url)
        assert f"{FORMS} taken" in shell("batch", "poll", "--wait").out


# Endpoints that are not as they should be.


def _says(ended_error: str, key: str) -> None:
    fixed = CATALOGUE[key][0].partition("{")[0]
    assert fixed in one_sentence(ended_error), ended_error


def test_a_wrong_key_is_one_sentence(shell: Shell, brain: CountingBrain) -> None:
    with ModelServer(brain, key="right") as server:
        shell.set(url=server.url)
        _says(shell("batch", "submit", code=5).error, "endpoint.key")
        assert not sql(shell.folder, "SELECT id FROM batch")


@pytest.mark.parametrize(
    ("status", "body", "kind", "key"),
    [
        (404, b'{"error": {"message": "Not found"}}', "application/json", "batch.no_api"),
        (404, b"<html>", "text/html", "batch.no_api"),
        (200, b"<html>", "text/html", "batch.no_api"),
        (400, b'{"error": {"message": "no", "code": "bad_purpose"}}', "application/json", "batch.rejected"),
        (500, b"{}", "application/json", "batch.unanswered"),
        (429, b'{"error": {"code": "insufficient_quota"}}', "application/json", "endpoint.quota"),
    ],
)
def test_an_endpoint_without_batches_is_one_sentence(
    shell: Shell, status: int, body: bytes, kind: str, key: str
) -> None:
    with canned(status, body, kind=kind) as (url, _):
        shell.set(url=url)
        _says(shell("batch", "submit", code=5).error, key)
    assert not sql(shell.folder, "SELECT id FROM batch")


def test_nobody_there_is_one_sentence(shell: Shell, brain: CountingBrain) -> None:
    with ModelServer(brain) as server:
        shell.set(url=server.url)
        shell("batch", "submit")
    _says(shell("batch", "poll", code=5).error, "batch.unanswered")
    _says(shell("batch", "submit", "--db", "sqlite:///other.db", code=5).error, "store.none")
    assert sql(shell.folder, "SELECT count(*) FROM batch_end") == [(0,)]


def test_a_rejected_batch_is_free_again_and_its_file_is_deleted(shell: Shell, brain: CountingBrain) -> None:
    class Rejecting(ModelServer):
        def _filed(self, asked: Any, method: str, kind: str, rest: list[str]) -> Any:
            reply = super()._filed(asked, method, kind, rest)
            if (method, kind) != ("POST", "batches"):
                return reply
            return reply._replace(status=400, body={"error": {"message": "window", "code": "invalid_window"}})

    with Rejecting(brain) as server:
        shell.set(url=server.url)
        ended = shell("batch", "submit", "--completion-window", "1s", code=5)
        assert "HTTP 400 invalid_window" in one_sentence(ended.error)
        assert not server.batches.files
    assert sql(shell.folder, "SELECT outcome FROM batch_end") == [("not_sent",)]
    assert "requests.jsonl" in shell("batch", "export", "requests.jsonl").out


def test_waiting_outlives_an_outage(shell: Shell, brain: CountingBrain) -> None:
    with ModelServer(brain) as server:
        shell.set(url=server.url)
        shell("batch", "submit")
        process = start(shell.folder, ["batch", "poll", "--wait"], **_environment(server))
        assert process.stderr is not None
        assert "in progress" in process.stderr.readline()
        server.outage(1.2)
        out, error = process.communicate(timeout=60)
        assert server.stats.faults["outage"] > 0
    assert process.returncode == 0, error
    assert f"{FORMS} taken" in out


def test_a_server_that_lists_the_same_page_for_ever() -> None:
    page = b'{"object": "list", "data": [{"id": "b1", "input_file_id": "f1"}], "has_more": true}'

    class Endless(ModelServer):
        def _filed(self, asked: Any, method: str, kind: str, rest: list[str]) -> Any:
            return super()._filed(asked, "GET", "batches", [])._replace(body=page)

    began = time.monotonic()
    with Endless(lambda *_: "") as server, BatchApi(ModelOptions(url=server.url), "") as api:
        assert api.find({"f1", "none"}) == {"f1": "b1"}
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("page", [b"<html>", b"[]", b'{"data": "none"}', b'{"data": [1]}'])
def test_what_is_no_list_of_batches_does_not_free_requests(shell: Shell, brain: CountingBrain, page: bytes) -> None:
    class Odd(ModelServer):
        def _filed(self, asked: Any, method: str, kind: str, rest: list[str]) -> Any:
            reply = super()._filed(asked, method, kind, rest)
            return reply._replace(body=page) if (method, kind, rest) == ("GET", "batches", []) else reply

    with Odd(brain) as server:
        shell.set(url=server.url)
        with Store.open(f"sqlite:///{shell.folder}/formtally.db") as store:
            store.begin_batch(1, shown_url(server.url), "file-1", ["a"])
        sql(shell.folder, f"UPDATE batch SET begun = '{LONG_AGO}'")
        _says(shell("batch", "poll", code=5).error, "batch.unanswered")
        _says(shell("batch", "submit", code=5).error, "batch.unanswered")
    assert not sql(shell.folder, "SELECT * FROM batch_end")


@pytest.mark.parametrize("garbled", [b"<html>", b"{}", b'{"id": '])
def test_an_answer_that_does_not_name_the_batch_is_no_reason_to_make_another(
    shell: Shell, brain: CountingBrain, garbled: bytes
) -> None:
    class Garbling(ModelServer):
        def _filed(self, asked: Any, method: str, kind: str, rest: list[str]) -> Any:
            reply = super()._filed(asked, method, kind, rest)
            return reply._replace(body=garbled) if (method, kind) == ("POST", "batches") else reply

    with Garbling(brain) as server:
        shell.set(url=server.url)
        _says(shell("batch", "submit", code=5).error, "batch.lost")
        assert f"{FORMS} taken" in shell("batch", "poll", "--wait").out
        assert len(_batches(server)) == 1


def test_a_url_is_kept_without_its_password() -> None:
    assert shown_url("https://user:secret@Host:8080/v1/?key=secret") == "https://host:8080/v1"
