"""The capability suites side by side, in bsuite's manner."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from hpo_gym.benchmark.scoring.comparisons import common_runs, return_on
from hpo_gym.benchmark.scoring.scores import AgentFacts
from hpo_gym.benchmark.scoring.statistics import iqm
from hpo_gym.benchmark.showing.report.figure import Figure, Json, Styles, layout, listing, short
from hpo_gym.benchmark.showing.report.results import SuiteResults
from hpo_gym.benchmark.showing.table import Table

_LEAST = 3
"""The fewest axes that make a radar."""

Scores = dict[str, dict[str, float]]


def capability_scores(results: Sequence[SuiteResults], agents: Mapping[str, AgentFacts]) -> Scores:
    """Normalised scores by agent and capability, in [0, 1].

    0 is the settings' baseline, or worse. 1 is regret 0, or, where a suite is ranked by the return,
    the best return of an agent other than an oracle, or more. IQMs of the final regret or return
    on the runs that agent and baseline (and the best agent) have in common; agents without them
    have no score. Of several suites for one capability it is the mean.

    Args:
        results: Of all suites; those without tags are left out.
        agents: What is known of the agents, by their names; oracles set no scale.
    """
    oracles = {name for name, facts in agents.items() if facts.oracle}
    found: dict[str, dict[str, list[float]]] = {}
    for one in results:
        baseline = one.summary.settings.baseline
        if baseline is None or baseline not in one.agents:
            continue
        best = _best_return(one, oracles) if one.summary.ranked_by == "return" else None
        for agent in one.agents:
            value = (
                _by_regret(one, agent, baseline)
                if best is None
                else _by_return(one, agent, baseline, best)
            )
            if value is not None:
                for tag in one.suite.tags:
                    mine = found.setdefault(agent, {}).setdefault(tag, [])
                    mine.append(min(max(value, 0.0), 1.0))
    return {
        agent: {tag: float(np.mean(values)) for tag, values in row.items()}
        for agent, row in found.items()
    }


def radar_figure(scores: Scores, styles: Styles) -> Figure | None:
    """The scores as a radar plot, None with fewer than three capabilities."""
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
                "line": style.line,
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
        "Every axis is a suite that isolates one difficulty. 0 (the centre): the baseline, or "
        "worse; 1: regret 0, or, on the cost suite, which ranks by the return, the best return of "
        "an agent that is not an oracle, or more. Linear between them, of IQMs after the last "
        "evaluation, each agent beside the baseline on the runs that both have.",
        f"Averages over the capabilities: {listing(list(complete), averages)}.",
        {},
        {"": {"data": traces, "layout": {**figure, "polar": polar, "margin": margin}}},
    )


def capability_table(scores: Scores, marked: Collection[str] = ()) -> Table:
    """The normalised scores as numbers.

    Args:
        scores: See `capability_scores`.
        marked: The user's own agents.
    """
    axes = _axes(scores)
    rows = []
    for agent, row in scores.items():
        cells = [f"{row[name]:.2f}" if name in row else "-" for name in axes]
        rows.append([agent, *cells, f"{np.mean(list(row.values())):.2f}"])
    rows.sort(key=lambda cells: -float(cells[-1]))
    return Table(
        "Normalised scores of the capability suites",
        ["agent", *axes, "average"],
        rows,
        "0: the baseline, or worse; 1: the best possible. See the figure.",
        marked=marked,
    )


def _axes(scores: Scores) -> list[str]:
    return list(dict.fromkeys(name for row in scores.values() for name in row))


def _by_regret(results: SuiteResults, agent: str, baseline: str) -> float | None:
    if agent == baseline:
        return 0.0
    comparison = results.summary.comparison(agent, baseline)
    if comparison is None or not comparison.reference_iqm[-1] > 0.0:
        return None
    return 1.0 - comparison.agent_iqm[-1] / comparison.reference_iqm[-1]


def _best_return(results: SuiteResults, oracles: Collection[str]) -> str:
    """The agent whose return is 1: an oracle, which is told its tasks, would shrink all others."""
    rivals = (scores for scores in results.summary.agents if scores.agent not in oracles)
    return max(rivals, key=lambda scores: scores.return_iqm.value).agent


def _by_return(results: SuiteResults, agent: str, baseline: str, best: str) -> float | None:
    records = [results.runs(name) for name in (agent, baseline, best)]
    runs = common_runs(records)
    mine, least, most = (float(iqm(return_on(record, runs).ravel())) for record in records)
    return (mine - least) / (most - least) if most > least else None
