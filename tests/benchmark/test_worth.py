"""What a tuner is worth in random trials; random search is worth its budget."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from scored_runs import ROLES, make_records, small_suite

from hpo_gym.benchmark.running.measure import Meter
from hpo_gym.benchmark.running.random_trials import random_trials
from hpo_gym.benchmark.scoring.scores import Settings
from hpo_gym.benchmark.scoring.statistics import iqm
from hpo_gym.benchmark.scoring.summarise import summarise
from hpo_gym.benchmark.scoring.worth import RUNS, RandomTrials, best_of, trial_counts, worth
from hpo_gym.benchmark.suites.shipped import SHIPPED

FEW = replace(ROLES, resamples=100)


def test_the_best_of_n_trials_by_trying_all_choices():
    """Also where the best observation is not the least regret."""
    random = np.random.default_rng(0)
    observed, regret = random.random((2, 9))
    counts = np.array([1, 2, 4, 9])
    found = best_of(observed, regret, counts)
    assert found.shape == (RUNS, 4)
    for column, count in zip(found.T, counts, strict=True):
        chosen = [
            regret[max(choice, key=lambda trial: observed[trial])]
            for choice in combinations(range(9), count)
        ]
        ordered = np.sort(np.repeat(chosen, RUNS))  # parts of equal weight, whatever the number
        assert column == pytest.approx(ordered.reshape(RUNS, -1).mean(axis=1))
    assert found[:, -1] == pytest.approx(np.full(RUNS, regret[observed.argmax()]))


def test_the_best_of_n_trials_by_simulation():
    random = np.random.default_rng(1)
    regret = random.random(512) ** 2
    observed = 0.3 * random.normal(size=512) - regret
    (found,) = best_of(observed, regret, np.array([16])).T
    tries = [random.choice(512, 16, replace=False) for _ in range(20_000)]
    simulated = regret[[trial[observed[trial].argmax()] for trial in tries]]
    assert found.mean() == pytest.approx(simulated.mean(), abs=0.003)
    assert iqm(found) == pytest.approx(iqm(simulated), abs=0.003)


def test_counts_have_all_small_numbers_and_their_end():
    counts = trial_counts(1024).tolist()
    assert counts[:18] == [*range(1, 17), 19, 23] and counts[-1] == 1024
    assert max(np.diff(np.log2(counts[16:]))) < 0.3
    assert trial_counts(8).tolist() == [*range(1, 17)]


def test_worth_in_random_trials_by_hand():
    counts, curve = np.array([1, 2, 3, 7]), np.array([[0.5], [0.3], [0.3], [0.2]])
    regret = np.array([1.0, 0.5, 0.3, 0.25, 0.2, 0.1])
    found = worth(counts, np.repeat(curve, 6, axis=1), regret)
    between = np.sqrt(4 * 8) - 1  # half-way from 3 to 7 trials
    assert found == pytest.approx([0.0, 1.0, 2.0, between, 7.0, 7.0])


def test_a_regret_above_1_is_worth_nothing_and_flat_curves_do_no_harm():
    curve = np.array([[0.0, 1.0], [0.0, 1.0]])
    assert worth(np.array([1, 2]), curve, np.array([0.0, 0.5])).tolist() == [1.0, 2.0]
    assert worth(np.array([1, 2]), curve, np.array([1.5, 1.0])).tolist() == [0.0, 0.0]


def test_worth_is_on_the_tasks_that_the_agent_has_and_the_tasks_make_its_interval():
    counts = np.array([1, 2, 4, 8])
    curve = np.array([0.8, 0.6, 0.4, 0.2])
    regret = np.broadcast_to(curve, (6, RUNS, 4)).copy()
    regret[4:] = 1.0
    trials = RandomTrials(tuple(range(6)), counts, regret)
    partial = make_records("a", np.full((4, 2, 4), 0.4))
    whole = make_records("b", np.full((6, 3, 4), 0.05))
    scores = summarise(small_suite(4, 6, 3), [partial, whole], random=trials, settings=FEW)
    assert scores.agent("a").random_trials == pytest.approx((4.0, 4.0, 4.0))
    assert scores.agent("b").random_trials == (8.0, 8.0, 8.0)  # or more
    assert scores.most_random_trials == 8
    alone = summarise(small_suite(4, 6, 3), [partial, whole], settings=FEW)
    assert alone.agent("a").random_trials is None


def test_hard_tasks_are_hard_for_random_trials_too():
    """Tasks of very different regret, on all of which the tuner is worth four trials."""
    counts = np.array([1, 2, 4, 8])
    scale = np.linspace(0.1, 1.0, 30)[:, None, None]
    curve = scale * np.array([0.8, 0.6, 0.4, 0.2])
    trials = RandomTrials(tuple(range(30)), counts, np.repeat(curve, RUNS, axis=1))
    agent = make_records("a", np.broadcast_to(0.4 * scale, (30, 2, 4)))
    found = summarise(small_suite(4, 30, 2), [agent], random=trials, settings=FEW).agent("a")
    assert found.random_trials == pytest.approx((4.0, 4.0, 4.0), rel=0.02)
    low, high = found.regret_iqm[-1].low, found.regret_iqm[-1].high
    assert low == high  # its seeds are alike


def test_trials_are_those_of_whole_configurations_and_repeat():
    """Whatever the action mode, the start and the stop of the suite's own episodes."""
    suite = small_suite(4, tasks=3)
    trials = random_trials(suite)
    assert trials.regret.shape == (3, RUNS, len(trials.counts))
    assert (trials.regret == random_trials(suite).regret).all()
    assert (trials.regret != random_trials(suite, seed=1).regret).any()
    walk = {**suite.options, "action": "adjust", "start": "random", "stop": True}
    assert (trials.regret == random_trials(replace(suite, options=walk)).regret).all()
    assert (trials.on([2, 0]) == trials.regret[[2, 0]]).all()
    long = {**suite.options, "max_evaluations": 400}
    assert random_trials(replace(suite, options=long)).counts[-1] == 1600


