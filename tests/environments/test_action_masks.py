"""Action masks: false for the moves that move nothing, and for no other action."""

from __future__ import annotations

import copy
import pickle

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.vector import SyncVectorEnv

from hpo_gym import TuningEnv, TuningVectorEnv

NUDGES = {
    "notebook": {"action": "nudge", "max_evaluations": 12},
    "stop": {"action": "nudge", "stop": True, "max_evaluations": 12},
    "beale": {"family": "beale", "metric": "f", "action": "nudge", "start": [5.0, -5.0]},
}


@pytest.mark.parametrize("case", NUDGES)
@pytest.mark.parametrize("corner", [False, True])
def test_a_move_is_masked_if_and_only_if_it_moves_nothing(case, corner):
    env = TuningEnv(**NUDGES[case])
    names = env.process.space.names
    env.reset(seed=3)
    generator = np.random.default_rng(0)
    masked = 0
    for _ in range(10):
        masks, before = env.action_masks(), np.array(env._state.unit)
        assert masks.shape == (env.action_space.n,) and masks.dtype == np.bool_
        for action in range(env.action_space.n):
            twin = copy.deepcopy(env)
            twin.step(action)
            moved = bool((np.array(twin._state.unit) != before).any())
            rests = action == 0 or (env.process.mode.stop and action == env.action_space.n - 1)
            assert masks[action] == (moved or rests)
        masked += int((~masks).sum())
        # Into a corner, or at random.
        downs = [a for a in range(1, 2 * len(names), 2) if masks[a]]
        env.step(downs[0] if corner and downs else int(generator.choice(np.flatnonzero(masks))))
    assert masked > 0 or not corner


@pytest.mark.parametrize("mode", ["NextStep", "SameStep", "Disabled"])
def test_rows_have_the_masks_of_single_environments(mode):
    options = NUDGES["stop"] | {"max_evaluations": 30}
    envs = TuningVectorEnv(3, autoreset_mode=mode, **options)
    sync = SyncVectorEnv([lambda: TuningEnv(**options)] * 3, autoreset_mode=mode)
    envs.reset(seed=0)
    sync.reset(seed=0)
    some = 0
    for _ in range(25):
        masks = envs.action_masks()
        assert masks.shape == (3, 8)
        np.testing.assert_array_equal(masks, np.stack(sync.call("action_masks")))
        np.testing.assert_array_equal(masks, np.stack(envs.call("action_masks")))
        some += int((~masks).sum())
        for e in (envs, sync):
            e.step(np.array([1, 4, 5]))  # into walls, and away from them again
    assert some > 10


def test_masks_are_fresh():
    env = TuningEnv(action="nudge", start=[0.0, 1, 1e-4])
    env.reset(seed=0)
    env.action_masks()[:] = False
    assert env.action_masks().tolist() == [True, False, True, False, True, False, True]


def test_copies_and_pickles_have_their_own():
    env = TuningEnv(action="nudge", start=[0.0, 1, 1e-4])
    env.reset(seed=0)
    for twin in (copy.deepcopy(env), pickle.loads(pickle.dumps(env))):
        twin.step(2)
        assert twin.action_masks()[1]
        assert not env.action_masks()[1]


@pytest.mark.parametrize("action", ["propose", "adjust"])
@pytest.mark.parametrize("make", [TuningEnv, TuningVectorEnv])
def test_there_are_none_for_boxes(make, action):
    env = make(action=action)
    assert not hasattr(env, "action_masks")
    with pytest.raises(AttributeError, match="action='nudge'"):
        env.action_masks()


@pytest.mark.parametrize("make", [TuningEnv, TuningVectorEnv])
def test_there_are_none_before_the_first_reset(make):
    with pytest.raises(ResetNeeded, match="call reset"):
        make(action="nudge").action_masks()


def test_sb3_contrib_finds_them():
    utils = pytest.importorskip("sb3_contrib.common.maskable.utils")
    from stable_baselines3.common.vec_env import DummyVecEnv, VecMonitor

    from hpo_gym.integrations.sb3 import NativeVecEnv

    options = {"action": "nudge", "start": [0.0, 1, 1e-4]}
    native = TuningVectorEnv(2, autoreset_mode="SameStep", **options)
    wanted = [True, False, True, False, True, False, True]
    for envs in (VecMonitor(NativeVecEnv(native)), DummyVecEnv([lambda: TuningEnv(**options)] * 2)):
        envs.reset()
        assert utils.is_masking_supported(envs)
        np.testing.assert_array_equal(utils.get_action_masks(envs), [wanted] * 2)
        (row,) = envs.env_method("action_masks", indices=[1])
        assert row.tolist() == wanted
    single = gym.make("hpo_gym:FictitiousHPONudge-v0", start=[0.0, 1, 1e-4])
    single.reset()
    assert utils.is_masking_supported(single)
    assert utils.get_action_masks(single).tolist() == wanted
    box = NativeVecEnv(TuningVectorEnv(2, autoreset_mode="SameStep"))
    assert not utils.is_masking_supported(box)
    assert not utils.is_masking_supported(gym.make("hpo_gym:FictitiousHPO-v0"))


@pytest.mark.slow
def test_a_masked_algorithm_trains():
    """And never runs into a wall."""
    contrib = pytest.importorskip("sb3_contrib")
    from hpo_gym.integrations.sb3 import NativeVecEnv

    envs = NativeVecEnv(
        gym.make_vec("hpo_gym:FictitiousHPONudge-v0", 4, autoreset_mode="SameStep", stop=True)
    )
    model = contrib.MaskablePPO("MlpPolicy", envs, n_steps=20, batch_size=20, device="cpu", seed=0)
    model.learn(160)
    assert model.num_timesteps == 160
    buffer = model.rollout_buffer
    masks = buffer.action_masks.reshape(80, 8)
    actions = buffer.actions.reshape(80).astype(int)
    assert not masks.all()
    assert masks[np.arange(80), actions].all()
