"""Suites by name."""

from __future__ import annotations

from hpo_gym.benchmark.suites.shipped import SHIPPED
from hpo_gym.benchmark.suites.suite import Suite
from hpo_gym.references import load

_SUITES: dict[str, Suite] = {}


def register_suite(suite: Suite | str) -> Suite:
    """Make a suite known under its name.

    Args:
        suite: The suite, or where it is: "module:attribute" or "path/to/file.py:attribute".

    Raises:
        ValueError: Another suite has the name, or the reference does not lead to a suite.
    """
    if isinstance(suite, str):
        suite = read_suite(suite)
    if _SUITES.setdefault(suite.name, suite) != suite:
        raise ValueError(f"the name of the suite {suite.name!r} is taken; give it another one")
    return suite


def read_suite(reference: str) -> Suite:
    """The suite that "module:attribute" or "path/to/file.py:attribute" names.

    Raises:
        ValueError: There is none.
    """
    suite = load(reference)
    if not isinstance(suite, Suite):
        raise ValueError(f"{reference!r} must be a Suite, it is {suite!r}")
    return suite


def make_suite(name: str) -> Suite:
    """A suite from its name.

    Raises:
        ValueError: There is no such suite.

    Example:
        >>> suite = make_suite("smoke")
        >>> suite.budget, len(suite.tasks), suite.seeds
        (16, 8, (0, 1))
    """
    if name not in _SUITES:
        raise ValueError(f"unknown suite {name!r}; known suites: {list(_SUITES)}")
    return _SUITES[name]


for _suite in SHIPPED:
    register_suite(_suite)
