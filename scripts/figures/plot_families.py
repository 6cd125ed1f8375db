"""Draw tasks of the families: the score over learning rate and epochs, and over the threshold.

    python -m scripts.figures.plot_families --out docs/families.png

Each panel is a task: colours are the score at its best threshold, the star is its optimum, and the
white line surrounds what is within 5 % of it. The orange line is the score (0 at the bottom, 1 at
the top) against the threshold (0 at the left, 1 at the right) at the best lr and epochs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tyro

from hpo_gym.arrays import Vectors
from hpo_gym.commands.checks import plain_errors, require_count
from hpo_gym.families import KnownOptimum, TaskBank, make_family
from hpo_gym.rendering.picture import new_figure
from hpo_gym.rendering.surface import COLOURS, ORANGE

_XP = Vectors()
_COLUMNS = 6


@dataclass(frozen=True)
class Arguments:
    """What to draw, and where to write it."""

    out: Path = Path("results/families.png")
    """The file to write; its ending chooses the format (png, pdf, svg)."""
    families: tuple[str, ...] = ("recorded", "fictitious", "binormal", "rough")
    """Families, by name."""
    split: str = "validation"
    """Split whose tasks are drawn."""
    tasks: int = 12
    """Number of tasks of each family, the first ones of the split."""


def draw(arguments: Arguments) -> Any:
    """Rows of panels, one task each, family after family."""
    families = _families(arguments)
    rows = -(-arguments.tasks // _COLUMNS)
    count = rows * len(families)
    figure = new_figure(13.0, 2.45 * count)
    figure.set_layout_engine("constrained", h_pad=0.06, w_pad=0.03)
    blocks = np.atleast_1d(figure.subfigures(len(families), 1))
    for block, family in zip(blocks, families, strict=True):
        block.suptitle(f"{family.name}, {arguments.split} tasks 0 to {arguments.tasks - 1}: F1")
        panels = block.subplots(rows, _COLUMNS, sharex=True, sharey=True, squeeze=False)
        for task, panel in enumerate(panels.flat):
            if task >= arguments.tasks:
                panel.set_visible(False)
                continue
            mesh = _draw_task(panel, family, arguments.split, task)
        for panel in panels[-1]:
            panel.set_xlabel("lr")
        for panel in panels[:, 0]:
            panel.set_ylabel("epochs")
        block.colorbar(mesh, ax=panels, label="F1", aspect=30, pad=0.01)
    return figure


def _families(arguments: Arguments) -> list[KnownOptimum]:
    """The families, which all must have the tasks that are asked for."""
    if not arguments.families:
        raise ValueError("--families: none are given; name at least one, such as binormal")
    families = []
    for name in arguments.families:
        family = make_family(name)
        if not (isinstance(family, TaskBank) and isinstance(family, KnownOptimum)):
            raise ValueError(f"--families: {name!r} has one task only; name families of many tasks")
        if arguments.split not in family.sizes:
            raise ValueError(f"--split {arguments.split!r} must be one of {list(family.sizes)}")
        require_count("--tasks", arguments.tasks, 1, family.sizes[arguments.split])
        families.append(family)
    return families


def _draw_task(panel: Any, family: KnownOptimum, split: str, task: int) -> Any:
    """The score over (lr, epochs) in colour, and over thr as a line across the panel."""
    parameters = family.sample(split, task)
    (thr, epochs, z), best = family.best(split, task, "f1")
    lrs, counts = np.linspace(-4.0, 0.8, 97), np.arange(1.0, 101.0)
    grid = np.meshgrid(lrs, counts)
    score = _score(family, parameters, np.full(grid[0].shape, thr), grid[1], grid[0])
    panel.set_xscale("log")
    mesh = panel.pcolormesh(
        10.0**lrs, counts, score, cmap=COLOURS, vmin=0.0, vmax=1.0, rasterized=True
    )
    panel.contour(10.0**lrs, counts, score, [0.95 * best], colors="white", linewidths=1.0)
    star = {"marker": "*", "s": 120, "color": "white", "edgecolors": "black", "zorder": 3}
    panel.scatter(10.0**z, epochs, clip_on=False, **star)
    thrs = np.linspace(0.0, 1.0, 101)
    line = _score(family, parameters, thrs, np.full(101, epochs), np.full(101, z))
    panel.plot(10.0 ** (-4.0 + 4.8 * thrs), 1.0 + 99.0 * line, color=ORANGE, linewidth=1.3)
    panel.set_title(f"best {best:.2f}, thr {thr:.2f}", fontsize="small")
    return mesh


def _score(family: KnownOptimum, parameters: Any, *scaled: Any) -> Any:
    columns = tuple(column.ravel() for column in scaled)
    return np.asarray(family.true_score(parameters, columns, "f1", _XP)).reshape(scaled[0].shape)


def main(arguments: Arguments) -> None:
    """Write the figure."""
    figure = draw(arguments)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(arguments.out, dpi=100)
    print(arguments.out)


if __name__ == "__main__":
    with plain_errors():
        main(tyro.cli(Arguments, description=__doc__))
