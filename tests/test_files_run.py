"""Files of every kind on their way through a run: bad input, archives, pictures of rows, pages apart."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from PIL import Image

from pipeline.bulk import Report, digitise_inputs
from pipeline.executors.local import WorkerProcesses
from pipeline.ingest.limits import Limits
from pipeline.inputs import find_inputs
from pipeline.store.store import Store
from tests import engines
from tests.commandline import formtally, one_sentence
from tests.engines import plan_of

SAMPLES = Path(__file__).parent.parent / "samples" / "documents"


def _lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _png_of(width: int, height: int) -> bytes:
    """A PNG that says it is that large, and is not."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def _zip(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def _bad_files() -> dict[str, tuple[bytes, str]]:
    """Bad input by name, with what its sentence says."""
    digital: Any = pymupdf.open(SAMPLES / "digital-pdf.pdf")  # type: ignore[no-untyped-call]
    encrypted = digital.tobytes(encryption=5, user_pw="x", owner_pw="y")  # AES, 256 bits
    many: Any = pymupdf.open()  # type: ignore[no-untyped-call]
    for _ in range(30):
        many.new_page()
    word = zipfile.ZipFile(SAMPLES / "word-tables.docx")
    parts = {name: word.read(name) for name in word.namelist()}
    body = parts["word/document.xml"]
    bomb = b'<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    parts["word/document.xml"] = body[: body.index(b"?>") + 2] + bomb + body[body.index(b"?>") + 2 :]
    return {
        "encrypted.pdf": (encrypted, "password"),
        "cut.pdf": ((SAMPLES / "digital-pdf.pdf").read_bytes()[:3000], "damaged"),
        "thirty-pages.pdf": (many.tobytes(), "limits.pages"),
        "poster.png": (_png_of(20_000, 20_000), "million pixels"),
        "laughs.docx": (_zip(parts), "XML entities"),
        "cut.docx": ((SAMPLES / "word-tables.docx").read_bytes()[:5000], "damaged"),
        "bomb.zip": (_zip({"zeros.txt": bytes(9_000_000)}), "more than 8 MB"),
        "paths.zip": (_zip({"../../evil.txt": b"x"}), "out of the archive"),
        "old.doc": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(3000), "damaged"),
    }


