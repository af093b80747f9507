"""What kind of file some bytes are: by their content, the name only where the content leaves it open.

Names lie: authorities publish HTML tables, RTF and Word files alike as `.doc` and `.xls`. This is the one place that
knows signatures.
"""

from __future__ import annotations

import io
import re
import zipfile
from enum import StrEnum
from pathlib import PurePosixPath

from pipeline.ingest import compound

__all__ = ["Kind", "kind_of"]


class Kind(StrEnum):
    """How a file is read."""

    TEXT = "text"
    PDF = "pdf"
    PICTURE = "picture"
    """One picture: JPEG, PNG, BMP, GIF, WebP, JPEG 2000."""
    TIFF = "tiff"
    """A picture that may have several pages."""
    WORD = "word"
    EXCEL = "excel"
    HTML = "html"
    """HTML and MHTML."""
    ZIP = "zip"
    """An archive. Of those that are no zip, `archive.members` says that they must be unpacked first."""
    LEGACY = "legacy"
    """What `legacy.convert` takes: old and open office formats, and OFD, of which it says what to do."""
    OTHER = "other"


_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51")
_TIFFS = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_ZIPS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_ARCHIVES = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd")
_BIFF = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08\x08\x00", b"\x09\x08\x10\x00")
"""Workbooks of Excel 2 to 5 that are not wrapped in a compound file."""
_HEAD = 64 * 1024
"""Bytes looked at: what Word puts before the body of a page it saved as HTML is some 20 kB."""
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_MARKUP_SUFFIXES = frozenset({".htm", ".html", ".xhtml", ".shtml", ".mht", ".mhtml", ".xls", ".et", ".doc", ".wps"})
_TAGS = "html|head|body|meta|title|link|base|style|script|center|font|form|table|tbody|tr|td|div|span|p|h[1-6]|br|img|a"
_OPENS_PAGE = re.compile(r"\s*(?:<\?xml[^>]*>|<!--.*?-->|\s)*(?:<!doctype\s+html\b|<html\b)", re.I | re.S)
_OPENS_MARKUP = re.compile(rf"\s*(?:<\?xml[^>]*>|<!--.*?-->|\s)*<(?:!\[|!doctype\b|(?:{_TAGS})\b)", re.I | re.S)
_HOLDS_MARKUP = re.compile(r"<(?:table|html|body|div|p)\b[^>]*>", re.I)
_MHTML = re.compile(
    r"\s*(?:[\w-]+:[^\n]*\n(?:[ \t][^\n]*\n)*)*?(?:MIME-Version:|Content-Type:\s*multipart/related)", re.I
)
_WORD_MAIN = re.compile(rb"wordprocessingml\.\w+\.main\+xml|ms-word\.\w+\.macroEnabled(?:Template)?\.main")
_EXCEL_MAIN = re.compile(rb"spreadsheetml\.\w+\.main\+xml|ms-excel\.\w+\.macroEnabled\.main")
_OFFICE_XML = (
    'progid="Excel.Sheet"',
    'progid="Word.Document"',
    "urn:schemas-microsoft-com:office:spreadsheet",
    "http://schemas.microsoft.com/office/word/2003/wordml",
    "http://schemas.microsoft.com/office/2006/xmlPackage",
    "urn:oasis:names:tc:opendocument:xmlns:office",
)


def kind_of(data: bytes, name: str) -> Kind:
    """The kind of a file of these bytes; `name` (only its suffix counts) decides between what the bytes leave open.

    Empty files and files of an unknown binary format have a kind as well (`text` and `other`): whether a file can be
    read is for its reader to say.
    """
    suffix = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    binary = _binary_kind(data, suffix)
    return binary if binary is not None else _text_kind(data[:_HEAD], suffix)


