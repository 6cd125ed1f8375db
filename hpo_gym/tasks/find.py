"""Finding the process behind an environment."""

from __future__ import annotations

from typing import Any

from hpo_gym.tasks.options import TaskOptions


def process_of(env: Any) -> Any:
    """The process behind an environment: it has a ``family``, and ``options``.

    Args:
        env: A process, an environment, a vector environment (native, Gymnasium's or
            Stable-Baselines3's), wrapped or not.

    Raises:
        ValueError: It is none of these.
    """
    if isinstance(getattr(env, "options", None), TaskOptions):
        return env
    bare = getattr(env, "unwrapped", env)
    if not hasattr(bare, "process") and hasattr(bare, "get_attr"):
        bare = bare.get_attr("unwrapped")[0]  # one environment per row: all have these options
    process = getattr(bare, "process", None)
    if not isinstance(getattr(process, "options", None), TaskOptions):
        raise ValueError(f"{env!r} has no process: give an environment of hpo_gym")
    return process
