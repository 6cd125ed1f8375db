"""The time limit that `gymnasium.make_vec` passes to a vector environment."""

from __future__ import annotations

from typing import Any

import numpy as np


def check_time_limit(max_episode_steps: Any, budget: int, option: str) -> None:
    """Check that no episode reaches the limit: native vector environments have none.

    Args:
        max_episode_steps: The limit; None and -1 mean none.
        budget: Most steps of an episode.
        option: The option that sets the budget.

    Raises:
        ValueError: An episode could reach it.
    """
    if max_episode_steps is not None and not (
        isinstance(max_episode_steps, (int, np.integer))
        and (max_episode_steps == -1 or max_episode_steps >= budget)
    ):
        raise ValueError(
            f"max_episode_steps = {max_episode_steps!r} must be None, -1 or at least the "
            f"budget of {budget}: set {option}, or vectorization_mode='sync'"
        )
