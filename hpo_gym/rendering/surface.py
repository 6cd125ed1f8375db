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
from hpo_gym.families import Family
from hpo_gym.space import Parameter

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
    optimum, best_possible = family.optimum(task, metric)
    groups: list[tuple[int, ...]] = list(combinations(range(family.space.dimension), 2))
    return Surface(
        family.space.parameters,
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
    parameters = [family.space.parameters[index] for index in indices]
    centres, borders = zip(*[_cells(parameter) for parameter in parameters], strict=True)
    grid = np.meshgrid(*centres)
    scaled = [np.full(grid[0].size, value) for value in optimum]
    for index, column in zip(indices, grid, strict=True):
        scaled[index] = column.reshape(-1)
    metrics = family.noiseless(task, tuple(scaled), _XP)
    score = np.empty(grid[0].size)
    score[:] = family.score(metrics, metric, _XP)

    def natural(axes: tuple[FloatArray, ...]) -> tuple[FloatArray, ...]:
        pairs = zip(parameters, axes, strict=True)
        return tuple(10.0**axis if parameter.log else axis for parameter, axis in pairs)

    return Slice(indices, natural(borders), natural(centres), score.reshape(grid[0].shape))


def _cells(parameter: Parameter) -> tuple[FloatArray, FloatArray]:
    """Centres and borders of the cells along a parameter's scaled axis.

    A whole parameter has its cells around whole numbers, where alone it is evaluated.
    """
    low, high = parameter.low, parameter.high
    if parameter.integer:
        centres = np.rint(np.linspace(low, high, min(CELLS, round(high - low) + 1)))
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
    x = whole.parameters[piece.indices[0]]
    axes.set_xscale("log" if x.log else "linear")
    axes.set_xlim(*x.bounds)
    axes.set_xlabel(x.name, labelpad=2)
    low, high = whole.range
    if len(piece.indices) == 1:
        axes.plot(piece.centres[0], piece.score, color=BLUE, linewidth=2.0)
        pad = 0.08 * (high - low)
        axes.set_ylim(low - pad, high + pad)
        axes.set_ylabel(whole.label)
        return None
    y = whole.parameters[piece.indices[1]]
    axes.set_yscale("log" if y.log else "linear")
    # Pixels also in a vector format: tens of thousands of cells would take megabytes.
    mesh = axes.pcolormesh(
        *piece.borders, piece.score, cmap=COLOURS, vmin=low, vmax=high, rasterized=True
    )
    levels = np.linspace(low, high, 9)[1:-1]
    levels = levels[(levels > piece.score.min()) & (levels < piece.score.max())]
    if levels.size:  # matplotlib warns where there is no line to draw
        axes.contour(
            *piece.centres, piece.score, levels, colors="white", linewidths=0.6, alpha=0.35
        )
    axes.set_ylim(*y.bounds)
    axes.set_ylabel(y.name, labelpad=2)
    held = [i for i in range(len(whole.optimum)) if i not in piece.indices]
    axes.set_title(_held_title(whole, held), fontsize="small", pad=8)
    return mesh


def _held_title(whole: Surface, held: list[int]) -> str:
    """Which parameters a slice holds, and where."""
    if len(held) > 2:
        return "others at the optimum"
    values = [f"{whole.parameters[i].name} = {whole.optimum[i]:.3g}" for i in held]
    return f"at {', '.join(values)}" if held else ""
