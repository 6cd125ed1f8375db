"""`Records`: what an agent did on the tasks of a suite, evaluation by evaluation."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

COLUMNS = ("regret", "reward", "resource", "cost", "seconds")
"""The numbers of an evaluation, float64, besides its action."""


@dataclass(frozen=True)
class Records:
    """The runs of one agent on n tasks with s seeds each, d-dimensional actions, T evaluations.

    Attributes:
        suite: Name of the suite.
        agent: Name of the agent.
        tasks: Task indices in the suite's order, (n,) int64.
        seeds: Seeds in the suite's order, (s,) int64.
        actions: Actions in [-1, 1], (n, s, T, d) float32.
        regret: Noise-free regret of the incumbent after each evaluation, (n, s, T) float64.
        reward: Reward of each evaluation, (n, s, T) float64.
        resource: Epochs that each evaluation took, (n, s, T) float64.
        cost: Cost of each evaluation, not cumulative, (n, s, T) float64.
        seconds: Decision time of each suggestion, (n, s, T) float64; see `runner`.

    Raises:
        ValueError: An array has not the shape that the others give it.
    """

    suite: str
    agent: str
    tasks: NDArray[np.int64]
    seeds: NDArray[np.int64]
    actions: NDArray[np.float32]
    regret: FloatArray
    reward: FloatArray
    resource: FloatArray
    cost: FloatArray
    seconds: FloatArray

    def __post_init__(self) -> None:
        """Check the shapes."""
        n, s = len(self.tasks), len(self.seeds)
        shape = self.regret.shape
        for name in ("actions", *COLUMNS):
            given = getattr(self, name).shape
            if given[:2] != (n, s) or given[:3] != shape or len(given) != 3 + (name == "actions"):
                raise ValueError(
                    f"{name} of {self.agent!r} has the shape {given}; {n} tasks, {s} seeds and "
                    f"regret of shape {shape} ask for (n, s, T), and (n, s, T, d) for actions"
                )

    def first(self, tasks: int, seeds: int) -> Records:
        """The runs of the first tasks and seeds, as many as there are.

        Args:
            tasks: Number of tasks, >= 1.
            seeds: Number of seeds, >= 1.
        """
        parts = {name: getattr(self, name)[:tasks, :seeds] for name in ("actions", *COLUMNS)}
        return replace(self, tasks=self.tasks[:tasks], seeds=self.seeds[:seeds], **parts)
