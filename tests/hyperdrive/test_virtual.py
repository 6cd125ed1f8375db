"""Families on a virtual clock: order of events, curves, noise, determinism."""

import json

import numpy as np
import pytest
from hyperdrive_runs import experiment, family_config

from hpo_gym.arrays import Vectors
from hpo_gym.hyperdrive import (
    BanditPolicy,
    BayesianParameterSampling,
    FamilyRunConfig,
    GridParameterSampling,
    MedianStoppingPolicy,
    NoTerminationPolicy,
    PrimaryMetricGoal,
    RandomParameterSampling,
    choice,
    loguniform,
    uniform,
)
from hpo_gym.hyperdrive.engine import Job
from hpo_gym.hyperdrive.virtual import curves_of

SPACE = {"thr": uniform(0, 1), "lr": loguniform(-6, 1)}


def finished(folder, **options):
    seed = options.pop("seed", 3)
    run = experiment(folder).submit(family_config(**options), seed=seed)
    run.wait_for_completion()
    return run


def test_workers_take_the_next_child_when_they_are_free(tmp_path):
    """Two workers; epochs of children 0, 1, 2, 3, 4 take 1, 2.5, 1, 2.5, 1 seconds."""
    epochs = GridParameterSampling(
        {"thr": choice(0.5), "lr": choice(0.1), "epochs": choice(3, 2, 1, 1, 2)}
    )
    run = finished(
        tmp_path,
        target=FamilyRunConfig("notebook", epoch_duration=(1.0, 2.5)),
        hyperparameter_sampling=epochs,
        max_total_runs=5,
        max_concurrent_runs=2,
    )
    rows = run.rows()
    assert [(row.started, row.ended) for row in rows] == [
        (0.0, 3.0),  # worker A
        (0.0, 5.0),  # worker B
        (3.0, 4.0),  # A
        (4.0, 6.5),  # A
        (5.0, 7.0),  # B
    ]
    assert {row.status for row in rows} == {"Completed"}
    assert rows[0].configuration == {"thr": 0.5, "lr": 0.1, "epochs": 3}
    assert [len(row.curve) for row in rows] == [3, 2, 1, 1, 2]


def test_curves_are_what_the_family_gives_at_each_epoch(tmp_path):
    """Noise-free, compared with one evaluation per epoch; the metrics are all logged."""
    target = FamilyRunConfig("fictitious", task=5, noise=0.0, epochs=7)
    run = finished(tmp_path, target=target, max_total_runs=2)
    family = target.family
    parameters = family.sample("test", 5)
    for child, row in zip(run.get_children(), run.rows(), strict=True):
        metrics = child.get_metrics()
        assert tuple(metrics) == family.metrics
        for epoch in range(1, 8):
            point = {**row.configuration, "epochs": epoch}
            scaled = family.space.scaled(family.space.unit(point), Vectors())
            exact = family.noiseless(parameters, scaled, Vectors())
            for name, value in zip(family.metrics, exact, strict=True):
                assert metrics[name][epoch - 1] == pytest.approx(float(value), abs=1e-12)
        assert row.curve == metrics["f1"]


def test_the_noise_of_a_child_is_one_draw():
    """Its epochs differ from the exact curve by the same noise; children by their own."""
    exact, noisy = (FamilyRunConfig("fictitious", noise=sigma) for sigma in (0.0, 0.01))
    configuration = {"thr": 0.5, "lr": 0.1}
    errors = []
    for number in range(3):
        job = Job(number, configuration, None)
        ours, theirs = curves_of(noisy, job)["accuracy"], curves_of(exact, job)["accuracy"]
        error = np.subtract(ours, theirs)
        assert np.ptp(error) < 1e-12
        errors.append(error[0])
    assert len({round(error, 9) for error in errors}) == 3
    other = FamilyRunConfig("fictitious", noise=0.01, seed=1)
    assert curves_of(other, job) != curves_of(noisy, job)


@pytest.mark.parametrize("family", ["fictitious", "binormal", "rough", "recorded", "notebook"])
def test_every_family_of_classifiers_has_curves(family):
    curves = curves_of(FamilyRunConfig(family, epochs=5), Job(0, {"thr": 0.4, "lr": 0.2}, None))
    assert set(curves) == {"precision", "recall", "loss", "accuracy", "f1"}
    assert all(len(curve) == 5 and np.isfinite(curve).all() for curve in curves.values())


def summary(run):
    return [row._replace(arguments=[]) for row in run.rows()]


