"""The two classes that an algorithm fills in to be trained: its settings and its learner."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from stable_baselines3.common.logger import Logger

from hpo_gym.policies.policy import Policy

from .validation import CRITERIA


@dataclass(frozen=True, kw_only=True)
class Settings(ABC):
    """Settings that all algorithms share.

    Attributes:
        interval: Steps (or updates) from one evaluation and checkpoint to the next.
        evaluation_episodes: Episodes of an evaluation.
        criterion: What the best policy is chosen by, "return" or "regret": see
            `agents.training.validation`.
        observation: The observation, unless the environment's options name one; None for the
            environment's own.
        hidden: Sizes of the hidden layers.
    """

    algorithm: ClassVar[str]
    """The algorithm's name in the descriptions of its policies."""

    interval: int = 100_000
    evaluation_episodes: int = 256
    criterion: str = "return"
    observation: str | None = None
    hidden: tuple[int, ...] = (64, 64)

    def __post_init__(self) -> None:
        """Check what would fail late or without saying why."""
        self._require_counts("interval", "evaluation_episodes")
        self._require_one_of("criterion", CRITERIA)
        if not all(size >= 1 for size in self.hidden):
            raise ValueError(f"hidden = {self.hidden!r} must be whole numbers >= 1")

    @abstractmethod
    def learner(self, env_id: str, options: dict[str, Any], seed: int) -> Learner:
        """A learner at the beginning of its training.

        Args:
            env_id: A registered id.
            options: Options of the environment.
            seed: Seeds everything, in [0, 2**32).

        Raises:
            ValueError: The algorithm does not fit the environment.
        """

    def _require_counts(self, *names: str) -> None:
        for name in names:
            value = getattr(self, name)
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} = {value!r} must be a whole number >= 1")

    def _require_one_of(self, name: str, known: tuple[str, ...]) -> None:
        value = getattr(self, name)
        if value not in known:
            raise ValueError(f"{name} = {value!r} must be one of {[*known]}")


class Hooks(Protocol):
    """What a learner calls while it learns: `agents.training.run.ResumableRun`."""

    logger: Logger
    """For further figures; it is written out at every boundary."""

    def advance(self) -> None:
        """Show the progress; to be called after every step."""

    def rest(self) -> bool:
        """Evaluate the policy and write a checkpoint, if it is time to.

        To be called before every step or rollout, where `Learner.capture` holds everything that
        the training goes on from.

        Returns:
            Whether there was a boundary here.

        Raises:
            TrainingInterrupted: After Ctrl-C, when everything is saved.
        """


class Learner(ABC):
    """Something in training: how it takes its steps, and the state that it goes on from."""

    unit: ClassVar[str]
    """What is counted: "step" or "update"."""
    total: int
    """Number of them in the whole training."""

    @property
    @abstractmethod
    def done(self) -> int:
        """Number of them so far."""

    @abstractmethod
    def learn(self, hooks: Hooks) -> None:
        """Take all steps that are left, at least one."""

    @abstractmethod
    def policy(self, details: dict[str, Any]) -> Policy:
        """A copy of the policy as it is now.

        Args:
            details: What its description says about the training, besides how far it has come.
        """

    @abstractmethod
    def capture(self) -> dict[str, Any]:
        """The state: tensors and plain values, nested in dicts and lists."""

    @abstractmethod
    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `capture` returned in a training with the same settings."""

    def close(self) -> None:  # noqa: B027 - most learners hold nothing that must be closed
        """Release what the learner holds."""
