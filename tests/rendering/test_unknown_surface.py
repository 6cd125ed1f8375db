"""Pictures where there is no surface to draw, where evaluations fail, and of many parameters."""

from __future__ import annotations

import numpy as np
import pytest
from foreign.blind import Blind
from foreign.impure import Counting
from foreign.mixed import BEST, Network
from foreign.rmse import Ridge

from hpo_gym import TuningEnv
from hpo_gym.rendering.picture import DPI, layout_for, new_figure
from hpo_gym.rendering.surface import COLOURS, ORANGE, draw_slice, surface


def map_of(frame):
    """The pixels of the one map, row 0 at its top."""
    place = layout_for(1).maps[0]
    left, bottom, side = (round(DPI * x) for x in (place.left, place.bottom, place.width))
    return frame[frame.shape[0] - bottom - side : frame.shape[0] - bottom, left : left + side]


def env_of(family, **options):
    (metric, *_) = family.goals
    options = {"start": "none", "render_mode": "rgb_array", **options}
    return TuningEnv(family=family, metric=metric, **options)


@pytest.mark.parametrize(
    ("family", "label"), [(Blind(), "quality"), (Counting(), "gain")], ids=["blind", "impure"]
)
def test_axes_without_a_surface(family, label):
    """Nothing is evaluated, no optimum stands anywhere, the axes show the whole space."""
    whole = surface(family, None, label)
    (piece,) = whole.slices
    assert (piece.indices, piece.score, whole.label, whole.range) == ((0, 1), None, label, (0, 1))
    assert (whole.optimum, whole.optimum_on(piece)) == ((), None)
    assert getattr(family, "asked", []) == []
    axes = new_figure(4.0, 4.0).add_subplot()
    colours = draw_slice(axes, whole, piece)
    assert (colours.get_cmap().name, colours.get_clim()) == (COLOURS, (0.0, 1.0))
    assert (axes.get_xlabel(), axes.get_ylabel()) == family.space.names
    if label == "quality":
        assert axes.get_xlim() == pytest.approx((1e-4, 1.0))
        assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")


def test_an_evaluation_has_the_colour_of_its_score():
    from matplotlib import colormaps

    env = env_of(Blind())
    env.reset(seed=0)
    *_, info = env.step(np.array([0.5, 0.0], dtype=np.float32))
    pixels = map_of(env.render())
    low, high = surface(env.process.family, None, "quality").slices[0].borders[1][[0, -1]]
    height, width, _ = pixels.shape
    x = (np.log10(info["rate"]) + 4.0) / 4.0
    y = np.log10(info["size"] / low) / np.log10(high / low)
    seen = pixels[round(height * (1.0 - y)), round(width * x)]
    expected = 255.0 * np.array(colormaps[COLOURS](info["quality"])[:3])
    np.testing.assert_allclose(seen, expected, atol=2)
    assert np.ptp(expected) > 50  # no grey


def test_many_parameters_are_drawn_one_by_one():
    whole = surface(Network(), None, "accuracy")
    assert [piece.indices for piece in whole.slices] == [(i,) for i in range(12)]
    assert whole.range == (0.0, 0.95)
    choices = BEST | {"optimizer": 1, "augment": 1}
    for piece, name in zip(whole.slices, whole.names, strict=True):
        assert whole.optimum_on(piece) == pytest.approx((choices[name], 0.95))
        assert 0.93 < piece.score.max() <= 0.95 + 1e-12
        (centres,) = piece.centres
        best = int(piece.score.argmax())
        below, above = centres[max(best - 1, 0)], centres[min(best + 1, len(centres) - 1)]
        assert below <= whole.optimum_on(piece)[0] <= above
    axes = new_figure(4.0, 4.0).add_subplot()
    assert draw_slice(axes, whole, whole.slices[10]) is None
    assert [label.get_text() for label in axes.get_xticklabels()] == ["sgd", "adam", "rmsprop"]
    assert axes.get_title() == "others at the optimum"


class Breaks(Ridge):
    """NaN on the right half."""

    def noiseless(self, parameters, scaled, xp):
        return (xp.where(scaled[0] > 0.5, float("nan"), super().noiseless(None, scaled, xp)[0]),)


def test_a_failed_evaluation_is_never_the_incumbent():
    """It stands at the bottom, though 1 / (1 + 0) would be the best of scores."""
    whole = surface(Breaks(), None, "rmse")
    assert whole.slices[0].score.min() == 0.0
    env = env_of(Breaks())
    env.reset(seed=0)
    orange = np.array([int(ORANGE[i : i + 2], 16) for i in (1, 3, 5)])
    drawn = []
    for a in (0.8, 0.9, 0.2):
        env.step(np.array([2.0 * a - 1.0], dtype=np.float32))
        near = np.abs(map_of(env.render()).astype(int) - orange).max(axis=2) < 8
        drawn.append(np.nonzero(near.any(axis=0))[0])
    assert [columns.size > 0 for columns in drawn] == [False, False, True]
    assert np.mean([drawn[2].min(), drawn[2].max()]) == pytest.approx(0.2 * near.shape[1], abs=2)
