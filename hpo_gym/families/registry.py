"""Families by name: short names of registered classes, and "module:Class" of all others."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hpo_gym.families.base import REGISTERED, Family
from hpo_gym.references import load


def register_family(family: type[Family] | str) -> type[Family]:
    """Make a family known under its short ``name``; usable as a class decorator.

    Other processes know the short name only if they import the module too. A class that is not
    registered is known everywhere, as "module:Class".

    Args:
        family: The class, or where it is: "module:Class" or "path/to/file.py:Class".

    Raises:
        ValueError: Another class has the name already, or the reference leads to no family.
    """
    if isinstance(family, str):
        family = _imported(family)
    known = REGISTERED.setdefault(family.name, family)
    if known is not family and _source(known) != _source(family):  # not a module imported anew
        raise ValueError(
            f"family {family.name!r} is registered already, by {known}: give yours another name"
        )
    REGISTERED[family.name] = family
    return family


def make_family(family: str | Mapping[str, Any] | Family) -> Family:
    """A family from its name or its JSON-able description.

    Args:
        family: A name, a dict with a ``name`` and parameters, or a family (returned as it is). A
            name is the short one of a registered class, or "module:Class" or
            "path/to/file.py:Class" of any class that can be imported.

    Raises:
        ValueError: The name or a parameter is unknown.

    Example:
        >>> make_family({"name": "notebook", "k_accuracy": 0.9}).describe()
        {'name': 'notebook', 'version': 1, 'k_accuracy': 0.9}
        >>> make_family("hpo_gym.families.beale:BealeFamily").describe()
        {'name': 'beale', 'version': 1}
    """
    if isinstance(family, Family):
        return family
    if not isinstance(family, (str, Mapping)):
        raise ValueError(f"family = {family!r} must be a name or a dict with a 'name'")
    parameters = {"name": family} if isinstance(family, str) else dict(family)
    name = parameters.pop("name", None)
    kind = _class_of(name)
    version = parameters.pop("version", kind.version)
    if version != kind.version:
        raise ValueError(f"family {name!r} is at version {kind.version}, not {version!r}")
    try:
        return kind(**parameters)
    except TypeError as error:
        raise ValueError(
            f"family {name!r} cannot be made with the parameters {sorted(parameters)}: {error}"
        ) from error


def _source(kind: type[Family]) -> tuple[str, Any]:
    """What a class is called and the contents of its file, wherever that lies."""
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    source = Path(file).read_bytes() if file and Path(file).is_file() else kind.__module__
    return kind.__qualname__, source


def _class_of(name: Any) -> type[Family]:
    if isinstance(name, str) and ":" in name:
        return _imported(name)
    if not isinstance(name, str) or name not in REGISTERED:
        raise ValueError(
            f"unknown family {name!r}; known families: {sorted(REGISTERED)}, and 'module:Class' "
            "of your own"
        )
    return REGISTERED[name]


def _imported(reference: str) -> type[Family]:
    kind = load(reference)
    if not (isinstance(kind, type) and issubclass(kind, Family)):
        raise ValueError(f"family {reference!r} is {kind!r}, not a class of families")
    return kind
