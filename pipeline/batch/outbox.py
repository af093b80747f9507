"""An endpoint that writes requests down: every document goes its way, and what it would ask is in files at its end."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterable

from pipeline.batch.files import RequestFiles
from pipeline.model.request import Answer, Request
from pipeline.store.rows import RequestRow

__all__ = ["Outbox"]

_AT_ONCE = 1_000
"""Requests between two transactions, and documents that wait in memory."""


class Outbox:
    """Takes requests instead of a caller of a model, and gives each back at once as one that is pending.

    Each is written to `files` once, and handed to `note` before the files appear. Those that are `under_way` elsewhere
    are only counted.
    """

    def __init__(
        self,
        files: RequestFiles,
        note: Callable[[Iterable[RequestRow]], None],
        under_way: Container[str] = (),
    ) -> None:
        self.written = 0
        self.left_out = 0
        self._files = files
        self._note = note
        self._under_way = under_way
        self._seen: set[str] = set()
        self._rows: list[RequestRow] = []
        self._ready: list[Answer] = []

    @property
    def capacity(self) -> int:
        """Requests that may be out at once."""
        return _AT_ONCE

    @property
    def outstanding(self) -> int:
        """Requests put and not yet handed back."""
        return len(self._ready)

    def put(self, request: Request) -> None:
        """Write a request down, the first time that it comes."""
        self._ready.append(Answer(request, problem="model.pending"))
        if request.key in self._seen:
            return
        self._seen.add(request.key)
        if request.key in self._under_way:
            self.left_out += 1
            return
        model = str(json.loads(request.body).get("model", ""))
        self._files.write(request, model)
        self.written += 1
        size = len(request.body.encode())
        self._rows.append(RequestRow(request.key, request.digest, request.form_type, request.shape, model, size))
        if len(self._rows) >= _AT_ONCE:
            self.flush()

    def ready(self) -> list[Answer]:
        """The requests that were put since the last time, none of them answered."""
        answers, self._ready = self._ready, []
        return answers

    def wait(self, seconds: float) -> None:
        """There is nothing to wait for."""

    def flush(self) -> None:
        """Note what has not been noted yet."""
        rows, self._rows = self._rows, []
        if rows:
            self._note(rows)
