"""Comparisons of tuners on the runs that they have in common.

They are about tasks that nobody has seen: their intervals resample whole tasks with all of their
seeds, those of one origin together, or the seeds of the only one, see
`hpo_gym.benchmark.scoring.statistics`. Runs are paired: the same task, seed and noise, resampled
alike for all tuners.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym.benchmark.results.records import FloatArray, Records
from hpo_gym.benchmark.scoring.decisions import decisive
from hpo_gym.benchmark.scoring.statistics import (
    Estimate,
    Statistic,
    interval,
    iqm,
    mean,
    replicates,
    scheme_for,
)
from hpo_gym.benchmark.scoring.worth import RandomTrials, worth

_WORTH_RESAMPLES = 500
"""The first ones alone: curves of random trials take their time."""
_STATISTICS: dict[str, Statistic] = {"iqm": iqm, "mean": mean}


class CommonRuns(NamedTuple):
    """Names of runs that several agents have in common."""

    tasks: tuple[int, ...]
    seeds: tuple[int, ...]


class Sample(NamedTuple):
    """A statistic of regret after e numbers of evaluations and of the return; its replicates."""

    values: FloatArray
    """(e + 1,)."""
    replicates: FloatArray
    """(e + 1, resamples)."""


def common_runs(records: Sequence[Records]) -> CommonRuns:
    """The tasks and seeds that all agents have, in the first one's order.

    Raises:
        ValueError: There are none.
    """
    first, *others = records
    tasks = [task for task in first.tasks.tolist() if all(task in r.tasks for r in others)]
    seeds = [seed for seed in first.seeds.tolist() if all(seed in r.seeds for r in others)]
    if not tasks or not seeds:
        names = [record.agent for record in records]
        raise ValueError(
            f"the agents {names} have no tasks and seeds in common: run them on the same suite"
        )
    return CommonRuns(tuple(tasks), tuple(seeds))


def regret_on(records: Records, runs: CommonRuns) -> FloatArray:
    """Regret of an agent on some of its runs, (n, s, T)."""
    return np.asarray(records.regret[_rows(records, runs)])


def return_on(records: Records, runs: CommonRuns) -> FloatArray:
    """Return of an agent on some of its runs, (n, s)."""
    return np.asarray(records.reward[_rows(records, runs)].sum(axis=-1))


def _rows(records: Records, runs: CommonRuns) -> tuple[NDArray[np.int64], ...]:
    task_rows = {task: row for row, task in enumerate(records.tasks.tolist())}
    seed_rows = {seed: row for row, seed in enumerate(records.seeds.tolist())}
    return np.ix_([task_rows[task] for task in runs.tasks], [seed_rows[s] for s in runs.seeds])


class Comparisons:
    """Differences, probabilities, ranks and gaps between agents of one suite.

    Args:
        records: The agents' runs by their names.
        evaluations: Numbers of evaluations after which differences are taken; gaps use the last.
        ranked_by: What ranks and probabilities go by: the "regret" after the last of the
            evaluations, or the "return".
        rivals: The agents that ranks count: the names of those that are one tuner, trained with
            several seeds, by its name. By default every agent by itself.
        origins: What each task was made of, by its index: tasks of one origin are resampled
            together. By default each task is its own.
        resamples: Number of resamples.
        confidence: Coverage of the intervals.
        seed: Seed of the resampling.
    """

    def __init__(
        self,
        records: Mapping[str, Records],
        evaluations: Sequence[int],
        *,
        ranked_by: str = "regret",
        rivals: Mapping[str, Sequence[str]] | None = None,
        origins: Mapping[int, Hashable] | None = None,
        resamples: int = 2000,
        confidence: float = 0.95,
        seed: int = 0,
    ) -> None:
        self._records = records
        self._columns = [count - 1 for count in evaluations]
        self._ranked_by = ranked_by
        self._rivals = {name: (name,) for name in records} if rivals is None else rivals
        self._origins = origins or {}
        self._resamples, self._confidence, self._seed = resamples, confidence, seed
        self._samples: dict[tuple[str, CommonRuns, str], Sample] = {}
        self._random_curves: dict[tuple[tuple[int, ...], int], FloatArray] = {}

    def common(self, *agents: str) -> CommonRuns:
        """The runs that these agents have in common.

        Raises:
            ValueError: There are none.
        """
        return common_runs([self._records[agent] for agent in agents])

    def sample(self, agent: str, runs: CommonRuns, statistic: str) -> Sample:
        """IQM or mean, as the statistic says, of an agent's regret and return on some runs."""
        key = (agent, runs, statistic)
        if key not in self._samples:
            function = _STATISTICS[statistic]
            records = self._records[agent]
            regret = regret_on(records, runs)[:, :, self._columns]
            columns = np.stack([*np.moveaxis(regret, -1, 0), return_on(records, runs)])
            values = function(columns.reshape(len(columns), -1))
            self._samples[key] = Sample(values, self._resample(columns, function, runs.tasks))
        return self._samples[key]

    def difference(self, agent: str, reference: str, statistic: str) -> tuple[Estimate, ...]:
        """Agent's minus reference's IQM or mean of regret and return.

        Returns:
            One for each number of evaluations (< 0 is better), and last that of the return (> 0 is
            better).
        """
        runs = self.common(agent, reference)
        ours, theirs = (self.sample(name, runs, statistic) for name in (agent, reference))
        pairs = zip(ours.values - theirs.values, ours.replicates - theirs.replicates, strict=True)
        return tuple(interval(value, spread, self._confidence) for value, spread in pairs)

    def lead(self, agent: str, rivals: Sequence[str]) -> Estimate:
        """How much better an agent's final IQM is than the average of its rivals' (> 0 is better).

        By what ranks, each on the runs that both have. The interval decides, see
        `hpo_gym.benchmark.scoring.decisions`: there is none where the runs are too few.

        Args:
            agent: Name of the agent.
            rivals: Names of the others: the training seeds of one tuner.
        """
        place, sign = (-1, 1.0) if self._ranked_by == "return" else (-2, -1.0)
        leads, units = [], []
        for rival in rivals:
            runs = self.common(agent, rival)
            groups = len(set(self._groups(runs.tasks)))
            units.append(groups if groups > 1 else len(runs.seeds))
            ours, theirs = (self.sample(name, runs, "iqm") for name in (agent, rival))
            spread = ours.replicates[place] - theirs.replicates[place]
            leads.append(sign * np.append(ours.values[place] - theirs.values[place], spread))
        size = min(map(len, leads))  # one run, on which there is no interval, has no replicates
        found = np.mean([lead[:size] for lead in leads], axis=0)
        return decisive(found[0], found[1:], self._confidence, min(units))

    def improvement(self, agent: str, reference: str) -> Estimate:
        """Probability that a run of the agent ends better than one of the reference.

        Mann and Whitney's statistic within every task, over all pairs of seeds, ties counting one
        half; averaged over tasks. Whole tasks are resampled.
        """
        runs = self.common(agent, reference)
        ours, theirs = (self._losses(name, runs) for name in (agent, reference))
        ours, theirs = ours[:, :, None], theirs[:, None, :]
        wins = (ours < theirs) + 0.5 * (ours == theirs)
        # What each seed does to the mean of its task: that of its own wins and of the other's.
        return self._average(
            wins.mean(axis=2) + wins.mean(axis=1) - wins.mean(axis=(1, 2))[:, None], runs
        )

    def ranks(self) -> dict[str, Estimate]:
        """Average rank of each agent among the rivals in the runs that all agents have.

        1 is best; agents that end alike share the average of their ranks. A rival that was trained
        with several seeds counts once: the share of its seeds that end better. An agent is no rival
        of another seed of its own.
        """
        runs = self.common(*self._records)
        finals = {agent: self._losses(agent, runs) for agent in self._records}
        ranks = {}
        for agent, ours in finals.items():
            rank = np.ones(ours.shape)
            for members in self._rivals.values():
                if agent not in members:
                    theirs = np.stack([finals[member] for member in members])
                    rank += ((theirs < ours) + 0.5 * (theirs == ours)).mean(axis=0)
            ranks[agent] = self._average(rank, runs)
        return ranks

    def worth(self, agent: str, trials: RandomTrials) -> Estimate:
        """Number of random trials with the IQM of an agent's final regret, on the same tasks.

        Whole tasks are resampled, each with all of the agent's runs and all random trials.

        Args:
            agent: Name of the agent.
            trials: What random trials reach; at most the last of their counts is found.
        """
        runs = self.common(agent)
        ours = self._final_sample(agent, runs, "iqm")[: 1 + _WORTH_RESAMPLES]
        curve = self._random_curve(trials, runs.tasks, len(ours) - 1)
        found = worth(trials.counts, curve, ours)
        return interval(found[0], found[1:], self._confidence)

    def _random_curve(
        self, trials: RandomTrials, tasks: tuple[int, ...], resamples: int
    ) -> FloatArray:
        """IQM regret of random trials and its replicates, (counts, 1 + resamples)."""
        key = (tasks, resamples)
        if key not in self._random_curves:
            columns = np.moveaxis(trials.on(tasks), -1, 0)
            values = iqm(columns.reshape(len(columns), -1))[:, None]
            spread = np.repeat(values, resamples, axis=1)
            if len(set(self._groups(tasks))) > 1:
                spread = self._resample(columns, iqm, tasks, resamples)
            self._random_curves[key] = np.hstack([values, spread])
        return self._random_curves[key]

    def closed_gap(
        self, agent: str, start: str, target: str | None, statistic: str
    ) -> Estimate | None:
        """Share of the gap in final regret between two references that an agent closes.

        1 - (agent - target) / (start - target): 0 for the start's regret, 1 for the target's.

        Args:
            agent: Name of the agent.
            start: Name of the reference where the gap begins.
            target: Name of the one where it ends; None for the oracle, whose regret is 0.
            statistic: "iqm" or "mean".

        Returns:
            The share, or None where the start is not worse than the target in every resample:
            there is then no gap to close.
        """
        names = [agent, start] + ([] if target is None else [target])
        runs = self.common(*names)
        ours, begin, *end = (self._final_sample(name, runs, statistic) for name in names)
        goal = end[0] if end else np.zeros_like(ours)
        gap = begin - goal
        if not (gap > 0.0).all():
            return None
        shares = 1.0 - (ours - goal) / gap
        return interval(shares[0], shares[1:], self._confidence)

    def _final_sample(self, agent: str, runs: CommonRuns, statistic: str) -> FloatArray:
        """Value and replicates of final regret in one array, (1 + resamples,)."""
        sample = self.sample(agent, runs, statistic)
        last = len(self._columns) - 1
        return np.append(sample.values[last], sample.replicates[last])

    def _losses(self, agent: str, runs: CommonRuns) -> FloatArray:
        """What ranks go by, (n, s): less is better."""
        if self._ranked_by == "return":
            return -return_on(self._records[agent], runs)
        return np.asarray(regret_on(self._records[agent], runs)[:, :, self._columns[-1]])

    def _average(self, values: FloatArray, runs: CommonRuns) -> Estimate:
        """Mean of values (n, s) of some runs with its interval."""
        spread = self._resample(values[None], mean, runs.tasks)[0]
        return interval(values.mean(), spread, self._confidence)

    def _resample(
        self,
        columns: FloatArray,
        statistic: Statistic,
        tasks: Sequence[int],
        resamples: int | None = None,
    ) -> FloatArray:
        groups, count = self._groups(tasks), resamples or self._resamples
        scheme = scheme_for(len(set(groups)), columns.shape[-1], unseen=True)
        return replicates(
            columns, statistic, scheme=scheme, resamples=count, seed=self._seed, groups=groups
        )

    def _groups(self, tasks: Sequence[int]) -> list[Hashable]:
        return [self._origins.get(task, task) for task in tasks]
