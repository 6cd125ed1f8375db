"""What the training scripts share."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agents.training.sb3_learner import Trained, TrainingInterrupted
from scripts.command_line import command_of


def train_in_folder(
    train: Callable[..., Trained], settings: Any, env_id: str, module: str, folder: Path, **how: Any
) -> Trained:
    """Train, and after Ctrl-C say how to go on and end the program.

    Args:
        train: Such as `agents.training.train.train`.
        settings: What it trains with.
        env_id: Id of the environment.
        module: Name of the script, for the command that goes into the policy's description.
        folder: Folder of the run.
        **how: Further arguments of ``train``.
    """
    command = command_of(module)
    try:
        return train(settings, env_id, run_dir=folder, command=command, **how)
    except TrainingInterrupted as interrupted:
        print(interrupted, file=sys.stderr)
        words = shlex.split(command)
        again = [word for word in words if word not in ("--resume", "--overwrite")]
        print(f"continue with: {shlex.join([*again, '--resume'])}", file=sys.stderr)
        sys.exit(130)
