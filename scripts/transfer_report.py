"""Tables of the transfer: regret by evaluations, and what one tuner gains on each of the others.

All intervals are about data sets that nobody has seen: tables of one origin are resampled together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from hpo_gym.benchmark.results.records import Records
from hpo_gym.benchmark.scoring.comparisons import Comparisons
from hpo_gym.benchmark.scoring.statistics import Estimate, interval
from hpo_gym.benchmark.showing.table import Table
from hpo_gym.benchmark.suites.suite import Suite

EVALUATIONS = (1, 2, 4, 8, 16)
STATISTICS = {"IQM": "iqm", "mean": "mean"}


def tables(
    suite: Suite, records: Sequence[Records], knows: Mapping[str, str], of: str
) -> Iterator[Table]:
    """All tables.

    Args:
        suite: The suite.
        records: The runs of the tuners, in the order of the tables.
        knows: What each tuner knows, by its name.
        of: The tuner that is compared with each of the others; without runs of it there are no
            differences.
    """
    by_name = {record.agent: record for record in records}
    comparisons = Comparisons(by_name, EVALUATIONS, origins=suite.origins)
    place = f"{suite.name}, {len(suite.tasks)} tables of {len(set(suite.origins.values()))} origins"
    for title, statistic in STATISTICS.items():
        yield _regrets(f"{title} of the regret on {place}", comparisons, by_name, knows, statistic)
    others = [name for name in by_name if name != of]
    if of in by_name and others:
        for title, statistic in STATISTICS.items():
            heading = f"{title} of {of} less that of the others on {place}"
            yield _differences(heading, comparisons, of, others, statistic)


def _regrets(
    title: str,
    comparisons: Comparisons,
    records: Mapping[str, Records],
    knows: Mapping[str, str],
    statistic: str,
) -> Table:
    rows = []
    for name, record in records.items():
        sample = comparisons.sample(name, comparisons.common(name), statistic)
        estimates = [
            interval(value, spread)
            for value, spread in zip(sample.values[:-1], sample.replicates[:-1], strict=True)
        ]
        milliseconds = 1e3 * float(np.median(record.seconds))
        values = [number(estimate.value) for estimate in estimates]
        last = [between(estimate) for estimate in estimates[-2:]]
        runs = f"{len(record.tasks)} x {len(record.seeds)}"
        rows.append([name, knows[name], runs, *values, *last, f"{milliseconds:.1f}"])
    header = ["tuner", "knows", "runs", *map(_after, EVALUATIONS), *map(_level, EVALUATIONS[-2:])]
    return Table(title, [*header, "ms"], rows)


def _differences(
    title: str, comparisons: Comparisons, of: str, others: Sequence[str], statistic: str
) -> Table:
    rows = []
    for other in others:
        common = comparisons.common(of, other)
        *differences, _ = comparisons.difference(of, other, statistic)
        cells = [f"{number(one.value, '+')} {between(one, '+')}" for one in differences]
        rows.append([other, f"{len(common.tasks)} x {len(common.seeds)}", *cells])
    return Table(title, ["tuner", "runs", *map(_after, EVALUATIONS)], rows)


def _after(count: int) -> str:
    return f"@{count}"


def _level(count: int) -> str:
    return f"95 % @{count}"


def between(estimate: Estimate, sign: str = "") -> str:
    """The interval, or "-"."""
    if estimate.low is None or estimate.high is None:
        return "-"
    return f"[{number(estimate.low, sign)}, {number(estimate.high, sign)}]"


def number(value: float, sign: str = "") -> str:
    """Three decimals without the zero before them."""
    return f"{round(value, 3) + 0.0:{sign}.3f}".replace("0.", ".", 1)
