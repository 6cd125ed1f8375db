"""Trained policies that come with the package, as pairs of an npz and a json file.

Each was trained on the split "train" of one family of tasks, by the command in its description.
They need NumPy alone.
"""

from __future__ import annotations

from pathlib import Path

from hpo_gym.policies.policy import Policy

_FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Names of the policies: "algorithm-family-seed"."""
    return sorted(path.stem for path in _FOLDER.glob("*.npz"))


def families() -> list[str]:
    """Names of the families on which a policy was trained."""
    return sorted({name.split("-")[1] for name in names()})


def path(algorithm: str, family: str, seed: int = 0) -> Path:
    """The npz file of a policy; its json file stands beside it.

    Args:
        algorithm: "unrolled", "ppo" or "recurrent_ppo".
        family: Name of the family.
        seed: Seed of the training.

    Raises:
        ValueError: There is no such policy.
    """
    file = f"{algorithm}-{family}-{seed}"
    if file not in names():
        raise ValueError(
            f"there is no pretrained policy of {algorithm!r} for the family {family!r} with seed "
            f"{seed}; families are {families()}, policies {names()}"
        )
    return _FOLDER / f"{file}.npz"


def load(algorithm: str, family: str, seed: int = 0) -> Policy:
    """A pretrained policy; see `path` for the arguments.

    Example:
        >>> policy = load("unrolled", "fictitious")
        >>> policy.description["environment"]["id"]
        'hpo_gym:FictitiousHPOFamily-v0'
    """
    return Policy.load(path(algorithm, family, seed))
