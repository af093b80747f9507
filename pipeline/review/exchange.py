"""Workbooks out of the queue and back into it: `formtally review export` and `formtally review import`.

A question that is exported is not claimed, since a workbook may stay away for weeks. What comes back is held against
what was decided meanwhile, row by row; a row is taken once, however often its file is imported.
"""

from __future__ import annotations

import errno
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from io import BytesIO
from itertools import groupby
from pathlib import Path

from rich.text import Text

from pipeline.anchors import anchor_key
from pipeline.commands import to_type
from pipeline.cutting import Spot, files_of, picture_of
from pipeline.decisions import Decision, DecisionKind, Purpose, effective
from pipeline.errors import ConfigurationError, ConflictError, DocumentError, ExitCode, UsageError
from pipeline.executors.local import in_child
from pipeline.export import whole_file
from pipeline.forms import Kind
from pipeline.ingest.limits import Limits
from pipeline.interrupt import Interrupted, Interruption
from pipeline.messages import say
from pipeline.overrule import rows_path
from pipeline.review.answers import Choice, choice_of, shown_of
from pipeline.review.commands import Given, filters_of, open_queue, questions, reviewer_of, why_not
from pipeline.review.desk import Desk
from pipeline.review.excerpt import printable
from pipeline.review.plain import decided_sentence
from pipeline.review.question import Item, Place, Question
from pipeline.review.session import Review
from pipeline.review.workbook import (
    Entry,
    Filled,
    Filling,
    decision_of,
    entry_of,
    read_workbook,
    row_uid,
    write_workbook,
)
from pipeline.settings import Settings
from pipeline.store.store import Store
from pipeline.summary import console, show_facts
from pipeline.vocabulary import fold

__all__ = ["Taken", "import_rows", "review_export_command", "review_import_command", "row_pictures"]

_ALL = 2**31 - 1
_FILE_BYTES_MOST = 200 * 2**20
_PICTURES_AT_ONCE = 200
"""Pictures that one process cuts: each may take a second, and a document has minutes."""
_PICTURE_PIXELS = (1280, 400)
"""Twice what a picture takes on the sheet, so that it can be read when it is zoomed."""
_PICTURE_QUALITY = 70
_LEAVING_OPEN = frozenset({DecisionKind.NOTE, DecisionKind.SKIP})
"""Decisions that say nothing of what stands there."""


# Export


def review_export_command(settings: Settings, *, out: Path, filters: Given) -> int:
    """Write the entries of the queue as a workbook."""
    if out.suffix.lower() != ".xlsx":
        raise UsageError(say("workbook.suffix", path=out))
    if not out.absolute().parent.is_dir():
        raise UsageError(say("export.folder", folder=out.absolute().parent))
    if out.exists():  # somebody may have filled it in
        raise UsageError(say("workbook.exists", path=out))
    with open_queue(settings) as store, Interruption() as interruption:
        items = Review(store, settings, reviewer="", filters=filters_of(filters)).items(limit=_ALL)
        asked = [item for item in items if item.rank]
        entries: list[Entry] = []
        for entry in _entries(questions(store, settings, asked), settings):
            interruption.check()
            entries.append(entry)
        if entries:
            with _file_errors(out), whole_file(out) as file:
                write_workbook(file, entries, token=secrets.token_hex(8))
    if entries:
        console().print(Text(say("workbook.exported", count=f"{len(entries):,}", path=out)))
    else:
        console().print(say("queue.empty" if not any(filters.values()) else "queue.empty_filtered"))
    if orphans := len(items) - len(asked):
        console().print(say("workbook.orphans", count=f"{orphans:,}"))
    return ExitCode.DONE


def _entries(asked: Iterable[Question], settings: Settings) -> Iterator[Entry]:
    """Rows of the workbook, with pictures unless they are not wanted."""
    if settings.review.pictures == "off":
        yield from map(entry_of, asked)
        return
    for location, group in groupby(asked, key=lambda question: question.location):
        found = list(group)
        pictures = row_pictures(location, [question.place for question in found], settings.limits)
        yield from map(entry_of, found, pictures)


