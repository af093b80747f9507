"""Stores with something to review, for tests: made-up documents digitised for real."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.cli import main
from pipeline.review.session import Filters, Review
from pipeline.settings import Settings
from pipeline.store.store import Store

__all__ = ["digitised", "reviewing", "wrong_score"]


def wrong_score(text: str, value: str, other: str) -> str:
    """The text with one figure printed otherwise, so that a sum does not come out."""
    assert text.count(value) >= 1, value
    return text.replace(value, other, 1)


def digitised(folder: Path, documents: dict[str, str], db: str = "") -> Settings:
    """A store with these documents, by name; the settings that open it."""
    sources = folder / "documents"
    sources.mkdir(exist_ok=True)
    for name, text in documents.items():
        (sources / name).write_text(text, encoding="utf-8")
    url = db or f"sqlite:///{folder / 'review.db'}"
    assert main(["run", str(sources), "--db", url]) in (0, 3)
    return Settings(db=url)


@contextmanager
def reviewing(settings: Settings, reviewer: str = "wang", *, filters: Filters | None = None) -> Iterator[Review]:
    """A reviewer at work on the store."""
    with (
        Store.open(settings.db, create=False) as store,
        Review(store, settings, reviewer=reviewer, filters=filters) as review,
    ):
        yield review
