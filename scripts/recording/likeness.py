"""How far families are from the recorded tables.

    python -m scripts.recording.likeness

measures tasks of each family and the recorded tables of the split train, on the grid of the tables,
and prints medians, and below each the distance from the tables: the largest difference of the two
distribution functions (the statistic of Kolmogorov and Smirnov), 0 for the same distribution, 1 for
two that do not overlap. The last column is the mean of these distances. Measured are, of F1:

    near       share of the search space within 5 % of the best
    thr        its mean threshold
    epochs     its mean logarithm of epochs, as a share of that of 100
    lr         its mean position along the logarithm of the learning rate, from 0 to 1
    slope      of a sigmoid as steep as the recall over the threshold, at the best lr and epochs
    early      what is missing after 1 epoch at the best threshold and learning rate, relative
    late       what is missing after 100 epochs there
    together   share of its variance over lr and epochs, at the best threshold, that is not the sum
               of an effect of each
    length     correlation length of what is not the sum of the effects of lr, epochs and threshold:
               where the correlation falls to 1 / e, in parts of an axis, mean of the three axes
               (those of lr and epochs logarithmic)
    noise      deviation of an evaluation from the noise-free F1, root mean square over the grid
    at best    the same where F1 is within 5 % of the best
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import tyro
from numpy.typing import NDArray

from hpo_gym import make_family, rng
from hpo_gym.arrays import Vectors
from hpo_gym.commands.checks import plain_errors, require_count
from hpo_gym.families import TaskBank
from hpo_gym.families.recorded import grid
from hpo_gym.families.recorded.grid import SHAPE, THRS, points
from scripts.recording.measures import measured

FloatArray = NDArray[np.float64]

_XP = Vectors()
_OBSERVATIONS = 4
_NEAR = 0.95


@dataclass(frozen=True)
class Arguments:
    """Command line."""

    families: tuple[str, ...] = ("binormal", "fictitious", "rough")
    """Families to measure, by name."""
    tasks: int = 128
    """Tasks of each family, the first ones of the split validation."""


class Likeness(NamedTuple):
    """What is measured of a task; the module says what it means."""

    near: float
    thr: float
    epochs: float
    lr: float
    slope: float
    early: float
    late: float
    together: float
    length: float
    noise: float
    at_best: float


def likeness(family: TaskBank, split: str, task: int) -> Likeness:
    """Measure one task."""
    parameters, scaled = family.expand(family.sample(split, task), np.prod(SHAPE)), points()
    keys = rng.derive(rng.text_key(f"likeness/{task}"), np.arange(len(scaled[0]), dtype=np.uint64))
    squares: Any = 0.0
    for number in range(_OBSERVATIONS):
        draws = rng.uniforms(rng.derive(keys, number), family.draws)
        exact, seen = family.evaluate(parameters, scaled, family.noise, draws, _XP)
        error = seen[_F1] - exact[_F1]
        squares = squares + error * error / _OBSERVATIONS
    f1, recall = (np.reshape(exact[place], SHAPE) for place in (_F1, _RECALL))
    lr, epoch, thr = np.unravel_index(f1.argmax(), SHAPE)
    best, flat = f1.max(), f1[:, :, thr]
    return Likeness(
        near=measured(f1).near,
        **_middle(f1 >= _NEAR * best),
        slope=_slope(recall[lr, epoch]),
        early=float(1.0 - flat[lr, 0] / flat[lr].max()),
        late=float(1.0 - flat[lr, -1] / flat[lr].max()),
        together=float(_residual(flat).var() / max(flat.var(), 1e-12)),
        length=float(np.mean([_length(_residual(f1), axis) for axis in range(3)])),
        noise=float(np.sqrt(np.mean(squares))),
        at_best=float(np.sqrt(np.mean(squares[f1.ravel() >= _NEAR * best]))),
    )


_RECALL, _F1 = 1, 4


def _middle(near: NDArray[np.bool_]) -> dict[str, float]:
    """Mean places of some points of the grid."""
    weight = grid.weights().reshape(SHAPE) * near
    axes = {"lr": np.linspace(0.0, 1.0, SHAPE[0]), "thr": THRS}
    axes["epochs"] = np.log(grid.EPOCHS) / np.log(grid.EPOCHS[-1])
    along = {"lr": (1, 2), "epochs": (0, 2), "thr": (0, 1)}
    return {
        name: float(weight.sum(axis=others) @ axes[name] / weight.sum())
        for name, others in along.items()
    }


def _slope(recall: FloatArray) -> float:
    """A sigmoid of slope s falls from 3/4 to 1/4 of its height within 2 ln 3 / s."""
    height = recall / max(recall.max(), 1e-12)
    start, end = (np.interp(-level, -height, THRS) for level in (0.75, 0.25))
    return float(2.0 * np.log(3.0) / max(end - start, 1e-3))


def _residual(values: FloatArray) -> FloatArray:
    """What is not the sum of effects of the axes."""
    rest = values - values.mean()
    for axis in range(values.ndim):
        others = tuple(other for other in range(values.ndim) if other != axis)
        rest = rest - rest.mean(axis=others, keepdims=True)
    return rest


def _length(residual: FloatArray, axis: int) -> float:
    """Where the correlation along an axis falls to 1 / e, in parts of the axis."""
    moved = np.moveaxis(residual, axis, 0)
    size = len(moved)
    total = (moved * moved).mean() + 1e-300
    lags = range(size - 1)
    correlation = np.array([(moved[: size - k] * moved[k:]).mean() / total for k in lags])
    below = correlation < np.exp(-1.0)
    if not below.any():
        return 1.0
    k = int(below.argmax())
    high, low = correlation[k - 1], correlation[k]
    return float((k - 1 + (high - np.exp(-1.0)) / (high - low)) / (size - 1))


def measured_tasks(name: str, split: str, tasks: int) -> FloatArray:
    """(tasks, measures) of the first tasks of a split."""
    family = make_family(name)
    if not isinstance(family, TaskBank) or family.metrics[_F1] != "f1":
        raise ValueError(f"--families: {name!r} is no family of many classifiers")
    size = min(tasks, family.sizes[split])
    return np.array([likeness(family, split, task) for task in range(size)])


def distance(one: FloatArray, other: FloatArray) -> FloatArray:
    """(measures,) largest differences of the distribution functions of two sets of tasks."""
    found = []
    for left, right in zip(one.T, other.T, strict=True):
        left, right = np.sort(left), np.sort(right)
        every = np.concatenate([left, right])
        shares = [np.searchsorted(part, every, side="right") / len(part) for part in (left, right)]
        found.append(np.abs(shares[0] - shares[1]).max())
    return np.array(found)


def main(arguments: Arguments) -> None:
    """Print the table."""
    require_count("--tasks", arguments.tasks, 2, 4096)
    tables = measured_tasks("recorded", "train", 4096)
    others = {"recorded, validation": measured_tasks("recorded", "validation", 4096)}
    for name in arguments.families:
        others[name] = measured_tasks(name, "validation", arguments.tasks)
    names = [name.replace("_", " ") for name in Likeness._fields]
    print(_row("", [*names, "distance"]))
    print(_row("recorded, train", [f"{value:.3f}" for value in np.median(tables, axis=0)]))
    for name, values in others.items():
        apart = distance(tables, values)
        print(_row(name, [f"{value:.3f}" for value in np.median(values, axis=0)]))
        print(_row("  distance", [f"{value:.2f}" for value in [*apart, apart.mean()]]))


def _row(name: str, values: list[str]) -> str:
    return f"{name:22}" + "".join(f"{value:>9}" for value in values).rstrip()


if __name__ == "__main__":
    with plain_errors():
        main(tyro.cli(Arguments, description=__doc__))