def test_bad_files_are_named_and_everything_else_is_digitised(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    bad = _bad_files()
    for name, (data, _) in bad.items():
        (folder / name).write_bytes(data)
    Image.new("RGB", (800, 1100), "white").save(folder / "blank.png")
    (folder / "good.html").write_bytes((SAMPLES / "web-page.html").read_bytes())
    limits = {"FORMTALLY_LIMITS__PAGES": "20", "FORMTALLY_LIMITS__FILE_BYTES": str(8 << 20)}
    done = formtally(tmp_path, "run", "in", "--export", "out.jsonl", **limits)
    assert done.returncode == 3, done.stderr
    said = " ".join(done.stdout.split())
    for name, (_, says) in bad.items():
        assert name in said
        assert says in said[said.index(name) :].split(";", 1)[0] + said[said.index(name) :].split(";", 2)[1], name
    assert {line["document"] for line in _lines(tmp_path / "out.jsonl")} == {"good.html"}
    status = json.loads(formtally(tmp_path, "status", "--json").stdout)
    assert len(status["failures"]) == len(bad)
    assert not [path for path in tmp_path.rglob("evil.txt")]


def test_members_of_archives_are_documents_of_their_own(tmp_path: Path) -> None:
    page = (SAMPLES / "web-page.html").read_bytes()
    inner = _zip({"表.html": page.replace(b"</body>", b" </body>")})
    (tmp_path / "a.zip").write_bytes(_zip({"x/y.html": page, "inner.zip": inner, "__MACOSX/._y.html": b"?"}))
    done = formtally(tmp_path, "run", "a.zip", "--export", "out.jsonl")
    assert done.returncode == 0, done.stdout + done.stderr
    names = {str(line["document"]) for line in _lines(tmp_path / "out.jsonl")}
    assert names == {"a.zip/x/y.html", "a.zip/inner.zip/表.html"}
    again = formtally(tmp_path, "run", "a.zip", "--export", "again.jsonl")
    assert "2 as stored" in again.stdout or "stored" in again.stdout
    assert (tmp_path / "again.jsonl").read_bytes() == (tmp_path / "out.jsonl").read_bytes()


def test_an_archive_that_was_damaged_is_mended_by_its_members(tmp_path: Path) -> None:
    whole = _zip({"y.html": (SAMPLES / "web-page.html").read_bytes()})
    (tmp_path / "a.zip").write_bytes(whole[:300])
    assert formtally(tmp_path, "run", "a.zip").returncode == 4
    assert len(json.loads(formtally(tmp_path, "status", "--json").stdout)["failures"]) == 1
    (tmp_path / "a.zip").write_bytes(whole)
    assert formtally(tmp_path, "run", "a.zip").returncode == 0
    assert json.loads(formtally(tmp_path, "status", "--json").stdout)["failures"] == []


def test_a_picture_of_a_row_is_cut_out_of_a_pdf_in_an_archive(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(_zip({"b/c.pdf": (SAMPLES / "digital-pdf.pdf").read_bytes()}))
    assert formtally(tmp_path, "run", "a.zip").returncode == 0
    done = formtally(tmp_path, "picture", "a.zip/b/c.pdf", "funding.total", "--form", "2", "--out", "row.png")
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "row.png") as picture:
        assert picture.width > 5 * picture.height
    for arguments, says in (
        (("a.zip/b/c.pdf", "no.such"), "no field"),
        (("a.zip/b/c.pdf", "title", "--form", "99"), "no form 99"),
        (("other.pdf", "title"), "other.pdf"),
    ):
        refused = formtally(tmp_path, "picture", *arguments, "--out", "x.png")
        assert refused.returncode == 2
        assert says in one_sentence(refused.stderr)


# Pages


def _series(folder: Path, pages: int) -> None:
    folder.mkdir(parents=True)
    for number in range(1, pages + 1):
        Image.new("L", (400, 500), 255 - number).save(folder / f"IMG_{number:03}.png")


def _run(store: Store, folder: Path, engine: engines.Factory, *, pages_as_documents: bool = False) -> Report:
    plan = replace(plan_of(engine()), limits=Limits(page_seconds=6))
    report = Report()
    executor = WorkerProcesses(engine=engine, plan=plan, processes=2)
    try:
        digitise_inputs(
            find_inputs([str(folder)], pages_as_documents=pages_as_documents),
            store=store,
            run_id=store.begin_run("run", {}),
            executor=executor,
            plan=plan,
            watchers=[],
            report=report,
        )
    finally:
        executor.close()
    return report


@pytest.mark.parametrize("pages_as_documents", [False, True])
def test_numbered_pictures_are_pages_or_documents(tmp_path: Path, pages_as_documents: bool) -> None:
    _series(tmp_path / "in" / "scan-1", 3)
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        report = _run(store, tmp_path / "in", engines.blank_pages_engine, pages_as_documents=pages_as_documents)
        names = [row.name for row in store.names()]
    assert names == ([f"scan-1/IMG_{n:03}.png" for n in (1, 2, 3)] if pages_as_documents else ["scan-1"])
    assert report.tally.documents == len(names)
    assert report.pages == report.pages_done == 3


def test_a_page_that_fails_is_a_row_and_only_it_is_tried_again(tmp_path: Path) -> None:
    _series(tmp_path / "in", 6)
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        report = _run(store, tmp_path / "in", engines.failing_pages_engine)
        codes = {failure.failure.page: failure.failure.code for failure in store.open_failures()}
        assert codes == {2: "crashed", 3: "too_slow", 4: "internal", 5: "damaged"}
        assert report.failed_documents == 0 and report.tally.documents == 1
        again = _run(store, tmp_path / "in", engines.blank_pages_engine)
        assert again.pages == 4
        assert store.open_failures() == []
        third = _run(store, tmp_path / "in", engines.blank_pages_engine)
        assert (third.pages, third.stored) == (0, 1)
