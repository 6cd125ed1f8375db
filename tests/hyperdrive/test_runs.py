"""Runs of real scripts: what children are given, how they end, what is kept."""

import json
import sys
import time
from pathlib import Path

import pytest
from hyperdrive_runs import (
    CURVES,
    LOGS,
    config,
    experiment,
    grid,
    processes_with,
    script,
    study_of,
    texts,
    wait_for,
)

from hpo_gym.hyperdrive import (
    BanditPolicy,
    Environment,
    ScriptRunConfig,
    choice,
    loguniform,
    normal,
    quniform,
    randint,
    uniform,
)
from hpo_gym.scheduling.rules import Bandit

GIVEN = """
    import json, os, sys
    from hpo_gym.hyperdrive import Run
    import neighbour

    os.makedirs("outputs/deep", exist_ok=True)
    with open("outputs/deep/given.json", "w") as file:
        threads = os.environ["OMP_NUM_THREADS"]
        json.dump([sys.argv[1:], os.environ["COLOUR"], threads, os.getpid() == os.getpgid(0)], file)
    with open("data.txt", "a") as file:
        file.write("mine")
    print(open("data.txt").read())
    Run.get_context().log("f1", neighbour.VALUE)
"""


def test_a_child_gets_its_arguments_a_copy_of_the_source_and_variables(tmp_path):
    environment = Environment("tests")
    environment.environment_variables["COLOUR"] = "red"
    target = script(tmp_path, GIVEN, arguments=["--data", 1], environment=environment)
    source = tmp_path / "source"
    (source / "neighbour.py").write_text("VALUE = 0.25")
    (source / "data.txt").write_text("ours, ")
    (source / ".git").mkdir()
    (source / "big.bin").write_text("not needed")
    (source / ".amlignore").write_text("# comment\n*.bin\n")
    given = grid(**{"--C": [0.1], "kernel": ["a b"], "layers": [[8, 16]]})
    run = experiment(tmp_path).submit(
        config(target, hyperparameter_sampling=given, max_total_runs=2, max_concurrent_runs=1)
    )
    details = run.wait_for_completion()
    assert details["status"] == run.get_status() == "Completed"
    (child,) = run.get_children()  # the grid has one point
    words = ["--data", "1", "--C", "0.1", "--kernel", "a b", "--layers", "[8, 16]"]
    found = json.loads((child.folder / "files" / "outputs" / "deep" / "given.json").read_text())
    assert found == [words, "red", "1", True]
    assert child.get_details()["runDefinition"]["arguments"] == words
    assert child.log_text() == "ours, mine\n"
    assert (source / "data.txt").read_text() == "ours, "
    assert sorted(each.name for each in (run.folder / "snapshot").iterdir()) == [
        "data.txt",
        "neighbour.py",
        "train.py",
    ]
    assert child.get_file_names() == ["outputs/deep/given.json", "user_logs/std_log.txt"]
    assert not (child.folder / "work").exists()


def test_at_most_so_many_run_at_a_time(tmp_path):
    target = script(tmp_path, CURVES, arguments=["--seconds", 0.4])
    run = experiment(tmp_path).submit(
        config(
            target,
            hyperparameter_sampling=texts([1], [2], [3], [4], [5]),
            max_total_runs=5,
            max_concurrent_runs=2,
        )
    )
    run.wait_for_completion()
    rows = run.rows()
    for row in rows:
        others = [each for each in rows if each.started <= row.started < each.ended]
        assert len(others) <= 2
    assert [row.curve for row in rows] == [[1.0], [2.0], [3.0], [4.0], [5.0]]
    assert rows[1].started < rows[0].ended


def test_a_run_is_canceled_and_out_of_time(tmp_path):
    target = script(tmp_path, CURVES, arguments=["--seconds", 60])
    tests = experiment(tmp_path)
    given = {"hyperparameter_sampling": texts([1], [2], [3]), "max_concurrent_runs": 2}
    late = tests.submit(config(target, **given, max_total_runs=3, max_duration_minutes=0.03))
    run = tests.submit(config(target, **given, max_total_runs=3))
    wait_for(lambda: len(run.rows()) == 2)
    assert run.get_status() == "Running"
    assert run.cancel() is True
    assert run.wait_for_completion()["status"] == "Canceled"
    assert run.cancel() is False
    assert [row.status for row in run.rows()] == ["Canceled", "Canceled"]
    assert not any(row.terminated for row in run.rows())
    assert [trial.state.name for trial in study_of(run).trials] == ["FAIL", "FAIL"]
    assert late.wait_for_completion()["status"] == "Completed"
    assert [row.status for row in late.rows()] == ["Canceled", "Canceled"]
    assert processes_with(str(tmp_path / "hyperdrive")) == []


