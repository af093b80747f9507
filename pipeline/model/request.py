"""What a model is asked and what became of it: plain types that cross threads and processes."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Request"]


@dataclass(frozen=True, slots=True)
class Request:
    """A question to a model. `body` is the body of POST /chat/completions, as sent and as written to batch files."""

    key: str
    form_type: str
    shape: str
    digest: str
    body: str
