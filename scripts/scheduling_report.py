"""Tables of the scheduling suite: regret at any time, its differences, and what is saved.

All intervals are about data sets that nobody has seen: tables of one origin are resampled together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from hpo_gym.benchmark.results.records import Records
from hpo_gym.benchmark.scoring.comparisons import Comparisons
from hpo_gym.benchmark.scoring.statistics import Estimate, interval
from hpo_gym.benchmark.showing.table import Table
from hpo_gym.families import RecordedFamily
from scripts.scheduling_runs import MOMENTS, QUARTERS, Rows
from scripts.transfer_report import STATISTICS, between, number

AXES = {"worker-epochs": slice(0, 4), "time": slice(4, 8)}
"""What the budget is counted in, and the places of its quarters in our records."""
_SHARES = [f"{MOMENTS[place]:.0%}" for place in QUARTERS]


def tables(split: str, rows: Mapping[str, Rows], of: str) -> Iterator[Table]:
    """All tables.

    Args:
        split: Which tables of recorded classifiers.
        rows: What the agents did, by their names, in the order of the tables.
        of: The agent that is compared with each of the others; without it there are no differences.
    """
    comparisons = compared(split, rows)
    others = [name for name in rows if name != of]
    for axis in AXES:
        for title, statistic in STATISTICS.items():
            yield _regrets(f"{title} of the regret by {axis}", comparisons, rows, axis, statistic)
    for axis in AXES if of in rows and others else ():
        for title, statistic in STATISTICS.items():
            heading = f"{title} of {of} less that of the others by {axis}"
            yield _differences(heading, comparisons, of, others, axis, statistic)


def compared(split: str, rows: Mapping[str, Rows]) -> Comparisons:
    """Comparisons of agents at the quarters of the budget, and of the time."""
    records = {name: _records(name, one) for name, one in rows.items()}
    family = RecordedFamily()
    origins = {task: family.origin(split, task) for task in range(family.sizes[split])}
    return Comparisons(records, range(1, 9), origins=origins)


def _records(name: str, rows: Rows) -> Records:
    """Regrets at the quarters of the budget, then of the time, in the place of evaluations."""
    quarters = [curve[..., list(QUARTERS)] for curve in (rows.by_epochs, rows.by_time)]
    regret = np.concatenate(quarters, axis=-1).astype(np.float64)
    tasks, seeds, moments = regret.shape
    nothing = np.zeros(regret.shape)
    return Records(
        suite="scheduling",
        agent=name,
        tasks=np.arange(tasks),
        seeds=np.arange(seeds),
        actions=np.zeros((tasks, seeds, moments, 0), dtype=np.float32),
        regret=regret,
        reward=nothing,
        resource=nothing,
        cost=nothing,
        seconds=nothing,
    )


def _regrets(
    title: str, comparisons: Comparisons, rows: Mapping[str, Rows], axis: str, statistic: str
) -> Table:
    lines = []
    for name, one in rows.items():
        sample = comparisons.sample(name, comparisons.common(name), statistic)
        values, spread = sample.values[AXES[axis]], sample.replicates[AXES[axis]]
        last = between(interval(values[-1], spread[-1]))
        facts = [f"{one.started.mean():.1f}", f"{one.saved.mean():.0%}"]
        lines.append([name, *facts, *map(number, values), last])
    return Table(title, ["agent", "runs", "saved", *_SHARES, f"95 % @{_SHARES[-1]}"], lines)


def _differences(
    title: str,
    comparisons: Comparisons,
    of: str,
    others: Sequence[str],
    axis: str,
    statistic: str,
) -> Table:
    lines = []
    for other in others:
        quarters = comparisons.difference(of, other, statistic)[:-1][AXES[axis]]
        lines.append([other, *map(_cell, quarters)])
    return Table(title, ["agent", *_SHARES], lines)


def savings(split: str, rows: Mapping[str, Rows]) -> Table:
    """What stopping saves of the epochs of equal runs, and what it loses at their end.

    Args:
        split: Which tables of recorded classifiers.
        rows: What the agents did with equal numbers of runs, by their names.
    """
    comparisons, lines = compared(split, rows), []
    for name, one in rows.items():
        reference = f"{name.partition('+')[0]}+none"
        if name == reference or reference not in rows:
            continue
        losses = [comparisons.difference(name, reference, s)[3] for s in STATISTICS.values()]
        lines.append([name, f"{one.saved.mean():.1%}", *map(_cell, losses)])
    header = ["agent", "saved", *[f"{title} of the regret, less none's" for title in STATISTICS]]
    return Table("What stopping saves of equal runs, and what it loses", header, lines)


def _cell(estimate: Estimate) -> str:
    return f"{number(estimate.value, '+')} {between(estimate, '+')}"
