"""Four families as users write them, tests/support/foreign, do whatever a shipped one does."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

import gymnasium as gym
import numpy as np
import pytest
from foreign.blind import Blind
from foreign.impure import Counting
from foreign.mixed import BEST, Network
from foreign.rmse import Ridge
from gymnasium.utils.env_checker import check_env

from agents import make_agent
from hpo_gym.testing import check_family, check_vector_env
from hpo_gym.tuners.play import play

ENV_ID = "hpo_gym:FictitiousHPO-v0"
MODES = ("NextStep", "SameStep", "Disabled")


class Steady(Counting):
    """Evaluated once each, and yet always the same: so that episodes can be compared."""

    drift = 0.0


class Watched(Ridge):
    """Pure, and keeps what it was asked, however many rows at a time."""

    def __init__(self):
        self.asked = []

    def noiseless(self, parameters, scaled, xp):
        self.asked += np.atleast_1d(scaled[0]).tolist()
        return super().noiseless(parameters, scaled, xp)


class Breaks(Ridge):
    """Says nothing of failures, but there are some: NaN on the right half."""

    def noiseless(self, parameters, scaled, xp):
        (rmse,) = super().noiseless(parameters, scaled, xp)
        return (xp.where(scaled[0] > 0.5, float("nan"), rmse),)


class Hill(Ridge):
    """The same number, to be maximised: the best is at the far end."""

    goals: ClassVar = {"rmse": "maximise"}

    def noiseless(self, parameters, scaled, xp):
        return (0.25 * super().noiseless(parameters, scaled, xp)[0],)


def options_of(family, **options):
    (metric, *_) = family.goals
    return {"family": family(), "metric": metric, "max_evaluations": 5, **options}


def make(family, **options):
    return gym.make(ENV_ID, **options_of(family, **options)).unwrapped


def make_vec(family, rows, **options):
    return gym.make_vec(ENV_ID, rows, **options_of(family, **options))


every_family = pytest.mark.parametrize("family", [Ridge, Blind, Counting, Network])
every_steady_family = pytest.mark.parametrize("family", [Ridge, Blind, Steady, Network])


@every_family
def test_conformance(family):
    check_family(family())


@every_steady_family
@pytest.mark.parametrize("options", [{}, {"start": "none", "observation": "history"}], ids=str)
def test_gymnasium_finds_no_fault(family, options):
    check_env(make(family, **options))


@every_steady_family
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "options", [{"stop": True, "observation": "history"}, {"start": "none"}], ids=str
)
def test_vectors_conform(family, mode, options):
    envs = make_vec(family, 3, autoreset_mode=mode, **options)
    check_vector_env(envs, steps=30, stochastic="start" not in options)


@pytest.mark.parametrize("family", [Counting, Watched])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("start", ["none", "random"])
def test_nothing_is_evaluated_that_was_not_asked_for(family, mode, start):
    """One evaluation for each row that steps or begins at a start: none for stops and the rest."""
    rows, begins = 3, int(start == "random")
    envs = make_vec(family, rows, autoreset_mode=mode, start=start, stop=True)
    asked = envs.unwrapped.process.family.asked
    random, done = np.random.default_rng(5), np.zeros(rows, dtype=bool)
    seen = {"stop": 0, "end": 0, "partial reset": 0}
    envs.reset(seed=0)
    assert len(asked) == rows * begins
    for turn in range(60):
        must = done if mode == "Disabled" else np.zeros(rows, dtype=bool)
        mask = must | (random.random(rows) < 0.4) if turn % 7 == 6 else must
        if mask.any():
            asked.clear()
            envs.reset(options={"reset_mask": mask})
            assert len(asked) == mask.sum() * begins
            seen["partial reset"] += not mask.all()
            done = done & ~mask
        actions = random.uniform(-1.0, 1.0, envs.action_space.shape).astype(np.float32)
        stops = random.random(rows) < 0.15
        actions[:, -1] = np.where(stops, 1.0, -1.0)
        waits = done if mode == "NextStep" else np.zeros(rows, dtype=bool)
        asked.clear()
        done = envs.step(actions)[2]
        begun = done if mode == "SameStep" else waits
        assert len(asked) == (~stops & ~waits).sum() + begun.sum() * begins
        seen["stop"] += (stops & ~waits).sum()
        seen["end"] += (done & ~stops).sum()
    assert min(seen.values()) >= 3


@pytest.mark.parametrize("start", ["none", "random"])
def test_one_row_is_evaluated_once_a_step(start):
    env = make(Counting, start=start, stop=True)
    asked = env.process.family.asked
    env.reset(seed=0)
    assert len(asked) == int(start == "random")
    for count in range(3):
        *_, info = env.step(np.array([0.1 * count, 0.5, -1.0], dtype=np.float32))
        assert asked[-1] == (info["x"], info["steps"])
    env.step(np.array([0.0, 0.5, 1.0], dtype=np.float32))
    assert len(asked) == 3 + int(start == "random")


def test_a_check_names_nan_where_nothing_was_said():
    with pytest.raises(AssertionError, match=r"metric 'rmse' is NaN at \{'a': .*may_fail = True"):
        check_family(Breaks())


@pytest.mark.parametrize("start", ["none", {"a": 0.9}], ids=str)
def test_an_evaluation_that_gives_nan_has_failed(start):
    """It is paid, is worth nothing, and is never the incumbent; one row and many."""
    options = {"start": start, "max_evaluations": 3, "observation": "history"}
    env, envs = make(Breaks, **options), make_vec(Breaks, 2, autoreset_mode="Disabled", **options)
    decode = env.process.encoder.decode
    results, many = [env.reset(seed=0)], [envs.reset(seed=0)]
    assert results[0][1]["failed"] is (start != "none")
    for a in (0.9, 0.2, 0.6):
        action = np.array([2.0 * a - 1.0], dtype=np.float32)
        observation, reward, *_, info = env.step(action)
        results.append((observation, info | {"reward": reward}))
        observations, rewards, *_, infos = envs.step(np.stack([action, action]))
        many.append((observations, infos | {"reward": rewards}))
    for (observation, info), (observations, infos) in zip(results, many, strict=True):
        assert observation in env.observation_space
        for name, value in info.items():
            assert infos[name].tolist() == [value, value], name
        np.testing.assert_array_equal(observations, [observation, observation])
    _, first, good, bad = [info for _, info in results]
    assert [info["failed"] for info in (first, good, bad)] == [True, False, True]
    assert (first["rmse"], first["best_rmse"], first["reward"]) == (0.0, 0.0, -0.002)
    assert decode(results[1][0]).best_score == decode(results[1][0]).score == 0.0
    assert good["best_rmse"] == good["rmse"] == pytest.approx(0.1)
    assert good["reward"] == pytest.approx(1.0 / 1.1 - 0.002)
    assert (bad["rmse"], bad["best_rmse"]) == (0.0, good["rmse"])
    assert (bad["reward"], bad["total_cost"]) == pytest.approx((-0.002, 0.006))
    assert decode(results[3][0]).best_score == np.float32(1.0 / 1.1)
    assert decode(results[3][0]).score == 0.0


@pytest.mark.parametrize("family", [Ridge, Blind, Counting, Network, Breaks])
@pytest.mark.parametrize("start", ["none", "random"])
def test_episodes_are_drawn(family, start):
    """An impure family is not evaluated for a picture."""
    env = make(family, start=start, render_mode="rgb_array")
    envs = make_vec(family, 2, start=start, render_mode="ansi")
    asked = getattr(env.process.family, "asked", [])
    env.reset(seed=0)
    envs.reset(seed=0)
    frames, lines, count = [env.render()], [envs.render()], len(asked)
    for _ in range(3):
        env.step(env.action_space.sample())
        envs.step(envs.action_space.sample())
        frames.append(env.render())
        lines.append(envs.render())
    assert len(asked) == count + 3 * bool(asked)
    height, width, colours = frames[0].shape
    assert colours == 3 and max(height, width) < 1500
    for before, after in pairwise(frames):
        assert after.dtype == np.uint8 and after.shape == before.shape
        assert (before != after).any()
    metric = env.process.options.metric
    for row in lines[-1]:
        assert row.startswith("step 3/5 | ") and f" best_{metric}=" in row
        assert all(f"{name}=" in row for name in env.process.space.names)
        assert ("regret=" in row) is env.process.knows_optimum


@every_family
def test_ppo_learns_from_them(family):
    stable_baselines3 = pytest.importorskip("stable_baselines3")
    from hpo_gym.integrations.sb3 import NativeVecEnv

    envs = NativeVecEnv(make_vec(family, 4, autoreset_mode="SameStep"))
    settings = {"n_steps": 8, "batch_size": 32, "n_epochs": 1, "seed": 0, "device": "cpu"}
    model = stable_baselines3.PPO("MlpPolicy", envs, **settings)
    before = {name: value.clone() for name, value in model.policy.state_dict().items()}
    model.learn(2 * 8 * 4)
    assert model._n_updates == 2
    after = model.policy.state_dict()
    assert all(value.isfinite().all() for value in after.values())
    assert any((value != before[name]).any() for name, value in after.items())


AGENTS = ("random", "sobol", "tpe-5", "gp-4", "nelder-mead")


def search(family, agent, seeds=5):
    """Where the last proposals of episodes stand, and the last infos."""
    places, infos = [], []
    options = {"start": "none", "max_evaluations": 16, "observation": "history"}
    for seed in range(seeds):
        envs = make_vec(family, 1, autoreset_mode="Disabled", **options)
        *_, last = play(make_agent(agent, envs, seed=seed), envs, seed=seed)
        places.append(last.infos["a"][0])
        infos.append({name: value[0] for name, value in last.infos.items()})
    return np.array(places), infos


@pytest.mark.parametrize("agent", AGENTS)
def test_tuners_minimise_the_error(agent):
    pytest.importorskip("optuna")
    places, infos = search(Ridge, agent)
    assert np.mean([info["regret"] for info in infos]) < 0.03
    if agent not in AGENTS[:2]:  # those look around to the end
        assert np.abs(places - 0.2).mean() < 0.15


@pytest.mark.parametrize("agent", AGENTS[2:4])
def test_tuners_that_are_told_to_maximise_it_go_elsewhere(agent):
    """So that the test above can fail."""
    pytest.importorskip("optuna")
    assert np.abs(search(Hill, agent)[0] - 0.2).mean() > 0.5


def test_the_twelve_parameters_are_what_they_are_called():
    """Natural values of all kinds come back from an evaluation of the best."""
    env = make(Network, start=BEST)
    _, info = env.reset(seed=0)
    choices = {"optimizer": 1, "augment": 1}
    for name, value in (BEST | choices).items():
        assert info[name] == pytest.approx(value), name
    assert env.process.space.dimension == 15
    assert (info["regret"], info["is_success"]) == (pytest.approx(0.0, abs=1e-12), True)
