"""What actions mean, and which are refused."""

from __future__ import annotations

import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete

from hpo_gym import Categorical, SearchSpace, TuningEnv, TuningVectorEnv
from hpo_gym.arrays import Floats
from hpo_gym.testing.rollouts import assert_equal
from hpo_gym.tuning import Options
from hpo_gym.tuning.actions import ActionMode

START = {"thr": 0.5, "epochs": 50, "lr": 10**-1.6}  # the centre of the space, up to rounding


def units(env):
    """Unit configuration of the last evaluation, as the observation shows it."""
    return lambda result: env.process.encoder.decode(result[0]).unit.tolist()


@pytest.mark.parametrize(
    ("options", "space"),
    [
        ({}, Box(-1, 1, (3,))),
        ({"stop": True}, Box(-1, 1, (4,))),
        ({"action": "adjust"}, Box(-1, 1, (3,))),
        ({"action": "adjust", "stop": True}, Box(-1, 1, (4,))),
        ({"action": "nudge"}, Discrete(7)),
        ({"action": "nudge", "stop": True}, Discrete(8)),
        ({"family": "beale", "metric": "f"}, Box(-1, 1, (2,))),
        ({"family": "beale", "metric": "f", "action": "nudge"}, Discrete(5)),
    ],
    ids=str,
)
def test_spaces(options, space):
    assert TuningEnv(**options).action_space == space
    assert TuningVectorEnv(2, **options).single_action_space == space


def test_propose_is_absolute():
    env = TuningEnv(start=START)
    env.reset(seed=0)
    for action in ([0.25, -0.5, 0.75], [0.0, 0.0, 0.0], [-1.0, 1.0, -1.0]):
        assert units(env)(env.step(np.array(action, dtype=np.float32))) == action


def test_adjust_moves_the_last_evaluated_configuration():
    env = TuningEnv(action="adjust", start=START, adjust_step=0.25)
    observation, _ = env.reset(seed=0)
    unit = env.process.encoder.decode(observation).unit.astype(float)
    # A step of 1 is a quarter of the range, 0.5 in unit coordinates; the walls clip each axis.
    for action in ([1, -1, 0.5], [1, -1, 0.5], [1, 1, 0], [-1, 0, 0], [0, 0, 0], [1, 1, 1]):
        result = env.step(np.array(action, dtype=np.float32))
        unit = np.clip(unit + 0.5 * np.array(action), -1, 1)
        assert units(env)(result) == pytest.approx(unit.tolist(), abs=1e-6)
    assert result[4]["evaluations"] == 6


def test_adjust_does_not_move_the_incumbent():
    env = TuningEnv(action="adjust", start={"thr": 0.5, "epochs": 80, "lr": 0.25})
    observation, _ = env.reset(seed=0)
    best = env.process.encoder.decode(observation).unit
    for _ in range(3):
        observation, *_, info = env.step(np.array([1, -1, -1], dtype=np.float32))
    parts = env.process.encoder.decode(observation)
    np.testing.assert_array_equal(parts.best_unit, best)
    assert parts.unit[0] == 1.0
    assert info["epochs"] == round(80 - 3 * 0.2 * 99)


def test_nudges():
    env = TuningEnv(action="nudge", start=START)
    observation, _ = env.reset(seed=0)
    unit = env.process.encoder.decode(observation).unit.astype(float)
    for action in (0, 1, 1, 2, 3, 4, 4, 5, 6, 6, *([2] * 7), 0):
        result = env.step(action)
        if action:
            unit[(action - 1) // 2] += 0.2 if action % 2 == 0 else -0.2
        unit = np.clip(unit, -1, 1)
        assert units(env)(result) == pytest.approx(unit.tolist(), abs=1e-6)
    assert unit[0] == 1.0  # the wall was reached
    assert result[4]["evaluations"] == 18
    assert result[4]["cost"] > 0.0  # staying is evaluated and paid


@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int64, list, tuple])
def test_actions_of_other_number_kinds(dtype):
    values = [1, 0, -1]
    action = dtype(values) if dtype in (list, tuple) else np.array(values, dtype=dtype)
    env, twin = TuningEnv(), TuningEnv()
    env.reset(seed=0)
    twin.reset(seed=0)
    expected = twin.step(np.array(values, dtype=np.float32))
    assert_equal(env.step(action), expected, "another dtype gave another step")


