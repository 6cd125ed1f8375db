"""Train a tuner for a family of tasks: progress bar, TensorBoard logs, checkpoints, ``--resume``.

    python -m scripts.train_tuner --agent unrolled --family fictitious --seed 0

Hyperparameters: ``SETTINGS`` in `agents.unrolled`, `agents.ppo` and `agents.recurrent_ppo`. The
policy, policy.npz and policy.json in the run's folder, is read by `hpo_gym.policy.Policy.load`.
After Ctrl-C or a crash, the same command with ``--resume`` continues.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, NamedTuple

import tyro

from agents.session import Trained
from agents.training import train
from agents.unrolled import train_unrolled
from scripts.command_line import plain_errors
from scripts.training_tools import train_in_folder

FAMILIES = {
    "fictitious": "hpo_gym:FictitiousHPOFamily-v0",
    "binormal": "hpo_gym:BinormalHPOFamily-v0",
}
"""Ids of the environments by family."""


class Algorithm(NamedTuple):
    """How an agent is trained."""

    module: str
    """Where its ``settings_for(env_id)`` stands."""
    train: Callable[..., Trained]
    length: str
    """The setting that says how long."""


ALGORITHMS = {
    "unrolled": Algorithm("agents.unrolled", train_unrolled, "updates"),
    "ppo": Algorithm("agents.ppo", train, "total_steps"),
    "recurrent_ppo": Algorithm("agents.recurrent_ppo", train, "total_steps"),
}


@dataclass(frozen=True)
class Arguments:
    """Command line of a training."""

    agent: Literal["unrolled", "ppo", "recurrent_ppo"] = "unrolled"
    """What is trained."""
    family: Literal["fictitious", "binormal"] = "fictitious"
    """Family of the tasks."""
    seed: int = 0
    """Seed of everything."""
    length: int | None = None
    """Updates (unrolled) or environment steps (the others); the settings' if not given."""
    run_dir: Path | None = None
    """Folder of the run; runs/AGENT-FAMILY-SEED if not given."""
    resume: bool = False
    """Continue the run in that folder."""
    overwrite: bool = False
    """Remove the run in that folder and begin anew."""
    threads: int = 1
    """Threads of torch."""


def run(arguments: Arguments, settings: Any = None) -> None:
    """Train, and print where the policy is and how good.

    Args:
        arguments: The command line.
        settings: Hyperparameters, or None for those of the agent and the family.
    """
    algorithm, env_id = ALGORITHMS[arguments.agent], FAMILIES[arguments.family]
    name = f"{arguments.agent}-{arguments.family}-{arguments.seed}"
    folder = arguments.run_dir or Path("runs") / name
    with plain_errors():
        if settings is None:
            settings = import_module(algorithm.module).settings_for(env_id)
        if arguments.length is not None:
            settings = replace(settings, **{algorithm.length: arguments.length})
        policy, seconds = train_in_folder(
            algorithm.train,
            settings,
            env_id,
            "scripts.train_tuner",
            folder,
            seed=arguments.seed,
            resume=arguments.resume,
            overwrite=arguments.overwrite,
            threads=arguments.threads,
        )
    print(f"policy            {folder / 'policy.npz'}")
    for name, value in policy.description["validation"].items():
        print(f"validation {name:6} {value}")
    print(f"training seconds  {seconds:.1f}")


if __name__ == "__main__":
    run(tyro.cli(Arguments, description=__doc__))
