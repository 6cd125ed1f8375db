"""Many random trials of every task, for the worth of tuners in random trials."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hpo_gym.benchmark.running.measure import Meter
from hpo_gym.benchmark.scoring.worth import RandomTrials, best_of, trial_counts
from hpo_gym.benchmark.suites.suite import Suite

MOST = 1024
"""Trials up to which tuners are measured, at least: four times the budget if that is more."""
_TOTAL, _POOL = 2**19, 2**13
"""Evaluations of a suite, and of a task, at most; but twice as many of a task as are counted."""


def counts_of(suite: Suite) -> NDArray[np.int64]:
    """Numbers of trials at which `random_trials` says what they reach."""
    return trial_counts(max(MOST, 4 * suite.budget))


def random_trials(suite: Suite, *, seed: int = 0) -> RandomTrials:
    """Evaluate uniform random configurations of a suite's tasks, each in an episode of its own.

    Args:
        suite: The suite; that its tuners adjust configurations, and from where, does not matter.
        seed: Seed of the configurations and the noise.
    """
    counts, random = counts_of(suite), np.random.default_rng(seed)
    pool = max(2 * int(counts[-1]), min(_POOL, _TOTAL // len(suite.tasks)))
    options = {"action": "propose", "start": "none", "max_evaluations": 1, "stop": False}
    single = replace(suite, options={**suite.options, **options, "observation": "summary"})
    env = single.vector_env(pool)
    meter, found = Meter(single, env), []
    for task in suite.tasks:
        env.reset(seed=int(random.integers(2**61)), options={"task": task})
        actions = random.uniform(-1.0, 1.0, (pool, single.action_size)).astype(np.float32)
        info = env.step(actions)[-1]
        observed, measured = meter.observed([info]), meter.curve([info])
        found.append(best_of(observed[:, 0], measured[:, 0], counts))
    env.close()
    return RandomTrials(suite.tasks, counts, np.stack(found))
