"""Made-up runs, for tests of the scores."""

from dataclasses import replace

import numpy as np

from hpo_gym.benchmark.results.records import Records
from hpo_gym.benchmark.scoring.scores import AgentFacts, Settings
from hpo_gym.benchmark.suites.registry import make_suite

ROLES = Settings(
    references=("gp-4", "portfolio", "particle", "random"),
    gap_start="portfolio",
    gap_end="particle",
    baseline="random",
    examples=("gp-4", "portfolio", "random"),
)
"""Who the made-up agents are to the scores."""


def learned(*names, **fields):
    """What is known of trained agents that are called "tuner-seed"."""
    parts = {name: name.rsplit("-", 1) for name in names}
    return {
        name: AgentFacts(group="learned", tuner=tuner, training_seed=int(seed), **fields)
        for name, (tuner, seed) in parts.items()
    }


def small_suite(budget, tasks=2, seeds=2, **fields):
    suite = make_suite("smoke")
    options = {**suite.options, "max_evaluations": budget}
    return replace(
        suite, tasks=tuple(range(tasks)), seeds=tuple(range(seeds)), options=options, **fields
    )


def make_records(agent, regret, *, reward=0.0, resource=50.0, seconds=1e-3, suite="smoke"):
    """Runs with this regret (n, s, T); the rest is constant, or an array like it."""
    regret = np.array(regret, dtype=np.float64)
    tasks, seeds, budget = regret.shape
    columns = {"reward": reward, "resource": resource, "seconds": seconds}
    columns = {name: np.broadcast_to(value, regret.shape) for name, value in columns.items()}
    return Records(
        suite=suite,
        agent=agent,
        tasks=np.arange(tasks),
        seeds=np.arange(seeds),
        actions=np.zeros((tasks, seeds, budget, 3), dtype=np.float32),
        regret=regret,
        cost=0.002 + 0.02 * columns["resource"] / 100.0,
        **columns,
    )


def random_records(agent, scale, tasks=6, seeds=3, budget=4, *, seed=0, **columns):
    """Falling regret of about a scale."""
    draws = np.random.default_rng(seed).lognormal(size=(tasks, seeds, budget))
    regret = np.minimum.accumulate(np.minimum(scale * draws, 1.0), axis=-1)
    return make_records(agent, regret, **columns)