def row_pictures(location: str, places: Sequence[Place | None], limits: Limits) -> list[bytes | None]:
    """Pictures of rows of a document as JPEG, cut in processes of their own; None where there is none to cut."""
    spots = dict.fromkeys(Spot(each.page, each.boxes, each.turn, each.frame) for each in places if each is not None)
    wanted = list(spots)
    cut: dict[Spot, bytes | None] = {}
    for start in range(0, len(wanted), _PICTURES_AT_ONCE):
        some = wanted[start : start + _PICTURES_AT_ONCE]
        try:
            files, member = files_of(location)
            cut |= zip(some, in_child(_pictures_of, files, member, some, limits, limits=limits), strict=True)
        except DocumentError:
            continue
    return [cut.get(Spot(each.page, each.boxes, each.turn, each.frame)) if each else None for each in places]


def _pictures_of(files: Sequence[str], member: str, spots: Sequence[Spot], limits: Limits) -> list[bytes | None]:
    """Pictures of spots of a document, for a process of its own."""
    out: list[bytes | None] = []
    for spot in spots:
        try:
            out.append(_smaller(picture_of(files, member, spot, limits)))
        except DocumentError:
            out.append(None)
    return out


def _smaller(picture: bytes) -> bytes:
    """A picture as small as it may be on a sheet and still be read."""
    from PIL import Image

    with Image.open(BytesIO(picture)) as image:
        small = image.convert("RGB")
    small.thumbnail(_PICTURE_PIXELS)
    out = BytesIO()
    small.save(out, "JPEG", quality=_PICTURE_QUALITY)
    return out.getvalue()


# Import


@dataclass(slots=True)
class Taken:
    """What became of the rows of a workbook: `spared` say what holds without them, at places that are not asked about
    any more; `refused` come with the reason."""

    applied: int = 0
    known: int = 0
    spared: int = 0
    empty: int = 0
    refused: list[tuple[Filled, str]] = field(default_factory=list)


def review_import_command(settings: Settings, *, file: Path, reviewer: str | None) -> int:
    """Take what colleagues wrote into a workbook, and say row by row what could not be taken.

    Raises `UsageError` for a file that is no such workbook, or one of which nobody says who filled it in.
    """
    filling = _filling(file, settings.limits)
    name = _filled_in_by(settings, filling, reviewer)
    with (
        open_queue(settings) as store,
        Interruption() as interruption,
        Review(store, settings, reviewer=name) as review,
    ):
        taken = import_rows(review, Desk(store, settings), store, filling, stop=interruption.check)
    _show_taken(taken, to_type(settings, "review"))
    if not taken.refused:
        return ExitCode.DONE
    return ExitCode.SOME_FAILED if taken.applied or taken.known or taken.spared else ExitCode.NOTHING_USABLE


def import_rows(
    review: Review, desk: Desk, store: Store, filling: Filling, *, stop: Callable[[], None] = lambda: None
) -> Taken:
    """Decide what the rows of a workbook say, each for itself, in the name of the reviewer of `review`.

    A correction may settle why other places were asked about, so what agrees with what was read is decided first.
    """
    taken = Taken()
    importer = _Importer(review, desk, store, filling)
    agreeing: list[Filled] = []
    others: list[Filled] = []
    done = 0
    try:
        for row in filling.rows:
            stop()
            if row.empty:
                taken.empty += 1
            else:
                (agreeing if importer.agrees(row) else others).append(row)
        done = taken.empty
        for row in (*agreeing, *others):
            stop()
            importer.take(row, taken)
            done += 1
    except KeyboardInterrupt:
        raise Interrupted(say("workbook.interrupted", done=done, total=len(filling.rows))) from None
    taken.refused.sort(key=lambda each: each[0].number)
    return taken


