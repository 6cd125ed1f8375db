"""HyperDrive's ten sampling expressions.

An expression is a list, the name of a distribution and its arguments, which is how HyperDrive
sends it: ``uniform(0, 1) == ["uniform", [0, 1]]``.

Example:
    >>> from math import log
    >>> uniform(0.05, 0.1)
    ['uniform', [0.05, 0.1]]
    >>> choice(range(3))
    ['choice', [[0, 1, 2]]]
    >>> loguniform(log(1), log(100))  # from 1 to 100: the bounds are those of the logarithm
    ['loguniform', [0.0, 4.605170185988092]]
"""

from __future__ import annotations

import json
from math import isfinite
from typing import Any, TypeAlias

from hpo_gym.hyperdrive.exceptions import HyperDriveConfigException
from hpo_gym.parameters import plain

Expression: TypeAlias = list[Any]

_BETWEEN, _AROUND = ("min_value", "max_value"), ("mu", "sigma")
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "choice": ("values",),
    "randint": ("upper",),
    "uniform": _BETWEEN,
    "quniform": (*_BETWEEN, "q"),
    "loguniform": _BETWEEN,
    "qloguniform": (*_BETWEEN, "q"),
    "normal": _AROUND,
    "qnormal": (*_AROUND, "q"),
    "lognormal": _AROUND,
    "qlognormal": (*_AROUND, "q"),
}
"""The distributions, and the names of their arguments."""


def expression(name: str, *arguments: Any) -> Expression:
    """The expression of a distribution, its arguments checked.

    Args:
        name: One of `ARGUMENTS`.
        arguments: Those of the function with this name; q may be any positive number, as in
            version 2 of Azure's SDK.

    Raises:
        HyperDriveConfigException: The name is another, or an argument out of its bounds.
    """
    if name not in ARGUMENTS:
        raise HyperDriveConfigException(
            f"{name!r} is no sampling expression; choose one of {', '.join(ARGUMENTS)}"
        )
    names = ARGUMENTS[name]
    if len(arguments) != len(names):
        raise HyperDriveConfigException(
            f"{name}{arguments!r} has {len(arguments)} arguments; give {', '.join(names)}"
        )
    given = dict(zip(names, map(plain, arguments), strict=True))
    call = f"{name}({', '.join(map(repr, given.values()))})"
    if name == "choice":
        given["values"] = _checked_options(given["values"])
    elif name == "randint":
        upper = given["upper"]
        if not (isinstance(upper, int) and upper > 0):
            raise HyperDriveConfigException(
                f"{call}: upper must be a positive whole number, one more than the largest drawn",
                "SDK",
            )
    else:
        _check_numbers(call, given, strict="log" not in name)
    return [name, list(given.values())]


def _checked_options(values: Any) -> list[Any]:
    if not (isinstance(values, (list, tuple, range)) and len(values)):
        raise HyperDriveConfigException(
            f"choice of {values!r}: give at least one option, as choice(1, 2) or choice([1, 2])",
            "SDK",
        )
    options = [plain(option) for option in values]
    for option in options:
        try:
            json.dumps(option, allow_nan=False)
        except (TypeError, ValueError):
            raise HyperDriveConfigException(
                f"choice: the option {option!r} cannot be written as JSON; give numbers, strings, "
                "True, False, None, or lists and dicts of these"
            ) from None
    return options


def _check_numbers(call: str, given: dict[str, Any], strict: bool) -> None:
    for argument, value in given.items():
        if not isinstance(value, (int, float)):
            raise HyperDriveConfigException(f"{call}: {argument} must be a number", "SDK")
        if not isfinite(value):
            raise HyperDriveConfigException(f"{call}: {argument} must be finite")
    low, high = given.get("min_value", 0), given.get("max_value", 1)
    if low > high or (strict and low == high):
        below = "below" if strict else "at most"
        raise HyperDriveConfigException(
            f"{call}: min_value must be {below} max_value; for one value write choice({low!r})",
            "SDK",
        )
    if given.get("sigma", 0) < 0:
        raise HyperDriveConfigException(f"{call}: sigma must be at least 0", "SDK")
    if given.get("q", 1) <= 0:
        raise HyperDriveConfigException(f"{call}: q, the step of the values, must be above 0")


def _quantised(name: str, *arguments: Any) -> Expression:
    """An expression whose last argument is a step, which version 1 of the SDK wants whole."""
    q = plain(arguments[-1])
    if isinstance(q, float) and isfinite(q) and q != int(q):
        raise HyperDriveConfigException(
            f"{name}: q = {q!r} must be a whole number; for finer steps divide in the script",
            "SDK",
        )
    return expression(name, *arguments)


def choice(*options: Any) -> Expression:
    """One of the options, all equally likely.

    Args:
        options: Values, or one list or range of them. A dict of expressions is a space within
            the space, drawn if it is chosen.

    Raises:
        HyperDriveConfigException: Here and below: an argument is out of its bounds.
    """
    if len(options) == 1 and isinstance(options[0], (list, range)):
        return expression("choice", options[0])
    if any(isinstance(option, (list, range)) for option in options):
        raise HyperDriveConfigException(
            f"choice{options!r}: give one list alone, or values that are no lists", "SDK"
        )
    return expression("choice", options)


def randint(upper: int) -> Expression:
    """A whole number from 0 to upper - 1."""
    return expression("randint", upper)


def uniform(min_value: float, max_value: float) -> Expression:
    """A real number between two bounds."""
    return expression("uniform", min_value, max_value)


def quniform(min_value: float, max_value: float, q: int) -> Expression:
    """round(uniform(min_value, max_value) / q) * q: it may lie outside by half of q."""
    return _quantised("quniform", min_value, max_value, q)


def loguniform(min_value: float, max_value: float) -> Expression:
    """exp(uniform(min_value, max_value)): the bounds are those of the natural logarithm."""
    return expression("loguniform", min_value, max_value)


def qloguniform(min_value: float, max_value: float, q: int) -> Expression:
    """round(exp(uniform(min_value, max_value)) / q) * q."""
    return _quantised("qloguniform", min_value, max_value, q)


def normal(mu: float, sigma: float) -> Expression:
    """A real number, normally distributed about mu with the standard deviation sigma."""
    return expression("normal", mu, sigma)


def qnormal(mu: float, sigma: float, q: int) -> Expression:
    """round(normal(mu, sigma) / q) * q."""
    return _quantised("qnormal", mu, sigma, q)


def lognormal(mu: float, sigma: float) -> Expression:
    """exp(normal(mu, sigma)): mu and sigma are those of the natural logarithm."""
    return expression("lognormal", mu, sigma)


def qlognormal(mu: float, sigma: float, q: int) -> Expression:
    """round(exp(normal(mu, sigma)) / q) * q."""
    return _quantised("qlognormal", mu, sigma, q)
