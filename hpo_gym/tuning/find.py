"""Finding the process behind an environment, and what a reference needs of it."""

from __future__ import annotations

from typing import Any

from hpo_gym.tuning.process import TuningProcess


def dynamics_of(env: Any) -> TuningProcess:
    """The dynamics behind an environment.

    Args:
        env: TuningProcess, an environment, a vector environment (native, Gymnasium's or
            Stable-Baselines3's), wrapped or not.

    Raises:
        ValueError: It is none of these.
    """
    if isinstance(env, TuningProcess):
        return env
    bare = getattr(env, "unwrapped", env)
    if not hasattr(bare, "dynamics") and hasattr(bare, "get_attr"):
        bare = bare.get_attr("unwrapped")[0]  # one environment per row: all have these options
    dynamics = getattr(bare, "dynamics", None)
    if not isinstance(dynamics, TuningProcess):
        raise ValueError(f"{env!r} has no dynamics: give an environment of hpo_gym")
    return dynamics


def only_task(dynamics: TuningProcess, split: str | None = None) -> Any:
    """Parameters of the one task that an environment has.

    Args:
        dynamics: The dynamics.
        split: Another split than the environment's.

    Raises:
        ValueError: The environment draws its tasks from several.
    """
    options = dynamics.options
    split = split or options.split
    size = dynamics.family.sizes[split]
    if size > 1 and options.task is None:
        raise ValueError(
            f"the split {split!r} of the family {dynamics.family.name!r} has {size} tasks: "
            "there is no single reference; fix one with the option task"
        )
    return dynamics.family.sample(split, options.task or 0)


def resource_axis(dynamics: TuningProcess) -> int | None:
    """Unit coordinate of the parameter that sets the resource, or None if nothing does."""
    parameter = dynamics.family.resource_parameter
    return None if parameter is None else dynamics.space.slices[parameter].start
