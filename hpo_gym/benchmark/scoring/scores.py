"""The structure of a suite's scores: what tables, CSV files and reports are made from."""

from __future__ import annotations

from dataclasses import dataclass

from hpo_gym.benchmark.scoring.statistics import Estimate

Estimates = tuple[Estimate, ...]


@dataclass(frozen=True)
class Settings:
    """What the scores depend on besides the runs.

    Attributes:
        confidence: Coverage of the intervals.
        resamples: Number of bootstrap resamples.
        seed: Seed of the bootstrap.
        bounds: Regrets for "evaluations to".
        seconds_per_epoch: Three speeds of training for the area against wall-clock time.
        horizon_epochs: The areas against cost and time end when as many evaluations as the budget
            has, of so many epochs each and without any time to decide, would end.
        references: Agents that every other is compared with, where they ran.
        portfolio: Agent where the gap of the adaptivity score begins.
        particle: Agent where one of its two gaps ends; the other ends at regret 0.
    """

    confidence: float = 0.95
    resamples: int = 2000
    seed: int = 0
    bounds: tuple[float, ...] = (0.01, 0.05)
    seconds_per_epoch: tuple[float, ...] = (0.03, 0.3, 3.0)
    horizon_epochs: float = 50.0
    references: tuple[str, ...] = ("gp-4", "portfolio", "particle", "random")
    portfolio: str = "portfolio"
    particle: str = "particle"


@dataclass(frozen=True)
class Reached:
    """How often, and how soon, regret falls to a bound."""

    bound: float
    fraction: Estimate
    """Of the runs, at any time within the budget."""
    median: float | None
    """Evaluations to it, median over all runs; None if fewer than half get there."""


@dataclass(frozen=True)
class Adaptivity:
    """Share of the gap from the static portfolio to a target that is closed, at the budget's end.

    None where there is no such gap, or no such agent.
    """

    oracle_iqm: Estimate | None
    oracle_mean: Estimate | None
    particle_iqm: Estimate | None
    particle_mean: Estimate | None


@dataclass(frozen=True)
class AgentScores:
    """Scores of an agent over all of its own runs."""

    agent: str
    tasks: int
    seeds: int
    resampled: str
    """What the intervals resample: "seeds" within tasks; "tasks", with one seed per task."""
    regret_iqm: Estimates
    """After 1..T evaluations."""
    regret_mean: Estimates
    return_iqm: Estimate
    return_mean: Estimate
    """Sum of the rewards of a run."""
    area_evaluations: Estimate
    """Mean over runs of the area under the regret, see `hpo_gym.benchmark.scoring.curves`."""
    area_cost: Estimate
    area_time: Estimates
    """For each of the seconds per epoch."""
    reached: tuple[Reached, ...]
    """For each of the bounds."""
    profile: Estimates
    """Fraction of runs with a final regret of at most each tau of the summary."""
    random_trials: float | None
    """Random evaluations with the same IQM regret on the same runs; None if beyond those tried."""
    rank: Estimate
    """Average rank in the runs that all agents have, by what ranks."""
    adaptivity: Adaptivity | None
    """On the runs in common with the portfolio and the target; None without a portfolio."""
    microseconds: float
    """Time of a suggestion: its mean over a run, as some take longer; the median over runs."""
    training_seconds: float | None


@dataclass(frozen=True)
class Comparison:
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
    """Of the IQM, to the oracle."""


@dataclass(frozen=True)
class Summary:
    """All scores of a suite; `dataclasses.asdict` of it can be written as JSON.

    An `Estimate` becomes a list [value, low, high].
    """

    suite: str
    ranked_by: str
    """Order of the agents, best first: IQM of the final "regret", or of the "return"."""
    budget: int
    """Evaluations of a run, T."""
    evaluations: tuple[int, ...]
    taus: tuple[float, ...]
    cost_horizon: float
    time_horizons: tuple[float, ...]
    """In seconds, for each of the seconds per epoch."""
    most_random_trials: int | None
    rank_tasks: int
    rank_seeds: int
    """Size of the runs that all agents have."""
    settings: Settings
    agents: tuple[AgentScores, ...]
    spreads: tuple[Spread, ...]
    comparisons: tuple[Comparison, ...]
    failed: tuple[str, ...]
    """Agents without complete runs; they have no scores."""

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

    def comparison(self, agent: str, reference: str) -> Comparison | None:
        """An agent beside a reference, None if they were not compared."""
        for comparison in self.comparisons:
            if (comparison.agent, comparison.reference) == (agent, reference):
                return comparison
        return None
