"""Made-up files: the same always, true about what they print and where, and the benchmark that measures with them."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from importlib import import_module
from pathlib import Path, PurePosixPath
from random import Random
from typing import Any

import cv2
import docx
import numpy as np
import openpyxl
import pytest
from PIL import Image, ImageOps

from benchmarks import files as bench
from benchmarks.files_grids import judge_page, leaf_places
from pipeline.source import Box, Cell, Document, Layout, Origin, Page, Span
from samples.draft import DRAFT_DEFECTS
from samples.files import KINDS, PICTURES, MadeFile, TruePage, defects_of_kind, make_file
from samples.files.fonts import faces
from samples.files.pictures import Picture, as_jpeg, photograph
from samples.files.workbook import shown_number
from samples.files.wrapping import clusters, wrapped
from samples.files.writing import checked_in_files
from samples.generate import truth
from samples.templates import TEMPLATES
from tests.test_samples import leaves

mupdf: Any = import_module("pymupdf")
SAMPLES = Path(__file__).parent.parent / "samples"


def opened_pdf(data: bytes) -> Any:
    return mupdf.open("pdf", data)


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def printed_leaves(record: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every filled leaf whose value stands in the file character by character."""
    for path, value in leaves(record):
        if value is not None and path != "filled_on":
            yield path, squeezed(str(value))


# -- what files hold


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_gives_the_same_file_always(kind: str) -> None:
    one, other = (make_file(2, kind, rows=3) for _ in range(2))
    assert one.files == other.files
    assert one.forms == other.forms
    assert one.pages == other.pages


def test_a_seed_tells_the_same_story_in_every_kind() -> None:
    records = [make_file(5, kind, forms=2).forms[1].record for kind in ("pdf", "docx", "xlsx", "html")]
    assert all(record == records[0] for record in records)


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_character_of_a_pdf_stands_in_its_cell(template: str) -> None:
    for seed in range(4):
        made = make_file(seed, "pdf", forms=2, template=template)
        document = opened_pdf(made.files[0][1])
        assert len(document) == len(made.pages)
        for sheet, page in zip(document, made.pages, strict=True):
            assert (round(sheet.rect.width), round(sheet.rect.height)) == (round(page.width), round(page.height))
            assert_cells_hold(sheet, page)


def assert_cells_hold(sheet: Any, page: TruePage) -> None:
    """Each true cell holds the middle of its own characters, and each of them wholly."""
    held: dict[int, str] = {}
    for block in sheet.get_text("rawdict")["blocks"]:
        for line in block.get("lines", ()):
            for span in line["spans"]:
                for char in span["chars"]:
                    # The box of a font's tallest character is wider than the ink: its middle is what counts.
                    box = mupdf.Rect(char["bbox"]) * sheet.rotation_matrix
                    x, y = (box.x0 + box.x1) / 2 / page.width, (box.y0 + box.y1) / 2 / page.height
                    for n, cell in enumerate(page.cells):
                        (x0, y0), (x1, y1) = cell.corners[0], cell.corners[2]
                        if x0 <= x <= x1 and y0 <= y <= y1 and char["c"].strip():
                            held[n] = held.get(n, "") + char["c"]
                            assert box.x0 / page.width >= x0 - 1e-3, cell.text
                            assert box.x1 / page.width <= x1 + 1e-3, cell.text
    for n, cell in enumerate(page.cells):
        assert sorted(held.get(n, "")) == sorted(squeezed(cell.text)), (page.number, cell.text)


def test_the_cells_of_a_pdf_cover_its_tables_and_the_leaves_are_all_there() -> None:
    for seed in range(10):
        made = make_file(seed, "pdf", forms=2)
        found: dict[tuple[int, str], str] = {}
        for page in made.pages:
            for place, cell in leaf_places(page).items():
                found.setdefault(place, squeezed(cell.text))
            for line in page.lines:
                found.update({(line.form, leaf): squeezed(line.text) for leaf in line.leaves})
            for part in {cell.part for cell in page.cells}:
                assert_covered([cell for cell in page.cells if cell.part == part])
        for number, form in enumerate(made.forms):
            for path, value in printed_leaves(form.record):
                there = found[number, path]
                assert value in there or value in there.replace(",", ""), path


