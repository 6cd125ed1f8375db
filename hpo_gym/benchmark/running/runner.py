"""Run tuners on suites and store every evaluation; a killed run resumes where it stopped."""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym.benchmark.results.records import Records
from hpo_gym.benchmark.results.store import Store
from hpo_gym.benchmark.running.measure import Meter
from hpo_gym.benchmark.running.profile import Profile
from hpo_gym.benchmark.suites.suite import Shard, Suite, env_seed
from hpo_gym.executors.executor import Executor, Failure
from hpo_gym.executors.processes import Processes
from hpo_gym.families import make_family, register_family
from hpo_gym.references import reference_to
from hpo_gym.tuners.registry import AgentEntry
from hpo_gym.tuning.rewards import REWARDS, register_reward

_SCHEDULER = Path("/proc/thread-self/schedstat")
"""Nanoseconds that the thread ran, and those that it waited for a processor."""

PATIENCE = 3
"""An agent that failed on this many shards of a suite is tried on no more of them in this run."""


EVERYTHING = Profile()
"""All agents on all tasks and seeds."""


class Job(NamedTuple):
    """An agent's work on a shard."""

    suite: Suite
    agent: AgentEntry
    shard: Shard


class Registrations(NamedTuple):
    """What a fresh process has to register to know the environments of some suites."""

    families: tuple[str, ...]
    """References to their classes."""
    rewards: tuple[tuple[str, str], ...]
    """Names, and references to their functions."""

    @classmethod
    def of(cls, suites: Iterable[Suite]) -> Registrations:
        """Those of some suites.

        Raises:
            ValueError: A family or a reward cannot be found by another process.
        """
        families = {reference_to(type(make_family(suite.family))) for suite in suites}
        names = {suite.options["reward"] for suite in suites}
        rewards = ((name, reference_to(REWARDS[name])) for name in sorted(names))
        return cls(tuple(sorted(families)), tuple(rewards))

    def register(self) -> None:
        """Make them known to this process."""
        for family in self.families:
            register_family(family)
        for name, reward in self.rewards:
            register_reward(name, reward)


def run(
    store: Store,
    suites: Sequence[Suite],
    agents: Sequence[AgentEntry],
    *,
    profile: Profile = EVERYTHING,
    executor: Executor | None = None,
    report: Callable[[Job, bool], None] = lambda job, succeeded: None,
) -> int:
    """Run what the store does not have yet, in the order of the agents: let fast ones go first.

    Args:
        store: Where results and failures go.
        suites: The suites.
        agents: The agents.
        profile: How much of the suites each runs on.
        executor: What does the work; one process by default.
        report: Called after each shard, with its job and whether it succeeded.

    Returns:
        The number of shards that failed, or were not tried after `PATIENCE` failures.

    Raises:
        ValueError: The store has results of another agent under the same name, or a suite cannot
            be run, see `Suite.check`.
    """
    missing = missing_jobs(store, suites, agents, profile)
    failures: Counter[tuple[str, str]] = Counter()
    given_up: list[Job] = []

    def hopeful() -> Iterator[Job]:
        for job in missing:
            if failures[job.suite.name, job.agent.name] < PATIENCE:
                yield job
            else:
                given_up.append(job)

    work = partial(_work, Registrations.of(suites))
    outcomes = (executor or Processes()).run(hopeful(), work, owner=lambda job: job.agent.name)
    for job, outcome in outcomes:
        if isinstance(outcome, Failure):
            failures[job.suite.name, job.agent.name] += 1
            store.fail(job.suite, job.agent.name, job.shard, outcome.message)
        else:
            store.add(job.suite, outcome, fingerprint())
        report(job, not isinstance(outcome, Failure))
    return failures.total() + len(given_up)


def missing_jobs(
    store: Store,
    suites: Sequence[Suite],
    agents: Iterable[AgentEntry],
    profile: Profile = EVERYTHING,
) -> list[Job]:
    """The work that is not in the store, agent by agent.

    Raises:
        ValueError: See `run`.
    """
    for suite in suites:
        suite.check()
    jobs = []
    for agent in agents:
        sent = agent.importable()
        for suite in suites:
            store.begin(suite, agent)
            done = store.episodes(suite, agent.name)
            for shard in suite.shards(*profile.size(agent, suite)):
                if not all((task, shard.seed) in done for task in shard.tasks):
                    jobs.append(Job(suite, sent, shard))
    return jobs


def _work(registrations: Registrations, job: Job) -> Records:
    registrations.register()
    return run_shard(job)


