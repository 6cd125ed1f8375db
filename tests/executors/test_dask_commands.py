"""Commands on Dask's workers, of which one is killed: the same rows as on one machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from dask_clusters import Cluster
from tiny_benchmarks import SUITE, assert_equal_runs, tuner
from tiny_trainings import PPO_SETTINGS

from hpo_gym.benchmark.results.store import Store
from hpo_gym.benchmark.running.runner import run
from scripts import train

pytest.importorskip("distributed")
from hpo_gym.executors.dask import Dask

ROOT = Path(__file__).parents[2]
OBJECTIVE = """
import time
from typing import Annotated
from hpo_gym import Float

def valley(x: Annotated[float, Float(-1.0, 1.0)], y: Annotated[float, Float(0.0, 1.0)]):
    time.sleep(0.2)
    return x * x + 0.1 * y
"""
FAMILY = """
from hpo_gym import Family, Float, Integer, SearchSpace, register_family

@register_family
class Parabola(Family):
    name, metrics, goals = "parabola", ("error",), {"error": "minimise"}
    space = SearchSpace({"x": Float(-1.0, 1.0), "n": Integer(1, 8)})

    def noiseless(self, parameters, scaled, xp):
        x, n = scaled
        return (x * x + 0.1 * n,)
"""


@pytest.fixture
def cluster(tmp_path):
    (tmp_path / "cluster").mkdir()
    with Cluster(tmp_path / "cluster") as cluster:
        yield cluster


def test_a_benchmark(tmp_path, cluster):
    agents = [tuner(tmp_path, settings={"delay": 0.1}), tuner(tmp_path, "Raises")]
    ended = []

    def report(job, failure):
        ended.append((job.agent.name, job.shard))
        if len(ended) == 2:
            cluster.workers[0].kill()

    with Store(tmp_path / "a.sqlite") as there, Store(tmp_path / "b.sqlite") as here:
        failed = run(there, [SUITE], agents, executor=Dask(cluster.address), report=report)
        assert failed == run(here, [SUITE], agents) == 6
        assert cluster.workers[0].poll() == -signal.SIGKILL
        assert len(ended) == len(set(ended))
        assert_equal_runs(there.records(SUITE, "tuner"), here.records(SUITE, "tuner"))
        messages = [store.failures(SUITE)["raises"][0] for store in (there, here)]
        assert messages[0] == messages[1] and "no idea" in messages[0]


def test_a_tuning(tmp_path, cluster, monkeypatch):
    optuna = pytest.importorskip("optuna")
    pytest.importorskip("tqdm")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(OBJECTIVE)
    command = [sys.executable, "-m", "hpo_gym", "tune", "--objective", "mine.py:valley"]
    command += ["--goal", "minimize", "--budget", "14", "--study", "study.sqlite", "--no-plots"]
    command += ["--executor", f"dask://{cluster.address}"]

    def trials():
        if not Path("study.sqlite").exists():
            return []
        return optuna.load_study(study_name=None, storage="sqlite:///study.sqlite").trials

    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if line.split()[:1] == ["3"]:
                cluster.workers[0].kill()
                cluster.workers[0].wait()
    assert process.returncode == 0 and cluster.workers[0].poll() == -signal.SIGKILL
    assert [trial.number for trial in trials()] == list(range(14))
    for trial in trials():
        x, y = trial.params["x"], trial.params["y"]
        assert trial.state.name == "COMPLETE" and trial.value == x * x + 0.1 * y
        assert trial.user_attrs["begun"] == 1


def test_trainings(tmp_path, cluster, capsys):
    """Of a family of the user, in folders that the workers are not told."""
    file = tmp_path / "families.py"
    file.write_text(FAMILY)
    given = {"agent": "ppo", "family": f"{file}:Parabola", "seeds": (3, 4)}
    there = train.Arguments(**given, out=tmp_path / "there", executor=f"dask://{cluster.address}")
    here = train.Arguments(**given, out=tmp_path / "here")
    for arguments in (there, here):
        train.run(arguments, PPO_SETTINGS)
    printed = [line for line in capsys.readouterr().out.splitlines() if "mean return" in line]
    assert sorted(printed[:2]) == sorted(printed[2:]) and len(printed) == 4
    for name in ("seed-3", "seed-4"):
        one, other = (tmp_path / place / name for place in ("there", "here"))
        assert (one / "policy.npz").read_bytes() == (other / "policy.npz").read_bytes()
        assert (one / "run.json").read_bytes() == (other / "run.json").read_bytes()
        described = [json.loads((folder / "policy.json").read_text()) for folder in (one, other)]
        for description in described:
            del description["training_seconds"]
        assert described[0] == described[1]
    train.run(train.replace(there, resume=True), PPO_SETTINGS)  # there is nothing left to do
    assert capsys.readouterr().out.count("mean return") == 2
