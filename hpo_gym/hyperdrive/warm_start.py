"""Runs that go on from earlier ones: what HyperDrive asks of them."""

from __future__ import annotations

from typing import Any, Protocol

from hpo_gym.hyperdrive.exceptions import HyperDriveConfigException
from hpo_gym.hyperdrive.goal import PrimaryMetricGoal
from hpo_gym.hyperdrive.journal import TERMINAL
from hpo_gym.hyperdrive.sampling import BayesianParameterSampling, Sampling

MOST_PARENTS = 5
MOST_RUNS = 1000


class Search(Protocol):
    """What of a `HyperDriveConfig` is looked at."""

    hyperparameter_sampling: Sampling
    primary_metric_name: str
    primary_metric_goal: PrimaryMetricGoal
    max_total_runs: int
    resume_from: tuple[Any, ...]
    resume_child_runs: tuple[Any, ...]


def check_warm_start(config: Search) -> None:
    """Refuse earlier runs that this one cannot go on from.

    Args:
        config: Its `resume_from` are runs with ``id``, ``get_status()``, ``get_children()`` and
            ``hyperdrive_config``, its `resume_child_runs` children with ``id``, ``get_status()``
            and ``parent``.

    Raises:
        HyperDriveConfigException: There are too many, they are not over yet, or they were another
            search.
    """
    _check_count("resume_from", config.resume_from)
    total = config.max_total_runs
    for run in config.resume_from:
        if not hasattr(run, "hyperdrive_config"):
            raise HyperDriveConfigException(
                f"resume_from = {run!r} must be HyperDrive runs; children go to resume_child_runs",
                "SDK",
            )
        _check_same_search(config, run)
        total += len(list(run.get_children()))
    if config.resume_from and total > MOST_RUNS:
        raise HyperDriveConfigException(
            f"{total} runs, max_total_runs and the children of resume_from, must be at most "
            f"{MOST_RUNS}; resume from fewer, or lower max_total_runs",
            "service",
        )
    _check_children(config)


def _check_count(name: str, parents: tuple[Any, ...]) -> None:
    if len(parents) > MOST_PARENTS:
        raise HyperDriveConfigException(
            f"{name} has {len(parents)} parents; HyperDrive takes at most {MOST_PARENTS}", "SDK"
        )


def _check_same_search(config: Search, run: Any) -> None:
    status, theirs = run.get_status(), run.hyperdrive_config
    if status not in ("Completed", "Canceled"):
        raise HyperDriveConfigException(
            f"resume_from: {run.id} is {status!r}, not 'Completed' or 'Canceled'; wait for it, or "
            "cancel it",
            "service",
        )
    for name in ("primary_metric_name", "primary_metric_goal"):
        ours, old = getattr(config, name), getattr(theirs, name)
        if ours != old:
            raise HyperDriveConfigException(
                f"{name} = {ours!r} must be that of {run.id} in resume_from, {old!r}", "SDK"
            )
    bayesian = isinstance(config.hyperparameter_sampling, BayesianParameterSampling)
    spaces = [each.hyperparameter_sampling.parameter_space for each in (config, theirs)]
    if bayesian and spaces[0] != spaces[1]:
        raise HyperDriveConfigException(
            f"parameter_space = {spaces[0]!r} must be that of {run.id} in resume_from, "
            f"{spaces[1]!r}: Bayesian sampling learns from it",
            "service",
        )


def _check_children(config: Search) -> None:
    children = config.resume_child_runs
    if len(children) > config.max_total_runs:
        raise HyperDriveConfigException(
            f"resume_child_runs has {len(children)} runs, more than max_total_runs = "
            f"{config.max_total_runs}; resume fewer, or raise it",
            "SDK",
        )
    identities = [child.id for child in children]
    if len(set(identities)) < len(identities):
        raise HyperDriveConfigException(
            f"resume_child_runs = {identities!r} names a run twice; resume each once", "SDK"
        )
    for child in children:
        if (status := child.get_status()) not in TERMINAL:
            raise HyperDriveConfigException(
                f"resume_child_runs: {child.id} is {status!r}, not one of {', '.join(TERMINAL)}; "
                "wait for it, or cancel it",
                "SDK",
            )
    _check_count("resume_child_runs", tuple({child.parent.id for child in children}))
