"""Bytes into documents. One module a format; this one chooses among them by what a file holds, not by its suffix.

Plain text becomes cells at once. Every other format becomes pages first: those that hold characters are read in one go,
those that hold pictures are recognised one by one, which takes seconds a page and may be done elsewhere (`recognise`).
"""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import overload

from pipeline.errors import DocumentError
from pipeline.ingest.kinds import Kind, kind_of
from pipeline.ingest.limits import Limits
from pipeline.ingest.page import PageContent
from pipeline.ingest.text import decode, text_cells
from pipeline.source import Document, Origin, Page

__all__ = ["Wanted", "digest", "failed_page", "ingest", "is_archive", "is_plain", "recognise"]

_DPI = 200.0
"""Resolution at which pages without one of their own are recognised."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A document cannot be made yet: these pages, from 1, have to be recognised first."""

    pages: tuple[int, ...]


def digest(files: Sequence[bytes]) -> str:
    """SHA-256 of the files of one document, one behind the other."""
    whole = hashlib.sha256()
    for data in files:
        whole.update(data)
    return whole.hexdigest()


def is_archive(name: str, data: bytes) -> bool:
    """Is it an archive, whose members are documents of their own?"""
    return kind_of(data, name) is Kind.ZIP


def is_plain(name: str, head: bytes) -> bool:
    """Do the first bytes of a file say that it is plain text, which needs no protection from what it holds?"""
    return kind_of(head, name) is Kind.TEXT


@overload
def ingest(
    name: str, source: str, files: Sequence[bytes], limits: Limits | None = None, *, recognised: None = None
) -> Document: ...


@overload
def ingest(
    name: str,
    source: str,
    files: Sequence[bytes],
    limits: Limits | None = None,
    *,
    recognised: Mapping[int, PageContent] | None,
) -> Document | Wanted: ...


def ingest(
    name: str,
    source: str,
    files: Sequence[bytes],
    limits: Limits | None = None,
    *,
    recognised: Mapping[int, PageContent] | None = None,
) -> Document | Wanted:
    """Make a document of the bytes of one file, or of several pictures that are its pages.

    With `recognised`, nothing is recognised here: where a page that must be is not among these, the pages wanted come
    back instead of a document. Raises `DocumentError` with one sentence where the bytes are no document that can be
    read.
    """
    limits = limits or Limits()
    sha256 = digest(files)
    if len(files) == 1 and kind_of(files[0], name) in (Kind.TEXT, Kind.OTHER):
        text = decode(files[0])
        return Document(name, source, sha256, Origin.UNKNOWN, text, text_cells(text))
    opened = _open(name, files, sha256, limits)
    if recognised is not None and any(page not in recognised for page in opened.wanted):
        return Wanted(opened.wanted)
    contents = []
    for page in range(1, opened.pages + 1):
        known = recognised.get(page) if recognised is not None else None
        contents.append(known if known is not None else opened.read(page))
    from pipeline.ingest.assembly import assemble

    text, cells = assemble(contents, limits)
    pages = tuple(content.page for content in contents)
    digital = any(page.origin is Origin.DIGITAL for page in pages)
    origin = Origin.DIGITAL if digital else Origin.RECOGNISED
    return Document(name, source, sha256, origin, text, cells, pages)


def failed_page(page: int) -> PageContent:
    """What stands for a page that could not be read."""
    return PageContent(Page(page, 0, 0, "points", Origin.RECOGNISED, note="page.failed"))


