"""Executors on this machine: in this process, or in as many as there are processors.

Each worker process has a pipe of its own. It is sent a few jobs at a time, never more than it works off soon, and sends
an outcome a document, so the parent knows at any time which document each worker is on, and memory stays flat however
many documents there are. A worker that dies costs the document or the page it was on: that is tried once more, alone,
and fails if the worker dies again. Whatever is not plain text is opened in worker processes only.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

from pipeline.errors import ConfigurationError, DocumentError
from pipeline.executors import Executor
from pipeline.ingest.limits import Limits
from pipeline.messages import english, say
from pipeline.store.rows import FailureRow
from pipeline.work import Engine, Job, Outcome, Plan, digitise

__all__ = ["EngineFactory", "InProcess", "WorkerProcesses", "available_processors", "in_child", "local_executor"]

_SMALL_BYTES = 150_000
"""Up to this many bytes of documents are digitised before worker processes would have started (about half a second)."""
_CHUNK_JOBS = 8
_CHUNK_BYTES = 64 * 1024
_CHUNKS_AHEAD = 2
"""Chunks a worker is sent beyond what it has answered: one to work on, one so that it never waits."""
_TICK_SECONDS = 0.2

_GARBAGE_THRESHOLDS = (100_000, 50, 100)

Result = TypeVar("Result")
EngineFactory = Callable[[], Engine]
"""Makes the engine in each process; a function of a module, since it is sent there by name."""


def local_executor(
    *,
    engine: EngineFactory,
    plan: Plan,
    jobs: int | None,
    size: int,
    stop: Callable[[], None],
    trusted: Callable[[], bool] = lambda: True,
) -> Executor:
    """The executor for documents of `size` bytes in all: in this process where others would not be worth starting.

    `jobs` is the number of processes, None for one a processor. `stop` is called often; what it raises ends the run.
    `trusted` says whether this process may open the documents itself.
    """
    processes = jobs or available_processors()
    if (processes == 1 or size <= _SMALL_BYTES) and trusted():
        return InProcess(engine=engine, plan=plan, stop=stop)
    return WorkerProcesses(engine=engine, plan=plan, processes=processes, stop=stop)


def available_processors() -> int:
    """Processors that this process may use, which in a container are fewer than the machine has."""
    affinity = getattr(os, "sched_getaffinity", None)
    return (len(affinity(0)) if affinity else os.cpu_count()) or 1


def in_child(function: Callable[..., Result], *arguments: object, limits: Limits) -> Result:
    """What a function of a module gives, called in a process of its own, which may fail without harm.

    Raises `DocumentError` as the function does, and where the process dies or takes longer than a document may.
    """
    context = get_context("spawn")
    pipe, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_call, args=(theirs, function, arguments, limits), daemon=True)
    with _deaf_children():
        process.start()
    theirs.close()
    try:
        if not pipe.poll(limits.document_seconds):
            seconds = round(limits.document_seconds)
            raise DocumentError("too_slow", english("failure.too_slow", seconds=seconds))
        answer = pipe.recv()
    except EOFError:
        raise DocumentError("crashed", english("failure.crashed")) from None
    finally:
        process.kill()
        process.join()
        pipe.close()
    if isinstance(answer, DocumentError):
        raise answer
    result: Result = answer
    return result


class InProcess:
    """Does jobs one after the other in this process."""

    def __init__(self, *, engine: EngineFactory, plan: Plan, stop: Callable[[], None] = lambda: None) -> None:
        self._engine = engine
        self._plan = plan
        self._stop = stop

    def run(self, *, jobs: Iterable[Job]) -> Iterator[Outcome]:
        """An outcome for every job, in order."""
        engine = self._engine()
        self._stop()
        for job in jobs:
            self._stop()
            yield digitise(job, engine, self._plan)

    def close(self) -> None:
        """There is nothing to let go of."""


class WorkerProcesses:
    """Does jobs in worker processes, which are started when the first jobs come and kept until `close`."""

    def __init__(
        self,
        *,
        engine: EngineFactory,
        plan: Plan,
        processes: int,
        stop: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine = engine
        self._plan = plan
        self._processes = processes
        self._stop = stop
        self._workers: list[_Worker] = []
        self._suspects: deque[Job] = deque()

    def run(self, *, jobs: Iterable[Job]) -> Iterator[Outcome]:
        """An outcome for every job, in the order in which they are done."""
        chunks = _Chunks(jobs)
        while True:
            self._stop()
            self._feed(chunks)
            busy = [worker for worker in self._workers if worker.jobs]
            if busy:
                yield from self._collect(busy, chunks)
            elif self._suspects:
                yield from self._alone(self._suspects.popleft())
            else:
                break

    def close(self) -> None:
        """End the workers at once; what they were on is lost."""
        for worker in self._workers:
            worker.end()
        self._workers.clear()

    def _feed(self, chunks: _Chunks) -> None:
        """Keep every worker in work."""
        for ahead in range(_CHUNKS_AHEAD):
            for place in range(self._processes):
                if place < len(self._workers) and self._workers[place].chunks > ahead:
                    continue
                chunk = chunks.next()
                if chunk is None:
                    return
                if place == len(self._workers):
                    self._workers.append(_Worker(self._engine, self._plan))
                self._workers[place].send(chunk)

    def _collect(self, busy: list[_Worker], chunks: _Chunks) -> Iterator[Outcome]:
        """Take what workers have answered; deal with those that died or take too long."""
        ready = wait([worker.pipe for worker in busy], timeout=_TICK_SECONDS)
        for worker in busy:
            try:
                while worker.pipe in ready and worker.jobs and worker.pipe.poll():
                    if (outcome := worker.receive()) is not None:
                        yield outcome
            except (EOFError, OSError):
                suspect, rest = self._bury(worker)
                chunks.put_back(rest)
                self._suspects.append(suspect)
                continue
            patience = self._patience(worker.jobs[0]) if worker.jobs else None
            if patience is not None and worker.silent_for > patience:
                suspect, rest = self._bury(worker)
                chunks.put_back(rest)
                yield _failed(suspect, "too_slow", seconds=round(patience))

    def _patience(self, job: Job) -> float:
        """How many seconds a job may take."""
        return self._plan.limits.page_seconds if job.page else self._plan.limits.document_seconds

    def _alone(self, job: Job) -> Iterator[Outcome]:
        """Try a document once more with nothing else at work, which tells its own need of memory from the others'."""
        self.close()
        worker = _Worker(self._engine, self._plan)
        self._workers.append(worker)
        worker.send([job])
        while worker.jobs:
            self._stop()
            if worker.silent_for > self._patience(job):
                self._bury(worker)
                yield _failed(job, "too_slow", seconds=round(self._patience(job)))
                return
            try:
                if worker.pipe.poll(_TICK_SECONDS) and (outcome := worker.receive()) is not None:
                    yield outcome
            except (EOFError, OSError):
                self._stop()
                self._bury(worker)
                yield _failed(job, "crashed")
                return

    def _bury(self, worker: _Worker) -> tuple[Job, list[Job]]:
        """End a worker and forget it; the document it was on, and those it had not begun.

        Raises `ConfigurationError` where it never came as far as a document: then no other worker would.
        """
        worker.end()
        self._workers.remove(worker)
        if not worker.started:
            raise ConfigurationError(say("executor.no_start"))
        first, *rest = worker.jobs
        worker.jobs.clear()
        return first, rest


