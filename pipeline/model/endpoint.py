"""Exchanges with an endpoint: a request goes out, and what comes back is an answer of the schema or a failure.

Two loops, one in the other: instructor asks the model to correct an answer that is not of the schema, and knows
nothing of the network; each of its calls is sent as often as `Patience` allows, and knows nothing of schemas.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from pipeline.model.failures import Failure, classify
from pipeline.model.options import ModelOptions
from pipeline.model.pace import Breaker, Bucket, Slots
from pipeline.model.patience import Patience
from pipeline.model.request import Answer, Call, Request, Usage
from pipeline.model.spending import Budget, BudgetReached, Gauge, Prices

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types.chat import ChatCompletion

__all__ = ["Conversation", "Endpoint", "make_client", "message_text", "silence", "usage_of", "verdict"]

Schema = Callable[[Request], type[BaseModel]]

_REASK_CHARACTERS = 4_000
"""So much of the errors of an answer is shown to the model."""
_STRIKES = 3
"""Refusals of the key in a row that are not the fault of one request, at an endpoint that has answered before."""
_REJECTIONS = 10
"""Requests that an endpoint rejects before it has ever answered one: it takes none of this kind."""


class Conversation:
    """A request on its way, and the exchanges that it took."""

    def __init__(self, request: Request, options: ModelOptions) -> None:
        self.request = request
        self.calls: list[Call] = []
        self.in_flight = False
        """An exchange is under way: what comes of it is paid for."""
        self.patience = Patience(options)
        self._fields: dict[str, Any] = json.loads(request.body)
        self.messages: list[dict[str, Any]] = self._fields["messages"]
        self.model = str(self._fields.get("model", ""))
        limit = self._fields.get("max_completion_tokens") or self._fields.get("max_tokens")
        self.output_limit = int(limit or options.max_output_tokens)

    def body(self, messages: list[dict[str, Any]]) -> bytes:
        """The body as it is, but for the messages that instructor has added to its own."""
        added = messages[len(self.messages) :]
        if not added:
            return self.request.body.encode()
        for message in added:
            if message["role"] != "assistant":
                message["content"] = message["content"][:_REASK_CHARACTERS]
        body = json.dumps({**self._fields, "messages": [*self.messages, *added]}, ensure_ascii=False)
        return body.encode("utf-8", "replace")

    def answer(self, text: str = "", *, cut: bool = False, problem: str = "", detail: str = "") -> Answer:
        """What became of the request."""
        return Answer(self.request, text, cut, problem, detail, tuple(self.calls))


class Endpoint:
    """An endpoint, how it is doing, and what it costs; lives in one event loop.

    `stopped` says that nothing new may be sent; `give_up` is told of a failure that every other request would meet.
    """

    def __init__(
        self,
        *,
        options: ModelOptions,
        key: str,
        schema: Schema,
        budget: Budget,
        stopped: Callable[[], bool],
        give_up: Callable[[Failure], None],
    ) -> None:
        import instructor

        silence()
        self._client = make_client(options, key)
        self._options = options
        self._schema = schema
        self._stopped = stopped
        self._give_up = give_up
        self._classes: dict[type[BaseModel], type[BaseModel]] = {}
        mode = instructor.Mode.TOOLS if options.mode == "tools" else instructor.Mode.JSON_SCHEMA
        self._create: Any = instructor.patch(create=self._reply, mode=mode)
        self._budget = budget
        self._prices = Prices.of(options)
        self._gauge = Gauge()
        self._slots = Slots(options.concurrency)
        self._requests = Bucket(options.requests_per_minute, 1)
        self._tokens = Bucket(options.tokens_per_minute, (options.tokens_per_minute or 0) / 60)
        self._breaker = Breaker(options.outage_seconds)
        self._proven = False
        self._strikes = self._rejections = 0

    async def ask(self, conversation: Conversation) -> Answer:
        """What becomes of a request. Raises only what is an error of ours."""
        from instructor.core import InstructorRetryException, ResponseParsingError

        try:
            parsed: BaseModel = await self._create(
                response_model=self._prepared(self._schema(conversation.request)),
                max_retries=self._options.reasks,
                strict=None,
                messages=conversation.messages,
                conversation=conversation,
            )
        except InstructorRetryException as error:
            cause = error.__cause__
            if isinstance(cause, Failure):
                return self._failed(conversation, cause)
            if isinstance(cause, ValidationError):
                return conversation.answer(problem="model.invalid", detail=_kinds(cause))
            if isinstance(cause, (ResponseParsingError, json.JSONDecodeError)):
                return conversation.answer(problem="model.invalid", detail=type(cause).__name__)
            raise cause or error from None
        return conversation.answer(parsed.model_dump_json())

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _failed(self, conversation: Conversation, failure: Failure) -> Answer:
        if failure.code == "cut":
            return conversation.answer(cut=True)
        return conversation.answer(problem=failure.problem, detail=failure.detail)

    def _prepared(self, schema: type[BaseModel]) -> type[BaseModel]:
        """The class as instructor wants it; left to itself it makes a new one for every call."""
        prepared = self._classes.get(schema)
        if prepared is None:
            from instructor import response_schema

            prepared = self._classes[schema] = response_schema(schema)
        return prepared

    async def _reply(
        self, *, messages: list[dict[str, Any]], conversation: Conversation, **_: object
    ) -> ChatCompletion:
        """What instructor takes for the endpoint: the fields that it would send are not sent, the request's are."""
        completion = await conversation.patience(self._exchange, conversation, messages)
        # Counted here; instructor would spend half its time on adding it up.
        completion.usage = None
        return completion

    async def _exchange(self, conversation: Conversation, messages: list[dict[str, Any]]) -> ChatCompletion:
        """Send the request once, when it may be sent. Raises `Failure`."""
        body = conversation.body(messages)
        bound = self._gauge.bound(len(body), conversation.output_limit)
        expected = self._gauge.expected(len(body), conversation.output_limit)
        async with self._slots:
            try:
                reservation = await self._budget.reserve(bound.total, self._prices.most(bound))
            except BudgetReached:
                raise Failure("budget") from None
            with reservation:
                await self._requests.take(1)
                await self._tokens.take(expected)
                turn = await self._breaker.enter()
                if self._stopped():
                    self._breaker.leave(turn)
                    raise Failure("stopped")
                try:
                    return await self._send(conversation, body, bound, turn)
                finally:
                    self._breaker.leave(turn)
                    usage = conversation.calls[-1].usage
                    self._tokens.give_back(expected - usage.total)
                    reservation.used(usage.total, conversation.calls[-1].cost)

    async def _send(self, conversation: Conversation, body: bytes, bound: Usage, turn: object) -> ChatCompletion:
        """One exchange, which adds a row to the conversation's calls whatever comes of it."""
        usage, status, outcome = bound, 0, "internal"
        begun = time.monotonic()
        conversation.in_flight = True
        try:
            completion, failure = await self._completion(body)
            if completion is not None:
                usage = self._used(completion, len(body), bound)
                status = 200
            elif failure is not None:
                usage = bound if failure.maybe_paid else Usage()
                status = failure.status
            outcome = "answered" if failure is None else "cut" if failure.code == "cut" else failure.problem
        except asyncio.CancelledError:
            outcome = "model.stopped"
            raise
        finally:
            conversation.in_flight = False
            cost, seconds = self._prices.cost(usage), time.monotonic() - begun
            conversation.calls.append(
                Call(conversation.request.key, conversation.model, outcome, usage, cost, seconds, status)
            )
        if completion is not None and failure is None:
            self._proven, self._strikes = True, 0
            self._slots.succeeded()
            self._breaker.succeeded(turn)
            return completion
        assert failure is not None
        self._take_note(conversation, failure, begun, turn)
        raise failure

    async def _completion(self, body: bytes) -> tuple[ChatCompletion | None, Failure | None]:
        """What the endpoint gives for a body, and what is wrong with it."""
        from openai.types.chat import ChatCompletion

        try:
            async with asyncio.timeout(self._options.timeout_seconds):
                completion: object = await self._client.post("/chat/completions", cast_to=ChatCompletion, content=body)
        except TimeoutError:
            return None, Failure("timeout", "TimeoutError", maybe_paid=True)
        except Exception as error:
            return None, self._excused(classify(error))
        if not isinstance(completion, ChatCompletion):
            return None, self._excused(Failure("url", "not JSON", status=200))
        return completion, verdict(completion)

    def _used(self, completion: ChatCompletion, size: int, bound: Usage) -> Usage:
        """What was used; what the endpoint says of it is learnt from."""
        usage = usage_of(completion, bound.prompt)
        if getattr(completion.usage, "prompt_tokens", None):
            self._gauge.learn(size, usage)
        return usage

    def _take_note(self, conversation: Conversation, failure: Failure, begun: float, turn: object) -> None:
        """Let a failure change how the endpoint is called."""
        if failure.of_overload:
            self._slots.overloaded(begun)
        if not failure.of_outage:
            self._breaker.succeeded(turn)
        else:
            failure.counts = self._breaker.failed(turn, conversation.request.key, any_request=failure.of_any_request)
            if self._breaker.given_up:
                self._give_up(Failure("down", failure.detail))
        if failure.code == "rejected" and not self._proven:
            self._rejections += 1
        if failure.fatal or self._rejections >= _REJECTIONS:
            self._give_up(failure)
        if self._stopped() and failure.tries is not None:
            raise Failure("stopped", failure.detail) from None

    def _excused(self, failure: Failure) -> Failure:
        """A failure as it is to be taken where the endpoint has answered before: one request's, or one that passes."""
        if not self._proven or failure.code not in ("url", "key", "json_mode") or failure.status == 401:
            return failure
        code = "server" if failure.code == "url" else "rejected"
        if failure.code == "key":
            self._strikes += 1
            if self._strikes >= _STRIKES:
                return failure
        return Failure(code, failure.detail, status=failure.status)


