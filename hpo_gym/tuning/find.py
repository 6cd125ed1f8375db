"""Finding the process behind an environment, and what a reference needs of it."""

from __future__ import annotations

from typing import Any

from hpo_gym.tasks import find
from hpo_gym.tuning.process import TuningProcess


def process_of(env: Any) -> TuningProcess:
    """The tuning process behind an environment.

    Args:
        env: TuningProcess, an environment, a vector environment (native, Gymnasium's or
            Stable-Baselines3's), wrapped or not.

    Raises:
        ValueError: It is none of these.
    """
    process = find.process_of(env)
    if not isinstance(process, TuningProcess):
        raise ValueError(f"{env!r} does no tuning: give an environment of `hpo_gym.TuningEnv`")
    return process


def only_task(process: TuningProcess, split: str | None = None) -> Any:
    """Parameters of the one task that an environment has.

    Args:
        process: The process.
        split: Another split than the environment's.

    Raises:
        ValueError: The environment draws its tasks from several.
    """
    options = process.options
    split = split or options.split
    size = process.family.sizes[split]
    if size == 1:
        return process.family.sample(split, 0)
    if options.only_task is None:
        raise ValueError(
            f"the split {split!r} of the family {process.family.name!r} has {size} tasks, and the "
            f"option task = {options.task!r} names no single one: there is no single reference; "
            "fix one with the option task"
        )
    return process.family.sample(split, options.only_task)
