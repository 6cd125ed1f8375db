"""Which configuration a new run is started with."""

from __future__ import annotations

import numpy as np
import pytest
from simulated_workers import DOUBLING, table

from agents.schedulers.learned import PolicySampler
from agents.schedulers.samplers import RandomSampler, SobolSampler
from agents.schedulers.tpe import TPESampler
from hpo_gym import rng
from hpo_gym.classifier_space import SPACE
from hpo_gym.policies.classifier.policy import ClassifierPolicy
from hpo_gym.scheduling.table import Status
from hpo_gym.sobol import sobol

NOTHING = table(reports=DOUBLING)


def runs_of(*rows):
    """Runs at random configurations."""
    points = 2.0 * np.random.default_rng(3).random((len(rows), 2)) - 1.0
    return table(*rows, reports=DOUBLING)._replace(points=[tuple(p) for p in points.tolist()])


def started(count):
    return runs_of(*[(Status.STOPPED, [0.1])] * count)


def test_random_points_are_uniform_and_independent():
    sampler = RandomSampler(SPACE, "epochs")
    assert [*sampler.space.names] == ["thr", "lr"]
    points = np.array([sampler.point(started(n), key) for key in range(40) for n in range(25)])
    assert points.shape == (1000, 2) and np.abs(points).max() <= 1.0
    # Means of 1,000 uniforms on [-1, 1] have the standard deviation 0.018.
    np.testing.assert_allclose(points.mean(axis=0), 0.0, atol=0.08)
    np.testing.assert_allclose(np.square(points).mean(axis=0), 1 / 3, atol=0.05)
    assert abs(np.corrcoef(points.T)[0, 1]) < 0.1
    assert len(np.unique(points)) == 2000
    assert sampler.point(started(3), 7) == sampler.point(started(3), 7)


def test_sobol_points_are_those_of_one_sequence():
    sampler = SobolSampler(SPACE, "epochs")
    points = np.array([sampler.point(started(n), 11) for n in range(16)])
    np.testing.assert_array_equal(points, 2.0 * sobol(11, 0, 16, 2) - 1.0)
    assert (np.histogram2d(*points.T, bins=4, range=[(-1, 1)] * 2)[0] == 1).all()


def test_tpe_sees_what_optuna_itself_would_have_kept():
    """A study that is run through Optuna's own ask, report and tell proposes the same."""
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    states, score = optuna.trial.TrialState, np.random.default_rng(1).random
    kinds = [Status.COMPLETED, Status.STOPPED, Status.PAUSED, Status.RUNNING, Status.REPORTED]
    rows = [
        (kind, score(8 if kind is Status.COMPLETED else 1 + n % 5).tolist())
        for n, kind in enumerate(kinds * 4)
    ]
    runs = runs_of(*rows, (Status.RUNNING, []))
    sampler, key = TPESampler(SPACE, "epochs"), 12345
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler())
    ranges = {
        "thr": optuna.distributions.FloatDistribution(0.0, 1.0),
        "lr": optuna.distributions.FloatDistribution(1e-4, 10**0.8, log=True),
    }
    for point, status, curve in zip(runs.points, runs.status, runs.curves, strict=True):
        study.enqueue_trial(sampler.space.configuration(point))
        trial = study.ask(ranges)
        for epochs, value in zip(DOUBLING, curve, strict=False):
            trial.report(value, epochs)
        if status is Status.COMPLETED:
            study.tell(trial, curve[-1])
        elif status is not Status.RUNNING:
            study.tell(trial, state=states.PRUNED)
    study.sampler = optuna.samplers.TPESampler(seed=rng.derive(key, 21) % 2**32)
    wanted = study.ask(ranges).params
    found = sampler.space.configuration(sampler.point(runs, key))
    assert found == pytest.approx(wanted, rel=1e-9)
    # What it has seen matters: with other scores it proposes something else.
    other = runs._replace(curves=[[1.0 - value for value in curve] for curve in runs.curves])
    assert sampler.space.configuration(sampler.point(other, key)) != pytest.approx(wanted)


def test_the_tuner_for_classifiers_is_told_the_best_report_with_its_epochs(monkeypatch):
    asked = []

    def propose(self, space, unit, scores, filler, *, budget):
        asked.append(([space.configuration(row) for row in unit], scores, budget))
        return np.array([0.5, -1.0, 0.25])

    monkeypatch.setattr(ClassifierPolicy, "propose", propose)
    sampler = PolicySampler(SPACE, "epochs", policy="classifier", plan=6)
    runs = runs_of(
        (Status.RUNNING, []),
        (Status.RUNNING, [0.2, 0.5, 0.3]),
        (Status.PAUSED, [0.4]),
    )
    assert sampler.point(runs, 0) == pytest.approx((0.5, 0.25))  # epochs are left out
    ((told, scores, budget),) = asked
    np.testing.assert_array_equal(scores, [0.5, 0.4, np.nan])  # what has no report comes last
    assert [one["epochs"] for one in told] == [2, 1, 100]
    thresholds = [(runs.points[run][0] + 1.0) / 2.0 for run in (1, 2, 0)]
    assert [one["thr"] for one in told] == pytest.approx(thresholds)
    assert budget == 6
    sampler.point(runs_of(*[(Status.STOPPED, [0.1 * n]) for n in range(9)]), 0)
    assert asked[-1][2] == 10


def test_the_tuner_for_any_space_is_asked_for_thr_and_lr():
    sampler = PolicySampler(SPACE, "epochs", policy="anyspace")
    first = sampler.point(NOTHING, 0)
    assert len(first) == 2 and first != sampler.point(NOTHING, 1)
    best = (0.5, -0.25)
    grid = [(x, y) for x in (-0.9, 0.0, 0.9) for y in (-0.9, 0.0, 0.9)]
    points = [best, *grid]
    curves = [[1.0 - 0.4 * (np.hypot(x - best[0], y - best[1]))] for x, y in points]
    runs = started(10)._replace(points=points, curves=curves)
    assert np.hypot(*np.subtract(sampler.point(runs, 0), best)) < 0.5
