"""Workers on a virtual clock, in plain Python: what `Decision` says, computed independently."""

from __future__ import annotations

import heapq
from typing import NamedTuple

import numpy as np

from hpo_gym.scheduling.table import Runs, Status

DOUBLING = (1, 2, 4, 8, 16, 32, 64, 100)

IDLE = (Status.PAUSED, Status.REPORTED)


class Grant(NamedTuple):
    """A block of epochs that was granted."""

    time: float
    worker: int
    run: int
    epochs: int
    end: float
    score: float
    seen: Runs
    """What the scheduler saw when it decided so."""


class Workers:
    """W workers that ask a scheduler what to do until nothing can be done.

    Args:
        scheduler: Has ``decide(runs)``.
        score: The score of run i at its n-th report is ``score(i, n - 1)``.
        reports, budget, most_runs: See `Runs`.
        speeds: Epochs per unit of time of each worker.
        sample: The unit configuration of a new run, a function of the runs.
    """

    def __init__(
        self,
        scheduler,
        score,
        *,
        reports=(1, 2, 4, 8),
        budget=100,
        most_runs=64,
        speeds=(1.0,),
        sample=lambda runs: (0.0, 0.0),
    ):
        self.scheduler, self.score, self.sample = scheduler, score, sample
        self.reports, self.budget, self.most_runs = reports, budget, most_runs
        self.speeds = speeds
        self.points, self.status, self.curves = [], [], []
        self.left = budget
        self.grants, self.decisions = [], []
        self.busy, self.waiting = [], set()

    def run(self):
        """Until the end; returns the grants."""
        self.waiting = set(range(len(self.speeds)))
        self.ask_waiting(0.0)
        while self.busy:
            time, worker, run = heapq.heappop(self.busy)
            self.curves[run].append(self.score(run, len(self.curves[run])))
            whole = len(self.curves[run]) == len(self.reports)
            self.status[run] = Status.COMPLETED if whole else Status.REPORTED
            self.ask(time, worker)
            self.ask_waiting(time, but=worker)
        return self.grants

    def ask_waiting(self, time, but=None):
        """All workers that wait, in order: somebody has reported."""
        for worker in sorted(self.waiting - {but}):
            self.ask(time, worker)

    def seen(self):
        return Runs(
            reports=self.reports,
            points=list(self.points),
            status=list(self.status),
            curves=[list(curve) for curve in self.curves],
            epochs_left=self.left,
            most_runs=self.most_runs,
        )

    def ask(self, time, worker):
        """What one worker is to do."""
        self.waiting.discard(worker)
        runs = self.seen()
        decision = self.scheduler.decide(runs)
        self.decisions.append((runs, decision))
        reported = runs.reported
        if reported is not None and decision.reported == "continue":
            self.status[reported] = Status.PAUSED
            run = reported
        else:
            if reported is not None:
                ends = {"pause": Status.PAUSED, "stop": Status.STOPPED}
                self.status[reported] = ends[decision.reported]
            run = {"start": len(self.status), "resume": decision.run, "wait": None}[decision.then]
        if run is None or not self.grant(time, worker, run, runs):
            self.waiting.add(worker)

    def grant(self, time, worker, run, runs):
        """Let a worker train a run until its next report; whether that can be done."""
        new = run == len(self.status)
        if new and run >= self.most_runs:
            return False
        assert new or self.status[run] is Status.PAUSED
        done = 0 if new else len(self.curves[run])
        epochs = self.reports[done] - (self.reports[done - 1] if done else 0)
        if epochs > self.left:
            return False
        if new:
            self.points.append(tuple(self.sample(runs)))
            self.status.append(Status.RUNNING)
            self.curves.append([])
        self.status[run] = Status.RUNNING
        self.left -= epochs
        end = time + epochs / self.speeds[worker]
        heapq.heappush(self.busy, (end, worker, run))
        score = self.score(run, done)
        self.grants.append(Grant(time, worker, run, epochs, end, score, runs))
        return True


def random_scores(seed):
    """Curves of no pattern: every order of runs occurs at every report."""
    table = np.random.default_rng(seed).uniform(size=(200, len(DOUBLING)))
    return lambda run, report: float(table[run, report])


def table(*rows, reports=(1, 2, 4), left=100.0, most=64):
    """Runs from (status, curve)."""
    status, curves = [row[0] for row in rows], [list(row[1]) for row in rows]
    return Runs(reports, [(0.0, 0.0)] * len(rows), status, curves, left, most)
