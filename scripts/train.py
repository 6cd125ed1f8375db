"""Train a tuner: any algorithm, any environment of hpo_gym, one seed after another.

    python -m scripts.train --agent ppo --env FictitiousHPO-v0 --seeds 0 1 2
    python -m scripts.train --agent unrolled --family fictitious
    python -m scripts.train --agent ppo --family mine.py:MyFamily --options '{"noise": 0.01}'

The hyperparameters are those of `agents.training.algorithms`, except for what ``--settings``
changes. The policy, policy.npz and policy.json in the run's folder, is ranked by
``scripts.benchmark --agent NAME=FOLDER/policy.npz`` and read by
`hpo_gym.policies.policy.Policy.load`. After Ctrl-C, SIGTERM (exit codes 130 and 143) or a crash,
the same command with ``--resume`` continues.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import gymnasium as gym
import tyro

from agents.training.algorithms import ALGORITHMS, settings_for
from agents.training.interrupts import TrainingInterrupted
from agents.training.learner import Settings
from agents.training.run import Trained
from agents.training.run_folder import RunFolder
from agents.training.train import train
from agents.training.validation import headline, regrets
from hpo_gym.benchmark.scoring.statistics import iqm
from hpo_gym.commands.checks import plain_errors, require_count, require_writable
from hpo_gym.families import make_family
from hpo_gym.policies.policy import Policy
from hpo_gym.references import absolute, split
from hpo_gym.tasks.find import process_of
from scripts.command_line import (
    MAX_SEED,
    Imports,
    command_of,
    import_modules,
    make_env,
    read_object,
    read_options,
)

FAMILIES = {
    "fictitious": "hpo_gym:FictitiousHPOFamily-v0",
    "binormal": "hpo_gym:BinormalHPOFamily-v0",
    "rough": "hpo_gym:RoughHPOFamily-v0",
    "recorded": "hpo_gym:RecordedHPO-v0",
    "anyspace": "hpo_gym:AnySpaceHPO-v0",
}
"""Ids of the environments of families of tasks; all others are options of the first."""


@dataclass(frozen=True)
class Arguments:
    """Command line of a training."""

    agent: Literal[*ALGORITHMS]
    """What to train; "dqn" needs discrete actions, "unrolled" a family of tasks; "anyspace" is
    the tuner for any search space, "classifier" that for classifiers, of the family recorded."""
    env: str | None = None
    """Registered id of the environment; by default that of the family."""
    family: str | None = None
    """Family of tasks: the name of a registered one, module:Class or path/to/file.py:Class."""
    options: str = "{}"
    """Options of the environment, as JSON: '{"stop": true}'."""
    settings: str = "{}"
    """Hyperparameters to change, as JSON: '{"learning_rate": 0.002}'."""
    seeds: Annotated[tuple[int, ...], tyro.conf.arg(aliases=["--seed"])] = (0,)
    """Seeds of everything, each of a training of its own."""
    imports: Imports = ()
    """A module of yours, or a path/to/file.py, that registers what the other options name. May be
    repeated."""
    out: Path | None = None
    """Folder of the run, runs/AGENT-ENVIRONMENT-SEED if not given; with several seeds, the folder
    of their folders seed-0, seed-1, ..."""
    resume: bool = False
    """Continue the runs in these folders, and begin those that have not begun."""
    overwrite: bool = False
    """Remove the runs in these folders and begin anew."""
    threads: int = 1
    """Threads of torch."""


class Plan(NamedTuple):
    """What is trained, and where, after all checks."""

    settings: Settings
    env_id: str
    options: dict[str, Any]
    folders: dict[int, RunFolder]
    """By seed."""


def run(arguments: Arguments, settings: Settings | None = None) -> None:
    """Train, and print where the policies are and how good.

    Args:
        arguments: The command line.
        settings: Hyperparameters, or None for those of the agent and the environment.
    """
    with plain_errors():
        plan = make_plan(arguments, settings)
        if arguments.overwrite:
            for folder in plan.folders.values():
                folder.remove_run()
        first = next(iter(plan.folders))
        for seed, folder in plan.folders.items():
            resume = arguments.resume and (seed == first or folder.begun)
            policy, seconds = _train(arguments, plan, seed, resume)
            print(f"policy            {folder.policy}")
            for line in _evaluation(policy):
                print(line)
            print(f"training seconds  {seconds:.1f}")


def make_plan(arguments: Arguments, settings: Settings | None = None) -> Plan:
    """What a command line asks for; nothing is written.

    Raises:
        ValueError: An argument is not valid.
        OSError: A folder holds a run.
        gymnasium.error.Error: There is no such id.
    """
    import_modules(arguments.imports)
    for seed in arguments.seeds:
        require_count("--seeds", seed, 0, MAX_SEED)
    if not arguments.seeds or len(set(arguments.seeds)) < len(arguments.seeds):
        raise ValueError(f"--seeds {[*arguments.seeds]} must be one or more seeds, each once")
    require_count("--threads", arguments.threads, 1, 1024)
    if arguments.resume and arguments.overwrite:
        raise ValueError("--resume continues runs, --overwrite removes them: give one of them")
    name, env_id, options = _environment(arguments)
    env = make_env(env_id, options)
    if settings is None:
        settings = settings_for(arguments.agent, env_id, process_of(env).family)
    settings = _changed(settings, arguments.settings)
    settings.check(env_id, settings.environment_options(options))
    folders = dict(zip(arguments.seeds, _folders(arguments, name), strict=True))
    for folder in folders.values():
        require_writable("--out", folder.path)
        if not (arguments.resume or arguments.overwrite):
            folder.require_free()
    return Plan(settings, env_id, options, folders)


def _environment(arguments: Arguments) -> tuple[str, str, dict[str, Any]]:
    """What the environment is called in a folder's name, its id and its options.

    Raises:
        ValueError: Neither an environment nor a family is given, or the family twice.
    """
    env_id, family = arguments.env, arguments.family
    options = read_options(arguments.options)
    if family is None:
        if env_id is None:
            raise ValueError("give the environment's id by --env, or a family by --family")
        return _plain(env_id), env_id, options
    if "family" in options:
        raise ValueError(f"--family {family} and --options name a family: leave out one of them")
    if env_id is None and family in FAMILIES:
        return family, FAMILIES[family], options
    kind, named = make_family(family), family
    if ":" in family:
        family, named = absolute(family), split(family)[1]
    options["family"] = family
    if "metric" not in options and "f1" not in kind.goals:
        options["metric"] = next(iter(kind.goals))
    called = named if env_id is None else f"{env_id}-{named}"
    return _plain(called), env_id or FAMILIES["fictitious"], options


def _plain(name: str) -> str:
    """A name without what means something in a path or to a shell."""
    return re.sub(r"[^\w.-]+", "-", name.removeprefix("hpo_gym:"))


def _folders(arguments: Arguments, name: str) -> Iterator[RunFolder]:
    """The folder of every seed."""
    for seed in arguments.seeds:
        if arguments.out is None:
            yield RunFolder(Path("runs") / f"{arguments.agent}-{name}-{seed}")
        elif len(arguments.seeds) == 1:
            yield RunFolder(arguments.out)
        else:
            yield RunFolder(arguments.out / f"seed-{seed}")


def _changed(settings: Settings, text: str) -> Settings:
    """Settings, some of them from JSON.

    Raises:
        ValueError: The text is not a JSON object of settings, or they are not valid.
    """
    changes = read_object("--settings", text, [field.name for field in fields(settings)])
    try:
        return replace(settings, **changes)
    except ValueError as error:
        raise ValueError(f"--settings: {error}") from error


def _train(arguments: Arguments, plan: Plan, seed: int, resume: bool) -> Trained:
    """Train; after a signal say how to go on, and end the program."""
    command = command_of("scripts.train")
    try:
        return train(
            plan.settings,
            plan.env_id,
            env_options=plan.options,
            seed=seed,
            run_dir=plan.folders[seed].path,
            resume=resume,
            command=command,
            threads=arguments.threads,
        )
    except TrainingInterrupted as interrupted:
        print(interrupted, file=sys.stderr)
        words = shlex.split(command)
        again = [word for word in words if word not in ("--resume", "--overwrite")]
        print(f"continue with: {shlex.join([*again, '--resume'])}", file=sys.stderr)
        sys.exit(interrupted.exit_code)


def _evaluation(policy: Policy) -> list[str]:
    """Lines that say how good the policy is."""
    validation = policy.description["validation"]
    value = headline(validation)
    if "mean_return" in validation:  # the criterion was the return
        return [f"mean return       {value:.4f} (of {validation['episodes']} episodes)"]
    score = f"validation score  {value:.4f} (log10 of regrets of {validation['tasks']} tasks)"
    return [score, *(_regrets(policy) if isinstance(policy, Policy) else _summary(validation))]


def _summary(validation: dict[str, Any]) -> list[str]:
    """Lines with the regrets that the training's own validation found."""
    lines = [f"regret of {validation['tasks']} validation tasks after {[*validation['iqm']]}"]
    for name, key in (("IQM", "iqm"), ("mean", "mean")):
        shown = " ".join(f"{value:.4f}" for value in validation[key].values())
        lines.append(f"  {name:15} {shown}")
    return lines


def _regrets(policy: Policy) -> list[str]:
    """Lines with the regret on all validation tasks, after 1, 2, 4, ... evaluations."""
    environment = policy.description["environment"]
    family = process_of(gym.make(environment["id"], **environment["options"])).family
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
