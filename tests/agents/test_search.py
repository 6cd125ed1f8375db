"""Searches by ask and tell behind `predict`: what they are told, when they are asked."""

from __future__ import annotations

import copy
from functools import partial
from typing import Any

import numpy as np
import pytest

import hpo_gym
from agents import make_agent
from hpo_gym.testing import check_agent
from hpo_gym.tuners import build_agent
from hpo_gym.tuners.ask_tell import Search, SearchAgent
from hpo_gym.tuners.registry import registered_agents

SHORT = {"family": "recorded", "max_evaluations": 5}


class Diary(Search):
    """Draws points and writes down what happens."""

    def __init__(self, random: np.random.Generator, dimension: int) -> None:
        self.random, self.dimension = random, dimension
        self.asked: list[np.ndarray] = []
        self.told: list[tuple[np.ndarray, float]] = []

    def tell(self, unit: np.ndarray, score: float) -> None:
        self.told.append((unit.copy(), score))

    def ask(self) -> np.ndarray:
        self.asked.append(self.random.uniform(-1.0, 1.0, self.dimension))
        return self.asked[-1]


class DiaryAgent(SearchAgent):
    name = "diary"

    def __init__(self, env: Any, *, seed: int = 0, initial: Any = ()) -> None:
        super().__init__(env, seed=seed, initial=initial)
        self.diaries: list[Diary] = []

    def begin(self, random: np.random.Generator) -> Diary:
        self.diaries.append(Diary(random, self.mode.dimension))
        return self.diaries[-1]


def test_contract() -> None:
    env = partial(hpo_gym.TuningEnv, max_evaluations=5, noise=0.1)
    check_agent(lambda: build_agent(DiaryAgent, env(), seed=3), env, steps=12, stochastic=True)
    with pytest.raises(AssertionError):  # rows have random numbers of their own
        check_agent(lambda: build_agent(DiaryAgent, env(), seed=3), env, steps=12)


@pytest.mark.parametrize("observation", ["summary", "history"])
@pytest.mark.parametrize("metric", ["f1", "accuracy", "loss"])
@pytest.mark.parametrize("start", ["none", "random"])
def test_searches_are_told_observed_scores(observation: str, metric: str, start: str) -> None:
    env = hpo_gym.TuningEnv(
        max_evaluations=4, noise=0.2, metric=metric, start=start, observation=observation
    )
    agent, (seen, info) = build_agent(DiaryAgent, env), env.reset(seed=1)
    expected, state, over = [], None, False
    if start == "random":
        expected.append((seen[:3], info[metric]))
    while not over:
        action, state = agent.predict(seen, state)
        seen, _, over, _, info = env.step(action)
        expected.append((action, info[metric]))
    (diary,) = agent.diaries
    assert len(diary.told) == len(expected) - 1  # the last value comes when nothing is left
    for (unit, score), (action, value) in zip(diary.told, expected[:-1], strict=True):
        np.testing.assert_array_equal(unit.astype(np.float32), action)
        wanted = 1.0 / (1.0 + value) if metric == "loss" else value
        assert score == pytest.approx(wanted, abs=1e-7)


@pytest.mark.parametrize("start", ["none", "random"])
def test_a_search_is_told_what_initial_configurations_gave_before_it_is_asked(start: str) -> None:
    env, units = hpo_gym.TuningEnv(max_evaluations=4, start=start), 0.5 - np.eye(3)[:2]
    agent, (seen, _), state = build_agent(DiaryAgent, env, initial=units), env.reset(seed=1), None
    actions, earlier = [], int(start == "random")
    for asked in (0, 0, 1, 2):
        action, state = agent.predict(seen, state)
        actions.append(action)
        assert len(agent.diaries[0].asked) == asked
        assert len(agent.diaries[0].told) == len(actions) - 1 + earlier
        seen, *_ = env.step(action)
    np.testing.assert_allclose(actions[:2], units, atol=1e-7)
    told = [unit for unit, _ in agent.diaries[0].told[earlier:]]
    np.testing.assert_allclose(told, actions[:3], atol=1e-7)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("sobol", {}),
        ("tpe-5", {}),
        ("cma-es", {}),
        ("gp-4", {}),
        ("anyspace", {}),
        ("agents.searches.optuna_search:OptunaAgent", {"sampler": "random"}),
    ],
)
def test_starts_are_what_is_evaluated_first(name: str, settings: dict[str, Any]) -> None:
    env = hpo_gym.TuningEnv(**SHORT)
    units = np.random.default_rng(0).uniform(-1.0, 1.0, (3, 3))
    plain, started = (
        [step[0] for step in actions_of(make_agent(name, env, **given), 1, 5, **SHORT)]
        for given in (settings, {**settings, "initial": units.tolist()})
    )
    np.testing.assert_allclose(started[:3], units, atol=1e-6)
    assert np.abs(started[3] - units).max(axis=1).min() > 1e-3
    assert not np.allclose(plain[0], units[0], atol=1e-3)  # a control: it would not by itself


