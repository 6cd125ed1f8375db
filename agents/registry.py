"""The one list of the agents of this repository; importing it registers them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hpo_gym import pretrained
from hpo_gym.families import HashedBank, make_family
from hpo_gym.policies.anyspace.policy import AnySpacePolicy
from hpo_gym.policies.classifier.policy import ClassifierPolicy
from hpo_gym.tuners.entry import AgentEntry
from hpo_gym.tuners.registry import register_agent

from .informed.portfolio import FOLDER, file_name

_OPTUNA = "agents.searches.optuna_search:OptunaAgent"
_PEER = "agents.searches.peer_agent:PeerAgent"
_SCIPY = "agents.searches.scipy_search:MinimiserAgent"
_PORTFOLIO = "agents.informed.portfolio:PortfolioAgent"

_UNINFORMED = (
    AgentEntry("random", "agents.baselines.random_search:RandomAgent"),
    AgentEntry("constant", "agents.baselines.constant:ConstantAgent", needs="process"),
    AgentEntry("grid", "agents.baselines.grid:GridAgent"),
    AgentEntry("coordinate", "agents.baselines.coordinate:CoordinateAgent"),
    AgentEntry("sobol", "agents.searches.sobol:SobolAgent", extra="bench"),
    AgentEntry("nelder-mead", _SCIPY, {"simplex": 0.5}, extra="bench"),
    AgentEntry("powell", _SCIPY, {"method": "Powell"}, extra="bench"),
    AgentEntry("cobyla", _SCIPY, {"method": "COBYLA"}, extra="bench"),
    AgentEntry("cobyqa", _SCIPY, {"method": "COBYQA"}, extra="bench"),
    AgentEntry("l-bfgs-b", _SCIPY, {"method": "L-BFGS-B"}, extra="bench"),
    AgentEntry("cma-es", _OPTUNA, {"sampler": "cma-es"}, speed="medium", extra="bench"),
    AgentEntry("tpe", _OPTUNA, {"sampler": "tpe"}, speed="medium", extra="bench"),
    AgentEntry(
        "tpe-5", _OPTUNA, {"sampler": "tpe", "startup_trials": 5}, speed="medium", extra="bench"
    ),
    AgentEntry(
        "gp-4", _OPTUNA, {"sampler": "gp", "startup_trials": 4}, speed="slow", extra="bench"
    ),
    AgentEntry("gp", _OPTUNA, {"sampler": "gp"}, speed="slow", extra="bench"),
    AgentEntry("ax", _PEER, {"library": "ax"}, speed="slow", extra="peers"),
    AgentEntry("smac", _PEER, {"library": "smac"}, speed="slow", extra="peers"),
)
_INFORMED = (
    AgentEntry("static", _PORTFOLIO, {"size": 1}),
    AgentEntry("portfolio", _PORTFOLIO),
    AgentEntry("particle", "agents.informed.particle:ParticleAgent", speed="medium"),
    AgentEntry(
        "gp-portfolio", "agents.informed.portfolio:portfolio_gp", speed="slow", extra="bench"
    ),
)
CLASSIFIER_SEEDS = (0, 1, 2)
"""Trainings of the tuner for classifiers."""
_ORACLES = (AgentEntry("oracle", "agents.oracle.oracle:OracleAgent", needs="process"),)


def _shipped() -> Iterator[AgentEntry]:
    for entry in _UNINFORMED:
        yield replace(entry, group="uninformed", version=1)
    for entry in _INFORMED:
        families = tuple(filter(_many if entry.name == "particle" else None, pretrained.families()))
        portfolios = tuple(str(FOLDER / file_name(make_family(name), "f1")) for name in families)
        yield replace(
            entry, group="informed", version=1, needs="family", families=families, files=portfolios
        )
    for entry in _ORACLES:
        yield replace(entry, group="oracle", version=1)
    yield from _pretrained()
    tuner = AgentEntry(
        "anyspace",
        "agents.searches.anyspace:AnySpaceAgent",
        group="learned",
        version=2,
        speed="medium",
        files=(str(AnySpacePolicy.pretrained_path()),),
    )
    yield tuner
    for seed in CLASSIFIER_SEEDS:
        yield replace(
            tuner,
            name=f"classifier-{seed}",
            settings={"policy": "classifier", "training_seed": seed},
            files=(str(ClassifierPolicy.pretrained_path(seed)),),
        )


def _many(family: str) -> bool:
    """Whether a family has as many tasks as one asks for."""
    return isinstance(make_family(family), HashedBank)


def _pretrained() -> Iterator[AgentEntry]:
    """One for every algorithm and seed of its training, with a policy for each family."""
    policies = pretrained.policies()
    for algorithm, seed in sorted({(policy.algorithm, policy.seed) for policy in policies}):
        mine = [p for p in policies if (p.algorithm, p.seed) == (algorithm, seed)]
        yield AgentEntry(
            f"{algorithm}-{seed}",
            "agents.learned.pretrained:PretrainedTuner",
            {"algorithm": algorithm, "training_seed": seed},
            group="learned",
            version=1,
            tuner=algorithm,
            training_seed=seed,
            families=tuple(policy.family for policy in mine),
            files=tuple(str(policy.path) for policy in mine),
            needs="family",
        )


for _entry in _shipped():
    register_agent(_entry)
