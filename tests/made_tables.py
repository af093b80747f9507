"""Made-up forms as ruled tables, spelled out cell by cell, with pages wherever a test wants them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.forms import form_types
from pipeline.ingest.assembly import assemble
from pipeline.ingest.limits import Limits
from pipeline.ingest.page import PageContent, Rect, Table, TableCell, Word
from pipeline.lines import form_line
from pipeline.readers.table import read as read_table
from pipeline.segment import segment
from pipeline.settle import settle
from pipeline.source import Document, Origin, Page

CellSpec = str | tuple[str, int] | tuple[str, int, int]
"""Text; with the columns it spans; with the rows it spans. None of these stands where another cell spans."""
Row = Sequence[CellSpec]
Block = str | Sequence[Row]
"""A line of text outside of tables, or the rows of a table."""

HEAD: tuple[Row, ...] = (
    ("项目名称", ("河道清淤示例项目", 8)),
    ("主管部门", ("示例区水务局", 3), ("实施单位", 2), ("示例区河道管理所", 3)),
    (("项目资金（万元）", 1, 3), ("", 2), "年初预算数", "全年预算数", "全年执行数", "分值", "执行率", "得分"),
    (("年度资金总额", 2), "120", "120", "90", "10", "75%", "7.5"),
    (("其中：当年财政拨款", 2), "120", "120", "90", "—", "—", "—"),
    (("年度总体目标", 1, 2), ("预期目标", 4), ("实际完成情况", 4)),
    (("完成三条河道的清淤", 4), ("完成了两条河道的清淤", 4)),
)
HEADS: Row = (
    "绩效指标",
    "一级指标",
    "二级指标",
    "三级指标",
    "年度指标值",
    "实际完成值",
    "分值",
    "得分",
    "偏差原因分析及改进措施",
)
ROWS: tuple[Row, ...] = (
    ("", ("产出指标", 1, 2), "数量指标", "清淤河道条数", "3条", "2条", "40", "27", "一条因汛期顺延"),
    ("", "质量指标", "验收合格率", "100%", "100%", "10", "10", ""),
    ("", "效益指标", "社会效益指标", "改善沿河环境", "投诉减少", "投诉减少四成", "30", "30", ""),
    ("", "满意度指标", "服务对象满意度指标", "沿河居民满意度", "≥90%", "95%", "10", "10", ""),
)
TOTAL: tuple[Row, ...] = ((("总分", 6), "100", "84.5", ""),)
FOOT: tuple[Block, ...] = ("填表人：孙点点 联系电话：55550102 填写日期：2022年1月20日",)
TITLE: tuple[Block, ...] = ("示例区项目支出绩效自评表", "（2021年度）")


def page(number: int, *blocks: Block, note: str = "") -> PageContent:
    """A page of lines and tables, ten points a column and a row."""
    made: list[Table | list[Word]] = []
    top = 10.0
    for block in blocks:
        if isinstance(block, str):
            made.append(
                [Word(text, Rect(10 + 60 * n, top, 60 + 60 * n, top + 8)) for n, text in enumerate(block.split())]
            )
            top += 10
        else:
            made.append(_table(block, top))
            top += 10 * len(block) + 10
    return PageContent(Page(number, 595, 842, "points", Origin.DIGITAL, note=note), made)


def _table(rows: Sequence[Row], top: float) -> Table:
    cells: list[TableCell] = []
    taken: set[tuple[int, int]] = set()
    width = 0
    for number, row in enumerate(rows):
        column = 0
        for spec in row:
            text, columns, height = (spec, 1, 1) if isinstance(spec, str) else (*spec, 1)[:3]
            while (number, column) in taken:
                column += 1
            taken |= {(number + r, column + c) for r in range(height) for c in range(columns)}
            box = Rect(10.0 * column, top + 10 * number, 10.0 * (column + columns), top + 10 * (number + height))
            lines = [[Word(line, box)] for line in text.split("\n") if line]
            cells.append(TableCell(number, column, height, columns, box, lines))
            column += columns
            width = max(width, column)
    box = Rect(0, top, 10.0 * width, top + 10 * len(rows))
    return Table(box, [10.0 * n for n in range(width + 1)], [top + 10.0 * n for n in range(len(rows) + 1)], cells)


def document(*pages: PageContent, origin: Origin = Origin.DIGITAL) -> Document:
    """The document of these pages."""
    text, cells = assemble(pages, Limits())
    return Document("made.pdf", "made.pdf", "0" * 64, origin, text, cells, tuple(content.page for content in pages))


def lines(*pages: PageContent) -> list[dict[str, Any]]:
    """The export lines of the forms on these pages."""
    made = document(*pages)
    types = form_types()
    work = [
        (section, types[0], [read_table(made, section, types[0])])
        for section in segment(made, types)
        if section.form_type is not None
    ]
    return [form_line(made, settled) for settled in settle(made, work)]


def flagged(line: dict[str, Any]) -> dict[str, list[str]]:
    """Paths in review with their reasons."""
    return {entry["path"]: entry["reasons"] for entry in line["review"]}
