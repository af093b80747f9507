"""Make self-evaluation forms with their true records.

    python -m samples.generate                       write samples/documents and samples/truth anew
    python -m samples.generate --forms N --out DIR   write N forms in bulk, with their truth

A seed and a shape always give the same form; the same seed gives the same content in every shape.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from samples.content import print_form
from samples.draft import DRAFT_DEFECTS, Author, Person, make_author, make_draft
from samples.files.story import MadeForm
from samples.grid import GRID_DEFECTS, Grid, lay_out
from samples.pages import print_lines, wrap
from samples.shapes import print_cells, print_flat, print_tsv, print_word
from samples.sheet import Placed, Sheet
from samples.vocabulary import prose, report_heading

__all__ = [
    "DEFECTS",
    "SHAPES",
    "Made",
    "MadeDocument",
    "bulk",
    "checked_in",
    "defects_of",
    "main",
    "make_document",
    "make_form",
    "truth",
]

SHAPES: dict[str, Callable[[Random, Grid, Sheet], None]] = {
    "tsv": print_tsv,
    "word": print_word,
    "lines": print_lines,
    "flat": print_flat,
    "cells": print_cells,
}
DEFECTS = (*DRAFT_DEFECTS, *GRID_DEFECTS)
"""What `make_form` can plant. `name_spellings` concerns two forms: see `make_document`."""
_OF_GRIDS = ("shifted_left", "shifted_right", "lost_column", "total_short")
_SAMPLES = Path(__file__).parent
_NOTES = (
    "填报注意事项：\n1.得分不得高于该项分值。\n2.正向定量指标按实际值与指标值之比乘以分值计分，反向指标按指标值与实际值之比计分。\n"
    "3.未完成的指标应当写明原因以及下一步打算。\n4.总分90分及以上为优，80分至90分为良，60分至80分为中，不足60分为差。\n",
    "注：1.定性指标按“达到、部分达到、未达到”三档，分别在分值的100%—80%、80%—60%、60%以下打分。\n2.资金执行率得分=执行率×分值。\n",
)


@dataclass(slots=True)
class Made:
    """A form and the truth about it.

    `record` is what `record-format.md` calls the record. `spans` maps leaf paths to the half-open code point ranges of
    `text` that hold the value, in joining order; printed subtotals stand under `level1_weights.HEADING`. `cells` are
    the printed cells by grid row and column, `rows` the ranges of the indicator rows.
    """

    text: str
    record: dict[str, Any]
    spans: dict[str, list[tuple[int, int]]]
    defects: list[dict[str, Any]]
    ambiguous: list[dict[str, str]]
    shape: str
    seed: int
    template: str
    cells: list[Placed]
    rows: dict[int, tuple[int, int]]
    planted: str | None = None

    def shifted(self, text: str, by: int) -> Made:
        """The same form inside a longer text, `by` code points further on."""
        return replace(
            self,
            text=text,
            spans={leaf: [(start + by, end + by) for start, end in spans] for leaf, spans in self.spans.items()},
            cells=[Placed(cell.row, cell.column, cell.start + by, cell.end + by, cell.leaves) for cell in self.cells],
            rows={index: (start + by, end + by) for index, (start, end) in self.rows.items()},
        )


@dataclass(slots=True)
class MadeDocument:
    """Several forms with what stands between them; the spans of the forms point into the text of the document."""

    text: str
    forms: list[Made] = field(default_factory=list)


def defects_of(shape: str) -> tuple[str, ...]:
    """The defects that a shape can show: columns shift only where there are columns."""
    return tuple(defect for defect in DEFECTS if defect not in _OF_GRIDS or shape in ("tsv", "word"))


def make_form(
    seed: int,
    shape: str,
    *,
    defect: str | None = None,
    template: str | None = None,
    rows: int | None = None,
    author: Author | None = None,
) -> Made:
    """Make one form; its text ends with a line end.

    `defect` is one of `defects_of(shape)`, `template` one of `samples.templates.TEMPLATES`, `rows` 3 to 24. Raises
    ValueError for anything else.
    """
    if defect is not None and defect not in defects_of(shape):
        raise ValueError(f"no defect {defect} in shape {shape}: choose one of {', '.join(defects_of(shape))}")
    rng = Random(seed)
    draft = make_draft(rng, author or make_author(rng), template=template, rows=rows, defect=defect)
    grid = lay_out(rng, print_form(rng, draft))
    if defect in GRID_DEFECTS and (found := GRID_DEFECTS[defect](rng, grid)):
        grid.defects.append({"paths": found[0], "what": found[1]})
    sheet = Sheet()
    SHAPES[shape](Random(f"{shape} {seed}"), grid, sheet)
    return Made(
        text=sheet.text,
        record=grid.content.record,
        spans=sheet.spans,
        defects=grid.defects,
        ambiguous=grid.ambiguous,
        shape=shape,
        seed=seed,
        template=draft.spelling.template.name,
        cells=sheet.cells,
        rows=sheet.rows,
        planted=defect,
    )


def make_document(
    seed: int,
    forms: int,
    shape: str,
    *,
    defects: Mapping[int, str] | None = None,
    prose_in_front: bool | None = None,
) -> MadeDocument:
    """Make a document of that many forms of one body.

    `defects` maps places of forms (from 0) to defects; `name_spellings` gives that form's people and the first form's
    one telephone number under two spellings of a name. `prose_in_front` asks for a report before the forms; by default
    one document in five has one.
    """
    rng = Random(f"document {seed}")
    author = make_author(rng, people=rng.randint(1, 3))
    wanted = dict(defects or {})
    pieces: list[str] = [_report(rng, author, shape)] if _decide(rng, prose_in_front, 0.2) else []
    notes = rng.choice(_NOTES) if rng.random() < 0.35 else ""
    pages = rng.random() < 0.3
    at = sum(map(len, pieces))
    made: list[tuple[Made, int]] = []
    spelled = [place for place, defect in wanted.items() if defect == "name_spellings"]
    other = _misspelled(author) if spelled else author
    one = replace(author, people=author.people[:1]) if spelled else author
    for place in range(forms):
        before = _before(rng, shape, place, pages)
        defect = wanted.get(place)
        whose = other if place in spelled else one if place == 0 else author
        form = make_form(
            seed * 1000 + place, shape, defect=None if place in spelled else defect, author=whose,
            template="national-2020" if spelled and place in (0, *spelled) else None,
        )  # fmt: skip
        if place in spelled:
            form.defects.append({"paths": ["project_leader", "filled_by"], "what": "one telephone, two spellings"})
            form.planted = defect
        behind = f"\n{notes}\n" if notes else "\n"
        made.append((form, at + len(before)))
        pieces += (before, form.text, behind)
        at += len(before) + len(form.text) + len(behind)
    text = "".join(pieces)
    return MadeDocument(text, [form.shifted(text, by) for form, by in made])


def _decide(rng: Random, wanted: bool | None, share: float) -> bool:
    return rng.random() < share if wanted is None else wanted


def _misspelled(author: Author) -> Author:
    """The first person alone, the last character of the name read as another one."""
    first = author.people[0]
    return replace(author, people=(Person(first.name[:-1] + ("晟" if first.name[-1] != "晟" else "昇"), first.phone),))


def _before(rng: Random, shape: str, place: int, pages: bool) -> str:
    page = f"{rng.choice(('- {} -', '{}', '第{}页'))}\n\n".format(place + 3) if pages and place else ""
    annex = rng.choice(("附件1\n\n", "附件 1\n\n", f"附件{place + 1}\n")) if rng.random() < 0.2 else ""
    return page + annex


def _report(rng: Random, author: Author, shape: str) -> str:
    """A report in front of the forms: headings and paragraphs, wrapped where the shape wraps."""
    lines = [f"{author.body}{author.year}年度部门绩效自评报告", ""]
    for number in range(rng.randint(2, 4)):
        lines.append(report_heading(number))
        for _ in range(rng.randint(1, 3)):
            text = "　　" + prose(rng, author.theme, author.city, author.body, author.year)
            lines += [text[a:b] for a, b in wrap(text, 56, kinsoku=True)] if shape == "lines" else [text]
        lines.append("")
    return "\n".join(lines) + "\n"


def truth(form: Made | MadeForm, name: str, ordinal: int) -> dict[str, Any]:
    """The gold record of a form, as `score.py` and `formtally eval` read it."""
    gold: dict[str, Any] = {"form_id": f"{name}-{ordinal:02d}", **form.record}
    notes = (
        f"made up: seed {form.seed}, shape {form.shape}, template {form.template}, planted {form.planted or 'nothing'}"
    )
    return gold | {"ambiguous": form.ambiguous, "notes": notes, "defects": form.defects}


_CHECKED_IN: tuple[tuple[str, int, str, int, dict[int, str]], ...] = (
    ("table-ocr", 11, "tsv", 5, {2: "shifted_left", 4: "name_spellings"}),
    ("word-processor", 12, "word", 4, {1: "scores_total", 3: "missing_reason"}),
    ("pdf-lines", 13, "lines", 4, {2: "subtotal"}),
    ("one-line", 14, "flat", 3, {1: "rate"}),
    ("cell-a-line", 15, "cells", 3, {2: "score_range"}),
)
"""Documents of the repository: name, seed, shape, forms, defects."""


def checked_in() -> Iterator[tuple[str, MadeDocument]]:
    """The texts under `samples/documents`, by name without suffix; for the other files see `samples.files`."""
    for name, seed, shape, forms, defects in _CHECKED_IN:
        yield name, make_document(seed, forms, shape, defects=defects, prose_in_front=shape == "lines")


def bulk(seed: int, forms: int, shapes: tuple[str, ...], per_file: int) -> Iterator[tuple[str, MadeDocument]]:
    """Documents of `per_file` forms that hold `forms` in all, by name; every seventh form carries a defect."""
    for number, first in enumerate(range(0, forms, per_file)):
        shape = shapes[number % len(shapes)]
        rng = Random(f"bulk {seed} {number}")
        planted = {place: rng.choice(defects_of(shape)) for place in range(per_file) if rng.random() < 1 / 7}
        document = make_document(seed * 100000 + number, min(per_file, forms - first), shape, defects=planted)
        yield f"{shape}-{seed}-{number:05d}", document


def _write(documents: Iterator[tuple[str, MadeDocument]], texts: Path, golds: Path) -> int:
    """Write documents and their gold records; return how many forms."""
    texts.mkdir(parents=True, exist_ok=True)
    golds.mkdir(parents=True, exist_ok=True)
    forms = 0
    for name, document in documents:
        (texts / f"{name}.txt").write_text(document.text, encoding="utf-8", newline="")
        for ordinal, form in enumerate(document.forms, 1):
            gold = json.dumps(truth(form, name, ordinal), ensure_ascii=False, indent=1)
            (golds / f"{name}-{ordinal:02d}.json").write_text(gold + "\n", encoding="utf-8")
        forms += len(document.forms)
    return forms


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(prog="python -m samples.generate", description=__doc__)
    parser.add_argument("--forms", type=int, help="write that many forms in bulk instead of the checked-in samples")
    parser.add_argument("--out", type=Path, help="folder for them: documents/ and truth/ are made in it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-file", type=int, default=20)
    parser.add_argument("--shape", choices=("all", *SHAPES), default="all")
    args = parser.parse_args()
    if (args.forms is None) != (args.out is None):
        parser.error("--forms and --out go together")
    if args.forms is None:
        out, documents = _SAMPLES, checked_in()
        for folder in ("documents", "truth"):
            shutil.rmtree(out / folder, ignore_errors=True)
    else:
        shapes = tuple(SHAPES) if args.shape == "all" else (args.shape,)
        out, documents = args.out, bulk(args.seed, args.forms, shapes, args.per_file)
    forms = _write(documents, out / "documents", out / "truth")
    if args.forms is None:
        from samples.files.writing import checked_in_files, write

        for made in checked_in_files():
            write(made, out / "documents", out / "truth")
            forms += len(made.forms)
    print(f"{forms} forms in {out}")


if __name__ == "__main__":
    main()
