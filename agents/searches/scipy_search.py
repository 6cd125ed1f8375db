"""SciPy's minimisers: local search without a model of the tasks.

A minimiser calls its objective and waits for the value, but here the value comes with the next
observation. So it is run anew from its start at every step, with all values known so far, until
it asks for a point that is not among them. Minimisers are deterministic: they take the same path
again. Points for finite differences are evaluated, and paid, like all others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from hpo_gym.optional import optional
from hpo_gym.tuners.agent import FloatArray
from hpo_gym.tuners.ask_tell import Search, SearchAgent
from hpo_gym.tuning.problem import Problem

# Observations are float32: SciPy's own step of finite differences, 1.5e-8, would show no change.
_FINITE_DIFFERENCE = {"eps": 1e-3}

METHODS: Mapping[str, tuple[bool, Mapping[str, Any]]] = {
    "Nelder-Mead": (True, {}),
    "Powell": (True, {}),
    "COBYLA": (True, {}),
    "COBYQA": (True, {}),
    "L-BFGS-B": (True, _FINITE_DIFFERENCE),
    "SLSQP": (True, _FINITE_DIFFERENCE),
    "BFGS": (False, _FINITE_DIFFERENCE),
    "CG": (False, _FINITE_DIFFERENCE),
}
"""Methods of `scipy.optimize.minimize`: whether they respect bounds, and options that we set."""


class _UnknownPointError(Exception):
    """The minimiser asks for a point that was not evaluated."""

    def __init__(self, point: FloatArray) -> None:
        self.point = point


class Minimisation(Search):
    """One minimiser on the cube; where it ends early, another from a random start.

    Args:
        minimise: Called with the objective and the start (d,); it must be deterministic.
        start: (d,) unit configuration, or None for a random one (or the environment's start).
        dimension: Number of unit coordinates d.
        random: Source of the random starts.
    """

    def __init__(
        self,
        minimise: Callable[[Callable[[Any], float], FloatArray], Any],
        start: FloatArray | None,
        dimension: int,
        random: np.random.Generator,
    ) -> None:
        self._minimise, self._start = minimise, start
        self._dimension, self._random = dimension, random
        self._values: dict[bytes, float] = {}
        self._asked: FloatArray | None = None

    def tell(self, unit: FloatArray, score: float) -> None:
        """Note the value of the point that was asked for, or of the environment's start."""
        if self._asked is not None:
            unit = self._asked
        elif self._start is None:
            self._start = unit
        self._values[unit.tobytes()] = -score

    def ask(self) -> FloatArray:
        """The next point, (d,); methods without bounds may leave the cube and are clipped.

        Raises:
            ValueError: The method's options allow no evaluation.
        """
        if self._start is None:
            self._start = self._random_start()
        for _ in range(2):
            try:
                self._minimise(self._objective, self._start)
            except _UnknownPointError as unknown:
                self._asked = unknown.point
                return np.clip(self._asked, -1.0, 1.0)
            self._start = self._random_start()
        raise ValueError("the options let the minimiser evaluate nothing: allow evaluations")

    def _objective(self, point: Any) -> float:
        point = np.array(point, dtype=np.float64)
        value = self._values.get(point.tobytes())
        if value is None:
            raise _UnknownPointError(point)
        return value

    def _random_start(self) -> FloatArray:
        return self._random.uniform(-1.0, 1.0, self._dimension)


def minimise(
    objective: Callable[[Any], float],
    start: FloatArray,
    *,
    method: str,
    options: Mapping[str, Any],
    simplex: float | None,
) -> None:
    """Run `scipy.optimize.minimize` on the cube; see `MinimiserAgent` for the arguments."""
    bounded, ours = METHODS[method]
    bounds = [(-1.0, 1.0)] * len(start) if bounded else None
    options = {**ours, **options}
    if simplex is not None:
        inwards = np.where(start > 0.0, -simplex, simplex)
        options["initial_simplex"] = np.vstack((start, start + np.diag(inwards)))
    _optimize().minimize(objective, start, method=method, bounds=bounds, options=options)


def _optimize() -> Any:
    return optional("scipy.optimize", extra="bench", user="a SciPy minimiser")


class MinimiserAgent(SearchAgent):
    """A method of `scipy.optimize.minimize` on minus the observed score.

    It works in unit coordinates, on which Beale's x and y are x / 5 and y / 5: from (4, 4)
    Nelder-Mead's simplex is the same as in x and y. Epochs are rounded when they are evaluated,
    so the small steps of finite differences see no slope there.

    Args:
        problem: See `Agent`.
        seed: Seed of random starts.
        method: A key of `METHODS`.
        start: Configuration to start from, as a mapping or a list of natural values. By default
            the environment's start, whose value is known, or a random one.
        options: Options of the method, see SciPy; lengths are in unit coordinates.
        simplex: Edge of Nelder-Mead's first simplex in unit coordinates, in (0, 1]. By default
            SciPy's, which is 5 % of the start's coordinates: tiny for a start near the middle.

    Raises:
        ValueError: The method does not exist, the start is not valid, or the simplex is not or
            is not Nelder-Mead's.
        ImportError: SciPy is not installed.
    """

    name = "scipy"

    def __init__(
        self,
        problem: Problem,
        *,
        seed: int = 0,
        method: str = "Nelder-Mead",
        start: Any = None,
        options: Mapping[str, Any] | None = None,
        simplex: float | None = None,
    ) -> None:
        super().__init__(problem, seed=seed)
        if method not in METHODS:
            raise ValueError(f"method = {method!r} must be one of {list(METHODS)}")
        if simplex is not None and not (method == "Nelder-Mead" and 0.0 < simplex <= 1.0):
            raise ValueError(
                f"simplex = {simplex!r} with method = {method!r}: it must be in (0, 1], and is "
                "Nelder-Mead's only"
            )
        _optimize()  # says at once if it is missing
        self._minimise = partial(
            minimise, method=method, options=dict(options or {}), simplex=simplex
        )
        self._start = None if start is None else np.array(self.problem.space.unit(start))

    def begin(self, random: np.random.Generator) -> Minimisation:
        """A minimisation that knows nothing."""
        return Minimisation(self._minimise, self._start, self.mode.dimension, random)
