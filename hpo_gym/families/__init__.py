"""Families of tuning tasks, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hpo_gym.families.bank import Distribution
from hpo_gym.families.base import SPLITS, Family
from hpo_gym.families.beale import BealeFamily
from hpo_gym.families.binormal.family import BinormalFamily
from hpo_gym.families.fictitious.family import FictitiousFamily
from hpo_gym.families.fictitious.model import FictitiousModel
from hpo_gym.families.fictitious.notebook import NotebookFamily

_FAMILIES: dict[str, type[Family]] = {}


def register_family(family: type[Family]) -> type[Family]:
    """Make a family known under its ``name``; usable as a class decorator.

    Raises:
        ValueError: Another class has the name already.
    """
    known = _FAMILIES.setdefault(family.name, family)
    if known is not family and known.__qualname__ != family.__qualname__:
        raise ValueError(f"family {family.name!r} is registered already, by {known}")
    _FAMILIES[family.name] = family
    return family


def make_family(family: str | Mapping[str, Any] | Family) -> Family:
    """A family from its name or its JSON-able description.

    Args:
        family: A name, a dict with a ``name`` and parameters, or a family (returned as it is).

    Raises:
        ValueError: The name or a parameter is unknown.

    Example:
        >>> make_family({"name": "notebook", "k_accuracy": 0.9}).describe()
        {'name': 'notebook', 'version': 1, 'k_accuracy': 0.9}
    """
    if isinstance(family, Family):
        return family
    if not isinstance(family, (str, Mapping)):
        raise ValueError(f"family = {family!r} must be a name or a dict with a 'name'")
    parameters = {"name": family} if isinstance(family, str) else dict(family)
    name = parameters.pop("name", None)
    if not isinstance(name, str) or name not in _FAMILIES:
        raise ValueError(f"unknown family {name!r}; known families: {sorted(_FAMILIES)}")
    version = parameters.pop("version", _FAMILIES[name].version)
    if version != _FAMILIES[name].version:
        raise ValueError(
            f"family {name!r} is at version {_FAMILIES[name].version}, not {version!r}"
        )
    try:
        return _FAMILIES[name](**parameters)
    except TypeError as error:
        raise ValueError(f"family {name!r} takes no parameters {sorted(parameters)}") from error


for _family in (NotebookFamily, FictitiousFamily, BinormalFamily, BealeFamily):
    register_family(_family)

__all__ = [
    "SPLITS",
    "BealeFamily",
    "BinormalFamily",
    "Distribution",
    "Family",
    "FictitiousFamily",
    "FictitiousModel",
    "NotebookFamily",
    "make_family",
    "register_family",
]
