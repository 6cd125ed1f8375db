"""Anytime curves and performance profiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from hpo_gym.benchmark.results.kept import kept
from hpo_gym.benchmark.results.records import FloatArray
from hpo_gym.benchmark.scoring import curves
from hpo_gym.benchmark.scoring.statistics import (
    Estimate,
    Statistic,
    estimates,
    iqm,
    mean,
)
from hpo_gym.benchmark.showing.report.figure import (
    FLOOR,
    Figure,
    Json,
    Styles,
    axis,
    band,
    curve,
    layout,
    listing,
    log_axis,
    numbers,
)
from hpo_gym.benchmark.showing.report.results import SuiteResults

STATISTICS: dict[str, Statistic] = {"IQM": iqm, "mean": mean}
EVALUATIONS, COST = "evaluations", "cost"
_MEASURES = {"regret": "Noise-free normalised regret", "1 - score": "1 - the observed score"}
_POINTS = 33
"""Points of a curve against cost or time."""
_RESAMPLES = 300
"""For the bands of these curves; those against evaluations are the summary's."""


def anytime_figure(results: SuiteResults, styles: Styles, *, axes: bool = True) -> Figure:
    """Regret of the incumbent, IQM and mean, against evaluations; with axes, cost and time too."""
    summary = results.summary
    whole = axis("evaluations", tickvals=list(summary.evaluations))
    xaxes = {EVALUATIONS: whole}
    if axes:
        speed = f"{summary.settings.seconds_per_resource[-1]:g} s per unit of the resource"
        if summary.cost_horizon > 0.0:
            xaxes[COST] = axis("cost paid, in units of the score")
        xaxes[f"time at {speed}"] = axis(f"seconds, at {speed}, with the time to decide")
    variants = {}
    for against, xaxis in xaxes.items():
        traces: dict[str, list[Json]] = {name: [] for name in STATISTICS}
        x, bands = _curves(results, against)
        for scores in reversed(summary.agents):  # the best on top
            estimates, style = bands[scores.agent], styles[scores.agent]
            shape = "linear" if against == EVALUATIONS else "hv"
            for name, points in zip(STATISTICS, estimates, strict=True):
                traces[name].append(band(scores.agent, style, x, points))
                traces[name].append(curve(scores.agent, style, x, points, shape=shape))
        for name in STATISTICS:
            regret = log_axis(f"{summary.measure} of the incumbent ({name})")
            variants[f"{name}|{against}"] = {
                "data": traces[name],
                "layout": layout(480, xaxis, regret),
            }
    agents = results.agents
    final = [scores.regret_iqm[-1].value for scores in summary.agents]
    return Figure(
        "anytime",
        "Anytime curves",
        f"{_MEASURES[summary.measure]} of the best configuration so far; lower is better. Bands: "
        f"{100 * summary.settings.confidence:g} % bootstrap intervals on these tasks. Values below "
        f"{FLOOR:g} are drawn there."
        + (" It is 1 until the first evaluation has ended." if axes else "")
        + f" {results.fewer_runs}".rstrip(),
        f"IQM {summary.measure} after {summary.budget} evaluations: {listing(agents, final)}.",
        {"statistic": tuple(STATISTICS), "against": tuple(xaxes)},
        variants,
    )


def profile_figure(results: SuiteResults, styles: Styles) -> Figure:
    """Fraction of runs that end with at most a certain regret, or 1 - score."""
    summary = results.summary
    x = numbers(summary.taus)
    traces = []
    for scores in reversed(summary.agents):
        style = styles[scores.agent]
        traces.append(band(scores.agent, style, x, scores.profile))
        traces.append(curve(scores.agent, style, x, scores.profile))
    agents = results.agents
    tau = 0.01
    place = int(np.abs(np.log(np.array(x)) - np.log(tau)).argmin())
    shares = [scores.profile[place].value for scores in summary.agents]
    fraction = axis("fraction of runs", range=[0.0, 1.02], tickformat=".0%")
    regret = log_axis(f"{summary.measure} after {summary.budget} evaluations, at most")
    return Figure(
        "profile",
        "Performance profiles",
        f"How many runs end with at most this {summary.measure}; higher is better. Where curves "
        "cross, one tuner has better good runs, the other better bad ones."
        + f" {results.fewer_runs}".rstrip(),
        f"Fraction of runs with a {summary.measure} of at most {x[place]:.3g}: "
        f"{listing(agents, shares)}.",
        {},
        {"": {"data": traces, "layout": layout(400, regret, fraction)}},
    )


def _curves(
    results: SuiteResults, against: str
) -> tuple[list[float], dict[str, tuple[Sequence[Estimate], ...]]]:
    """Points of an axis; by agent, the regret there in each of the statistics."""
    summary = results.summary
    if against == EVALUATIONS:
        x = [float(count) for count in range(1, summary.budget + 1)]
        return x, {one.agent: (one.regret_iqm, one.regret_mean) for one in summary.agents}
    names = [scores.agent for scores in summary.agents]
    facts = [against, summary.cost_horizon, summary.time_horizons, asdict(summary.settings)]
    data = kept(
        f"bands of {summary.suite} against {against}",
        [*facts, [results.runs(name).digest for name in names]],
        lambda: np.array(
            [_bands(results, name, against) for name in names], dtype=np.float64
        ).tobytes(),
    )
    values = np.frombuffer(data).reshape(len(names), len(STATISTICS), _POINTS, 3)
    bands = (
        tuple([_estimate(*point) for point in band] for band in one) for one in values.tolist()
    )
    return numbers(_grid(results, against)), dict(zip(names, bands, strict=True))


def _grid(results: SuiteResults, against: str) -> FloatArray:
    summary = results.summary
    horizon = summary.cost_horizon if against == COST else summary.time_horizons[-1]
    return np.linspace(0.0, horizon, _POINTS)


def _bands(results: SuiteResults, agent: str, against: str) -> list[tuple[Estimate, ...]]:
    """An agent's regret at every point, in each of the statistics."""
    records = results.runs(agent)
    if against == COST:
        ends = curves.cost_ends(records)
    else:
        ends = curves.time_ends(records, results.summary.settings.seconds_per_resource[-1])
    columns = curves.value_at(ends, records.regret, _grid(results, against))
    columns = np.moveaxis(columns, -1, 0)
    bootstrap = {**results.summary.settings.bootstrap, "resamples": _RESAMPLES}
    return [estimates(columns, statistic, **bootstrap) for statistic in STATISTICS.values()]


def _estimate(value: float, low: float, high: float) -> Estimate:
    """What an array holds of an estimate: NaN where it has no interval."""
    return Estimate(value, None, None) if np.isnan(low) else Estimate(value, low, high)
