"""Train an agent: progress bar, TensorBoard logs, checkpoints, ``--resume``.

    python -m scripts.train --agent ppo --env FictitiousHPO-v0 --seed 0
    python -m scripts.train --agent unrolled --family fictitious --seed 0

The hyperparameters are those of `agents.training.algorithms`, except for what ``--settings``
changes. The policy, policy.npz and policy.json in the run's folder, is read by
`hpo_gym.policies.policy.Policy.load`. After Ctrl-C or a crash, the same command with ``--resume``
continues.
"""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

import gymnasium as gym
import tyro

from agents.training.algorithms import ALGORITHMS, settings_for
from agents.training.learner import Settings
from agents.training.run import TrainingInterrupted
from agents.training.train import train
from agents.training.validation import headline, regrets
from hpo_gym.benchmark.scoring.statistics import iqm
from hpo_gym.families import HashedBank
from hpo_gym.policies.policy import Policy
from hpo_gym.tuning.find import process_of
from scripts.command_line import command_of, make_env, plain_errors, read_object, read_options

FAMILIES = {
    "fictitious": "hpo_gym:FictitiousHPOFamily-v0",
    "binormal": "hpo_gym:BinormalHPOFamily-v0",
}
"""Ids of the environments of families of tasks."""


@dataclass(frozen=True)
class Arguments:
    """Command line of a training."""

    agent: Literal[*ALGORITHMS]
    """What to train; "dqn" needs discrete actions, "unrolled" a family of tasks."""
    env: str | None = None
    """Registered id of the environment."""
    family: Literal[*FAMILIES] | None = None
    """Family of tasks, instead of the id of its environment."""
    options: str = "{}"
    """Options of the environment, as JSON: '{"stop": true}'."""
    settings: str = "{}"
    """Hyperparameters to change, as JSON: '{"learning_rate": 0.002}'."""
    seed: int = 0
    """Seed of everything."""
    out: Path | None = None
    """Folder of the run; runs/AGENT-ENV-SEED (or -FAMILY-) if not given."""
    resume: bool = False
    """Continue the run in that folder."""
    overwrite: bool = False
    """Remove the run in that folder and begin anew."""
    threads: int = 1
    """Threads of torch."""


def run(arguments: Arguments, settings: Settings | None = None) -> None:
    """Train, and print where the policy is and how good.

    Args:
        arguments: The command line.
        settings: Hyperparameters, or None for those of the agent and the environment.
    """
    with plain_errors():
        name, env_id = _environment(arguments)
        if settings is None:
            settings = settings_for(arguments.agent, env_id)
        settings = _changed(settings, arguments.settings)
        options = read_options(arguments.options)
        make_env(env_id, options).close()  # refuses other packages' environments
        folder = arguments.out or Path("runs") / f"{arguments.agent}-{name}-{arguments.seed}"
        policy, seconds = _train(arguments, settings, env_id, options, folder)
    print(f"policy            {folder / 'policy.npz'}")
    for line in _evaluation(policy, settings.criterion):
        print(line)
    print(f"training seconds  {seconds:.1f}")


def _environment(arguments: Arguments) -> tuple[str, str]:
    """What the environment is called in the folder's name, and its id.

    Raises:
        ValueError: Neither an environment nor a family is given, or both.
    """
    if arguments.env is not None and arguments.family is None:
        return arguments.env.removeprefix("hpo_gym:"), arguments.env
    if arguments.family is not None and arguments.env is None:
        return arguments.family, FAMILIES[arguments.family]
    raise ValueError("give the environment's id by --env, or its family by --family")


def _changed(settings: Settings, text: str) -> Settings:
    """Settings, some of them from JSON.

    Raises:
        ValueError: The text is not a JSON object of settings, or they are not valid.
    """
    changes = read_object("--settings", text, [field.name for field in fields(settings)])
    lists = {name: tuple(value) for name, value in changes.items() if isinstance(value, list)}
    try:
        return replace(settings, **changes | lists)
    except TypeError as error:
        raise ValueError(f"--settings {text!r} has a value of a wrong type: {error}") from error


def _train(
    arguments: Arguments, settings: Settings, env_id: str, options: dict[str, Any], folder: Path
) -> tuple[Policy, float]:
    """Train; after Ctrl-C say how to go on, and end the program."""
    command = command_of("scripts.train")
    try:
        return train(
            settings,
            env_id,
            env_options=options,
            seed=arguments.seed,
            run_dir=folder,
            resume=arguments.resume,
            overwrite=arguments.overwrite,
            command=command,
            threads=arguments.threads,
        )
    except TrainingInterrupted as interrupted:
        print(interrupted, file=sys.stderr)
        words = shlex.split(command)
        again = [word for word in words if word not in ("--resume", "--overwrite")]
        print(f"continue with: {shlex.join([*again, '--resume'])}", file=sys.stderr)
        sys.exit(130)


def _evaluation(policy: Policy, criterion: str) -> list[str]:
    """Lines that say how good the policy is."""
    validation = policy.description["validation"]
    value = headline(validation)
    if criterion == "return":
        return [f"mean return       {value:.4f} (of {validation['episodes']} episodes)"]
    score = f"validation score  {value:.4f} (log10 of regrets of {validation['tasks']} tasks)"
    return [score, *_regrets(policy)]


def _regrets(policy: Policy) -> list[str]:
    """Lines with the regret on all validation tasks, after 1, 2, 4, ... evaluations."""
    environment = policy.description["environment"]
    family = process_of(gym.make(environment["id"], **environment["options"])).family
    assert isinstance(family, HashedBank)
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
