"""Settings of the review: `[review]` in `formtally.toml`, `FORMTALLY_REVIEW__REVIEWER` and the like."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline.forms import Kind

__all__ = ["ReviewOptions"]


class ReviewOptions(BaseModel):
    """How people are asked. Every field has a working default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reviewer: str | None = None
    """Who decides; None for the name of the account."""
    blind: frozenset[Kind] = frozenset({Kind.NUMBER, Kind.MONEY, Kind.PERCENT, Kind.YEAR})
    """Kinds of leaves that are keyed before anything that was read is shown."""
    double: Annotated[float, Field(ge=0, le=1)] = 0.0
    """The share of questions that two people decide independently; where they differ, a third does."""
    lease_seconds: Annotated[float, Field(ge=5)] = 600.0
    """How long a question that was served stays with whom it was served to, unless they go on."""
    pictures: Literal["auto", "blocks", "off"] = "auto"
    """Pictures of rows: as the terminal can, in half-blocks, or not at all."""
    viewer: str | None = None
    """Command that opens a file; None for the desktop's."""
    keys: dict[str, str] = {}
    """Keys of actions, by the names that `?` shows: `{"lost": "f5"}`."""
