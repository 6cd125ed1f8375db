"""Tuners in processes of their own: what they are told, what they answer, how they end."""

import os
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from tiny_benchmarks import SUITE, ran, tuner, up_to

from hpo_gym.benchmark.results.store import Store
from hpo_gym.benchmark.running import hosted
from hpo_gym.benchmark.running.replay import validate
from hpo_gym.benchmark.running.runner import missing_jobs, run
from hpo_gym.benchmark.running.tuner_process import TunerError
from hpo_gym.benchmark.suites.suite import env_seed


def test_a_shard_is_what_the_scalar_environment_gives(tmp_path):
    shard = list(SUITE.shards(36, 2))[3]
    records = ran(SUITE, tuner(tmp_path), shard)
    env = SUITE.env()
    for i, task in enumerate(shard.tasks):
        env.reset(seed=env_seed(task, 0), options={"task": task})
        for step, action in enumerate(records.actions[i, 0]):
            _, reward, over, _, info = env.step(action)
            numbers = [getattr(records, n)[i, 0, step] for n in ("regret", "reward", "cost")]
            assert numbers == [info["regret"], reward, info["cost"]]
            assert records.resource[i, 0, step] == info["epochs"]
        assert over
    assert (records.tasks.tolist(), records.seeds.tolist()) == (list(shard.tasks), [0])
    assert (records.actions.min(), records.actions.max()) == (-1.0, 1.0)  # clipped
    assert (records.seconds > 0.0).all()


@pytest.mark.parametrize(("waiting", "seconds"), [(0.25, 0.75), (0.0, 1.0), (1.5, 0.0)])
def test_decision_times_leave_out_waiting(monkeypatch, waiting, seconds):
    """A second passes between two looks at the counter, and some waiting between two others."""
    looks = []

    def look(name, step):
        looks.append(name)
        return step * looks.count(name)

    def read_text():
        return f"17 {round(1e9 * look('waiting', waiting))} 3"

    clock = SimpleNamespace(perf_counter=lambda: look("counter", 1.0))
    monkeypatch.setattr(hosted, "time", clock)
    monkeypatch.setattr(hosted, "_SCHEDULER", SimpleNamespace(read_text=read_text))
    assert hosted.timed(lambda: "answer") == ("answer", seconds)
    assert looks == ["waiting", "counter", "counter", "waiting"]  # reading it is not counted


def test_all_rows_share_the_time(tmp_path):
    slow = tuner(tmp_path, settings={"delay": 0.1})
    seconds = ran(SUITE, slow, list(SUITE.shards(36, 2))[2]).seconds
    assert seconds.shape == (4, 1, 3)
    assert (seconds == seconds[:1]).all()
    assert (4 * seconds[0] >= 0.09).all()


def test_shards_have_random_numbers_of_their_own(tmp_path):
    shards = list(SUITE.shards(36, 2))
    one, two = (ran(SUITE, tuner(tmp_path), shard) for shard in shards[:2])
    other = ran(SUITE, tuner(tmp_path, name="other"), shards[0])
    changed = ran(SUITE, tuner(tmp_path, settings={"delay": 0.001}), shards[0])
    assert not np.array_equal(one.actions, two.actions)
    assert not np.array_equal(one.actions, changed.actions)
    assert np.array_equal(one.actions, other.actions)  # they are the tuner's, not its name's


VANDAL = """
import numpy as np
from hpo_gym.rng import derive
from hpo_gym.benchmark.running import shards
from hpo_gym.families.fictitious.family import FictitiousFamily
from tuners import Tuner

class Vandal(Tuner):
    def __init__(self, problem, *, seed):
        super().__init__(problem, seed=seed)
        shards.env_seed = lambda *_: 0
        FictitiousFamily.evaluate = lambda *_: 1 / 0
        np.float32 = None
"""


def test_what_a_tuner_does_to_its_process_reaches_nothing(tmp_path):
    """Neither its environments, which stand in another process, nor another tuner."""
    victim = tuner(tmp_path)
    (tmp_path / "vandal.py").write_text(VANDAL)
    vandal = replace(victim, name="vandal", factory=f"{tmp_path}/vandal.py:Vandal")
    with Store(tmp_path / "a.sqlite") as store:
        run(store, [SUITE], [vandal, victim], profile=up_to(1, 1))
        differences = {v.agent: v.difference for v in validate(store, SUITE)}
        assert set(differences.values()) == {None}
        assert len(store.episodes(SUITE, "tuner")) == 16


