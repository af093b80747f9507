"""What `formtally review` and its commands do, once the command line is understood. Each returns an exit code."""

from __future__ import annotations

import getpass
import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal, InvalidOperation
from io import TextIOWrapper
from types import FrameType
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from pipeline.decisions import Decision, DecisionKind
from pipeline.errors import ConflictError, ExitCode, FormtallyError, UsageError
from pipeline.interrupt import Interruption
from pipeline.messages import say
from pipeline.review.answers import choice_of, reasons_of, shown_of
from pipeline.review.desk import Desk
from pipeline.review.excerpt import printable, reader_name
from pipeline.review.index import renew_queue
from pipeline.review.plain import decided_sentence, item_place, run_plain
from pipeline.review.question import Answer, Item, Question
from pipeline.review.session import Filters, Review
from pipeline.settings import Settings
from pipeline.store.store import Store
from pipeline.summary import console

__all__ = [
    "Given",
    "audit_drawn",
    "ending_cleanly",
    "filters_of",
    "open_queue",
    "questions",
    "refuse_options",
    "review_decide_command",
    "review_list_command",
    "review_queue",
    "review_undo_command",
    "reviewer_of",
    "why_not",
]

_NAME_MOST = 100
_ALL = 2**31 - 1
_ON_THE_SCREEN = frozenset({DecisionKind.SPLIT, DecisionKind.FORM_MISSING, DecisionKind.REDO})
"""Decisions that need a place to be chosen, and those that have a command of their own."""
Given = Mapping[str, str | None]
"""Filters as the command line gives them; None for what is not given."""


def review_queue(settings: Settings, *, plain: bool, reviewer: str | None, filters: Given) -> int:
    """Ask what is to be settled, on the screen or in plain lines, until nothing is left or the person leaves."""
    dumb = os.environ.get("TERM", "") in ("", "dumb", "unknown")
    if not plain and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(say("queue.no_terminal"))
    name = reviewer_of(settings, reviewer)
    with open_queue(settings) as store:
        chosen = filters_of(filters)
        with Review(store, settings, reviewer=name, filters=chosen) as review:
            if review.counts().open == 0:
                _say_empty(chosen)
            elif plain or dumb:
                if isinstance(sys.stdin, TextIOWrapper):  # a wrong byte is told to the person, and ends nothing
                    sys.stdin.reconfigure(errors="surrogateescape")
                with ending_cleanly():
                    run_plain(review, source=sys.stdin, out=console())
            else:
                from pipeline.review.app import run_app

                run_app(review, settings)
    return ExitCode.DONE


def audit_drawn(settings: Settings, *, count: int | None, to: str | None, reviewer: str | None, filters: Given) -> int:
    """Draw accepted values to be asked blind: so many, or as many as it takes to prove a rate of errors."""
    from pipeline.review.audit import audit_command

    if any(filters.values()):  # a part of the store says nothing of the whole
        raise UsageError(say("queue.audit_of_all"))
    return audit_command(settings, count=count, to=None if to is None else _share(to), reviewer=reviewer)


def review_list_command(settings: Settings, *, filters: Given, limit: int, show: bool, as_json: bool) -> int:
    """Say what is to be settled, in the order in which it is served. Nothing is claimed."""
    chosen = filters_of(filters)
    with open_queue(settings) as store:
        review = Review(store, settings, reviewer="", filters=chosen)
        counts = review.counts()
        asked = list(questions(store, settings, review.items(limit=limit or _ALL)))
    if as_json:
        said = counts._asdict()
        del said["skipped"]  # nobody asks as a reviewer here
        _print_json(said | {"items": [_item_data(question, show=show) for question in asked]})
    elif not asked:
        _say_empty(chosen)
    else:
        _show_items(asked, show=show, more=counts.open - len(asked))
    return ExitCode.DONE


