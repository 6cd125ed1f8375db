"""ASHA: asynchronous successive halving."""

from __future__ import annotations

import pytest
from simulated_workers import DOUBLING, Workers, random_scores, table

from hpo_gym.scheduling.brackets import ASHA, rung_places
from hpo_gym.scheduling.table import Decision, Runs, Status


def test_asha_by_hand():
    """Reports after 1, 2 and 4 epochs, eta = 2, one worker."""
    scores = {0: [0.1], 1: [0.4, 0.1], 2: [0.3], 3: [0.6, 0.7, 0.8], 4: [0.2], 5: [0.0]}
    workers = Workers(
        ASHA(eta=2), lambda run, report: scores[run][report], reports=(1, 2, 4), budget=10
    )
    assert [(grant.run, grant.epochs) for grant in workers.run()] == [
        (0, 1),  # the only one of its rung: 1 // 2 are promoted
        (1, 1),
        (1, 1),  # the best of two
        (2, 1),
        (3, 1),
        (3, 1),  # the best two of four are 3 and 1, which is promoted
        (3, 2),  # the best of the two with two reports
        (4, 1),
        (5, 1),  # 5 // 2 are 3 and 1 still; with six, 2 is the third
    ]
    assert workers.status[3] is Status.COMPLETED


def test_asha_prefers_the_highest_rung():
    paused = Status.PAUSED
    runs = table((paused, [0.9]), (paused, [0.8]), (paused, [0.2, 0.3]), (paused, [0.1, 0.2]))
    assert ASHA(eta=2).decide(runs) == Decision("pause", "resume", 2)


def test_a_reported_run_that_is_promoted_continues():
    runs = table((Status.PAUSED, [0.2]), (Status.REPORTED, [0.3]))
    assert ASHA(eta=2).decide(runs) == Decision("continue")
    runs = table((Status.PAUSED, [0.3]), (Status.REPORTED, [0.2]))
    assert ASHA(eta=2).decide(runs) == Decision("pause", "resume", 0)


@pytest.mark.parametrize("eta", [2, 3, 4])
@pytest.mark.parametrize("seed", range(3))
def test_asha_promotes_only_from_the_top_of_a_rung(eta, seed):
    workers = Workers(
        ASHA(eta=eta),
        random_scores(seed),
        reports=DOUBLING,
        budget=800,
        most_runs=200,
        speeds=(1.0, 1.0, 0.5, 3.0),
    )
    places = rung_places(DOUBLING, eta, 1)
    promotions = 0
    for grant in workers.run():
        runs = grant.seen
        done = len(runs.curves[grant.run]) if grant.run < len(runs.curves) else 0
        cannot_start = runs.epochs_left < 1
        if done not in places or cannot_start:
            continue
        rung = sorted(
            (curve[done - 1] for curve in runs.curves if len(curve) >= done), reverse=True
        )
        assert runs.curves[grant.run][done - 1] in rung[: len(rung) // eta]
        promotions += 1
    assert promotions > 20


def test_asha_continues_where_optuna_does_not_prune():
    """Optuna never resumes a trial, so its pruned ones are stopped runs here.

    It differs where a rung has fewer than eta trials: it lets the best of them go on, ASHA none.
    """
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    reports, score = (1, 2, 4, 8, 16), random_scores(7)
    pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=2)
    study = optuna.create_study(direction="maximize", pruner=pruner)
    status, curves, compared, continued = [], [], 0, 0
    for number in range(60):
        trial = study.ask()
        status.append(Status.REPORTED)
        curves.append([])
        for place, epochs in enumerate(reports):
            curves[number].append(score(number, place))
            if epochs == reports[-1]:
                study.tell(trial, curves[number][-1])
                status[number] = Status.COMPLETED
                break
            trial.report(curves[number][-1], epochs)
            pruned = trial.should_prune()
            reached = sum(len(curve) > place for curve in curves)
            runs = Runs(reports, [(0.0, 0.0)] * len(status), status, curves, 1e9, 1000)
            decision = ASHA(eta=2).decide(runs)
            if reached >= 2:
                assert (decision.reported == "continue") == (not pruned)
                compared, continued = compared + 1, continued + (not pruned)
            if pruned:
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                status[number] = Status.STOPPED
                break
    assert compared > 80 and 20 < continued < compared - 20
