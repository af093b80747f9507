"""Old and open office formats through LibreOffice: .doc .xls .wps .et .rtf .odt .ods .xlsb and their like.

LibreOffice runs with a profile of its own, macros and links off, as a process group that ends with its time.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import zipfile
from pathlib import Path

from pipeline.errors import DocumentError
from pipeline.ingest import compound
from pipeline.ingest.limits import Limits

__all__ = ["convert", "program"]

_FILTERS = {".docx": "docx:MS Word 2007 XML", ".xlsx": "xlsx:Calc MS Excel 2007 XML"}
_POLL = 0.1
_HEAD = 64 * 1024
_XML_FILTERS = (
    (b"office/word/2003/wordml", ".docx", "MS Word 2003 XML"),
    (b"opendocument.text", ".docx", "OpenDocument Text Flat XML"),
    (b"opendocument.spreadsheet", ".xlsx", "OpenDocument Spreadsheet Flat XML"),
    (b"schemas-microsoft-com:office:spreadsheet", ".xlsx", "MS Excel 2003 XML"),
)
_WORD_97 = 0xC1
"""From this number of its format on a .doc is Word 97's; before it is Word 95's (from 104) or Word 6's."""
_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
{items}
</oor:items>
"""
_ITEM = (
    '<item oor:path="/org.openoffice.{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
)
_SETTINGS = (
    ("Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("Office.Writer/Content/Update", "Link", "0"),
    ("Office.Calc/Content/Update", "Link", "1"),
    # Values stay as they were when somebody looked at them.
    ("Office.Calc/Formula/Load", "OOXMLRecalcMode", "1"),
    ("Office.Calc/Formula/Load", "ODFRecalcMode", "1"),
    ("Setup/L10N", "ooSetupSystemLocale", "zh-CN"),
)


def program() -> str | None:
    """The path of LibreOffice's command, None where it is not installed."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def convert(data: bytes, suffix: str, limits: Limits) -> tuple[str, bytes]:
    """The file as .docx or .xlsx: the suffix of what it became, and its bytes.

    `suffix` is that of the file's name; it counts only where the content does not say what the file is. Raises
    `DocumentError`: `empty`, `encrypted`, `ofd`, `no_libreoffice`, `damaged`, `not_converted`, `xml.entities`,
    `too_many.bytes`, `too_many.document_seconds`.
    """
    target, given, reads = _target(data, suffix.lower())
    command = program()
    if command is None:
        wanted = ".docx or PDF" if target == ".docx" else ".xlsx or PDF"
        raise DocumentError(
            "no_libreoffice", f"old office files are read with LibreOffice; install it, or save the file as {wanted}"
        )
    with tempfile.TemporaryDirectory(prefix="formtally-", ignore_cleanup_errors=True) as folder:
        return target, _converted(command, data, given, reads, target, Path(folder), limits)


def _target(data: bytes, suffix: str) -> tuple[str, str, str]:
    """What the file becomes, the suffix under which LibreOffice is given it, and as what it is to read it.

    Left alone, LibreOffice reads a damaged workbook as text and delivers its bytes as cells.
    """
    if not data:
        raise DocumentError("empty", "the file is empty; check that it was copied completely")
    if data.startswith(compound.SIGNATURE):
        return _compound_target(data)
    if data.startswith(b"PK"):
        return _zip_target(data, suffix)
    if data[:256].lstrip().startswith(b"{\\rtf"):
        if not data.rstrip(b"\x00 \t\r\n").endswith(b"}"):
            raise _damaged()
        return ".docx", ".rtf", "Rich Text Format"
    if data.startswith(b"\x09"):
        return ".xlsx", ".xls", "MS Excel 4.0" if data[1] in (0, 2, 4) else "MS Excel 5.0/95"
    head = data[:_HEAD].replace(b"\x00", b"")
    if re.search(rb"<!DOCTYPE|<!ENTITY", head, re.I):
        raise DocumentError(
            "xml.entities", "the file declares XML entities, as attacks do; open it in an office program and save it"
        )
    for mark, target, reads in _XML_FILTERS:
        if mark in head:
            if not data.rstrip(b"\x00 \t\r\n").endswith(b">"):
                raise _damaged()
            return target, ".xml", reads
    raise _unknown()


