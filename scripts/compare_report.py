"""The report of a comparison: numbers in compare.csv, a table in compare.md, curves in a plot."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import hpo_gym
from hpo_gym.benchmark.running.rollouts import Episodes
from hpo_gym.benchmark.scoring.curves import first_at_most, middle
from hpo_gym.benchmark.scoring.statistics import Estimate, bootstrap, iqm
from hpo_gym.benchmark.showing.plots import anytime_figure
from hpo_gym.benchmark.showing.table import Table
from hpo_gym.files import write_atomic

EVALUATIONS = (1, 5, 10, 20)
"""Numbers of evaluations after which the regret is reported, and the budget."""

_NOTES = """\
Return: mean and
interquartile mean (IQM) with 95 % bootstrap intervals over episodes. Way: from random
proposals (0 %) to the best possible return (100 %), of the means. Regret@n: IQM after n
evaluations. Evaluations to it: median number to come within 1 %, inf = never. Decision:
median time for one environment."""

Row = dict[str, Any]


class Result(NamedTuple):
    """What is known of an agent."""

    episodes: Episodes
    decision_seconds: float
    training_seconds: float | None
    """None if it was not trained here."""


def write_report(
    folder: Path,
    results: Mapping[str, Result],
    scale: tuple[float, float] | None,
    facts: Mapping[str, Any],
    command: str,
) -> None:
    """Print the table; write it, its numbers and the plot.

    Args:
        folder: Where compare.csv, compare.md and compare.png go.
        results: By the agent's name.
        scale: Mean returns at 0 and 100 % of the way, or None if the latter is unknown.
        facts: The environment's id ("env") and "options", the "episodes", the "seed".
        command: The command line.
    """
    rows = {name: score(result, scale) for name, result in results.items()}
    cells = [{"agent": name, **_format(row)} for name, row in rows.items()]
    table = Table("", list(cells[0]), [list(row.values()) for row in cells]).markdown()
    env, options = f"`{facts['env']}`", facts["options"]
    if options != "{}":
        env += f" with `{options}`"
    notes = f"{facts['episodes']} seeded episodes of {env}. {_NOTES}"
    print(f"\n{table}\n\n{notes}")

    origin = {**facts, "hpo_gym_version": hpo_gym.__version__, "command": command}
    lines = [{"agent": name, **row, **origin} for name, row in rows.items()]
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    title = f"{facts['env']}, {facts['episodes']} episodes"
    episodes = {name: result.episodes for name, result in results.items()}
    picture = io.BytesIO()
    anytime_figure(episodes, title).savefig(picture, format="png", dpi=110)
    head = f"# {facts['env']}\n\n`{command}` (hpo_gym {hpo_gym.__version__})"
    summary = f"{head}\n\n{table}\n\n{notes}\n\n![Anytime curves](compare.png)\n"
    write_atomic(folder / "compare.csv", text.getvalue())
    write_atomic(folder / "compare.png", picture.getvalue())
    write_atomic(folder / "compare.md", summary)
    print(f"\nwritten: {folder}/compare.csv, compare.png, compare.md")


def score(result: Result, scale: tuple[float, float] | None) -> Row:
    """The numbers of an agent, None where there is none.

    Args:
        result: The agent's result.
        scale: Mean returns at 0 and 100 % of the way, or None.
    """
    returns, regret = result.episodes.returns, result.episodes.regret
    average, inner = bootstrap(returns), bootstrap(returns, iqm)
    reached = first_at_most(regret, 0.01)
    budget = regret.shape[1] - 1
    counts = sorted({budget, *(count for count in EVALUATIONS if count < budget)})
    return {
        "return_mean": average.value,
        "return_low": average.low,
        "return_high": average.high,
        "return_iqm": inner.value,
        "iqm_low": inner.low,
        "iqm_high": inner.high,
        "way": None if scale is None else (average.value - scale[0]) / (scale[1] - scale[0]),
        **{f"regret_{count}": float(iqm(regret[:, count])) for count in counts},
        "within_1_percent": float(np.isfinite(reached).mean()),
        "evaluations_to_1_percent": middle(reached),
        "microseconds_per_decision": 1e6 * result.decision_seconds,
        "training_seconds": result.training_seconds,
    }


def _format(row: Row) -> dict[str, str]:
    """A row of the table for people."""
    way, training = row["way"], row["training_seconds"]
    regrets = [name for name in row if name.startswith("regret_")]
    return {
        "return": _estimate(row["return_mean"], row["return_low"], row["return_high"]),
        "IQM": _estimate(row["return_iqm"], row["iqm_low"], row["iqm_high"]),
        "way": "-" if way is None else f"{100 * way:.2f} %",
        **{name.replace("_", "@"): f"{row[name]:.2g}" for name in regrets},
        "within 1 %": f"{100 * row['within_1_percent']:.1f} %",
        "evaluations to it": f"{row['evaluations_to_1_percent']:g}",
        "us/decision": f"{row['microseconds_per_decision']:.0f}",
        "training s": "-" if training is None else f"{training:.0f}",
    }


def _estimate(*parts: Any) -> str:
    estimate = Estimate(*parts)
    return f"{estimate.value:.4f} {estimate.between('.4f')}"
