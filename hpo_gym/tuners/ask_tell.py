"""Searches that are told one evaluation at a time: one Python object per row and episode.

`Search` is what Optuna, SciPy or a list of points has to offer; `SearchAgent` gives it the
`predict` of Stable-Baselines3.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym.tuners.agent import Agent, FloatArray, IntArray
from hpo_gym.tuning.problem import Problem


class Search(ABC):
    """The search of one episode, by ask and tell."""

    @abstractmethod
    def tell(self, unit: FloatArray, score: float) -> None:
        """Take note of an evaluation.

        Args:
            unit: (d,) the unit configuration, as the observation shows it: that of the last
                `ask`, or, before the first one, a start of the environment or an initial one.
            score: Its observed score, higher is better.
        """

    @abstractmethod
    def ask(self) -> FloatArray:
        """The unit configuration to evaluate next, (d,) in [-1, 1]."""


class Asked:
    """A search and how far it has come.

    It is asked once per evaluation, however often `predict` is called.

    Args:
        search: The search.
        dimension: Number of unit coordinates d.
        initial: (n, d) unit configurations to evaluate before it is asked.
    """

    def __init__(self, search: Search, dimension: int, initial: FloatArray) -> None:
        self._search = search
        self._told = -1
        self._proposal = np.zeros(dimension)
        self._initial = initial

    def propose(self, evaluations: int, seen: tuple[FloatArray, float] | None) -> FloatArray:
        """The unit configuration (d,) to evaluate after ``evaluations`` paid ones.

        Args:
            evaluations: Number of paid evaluations.
            seen: The last unit configuration and its score, None if nothing is known.
        """
        if evaluations > self._told:
            self._told = evaluations
            if seen is not None:
                self._search.tell(*seen)
            given = evaluations < len(self._initial)
            self._proposal = self._initial[evaluations] if given else self._search.ask()
        return self._proposal


class Searches(NamedTuple):
    """The state of N rows."""

    asked: NDArray[np.object_]
    """(N,) their `Asked`."""
    episode: IntArray
    """(N,) number of episodes that the row began."""


class SearchAgent(Agent):
    """Runs one `Search` per row and episode, in "propose".

    What happens is fixed by the agent's seed and the order of the calls: the search of a row is
    seeded by (the agent's seed, the number of batches that began with ``state=None``, the row,
    the row's episode in this batch). So the first row of a batch decides as a row alone, and no
    two episodes share their random numbers. The state holds the searches themselves, which
    `predict` moves on: to branch off, make a deep copy of the state.

    Args:
        problem: See `Agent`.
        seed: Seed of the searches.
        initial: Unit configurations (n, d) to evaluate first, in this order; what they give is told
            to the search, which is asked for all further ones.

    Attributes:
        initial: The same as an array.

    Raises:
        ValueError: An initial configuration is not valid.
    """

    modes = ("propose",)

    def __init__(self, problem: Problem, *, seed: int = 0, initial: Any = ()) -> None:
        super().__init__(problem, seed=seed)
        self.initial = _units(initial, self.mode.dimension)
        self._seed = seed
        self._batches = 0

    @abstractmethod
    def begin(self, random: np.random.Generator) -> Search:
        """A search for a new episode, all of whose random numbers come from this generator."""

    def act(
        self, observations: NDArray[Any], state: Searches | None, starts: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], Searches]:
        """Tell every row's search what was observed, and ask it."""
        rows, dimension = len(observations), self.mode.dimension
        if state is None:
            state = Searches(np.empty(rows, dtype=np.object_), np.zeros(rows, dtype=np.int64))
            self._batches += 1
        runs, episodes = state.asked.copy(), state.episode + starts
        for row in np.flatnonzero(starts).tolist():
            words = (self._seed, self._batches, row, int(episodes[row]))
            search = self.begin(np.random.default_rng(words))
            runs[row] = Asked(search, dimension, self.initial)
        seen = self.encoder.decode(observations)
        units = seen.unit.astype(np.float64)
        proposals = units.copy()
        evaluations = self.encoder.evaluations(observations)
        # Rows without budget wait for their reset: there is nothing to decide.
        for row in np.flatnonzero(evaluations < self.encoder.max_evaluations).tolist():
            told = (units[row], float(seen.score[row])) if seen.known[row] else None
            proposals[row] = runs[row].propose(int(evaluations[row]), told)
        return self.box(proposals), Searches(runs, episodes)


def _units(initial: Any, dimension: int) -> FloatArray:
    """Unit configurations (n, d), checked."""
    units = [np.asarray(unit, dtype=np.float64) for unit in initial]
    if any(u.shape != (dimension,) or not (np.abs(u) <= 1.0).all() for u in units):
        raise ValueError(
            f"initial = {initial!r} must be unit configurations: {dimension} numbers in [-1, 1] "
            "each"
        )
    return np.array(units).reshape(-1, dimension)
