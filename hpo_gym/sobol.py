"""Scrambled Sobol points: they fill the cube evenly, and every one of them is uniform on it.

The sequence of Sobol (1967) with the direction numbers of Joe and Kuo ("Constructing Sobol
sequences with better two-dimensional projections", SIAM J. Sci. Comput. 2008), scrambled as Owen
(1995) says: the digit of a coordinate is flipped at random, by a bit that belongs to the digits
before it. The bits are hashes (see `hpo_gym.rng`), so that a point is a function of a key and its
index, and nothing is kept between two points.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym import rng
from hpo_gym.parameters import Categorical
from hpo_gym.space import MOST_PARAMETERS, SearchSpace

_BITS = 32
_PLACES = np.arange(_BITS, dtype=np.uint64)
_SHIFTS = np.uint64(_BITS - 1) - _PLACES
"""From the first digit to the last: how far it stands from the right."""

_DIRECTIONS: tuple[tuple[int, tuple[int, ...]], ...] = (
    (1, (1,)),
    (3, (1,)),
    (7, (1, 3)),
    (11, (1, 3, 1)),
    (13, (1, 1, 1)),
    (19, (1, 1, 3, 3)),
    (25, (1, 3, 5, 13)),
    (37, (1, 1, 5, 5, 17)),
    (41, (1, 1, 5, 5, 5)),
    (47, (1, 1, 7, 11, 19)),
    (55, (1, 1, 5, 1, 1)),
    (59, (1, 1, 1, 3, 11)),
    (61, (1, 3, 5, 5, 31)),
    (67, (1, 3, 3, 9, 7, 49)),
    (91, (1, 1, 1, 15, 21, 21)),
    (97, (1, 3, 1, 13, 27, 49)),
    (103, (1, 1, 1, 15, 7, 5)),
    (109, (1, 3, 1, 15, 13, 25)),
    (115, (1, 1, 5, 5, 19, 61)),
    (131, (1, 3, 7, 11, 23, 15, 103)),
)
"""For each dimension its primitive polynomial, a coefficient a bit, and its first numbers."""


def _columns(polynomial: int, first: tuple[int, ...]) -> list[int]:
    """The 32 columns of a dimension's generator matrix, each a word of 32 digits."""
    if polynomial == 1:  # the first dimension: digits in reverse
        numbers = [1] * _BITS
    else:
        degree = polynomial.bit_length() - 1
        numbers = list(first)
        while len(numbers) < _BITS:
            number = numbers[-degree] ^ numbers[-degree] << degree
            for power in range(1, degree):
                if polynomial >> (degree - power) & 1:
                    number ^= numbers[-power] << power
            numbers.append(number)
    return [number << (_BITS - 1 - i) for i, number in enumerate(numbers)]


@cache
def _matrices() -> NDArray[np.uint64]:
    """The generator matrices of all dimensions, (20, 32)."""
    return np.array([_columns(*direction) for direction in _DIRECTIONS], dtype=np.uint64)


def sobol(key: Any, start: int, count: int, dimensions: int) -> NDArray[np.float64]:
    """Points of a scrambled Sobol sequence.

    Any 2**m points of a sequence that begin at a multiple of 2**m are spread evenly.

    Args:
        key: The key of the scrambling, an int; or (N,) uint64, for N sequences.
        start: Index of the first point, >= 0.
        count: Number of points.
        dimensions: 1 to 20.

    Returns:
        (count, dimensions) uniforms in (0, 1), or (N, count, dimensions).

    Raises:
        ValueError: A number is out of bounds.
    """
    if not 1 <= dimensions <= MOST_PARAMETERS:
        raise ValueError(f"dimensions = {dimensions!r} must lie in [1, {MOST_PARAMETERS}]")
    if start < 0 or count < 0 or start + count > 2**_BITS:
        raise ValueError(f"points {start!r} to {start + count!r} must lie in [0, 2**{_BITS}]")
    index = np.arange(start, start + count, dtype=np.uint64)
    used = max(start + count - 1, 1).bit_length()
    chosen = (index[:, None, None] >> _PLACES[:used]) & np.uint64(1)
    plain = np.bitwise_xor.reduce(chosen * _matrices()[:dimensions, :used], axis=-1)
    digits = _scrambled(np.asarray(key, dtype=np.uint64), plain).astype(np.float64)
    return (digits + 0.5) * 2.0**-_BITS


def _scrambled(key: NDArray[np.uint64], points: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Points (count, d) of 32 digits with their digits flipped, (..., count, d) for keys (...)."""
    axes = np.arange(1, points.shape[-1] + 1, dtype=np.uint64)
    keys = rng.derive(key[..., None], axes)[..., None, :, None]
    # The digits before each, with a one in front that says how many they are.
    before = (points[..., None] | np.uint64(1 << _BITS)) >> (_SHIFTS + np.uint64(1))
    flips = (rng.mix(keys ^ rng.mix(before)) & np.uint64(1)) << _SHIFTS
    scrambled: NDArray[np.uint64] = points ^ np.bitwise_or.reduce(flips, axis=-1)
    return scrambled


def space_filling(space: SearchSpace, key: Any, start: int, count: int) -> NDArray[np.float64]:
    """Points of a scrambled Sobol sequence in a search space, one dimension for each parameter.

    A choice among k is the same share of its dimension for each, 1 for the chosen and -1 for the
    others.

    Args:
        space: The search space.
        key: As in `sobol`.
        start: Index of the first point.
        count: Number of points.

    Returns:
        Unit coordinates (count, D) in (-1, 1), or (N, count, D); numbers are not rounded.
    """
    uniforms = sobol(key, start, count, len(space.names))
    unit = np.empty((*uniforms.shape[:-1], space.dimension))
    for i, (name, parameter) in enumerate(space.parameters.items()):
        column = uniforms[..., i, None]
        if isinstance(parameter, Categorical):
            index = np.floor(column * parameter.coordinates)
            column = (index == np.arange(parameter.coordinates)) + 0.0
        unit[..., space.slices[name]] = 2.0 * column - 1.0
    return unit
