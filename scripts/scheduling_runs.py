"""What is kept of the runs of `scripts.scheduling`, how they are played, and their files."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from agents.schedulers.registry import (
    SAMPLERS,
    make_scheduling_agent,
    parts_of,
    policy_file,
    settings_of,
)
from hpo_gym.families import RecordedFamily
from hpo_gym.files import write_atomic
from hpo_gym.tuners.dependencies import digest_of
from hpo_gym.tuners.play import play

ENV = "RecordedHPOSchedule-v0"
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "budget": {"budget": 800, "workers": 4, "max_runs": 64},
    "runs": {"budget": 1600, "workers": 4, "max_runs": 16},
}
"""Options of the environment: equal worker-epochs for all, or equal numbers of runs."""
MOMENTS = np.arange(1, 21) / 20
"""Shares of the budget, and of the time that it takes if no worker waits, at which we look."""
QUARTERS = (4, 9, 14, 19)
"""Places of the quarters in it."""
_ARRAYS = ("by_epochs", "by_time", "started", "spent")


@dataclass(frozen=True)
class Rows:
    """What an agent did on n tables with s seeds each.

    Attributes:
        by_epochs: Noise-free regret of the incumbent when a share of the budget has been trained
            and reported, (n, s, moments) float32.
        by_time: The same when a share of the time has passed.
        started: Number of runs, (n, s).
        spent: Worker-epochs that were granted, (n, s).
        about: What the agent and the environment were.
    """

    by_epochs: NDArray[np.float32]
    by_time: NDArray[np.float32]
    started: NDArray[np.int64]
    spent: NDArray[np.int64]
    about: Mapping[str, Any]

    @property
    def saved(self) -> NDArray[np.float64]:
        """Share of the epochs of all runs that were not trained, (n, s)."""
        return np.asarray(1.0 - self.spent / (self.about["whole"] * self.started))


class Contestant(NamedTuple):
    """An agent that takes part."""

    name: str
    """Of an agent of `agents.schedulers.registry`."""
    about: Mapping[str, Any]
    """What it is, JSON-able: where it has changed, its runs are played anew."""

    @property
    def file(self) -> str:
        """Name of the file of its runs."""
        return f"{self.name.replace('/', '-').removesuffix('.npz')}.npz"


def contestant(name: str) -> Contestant:
    """An agent by its name, such as "tpe+asha".

    Raises:
        ValueError: There is none, or the file of its policy cannot be read.
    """
    sampler, scheduler = parts_of(name)
    file = policy_file(scheduler)
    settings: Any = digest_of(file) if file else dict(settings_of(sampler, scheduler))
    return Contestant(name, {"sampler": dict(SAMPLERS[sampler][1]), "scheduler": settings})


def played(agent: Contestant, split: str, setting: str, seeds: int, **settings: Any) -> Rows:
    """Play an agent on all tables of a split, each with several seeds.

    Row s n + t of the environment is table t with seed s: more seeds do not change the first ones.

    Args:
        agent: The agent.
        split: Which tables.
        setting: One of `SETTINGS`.
        seeds: Number of seeds s.
        **settings: They take the place of the scheduler's settings.
    """
    tables = RecordedFamily.sizes[split]
    tasks = tuple(range(tables)) * seeds
    options = SETTINGS[setting]
    envs: Any = gym.make_vec(ENV, len(tasks), split=split, task=tasks, **options)
    process = envs.unwrapped.process
    player = make_scheduling_agent(agent.name, envs, **settings)
    budget, whole = process.options.budget, process.encoder.reports[-1]
    shortest = budget / sum(process.options.worker_speeds)
    trained = np.zeros((len(tasks), process.encoder.max_runs))
    curves = np.ones((2, len(tasks), len(MOMENTS)), dtype=np.float32)
    counts = np.zeros((2, len(tasks)), dtype=np.int64)
    for turn in play(player, envs, seed=0):
        infos, here = turn.infos, turn.running
        rows = np.flatnonzero(here & (infos["run"] >= 0))
        trained[rows, infos["run"][rows]] = infos["epochs"][rows]
        for curve, share in zip(
            curves, (trained.sum(axis=1) / budget, infos["time"] / shortest), strict=True
        ):
            before = here[:, None] & (share[:, None] <= MOMENTS + 1e-9)
            curve[before] = np.broadcast_to(infos["regret"][:, None], before.shape)[before]
        counts[:, here] = np.stack([infos["runs"], infos["granted"]])[:, here]
    envs.close()
    shape = (seeds, tables)
    arrays = [np.swapaxes(one.reshape(*shape, *one.shape[1:]), 0, 1) for one in (*curves, *counts)]
    return Rows(*arrays, about=_about(agent, options, whole))


def _about(agent: Contestant, options: Mapping[str, Any], whole: int) -> dict[str, Any]:
    return {"agent": dict(agent.about), "options": dict(options), "whole": whole}


def kept(path: Path, agent: Contestant, setting: str, seeds: int) -> Rows | None:
    """The rows of a file; None if it has none of this agent as it is now, or of fewer seeds."""
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in _ARRAYS}
        about = json.loads(str(file["about"]))
    wanted = _about(agent, SETTINGS[setting], about["whole"])
    if about != json.loads(json.dumps(wanted)) or arrays["started"].shape[1] < seeds:
        return None
    return Rows(**{name: array[:, :seeds] for name, array in arrays.items()}, about=about)


def keep(path: Path, rows: Rows) -> None:
    """Write rows into a file."""
    buffer = io.BytesIO()
    arrays = {name: getattr(rows, name) for name in _ARRAYS}
    small = {name: arrays[name].astype(np.int16) for name in ("started", "spent")}
    about = json.dumps(rows.about, sort_keys=True)
    np.savez_compressed(buffer, **{**arrays, **small, "about": np.array(about)})
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, buffer.getvalue())
