"""Names that the parameters and metrics of a family may have."""

from __future__ import annotations

from hpo_gym.families.base import Family

RESERVED = (
    "cost",
    "total_cost",
    "evaluations",
    "task",
    "regret",
    "is_success",
    "failed",
    "episode",
)
"""Names that infos use themselves."""


def check_names(family: Family) -> None:
    """Check that an info can show parameters and metrics side by side.

    Raises:
        ValueError: A name occurs twice, or infos use it themselves.
    """
    bests = [f"best_{metric}" for metric in family.goals]
    names = [*family.space.names, *family.metrics, *bests, *RESERVED]
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise ValueError(
            f"family {family.name!r} has parameters or metrics called {double}: each needs a name "
            f"of its own, other than {[*RESERVED]} and {bests}, which infos use themselves"
        )
