"""Write made-up files in bulk, with their truth.

    python -m samples.files --kind pdf --count 20 --seed 5 --out DIR

makes DIR/documents and DIR/truth; a document of several pictures gets a folder of its own.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from random import Random

from samples.files.make import make_file, planted
from samples.files.story import KINDS
from samples.files.writing import write

__all__ = ["main"]


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(
        prog="python -m samples.files", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kind", choices=("all", *KINDS), default="all")
    parser.add_argument("--count", type=int, default=10, help="documents of each kind")
    parser.add_argument("--forms", type=int, help="forms a document; without it 1 to 3")
    parser.add_argument("--defects", type=float, default=0.15, help="share of forms with a planted defect")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    for kind in KINDS if args.kind == "all" else (args.kind,):
        for number in range(args.count):
            seed = args.seed * 1000 + number
            rng = Random(f"bulk {seed} {kind}")
            forms = args.forms or rng.choice((1, 1, 2, 3))
            made = make_file(seed, kind, forms=forms, defects=planted(rng, kind, forms, args.defects))
            write(made, args.out / "documents", args.out / "truth")
            print(f"{made.name}: {len(made.forms)} forms")


if __name__ == "__main__":
    main()
