"""The kinds of parameters: cells, choices, and bounds that cannot be."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hpo_gym import Categorical, Float, Integer, SearchSpace
from hpo_gym.arrays import Floats, Vectors

ROW, ROWS = Floats(), Vectors()


def scaled(parameter, *unit):
    """Scaled value of a space of one parameter."""
    return SearchSpace({"it": parameter}).scaled(unit, ROW)[0]


def test_integers_have_cells_of_equal_width():
    space = SearchSpace({"n": Integer(1, 10), "m": Integer(-3, 4)})
    middles = (np.arange(80) + 0.5) / 40.0 - 1.0
    n, m = space.scaled((middles, middles), ROWS)
    np.testing.assert_array_equal(n, np.repeat(np.arange(1.0, 11.0), 8))
    np.testing.assert_array_equal(m, np.repeat(np.arange(-3.0, 5.0), 10))
    assert [scaled(Integer(1, 10), u) for u in (-1.0, 0.0, 1.0)] == [1.0, 6.0, 10.0]


def test_log_integers_round_to_the_nearest_on_the_log_axis():
    space = SearchSpace({"n": Integer(1, 1000, log=True)})
    exponents = np.random.default_rng(2).uniform(0.0, 3.0, size=500)
    column = space.scaled((2.0 * exponents / 3.0 - 1.0,), ROWS)
    (whole,) = space.natural(column, ROWS)
    nearest = np.abs(np.log10(np.arange(1, 1001))[:, None] - exponents).argmin(axis=0) + 1.0
    np.testing.assert_array_equal(whole, nearest)
    np.testing.assert_array_equal(column[0], np.log10(whole))
    # The border between 1 and 2 is their geometric mean, not 1.5.
    assert scaled(Integer(1, 4, log=True), np.log2(1.42) - 1.0) == np.log10(2.0)
    assert scaled(Integer(1, 4, log=True), np.log2(1.41) - 1.0) == 0.0


@pytest.mark.parametrize(
    "integer",
    [Integer(1, 100, nearest=True), Integer(-3, 9), Integer(1, 50, log=True), Integer(7, 8)],
)
def test_edges_are_where_the_next_whole_number_begins(integer):
    space, edges = SearchSpace({"n": integer}), integer.edges()
    numbers = np.arange(integer.low, integer.high + 1.0)
    for unit, wanted in ((edges + 1e-9, numbers), (edges[1:] - 1e-9, numbers[:-1])):
        found = space.natural(space.scaled((unit,), ROWS), ROWS)[0]
        np.testing.assert_array_equal(found, wanted)


def test_the_largest_coordinate_of_a_choice_wins_and_the_first_of_equals():
    kernel = Categorical(["rbf", "linear", None])
    units = [(0.1, 0.2, 0.3), (0.3, 0.2, 0.1), (0, 0, 0), (-1, 0.5, 0.5), (-1.0, -1e-20, 0.0)]
    assert [scaled(kernel, *unit) for unit in units] == [2.0, 0.0, 0.0, 1.0, 2.0]
    space = SearchSpace({"kernel": kernel})
    assert space.scaled(np.array(units).T, ROWS).tolist() == [[2.0, 0.0, 0.0, 1.0, 2.0]]
    names = [space.configuration(unit)["kernel"] for unit in units]
    assert names == [None, "rbf", "rbf", "linear", None]
    assert space.unit({"kernel": None}) == (-1.0, -1.0, 1.0)


@pytest.mark.parametrize(
    ("kind", "arguments", "words"),
    [
        (Float, (1.0, 1.0), r"Float\(low=1.0, high=1.0, log=False\): .* low < high"),
        (Float, (2.0, 1.0), "low < high"),
        (Float, (0.0, float("inf")), "Float: high = inf must be a finite number"),
        (Float, (float("nan"), 1.0), "Float: low = nan must be a finite number"),
        (Float, (-1e308, 1e308), "high - low must be finite; choose narrower"),
        (Float, ("0", 1.0), "Float: low = '0' must be a finite number"),
        (Float, (False, True), "Float: low = False must be a finite number"),
        (Float, (0, [1]), r"Float: high = \[1\] must be a finite number"),
        (Float, (0, 10**400), "Float: high = inf must be a finite number"),
        (Float, (-(10**400), 0), "Float: low = -inf must be a finite number"),
        (Float, (0.1, 1.0, "yes"), "Float: log = 'yes' must be True or False"),
        (Float, (-4.0, 0.8, True), r"low > 0, got low = -4.0: give natural .* not exponents"),
        (Float, (0.0, 1.0, True), r"log=True needs low > 0, got low = 0.0"),
        (Float, (1e300, np.nextafter(1e300, 2e300), True), "too close"),
        (Integer, (3, 3), "low < high"),
        (Integer, (5, 4), "low < high"),
        (Integer, (0.5, 10), r"Integer\(low=0.5, high=10.* must be whole numbers"),
        (Integer, (0, 10, True), "log=True needs low > 0, got low = 0"),
        (Integer, (1, 3, 2), "Integer: log = 2 must be True or False"),
        (Integer, (1, 3, False, 1), "Integer: nearest = 1 must be True or False"),
        (Integer, (0, 10**400), "Integer: high = inf must be a finite number"),
        (Integer, (float("nan"), 3), "Integer: low = nan must be a finite number"),
        (Integer, (1, float("inf")), "Integer: high = inf must be a finite number"),
        (Integer, (0, 2**41), r"\[-2\*\*40, 2\*\*40\]"),
        (Integer, (1, 10, True, True), "leave nearest out"),
        (Categorical, (["a"],), "two or more choices"),
        (Categorical, ([],), "two or more choices"),
        (Categorical, (["a", "b", "a"],), "all different"),
        (Categorical, ([1, True],), "all different"),
        (Categorical, ("ab",), "must be a list or a tuple"),
        (Categorical, ([1.0, float("nan")],), "nan must be a string, a finite number"),
        (Categorical, ([(1, 2), (3, 4)],), r"\(1, 2\) must be a string"),
        (Categorical, ([[1], [2]],), r"\[1\] must be a string"),
        (Categorical, ([np.zeros(2), 1],), r"array\(.*\) must be a string"),
        (Categorical, ([1, np.float64("inf")],), "inf must be a string, a finite number"),
        (Categorical, ([1, np.int64(1)],), "all different"),
        (SearchSpace, ({},), "1 to 20 parameters, got 0"),
        (SearchSpace, ({f"p{i}": Float(0, 1) for i in range(21)},), "1 to 20 .* got 21"),
        (SearchSpace, ({"": Float(0, 1)},), "non-empty string"),
        (SearchSpace, ({1: Float(0, 1)},), "the name 1 of a parameter must be a non-empty string"),
        (SearchSpace, ((Float(0, 1),),), "a dict from names to"),
        (SearchSpace, ({"lr": (0, 1)},), r"'lr' = \(0, 1\) must be a Float, Integer or Categ"),
    ],
)
def test_spaces_that_do_not_exist(kind, arguments, words):
    with pytest.raises(ValueError, match=words):
        kind(*arguments)


@pytest.mark.parametrize("value", [[1], (1,), np.ones(1), np.zeros(2), float("nan"), True, {}, "1"])
def test_values_that_are_no_choice(value):
    with pytest.raises(ValueError, match=r"^size = .* is not one of \[1, 'big'\]"):
        SearchSpace({"size": Categorical([1, "big"])}).unit({"size": value})


def test_choices_and_bounds_of_numpy_are_kept_as_python_numbers():
    space = SearchSpace(
        {
            "size": Categorical([np.int64(16), np.float32(0.5), np.str_("big"), np.bool_(False)]),
            "n": Integer(np.int64(1), np.float64(3.0)),
            "x": Float(np.float32(0.5), np.int8(2)),
        }
    )
    assert [type(choice) for choice in space.parameters["size"].choices] == [int, float, str, bool]
    assert SearchSpace.from_description(json.loads(json.dumps(space.describe()))) == space
    assert space.unit({"size": np.int8(16), "n": 1, "x": 2})[:4] == (1.0, -1.0, -1.0, -1.0)
