"""Families whose tasks have search spaces of their own."""

from __future__ import annotations

from abc import abstractmethod

from hpo_gym.arrays import Columns
from hpo_gym.families.base import Family
from hpo_gym.space import SearchSpace


class OwnSpaces(Family):
    """A family that says, by `Family.context_of`, what the search spaces of its tasks are.

    A task's unit coordinates are the first of the family's; it makes nothing of the others.
    """

    @abstractmethod
    def task_space(self, split: str, task: int) -> SearchSpace:
        """The search space of one task."""

    @abstractmethod
    def context_for(self, space: SearchSpace) -> Columns:
        """What a task of this search space says about itself.

        Raises:
            ValueError: No task can have this space.
        """
