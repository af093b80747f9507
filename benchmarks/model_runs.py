"""`formtally run` against the misbehaving server: how fast it is, and what becomes of failing calls and killed runs."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from rich.table import Table

from benchmarks.model_served import Run, begin, finish, plain_script, served
from benchmarks.report import Report

__all__ = ["measure_faults", "measure_killed", "measure_throughput"]

_LATENCY, _AT_ONCE = 1.0, 64
_MAX_OVER_IDEAL = 1.15
_MAX_CPU = 0.012
"""Seconds of the client's processor a form."""
_FAULTS = {
    "too_many": 0.04, "too_many_date": 0.03, "too_many_bare": 0.04, "server_error": 0.06, "empty_choices": 0.05,
    "broken": 0.04, "late": 0.02, "refusal": 0.04, "cut": 0.04,
}  # fmt: skip
"""Together three calls in ten fail."""
_ODD = {"slow_body": 0.05, "fence": 0.1, "prose": 0.1, "think": 0.1}
"""Answers that can be read, though they dribble in or are not bare JSON."""
_KILLS = 30
_SECONDS_LATE = 5.0
"""As long as the server makes a late answer wait; the client gives it up sooner."""


def measure_throughput(report: Report, forms: int, *, timed: bool) -> None:
    """Wall time against the ideal, and what the client's processor does meanwhile.

    Without `timed` there are too few forms to say more than that it works.
    """
    arguments = ("--latency", str(_LATENCY), "--at-once", str(_AT_ONCE), "--seed", "21")
    table = Table(title=f"{forms} forms, answered after {_LATENCY:g} s, {_AT_ONCE} at once")
    for head in ("client", "seconds", "over ideal", "client's CPU, ms a form", "server's CPU, ms a form", "answers"):
        table.add_column(head, justify="left" if head == "client" else "right")
    ideal = forms / _AT_ONCE * _LATENCY
    with (
        TemporaryDirectory(prefix="formtally-bench-") as name,
        served(Path(name, "server"), forms, *arguments) as server,
    ):
        spent = 0.0
        for reader in ("both", "table"):
            started = time.perf_counter()
            folder = Path(name, reader)
            run = finish(begin(server, folder, reader=reader, concurrency=_AT_ONCE), folder, since=started)
            stats = server.stats()
            spent, own = stats["cpu_seconds"], stats["cpu_seconds"] - spent
            asked = reader == "both"
            table.add_row(
                f"formtally run --reader {reader}",
                f"{run.seconds:.1f}",
                f"{run.seconds / ideal:.2f}" if asked else "-",
                f"{run.cpu / forms * 1000:.1f}",
                f"{own / forms * 1000:.1f}" if asked else "-",
                str(sum(stats["paid"].values())) if asked else "-",
            )
            report.require(run.returncode == 0, f"--reader {reader} ended with {run.returncode}: {run.message}")
            report.require(len(run.lines) == forms, f"{len(run.lines)} of {forms} forms in the export")
            if asked and timed:
                over, cpu = run.seconds / ideal, run.cpu / forms
                report.require(over <= _MAX_OVER_IDEAL, f"{over:.2f} times the ideal, wanted {_MAX_OVER_IDEAL}")
                report.require(cpu <= _MAX_CPU, f"{cpu * 1000:.1f} ms of CPU a form, wanted {_MAX_CPU * 1000:.0f}")
            report.require(not stats["duplicates"], f"{stats['duplicates']} answers paid twice")
        said = plain_script(server, _AT_ONCE, forms)
        own = server.stats()["cpu_seconds"] - spent
        table.add_row(
            "instructor, asyncio, a semaphore",
            f"{said['seconds']:.1f}",
            f"{said['seconds'] / ideal:.2f}",
            f"{said['cpu'] / forms * 1000:.1f}",
            f"{own / forms * 1000:.1f}",
            f"{said['answers']:.0f}",
        )
    report.console.print(table)
    report.console.print(f"ideal: {ideal:.1f} s; the plain script reads no document, checks nothing and stores nothing")


