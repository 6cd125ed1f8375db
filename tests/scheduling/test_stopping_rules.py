"""HyperDrive's stopping rules: documented numbers, traces worked out by hand, properties."""

from __future__ import annotations

from math import inf, nan

import numpy as np
import pytest
from traces import CURVES, in_step

from hpo_gym.scheduling.rules import (
    Bandit,
    MedianStopping,
    NoTermination,
    SyneTuneMedian,
    TruncationSelection,
)

MIRRORED = [[11 - value for value in curve] for curve in CURVES]
"""The same curves, lower is better; no average or difference changes but for its sign."""

TRACES = [
    (NoTermination, {}, [None] * 8),
    # Averages after 1: 1 2 1 8 10 4 6 7, median 5. After 2, of the four that are left: 8 9.5 5.5 7,
    # median 7.5. After 3: 8 9, median 8.5.
    (MedianStopping, {}, [1, 1, 1, 3, None, 1, 2, 2]),
    # After 5: 1 2 3 8 8 4 5.6 7, median 4.8. After 6: 3.5 8 7.5 5.5 7, median 7, and the last run,
    # whose best is 7, stays. Later medians are 7.
    (MedianStopping, {"delay_evaluation": 5}, [5, 5, 6, None, None, 5, 6, None]),
    # After 4: 1 2 2.5 8 8.5 4 5.5 7, median 4.75. After 8: 8 6.5 5.5 7, median 6.75.
    (MedianStopping, {"evaluation_interval": 4}, [4, 4, 4, None, None, 4, 8, None]),
    # Below 10 - 2 = 8; 8 itself stays.
    (Bandit, {"slack_amount": 2}, [1, 1, 1, None, None, 1, 1, 1]),
    # First applied at 4, the first multiple of 2 from 3 on: below 5.
    (
        Bandit,
        {"slack_amount": 5, "delay_evaluation": 3, "evaluation_interval": 2},
        [4, 4, 4, None, None, 4, None, None],
    ),
    # 25 % of 8 are the two that reached 1; of 6 and of 5 one, at 2 and at 4; of 4 one, at 6.
    (TruncationSelection, {"truncation_percentage": 25}, [1, 2, 1, None, None, 3, 4, None]),
    # 20 % of 8 is one run, at 5; of the 7 that are left one, at 10.
    (
        TruncationSelection,
        {"truncation_percentage": 20, "delay_evaluation": 5, "evaluation_interval": 5},
        [5, 10, None, None, None, None, None, None],
    ),
]


@pytest.mark.parametrize(("rule", "settings", "expected"), TRACES, ids=str)
def test_traces(rule, settings, expected):
    assert in_step(rule(**settings), CURVES) == expected
    assert in_step(rule(goal="minimize", **settings), MIRRORED) == expected


def test_traces_of_a_slack_factor():
    # Below 10 / 1.25 = 8.
    assert in_step(Bandit(slack_factor=0.25), CURVES) == [1, 1, 1, None, None, 1, 1, 1]
    # Below 10 / 2 = 5, from interval 5 on, where the third run has reached 5.
    late = Bandit(slack_factor=1, delay_evaluation=5)
    assert in_step(late, CURVES) == [5, 5, None, None, None, 5, None, None]
    # Costs after 10: 10 9 1 3 1 7 5 4; above 1 x 3.
    least = Bandit(slack_factor=2, delay_evaluation=10, goal="minimize")
    assert in_step(least, MIRRORED) == [10, 10, None, None, None, 10, 10, 10]


def judged(rule, own, best, interval=10):
    """Whether a run that stays at ``own`` ends beside one that stays at ``best``."""
    return rule.stops(0, [[own] * interval, [best] * interval])


