"""The learned sampler: joint proposals in undeclared spaces, and all that a trial can become."""

from __future__ import annotations

from math import inf, nan

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState

from hpo_gym.integrations.optuna import LearnedSampler
from tests.support.optuna_studies import Recorder, bowl, conditional, study_of


def test_parameters_are_proposed_jointly_from_the_second_trial_on():
    policy = Recorder()
    study = study_of(policy)
    study.optimize(bowl, n_trials=4)
    names = [seen[0] for seen in policy.seen]
    joint = ("kind", "x", "y")
    assert names == [("x",), ("y",), ("kind",), joint, joint, joint]
    assert [seen[3] for seen in policy.seen] == [50] * 6
    _, unit, scores, _ = policy.seen[-1]
    np.testing.assert_array_equal(scores, [-trial.value for trial in study.trials[:3]])
    x = [trial.params["x"] for trial in study.trials[:3]]
    np.testing.assert_allclose(unit[:, 2], x)  # after the two coordinates of the choice


def test_the_history_is_in_the_order_of_the_ends_then_what_is_running():
    policy = Recorder()
    study = study_of(policy, "maximize")
    space = {"x": FloatDistribution(0.0, 1.0)}
    trials = [study.ask(space) for _ in range(6)]
    study.tell(trials[3], 3.0)
    study.tell(trials[1], 1.0)
    study.tell(trials[2], state=TrialState.FAIL)
    trials[0].report(7.0, 1)
    trials[0].report(8.0, 2)
    study.tell(trials[0], state=TrialState.PRUNED)
    study.ask(space)
    _, unit, scores, _ = policy.seen[-1]
    np.testing.assert_array_equal(scores, [3.0, 1.0, -inf, 8.0, nan, nan])
    order = [trials[i].params["x"] for i in (3, 1, 2, 0, 4, 5)]
    np.testing.assert_allclose(unit[:, 0], 2.0 * np.array(order) - 1.0)


@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_values_that_are_not_finite_have_failed(value):
    policy = Recorder()
    study = study_of(policy)
    study.optimize(lambda trial: trial.suggest_float("x", 0.0, 1.0) * 0 + value, n_trials=2)
    assert policy.seen[-1][2].tolist() == [-inf]


def test_trials_that_broke_a_constraint_have_failed():
    policy = Recorder()
    study = study_of(policy)

    def objective(trial):
        trial.set_constraint("memory", trial.number - 0.5)
        return trial.suggest_float("x", 0.0, 1.0)

    study.optimize(objective, n_trials=3)
    scores = policy.seen[-1][2]
    assert (scores[0] > -inf, scores[1]) == (True, -inf)


def test_each_branch_of_a_conditional_space_is_a_group_with_what_is_shared():
    policy = Recorder()
    study = study_of(policy)
    study.optimize(conditional, n_trials=12)
    names = {seen[0] for seen in policy.seen[8:]}
    assert names == {
        ("model", "scale"),
        ("c", "model", "scale"),
        ("depth", "model", "scale", "trees"),
    }
    # A branch sees its own trials alone.
    branch = [len(unit) for seen, unit, *_ in policy.seen[8:] if "c" in seen]
    assert branch == list(range(branch[0], branch[0] + len(branch)))
    assert branch[-1] + 1 == sum("c" in trial.params for trial in study.trials)


def test_a_trial_that_failed_half_way_does_not_part_the_parameters():
    policy = Recorder()
    study = study_of(policy)

    def objective(trial):
        x = trial.suggest_float("x", 0.0, 1.0)
        if trial.number == 1:
            raise ValueError("x is odd")
        return x + trial.suggest_float("y", 0.0, 1.0)

    study.optimize(objective, n_trials=3, catch=ValueError)
    assert policy.seen[-1][0] == ("x", "y")


