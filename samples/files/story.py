"""What a document says before it becomes a file of some kind: a report, forms of one body, notes; with the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from samples.content import print_form
from samples.draft import DRAFT_DEFECTS, make_author, make_draft
from samples.grid import GRID_DEFECTS, Grid, lay_out
from samples.vocabulary import prose, report_heading

__all__ = ["KINDS", "MadeForm", "Story", "defects_of_kind", "tell"]

KINDS = ("pdf", "scan", "bad-scan", "photo", "docx", "xlsx", "html", "zip")
"""Kinds of files that `samples.files.make_file` makes."""

_NOTES = (
    "填报注意事项：\n1.得分不得高于该项分值。\n2.正向定量指标按实际值与指标值之比乘以分值计分，反向指标按指标值与实际值之比计分。\n"
    "3.未完成的指标应当写明原因以及下一步打算。\n4.总分90分及以上为优，80分至90分为良，60分至80分为中，不足60分为差。",
    "注：1.定性指标按“达到、部分达到、未达到”三档，分别在分值的100%—80%、80%—60%、60%以下打分。\n2.资金执行率得分=执行率×分值。",
    "注：资金执行率得分=执行率×分值，最高不超过分值。",
)


@dataclass(slots=True)
class MadeForm:
    """A form of a made-up file and the truth about it; see `samples.generate.truth`.

    `document` is what an export calls the document that it stands in, `ordinal` its place there from 1.
    """

    record: dict[str, Any]
    defects: list[dict[str, Any]]
    ambiguous: list[dict[str, str]]
    shape: str
    seed: int
    template: str
    planted: str | None
    document: str = ""
    ordinal: int = 1


@dataclass(slots=True)
class Story:
    """`report` holds the paragraphs in front of the forms, `annexes` a line such as 附件1 or nothing for each."""

    title: str
    report: list[str]
    annexes: list[str]
    notes: str
    grids: list[Grid]
    forms: list[MadeForm] = field(default_factory=list)

    def characters(self) -> str:
        """Everything that is printed, in any order: what a font must be able to show."""
        parts = ["0123456789- 第页续表", self.title, *self.report, *self.annexes, self.notes]
        for grid in self.grids:
            parts += [text for row in grid.rows for cell in row.cells for text, _ in cell.segments]
            parts += [text for item in (grid.title, grid.year, grid.grade, *grid.footer) for text, _ in item]
        return "".join(parts)


def defects_of_kind(kind: str) -> tuple[str, ...]:
    """The defects that a file of that kind can show.

    What the author gets wrong can stand in any file. Of the damages to a grid only those happen that somebody drawing
    a table makes: heads printed twice and a heading left out. Where every cell has its walls, none shifts or is lost,
    and no figure runs into the next cell.
    """
    if kind not in KINDS:
        raise ValueError(f"no kind {kind}: choose one of {', '.join(KINDS)}")
    return (*DRAFT_DEFECTS, "heading_twice", "heading_missing")


def tell(
    seed: int,
    kind: str,
    *,
    forms: int,
    defects: Mapping[int, str],
    rows: int | None = None,
    template: str | None = None,
) -> Story:
    """What a document of that many forms says; `defects` maps places of forms (from 0) to defects."""
    rng = Random(f"story {seed}")
    author = make_author(rng, people=rng.randint(1, 3))
    annex = rng.random() < 0.3
    story = Story(
        title=f"{author.body}{author.year}年度部门绩效自评报告",
        report=[],
        annexes=[rng.choice(("附件1", "附件 1", f"附件{place + 1}")) if annex else "" for place in range(forms)],
        notes=rng.choice(_NOTES) if rng.random() < 0.35 else "",
        grids=[],
    )
    if rng.random() < 0.15:
        for number in range(rng.randint(2, 4)):
            story.report.append(report_heading(number))
            for _ in range(rng.randint(1, 3)):
                story.report.append("　　" + prose(rng, author.theme, author.city, author.body, author.year))
    for place in range(forms):
        own = seed * 1000 + place
        defect = defects.get(place)
        form_rng = Random(own)
        draft = make_draft(
            form_rng, author, template=template, rows=rows, defect=defect if defect in DRAFT_DEFECTS else None
        )
        grid = lay_out(form_rng, print_form(form_rng, draft))
        if defect in GRID_DEFECTS and (found := GRID_DEFECTS[defect](form_rng, grid)):
            grid.defects.append({"paths": found[0], "what": found[1]})
        story.grids.append(grid)
        story.forms.append(
            MadeForm(
                record=grid.content.record,
                defects=grid.defects,
                ambiguous=grid.ambiguous,
                shape=kind,
                seed=own,
                template=draft.spelling.template.name,
                planted=defect,
                ordinal=place + 1,
            )
        )
    return story
