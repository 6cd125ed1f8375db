"""How long the pretrained tuners take to decide, for one task and for many at once."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from hpo_gym import pretrained
from hpo_gym.policies.policy import Policy
from scripts.speed.bench_tools import pin_to_one_core


def time_decisions(repeats: int) -> None:
    """Print microseconds per suggestion of every pretrained tuner of training seed 0."""
    pin_to_one_core()
    count = 4096
    print(f"\nmicroseconds per suggestion{'':14s}one task   per task of {count:,}")
    for known in pretrained.policies():
        if known.seed != 0:
            continue
        policy = pretrained.load(*known)
        one = min(2000, 200 * repeats), _decide(policy, 1)
        many = 2 * repeats + 1, _decide(policy, count)
        print(f"  {known.name:38s} {_median(*one):9.1f} {_median(*many) / count:14.2f}")


def _decide(policy: Policy, rows: int) -> Callable[[], object]:
    random = np.random.default_rng(0)
    observations = random.uniform(size=(rows, policy.observation_size)).astype(np.float32)
    given = observations[0] if rows == 1 else observations
    starts = np.zeros(rows, dtype=np.bool_)
    state = policy.predict(given, deterministic=True)[1]
    return lambda: policy.predict(given, state, starts, deterministic=True)


def _median(calls: int, decide: Callable[[], object]) -> float:
    """Median time of a call, in microseconds, after one that warms up."""
    decide()
    times = []
    for _ in range(calls):
        before = time.perf_counter()
        decide()
        times.append(time.perf_counter() - before)
    return 1e6 * statistics.median(times)
