"""What all agents share: the shapes of `predict`, the modes they know, how they wait."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hpo_gym.tuning.options import ACTIONS
from hpo_gym.tuning.problem import Problem

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class Agent(ABC):
    """A tuner with the `predict` of Stable-Baselines3.

    Args:
        problem: What the agent may know of the problems that it will tune.
        seed: Seed of the agent's own random numbers.

    Attributes:
        name: Name of the agent.
        modes: Action modes in which the agent makes sense.

    Raises:
        ValueError: The problem's action mode is not one of `modes`.
    """

    name: ClassVar[str]
    modes: ClassVar[tuple[str, ...]] = ACTIONS

    def __init__(self, problem: Problem, *, seed: int = 0) -> None:
        if not isinstance(problem, Problem):
            raise TypeError(
                f"agent {self.name!r} is built from a Problem, not from {problem!r}: "
                "hpo_gym.tuners.build_agent(Agent, env, seed=0) takes that of an environment"
            )
        self.problem = problem
        self.encoder, self.mode = problem.encoder, problem.mode
        if self.mode.name not in self.modes:
            raise ValueError(
                f"agent {self.name!r} makes no sense with action={self.mode.name!r}; "
                f"it works with action in {list(self.modes)}"
            )
        self.random = np.random.default_rng(seed)

    def predict(
        self,
        observation: Any,
        state: Any = None,
        episode_start: Any = None,
        deterministic: bool = False,
    ) -> tuple[Any, Any]:
        """Choose actions.

        Args:
            observation: (size,) or (N, size).
            state: What the last call returned; None at first.
            episode_start: (N,) bool, rows whose episode begins. It may be left out: a row without
                paid evaluations begins its episode.
            deterministic: Not used; these agents are what they are.

        Returns:
            One action, or N of them as an array, and the state for the next call.

        Raises:
            ValueError: The observation has the wrong shape, or the state is of another batch.
        """
        array = self.encoder.checked(observation)
        observations = np.atleast_2d(array)
        if state is not None and len(state[0]) != len(observations):
            raise ValueError(
                f"the state is of {len(state[0])} rows, the observation of {len(observations)}; "
                "pass state=None when the batch changes"
            )
        # Every action that is not a stop is paid, so 0 evaluations means a new episode.
        starts = self.encoder.evaluations(observations) == 0
        if state is None:
            starts[:] = True
        elif episode_start is not None:
            starts |= np.asarray(episode_start, dtype=np.bool_).reshape(-1)
        actions, state = self.act(observations, state, starts)
        return (actions if array.ndim == 2 else actions[0]), state

    @abstractmethod
    def act(
        self, observations: NDArray[Any], state: Any, starts: NDArray[np.bool_]
    ) -> tuple[NDArray[Any], Any]:
        """Choose the actions of N rows.

        Args:
            observations: (N, size).
            state: None, or a tuple of arrays (N, ...) as the last call returned it.
            starts: (N,), rows whose episode begins: their state is to be forgotten.

        Returns:
            Actions, (N, n) float32 or (N,) int64, and the new state.
        """

    def box(self, columns: NDArray[Any]) -> NDArray[np.float32]:
        """Actions (N, n) that do not stop, from their d components (N, d)."""
        actions = np.full((len(columns), self.mode.size), -1.0, dtype=np.float32)
        actions[:, : self.mode.dimension] = columns
        return actions

    @property
    def cheapest(self) -> tuple[float, ...]:
        """A unit configuration of the lowest cost: in the middle, but for the resource."""
        middle = [0.0] * self.mode.dimension
        if self.problem.resource_axis is not None:
            middle[self.problem.resource_axis] = -1.0
        return tuple(middle)

    @cached_property
    def rest(self) -> Any:
        """The action of a tuner that is done, (n,) or an int: stop, else wait at low cost."""
        if self.mode.discrete:
            if self.mode.stop:
                return self.mode.size - 1
            return 0 if self.problem.resource_axis is None else 2 * self.problem.resource_axis + 1
        if self.mode.name == "propose":
            action = self.box(np.array([self.cheapest]))[0]
        else:
            action = self.box(np.zeros((1, self.mode.dimension)))[0]
            if self.problem.resource_axis is not None:
                action[self.problem.resource_axis] = -1.0
        if self.mode.stop:
            action[-1] = 1.0
        return action

    def finish(self, moves: NDArray[Any], done: NDArray[np.bool_]) -> NDArray[Any]:
        """Actions of rows of which some are done and rest.

        Args:
            moves: Components (N, d) of a Box, or discrete actions (N,).
            done: (N,).
        """
        actions = moves.copy() if self.mode.discrete else self.box(moves)
        actions[done] = self.rest
        return actions


def take_rows(state: Any, rows: NDArray[Any]) -> Any:
    """The rows at ``rows`` (an index array) of a named tuple of arrays."""
    return type(state)(*(column[rows] for column in state))


def replace_rows(state: Any, rows: NDArray[Any], fresh: Any) -> Any:
    """A named tuple of arrays with the rows at ``rows`` (an index array) replaced by `fresh`'s."""
    columns = [np.array(column) for column in state]
    for column, new in zip(columns, fresh, strict=True):
        column[rows] = new
    return type(state)(*columns)
