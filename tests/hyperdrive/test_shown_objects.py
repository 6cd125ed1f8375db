"""What a notebook shows of HyperDrive's objects, and errors about files and durations."""

import math

import numpy as np
import pytest
from hyperdrive_runs import experiment, family_config

from hpo_gym import hyperdrive
from hpo_gym.hyperdrive import Environment, Model, ScriptRunConfig, Workspace, load_sweep

CALLS = [
    "RandomParameterSampling({'lr': uniform(0.1, 1)})",
    "RandomParameterSampling({'n': quniform(1, 9, 2)}, {'rule': 'sobol'})",
    "GridParameterSampling({'a': choice([1, 'b']), 'c': choice([{'d': choice([2])}])})",
    "BayesianParameterSampling({'lr': uniform(0, 1)})",
    "BanditPolicy(evaluation_interval=2, delay_evaluation=3, slack_factor=0.1)",
    "BanditPolicy(evaluation_interval=1, delay_evaluation=0, slack_amount=0.2)",
    "MedianStoppingPolicy(evaluation_interval=1, delay_evaluation=5)",
    "TruncationSelectionPolicy(evaluation_interval=1, delay_evaluation=0, "
    "truncation_percentage=20)",
    "NoTerminationPolicy()",
]


@pytest.mark.parametrize("call", CALLS)
def test_declarations_look_like_the_calls_that_make_them(call):
    assert repr(eval(call, vars(hyperdrive).copy())) == call


def test_a_long_choice_is_cut():
    shown = repr(hyperdrive.GridParameterSampling({"a": hyperdrive.choice(range(1000))}))
    assert shown == "GridParameterSampling({'a': choice([0, 1, 2, 3, 4, 5, ...])})"


def test_a_configuration_and_what_it_runs():
    assert repr(family_config()) == (
        "HyperDriveConfig(RandomParameterSampling({'thr': uniform(0, 1), "
        "'lr': choice([0.1, 0.3, 1.0])}), 'f1', PrimaryMetricGoal.MAXIMIZE, max_total_runs=4, "
        "max_concurrent_runs=4, policy=NoTerminationPolicy(), "
        "run_config=FamilyRunConfig('recorded', split='test', task=0))"
    )
    assert repr(ScriptRunConfig(".", command="a b")) == "ScriptRunConfig('.', command='a b')"
    assert repr(Environment("sklearn", ["numpy"])) == "Environment('sklearn')"


def test_workspaces_and_models(tmp_path):
    workspace = Workspace(tmp_path / "ours")
    assert repr(workspace) == f"Workspace('ours', folder='{tmp_path}/ours')"
    (tmp_path / "m.txt").touch()
    workspace.register("m", tmp_path / "m.txt", {}, {})
    path = tmp_path / "ours" / "models" / "m" / "1" / "m.txt"
    assert repr(Model(workspace, "m")) == f"Model('m', version=1, path='{path}')"


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (load_sweep, "file"),
        (lambda file: Environment.from_conda_specification("e", file), "file_path"),
        (lambda file: Environment.from_pip_requirements("e", file), "file_path"),
    ],
)
def test_a_file_that_is_not_there(tmp_path, monkeypatch, call, argument):
    monkeypatch.chdir(tmp_path)
    words = f"{argument} = 'nope.yml': there is no such file.*{tmp_path}/nope.yml"
    with pytest.raises(FileNotFoundError, match=words):
        call("nope.yml")
    with pytest.raises(FileNotFoundError, match="no such file"):
        call(tmp_path)


@pytest.mark.parametrize("seconds", ["5", 0, -1, math.nan, math.inf, True, [5]])
def test_a_duration_is_a_positive_number(seconds):
    with pytest.raises(ValueError, match=r"^max_run_duration_seconds = .* or None"):
        ScriptRunConfig(command="true", max_run_duration_seconds=seconds)


def test_a_duration_may_be_of_numpy():
    given = ScriptRunConfig(command="true", max_run_duration_seconds=np.float32(5))
    assert given.max_run_duration_seconds == 5


def test_names_of_files_begin_with_a_slash_or_not_and_stay_in_the_run(tmp_path):
    run = experiment(tmp_path).submit(family_config(max_total_runs=1))
    run.wait_for_completion()
    child, source = run.child(0), tmp_path / "source.txt"
    source.write_text("kept")
    child.upload_file("/outputs/model.txt", source)
    assert "outputs/model.txt" in child.get_file_names()
    for name in ("/outputs/model.txt", "outputs/model.txt"):
        child.download_file(name, tmp_path / "down" / "model.txt")
        assert (tmp_path / "down" / "model.txt").read_text() == "kept"
        (tmp_path / "down" / "model.txt").unlink()
    child.download_files("/outputs", tmp_path / "all")
    assert (tmp_path / "all" / "outputs" / "model.txt").read_text() == "kept"
    assert child.register_model("m", "/outputs/model.txt").path.read_text() == "kept"
    with pytest.raises(FileNotFoundError, match=r"outputs/model\.txt"):
        child.download_file(str(source))
    for name in ("../records.jsonl", "outputs/../../records.jsonl", "/../../journal"):
        for call in (child.download_file, lambda name: child.upload_file(name, source)):
            with pytest.raises(ValueError, match="leaves the run's folder"):
                call(name)
        with pytest.raises(ValueError, match="leaves the run's folder"):
            child.register_model("m", name)
