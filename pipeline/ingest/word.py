"""Word documents (.docx) into a page of tables and lines, as Word shows them.

Left out, as a reader of the form leaves them out: headers and footers, notes and comments, deleted and hidden text, the
instructions of fields, prompts of empty content controls. Also left out, although Word prints it: automatic numbering
(`w:numPr`), which stands nowhere in the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.errors import DocumentError
from pipeline.ingest.flow import Grid, GridCell, Line, page_of, too_many_cells
from pipeline.ingest.limits import Limits
from pipeline.ingest.package import Element, Package, local
from pipeline.ingest.page import PageContent
from pipeline.ingest.symbols import UNKNOWN, symbol
from pipeline.ingest.wordgrid import RawCell, RawRow, grid_of

__all__ = ["read_word"]

_BLOCKS = ("p", "tbl", "sdt", "customXml", "ins", "moveTo", "altChunk", "AlternateContent")
_WRAPPERS = frozenset(
    {"hyperlink", "smartTag", "customXml", "ins", "moveTo", "fldSimple", "dir", "bdo", "sdtContent", "rubyBase"}
)
_DROPPED = frozenset({"del", "moveFrom", "rt", "delText", "delInstrText", "pPr", "rPr", "sdtPr", "tcPr"})
_STRUCTURED = frozenset({"f", "sSup", "sSub", "sSubSup", "sPre", "rad", "nary", "limLow", "limUpp", "m", "eqArr"})
"""Equations whose characters in a row are not what they say: 1/2 is not 12."""
_LARGE = 2_880_000
"""Sides of a picture that may hold a form, in EMU (8 cm)."""
_DEEPEST = 200
"""Elements, and fields, inside one another that are followed; libxml2 stops at 256 elements."""


def read_word(data: bytes, limits: Limits) -> list[PageContent]:
    """The document as one page in units of cells; a line outside of tables is cut at tabs and wide gaps.

    The page's note is `pictures.unread` where it holds large pictures, which are not read. Doubts: `text.struck`
    (struck out), `text.raised` (a raised figure behind a figure), `text.equation`, `text.symbol`, `field.no_result`,
    and for cells `cell.walls` (rows that do not fit together) and `cell.picture` (a picture in place of text).

    Raises `DocumentError`: `empty`, `pictures` (nothing but pictures), `encrypted`, `damaged`, `xml.entities`,
    `too_many.…`.
    """
    with Package(data, limits) as package:
        reader = _Reader(package, limits)
        page = page_of(reader.document(), limits)
    if reader.large:
        page.page = page.page._replace(note="pictures.unread")
    if page.blocks and any(isinstance(block, list) or any(cell.lines for cell in block.cells) for block in page.blocks):
        return [page]
    if reader.pictures:
        raise DocumentError(
            "pictures", "the document holds pictures and no text; save it as PDF, so that they can be recognised"
        )
    raise DocumentError("empty", "the document holds no text; check that it was saved completely")


@dataclass(slots=True)
class _Field:
    """A complex field under way: its instruction, whether its result has begun, and whether that shows anything."""

    instruction: str = ""
    result: bool = False
    shown: bool = False
    choice: str = ""


@dataclass(slots=True)
class _Text:
    """The lines of a paragraph under construction, and the text boxes anchored in it."""

    lines: list[str] = field(default_factory=lambda: [""])
    doubts: list[set[str]] = field(default_factory=lambda: [set()])
    boxes: list[Line | Grid] = field(default_factory=list)

    def put(self, text: str, *doubts: str) -> None:
        self.lines[-1] += text
        self.doubts[-1].update(doubts)

    def end_line(self) -> None:
        self.lines.append("")
        self.doubts.append(set())

    def flow(self) -> list[Line | Grid]:
        pairs = zip(self.lines, self.doubts, strict=True)
        return [*(Line(line, tuple(sorted(doubts))) for line, doubts in pairs if line or doubts), *self.boxes]


@dataclass(frozen=True, slots=True)
class _Look:
    """What a run's properties say of its characters."""

    hidden: bool = False
    struck: bool = False
    raised: bool = False
    font: str = ""


