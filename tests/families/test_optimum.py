"""Admissible constants, and optima against brute force."""

from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np
import pytest

from hpo_gym import FictitiousModel
from hpo_gym.families.fictitious.optimum import best_thr


@pytest.mark.parametrize(
    ("constants", "words"),
    [
        ({"k_accuracy": 1.2}, "accuracy"),
        ({"k_precision": 1.2}, "precision"),
        ({"k_recall": 1.2}, "recall"),
        ({"k_loss": -1.0}, "k_loss"),
        ({"k_accuracy": 0.0}, "k_accuracy"),
        ({"accuracy_epochs_curvature": 5.0}, "accuracy"),  # negative at one epoch
        ({"accuracy_epochs_peak": 1.05}, "accuracy"),
        ({"accuracy_epochs_slope": 0.03}, "accuracy_epochs_slope"),  # no logarithm at 100
        ({"accuracy_lr_intercept": 0.3}, "accuracy_lr_intercept"),  # none at lr = 10**0.8
        ({"loss_lr_slope": -1.0}, "loss_lr_slope"),  # none at lr = 1e-4
        ({"loss_epochs_floor": -4.0}, "loss"),
        ({"loss_epochs_decay": -1000.0}, r"loss_epochs_decay = -1000\.0 .* above -6"),
        ({"loss_epochs_decay": -6.0}, "loss_epochs_decay"),
        ({"loss_epochs_decay": -3.0}, r"let loss reach .*e\+131 .* outside \[0, 1e\+100\]"),
        ({"k_loss": 1e308}, r"k_loss = 1e\+308 must lie in \[1e-12, 1e\+12\]"),
        ({"loss_lr_curvature": 1e13}, r"loss_lr_curvature = .* in \[-1e\+12, 1e\+12\]"),
        ({"k_recall": 5e-324}, r"k_recall = 5e-324 must lie in \[1e-12, 1e\+12\]"),
        ({"k_accuracy": 1e-13}, r"k_accuracy = 1e-13 must lie in \[1e-12, 1e\+12\]"),
        ({"k_accuracy": 1e-12}, r"accuracy reach 1\.\d+e-13 .* outside \[1e-12, 1\]"),
        ({"k_recall": 1e-12, "recall_offset": 1e50}, "best F1 .* below 1e-12"),
        ({"precision_floor": -0.1}, "precision_floor"),
        ({"precision_floor": 0.3}, "precision"),
        ({"precision_slope": -700.0}, "precision_slope"),
        ({"recall_slope": 1e4}, "recall_slope"),
        ({"precision_floor": 0.0, "precision_amplitude": 0.0}, "precision"),
        ({"recall_offset": 0.0}, "recall_offset = 0.0 must be positive"),
        ({"recall_offset": 5e-324}, "recall_slope = .* with recall_offset = 5e-324"),
        ({"k_loss": 10**400}, "k_loss = inf must be a finite number"),
        ({"k_loss": np.complex128(1.0)}, "k_loss = .* must be a finite number"),
        ({"recall_offset": math.nan}, "recall_offset"),
        ({"recall_offset": math.inf}, "recall_offset"),
        ({"recall_offset": "1"}, "recall_offset"),
        ({"recall_offset": True}, "recall_offset"),
        ({"recall_offset": None}, "recall_offset"),
    ],
)
def test_models_that_are_not_admissible(constants, words):
    with pytest.raises(ValueError, match=words):
        FictitiousModel(**constants)
    with pytest.raises(ValueError, match=words):
        FictitiousModel.from_constants(constants)


def test_unknown_constants():
    with pytest.raises(ValueError, match=r"unknown constants \['k_f1'\]"):
        FictitiousModel.from_constants({"k_f1": 1.0})


def test_accuracy_that_vanishes_somewhere_cannot_make_f1_explode():
    # One epoch gives an accuracy of zero up to rounding: refused, or F1 still in [0, 1].
    for peak in np.nextafter(3 * math.log10(2.975) ** 2, [0.0, 1.0, 1.0]):
        for nudge in (-1e-13, -1e-15, 0.0, 1e-15):
            try:
                model = FictitiousModel(accuracy_epochs_peak=float(peak) + nudge)
            except ValueError as error:
                assert "accuracy" in str(error)
                continue
            f1 = model.evaluate(np.linspace(0, 1, 11)[:, None], 1, np.logspace(-4, 0.8, 49)).f1
            assert f1.min() >= 0.0
            assert f1.max() <= 1.0


def test_optimum_of_the_notebook():
    best = FictitiousModel().optimum()
    assert best.thr == pytest.approx(0.496926331152285, abs=1e-9)
    assert best.epochs == 80
    assert best.lr == pytest.approx(0.251188643150958, abs=1e-12)
    assert best.value == pytest.approx(0.769655542807847, abs=1e-12)
    assert best.metrics == pytest.approx(
        (0.768068142423662, 0.771249518282158, 1.973925614056336, 0.931, 0.769655542807847),
        abs=1e-9,
    )
    assert FictitiousModel().optimum("accuracy").value == pytest.approx(0.931, abs=1e-14)
    with pytest.raises(ValueError, match="precision"):
        FictitiousModel().optimum("precision")


