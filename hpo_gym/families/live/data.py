"""Data of live trainings: binary problems, with a part that is held out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym.optional import optional
from hpo_gym.parameters import plain

NAMED = ("breast_cancer", "digits", "iris", "wine")
"""Data sets that come with scikit-learn."""
_HELD_OUT = 0.4
_LEAST = 5
"""Cases of each class, of which two are held out."""


class Problem(NamedTuple):
    """A binary classification problem, in two parts."""

    inputs: NDArray[np.float64]
    """(n, d) of the training part, each column of mean 0 and deviation 1."""
    targets: NDArray[np.int64]
    """(n,) 0 or 1."""
    held_inputs: NDArray[np.float64]
    """(m, d) of the part that is held out."""
    held_targets: NDArray[np.int64]
    """(m,)."""


def named(name: Any) -> tuple[Any, Any]:
    """Inputs and classes of a data set.

    Raises:
        ImportError: scikit-learn is not installed.
        ValueError: There is no such data set.
    """
    if name not in NAMED:
        raise ValueError(f"data = {name!r} must be one of {[*NAMED]}; give other data as X and y")
    sets = optional("sklearn.datasets", extra="sklearn", user=f"the data set {name!r}")
    inputs, classes = getattr(sets, f"load_{name}")(return_X_y=True)
    return inputs, classes


def problem(X: Any, y: Any, positive: Any) -> Problem:  # noqa: N803 - scikit-learn's name
    """The problem to tell one class from all others.

    Args:
        X: (rows, columns) finite numbers.
        y: (rows,) classes: numbers or texts.
        positive: The class; None for the smallest, the first of equals.

    Raises:
        ValueError: The data are none of such a problem.
    """
    inputs, classes = _inputs(X), _classes(y)
    if len(inputs) != len(classes):
        raise ValueError(f"X has {len(inputs)} rows, y has {len(classes)}: one for each case")
    known, count = np.unique(classes, return_counts=True)
    if len(known) < 2:
        raise ValueError(f"y has one class, {plain(known[0])!r}: two or more are needed")
    chosen = known[count.argmin()] if positive is None else positive
    if chosen not in known.tolist():
        raise ValueError(f"positive = {positive!r} must be one of the classes {known.tolist()}")
    targets = classes == chosen
    fewest = int(min(targets.sum(), (~targets).sum()))
    if fewest < _LEAST:
        raise ValueError(
            f"y has {int(targets.sum())} cases of the class {plain(chosen)!r} and "
            f"{int((~targets).sum())} others: at least {_LEAST} of each are needed"
        )
    held = held_out(targets, _HELD_OUT, np.random.default_rng(0))
    scaled, numbers = standardised(inputs, ~held), targets.astype(np.int64)
    if not scaled.shape[1]:
        raise ValueError("X has no column that varies in the training part: nothing can be learned")
    return Problem(scaled[~held], numbers[~held], scaled[held], numbers[held])


def held_out(
    targets: NDArray[np.bool_], share: float, generator: np.random.Generator
) -> NDArray[np.bool_]:
    """(n,) the cases that are held out: this share of both classes."""
    held = np.zeros(len(targets), dtype=bool)
    for label in (False, True):
        cases = generator.permutation(np.flatnonzero(targets == label))
        held[cases[: round(share * len(cases))]] = True
    return held


def standardised(inputs: NDArray[np.float64], training: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The columns that vary in the training part, there of mean 0 and deviation 1."""
    inputs = inputs[:, inputs[training].std(axis=0) > 0.0]
    part = inputs[training]
    return np.asarray((inputs - part.mean(axis=0)) / part.std(axis=0))


def _inputs(given: Any) -> NDArray[np.float64]:
    try:
        inputs = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"X must be an array of numbers: {error}") from error
    if inputs.ndim != 2 or not inputs.size:
        raise ValueError(f"X has the shape {inputs.shape}: it must be (rows, columns), one or more")
    if not np.isfinite(inputs).all():
        row, column = np.argwhere(~np.isfinite(inputs))[0].tolist()
        raise ValueError(
            f"X is {inputs[row, column]} in row {row}, column {column}: fill in what is missing"
        )
    return inputs


def _classes(given: Any) -> NDArray[Any]:
    each = np.asarray(given, dtype=object)  # NumPy would make texts of numbers beside texts
    if each.ndim != 1:
        raise ValueError(f"y has the shape {each.shape}: it must be (rows,), a class each")
    missing = [row for row, value in enumerate(each) if value is None or value != value]
    if missing:
        raise ValueError(f"y has no class in row {missing[0]}: leave out such cases")
    texts = [isinstance(value, str) for value in each]
    if any(texts) and not all(texts):
        raise ValueError("y has both texts and numbers: make all classes of one kind")
    return np.asarray(each.tolist())
