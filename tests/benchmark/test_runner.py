"""The runner: the layout of the work, failures, kills, decision times."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from tiny_benchmarks import SUITE, assert_equal_runs, tuner, up_to

from hpo_gym.benchmark.results.store import Store
from hpo_gym.benchmark.running import runner
from hpo_gym.benchmark.running.replay import validate
from hpo_gym.benchmark.running.runner import (
    PATIENCE,
    Job,
    missing_jobs,
    run,
    run_shard,
)
from hpo_gym.benchmark.suites.suite import env_seed
from hpo_gym.executors.processes import Processes

EPISODES = len(SUITE.tasks) * len(SUITE.seeds)


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "a.sqlite") as store:
        yield store


def test_a_shard_is_what_the_scalar_environment_gives(tmp_path):
    shard = list(SUITE.shards(36, 2))[3]
    records = run_shard(Job(SUITE, tuner(tmp_path), shard))
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
def test_decision_times_leave_out_waiting_and_are_shared(tmp_path, monkeypatch, waiting, seconds):
    """A second passes between two looks at the counter, and some waiting between two others."""
    looks = []

    def look(name, step):
        looks.append(name)
        return step * looks.count(name)

    def read_text():
        return f"17 {round(1e9 * look('waiting', waiting))} 3"

    clock = SimpleNamespace(perf_counter=lambda: look("counter", 1.0))
    monkeypatch.setattr(runner, "time", clock)
    monkeypatch.setattr(runner, "_SCHEDULER", SimpleNamespace(read_text=read_text))
    shard = list(SUITE.shards(36, 2))[2]
    records = run_shard(Job(SUITE, tuner(tmp_path), shard))
    assert records.seconds.shape == (4, 1, 3)
    assert (records.seconds == seconds / 4).all()
    assert looks == 3 * ["waiting", "counter", "counter", "waiting"]  # reading it is not counted


def test_the_layout_depends_on_the_suite_alone(store, tmp_path):
    """In two goes and two processes as in one: the same batches with the same seeds."""
    assert run(store, [SUITE], [tuner(tmp_path)], profile=up_to(10, 1)) == 0
    assert store.records(SUITE, "tuner").regret.shape[:2] == (16, 1)
    whole = tuner(tmp_path)
    assert len(missing_jobs(store, [SUITE], [whole])) == 5
    run(store, [SUITE], [whole], executor=Processes(2))
    assert missing_jobs(store, [SUITE], [whole]) == []
    with Store(tmp_path / "b.sqlite") as other:
        run(other, [SUITE], [whole])
        assert_equal_runs(store.records(SUITE, "tuner"), other.records(SUITE, "tuner"))
    assert len(store.episodes(SUITE, "tuner")) == EPISODES


def test_shards_have_random_numbers_of_their_own(tmp_path):
    shards = list(SUITE.shards(36, 2))
    one, two = (run_shard(Job(SUITE, tuner(tmp_path), shard)) for shard in shards[:2])
    other = run_shard(Job(SUITE, tuner(tmp_path, name="other"), shards[0]))
    assert not np.array_equal(one.actions, two.actions)
    assert not np.array_equal(one.actions, other.actions)


def test_failing_tuners_are_failures_and_the_others_go_on(store, tmp_path):
    bad = ("Raises", "Nan", "Shape", "Stateless", "Seedless", "Dies", "Leaves", "Nothing")
    agents = [tuner(tmp_path, name) for name in bad]
    agents.insert(3, tuner(tmp_path))
    seen = []
    count = run(
        store,
        [SUITE],
        agents,
        profile=up_to(1, 1),
        executor=Processes(2),
        report=lambda job, succeeded: seen.append((job.agent.name, succeeded)),
    )
    assert count == len(bad)
    assert sorted(seen) == sorted((a.name, a.name == "tuner") for a in agents)
    reasons = {
        "raises": "no idea",
        "nan": "evaluation 1 on task 7: predict returned an action that is not finite: [0.0, nan",
        "shape": "evaluation 1 on the tasks [5, 6, 7",
        "stateless": "predict must return (actions, state), it returned array([[",
        "seedless": "Seedless(problem, seed=",
        "dies": "died with exit code 7",
        "leaves": "SystemExit",
        "nothing": "no attribute 'Nothing'",
    }
    failures = store.failures(SUITE)
    assert failures.keys() == reasons.keys()
    for name, reason in reasons.items():
        assert reason in failures[name][0]
        assert store.records(SUITE, name) is None
    assert "of shape (3,), not (16, 3)" in failures["shape"][0]
    assert "unexpected keyword argument 'seed'" in failures["seedless"][0]
    assert store.records(SUITE, "tuner").regret.shape[:2] == (16, 1)


def test_failures_are_tried_again(store, tmp_path):
    agent = tuner(tmp_path, "Raises")
    assert run(store, [SUITE], [agent]) == 6  # all of them, of which some were not tried
    assert len(store.failures(SUITE)["raises"]) == PATIENCE
    mended = tuner(tmp_path, "Tuner", name="raises")  # another identity, without results: taken
    assert run(store, [SUITE], [mended]) == 0
    assert store.failures(SUITE) == {}
    assert len(store.episodes(SUITE, "raises")) == EPISODES


VANDAL = """
from hpo_gym.benchmark.running import runner
from tuners import Tuner

