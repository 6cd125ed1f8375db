"""Whatever an option is given: it works, or the error names it; NumPy's numbers are numbers."""

from __future__ import annotations

from dataclasses import fields
from functools import partial

import numpy as np
import pytest

from hpo_gym import TuningEnv, TuningVectorEnv
from hpo_gym.tuning import Options

VALUES = [
    *(None, "x", float("nan"), float("inf"), -1, 0, 1, True, [], {}, object(), 10**400, -(10**400)),
    *(np.int64(-1), np.uint8(1), np.float32("nan"), np.float32(0.5), np.bool_(True), np.str_("x")),
    *(np.longdouble(0.5), np.array([0.5, 10, 0.1]), np.array(1), np.zeros((2, 2)), 1j, b"x", (1,)),
    *({"name": []}, {5: 5}, [None] * 3, [10**400] * 3, {"thr": 0.5, "epochs": "x", "lr": 0.1}),
]
SHELL = ("num_envs", "autoreset_mode", "max_episode_steps")


def _works_or_is_named(name, function):
    """Returns whether it worked."""
    try:
        function()
    except (ValueError, TypeError) as error:
        assert name in str(error)
        return False
    return True


@pytest.mark.parametrize("name", [*(option.name for option in fields(Options)), "render_mode"])
@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("make", [TuningEnv, TuningVectorEnv])
def test_every_option(make, name, value):
    def play():
        env = make(**{name: value})
        env.reset(seed=0)
        env.step(env.action_space.sample())

    _works_or_is_named(name, play)


@pytest.mark.parametrize("name", SHELL)
@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_every_option_of_the_vector_environment(name, value):
    _works_or_is_named(name, lambda: TuningVectorEnv(**{name: value}))


@pytest.mark.parametrize("name", ["start", "model", "task", "reset_mask", "options"])
@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_every_option_of_a_reset(name, value):
    """And a reset that is refused leaves the episode as it was."""
    for env, twin in ((TuningEnv(), TuningEnv()), (TuningVectorEnv(2), TuningVectorEnv(2))):
        if name == "reset_mask" and isinstance(env, TuningEnv):
            continue
        env.reset(seed=0)
        twin.reset(seed=0)
        reset = partial(env.reset, options=value if name == "options" else {name: value})
        if not _works_or_is_named(name, reset):
            action = np.zeros(env.action_space.shape, np.float32)
            np.testing.assert_array_equal(env.step(action)[0], twin.step(action)[0])


GIVEN = {
    **{"adjust_step": np.float32(0.5), "noise": np.float16(0.25), "epoch_cost": np.int64(1)},
    **{"evaluation_cost": np.longdouble(0.5), "max_evaluations": np.uint8(3), "task": np.int64(0)},
    **{"stop": np.bool_(True), "action": np.str_("adjust"), "start": np.array([0.5, 10, 0.1])},
}
PLAIN = {
    **{"adjust_step": 0.5, "noise": 0.25, "epoch_cost": 1, "evaluation_cost": 0.5},
    **{"max_evaluations": 3, "task": 0, "stop": True, "action": "adjust", "start": [0.5, 10, 0.1]},
}


def test_numbers_of_numpy_are_numbers():
    options = Options(**GIVEN)
    assert options == Options(**PLAIN)
    for name in GIVEN:
        assert not isinstance(getattr(options, name), (np.generic, np.ndarray))


def test_numbers_of_numpy_are_numbers_of_a_reset():
    env, twin, array = TuningEnv(), TuningEnv(), np.array([0.5, 10, 0.1])
    plain = twin.reset(seed=3, options={"start": [0.5, 10, 0.1], "task": 0})
    for start in (array, {"thr": np.float64(0.5), "epochs": np.int8(10), "lr": array[2]}):
        given = env.reset(seed=np.int64(3), options={"start": start, "task": np.uint8(0)})
        np.testing.assert_array_equal(given[0], plain[0])
        assert given[1] == plain[1]
    envs = TuningVectorEnv(np.int64(2))
    assert envs.num_envs == 2 and type(envs.num_envs) is int
    _, infos = envs.reset(options={"task": np.zeros(2, np.int8), "start": array})
    assert infos["epochs"].tolist() == [10, 10]


@pytest.mark.parametrize("rows", [0, 2.0, np.float64(2), True, "2", None, 10**400])
def test_numbers_of_rows_that_are_refused(rows):
    with pytest.raises(ValueError, match=r"num_envs = .* must be a whole number in \[1, "):
        TuningVectorEnv(rows)


def test_errors_say_what_to_do():
    for start, words in (
        (None, r"start = None .* one of \['random', 'none'\] or a configuration"),
        ([0.5, 10, 99.0], r"start = \[0.5, 10, 99.0\] .* lr = 99.0 is outside"),
    ):
        with pytest.raises(ValueError, match=words):
            TuningEnv(start=start)
    for env in (TuningEnv(), TuningVectorEnv(2)):
        with pytest.raises(ValueError, match="options = 5 of a reset must be a dict, or None"):
            env.reset(options=5)
    with pytest.raises(ValueError, match=r"max_episode_steps = 'x' must be None, -1 or at least"):
        TuningVectorEnv(2, max_episode_steps="x")


def test_long_values_are_cut_off():
    with pytest.raises(ValueError, match=r"both arrays$") as caught:
        TuningEnv(family={"name": "live", "X": np.zeros((90, 9)).tolist()})
    assert len(str(caught.value)) < 700
    assert "... is not valid" in str(caught.value)
