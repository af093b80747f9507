"""The members of archives: names, limits, and what is hostile or damaged."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest

from pipeline.errors import DocumentError
from pipeline.ingest.archive import Member, members
from pipeline.ingest.limits import Limits


def packed(*files: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return out.getvalue()


def named(raw: bytes, extra: bytes = b"") -> bytes:
    """An archive with a member of that name, in the bytes that its packer wrote, without the flag for UTF-8."""
    info = zipfile.ZipInfo("X" * len(raw))
    info.extra = extra
    return packed((info, b"x")).replace(b"X" * len(raw), raw)


def read(data: bytes | Path, limits: Limits = Limits()) -> list[Member]:  # noqa: B008 - frozen
    return list(members(data, limits))


def outcome(found: list[Member]) -> list[tuple[str, str]]:
    return [(m.name, m.failure.code if m.failure else (m.data or b"").decode()) for m in found]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (packed(("自评表/河道.txt", b"x")), "自评表/河道.txt"),
        (named("自评表\\清淤.txt".encode("gbk")), "自评表/清淤.txt"),
        (named("陶喆.txt".encode("gbk")), "陶喆.txt"),
        (named("自评表.txt".encode()), "自评表.txt"),
        (named("café.txt".encode("cp437")), "café.txt"),
        (packed(("e\u0301.txt", b"x")), "é.txt"),
    ],
)
def test_names_are_decoded_as_their_packer_saw_them(data: bytes, name: str) -> None:
    assert outcome(read(data)) == [(name, "x")]


def test_a_unicode_path_counts_only_for_the_name_it_belongs_to() -> None:
    def extra(raw: bytes) -> bytes:
        content = struct.pack("<BI", 1, zlib.crc32(raw)) + "预算.txt".encode()
        return struct.pack("<HH", 0x7075, len(content)) + content

    raw = b"\x80.txt"
    assert outcome(read(named(raw, extra(raw)))) == [("预算.txt", "x")]
    assert outcome(read(named(raw, extra(b"other")))) == [("Ç.txt", "x")]


def test_hostile_members_fail_and_the_others_are_read() -> None:
    link = zipfile.ZipInfo("link.txt")
    link.external_attr = 0o120777 << 16
    found = read(
        packed(("../../a.txt", b"x"), ("/etc/b.txt", b"x"), ("C:/c.txt", b"x"), (link, b"/etc/d"), ("e.txt", b"e"))
    )
    assert [code for _, code in outcome(found)] == ["unsafe_name", "unsafe_name", "unsafe_name", "link", "e"]


def test_what_systems_leave_in_archives_is_skipped() -> None:
    litter = ("__MACOSX/._a.txt", "d/.DS_Store", "Thumbs.db", "d/", "~$a.docx")
    assert outcome(read(packed(*((name, b"") for name in litter), ("a.txt", b"x")))) == [("a.txt", "x")]


def test_a_second_file_of_a_name_gets_another() -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        data = packed(("a.txt", b"1"), ("a.txt", b"2"))
    assert outcome(read(data)) == [("a.txt", "1"), ("a (2).txt", "2")]


def test_archives_inside_archives_are_opened_to_a_depth() -> None:
    one = packed(("x.txt", b"x"))
    two = packed(("one.zip", one), ("y.txt", b"y"))
    three = packed(("two.zip", two))
    assert outcome(read(three, Limits(nesting=2))) == [("two.zip/one.zip/x.txt", "x"), ("two.zip/y.txt", "y")]
    assert outcome(read(three, Limits(nesting=1))) == [("two.zip/one.zip", "too_many.nesting"), ("two.zip/y.txt", "y")]


def test_a_damaged_or_encrypted_member_does_not_lose_the_others() -> None:
    data = bytearray(packed(("a.txt", b"a" * 500 + bytes(range(256))), ("b.txt", b"b"), ("c.txt", b"c")))
    data[60:90] = bytes(30)
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1)
    data[second + 8] |= 1
    assert [code for _, code in outcome(read(bytes(data)))] == ["damaged", "encrypted", "c"]


def test_bytes_are_counted_as_they_come_out() -> None:
    data = bytearray(packed(("bomb.txt", bytes(5_000_000)), ("b.txt", b"b")))
    central = data.index(b"PK\x01\x02")
    data[central + 24 : central + 28] = struct.pack("<I", 4_000_000)
    limits = Limits(file_bytes=1_000_000)
    assert [code for _, code in outcome(read(bytes(data), limits))] == ["too_many.bytes", "b"]


@pytest.mark.parametrize(
    ("limits", "code"),
    [(Limits(members=2), "too_many.members"), (Limits(unpacked_bytes=150), "too_many.unpacked_bytes")],
)
def test_limits_of_the_whole_archive_end_it(limits: Limits, code: str) -> None:
    inner = packed(("x.txt", b"x" * 100), ("y.txt", b"y" * 100))
    with pytest.raises(DocumentError) as failure:
        read(packed(("i.zip", inner), ("z.txt", b"z")), limits)
    assert failure.value.code == code


def tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"))
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (packed(), "empty"),
        (packed(("a.txt", b"a" * 99))[:-10], "damaged"),
        (b"PK\x03\x04 nothing", "damaged"),
        (b"Rar!\x1a\x07\x01\x00", "archive"),
        (b"7z\xbc\xaf\x27\x1c\x00", "archive"),
        (b"\x1f\x8b\x08\x00", "archive"),
        (tar(), "archive"),
    ],
)
def test_what_is_no_zip_fails_with_one_sentence(data: bytes, code: str, tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as failure:
        read(data)
    assert failure.value.code == code
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    with pytest.raises(DocumentError):
        read(path)


def test_an_archive_of_another_kind_inside_one_fails_alone() -> None:
    data = packed(("a.rar", b"Rar!\x1a\x07\x01\x00"), ("b.txt", b"b"))
    assert outcome(read(data)) == [("a.rar", "archive"), ("b.txt", "b")]
