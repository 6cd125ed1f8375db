"""Trained policies that come with the package, as pairs of an npz and a json file.

Each was trained on the split "train" of one family of tasks, by the command in its description.
They need NumPy alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hpo_gym.families import Family
from hpo_gym.policy import Policy

FAMILIES: Mapping[str, str] = {"fictitious": "fictitious-family", "binormal": "binormal"}
"""Families by what the names of policies call them."""

_FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Names of the policies: "algorithm-family-seed", the family as a key of `FAMILIES`."""
    return sorted(path.stem for path in _FOLDER.glob("*.npz"))


def path(algorithm: str, family: str | Family, seed: int = 0) -> Path:
    """The npz file of a policy; its json file stands beside it.

    Args:
        algorithm: "unrolled", "ppo" or "recurrent_ppo".
        family: A family or its name, a value of `FAMILIES`.
        seed: Seed of the training.

    Raises:
        ValueError: There is no such policy.
    """
    family = family.name if isinstance(family, Family) else family
    for word, name in FAMILIES.items():
        file = f"{algorithm}-{word}-{seed}"
        if name == family and file in names():
            return _FOLDER / f"{file}.npz"
    raise ValueError(
        f"there is no pretrained policy of {algorithm!r} for the family {family!r} with seed "
        f"{seed}; families are {[*FAMILIES.values()]}, policies {names()}"
    )


def load(algorithm: str, family: str | Family, seed: int = 0) -> Policy:
    """A pretrained policy; see `path` for the arguments.

    Example:
        >>> policy = load("unrolled", "fictitious-family")
        >>> policy.description["environment"]["id"]
        'hpo_gym:FictitiousHPOFamily-v0'
    """
    return Policy.load(path(algorithm, family, seed))
