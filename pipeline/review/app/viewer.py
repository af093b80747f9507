"""Opening a page or a document with another program, without waiting for it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.cutting import cut_picture
from pipeline.errors import FormtallyError
from pipeline.messages import say
from pipeline.review.app.picture import page_spot
from pipeline.review.excerpt import printable
from pipeline.review.question import Question
from pipeline.settings import Settings

__all__ = ["Opener", "viewer_command"]


class Opener:
    """Opens what a question is about. Every method says what became of it, in a sentence."""

    def __init__(self, settings: Settings) -> None:
        self._viewer = settings.review.viewer
        self._limits = settings.limits
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def open_page(self, question: Question) -> str:
        """Open the page with the value framed. Cutting it takes a second or two."""
        if question.place is None:
            return self.open_document(question)
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="formtally-")
        path = Path(self._folder.name) / f"{question.item.key}.png"
        try:
            path.write_bytes(cut_picture(question.location, page_spot(question.place), self._limits))
        except (FormtallyError, OSError) as error:
            return str(error)
        return self._open(path)

    def open_document(self, question: Question) -> str:
        """Open the document, or the archive that it is in."""
        path = Path(question.location)
        return self._open(next((each for each in (path, *path.parents) if each.is_file()), path))

    def close(self) -> None:
        """Remove the pictures that were opened."""
        if self._folder is not None:
            self._folder.cleanup()

    def _open(self, path: Path) -> str:
        command = viewer_command(self._viewer)
        shown = printable(str(path))
        if not command:
            return say("app.no_viewer", path=shown)
        try:
            subprocess.Popen(
                [*command, str(path)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            return say("app.viewer_failed", command=command[0])
        return say("app.opened", path=shown)


def viewer_command(configured: str | None, environment: Mapping[str, str] = os.environ) -> Sequence[str]:
    """The command that opens files: the configured one, or the desktop's; empty where there is no desktop."""
    if configured:
        return shlex.split(configured)
    desktop = sys.platform == "darwin" or environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")
    program = shutil.which("open" if sys.platform == "darwin" else "xdg-open") if desktop else None
    return [program] if program else []
