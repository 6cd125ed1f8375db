"""The hand-written agents: the contract of `predict`, and what each of them must achieve."""

from __future__ import annotations

from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import DummyVecEnv

import hpo_gym
from agents import make_agent
from agents.baselines.grid import GridAgent, coarse_to_fine, grid_counts
from hpo_gym.integrations.sb3 import NativeVecEnv
from hpo_gym.references import load
from hpo_gym.testing import check_agent
from hpo_gym.tuners.registry import agent_entry
from hpo_gym.tuning.optimal import optimal_return

MODES = ("propose", "adjust", "nudge")
AGENTS = ("random", "constant", "grid", "coordinate", "oracle")
MODES_OF = {name: load(agent_entry(name).reference).modes for name in AGENTS}
PAIRS = [(name, mode) for name in AGENTS for mode in MODES_OF[name]]


def episodes(name: str, count: int = 300, **options: Any) -> tuple[np.ndarray, dict[str, Any]]:
    """Returns of an agent's episodes (seeds 0 and up) and the infos of their last steps."""
    envs = hpo_gym.TuningVectorEnv(count, autoreset_mode="Disabled", **options)
    observations, _ = envs.reset(seed=0)
    agent, state, total = make_agent(name, envs), None, np.zeros(count)
    over = np.zeros(count, dtype=bool)
    while not over.all():
        actions, state = agent.predict(observations, state)
        observations, rewards, over, _, infos = envs.step(actions)
        assert over.all() or not over.any()
        total += rewards
    return total, infos


@pytest.mark.parametrize("stop", [False, True])
@pytest.mark.parametrize(("name", "mode"), PAIRS)
def test_contract(name: str, mode: str, stop: bool) -> None:
    env = partial(
        gym.make, "FictitiousHPO-v0", action=mode, stop=stop, max_evaluations=9, noise=None
    )
    check_agent(lambda: make_agent(name, env(), seed=3), env, stochastic=name == "random")


@pytest.mark.parametrize("options", [{"start": "none"}, {"observation": "history"}, {"noise": 0.2}])
@pytest.mark.parametrize("name", AGENTS)
def test_contract_with_other_options(name: str, options: dict[str, Any]) -> None:
    env = partial(gym.make, "FictitiousHPO-v0", **options)
    check_agent(lambda: make_agent(name, env()), env, stochastic=name == "random")


@pytest.mark.parametrize(
    ("name", "mode"), [pair for pair in PAIRS if pair[0] != "oracle" or pair[1] == "propose"]
)
def test_contract_on_another_family(name: str, mode: str) -> None:
    env = partial(gym.make, "BealeHPO-v0", action=mode)
    check_agent(lambda: make_agent(name, env()), env, stochastic=name == "random")


@pytest.mark.parametrize(("name", "mode"), [pair for pair in PAIRS if pair[0] != "random"])
def test_evaluate_policy_agrees_with_a_plain_loop(name: str, mode: str) -> None:
    expected, _ = episodes(name, 4, action=mode)
    native = hpo_gym.TuningVectorEnv(4, action=mode, autoreset_mode="SameStep")
    dummy = DummyVecEnv([partial(hpo_gym.TuningEnv, action=mode) for _ in range(4)])
    for envs in (NativeVecEnv(native), dummy):
        envs.seed(0)
        agent = make_agent(name, envs)
        returns, lengths = evaluate_policy(
            agent, envs, n_eval_episodes=8, return_episode_rewards=True, warn=False
        )
        assert lengths == [20] * 8
        np.testing.assert_allclose(sorted(returns[:4]), sorted(expected), rtol=0, atol=1e-6)
        assert not np.allclose(sorted(returns[4:]), sorted(expected))


