"""Pictures of rows: which part of a page is cut, without making anybody wait, and whether the terminal can draw it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from functools import partial
from io import BytesIO
from multiprocessing import resource_tracker
from typing import Any, Literal

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

from pipeline.cutting import Spot, cut_picture
from pipeline.errors import FormtallyError
from pipeline.ingest.limits import Limits
from pipeline.messages import say
from pipeline.review.app.blocks import Blocks
from pipeline.review.question import Place, Question
from pipeline.settings import Settings
from pipeline.source import Box

__all__ = ["Cutter", "PicturePane", "graphics", "page_spot", "prepare", "row_spot", "value_spot"]

Pictures = Literal["auto", "blocks", "off"]

_GRAPHICS_TERMS = ("kitty", "ghostty", "wezterm", "foot", "mlterm", "contour", "sixel", "yaft")
_GRAPHICS_VARIABLES = ("KITTY_WINDOW_ID", "GHOSTTY_RESOURCES_DIR", "WEZTERM_PANE", "KONSOLE_VERSION", "WT_SESSION")
_BEYOND = 1e6
"""Beyond the edges of any page."""


def prepare() -> None:
    """Make ready for starting processes, before Textual takes over standard error, which they are given otherwise."""
    resource_tracker.ensure_running()


class Cutter:
    """Cuts one picture after the other in a thread of its own; of those that are wanted meanwhile only the last.

    `ready` is called in that thread with the key of the wish and the picture, None where there is none.
    """

    def __init__(
        self, cut: Callable[[str, Spot, Limits], bytes], limits: Limits, ready: Callable[[str, bytes | None], None]
    ) -> None:
        self._cut = cut
        self._limits = limits
        self._ready = ready
        self._wanted: tuple[str, str, Spot] | None = None
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def want(self, key: str, location: str, spot: Spot) -> None:
        """Wish for the picture of a spot of a document."""
        with self._changed:
            self._wanted = (key, location, spot)
            if self._thread is None:
                # A daemon: who quits does not wait for a picture.
                self._thread = threading.Thread(target=self._run, name="pictures", daemon=True)
                self._thread.start()
            self._changed.notify()

    def forget(self) -> None:
        """No picture is wanted any more."""
        with self._changed:
            self._wanted = None

    def _run(self) -> None:
        while True:
            with self._changed:
                while self._wanted is None:
                    self._changed.wait()
                key, location, spot = self._wanted
                self._wanted = None
            try:
                picture: bytes | None = self._cut(location, spot, self._limits)
            except (FormtallyError, OSError):
                picture = None
            self._ready(key, picture)


class PicturePane(Vertical):
    """The picture of the row in question, above the source. `shown` says whether there is one, or one is `coming`."""

    def __init__(
        self,
        settings: Settings,
        drawn_by: type[Widget] | None,
        from_thread: Callable[..., None],
        changed: Callable[[], None],
        open_key: str,
        *,
        id: str,
    ) -> None:
        """`from_thread` calls a function in the app's own thread; `changed` is called when a picture has come."""
        super().__init__(id=id)
        self.shown = self.coming = False
        self._wanted = settings.review.pictures != "off"
        self._drawn_by = drawn_by
        self._changed = changed
        self._open_key = open_key
        self._question: Question | None = None
        self._cutter = Cutter(cut_picture, settings.limits, partial(from_thread, self._come))

    def compose(self) -> ComposeResult:
        """The picture; the line below it says what it is."""
        yield (self._drawn_by or Blocks)(id="drawn", classes="drawn")

    def show(self, question: Question | None) -> None:
        """Have the picture of a question cut, and show it when it comes."""
        self.coming = False
        place = question.place if question is not None and self._wanted else None
        self._question = question
        self.shown = self.display = place is not None
        self.set_class(False, "without")
        self._draw(None)
        if place is None or question is None:
            self._cutter.forget()
            return
        self.coming = True
        self.border_subtitle = say("app.picture.coming")
        spot = row_spot(place) if self._drawn_by else value_spot(place)
        self._cutter.want(question.item.key, question.location, spot)

    def _come(self, key: str, png: bytes | None) -> None:
        """A picture has come; it may be that of a question that is answered already."""
        question = self._question
        if question is None or question.item.key != key or question.place is None:
            return
        self.coming = False
        self.shown = self._draw(png)
        self.set_class(not self.shown, "without")
        if self.shown:
            self.border_subtitle = say("app.picture.page", page=question.place.page)
        else:
            self.border_subtitle = say("app.picture.coarse" if png else "app.picture.none", press=self._open_key)
        self._changed()

    def _draw(self, png: bytes | None) -> bool:
        """Draw a picture. Can it be read?"""
        drawn: Any = self.query_one("#drawn")
        if isinstance(drawn, Blocks):
            return drawn.draw(png)
        drawn.image = BytesIO(png) if png else None
        return png is not None


def graphics(wanted: Pictures, environment: Mapping[str, str] = os.environ) -> type[Widget] | None:
    """The widget that draws with the terminal's graphics protocol; None where it has none.

    The library asks the terminal, and waits for its answer on standard input. So that no keystroke is taken for one,
    and nobody waits for a terminal that knows nothing of the kind, only terminals are asked that are known for it.
    """
    if wanted != "auto" or not _may_have_graphics(environment):
        return None
    from textual_image import renderable, widget

    drawn_by: dict[object, type[Widget]] = {
        renderable.SixelImage: widget.SixelImage,
        renderable.TGPImage: widget.TGPImage,
    }
    return drawn_by.get(renderable.Image)


def _may_have_graphics(environment: Mapping[str, str]) -> bool:
    names = f"{environment.get('TERM', '')} {environment.get('TERM_PROGRAM', '')}".lower()
    return any(name in names for name in (*_GRAPHICS_TERMS, "iterm")) or any(map(environment.get, _GRAPHICS_VARIABLES))


def row_spot(place: Place) -> Spot:
    """The row with its value framed."""
    return Spot(place.page, place.boxes, place.turn, place.frame)


def value_spot(place: Place) -> Spot:
    """The cell of the value alone."""
    return Spot(place.page, place.boxes if place.frame is None else (place.frame,), place.turn)


def page_spot(place: Place) -> Spot:
    """The whole page with the value framed."""
    unit = place.boxes[0].unit
    return Spot(place.page, (Box(-_BEYOND, -_BEYOND, _BEYOND, _BEYOND, unit),), place.turn, place.frame)