class _Reader:
    """Reads a document block by block; `pictures` and `large` count what was not read."""

    def __init__(self, package: Package, limits: Limits) -> None:
        self.pictures = 0
        self.large = 0
        self._package = package
        self._limits = limits
        self._main = package.main_part("word/document.xml")
        self._relations = package.relations(self._main)
        self._hiding = self._hiding_styles()
        self._fields: list[_Field] = []
        self._cells = 0
        self._depth = 0

    def document(self) -> Iterator[Line | Grid]:
        """The flow of the body."""
        for block in self._package.events(self._main, frozenset({"body"}), *_BLOCKS):
            yield from self._block(block)

    def _hiding_styles(self) -> frozenset[str]:
        """Styles whose text is hidden, by their own word or by that of a style that they are based on."""
        part = next((path for kind, path in self._relations.values() if kind == "styles"), "")
        if part not in self._package:
            return frozenset()
        own: dict[str, bool | None] = {}
        base: dict[str, str] = {}
        for style in self._package.tree(part):
            if local(style) != "style":
                continue
            name = _value(style, "styleId")
            vanish = _find(_find(style, "rPr"), "vanish")
            own[name] = None if vanish is None else _on(vanish)
            base[name] = _value(_find(style, "basedOn"))
        found = set()
        for name in own:
            at, seen = name, set[str]()
            while at in own and own[at] is None and at not in seen:
                seen.add(at)
                at = base[at]
            if own.get(at):
                found.add(name)
        return frozenset(found)

    # -- blocks

    def _block(self, block: Element) -> Iterator[Line | Grid]:
        name = local(block)
        self._deeper()
        if name == "p":
            yield from self._paragraph(block)
        elif name == "tbl":
            # No field's instruction holds a table: one that did not end must not swallow what follows.
            self._fields.clear()
            yield self._table(block)
        elif name == "sdt":
            if not _is_prompt(block):
                yield from self._blocks(_find(block, "sdtContent"))
        elif name in ("customXml", "ins", "moveTo", "sdtContent", "txbxContent"):
            yield from self._blocks(block)
        elif name == "AlternateContent":
            yield from self._blocks(_chosen(block))
        elif name == "altChunk":
            yield from self._chunk(block)
        self._depth -= 1

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _too_deep()

    def _blocks(self, parent: Element | None) -> Iterator[Line | Grid]:
        for child in parent if parent is not None else ():
            yield from self._block(child)

    def _chunk(self, block: Element) -> Iterator[Line | Grid]:
        """A part in HTML, as programs without Word write their documents."""
        from pipeline.ingest.html import html_flow

        kind_and_path = self._relations.get(_value(block, "id"))
        if kind_and_path is None or kind_and_path[1] not in self._package:
            raise DocumentError("damaged", "a part of the document is missing; open it in Word and save it again")
        yield from html_flow(self._package.raw(kind_and_path[1]), self._limits)

    def _paragraph(self, paragraph: Element) -> list[Line | Grid]:
        text = _Text()
        style = _value(_find(_find(paragraph, "pPr"), "pStyle"))
        self._inline(paragraph, text, _Look(hidden=style in self._hiding))
        return text.flow()

    # -- tables

    def _table(self, table: Element) -> Grid:
        widths = [_number(column, "w") for column in _children(_find(table, "tblGrid")) if local(column) == "gridCol"]
        rows = [self._row(row) for row in _flat(table, "tr") if not _is_hidden_row(row)]
        return grid_of(rows, widths)

    def _row(self, row: Element) -> RawRow:
        properties = _find(row, "trPr")
        before, after = _find(properties, "gridBefore"), _find(properties, "gridAfter")
        raw = RawRow(_number(before), _number(after), _number(_find(properties, "wBefore"), "w"))
        for cell in _flat(row, "tc"):
            self._cells += 1
            if self._cells > self._limits.cells:
                raise too_many_cells(self._limits)
            properties = _find(cell, "tcPr")
            width, merged, joined = (_find(properties, name) for name in ("tcW", "vMerge", "hMerge"))
            fields, self._fields = self._fields, []
            pictures = self.pictures
            flow = list(self._blocks(cell))
            self._fields = fields
            held = any(isinstance(block, Grid) or block.text.strip() for block in flow)
            raw.cells.append(
                RawCell(
                    span=max(1, _number(_find(properties, "gridSpan"))),
                    width=_number(width, "w") if _value(width, "type") == "dxa" else 0,
                    below=merged is not None and _value(merged) != "restart",
                    joined=joined is not None and _value(joined) != "restart",
                    starts=merged is not None and _value(merged) == "restart",
                    cell=GridCell(0, 0, 1, 1, flow, ("cell.picture",) if self.pictures > pictures and not held else ()),
                )
            )
        return raw

    # -- inside a paragraph

    def _inline(self, parent: Element, text: _Text, look: _Look) -> None:
        self._deeper()
        for child in parent:
            name = local(child)
            if name in _DROPPED or not name:
                continue
            if name == "r" and "/math" not in child.tag:
                self._inline(child, text, self._look(child, look))
            elif name in _WRAPPERS:
                self._inline(child, text, look)
            elif name == "sdt":
                content = _find(child, "sdtContent")
                if content is not None and not _is_prompt(child):
                    self._inline(content, text, look)
            elif name == "AlternateContent":
                chosen = _chosen(child)
                if chosen is not None:
                    self._inline(chosen, text, look)
            elif name in ("oMath", "oMathPara"):
                self._equation(child, text, look)
            elif name == "ruby":
                base = _find(child, "rubyBase")
                if base is not None:
                    self._inline(base, text, look)
            elif name in ("drawing", "pict", "object"):
                self._drawing(child, text)
            elif name == "fldChar":
                self._field(child, text, look)
            else:
                self._character(child, name, text, look)
        self._depth -= 1

    def _character(self, element: Element, name: str, text: _Text, look: _Look) -> None:
        if name == "t":
            self._put(_shown(element), text, look)
        elif name in ("tab", "ptab"):
            self._put("\t", text, look)
        elif name in ("br", "cr") and not look.hidden and self._visible():
            text.end_line()
        elif name == "instrText" and self._fields and not self._fields[-1].result:
            self._fields[-1].instruction += element.text or ""
        elif name == "noBreakHyphen":
            self._put("-", text, look)
        elif name == "sym":
            code = _value(element, "char")
            char = symbol(_value(element, "font"), int(code, 16)) if _is_hex(code) else None
            self._put(char or UNKNOWN, text, look)

    def _put(self, characters: str, text: _Text, look: _Look) -> None:
        if look.hidden or not characters or not self._visible():
            return
        for entry in self._fields:
            entry.shown = True
        out = (
            "".join(symbol(look.font, ord(char)) or char for char in characters)
            if _is_private(characters)
            else characters
        )
        doubts = []
        if UNKNOWN in out or _is_private(out):
            doubts.append("text.symbol")
        if look.struck and out.strip():
            doubts.append("text.struck")
        if look.raised and out[0].isdigit() and text.lines[-1][-1:].isdigit():
            doubts.append("text.raised")
        text.put(out, *doubts)

    def _visible(self) -> bool:
        return all(entry.result for entry in self._fields)

    def _look(self, run: Element, around: _Look) -> _Look:
        properties = _find(run, "rPr")
        if properties is None:
            return around
        vanish = _find(properties, "vanish")
        styled = _value(_find(properties, "rStyle")) in self._hiding
        fonts = _find(properties, "rFonts")
        return _Look(
            hidden=_on(vanish) if vanish is not None else around.hidden or styled,
            struck=_on(_find(properties, "strike")) or _on(_find(properties, "dstrike")),
            raised=_value(_find(properties, "vertAlign")) in ("superscript", "subscript"),
            font=_value(fonts, "ascii") or _value(fonts, "hAnsi"),
        )

    def _field(self, mark: Element, text: _Text, look: _Look) -> None:
        kind = _value(mark, "fldCharType")
        if kind == "begin":
            self._fields.append(_Field(choice=_choice(_find(mark, "ffData"))))
            if len(self._fields) > _DEEPEST:
                raise _too_deep()
        elif kind == "separate" and self._fields:
            self._fields[-1].result = True
        elif kind == "end" and self._fields:
            ended = self._fields.pop()
            if ended.shown or look.hidden or not self._visible():
                return
            if ended.choice:
                self._put(ended.choice, text, look)
            elif ended.instruction.split()[:1] in (["EQ"], ["eq"], ["="]):
                # Word draws it from the instruction: a figure in a circle, a fraction.
                text.put("", "field.no_result")

    def _equation(self, element: Element, text: _Text, look: _Look) -> None:
        for node in element.iter():
            name = local(node)
            if name == "t":
                self._put(_shown(node), text, look)
            elif name == "den":
                self._put("/", text, look)
            if name in _STRUCTURED and not look.hidden:
                text.put("", "text.equation")

    def _drawing(self, drawing: Element, text: _Text) -> None:
        """Text boxes of a drawing, each once; anything else is a picture that is not read."""
        waiting, found = [drawing], False
        while waiting:
            node = waiting.pop()
            name = local(node)
            if name == "AlternateContent":
                chosen = _chosen(node)
                waiting += [chosen] if chosen is not None else []
            elif name == "txbxContent":
                found = True
                fields, self._fields = self._fields, []
                text.boxes += self._block(node)
                self._fields = fields
            elif name in ("pic", "imagedata"):
                self.pictures += 1
            else:
                waiting += reversed(node)
        if not found:
            extent = next(drawing.iter("{*}extent"), None)
            self.large += _number(extent, "cx") >= _LARGE and _number(extent, "cy") >= _LARGE