@pytest.mark.parametrize(("name", "mode"), [pair for pair in PAIRS if pair[0] != "random"])
def test_rows_out_of_phase_are_decided_as_in_phase(name: str, mode: str) -> None:
    expected, _ = episodes(name, 6, action=mode, max_evaluations=8)
    envs = hpo_gym.TuningVectorEnv(6, action=mode, max_evaluations=8)  # resets at the next step
    observations, _ = envs.reset(seed=0)
    agent, state, total = make_agent(name, envs), None, np.zeros(6)
    finished: dict[int, float] = {}
    for step in range(40):
        if 0 < step < 6:  # row `step` begins anew, with the same seed, `step` steps late
            seeds = [int(row) if row == step else None for row in range(6)]
            observations, _ = envs.reset(seed=seeds, options={"reset_mask": np.arange(6) == step})
            total[step] = 0.0
        actions, state = agent.predict(observations, state)
        observations, rewards, terminated, _, _ = envs.step(actions)
        total += rewards
        for row in np.flatnonzero(terminated).tolist():
            finished.setdefault(row, float(total[row]))
    np.testing.assert_allclose([finished[row] for row in range(6)], expected, rtol=0, atol=1e-12)


def test_random_proposals_are_uniform_and_earn_what_they_should() -> None:
    env = gym.make("FictitiousHPO-v0")
    agent = make_agent("random", env, seed=1)
    actions, _ = agent.predict(np.tile(env.reset(seed=0)[0], (20_000, 1)))
    assert np.abs(actions.mean(axis=0)).max() < 0.02
    assert np.abs(actions.std(axis=0) - 1 / np.sqrt(3)).max() < 0.02
    returns, _ = episodes("random", 4000)
    assert returns.mean() == pytest.approx(0.190, abs=0.01)


@pytest.mark.parametrize("mode", MODES)
def test_random_actions_stop_only_if_asked(mode: str) -> None:
    env = gym.make("FictitiousHPO-v0", action=mode, stop=True)
    observations = np.tile(env.reset(seed=0)[0], (5000, 1))
    for chance in (0.0, 0.25):
        actions, _ = make_agent("random", env, stop_probability=chance).predict(observations)
        stops = actions == 7 if mode == "nudge" else actions[:, -1] > 0.0
        assert stops.mean() == pytest.approx(chance, abs=0.03 * (chance > 0))
    with pytest.raises(ValueError, match=r"stop_probability = 0.5 must be .* stop=True"):
        make_agent("random", gym.make("FictitiousHPO-v0", action=mode), stop_probability=0.5)


def test_the_constant_agent_pays_once_and_rests() -> None:
    env = gym.make("FictitiousHPO-v0")
    agent, (observation, _) = make_agent("constant", env), env.reset(seed=0)
    infos = []
    for _ in range(20):
        observation, _, _, _, info = env.step(agent.predict(observation)[0])
        infos.append(info)
    assert [info["epochs"] for info in infos] == [80] + [1] * 19
    assert infos[0]["regret"] == pytest.approx(0.0, abs=1e-9)
    chosen = {"thr": 0.4, "epochs": 7, "lr": 0.001}
    other = make_agent("constant", env, configuration=chosen)
    env.reset(seed=0)
    info = env.step(other.predict(env.reset(seed=0)[0])[0])[4]
    assert {key: info[key] for key in chosen} == pytest.approx(chosen, rel=1e-6)


@pytest.mark.parametrize(("name", "evaluations"), [("constant", 1), ("grid", 18), ("oracle", 1)])
def test_agents_that_are_done_stop(name: str, evaluations: int) -> None:
    env = gym.make("FictitiousHPO-v0", stop=True)
    agent, (observation, _) = make_agent(name, env), env.reset(seed=0)
    over = False
    while not over:
        observation, _, over, _, info = env.step(agent.predict(observation)[0])
    assert info["evaluations"] == evaluations


