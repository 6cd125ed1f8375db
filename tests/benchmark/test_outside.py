"""Families, suites, rewards and agents of a user, in files and modules outside the repository."""

import csv
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_benchmarks import tuner

from hpo_gym.benchmark.results.store import Store
from hpo_gym.benchmark.running.replay import validate
from hpo_gym.benchmark.running.runner import missing_jobs, run
from hpo_gym.benchmark.suites import registry
from hpo_gym.benchmark.suites.registry import make_suite, read_suite, register_suite
from hpo_gym.executors.executor import Failure
from hpo_gym.executors.processes import Processes
from hpo_gym.tuners.entry import AgentEntry

ROOT = Path(__file__).parents[2]

SUITES = '''
"""Nobody knows the optimum of the parabola; its parameter "rounds" is what evaluations consume."""

from hpo_gym.benchmark.suites.suite import Suite, standard_options
from hpo_gym.families import Family, register_family
from hpo_gym.space import Float, Integer, SearchSpace
from hpo_gym.tuning.rewards import register_reward


@register_family
class Parabola(Family):
    name, metrics, goals = "outside-parabola", ("error",), {"error": "minimise"}
    space = SearchSpace({"x": Float(-1.0, 1.0), "rounds": Integer(1, 9)})
    resource_parameter = "rounds"

    def noiseless(self, parameters, scaled, xp):
        return ((scaled[0] - 0.3) * (scaled[0] - 0.3) + 1.0 / scaled[1],)


def score(before, after, xp):
    return after.true_score + 0.0


register_reward("outside-score", score)

PARABOLA = Suite(
    "parabola",
    {"name": "outside-parabola", "version": 1},
    "test",
    (0,),
    (0, 1, 2),
    standard_options(metric="error", reward="outside-score", max_evaluations=6),
    score="score",
)
EARNS = Suite("earns", *list(vars(PARABOLA).values())[1:6], score="return")
BLIND = Suite("blind", *list(vars(PARABOLA).values())[1:6])
BEALE = Suite(
    "beale",
    {"name": "beale", "version": 1},
    "test",
    (0,),
    (0, 1),
    standard_options(metric="f", max_evaluations=5, evaluation_cost=0.0, epoch_cost=0.0),
)
'''

TUNER = '''
import numpy as np

class Near:
    """Small steps around the best so far, from the middle on."""

    def __init__(self, problem, *, seed, step=0.3):
        self.encoder, self.step = problem.encoder, step
        self.random = np.random.default_rng(seed)

    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        best = self.encoder.decode(observation).best_unit
        actions = best + self.step * self.random.standard_normal(best.shape)
        return np.clip(actions, -1.0, 1.0).astype(np.float32), None
'''


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "outside_suites.py").write_text(SUITES)
    (tmp_path / "outside_tuner.py").write_text(TUNER)
    return tmp_path


