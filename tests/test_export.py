"""Exports: their lines, their tables, and that they appear whole or not at all."""

from __future__ import annotations

import csv
import json
import os
import signal
import sys
import time
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest

from pipeline import export as export_module
from pipeline.errors import ConfigurationError, UsageError
from pipeline.export import Format, Spool, check_target, write_export
from pipeline.forms import form_types
from pipeline.lines import line_bytes
from pipeline.sheets import guarded
from pipeline.tables import Tables, wanyuan
from pipeline.work import Job, Outcome, digitise, digitise_file, installed_engine
from tests.commandline import formtally, start
from tests.engines import form_text, plan_of, write_documents

KEYS = (
    "document source sha256 text_origin form_type template ordinal record states review findings evidence decisions "
    "extra"
)


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with documents, a store and the export of its run."""
    folder = tmp_path_factory.mktemp("filled")
    write_documents(folder / "in", 10, forms=2)
    (folder / "in" / "数字.txt").write_text("没有表的文件\n", encoding="utf-8")
    done = formtally(folder, "run", "in", "--export", "run.jsonl")
    assert done.returncode == 0, done.stderr
    return folder


# Lines


def test_every_form_is_a_line_with_every_key_in_order(filled: Path) -> None:
    lines = read_lines(filled / "run.jsonl")
    assert len(lines) == 20
    for line in lines:
        assert list(line) == KEYS.split()
        assert set(line["states"]) == set(line["evidence"])
    assert [(line["document"], line["ordinal"]) for line in lines] == [
        (f"{number:04}.txt", ordinal) for number in range(1, 11) for ordinal in (1, 2)
    ]


def test_line_ends_inside_a_value_do_not_end_the_line() -> None:
    line = line_bytes({"text": "a\u2028b\u0085c\u2029d\x0be\nf"})
    assert line.decode().splitlines() == [line.decode().rstrip("\n")]
    assert json.loads(line) == {"text": "a\u2028b\u0085c\u2029d\x0be\nf"}


def test_half_a_character_can_be_exported() -> None:
    assert json.loads(line_bytes({"text": "\ud800"})) == {"text": "\ud800"}


def test_digitise_file_gives_the_lines_of_a_run(filled: Path) -> None:
    [one, two] = digitise_file("0001.txt", (filled / "in" / "0001.txt").read_bytes())
    for made, exported in zip((one, two), read_lines(filled / "run.jsonl"), strict=False):
        exported["source"] = "0001.txt"
        assert line_bytes(made) == line_bytes(exported)


@pytest.mark.parametrize(("jobs", "seed"), [("1", "1"), ("3", "2")])
def test_an_export_is_the_same_byte_for_byte(filled: Path, tmp_path: Path, jobs: str, seed: str) -> None:
    """Whatever the number of processes, the order of hashes, and whether forms are read or were stored."""
    write_documents(tmp_path / "in", 10, forms=2)
    (tmp_path / "in" / "数字.txt").write_text("没有表的文件\n", encoding="utf-8")
    write_documents(tmp_path / "more", 60)
    run = ["run", "in", "more", "--jobs", jobs, "--export"]
    for name in ("first.jsonl", "second.jsonl"):
        assert formtally(tmp_path, *run, name, PYTHONHASHSEED=seed).returncode == 0
    first = (tmp_path / "first.jsonl").read_bytes()
    assert (tmp_path / "second.jsonl").read_bytes() == first
    assert formtally(tmp_path, "export", "--out", "store.jsonl", "--jobs", jobs).returncode == 0
    assert (tmp_path / "store.jsonl").read_bytes() == first
    alone = formtally(tmp_path, "run", "in", "--db", "sqlite:///other.db", "--export", "alone.jsonl")
    assert alone.returncode == 0
    assert (tmp_path / "alone.jsonl").read_bytes() == (filled / "run.jsonl").read_bytes()


def test_the_same_bytes_are_exported_under_each_name(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(form_text(3), encoding="utf-8")
    (tmp_path / "b.txt").write_text(form_text(3), encoding="utf-8")
    assert formtally(tmp_path, "run", "b.txt", "a.txt", "a.txt", "--export", "out.jsonl").returncode == 0
    lines = read_lines(tmp_path / "out.jsonl")
    assert [line["document"] for line in lines] == ["a.txt", "b.txt"]
    for line in lines:
        line.pop("document"), line.pop("source")
    assert lines[0] == lines[1]


def test_one_document_and_settled_forms_only(filled: Path, tmp_path: Path) -> None:
    everything = read_lines(filled / "run.jsonl")

    def exported(*options: str) -> list[dict[str, Any]]:
        done = formtally(filled, "export", "--out", tmp_path / "out.jsonl", *options)
        assert done.returncode == 0, done.stderr
        return read_lines(tmp_path / "out.jsonl")

    assert exported("--document", "0002.txt") == [line for line in everything if line["document"] == "0002.txt"]
    assert exported("--only", "settled") == [line for line in everything if not line["review"]]
    assert formtally(filled, "export", "--out", "x.jsonl", "--document", "no such").returncode == 2


# Whole or not at all


def outcome(name: str, *lines: bytes) -> Outcome:
    import zlib

    return Outcome(Job(name, name, name, ""), lines=zlib.compress(b"".join(lines)))


def test_a_spool_gives_lines_back_in_order(tmp_path: Path) -> None:
    with Spool(tmp_path / "out.jsonl") as spool:
        for name in ("b", "a", "c", "B"):
            spool(outcome(name, f"{name}1\n".encode(), f"{name}2\n".encode()))
        assert list(spool.lines()) == [b"B1\n", b"B2\n", b"a1\n", b"a2\n", b"b1\n", b"b2\n", b"c1\n", b"c2\n"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format", list(Format))
def test_what_is_interrupted_leaves_the_target_as_it_was(tmp_path: Path, filled: Path, format: Format) -> None:
    lines = (filled / "run.jsonl").read_bytes().splitlines(keepends=True)
    target = tmp_path / "out"
    if format.is_folder:
        target.mkdir()
        (target / f"forms.{format}").write_text("before")
    else:
        target.write_text("before")
    calls = iter(range(5))

    def stop() -> None:
        if next(calls, None) is None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_export(lines, target, format, stop=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    kept = target / f"forms.{format}" if format.is_folder else target
    assert kept.read_text() == "before"
    assert write_export(lines, target, format) == 20
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert b"before" not in kept.read_bytes()


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")
def test_a_full_disk_is_one_sentence(tmp_path: Path, filled: Path) -> None:
    lines = (filled / "run.jsonl").read_bytes().splitlines(keepends=True)
    with pytest.raises(ConfigurationError, match="disk is full"):
        write_export(lines, Path("/dev/full"), Format.JSONL)


def test_a_disk_that_fills_while_lines_arrive_is_told_when_they_are_wanted(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "out.jsonl")

    class Full:
        def seek(self, *_: int) -> int:
            return 0

        def write(self, _: bytes) -> int:
            raise OSError(28, "No space left on device")

        def close(self) -> None: ...

    spool._file = Full()  # type: ignore[assignment]
    spool(outcome("a", b"1\n"))
    spool(outcome("b", b"2\n"))
    with pytest.raises(ConfigurationError, match="disk is full"):
        list(spool.lines())


def test_a_device_is_written_to_and_not_replaced(filled: Path) -> None:
    device = os.stat("/dev/null")
    assert formtally(filled, "export", "--out", "/dev/null").returncode == 0
    assert os.stat("/dev/null").st_rdev == device.st_rdev
    assert not [name for name in os.listdir("/dev") if "part" in name]


def test_a_link_is_written_through(tmp_path: Path, filled: Path) -> None:
    lines = (filled / "run.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "real").mkdir()
    os.symlink("real/out.jsonl", tmp_path / "out.jsonl")
    write_export(lines, tmp_path / "out.jsonl", Format.JSONL)
    assert (tmp_path / "real" / "out.jsonl").read_bytes() == b"".join(lines)
    assert (tmp_path / "out.jsonl").is_symlink()


@pytest.mark.parametrize(
    ("target", "format"),
    [("no/such/out.jsonl", Format.JSONL), ("folder", Format.JSONL), ("folder", Format.CSV), ("file", Format.PARQUET)],
)
def test_targets_that_cannot_be_are_refused_before_any_work(tmp_path: Path, target: str, format: Format) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "thesis.doc").write_text("precious")
    (tmp_path / "file").write_text("precious")
    with pytest.raises(UsageError):
        check_target(tmp_path / target, format)


def _contents(path: Path) -> list[bytes]:
    """What a file or folder holds; a workbook says besides when it was made."""
    if path.is_file() and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as book:
            return [book.read(name) for name in sorted(book.namelist()) if name != "docProps/core.xml"]
    return [each.read_bytes() for each in (sorted(path.iterdir()) if path.is_dir() else [path])]


_SQLITE = {"formtally.db-wal", "formtally.db-shm"}


@pytest.mark.parametrize("format", list(Format))
def test_a_killed_export_leaves_the_target_as_it_was(tmp_path: Path, format: Format) -> None:
    """A real Ctrl-C while `export` writes: nothing is left beside the target, which is not there or is whole."""
    write_documents(tmp_path / "in", 60)
    assert formtally(tmp_path, "run", "in").returncode == 0
    assert formtally(tmp_path, "export", "--format", format.value, "--out", "whole").returncode == 0
    before = {path.name for path in tmp_path.iterdir()}
    with start(tmp_path, ["export", "--format", format.value, "--out", "out", "--jobs", "1"]) as process:
        while process.poll() is None and {path.name for path in tmp_path.iterdir()} <= before | _SQLITE:
            time.sleep(0.001)  # until it has begun to write beside the target
        assert process.poll() is None, "the export was over before it could be stopped"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    left = {path.name for path in tmp_path.iterdir()} - _SQLITE
    assert left - {"out"} == before - _SQLITE
    if "out" in left:
        assert _contents(tmp_path / "out") == _contents(tmp_path / "whole")


# Tables


def read_csv(path: Path) -> list[dict[str, str]]:
    assert path.read_bytes().startswith(b"\xef\xbb\xbf"), "Excel takes a file without mark for another encoding"
    with open(path, encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def csv_folder(filled: Path) -> Path:
    done = formtally(filled, "export", "--format", "csv", "--out", "tables")
    assert done.returncode == 0, done.stderr
    return filled / "tables"


def test_csv_tables_hold_what_the_lines_hold(filled: Path, csv_folder: Path) -> None:
    lines = read_lines(filled / "run.jsonl")
    forms = read_csv(csv_folder / "forms.csv")
    indicators = read_csv(csv_folder / "indicators.csv")
    funding = read_csv(csv_folder / "funding.csv")
    assert len(forms) == len(lines)
    assert len(indicators) == sum(len(line["record"]["indicators"]) for line in lines)
    assert len(read_csv(csv_folder / "review.csv")) == sum(len(line["review"]) for line in lines)
    assert len(read_csv(csv_folder / "findings.csv")) == sum(len(line["findings"]) for line in lines)
    assert len(read_csv(csv_folder / "evidence.csv")) == sum(len(line["evidence"]) for line in lines)
    for line, form in zip(lines, forms, strict=True):
        assert form["project_name"].lstrip("\t") == (line["record"]["project_name"] or "")
        assert form["phone"].lstrip("\t") == (line["record"]["phone"] or "")
        of_form = [row for row in funding if (row["document"], row["ordinal"]) == (line["document"], form["ordinal"])]
        total = next(row for row in of_form if row["line"] == "total")
        assert total["executed"] == (line["record"]["funding"]["total"]["executed"] or "")


def test_telephones_are_text_in_csv(csv_folder: Path) -> None:
    phones = [form["phone"] for form in read_csv(csv_folder / "forms.csv") if form["phone"]]
    assert phones
    assert all(phone.startswith("\t") for phone in phones)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("=1+1", False),
        ("+8613800000000", False),
        ("-3", False),
        ("@SUM(A1)", False),
        ("＝1+1", False),
        ("\t=1", False),
        ("13800000000", False),
        ("010-12345678", False),
        ("1-2", False),
        ("3/4", False),
        ("1e5", False),
        ("100%", False),
        ("某某项目", True),
        ("≥90%", True),
        ("a=b", True),
        ("[12,15)", True),
        ("2021年12月", True),
    ],
)
def test_what_a_spreadsheet_would_change_is_guarded(text: str, same: bool) -> None:
    assert (guarded(text) == text) is same
    assert guarded(text).lstrip("\t") == text.lstrip("\t")


def hostile_line(filled: Path) -> bytes:
    line = read_lines(filled / "run.jsonl")[0]
    line["record"]["project_name"] = '=HYPERLINK("http://x","y")'
    line["record"]["title"] = 'quote " comma , line\nend'
    line["record"]["competent_department"] = "bell\x07 and nul\x00"
    line["record"]["phone"] = "01012345678"
    line["record"]["total_score"] = "1234567890123456789.5"
    line["record"]["funding"]["total"]["executed"] = "3861200"
    line["evidence"]["funding.total.executed"]["text"] = "3,861,200元"
    line["record"]["expected_goal"] = "长" * 40000
    return line_bytes(line)


def test_a_hostile_form_in_csv(tmp_path: Path, filled: Path) -> None:
    write_export([hostile_line(filled)], tmp_path / "out", Format.CSV)
    [form] = read_csv(tmp_path / "out" / "forms.csv")
    assert form["project_name"] == '\t=HYPERLINK("http://x","y")'
    assert form["title"] == 'quote " comma , line\nend'
    assert form["competent_department"] == "bell\ufffd and nul\ufffd"
    total = read_csv(tmp_path / "out" / "funding.csv")[0]
    assert (total["executed"], total["executed_wanyuan"]) == ("3861200", "386.1200")


def test_a_hostile_form_in_excel(tmp_path: Path, filled: Path) -> None:
    write_export([hostile_line(filled)], tmp_path / "out.xlsx", Format.XLSX)
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert book.sheetnames == [shape.name for shape in Tables(form_types()).shapes]
    header, row = book["forms"].iter_rows()
    form = {str(name.value): cell for name, cell in zip(header, row, strict=True)}
    assert (form["project_name"].value, form["project_name"].data_type) == ('=HYPERLINK("http://x","y")', "s")
    assert (form["phone"].value, form["phone"].data_type, form["phone"].number_format) == ("01012345678", "s", "@")
    assert form["competent_department"].value == "bell\ufffd and nul\ufffd"
    assert form["total_score"].value == "1234567890123456789.5", "too many digits for a number of Excel"
    assert len(str(form["expected_goal"].value)) == 32767
    assert form["total_weight"].data_type == "n"


def test_parquet_has_figures_as_printed_and_as_decimals(tmp_path: Path, filled: Path) -> None:
    lines = [*(filled / "run.jsonl").read_bytes().splitlines(keepends=True), hostile_line(filled)]
    write_export(lines, tmp_path / "out", Format.PARQUET)
    funding = pq.read_table(tmp_path / "out" / "funding.parquet").to_pylist()
    assert len(funding) == sum(
        isinstance(cells, dict) for line in map(json.loads, lines) for cells in line["record"]["funding"].values()
    )
    for row in funding:
        if row["executed"] is not None:
            assert row["executed_decimal"] == Decimal(row["executed"])
    hostile = [row for row in funding if row["executed"] == "3861200"]
    assert [row["executed_wanyuan"] for row in hostile] == [Decimal("386.12")]
    forms = pq.read_table(tmp_path / "out" / "forms.parquet").to_pylist()
    assert forms[-1]["total_score_decimal"] == Decimal("1234567890123456789.5")
    assert pq.read_table(tmp_path / "out" / "decisions.parquet").num_rows == 0


@pytest.mark.parametrize(
    ("value", "printed", "form_unit", "expected"),
    [
        ("43.08", "43.08", "万元", "43.08"),
        ("43.08", "43.08万元", None, "43.08"),
        ("430800", "430,800元", "万元", "43.0800"),
        ("430.8", "430.8", "千元", "43.08"),
        ("1.5", "1.5亿元", "万元", "15000.0"),
        ("-3", "-3 万 元", None, "-3"),
        ("43.08", "43.08", "（万元）", "43.08"),
        ("43.08", "43.08", None, None),
        ("43.08", "43.08美元", "万元", None),
        (None, "—", "万元", None),
    ],
)
def test_money_in_wanyuan(value: str | None, printed: str, form_unit: str | None, expected: str | None) -> None:
    assert wanyuan(value, printed, form_unit) == (None if expected is None else Decimal(expected))


def test_a_sheet_that_is_full_goes_on_in_another(tmp_path: Path, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline import sheets

    monkeypatch.setattr(sheets, "_EXCEL_ROWS", 11)
    lines = (filled / "run.jsonl").read_bytes().splitlines(keepends=True)
    write_export(lines, tmp_path / "out.xlsx", Format.XLSX)
    book = openpyxl.load_workbook(tmp_path / "out.xlsx", read_only=True)
    assert len(list(book["forms"].rows)) == 11
    assert len(list(book["forms 2"].rows)) == 11


def test_every_line_of_every_shape_becomes_rows() -> None:
    engine = installed_engine()
    plan = plan_of(engine, lines=True)
    tables = Tables(engine.form_types)
    known = {shape.name: {column.name for column in shape.columns} for shape in tables.shapes}
    for shape in ("tsv", "word", "lines", "flat", "cells"):
        text = form_text(5, forms=2, shape=shape).encode()
        done = digitise(Job("a.txt", "a.txt", "/a.txt", "0" * 64, text), engine, plan)
        import zlib

        for line in zlib.decompress(done.lines).splitlines():
            for name, row in tables.rows(json.loads(line)):
                assert set(row) <= known[name]


def test_the_format_follows_from_the_suffix(filled: Path) -> None:
    assert formtally(filled, "export", "--out", "by-suffix.xlsx").returncode == 0
    assert openpyxl.load_workbook(filled / "by-suffix.xlsx", read_only=True).sheetnames[0] == "forms"
    assert export_module.Format("csv").is_folder
