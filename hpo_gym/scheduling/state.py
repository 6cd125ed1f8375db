"""What an episode of scheduling is at a moment: arrays of N rows that nobody changes."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hpo_gym.tasks.columns import Tasks

Array: TypeAlias = NDArray[Any]


class State(NamedTuple):
    """Everything about the episodes of N rows; one row is N = 1.

    R runs can be started, by W workers; their rows in `table` have the layout of
    `hpo_gym.scheduling.observations`.
    """

    tasks: Tasks
    key: Array
    """(N,) uint64, keys of the episodes' random numbers."""
    table: Array
    """(R, d + 2 + K, N) float32, the runs as observations show them."""
    last: Array
    """(R, N) float32, the runs' last scores."""
    started: Array
    """(N,) int64, number of runs."""
    run: Array
    """(W, N) int64, what each worker trains; -1 if it trains nothing."""
    end: Array
    """(W, N) when each worker reports; inf if it trains nothing."""
    asks: Array
    """(W, N) bool, workers without work that have not been asked yet since the last report."""
    worker: Array
    """(N,) int64, the worker that asks."""
    reported: Array
    """(N,) int64, the run that has just reported, and is not completed; -1 if there is none."""
    clock: Array
    """(N,) time."""
    left: Array
    """(N,) worker-epochs left."""
    shown: Array
    """(N,) int64, the run whose report came last; -1 before any."""
    natural: Array
    """(parameters, N) its configuration, with its epochs then."""
    metrics: Array
    """(M, N) its observed metrics."""
    best_metric: Array
    """(N,) observed primary metric of the incumbent."""
    best_score: Array
    """(N,) its observed score; -inf before any report."""
    best_true_score: Array
    """(N,) its noise-free score."""
    cost: Array
    """(N,) cost of the last grant."""
    total_cost: Array


def begun(tasks: Tasks, key: Array, sizes: tuple[int, int, int, int, int], budget: int) -> State:
    """The state of N rows before any grant.

    Args:
        tasks: Their tasks.
        key: (N,) their keys.
        sizes: R runs, components of a run, W workers, numbers of parameters and of metrics.
        budget: Worker-epochs.
    """
    runs, row_size, workers, parameters, metrics = sizes
    n = len(key)
    zeros, none = np.zeros(n), np.full(n, -1)
    asks = np.ones((workers, n), dtype=np.bool_)
    return State(
        tasks,
        key,
        table=np.zeros((runs, row_size, n), dtype=np.float32),
        last=np.zeros((runs, n), dtype=np.float32),
        started=np.zeros(n, dtype=np.int64),
        run=np.full((workers, n), -1),
        end=np.full((workers, n), np.inf),
        asks=asks,
        worker=np.zeros(n, dtype=np.int64),
        reported=none,
        clock=zeros,
        left=np.full(n, float(budget)),
        shown=none,
        natural=np.zeros((parameters, n)),
        metrics=np.zeros((metrics, n)),
        best_metric=zeros,
        best_score=np.full(n, -np.inf),
        best_true_score=zeros,
        cost=zeros,
        total_cost=zeros,
    )
