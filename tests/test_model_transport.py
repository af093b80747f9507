"""Calls to a model over real HTTP, against a server that does everything wrong that servers do."""

from __future__ import annotations

import json
import logging
import socket
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from threading import Event
from typing import Any

import pytest

from benchmarks.modelserver import Faults, ModelServer
from pipeline.errors import ConfigurationError
from pipeline.model.caller import Caller
from pipeline.model.failures import EndpointError
from pipeline.model.lenient import objects_in
from pipeline.model.probe import probe
from pipeline.model.request import Answer, Request, total_usage
from pipeline.model.spending import Budget
from tests.model_calls import (
    GOOD,
    SECRET,
    Wire,
    asked,
    brain,
    canned,
    collect,
    faults_by,
    make_caller,
    make_options,
    make_request,
    make_requests,
)


def bad_brain(body: Mapping[str, Any], asked_before: int) -> str:
    return json.dumps({"name": SECRET, "rows": SECRET})


def error_body(message: str = "", **fields: str) -> bytes:
    return json.dumps({"error": {"message": message, "type": "x", **fields}}).encode()


def closed_port() -> str:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}/v1"


# Answers.


@pytest.mark.parametrize("mode", ["json_schema", "tools", "text"])
def test_answer_is_canonical_and_paid_once(mode: str) -> None:
    tools = [{"type": "function", "function": {"name": "Wire", "parameters": {}}}]
    request = make_request()
    if mode == "tools":
        body = json.dumps({**json.loads(request.body), "tools": tools}, ensure_ascii=False)
        request = Request(request.key, "form", "whole", "digest", body)
    with ModelServer(lambda body, _: GOOD.replace(",", " , \n")) as server:
        [answer] = asked(server.url, [request], mode=mode, price_input=Decimal(2), price_output=Decimal(8))
    assert (answer.text, answer.problem, answer.cut) == (GOOD, "", False)
    [call] = answer.calls
    assert (call.key, call.model, call.outcome, call.status) == (request.key, "m", "answered", 200)
    assert call.usage.prompt == server.stats.prompt_tokens and call.usage.completion == server.stats.completion_tokens
    assert call.cost == (2 * call.usage.prompt + 8 * call.usage.completion) / Decimal(1_000_000)
    assert list(server.stats.paid.values()) == [1]


@pytest.mark.parametrize("faults", [{"fence": 1}, {"prose": 1}, {"think": 1}, {"fence": 1, "prose": 1, "think": 1}])
def test_wrapped_answers_are_accepted(faults: dict[str, float]) -> None:
    with ModelServer(brain, faults=Faults(**faults)) as server:  # type: ignore[arg-type]
        [answer] = asked(server.url, [make_request()])
    assert answer.text == GOOD
    assert server.stats.requests == 1


def test_body_is_sent_as_it_is() -> None:
    with canned(200, b"{}") as (url, bodies):
        request = make_request(text='  odd  spacing and "quotes"')
        asked(url, [request], server_tries=1)
    assert bodies == [request.body.encode()]


def test_draft_in_thinking_is_no_answer() -> None:
    draft = '{"name":"draft","rows":[]}'
    assert Wire.model_validate_json(f"<think>{draft}</think> {GOOD}").name == SECRET
    for text in (f"<think>{draft}</think> none", f"<think>{draft}", f'{{"name": {draft}'):
        with pytest.raises(ValueError, match="validation error"):
            Wire.model_validate_json(text)


def test_last_object_of_the_schema_is_the_answer() -> None:
    text = f'First {{"name":"a","rows":[]}} then {GOOD} and {{"note":"}}"}} {{ open'
    assert Wire.model_validate_json(text).name == SECRET
    assert [json.loads(found) for found in objects_in(text)][2] == {"note": "}"}


def test_schema_is_made_once() -> None:
    assert Wire.model_json_schema() is Wire.model_json_schema()
    assert Wire.model_json_schema(mode="serialization") is not Wire.model_json_schema()
    assert Wire.model_json_schema()["required"] == ["name", "rows"]


