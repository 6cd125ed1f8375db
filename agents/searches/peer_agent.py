"""Ax and SMAC3 on the search spaces of families of tasks."""

from __future__ import annotations

from typing import Any

import numpy as np

from hpo_gym.tuners.agent import FloatArray
from hpo_gym.tuners.ask_tell import Search, SearchAgent
from hpo_gym.tuning.problem import Problem

from .peers import LIBRARIES, Peer


class _Told(Search):
    """A peer that is told one evaluation at a time."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._asked: dict[str, Any] | None = None

    def tell(self, unit: FloatArray, score: float) -> None:
        # What was asked for comes back with the rounding of observations.
        self._peer.tell(self._asked or self._peer.space.configuration(unit), score)

    def ask(self) -> FloatArray:
        self._asked = self._peer.ask()
        return np.array(self._peer.space.unit(self._asked))


class PeerAgent(SearchAgent):
    """Ax or SMAC3, one optimizer per row and episode.

    The state of "smac" cannot be copied.

    Args:
        problem: See `Agent`.
        seed: Seed of the optimizers.
        library: "ax" or "smac".

    Raises:
        ValueError: There is no such library.
        ImportError: It is not installed.
    """

    name = "peer"

    def __init__(self, problem: Problem, *, seed: int = 0, library: str = "ax") -> None:
        super().__init__(problem, seed=seed)
        if library not in LIBRARIES:
            raise ValueError(f"library = {library!r} must be one of {[*LIBRARIES]}")
        self._optimizer = LIBRARIES[library]
        self._optimizer(problem.space, seed=0)  # says at once if it is missing

    def begin(self, random: np.random.Generator) -> _Told:
        """An optimizer of its own."""
        return _Told(self._optimizer(self.problem.space, int(random.integers(2**31))))
