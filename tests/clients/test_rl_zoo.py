"""rl-zoo3 trains with the hyperparameter files of scripts/rl_zoo."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import hpo_gym

FILES = Path(__file__).parents[2] / "scripts" / "rl_zoo"
TRAININGS = [
    (file.stem, env_id)
    for file in sorted(FILES.glob("*.yml"))
    for env_id in re.findall(r"^(\w.*?):", file.read_text(), re.MULTILINE)
]
# Small enough for a test; all else is the file's.
SHORT = {
    "ppo": ["n_steps:32", "batch_size:64", "n_envs:2"],
    "dqn": ["learning_starts:64", "batch_size:32", "n_envs:2"],
}


def test_ppo_has_settings_for_every_id():
    assert {env_id for algorithm, env_id in TRAININGS if algorithm == "ppo"} == {
        *hpo_gym.ENVIRONMENTS
    }


@pytest.mark.slow
@pytest.mark.parametrize(("algorithm", "env_id"), TRAININGS)
def test_it_trains(algorithm, env_id, tmp_path):
    pytest.importorskip("rl_zoo3")
    import torch
    from stable_baselines3 import DQN, PPO

    command = [sys.executable, "-m", "rl_zoo3.train", "--algo", algorithm, "--env", env_id]
    command += ["--gym-packages", "hpo_gym", "--conf-file", str(FILES / f"{algorithm}.yml")]
    command += ["--n-timesteps", "192", "--seed", "0", "--eval-freq", "-1", "--device", "cpu"]
    command += ["--log-folder", str(tmp_path), "--hyperparams", *SHORT[algorithm]]
    done = subprocess.run(command, cwd=FILES.parents[1], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    [file] = tmp_path.glob(f"{algorithm}/{env_id}_1/{env_id}.zip")
    model = {"ppo": PPO, "dqn": DQN}[algorithm].load(file, device="cpu")
    assert model.num_timesteps == 192
    assert model._n_updates > 0
    assert all(torch.isfinite(weights).all() for weights in model.policy.parameters())
