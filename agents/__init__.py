"""Tuners for the environments of `hpo_gym`, all with Stable-Baselines3's `predict`."""

from __future__ import annotations

from importlib import import_module
from inspect import signature
from typing import Any

from hpo_gym.tuners.agent import Agent
from hpo_gym.tuners.building import build_agent

from .baselines.constant import ConstantAgent
from .baselines.coordinate import CoordinateAgent
from .baselines.grid import GridAgent
from .baselines.random_search import RandomAgent
from .oracle.oracle import OracleAgent

AGENTS: dict[str, type[Agent]] = {
    agent.name: agent
    for agent in (RandomAgent, ConstantAgent, GridAgent, CoordinateAgent, OracleAgent)
}
"""The hand-written agents by name."""

SEARCHES: dict[str, tuple[str, dict[str, Any]]] = {
    "sobol": ("agents.searches.sobol:SobolAgent", {}),
    "tpe": ("agents.searches.optuna_search:OptunaAgent", {"sampler": "tpe"}),
    "tpe-5": ("agents.searches.optuna_search:OptunaAgent", {"sampler": "tpe", "startup_trials": 5}),
    "gp": ("agents.searches.optuna_search:OptunaAgent", {"sampler": "gp"}),
    "gp-4": ("agents.searches.optuna_search:OptunaAgent", {"sampler": "gp", "startup_trials": 4}),
    "cma-es": ("agents.searches.optuna_search:OptunaAgent", {"sampler": "cma-es"}),
    "nelder-mead": ("agents.searches.scipy_search:MinimiserAgent", {"simplex": 0.5}),
    "powell": ("agents.searches.scipy_search:MinimiserAgent", {"method": "Powell"}),
    "cobyla": ("agents.searches.scipy_search:MinimiserAgent", {"method": "COBYLA"}),
    "cobyqa": ("agents.searches.scipy_search:MinimiserAgent", {"method": "COBYQA"}),
    "l-bfgs-b": ("agents.searches.scipy_search:MinimiserAgent", {"method": "L-BFGS-B"}),
}
"""Searches by name: where they stand and their settings. They need the extra ``bench``."""

INFORMED: dict[str, tuple[str, dict[str, Any]]] = {
    "static": ("agents.informed.portfolio:PortfolioAgent", {"size": 1}),
    "portfolio": ("agents.informed.portfolio:PortfolioAgent", {}),
    "gp-portfolio": ("agents.informed.portfolio:portfolio_gp", {}),
    "particle": ("agents.informed.particle:ParticleAgent", {}),
}
"""Tuners that know the training tasks of a family, likewise; ``bench`` is for "gp-portfolio"."""


def make_agent(name: str, env: Any, seed: int = 0, **settings: Any) -> Agent:
    """An agent from its name.

    Args:
        name: A key of `AGENTS`, `SEARCHES` or `INFORMED`, or "module:Class" of an agent that
            stands elsewhere.
        env: An environment, a vector environment or dynamics.
        seed: Seed of the agent's own random numbers.
        **settings: The agent's own keyword arguments.

    Raises:
        ValueError: The name or a setting is unknown, or the agent makes no sense there.
    """
    if ":" in name:
        return build_agent(_import_agent(name), env, seed=seed, **settings)
    factory, given = _named(name)
    known = sorted(
        set(signature(factory).parameters) - {"problem", "family", "process", "seed", *given}
    )
    unknown = sorted(set(settings) - set(known))
    if unknown:
        raise ValueError(f"agent {name!r} takes no settings {unknown}; it takes {known}")
    return build_agent(factory, env, seed=seed, **given, **settings)


def _named(name: str) -> tuple[Any, dict[str, Any]]:
    """The class of a known agent, and the settings that its name stands for."""
    if name in AGENTS:
        return AGENTS[name], {}
    if name in (others := SEARCHES | INFORMED):
        path, given = others[name]
        return _import_agent(path), given
    raise ValueError(
        f"unknown agent {name!r}; known agents: {sorted(AGENTS)}, known searches: "
        f"{sorted(SEARCHES)}, informed by training tasks: {sorted(INFORMED)}, and any "
        "'module:Class'"
    )


def _import_agent(name: str) -> Any:
    """What stands behind "module:Class"."""
    module, _, attribute = name.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"agent {name!r} cannot be imported: {error}") from error


__all__ = ["AGENTS", "INFORMED", "SEARCHES", "Agent", "make_agent"]
