"""The noise-free score along the parameters: computed here, drawn on axes that are given.

Up to five parameters give a heat map for every pair; one alone, or more, a curve for each. Other
parameters are held at the optimum. Where nobody knows the optimum, or an evaluation cannot be
repeated, the axes stay empty. Nothing here imports matplotlib: `hpo_gym.rendering.picture` makes
the axes.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym.arrays import Floats, Vectors
from hpo_gym.families import Family, KnownOptimum
from hpo_gym.parameters import Categorical, Integer, Parameter

FloatArray = NDArray[np.float64]

MOST_PAIRED = 5
"""Largest number of parameters whose pairs are drawn."""

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
    score: FloatArray | None
    """(cells,), or (cells of y, cells of x); None where it is unknown."""


class Surface(NamedTuple):
    """The score of one task along its parameters."""

    names: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    label: str
    """What the score is."""
    optimum: tuple[float, ...]
    """Best configuration, natural values; empty if it is unknown."""
    best_possible: float
    """Score of the optimum; 1, which no score exceeds, if it is unknown."""
    slices: list[Slice]

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest score on the slices and at the optimum."""
        scores = [piece.score for piece in self.slices if piece.score is not None]
        curves = len(self.slices) > 1 and len(self.slices[0].indices) == 1
        # Off the optimum in several parameters, a score falls far below each of their curves.
        low = min(float(score.min()) for score in scores) if scores and not curves else 0.0
        return low, max([self.best_possible, low + 1e-9, *(float(s.max()) for s in scores)])

    def optimum_on(self, piece: Slice) -> tuple[float, ...] | None:
        """Where the optimum stands on the axes of a slice."""
        if not self.optimum:
            return None
        place = [self.optimum[index] for index in piece.indices]
        return (*place, self.best_possible)[:2]


def surface(family: Family, task: Any, metric: str) -> Surface:
    """The noise-free score of a task along its parameters, or along pairs of them.

    Args:
        family: The family.
        task: Parameters of one of its tasks, as `Family.sample` gives them.
        metric: The primary metric.
    """
    count = len(family.space.parameters)
    optimum: tuple[float, ...] | None = None
    natural: tuple[float, ...] = ()
    best_possible = 1.0
    if isinstance(family, KnownOptimum):
        optimum, best_possible = family.optimum(task, metric)
        natural = tuple(float(value) for value in family.space.natural(optimum, Floats()))
    groups = combinations(range(count), 2 if 1 < count <= MOST_PAIRED else 1)
    held = optimum if family.pure else None
    return Surface(
        family.space.names,
        tuple(family.space.parameters.values()),
        _label(family, metric),
        natural,
        best_possible,
        [_slice(family, task, metric, indices, held) for indices in groups],
    )


def _label(family: Family, metric: str) -> str:
    """The metric's name where the metric is the score, else a name for its score."""
    metrics = family.metrics_of((0.5,) * len(family.metrics), Floats())
    is_score = metrics[family.metrics.index(metric)] == family.score(metrics, metric, Floats())
    return metric if is_score else f"score of {metric}"


def _slice(
    family: Family,
    task: Any,
    metric: str,
    indices: tuple[int, ...],
    optimum: tuple[float, ...] | None,
) -> Slice:
    parameters = [family.space.parameters[family.space.names[index]] for index in indices]
    centres, borders = zip(*[_cells(parameter) for parameter in parameters], strict=True)
    score = None
    if optimum is not None:
        grid = np.meshgrid(*centres)
        scaled = [np.full(grid[0].size, value) for value in optimum]
        for index, column in zip(indices, grid, strict=True):
            scaled[index] = column.reshape(-1)
        score = np.empty(grid[0].shape)
        score.reshape(-1)[:] = family.true_score(task, tuple(scaled), metric, _XP)
        score[np.isnan(score)] = 0.0  # there evaluations fail

    def natural(axes: tuple[FloatArray, ...]) -> tuple[FloatArray, ...]:
        pairs = zip(parameters, axes, strict=True)
        return tuple(10.0**axis if parameter.log else axis for parameter, axis in pairs)

    return Slice(indices, natural(borders), natural(centres), score)


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
        What says which colour is which score; None for a curve.
    """
    for axis, index, borders in zip("xy", piece.indices, piece.borders, strict=False):
        _set_axis(axes, axis, whole.names[index], whole.parameters[index], borders)
    low, high = whole.range
    choices = any(isinstance(whole.parameters[index], Categorical) for index in piece.indices)
    held = [i for i in range(len(whole.optimum)) if i not in piece.indices]
    if piece.score is not None:
        axes.set_title(_held_title(whole, held), fontsize="small", pad=8)
    if len(piece.indices) == 1:
        style = {"linestyle": "none", "marker": "o"} if choices else {"linewidth": 2.0}
        if piece.score is not None:
            axes.plot(piece.centres[0], piece.score, color=BLUE, **style)
        pad = 0.08 * (high - low)
        axes.set_ylim(low - pad, high + pad)
        axes.set_ylabel(whole.label)
        return None
    if piece.score is None:
        return axes.scatter([], [], c=[], cmap=COLOURS, vmin=low, vmax=high)
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
    places = []
    for i in held:
        parameter, value = whole.parameters[i], whole.optimum[i]
        choice = isinstance(parameter, Categorical)
        places.append(f"{whole.names[i]} = {parameter.value(value) if choice else f'{value:.3g}'}")
    return f"at {', '.join(places)}" if held else ""
