"""The command line: what it answers, with which exit code, in both languages."""

from __future__ import annotations

import ast
import json
import re
import string
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import messages
from pipeline.errors import ConfigurationError
from pipeline.messages import CATALOGUE
from pipeline.settings import load_settings
from pipeline.store.store import Store
from tests.commandline import ROOT, environment, formtally, one_sentence
from tests.engines import form_text, write_documents

COMMANDS = ("run", "status", "doctor", "export", "picture", "eval")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled")
    write_documents(folder / "in", 4, forms=2)
    assert formtally(folder, "run", "in").returncode == 0
    return folder


# Help


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_command_has_help(tmp_path: Path, command: str, language: str) -> None:
    overview = formtally(tmp_path, "--help", FORMTALLY_LANG=language)
    assert overview.returncode == 0
    assert command in overview.stdout
    shown = formtally(tmp_path, command, "--help", FORMTALLY_LANG=language)
    assert shown.returncode == 0
    first = CATALOGUE[f"help.{command}"][language == "zh"][:12]
    assert first in shown.stdout
    assert list(tmp_path.iterdir()) == []


def test_commands_are_these(tmp_path: Path) -> None:
    from pipeline.cli import app

    assert tuple(command.callback.__name__ for command in app.registered_commands if command.callback) == COMMANDS


def test_without_a_command_there_is_help(tmp_path: Path) -> None:
    shown = formtally(tmp_path)
    assert shown.returncode == 2
    assert "digitise" in shown.stdout.lower()


def test_help_imports_nothing_heavy() -> None:
    heavy = ("sqlalchemy", "pydantic", "pydantic_settings", "openpyxl", "pyarrow", "rich.progress", "pipeline.work")
    code = f"import pipeline.cli, sys; print([name for name in {heavy!r} if name in sys.modules])"
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
    )
    assert said.stdout.strip() == "[]", said.stderr


def test_version(tmp_path: Path) -> None:
    assert re.fullmatch(r"formtally [0-9.]+\S*\n", formtally(tmp_path, "--version").stdout)


# Errors of the command line


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["run"], 2, "PATH"),
        (["run", "in", "--jobs", "0"], 2, "--jobs"),
        (["run", "in", "--nonsense"], 2, "--nonsense"),
        (["nonsense"], 2, "nonsense"),
        (["run", "in", "--reader", "llm"], 5, "FORMTALLY_MODEL__URL"),
        (["run", "in", "--reader", "cascade"], 5, "FORMTALLY_MODEL__URL"),
        (["run", "in", "--reader", "nonsense"], 2, "table, llm, both, cascade"),
        (["run", "in", "--executor", "durable"], 2, "not available yet"),
        (["run", "in", "--export", "out.xlsx"], 2, "export --format xlsx"),
        (["run", "in", "--export", "no/such/out.jsonl"], 2, "does not exist"),
        (["export", "--out", "x", "--format", "pdf"], 2, "parquet"),
        (["export", "--out", "x", "--only", "nonsense"], 2, "settled"),
        (["export"], 2, "--out"),
        (["eval", "--gold", "nowhere"], 2, "--gold"),
        (["status"], 5, "formtally run"),
        (["export", "--out", "x"], 5, "formtally run"),
        (["run", "in", "--db", "nonsense"], 5, "--db"),
        (["run", "in", "--db", "sqlite:////no/such/folder/a.db"], 5, "/no/such/folder"),
        (["run", "nowhere"], 4, "no document could be read"),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_error_is_one_sentence_and_a_code(
    tmp_path: Path, arguments: list[str], code: int, says: str, language: str
) -> None:
    write_documents(tmp_path / "in", 1)
    done = formtally(tmp_path, *arguments, FORMTALLY_LANG=language)
    assert done.returncode == code, done.stderr
    sentence = one_sentence(done.stderr)
    if language == "en":
        assert says in sentence
    else:
        assert re.search("[\u4e00-\u9fff]", sentence), sentence


def test_an_empty_folder_is_nothing_usable(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "film.mp4").write_bytes(b"0")
    done = formtally(tmp_path, "run", "in")
    assert done.returncode == 4
    assert ".mp4" in done.stderr
    assert "no file" in one_sentence(done.stderr)
    assert not (tmp_path / "formtally.db").exists()


def test_a_run_without_any_form_leaves_the_export_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("关于报送材料的通知", encoding="utf-8")
    (tmp_path / "out.jsonl").write_text("before")
    assert formtally(tmp_path, "run", "letter.txt", "--export", "out.jsonl").returncode == 4
    assert (tmp_path / "out.jsonl").read_text() == "before"


