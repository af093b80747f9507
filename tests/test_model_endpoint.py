"""Endpoints that are useless as they are configured, requests that they do not take, and the probe that says so."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from benchmarks.modelserver import Faults, ModelServer
from pipeline.errors import ConfigurationError
from pipeline.model.caller import Caller
from pipeline.model.failures import EndpointError
from pipeline.model.probe import probe
from pipeline.model.request import Request
from tests.model_calls import (
    GOOD,
    SECRET,
    Wire,
    brain,
    canned,
    collect,
    make_caller,
    make_options,
    make_request,
    make_requests,
)


def error_body(message: str = "", **fields: str) -> bytes:
    return json.dumps({"error": {"message": message, "type": "x", **fields}}).encode()


def closed_port() -> str:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}/v1"


@pytest.mark.parametrize(
    ("server", "code"),
    [({"key": "right"}, "key"), ({"model": "other"}, "model"), ({"json_schema": False}, "json_mode")],
)
def test_wrong_settings_end_everything(server: dict[str, Any], code: str) -> None:
    body = {**json.loads(make_request().body), "response_format": {"type": "json_object"}}
    requests = [Request(f"{place:032x}", "form", "whole", "digest", json.dumps(body)) for place in range(100)]
    with ModelServer(brain, **server) as endpoint, make_caller(endpoint.url, key="wrong") as caller:
        for request in requests:
            caller.put(request)
        answers = collect(caller)
    assert isinstance(caller.fatal, ConfigurationError) and caller.fatal.code == code
    assert {answer.problem for answer in answers} == {"model.stopped"} and len(answers) == 100
    assert endpoint.stats.requests <= 8 and not endpoint.stats.paid


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (429, error_body(code="insufficient_quota"), "application/json", "quota"),
        (402, error_body(), "application/json", "quota"),
        (403, b"<html>no</html>", "text/html", "key"),
        (404, b"<html>nothing here</html>", "text/html", "url"),
        (200, b"<html>a portal</html>", "text/html", "url"),
        (400, error_body("The model `m` does not exist"), "application/json", "model"),
    ],
)
def test_what_damns_an_endpoint(status: int, body: bytes, kind: str, code: str) -> None:
    with canned(status, body, kind=kind) as (url, _), make_caller(url) as caller:
        caller.put(make_request())
        [answer] = collect(caller)
        assert caller.fatal is not None and caller.fatal.code == code
    assert answer.problem == "model.stopped"
    assert probe(make_options(url), "").code in (code, "unreachable")


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (400, error_body("This model's maximum context length is 8192 tokens"), "model.too_long"),
        (400, error_body("no", param="temperature"), "model.rejected"),
        (422, error_body(SECRET), "model.rejected"),
        (413, b"", "model.rejected"),
    ],
)
def test_what_damns_a_request(status: int, body: bytes, problem: str) -> None:
    with canned(status, body) as (url, bodies), make_caller(url) as caller:
        caller.put(make_request())
        [answer] = collect(caller)
        assert caller.fatal is None
    assert answer.problem == problem and answer.detail.startswith(f"HTTP {status}")
    assert SECRET not in answer.detail
    assert len(bodies) == 1


def test_an_endpoint_that_rejects_everything_is_useless() -> None:
    with canned(400, error_body("no", param="temperature")) as (url, bodies), make_caller(url, concurrency=1) as caller:
        for request in make_requests(50):
            caller.put(request)
        collect(caller)
        assert caller.fatal is not None
        assert (caller.fatal.code, caller.fatal.detail) == ("rejected", "HTTP 400 x temperature")
    assert len(bodies) == 10


def test_an_endpoint_that_is_down_is_given_up() -> None:
    with make_caller(closed_port(), outage_seconds=1.0, concurrency=4) as caller:
        for request in make_requests(20):
            caller.put(request)
        answers = collect(caller)
        assert caller.fatal is not None and caller.fatal.code == "down"
    assert len(answers) == 20 and {answer.problem for answer in answers} == {"model.stopped"}


def test_the_key_is_told_to_nobody() -> None:
    key = "sk-a-key"
    body = error_body(f"Incorrect API key provided: {key}", code=key)
    with canned(401, body) as (url, _), make_caller(url, key=key) as caller:
        caller.put(make_request())
        [answer] = collect(caller)
        assert key not in str(caller.fatal) + repr(caller.fatal) + answer.detail + repr(probe(make_options(url), key))


@pytest.mark.parametrize("key", ["schlüssel", "two\nlines"])
def test_a_key_that_no_header_can_carry(key: str) -> None:
    with make_caller("http://127.0.0.1:9/v1", key=key) as caller:
        caller.put(make_request())
        assert [answer.problem for answer in collect(caller)] == ["model.stopped"]
        assert caller.fatal is not None and caller.fatal.code == "key"


def test_no_endpoint_but_the_one_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    with pytest.raises(EndpointError):
        Caller(options=make_options("http://x").model_copy(update={"url": None}), key="", schema=lambda _: Wire,
               keep=lambda _: None)  # fmt: skip


# The probe.


@pytest.mark.parametrize("mode", ["json_schema", "tools", "json_object", "text"])
def test_probe_of_an_endpoint_that_is_well(mode: str) -> None:
    with ModelServer(lambda body, _: '{"word": "well"}', key="k", model="m") as server:
        assert probe(make_options(server.url, mode=mode), " k\n") == (True, "well", "")


@pytest.mark.parametrize(
    ("server", "settings", "code"),
    [
        ({"key": "other"}, {}, "key"),
        ({"model": "other"}, {}, "model"),
        ({"json_schema": False}, {}, "json_mode"),
        ({"json_schema": False}, {"mode": "tools"}, "json_mode"),
        ({"brain": lambda body, _: "well"}, {}, "json_mode"),
        ({"faults": Faults(too_many=1)}, {}, "rate"),
        ({"faults": Faults(server_error=1)}, {}, "server"),
        ({"faults": Faults(late=1, late_seconds=2)}, {"timeout_seconds": 0.3}, "timeout"),
    ],
)
def test_probe_says_what_is_wrong(server: dict[str, Any], settings: dict[str, Any], code: str) -> None:
    with ModelServer(**{"brain": lambda body, _: '{"word": "well"}', **server}) as endpoint:
        found = probe(make_options(endpoint.url, **settings), "k")
    assert (found.well, found.code) == (False, code)


def test_probe_of_addresses_that_are_wrong() -> None:
    with ModelServer(brain) as server:
        assert probe(make_options(server.url.removesuffix("/v1") + "/api"), "").code == "url"
    with canned(200, b"<html>hello</html>", kind="text/html") as (url, _):
        assert probe(make_options(url), "").code == "url"
    assert probe(make_options(closed_port()), "").code == "unreachable"
    assert probe(make_options("http://no-such-host.invalid/v1"), "").code == "unreachable"


def test_content_in_parts_is_one_text() -> None:
    parts = [
        {"type": "thinking", "thinking": "hm"},
        {"type": "text", "text": GOOD[:9]},
        {"type": "text", "text": GOOD[9:]},
    ]
    message = {"role": "assistant", "content": parts}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    body = json.dumps({"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]})
    with canned(200, body.encode()) as (url, _), make_caller(url) as caller:
        caller.put(make_request())
        [answer] = collect(caller)
    assert (answer.text, answer.problem) == (GOOD, "")
