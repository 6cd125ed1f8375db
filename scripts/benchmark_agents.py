"""Which agents and suites the benchmark runs, how much of them, and what its scores refer to."""

from __future__ import annotations

import json
from collections.abc import Mapping

import agents  # noqa: F401  (registers them)
from hpo_gym import pretrained
from hpo_gym.benchmark.running.profile import Profile
from hpo_gym.benchmark.scoring.scores import Settings
from hpo_gym.tuners.entry import AgentEntry
from hpo_gym.tuners.registry import agent_entry, registered_agents

_MAIN = ("fictitious-test", "fictitious-shifted", "fictitious-noisy", "binormal-test")
_CAPABILITIES = tuple(
    f"capability-{name}" for name in ("noise", "plateau", "narrow", "cost", "shift")
)

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

_FAST = ("random", "sobol", "grid", "nelder-mead", "static", "portfolio", "oracle")
_SLOWER = ("cma-es", "tpe", "tpe-5", "particle", "gp-4", "gp", "gp-portfolio")

SETTINGS = Settings(
    references=("gp-4", "portfolio", "particle", "random"),
    gap_start="portfolio",
    gap_end="particle",
    baseline="random",
    examples=("gp-4", "portfolio", "random"),
)
"""What the shipped agents are to the scores."""


def default_agents() -> tuple[AgentEntry, ...]:
    """The agents that run if none are named, the fast ones first."""
    learned = (entry for entry in registered_agents() if entry.training_seed is not None)
    return (*learned, *map(agent_entry, (*_FAST, *_SLOWER)))


def training_seconds(entry: AgentEntry, family: str) -> float | None:
    """Seconds that the training of an agent for a family took, from its policy's description."""
    for policy in pretrained.policies():
        if (policy.algorithm, policy.seed) == (entry.tuner, entry.training_seed):
            facts = json.loads(policy.path.with_suffix(".json").read_text(encoding="utf-8"))
            if policy.family == family and "training_seconds" in facts:
                return float(facts["training_seconds"])
    return None
