"""A document's whole way: bytes → cells → sections → readings → settled forms → export lines.

Nothing here knows a store, a file or a process. A `Job` goes in and an `Outcome` comes out, both plain and picklable.
What goes wrong with a document, or with one form of it, is part of the outcome and never ends anything else.
"""

from __future__ import annotations

import traceback
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.codec import decode_document, decode_reading, encode_document, encode_reading, section_digest
from pipeline.errors import DocumentError
from pipeline.lines import form_line, line_bytes
from pipeline.messages import english
from pipeline.reading import Reading
from pipeline.source import Document, Section, SectionKind
from pipeline.store.rows import DocumentRow, FailureRow, Held, Placed, ReadingRow
from pipeline.versions import Versions, reading_keys

if TYPE_CHECKING:
    from pipeline.forms import FormType
    from pipeline.settle import Settled

__all__ = [
    "Engine",
    "Job",
    "Outcome",
    "Plan",
    "Reader",
    "Settle",
    "Tally",
    "Work",
    "digitise",
    "digitise_text",
    "installed_engine",
]

Reader = Callable[[Document, Section, "FormType"], Reading]
Work = list[tuple[Section, "FormType", Sequence[Reading]]]
"""The forms of a document with their readings; a form without readings is one that could not be read."""
Settle = Callable[[Document, Work], "list[Settled]"]


@dataclass(frozen=True)
class Engine:
    """The steps of a document's way. Tests put failing ones in."""

    form_types: tuple[FormType, ...]
    ingest: Callable[[str, str, bytes], Document]
    segment: Callable[[Document, Sequence[FormType]], list[Section]]
    readers: Mapping[str, Reader]
    settle: Settle

    def form_type(self, name: str) -> FormType:
        """The form type of that name."""
        return next(form_type for form_type in self.form_types if form_type.name == name)


@cache
def installed_engine() -> Engine:
    """The engine as it is installed."""
    from pipeline.forms import form_types
    from pipeline.ingest import ingest
    from pipeline.segment import segment
    from pipeline.settle import settle

    readers: dict[str, Reader] = {name: import_module(f"pipeline.readers.{name}").read for name in ("table",)}
    return Engine(form_types(), ingest, segment, readers, settle)


@dataclass(frozen=True)
class Plan:
    """What is the same for every document of a command: versions, readers, and which export lines are wanted."""

    versions: Versions
    readers: tuple[str, ...] = ("table",)
    lines: bool = False
    only_settled: bool = False
    """Only lines of forms that have nothing in review."""


@dataclass(frozen=True, slots=True)
class Job:
    """One document to digitise: its bytes, or what the store holds of it, which then is not computed again."""

    name: str
    source: str
    location: str
    sha256: str
    data: bytes | None = None
    held: Held | None = None


