"""Families whose trainings go on: an evaluation is the next block of epochs of one training.

To the tuning process, a `Scheduled` family has one parameter, the learning rate, and its
evaluations cost all the same. What is new is that an evaluation depends on those before it. What a
training remembers of them stands beside the task's own parameters: `untrained` puts it there, and
`advanced` gives the parameters from which the next block is evaluated. They are values, like all
parameters, so states that hold them may be copied, merged and stepped again.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from hpo_gym.arrays import Column, Columns, Namespace, Struct
from hpo_gym.classifier_space import SPACE
from hpo_gym.families import Family, TaskBank
from hpo_gym.families.classifier import ClassifierFamily
from hpo_gym.space import SearchSpace

LR_SPACE = SearchSpace({"lr": SPACE.parameters["lr"]})
"""The learning rate on its log axis, as in the families of classifiers."""


class Scheduled(TaskBank, ClassifierFamily):
    """The trainings of a family of classifiers, in blocks of epochs.

    Args:
        base: The family, whose tasks these are.
        thr: The decision threshold of precision, recall and F1.
        block_epochs: Epochs of a block.
        blocks: Most blocks of a training.
    """

    space = LR_SPACE
    resource_parameter = None

    def __init__(self, base: Family, *, thr: float, block_epochs: int, blocks: int) -> None:
        self.base, self.thr = base, thr
        self.block_epochs, self.blocks = block_epochs, blocks

    @abstractmethod
    def untrained(self, parameters: Any, key: Column) -> Struct:
        """The tasks' parameters and what trainings remember that have not begun.

        Args:
            parameters: The tasks' parameters, as `sample` gives them.
            key: The episodes' keys.
        """

    @abstractmethod
    def advanced(self, parameters: Struct, log_lr: Column, xp: Namespace) -> Struct:
        """The parameters after one more block; the given ones stay as they are.

        Args:
            parameters: The parameters before it.
            log_lr: log10 of its learning rate.
            xp: Array namespace.
        """

    def sample(self, split: str, task: Column) -> Any:
        """See `Family`."""
        return self.base.sample(split, task)

    def with_model(self, constants: Mapping[str, Any]) -> Any:
        """See `Family`."""
        return self.base.with_model(constants)

    def resource(self, scaled: Columns) -> Column:
        """Nothing: all blocks consume the same."""
        return 0.0

    def describe(self) -> dict[str, Any]:
        """The description of the base."""
        return self.base.describe()

    def close(self) -> None:
        """Release what the base holds."""
        self.base.close()
