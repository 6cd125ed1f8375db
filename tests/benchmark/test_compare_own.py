"""The comparison script and tuners of one's own: their packages, their failures, their rows."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

from agents import make_agent
from hpo_gym.benchmark.running.hosted_tuner import HostedTuner
from hpo_gym.benchmark.running.rollouts import run_episodes
from hpo_gym.tuners.registry import agent_entry
from scripts import compare

ROOT = Path(__file__).parents[2]

OWN = """
import time
import numpy as np
from pathlib import Path

class Batches:  # takes rows alone, as README's tuner does
    def __init__(self, problem, *, seed=0):
        self.encoder = problem.encoder

    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        left = self.encoder.decode(observation).budget[:, None]
        return np.clip(left * np.ones((1, 3)), -1, 1).astype(np.float32), state

class Raises(Batches):
    def predict(self, *arguments, **keywords):
        raise RuntimeError("in the middle")

class Invalid(Batches):
    def predict(self, observation, **keywords):
        return np.full((len(observation), 3), np.nan), None

class Hangs(Batches):
    def predict(self, *arguments, **keywords):
        while True:
            time.sleep(1)

    def close(self):
        Path(__file__).with_name("closed").touch()

class Constructor:
    def __init__(self, problem, *, seed=0):
        raise KeyError("at first")

class Silent:
    def __init__(self, problem, *, seed=0): ...
"""


def run_compare(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["script", *map(str, arguments)])
    compare.main()


def read_csv(folder):
    lines = (folder / "compare.csv").read_text().splitlines()
    return {row["agent"]: row for row in csv.DictReader(lines)}


def test_a_tuner_that_fails_takes_no_other_with_it(tmp_path, monkeypatch, capsys):
    file = tmp_path / "own.py"
    file.write_text(OWN)
    own = [f"{file}:{name}" for name in ("Raises", "Batches", "Invalid")]
    arguments = ["--episodes", 5, "--out", tmp_path, "--agents", "random"]
    arguments += [word for agent in own for word in ("--agent", agent)]
    with pytest.raises(SystemExit) as ended:
        run_compare(monkeypatch, *arguments)
    assert ended.value.code == 1 and list(read_csv(tmp_path)) == ["random", "Batches"]
    told = capsys.readouterr().err
    assert "failed: Raises:" in told and "RuntimeError: in the middle" in told
    assert "failed: Invalid:" in told and "3 numbers in [-1, 1] without NaN" in told
    for name, message in [
        ("Constructor", "agent 'Constructor' .*: KeyError: 'at first' .*own.py\", line 32"),
        ("Silent", "agent 'Silent' .*: Silent has no method predict$"),
    ]:
        with pytest.raises(SystemExit, match=f"error: {message}"):
            run_compare(monkeypatch, *arguments, "--agent", f"{file}:{name}")


def test_infos_and_a_sequence_of_tasks_change_no_comparison(tmp_path, monkeypatch):
    family = ("--env", "FictitiousHPOFamily-v0", "--agents", "random", "oracle")
    rows = {}
    for infos in ("all", "none"):
        options = json.dumps({"task": [3, 1], "infos": infos})
        out = tmp_path / infos
        arguments = (*family, "--options", options, "--episodes", 6, "--out", out)
        run_compare(monkeypatch, *arguments)
        rows[infos] = read_csv(out)
        assert json.loads(rows[infos]["oracle"]["options"])["task"] == [3, 1]
        assert float(rows[infos]["oracle"]["regret_16"]) < 1e-9  # it was told these
    for name in ("random", "oracle"):
        assert rows["all"][name]["return_mean"] == rows["none"][name]["return_mean"]


def test_a_tuner_that_hangs_has_failed(tmp_path, monkeypatch, capsys):
    file = tmp_path / "own.py"
    file.write_text(OWN)
    own = [word for name in ("Hangs", "Batches") for word in ("--agent", f"{file}:{name}")]
    arguments = ["--episodes", 5, "--out", tmp_path, "--agents", "random", "--timeout=4", *own]
    with pytest.raises(SystemExit):
        run_compare(monkeypatch, *arguments)
    assert list(read_csv(tmp_path)) == ["random", "Batches"]
    assert "failed: Hangs:\nno answer within 4 s" in capsys.readouterr().err
    assert (tmp_path / "closed").exists()


NEIGHBOUR = """
import agents.mine, scripts.mine, tests.mine
from hpo_gym.tuning import Problem
import numpy as np

class Neighbour:
    def __init__(self, problem, *, seed=0): ...

    def predict(self, observation, **keywords):
        return np.zeros((len(observation), 3), np.float32), None
"""


@pytest.mark.parametrize("reference", ["agents/near.py:Neighbour", "near.py:Neighbour"])
def test_a_tuners_own_packages_are_found_before_ours(tmp_path, reference):
    """In a project with folders called like ours, the command being started by its path."""
    for name in ("agents", "scripts", "tests"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
        (tmp_path / name / "mine.py").touch()
    (tmp_path / reference.partition(":")[0]).write_text(NEIGHBOUR)
    command = [sys.executable, ROOT / "scripts" / "compare.py", "--agents", "random"]
    done = subprocess.run(
        [*command, "--episodes", "5", "--agent", reference],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list(read_csv(tmp_path / "results")) == ["random", "Neighbour"]


def _decides_in(tuner, observation):
    """Seconds of a decision."""
    tuner.predict(observation)
    return tuner.seconds


@pytest.mark.parametrize(
    ("name", "env_id", "options"),
    [
        ("random", "FictitiousHPO-v0", {"stop": True}),
        ("grid", "BinormalHPOFamily-v0", {"split": "test", "task": [3, 1]}),
        ("coordinate", "FictitiousHPONudge-v0", {"observation": "history"}),
        ("coordinate", "FictitiousHPOAdjust-v0", {"reward": "log_regret", "noise": 0.01}),
    ],
)
def test_a_process_of_its_own_changes_no_digit(name, env_id, options):
    env = gym.make(env_id, **options)
    played = {"episodes": 6, "seed": 7, "options": options}
    here = run_episodes(make_agent(name, env, seed=3), env_id, **played)
    with HostedTuner(agent_entry(name), env.unwrapped.process.options, seed=3) as tuner:
        there = run_episodes(tuner, env_id, **played)
        # One decision may count as 0 s, where its process waited for a processor.
        observation, _ = env.reset(seed=0)
        assert any(_decides_in(tuner, observation) > 0.0 for _ in range(50))
    for one, other in zip(here, there, strict=True):
        np.testing.assert_array_equal(one, other)