def test_a_command_in_place_of_a_script(tmp_path):
    script(tmp_path, CURVES)
    line = f"{sys.executable} train.py --values ${{{{search_space.values}}}} && touch outputs/done"
    filled = ScriptRunConfig(tmp_path / "source", command=line)
    words = ScriptRunConfig(tmp_path / "source", command=[sys.executable, "train.py"])
    for target, kept in ((filled, True), (words, False)):
        run = experiment(tmp_path).submit(
            config(target, hyperparameter_sampling=texts([1.5]), max_total_runs=1)
        )
        run.wait_for_completion()
        assert run.rows()[0].curve == [1.5]
        assert ("outputs/done" in run.child(0).get_file_names()) is kept
    missing = ScriptRunConfig(tmp_path / "source", command=["no-such-program"])
    run = experiment(tmp_path).submit(config(missing, max_total_runs=1))
    run.wait_for_completion(raise_on_error=False)
    assert "no-such-program cannot be started" in run.rows()[0].message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"source_directory": "nowhere", "script": "a.py"}, "no such folder"),
        ({"script": "nowhere.py"}, "no such file"),
        ({"script": "a.py", "command": "b"}, "exactly one"),
        ({}, "exactly one"),
        ({"script": "train.py", "arguments": "--a 1"}, "list of words"),
        ({"script": "train.py", "max_run_duration_seconds": 0}, "positive"),
    ],
)
def test_what_is_no_script(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    Path("train.py").touch()
    with pytest.raises(ValueError, match=message):
        ScriptRunConfig(**arguments)


def test_waiting_shows_a_bar_and_what_came_of_it(tmp_path, capsys):
    target = script(tmp_path, CURVES)
    run = experiment(tmp_path).submit(
        config(target, hyperparameter_sampling=texts([1], [2]), max_total_runs=2)
    )
    run.wait_for_completion(show_output=True)
    printed = capsys.readouterr()
    assert f"RunId: {run.id}" in printed.out
    assert printed.out.splitlines()[-1] == "Completed: 2 completed"
    assert "2/2" in printed.err and "best 2" in printed.err


def test_an_error_of_ours_is_no_silence(tmp_path, monkeypatch):
    """A policy that raises ends the run at once, which says why."""

    monkeypatch.setattr(Bandit, "stops", None)
    target = script(tmp_path, CURVES, arguments=["--seconds", 1])
    begun = time.monotonic()
    run = experiment(tmp_path).submit(
        config(
            target,
            hyperparameter_sampling=texts([1] * 60),
            policy=BanditPolicy(slack_factor=0.1),
            max_total_runs=1,
        )
    )
    with pytest.raises(RuntimeError, match="NoneType"):
        run.wait_for_completion()
    assert time.monotonic() - begun < 30.0
    assert run.get_status() == "Failed"
    assert processes_with(str(run.folder)) == []


def test_the_study_shows_hyperparameters(tmp_path):
    space = {
        "lr": loguniform(-9, 0),
        "dropout": uniform(0, 1),
        "kernel": choice("rbf", "poly"),
        "trees": randint(10),
        "depth": quniform(2, 8, 2),
        "shift": normal(0, 1),
        "layers": choice([[8], [8, 8]]),
        "model": choice({"C": uniform(0, 1)}, {"alpha": uniform(0, 1)}),
    }
    run = experiment(tmp_path).submit(config(script(tmp_path, LOGS), space, max_total_runs=3))
    run.wait_for_completion()
    trials = study_of(run).trials
    shown = {"lr", "dropout", "kernel", "trees", "depth", "shift"}
    for trial, row in zip(trials, run.rows(), strict=True):
        assert set(row.configuration) == set(space)
        assert trial.params == {name: row.configuration[name] for name in shown}
        assert trial.user_attrs["configuration"] == row.configuration
        assert trial.user_attrs["child"] == row.number
    lr = trials[0].distributions["lr"]
    assert (lr.log, lr.high) == (True, 1.0)
    assert trials[0].distributions["kernel"].choices == ("rbf", "poly")
