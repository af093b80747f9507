"""What an OLE compound file (.doc, .xls, .wps, .et, encrypted .docx and .xlsx) holds at its top.

Only the directory and the first bytes of a stream are read: enough to tell a document from a workbook, and whether it
is encrypted. Layout: [MS-CFB].
"""

from __future__ import annotations

import struct

__all__ = ["SIGNATURE", "is_cut_off", "is_encrypted", "streams"]

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END = 0xFFFFFFFA
"""Sector numbers from here on are marks, not sectors."""
_FREE = 0xFFFFFFFF
_MOST_ENTRIES = 20_000
_STORAGE, _STREAM = 1, 2
_FILEPASS = 0x2F


def streams(data: bytes) -> dict[str, bytes]:
    """The storages and streams at the top of the container, each with its first bytes (at most one sector).

    Streams so short that they live in the mini stream come with no bytes. A damaged container gives what could be
    read of it.
    """
    try:
        return _streams(data)
    except (struct.error, IndexError):
        return {}


def is_encrypted(data: bytes) -> bool:
    """Does the container say that a password is needed to open what it holds?"""
    found = streams(data)
    if "EncryptedPackage" in found or "EncryptionInfo" in found:
        return True
    document = found.get("WordDocument", b"")
    if len(document) > 0x0C and document[0x0B] & 0x01:
        return True
    return _has_filepass(found.get("Workbook", b"") or found.get("Book", b""))


def is_cut_off(data: bytes) -> bool:
    """Does the container's allocation table speak of sectors that are not there?"""
    try:
        shift = struct.unpack_from("<H", data, 30)[0]
        size = 1 << shift if shift in (9, 12) else 512
        table = _allocation(data, size)
    except struct.error:
        return True
    last = max((number for number, mark in enumerate(table) if mark != _FREE), default=0)
    # The last sector is not always written to its end.
    return len(data) <= (last + 1) * size


def _has_filepass(book: bytes) -> bool:
    at = 0
    while at + 4 <= len(book):
        record, size = struct.unpack_from("<HH", book, at)
        if record == _FILEPASS:
            return True
        at += 4 + size
    return False


def _streams(data: bytes) -> dict[str, bytes]:
    if not data.startswith(SIGNATURE):
        return {}
    shift = struct.unpack_from("<H", data, 30)[0]
    if shift not in (9, 12):
        return {}
    size = 1 << shift
    first_directory, cutoff = struct.unpack_from("<I4xI", data, 48)

    def sector(number: int) -> bytes:
        return data[(number + 1) * size : (number + 2) * size]

    table = _allocation(data, size)
    directory = bytearray()
    number, seen = first_directory, set[int]()
    while number < _END and number not in seen and len(directory) < _MOST_ENTRIES * 128:
        seen.add(number)
        directory += sector(number)
        number = table[number] if number < len(table) else _END
    entries = [directory[at : at + 128] for at in range(0, len(directory) - 127, 128)]
    found: dict[str, bytes] = {}
    waiting = [struct.unpack_from("<I", entries[0], 76)[0]] if entries else []
    visited: set[int] = set()
    while waiting:
        index = waiting.pop()
        if index >= len(entries) or index in visited:
            continue
        visited.add(index)
        entry = entries[index]
        length, kind = struct.unpack_from("<HB", entry, 64)
        waiting += struct.unpack_from("<II", entry, 68)
        if kind not in (_STORAGE, _STREAM) or not 2 <= length <= 64:
            continue
        start, bytes_long = struct.unpack_from("<II", entry, 116)
        name = entry[: length - 2].decode("utf-16-le", "replace")
        found[name] = sector(start)[:bytes_long] if kind == _STREAM and bytes_long >= cutoff else b""
    return found


def _allocation(data: bytes, size: int) -> list[int]:
    """The sector allocation table, as far as the 109 entries of the header name it (7 MB of a file, or all of it)."""
    table: list[int] = []
    for number in struct.unpack_from("<109I", data, 76):
        if number >= _END:
            break
        chunk = data[(number + 1) * size : (number + 2) * size]
        table += struct.unpack(f"<{len(chunk) // 4}I", chunk[: len(chunk) // 4 * 4])
    return table
