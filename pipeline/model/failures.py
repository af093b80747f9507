"""What went wrong with a call, in the few words that matter: whose fault it is, and whether to try again.

Endpoints differ in how they say the same thing; all of that is here. Their messages quote requests and keys now and
then, so nothing of a message is kept: a detail is a status, a name of a parameter, or the type of an exception.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Literal

from pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    import openai

__all__ = ["EndpointError", "Failure", "Tries", "classify", "retry_after"]

Tries = Literal["rate", "server", "timeout"]
"""The three budgets of tries."""

_PROBLEMS = {
    "rate": "model.rate_limited",
    "server": "model.server",
    "empty": "model.empty",
    "timeout": "model.timeout",
    "unreachable": "model.unreachable",
    "rejected": "model.rejected",
    "too_long": "model.too_long",
    "refused": "model.refused",
    "budget": "model.budget",
}
_TRIES: dict[str, Tries] = {
    "rate": "rate",
    "server": "server",
    "empty": "server",
    "unreachable": "server",
    "timeout": "timeout",
}
_FATAL = frozenset({"key", "url", "model", "json_mode", "quota", "down"})
_OVERLOAD_STATUS = frozenset({429, 503, 529})
_ENDPOINT_STATUS = frozenset({502, 503, 504, 529})
"""Said by what stands before a model, whatever the request."""

_TOO_LONG = re.compile(
    r"context.{0,3}(length|window)|maximum context|max_model_len|(prompt|input|request) is too long"
    r"|too many (input )?tokens|longer than the (model|maximum)",
    re.IGNORECASE,
)
_NO_MODEL = re.compile(
    r"model[^.]{0,80}?(not found|not exist|unknown|is not (available|supported|a valid)|no access|not have access)"
    r"|(unknown|invalid|unsupported|no such|not a valid) model",
    re.IGNORECASE,
)
_NO_MODE = re.compile(
    r"response_?format|json_?schema|json_object|tool_?choice|\btools?\b|guided|grammar", re.IGNORECASE
)
_QUOTA = frozenset({"insufficient_quota", "billing_not_active", "billing_hard_limit_reached"})
_CODE = re.compile(r"[A-Za-z_]{1,40}|[0-9]{1,6}")
_PARAM = re.compile(r"[a-z][a-z0-9_.\[\]]{0,60}")
_READ_CHARACTERS = 600
"""So much of a message is looked at; what quotes a request stands behind that."""


class Failure(Exception):
    """A call that brought no answer. `code` says why: one of those of a `Probe`, or `empty`, `refused`, `cut`, ..."""

    def __init__(
        self, code: str, detail: str = "", *, status: int = 0, pause: float | None = None, maybe_paid: bool = False
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.status = status
        self.pause = pause
        """Seconds the endpoint asks to wait."""
        self.maybe_paid = maybe_paid
        """The endpoint may have made an answer that did not arrive."""
        self.counts = True
        """It uses up a try; one that a closed endpoint explains does not."""

    @property
    def problem(self) -> str:
        """The code of the problem that it leaves a request with."""
        return _PROBLEMS.get(self.code, "model.stopped")

    @property
    def tries(self) -> Tries | None:
        """The budget of tries that it is one of; None where trying again is useless."""
        return _TRIES.get(self.code)

    @property
    def fatal(self) -> bool:
        """Every other request would fail the same way."""
        return self.code in _FATAL

    @property
    def of_overload(self) -> bool:
        """Fewer calls at a time might help."""
        return self.code in ("rate", "timeout") or self.status in _OVERLOAD_STATUS

    @property
    def of_outage(self) -> bool:
        """Enough of these in a row and the endpoint is down."""
        return self.code in ("server", "unreachable", "timeout")

    @property
    def of_any_request(self) -> bool:
        """It cannot be the request's own fault."""
        return self.code == "unreachable" or self.status in _ENDPOINT_STATUS


