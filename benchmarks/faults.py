"""One fault at a time in the source text of a made-up form, and what a perfect reader would make of it.

The faults are those of scans and their recognisers: misread digits, lost points, cells and rows out of place. Whether a
fault shows is decided by the form's own arithmetic (`benchmarks.oracle`) and by what a figure must look like.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import Any

from benchmarks.oracle import broken, number
from samples.generate import Made
from samples.sheet import Placed
from samples.templates import TEMPLATES

__all__ = ["FAULTS", "ROW_MISSING", "Fault", "inject", "leaf_value"]

ROW_MISSING = "indicators[]"
_AMOUNT = re.compile(r"funding\.\w+\.(initial_budget|annual_budget|executed)")
_FIGURE = re.compile(r"funding\.|level1_weights\.|indicators\[\d+\]\.(weight|score)$|total_(weight|score)$")
_GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?|[0-9]+(\.[0-9]+)?")
_TEXTS = ("name", "target", "actual", "deviation")


@dataclass(frozen=True, slots=True)
class Fault:
    """A damaged form. `paths` names what is damaged, by the rows of the damaged form.

    `record` is what a perfect reader would read of `text`. `breaks`: an identity, a format or the coverage is broken,
    so that the fault can be seen without the original. `movable`: the right values are still there, so that a clever
    reader may find them.
    """

    kind: str
    text: str
    record: dict[str, Any]
    paths: tuple[str, ...]
    breaks: bool
    movable: bool = False


def leaf_value(record: dict[str, Any], path: str) -> Any:
    """The value at a leaf path; None where the record has no such place."""
    node: Any = record
    for part in re.findall(r"[^.\[\]]+", path):
        if isinstance(node, list):
            node = node[int(part)] if int(part) < len(node) else None
        elif isinstance(node, dict):
            node = node.get(part)
        else:
            return None
    return node


def _with_value(record: dict[str, Any], path: str, value: str | None) -> dict[str, Any]:
    changed = deepcopy(record)
    *above, last = re.findall(r"[^.\[\]]+", path)
    node: Any = changed
    for part in above:
        node = node[int(part)] if isinstance(node, list) else node[part]
    node[last] = value
    return changed


def inject(rng: Random, form: Made, kind: str) -> Fault | None:
    """Damage the form once; None where this form offers no place for that kind of fault."""
    return FAULTS[kind](rng, form)


def _printed_figures(form: Made, amounts_only: bool = False) -> list[tuple[str, int, int]]:
    """Figures of the form with their ranges, each printed in one piece."""
    wanted = _AMOUNT if amounts_only else _FIGURE
    return [(leaf, *spans[0]) for leaf, spans in form.spans.items() if len(spans) == 1 and wanted.match(leaf)]


def _damaged_figure(kind: str, form: Made, leaf: str, start: int, end: int, printed: str) -> Fault | None:
    """The form with another figure printed there; None if it is no other figure."""
    value = printed.replace(",", "")
    old = number(leaf_value(form.record, leaf))
    if old is None or number(value) in (None, old):
        return None
    record = _with_value(form.record, leaf, value)
    malformed = not _GROUPED.fullmatch(printed) or bool(re.match(r"0[0-9]", value))
    paths = [leaf]
    if leaf.startswith("level1_weights."):
        rows = enumerate(record["indicators"])
        paths += [f"indicators[{n}].level1" for n, row in rows if row["level1"] == leaf.split(".", 1)[1]]
    text = form.text[:start] + printed + form.text[end:]
    return Fault(kind, text, record, tuple(paths), malformed or bool(broken(record) - broken(form.record)))


def _damage_figure(kind: str, change: Callable[[Random, str], str | None]) -> Callable[[Random, Made], Fault | None]:
    """A fault that changes the characters of one figure."""

    def damage(rng: Random, form: Made) -> Fault | None:
        figures = _printed_figures(form)
        for leaf, start, end in rng.sample(figures, len(figures)):
            printed = change(rng, form.text[start:end])
            if printed and (fault := _damaged_figure(kind, form, leaf, start, end, printed)):
                return fault
        return None

    return damage


def _other_digit(rng: Random, printed: str) -> str | None:
    place = rng.choice([n for n, character in enumerate(printed) if character.isdigit()])
    digit = rng.choice([digit for digit in "123456789" if digit != printed[place]])
    return printed[:place] + digit + printed[place + 1 :]


def _without_digit(rng: Random, printed: str) -> str | None:
    places = [n for n, character in enumerate(printed) if character.isdigit()]
    place = rng.choice(places)
    shorter = printed[:place] + printed[place + 1 :]
    return shorter if shorter[:1].isdigit() and shorter[-1:].isdigit() else None


def _without_point(rng: Random, printed: str) -> str | None:
    return printed.replace(".", "") if "." in printed else None


def _in_yuan(rng: Random, form: Made) -> Fault | None:
    """An amount of a form in 万元, printed in 元."""
    if form.record["amount_unit"] != "万元":
        return None
    figures = _printed_figures(form, amounts_only=True)
    for leaf, start, end in rng.sample(figures, len(figures)):
        value = number(leaf_value(form.record, leaf))
        if value:
            printed = f"{value * 10000:.2f}"
            unit = re.match(" ?万元", form.text[end : end + 3])
            text = f"{form.text[:start]}{printed}元{form.text[end + (len(unit[0]) if unit else 0) :]}"
            return Fault("amount_in_yuan", text, _with_value(form.record, leaf, printed), (leaf,), True)
    return None


def _truncate(rng: Random, form: Made) -> Fault | None:
    """The second half of a text is gone."""
    leaves = [f"indicators[{n}].{key}" for n in range(len(form.record["indicators"])) for key in _TEXTS]
    leaves = [leaf for leaf in (*leaves, "expected_goal", "actual_result") if leaf in form.spans]
    rng.shuffle(leaves)
    for leaf in leaves:
        spans = form.spans[leaf]
        kept = sum(end - start for start, end in spans) // 2
        if kept < 4:
            continue
        value, text = "", form.text
        for start, end in spans:
            value += form.text[start : min(end, start + max(kept - len(value), 0))]
        left = kept
        cuts = []
        for start, end in spans:
            cuts.append((start + min(left, end - start), end))
            left -= min(left, end - start)
        for start, end in reversed(cuts):
            text = text[:start] + text[end:]
        return Fault("cell_truncated", text, _with_value(form.record, leaf, value), (leaf,), False)
    return None


def _drop_row(rng: Random, form: Made) -> Fault | None:
    rows = [n for n in form.rows if len(form.rows) > 1]
    n = rng.choice(rows)
    start, end = form.rows[n]
    record = deepcopy(form.record)
    _lose_headings(form, record, n)
    del record["indicators"][n]
    paths = (ROW_MISSING, "total_weight", "total_score")
    breaks = bool(broken(record) - broken(form.record))
    return Fault("row_dropped", form.text[:start] + form.text[end:], record, paths, breaks)


def _lose_headings(form: Made, record: dict[str, Any], n: int) -> None:
    """A merged heading that goes with its row: the rows below fall under the one before, and its subtotal is gone."""
    start, end = form.rows[n]
    rows = record["indicators"]
    level1 = rows[n]["level1"]
    if not start <= form.spans[f"indicators[{n}].level1"][0][0] < end:
        return
    before = rows[n - 1]["level1"] if n else None
    for row in rows[n:]:
        if row["level1"] == level1:
            row["level1"] = before
    record["level1_weights"].pop(level1, None)


def _double_row(rng: Random, form: Made) -> Fault | None:
    n = rng.choice(list(form.rows))
    start, end = form.rows[n]
    record = deepcopy(form.record)
    record["indicators"].insert(n, deepcopy(record["indicators"][n]))
    between = "\n" if form.shape == "lines" else ""
    text = form.text[:end] + between + form.text[start:end] + form.text[end:]
    paths = (ROW_MISSING, f"indicators[{n}]", f"indicators[{n + 1}]", "total_weight", "total_score")
    return Fault("row_doubled", text, record, paths, bool(broken(record) - broken(form.record)))


def _shift_cells(rng: Random, form: Made) -> Fault | None:
    """A blank cell is lost or one is put in: what stands behind it moves by a column."""
    rows: dict[int, list[Placed]] = {}
    for cell in form.cells:
        rows.setdefault(cell.row, []).append(cell)
    for row in rng.sample(list(rows), len(rows)):
        keys = _row_leaves(form, rows[row])
        filled = [n for n, cell in enumerate(rows[row]) if cell.leaves]
        if not keys or not filled:
            continue
        blank = [n for n, cell in enumerate(rows[row][: filled[-1]]) if cell.start == cell.end]
        if blank and rng.random() < 0.5:
            fault = _shifted(form, rows[row], keys, rng.choice(blank), -1)
        else:
            fault = _shifted(form, rows[row], keys, rng.choice(filled), 1)
        if fault:
            return fault
    return None


def _row_leaves(form: Made, cells: list[Placed]) -> dict[int, str]:
    """Which leaf stands in which column of an indicator row or of a used funding line; empty for other rows."""
    template = TEMPLATES[form.template]
    own = [(cell.column, leaf) for cell in cells for leaf in cell.leaves]
    for _, leaf in own:
        if found := re.match(r"indicators\[\d+\]\.(?!level)", leaf):
            return {n: f"{found[0]}{key}" for n, key in enumerate(template.indicators, 1)}
    for column, leaf in own:
        if found := re.match(r"funding\.(total|appropriation)\.", leaf):
            first = column - template.funding.index(leaf.rsplit(".", 1)[1])
            return {first + n: f"{found[0]}{key}" for n, key in enumerate(template.funding)}
    return {}


def _shifted(form: Made, cells: list[Placed], keys: dict[int, str], place: int, by: int) -> Fault | None:
    column, at = cells[place].column, cells[place].start
    text = form.text
    if form.shape == "word":
        text = text[: at - 1] + ("\t\n" if by > 0 else "") + text[at - 1 if by > 0 else at + 1 :]
    else:
        text = text[:at] + ("\t" if by > 0 else "") + text[at if by > 0 else at + 1 :]
    there: dict[int, str] = {}
    for cell in cells:
        if cell.column < column:
            there[cell.column] = form.text[cell.start : cell.end]
        elif by > 0 or cell.column > column:
            there[cell.column + by] = form.text[cell.start : cell.end]
    record, changed = form.record, []
    for n, leaf in keys.items():
        heading = leaf.endswith((".level1", ".level2"))
        if n < min(column, column + by) or heading or leaf.endswith((".nature", ".unit", ".method")):
            continue
        known = leaf_value(form.record, leaf)
        value = there.get(n, "").replace("\n", "").strip() or None
        value = _as_figure(value) if _FIGURE.match(leaf) else value
        if value != known:
            changed.append((leaf, known, value))
            record = _with_value(record, leaf, value)
    malformed = any(
        _FIGURE.match(leaf) and (number(known) is None) != (number(value) is None) for leaf, known, value in changed
    )
    row = next(iter(keys.values())).rpartition(".")[0]
    breaks = malformed or bool(broken(record) - broken(form.record))
    return Fault("cell_shifted", text, record, (row,), breaks, movable=True)


def _as_figure(printed: str | None) -> str | None:
    """What a numeric cell with that text is worth: the bare figure, None for a dash, the text itself for no figure."""
    if printed is None or printed in ("—", "--", "/", "不涉及"):
        return None
    bare = re.sub(r"(万元|元|分|%)$", "", printed.replace(",", "")).strip()
    return printed if number(bare) is None else bare


FAULTS: dict[str, Callable[[Random, Made], Fault | None]] = {
    "digit_exchanged": _damage_figure("digit_exchanged", _other_digit),
    "digit_dropped": _damage_figure("digit_dropped", _without_digit),
    "point_lost": _damage_figure("point_lost", _without_point),
    "cell_shifted": _shift_cells,
    "row_dropped": _drop_row,
    "row_doubled": _double_row,
    "cell_truncated": _truncate,
    "amount_in_yuan": _in_yuan,
}
"""Kinds of faults. Cells shift in grids only."""
