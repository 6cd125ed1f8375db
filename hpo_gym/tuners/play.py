"""The one loop that plays: a tuner in a vector environment, until every row ended its episode."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Turn(NamedTuple):
    """What a reset or a step of N rows gave."""

    actions: Any
    """What the tuner chose, (N, ...); None at the reset."""
    observations: NDArray[np.float32]
    """(N, size)."""
    rewards: NDArray[np.float64]
    """(N,) 0 at the reset, and for rows whose episode had ended before."""
    infos: dict[str, Any]
    """As the environment returned them: rows that ended before show their next episode."""
    running: NDArray[np.bool_]
    """(N,) rows whose first episode had not ended before this turn."""


def play(
    tuner: Any,
    envs: Any,
    *,
    seed: int | Sequence[int] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Iterator[Turn]:
    """Play one episode in every row.

    Args:
        tuner: Has Stable-Baselines3's `predict`; it is asked to be deterministic.
        envs: A vector environment.
        seed: Seed of the reset.
        options: Options of the reset.

    Yields:
        The reset, then every step until all rows have ended their first episode.

    Raises:
        TypeError: It is not a vector environment.
    """
    if not hasattr(envs, "num_envs"):
        raise TypeError(
            f"play needs a vector environment, not {envs!r}: make one of one row, with "
            "gym.make_vec(id, num_envs=1)"
        )
    observations, infos = envs.reset(seed=seed, options=None if options is None else dict(options))
    rows = envs.num_envs
    running, starts = np.ones(rows, dtype=np.bool_), np.ones(rows, dtype=np.bool_)
    yield Turn(None, observations, np.zeros(rows), infos, running)
    state: Any = None
    while running.any():
        actions, state = tuner.predict(
            observations, state=state, episode_start=starts, deterministic=True
        )
        observations, rewards, terminated, truncated, infos = envs.step(actions)
        starts = np.zeros(rows, dtype=np.bool_)
        yield Turn(actions, observations, np.where(running, rewards, 0.0), infos, running)
        running = running & ~(terminated | truncated)
