"""Anytime curves: regret against evaluations and against cost, with bands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym.benchmark.running.rollouts import Episodes
from hpo_gym.benchmark.scoring.curves import value_at
from hpo_gym.benchmark.scoring.statistics import bootstrap, iqm

try:
    from matplotlib.figure import Figure
except ImportError as error:
    raise ImportError("plots need matplotlib: pip install 'hpo-gym[plot]'") from error

# Okabe and Ito's colour-blind-safe palette, and markers for print.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_MARKERS = "osD^vPX"
_FLOOR = 1e-6
"""Smallest regret that is drawn."""


def regret_at_cost(episodes: Episodes, costs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Regret of each episode (rows) when it has paid at most each cost (columns)."""
    start, after = episodes.regret[:, 0], episodes.regret[:, 1:]
    return value_at(episodes.cost[:, 1:], after, costs, before=start)


def anytime_figure(results: Mapping[str, Episodes], title: str) -> Figure:
    """IQM regret with 95 % bootstrap bands, for every agent: steps, one per evaluation."""
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    largest = max(float(episodes.cost.max()) for episodes in results.values())
    costs = np.linspace(0.0, largest, 60)
    for number, (name, episodes) in enumerate(results.items()):
        style = {
            "color": _COLOURS[number % len(_COLOURS)],
            "marker": _MARKERS[(number + number // len(_COLOURS)) % len(_MARKERS)],
            "label": name,
        }
        _curve(left, np.arange(episodes.regret.shape[1]), episodes.regret, 2, style)
        _curve(right, costs, regret_at_cost(episodes, costs), 6, style)
    label = f"regret of the incumbent (IQM, 95 % band)\nvalues below {_FLOOR:g} drawn as that"
    left.set(xlabel="evaluations", ylabel=label)
    right.set(xlabel="cost paid, in units of the score")
    left.xaxis.get_major_locator().set_params(integer=True)
    for axes in (left, right):
        axes.set_yscale("log")
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=7)
    figure.suptitle(title)
    return figure


def _curve(axes: Any, x: Any, values: Any, every: int, style: dict[str, Any]) -> None:
    points = [bootstrap(column, iqm, resamples=300).drawn for column in values.T]
    value, low, high = np.maximum(np.array(points).T, _FLOOR)
    style = style | {"markevery": every, "markersize": 5, "linewidth": 1.6}
    axes.plot(x, value, drawstyle="steps-post", **style)
    axes.fill_between(x, low, high, step="post", color=style["color"], alpha=0.2, linewidth=0)
