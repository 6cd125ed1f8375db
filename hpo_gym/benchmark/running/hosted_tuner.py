"""A tuner in a process of its own that is played like any other."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym.benchmark.running.hosted import Briefing, Registrations
from hpo_gym.benchmark.running.tuner_process import TIMEOUT, TunerProcess
from hpo_gym.tuners.entry import AgentEntry
from hpo_gym.tuning.options import Options


class HostedTuner:
    """Somebody's tuner, with Stable-Baselines3's `predict`.

    Args:
        entry: The tuner. It is told the family, not the tasks.
        options: Options of the environment that it tunes in.
        seed: Seed of its random numbers.
        timeout: Seconds that it has for every answer.

    Attributes:
        seconds: What its last decision took, without the way to its process.

    Raises:
        TunerError: It cannot be built; `predict` raises it where the tuner fails.
        ValueError: Another process cannot find the factory, the family or the reward by name.
    """

    def __init__(
        self, entry: AgentEntry, options: Options, *, seed: int, timeout: float = TIMEOUT
    ) -> None:
        names = {field.name for field in fields(options)} - {"family", "split", "task"}
        briefing = Briefing(
            entry.importable(),
            options.family,
            {name: getattr(options, name) for name in names},
            Registrations.of([options.made_family], [options.reward]),
        )
        self.seconds = 0.0
        self._discrete = options.action == "nudge"
        self._process = TunerProcess(entry.name, timeout)
        try:
            self._process.build(briefing, seed=seed)
        except BaseException:
            self.close()
            raise

    def predict(
        self,
        observation: NDArray[np.float32],
        state: Any = None,
        episode_start: NDArray[np.bool_] | None = None,
        deterministic: bool = True,
    ) -> tuple[NDArray[Any], Any]:
        """Its actions for all rows, which begin their episodes together.

        Args:
            observation: (N, size).
            state: None where they begin; else what the last call returned, for its process keeps
                the state.
            episode_start: Not looked at, for the same reason.
            deterministic: It is always asked to be deterministic.
        """
        actions, self.seconds = self._process.decide(observation, begins=state is None)
        whole = np.isfinite(actions).all() and (actions == np.rint(actions)).all()
        return actions.astype(np.int64) if self._discrete and whole else actions, ()

    def close(self) -> None:
        """Let the tuner close, and end its process."""
        self._process.close()

    def __enter__(self) -> HostedTuner:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
