"""Classical test functions with random shifts, as a family of tasks.

Sources: Surjanovic and Bingham, "Virtual Library of Simulation Experiments" (2013), which names the
first appearance of each. A task is one of them, which take turns, with its best point moved to a
random place anywhere in the cube: the function is evaluated where that takes it, also outside its
usual domain, whose width is that of the cube. All have a formula everywhere, and their best point
of the domain is the best of all.

Heights are 1 - (f - best f) / (median of f - best f), see `hpo_gym.families.relative`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym import rng
from hpo_gym.arrays import Column, Columns, Namespace
from hpo_gym.arrays.library import column_of, library_of, like, side_by_side
from hpo_gym.families.beale import beale
from hpo_gym.families.optima import FloatArray, Optima
from hpo_gym.families.relative import BEST, RelativeFamily
from hpo_gym.parameters import Float
from hpo_gym.space import SearchSpace

_POINTS = 1024
"""Random points whose median is the scale of a task."""


class Function(NamedTuple):
    """A function that is minimised."""

    width: float
    """Of its domain."""
    best: Callable[[int], Any]
    """From the dimension to a best point, one number or (d,)."""
    value: Callable[[Any], Any]
    """From points (..., d) to values (...)."""
    dimension: int | None = None
    """The only one it has; None for any from 2 on."""


def _ackley(x: Any) -> Any:
    lib = library_of(x)
    radius, waves = lib.sqrt((x * x).mean(-1)), lib.cos(2.0 * math.pi * x).mean(-1)
    return 20.0 + math.e - 20.0 * lib.exp(-0.2 * radius) - lib.exp(waves)


def _branin(x: Any) -> Any:
    first, second = x[..., 0], x[..., 1]
    bow = second - 5.1 / (4.0 * math.pi**2) * first * first + 5.0 / math.pi * first - 6.0
    wave = 10.0 * (1.0 - 1.0 / (8.0 * math.pi)) * library_of(x).cos(first)
    return bow * bow + wave + 10.0


def _dixon_price(x: Any) -> Any:
    step = 2.0 * x[..., 1:] * x[..., 1:] - x[..., :-1]
    first = x[..., 0] - 1.0
    return first * first + (_weights(x)[1:] * step * step).sum(-1)


def _ellipsoid(x: Any) -> Any:
    return (10.0 ** (3.0 * (_weights(x) - 1.0) / (x.shape[-1] - 1.0)) * x * x).sum(-1)


def _griewank(x: Any) -> Any:
    lib = library_of(x)
    return 1.0 + (x * x).sum(-1) / 4000.0 - lib.cos(x / lib.sqrt(_weights(x))).prod(-1)


def _levy(x: Any) -> Any:
    lib, w = library_of(x), 1.0 + 0.25 * (x - 1.0)
    start, end = lib.sin(math.pi * w[..., 0]), w[..., -1] - 1.0
    turn, last = lib.sin(math.pi * w[..., :-1] + 1.0), lib.sin(2.0 * math.pi * w[..., -1])
    inner = (w[..., :-1] - 1.0) ** 2 * (1.0 + 10.0 * turn * turn)
    return start * start + inner.sum(-1) + end * end * (1.0 + last * last)


def _rosenbrock(x: Any) -> Any:
    bend, away = x[..., 1:] - x[..., :-1] ** 2, 1.0 - x[..., :-1]
    return (100.0 * bend * bend + away * away).sum(-1)


def _zakharov(x: Any) -> Any:
    tilt = 0.5 * (_weights(x) * x).sum(-1)
    square = tilt * tilt
    return (x * x).sum(-1) + square + square * square


def _weights(x: Any) -> Any:
    """The numbers 1 to d."""
    return like(np.arange(1.0, x.shape[-1] + 1.0), x)


_HARTMANN = np.array([1.0, 1.2, 3.0, 3.2])
_HARTMANN_3 = (
    np.array([[3.0, 10, 30], [0.1, 10, 35], [3.0, 10, 30], [0.1, 10, 35]]),
    1e-4
    * np.array([[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]]),
)
_HARTMANN_6 = (
    np.array(
        [
            [10, 3, 17, 3.5, 1.7, 8],
            [0.05, 10, 17, 0.1, 8, 14],
            [3, 3.5, 1.7, 10, 17, 8],
            [17, 8, 0.05, 10, 0.1, 14],
        ]
    ),
    1e-4
    * np.array(
        [
            [1312, 1696, 5569, 124, 8283, 5886],
            [2329, 4135, 8307, 3736, 1004, 9991],
            [2348, 1451, 3522, 2883, 3047, 6650],
            [4047, 8828, 8732, 5743, 1091, 381],
        ]
    ),
)


def _hartmann(x: Any, shapes: FloatArray, centres: FloatArray) -> Any:
    away = x[..., None, :] - like(centres, x)
    hills = library_of(x).exp(-(like(shapes, x) * away * away).sum(-1))
    return -(like(_HARTMANN, x) * hills).sum(-1)


FUNCTIONS: dict[str, Function] = {
    "sphere": Function(10.24, lambda d: 0.0, lambda x: (x * x).sum(-1)),
    "ellipsoid": Function(10.24, lambda d: 0.0, _ellipsoid),
    "absolute": Function(20.0, lambda d: 0.0, lambda x: abs(x).sum(-1)),
    "rosenbrock": Function(4.096, lambda d: 1.0, _rosenbrock),
    "ackley": Function(65.536, lambda d: 0.0, _ackley),
    "rastrigin": Function(
        10.24,
        lambda d: 0.0,
        lambda x: (10.0 + x * x - 10.0 * library_of(x).cos(2.0 * math.pi * x)).sum(-1),
    ),
    "levy": Function(20.0, lambda d: 1.0, _levy),
    "styblinski-tang": Function(
        10.0,
        lambda d: -2.903534027771177,
        lambda x: 0.5 * (x**4 - 16.0 * x * x + 5.0 * x).sum(-1),
    ),
    "griewank": Function(1200.0, lambda d: 0.0, _griewank),
    "zakharov": Function(15.0, lambda d: 0.0, _zakharov),
    "dixon-price": Function(
        20.0, lambda d: 2.0 ** (2.0 ** (1.0 - np.arange(1, d + 1)) - 1.0), _dixon_price
    ),
    "beale": Function(
        10.0, lambda d: np.array([3.0, 0.5]), lambda x: beale(x[..., 0], x[..., 1]), 2
    ),
    "branin": Function(15.0, lambda d: np.array([math.pi, 2.275]), _branin, 2),
    "hartmann-3": Function(
        1.0,
        lambda d: np.array([0.114589, 0.555649, 0.852547]),
        lambda x: _hartmann(x, *_HARTMANN_3),
        3,
    ),
    "hartmann-6": Function(
        1.0,
        lambda d: np.array([0.201690, 0.150011, 0.476874, 0.275332, 0.311652, 0.657301]),
        lambda x: _hartmann(x, *_HARTMANN_6),
        6,
    ),
}
"""The functions by name."""


class ClassicalFamily(RelativeFamily):
    """Classical functions, as the module's text says; exact.

    Args:
        dimension: Number of parameters, 2 to 20, each a float in [0, 1].

    Raises:
        ValueError: The dimension is out of bounds.
    """

    name = "classical"
    may_fail = False

    def __init__(self, dimension: int = 2) -> None:
        whole = isinstance(dimension, int) and not isinstance(dimension, bool)
        if not whole or not 2 <= dimension <= 20:
            raise ValueError(f"dimension = {dimension!r} must be a whole number in [2, 20]")
        self.dimension = dimension
        self.space = SearchSpace({f"x{i}": Float(0.0, 1.0) for i in range(1, dimension + 1)})
        self._centres = tuple(f"centre_{i}" for i in range(1, dimension + 1))
        self.parameter_names = ("function", "median", *self._centres)

    def describe(self) -> dict[str, Any]:
        """Name, version and dimension."""
        return super().describe() | {"dimension": self.dimension}

    @cached_property
    def functions(self) -> tuple[str, ...]:
        """Names of the functions of this dimension; task i is of the function i modulo these."""
        d = self.dimension
        return tuple(name for name, f in FUNCTIONS.items() if f.dimension in (None, d))

    def draw(self, split: str, keys: NDArray[np.uint64]) -> dict[str, FloatArray]:
        """Function, median of what it lies above its best, and place of its best point."""
        number = np.arange(len(keys)) % len(self.functions)
        centres = np.stack(rng.uniforms(keys, self.dimension), axis=1)
        points = np.random.default_rng(0).random((_POINTS, self.dimension))
        median = np.empty(len(keys))
        for task, (kind, centre) in enumerate(zip(number.tolist(), centres, strict=True)):
            median[task] = np.median(self._excess(kind, points - centre))
        return {
            "function": number.astype(np.float64),
            "median": median,
            **dict(zip(self._centres, centres.T, strict=True)),
        }

    def _excess(self, kind: int, away: Any) -> Any:
        """What a function lies above its best (...), so far away from its best point (..., d)."""
        width, best, value, _ = FUNCTIONS[self.functions[kind]]
        place = best(self.dimension) + np.zeros(self.dimension)
        return value(like(place, away) + width * away) - float(value(place))

    def height(self, parameters: Any, scaled: Columns, xp: Namespace) -> Column:
        """Heights."""
        columns = xp.alike(*scaled)
        points, lib = side_by_side(columns), library_of(columns[0])
        rows, of = len(points), vars(parameters)
        away = lib.stack([points[:, i] - of[name] for i, name in enumerate(self._centres)], -1)
        number = np.broadcast_to(np.asarray(of["function"]), rows)
        kinds = [np.flatnonzero(number == kind) for kind in range(len(self.functions))]
        parts = [self._excess(kind, away[here]) for kind, here in enumerate(kinds) if len(here)]
        excess = lib.concatenate(parts)[np.argsort(np.concatenate(kinds))]
        height = lib.clip(1.0 - excess / of["median"], None, 1.0)
        return column_of(height, columns[0])

    def solve(self, parameters: Any, metric: str) -> Optima:
        """The places of the best points."""
        best = np.stack([vars(parameters)[name] for name in self._centres])
        return Optima(best, np.full(best.shape[1], BEST))
