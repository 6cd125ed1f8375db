"""Children in the order of their best primary metric, as HyperDrive sorts them."""

from __future__ import annotations

from collections.abc import Iterable

from hpo_gym.hyperdrive.journal import ChildRow


def order(row: ChildRow, goal: str) -> float:
    """A number by which children are sorted, the best first; infinite without primary metric."""
    best = row.best(goal)
    if best is None:
        return float("inf")
    return -best if goal == "maximize" else best


def ranked(rows: Iterable[ChildRow], goal: str, *, reverse: bool = False) -> list[ChildRow]:
    """Children with a primary metric, best first, or worst first; equal ones keep their order.

    Args:
        rows: The children.
        goal: "maximize" or "minimize".
        reverse: Worst first.
    """
    known = [row for row in rows if row.best(goal) is not None]
    return sorted(known, key=lambda row: order(row, goal), reverse=reverse)
