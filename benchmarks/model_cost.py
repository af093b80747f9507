"""What answers cost: by reference, by quotes, and by quotes without a name on each value; in characters and in tokens.

Tokens are counted with the vocabulary of Qwen models, which the package `dashscope` holds, by the package `tiktoken`.
Neither is a dependency; without them there are characters only:

    pip install -e '.[bench]'
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks.modelserver.answers import Writer
from benchmarks.report import Report, percent
from pipeline.ingest.limits import Limits
from pipeline.readers.llm.cells import number_cells
from pipeline.readers.llm.prompt import Asking, Question, request_for
from pipeline.readers.llm.wire import in_order
from pipeline.source import Document
from pipeline.work import installed_engine
from samples.generate import SHAPES, bulk

__all__ = ["measure_cost"]

_MAX_SHARE = 0.4
"""Length of answers by reference, as a share of those by quotes."""
_WAYS = ("reference", "quotes", "bare")
_USER = '{"role":"user","content":"'
_PIECES = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""How the vocabulary wants text cut before pairs are merged."""


def measure_cost(report: Report, forms: int, corpus: Path | None) -> None:
    """Lengths of the answers to every form of a folder of documents, or of made-up ones; and what requests share."""
    if corpus is None or not corpus.is_dir():
        report.console.print("cost: without --corpus DIR, over made-up forms; real ones print longer texts")
        documents = ((name, made.text.encode()) for name, made in bulk(12_000, forms, tuple(SHAPES), 20))
    else:
        documents = ((path.name, path.read_bytes()) for path in sorted(corpus.glob("*.txt")))
    count = _tokens()
    lengths: dict[str, Counter[str]] = {}
    prefixes: set[str] = set()
    for name, data in documents:
        counts = lengths.setdefault(name if corpus else name.split("-")[0], Counter())
        for answers, prefix in _answers(name, data):
            counts["forms"] += 1
            prefixes.add(prefix)
            for way, answer in answers.items():
                text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
                counts[f"{way} characters"] += len(text)
                counts[f"{way} tokens"] += count(text) if count else 0
    _print(report, lengths, with_tokens=count is not None)
    [first, *others] = prefixes or {""}
    report.require(not others, f"{len(prefixes)} different beginnings of requests, wanted one")
    told = f", {count(first)} tokens" if count else ""
    report.console.print(f"what requests begin with: {len(prefixes)} text, {len(first)} characters{told}")


def _answers(name: str, data: bytes) -> Iterator[tuple[dict[str, Any], str]]:
    """The answers to each form of a document, and what its request says before the cells."""
    engine = installed_engine()
    document = engine.ingest(name, name, [data], Limits())
    assert isinstance(document, Document)
    for section in engine.segment(document, engine.form_types):
        if section.form_type is None:
            continue
        form_type = engine.form_type(section.form_type)
        cells = section.cells(document)
        reading = engine.readers["table"](document, section, form_type)
        writer = Writer(cells, form_type)
        quoted = writer.quoted(reading)
        answers = {"reference": writer.answer(reading), "quotes": quoted, "bare": in_order(form_type, quoted)}
        request = request_for(form_type, "", number_cells(cells), Question(), Asking("model"))
        yield answers, request.body[: request.body.index(_USER)]


def _print(report: Report, lengths: dict[str, Counter[str]], *, with_tokens: bool) -> None:
    total: Counter[str] = Counter()
    for counts in lengths.values():
        total.update(counts)
    for unit in ("characters", "tokens") if with_tokens else ("characters",):
        table = Table(title=f"{unit} of an answer")
        for head in ("forms of", "forms", "by reference", "by quotes", "share", "quotes without names", "share"):
            table.add_column(head, justify="left" if head == "forms of" else "right")
        for name, counts in [*sorted(lengths.items()), ("all", total)]:
            by_way = {way: counts[f"{way} {unit}"] for way in _WAYS}
            mean = {way: f"{length / max(counts['forms'], 1):.0f}" for way, length in by_way.items()}
            shares = [percent(by_way["reference"], by_way[way]) for way in ("quotes", "bare")]
            table.add_row(
                name, str(counts["forms"]), mean["reference"], mean["quotes"], shares[0], mean["bare"], shares[1]
            )
        report.console.print(table)
        share = total[f"reference {unit}"] / max(total[f"quotes {unit}"], 1)
        report.require(
            share <= _MAX_SHARE, f"answers by reference have {share:.1%} of the {unit}, wanted {_MAX_SHARE:.0%}"
        )
    if not with_tokens:
        report.console.print("tokens were not counted: pip install -e '.[bench]'")
    share = total["reference characters"] / max(total["quotes characters"], 1)
    report.require(
        share <= _MAX_SHARE, f"answers by reference have {share:.1%} of the characters, wanted {_MAX_SHARE:.0%}"
    )


@cache
def _tokens() -> Callable[[str], int] | None:
    """Counts tokens; None where the packages for it are not there."""
    held = find_spec("dashscope")
    if held is None or not held.submodule_search_locations or find_spec("tiktoken") is None:
        return None
    vocabulary = Path(next(iter(held.submodule_search_locations)), "resources", "qwen.tiktoken")
    lines = (line.split() for line in vocabulary.read_bytes().splitlines() if line)
    ranks = {b64decode(token): int(rank) for token, rank in lines}
    encoding = import_module("tiktoken").Encoding("qwen", pat_str=_PIECES, mergeable_ranks=ranks, special_tokens={})
    return lambda text: len(encoding.encode_ordinary(text))
