"""A PostgreSQL server of our own, made and thrown away: the real thing, for tests and benchmarks."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

__all__ = ["missing_postgresql", "postgresql"]


def missing_postgresql() -> str:
    """Why no server can be made here, in a sentence; empty if one can."""
    if shutil.which("initdb") is None or shutil.which("pg_ctl") is None:
        return "PostgreSQL is not installed"
    if os.geteuid() == 0 and "postgres" not in {entry.pw_name for entry in pwd.getpwall()}:
        return "PostgreSQL does not run as root and there is no user postgres"
    return ""


@contextmanager
def postgresql(*, fsync: bool = False) -> Iterator[str]:
    """The URL of a server that exists for this block; `fsync` has it wait for the disk, as one in use does."""
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="formtally-pg-") as folder:
        if user is not None:
            shutil.chown(folder, user)
        data = str(Path(folder, "data"))
        port = Random(folder).randrange(20000, 60000)
        options = f"-k {folder} -p {port} -c listen_addresses='' -c fsync={'on' if fsync else 'off'}"
        subprocess.run(["initdb", "-D", data, "-A", "trust", "-U", "tally"], user=user, check=True, capture_output=True)
        start = ["pg_ctl", "-D", data, "-w", "-l", f"{folder}/log", "-o", options, "start"]
        subprocess.run(start, user=user, check=True, stdout=subprocess.DEVNULL)
        try:
            yield f"postgresql+psycopg://tally@/postgres?host={folder}&port={port}"
        finally:
            stop = ["pg_ctl", "-D", data, "-m", "immediate", "stop"]
            subprocess.run(stop, user=user, check=False, capture_output=True)
