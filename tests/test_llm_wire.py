"""The schema of an answer: derived from the record, admitted by strict decoders, and taken leniently."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

import pytest
from llguidance import LLMatcher, LLTokenizer
from pydantic import ValidationError

from benchmarks.modelserver.answers import answer_of, quoted_answer
from pipeline.readers.llm.cells import number_cells
from pipeline.readers.llm.prompt import Asking, Question, instructions, request_for
from pipeline.readers.llm.wire import SUBTOTAL, Shape, answer_model, layout_of, shapes
from samples.generate import SHAPES
from tests.read_forms import FORM_TYPE, read_form

EVERY = [(shape, quotes) for quotes in (False, True) for shape in shapes()]
LAYOUT = layout_of(FORM_TYPE)


@cache
def _schema(shape: str, *, quotes: bool = False) -> dict[str, Any]:
    return answer_model(FORM_TYPE, shape, quotes=quotes).model_json_schema()


def _answers(quotes: bool) -> Iterator[dict[str, Any]]:
    """Right answers about made-up forms of every shape."""
    write = quoted_answer if quotes else answer_of
    for shape in SHAPES:
        for seed in (5000, 5001):
            form = read_form(shape, seed)
            yield write(form.document, form.section, FORM_TYPE, form.truth)


# What is in it.


def test_every_leaf_of_the_record_has_its_place() -> None:
    whole = _schema(Shape.WHOLE, quotes=True)
    assert set(_leaves(whole, whole)) == set(FORM_TYPE.leaves) | {f"{LAYOUT.subtotals}[].{name}" for name in SUBTOTAL}
    assert list(_schema(Shape.WHOLE)["properties"]) == list(whole["properties"]) == list(LAYOUT.order)


def test_arrays_have_a_place_for_each_column_in_the_order_of_the_record() -> None:
    schema = _schema(Shape.WHOLE)
    properties = schema["properties"]
    per_row = [leaf.partition("[].")[2] for leaf in FORM_TYPE.leaves if "[]" in leaf]
    assert list(LAYOUT.row) == per_row
    assert _length(properties[LAYOUT.table]["items"]) == len(per_row)
    assert _length(properties[LAYOUT.subtotals]["items"]) == len(SUBTOTAL)
    for group, lines in LAYOUT.lines.items():
        found = _resolved(properties[group], schema)["properties"]
        assert list(found) == list(lines)
        for line, columns in lines.items():
            assert [f"{group}.{line}.{column}" for column in columns] == [
                leaf for leaf in FORM_TYPE.leaves if leaf.startswith(f"{group}.{line}.")
            ]
            assert _length(found[line]) == len(columns)


def test_a_head_and_rows_are_the_whole() -> None:
    for quotes in (False, True):
        whole, head, rows = (_schema(shape, quotes=quotes) for shape in (Shape.WHOLE, Shape.HEAD, Shape.ROWS))
        assert list(rows["properties"]) == [LAYOUT.table]
        assert set(head["properties"]) | set(rows["properties"]) == set(whole["properties"])
        assert set(head["properties"]).isdisjoint(rows["properties"])


def _leaves(node: dict[str, Any], root: dict[str, Any], prefix: str = "") -> Iterator[str]:
    node = _resolved(node, root)
    if node["type"] == "object":
        for name, each in node["properties"].items():
            yield from _leaves(each, root, f"{prefix}.{name}" if prefix else name)
    elif node["type"] == "array":
        yield from _leaves(node["items"], root, f"{prefix}[]")
    else:
        yield prefix


def _resolved(node: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in node:
        found: dict[str, Any] = root["$defs"][node["$ref"].removeprefix("#/$defs/")]
        return found
    return node


def _length(node: dict[str, Any]) -> int:
    assert node["type"] == "array" and node["minItems"] == node["maxItems"]
    length: int = node["minItems"]
    return length


# Strict modes.

_KEYWORDS = frozenset(
    {
        *("type", "properties", "required", "additionalProperties", "items", "minItems", "maxItems"),
        *("pattern", "format", "enum", "const", "anyOf", "$ref", "$defs", "title", "description"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    }
)


def strict_mode_objections(schema: dict[str, Any]) -> list[str]:
    """What the strict mode of OpenAI refuses in a schema (its guide to structured outputs, "Supported schemas")."""
    found: list[str] = []
    names: list[str] = [*schema.get("$defs", {})]

    def visit(node: Any, path: str, depth: int) -> None:
        found.extend(f"{path}: {keyword} is not supported" for keyword in node.keys() - _KEYWORDS)
        if "$ref" in node:
            if set(node) != {"$ref"}:
                found.append(f"{path}: a reference stands beside other keywords")
            node = _resolved(node, schema)
        if depth > 10:
            found.append(f"{path}: more than ten levels")
            return
        if node.get("type") == "object":
            if node.get("additionalProperties") is not False:
                found.append(f"{path}: additionalProperties is not false")
            if sorted(node.get("required", ())) != sorted(node.get("properties", ())):
                found.append(f"{path}: not every property is required")
            for name, each in node.get("properties", {}).items():
                names.append(name)
                visit(each, f"{path}.{name}", depth + 1)
        elif node.get("type") == "array":
            if not isinstance(node.get("items"), dict):
                found.append(f"{path}: items of an array are not described")
            else:
                visit(node["items"], f"{path}[]", depth + 1)
        elif node.get("type") not in ("string", "number", "integer", "boolean"):
            found.append(f"{path}: no type")

    if schema.get("type") != "object" or "anyOf" in schema:
        found.append("the root is no object")
    visit(schema, "", 1)
    if len(names) > 5000 or sum(map(len, names)) > 120_000:
        found.append("too many properties")
    return found


@pytest.mark.parametrize(("shape", "quotes"), EVERY)
def test_strict_mode_takes_the_schema(shape: str, quotes: bool) -> None:
    assert strict_mode_objections(_schema(shape, quotes=quotes)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"additionalProperties": True},
        {"required": ["title"]},
        {"oneOf": []},
        {"type": "array"},
        {"properties": {"title": {"type": "string", "default": ""}}, "required": ["title"]},
        {"properties": {"title": {"type": ["string", "null"]}}, "required": ["title"]},
        {"properties": {"title": {"type": "array", "prefixItems": []}}, "required": ["title"]},
    ],
)
def test_the_checker_of_strict_mode_objects(change: dict[str, Any]) -> None:
    assert strict_mode_objections(_schema(Shape.WHOLE) | change)


@pytest.mark.parametrize(("shape", "quotes"), EVERY)
def test_nothing_in_it_trips_a_decoder(shape: str, quotes: bool) -> None:
    text = json.dumps(_schema(shape, quotes=quotes))
    assert "prefixItems" not in text and '"null"' not in text and "default" not in text
    assert not any("\\" in pattern for pattern in _patterns(_schema(shape, quotes=quotes)))
    assert len(text) < 60_000


def _patterns(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "pattern")
        for value in node.values():
            yield from _patterns(value)
    elif isinstance(node, list):
        for value in node:
            yield from _patterns(value)


@pytest.mark.parametrize("mode", ["json_schema", "tools"])
def test_requests_carry_the_schema_strictly(mode: str) -> None:
    form = read_form("tsv", 5000)
    numbered = number_cells(form.section.cells(form.document))
    body = json.loads(request_for(FORM_TYPE, "", numbered, Question(), Asking("m", mode=mode)).body)
    if mode == "tools":
        function = body["tools"][0]["function"]
        sent, name = function["parameters"], function["name"]
        assert function["strict"] and body["tool_choice"]["function"]["name"] == name
    else:
        described = body["response_format"]["json_schema"]
        sent, name = described["schema"], described["name"]
        assert described["strict"]
    assert sent == _schema(Shape.WHOLE)
    assert re.fullmatch("[a-zA-Z0-9_-]{1,64}", name)


# A constrained decoder.


@cache
def _decoder() -> tuple[LLTokenizer, dict[tuple[str, bool], str]]:
    """A tokenizer of single bytes, and the grammar of every shape."""
    grammars = {
        (shape, quotes): LLMatcher.grammar_from_json_schema(json.dumps(_schema(shape, quotes=quotes)))
        for shape, quotes in EVERY
    }
    return LLTokenizer("byte"), grammars


def _admits(answer: Any, shape: str, *, quotes: bool = False) -> bool:
    """Would a constrained decoder let a model write this answer, and stop behind it?"""
    tokenizer, grammars = _decoder()
    matcher = LLMatcher(tokenizer, grammars[shape, quotes])
    tokens = tokenizer.tokenize_str(json.dumps(answer, ensure_ascii=False, separators=(",", ":")))
    admitted: bool = matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting()
    assert not matcher.get_error()
    return admitted


@pytest.mark.parametrize(("shape", "quotes"), EVERY)
def test_a_decoder_compiles_the_schema(shape: str, quotes: bool) -> None:
    tokenizer, grammars = _decoder()
    failed, warnings = LLMatcher.validate_grammar_with_warnings(grammars[shape, quotes], tokenizer)
    assert not failed and warnings == []


@pytest.mark.parametrize("quotes", [False, True])
def test_a_decoder_admits_right_answers(quotes: bool) -> None:
    for answer in _answers(quotes):
        assert _admits(answer, Shape.WHOLE, quotes=quotes)
        rows = answer.pop(LAYOUT.table)
        assert _admits(answer, Shape.HEAD, quotes=quotes)
        assert _admits({LAYOUT.table: rows}, Shape.ROWS, quotes=quotes)


def _wrong_answers(answer: dict[str, Any], *, quotes: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    group, line = "funding", "total"
    for name, value in (("a null", None), ("a number", 12), ("a boolean", True), ("a list", []), ("an object", {})):
        wrong = deepcopy(answer)
        wrong["project_name"] = value
        yield f"{name} for a leaf", wrong
        wrong = deepcopy(answer)
        key: Any = "score" if quotes else 6
        wrong[LAYOUT.table][0][key] = value
        yield f"{name} in a row", wrong
    for key in answer:
        wrong = deepcopy(answer)
        del wrong[key]
        yield f"no {key}", wrong
    wrong = deepcopy(answer)
    del wrong[group][line]
    yield "no line of the money block", wrong
    yield "another key", {**answer, "remark": "-"}
    for cut in (0, 1):
        wrong = deepcopy(answer)
        for row in (wrong[LAYOUT.table][-1], wrong[group][line]):
            if quotes:
                row.popitem()
            elif cut:
                row.pop()
            else:
                row.append("-")
        yield f"a row of {len(wrong[LAYOUT.table][-1])}", wrong


@pytest.mark.parametrize("quotes", [False, True])
def test_a_decoder_admits_no_wrong_answer(quotes: bool) -> None:
    answer = next(_answers(quotes))
    for what, wrong in _wrong_answers(answer, quotes=quotes):
        assert not _admits(wrong, Shape.WHOLE, quotes=quotes), what


@pytest.mark.parametrize("text", ["12", "12-14", "3,5-6", "12=万元", "12#2=10", "7=开头…结尾", "1=𠮷野", "-", "x", "~"])
def test_a_decoder_admits_every_kind_of_reference(text: str) -> None:
    assert _admits({"leaves": [text]}, Shape.LEAVES)


@pytest.mark.parametrize(
    "text",
    ["", "–", "X", "[12]", "12 ", "万元", "12=", "12#2", "12#0=1", '12="万元"', "12=[1]", "12=a\\b", "12-", ",1"],
)
def test_a_decoder_admits_nothing_else(text: str) -> None:
    assert not _admits({"leaves": [text]}, Shape.LEAVES)
    assert _admits({"leaves": [text]}, Shape.LEAVES, quotes=True)


# What comes back.


def test_what_models_do_without_a_decoder_is_taken() -> None:
    answer = next(_answers(quotes=False))
    sent = deepcopy(answer)
    sent["project_name"], sent["phone"] = 12, None
    sent[LAYOUT.table][0] = [1, None, "3"]
    sent["funding"]["total"] = []
    sent["funding"]["remark"] = sent["remark"] = "more"
    taken = answer_model(FORM_TYPE, Shape.WHOLE).model_validate_json(json.dumps(sent)).model_dump()
    assert (taken["project_name"], taken["phone"]) == ("12", "-")
    assert taken[LAYOUT.table][0] == ["1", "-", "3"]
    assert taken["funding"]["total"] == []
    assert "remark" not in taken and "remark" not in taken["funding"]
    assert taken[LAYOUT.table][1:] == answer[LAYOUT.table][1:]


@pytest.mark.parametrize("quotes", [False, True])
def test_a_key_that_is_missing_is_not_taken(quotes: bool) -> None:
    answer = next(_answers(quotes))
    model = answer_model(FORM_TYPE, Shape.WHOLE, quotes=quotes)
    for key in answer:
        with pytest.raises(ValidationError):
            model.model_validate({name: value for name, value in answer.items() if name != key})
    for line in LAYOUT.lines["funding"]:
        lines = {name: value for name, value in answer["funding"].items() if name != line}
        with pytest.raises(ValidationError):
            model.model_validate({**answer, "funding": lines})


@pytest.mark.parametrize("value", [True, 1.5, ["1"], {"cell": "1"}])
def test_what_names_nothing_is_not_taken(value: object) -> None:
    answer = next(_answers(quotes=False))
    with pytest.raises(ValidationError):
        answer_model(FORM_TYPE, Shape.WHOLE).model_validate({**answer, "title": value})


def test_the_instructions_show_the_members_of_the_schema() -> None:
    for quotes in (False, True):
        text = instructions(FORM_TYPE, quotes=quotes)
        [skeleton] = re.findall(r'^\{"title":"title".*\}$', text, re.M)
        assert list(json.loads(skeleton)) == list(_schema(Shape.WHOLE, quotes=quotes)["properties"])
        assert not re.search(r"\{(answer|example)\}", text)
