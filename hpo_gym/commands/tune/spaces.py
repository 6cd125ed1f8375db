"""Search spaces that users write: in a file, or as annotations of their function.

A file is TOML or JSON, with a line for each parameter:

    lr = {low = 1e-5, high = 1e-1, log = true}
    layers = {low = 1, high = 8}              # two whole numbers: an integer
    dropout = {low = 0.0, high = 0.5}
    momentum = {kind = "float", low = 0, high = 1}
    optimizer = ["adam", "sgd"]               # a list: a choice
"""

from __future__ import annotations

import inspect
import json
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, get_args, get_type_hints

from hpo_gym.parameters import Parameter
from hpo_gym.space import SearchSpace


def read_space(path: str | Path) -> SearchSpace:
    """The search space in a TOML or JSON file.

    Raises:
        OSError: The file cannot be read.
        ValueError: It describes no search space.
    """
    path = Path(path)
    readers: dict[str, Callable[[str], Any]] = {".toml": tomllib.loads, ".json": _read_json}
    if path.suffix not in readers:
        raise ValueError(f"{path} must be a file that ends in .toml or .json")
    try:
        described = readers[path.suffix](path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from error
    if not isinstance(described, Mapping):
        raise ValueError(f"{path} must have an entry for each parameter, got {described!r}")
    try:
        return SearchSpace.from_description([_entry(*item) for item in described.items()])
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _read_json(text: str) -> Any:
    """JSON in which no name occurs twice; of those Python would read the last one only."""

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        twice = [name for name, count in Counter(name for name, _ in items).items() if count > 1]
        if twice:
            raise ValueError(f"{twice} occur more than once")
        return dict(items)

    return json.loads(text, object_pairs_hook=pairs)


def _entry(name: str, value: Any) -> dict[str, Any]:
    """An entry as `SearchSpace.from_description` reads it."""
    if isinstance(value, list):
        return {"name": name, "kind": "categorical", "choices": value}
    if not isinstance(value, Mapping):
        raise ValueError(
            f"parameter {name!r} = {value!r} must be a list of choices, or have a low and a high, "
            "such as {low = 1e-5, high = 0.1, log = true}"
        )
    whole = all(type(value.get(bound)) is int for bound in ("low", "high"))
    kind = "categorical" if "choices" in value else "integer" if whole else "float"
    return {"kind": kind, **value, "name": name}


def annotated_space(function: Callable[..., Any]) -> SearchSpace:
    """The search space in a function's annotations, ``lr: Annotated[float, Float(1e-5, 0.1)]``.

    Raises:
        ValueError: There is none, or a parameter without one has no default.
    """
    title = getattr(function, "__name__", repr(function))
    try:
        hints = get_type_hints(_annotated(function), include_extras=True)
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError, NameError) as error:
        raise ValueError(f"the annotations of {title} cannot be read: {error}") from error
    found: dict[str, Parameter] = {}
    for parameter in parameters:
        kinds = _kinds(hints.get(parameter.name))
        if kinds:
            found[parameter.name] = kinds[0]
        elif parameter.default is parameter.empty and parameter.kind not in (
            parameter.VAR_KEYWORD,
            parameter.VAR_POSITIONAL,
        ):
            raise ValueError(
                f"{title} does not say where its parameter {parameter.name!r} lies: annotate it, "
                f"as in {parameter.name}: Annotated[float, Float(1e-5, 0.1, log=True)], or name a "
                "file with --space"
            )
    if not found:
        raise ValueError(f"{title} has no annotated parameters: name a file with --space")
    return SearchSpace(found)


def _annotated(function: Callable[..., Any]) -> Callable[..., Any]:
    """What holds the annotations: a partial function and an object with `__call__` have none."""
    while isinstance(function, partial):
        function = function.func
    if inspect.isroutine(function) or inspect.isclass(function):
        return function
    return type(function).__call__


def _kinds(hint: Any) -> list[Parameter]:
    """Those in an annotation: ``Float(0, 1)``, ``Annotated[float, Float(0, 1)] | None``."""
    parts = [hint, *get_args(hint)]
    extras = [extra for part in parts for extra in getattr(part, "__metadata__", ())]
    return [extra for extra in (hint, *extras) if isinstance(extra, Parameter)]


def calls_by_name(function: Callable[..., Any], space: SearchSpace) -> bool:
    """Whether a function takes the parameters by name; otherwise it takes the configuration.

    Raises:
        ValueError: It takes neither.
    """
    title = getattr(function, "__name__", repr(function))
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # of a library in C
        return False
    for by_name in (True, False):
        try:
            if by_name:
                signature.bind(**dict.fromkeys(space.names))
            else:
                signature.bind({})
        except TypeError:
            continue
        return by_name
    raise ValueError(
        f"{title}{signature} must take the parameters {list(space.names)} by name, or one "
        "configuration, which is a dict of them"
    )
