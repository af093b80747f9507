"""A document's whole way: bytes → cells → sections → readings → settled forms → export lines.

Nothing here knows a store or a process. A `Job` goes in and an `Outcome` comes out, both plain and picklable. What goes
wrong with a document, a page or a form of it is part of the outcome and never ends anything else.

A document with pages to be recognised takes several jobs: the first says which pages are wanted, each of these is a job
of its own, and a last one has them all. An archive is a job whose outcome is its members, as files.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.agreement import agree
from pipeline.codec import (
    decode_document,
    decode_page,
    decode_reading,
    encode_document,
    encode_page,
    encode_reading,
    section_digest,
)
from pipeline.decisions import Decision
from pipeline.dossier import Indexer
from pipeline.errors import DocumentError
from pipeline.forms import pattern
from pipeline.ingest import Wanted, digest, failed_page
from pipeline.ingest.limits import Limits
from pipeline.ingest.page import PageContent
from pipeline.lines import form_line, line_bytes
from pipeline.messages import english
from pipeline.model.request import Request
from pipeline.readers import LLM
from pipeline.reading import Reading
from pipeline.recut import recut
from pipeline.source import Document, Section, SectionKind
from pipeline.store.rows import DocumentRow, DossierRow, FailureRow, Held, People, Placed, ReadingRow
from pipeline.trouble import Reader, Trouble
from pipeline.versions import Versions, reading_keys

if TYPE_CHECKING:
    from pipeline.forms import FormType
    from pipeline.ingest.archive import Member
    from pipeline.readers.llm import Asking, Known
    from pipeline.settle import Settled

__all__ = [
    "Engine",
    "Job",
    "Outcome",
    "Plan",
    "Settle",
    "StoredWork",
    "Tally",
    "Unpacked",
    "Work",
    "digitise",
    "digitise_file",
    "installed_engine",
    "read_stored",
]

Work = list[tuple[Section, "FormType", list[Reading]]]
"""The forms of a document with their readings; a form without readings is one that could not be read."""
Settle = Callable[[Document, Work, Sequence[Decision]], "list[Settled]"]


@dataclass(frozen=True)
class Engine:
    """The steps of a document's way. Tests put failing ones in."""

    form_types: tuple[FormType, ...]
    ingest: Callable[..., Document | Wanted]
    recognise: Callable[[str, Sequence[bytes], int, Limits], PageContent]
    is_archive: Callable[[str, bytes], bool]
    members: Callable[[bytes, Limits], Iterator[Member]]
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
    from pipeline.ingest import ingest, is_archive, recognise
    from pipeline.segment import segment
    from pipeline.settle import settle

    return Engine(form_types(), ingest, recognise, is_archive, _members, segment, {"table": _read_table}, settle)


def _read_table(document: Document, section: Section, form_type: FormType) -> Reading:
    from pipeline.readers.table import read

    return read(document, section, form_type)


def _members(data: bytes, limits: Limits) -> Iterator[Member]:
    from pipeline.ingest.archive import members

    return members(data, limits)


@dataclass(frozen=True)
class Plan:
    """What is the same for every document of a command: versions, readers, and which export lines are wanted."""

    versions: Versions
    readers: tuple[str, ...] = ("table",)
    lines: bool = False
    only_settled: bool = False
    """Only lines of forms that have nothing in review."""
    index: bool = False
    """What is asked of people about the document is wanted, for the queue."""
    limits: Limits = field(default_factory=Limits)
    spool: str = ""
    """Folder for the members of archives; the run that made it removes it."""
    asking: Asking | None = None
    """What a model is asked, where one is among the readers."""
    tie_break: Asking | None = None
    """What another model is asked about leaves on which the readers differ."""
    cascade: bool = False
    """The model is asked only about forms that are not clear without it."""


@dataclass(frozen=True, slots=True)
class Job:
    """One document to digitise: its bytes, the files that hold them, or what the store holds of it.

    What the store holds is not computed again. With `page` only that page is to be recognised. `pages` are those that
    have been, encoded, or the failure of one that could not be. `known` is what became of requests to a model, by key;
    `people` what people decided about the document, whoever reads it.
    """

    name: str
    source: str
    location: str
    sha256: str
    data: bytes | None = None
    held: Held | None = None
    paths: tuple[str, ...] = ()
    page: int = 0
    pages: Mapping[int, bytes | FailureRow] = field(default_factory=dict)
    known: Mapping[str, Known] = field(default_factory=dict)
    people: People = field(default_factory=People)

    @property
    def bare(self) -> Job:
        """The job without what it carries, save what people have to do with its document."""
        return Job(self.name, self.source, self.location, self.sha256, page=self.page, people=self.people)


