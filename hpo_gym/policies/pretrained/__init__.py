"""Trained policies that come with the package, as pairs of an npz and a json file.

Each was trained on the split "train" of one family of tasks, by the command in its description.
They need NumPy alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, overload

from hpo_gym.policies.classifier.policy import ClassifierPolicy
from hpo_gym.policies.policy import Policy

_FOLDER = Path(__file__).parent


class Pretrained(NamedTuple):
    """A policy that comes with the package."""

    algorithm: str
    family: str
    seed: int
    """Of the training."""

    @property
    def name(self) -> str:
        """The name of its files: "algorithm-family-seed"."""
        return f"{self.algorithm}-{self.family}-{self.seed}"

    @property
    def path(self) -> Path:
        """Its npz file."""
        return _FOLDER / f"{self.name}.npz"


def policies() -> list[Pretrained]:
    """All policies, in the order of their names."""
    parts = (path.stem.split("-") for path in sorted(_FOLDER.glob("*.npz")))
    return [Pretrained(algorithm, family, int(seed)) for algorithm, family, seed in parts]


def families() -> list[str]:
    """Names of the families on which a policy was trained."""
    return sorted({policy.family for policy in policies()})


def path(algorithm: str, family: str, seed: int = 0) -> Path:
    """The npz file of a policy; its json file stands beside it.

    Args:
        algorithm: "unrolled", "ppo" or "recurrent_ppo".
        family: Name of the family.
        seed: Seed of the training.

    Raises:
        ValueError: There is no such policy.
    """
    wanted = Pretrained(algorithm, family, seed)
    if wanted not in policies():
        raise ValueError(
            f"there is no pretrained policy of {algorithm!r} for the family {family!r} with seed "
            f"{seed}; families are {families()}, policies {[known.name for known in policies()]}"
        )
    return wanted.path


@overload
def load(*, seed: int | None = None) -> ClassifierPolicy: ...
@overload
def load(algorithm: str, family: str, seed: int | None = None) -> Policy: ...
def load(
    algorithm: str | None = None, family: str | None = None, seed: int | None = None
) -> Policy | ClassifierPolicy:
    """A pretrained policy: without arguments that of `hpo_gym.Tuner` for classifiers.

    Args:
        algorithm: As in `path`.
        family: As in `path`.
        seed: Seed of the training; if not given 0, or that of the best policy for classifiers.

    Raises:
        ValueError: There is no such policy, or only one of the first two arguments is given.

    Example:
        >>> load().description["algorithm"]
        'classifier'
        >>> policy = load("unrolled", "fictitious")
        >>> policy.description["environment"]["id"]
        'hpo_gym:FictitiousHPOFamily-v0'
    """
    if algorithm is None and family is None:
        return ClassifierPolicy.pretrained(seed)
    if algorithm is None or family is None:
        raise ValueError(
            f"algorithm = {algorithm!r}, family = {family!r}: give both, or none for the default"
        )
    return Policy.load(path(algorithm, family, 0 if seed is None else seed))