@pytest.mark.parametrize("units", [[[0.0, 0.0]], [[0.0, 0.0, 1.5]], [[0.0, 0.0, np.nan]]])
def test_initial_configurations_that_are_none(units: Any) -> None:
    with pytest.raises(ValueError, match=r"initial = .* 3 numbers in \[-1, 1\] each"):
        make_agent("sobol", hpo_gym.TuningEnv(), initial=units)


def test_the_score_of_beale_is_its_own() -> None:
    env = hpo_gym.TuningEnv(family="beale", metric="f", start={"x": 4.0, "y": 4.0})
    agent = build_agent(DiaryAgent, env)
    agent.predict(env.reset(seed=0)[0])
    ((unit, score),) = agent.diaries[0].told
    np.testing.assert_allclose(unit, [0.8, 0.8], rtol=1e-7)
    assert score == pytest.approx(1.0 - np.log10(68892.203125) / np.log10(415072.703125), abs=1e-7)


def test_a_run_is_asked_once_per_evaluation() -> None:
    env = hpo_gym.TuningEnv(max_evaluations=3)
    agent, (seen, _) = build_agent(DiaryAgent, env), env.reset(seed=0)
    _, state = agent.predict(seen)
    seen = env.step([0.0, 0.0, 0.0])[0]
    first, state_after = agent.predict(seen, state)
    again, _ = agent.predict(seen, state)
    later, _ = agent.predict(seen, state_after)
    assert np.array_equal(first, again) and np.array_equal(first, later)
    diary = agent.diaries[0]
    assert (len(diary.told), len(diary.asked)) == (2, 2)
    env.step(first)
    seen = env.step(first)[0]  # the budget is spent
    agent.predict(seen, state_after)
    assert (len(diary.told), len(diary.asked)) == (2, 2)


def actions_of(agent: SearchAgent, rows: int, steps: int, **options: Any) -> np.ndarray:
    """Actions (steps, rows, d) in rows that reset at once."""
    options = {"noise": None if "family" in options else 0.1, **options}
    envs = hpo_gym.TuningVectorEnv(rows, autoreset_mode="SameStep", **options)
    seen, _ = envs.reset(seed=0)
    state, start, actions = None, np.ones(rows, dtype=bool), []
    for _ in range(steps):
        action, state = agent.predict(seen, state, start)
        actions.append(action)
        seen, _, start, _, _ = envs.step(action)
    return np.stack(actions)


def test_every_row_and_episode_has_its_own_random_numbers() -> None:
    options = {"max_evaluations": 4}
    env = hpo_gym.TuningEnv(**options)
    one, two, other = (
        actions_of(build_agent(DiaryAgent, env, seed=s), 3, 8, **options) for s in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, two)
    assert not np.isin(one, other).any()
    assert len(np.unique(one)) == one.size  # 3 rows, 2 episodes each
    np.testing.assert_array_equal(
        one[:, :1], actions_of(build_agent(DiaryAgent, env, seed=1), 1, 8, **options)
    )
    agent = build_agent(DiaryAgent, env, seed=1)
    first, second = (actions_of(agent, 3, 8, **options) for _ in range(2))
    np.testing.assert_array_equal(first, one)
    assert not np.isin(second, one).any()


@pytest.mark.parametrize("name", ["sobol", "tpe-5", "cma-es", "nelder-mead", "cobyla"])
def test_a_copied_state_goes_the_same_way(name: str) -> None:
    env = hpo_gym.TuningEnv(max_evaluations=9, noise=0.1)
    agent, (seen, _) = make_agent(name, env), env.reset(seed=0)
    state = None
    for _ in range(6):
        action, state = agent.predict(seen, state)
        seen = env.step(action)[0]
    ways = []
    for branch in (copy.deepcopy(state), state):
        other, observation, way = copy.deepcopy(env), seen, []
        for _ in range(3):
            action, branch = agent.predict(observation, branch)
            observation = other.step(action)[0]
            way.append(action)
        ways.append(way)
    np.testing.assert_array_equal(*ways)


def test_names_stand_for_classes_and_settings() -> None:
    env = hpo_gym.TuningEnv()
    searches = [entry for entry in registered_agents() if ".searches." in entry.reference]
    names = [entry.name for entry in searches if entry.extra != "peers"]
    assert len(names) == 15
    for name in names:
        assert isinstance(make_agent(name, env), SearchAgent)
    with pytest.raises(ValueError, match=r"'tpe' takes no settings \['sampler'\]; .*'initial'"):
        make_agent("tpe", env, sampler="gp")
    with pytest.raises(ValueError, match="'sobol' makes no sense with action='adjust'"):
        make_agent("sobol", hpo_gym.TuningEnv(action="adjust"))


def test_importing_the_agents_loads_no_tuner(run_python: Any) -> None:
    printed = run_python("import sys, agents; print(*{m.partition('.')[0] for m in sys.modules})")
    assert "numpy" in printed.split()
    assert set(printed.split()).isdisjoint({"optuna", "scipy", "torch", "cmaes"})
