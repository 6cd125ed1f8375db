"""The counter-based generator: known values, distributions, and one row as many."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hpo_gym import rng
from hpo_gym.arrays import Floats, Vectors, namespace_of

# The first outputs of SplitMix64 seeded with 0 (Vigna's reference implementation).
SPLITMIX = (0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F)
WEYL = 0x9E3779B97F4A7C15
WORDS = (0, 1, 2, 12345, 2**63, 2**64 - 1)


def test_mix_is_the_finaliser_of_splitmix64():
    for i, expected in enumerate(SPLITMIX, start=1):
        assert rng.mix(WEYL * i & rng.MASK) == expected


def test_uniforms_are_the_top_bits_of_splitmix64():
    assert rng.uniforms(0, 3) == tuple((word >> 11) * 2.0**-53 for word in SPLITMIX)


def test_one_row_is_many_rows():
    keys = np.array(WORDS, dtype=np.uint64)
    for function in (
        rng.mix,
        lambda key: rng.derive(key, 3),
        lambda key: rng.derive(5, key),
        lambda key: rng.derive(key, key),
        lambda key: rng.uniforms(key, 3)[2],
    ):
        assert [function(word) for word in WORDS] == function(keys).tolist()
    many = rng.normals(keys, 5, Vectors())
    for row, word in enumerate(WORDS):
        one = rng.normals(word, 5, Floats())
        assert one == tuple(float(column[row]) for column in many)
        assert all(type(value) is float for value in one)


def test_words_stay_64_bit():
    for word in WORDS:
        assert 0 <= rng.mix(word) < 2**64
        assert 0 <= rng.derive(word, word) < 2**64


def test_mix_is_injective_and_scatters():
    words = rng.mix(np.arange(100_000, dtype=np.uint64))
    assert len(np.unique(words)) == 100_000
    flips = np.bitwise_count(words[1:] ^ words[:-1])
    assert flips.mean() == pytest.approx(32, abs=0.1)


def test_distributions():
    keys = rng.derive(np.arange(100_000, dtype=np.uint64), 9)
    uniforms = np.array(rng.uniforms(keys, 3))
    assert uniforms.min() >= 0.0
    assert uniforms.max() < 1.0
    assert uniforms.mean(axis=1) == pytest.approx([0.5] * 3, abs=0.004)
    assert uniforms.var(axis=1) == pytest.approx([1 / 12] * 3, abs=0.002)
    normals = np.array(rng.normals(keys, 5, Vectors()))
    assert normals.mean(axis=1) == pytest.approx([0.0] * 5, abs=0.015)
    assert normals.std(axis=1) == pytest.approx([1.0] * 5, abs=0.01)
    assert (normals**4).mean(axis=1) == pytest.approx([3.0] * 5, abs=0.15)
    # Neighbouring keys, streams and counters are independent.
    for sample in (normals, uniforms):
        correlations = np.corrcoef(np.concatenate([sample[:, 1:], sample[:, :-1]]))
        np.fill_diagonal(correlations, 0.0)
        assert np.abs(correlations).max() < 0.02
    streams = [rng.uniforms(rng.derive(keys, s), 1)[0] for s in (rng.TASK, rng.START, rng.NOISE)]
    assert np.abs(np.corrcoef(streams) - np.eye(3)).max() < 0.02


def test_normals_from_uniforms():
    """They are those that `normals` gives; those of tensors differ by rounding."""
    keys = rng.derive(np.arange(1000, dtype=np.uint64), 4)
    uniforms = rng.uniforms(keys, 4)
    normals = rng.normals_from(uniforms, Vectors())
    for one, other in zip(normals, rng.normals(keys, 4, Vectors()), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(normals[2], rng.normals(keys, 3, Vectors())[2])
    tensors = rng.normals_from(tuple(map(torch.from_numpy, uniforms)), namespace_of(torch.ones(1)))
    for tensor, column in zip(tensors, normals, strict=True):
        np.testing.assert_allclose(tensor.numpy(), column, rtol=1e-9, atol=1e-12)
    with pytest.raises(ValueError, match="pairs of uniforms, not of 3"):
        rng.normals_from(uniforms[:3], Vectors())


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (torch.tensor([1, 2]), "Tensor of torch.int64"),
        (np.arange(3), "ndarray of int64"),
        (np.uint64(3), "uint64 of uint64"),
        (3.0, "float of no dtype"),
    ],
)
def test_words_of_other_kinds_are_refused(key, kind):
    for draw in (
        lambda key: rng.derive(key, 1),
        lambda key: rng.derive(1, key),
        lambda key: rng.uniforms(key, 1),
        lambda key: rng.normals(key, 1, Vectors()),
    ):
        with pytest.raises(TypeError, match=f"arrays of uint64, not {kind}"):
            draw(key)


def test_normals_never_overflow():
    # The smallest uniform is 0: Box-Muller must see 1 - 0, not log(0).
    largest = Vectors.normals((np.array([1.0 - 2.0**-53]), np.array([0.0])))
    assert largest[0][0] == pytest.approx(np.sqrt(2 * 53 * np.log(2)))


def test_fold():
    assert rng.fold(0) == 0
    assert rng.fold(2**64 - 1) == 2**64 - 1
    assert rng.fold((5 << 64) + 3) == 5 ^ 3
    assert rng.fold((9 << 128) + (5 << 64) + 3) == 9 ^ 5 ^ 3
