"""The score along pairs of parameters, and where a picture puts it."""

from __future__ import annotations

import numpy as np
import pytest

from hpo_gym import FictitiousModel, make_family
from hpo_gym.rendering.picture import DPI, layout_for
from hpo_gym.rendering.surface import surface


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("slices", [*range(1, 21), 28])
def test_parts_of_a_picture_do_not_overlap(slices, flat):
    layout = layout_for(slices, flat)
    width, height = layout.size
    assert (round(DPI * width) % 2, round(DPI * height) % 2) == (0, 0)
    assert len(layout.maps) == slices
    parts = [*layout.maps, layout.bar, layout.score, layout.reward]
    for i, part in enumerate(parts):
        assert 0 < part.left and part.left + part.width < width
        assert 0 < part.bottom and part.bottom + part.height < height
        for other in parts[:i]:
            beside = part.left >= other.left + other.width or other.left >= part.left + part.width
            above = (
                part.bottom >= other.bottom + other.height
                or other.bottom >= part.bottom + part.height
            )
            assert beside or above


def test_surface_is_the_model():
    family = make_family({"name": "notebook", "k_precision": 0.8})
    whole = surface(family, family.sample("test", 0), "f1")
    model = FictitiousModel(k_precision=0.8)
    best = model.optimum()
    assert whole.label == "f1"
    assert whole.optimum == pytest.approx((best.thr, best.epochs, best.lr), rel=1e-12)
    assert [piece.indices for piece in whole.slices] == [(0, 1), (0, 2), (1, 2)]
    for piece in whole.slices:
        inputs = [np.array(value) for value in whole.optimum]
        x, y = piece.indices
        inputs[x], inputs[y] = np.meshgrid(*piece.centres)
        np.testing.assert_allclose(piece.score, model.evaluate(*inputs).f1, rtol=1e-9)
        assert best.value * 0.99 < piece.score.max() <= best.value
    epochs = whole.slices[0].centres[1]
    np.testing.assert_array_equal(epochs, np.arange(1, 101))


def test_surface_of_a_goal_of_minimising_shows_the_score():
    family = make_family("beale")
    whole = surface(family, None, "f")
    (piece,) = whole.slices
    assert whole.label == "score of f"
    assert whole.optimum_on(piece) == (3.0, 0.5)
    row, column = np.unravel_index(piece.score.argmax(), piece.score.shape)
    assert piece.centres[0][column] == pytest.approx(3.0, abs=0.3)
    assert piece.centres[1][row] == pytest.approx(0.5, abs=0.1)
