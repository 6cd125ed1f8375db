"""How children end, and what is left of them."""

import pytest
from hyperdrive_runs import config, experiment, grid, processes_with, script, study_of

from hpo_gym.hyperdrive import BanditPolicy

ENDS = """
    import argparse, os, signal, sys, time
    from hpo_gym.hyperdrive import Run

    parser = argparse.ArgumentParser()
    parser.add_argument("--how")
    how = parser.parse_args().how
    run = Run.get_context()
    run.log("f1", 0.5)
    os.makedirs("outputs", exist_ok=True)
    open("outputs/kept.txt", "w").write(how)
    print("begun", how)
    if how == "crash":
        raise ValueError("too much of it")
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "exit":
        sys.exit(3)
    if how == "fail":
        run.fail("no data")
    if how == "cancel":
        run.cancel()
"""


def test_ends_of_children(tmp_path):
    hows = ["well", "crash", "kill", "exit", "fail", "cancel"]
    given = {"hyperparameter_sampling": grid(how=hows), "max_total_runs": 6}
    run = experiment(tmp_path).submit(
        config(script(tmp_path, ENDS), **given, max_concurrent_runs=3)
    )
    run.wait_for_completion()
    assert run.get_status() == "Completed"
    rows = run.rows()
    ends = {row.configuration["how"]: (row.status, row.message) for row in rows}
    assert ends == {
        "well": ("Completed", ""),
        "crash": ("Failed", "it ended with exit code 1: ValueError: too much of it"),
        "kill": ("Failed", "it was killed by SIGKILL"),
        "exit": ("Failed", "it ended with exit code 3: begun exit"),
        "fail": ("Failed", "no data"),
        "cancel": ("Canceled", ""),
    }
    for child in run.get_children():
        assert child.log_text().startswith("begun")
        assert "outputs/kept.txt" in child.get_file_names()
        assert child.get_metrics() == {"f1": 0.5}
    crashed = run.child(1)
    assert "Traceback" in crashed.get_details_with_logs()["logFiles"]["user_logs/std_log.txt"]
    assert "too much" in crashed.get_details()["error"]["error"]["message"]
    with pytest.raises(RuntimeError, match="too much"):
        crashed.wait_for_completion()
    assert [child.number for child in run.get_children(status="Failed")] == [1, 2, 3, 4]
    states = [trial.state.name for trial in study_of(run).trials]
    assert states == ["COMPLETE"] + ["FAIL"] * 5
    assert f"{run.id}_2: Failed: it was killed by SIGKILL" in run.log_text()
    assert processes_with(str(run.folder)) == []


def test_a_child_that_takes_too_long_has_failed(tmp_path):
    target = script(tmp_path, "import time; time.sleep(60)", max_run_duration_seconds=0.5)
    run = experiment(tmp_path).submit(config(target, max_total_runs=1))
    run.wait_for_completion(raise_on_error=False)
    assert [(row.status, row.message) for row in run.rows()] == [
        ("Failed", "it took longer than 0.5 s")
    ]
    assert processes_with(str(run.folder)) == []


def test_a_run_whose_children_all_fail_has_failed(tmp_path):
    target = script(tmp_path, "raise ValueError('hopeless')")
    run = experiment(tmp_path).submit(config(target, max_total_runs=2))
    with pytest.raises(
        RuntimeError, match=r"(?s)is Failed: every child failed.*hopeless.*Traceback"
    ):
        run.wait_for_completion()
    assert run.get_status() == "Failed"
    assert run.wait_for_completion(raise_on_error=False)["status"] == "Failed"


def test_one_that_logs_no_primary_metric_is_completed(tmp_path):
    run = experiment(tmp_path).submit(config(script(tmp_path, "print(1)"), max_total_runs=1))
    with pytest.warns(UserWarning, match=r"no child logged 'f1' as a number.*they logged \[\]"):
        run.wait_for_completion()
    (row,) = run.rows()
    assert (row.status, row.curve, row.best("maximize")) == ("Completed", [], None)
    assert run.get_best_run_by_primary_metric() is None
    assert [trial.state.name for trial in study_of(run).trials] == ["FAIL"]


MISNAMED = """
    import sys
    from hpo_gym.hyperdrive import Run

    run = Run.get_context()
    run.log("acc", 0.5)
    run.log("F1", 0.5)
    run.log("f1", "much" if float(sys.argv[2]) < 2 else 0.5)
"""


@pytest.mark.filterwarnings("error")
def test_a_primary_metric_that_no_child_logs_is_warned_of(tmp_path):
    target = script(tmp_path, MISNAMED)
    given = {"hyperparameter_sampling": grid(x=[1, 2]), "max_total_runs": 2}
    run = experiment(tmp_path).submit(config(target, **given | {"max_total_runs": 1}))
    named = r"no child logged 'f1' as a number.*they logged \['F1', 'acc', 'f1'\]"
    with pytest.warns(UserWarning, match=named):
        run.wait_for_completion()
    experiment(tmp_path).submit(config(target, **given)).wait_for_completion()  # one has


WITH_KIN = """
    import subprocess, sys, time
    from hpo_gym.hyperdrive import Run

    sleeper = [sys.executable, "-c", "import time; time.sleep(300)"]
    subprocess.Popen(sleeper)
    subprocess.Popen(sleeper, start_new_session=True)
    run = Run.get_context()
    good = sys.argv[2] == "good"
    for epoch in range(11 if good else 600):
        run.log("f1", 0.9 if good else 0.1)
        time.sleep(0.01 if good else 0.1)
"""


def test_early_termination_ends_a_child_with_its_descendants(tmp_path):
    run = experiment(tmp_path).submit(
        config(
            script(tmp_path, WITH_KIN),
            hyperparameter_sampling=grid(kind=["good", "bad"]),
            policy=BanditPolicy(slack_factor=0.1, delay_evaluation=3),
            max_total_runs=2,
            max_concurrent_runs=1,  # a rule compares with who has come as far
        )
    )
    run.wait_for_completion()
    good, bad = run.rows()
    assert (good.status, bad.status) == ("Completed", "Canceled")
    assert bad.terminated and not good.terminated
    assert 3 <= len(bad.curve) < 60
    assert [trial.state.name for trial in study_of(run).trials] == ["COMPLETE", "PRUNED"]
    assert study_of(run).trials[0].intermediate_values == dict.fromkeys(range(1, 12), 0.9)
    assert processes_with(str(run.folder)) == []
