"""Archives: several documents in one zip file, with names as Windows writes them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from random import Random

from samples.files.made import MadeFile

__all__ = ["make_archive", "stable_zip", "zip_bytes"]

_DATE = (2023, 2, 15, 9, 0, 0)
_INSIDE = ("pdf", "docx", "xlsx", "html", "pdf", "docx", "scan")
_FOLDERS = ("", "自评表/", "2021年度/绩效自评/", "材料/")


def zip_bytes(members: list[tuple[str, bytes]], *, gbk: bool = False) -> bytes:
    """A zip file. With `gbk` names that are not ASCII are stored in that encoding and not marked as UTF-8."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            info = zipfile.ZipInfo(_placeholder(name) if gbk else name, _DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            if gbk:
                info.create_system = 0
            archive.writestr(info, data)
    found = out.getvalue()
    for name, _ in members if gbk else ():
        found = found.replace(_placeholder(name).encode(), name.encode("gbk"))
    return found


def _placeholder(name: str) -> str:
    """An ASCII name as long as the GBK one, that nothing else in the file spells."""
    length = len(name.encode("gbk"))
    return name if name.isascii() else f"@{sum(map(ord, name)) * 7919 % 10**8:08d}".ljust(length, "@")[:length]


def stable_zip(data: bytes) -> bytes:
    """The same zip file with one fixed date for every member, so that the same content gives the same bytes."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return zip_bytes([(info.filename, archive.read(info)) for info in archive.infolist()])


def make_archive(seed: int, stem: str, *, forms: int, defects: Mapping[int, str]) -> MadeFile:
    """An archive of documents with `forms` forms in all; stems of members are unique within and without it."""
    from samples.files.make import make_file

    rng = Random(f"zip {seed}")
    members: list[tuple[str, MadeFile]] = []
    left, place = forms, 0
    folder = rng.choice(_FOLDERS)
    while left:
        count = min(left, rng.choice((1, 1, 2)))
        kind = rng.choice(_INSIDE)
        planted = {n - place: defect for n, defect in defects.items() if place <= n < place + count}
        number = len(members) + 1
        name = f"{stem}-{number}" if rng.random() < 0.3 else f"{stem}-自评表{number}"
        made = make_file(seed * 50 + number, kind, forms=count, defects=planted, name=name)
        if len(made.files) > 1:
            continue
        members.append((folder + made.files[0][0], made))
        left, place = left - count, place + count
    data = zip_bytes([(name, made.files[0][1]) for name, made in members], gbk=rng.random() < 0.5)
    archive = MadeFile(f"{stem}.zip", "zip", [(f"{stem}.zip", data)], [])
    for name, made in members:
        made.name = f"{stem}.zip/{name}"
        for form in made.forms:
            form.document = made.name
        archive.members.append(made)
        archive.forms += made.forms
    return archive
