"""Asking a model on a document's way: its requests are answered out of the store, or by the endpoint, or not at all.

Documents wait here for their answers while others go on; a document whose answers are there becomes a job again, with
all that is known of it, so that nothing is computed twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from pipeline.model.request import Answer, Request
from pipeline.readers.llm import Known
from pipeline.store.rows import Held
from pipeline.store.store import Store
from pipeline.work import Job, Outcome

__all__ = ["Consulting", "Endpoint"]

_PENDING = "model.pending"
_ASKED_AHEAD = 3
"""Requests that are out before further documents are begun, as a multiple of those that may be in flight."""


class Endpoint(Protocol):
    """Where requests are answered: `pipeline.model.caller.Caller`."""

    @property
    def capacity(self) -> int:
        """Requests that may be in flight at once."""
        ...

    @property
    def outstanding(self) -> int:
        """Requests put and not yet handed back."""
        ...

    def put(self, request: Request) -> None:
        """Ask; never blocks."""
        ...

    def ready(self) -> list[Answer]:
        """Answers that have come and are kept."""
        ...

    def wait(self, seconds: float) -> None:
        """Wait for one, so many seconds at most."""
        ...


@dataclass(slots=True)
class _Waiting:
    """A document that waits: the job it will be, and the keys of the requests that are not answered."""

    job: Job
    missing: set[str]


class Consulting(Iterator[Job]):
    """Jobs of a run, those that answers bring first. After `StopIteration` there may be further ones.

    Without an endpoint nothing is asked: what the store has no answer to is pending. Documents are begun only while
    few requests are out, so that few documents wait in memory.
    """

    def __init__(self, jobs: Iterator[Job], store: Store, endpoint: Endpoint | None) -> None:
        self._jobs = jobs
        self._store = store
        self._endpoint = endpoint
        self._most = _ASKED_AHEAD * endpoint.capacity if endpoint is not None else 0
        self._next: deque[Job] = deque()
        self._out: dict[tuple[str, str], Job] = {}
        """Jobs that are out with what the store holds of them, by location and name."""
        self._waiting: dict[str, list[_Waiting]] = {}
        """Documents that wait, by key of each request they wait for."""

    def __next__(self) -> Job:
        """The next job."""
        self._take_answers()
        if self._next:
            job = self._next.popleft()
        elif self._endpoint is not None and self._endpoint.outstanding >= self._most:
            raise StopIteration
        else:
            job = next(self._jobs)
        if job.held is not None:
            self._out[job.location, job.name] = job
        return job

    @property
    def waiting(self) -> bool:
        """Are there documents that wait for answers, or jobs that answers have brought?"""
        return bool(self._waiting or self._next)

    def wait(self, seconds: float) -> None:
        """Wait for an answer, so many seconds at most."""
        if self._endpoint is not None and not self._next:
            self._endpoint.wait(seconds)

    def take(self, outcome: Outcome) -> bool:
        """Take an outcome in; False where it is a document that asks, which is not done yet."""
        given = self._out.pop((outcome.job.location, outcome.job.name), None)
        if not outcome.requests:
            return True
        job = replace(given or outcome.job, held=_held(given, outcome))
        requests = {request.key: request for request in outcome.requests}
        answers = self._store.answers(list(requests))
        known = dict(job.known) | {key: Known(row.text, row.cut) for key, row in answers.items()}
        missing = [request for key, request in requests.items() if key not in answers]
        if self._endpoint is None:
            known |= {request.key: Known(problem=_PENDING) for request in missing}
            missing = []
        waiting = _Waiting(replace(job, known=known), {request.key for request in missing})
        if not missing:
            self._next.append(waiting.job)
        for request in missing:
            others = self._waiting.setdefault(request.key, [])
            others.append(waiting)
            if len(others) == 1 and self._endpoint is not None:
                self._endpoint.put(request)
        return False

    def _take_answers(self) -> None:
        for answer in self._endpoint.ready() if self._endpoint is not None else ():
            key = answer.request.key
            for waiting in self._waiting.pop(key, ()):
                found = Known(answer.text, answer.cut, answer.problem)
                waiting.job = replace(waiting.job, known={**waiting.job.known, key: found})
                waiting.missing.discard(key)
                if not waiting.missing:
                    self._next.append(waiting.job)


def _held(given: Job | None, outcome: Outcome) -> Held:
    """What is known of a document that asks: what the store held of it, and what its job has added."""
    before = given.held if given else None
    readings = {row.key: row.payload for row in outcome.readings}
    if before is not None:
        sections = outcome.sections if outcome.sections is not None else before.sections
        return Held(before.ingest, before.payload, sections, {**before.readings, **readings})
    assert outcome.document is not None, "a document that was not held has been made"
    return Held(outcome.ingest, outcome.document.payload, outcome.sections, readings)
