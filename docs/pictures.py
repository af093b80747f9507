"""Pictures of the review in the terminal, out of the samples: `make pictures` writes `docs/pictures/*.svg` anew.

    python docs/pictures.py [FOLDER [SCENE...]]

The screens are those of the real app on a real store. A picture names fonts that a machine may have, and no web
address; every character stands where its cell of the terminal is, whatever the font.
"""

from __future__ import annotations

import asyncio
import html
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.cells import cell_len

from pipeline.cli import main as formtally
from pipeline.decisions import DecisionKind
from pipeline.messages import set_language
from pipeline.review.app.app import ReviewApp
from pipeline.review.app.picture import PicturePane
from pipeline.review.options import ReviewOptions
from pipeline.review.question import Question
from pipeline.review.session import Filters, Review
from pipeline.settings import Settings
from pipeline.store.store import Store

__all__ = ["SCENES", "Scene", "svg_of", "write_pictures"]

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ("digital-pdf.pdf", "pdf-lines.txt", "table-ocr.txt", "web-page.html", "word-processor.txt")
_SIZES = {"en": (120, 36), "zh": (80, 24)}
_FONTS = '"DejaVu Sans Mono", "Noto Sans Mono CJK SC", "WenQuanYi Zen Hei Mono", "Microsoft YaHei", monospace'
_CELL = 12.2
"""Width of a cell in the pictures that rich draws, in pixels; its height is twice that."""
_LINE = 24.4
_PICTURE_SECONDS = 30.0


class Scene(NamedTuple):
    """A screen: its name, the question that is asked, and the keys that were pressed since."""

    name: str
    document: str
    path: str
    keys: Sequence[str] = ()


SCENES = (
    Scene("question", "pdf-lines.txt", "indicators[3].deviation"),
    Scene("blind", "digital-pdf.pdf", "funding.total.execution_rate"),
    Scene("differs", "digital-pdf.pdf", "funding.total.execution_rate", ("9", "8", "enter")),
    Scene("diff", "table-ocr.txt", "project_leader"),
    Scene("batch", "pdf-lines.txt", "indicators[3].level2", ("g", "down", "space")),
    Scene("help", "pdf-lines.txt", "indicators[3].deviation", ("question_mark",)),
)


def write_pictures(folder: Path, scenes: Sequence[Scene] = SCENES) -> list[Path]:
    """Write the pictures of scenes in both languages; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with tempfile.TemporaryDirectory() as temporary:
        settings = _filled(Path(temporary))
        for language, size in _SIZES.items():
            set_language("zh" if language == "zh" else "en")
            for scene in scenes:
                path = folder / f"{scene.name}-{language}.svg"
                path.write_text(asyncio.run(_shot(settings, scene, size)), encoding="utf-8")
                written.append(path)
    return written


def svg_of(app: ReviewApp) -> str:
    """The screen of an app as SVG, in fonts of the machine that shows it."""
    svg = app.export_screenshot(title="formtally review", simplify=True)
    svg = re.sub(r"@font-face \{.*?\n    \}", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code, monospace", _FONTS).replace("font-variant-east-asian: full-width;", "")
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    styles = dict(re.findall(r"\.(\S+) \{ fill: (#[0-9a-f]{6})", svg))
    return re.sub(r"<text ([^>]*)>(.*?)</text>", lambda found: _placed(found.group(1), found.group(2), styles), svg)


def _placed(attributes: str, escaped: str, styles: dict[str, str]) -> str:
    """A stretch of text with each of its characters in its cell; half-blocks as rectangles, which no font distorts."""
    text = html.unescape(escaped)
    found = re.search(r'class="([^"]*)" x="([0-9.]+)" y="([0-9.]+)"', attributes)
    if found is None:
        return f"<text {attributes}>{escaped}</text>"
    left, base = float(found.group(2)), float(found.group(3))
    if not text.strip("▀"):
        fill = styles.get(found.group(1), "#000000")
        top, width = base - 20 + 1.5, _CELL * len(text)
        size = f'width="{width:.1f}" height="{_LINE / 2:.1f}"'
        return f'<rect fill="{fill}" x="{left:.1f}" y="{top:.1f}" {size} shape-rendering="crispEdges"/>'
    places = []
    for char in text:
        places.append(f"{left:.1f}".removesuffix(".0"))
        left += _CELL * cell_len(char)
    kept = re.sub(r' (x|textLength)="[^"]*"', "", f" {attributes}")
    return f'<text{kept} x="{" ".join(places)}">{escaped}</text>'


def _filled(folder: Path) -> Settings:
    """A store with the samples, in which two people have decided a name differently."""
    settings = Settings(db=f"sqlite:///{folder}/formtally.db", review=ReviewOptions(double=1.0))
    sources = [str(ROOT / "samples" / "documents" / name) for name in DOCUMENTS]
    if formtally(["run", *sources, "--db", settings.db]) != 0:
        raise SystemExit("the samples could not be digitised; run `formtally doctor`")
    for reviewer, value in (("wang", "陆望晟"), ("zhou", "陆望舒")):
        with Store.open(settings.db, create=False) as store, Review(store, settings, reviewer=reviewer) as review:
            question = _go(review, "table-ocr.txt", "project_leader")
            review.decide(question, DecisionKind.CORRECT, value)
    return settings


def _go(review: Review, document: str, path: str) -> Question:
    """Claim the question about a leaf."""
    review.filters = Filters(document=document)
    keys = (item.key for item in review.items(limit=1000) if item.path == path)
    question = next(filter(None, map(review.go, keys)))
    review.filters = Filters()
    return question


async def _shot(settings: Settings, scene: Scene, size: tuple[int, int]) -> str:
    """The picture of a scene."""
    with Store.open(settings.db, create=False) as store, Review(store, settings, reviewer="chen") as review:
        app = ReviewApp(review, settings, unread_seconds=0.0)
        async with app.run_test(size=size) as pilot:
            await pilot.pause(0.1)
            question = _go(review, scene.document, scene.path)
            app.ask(question)
            pane = app.query_one(PicturePane)
            await _until(lambda: not pane.coming)
            for key in scene.keys:
                await pilot.press(key)
            await pilot.pause(0.3)
            return svg_of(app)


async def _until(done: Callable[[], bool]) -> None:
    for _ in range(int(_PICTURE_SECONDS / 0.1)):
        if done():
            return
        await asyncio.sleep(0.1)
    raise SystemExit("a picture of a row did not come in time; try again when the machine is less busy")


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "pictures"
    wanted = [scene for scene in SCENES if scene.name in (sys.argv[2:] or [scene.name])]
    for each in write_pictures(target, wanted):
        print(each)
