"""Tunings that fail, hang, die or are ended: what was finished stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

ROOT = Path(__file__).parents[2]
OBJECTIVES = ROOT / "tests" / "support" / "objectives.py"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("NOTES", str(tmp_path / "notes.txt"))
    Path("notes.txt").touch()


def command(function, *words):
    options = ["--study", "study.sqlite", "--no-plots", *words]
    reference = f"{OBJECTIVES}:{function}"
    return [sys.executable, "-m", "hpo_gym", "tune", "--objective", reference, *options]


def run(function, *words):
    done = subprocess.run(
        command(function, *words), capture_output=True, text=True, timeout=120, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def trials():
    return optuna.load_study(study_name=None, storage="sqlite:///study.sqlite").trials


def notes():
    return Path("notes.txt").read_text().splitlines()


def wait_for(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.02)


@pytest.mark.parametrize("words", [(), ("--executor", "processes:2")])
def test_failures_are_evaluations(words):
    done = run("moody", "--budget", "12", *words)
    assert done.returncode == 0
    assert len(trials()) == 12
    for trial in trials():
        good = trial.params["x"] >= 0.2
        assert trial.state == (TrialState.COMPLETE if good else TrialState.FAIL)
        assert good or trial.user_attrs["error"]
    reasons = ("RuntimeError: too low", "value = nan; it must be a finite", "SystemExit: enough")
    assert sum(reason in done.stdout for reason in reasons) >= 2
    assert "trial" in done.stdout and "failed" in done.stdout


def test_without_a_success_it_says_so():
    done = run("hopeless", "--budget", "3")
    assert done.returncode == 1
    assert "No evaluation succeeded" in done.stderr
    assert "and 2 more: ValueError: nothing to be done" in done.stdout
    rows = [line for line in done.stdout.splitlines() if line[:5].strip().isdecimal()]
    assert len(rows) == 3 and all(row.endswith("ValueError: nothing to be done") for row in rows)
    assert not Path("results").exists() or not list(Path("results").rglob("best.py"))


def test_reasons_are_shown_in_a_line_that_any_terminal_takes():
    done = run("babbling", "--budget", "1")
    (row,) = [line for line in done.stdout.splitlines() if line.startswith("    0  ")]
    assert row.endswith("ValueError: ?? " + "x" * 285 + " ...")


@pytest.mark.parametrize(
    ("function", "words", "reason"),
    [
        ("deadly", ("--executor", "processes:2"), "the process died with exit code -9"),
        ("sleepy", ("--timeout", "0.5"), "no answer within 0.5 s"),
    ],
)
def test_the_dead_and_the_hanging_are_failures(function, words, reason):
    done = run(function, "--budget", "6", *words)
    assert done.returncode == 0
    bad = [trial for trial in trials() if trial.params["x"] < 0.0]
    assert len(trials()) == 6 and bad
    assert all(trial.state == TrialState.FAIL for trial in bad)
    assert all(trial.state == TrialState.COMPLETE for trial in trials() if trial not in bad)
    assert reason in done.stdout


def test_one_that_ends_the_program_again_and_again_has_failed():
    for _ in range(30):
        if run("deadly", "--budget", "4").returncode == 0:
            break
    assert len(trials()) == 4
    for trial in trials():
        assert (trial.state == TrialState.FAIL) == (trial.params["x"] < 0.0)
    failed = [trial for trial in trials() if trial.state == TrialState.FAIL]
    assert failed
    assert all("ended 2 times" in trial.user_attrs["error"] for trial in failed)


@pytest.mark.parametrize("words", [(), ("--executor", "processes:2")])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_with_the_best_so_far(number, code, words):
    with subprocess.Popen(
        command("long", "--budget", "9", *words),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        wait_for(lambda: len(notes()) >= 3)
        time.sleep(0.5)
        begun = time.monotonic()
        process.send_signal(number)
        printed, errors = process.communicate(timeout=60)
        assert time.monotonic() - begun < 20.0
    assert process.returncode == code
    assert "Traceback" not in errors
    assert "the same command goes on" in errors
    done = [trial for trial in trials() if trial.state == TrialState.COMPLETE]
    assert len(done) >= 2
    best = max(trial.value for trial in done)
    assert f"The best value is {best:.6g}" in printed
    assert f"{len(done)} of 9 evaluations are done" in printed
    assert f"configuration = {{'x': {best!r}}}" in printed


def test_a_killed_run_loses_and_repeats_nothing():
    """40 trials by 4 workers, killed by -9 in the midst of it, twice, then gone on with."""
    words = command("noted", "--budget", "40", "--executor", "processes:4")
    finished = {}
    for least in (6, 16):
        with subprocess.Popen(words, stdout=subprocess.DEVNULL, start_new_session=True) as process:
            wait_for(lambda least=least: len(notes()) >= least)
            process.kill()
        before = {t.number: t.value for t in trials() if t.state == TrialState.COMPLETE}
        assert len(before) >= len(finished) + 1
        assert finished.items() <= before.items()
        finished = before
    assert run("noted", "--budget", "40", "--executor", "processes:4").returncode == 0
    assert len(trials()) == 40
    assert all(trial.state == TrialState.COMPLETE for trial in trials())
    assert all(trials()[number].value == value for number, value in finished.items())
    times = Counter(map(float, notes()))
    assert set(times) == {trial.value for trial in trials()}
    # Only what had not finished when a run was killed was done again.
    again = {value for value, count in times.items() if count > 1}
    assert len(again) <= 8


def test_two_runs_do_not_work_on_one_study():
    with subprocess.Popen(command("long", "--budget", "9"), stdout=subprocess.DEVNULL) as process:
        wait_for(lambda: len(notes()) >= 3)
        done = run("long", "--budget", "9")
        process.kill()
    assert done.returncode == 1
    assert "another run works on study.sqlite" in done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize("words", [(), ("--timeout", "30")])
def test_evaluations_may_fork(words):
    done = run("forking", "--budget", "3", *words)
    assert done.returncode == 0, done.stderr
    assert all(trial.state == TrialState.COMPLETE for trial in trials())


def test_an_evaluation_that_catches_ctrl_c_is_the_last_one():
    with subprocess.Popen(
        command("stubborn", "--budget", "9"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        wait_for(lambda: len(notes()) >= 1)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 130
    assert [trial.state for trial in trials()] == [TrialState.COMPLETE]


def test_whoever_is_impatient_waits_for_nobody():
    with subprocess.Popen(
        command("deaf", "--budget", "9", "--executor", "processes:2"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        wait_for(lambda: len(notes()) >= 2)
        begun = time.monotonic()
        for _ in range(2):
            process.send_signal(signal.SIGINT)
            time.sleep(1.0)
        _, errors = process.communicate(timeout=30)
    assert time.monotonic() - begun < 12.0
    assert errors == "Interrupted; the same command goes on.\nNo evaluation succeeded.\n"