def test_documented_slack():
    factor, amount = Bandit(slack_factor=0.2), Bandit(slack_amount=0.2)
    assert judged(factor, 0.66, 0.8)
    assert not judged(factor, 0.67, 0.8)  # 0.8 / 1.2 = 0.6667
    assert judged(amount, 0.59, 0.8)
    assert not judged(amount, 0.61, 0.8)
    tenth = Bandit(slack_factor=0.1, evaluation_interval=1, delay_evaluation=5)
    assert judged(tenth, 90, 100)
    assert not judged(tenth, 91, 100)  # 1 / 1.1 = 90.9 %
    assert not judged(tenth, 90, 100, interval=4)
    assert judged(Bandit(slack_factor=0.15, delay_evaluation=10), 0.86, 1.0)
    assert not judged(Bandit(slack_factor=0.15, delay_evaluation=10), 0.87, 1.0)


def test_documented_delay():
    rule = Bandit(slack_amount=0.1, evaluation_interval=100, delay_evaluation=200)
    applied = [n for n in range(1, 501) if judged(rule, 0.5, 0.8, interval=n)]
    assert applied == [200, 300, 400, 500]


def test_documented_median():
    # "Best metric up to N", the median of the averages over 1:N: 0.2 0.4 0.6 after 5.
    curves = [[0.2] * 5, [0.0, 0.0, 0.3, 0.3, 1.4], [0.6] * 5]
    assert MedianStopping(evaluation_interval=1, delay_evaluation=5).stops(0, curves)
    assert not MedianStopping(evaluation_interval=1, delay_evaluation=5).stops(1, curves)
    assert not MedianStopping(evaluation_interval=2, delay_evaluation=5).stops(0, curves)


def test_documented_truncation():
    # "Compared only up to interval N even if others went further".
    rule = TruncationSelection(20, evaluation_interval=1, delay_evaluation=5)
    ahead = [[0.1 + 0.1 * run] * 5 + [0.9] * run for run in range(5)]
    assert [
        rule.stops(run, [curve[:5] if r == run else curve for r, curve in enumerate(ahead)])
        for run in range(5)
    ] == [True, False, False, False, False]
    behind = [[0.1 * n for n in range(1, 6)], *([[0.01] * 5 + [0.9] * 10] * 4)]
    assert not rule.stops(0, behind)


def test_equal_runs_share_their_fate():
    for rule in (
        MedianStopping(),
        TruncationSelection(99),
        Bandit(slack_factor=0),
        Bandit(slack_amount=0),
    ):
        assert in_step(rule, [[0.1] * 10] * 8) == [None] * 8
    two_of_five = [[1], [1], [2], [3], [4]]
    assert [TruncationSelection(20).stops(run, two_of_five) for run in range(5)] == [False] * 5
    assert [TruncationSelection(40).stops(run, two_of_five) for run in (0, 1, 2)] == [1, 1, 0]


def test_slack_of_negative_metrics():
    factor = Bandit(slack_factor=0.2)
    assert not judged(factor, -0.5, -0.5)
    assert not judged(factor, -0.6, -0.5)
    assert judged(factor, -0.63, -0.5)
    least = Bandit(slack_factor=0.2, goal="minimize")
    assert not judged(least, 0.95, 0.8)
    assert judged(least, 0.97, 0.8)
    assert not judged(least, -0.41, -0.5)
    assert judged(least, -0.39, -0.5)


ALL = [
    Bandit(slack_factor=0.1),
    Bandit(slack_amount=0.1),
    MedianStopping(),
    TruncationSelection(60),
]
LEAST = [
    Bandit(slack_factor=0.1, goal="minimize"),
    Bandit(slack_amount=0.1, goal="minimize"),
    MedianStopping(goal="minimize"),
    TruncationSelection(60, goal="minimize"),
]