@pytest.mark.parametrize(
    ("sampling", "policy"),
    [
        (RandomParameterSampling(SPACE), BanditPolicy(slack_factor=0.1, delay_evaluation=5)),
        (RandomParameterSampling(SPACE), MedianStoppingPolicy(evaluation_interval=2)),
        (
            BayesianParameterSampling({"thr": uniform(0, 1), "lr": uniform(0.001, 1)}),
            NoTerminationPolicy(),
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:max_total_runs")
def test_the_same_seed_gives_the_same_run_and_another_another(tmp_path, sampling, policy):
    options = {"hyperparameter_sampling": sampling, "policy": policy, "max_total_runs": 5}
    target = FamilyRunConfig("recorded", epochs=4, epoch_duration=(1.0, 1.7))
    options |= {"max_concurrent_runs": 3, "target": target}
    first, second = (finished(tmp_path, **options) for _ in range(2))
    assert summary(first) == summary(second)
    assert first.get_metrics(), "and what is logged, too"
    assert [*first.get_metrics().values()] == [*second.get_metrics().values()]
    assert summary(finished(tmp_path, **options, seed=4)) != summary(first)


def test_a_policy_saves_epochs_and_counts_what_is_minimised(tmp_path):
    options = {
        "target": FamilyRunConfig("notebook", epochs=20),
        "primary_metric_name": "loss",
        "primary_metric_goal": PrimaryMetricGoal.MINIMIZE,
        "max_total_runs": 8,
        "max_concurrent_runs": 4,
        "space": SPACE,
    }
    whole = finished(tmp_path, **options)
    saving = finished(tmp_path, **options, policy=MedianStoppingPolicy(delay_evaluation=5))
    assert {len(row.curve) for row in whole.rows()} == {20}
    stopped = [row for row in saving.rows() if row.status == "Canceled"]
    assert stopped and all(row.terminated and len(row.curve) < 20 for row in stopped)
    for one, other in zip(whole.rows(), saving.rows(), strict=True):
        assert one.configuration == other.configuration
        assert other.curve == one.curve[: len(other.curve)]
    assert saving.get_best_run_by_primary_metric().row.best("minimize") == min(
        row.best("minimize") for row in whole.rows()
    ), "the best run is never cancelled"


def test_a_child_out_of_bounds_has_failed_and_the_rest_goes_on(tmp_path):
    sampling = GridParameterSampling({"thr": choice(0.5, 1.5), "lr": choice(0.1)})
    run = finished(
        tmp_path,
        target=FamilyRunConfig("notebook", epochs=2),
        hyperparameter_sampling=sampling,
        max_total_runs=3,
    )
    assert [row.status for row in run.rows()] == ["Completed", "Failed"]
    assert "thr = 1.5" in run.rows()[1].message
    strange = GridParameterSampling({"thr": choice(0.5), "lr": choice(0.1), "C": choice(1)})
    run = experiment(tmp_path).submit(family_config(hyperparameter_sampling=strange))
    with pytest.raises(RuntimeError, match=r"hyperparameters \['C'\]"):
        run.wait_for_completion()


def test_time_runs_out_on_the_virtual_clock(tmp_path):
    target = FamilyRunConfig("notebook", epoch_duration=10.0)
    run = finished(
        tmp_path, target=target, max_total_runs=3, max_concurrent_runs=2, max_duration_minutes=1.5
    )
    assert [(row.status, row.ended, row.terminated) for row in run.rows()] == [
        ("Canceled", 90.0, False)
    ] * 2


def test_a_run_that_was_cut_off_begins_anew_and_ends_alike(tmp_path, monkeypatch):
    """The same events take place again: nothing of the cut-off run shows."""
    options = {"space": SPACE, "max_total_runs": 9, "max_concurrent_runs": 3}
    options |= {"target": FamilyRunConfig("recorded", epochs=20)}
    options |= {"policy": MedianStoppingPolicy(delay_evaluation=3), "custom_run_id": "mine"}
    undisturbed = finished(tmp_path / "a", **options)
    with monkeypatch.context() as patch:  # as if the process had died after so many reports
        patch.setattr("hpo_gym.hyperdrive.engine.Engine.run", lambda self: _dies_after(self, 12))
        cut_off = experiment(tmp_path / "b").submit(family_config(**options), seed=3)
        with pytest.raises(RuntimeError, match="NotResponding"):
            cut_off.wait_for_completion()
    assert 0 < len(cut_off.rows()) < 9
    resumed = cut_off.resume()
    resumed.wait_for_completion()
    assert summary(resumed) == summary(undisturbed)
    assert [*resumed.get_metrics().values()] == [*undisturbed.get_metrics().values()]


def _dies_after(engine, reports):
    """Work until so many values were reported."""
    report = engine.report

    def counted(number, value):
        nonlocal reports
        reports -= 1
        if not reports:
            raise TimeoutError
        return report(number, value)

    engine.report = counted
    with pytest.raises(TimeoutError):
        for end in engine._backend.run(engine):
            engine._end(end)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"family": "beale"}, "no learning curves"),
        ({"split": "tset"}, "split = 'tset'"),
        ({"task": -1}, "task = -1"),
        ({"epochs": 101}, "epochs = 101"),
        ({"epoch_duration": 0}, "positive seconds"),
        ({"epoch_duration": ()}, "positive seconds"),
        ({"noise": 0.1}, "noise of its training seeds"),
    ],
)
def test_what_is_no_target(arguments, message):
    with pytest.raises(ValueError, match=message):
        FamilyRunConfig(**arguments)


def test_details_are_json(tmp_path):
    run = finished(tmp_path, target=FamilyRunConfig("notebook", epochs=2), max_total_runs=2)
    details = json.loads(json.dumps(run.get_details()))
    assert details["runDefinition"]["family"] == {"name": "notebook", "version": 1}
    assert details["properties"]["best_child_run_id"] in run.get_hyperparameters()