@pytest.mark.parametrize(
    ("faults", "problem", "cut", "outcome"),
    [({"refusal": 1.0}, "model.refused", False, "model.refused"), ({"cut": 1.0}, "", True, "cut")],
)
def test_refused_and_cut_answers_are_not_asked_for_again(
    faults: dict[str, Any], problem: str, cut: bool, outcome: str
) -> None:
    with ModelServer(brain, faults=Faults(**faults)) as server:
        [answer] = asked(server.url, [make_request()], reasks=3)
    assert (answer.text, answer.problem, answer.cut) == ("", problem, cut)
    assert [call.outcome for call in answer.calls] == [outcome]
    assert server.stats.requests == 1


@pytest.mark.parametrize("reasks", [0, 2])
def test_invalid_answers_are_asked_to_be_corrected_so_often(reasks: int) -> None:
    with ModelServer(bad_brain) as server:
        [answer] = asked(server.url, [make_request()], reasks=reasks)
    assert (answer.problem, answer.detail) == ("model.invalid", "1: list_type")
    assert len(answer.calls) == server.stats.requests == reasks + 1


def test_correction_shows_the_model_its_answer_and_the_errors() -> None:
    seen: list[list[dict[str, str]]] = []

    def corrected(body: Mapping[str, Any], asked_before: int) -> str:
        seen.append(body["messages"])
        return GOOD if len(body["messages"]) > 2 else bad_brain(body, 0)

    with ModelServer(corrected) as server:
        [answer] = asked(server.url, [make_request()])
    assert answer.text == GOOD
    assert [call.outcome for call in answer.calls] == ["answered", "answered"]
    assert [message["role"] for message in seen[1]] == ["system", "user", "assistant", "user"]
    assert seen[1][:2] == seen[0]
    assert "rows" in seen[1][3]["content"]


# What comes back later.


@pytest.mark.parametrize("fault", ["too_many", "too_many_date"])
def test_retry_after_is_honoured(fault: str) -> None:
    request = make_request()
    with ModelServer(brain, faults=faults_by(request, {fault: "x."})) as server:
        [answer] = asked(server.url, [request])
        begun = sum(call.seconds for call in answer.calls)
    assert answer.text == GOOD
    assert [call.status for call in answer.calls] == [429, 200]
    assert begun < 1
    assert server.stats.requests == 2


def test_pauses_are_as_long_as_the_endpoint_says() -> None:
    request = make_request()
    with ModelServer(brain, faults=faults_by(request, {"too_many": "x."})) as server, make_caller(server.url) as caller:
        caller.put(make_request("first, so that the libraries are loaded", model="m"))
        collect(caller)
        begun = time.monotonic()
        caller.put(request)
        collect(caller)
    assert 1.0 <= time.monotonic() - begun < 5


def test_a_pause_is_never_longer_than_an_outage() -> None:
    request = make_request()
    faults = faults_by(request, {"too_many": "x."}, retry_after=3600)
    with ModelServer(brain, faults=faults) as server:
        [answer] = asked(server.url, [request], outage_seconds=0.2)
    assert answer.text == GOOD


@pytest.mark.parametrize(
    ("faults", "problem", "tries"),
    [
        (Faults(too_many=1, retry_after=0), "model.rate_limited", 3),
        (Faults(server_error=1), "model.server", 2),
        (Faults(empty_choices=1), "model.empty", 2),
        (Faults(broken=1), "model.server", 2),
        (Faults(late=1, late_seconds=1.5), "model.timeout", 1),
    ],
)
def test_tries_are_bounded_by_kind(faults: Faults, problem: str, tries: int) -> None:
    with ModelServer(brain, faults=faults) as server:
        settings = {"rate_limit_tries": 3, "server_tries": 2, "timeout_tries": 1, "timeout_seconds": 0.7}
        [answer] = asked(server.url, [make_request()], **settings)
    assert answer.problem == problem
    assert len(answer.calls) == server.stats.requests == tries
    assert {call.outcome for call in answer.calls} == {problem}


