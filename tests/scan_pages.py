"""Made-up pages as pictures: a small renderer of ruled forms, and what a scanner or a telephone does to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from random import Random
from typing import Any, NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

PHRASES = (
    "保障项目顺利实施",
    "提升公共服务水平",
    "按时完成年度任务",
    "设备验收合格率",
    "资金支付及时率",
    "受益群众满意度",
    "培训人次",
    "巡查河道长度（公里）",
    "新增绿化面积",
    "社会效益显著",
    "持续改善人居环境",
    "维修路灯数量",
    "达到预期目标",
    "无偏差",
    "印刷宣传手册",
    "受天气影响，工期略有延后；下一步加强统筹",
    "逐步提高",
    "得到有效保障",
    "不涉及",
    "采购单价",
)
HEADS = ("一级指标", "二级指标", "三级指标", "年度指标值", "实际完成值", "分值", "得分", "偏差原因分析及改进措施")
GOAL = (
    "围绕年度重点工作，完成{}处老旧设施改造，组织开展培训{}次，覆盖{}人，切实提升服务质量；资金支出控制在{}万元以内，"
    "项目完成及时率不低于{}%，群众满意度达到{}%以上，为下一年度工作打下良好基础。"
)  # fmt: skip


class Box(NamedTuple):
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass
class Drawn:
    """A page and its truth: `cells` maps (row, column, row_span, column_span) to text and box in pixels."""

    image: Any
    cells: dict[tuple[int, int, int, int], tuple[str, Box]] = field(default_factory=dict)
    lines: list[tuple[str, Box]] = field(default_factory=list)


def font_of(size: float, path: str | None = None, index: int = 0) -> Any:
    """A font at `size` points on a page of 200 dpi; the one inside PyMuPDF unless a path is given."""
    pixels = round(size * 200 / 72)
    if path is not None:
        return ImageFont.truetype(path, pixels, index=index)
    import pymupdf

    return ImageFont.truetype(BytesIO(pymupdf.Font("cjk").buffer), pixels)  # type: ignore[no-untyped-call]


def number(rng: Random) -> str:
    """A figure as forms print them."""
    whole = rng.choice((rng.randint(0, 9), rng.randint(10, 99), rng.randint(100, 9999), rng.randint(1000, 999999)))
    text = f"{whole:,}" if rng.random() < 0.5 else str(whole)
    if rng.random() < 0.7:
        text += "." + "".join(rng.choice("0123456789") for _ in range(rng.choice((1, 2, 2, 2, 4))))
    return text + ("%" if rng.random() < 0.2 else "")


def text(rng: Random) -> str:
    """What may stand in a cell of the indicator table."""
    kind = rng.random()
    if kind < 0.4:
        return rng.choice(PHRASES)
    if kind < 0.6:
        return rng.choice(("≥", "≤", "=", "")) + number(rng) + rng.choice(("", "个", "次", "万元", "人", "%"))
    if kind < 0.7:
        return rng.choice(("优", "良", "/", "无", "—", "否", "是"))
    if kind < 0.8:
        return f"{rng.randint(2019, 2024)}年{rng.randint(1, 12)}月{rng.randint(1, 28)}日前"
    return rng.choice(PHRASES) + rng.choice(("", "，", "、")) + rng.choice(PHRASES)


def form_rows(rng: Random, indicators: int = 14) -> list[list[tuple[int, str]]]:
    """Rows of (columns spanned, text) on a lattice of eight columns."""
    rows: list[list[tuple[int, str]]] = [
        [(1, "项目名称"), (7, rng.choice(PHRASES) + "项目")],
        [(1, "主管部门"), (3, "云溪市水务局"), (1, "实施单位"), (3, "云溪市河道管理所")],
        [(2, "项目资金（万元）"), *((1, head) for head in ("年初预算数", "全年预算数", "全年执行数"))]
        + [(1, head) for head in ("分值", "执行率", "得分")],
    ]
    for label in ("年度资金总额", "其中：当年财政拨款", "上年结转资金", "其他资金"):
        rows.append(
            [(2, label)] + [(1, rng.choice((number(rng), number(rng), number(rng), "—", ""))) for _ in range(6)]
        )
    rows.append([(1, "年度总体目标"), (4, "预期目标"), (3, "实际完成情况")])
    goals = [GOAL.format(*(rng.randint(2, 99) for _ in range(6))) for _ in range(2)]
    rows.append([(1, ""), (4, goals[0]), (3, goals[1])])
    rows.append([(1, head) for head in HEADS])
    for _ in range(indicators):
        names = ("产出指标", rng.choice(("数量指标", "质量指标", "时效指标")), rng.choice(PHRASES))
        values = (text(rng), text(rng), number(rng), number(rng), rng.choice(("", "", text(rng))))
        rows.append([(1, content) for content in (*names, *values)])
    rows.append([(5, "总分"), (1, "100"), (1, number(rng)), (1, "")])
    return rows


def draw(
    rows: Sequence[Sequence[tuple[int, str]]],
    *,
    size: float = 10.5,
    font: Any = None,
    title: str = "项目支出绩效自评表",
    width: int = 1654,
    height: int = 2339,
    widths: Sequence[float] = (0.9, 0.9, 1.4, 1.2, 1.2, 1.1, 1.1, 1.3),
    rule: int = 2,
) -> Drawn:
    """A page of 200 dpi with a ruled table of these rows."""
    font = font or font_of(size)
    em = font.size
    image = Image.new("L", (width, height), 255)
    pen = ImageDraw.Draw(image)
    margin = 110
    drawn = Drawn(None)
    y = 120.0
    if title:
        x = (width - pen.textlength(title, font=font)) / 2
        pen.text((x, y), title, fill=0, font=font)
        drawn.lines.append((title, Box(x, y, width - x, y + em)))
        y += 2.5 * em
    unit = (width - 2 * margin) / sum(widths)
    stops = [margin + unit * sum(widths[:n]) for n in range(len(widths) + 1)]
    for at, row in enumerate(rows):
        column = 0
        laid = []
        for span, content in row:
            x0, x1 = round(stops[column]), round(stops[column + span])
            lines = _wrap(pen, content, font, x1 - x0 - 0.6 * em)
            laid.append((column, span, x0, x1, content, lines))
            column += span
        tall = max(len(lines) for *_, lines in laid) * 1.35 * em + 0.8 * em
        if y + tall > height - 5 * em:
            break
        for column, span, x0, x1, content, lines in laid:
            pen.rectangle((x0, y, x1, y + tall), outline=0, width=rule)
            top = y + (tall - len(lines) * 1.35 * em) / 2
            for n, line in enumerate(lines):
                long = pen.textlength(line, font=font)
                x = x0 + (x1 - x0 - long) / 2 if len(lines) == 1 else x0 + 0.3 * em
                pen.text((x, top + n * 1.35 * em + 0.1 * em), line, fill=0, font=font)
            drawn.cells[at, column, 1, span] = (content, Box(x0, y, x1, y + tall))
        y += tall
    foot = "填表人：沈知远      联系电话：0571-86543210"
    pen.text((margin, y + em), foot, fill=0, font=font)
    drawn.lines.append((foot, Box(margin, y + em, width - margin, y + 2 * em)))
    drawn.image = np.repeat(np.asarray(image)[: int(max(height, 0)), :, None], 3, axis=2).copy()
    return drawn


def _wrap(pen: Any, content: str, font: Any, room: float) -> list[str]:
    lines = [""]
    for char in content:
        if lines[-1] and pen.textlength(lines[-1] + char, font=font) > room:
            lines.append("")
        lines[-1] += char
    return lines


def turned(image: Any, angle: float) -> Any:
    """Turned by a few degrees counter-clockwise about its middle, on white."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    return cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderValue=(255, 255, 255))


