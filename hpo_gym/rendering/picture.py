"""The picture of an episode: where it searched, what it found, what it earned.

Everything that does not change during an episode is drawn once and kept as pixels; a frame
restores it and draws the trail on top. Only matplotlib's Agg canvas is used, without its global
state, so that many environments can draw in one process.
"""

from __future__ import annotations

from math import ceil, log, sqrt
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from hpo_gym.arrays import Floats
from hpo_gym.rendering.marks import Marks
from hpo_gym.rendering.surface import BLUE, ORANGE, FloatArray, draw_slice, surface
from hpo_gym.rendering.trail import Trail, headline
from hpo_gym.shells.process import Record
from hpo_gym.tasks.columns import Tasks
from hpo_gym.tuning.process import TuningProcess

try:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
except ImportError as error:
    raise ImportError("pictures need matplotlib: pip install 'hpo-gym[plot]'") from error

DPI = 100

_GREY = "#606060"


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of this size in inches."""
    return Figure(figsize=(width, height), dpi=DPI)


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


def layout_for(count: int, flat: bool = False) -> _Layout:
    """One slice stands beside the two panels; more stand in rows above them.

    Args:
        count: Number of slices.
        flat: They are less high than wide, if they are several.
    """
    columns = 1 if count == 1 else max(3, ceil(sqrt(count)))
    rows = ceil(count / columns)
    side, gap_x, gap_y = (4.3, 0.85, 0.85) if count == 1 else (2.55, 0.75, 0.85)
    bottom, panel, panel_gap = 1.0, 1.5, 0.75
    height = 1.55 if flat and count > 1 else side
    base = bottom if count == 1 else bottom + panel + 0.95
    maps = [
        _Rectangle(
            gap_x + (i % columns) * (side + gap_x),
            base + (rows - 1 - i // columns) * (height + gap_y),
            side,
            height,
        )
        for i in range(count)
    ]
    right = maps[min(columns, count) - 1].left + side
    bar = _Rectangle(right + 0.12, maps[0].bottom, 0.14, height)
    top = maps[0].bottom + height + 0.7
    if count == 1:
        left, width, height = right + 1.5, 4.3, 0.5 * (side - panel_gap)
        score = _Rectangle(left, bottom + height + panel_gap, width, height)
        reward = _Rectangle(left, bottom, width, height)
        return _Layout((left + width + 0.35, top), maps, bar, score, reward)
    width = 0.5 * (right - 2.0 * gap_x)
    score = _Rectangle(gap_x, bottom, width, panel)
    reward = _Rectangle(right - width, bottom, width, panel)
    return _Layout((right + 1.0, top), maps, bar, score, reward)


def _grown(unit: float, value: float) -> float:
    """The first of unit, 1.25 unit, 1.25^2 unit, ... that reaches the value."""
    return float(unit * 1.25 ** max(0, ceil(log(value / unit) / log(1.25))))


class Picture:
    """Draws the trails of one task.

    Args:
        process: The environment's process.
        tasks: The task of its one row.
    """

    def __init__(self, process: TuningProcess, tasks: Tasks) -> None:
        self._process = process
        self._surface = surface(process.family, tasks.parameters, process.options.metric)
        slices = self._surface.slices
        layout = layout_for(len(slices), flat=len(slices[0].indices) == 1)
        self._figure = new_figure(*layout.size)
        self._size = layout.size
        self._maps = self._add_maps(layout)
        known = bool(self._surface.optimum)
        title = f"{self._surface.label}: observed, best so far (line)"
        self._score = self._add_panel(layout.score, title + ", optimum (dashed)" * known)
        self._best_line = self._score.plot(
            [], [], color=ORANGE, drawstyle="steps-post", animated=True
        )[0]
        if known:
            best = self._surface.best_possible
            self._score.axhline(best, color=_GREY, linestyle="--", linewidth=1)
        self._score_marks = Marks(self._score, None, line=False)
        self._reward = self._add_panel(layout.reward, "reward so far")
        self._reward.axhline(0.0, color=_GREY, linewidth=0.8)
        self._reward_line = self._reward.plot([], [], color=BLUE, marker=".", animated=True)[0]
        self._title = self._figure.text(
            0.25 / layout.size[0], 1.0 - 0.14 / layout.size[1], "", va="top", animated=True
        )
        self._add_legend()
        self._canvas = cast(Any, FigureCanvasAgg(self._figure))
        self._canvas.draw()
        self._background = self._canvas.copy_from_bbox(self._figure.bbox)
        self._limits: tuple[tuple[float, float], ...] = ()

    def frame(self, trail: Trail) -> NDArray[np.uint8]:
        """The picture of a trail, (height, width, 3)."""
        start = self._process.encoder.start_evaluated
        records = trail.evaluated
        scores = np.array([self._observed_score(record) for record in records])
        earned = np.cumsum([record.reward or 0.0 for record in trail.records])
        self._restore((self._limits_of(scores), self._limits_of(earned)))
        # The incumbent has the best observed score, and is the earlier one of equals.
        failed = np.array([record.info.get("failed", False) for record in records])
        none = failed.all()  # or nothing is evaluated yet
        incumbent = len(records) if none else int(np.where(failed, -1.0, scores).argmax())
        for marks, piece in zip(self._maps, self._surface.slices, strict=True):
            marks.draw(self._places(records, scores, piece.indices), scores, start, incumbent)
        evaluations = np.array([float(record.info["evaluations"]) for record in records])
        self._best_line.set_data(evaluations, np.maximum.accumulate(scores))
        self._reward_line.set_data([r.info["evaluations"] for r in trail.records], earned)
        title = headline(self._process, trail)
        self._title.set_text(title)
        # Long titles shrink: a character is about 0.6 of the font's size wide.
        self._title.set_fontsize(min(11.0, 72.0 * self._size[0] / (0.6 * len(title))))
        for artist in (self._best_line, self._reward_line, self._title):
            self._figure.draw_artist(artist)
        self._score_marks.draw(np.column_stack([evaluations, scores]), scores, start, incumbent)
        return np.array(self._canvas.buffer_rgba())[..., :3].copy()

    def _observed_score(self, record: Record) -> float:
        family, metric = self._process.family, self._process.options.metric
        if record.info.get("failed", False):
            return 0.0
        metrics = tuple(float(record.info[name]) for name in family.metrics)
        return float(family.score(metrics, metric, Floats()))

    def _places(
        self, records: list[Record], scores: FloatArray, indices: tuple[int, ...]
    ) -> FloatArray:
        """Where the evaluations stand on a slice, (n, 2)."""
        names = [self._process.space.names[index] for index in indices]
        columns = [[float(record.info[name]) for record in records] for name in names]
        return np.column_stack([*map(np.array, columns), scores][:2])

    def _restore(self, limits: tuple[tuple[float, float], ...]) -> None:
        """Restore everything below the trail, with these limits of the two panels."""
        if limits != self._limits:
            self._canvas.restore_region(self._background)
            for axes, limit in zip((self._score, self._reward), limits, strict=True):
                axes.set_ylim(*limit)
                self._figure.draw_artist(axes)
            self._limits = limits
            self._with_panels = self._canvas.copy_from_bbox(self._figure.bbox)
        self._canvas.restore_region(self._with_panels)

    def _limits_of(self, values: FloatArray) -> tuple[float, float]:
        """Limits around 0, the best possible score and the values, which seldom change."""
        best = self._surface.best_possible
        high = _grown(best, max([best, *values]))
        low = min([0.0, *values])
        if low < 0.0:
            low = -_grown(0.1 * best, -low)
        margin = 0.12 * (high - low)
        return low - margin, high + margin

    def _add_axes(self, rectangle: _Rectangle) -> Any:
        width, height = self._size
        axes = self._figure.add_axes(
            (
                rectangle.left / width,
                rectangle.bottom / height,
                rectangle.width / width,
                rectangle.height / height,
            )
        )
        axes.tick_params(which="both", labelsize="small")
        return axes

    def _add_maps(self, layout: _Layout) -> list[Marks]:
        """Draw the slices; marks for the trails on them."""
        marks: list[Marks] = []
        mesh = None
        for piece, rectangle in zip(self._surface.slices, layout.maps, strict=True):
            axes = self._add_axes(rectangle)
            mesh = draw_slice(axes, self._surface, piece)
            optimum = self._surface.optimum_on(piece)
            colours = mesh if piece.score is None else None
            marks.append(Marks(axes, optimum, line=mesh is not None, colours=colours))
        if mesh is not None:
            bar = self._figure.colorbar(mesh, cax=self._add_axes(layout.bar))
            bar.outline.set_visible(False)
            bar.set_label(self._surface.label)
        return marks

    def _add_panel(self, rectangle: _Rectangle, title: str) -> Any:
        """Axes over the evaluations that are drawn with every frame."""
        axes = self._add_axes(rectangle)
        axes.set_animated(True)
        budget = self._process.options.max_evaluations
        axes.set_xlim(-0.02 * budget, 1.02 * budget)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set_xlabel("evaluations", labelpad=2)
        axes.set_title(title, fontsize="small", loc="left")
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(color="#808080", alpha=0.2)
        axes.set_axisbelow(True)
        return axes

    def _add_legend(self) -> None:
        """Explain the marks below the panels."""
        marks = self._score_marks.named()[: None if self._surface.optimum else -1]
        self._figure.legend(
            handles=marks, loc="lower center", ncols=len(marks), frameon=False, fontsize="small"
        )
