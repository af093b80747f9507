"""Requests and answers as files: what is written, what is taken, and that it is what a live run would have stored."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from benchmarks.modelserver import Faults, ModelServer
from pipeline.batch.files import FileLimits, RequestFiles, read_answers
from pipeline.batch.intake import understand
from pipeline.errors import ConfigurationError
from pipeline.messages import CATALOGUE
from pipeline.model.options import ModelOptions
from pipeline.model.request import Request
from pipeline.store.rows import RequestRow
from pipeline.store.store import Store
from tests.batches import (
    MODEL,
    CountingBrain,
    Shell,
    answer_lines,
    body_of,
    calls,
    contents,
    lines_of,
    some_cut,
    write_forms,
    write_lines,
)
from tests.commandline import formtally, one_sentence
from tests.model_calls import SECRET, make_request

Line = dict[str, Any]
FORMS = 5


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
    return Shell(folder, monkeypatch, capsys)


@pytest.fixture
def brain(made: tuple[Path, CountingBrain]) -> CountingBrain:
    made[1].asked.clear()
    return made[1]


def _answered(shell: Shell, brain: CountingBrain, faults: Faults | None = None) -> list[Line]:
    """What a runner answers to the pending requests."""
    shell("batch", "export", "requests.jsonl")
    with ModelServer(brain, faults=faults) as server:
        return answer_lines(server.url, shell.folder / "requests.jsonl")


@pytest.mark.parametrize("command", ["export", "import", "submit", "poll"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_command_has_help(tmp_path: Path, command: str, language: str) -> None:
    shown = formtally(tmp_path, "batch", command, "--help", FORMTALLY_LANG=language)
    assert shown.returncode == 0
    assert CATALOGUE[f"help.batch.{command}"][language == "zh"][:12] in shown.stdout


# What is written.


def test_requests_are_in_the_format_of_the_batch_api(shell: Shell) -> None:
    ended = shell("batch", "export", "requests.jsonl")
    assert "requests.jsonl" in ended.out and "batch import" in ended.out
    raw = (shell.folder / "requests.jsonl").read_bytes().splitlines()
    assert len(raw) == FORMS
    for line in raw:
        record = json.loads(line)
        assert list(record) == ["custom_id", "method", "url", "body"]
        assert (record["method"], record["url"]) == ("POST", "/v1/chat/completions")
        assert record["body"]["model"] == MODEL
        # The key is the hash of the body as a live call sends it: not a byte of it may differ.
        assert record["custom_id"] == hashlib.sha256(b"0\n" + body_of(line)).hexdigest()[:32]


def test_live_calls_send_what_stands_in_the_files(shell: Shell, brain: CountingBrain) -> None:
    shell("batch", "export", "requests.jsonl")
    with ModelServer(brain) as server:
        shell.set(url=server.url)
        shell("run", "in", "--reader", "both")
    written = [json.dumps(line["body"], ensure_ascii=False) for line in lines_of(shell.folder / "requests.jsonl")]
    assert sorted(brain.asked) == sorted(written)


def test_a_cascade_writes_only_what_is_in_doubt(shell: Shell) -> None:
    shell("batch", "export", "all.jsonl", "--reader", "llm")
    ended = shell("batch", "export", "some.jsonl", "--reader", "cascade")
    some = shell.folder / "some.jsonl"
    written = len(lines_of(some)) if some.exists() else 0
    assert written < len(lines_of(shell.folder / "all.jsonl")) == FORMS
    assert some.exists() or "Nothing is left to ask" in ended.out


def test_nothing_pending_is_no_file(shell: Shell, brain: CountingBrain) -> None:
    write_lines(shell.folder / "answers.jsonl", _answered(shell, brain))
    shell("batch", "import", "answers.jsonl")
    ended = shell("batch", "export", "more.jsonl")
    assert ended.out.startswith("Nothing is left to ask")
    assert not (shell.folder / "more.jsonl").exists()


@pytest.mark.parametrize(
    ("arguments", "settings", "code", "says"),
    [
        (["export", "r.jsonl"], {"name": ""}, 5, "FORMTALLY_MODEL__NAME"),
        (["export", "r.jsonl", "--reader", "table"], {}, 2, "llm, both, cascade"),
        (["export", "r.jsonl", "--db", "sqlite:///none.db"], {}, 5, "formtally run"),
        (["export", "none/r.jsonl"], {}, 2, "does not exist"),
        (["import"], {}, 2, "FILE.jsonl"),
        (["import", "none.jsonl"], {}, 2, "none.jsonl"),
        (["import", "in"], {}, 2, "in cannot be opened"),
        (["submit"], {}, 5, "FORMTALLY_MODEL__URL"),
        (["poll"], {}, 5, "FORMTALLY_MODEL__URL"),
        (["poll"], {"url": "http://[half"}, 5, "FORMTALLY_MODEL__URL"),
    ],
)
def test_an_error_is_one_sentence_and_a_code(
    shell: Shell, arguments: list[str], settings: dict[str, str], code: int, says: str
) -> None:
    shell.set(**settings)
    ended = shell("batch", *arguments, code=code)
    assert says in one_sentence(ended.error)
    assert not list(shell.folder.glob("*.jsonl"))


def test_files_hold_so_many_requests_and_bytes_and_one_model_each(tmp_path: Path) -> None:
    requests = [make_request(f"{number:03}") for number in range(7)]
    others = [make_request(f"{number:03}", model="other") for number in range(2)]
    with RequestFiles(tmp_path / "a.jsonl", FileLimits(requests=3)) as files:
        for request in requests:
            files.write(request, "m")
        for request in others:
            files.write(request, "other")
    written = {path.name: lines_of(path) for path in tmp_path.iterdir()}
    assert {name: len(lines) for name, lines in written.items()} == {
        "a.jsonl": 3,
        "a-2.jsonl": 3,
        "a-3.jsonl": 1,
        "a-4.jsonl": 2,
    }
    assert [line["custom_id"] for file in files.files for line in written[file.path.name]] == [
        request.key for request in [*requests, *others]
    ]
    assert all(len({line["body"]["model"] for line in lines}) == 1 for lines in written.values())
    size = (tmp_path / "a-3.jsonl").stat().st_size
    with RequestFiles(tmp_path / "b.jsonl", FileLimits(bytes=2 * size + 1)) as files:
        for request in requests:
            files.write(request, "m")
    assert [file.path.stat().st_size for file in files.files] == [2 * size, 2 * size, 2 * size, size]
    assert [len(file.keys) for file in files.files] == [2, 2, 2, 1]


def test_an_exception_leaves_the_files_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("before")
    with pytest.raises(KeyboardInterrupt), RequestFiles(tmp_path / "a.jsonl", FileLimits(requests=1)) as files:
        files.write(make_request("1"), "m")
        files.write(make_request("2"), "m")
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]
    assert (tmp_path / "a.jsonl").read_text() == "before"


def test_a_full_disk_is_one_sentence() -> None:
    with pytest.raises(ConfigurationError, match="disk is full"), RequestFiles(Path("/dev/full")) as files:
        for number in range(1000):
            files.write(make_request(f"{number}"), "m")


# What is taken is what a live run would have stored.


@pytest.mark.parametrize("mode", ["json_schema", "tools", "text"])
def test_a_batch_stores_and_exports_what_a_live_run_does(
    shell: Shell, brain: CountingBrain, tmp_path: Path, mode: str
) -> None:
    shell.set(mode=mode, price_input=2, price_cached=1, price_output=8)
    live, shell.folder = shell.folder, tmp_path / "other"
    shutil.copytree(live, shell.folder)
    shell("batch", "export", "requests.jsonl")
    faults = some_cut(shell.folder / "requests.jsonl")
    rounds = 0
    while "Nothing is left" not in shell("batch", "export", "requests.jsonl").out:
        # A server of its own for each round: faults go by how often a request was sent.
        with ModelServer(brain, faults=faults) as server:
            answers = answer_lines(server.url, shell.folder / "requests.jsonl")
        random.Random(rounds).shuffle(answers)
        write_lines(shell.folder / "answers.jsonl", answers)
        shell("batch", "import", "answers.jsonl")
        rounds += 1
    assert rounds > 1
    shell("export", "--out", "out.jsonl")
    batch, shell.folder = shell.folder, live
    with ModelServer(brain, faults=faults) as server:
        shell.set(url=server.url)
        shell("run", "in", "--reader", "both", code=None)
    shell("export", "--out", "out.jsonl")
    stored = contents(batch)
    assert stored == contents(live)
    assert len(stored["answer"]) > FORMS and any(row[-2] for row in stored["answer"])
    assert (batch / "out.jsonl").read_bytes() == (live / "out.jsonl").read_bytes()
    with Store.open(f"sqlite:///{batch}/formtally.db") as here, Store.open(f"sqlite:///{live}/formtally.db") as there:
        assert here.spent() == there.spent()
        assert here.spent().cost > 0


def _bare(line: Line) -> Line:
    return {"custom_id": line["custom_id"], "response": {"body": line["response"]["body"]}}


def _vllm(line: Line) -> Line:
    body = {**line["response"]["body"], "prompt_logprobs": None, "kv_transfer_params": None}
    body["choices"] = [{**body["choices"][0], "stop_reason": None, "token_ids": None}]
    response = {"status_code": 200, "request_id": "vllm-batch-1", "body": body}
    return {"id": "vllm-1", "custom_id": line["custom_id"], "response": response, "error": None}


SHAPES: dict[str, Callable[[Line], Line]] = {
    "the batch API's": lambda line: line,
    "vllm run-batch": _vllm,
    "custom_id and body only": _bare,
    "the response is the completion": lambda line: {**_bare(line), "response": line["response"]["body"]},
    "the body is in the line": lambda line: {"custom_id": line["custom_id"], "body": line["response"]["body"]},
    "the completion is the line": lambda line: {**line["response"]["body"], "custom_id": line["custom_id"]},
    "the body is a string": lambda line: {**_bare(line), "response": {"body": json.dumps(line["response"]["body"])}},
    "nested and with further keys": lambda line: {
        **_bare(line),
        "result": {"response": {"status_code": "200", "body": line["response"]["body"], "took": 1}},
        "response": None,
        "error": {},
        "region": "north",
    },
}


@pytest.mark.parametrize("shape", SHAPES)
def test_answers_are_understood_however_they_are_nested(shell: Shell, brain: CountingBrain, shape: str) -> None:
    answers = _answered(shell, brain, Faults(fence=1, prose=1, think=1))
    write_lines(shell.folder / "plain.jsonl", answers)
    shell("batch", "import", "plain.jsonl")
    wanted = contents(shell.folder)
    for path in shell.folder.glob("formtally.db*"):
        path.unlink()
    shell("run", "in", "--reader", "table")
    shell("batch", "export", "requests.jsonl")
    lines = "\n".join(json.dumps(SHAPES[shape](line), ensure_ascii=False) + "\n" for line in reversed(answers))
    (shell.folder / "odd.jsonl").write_bytes(b"\xef\xbb\xbf\r\n" + lines.replace("\n", "\r\n").encode())
    ended = shell("batch", "import", "odd.jsonl")
    assert f"{FORMS} taken" in ended.out
    assert contents(shell.folder) == wanted


def test_the_same_answers_again_change_nothing(shell: Shell, brain: CountingBrain) -> None:
    shell.set(price_input=2, price_output=8)
    answers = _answered(shell, brain)
    write_lines(shell.folder / "a.jsonl", answers[:3])
    write_lines(shell.folder / "b.jsonl", [*answers[1:], answers[0], *map(_bare, answers)])
    shell("batch", "import", "a.jsonl")
    ended = shell("batch", "import", "b.jsonl", "a.jsonl")
    assert f"{FORMS - 3} taken · {2 * FORMS - (FORMS - 3) + 3} known already" in ended.out
    before = contents(shell.folder)
    assert len(before["call"]) == len(before["answer"]) == FORMS
    again = shell("batch", "import", "b.jsonl")
    assert f"0 taken · {2 * FORMS} known already" in again.out
    assert contents(shell.folder) == before


def test_another_answer_to_the_same_request_is_paid_and_not_kept(shell: Shell, brain: CountingBrain) -> None:
    answers = _answered(shell, brain)
    write_lines(shell.folder / "a.jsonl", answers)
    shell("batch", "import", "a.jsonl")
    kept = contents(shell.folder, "answer")
    other = json.loads(json.dumps(answers[0]))
    other["response"]["body"]["id"] = "chatcmpl-second"
    other["response"]["body"]["choices"][0]["message"]["content"] = "{}"
    write_lines(shell.folder / "b.jsonl", [other, other])
    shell("batch", "import", "b.jsonl")
    assert contents(shell.folder, "answer") == kept
    assert len(calls(shell.folder)) == FORMS + 1


def test_what_is_left_out_of_a_file_is_asked_for_again(shell: Shell, brain: CountingBrain) -> None:
    answers = _answered(shell, brain)
    write_lines(shell.folder / "a.jsonl", answers[:2])
    shell("batch", "import", "a.jsonl")
    shell("batch", "export", "rest.jsonl")
    rest = {line["custom_id"] for line in lines_of(shell.folder / "rest.jsonl")}
    assert rest == {line["custom_id"] for line in answers[2:]}


def test_an_export_reads_by_the_answers_once_they_are_there(shell: Shell, brain: CountingBrain) -> None:
    shell("export", "--out", "table.jsonl")
    answers = _answered(shell, brain)
    shell("export", "--out", "asked.jsonl")
    assert (shell.folder / "asked.jsonl").read_bytes() == (shell.folder / "table.jsonl").read_bytes()
    write_lines(shell.folder / "a.jsonl", answers)
    ended = shell("batch", "import", "a.jsonl")
    assert "formtally review" in ended.out
    shell("export", "--out", "answered.jsonl")
    readers = {row[3] for row in contents(shell.folder, "reading")["reading"]}
    assert readers == {"table", "llm"}


def test_answers_to_what_is_not_wanted_any_more_are_kept(shell: Shell, brain: CountingBrain) -> None:
    answers = _answered(shell, brain)
    write_lines(shell.folder / "a.jsonl", answers)
    shell.set(max_output_tokens=4000)
    assert f"{FORMS} taken" in shell("batch", "import", "a.jsonl").out
    shell("batch", "export", "other.jsonl")
    assert len(lines_of(shell.folder / "other.jsonl")) == FORMS
    shell.set(max_output_tokens=8192)
    assert "Nothing is left" in shell("batch", "export", "other2.jsonl").out


# Lines that are no answers.


def _failed(key: str, status: int, error: object = None, body: object = None) -> Line:
    return {"custom_id": key, "response": {"status_code": status, "body": body}, "error": error}


def test_a_summary_says_what_became_of_every_line(shell: Shell, brain: CountingBrain) -> None:
    answers = _answered(shell, brain)
    keys = [line["custom_id"] for line in answers]
    message = answers[1]["response"]["body"]["choices"][0]["message"]
    message["content"] = json.dumps({"title": SECRET})
    answers[2]["response"]["body"]["choices"][0]["message"] = {"role": "assistant", "refusal": SECRET}
    answers[3]["response"]["body"]["choices"] = []
    lines: list[object] = [
        *answers[:4],
        _failed(keys[4], 500, body={"error": {"message": SECRET, "type": "server_error", "code": None}}),
        _failed(keys[4], 400, error={"error": {"message": SECRET, "type": "BadRequestError", "code": 400}}),
        _failed(keys[4], 400, error=f"{SECRET} is wrong"),
        {"custom_id": keys[4], "response": None, "error": {"code": "batch_expired", "message": SECRET}},
        {"custom_id": keys[4], "error": SECRET},
        {"custom_id": keys[4]},
        _failed(keys[0], 500),
        *({**answers[0], "custom_id": name} for name in ("theirs\x1b[2J", "\ud800", "f" * 32, 7)),
        {"id": "no custom_id"},
        [answers[0]],
    ]
    text = [json.dumps(line) for line in lines]
    text[1:1] = ["nonsense", text[0][:-9], "[" * 100_000]
    (shell.folder / "a.jsonl").write_bytes("\n".join(text).encode() + b'\n\xff\xfe{"custom_id": "x"}\n')
    ended = shell("batch", "import", "a.jsonl", code=3)
    said = {line.split("  ", 1)[0]: line.split("  ", 1)[1].strip() for line in ended.out.splitlines() if "  " in line}
    assert said["Answers"] == "1 taken · 1 known already"
    assert sorted(said["Failed"].split(" · ")) == sorted(
        [
            "1 not in the form that was asked for",
            "1 refused by the model",
            "1 empty",
            "1 with the error HTTP 500 server_error",
            "1 with the error HTTP 400 BadRequestError",
            "1 with the error HTTP 400",
            "1 with the error batch_expired",
            "1 with the error error",
            "1 with the error no completion",
        ]
    )
    assert said["Unknown"].startswith("3 ") and said["Unknown"].endswith(f"theirs?[2J, ?, {'f' * 32}")
    wrong = [2, 3, 4, *range(len(text) - 2, len(text) + 2)]
    assert said["No answers"] == ", ".join(f"a.jsonl line {number}" for number in wrong)
    assert "formtally batch export" in said["Next"] and "formtally review" in said["Next"]
    assert SECRET not in ended.out + ended.error
    assert [row[2] for row in calls(shell.folder)].count("answered") == 2
    assert len(contents(shell.folder, "answer")["answer"]) == 1
    again = shell("batch", "import", "a.jsonl", code=3)
    assert "0 taken · 2 known already" in again.out
    assert len(calls(shell.folder)) == 4, "what was answered, and was of no use, is paid once"


def test_errors_may_be_called_anything(shell: Shell) -> None:
    shell("batch", "export", "requests.jsonl")
    key = lines_of(shell.folder / "requests.jsonl")[0]["custom_id"]
    names = ["other", "model.other", "internal", *(f"error_{number}" for number in range(20))]
    lines = [{"custom_id": key, "error": {"code": name}} for name in names]
    write_lines(shell.folder / "a.jsonl", [*lines, *[lines[0]] * 2])
    ended = shell("batch", "import", "a.jsonl", code=4)
    assert "3 with the error other · 1 with the error model.other" in ended.out
    assert "error_6 …" in ended.out and "error_7" not in ended.out


@pytest.mark.parametrize("content", ["", "\n\n", "nonsense\n", '{"custom_id": "other", "response": {}}\n'])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_nothing_of_use_is_a_code_of_its_own(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, content: str, language: str
) -> None:
    monkeypatch.setenv("FORMTALLY_LANG", language)
    (shell.folder / "a.jsonl").write_text(content)
    before = contents(shell.folder)
    ended = shell("batch", "import", "a.jsonl", code=4)
    assert CATALOGUE["batch.nothing"][language == "zh"] in one_sentence(ended.error)
    assert contents(shell.folder) == before


def test_requests_are_no_answers(shell: Shell) -> None:
    shell("batch", "export", "requests.jsonl")
    assert f"{FORMS} with the error no completion" in shell("batch", "import", "requests.jsonl", code=4).out


ROW = RequestRow("0" * 32, "d", "self_evaluation", "head", MODEL, 1000)


def _completion(message: Mapping[str, Any], finish: str = "stop", **more: Any) -> Line:
    return {"choices": [{"index": 0, "finish_reason": finish, "message": message}], **more}


def test_usage_that_is_not_said_is_bounded_from_above() -> None:
    options = ModelOptions(price_input=Decimal(1_000_000), price_output=Decimal(1_000_000))
    answer = understand(ROW, _completion({"content": "{}"}), options)
    assert answer.problem == "model.invalid"
    assert answer.calls[0].usage.prompt == 1001
    assert answer.calls[0].usage.completion > len('{"content": "{}"}')
    assert answer.calls[0].cost == answer.calls[0].usage.total


def test_cached_tokens_have_their_price() -> None:
    options = ModelOptions(price_input=Decimal(10), price_cached=Decimal(1), price_output=Decimal(100))
    usage = {"prompt_tokens": 1000, "completion_tokens": 10, "prompt_tokens_details": {"cached_tokens": 900}}
    answer = understand(ROW, _completion({"content": "half"}, "length", usage=usage), options)
    assert answer.cut and not answer.text
    assert answer.calls[0].outcome == "cut"
    assert answer.calls[0].cost == Decimal(100 * 10 + 900 * 1 + 10 * 100) / 1_000_000


@pytest.mark.parametrize(
    "completion",
    [
        {"choices": ["a"]},
        {"choices": [{"message": "a"}]},
        {"choices": [{"message": {"content": "{}", "tool_calls": "a"}}]},
        {"choices": [{"message": {"content": {"a": 1}}}]},
        {"choices": [{"message": {"content": "{}"}}], "usage": {"prompt_tokens": "many"}},
        {"choices": [{"message": {"content": "\ud800"}}]},
        {"choices": [None]},
    ],
)
@pytest.mark.filterwarnings("error")
def test_a_completion_may_be_anything(completion: Line) -> None:
    answer = understand(ROW, completion, ModelOptions())
    assert answer.problem and not answer.text


def test_lines_are_told_apart_by_key_and_completion(tmp_path: Path) -> None:
    body: Line = _completion({"content": "{}"})
    reordered = dict(reversed(body.items()))
    lines: list[Line] = [
        {"custom_id": "a", "response": {"body": body}},
        {
            "id": "other envelope",
            "custom_id": "a",
            "response": {"status_code": 200, "body": reordered},
        },
        {"custom_id": "b", "response": {"body": body}},
        {"custom_id": "a", "response": {"body": {**body, "id": "2"}}},
    ]
    first, same, *others = read_answers(write_lines(tmp_path / "a.jsonl", lines))
    assert first.origin == same.origin
    assert len({line.origin for line in (first, *others)}) == 3


def test_a_request_is_noted_before_its_file_is_there(shell: Shell) -> None:
    """Whatever ends the export, an answer to a request in a file can be taken."""
    noted: list[str] = []
    from pipeline.batch.outbox import Outbox

    target = shell.folder / "r.jsonl"
    with RequestFiles(target) as files:
        outbox = Outbox(files, lambda rows: noted.extend(row.key for row in rows), {"under way"})
        requests = [make_request("1"), make_request("2"), make_request("1")]
        for request in requests:
            outbox.put(request)
        outbox.put(Request("under way", "form", "whole", "d", requests[0].body))
        assert outbox.outstanding == 4
        assert {answer.problem for answer in outbox.ready()} == {"model.pending"}
        assert outbox.outstanding == 0
        outbox.flush()
        assert not target.exists()
    assert noted == [requests[0].key, requests[1].key] == [line["custom_id"] for line in lines_of(target)]
    assert (outbox.written, outbox.left_out) == (2, 1)
