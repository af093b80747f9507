"""The review queue: how long people wait for it, and that nothing they decide is lost or asked twice.

    make bench WHAT=review                          all parts
    python -m benchmarks.review --only killed --quick

Ends with 1 where a threshold is missed. Four people are set to work on SQLite, and on a PostgreSQL of our own where
that is installed.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from rich.table import Table

from benchmarks.postgresql import missing_postgresql, postgresql
from benchmarks.report import Report
from benchmarks.review_people import at_work
from benchmarks.review_terminal import first_question, keystrokes
from pipeline.cli import main as formtally
from pipeline.store.reviews import Filters
from pipeline.store.store import Store
from samples.generate import make_document

__all__ = ["main", "measure_killed", "measure_queue", "measure_together"]

_SHAPES = ("tsv", "lines", "cells", "word", "flat")
_SEED = 8_000_000
_KNOWN_HEADING, _OTHER_HEADING = "三级指标", "某种要点"
"""A form whose table has a heading that nobody knows is asked about leaf by leaf."""
_MAX_FIRST, _MAX_NEXT, _MAX_PEAK = 1.0, 0.05, 300 * 1024**2
_PEOPLE = ("wang", "li", "zhao", "qian")


def make_store(folder: Path, forms: int, url: str, seed: int = _SEED) -> int:
    """A store with made-up documents of two forms, a quarter of them in much doubt; how many items its queue has."""
    sources = folder / "documents"
    sources.mkdir(parents=True)
    for number in range(forms // 2):
        text = make_document(seed + number, 2, _SHAPES[number % len(_SHAPES)]).text
        if number % 4 == 0:
            text = text.replace(_KNOWN_HEADING, _OTHER_HEADING)
        (sources / f"{number:05}.txt").write_text(text, encoding="utf-8")
    run = [sys.executable, "-m", "pipeline.cli", "run", str(sources), "--db", url]
    subprocess.run(run, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return _open(url)


def _open(url: str) -> int:
    with Store.open(url, create=False) as store:
        return store.reviews.count(Filters())[0]


def measure_queue(report: Report, forms: int, questions: int) -> None:
    """A large queue: the first question on the screen, the next ones, memory."""
    with TemporaryDirectory(prefix="formtally-bench-") as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'queue.db'}"
        items = make_store(folder, forms, url)
        on_screen = [first_question(url) for _ in range(5)]
        seconds = sorted(each.seconds for each in on_screen)
        told = _person(url, "wang", folder / "log", most=questions).communicate()[0]
        times = json.loads(told)
        # What a person waits for is the decision on disk, and then the next question.
        waits = sorted(done + then for done, then in zip(times["decided"], times["served"][1:], strict=False))
        late = waits[int(len(waits) * 0.95)]
        peak = max([times["peak"], *(each.peak for each in on_screen)])
        typed = keystrokes(url)
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "pipeline.cli", "status", "--db", url], check=True, capture_output=True)
        status = time.perf_counter() - began
    table = Table(title=f"a queue of {items:,} items")
    for head in ("", "measured", "wanted"):
        table.add_column(head, justify="right" if head else "left")
    table.add_row("first question on the screen, median of 5", f"{seconds[2]:.2f} s", f"{_MAX_FIRST:.2f} s")
    table.add_row("  slowest of 5", f"{seconds[-1]:.2f} s", "")
    table.add_row(
        f"decided and next question, 95 % of {len(waits)}", f"{late * 1000:.1f} ms", f"{_MAX_NEXT * 1000:.0f} ms"
    )
    table.add_row("  median", f"{waits[len(waits) // 2] * 1000:.1f} ms", "")
    table.add_row("  in the terminal, 95 %", f"{typed.late * 1000:.1f} ms", "")
    table.add_row("formtally status", f"{status:.2f} s", "")
    table.add_row("memory", f"{peak / 1024**2:.0f} MiB", f"{_MAX_PEAK / 1024**2:.0f} MiB")
    table.add_row("keys beyond the digits, a figure read as a reader did", f"{typed.beyond_digits}", "1")
    report.console.print(table)
    report.require(seconds[2] < _MAX_FIRST, f"first question after {seconds[2]:.2f} s, wanted {_MAX_FIRST} s")
    report.require(late < _MAX_NEXT, f"next question after {late * 1000:.1f} ms, wanted {_MAX_NEXT * 1000:.0f}")
    report.require(peak < _MAX_PEAK, f"{peak / 1024**2:.0f} MiB, wanted {_MAX_PEAK / 1024**2:.0f}")
    report.require(typed.beyond_digits == 1, f"{typed.beyond_digits} keys beyond the digits, wanted 1")


def _person(url: str, name: str, log: Path, *, most: int = sys.maxsize) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.review_people", url, name, str(log), "--most", str(most)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def measure_killed(report: Report, kills: int, forms: int) -> None:
    """A scripted reviewer killed at random moments: what was confirmed is there, and nothing is there twice."""
    rng = Random(5)
    with TemporaryDirectory(prefix="formtally-bench-") as name:
        folder = Path(name)
        url, log = f"sqlite:///{folder / 'killed.db'}", folder / "log"
        items = make_store(folder, forms, url, _SEED + 100_000)
        interrupted = 0
        for _ in range(kills):
            person = _person(url, "wang", log)
            known = len(_logged(log))
            while len(_logged(log)) == known and person.poll() is None:
                time.sleep(0.002)
            time.sleep(rng.uniform(0, 0.25))
            if person.poll() is None:
                os.kill(person.pid, signal.SIGKILL)
                interrupted += 1
            person.communicate()
        logged = _logged(log)
        confirmed = Counter(key for _, what, key in logged if what == "confirmed")
        with Store.open(url, create=False) as store:
            made = store.reviews.made_by("wang")
        from pipeline.anchors import anchor_key

        stored = Counter(anchor_key(each.sha256, each.anchor, each.purpose) for each in made)
    lost = [key for key in confirmed if key not in stored]
    twice = [key for key, count in stored.items() if count > 1]
    table = Table(title=f"a reviewer killed {interrupted} times, {items:,} items")
    for head in ("confirmed", "stored", "lost", "applied twice"):
        table.add_column(head, justify="right")
    table.add_row(f"{len(confirmed):,}", f"{len(made):,}", str(len(lost)), str(len(twice)))
    report.console.print(table)
    report.require(not lost, f"{len(lost)} confirmed decisions lost")
    report.require(not twice, f"{len(twice)} decisions applied twice")
    report.require(interrupted == kills, f"only {interrupted} of {kills} kills met somebody at work")


def _logged(log: Path) -> list[Sequence[str]]:
    return [line.split() for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []


def measure_together(report: Report, forms: int) -> None:
    """Four people on one store, on SQLite and on PostgreSQL: nothing is served to two, and both end alike."""
    table = Table(title="four people on one store")
    for head in ("store", "items", "decisions", "served to two at once", "left", "seconds", "accepted or decided"):
        table.add_column(head, justify="left" if head == "store" else "right")
    ends = []
    with TemporaryDirectory(prefix="formtally-bench-") as name:
        folder = Path(name)
        ends.append(_work_off(report, table, folder / "sqlite", f"sqlite:///{folder / 'together.db'}", forms))
        if missing := missing_postgresql():
            report.console.print(f"not measured on PostgreSQL: {missing}")
        else:
            with postgresql(fsync=True) as url:
                ends.append(_work_off(report, table, folder / "postgresql", url, forms))
    report.console.print(table)
    report.require(len(set(ends)) == 1, f"the stores end differently: {ends}")


def _work_off(report: Report, table: Table, folder: Path, url: str, forms: int) -> tuple[int, str]:
    """Have four people work off a queue; how many decisions that took, and what the store says in the end."""
    items = make_store(folder, forms, url, _SEED + 200_000)
    began = time.perf_counter()
    logs = [folder / f"{name}.log" for name in _PEOPLE]
    people = [_person(url, name, log) for name, log in zip(_PEOPLE, logs, strict=True)]
    for person in people:
        person.communicate()
    seconds = time.perf_counter() - began
    spans = _spans([_logged(log) for log in logs])
    overlaps = sum(after[0] < before[1] for held in spans.values() for before, after in pairwise(held))
    out = folder / "end.jsonl"
    formtally(["export", "--db", url, "--out", str(out)])
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    states = Counter(state for line in lines for state in line["states"].values())
    with at_work(url, "sun") as review:
        left = review.counts().open
    decisions = sum(len(held) for held in spans.values())
    held_now = f"{states['accepted']:,} / {states['decided']:,}"
    table.add_row(
        url.partition(":")[0], f"{items:,}", f"{decisions:,}", str(overlaps), str(left), f"{seconds:.1f}", held_now
    )
    report.require(not overlaps, f"{overlaps} items were served to two people at once")
    report.require(not left, f"{left} items left")
    return decisions, json.dumps([sorted(states.items()), _records(lines)])


def _spans(logs: Sequence[Sequence[Sequence[str]]]) -> dict[str, list[tuple[float, float]]]:
    """By item, when it was in somebody's hands: from served to confirmed, in order."""
    spans: dict[str, list[tuple[float, float]]] = {}
    for log in logs:
        since: dict[str, float] = {}
        for moment, what, key in log:
            if what == "served":
                since[key] = float(moment)
            else:
                spans.setdefault(key, []).append((since.pop(key), float(moment)))
    return {key: sorted(held) for key, held in spans.items()}


def _records(lines: Sequence[dict[str, Any]]) -> str:
    """What the forms say, without who decided it when."""
    return json.dumps([[line["document"], line["ordinal"], line["record"], line["review"]] for line in lines])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 where a threshold is missed."""
    parser = argparse.ArgumentParser(description="the review queue")
    parser.add_argument("--only", choices=("queue", "killed", "together"))
    parser.add_argument("--quick", action="store_true", help="small numbers: to see that it works")
    options = parser.parse_args(arguments)
    report = Report()
    quick = options.quick
    parts: dict[str, Callable[[], None]] = {
        "queue": lambda: measure_queue(report, 400 if quick else 8_200, 60 if quick else 1_000),
        "killed": lambda: measure_killed(report, 5 if quick else 100, 80 if quick else 400),
        "together": lambda: measure_together(report, 40 if quick else 170),
    }
    for name, part in parts.items():
        if options.only in (None, name):
            part()
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
