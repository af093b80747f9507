"""What one document may cost: limits that keep a hostile or broken file from taking the machine."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one document. Beyond one of them a document, or its page, fails with one sentence that names it.

    The readers of formats raise `DocumentError` with the code `too_many.<limit>` (`too_many.pages`, ...).
    """

    pages: int = 2_000
    """Pages of a PDF or of a TIFF; sheets of a workbook."""
    pixels: int = 150_000_000
    """Pixels of one picture; A3 at 600 dpi has 70 million."""
    cells: int = 500_000
    """Cells of a document, blank ones included."""
    members: int = 20_000
    """Files in an archive, those of archives inside it included."""
    nesting: int = 3
    """Archives inside archives; tables inside tables."""
    file_bytes: int = 512 * 1024 * 1024
    """Bytes of one file, and of one member of an archive when unpacked."""
    unpacked_bytes: int = 4 * 1024 * 1024 * 1024
    """Bytes of all members of an archive together."""
    memory_bytes: int = 4 * 1024 * 1024 * 1024
    """Address space of the process that reads a document."""
    page_seconds: float = 120.0
    """Seconds for recognising one page."""
    document_seconds: float = 600.0
    """Seconds for all else of a document."""