class Unpacked(NamedTuple):
    """A member of an archive: its name inside, and the file it was unpacked to or why it could not be."""

    name: str
    path: str
    size: int
    failure: FailureRow | None = None


@dataclass(slots=True)
class Tally:
    """Counts over settled forms; they add up.

    `questions` are entries of the review lists, `untouched` forms without any. `spared` are forms that a cascade did
    not ask a model about. `states` counts leaves, `findings` counts (check, severity).
    """

    documents: int = 0
    formless: int = 0
    forms: int = 0
    untouched: int = 0
    questions: int = 0
    spared: int = 0
    states: Counter[str] = field(default_factory=Counter)
    findings: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Add another tally to this one."""
        self.documents += other.documents
        self.formless += other.formless
        self.forms += other.forms
        self.untouched += other.untouched
        self.questions += other.questions
        self.spared += other.spared
        self.states.update(other.states)
        self.findings.update(other.findings)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job.

    `document`, `sections` and `readings` are what is new and belongs in the store, `dossier` what people are asked, if
    the plan wants it. `lines` are the export lines of the document's forms, compressed, if it wants those. `tracebacks`
    is for the log: frames without values.

    An outcome with `wanted`, `page`, `members` or `requests` is a step on the way: pages to be recognised first, one
    recognised page, the members of an archive, what a model is to be asked.
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
    wanted: tuple[int, ...] = ()
    page: bytes = b""
    members: tuple[Unpacked, ...] = ()
    requests: tuple[Request, ...] = ()
    dossier: DossierRow | None = None

    @property
    def failed(self) -> bool:
        """Did the document as a whole fail?"""
        return any(failure.whole for failure in self.failures)


def digitise(job: Job, engine: Engine, plan: Plan) -> Outcome:
    """Do one job; never raises an `Exception`."""
    try:
        return _digitise(job, engine, plan)
    except DocumentError as error:
        return Outcome(job.bare, failures=(FailureRow(error.code, str(error), page=job.page),))
    except Exception as error:
        trouble = Trouble()
        trouble.note("internal", error, page=job.page)
        return Outcome(job.bare, failures=tuple(trouble.failures), tracebacks=tuple(trouble.tracebacks))


class StoredWork(NamedTuple):
    """A stored document with its forms as they were read, to be settled again and again.

    `lost` are decisions on sections that have no place any more. With `requests` it is of no use yet.
    """

    document: Document
    work: Work
    lost: Sequence[Decision]
    requests: Sequence[Request]


def read_stored(job: Job, engine: Engine, plan: Plan) -> StoredWork:
    """Read what the store holds of a document. A form that its reader breaks on has no reading, as in a run."""
    assert job.held is not None, "the document is in the store"
    document, ingest, _ = _stored_document(job.held, job)
    placed = job.held.sections
    if placed is None:
        placed = _placed(document, engine)
    forms, lost = _as_decided(document, placed, job.people.decisions, engine)
    sections = _Sections(document, job, ingest, engine, plan, Trouble())
    work = sections.read(forms)
    return StoredWork(document, work, lost, sections.requests)


def digitise_file(name: str, files: bytes | Sequence[bytes], limits: Limits | None = None) -> list[dict[str, Any]]:
    """The export lines of the forms in one document, by the installed engine, without store or processes.

    Several files are the pictures that are its pages. The members of an archive come one after the other; one that
    cannot be read is left out. Raises `DocumentError` where the bytes are no document that can be read. A form that its
    reader fails on is a line that is wholly in review, as in a run.
    """
    engine = installed_engine()
    limits = limits or Limits()
    files = [files] if isinstance(files, bytes) else files
    if len(files) == 1 and engine.is_archive(name, files[0]):
        found: list[dict[str, Any]] = []
        for member in engine.members(files[0], limits):
            with suppress(DocumentError):
                found += digitise_file(f"{name}/{member.name}", member.data, limits) if member.data else []
        return found
    document = engine.ingest(name, name, files, limits)
    assert isinstance(document, Document), "nothing is wanted where everything is recognised at once"
    work: Work = []
    trouble = Trouble()
    for section in engine.segment(document, engine.form_types):
        if section.form_type is not None:
            form_type = engine.form_type(section.form_type)
            readings = [trouble.read(reader, document, section, form_type) for reader in engine.readers.values()]
            work.append((section, form_type, [reading for reading in readings if reading is not None]))
    return [form_line(document, settled) for settled in _settle(document, work, (), engine, trouble)]


def _digitise(job: Job, engine: Engine, plan: Plan) -> Outcome:
    files = _files(job) if job.held is None else ()
    if job.page:
        content = engine.recognise(job.name, files, job.page, plan.limits)
        return Outcome(job.bare, page=encode_page(content))
    if len(files) == 1 and engine.is_archive(job.name, files[0]):
        return Outcome(job.bare, members=tuple(_unpacked(job, files[0], engine, plan)))
    made = _document(job, files, engine, plan)
    if isinstance(made, Wanted):
        return Outcome(job.bare, wanted=made.pages)
    document, ingest_version, new_document = made
    placed = job.held.sections if job.held else None
    new_sections = None
    if placed is None:
        placed = new_sections = _placed(document, engine)
    trouble = Trouble()
    decisions, drawn = job.people
    forms, lost = _as_decided(document, placed, decisions, engine)
    section_work = _Sections(document, job, ingest_version, engine, plan, trouble)
    settled = section_work.settle(forms)
    requests = tuple(section_work.requests)
    index = None
    if plan.index and not requests:
        index = Indexer(document, job.location, plan.versions.basis).row(settled, decisions, lost, drawn)
    return Outcome(
        job=job.bare,
        ingest=ingest_version,
        document=new_document,
        sections=new_sections,
        readings=tuple(section_work.new),
        failures=() if requests else (*_page_failures(job, document), *trouble.failures),
        tally=Tally() if requests else _tally(settled, section_work.spared),
        lines=_lines(document, settled, plan) if plan.lines and not requests else b"",
        tracebacks=tuple(trouble.tracebacks),
        requests=requests,
        dossier=index,
    )


def _placed(document: Document, engine: Engine) -> tuple[Placed, ...]:
    """The sections of a document, with the digests of those that are read."""
    return tuple(
        Placed(section, section_digest(document, section) if section.kind is SectionKind.FORM else "")
        for section in engine.segment(document, engine.form_types)
    )


def _as_decided(
    document: Document, placed: Sequence[Placed], decisions: Sequence[Decision], engine: Engine
) -> tuple[Sequence[Placed], list[Decision]]:
    """The sections as people decided, and decisions that have no place any more.

    Sections that were cut by a person have no stored readings: they are read each time, which is rare and cheap.
    """
    if not any(decision.kind.of_section for decision in decisions):
        return placed, []
    sections, lost = recut(document, [each.section for each in placed], engine.form_types, decisions)
    cells = {(each.section.first, each.section.last): each.digest for each in placed}
    made = []
    for section in sections:
        digest = cells.get((section.first, section.last)) or section_digest(document, section)
        made.append(Placed(section, digest if section.kind is SectionKind.FORM else ""))
    return made, lost


class _Sections:
    """The sections of a document on their way: readings out of the store or anew, and what a model is to be asked."""

    def __init__(self, document: Document, job: Job, ingest: str, engine: Engine, plan: Plan, trouble: Trouble) -> None:
        self.new: list[ReadingRow] = []
        self.requests: list[Request] = []
        self.spared = 0
        self._document = document
        self._job = job
        self._ingest = ingest
        self._engine = engine
        self._plan = plan
        self._trouble = trouble
        self._stored = job.held.readings if job.held else {}
        self._decisions = job.people.decisions

    def settle(self, placed: Sequence[Placed]) -> list[Settled]:
        """Read the forms among the sections and settle them; of no use where there are requests."""
        work = self.read(placed)
        return [] if self.requests else self._settled(work)

    def read(self, placed: Sequence[Placed]) -> Work:
        """Read the forms among the sections; of no use where there are requests."""
        forms = [each for each in placed if each.section.form_type is not None]
        readers = [reader for reader in self._plan.readers if reader != LLM]
        work: Work = [(each.section, self._type(each), self._read(each, readers)) for each in forms]
        if self._plan.asking is None:
            return work
        doubtful = [True] * len(forms)
        if self._plan.cascade:
            settled = _settle(self._document, work, self._decisions, self._engine, Trouble())
            doubtful = [bool(form.review) for form in settled]
            self.spared = doubtful.count(False)
        for each, (_, _, readings), ask in zip(forms, work, doubtful, strict=True):
            if ask:
                readings.extend(self._ask(each))
                readings.extend(self._tie_break(each, readings))
        return work

    def _settled(self, work: Work) -> list[Settled]:
        return _settle(self._document, work, self._decisions, self._engine, self._trouble)

    def _type(self, placed: Placed) -> FormType:
        assert placed.section.form_type is not None
        return self._engine.form_type(placed.section.form_type)

    def _key(self, placed: Placed, reader: str) -> str:
        return reading_keys(placed, self._ingest, self._plan.versions, [reader])[0]

    def _read(self, placed: Placed, readers: Sequence[str]) -> list[Reading]:
        """The readings of a section by readers that need nobody's answer."""
        readings: list[Reading] = []
        form_type = self._type(placed)
        for reader in readers:
            key = self._key(placed, reader)
            if key in self._stored:
                readings.append(decode_reading(self._stored[key], placed.section))
                continue
            function = self._engine.readers[reader]
            reading = self._trouble.read(function, self._document, placed.section, form_type)
            if reading is not None:
                readings.append(self._keep(placed, key, reading))
        return readings

    def _keep(self, placed: Placed, key: str, reading: Reading) -> Reading:
        form_type = self._type(placed)
        version = self._plan.versions.reader[reading.reader, form_type.name]
        payload = encode_reading(reading, placed.section)
        self.new.append(ReadingRow(key, placed.digest, form_type.name, reading.reader, version, payload))
        return reading

    def _ask(self, placed: Placed) -> list[Reading]:
        """The model's reading of a section; none where its answers have to be asked for first."""
        asking = self._plan.asking
        assert asking is not None
        key = self._key(placed, LLM)
        if key in self._stored:
            return [decode_reading(self._stored[key], placed.section)]
        form_type = self._type(placed)
        from pipeline.readers import llm

        asked = llm.ask(self._document, placed.section, form_type, placed.digest, asking, self._job.known)
        if asked.missing:
            self.requests.extend(asked.missing)
            return []
        if asked.problem:
            self._trouble.model(asked.problem, placed.section)
            return [Reading.failed(LLM, asked.problem)]

        def understand(document: Document, section: Section, form_type: FormType) -> Reading:
            answer, numbered = asked.answer, asked.numbered
            return llm.read_answer(document, section, form_type, answer, quotes=asking.quotes, numbered=numbered)

        reading = self._trouble.read(understand, self._document, placed.section, form_type)
        return [Reading.failed(LLM, "reader.failed") if reading is None else self._keep(placed, key, reading)]

    def _tie_break(self, placed: Placed, readings: Sequence[Reading]) -> list[Reading]:
        """Another model's reading of the leaves on which the table reader and the model differ, if that is wanted."""
        asking = self._plan.tie_break
        if asking is None or len(readings) != 2 or not all(reading.leaves for reading in readings):
            return []
        document, section, form_type = self._document, placed.section, self._type(placed)
        agreement = agree(document, section, form_type, *readings)
        leaves = {path: agreement.begin(path) for path in agreement.disputed if pattern(path) in form_type.leaves}
        if not leaves:
            return []
        from pipeline.readers import llm

        asked = llm.ask_leaves(document, section, form_type, placed.digest, asking, self._job.known, leaves)
        self.requests.extend(asked.missing)
        if asked.missing or asked.problem:
            return []
        return [llm.read_leaves(document, section, form_type, asked.answer, list(leaves), asking.model)]