def test_budgets_of_tries_are_separate() -> None:
    request = make_request()
    faults = faults_by(request, {"too_many": "xx...", "server_error": "..xx."}, retry_after=0)
    with ModelServer(brain, faults=faults) as server:
        [answer] = asked(server.url, [request], rate_limit_tries=3, server_tries=3)
    assert answer.text == GOOD
    assert [call.status for call in answer.calls] == [429, 429, 500, 500, 200]


def test_broken_answers_are_counted_at_their_most() -> None:
    request = make_request()
    with ModelServer(brain, faults=faults_by(request, {"broken": "x."})) as server:
        [answer] = asked(server.url, [request])
    assert answer.text == GOOD
    broken, whole = (call.usage for call in answer.calls)
    assert broken.completion == 1000 and broken.prompt > whole.prompt
    assert server.stats.duplicates == 0 and list(server.stats.paid.values()) == [2]


def test_slow_answers_are_waited_for() -> None:
    with ModelServer(brain, faults=Faults(slow_body=1)) as server:
        [answer] = asked(server.url, [make_request()])
    assert answer.text == GOOD


def test_an_outage_loses_and_doubles_nothing() -> None:
    with ModelServer(brain, latency=0.05) as server, make_caller(server.url, concurrency=6) as caller:
        for request in make_requests(60):
            caller.put(request)
        while server.stats.requests < 10:
            time.sleep(0.01)
        server.outage(1.0)
        answers = collect(caller)
    assert [answer.text for answer in answers] == [GOOD] * 60
    assert server.stats.duplicates == 0
    assert server.stats.faults["outage"] < 40


def test_everything_at_once() -> None:
    rates = {"too_many": 0.1, "too_many_bare": 0.03, "server_error": 0.1, "empty_choices": 0.1, "broken": 0.1}
    shapes = {"fence": 0.3, "prose": 0.3, "think": 0.3, "cut": 0.1, "refusal": 0.1}
    faults = Faults(seed=7, retry_after=0, **rates, **shapes)
    with ModelServer(brain, faults=faults, latency=0.02, at_once=8) as server:
        answers = asked(server.url, make_requests(60), concurrency=12, server_tries=12)
    assert {answer.problem for answer in answers} == {"", "model.refused"}
    assert all(answer.text == GOOD for answer in answers if not (answer.problem or answer.cut))
    assert 0 < sum(answer.cut for answer in answers) < 30
    assert server.stats.duplicates == 0
    assert sum(len(answer.calls) for answer in answers) == server.stats.requests


# An endpoint that is useless.


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


# Handing on.


def test_a_key_is_sent_once_and_answered_as_often_as_it_is_put() -> None:
    kept: list[Answer] = []
    request = make_request()
    with ModelServer(brain, latency=0.1) as server, make_caller(server.url, keep=kept.extend) as caller:
        for _ in range(3):
            caller.put(request)
        assert caller.outstanding == 3
        answers = collect(caller)
        assert [answer.text for answer in answers] == [GOOD] * 3 and len(kept) == 1
        assert [len(answer.calls) for answer in answers] == [1, 0, 0]
        assert server.stats.requests == 1
        caller.put(request)
        assert len(collect(caller)) == 1
        assert server.stats.requests == 2


def test_nothing_is_ready_before_it_is_kept() -> None:
    may_keep, keeping = Event(), Event()

    def keep(answers: Sequence[Answer]) -> None:
        keeping.set()
        assert may_keep.wait(10)

    with ModelServer(brain) as server, make_caller(server.url, keep=keep) as caller:
        caller.put(make_request())
        assert keeping.wait(10)
        assert caller.ready() == []
        may_keep.set()
        assert len(collect(caller)) == 1


def test_what_waits_is_kept_at_once() -> None:
    sizes: list[int] = []

    def keep(answers: Sequence[Answer]) -> None:
        sizes.append(len(answers))
        time.sleep(0.2)

    with ModelServer(brain) as server:
        asked(server.url, make_requests(30), keep=keep, concurrency=30)
    assert sum(sizes) == 30 and len(sizes) < 10


def test_an_error_of_keeping_surfaces_and_hands_nothing_on() -> None:
    def keep(answers: Sequence[Answer]) -> None:
        raise OSError("disk full")

    with ModelServer(brain) as server, make_caller(server.url, keep=keep) as caller:
        caller.put(make_request())
        with pytest.raises(OSError, match="disk full"):
            caller.wait(10)
        with pytest.raises(OSError, match="disk full"):
            caller.ready()