def assert_covered(cells: list[Any]) -> None:
    """Cells cover their rectangle of rows and columns once each."""
    rows = max(cell.row + cell.row_span for cell in cells)
    columns = max(cell.column + cell.column_span for cell in cells)
    count = np.zeros((rows, columns), int)
    for cell in cells:
        count[cell.row : cell.row + cell.row_span, cell.column : cell.column + cell.column_span] += 1
    assert (count == 1).all()


def test_pages_vary_as_real_ones_do() -> None:
    made = [make_file(seed, "pdf", forms=2) for seed in range(8, 31)]
    sizes = {(round(page.width), round(page.height)) for file in made for page in file.pages}
    assert sizes == {(595, 842), (842, 595), (1191, 842)}
    rotations = {opened_pdf(file.files[0][1])[0].rotation for file in made}
    assert rotations == {0, 90}
    pages_of_forms = [len({p.number for p in f.pages for c in p.cells if c.form == n}) for f in made for n in (0, 1)]
    assert 0.3 < pages_of_forms.count(1) / len(pages_of_forms) < 0.9
    shared = [f for f in made if any({c.form for c in p.cells} == {0, 1} for p in f.pages)]
    assert shared, "no form begins behind another one"
    repeated = [f for f in made for p in f.pages if p.cells and p.cells[0].text == "一级指标"]
    assert repeated, "no heads are printed again"


@pytest.mark.parametrize("kind", ["docx", "html", "xlsx"])
def test_texts_of_office_files_are_the_values(kind: str) -> None:
    for seed in range(12):
        made = make_file(seed, kind, forms=2)
        text = squeezed({"docx": docx_text, "html": html_text, "xlsx": xlsx_text}[kind](made.files[0][1]))
        for form in made.forms:
            for path, value in printed_leaves(form.record):
                assert value in text.replace(",", "") or value in text, (seed, path, value)


def docx_text(data: bytes) -> str:
    """What Word shows: a text box once, nothing that was deleted."""
    body = docx.Document(io.BytesIO(data)).element.body
    out = []
    for node in body.iter("{*}t", "{*}br", "{*}p"):
        if not any(above.tag.endswith("Fallback") for above in node.iterancestors()):
            out.append(node.text or "" if node.tag.endswith("}t") else "\n")
    return "".join(out)


def html_text(data: bytes) -> str:
    # Browsers take gb2312 for GBK, whose dash lxml would turn into another one.
    charset = re.search(rb"charset=([a-z0-9-]+)", data)
    assert charset is not None
    text = data.decode("utf-8" if charset[1] == b"utf-8" else "gb18030")
    html: Any = import_module("lxml.html")
    return str(html.fromstring(text).text_content())


def xlsx_text(data: bytes) -> str:
    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    return "\n".join(shown(cell.value, cell.number_format) for cell in cells)


def shown(value: Any, form: str) -> str:
    """What Excel shows, for the formats that are used here."""
    if isinstance(value, str):
        return value
    if hasattr(value, "year"):
        return date(value.year, value.month, value.day).isoformat()
    exact = Decimal(repr(value))
    if form == "General":
        return format(exact.normalize(), "f")
    if form.endswith('"') and ";" in form:
        return form.rsplit('"', 2)[1] if exact == 0 else str(exact)
    suffix = re.sub(r"[#,0.\"]", "", form)
    figures = re.sub(r"[^#,0.]", "", form)
    exact = exact * 100 if "%" in suffix else exact
    places = len(figures.partition(".")[2])
    rounded = exact.quantize(Decimal(1).scaleb(-places))
    return (f"{rounded:,f}" if "," in figures else f"{rounded:f}") + suffix


