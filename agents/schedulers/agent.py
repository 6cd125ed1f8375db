"""`SchedulingAgent`: a sampler and a scheduler with the `predict` of Stable-Baselines3."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.schedulers.samplers import Sampler
from hpo_gym import rng
from hpo_gym.scheduling.actions import ActionFormat
from hpo_gym.scheduling.observations import SchedulingEncoder
from hpo_gym.scheduling.table import Decision, Runs, Scheduler


class Episodes(NamedTuple):
    """The state of N rows."""

    keys: NDArray[np.uint64]
    """(N,) keys of the random numbers of their episodes."""


class SchedulingAgent:
    """What tunes in a scheduling environment.

    The scheduler decides which runs go on, and the sampler which configuration a new one is started
    with; it is asked only then. What happens is fixed by the agent's seed and the order of the
    calls: the sampler's random numbers in a row depend on (the seed, the number of batches that
    began with ``state=None``, the row, the row's episode in this batch). They do not depend on the
    scheduler: agents that differ in it alone can be compared pair by pair.

    Args:
        encoder: The layout of the environment's observations.
        sampler: Proposes configurations.
        scheduler: Decides.
        seed: Seed of the sampler's random numbers, >= 0.
    """

    name: ClassVar[str] = "scheduling"

    def __init__(
        self,
        encoder: SchedulingEncoder,
        sampler: Sampler,
        scheduler: Scheduler,
        *,
        seed: int = 0,
    ) -> None:
        self.encoder, self.sampler, self.scheduler = encoder, sampler, scheduler
        self._format = ActionFormat(encoder)
        self._key, self._batches = rng.fold(seed), 0

    def predict(
        self,
        observation: Any,
        state: Any = None,
        episode_start: Any = None,
        deterministic: bool = False,
    ) -> tuple[NDArray[np.float32], Episodes]:
        """Choose actions.

        Args:
            observation: (size,) or (N, size).
            state: What the last call returned; None at first.
            episode_start: (N,) bool, rows whose episode begins. It may be left out: a row without
                runs begins its episode.
            deterministic: Not used: the scheduler has no choice, and the sampler its seed.

        Returns:
            One action (3 + d,), or N of them, and the state for the next call.

        Raises:
            ValueError: The observation has the wrong shape, or the state is of another batch.
        """
        array = self.encoder.checked(observation)
        observations = np.atleast_2d(array)
        rows = len(observations)
        if state is not None and len(state.keys) != rows:
            raise ValueError(
                f"the state is of {len(state.keys)} rows, the observation of {rows}; pass "
                "state=None when the batch changes"
            )
        keys = self._first_keys(rows) if state is None else state.keys
        tables = [self.encoder.decode(row) for row in observations]
        starts = np.array([not runs.status for runs in tables])
        if state is not None and episode_start is not None:
            starts |= np.asarray(episode_start, dtype=np.bool_).reshape(-1)
        keys = np.where(starts, rng.derive(keys, 1), keys)
        actions = np.stack(
            [self._action(runs, key) for runs, key in zip(tables, keys.tolist(), strict=True)]
        )
        return (actions if array.ndim == 2 else actions[0]), Episodes(keys)

    def _first_keys(self, rows: int) -> NDArray[np.uint64]:
        """The keys of a new batch, (N,)."""
        self._batches += 1
        batch = rng.derive(self._key, self._batches)
        return np.asarray(rng.derive(batch, np.arange(rows, dtype=np.uint64)))

    def _action(self, runs: Runs, key: int) -> NDArray[np.float32]:
        decision = self.scheduler.decide(runs)
        point = self.sampler.point(runs, key) if _starts(decision, runs) else None
        return self._format.encode(decision, runs, point)


def _starts(decision: Decision, runs: Runs) -> bool:
    """Whether a decision starts a run: whether its configuration matters."""
    goes_on = runs.reported is not None and decision.reported == "continue"
    return not goes_on and decision.then == "start" and runs.can_grant(None)