@pytest.mark.parametrize("count", [20, 21, 45])
def test_more_than_twenty_parameters_are_proposed_in_groups(count):
    policy = Recorder()
    study = study_of(policy)

    def objective(trial):
        return sum(trial.suggest_float(f"x{i}", 0.0, 1.0) for i in range(count))

    study.optimize(objective, n_trials=2)
    groups = [set(seen[0]) for seen in policy.seen[count:]]
    assert len(groups) == -(-count // 20)
    assert sum(map(len, groups)) == count == len(set.union(*groups))
    assert len({round(value, 6) for value in study.trials[-1].params.values()}) == count


def test_single_values_in_the_history_are_no_parameters():
    policy = Recorder()
    study = study_of(policy)

    def objective(trial):
        trial.suggest_float("one", 2.0, 2.0)
        trial.suggest_categorical("only", ["this"])
        return trial.suggest_float("x", 0.0, 1.0)

    study.optimize(objective, n_trials=3)
    assert {seen[0] for seen in policy.seen} == {("x",)}


@pytest.mark.filterwarnings("ignore:Fixed parameter")
def test_enqueued_values_outside_the_bounds_are_clipped():
    policy = Recorder()
    study = study_of(policy)
    study.enqueue_trial({"x": 5.0, "y": -3})
    study.optimize(bowl, n_trials=2)
    assert study.trials[0].params["x"] == 5.0
    _, unit, *_ = policy.seen[-1]
    np.testing.assert_allclose(unit[0, 2:], [1.0, -10 / 11])


def test_bounds_may_change_from_trial_to_trial():
    study = study_of(Recorder())

    def objective(trial):
        y = trial.suggest_float("y", trial.number, trial.number + 1.0)
        return y + trial.suggest_int("x", trial.number * 3, 10 + trial.number * 3)

    study.optimize(objective, n_trials=5)
    for trial in study.trials:
        assert 0.0 <= trial.params["y"] - trial.number <= 1.0


def test_nothing_is_repeated_in_a_small_space_whatever_becomes_of_the_trials():
    class Stubborn(Recorder):
        def propose(self, space, unit, scores, filler, *, budget):
            return np.zeros(space.dimension)

    study = study_of(Stubborn())

    def objective(trial):
        x, y = trial.suggest_int("x", 1, 4), trial.suggest_categorical("y", [True, False])
        if trial.number == 0:
            return 0.0
        if trial.number % 3 == 0:
            raise optuna.TrialPruned
        if trial.number % 3 == 1:
            raise ValueError
        return float(x + y)

    study.optimize(objective, n_trials=8, catch=ValueError)
    assert len({tuple(trial.params.values()) for trial in study.trials}) == 8


def test_under_brackets_the_history_is_that_of_all_brackets():
    policy = Recorder()
    sampler = LearnedSampler(budget=20, seed=0, policy=policy, patience=99)
    pruner = optuna.pruners.HyperbandPruner(min_resource=1, max_resource=9, reduction_factor=3)
    study = optuna.create_study(sampler=sampler, pruner=pruner)

    def objective(trial):
        x = trial.suggest_float("x", 0.0, 1.0)
        for step in range(9):
            trial.report(x + 1.0 / (step + 1), step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return x

    study.optimize(objective, n_trials=12)
    assert [len(unit) for _, unit, *_ in policy.seen] == list(range(12))
    assert any(trial.state is TrialState.PRUNED for trial in study.trials)


def test_trials_that_others_began_count_before_they_have_asked_for_anything():
    """Two processes that begin trials at once share the storage alone."""
    policy = Recorder()
    study = study_of(policy)
    study.optimize(bowl, n_trials=2)
    first, second = study.ask(), study.ask()
    for trial in (second, first):
        study.sampler = LearnedSampler(budget=50, seed=0, policy=policy)  # one in each process
        bowl(trial)
    seen = policy.seen[-2]  # of the second, after it has proposed again what the first will get
    assert np.isnan(seen[2]).tolist() == [False, False, True]
    assert first.params["x"] == pytest.approx(seen[1][2, 2])
    assert first.params["y"] == np.floor(5.5 * (seen[1][2, 3] + 1.0))
    assert first.params["x"] != pytest.approx(second.params["x"])
