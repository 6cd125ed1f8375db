"""What a run executes without a script: a task of a family of classifiers, on a virtual clock."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

from hpo_gym.families.base import Family
from hpo_gym.families.classifier import ClassifierFamily
from hpo_gym.families.registry import make_family

PARAMETERS = ("thr", "lr", "epochs")


class FamilyRunConfig:
    """A target of our own, for which nothing is trained: an interval is an epoch.

    A child's hyperparameters are `thr`, `lr` and, if the space has it, `epochs`: how long it would
    train if nothing ended it. After every epoch it logs the family's metrics, any of which can be
    the primary one. One random draw per child, its training seed, makes the noise of all of them.

    Args:
        family: A family of classifiers: its name, its description or itself.
        split: Split of the task.
        task: Index of the task.
        noise: Standard deviation of the observed metrics; None for the task's own.
        epochs: Epochs of a child whose hyperparameters do not say.
        epoch_duration: Seconds of an epoch on the virtual clock; of a sequence, child k's epochs
            take the k-th, and it begins anew after the last.
        seed: Of the noise.

    Raises:
        ValueError: The family is none of classifiers, or an argument is out of its range.
    """

    def __init__(
        self,
        family: str | dict[str, Any] | Family = "recorded",
        *,
        split: str = "test",
        task: int = 0,
        noise: float | None = None,
        epochs: int = 100,
        epoch_duration: float | Sequence[float] = 1.0,
        seed: int = 0,
    ) -> None:
        self.family = make_family(family)
        if not isinstance(self.family, ClassifierFamily) or not self.family.pure:
            raise ValueError(
                f"family = {self.family.name!r} has no learning curves: give one of classifiers, "
                "such as 'recorded', 'fictitious', 'binormal', 'rough' or 'notebook'"
            )
        if split not in self.family.sizes:
            raise ValueError(f"split = {split!r} must be one of {[*self.family.sizes]}")
        size = self.family.sizes[split]
        if not 0 <= task < size:
            raise ValueError(f"task = {task!r} must be in [0, {size - 1}] in the split {split!r}")
        if not 1 <= epochs <= 100:
            raise ValueError(f"epochs = {epochs!r} must be a whole number in [1, 100]")
        if noise is not None:
            self.family.check_noise(noise)
        durations = epoch_duration if isinstance(epoch_duration, Sequence) else [epoch_duration]
        if not durations or not all(0.0 < each < inf for each in durations):
            raise ValueError(f"epoch_duration = {epoch_duration!r} must be positive seconds")
        self.split, self.task, self.noise, self.epochs = split, task, noise, epochs
        self.epoch_durations = tuple(durations)
        self.seed = seed

    def __repr__(self) -> str:
        return f"FamilyRunConfig({self.family.name!r}, split={self.split!r}, task={self.task})"
