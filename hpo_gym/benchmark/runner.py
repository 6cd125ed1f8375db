"""Run tuners on suites and store every evaluation; a run that was killed goes on where it was."""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym.benchmark.entrants import Entrant
from hpo_gym.benchmark.records import Records
from hpo_gym.benchmark.store import Store
from hpo_gym.benchmark.suites import Shard, Suite, env_seed
from hpo_gym.benchmark.workers import Failure, run_jobs

_SCHEDULER = Path("/proc/thread-self/schedstat")
"""Nanoseconds that the thread ran, and those that it waited for a processor."""

PATIENCE = 3
"""A tuner that failed on so many shards of a suite is tried on no more of them in this run."""


class Job(NamedTuple):
    """A tuner's work on a shard."""

    suite: Suite
    entrant: Entrant
    shard: Shard


def run(
    store: Store,
    suites: Sequence[Suite],
    entrants: Sequence[Entrant],
    *,
    processes: int = 1,
    report: Callable[[Job, bool], None] = lambda job, succeeded: None,
) -> int:
    """Run what the store does not have yet, in the order of the tuners: fast ones go first.

    Args:
        store: Where results and failures go.
        suites: The suites.
        entrants: The tuners.
        processes: Number of worker processes, >= 1.
        report: Called after each shard, with its job and whether it succeeded.

    Returns:
        The number of shards that failed, or were not tried after `PATIENCE` failures.

    Raises:
        ValueError: The store has results of another tuner under the same name.
    """
    missing = missing_jobs(store, suites, entrants)
    failures: Counter[tuple[str, str]] = Counter()
    given_up: list[Job] = []

    def hopeful() -> Iterator[Job]:
        for job in missing:
            if failures[job.suite.name, job.entrant.name] < PATIENCE:
                yield job
            else:
                given_up.append(job)

    outcomes = run_jobs(hopeful(), run_shard, processes, owner=lambda job: job.entrant.name)
    for job, outcome in outcomes:
        if isinstance(outcome, Failure):
            failures[job.suite.name, job.entrant.name] += 1
            store.fail(job.suite, job.entrant.name, job.shard, outcome.message)
        else:
            store.add(job.suite, outcome, fingerprint())
        report(job, not isinstance(outcome, Failure))
    return failures.total() + len(given_up)


def missing_jobs(store: Store, suites: Iterable[Suite], entrants: Iterable[Entrant]) -> list[Job]:
    """The work that is not in the store, tuner by tuner.

    Raises:
        ValueError: See `Store.begin`, which is called for each.
    """
    suites = list(suites)
    jobs = []
    for entrant in entrants:
        for suite in suites:
            store.begin(suite, entrant.name, entrant.identity)
            done = store.episodes(suite, entrant.name)
            for shard in suite.shards(*entrant.limit(suite)):
                if not all((task, shard.seed) in done for task in shard.tasks):
                    jobs.append(Job(suite, entrant, shard))
    return jobs


def _clock() -> float:
    """Seconds of wall-clock, less those in which this thread waited for a processor.

    So the decision time of a tuner is what it would be on an idle core, however busy the machine
    is. Where the system does not tell (Linux does), waiting counts.
    """
    try:
        waited = int(_SCHEDULER.read_text().split()[1])
    except (OSError, IndexError, ValueError):
        waited = 0
    return time.perf_counter() - 1e-9 * waited


def run_shard(job: Job) -> Records:
    """One tuner's episodes on a shard, side by side.

    The tuner is built anew, for an environment like the one that it will tune in but of the
    training's tasks: nothing that it is given draws the tasks that it will face. That keeps honest
    tuners from mistakes; no Python program can stop one that wants to cheat. All rows decide at
    once, and share the time.

    Raises:
        ValueError: The tuner's actions have the wrong shape or are not finite.
    """
    suite, entrant, shard = job
    rows, seed = len(shard.tasks), shard.seed
    training = replace(suite, split="train")
    agent = entrant.build(training.vector_env(rows), entrant.seed(seed, shard.tasks[0]))
    if entrant.privileged:
        agent.begin(tasks=np.array(shard.tasks), split=suite.split)
    env = suite.vector_env(rows)
    observations, _ = env.reset(
        seed=[env_seed(task, seed) for task in shard.tasks],
        options={"task": np.array(shard.tasks)},
    )
    state, starts = None, np.ones(rows, dtype=np.bool_)
    steps: list[tuple[NDArray[Any], ...]] = []
    for _ in range(suite.budget):
        before = _clock()
        proposed, state = agent.predict(
            observations, state=state, episode_start=starts, deterministic=True
        )
        seconds = np.full(rows, (_clock() - before) / rows)
        actions = _checked(proposed, (rows, env.dynamics.mode.size))
        observations, reward, _, _, info = env.step(actions)
        starts = np.zeros(rows, dtype=np.bool_)
        resource = info["epochs"].astype(np.float64)
        steps.append((actions, info["regret"], reward, resource, info["cost"], seconds))
    columns = [np.stack(column, axis=1)[:, None] for column in zip(*steps, strict=True)]
    return Records(suite.name, entrant.name, np.array(shard.tasks), np.array([seed]), *columns)


@cache
def fingerprint() -> str:
    """What decides the last bits of results: the machine's functions as NumPy computes them."""
    values = np.linspace(0.01, 40.0, 4001)
    outputs = [np.exp(-values), np.log(values), np.log10(values), np.cos(values), np.tanh(values)]
    digest = hashlib.sha256(np.concatenate(outputs).tobytes()).hexdigest()[:16]
    machine = {"numpy": np.__version__, "machine": platform.machine(), "functions": digest}
    return json.dumps(machine, sort_keys=True)


def _checked(actions: Any, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """The actions as they are stored and replayed: clipped, as the environment would do."""
    array = np.array(actions, dtype=np.float32)
    if array.shape != shape:
        raise ValueError(f"predict returned actions of shape {array.shape}, not {shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"predict returned actions that are not finite: {array.tolist()}")
    return np.clip(array, np.float32(-1.0), np.float32(1.0))
