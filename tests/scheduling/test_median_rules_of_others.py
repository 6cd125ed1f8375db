"""Optuna's and Syne Tune's median rules: traces by hand, and the libraries themselves."""

from __future__ import annotations

from math import nan
from types import SimpleNamespace

import numpy as np
import pytest
from traces import CURVES, in_step, in_turn

from hpo_gym.scheduling.rules import OptunaMedian, SyneTuneMedian

optuna = pytest.importorskip("optuna")
MIRRORED = [[-value for value in curve] for curve in CURVES]


def curves_with_gaps(seed, count=14, length=9):
    """Curves in multiples of 1/8, so that averages and medians are exact; some values missing."""
    rng = np.random.default_rng(seed)
    values = np.round(8 * rng.normal(rng.normal(size=(count, 1)), 0.7, (count, length))) / 8
    values[rng.random(values.shape) < 0.05] = nan
    values[-2] = nan
    return values.tolist()


def test_traces_of_optuna():
    # One after another. Two complete unjudged; the third, at 1, ends below the median of 1 and 2;
    # the sixth, at 4, below that of 1 2 8 10.
    expected = [None, None, 1, None, None, 1, None, None]
    assert in_turn(OptunaMedian(n_startup_trials=2), CURVES) == expected
    assert in_turn(OptunaMedian(n_startup_trials=2, goal="minimize"), MIRRORED) == expected
    # At intervals 4 and 8 alone: the third is at 4 by then; 4 is the median of 1 2 4 8 7, too.
    later = OptunaMedian(n_startup_trials=2, n_warmup_steps=3, interval_steps=4)
    assert in_turn(later, CURVES) == [None] * 8
    # Four must have completed before the sixth is judged: 4 is the median of 1 2 4 8 7 after 4, and
    # below that of 1 2 5 8 6 after 5.
    fifth = [None, None, None, None, None, 5, None, None]
    assert in_turn(OptunaMedian(n_startup_trials=4), CURVES) == fifth


@pytest.mark.parametrize("goal", ["maximize", "minimize"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"n_startup_trials": 0},
        {"n_startup_trials": 3, "n_warmup_steps": 2, "interval_steps": 2},
        {"n_startup_trials": 1, "n_min_trials": 4},
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:All-NaN:RuntimeWarning")
def test_optuna_decides_the_same(goal, settings):
    def by_optuna(curves):
        study = optuna.create_study(direction=goal, pruner=optuna.pruners.MedianPruner(**settings))
        ended = []
        for curve in curves:
            trial = study.ask()
            for step, value in enumerate(curve):
                trial.report(value, step)
                if trial.should_prune():
                    ended.append(step + 1)
                    study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                    break
            else:
                ended.append(None)
                study.tell(trial, 0.0)
        return ended

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    all_ended = []
    try:
        for seed in range(8):
            curves = curves_with_gaps(seed)
            ended = in_turn(OptunaMedian(goal=goal, **settings), curves)
            assert ended == by_optuna(curves)
            all_ended += ended
    finally:
        optuna.logging.set_verbosity(verbosity)
    assert None in all_ended and len(set(all_ended)) > 2


def test_optuna_asks_for_the_completed_runs():
    with pytest.raises(ValueError, match=r"stops\(run, curves, completed\)"):
        OptunaMedian().stops(0, [[1.0]])


def test_traces_of_syne_tune():
    # After 1, averages 1 2 1 8 10 4 6 7: 6, 5 and 6 of 8 are better than the first three, 4 than
    # the sixth, which stays. After 2, of 8 9.5 4 5.5 7: 4 and 3 of 5. Then fewer than 5 are left.
    expected = [1, 1, 1, None, None, 2, 2, None]
    assert in_step(SyneTuneMedian(), CURVES) == expected
    assert in_step(SyneTuneMedian(goal="minimize"), MIRRORED) == expected
    # Averages after 5: 1 2 3 8 8 4 5.6 7; more than a quarter of 8 are better: 7 6 5 0 0 4 3 2.
    # After 6 two are left beside the fifth: fewer than 5.
    late = SyneTuneMedian(grace_time=5, rank_cutoff=0.25)
    assert in_step(late, CURVES) == [5, 5, 5, None, None, 5, 5, None]
    # After 2, of 8 9.5 4 5.5 7; after 3, of 8 9 7: 2 of 3 are better than the last; after 4, of 8
    # and 8.5, half are better than the fourth.
    few = SyneTuneMedian(grace_population=2)
    assert in_step(few, CURVES) == [1, 1, 1, None, None, 2, 2, 3]


@pytest.mark.parametrize("goal", ["maximize", "minimize"])
@pytest.mark.parametrize(
    "settings", [{}, {"grace_time": 3, "grace_population": 2, "rank_cutoff": 0.25}], ids=str
)
def test_syne_tune_decides_the_same(goal, settings):
    median = pytest.importorskip("syne_tune.optimizer.schedulers.median_stopping_rule")
    stop = median.SchedulerDecision.STOP
    inner = SimpleNamespace(on_trial_result=lambda trial, result: "continue")
    for seed in range(8):
        theirs = median.MedianStoppingRule(
            inner, "epoch", metric="score", do_minimize=goal == "minimize", **settings
        )
        ours = SyneTuneMedian(goal=goal, **settings)
        curves, ended = curves_with_gaps(seed), set()
        seen = [[] for _ in curves]
        rng = np.random.default_rng(seed)
        for run in rng.permutation(np.repeat(np.arange(len(curves)), 9)).tolist():
            if run in ended:
                continue
            seen[run].append(value := curves[run][len(seen[run])])
            result = {"epoch": len(seen[run]), "score": value}
            decision = theirs.on_trial_result(SimpleNamespace(trial_id=run), result)
            assert ours.stops(run, seen) == (decision == stop)
            if decision == stop:
                ended.add(run)
        assert 0 < len(ended) < len(curves)
