"""The options of an environment of learning rates, in one place and checked in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from hpo_gym import tuning
from hpo_gym.families import BinormalFamily, Family, LiveFamily, make_family
from hpo_gym.learning_rate.binormal import ScheduledBinormal
from hpo_gym.learning_rate.live import ScheduledLive
from hpo_gym.learning_rate.scheduled import Scheduled
from hpo_gym.parameters import finite_number, plain
from hpo_gym.tuning.options import naming

MOST_EPOCHS = 10_000

_SCHEDULED: dict[type[Family], Any] = {BinormalFamily: ScheduledBinormal, LiveFamily: ScheduledLive}


@dataclass(frozen=True)
class Options:
    """Everything that defines an environment.

    Attributes:
        family: "binormal" or "live", a dict with such a ``name`` and parameters, or such a family.
        split: The tasks from which a reset draws: "train", "validation", "test" or "shifted".
        task: Index of the one task of all episodes, a sequence of indices, or None; as in
            `hpo_gym.tuning.Options`.
        stop: Adds an action that ends the training.
        metric: The primary metric: "f1", "accuracy" or "loss".
        epoch_cost: Cost of 100 epochs, in units of the score, >= 0.
        max_epochs: The budget, from 1 to 10,000; a whole number of blocks.
        block_epochs: Epochs of a block, for which the learning rate stays the same.
        thr: The decision threshold of precision, recall and F1, in [0, 1].
        infos: What infos show: "all", "none", or a sequence of names.

    Raises:
        ValueError: An option has a value that does not exist or does not fit the others.
    """

    family: str | Mapping[str, Any] | Family = "binormal"
    split: str = "train"
    task: int | Sequence[int] | None = None
    stop: bool = True
    metric: str = "f1"
    epoch_cost: float = 0.02
    max_epochs: int = 100
    block_epochs: int = 5
    thr: float = 0.5
    infos: str | Sequence[str] = "all"

    def __post_init__(self) -> None:
        """Check every option, and those that must fit each other."""
        for option in fields(self):
            object.__setattr__(self, option.name, plain(getattr(self, option.name)))
        self._check_epochs("max_epochs", MOST_EPOCHS)
        self._check_epochs("block_epochs", self.max_epochs)
        if self.max_epochs % self.block_epochs:
            raise ValueError(
                f"option max_epochs = {self.max_epochs} is not valid: it must be a multiple of "
                f"block_epochs = {self.block_epochs}"
            )
        for name, high in (("thr", 1.0), ("epoch_cost", 1e6)):
            value, where = getattr(self, name), f" in [0, {high:g}]"
            if not 0.0 <= finite_number(f"option {name}", value, where) <= high:
                raise ValueError(f"option {name} = {value!r} is not valid: it must be{where}")
        _ = self.tuning

    def _check_epochs(self, name: str, most: int) -> None:
        value = getattr(self, name)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
            raise ValueError(
                f"option {name} = {value!r} is not valid: it must be a whole number in [1, {most}]"
            )

    @cached_property
    def scheduled(self) -> Scheduled:
        """The trainings of the family."""
        with naming("option family", self.family):
            base = make_family(self.family)
            kind = _SCHEDULED.get(type(base))
            if kind is None:
                names = [known.name for known in _SCHEDULED]
                raise ValueError(f"only the families {names} can change their learning rate")
        made: Scheduled = kind(
            base,
            thr=float(self.thr),
            block_epochs=self.block_epochs,
            blocks=self.max_epochs // self.block_epochs,
        )
        return made

    @cached_property
    def tuning(self) -> tuning.Options:
        """The same as options of the tuning process, to which a block is an evaluation."""
        return tuning.Options(
            family=self.scheduled,
            split=self.split,
            task=self.task,
            stop=self.stop,
            metric=self.metric,
            evaluation_cost=self.epoch_cost * self.block_epochs / 100.0,
            epoch_cost=0.0,
            max_evaluations=self.scheduled.blocks,
            start="none",
            observation="history",
            infos=self.infos,
        )
