"""Families by name: short names of registered classes, and "module:Class" of all others."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from hpo_gym.families.base import REGISTERED, Family
from hpo_gym.families.names import check_names
from hpo_gym.references import load


def register_family(family: type[Family] | str) -> type[Family]:
    """Make a family known under its short ``name``; usable as a class decorator.

    Other processes know the short name only if they import the module too. A class that is not
    registered is known everywhere, as "module:Class".

    Args:
        family: The class, or where it is: "module:Class" or "path/to/file.py:Class".

    Raises:
        ValueError: It is no class of families, has no name or one that another class has already,
            or its parameters and metrics have names that infos use themselves.
    """
    kind = _class_of(family, load(family) if isinstance(family, str) else family)
    name = getattr(kind, "name", None)
    if not isinstance(name, str) or not name:
        raise ValueError(f"{kind} needs a name, such as name = 'mine', not {name!r}")
    with suppress(AttributeError, TypeError):  # a space of the instance's own is checked in use
        check_names(kind)
    known = REGISTERED.setdefault(name, kind)
    if known is not kind and _source(known) != _source(kind):  # not a module imported anew
        raise ValueError(f"family {name!r} is registered already, by {known}: give yours another")
    REGISTERED[name] = kind
    return kind


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
        hint = f": give an instance, {family.__name__}()" if isinstance(family, type) else ""
        raise ValueError(
            f"family = {family!r} must be a name, a dict with a 'name', or a Family{hint}"
        )
    parameters = {"name": family} if isinstance(family, str) else dict(family)
    name = parameters.pop("name", None)
    kind = _class_called(name)
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


def _class_called(name: Any) -> type[Family]:
    if isinstance(name, str) and ":" in name:
        return _class_of(name, load(name))
    if not isinstance(name, str) or name not in REGISTERED:
        raise ValueError(
            f"unknown family {name!r}; known families: {sorted(REGISTERED)}, and 'module:Class' "
            "of your own"
        )
    return REGISTERED[name]


def _class_of(given: Any, kind: Any) -> type[Family]:
    """What was given leads to ``kind``, which must be a class of families."""
    if not (isinstance(kind, type) and issubclass(kind, Family)):
        hint = f": give its class, {type(kind).__name__}" if isinstance(kind, Family) else ""
        raise ValueError(f"family {given!r} is {kind!r}, not a class of families{hint}")
    return kind