@dataclass(slots=True)
class Tally:
    """Counts over settled forms; they add up.

    `questions` are entries of the review lists, `untouched` forms without any. `states` counts leaves, `findings`
    counts (check, severity).
    """

    documents: int = 0
    formless: int = 0
    forms: int = 0
    untouched: int = 0
    questions: int = 0
    states: Counter[str] = field(default_factory=Counter)
    findings: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Add another tally to this one."""
        self.documents += other.documents
        self.formless += other.formless
        self.forms += other.forms
        self.untouched += other.untouched
        self.questions += other.questions
        self.states.update(other.states)
        self.findings.update(other.findings)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job.

    `document`, `sections` and `readings` are what is new and belongs in the store. `lines` are the export lines of the
    document's forms, compressed, if the plan wants them. `tracebacks` is for the log: frames without values.
    """

    job: Job
    ingest: str = ""
    document: DocumentRow | None = None
    sections: tuple[Placed, ...] | None = None
    readings: tuple[ReadingRow, ...] = ()
    failures: tuple[FailureRow, ...] = ()
    tally: Tally = field(default_factory=Tally)
    lines: bytes = b""
    tracebacks: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Did the document as a whole fail?"""
        return any(failure.form_type is None for failure in self.failures)


def digitise(job: Job, engine: Engine, plan: Plan) -> Outcome:
    """Digitise one document; never raises an `Exception`."""
    bare = Job(job.name, job.source, job.location, job.sha256)
    try:
        return _digitise(job, bare, engine, plan)
    except DocumentError as error:
        return Outcome(bare, failures=(FailureRow(error.code, str(error)),))
    except Exception as error:
        trouble = _Trouble()
        trouble.note("internal", error)
        return Outcome(bare, failures=tuple(trouble.failures), tracebacks=tuple(trouble.tracebacks))


def digitise_text(name: str, data: bytes) -> list[dict[str, Any]]:
    """The export lines of the forms in one document, by the installed engine, without store or processes.

    Raises `DocumentError` where the bytes are no document that can be read. A form that its reader fails on is a line
    that is wholly in review, as in a run.
    """
    engine = installed_engine()
    document = engine.ingest(name, name, data)
    work: Work = []
    trouble = _Trouble()
    for section in engine.segment(document, engine.form_types):
        if section.form_type is not None:
            form_type = engine.form_type(section.form_type)
            readings = [trouble.read(reader, document, section, form_type) for reader in engine.readers.values()]
            work.append((section, form_type, [reading for reading in readings if reading is not None]))
    return [form_line(document, settled) for settled in _settle(document, work, engine, trouble)]


class _Trouble:
    """What went wrong inside a document, collected as failures without personal values."""

    def __init__(self) -> None:
        self.failures: list[FailureRow] = []
        self.tracebacks: list[str] = []

    def note(self, code: str, error: Exception, section: Section | None = None) -> None:
        """Keep an error: its kind and place, never its words, which may quote the document."""
        if isinstance(error, MemoryError):
            code = "memory"
        frames = traceback.extract_tb(error.__traceback__)
        place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
        message = english(f"failure.{code}", kind=type(error).__name__, place=place)
        form_type, ordinal = (section.form_type, section.ordinal) if section else (None, 0)
        self.failures.append(FailureRow(code, message, form_type, ordinal))
        self.tracebacks.append("".join([*traceback.format_list(frames), type(error).__name__, "\n"]))

    def read(self, reader: Reader, document: Document, section: Section, form_type: FormType) -> Reading | None:
        """The reading of a section; None, and a failure, where the reader breaks on it."""
        try:
            return reader(document, section, form_type)
        except Exception as error:
            self.note("reader.failed", error, section)
            return None


def _digitise(job: Job, bare: Job, engine: Engine, plan: Plan) -> Outcome:
    document, ingest_version, new_document = _document(job, engine, plan)
    placed = job.held.sections if job.held else None
    new_sections = None
    if placed is None:
        placed = new_sections = tuple(
            Placed(section, section_digest(document, section) if section.kind is SectionKind.FORM else "")
            for section in engine.segment(document, engine.form_types)
        )
    stored = job.held.readings if job.held else {}
    trouble = _Trouble()
    work: Work = []
    new_readings: list[ReadingRow] = []
    for each in placed:
        if each.section.form_type is None:
            continue
        form_type = engine.form_type(each.section.form_type)
        readings: list[Reading] = []
        keys = reading_keys(each, ingest_version, plan.versions, plan.readers)
        for reader, key in zip(plan.readers, keys, strict=True):
            if key in stored:
                readings.append(decode_reading(stored[key], each.section))
            elif reading := trouble.read(engine.readers[reader], document, each.section, form_type):
                readings.append(reading)
                version = plan.versions.reader[reader, form_type.name]
                payload = encode_reading(reading, each.section)
                new_readings.append(ReadingRow(key, each.digest, form_type.name, reader, version, payload))
        work.append((each.section, form_type, readings))
    settled = _settle(document, work, engine, trouble)
    return Outcome(
        job=bare,
        ingest=ingest_version,
        document=new_document,
        sections=new_sections,
        readings=tuple(new_readings),
        failures=tuple(trouble.failures),
        tally=_tally(settled),
        lines=_lines(document, settled, plan) if plan.lines else b"",
        tracebacks=tuple(trouble.tracebacks),
    )


def _document(job: Job, engine: Engine, plan: Plan) -> tuple[Document, str, DocumentRow | None]:
    """The document, the version of ingest that made it, and its row where that is new."""
    if job.held is not None:
        document = decode_document(job.held.payload, name=job.name, source=job.source, sha256=job.sha256)
        return document, job.held.ingest, None
    assert job.data is not None, "a job holds bytes or what the store holds"
    document = engine.ingest(job.name, job.source, job.data)
    version = plan.versions.ingest
    payload = encode_document(document)
    row = DocumentRow(job.sha256, version, document.origin, len(document.text), len(document.cells), payload)
    return document, version, row


def _settle(document: Document, work: Work, engine: Engine, trouble: _Trouble) -> list[Settled]:
    """Settle a dossier. Where a rule breaks, its forms are settled one by one and are wholly in review.

    What the broken rule would have found is not known, so nothing of these forms may pass for accepted.
    """
    try:
        return engine.settle(document, work)
    except Exception as error:
        broken = error
    settled: list[Settled] = []
    for section, form_type, readings in work:
        trouble.note("settle.failed", broken, section)
        try:
            [form] = engine.settle(document, [(section, form_type, readings)])
        except Exception:
            [form] = engine.settle(document, [(section, form_type, [])])
        states = dict.fromkeys(form.states, "review")
        settled.append(replace(form, states=states, review=[{"path": "", "reasons": ["settle.failed"]}]))
    return settled


def _lines(document: Document, settled: Sequence[Settled], plan: Plan) -> bytes:
    forms = sorted(settled, key=lambda form: (form.section.ordinal, form.form_type.name))
    lines = [line_bytes(form_line(document, form)) for form in forms if not (plan.only_settled and form.review)]
    return zlib.compress(b"".join(lines), 1) if lines else b""


def _tally(settled: Sequence[Settled]) -> Tally:
    tally = Tally(documents=1, formless=not settled, forms=len(settled))
    for form in settled:
        tally.untouched += not form.review
        tally.questions += len(form.review)
        tally.states.update(form.states.values())
        tally.findings.update((finding.check, finding.severity.value) for finding in form.findings)
    return tally
