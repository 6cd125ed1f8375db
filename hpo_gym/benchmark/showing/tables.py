"""The scores of a suite as tables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields

from hpo_gym.benchmark.scoring.scores import Adaptivity, AgentScores, PairedComparison, Summary
from hpo_gym.benchmark.scoring.statistics import Estimate
from hpo_gym.benchmark.showing.table import Table

_SHOWN = (2, 4, 8)
"""What `shown` gives besides the budget; CSV has them all."""
_RUNS = "tasks x seeds"


def tables(summary: Summary) -> list[Table]:
    """All tables of a suite: regret, adaptation, differences, training seeds, time."""
    made = [regret_table(summary), _adaptation_table(summary)]
    for reference in references(summary)[:2]:
        made += _difference_tables(summary, reference)
    made += [_seeds_table(summary)] if summary.spreads else []
    return [*made, _time_table(summary)]


def regret_table(summary: Summary) -> Table:
    """The measure of the incumbent by evaluations: the table that ranks the agents."""
    rows = []
    for scores in summary.agents:
        middle = [scores.regret_iqm[count - 1] for count in summary.evaluations]
        average = scores.regret_mean[-1]
        row = [scores.agent, _runs(scores) + ("*" if scores.resampled == "tasks" else "")]
        row += [f"{estimate.value:.4f}" for estimate in middle]
        row += [_range(middle[-1]), f"{average.value:.4f}", _range(average)]
        rows.append(row)
    order = f"IQM@{summary.budget}"
    if summary.ranked_by == "return":
        order = "return, see the last table"
    level, last = f"{100 * summary.settings.confidence:g} %", summary.evaluations[-1]
    means = f"{level} @{last}", f"mean@{last}", level
    return Table(
        f"{summary.suite}: {_measure(summary)} by evaluations, in the order of the {order}",
        ["agent", "runs", *(f"IQM@{count}" for count in summary.evaluations), *means],
        rows + [[name, "failed"] for name in summary.failed],
        "Agents with fewer runs are comparable only in the tables that name common runs.",
        {
            "runs": _RUNS,
            "IQM@n": f"mean of the middle half of the runs' {summary.measure} after n evaluations, "
            "lower is better",
            means[0]: "its interval by a stratified bootstrap, seeds within tasks (* one seed, so "
            "tasks are resampled; -: one run, so there is none)",
            means[1]: "mean of all runs",
            means[2]: "its interval",
        },
        summary.yours,
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
    measure, ranked_by = summary.measure, summary.ranked_by
    meanings = {
        "runs": _RUNS,
        "rank": f"average by the {ranked_by} among {summary.rank_rivals} tuners, all training "
        f"seeds of one counting once and oracles not, in the {summary.rank_tasks} x "
        f"{summary.rank_seeds} runs that all have",
        **_gaps(summary),
        "trials": f"random evaluations of equal IQM {measure} on the same tasks, and the "
        f"{100 * summary.settings.confidence:g} % interval over tasks with their runs; random "
        f"search is worth its budget, {summary.budget}",
    }
    for bound in summary.settings.bounds:
        meanings[f"to {100 * bound:g} %"] = (
            f"evaluations within which half of the runs get to that {measure}, -: fewer do (runs "
            "that do)"
        )
    if reference is not None:
        meanings[f"P(< {reference})"] = f"probability of a better final {ranked_by} than its"
    return Table(
        f"{summary.suite}: adaptation, after {summary.budget} evaluations",
        ["agent", *meanings],
        rows,
        "",
        meanings,
        summary.yours,
    )


def _gaps(summary: Summary) -> dict[str, str]:
    """Columns of the adaptivity with their meanings, none without a start of the gap."""
    start, end = summary.settings.gap_start, summary.settings.gap_end or "target"
    if start is None:
        return {}
    share = f"share of the gap in IQM {summary.measure} from that of {start}"
    return {
        "to oracle": f"{share} to 0 that is closed (-: no gap), on the runs in common",
        "mean to oracle": "of the means",
        f"to {end}": f"{share} to that of {end}",
        f"mean to {end}": "of the means",
    }


def _shares(summary: Summary, scores: AgentScores) -> list[str]:
    """Cells of the adaptivity."""
    if summary.settings.gap_start is None:
        return []
    adaptivity = scores.adaptivity or Adaptivity(None, None, None, None)
    return [_share(getattr(adaptivity, field.name)) for field in fields(Adaptivity)]


def _difference_tables(summary: Summary, reference: str) -> list[Table]:
    """Of IQM and mean of the measure; where the return ranks, of the return too."""
    made = [c for c in summary.comparisons if c.reference == reference]
    counts = shown(summary)
    places = [summary.evaluations.index(count) for count in counts]
    title = f"{summary.suite}: {{}} minus that of {reference}, on their common runs"
    pairs = {
        "IQM": [(c, c.iqm_difference) for c in made],
        "mean": [(c, c.mean_difference) for c in made],
    }
    tables = [
        _difference_table(
            summary,
            title.format(summary.measure),
            {f"{statistic}@n": f"after n evaluations; negative: better than {reference}"},
            [f"{statistic}@{count}" for count in counts],
            [(c, [differences[place] for place in places]) for c, differences in rows],
        )
        for statistic, rows in pairs.items()
    ]
    if summary.ranked_by == "return":
        tables.append(
            _difference_table(
                summary,
                title.format("return"),
                {"IQM": f"positive: better than {reference}"},
                ["IQM"],
                [(c, [c.return_difference]) for c in made],
            )
        )
    return tables


def _difference_table(
    summary: Summary,
    title: str,
    meanings: Mapping[str, str],
    header: Sequence[str],
    rows: Sequence[tuple[PairedComparison, Sequence[Estimate]]],
) -> Table:
    cells = [[c.agent, _runs(c), *map(_signed, differences)] for c, differences in rows]
    notes = "Intervals: paired bootstrap of whole tasks, or of the seeds of the only one."
    meanings = {"runs": _RUNS, **meanings}
    return Table(title, ["agent", "runs", *header], cells, notes, meanings, summary.yours)


def _seeds_table(summary: Summary) -> Table:
    counts = shown(summary)
    rows = []
    for spread in summary.spreads:
        cells = [spread.regret_iqm[count - 1] for count in counts]
        cells += [spread.regret_mean[-1], *([spread.adaptivity] if spread.adaptivity else [])]
        row = [f"{low:.4f}-{high:.4f}" for low, high in cells]
        rows.append([spread.group, str(len(spread.agents)), *row])
    header = ["group", "seeds", *(f"IQM@{count}" for count in counts), f"mean@{summary.budget}"]
    return Table(
        f"{summary.suite}: training seeds, from the least to the largest",
        [*header, "to oracle"],
        rows,
        "",
        {
            "group": "agents that differ in the seed of their training alone",
            "seeds": "how many there are",
            "IQM@n": f"least and largest IQM {summary.measure} after n evaluations",
            f"mean@{summary.budget}": "of the means",
            "to oracle": "share of the gap that is closed, see the table of the adaptation",
        },
    )


def _time_table(summary: Summary) -> Table:
    rows = []
    for scores in summary.agents:
        areas = [scores.area_evaluations, scores.area_cost, *scores.area_time]
        result, training = scores.return_iqm, scores.training_seconds
        row = [scores.agent, _runs(scores)]
        row += ["-" if area is None else f"{area.value:.4f}" for area in areas]
        row += [f"{result.value:.4f} {_range(result)}", f"{scores.return_mean.value:.4f}"]
        row += [f"{scores.microseconds:,.0f}", "-" if training is None else f"{training:,.0f}"]
        rows.append(row)
    settings, measure = summary.settings, summary.measure
    meanings = {
        "runs": _RUNS,
        "evals": f"mean {measure} over the evaluations of a run, mean over runs: the area under "
        "its curve",
        "cost": f"the same over cost up to {summary.cost_horizon:g}",
    }
    for seconds, horizon in zip(settings.seconds_per_resource, summary.time_horizons, strict=True):
        meanings[f"{seconds:g} s"] = (
            f"over time up to {horizon:g} s, with decisions and {seconds:g} s per unit of the "
            "resource"
        )
    meanings |= {
        "return (IQM)": "of the sum of rewards, higher is better, with its interval",
        "mean": "of the return",
        "decision": "microseconds of a proposal, in batches of up to 16 episodes: mean over a run, "
        "median over runs",
        "training": "seconds",
    }
    return Table(
        f"{summary.suite}: area under the {measure}, return, time",
        ["agent", *meanings],
        rows,
        f"Cost and time end where {summary.budget} evaluations of {settings.horizon_resource:g} "
        "units of the resource (such as epochs) would.",
        meanings,
        summary.yours,
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
    return estimate.between(".4f")


def _signed(estimate: Estimate) -> str:
    """A difference with its interval, without the zeros before the points."""
    text = f"{estimate.value:+.4f} {estimate.between('+.4f')}".replace(", ", ",")
    return re.sub(r"([+-])0\.", r"\1.", text)


def _share(estimate: Estimate | None) -> str:
    return "-" if estimate is None else f"{estimate.value:.3f}"


def _trials(scores: AgentScores, most: int | None) -> str:
    """Such as "73 [65, 82]"; ">1024" is more than were tried."""
    if scores.random_trials is None or most is None:
        return "-"
    value, *ends = (
        "" if number is None else f">{most}" if number >= most else f"{number:.0f}"
        for number in scores.random_trials
    )
    certain = scores.random_trials.low in (None, most)
    return value if certain else f"{value} [{', '.join(ends)}]"


def _chance(comparison: PairedComparison) -> str:
    return f"{comparison.improvement.value:.2f} {comparison.improvement.between('.2f')}"