def test_numbers_get_the_format_that_shows_them() -> None:
    assert shown_number("1,286.50") == (Decimal("1286.50"), "#,##0.00", "")
    assert shown_number("99.87%") == (Decimal("99.87"), "0.00", "%")
    assert shown_number("10 分") == (Decimal(10), "0", " 分")
    assert [shown_number(text) for text in ("≥95%", "1,28", "0571", "")] == [None] * 4


def test_workbooks_hold_numbers_dates_and_formulas() -> None:
    kinds: set[str] = set()
    formats: set[str] = set()
    for seed in range(9):
        data = make_file(seed, "xlsx", forms=2).files[0][1]
        for plain in (True, False):
            for sheet in openpyxl.load_workbook(io.BytesIO(data), data_only=plain):
                for row in sheet.iter_rows():
                    kinds.update(type(cell.value).__name__ for cell in row)
                    kinds.update("formula" for cell in row if cell.data_type == "f")
                    formats.update(cell.number_format for cell in row)
    assert kinds >= {"int", "float", "str", "datetime", "formula"}
    assert formats >= {"0.00", "#,##0.00", "0.00%", "General", "@"}


def test_word_documents_have_real_merged_cells_and_what_else_offices_do() -> None:
    seen: set[str] = set()
    for seed in range(50):
        body = docx.Document(io.BytesIO(make_file(seed, "docx", rows=6).files[0][1])).element.body
        xml = body.xml
        seen.update(
            name for name in ("w:vMerge", "w:gridSpan", "w:txbxContent", "w:tab/", "w:ins ") if f"<{name}" in xml
        )
        tables = len(list(body.iterchildren("{*}tbl")))
        seen.add(f"{min(tables, 3)} tables")
        seen.update("nested" for table in body.iter("{*}tbl") if table.getparent().tag.endswith("}tc"))
    assert seen >= {"w:vMerge", "w:gridSpan", "w:txbxContent", "w:tab/", "w:ins ", "1 tables", "3 tables", "nested"}


# -- pictures


def opened(made: MadeFile) -> list[Image.Image]:
    """The pages as they are shown."""
    out = []
    for name, data in made.files:
        if name.endswith(".pdf"):
            for sheet in opened_pdf(data):
                assert not sheet.get_text().strip(), "a scan has no text"
                pixmap = sheet.get_pixmap(dpi=100)
                out.append(Image.frombytes("RGB", (pixmap.width, pixmap.height), pixmap.samples))
        else:
            image = Image.open(io.BytesIO(data))
            for frame in range(getattr(image, "n_frames", 1)):
                image.seek(frame)
                out.append(ImageOps.exif_transpose(image).convert("RGB"))
    return out


@pytest.mark.parametrize(("kind", "seeds"), [("scan", (2, 16)), ("bad-scan", (22, 28)), ("photo", (30,))])
def test_walls_of_pictures_are_where_the_truth_says(kind: str, seeds: Sequence[int]) -> None:
    for seed in seeds:
        made = make_file(seed, kind, rows=4)
        images = opened(made)
        assert len(images) == len(made.pages)
        for image, page in zip(images, made.pages, strict=True):
            grey = np.asarray(image.convert("L"), np.float32)
            # Ink against the paper around it, however the light falls; a wall may be a pixel beside its line.
            ink = cv2.blur(grey, (41, 41)) - cv2.erode(grey, np.ones((5, 5), np.uint8))
            for cell in page.cells:
                corners = np.array(cell.corners) * (grey.shape[1], grey.shape[0])
                for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
                    steps = np.linspace(0.05, 0.95, 40)[:, None]
                    points = (a + (b - a) * steps).round().astype(int)
                    on_wall = ink[points[:, 1].clip(0, grey.shape[0] - 1), points[:, 0].clip(0, grey.shape[1] - 1)]
                    assert np.median(on_wall) > 15, (seed, page.number, cell.text)


