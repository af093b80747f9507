"""Stories as Word documents: tables with merged cells, several tables a form, text boxes, nested tables, revisions."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime
from random import Random
from xml.sax.saxutils import escape

from samples.content import Segments
from samples.files.archive import stable_zip
from samples.files.columns import TooNarrow
from samples.files.drawn import Drawn, DrawnCell, draw_table
from samples.files.lattice import text_of
from samples.files.story import Story

__all__ = ["docx_bytes"]

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SPACES = (
    f'xmlns:w="{_W}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:v="urn:schemas-microsoft-com:vml"'
)
_A4 = (11906, 16838)
"""Twentieths of a point."""
_WRITTEN = datetime(2023, 2, 15, 9, 0, 0)
_BY = 'w:id="7" w:author="复核" w:date="2023-02-15T09:00:00Z"'
_BROKEN = {
    "绩效指标": "绩\n效\n指\n标",
    "年度总体目标": "年度\n总体\n目标",
    "年度指标值": "年度\n指标值",
    "项目资金": "项目\n资金",
}


_BOX = (
    "<w:p {spaces}><w:r><mc:AlternateContent>"
    '<mc:Choice Requires="wps"><w:drawing><wp:anchor distT="0" distB="0" distL="0" distR="0" simplePos="0" '
    'relativeHeight="2" behindDoc="0" locked="0" layoutInCell="1" allowOverlap="1"><wp:simplePos x="0" y="0"/>'
    '<wp:positionH relativeFrom="column"><wp:posOffset>0</wp:posOffset></wp:positionH>'
    '<wp:positionV relativeFrom="paragraph"><wp:posOffset>0</wp:posOffset></wp:positionV>'
    '<wp:extent cx="5400000" cy="400000"/><wp:wrapTopAndBottom/><wp:docPr id="9" name="文本框 9"/><a:graphic>'
    '<a:graphicData uri="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"><wps:wsp>'
    '<wps:cNvSpPr txBox="1"/><wps:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="5400000" cy="400000"/></a:xfrm>'
    '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></wps:spPr>'
    "<wps:txbx><w:txbxContent>{inside}</w:txbxContent></wps:txbx><wps:bodyPr/></wps:wsp></a:graphicData></a:graphic>"
    "</wp:anchor></w:drawing></mc:Choice>"
    '<mc:Fallback><w:pict><v:shape style="width:425pt;height:31pt"><v:textbox><w:txbxContent>{inside}'
    "</w:txbxContent></v:textbox></v:shape></w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"
)
"""A text box as a word processor writes it: the same text once for itself and once for its older versions."""


@dataclass(slots=True)
class _Habits:
    """How one office uses its word processor. Shares are of cells or forms."""

    title_inside: float
    footer_inside: float
    split: float
    """Forms that are two or three tables, one below the other."""
    broken_labels: bool
    soft: bool
    """Line breaks inside a cell are soft; else each line is a paragraph."""
    trailing: float
    """Cells with an empty paragraph at the end."""
    runs: bool
    """Latin and Chinese characters are runs of their own."""
    box: float
    """Signatures in a text box."""
    nested: float
    """Goals in a table of their own inside their cell."""
    revised: float
    """Cells whose value was changed with revisions on."""
    tabs: bool
    size: int


def docx_bytes(seed: int, story: Story) -> bytes:
    """The story as a Word document."""
    import docx
    from docx.enum.section import WD_ORIENT
    from docx.oxml import parse_xml
    from docx.shared import Twips

    rng = Random(f"docx {seed}")
    lying = rng.random() < 0.4
    margin = rng.choice((850, 1134, 1418))
    habits = _Habits(
        title_inside=rng.choice((0.0, 0.0, 1.0)),
        footer_inside=rng.choice((0.0, 0.0, 1.0)),
        split=rng.choice((0.0, 0.0, 0.0, 1.0)),
        broken_labels=rng.random() < 0.3,
        soft=rng.random() < 0.4,
        trailing=rng.choice((0.0, 0.0, 0.05)),
        runs=rng.random() < 0.5,
        box=0.15,
        nested=0.08,
        revised=rng.choice((0.0,) * 9 + (0.03,)),
        tabs=rng.random() < 0.5,
        size=rng.choice((15, 18, 18, 21)),
    )
    drawn_forms, lying = _draw_all(rng, story, habits, lying, margin)
    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = (Twips(side) for side in (_A4[::-1] if lying else _A4))
    section.orientation = WD_ORIENT.LANDSCAPE if lying else WD_ORIENT.PORTRAIT
    section.left_margin = section.right_margin = Twips(margin)
    inner = _A4[lying] - 2 * margin
    body = document.element.body
    for node in list(body)[:-1]:
        body.remove(node)

    def put(xml: str) -> None:
        body.insert(len(body) - 1, parse_xml(xml))

    if story.report:
        put(_paragraph(story.title, size=32, centred=True))
        for text in story.report:
            put(_paragraph(text, size=24))
    for place, grid in enumerate(story.grids):
        if place and rng.random() < 0.8:
            put(f'<w:p {_SPACES}><w:r><w:br w:type="page"/></w:r></w:p>')
        if story.annexes[place]:
            put(_paragraph(story.annexes[place]))
        drawn = drawn_forms[place]
        cuts = [cut for cut in drawn.cuts() if rng.random() < 0.7] if rng.random() < habits.split else []
        for segments in drawn.above:
            put(_paragraph(text_of(segments), size=32 if segments is grid.title else 21, centred=True))
        for part in drawn.parts(cuts):
            put(_Table(part, rng, habits, inner).xml())
            put(_paragraph(""))
        for segments in drawn.below:
            put(_paragraph(text_of(segments)))
        if drawn.footer:
            put(_signature(rng, drawn.footer, habits))
        for line in story.notes.split("\n") if story.notes else ():
            put(_paragraph(line, size=18))
    properties = document.core_properties
    properties.created = properties.modified = _WRITTEN
    properties.author = properties.last_modified_by = "formtally samples"
    out = io.BytesIO()
    document.save(out)
    return stable_zip(out.getvalue())


def _draw_all(rng: Random, story: Story, habits: _Habits, lying: bool, margin: int) -> tuple[list[Drawn], bool]:
    """The tables of all forms, and whether the page lies on its side: it does where they are too wide for it."""
    state = rng.getstate()
    for size in (habits.size, 18, 15, 12):
        for turned in (lying, True):
            rng.setstate(state)
            habits.size = size
            try:
                drawn = [
                    draw_table(
                        rng, grid,
                        title_inside=rng.random() < habits.title_inside,
                        footer_inside=rng.random() < habits.footer_inside,
                        own_money=rng.random() < 0.4,
                        width=(_A4[turned] - 2 * margin) / (size * 10),
                    )
                    for grid in story.grids
                ]  # fmt: skip
            except TooNarrow:
                continue
            return drawn, turned
    raise TooNarrow("the form fits on no page")


def _run(text: str, size: int, extra: str = "") -> str:
    """A run; a newline becomes a soft break, a tab a tab."""
    xml = ""
    for n, line in enumerate(text.split("\n")):
        xml += "<w:br/>" if n else ""
        for k, piece in enumerate(line.split("\t")):
            xml += "<w:tab/>" if k else ""
            xml += f'<w:t xml:space="preserve">{escape(piece)}</w:t>' if piece else ""
    return f'<w:r><w:rPr>{extra}<w:sz w:val="{size}"/></w:rPr>{xml}</w:r>'


def _runs(text: str, size: int, parted: bool) -> str:
    if not parted:
        return _run(text, size)
    pieces: list[str] = []
    for character in text:
        if pieces and pieces[-1][-1].isascii() == character.isascii():
            pieces[-1] += character
        else:
            pieces.append(character)
    hint = '<w:rFonts w:hint="eastAsia"/>'
    return "".join(_run(piece, size, "" if piece.isascii() else hint) for piece in pieces)


def _paragraph(text: str, *, size: int = 21, centred: bool = False) -> str:
    where = '<w:pPr><w:jc w:val="center"/></w:pPr>' if centred else ""
    return f"<w:p {_SPACES}>{where}{_run(text, size) if text else ''}</w:p>"


def _signature(rng: Random, footer: list[Segments], habits: _Habits) -> str:
    """The line below the table, with tabs or spaces between its items, or the same in a text box."""
    between = "\t" * rng.randint(1, 3) if habits.tabs else " " * rng.randint(4, 12)
    text = between.join(text_of(item) for item in footer)
    if rng.random() >= habits.box:
        return _paragraph(text)
    inside = f"<w:p>{_run(text, 21)}</w:p>"
    # What a word processor writes: the same text once for itself and once for its older versions.
    return _BOX.format(spaces=_SPACES, inside=inside)


class _Table:
    """A table as WordprocessingML; `inner` is the width of the page between its margins in twentieths of a point."""

    def __init__(self, drawn: Drawn, rng: Random, habits: _Habits, inner: int) -> None:
        self.drawn, self.rng, self.habits = drawn, rng, habits
        total = sum(drawn.widths)
        self.widths = [round(width / total * inner) for width in drawn.widths]

    def xml(self) -> str:
        grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in self.widths)
        sides = ("top", "left", "bottom", "right", "insideH", "insideV")
        borders = "".join(f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="auto"/>' for side in sides)
        open_cells: dict[int, DrawnCell] = {}
        rows = ""
        for number, row in enumerate(self.drawn.rows):
            starting = {cell.column: cell for cell in row}
            cells, column = "", 0
            while column < len(self.widths):
                cell = starting.get(column)
                if cell is not None:
                    merge = '<w:vMerge w:val="restart"/>' if cell.row_span > 1 else ""
                    cells += self._cell(cell, merge, self._content(cell))
                    if cell.row_span > 1:
                        open_cells[column] = cell
                else:
                    cell = open_cells[column]
                    assert number < cell.row + cell.row_span, "a place of the table is not covered"
                    cells += self._cell(cell, "<w:vMerge/>", "<w:p/>")
                column += cell.column_span
            again = "<w:trPr><w:tblHeader/></w:trPr>" if self.drawn.kinds[number] == "title" else ""
            rows += f"<w:tr>{again}{cells}</w:tr>"
        return (
            f'<w:tbl {_SPACES}><w:tblPr><w:tblW w:w="{sum(self.widths)}" w:type="dxa"/><w:tblBorders>{borders}'
            f'</w:tblBorders><w:tblLayout w:type="fixed"/><w:tblCellMar><w:left w:w="40" w:type="dxa"/>'
            f'<w:right w:w="40" w:type="dxa"/></w:tblCellMar></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{rows}</w:tbl>'
        )

    def _cell(self, cell: DrawnCell, merge: str, content: str) -> str:
        width = sum(self.widths[cell.column : cell.column + cell.column_span])
        span = f'<w:gridSpan w:val="{cell.column_span}"/>' if cell.column_span > 1 else ""
        return (
            f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{span}{merge}<w:vAlign w:val="center"/></w:tcPr>'
            f"{content}</w:tc>"
        )

    def _content(self, cell: DrawnCell) -> str:
        """The paragraphs of a cell."""
        habits, rng = self.habits, self.rng
        text = cell.text
        if habits.broken_labels and not cell.value:
            text = _BROKEN.get(text, text)
        lines = [text] if habits.soft else text.split("\n")
        size = 32 if cell.kind == "title" else habits.size
        centred = '<w:pPr><w:jc w:val="center"/></w:pPr>' if not cell.value or cell.figure else ""
        if cell.value and cell.figure and text and rng.random() < habits.revised:
            old = f'<w:del {_BY}><w:r><w:delText xml:space="preserve">{escape(text)}0</w:delText></w:r></w:del>'
            return f"<w:p>{centred}{old}<w:ins {_BY.replace('7', '8', 1)}>{_run(text, size)}</w:ins></w:p>"
        content = "".join(f"<w:p>{centred}{_runs(line, size, habits.runs) if line else ''}</w:p>" for line in lines)
        if text and rng.random() < habits.trailing:
            content += "<w:p/>"
        if cell.kind == "goals" and cell.value and rng.random() < habits.nested:
            content = (
                '<w:tbl><w:tblPr><w:tblW w:w="0" w:type="auto"/></w:tblPr><w:tblGrid><w:gridCol w:w="2000"/>'
                '</w:tblGrid><w:tr><w:tc><w:tcPr><w:tcW w:w="2000" w:type="dxa"/></w:tcPr>'
                f"{content}</w:tc></w:tr></w:tbl><w:p/>"
            )
        return content
