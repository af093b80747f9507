"""`formtally doctor`: what is installed and configured, and the next command to mend each."""

from __future__ import annotations

import locale
import os
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from re import match
from typing import NamedTuple

from pipeline.errors import ConfigurationError, ExitCode
from pipeline.executors.local import available_processors
from pipeline.forms import form_types
from pipeline.ingest.legacy import program
from pipeline.messages import say
from pipeline.settings import TOML, Settings, load_settings
from pipeline.store.connect import sqlite_file
from pipeline.store.store import Store
from pipeline.summary import console, show_checks

__all__ = ["Checked", "doctor_command"]

_LEAST_FREE = 1 << 30
_LEAST_WIDTH = 80


class Checked(NamedTuple):
    """One thing looked at. `mend` says what to do where it is not well."""

    subject: str
    well: bool
    detail: str
    mend: str = ""


def doctor_command(db: str | None, *, model: bool = False) -> int:
    """Check everything that a run needs, with `model` also by a call; the exit code says whether all is well."""
    checks = [*_checks(db), *([_call(db)] if model else [])]
    show_checks(checks)
    if all(check.well for check in checks):
        console().print(say("doctor.well"))
        return ExitCode.DONE
    return ExitCode.CONFIGURATION


def _checks(db: str | None) -> Iterator[Checked]:
    running = ".".join(str(part) for part in sys.version_info[:3])
    yield Checked(say("doctor.python"), sys.version_info >= (3, 11), running, say("doctor.mend_python"))
    yield _packages()
    names = ", ".join(form_type.name for form_type in form_types())
    yield Checked(say("doctor.forms"), bool(names), names or "-", _install("formtally"))
    try:
        settings = load_settings(db=db)
    except ConfigurationError as error:
        yield Checked(say("doctor.settings"), False, str(TOML), str(error))
        return
    yield Checked(say("doctor.settings"), True, say("doctor.toml" if TOML.exists() else "doctor.no_toml"))
    yield _model(settings)
    yield _store(settings)
    yield Checked(say("doctor.office"), True, program() or say("doctor.no_office"))
    yield Checked(say("doctor.processors"), True, str(available_processors()))
    yield _disk(settings)
    yield from _terminal()


def _model(settings: Settings) -> Checked:
    """What is configured of a model; that is no call."""
    options = settings.model
    if options.url is None and options.name is None:
        return Checked(say("doctor.model"), True, say("doctor.no_model"))
    if options.url is None or options.name is None:
        return Checked(say("doctor.model"), False, options.name or options.url or "-", say("doctor.mend_model"))
    return Checked(say("doctor.model"), True, f"{options.name} · {options.url}")


def _call(db: str | None) -> Checked:
    """Does the endpoint answer a tiny question?"""
    from pipeline.choice import api_key
    from pipeline.model.probe import probe

    try:
        options = load_settings(db=db).model
    except ConfigurationError as error:
        return Checked(say("doctor.call"), False, str(TOML), str(error))
    if options.url is None or options.name is None:
        return Checked(say("doctor.call"), False, "-", say("model.none"))
    found = probe(options, api_key())
    if found.well:
        return Checked(say("doctor.call"), True, say("probe.well", model=options.name))
    return Checked(
        say("doctor.call"), False, found.detail or found.code, say(f"probe.{found.code}", detail=found.detail)
    )


def _packages() -> Checked:
    """Are the packages there that formtally asks for?"""
    try:
        asked = [line for line in requires("formtally") or () if "extra ==" not in line]
    except PackageNotFoundError:
        detail = say("doctor.packages_missing", names="formtally")
        return Checked(say("doctor.packages"), False, detail, _install("-e", "."))
    wanted = [found.group() for line in asked if (found := match(r"[\w.-]+", line))]
    missing = []
    for name in wanted:
        try:
            version(name)
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Checked(
            say("doctor.packages"), False, say("doctor.packages_missing", names=" ".join(missing)), _install(*missing)
        )
    return Checked(say("doctor.packages"), True, say("doctor.packages_ok", count=len(wanted)))


def _install(*what: str) -> str:
    return f"{sys.executable} -m pip install {' '.join(what)}"


def _store(settings: Settings) -> Checked:
    subject = say("doctor.store")
    file = sqlite_file(settings.db)
    if file is not None and not file.exists() and os.access(file.absolute().parent, os.W_OK):
        return Checked(subject, True, say("doctor.store_none", store=file))
    try:
        with Store.open(settings.db, create=False) as store:
            return Checked(subject, True, say("doctor.store_ok", store=store.shown, number=store.schema))
    except ConfigurationError as error:
        return Checked(subject, False, str(file or "-"), str(error))


def _disk(settings: Settings) -> Checked:
    file = sqlite_file(settings.db)
    folder = file.absolute().parent if file is not None else Path.cwd()
    free = shutil.disk_usage(folder if folder.is_dir() else Path.cwd()).free
    said = say("doctor.disk_free", free=f"{free / (1 << 30):,.1f} GB", folder=folder)
    return Checked(say("doctor.disk"), free >= _LEAST_FREE, said, say("doctor.mend_disk"))


def _terminal() -> Iterator[Checked]:
    width = shutil.get_terminal_size().columns
    encoding = sys.stdout.encoding or locale.getpreferredencoding(False)
    said = say("doctor.terminal_is", width=width, encoding=encoding)
    chinese = encoding.lower().replace("-", "").replace("_", "") in ("utf8", "gb18030", "gbk", "cp936")
    mend = say("doctor.mend_width" if chinese else "doctor.mend_encoding")
    yield Checked(say("doctor.terminal"), chinese and width >= _LEAST_WIDTH, said, mend)
