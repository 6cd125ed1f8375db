"""What a run takes over from those that it goes on from."""

from __future__ import annotations

from typing import Any

from hpo_gym.hyperdrive.journal import Journal, reading
from hpo_gym.hyperdrive.run import FILES
from hpo_gym.hyperdrive.runconfig import HyperDriveConfig
from hpo_gym.hyperdrive.sampling import BayesianParameterSampling


def curves(config: HyperDriveConfig) -> list[list[float]]:
    """Learning curves of the children of `resume_from`, with which rules compare."""
    return [row.curve for run in config.resume_from for row in run.rows()]


def add_trials(config: HyperDriveConfig, journal: Journal) -> None:
    """Add their trials to a journal, if the sampling learns from them."""
    if isinstance(config.hyperparameter_sampling, BayesianParameterSampling):
        for run in config.resume_from:
            journal.add_past(reading(run.folder).past(), run.id)


def children(config: HyperDriveConfig) -> list[tuple[str, dict[str, Any]]]:
    """The outputs and configurations of `resume_child_runs`."""
    return [
        (str(child.folder / FILES / "outputs"), child.row.configuration)
        for child in config.resume_child_runs
    ]
