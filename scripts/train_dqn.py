"""Train a DQN policy: `scripts.train_ppo` for the environments with discrete actions.

    python -m scripts.train_dqn --env FictitiousHPONudge-v0 --seed 0

Hyperparameters: `agents.training.dqn.SETTINGS`.
"""

from __future__ import annotations

from agents.training.dqn import settings_for
from scripts.train_ppo import main

if __name__ == "__main__":
    main(settings_for, "scripts.train_dqn", "FictitiousHPONudge-v0")
