"""The noise-free score along pairs of parameters: computed here, drawn on axes that are given.

One parameter alone gives a curve; more give a heat map for every pair, with the other parameters
held at the optimum. Nothing here imports matplotlib: `hpo_gym.rendering.picture` makes the axes.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym.arrays import Floats, Vectors
from hpo_gym.families import Family, require_optimum
from hpo_gym.parameters import Categorical, Integer, Parameter

FloatArray = NDArray[np.float64]

CELLS = 160
"""Largest number of cells along an axis of a slice."""

COLOURS = "viridis"
ORANGE, BLUE = "#e8590c", "#1f4e79"
OPTIMUM = {
    "marker": "*",
    "s": 190.0,
    "facecolors": "white",
    "edgecolors": "black",
    "linewidths": 1.1,
}
"""Style of the optimum's mark, as arguments of ``Axes.scatter``."""

_XP = Vectors()


class Slice(NamedTuple):
    """The score along one or two parameters."""

    indices: tuple[int, ...]
    """Which parameters: (x,) or (x, y)."""
    borders: tuple[FloatArray, ...]
    """Natural values at the borders of the cells, one more than cells."""
    centres: tuple[FloatArray, ...]
    """Natural values at their centres."""
    score: FloatArray
    """(cells,), or (cells of y, cells of x)."""


class Surface(NamedTuple):
    """The score of one task along all pairs of parameters."""

    names: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    label: str
    """What the score is."""
    optimum: tuple[float, ...]
    """Best configuration, natural values."""
    best_possible: float
    slices: list[Slice]

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest score on the slices and at the optimum."""
        low = min(float(piece.score.min()) for piece in self.slices)
        high = max(float(piece.score.max()) for piece in self.slices)
        return low, max(high, self.best_possible, low + 1e-9)

    def optimum_on(self, piece: Slice) -> tuple[float, ...]:
        """Where the optimum stands on the axes of a slice."""
        place = [self.optimum[index] for index in piece.indices]
        return (*place, self.best_possible)[:2]


def surface(family: Family, task: Any, metric: str) -> Surface:
    """The noise-free score of a task along all pairs of parameters.

    Args:
        family: The family.
        task: Parameters of one of its tasks, as `Family.sample` gives them.
        metric: The primary metric.
    """
    known = require_optimum(family, "a picture of the score")
    optimum, best_possible = known.optimum(task, metric)
    groups: list[tuple[int, ...]] = list(combinations(range(len(family.space.parameters)), 2))
    return Surface(
        family.space.names,
        tuple(family.space.parameters.values()),
        _label(family, task, metric, optimum),
        tuple(float(value) for value in family.space.natural(optimum, Floats())),
        best_possible,
        [_slice(family, task, metric, indices, optimum) for indices in groups or [(0,)]],
    )


def _label(family: Family, task: Any, metric: str, optimum: tuple[float, ...]) -> str:
    """The metric's name where the metric is the score, else a name for its score."""
    metrics = family.noiseless(task, tuple(np.array([value]) for value in optimum), _XP)
    is_score = metrics[family.metrics.index(metric)] == family.score(metrics, metric, _XP)
    return metric if np.all(is_score) else f"score of {metric}"


def _slice(
    family: Family, task: Any, metric: str, indices: tuple[int, ...], optimum: tuple[float, ...]
) -> Slice:
    parameters = [family.space.parameters[family.space.names[index]] for index in indices]
    centres, borders = zip(*[_cells(parameter) for parameter in parameters], strict=True)
    grid = np.meshgrid(*centres)
    scaled = [np.full(grid[0].size, value) for value in optimum]
    for index, column in zip(indices, grid, strict=True):
        scaled[index] = column.reshape(-1)
    score = np.empty(grid[0].size)
    score[:] = family.true_score(task, tuple(scaled), metric, _XP)

    def natural(axes: tuple[FloatArray, ...]) -> tuple[FloatArray, ...]:
        pairs = zip(parameters, axes, strict=True)
        return tuple(10.0**axis if parameter.log else axis for parameter, axis in pairs)

    return Slice(indices, natural(borders), natural(centres), score.reshape(grid[0].shape))


