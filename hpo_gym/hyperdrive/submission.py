"""What was submitted, as JSON in the run's folder: enough to go on with the run.

Nothing in the file is executed, and no module is imported because the file names it.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hpo_gym.families.base import REGISTERED, Family
from hpo_gym.families.classifier import ClassifierFamily
from hpo_gym.families.registry import make_family
from hpo_gym.hyperdrive.exceptions import HyperDriveConfigException
from hpo_gym.hyperdrive.family_config import FamilyRunConfig
from hpo_gym.hyperdrive.goal import PrimaryMetricGoal
from hpo_gym.hyperdrive.policy import (
    BanditPolicy,
    EarlyTerminationPolicy,
    MedianStoppingPolicy,
    NoTerminationPolicy,
    TruncationSelectionPolicy,
)
from hpo_gym.hyperdrive.runconfig import HyperDriveConfig
from hpo_gym.hyperdrive.sampling import (
    BayesianParameterSampling,
    GridParameterSampling,
    RandomParameterSampling,
    Sampling,
)
from hpo_gym.hyperdrive.script_config import Environment, ScriptRunConfig
from hpo_gym.references import load

CONFIG, SNAPSHOT = "config.json", "snapshot"
"""In a run's folder: what was submitted, and the copy of the source."""
SAMPLINGS: dict[str, type[Sampling]] = {
    kind.SAMPLING_NAME: kind
    for kind in (RandomParameterSampling, GridParameterSampling, BayesianParameterSampling)
}
POLICIES: dict[str, type[EarlyTerminationPolicy]] = {
    kind.POLICY_NAME: kind
    for kind in (
        BanditPolicy,
        MedianStoppingPolicy,
        NoTerminationPolicy,
        TruncationSelectionPolicy,
    )
}
_LIMITS = ("max_total_runs", "max_concurrent_runs", "max_duration_minutes")
_SCRIPT = ("script", "arguments", "compute_target", "command", "max_run_duration_seconds")
_FAMILY = ("split", "task", "noise", "epochs", "seed")


class Submission(NamedTuple):
    """What was submitted."""

    config: HyperDriveConfig
    """Without the earlier runs and children."""
    seed: int
    """Of the sampling."""
    runs: list[tuple[Path, list[list[float]]]]
    """Folders of `resume_from`, and the learning curves of their children."""
    children: list[tuple[Path, dict[str, Any]]]
    """Folders of `resume_child_runs`, and their hyperparameters."""


def described(config: HyperDriveConfig) -> dict[str, Any]:
    """What a configuration says, but for what it goes on from, as JSON.

    Raises:
        HyperDriveConfigException: A value of it cannot be written as JSON, or a class of it is not
            one of this package.
    """
    _check_kind("hyperparameter_sampling", config.hyperparameter_sampling, SAMPLINGS.values())
    _check_kind("policy", config.policy, POLICIES.values())
    _check_kind("run_config", config.run_config, (ScriptRunConfig, FamilyRunConfig))
    facts = {
        "hyperparameter_sampling": config.hyperparameter_sampling.to_json(),
        "policy": config.policy.to_json(),
        "primary_metric_name": config.primary_metric_name,
        "primary_metric_goal": config.goal,
        **{name: getattr(config, name) for name in _LIMITS},
        "custom_run_id": config.custom_run_id,
    }
    target = _described_target(config.run_config)
    return {
        **{name: _as_json(name, value) for name, value in facts.items()},
        "run_config": {
            name: _as_json(f"run_config.{name}", value) for name, value in target.items()
        },
    }


def as_text(config: HyperDriveConfig, seed: int) -> str:
    """The text of a run's file `CONFIG`; see `described` for what it raises."""
    runs = [
        {"folder": str(run.folder), "curves": [row.curve for row in run.rows()]}
        for run in config.resume_from
    ]
    children = [
        {"folder": str(child.folder), "configuration": child.row.configuration}
        for child in config.resume_child_runs
    ]
    past = {"resume_from": runs, "resume_child_runs": children}
    return json.dumps({**described(config), **past, "seed": int(seed)}, indent=1)


def read(folder: Path) -> Submission:
    """What was submitted as the run in this folder.

    Raises:
        ValueError: Its file is damaged, or names a family that this process does not know.
    """
    file = folder / CONFIG
    try:
        return _submission(json.loads(file.read_text(encoding="utf-8")), folder)
    except (
        *(OSError, ValueError, TypeError, LookupError, AttributeError),
        *(ArithmeticError, RecursionError),
    ) as error:
        raise ValueError(
            f"{file} cannot be read: {type(error).__name__}: {error}; submit the configuration "
            "again, as another run, or bring the file back"
        ) from error