def test_stopping_lets_what_is_in_flight_finish() -> None:
    with ModelServer(brain, latency=0.4) as server, make_caller(server.url, concurrency=4) as caller:
        for request in make_requests(40):
            caller.put(request)
        while server.stats.at_once < 4:
            time.sleep(0.01)
        caller.stop()
        caller.put(make_request("late"))
        answers = collect(caller)
    assert sum(answer.text == GOOD for answer in answers) == 4 == server.stats.requests
    assert sum(answer.problem == "model.stopped" for answer in answers) == 37


def test_stopping_ends_pauses() -> None:
    with ModelServer(brain, faults=Faults(too_many=1, retry_after=60)) as server, make_caller(server.url) as caller:
        caller.put(make_request())
        while not server.stats.requests:
            time.sleep(0.01)
        time.sleep(0.2)
        caller.stop()
        [answer] = collect(caller, seconds=5)
    assert answer.problem == "model.stopped" and [call.status for call in answer.calls] == [429]


def test_closing_keeps_the_bill_of_what_it_breaks_off() -> None:
    kept: list[Answer] = []
    with ModelServer(brain, latency=30) as server, make_caller(server.url, keep=kept.extend) as caller:
        caller.put(make_request())
        while not server.stats.at_once:
            time.sleep(0.01)
        caller.close()
    [answer] = kept
    assert answer.problem == "model.stopped" and answer.calls[0].usage.completion == 1000


def test_errors_of_ours_come_back_as_such() -> None:
    def schema(request: Request) -> type[Wire]:
        raise KeyError(SECRET)

    odd = Request("0" * 32, "form", "whole", "digest", "no JSON")
    with ModelServer(brain) as server:
        [first, second] = asked(server.url, [make_request(), odd], schema=schema)
    assert (first.problem, first.detail) == ("internal", "KeyError")
    assert (second.problem, second.detail) == ("internal", "JSONDecodeError")


def test_nothing_of_a_document_is_logged(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), ModelServer(bad_brain, faults=Faults(server_error=0.5)) as server:
        asked(server.url, make_requests(5))
    out, err = capfd.readouterr()
    assert SECRET not in out + err + caplog.text
    assert "Bearer" not in caplog.text


# Money.


def test_the_budget_is_never_passed() -> None:
    budget = Budget(max_tokens_total=6_000)
    with ModelServer(brain, latency=0.05) as server, make_caller(server.url, budget=budget, concurrency=20) as caller:
        for request in make_requests(200):
            caller.put(request)
        answers = collect(caller)
        assert caller.budget_reached and caller.fatal is None
    spent = server.stats.prompt_tokens + server.stats.completion_tokens
    assert 4_000 < spent == budget.tokens <= 6_000
    assert total_usage(call.usage for answer in answers for call in answer.calls).total == spent
    assert {answer.problem for answer in answers} == {"", "model.budget"}
    assert len(server.stats.paid) == sum(answer.text == GOOD for answer in answers)


def test_the_budget_of_money_is_never_passed() -> None:
    budget = Budget(max_cost=Decimal("0.05"))
    prices = {"price_input": Decimal(1), "price_output": Decimal(10)}
    with ModelServer(brain) as server:
        answers = asked(server.url, make_requests(300), budget=budget, concurrency=20, **prices)
    cost = sum(call.cost for answer in answers for call in answer.calls)
    assert Decimal("0.03") < cost == budget.cost <= Decimal("0.05")
    with pytest.raises(EndpointError, match="price"), make_caller("http://127.0.0.1:9/v1", budget=budget):
        pass


def test_usage_that_is_not_told_is_overestimated() -> None:
    completion = {"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": GOOD}}]}
    with canned(200, json.dumps(completion).encode()) as (url, _):
        [answer] = asked(url, [make_request()])
    assert answer.text == GOOD
    assert answer.calls[0].usage.prompt >= len(make_request().body) and answer.calls[0].usage.completion >= len(GOOD)


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
