"""What may be submitted, how and where to; and what a child's command line starts."""

import shutil
import sys

import pytest
from hyperdrive_runs import config, experiment, family_config, grid, script

from hpo_gym.executors.processes import Processes
from hpo_gym.hyperdrive import (
    Experiment,
    HyperDriveConfigException,
    PrimaryMetricGoal,
    ScriptRunConfig,
    Workspace,
    work,
)

# Most scripts here log nothing.
pytestmark = pytest.mark.filterwarnings("ignore:no child logged")

OUTSIDE = ["", ".", "..", "../../out", "a/b", "/out", "a\\b", "a\0", 3]


def test_submitting_may_wait_and_show(tmp_path, capsys):
    run = experiment(tmp_path).submit(family_config(), show_output=True)
    assert run._journal.facts["status"] == "Completed"
    assert "Completed: 4 completed" in capsys.readouterr().out


def test_unknown_options_are_refused_by_name(tmp_path):
    with pytest.raises(TypeError, match="'show_outputs'"):
        experiment(tmp_path).submit(family_config(), show_outputs=True)


@pytest.mark.parametrize("kind", ["script", "nothing"])
def test_only_a_configuration_is_submitted(tmp_path, kind):
    target = script(tmp_path, "pass") if kind == "script" else None
    with pytest.raises(HyperDriveConfigException, match=r"^config = .*HyperDriveConfig\(Grid"):
        experiment(tmp_path).submit(target)
    assert not (tmp_path / "hyperdrive").exists()


def test_a_script_is_run_once_as_the_error_says(tmp_path):
    once = config(
        script(tmp_path, "pass"),
        hyperparameter_sampling=grid(lr=[0.1]),
        primary_metric_name="accuracy",
        primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
        max_total_runs=1,
    )
    run = experiment(tmp_path).submit(once)
    run.wait_for_completion()
    assert [row.status for row in run.rows()] == ["Completed"]


def test_an_experiment_needs_a_workspace():
    with pytest.raises(HyperDriveConfigException, match=r"workspace = 'ws' must be a Workspace"):
        Experiment("ws", "x")


@pytest.mark.parametrize("name", OUTSIDE)
def test_nothing_is_kept_outside_of_the_workspace(tmp_path, name):
    workspace = Workspace(tmp_path / "deep" / "hyperdrive")
    with pytest.raises(HyperDriveConfigException, match=r"^name = .*such as 'digits-1'"):
        Experiment(workspace, name)
    with pytest.raises(HyperDriveConfigException, match=r"^custom_run_id = .*such as 'digits-1'"):
        family_config(custom_run_id=name)
    with pytest.raises(HyperDriveConfigException, match=r"^model_name = .*such as 'digits-1'"):
        workspace.register(name, tmp_path, {}, {})
    assert list(tmp_path.iterdir()) == []


def test_models_have_a_folder_of_their_own(tmp_path):
    with pytest.raises(HyperDriveConfigException, match="registered models"):
        Experiment(Workspace(tmp_path), "models")


def test_names_of_executors(tmp_path):
    assert work.as_executor("processes:2") == Processes(2)
    assert work.as_executor(None) is None
    run = experiment(tmp_path).submit(
        config(script(tmp_path, "pass"), max_total_runs=1), executor="processes:1"
    )
    run.wait_for_completion()
    assert [row.status for row in run.rows()] == ["Completed"]


@pytest.mark.parametrize("executor", ["", "processes", "threads:2", 4, Processes])
def test_no_executor(tmp_path, executor):
    with pytest.raises(ValueError, match=r"executor .*processes"):
        experiment(tmp_path).submit(family_config(), executor=executor)
    assert not (tmp_path / "hyperdrive").exists()


def test_python_on_a_command_line_is_this_interpreter(tmp_path, monkeypatch):
    other = tmp_path / "bin" / "python"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\necho other\n")
    other.chmod(0o755)
    monkeypatch.setenv("PATH", f"{other.parent}:/usr/bin:/bin")
    assert shutil.which("python") == str(other)
    script(tmp_path, "import sys; print(sys.executable)")
    for command in ("python train.py", ["python", "train.py"]):
        target = ScriptRunConfig(tmp_path / "source", command=command)
        run = experiment(tmp_path).submit(config(target, max_total_runs=1))
        run.wait_for_completion()
        printed = run.child(0).log_text().strip()
        assert printed.rpartition("/")[0] == sys.executable.rpartition("/")[0]


def test_a_run_is_not_resumed_with_no_executor(tmp_path, monkeypatch):
    run = experiment(tmp_path).submit(family_config())
    run.wait_for_completion()
    monkeypatch.setattr(type(run), "get_status", lambda self: "NotResponding")
    with pytest.raises(ValueError, match="executor 'threads:2' must be processes:N"):
        run.resume("threads:2")