def _files(job: Job) -> Sequence[bytes]:
    """The bytes of a job, out of its files where it does not carry them."""
    return [job.data] if job.data is not None else _load(job.paths, job.sha256)


@lru_cache(maxsize=1)
def _load(paths: tuple[str, ...], sha256: str) -> tuple[bytes, ...]:
    """The files of a document; its pages ask for them one after the other."""
    try:
        files = tuple(Path(path).read_bytes() for path in paths)
    except OSError:
        files = ()
    if digest(files) != sha256:
        raise DocumentError("changed", "the file changed while it was read; run the same command again")
    return files


def _unpacked(job: Job, data: bytes, engine: Engine, plan: Plan) -> Iterator[Unpacked]:
    """The members of an archive, each in a file of the spool."""
    for number, member in enumerate(engine.members(data, plan.limits)):
        if member.data is None:
            failure = member.failure
            code, message = (failure.code, str(failure)) if failure else ("damaged", "the member cannot be unpacked")
            yield Unpacked(member.name, "", 0, FailureRow(code, message))
        else:
            path = Path(plan.spool, f"{job.sha256[:16]}-{number}")
            path.write_bytes(member.data)
            yield Unpacked(member.name, str(path), len(member.data))


def _document(
    job: Job, files: Sequence[bytes], engine: Engine, plan: Plan
) -> tuple[Document, str, DocumentRow | None] | Wanted:
    """The document, the version of ingest that made it, and its row where that is new."""
    if job.held is not None:
        return _stored_document(job.held, job)
    recognised = {
        page: failed_page(page) if isinstance(found, FailureRow) else decode_page(found)
        for page, found in job.pages.items()
    }
    made = engine.ingest(job.name, job.source, files, plan.limits, recognised=recognised)
    if isinstance(made, Wanted):
        return made
    version = plan.versions.ingest
    if _page_failures(job, made):
        # Never taken for what this version makes of the document: the next run tries the pages again.
        version = version[:-1] + "!"
    payload = encode_document(made)
    return made, version, DocumentRow(job.sha256, version, made.origin, len(made.text), len(made.cells), payload)


