"""What goes wrong at a model server, at which rate; the same each time for the same seed and the same requests."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

__all__ = ["Faults"]


@dataclass(frozen=True, slots=True)
class Faults:
    """Rates, 0 to 1. Those of answers' text can meet in one answer; of the others the first that strikes is it."""

    seed: int = 0
    too_many: float = 0.0
    """429 with Retry-After in seconds."""
    too_many_date: float = 0.0
    """429 with Retry-After as a date."""
    too_many_bare: float = 0.0
    """429 without a word on when to come back."""
    retry_after: int = 1
    """Seconds that a 429 asks to wait; by date up to one more, since dates have whole seconds."""
    server_error: float = 0.0
    """500."""
    empty_choices: float = 0.0
    """200 with no choices."""
    refusal: float = 0.0
    """`message.refusal`, each time for the same body."""
    cut: float = 0.0
    """Half of the text and `finish_reason: length`, each time for the same body."""
    fence: float = 0.0
    """The answer in a code fence."""
    prose: float = 0.0
    """Sentences before and after the answer."""
    think: float = 0.0
    """Thinking before the answer, with a draft of it."""
    slow_body: float = 0.0
    """The response comes in dribbles, within about a second."""
    broken: float = 0.0
    """The connection breaks in the middle of the response, which counts as sent."""
    late: float = 0.0
    """The answer comes after `late_seconds`."""
    late_seconds: float = 5.0
    batch_error: float = 0.0
    """Lines of a batch that fail."""

    def strikes(self, fault: str, body: str, attempt: int = 0) -> bool:
        """Whether that fault strikes at that attempt on a request, given by the hash of its body."""
        rate: float = getattr(self, fault)
        if rate <= 0:
            return False
        lot = blake2b(f"{self.seed}\0{fault}\0{body}\0{attempt}".encode(), digest_size=8).digest()
        return int.from_bytes(lot, "big") < rate * 2**64
