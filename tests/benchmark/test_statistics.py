"""Averages, the bootstrap of values, and the resampling of runs: tasks with seeds."""

import numpy as np
import pytest

from hpo_gym.benchmark.scoring import statistics
from hpo_gym.benchmark.scoring.curves import first_at_most, middle
from hpo_gym.benchmark.scoring.statistics import (
    bootstrap,
    estimates,
    interval,
    iqm,
    mean,
    replicates,
    scheme_for,
)

SCHEMES = ("seeds", "tasks")
"""Those that resample something."""
TWO_TASKS = np.array([[[0.0, 1.0], [10.0, 12.0]]])


def frequencies(values):
    found, counts = np.unique(values, return_counts=True)
    return dict(zip(found.tolist(), (counts / counts.sum()).tolist(), strict=True))


def test_seeds_are_resampled_within_tasks_by_hand():
    """One of the two seeds of each: 0 or 1 of the first task, 10 or 12 of the second."""
    shares = frequencies(replicates(TWO_TASKS, mean, scheme="seeds", resamples=40_000)[0])
    assert shares == pytest.approx({5.0: 0.25, 5.5: 0.25, 6.0: 0.25, 6.5: 0.25}, abs=0.012)


def test_whole_tasks_are_resampled_by_hand():
    """Each of the two draws is the task with the mean 1/2 or the one with 11."""
    shares = frequencies(replicates(TWO_TASKS, mean, scheme="tasks", resamples=40_000)[0])
    assert shares == pytest.approx({0.5: 0.25, 5.75: 0.5, 11.0: 0.25}, abs=0.012)


def test_whole_groups_are_resampled_by_hand():
    """Each of the two draws is the first group, of the runs 0 and 3, or the second, of 9."""
    runs = np.array([[[0.0], [9.0], [3.0]]])
    draws = replicates(runs, mean, scheme="tasks", resamples=40_000, groups=["a", "b", "a"])
    assert frequencies(draws[0]) == pytest.approx({1.5: 0.25, 4.0: 0.5, 9.0: 0.25}, abs=0.012)
    middle_half = replicates(runs, iqm, scheme="tasks", resamples=40_000, groups=["a", "b", "a"])
    # Of 0 0 3 3 one 0 and one 3; of 0 3 9 a quarter of each end and all of the middle.
    assert frequencies(middle_half[0]) == pytest.approx({1.5: 0.25, 3.5: 0.5, 9.0: 0.25}, abs=0.012)


@pytest.mark.parametrize("statistic", [mean, iqm])
def test_a_task_that_is_there_four_times_says_no_more(statistic):
    """In one group the copies leave the interval as it is; the control: else they halve it."""
    runs = np.random.default_rng(0).lognormal(size=(1, 12, 3))
    copies, groups = np.repeat(runs, 4, axis=1), np.repeat(np.arange(12), 4).tolist()
    alone, together, apart = (
        interval(0.0, replicates(values, statistic, scheme="tasks", groups=group)[0])
        for values, group in ((runs, None), (copies, groups), (copies, None))
    )
    assert tuple(together) == pytest.approx(tuple(alone), abs=1e-12)
    assert apart.high - apart.low < 0.65 * (alone.high - alone.low)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("shape", [(3, 5, 3), (2, 7, 1), (1, 1, 1)])
@pytest.mark.parametrize("grouped", [False, True])
def test_replicates_equal_the_statistics_of_the_resampled_runs(scheme, shape, grouped, monkeypatch):
    """The values themselves, repeated as often as drawn, in place of weights and sums by parts."""
    monkeypatch.setattr(statistics, "_BLOCK", 60)  # several blocks
    runs = np.random.default_rng(0).lognormal(size=shape)
    runs[0, 0] = 0.0  # ties
    places = [max(0, place - 2) if grouped else place for place in range(shape[1])]
    counts = np.concatenate(
        list(statistics._blocks(places, shape[2], scheme, 25, seed=3)), axis=1
    ).astype(int)
    assert counts.shape == (shape[1] * shape[2], 25)
    if scheme == "seeds" or not grouped:
        drawn = max(shape[2] - 1, 1) if scheme == "seeds" else shape[2]
        assert (counts.sum(axis=0) == shape[1] * drawn).all()
    groups = list("abcdefg"[place] for place in places) if grouped else None
    for statistic in (mean, iqm):
        found = replicates(runs, statistic, scheme=scheme, resamples=25, seed=3, groups=groups)
        for row, values in zip(found, runs.reshape(len(runs), -1), strict=True):
            expected = [statistic(np.repeat(values, column)) for column in counts.T]
            assert row == pytest.approx(np.array(expected), abs=1e-12)


