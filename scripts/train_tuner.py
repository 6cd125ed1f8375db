"""Train a tuner for a family of tasks: progress bar, TensorBoard logs, checkpoints, ``--resume``.

    python -m scripts.train_tuner --agent unrolled --family fictitious --seed 0

Hyperparameters: those in `agents.training.unrolled`, `agents.training.ppo` and
`agents.training.recurrent_ppo`, but for what ``--settings`` changes. The policy, policy.npz and
policy.json in the run's folder, is read by `hpo_gym.policies.policy.Policy.load`; at the end its
regret on all validation tasks is printed. After Ctrl-C or a crash, the same command with
``--resume`` continues.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, NamedTuple

import gymnasium as gym
import tyro

from agents.training.sb3_learner import Trained
from agents.training.train import train
from agents.training.unrolled import train_unrolled
from agents.training.validation import regrets
from hpo_gym.benchmark.scoring.statistics import iqm
from hpo_gym.families import Distribution
from hpo_gym.policies.policy import Policy
from hpo_gym.tuning.find import dynamics_of
from scripts.command_line import plain_errors, read_object
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


ALGORITHMS = {
    "unrolled": Algorithm("agents.training.unrolled", train_unrolled),
    "ppo": Algorithm("agents.training.ppo", train),
    "recurrent_ppo": Algorithm("agents.training.recurrent_ppo", train),
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
    settings: str = "{}"
    """Hyperparameters that are to be others, as JSON: '{"learning_rate": 0.002}'."""
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
        settings = _changed(settings, arguments.settings)
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
    print(f"validation score  {policy.description['validation']['score']:.4f}")
    for line in _regrets(policy):
        print(line)
    print(f"training seconds  {seconds:.1f}")


def _changed(settings: Any, text: str) -> Any:
    """Settings, some of them from JSON.

    Raises:
        ValueError: The text is no JSON object of settings, or they are not valid.
    """
    changes = read_object("--settings", text, [field.name for field in fields(settings)])
    lists = {name: tuple(value) for name, value in changes.items() if isinstance(value, list)}
    return replace(settings, **changes | lists)


def _regrets(policy: Policy) -> list[str]:
    """Lines with the regret on all validation tasks, after 1, 2, 4, ... evaluations."""
    environment = policy.description["environment"]
    family = dynamics_of(gym.make(environment["id"], **environment["options"])).family
    assert isinstance(family, Distribution)
    tasks = family.sizes["validation"]
    regret = regrets(policy, environment, tasks)
    counts = [2**i for i in range(regret.shape[1].bit_length())]
    averages = {"IQM": iqm(regret.T), "mean": regret.mean(axis=0)}
    lines = [f"regret of {tasks} validation tasks after {counts} evaluations"]
    for name, values in averages.items():
        shown = " ".join(f"{values[count - 1]:.4f}" for count in counts)
        lines.append(f"  {name:15} {shown}")
    return lines


if __name__ == "__main__":
    run(tyro.cli(Arguments, description=__doc__))
