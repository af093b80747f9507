"""Runs with a model behind a real server: readers, budgets, reasons, what is paid and what is kept."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from benchmarks.modelserver.brain import Brain
from benchmarks.modelserver.errors import Profile
from benchmarks.modelserver.faults import Faults
from benchmarks.modelserver.server import ModelServer
from pipeline.forms import form_types
from samples.generate import bulk
from tests.commandline import formtally, one_sentence, start

KEY = "sk-made-up-and-secret"
FORMS = 12


@contextmanager
def serving(
    folder: Path, *, faults: Faults | None = None, profile: Profile | None = None, **options: Any
) -> Iterator[tuple[ModelServer, dict[str, str]]]:
    """Documents in `folder/in`, a server that knows them, and the environment that leads to it."""
    brain = Brain(form_types()[0], profile)
    (folder / "in").mkdir()
    for name, made in bulk(4_400, FORMS, ("tsv", "word", "cells"), 4):
        (folder / "in" / f"{name}.txt").write_text(made.text, encoding="utf-8", newline="")
        assert brain.learn(name, made)
    with ModelServer(brain, faults=faults, key=KEY, **options) as server:
        yield server, _environment(server.url)


def _environment(url: str) -> dict[str, str]:
    return {"FORMTALLY_MODEL__URL": url, "FORMTALLY_MODEL__NAME": "made-up", "FORMTALLY_API_KEY": KEY}


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _reasons(line: dict[str, Any]) -> set[str]:
    return {reason for entry in line["review"] for reason in entry["reasons"]}


def _scalar(folder: Path, query: str) -> Any:
    with sqlite3.connect(folder / "formtally.db") as connection:
        return connection.execute(query).fetchone()[0]


def _paid(server: ModelServer) -> int:
    return sum(server.stats.paid.values())


def test_both_readers_are_the_default_once_a_model_is_configured(tmp_path: Path) -> None:
    with serving(tmp_path) as (server, model):
        done = formtally(tmp_path, "run", "in", "--export", "a.jsonl", **model)
        assert done.returncode == 0, done.stderr
        assert f"{FORMS} calls" in done.stdout
        again = formtally(tmp_path, "run", "in", "--export", "b.jsonl", **model)
        assert again.returncode == 0, again.stderr
        assert _paid(server) == FORMS == _scalar(tmp_path, "SELECT count(*) FROM answer")
        exported = formtally(tmp_path, "export", "--out", "c.jsonl", **model)
        assert exported.returncode == 0, exported.stderr
    first = (tmp_path / "a.jsonl").read_bytes()
    assert first == (tmp_path / "b.jsonl").read_bytes() == (tmp_path / "c.jsonl").read_bytes()
    assert {line["states"]["total_score"] for line in _lines(tmp_path / "a.jsonl")} <= {"accepted", "review"}
    assert _scalar(tmp_path, "SELECT count(*) FROM reading WHERE reader = 'llm'") == FORMS


@pytest.mark.parametrize("reader", ["llm", "both", "cascade"])
def test_every_reader_reads(tmp_path: Path, reader: str) -> None:
    with serving(tmp_path) as (server, model):
        done = formtally(tmp_path, "run", "in", "--reader", reader, "--export", "a.jsonl", **model)
        assert done.returncode == 0, done.stderr
        assert len(_lines(tmp_path / "a.jsonl")) == FORMS
        # What the run used is what the store is looked at with.
        assert formtally(tmp_path, "export", "--out", "b.jsonl", **model).returncode == 0
        assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
        if reader == "cascade":
            assert 0 < _paid(server) < FORMS
            assert f"{FORMS - _paid(server)} forms needed none" in done.stdout


def test_an_epoch_reads_anew_and_costs_anew(tmp_path: Path) -> None:
    with serving(tmp_path) as (server, model):
        assert formtally(tmp_path, "run", "in", **model).returncode == 0
        assert formtally(tmp_path, "run", "in", "--epoch", "1", **model).returncode == 0
        assert _paid(server) == 2 * FORMS
        assert formtally(tmp_path, "run", "in", **model).returncode == 0
        assert _paid(server) == 2 * FORMS


def test_a_refused_form_is_in_review_with_its_reason_and_is_asked_again(tmp_path: Path) -> None:
    with serving(tmp_path, faults=Faults(seed=1, refusal=0.5)) as (_, model):
        done = formtally(tmp_path, "run", "in", "--export", "a.jsonl", **model)
        assert done.returncode == 3
        lines = _lines(tmp_path / "a.jsonl")
        refused = [line for line in lines if "model.refused" in _reasons(line)]
        assert 0 < len(refused) < FORMS
        for line in refused:
            assert set(line["states"].values()) == {"review"}
            assert line["record"]["project_name"]  # what the table reader read is there
        kept = _scalar(tmp_path, "SELECT count(*) FROM answer")
        assert kept == FORMS - len(refused)
        said = formtally(tmp_path, "status", **model).stdout
        assert said.count("refuses") == len(refused)
        calls = "SELECT count(*) FROM call"
        before = _scalar(tmp_path, calls)
        assert formtally(tmp_path, "run", "in", **model).returncode == 3
        assert _scalar(tmp_path, calls) == before + len(refused)
        assert _scalar(tmp_path, "SELECT count(*) FROM answer") == kept


def test_an_answer_that_is_cut_is_asked_for_in_parts(tmp_path: Path) -> None:
    with serving(tmp_path, faults=Faults(seed=3, cut=0.6)) as (_, model):
        cut = formtally(tmp_path, "run", "in", "--export", "a.jsonl", **model)
        assert _scalar(tmp_path, "SELECT count(*) FROM answer WHERE cut = 1") > 0
        assert _scalar(tmp_path, "SELECT count(*) FROM answer WHERE shape = 'rows'") > 0
    whole = tmp_path / "whole"
    whole.mkdir()
    with serving(whole) as (_, model):
        assert formtally(whole, "run", "in", "--export", "a.jsonl", **model).returncode == 0
    assert cut.returncode in (0, 3), cut.stderr
    for one, other in zip(_lines(tmp_path / "a.jsonl"), _lines(whole / "a.jsonl"), strict=True):
        if "model.truncated" not in _reasons(one):
            assert (one["record"], one["review"]) == (other["record"], other["review"])


def test_a_budget_of_tokens_stops_the_run_before_it_is_passed(tmp_path: Path) -> None:
    limit = 60_000
    with serving(tmp_path) as (server, model):
        cut = formtally(tmp_path, "run", "in", "--max-tokens-total", str(limit), "--export", "a.jsonl", **model)
        assert cut.returncode == 6
        assert "limit" in one_sentence(cut.stderr)
        used = "SELECT sum(prompt_tokens + completion_tokens) FROM call"
        assert 0 < _scalar(tmp_path, used) <= limit
        assert 0 < _paid(server) < FORMS
        lines = _lines(tmp_path / "a.jsonl")
        assert len(lines) == FORMS
        assert sum("model.budget" in _reasons(line) for line in lines) == FORMS - _paid(server)
        done = formtally(tmp_path, "run", "in", "--export", "a.jsonl", **model)
        assert done.returncode == 0, done.stderr
        assert _paid(server) == FORMS


def test_a_budget_of_money_needs_prices_and_adds_up(tmp_path: Path) -> None:
    with serving(tmp_path) as (_, model):
        missing = formtally(tmp_path, "run", "in", "--max-cost", "1", **model)
        assert missing.returncode == 5 and "PRICE_INPUT" in one_sentence(missing.stderr)
        prices = {"FORMTALLY_MODEL__PRICE_INPUT": "0.5", "FORMTALLY_MODEL__PRICE_OUTPUT": "2.25"}
        done = formtally(tmp_path, "run", "in", "--max-cost", "1", **model, **prices)
        assert done.returncode == 0, done.stderr
        exact = "SELECT sum(prompt_tokens) * 500 + sum(completion_tokens) * 2250 FROM call"
        assert _scalar(tmp_path, "SELECT sum(cost) FROM call") == _scalar(tmp_path, exact) > 0
        assert "cost 0." in done.stdout
        told = json.loads(formtally(tmp_path, "status", "--json", **model).stdout)["model"]
        assert told["calls"] == FORMS == len(told["forms"])
        assert sum(Decimal(form["cost"]) for form in told["forms"]) == Decimal(told["cost"]) > 0
        assert "cost 0." in formtally(tmp_path, "status", **model).stdout


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"FORMTALLY_API_KEY": "wrong"}, "FORMTALLY_API_KEY"),
        ({"FORMTALLY_MODEL__NAME": "other"}, "FORMTALLY_MODEL__NAME"),
        ({"FORMTALLY_MODEL__URL": "http://127.0.0.1:9/v1", "FORMTALLY_MODEL__OUTAGE_SECONDS": "1"}, "down"),
    ],
)
def test_a_useless_endpoint_ends_the_run_in_one_sentence(tmp_path: Path, change: dict[str, str], says: str) -> None:
    with serving(tmp_path, model="made-up") as (_, model):
        done = formtally(tmp_path, "run", "in", "--export", "a.jsonl", **{**model, **change})
        assert done.returncode == 5
        assert says in one_sentence(done.stderr)
        lines = _lines(tmp_path / "a.jsonl")
        assert len(lines) == FORMS
        assert all("model.stopped" in _reasons(line) for line in lines)
        assert formtally(tmp_path, "run", "in", **model).returncode == 0


def test_without_a_model_nothing_is_asked_and_a_model_is_asked_for_by_name(tmp_path: Path) -> None:
    with serving(tmp_path) as (server, _):
        assert formtally(tmp_path, "run", "in").returncode == 0
        wanted = formtally(tmp_path, "run", "in", "--reader", "both")
        assert wanted.returncode == 5
        assert "FORMTALLY_MODEL__URL" in one_sentence(wanted.stderr)
        assert _paid(server) == 0


def test_the_key_is_nowhere(tmp_path: Path) -> None:
    with serving(tmp_path, faults=Faults(seed=5, server_error=0.2)) as (_, model):
        done = formtally(tmp_path, "run", "in", "--export", "a.jsonl", FORMTALLY_DEBUG="1", **model)
    assert KEY not in done.stdout + done.stderr
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path


def test_a_tie_break_settles_what_two_readers_dispute(tmp_path: Path) -> None:
    profile = Profile(seed=2, rate=0.05)
    with serving(tmp_path, profile=profile) as (server, model):
        alone = formtally(tmp_path, "run", "in", "--export", "a.jsonl", **model)
        assert alone.returncode == 0, alone.stderr
        before = _paid(server)
        third = {"FORMTALLY_MODEL__TIE_BREAK": "another"}
        done = formtally(tmp_path, "run", "in", "--export", "b.jsonl", **model, **third)
        assert done.returncode == 0, done.stderr
        disputed = sum("readers.differ" in _reasons(line) for line in _lines(tmp_path / "a.jsonl"))
        assert disputed == 0 or _paid(server) > before
        same = formtally(tmp_path, "run", "in", **model, FORMTALLY_MODEL__TIE_BREAK="made-up")
        assert same.returncode == 5 and "one reader" in one_sentence(same.stderr)


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    with serving(tmp_path, latency=0.15) as (server, model):
        model |= {"FORMTALLY_MODEL__CONCURRENCY": "2"}
        for _ in range(3):
            run = start(tmp_path, ["run", "in", "--export", "a.jsonl"], **model)
            known = _paid(server)
            until = time.monotonic() + 20
            while _paid(server) < known + 2 and run.poll() is None and time.monotonic() < until:
                time.sleep(0.02)
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()
        done = formtally(tmp_path, "run", "in", "--export", "a.jsonl", **model)
        assert done.returncode == 0, done.stderr
        # At a kill two calls are in flight, and two answers may be on their way into the store.
        assert _paid(server) <= FORMS + 3 * 4
    whole = tmp_path / "whole"
    whole.mkdir()
    with serving(whole) as (_, model):
        assert formtally(whole, "run", "in", "--export", "a.jsonl", **model).returncode == 0
    assert (tmp_path / "a.jsonl").read_bytes() == (whole / "a.jsonl").read_bytes()


def test_ctrl_c_waits_for_what_is_paid(tmp_path: Path) -> None:
    with serving(tmp_path, latency=0.5) as (server, model):
        run = start(tmp_path, ["run", "in"], **model, FORMTALLY_MODEL__CONCURRENCY="3")
        until = time.monotonic() + 20
        while not _paid(server) and time.monotonic() < until:
            time.sleep(0.02)
        os.killpg(run.pid, signal.SIGINT)
        _, said = run.communicate(timeout=60)
        assert run.returncode == 130, said
        assert _scalar(tmp_path, "SELECT count(*) FROM answer") == _paid(server) < FORMS


@pytest.mark.parametrize(
    ("options", "change", "says"),
    [
        ({}, {}, "answers in the form"),
        ({}, {"FORMTALLY_API_KEY": "wrong"}, "key"),
        ({"model": "made-up"}, {"FORMTALLY_MODEL__NAME": "other"}, "does not know the model"),
        ({"json_schema": False}, {}, "schema"),
        ({}, {"FORMTALLY_MODEL__URL": "http://127.0.0.1:9/v1"}, "nothing answers"),
    ],
)
def test_doctor_says_what_is_wrong_with_the_model(
    tmp_path: Path, options: dict[str, Any], change: dict[str, str], says: str
) -> None:
    def word(body: dict[str, Any], before: int) -> str:
        return '{"word":"ok"}'

    with ModelServer(word, key=KEY, **options) as server:
        done = formtally(tmp_path, "doctor", "--model", **{**_environment(server.url), **change})
    said = " ".join(done.stdout.split())
    assert says in said
    assert done.returncode == (0 if not change and not options else 5)
    assert KEY not in done.stdout
