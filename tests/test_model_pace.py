"""How fast an endpoint is called, how patiently, and when it is given up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from decimal import Decimal
from email.utils import formatdate
from typing import Any

import pytest

from benchmarks.modelserver import Faults, ModelServer
from pipeline.model.failures import Failure, retry_after
from pipeline.model.options import ModelOptions
from pipeline.model.pace import Breaker, Bucket, Slots
from pipeline.model.patience import Patience
from pipeline.model.request import Usage
from pipeline.model.spending import Budget, BudgetReached, Gauge, Prices
from tests.model_calls import GOOD, asked, brain, collect, make_caller, make_requests


class Clock:
    """A clock that stands still until told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def is_waiting(task: asyncio.Task[Any]) -> bool:
    for _ in range(5):
        await asyncio.sleep(0)
    return not task.done()


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 20))


# Limits a minute.


def test_requests_are_spread_evenly() -> None:
    clock = Clock()
    bucket = Bucket(60, 1, clock)
    assert [bucket.claim(1) for _ in range(4)] == [0, 1, 2, 3]
    clock.now += 3600
    assert [bucket.claim(1) for _ in range(2)] == [0, 1]


def test_what_was_estimated_too_high_is_given_back() -> None:
    clock = Clock()
    bucket = Bucket(6000, 100, clock)
    assert bucket.claim(600) == 0
    bucket.give_back(400)
    assert bucket.claim(50) == 1.5
    bucket.give_back(-100)
    clock.now += 2.5
    assert bucket.claim(100) == 1


def test_no_limit_holds_up_nothing() -> None:
    bucket = Bucket(None, 1)
    assert [bucket.claim(1e9) for _ in range(3)] == [0, 0, 0]


def test_requests_a_minute_over_the_wire() -> None:
    with ModelServer(brain) as server, make_caller(server.url, requests_per_minute=600) as caller:
        caller.put(make_requests(1)[0])
        collect(caller)
        begun = time.monotonic()
        for request in make_requests(12)[1:]:
            caller.put(request)
        assert len(collect(caller)) == 11
    assert time.monotonic() - begun >= 0.9


# Calls at a time.


def test_slots_halve_once_a_round_trip_and_grow_by_one_a_round() -> None:
    clock = Clock()
    slots = Slots(16, clock)
    begun = clock.now
    clock.now += 1
    for _ in range(10):
        slots.overloaded(begun)
    assert slots.limit == 8
    clock.now += 1
    for _ in range(2):
        slots.overloaded(clock.now)
    assert slots.limit == 4
    for _ in range(4 + 5):
        slots.succeeded()
    assert slots.limit == 6
    for _ in range(1000):
        slots.succeeded()
    assert slots.limit == 16
    for _ in range(20):
        clock.now += 1
        slots.overloaded(clock.now)
    assert slots.limit == 1


def test_calls_that_are_turned_away_now_and_then_slow_nothing_down() -> None:
    clock = Clock()
    slots = Slots(16, clock)
    for call in range(1000):
        clock.now += 1
        if call % 15:
            slots.succeeded()
        else:
            slots.overloaded(clock.now)
    assert slots.limit == 16
    for call in range(1000):
        clock.now += 1
        if call % 3:
            slots.succeeded()
        else:
            slots.overloaded(clock.now)
    assert slots.limit <= 4


def test_slots_of_those_who_leave_waiting_are_not_lost() -> None:
    async def test() -> None:
        slots = Slots(1)

        async def use() -> None:
            async with slots:
                pass

        await slots.__aenter__()
        first, second = asyncio.ensure_future(use()), asyncio.ensure_future(use())
        assert await is_waiting(first) and await is_waiting(second)
        await slots.__aexit__()
        first.cancel()
        await second

    run(test())


def test_calls_at_a_time_adapt_to_an_endpoint() -> None:
    with ModelServer(brain, latency=0.03, at_once=4) as server:
        answers = asked(server.url, make_requests(60), concurrency=32, server_tries=8)
    assert [answer.text for answer in answers] == [GOOD] * 60
    assert server.stats.duplicates == 0
    assert server.stats.faults["busy"] < 60


# Outages.


def test_breaker_opens_after_failures_in_a_row_of_several_requests() -> None:
    breaker = Breaker(60, Clock())
    counted = [breaker.failed(None, key, any_request=False) for key in ("a", "a", "b", "a")]
    breaker.succeeded(None)
    counted += [breaker.failed(None, "a", any_request=False) for _ in range(9)]
    assert counted == [True] * 13 and not breaker.is_open
    assert breaker.failed(None, "b", any_request=False) is False
    assert breaker.is_open


def test_breaker_opens_for_one_request_where_it_cannot_be_its_fault() -> None:
    breaker = Breaker(60, Clock())
    counted = [breaker.failed(None, "a", any_request=True) for _ in range(5)]
    assert counted == [True, True, True, True, False] and breaker.is_open


def test_while_it_is_open_one_call_tries_at_a_time_and_the_first_success_closes_it() -> None:
    async def test() -> None:
        breaker = Breaker(60)
        for _ in range(5):
            breaker.failed(None, "a", any_request=True)
        begun = time.monotonic()
        first, second, third = (asyncio.ensure_future(breaker.enter()) for _ in range(3))
        call = await first
        assert time.monotonic() - begun >= 0.4
        assert not second.done() and not third.done()
        assert breaker.failed(call, "a", any_request=True) is False
        again = asyncio.ensure_future(breaker.enter())
        call = await second
        assert time.monotonic() - begun >= 1.4
        assert not third.done() and not again.done()
        breaker.succeeded(call)
        await asyncio.gather(third, again)
        assert not breaker.is_open

    run(test())


