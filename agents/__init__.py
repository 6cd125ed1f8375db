"""Tuners for the environments of `hpo_gym`, all with Stable-Baselines3's `predict`."""

from __future__ import annotations

from importlib import import_module
from inspect import signature
from typing import Any

from .base import Agent
from .constant import ConstantAgent
from .coordinate import CoordinateAgent
from .grid import GridAgent
from .oracle import OracleAgent
from .random_search import RandomAgent

AGENTS: dict[str, type[Agent]] = {
    agent.name: agent
    for agent in (RandomAgent, ConstantAgent, GridAgent, CoordinateAgent, OracleAgent)
}
"""The hand-written agents by name."""


def make_agent(name: str, env: Any, seed: int = 0, **settings: Any) -> Agent:
    """An agent from its name.

    Args:
        name: A key of `AGENTS`, or "module:Class" of an agent that stands elsewhere.
        env: An environment, a vector environment or dynamics.
        seed: Seed of the agent's own random numbers.
        **settings: The agent's own keyword arguments.

    Raises:
        ValueError: The name or a setting is unknown, or the agent makes no sense there.
    """
    if ":" in name:
        agent: Agent = _import_agent(name)(env, seed=seed, **settings)
        return agent
    if name not in AGENTS:
        raise ValueError(
            f"unknown agent {name!r}; known agents: {sorted(AGENTS)}, and any 'module:Class'"
        )
    known = sorted(set(signature(AGENTS[name]).parameters) - {"env", "seed"})
    unknown = sorted(set(settings) - set(known))
    if unknown:
        raise ValueError(f"agent {name!r} takes no settings {unknown}; it takes {known}")
    return AGENTS[name](env, seed=seed, **settings)


def _import_agent(name: str) -> Any:
    """What stands behind "module:Class"."""
    module, _, attribute = name.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"agent {name!r} cannot be imported: {error}") from error


__all__ = ["AGENTS", "Agent", "make_agent"]
