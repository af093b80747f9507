"""How often a request is sent again, and after what pause: a budget of tries for each way in which calls fail."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from pipeline.model.failures import Failure, Tries
from pipeline.model.options import ModelOptions

if TYPE_CHECKING:
    from tenacity import RetryCallState

__all__ = ["Patience"]

Result = TypeVar("Result")


class _Pauses(NamedTuple):
    """Pauses of one kind in seconds: the first is about `first`, each is twice the one before, up to `longest`."""

    first: float
    longest: float

    def after(self, failures: int) -> float:
        """A pause after so many failures: between half and all of it, so that calls do not march in step."""
        whole: float = min(self.longest, self.first * 2.0 ** (failures - 1))
        return whole * random.uniform(0.5, 1.0)


_PAUSES: dict[Tries, _Pauses] = {
    "rate": _Pauses(1.0, 60.0),
    "server": _Pauses(0.5, 15.0),
    "timeout": _Pauses(0.5, 15.0),
}
_SPREAD_SECONDS = 0.25
"""Calls that were all told to come back at the same moment do so within this much."""


class Patience:
    """The tries of one request. They are not given back when the model is asked to correct an answer."""

    def __init__(self, options: ModelOptions) -> None:
        self._limits: dict[Tries, int] = {
            "rate": options.rate_limit_tries,
            "server": options.server_tries,
            "timeout": options.timeout_tries,
        }
        self._longest = options.outage_seconds
        self._failures: dict[Tries, int] = {"rate": 0, "server": 0, "timeout": 0}

    async def __call__(self, call: Callable[..., Awaitable[Result]], *arguments: object) -> Result:
        """What a coroutine function gives, called again as often as may be. Raises the last `Failure`."""
        from tenacity import AsyncRetrying, retry_if_exception

        retrying = AsyncRetrying(
            retry=retry_if_exception(_again), after=self._count, wait=self._pause, stop=self._spent, reraise=True
        )
        result: Result = await retrying(call, *arguments)
        return result

    def _count(self, state: RetryCallState) -> None:
        failure, tries = _failed(state)
        if failure.counts:
            self._failures[tries] += 1

    def _pause(self, state: RetryCallState) -> float:
        failure, tries = _failed(state)
        if failure.pause is not None:
            return min(failure.pause, self._longest) + random.uniform(0.0, _SPREAD_SECONDS)
        if not failure.counts:
            return 0.0
        return min(_PAUSES[tries].after(self._failures[tries]), self._longest)

    def _spent(self, state: RetryCallState) -> bool:
        failure, tries = _failed(state)
        return failure.counts and self._failures[tries] >= self._limits[tries]


def _again(error: BaseException) -> bool:
    return isinstance(error, Failure) and error.tries is not None


def _failed(state: RetryCallState) -> tuple[Failure, Tries]:
    """The failure that is to be tried again, and whose budget it is of."""
    assert state.outcome is not None
    failure = state.outcome.exception()
    assert isinstance(failure, Failure)
    assert failure.tries is not None
    return failure, failure.tries
