"""The runner: the layout of the work, failures, kills."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from tiny_benchmarks import SUITE, assert_equal_runs, tuner, up_to

from hpo_gym.benchmark.results.store import Store
from hpo_gym.benchmark.running.replay import validate
from hpo_gym.benchmark.running.runner import PATIENCE, missing_jobs, run
from hpo_gym.executors.processes import Processes

EPISODES = len(SUITE.tasks) * len(SUITE.seeds)


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "a.sqlite") as store:
        yield store


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
        report=lambda job, failure: seen.append((job.agent.name, failure is None)),
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
        run(whole, [SUITE], [tuner(tmp_path, settings={"delay": 0.1})])
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
