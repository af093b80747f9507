"""The review in a terminal: the queue, the source and the question beside each other, by keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.review.session import Review
    from pipeline.settings import Settings

__all__ = ["run_app"]


def run_app(review: Review, settings: Settings) -> None:
    """Ask one question after the other until the reviewer leaves. Who calls it enters and leaves the review.

    Raises `ConfigurationError` where `review.keys` cannot be.
    """
    from pipeline.review.app.app import ReviewApp
    from pipeline.review.app.picture import graphics

    app = ReviewApp(review, settings, graphics=graphics(settings.review.pictures))
    app.run(mouse=False)
    if app.failed is not None:
        raise app.failed
