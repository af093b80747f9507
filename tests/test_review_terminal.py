"""The app in a real terminal: started as a person does, made smaller, suspended, resumed, left, and cut off."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len

from pipeline.messages import CATALOGUE
from tests.commandline import formtally
from tests.review_forms import copy_of, fill
from tests.terminals import Terminal

CHINESE = {key: chinese for key, (_, chinese) in CATALOGUE.items()}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a queue, made once; tests work on copies of it."""
    folder = tmp_path_factory.mktemp("filled")
    fill(folder)
    return folder


@pytest.fixture
def start(filled: Path, tmp_path: Path) -> Callable[..., Terminal]:
    """Start the review of a copy of the store in a terminal, in Chinese."""
    copy_of(filled, tmp_path)

    def review(*arguments: str, answers: dict[str, str] | None = None, **extra: str) -> Terminal:
        values = {"FORMTALLY_LANG": "zh", "LANG": "C.UTF-8", **extra}
        return Terminal(tmp_path, ["review", *arguments], columns=100, rows=30, answers=answers, **values)

    return review


def wait_for_state(terminal: Terminal, *states: str) -> None:
    """Wait until the process is in one of these states of the kernel."""
    stat = Path(f"/proc/{terminal.process.pid}/stat")
    for _ in range(200):
        if stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0] in states:
            return
        time.sleep(0.05)
    raise AssertionError(f"the process is not in {states}")


def held(folder: Path) -> int:
    """How many questions somebody holds."""
    listed = formtally(folder, "review", "list", "--json")
    assert listed.returncode == 0, listed.stderr
    return int(json.loads(listed.stdout)["held"])


def test_a_reviewer_starts_makes_the_terminal_smaller_suspends_resumes_and_quits(
    start: Callable[..., Terminal], tmp_path: Path
) -> None:
    with start("--document", "sum.txt") as terminal:
        terminal.wait_for("【7.5】")
        screen = terminal.settle()
        assert "年度资金总额 · 得分" in screen and "sum.txt" in screen
        assert all(cell_len(line) <= 100 for line in terminal.lines)
        assert {cell_len(line.partition("│")[0]) for line in terminal.lines[1:-1]} == {26}, "panes stand upright"

        terminal.resize(80, 24)
        terminal.wait_for(lambda text: "─" * 80 in text)
        screen = terminal.settle()
        assert "年度资金总额 · 得分" in screen and "【7.5】" in screen
        assert CHINESE["app.action.help"] in terminal.lines[-1] and cell_len(terminal.lines[-1]) <= 80
        assert CHINESE["app.prompt.figure"] in screen

        terminal.send("7")
        terminal.wait_for("▸ 7")
        terminal.settle()
        terminal.send("\x1a")
        wait_for_state(terminal, "T")
        terminal.settle()
        assert terminal.left()
        terminal.process.send_signal(signal.SIGCONT)
        terminal.wait_for("▸ 7")
        assert "年度资金总额 · 得分" in terminal.settle() and not terminal.left()

        terminal.send(".5\r")
        terminal.wait_for(CHINESE["decision.accept"])
        terminal.send("\x11")
        assert terminal.end() == 0
    decided = formtally(tmp_path, "review", "undo")
    assert decided.returncode == 0 and "7.5" in decided.stdout
    assert held(tmp_path) == 0


def test_a_terminal_that_is_gone_loses_nothing(start: Callable[..., Terminal], tmp_path: Path) -> None:
    with start("--document", "sum.txt") as terminal:
        terminal.wait_for("【7.5】")
        terminal.send("7.5\r")
        terminal.wait_for(CHINESE["decision.accept"])
        assert held(tmp_path) == 1
        terminal.hang_up()
        assert terminal.end() == 128 + signal.SIGHUP
    assert held(tmp_path) == 0, "what it held is free again"
    undone = formtally(tmp_path, "review", "undo")
    assert undone.returncode == 0 and "7.5" in undone.stdout


def test_a_request_to_end_is_followed_in_order(start: Callable[..., Terminal], tmp_path: Path) -> None:
    with start() as terminal:
        terminal.wait_for("【钱多多】")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.end() == 0
        terminal.settle()
        assert terminal.left()
    assert held(tmp_path) == 0


def test_keys_that_cannot_be_end_with_a_sentence(start: Callable[..., Terminal], tmp_path: Path) -> None:
    (tmp_path / "formtally.toml").write_text('[review.keys]\nlost = "enter"\n', encoding="utf-8")
    with start() as terminal:
        terminal.wait_for("review.keys.lost")
        assert terminal.end() == 5


SIZE = {"\x1b[16t": "\x1b[6;20;10t"}
SIXEL = {"\x1b[c": "\x1b[?62;4c", **SIZE}
KITTY = {"\x1b[c": "\x1b[?62c", "a=q": "\x1b_Gi=1;OK\x1b\\", **SIZE}


@pytest.mark.parametrize(("answers", "drawn"), [(SIXEL, b"\x1bP"), (KITTY, b"f=100")], ids=["sixel", "kitty"])
def test_a_terminal_with_graphics_gets_the_picture_of_the_row(
    start: Callable[..., Terminal], answers: dict[str, str], drawn: bytes
) -> None:
    with start("--document", "page.pdf", answers=answers, TERM_PROGRAM="WezTerm") as terminal:
        terminal.wait_for(lambda _: drawn in terminal.written)
        assert "▀" not in terminal.settle()
        terminal.send("7.5\r")
        terminal.wait_for(CHINESE["decision.accept"])


@pytest.mark.parametrize("program", ["", "WezTerm"])
def test_a_terminal_without_graphics_gets_blocks_and_loses_no_key(start: Callable[..., Terminal], program: str) -> None:
    with start("--document", "page.pdf", TERM_PROGRAM=program) as terminal:
        terminal.wait_for(CHINESE["app.picture.page"].format(page=1))
        assert "▀" in terminal.settle()
        assert (b"\x1b[c" in terminal.written) is bool(program), "only terminals known for graphics are asked"
        terminal.send("7.5\r")
        terminal.wait_for(CHINESE["decision.accept"])
