"""Successive halving and rules as schedulers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from simulated_workers import DOUBLING, Workers, random_scores, table

from hpo_gym.scheduling.brackets import (
    ASHA,
    Hyperband,
    RuleScheduler,
    SuccessiveHalving,
    rung_places,
)
from hpo_gym.scheduling.rules import OptunaMedian, Rule
from hpo_gym.scheduling.table import Decision, Status

TRIPLING = (1, 3, 9, 27, 81)
SCHEDULERS = {
    "asha": ASHA(eta=2),
    "asha-4": ASHA(eta=4, least=4),
    "sha": SuccessiveHalving(eta=2),
    "sha-4": SuccessiveHalving(eta=4, least=2),
    "hyperband": Hyperband(eta=3),
}


def test_rungs_are_counted_from_the_whole_run():
    assert rung_places(DOUBLING, 4, 1) == (2, 4, 6, 8)  # 2, 8, 32 and 100 epochs
    assert rung_places(DOUBLING, 4, 2) == (4, 6, 8)  # 100 / 64 epochs are less than 2
    assert rung_places(DOUBLING, 3, 1) == (1, 3, 4, 6, 8)  # 1, 4, 8, 32, 100
    assert rung_places(TRIPLING, 3, 1) == (1, 2, 3, 4, 5)
    assert rung_places(TRIPLING, 9, 1) == (1, 3, 5)
    assert rung_places(DOUBLING, 4, 101) == (8,)


@pytest.mark.parametrize("scheduler", [ASHA, SuccessiveHalving, Hyperband])
@pytest.mark.parametrize("wrong", [{"eta": 1}, {"eta": 2.5}, {"least": 0}, {"least": True}])
def test_errors_name_the_value(scheduler, wrong):
    ((name, value),) = wrong.items()
    with pytest.raises(ValueError, match=f"{name} = {value!r} must be a whole number >= "):
        scheduler(**wrong)


def test_hyperband_has_the_published_brackets():
    """Table 1 of Li et al. (2018): R = 81, eta = 3."""
    brackets = Hyperband(eta=3).brackets(rung_places(TRIPLING, 3, 1))
    rungs = []
    for bracket in brackets:
        sizes = [bracket.runs // 3**i for i in range(len(bracket.places))]
        rungs.append([(n, TRIPLING[p - 1]) for n, p in zip(sizes, bracket.places, strict=True)])
    assert rungs == [
        [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
        [(27, 3), (9, 9), (3, 27), (1, 81)],
        [(9, 9), (3, 27), (1, 81)],
        [(6, 27), (2, 81)],
        [(5, 81)],
    ]


def test_hyperband_runs_the_published_brackets():
    """All of them, and the first again: how many runs get how far, by four workers."""
    table = np.random.default_rng(0).uniform(size=(400, 5))
    budget = 81 + 27 * 2 + 9 * 6 + 3 * 18 + 54 + 27 * 3 + 9 * 6 + 3 * 18 + 54
    budget += 9 * 9 + 3 * 18 + 54 + 6 * 27 + 2 * 54 + 5 * 81
    workers = Workers(
        Hyperband(eta=3),
        lambda run, report: float(table[run, report]),
        reports=TRIPLING,
        budget=budget,
        most_runs=400,
        speeds=(1.0, 1.0, 2.0, 0.5),
    )
    workers.run()
    assert workers.left == 0
    done = [len(curve) for curve in workers.curves]
    assert len(done) == 128
    ends = np.cumsum([0, 81, 27, 9, 6, 5])
    reached = [
        [sum(n >= k for n in done[low:high]) for k in range(1, 6)] for low, high in pairwise(ends)
    ]
    assert reached == [
        [81, 27, 9, 3, 1],
        [27, 27, 9, 3, 1],
        [9, 9, 9, 3, 1],
        [6, 6, 6, 6, 2],
        [5, 5, 5, 5, 5],
    ]
    best = np.argsort(-table[:81, 0])[:27]  # exactly these were promoted on the first rung
    assert {run for run in range(81) if done[run] > 1} == set(best.tolist())


def test_successive_halving_by_hand():
    """Reports after 1, 2 and 4 epochs, eta = 2, two workers: four runs, two, one; then again."""
    scores = {
        0: [0.1],
        1: [0.4, 0.5, 0.6],
        2: [0.3, 0.2],
        3: [0.2],
        **{run: [0.0, 0.0, 0.0] for run in range(4, 12)},
    }
    workers = Workers(
        SuccessiveHalving(eta=2),
        lambda run, report: scores[run][report],
        reports=(1, 2, 4),
        budget=10,
        speeds=(1.0, 0.5),
    )
    order = [(g.time, g.worker, g.run, g.epochs) for g in workers.run()]
    assert order == [
        (0.0, 0, 0, 1),
        (0.0, 1, 1, 1),
        (1.0, 0, 2, 1),
        (2.0, 0, 3, 1),  # both are free at 2: worker 1 waits for the rung, which is full at 3
        (3.0, 0, 1, 1),
        (3.0, 1, 2, 1),
        (5.0, 1, 1, 2),  # worker 0 has waited since 4; who has reported is asked first
        (9.0, 1, 4, 1),  # the next bracket
        (9.0, 0, 5, 1),
    ]


@pytest.mark.parametrize("scheduler", [ASHA(eta=2), SuccessiveHalving(eta=2), Hyperband(eta=2)])
def test_when_nothing_can_be_started_the_best_paused_run_goes_on(scheduler):
    rows = [(Status.PAUSED, [0.1]), (Status.STOPPED, [0.9]), (Status.COMPLETED, [0.5, 0.5, 0.5])]
    assert scheduler.decide(table(*rows, most=3)) == Decision("pause", "resume", 0)
    assert scheduler.decide(table(*rows, most=3, left=0.0)).then == "wait"


@pytest.mark.parametrize("name", SCHEDULERS)
@pytest.mark.parametrize("seed", range(3))
def test_the_budget_is_spent_and_nothing_is_granted_twice(name, seed):
    workers = Workers(
        SCHEDULERS[name],
        random_scores(seed),
        reports=DOUBLING,
        budget=800,
        speeds=(1.0, 1.0, 0.5, 3.0),
    )
    grants = workers.run()
    blocks = [(grant.run, len([*grant.seen.curves, *[[]] * 4][grant.run])) for grant in grants]
    assert len(set(blocks)) == len(blocks)
    assert sum(grant.epochs for grant in grants) == 800 - workers.left
    # Nothing that could still be granted is left: neither a new run nor the next block of one.
    idle = [run for run, status in enumerate(workers.status) if status is Status.PAUSED]
    assert all(workers.seen().price(run) > workers.left for run in idle)
    assert len(workers.status) == workers.most_runs or workers.left < 1


@pytest.mark.parametrize("seed", range(3))
def test_successive_halving_promotes_the_best_of_full_rungs(seed):
    """Of each bracket of 16 runs the best 4 at 8 epochs, then the best at 32."""
    workers = Workers(
        SuccessiveHalving(eta=4, least=2),
        random_scores(seed),
        reports=DOUBLING,
        budget=16 * 8 + 4 * 24 + 68,
        speeds=(1.0, 1.0, 0.5, 3.0),
    )
    workers.run()
    score = random_scores(seed)
    four = sorted(range(16), key=lambda run: -score(run, 3))[:4]
    one = max(four, key=lambda run: score(run, 5))
    wanted = [4 + 2 * (run in four) + 2 * (run == one) for run in range(16)]
    assert [len(curve) for curve in workers.curves] == wanted
    for runs, decision in workers.decisions:
        full = sum(len(curve) >= 4 for curve in runs.curves)
        further = sum(
            len(curve) > 4 or (len(curve) == 4 and status is Status.RUNNING)
            for curve, status in zip(runs.curves, runs.status, strict=True)
        )
        assert not further or full == 16
        waits = decision.then == "wait" and decision.reported != "continue"
        assert not waits or Status.RUNNING in runs.status or runs.epochs_left == 0


class Below(Rule):
    """Stops a run below a score, at its second report or later."""

    def _cancels(self, own, peers):
        return len(own) > 1 and own[-1] < 0.5


def test_a_rule_stops_for_good():
    scores = {0: [0.1, 0.2], 1: [0.1, 0.6, 0.4], 2: [0.9, 0.9, 0.9]}
    workers = Workers(
        RuleScheduler(Below()),
        lambda run, report: scores[run][report],
        reports=(1, 2, 4),
        budget=10,
        most_runs=3,
    )
    assert [grant.run for grant in workers.run()] == [0, 0, 1, 1, 1, 2, 2, 2]
    assert workers.status == [Status.STOPPED, Status.COMPLETED, Status.COMPLETED]
    assert workers.left == 0


def test_a_rule_that_cannot_pay_to_continue_starts():
    runs = table((Status.REPORTED, [0.9, 0.9]), left=1.0)
    assert RuleScheduler(Below()).decide(runs) == Decision("pause", "start")


def test_a_rule_is_told_which_runs_are_completed():
    """Optuna's asks for them: a run that was stopped does not count as one."""
    scheduler = RuleScheduler(OptunaMedian(n_startup_trials=1))
    reported = (Status.REPORTED, [0.5])
    for status, decision in ((Status.COMPLETED, "stop"), (Status.STOPPED, "continue")):
        runs = table((status, [0.9, 0.9, 0.9]), reported)
        assert scheduler.decide(runs).reported == decision
