"""One episode of some agents on the same task: what they proposed, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hpo_gym.arrays import Vectors
from hpo_gym.benchmark.results.records import FloatArray, Records
from hpo_gym.benchmark.scoring.comparisons import common_runs
from hpo_gym.benchmark.scoring.scores import AgentFacts
from hpo_gym.benchmark.showing.report.figure import (
    Figure,
    Json,
    Styles,
    axis,
    layout,
    line,
    log_axis,
    numbers,
)
from hpo_gym.benchmark.showing.report.results import SuiteResults
from hpo_gym.families import Family, make_family, require_optimum

_AGENTS = 4
_TASKS = 3
_XP = Vectors()


def chosen_agents(results: SuiteResults, agents: Mapping[str, AgentFacts]) -> list[str]:
    """The best learned tuner and the examples of the settings.

    Where some of them did not take part, the best of the others stand in for them: oracles, which
    show nothing but the optimum, only where there is nobody else.
    """
    facts = {name: agents.get(name, AgentFacts()) for name in results.agents}
    ranked = [name for name in facts if not facts[name].oracle] or list(facts)
    learned = [name for name in ranked if facts[name].training_seed is not None][:1]
    examples = results.summary.settings.examples
    wanted = [*learned, *(name for name in examples if name in ranked)]
    wanted += [agent for agent in ranked if agent not in wanted]
    return [agent for agent in ranked if agent in wanted[:_AGENTS]]


def example_figure(
    results: SuiteResults, agents: Mapping[str, AgentFacts], styles: Styles
) -> Figure | None:
    """Scores and configurations, evaluation by evaluation, on the first tasks.

    None where regret is not what was measured: it takes optima and noise-free scores.
    """
    if results.summary.measure != "regret":
        return None
    records = [results.runs(agent) for agent in chosen_agents(results, agents)]
    runs = common_runs(records)
    family = require_optimum(make_family(results.suite.family), "the figure of an example episode")
    metric, seed = str(results.suite.options["metric"]), runs.seeds[0]
    variants, words = {}, ""
    for task in runs.tasks[:_TASKS]:
        parameters, _ = family.tasks(results.suite.split, task, metric)
        scaled, score = family.optimum(parameters, metric)
        best = _natural(family, np.array(scaled)[:, None])[:, 0].tolist()
        data = _optimum_traces([score, *best], results.suite.budget)
        for one in records:
            data += _traces(one, family, parameters, metric, score, styles, (task, seed))
        variants[str(task)] = {"data": data, "layout": _layout(family, results)}
        if not words:
            values = zip(family.space.names, best, strict=True)
            place = ", ".join(f"{name} {value:.3g}" for name, value in values)
            words = f"Task {task}: the optimum is {place} with {metric} {score:.4f}."
    return Figure(
        "example",
        "An example episode",
        f"What agents proposed on the same task with seed {seed}; the first tasks "
        "that they have in common, not chosen ones. Marks: the noise-free score of each proposal, "
        "which the agents see with noise. Steps: the incumbent, the best by what was seen. Black "
        "dashes: the optimum, which nobody is told.",
        words,
        {"task": list(variants)},
        variants,
    )


def _traces(
    records: Records,
    family: Family,
    parameters: Any,
    metric: str,
    best_score: float,
    styles: Styles,
    run: tuple[int, int],
) -> list[Json]:
    """The agent's incumbent, its scores and its configurations."""
    i = records.tasks.tolist().index(run[0])
    j = records.seeds.tolist().index(run[1])
    scaled = family.space.scaled(records.actions[i, j].T.astype(np.float64), _XP)
    scores = family.true_score(parameters, scaled, metric, _XP)
    style = styles[records.agent]
    x = list(range(1, len(scores) + 1))
    mark = {"color": style.colour, "symbol": style.symbol, "size": 8}
    hover = "<b>%{fullData.name}</b>, evaluation %{x}<br>%{y:.5g}<extra></extra>"
    shared: Json = {"x": x, "hovertemplate": hover, "showlegend": False}
    incumbent = numbers((1.0 - records.regret[i, j]) * best_score)
    marked = {**shared, "mode": "markers", "showlegend": True, "marker": mark}
    traces = [
        line(records.agent, **shared, y=incumbent, line={**style.line, "shape": "hv"}),
        line(records.agent, **marked, y=numbers(scores)),
    ]
    shared |= {"mode": "lines+markers", "marker": {**mark, "size": 6}}
    shared["line"] = {**style.line, "width": 0.6 * style.width}
    for row, values in enumerate(_natural(family, scaled), 2):
        traces.append(line(records.agent, **shared, y=numbers(values), yaxis=f"y{row}"))
    return traces


def _optimum_traces(optimum: Sequence[float], budget: int) -> list[Json]:
    """Lines at the optimum's score and configuration."""
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": "optimum",
            "x": [0.5, budget + 0.5],
            "y": numbers([value, value]),
            "yaxis": "y" if row == 1 else f"y{row}",
            "line": {"color": "#000000", "width": 1.5, "dash": "dash"},
            "showlegend": row == 1,
            "hovertemplate": "optimum %{y:.5g}<extra></extra>",
        }
        for row, value in enumerate(optimum, 1)
    ]


def _layout(family: Family, results: SuiteResults) -> Json:
    """The score on top, and a panel for every parameter below."""
    panels = 1 + len(family.space.parameters)
    share = 1.0 / (panels + 1.0)  # the score's panel is twice as high
    ticks = list(results.summary.evaluations)
    x = axis("evaluation", anchor=f"y{panels}", tickvals=ticks)
    x["range"] = [0.5, results.suite.budget + 0.5]
    score = axis(str(results.suite.options["metric"]), domain=[1.0 - 1.9 * share, 1.0])
    figure = layout(230 + 130 * panels, x, score)
    for row, (name, parameter) in enumerate(family.space.parameters.items(), 2):
        top = 1.0 - row * share
        kind = log_axis if parameter.log else axis
        figure[f"yaxis{row}"] = kind(name, domain=[top - 0.85 * share, top])
    figure["legend"] = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0.0}
    return {**figure, "showlegend": True, "margin": {**figure["margin"], "t": 48}}


def _natural(family: Family, scaled: FloatArray) -> FloatArray:
    return np.stack(family.space.natural(scaled, _XP))