def _zoom(function, low, high, sign):
    """Largest sign * function on [low, high]: a dense grid, then ever finer around its peaks."""
    grid = np.linspace(low, high, 20_001)
    values = sign * function(grid)
    inner = np.flatnonzero((values[1:-1] > values[:-2]) & (values[1:-1] >= values[2:])) + 1
    inner = inner[np.argsort(values[inner])[-10:]]  # rounding peaks everywhere on a plateau
    best = values.max()
    for peak in {0, len(grid) - 1, *inner.tolist()}:
        centre, width = grid[peak], grid[1] - grid[0]
        for _ in range(4):
            fine = np.linspace(max(centre - width, low), min(centre + width, high), 401)
            values = sign * function(fine)
            centre, width = fine[values.argmax()], width / 100
            best = max(best, values.max())
    return sign * best


def _brute_force(c, metric):
    """The optimum from the notebook's formulas alone, epoch by epoch."""
    epochs = np.arange(1, 101)

    def accuracy_lr(z):
        argument = c["accuracy_lr_intercept"] - c["accuracy_lr_slope"] * z
        return c["accuracy_lr_peak"] - c["accuracy_lr_curvature"] * np.log10(argument) ** 2

    def loss_lr(z):
        argument = c["loss_lr_intercept"] - c["loss_lr_slope"] * z
        return c["loss_lr_floor"] + c["loss_lr_curvature"] * np.log10(argument) ** 2

    def harmonic(thr):
        precision = c["precision_floor"] + c["precision_amplitude"] / (
            1 + c["precision_offset"] * np.exp(-c["precision_slope"] * thr)
        )
        recall = 1 / (1 + c["recall_offset"] * np.exp(c["recall_slope"] * thr))
        precision, recall = c["k_precision"] * precision, c["k_recall"] * recall
        return 2 * precision * recall / (precision + recall)

    if metric == "loss":
        of_epochs = c["loss_epochs_floor"] + c["loss_epochs_amplitude"] * np.exp(
            -c["loss_epochs_decay"] * epochs
        )
        worst, best = (_zoom(loss_lr, -4.0, 0.8, sign) for sign in (1, -1))
        return c["k_loss"] * min((of_epochs * worst).min(), (of_epochs * best).min())
    argument = c["accuracy_epochs_intercept"] - c["accuracy_epochs_slope"] * epochs
    of_epochs = c["accuracy_epochs_peak"] - c["accuracy_epochs_curvature"] * np.log10(argument) ** 2
    accuracy = c["k_accuracy"] * of_epochs.max() * _zoom(accuracy_lr, -4.0, 0.8, 1)
    return accuracy if metric == "accuracy" else accuracy * _zoom(harmonic, 0.0, 1.0, 1)


def _draw_model(generator, signs=(1.0, 1.0)):
    """A random admissible model: slopes from gentle to steep, curves in both directions."""
    while True:
        slopes = np.multiply(signs, 10 ** generator.uniform(0.5, 2.3, size=2))
        middles = generator.uniform(-0.3, 1.3, size=2)
        rising = generator.random(3) < 0.5
        floor = generator.choice([0.0, generator.uniform(0.0, 0.4)])
        constants = {
            "precision_floor": floor,
            "precision_amplitude": 1.0 - floor,
            "precision_slope": slopes[0],
            "precision_offset": np.exp(slopes[0] * middles[0]),
            "recall_slope": slopes[1],
            "recall_offset": np.exp(-slopes[1] * middles[1]),
            "accuracy_epochs_curvature": generator.uniform(-0.3, 3.0),
            "accuracy_epochs_slope": 0.025,
            "accuracy_lr_curvature": generator.uniform(-0.3, 1.0),
            "loss_lr_curvature": generator.uniform(-0.3, 2.0),
            "loss_epochs_decay": generator.uniform(-0.01, 0.1),
            "k_accuracy": generator.uniform(0.5, 1.0),
            "k_precision": generator.uniform(0.5, 1.0),
            "k_recall": generator.uniform(0.5, 1.0),
        }
        if rising[0]:
            slope = generator.uniform(0.002, 0.1)
            peak = generator.uniform(-20.0, 120.0)
            constants |= {
                "accuracy_epochs_slope": -slope,
                "accuracy_epochs_intercept": 1.0 + slope * peak,
            }
        if rising[1]:
            constants |= {"accuracy_lr_slope": -0.4, "accuracy_lr_intercept": 2.3}
        if rising[2]:
            constants |= {"loss_lr_slope": -0.3, "loss_lr_intercept": 1.6}
        try:
            return FictitiousModel(**{key: float(value) for key, value in constants.items()})
        except ValueError:
            continue


