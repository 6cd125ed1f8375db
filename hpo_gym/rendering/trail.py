"""An episode so far, and what it is in words."""

from __future__ import annotations

from collections.abc import Sequence

from hpo_gym.shells.process import Record
from hpo_gym.tuning.process import TuningProcess


class Trail:
    """An episode so far.

    Args:
        records: What it showed, from its beginning on.
        start_evaluated: Whether its start was evaluated.
    """

    def __init__(self, records: Sequence[Record], start_evaluated: bool) -> None:
        self.records = records
        self._known = -1 if start_evaluated else 0

    @property
    def evaluated(self) -> list[Record]:
        """The records that evaluated something: no empty start, no decision to stop."""
        known, kept = self._known, []
        for record in self.records:
            if record.info["evaluations"] > known:
                known = record.info["evaluations"]
                kept.append(record)
        return kept

    @property
    def stopped(self) -> bool:
        """The last step chose to stop."""
        counts = [record.info["evaluations"] for record in self.records[-2:]]
        return len(counts) == 2 and counts[0] == counts[1]


def line(process: TuningProcess, trail: Trail) -> str:
    """The last step of an episode in one line."""
    record, info = trail.records[-1], trail.records[-1].info
    step = f"step {len(trail.records) - 1}/{process.options.max_evaluations}"
    reward = "" if record.reward is None else f" reward={record.reward:+.6f}"
    if not trail.evaluated:
        return f"{step} | nothing evaluated yet{reward}"
    metric = process.options.metric
    configuration = " ".join(f"{name}={info[name]:.6g}" for name in process.space.names)
    parts = [
        f"{step} stopped" if trail.stopped else step,
        configuration,
        f"{metric}={info[metric]:.6g} best_{metric}={info[f'best_{metric}']:.6g}",
        *([f"regret={info['regret']:.6g}"] if "regret" in info else []),
        f"cost={info['cost']:.6g} total_cost={info['total_cost']:.6g}{reward}",
    ]
    return " | ".join(parts)


def headline(process: TuningProcess, trail: Trail) -> str:
    """The title of a picture: what `line` says, shorter."""
    info, metric = trail.records[-1].info, process.options.metric
    evaluated = trail.evaluated
    if not evaluated:
        return "nothing evaluated yet"
    earned = sum(record.reward or 0.0 for record in trail.records)
    count = f"evaluation {info['evaluations']} of {process.options.max_evaluations}"
    configuration = ", ".join(f"{name} {info[name]:.3g}" for name in process.space.names)
    parts = [
        count if info["evaluations"] else "start",
        *([configuration] if process.space.dimension <= 4 else []),
        f"{metric} {info[metric]:.4g} (best {info[f'best_{metric}']:.4g})",
        *([f"regret {info['regret']:.2%}"] if "regret" in info else []),
        f"return {earned:.3f}",
    ]
    return "   |   ".join([*parts, *(["stopped"] if trail.stopped else [])])
