"""`Records`: what an agent did on the tasks of a suite, evaluation by evaluation."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hpo_gym.benchmark.suites.suite import Suite
from hpo_gym.families import make_family

FloatArray = NDArray[np.float64]

COLUMNS = ("regret", "reward", "resource", "cost", "seconds")
"""The numbers of an evaluation, float64, besides its action."""

_ROUNDING = 1e-9
"""How far rounding takes a regret out of [0, 1]."""

_TYPES = {
    "tasks": np.dtype(np.int64),
    "seeds": np.dtype(np.int64),
    "actions": np.dtype(np.float32),
    **dict.fromkeys(COLUMNS, np.dtype(np.float64)),
}


@dataclass(frozen=True)
class Records:
    """The runs of one agent on n tasks with s seeds each, d-dimensional actions, T evaluations.

    Attributes:
        suite: Name of the suite.
        agent: Name of the agent.
        tasks: Task indices in the suite's order, (n,) int64.
        seeds: Seeds in the suite's order, (s,) int64.
        actions: Actions in [-1, 1], (n, s, T, d) float32.
        regret: `Suite.measure` of the incumbent after each evaluation, (n, s, T) float64: its
            noise-free regret, or 1 - its observed score.
        reward: Reward of each evaluation, (n, s, T) float64.
        resource: What each evaluation consumed, such as epochs, (n, s, T) float64.
        cost: Cost of each evaluation, not cumulative, (n, s, T) float64.
        seconds: Decision time of each suggestion, (n, s, T) float64; see `runner`.

    Raises:
        ValueError: An array has a wrong type, or a shape that does not fit the others'; a task or
            seed is repeated; a number is not finite; an action or a time is out of bounds.
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
        """Check all that needs no suite."""
        for name, kind in _TYPES.items():
            array = getattr(self, name)
            if array.dtype != kind or not np.isfinite(array).all():
                raise ValueError(
                    f"{name} of {self.agent!r} must be finite {kind}, they are {array.dtype}"
                )
        self._check_shapes()
        for name in ("tasks", "seeds"):
            values = getattr(self, name).tolist()
            if len(set(values)) < len(values):
                raise ValueError(f"{name} of {self.agent!r} are repeated: {values}")
        if np.abs(self.actions).max(initial=0.0) > 1.0:
            raise ValueError(f"actions of {self.agent!r} leave [-1, 1]")
        if self.seconds.min(initial=0.0) < 0.0:
            raise ValueError(f"seconds of {self.agent!r} are negative: {self.seconds.min()}")

    def _check_shapes(self) -> None:
        runs, shape = (self.tasks.size, self.seeds.size), self.regret.shape
        for name in _TYPES:
            given = getattr(self, name).shape
            axes = 1 if name in ("tasks", "seeds") else 3 + (name == "actions")
            fits = axes == 1 or (given[:2] == runs and given[:3] == shape)
            if len(given) != axes or not fits:
                raise ValueError(
                    f"{name} of {self.agent!r} has the shape {given}; {runs[0]} tasks, {runs[1]} "
                    f"seeds and regret of shape {shape} ask for (n, s, T), (n, s, T, d) for "
                    "actions, and (n,) or (s,) for tasks and seeds"
                )

    def check_suite(self, suite: Suite) -> None:
        """Check that the runs can be of a suite.

        Raises:
            ValueError: A task or a seed is not of the suite, the number of evaluations or the size
                of actions differs, or a regret is not in [0, 1].
        """
        for name in ("tasks", "seeds"):
            strange = sorted(set(getattr(self, name).tolist()) - set(getattr(suite, name)))
            if strange:
                raise ValueError(f"{name} {strange} of {self.agent!r} are not of {suite.name!r}")
        given, asked = self.actions.shape[2:], (suite.budget, suite.action_size)
        if given != asked:
            raise ValueError(
                f"runs of {self.agent!r} have {given[0]} evaluations with actions of size "
                f"{given[1]}; {suite.name!r} asks for {asked[0]} with actions of size {asked[1]}"
            )
        if suite.measure == "regret":
            self._check_regret(getattr(make_family(suite.family), "optimum_error", _ROUNDING))

    def _check_regret(self, error: float) -> None:
        inside = (self.regret >= -error) & (self.regret <= 1.0 + _ROUNDING)  # NaN is not
        if not inside.all():
            i, j, step = np.argwhere(~inside)[0].tolist()
            raise ValueError(
                f"a regret of {self.agent!r} is not in [0, 1]: {float(self.regret[i, j, step])!r} "
                f"on task {self.tasks[i]}, seed {self.seeds[j]}, evaluation {step + 1}; either it "
                "was changed, or the optimum that it was measured against is wrong"
            )

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all of it: other numbers have another one."""
        digest = hashlib.sha256(f"{self.suite}\n{self.agent}\n{self.actions.shape}".encode())
        for name in _TYPES:
            digest.update(np.ascontiguousarray(getattr(self, name)).data)
        return digest.hexdigest()

    def first(self, tasks: int, seeds: int) -> Records:
        """The runs of the first tasks and seeds, as many as there are.

        Args:
            tasks: Number of tasks, >= 1.
            seeds: Number of seeds, >= 1.
        """
        parts = {name: getattr(self, name)[:tasks, :seeds] for name in ("actions", *COLUMNS)}
        return replace(self, tasks=self.tasks[:tasks], seeds=self.seeds[:seeds], **parts)
