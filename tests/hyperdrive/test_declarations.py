"""HyperDrive's declarations: what they send, what is refused, by whom and with which words."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hyperdrive_declarations import (
    CONFIG,
    CONFIGS_REFUSED,
    EXPRESSIONS,
    REFUSED,
    SENT,
    configure,
    declare,
)

from hpo_gym import hyperdrive
from hpo_gym.hyperdrive import (
    FamilyRunConfig,
    HyperDriveConfigException,
    PrimaryMetricGoal,
    ScriptRunConfig,
    TruncationSelectionPolicy,
    choice,
    quniform,
    randint,
    uniform,
)
from hpo_gym.hyperdrive.parameter_expressions import expression
from hpo_gym.scheduling import rules

SUFFIX = {
    "SDK": r" \(HyperDrive's SDK refuses this, too\)$",
    "service": r" \(HyperDrive's service refuses this, not its SDK\)$",
    None: "(?<!too|SDK)\\)?$",
}


@pytest.fixture
def script(tmp_path):
    (tmp_path / "train.py").write_text("")
    return ScriptRunConfig(tmp_path, "train.py")


@pytest.mark.parametrize(("call", "expected"), EXPRESSIONS.items())
def test_expressions(call, expected):
    assert declare(hyperdrive, call) == expected


@pytest.mark.parametrize(("call", "expected"), SENT.items())
def test_what_is_sent(call, expected):
    assert declare(hyperdrive, call).to_json() == expected


@pytest.mark.parametrize(("call", "by", "words"), REFUSED)
def test_refusals_of_calls(call, by, words):
    with pytest.raises(HyperDriveConfigException, match=words) as error:
        declare(hyperdrive, call)
    assert error.value.by == by
    error.match(SUFFIX[by])


@pytest.mark.parametrize(("changes", "by", "words"), CONFIGS_REFUSED, ids=str)
def test_refusals_of_configs(changes, by, words, script):
    with pytest.raises(HyperDriveConfigException, match=words) as error:
        configure(hyperdrive, script, **changes)
    assert error.value.by == by


def test_a_config_keeps_its_arguments(script):
    config = configure(hyperdrive, script)
    assert config.primary_metric_name == "accuracy"
    assert config.primary_metric_goal is PrimaryMetricGoal.MAXIMIZE
    assert (config.max_total_runs, config.max_concurrent_runs) == (4, 4)
    assert config.max_duration_minutes == 10080
    assert config.run_config is script
    assert (config.resume_from, config.resume_child_runs) == ((), ())
    assert type(config.rule()) is rules.NoTermination
    assert configure(hyperdrive, script, max_total_runs="1000").max_concurrent_runs == 100


def test_a_config_in_hyperdrives_order(script):
    sampling = declare(hyperdrive, CONFIG["hyperparameter_sampling"])
    policy = TruncationSelectionPolicy(20, evaluation_interval=2, delay_evaluation=5)
    least = PrimaryMetricGoal.MINIMIZE
    config = hyperdrive.HyperDriveConfig(
        sampling, "loss", least, 40, 4, 60, policy, run_config=script
    )
    assert (config.max_total_runs, config.max_concurrent_runs) == (40, 4)
    assert config.max_duration_minutes == 60
    rule = config.rule()
    assert type(rule) is rules.TruncationSelection
    assert rule.goal == config.goal == "minimize"
    assert (rule.truncation_percentage, rule.evaluation_interval, rule.delay_evaluation) == (
        20,
        2,
        5,
    )


@pytest.mark.parametrize("goal", ["maximize", "minimize"])
def test_rules_of_policies(goal):
    bandit = declare(hyperdrive, "BanditPolicy(2, 0.2, delay_evaluation=4)").rule(goal)
    assert type(bandit) is rules.Bandit
    assert (bandit.slack_factor, bandit.slack_amount, bandit.goal) == (0.2, 0, goal)
    assert (bandit.evaluation_interval, bandit.delay_evaluation) == (2, 4)
    amount = declare(hyperdrive, "BanditPolicy(slack_amount=0)").rule(goal)
    assert (amount.slack_factor, amount.slack_amount) == (0, 0)
    assert type(declare(hyperdrive, "MedianStoppingPolicy()").rule(goal)) is rules.MedianStopping


def test_a_family_is_a_target(script):
    config = configure(hyperdrive, FamilyRunConfig("notebook"))
    assert isinstance(config.run_config, FamilyRunConfig)


def test_too_long_is_cut_to_a_week(script):
    with pytest.warns(UserWarning, match="max_duration_minutes = 20000 is more than a week"):
        config = configure(hyperdrive, script, max_duration_minutes="20000")
    assert config.max_duration_minutes == 10080


def test_recommendations_for_bayesian_sampling(script):
    bayesian = {"hyperparameter_sampling": "BayesianParameterSampling({'a': uniform(0, 1)})"}
    with pytest.warns(UserWarning, match="recommends 20 per hyperparameter, here 20"):
        configure(hyperdrive, script, max_total_runs="19", **bayesian)
    with pytest.warns(UserWarning, match="recommends at most 20") as caught:
        configure(hyperdrive, script, max_total_runs="21", **bayesian)
    assert len(caught) == 1
    configure(hyperdrive, script, max_total_runs="20", **bayesian)  # warnings are errors here


def test_numbers_of_numpy_become_plain():
    assert type(uniform(np.float64(0), np.int64(1))[1][1]) is int
    assert type(choice(np.int64(3))[1][0][0]) is int
    assert randint(np.int64(3)) == ["randint", [3]]
    assert quniform(0, 8, np.float64(2)) == ["quniform", [0, 8, 2.0]]
    assert TruncationSelectionPolicy(np.int64(20)).truncation_percentage == 20


def test_expressions_by_name():
    assert expression("quniform", 0, 1, 0.25) == ["quniform", [0, 1, 0.25]]  # as version 2 has it
    with pytest.raises(HyperDriveConfigException, match="'foo' is no sampling expression"):
        expression("foo", 1)
    with pytest.raises(HyperDriveConfigException, match="has 1 arguments; give min_value, max"):
        expression("uniform", 1)
    with pytest.raises(HyperDriveConfigException, match=r"has 1 arguments"):
        declare(hyperdrive, "RandomParameterSampling({'a': ['uniform', [1]]})")


def test_exclude_finished_jobs_is_an_argument_of_neither_sdk():
    with pytest.raises(TypeError, match="exclude_finished_jobs"):
        TruncationSelectionPolicy(20, exclude_finished_jobs=True)


def test_errors_travel_between_processes():
    error = pickle.loads(pickle.dumps(HyperDriveConfigException("wrong", "SDK")))
    assert (str(error), error.by) == ("wrong (HyperDrive's SDK refuses this, too)", "SDK")
    assert isinstance(error, ValueError)


def test_notebooks_find_their_submodules():
    from hpo_gym.hyperdrive.parameter_expressions import choice
    from hpo_gym.hyperdrive.policy import BanditPolicy
    from hpo_gym.hyperdrive.runconfig import HyperDriveConfig
    from hpo_gym.hyperdrive.sampling import RandomParameterSampling

    ours = (choice, BanditPolicy, HyperDriveConfig, RandomParameterSampling)
    assert all(getattr(hyperdrive, each.__name__) is each for each in ours)
