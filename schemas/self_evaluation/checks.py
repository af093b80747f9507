"""Every check of a self-evaluation form: what `record-format` names, and what experience added.

A check is a small function that yields findings under a stable code. It never raises, whatever a form holds, and never
changes a value.
"""

from __future__ import annotations

from pipeline.forms import Check, DossierCheck
from schemas.self_evaluation.checks_dossier import (
    cell_truncated_across,
    convention_alone,
    form_duplicate,
    names_lookalike,
    phone_names,
    unit_truncated,
    year_alone,
)
from schemas.self_evaluation.checks_funding import (
    cost_money,
    funding_columns,
    funding_order,
    funding_parts,
    funding_rate,
    funding_repeat,
    funding_score,
    money_unit,
)
from schemas.self_evaluation.checks_points import (
    deviation_missing,
    grade,
    indicator_duplicate,
    level1_subtotal,
    row_merged,
    score_range,
    score_target,
    scores_total,
    weights_total,
)
from schemas.self_evaluation.checks_text import (
    cell_split,
    date_year,
    field_missing,
    markup,
    number_format,
    phone_format,
    row_headings,
    row_incomplete,
)
from schemas.self_evaluation.truncation import cell_stray, cell_truncated

__all__ = ["CHECKS", "DOSSIER_CHECKS"]

CHECKS: tuple[Check, ...] = (
    funding_rate,
    funding_score,
    funding_repeat,
    funding_parts,
    funding_order,
    funding_columns,
    money_unit,
    cost_money,
    weights_total,
    scores_total,
    score_range,
    level1_subtotal,
    deviation_missing,
    score_target,
    grade,
    row_merged,
    indicator_duplicate,
    row_headings,
    row_incomplete,
    field_missing,
    number_format,
    phone_format,
    date_year,
    cell_truncated,
    cell_split,
    cell_stray,
    markup,
)
"""Checks of one form, in the order in which their findings are told."""

DOSSIER_CHECKS: tuple[DossierCheck, ...] = (
    phone_names,
    names_lookalike,
    cell_truncated_across,
    unit_truncated,
    convention_alone,
    year_alone,
    form_duplicate,
)
"""Checks of the forms of one document against each other."""
