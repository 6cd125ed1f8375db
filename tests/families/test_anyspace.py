"""Random functions of any space: contract, layouts, values by hand, optima, gradients."""

from __future__ import annotations

import numpy as np
import pytest
from anyspace_by_hand import canonical, height

from hpo_gym import Categorical, Float, Integer, SearchSpace, make_family, rng
from hpo_gym.arrays import Floats, Vectors
from hpo_gym.families import AnySpaceFamily
from hpo_gym.families.anyspace import functions, scaling
from hpo_gym.families.anyspace.layouts import draw_layout
from hpo_gym.families.relative import relative_regret
from hpo_gym.testing import check_family

SPACE = SearchSpace(
    {
        "lr": Float(1e-5, 1.0, log=True),
        "layers": Integer(1, 8),
        "width": Integer(1, 100, log=True),
        "epochs": Integer(1, 9, nearest=True),
        "optimizer": Categorical(["adam", "sgd", "lamb"]),
    }
)
ROWS = Vectors()


def drawn(size, tasks, seed=0, used=None):
    """Scaled functions of so many coordinates, their layout and best points."""
    keys = rng.derive(seed, np.arange(tasks, dtype=np.uint64))
    counts = np.full(tasks, size) if used is None else used
    layout = draw_layout(rng.derive(keys, 9), counts, size)
    scaled, best = scaling.scaled(functions.draw(keys, layout), layout)
    return scaled, layout, best


def unscaled(f, layout, points):
    """Heights (n, m) before they are scaled; -inf where evaluations fail."""
    moved = functions.snapped(layout, points)
    return np.where(functions.failed(f, moved), -np.inf, functions.heights(f, moved))


@pytest.mark.parametrize(
    "family",
    [AnySpaceFamily(1), AnySpaceFamily(3), AnySpaceFamily(), AnySpaceFamily(space=SPACE)],
    ids=["1", "3", "8", "space"],
)
def test_contract(family):
    check_family(family, rows=100, tasks=2)


def test_a_space_may_be_given_by_its_description():
    family = make_family({"name": "anyspace", "space": SPACE.describe()})
    assert family.space == SPACE
    assert family.context == ()
    assert family.task_space("test", 3) == SPACE


@pytest.mark.parametrize("count", [0, 21, True, 2.0, "8"])
def test_a_number_that_does_not_fit(count):
    with pytest.raises(ValueError, match=r"max_parameters = .* a whole number in \[1, 20\]"):
        AnySpaceFamily(count)


def test_number_and_space_exclude_each_other():
    with pytest.raises(ValueError, match="give one of them"):
        AnySpaceFamily(2, SPACE)


def test_a_task_says_what_its_coordinates_are():
    family, tasks = AnySpaceFamily(6), np.arange(400)
    context = np.array(family.context_of(family.sample("test", tasks), ROWS))
    assert context.shape == (len(family.context), 400) == (18, 400)
    used, cells, choice = context.reshape(3, 6, 400)
    counts = used.sum(axis=0)
    assert np.bincount(counts.astype(int), minlength=7)[1:].min() > 30  # each of 1 to 6
    assert (np.diff(used, axis=0) <= 0).all()  # the first coordinates
    assert (cells[used == 0] == 0).all()
    assert (choice[used == 0] == 0).all()
    assert not ((cells > 0) & (choice > 0)).any()
    assert set(np.round(2 ** (5 * cells[cells > 0]), 9)) <= set(range(2, 33))
    numbers = np.round(choice * 3, 9)
    assert {0, 1, 2} <= set(np.unique(numbers)) <= {0, 1, 2, 3}
    for number in (1, 2, 3):
        sizes = (numbers == number).sum(axis=0)
        assert set(sizes) <= {0, 2, 3, 4, 5}
    one = family.context_of(family.sample("test", 5), Floats())
    assert one == tuple(context[:, 5])


