"""A small suite, small tuners in files of their own, and what their results are compared by."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from hpo_gym.benchmark.results.records import COLUMNS, Records
from hpo_gym.benchmark.results.store import Store
from hpo_gym.benchmark.running.profile import Profile
from hpo_gym.benchmark.running.shards import Job, run_shard
from hpo_gym.benchmark.running.tuner_process import TunerProcess
from hpo_gym.benchmark.suites.suite import Shard, Suite, standard_options
from hpo_gym.tuners.entry import AgentEntry

FAMILY = {"name": "fictitious", "version": 1}
OPTIONS = standard_options(max_evaluations=3)
SUITE = Suite("tiny", FAMILY, "test", tuple(range(5, 41)), (3, 0), OPTIONS)
"""Three blocks of tasks, of 16, 16 and 4, times two seeds."""

TUNERS = '''
import os
import time
import numpy as np

class Tuner:
    """Random, from its seed."""
    def __init__(self, problem, *, seed, delay=0.0):
        self.random, self.delay = np.random.default_rng(seed), delay

    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        time.sleep(self.delay)
        return self.random.uniform(-1.2, 1.2, (len(observation), 3)), state

class Raises(Tuner):
    def predict(self, *args, **kwargs):
        raise RuntimeError("no idea")

class Nan(Tuner):
    def predict(self, observation, **kwargs):
        actions = np.zeros((len(observation), 3))
        actions[2, 1] = np.nan
        return actions, None

class Shape(Tuner):
    def predict(self, observation, **kwargs):
        return np.zeros(3), None

class Stateless(Tuner):
    def predict(self, observation, **kwargs):
        return np.zeros((len(observation), 3))

class Seedless(Tuner):
    def __init__(self, problem):
        super().__init__(problem, seed=0)

class Dies(Tuner):
    def predict(self, observation, **kwargs):
        os._exit(7)

class Leaves(Tuner):
    def predict(self, observation, **kwargs):
        raise SystemExit(0)

class Told(Tuner):
    def begin(self, *, tasks, split):
        self.told = tasks
        assert split == "test"

    def predict(self, observation, **kwargs):
        return np.repeat(self.told[:, None] / 100, 3, axis=1), None
'''


def up_to(tasks: int, seeds: int) -> Profile:
    """A profile that lets the tuners run on the first tasks and seeds of every suite."""
    return Profile(limits={"fast": {"*": (tasks, seeds)}})


def tuner(folder: Path, attribute: str = "Tuner", **fields) -> AgentEntry:
    """One of the tuners above, from a file in the folder."""
    file = folder / "tuners.py"
    if not file.exists():
        file.write_text(TUNERS)
    return AgentEntry(**{"name": attribute.lower(), "factory": f"{file}:{attribute}", **fields})


def ran(suite: Suite, entry: AgentEntry, shard: Shard, timeout: float = 60.0) -> Records:
    """What a tuner does on a shard, in a process of its own."""
    with TunerProcess(entry.name, timeout) as process:
        return run_shard(Job(suite, entry, shard), process)


def records(agent: str = "mine", seed: int = 0) -> Records:
    """Made-up results on the whole suite, numbers that use all of their bits."""
    shape = len(SUITE.tasks), len(SUITE.seeds), SUITE.budget
    random = np.random.default_rng(seed)
    numbers = random.normal(size=(len(COLUMNS), *shape)) * 10.0 ** random.integers(
        -30, 30, SUITE.budget
    )
    numbers[0] = random.uniform(size=shape)  # regret
    numbers[-1] = np.abs(numbers[-1])  # seconds
    actions = random.uniform(-1, 1, size=(*shape, 3)).astype(np.float32)
    return Records("tiny", agent, np.array(SUITE.tasks), np.array(SUITE.seeds), actions, *numbers)


def assert_equal_runs(one: Records, other: Records) -> None:
    """All but the decision times must be equal to the last bit."""
    assert one.agent == other.agent
    for name in ("tasks", "seeds", "actions", *COLUMNS):
        if name != "seconds":
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def named(name: str) -> AgentEntry:
    """An agent whose results are made up."""
    return AgentEntry(name, "agents:make_agent", version=1)


MINE = named("mine")


def fill(store: Store, *names: str, seed: int = 0, suite: Suite = SUITE) -> None:
    """Store made-up results of some agents."""
    for name in names:
        store.begin(suite, named(name))
        store.add(suite, replace(records(name, seed), suite=suite.name), "here")
