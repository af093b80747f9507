"""Which readers a command uses, and the model among them: what it is asked, where, with which key, for how much."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipeline.errors import ConfigurationError, UsageError
from pipeline.forms import form_types
from pipeline.messages import say
from pipeline.model.options import ModelOptions
from pipeline.model.request import Answer, Request
from pipeline.readers import LLM
from pipeline.settings import Settings
from pipeline.store.rows import AnswerRow, CallRow
from pipeline.store.store import Store
from pipeline.versions import current_versions
from pipeline.work import Plan, installed_engine

if TYPE_CHECKING:
    # What calls a model is heavy, and imported by what does.
    from pipeline.model.caller import Caller
    from pipeline.model.failures import EndpointError
    from pipeline.model.lenient import Lenient
    from pipeline.model.spending import Budget
    from pipeline.readers.llm import Asking

__all__ = [
    "answer_row",
    "api_key",
    "asking_of",
    "asking_reader",
    "call_rows",
    "chosen_reader",
    "endpoint_sentence",
    "open_caller",
    "plan_of",
    "schema_of",
    "stored_plan",
]

_READERS = {
    "table": ("table",),
    "llm": (LLM,),
    "both": ("table", LLM),
    "cascade": ("table", LLM),
}
_KEYS = ("FORMTALLY_API_KEY", "OPENAI_API_KEY")
_PATIENCE_SECONDS = 20.0
"""How long a run that is stopped waits for answers that are under way: they are paid."""
_TICK_SECONDS = 0.2


def chosen_reader(settings: Settings, last: str | None = None, *, calls: bool = True) -> str:
    """The name of the readers that a command uses: as set, else as in the `last` run, else by what is configured.

    A command that `calls` no model needs its name only. Raises `UsageError` for an unknown name, `ConfigurationError`
    where a model is wanted and none configured.
    """
    configured = settings.model.name is not None and (settings.model.url is not None or not calls)
    name = settings.reader or (last if last in _READERS else None) or ("both" if configured else "table")
    if name not in _READERS:
        raise UsageError(say("usage.unknown", option="reader", value=name, instead=", ".join(_READERS)))
    if LLM in _READERS[name] and not configured:
        raise ConfigurationError(say("model.none"))
    return name


def asking_reader(settings: Settings, last: str | None = None) -> str:
    """The name of the readers, with the model among them, of a command that writes down what it would be asked.

    As set, else as in the `last` run, else both. Raises `UsageError` for readers that ask no model.
    """
    asking = [name for name, readers in _READERS.items() if LLM in readers]
    name = settings.reader or (last if last in asking else "both")
    if name not in asking:
        raise UsageError(say("usage.unknown", option="reader", value=name, instead=", ".join(asking)))
    return name


def plan_of(settings: Settings, reader: str, **more: Any) -> Plan:
    """The plan of a command with these readers."""
    engine = installed_engine()
    readers = _READERS[reader]
    if LLM not in readers:
        return Plan(current_versions(engine.form_types, readers), readers, **more)
    from pipeline.readers.llm.prompt import fingerprint, has_prompt

    asking = asking_of(settings)
    for form_type in engine.form_types:
        if not has_prompt(form_type):
            raise ConfigurationError(say("model.no_prompt", name=form_type.name))
    versions = current_versions(engine.form_types, readers, lambda form_type: fingerprint(form_type, asking))
    tie_break = None
    if len(readers) > 1 and settings.model.tie_break is not None:
        if settings.model.tie_break == asking.model:
            raise ConfigurationError(say("model.same"))
        tie_break = replace(asking, model=settings.model.tie_break, quotes=False)
    return Plan(versions, readers, asking=asking, tie_break=tie_break, cascade=reader == "cascade", **more)


def stored_plan(settings: Settings, store: Store, **more: Any) -> Plan:
    """The plan of a command that reads nothing: with the readers of the last run, unless others are set."""
    return plan_of(settings, chosen_reader(settings, store.last_reader(), calls=False), **more)


def asking_of(settings: Settings) -> Asking:
    """What a model is asked, by the settings."""
    from pipeline.readers.llm.prompt import Asking

    options = settings.model
    assert options.name is not None
    parameters: dict[str, Any] = {options.output_limit_field: options.max_output_tokens}
    for name, value in (("temperature", options.temperature), ("seed", options.seed)):
        if value is not None:
            parameters[name] = value
    parameters |= options.extra_body
    return Asking(options.name, options.mode, options.answer == "quote", parameters, settings.epoch)


def api_key() -> str:
    """The key of the endpoint, from the environment only; local servers want none."""
    return next((key for name in _KEYS if (key := os.environ.get(name, "").strip())), "")


def schema_of(request: Request) -> type[Lenient]:
    """The wire schema of the answer to a request."""
    from pipeline.readers.llm.wire import answer_model

    shape, _, quotes = request.shape.partition(".")
    form_type = next(each for each in form_types() if each.name == request.form_type)
    return answer_model(form_type, shape, quotes=bool(quotes))


@contextmanager
def open_caller(options: ModelOptions, store: Store, run_id: int, budget: Budget) -> Iterator[Caller]:
    """The endpoint of the settings, answers of which go into the store before anybody sees them.

    Where the run is interrupted, calls under way are waited for a while, since they are paid.
    """

    def keep(answers: Sequence[Answer]) -> None:
        store.write_answers(
            run_id, map(answer_row, (answer for answer in answers if not answer.problem)), call_rows(answers)
        )

    from pipeline.model.caller import Caller

    caller = Caller(options=options, key=api_key(), schema=schema_of, keep=keep, budget=budget)
    try:
        yield caller
    except BaseException:
        caller.stop()
        until = time.monotonic() + _PATIENCE_SECONDS
        while caller.outstanding and time.monotonic() < until:
            caller.wait(_TICK_SECONDS)
            caller.ready()
        raise
    finally:
        caller.close()


def answer_row(answer: Answer) -> AnswerRow:
    """An answer as it is kept."""
    request = answer.request
    model = answer.calls[-1].model if answer.calls else ""
    return AnswerRow(request.key, request.digest, request.form_type, request.shape, model, answer.cut, answer.text)


def call_rows(answers: Sequence[Answer]) -> list[CallRow]:
    """The calls that were made for answers, as they are kept."""
    return [
        CallRow(
            call.key,
            answer.request.digest,
            call.model,
            call.outcome,
            call.status,
            *call.usage,
            call.cost,
            call.seconds,
        )
        for answer in answers
        for call in answer.calls
    ]


def budget_of(settings: Settings, *, max_tokens: int | None, max_cost: Decimal | None) -> Budget:
    """What a run may use. Raises `ConfigurationError` for a limit of cost without prices."""
    options = settings.model
    if max_cost is not None and (options.price_input is None or options.price_output is None):
        raise ConfigurationError(say("endpoint.price"))
    from pipeline.model.spending import Budget

    return Budget(max_tokens, max_cost)


def endpoint_sentence(error: EndpointError) -> str:
    """What is wrong with an endpoint, and what to do."""
    return say(f"endpoint.{error.code}", detail=error.detail)