CURIOUS = """
import numpy as np

class Curious:
    def __init__(self, problem, *, seed, family, process=None):
        self.tells = [hasattr(problem, name) for name in ("step", "family", "tasks")]
        self.tells += [process is not None]
        self.tells += [process is not None and process.options.split == "train"]

    def predict(self, observation, **kwargs):
        seen = np.array(self.tells, dtype=float) @ 2.0 ** -np.arange(5)
        return np.full((len(observation), 3), 0.5 * seen), None
"""


@pytest.mark.parametrize(("needs", "told"), [("family", 0.0), ("process", 3 / 32)])
def test_what_a_tuner_is_built_with_has_no_test_tasks(tmp_path, needs, told):
    """But the family, and for an oracle the process of its training tasks."""
    (tmp_path / "curious.py").write_text(CURIOUS)
    curious = replace(tuner(tmp_path), factory=f"{tmp_path}/curious.py:Curious", needs=needs)
    seen = ran(SUITE, curious, next(SUITE.shards(16, 1))).actions
    assert (seen == told).all()


def test_oracles_are_told_their_tasks(tmp_path):
    shard = next(SUITE.shards(1, 1))
    told = ran(SUITE, tuner(tmp_path, "Told", needs="process"), shard)
    np.testing.assert_array_equal(told.actions[:, 0, 0, 0], np.float32(told.tasks / 100))
    with pytest.raises(TunerError, match="told"):  # nobody else is, whatever it calls itself
        ran(SUITE, tuner(tmp_path, "Told"), shard)


NEIGHBOURS = """
import agents, scripts, tests
from tuners import Tuner

class Neighbour(Tuner):
    assert agents.MINE and scripts.MINE and tests.MINE
"""


def test_packages_beside_a_tuner_win_over_ours(tmp_path):
    for name in ("agents", "scripts", "tests"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("MINE = True")
    tuner(tmp_path)
    (tmp_path / "neighbour.py").write_text(NEIGHBOURS)
    entry = tuner(tmp_path, factory=f"{tmp_path}/neighbour.py:Neighbour")
    with Store(tmp_path / "a.sqlite") as store:
        assert run(store, [SUITE], [entry], profile=up_to(1, 1)) == 0


FALLBACK = """
from pathlib import Path
from tuners import Tuner

class Fallback(Tuner):
    def predict(self, *args, **kwargs):
        try:
            Path(__file__).with_name("weights.txt").read_text()
        except FileNotFoundError:
            pass
        return super().predict(*args, **kwargs)
"""


def test_weights_that_come_later_outdate_the_results_without_them(tmp_path):
    entry = tuner(tmp_path, name="fallback", factory=f"{tmp_path}/fallback.py:Fallback")
    (tmp_path / "fallback.py").write_text(FALLBACK)
    told = []
    with Store(tmp_path / "a.sqlite") as store:
        assert run(store, [SUITE], [entry], profile=up_to(16, 1)) == 0
        assert missing_jobs(store, [SUITE], [entry], up_to(16, 1), told.append) == told == []
        (tmp_path / "weights.txt").write_text("1")
        assert len(missing_jobs(store, [SUITE], [entry], up_to(16, 1), told.append)) == 1
    assert told == ["fallback changed (weights.txt): its 16 episodes on tiny run anew"]


def test_a_script_without_a_guard_is_refused(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from hpo_gym.benchmark.running.runner import run\n"
        "from hpo_gym.benchmark.results.store import Store\n"
        "from hpo_gym.tuners.registry import register_agent\n"
        "from tiny_benchmarks import SUITE\n"
        "class Mine: ...\n"
        "with Store('a.sqlite') as store:\n"
        "    run(store, [SUITE], [register_agent(Mine)])\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, script], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert 'put what it does under if __name__ == "__main__":' in done.stderr
    with Store(tmp_path / "a.sqlite") as store:
        assert store.failures(SUITE) == {}


def test_failures_of_a_family_are_not_the_tuners(tmp_path, monkeypatch):
    (tmp_path / "broken_family.py").write_text(
        "from hpo_gym.families.fictitious.family import FictitiousFamily\n"
        "class Broken(FictitiousFamily):\n"
        "    name = 'broken'\n"
        "    def evaluate(self, *args):\n"
        "        raise OverflowError('mine')\n"
    )
    family = {"name": f"{tmp_path}/broken_family.py:Broken"}
    suite = replace(SUITE, family=family, score="score")
    seen = []
    with Store(tmp_path / "a.sqlite") as store:
        count = run(
            store,
            [suite],
            [tuner(tmp_path)],
            profile=up_to(16, 1),
            report=lambda job, failure: seen.append(failure.message),
        )
        assert (count, store.failures(suite)) == (1, {})
        assert len(missing_jobs(store, [suite], [tuner(tmp_path)], up_to(16, 1))) == 1
    assert "OverflowError: mine" in seen[0]
