"""What the paths of a command lead to, and what documents are called."""

from __future__ import annotations

import os
import subprocess
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.inputs import Inputs, Loaded, find_inputs, load_input
from pipeline.store.rows import FailureRow


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(*paths: str) -> None:
    for path in paths:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(os.fsencode(path))


def names(found: Inputs) -> list[str]:
    return [file.name for file in found.files]


def test_a_file_is_called_by_its_name_and_a_file_in_a_folder_by_its_path_in_it() -> None:
    make("a/b/one.txt", "c/two.txt", "c/d/three.txt")
    found = find_inputs(["a/b/one.txt", "c"])
    assert [(file.name, file.source) for file in found.files] == [
        ("d/three.txt", "c/d/three.txt"),
        ("one.txt", "a/b/one.txt"),
        ("two.txt", "c/two.txt"),
    ]


def test_folders_are_searched_for_text_without_what_is_hidden() -> None:
    make("in/a.TXT", "in/b.csv", "in/c", "in/d.tsv", "in/e.tab", "in/f.md", "in/g.text")
    make("in/.hidden.txt", "in/.git/a.txt", "in/h.mp4", "in/i.mp4", "in/j.exe")
    make("in/formtally.db", "in/formtally.db-wal", "in/out.jsonl", "in/formtally.toml")
    found = find_inputs(["in"])
    assert names(found) == ["a.TXT", "b.csv", "c", "d.tsv", "e.tab", "f.md", "g.text"]
    assert found.other_kinds == {".mp4": 2, ".exe": 1}


def test_a_file_that_is_named_is_tried_whatever_its_kind() -> None:
    make("a.pdf", ".hidden.txt")
    assert names(find_inputs(["a.pdf", ".hidden.txt"])) == [".hidden.txt", "a.pdf"]


def test_a_file_is_taken_once_however_often_it_is_named() -> None:
    make("in/a.txt")
    found = find_inputs(["in/a.txt", "in", "./in/a.txt", os.path.abspath("in/a.txt")])
    assert [(file.name, file.source) for file in found.files] == [("a.txt", "in/a.txt")]


def test_names_that_would_be_shared_become_paths_from_the_common_folder() -> None:
    make("x/2021/a.txt", "x/2022/a.txt", "x/2022/b.txt")
    found = find_inputs(["x/2021/a.txt", "x/2022/a.txt", "x/2022/b.txt"])
    assert names(found) == ["2021/a.txt", "2022/a.txt", "b.txt"]


def test_files_of_two_folders_that_would_share_a_name() -> None:
    make("one/sub/a.txt", "two/sub/a.txt")
    assert names(find_inputs(["one", "two"])) == ["one/sub/a.txt", "two/sub/a.txt"]


def test_a_longer_name_that_is_taken_is_made_longer_again() -> None:
    make("p/x/a.txt", "p/y/a.txt", "z/x/a.txt")
    found = find_inputs(["p/x/a.txt", "p/y/a.txt", "z"])
    assert names(found) == ["p/x/a.txt", "y/a.txt", "z/x/a.txt"]


def test_names_are_composed_and_two_spellings_of_one_name_stay_apart() -> None:
    composed, decomposed = "\u00e9.txt", unicodedata.normalize("NFD", "\u00e9.txt")
    make(f"in/{decomposed}")
    assert names(find_inputs(["in"])) == [composed]
    make(f"in/{composed}")
    assert len(os.listdir("in")) == 2
    assert len(set(names(find_inputs(["in"])))) == 2


def test_a_name_that_is_no_text_can_be_written_and_opened(here: Path) -> None:
    raw = os.fsdecode(b"\xd6\xd0\xce\xc4.txt")
    make(f"in/{raw}")
    [file] = find_inputs(["in"]).files
    assert file.name == "\\xd6\\xd0\\xce\\xc4.txt"
    file.location.encode()
    assert isinstance(load_input(file, 1000), Loaded)


def test_links_in_a_circle_end() -> None:
    make("in/a.txt", "in/b/c.txt")
    os.symlink("..", "in/b/up")
    os.symlink("../../in", "in/b/round")
    assert names(find_inputs(["in"])) == ["a.txt", "b/c.txt"]


def test_a_folder_behind_a_link_is_searched_once() -> None:
    make("real/a.txt", "in/b.txt")
    os.symlink("../real", "in/l1")
    os.symlink("../real", "in/l2")
    assert names(find_inputs(["in"])) == ["b.txt", "l1/a.txt"]


def test_a_link_to_a_file_is_another_name_and_a_broken_one_a_failure() -> None:
    make("in/a.txt")
    os.symlink("a.txt", "in/b.txt")
    os.symlink("nowhere", "in/c.txt")
    found = find_inputs(["in"])
    assert names(found) == ["a.txt", "b.txt"]
    assert [(file.name, failure.code) for file, failure in found.unreadable] == [("c.txt", "unreadable.missing")]


@pytest.fixture
def removed() -> Iterator[str]:
    """A folder that is removed by the system's own `rm`: Python's would not get to its bottom."""
    os.makedirs("in")
    yield "in"
    subprocess.run(["rm", "-rf", "in"], check=True)


def test_folders_deeper_than_the_stack(removed: str) -> None:
    at = os.open(removed, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=at)
        below = os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(os.open("a.txt", os.O_CREAT | os.O_WRONLY, dir_fd=at))
    os.close(at)
    found = find_inputs([removed])
    assert len(found.files) + len(found.unreadable) == 1


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("nowhere.txt", "unreadable.missing"),
        ("file.txt/inside.txt", "unreadable"),
        ("pipe", "unreadable.kind"),
        ("x" * 300, "unreadable"),
    ],
)
def test_what_cannot_be_looked_at_is_told_and_the_others_go_on(path: str, code: str) -> None:
    make("file.txt")
    os.mkfifo("pipe")
    found = find_inputs([path, "file.txt"])
    assert names(found) == ["file.txt"]
    assert [failure.code for _, failure in found.unreadable] == [code]


def test_a_folder_that_may_not_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The super-user may read everything, so the refusal is made up."""
    make("in/a.txt", "in/shut/b.txt", "in/z.txt")
    really = os.scandir

    def scandir(path: str) -> object:
        if path.endswith("shut"):
            raise PermissionError(13, "Permission denied", path)
        return really(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = find_inputs(["in"])
    assert names(found) == ["a.txt", "z.txt"]
    [(folder, failure)] = found.unreadable
    assert (folder.name, failure.code) == ("shut", "unreadable.permission")


def test_a_file_that_went_away_or_is_too_large() -> None:
    make("a.txt", "b.txt")
    gone, large = find_inputs(["a.txt", "b.txt"]).files
    os.remove("a.txt")
    failures = [load_input(gone, 99), load_input(large, 4)]
    assert [row.code for row in failures if isinstance(row, FailureRow)] == ["unreadable.missing", "too_large"]


def test_the_search_can_be_stopped() -> None:
    make("in/a/a.txt", "in/b/b.txt")
    calls: Iterator[None] = iter([None])

    def stop() -> None:
        try:
            next(calls)
        except StopIteration:
            raise KeyboardInterrupt from None

    with pytest.raises(KeyboardInterrupt):
        find_inputs(["in"], stop=stop)
