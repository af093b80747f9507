"""The HTTP side of a model server: HTTP/1.1 with kept connections, on asyncio streams alone.

It stands in for an OpenAI-compatible endpoint in tests and benchmarks, in a thread of their process or in one of its
own, and misbehaves as `Faults` say. What it sent and how often is in `stats`, and at `/_stats`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable
from email.utils import formatdate
from hashlib import blake2b
from threading import Event, Thread
from typing import Any, NamedTuple, Self

from benchmarks.modelserver.batches import Batches
from benchmarks.modelserver.faults import Faults
from benchmarks.modelserver.stats import Stats

__all__ = ["Brain", "ModelServer"]

Brain = Callable[[dict[str, Any], int], str]
"""Gives the text of an answer to a request's body; the number says how often that body was asked before."""

_CHARACTERS_A_TOKEN = 1.5
_DRIBBLES = 10
_DRIBBLE_SECONDS = 1.0
_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}


class _Asked(NamedTuple):
    """A request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class _Reply(NamedTuple):
    """A response, and what happens to it on the way."""

    status: int
    body: dict[str, Any] | bytes
    headers: tuple[tuple[str, str], ...] = ()
    paid: str = ""
    """The hash of the request whose answer it is."""
    way: str = ""
    """`slow_body`, `broken`, or nothing."""


class ModelServer:
    """A server whose answers a `brain` gives; a context manager that runs it in a thread. Raises `OSError`.

    `latency` is in seconds; above `at_once` requests at a time it answers 503; with a `key` it knows that key only,
    with a `model` that model only; without `json_schema` it does not know structured answers.
    """

    def __init__(
        self,
        brain: Brain,
        *,
        faults: Faults | None = None,
        latency: float = 0.0,
        at_once: int | None = None,
        key: str = "",
        model: str = "",
        json_schema: bool = True,
        port: int = 0,
    ) -> None:
        self.stats = Stats()
        self.address = ("127.0.0.1", port)
        """Where it listens; a port 0 is replaced by a free one once it runs."""
        self._brain = brain
        self._faults = faults or Faults()
        self._latency = latency
        self._at_once = at_once
        self._key = key
        self._model = model
        self._json_schema = json_schema
        self._attempts: Counter[str] = Counter()
        self.batches = Batches(self._completion, self._faults)
        """The files and batches that it has; tests may change what became of them."""
        self._outage_until = 0.0
        self._connections: set[asyncio.StreamWriter] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None
        self._started = Event()
        self._failed: OSError | None = None
        self._ended: asyncio.Event | None = None

    @property
    def url(self) -> str:
        """The base URL for clients."""
        host, port = self.address
        return f"http://{host}:{port}/v1"

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._run, name="model-server", daemon=True)
        self._thread.start()
        self._started.wait()
        if self._failed is not None:
            raise self._failed
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None and self._ended is not None and self._thread is not None
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except OSError as error:
            self._failed = error
        finally:
            self._started.set()

    async def _serve(self) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._connected, *self.address, backlog=1024)
        self.address = server.sockets[0].getsockname()[:2]
        self._started.set()
        try:
            await self._ended.wait()
        finally:
            server.close()
            self._cut_off()

    def outage(self, seconds: float) -> None:
        """Cut all connections at once, and each new one for so many seconds."""
        assert self._loop is not None
        self._outage_until = time.monotonic() + seconds
        self._loop.call_soon_threadsafe(self._cut_off)

    def _cut_off(self) -> None:
        for connection in self._connections:
            connection.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        try:
            while time.monotonic() >= self._outage_until:
                asked = await _read(reader)
                reply = await self._reply(asked)
                whole = await self._send(writer, reply, gone=reader.at_eof())
                self.stats.cpu_seconds = time.thread_time()
                if not whole:
                    break
            else:
                self.stats.faults["outage"] += 1
            writer.transport.abort()
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            writer.transport.abort()
        finally:
            self._connections.discard(writer)

    async def _send(self, writer: asyncio.StreamWriter, reply: _Reply, *, gone: bool) -> bool:
        """Send a response, unless the client has gone; whether the connection is good for another."""
        body = reply.body
        if not isinstance(body, bytes):
            body = json.dumps(body, ensure_ascii=False).encode()
        kind = "application/octet-stream" if isinstance(reply.body, bytes) else "application/json"
        headers = "".join(f"{name}: {value}\r\n" for name, value in reply.headers)
        head = (
            f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, 'Error')}\r\ndate: {formatdate(usegmt=True)}\r\n"
            f"content-type: {kind}\r\ncontent-length: {len(body)}\r\n{headers}\r\n"
        )
        whole = False
        try:
            whole = not gone and await _write(writer, head.encode(), body, reply.way)
        finally:
            if reply.paid:
                self.stats.paid[reply.paid] += 1
                if not whole:
                    self.stats.broken[reply.paid] += 1
        return whole

    async def _reply(self, asked: _Asked) -> _Reply:
        if asked.path == "/_stats":
            return _Reply(200, self.stats.as_json())
        if self._key and asked.headers.get("authorization") != f"Bearer {self._key}":
            self.stats.faults["key"] += 1
            return _error(401, "Incorrect API key provided.", "invalid_api_key")
        match asked.method, asked.path.removeprefix("/v1").strip("/").split("/"):
            case "POST", ["chat", "completions"]:
                return await self._counted(asked)
            case "GET", ["models"]:
                return _Reply(200, {"object": "list", "data": [{"id": self._model or "any", "object": "model"}]})
            case method, [("files" | "batches") as kind, *rest]:
                return self._filed(asked, method, kind, rest)
        return _error(404, "Not found.", None)

    def _filed(self, asked: _Asked, method: str, kind: str, rest: list[str]) -> _Reply:
        """The reply to a request about files and batches."""
        files, batches = self.batches.files, self.batches.batches
        match method, kind, rest:
            case "POST", "files", []:
                return _found(self.batches.upload(asked.headers.get("content-type", ""), asked.body))
            case "GET", "files", [name, "content"] if name in files:
                return _Reply(200, files[name][1])
            case "GET", "files", [name] if name in files:
                return _Reply(200, files[name][0])
            case "DELETE", "files", [name] if name in files:
                del files[name]
                return _Reply(200, {"id": name, "object": "file", "deleted": True})
            case "POST", "batches", []:
                return _found(self.batches.create(json.loads(asked.body)))
            case "GET", "batches", []:
                return _Reply(200, {"object": "list", "data": [*reversed(batches.values())], "has_more": False})
            case "GET", "batches", [name]:
                return _found(self.batches.look(name))
        return _error(404, "Not found.", None)

    async def _counted(self, asked: _Asked) -> _Reply:
        """The reply to a request for a completion, with the others that are in work."""
        stats = self.stats
        stats.requests += 1
        stats.at_once += 1
        stats.most_at_once = max(stats.most_at_once, stats.at_once)
        try:
            if self._at_once is not None and stats.at_once > self._at_once:
                stats.faults["busy"] += 1
                return _error(503, "The server is overloaded.", "overloaded")
            return await self._answer(asked.body)
        finally:
            stats.at_once -= 1

    async def _answer(self, body: bytes) -> _Reply:
        wanted = json.loads(body)
        digest = _hash(body)
        attempt = self._attempts[digest]
        self._attempts[digest] += 1
        if self._model and wanted.get("model") != self._model:
            self.stats.faults["model"] += 1
            return _error(404, "The model does not exist or you do not have access to it.", "model_not_found")
        if not self._json_schema and ("response_format" in wanted or "tools" in wanted):
            self.stats.faults["mode"] += 1
            return _error(400, "response_format is not supported.", None, "response_format")
        for fault in ("too_many", "too_many_date", "too_many_bare", "server_error"):
            if self._strikes(fault, digest, attempt):
                return self._refusal(fault)
        late = self._strikes("late", digest, attempt)
        await asyncio.sleep(self._faults.late_seconds if late else self._latency)
        completion = self._completion(wanted, digest, attempt)
        way = next((fault for fault in ("broken", "slow_body") if self._strikes(fault, digest, attempt)), "")
        return _Reply(200, completion, paid=digest if completion["choices"] else "", way=way)

    def _strikes(self, fault: str, digest: str, attempt: int = 0) -> bool:
        strikes = self._faults.strikes(fault, digest, attempt)
        if strikes:
            self.stats.faults[fault] += 1
        return strikes

    def _refusal(self, fault: str) -> _Reply:
        """The reply that says to come back later."""
        if fault == "server_error":
            return _error(500, "The server had an error.", "server_error")
        reply = _error(429, "Rate limit reached.", "rate_limit_exceeded")
        seconds = self._faults.retry_after
        if fault == "too_many":
            return reply._replace(headers=(("retry-after", str(seconds)),))
        if fault == "too_many_date":
            return reply._replace(headers=(("retry-after", formatdate(time.time() + seconds + 1, usegmt=True)),))
        return reply

    def _completion(self, wanted: dict[str, Any], digest: str, attempt: int = 0) -> dict[str, Any]:
        """A completion, with the faults that its text has."""
        text, refusal, finish = self._brain(wanted, attempt), None, "stop"
        prompt = sum(len(str(message.get("content") or "")) for message in wanted["messages"])
        if self._strikes("refusal", digest):
            text, refusal = "", "I cannot help with that."
        elif self._strikes("cut", digest):
            text, finish = text[: len(text) // 2], "length"
        else:
            text = self._wrapped(text, digest, attempt)
        message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": refusal}
        if text and "tools" in wanted:
            name = wanted["tools"][0]["function"]["name"]
            message["content"] = None
            message["tool_calls"] = [
                {"id": "call_0", "type": "function", "function": {"name": name, "arguments": text}}
            ]
            finish = "tool_calls" if finish == "stop" else finish
        choices = [{"index": 0, "finish_reason": finish, "message": message, "logprobs": None}]
        tokens, answered = int(prompt / _CHARACTERS_A_TOKEN) + 1, int(len(text) / _CHARACTERS_A_TOKEN) + 1
        if self._strikes("empty_choices", digest, attempt):
            choices, answered = [], 0
        self.stats.prompt_tokens += tokens
        self.stats.completion_tokens += answered
        return {
            "id": f"chatcmpl-{digest[:12]}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": wanted.get("model", ""),
            "choices": choices,
            "usage": {"prompt_tokens": tokens, "completion_tokens": answered, "total_tokens": tokens + answered},
        }

    def _wrapped(self, text: str, digest: str, attempt: int) -> str:
        """The text as models like to wrap it."""
        draft = text
        if self._strikes("fence", digest, attempt):
            text = f"```json\n{text}\n```"
        if self._strikes("prose", digest, attempt):
            text = f"Here is the form, as {{JSON}}:\n\n{text}\n\nLet me know if anything is missing :-}}"
        if self._strikes("think", digest, attempt):
            text = f"<think>\nFirst a draft: {draft}\nNow {{check}} it.\n</think>\n\n{text}"
        return text


async def _read(reader: asyncio.StreamReader) -> _Asked:
    """The next request of a connection. Raises `IncompleteReadError` when the client has gone."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = lines[0].split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    body = await reader.readexactly(int(headers.get("content-length") or 0))
    return _Asked(method, path.partition("?")[0], headers, body)


async def _write(writer: asyncio.StreamWriter, head: bytes, body: bytes, way: str) -> bool:
    """Write a response as that way of going wrong has it; whether all of it was written."""
    if way == "broken":
        writer.write(head + body[: len(body) // 2])
        await writer.drain()
        return False
    if way == "slow_body":
        step = len(body) // _DRIBBLES + 1
        for at in range(0, len(body), step):
            writer.write((head if at == 0 else b"") + body[at : at + step])
            await asyncio.sleep(_DRIBBLE_SECONDS / _DRIBBLES)
            if writer.is_closing():
                return False
    else:
        writer.write(head + body)
    await writer.drain()
    return not writer.is_closing()


def _hash(body: bytes) -> str:
    return blake2b(body, digest_size=16).hexdigest()


def _found(result: dict[str, Any] | None) -> _Reply:
    return _error(404, "No such object.", None) if result is None else _Reply(200, result)


def _error(status: int, message: str, code: str | None, param: str | None = None) -> _Reply:
    return _Reply(status, {"error": {"message": message, "type": "error", "param": param, "code": code}})
