"""Cutting the picture of a leaf or a row out of the page it stands on: `formtally picture`.

Where it stands is in the evidence; the page is in the file, which is opened in a process of its own.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipeline.codec import decode_document
from pipeline.errors import DocumentError, ExitCode, UsageError
from pipeline.executors.local import in_child
from pipeline.ingest.limits import Limits
from pipeline.inputs import find_inputs
from pipeline.messages import say
from pipeline.settings import Settings
from pipeline.source import Box
from pipeline.store.rows import NameRow, People
from pipeline.store.store import Store
from pipeline.summary import console
from pipeline.versions import current_versions
from pipeline.work import Job, Plan, digitise, installed_engine

__all__ = ["Spot", "cut_picture", "files_of", "picture_command", "picture_of"]


@dataclass(frozen=True, slots=True)
class Spot:
    """Where on a page something stands: boxes, and by how much the page has to be turned to be read.

    Around `frame` a line is drawn, so that it is found among what stands beside it.
    """

    page: int
    boxes: tuple[Box, ...]
    turn: int
    frame: Box | None = None


def picture_command(settings: Settings, *, document: str, form: int, path: str, out: Path) -> int:
    """Write the picture of a leaf, a row or a group of a form as PNG."""
    with Store.open(settings.db, create=False) as store:
        named = [row for row in store.names() if row.name == document]
        if not named:
            raise UsageError(say("export.no_document", name=document))
        spot = _spot(store, named[0], form, path)
    out.write_bytes(cut_picture(named[0].location, spot, settings.limits))
    console().print(say("picture.done", path=out, page=spot.page))
    return ExitCode.DONE


def cut_picture(location: str, spot: Spot, limits: Limits) -> bytes:
    """The picture of a spot of a document as PNG, cut in a process of its own, which takes a second or two.

    `location` is the absolute path of the document, which may lead into an archive. Raises `DocumentError` where the
    file is gone or cannot be opened, or has no such page.
    """
    files, member = files_of(location)
    return in_child(picture_of, files, member, spot, limits, limits=limits)


def picture_of(files: Sequence[str], member: str, spot: Spot, limits: Limits) -> bytes:
    """The picture as PNG; `member` is the name inside an archive, else empty. Opens what nobody vouches for.

    Raises `DocumentError` where there is no such page, or the file cannot be opened.
    """
    from pipeline.ingest.archive import members
    from pipeline.ingest.kinds import Kind, kind_of
    from pipeline.ingest.scan import frame_count
    from pipeline.pictures import cut

    try:
        data = [Path(file).read_bytes() for file in files]
    except OSError as error:
        message = f"the file cannot be read ({error.strerror}); put it back where it was"
        raise DocumentError("unreadable", message) from None
    if member:
        data = [found.data for found in members(data[0], limits) if found.name == member and found.data is not None]
    page = spot.page
    for picture in data:
        frames = 1
        if len(data) > 1 and kind_of(picture, "") in (Kind.PICTURE, Kind.TIFF):
            frames = frame_count(picture, limits)
        if page <= frames or picture is data[-1]:
            return cut(picture, page, spot.boxes, turn=spot.turn, frame=spot.frame)
        page -= frames
    raise DocumentError("page.missing", "the document has no such page; run the same command again")


def _spot(store: Store, named: NameRow, form: int, path: str) -> Spot:
    """Where a leaf, or all that stands below a path, is on its page."""
    engine = installed_engine()
    readers = tuple(engine.readers)
    versions = current_versions(engine.form_types, readers)
    held = store.held([named.sha256], versions, readers, any_ingest=True).get(named.sha256)
    if held is None:
        raise UsageError(say("export.no_document", name=named.name))
    people = store.reviews.people([named.sha256]).get(named.sha256, People())
    job = Job(named.name, named.source, named.location, named.sha256, held=held, people=people)
    outcome = digitise(job, engine, Plan(versions, readers, lines=True))
    lines = [json.loads(line) for line in zlib.decompress(outcome.lines).splitlines()] if outcome.lines else []
    evidence = next((line["evidence"] for line in lines if line["ordinal"] == form), None)
    if evidence is None:
        raise UsageError(say("picture.no_form", name=named.name, ordinal=form))
    found = [item for leaf, item in evidence.items() if leaf == path or leaf.startswith((f"{path}.", f"{path}["))]
    placed = [item for item in found if item["box"] is not None]
    if not placed:
        raise UsageError(say("picture.no_place" if found else "picture.no_leaf", path=path))
    # A merged heading is no part of one of the rows that it stands for.
    others = [item["box"] for item in evidence.values() if item not in found]
    own = [item for item in placed if item["box"] not in others] or placed
    page = own[0]["page"]
    here = [item for item in own if item["page"] == page]
    boxes = tuple(Box(x0, y0, x1, y1, item["unit"]) for item in here for x0, y0, x1, y1 in [item["box"]])
    pages = decode_document(held.payload, name=named.name, source=named.source, sha256=named.sha256).pages
    return Spot(page, boxes, next((each.turn for each in pages if each.number == page), 0))


def files_of(location: str) -> tuple[tuple[str, ...], str]:
    """The files of a document, and the name of the member where they are an archive."""
    path = PurePosixPath(location)
    for archive in path.parents:
        if os.path.isfile(archive):
            return (str(archive),), str(path.relative_to(archive))
    for file in find_inputs([str(path.parent)]).files:
        if file.location == location:
            return file.paths, ""
    return (location,), ""