def test_what_a_scheme_leaves_alone():
    seeds = np.concatenate(list(statistics._blocks(range(4), 3, "seeds", 50, seed=0)), axis=1)
    assert (seeds.reshape(4, 3, 50).sum(axis=1) == 2.0).all()  # every task twice
    tasks = np.concatenate(list(statistics._blocks(range(4), 3, "tasks", 50, seed=0)), axis=1)
    assert (np.ptp(tasks.reshape(4, 3, 50), axis=1) == 0.0).all()  # seeds stay together
    assert (np.ptp(seeds.reshape(4, 3, 50), axis=1) > 0.0).any()
    assert (tasks.reshape(4, 3, 50).sum(axis=1) != 3.0).any()


def test_replicates_of_two_tuners_are_paired_and_depend_on_the_seed():
    random = np.random.default_rng(0)
    ours, theirs = random.random((2, 1, 6, 2))
    for scheme in SCHEMES:
        by_hand = replicates(ours - theirs, mean, scheme=scheme, resamples=50)
        paired = replicates(ours, mean, scheme=scheme, resamples=50)
        again = replicates(ours, mean, scheme=scheme, resamples=50, seed=1)
        assert (again != paired).any()
        paired = paired - replicates(theirs, mean, scheme=scheme, resamples=50)
        assert paired == pytest.approx(by_hand, abs=1e-12)


def test_which_scheme_says_something_about_unseen_tasks():
    """Coverage of the population's mean by 95 % intervals, with 30 tasks of 4 seeds.

    Seeds alone know nothing of other tasks. Whole tasks cover as promised.
    """
    random = np.random.default_rng(0)
    covered = dict.fromkeys(SCHEMES, 0)
    width = dict.fromkeys(SCHEMES, 0.0)
    for seed in range(150):
        runs = 0.5 * random.normal(size=(1, 30, 1)) + random.normal(size=(1, 30, 4))
        for scheme in SCHEMES:
            draws = replicates(runs, mean, scheme=scheme, resamples=300, seed=seed)[0]
            estimate = interval(runs.mean(), draws)
            covered[scheme] += estimate.low <= 0.0 <= estimate.high
            width[scheme] += estimate.high - estimate.low
    assert covered["seeds"] / 150 < 0.88 <= covered["tasks"] / 150 <= 0.985
    # Variances of a task's mean: 1 / 4 within, and 1 / 4 + 1 / 4.
    assert width["seeds"] / width["tasks"] == pytest.approx(np.sqrt(0.25 / 0.5), rel=0.05)


@pytest.mark.parametrize("statistic", [mean, iqm])
@pytest.mark.parametrize("seeds", [2, 5])
def test_seeds_within_given_tasks_cover_as_promised(seeds, statistic):
    """The score of 60 given tasks over all seeds, whose spread differs from task to task.

    Drawing as many seeds as there are, two, would cover five times in six.
    """
    random = np.random.default_rng(1)
    centre = random.uniform(0.5, 1.5, size=(60, 1))
    truth = float(statistic((centre * random.lognormal(sigma=0.5, size=(60, 4000))).ravel()))
    covered = 0
    for seed in range(300):
        runs = (centre * random.lognormal(sigma=0.5, size=(60, seeds)))[None]
        draws = replicates(runs, statistic, scheme="seeds", resamples=300, seed=seed)[0]
        estimate = interval(float(statistic(runs.ravel())), draws)
        covered += estimate.low <= truth <= estimate.high
    assert 0.9 <= covered / 300 <= 0.985


def test_what_can_be_resampled():
    shapes = [(8, 5), (8, 1), (1, 5), (1, 1)]
    assert [scheme_for(*shape) for shape in shapes] == ["seeds", "tasks", "seeds", "none"]
    unseen = [scheme_for(*shape, unseen=True) for shape in shapes]
    assert unseen == ["tasks", "tasks", "seeds", "none"]


def test_one_run_has_no_interval_rather_than_one_of_width_zero():
    draws = replicates(np.ones((3, 1, 1)), mean, scheme="none", resamples=50)
    assert draws.shape == (3, 0)
    estimate = interval(1.0, draws[0])
    assert estimate == (1.0, None, None)
    assert (estimate.drawn, estimate.between(".2f")) == ((1.0, 1.0, 1.0), "-")
    assert bootstrap(np.array([0.5])) == (0.5, None, None)
    assert interval(1.0, np.array([0.5, 1.5])).between(".1f") == "[0.5, 1.5]"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_fewer_resamples_are_the_first_of_more(scheme, monkeypatch):
    """Whatever the blocks in which they are made."""
    runs = np.random.default_rng(0).random((1, 7, 3))
    many = replicates(runs, iqm, scheme=scheme, resamples=90)
    monkeypatch.setattr(statistics, "_BLOCK", 60)
    few = replicates(runs, iqm, scheme=scheme, resamples=40)
    assert few == pytest.approx(many[:, :40], abs=1e-12)
    if scheme == "tasks":  # tuners with other numbers of seeds are paired task by task
        one = replicates(runs.mean(axis=2, keepdims=True), mean, scheme=scheme, resamples=90)
        assert one == pytest.approx(replicates(runs, mean, scheme=scheme, resamples=90))