def review_decide_command(
    settings: Settings, ids: Sequence[str], *, kind: str, value: str | None, reviewer: str | None, as_json: bool
) -> int:
    """Decide entries of the queue by what their ids begin with, each for itself.

    Raises what the decision of a single entry raises; of several, those that could be decided are, and the others told.
    """
    name = reviewer_of(settings, reviewer)
    what = _kind(kind)
    beginnings = list(dict.fromkeys(ids))
    results: list[Mapping[str, Any]] = []
    failed: list[FormtallyError] = []
    with (
        open_queue(settings) as store,
        ending_cleanly(),
        Review(store, settings, reviewer=name) as review,
    ):
        for beginning in beginnings:
            try:
                question, answer = _decide(review, beginning, what, value or "")
            except (UsageError, ConflictError) as error:
                if len(beginnings) == 1:
                    raise
                failed.append(error)
                results.append({"id": beginning, "error": str(error)})
                print(f"formtally: {beginning}: {error}", file=sys.stderr)
                continue
            results.append(_answer_data(question, answer))
            if not as_json:
                _show_answer(question, answer)
    if as_json:
        _print_json(results)
    if len(failed) == len(beginnings):
        return failed[0].exit_code
    return ExitCode.SOME_FAILED if failed else ExitCode.DONE


def review_undo_command(settings: Settings, *, reviewer: str | None, redo: bool = False) -> int:
    """Take back the last decision of a person, or let it hold again."""
    name = reviewer_of(settings, reviewer)
    with open_queue(settings) as store, Review(store, settings, reviewer=name) as review:
        decisions = review.redo() if redo else review.undo()
    out = console()
    if not decisions:
        out.print(say("plain.nothing_to_redo" if redo else "plain.nothing_to_undo"))
        return ExitCode.DONE
    out.print(say("plain.redone" if redo else "plain.undone", count=len(decisions)))
    for decision in decisions:
        out.print(Text(f"  {decision.path or '-'}: {decided_sentence(decision.kind, decision.value)}"))
    return ExitCode.DONE


def reviewer_of(settings: Settings, given: str | None) -> str:
    """Who decides: as given, else as set, else who the account belongs to.

    Raises `UsageError` where nobody can be named, or the name cannot stand in a list of names.
    """
    name = given or settings.review.reviewer
    if not name:
        with suppress(OSError, KeyError, ImportError):  # an account without a name, as in some containers
            name = getpass.getuser()
    name = (name or "").strip()
    if not name:
        raise UsageError(say("queue.no_reviewer"))
    if len(name) > _NAME_MOST or "," in name or printable(name) != name:
        raise UsageError(say("queue.bad_reviewer"))
    return name


def filters_of(given: Given) -> Filters:
    """The filters of the queue."""
    words = {name: value or "" for name, value in given.items()}
    return Filters(words["document"], words["reason"], words["body"], words["year"])


def refuse_options(given: Mapping[str, Any], command: str) -> None:
    """Raise `UsageError` for options before a command of `review`, which would not count."""
    for name, value in given.items():
        if value not in (None, False):
            raise UsageError(say("queue.options_first", option=f"--{name.replace('_', '-')}", command=command))


def questions(store: Store, settings: Settings, items: Sequence[Item]) -> Iterator[Question]:
    """Entries of the queue as questions, without claiming them; what has left the queue meanwhile is left out."""
    desk = Desk(store, settings)
    for item in items:
        question = desk.question(desk.open(item.sha256), item)
        if question is not None:
            yield question


def _decide(review: Review, beginning: str, kind: DecisionKind, value: str) -> tuple[Question, Answer]:
    found = review.found(beginning) if beginning else []
    if not found:
        raise UsageError(say("queue.no_item", id=printable(beginning)))
    if len(found) > 1 and found[0].key != beginning:
        raise UsageError(say("queue.several", id=beginning))
    item = found[0]
    question = review.go(item.key)
    if question is None:
        raise ConflictError(why_not(review, item))
    rows = kind in (DecisionKind.ADD_ROW, DecisionKind.REJECT_ROW)
    said = choice_of(question, kind, "" if rows else value)
    shown = shown_of(question, candidates=not question.blind, command=True)
    return question, review.decide(question, said.kind, value if rows else said.value, shown=shown)


def why_not(review: Review, item: Item) -> str:
    """Why an entry cannot be had."""
    now = next(iter(review.found(item.key)), None)
    if now is None:
        return say("queue.no_item", id=item.key)
    if now.held_by:
        return say("queue.held", name=now.held_by)
    return say("queue.not_by_you", name=review.reviewer)


def _kind(word: str) -> DecisionKind:
    known = [kind.value for kind in DecisionKind if kind not in _ON_THE_SCREEN]
    name = word.strip().lower().replace("-", "_")
    if name not in known:
        raise UsageError(say("queue.bad_kind", kind=printable(word), known=", ".join(known)))
    return DecisionKind(name)


