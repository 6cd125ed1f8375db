"""The families measure adaptation: static lists fail on them, and nothing leaks the answer."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from agents import make_agent
from hpo_gym.benchmark.scoring.statistics import iqm
from hpo_gym.tuning.process import TuningProcess

FICTITIOUS, BINORMAL = "FictitiousHPOFamily-v0", "BinormalHPOFamily-v0"
ROWS = 1024


def regrets(name: str, env_id: str) -> np.ndarray:
    """Regrets (16, rows) of an agent on validation tasks."""
    env = gym.make_vec(env_id, ROWS, split="validation")
    observations, _ = env.reset(seed=list(range(ROWS)), options={"task": np.arange(ROWS)})
    agent, state, found = make_agent(name, env, seed=0), None, []
    for _ in range(16):
        actions, state = agent.predict(observations, state)
        observations, *_, infos = env.step(actions)
        found.append(infos["regret"])
    return np.array(found)


def test_portfolio_is_not_enough_on_the_fictitious_family():
    regret = regrets("portfolio", FICTITIOUS)
    assert 0.03 < iqm(regret[15]) < 0.10
    assert iqm(regret[15]) < iqm(regrets("random", FICTITIOUS)[15])  # but it knows something
    assert iqm(regrets("static", FICTITIOUS)[15]) == pytest.approx(iqm(regret[0]), abs=0.02)


def test_portfolio_is_not_enough_on_the_binormal_family():
    regret = regrets("portfolio", BINORMAL)
    assert 0.015 < iqm(regret[3]) < 0.05
    assert 0.03 < regret[15].mean() < 0.06
    assert iqm(regret[3]) < iqm(regrets("random", BINORMAL)[3])


def rebuilt(past: list[tuple[np.ndarray, dict[str, Any]]], size: int) -> np.ndarray:
    """The observations (N, size) that follow from actions and what the infos observed."""
    rows = [
        np.column_stack(
            [
                *np.clip(action, -1.0, 1.0).T,
                info["precision"],
                info["recall"],
                info["loss"] / (1.0 + info["loss"]),
                info["accuracy"],
                info["f1"],
            ]
        )
        for action, info in past
    ]
    scores = np.array([info["f1"] for _, info in past])
    best = scores.argmax(axis=0)  # the first of the best
    every = np.arange(scores.shape[1])
    one = np.ones((len(every), 1))
    parts = [
        rows[-1],
        np.array(rows)[best, every, :3],
        scores.max(axis=0)[:, None],
        (1.0 - len(past) / 16) * one,
        one,
    ]
    for row in rows:
        parts += [row, one]
    shown = np.concatenate(parts, axis=1)
    rest = np.zeros((len(every), size - shown.shape[1]))
    return np.concatenate([shown, rest], axis=1).astype(np.float32)


def leaks(env_id: str) -> bool:
    """Whether observations hold anything but a function of actions and observed metrics."""
    env = gym.make_vec(env_id, 64, split="validation", autoreset_mode="Disabled")
    observations, _ = env.reset(seed=3)
    nothing = np.zeros_like(observations)
    nothing[:, env.unwrapped.process.encoder.summary_size - 2] = 1.0  # all of the budget
    different = not np.array_equal(observations, nothing)
    random, past = np.random.default_rng(0), []
    for _ in range(16):
        actions = random.uniform(-1.2, 1.2, (64, 3)).astype(np.float32)
        observations, *_, infos = env.step(actions)
        past.append((actions, infos))
        different |= not np.array_equal(observations, rebuilt(past, observations.shape[1]))
    return different


@pytest.mark.parametrize("env_id", [FICTITIOUS, BINORMAL])
def test_nothing_leaks(env_id):
    assert not leaks(env_id)


LEAKING = {
    "the noise-free score of the incumbent": lambda state: {"best_score": state.best_true_score},
    "the best possible score": lambda state: {
        "best_score": np.where(state.evaluations, state.tasks.best_possible, 0.0)
    },
    "the best possible score, as the last digits of a coordinate": lambda state: {
        "unit": [u * (1.0 + 1e-6 * state.tasks.best_possible) for u in state.unit]
    },
}


@pytest.mark.parametrize("env_id", [FICTITIOUS, BINORMAL])
@pytest.mark.parametrize("what", LEAKING)
def test_leaks_are_found(monkeypatch, what, env_id):
    """Negative controls of the test above."""
    honest = TuningProcess.observation

    def leaking(self: TuningProcess, state: Any, xp: Any) -> Any:
        return honest(self, state._replace(**LEAKING[what](state)), xp)

    monkeypatch.setattr(TuningProcess, "observation", leaking)
    assert leaks(env_id)


def test_equal_observations_of_different_tasks():
    """Noise of 1 often shows precision, recall and accuracy as 0 or 1, whatever they are.

    Two tasks whose noise-free scores and optima differ then show the same, to the bit.
    """
    episodes = []
    for model in ({"k_accuracy": 0.7}, {"k_accuracy": 1.0, "recall_slope": 12.0}):
        env = gym.make_vec(FICTITIOUS, 400, noise=1.0)
        env.reset(seed=0, options={"model": model})
        random, extreme = np.random.default_rng(1), np.ones(400, dtype=bool)
        for _ in range(2):
            actions = random.uniform(-1, 1, (400, 3)).astype(np.float32)
            observations, _, _, _, infos = env.step(actions)
            for name in ("precision", "recall", "accuracy"):
                extreme &= np.isin(infos[name], (0.0, 1.0))
        episodes.append((observations, infos["regret"], extreme))
    (shown, regret, extreme), (other_shown, other_regret, other_extreme) = episodes
    both = extreme & other_extreme
    assert both.sum() > 10
    np.testing.assert_array_equal(shown[both], other_shown[both])
    assert (np.abs(regret - other_regret)[both] > 1e-3).all()
    assert (shown != other_shown).any(axis=1)[~both].all()
