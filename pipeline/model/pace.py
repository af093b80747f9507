"""How fast an endpoint is called: limits a minute, calls at a time, and none while it is down."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

__all__ = ["Breaker", "Bucket", "Slots"]

Clock = Callable[[], float]

_FAILURES_IN_A_ROW = 5
_TOLERATED_OVERLOADS = 0.1
"""Overloads for each success that are put up with: some endpoints turn calls away at random, whatever their number."""
_OVERLOADED_SHARE = 1 / 8
"""With so many of the calls in flight turned away, and two at least, it is their number."""
_FIRST_PROBE_SECONDS = 0.5
_LONGEST_PROBE_SECONDS = 15.0


class Bucket:
    """A limit a minute, kept smoothly: what is taken flows back at an even rate.

    `burst` is how much may be taken at once after a rest; what is larger than that waits for a full bucket and leaves
    it in debt.
    """

    def __init__(self, per_minute: float | None, burst: float, clock: Clock = time.monotonic) -> None:
        self._rate = per_minute / 60 if per_minute else None
        self._burst = burst
        self._clock = clock
        self._level = burst
        self._at = clock()

    async def take(self, amount: float) -> None:
        """Wait until so much may be taken, in the order of asking."""
        if (seconds := self.claim(amount)) <= 0:
            return
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.give_back(amount)
            raise

    def claim(self, amount: float) -> float:
        """Take so much now; the seconds after which that is within the limit."""
        if self._rate is None:
            return 0.0
        self._fill()
        missing = min(amount, self._burst) - self._level
        self._level -= amount
        return missing / self._rate

    def give_back(self, amount: float) -> None:
        """Correct what was taken: it was less by so much, or more where the amount is negative."""
        if self._rate is not None:
            self._fill()
            self._level = min(self._burst, self._level + amount)

    def _fill(self) -> None:
        assert self._rate is not None
        now = self._clock()
        self._level = min(self._burst, self._level + (now - self._at) * self._rate)
        self._at = now


class Slots:
    """Calls at a time: half as many when a good part of them is turned away, one more after a round of successes.

    An asynchronous context manager: inside is a slot.
    """

    def __init__(self, most: int, clock: Clock = time.monotonic) -> None:
        self.limit = most
        """Calls that may be in flight now."""
        self._most = most
        self._clock = clock
        self._used = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._successes = 0
        self._pressure = 0.0
        self._halved = float("-inf")

    async def __aenter__(self) -> None:
        if self._used < self.limit and not self._waiting:
            self._used += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._leave()

    def succeeded(self) -> None:
        """A call was answered."""
        self._pressure = max(0.0, self._pressure - _TOLERATED_OVERLOADS)
        self._successes += 1
        if self._successes >= self.limit and self.limit < self._most:
            self.limit += 1
            self._successes = 0
            self._hand_out()

    def overloaded(self, begun: float) -> None:
        """A call that began at that time was too much. Calls begun before the last halving say nothing new."""
        if begun < self._halved:
            return
        self._pressure += 1
        if self._pressure >= max(2.0, self.limit * _OVERLOADED_SHARE):
            self.limit = max(1, self.limit // 2)
            self._halved = self._clock()
            self._pressure = 0.0
            self._successes = 0

    def _leave(self) -> None:
        self._used -= 1
        self._hand_out()

    def _hand_out(self) -> None:
        while self._waiting and self._used < self.limit:
            turn = self._waiting.popleft()
            if not turn.done():
                self._used += 1
                turn.set_result(None)


class Breaker:
    """Holds all calls while an endpoint is down: one at a time tries, after growing pauses, until one succeeds.

    It opens after five failures in a row, of at least two requests unless the failures cannot be a request's own fault.
    """

    def __init__(self, outage_seconds: float, clock: Clock = time.monotonic) -> None:
        self._outage_seconds = outage_seconds
        self._clock = clock
        self._failures = 0
        self._failed: set[str] = set()
        self._opened: float | None = None
        self._pause = _FIRST_PROBE_SECONDS
        self._probe: object = None
        self._waiting: deque[tuple[object, asyncio.Future[None]]] = deque()

    @property
    def is_open(self) -> bool:
        """The endpoint is down: calls wait."""
        return self._opened is not None

    @property
    def given_up(self) -> bool:
        """The endpoint has been down for longer than is waited."""
        return self._opened is not None and self._clock() - self._opened >= self._outage_seconds

    async def enter(self) -> object:
        """Wait until a call may be made. What it gives must be handed to `succeeded`, `failed`, or `leave`."""
        call = object()
        while self._opened is not None:
            if self._probe is None:
                self._probe = call
            try:
                if self._probe is call:
                    left = self._opened + self._outage_seconds - self._clock()
                    await asyncio.sleep(max(0.0, min(self._pause, left)))
                    break
                turn = asyncio.get_running_loop().create_future()
                self._waiting.append((call, turn))
                await turn
            except asyncio.CancelledError:
                self.leave(call)
                raise
        return call

    def succeeded(self, call: object) -> None:
        """The endpoint has answered, be it that the request was bad."""
        self.leave(call)
        self._failures = 0
        self._failed.clear()
        if self._opened is not None:
            self._opened = self._probe = None
            while self._waiting:
                self._wake(self._waiting.popleft()[1])

    def failed(self, call: object, key: str, *, any_request: bool) -> bool:
        """The endpoint failed on the request of that key; whether that was the request's failure, not an outage's."""
        counts = self._opened is None
        if counts:
            self._failures += 1
            self._failed.add("" if any_request else key)
            if self._failures >= _FAILURES_IN_A_ROW and ("" in self._failed or len(self._failed) > 1):
                self._opened = self._clock()
                self._pause = _FIRST_PROBE_SECONDS
                counts = False
        elif call is self._probe:
            self._pause = min(_LONGEST_PROBE_SECONDS, self._pause * 2)
        self.leave(call)
        return counts

    def leave(self, call: object) -> None:
        """The call is over, or is not made; where it was the one that tries, the next in line does."""
        if call is not self._probe:
            return
        self._probe = None
        while self._waiting and self._probe is None:
            following, turn = self._waiting.popleft()
            if self._wake(turn):
                self._probe = following

    @staticmethod
    def _wake(turn: asyncio.Future[None]) -> bool:
        if turn.done():
            return False
        turn.set_result(None)
        return True
