"""What a model server has seen and sent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any

__all__ = ["Stats"]


@dataclass(slots=True)
class Stats:
    """Counters of a server; the keys of `paid` and `broken` are hashes of request bodies."""

    requests: int = 0
    """Requests for completions, whatever became of them."""
    paid: Counter[str] = field(default_factory=Counter)
    """Complete answers with content that were sent, those that broke on the way included."""
    broken: Counter[str] = field(default_factory=Counter)
    """Answers that were lost on the way: the connection broke, or the client had gone."""
    faults: Counter[str] = field(default_factory=Counter)
    """Faults that struck, and refusals to answer (`key`, `model`, `mode`, `busy`, `outage`)."""
    at_once: int = 0
    """Requests in work now."""
    most_at_once: int = 0
    prompt_tokens: int = 0
    """Tokens of prompts of paid answers."""
    completion_tokens: int = 0
    cpu_seconds: float = 0.0
    """Processor time of the server's thread."""

    @property
    def duplicates(self) -> int:
        """Answers that were paid for although an earlier one to the same request had arrived."""
        return sum(max(0, times - self.broken[body] - 1) for body, times in self.paid.items())

    def as_json(self) -> dict[str, Any]:
        """The counters, for `/_stats`."""
        counters = {each.name: getattr(self, each.name) for each in fields(self)}
        return {**counters, "duplicates": self.duplicates}