def _cells(parameter: Parameter) -> tuple[FloatArray, FloatArray]:
    """Centres and borders of the cells along a parameter's scaled axis.

    Integers have their cells around whole numbers, where alone they are evaluated; every choice has
    a cell.
    """
    low, high = parameter.scaled_bounds
    if isinstance(parameter, Categorical):
        centres = np.arange(high + 1.0)
    elif isinstance(parameter, Integer):
        spread = np.geomspace if parameter.log else np.linspace
        whole = np.unique(np.rint(spread(parameter.low, parameter.high, CELLS)))
        centres = np.log10(whole) if parameter.log else whole
    else:
        half = 0.5 * (high - low) / CELLS
        centres = np.linspace(low + half, high - half, CELLS)
    between = 0.5 * (centres[1:] + centres[:-1])
    first, last = 2.0 * centres[0] - between[0], 2.0 * centres[-1] - between[-1]
    return centres, np.concatenate([[first], between, [last]])


def draw_slice(axes: Any, whole: Surface, piece: Slice) -> Any:
    """Draw a slice with its axes in natural units; the optimum is not marked.

    Returns:
        What a colour bar needs; None for a curve.
    """
    for axis, index, borders in zip("xy", piece.indices, piece.borders, strict=False):
        _set_axis(axes, axis, whole.names[index], whole.parameters[index], borders)
    low, high = whole.range
    choices = any(isinstance(whole.parameters[index], Categorical) for index in piece.indices)
    if len(piece.indices) == 1:
        style = {"linestyle": "none", "marker": "o"} if choices else {"linewidth": 2.0}
        axes.plot(piece.centres[0], piece.score, color=BLUE, **style)
        pad = 0.08 * (high - low)
        axes.set_ylim(low - pad, high + pad)
        axes.set_ylabel(whole.label)
        return None
    # Pixels also in a vector format: tens of thousands of cells would take megabytes.
    mesh = axes.pcolormesh(
        *piece.borders, piece.score, cmap=COLOURS, vmin=low, vmax=high, rasterized=True
    )
    levels = np.linspace(low, high, 9)[1:-1]
    levels = levels[(levels > piece.score.min()) & (levels < piece.score.max())]
    if levels.size and not choices:  # matplotlib warns where there is no line to draw
        axes.contour(
            *piece.centres, piece.score, levels, colors="white", linewidths=0.6, alpha=0.35
        )
    held = [i for i in range(len(whole.optimum)) if i not in piece.indices]
    axes.set_title(_held_title(whole, held), fontsize="small", pad=8)
    return mesh


def _set_axis(axes: Any, axis: str, name: str, parameter: Parameter, borders: FloatArray) -> None:
    """Scale, label, ticks and limits of the "x" or "y" axis of a slice."""
    getattr(axes, f"set_{axis}scale")("log" if parameter.log else "linear")
    getattr(axes, f"set_{axis}label")(name, labelpad=2)
    if isinstance(parameter, Categorical):
        labels = list(map(str, parameter.choices))
        upright = {"rotation": 90, "va": "center"} if axis == "y" else {}  # no wider than numbers
        getattr(axes, f"set_{axis}ticks")(range(len(labels)), labels=labels, **upright)
    getattr(axes, f"set_{axis}lim")(borders[0], borders[-1])


def _held_title(whole: Surface, held: list[int]) -> str:
    """Which parameters a slice holds, and where."""
    if len(held) > 2:
        return "others at the optimum"
    values = [_held(whole.names[i], whole.parameters[i], whole.optimum[i]) for i in held]
    return f"at {', '.join(values)}" if held else ""


def _held(name: str, parameter: Parameter, value: float) -> str:
    if isinstance(parameter, Categorical):
        return f"{name} = {parameter.value(value)}"
    return f"{name} = {value:.3g}"
