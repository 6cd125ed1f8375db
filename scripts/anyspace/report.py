"""Tables of the rows: averages, ranks, and what one tuner gains on each of the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hpo_gym.benchmark.scoring.statistics import Statistic, interval, iqm, mean, replicates
from scripts.anyspace.rows import Kept, Key, Row, Run
from scripts.anyspace.tasks import name_of

FloatArray = NDArray[np.float64]

AVERAGES: Mapping[str, Statistic] = {"IQM": iqm, "mean": mean}


@dataclass(frozen=True)
class Results:
    """Relative regrets of several tuners on the same tasks, at some moments of one budget.

    Attributes:
        tuners: Their names.
        moments: Numbers of evaluations, all of the budget last.
        dimensions: (n,) numbers of coordinates of the tasks.
        names: n names of the tasks.
        regrets: (tuners, moments, n, seeds).
        milliseconds: Median time of a suggestion, by tuner.
    """

    tuners: tuple[str, ...]
    moments: tuple[int, ...]
    dimensions: NDArray[np.int64]
    names: tuple[str, ...]
    regrets: FloatArray
    milliseconds: tuple[float, ...]

    @cached_property
    def groups(self) -> dict[str, NDArray[np.bool_]]:
        """Which tasks are averaged together, by name."""
        d = self.dimensions
        groups = {f"d={size}": d == size for size in np.unique(d)}
        return {**groups, "d<=2": d <= 2, "d>=3": d >= 3, "all d": d > 0}

    @property
    def ranks(self) -> FloatArray:
        """(tuners, moments) mean rank, 1 for the best; equals share theirs."""
        mine, others = self.regrets[:, None], self.regrets[None]
        worse = (mine > others).sum(axis=1) + 0.5 * (mine == others).sum(axis=1) + 0.5
        return np.asarray(worse.mean(axis=(-2, -1)))


def report(
    kept: Kept, runs: Sequence[Run], tuners: Sequence[str], of: str, after: Sequence[int] = ()
) -> None:
    """Print everything that the rows say about some runs.

    Args:
        kept: The rows.
        runs: The runs that are asked for.
        tuners: The tuners, in the order of the tables.
        of: The tuner that is compared with each of the others.
        after: Numbers of evaluations to look at before the end; none for a quarter and half of the
            budget.
    """
    for suite, workers, budget in dict.fromkeys((r.suite, r.workers, r.budget) for r in runs):
        wanted = {r.key for r in runs if (r.suite, r.workers, r.budget) == (suite, workers, budget)}
        results = gathered(kept, wanted, tuners, budget, after)
        print(f"\n## {suite}, {budget} evaluations, {workers} at a time\n")
        if results is None:
            print("no rows yet")
            continue
        for line in (*averages(results), *comparisons(results, of), *losses(results, of)):
            print(line)


def gathered(
    kept: Kept, wanted: set[Key], tuners: Sequence[str], budget: int, after: Sequence[int] = ()
) -> Results | None:
    """The rows of all tuners that have some, on the tasks which all of these have finished."""
    found: dict[str, dict[Key, Row]] = {}
    for tuner in tuners:
        rows = {k: row for k, row in kept.curves(tuner, budget).items() if k in wanted}
        if rows:
            found[tuner] = rows
    common = [key for key in wanted if all(key in rows for rows in found.values())]
    tasks: dict[tuple[object, ...], list[Key]] = {}
    for key in sorted(common):
        tasks.setdefault(key[:4], []).append(key)
    seeds = max(map(len, tasks.values()), default=0)
    whole = [keys for keys in tasks.values() if len(keys) == seeds]
    if not whole or not found:
        return None
    earlier = [m for m in sorted(after) if m < budget] or [budget // 4, budget // 2]
    moments = (*[max(m, 1) for m in earlier], budget)
    regrets = [
        [[[rows[key].regrets[m - 1] for key in keys] for keys in whole] for m in moments]
        for rows in found.values()
    ]
    times = [
        float(np.median([ms for keys in whole for key in keys for ms in rows[key].milliseconds]))
        for rows in found.values()
    ]
    some = next(iter(found.values()))
    dimensions = np.array([some[keys[0]].dimension for keys in whole])
    names = tuple(name_of(*keys[0][:3]) for keys in whole)
    return Results(tuple(found), moments, dimensions, names, np.array(regrets), tuple(times))


def averages(results: Results) -> Iterator[str]:
    """Averages of the regret for each number of coordinates, ranks, times."""
    names = [name for name, rows in results.groups.items() if rows.any()]
    counts = [int(results.groups[name].sum()) for name in names]
    moments = ", ".join(map(str, results.moments))
    for title, statistic in AVERAGES.items():
        yield f"{title} of the relative regret after {moments} evaluations\n"
        yield _row(["", *(f"{n} ({c})" for n, c in zip(names, counts, strict=True)), "rank", "ms"])
        for tuner, regrets, ranks, ms in zip(
            results.tuners, results.regrets, results.ranks, results.milliseconds, strict=True
        ):
            cells = []
            for name in names:
                runs = regrets[:, results.groups[name]]
                cells.append(" ".join(_number(v) for v in statistic(runs.reshape(len(runs), -1))))
            ranked = " ".join(f"{rank:.1f}" for rank in ranks)
            yield _row([tuner, *cells, ranked, f"{ms:.1f}"])
        yield ""


def comparisons(results: Results, of: str, *, resamples: int = 2000) -> Iterator[str]:
    """What a tuner gains on the others, with 95 % intervals by paired bootstrap of the tasks."""
    if of not in results.tuners:
        yield f"no rows of {of!r} to compare"
        return
    place = results.tuners.index(of)
    yield f"{of} against the others: less their regret, over their regret, share of tasks won\n"
    head = [f"{title} {kind}" for title in AVERAGES for kind in ("difference", "ratio")]
    yield _row(["", "tasks", "after", *head, "won"])
    for other, tuner in enumerate(results.tuners):
        if other == place:
            continue
        for group in ("d<=2", "d>=3", "all d"):
            rows = results.groups[group]
            if not rows.any():
                continue
            for moment, number in enumerate(results.moments):
                pair = results.regrets[[place, other], moment][:, rows]
                cells = [c for s in AVERAGES.values() for c in _compared(pair, s, resamples)]
                won = (pair[0] < pair[1]).mean() + 0.5 * (pair[0] == pair[1]).mean()
                yield _row([tuner, group, str(number), *cells, f"{won:.2f}"])
    yield ""


def losses(results: Results, of: str, *, count: int = 5) -> Iterator[str]:
    """Where a tuner loses most to each of the others at the end: its mean regret, and theirs."""
    if of not in results.tuners:
        return
    ends = results.regrets[:, -1].mean(axis=2)
    mine = ends[results.tuners.index(of)]
    yield f"tasks on which {of} loses most at the end: its mean regret, the other's\n"
    for tuner, theirs in zip(results.tuners, ends, strict=True):
        lost = [i for i in np.argsort(theirs - mine)[:count] if mine[i] > theirs[i]]
        if tuner != of:
            cells = [f"{results.names[i]} {_number(mine[i])} {_number(theirs[i])}" for i in lost]
            yield _row([tuner, "; ".join(cells)])
    yield ""


def _compared(pair: FloatArray, statistic: Statistic, resamples: int) -> Iterator[str]:
    """Difference and ratio of two tuners' average regrets, (2, n, seeds)."""
    mine, theirs = statistic(pair.reshape(2, -1))
    scheme = "tasks" if pair.shape[1] > 1 else "none"
    drawn = replicates(pair, statistic, scheme=scheme, resamples=resamples)
    yield _between(mine - theirs, drawn[0] - drawn[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        yield _between(mine / theirs, np.nan_to_num(drawn[0] / drawn[1], nan=1.0))


def _between(value: float, drawn: FloatArray) -> str:
    estimate = interval(value, drawn)
    return f"{value:.3f} {estimate.between('.3f')}"


def _number(value: float) -> str:
    """Three decimals without the zero before them."""
    return f"{value:.3f}".removeprefix("0")


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
