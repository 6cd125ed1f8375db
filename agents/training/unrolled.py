"""The unrolled tuner: a network trained by gradients through whole tuning runs.

Where the family is differentiable, so is an episode: the proposals follow from the network's
weights, the metrics from the proposals, the next proposals from the metrics. The weights are
trained by back-propagation through all evaluations (Chen et al., "Learning to learn without
gradient descent by gradient descent", ICML 2017, with a perceptron on the whole history instead of
a recurrent network). The loss is the mean, over tasks and evaluations, of

    incumbent_weight log10(regret of the incumbent + epsilon)
    + (1 - incumbent_weight) log10(regret of the evaluation + epsilon)
    + excess_weight (distance of the proposal to the unit cube)^2

with noise-free normalised regrets; the incumbent is the best by observed score, as in the
environment.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import gymnasium as gym
import torch
from torch import Tensor

from hpo_gym.families.bank import Distribution
from hpo_gym.tuning.process import TuningProcess

from .provenance import provenance
from .run_folder import RunFolder
from .sb3_learner import Trained
from .train import check_run, describe, torch_threads
from .unroll import Unrolled
from .unrolled_learner import UnrolledSession


@dataclass(frozen=True, kw_only=True)
class UnrolledSettings:
    """Hyperparameters of the unrolled tuner.

    Attributes:
        updates: Gradient steps.
        tasks: Episodes of an update, each on its own training task.
        interval: Updates from one evaluation and checkpoint to the next.
        evaluation_tasks: Tasks of an evaluation.
        hidden: Sizes of the hidden layers.
        learning_rate: At the beginning; it falls to 0 along half a cosine.
        warm_up: Updates in which the learning rate rises from 0.
        max_grad_norm: Gradients are clipped to this norm.
        gradient_limit: Bound on each component of the gradient of an episode's loss to one of its
            configurations.
        epsilon: See the module.
        incumbent_weight: See the module, in [0, 1].
        excess_weight: See the module.
    """

    algorithm: ClassVar[str] = "unrolled"

    updates: int = 6000
    tasks: int = 512
    interval: int = 100
    evaluation_tasks: int = 1024
    hidden: tuple[int, ...] = (256, 256, 128)
    learning_rate: float = 3e-3
    warm_up: int = 50
    max_grad_norm: float = 0.3
    gradient_limit: float = 1.25
    epsilon: float = 1e-3
    incumbent_weight: float = 1.0
    excess_weight: float = 0.1

    def __post_init__(self) -> None:
        """Check what would fail late or without saying why."""
        for name in ("updates", "tasks", "interval", "evaluation_tasks"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} = {getattr(self, name)!r} must be a whole number >= 1")
        for name in ("learning_rate", "max_grad_norm", "gradient_limit", "epsilon"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} = {getattr(self, name)!r} must be > 0")
        for name in ("warm_up", "excess_weight"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} = {getattr(self, name)!r} must be >= 0")
        if not all(size >= 1 for size in self.hidden):
            raise ValueError(f"hidden = {self.hidden!r} must be whole numbers >= 1")
        if not 0.0 <= self.incumbent_weight <= 1.0:
            raise ValueError(f"incumbent_weight = {self.incumbent_weight!r} must be in [0, 1]")

    def rate(self, update: int) -> float:
        """The learning rate of an update, counted from 0."""
        decay = 0.5 * (1.0 + math.cos(math.pi * update / self.updates))
        return self.learning_rate * decay * min(1.0, (update + 1) / max(self.warm_up, 1))

    def loss(self, episodes: Unrolled) -> Tensor:
        """The loss of episodes, a scalar."""

        def logarithm(regret: Tensor) -> Tensor:
            # With real numbers of epochs an evaluation can beat the best of whole numbers.
            return torch.log10(regret.clamp(min=0.0) + self.epsilon).mean()

        return (
            self.incumbent_weight * logarithm(episodes.best_regret)
            + (1.0 - self.incumbent_weight) * logarithm(episodes.regret)
            + self.excess_weight * episodes.excess
        )


SETTINGS: dict[str, UnrolledSettings] = {
    "FictitiousHPOFamily-v0": UnrolledSettings(),
    # Few validation cases make some tasks hopeless: regrets are larger, and so is the epsilon that
    # lets the loss see the difference between bad and worse.
    "BinormalHPOFamily-v0": UnrolledSettings(updates=3000, epsilon=0.05),
}
"""Hyperparameters by id; `settings_for` gives those of all others."""


def settings_for(env_id: str) -> UnrolledSettings:
    """The hyperparameters for an environment."""
    return SETTINGS.get(env_id.removeprefix("hpo_gym:"), UnrolledSettings())


def train_unrolled(
    settings: UnrolledSettings,
    env_id: str,
    *,
    env_options: Mapping[str, Any] | None = None,
    seed: int = 0,
    run_dir: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    command: str | None = None,
    progress_bar: bool = True,
    threads: int = 1,
) -> Trained:
    """Train an unrolled tuner.

    Args:
        settings: Hyperparameters.
        env_id: Id of an environment of a family of tasks that torch can differentiate.
        env_options: Options of the environment.
        seed: Seeds everything.
        run_dir: Folder for checkpoints, TensorBoard logs and the policy; None keeps nothing.
        resume: Continue the run in ``run_dir``.
        overwrite: Remove the run in ``run_dir`` first.
        command: The command line, for the policy's description.
        progress_bar: Show one on stderr.
        threads: Threads of torch.

    Raises:
        FileExistsError: ``run_dir`` holds a run, and neither ``resume`` nor ``overwrite``.
        FileNotFoundError: There is nothing to resume.
        ValueError: An argument is not valid, or the run in ``run_dir`` has other settings or
            corrupt files.
        TrainingInterrupted: Ctrl-C; the checkpoint and the policy so far are in ``run_dir``.
    """
    check_run(seed, run_dir, resume=resume, overwrite=overwrite)
    options = dict(env_options or {})
    run = describe(settings, env_id, options, seed)
    dynamics = _dynamics(env_id, options)
    folder = None if run_dir is None else RunFolder(run_dir)
    saved = folder.resume(run) if folder is not None and resume else None
    with torch_threads(threads):
        details = run | provenance(command)
        session = UnrolledSession(settings, dynamics, details, folder, saved)
        if folder is not None and not resume:  # not before all settings have proved good
            folder.begin(run, overwrite=overwrite)
        return session.run(progress_bar)


def _dynamics(env_id: str, options: Mapping[str, Any]) -> TuningProcess:
    """The dynamics of the environment, if its episodes can be unrolled."""
    env = gym.make(env_id, **options)
    dynamics: TuningProcess = env.unwrapped.dynamics  # type: ignore[attr-defined]
    env.close()
    needed = {"action": "propose", "stop": False, "start": "none", "observation": "history"}
    for name, value in needed.items():
        given = getattr(dynamics.options, name)
        if given != value:
            raise ValueError(f"an unrolled tuner needs {name} = {value!r}, {env_id} has {given!r}")
    if not isinstance(dynamics.family, Distribution):
        raise ValueError(
            f"an unrolled tuner needs a family of many tasks; {env_id} has the family "
            f"{dynamics.family.name!r}: choose FictitiousHPOFamily-v0 or BinormalHPOFamily-v0"
        )
    return dynamics
