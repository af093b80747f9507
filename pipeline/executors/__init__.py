"""Executors: who does the work of a run. A run hands them jobs and takes outcomes, in any order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from pipeline.work import Job, Outcome

__all__ = ["Executor"]


class Executor(Protocol):
    """Does jobs. What goes wrong with one document is in its outcome; it never ends the others."""

    def run(self, *, jobs: Iterable[Job]) -> Iterator[Outcome]:
        """An outcome for every job, in any order; jobs are taken as they are needed, never all at once."""
        ...

    def close(self) -> None:
        """Let go of whatever works; outcomes not taken yet are lost."""
        ...
