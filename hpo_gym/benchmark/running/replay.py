"""Confirm stored results: replay the actions in scalar environments and compare every number."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym.benchmark.results.rows import Stored
from hpo_gym.benchmark.results.store import Store
from hpo_gym.benchmark.running.measure import Meter
from hpo_gym.benchmark.running.runner import fingerprint
from hpo_gym.benchmark.suites.suite import Suite, env_seed
from hpo_gym.environments.tuning_env import TuningEnv
from hpo_gym.families import make_family
from hpo_gym.families.optima import solved_anew

TOLERANCE = 1e-12
"""Largest difference from results of another machine, relative to the value or to 1, the largest
score, whichever is larger."""


class Verdict(NamedTuple):
    """What the replay of an agent's results on a suite gave."""

    suite: str
    agent: str
    episodes: int
    """Number of episodes looked at."""
    replayed: bool
    """Whether they were replayed: those of an impure family cannot be."""
    bitwise: bool
    """Whether every bit had to be equal: the results come from this machine."""
    difference: str | None
    """The first difference, in words; or None."""


def validate(
    store: Store,
    suite: Suite,
    *,
    agents: Collection[str] | None = None,
    sample: int | None = None,
) -> Iterator[Verdict]:
    """Replay all episodes on a suite, agent by agent.

    No evaluation of an impure family can be repeated: its episodes are only counted.

    Args:
        store: The results.
        suite: The suite.
        agents: Names of the agents to look at; None for all.
        sample: Replay at most this many episodes of each agent, evenly spread; None for all.

    Raises:
        ValueError: Results are damaged, see `Store.stored`.
    """
    pure = make_family(suite.family).pure
    for agent, run in store.agents(suite).items():
        stored = store.stored(suite, agent) if agents is None or agent in agents else None
        if stored is None:  # it has failed only, or nobody asks
            continue
        bitwise = run.fingerprint == fingerprint()
        episodes = np.argwhere(stored.complete)
        if sample is not None and sample < len(episodes):
            episodes = episodes[np.linspace(0, len(episodes) - 1, sample).astype(np.int64)]
        repeated = episodes.tolist() if pure else []
        differences = _differences(suite, stored, repeated, 0.0 if bitwise else TOLERANCE)
        yield Verdict(suite.name, agent, len(episodes), pure, bitwise, next(differences, None))


def _differences(
    suite: Suite, stored: Stored, episodes: list[list[int]], tolerance: float
) -> Iterator[str]:
    env, records = suite.env(), stored.records
    meter = Meter(suite, env)
    for i, j in episodes:
        task, seed = int(records.tasks[i]), int(records.seeds[j])
        replayed = _replay(
            env, meter, records.actions[i, j], task, env_seed(task, seed, suite.salt)
        )
        for name, other in replayed.items():
            one = getattr(records, name)[i, j]
            bound = tolerance * np.maximum(1.0, np.abs(other))
            for step in np.flatnonzero(~(np.abs(one - other) <= bound)).tolist():
                yield (
                    f"task {task}, seed {seed}, evaluation {step + 1}: {name} is stored as "
                    f"{float(one[step])!r}, replayed as {float(other[step])!r}"
                )


@solved_anew()
def _replay(
    env: TuningEnv, meter: Meter, actions: NDArray[np.float32], task: int, seed: int
) -> dict[str, NDArray[np.float64]]:
    """The numbers of one episode, (T,) each."""
    env.reset(seed=seed, options={"task": task})
    rewards, infos = [], []
    for action in actions:
        _, reward, _, _, info = env.step(action)
        rewards.append(reward)
        infos.append(info)
    return {
        "regret": meter.curve(infos),
        "reward": np.array(rewards, dtype=np.float64),
        "resource": meter.resource(infos),
        "cost": meter.cost(infos),
    }
