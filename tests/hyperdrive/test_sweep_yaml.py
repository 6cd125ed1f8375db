"""Sweeps in YAML: what they become, and what is refused where."""

from __future__ import annotations

import pytest
from hyperdrive_sweeps import GONE, REFUSED, write

from hpo_gym.hyperdrive import HyperDriveConfigException, PrimaryMetricGoal, load_sweep

pytest.importorskip("yaml")


def test_a_sweep(tmp_path):
    config = load_sweep(write(tmp_path))
    assert config.hyperparameter_sampling.to_json() == {
        "name": "RANDOM",
        "parameter_space": {"C": ["uniform", [0.05, 0.1]], "steps": ["choice", [[50, 100]]]},
    }
    assert config.policy.to_json() == {
        "name": "Bandit",
        "properties": {"evaluation_interval": 2, "delay_evaluation": 5, "slack_factor": 0.1},
    }
    assert config.primary_metric_name == "accuracy"
    assert config.primary_metric_goal is PrimaryMetricGoal.MAXIMIZE
    assert (config.max_total_runs, config.max_concurrent_runs) == (20, 4)
    assert config.max_duration_minutes == 120
    target = config.run_config
    assert target.source_directory == str(tmp_path / "src")
    assert target.command == (
        f"python train.py --data {tmp_path / 'data.csv'} --rows 100 "
        "--C ${{search_space.C}} --steps ${{search_space.steps}}"
    )
    assert target.variables == {"LEVEL": "3"}
    assert target.environment.name == "azureml:sklearn@latest"
    assert target.max_run_duration_seconds is None


@pytest.mark.parametrize(("changes", "by", "words"), REFUSED, ids=str)
def test_refusals(changes, by, words, tmp_path):
    with pytest.raises(HyperDriveConfigException, match=words) as error:
        load_sweep(write(tmp_path, changes))
    assert str(error.value).startswith(str(tmp_path / "sweep.yml"))
    assert error.value.by == by


def space(tmp_path, **search_space):
    command = {"trial.command": "python train.py"}
    config = load_sweep(write(tmp_path, command | {"search_space": search_space}))
    return config.hyperparameter_sampling.parameter_space


def test_all_distributions(tmp_path):
    between, around = {"min_value": 0, "max_value": 5}, {"mu": 0, "sigma": 1}
    given = {
        "choice": {"values": [1, "a", 0.5]},
        "randint": {"upper": 3},
        "uniform": between,
        "loguniform": between,
        "quniform": between | {"q": 0.5},
        "qloguniform": between | {"q": 2},
        "normal": around,
        "lognormal": around,
        "qnormal": around | {"q": 1},
        "qlognormal": around | {"q": 1},
    }
    read = space(tmp_path, **{name: {"type": name} | more for name, more in given.items()})
    assert read == {
        "choice": ["choice", [[1, "a", 0.5]]],
        "randint": ["randint", [3]],
        "uniform": ["uniform", [0, 5]],
        "loguniform": ["loguniform", [0, 5]],
        "quniform": ["quniform", [0, 5, 0.5]],
        "qloguniform": ["qloguniform", [0, 5, 2]],
        "normal": ["normal", [0, 1]],
        "lognormal": ["lognormal", [0, 1]],
        "qnormal": ["qnormal", [0, 1, 1]],
        "qlognormal": ["qlognormal", [0, 1, 1]],
    }


def test_spaces_within_a_choice(tmp_path):
    depth = {"type": "randint", "upper": 3}
    values = [{"name": "tree", "depth": depth}, {"name": "line"}]
    assert space(tmp_path, model={"type": "choice", "values": values}) == {
        "model": ["choice", [[{"name": "tree", "depth": ["randint", [3]]}, {"name": "line"}]]]
    }


def test_numbers_without_a_point(tmp_path):
    path = write(tmp_path)
    path.write_text(path.read_text().replace("0.05", "5e-2"))  # YAML 1.1 reads a string
    config = load_sweep(path)
    assert config.hyperparameter_sampling.parameter_space["C"] == ["uniform", [0.05, 0.1]]


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (None, {"name": "Default"}),
        (
            {"type": "bandit", "slack_factor": 0, "slack_amount": 0.2, "evaluation_interval": 0},
            {
                "name": "Bandit",
                "properties": {
                    "evaluation_interval": 1,
                    "delay_evaluation": 0,
                    "slack_amount": 0.2,
                },
            },
        ),
        (
            {"type": "Median_Stopping", "delay_evaluation": 5},
            {
                "name": "MedianStopping",
                "properties": {"evaluation_interval": 1, "delay_evaluation": 5},
            },
        ),
        (
            {"type": "truncation_selection", "truncation_percentage": 20},
            {
                "name": "TruncationSelection",
                "properties": {
                    "evaluation_interval": 1,
                    "delay_evaluation": 0,
                    "truncation_percentage": 20,
                    "exclude_finished_jobs": False,
                },
            },
        ),
    ],
    ids=str,
)
def test_policies(given, sent, tmp_path):
    assert load_sweep(write(tmp_path, {"early_termination": given})).policy.to_json() == sent


def test_samplings(tmp_path):
    sobol = {"type": "random", "rule": "sobol", "seed": 3, "logbase": "2"}
    sampling = load_sweep(write(tmp_path, {"sampling_algorithm": sobol})).hyperparameter_sampling
    assert sampling.properties == {"rule": "sobol", "seed": 3, "logbase": 2.0}
    bayesian = {
        "sampling_algorithm": "Bayesian",
        "early_termination": GONE,
        "limits.max_total_trials": 40,
    }
    config = load_sweep(write(tmp_path, bayesian))
    assert type(config.hyperparameter_sampling).__name__ == "BayesianParameterSampling"
    assert load_sweep(write(tmp_path, {"sampling_algorithm": GONE})).hyperparameter_sampling


def test_limits(tmp_path):
    limits = {"max_total_trials": 300, "trial_timeout": 90}
    config = load_sweep(write(tmp_path, {"limits": limits}))
    assert (config.max_total_runs, config.max_concurrent_runs) == (300, 100)
    assert config.max_duration_minutes == 10080
    assert config.run_config.max_run_duration_seconds == 90


def test_what_only_the_cloud_has(tmp_path):
    for path in ("azureml:data:1", "https://example.org/data.csv", ""):
        changes = {"inputs.data": {"type": "uri_file", "path": path}}
        with pytest.raises(HyperDriveConfigException, match=r"inputs.data.path = .* nothing"):
            load_sweep(write(tmp_path, changes))


def test_spaces_in_paths_are_quoted(tmp_path):
    folder = tmp_path / "my data"
    folder.mkdir()
    command = load_sweep(write(folder)).run_config.command
    assert f"--data '{folder / 'data.csv'}' " in command


def test_no_yaml_at_all(tmp_path):
    path = tmp_path / "sweep.yml"
    path.write_text("type: [sweep")
    with pytest.raises(HyperDriveConfigException, match=r"sweep.yml is no YAML"):
        load_sweep(path)
    path.write_text("sweep")
    with pytest.raises(HyperDriveConfigException, match="the sweep = 'sweep' must have the keys"):
        load_sweep(path)
