"""Bytes into documents. One module a format; this one chooses among them."""

from __future__ import annotations

import hashlib

from pipeline.ingest.text import decode, text_cells
from pipeline.source import Document, Origin

__all__ = ["ingest"]


def ingest(name: str, source: str, data: bytes) -> Document:
    """Make a document of the bytes of one file.

    Raises `DocumentError` with one sentence where the bytes are no document that can be read.
    """
    text = decode(data)
    return Document(
        name=name,
        source=source,
        sha256=hashlib.sha256(data).hexdigest(),
        origin=Origin.UNKNOWN,
        text=text,
        cells=text_cells(text),
    )
