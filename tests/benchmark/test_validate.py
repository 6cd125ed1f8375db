"""Stored results are replayed: every number of every episode."""

import sqlite3

import numpy as np
import pytest
from tiny_benchmarks import SUITE, ran, tuner

from hpo_gym.benchmark.results.store import Store
from hpo_gym.benchmark.running.replay import TOLERANCE, validate
from hpo_gym.benchmark.running.runner import fingerprint
from hpo_gym.families import bank


@pytest.fixture
def filled(tmp_path):
    """A store with the first shard of a tuner."""
    agent = tuner(tmp_path)
    with Store(tmp_path / "a.sqlite") as store:
        store.begin(SUITE, agent.name, agent.identity)
        store.add(SUITE, ran(SUITE, agent, next(SUITE.shards(16, 1))), fingerprint())
        yield store


def test_a_replay_confirms_the_results(filled):
    (verdict,) = validate(filled, SUITE)
    assert verdict == ("tiny", "tuner", 16, True, True, None)
    (verdict,) = validate(filled, SUITE, sample=5)
    assert (verdict.episodes, verdict.difference) == (5, None)


@pytest.mark.parametrize("column", ["regret", "reward", "resource", "cost"])
def test_a_replay_finds_one_changed_bit(filled, tmp_path, column):
    key = (SUITE.tasks[7], SUITE.seeds[0])
    with sqlite3.connect(tmp_path / "a.sqlite") as connection:
        query = f"SELECT {column} FROM evaluations WHERE task = ? AND seed = ? AND step = 1"
        ((value,),) = connection.execute(query, key).fetchall()
        changed = float(np.nextafter(value, np.inf))
        connection.execute(
            f"UPDATE evaluations SET {column} = ? WHERE task = ? AND seed = ? AND step = 1",
            (changed, *key),
        )
    (verdict,) = validate(filled, SUITE)
    assert verdict.difference == (
        f"task {key[0]}, seed {key[1]}, evaluation 2: {column} is stored as {changed!r}, "
        f"replayed as {value!r}"
    )


def test_a_replay_is_of_every_episode(filled, tmp_path):
    """Also of those that tables leave out: with the other seed, on the tasks after a gap."""
    agent = tuner(tmp_path)
    last = list(SUITE.shards(36, 2))[-1]
    filled.add(SUITE, ran(SUITE, agent, last), fingerprint())
    (verdict,) = validate(filled, SUITE)
    assert verdict == ("tiny", "tuner", 20, True, True, None)
    with sqlite3.connect(tmp_path / "a.sqlite") as connection:
        key = (last.tasks[1], last.seed)
        connection.execute("UPDATE evaluations SET cost = 7 WHERE task = ? AND seed = ?", key)
    (verdict,) = validate(filled, SUITE)
    assert verdict.difference.startswith(f"task {key[0]}, seed {key[1]}, evaluation 1: cost is")


def test_a_replay_finds_missing_evaluations(filled, tmp_path):
    with sqlite3.connect(tmp_path / "a.sqlite") as connection:
        connection.execute("DELETE FROM evaluations WHERE task = 9 AND step = 0")
    (verdict,) = validate(filled, SUITE)
    assert verdict.episodes == 15
    assert verdict.difference == "task 9, seed 3: only 2 of 3 evaluations are stored"
    with sqlite3.connect(tmp_path / "a.sqlite") as connection:
        connection.execute("DELETE FROM evaluations WHERE step = 0")
    (verdict,) = validate(filled, SUITE)
    assert (verdict.episodes, verdict.difference[:14]) == (0, "task 5, seed 3")


@pytest.mark.parametrize(("error", "accepted"), [(0.5 * TOLERANCE, True), (3 * TOLERANCE, False)])
def test_results_of_another_machine_may_differ_a_little(filled, tmp_path, error, accepted):
    with sqlite3.connect(tmp_path / "a.sqlite") as connection:
        connection.execute("UPDATE runs SET fingerprint = 'another'")
        connection.execute("UPDATE evaluations SET reward = reward + ? WHERE task = 9", (error,))
    (verdict,) = validate(filled, SUITE)
    assert not verdict.bitwise
    assert (verdict.difference is None) == accepted


def test_a_replay_takes_no_optimum_that_was_kept(filled, monkeypatch):
    """Right rows are confirmed, whatever scores a file had for the optima."""
    kept = bank._optima

    def forged(*arguments):
        optima = kept(*arguments)
        return optima._replace(score=0.8 * optima.score)

    monkeypatch.setattr(bank, "_optima", forged)
    (verdict,) = validate(filled, SUITE)
    assert verdict.difference is None