def worn(image: Any, rng: Random, *, blur: float = 0.8, noise: float = 8.0, quality: int = 60) -> Any:
    """Blurred, noisy and saved as JPEG."""
    out = cv2.GaussianBlur(image, (0, 0), blur) if blur else image
    generator = np.random.default_rng(rng.randint(0, 1 << 30))
    out = np.clip(out.astype(np.float32) + generator.normal(0, noise, out.shape[:2])[..., None], 0, 255)
    coded = cv2.imencode(".jpg", out.astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(coded, cv2.IMREAD_COLOR)


def sealed(image: Any, middle: tuple[int, int], radius: int = 150, colour: tuple[int, int, int] = (215, 40, 45)) -> Any:
    """With a round seal (RGB) stamped over it, through which black shows."""
    stamp = np.full_like(image, 255)
    cv2.circle(stamp, middle, radius, colour, 9, cv2.LINE_AA)
    points = [
        (middle[0] + radius * 0.45 * np.sin(turn), middle[1] - radius * 0.45 * np.cos(turn))
        for turn in (np.arange(5) * 4 * np.pi / 5)
    ]
    cv2.fillPoly(stamp, [np.array(points, np.int32)], colour, cv2.LINE_AA)
    for turn in np.linspace(-2.2, 2.2, 12):
        x, y = middle[0] + radius * 0.78 * np.sin(turn), middle[1] - radius * 0.78 * np.cos(turn)
        cv2.rectangle(stamp, (int(x - 12), int(y - 12)), (int(x + 12), int(y + 12)), colour, 4)
    return (image.astype(np.uint16) * stamp // 255).astype(np.uint8)


def photographed(image: Any, *, lean: float = 0.05, dark: float = 0.45) -> Any:
    """As a telephone sees it: on a table, in perspective, lit from one side."""
    height, width = image.shape[:2]
    x, y = width * lean, height * lean
    before = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    after = np.array([(1.6 * x, y), (width - x, 0.4 * y), (width - 0.3 * x, height - y), (0.4 * x, height)], np.float32)
    seen = cv2.warpPerspective(
        image,
        cv2.getPerspectiveTransform(before, after),
        (width, height),
        flags=cv2.INTER_AREA,
        borderValue=(92, 84, 70),
    )
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    light = 1 - dark * (0.6 * xs / width + 0.4 * ys / height)
    return (seen * light[..., None]).astype(np.uint8)
