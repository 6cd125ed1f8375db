"""The unit of work: one tuner's episodes on a shard of a suite, side by side."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym.benchmark.results.records import Records
from hpo_gym.benchmark.running.hosted import NOTHING, Briefing, Registrations
from hpo_gym.benchmark.running.measure import Meter
from hpo_gym.benchmark.running.tuner_process import TunerError, TunerProcess
from hpo_gym.benchmark.suites.suite import Shard, Suite, env_seed
from hpo_gym.tuners.entry import AgentEntry


class Job(NamedTuple):
    """An agent's work on a shard."""

    suite: Suite
    agent: AgentEntry
    shard: Shard


def agent_seed(key: str, shard: Shard, salt: str = "") -> int:
    """Seed of an agent for a shard, in [0, 2**32): a hash of its key, the seed, the first task."""
    text = f"{key}/{shard.seed}/{shard.tasks[0]}" + (f"/{salt}" if salt else "")
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "little")


def run_shard(job: Job, tuner: TunerProcess, registrations: Registrations = NOTHING) -> Records:
    """One tuner's episodes on a shard.

    The tuner is built anew, and decides for all rows at once, which share the time.

    Args:
        job: The agent, given by name (`AgentEntry.importable`), and what it is run on.
        tuner: The process that it runs in.
        registrations: What that has to register.

    Raises:
        TunerError: The tuner fails, or its `predict` returns something other than actions and a
            state, or actions of the wrong shape, or that are not finite.
        ValueError: A regret is not in [0, 1]: the optimum that it is measured against is wrong.
    """
    suite, entry, shard = job
    begin(tuner, job, registrations)
    env = suite.vector_env(len(shard.tasks))
    meter = Meter(suite, env)
    observations, _ = env.reset(
        seed=[env_seed(task, shard.seed, suite.salt) for task in shard.tasks],
        options={"task": np.array(shard.tasks)},
    )
    infos: list[dict[str, Any]] = []
    steps: list[tuple[NDArray[Any], ...]] = []
    for evaluation in range(1, suite.budget + 1):
        try:
            chosen, seconds = tuner.decide(observations, begins=evaluation == 1)
        except TunerError as error:
            place = f"evaluation {evaluation} on the tasks {list(shard.tasks)}"
            raise TunerError(f"{place}: {error.message}", error.hung) from error
        actions = _checked(chosen, shard.tasks, suite.action_size, evaluation)
        observations, reward, _, _, info = env.step(actions)
        infos.append(info)
        steps.append((actions, reward, np.full(len(actions), seconds / len(actions))))
    env.close()
    actions, reward, spent = (np.stack(part, axis=1) for part in zip(*steps, strict=True))
    columns = (meter.curve(infos), reward, meter.resource(infos), meter.cost(infos), spent)
    records = Records(
        suite.name,
        entry.name,
        np.array(shard.tasks),
        np.array([shard.seed]),
        actions[:, None],
        *(column[:, None] for column in columns),
    )
    records.check_suite(suite)  # here, where no tuner is to blame for an optimum that is wrong
    return records


def begin(tuner: TunerProcess, job: Job, registrations: Registrations) -> None:
    """Have a tuner built for a shard.

    It is told the family as everyone knows it. Only an oracle, which says that it needs the
    process, is told the sealed family and its tasks.
    """
    suite, entry, shard = job
    oracle = entry.needs == "process"
    family = suite.sealed_family if oracle else suite.family
    tuner.build(
        Briefing(entry, family, suite.options, registrations),
        seed=agent_seed(entry.seed_key, shard, suite.salt),
        told=(shard.tasks, suite.split) if oracle else None,
    )


def _checked(
    actions: NDArray[np.float32], tasks: Sequence[int], size: int, evaluation: int
) -> NDArray[np.float32]:
    """A tuner's actions on some tasks, clipped, as the environment would do."""
    shape = (len(tasks), size)
    if actions.shape != shape:
        raise TunerError(
            f"evaluation {evaluation} on the tasks {list(tasks)}: predict returned actions of "
            f"shape {actions.shape}, not {shape}"
        )
    for task, action in zip(tasks, actions, strict=True):
        if not np.isfinite(action).all():
            raise TunerError(
                f"evaluation {evaluation} on task {task}: predict returned an action that is not "
                f"finite: {action.tolist()}"
            )
    return np.clip(actions, np.float32(-1.0), np.float32(1.0))
