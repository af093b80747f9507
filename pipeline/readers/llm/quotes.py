"""The comparison mode: an answer copies values, which are then looked for in the source.

A copied figure says nothing of its place; it is looked for from where the leaf before it was found, as the leaves are
printed in about the order of the record. What is not found, or not once, is for review.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from pipeline.forms import FormType, pattern
from pipeline.readers.draft import Strip
from pipeline.readers.llm.references import Miss
from pipeline.reading import Part
from pipeline.source import Cell
from pipeline.vocabulary import fold

__all__ = ["quoted"]


def quoted(cells: Sequence[Cell], form_type: FormType) -> Callable[[str, str], tuple[Part, ...] | Miss]:
    """A function that finds the value copied for a leaf; it is to be asked leaf after leaf, in order.

    Codes of misses: `quote.unlocated` (not in the source), `quote.twice` (there more than once, nowhere expected).
    """
    search = _Search(Strip(cells), form_type)
    return search.find


class _Search:
    """Where it looks next, and what is found already."""

    def __init__(self, strip: Strip, form_type: FormType) -> None:
        self._strip = strip
        self._form_type = form_type
        self._edges = {*strip.starts, len(strip.text)}
        self._at = 0
        self._used = bytearray(len(strip.text))
        self._headings: dict[str, tuple[str, tuple[int, int]]] = {}

    def find(self, path: str, text: str) -> tuple[Part, ...] | Miss:
        """The place of a copied value."""
        wanted = fold(text)
        leaf = pattern(path)
        carried = self._headings.get(leaf)
        if carried is not None and carried[0] == wanted:
            return self._strip.cut(*carried[1])
        kind = self._form_type.leaves.get(leaf)
        whole_figure = kind is not None and kind.numeric
        places = list(self._places(wanted, whole_figure=whole_figure)) if wanted else []
        ahead = [place for place in places if place[0] >= self._at]
        if not ahead and len(places) != 1:
            return Miss("quote.twice" if places else "quote.unlocated")
        start, end = ahead[0] if ahead else places[0]
        self._used[start:end] = b"\1" * (end - start)
        self._at = end
        if leaf.endswith((".level1", ".level2")):
            self._headings[leaf] = wanted, (start, end)
        return self._strip.cut(start, end)

    def _places(self, wanted: str, *, whole_figure: bool) -> Iterator[tuple[int, int]]:
        """Where the text stands and nothing was found yet; a figure is never a part of a longer one in its cell."""
        text = self._strip.text
        at = text.find(wanted)
        while at >= 0:
            end = at + len(wanted)
            begins = at in self._edges or not _in_figure(text[at - 1])
            ends = end in self._edges or not _in_figure(text[end])
            if not any(self._used[at:end]) and (not whole_figure or (begins and ends)):
                yield at, end
            at = text.find(wanted, at + 1)


def _in_figure(char: str) -> bool:
    return char.isdigit() or char in ".,"
