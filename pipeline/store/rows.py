"""What goes into the store and comes out of it, as plain types that cross process borders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from pipeline.decisions import Anchor, Decision
from pipeline.source import Section

__all__ = [
    "AnswerRow",
    "BatchRow",
    "CallRow",
    "DocumentRow",
    "DossierRow",
    "DrawRow",
    "DrawnRow",
    "Entry",
    "FailureRow",
    "FormSpent",
    "Held",
    "ItemRow",
    "KeyedRow",
    "KeyingRow",
    "NameRow",
    "OpenFailure",
    "PageRow",
    "People",
    "Placed",
    "ReadingRow",
    "RequestRow",
    "RunRow",
    "Shelf",
    "SignOffRow",
    "Spent",
]


class NameRow(NamedTuple):
    """A document as a command knew it. `location` is the absolute path, which tells one input from another."""

    name: str
    source: str
    location: str
    sha256: str


class DocumentRow(NamedTuple):
    """A document as ingested by one version; `payload` is `codec.encode_document`'s."""

    sha256: str
    ingest: str
    origin: str
    characters: int
    cells: int
    payload: bytes


class PageRow(NamedTuple):
    """A page as recognised by one version of ingest, kept until its document is made; `codec.encode_page`'s payload."""

    sha256: str
    ingest: str
    page: int
    payload: bytes


class Placed(NamedTuple):
    """A section with the digest of its content; the digest is empty for other text, which nothing reads."""

    section: Section
    digest: str


class ReadingRow(NamedTuple):
    """A reading; `key` hashes all that its content depends on, `payload` is `codec.encode_reading`'s."""

    key: str
    digest: str
    form_type: str
    reader: str
    version: str
    payload: bytes


class AnswerRow(NamedTuple):
    """What a model answered to the request of that key: canonical JSON, or nothing where it was cut at the limit."""

    key: str
    digest: str
    form_type: str
    shape: str
    model: str
    cut: bool
    text: str


class CallRow(NamedTuple):
    """One call of a model about the section of that digest: how it ended, what it took.

    `cost` is in the currency of the prices. `origin` is the hash of a completion that came in a file, so that it is
    counted once; empty for a live call.
    """

    key: str
    digest: str
    model: str
    outcome: str
    status: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    cost: Decimal
    seconds: float
    origin: str = ""


class RequestRow(NamedTuple):
    """A request that was written to a file; `size` are the bytes of its body."""

    key: str
    digest: str
    form_type: str
    shape: str
    model: str
    size: int


class BatchRow(NamedTuple):
    """A batch that has not ended: `remote` is its name at the endpoint, None while it is not known to be there.

    `file` is what it was made of there, by which it can be found; `begun` is when it was first noted.
    """

    id: int
    url: str
    file: str
    requests: int
    begun: str
    remote: str | None


class Spent(NamedTuple):
    """Sums over calls."""

    calls: int = 0
    answers: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    cost: Decimal = Decimal(0)


class FormSpent(NamedTuple):
    """What calls of models took for one form."""

    document: str
    form_type: str
    ordinal: int
    spent: Spent


class FailureRow(NamedTuple):
    """What could not be read, and why, in a sentence without personal values.

    `form_type` and `ordinal` name the form, `page` the page; where they are None and 0 the whole document failed.
    `code` is stable.
    """

    code: str
    message: str
    form_type: str | None = None
    ordinal: int = 0
    page: int = 0

    @property
    def whole(self) -> bool:
        """Did the document as a whole fail?"""
        return self.form_type is None and not self.page


class ItemRow(NamedTuple):
    """Something that people are asked, as the index of the queue keeps it; `key` names its place in the source.

    Items of `rank` 0 come before all others. `same` is equal for items whose answer may be the same, and `value` is
    what was read there; both are empty for what has to be read one by one. `not_by` are people who may not answer.
    """

    key: str
    rank: int
    ordinal: int
    position: int
    form_type: str
    path: str
    reasons: tuple[str, ...]
    purpose: str
    body: str
    year: str
    same: str
    value: str
    not_by: tuple[str, ...]


