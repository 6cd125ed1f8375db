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

import json
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import tyro

from agents.training.algorithms import ALGORITHMS, settings_for
from agents.training.learner import Settings
from agents.training.run_folder import RunFolder
from agents.training.seeds import Common, Seed, train_seed
from hpo_gym.commands.checks import plain_errors, require_count, require_writable
from hpo_gym.executors.executor import Failure
from hpo_gym.executors.named import executor_named
from hpo_gym.families import make_family
from hpo_gym.files import read_folder, write_folder
from hpo_gym.references import absolute, absolute_source, split
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
from scripts.train_report import evaluation

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
    executor: str | None = None
    """Where the trainings run, several at a time: processes:4 on this machine, dask://host:port on
    the workers of a Dask cluster, dask on one that is made here; one after another in this process,
    if none is named."""


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
        try:
            failed = [seed for seed, good in _train_all(arguments, plan) if not good]
        except KeyboardInterrupt as interrupted:
            _say_how_to_continue(interrupted)
            sys.exit(getattr(interrupted, "exit_code", 130))
    if failed:
        sys.exit(f"error: the trainings of the seeds {failed} failed")


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
    if arguments.executor is not None:
        executor_named(arguments.executor)
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


def _train_all(arguments: Arguments, plan: Plan) -> Iterator[tuple[int, bool]]:
    """Train, and print what came of it; seeds as they end, with whether that was well."""
    executor = None if arguments.executor is None else executor_named(arguments.executor)
    shared = executor is None or executor.shares_files
    jobs, work = _jobs(arguments, plan, shared), partial(train_seed, _common(arguments, plan))
    # In this process errors and signals are the training's own.
    outcomes = ((job, work(job)) for job in jobs) if executor is None else executor.run(jobs, work)
    with closing(outcomes):
        for job, outcome in outcomes:
            failed = isinstance(outcome, Failure)
            if failed:
                print(f"seed {job.seed} failed:\n{outcome.message}", file=sys.stderr)
            else:
                _conclude(plan, plan.folders[job.seed], outcome)
            yield job.seed, not failed


def _jobs(arguments: Arguments, plan: Plan, shared: bool) -> Iterator[Seed]:
    """The trainings, with what is in their folders unless those are shared."""
    begun = any(folder.begun for folder in plan.folders.values())
    for seed, folder in plan.folders.items():
        resume = arguments.resume and (folder.begun or not begun)  # nothing begun is an error
        files = None if shared else read_folder(folder.path) if resume else {}
        yield Seed(seed, folder.path.absolute(), resume, files)


def _common(arguments: Arguments, plan: Plan) -> Common:
    family = plan.options.get("family")
    in_file = isinstance(family, str) and ".py:" in family
    return Common(
        plan.settings,
        plan.env_id,
        json.dumps(plan.options),
        split(family)[0] if in_file else None,
        tuple(map(absolute_source, arguments.imports)),
        command_of("scripts.train"),
        arguments.threads,
        progress_bar=arguments.executor is None,
    )


def _conclude(plan: Plan, folder: RunFolder, files: Mapping[str, bytes] | None) -> None:
    """Print where a policy is, and how good; files that come from elsewhere are written first."""
    if files is not None:
        folder.remove_run()
        write_folder(folder.path, files)
    policy = plan.settings.policy_class.load(folder.policy)
    print(f"policy            {folder.policy}")
    for line in evaluation(policy):
        print(line)
    print(f"training seconds  {policy.description['training_seconds']:.1f}")


def _say_how_to_continue(interrupted: KeyboardInterrupt) -> None:
    print(str(interrupted) or "interrupted", file=sys.stderr)
    words = shlex.split(command_of("scripts.train"))
    again = [word for word in words if word not in ("--resume", "--overwrite")]
    print(f"continue with: {shlex.join([*again, '--resume'])}", file=sys.stderr)


if __name__ == "__main__":
    run(tyro.cli(Arguments, description=__doc__))