def test_grids_share_the_budget_among_all_axes() -> None:
    assert grid_counts(1, 3) == (1, 1, 1)
    assert grid_counts(7, 3) == (2, 2, 1)
    assert grid_counts(20, 3) == (3, 3, 2)
    assert grid_counts(27, 3) == (3, 3, 3)
    for budget in range(1, 200):
        counts = grid_counts(budget, 3)
        assert np.prod(counts) <= budget
        assert max(counts) - min(counts) <= 1
        larger = list(counts)
        larger[int(np.argmin(counts))] += 1
        assert np.prod(larger) > budget


def test_grids_go_from_coarse_to_fine() -> None:
    line = np.linspace(-1.0, 1.0, 9)[:, None]
    assert coarse_to_fine(line).ravel().tolist()[:5] == [0.0, -1.0, 1.0, -0.5, 0.5]
    env = gym.make("FictitiousHPO-v0")
    ordered, shuffled = (
        make_agent("grid", env, seed=5, shuffle=shuffle) for shuffle in (False, True)
    )
    assert isinstance(ordered, GridAgent) and isinstance(shuffled, GridAgent)
    assert sorted(ordered.points.tolist()) == sorted(shuffled.points.tolist())
    assert ordered.points.tolist() != shuffled.points.tolist()
    again = make_agent("grid", env, seed=5, shuffle=True)
    assert isinstance(again, GridAgent) and np.array_equal(again.points, shuffled.points)


def test_coordinate_search_finds_the_optimum_by_proposals() -> None:
    returns, infos = episodes("coordinate")
    assert infos["regret"].max() < 1e-3
    envs = hpo_gym.TuningVectorEnv(300)
    envs.reset(seed=0)
    optimum = optimal_return(envs, envs._state.true_score).mean()
    assert (returns.mean() - 0.19) / (optimum - 0.19) > 0.9
    _, infos = episodes("coordinate", 1, family="beale", metric="f", start={"x": 4.0, "y": 4.0})
    assert infos["regret"][0] < 0.02


@pytest.mark.parametrize("mode", ["adjust", "nudge"])
def test_pattern_search_is_between_chance_and_the_oracle(mode: str) -> None:
    random, _ = episodes("random", action=mode)
    pattern, infos = episodes("coordinate", action=mode)
    oracle, _ = episodes("oracle", action=mode)
    assert np.median(infos["regret"]) < 0.03
    assert random.mean() + 0.2 < pattern.mean() < oracle.mean() - 0.05


def test_the_oracle_is_never_beaten_by_the_others() -> None:
    for mode in MODES:
        best, _ = episodes("oracle", 100, action=mode)
        for name in ("random", "constant", "grid", "coordinate"):
            if mode in MODES_OF[name]:
                returns, _ = episodes(name, 100, action=mode)
                assert (returns <= best + 1e-6).all(), (name, mode)


@pytest.mark.parametrize(
    ("name", "options", "settings", "message"),
    [
        ("best", {}, {}, r"unknown agent 'best'; known agents: \['anyspace', 'ax'"),
        ("grid", {"action": "nudge"}, {}, r"'grid' makes no sense with action='nudge'.*'propose'"),
        ("constant", {"action": "adjust"}, {}, "'constant' makes no sense with action='adjust'"),
        ("grid", {}, {"points": 3}, r"'grid' takes no settings \['points'\]; .*\['shuffle'\]"),
        ("constant", {}, {"configuration": {"thr": 2.0}}, "missing"),
    ],
)
def test_mistakes_are_explained(
    name: str, options: dict[str, Any], settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make_agent(name, gym.make("FictitiousHPO-v0", **options), **settings)


def test_observations_and_states_of_another_shape_are_refused() -> None:
    env = gym.make("FictitiousHPO-v0")
    agent, (observation, _) = make_agent("coordinate", env), env.reset(seed=0)
    with pytest.raises(ValueError, match="14 components"):
        agent.predict(observation[:-1])
    _, state = agent.predict(observation)
    with pytest.raises(ValueError, match="the state is of 1 rows, the observation of 2"):
        agent.predict(np.stack((observation, observation)), state)
