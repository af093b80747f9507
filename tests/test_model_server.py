"""The model server that stands in for an endpoint: what others are measured against must itself be right."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import openai
import pytest

from benchmarks.modelserver import Faults, ModelServer
from tests.model_calls import GOOD, asked, brain, make_request, make_requests


def client(server: ModelServer) -> openai.OpenAI:
    return openai.OpenAI(base_url=server.url, api_key="-", max_retries=0)


def lines(number: int) -> bytes:
    rows = [
        {"custom_id": request.key, "method": "POST", "url": "/v1/chat/completions", "body": json.loads(request.body)}
        for request in make_requests(number)
    ]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def test_faults_are_the_same_each_time_and_as_many_as_said() -> None:
    faults = Faults(seed=3, broken=0.2)
    struck = [faults.strikes("broken", str(body)) for body in range(2000)]
    assert struck == [faults.strikes("broken", str(body)) for body in range(2000)]
    assert 300 < sum(struck) < 500
    assert struck != [Faults(seed=4, broken=0.2).strikes("broken", str(body)) for body in range(2000)]
    assert struck != [faults.strikes("broken", str(body), 1) for body in range(2000)]


def test_stats_count_what_was_paid_and_are_there_over_http() -> None:
    with ModelServer(brain, faults=Faults(cut=1)) as server:
        request = make_request()
        asked(server.url, [request])
        asked(server.url, [request])
        with urllib.request.urlopen(server.url.removesuffix("/v1") + "/_stats") as response:
            found: dict[str, Any] = json.load(response)
    assert found["requests"] == 2 and list(found["paid"].values()) == [2] and found["duplicates"] == 1
    assert found["faults"] == {"cut": 2} and found["cpu_seconds"] > 0


def test_batches_go_through_their_stages() -> None:
    with ModelServer(brain, faults=Faults(seed=1, batch_error=0.3)) as server, client(server) as api:
        file = api.files.create(file=("in.jsonl", lines(40)), purpose="batch")
        assert api.files.content(file.id).content == lines(40)
        batch = api.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")
        stages = [batch.status]
        while stages[-1] != "completed":
            batch = api.batches.retrieve(batch.id)
            stages.append(batch.status)
        assert stages == ["validating", "in_progress", "completed"]
        assert batch.output_file_id is not None and batch.error_file_id is not None
        answers = [json.loads(line) for line in api.files.content(batch.output_file_id).text.splitlines()]
        failures = [json.loads(line) for line in api.files.content(batch.error_file_id).text.splitlines()]
    keys = [request.key for request in make_requests(40)]
    found = [answer["custom_id"] for answer in answers]
    assert sorted(found + [failure["custom_id"] for failure in failures]) == sorted(keys)
    assert failures and found != [key for key in keys if key in found]
    assert {answer["response"]["body"]["choices"][0]["message"]["content"] for answer in answers} == {GOOD}
    assert batch.request_counts is not None and batch.request_counts.failed == len(failures)


def test_a_batch_that_is_no_batch_fails() -> None:
    with ModelServer(brain) as server, client(server) as api:
        file = api.files.create(file=("in.jsonl", lines(2) + b"no JSON\n" + lines(1)), purpose="batch")
        batch = api.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")
        batch = api.batches.retrieve(batch.id)
        assert batch.status == "failed" and batch.errors is not None and batch.errors.data is not None
        assert [(error.line, error.code) for error in batch.errors.data] == [
            (3, "invalid_json_line"),
            (4, "duplicate_custom_id"),
        ]
        with pytest.raises(openai.NotFoundError):
            api.batches.retrieve("batch_none")


def test_models_are_listed_and_the_key_is_looked_at() -> None:
    with ModelServer(brain, key="-", model="m") as server, client(server) as api:
        assert [model.id for model in api.models.list()] == ["m"]
        with pytest.raises(openai.AuthenticationError):
            api.with_options(api_key="other").models.list()


def test_a_port_that_is_taken() -> None:
    with (
        ModelServer(brain) as server,
        pytest.raises(OSError, match="in use"),
        ModelServer(brain, port=server.address[1]),
    ):
        pass