def _stored_document(held: Held, job: Job) -> tuple[Document, str, None]:
    document = decode_document(held.payload, name=job.name, source=job.source, sha256=job.sha256)
    return document, held.ingest, None


def _page_failures(job: Job, document: Document) -> list[FailureRow]:
    """Why pages of the document could not be read."""
    failures = []
    for page in document.pages:
        if page.note == "page.failed":
            found = job.pages.get(page.number)
            if not isinstance(found, FailureRow):
                found = FailureRow("page.failed", english("failure.page.failed"), page=page.number)
            failures.append(found)
    return failures


def _settle(
    document: Document, work: Work, decisions: Sequence[Decision], engine: Engine, trouble: Trouble
) -> list[Settled]:
    """Settle a dossier. Where a rule breaks, its forms are settled one by one and are wholly in review.

    What the broken rule would have found is not known, so nothing of these forms may pass for accepted.
    """
    try:
        return engine.settle(document, work, decisions)
    except Exception as error:
        broken = error
    settled: list[Settled] = []
    for section, form_type, readings in work:
        trouble.note("settle.failed", broken, section)
        try:
            [form] = engine.settle(document, [(section, form_type, readings)], ())
        except Exception:
            [form] = engine.settle(document, [(section, form_type, [])], ())
        states = dict.fromkeys(form.states, "review")
        asked = dict.fromkeys(form.states, ("settle.failed",))
        settled.append(replace(form, states=states, review=[{"path": "", "reasons": ["settle.failed"]}], asked=asked))
    return settled


def _lines(document: Document, settled: Sequence[Settled], plan: Plan) -> bytes:
    forms = sorted(settled, key=lambda form: (form.section.ordinal, form.form_type.name))
    lines = [line_bytes(form_line(document, form)) for form in forms if not (plan.only_settled and form.review)]
    return zlib.compress(b"".join(lines), 1) if lines else b""


def _tally(settled: Sequence[Settled], spared: int) -> Tally:
    tally = Tally(documents=1, formless=not settled, forms=len(settled), spared=spared)
    for form in settled:
        tally.untouched += not form.review
        tally.questions += len(form.review)
        tally.states.update(form.states.values())
        tally.findings.update((finding.check, finding.severity.value) for finding in form.findings)
    return tally
