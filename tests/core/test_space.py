"""From unit coordinates to configurations and back."""

from __future__ import annotations

import numpy as np
import pytest

from hpo_gym import Integer, SearchSpace, make_family
from hpo_gym.arrays import Floats, Vectors

SPACE = make_family("notebook").space
ROW, ROWS = Floats(), Vectors()


def natural(*unit):
    return SPACE.natural(SPACE.scaled(unit, ROW), ROW)


def test_corners_and_centre():
    assert natural(-1.0, -1.0, -1.0) == pytest.approx((0.0, 1.0, 1e-4), rel=1e-14)
    assert natural(1.0, 1.0, 1.0) == pytest.approx((1.0, 100.0, 10**0.8), rel=1e-14)
    assert natural(0.0, 0.0, 0.0) == pytest.approx((0.5, 50.0, 10**-1.6), rel=1e-14)


def test_epochs_are_rounded_half_to_even():
    # 1 + 99 x = 50.5 at the centre (to 50) and 51.5 two notches of 1 / 99 beyond (to 52).
    assert natural(0.0, 0.0, 0.0)[1] == 50.0
    space = SearchSpace({"n": Integer(0, 8, nearest=True)})
    unit = np.array([0.5, 1.5, 2.5, 3.5, 7.5]) / 4.0 - 1.0
    assert space.scaled((unit,), ROWS)[0].tolist() == [0.0, 2.0, 2.0, 4.0, 8.0]
    assert [space.scaled((float(u),), ROW)[0] for u in unit] == [0.0, 2.0, 2.0, 4.0, 8.0]


def test_every_number_of_epochs_is_reached_equally():
    unit = np.linspace(-1, 1, 99_001)
    _, counts = np.unique(SPACE.scaled((unit, unit, unit), ROWS)[1], return_counts=True)
    assert len(counts) == 100
    assert counts[1:-1] == pytest.approx(1000, abs=1)
    assert counts[[0, -1]] == pytest.approx(500, abs=1)


def test_one_row_is_many_rows():
    unit = np.random.default_rng(0).uniform(-1, 1, size=(3, 300))
    many = SPACE.natural(SPACE.scaled(tuple(unit), ROWS), ROWS)
    for row in range(300):
        one = natural(*unit[:, row].tolist())
        assert one == tuple(float(column[row]) for column in many)


def test_unit_is_the_inverse():
    generator = np.random.default_rng(1)
    for _ in range(200):
        configuration = {
            "thr": generator.uniform(),
            "epochs": int(generator.integers(1, 101)),
            "lr": 10 ** generator.uniform(-4, 0.8),
        }
        unit = SPACE.unit(configuration)
        assert all(-1.0 <= value <= 1.0 for value in unit)
        assert natural(*unit) == pytest.approx(tuple(configuration.values()), rel=1e-12, abs=1e-15)
        assert SPACE.unit(list(configuration.values())) == unit
        assert SPACE.unit(np.array(list(configuration.values()))) == unit


def test_natural_bounds_are_accepted():
    for lr, unit in ((1e-4, -1.0), (10**0.8, 1.0), (6.309573444801933, 1.0)):
        assert SPACE.unit({"thr": 0, "epochs": 1, "lr": lr}) == (-1.0, -1.0, pytest.approx(unit))


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        ({"thr": 1.01, "epochs": 10, "lr": 0.1}, r"thr = 1\.01 is outside \[0\.0, 1\.0\]"),
        ({"thr": 0.5, "epochs": 0, "lr": 0.1}, r"epochs = 0 is outside \[1, 100\]"),
        (
            {"thr": 0.5, "epochs": 10.5, "lr": 0.1},
            r"epochs = 10\.5 must be a whole number in \[1, 100\]",
        ),
        ({"thr": 0.5, "epochs": 10, "lr": 0.0}, "lr = 0.0 is outside"),
        ({"thr": 0.5, "epochs": 10, "lr": -1.0}, "lr = -1.0 is outside"),
        ({"thr": 0.5, "epochs": 10, "lr": 7}, "lr = 7.0 is outside"),
        ({"thr": float("nan"), "epochs": 10, "lr": 0.1}, "thr = nan must be a finite number"),
        (
            {"thr": "0.5", "epochs": 10, "lr": 0.1},
            r"thr = '0.5' must be a finite number in \[0.0, 1.0\]",
        ),
        ({"thr": True, "epochs": 10, "lr": 0.1}, "thr = True must be a finite number"),
        ({"thr": None, "epochs": 10, "lr": 0.1}, "thr = None must be a finite number"),
        (
            {"thr": 0.5, "epochs": "9", "lr": 0.1},
            r"epochs = '9' must be a finite number in \[1, 100\]",
        ),
        (
            {"thr": 0.5, "epochs": 10**400, "lr": 0.1},
            r"epochs = inf must be a finite number in \[1, 100\]",
        ),
        ({"thr": -(10**400), "epochs": 1, "lr": 0.1}, "thr = -inf must be a finite"),
        ({"thr": 0.5, "epochs": [9], "lr": 0.1}, r"epochs = \[9\] must be a finite number"),
        ({"thr": np.zeros(2), "epochs": 9, "lr": 0.1}, r"thr = array\(.* must be a finite number"),
        ({"thr": 0.5, "epochs": 10}, r"missing: \['lr'\]"),
        ({"thr": 0.5, "epochs": 10, "lr": 0.1, "rate": 1}, r"unknown: \['rate'\]"),
        ([0.5, 10], "3 values"),
        (3.0, "a dict or a list"),
    ],
)
def test_configurations_outside_the_space(configuration, words):
    with pytest.raises(ValueError, match=words):
        SPACE.unit(configuration)


@pytest.mark.parametrize("unit", [(), (0.0,) * 2, (0.0,) * 4, (0.0, np.nan, 0.0), (0, 0, np.inf)])
def test_no_unit_configurations(unit):
    with pytest.raises(ValueError, match=r"unit = \(.* must be 3 numbers in \[-1, 1\], .*'thr'"):
        SPACE.configuration(unit)


def test_names_are_in_order():
    assert SPACE.names == ("thr", "epochs", "lr")


@pytest.mark.parametrize(
    "value", [1e-4, np.float32(1e-4), 10**0.8, np.float32(10**0.8), 6.3095734449]
)
def test_bounds_may_be_off_by_rounding(value):
    unit = SPACE.unit({"thr": 0.5, "epochs": 10, "lr": value})[2]
    assert abs(unit) == pytest.approx(1.0, abs=1e-6)
    assert -1.0 <= unit <= 1.0


def test_bounds_are_still_bounds():
    for value in (0.99e-4, 6.31):
        with pytest.raises(ValueError, match=rf"lr = {value!r} is outside \[0.0001, 6.309573"):
            SPACE.unit({"thr": 0.5, "epochs": 10, "lr": value})


def test_scaled_bounds_of_the_classifiers_are_exact():
    bounds = [parameter.scaled_bounds for parameter in SPACE.parameters.values()]
    assert bounds == [(0.0, 1.0), (1.0, 100.0), (-4.0, 0.8)]


@pytest.mark.parametrize("count", [1, 2, 4])
def test_another_number_of_unit_coordinates_is_refused(count):
    for unit, xp in [((0.0,) * count, ROW), (np.zeros((count, 5)), ROWS)]:
        with pytest.raises(ValueError, match=f"{count} unit coordinates are not 3, those of"):
            SPACE.scaled(unit, xp)
