"""Made-up files on disk, with their gold records, and the list of those that the repository holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from samples.files.made import MadeFile
from samples.files.make import make_file
from samples.generate import truth

__all__ = ["checked_in_files", "write"]

_CHECKED_IN: tuple[tuple[str, str, int, int, dict[int, str]], ...] = (
    ("digital-pdf", "pdf", 7, 3, {1: "rate"}),
    ("clean-scan", "scan", 16, 1, {}),
    ("sealed-scan", "bad-scan", 22, 1, {}),
    ("photograph", "photo", 30, 1, {}),
    ("word-tables", "docx", 61, 2, {1: "scores_total"}),
    ("workbook", "xlsx", 62, 3, {2: "parts"}),
    ("web-page", "html", 63, 2, {1: "subtotal"}),
    ("archive", "zip", 8, 3, {2: "missing_reason"}),
)
"""Documents of the repository: name, kind, seed, forms, defects."""


def checked_in_files() -> Iterator[MadeFile]:
    """The documents under `samples/documents` that are no text."""
    for name, kind, seed, forms, defects in _CHECKED_IN:
        yield make_file(seed, kind, forms=forms, defects=defects, name=name)


def write(made: MadeFile, documents: Path, golds: Path) -> None:
    """Write the files of a document and the gold record of each of its forms."""
    folder = documents if len(made.files) == 1 else documents / made.name
    folder.mkdir(parents=True, exist_ok=True)
    golds.mkdir(parents=True, exist_ok=True)
    for name, data in made.files:
        (folder / name).write_bytes(data)
    for form in made.forms:
        stem = PurePosixPath(form.document).stem
        gold = json.dumps(truth(form, stem, form.ordinal), ensure_ascii=False, indent=1)
        (golds / f"{stem}-{form.ordinal:02d}.json").write_text(gold + "\n", encoding="utf-8")
