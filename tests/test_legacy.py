"""Old and open office formats by way of LibreOffice, and what is refused before it is started."""

from __future__ import annotations

import io
import os
import shutil
import signal
import stat
import struct
import subprocess
import time
import zipfile
from pathlib import Path

import pytest

from pipeline.errors import DocumentError
from pipeline.ingest import legacy
from pipeline.ingest.excel import read_excel
from pipeline.ingest.kinds import Kind, kind_of
from pipeline.ingest.limits import Limits
from pipeline.ingest.page import PageContent, Table
from pipeline.ingest.word import read_word

needs_libreoffice = pytest.mark.skipif(legacy.program() is None, reason="LibreOffice is not installed")

PAGE = """<html><meta charset="utf-8"><body><p>项目支出绩效自评表</p><table border="1">
<tr><td rowspan="2">项目资金</td><td colspan="2">预算数</td></tr>
<tr><td>1286.50</td><td>100%</td></tr></table></body></html>"""


def texts(page: PageContent) -> list[str]:
    """The texts of a page in reading order."""
    return [
        text
        for block in page.blocks
        for text in (
            ["|".join(word.text for line in cell.lines for word in line) for cell in block.cells]
            if isinstance(block, Table)
            else [word.text for word in block]
        )
    ]


def from_page(folder: Path, suffix: str) -> bytes:
    """The page as LibreOffice saves it in another format."""
    program = legacy.program()
    assert program is not None
    (folder / "a.html").write_text(PAGE, encoding="utf-8")
    reads = "HTML (StarWriter)" if suffix in ("doc", "rtf", "odt") else "calc_HTML_WebQuery"
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    subprocess.run(
        [
            program,
            "--headless",
            profile,
            f"--infilter={reads}",
            "--convert-to",
            suffix,
            "--outdir",
            folder,
            folder / "a.html",
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return (folder / f"a.{suffix}").read_bytes()


@needs_libreoffice
def test_an_old_document_keeps_its_table(tmp_path: Path) -> None:
    data = from_page(tmp_path, "doc")
    assert kind_of(data, "a.wps") is Kind.LEGACY
    suffix, converted = legacy.convert(data, ".wps", Limits())
    assert suffix == ".docx"
    (page,) = read_word(converted, Limits())
    assert texts(page) == ["项目支出绩效自评表", "项目资金", "预算数", "1286.50", "100%"]
    with pytest.raises(DocumentError) as failure:
        legacy.convert(data[: len(data) * 2 // 3], ".doc", Limits())
    assert failure.value.code == "damaged"


@needs_libreoffice
def test_an_old_workbook_keeps_its_cells_and_is_never_read_as_text(tmp_path: Path) -> None:
    data = from_page(tmp_path, "xls")
    suffix, converted = legacy.convert(data, ".et", Limits())
    assert suffix == ".xlsx"
    (page,) = read_excel(converted, Limits())
    assert texts(page) == ["项目支出绩效自评表", "项目资金", "预算数", "1286.5", "100%"]
    # LibreOffice itself would read what is left as text, and deliver its bytes as cells.
    with pytest.raises(DocumentError) as failure:
        legacy.convert(data[: len(data) * 2 // 3], ".xls", Limits())
    assert failure.value.code == "damaged"


@needs_libreoffice
def test_rich_text_becomes_a_document() -> None:
    suffix, converted = legacy.convert(rb"{\rtf1\ansi Form 1286.50\par}", ".doc", Limits())
    (page,) = read_word(converted, Limits())
    assert (suffix, texts(page)) == (".docx", ["Form 1286.50"])


def compound(*names: str) -> bytes:
    """A compound file whose top holds empty streams of these names."""
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<HHHHH", header, 24, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<I4xI4xI", header, 48, 1, 4096, 0xFFFFFFFE)
    struct.pack_into("<109I", header, 76, 0, *[0xFFFFFFFF] * 108)
    table = struct.pack("<128I", 0xFFFFFFFD, 0xFFFFFFFE, *[0xFFFFFFFF] * 126)
    directory = b""
    for at, name in enumerate(("Root Entry", *names)):
        raw = name.encode("utf-16-le")
        entry = bytearray(128)
        entry[: len(raw)] = raw
        right = at + 1 if 0 < at < len(names) else 0xFFFFFFFF
        child = 1 if at == 0 and names else 0xFFFFFFFF
        struct.pack_into("<HBBIII", entry, 64, len(raw) + 2, 2 if at else 5, 1, 0xFFFFFFFF, right, child)
        directory += bytes(entry)
    return bytes(header) + table + directory.ljust(512, b"\x00")


def zipped(**members: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr({"ofd": "OFD.xml", "manifest": "META-INF/manifest.xml"}.get(name, name), content)
    return out.getvalue()


ODS = "application/vnd.oasis.opendocument.spreadsheet"


@pytest.mark.parametrize(
    ("data", "suffix", "code"),
    [
        (b"", ".doc", "empty"),
        (compound("EncryptedPackage", "EncryptionInfo"), ".docx", "encrypted"),
        (compound("PowerPoint Document"), ".doc", "not_converted"),
        (compound("WordDocument")[:1000], ".doc", "damaged"),
        (zipped(ofd="<OFD/>"), ".ofd", "ofd"),
        (zipped(mimetype=ODS, manifest="<encryption-data/>"), ".ods", "encrypted"),
        (zipped(mimetype=ODS)[:-30], ".ods", "damaged"),
        (rb"{\rtf1 cut", ".rtf", "damaged"),
        (b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "1">]><Workbook/>', ".xls", "xml.entities"),
        (b"nothing known", ".doc", "not_converted"),
    ],
)
def test_what_cannot_be_converted_is_refused_before_anything_is_started(
    data: bytes, suffix: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(legacy, "program", lambda: None)
    with pytest.raises(DocumentError) as failure:
        legacy.convert(data, suffix, Limits())
    assert failure.value.code == code


def test_an_encrypted_document_is_said_to_be_so_by_the_readers_too() -> None:
    data = compound("EncryptedPackage", "EncryptionInfo")
    for failing in (read_word, read_excel):
        with pytest.raises(DocumentError) as failure:
            failing(data, Limits())
        assert failure.value.code == "encrypted"


def test_without_libreoffice_the_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(legacy, "program", lambda: None)
    with pytest.raises(DocumentError, match=r"install it, or save the file as \.docx or PDF") as failure:
        legacy.convert(compound("WordDocument"), ".doc", Limits())
    assert failure.value.code == "no_libreoffice"


@pytest.mark.skipif(shutil.which("sh") is None, reason="a shell is not installed")
def test_a_program_that_hangs_ends_with_all_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake, pids = tmp_path / "soffice", tmp_path / "pids"
    fake.write_text(f"#!/bin/sh\nsleep 600 &\necho $! > {pids}\nwait\n", encoding="utf-8")
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(legacy, "program", lambda: str(fake))
    with pytest.raises(DocumentError) as failure:
        legacy.convert(compound("WordDocument"), ".doc", Limits(document_seconds=1))
    assert failure.value.code == "too_many.document_seconds"
    child = int(pids.read_text(encoding="utf-8"))
    for _ in range(50):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            break
        if Path(f"/proc/{child}/stat").exists() and ") Z " in Path(f"/proc/{child}/stat").read_text(encoding="utf-8"):
            break
        time.sleep(0.1)
    else:
        os.kill(child, signal.SIGKILL)
        pytest.fail("a process of the converter outlived it")


def test_a_program_that_writes_nothing_fails_the_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "soffice"
    fake.write_text("#!/bin/sh\nexit 77\n", encoding="utf-8")
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(legacy, "program", lambda: str(fake))
    with pytest.raises(DocumentError) as failure:
        legacy.convert(compound("WordDocument"), ".doc", Limits())
    assert failure.value.code == "not_converted"