class Vandal(Tuner):
    def __init__(self, problem, *, seed):
        super().__init__(problem, seed=seed)
        runner.env_seed = lambda task, seed: 0
"""


def test_what_a_tuner_does_to_its_process_reaches_no_other(store, tmp_path):
    victim = tuner(tmp_path)
    (tmp_path / "vandal.py").write_text(VANDAL)
    vandal = replace(victim, name="vandal", factory=f"{tmp_path}/vandal.py:Vandal")
    assert run(store, [SUITE], [vandal, victim], profile=up_to(1, 1)) == 0
    differences = {verdict.agent: verdict.difference for verdict in validate(store, SUITE)}
    assert differences["tuner"] is None
    assert differences["vandal"] is not None  # it does change results: its own


def test_processes_are_kept_for_the_same_owner_only():
    jobs = ["a1", "a2", "b1", "b2", "b3", "a3"]
    served = dict(Processes(1).run(iter(jobs), _process, owner=lambda job: job[0]))
    assert list(served) == jobs
    assert served["a1"] == served["a2"]
    assert served["b1"] == served["b2"] == served["b3"]
    assert len(set(served.values())) == 3


def _process(job):
    return os.getpid()


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
    seen = run_shard(Job(SUITE, curious, next(SUITE.shards(16, 1)))).actions
    assert (seen == told).all()


def test_oracles_are_told_their_tasks(tmp_path):
    shard = next(SUITE.shards(1, 1))
    told = run_shard(Job(SUITE, tuner(tmp_path, "Told", needs="process"), shard))
    np.testing.assert_array_equal(told.actions[:, 0, 0, 0], np.float32(told.tasks / 100))
    with pytest.raises(AttributeError, match="told"):  # nobody else is, whatever it calls itself
        run_shard(Job(SUITE, tuner(tmp_path, "Told"), shard))


def test_a_changed_file_is_another_tuner(store, tmp_path):
    agent = tuner(tmp_path)
    run(store, [SUITE], [agent], profile=up_to(1, 1))
    file = tmp_path / "tuners.py"
    moved = tmp_path / "elsewhere" / file.name
    moved.parent.mkdir()
    moved.write_text(file.read_text())
    elsewhere = replace(agent, factory=f"{moved}:Tuner")
    assert missing_jobs(store, [SUITE], [elsewhere], up_to(1, 1)) == []
    moved.write_text(file.read_text() + "# changed")
    assert store.outdated(SUITE, elsewhere).startswith("tuner changed (tuners.py)")
    assert len(missing_jobs(store, [SUITE], [elsewhere], up_to(1, 1))) == 1
    assert store.records(SUITE, "tuner") is None


def test_a_killed_run_goes_on(tmp_path):
    """Killed after the first shards, again and again, until nothing is left to do."""
    tuner(tmp_path)
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        "from tiny_benchmarks import SUITE, tuner\n"
        "from hpo_gym.benchmark.running.runner import run\n"
        "from hpo_gym.benchmark.results.store import Store\n"
        "from hpo_gym.executors.processes import Processes\n"
        "if __name__ == '__main__':\n"
        "    with Store(sys.argv[1]) as store:\n"
        f"        slow = tuner(Path({str(tmp_path)!r}), settings={{'delay': 0.1}})\n"
        "        run(store, [SUITE], [slow], executor=Processes(2))\n"
    )
    path = tmp_path / "killed.sqlite"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = kills = 0
    random = np.random.default_rng()
    while done < EPISODES:
        process = subprocess.Popen([sys.executable, script, path], env=environment)
        before = done
        while process.poll() is None and done == before:
            time.sleep(0.01)
            done = _count(path)
        if process.poll() is None and kills < 2:
            time.sleep(random.uniform(0.0, 0.3))
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.wait()
        done = _count(path)
    assert kills == 2
    with Store(path) as killed, Store(tmp_path / "whole.sqlite") as whole:
        run(whole, [SUITE], [tuner(tmp_path)])
        assert_equal_runs(killed.records(SUITE, "tuner"), whole.records(SUITE, "tuner"))
        assert [verdict.difference for verdict in validate(killed, SUITE)] == [None]


def _count(path):
    """Episodes in a store that another process is writing, if it has begun to."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            ((rows,),) = connection.execute("SELECT count(*) FROM episodes").fetchall()
    except sqlite3.OperationalError:
        return 0
    assert rows % 16 in (0, 4, 8)  # whole shards
    return rows


def test_workers_end_with_a_killed_parent(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import os, time\n"
        "from hpo_gym.executors.processes import Processes\n"
        "def work(job):\n"
        "    print(os.getpid(), flush=True)\n"
        "    time.sleep(60)\n"
        "if __name__ == '__main__':\n"
        "    list(Processes(1).run(iter([1]), work, owner=str))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, script], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        os.kill(int(process.stdout.readline()), 0)  # it is there
        process.kill()
        assert process.stdout.read() == ""  # the pipe closes when the worker is gone
