"""Keys and turns of episodes: what follows from a row's seed and the number of its resets since."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym import rng


class Seeds(NamedTuple):
    """What the ``seed`` of a reset means for N rows."""

    first: int | None
    """Seed of the environment's own generator; None leaves it as it is."""
    words: NDArray[np.uint64]
    """(N,) 64-bit words of the seeds, where given."""
    given: NDArray[np.bool_]
    """(N,) rows that the call seeds."""


def read_seeds(seed: int | Sequence[int | None] | None, count: int) -> Seeds:
    """Row i's seed is s + i for an int s, and the i-th of a sequence.

    Raises:
        ValueError: There are not as many seeds as rows, or one is negative or not an integer.
    """
    words = np.zeros(count, dtype=np.uint64)
    if seed is None:
        return Seeds(None, words, np.zeros(count, dtype=np.bool_))
    if isinstance(seed, (int, np.integer)):
        first = int(seed)
        if 0 <= first < 2**62:
            words += np.arange(first, first + count, dtype=np.uint64)
            return Seeds(first, words, np.ones(count, dtype=np.bool_))
        seed = [first + row for row in range(count)]
    try:
        seeds = list(seed)
    except TypeError as error:
        raise ValueError(f"seed = {seed!r} must be None, a whole number >= 0 or a list") from error
    if len(seeds) != count:
        raise ValueError(f"give {count} seeds, one per row, not {len(seeds)}")
    for row, value in enumerate(seeds):
        if value is None:
            continue
        if not isinstance(value, (int, np.integer)) or value < 0:
            raise ValueError(f"seed {value!r} of row {row} must be a whole number >= 0")
        words[row] = rng.fold(int(value))
    given = np.array([value is not None for value in seeds])
    first_given = next((int(value) for value in seeds if value is not None), None)
    return Seeds(first_given, words, given)


class EpisodeKeys:
    """The keys of N rows.

    Args:
        count: Number of rows.
    """

    def __init__(self, count: int) -> None:
        self._words = np.zeros(count, dtype=np.uint64)
        self._resets = np.zeros(count, dtype=np.uint64)
        self._generator: np.random.Generator | None = None

    def seed(self, env: Any, seeds: Seeds, rows: NDArray[np.bool_]) -> None:
        """Seed rows, after ``env.reset`` of Gymnasium's base class got ``seeds.first``.

        Without any seed, all rows follow the environment's generator if that is new: never seen
        before, or put in by hand.
        """
        if env.np_random is not self._generator:
            first_time = self._generator is None
            self._generator = env.np_random
            if seeds.first is None:
                self._words = rng.seed_words(env, len(self._words))
                self._resets[:] = 0
            elif first_time:  # rows without a seed beside rows with one: nobody's neighbours
                self._words = np.random.default_rng().integers(
                    2**64, size=len(self._words), dtype=np.uint64
                )
        seeded = rows & seeds.given
        self._words[seeded] = seeds.words[seeded]
        self._resets[seeded] = 0

    def next(self, rows: NDArray[np.intp]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """Keys and turns of the next episodes of the rows at these indices.

        The k-th episode of row i has the turn i + k N: the rows take turns in order.
        """
        resets = self._resets[rows]
        self._resets[rows] += np.uint64(1)
        turns = rows + resets.astype(np.int64) * len(self._resets)
        return rng.derive(self._words[rows], resets), turns


class EpisodeKey:
    """The key and the turn of the one row of a scalar environment."""

    def __init__(self) -> None:
        self._generator: np.random.Generator | None = None
        self._word = 0
        self._resets = 0

    def next(self, env: Any) -> tuple[int, int]:
        """Key and turn of the row's next episode; the turn counts the resets before it.

        Args:
            env: The environment, after `reset` of Gymnasium's base class got the seed.
        """
        if env.np_random is not self._generator:  # seeded anew, or replaced by hand
            self._generator = env.np_random
            self._word, self._resets = int(rng.seed_words(env, 1)[0]), 0
        turn = self._resets
        self._resets += 1
        return int(rng.derive(self._word, turn)), turn
