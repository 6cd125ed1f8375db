"""Building tuners: each is told what it asks for, and no more."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

from hpo_gym.tuning.find import process_of

NEEDS = ("problem", "family", "process")
"""What a tuner may ask for: the problem alone, also the family, or also the process."""


def build_agent(
    factory: Callable[..., Any], env: Any, *, needs: str | None = None, **arguments: Any
) -> Any:
    """A tuner for an environment.

    It is called as ``factory(problem, **arguments)`` with the `hpo_gym.tuning.Problem`: what a
    tuner may know. One that learns from the training tasks has a parameter ``family`` and is told
    the family too; an oracle, which knows the tasks that it faces, has one called ``process``.

    Args:
        factory: The tuner's class, or a function.
        env: An environment or a vector environment, or its process.
        needs: The most that it is told, one of `NEEDS`; None for all that it asks for.
        **arguments: Further arguments, such as ``seed``.

    Raises:
        TypeError: The factory cannot be called like that.
        ValueError: ``needs`` is none of `NEEDS`.
    """
    if not callable(factory):
        raise TypeError(
            f"a tuner is built from a class or a function, not from {factory!r}; "
            "hpo_gym.tuners.registry.make_agent(name, env) makes one by its name"
        )
    if needs is not None and needs not in NEEDS:
        raise ValueError(f"needs = {needs!r} must be None or one of {NEEDS}")
    process, parameters = process_of(env), signature(factory).parameters
    known = {"family": process.family, "process": process}
    allowed = known if needs is None else NEEDS[1 : NEEDS.index(needs) + 1]
    given = {**{name: known[name] for name in allowed if name in parameters}, **arguments}
    try:
        signature(factory).bind(process.problem, **given)
    except TypeError as error:
        keywords = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
        raise TypeError(
            f"a tuner is built by {getattr(factory, '__name__', factory)}(problem, {keywords}), "
            f"which it does not take: {error}"
        ) from error
    return factory(process.problem, **given)
