"""A model server as a process of its own, with made-up forms that it knows.

    python -m benchmarks.modelserver --forms 200 --seed 1 --out build/forms --latency 1 --fault too_many=0.1

Writes the documents under OUT/documents and the truth about them under OUT/truth, prints one line of JSON with its URL
when it is ready, and serves until it is told to end (SIGTERM, SIGINT). Then it writes OUT/stats.json, what it sent, and
OUT/errors.jsonl, every error that it made.
"""

from __future__ import annotations

import argparse
import json
import signal
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from benchmarks.modelserver.brain import Brain
from benchmarks.modelserver.errors import Profile
from benchmarks.modelserver.faults import Faults
from benchmarks.modelserver.server import ModelServer
from pipeline.forms import form_types
from samples.generate import SHAPES, bulk, truth

__all__ = ["main"]

_PER_FILE = 20
_ENDS = (signal.SIGTERM, signal.SIGINT)


def _learn(brain: Brain, args: argparse.Namespace) -> tuple[int, list[str]]:
    """Write the documents and learn them; how many forms, and the documents that are not known."""
    texts, golds = args.out / "documents", args.out / "truth"
    texts.mkdir(parents=True, exist_ok=True)
    golds.mkdir(parents=True, exist_ok=True)
    shapes = tuple(SHAPES) if args.shape == "all" else (args.shape,)
    unknown: list[str] = []
    forms = 0
    for name, document in bulk(args.seed, args.forms, shapes, args.per_file):
        (texts / f"{name}.txt").write_text(document.text, encoding="utf-8", newline="")
        for ordinal, form in enumerate(document.forms, 1):
            gold = json.dumps(truth(form, name, ordinal), ensure_ascii=False)
            (golds / f"{name}-{ordinal:02d}.json").write_text(gold + "\n", encoding="utf-8")
        forms += len(document.forms)
        if not brain.learn(name, document):
            unknown.append(name)
    return forms, unknown


def _told(brain: Brain) -> Iterator[str]:
    for error in brain.injected():
        plain = error._asdict() | {"changes": [change._asdict() for change in error.changes]}
        yield json.dumps(plain, ensure_ascii=False)


def main() -> None:
    """Command line of this module."""
    rates = [each.name for each in fields(Faults) if each.type == "float" and not each.name.endswith("_seconds")]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.modelserver",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--forms", type=int, required=True, help="made-up forms to write")
    parser.add_argument("--out", type=Path, required=True, help="folder for documents, truth and what was sent")
    parser.add_argument("--seed", type=int, default=1, help="of the forms, of what is misread, and of the faults")
    parser.add_argument("--per-file", type=int, default=_PER_FILE, help=f"forms a document (default {_PER_FILE})")
    parser.add_argument("--shape", choices=("all", *SHAPES), default="all")
    parser.add_argument("--rate", type=float, default=0.0, help="share of the values that are misread")
    parser.add_argument("--count", type=int, default=0, help="errors a form, instead of a share")
    parser.add_argument("--persist", type=float, default=0.3, help="share of the errors that asking again repeats")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME=RATE", help=f"one of {', '.join(rates)}")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before an answer")
    parser.add_argument("--at-once", type=int, help="requests at a time; 503 above")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", default="", help="the only key that is accepted")
    parser.add_argument("--model", default="", help="the only model that there is")
    args = parser.parse_args()
    wanted = dict(each.split("=", 1) for each in args.fault)
    if unknown := sorted(wanted.keys() - rates):
        parser.error(f"no fault {', '.join(unknown)}: choose among {', '.join(rates)}")
    struck: dict[str, Any] = {name: float(rate) for name, rate in wanted.items()}
    faults = Faults(seed=args.seed, **struck)
    wrong = args.rate > 0 or args.count > 0
    profile = Profile(seed=args.seed, rate=args.rate, count=args.count, persist=args.persist)
    brain = Brain(form_types()[0], profile if wrong else None)
    forms, strange = _learn(brain, args)
    server = ModelServer(
        brain,
        faults=faults,
        latency=args.latency,
        at_once=args.at_once,
        key=args.key,
        model=args.model,
        port=args.port,
    )
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
    with server:
        print(json.dumps({"url": server.url, "forms": forms, "unknown": strange}), flush=True)
        signal.sigwait(_ENDS)
    (args.out / "stats.json").write_text(json.dumps(server.stats.as_json(), indent=1) + "\n", encoding="utf-8")
    with (args.out / "errors.jsonl").open("w", encoding="utf-8") as out:
        out.writelines(f"{line}\n" for line in _told(brain))


if __name__ == "__main__":
    main()
