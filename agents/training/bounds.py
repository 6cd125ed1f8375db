"""What a setting may be: stated in the type of its field, checked in one place.

steps: Annotated[int, Within(1, 1000)] = 10
hidden: Annotated[tuple[Annotated[int, Within(1, 64)], ...], Length(1, 8)] = (8,)
reward: Annotated[str, OneOf(REWARDS)] | None = None
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

_NUMBERS = {int: "a whole number", float: "a number"}


@dataclass(frozen=True)
class Within:
    """Bounds of a number, which is not NaN; `low` itself is left out if `above`."""

    low: float
    high: float
    above: bool = False

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high and not (self.above and value == self.low)

    def __str__(self) -> str:
        low, high = (
            f"{end:{'d' if isinstance(end, int) else 'g'}}" for end in (self.low, self.high)
        )
        return f"in {'(' if self.above else '['}{low}, {high}]"


@dataclass(frozen=True)
class Length:
    """Bounds of the number of entries."""

    low: int
    high: int


@dataclass(frozen=True, eq=False)  # a type must have a hash, and names may be a dict
class OneOf:
    """The names that exist, now or later."""

    names: Collection[str]


def check_fields(instance: Any) -> None:
    """Check every field of a dataclass against its type; a list becomes the tuple it stands for.

    Raises:
        ValueError: A value is of another type, or out of its bounds.
    """
    hints = get_type_hints(type(instance), include_extras=True)
    for field in fields(instance):
        value = getattr(instance, field.name)
        if isinstance(value, list):
            value = tuple(value)
            object.__setattr__(instance, field.name, value)
        if not _fits(value, hints[field.name]):
            raise ValueError(
                f"{field.name} = {_shown(value)} must be {_wanted(hints[field.name])}, such as the "
                f"default {_shown(field.default)}"
            )


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value is of a type and within its bounds."""
    kind, bound = _parts(hint)
    if get_origin(kind) in (Union, UnionType):
        return any(_fits(value, each) for each in get_args(kind))
    if kind is NoneType:
        return value is None
    if get_origin(kind) is tuple:
        inside = isinstance(value, tuple) and bound.low <= len(value) <= bound.high
        return inside and all(_fits(each, get_args(kind)[0]) for each in value)
    if kind is str:
        return isinstance(value, str) and value in bound.names
    if kind is bool or isinstance(value, bool):  # True is an int, but no number of anything
        return kind is bool and isinstance(value, bool)
    return isinstance(value, (int, float) if kind is float else int) and value in bound


def _wanted(hint: Any) -> str:
    """What a type and its bounds ask for, in words."""
    kind, bound = _parts(hint)
    if get_origin(kind) in (Union, UnionType):
        return " or ".join(_wanted(each) for each in get_args(kind))
    if kind is NoneType:
        return "null"
    if get_origin(kind) is tuple:
        return f"{bound.low} to {bound.high} entries, each {_wanted(get_args(kind)[0])}"
    if kind is str:
        return f"one of {[*bound.names]}"
    return "true or false" if kind is bool else f"{_NUMBERS[kind]} {bound}"


def _parts(hint: Any) -> tuple[Any, Any]:
    """The bare type and its bound, None if it has none."""
    if get_origin(hint) is Annotated:
        kind, bound = get_args(hint)
        return kind, bound
    return hint, None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:50]}... ({len(text)} characters)"
