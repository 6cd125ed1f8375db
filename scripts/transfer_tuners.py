"""The tuners of the transfer table, and what each of them knows before it begins."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import agents  # noqa: F401  (registers them)
from agents.informed.portfolio import FOLDER, file_name, read_portfolio
from agents.registry import CLASSIFIER_SEEDS
from hpo_gym import pretrained
from hpo_gym.families import HashedBank, make_family
from hpo_gym.tuners.entry import AgentEntry
from hpo_gym.tuners.registry import agent_entry

LEARNED: Mapping[str, str] = {
    "anyspace": "random functions",
    **{f"classifier-{seed}": "rough, recorded" for seed in CLASSIFIER_SEEDS},
}
"""Learned tuners of the registry, the default one last, and what they were trained on."""
STARTS = ("fictitious-3", "recorded-1", "recorded-3")
"""The first configurations that searches are also given: of whose portfolio, and how many."""
FAMILIES = ("fictitious", "binormal", "rough", "recorded")

_SEARCHES = ("random", "sobol", "tpe-5", "cma-es", "gp-4", "anyspace")
"""Those that take starts."""
_STARTED = re.compile(r"(?P<search>.+)-from-(?P<family>[a-z]+)-(?P<count>[1-9][0-9]*)")


class Contestant(NamedTuple):
    """A tuner that takes part."""

    entry: AgentEntry
    knows: str
    """What it was trained on, and what it is given."""


def usual() -> list[str]:
    """Names of all tuners, but for starts of other numbers."""
    started = [f"{name}-from-{start}" for start in STARTS for name in _SEARCHES]
    learned = [name for name in LEARNED if name not in _SEARCHES]
    return [*_SEARCHES, *started, *_informed(), *learned, "oracle"]


def contestant(name: str) -> Contestant:
    """A tuner by its name.

    Args:
        name: One of `usual`; or SEARCH-from-FAMILY-N, a search that first evaluates the first N
            configurations of the family's portfolio.

    Raises:
        ValueError: There is no such tuner.
    """
    informed = _informed()
    if name in informed:
        return informed[name]
    if match := _STARTED.fullmatch(name):
        return _started(name, match["search"], match["family"], int(match["count"]))
    if name not in (*_SEARCHES, *LEARNED, "oracle"):
        raise ValueError(
            f"tuner {name!r} must be one of {usual()}, or SEARCH-from-FAMILY-N with a family of "
            f"{FAMILIES}"
        )
    knows = "the task" if name == "oracle" else LEARNED.get(name, "nothing")
    return Contestant(agent_entry(name), knows)


def _started(name: str, search: str, family: str, count: int) -> Contestant:
    if search not in _SEARCHES or family not in FAMILIES:
        raise ValueError(f"tuner {name!r} must be one of {_SEARCHES} from one of {FAMILIES}")
    entry, units = agent_entry(search), read_portfolio(make_family(family), "f1")
    if count > len(units):
        raise ValueError(f"tuner {name!r}: the portfolio of {family!r} has {len(units)} places")
    settings = {**entry.settings, "initial": units[:count].tolist()}
    if search == "random":  # in the registry it is one of all action modes, which takes no starts
        settings["sampler"], entry = "random", agent_entry("tpe")
    started = replace(entry, name=name, settings=settings)
    given = f"{count} of {family}"
    return Contestant(started, f"{LEARNED[search]}; {given}" if search in LEARNED else given)


def _informed() -> dict[str, Contestant]:
    """Tuners that know one family of tasks."""
    return {one.entry.name: one for one in (*_portfolios(), *_particles(), *_policies())}


def _portfolios() -> Iterator[Contestant]:
    for family in FAMILIES:
        yield _of_family("portfolio", family)


def _particles() -> Iterator[Contestant]:
    for family in FAMILIES:
        if isinstance(make_family(family), HashedBank):
            yield _of_family("particle", family)


def _of_family(agent: str, family: str) -> Contestant:
    file = str(FOLDER / file_name(make_family(family), "f1"))
    return _knowing(agent_entry(agent), f"{agent}-{family}", family, file)


def _policies() -> Iterator[Contestant]:
    for policy in pretrained.policies():
        entry = agent_entry(f"{policy.algorithm}-{policy.seed}")
        yield _knowing(entry, policy.name, policy.family, str(policy.path))


def _knowing(entry: AgentEntry, name: str, family: str, file: str) -> Contestant:
    settings: dict[str, Any] = {**entry.settings, "family": family}
    known = replace(entry, name=name, settings=settings, files=(file,), families=())
    return Contestant(known, family)