@pytest.mark.parametrize("rule", ALL + LEAST, ids=lambda rule: f"{type(rule).__name__}")
def test_not_a_number_is_the_worst(rule):
    worst = [nan, nan]
    assert rule.stops(0, [worst, [0.5, 0.4], [0.4, 0.5]])
    assert not rule.stops(1, [worst, [0.5, 0.5], worst])
    assert not rule.stops(0, [worst, worst, worst])
    assert not rule.stops(0, [[nan, 0.5], [nan, 0.5], [0.5, nan]])


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: f"{type(rule).__name__}")
def test_infinite_values_do_no_harm(rule):
    assert rule.stops(0, [[-inf], [0.5], [0.5]])
    assert not rule.stops(1, [[-inf], [0.5], [0.5]])
    assert not rule.stops(0, [[inf, -inf], [0.5, 0.5], [0.5, 0.5]])
    assert not rule.stops(0, [[1e308] * 3, [1e308] * 3, [-1e308] * 3])


def test_an_average_of_opposite_infinities_is_the_worst():
    rule = SyneTuneMedian(grace_population=2)
    assert rule.stops(0, [[inf, -inf], [0.5, 0.5], [0.5, 0.5]])


def random_curves(seed):
    """Curves as they may stand at some time: 12 runs of 1 to 10 intervals, of either sign."""
    rng = np.random.default_rng(seed)
    values = np.round(rng.normal(rng.normal(size=(12, 1)), 0.5, (12, 10)), 1)
    return [values[run, : rng.integers(1, 11)].tolist() for run in range(12)]


@pytest.mark.parametrize("seed", range(50))
def test_properties_on_random_curves(seed):
    curves = random_curves(seed)
    for rule in ALL + LEAST:
        best = max if rule.goal == "maximize" else min
        for run, own in enumerate(curves):
            n = len(own)
            peers = [curve[:n] for curve in curves if len(curve) >= n]
            stops = rule.stops(run, curves)
            assert stops == rule.stops(peers.index(own), peers), "only the first n count"
            assert not (stops and best(own) == best(map(best, peers))), "the best run stays"
            late = type(rule)(**{**vars_of(rule), "delay_evaluation": n + 1})
            assert not late.stops(run, curves), "a delay beyond the end"
            turned = curves[::-1]
            assert stops == rule.stops(len(curves) - 1 - run, turned), "order is nothing"


def vars_of(rule):
    settings = dict(vars(rule))
    if isinstance(rule, Bandit):
        name = "slack_factor" if rule.slack_factor else "slack_amount"
        del settings["slack_factor" if name == "slack_amount" else "slack_amount"]
    return settings


def test_the_random_curves_try_the_rules():
    for rule in ALL + LEAST:
        ends = [rule.stops(run, random_curves(seed)) for seed in range(50) for run in range(12)]
        assert 60 < sum(ends) < 540


def test_a_looser_rule_ends_fewer():
    for seed in range(20):
        curves = random_curves(seed)
        for loose, strict in (
            (Bandit(slack_factor=0.5), Bandit(slack_factor=0.1)),
            (Bandit(slack_amount=0.5), Bandit(slack_amount=0.1)),
            (TruncationSelection(20), TruncationSelection(50)),
        ):
            for run in range(12):
                assert loose.stops(run, curves) <= strict.stops(run, curves)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Bandit(), "exactly one"),
        (lambda: Bandit(slack_factor=0.1, slack_amount=0.1), "exactly one"),
        (lambda: Bandit(slack_factor=-0.1), r"slack_factor = -0.1 .* at least 0"),
        (lambda: Bandit(slack_amount=nan), "slack_amount = nan .* finite"),
        (lambda: MedianStopping(goal="up"), "goal = 'up' must be 'maximize' or 'minimize'"),
        (lambda: MedianStopping(evaluation_interval=0), "evaluation_interval = 0 .* at least 1"),
        (lambda: MedianStopping(evaluation_interval=1.5), "1.5 must be a whole number"),
        (lambda: MedianStopping(delay_evaluation=-1), "delay_evaluation = -1 .* at least 0"),
        (lambda: TruncationSelection(0), r"truncation_percentage = 0 .* in \[1, 99\]"),
        (lambda: TruncationSelection(True), "True must be a whole number"),
    ],
)
def test_refusals(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_run_without_values_is_not_judged():
    assert not MedianStopping().stops(0, [[], [1.0]])