def _compound_target(data: bytes) -> tuple[str, str, str]:
    found = compound.streams(data)
    if "EncryptedPackage" in found or "EncryptionInfo" in found:
        raise _encrypted()
    if compound.is_cut_off(data):
        raise _damaged()
    if "WordDocument" in found:
        version = int.from_bytes(found["WordDocument"][2:4], "little") or _WORD_97
        return (
            ".docx",
            ".doc",
            "MS Word 97" if version >= _WORD_97 else "MS Word 95" if version >= 104 else "MS WinWord 6",
        )
    if "Workbook" in found:
        return ".xlsx", ".xls", "MS Excel 97"
    if "Book" in found:
        return ".xlsx", ".xls", "MS Excel 95"
    raise _unknown()


def _zip_target(data: bytes, suffix: str) -> tuple[str, str, str]:
    import io

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            mimetype = archive.read("mimetype")[:100] if "mimetype" in names else b""
            manifest = archive.open("META-INF/manifest.xml").read(1 << 20) if "META-INF/manifest.xml" in names else b""
    except Exception:
        # zipfile and the decompressors raise a dozen kinds of errors on damaged data.
        raise _damaged() from None
    if "OFD.xml" in names:
        raise DocumentError("ofd", "OFD files are not read; open the file in an OFD reader and export it as PDF")
    if b"encryption-data" in manifest:
        raise _encrypted()
    if b"opendocument.spreadsheet" in mimetype:
        return ".xlsx", ".ods", "calc8"
    if b"opendocument.text" in mimetype:
        return ".docx", ".odt", "writer8"
    if suffix == ".xlsb" or any(name.startswith("xl/") for name in names):
        return ".xlsx", ".xlsb", ""
    raise _unknown()


def _converted(command: str, data: bytes, given: str, reads: str, target: str, folder: Path, limits: Limits) -> bytes:
    source, out, profile = folder / f"input{given}", folder / "out", folder / "profile"
    (profile / "user").mkdir(parents=True)
    out.mkdir()
    items = "\n".join(_ITEM.format(path=path, name=name, value=value) for path, name, value in _SETTINGS)
    (profile / "user" / "registrymodifications.xcu").write_text(_PROFILE.format(items=items), encoding="utf-8")
    source.write_bytes(data)
    arguments = [
        command, "--headless", "--norestore", "--nologo", "--nodefault", "--nofirststartwizard", "--nolockcheck",
        f"-env:UserInstallation={profile.as_uri()}", "--convert-to", _FILTERS[target], "--outdir", str(out),
        *([f"--infilter={reads}"] if reads else []), str(source),
    ]  # fmt: skip
    result = out / f"input{target}"
    process = subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env={**os.environ, "HOME": str(folder), "TMPDIR": str(folder)},
        start_new_session=True,
    )
    try:
        _wait(process, result, limits)
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if not result.is_file() or not result.stat().st_size:
        raise _encrypted() if compound.is_encrypted(data) else _not_converted()
    return result.read_bytes()


def _wait(process: subprocess.Popen[bytes], result: Path, limits: Limits) -> None:
    until = time.monotonic() + limits.document_seconds
    _limit_memory(process.pid, limits)
    while process.poll() is None:
        if time.monotonic() > until:
            raise DocumentError(
                "too_many.document_seconds",
                f"LibreOffice took over {limits.document_seconds:.0f} seconds; save the file as .docx, .xlsx or PDF",
            )
        time.sleep(_POLL)
    with contextlib.suppress(OSError):
        if result.stat().st_size > limits.file_bytes:
            raise DocumentError(
                "too_many.bytes", f"the converted file has more than {limits.file_bytes >> 20} MB; split it"
            )


def _limit_memory(process: int, limits: Limits) -> None:
    """Limit the memory of LibreOffice where the system can; what it starts later inherits that."""
    try:
        import resource

        resource.prlimit(process, resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    except (ImportError, AttributeError, OSError, ValueError):
        return


def _encrypted() -> DocumentError:
    return DocumentError("encrypted", "the file is protected by a password; save it without one")


def _not_converted() -> DocumentError:
    return DocumentError(
        "not_converted",
        "LibreOffice could not open the file; open it in Word, Excel or WPS and save it as .docx or .xlsx",
    )


def _unknown() -> DocumentError:
    return DocumentError("not_converted", "the file is of a kind that is not read; save it as .docx, .xlsx or PDF")


def _damaged() -> DocumentError:
    return DocumentError("damaged", "the file is damaged or cut off; copy it again, or save it anew as .docx or .xlsx")