def test_a_search_space_says_what_its_task_does():
    family = AnySpaceFamily()
    for task in range(40):
        space = family.task_space("test", task)
        context = family.context_of(family.sample("test", task), Floats())
        assert family.context_for(space) == context
    used, cells, choice = np.reshape(family.context_for(SPACE), (3, 8))[:, :7]
    assert used.sum() == 7
    assert cells.tolist() == [0.0, 0.6, 1.0, np.log2(9) / 5, 0.0, 0.0, 0.0]
    assert choice.tolist() == [0.0] * 4 + [0.25] * 3


def test_the_spaces_that_no_task_has_are_refused():
    assert AnySpaceFamily(space=SPACE).context_for(SPACE) == ()
    line = SearchSpace({"x": Float(0.0, 1.0)})
    with pytest.raises(ValueError, match=r"has 1 unit coordinates: tasks .* have \[7, 7\]"):
        AnySpaceFamily(space=SPACE).context_for(line)
    with pytest.raises(ValueError, match=r"has 7 unit coordinates: tasks .* have \[1, 3\]"):
        AnySpaceFamily(3).context_for(SPACE)


@pytest.mark.parametrize("task", range(12))
def test_the_space_of_a_task_is_what_it_says(task):
    family = AnySpaceFamily()
    space = family.task_space("validation", task)
    context = family.context_of(family.sample("validation", task), Floats())
    used, cells, choice = np.reshape(context, (3, 8))
    assert space.dimension == used.sum()
    kinds = []
    for parameter in space.parameters.values():
        if isinstance(parameter, Categorical):
            kinds += ["choice"] * len(parameter.choices)
        else:
            kinds.append(parameter.high if isinstance(parameter, Integer) else "float")
    expected = [
        "choice" if group else round(2 ** (5 * count)) if count else "float"
        for count, group in zip(cells, choice, strict=True)
    ]
    assert kinds == expected[: space.dimension]
    # A configuration of the task's space is evaluated where the family evaluates its coordinates.
    unit = np.random.default_rng(task).uniform(-1, 1, space.dimension)
    again = space.unit(space.configuration(unit))
    one, other = (
        family.noiseless(
            family.sample("validation", task),
            tuple(0.5 * (np.pad(u, (0, 8 - space.dimension)) + 1).reshape(-1, 1)),
            ROWS,
        )[0]
        for u in (unit, again)
    )
    np.testing.assert_allclose(one, other, rtol=1e-12)


def test_values_are_those_computed_by_hand():
    f, layout, _ = drawn(5, 60, used=1 + np.arange(60) % 5)
    points = np.random.default_rng(1).random((60, 20, 5))
    moved = functions.snapped(layout, points)
    found = np.where(functions.failed(f, moved), np.nan, functions.values(f, moved))
    for task in range(60):
        for place, point in enumerate(points[task].tolist()):
            expected = height(f, task, canonical(layout, task, point))
            expected = np.nan if expected is None else expected
            np.testing.assert_allclose(found[task, place], expected, rtol=1e-9, atol=1e-9)
    assert 0.02 < np.isnan(found).mean() < 0.2


def test_the_median_of_random_configurations_is_zero_and_the_best_one():
    family, tasks = AnySpaceFamily(4), np.arange(64)
    scaled = np.random.default_rng(2).random((4, 64, 500))
    heights = np.stack(
        [family.height(family.sample("test", t), tuple(scaled[:, t]), ROWS) for t in range(64)]
    )
    medians = np.nanmedian(heights, axis=1)
    assert np.nanmax(heights) <= 1.0
    assert np.median(np.abs(medians)) < 0.05  # a few choices have no median that can be 0
    assert np.quantile(np.abs(medians), 0.8) < 0.2
    _, best = family.best("test", tasks, "value")
    np.testing.assert_allclose(relative_regret(best), 0.0, atol=1e-5)