def test_an_error_of_ours_names_its_log_and_not_what_it_met(tmp_path: Path) -> None:
    code = """
import pipeline.commands, sys
def broken(*_, **__): raise ValueError("13800000000")
pipeline.commands.status_command = broken
from pipeline.cli import main
sys.exit(main(["status"]))
"""

    def run(**extra: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code]
        env = environment(**extra)
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)

    done = run()
    assert done.returncode == 1
    assert "formtally.log" in one_sentence(done.stderr)
    log = (tmp_path / "formtally.log").read_text()
    assert "in broken" in log
    assert "ValueError" in log
    assert "13800000000" not in log + done.stderr + done.stdout
    assert "Traceback" in run(FORMTALLY_DEBUG="1").stderr


# Commands


def test_a_run_ends_with_a_summary_and_the_next_command(filled: Path) -> None:
    done = formtally(filled, "run", "in")
    assert done.returncode == 0
    for words in ("Documents", "4 as stored", "Forms", "Without a question", "Fields", "accepted", "Next"):
        assert words in done.stdout
    assert done.stderr == ""
    following = re.search(r"Next +formtally (.*)", done.stdout)
    assert following is not None
    # Here is no terminal.
    assert formtally(filled, *following.group(1).split(), "--plain").returncode == 0


def test_summaries_fit_an_eighty_column_terminal(filled: Path) -> None:
    from rich.cells import cell_len

    (filled / "bad.txt").write_bytes(b"")
    for language in ("en", "zh"):
        for arguments in (["run", "in", "bad.txt"], ["status"], ["doctor"]):
            done = formtally(filled, *arguments, FORMTALLY_LANG=language, COLUMNS="80")
            assert max(cell_len(line.rstrip()) for line in done.stdout.splitlines()) <= 80, done.stdout


def test_chinese_is_spoken_throughout(filled: Path) -> None:
    (filled / "empty.txt").write_bytes(b"")
    done = formtally(filled, "run", "in", "empty.txt", FORMTALLY_LANG="zh")
    assert done.returncode == 3
    assert "文件是空的" in done.stdout
    words = re.sub(r"formtally\S*|sqlite\S*|empty.txt|[a-z0-9]+[.][a-z_]+|--[a-z]+|export|csv|xlsx", "", done.stdout)
    assert not re.search("[A-Za-z]{3}", words), words


def test_status_says_what_is_there(filled: Path) -> None:
    said = json.loads(formtally(filled, "status", "--json").stdout)
    assert said["forms"] == said["forms_read"] == 8
    assert said["schema"] >= 1
    assert said["last_run"]["outcome"] == "done"
    assert said["last_run"]["counts"]["forms"] == 8
    shown = formtally(filled, "status")
    assert shown.returncode == 0
    assert "formtally review" in shown.stdout


def test_status_lists_failures_with_their_sentence(tmp_path: Path) -> None:
    write_documents(tmp_path / "in", 1)
    (tmp_path / "in" / "bad.txt").write_bytes(b"")
    assert formtally(tmp_path, "run", "in").returncode == 3
    [failure] = json.loads(formtally(tmp_path, "status", "--json").stdout)["failures"]
    assert (failure["document"], failure["code"]) == ("bad.txt", "empty")
    assert "bad.txt: the file is empty" in formtally(tmp_path, "status").stdout


def test_doctor(tmp_path: Path) -> None:
    well = formtally(tmp_path, "doctor")
    assert well.returncode == 0, well.stdout
    assert "self_evaluation" in well.stdout
    ill = formtally(tmp_path, "doctor", "--db", "sqlite:////no/such/folder/a.db", COLUMNS="60")
    assert ill.returncode == 5
    assert "/no/such/folder" in ill.stdout.replace("\n", "")
    (tmp_path / "formtally.toml").write_text("colour = 'red'\n")
    assert "colour" in formtally(tmp_path, "doctor").stdout


def test_a_password_is_never_shown(tmp_path: Path) -> None:
    url = "postgresql+psycopg://user:geheim@127.0.0.1:1/none"
    for arguments in (["status"], ["doctor"], ["run", "nowhere"]):
        done = formtally(tmp_path, *arguments, "--db", url)
        assert done.returncode in (4, 5)
        assert "geheim" not in done.stdout + done.stderr