def test_the_middle_of_counts():
    assert [middle(np.array(values)) for values in ([3.0], [1.0, 2.0], [2.0, np.inf])] == [3, 1, 2]
    assert middle(np.array([[5.0, 1.0], [np.inf, np.inf]])) == 5.0
    assert middle(np.array([1.0, np.inf, np.inf])) == np.inf


@pytest.mark.parametrize(
    ("runs", "statistic", "scheme", "message"),
    [
        (np.ones((3, 2)), mean, "tasks", r"\(k, n, s\)"),
        (np.ones((1, 0, 2)), mean, "tasks", r"k, n, s >= 1"),
        (np.ones((1, 2, 2)), mean, "pooled", r"'pooled' must be one of \['seeds', 'tasks'"),
        (np.ones((1, 2, 2)), np.median, "tasks", r"one of the functions \['mean', 'iqm'\]"),
    ],
)
def test_resampling_refuses_what_it_does_not_know(runs, statistic, scheme, message):
    with pytest.raises(ValueError, match=message):
        replicates(runs, statistic, scheme=scheme)


def test_no_interval_without_a_probability():
    with pytest.raises(ValueError, match="confidence = 95"):
        interval(1.0, np.ones(3), 95)


def test_interquartile_mean_by_hand():
    assert iqm(np.array([4.0, 1.0, 3.0, 2.0])) == pytest.approx(2.5)
    # Five values: 1.25 are cut off at each end, so 2 and 4 count by three quarters.
    assert iqm(np.array([1.0, 2.0, 3.0, 4.0, 100.0])) == pytest.approx(
        (0.75 * 2 + 3 + 0.75 * 4) / 2.5
    )
    assert iqm(np.array([[0.0, 0.0, 8.0, np.inf], [7.0, 7.0, 7.0, 7.0]])).tolist() == [4.0, 7.0]


def test_interquartile_mean_equals_the_trimmed_mean_of_scipy():
    stats = pytest.importorskip("scipy.stats")
    values = np.random.default_rng(0).normal(size=400)
    assert iqm(values) == pytest.approx(stats.trim_mean(values, 0.25), abs=1e-14)


def test_bootstrap_interval_of_three_values_by_hand():
    """Of the 27 equally likely resamples of 0, 1, 5 one has the mean 0, three the mean 1/3.

    So the 10 % quantile is 1/3, and likewise the 90 % quantile is 11/3 (three times 5, 5, 1).
    """
    estimate = bootstrap(np.array([0.0, 1.0, 5.0]), confidence=0.8, resamples=20_000)
    assert estimate == pytest.approx((2.0, 1 / 3, 11 / 3))


def test_bootstrap_covers_the_truth_about_as_often_as_it_says():
    random = np.random.default_rng(1)
    covered = 0
    for seed in range(200):
        estimate = bootstrap(random.normal(size=60), resamples=400, seed=seed)
        covered += estimate.low <= 0.0 <= estimate.high
    assert 0.88 <= covered / 200 <= 0.99


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0])
def test_bootstrap_refuses_what_is_no_probability(confidence):
    with pytest.raises(ValueError, match=r"between 0 and 1"):
        bootstrap(np.ones(3), confidence=confidence)


def test_bootstrap_refuses_no_values():
    with pytest.raises(ValueError, match=r"n >= 1"):
        bootstrap(np.array([]))


def test_evaluations_to_a_bound():
    curves = [[0.5, 0.01, 0.0], [0.5, 0.4, 0.3], [0.001, 0.0, 0.0]]
    assert first_at_most(curves, 0.01).tolist() == [1.0, np.inf, 0.0]


@pytest.mark.parametrize(("seeds", "scheme"), [(2, "seeds"), (1, "tasks")])
def test_estimates_are_those_of_the_scheme(seeds, scheme):
    runs = np.random.default_rng(3).random((2, 5, seeds))
    settings = {"resamples": 60, "seed": 4}
    spread = replicates(runs, iqm, scheme=scheme, **settings)
    wanted = [interval(iqm(one.ravel()), row, 0.8) for one, row in zip(runs, spread, strict=True)]
    assert list(estimates(runs, iqm, confidence=0.8, **settings)) == wanted
