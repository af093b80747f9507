"""What one would write in an afternoon: instructor, asyncio and a semaphore. For comparison.

    python -m benchmarks.model_plain URL DOCUMENTS AT_ONCE FORMS MODEL

Asks about the first forms of a folder of documents, keeps nothing, and prints one line of JSON: how many answers came,
in how many seconds by the clock and of the processor. Making the requests is not counted, as their bodies are those of
`pipeline.readers.llm`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import instructor
from openai import AsyncOpenAI

from pipeline.ingest.limits import Limits
from pipeline.readers.llm.cells import number_cells
from pipeline.readers.llm.prompt import Asking, Question, request_for
from pipeline.readers.llm.wire import Shape, answer_model
from pipeline.source import Document
from pipeline.work import installed_engine

__all__ = ["main"]


def _conversations(folder: Path, model: str) -> Iterator[list[dict[str, Any]]]:
    engine = installed_engine()
    for path in sorted(folder.glob("*.txt")):
        document = engine.ingest(path.name, path.name, [path.read_bytes()], Limits())
        assert isinstance(document, Document)
        for section in engine.segment(document, engine.form_types):
            if section.form_type is not None:
                form_type = engine.form_type(section.form_type)
                numbered = number_cells(section.cells(document))
                yield json.loads(request_for(form_type, "", numbered, Question(), Asking(model)).body)["messages"]


async def _ask(url: str, model: str, at_once: int, conversations: list[list[dict[str, Any]]]) -> int:
    client = instructor.from_openai(
        AsyncOpenAI(base_url=url, api_key="none", max_retries=0), mode=instructor.Mode.JSON_SCHEMA
    )
    shape = answer_model(installed_engine().form_types[0], Shape.WHOLE)
    gate = asyncio.Semaphore(at_once)

    async def one(messages: Any) -> object:
        async with gate:
            return await client.chat.completions.create(model=model, messages=messages, response_model=shape)

    return len(await asyncio.gather(*map(one, conversations)))


def main() -> None:
    """Command line of this module."""
    url, folder, at_once, forms, model = sys.argv[1:]
    conversations = list(islice(_conversations(Path(folder), model), int(forms)))
    started, processor = time.perf_counter(), time.process_time()
    answers = asyncio.run(_ask(url, model, int(at_once), conversations))
    said = {"answers": answers, "seconds": time.perf_counter() - started, "cpu": time.process_time() - processor}
    print(json.dumps(said))


if __name__ == "__main__":
    main()
