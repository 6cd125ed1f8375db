"""The algorithms of Stable-Baselines3 and sb3-contrib run on the adapter."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from environment_ids import TUNING
from live_classifiers import described

from hpo_gym import TuningEnv, TuningVectorEnv

pytest.importorskip("stable_baselines3")
pytest.importorskip("sb3_contrib")

import torch
from sb3_contrib import RecurrentPPO
from stable_baselines3 import DQN, PPO, SAC
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.utils import obs_as_tensor
from stable_baselines3.common.vec_env import DummyVecEnv, VecMonitor, VecNormalize

from hpo_gym.integrations.sb3 import NativeVecEnv


def make_native(env_id, rows=4):
    options = {"family": described()} if "Live" in env_id else {}  # one that does not take long
    envs = gym.make_vec(
        f"hpo_gym:{env_id}", rows, autoreset_mode="SameStep", max_evaluations=5, **options
    )
    return VecMonitor(NativeVecEnv(envs))


def make_ppo(env):
    return PPO("MlpPolicy", env, n_steps=8, batch_size=32, n_epochs=1, seed=0, device="cpu")


def make_recurrent(env):
    return RecurrentPPO(
        "MlpLstmPolicy",
        env,
        **{"n_steps": 8, "batch_size": 32, "n_epochs": 1, "seed": 0, "device": "cpu"},
        policy_kwargs={"lstm_hidden_size": 8},
    )


def make_sac(env):
    return SAC(
        "MlpPolicy",
        env,
        **{"learning_starts": 8, "batch_size": 8, "buffer_size": 100, "seed": 0, "device": "cpu"},
        policy_kwargs={"net_arch": [8]},
    )


def make_dqn(env):
    return DQN(
        "MlpPolicy",
        env,
        **{"learning_starts": 8, "batch_size": 8, "buffer_size": 100, "seed": 0, "device": "cpu"},
        policy_kwargs={"net_arch": [8]},
    )


BOXES = [env_id for env_id in TUNING if "Nudge" not in env_id]


@pytest.mark.parametrize(
    ("make", "env_id"),
    [
        *[(make_ppo, env_id) for env_id in TUNING],
        *[(make_recurrent, env_id) for env_id in ("FictitiousHPO-v0", "FictitiousHPONudge-v0")],
        *[(make_sac, env_id) for env_id in BOXES],
        (make_dqn, "FictitiousHPONudge-v0"),
    ],
)
def test_algorithms_learn_save_load_and_are_evaluated(make, env_id, tmp_path):
    model = make(make_native(env_id))
    before = {name: value.clone() for name, value in model.policy.state_dict().items()}
    model.learn(2 * 32)  # PPO: two rollouts of 4 x 8; SAC and DQN: an update every 4 steps
    assert model.num_timesteps == 64
    assert model._n_updates >= 2
    after = model.policy.state_dict()
    assert any(not torch.equal(before[name], after[name]) for name in before)
    assert all(torch.isfinite(value).all() for value in after.values())
    assert len(model.ep_info_buffer) > 0
    model.save(tmp_path / "model.zip")
    loaded = type(model).load(tmp_path / "model.zip", device="cpu")
    returns = [
        evaluate_policy(m, _seeded(env_id), n_eval_episodes=6, return_episode_rewards=True)
        for m in (model, loaded)
    ]
    assert returns[0] == returns[1]
    assert returns[0][1] == [5] * 6
    assert np.isfinite(returns[0][0]).all()


def _seeded(env_id):
    envs = make_native(env_id, rows=2)
    envs.seed(7)
    return envs


def test_normalisation(tmp_path):
    envs = VecNormalize(make_native("FictitiousHPO-v0"))
    model = make_ppo(envs)
    model.learn(2 * 32)
    assert envs.obs_rms.count > 60
    assert envs.old_reward is not None
    model.save(tmp_path / "model.zip")
    envs.save(str(tmp_path / "normalisation.pkl"))
    again = VecNormalize.load(str(tmp_path / "normalisation.pkl"), _seeded("FictitiousHPO-v0"))
    np.testing.assert_array_equal(again.obs_rms.mean, envs.obs_rms.mean)
    again.training = again.norm_reward = False
    loaded = PPO.load(tmp_path / "model.zip", device="cpu")
    mean, _ = evaluate_policy(loaded, again, n_eval_episodes=4)
    assert np.isfinite(mean)
    # Normalised terminal observations are of the same episode's end.
    observation = envs.reset()
    values = model.policy.predict_values(obs_as_tensor(observation, "cpu"))
    assert values.shape == (4, 1)


def test_evaluation_does_not_depend_on_the_vector_environment():
    """A policy is worth the same in the adapter and in SB3's own environments."""
    model = make_ppo(make_native("FictitiousHPO-v0"))
    results = []
    for envs in (
        VecMonitor(NativeVecEnv(TuningVectorEnv(3, autoreset_mode="SameStep", max_evaluations=4))),
        VecMonitor(DummyVecEnv([lambda: TuningEnv(max_evaluations=4)] * 3)),
    ):
        envs.seed(11)
        results.append(evaluate_policy(model, envs, n_eval_episodes=9, return_episode_rewards=True))
    assert results[0] == results[1]