class EndpointError(ConfigurationError):
    """The endpoint is useless as it is configured.

    `code` is one of `key`, `url`, `model`, `json_mode`, `quota`, `rejected` (every request so far), `down`,
    and `price` (a limit of cost, and no prices).
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"the model cannot be used: {code}" + (f" ({detail})" if detail else ""))
        self.code = code
        self.detail = detail

    def __reduce__(self) -> tuple[type[EndpointError], tuple[str, str]]:
        """Survive the way between processes."""
        return type(self), (self.code, self.detail)


def classify(error: Exception) -> Failure:
    """What an exception of the client means. Raises the exception again where it is none of an exchange's."""
    import openai

    if isinstance(error, openai.APIStatusError):
        return _of_status(error)
    if isinstance(error, openai.APIConnectionError):
        return _of_connection(error)
    if isinstance(error, ValueError) and not isinstance(error, UnicodeEncodeError):
        # The body was not JSON, or not of the encoding it claims to be of.
        return Failure("server", "not JSON", status=200, maybe_paid=True)
    raise error


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Seconds that a response asks to wait by `retry-after-ms`, or `Retry-After` in seconds or as a date, or None.

    A date is taken relative to the server's own clock where the response tells it. `now` is in seconds since 1970.
    """
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "")
        try:
            seconds = float(value) * unit
        except ValueError:
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    when = _timestamp(headers.get("retry-after", ""))
    if when is None:
        return None
    theirs = _timestamp(headers.get("date", ""))
    if theirs is None:
        theirs = time.time() if now is None else now
    return max(0.0, when - theirs)


def _timestamp(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp() if date else None
    except (ValueError, OverflowError):
        return None


def _of_status(error: openai.APIStatusError) -> Failure:  # noqa: PLR0911 - one line a status
    status = error.status_code
    body: Mapping[str, Any] = error.body if isinstance(error.body, Mapping) else {}
    names = {str(body.get(field) or "") for field in ("code", "type")}
    message = str(body.get("message") or "")[:_READ_CHARACTERS] or str(error.body or "")[:_READ_CHARACTERS]
    detail = " ".join([f"HTTP {status}", *sorted(name for name in names if _CODE.fullmatch(name))])

    def failure(code: str, *, maybe_paid: bool = False) -> Failure:
        pause = retry_after(error.response.headers)
        return Failure(code, detail, status=status, pause=pause, maybe_paid=maybe_paid)

    if status == 402 or (status == 429 and names & _QUOTA):
        return failure("quota")
    if status in (401, 403):
        return failure("key")
    if status == 429:
        return failure("rate")
    if status in (404, 405):
        return failure("model" if status == 404 and _names_model(names, message, body) else "url")
    if status == 408:
        return failure("timeout")
    if status in (409, 425) or status >= 500:
        return failure("server", maybe_paid=status == 504)
    if status < 400:
        return failure("url")
    if status in (400, 422):
        if names & {"context_length_exceeded"} or _TOO_LONG.search(message):
            return failure("too_long")
        if _names_model(names, message, body):
            return failure("model")
        if _NO_MODE.search(str(body.get("param") or "")) or _NO_MODE.search(message):
            return failure("json_mode")
        param = str(body.get("param") or "")
        if _PARAM.fullmatch(param):
            detail += f" {param}"
    return failure("rejected")


def _names_model(names: set[str], message: str, body: Mapping[str, Any]) -> bool:
    named = names & {"model_not_found", "invalid_model", "unknown_model"} or body.get("param") == "model"
    return bool(named) or bool(_NO_MODEL.search(message))


def _of_connection(error: openai.APIConnectionError) -> Failure:
    import httpx2

    cause = error.__cause__
    detail = _innermost(cause or error)
    if isinstance(cause, (httpx2.UnsupportedProtocol, httpx2.InvalidURL, httpx2.LocalProtocolError)):
        return Failure("url", detail)
    if isinstance(cause, (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)):
        return Failure("unreachable", detail)
    if isinstance(cause, httpx2.TimeoutException):
        return Failure("timeout", detail, maybe_paid=True)
    return Failure("server", detail, maybe_paid=True)


def _innermost(error: BaseException) -> str:
    """The type of what is at the bottom of an exception: `ConnectionRefusedError`, `gaierror`."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return type(error).__name__
