"""Names that the parameters and metrics of a family may have."""

from __future__ import annotations

from hpo_gym.families.base import Family, KnownOptimum

RESERVED = (
    "cost",
    "total_cost",
    "evaluations",
    "task",
    "regret",
    "is_success",
    "failed",
    "episode",
    "final_obs",
    "final_info",
    "terminal_observation",
)
"""Names that infos use themselves, or that Gymnasium and Stable-Baselines3 add to them."""


def check_names(family: Family | type[Family]) -> None:
    """Check that an info can show parameters and metrics side by side, and methods are there.

    Raises:
        ValueError: A name occurs twice, or infos use it themselves, or an attribute has the name
            of a method.
    """
    kind = family if isinstance(family, type) else type(family)
    base = KnownOptimum if issubclass(kind, KnownOptimum) else Family
    methods = [name for name in dir(base) if name[0] != "_" and callable(getattr(base, name))]
    hidden = [name for name in methods if not callable(getattr(family, name))]
    if hidden:
        raise ValueError(
            f"family {family.name!r} has attributes called {hidden}, which are methods of "
            f"{base.__name__}: give them other names"
        )
    bests = [f"best_{metric}" for metric in family.goals]
    names = [*family.space.names, *family.metrics, *bests, *RESERVED]
    masks = [f"_{name}" for name in names]  # of vector environments
    double = sorted({name for name in names if names.count(name) > 1 or name in masks})
    if double:
        raise ValueError(
            f"family {family.name!r} has parameters or metrics called {double}: each needs a name "
            f"of its own, other than {[*RESERVED]} and {bests}, which infos use themselves"
        )
