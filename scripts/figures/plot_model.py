"""Draw the fictitious model: its curves, one input at a time, and its score over pairs of inputs.

    python -m scripts.figures.plot_model --out results/loss.png --metric loss --model.k-accuracy 0.9

Without arguments: the notebook's model and its F1, in results/model.png.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import tyro

from hpo_gym.commands.checks import plain_errors
from hpo_gym.families import FictitiousModel, make_family
from hpo_gym.rendering.picture import new_figure
from hpo_gym.rendering.surface import BLUE, OPTIMUM, ORANGE, draw_slice, surface

# Blue and orange differ in brightness too; dashes tell the lines apart without colour.
_STYLES = ({"color": BLUE}, {"color": ORANGE, "linestyle": "--"})


@dataclass(frozen=True)
class Arguments:
    """What to draw, and where to write it."""

    out: tuple[Path, ...] = (Path("results/model.png"),)
    """Files to write; the endings choose the formats (png, pdf, svg)."""
    metric: Literal["f1", "accuracy", "loss"] = "f1"
    """Metric whose score the heat maps show."""
    model: FictitiousModel = field(default_factory=FictitiousModel)
    """Constants of the model; the notebook's unless given."""


def draw(model: FictitiousModel, metric: str) -> Any:
    """The notebook's three figures, and below them the score over pairs of inputs."""
    figure = new_figure(12.0, 7.6)
    figure.set_layout_engine("constrained", hspace=0.06, wspace=0.05, h_pad=0.12, w_pad=0.12)
    grid = figure.subplots(2, 3)
    _draw_curves(model, grid[0])
    _draw_surface(model, metric, grid[1])
    return figure


def _draw_curves(model: FictitiousModel, axes: Any) -> None:
    thr = np.linspace(0.0, 1.0, 401)
    curves = {"precision": model.precision_curve(thr), "recall": model.recall_curve(thr)}
    _draw_lines(axes[0], thr, "thr", curves, "center left")
    # The equations need not exist at 0 epochs for every model, but do for the notebook's.
    epochs = np.linspace(1.0 if model.epochs_domain[0] > 0.0 else 0.0, 100.0, 401)
    accuracy = 10.0 * model.accuracy_epochs_curve(epochs)
    curves = {"loss": model.loss_epochs_curve(epochs), "10 x accuracy": accuracy}
    _draw_lines(axes[1], epochs, "epochs", curves, "center right")
    lr = np.logspace(-4.0, 0.8, 401)
    curves = {"loss": model.loss_lr_curve(lr), "accuracy": model.accuracy_lr_curve(lr)}
    axes[2].set_xscale("log")
    _draw_lines(axes[2], lr, "lr", curves, "upper center")


def _draw_lines(axes: Any, x: Any, name: str, curves: dict[str, Any], legend: str) -> None:
    for (label, values), style in zip(curves.items(), _STYLES, strict=True):
        axes.plot(x, values, label=label, linewidth=2.0, **style)
    axes.set_xlim(x[0], x[-1])
    axes.set_xlabel(name)
    axes.set_title(f"{' and '.join(curves)} against {name}", fontsize="medium")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#808080", alpha=0.2)
    axes.legend(frameon=False, loc=legend)


def _draw_surface(model: FictitiousModel, metric: str, axes: Any) -> None:
    family = make_family({"name": "notebook", **asdict(model)})
    whole = surface(family, model, metric)
    for panel, piece in zip(axes, whole.slices, strict=True):
        mesh = draw_slice(panel, whole, piece)
        panel.scatter(*whole.optimum_on(piece), clip_on=False, **OPTIMUM)
    axes[0].figure.colorbar(mesh, ax=list(axes), label=whole.label, aspect=30, pad=0.01)
    names = zip(family.space.names, whole.optimum, strict=True)
    optimum = ", ".join(f"{name} {value:.4g}" for name, value in names)
    axes[0].figure.suptitle(
        f"The fictitious model: best {whole.label} {whole.best_possible:.4f} at {optimum} (star)"
    )


def main(arguments: Arguments) -> list[Path]:
    """Write the figure to every path."""
    figure = draw(arguments.model, arguments.metric)
    for path in arguments.out:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=150)
        print(path)
    return list(arguments.out)


if __name__ == "__main__":
    with plain_errors():
        main(tyro.cli(Arguments, description=__doc__))
