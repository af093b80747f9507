"""What tests of calls to a model share: requests, a wire schema, servers that say one thing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Thread
from typing import Any

from pydantic import BaseModel

from benchmarks.modelserver import Faults
from pipeline.model.caller import Caller
from pipeline.model.lenient import Lenient
from pipeline.model.options import ModelOptions
from pipeline.model.request import Answer, Request
from pipeline.model.spending import Budget

__all__ = [
    "GOOD",
    "SECRET",
    "Wire",
    "asked",
    "brain",
    "canned",
    "collect",
    "faults_by",
    "make_caller",
    "make_options",
    "make_request",
    "make_requests",
]

SECRET = "张三丰"
"""Text of a document, which is to turn up nowhere but in requests and answers."""
GOOD = '{"name":"张三丰","rows":[["1","2"]]}'


class Wire(Lenient):
    name: str
    rows: list[list[str]]


def brain(body: Mapping[str, Any], asked_before: int) -> str:
    return GOOD


def make_request(name: str = "1", *, model: str = "m", text: str = SECRET, limit: int = 1000) -> Request:
    messages = [{"role": "system", "content": "Read."}, {"role": "user", "content": f"{name} {text}"}]
    body = json.dumps({"model": model, "messages": messages, "max_tokens": limit}, ensure_ascii=False)
    return Request(blake2b(body.encode(), digest_size=16).hexdigest(), "form", "whole", "digest", body)


def make_requests(number: int) -> list[Request]:
    return [make_request(str(place)) for place in range(number)]


def make_options(url: str, **settings: Any) -> ModelOptions:
    return ModelOptions(url=url, **{"name": "m", "concurrency": 8, "timeout_seconds": 20.0, **settings})


@contextmanager
def make_caller(
    url: str,
    *,
    key: str = "",
    schema: Callable[[Request], type[BaseModel]] = lambda request: Wire,
    keep: Callable[[Sequence[Answer]], None] = lambda answers: None,
    budget: Budget | None = None,
    **settings: Any,
) -> Iterator[Caller]:
    caller = Caller(options=make_options(url, **settings), key=key, schema=schema, keep=keep, budget=budget)
    try:
        yield caller
    finally:
        caller.close()


def collect(caller: Caller, seconds: float = 30.0) -> list[Answer]:
    """All answers that are outstanding."""
    answers: list[Answer] = []
    end = time.monotonic() + seconds
    while caller.outstanding:
        assert time.monotonic() < end, f"{caller.outstanding} requests never came back"
        caller.wait(0.5)
        answers += caller.ready()
    return answers


def asked(url: str, requests: Iterable[Request], **settings: Any) -> list[Answer]:
    """What becomes of the requests, in their order."""
    requests = list(requests)
    with make_caller(url, **settings) as caller:
        for request in requests:
            caller.put(request)
        found = {answer.request.key: answer for answer in collect(caller)}
    return [found[request.key] for request in requests]


def faults_by(request: Request, plan: Mapping[str, str], **settings: Any) -> Faults:
    """Faults that strike at attempts on a request as planned: `{"too_many": "xx.."}` at the first two of four."""
    body = blake2b(request.body.encode(), digest_size=16).hexdigest()
    for seed in count():
        rates: dict[str, Any] = dict.fromkeys(plan, 0.5)
        faults = Faults(seed=seed, **rates, **settings)
        if all(
            faults.strikes(fault, body, attempt) == (mark == "x")
            for fault, marks in plan.items()
            for attempt, mark in enumerate(marks)
        ):
            return faults
    raise AssertionError


@contextmanager
def canned(
    status: int, body: bytes, *, kind: str = "application/json", headers: Mapping[str, str] | None = None
) -> Iterator[tuple[str, list[bytes]]]:
    """A server that answers everything the same; its URL, and the bodies that it was sent."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(status)
            for name, value in {"content-type": kind, "content-length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", bodies
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
