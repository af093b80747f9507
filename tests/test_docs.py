"""The documentation names what the program has: commands, options, checks, reasons, files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from pipeline.cli import app
from pipeline.model.options import ModelOptions
from schemas.self_evaluation.checks import CHECKS, DOSSIER_CHECKS

ROOT = Path(__file__).resolve().parent.parent
DOCS = [ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted((ROOT / "docs").glob("*.md"))]


def _commands(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every command by name, those of groups too."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{prefix}{name} ")
        else:
            yield prefix + name, command


COMMANDS = dict(_commands(typer.main.get_command(app)))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_documented(name: str) -> None:
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    found = re.search(rf"^## formtally {name}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"docs/commands.md has no section on {name}"
    for parameter in COMMANDS[name].params:
        for option in parameter.opts:
            if option.startswith("--") and option != "--help":
                assert option in text, f"{name} {option}"


def test_every_check_is_documented() -> None:
    text = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "schemas" / "self_evaluation").glob("*.py"))
    codes = set(re.findall(r'Finding\(\s*"([a-z0-9_.]+)"', sources))
    assert len(codes) > 20 and len(CHECKS) + len(DOSSIER_CHECKS) > 30
    assert not {code for code in codes if f"`{code}`" not in text}


def test_every_doubt_of_the_readers_is_documented() -> None:
    text = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    files = [*(ROOT / "pipeline" / "readers").rglob("*.py"), *(ROOT / "pipeline").glob("*.py")]
    sources = "".join(path.read_text(encoding="utf-8") for path in files)
    codes = set(re.findall(r'(?:doubt|lose|Doubt|Miss)\([^"]*?"([a-z]+[.][a-z_]+|continued)"', sources))
    codes |= set(re.findall(r'"(place[.][a-z]+)"', sources))
    assert len(codes) > 30
    assert not {code for code in codes if f"`{code}`" not in text}


def test_every_reason_why_a_model_gave_no_answer_is_documented() -> None:
    text = (ROOT / "docs" / "model.md").read_text(encoding="utf-8")
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "pipeline").rglob("*.py"))
    codes = set(re.findall(r'"(model[.][a-z_]+)"', sources)) - {"model.none", "model.same", "model.no_prompt"}
    assert len(codes) > 10
    assert not {code for code in codes if f"`{code}`" not in text}
    options = ModelOptions.model_fields
    assert not {name for name in options if f"`{name}`" not in text}


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_relative_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target
