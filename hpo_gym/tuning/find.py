"""Finding the process behind an environment, and what a reference needs of it."""

from __future__ import annotations

from typing import Any

from hpo_gym.tuning.process import TuningProcess


def process_of(env: Any) -> TuningProcess:
    """The process behind an environment.

    Args:
        env: TuningProcess, an environment, a vector environment (native, Gymnasium's or
            Stable-Baselines3's), wrapped or not.

    Raises:
        ValueError: It is none of these.
    """
    if isinstance(env, TuningProcess):
        return env
    bare = getattr(env, "unwrapped", env)
    if not hasattr(bare, "process") and hasattr(bare, "get_attr"):
        bare = bare.get_attr("unwrapped")[0]  # one environment per row: all have these options
    process = getattr(bare, "process", None)
    if not isinstance(process, TuningProcess):
        raise ValueError(f"{env!r} has no process: give an environment of hpo_gym")
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
