"""Whether the primary metric is to be large or small."""

from __future__ import annotations

from enum import Enum


class PrimaryMetricGoal(Enum):
    """The goal of a HyperDrive run."""

    MAXIMIZE = "MAXIMIZE"
    MINIMIZE = "MINIMIZE"
