"""What the command prints and draws."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hpo_gym.commands.tune.trials import Trials, error_of
from hpo_gym.parameters import Categorical, Float, Integer
from hpo_gym.space import SearchSpace

FIGURES = {
    "history": "plot_optimization_history",
    "parallel": "plot_parallel_coordinate",
    "importance": "plot_param_importances",
}
"""Optuna's pictures, by the names of our files."""


def described(space: SearchSpace) -> str:
    """A line for each parameter."""

    def facts(parameter: Any) -> str:
        if isinstance(parameter, Categorical):
            return f"one of {list(parameter.choices)}"
        kind = "whole numbers" if isinstance(parameter, Integer) else "numbers"
        scale = ", on a log scale" if parameter.log else ""
        return f"{kind} from {parameter.low:g} to {parameter.high:g}{scale}"

    width = max(map(len, space.names))
    return "\n".join(f"  {name:{width}}  {facts(p)}" for name, p in space.parameters.items())


class TrialTable:
    """A table that grows by a line for each trial; a star marks those that were the best so far.

    Args:
        metric: What the values are called.
        space: The search space.
        goal: "maximize" or "minimize".
    """

    def __init__(self, metric: str, space: SearchSpace, goal: str) -> None:
        self._metric, self._space = metric, space
        self._sign = 1.0 if goal == "maximize" else -1.0
        self._best: float | None = None
        self._widths = {
            name: max(len(name), _width(parameter)) for name, parameter in space.parameters.items()
        }

    @property
    def head(self) -> str:
        """The names of the columns."""
        names = "  ".join(f"{name:>{width}}" for name, width in self._widths.items())
        return f"trial  {self._metric[:12]:>12}   {names}"

    def line(self, trial: Any) -> str:
        """The line of a trial."""
        value, mark = trial.value, " "
        if value is not None and (self._best is None or self._sign * (value - self._best) > 0.0):
            self._best, mark = value, "*"
        shown = "failed" if value is None else f"{value:.6g}"
        # A trial may have ended before all of its parameters were known.
        cells = [
            f"{_shown(trial.params.get(name, '')):>{width}}" for name, width in self._widths.items()
        ]
        reason = f"   {error_of(trial)}" if value is None else ""
        return f"{trial.number:5}  {shown:>12} {mark} {'  '.join(cells)}{reason}"


def _width(parameter: Any) -> int:
    if isinstance(parameter, Float):
        return 10
    values = getattr(parameter, "choices", None) or (parameter.low, parameter.high)
    return max(len(str(value)) for value in values)


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def ending(trials: Trials) -> Iterator[str]:
    """The last lines: how many evaluations there are, which failed and why, what the best was."""
    over, best = trials.over, trials.best
    failed = [trial for trial in over if trial.value is None]
    planned = max(trials.budget, len(over))
    yield f"\n{len(over)} of {planned} evaluations are done, {len(failed)} of them failed."
    for reason in sorted({error_of(trial) for trial in failed})[:5]:
        some = [trial.number for trial in failed if error_of(trial) == reason]
        yield f"  trial {some[0]}{f' and {len(some) - 1} more' if some[1:] else ''}: {reason}"
    if best is not None:
        yield f"\nThe best {trials.target.metric} is {best.value:.6g}, of trial {best.number}:\n"


def draw(trials: Trials, folder: Path) -> Iterator[str]:
    """Draw figures; yields what became of each."""
    if sum(trial.value is not None for trial in trials.over) < 2:
        yield "no figures: there is too little to show"
        return
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from optuna.visualization import matplotlib as drawings

    for name, function in FIGURES.items():
        file = folder / f"{name}.png"
        # Optuna's style is for its own figures. They are experimental, and warn.
        with matplotlib.rc_context(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                axes = getattr(drawings, function)(trials.study, target_name=trials.target.metric)
                figure = axes.figure if hasattr(axes, "figure") else pyplot.gcf()
                figure.savefig(file, dpi=120, bbox_inches="tight")
                yield str(file)
            except (ValueError, RuntimeError) as error:
                file.unlink(missing_ok=True)
                yield f"no {file}: {str(error).splitlines()[0] if str(error) else error!r}"
            finally:
                pyplot.close("all")
