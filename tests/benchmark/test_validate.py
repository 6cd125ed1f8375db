"""Stored results are replayed: every number of every episode."""

import sqlite3

import numpy as np
import pytest
from stored_rows import change_number
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
        store.begin(SUITE, agent)
        store.add(SUITE, ran(SUITE, agent, next(SUITE.shards(16, 1))), fingerprint())
        yield store


def test_a_replay_confirms_the_results(filled):
    (verdict,) = validate(filled, SUITE)
    assert verdict == ("tiny", "tuner", 16, True, True, None)
    (verdict,) = validate(filled, SUITE, sample=5)
    assert (verdict.episodes, verdict.difference) == (5, None)


@pytest.mark.parametrize("column", ["regret", "reward", "resource", "cost"])
def test_a_replay_finds_one_changed_bit(filled, tmp_path, column):
    task = SUITE.tasks[7]
    value, changed = change_number(
        tmp_path / "a.sqlite", column, task, 1, lambda value: np.nextafter(value, np.inf)
    )
    (verdict,) = validate(filled, SUITE)
    assert verdict.difference == (
        f"task {task}, seed {SUITE.seeds[0]}, evaluation 2: {column} is stored as {changed!r}, "
        f"replayed as {value!r}"
    )


@pytest.mark.parametrize("regret", [-0.25, 1.25, np.nan])
def test_no_regret_outside_its_bounds_is_confirmed(filled, tmp_path, regret):
    """As those are that were measured against a wrong optimum."""
    change_number(tmp_path / "a.sqlite", "regret", SUITE.tasks[7], 1, lambda value: regret)
    with pytest.raises(ValueError, match=r"results of 'tuner' on 'tiny' are damaged: .*regret"):
        list(validate(filled, SUITE))


def test_only_some_are_replayed(filled):
    assert list(validate(filled, SUITE, agents=["other"])) == []
    assert len(list(validate(filled, SUITE, agents=["tuner", "other"]))) == 1


def test_a_replay_is_of_every_episode(filled, tmp_path):
    """Also of those that tables leave out: with the other seed, on the tasks after a gap."""
    agent = tuner(tmp_path)
    last = list(SUITE.shards(36, 2))[-1]
    filled.add(SUITE, ran(SUITE, agent, last), fingerprint())
    (verdict,) = validate(filled, SUITE)
    assert verdict == ("tiny", "tuner", 20, True, True, None)
    change_number(tmp_path / "a.sqlite", "cost", last.tasks[1], 0, lambda value: 7.0)
    (verdict,) = validate(filled, SUITE)
    where = f"task {last.tasks[1]}, seed {last.seed}, evaluation 1"
    assert verdict.difference.startswith(f"{where}: cost is stored as 7.0")


@pytest.mark.parametrize(("error", "accepted"), [(0.5 * TOLERANCE, True), (3 * TOLERANCE, False)])
def test_results_of_another_machine_may_differ_a_little(filled, tmp_path, error, accepted):
    with sqlite3.connect(tmp_path / "a.sqlite") as connection:
        connection.execute("UPDATE runs SET fingerprint = 'another'")
    change_number(tmp_path / "a.sqlite", "reward", 9, 1, lambda reward: reward + error)
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
