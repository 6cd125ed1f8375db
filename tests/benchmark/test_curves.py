"""Areas, values on a grid and the worth in random trials, against values worked out by hand."""

import numpy as np
import pytest
from scored_runs import make_records

from hpo_gym.benchmark.scoring import curves


def test_area_under_steps_by_hand():
    """Regret 1 until the first end at 1, .4 until 3, .1 from then on."""
    ends, regret = np.array([1.0, 3.0]), np.array([0.4, 0.1])
    assert curves.area(ends, regret, 4.0) == pytest.approx((1.0 + 2 * 0.4 + 0.1) / 4)
    assert curves.area(ends, regret, 2.0) == pytest.approx((1.0 + 0.4) / 2)
    assert curves.area(ends, regret, 0.5) == 1.0  # nothing has ended
    both = curves.area(np.stack([ends, 2 * ends]), np.stack([regret, regret]), 4.0)
    assert both == pytest.approx([1.9 / 4, (2 + 2 * 0.4) / 4])
    with pytest.raises(ValueError, match="horizon = 0"):
        curves.area(ends, regret, 0.0)


def test_area_is_the_average_of_the_regret_on_a_fine_grid():
    random = np.random.default_rng(0)
    ends = np.cumsum(random.random((3, 2, 5)), axis=-1)
    regret = random.random((3, 2, 5))
    grid = (np.arange(20_000) + 0.5) / 20_000 * 2.0
    assert curves.area(ends, regret, 2.0) == pytest.approx(
        curves.value_at(ends, regret, grid).mean(axis=-1), abs=1e-3
    )


def test_values_at_points_of_a_grid_by_hand():
    ends, regret = np.array([[1.0, 3.0]]), np.array([[0.4, 0.1]])
    grid = np.array([0.0, 0.99, 1.0, 2.9, 3.0, 9.0])
    assert curves.value_at(ends, regret, grid).tolist() == [[1.0, 1.0, 0.4, 0.4, 0.1, 0.1]]
    assert curves.value_at(ends, regret, grid, before=np.array([0.7]))[0, 0] == 0.7


def test_ends_of_evaluations_in_cost_and_in_time_with_decisions():
    records = make_records("a", [[[0.5, 0.2]]], resource=[10.0, 50.0], seconds=[0.1, 0.4])
    assert curves.evaluation_ends(records).tolist() == [[[1.0, 2.0]]]
    # .002 and .02 per 100 epochs
    assert curves.cost_ends(records) == pytest.approx(np.array([[[0.004, 0.016]]]))
    assert curves.time_ends(records, 0.03) == pytest.approx(np.array([[[0.4, 2.3]]]))


def test_profile_by_hand():
    shares = curves.profile(np.array([[0.0, 0.2], [0.1, 0.5]]), np.array([0.1, 0.3]))
    assert shares.tolist() == [[[1, 0], [1, 0]], [[1, 1], [1, 0]]]
