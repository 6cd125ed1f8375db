"""Learning curves small enough for the tables of the tests to be worked out by hand."""

from __future__ import annotations

CURVES = [
    [1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    [2, 2, 2, 2, 2, 2, 2, 2, 2, 2],
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    [8, 8, 8, 8, 8, 8, 8, 8, 8, 8],
    [10, 9, 8, 7, 6, 5, 4, 3, 2, 1],
    [4, 4, 4, 4, 4, 4, 4, 4, 4, 4],
    [6, 5, 6, 5, 6, 5, 6, 5, 6, 5],
    [7, 7, 7, 7, 7, 7, 7, 7, 7, 7],
]
"""8 runs x 10 intervals, higher is better."""


def in_step(rule, curves):
    """The interval at which each run ends, or None: all report an interval, then all are judged."""
    seen = [[] for _ in curves]
    ended = [None] * len(curves)
    for interval in range(1, len(curves[0]) + 1):
        running = [run for run, end in enumerate(ended) if end is None]
        for run in running:
            seen[run].append(curves[run][interval - 1])
        for run in running:
            if rule.stops(run, seen):
                ended[run] = interval
    return ended


def in_turn(rule, curves):
    """The same if one run is trained after another, as a study of one worker does."""
    seen, ended, completed = [], [], []
    for run, curve in enumerate(curves):
        seen.append([])
        for value in curve:
            seen[run].append(value)
            if rule.stops(run, seen, completed):
                ended.append(len(seen[run]))
                break
        else:
            ended.append(None)
            completed.append(run)
    return ended
