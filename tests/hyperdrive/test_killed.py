"""Runs whose process, or whose children, are killed by -9 in the midst of it."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import hyperdrive_submission
import optuna
import pytest
from hyperdrive_runs import config, experiment, processes_with, script, wait_for

from hpo_gym.hyperdrive import HyperDriveRun


def submission(folder, *words):
    return subprocess.Popen(
        [sys.executable, hyperdrive_submission.__file__, str(folder), *words],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,
    )


def noted(folder, what):
    file = Path(folder) / "notes.txt"
    lines = file.read_text().splitlines() if file.exists() else []
    return [line.split("_")[-1] for line in lines if line.startswith(what)]


def completed(folder):
    """How many children are known to have ended."""
    if not (folder / "hyperdrive" / "tests" / "mine").exists():
        return 0
    run = HyperDriveRun(experiment(folder), "mine")
    return sum(row.status == "Completed" for row in run.rows())


def check_killed_and_resumed(folder, children, kills):
    """Kill the process after so many ends, each time, then let it go on to the end."""
    kept, begun = {}, {}
    for turn, ends in enumerate(kills):
        # Submitting again, and resuming by the id, go on alike.
        with submission(folder, str(children), *(["resume"] if turn % 2 else [])) as process:
            wait_for(lambda ends=ends: completed(folder) >= ends)
            process.kill()
        wait_for(lambda: not processes_with(str(folder)))
        run = HyperDriveRun(experiment(folder), "mine")
        assert run.get_status() == "NotResponding"
        with pytest.raises(RuntimeError, match=r"NotResponding.*resume\(\)"):
            run.wait_for_completion()
        ended = {row.number: row for row in run.rows() if row.status == "Completed"}
        assert kept.items() <= ended.items()
        kept |= ended
        times = Counter(noted(folder, "begun"))
        begun = {number: times[str(number)] for number in kept}
    assert 0 < len(kept) < children
    with submission(folder, str(children)) as process:
        assert process.wait() == 0
    wait_for(lambda: not processes_with(str(folder)))
    run = HyperDriveRun(experiment(folder), "mine")
    assert run.get_status() == "Completed"
    rows = {row.number: row for row in run.rows()}
    assert list(rows) == list(range(children))
    assert kept.items() <= rows.items(), "what had ended is what it was, times included"
    for number, row in rows.items():
        x = row.configuration["x"]
        assert row.status == "Completed"
        assert row.curve == [x, x * 2, x * 3, x * 4]
        assert (run.child(number).folder / "files/outputs/model.txt").read_text() == str(x)
    assert len({row.configuration["x"] for row in rows.values()}) == children
    times = Counter(noted(folder, "begun"))
    assert begun == {number: times[str(number)] for number in kept}, "none of these began again"
    assert sum(times.values()) <= children + 4 * len(kills)
    trials = optuna.load_study(
        study_name="mine", storage=f"sqlite:///{run.folder / 'study.sqlite'}"
    ).trials
    states = Counter(trial.state.name for trial in trials)
    assert states["COMPLETE"] == children
    assert states["FAIL"] <= 4 * len(kills) and set(states) <= {"COMPLETE", "FAIL"}


def test_a_killed_run_goes_on(tmp_path):
    check_killed_and_resumed(tmp_path, 8, kills=(2, 5))


@pytest.mark.slow
def test_forty_children_killed_in_the_middle(tmp_path):
    check_killed_and_resumed(tmp_path, 40, kills=(10, 20, 30))


LONG = """
    import os, time
    from hpo_gym.hyperdrive import Run

    run = Run.get_context()
    run.log("f1", os.getppid())
    time.sleep(1000 if run.id.endswith("_0") else 0)
"""


def test_a_watcher_that_is_killed_is_a_failed_child(tmp_path):
    """The process between us and the script dies; its script must not live on."""
    run = experiment(tmp_path).submit(
        config(script(tmp_path, LONG), max_total_runs=2, max_concurrent_runs=1)
    )
    wait_for(lambda: run.rows() and run.rows()[0].curve)
    os.kill(int(run.rows()[0].curve[0]), signal.SIGKILL)
    run.wait_for_completion()
    first, second = run.rows()
    assert (first.status, first.message) == ("Failed", "the process died with exit code -9")
    assert second.status == "Completed"
    assert "user_logs/std_log.txt" in run.child(0).get_file_names()
    assert processes_with(str(run.folder)) == []


def test_a_run_without_its_process_can_be_canceled(tmp_path):
    with submission(tmp_path, "8") as process:
        wait_for(lambda: completed(tmp_path) >= 1)
        process.kill()
    run = HyperDriveRun(experiment(tmp_path), "mine")
    assert run.cancel()
    assert run.wait_for_completion()["status"] == "Canceled"
    assert {row.status for row in run.rows()} == {"Completed", "Canceled"}
    with pytest.warns(UserWarning, match="is Canceled, and does not go on"):
        assert run.resume().get_status() == "Canceled"


def interrupted(*_, **__):
    raise KeyboardInterrupt


def test_an_interrupted_wait_ends_the_work_in_order(tmp_path, monkeypatch):
    run = experiment(tmp_path).submit(
        config(script(tmp_path, LONG), max_total_runs=2, max_concurrent_runs=2)
    )
    wait_for(lambda: len([row for row in run.rows() if row.status == "Completed"]) == 1)
    with monkeypatch.context() as patch:
        patch.setattr("hpo_gym.hyperdrive.hyperdrive_run.wait", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run.wait_for_completion()
    assert processes_with(str(run.folder)) == []
    assert run.get_status() == "NotResponding"
    assert [row.status for row in run.rows()] == ["Running", "Completed"]
    assert run.resume().cancel()
    run.wait_for_completion()
    assert [row.status for row in run.rows()] == ["Canceled", "Completed"]


def test_a_run_is_worked_on_once(tmp_path):
    target = script(tmp_path, LONG)
    tests, mine = experiment(tmp_path), {"max_total_runs": 2, "custom_run_id": "mine"}
    run = tests.submit(config(target, **mine))
    with pytest.raises(ValueError, match="another run works on"):
        tests.submit(config(target, **mine))
    with pytest.raises(ValueError, match="max_total_runs = 2, not 3"):
        tests.submit(config(target, max_total_runs=3, custom_run_id="mine"))
    run.cancel()
    run.wait_for_completion()
    with pytest.warns(UserWarning, match="submit it under another id"):
        assert tests.submit(config(target, **mine)).get_status() == "Canceled"