def make_client(options: ModelOptions, key: str) -> AsyncOpenAI:
    """A client for the endpoint of the settings, and for no other: nothing is taken from the environment.

    Raises `Failure` for a URL that is missing and for a key that no header can carry.
    """
    import httpx2
    import openai

    key = key.strip()
    if not options.url:
        raise Failure("url")
    if not (key.isascii() and key.isprintable()):
        raise Failure("key")
    client = openai.AsyncOpenAI(
        base_url=options.url,
        api_key=key or "-",
        max_retries=0,
        timeout=httpx2.Timeout(options.timeout_seconds, connect=options.connect_seconds),
    )
    client.organization = client.project = client.admin_api_key = None
    return client


def verdict(completion: ChatCompletion) -> Failure | None:
    """Why a completion holds no answer, or None where it does; content in parts is made one text."""
    choice = completion.choices[0] if completion.choices else None
    message = choice.message if choice else None
    if choice is None or message is None:
        return Failure("empty", "no choices", status=200)
    parts: object = message.content
    if isinstance(parts, list):  # some endpoints give the content in parts, thinking among them
        texts = (part.get("text") for part in parts if isinstance(part, dict) and part.get("type") == "text")
        message.content = "".join(text for text in texts if isinstance(text, str))
    if message.refusal or choice.finish_reason == "content_filter":
        return Failure("refused", choice.finish_reason, status=200)
    if choice.finish_reason == "length":
        return Failure("cut", status=200)
    if not (isinstance(message.content, str) and message.content.strip()) and not message.tool_calls:
        return Failure("empty", "no content", status=200)
    return None


