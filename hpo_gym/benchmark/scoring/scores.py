"""The structure of a suite's scores: what tables, CSV files and reports are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hpo_gym.benchmark.scoring.statistics import Estimate

Estimates = tuple[Estimate, ...]

YOURS = "yours"
"""Group of the tuners that a user brought: they are marked, and each gets a verdict."""


@dataclass(frozen=True)
class Settings:
    """What the scores depend on besides the runs.

    Attributes:
        confidence: Coverage of the intervals.
        resamples: Number of bootstrap resamples.
        seed: Seed of the bootstrap.
        bounds: Regrets for "evaluations to".
        seconds_per_resource: Three speeds for the area against wall-clock time: seconds that a
            unit of the resource, such as an epoch, takes.
        horizon_resource: The areas against cost and time end when as many evaluations as the
            budget has, of this resource each and without any time to decide, would end.
        references: Agents that every other is compared with, where they ran.
        gap_start: Agent where the gap of the adaptivity score begins; None for no such score.
        gap_end: Agent where one of its two gaps ends; the other ends at regret 0.
        baseline: Agent whose capability scores are 0; None for no such scores.
        examples: Agents that example episodes show beside the best learned one.
    """

    confidence: float = 0.95
    resamples: int = 2000
    seed: int = 0
    bounds: tuple[float, ...] = (0.01, 0.05)
    seconds_per_resource: tuple[float, ...] = (0.03, 0.3, 3.0)
    horizon_resource: float = 50.0
    references: tuple[str, ...] = ()
    gap_start: str | None = None
    gap_end: str | None = None
    baseline: str | None = None
    examples: tuple[str, ...] = ()

    @property
    def bootstrap(self) -> dict[str, Any]:
        """What the bootstrap is told."""
        return {"resamples": self.resamples, "confidence": self.confidence, "seed": self.seed}


@dataclass(frozen=True)
class AgentFacts:
    """What is known of an agent besides its runs.

    Attributes:
        group: What stands together in tables and figures.
        tuner: What agents that differ in their training seed alone are called together.
        training_seed: Seed of the training of a learned agent.
        oracle: Whether it is told which tasks it faces.
        training_seconds: Time that its training took.
    """

    group: str = "other"
    tuner: str | None = None
    training_seed: int | None = None
    oracle: bool = False
    training_seconds: float | None = None


@dataclass(frozen=True)
class Reached:
    """How often, and how soon, regret falls to a bound."""

    bound: float
    fraction: Estimate
    """Of the runs, at any time within the budget."""
    median: float | None
    """The least number of evaluations within which half of the runs get there; None: fewer do."""


@dataclass(frozen=True)
class Adaptivity:
    """Share of the gap between two agents that is closed at the budget's end.

    It begins at the settings' `gap_start` and ends at regret 0, or at their `gap_end`. None where
    there is no such gap, or no such agent.
    """

    optimum_iqm: Estimate | None
    optimum_mean: Estimate | None
    target_iqm: Estimate | None
    target_mean: Estimate | None


@dataclass(frozen=True)
class AgentScores:
    """Scores of an agent over all of its own runs."""

    agent: str
    tasks: int
    seeds: int
    resampled: str
    """What the intervals resample: "seeds" within tasks; "tasks", with one seed per task; "none",
    with one run: there are no intervals."""
    regret_iqm: Estimates
    """Of the summary's measure after 1..T evaluations, as for all that is called regret here."""
    regret_mean: Estimates
    return_iqm: Estimate
    return_mean: Estimate
    """Sum of the rewards of a run."""
    area_evaluations: Estimate
    """Mean over runs of the area under the regret, see `hpo_gym.benchmark.scoring.curves`."""
    area_cost: Estimate | None
    """None where nothing costs anything."""
    area_time: Estimates
    """For each of the seconds per unit of the resource."""
    reached: tuple[Reached, ...]
    """For each of the bounds."""
    profile: Estimates
    """Fraction of runs with a final regret of at most each tau of the summary."""
    random_trials: Estimate | None
    """Random trials with the same IQM regret on the same tasks, at most the summary's
    `most_random_trials`, which stands for more; None where no trials were made."""
    rank: Estimate
    """Average rank among the rivals in the runs that all agents have, by what ranks."""
    adaptivity: Adaptivity | None
    """On the runs in common with the portfolio and the target; None without a start of the gap."""
    microseconds: float
    """Time of a suggestion: its mean over a run, as some take longer; the median over runs."""
    training_seconds: float | None


