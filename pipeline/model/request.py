"""What a model is asked and what became of it: plain types that cross threads and processes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

__all__ = ["Answer", "Call", "Request", "Usage", "total_usage"]


@dataclass(frozen=True, slots=True)
class Request:
    """A question to a model."""

    key: str
    """32 hexadecimal digits, the hash of the body and of the epoch: the same key is never paid twice."""
    form_type: str
    shape: str
    """Names the answer's wire schema among those of the form type."""
    digest: str
    """The digest of the section that the question is about."""
    body: str
    """A JSON object: the body of `POST /chat/completions`, exactly as it is sent and as it stands in batch files."""


class Usage(NamedTuple):
    """Tokens of one call, or of several."""

    prompt: int = 0
    """All tokens of the prompt, those from the server's cache included."""
    cached: int = 0
    completion: int = 0

    @property
    def total(self) -> int:
        """Tokens of prompt and completion."""
        return self.prompt + self.completion


def total_usage(usages: Iterable[Usage]) -> Usage:
    """The tokens of several calls together."""
    prompt = cached = completion = 0
    for usage in usages:
        prompt += usage.prompt
        cached += usage.cached
        completion += usage.completion
    return Usage(prompt, cached, completion)


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP exchange that was begun, a row of the ledger of money.

    Where the endpoint did not say what it used, `usage` is an upper bound: what was paid is never understated.
    """

    key: str
    model: str
    outcome: str
    """`answered`, `cut`, or the code of a problem."""
    usage: Usage
    cost: Decimal
    """In the currency of the prices; 0 where no prices are set."""
    seconds: float
    status: int
    """The HTTP status; 0 where there was none."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request: a text, or `cut`, or a problem.

    The codes of problems, all of which another run may try again:

    - `model.refused`: the model refuses, or a filter of the endpoint does.
    - `model.invalid`: not of the schema, also after the model was asked to correct it.
    - `model.empty`: no choices or no content, also after retries.
    - `model.rate_limited`, `model.server`, `model.timeout`, `model.unreachable`: still so after retries.
    - `model.rejected`: the endpoint does not accept this request.
    - `model.too_long`: the request is longer than the model's context.
    - `model.budget`: not sent, the budget is reached.
    - `model.stopped`: not sent or not waited for: the run stops, or the endpoint was given up.
    - `internal`: an error in formtally itself; the detail is the type of the exception.
    """

    request: Request
    text: str = ""
    """The validated answer as canonical JSON; empty where there is none."""
    cut: bool = False
    """The model hit its output limit. Asked again unchanged it would again: split the section, or raise the limit."""
    problem: str = ""
    """The code of a problem, where there is no answer."""
    detail: str = ""
    """A short technical detail, never text of a document or of an answer."""
    calls: tuple[Call, ...] = ()
    """The exchanges that were begun for it; those of a key that was put twice stand in the first answer only."""
