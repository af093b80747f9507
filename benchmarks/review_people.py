"""Scripted reviewers: who answer from the queue as people do, note what they were shown and told, and may be killed.

    python -m benchmarks.review_people URL NAME LOG [--most N]

The log has a line for every item served and for every decision confirmed, each written through before the next.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.decisions import DecisionKind
from pipeline.review.question import Question
from pipeline.review.session import Review
from pipeline.settings import Settings
from pipeline.store.store import Store

__all__ = ["answer", "at_work", "main"]


@contextmanager
def at_work(url: str, name: str) -> Iterator[Review]:
    """A reviewer at work on a store."""
    settings = Settings(db=url)
    with Store.open(url, create=False) as store, Review(store, settings, reviewer=name) as review:
        yield review


def answer(review: Review, question: Question) -> None:
    """Say what the first reader read, or that nothing is printed."""
    review.decide(question, DecisionKind.ACCEPT if question.candidates else DecisionKind.BLANK)


def main(arguments: list[str] | None = None) -> int:
    """Work the queue off, or so many items of it; ends with the times and the memory that took as a line of JSON."""
    parser = argparse.ArgumentParser(description="a scripted reviewer")
    parser.add_argument("url")
    parser.add_argument("name")
    parser.add_argument("log", type=Path)
    parser.add_argument("--most", type=int, default=sys.maxsize)
    options = parser.parse_args(arguments)
    served: list[float] = []
    decided: list[float] = []
    with at_work(options.url, options.name) as review, options.log.open("a", encoding="utf-8") as log:
        while len(served) < options.most:
            began = time.perf_counter()
            question = review.next()
            served.append(time.perf_counter() - began)
            if question is None:
                break
            _note(log.fileno(), "served", question.item.key)
            began = time.perf_counter()
            answer(review, question)
            decided.append(time.perf_counter() - began)
            _note(log.fileno(), "confirmed", question.item.key)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"served": served, "decided": decided, "peak": peak}))
    return 0


def _note(log: int, what: str, key: str) -> None:
    os.write(log, f"{time.time():.6f} {what} {key}\n".encode())


if __name__ == "__main__":
    sys.exit(main())