def message_text(completion: ChatCompletion, mode: str) -> str:
    """The text of an answer where the mode has it: the arguments of a tool call, or the content."""
    message = completion.choices[0].message
    if mode != "tools":
        return message.content or ""
    function = getattr(message.tool_calls[0], "function", None) if message.tool_calls else message.function_call
    arguments = getattr(function, "arguments", "")
    return arguments if isinstance(arguments, str) else json.dumps(arguments)


def usage_of(completion: ChatCompletion, most_prompt: int) -> Usage:
    """What the endpoint says was used; where it says nothing, rather too much than too little."""
    said = completion.usage
    prompt, answer = getattr(said, "prompt_tokens", None) or 0, getattr(said, "completion_tokens", None) or 0
    if not prompt:
        # Without warnings: they would quote what is odd in an answer.
        answered = completion.model_dump_json(include={"choices"}, warnings=False)
        return Usage(most_prompt, 0, answer or len(answered.encode()))
    details = getattr(said, "prompt_tokens_details", None)
    cached = getattr(details, "cached_tokens", None) or getattr(said, "prompt_cache_hit_tokens", None) or 0
    return Usage(prompt, min(cached, prompt), answer)


def _kinds(error: ValidationError) -> str:
    """The kinds of what is wrong with an answer, without anything of it."""
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    kinds = sorted({each["type"] for each in errors})
    return f"{len(errors)}: {', '.join(kinds[:5])}"


def silence() -> None:
    """Keep what the libraries log from everybody: they quote prompts and answers, also in their errors."""
    for name in ("instructor", "openai", "httpx2", "httpcore2"):
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.handlers = [logging.NullHandler()]
