"""An evaluation as a tuner keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from numbers import Real
from typing import Any

from hpo_gym.parameters import plain


@dataclass(frozen=True)
class Evaluation:
    """An evaluation that was asked for or told.

    Attributes:
        configuration: What is evaluated.
        asked: Whether the tuner asked for it.
        status: "running", "done" or "failed".
        score: What was told, as it was told; None unless it is done.
        metrics: All that was told, if it was told by names.
    """

    configuration: dict[str, Any]
    asked: bool
    status: str = "running"
    score: float | None = None
    metrics: dict[str, float] | None = None


def is_number(value: Any) -> bool:
    """Whether a value is a number, of Python or NumPy; truth values are none."""
    return isinstance(plain(value), Real) and not isinstance(plain(value), bool)


def as_float(value: Any) -> float:
    """A number as a float, infinite where it is too large."""
    try:
        return float(value)
    except OverflowError:  # of a whole number of hundreds of digits
        return inf
