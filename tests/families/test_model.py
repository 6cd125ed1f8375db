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
        0.0,
        1,
        6.309573444801933,
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


def test_tensors_decide_on_shape_and_dtype():
    model = FictitiousModel()
    expected = model.evaluate(np.array([0.5, 0.2]), 50, 0.01)
    for dtype, tolerance in ((torch.float32, 1e-5), (torch.float64, 1e-13)):
        thr = torch.tensor([0.5, 0.2], dtype=dtype)
        for epochs in (50, np.float64(50.0), np.array([50, 50]), [50, 50.0], torch.tensor(50)):
            metrics = model.evaluate(thr, epochs, 0.01)
            for value, reference in zip(metrics, expected, strict=True):
                assert (value.shape, value.dtype, value.device) == ((2,), dtype, thr.device)
                assert value.numpy() == pytest.approx(reference, rel=tolerance)
    # Integer tensors alone become the default dtype; the tensors given promote among each other.
    for epochs, dtype in (
        (torch.tensor([[1], [50]]), torch.float32),
        (torch.tensor([[1.0], [50.0]], dtype=torch.float64), torch.float64),
    ):
        metrics = model.evaluate([0.5, 0.5, 0.5], epochs, torch.tensor(0.01))
        assert all(value.shape == (2, 3) and value.dtype == dtype for value in metrics)
    with pytest.raises(ValueError, match="shape"):
        model.evaluate(torch.tensor([0.5, 0.2]), torch.tensor([1, 2, 3]), 0.01)


def test_gradients_flow_from_mixed_inputs():
    model = FictitiousModel()
    lr = torch.tensor(0.01, dtype=torch.float64, requires_grad=True)
    model.evaluate([0.5, 0.2], 50, lr).f1.sum().backward()
    step = 1e-7
    above, below = (model.evaluate([0.5, 0.2], 50, 0.01 + d).f1.sum() for d in (step, -step))
    assert float(lr.grad) == pytest.approx((above - below) / (2 * step), rel=1e-6)


CURVES = {
    "precision_curve": ("thr", (0.25, 0.5)),
    "recall_curve": ("thr", (0.25, 0.5)),
    "loss_epochs_curve": ("epochs", (3, 50)),
    "accuracy_epochs_curve": ("epochs", (3, 50)),
    "loss_lr_curve": ("lr", (0.01, 1)),
    "accuracy_lr_curve": ("lr", (0.01, 1)),
}


@pytest.mark.parametrize("curve", CURVES)
def test_curves_convert_their_input(curve):
    name, values = CURVES[curve]
    function = getattr(FictitiousModel(), curve)
    expected = [function(value) for value in values]
    assert all(type(value) is float for value in expected)
    for given in (list(values), values, np.array(values)):
        assert function(given).dtype == np.float64
        assert function(given).tolist() == expected
    tensor = function(torch.tensor(values, dtype=torch.float64))
    assert tensor.numpy() == pytest.approx(expected, rel=1e-13)
    with pytest.raises(ValueError, match=f"^{name} = '1' has the type"):
        function("1")
    with pytest.raises(ValueError, match=f"^{name} = -1.0 is outside"):
        function(torch.tensor([-1.0], requires_grad=True))


@pytest.mark.parametrize(
    "value",
    ["0.5", True, None, 1j, 10**400, ["0.5"], [None], [[0.1], [0.1, 0.2]], np.array([True])],
)
@pytest.mark.parametrize("tensors", [False, True])
def test_inputs_that_are_no_numbers(value, tensors):
    thr = torch.tensor(0.5) if tensors else 0.5
    with pytest.raises(ValueError, match=r"^lr = "):
        FictitiousModel().evaluate(thr, 50, value)
    with pytest.raises(ValueError, match=r"^epochs = .*has the type"):
        FictitiousModel().evaluate(thr, torch.tensor([True]), 0.01)


RISING = {
    "accuracy_epochs_intercept": -0.5,
    "accuracy_epochs_slope": -1.0,
    "accuracy_epochs_curvature": 0.01,
}


@pytest.mark.parametrize("kind", [float, np.array, torch.tensor])
def test_domain_that_begins_above_zero_epochs_is_open(kind):
    model = FictitiousModel(**RISING)
    assert model.epochs_domain[0] == 0.5
    for epochs in (0.0, 0.5):
        with pytest.raises(ValueError, match=rf"^epochs = {epochs} is outside \(0\.5, 1e\+100\)"):
            model.evaluate(0.5, kind(epochs), 0.1)
    assert math.isfinite(float(model.evaluate(0.5, kind(0.5001), 0.1).accuracy))
    at_zero = FictitiousModel(**RISING | {"accuracy_epochs_intercept": 0.0})
    with pytest.raises(ValueError, match=r"^epochs = 0\.0 is outside \(0, "):
        at_zero.evaluate(0.5, kind(0.0), 0.1)


@pytest.mark.parametrize(
    "constants",
    [{}, RISING, {"loss_epochs_decay": -0.5}, {"loss_lr_slope": -0.3, "loss_lr_intercept": 1.6}]
    + [{"accuracy_epochs_intercept": 3.0 + 0.0137 * i} for i in range(40)],
)
def test_metrics_are_finite_up_to_the_ends_of_the_domain(constants):
    """The argument of a logarithm may round to 0 there: refused, but never inf or NaN."""
    model = FictitiousModel(**constants)

    def finite(*inputs):
        try:
            return all(map(math.isfinite, model.evaluate(*inputs)))
        except ValueError as error:
            assert "too near an end" in str(error)
            return True

    low, high = model.epochs_domain
    lr_low, lr_high = model.lr_domain
    for steps in range(1, 4):
        below, above = high * (1 - steps * 2**-53), low + steps * math.ulp(low)
        assert finite(0.5, below, 0.1)
        assert finite(0.5, above, 0.1)
        assert finite(0.5, 50, lr_high * (1 - steps * 2**-53))
        assert finite(0.5, 50, lr_low + steps * math.ulp(lr_low))


def test_domain_error_in_tensors():
    with pytest.raises(ValueError, match=r"^epochs = 130\.0 is outside \[0, 120\)"):
        FictitiousModel().evaluate(
            torch.tensor([0.5, 0.5]), torch.tensor([3.0, 130.0]), torch.tensor([0.1, 0.1])
        )


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
