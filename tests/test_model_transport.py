"""Calls to a model over real HTTP, against a server that does everything wrong that servers do."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from threading import Event
from typing import Any

import pytest

from benchmarks.modelserver import Faults, ModelServer
from pipeline.model.failures import EndpointError
from pipeline.model.lenient import objects_in
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
    make_request,
    make_requests,
)


def bad_brain(body: Mapping[str, Any], asked_before: int) -> str:
    return json.dumps({"name": SECRET, "rows": SECRET})


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
    with ModelServer(brain, faults=faults_by(request, {fault: "x."})) as server, make_caller(server.url) as caller:
        caller.put(make_request("first, so that the libraries are loaded", limit=100))
        collect(caller)
        begun = time.monotonic()
        caller.put(request)
        [answer] = collect(caller)
    assert 1.0 <= time.monotonic() - begun < 5
    assert answer.text == GOOD
    assert [call.status for call in answer.calls] == [429, 200]


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
    rates = {"too_many": 0.1, "too_many_bare": 0.02, "server_error": 0.06, "empty_choices": 0.06, "broken": 0.06}
    shapes = {"fence": 0.3, "prose": 0.3, "think": 0.3, "cut": 0.1, "refusal": 0.1}
    faults = Faults(seed=7, retry_after=0, **rates, **shapes)
    with ModelServer(brain, faults=faults, latency=0.02, at_once=10) as server:
        answers = asked(server.url, make_requests(50), concurrency=12, server_tries=12, outage_seconds=1)
    assert {answer.problem for answer in answers} == {"", "model.refused"}
    assert all(answer.text == GOOD for answer in answers if not (answer.problem or answer.cut))
    assert 0 < sum(answer.cut for answer in answers) < 30
    assert server.stats.duplicates == 0
    assert sum(len(answer.calls) for answer in answers) == server.stats.requests


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
    with ModelServer(brain, latency=0.01) as server, make_caller(server.url, budget=budget, concurrency=20) as caller:
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
