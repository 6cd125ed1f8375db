"""Families, suites and an agent in a user's folder, ranked by the command from there."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("optuna")

ROOT = Path(__file__).parents[2]
FOREIGN = ROOT / "tests/support/foreign"

LOGGED = '''
from impure import Counting

class Logged(Counting):
    """Every evaluation leaves a line."""

    def evaluate(self, *arguments):
        with open("evaluations.txt", "a") as file:
            print(*arguments[1], file=file)
        return super().evaluate(*arguments)
'''

SUITES = """
from blind import Blind
from logged import Logged
from mixed import Network
from rmse import Ridge

from hpo_gym.benchmark.suites.suite import Suite, standard_options

def suite(name, family, metric, score="regret"):
    options = standard_options(metric=metric, max_evaluations=6)
    return Suite(name, family().describe(), "test", (0,), (0, 1), options, score=score)

RMSE = suite("rmse", Ridge, "rmse")
BLIND = suite("blind", Blind, "quality", score="score")
IMPURE = suite("impure", Logged, "gain", score="score")
MIXED = suite("mixed", Network, "accuracy")
"""

TUNER = '''
import numpy as np

class Near:
    """Small steps around the best so far, from the middle on."""

    def __init__(self, problem, *, seed):
        self.encoder, self.random = problem.encoder, np.random.default_rng(seed)

    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        best = self.encoder.decode(observation).best_unit
        actions = best + 0.3 * self.random.standard_normal(best.shape)
        return np.clip(actions, -1.0, 1.0).astype(np.float32), None
'''

AGENTS = ("near", "random", "sobol", "tpe-5", "gp-4")
NAMES = ("rmse", "blind", "impure", "mixed")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outside")
    for name in NAMES:
        shutil.copy(FOREIGN / f"{name}.py", folder)
    for name, text in {"logged": LOGGED, "suites": SUITES, "tuner": TUNER}.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def benchmark(folder, *flags):
    """What the command prints; it must end well."""
    command = [sys.executable, "-W", "error", "-m", "scripts.benchmark", "--profile=full", *flags]
    command += [f"--suite=suites.py:{name.upper()}" for name in NAMES]
    command += ["--agent=near=tuner.py:Near", "--agents", *AGENTS[1:]]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_command_ranks_them_and_confirms_what_can_be_repeated(folder):
    benchmark(folder, "--executor", "processes:2")
    with (folder / "results/benchmark/benchmark.csv").open() as file:
        rows = list(csv.DictReader(file))
    for name in NAMES:
        ranks = {
            row["agent"]: float(row["value"])
            for row in rows
            if (row["suite"], row["score"]) == (name, "rank")
        }
        assert set(ranks) == set(AGENTS), name
        assert min(ranks.values()) >= 1.0 and max(ranks.values()) <= len(AGENTS)
        assert len(set(ranks.values())) > 1, name
    lines = (folder / "evaluations.txt").read_text().splitlines()
    assert len(lines) == len(AGENTS) * 2 * 6  # seeds, evaluations: none for tables or reports

    printed = benchmark(folder, "--show", "--validate")
    assert "WRONG" not in printed
    for name in NAMES:
        verdict = "confirmed bit for bit"
        if name == "impure":
            verdict = "not replayed: the family is impure"
        for agent in AGENTS:
            assert f"{name}, {agent}, 2 episodes: {verdict}" in printed
    assert "blind: 1 - score (the best score observed) by evaluations" in printed
    assert "mixed: normalised regret by evaluations" in printed
    assert (folder / "evaluations.txt").read_text().splitlines() == lines


def test_commands_in_a_project_with_folders_called_like_ours(tmp_path):
    """By its path, a command runs there; a tuner in such a folder finds the user's, not ours."""
    for name in ("agents", "scripts", "tests"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
        (tmp_path / name / "parts.py").write_text("from elsewhere import Near\n")
    (tmp_path / "elsewhere.py").write_text(TUNER)
    lines = "import scripts.parts, tests.parts\nfrom agents.parts import Near\n"
    (tmp_path / "agents/mine.py").write_text(lines)
    command = [sys.executable, ROOT / "scripts/benchmark.py", "--suites", "smoke"]
    command += ["--agents", "random", "--import", "elsewhere"]  # by name, from the working folder
    command += ["--agent", "agents/mine.py:Near", "--database", "a.sqlite", "--out", "out"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "Near: rank" in run.stdout
