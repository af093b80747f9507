"""Answers of models that wrap the JSON that was asked for: in code fences, in prose, behind their thinking."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Self
from weakref import WeakKeyDictionary

from pydantic import BaseModel, ValidationError

__all__ = ["Lenient", "objects_in"]

_THOUGHT = "</think>"
_THINKING = re.compile(r"\s*<think>")
_START = re.compile(r'\{\s*"')
"""A brace that begins an object with members; any other brace in prose is just a brace."""
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|[{}]', re.DOTALL)

_schemas: WeakKeyDictionary[type[BaseModel], dict[str, Any]] = WeakKeyDictionary()


class Lenient(BaseModel):
    """The base of wire schemas: takes JSON also where a model put something around it."""

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **settings: Any) -> Self:
        """The answer in a text: the text itself if it is JSON, else the last object in it that is of the schema.

        What stands before the end of a model's thinking is no answer. Raises `ValidationError`: the text's own where
        it is JSON or holds no object, else that of the last object.
        """
        try:
            return super().model_validate_json(json_data, **settings)
        except ValidationError as error:
            if error.errors(include_input=False, include_url=False, include_context=False)[0]["type"] != "json_invalid":
                raise
            failed = error
        text = json_data if isinstance(json_data, str) else json_data.decode("utf-8", "replace")
        last = True
        for candidate in reversed(list(objects_in(text))):
            try:
                return super().model_validate_json(candidate, **settings)
            except ValidationError as error:
                failed, last = (error if last else failed), False
        raise failed

    @classmethod
    def model_json_schema(cls, *arguments: Any, **settings: Any) -> dict[str, Any]:
        """The JSON schema; without arguments always the same object, which is not to be changed."""
        if arguments or settings:
            return super().model_json_schema(*arguments, **settings)
        schema = _schemas.get(cls)
        if schema is None:
            schema = _schemas[cls] = super().model_json_schema()
        return schema


def objects_in(text: str) -> Iterator[str]:
    """The complete outermost JSON objects in a text after the model's thinking, in order.

    An object that is begun and never closed is the end: what stands inside it is a part of an answer, not an answer.
    """
    _, thought, after = text.rpartition(_THOUGHT)
    if not thought and _THINKING.match(text):
        return
    at = 0
    while start := _START.search(after, at):
        depth = 0
        for token in _TOKEN.finditer(after, start.start()):
            depth += {"{": 1, "}": -1}.get(token.group(), 0)
            if depth == 0:
                at = token.end()
                yield after[start.start() : at]
                break
        else:
            return