def test_a_call_that_tries_and_is_broken_off_hands_its_turn_on() -> None:
    async def test() -> None:
        breaker = Breaker(60)
        for _ in range(5):
            breaker.failed(None, "a", any_request=True)
        tasks = [asyncio.ensure_future(breaker.enter()) for _ in range(3)]
        assert await is_waiting(tasks[0])
        tasks[1].cancel()
        tasks[0].cancel()
        await tasks[2]

    run(test())


def test_breaker_gives_up_after_its_time() -> None:
    clock = Clock()
    breaker = Breaker(60, clock)
    for _ in range(5):
        breaker.failed(None, "a", any_request=True)
    clock.now += 59
    assert not breaker.given_up
    clock.now += 1
    assert breaker.given_up


def test_an_outage_uses_up_no_tries() -> None:
    with ModelServer(brain) as server, make_caller(server.url, concurrency=4, server_tries=2) as caller:
        server.outage(1.5)
        for request in make_requests(12):
            caller.put(request)
        answers = collect(caller)
    failed = sum(answer.problem == "model.server" for answer in answers)
    assert failed <= 2 and sum(answer.text == GOOD for answer in answers) == 12 - failed


def test_one_request_that_always_fails_does_not_damn_the_endpoint() -> None:
    settings: dict[str, Any] = {"server_tries": 8, "outage_seconds": 0.2}
    with ModelServer(brain, faults=Faults(server_error=1)) as server, make_caller(server.url, **settings) as caller:
        caller.put(make_requests(1)[0])
        [answer] = collect(caller)
        assert answer.problem == "model.server" and len(answer.calls) == 8
        assert caller.fatal is None


# Patience.


def test_tries_are_counted_by_kind() -> None:
    script = [Failure(code, pause=0) for code in ("rate", "server", "rate", "timeout", "empty")]
    patience = Patience(ModelOptions(rate_limit_tries=3, server_tries=3, timeout_tries=2))

    async def call() -> str:
        if script:
            raise script.pop(0)
        return "done"

    async def test() -> None:
        assert await patience(call) == "done"
        script.append(Failure("server", pause=0))
        with pytest.raises(Failure):
            await patience(call)

    run(test())


def test_what_is_of_no_use_is_not_tried_again() -> None:
    calls = []

    async def call() -> None:
        calls.append(1)
        raise Failure("rejected")

    async def test() -> None:
        with pytest.raises(Failure):
            await Patience(ModelOptions())(call)

    run(test())
    assert len(calls) == 1


def test_failures_of_an_outage_do_not_count() -> None:
    left = 20

    async def call() -> None:
        nonlocal left
        left -= 1
        if left:
            failure = Failure("unreachable")
            failure.counts = False
            raise failure

    run(Patience(ModelOptions(server_tries=1))(call))
    assert left == 0


NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "9", "retry-after-ms": "250"}, 0.25),
        ({"retry-after": formatdate(NOW + 30, usegmt=True)}, 30.0),
        ({"retry-after": formatdate(NOW + 30, usegmt=True), "date": formatdate(NOW + 20, usegmt=True)}, 10.0),
        ({"retry-after": formatdate(NOW - 30, usegmt=True)}, 0.0),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "5", "retry-after-ms": "soon"}, 5.0),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds


# Money.


def test_cost_is_by_the_million_and_the_cache_is_cheaper() -> None:
    options = ModelOptions(price_input=Decimal(2), price_cached=Decimal("0.5"), price_output=Decimal(8))
    prices = Prices.of(options)
    assert prices.cost(Usage(1000, 400, 100)) == Decimal("0.0022")
    assert prices.most(Usage(1000, 400, 100)) == Decimal("0.0028")
    assert Prices.of(options.model_copy(update={"price_cached": None})).cost(Usage(1000, 400, 0)) == Decimal("0.002")


def test_bounds_are_raised_by_what_was_used() -> None:
    gauge = Gauge()
    assert gauge.bound(1000, 50).prompt >= 1000
    gauge.learn(1000, Usage(3000, 0, 80))
    assert gauge.bound(2000, 50) >= Usage(6000, 0, 80)
    gauge.learn(1000, Usage(10, 0, 1))
    assert gauge.bound(2000, 50) >= Usage(6000, 0, 80)


def test_what_does_not_fit_waits_for_what_is_in_flight_and_then_stops() -> None:
    async def test() -> None:
        budget = Budget(max_tokens_total=100)
        first = await budget.reserve(60, Decimal(0))
        second = asyncio.ensure_future(budget.reserve(60, Decimal(0)))
        third = asyncio.ensure_future(budget.reserve(10, Decimal(0)))
        assert await is_waiting(second) and await is_waiting(third)
        with first:
            first.used(30, Decimal(0))
        with await second as reservation:
            reservation.used(60, Decimal(0))
            small = await third
            assert not budget.reached
            late = asyncio.ensure_future(budget.reserve(60, Decimal(0)))
            assert await is_waiting(late)
        with small:
            pass
        with pytest.raises(BudgetReached):
            await late
        with pytest.raises(BudgetReached):
            await budget.reserve(1, Decimal(0))
        assert budget.tokens == 90

    run(test())


def test_who_stops_waiting_for_budget_holds_nobody_up() -> None:
    async def test() -> None:
        budget = Budget(max_cost=Decimal(1))
        first = await budget.reserve(1, Decimal("0.5"))
        big = asyncio.ensure_future(budget.reserve(1, Decimal("0.9")))
        small = asyncio.ensure_future(budget.reserve(1, Decimal("0.5")))
        assert await is_waiting(big) and await is_waiting(small)
        big.cancel()
        with await small, first:
            assert not budget.reached

    run(test())
