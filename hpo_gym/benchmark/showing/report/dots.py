"""Figures with one row per agent: ranks, paired differences, training seeds."""

from __future__ import annotations

from hpo_gym.benchmark.showing.report.figure import (
    FLOOR,
    Figure,
    Styles,
    axis,
    dots,
    listing,
    log_axis,
    rows_layout,
)
from hpo_gym.benchmark.showing.report.results import SuiteResults
from hpo_gym.benchmark.showing.tables import references, shown

_REFERENCES = 2
"""The first references of the settings; the tables have them all."""


def rank_figure(results: SuiteResults, styles: Styles) -> Figure:
    """Average rank of every agent, with its interval."""
    summary = results.summary
    ordered = sorted(summary.agents, key=lambda scores: scores.rank.value)
    agents = [scores.agent for scores in ordered]
    ranks = [scores.rank for scores in ordered]
    number = axis("average rank (1 is best)", range=[0.7, summary.rank_rivals + 1.3])
    return Figure(
        "rank",
        "Average ranks",
        f"By the final {summary.ranked_by} of each of the {summary.rank_tasks} x "
        f"{summary.rank_seeds} runs (tasks x seeds) that all agents have, among "
        f"{summary.rank_rivals} tuners: all training seeds of one count once, oracles not; equal "
        "ones share their ranks. Intervals are about unseen tasks.",
        f"Average rank: {listing(agents, [rank.value for rank in ranks])}.",
        {},
        {
            "": {
                "data": [dots(styles, agents, ranks)],
                "layout": rows_layout(styles, agents, number),
            }
        },
    )


def difference_figure(results: SuiteResults, styles: Styles) -> Figure | None:
    """Paired differences from the first references, None if none of them took part."""
    summary = results.summary
    chosen = references(summary)[:_REFERENCES]
    if not chosen:
        return None
    counts = shown(summary)[::-1]  # the last first: it is what is ranked
    variants = {}
    for reference in chosen:
        made = [c for c in summary.comparisons if c.reference == reference]
        labels = [comparison.agent for comparison in made]
        for count in counts:
            place = summary.evaluations.index(count)
            for name in ("IQM", "mean"):
                estimates = [
                    (c.iqm_difference if name == "IQM" else c.mean_difference)[place] for c in made
                ]
                title = f"{name} {summary.measure} minus that of {reference}"
                zero = axis(title, zeroline=True, zerolinecolor="#202124", zerolinewidth=2)
                variants[f"{reference}|{count}|{name}"] = {
                    "data": [dots(styles, labels, estimates)],
                    "layout": rows_layout(styles, labels, zero),
                }
    first = [c for c in summary.comparisons if c.reference == chosen[0]]
    values = [comparison.iqm_difference[-1].value for comparison in first]
    return Figure(
        "differences",
        "Paired differences",
        "Left of zero is better than the reference; where the interval excludes zero, also on "
        "unseen tasks (with fewer than a dozen tasks the intervals are too narrow). Every agent is "
        "compared on the runs that it has in common with the reference, so slow agents on fewer "
        "(see the tables).",
        f"IQM {summary.measure} after {summary.budget} evaluations minus that of {chosen[0]}: "
        f"{listing([c.agent for c in first], values)}.",
        {
            "reference": chosen,
            "evaluations": [str(count) for count in counts],
            "statistic": ("IQM", "mean"),
        },
        variants,
    )


def seeds_figure(results: SuiteResults, styles: Styles) -> Figure | None:
    """Regret of tuners that differ in their training seed alone, None if there are none."""
    summary = results.summary
    agents = [agent for spread in summary.spreads for agent in spread.agents]
    if not agents:
        return None
    counts = shown(summary)[::-1]
    variants = {}
    for count in counts:
        for name in ("IQM", "mean"):
            scores = [summary.agent(agent) for agent in agents]
            chosen = [s.regret_iqm if name == "IQM" else s.regret_mean for s in scores]
            estimates = [regrets[count - 1] for regrets in chosen]
            regret = log_axis(f"{name} {summary.measure} after {count} evaluations")
            variants[f"{count}|{name}"] = {
                "data": [dots(styles, agents, estimates, FLOOR)],
                "layout": rows_layout(styles, agents, regret),
            }
    ranges = [spread.regret_iqm[-1] for spread in summary.spreads]
    words = [
        f"{spread.group} from {low:.3g} to {high:.3g}"
        for spread, (low, high) in zip(summary.spreads, ranges, strict=True)
    ]
    return Figure(
        "seeds",
        "Training seeds",
        "The same training with other random numbers: how much of a result is luck. Intervals are "
        "about these tasks.",
        f"IQM {summary.measure} after {summary.budget} evaluations: {'; '.join(words)}.",
        {"evaluations": [str(count) for count in counts], "statistic": ("IQM", "mean")},
        variants,
    )