def _too_deep() -> DocumentError:
    return DocumentError("damaged", "the document is nested too deeply to be read; open it in Word and save it as PDF")


def _children(parent: Element | None) -> Iterator[Element]:
    yield from parent if parent is not None else ()


def _find(parent: Element | None, name: str) -> Element | None:
    """The first child of that local name."""
    return next((child for child in _children(parent) if local(child) == name), None)


def _flat(parent: Element, name: str) -> Iterator[Element]:
    """Rows of a table, or cells of a row, those in content controls and marks of revision included."""
    for child in parent:
        kind = local(child)
        if kind == name:
            yield child
        elif kind in ("sdt", "sdtContent", "customXml", "ins", "moveTo"):
            yield from _flat(child, name)
        elif kind == "AlternateContent" and (chosen := _chosen(child)) is not None:
            yield from _flat(chosen, name)


def _value(element: Element | None, name: str = "val") -> str:
    """An attribute by its local name; empty where it is missing."""
    if element is None:
        return ""
    for key, value in element.items():
        if key.rpartition("}")[2] == name:
            return str(value)
    return ""


def _number(element: Element | None, name: str = "val") -> int:
    """An attribute that is a whole number, kept within sense; 0 where it is missing or none."""
    try:
        return max(0, min(int(float(_value(element, name))), 100_000_000))
    except (ValueError, OverflowError):
        return 0


