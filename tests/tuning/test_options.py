"""The options: the same in both classes, written as JSON, refused with their names."""

from __future__ import annotations

import inspect
import json

import gymnasium as gym
import numpy as np
import pytest
from environment_ids import TUNING
from gymnasium.envs.registration import EnvSpec

from hpo_gym import ENVIRONMENTS, TuningEnv, TuningVectorEnv
from hpo_gym.tuning.optimal import optimal_return, trade_off
from hpo_gym.tuning.options import Options

DEFAULTS = {
    **{"family": "notebook", "split": "train", "task": None, "action": "propose"},
    **{"adjust_step": 0.2, "stop": False, "reward": "f1_gain", "metric": "f1"},
    **{"evaluation_cost": 0.002, "epoch_cost": 0.02, "max_evaluations": 20, "start": "random"},
    **{"noise": None, "observation": "summary", "infos": "all"},
}
BAD = [
    ("family", "fictional"),
    ("family", {"name": "notebook", "k_f1": 1}),
    ("split", "holdout"),
    ("split", None),
    ("task", 1),
    ("task", -1),
    ("task", True),
    ("task", 0.0),
    ("action", "jump"),
    ("action", None),
    ("adjust_step", 0.0),
    ("adjust_step", 1.1),
    ("adjust_step", float("nan")),
    ("adjust_step", "0.2"),
    ("stop", 1),
    ("stop", None),
    ("reward", "f1"),
    ("reward", None),
    ("metric", "precision"),
    ("metric", "f"),
    ("evaluation_cost", -0.1),
    ("evaluation_cost", float("inf")),
    ("evaluation_cost", None),
    ("epoch_cost", -1e-9),
    ("epoch_cost", True),
    ("max_evaluations", 0),
    ("max_evaluations", 2.0),
    ("max_evaluations", None),
    ("max_evaluations", True),
    ("start", "best"),
    ("start", None),
    ("start", {"thr": 0.5}),
    ("start", [0.5, 10, 99.0]),
    ("noise", -0.1),
    ("noise", float("nan")),
    ("noise", "0.1"),
    ("noise", 1.5),
    ("observation", "all"),
    ("infos", "some"),
    ("infos", None),
    ("infos", ["f1", "f2"]),
    ("infos", [1]),
    ("task", []),
    ("task", [0, 1]),
    ("task", [0.0]),
    ("task", [True]),
    ("task", [[0]]),
    ("render_mode", "video"),
]


def parameters(function):
    found = dict(inspect.signature(function).parameters)
    found.pop("self", None)
    return found


def test_both_classes_take_the_same_options():
    scalar, vector = parameters(TuningEnv.__init__), parameters(TuningVectorEnv.__init__)
    for name in ("num_envs", "autoreset_mode", "max_episode_steps"):
        vector.pop(name)
    assert {*scalar} == {*DEFAULTS, "render_mode"}
    assert list(scalar) == list(vector)
    for name, parameter in scalar.items():
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        assert parameter.default == vector[name].default == DEFAULTS.get(name), name
        assert parameter.annotation == vector[name].annotation
    assert {name: p.default for name, p in parameters(Options).items()} == DEFAULTS


@pytest.mark.parametrize(("name", "value"), BAD, ids=str)
@pytest.mark.parametrize("make", [TuningEnv, TuningVectorEnv])
def test_bad_values_are_refused_by_name(make, name, value):
    with pytest.raises(ValueError, match=name):
        make(**{name: value})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"action": "adjust", "start": "none"}, "start"),
        ({"action": "nudge", "start": "none"}, "start"),
        ({"family": "beale"}, "metric"),
        ({"family": "beale", "metric": "f", "noise": 0.1}, "noise"),
        ({"family": "beale", "metric": "f", "start": {"thr": 0.5}}, "thr"),
    ],
)
def test_options_must_fit_each_other(options, words):
    with pytest.raises(ValueError, match=words):
        TuningEnv(**options)


def test_unknown_options():
    for make in (TuningEnv, TuningVectorEnv):
        with pytest.raises(TypeError, match="budget"):
            make(budget=3)


def test_numbers_of_numpy_leave_no_trace():
    env = TuningEnv(
        **{"evaluation_cost": np.float64(0.01), "epoch_cost": np.float64(0.1)},
        **{"noise": np.float64(0.1), "adjust_step": np.float64(0.1)},
    )
    env.reset(seed=0, options={"model": {"k_accuracy": np.float64(0.9)}})
    _, reward, terminated, truncated, info = env.step(np.zeros(3, dtype=np.float32))
    assert type(reward) is float
    assert type(terminated) is type(truncated) is bool
    assert {type(value) for value in info.values()} == {int, float, bool}


KWARGS = [
    {},
    {"stop": True, "noise": 0.1, "observation": "history", "max_evaluations": 3},
    {
        "family": {"name": "notebook", "k_accuracy": 0.9},
        "start": {"thr": 0, "epochs": 1, "lr": 1},
    },
    {"start": [0.5, 10, 0.1], "task": 0, "split": "test", "reward": "log_regret"},
    {"task": [0, 0, 0], "infos": ["regret", "f1"]},
    {"task": [5, 3], "infos": "none", "family": "fictitious"},
]


@pytest.mark.parametrize("kwargs", KWARGS)
def test_specs_survive_json(kwargs):
    env = gym.make("hpo_gym:FictitiousHPO-v0", **kwargs)
    text = env.spec.to_json()
    again = gym.make(EnvSpec.from_json(text))
    assert json.loads(text)["kwargs"] == kwargs
    assert again.spec.to_json() == text
    assert again.unwrapped.process.options == env.unwrapped.process.options
    first, second = env.reset(seed=3), again.reset(seed=3)
    assert first[1] == second[1]
    action = env.action_space.sample()
    assert env.step(action)[4] == again.step(action)[4]


@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
def test_vector_specs_survive_json(mode):
    kwargs = KWARGS[1]
    envs = gym.make_vec("hpo_gym:FictitiousHPO-v0", 3, autoreset_mode=mode, **kwargs)
    again = gym.make_vec(EnvSpec.from_json(envs.spec.to_json()))
    assert type(again) is TuningVectorEnv
    assert again.num_envs == 3
    assert again.autoreset_mode is envs.autoreset_mode
    np.testing.assert_array_equal(envs.reset(seed=3)[0], again.reset(seed=3)[0])


@pytest.mark.parametrize("env_id", TUNING)
def test_the_threshold_is_the_best_return_where_there_is_one(env_id):
    env = gym.make(env_id)
    thresholds = {make(env_id).spec.reward_threshold for make in (gym.make, gym.make_vec)}
    if isinstance(env.unwrapped.process.options.start, str):  # "random" or "none"
        assert thresholds == {None}
        return
    _, info = env.reset(seed=0)
    best = float(optimal_return(env, 1.0 - np.log10(1.0 + info["f"]) / np.log10(415072.703125)))
    assert thresholds == {np.floor(1000.0 * best) / 1000.0}
    optimum = np.array(trade_off(env).best, dtype=np.float32)
    earned = []
    for action in (optimum, np.zeros_like(optimum)):
        env.reset()
        earned.append(sum(env.step(action)[1] for _ in range(20)))
    assert earned[1] < thresholds.pop() <= earned[0] <= best + 1e-6


@pytest.mark.parametrize("env_id", ENVIRONMENTS)
def test_registered_specs(env_id):
    spec = EnvSpec.from_json(gym.spec(env_id).to_json())
    assert spec == gym.spec(env_id)
    assert spec.max_episode_steps is None
    assert spec.kwargs == ENVIRONMENTS[env_id]
