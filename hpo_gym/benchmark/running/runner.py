"""Run tuners on suites and store every evaluation; a killed run resumes where it stopped."""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from typing import NamedTuple

import numpy as np

from hpo_gym.benchmark.results.records import Records
from hpo_gym.benchmark.results.store import Store
from hpo_gym.benchmark.running.hosted import Registrations
from hpo_gym.benchmark.running.profile import Profile
from hpo_gym.benchmark.running.shards import Job, run_shard
from hpo_gym.benchmark.running.tuner_process import TIMEOUT, TunerError, TunerProcess
from hpo_gym.benchmark.suites.suite import Suite
from hpo_gym.executors.child import at_end
from hpo_gym.executors.executor import Executor, Failure
from hpo_gym.executors.processes import Processes
from hpo_gym.families import make_family
from hpo_gym.tuners.entry import AgentEntry

PATIENCE = 3
"""An agent that failed on this many shards of a suite is tried on no more of them in this run."""

_POLL = 0.5
"""Seconds between two looks at what another run on the same store does."""

EVERYTHING = Profile()
"""All agents on all tasks and seeds."""


class TunerFailure(NamedTuple):
    """What a tuner did instead of its work."""

    message: str
    hung: bool
    """Whether it gave no answer in time: it is not tried any more in this run."""


def run(
    store: Store,
    suites: Sequence[Suite],
    agents: Sequence[AgentEntry],
    *,
    profile: Profile = EVERYTHING,
    executor: Executor | None = None,
    timeout: float = TIMEOUT,
    report: Callable[[Job, TunerFailure | Failure | None], None] = lambda job, failure: None,
) -> int:
    """Run what the store does not have yet, in the order of the agents: let fast ones go first.

    Args:
        store: Where results and failures go.
        suites: The suites.
        agents: The agents.
        profile: How much of the suites each runs on.
        executor: What does the work; one process by default.
        timeout: Seconds that a tuner has for each of its answers.
        report: Called after each shard, with its job and how it failed: by the tuner, or
            (`Failure`) by the family or the machine, which is not stored.

    Returns:
        The number of shards that failed, or were not tried after `PATIENCE` failures.

    Raises:
        ValueError: The store has results of another agent under the same name, or a suite cannot
            be run, see `Suite.check`.
    """
    queue = _Queue(store, missing_jobs(store, suites, agents, profile))
    families = (make_family(suite.family) for suite in suites)
    registrations = Registrations.of(families, (suite.options["reward"] for suite in suites))
    work = partial(_work, registrations, timeout)
    while queue.jobs:
        for job, outcome in (executor or Processes()).run(iter(queue), work):
            if isinstance(outcome, Done):
                try:
                    store.add(job.suite, outcome.records, fingerprint(), outcome.files)
                except ValueError as error:  # what it read has changed, or is gone; others go on
                    outcome = TunerFailure(str(error), hung=False)
                else:
                    report(job, None)
                    continue
            queue.failed(job, outcome)
            if isinstance(outcome, TunerFailure):
                store.fail(job.suite, job.agent.name, job.shard, outcome.message)
            report(job, outcome)
        for job in queue.done_elsewhere():
            report(job, None)
    for job in queue.given_up:
        if job.agent.name in queue.hung:
            why = f"not tried: {queue.hung[job.agent.name]}"
            store.fail(job.suite, job.agent.name, job.shard, why)
    return queue.failures.total() + len(queue.given_up)


class _Queue:
    """The jobs that are worth a try, and that no other run is at."""

    def __init__(self, store: Store, jobs: Sequence[Job]) -> None:
        self._store, self.jobs = store, list(jobs)
        self.failures: Counter[tuple[str, str]] = Counter()
        self.given_up: list[Job] = []
        self.hung: dict[str, str] = {}
        """Why agents are not tried on anything any more."""

    def __iter__(self) -> Iterator[Job]:
        jobs, self.jobs = self.jobs, []
        for job in jobs:
            patient = self.failures[job.suite.name, job.agent.name] < PATIENCE
            if not patient or job.agent.name in self.hung:
                self.given_up.append(job)
            elif self._store.claim(job.suite, job.agent.name, job.shard):
                yield job
            else:
                self.jobs.append(job)

    def done_elsewhere(self) -> Iterator[Job]:
        """Wait a little for the jobs that another run is at; those that it did leave the queue."""
        if self.jobs:
            time.sleep(_POLL)
        jobs, self.jobs = self.jobs, []
        for job in jobs:
            done = self._store.episodes(job.suite, job.agent.name)
            if all((task, job.shard.seed) in done for task in job.shard.tasks):
                yield job
            else:  # it is claimed again, for the other run may have died
                self.jobs.append(job)

    def failed(self, job: Job, failure: TunerFailure | Failure) -> None:
        self.failures[job.suite.name, job.agent.name] += 1
        if isinstance(failure, TunerFailure) and failure.hung:
            self.hung[job.agent.name] = f"{failure.message} on {job.suite.name}"


def missing_jobs(
    store: Store,
    suites: Sequence[Suite],
    agents: Iterable[AgentEntry],
    profile: Profile = EVERYTHING,
    say: Callable[[str], None] = lambda line: None,
) -> list[Job]:
    """The work that is not in the store, agent by agent; results of a changed agent are deleted.

    Args:
        store: The results.
        suites: The suites.
        agents: The agents.
        profile: How much of the suites each runs on.
        say: Told, in a line, which agents changed.

    Raises:
        ValueError: See `run`.
    """
    for suite in suites:
        suite.check()
    jobs = []
    for agent in agents:
        sent = agent.importable()
        for suite in suites:
            if (line := store.begin(suite, agent)) is not None:
                say(line)
            done = store.episodes(suite, agent.name)
            for shard in suite.shards(*profile.size(agent, suite)):
                if not all((task, shard.seed) in done for task in shard.tasks):
                    jobs.append(Job(suite, sent, shard))
    return jobs


class _Seat:
    """The process of the tuner whose jobs a worker does, kept from job to job."""

    def __init__(self) -> None:
        self._tuner: TunerProcess | None = None
        at_end(self.close)

    def of(self, entry: AgentEntry, timeout: float) -> TunerProcess:
        """The process of a tuner; that of another one ends."""
        if self._tuner is None or self._tuner.name != entry.name or not self._tuner.alive:
            self.close()
            self._tuner = TunerProcess(entry.name, timeout)
        return self._tuner

    def close(self) -> None:
        if self._tuner is not None:
            self._tuner.close()
            self._tuner = None


_seat = _Seat()


class Done(NamedTuple):
    """A job's results."""

    records: Records
    files: dict[str, str]
    """What the tuner read, see `hpo_gym.tuners.dependencies.Watch.files`."""


def _work(registrations: Registrations, timeout: float, job: Job) -> Done | TunerFailure:
    """A job in a worker process."""
    registrations.register()
    tuner = _seat.of(job.agent, timeout)
    try:
        return Done(run_shard(job, tuner, registrations), tuner.files())
    except TunerError as error:
        return TunerFailure(error.message, error.hung)


@cache
def fingerprint() -> str:
    """What decides the last bits of results: the machine's functions as NumPy computes them."""
    values = np.linspace(0.01, 40.0, 4001)
    outputs = [np.exp(-values), np.log(values), np.log10(values), np.cos(values), np.tanh(values)]
    digest = hashlib.sha256(np.concatenate(outputs).tobytes()).hexdigest()[:16]
    machine = {"numpy": np.__version__, "machine": platform.machine(), "functions": digest}
    return json.dumps(machine, sort_keys=True)
