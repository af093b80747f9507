"""Calls a model for a run: requests are put in, answers come out once they are kept.

One thread runs the event loop with everything that goes over the network; another hands answers to `keep`, all that are
waiting at once, so that a slow database holds up neither the network nor the run.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from threading import Condition, Thread

from pydantic import BaseModel

from pipeline.model.endpoint import Conversation, Endpoint
from pipeline.model.failures import EndpointError, Failure
from pipeline.model.options import ModelOptions
from pipeline.model.request import Answer, Request
from pipeline.model.spending import Budget

__all__ = ["Caller", "import_ahead"]

_AHEAD = 2
"""Requests under way for each that may be in flight: the others wait between tries."""


def import_ahead() -> None:
    """Begin to import what calls need, which takes a second, while the command does what needs nothing of it."""
    Thread(target=_import, name="model-import", daemon=True).start()


def _import() -> None:
    import instructor
    import openai.resources.chat.completions

    # Both import most of themselves when an attribute is first asked for.
    _ = instructor.patch, openai.AsyncOpenAI


@dataclass(slots=True)
class _Entry:
    """A request that is outstanding, and those that were put with the same key."""

    request: Request
    twins: list[Request] = field(default_factory=list)
    kept: Answer | None = None


class Caller:
    """Sends requests to the endpoint of the settings. Its methods may be called from any thread.

    `schema` gives the class that an answer must validate as; `keep` writes answers down, in one thread, before they are
    `ready`. Raises `ConfigurationError` for settings that can never work.
    """

    def __init__(
        self,
        *,
        options: ModelOptions,
        key: str,
        schema: Callable[[Request], type[BaseModel]],
        keep: Callable[[Sequence[Answer]], None],
        budget: Budget | None = None,
    ) -> None:
        if not options.url:
            raise EndpointError("url")
        if budget is not None and budget.max_cost is not None and None in (options.price_input, options.price_output):
            raise EndpointError("price")
        self._options = options
        self._key = key
        self._schema = schema
        self._keep = keep
        self._budget = budget or Budget()
        self._fatal: EndpointError | None = None
        self._told_fatal = False
        self._error: BaseException | None = None
        self._changed = Condition()
        self._outstanding = 0
        self._entries: dict[str, _Entry] = {}
        self._ready: list[Answer] = []
        self._queue: deque[_Entry] = deque()
        self._done: SimpleQueue[tuple[_Entry, Answer] | None] = SimpleQueue()
        self._stopping = self._closing = False
        self._tasks: dict[asyncio.Task[None], Conversation] = {}
        self._loop = asyncio.new_event_loop()
        self._wake = asyncio.Event()
        self._awake = False
        self._caller = Thread(target=self._run, name="model-calls", daemon=True)
        self._keeper = Thread(target=self._keep_answers, name="model-keeper", daemon=True)
        self._caller.start()
        self._keeper.start()

    @property
    def capacity(self) -> int:
        """Calls that may be in flight at once."""
        return self._options.concurrency

    @property
    def outstanding(self) -> int:
        """Requests that were put and not yet handed back by `ready`."""
        return self._outstanding

    @property
    def fatal(self) -> EndpointError | None:
        """Why the endpoint is useless, if it is: then whatever is outstanding comes back as `model.stopped`."""
        return self._fatal

    @property
    def budget_reached(self) -> bool:
        """A request was not sent for want of budget, and none is from then on."""
        return self._budget.reached

    def put(self, request: Request) -> None:
        """Have a request sent; never blocks. A key that is outstanding already is not sent again."""
        with self._changed:
            if self._closing:
                raise RuntimeError("the caller is closed")
            self._outstanding += 1
            entry = self._entries.get(request.key)
            if entry is None:
                entry = self._entries[request.key] = _Entry(request)
                self._queue.append(entry)
                self._rouse()
            elif entry.kept is None:
                entry.twins.append(request)
            else:
                self._ready.append(replace(entry.kept, request=request, calls=()))
                self._changed.notify_all()

    def ready(self) -> list[Answer]:
        """The answers that have been kept since the last time. Raises what `keep` raised."""
        with self._changed:
            self._check()
            answers, self._ready = self._ready, []
            self._outstanding -= len(answers)
            for answer in answers:
                self._entries.pop(answer.request.key, None)
            return answers

    def wait(self, seconds: float) -> None:
        """Wait until something is ready, or `fatal` has come up since the last time, or for so many seconds.

        Raises what `keep` raised.
        """
        with self._changed:
            self._changed.wait_for(self._has_news, seconds)
            self._told_fatal = self._fatal is not None
            self._check()

    def stop(self) -> None:
        """Send nothing new. What is in flight may finish; everything else comes back as `model.stopped`."""
        with self._changed:
            self._stopping = True
            self._rouse()

    def close(self) -> None:
        """Break off what is in flight, keep what there is to keep, and end the threads."""
        with self._changed:
            self._stopping = self._closing = True
            self._rouse()
        self._caller.join()
        self._done.put(None)
        self._keeper.join()

    def _has_news(self) -> bool:
        return bool(self._ready) or self._error is not None or (self._fatal is not None and not self._told_fatal)

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    def _fail(self, error: BaseException) -> None:
        """Nothing can be kept or sent any more: whoever waits is told."""
        with self._changed:
            self._error = self._error or error
            self._stopping = True
            self._rouse()
            self._changed.notify_all()

    def _rouse(self) -> None:
        """Have the event loop look for what is new; called with the lock held."""
        if not self._awake and not self._loop.is_closed():
            self._awake = True
            self._loop.call_soon_threadsafe(self._wake.set)

    # In the thread of the event loop.

    def _run(self) -> None:
        try:
            # What goes wrong below the client is told by the client; the loop's own log could only repeat it.
            self._loop.set_exception_handler(lambda *_: None)
            self._loop.run_until_complete(self._serve())
        except BaseException as error:
            self._fail(error)
        finally:
            with self._changed:
                self._loop.close()

    async def _serve(self) -> None:
        try:
            endpoint = Endpoint(
                options=self._options,
                key=self._key,
                schema=self._schema,
                budget=self._budget,
                stopped=lambda: self._stopping,
                give_up=self._give_up,
            )
        except Failure as failure:
            self._give_up(failure)
            endpoint = None
        while True:
            await self._wake.wait()
            self._wake.clear()
            with self._changed:
                self._awake = False
                closing = self._closing
            if self._stopping:
                self._break_off(everything=closing)
            self._send_next(endpoint)
            if closing and not self._tasks:
                break
        if endpoint is not None:
            await endpoint.close()

    def _break_off(self, *, everything: bool) -> None:
        """End what waits to be sent; and, at the close, what waits for an answer."""
        for task, conversation in self._tasks.items():
            if everything or not conversation.in_flight:
                task.cancel()

    def _send_next(self, endpoint: Endpoint | None) -> None:
        """Begin on as many requests as may be under way; with nothing to be sent any more, give the others back."""
        while self._queue:
            if self._stopping or endpoint is None:
                entry = self._queue.popleft()
                self._done.put((entry, Answer(entry.request, problem="model.stopped", detail=self._why())))
            elif self._budget.reached:
                entry = self._queue.popleft()
                self._done.put((entry, Answer(entry.request, problem="model.budget")))
            elif len(self._tasks) < _AHEAD * self._options.concurrency:
                entry = self._queue.popleft()
                self._begin(endpoint, entry)
            else:
                break

    def _begin(self, endpoint: Endpoint, entry: _Entry) -> None:
        try:
            conversation = Conversation(entry.request, self._options)
        except Exception as error:
            self._done.put((entry, Answer(entry.request, problem="internal", detail=type(error).__name__)))
            return
        task = self._loop.create_task(self._ask(endpoint, entry, conversation))
        self._tasks[task] = conversation
        task.add_done_callback(lambda task: self._ended(endpoint, entry, task))

    async def _ask(self, endpoint: Endpoint, entry: _Entry, conversation: Conversation) -> None:
        try:
            answer = await endpoint.ask(conversation)
        except asyncio.CancelledError:
            answer = conversation.answer(problem="model.stopped", detail=self._why())
        except Exception as error:
            answer = conversation.answer(problem="internal", detail=type(error).__name__)
        self._done.put((entry, answer))

    def _ended(self, endpoint: Endpoint, entry: _Entry, task: asyncio.Task[None]) -> None:
        conversation = self._tasks.pop(task)
        if task.cancelled():
            # Before it had begun: it answers for itself otherwise.
            self._done.put((entry, conversation.answer(problem="model.stopped", detail=self._why())))
        self._send_next(endpoint)
        if self._closing and not self._tasks:
            self._wake.set()

    def _give_up(self, failure: Failure) -> None:
        """The endpoint is useless: stop, and say why."""
        with self._changed:
            if self._fatal is None:
                self._fatal = EndpointError(failure.code, failure.detail)
            self._stopping = True
            self._rouse()
            self._changed.notify_all()

    def _why(self) -> str:
        return self._fatal.code if self._fatal is not None else ""

    # In the thread of the keeper.

    def _keep_answers(self) -> None:
        done: tuple[_Entry, Answer] | None = self._done.get()
        while done is not None:
            batch = [done]
            while not self._done.empty() and (done := self._done.get()) is not None:
                batch.append(done)
            try:
                self._keep([answer for _, answer in batch])
            except BaseException as error:
                self._fail(error)
                return
            self._hand_on(batch)
            if done is not None:
                done = self._done.get()

    def _hand_on(self, batch: list[tuple[_Entry, Answer]]) -> None:
        with self._changed:
            for entry, answer in batch:
                entry.kept = answer
                self._ready.append(answer)
                self._ready += [replace(answer, request=twin, calls=()) for twin in entry.twins]
            self._changed.notify_all()