def test_output_that_nobody_reads_is_no_error(filled: Path) -> None:
    command = f"{sys.executable} -m pipeline.cli run in | true; exit ${{PIPESTATUS[0]}}"
    shell = ["bash", "-c", command]
    done = subprocess.run(shell, cwd=filled, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr == ""


def test_a_terminal_without_chinese_ends_no_run(tmp_path: Path) -> None:
    (tmp_path / "项目.txt").write_text(form_text(1), encoding="utf-8")
    (tmp_path / "空.txt").write_bytes(b"")
    done = formtally(tmp_path, "run", ".", PYTHONUTF8="0", PYTHONIOENCODING="ascii", PYTHONCOERCECLOCALE="0")
    assert done.returncode == 3, done.stderr
    assert "\\u7a7a.txt" in done.stdout


# Settings


def test_flags_before_variables_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(messages, "_language", "en")
    assert load_settings().db == "sqlite:///formtally.db"
    (tmp_path / "formtally.toml").write_text('db = "sqlite:///file.db"\njobs = 3\n')
    assert (load_settings().db, load_settings().jobs) == ("sqlite:///file.db", 3)
    monkeypatch.setenv("FORMTALLY_DB", "sqlite:///variable.db")
    assert (load_settings().db, load_settings().jobs) == ("sqlite:///variable.db", 3)
    assert load_settings(db="sqlite:///flag.db").db == "sqlite:///flag.db"
    monkeypatch.setenv("FORMTALLY_LANG", "zh_CN.UTF-8")
    assert load_settings().lang == messages.language() == "zh"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("jobs = 0", "setting jobs"),
        ("jobs = 'many'", "FORMTALLY_JOBS"),
        ("lang = 'fr'", "setting lang"),
        ("colour = 'red'", "no setting colour"),
        ("jobs = = 1", "formtally.toml cannot be read"),
        (b"lang = '\xff'", "formtally.toml cannot be read"),
    ],
)
def test_bad_settings_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | bytes, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "formtally.toml").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigurationError, match=says):
        load_settings()


def test_a_setting_reaches_the_command(tmp_path: Path) -> None:
    write_documents(tmp_path / "in", 1)
    (tmp_path / "formtally.toml").write_text('db = "sqlite:///other.db"\n')
    assert formtally(tmp_path, "run", "in").returncode == 0
    with Store.open(f"sqlite:///{tmp_path}/other.db", create=False) as store:
        assert len(store.names()) == 1


# Messages


def _placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_both_languages_say_the_same() -> None:
    for key, (in_english, chinese) in CATALOGUE.items():
        assert in_english, key
        assert chinese, key
        assert _placeholders(in_english) == _placeholders(chinese), key
        assert not re.search("[\u4e00-\u9fff]", in_english), key


def _said() -> tuple[set[str], set[str]]:
    """Keys that the code says, and the beginnings of those that it makes up."""
    keys: set[str] = set()
    beginnings: set[str] = set()
    for path in (ROOT / "pipeline").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and path.name != "messages.py":
                keys.add(node.value)
            elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                beginning = node.values[0].value
                assert isinstance(beginning, str)
                beginnings.add(beginning)
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("say", "english") and node.args:
                [key, *_] = node.args
                if isinstance(key, ast.Constant):
                    assert key.value in CATALOGUE, (path.name, node.lineno, key.value)
    return keys, beginnings


def test_every_sentence_is_in_the_catalogue_and_none_is_left_over() -> None:
    keys, beginnings = _said()
    made_up = tuple(beginning for beginning in beginnings if beginning.endswith("."))
    short = {key for key in CATALOGUE if key.split(".", 1)[0] in ("summary", "eval") and key.split(".", 1)[1] in keys}
    left_over = {key for key in CATALOGUE if key not in keys and not key.startswith(made_up)} - short
    assert left_over == set()


def test_every_failure_code_has_a_chinese_sentence() -> None:
    """Codes are the first or second argument of what is raised or kept."""
    codes: set[str] = set()
    for path in (ROOT / "pipeline").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if called in ("DocumentError", "FailureRow", "_failed") and isinstance(node, ast.Call):
                first = [arg.value for arg in node.args[:2] if isinstance(arg, ast.Constant)]
                codes.update(code for code in first if isinstance(code, str) and re.fullmatch(r"[a-z_.]+", code))
    assert {"empty", "binary", "unreadable.missing", "crashed"} <= codes
    assert {code for code in codes if f"failure.{code}" not in CATALOGUE} == set()
