"""Schedules by formula and Keras's early stopping, the committed policy, the comparison."""

from __future__ import annotations

import re

import gymnasium as gym
import numpy as np
import pytest

from agents.learning_rate.schedules import ConstantRate, ExponentialDecay, TimeDecay, waited
from hpo_gym import TuningEnv
from hpo_gym.policies.policy import Policy
from hpo_gym.tuners import play
from hpo_gym.tuners.agent import build_agent
from scripts.learning_rate import ENV, POLICY, Arguments, hindsight, make_envs, results, table


def rates_of(kind, **arguments):
    """The learning rates of an episode of 5 blocks."""
    envs = gym.make_vec(ENV, 3, max_epochs=25)
    turns = list(play(build_agent(kind, envs, **arguments), envs, seed=0))
    rates = np.array([turn.infos["lr"] for turn in turns[1:]])
    assert (rates == rates[:, :1]).all()
    return rates[:, 0].tolist()


@pytest.mark.parametrize(
    ("kind", "arguments", "expected"),
    [
        (ConstantRate, {}, [0.3] * 5),
        (TimeDecay, {"decay": 0.5}, [0.3, 0.2, 0.15, 0.12, 0.1]),
        (ExponentialDecay, {"k": np.log(2.0)}, [0.3, 0.15, 0.075, 0.0375, 0.01875]),
        (ExponentialDecay, {"k": np.log(100.0)}, [0.3, 0.003, 1e-4, 1e-4, 1e-4]),
    ],
)
def test_rates(kind, arguments, expected):
    assert rates_of(kind, lr0=0.3, **arguments) == pytest.approx(expected, rel=1e-6)


def keras(scores, patience, min_delta):
    """How many reports Keras's EarlyStopping lets happen: its documented rules, once more."""
    best, wait = -np.inf, 0
    for epoch, score in enumerate(scores):
        wait += 1
        if score - min_delta > best:
            best, wait = score, 0
        elif wait >= patience and epoch > 0:
            return epoch + 1
    return len(scores)


TRACE = [0.5, 0.6, 0.6, 0.605, 0.7, 0.69, 0.68, 0.71, 0.7, 0.7, 0.7]


@pytest.mark.parametrize(
    ("patience", "min_delta", "reports"),
    # Without a minimum: 0.605 improves on 0.6, and 0.71 on 0.7. With 0.02 neither does.
    [(0, 0.0, 3), (1, 0.0, 3), (2, 0.0, 7), (3, 0.0, 11), (2, 0.02, 4), (3, 0.02, 8), (9, 0.0, 11)],
)
def test_early_stopping_by_hand(patience, min_delta, reports):
    assert keras(TRACE, patience, min_delta) == reports
    shown = np.array([TRACE] * len(TRACE))
    filled = np.tri(len(TRACE), dtype=bool)  # row n has n + 1 reports
    wait = waited(shown, filled, min_delta)
    stops = np.flatnonzero(wait >= max(patience, 1))
    assert (stops[0] + 1 if len(stops) else len(TRACE)) == reports


@pytest.mark.parametrize(("patience", "min_delta"), [(1, 0.0), (2, 0.01), (3, 0.0)])
def test_early_stopping_in_the_environment(patience, min_delta):
    """The episode ends one step after the report at which Keras stops."""
    envs = gym.make_vec(ENV, 40)
    settings = {"lr0": 0.1, "patience": patience, "min_delta": min_delta}
    curves, epochs = [[] for _ in range(40)], np.zeros(40)
    for turn in play(build_agent(ConstantRate, envs, **settings), envs, seed=1):
        for row in np.flatnonzero(turn.running & (turn.infos["evaluations"] > 0)):
            if turn.infos["epochs"][row] > epochs[row]:
                curves[row].append(float(np.float32(turn.infos["f1"][row])))
                epochs[row] = turn.infos["epochs"][row]
    assert {len(curve) for curve in curves} - {20}
    for curve in curves:
        assert keras([*curve, *[-1.0] * (20 - len(curve))], patience, min_delta) == len(curve)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lr0": 7.0}, "lr0 = 7.0 is outside"),
        ({"patience": 1.5}, "patience = 1.5"),
        ({"patience": -1}, "patience = -1"),
        ({"min_delta": -0.1}, "min_delta = -0.1 must be >= 0"),
        ({"decay": -1.0}, "decay = -1.0 must be >= 0"),
    ],
)
def test_refused_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        build_agent(TimeDecay, gym.make(ENV), **arguments)


def test_refused_environments():
    with pytest.raises(ValueError, match="needs an environment with stop=True"):
        build_agent(ConstantRate, gym.make(ENV, stop=False), patience=2)
    with pytest.raises(ValueError, match="plays LearningRateSchedule-v0"):
        build_agent(ConstantRate, TuningEnv())


def test_the_learned_schedule_beats_one_constant_rate():
    """On validation tasks; the rate is the best of a fine grid on these very tasks."""
    envs = make_envs("validation", 512)
    policy = Policy.load(POLICY)
    policy.check_env(envs)
    learned = results(policy, envs)
    constant = max(
        results(build_agent(ConstantRate, envs, lr0=10.0**log_lr), envs).returned.mean()
        for log_lr in np.linspace(-1.6, 0.0, 17)
    )
    assert learned.returned.mean() > constant + 0.03
    assert 5.0 <= learned.epochs.min() < learned.epochs.max() == 100.0
    assert POLICY.stat().st_size < 1_000_000


def test_hindsight_is_a_bound():
    constant, falling = hindsight(64, (0.0,)), hindsight(64, (0.0, 0.2))
    envs = make_envs("test", 64)
    played = results(build_agent(ConstantRate, envs, lr0=0.1), envs)
    assert (constant.returned >= played.returned).all()
    assert (falling.returned >= constant.returned).all()
    assert falling.returned.mean() > constant.returned.mean()


def test_the_comparison_prints_a_table(monkeypatch):
    monkeypatch.setattr("scripts.learning_rate._LOG_RATES", np.array([-1.0]))
    monkeypatch.setattr("scripts.learning_rate._DECAYS", (0.1,))
    lines = list(table(Arguments(tasks=12, validation_tasks=8)))
    names = [re.split(r" \||\(", text)[0].strip("| ") for text in lines[2:11]]
    assert names[0] == "constant" and names[6] == "PPO" and len(set(names)) == 9
    assert all(text.count("|") == 7 for text in lines[:11])
    assert lines[-1].startswith("PPO returns ")