def _on(element: Element | None) -> bool:
    return element is not None and _value(element) not in ("0", "false", "off")


def _is_prompt(control: Element) -> bool:
    """Does a content control show its prompt ("click here to enter text") and not what somebody entered?"""
    return _on(_find(_find(control, "sdtPr"), "showingPlcHdr"))


def _is_hidden_row(row: Element) -> bool:
    properties = _find(row, "trPr")
    return _on(_find(properties, "hidden")) or _find(properties, "del") is not None


def _chosen(alternatives: Element) -> Element | None:
    """The first alternative that holds text or a picture: the choice and the fallback say the same."""
    options = [child for child in alternatives if local(child) in ("Choice", "Fallback")]
    for option in options:
        if any(local(node) in ("t", "txbxContent", "tbl", "pic", "imagedata", "sym") for node in option.iter()):
            return option
    return options[0] if options else None


def _choice(data: Element | None) -> str:
    """What a form field without a result shows: a ticked or empty box, the entry chosen from a list."""
    box, names = _find(data, "checkBox"), _find(data, "ddList")
    if box is not None:
        checked = _find(box, "checked")
        return "☒" if _on(checked if checked is not None else _find(box, "default")) else "☐"
    entries = [_value(entry) for entry in _children(names) if local(entry) == "listEntry"]
    chosen = _find(names, "result")
    at = _number(chosen if chosen is not None else _find(names, "default"))
    return entries[at] if at < len(entries) else ""


def _shown(element: Element) -> str:
    """The text of a `t`: white space at its ends counts only where the element says so."""
    raw = (element.text or "").replace("\r", " ").replace("\n", " ").replace("\t", " ")
    keep = element.get("{http://www.w3.org/XML/1998/namespace}space") == "preserve"
    return raw if keep else raw.strip(" ")


def _is_private(text: str) -> bool:
    return any("\ue000" <= char <= "\uf8ff" for char in text)


def _is_hex(code: str) -> bool:
    return 0 < len(code) <= 4 and all(char in "0123456789abcdefABCDEF" for char in code)