def test_a_photograph_may_be_stored_lying_on_its_side() -> None:
    codes = set()
    sheet = np.full((90, 60, 3), 255, np.uint8)
    sheet[:20, :20] = 0
    for seed in range(12):
        taken = photograph(Random(seed), Picture(sheet, np.eye(3), 72))
        image = Image.open(io.BytesIO(as_jpeg(taken, 90)))
        codes.add(image.getexif().get(0x0112, 1))
        shown = np.asarray(ImageOps.exif_transpose(image), np.float32)
        assert shown.shape == taken.pixels.shape
        assert np.abs(shown - taken.pixels).mean() < 8
    assert 1 in codes
    assert codes & {6, 8}


def test_scans_come_as_pdf_tiff_and_pictures_a_page() -> None:
    names = [name for seed in (2, 4, 16) for name, _ in make_file(seed, "scan", rows=3).files]
    assert {PurePosixPath(name).suffix for name in names} == {".pdf", ".tif", ".png"}
    series = make_file(7, "bad-scan", forms=2, rows=3)
    assert [name for name, _ in series.files][:2] == ["IMG_001.jpg", "IMG_002.jpg"]
    assert "." not in series.name


# -- defects, archives, fonts


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_show_what_authors_do_wrong_and_never_shifted_cells(kind: str) -> None:
    assert set(DRAFT_DEFECTS) < set(defects_of_kind(kind))
    assert not {"shifted_left", "shifted_right", "lost_column", "total_short"} & set(defects_of_kind(kind))
    with pytest.raises(ValueError, match="shifted_left"):
        make_file(1, kind, defects={0: "shifted_left"})


def test_every_defect_comes_in_a_digital_file_and_is_told() -> None:
    for kind in ("pdf", "docx", "xlsx", "html"):
        for defect in defects_of_kind(kind) if kind == "html" else ("heading_twice", "heading_missing"):
            form = make_file(8, kind, defects={0: defect}, rows=9).forms[0]
            assert form.planted == defect
            assert bool(form.defects) == (defect != "heading_twice")


def test_archives_hold_documents_and_may_name_them_in_gbk() -> None:
    seen = set()
    for seed in range(10):
        made = make_file(seed, "zip", forms=3)
        with zipfile.ZipFile(io.BytesIO(made.files[0][1])) as archive:
            assert archive.testzip() is None
            for info, member in zip(archive.infolist(), made.members, strict=True):
                utf8 = bool(info.flag_bits & 0x800) or info.filename.isascii()
                name = info.filename if utf8 else info.filename.encode("cp437").decode("gbk")
                seen.add(utf8)
                assert member.name == f"{made.name}/{name}"
                assert archive.read(info) == member.files[0][1]
        assert len(made.forms) == 3
        stems = [(PurePosixPath(form.document).stem, form.ordinal) for form in made.forms]
        assert len(set(stems)) == 3
    assert seen == {True, False}


def test_pymupdf_has_a_font_where_the_machine_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    faces.cache_clear()
    monkeypatch.setenv("PATH", "")
    try:
        assert [face.name for face in faces()] == ["cjk"]
        made = make_file(2, "pdf", rows=3)
        assert "项目" in opened_pdf(made.files[0][1])[0].get_text()
    finally:
        faces.cache_clear()


def test_wrapping_keeps_figures_whole_and_refuses_what_does_not_fit() -> None:
    assert clusters("达到95.5%。（含）", kinsoku=True) == ["达", "到", "95.5%。", "（含）"]
    assert wrapped("于2021年完成\n好", 4.0, len, kinsoku=False) == ["于", "2021", "年完成", "好"]
    with pytest.raises(ValueError, match="do not fit"):
        wrapped("1286.50", 3.0, len, kinsoku=True)


# -- the benchmark


def perfect(made: MadeFile) -> list[dict[str, Any]]:
    """The export lines of a reader that reads everything right and asks nothing."""
    return [
        {"document": form.document, "form_type": "self_evaluation", "ordinal": form.ordinal, "record": form.record,
         "review": [], "findings": [{"check": "x", "severity": "warning", "paths": [""]}]}
        for form in made.forms
    ]  # fmt: skip


