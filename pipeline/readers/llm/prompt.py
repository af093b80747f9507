"""What is asked: the instructions of a form type, which are the same for every form, and then the cells of one.

The instructions are a Markdown file a form type (`prompts/`). They come first and never change from form to form, so
that a provider can keep them; the cells come last. Nothing in a prompt tells what another reader read, or that a sum
failed: a model that knew would make the sum come out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from pipeline.forms import FormType
from pipeline.model.request import Request
from pipeline.readers.llm.cells import Numbered, as_shown
from pipeline.readers.llm.wire import SUBTOTAL, Shape, answer_model, layout_of, shapes

__all__ = ["Asking", "Question", "fingerprint", "has_prompt", "instructions", "prompt_text", "request_for"]

_SEPARATOR = " | "


@dataclass(frozen=True)
class Asking:
    """What decides, beside the cells, what a request says and so what it is called: picklable, and free of secrets."""

    model: str
    mode: str = "json_schema"
    quotes: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Further members of the request's body: temperature, limits and the like."""
    epoch: int = 0
    """Another epoch asks the same question anew."""


@dataclass(frozen=True, slots=True)
class Question:
    """A section, or a part of it: `first` and `last` are the numbers of the cells between which the rows begin."""

    shape: str = Shape.WHOLE
    first: int = 0
    last: int = 0
    leaves: tuple[str, ...] = ()


@cache
def prompt_text(form_type: str) -> str:
    """The prompt file of a form type, line ends as `\\n`."""
    return files("prompts").joinpath(f"{form_type}.md").read_text(encoding="utf-8").replace("\r\n", "\n")


def has_prompt(form_type: FormType) -> bool:
    """Is there a prompt file of that form type?"""
    return files("prompts").joinpath(f"{form_type.name}.md").is_file()


@cache
def _chapters(form_type: str) -> dict[str, str]:
    """The chapters of a prompt file by heading, without its header."""
    _, _, body = prompt_text(form_type).partition("---\n")[2].partition("---\n")
    chapters: dict[str, list[str]] = {}
    for line in body.splitlines():
        if line.startswith("# "):
            chapters[line[2:].strip()] = []
        elif chapters:
            next(reversed(chapters.values())).append(line)
    return {name: "\n".join(lines).strip() for name, lines in chapters.items()}


@cache
def instructions(form_type: FormType, *, quotes: bool = False) -> str:
    """The system message: the same for every form of the type."""
    chapters = _chapters(form_type.name)
    answer = chapters["Answer by quotes" if quotes else "Answer by reference"]
    example = f"{chapters['Example form']}\n\n{chapters['Example answer']}"
    answer = answer.replace("{answer}", _skeleton(form_type, quotes=quotes)).replace("{example}", example)
    return "\n\n".join((chapters["Task"], chapters["Fields"], answer))


def _skeleton(form_type: FormType, *, quotes: bool) -> str:
    """The members of an answer in order, each with its kind."""
    layout = layout_of(form_type)
    members: dict[str, Any] = {}

    def columns(names: Sequence[str]) -> Any:
        return {name: name for name in names} if quotes else list(names)

    for name in layout.order:
        if name in layout.lines:
            members[name] = {line: columns(names) for line, names in layout.lines[name].items()}
        elif name == layout.table:
            members[name] = [columns(layout.row)]
        elif name == layout.subtotals:
            members[name] = [columns(SUBTOTAL)]
        else:
            members[name] = name
    return _json(members)


def request_for(form_type: FormType, digest: str, numbered: Numbered, question: Question, asking: Asking) -> Request:
    """The request that asks this of a section. Its key is a hash of its body and the epoch."""
    user = _shown(numbered, quotes=asking.quotes)
    if part := _part(form_type, question):
        user = f"{part}\n\n{user}"
    body: dict[str, Any] = {
        "model": asking.model,
        "messages": [
            {"role": "system", "content": instructions(form_type, quotes=asking.quotes)},
            {"role": "user", "content": user},
        ],
        **asking.parameters,
        **_structure(form_type, question.shape, asking.mode, quotes=asking.quotes),
    }
    text = _json(body)
    key = hashlib.sha256(f"{asking.epoch}\n{text}".encode()).hexdigest()[:32]
    return Request(key, form_type.name, shape_name(question.shape, quotes=asking.quotes), digest, text)


def fingerprint(form_type: FormType, asking: Asking) -> str:
    """What an answer depends on beside the cells: the keys of every kind of question about no cells at all."""
    nothing = Numbered((), (), ())
    return " ".join(request_for(form_type, "", nothing, Question(shape), asking).key for shape in shapes())


def shape_name(shape: str, *, quotes: bool) -> str:
    """How a request names the schema of its answer."""
    return f"{shape}.quotes" if quotes else shape


def _shown(numbered: Numbered, *, quotes: bool) -> str:
    if not quotes:
        return numbered.text()
    rows = ((numbered.cells[number - 1].text for number in line) for line in numbered.lines)
    return "\n".join(_SEPARATOR.join(map(as_shown, row)) for row in rows)


def _part(form_type: FormType, question: Question) -> str:
    chapters = _chapters(form_type.name)
    if question.shape == Shape.HEAD:
        return chapters["Part head"]
    if question.shape == Shape.ROWS:
        text = chapters["Part rows"]
        return text.replace("{first}", f"[{question.first}]").replace("{last}", f"[{question.last}]")
    if question.shape == Shape.LEAVES:
        return chapters["Part leaves"].replace("{leaves}", "; ".join(question.leaves))
    return ""


@lru_cache(maxsize=32)
def _structure(form_type: FormType, shape: str, mode: str, *, quotes: bool) -> Mapping[str, Any]:
    """How the request asks for structured output, by the mode that the endpoint knows."""
    name = f"{form_type.name}_{shape}"
    if mode == "json_object":
        return {"response_format": {"type": "json_object"}}
    if mode == "text":
        return {}
    schema = answer_model(form_type, shape, quotes=quotes).model_json_schema()
    if mode == "tools":
        function = {"name": name, "strict": True, "parameters": schema}
        choice = {"type": "function", "function": {"name": name}}
        return {"tools": [{"type": "function", "function": function}], "tool_choice": choice}
    return {"response_format": {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}}}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