def _check_kind(name: str, value: Any, kinds: Any) -> None:
    if type(value) not in (known := tuple(kinds)):
        raise HyperDriveConfigException(
            f"{name} = {value!r} is of a class of your own, which a run cannot be resumed with; "
            f"use one of {', '.join(kind.__name__ for kind in known)}"
        )


def _as_json(name: str, value: Any) -> Any:
    """A value as JSON gives it back: without tuples, numbers of NumPy, and paths."""

    def converted(part: Any) -> Any:
        if isinstance(part, np.generic | np.ndarray):
            return part.tolist()
        if isinstance(part, os.PathLike):
            return os.fspath(part)
        raise TypeError(f"{part!r} is no number, string, True, False, None, list or dict of these")

    try:
        return json.loads(json.dumps(value, default=converted))
    except (TypeError, ValueError) as error:
        raise HyperDriveConfigException(
            f"{name} cannot be kept as JSON, to resume the run: {error}"
        ) from None


def _described_target(target: ScriptRunConfig | FamilyRunConfig) -> dict[str, Any]:
    if isinstance(target, FamilyRunConfig):
        facts = {name: getattr(target, name) for name in _FAMILY}
        family = target.family.describe()
        try:
            _family(family)
        except ValueError as error:
            raise HyperDriveConfigException(
                f"family = {family['name']!r} cannot be found again: {error}; define its class at "
                "the top level of a module"
            ) from error
        return {"family": family, **facts, "epoch_duration": target.epoch_durations}
    environment = target.environment
    return {
        "source_directory": str(Path(target.source_directory).absolute()),
        **{name: getattr(target, name) for name in _SCRIPT},
        "environment": None if environment is None else vars(environment),
    }


def _submission(facts: dict[str, Any], folder: Path) -> Submission:
    sampling, policy = facts["hyperparameter_sampling"], facts["policy"]
    settings = dict(policy.get("properties", {}))
    settings.pop("exclude_finished_jobs", None)  # of the service alone
    with warnings.catch_warnings():  # whoever submitted it has been warned
        warnings.simplefilter("ignore")
        config = HyperDriveConfig(
            SAMPLINGS[sampling["name"]](sampling["parameter_space"], sampling.get("properties")),
            facts["primary_metric_name"],
            PrimaryMetricGoal[facts["primary_metric_goal"].upper()],
            policy=POLICIES[policy["name"]](**settings),
            run_config=_target(facts["run_config"], folder),
            custom_run_id=facts["custom_run_id"],
            **{name: facts[name] for name in _LIMITS},
        )
    return Submission(
        config,
        int(facts["seed"]),
        [
            (Path(run["folder"]), [list(map(float, curve)) for curve in run["curves"]])
            for run in facts["resume_from"]
        ],
        [
            (Path(child["folder"]), dict(child["configuration"]))
            for child in facts["resume_child_runs"]
        ],
    )


def _target(facts: Mapping[str, Any], folder: Path) -> ScriptRunConfig | FamilyRunConfig:
    if "family" in facts:
        return FamilyRunConfig(**{**facts, "family": _family(facts["family"])})
    given, known = {name: facts[name] for name in _SCRIPT}, facts["environment"]
    if known is not None:
        given["environment"] = Environment(known["name"], known["packages"])
        given["environment"].environment_variables.update(known["environment_variables"])
    # The source may have changed or gone: what runs is its copy.
    config = ScriptRunConfig(folder / SNAPSHOT, **given)
    config.source_directory = str(facts["source_directory"])
    return config


def _family(facts: Mapping[str, Any]) -> Family:
    """A family of classifiers, as `make_family` makes it; nothing is imported for it."""
    name: str = facts["name"]
    module, colon, _ = name.rpartition(":")
    if colon and module not in sys.modules:
        raise ValueError(
            f"the family {name!r} is unknown here: import the module that defines it, if you "
            "trust that, and try again"
        )
    kind: Any = load(name) if colon else REGISTERED.get(name)
    if not (isinstance(kind, type) and issubclass(kind, ClassifierFamily) and kind.pure):
        raise ValueError(f"the family {name!r} is unknown here, or none of classifiers")
    return make_family(facts)
