"""What the benchmarks share: races, reports, the bare equations."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np


def pin_to_one_core() -> None:
    """Stay on one core, where the system can do that."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def race(contestants: Mapping[str, Callable[[], float]], repeats: int) -> dict[str, float]:
    """Median of what each contestant returns, over interleaved runs after one that warms up."""
    rates: dict[str, list[float]] = {name: [] for name in contestants}
    for repeat in range(repeats + 1):
        for name, run in contestants.items():
            rate = run()
            if repeat:
                rates[name].append(rate)
    return {name: statistics.median(values) for name, values in rates.items()}


def report(title: str, rates: Mapping[str, float]) -> None:
    """Print rates, and the first one's ratio to each of the others."""
    first, *_ = rates
    print(f"\n{title}")
    for name, rate in rates.items():
        ratio = "" if name == first else f"   {first} = {rates[first] / rate:.2f} x"
        print(f"  {name:30s} {rate:14,.0f}{ratio}")


def equations(actions: list[Any], calls: int = 60) -> Callable[[], float]:
    """A timer of the notebook's equations in plain NumPy, decoding of the actions included."""

    def run() -> float:
        begin = time.perf_counter()
        for i in range(calls):
            bare_equations(actions[i % len(actions)])
        return calls * len(actions[0]) / (time.perf_counter() - begin)

    return run


def bare_equations(actions: Any) -> tuple[Any, ...]:
    """Precision, recall, loss, accuracy and F1 of actions (N, 3): what a step must compute."""
    x = (actions.astype(np.float64) + 1.0) / 2.0
    thr, epochs, z = x[:, 0], np.rint(1.0 + 99.0 * x[:, 1]), -4.0 + 4.8 * x[:, 2]
    log_epochs = np.log10(3.0 - 0.025 * epochs)
    log_accuracy, log_loss = np.log10(0.7 - 0.5 * z), np.log10(0.9 - z)
    accuracy = (0.95 - 3.0 * log_epochs * log_epochs) * (0.98 - log_accuracy * log_accuracy)
    loss = (3.0 + 7.0 * np.exp(-0.05 * epochs)) * (0.6 + log_loss * log_loss)
    precision = (0.1 + 0.9 / (1.0 + 5000.0 * np.exp(-20.0 * thr))) * accuracy
    recall = accuracy / (1.0 + 1e-5 * np.exp(20.0 * thr))
    return precision, recall, loss, accuracy, 2.0 * precision * recall / (precision + recall)