def test_the_benchmark_counts_a_perfect_reader_as_perfect(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("pdf", "html", "zip"):
        task = bench.Task(kind, 9000, 2, False)
        monkeypatch.setattr(
            bench, "digitise_file", lambda name, files, kind=kind: perfect(make_file(9000, kind, forms=2))
        )
        counts = bench.measure(task).counts
        assert counts["right"] == counts["leaves"] > 0
        assert counts["clean_untouched"] == counts["clean"] > 0
        assert counts["silent"] == counts["txt_errors"] == counts["crashed"] == 0


def test_the_benchmark_counts_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = perfect(make_file(9000, "html", forms=2))
    lines[0]["record"] = lines[0]["record"] | {"total_score": "1", "implementing_unit": None}
    lines[1]["review"] = [{"path": "title", "reasons": ["why"]}]
    monkeypatch.setattr(bench, "digitise_file", lambda name, files: lines)
    result = bench.measure(bench.Task("html", 9000, 2, False))
    assert (result.counts["num_silent"], result.counts["txt_silent"]) == (1, 1)
    assert result.counts["txt_errors"] == len(make_file(9000, "html").forms[0].record["implementing_unit"])
    assert result.counts["clean_untouched"] == 1
    assert any("title: why" in line for line in result.wrong)

    def broken(name: str, files: list[bytes]) -> list[dict[str, Any]]:
        raise RuntimeError("no")

    monkeypatch.setattr(bench, "digitise_file", broken)
    assert bench.measure(bench.Task("html", 9000, 1, False)).counts["crashed"] == 1


def drawn_document(page: TruePage, cells: list[Any]) -> Document:
    """A document whose ruled cells are exactly the boxes of these true cells, in pixels of another resolution."""
    width, height = page.width * 3, page.height * 3
    found = []
    for n, cell in enumerate(cells, 1):
        xs, ys = [x * width for x, _ in cell.corners], [y * height for _, y in cell.corners]
        box = Box(min(xs), min(ys), max(xs), max(ys), "pixels")
        found.append(Cell(n, "", Span(0, 0), cell.row, cell.column, Layout.TABLE, page.number, box=box))
    pages = (Page(page.number, width, height, "pixels", Origin.RECOGNISED),)
    return Document("a", "a", "", Origin.RECOGNISED, "", tuple(found), pages)


@pytest.mark.parametrize("kind", ["pdf", *PICTURES])
def test_the_benchmark_knows_a_right_grid(kind: str) -> None:
    page = next(page for page in make_file(6, kind, rows=4).pages if page.cells)
    assert judge_page(page, drawn_document(page, page.cells)).right
    assert not judge_page(page, drawn_document(page, page.cells[1:])).right
    assert not judge_page(page, drawn_document(page, [*page.cells, page.cells[-1]])).right
    joined = [cell for cell in page.cells if cell.column_span == 1 and cell.row_span == 1][:1]
    wide = [c for c in page.cells if c not in joined]
    (x0, y0), (x1, _), (_, y2), _ = joined[0].corners
    wide.append(replace(joined[0], corners=((x0, y0), (x1 + 0.05, y0), (x1 + 0.05, y2), (x0, y2))))
    assert not judge_page(page, drawn_document(page, wide)).right


def test_checked_in_files_are_up_to_date() -> None:
    """Their truth is; their bytes are where no font of the machine is in them."""
    size = 0
    for made in checked_in_files():
        for name, data in made.files:
            stored = (SAMPLES / "documents" / name).read_bytes()
            size += len(stored)
            if made.kind in ("docx", "xlsx", "html"):
                assert stored == data, f"run python -m samples.generate: {name} differs"
        for form in made.forms:
            stem = PurePosixPath(form.document).stem
            gold = SAMPLES / "truth" / f"{stem}-{form.ordinal:02d}.json"
            assert json.loads(gold.read_text(encoding="utf-8")) == truth(form, stem, form.ordinal)
    assert size < 3_000_000
