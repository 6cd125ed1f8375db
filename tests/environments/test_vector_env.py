"""Gymnasium's contracts of vector environments: modes, masks, seeds, options, attributes."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode

from hpo_gym import TuningEnv, TuningVectorEnv
from hpo_gym.testing.rollouts import assert_equal


def test_autoreset_modes_are_read_from_enum_and_text():
    for mode in AutoresetMode:
        for given in (mode, mode.value):
            envs = TuningVectorEnv(2, autoreset_mode=given)
            assert envs.autoreset_mode is mode
            assert envs.metadata["autoreset_mode"] is mode
    with pytest.raises(ValueError, match="Sometimes"):
        TuningVectorEnv(2, autoreset_mode="Sometimes")


@pytest.mark.parametrize("rows", [0, -1, 1.5, "2"])
def test_number_of_rows(rows):
    with pytest.raises(ValueError, match="num_envs"):
        TuningVectorEnv(rows)


def test_next_step_does_not_look_at_the_actions_of_rows_it_resets():
    envs = TuningVectorEnv(3, max_evaluations=2)
    envs.reset(seed=0)
    envs.step(np.zeros((3, 3), dtype=np.float32))
    envs.reset(options={"reset_mask": np.array([True, False, False])})
    _, _, terminated, _, _ = envs.step(np.zeros((3, 3), dtype=np.float32))
    assert terminated.tolist() == [False, True, True]
    actions = np.zeros((3, 3), dtype=np.float32)
    actions[1:] = np.nan
    _, rewards, terminated, _, infos = envs.step(actions)
    assert rewards[1:].tolist() == [0.0, 0.0]
    assert terminated.tolist() == [True, False, False]
    assert infos["evaluations"].tolist() == [2, 0, 0]
    actions[0] = np.nan
    actions[1:] = 0.0
    envs.step(actions)  # now row 0 is the one that is reset
    with pytest.raises(ValueError, match=r"row 0: .*NaN"):
        envs.step(actions)


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        ([True, False], "boolean array"),
        (np.array([1, 0]), "boolean array"),
        (np.array([True]), r"\(2,\)"),
        (np.zeros(2, dtype=bool), "at least one"),
    ],
)
def test_bad_reset_masks(mask, words):
    envs = TuningVectorEnv(2)
    twin = TuningVectorEnv(2)
    for e in (envs, twin):
        e.reset(seed=0)
    with pytest.raises(ValueError, match=words):
        envs.reset(options={"reset_mask": mask})
    assert_equal(envs.reset(), twin.reset(), "a refused reset changed the state")


def test_first_reset_must_be_whole():
    with pytest.raises(ResetNeeded, match="reset_mask"):
        TuningVectorEnv(2).reset(options={"reset_mask": np.array([True, False])})
    with pytest.raises(ResetNeeded, match="reset"):
        TuningVectorEnv(2).step(np.zeros((2, 3), dtype=np.float32))


def test_partial_resets_take_seeds():
    envs = TuningVectorEnv(3)
    envs.reset(seed=100)
    mask = np.array([False, True, True])
    observations, _ = envs.reset(seed=[1, 40, None], options={"reset_mask": mask})
    scalar = TuningEnv()
    scalar.reset(seed=100)
    np.testing.assert_array_equal(observations[0], TuningEnv().reset(seed=100)[0])  # untouched
    np.testing.assert_array_equal(observations[1], scalar.reset(seed=40)[0])
    scalar.reset(seed=102)
    np.testing.assert_array_equal(observations[2], scalar.reset()[0])  # its second episode
    np.testing.assert_array_equal(envs.reset()[0][1], _second_start(40))


def _second_start(seed):
    env = TuningEnv()
    env.reset(seed=seed)
    return env.reset()[0]


@pytest.mark.parametrize("seed", [-1, [1, -2], [1], [1, 2, 3], [1, "2"], [0.5, 1]])
def test_bad_seeds_leave_the_state(seed):
    envs, twin = TuningVectorEnv(2), TuningVectorEnv(2)
    for e in (envs, twin):
        e.reset(seed=0)
    with pytest.raises((ValueError, gym.error.Error)):
        envs.reset(seed=seed)
    assert_equal(envs.reset(), twin.reset(), "a refused seed changed the state")


def test_reset_options_last_one_episode():
    envs = TuningVectorEnv(3, max_evaluations=2, autoreset_mode="SameStep")
    envs.reset(seed=0)
    asked = {"start": {"thr": 0.3, "epochs": 10, "lr": 1e-4}, "model": {"k_accuracy": 0.7}}
    mask = np.array([True, False, True])
    _, infos = envs.reset(options={**asked, "reset_mask": mask})
    assert infos["task"].tolist() == [-1, 0, -1]
    assert infos["epochs"].tolist() == [10, 0, 10]  # row 1 was not reset: nothing to report
    zeros = np.zeros((3, 3), dtype=np.float32)
    _, _, _, _, infos = envs.step(zeros)
    assert infos["task"].tolist() == [-1, 0, -1]
    assert infos["accuracy"][0] == pytest.approx(0.7 * infos["accuracy"][1], rel=1e-12)
    _, _, terminated, _, infos = envs.step(zeros)
    assert terminated.all()
    assert infos["final_info"]["task"].tolist() == [-1, 0, -1]
    assert infos["task"].tolist() == [0, 0, 0]
    assert (infos["epochs"] != 10).any()
    *_, infos = envs.step(zeros)
    assert len(set(infos["accuracy"].tolist())) == 1  # the constructor's model again


def test_attributes_are_shared_by_the_rows():
    envs = TuningVectorEnv(3)
    assert envs.get_attr("num_envs") == (3, 3, 3)
    assert envs.call("get_attr", "num_envs") == ((3, 3, 3),) * 3
    envs.set_attr("label", "a")
    assert envs.get_attr("label") == ("a", "a", "a")
    envs.set_attr("label", ["b"] * 3)
    assert envs.label == "b"
    for values in (["b", "b", "c"], ["b", "b"]):
        with pytest.raises(ValueError, match="rows share 'label'"):
            envs.set_attr("label", values)


def test_observations_are_fortran_ordered_and_infos_have_masks():
    envs = TuningVectorEnv(5)
    observations, infos = envs.reset(seed=0)
    assert observations.flags.f_contiguous
    assert all(infos[f"_{name}"].all() for name in infos if name[0] != "_")