def _binary_kind(data: bytes, suffix: str) -> Kind | None:
    if data.startswith(_ZIPS):
        return _zip_kind(data, suffix)
    if data.startswith(_PICTURES) or (data.startswith(b"RIFF") and data[8:12] == b"WEBP"):
        return Kind.PICTURE
    if data.startswith(b"BM") and b"\x00" in data[:64]:
        return Kind.PICTURE
    if data.startswith(_TIFFS):
        return Kind.TIFF
    if data.startswith(compound.SIGNATURE) or data.startswith(_BIFF):
        return Kind.LEGACY
    if data.startswith(_ARCHIVES) or data[257:262] == b"ustar":
        return Kind.ZIP
    # Mail gateways and web servers put lines before the signature; readers look for it in the first 1,024 bytes.
    at = data[:1024].find(b"%PDF-")
    if at == 0 or (at > 0 and (suffix == ".pdf" or not data[:at].strip())):
        return Kind.PDF
    if data[:256].lstrip().startswith(b"{\\rtf"):
        return Kind.LEGACY
    return None


def _zip_kind(data: bytes, suffix: str) -> Kind:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            mimetype = _start_of(archive, "mimetype", 100)
            types = _start_of(archive, "[Content_Types].xml", 1 << 20)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        # Cut off: its list of members is lost, but each member still carries its name.
        head = data[: 1 << 20]
        names = {part for part in ("[Content_Types].xml", "OFD.xml") if part.encode() in head}
        names |= {"word/document.xml"} if b"word/" in head else {"xl/workbook.xml"} if b"xl/" in head else set()
        mimetype, types = data[30:100] if data[30:38] == b"mimetype" else b"", b""
    if "OFD.xml" in names or b"application/vnd.oasis.opendocument" in mimetype:
        return Kind.LEGACY
    if "[Content_Types].xml" in names:
        return _package_kind(names, types, suffix)
    return Kind.ZIP


def _package_kind(names: set[str], types: bytes, suffix: str) -> Kind:
    if b"application/vnd.ms-excel.sheet.binary" in types:
        return Kind.LEGACY
    if _WORD_MAIN.search(types):
        return Kind.WORD
    if _EXCEL_MAIN.search(types):
        return Kind.EXCEL
    if any(name.startswith("word/") for name in names):
        return Kind.WORD
    if any(name.startswith("xl/") for name in names):
        return Kind.EXCEL
    if types:
        return Kind.OTHER
    return {".docx": Kind.WORD, ".docm": Kind.WORD, ".xlsx": Kind.EXCEL, ".xlsm": Kind.EXCEL}.get(suffix, Kind.OTHER)


def _start_of(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """The first bytes of a member; nothing where it is missing or cannot be read."""
    try:
        with archive.open(name) as member:
            return member.read(most)
    except Exception:  # zipfile and the decompressors raise a dozen kinds of errors on hostile input
        return b""


def _text_kind(head: bytes, suffix: str) -> Kind:
    text = _decoded(head)
    if text is None:
        return Kind.OTHER
    start = text.lstrip("\ufeff\u200b")
    if start.lstrip().startswith("<") and any(mark in start[:4096] for mark in _OFFICE_XML[2:]):
        # A page that Excel saved names the same schemas, behind its <html>.
        if not _OPENS_PAGE.match(start):
            return Kind.LEGACY
    elif start.lstrip().startswith("<?xml") and any(mark in start[:1024] for mark in _OFFICE_XML[:2]):
        return Kind.LEGACY
    if _OPENS_PAGE.match(start) or (_MHTML.match(start[:8192]) and "multipart/" in start[:8192].lower()):
        return Kind.HTML
    if suffix in _MARKUP_SUFFIXES:
        return Kind.HTML if _HOLDS_MARKUP.search(start) or suffix in (".htm", ".html", ".xhtml") else Kind.TEXT
    # Tags leak into the text that a table OCR writes, so text that merely has some, even in front, stays text.
    if suffix not in (".txt", ".text", ".tsv", ".csv", ".tab", ".md") and _OPENS_MARKUP.match(start):
        return Kind.HTML
    return Kind.TEXT


def _decoded(head: bytes) -> str | None:
    """The first bytes as text, any undecodable byte replaced; None where they are no text at all."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return head.decode(encoding, "replace")
    if b"\x00" in head:
        return None
    # ASCII-compatible for all that is looked for, whatever the encoding.
    return head.decode("latin-1")
