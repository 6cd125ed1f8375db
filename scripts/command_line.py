"""What the scripts share besides `hpo_gym.commands.checks`: modules of the user, options."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import gymnasium as gym
import tyro

from hpo_gym.learning_rate import LearningRateOptions
from hpo_gym.references import absolute_source, load_module
from hpo_gym.scheduling import SchedulingOptions
from hpo_gym.tasks.find import process_of
from hpo_gym.tuning.options import Options

OPTIONS = dict.fromkeys(
    field.name
    for options in (Options, SchedulingOptions, LearningRateOptions)
    for field in fields(options)
)
"""Names of the options of all environments."""
MAX_SEED = 2**32 - 1
"""NumPy's old generators, which Stable-Baselines3 seeds, take no larger seeds."""


Repeated: TypeAlias = tyro.conf.UseAppendAction[tuple[str, ...]]
"""An option that may be given several times, with one value each."""
Imports: TypeAlias = Annotated[Repeated, tyro.conf.arg(name="import", metavar="MODULE_OR_FILE")]
"""The option --import."""


def import_modules(sources: Sequence[str]) -> tuple[str, ...]:
    """Import modules of the user, which register families, agents, suites and rewards.

    Args:
        sources: Names of modules and paths of files, as --import has them.

    Returns:
        The same, files by their full paths: what a spawned worker has to import too.

    Raises:
        ValueError: One cannot be imported, for whatever reason.
    """
    for source in sources:
        if source.endswith(".py") and not Path(source).is_file():
            raise ValueError(f"--import {source}: there is no such file")
        try:
            module = load_module(source)
        except ValueError as error:
            raise ValueError(f"--import {source}: {error}") from error
        if hasattr(module, "__path__") and getattr(module, "__file__", None) is None:
            raise ValueError(f"--import {source}: it is a folder without __init__.py: name a file")
    return tuple(map(absolute_source, sources))


def read_options(text: str) -> dict[str, Any]:
    """Options of an environment from JSON.

    Args:
        text: Such as '{"stop": true}'.

    Raises:
        ValueError: The text is not a JSON object, or an option does not exist.
    """
    return read_object("--options", text, [*OPTIONS])


def read_object(option: str, text: str, known: Collection[str]) -> dict[str, Any]:
    """Named values from JSON.

    Args:
        option: The option of the command line, for messages: "--options".
        text: What was given, such as '{"stop": true}'.
        known: The names that may be there.

    Raises:
        ValueError: The text is not a JSON object, or a name is unknown.
    """
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{option} {text!r} is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise ValueError(f"{option} {text!r} must be a JSON object such as '{{\"name\": 1.5}}'")
    unknown = sorted(set(values) - set(known))
    if unknown:
        kind = option.removeprefix("--")
        raise ValueError(f"{option} {text!r}: unknown {kind} {unknown}; choose from {[*known]}")
    return values


def make_env(env_id: str, options: Mapping[str, Any]) -> gym.Env[Any, Any]:
    """One environment of hpo_gym.

    Args:
        env_id: A registered id.
        options: As `read_options` returns them.

    Raises:
        ValueError: An option is not valid, or the environment is not of hpo_gym.
        gymnasium.error.Error: There is no such id.
    """
    try:
        env = gym.make(env_id, **options)
    # An option of a wrong type, or another package's environment; a budget of 10**12; a package
    # before the colon of the id that does not exist.
    except (TypeError, MemoryError, OverflowError, ImportError) as error:
        raise ValueError(f"{env_id} does not take the options {dict(options)}: {error}") from error
    process_of(env)
    return env


def command_of(module: str) -> str:
    """The command that runs this program again with the same interpreter, as a shell reads it.

    Args:
        module: Name of the script, such as "scripts.compare".
    """
    interpreter = Path(sys.executable or "python")
    with suppress(ValueError):  # it lies elsewhere
        interpreter = interpreter.relative_to(Path.cwd())
    return shlex.join([str(interpreter), "-m", module, *sys.argv[1:]])
