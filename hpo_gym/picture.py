"""The picture of an episode: where it searched, what it found, what it earned.

Everything that does not change during an episode is drawn once and kept as pixels; a frame
restores it and draws the trail on top. Only matplotlib's Agg canvas is used, without its global
state, so that many environments can draw in one process.
"""

from __future__ import annotations

from math import ceil, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym.columns import ScalarMath
from hpo_gym.dynamics import Dynamics, Tasks
from hpo_gym.rendering import Record, Trail, configuration_text
from hpo_gym.surface import OPTIMUM, Surface, draw_slice, surface

try:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.collections import LineCollection
    from matplotlib.figure import Figure
except ImportError as error:
    raise ImportError("pictures need matplotlib: pip install 'hpo-gym[plot]'") from error

DPI = 100

_ORANGE, _BLUE, _GREY = "#e8590c", "#1f4e79", "#505050"

# Marks differ in shape, size and brightness, so that no meaning rests on hue alone.
_START = {"marker": "s", "s": 60.0, "facecolors": "white", "edgecolors": "black"}
_EVALUATED = {"marker": "o", "s": 30.0}
_LATEST = {"marker": "o", "s": 62.0, "facecolors": "black", "edgecolors": "white"}
_INCUMBENT = {"marker": "D", "s": 150.0, "facecolors": "none", "edgecolors": _ORANGE}
_OLDEST_ALPHA = 0.3


def new_figure(width: float, height: float) -> Figure:
    """A figure of this size in inches with an Agg canvas of its own."""
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


class _Rectangle(NamedTuple):
    """A part of the figure, in inches from its lower left corner."""

    left: float
    bottom: float
    width: float
    height: float


class _Layout(NamedTuple):
    """Where everything stands."""

    size: tuple[float, float]
    maps: list[_Rectangle]
    bar: _Rectangle
    score: _Rectangle
    reward: _Rectangle


