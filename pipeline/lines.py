"""One line of an export for one settled form (`record-format`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.source import Document

if TYPE_CHECKING:
    from pipeline.settle import Settled

__all__ = ["form_line", "line_bytes", "with_keys"]

# JSON leaves these as they are, and many programs take them for line ends.
_LINE_ENDS = {"\u0085": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def form_line(document: Document, settled: Settled) -> dict[str, Any]:
    """The line of a form as plain data, every key in the order of `record-format`."""
    return {
        "document": document.name,
        "source": document.source,
        "sha256": document.sha256,
        "text_origin": settled.origin.value,
        "form_type": settled.form_type.name,
        "template": settled.template,
        "ordinal": settled.section.ordinal,
        "record": settled.record,
        "states": settled.states,
        "review": settled.review,
        "findings": [
            {
                "check": finding.check,
                "severity": finding.severity.value,
                "paths": list(finding.paths),
                "message": finding.message,
            }
            for finding in settled.findings
        ],
        "evidence": settled.evidence,
        "decisions": settled.decisions,
        "extra": settled.extra,
    }


def line_bytes(line: Mapping[str, Any]) -> bytes:
    """A line as UTF-8, with its line end. The same form gives the same bytes."""
    text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
    for char, escaped in _LINE_ENDS.items():
        if char in text:
            text = text.replace(char, escaped)
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:
        # A text decoded from odd UTF-16 may hold half a character: JSON can say so, UTF-8 cannot.
        return json.dumps(line, separators=(",", ":")).encode("ascii") + b"\n"


def with_keys(line: bytes, more: Mapping[str, Any]) -> bytes:
    """A line with further keys behind its own."""
    return line.removesuffix(b"}\n") + b"," + line_bytes(more).removeprefix(b"{")
