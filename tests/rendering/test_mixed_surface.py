"""Pictures of spaces with integers, log axes and choices."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest

from hpo_gym import Categorical, Float, Integer, SearchSpace
from hpo_gym.arrays import Vectors
from hpo_gym.families import KnownOptimum
from hpo_gym.rendering.picture import new_figure
from hpo_gym.rendering.surface import draw_slice, surface


class Mixed(KnownOptimum):
    """The best is lr = 1e-3, 32 units, 3 layers, the first optimiser."""

    name, metrics = "mixed", ("quality",)
    goals: ClassVar = {"quality": "maximise"}
    space = SearchSpace(
        {
            "lr": Float(1e-5, 1e-1, log=True),
            "units": Integer(16, 64, log=True),
            "layers": Integer(1, 4),
            "optimizer": Categorical(["adam", "sgd", None]),
        }
    )
    best = (-3.0, float(np.log10(32.0)), 3.0, 0.0)

    def noiseless(self, parameters, scaled, xp):
        terms = [(x - b) * (x - b) for x, b in zip(scaled, self.best, strict=True)]
        return (1.0 / (1.0 + sum(terms)),)

    def frontier(self, parameters, metric):
        best = tuple(np.array([value]) for value in self.best)
        return best, self.noiseless(parameters, best, Vectors())[0]


WHOLE = surface(Mixed(), None, "quality")


def slice_of(*indices):
    return next(piece for piece in WHOLE.slices if piece.indices == indices)


def test_cells_stand_where_alone_a_parameter_is_evaluated():
    assert WHOLE.optimum == pytest.approx((1e-3, 32.0, 3.0, 0.0))
    units, layers = slice_of(1, 2).centres
    np.testing.assert_allclose(units, np.arange(16, 65), rtol=1e-12)
    np.testing.assert_array_equal(layers, [1.0, 2.0, 3.0, 4.0])
    piece = slice_of(2, 3)
    np.testing.assert_array_equal(piece.borders[1], [-0.5, 0.5, 1.5, 2.5])
    np.testing.assert_allclose(piece.score[:, 2], [1.0, 0.5, 0.2])


def test_choices_are_named_on_the_axis_and_in_the_title():
    axes = new_figure(4.0, 4.0).add_subplot()
    draw_slice(axes, WHOLE, slice_of(0, 3))
    assert [label.get_text() for label in axes.get_yticklabels()] == ["adam", "sgd", "None"]
    assert axes.get_ylim() == (-0.5, 2.5)
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "linear")
    assert axes.get_xlim() == pytest.approx((1e-5, 1e-1))
    other = new_figure(4.0, 4.0).add_subplot()
    draw_slice(other, WHOLE, slice_of(1, 2))
    assert other.get_title() == "at lr = 0.001, optimizer = adam"


def test_one_choice_alone_is_drawn_as_points():
    class Choice(Mixed):
        space = SearchSpace({"optimizer": Categorical(["adam", "sgd"])})
        best = (1.0,)

    whole = surface(Choice(), None, "quality")
    axes = new_figure(4.0, 4.0).add_subplot()
    assert draw_slice(axes, whole, whole.slices[0]) is None
    (points,) = axes.get_lines()
    assert (points.get_linestyle(), points.get_marker()) == ("None", "o")
    np.testing.assert_array_equal(points.get_ydata(), [0.5, 1.0])
