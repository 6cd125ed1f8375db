"""Building tuners: each is told what it asks for, and no more."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

from hpo_gym.tuning.find import dynamics_of


def build_agent(factory: Callable[..., Any], env: Any, **arguments: Any) -> Any:
    """A tuner for an environment.

    It is called as ``factory(problem, **arguments)`` with the `hpo_gym.tuning.Problem`: what a
    tuner may know. One that learns from the training tasks of the family has a parameter
    ``family``; an oracle, which knows the tasks that it faces, one that is called ``process``.

    Args:
        factory: The tuner's class, or a function.
        env: An environment or a vector environment, or its process.
        **arguments: Further arguments, such as ``seed``.

    Raises:
        TypeError: The factory cannot be called like that.
    """
    process = dynamics_of(env)
    known = {"family": process.family, "process": process}
    told = {name: known[name] for name in signature(factory).parameters if name in known}
    given = {**told, **arguments}
    try:
        signature(factory).bind(process.problem, **given)
    except TypeError as error:
        keywords = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
        name = getattr(factory, "__name__", factory)
        raise TypeError(
            f"a tuner is built by {name}(problem, {keywords}), which it does not take: {error}"
        ) from error
    return factory(process.problem, **given)
