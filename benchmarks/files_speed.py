"""How fast pages are read, what a worker holds, and how soon the command line answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from rich.table import Table

from benchmarks.report import Report
from samples.files import make_file

__all__ = ["measure_speed"]

_SEED = 9_500
_MAX_PDF_MS, _MAX_RATIO, _MAX_RSS, _MAX_START = 40.0, 0.8, 900 * 1024**2, 0.4
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_THREAD_LIMIT": "1"}
_WORKER = """
import json, re, sys, time
from pathlib import Path
from pipeline.work import digitise_file
spent = []
for path in sys.argv[1:]:
    data = Path(path).read_bytes()
    started = time.perf_counter()
    digitise_file(Path(path).name, [data])
    spent.append(time.perf_counter() - started)
held = re.search("VmHWM:\\s+([0-9]+) kB", Path("/proc/self/status").read_text())
print(json.dumps({"seconds": spent, "peak": int(held[1]) * 1024}))
"""
# VmHWM and not ru_maxrss, which begins with what the parent held when it started the process.


def measure_speed(report: Report, *, quick: bool) -> None:
    """Print the speeds and hold them against their thresholds."""
    load = os.getloadavg()[0]
    table = Table(title=f"speed; load of the machine at the start {load:.1f} on {os.cpu_count()} cores")
    for head in ("what", "measured", "wanted"):
        table.add_column(head, justify="left" if head == "what" else "right")
    with TemporaryDirectory(prefix="formtally-bench-") as folder:
        milliseconds, pages = _pdf(Path(folder), 10 if quick else 40)
        table.add_row(f"digital PDF, {pages} pages, whole way", f"{milliseconds:.1f} ms a page", f"≤ {_MAX_PDF_MS:.0f}")
        report.require(milliseconds <= _MAX_PDF_MS, f"a page of a digital PDF takes {milliseconds:.0f} ms")
        ours, theirs, count = _scans(3 if quick else 10)
        ratio = ours / theirs
        table.add_row(f"scanned page, {count} pages, one thread", f"{ours:.2f} s", "")
        table.add_row("  the same by detection and recognition", f"{theirs:.2f} s", "")
        table.add_row("  ratio", f"{ratio:.2f}", f"≤ {_MAX_RATIO}")
        report.require(ratio <= _MAX_RATIO, f"a scanned page takes {ratio:.2f} times detection and recognition")
        peak = _peak(Path(folder), 2 if quick else 5)
        table.add_row("most memory of a worker", f"{peak / 1024**2:.0f} MB", f"≤ {_MAX_RSS // 1024**2}")
        report.require(peak <= _MAX_RSS, f"a worker holds {peak / 1024**2:.0f} MB")
    start = _start()
    table.add_row("formtally --help", f"{start:.2f} s", f"< {_MAX_START}")
    report.require(start < _MAX_START, f"formtally --help takes {start:.2f} s")
    report.console.print(table)


def _worker(files: Sequence[Path]) -> dict[str, Any]:
    """Digitise files in a process of its own, which holds nothing else."""
    command = [sys.executable, "-c", _WORKER, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | _ONE_THREAD)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _write(folder: Path, kind: str, seeds: range) -> list[tuple[Path, int]]:
    """Documents of one file with their numbers of pages."""
    out = []
    for seed in seeds:
        made = make_file(seed, kind)
        if len(made.files) == 1:
            path = folder / made.files[0][0]
            path.write_bytes(made.files[0][1])
            out.append((path, len(made.pages)))
    return out


def _pdf(folder: Path, documents: int) -> tuple[float, int]:
    """Milliseconds a page, bytes to export line, without the first document, which loads the libraries."""
    found = _write(folder, "pdf", range(_SEED, _SEED + documents + 1))
    seconds = _worker([path for path, _ in found])["seconds"]
    pages = sum(count for _, count in found[1:])
    return 1000 * sum(seconds[1:]) / pages, pages


def _peak(folder: Path, documents: int) -> int:
    """The most memory of a process that has read a few scans, in bytes."""
    kinds = ("scan", "bad-scan", "photo")
    files = [path for kind in kinds for path, _ in _write(folder, kind, range(_SEED, _SEED + documents))]
    return int(_worker(files)["peak"])


def _scans(pages: int) -> tuple[float, float, int]:
    """Seconds a page of ours and of plain detection with recognition, on the same pages by turns."""
    import cv2
    import numpy as np
    from rapidocr import RapidOCR

    from pipeline.ingest import recognise
    from pipeline.ingest.limits import Limits

    cv2.setNumThreads(1)
    threads = {"EngineConfig.onnxruntime.intra_op_num_threads": 1, "EngineConfig.onnxruntime.inter_op_num_threads": 1}
    plain = RapidOCR(params={"Global.use_cls": False, "Global.log_level": "error", **threads})
    pictures = [
        data
        for seed in range(_SEED, _SEED + 10 * pages)
        for name, data in make_file(seed, "scan").files
        if name.endswith("png")
    ][: pages + 1]
    ours = theirs = 0.0
    for number, data in enumerate(pictures):
        started = time.perf_counter()
        recognise("page.png", [data], 1, Limits())
        middle = time.perf_counter()
        plain(np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)), use_cls=False)
        ended = time.perf_counter()
        if number:  # the first loads the models
            ours, theirs = ours + middle - started, theirs + ended - middle
    count = len(pictures) - 1
    return ours / count, theirs / count, count


def _start() -> float:
    """Seconds until the command line has shown its help, the median of seven."""
    command = [str(Path(sys.executable).with_name("formtally")), "--help"]
    spent = []
    for _ in range(7):
        started = time.perf_counter()
        subprocess.run(command, capture_output=True, check=True)
        spent.append(time.perf_counter() - started)
    return median(spent)
