"""What calls cost, and a budget that is never passed: before a call, the most that it can cost is put aside."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from types import TracebackType
from typing import NamedTuple, Self

from pipeline.model.options import ModelOptions
from pipeline.model.request import Usage

__all__ = ["Budget", "BudgetReached", "Gauge", "Prices", "Reservation"]

_MILLION = Decimal(1_000_000)
_SMOOTHING = 0.05
"""Weight of the newest call in what is expected of the next."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices of a token."""

    prompt: Decimal
    cached: Decimal
    completion: Decimal

    @classmethod
    def of(cls, options: ModelOptions) -> Self:
        """The prices in the settings; those that are not set are 0."""
        prompt = options.price_input or Decimal(0)
        cached = prompt if options.price_cached is None else options.price_cached
        return cls(prompt / _MILLION, cached / _MILLION, (options.price_output or Decimal(0)) / _MILLION)

    def cost(self, usage: Usage) -> Decimal:
        """The price of so many tokens."""
        fresh = usage.prompt - usage.cached
        return fresh * self.prompt + usage.cached * self.cached + usage.completion * self.completion

    def most(self, usage: Usage) -> Decimal:
        """The price of so many tokens, whether or not the server has them in its cache."""
        return usage.prompt * max(self.prompt, self.cached) + usage.completion * self.completion


class Gauge:
    """How many tokens calls have: at most, for the budget, and as a rule, for limits a minute.

    No tokeniser makes more tokens of a text than it has bytes; a server that puts more before a prompt teaches better.
    """

    def __init__(self) -> None:
        self._most_prompt = 1.0
        self._most_completion = 0
        self._usual_prompt = 0.4
        self._usual_completion: float | None = None

    def bound(self, size: int, output_limit: int) -> Usage:
        """The most tokens of a call whose body has so many bytes and whose answer so many tokens."""
        return Usage(int(size * self._most_prompt) + 1, 0, max(output_limit, self._most_completion))

    def expected(self, size: int, output_limit: int) -> int:
        """The tokens that such a call will likely have."""
        completion = output_limit / 4 if self._usual_completion is None else self._usual_completion
        return int(size * self._usual_prompt + completion)

    def learn(self, size: int, usage: Usage) -> None:
        """What a call of that size did have."""
        ratio = usage.prompt / size
        self._most_prompt = max(self._most_prompt, ratio)
        self._most_completion = max(self._most_completion, usage.completion)
        self._usual_prompt += _SMOOTHING * (ratio - self._usual_prompt)
        if self._usual_completion is None:
            self._usual_completion = usage.completion
        self._usual_completion += _SMOOTHING * (usage.completion - self._usual_completion)


class BudgetReached(Exception):
    """The next call could pass the budget, and no call in flight can make room any more."""


class _Amount(NamedTuple):
    tokens: int
    cost: Decimal


class Budget:
    """So many tokens and so much money may be spent, None for no limit; it is used from one event loop at a time."""

    def __init__(self, max_tokens_total: int | None = None, max_cost: Decimal | None = None) -> None:
        self.max_tokens_total = max_tokens_total
        self.max_cost = max_cost
        self.tokens = 0
        """Tokens spent so far."""
        self.cost = Decimal(0)
        """Money spent so far."""
        self.reached = False
        """A request was not sent for want of budget; nothing is sent from then on."""
        self._aside_tokens = 0
        self._aside_cost = Decimal(0)
        self._reservations = 0
        self._waiting: deque[tuple[_Amount, asyncio.Future[None]]] = deque()

    async def reserve(self, tokens: int, cost: Decimal) -> Reservation:
        """Put aside what a call may use; waits, in order, for calls in flight. Raises `BudgetReached`."""
        amount = _Amount(tokens, cost)
        if self.reached:
            raise BudgetReached
        if self._waiting or not self._fits(amount):
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append((amount, turn))
            self._go_on()
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled() and turn.exception() is None:
                    self._put_back(amount)
                self._go_on()
                raise
        else:
            self._put_aside(amount)
        return Reservation(self, amount)

    def settle(self, amount: _Amount, tokens: int, cost: Decimal) -> None:
        """A call is over: what was put aside for it is free again but for what it used."""
        self.tokens += tokens
        self.cost += cost
        self._put_back(amount)

    def _fits(self, amount: _Amount) -> bool:
        tokens = self.tokens + self._aside_tokens + amount.tokens
        cost = self.cost + self._aside_cost + amount.cost
        return (self.max_tokens_total is None or tokens <= self.max_tokens_total) and (
            self.max_cost is None or cost <= self.max_cost
        )

    def _put_aside(self, amount: _Amount) -> None:
        self._aside_tokens += amount.tokens
        self._aside_cost += amount.cost
        self._reservations += 1

    def _put_back(self, amount: _Amount) -> None:
        self._aside_tokens -= amount.tokens
        self._aside_cost -= amount.cost
        self._reservations -= 1
        self._go_on()

    def _go_on(self) -> None:
        """Let those go on who can, and where none can and none is in flight, stop."""
        while self._waiting:
            amount, turn = self._waiting[0]
            if turn.done():
                self._waiting.popleft()
            elif self.reached:
                self._waiting.popleft()
                turn.set_exception(BudgetReached())
            elif self._fits(amount):
                self._waiting.popleft()
                self._put_aside(amount)
                turn.set_result(None)
            elif self._reservations:
                return
            else:
                self.reached = True


class Reservation:
    """What is put aside for one call; a context manager that gives it back, but for what was `used`."""

    def __init__(self, budget: Budget, amount: _Amount) -> None:
        self._budget = budget
        self._amount = amount
        self._used = _Amount(0, Decimal(0))

    def used(self, tokens: int, cost: Decimal) -> None:
        """The call used so much."""
        self._used = _Amount(tokens, cost)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._budget.settle(self._amount, *self._used)
