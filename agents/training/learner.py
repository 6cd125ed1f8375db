"""The two classes that an algorithm fills in to be trained: its settings and its learner."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Protocol, TypeAlias

import torch
from stable_baselines3.common.logger import Logger

from hpo_gym.policies.policy import Policy
from hpo_gym.tuning.observations import OBSERVATIONS

from . import validation
from .bounds import Length, OneOf, Within, check_fields

# Bounds are wide: what lies outside cannot be meant, or would not fit into memory.
Steps: TypeAlias = Annotated[int, Within(1, 10**10)]
Rows: TypeAlias = Annotated[int, Within(1, 2**16)]
Share: TypeAlias = Annotated[float, Within(0.0, 1.0)]
Positive: TypeAlias = Annotated[float, Within(0.0, 1e6, above=True)]
LearningRate: TypeAlias = Annotated[float, Within(0.0, 1.0, above=True)]
Sizes: TypeAlias = Annotated[tuple[Annotated[int, Within(1, 4096)], ...], Length(1, 8)]
Criterion: TypeAlias = Annotated[str, OneOf(validation.CRITERIA)]
Observation: TypeAlias = Annotated[str, OneOf(OBSERVATIONS)]


@dataclass(frozen=True, kw_only=True)
class Settings(ABC):
    """Settings that all algorithms share.

    The type of a field states its bounds (see `agents.training.bounds`).

    Attributes:
        interval: Steps (or updates) from one evaluation and checkpoint to the next.
        evaluation_episodes: Episodes of an evaluation.

    Raises:
        ValueError: A setting is of another type, or out of its bounds.
    """

    algorithm: ClassVar[str]
    """The algorithm's name in the descriptions of its policies."""
    policy_class: ClassVar[type[Any]] = Policy
    """What its policies are."""

    interval: Steps = 100_000
    evaluation_episodes: Rows = 256

    def __post_init__(self) -> None:
        """Check every setting."""
        check_fields(self)

    def environment_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """The options of the training's environment, with what the settings add to them."""
        return dict(options)

    @abstractmethod
    def check(self, env_id: str, options: Mapping[str, Any]) -> None:
        """Check what can be checked before there is a learner.

        Args:
            env_id: A registered id.
            options: Options of the environment, as `environment_options` returns them.

        Raises:
            ValueError: The settings do not fit the environment.
        """

    @abstractmethod
    def validate(self, policy: Any, environment: Mapping[str, Any]) -> dict[str, Any]:
        """What the description of a policy says about how good it is.

        Args:
            policy: The policy.
            environment: The ``id`` and ``options`` of the training's environment.
        """

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


@dataclass(frozen=True, kw_only=True)
class EnvironmentSettings(Settings):
    """Settings of perceptrons that read an environment's observations, and are judged by it.

    Attributes:
        criterion: What the best policy is chosen by, "return" or "regret": see
            `agents.training.validation`.
        observation: The observation, unless the environment's options name one; None for the
            environment's own.
        hidden: Sizes of the hidden layers.
    """

    criterion: Criterion = "return"
    observation: Observation | None = None
    hidden: Sizes = (64, 64)

    def environment_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """See `Settings.environment_options`."""
        added = {} if self.observation is None else {"observation": self.observation}
        return {**added, **options}

    def check(self, env_id: str, options: Mapping[str, Any]) -> None:
        """See `Settings.check`."""
        validation.check(env_id, options, self.criterion, self.evaluation_episodes)

    def validate(self, policy: Policy, environment: Mapping[str, Any]) -> dict[str, Any]:
        """See `Settings.validate`."""
        return validation.validate(policy, environment, self.criterion, self.evaluation_episodes)


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
            TrainingInterrupted: After Ctrl-C or SIGTERM, when everything is saved.
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
    def parameters(self) -> Iterable[torch.Tensor]:
        """All weights."""

    @property
    def diverged(self) -> bool:
        """Whether a weight is no longer finite: nothing can be learned from there on."""
        return not all(bool(torch.isfinite(each).all()) for each in self.parameters())

    @abstractmethod
    def policy(self, details: dict[str, Any]) -> Any:
        """A copy of the policy as it is now, of the settings' `policy_class`.

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