def measure_faults(report: Report, forms: int) -> None:
    """Three calls in ten fail: what becomes of every form, and how many answers were paid for more than once."""
    rates = [f"--fault={fault}={rate}" for fault, rate in (_FAULTS | _ODD).items()]
    with (
        TemporaryDirectory(prefix="formtally-bench-") as name,
        served(Path(name, "server"), forms, "--latency", "0.2", "--seed", "22", "--rate", "0.027", *rates) as server,
    ):
        folder = Path(name, "run")
        started = time.perf_counter()
        process = begin(server, folder, concurrency=16, timeout_seconds=_SECONDS_LATE / 2)
        run = finish(process, folder, since=started)
        stats = server.stats()
    reasons, silent = _unread(run)
    table = Table(title=f"{forms} forms, failing calls; {run.seconds:.0f} s, {stats['requests']} calls")
    for head in ("fault", "struck"):
        table.add_column(head, justify="left" if head == "fault" else "right")
    for fault in (*_FAULTS, *_ODD):
        table.add_row(fault, str(stats["faults"].get(fault, 0)))
    report.console.print(table)
    failed = sum(stats["faults"].get(fault, 0) for fault in _FAULTS)
    told = ", ".join(f"{code} {count}" for code, count in sorted(reasons.items())) or "none"
    report.console.print(
        f"calls that failed: {failed / max(stats['requests'], 1):.0%}; forms not read by the model: {told}"
    )
    report.console.print(f"paid twice: {stats['duplicates']}; lost on the way: {sum(stats['broken'].values())}")
    report.require(len(run.lines) == forms, f"{len(run.lines)} of {forms} forms in the export: {run.message}")
    report.require(run.returncode in (0, 3), f"the run ended with {run.returncode}: {run.message}")
    report.require(not silent, f"{silent} forms that the model did not read are not in review with a reason")
    report.require(not stats["duplicates"], f"{stats['duplicates']} answers paid twice")


def _unread(run: Run) -> tuple[Counter[str], int]:
    """Why the model did not read forms; and how many of these have leaves that are accepted all the same."""
    reasons: Counter[str] = Counter()
    silent = 0
    for line in run.lines:
        codes = {code for entry in line["review"] for code in entry["reasons"] if code.startswith("model.")}
        reasons.update(codes)
        silent += bool(codes) and "accepted" in line["states"].values()
    return reasons, silent


def measure_killed(report: Report, forms: int, kills: int = _KILLS) -> None:
    """Runs that are killed at random moments, and then begun again: their exports against that of a run left alone."""
    different: list[str] = []
    paid: list[int] = []
    with TemporaryDirectory(prefix="formtally-bench-") as name:
        arguments = ("--latency", "0.15", "--seed", "23", "--per-file", "5", "--rate", "0.027", "--persist", "1")
        with served(Path(name, "server"), forms, *arguments) as server:
            started = time.perf_counter()
            alone = finish(begin(server, Path(name, "alone"), concurrency=8), Path(name, "alone"), since=started)
            report.require(alone.returncode == 0, f"the run left alone ended with {alone.returncode}: {alone.message}")
            before = sum(server.stats()["paid"].values())
            for number in range(kills):
                folder = Path(name, f"killed-{number}")
                moment = Random(f"kill {number}").uniform(0.1, 0.95) * alone.seconds
                process = begin(server, folder, concurrency=8)
                time.sleep(moment)
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                started = time.perf_counter()
                run = finish(begin(server, folder, concurrency=8), folder, since=started)
                now = sum(server.stats()["paid"].values())
                paid.append(now - before - forms)
                before = now
                if run.export != alone.export or run.returncode != alone.returncode:
                    different.append(f"killed after {moment:.2f} s: exit {run.returncode}, {len(run.lines)} forms")
    report.console.print(
        f"killed {kills} times at random moments: {kills - len(different)} exports are the same, byte for byte; "
        f"answers paid again that had not been kept: {sum(paid)} of {kills * forms}, most in one run {max(paid)}"
    )
    report.show(different, 10)
    report.require(not different, f"{len(different)} of {kills} exports differ after a kill")
