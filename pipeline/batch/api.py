"""The batch API of an endpoint: files go up, batches are made of them and looked at, files come down.

What passes is tried again as often as in a run. What does not is an `ApiError`: one sentence that says what to do.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self, TypeVar, cast

from pipeline.batch.files import ENDPOINT, file_errors
from pipeline.errors import ConfigurationError
from pipeline.messages import say
from pipeline.model.endpoint import make_client, silence
from pipeline.model.failures import Failure, classify
from pipeline.model.options import ModelOptions
from pipeline.model.patience import Patience

if TYPE_CHECKING:
    from openai.types import Batch

__all__ = ["ApiError", "BatchApi", "RemoteBatch"]

Result = TypeVar("Result")

_REASON = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_MAY_HAVE_BEEN_MADE = ("server", "timeout")
"""Codes of failures after which there may be a batch all the same."""
_PASSING = ("unreachable", "server", "timeout", "rate")
"""Codes of failures that may pass."""
_OF_ENDPOINT = ("key", "model", "quota")
"""Codes of failures of which the commands that call a model say the same."""
_NOT_FOUND = 404
_PAGE = 100


class ApiError(ConfigurationError):
    """A call failed for good: one sentence, the code of the `Failure`, and the HTTP status, 0 where there is none."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(say(_sentence(failure.code), detail=failure.detail))
        self.code = failure.code
        self.status = failure.status

    @property
    def not_known(self) -> bool:
        """Did the endpoint break off while it was making a batch, so that nobody knows yet whether it has?"""
        return self.code == "lost"

    @property
    def passes(self) -> bool:
        """Might it be well again in a while?"""
        return self.code in _PASSING


class RemoteBatch(NamedTuple):
    """A batch as the endpoint says it is; `reason` is the endpoint's code for why it failed."""

    status: str
    total: int
    done: int
    output: str | None
    errors: str | None
    reason: str

    @property
    def ended(self) -> bool:
        """Will nothing more come of it?"""
        return self.status in ("completed", "failed", "expired", "cancelled")

    @property
    def files(self) -> list[str]:
        """The files that hold answers."""
        return [file for file in (self.output, self.errors) if file]


class BatchApi:
    """The batch API of the endpoint of the settings; a context manager."""

    def __init__(self, options: ModelOptions, key: str) -> None:
        silence()
        try:
            self._client = make_client(options, key)
        except Failure as failure:
            raise ApiError(failure) from None
        self._options = options
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._client.close())
        self._runner.close()

    def upload(self, path: Path) -> str:
        """Send a file of requests; what the endpoint calls it."""

        async def call() -> str:
            with open(path, "rb") as stream:
                made: object = await self._client.files.create(file=(path.name, stream), purpose="batch")
            name: str = _checked(made).id
            return name

        return self._run(call)

    def create(self, file: str, window: str) -> str:
        """Make a batch of a file; what the endpoint calls it.

        Where the endpoint breaks off, the call is not made again: the batch may be there.
        """

        async def call() -> str:
            try:
                made: object = await self._client.batches.create(
                    input_file_id=file,
                    endpoint=cast(Literal["/v1/chat/completions"], ENDPOINT),
                    completion_window=cast(Literal["24h"], window),
                )
            except Exception as error:
                failure = classify(error)
                raise Failure("lost", failure.detail) if failure.code in _MAY_HAVE_BEEN_MADE else failure from None
            name = getattr(made, "id", None)
            if not isinstance(name, str):
                raise Failure("lost", "not JSON")
            return name

        return self._run(call)

    def find(self, files: Collection[str]) -> dict[str, str]:
        """What the endpoint calls the batches that were made of these files, as far as it has and lists them."""

        async def call() -> dict[str, str]:
            found: dict[str, str] = {}
            seen: set[str] = set()
            with _lists():
                async for batch in self._client.batches.list(limit=_PAGE):
                    if batch.input_file_id in files:
                        found[batch.input_file_id] = batch.id
                    # Some servers give the first page again and again.
                    if len(found) == len(files) or batch.id in seen:
                        break
                    seen.add(batch.id)
            return found

        try:
            return self._run(call)
        except ApiError as failed:
            if failed.code == "url":
                return {}
            raise

    def look(self, remote: str) -> RemoteBatch | None:
        """How a batch is doing; None where the endpoint does not have it any more."""

        async def call() -> Batch:
            batch: Batch = _checked(await self._client.batches.retrieve(remote))
            return batch

        try:
            batch = self._run(call)
        except ApiError as failed:
            if failed.status == _NOT_FOUND and self._has_batches():
                return None
            raise
        counts = batch.request_counts
        errors = (batch.errors.data if batch.errors else None) or []
        return RemoteBatch(
            str(batch.status).lower(),
            getattr(counts, "total", None) or 0,
            getattr(counts, "completed", None) or 0,
            batch.output_file_id or None,
            batch.error_file_id or None,
            next((error.code for error in errors if error.code and _REASON.fullmatch(error.code)), ""),
        )

    def download(self, file: str, target: Path) -> bool:
        """Fetch a file; False where the endpoint does not have it any more."""
        from httpx2 import HTTPError

        async def call() -> None:
            async with self._client.files.with_streaming_response.content(file) as response:
                try:
                    await response.stream_to_file(target)
                except HTTPError as error:
                    raise Failure("server", type(error).__name__) from None

        try:
            with file_errors(target):
                self._run(call)
        except ApiError as failed:
            if failed.status == _NOT_FOUND:
                return False
            raise
        return True

    def delete(self, file: str) -> None:
        """Have a file deleted that no batch was made of; where that fails it stays there."""

        async def call() -> None:
            await self._client.files.delete(file)

        try:
            self._run(call)
        except ApiError:
            return

    def _has_batches(self) -> bool:
        """Does the endpoint have batches at all?"""

        async def call() -> None:
            with _lists():
                await self._client.batches.list(limit=1)

        try:
            self._run(call)
        except ApiError as failed:
            if failed.code == "url":
                return False
            raise
        return True

    def _run(self, call: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """What a call gives, made again as often as may be. Raises `ApiError`."""

        async def once() -> Result:
            try:
                return await call()
            except Failure:
                raise
            except Exception as error:
                raise classify(error) from None

        patience = Patience(self._options)
        try:
            return self._runner.run(_awaited(patience, once))
        except Failure as failure:
            raise ApiError(failure) from None


def _sentence(code: str) -> str:
    """The message that says what to do about a failure."""
    if code in _OF_ENDPOINT:
        return f"endpoint.{code}"
    if code in _PASSING:
        return "batch.unanswered"
    return {"url": "batch.no_api", "lost": "batch.lost"}.get(code, "batch.rejected")


async def _awaited(patience: Patience, call: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    return await patience(call)


@contextmanager
def _lists() -> Iterator[None]:
    """Tell a list of batches from whatever else may come in its place, on which the client breaks."""
    try:
        yield
    except (AttributeError, TypeError):
        raise Failure("server", "not JSON", status=200) from None


def _checked(made: Any) -> Any:
    """A thing that the endpoint has made, or says that it has. Raises `Failure` where it is none, but a web page."""
    if not isinstance(getattr(made, "id", None), str):
        raise Failure("url", "not JSON", status=200)
    return made