class DossierRow(NamedTuple):
    """What settling said last of a document: by the versions hashed in `basis`, with decisions up to number `decision`.

    `open` counts questions, `lost` leaves that wait for another scan, `decided` decisions; `digest` hashes the records.
    """

    sha256: str
    document: str
    location: str
    basis: str
    decision: int
    forms: int
    open: int
    lost: int
    decided: int
    digest: str
    items: tuple[ItemRow, ...] = ()


class SignOffRow(NamedTuple):
    """Who vouched for what a document's forms said when it had this digest, and when."""

    sha256: str
    digest: str
    reviewer: str
    time: str


class DrawRow(NamedTuple):
    """A random sample of what was accepted: its seed, who drew it when, and of how many of each stratum."""

    seed: str
    reviewer: str
    time: str
    population: Mapping[str, int]
    id: int = 0


class DrawnRow(NamedTuple):
    """A leaf, or the rows of a form, that was drawn; `key` is that of its item."""

    key: str
    sha256: str
    stratum: str
    anchor: Anchor


class KeyingRow(NamedTuple):
    """A form that people key as a whole, without seeing what was read; `key` names its place in the source.

    `keyers` people do so, each for themselves.
    """

    key: str
    sha256: str
    anchor: Anchor
    keyers: int
    assigned_by: str
    time: str
    id: int = 0


class KeyedRow(NamedTuple):
    """What somebody keyed of one leaf of a form, or, with an empty path, that they began it or are done.

    The latest counts. `mark` says how the value is meant.
    """

    keying: int
    reviewer: str
    path: str
    mark: str
    value: str | None
    seconds: float
    time: str


class People(NamedTuple):
    """What people have to do with a document, however it is read: all that they decided about it, in order, and what of
    it was drawn for an audit."""

    decisions: tuple[Decision, ...] = ()
    drawn: tuple[DrawnRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """All that one document of a run adds to the store, written together or not at all.

    `sha256` is None for a file that could not be opened. `document` and `sections` are None where the store has them
    already; sections are those of segmentation `segmentation` of the document that `ingest` made.
    """

    name: str
    source: str
    location: str
    sha256: str | None
    ingest: str = ""
    segmentation: str = ""
    document: DocumentRow | None = None
    sections: tuple[Placed, ...] | None = None
    readings: tuple[ReadingRow, ...] = ()
    failures: tuple[FailureRow, ...] = ()
    dossier: DossierRow | None = None

    @property
    def page_failures(self) -> bool:
        """Could pages of the document not be recognised?"""
        return any(failure.page for failure in self.failures)

    @property
    def size(self) -> int:
        """Bytes of the payloads."""
        return sum(len(row.payload) for row in self.readings) + (len(self.document.payload) if self.document else 0)


@dataclass(frozen=True, slots=True)
class Held:
    """What the store holds of a document. `sections` is None where the segmentation asked for has not been stored."""

    ingest: str
    payload: bytes
    sections: tuple[Placed, ...] | None
    readings: Mapping[str, bytes] = field(default_factory=dict)


class OpenFailure(NamedTuple):
    """A failure that no later run has mended."""

    name: str
    source: str
    failure: FailureRow


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run of a command; `finished` and `outcome` are None for one that is under way or was killed."""

    id: int
    command: str
    started: str
    finished: str | None
    outcome: str | None
    counts: Mapping[str, object] = field(default_factory=dict)
    arguments: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Counts of what is in the store, by the versions asked for.

    `documents` counts names; `held` those with cells, `current` those ingested and segmented by the current versions,
    `forms` the forms of the latter and `read` the forms with a current reading.
    """

    documents: int
    held: int
    current: int
    forms: int
    read: int
