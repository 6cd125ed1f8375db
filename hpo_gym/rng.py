"""Counter-based random numbers: (key, counter) to uniforms and normals.

The one source of randomness of environments and families. A key is a 64-bit word; numbers are
hashes of (key, counter) by the finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable
pseudorandom number generators", OOPSLA 2014). There is no state to carry, so rows may be drawn in
any order, one at a time or a million at once, with equal results.

Every function takes a Python ``int`` (one row) or a uint64 array of shape (N,), and refuses other
keys: words of torch tensors are signed, and would lose a bit.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from hpo_gym.arrays import Columns, Namespace

MASK = 0xFFFFFFFFFFFFFFFF
_WEYL = 0x9E3779B97F4A7C15
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB

# Streams: independent sub-keys of an episode's key.
TASK, START, NOISE = 1, 2, 3


def _check_word(word: Any) -> None:
    """Raise TypeError unless this is a Python int or an array of uint64."""
    if type(word) is int or (isinstance(word, np.ndarray) and word.dtype == np.uint64):
        return
    kind = f"{type(word).__name__} of {getattr(word, 'dtype', 'no dtype')}"
    raise TypeError(
        f"keys and counters are Python ints or arrays of uint64, not {kind}: convert "
        "with int() or .astype(np.uint64); draw for torch in NumPy, and convert the draws"
    )


def mix(word: Any) -> Any:
    """Finaliser of SplitMix64: a bijection of (checked) 64-bit words that scatters every bit."""
    if isinstance(word, np.ndarray):  # products wrap around by themselves; memory is reused
        mixed = word >> 30
        mixed ^= word
        mixed *= _FIRST
        mixed ^= mixed >> 27
        mixed *= _SECOND
        mixed ^= mixed >> 31
        return mixed
    word = (word ^ (word >> 30)) * _FIRST & MASK
    word = (word ^ (word >> 27)) * _SECOND & MASK
    return word ^ (word >> 31)


def derive(key: Any, word: Any) -> Any:
    """The key of sub-stream ``word`` of ``key``; either may be an array.

    Raises:
        TypeError: Here and in `uniforms`: a word is neither an int nor a uint64 array.
    """
    _check_word(key)
    _check_word(word)
    return mix(mix(key + _WEYL & MASK) + (word * _WEYL & MASK) & MASK)


def text_key(text: str) -> int:
    """The key that a text names: eight bytes of its BLAKE2b hash, the same in every process."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def fold(seed: int) -> int:
    """XOR of the 64-bit words of a non-negative integer of any size."""
    folded = 0
    while seed:
        folded ^= seed & MASK
        seed >>= 64
    return folded


def seed_words(env: Any, count: int) -> Any:
    """The 64-bit words of the ``count`` rows of an environment's seed, (count,) uint64.

    A generator that a user put in by hand has no known seed: the words are drawn from it.
    """
    if env.np_random_seed >= 0:
        return np.arange(count, dtype=np.uint64) + np.uint64(fold(env.np_random_seed))
    return env.np_random.integers(2**64, size=count, dtype=np.uint64)


def uniforms(key: Any, count: int) -> Columns:
    """``count`` columns of uniforms in [0, 1), multiples of 2**-53."""
    _check_word(key)
    return tuple(
        (mix(key + (_WEYL * (i + 1) & MASK) & MASK) >> 11) * 2.0**-53 for i in range(count)
    )


def normals(key: Any, count: int, xp: Namespace) -> Columns:
    """``count`` columns of independent standard normals."""
    return normals_from(uniforms(key, count + count % 2), xp)[:count]


def normals_from(uniforms: Columns, xp: Namespace) -> Columns:
    """Independent standard normals, as many as the independent uniforms that they are made of.

    Args:
        uniforms: Columns in [0, 1): an even number, for normals are made in pairs.
        xp: Array namespace.

    Raises:
        ValueError: The number is odd.
    """
    if len(uniforms) % 2:
        raise ValueError(
            f"normals are made of pairs of uniforms, not of {len(uniforms)}: draw one more"
        )
    return tuple(xp.normals(uniforms))
