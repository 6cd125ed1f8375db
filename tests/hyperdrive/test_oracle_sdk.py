"""The same declarations in Azure's SDKs, where these are installed: what they send and refuse."""

from __future__ import annotations

import warnings

import pytest
from hyperdrive_declarations import (
    CONFIGS_REFUSED,
    EXPRESSIONS,
    REFUSED,
    SENT,
    configure,
    declare,
)
from hyperdrive_sweeps import REFUSED as SWEEPS_REFUSED
from hyperdrive_sweeps import write

from hpo_gym import hyperdrive
from hpo_gym.hyperdrive import load_sweep

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def azure():
    with warnings.catch_warnings(action="ignore"):
        core = pytest.importorskip("azureml.train.hyperdrive", exc_type=ImportError)
    return core


@pytest.fixture(scope="module")
def client():
    with warnings.catch_warnings(action="ignore"):
        return pytest.importorskip("azure.ai.ml", exc_type=ImportError)


@pytest.fixture
def script(tmp_path, azure):
    from azureml.core import ScriptRunConfig

    (tmp_path / "train.py").write_text("")
    return ScriptRunConfig(str(tmp_path), "train.py")


@pytest.mark.parametrize("call", EXPRESSIONS)
def test_expressions_agree(call, azure):
    assert declare(azure, call) == declare(hyperdrive, call)


@pytest.mark.parametrize("call", SENT)
def test_what_is_sent_agrees(call, azure):
    assert declare(azure, call).to_json() == declare(hyperdrive, call).to_json()


def accepts(call):
    try:
        call()
    except Exception:
        return False
    return True


@pytest.mark.parametrize(("call", "by", "words"), REFUSED)
def test_refusals_of_calls_agree(call, by, words, azure):
    assert accepts(lambda: declare(azure, call)) == (by != "SDK")


@pytest.mark.parametrize(("changes", "by", "words"), CONFIGS_REFUSED, ids=str)
def test_refusals_of_configs_agree(changes, by, words, azure, script):
    assert accepts(lambda: configure(azure, script, **changes)) == (by != "SDK")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"max_duration_minutes": "20000"},
        {"max_concurrent_runs": "0"},
        {"policy": "MedianStoppingPolicy()", "max_concurrent_runs": "2"},
        {
            "hyperparameter_sampling": "BayesianParameterSampling({'a': uniform(0, 1)})",
            "max_total_runs": "30",
        },
        {
            "hyperparameter_sampling": "BayesianParameterSampling({'a': uniform(0, 1)})",
            "max_total_runs": "19",
        },
    ],
    ids=str,
)
def test_warnings_and_defaults_agree(changes, azure, script, tmp_path):
    target = hyperdrive.ScriptRunConfig(tmp_path, "train.py")
    with warnings.catch_warnings(record=True, action="always") as theirs:
        config = configure(azure, script, **changes)
    with warnings.catch_warnings(record=True, action="always") as ours:
        own = configure(hyperdrive, target, **changes)
    assert len(ours) == sum(each.category is UserWarning for each in theirs)
    assert own.max_total_runs == config._max_total_runs
    assert own.max_concurrent_runs == config._max_concurrent_runs
    assert own.policy.to_json() == config._policy_config
    assert own.hyperparameter_sampling.to_json() == config._generator_config


def test_the_sweep_agrees(client, tmp_path):
    path = write(tmp_path)
    job, config = client.load_job(str(path)), load_sweep(path)
    assert job.sampling_algorithm == "random"
    read = {
        name: [each.type, [value for key, value in vars(each).items() if key != "type"]]
        for name, each in job.search_space.items()
    }
    assert read == config.hyperparameter_sampling.parameter_space
    assert job.objective.goal.upper() == config.primary_metric_goal.name
    assert job.objective.primary_metric == config.primary_metric_name
    assert job.limits.max_total_trials == config.max_total_runs
    assert job.limits.max_concurrent_trials == config.max_concurrent_runs
    assert job.limits.timeout == 60 * config.max_duration_minutes
    policy = config.policy
    assert job.early_termination.slack_factor == policy.slack_factor
    assert job.early_termination.evaluation_interval == policy.evaluation_interval
    assert job.early_termination.delay_evaluation == policy.delay_evaluation


@pytest.mark.parametrize(("changes", "by", "words"), SWEEPS_REFUSED, ids=str)
def test_refusals_of_sweeps_agree(changes, by, words, client, tmp_path):
    if changes == {"trial.code": "nowhere"}:
        by = "SDK"  # both look for the folder
    path = str(write(tmp_path, changes))
    assert accepts(lambda: client.load_job(path)) == (by != "SDK")