class _Importer:
    """Takes rows of one workbook."""

    def __init__(self, review: Review, desk: Desk, store: Store, filling: Filling) -> None:
        self._review = review
        self._desk = desk
        self._token = filling.token
        hashes = sorted({row.sha256 for row in filling.rows})
        self._documents = {row.sha256 for row in store.reviews.dossiers(hashes)}
        self._decisions = store.reviews.decisions(hashes)
        self._uids = {each.uid for made in self._decisions.values() for each in made}
        answers: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for row in filling.rows:
            if row.decision or row.value:
                answers[row.key].add((row.decision, row.value))
        self._contradicted = {key for key, said in answers.items() if len(said) > 1}
        self._standing: dict[str, dict[str, str | None]] = {}

    def agrees(self, row: Filled) -> bool:
        """Does the row say what was read?"""
        item = None if self._knows(row) else self._item(row)
        question = self._desk.question(self._desk.open(item.sha256), item) if item is not None else None
        if question is None:
            return False
        try:
            choice = _choice(question, row)
        except UsageError:
            return False
        return choice is not None and choice.kind is DecisionKind.ACCEPT

    def take(self, row: Filled, taken: Taken) -> None:
        """Decide what a row says, and note what became of it."""
        if self._knows(row):
            taken.known += 1
            return
        if row.key in self._contradicted:
            taken.refused.append((row, say("workbook.twice")))
            return
        question = self._review.go(row.key)
        reason = self._gone(row) if question is None else self._decided(question, row)
        if reason:
            taken.refused.append((row, reason))
        elif question is None:
            taken.spared += 1
        else:
            taken.applied += 1

    def _decided(self, question: Question, row: Filled) -> str:
        """Decide what a row says; the reason where that cannot be."""
        shown = shown_of(question, candidates=not question.blind, workbook=True)
        try:
            choice = _choice(question, row)
            for what, uid in self._named(row).items():
                said = choice if what == "answer" else Choice(DecisionKind.NOTE, row.note)
                if said is not None and uid not in self._uids:
                    self._review.decide(question, said.kind, said.value, shown=shown, uid=uid)
                    self._uids.add(uid)
        except (UsageError, ConflictError) as error:
            return str(error)
        return ""

    def _gone(self, row: Filled) -> str:
        """Why a question cannot be answered; empty where the row says what holds without it."""
        item = self._item(row)
        if item is not None:
            return why_not(self._review, item)
        if row.sha256 not in self._documents:
            return say("workbook.unknown")
        latest = self._latest(row)
        if latest is not None:
            same = _says(row, latest.kind, latest.value)
            said = decided_sentence(latest.kind, latest.value)
            return say("workbook.decided_same" if same else "workbook.decided_other", name=latest.reviewer, said=said)
        standing = self._values(row.sha256)
        if row.key not in standing:
            return say("workbook.gone")
        return "" if _says(row, DecisionKind.ACCEPT, standing[row.key]) else say("workbook.holds_otherwise")

    def _values(self, sha256: str) -> Mapping[str, str | None]:
        """What holds at every place of a document, by the key of a question about it."""
        if sha256 not in self._standing:
            opened = self._desk.open(sha256)
            found: dict[str, str | None] = {}
            for form in opened.settled:
                anchors = opened.anchors(form)
                values = {path: value.value for path, value in form.values.items()}
                values[rows_path(form.form_type)] = str(form.reading.rows)
                for path, value in values.items():
                    anchor = anchors.of(path)
                    found |= {anchor_key(sha256, anchor, purpose): value for purpose in Purpose}
            self._standing[sha256] = found
        return self._standing[sha256]

    def _item(self, row: Filled) -> Item | None:
        return next((item for item in self._review.found(row.key) if item.key == row.key), None)

    def _knows(self, row: Filled) -> bool:
        """Was all that the row says taken before?"""
        return all(uid in self._uids for uid in self._named(row).values())

    def _named(self, row: Filled) -> Mapping[str, str]:
        """What a row says, `note` before `answer`, with the uid of each decision."""
        said = [*(["note"] if row.note else []), *(["answer"] if row.decision or row.value else [])]
        return {what: row_uid(self._token, row, self._review.reviewer, what) for what in said}

    def _latest(self, row: Filled) -> Decision | None:
        """The decision that holds at the place of a row."""
        holding = effective(self._decisions.get(row.sha256, ()))
        here = [
            each
            for each in holding
            if each.kind not in _LEAVING_OPEN and anchor_key(each.sha256, each.anchor, each.purpose) == row.key
        ]
        return here[-1] if here else None


