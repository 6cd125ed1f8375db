"""Inside the process of a tuner, which holds no environment: what its runner calls there."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym.executors.child import at_end
from hpo_gym.families import Family, register_family
from hpo_gym.references import reference_to, split
from hpo_gym.tuners.dependencies import Watch
from hpo_gym.tuners.entry import AgentEntry
from hpo_gym.tuning.options import Options
from hpo_gym.tuning.process import TuningProcess
from hpo_gym.tuning.rewards import REWARDS, register_reward

_SCHEDULER = Path("/proc/thread-self/schedstat")
"""Nanoseconds that the thread ran, and those that it waited for a processor."""


class Registrations(NamedTuple):
    """What a fresh process has to register to know the environments of some suites."""

    families: tuple[str, ...]
    """References to their classes."""
    rewards: tuple[tuple[str, str], ...]
    """Names, and references to their functions."""

    @classmethod
    def of(cls, families: Iterable[Family], rewards: Iterable[str]) -> Registrations:
        """Those of some families and of rewards by their names.

        Raises:
            ValueError: A family or a reward cannot be found by another process.
        """
        classes = {reference_to(type(family)) for family in families}
        functions = ((name, reference_to(REWARDS[name])) for name in sorted(set(rewards)))
        return cls(tuple(sorted(classes)), tuple(functions))

    def register(self) -> None:
        """Make them known to this process."""
        for family in self.families:
            register_family(family)
        for name, reward in self.rewards:
            register_reward(name, reward)


NOTHING = Registrations((), ())
"""For families and rewards that come with the package."""


class Briefing(NamedTuple):
    """What a tuner may know before it is asked, and how it is built."""

    entry: AgentEntry
    """Its factory is given by name."""
    family: str | Mapping[str, Any] | Family
    options: Mapping[str, Any]
    registrations: Registrations


class _Here:
    """What this process holds."""

    agent: Any = None
    state: Any = None
    watch: Watch | None = None


def build(briefing: Briefing, seed: int, told: tuple[tuple[int, ...], str] | None) -> None:
    """Build the tuner; an oracle is told the tasks and the split that it faces."""
    close()
    briefing.registrations.register()
    if briefing.entry.version is None and _Here.watch is None:
        _Here.watch = Watch(briefing.entry.root)
        _prefer_neighbours(briefing.entry)
    # Of the training's tasks: nothing that the tuner is given draws those that it will face.
    options = Options(family=briefing.family, split="train", **briefing.options)
    _Here.agent = briefing.entry.build(TuningProcess(options), seed=seed)
    if told is not None and hasattr(_Here.agent, "begin"):
        _Here.agent.begin(tasks=np.array(told[0]), split=told[1])


def decide(observations: NDArray[np.float32], begins: bool) -> tuple[Any, float]:
    """The tuner's actions for all rows, as lists, and its seconds."""
    state = None if begins else _Here.state
    starts = np.full(len(observations), begins)
    asked = {"state": state, "episode_start": starts, "deterministic": True}
    answer, seconds = timed(partial(_Here.agent.predict, observations, **asked))
    if not isinstance(answer, tuple) or len(answer) != 2:
        raise ValueError(f"predict must return (actions, state), it returned {answer!r}")
    actions, _Here.state = answer
    return np.asarray(actions, dtype=np.float32).tolist(), seconds


def files() -> dict[str, str]:
    """What the tuner read, if it has no version that stands for it."""
    return {} if _Here.watch is None else _Here.watch.files()


def close() -> None:
    """Let the tuner close, if it can."""
    agent, _Here.agent, _Here.state = _Here.agent, None, None
    if hasattr(agent, "close"):
        agent.close()


at_end(close)  # also of a tuner that is ended in the midst of a decision


def _prefer_neighbours(entry: AgentEntry) -> None:
    """Let a tuner that is not shipped import the user's own before all else.

    That is what lies beside it, beside the package that its file is in, and in the working folder.
    """
    source, _ = split(entry.reference)
    places = [Path.cwd()]
    if source.endswith(".py"):
        folder = package = Path(source).resolve().parent
        while (package / "__init__.py").exists():
            package = package.parent
        places = [folder, package, *places]
    sys.path[:0] = dict.fromkeys(map(str, places))


def _waited() -> float:
    """Seconds that this thread waited for a processor so far; 0 where the system does not tell."""
    try:
        return 1e-9 * int(_SCHEDULER.read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0


def timed(decide: Callable[[], Any]) -> tuple[Any, float]:
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
