"""What a workspace keeps: sources, runs, models."""

import os
from pathlib import Path

import pytest
from hyperdrive_runs import LOGS, config, experiment, script

from hpo_gym.hyperdrive import (
    Experiment,
    HyperDriveConfigException,
    HyperDriveNotImplementedException,
    HyperDriveRun,
    Model,
    Run,
    Workspace,
)

KEPT = """
    import os
    from hpo_gym.hyperdrive import Run

    os.makedirs("outputs", exist_ok=True)
    with open("outputs/kept.txt", "w") as file:
        file.write("a")
    Run.get_context().log("f1", 1)
"""


def test_a_source_that_is_too_large_is_refused_and_leaves_nothing(tmp_path):
    target = script(tmp_path, LOGS)
    with (tmp_path / "source" / "large.bin").open("wb") as file:
        os.truncate(file.fileno(), 301 * 2**20)
    with pytest.raises(HyperDriveConfigException, match=r"300 MB.*\.amlignore"):
        experiment(tmp_path).submit(config(target))
    assert list((tmp_path / "hyperdrive" / "tests").iterdir()) == []


def test_a_workspace_inside_the_source_is_not_copied(tmp_path):
    target = script(tmp_path, LOGS)
    tests = Experiment(Workspace(tmp_path / "source" / "runs"), "tests")
    run = tests.submit(config(target, max_total_runs=1))
    run.wait_for_completion()
    assert [each.name for each in (run.folder / "snapshot").iterdir()] == ["train.py"]


def test_models_have_versions(tmp_path):
    run = experiment(tmp_path).submit(config(script(tmp_path, KEPT), max_total_runs=1))
    run.wait_for_completion()
    best, workspace = run.get_best_run_by_primary_metric(), run.experiment.workspace
    first = best.register_model("m", "outputs/kept.txt", tags={"a": "b"}, description="it")
    second = best.register_model(model_name="m", model_path="outputs")
    assert (first.id, second.id, first.run_id, first.tags) == ("m:1", "m:2", best.id, {"a": "b"})
    assert Model(workspace, "m", 1).path.read_text() == "a"
    assert workspace.models["m"].version == 2
    assert Path(second.download(tmp_path / "down"), "kept.txt").read_text() == "a"
    with pytest.raises(FileExistsError, match="exist_ok"):
        second.download(tmp_path / "down")
    with pytest.raises(ValueError, match="no model 'other'"):
        Model(workspace, "other")
    with pytest.raises(FileNotFoundError, match=r"outputs/kept\.txt"):
        best.register_model("m", "outputs/nothing.txt")


def test_runs_are_found_again_and_others_are_not(tmp_path):
    tests = experiment(tmp_path)
    run = tests.submit(config(script(tmp_path, LOGS), max_total_runs=1), tags={"a": "b"})
    run.wait_for_completion()
    again = HyperDriveRun(tests, run.id)
    assert again.get_tags() == {"a": "b"}
    assert again.hyperdrive_config.max_total_runs == 1
    assert [each.id for each in tests.get_runs()] == [run.id]
    assert Run(tests, f"{run.id}_0").row == run.rows()[0]
    assert run.child(0).parent.id == run.id
    for kind, wrong in ((HyperDriveRun, "HD_none"), (Run, "HD_none_0"), (Run, f"{run.id}_1")):
        with pytest.raises(ValueError, match=f"run_id = '{wrong}'"):
            kind(tests, wrong)
    with pytest.raises(HyperDriveNotImplementedException):
        run.get_diagnostics()
    with pytest.raises(HyperDriveNotImplementedException):
        run.fail()
    with pytest.raises(ValueError, match="becomes the name of a folder"):
        Experiment(tests.workspace, "a/b")


def test_a_workspace_is_a_folder_and_may_have_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Workspace.from_config().folder == tmp_path / "hyperdrive"
    assert Workspace.from_config().name == "hyperdrive"
    other = tmp_path / "other"
    other.mkdir()
    (other / "config.json").write_text('{"workspace_name": "ours", "subscription_id": "0"}')
    for path in (other, other / "config.json"):
        workspace = Workspace.from_config(path)
        assert (workspace.name, workspace.folder) == ("ours", other / "hyperdrive")
    assert workspace.models == {}