class _Chunks:
    """Jobs in portions of a few documents or some bytes, whichever is less.

    The jobs may come to an end for now: there may be further ones when outcomes have been taken.
    """

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._jobs = iter(jobs)
        self._back: deque[Job] = deque()

    def put_back(self, jobs: Iterable[Job]) -> None:
        """Take jobs back that were sent in vain; they come first."""
        self._back.extend(jobs)

    def next(self) -> list[Job] | None:
        """The next portion; None when there is none left."""
        chunk: list[Job] = []
        size = 0
        while len(chunk) < _CHUNK_JOBS and size < _CHUNK_BYTES:
            job = self._back.popleft() if self._back else next(self._jobs, None)
            if job is None:
                break
            chunk.append(job)
            size += len(job.data or b"") + (len(job.held.payload) if job.held else 0)
            if job.page or (job.data is None and job.held is None):
                size = _CHUNK_BYTES  # a page takes seconds, and a file that is not sent along is large
        return chunk or None


class _Worker:
    """A worker process as its parent sees it. `jobs` are those sent and not answered, the first being worked on."""

    def __init__(self, engine: EngineFactory, plan: Plan) -> None:
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process: SpawnProcess = context.Process(target=_work, args=(theirs, engine, plan), daemon=True)
        with _deaf_children():
            self._process.start()
        theirs.close()
        self.jobs: deque[Job] = deque()
        self.started = False
        self._chunk_sizes: deque[int] = deque()
        self._heard = time.monotonic()

    @property
    def chunks(self) -> int:
        """Chunks it has been sent and not answered in full."""
        return len(self._chunk_sizes)

    @property
    def silent_for(self) -> float:
        """Seconds since it last answered, or was sent something while it had nothing to do."""
        return time.monotonic() - self._heard

    def send(self, chunk: list[Job]) -> None:
        """Give it jobs. A worker that is dead already is found out when its answer is waited for."""
        if not self.jobs:
            self._heard = time.monotonic()
        self.jobs.extend(chunk)
        self._chunk_sizes.append(len(chunk))
        try:
            self.pipe.send(chunk)
        except OSError:
            return

    def receive(self) -> Outcome | None:
        """Its next answer; None for the one that says that it has started."""
        answer: Outcome | None = self.pipe.recv()
        self._heard = time.monotonic()
        self.started = True
        if answer is not None:
            self.jobs.popleft()
            self._chunk_sizes[0] -= 1
            if not self._chunk_sizes[0]:
                self._chunk_sizes.popleft()
        return answer

    def end(self) -> None:
        """Kill it, before its pipe is closed: it would complain about that."""
        self._process.kill()
        self._process.join()
        self._process.close()
        self.pipe.close()


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Processes started inside are deaf to Ctrl-C and SIGTERM from birth.

    Both reach every process of a terminal or a service at once; the answer is the parent's, which ends its workers.
    """
    if sys.platform == "win32":
        yield
        return
    resource_tracker.ensure_running()  # its start would lift the mask
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _failed(job: Job, code: str, **values: object) -> Outcome:
    return Outcome(job.bare, failures=(FailureRow(code, english(f"failure.{code}", **values), page=job.page),))


# In the worker process


def _work(pipe: Connection[object, list[Job]], engine: EngineFactory, plan: Plan) -> None:
    """The life of a worker: jobs in, outcomes out, until the parent ends it or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory(plan.limits.memory_bytes)
    inbox: SimpleQueue[list[Job]] = SimpleQueue()
    # A thread of its own takes jobs in, so that neither side ever waits for the other to read.
    Thread(target=_receive, args=(pipe, inbox), daemon=True).start()
    made = engine()
    # What is there now stays, and a form leaves few cycles behind: looking for garbage less often saves 7 %.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GARBAGE_THRESHOLDS)
    try:
        pipe.send(None)
        while True:
            for job in inbox.get():
                pipe.send(digitise(job, made, plan))
    except OSError:  # the parent is gone
        os._exit(0)


def _call(
    pipe: Connection[object, None], function: Callable[..., object], arguments: Sequence[object], limits: Limits
) -> None:
    _limit_memory(limits.memory_bytes)
    try:
        pipe.send(function(*arguments))
    except DocumentError as error:
        pipe.send(error)


def _receive(pipe: Connection[object, list[Job]], inbox: SimpleQueue[list[Job]]) -> None:
    try:
        while True:
            inbox.put(pipe.recv())
    finally:  # the parent is gone, or there is no memory left to take its jobs in: end, whatever the main thread is at
        os._exit(0)


def _limit_memory(most: int) -> None:
    """Bound the address space: beyond, the document fails, rather than the machine."""
    if sys.platform != "win32":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with suppress(OSError, ValueError):  # some systems do not limit address space
            resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
