"""Stories as HTML pages: clean ones, pages saved by a word processor, tables inside tables for the layout."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from random import Random

from samples.content import Segments
from samples.files.drawn import Drawn, DrawnCell, draw_table
from samples.files.lattice import text_of
from samples.files.story import Story

__all__ = ["html_bytes"]

_STYLES = ("", ' style="text-align:center;font-size:14px"', ' align="center" valign="middle"', ' class="xl65"')
_MSO = (
    " class=MsoNormal align=center style='text-align:center;mso-element:frame;mso-element-frame-hspace:9.0pt;"
    "mso-height-rule:exactly'"
)


@dataclass(slots=True)
class _Habits:
    """How a page was written."""

    charset: str
    mso: bool
    layout: bool
    """A table without lines around everything, as old pages lay themselves out."""
    heads: bool
    """Labels are th."""
    one_line: bool
    """The whole table without line ends; else a cell a line."""
    blank: str
    """What a blank cell holds."""
    spaces: str
    """What stands around the text of a cell."""
    style: str
    section: bool
    """The rows stand in tbody."""
    upper: bool
    title_inside: float


def html_bytes(seed: int, story: Story) -> bytes:
    """The story as a page in UTF-8 or GBK."""
    rng = Random(f"html {seed}")
    habits = _Habits(
        charset=rng.choice(("utf-8", "utf-8", "gbk", "gb2312")),
        mso=rng.random() < 0.25,
        layout=rng.random() < 0.3,
        heads=rng.random() < 0.3,
        one_line=rng.random() < 0.5,
        blank=rng.choice(("", "&nbsp;", "<br>", " ")),
        spaces=rng.choice(("", "", " ", "\n   ", "&nbsp;")),
        style=rng.choice(_STYLES),
        section=rng.random() < 0.6,
        upper=rng.random() < 0.1,
        title_inside=rng.choice((0.0, 0.0, 1.0)),
    )
    parts = []
    if story.report:
        parts.append(f"<h1>{escape(story.title)}</h1>")
        parts += [f"<p>{escape(text)}</p>" for text in story.report]
    for place, grid in enumerate(story.grids):
        if story.annexes[place]:
            parts.append(f"<p>{escape(story.annexes[place])}</p>")
        drawn = draw_table(
            rng, grid,
            title_inside=rng.random() < habits.title_inside,
            footer_inside=rng.random() < 0.4,
            own_money=rng.random() < 0.3,
        )  # fmt: skip
        for n, segments in enumerate(drawn.above):
            tag = "h2" if n == 0 and not habits.mso else "p"
            parts.append(f"<{tag}{_MSO if habits.mso else ''}>{_text(segments, habits)}</{tag}>")
        parts.append(_table(drawn, habits))
        parts += [f"<p>{_text(segments, habits)}</p>" for segments in drawn.below]
        if drawn.footer:
            gap = rng.choice(("&nbsp;" * 6, "　　", " &nbsp; &nbsp; "))
            parts.append(f"<p>{gap.join(_text(item, habits) for item in drawn.footer)}</p>")
        if story.notes:
            parts.append("<p>" + "<br/>".join(escape(line) for line in story.notes.split("\n")) + "</p>")
    body = "\n".join(parts)
    if habits.layout:
        menu = "<td>首页 | 信息公开 | 财政预决算</td>"
        body = (
            f'<table width="100%" border="0" cellpadding="0"><tr>{menu}</tr>\n<tr><td>\n{body}\n</td></tr>\n'
            "<tr><td>版权所有</td></tr></table>"
        )
    return _page(body, story, habits).encode("utf-8" if habits.charset == "utf-8" else "gb18030")


def _page(body: str, story: Story, habits: _Habits) -> str:
    clutter, namespace = "", ""
    if habits.mso:
        namespace = ' xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:w="urn:schemas-microsoft-com:office:word"'
        clutter = (
            "<!--[if gte mso 9]><xml><w:WordDocument><w:View>Print</w:View></w:WordDocument></xml><![endif]-->\n"
            '<style><!-- p.MsoNormal {margin:0cm;mso-pagination:none;font-family:"Times New Roman"} --></style>\n'
        )
    head = (
        f'<html{namespace}>\n<head>\n<meta http-equiv="Content-Type" content="text/html; charset={habits.charset}">\n'
        f"<title>{escape(story.title)}</title>\n{clutter}<script>var page = '<td>1</td>';</script>\n</head>\n<body>\n"
    )
    doctype = "" if habits.mso else "<!DOCTYPE html>\n"
    return f"{doctype}{head}{body}\n</body>\n</html>\n"


def _text(segments: Segments, habits: _Habits) -> str:
    lines = [escape(line, quote=False) for line in text_of(segments).split("\n")]
    if habits.mso:
        lines = [f"<span lang=EN-US style='font-size:10.5pt'>{line}<o:p></o:p></span>" for line in lines]
    return "<br>".join(lines)


def _table(drawn: Drawn, habits: _Habits) -> str:
    end = "" if habits.one_line else "\n"
    rows = [f"<tr>{end}{''.join(_cell(cell, habits) + end for cell in row)}</tr>" for row in drawn.rows]
    inside = end.join(rows)
    inside = f"<tbody>{inside}</tbody>" if habits.section else inside
    style = " class=MsoNormalTable style='border-collapse:collapse;mso-table-layout-alt:fixed'" if habits.mso else ""
    table = f'<table border="1"{style} cellspacing="0">{end}{inside}{end}</table>'
    return table.replace("<td", "<TD").replace("</td>", "</TD>").replace("<tr>", "<TR>") if habits.upper else table


def _cell(cell: DrawnCell, habits: _Habits) -> str:
    spans = (f' rowspan="{cell.row_span}"' if cell.row_span > 1 else "") + (
        f' colspan="{cell.column_span}"' if cell.column_span > 1 else ""
    )
    tag = "th" if habits.heads and not cell.value and cell.text else "td"
    text = _text(cell.segments, habits) if cell.text else habits.blank
    if habits.mso:
        text = f"<p{_MSO}>{text or '<o:p>&nbsp;</o:p>'}</p>"
    elif cell.text:
        text = f"{habits.spaces}{text}{habits.spaces}"
    return f"<{tag}{habits.style}{spans}>{text}</{tag}>"