@pytest.mark.parametrize("action", ["propose", "adjust"])
@pytest.mark.parametrize("far", [1.5, 1e30, np.inf])
def test_actions_out_of_range_are_clipped(action, far):
    for make in (TuningEnv, lambda **options: TuningVectorEnv(1, **options)):
        env, twin = make(action=action), make(action=action)
        env.reset(seed=0)
        twin.reset(seed=0)
        outside = np.array([far, -far, 0.5], dtype=np.float32)
        inside = np.array([1.0, -1.0, 0.5], dtype=np.float32)
        if isinstance(env, TuningVectorEnv):
            outside, inside = outside[None], inside[None]
        assert_equal(env.step(outside), twin.step(inside), "the action was not clipped")


NAN = float("nan")
BAD_BOX = {
    "nan": np.array([0.0, NAN, 0.0], dtype=np.float32),
    "nan in a list": [0.0, 0.0, NAN],
    "too short": np.zeros(2, dtype=np.float32),
    "too long": np.zeros(4, dtype=np.float32),
    "batch of one": np.zeros((1, 3), dtype=np.float32),
    "number": 0.5,
    "text": np.array(["a", "b", "c"]),
    "bool": np.zeros(3, dtype=bool),
    "complex": np.zeros(3, dtype=complex),
    "object": np.array([None, 0.0, 0.0]),
    "None": None,
    "empty": [],
}
BAD_DISCRETE = {
    **{"high": 7, "negative": -1, "fraction": 1.0, "nan": NAN, "bool": True, "None": None},
    **{"text": "1", "array": np.array([1]), "float array": np.array(1.0), "huge": 2**62},
}


@pytest.mark.parametrize(
    ("mode", "bad"),
    [
        *[pytest.param("propose", bad, id=f"propose-{name}") for name, bad in BAD_BOX.items()],
        pytest.param("adjust", BAD_BOX["nan"], id="adjust-nan"),
        *[pytest.param("nudge", bad, id=f"nudge-{name}") for name, bad in BAD_DISCRETE.items()],
    ],
)
def test_bad_actions_leave_the_state_untouched(mode, bad):
    options = {"action": mode, "noise": 0.1, "observation": "history"}
    env, twin = TuningEnv(**options), TuningEnv(**options)
    good = 3 if mode == "nudge" else np.array([0.1, 0.2, 0.3], dtype=np.float32)
    for e in (env, twin):
        e.reset(seed=5)
        e.step(good)
    with pytest.raises(ValueError, match="nothing was evaluated"):
        env.step(bad)
    assert_equal(env.step(good), twin.step(good), "a refused action changed the state")
    assert_equal(env.reset(), twin.reset(), "a refused action changed the random numbers")


def test_stop_needs_a_positive_component():
    for value, stops in ((-1.0, False), (0.0, False), (1e-30, True), (1.0, True)):
        env = TuningEnv(stop=True)
        env.reset(seed=0)
        action = np.array([0, 0, 0, value], dtype=np.float32)
        assert env.step(action)[2] is stops


def test_nudges_of_a_choice():
    """Climbing to the wall beside the winner is not enough: it has to come down."""
    space = SearchSpace({"model": Categorical(["tree", "net"])})
    mode, xp = ActionMode(Options(action="nudge"), space.dimension), Floats()
    unit = space.unit({"model": "tree"})
    for _ in range(12):
        unit = mode.target(unit, mode.read(4), xp)
    assert unit == (1.0, 1.0) and space.configuration(unit) == {"model": "tree"}
    unit = mode.target(unit, mode.read(1), xp)
    assert space.configuration(unit) == {"model": "net"}
