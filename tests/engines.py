"""Engines for tests: the installed one, counted, or with a reader that fails in one way each.

They are functions of a module, since worker processes get them by name.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.errors import DocumentError
from pipeline.forms import FormType
from pipeline.ingest import Wanted
from pipeline.ingest.limits import Limits
from pipeline.ingest.page import PageContent
from pipeline.reading import Reading
from pipeline.source import Document, Origin, Page, Section
from pipeline.versions import current_versions
from pipeline.work import Engine, Plan, installed_engine
from samples.generate import make_document

SECRET = "张三丰"
"""A value of a form that an error quotes, and that no message may repeat."""
CRASH = "本项目会崩溃"
HANG = "本项目会停住"
RAISE = "本项目会出错"
EAT = "本项目会占满内存"
SLOW = "SLOW_READER_SECONDS"


def plan_of(engine: Engine, *, lines: bool = False) -> Plan:
    readers = tuple(engine.readers)
    return Plan(current_versions(engine.form_types, readers), readers, lines)


def failing_engine() -> Engine:
    """The installed engine, whose reader fails on documents that hold the words above."""
    engine = installed_engine()
    table = engine.readers["table"]

    def read(document: Document, section: Section, form_type: FormType) -> Reading:
        if CRASH in document.text:
            os.kill(os.getpid(), signal.SIGKILL)
        if HANG in document.text:
            time.sleep(1000)
        if RAISE in document.text:
            raise ValueError(f"cannot make sense of {SECRET}")
        if EAT in document.text:
            bytearray(1 << 45)
        return table(document, section, form_type)

    return replace(engine, readers={"table": read})


def blank_pages_engine() -> Engine:
    """The installed engine, to which every page is blank."""

    def recognise(name: str, files: Sequence[bytes], page: int, limits: Limits) -> PageContent:
        return PageContent(Page(page, 400, 500, "pixels", Origin.RECOGNISED, note="page.blank"))

    return replace(installed_engine(), recognise=recognise)


def failing_pages_engine() -> Engine:
    """The same, which dies on page 2, hangs on page 3, raises on page 4 and cannot read page 5."""
    blank = blank_pages_engine().recognise

    def recognise(name: str, files: Sequence[bytes], page: int, limits: Limits) -> PageContent:
        if page == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        if page == 3:
            time.sleep(1000)
        if page == 4:
            raise ValueError(f"cannot make sense of {SECRET}")
        if page == 5:
            raise DocumentError("damaged", "the picture is damaged; scan it again")
        return blank(name, files, page, limits)

    return replace(installed_engine(), recognise=recognise)


def broken_engine() -> Engine:
    """An engine that cannot even be made."""
    raise RuntimeError("no engine")


class Counted:
    """The installed engine, with every step counted."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        engine = installed_engine()

        def read(document: Document, section: Section, form_type: FormType) -> Reading:
            self.calls["read"] += 1
            return engine.readers["table"](document, section, form_type)

        def ingest(*args: Any, **named: Any) -> Document | Wanted:
            self.calls["ingest"] += 1
            return engine.ingest(*args, **named)

        def segment(document: Document, form_types: Sequence[FormType]) -> list[Section]:
            self.calls["segment"] += 1
            return engine.segment(document, form_types)

        self.engine = replace(engine, ingest=ingest, segment=segment, readers={"table": read})

    def take(self) -> dict[str, int]:
        """The counts since last time."""
        taken = dict(self.calls)
        self.calls.clear()
        return taken


def form_text(seed: int = 1, *, forms: int = 1, shape: str = "tsv", mark: str = "") -> str:
    """A made-up document; `mark` is put in front, where it is no part of a form's section but of its document."""
    return mark + "\n" + make_document(seed, forms, shape, prose_in_front=False).text


def write_documents(folder: Path, count: int, *, forms: int = 1, first: int = 1) -> list[Path]:
    """Made-up documents in a folder, all shapes in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    shapes = ("tsv", "word", "lines", "flat", "cells")
    paths = []
    for number in range(first, first + count):
        path = folder / f"{number:04}.txt"
        path.write_text(form_text(number, forms=forms, shape=shapes[number % len(shapes)]), encoding="utf-8")
        paths.append(path)
    return paths


Factory = Callable[[], Engine]
