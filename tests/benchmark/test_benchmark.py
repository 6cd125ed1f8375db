"""Averages, bootstrap, rollouts and their curves."""

from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

from agents import make_agent
from hpo_gym.benchmark.running.rollouts import Episodes, decision_seconds, run_episodes
from hpo_gym.benchmark.scoring.statistics import bootstrap, first_at_most, iqm, mean
from hpo_gym.benchmark.showing.plots import anytime_figure, regret_at_cost

ROOT = Path(__file__).parents[2]


def test_interquartile_mean_by_hand():
    assert iqm(np.array([4.0, 1.0, 3.0, 2.0])) == pytest.approx(2.5)
    # Five values: 1.25 are cut off at each end, so 2 and 4 count by three quarters.
    assert iqm(np.array([1.0, 2.0, 3.0, 4.0, 100.0])) == pytest.approx(
        (0.75 * 2 + 3 + 0.75 * 4) / 2.5
    )
    assert iqm(np.array([[0.0, 0.0, 8.0, np.inf], [7.0, 7.0, 7.0, 7.0]])).tolist() == [4.0, 7.0]


def test_interquartile_mean_equals_the_trimmed_mean_of_scipy():
    stats = pytest.importorskip("scipy.stats")
    values = np.random.default_rng(0).normal(size=400)
    assert iqm(values) == pytest.approx(stats.trim_mean(values, 0.25), abs=1e-14)


def test_bootstrap_interval_of_three_values_by_hand():
    """Of the 27 equally likely resamples of 0, 1, 5 one has the mean 0, three the mean 1/3.

    So the 10 % quantile is 1/3, and likewise the 90 % quantile is 11/3 (three times 5, 5, 1).
    """
    estimate = bootstrap(np.array([0.0, 1.0, 5.0]), confidence=0.8, resamples=20_000)
    assert estimate == pytest.approx((2.0, 1 / 3, 11 / 3))


def test_bootstrap_covers_the_truth_about_as_often_as_it_says():
    random = np.random.default_rng(1)
    covered = 0
    for seed in range(200):
        estimate = bootstrap(random.normal(size=60), resamples=400, seed=seed)
        covered += estimate.low <= 0.0 <= estimate.high
    assert 0.88 <= covered / 200 <= 0.99


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0])
def test_bootstrap_refuses_what_is_no_probability(confidence):
    with pytest.raises(ValueError, match=r"between 0 and 1"):
        bootstrap(np.ones(3), confidence=confidence)


def test_bootstrap_refuses_no_values():
    with pytest.raises(ValueError, match=r"n >= 1"):
        bootstrap(np.array([]))


def test_evaluations_to_a_bound():
    curves = [[0.5, 0.01, 0.0], [0.5, 0.4, 0.3], [0.001, 0.0, 0.0]]
    assert first_at_most(curves, 0.01).tolist() == [1.0, np.inf, 0.0]


def test_regret_at_cost_is_a_step_function():
    episodes = Episodes(
        returns=np.zeros(1),
        start_scores=np.zeros(1),
        regret=np.array([[1.0, 0.5, 0.25]]),
        cost=np.array([[0.0, 0.1, 0.3]]),
    )
    costs = np.array([0.0, 0.05, 0.1, 0.29, 0.3, 9.0])
    assert regret_at_cost(episodes, costs).tolist() == [[1.0, 1.0, 0.5, 0.5, 0.25, 0.25]]


@pytest.mark.parametrize("options", [{}, {"stop": True}, {"start": "none", "noise": 0.05}])
def test_rollouts_equal_single_environments(options):
    """Also where rows stop early: what follows a stop does not count."""

    class Walk:
        def predict(self, observation, state=None, episode_start=None, deterministic=False):
            # Some function of the observation that differs between rows and stops some of them.
            sums = np.asarray(observation, dtype=np.float64)[..., :13]
            width = 3 + ("stop" in options)
            waves = [
                np.sin(7.0 * (k + 1) * sums.sum(axis=-1)) - 0.6 * (k == 3) for k in range(width)
            ]
            return np.stack(waves, axis=-1).astype(np.float32), None

    episodes = run_episodes(
        Walk(), "hpo_gym:FictitiousHPO-v0", episodes=12, seed=5, options=options
    )
    lengths = set()
    for row in range(12):
        env = gym.make("hpo_gym:FictitiousHPO-v0", **options)
        observation, info = env.reset(seed=5 + row)
        regret, cost, total, over = [info["regret"]], [info["total_cost"]], 0.0, False
        while not over:
            observation, reward, over, _, info = env.step(Walk().predict(observation)[0])
            total += reward
            regret.append(info["regret"])
            cost.append(info["total_cost"])
        lengths.add(len(regret))
        fill = 21 - len(regret)
        assert episodes.returns[row] == pytest.approx(total, abs=1e-12)
        assert episodes.regret[row].tolist() == regret + fill * regret[-1:]
        assert episodes.cost[row].tolist() == cost + fill * cost[-1:]
    assert (len(lengths) > 1) == ("stop" in options)


def test_decision_time_is_positive_and_the_figure_has_every_agent():
    env = gym.make("hpo_gym:FictitiousHPO-v0")
    results = {
        name: run_episodes(make_agent(name, env), "hpo_gym:FictitiousHPO-v0", episodes=20, seed=0)
        for name in ("random", "grid")
    }
    assert decision_seconds(make_agent("grid", env), env.spec.id, seed=0, decisions=5) > 0.0
    figure = anytime_figure(results, "two agents")
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["random", "grid"]
    assert mean(results["grid"].regret[:, -1]) < mean(results["random"].regret[:, -1])


def test_curves_are_steps_down_to_a_floor_that_the_axis_states():
    episodes = Episodes(
        returns=np.zeros(4),
        start_scores=np.zeros(4),
        regret=np.tile([1.0, 0.5, 0.0], (4, 1)),
        cost=np.tile([0.0, 0.1, 0.3], (4, 1)),
    )
    left, right = anytime_figure({"agent": episodes}, "one agent").axes
    (line,) = left.get_lines()
    assert line.get_drawstyle() == right.get_lines()[0].get_drawstyle() == "steps-post"
    assert line.get_ydata().tolist() == [1.0, 0.5, 1e-6]
    assert "below 1e-06 drawn as that" in left.get_ylabel()