def searched(suite, seed):
    """Uniform random proposals in a suite's own episodes."""
    rows = [(task, seed) for task in suite.tasks for seed in suite.seeds]
    env = suite.vector_env(len(rows))
    env.reset(seed=seed, options={"task": np.array([task for task, _ in rows])})
    random, meter = np.random.default_rng(seed), Meter(suite, env)
    infos = [
        env.step(random.uniform(-1.0, 1.0, (len(rows), suite.action_size)).astype(np.float32))[-1]
        for _ in range(suite.budget)
    ]
    regret = meter.curve(infos).reshape(len(suite.tasks), len(suite.seeds), suite.budget)
    return replace(make_records("random", regret, suite=suite.name), tasks=np.array(suite.tasks))


@pytest.mark.parametrize("suite", SHIPPED, ids=lambda suite: suite.name)
def test_random_search_is_worth_its_budget(suite):
    suite = replace(suite, tasks=suite.tasks[:24], seeds=tuple(range(8)))
    trials, settings = random_trials(suite), Settings(confidence=0.99)
    for budget, other in ((16, 4), (4, 16)):
        options = {**suite.options, "max_evaluations": budget}
        part = replace(suite, options=options)
        scores = summarise(part, [searched(part, 7)], random=trials, settings=settings)
        _, low, high = scores.agent("random").random_trials
        assert low <= budget <= high
        assert not low <= other <= high


def test_random_search_is_worth_its_budget_without_bias():
    """Many runs: 40 of 8 tasks with 5 seeds. One alone was off by half, one way or the other."""
    suite = replace(SHIPPED[0], tasks=tuple(range(8)))
    trials = random_trials(suite)
    few = Settings(resamples=20)
    found = [
        summarise(suite, [searched(suite, 1000 * k)], random=trials, settings=few)
        .agent("random")
        .random_trials.value
        for k in range(1, 41)
    ]
    assert np.exp(np.mean(np.log(found))) == pytest.approx(suite.budget, rel=0.05)
    assert np.std(np.log(found)) > 0.1