def test_optimum_of_random_models_against_brute_force():
    generator = np.random.default_rng(2)
    optima = []
    for _ in range(60):
        model = _draw_model(generator)
        for metric in ("f1", "accuracy", "loss"):
            best = model.optimum(metric)
            expected = _brute_force(asdict(model), metric)
            assert best.value == pytest.approx(expected, abs=1e-9), (metric, model)
            evaluated = model.evaluate(best.thr, best.epochs, best.lr)
            assert getattr(evaluated, metric) == pytest.approx(best.value, abs=1e-12)
        optima.append((model, model.optimum()))
    # The draws reach the hard cases: optima inside and at both ends, steep and rising curves.
    thresholds = [best.thr for _, best in optima]
    assert min(thresholds) == 0.0
    assert max(thresholds) == 1.0
    assert sum(0.0 < thr < 1.0 for thr in thresholds) > 10
    epochs = {best.epochs for _, best in optima}
    assert {1, 100} < epochs, epochs
    assert max(model.precision_slope for model, _ in optima) > 100
    assert min(model.accuracy_epochs_slope for model, _ in optima) < 0


SIGNS = [(p, r) for p in (-1.0, 0.0, 1.0) for r in (-1.0, 0.0, 1.0) if (p, r) != (1.0, 1.0)]


@pytest.mark.parametrize("signs", SIGNS)
def test_slopes_of_either_sign_against_brute_force(signs):
    generator = np.random.default_rng(3)
    thresholds = []
    for _ in range(40 if signs == (-1.0, -1.0) else 8):
        model = _draw_model(generator, signs)
        best = model.optimum()
        assert best.value == pytest.approx(_brute_force(asdict(model), "f1"), abs=1e-9), model
        assert model.evaluate(best.thr, best.epochs, best.lr).f1 == pytest.approx(best.value)
        thresholds.append(best.thr)
    if signs == (-1.0, -1.0):  # both mirrored: the optima reach the inside and both ends again
        assert min(thresholds) == 0.0
        assert max(thresholds) == 1.0
        assert sum(0.0 < thr < 1.0 for thr in thresholds) > 10
    else:  # no curve works against the other: the end that the slopes prefer
        assert set(thresholds) == {1.0 if signs[0] - signs[1] > 0.0 else 0.0}


def test_mirrored_model_has_the_mirrored_optimum():
    model = FictitiousModel()
    mirrored = FictitiousModel(
        precision_slope=-model.precision_slope,
        precision_offset=model.precision_offset * np.exp(-model.precision_slope),
        recall_slope=-model.recall_slope,
        recall_offset=model.recall_offset * np.exp(model.recall_slope),
    )
    assert mirrored.optimum().thr == pytest.approx(1.0 - model.optimum().thr, abs=1e-12)
    assert mirrored.optimum().value == pytest.approx(model.optimum().value, abs=1e-14)
    for low, high in ((0.0, 0.3), (0.2, 0.9), (0.7, 1.0)):
        assert best_thr(mirrored, low, high) == pytest.approx(
            1.0 - best_thr(model, 1.0 - high, 1.0 - low), abs=1e-12
        )


@pytest.mark.parametrize(
    "constants",
    [
        {"recall_offset": 1e-200, "recall_slope": 1e-200},
        {"recall_offset": 1e-200, "recall_slope": 5e-324, "precision_slope": 5e-324},
        {"precision_slope": 599.9, "precision_offset": 1.0},
        {"precision_slope": 20.0, "precision_offset": 1e250},
        {"precision_floor": 5e-324, "precision_amplitude": 1.0, "k_recall": 1e-9},
        {"precision_floor": 1.0, "precision_amplitude": 0.0},
        {"precision_floor": 0.5, "precision_amplitude": 5e-324},
        {"precision_floor": 0.0, "precision_amplitude": 1e-12, "k_precision": 1e12},
        {"loss_epochs_decay": -1.0, "k_loss": 1e12},
        {"loss_epochs_decay": 1e12},
    ],
)
def test_extreme_constants_have_exact_optima(constants):
    try:
        model = FictitiousModel(**constants)
    except ValueError as error:  # nothing but this one may be refused
        assert constants.get("precision_offset") == 1e250, error
        assert "best F1" in str(error)
        return
    for metric in ("f1", "accuracy", "loss"):
        best = model.optimum(metric)
        assert best.value == pytest.approx(_brute_force(asdict(model), metric), rel=1e-9, abs=1e-9)
        assert getattr(best.metrics, metric) == pytest.approx(best.value, rel=1e-9)
        assert 0.0 < best.value < np.inf


def test_brute_force_can_tell():
    model = FictitiousModel()
    other = asdict(model) | {"precision_slope": 20.001}
    assert abs(_brute_force(other, "f1") - model.optimum().value) > 1e-7
