"""`scripts.scheduling`: what it measures, keeps and prints."""

from __future__ import annotations

from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest

from agents.schedulers.registry import SCHEDULERS, make_scheduling_agent
from hpo_gym.families import RecordedFamily
from hpo_gym.scheduling import Status
from hpo_gym.tuners.play import play
from scripts.scheduling_choice import GRIDS, score
from scripts.scheduling_report import savings, tables
from scripts.scheduling_runs import ENV, MOMENTS, contestant, keep, kept, played


@pytest.fixture(scope="module")
def bandit():
    return played(
        contestant("random+bandit"), "validation", "budget", 1, delay_evaluation=3, slack_factor=0.5
    )


@pytest.fixture(scope="module")
def none():
    return played(contestant("random+none"), "validation", "budget", 1)


def test_the_regret_is_that_of_what_was_reported_until_then(bandit):
    """Epochs trained are those granted less those of runs that are still running."""
    count = RecordedFamily.sizes["validation"]
    envs = gym.make_vec(f"hpo_gym:{ENV}", count, split="validation", task=tuple(range(count)))
    encoder = envs.unwrapped.process.encoder
    agent = make_scheduling_agent("random+bandit", envs, delay_evaluation=3, slack_factor=0.5)
    row, seen = 7, []
    for turn in play(agent, envs, seed=0):
        if not turn.running[row]:
            continue
        runs = encoder.decode(turn.observations[row])
        running = [run for run, one in enumerate(runs.status) if one is Status.RUNNING]
        trained = turn.infos["granted"][row] - sum(map(runs.price, running))
        seen.append((trained / 800, turn.infos["time"][row] / 200, turn.infos["regret"][row]))
    for axis, curve in enumerate((bandit.by_epochs, bandit.by_time)):
        wanted = [[one[2] for one in seen if one[axis] <= moment][-1] for moment in MOMENTS]
        np.testing.assert_allclose(curve[row, 0], wanted, rtol=1e-6)
    assert bandit.started[row, 0] == len(runs.status)
    assert bandit.spent[row, 0] == 800 - runs.epochs_left
    assert len({*wanted}) > 3


def test_rows_are_kept_while_the_agent_is_the_same(tmp_path, monkeypatch, none):
    agent, path = contestant("random+none"), tmp_path / "folder" / "random+none.npz"
    assert kept(path, agent, "budget", 1) is None
    keep(path, none)
    found = kept(path, agent, "budget", 1)
    for name in ("by_epochs", "by_time", "started", "spent"):
        np.testing.assert_array_equal(getattr(found, name), getattr(none, name))
    assert kept(path, agent, "budget", 2) is None
    assert kept(path, agent, "runs", 1) is None
    assert kept(path, agent._replace(about={"scheduler": {"eta": 5}}), "budget", 1) is None
    first = path.read_bytes()
    keep(path, none)
    assert path.read_bytes() == first


def test_tables_show_what_the_rows_hold(none):
    half = replace(none, by_epochs=none.by_epochs / 2, by_time=none.by_time)
    shown = {table.title: table for table in tables("validation", {"a": none, "b": half}, "b")}
    assert len(shown) == 8
    table = shown["mean of the regret by worker-epochs"]
    ours, theirs = ([float(cell) for cell in row[3:7]] for row in table.rows)
    np.testing.assert_allclose(ours, none.by_epochs[..., [4, 9, 14, 19]].mean((0, 1)), atol=5e-4)
    np.testing.assert_allclose(theirs, np.array(ours) / 2, atol=1e-3)
    ((other, *cells),) = shown["mean of b less that of the others by worker-epochs"].rows
    assert other == "a" and all(cell.startswith("-.") for cell in cells)
    ((_, *cells),) = shown["mean of b less that of the others by time"].rows
    assert cells == ["+.000 [+.000, +.000]"] * 4
    assert score(half) == pytest.approx(score(none) - np.log10(2.0))


def test_savings_are_epochs_that_none_would_have_trained(none, bandit):
    assert (none.saved == 0.0).all()
    expected = 1.0 - bandit.spent / (100.0 * bandit.started)
    np.testing.assert_allclose(bandit.saved, expected)
    rows = {"random+none": none, "random+bandit": bandit, "tpe+bandit": bandit}
    ((name, saved, *losses),) = savings("validation", rows).rows
    assert name == "random+bandit" and saved == f"{expected.mean():.1%}" and len(losses) == 2


def test_every_scheduler_has_a_grid_with_what_was_chosen():
    assert set(GRIDS) == set(SCHEDULERS) - {"none"}
    for name, grid in GRIDS.items():
        assert all(value in grid[key] for key, value in SCHEDULERS[name][1].items())
        assert set(grid) == set(SCHEDULERS[name][1])
