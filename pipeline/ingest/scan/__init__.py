"""Pictures of pages, scans and photographs, into page content."""

from __future__ import annotations

from pipeline.ingest.scan.picture import frame, frame_count
from pipeline.ingest.scan.reader import read_picture

__all__ = ["frame", "frame_count", "read_picture"]