def recognise(name: str, files: Sequence[bytes], page: int, limits: Limits) -> PageContent:
    """Recognise one page, counted from 1, of a document.

    Raises `DocumentError` where the page cannot be had.
    """
    return _open(name, files, digest(files), limits).read(page)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A document whose pages can be read one by one. `wanted` are those that have to be recognised."""

    sha256: str
    limits: Limits
    pages: int
    wanted: tuple[int, ...]
    read: Callable[[int], PageContent]


_last: list[_Opened] = []
"""The document opened last: its pages come one after the other."""


def _open(name: str, files: Sequence[bytes], sha256: str, limits: Limits) -> _Opened:
    if _last and _last[0].sha256 == sha256 and _last[0].limits == limits:
        return _last[0]
    _last.clear()
    if not any(data.strip() for data in files):
        raise DocumentError("empty", "the file is empty; check that it was copied completely")
    kind = kind_of(files[0], name)
    if len(files) > 1 or kind in (Kind.PICTURE, Kind.TIFF):
        opened = _open_pictures(files, sha256, limits)
    elif kind is Kind.PDF:
        opened = _open_pdf(files[0], sha256, limits)
    else:
        contents = _contents(name, kind, files[0], limits)
        opened = _Opened(sha256, limits, len(contents), (), lambda page: contents[page - 1])
    _last.append(opened)
    return opened


def _open_pictures(files: Sequence[bytes], sha256: str, limits: Limits) -> _Opened:
    """Pictures: one page a frame, all of them to be recognised."""
    from pipeline.ingest import scan

    frames = [(data, index) for data in files for index in range(scan.frame_count(data, limits))]
    if len(frames) > limits.pages:
        raise DocumentError(
            "too_many.pages", f"the document has {len(frames):,} pages, more than {limits.pages:,}; raise limits.pages"
        )

    def read(page: int) -> PageContent:
        data, index = frames[page - 1]
        content = scan.read_picture(scan.frame(data, index, limits), number=page, limits=limits)
        _give_back()
        return content

    return _Opened(sha256, limits, len(frames), tuple(range(1, len(frames) + 1)), read)


def _open_pdf(data: bytes, sha256: str, limits: Limits) -> _Opened:
    """A PDF: pages with trustworthy text are read at once, the others are to be recognised."""
    from pipeline.ingest import pdf

    document = pdf.open_pdf(data, limits)
    contents: dict[int, PageContent] = {}
    reasons: dict[int, str] = {}
    for page in range(1, document.page_count + 1):
        plan = pdf.plan_page(document, page - 1)
        if plan.way is pdf.Way.RECOGNISE:
            reasons[page] = plan.reason
        else:
            try:
                contents[page] = pdf.read_page(document, page - 1, limits, plan)
            except DocumentError as error:
                if error.code != "page.failed":
                    raise
                contents[page] = failed_page(page)

    if document.is_repaired:
        if not reasons and not any(content.blocks for content in contents.values()):
            raise DocumentError(
                "damaged", "the PDF is damaged or cut short; fetch it again, or open it and save a copy"
            )
        contents = {page: _noted(content, "file.repaired") for page, content in contents.items()}

    def read(page: int) -> PageContent:
        if page in contents:
            return contents[page]
        from pipeline.ingest import scan

        image, scale = pdf.render(document, page - 1, _DPI, limits)
        content = scan.read_picture(image, number=page, scale=scale, unit="points", limits=limits)
        _give_back()
        return _noted(content, reasons[page])

    return _Opened(sha256, limits, document.page_count, tuple(reasons), read)


def _give_back() -> None:
    """Hand freed memory back to the system: a page's pictures leave 150 MB in the allocator, where that is glibc's."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _noted(content: PageContent, note: str) -> PageContent:
    """The page with a note, unless it has one."""
    return replace(content, page=content.page._replace(note=content.page.note or note))


def _contents(name: str, kind: Kind, data: bytes, limits: Limits) -> list[PageContent]:
    """Sheets of the formats without pages."""
    if kind is Kind.WORD:
        from pipeline.ingest.word import read_word

        return read_word(data, limits)
    if kind is Kind.EXCEL:
        from pipeline.ingest.excel import read_excel

        return read_excel(data, limits)
    if kind is Kind.HTML:
        from pipeline.ingest.html import read_html

        return read_html(data, limits)
    if kind is Kind.LEGACY:
        from pipeline.ingest.legacy import convert

        converted, bytes_now = convert(data, PurePath(name).suffix.lower(), limits)
        return _contents(converted, kind_of(bytes_now, converted), bytes_now, limits)
    raise AssertionError(f"{kind} is no format of sheets")
