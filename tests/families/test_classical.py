"""Classical test functions: their best points, their shifts."""

from __future__ import annotations

import numpy as np
import pytest

from hpo_gym.arrays import Vectors
from hpo_gym.families import ClassicalFamily
from hpo_gym.families.classical import FUNCTIONS
from hpo_gym.testing import check_family

ROWS = Vectors()


@pytest.mark.parametrize("dimension", [2, 3, 6, 10])
def test_contract(dimension):
    check_family(ClassicalFamily(dimension), rows=100)


@pytest.mark.parametrize("dimension", [1, 21, True, "2"])
def test_a_dimension_that_does_not_fit(dimension):
    with pytest.raises(ValueError, match=r"dimension = .* a whole number in \[2, 20\]"):
        ClassicalFamily(dimension)


def test_every_dimension_has_ten_functions():
    assert {d: len(ClassicalFamily(d).functions) >= 10 for d in range(2, 11)} == dict.fromkeys(
        range(2, 11), True
    )
    assert {"beale", "branin"} <= set(ClassicalFamily(2).functions)
    assert "hartmann-6" in ClassicalFamily(6).functions


@pytest.mark.parametrize(
    ("name", "point", "value"),
    [
        ("rosenbrock", [0.0, 0.0, 0.0], 2.0),
        ("ackley", [1.0, 0.0], 2.6375),
        ("rastrigin", [0.5, 0.0], 20.25),
        ("levy", [5.0, 1.0], 1.0 + 10.0 * np.sin(1.0) ** 2),
        ("griewank", [np.pi, 0.0], 1 + np.pi**2 / 4000 + 1),
        ("styblinski-tang", [1.0, 2.0], -24.0),
        ("zakharov", [1.0, 1.0], 2 + 1.5**2 + 1.5**4),
        ("dixon-price", [0.0, 1.0], 1 + 2 * 4),
        ("ellipsoid", [1.0, 1.0, 1.0], 1 + 10**1.5 + 1000),
        ("absolute", [-1.0, 2.0], 3.0),
        ("branin", [-np.pi, 12.275], 0.397887),
        ("beale", [4.0, 4.0], 68891.203125),
    ],
)
def test_values_as_published(name, point, value):
    assert FUNCTIONS[name].value(np.array(point)) == pytest.approx(value, abs=2e-4)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_nothing_is_better_than_the_best_point(name):
    function = FUNCTIONS[name]
    d = function.dimension or 3
    best = function.best(d) + np.zeros(d)
    random = np.random.default_rng(0)
    for reach in (1.0, 1e-1, 1e-3):  # up to the farthest that a shift can take it
        points = best + reach * function.width * random.uniform(-1, 1, (50_000, d))
        assert function.value(points).min() >= function.value(best) - 1e-9


def test_best_points_lie_anywhere_in_the_cube():
    family = ClassicalFamily(2)
    scaled, score = family.best("test", np.arange(1000), "value")
    assert (score == 0.9).all()
    assert scaled.min() < 0.01
    assert scaled.max() > 0.99
    assert np.abs(np.corrcoef(scaled)[0, 1]) < 0.1


def test_tasks_take_turns_and_have_their_own_median():
    family = ClassicalFamily(4)
    count = len(family.functions)
    assert family.sample("test", np.arange(2 * count)).function.tolist() == [*range(count)] * 2
    points = tuple(np.random.default_rng(1).random((4, 2000)))
    for task in range(count):
        (values,) = family.noiseless(family.sample("test", task), points, ROWS)
        assert np.median(values) == pytest.approx(0.75, abs=0.03), family.functions[task]


def test_tensors_give_the_same_and_have_gradients():
    torch = pytest.importorskip("torch")
    from hpo_gym.arrays.tensors import Tensors

    family = ClassicalFamily(3)
    scaled = np.random.default_rng(2).random((3, 48))
    parameters = family.sample("test", np.arange(48))
    (expected,) = family.noiseless(parameters, tuple(scaled), ROWS)
    columns = torch.tensor(scaled, requires_grad=True)
    tensors = type(parameters)(**{k: torch.tensor(v) for k, v in vars(parameters).items()})
    (value,) = family.noiseless(tensors, columns.unbind(), Tensors())
    np.testing.assert_allclose(value.detach().numpy(), expected, rtol=1e-12)
    value.sum().backward()
    assert (columns.grad != 0.0).any(dim=0).double().mean() > 0.8
