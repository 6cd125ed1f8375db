"""Trained policies that come with the package, as pairs of an npz and a json file.

Each was trained on the split "train" of one family of tasks, by the command in its description.
They need NumPy alone.
"""

from __future__ import annotations

from pathlib import Path

from hpo_gym.families import Family
from hpo_gym.policy import Policy

_FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Names of the policies: "algorithm-family-seed"."""
    return sorted(path.stem for path in _FOLDER.glob("*.npz"))


def path(algorithm: str, family: str | Family, seed: int = 0) -> Path:
    """The npz file of a policy; its json file stands beside it.

    Args:
        algorithm: "unrolled", "ppo" or "recurrent_ppo".
        family: A family or its name: "fictitious-family" or "binormal".
        seed: Seed of the training.

    Raises:
        ValueError: There is no such policy.
    """
    family = family.name if isinstance(family, Family) else family
    name = f"{algorithm}-{family.removesuffix('-family')}-{seed}"
    if name not in names():
        raise ValueError(f"there is no pretrained policy {name!r}; there are {names()}")
    return _FOLDER / f"{name}.npz"


def load(algorithm: str, family: str | Family, seed: int = 0) -> Policy:
    """A pretrained policy; see `path` for the arguments.

    Example:
        >>> policy = load("unrolled", "fictitious-family")
        >>> policy.description["environment"]["id"]
        'hpo_gym:FictitiousHPOFamily-v0'
    """
    return Policy.load(path(algorithm, family, seed))
