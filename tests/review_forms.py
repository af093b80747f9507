"""A small store with a queue: made-up forms, each with one thing that a person has to settle."""

from __future__ import annotations

import shutil
from pathlib import Path

import pymupdf

from pipeline.settings import Settings
from pipeline.store.store import Store
from tests.commandline import formtally

FORM = """示例区项目支出绩效自评表

（2021年度）

项目名称\t{project}
主管部门\t示例区水务局\t\t\t实施单位\t示例区河道管理所
项目负责人\t{leader}\t\t\t联系电话\t55550101
项目资金（万元）\t\t年初预算数\t全年预算数\t全年执行数\t分值\t执行率\t得分
\t年度资金总额\t120\t120\t90\t10\t75%\t7.5
\t其中：当年财政拨款\t100\t100\t80\t--\t--\t--
\t上年结转资金\t20\t20\t10\t--\t--\t--
\t其他资金\t0\t0\t0\t--\t--\t--
年度总体目标\t预期目标\t\t\t实际完成情况
\t完成城北三条河道的清淤\t\t\t完成了三条河道中两条的清淤
绩效指标\t一级指标\t二级指标\t三级指标\t年度指标值\t实际完成值\t分值\t得分\t偏差原因分析及改进措施
\t产出指标\t数量指标\t清淤河道条数\t3条\t清淤两条\t20\t18\t一条因汛期顺延
\t\t质量指标\t验收合格率\t100%\t100%\t10\t10
\t\t时效指标\t完工时间\t2021年11月底前\t2021年10月完工\t8\t8
\t\t成本指标\t预算控制数\t120万元\t90万元\t12\t12
\t效益指标\t社会效益指标\t改善沿河环境\t沿河居民投诉减少\t投诉减少四成\t30\t30
\t满意度指标\t服务对象满意度指标\t沿河居民满意度\t≥90%\t95%\t10\t10
总分\t\t\t\t\t\t100\t{total}
填表人：孙点点\t联系电话：55550102\t填表日期：2022年1月20日
"""
COLUMNS = 9


def form(project: str = "河道清淤示例项目", leader: str = "钱多多", total: str = "95.5") -> str:
    """A form in which everything holds, unless it is told otherwise."""
    return FORM.format(project=project, leader=leader, total=total)


def sheet(text: str) -> bytes:
    """A form as a page of a PDF, ruled."""
    page = (document := pymupdf.open()).new_page(width=842, height=595)  # type: ignore[no-untyped-call]
    top, width, height = 20, 800 / COLUMNS, 22
    for line in filter(None, text.splitlines()):
        cells = line.split("\t")
        for column in range(COLUMNS if len(cells) > 1 else 0):
            page.draw_rect((20 + column * width, top, 20 + (column + 1) * width, top + height))
        for column, words in enumerate(cells):
            left = 22 + column * width if len(cells) > 1 else 300
            page.insert_text((left, top + 14), words, fontname="china-s", fontsize=6)
        top += height
    return bytes(document.tobytes())  # type: ignore[no-untyped-call]


def fill(folder: Path) -> None:
    """Digitise the forms into `formtally.db` of the folder.

    In `sum.txt` the scores do not add up, so total and suspects are asked for; in `names.txt` one telephone number
    stands with two names; `page.pdf` is as `sum.txt`, on a page; of `good.txt` nothing is asked.
    """
    files = {
        "good.txt": form().encode(),
        "sum.txt": form(total="96.5").encode(),
        "names.txt": (form() + form("河道护坡示例项目", "钱多夕")).encode(),
        "page.pdf": sheet(
            form(total="96.5").replace("\t联系电话：5555", "  联系电话：5555").replace("\t填表日期", "  填表日期")
        ),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    done = formtally(folder, "run", *files)
    assert done.returncode == 0, done.stderr


def copy_of(filled: Path, target: Path) -> Settings:
    """A store of one's own that is as the filled one, and its settings."""
    shutil.copy(filled / "formtally.db", target / "formtally.db")
    return Settings(db=f"sqlite:///{target}/formtally.db")


def keys_of(settings: Settings) -> dict[tuple[str, int, str], str]:
    """Keys of the queue by document, form and path."""
    from pipeline.review.session import Review

    with Store.open(settings.db, create=False) as store:
        items = Review(store, settings, reviewer="nobody").items(limit=1000)
    return {(item.document, item.ordinal, item.path): item.key for item in items}
