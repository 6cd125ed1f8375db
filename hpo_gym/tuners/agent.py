"""What all agents share: shapes of `predict`, modes, how they wait, and how they are built."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from inspect import signature
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hpo_gym.tuning.find import process_of
from hpo_gym.tuning.options import ACTIONS
from hpo_gym.tuning.problem import Problem

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

NEEDS = ("problem", "family", "process")
"""What a tuner may ask for: the problem alone, also the family, or also the process."""


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


def build_agent(
    factory: Callable[..., Any], env: Any, *, needs: str | None = None, **arguments: Any
) -> Any:
    """A tuner for an environment.

    It is called as ``factory(problem, **arguments)`` with the `hpo_gym.tuning.Problem`: what a
    tuner may know. One that learns from the training tasks has a parameter ``family`` and is told
    the family too; an oracle, which knows the tasks that it faces, has one called ``process``.

    Args:
        factory: The tuner's class, or a function.
        env: An environment or a vector environment, or its process.
        needs: The most that it is told, one of `NEEDS`; None for all that it asks for.
        **arguments: Further arguments, such as ``seed``.

    Raises:
        TypeError: The factory cannot be called like that.
        ValueError: ``needs`` is none of `NEEDS`.
    """
    if not callable(factory):
        raise TypeError(
            f"a tuner is built from a class or a function, not from {factory!r}; "
            "hpo_gym.tuners.registry.make_agent(name, env) makes one by its name"
        )
    if needs is not None and needs not in NEEDS:
        raise ValueError(f"needs = {needs!r} must be None or one of {NEEDS}")
    process, parameters = process_of(env), signature(factory).parameters
    known = {"family": process.family, "process": process}
    allowed = known if needs is None else NEEDS[1 : NEEDS.index(needs) + 1]
    given = {**{name: known[name] for name in allowed if name in parameters}, **arguments}
    try:
        signature(factory).bind(process.problem, **given)
    except TypeError as error:
        keywords = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
        raise TypeError(
            f"a tuner is built by {getattr(factory, '__name__', factory)}(problem, {keywords}), "
            f"which it does not take: {error}"
        ) from error
    return factory(process.problem, **given)


def take_rows(state: Any, rows: NDArray[Any]) -> Any:
    """The rows at ``rows`` (an index array) of a named tuple of arrays."""
    return type(state)(*(column[rows] for column in state))


def replace_rows(state: Any, rows: NDArray[Any], fresh: Any) -> Any:
    """A named tuple of arrays with the rows at ``rows`` (an index array) replaced by `fresh`'s."""
    columns = [np.array(column) for column in state]
    for column, new in zip(columns, fresh, strict=True):
        column[rows] = new
    return type(state)(*columns)
