"""Spaces of sampling expressions: what is one, how large it is, and its points.

A space is a dict of expressions by the names of the hyperparameters. An option of a choice that is
itself a dict is a space within it, where what is no expression stays as it is. A configuration has
the space's keys, with a dict where a space within it was chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, floor, log, prod
from statistics import NormalDist
from typing import Any, TypeAlias

from hpo_gym.hyperdrive.exceptions import HyperDriveConfigException
from hpo_gym.hyperdrive.parameter_expressions import ARGUMENTS, Expression, expression

Space: TypeAlias = dict[str, Any]
Configuration: TypeAlias = dict[str, Any]


_SHOWN = 6
"""Options of a choice that are written out."""


def is_expression(value: Any) -> bool:
    """Whether a value has the form of an expression: a distribution's name, its arguments."""
    return (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], str)
        and value[0] in ARGUMENTS
        and isinstance(value[1], list)
    )


def check_space(space: Any, allowed: tuple[str, ...], sampling: str) -> None:
    """Refuse what is no space of the allowed distributions.

    Args:
        space: What a user gave.
        allowed: Names of distributions.
        sampling: Who allows them, for the message.

    Raises:
        HyperDriveConfigException: The space is empty, a name is no string, a value no expression,
            or an expression not allowed or out of its bounds.
    """
    if not isinstance(space, dict) or not space:
        raise HyperDriveConfigException(
            f"parameter_space = {space!r} must be a dict of expressions by name, such as "
            "{'lr': uniform(0.01, 0.1)}",
            "service",
        )
    for name, value in space.items():
        if not (isinstance(name, str) and name):
            raise HyperDriveConfigException(f"{name!r}: a hyperparameter's name must be a string")
        if not is_expression(value):
            raise HyperDriveConfigException(
                f"{name} = {value!r} is no sampling expression; for a fixed value write "
                f"choice({value!r})",
                "service",
            )
    for path, value in leaves(space):
        expression(value[0], *value[1])
        if value[0] not in allowed:
            raise HyperDriveConfigException(
                f"{path} = {value!r}: {sampling} takes {', '.join(allowed)} only; "
                "RandomParameterSampling takes every expression",
                "SDK" if path in space else "service",
            )


def leaves(space: Space, path: str = "") -> list[tuple[str, Expression]]:
    """All expressions of a space and of those within it, each with its path.

    Spaces that exclude each other may share paths, such as "model.lr".
    """
    found = []
    for name, value in space.items():
        if is_expression(value):
            found.append((f"{path}{name}", value))
            for option in value[1][0] if value[0] == "choice" else ():
                if isinstance(option, dict):
                    found += leaves(option, f"{path}{name}.")
    return found


def drawn(value: Expression, uniform: float, base: float) -> Any:
    """The value of an expression at a uniform: the inverse of its distribution function.

    Args:
        value: The expression.
        uniform: In (0, 1).
        base: Of its logarithms.
    """
    name, arguments = value
    if name == "choice":
        return arguments[0][floor(uniform * len(arguments[0]))]
    if name == "randint":
        return floor(uniform * arguments[0])
    first, second, *step = arguments
    if "normal" in name:
        number = first + second * NormalDist().inv_cdf(uniform)
    else:
        number = first + (second - first) * uniform
    if "log" in name:
        number = exp(number * log(base))
    for q in step:
        number = round(number / q) * (int(q) if q == int(q) else q)
    return number


def configuration(
    space: Space, uniform: Callable[[str], float], base: float, path: str = ""
) -> Configuration:
    """The point of a space at a uniform in (0, 1) for every path of its `leaves`."""
    point = {}
    for name, value in space.items():
        here = f"{path}{name}"
        point[name] = drawn(value, uniform(here), base) if is_expression(value) else value
        if isinstance(point[name], dict):
            point[name] = configuration(point[name], uniform, base, f"{here}.")
    return point


def written(value: Any) -> str:
    """A space, or what is in it, with its expressions as the calls that make them."""
    if is_expression(value):
        name, arguments = value
        return f"{name}({', '.join(map(written, arguments))})"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name!r}: {written(inner)}' for name, inner in value.items())}}}"
    if isinstance(value, list):
        shown = [written(each) for each in value[:_SHOWN]]
        return f"[{', '.join([*shown, '...'] if len(value) > _SHOWN else shown)}]"
    return repr(value)


def size(space: Space) -> int:
    """The number of points of a space of choices."""
    return prod(sum(_sizes(value)) for value in space.values() if is_expression(value))


def _sizes(value: Expression) -> list[int]:
    return [size(option) if isinstance(option, dict) else 1 for option in value[1][0]]


def grid_point(space: Space, number: int) -> Configuration:
    """A point of a space of choices by its number, from 0; the last name changes fastest."""
    point = {}
    for name, value in reversed(space.items()):
        point[name] = value
        if is_expression(value):
            sizes = _sizes(value)
            number, place = divmod(number, sum(sizes))
            index = 0
            while place >= sizes[index]:
                place -= sizes[index]
                index += 1
            option = value[1][0][index]
            point[name] = grid_point(option, place) if isinstance(option, dict) else option
    return {name: point[name] for name in space}
