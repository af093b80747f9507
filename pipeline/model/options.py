"""How a model is reached and asked: `[model]` in the settings file. The key is not among them."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

__all__ = ["ModelOptions"]

_Temperature = Annotated[
    Annotated[float, Field(ge=0)] | None, BeforeValidator(lambda value: None if value == "none" else value)
]
_Price = Annotated[Decimal, Field(ge=0)]


class ModelOptions(BaseModel):
    """Settings of the model reader."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str | None = Field(None, pattern=r"^https?://")
    """Base URL of an OpenAI-compatible endpoint, `https://host/v1`; None for no model."""
    name: str | None = None
    """Name of the model, as the endpoint calls it."""
    mode: Literal["json_schema", "tools", "json_object", "text"] = "json_schema"
    """How the endpoint is told the shape of an answer; `text` for one that knows no way."""
    answer: Literal["reference", "quote"] = "reference"
    """Whether the model names cells or copies their text."""
    temperature: _Temperature = 0.0
    """Sampling temperature; `none` where the model takes none."""
    seed: int | None = None
    """Seed of sampling, where the endpoint takes one."""
    max_output_tokens: int = Field(8192, ge=16)
    """Tokens that one answer may have."""
    output_limit_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """The field of the request that limits the answer's tokens."""
    extra_body: dict[str, Any] = {}
    """Further fields of every request, as the endpoint wants them."""
    tie_break: str | None = None
    """Name of another model at the endpoint, for leaves on which readers differ."""
    concurrency: int = Field(32, ge=1, le=1000)
    """Calls in flight at most."""
    requests_per_minute: int | None = Field(None, ge=1)
    """Requests a minute at most; None for no limit."""
    tokens_per_minute: int | None = Field(None, ge=1)
    """Tokens of prompts and answers a minute at most; None for no limit."""
    connect_seconds: float = Field(10.0, gt=0)
    """Seconds until a connection must stand."""
    timeout_seconds: float = Field(300.0, gt=0)
    """Seconds after which an answer is no longer waited for."""
    rate_limit_tries: int = Field(8, ge=1)
    """Times a request is sent while the endpoint answers that there are too many."""
    server_tries: int = Field(5, ge=1)
    """Times a request is sent while the server fails or breaks off."""
    timeout_tries: int = Field(2, ge=1)
    """Times a request is sent while no answer comes in time."""
    reasks: int = Field(1, ge=0)
    """Times the model is asked to correct an answer that is not of the schema."""
    outage_seconds: float = Field(120.0, gt=0)
    """Seconds an endpoint may be down before it is given up; also the longest pause it may ask for."""
    price_input: _Price | None = None
    """Price of a million prompt tokens."""
    price_cached: _Price | None = None
    """Price of a million prompt tokens from the server's cache; None for the same as others."""
    price_output: _Price | None = None
    """Price of a million tokens of answers."""
