"""The tuners of the benchmark, and how much of each suite the slower ones run on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from agents import AGENTS, INFORMED, SEARCHES
from agents.informed.portfolio import FOLDER, file_name
from hpo_gym import pretrained
from hpo_gym.benchmark.running.entrants import Entrant
from hpo_gym.families import make_family

Limits = Mapping[str, tuple[int, int]]

_MAIN = ("fictitious-test", "fictitious-shifted", "fictitious-noisy", "binormal-test")
_CAPABILITIES = tuple(
    f"capability-{name}" for name in ("noise", "plateau", "narrow", "cost", "shift")
)


class Profile(NamedTuple):
    """How thorough a benchmark is."""

    suites: tuple[str, ...]
    limits: Mapping[str, Limits]
    """Numbers of first tasks and seeds by the tuner's speed and by suite, "*": the others."""


PROFILES: Mapping[str, Profile] = {
    "smoke": Profile(("smoke",), {speed: {"*": (8, 1)} for speed in ("medium", "slow")}),
    "quick": Profile(
        (*_MAIN, *_CAPABILITIES),
        {
            "medium": {"*": (32, 2)} | dict.fromkeys(_MAIN, (128, 2)),
            "slow": {"*": (16, 1)} | dict.fromkeys(_MAIN, (64, 1)),
        },
    ),
    "full": Profile(
        (*_MAIN, *_CAPABILITIES),
        {"slow": dict.fromkeys(_MAIN, (128, 2))},
    ),
}

_TUNERS = (
    ("uninformed", "fast", ("random", "sobol", "grid", "nelder-mead")),
    ("informed", "fast", ("static", "portfolio")),
    ("oracle", "fast", ("oracle",)),
    ("uninformed", "medium", ("cma-es", "tpe", "tpe-5")),
    ("informed", "medium", ("particle",)),
    ("uninformed", "slow", ("gp-4", "gp")),
    ("informed", "slow", ("gp-portfolio",)),
)
"""Groups, speeds and names, in the order in which they run. An episode takes milliseconds of a
fast tuner, hundredths of a second to half a second of a medium one, seconds of the slow ones."""


def entrants(profile: Profile) -> tuple[Entrant, ...]:
    """The tuners, with the limits of a profile, in the order in which they run."""
    known = [
        _entrant(name, group, profile.limits.get(speed, {}))
        for group, speed, names in _TUNERS
        for name in names
    ]
    return (*_learned(), *known)


def _entrant(name: str, group: str, limits: Limits) -> Entrant:
    """A tuner as `agents` knows it."""
    if name in AGENTS:
        agent = AGENTS[name]
        factory = f"{agent.__module__}:{agent.__qualname__}"
        return Entrant(name, factory, {}, group, limits, privileged=group == "oracle")
    factory, settings = (SEARCHES | INFORMED)[name]
    families = map(make_family, pretrained.families()) if name in INFORMED else ()
    portfolios = sorted(str(FOLDER / file_name(family, "f1")) for family in families)
    return Entrant(name, factory, settings, group, limits, files=tuple(portfolios))


def _learned() -> list[Entrant]:
    """The pretrained tuners: one for every algorithm and seed of its training."""
    known = pretrained.names()
    entrants = []
    for algorithm, seed in sorted({(name.split("-")[0], name.split("-")[2]) for name in known}):
        families = [
            family for family in pretrained.families() if f"{algorithm}-{family}-{seed}" in known
        ]
        entrants.append(
            Entrant(
                f"{algorithm}-{seed}",
                "agents.learned.pretrained:PretrainedTuner",
                {"algorithm": algorithm, "training_seed": int(seed)},
                "learned",
                files=tuple(str(pretrained.path(algorithm, name, int(seed))) for name in families),
                families=tuple(families),
            )
        )
    return entrants
