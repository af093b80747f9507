"""The queue brought up to date before anybody looks at it: what was settled by other code, or not at all."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.choice import stored_plan
from pipeline.settings import Settings
from pipeline.store.store import Store

__all__ = ["renew_queue"]


def renew_queue(store: Store, settings: Settings, stop: Callable[[], None] = lambda: None) -> int:
    """Settle anew what the queue is behind with; how many documents that were.

    There is nothing to do after a run of this version, whatever people have decided since. Decisions are not touched.
    """
    plan = stored_plan(settings, store, index=True)
    stale = set(store.reviews.stale(plan.versions.basis))
    if stale:
        from pipeline.settling import LateRun, settle_documents

        names = {row.sha256: row for row in store.names() if row.sha256 in stale}
        settle_documents(list(names.values()), settings, plan, [], stop, run=LateRun(store, "review"))
    return len(stale)