@dataclass(frozen=True)
class PairedComparison:
    """An agent beside a reference, on the runs that both have."""

    agent: str
    reference: str
    tasks: int
    seeds: int
    agent_iqm: tuple[float, ...]
    """Regret at each of the summary's evaluations."""
    reference_iqm: tuple[float, ...]
    agent_mean: tuple[float, ...]
    reference_mean: tuple[float, ...]
    iqm_difference: Estimates
    """Agent's minus reference's: negative where the agent is better."""
    mean_difference: Estimates
    return_difference: Estimate
    """Of the IQM of the return: positive where the agent is better."""
    improvement: Estimate
    """Probability that a run of the agent ends better than one of the reference, by what ranks."""


@dataclass(frozen=True)
class Spread:
    """From the best to the worst of agents that differ in their training seed alone."""

    group: str
    agents: tuple[str, ...]
    regret_iqm: tuple[tuple[float, float], ...]
    """Least and largest after 1..T evaluations."""
    regret_mean: tuple[tuple[float, float], ...]
    returns: tuple[float, float]
    """Of the IQM of the return."""
    adaptivity: tuple[float, float] | None
    """Of the IQM, to regret 0."""


@dataclass(frozen=True)
class Verdict:
    """Where an agent stands among its rivals, each on the runs that both have.

    The rivals are the other tuners, those with several training seeds counted once and compared by
    their average, without oracles. An agent is better, or worse, if the interval of the difference
    of the final IQMs, about unseen tasks, excludes 0, see `hpo_gym.benchmark.scoring.decisions`:
    each rival by itself, whatever their number.
    """

    agent: str
    place: int
    """1 + the number of rivals whose IQM is better."""
    tuners: int
    """The rivals and the agent itself."""
    better_than: tuple[str, ...]
    """Rivals, the closest first; so are the others."""
    not_told_apart_from: tuple[str, ...]
    worse_than: tuple[str, ...]
    too_few_runs_with: tuple[str, ...]
    """Rivals with which it has too few tasks in common for an interval."""


@dataclass(frozen=True)
class Summary:
    """All scores of a suite; `dataclasses.asdict` of it can be written as JSON.

    An `Estimate` becomes a list [value, low, high], with None for what is not known.
    """

    suite: str
    ranked_by: str
    """What the agents are ordered by, best first: "regret", "return" or "score"; its final IQM."""
    measure: str
    """What is called regret in the scores: "regret", or "1 - score" of the observed score."""
    budget: int
    """Evaluations of a run, T."""
    evaluations: tuple[int, ...]
    taus: tuple[float, ...]
    cost_horizon: float
    """0 where nothing costs anything."""
    time_horizons: tuple[float, ...]
    """In seconds, for each of the seconds per unit of the resource."""
    most_random_trials: int | None
    rank_tasks: int
    rank_seeds: int
    """Size of the runs that all agents have."""
    rank_rivals: int
    """Tuners that ranks count: those with several training seeds once, oracles not."""
    settings: Settings
    agents: tuple[AgentScores, ...]
    spreads: tuple[Spread, ...]
    comparisons: tuple[PairedComparison, ...]
    verdicts: tuple[Verdict, ...]
    """Of the agents of the group `YOURS`."""
    failed: tuple[str, ...]
    """Agents without complete runs; they have no scores."""

    @property
    def yours(self) -> frozenset[str]:
        """Names of the agents that have a verdict."""
        return frozenset(verdict.agent for verdict in self.verdicts)

    def agent(self, name: str) -> AgentScores:
        """Scores of an agent.

        Raises:
            ValueError: It has none.
        """
        for scores in self.agents:
            if scores.agent == name:
                return scores
        known = [scores.agent for scores in self.agents]
        raise ValueError(f"no scores of {name!r} on {self.suite!r}; there are {known}")

    def comparison(self, agent: str, reference: str) -> PairedComparison | None:
        """An agent beside a reference, None if they were not compared."""
        for comparison in self.comparisons:
            if (comparison.agent, comparison.reference) == (agent, reference):
                return comparison
        return None
