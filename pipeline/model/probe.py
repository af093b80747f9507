"""One tiny call that says whether a model can be used as it is configured, and if not, what to mend."""

from __future__ import annotations

import asyncio
import json
from typing import Any, NamedTuple

from pydantic import ValidationError

from pipeline.model.endpoint import make_client, message_text, silence, verdict
from pipeline.model.failures import Failure, classify
from pipeline.model.lenient import Lenient
from pipeline.model.options import ModelOptions

__all__ = ["Probe", "probe"]

_OUTPUT_TOKENS = 512
"""Enough for the answer; a model that thinks for longer is well all the same."""
_CODES = {"empty": "json_mode", "refused": "well", "cut": "well", "too_long": "rejected"}


class _Word(Lenient):
    """What the model is to answer."""

    word: str


class Probe(NamedTuple):
    """What a call showed.

    `code` is `well`, `key`, `url`, `unreachable`, `model`, `json_mode`, `rate`, `quota`, `timeout`, `server`, or
    `rejected` (some other field of the request is not accepted; the detail names it where the endpoint does).
    """

    well: bool
    code: str
    detail: str


def probe(options: ModelOptions, key: str) -> Probe:
    """Make one call, once, in the way that a run would."""
    try:
        asyncio.run(_call(options, key))
    except Failure as failure:
        code = _CODES.get(failure.code, failure.code)
        return Probe(code == "well", code, failure.detail)
    return Probe(True, "well", "")


async def _call(options: ModelOptions, key: str) -> None:
    """Raises `Failure` unless the model answers as it should."""
    from openai.types.chat import ChatCompletion

    silence()
    client = make_client(options, key)
    body = json.dumps(_body(options)).encode()
    try:
        async with asyncio.timeout(options.timeout_seconds):
            completion: object = await client.post("/chat/completions", cast_to=ChatCompletion, content=body)
    except TimeoutError:
        raise Failure("timeout", "TimeoutError") from None
    except Exception as error:
        raise classify(error) from None
    finally:
        await client.close()
    if not isinstance(completion, ChatCompletion) or completion.choices is None:
        raise Failure("url", "no completion")
    failure = verdict(completion)
    if failure is not None:
        raise failure
    try:
        _Word.model_validate_json(message_text(completion, options.mode))
    except ValidationError:
        raise Failure("json_mode", "the answer is not of the schema") from None


def _body(options: ModelOptions) -> dict[str, Any]:
    """A request with every field that a run would send."""
    schema = _Word.model_json_schema()
    body: dict[str, Any] = {
        "model": options.name,
        "messages": [{"role": "user", "content": 'Answer with exactly this JSON object: {"word": "well"}'}],
        options.output_limit_field: min(options.max_output_tokens, _OUTPUT_TOKENS),
        **options.extra_body,
    }
    if options.temperature is not None:
        body["temperature"] = options.temperature
    if options.seed is not None:
        body["seed"] = options.seed
    if options.mode == "json_schema":
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": "word", "schema": schema}}
    elif options.mode == "json_object":
        body["response_format"] = {"type": "json_object"}
    elif options.mode == "tools":
        body["tools"] = [{"type": "function", "function": {"name": "word", "parameters": schema}}]
        body["tool_choice"] = {"type": "function", "function": {"name": "word"}}
    return body