def _share(text: str) -> float:
    """A share that may be written as a percentage. Raises `UsageError` for what is none."""
    try:
        number = Decimal(text.strip().removesuffix("%").strip())
    except InvalidOperation:
        raise UsageError(say("queue.bad_share")) from None
    share = float(number / 100 if text.strip().endswith("%") else number)
    if not 0 < share < 1:
        raise UsageError(say("queue.bad_share"))
    return share


def _say_empty(filters: Filters) -> None:
    console().print(say("queue.empty" if filters == Filters() else "queue.empty_filtered"))


def _item_data(question: Question, *, show: bool) -> Mapping[str, Any]:
    """An entry of the queue for programs."""
    item = question.item
    data: dict[str, Any] = {
        "id": item.key,
        "document": item.document,
        "form_type": item.form_type,
        "ordinal": item.ordinal,
        "path": item.path,
        "label": question.label,
        "row_label": question.row_label,
        "kind": question.kind.value if question.kind is not None else None,
        "blind": question.blind,
        "reasons": [reason._asdict() for reason in reasons_of(question, seen=show or not question.blind)],
        "purpose": item.purpose.value,
        "held_by": item.held_by or None,
    }
    if show or not question.blind:
        data["candidates"] = [
            {"value": each.value, "printed": each.printed, "readers": list(each.readers)}
            for each in question.candidates
        ]
    return data


def _answer_data(question: Question, answer: Answer) -> Mapping[str, Any]:
    """What became of a decision, for programs."""
    return {
        "id": question.item.key,
        "document": question.item.document,
        "ordinal": question.item.ordinal,
        "path": question.path,
        "decision": answer.decision.uid,
        "kind": answer.decision.kind.value,
        "value": answer.decision.value,
        "reviewer": answer.decision.reviewer,
        "time": answer.decision.time,
        "gone": [{"id": item.key, "path": item.path} for item in answer.gone],
        "settled": answer.settled,
    }


def _show_answer(question: Question, answer: Answer) -> None:
    out = console()
    decision: Decision = answer.decision
    said = decided_sentence(decision.kind, decision.value)
    out.print(Text(say("queue.decided", id=question.item.key, place=item_place(question.item), said=said)))
    if answer.gone:
        out.print(say("plain.gone", count=f"{len(answer.gone):,}"))
    for item in answer.gone:
        out.print(Text(f"  {item_place(item)}"))
    if answer.settled:
        out.print(Text(say("plain.settled", document=printable(question.item.document))))


def _show_items(asked: Sequence[Question], *, show: bool, more: int) -> None:
    """The queue as a table; what was read only where it may be seen."""
    seen = show or any(not question.blind for question in asked)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, expand=True)
    table.add_column(say("queue.column.id"), no_wrap=True)
    for name in ("where", "why", *(["read"] if seen else [])):
        table.add_column(say(f"queue.column.{name}"), overflow="fold", ratio=1 if name == "read" else 2)
    for question in asked:
        item = question.item
        where = [f"{printable(item.document)} · {say('plain.form', ordinal=item.ordinal)}"]
        where += [printable(part) for part in (question.row_label, question.label) if part]
        if item.held_by:
            where.append(say("queue.held_by", name=printable(item.held_by)))
        cells = [
            item.key,
            "\n".join(where),
            "\n".join(printable(each.sentence) for each in reasons_of(question, seen=show or not question.blind)),
        ]
        if seen:
            cells.append(_read_words(question) if show or not question.blind else "")
        table.add_row(*map(Text, cells))
    out = console()
    out.print(table)
    if more > 0:
        out.print(say("queue.more", count=f"{more:,}"))


def _read_words(question: Question) -> str:
    return "\n".join(
        f"{say('plain.nothing_there') if each.value is None else printable(each.value)}"
        f" ({', '.join(map(reader_name, each.readers))})"
        for each in question.candidates
    )


@contextmanager
def open_queue(settings: Settings) -> Iterator[Store]:
    """The store, with its queue brought up to date: other code may have settled its documents."""
    with Store.open(settings.db, create=False) as store:
        with Interruption() as interruption:
            renew_queue(store, settings, interruption.check)
        yield store


@contextmanager
def ending_cleanly() -> Iterator[None]:
    """Have a lost terminal and a polite kill end the command as Ctrl-C does, so that what is held is given back."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1))
