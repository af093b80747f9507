"""The container of a .docx or .xlsx: parts of a zip file as streams, with its dangers kept out.

Three attacks end here: archives that unpack to gigabytes, document type definitions (entities that multiply or read
files), and what is encrypted or cut off.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
from collections.abc import Callable, Iterator
from functools import lru_cache
from types import TracebackType
from typing import Any, BinaryIO
from xml.parsers import expat

from lxml import etree  # type: ignore[import-untyped,unused-ignore]

from pipeline.errors import DocumentError
from pipeline.ingest import compound
from pipeline.ingest.limits import Limits

__all__ = ["Element", "Package", "local", "refuse_entities"]

Element = Any
"""An element of lxml, which has no types."""

_RATIO = 400
"""How many times its size a part may unpack to; the sheet of a million formatted blank rows unpacks to 25 times."""
_RATIO_FROM = 16 * 1024 * 1024
"""Unpacked bytes from which the ratio counts."""
_ELEMENT = 128 * 1024 * 1024
"""Bytes of one element taken in as a whole: a table of 500 forms has some 80 MB and takes 0.6 GB as a tree."""
_CHUNK = 64 * 1024


def local(element: Element) -> str:
    """The name of an element without its namespace, which differs between the strict and the usual variant."""
    return _local(element.tag)


@lru_cache(maxsize=4096)
def _local(tag: object) -> str:
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def refuse_entities(stream: BinaryIO) -> None:
    """Read up to the first element of an XML stream; raise `DocumentError` if a document type comes before it.

    Office programs never write one, and entities, which multiply and read files, can be declared nowhere else.
    """
    state = {"element": False}

    def element(*_: object) -> None:
        state["element"] = True

    def doctype(*_: object) -> None:
        raise DocumentError(
            "xml.entities",
            "the file declares XML entities, as attacks do; open it in an office program and save it again",
        )

    parser = expat.ParserCreate()
    parser.StartElementHandler = element
    parser.StartDoctypeDeclHandler = doctype
    try:
        while not state["element"] and (chunk := stream.read(_CHUNK)):
            parser.Parse(chunk, False)
    except expat.ExpatError:
        if not state["element"]:
            raise _damaged() from None


class Package:
    """An open container. Use it as a context manager."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        """Open the container. Raises `DocumentError`: `empty`, `encrypted`, `damaged`, `too_many.…`."""
        if not data:
            raise DocumentError("empty", "the file is empty; check that it was copied completely")
        if data.startswith(compound.SIGNATURE) and compound.is_encrypted(data):
            raise DocumentError("encrypted", "the file is protected by a password; save it without one")
        self._limits = limits
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
            raise _damaged() from None
        infos = self._zip.infolist()
        if len(infos) > limits.members:
            raise DocumentError(
                "too_many.members",
                f"the file has more than {limits.members:,} parts; it is no document of an office program",
            )
        if sum(info.file_size for info in infos) > limits.file_bytes:
            raise self._too_large()
        if any(_is_absurd(info.file_size, info.compress_size) for info in infos):
            raise self._too_large()
        self._names = {info.filename.lstrip("/").lower(): info for info in infos}
        self._read = 0

    def __enter__(self) -> Package:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def __contains__(self, part: str) -> bool:
        return part.lstrip("/").lower() in self._names

    def open(self, part: str) -> BinaryIO:
        """A part as a stream of bytes that fails once it unpacks to more than the limits allow.

        Errors of the stream are `DocumentError`s: `damaged`, `too_many.bytes`, `xml.entities`.
        """
        info = self._names.get(part.lstrip("/").lower())
        if info is None:
            raise _damaged()
        refuse_entities(self._stream(info))
        return self._stream(info)

    def raw(self, part: str) -> bytes:
        """A part that is no XML, whole."""
        info = self._names.get(part.lstrip("/").lower())
        if info is None:
            raise _damaged()
        return self._stream(info).read()

    def tree(self, part: str) -> Element:
        """The root element of a small part of XML, whole in memory."""
        stream = self.open(part)
        try:
            return etree.parse(stream, _parser()).getroot()
        except etree.XMLSyntaxError:
            raise _damaged() from None

    def events(self, part: str, parents: frozenset[str], *names: str) -> Iterator[Element]:
        """The elements of these local names below such parents, each when it is complete, for parts of any size.

        An element is emptied once the next one is asked for.
        """
        stream = _Paced(self.open(part), self._too_large)
        try:
            for _, element in etree.iterparse(
                stream,
                events=("end",),
                tag=tuple(f"{{*}}{name}" for name in names),
                resolve_entities=False,
                no_network=True,
                load_dtd=False,
                huge_tree=False,
            ):
                parent = element.getparent()
                if parent is None or local(parent) not in parents:
                    continue
                yield element
                stream.since = 0
                element.clear()
                while element.getprevious() is not None:
                    del parent[0]
        except etree.XMLSyntaxError:
            raise _damaged() from None

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """What a part refers to, by id: the last word of the relation's type, and the path of the part meant.

        External targets (links, files elsewhere) are left out: nothing is ever fetched.
        """
        folder, name = posixpath.split(part.lstrip("/"))
        rels = posixpath.join(folder, "_rels", f"{name}.rels")
        found: dict[str, tuple[str, str]] = {}
        if rels not in self:
            return found
        for relation in self.tree(rels):
            target = relation.get("Target", "") if isinstance(relation.tag, str) else ""
            if not target or relation.get("TargetMode") == "External":
                continue
            path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            found[relation.get("Id", "")] = (relation.get("Type", "").rpartition("/")[2], path)
        return found

    def main_part(self, usual: str) -> str:
        """The path of the document or workbook itself; some writers do not use the usual one."""
        for kind, path in self.relations("").values():
            if kind == "officeDocument" and path in self:
                return path
        if usual in self:
            return usual
        raise _damaged()

    def _stream(self, info: zipfile.ZipInfo) -> BinaryIO:
        if info.flag_bits & 1:
            raise DocumentError("encrypted", "the file is protected by a password; save it without one")
        return io.BufferedReader(_Counted(self._zip, info, self._limits.file_bytes, self._too_large), _CHUNK)

    def _too_large(self) -> DocumentError:
        return DocumentError(
            "too_many.bytes",
            f"the file unpacks to more than {self._limits.file_bytes >> 20} MB, or is packed as no program packs; "
            "split it, or open it and save it again",
        )


class _Counted(io.RawIOBase):
    """A member of a zip as it unpacks: counts what comes out, since what the header says may be a lie."""

    def __init__(
        self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int, too_large: Callable[[], DocumentError]
    ) -> None:
        self._most, self._too_large, self._count = most, too_large, 0
        self._packed = max(info.compress_size, 1)
        try:
            self._member = archive.open(info)
        except Exception:
            raise _damaged() from None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            chunk = self._member.read(len(buffer))
        except Exception:
            # zipfile and the decompressors raise a dozen kinds of errors on damaged data.
            raise _damaged() from None
        self._count += len(chunk)
        if self._count > self._most or _is_absurd(self._count, self._packed):
            raise self._too_large()
        buffer[: len(chunk)] = chunk
        return len(chunk)


def _is_absurd(size: int, packed: int) -> bool:
    return size > _RATIO_FROM and size > _RATIO * packed


class _Paced:
    """A stream that fails where its reader takes in too much without finishing an element: a tree of several GB."""

    def __init__(self, stream: BinaryIO, too_large: Callable[[], DocumentError]) -> None:
        self._stream, self._too_large, self.since = stream, too_large, 0

    def read(self, size: int = -1) -> bytes:
        chunk = self._stream.read(size)
        self.since += len(chunk)
        if self.since > _ELEMENT:
            raise self._too_large()
        return chunk


def _parser() -> Any:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def _damaged() -> DocumentError:
    return DocumentError(
        "damaged", "the file is damaged or cut off; copy it again, or open it in an office program and save it anew"
    )