def _layout(dimension: int) -> _Layout:
    """One slice stands beside the two panels; more stand in rows above them."""
    count = max(1, dimension * (dimension - 1) // 2)
    columns = 1 if count == 1 else max(3, ceil(sqrt(count)))
    rows = ceil(count / columns)
    side, gap_x, gap_y = (4.3, 0.85, 0.85) if count == 1 else (2.55, 0.75, 0.8)
    bottom, panel, panel_gap = 1.0, 1.5, 0.75
    base = bottom if count == 1 else bottom + panel + 0.95
    maps = [
        _Rectangle(
            gap_x + (i % columns) * (side + gap_x),
            base + (rows - 1 - i // columns) * (side + gap_y),
            side,
            side,
        )
        for i in range(count)
    ]
    right = maps[min(columns, count) - 1].left + side
    bar = _Rectangle(right + 0.12, maps[0].bottom, 0.14, side)
    top = maps[0].bottom + side + 0.7
    if count == 1:
        left, width, height = right + 1.35, 4.4, 0.5 * (side - panel_gap)
        score = _Rectangle(left, bottom + height + panel_gap, width, height)
        reward = _Rectangle(left, bottom, width, height)
        return _Layout((left + width + 0.3, top), maps, bar, score, reward)
    width = 0.5 * (right - 2.0 * gap_x)
    score = _Rectangle(gap_x, bottom, width, panel)
    reward = _Rectangle(right - width, bottom, width, panel)
    return _Layout((right + 0.9, top), maps, bar, score, reward)


class _Marks:
    """The marks of a trail on one pair of axes."""

    def __init__(self, axes: Any, optimum: tuple[float, float] | None, line: bool) -> None:
        self._axes = axes
        self._lines = {
            shade: axes.add_collection(LineCollection([], linewidths=width), autolim=False)
            for shade, width in (((0.0, 2.6), (1.0, 1.3)) if line else ())
        }

        def scatter(style: dict[str, Any]) -> Any:
            return axes.scatter([], [], clip_on=False, **{"linewidths": 1.1, **style})

        self._evaluated = scatter(_EVALUATED)
        self._start = scatter(_START)
        self._latest = scatter(_LATEST)
        self._optimum = scatter(OPTIMUM)
        if optimum is not None:
            self._optimum.set_offsets([optimum])
        # A dark rim under the incumbent's mark keeps it visible on every colour.
        self._incumbent = [
            scatter({**_INCUMBENT, "edgecolors": color, "linewidths": width})
            for color, width in (("black", 4.2), (_ORANGE, 2.4))
        ]
        for artist in self._artists():
            artist.set_animated(True)

    def _artists(self) -> list[Any]:
        marks = [self._evaluated, self._start, self._latest, self._optimum, *self._incumbent]
        return [*self._lines.values(), *marks]

    def draw(self, points: NDArray[np.float64], start: bool, incumbent: int) -> None:
        """Draw a trail.

        Args:
            points: (n, 2) places of the evaluations, in order.
            start: The first of them is the start.
            incumbent: Which of them is the incumbent.
        """
        count = len(points)
        alpha = np.linspace(_OLDEST_ALPHA, 1.0, count) if count > 1 else np.ones(count)
        segments = [points[i : i + 2] for i in range(count - 1)]
        for shade, lines in self._lines.items():
            lines.set_segments(segments)
            lines.set_color([(shade, shade, shade, a) for a in alpha[1:]])
        first = int(start)
        middle = slice(first, max(count - 1, first))
        self._evaluated.set_offsets(points[middle])
        self._evaluated.set_facecolors([(1.0, 1.0, 1.0, a) for a in alpha[middle]])
        self._evaluated.set_edgecolors([(0.0, 0.0, 0.0, a) for a in alpha[middle]])
        self._start.set_offsets(points[:first])
        self._latest.set_offsets(points[first:][-1:])
        for ring in self._incumbent:
            ring.set_offsets(points[incumbent : incumbent + 1])
        for artist in self._artists():
            self._axes.draw_artist(artist)


class Picture:
    """Draws the trails of one task.

    Args:
        dynamics: The environment's dynamics.
        tasks: The task of its one row.
    """

    def __init__(self, dynamics: Dynamics, tasks: Tasks) -> None:
        self._dynamics = dynamics
        self._surface = surface(dynamics.family, tasks.parameters, dynamics.options.metric)
        layout = _layout(dynamics.space.dimension)
        self._figure = new_figure(*layout.size)
        self._maps = [
            self._new_map(piece, rectangle)
            for piece, rectangle in zip(self._surface.slices, layout.maps, strict=True)
        ]
        self._add_bar(layout)
        self._add_score_panel(layout.score)
        self._add_reward_panel(layout.reward)
        self._title = self._figure.text(
            0.25 / layout.size[0], 1.0 - 0.2 / layout.size[1], "", va="top", animated=True
        )
        self._add_legend()
        self._canvas: Any = self._figure.canvas
        self._canvas.draw()
        self._background = self._canvas.copy_from_bbox(self._figure.bbox)

    def frame(self, trail: Trail) -> NDArray[np.uint8]:
        """The picture of a trail, (height, width, 3)."""
        self._canvas.restore_region(self._background)
        evaluated = trail.evaluated(self._dynamics.layout.start_evaluated)
        start = self._dynamics.layout.start_evaluated
        scores = np.array([self._score(record) for record in evaluated])
        # The incumbent has the best observed score, and the earlier one of equals.
        incumbent = int(scores.argmax()) if evaluated else 0
        for marks, piece in zip(self._maps, self._surface.slices, strict=True):
            marks.draw(self._places(evaluated, scores, piece.indices), start, incumbent)
        self._draw_score(evaluated, scores, start, incumbent)
        self._draw_reward(trail.records)
        self._title.set_text(headline(self._dynamics, trail))
        self._figure.draw_artist(self._title)
        return np.array(self._canvas.buffer_rgba())[..., :3].copy()

    def _score(self, record: Record) -> float:
        """Observed score of an evaluation."""
        family, metric = self._dynamics.family, self._dynamics.options.metric
        metrics = tuple(float(record.info[name]) for name in family.metrics)
        return float(family.score(metrics, metric, ScalarMath()))

    def _places(
        self, evaluated: list[Record], scores: NDArray[np.float64], indices: tuple[int, ...]
    ) -> NDArray[np.float64]:
        """Where the evaluations stand on a slice, (n, 2) in natural units."""
        names = [self._dynamics.space.names[index] for index in indices]
        columns = [[float(record.info[name]) for record in evaluated] for name in names]
        if len(columns) == 1:
            return np.column_stack([columns[0], scores])
        return np.column_stack(columns)
