"""What one document may cost: limits that keep a hostile or broken file from taking the machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Gt

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one document. Beyond one of them a document, or its page, fails with one sentence that names it.

    The readers of formats raise `DocumentError` with the code `too_many.<limit>` (`too_many.pages`, ...).
    """

    pages: Annotated[int, Gt(0)] = 2_000
    """Pages of a PDF or of a TIFF; sheets of a workbook."""
    pixels: Annotated[int, Gt(0)] = 150_000_000
    """Pixels of one picture; A3 at 600 dpi has 70 million."""
    cells: Annotated[int, Gt(0)] = 500_000
    """Cells of a document, blank ones included."""
    members: Annotated[int, Gt(0)] = 20_000
    """Files in an archive, those of archives inside it included."""
    nesting: Annotated[int, Gt(0)] = 3
    """Archives inside archives; tables inside tables."""
    file_bytes: Annotated[int, Gt(0)] = 512 * 1024 * 1024
    """Bytes of one file, and of one member of an archive when unpacked."""
    unpacked_bytes: Annotated[int, Gt(0)] = 4 * 1024 * 1024 * 1024
    """Bytes of all members of an archive together."""
    memory_bytes: Annotated[int, Gt(0)] = 4 * 1024 * 1024 * 1024
    """Address space of the process that reads a document."""
    page_seconds: Annotated[float, Gt(0)] = 120.0
    """Seconds for recognising one page."""
    document_seconds: Annotated[float, Gt(0)] = 600.0
    """Seconds for all else of a document."""
