"""The files in a zip archive, one by one, so that one damaged, encrypted or hostile member does not lose the others."""

from __future__ import annotations

import io
import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from pipeline.errors import DocumentError
from pipeline.ingest.kinds import Kind, kind_of
from pipeline.ingest.limits import Limits

__all__ = ["Member", "members"]

_CHUNK = 1024 * 1024
_LITTER = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
_UNICODE_PATH = 0x7075
_UTF8_FLAG = 0x800
_ENCRYPTED_FLAG = 0x1
_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA})


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive: its path in it, with `/` and in NFC, and its bytes, or why it could not be had."""

    name: str
    data: bytes | None = None
    failure: DocumentError | None = None


def members(data_or_path: bytes | str | os.PathLike[str], limits: Limits) -> Iterator[Member]:
    """The files in a zip archive in its order, unpacked one by one; those of archives in it as `inner.zip/x.pdf`.

    Folders and what systems leave in archives (`__MACOSX`, `.DS_Store`, `Thumbs.db`, locks of office programs) are
    skipped; a second file of the same name is called `x (2).pdf`. In memory are one member and the archives around it.

    Codes of members that failed: `encrypted`, `damaged`, `unsafe_name`, `link`, `compression`, `archive` (RAR, 7z, tar:
    must be unpacked first), `too_many.bytes`, `too_many.nesting`. Raises `DocumentError` for the archive as a whole:
    `empty`, `damaged`, `archive`, and, after the members that were within the limits, `too_many.members` and
    `too_many.unpacked_bytes`.
    """
    yield from _Unpacking(limits).members(data_or_path, "", 0)


@dataclass(slots=True)
class _Unpacking:
    """Counts what comes out of an archive and of those inside it."""

    limits: Limits
    count: int = 0
    size: int = 0
    names: set[str] = field(default_factory=set)

    def members(self, data_or_path: bytes | str | os.PathLike[str], folder: str, depth: int) -> Iterator[Member]:
        """The members of an archive that lies at that path inside the outermost one."""
        archive = _opened(data_or_path)
        with archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            if self.count + len(infos) > self.limits.members:
                raise DocumentError(
                    "too_many.members",
                    f"the archive holds more than {self.limits.members:,} files; split it, or raise limits.members",
                )
            self.count += len(infos)
            for info in infos:
                name = _name(info)
                if not _is_litter(name):
                    yield from self._member(archive, info, name, folder, depth)

    def _member(
        self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, folder: str, depth: int
    ) -> Iterator[Member]:
        path = self._free(folder + _CONTROL.sub("\ufffd", name).lstrip("/"))
        try:
            data = self._bytes(archive, info, name)
        except DocumentError as failure:
            if failure.code == "too_many.unpacked_bytes":
                raise
            yield Member(path, failure=failure)
            return
        if kind_of(data, name) is not Kind.ZIP:
            yield Member(path, data)
            return
        if depth >= self.limits.nesting:
            yield Member(
                path,
                failure=DocumentError(
                    "too_many.nesting",
                    f"archives lie more than {self.limits.nesting} deep in one another; unpack the inner ones first",
                ),
            )
            return
        try:
            yield from self.members(data, path + "/", depth + 1)
        except DocumentError as failure:
            if failure.code in ("too_many.unpacked_bytes", "too_many.members"):
                raise
            yield Member(path, failure=failure)

    def _bytes(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> bytes:
        _check(info, name)
        out = bytearray()
        try:
            with archive.open(info) as stream:
                while chunk := stream.read(_CHUNK):
                    out += chunk
                    if len(out) > self.limits.file_bytes:
                        raise DocumentError(
                            "too_many.bytes",
                            f"the file unpacks to more than {self.limits.file_bytes >> 20} MB; split it",
                        )
                    if self.size + len(out) > self.limits.unpacked_bytes:
                        raise DocumentError(
                            "too_many.unpacked_bytes",
                            f"the archive unpacks to more than {self.limits.unpacked_bytes >> 20} MB; split it, "
                            "or raise limits.unpacked_bytes",
                        )
        except DocumentError:
            self.size += len(out)
            raise
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, struct.error) as error:
            if isinstance(error, NotImplementedError):
                raise _not_unpacked() from None
            raise DocumentError(
                "damaged", "the file is damaged inside the archive; pack or download it again"
            ) from None
        except Exception:
            # The LZMA decompressor has an error of its own, which need not be there.
            raise DocumentError(
                "damaged", "the file is damaged inside the archive; pack or download it again"
            ) from None
        self.size += len(out)
        return bytes(out)

    def _free(self, path: str) -> str:
        """The path, with a number where the archive has another file of that name."""
        free, number = path, 1
        while free in self.names:
            number += 1
            suffix = PurePosixPath(path).suffix
            free = f"{path.removesuffix(suffix)} ({number}){suffix}"
        self.names.add(free)
        return free


def _opened(data_or_path: bytes | str | os.PathLike[str]) -> zipfile.ZipFile:
    if isinstance(data_or_path, bytes):
        head, source = data_or_path[:512], io.BytesIO(data_or_path)
    else:
        with open(data_or_path, "rb") as stream:
            head = stream.read(512)
    if not head:
        raise DocumentError("empty", "the archive is empty; check that it was copied completely")
    if not head.startswith(b"PK") and kind_of(head, "") is Kind.ZIP:
        raise DocumentError("archive", "only zip archives are opened; unpack this one first and give the folder")
    try:
        archive = zipfile.ZipFile(source if isinstance(data_or_path, bytes) else data_or_path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, struct.error):
        raise DocumentError(
            "damaged", "the archive is damaged, cut off, or one of several parts; download or pack it again"
        ) from None
    if not archive.infolist():
        archive.close()
        raise DocumentError("empty", "the archive holds no file; check that it was packed completely")
    return archive


def _check(info: zipfile.ZipInfo, name: str) -> None:
    """Raise for a member that is not to be unpacked."""
    if name.startswith("/") or _DRIVE.match(name) or ".." in name.split("/") or not name.strip("/. "):
        raise DocumentError("unsafe_name", "the file's path leads out of the archive; pack it again without such paths")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise DocumentError("link", "the archive holds a link in place of the file; pack the file itself")
    if info.flag_bits & _ENCRYPTED_FLAG:
        raise DocumentError("encrypted", "the file is protected by a password; unpack it and give the folder")
    if info.compress_type not in _METHODS:
        raise _not_unpacked()


def _not_unpacked() -> DocumentError:
    return DocumentError(
        "compression", "the file is packed by an unusual method; unpack the archive and give the folder"
    )


def _is_litter(name: str) -> bool:
    parts = name.split("/")
    return "__MACOSX" in parts or parts[-1].lower() in _LITTER or parts[-1].startswith(("~$", "._"))


def _name(info: zipfile.ZipInfo) -> str:
    """The path of a member as whoever packed it saw it, with `/`, in NFC."""
    original = info.orig_filename
    if not info.flag_bits & _UTF8_FLAG:
        try:
            raw = original.encode("cp437")
        except UnicodeEncodeError:
            raw = b""
        if raw:
            original = _unicode_path(info.extra, raw) or _decoded(raw)
    return unicodedata.normalize("NFC", original.replace("\\", "/"))


def _unicode_path(extra: bytes, raw: bytes) -> str:
    """The name in the Info-ZIP Unicode path field, where there is one and it belongs to that name."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        content = extra[at + 4 : at + 4 + size]
        if kind == _UNICODE_PATH and len(content) > 5 and content[0] == 1:
            if struct.unpack_from("<I", content, 1)[0] == zlib.crc32(raw):
                return content[5:].decode("utf-8", "replace")
            return ""
        at += 4 + size
    return ""


def _decoded(raw: bytes) -> str:
    """A name without a word on its encoding: ASCII, UTF-8, GBK as Chinese Windows writes it, or else code page 437."""
    if raw.isascii():
        return raw.decode("ascii")
    try:
        text = raw.decode("utf-8")
        # Two letters in GBK may pass for one in UTF-8, but then for none of the CJK blocks.
        if any(char > "\u2e7f" for char in text):
            return text
    except UnicodeDecodeError:
        pass
    try:
        text = raw.decode("gb18030")
    except UnicodeDecodeError:
        return raw.decode("cp437")
    strange = [char for char in text if not char.isascii()]
    common = [char for char in strange if _in_gb2312(char)]
    return text if len(common) * 2 >= len(strange) else raw.decode("cp437")


def _in_gb2312(char: str) -> bool:
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True
