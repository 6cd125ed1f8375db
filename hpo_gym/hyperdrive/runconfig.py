"""What a HyperDrive run is: a target, a sampling, a policy, a metric, limits."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from hpo_gym.hyperdrive.exceptions import HyperDriveConfigException, Refuser
from hpo_gym.hyperdrive.family_config import FamilyRunConfig
from hpo_gym.hyperdrive.goal import PrimaryMetricGoal
from hpo_gym.hyperdrive.policy import EarlyTerminationPolicy, NoTerminationPolicy
from hpo_gym.hyperdrive.sampling import (
    BayesianParameterSampling,
    HyperParameterSampling,
    Sampling,
)
from hpo_gym.hyperdrive.script_config import ScriptRunConfig
from hpo_gym.hyperdrive.warm_start import MOST_RUNS, check_warm_start
from hpo_gym.hyperdrive.workspace import check_folder_name
from hpo_gym.parameters import finite_number, plain
from hpo_gym.scheduling.rules import Goal, Rule

MOST_CONCURRENT = 100
MOST_MINUTES = 10080
BAYESIAN_RUNS = 20
"""So many runs per hyperparameter, and not more at a time, does HyperDrive recommend."""


class HyperDriveConfig:
    """A HyperDrive run.

    Args:
        hyperparameter_sampling: Which configurations are tried.
        primary_metric_name: The metric, as the children log it.
        primary_metric_goal: A `PrimaryMetricGoal`.
        max_total_runs: Children, 1 to 1000.
        max_concurrent_runs: Children at a time, 1 to 100 and at most max_total_runs; None or 0
            for as many as may be.
        max_duration_minutes: After these the run is cancelled; at most 10080, a week.
        policy: Which children end early; None for none.
        estimator: Nothing: estimators have left Azure's SDK.
        run_config: What a child executes, a `ScriptRunConfig` or a `FamilyRunConfig`.
        resume_from: A run, or up to five, whose children are known to sampling and policy.
        resume_child_runs: Children of earlier runs that go on.
        pipeline: Nothing: a pipeline's steps are calls of Python.
        custom_run_id: Id of the run; None for a new one. See `Experiment.submit`.

    Attributes:
        resume_from: A tuple of runs.
        resume_child_runs: A tuple of children.

    Raises:
        HyperDriveConfigException: An argument is refused, by Azure's SDK or by its service.
    """

    def __init__(
        self,
        hyperparameter_sampling: Sampling,
        primary_metric_name: str,
        primary_metric_goal: PrimaryMetricGoal,
        max_total_runs: int,
        max_concurrent_runs: int | None = None,
        max_duration_minutes: float = MOST_MINUTES,
        policy: EarlyTerminationPolicy | None = None,
        estimator: None = None,
        run_config: ScriptRunConfig | FamilyRunConfig | None = None,
        resume_from: Any = None,
        resume_child_runs: Any = None,
        pipeline: None = None,
        custom_run_id: str | None = None,
    ) -> None:
        self.hyperparameter_sampling = hyperparameter_sampling
        self.policy = NoTerminationPolicy() if policy is None else policy
        self._check_target(run_config, estimator, pipeline)
        self._check_types(primary_metric_name, primary_metric_goal)
        assert run_config is not None
        self.run_config = run_config
        self.primary_metric_name = primary_metric_name
        self.primary_metric_goal = primary_metric_goal
        self.max_total_runs = _whole("max_total_runs", max_total_runs, MOST_RUNS)
        concurrent = max_concurrent_runs or min(self.max_total_runs, MOST_CONCURRENT)
        self.max_concurrent_runs = _whole("max_concurrent_runs", concurrent, MOST_CONCURRENT)
        if self.max_concurrent_runs > self.max_total_runs:
            raise HyperDriveConfigException(
                f"max_concurrent_runs = {concurrent!r} must be at most max_total_runs = "
                f"{max_total_runs!r}",
                "service",
            )
        self.max_duration_minutes = _minutes(max_duration_minutes)
        self._check_bayesian()
        self.resume_from = _tuple(resume_from)
        self.resume_child_runs = _tuple(resume_child_runs)
        check_warm_start(self)
        if custom_run_id is not None:
            check_folder_name("custom_run_id", custom_run_id)
        self.custom_run_id = custom_run_id

    def __repr__(self) -> str:
        return (
            f"HyperDriveConfig({self.hyperparameter_sampling!r}, {self.primary_metric_name!r}, "
            f"{self.primary_metric_goal}, max_total_runs={self.max_total_runs}, "
            f"max_concurrent_runs={self.max_concurrent_runs}, policy={self.policy!r}, "
            f"run_config={self.run_config!r})"
        )

    @property
    def goal(self) -> Goal:
        """The goal in lower case."""
        return "maximize" if self.primary_metric_goal is PrimaryMetricGoal.MAXIMIZE else "minimize"

    def rule(self) -> Rule:
        """The policy's rule for the goal."""
        return self.policy.rule(self.goal)

    def _check_target(self, run_config: Any, estimator: Any, pipeline: Any) -> None:
        given = {"run_config": run_config, "estimator": estimator, "pipeline": pipeline}
        targets = [name for name, target in given.items() if target is not None]
        if len(targets) != 1:
            raise HyperDriveConfigException(
                f"targets = {targets!r}: give exactly one, run_config=ScriptRunConfig(...)", "SDK"
            )
        if run_config is None:
            raise HyperDriveConfigException(
                f"{targets[0]}: not executed offline; give run_config=ScriptRunConfig("
                "source_directory, script, arguments)"
            )
        if not isinstance(run_config, ScriptRunConfig | FamilyRunConfig):
            raise HyperDriveConfigException(
                f"run_config = {run_config!r} must be a ScriptRunConfig, or a FamilyRunConfig for "
                "a family of this package",
                "SDK",
            )

    def _check_types(self, metric: Any, goal: Any) -> None:
        checks: list[tuple[str, Any, bool, str, Refuser]] = [
            (
                "hyperparameter_sampling",
                self.hyperparameter_sampling,
                isinstance(self.hyperparameter_sampling, HyperParameterSampling),
                "a sampling, such as RandomParameterSampling({...})",
                "SDK",
            ),
            (
                "primary_metric_name",
                metric,
                isinstance(metric, str) and bool(metric),
                "the name under which the script logs it",
                "service",
            ),
            (
                "primary_metric_goal",
                goal,
                isinstance(goal, PrimaryMetricGoal),
                "PrimaryMetricGoal.MAXIMIZE or PrimaryMetricGoal.MINIMIZE",
                "SDK",
            ),
            (
                "policy",
                self.policy,
                isinstance(self.policy, EarlyTerminationPolicy),
                "a policy, such as MedianStoppingPolicy(), or None",
                "SDK",
            ),
        ]
        for name, value, good, expected, by in checks:
            if not good:
                raise HyperDriveConfigException(f"{name} = {value!r} must be {expected}", by)

    def _check_bayesian(self) -> None:
        if not isinstance(self.hyperparameter_sampling, BayesianParameterSampling):
            return
        if not isinstance(self.policy, NoTerminationPolicy):
            raise HyperDriveConfigException(
                f"policy = {type(self.policy).__name__}: Bayesian sampling needs the whole result "
                "of every child; leave the policy out, or use RandomParameterSampling",
                "service",
            )
        wanted = BAYESIAN_RUNS * len(self.hyperparameter_sampling.parameter_space)
        if self.max_total_runs < wanted:
            warnings.warn(
                f"max_total_runs = {self.max_total_runs}: for Bayesian sampling HyperDrive "
                f"recommends {BAYESIAN_RUNS} per hyperparameter, here {wanted}",
                stacklevel=3,
            )
        if self.max_concurrent_runs > BAYESIAN_RUNS:
            warnings.warn(
                f"max_concurrent_runs = {self.max_concurrent_runs}: for Bayesian sampling "
                f"HyperDrive recommends at most {BAYESIAN_RUNS}: a child learns nothing from "
                "those that still run",
                stacklevel=3,
            )


def _whole(name: str, value: Any, most: int) -> int:
    number = plain(value)
    if not (isinstance(number, int) and 1 <= number <= most):
        raise HyperDriveConfigException(
            f"{name} = {value!r} must be a whole number in [1, {most}]", "service"
        )
    return number


def _minutes(value: Any) -> float:
    minutes = finite_number("max_duration_minutes", plain(value), " above 0")
    if minutes <= 0:
        raise HyperDriveConfigException(
            f"max_duration_minutes = {value!r} must be above 0; leave it out for a week", "service"
        )
    if minutes > MOST_MINUTES:
        warnings.warn(
            f"max_duration_minutes = {value!r} is more than a week: {MOST_MINUTES} in its place",
            stacklevel=3,
        )
    return min(minutes, MOST_MINUTES)


def _tuple(value: Any) -> tuple[Any, ...]:
    if value is None:
        return ()
    return tuple(value) if isinstance(value, Sequence) else (value,)
