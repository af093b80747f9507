"""What a form type is to the engine: leaves with kinds, a vocabulary, checks, a record.

A form type lives in its folder under `schemas/` and is reached through `form_types()` only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache, lru_cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.reading import RefKind

if TYPE_CHECKING:
    from pipeline.vocabulary import Vocabulary

__all__ = [
    "Check",
    "DossierCheck",
    "Finding",
    "FormType",
    "FormView",
    "Kind",
    "Sentence",
    "Severity",
    "Wording",
    "form_types",
    "pattern",
]


class Kind(StrEnum):
    """What a leaf holds, which says how its characters become a value."""

    TEXT = "text"
    NAME = "name"
    PHONE = "phone"
    NUMBER = "number"
    MONEY = "money"
    PERCENT = "percent"
    YEAR = "year"
    DATE = "date"
    UNIT = "unit"

    @property
    def numeric(self) -> bool:
        """Is the value a decimal string?"""
        return self in _NUMERIC


_NUMERIC = frozenset({Kind.NUMBER, Kind.MONEY, Kind.PERCENT, Kind.YEAR})


class Severity(StrEnum):
    """`error`: an identity fails. `warning`: needs judgement. `note`: worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Sentence(NamedTuple):
    """What is said in English and in Chinese, with the figures it gives.

    Figures are named in braces; they are filled in when somebody reads the sentence, which for most never happens. One
    that is a sentence itself is said in the same language.
    """

    english: str
    chinese: str
    figures: tuple[tuple[str, object], ...] = ()

    def of(self, **figures: object) -> Sentence:
        """The sentence with its figures."""
        return Sentence(self.english, self.chinese, tuple(figures.items()))

    def in_english(self) -> str:
        """What an export says."""
        figures = {name: value.in_english() if isinstance(value, Sentence) else value for name, value in self.figures}
        return self.english.format(**figures)

    def in_chinese(self) -> str:
        """The same, with the same figures."""
        figures = {name: value.in_chinese() if isinstance(value, Sentence) else value for name, value in self.figures}
        return self.chinese.format(**figures)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check says of a form. `paths` is ordered by suspicion, most likely first.

    `review` names those of the paths (leaves or groups) that a person must look at; empty where the finding is only
    told.
    """

    check: str
    severity: Severity
    paths: tuple[str, ...]
    sentence: Sentence
    review: tuple[str, ...] = ()
    about: str = ""
    """Equal in findings that one answer would settle together, in whatever form: a telephone number, a name."""

    @property
    def message(self) -> str:
        """The sentence in English, which is what exports keep."""
        return self.sentence.in_english()


@lru_cache(maxsize=4096)
def pattern(path: str) -> str:
    """`indicators[3].score` → `indicators[].score`."""
    return re.sub(r"\[[0-9]+\]", "[]", path)


@dataclass(frozen=True)
class FormView:
    """A form as the checks see it: values by leaf path, with what was printed.

    `values` holds decimal strings for numeric leaves, text as printed for others, None for blanks; every leaf of the
    record has a key. `kinds` says by what reference each leaf is known; `printed` holds the source text of filled
    leaves with their unit, `units` the unit printed beside a money leaf (万元, 元) where there is one. `merged` lists
    half-open row ranges whose weight and score are printed once, on the first row. `subtotals` maps a level1 heading
    to its printed subtotal; `extra` holds by name what is printed and has no place in the record.
    """

    values: Mapping[str, str | None]
    kinds: Mapping[str, RefKind]
    printed: Mapping[str, str]
    units: Mapping[str, str]
    rows: int
    merged: tuple[tuple[int, int], ...] = ()
    subtotals: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)
    document: str = ""
    ordinal: int = 0

    def text(self, path: str) -> str | None:
        """The value of a leaf, None for a blank."""
        return self.values.get(path)

    def number(self, path: str) -> Decimal | None:
        """The value of a numeric leaf, None for a blank or for what is no number."""
        value = self.values.get(path)
        if value is None:
            return None
        try:
            return Decimal(value)
        except InvalidOperation:
            return None


Check = Callable[[FormView], Iterable[Finding]]
"""One identity of one form."""

DossierCheck = Callable[[Sequence[FormView]], Iterable[tuple[int, Finding]]]
"""What the forms of one document say of each other: (index of the form, finding)."""


@dataclass(frozen=True)
class Wording:
    """How a person is told of a form type, beyond what its vocabulary knows.

    `labels` names leaves by pattern, where the form prints no label for them or the same one for several. `checks` says
    what each check is about, by its code, where no finding gives the figures.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    checks: Mapping[str, Sentence] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class FormType:
    """A form type: what `schemas/NAME/__init__.py` publishes as FORM_TYPE. Equal to itself only.

    `leaves` maps leaf patterns (`indicators[].score`) to kinds. `record` makes the exported record out of a view.
    """

    name: str
    leaves: Mapping[str, Kind]
    vocabulary: Vocabulary
    checks: Sequence[Check]
    dossier_checks: Sequence[DossierCheck]
    record: Callable[[FormView], dict[str, Any]]
    wording: Wording = Wording()
    bodies: Sequence[str] = ()
    """Leaves that name the public body whose form it is, the best first."""
    titles: Sequence[str] = ()
    """Leaves that tell a form from the others of its document, the best first."""

    def paths(self, rows: int) -> list[str]:
        """Every leaf path of a record with that many rows, in record order."""
        out: list[str] = []
        for leaf in self.leaves:
            if "[]" not in leaf:
                out.append(leaf)
        per_row = [leaf for leaf in self.leaves if "[]" in leaf]
        for row in range(rows):
            out.extend(leaf.replace("[]", f"[{row}]") for leaf in per_row)
        return out


@cache
def form_types() -> tuple[FormType, ...]:
    """Every form type under `schemas/`, by name."""
    import schemas

    names = sorted(info.name for info in iter_modules(schemas.__path__) if info.ispkg)
    return tuple(import_module(f"schemas.{name}").FORM_TYPE for name in names)
