"""Classifiers whose metrics are counted, whichever equations their rates have."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from as_tensors import tensors
from binormal_by_scipy import configurations

from hpo_gym import make_family
from hpo_gym.arrays import Vectors, namespace_of

ROWS = Vectors()


@pytest.mark.parametrize(
    ("name", "rtol", "atol"), [("binormal", 1e-10, 1e-12), ("rough", 1e-9, 1e-11)]
)
def test_torch_equals_numpy(name, rtol, atol):
    family = make_family(name)
    c, scaled = family.sample("train", np.arange(2000)), configurations(2000, seed=12)
    draws = np.random.default_rng(13).random((4, 2000))
    pair = family.evaluate(c, scaled, None, draws, ROWS)
    inputs = tuple(map(torch.from_numpy, scaled)), None, torch.from_numpy(draws)
    again = family.evaluate(tensors(c, torch.float64), *inputs, namespace_of(inputs[2]))
    for metrics, others in zip(pair, again, strict=True):
        for one, other in zip(metrics, others, strict=True):
            np.testing.assert_allclose(other.numpy(), one, rtol=rtol, atol=atol)
