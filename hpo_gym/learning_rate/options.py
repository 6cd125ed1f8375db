"""The options of an environment of learning rates, in one place and checked in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hpo_gym import tuning
from hpo_gym.families import BinormalFamily, Family, LiveFamily, make_family
from hpo_gym.learning_rate.binormal import ScheduledBinormal
from hpo_gym.learning_rate.live import ScheduledLive
from hpo_gym.learning_rate.scheduled import Scheduled
from hpo_gym.parameters import plain
from hpo_gym.tasks.options import TaskOptions, is_count, naming

MOST_EPOCHS = 10_000

_SCHEDULED: dict[type[Family], Any] = {BinormalFamily: ScheduledBinormal, LiveFamily: ScheduledLive}


@dataclass(frozen=True)
class LearningRateOptions(TaskOptions):
    """Everything that defines an environment, besides what all have, see `TaskOptions`.

    Attributes:
        family: "binormal" or "live", a dict with such a ``name`` and parameters, or such a family.
        stop: Adds an action that ends the training.
        max_epochs: The budget, from 1 to 10,000; a whole number of blocks.
        block_epochs: Epochs of a block, for which the learning rate stays the same.
        thr: The decision threshold of precision, recall and F1, in [0, 1].

    Raises:
        ValueError: An option has a value that does not exist or does not fit the others.
    """

    family: str | Mapping[str, Any] | Family = "binormal"
    stop: bool = True
    max_epochs: int = 100
    block_epochs: int = 5
    thr: float = 0.5

    def __post_init__(self) -> None:
        """Check every option, and those that must fit each other."""
        for name, most in (("max_epochs", MOST_EPOCHS), ("block_epochs", None)):
            self._set(name, plain(getattr(self, name)))
            high = self.max_epochs if most is None else most
            exists = is_count(getattr(self, name), 1, high)
            self._require(name, exists, f"a whole number in [1, {high}]")
        divides = self.max_epochs % self.block_epochs == 0
        wanted = f"a multiple of block_epochs = {self.block_epochs}"
        self._require("max_epochs", divides, wanted)
        self._require_number("thr", 0.0, 1.0)
        super().__post_init__()
        self._require("stop", isinstance(self.stop, bool), "True or False")

    @cached_property
    def made_family(self) -> Scheduled:
        """The trainings of the family."""
        with naming("option family", self.family):
            base = make_family(self.family)
            kind = _SCHEDULED.get(type(base))
            if kind is None:
                names = [known.name for known in _SCHEDULED]
                raise ValueError(f"only the families {names} can change their learning rate")
        blocks = self.max_epochs // self.block_epochs
        made: Scheduled = kind(base, thr=self.thr, block_epochs=self.block_epochs, blocks=blocks)
        return made

    @cached_property
    def tuning(self) -> tuning.Options:
        """The same as options of the tuning process, to which a block is an evaluation."""
        return tuning.Options(
            family=self.made_family,
            split=self.split,
            task=self.task,
            stop=self.stop,
            metric=self.metric,
            evaluation_cost=self.epoch_cost * self.block_epochs / 100.0,
            epoch_cost=0.0,
            max_evaluations=self.made_family.blocks,
            start="none",
            observation="history",
            infos=self.infos,
        )
