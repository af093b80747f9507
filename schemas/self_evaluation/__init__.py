"""The project-expenditure self-evaluation form (项目支出绩效自评表)."""

from __future__ import annotations

from pipeline.forms import FormType
from schemas.self_evaluation.checks import CHECKS, DOSSIER_CHECKS
from schemas.self_evaluation.labels import VOCABULARY
from schemas.self_evaluation.record import LEAVES, record
from schemas.self_evaluation.sentences import WORDING

__all__ = ["FORM_TYPE"]

FORM_TYPE = FormType(
    name="self_evaluation",
    leaves=LEAVES,
    vocabulary=VOCABULARY,
    checks=CHECKS,
    dossier_checks=DOSSIER_CHECKS,
    record=record,
    wording=WORDING,
    bodies=("implementing_unit", "competent_department"),
    titles=("project_name", "title"),
)
