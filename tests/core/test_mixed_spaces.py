"""Spaces of floats, integers and choices: properties that hold for every one."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

from hpo_gym import Categorical, Float, Integer, SearchSpace
from hpo_gym.arrays import Floats, Vectors
from tests.support.spaces import MIXED, random_value, spaces

ROW, ROWS = Floats(), Vectors()


def assert_equal_configurations(space, found, wanted):
    """Integers and choices exactly, floats up to rounding."""
    assert list(found) == list(space.names)
    for name, parameter in space.parameters.items():
        if isinstance(parameter, Float):
            # A share of the width is lost next to the width's own rounding.
            width = 0.0 if parameter.log else parameter.high - parameter.low
            assert found[name] == pytest.approx(wanted[name], rel=1e-13, abs=1e-15 * width)
            assert parameter.low <= found[name] <= parameter.high
        else:
            assert found[name] == wanted[name] and type(found[name]) is type(wanted[name])


def test_unit_is_a_right_inverse_on_random_mixed_spaces():
    for space, generator in spaces():
        ends = [
            {
                name: p.choices[end] if isinstance(p, Categorical) else (p.low, p.high)[end]
                for name, p in space.parameters.items()
            }
            for end in (0, -1)
        ]
        middle = [
            {name: random_value(p, generator) for name, p in space.parameters.items()}
            for _ in range(20)
        ]
        for configuration in ends + middle:
            unit = space.unit(configuration)
            assert len(unit) == space.dimension
            assert all(type(u) is float and -1.0 <= u <= 1.0 for u in unit)
            assert space.unit(list(configuration.values())) == unit
            assert_equal_configurations(space, space.configuration(unit), configuration)


def test_position_is_a_right_inverse_of_scaled():
    for space, generator in spaces():
        unit = generator.uniform(-1.0, 1.0, size=(space.dimension, 50))
        columns = space.scaled(unit, ROWS)
        again = space.scaled(space.position(columns), ROWS)
        for name, one, other in zip(space.names, again, columns, strict=True):
            low, high = space.parameters[name].scaled_bounds
            np.testing.assert_allclose(one, other, rtol=0.0, atol=1e-14 * max(-low, high, 1.0))


def test_every_unit_configuration_is_inside_all_bounds():
    for space, generator in spaces():
        for unit in [*generator.uniform(-1.0, 1.0, size=(20, space.dimension))] + [
            np.full(space.dimension, end) for end in (-1.0, 1.0)
        ]:
            configuration = space.configuration(unit)
            assert space.unit(configuration)  # raises where a value is outside
            for name, value in configuration.items():
                parameter = space.parameters[name]
                if not isinstance(parameter, Categorical):
                    assert parameter.low <= value <= parameter.high


def test_a_row_a_block_and_columns_are_equal_bit_for_bit():
    for space, generator in spaces():
        block = generator.uniform(-1.0, 1.0, size=(space.dimension, 30))
        for relaxed in (False, True):
            many = space.scaled(block, ROWS, relaxed=relaxed)
            columns = space.scaled(tuple(block), ROWS, relaxed=relaxed)
            assert many.shape == (len(space.parameters), 30)
            np.testing.assert_array_equal(np.stack(columns), many)
            natural_rows = space.natural(many, ROWS)
            for row in range(30):
                one = space.scaled(tuple(block[:, row].tolist()), ROW, relaxed=relaxed)
                assert one == tuple(many[:, row].tolist())
                assert all(type(value) is float for value in one)
                assert space.natural(one, ROW) == tuple(float(c[row]) for c in natural_rows)


def test_tensors_are_equal():
    torch = pytest.importorskip("torch")
    from hpo_gym.arrays.tensors import Tensors

    xp = Tensors()
    for space, generator in spaces():
        block = generator.uniform(-1.0, 1.0, size=(space.dimension, 30))
        tensors = torch.as_tensor(block).unbind()
        for relaxed in (False, True):
            column = space.scaled(tensors, xp, relaxed=relaxed)
            wanted = space.scaled(block, ROWS, relaxed=relaxed)
            np.testing.assert_allclose(np.stack(column), wanted, rtol=1e-14, atol=1e-14)
            np.testing.assert_allclose(
                np.stack(space.natural(column, xp)), space.natural(wanted, ROWS), rtol=1e-12
            )
        position = np.stack(space.position(space.scaled(tensors, xp)))
        np.testing.assert_allclose(position, space.position(space.scaled(block, ROWS)), atol=1e-14)


def test_relaxed_integers_lie_on_a_line_and_pass_gradients():
    torch = pytest.importorskip("torch")
    from hpo_gym.arrays.tensors import Tensors

    space = SearchSpace({"n": Integer(1, 9), "m": Integer(1, 100, log=True)})
    unit = torch.tensor([-1.0, -0.3, 1.0], dtype=torch.float64, requires_grad=True)
    n, m = space.scaled((unit, unit), Tensors(), relaxed=True)
    np.testing.assert_allclose(n.detach(), [1.0, 3.8, 9.0], rtol=1e-15)
    np.testing.assert_allclose(m.detach(), [0.0, 0.7, 2.0], rtol=1e-15)
    (n + m).sum().backward()
    np.testing.assert_allclose(unit.grad, [5.0, 5.0, 5.0], rtol=1e-15)


def test_coordinates_of_mixed_parameters():
    assert len(MIXED.parameters) == 12
    assert MIXED.dimension == 9 + 3 + 2 + 4
    covered = [i for piece in MIXED.slices.values() for i in range(piece.start, piece.stop)]
    assert covered == list(range(MIXED.dimension))
    assert MIXED.slices["optimizer"] == slice(3, 6)
    assert MIXED.slices["width"] == slice(6, 7)
    numbers = MIXED.natural(MIXED.scaled((1.0,) * MIXED.dimension, ROW), ROW)
    assert [p.dtype for p in MIXED.parameters.values()].count(float) == 4
    assert numbers[2:6] == (8.0, 0.0, 1024.0, 0.0)


def test_descriptions_survive_json():
    for space, _ in spaces():
        text = json.dumps(space.describe(), allow_nan=False)
        assert json.loads(text) == space.describe()
        again = SearchSpace.from_description(json.loads(text))
        assert again == space and hash(again) == hash(space)
        assert again.describe() == space.describe()
    assert SearchSpace.from_description(MIXED.describe()[::-1]) != MIXED
    assert pickle.loads(pickle.dumps(MIXED)) == MIXED


FLOAT = {"name": "x", "kind": "float", "low": 0.0, "high": 1.0}


@pytest.mark.parametrize(
    ("description", "words"),
    [
        ([{**FLOAT, "kind": "real"}], r"'name', a string, and a 'kind' of \['float', 'integer',"),
        ([{**FLOAT, "kind": ["float"]}], "and a 'kind' of"),
        ([{**FLOAT, "name": 3}], "must have a 'name', a string"),
        ([{"kind": "float", "low": 0, "high": 1}], "must have a 'name', a string"),
        ([{"name": "x", "low": 0, "high": 1}], "and a 'kind' of"),
        (["x"], "'x' must have a 'name'"),
        (FLOAT, "a list of dicts, not {'name': 'x'"),
        (None, "a list of dicts, not None"),
        ([FLOAT] * 2, r"a name of its own, got \['x', 'x'\]"),
        (
            [{"name": "x", "kind": "float", "low": 0}],
            r"parameter 'x': a float is described by .* not by \['low'\]",
        ),
        ([{**FLOAT, "nearest": True}], r"parameter 'x': .* not by \['low', 'high', 'nearest'\]"),
        ([{**FLOAT, "low": "0"}], "parameter 'x': Float: low = '0' must be a finite number"),
        ([{"name": "x", "kind": "categorical", "choices": [1]}], "parameter 'x': .* two or more"),
    ],
)
def test_descriptions_of_nothing(description, words):
    with pytest.raises(ValueError, match=words):
        SearchSpace.from_description(description)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"optimizer": "Adam"}, r"optimizer = 'Adam' is not one of \['adam', 'sgd', 'rmsprop'\]"),
        ({"bias": 1}, r"bias = 1 is not one of \[True, False\]"),
        ({"degree": True}, r"degree = True is not one of \[1, 2.5, 'three', None\]"),
        ({"optimizer": ["adam"]}, "is not one of"),
        ({"layers": 9}, r"layers = 9 is outside \[1, 8\]"),
        ({"layers": 2.5}, "layers = 2.5 must be a whole number"),
        ({"width": 15}, r"width = 15 is outside \[16, 1024\]"),
    ],
)
def test_values_outside_a_mixed_space(changes, words):
    with pytest.raises(ValueError, match=words):
        MIXED.unit({**MIXED.configuration((0.0,) * MIXED.dimension), **changes})


def test_numpy_values_are_understood():
    values = {"bias": np.bool_(False), "degree": np.int64(1), "layers": np.float32(3.0)}
    configuration = MIXED.configuration((0.0,) * MIXED.dimension)
    assert MIXED.unit({**configuration, **values}) == MIXED.unit(
        {**configuration, "bias": False, "degree": 1, "layers": 3}
    )