@pytest.mark.parametrize("size", [1, 2])
def test_nothing_is_better_than_the_best_on_a_grid(size):
    f, layout, best = drawn(size, 64, seed=3)
    axis = np.linspace(0.0, 1.0, 4001 if size == 1 else 121)
    grid = np.stack(np.meshgrid(*[axis] * size), axis=-1).reshape(1, -1, size)
    excess = []
    for task in range(64):
        one, place = scaling.rows_of(f, [task]), scaling.rows_of(layout, [task])
        excess.append((unscaled(one, place, grid).max() - f.best[task]) / f.scale[task])
    assert np.mean(np.maximum(excess, 0.0)) < 0.005
    assert np.mean(np.array(excess) > 0.01) < 0.05
    attained = functions.values(f, functions.snapped(layout, best[:, None]))
    assert attained.min() > 1.0 - 1e-5


@pytest.mark.parametrize("size", [4, 8])
def test_hardly_anything_random_is_better_than_the_best(size):
    f, layout, _ = drawn(size, 32, seed=4)
    points = np.random.default_rng(5).random((1, 20_000, size))
    excess = []
    for task in range(32):
        one, place = scaling.rows_of(f, [task]), scaling.rows_of(layout, [task])
        excess.append((unscaled(one, place, points).max() - f.best[task]) / f.scale[task])
    assert np.mean(np.maximum(excess, 0.0)) < 0.01


def test_a_task_does_not_depend_on_its_company():
    f, layout, best = drawn(3, 70, seed=6)
    rows = [68, 3]
    again, places = scaling.scaled(scaling.rows_of(f, rows), scaling.rows_of(layout, rows))
    np.testing.assert_allclose(places, best[rows], rtol=1e-12)
    np.testing.assert_allclose(again.scale, f.scale[rows], rtol=1e-12)
    family = AnySpaceFamily(3)
    alone = family.best("train", 77, "value")
    together = family.best("train", np.arange(70, 80), "value")
    assert alone[1] == together[1][7]
    np.testing.assert_array_equal(alone[0], together[0][:, 7])


def test_sealed_tasks_are_others():
    family = AnySpaceFamily(2)
    open_, sealed = family.sample("test", 0), family.sealed("salt").sample("test", 0)
    assert open_.key_low != sealed.key_low
    assert family.sealed("salt").best("test", 0, "value")[1] == pytest.approx(0.9, abs=1e-5)


def test_every_task_has_its_own_noise():
    family, tasks = AnySpaceFamily(2), np.arange(300)
    parameters = family.sample("test", tasks)
    scaled = tuple(np.full((2, 300), 0.5))
    draws = rng.uniforms(rng.derive(np.arange(300, dtype=np.uint64), 1), 2)
    exact, seen = family.evaluate(parameters, scaled, None, draws, ROWS)
    error = np.abs(seen[0] - exact[0])[~np.isnan(exact[0])]
    assert 0.3 < (error == 0.0).mean() < 0.5
    assert error.max() < 5 * 0.15 * 0.1
    (given,) = family.observe(parameters, exact, 0.01, draws, ROWS)
    assert np.nanstd(given - exact[0]) == pytest.approx(0.01, rel=0.15)


@pytest.mark.parametrize(
    "family", [AnySpaceFamily(5), AnySpaceFamily(space=SPACE)], ids=["5", "space"]
)
def test_tensors_give_the_same_and_have_gradients(family):
    torch = pytest.importorskip("torch")
    from hpo_gym.arrays.tensors import Tensors

    tasks = np.arange(40)
    unit = np.random.default_rng(3).uniform(-1, 1, (family.space.dimension, 40))
    parameters = family.sample("test", tasks)
    (expected,) = family.noiseless(parameters, family.space.scaled(tuple(unit), ROWS), ROWS)
    columns = torch.tensor(unit, requires_grad=True)
    columns_of = columns.unbind()
    (value,) = family.noiseless(parameters, family.space.scaled(columns_of, Tensors()), Tensors())
    np.testing.assert_allclose(value.detach().numpy(), expected, rtol=1e-9)
    relaxed = family.space.scaled(columns_of, Tensors(), relaxed=True)
    family.noiseless(parameters, relaxed, Tensors())[0].nansum().backward()
    moving = np.isfinite(columns.grad.numpy()) & (columns.grad.numpy() != 0.0)
    assert moving.any(axis=0).mean() > 0.5