@pytest.mark.parametrize("source", ["outside_{}.py:", "outside_{}:"], ids=["files", "modules"])
def test_the_command_ranks_from_outside(folder, source):
    """On the same page: no optimum, no resource, no cost; the numbers are replayed."""
    suites, tuner = source.format("suites"), source.format("tuner")
    paths = [str(ROOT)] + ([str(folder)] if ".py" not in source else [])
    command = [sys.executable, "-W", "error", "-m", "scripts.benchmark", "--profile", "smoke"]
    command += [f"--suite={suites}{name}" for name in ("PARABOLA", "EARNS", "BEALE")]
    command += ["--agent", f"near={tuner}Near", "--agents", "random", "sobol", "tpe", "gp"]
    done = subprocess.run(
        [*command, "--executor", "processes:2", "--validate"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "parabola: 1 - score (the best score observed) by evaluations" in done.stdout
    assert "beale: normalised regret by evaluations" in done.stdout
    with (folder / "results/benchmark/benchmark.csv").open() as file:
        rows = list(csv.DictReader(file))
    for suite in ("parabola", "earns", "beale"):
        ranks = {row["agent"] for row in rows if (row["suite"], row["score"]) == (suite, "rank")}
        assert ranks == {"near", "random", "sobol", "tpe", "gp"}
        for agent in ranks:
            assert f"{suite}, {agent}, " in done.stdout
    assert "WRONG" not in done.stdout
    with Store(folder / "results/benchmark.sqlite") as store:
        suite = read_suite(f"{folder}/outside_suites.py:PARABOLA")
        assert json.loads(store.agents(suite)["near"].identity)["settings"] == {}


def test_what_is_recorded_where_nobody_knows_the_optimum(folder):
    """1 - the best score so far, 1 / (1 + error); the resource is the rounds."""
    suite = read_suite(f"{folder}/outside_suites.py:PARABOLA")
    near = AgentEntry("near", f"{folder}/outside_tuner.py:Near")
    with Store(folder / "a.sqlite") as store:
        assert run(store, [suite], [near]) == 0
        records = store.records(suite, "near")
        (verdict,) = validate(store, suite)
    assert (verdict.episodes, verdict.bitwise, verdict.difference) == (3, True, None)
    x = records.actions[..., 0].astype(float)
    rounds = np.clip(np.floor(1 + 9 * (records.actions[..., 1].astype(float) + 1) / 2), 1, 9)
    scores = 1.0 / (1.0 + (x - 0.3) ** 2 + 1.0 / rounds)
    np.testing.assert_allclose(records.reward, scores, rtol=1e-12)
    np.testing.assert_allclose(records.regret, 1 - np.maximum.accumulate(scores, -1), rtol=1e-9)
    np.testing.assert_array_equal(records.resource, rounds)
    np.testing.assert_allclose(records.cost, 0.002 + 0.02 * rounds / 100)


def test_the_regret_is_refused_where_nobody_knows_it(folder):
    blind = read_suite(f"{folder}/outside_suites.py:BLIND")
    with (
        Store(folder / "a.sqlite") as store,
        pytest.raises(ValueError, match=r"'blind' ranks by the regret.*'outside-parabola'"),
    ):
        missing_jobs(store, [blind], [])
    beale = read_suite(f"{folder}/outside_suites.py:BEALE")
    assert (beale.measure, replace(beale, score="score").measure) == ("regret", "1 - score")
    with pytest.raises(ValueError, match="score = 'loss' of suite 'beale' must be in"):
        replace(beale, score="loss")
    with pytest.raises(ValueError, match=r"does not state the options \['action', .*'stop'\]"):
        replace(beale, options={"metric": "f"}).check()


def test_suites_are_registered_by_object_or_by_name(folder, monkeypatch):
    monkeypatch.setattr(registry, "_SUITES", dict(registry._SUITES))
    reference = f"{folder}/outside_suites.py:BEALE"
    suite = register_suite(reference)
    assert register_suite(suite) is suite is make_suite("beale") is read_suite(reference)
    with pytest.raises(ValueError, match="the name of the suite 'beale' is taken"):
        register_suite(replace(suite, seeds=(7,)))
    with pytest.raises(ValueError, match="must be a Suite, it is <class"):
        register_suite(f"{folder}/outside_suites.py:Parabola")


SCRIPT = """
from pathlib import Path
import outside_suites
import outside_tuner
from hpo_gym.benchmark.results.store import Store
from hpo_gym.benchmark.running.runner import run
from hpo_gym.executors.processes import Processes
from hpo_gym.tuners.registry import agent_entry, register_agent

class Mine(outside_tuner.Near):
    def __init__(self, problem, *, seed):
        super().__init__(problem, seed=seed, step=0.1)

if __name__ == "__main__":
    register_agent(Mine)
    register_agent(outside_tuner.Near)
    agents = [agent_entry("Mine"), agent_entry("Near")]
    with Store("a.sqlite") as store:
        print(run(store, [outside_suites.PARABOLA], agents, executor=Processes(1)))
        print(*store.agents(outside_suites.PARABOLA))
"""


def test_objects_of_a_script_are_found_by_its_workers(folder):
    (folder / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["0", "Mine", "Near"], done.stderr


IMPURE = '''
from hpo_gym.benchmark.suites.suite import Suite, standard_options
from hpo_gym.families import Family, register_family
from hpo_gym.space import Float, SearchSpace


@register_family
class Counted(Family):
    """Every evaluation leaves a line; those with x > 0.5 fail."""

    name, metrics, goals = "outside-counted", ("error",), {"error": "minimise"}
    space = SearchSpace({"x": Float(0.0, 1.0)})
    pure, may_fail = False, True

    def evaluate(self, parameters, scaled, noise, draws, xp):
        with open("evaluations.txt", "a") as file:
            print(scaled[0], file=file)
        metrics = (float("nan") if scaled[0] > 0.5 else scaled[0],)
        return metrics, metrics


SUITE = Suite(
    "counted",
    {"name": "outside-counted", "version": 1},
    "test",
    (0,),
    (0, 1),
    standard_options(metric="error", max_evaluations=8),
    score="score",
)
'''


def test_an_impure_family_is_evaluated_once_and_not_replayed(folder, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "outside_impure.py").write_text(IMPURE)
    suite = read_suite("outside_impure.py:SUITE")
    near = AgentEntry("near", f"{folder}/outside_tuner.py:Near")
    with Store(folder / "a.sqlite") as store:
        assert run(store, [suite], [near], executor=Processes(2)) == 0
        records = store.records(suite, "near")
        (verdict,) = validate(store, suite)
    assert (verdict.episodes, verdict.replayed, verdict.difference) == (2, False, None)
    x = np.sort(np.loadtxt("evaluations.txt"))
    assert len(x) == 2 * 8
    np.testing.assert_allclose(x, np.sort(0.5 * (records.actions.ravel().astype(float) + 1)))
    failed = records.actions[..., 0] > 0.0
    assert failed.any() and not failed.all()
    scores = np.where(failed, 0.0, 1 / (1 + 0.5 * (records.actions[..., 0].astype(float) + 1)))
    np.testing.assert_allclose(records.regret, 1 - np.maximum.accumulate(scores, -1), rtol=1e-9)


WRONG = '''
import numpy as np

from hpo_gym.benchmark.suites.suite import Suite, standard_options
from hpo_gym.families import KnownOptimum, register_family
from hpo_gym.space import Float, SearchSpace


@register_family
class Wrong(KnownOptimum):
    """Its true optimum is 1, it says 0.1."""

    name, metrics, goals = "outside-wrong", ("score",), {"score": "maximise"}
    space = SearchSpace({name: Float(-1.0, 1.0) for name in "xyz"})

    def noiseless(self, parameters, scaled, xp):
        return (1.0 - scaled[0] * scaled[0] / 2.0,)

    def frontier(self, parameters, metric):
        return 3 * (np.array([0.0]),), np.array([0.1])


WRONG = Suite(
    "wrong", Wrong().describe(), "test", (0,), (0,), standard_options(metric="score")
)
'''


def test_a_wrong_optimum_is_not_the_tuners_failure(tmp_path):
    (tmp_path / "wrong_optimum.py").write_text(WRONG)
    suite = read_suite(f"{tmp_path}/wrong_optimum.py:WRONG")
    told = []
    with Store(tmp_path / "a.sqlite") as store:
        entry = tuner(tmp_path)
        assert run(store, [suite], [entry], report=lambda job, failure: told.append(failure)) == 1
        assert store.failures(suite) == {}
    assert "is not in [0, 1]" in told[0].message
    assert isinstance(told[0], Failure)
