"""Seeded episodes of an agent, and the curves that are drawn of them."""

import gymnasium as gym
import numpy as np
import pytest

from agents import make_agent
from hpo_gym.benchmark.running.rollouts import Episodes, decision_seconds, run_episodes
from hpo_gym.benchmark.scoring.statistics import mean
from hpo_gym.benchmark.showing.plots import anytime_figure, regret_at_cost


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
