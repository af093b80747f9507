"""The recognition model: a line of text in, its characters with their places and scores out.

PP-OCRv6 small from rapidocr's wheel, run directly: its output says where each character stands and how sure it is,
which rapidocr's own interface averages away. Lines are recognised one by one: on one thread a batch is no faster
(6.7 ms for every 100 pixels either way), and a line's result then depends on nothing but its pixels.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

__all__ = ["Character", "Read", "Recogniser", "recogniser"]

_Picture = np.ndarray[Any, np.dtype[np.uint8]]

_HEIGHT = 48
_STEP = 8
"""Pixels of the model's input that one step of its output stands for."""
_WIDEST = 3200
_OWN = threading.local()


class Character(NamedTuple):
    """A recognised character, the middle of where it stands in pixels of the crop, and its score from 0 to 1."""

    char: str
    x: float
    score: float


@dataclass(frozen=True, slots=True)
class Read:
    """What a line was recognised as.

    `lost` is the highest probability of a character where none was taken, `rival` that of a dash where the numeral one
    was taken, or the other way round: the model takes a dash between two words for the numeral with a score of 0.95.
    """

    characters: tuple[Character, ...]
    lost: float
    rival: float = 0.0

    @property
    def text(self) -> str:
        """The characters as one text."""
        return "".join(character.char for character in self.characters)

    @property
    def score(self) -> float:
        """The lowest score of a character, 0 if there is none."""
        return min((character.score for character in self.characters), default=0.0)


class Recogniser:
    """The model, loaded when it is first used. One for a process, or for a thread of it."""

    @cached_property
    def _session(self) -> Any:
        import onnxruntime  # type: ignore[import-untyped]

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        # The arena keeps the memory of the widest line for good.
        options.enable_cpu_mem_arena = False
        return onnxruntime.InferenceSession(str(_model("rec")), options, providers=["CPUExecutionProvider"])

    @cached_property
    def _alphabet(self) -> list[str]:
        # The first class is the blank between characters, the last the space.
        return ["", *self._session.get_modelmeta().custom_metadata_map["character"].splitlines(), " "]

    @cached_property
    def _strokes(self) -> list[int]:
        return [self._alphabet.index(char) for char in ("一", "—") if char in self._alphabet]

    def read(self, crop: _Picture) -> Read:
        """Recognise a grey crop that holds one line, dark on light."""
        height, width = crop.shape
        wide = min(max(round(width * _HEIGHT / height), _STEP), _WIDEST)
        shrinks = height > _HEIGHT
        resized = cv2.resize(crop, (wide, _HEIGHT), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
        padded = -(-wide // _STEP) * _STEP
        plane = np.ones(((_HEIGHT), padded), np.float32)
        plane[:, :wide] = resized.astype(np.float32) * (2 / 255) - 1
        batch = np.ascontiguousarray(np.broadcast_to(plane, (1, 3, _HEIGHT, padded)))
        steps = self._session.run(None, {self._session.get_inputs()[0].name: batch})[0][0]
        return self._decoded(steps, width / wide)

    def _decoded(self, steps: Any, scale: float) -> Read:
        best = steps.argmax(axis=1)
        certain = steps[np.arange(len(best)), best]
        found: list[Character] = []
        lost = rival = 0.0
        start = 0
        while start < len(best):
            label = int(best[start])
            end = start + 1
            while end < len(best) and best[end] == label:
                end += 1
            if label:
                middle = (start + end) / 2 * _STEP * scale
                if label in self._strokes:
                    others = [other for other in self._strokes if other != label]
                    rival = max(rival, float(steps[start:end, others].max()))
                found.append(Character(self._alphabet[label], middle, float(certain[start:end].max())))
            else:
                # The first and the last blank beside a character may be its rim.
                inner = steps[start + (start > 0) : end - (end < len(best)), 1:-1]
                lost = max(lost, float(inner.max(initial=0.0)))
            start = end
        return Read(tuple(found), lost, rival)


def recogniser() -> Recogniser:
    """The recogniser of this thread."""
    own: Recogniser | None = getattr(_OWN, "recogniser", None)
    if own is None:
        own = _OWN.recogniser = Recogniser()
    return own


def _model(kind: str) -> Path:
    """The model file inside rapidocr's wheel, found without importing it: that costs 0.5 s and 80 MB."""
    spec = find_spec("rapidocr")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("rapidocr")
    found = sorted(Path(spec.origin).with_name("models").glob(f"*_{kind}_*.onnx"))
    if not found:
        raise FileNotFoundError(f"no {kind} model inside rapidocr")
    return found[-1]
