"""What there is to do: files, the members of archives, the pages of documents, until each document is whole.

The executor takes jobs from here and gives outcomes back; an outcome that is only a step (pages wanted, a page, the
members of an archive) turns into further jobs, which come before those of further files, so that few documents are
under way at any time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from pipeline.inputs import Input, load_input
from pipeline.series import collect
from pipeline.store.rows import FailureRow, PageRow, People
from pipeline.store.store import Store
from pipeline.work import Job, Outcome, Plan, Unpacked

__all__ = ["Agenda"]

_LOOK_UP = 32
_LOOK_UP_BYTES = 4 * 1024 * 1024
"""Documents, and bytes of them, that are looked up in the store at once, and are in memory until they are sent on."""


@dataclass(slots=True)
class _Pages:
    """A document under way: the job it began as, its pages so far, and how many are missing."""

    job: Job
    found: dict[int, bytes | FailureRow] = field(default_factory=dict)
    missing: int = 0


class Agenda(Iterator[Job]):
    """Jobs for files, as they are needed. After `StopIteration` there may be further ones when outcomes have come.

    The same bytes under several names are read once: the other names wait in `twins`. `failed` collects the outcomes of
    what could not even be opened.
    """

    def __init__(
        self, files: Iterable[Input], store: Store, plan: Plan, *, pages_as_documents: bool = False, once: bool = True
    ) -> None:
        self.twins: list[Input] = []
        self.failed: list[Outcome] = []
        self.documents = 0
        """Documents that archives have brought so far, beyond the files given."""
        self.pages = self.pages_done = 0
        """Pages that are to be recognised or have been, and those that have been."""
        self._store = store
        self._plan = plan
        self._pages_as_documents = pages_as_documents
        self._seen: set[str] | None = set() if once else None
        self._next: deque[Job] = deque()
        self._files: deque[Input] = deque(files)
        self._given: dict[str, Job] = {}
        """Jobs that are out, by location, without what they carried."""
        self._under_way: dict[str, _Pages] = {}
        self._spooled: dict[str, tuple[str, ...]] = {}

    def __next__(self) -> Job:
        """The next job."""
        while not self._next:
            if not self._files:
                raise StopIteration
            self._look_up()
        return self._next.popleft()

    def take(self, outcome: Outcome) -> Outcome | None:
        """Take an outcome in and put what it leads to on the agenda; gives it back where its document is done."""
        job = outcome.job
        if job.page:
            self._take_page(outcome)
            return None
        if outcome.wanted:
            self._want(outcome)
            return None
        self._given.pop(job.location, None)
        if outcome.members:
            self._take_members(outcome)
            return None
        self._under_way.pop(job.location, None)
        for path in self._spooled.pop(job.location, ()):
            with suppress(OSError):
                Path(path).unlink()
        return outcome

    def _look_up(self) -> None:
        """Read the next few files and see what the store holds of them."""
        loaded: list[tuple[Input, str, bytes | None]] = []
        size = 0
        while self._files and len(loaded) < _LOOK_UP and size < _LOOK_UP_BYTES:
            file = self._files.popleft()
            found = load_input(file, self._plan.limits.file_bytes)
            if isinstance(found, FailureRow):
                self.failed.append(Outcome(Job(file.name, file.source, file.location, ""), failures=(found,)))
                continue
            if self._seen is not None:
                if found.sha256 in self._seen:
                    self.twins.append(file)
                    continue
                self._seen.add(found.sha256)
            loaded.append((file, found.sha256, found.data))
            size += len(found.data or b"")
        hashes = [sha256 for _, sha256, _ in loaded]
        held = self._store.held(hashes, self._plan.versions, self._plan.readers)
        people = self._store.reviews.people(hashes)
        for file, sha256, data in loaded:
            known = held.get(sha256)
            said = people.get(sha256, People())
            job = Job(file.name, file.source, file.location, sha256, paths=file.paths, people=said)
            self._given[file.location] = job
            self._next.append(replace(job, held=known) if known else replace(job, data=data))

    def _want(self, outcome: Outcome) -> None:
        """Put the pages that a document wants on the agenda; those that an earlier run recognised are there already."""
        job = self._given[outcome.job.location]
        ingest = self._plan.versions.ingest
        kept = self._store.pages(job.sha256, ingest)
        known: dict[int, bytes | FailureRow] = {page: kept[page] for page in outcome.wanted if page in kept}
        missing = [page for page in outcome.wanted if page not in kept]
        self.pages += len(missing)
        pages = _Pages(job, known, len(missing))
        self._under_way[job.location] = pages
        if not missing:
            self._finish(pages)
        self._next.extendleft(replace(job, page=page) for page in reversed(missing))

    def _take_page(self, outcome: Outcome) -> None:
        job = outcome.job
        pages = self._under_way[job.location]
        if outcome.page:
            pages.found[job.page] = outcome.page
            self._store.write_page(PageRow(job.sha256, self._plan.versions.ingest, job.page, outcome.page))
        else:
            [failure] = outcome.failures
            pages.found[job.page] = failure._replace(page=job.page)
        pages.missing -= 1
        self.pages_done += 1
        if not pages.missing:
            self._finish(pages)

    def _finish(self, pages: _Pages) -> None:
        self._next.appendleft(replace(pages.job, pages=pages.found))

    def _take_members(self, outcome: Outcome) -> None:
        """Put the members of an archive on the agenda."""
        job = outcome.job
        files: list[Input] = []
        for name, members in self._collected(job.name, outcome.members):
            source, location = f"{job.source}/{name}", f"{job.location}/{name}"
            failure = next((member.failure for member in members if member.failure is not None), None)
            if failure is not None:
                bare = Job(f"{job.name}/{name}", source, location, "")
                self.failed.append(Outcome(bare, failures=(failure,)))
                continue
            paths = tuple(member.path for member in members)
            self._spooled[location] = paths
            files.append(Input(f"{job.name}/{name}", source, location, paths, sum(member.size for member in members)))
        self.documents += len(files)
        self._files.extendleft(reversed(files))

    def _collected(self, archive: str, members: Sequence[Unpacked]) -> Iterable[tuple[str, Sequence[Unpacked]]]:
        if self._pages_as_documents:
            return [(member.name, [member]) for member in members]
        return collect((member.name, PurePosixPath(archive).stem, member) for member in members)
