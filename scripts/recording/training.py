"""Minibatch SGD of a classifier with all learning rates at once, as a dimension of its weights.

The network has one hidden layer of rectified units, or none (logistic regression); its weights
begin as those of `torch.nn.Linear` do, uniform within 1 / sqrt(number of inputs). All learning
rates begin with the same weights and see the same batches. The loss is the mean cross-entropy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scripts.recording.sources import Problem

BATCH = 32
_CHUNK = 128
"""Cases that are looked at together: their hidden units fit into a processor's cache."""
_SATURATED = 30.0
"""Logits beyond are cut off where gradients are computed: denormal numbers are slow."""

Array = NDArray[np.float32]


@dataclass
class Weights:
    """Of L networks that differ in their learning rate; without hidden units, only the last two."""

    hidden: Array | None
    """(d, L, H)."""
    hidden_bias: Array | None
    """(L, H)."""
    output: Array
    """(L, H), or (d, L) without hidden units."""
    output_bias: Array
    """(L,)."""


def initial(generator: np.random.Generator, inputs: int, units: int, networks: int) -> Weights:
    """The same random weights for all networks; ``units`` = 0 for logistic regression."""

    def uniform(shape: tuple[int, ...], size: int) -> Array:
        bound = 1.0 / np.sqrt(size)
        return generator.uniform(-bound, bound, shape).astype(np.float32)

    if not units:
        output, bias = uniform((inputs, 1), inputs), uniform((1,), inputs)
        return Weights(None, None, np.tile(output, networks), np.tile(bias, networks))
    hidden, hidden_bias = uniform((inputs, 1, units), inputs), uniform((1, units), inputs)
    output, bias = uniform((1, units), units), uniform((1,), units)
    return Weights(
        np.tile(hidden, (1, networks, 1)),
        np.tile(hidden_bias, (networks, 1)),
        np.tile(output, (networks, 1)),
        np.tile(bias, networks),
    )


def batches(generator: np.random.Generator, cases: int) -> Iterator[NDArray[np.intp]]:
    """The batches of one epoch: every case once, the last batch may be smaller."""
    order = generator.permutation(cases)
    for start in range(0, cases, BATCH):
        yield order[start : start + BATCH]


def logits(weights: Weights, inputs: Array) -> Array:
    """(n, L) of the cases."""
    if weights.hidden is None:
        return np.asarray(inputs @ weights.output + weights.output_bias)
    parts = [
        np.einsum("nlh,lh->nl", _active(weights, inputs[start : start + _CHUNK]), weights.output)
        for start in range(0, len(inputs), _CHUNK)
    ]
    return np.asarray(np.concatenate(parts) + weights.output_bias)


def train(
    problem: Problem, units: int, rates: NDArray[np.float64], epochs: list[int], seed: int
) -> Iterator[Weights]:
    """Train, and show the weights after each of these numbers of epochs, which rise.

    Args:
        problem: The data.
        units: Hidden units; 0 for logistic regression.
        rates: (L,) learning rates.
        epochs: Numbers of epochs.
        seed: Of the initial weights and of the order of the cases.
    """
    generator = np.random.default_rng(seed)
    cases, inputs = problem.inputs.shape
    weights = initial(generator, inputs, units, len(rates))
    speed = rates.astype(np.float32)
    with np.errstate(all="ignore"):  # large learning rates diverge
        for epoch in range(1, epochs[-1] + 1):
            for batch in batches(generator, cases):
                _descend(weights, problem.inputs[batch], problem.targets[batch], speed)
            if epoch in epochs:
                yield weights


def _active(weights: Weights, inputs: Array) -> Array:
    """(n, L, H) what the hidden units say."""
    assert weights.hidden is not None and weights.hidden_bias is not None
    size, networks, units = weights.hidden.shape
    active = inputs @ weights.hidden.reshape(size, networks * units)
    active = active.reshape(-1, networks, units)
    active += weights.hidden_bias
    return np.maximum(active, 0.0, out=active)


def _descend(weights: Weights, inputs: Array, targets: Array, speed: Array) -> None:
    """One step of gradient descent, in place."""
    if weights.hidden is None:
        change = _error(inputs @ weights.output + weights.output_bias, targets) * speed
        weights.output -= inputs.T @ change
        weights.output_bias -= change.sum(axis=0)
        return
    active = _active(weights, inputs)
    value = np.einsum("nlh,lh->nl", active, weights.output) + weights.output_bias
    change = _error(value, targets) * speed  # the gradient is linear in it: so are the steps
    back = change[:, :, None] * weights.output
    back *= active > 0.0
    weights.output -= np.einsum("nl,nlh->lh", change, active)
    weights.output_bias -= change.sum(axis=0)
    size, networks, units = weights.hidden.shape
    step = inputs.T @ back.reshape(-1, networks * units)
    weights.hidden -= step.reshape(size, networks, units)
    weights.hidden_bias -= back.sum(axis=0)


def _error(logit: Array, targets: Array) -> Array:
    """Gradient of the mean cross-entropy with respect to the logits, (n, L)."""
    share = 1.0 / (1.0 + np.exp(-np.clip(logit, -_SATURATED, _SATURATED)))
    return np.asarray((share - targets[:, None]) / np.float32(len(targets)))
