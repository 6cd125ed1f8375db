"""Everything that a suite's runs say about the agents: `summarise` computes it all.

Intervals of an agent's own scores are about the suite's tasks: they resample seeds within tasks.
Those of comparisons, ranks, adaptivity and worth are about unseen tasks: they resample whole tasks,
those of one origin together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from hpo_gym.benchmark.results.records import FloatArray, Records
from hpo_gym.benchmark.scoring import curves
from hpo_gym.benchmark.scoring.comparisons import Comparisons
from hpo_gym.benchmark.scoring.scores import (
    YOURS,
    Adaptivity,
    AgentFacts,
    AgentScores,
    Estimates,
    PairedComparison,
    Reached,
    Settings,
    Summary,
)
from hpo_gym.benchmark.scoring.statistics import (
    Estimate,
    Statistic,
    estimates,
    iqm,
    mean,
    scheme_for,
)
from hpo_gym.benchmark.scoring.training_seeds import spreads
from hpo_gym.benchmark.scoring.verdicts import rivals, verdict
from hpo_gym.benchmark.scoring.worth import RandomTrials
from hpo_gym.benchmark.suites.suite import Suite

EVALUATIONS = (1, 2, 4, 8, 12, 16)
"""Numbers of evaluations that tables and comparisons show, as far as the budget goes."""


def summarise(
    suite: Suite,
    records: Sequence[Records],
    *,
    failed: Sequence[str] = (),
    facts: Mapping[str, AgentFacts] | None = None,
    random: RandomTrials | None = None,
    settings: Settings | None = None,
) -> Summary:
    """Score all agents of a suite.

    Args:
        suite: The suite.
        records: Runs, one entry per agent.
        failed: Names of agents that failed; what they have of records does not count.
        facts: What is known of the agents besides, by their names.
        random: What random trials reach on the suite, for the worth in random trials.
        settings: See `Settings`.

    Raises:
        ValueError: There is nothing to score, an agent appears twice, or an agent's runs are not
            of this suite and budget.
    """
    return _Scorer(suite, records, failed, facts or {}, random, settings).summary()


class _Scorer:
    def __init__(
        self,
        suite: Suite,
        records: Sequence[Records],
        failed: Sequence[str],
        facts: Mapping[str, AgentFacts],
        random: RandomTrials | None,
        settings: Settings | None,
    ) -> None:
        self._suite, self._failed, self._random = suite, tuple(failed), random
        self._facts = facts
        self._settings = settings or Settings()
        self._records = {r.agent: r for r in records if r.agent not in failed}
        _check(suite, records, self._records)
        self._evaluations = tuple(count for count in EVALUATIONS if count <= suite.budget)
        if self._evaluations[-1] != suite.budget:
            self._evaluations = (*self._evaluations, suite.budget)
        self._rivals = rivals(list(self._records), facts)
        self._comparisons = Comparisons(
            self._records,
            self._evaluations,
            ranked_by=self._suite.score,
            rivals=self._rivals,
            origins=suite.origins,
            **self._settings.bootstrap,
        )
        cost = suite.options["evaluation_cost"]
        cost += suite.options["epoch_cost"] * self._settings.horizon_resource / 100.0
        self._cost_horizon = suite.budget * cost
        self._time_horizons = tuple(
            suite.budget * self._settings.horizon_resource * seconds
            for seconds in self._settings.seconds_per_resource
        )

    def summary(self) -> Summary:
        ranks = self._comparisons.ranks()
        agents = [self._agent(record, ranks[name]) for name, record in self._records.items()]
        if self._suite.score == "return":
            agents.sort(key=lambda scores: -scores.return_iqm.value)
        else:
            agents.sort(key=lambda scores: scores.regret_iqm[-1].value)
        runs = self._comparisons.common(*self._records)
        references = [name for name in self._settings.references if name in self._records]
        return Summary(
            suite=self._suite.name,
            ranked_by=self._suite.score,
            measure=self._suite.measure,
            budget=self._suite.budget,
            evaluations=self._evaluations,
            taus=curves.TAUS,
            cost_horizon=self._cost_horizon,
            time_horizons=self._time_horizons,
            most_random_trials=None if self._random is None else int(self._random.counts[-1]),
            rank_tasks=len(runs.tasks),
            rank_seeds=len(runs.seeds),
            rank_rivals=len(self._rivals),
            settings=self._settings,
            agents=tuple(agents),
            spreads=spreads(agents, self._facts),
            comparisons=tuple(
                self._comparison(scores.agent, reference)
                for scores in agents
                for reference in references
                if scores.agent != reference
            ),
            verdicts=tuple(
                verdict(scores.agent, self._rivals, self._comparisons)
                for scores in agents
                if self._facts.get(scores.agent, AgentFacts()).group == YOURS
            ),
            failed=self._failed,
        )

    def _agent(self, records: Records, rank: Estimate) -> AgentScores:
        budget, final = self._suite.budget, records.regret[..., -1]
        regret_and_return = [*np.moveaxis(records.regret, -1, 0), records.reward.sum(axis=-1)]
        middles = self._estimates(regret_and_return, iqm)
        average = self._estimates(regret_and_return, mean)
        by_count, *by_time = self._estimates(self._areas(records), mean)
        return AgentScores(
            agent=records.agent,
            tasks=len(records.tasks),
            seeds=len(records.seeds),
            resampled=scheme_for(*final.shape),
            regret_iqm=middles[:budget],
            regret_mean=average[:budget],
            return_iqm=middles[budget],
            return_mean=average[budget],
            area_evaluations=by_count,
            area_cost=self._area_cost(records),
            area_time=tuple(by_time),
            reached=tuple(self._reached(records, bound) for bound in self._settings.bounds),
            profile=self._estimates([*curves.profile(final, np.array(curves.TAUS))], mean),
            random_trials=self._worth(records.agent),
            rank=rank,
            adaptivity=self._adaptivity(records.agent),
            microseconds=1e6 * float(np.median(records.seconds.mean(axis=-1))),
            training_seconds=self._facts.get(records.agent, AgentFacts()).training_seconds,
        )

    def _reached(self, records: Records, bound: float) -> Reached:
        counts = curves.first_at_most(records.regret, bound) + 1.0
        (fraction,) = self._estimates([np.isfinite(counts).astype(np.float64)], mean)
        median = curves.middle(counts)
        return Reached(bound, fraction, median if np.isfinite(median) else None)

    def _areas(self, records: Records) -> list[FloatArray]:
        """Areas under the regret of every run, against evaluations and times: (n, s) each."""
        regret, budget = records.regret, float(records.regret.shape[-1])
        speeds = zip(self._settings.seconds_per_resource, self._time_horizons, strict=True)
        return [
            curves.area(curves.evaluation_ends(records), regret, budget),
            *(
                curves.area(curves.time_ends(records, seconds), regret, horizon)
                for seconds, horizon in speeds
            ),
        ]

    def _area_cost(self, records: Records) -> Estimate | None:
        if self._cost_horizon == 0.0:
            return None
        area = curves.area(curves.cost_ends(records), records.regret, self._cost_horizon)
        return self._estimates([area], mean)[0]

    def _estimates(self, columns: Sequence[FloatArray], statistic: Statistic) -> Estimates:
        """Estimates of quantities (n, s) over an agent's runs."""
        return estimates(np.stack(columns), statistic, **self._settings.bootstrap)

    def _worth(self, agent: str) -> Estimate | None:
        return None if self._random is None else self._comparisons.worth(agent, self._random)

    def _adaptivity(self, agent: str) -> Adaptivity | None:
        start, target = self._settings.gap_start, self._settings.gap_end
        if start is None or start not in self._records:
            return None
        gap = self._comparisons.closed_gap
        optimal, known = self._suite.measure == "regret", target in self._records
        return Adaptivity(
            optimum_iqm=gap(agent, start, None, "iqm") if optimal else None,
            optimum_mean=gap(agent, start, None, "mean") if optimal else None,
            target_iqm=gap(agent, start, target, "iqm") if known else None,
            target_mean=gap(agent, start, target, "mean") if known else None,
        )

    def _comparison(self, agent: str, reference: str) -> PairedComparison:
        pairs, runs = self._comparisons, self._comparisons.common(agent, reference)
        values = {
            (name, statistic): tuple(pairs.sample(name, runs, statistic).values.tolist())[:-1]
            for name in (agent, reference)
            for statistic in ("iqm", "mean")
        }
        *iqm_difference, return_difference = pairs.difference(agent, reference, "iqm")
        *mean_difference, _ = pairs.difference(agent, reference, "mean")
        return PairedComparison(
            agent=agent,
            reference=reference,
            tasks=len(runs.tasks),
            seeds=len(runs.seeds),
            agent_iqm=values[agent, "iqm"],
            reference_iqm=values[reference, "iqm"],
            agent_mean=values[agent, "mean"],
            reference_mean=values[reference, "mean"],
            iqm_difference=tuple(iqm_difference),
            mean_difference=tuple(mean_difference),
            return_difference=return_difference,
            improvement=pairs.improvement(agent, reference),
        )


def _check(suite: Suite, records: Sequence[Records], scored: Mapping[str, Records]) -> None:
    names = [record.agent for record in records]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not scored:
        given = f"several records of {twice}" if twice else "no agent with complete runs"
        raise ValueError(f"the scores of {suite.name!r} need one record per agent, got {given}")
    for record in scored.values():
        budget = record.regret.shape[-1]
        if record.suite != suite.name or budget != suite.budget or not record.regret.size:
            raise ValueError(
                f"{record.agent!r} has {record.regret.shape} runs of {record.suite!r}, where "
                f"{suite.name!r} with {suite.budget} evaluations is scored: run it on that suite"
            )