def agent_seed(name: str, shard: Shard) -> int:
    """Seed of an agent for a shard, in [0, 2**32): a hash of its name, seed and first task."""
    digest = hashlib.sha256(f"{name}/{shard.seed}/{shard.tasks[0]}".encode()).digest()
    return int.from_bytes(digest[:4], "little")


def _waited() -> float:
    """Seconds that this thread waited for a processor so far; 0 where the system does not tell."""
    try:
        return 1e-9 * int(_SCHEDULER.read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0


def _timed(decide: Callable[[], Any]) -> tuple[Any, float]:
    """A decision, and its wall-clock seconds less those of waiting for a processor.

    So the decision time of a tuner is what it would be on an idle core, however busy the machine
    is. Where the system does not tell (Linux does), waiting counts. Reading the waiting time takes
    as long as a fast tuner: the counter runs within the two readings only. Waiting
    between a reading and the counter can make the difference negative, which counts as 0.
    """
    waited, begun = _waited(), time.perf_counter()
    answer = decide()
    ended = time.perf_counter()
    return answer, max(0.0, ended - begun - (_waited() - waited))


def run_shard(job: Job) -> Records:
    """One tuner's episodes on a shard, side by side.

    The tuner is built anew, for an environment like the one that it will tune in but of the
    training's tasks: nothing that it is given draws the tasks that it will face. That keeps honest
    tuners from mistakes; no Python program can stop one that wants to cheat. All rows decide at
    once, and share the time.

    Raises:
        ValueError: The tuner's `predict` returns something other than actions and a state, or
            actions of the wrong shape, or that are not finite.
    """
    suite, entry, shard = job
    rows, size = len(shard.tasks), suite.action_size
    training = replace(suite, split="train")
    agent = entry.build(training.vector_env(rows), seed=agent_seed(entry.name, shard))
    if entry.needs == "process" and hasattr(agent, "begin"):
        agent.begin(tasks=np.array(shard.tasks), split=suite.split)
    env = suite.vector_env(rows)
    meter = Meter(suite, env)
    observations, _ = env.reset(
        seed=[env_seed(task, shard.seed) for task in shard.tasks],
        options={"task": np.array(shard.tasks)},
    )
    state, starts = None, np.ones(rows, dtype=np.bool_)
    infos: list[dict[str, Any]] = []
    steps: list[tuple[NDArray[Any], ...]] = []
    for evaluation in range(1, suite.budget + 1):
        asked = {"state": state, "episode_start": starts, "deterministic": True}
        answer, seconds_of_all = _timed(partial(agent.predict, observations, **asked))
        actions, state = _checked(answer, shard.tasks, size, evaluation)
        observations, reward, _, _, info = env.step(actions)
        starts = np.zeros(rows, dtype=np.bool_)
        infos.append(info)
        steps.append((actions, reward, np.full(rows, seconds_of_all / rows)))
    actions, reward, seconds = (np.stack(part, axis=1) for part in zip(*steps, strict=True))
    columns = (meter.curve(infos), reward, meter.resource(infos), meter.cost(infos), seconds)
    return Records(
        suite.name,
        entry.name,
        np.array(shard.tasks),
        np.array([shard.seed]),
        actions[:, None],
        *(column[:, None] for column in columns),
    )


@cache
def fingerprint() -> str:
    """What decides the last bits of results: the machine's functions as NumPy computes them."""
    values = np.linspace(0.01, 40.0, 4001)
    outputs = [np.exp(-values), np.log(values), np.log10(values), np.cos(values), np.tanh(values)]
    digest = hashlib.sha256(np.concatenate(outputs).tobytes()).hexdigest()[:16]
    machine = {"numpy": np.__version__, "machine": platform.machine(), "functions": digest}
    return json.dumps(machine, sort_keys=True)


def _checked(
    answer: Any, tasks: Sequence[int], size: int, evaluation: int
) -> tuple[NDArray[np.float32], Any]:
    """A tuner's actions on some tasks, clipped, as the environment would do, and its state."""
    place = f"evaluation {evaluation} on the tasks {list(tasks)}: predict"
    if not isinstance(answer, tuple) or len(answer) != 2:
        raise ValueError(f"{place} must return (actions, state), it returned {answer!r}")
    actions, state = answer
    array, shape = np.array(actions, dtype=np.float32), (len(tasks), size)
    if array.shape != shape:
        raise ValueError(f"{place} returned actions of shape {array.shape}, not {shape}")
    for task, action in zip(tasks, array, strict=True):
        if not np.isfinite(action).all():
            raise ValueError(
                f"evaluation {evaluation} on task {task}: predict returned an action that is not "
                f"finite: {action.tolist()}"
            )
    return np.clip(array, np.float32(-1.0), np.float32(1.0)), state
