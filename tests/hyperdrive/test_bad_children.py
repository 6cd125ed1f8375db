"""Children that leave, log or say what cannot be dealt with: these fail, and their run goes on."""

import math

import pytest
from hyperdrive_runs import (
    CURVES,
    config,
    experiment,
    family_config,
    grid,
    processes_with,
    script,
    study_of,
    texts,
)

from hpo_gym.hyperdrive import BanditPolicy, PrimaryMetricGoal
from hpo_gym.hyperdrive.engine import Engine
from hpo_gym.hyperdrive.journal import Journal

ODD = """
    import argparse, os, shutil, socket, sys
    from hpo_gym.hyperdrive import Run

    parser = argparse.ArgumentParser()
    parser.add_argument("--how")
    how = parser.parse_args().how
    run = Run.get_context()
    run.log("f1", 0.5)
    open("outputs/kept.txt", "w").write("kept")
    if how == "links":
        os.symlink("nowhere", "outputs/dangling")
        os.symlink("kept.txt", "outputs/link.txt")
        os.symlink(".", "outputs/loop")
    if how == "socket":
        socket.socket(socket.AF_UNIX).bind("outputs/socket")
        os.mkfifo("outputs/pipe")
    if how == "large":
        run.log("f1", 10**400)
        run.log("f1", -(10**400))
    if how == "records":
        with open("../records.jsonl", "a") as file:
            file.write('\\n3\\n{"kind": "scalar"}\\n{"kind": [], "name": "", "value": 1}')
            file.write('\\n{"kind": "list", "name": "f1", "value": 1, "time": 0}\\n' + "[" * 99999)
            file.write('\\n{"kind": "end", "name": "Odd", "value": "", "time": 0}\\n')
    if how == "gone":
        shutil.rmtree(os.path.dirname(os.getcwd()))
        sys.exit(1)
    if how == "directory":
        os.remove("../records.jsonl")
        os.mkdir("../records.jsonl")
        import time; time.sleep(60)
"""


def test_no_child_spoils_its_run(tmp_path):
    hows = ["links", "socket", "large", "records", "gone", "directory", "well"]
    given = {"hyperparameter_sampling": grid(how=hows), "max_total_runs": len(hows)}
    run = experiment(tmp_path).submit(config(script(tmp_path, ODD), **given, max_concurrent_runs=2))
    run.wait_for_completion()
    rows = {row.configuration["how"]: row for row in run.rows()}
    failed = {how for how, row in rows.items() if row.status == "Failed"}
    assert failed == {"gone", "directory"}
    assert "what it logged cannot be read: IsADirectoryError" in rows["directory"].message
    assert {row.status for how, row in rows.items() if how not in failed} == {"Completed"}
    assert rows["large"].curve == [0.5, math.inf, -math.inf]
    for how in ("links", "socket"):
        child = run.child(rows[how].number)
        assert "outputs/kept.txt" in child.get_file_names()
        assert ("did not keep outputs/socket" in child.log_text()) == (how == "socket")
    links = run.child(rows["links"].number).folder / "files" / "outputs"
    assert (links / "dangling").readlink().name == "nowhere"
    assert (links / "link.txt").is_symlink() and (links / "link.txt").read_text() == "kept"
    assert processes_with(str(run.folder)) == []


def test_what_the_engine_cannot_keep_of_a_child_fails_it_alone(tmp_path, monkeypatch):
    report = Engine.report

    def broken(self, number, value):
        if number == 0:
            raise ZeroDivisionError("broken")
        return report(self, number, value)

    monkeypatch.setattr(Engine, "report", broken)
    target = script(tmp_path, "from hpo_gym.hyperdrive import Run; Run.get_context().log('f1', 1)")
    run = experiment(tmp_path).submit(config(target, max_total_runs=2))
    run.wait_for_completion()
    first, second = run.rows()
    assert (first.status, second.status) == ("Failed", "Completed")
    assert first.message == "what it logged cannot be read: ZeroDivisionError: broken"


def test_a_run_that_an_error_ended_goes_on(tmp_path, monkeypatch):
    target = script(tmp_path, "from hpo_gym.hyperdrive import Run; Run.get_context().log('f1', 1)")
    with monkeypatch.context() as patch:
        end = Journal.end

        def broken(self, number, *facts):
            if number == 1:
                raise OSError("no space left")
            end(self, number, *facts)

        patch.setattr(Journal, "end", broken)
        run = experiment(tmp_path).submit(config(target, max_total_runs=3, max_concurrent_runs=1))
        with pytest.raises(RuntimeError, match=r"(?s)is Failed.*no space left.*resume\(\)"):
            run.wait_for_completion()
    kept = run.rows()[0]
    details = run.resume().wait_for_completion()
    assert details["status"] == "Completed" and details["endTimeUtc"]
    assert [row.status for row in run.rows()] == ["Completed"] * 3
    assert run.rows()[0] == kept
    with pytest.warns(UserWarning, match="is Completed, and does not go on"):
        run.resume()


def test_a_family_that_an_error_ended_goes_on(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Engine, "report", lambda self, number, value: 1 / 0)
        run = experiment(tmp_path).submit(family_config())
        with pytest.raises(RuntimeError, match="division by zero"):
            run.wait_for_completion()
    assert run.resume().wait_for_completion()["status"] == "Completed"


@pytest.mark.parametrize("goal", PrimaryMetricGoal)
def test_an_infinite_value_ends_no_other_child(tmp_path, goal):
    curves = texts([math.inf, -math.inf], [math.inf], [-math.inf], [0.5, 0.4])
    run = experiment(tmp_path).submit(
        config(
            script(tmp_path, CURVES),
            hyperparameter_sampling=curves,
            policy=BanditPolicy(slack_factor=0.1),
            primary_metric_goal=goal,
            max_concurrent_runs=1,
        )
    )
    run.wait_for_completion()
    assert run.rows()[3].status == "Completed"
    assert run.get_best_run_by_primary_metric().number == 3
    states = [trial.state.name for trial in study_of(run).trials]
    assert "COMPLETE" not in states[:3] and states[3] == "COMPLETE"