def _choice(question: Question, row: Filled) -> Choice | None:
    """The decision that a row stands for; None where it holds only a note. Raises `UsageError` where it is none."""
    kind = decision_of(row.decision) if row.decision else None
    if row.decision and kind is None:
        raise UsageError(say("workbook.bad_decision", words=printable(row.decision)))
    if row.typed == "formula":
        raise UsageError(say("workbook.formula"))
    if row.typed != "text" and not _may_be(question, row):
        # A spreadsheet drops the zeros in front of a telephone number, and takes 1-2 for a day.
        raise UsageError(say("workbook.turned", value=printable(row.value)))
    if kind is None and not row.value:
        return None
    return choice_of(question, kind, row.value)


def _may_be(question: Question, row: Filled) -> bool:
    """Can a value that the spreadsheet holds as a number, or a date, be what was keyed?"""
    if row.typed == "date":
        return question.kind is Kind.DATE
    if row.typed in ("number", "percent"):
        return question.numeric or any(fold(each.value or "") == fold(row.value) for each in question.candidates)
    return False


def _says(row: Filled, kind: DecisionKind, value: str | None) -> bool:
    """Does a row say the same as a decision, or as what holds?"""
    if row.value:
        return value is not None and kind is not DecisionKind.LOST and _equal(row.value, value)
    said = decision_of(row.decision)
    if said is DecisionKind.BLANK:
        return value is None and kind.settles and kind is not DecisionKind.LOST
    return said in (None, kind) or (said is DecisionKind.SKIP and kind is DecisionKind.ACCEPT)


def _equal(one: str, other: str) -> bool:
    try:
        return Decimal(one.replace(",", "").rstrip("%")) == Decimal(other.replace(",", "").rstrip("%"))
    except InvalidOperation:
        return fold(one) == fold(other)


def _filling(file: Path, limits: Limits) -> Filling:
    try:
        if file.stat().st_size > _FILE_BYTES_MOST:
            raise UsageError(say("workbook.not_ours", path=file))
        data = file.read_bytes()
    except OSError as error:
        cause = error.strerror or type(error).__name__
        raise UsageError(say("workbook.unreadable", path=file, cause=cause)) from None
    try:
        filling = in_child(read_workbook, data, limits=limits)
    except DocumentError:
        filling = None
    if filling is None:
        raise UsageError(say("workbook.not_ours", path=file))
    return filling


def _filled_in_by(settings: Settings, filling: Filling, given: str | None) -> str:
    """Who filled the workbook in: as it says itself, else as the command says. It is nobody's by default."""
    if not (filling.reviewer or given):
        raise UsageError(say("workbook.no_reviewer"))
    if filling.reviewer and given and filling.reviewer != given.strip():
        raise UsageError(say("workbook.other_reviewer", name=printable(filling.reviewer)))
    return reviewer_of(settings, filling.reviewer or given)


def _show_taken(taken: Taken, next_command: str) -> None:
    out = console()
    for row, reason in taken.refused:
        where = say("workbook.refused_line", number=row.number, place=printable(row.place))
        out.print(Text.assemble((where, "bold"), ": ", reason))
    if not (taken.refused or taken.applied or taken.spared):
        out.print(say("workbook.nothing_new" if taken.known else "workbook.nothing_filled"))
    counts = {name: getattr(taken, name) for name in ("applied", "known", "spared", "empty")}
    counts["refused"] = len(taken.refused)
    show_facts([(f"workbook.{name}", f"{count:,}") for name, count in counts.items() if count], next_command)


@contextmanager
def _file_errors(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
            raise ConfigurationError(say("batch.full", path=target)) from error
        cause = error.strerror or type(error).__name__
        raise ConfigurationError(say("batch.not_written", path=target, cause=cause)) from error
