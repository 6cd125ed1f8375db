"""What the results are protected against, and what not: sentences for the report and the tables."""

from __future__ import annotations

TRUST = (
    "Tuners ran in processes of their own, told only space, metrics, layout, budget and a seed.",
    "On public suites a tuner could still know the tasks by their published keys; on sealed suites "
    "(--salt) it could not, unless it reads the salt from the disk or other processes of the same "
    "user.",
)
