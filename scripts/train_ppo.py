"""Train a PPO policy: progress bar, TensorBoard logs, checkpoints, ``--resume``.

    python -m scripts.train_ppo --env FictitiousHPO-v0 --seed 0

Hyperparameters: `agents.training.ppo.SETTINGS`. The policy, policy.npz and policy.json in the run's
folder, is read by `hpo_gym.policies.policy.Policy.load`. After Ctrl-C or a crash, the same command
with ``--resume`` continues.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import tyro

from agents.training.ppo import settings_for
from agents.training.settings import TrainingSettings
from agents.training.train import train
from scripts.command_line import make_env, plain_errors, read_options
from scripts.training_tools import train_in_folder


@dataclass(frozen=True)
class Arguments:
    """Command line of a training."""

    env: str = "FictitiousHPO-v0"
    """Registered id of the environment."""
    options: str = "{}"
    """Options of the environment, as JSON: '{"stop": true}'."""
    seed: int = 0
    """Seed of everything."""
    steps: int | None = None
    """Environment steps; the settings' if not given."""
    out: Path | None = None
    """Folder of the run; runs/ALGORITHM-ENV-SEED if not given."""
    resume: bool = False
    """Continue the run in that folder."""
    overwrite: bool = False
    """Remove the run in that folder and begin anew."""
    threads: int = 1
    """Threads of torch."""


def run(arguments: Arguments, settings: TrainingSettings, module: str) -> None:
    """Train, and print where the policy is and how good.

    Args:
        arguments: The command line.
        settings: The environment's settings.
        module: Name of the script, for the command that goes into the policy's description.
    """
    name = f"{settings.algorithm.lower()}-{arguments.env}-{arguments.seed}"
    folder = arguments.out or Path("runs") / name
    with plain_errors():
        if arguments.steps is not None:
            settings = replace(settings, total_steps=arguments.steps)
        options = read_options(arguments.options)
        make_env(arguments.env, options).close()  # refuses what is no environment of hpo_gym
        policy, seconds = train_in_folder(
            train,
            settings,
            arguments.env,
            module,
            folder,
            env_options=options,
            seed=arguments.seed,
            resume=arguments.resume,
            overwrite=arguments.overwrite,
            threads=arguments.threads,
        )
    validation = policy.description["validation"]
    print(f"policy             {folder / 'policy.npz'}")
    if "mean_return" in validation:
        result = (
            f"return  {validation['mean_return']:.4f} (mean of {validation['episodes']} episodes"
        )
    else:  # of a family of tasks: see `agents.training.validation`
        result = (
            f"score   {validation['score']:.4f} (log10 of regrets of {validation['tasks']} tasks"
        )
    print(f"evaluation {result}, after {policy.description['steps']:,} steps)")
    print(f"training seconds   {seconds:.1f}")


def main(settings_of: Callable[[str], TrainingSettings], module: str, default_env: str) -> None:
    """Read the command line and train with the settings of its environment."""
    documentation = sys.modules["__main__"].__doc__
    arguments = tyro.cli(Arguments, default=Arguments(env=default_env), description=documentation)
    run(arguments, settings_of(arguments.env), module)


if __name__ == "__main__":
    main(settings_for, "scripts.train_ppo", "FictitiousHPO-v0")
