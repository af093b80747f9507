"""Keeping the store and an endpoint in step: no request is in two batches, and none is forgotten.

A batch is noted, with all its keys and the file that it is to be made of, before the endpoint is told to make it. So a
command that was killed in between is made good by the next one, which looks among the endpoint's batches for one of
that file: where there is one, it is taken over; where there is none, and no call that could make it is under way any
more, its requests are free again.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit, urlunsplit

from pipeline.batch.api import ApiError, BatchApi, RemoteBatch
from pipeline.batch.files import RequestFile
from pipeline.batch.intake import Intake
from pipeline.errors import ConfigurationError
from pipeline.messages import say
from pipeline.store.rows import BatchRow
from pipeline.store.store import Store

__all__ = ["GONE", "NOT_SENT", "recover", "shown_url", "submit", "take_in"]

GONE = "gone"
"""Outcome of a batch that the endpoint does not have any more, or not its answers."""
NOT_SENT = "not_sent"
"""Outcome of a batch that the endpoint never had."""


def shown_url(url: str) -> str:
    """The URL of an endpoint as the store keeps it: without a password, and always the same for the same endpoint."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2].lower(), parts.path.rstrip("/"), "", ""))


def submit(store: Store, api: BatchApi, run_id: int, url: str, file: RequestFile, window: str) -> str:
    """Have the endpoint work a file of requests off; what it calls the batch.

    Raises `ConfigurationError` where it does not, and where another command has submitted one of the requests.
    """
    uploaded = api.upload(file.path)
    number = store.begin_batch(run_id, url, uploaded, file.keys)
    if number is None:
        api.delete(uploaded)
        raise ConfigurationError(say("batch.twice"))
    try:
        remote = api.create(uploaded, window)
    except ApiError as error:
        if not error.not_known:
            store.end_batch(number, NOT_SENT, "")
            api.delete(uploaded)
        raise
    store.batch_sent(number, remote)
    return remote


def recover(store: Store, api: BatchApi, url: str, *, seconds: float) -> list[BatchRow]:
    """Find out about batches that were begun and of which it is not known whether the endpoint has them.

    `seconds` is how long a call that makes one may be under way. Returns those that the endpoint does not have, whose
    requests are free again.
    """
    unknown = [batch for batch in store.open_batches() if batch.remote is None and batch.url == url]
    if not unknown:
        return []
    never: list[BatchRow] = []
    found = api.find({batch.file for batch in unknown})
    for batch in unknown:
        if batch.file in found:
            store.batch_sent(batch.id, found[batch.file])
        elif (datetime.now(UTC) - datetime.fromisoformat(batch.begun)).total_seconds() > seconds:
            store.end_batch(batch.id, NOT_SENT, "")
            never.append(batch)
    return never


def take_in(store: Store, api: BatchApi, batch: BatchRow, remote: RemoteBatch | None, intake: Intake) -> str:
    """Take the answers of a batch that has ended into the store, as many as there are; its outcome.

    The end is noted after the answers: a command that is killed in between takes them again, which changes nothing.
    """
    outcome, reason = (GONE, "") if remote is None else (remote.status, remote.reason)
    with TemporaryDirectory(prefix="formtally-") as folder:
        for number, file in enumerate(remote.files if remote else (), 1):
            path = Path(folder, f"{number}.jsonl")
            if api.download(file, path):
                intake.take(path, f"{batch.remote} {file}")
            else:
                outcome = GONE
    store.end_batch(batch.id, outcome, reason)
    return outcome
