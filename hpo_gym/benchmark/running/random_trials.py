"""Long random runs, for the worth of tuners in random trials."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hpo_gym.benchmark.running.measure import Meter
from hpo_gym.benchmark.scoring.worth import RandomTrials
from hpo_gym.benchmark.suites.suite import Suite, env_seed


def random_trials(suite: Suite, *, trials: int = 1024, seed: int = 0) -> RandomTrials:
    """Evaluate uniform random configurations on all tasks and seeds of a suite.

    Args:
        suite: The suite; its budget is replaced by the trials.
        trials: Number of evaluations in every run, >= 1.
        seed: Seed of the configurations.
    """
    options = {**suite.options, "max_evaluations": trials, "observation": "summary"}
    rows = [(task, number) for task in suite.tasks for number in suite.seeds]
    envs = replace(suite, options=options).vector_env(len(rows))
    envs.reset(
        seed=[env_seed(task, number, suite.salt) for task, number in rows],
        options={"task": np.array([task for task, _ in rows])},
    )
    random = np.random.default_rng(seed)
    meter = Meter(suite, envs)
    infos = []
    shape = (len(rows), *(envs.single_action_space.shape or ()))
    for _ in range(trials):
        actions = random.uniform(-1.0, 1.0, shape).astype(np.float32)
        info = envs.step(actions)[-1]
        infos.append({key: info[key] for key in meter.curve_keys if key in info})
    envs.close()
    regret = meter.curve(infos)
    return RandomTrials(suite.tasks, suite.seeds, regret.reshape(-1, len(suite.seeds), trials))
