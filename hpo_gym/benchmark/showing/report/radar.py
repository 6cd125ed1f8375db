"""The capability suites side by side, in bsuite's manner."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from hpo_gym.benchmark.scoring.comparisons import common_runs, return_on
from hpo_gym.benchmark.scoring.statistics import iqm
from hpo_gym.benchmark.showing.report.figure import Figure, Json, Styles, layout, listing, short
from hpo_gym.benchmark.showing.report.results import SuiteResults
from hpo_gym.benchmark.showing.table import Table

_RANDOM = "random"
_ORACLE = "oracle"
_LEAST = 3
"""Axes of which a radar is made at least."""

Scores = dict[str, dict[str, float]]


def capability_scores(results: Sequence[SuiteResults], groups: Mapping[str, str]) -> Scores:
    """Normalised scores by agent and capability, in [0, 1].

    0 is random search, or worse. 1 is regret 0, or, where a suite is ranked by the return, the
    return of the best agent that is no oracle, or more. IQMs of the final regret or the return on
    the runs that agent and random search (and the best agent) have in common; agents without them
    have no score.

    Args:
        results: Of all suites; those that isolate no capability are left out.
        groups: What stands together, by agent; agents of "oracle" set no scale.
    """
    oracles = {agent for agent, group in groups.items() if group == _ORACLE}
    scores: Scores = {}
    for one in results:
        if one.capability is not None and _RANDOM in one.agents:
            best = None
            if one.summary.ranked_by == "return":
                best = _best_return(one, oracles)
            for agent in one.agents:
                value = _by_regret(one, agent) if best is None else _by_return(one, agent, best)
                if value is not None:
                    scores.setdefault(agent, {})[one.capability] = min(max(value, 0.0), 1.0)
    return scores


def radar_figure(scores: Scores, styles: Styles) -> Figure | None:
    """The scores as a radar plot, None with less than three capabilities.

    Args:
        scores: See `capability_scores`.
        styles: Styles by the agents' names.
    """
    axes = _axes(scores)
    if len(axes) < _LEAST:
        return None
    complete = {agent: row for agent, row in scores.items() if set(row) == set(axes)}
    traces: list[Json] = []
    for agent, row in complete.items():
        style = styles[agent]
        values = [short(row[capability]) for capability in axes]
        traces.append(
            {
                "type": "scatterpolar",
                "name": agent,
                "legendgroup": agent,
                "mode": "lines+markers",
                "r": [*values, values[0]],
                "theta": [*axes, axes[0]],
                "line": {"color": style.colour, "dash": style.dash, "width": style.width},
                "marker": {"color": style.colour, "symbol": style.symbol, "size": 7},
                "hovertemplate": "<b>%{fullData.name}</b><br>%{theta} %{r:.3f}<extra></extra>",
            }
        )
    figure = layout(480, {}, {})
    del figure["xaxis"], figure["yaxis"]
    circle = {"range": [0.0, 1.0], "dtick": 0.25, "gridcolor": "#d5d9de", "angle": 54}
    circle |= {"tickangle": 0, "tickfont": {"size": 11}}
    around = {"gridcolor": "#d5d9de", "direction": "clockwise", "rotation": 90}
    polar = {"radialaxis": circle, "angularaxis": around, "bgcolor": "rgba(0,0,0,0)"}
    margin = {"l": 56, "r": 56, "t": 40, "b": 40}
    averages = [float(np.mean(list(row.values()))) for row in complete.values()]
    return Figure(
        "radar",
        "Capabilities",
        "Every axis is a suite that isolates one difficulty. 0 (the centre): random search, or "
        "worse; 1: regret 0, or, on the cost suite, which ranks by the return, the best return of "
        "an agent that is no oracle, or more. Linear between them, of IQMs after the last "
        "evaluation, each agent beside random search on the runs that both have.",
        f"Averages over the capabilities: {listing(list(complete), averages)}.",
        {},
        {"": {"data": traces, "layout": {**figure, "polar": polar, "margin": margin}}},
    )


def capability_table(scores: Scores) -> Table:
    """The normalised scores as numbers."""
    axes = _axes(scores)
    rows = []
    for agent, row in scores.items():
        cells = [f"{row[name]:.2f}" if name in row else "-" for name in axes]
        rows.append([agent, *cells, f"{np.mean(list(row.values())):.2f}"])
    rows.sort(key=lambda cells: -float(cells[-1]))
    return Table("Normalised scores of the capability suites", ["agent", *axes, "average"], rows)


def _axes(scores: Scores) -> list[str]:
    return list(dict.fromkeys(name for row in scores.values() for name in row))


def _by_regret(results: SuiteResults, agent: str) -> float | None:
    if agent == _RANDOM:
        return 0.0
    comparison = results.summary.comparison(agent, _RANDOM)
    if comparison is None or not comparison.reference_iqm[-1] > 0.0:
        return None
    return 1.0 - comparison.agent_iqm[-1] / comparison.reference_iqm[-1]


def _best_return(results: SuiteResults, oracles: Collection[str]) -> str:
    """The agent whose return is 1: an oracle, which is told its tasks, would shrink all others."""
    rivals = (scores for scores in results.summary.agents if scores.agent not in oracles)
    return max(rivals, key=lambda scores: scores.return_iqm.value).agent


def _by_return(results: SuiteResults, agent: str, best: str) -> float | None:
    records = [results.runs(name) for name in (agent, _RANDOM, best)]
    runs = common_runs(records)
    mine, random, most = (float(iqm(return_on(record, runs).ravel())) for record in records)
    return (mine - random) / (most - random) if most > random else None
