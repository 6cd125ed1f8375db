"""The marks of an episode on one pair of a picture's axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from hpo_gym.rendering.surface import OPTIMUM, ORANGE, FloatArray

# Marks differ in shape, size and brightness, so that no meaning rests on hue alone.
_START = {"marker": "s", "s": 60.0, "facecolors": "white", "edgecolors": "black"}
_EVALUATED = {"marker": "o", "s": 30.0, "facecolors": "white", "edgecolors": "black"}
_LATEST = {"marker": "o", "s": 62.0, "facecolors": "black", "edgecolors": "white"}
_INCUMBENT = {"marker": "D", "s": 150.0, "facecolors": "none"}
_OLDEST_ALPHA = 0.3


class Marks:
    """Start, evaluations, incumbent and optimum, drawn on top of what the axes show.

    Args:
        axes: The axes.
        optimum: Where the optimum stands, if it is to be marked.
        line: Join the evaluations by a line.
        colours: Gives evaluations the colours of their scores, if they are to have any.
    """

    def __init__(
        self, axes: Any, optimum: tuple[float, ...] | None, line: bool, colours: Any = None
    ) -> None:
        self._axes, self._colours = axes, colours
        # A dark line under the white one keeps it visible on every colour.
        self._lines = [self._collection(width) for width in (2.6, 1.3)] if line else []
        self._evaluated = self._scatter("evaluated, older ones fainter", _EVALUATED)
        self._start = self._scatter("start", _START)
        self._latest = self._scatter("latest", _LATEST)
        self._optimum = self._scatter("optimum", OPTIMUM)
        self._rim = self._scatter("", {**_INCUMBENT, "edgecolors": "black", "linewidths": 4.0})
        self._incumbent = self._scatter(
            "incumbent", {**_INCUMBENT, "edgecolors": ORANGE, "linewidths": 2.2}
        )
        if optimum is not None:
            self._optimum.set_offsets([optimum])

    def named(self) -> list[Any]:
        """The marks that a legend explains."""
        return [self._start, self._evaluated, self._latest, self._incumbent, self._optimum]

    def draw(self, points: FloatArray, scores: FloatArray, start: bool, incumbent: int) -> None:
        """Draw a trail.

        Args:
            points: (n, 2) places of the evaluations, in order.
            scores: (n,) their scores.
            start: The first of them is the start.
            incumbent: Which of them is the incumbent; n if none is.
        """
        count, first = len(points), int(start)
        alpha = np.linspace(1.0, _OLDEST_ALPHA, count)[::-1]
        segments = [points[i : i + 2] for i in range(count - 1)]
        for shade, lines in enumerate(self._lines):
            lines.set_segments(segments)
            lines.set_color([(shade, shade, shade, a) for a in alpha[1:]])
        self._evaluated.set_offsets(points[first:-1])
        faces = np.ones((count, 4))
        faces[:, 3] = alpha
        if self._colours is not None:
            faces = self._colours.to_rgba(scores)
            self._start.set_facecolors(faces[:first])
            self._latest.set_facecolors(faces[first:][-1:])
            self._latest.set_edgecolors("black")
        self._evaluated.set_facecolors(faces[first:-1])
        self._evaluated.set_edgecolors([(0.0, 0.0, 0.0, a) for a in alpha[first:-1]])
        self._start.set_offsets(points[:first])
        self._latest.set_offsets(points[first:][-1:])
        for mark in (self._rim, self._incumbent):
            mark.set_offsets(points[incumbent : incumbent + 1])
        marks = (self._evaluated, self._start, self._latest, self._optimum)
        for artist in (*self._lines, *marks, self._rim, self._incumbent):
            self._axes.draw_artist(artist)

    def _scatter(self, label: str, style: dict[str, Any]) -> Any:
        # Not clipped: a mark on the border stays whole.
        return self._axes.scatter(
            [], [], label=label, clip_on=False, animated=True, **{"linewidths": 1.1, **style}
        )

    def _collection(self, width: float) -> Any:
        from matplotlib.collections import LineCollection

        lines = LineCollection([], linewidths=width, animated=True)
        return self._axes.add_collection(lines, autolim=False)
