"""Scores as JSON and back, to the last bit."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_json(value: Any) -> bytes:
    """A dataclass of numbers, text, tuples and such dataclasses as JSON."""
    return json.dumps(asdict(value), separators=(",", ":")).encode()


def from_json(kind: type[T], data: bytes) -> T:
    """What `to_json` was given.

    Args:
        kind: Its class.
        data: The JSON.
    """
    value: T = _read(kind, json.loads(data))
    return value


def _read(kind: Any, value: Any) -> Any:
    if value is None or kind in (int, float, str, bool):
        return value
    if isinstance(kind, type) and is_dataclass(kind):
        return kind(**{name: _read(one, value[name]) for name, one in _hints(kind).items()})
    if hasattr(kind, "_fields"):
        return kind(*value)
    arguments = get_args(kind)
    if isinstance(kind, UnionType):  # of something and None
        return _read(next(one for one in arguments if one is not type(None)), value)
    if get_origin(kind) is tuple:
        kinds = arguments[:1] * len(value) if arguments[-1] is ... else arguments
        return tuple(_read(one, part) for one, part in zip(kinds, value, strict=True))
    raise TypeError(f"nobody knows how to read {kind!r}")


@cache
def _hints(kind: type) -> dict[str, Any]:
    """The types of a dataclass's fields."""
    known = get_type_hints(kind)
    return {field.name: known[field.name] for field in fields(kind)}
