"""The fictitious model and the Beale function: reference values, optima, refusals."""

from __future__ import annotations

import math
from dataclasses import fields

import numpy as np
import pytest

from hpo_gym import FictitiousModel
from hpo_gym.families.beale import LARGEST, beale

torch = pytest.importorskip("torch")

METRICS = ("precision", "recall", "loss", "accuracy", "f1")
REFERENCE = [
    (0.5, 50, 0.01, (0.5970342735, 0.5870044956, 2.9090479711, 0.7163008400, 0.5919769044)),
    (0.3, 10, 0.0001, (0.0492415408, 0.2933314267, 7.7990744001, 0.2945148102, 0.0843270941)),
    (0.9, 99, 1.0, (0.6835615828, 0.0010395510, 1.8361353774, 0.6836084303, 0.0020759450)),
    (
        *(0.0, 1, 6.309573444801933),
        (0.0196384408, 0.1960296613, 15.4537695544, 0.1960316216, 0.0357003828),
    ),
]


@pytest.mark.parametrize(("thr", "epochs", "lr", "expected"), REFERENCE)
def test_reference_values(thr, epochs, lr, expected):
    model = FictitiousModel()
    floats = model.evaluate(thr, epochs, lr)
    assert floats._fields == METRICS
    assert all(type(value) is float for value in floats)
    assert floats == pytest.approx(expected, abs=1e-9, rel=0)
    arrays = model.evaluate(np.array([thr]), np.array([epochs]), np.array([lr]))
    assert tuple(float(value[0]) for value in arrays) == tuple(floats)
    inputs = [torch.tensor([float(value)], dtype=torch.float64) for value in (thr, epochs, lr)]
    tensors = model.evaluate(*inputs)
    assert [float(value) for value in tensors] == pytest.approx(list(floats), rel=1e-13)


def test_univariate_curves():
    model = FictitiousModel()
    for thr in (0.0, 0.25, 0.5, 1.0):
        assert model.precision_curve(thr) == pytest.approx(
            0.1 + 0.9 / (1 + 5000 * math.exp(-20 * thr)), rel=1e-14
        )
        assert model.recall_curve(thr) == pytest.approx(
            1 / (1 + 1e-5 * math.exp(20 * thr)), rel=1e-14
        )
    for epochs in (0, 1, 37.5, 80, 119.9):
        assert model.loss_epochs_curve(epochs) == pytest.approx(3 + 7 * math.exp(-0.05 * epochs))
        assert model.accuracy_epochs_curve(epochs) == pytest.approx(
            0.95 - 3 * math.log10(3 - 0.025 * epochs) ** 2
        )
    for z in (-4.0, -0.6, 0.0, 0.8):
        assert model.loss_lr_curve(10.0**z) == pytest.approx(0.6 + math.log10(0.9 - z) ** 2)
        assert model.accuracy_lr_curve(10.0**z) == pytest.approx(
            0.98 - math.log10(0.7 - 0.5 * z) ** 2
        )
    # The places of the peaks, and their heights.
    assert model.accuracy_epochs_curve(80) == pytest.approx(0.95, abs=1e-15)
    assert model.accuracy_lr_curve(10**-0.6) == pytest.approx(0.98, abs=1e-15)


def test_inputs_broadcast():
    metrics = FictitiousModel().evaluate(
        np.linspace(0, 1, 5)[:, None], np.arange(1, 4)[None, :], 0.01
    )
    assert all(value.shape == (5, 3) and value.dtype == np.float64 for value in metrics)
    one = FictitiousModel().evaluate(0.25, 3, 0.01)
    assert [float(value[1, 2]) for value in metrics] == list(one)


def test_numbers_of_numpy_are_accepted():
    expected = FictitiousModel().evaluate(0.5, 50, 0.01)
    for kind in (np.float64, np.array):
        given = FictitiousModel().evaluate(kind(0.5), kind(50), kind(0.01))
        assert tuple(map(float, given)) == tuple(expected)
        assert all(np.shape(value) == () for value in given)


def test_gradients_match_finite_differences():
    point = torch.tensor([0.45, 61.3, 0.05], dtype=torch.float64)
    model = FictitiousModel()

    def metrics(inputs):
        return torch.stack(list(model.evaluate(*inputs)))

    gradients = torch.autograd.functional.jacobian(metrics, point)
    for i, step in enumerate((1e-6, 1e-4, 1e-7)):
        shift = torch.zeros(3, dtype=torch.float64)
        shift[i] = step
        slope = (metrics(point + shift) - metrics(point - shift)) / (2 * step)
        assert gradients[:, i].numpy() == pytest.approx(slope.numpy(), rel=1e-6, abs=1e-9)
    assert (gradients[4] != 0).all()  # F1 depends on all three inputs


@pytest.mark.parametrize(
    ("inputs", "name"),
    [
        ((-0.1, 50, 0.01), "thr"),
        ((1.1, 50, 0.01), "thr"),
        ((math.nan, 50, 0.01), "thr"),
        ((0.5, 120, 0.01), "epochs"),
        ((0.5, -1, 0.01), "epochs"),
        ((0.5, math.nan, 0.01), "epochs"),
        ((0.5, 50, 10**0.9), "lr"),
        ((0.5, 50, 0.0), "lr"),
        ((0.5, 50, -1.0), "lr"),
        ((0.5, 50, math.nan), "lr"),
        ((0.5, 50, math.inf), "lr"),
    ],
)
@pytest.mark.parametrize("kind", [float, np.float64, np.array, lambda x: np.array([0.3, x])])
def test_domain_errors_name_the_input(inputs, name, kind):
    # Valid companions stay floats, so that a broadcast array has one bad entry.
    arguments = [
        kind(value) if key == name else value
        for key, value in zip(("thr", "epochs", "lr"), inputs, strict=True)
    ]
    with pytest.raises(ValueError, match=rf"^{name} = .* is outside .*choose {name} inside"):
        FictitiousModel().evaluate(*arguments)


def test_domain_error_in_tensors():
    with pytest.raises(ValueError, match=r"^epochs = 130\.0 is outside \[0, 120\)"):
        FictitiousModel().evaluate(
            torch.tensor([0.5, 0.5]), torch.tensor([3.0, 130.0]), torch.tensor([0.1, 0.1])
        )


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
        ({"precision_floor": -0.1}, "precision_floor"),
        ({"precision_floor": 0.3}, "precision"),
        ({"precision_slope": -20.0}, "precision_slope"),
        ({"recall_slope": 1e4}, "recall_slope"),
        ({"precision_floor": 0.0, "precision_amplitude": 0.0}, "precision"),
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


def test_every_constant_matters():
    default = FictitiousModel()
    point = np.array([0.45]), np.array([40]), np.array([0.01])
    for field in fields(FictitiousModel):
        changed = FictitiousModel(**{field.name: getattr(default, field.name) * 0.999})
        assert changed.evaluate(*point) != default.evaluate(*point), field.name


def test_beale():
    assert beale(3.0, 0.5) == 0.0
    assert beale(4.0, 4.0) == 68891.203125
    assert beale(-5.0, -5.0) == LARGEST == 415071.703125
    grid = np.linspace(-5, 5, 201)
    values = beale(grid[:, None], grid[None, :])
    assert values.max() == LARGEST
    assert values.min() == pytest.approx(0.0, abs=1e-12)
    x = torch.tensor(4.0, dtype=torch.float64, requires_grad=True)
    beale(x, 4.0).backward()
    step = 1e-5
    assert float(x.grad) == pytest.approx(
        (beale(4.0 + step, 4.0) - beale(4.0 - step, 4.0)) / (2 * step), rel=1e-8
    )
