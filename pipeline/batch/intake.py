"""Taking answers out of files into the store, each exactly as if it had come over the network in a run.

The same answer is kept once and paid for once, in however many files it comes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.batch.files import Line, read_answers
from pipeline.choice import answer_row, call_rows, schema_of
from pipeline.errors import UsageError
from pipeline.forms import form_types
from pipeline.messages import say
from pipeline.model.endpoint import message_text, usage_of, verdict
from pipeline.model.options import ModelOptions
from pipeline.model.request import Answer, Call, Request
from pipeline.model.spending import Prices
from pipeline.store.rows import AnswerRow, CallRow, RequestRow
from pipeline.store.store import Store

__all__ = ["Intake", "Taken", "understand"]

_KEY = re.compile("[0-9a-f]{32}")
_AT_ONCE = 200
"""Lines between two transactions: what a killed command does again."""


@dataclass(slots=True)
class Taken:
    """What became of the lines of files of answers; every line is counted once.

    `cut` are those of the `taken` that hit the output limit; `failed` counts by what went wrong: the code of a problem,
    or the endpoint's own words. `malformed` are the file and the number of lines that are no answers.
    """

    taken: int = 0
    cut: int = 0
    known: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    unknown: list[str] = field(default_factory=list)
    malformed: list[tuple[str, int]] = field(default_factory=list)

    @property
    def usable(self) -> bool:
        """Was there an answer of use, now or before?"""
        return self.taken + self.known > 0

    @property
    def whole(self) -> bool:
        """Was every line of use?"""
        return not (self.failed or self.unknown or self.malformed)


class Intake:
    """Takes answers into a store. `run_id` is asked for if there is something to write, `stop` is called often."""

    def __init__(
        self, store: Store, options: ModelOptions, run_id: Callable[[], int], stop: Callable[[], None]
    ) -> None:
        self.report = Taken()
        self._store = store
        self._options = options
        self._run_id = run_id
        self._stop = stop
        self._forms = {each.name for each in form_types()}

    def take(self, path: Path, name: str) -> None:
        """Take the answers of a file, which reports call by a name. Raises `UsageError` where it cannot be read."""
        for lines in _in_parts(_told(path, name)):
            self._stop()
            self._take(lines, name)

    def _take(self, lines: Sequence[Line], name: str) -> None:
        report = self.report
        # What is no key of ours might be no text that a database takes.
        keys = list({line.key for line in lines if line.key is not None and _KEY.fullmatch(line.key)})
        requests = self._store.requests(keys)
        answered = set(self._store.answers(keys))
        counted = self._store.call_origins(keys)
        answers: list[AnswerRow] = []
        calls: list[CallRow] = []
        for line in lines:
            if line.key is None:
                report.malformed.append((name, line.number))
                continue
            request = requests.get(line.key)
            if request is None or request.form_type not in self._forms:
                report.unknown.append(line.key)
                continue
            answer = None
            if line.completion is not None and (line.key not in answered or line.origin not in counted):
                answer = understand(request, line.completion, self._options)
                if line.origin not in counted:
                    counted.add(line.origin)
                    calls += (row._replace(origin=line.origin) for row in call_rows([answer]))
            if line.key in answered:
                report.known += 1
            elif answer is None:
                report.failed[line.error] += 1
            elif answer.problem:
                report.failed[answer.problem] += 1
            else:
                answered.add(line.key)
                answers.append(answer_row(answer))
                report.taken += 1
                report.cut += answer.cut
        if answers or calls:
            self._store.write_answers(self._run_id(), answers, calls)


def understand(row: RequestRow, completion: Mapping[str, Any], options: ModelOptions) -> Answer:
    """The answer that a completion is, with the one call that made it.

    It is taken as a call of a run takes it, except that the model cannot be asked to correct it. Tool arguments and
    content both count, whichever mode the settings now name. Never raises: a completion may be anything.
    """
    request = Request(row.key, row.form_type, row.shape, row.digest, "")
    try:
        return _understand(request, row, completion, options)
    except Exception as error:
        return Answer(request, problem="internal", detail=type(error).__name__)


def _understand(request: Request, row: RequestRow, body: Mapping[str, Any], options: ModelOptions) -> Answer:
    from openai.types.chat import ChatCompletion

    completion = ChatCompletion.construct(**body)
    failure = verdict(completion)
    # No tokeniser makes more tokens of a text than it has bytes.
    usage = usage_of(completion, row.size + 1)
    outcome = "answered" if failure is None else "cut" if failure.code == "cut" else failure.problem
    calls = (Call(row.key, row.model, outcome, usage, Prices.of(options).cost(usage), 0.0, 200),)
    if failure is not None:
        cut = failure.code == "cut"
        return Answer(request, cut=cut, problem="" if cut else failure.problem, detail=failure.detail, calls=calls)
    schema = schema_of(request)
    other = "text" if options.mode == "tools" else "tools"
    for mode in (options.mode, other):
        try:
            answer = schema.model_validate_json(message_text(completion, mode))
        except ValidationError:
            continue
        return Answer(request, answer.model_dump_json(), calls=calls)
    return Answer(request, problem="model.invalid", calls=calls)


def _told(path: Path, name: str) -> Iterator[Line]:
    try:
        yield from read_answers(path)
    except OSError as error:
        raise UsageError(say("batch.unreadable", path=name, cause=error.strerror or type(error).__name__)) from None


def _in_parts(lines: Iterable[Line]) -> Iterator[list[Line]]:
    lines = iter(lines)
    while part := list(islice(lines, _AT_ONCE)):
        yield part
