"""The scores of a suite as tables, for a terminal and in Markdown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields

from hpo_gym.benchmark.scoring.scores import Adaptivity, AgentScores, PairedComparison, Summary
from hpo_gym.benchmark.scoring.statistics import Estimate
from hpo_gym.benchmark.showing.table import Table

_SHOWN = (2, 4, 8)
"""What `shown` gives besides the budget; CSV has them all."""


def tables(summary: Summary) -> list[Table]:
    """All tables of a suite: regret, adaptation, differences, training seeds, time."""
    made = [regret_table(summary), _adaptation_table(summary)]
    for reference in references(summary)[:2]:
        made += _difference_tables(summary, reference)
    made += [_seeds_table(summary)] if summary.spreads else []
    return [*made, _time_table(summary)]


def terminal(summary: Summary) -> str:
    """All tables as text of at most 120 columns."""
    return "\n\n".join(table.text() for table in tables(summary))


def markdown(summary: Summary) -> str:
    """All tables in Markdown, with their notes."""
    parts = [f"**{t.title}**\n\n{t.markdown()}\n\n{t.notes}".rstrip() for t in tables(summary)]
    return "\n\n".join(parts)


def regret_table(summary: Summary) -> Table:
    """The measure of the incumbent by evaluations: the table that ranks the agents."""
    rows = []
    for scores in summary.agents:
        middle = [scores.regret_iqm[count - 1] for count in summary.evaluations]
        average = scores.regret_mean[-1]
        mark = "*" if scores.resampled == "tasks" else ""
        rows.append(
            [
                scores.agent,
                _runs(scores) + mark,
                *(f"{estimate.value:.4f}" for estimate in middle),
                _range(middle[-1]),
                f"{average.value:.4f}",
                _range(average),
            ]
        )
    order = f"IQM@{summary.budget}"
    if summary.ranked_by == "return":
        order = "return, see the last table"
    level = f"{100 * summary.settings.confidence:g} %"
    last = summary.evaluations[-1]
    return Table(
        f"{summary.suite}: {_measure(summary)} by evaluations, in the order of the {order}",
        [
            "agent",
            "runs",
            *(f"IQM@{count}" for count in summary.evaluations),
            f"{level} @{last}",
            f"mean@{last}",
            level,
        ],
        rows + [[name, "failed"] for name in summary.failed],
        "Runs: tasks x seeds. Intervals: stratified bootstrap, seeds within tasks"
        "; * one seed, so tasks are resampled.\n"
        "Agents with fewer runs are comparable only in the tables that name common runs.",
    )


def _measure(summary: Summary) -> str:
    if summary.measure == "regret":
        return "normalised regret"
    return f"{summary.measure} (the best score observed)"


def _adaptation_table(summary: Summary) -> Table:
    reference, *_ = [*references(summary), None]
    rows = []
    for scores in summary.agents:
        row = [scores.agent, _runs(scores), f"{scores.rank.value:.2f}", *_shares(summary, scores)]
        row.append(_trials(scores, summary.most_random_trials))
        for reached in scores.reached:
            median = "-" if reached.median is None else f"{reached.median:g}"
            row.append(f"{median} ({100 * reached.fraction.value:.0f} %)")
        if reference is not None:
            comparison = summary.comparison(scores.agent, reference)
            row.append("" if comparison is None else _chance(comparison))
        rows.append(row)
    wins = [] if reference is None else [f"P(< {reference})"]
    bounds = [f"to {100 * bound:g} %" for bound in summary.settings.bounds]
    start, end, measure = summary.settings.gap_start, summary.settings.gap_end, summary.measure
    targets = [] if start is None else ["to oracle", "mean", f"to {end or 'target'}", "mean"]
    adaptivity = ""
    if start is not None:
        adaptivity = (
            f"To oracle, to {end or 'target'}: adaptivity, the share\nof the gap in {measure} from "
            f"that of {start} that is closed, of IQM and mean (-: no gap), on the runs in common\n"
            "with it. "
        )
    return Table(
        f"{summary.suite}: adaptation, after {summary.budget} evaluations",
        ["agent", "runs", "rank", *targets, "trials", *bounds, *wins],
        rows,
        f"Rank: average by the {summary.ranked_by} in the {summary.rank_tasks} x "
        f"{summary.rank_seeds} runs that all have. {adaptivity}Trials: random evaluations of equal "
        f"IQM {measure} on the same runs. To 1 %: median evaluations to that\n{measure}, -: never "
        f"(runs that reach it). P: probability of a better final {summary.ranked_by} than the "
        "reference's.",
    )


def _shares(summary: Summary, scores: AgentScores) -> list[str]:
    """Cells of the adaptivity, none where the settings name no start of the gap."""
    if summary.settings.gap_start is None:
        return []
    adaptivity = scores.adaptivity or Adaptivity(None, None, None, None)
    return [_share(getattr(adaptivity, field.name)) for field in fields(Adaptivity)]


def _difference_tables(summary: Summary, reference: str) -> list[Table]:
    """Of IQM and mean of the measure; where the return ranks, of the return too."""
    made = [c for c in summary.comparisons if c.reference == reference]

    def table(what: str, better: str, columns: Mapping[str, Sequence[Estimate]]) -> Table:
        return Table(
            f"{summary.suite}: {what} minus that of {reference}, on their common runs",
            ["agent", "runs", *columns],
            [
                [comparison.agent, _runs(comparison), *map(_signed, row)]
                for comparison, *row in zip(made, *columns.values(), strict=True)
            ],
            f"{better}: better than {reference}. Paired bootstrap of whole tasks.",
        )

    places = {count: summary.evaluations.index(count) for count in shown(summary)}
    middle = {f"IQM@{n}": [c.iqm_difference[i] for c in made] for n, i in places.items()}
    average = {f"mean@{n}": [c.mean_difference[i] for c in made] for n, i in places.items()}
    tables = [table(summary.measure, "Negative", columns) for columns in (middle, average)]
    if summary.ranked_by == "return":
        tables.append(table("return", "Positive", {"IQM": [c.return_difference for c in made]}))
    return tables


def _seeds_table(summary: Summary) -> Table:
    counts = shown(summary)
    rows = []
    for spread in summary.spreads:
        cells = [spread.regret_iqm[count - 1] for count in counts]
        cells += [spread.regret_mean[-1], *([spread.adaptivity] if spread.adaptivity else [])]
        row = [f"{low:.4f}-{high:.4f}" for low, high in cells]
        rows.append([spread.group, str(len(spread.agents)), *row])
    return Table(
        f"{summary.suite}: training seeds, from the least to the largest",
        ["group", "seeds", *(f"IQM@{n}" for n in counts), f"mean@{summary.budget}", "to oracle"],
        rows,
    )


def _time_table(summary: Summary) -> Table:
    rows = []
    for scores in summary.agents:
        areas = [scores.area_evaluations, scores.area_cost, *scores.area_time]
        result, training = scores.return_iqm, scores.training_seconds
        rows.append(
            [
                scores.agent,
                _runs(scores),
                *("-" if area is None else f"{area.value:.4f}" for area in areas),
                f"{result.value:.4f} {_range(result)}",
                f"{scores.return_mean.value:.4f}",
                f"{scores.microseconds:,.0f}",
                "-" if training is None else f"{training:,.0f}",
            ]
        )
    speeds = [f"{seconds:g} s" for seconds in summary.settings.seconds_per_resource]
    header = ["agent", "runs", "evals", "cost", *speeds]
    horizons = ", ".join(f"{horizon:g}" for horizon in summary.time_horizons)
    return Table(
        f"{summary.suite}: area under the {summary.measure}, return, time",
        [*header, "return (IQM)", "mean", "decision", "training"],
        rows,
        f"Area: mean over runs of the mean {summary.measure} against evaluations, against cost up "
        f"to {summary.cost_horizon:g}, and against\ntime with decisions, at these seconds per unit "
        f"of the resource (such as an epoch), up to {horizons} s:\n{summary.budget} evaluations "
        f"that take {summary.settings.horizon_resource:g} of it each. Decision: microseconds of a "
        "proposal, in batches of up to 16\nepisodes; the mean over a run, of which the median over "
        "runs. Training: seconds.",
    )


def references(summary: Summary) -> list[str]:
    """The references that took part, in the order of the settings."""
    compared = {comparison.reference for comparison in summary.comparisons}
    return [name for name in summary.settings.references if name in compared]


def shown(summary: Summary) -> list[int]:
    """The numbers of evaluations at which differences are shown, the budget the last of them."""
    return [count for count in summary.evaluations if count in (*_SHOWN, summary.budget)]


def _runs(scores: AgentScores | PairedComparison) -> str:
    return f"{scores.tasks}x{scores.seeds}"


def _range(estimate: Estimate) -> str:
    return f"[{estimate.low:.4f}, {estimate.high:.4f}]"


def _signed(estimate: Estimate) -> str:
    """A difference with its interval, without the zeros before the points."""
    value, low, high = estimate
    return re.sub(r"([+-])0\.", r"\1.", f"{value:+.4f} [{low:+.4f},{high:+.4f}]")


def _share(estimate: Estimate | None) -> str:
    return "-" if estimate is None else f"{estimate.value:.3f}"


def _trials(scores: AgentScores, most: int | None) -> str:
    if scores.random_trials is not None:
        return f"{scores.random_trials:.0f}"
    return "-" if most is None else f">{most}"


def _chance(comparison: PairedComparison) -> str:
    value, low, high = comparison.improvement
    return f"{value:.2f} [{low:.2f}, {high:.2f}]"
