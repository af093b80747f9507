"""Web pages into tables and lines as a browser shows them; also MHTML, and what office programs save as a page."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree  # type: ignore[import-untyped,unused-ignore]

from pipeline.errors import DocumentError
from pipeline.ingest.flow import Grid, GridCell, Line, page_of, too_many_cells, without_slivers
from pipeline.ingest.limits import Limits
from pipeline.ingest.package import Element
from pipeline.ingest.page import PageContent

__all__ = ["html_flow", "read_html"]

_MOST_COLUMNS = 1_000
"""The largest `colspan`, as the standard has it."""
_CHARSET = re.compile(rb"""<meta\b[^>]*?charset\s*=\s*["']?\s*([\w.:-]+)|<\?xml[^>]*encoding=["']([\w.:-]+)""", re.I)
_HEAD = 16 * 1024
_CHINESE = frozenset({"gb2312", "gbk", "gb18030", "x-gbk", "euc-cn", "hz-gb-2312"})
_DROPPED = frozenset(
    {"script", "style", "head", "title", "template", "noscript", "object", "applet", "svg", "math", "iframe"}
    | {"frameset", "noframes", "rt", "rp", "datalist"}
)
_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dialog", "dir", "div", "dl", "dt"}
    | {"fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html"}
    | {"legend", "li", "main", "menu", "nav", "ol", "option", "p", "pre", "section", "summary", "ul", "caption"}
)
_STRUCK = frozenset({"del", "s", "strike"})
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all", re.I)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_SELECTOR = re.compile(r"[\w-]*[.#][\w-]+")
_SPACE = re.compile(r"[ \t\n\r\f]+")
_LENGTH = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(px|pt|cm|mm|in)?\s*;?\s*", re.I)
_WIDTH = re.compile(r"(?:^|;)\s*width\s*:\s*([^;]+)", re.I)
_POINTS = {"px": 0.75, "": 0.75, "pt": 1.0, "cm": 28.35, "mm": 2.835, "in": 72.0}
_DEEPEST = 300
"""Elements inside one another that are followed; the parser stops at 256 of them."""


def read_html(data: bytes, limits: Limits) -> list[PageContent]:
    """The web page as one page in units of cells; of MHTML, one for each page in it that holds text.

    The encoding is that of the byte-order mark or of the page's own word, else UTF-8 or GB18030. Doubts: `text.struck`
    (struck out), `text.raised` (a raised figure behind a figure).

    Raises `DocumentError`: `empty`, `encoding`, `damaged`, `too_many.…`.
    """
    pages: list[PageContent] = []
    for part, charset in _pages(data):
        page = page_of(_flow(part, charset, limits), limits, len(pages) + 1)
        if any(isinstance(block, list) or any(cell.lines for cell in block.cells) for block in page.blocks):
            pages.append(page)
        if len(pages) > limits.pages:
            raise DocumentError("too_many.pages", f"the file holds more than {limits.pages:,} pages; split it")
    if not pages:
        raise DocumentError("empty", "the page holds no text; check that it was saved completely, frames included")
    return pages


def html_flow(data: bytes, limits: Limits) -> Iterator[Line | Grid]:
    """The lines and grids of a web page, or of all pages of an MHTML file. Raises as `read_html` does."""
    for part, charset in _pages(data):
        yield from _flow(part, charset, limits)


def _pages(data: bytes) -> Iterator[tuple[bytes, str]]:
    """The HTML in a file, with the encoding that its container says, if any."""
    head = data[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"<") or b"multipart/" not in head.lower():
        yield data, ""
        return
    import email
    import email.policy

    message = email.message_from_bytes(data.lstrip(b"\xef\xbb\xbf \t\r\n"), policy=email.policy.compat32)
    for part in message.walk():
        if part.get_content_type() in ("text/html", "application/xhtml+xml"):
            content = part.get_payload(decode=True)
            if isinstance(content, bytes) and content.strip():
                yield content, part.get_content_charset() or ""


def _decoded(data: bytes, charset: str) -> str:
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(encoding, "replace").lstrip("\ufeff")
    named = _CHARSET.search(data[:_HEAD])
    said = (charset or ((named.group(1) or named.group(2)).decode("ascii", "replace") if named else "")).lower()
    # Pages often say one encoding and are written in another. Chinese in UTF-8 passes for GB18030 more often than not,
    # and next to never the other way round: so UTF-8 is tried first, whatever the page says.
    for encoding in ("utf-8", said, "gb18030"):
        if encoding.startswith("utf-16") or not encoding:
            continue
        try:
            return data.decode("gb18030" if encoding in _CHINESE else encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    text = data.decode("gb18030" if said in _CHINESE else "utf-8", "replace")
    if text.count("\ufffd") * 1000 > len(text):
        raise DocumentError("encoding", "the page is in no encoding that is known here; save it again as UTF-8")
    return text


def _flow(data: bytes, charset: str, limits: Limits) -> Iterator[Line | Grid]:
    if len(data) > limits.file_bytes:
        raise DocumentError("too_many.bytes", f"the page has more than {limits.file_bytes >> 20} MB; split it")
    text = _decoded(data, charset).replace("\x00", "")
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if root is None:
        return
    if any("xcessive depth" in entry.message or "huge" in entry.message.lower() for entry in parser.error_log):
        raise DocumentError("damaged", "the page is nested too deeply to be read; save it as .docx, .xlsx or PDF")
    yield from _Reader(root, limits).read()


@dataclass(slots=True)
class _Context:
    """Lines and grids under construction: those of the page, or of one cell."""

    flow: list[Line | Grid] = field(default_factory=list)
    line: str = ""
    doubts: set[str] = field(default_factory=set)

    def end_line(self) -> None:
        if self.line.strip(" \u00a0"):
            self.flow.append(Line(self.line.strip(" "), tuple(sorted(self.doubts))))
        self.line = ""
        self.doubts.clear()

    def put(self, text: str) -> None:
        if text[:1] == " " and (not self.line or self.line[-1] in " \t"):
            text = text[1:]
        self.line += text


class _Reader:
    def __init__(self, root: Element, limits: Limits) -> None:
        self._root = root
        self._limits = limits
        self._cells = 0
        self._widths = 0
        self._hiding = _hiding_selectors(root)

    def read(self) -> list[Line | Grid]:
        """The flow of the page."""
        context = _Context()
        self._inside(self._root, context, 0, struck=False, pre=False)
        context.end_line()
        return context.flow

    def _inside(self, element: Element, context: _Context, depth: int, *, struck: bool, pre: bool) -> None:
        if depth > _DEEPEST:
            raise DocumentError("damaged", "the page is nested too deeply to be read; save it as .docx, .xlsx or PDF")
        self._text(element.text, context, struck=struck, pre=pre)
        for child in element:
            if isinstance(child.tag, str):
                self._child(child, child.tag.lower(), context, depth, struck=struck, pre=pre)
            self._text(child.tail, context, struck=struck, pre=pre)

    def _text(self, text: str | None, context: _Context, *, struck: bool, pre: bool) -> None:
        if not text:
            return
        if struck and text.strip():
            context.doubts.add("text.struck")
        if not pre:
            context.put(_SPACE.sub(" ", text))
            return
        for number, line in enumerate(text.replace("\r\n", "\n").split("\n")):
            if number:
                context.end_line()
            context.line += line

    def _child(self, child: Element, tag: str, context: _Context, depth: int, *, struck: bool, pre: bool) -> None:
        if tag in _DROPPED or self._is_hidden(child):
            return
        if tag == "br":
            context.end_line()
        elif tag == "table":
            context.end_line()
            self._table(child, context, depth)
        elif tag in ("input", "select", "textarea"):
            context.put(_control(child, tag))
        else:
            block = tag in _BLOCKS
            if block:
                context.end_line()
            if (
                tag in ("sup", "sub")
                and context.line[-1:].isdigit()
                and "".join(child.itertext()).strip()[:1].isdigit()
            ):
                context.doubts.add("text.raised")
            if "mso-tab-count" in child.get("style", ""):
                context.line += "\t"
            else:
                kept = pre or tag in ("pre", "listing")
                self._inside(child, context, depth + 1, struck=struck or tag in _STRUCK, pre=kept)
            if block:
                context.end_line()

    def _is_hidden(self, element: Element) -> bool:
        if element.get("hidden") is not None or _HIDDEN.search(element.get("style") or ""):
            return True
        if not self._hiding:
            return False
        tag = element.tag.lower()
        names = [f".{name}" for name in (element.get("class") or "").split()]
        names += [f"#{element.get('id')}"] if element.get("id") else []
        return any(name in self._hiding or tag + name in self._hiding for name in names)

    # -- tables

    def _table(self, table: Element, context: _Context, depth: int) -> None:
        rows: dict[str, list[list[Element]]] = {"thead": [], "tbody": [], "tfoot": []}
        widths: list[float] = []
        self._rows(table, "tbody", rows, widths, context, depth)
        # The foot is shown last wherever it is written.
        groups = [group for group in (rows["thead"], rows["tbody"], rows["tfoot"]) if group]
        placed = _Placed()
        for group in groups:
            self._group(group, placed, depth)
        if not placed.cells:
            return
        single = {cell.row for cell in placed.cells}
        if len(placed.cells) == len(single) and all(cell.row_span == 1 for cell in placed.cells):
            # A cell a row: lines (or what such a table was drawn around).
            for cell in placed.cells:
                context.flow += cell.flow
            return
        count = max(cell.column + cell.column_span for cell in placed.cells)
        columns = _columns(count, widths, placed)
        grid = Grid(columns or [float(column) for column in range(count + 1)], placed.rows, placed.cells)
        context.flow.append(without_slivers(grid) if columns else grid)

    def _rows(
        self,
        parent: Element,
        kind: str,
        rows: dict[str, list[list[Element]]],
        widths: list[float],
        context: _Context,
        depth: int,
    ) -> None:
        """Collect the rows below a table or a group of its rows; text between them stands before the table."""
        self._text(parent.text, context, struck=False, pre=False)
        loose: list[Element] = []
        for child in parent:
            tag = child.tag.lower() if isinstance(child.tag, str) else ""
            if tag and not self._is_hidden(child):
                if tag in ("td", "th"):
                    if not loose:
                        rows[kind].append(loose)
                    loose.append(child)
                elif tag == "tr":
                    loose = []
                    rows[kind].append(self._cells_of(child, context, depth))
                elif tag in rows:
                    loose = []
                    self._rows(child, tag, rows, widths, context, depth)
                elif tag in ("colgroup", "col"):
                    widths += [_length(col) for col in child.iter("col") for _ in range(_span(col, "span"))]
                    del widths[_MOST_COLUMNS:]
                else:
                    self._child(child, tag, context, depth, struck=False, pre=False)
            self._text(child.tail, context, struck=False, pre=False)
        context.end_line()

    def _cells_of(self, row: Element, context: _Context, depth: int) -> list[Element]:
        context.end_line()
        self._text(row.text, context, struck=False, pre=False)
        cells = []
        for child in row:
            tag = child.tag.lower() if isinstance(child.tag, str) else ""
            if tag in ("td", "th"):
                cells += [child] if not self._is_hidden(child) else []
            elif tag:
                self._child(child, tag, context, depth, struck=False, pre=False)
            self._text(child.tail, context, struck=False, pre=False)
        return cells

    def _group(self, rows: list[list[Element]], placed: _Placed, depth: int) -> None:
        """Place the cells of a group of rows; no cell spans beyond it."""
        first, last = placed.rows, placed.rows + len(rows)
        taken: dict[int, int] = {}
        for number, row in enumerate(rows, start=first):
            column = 0
            for element in row:
                while taken.get(column, 0) > number:
                    column += 1
                self._cells += 1
                if self._cells > self._limits.cells:
                    raise too_many_cells(self._limits)
                across = _span(element, "colspan")
                down = min(_span(element, "rowspan", none=last), last - number)
                # A cell does not cover one that comes down from above: the table is broken there, and says so.
                self._widths += across
                if self._widths > 10 * self._limits.cells:
                    raise too_many_cells(self._limits)
                free = next((n for n in range(across) if taken.get(column + n, 0) > number), across)
                inner = _Context()
                self._inside(element, inner, depth + 1, struck=False, pre=element.get("nowrap") == "pre")
                inner.end_line()
                cell = GridCell(number, column, free, down, inner.flow, ("cell.walls",) if free < across else ())
                cell.row_span, cell.column_span = down, free
                placed.cells.append(cell)
                placed.widths[number, column, free] = _length(element)
                for at in range(column, column + free):
                    taken[at] = number + down
                column += free
        placed.rows = last


@dataclass(slots=True)
class _Placed:
    """Cells placed on a grid, and their widths in points by row, column and span (0: not said)."""

    cells: list[GridCell] = field(default_factory=list)
    widths: dict[tuple[int, int, int], float] = field(default_factory=dict)
    rows: int = 0


def _columns(count: int, widths: list[float], placed: _Placed) -> list[float] | None:
    """Grid lines in points; None where the page does not give the width of each column."""
    known = [*widths[:count], *[0.0] * (count - len(widths))]
    for (_, column, span), width in placed.widths.items():
        if span == 1 and not known[column]:
            known[column] = width
    if not all(known):
        return None
    lines = [0.0]
    for width in known:
        lines.append(lines[-1] + width)
    return lines


def _span(element: Element, name: str, none: int = 1) -> int:
    """A span within sense; `none` is what 0 means."""
    digits = re.match(r"\s*([0-9]{1,6})", element.get(name) or "1")
    value = int(digits.group(1)) if digits else 1
    return min(value, _MOST_COLUMNS if name != "rowspan" else 65_534) or none


def _length(element: Element) -> float:
    """The width of a column or cell in points; 0 where it is not said, or in percent."""
    styled = _WIDTH.search(element.get("style") or "")
    found = _LENGTH.fullmatch(styled.group(1) if styled else element.get("width") or "")
    return float(found.group(1)) * _POINTS[(found.group(2) or "").lower()] if found else 0.0


def _control(element: Element, tag: str) -> str:
    """What a field of a web form shows."""
    if tag == "textarea":
        return element.text or ""
    if tag == "select":
        options = list(element.iter("option"))
        chosen = next((option for option in options if option.get("selected") is not None), None)
        shown = chosen if chosen is not None else options[0] if options else None
        return "".join(shown.itertext()).strip() if shown is not None else ""
    kind = (element.get("type") or "text").lower()
    if kind in ("checkbox", "radio"):
        return "☑" if element.get("checked") is not None else "☐"
    shown_kinds = ("text", "number", "date", "tel", "email", "search", "url", "month")
    return element.get("value") or "" if kind in shown_kinds else ""


def _hiding_selectors(root: Element) -> frozenset[str]:
    """Classes and ids that the page's own style sheets hide; only selectors of one word are followed."""
    found = set()
    for style in root.iter("style"):
        for selectors, rules in _RULE.findall((style.text or "")[: 1 << 20]):
            if _HIDDEN.search(rules) and "@" not in selectors:
                found |= {name.strip() for name in selectors.split(",") if _SELECTOR.fullmatch(name.strip())}
    return frozenset(found)
