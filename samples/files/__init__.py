"""Made-up documents of every format, with their true records and the true place of every cell."""

from __future__ import annotations

from samples.files.made import MadeFile, TrueCell, TrueLine, TruePage
from samples.files.make import PICTURES, make_file, planted
from samples.files.story import KINDS, MadeForm, defects_of_kind

__all__ = [
    "KINDS",
    "PICTURES",
    "MadeFile",
    "MadeForm",
    "TrueCell",
    "TrueLine",
    "TruePage",
    "defects_of_kind",
    "make_file",
    "planted",
]
