"""Runs that go on from others: what sampling, policy and scripts get of these."""

import pytest
from hyperdrive_runs import config, experiment, family_config, script, study_of, wait_for

from hpo_gym.hyperdrive import (
    BanditPolicy,
    BayesianParameterSampling,
    FamilyRunConfig,
    GridParameterSampling,
    HyperDriveConfigException,
    choice,
    quniform,
    uniform,
    work,
)

TARGET = FamilyRunConfig("notebook", epochs=10)


def grid(*rates):
    return GridParameterSampling({"thr": choice(0.7), "lr": choice(list(rates))})


def submit(folder, **options):
    options = {"target": TARGET, "max_total_runs": 1} | options
    run = experiment(folder).submit(family_config(**options))
    run.wait_for_completion()
    return run


def test_policies_compare_with_the_runs_before(tmp_path):
    options = {
        "hyperparameter_sampling": grid(5.0),
        "primary_metric_name": "accuracy",
        "policy": BanditPolicy(slack_factor=0.05),
    }
    good = submit(tmp_path, **options | {"hyperparameter_sampling": grid(0.01)})
    alone, after = submit(tmp_path, **options), submit(tmp_path, **options, resume_from=good)
    assert [row.status for row in alone.rows()] == ["Completed"]
    assert [(row.number, row.status) for row in after.rows()] == [(0, "Canceled")]
    assert after.get_best_run_by_primary_metric().id == good.child(0).id
    own = after.get_best_run_by_primary_metric(include_resume_from_runs=False)
    assert own.id == after.child(0).id
    assert len(list(after.get_children())) == 1
    with pytest.raises(HyperDriveConfigException, match="primary_metric_name"):
        submit(tmp_path, **options | {"primary_metric_name": "loss"}, resume_from=[good])


@pytest.mark.filterwarnings("ignore:max_total_runs")
def test_bayesian_sampling_learns_from_the_runs_before(tmp_path):
    sampling = BayesianParameterSampling({"thr": uniform(0, 1), "lr": uniform(0.001, 1)})
    options = {"hyperparameter_sampling": sampling, "max_concurrent_runs": 1}
    first = submit(tmp_path, **options, max_total_runs=12)
    again = submit(tmp_path, **options, max_total_runs=2, resume_from=first)
    trials = study_of(again).trials
    before, own = trials[:12], trials[12:]
    assert [trial.user_attrs for trial in before] == [{"run": first.id}] * 12
    assert [trial.params for trial in before] == [row.configuration for row in first.rows()]
    assert [trial.value for trial in before] == [row.best("maximize") for row in first.rows()]
    assert [row.number for row in again.rows()] == [0, 1]
    assert len(own) == 2


CHECKPOINTS = """
    import argparse, os
    from hpo_gym.hyperdrive import Run

    parser = argparse.ArgumentParser()
    parser.add_argument("--x", type=float)
    parser.add_argument("--resume-from")
    arguments = parser.parse_args()
    steps = 1.0
    if arguments.resume_from:
        with open(os.path.join(arguments.resume_from, "steps.txt")) as file:
            steps += float(file.read())
    os.makedirs("outputs", exist_ok=True)
    with open("outputs/steps.txt", "w") as file:
        file.write(str(steps))
    Run.get_context().log("f1", steps * arguments.x)
"""


def test_children_go_on_from_their_outputs(tmp_path):
    target = script(tmp_path, CHECKPOINTS)
    tests = experiment(tmp_path)
    first = tests.submit(config(target, max_total_runs=3), seed=0)
    first.wait_for_completion()
    chosen = [first.child(2), first.child(0)]
    second = tests.submit(config(target, max_total_runs=3, resume_child_runs=chosen), seed=1)
    second.wait_for_completion()
    old, new = first.rows(), second.rows()
    assert [row.configuration for row in new[:2]] == [old[2].configuration, old[0].configuration]
    assert new[2].configuration not in [row.configuration for row in old]
    assert [row.curve[0] / row.configuration["x"] for row in new] == pytest.approx([2.0, 2.0, 1.0])
    arguments = second.child(0).get_details()["runDefinition"]["arguments"]
    outputs = chosen[0].folder / "files" / "outputs"
    assert arguments[:2] == ["--resume-from", str(outputs)]
    with pytest.raises(HyperDriveConfigException, match="twice"):
        config(target, resume_child_runs=[first.child(0), first.child(0)])


HANGS = """
    import argparse, pathlib, time
    from hpo_gym.hyperdrive import Run

    parser = argparse.ArgumentParser()
    parser.add_argument("--trees", type=int)
    parser.add_argument("--go")
    arguments = parser.parse_args()
    run = Run.get_context()
    run.log("f1", 0.0)
    while run.number > 0 and not pathlib.Path(arguments.go).exists():
        time.sleep(0.1)
    run.log("f1", arguments.trees)
"""


@pytest.mark.filterwarnings("ignore:max_total_runs")
def test_bayesian_sampling_learns_from_children_that_began_again(tmp_path):
    sampling = BayesianParameterSampling({"trees": quniform(2, 20, 2)})
    go = tmp_path / "go"
    run = experiment(tmp_path).submit(
        config(
            script(tmp_path, HANGS, arguments=["--go", go]),
            hyperparameter_sampling=sampling,
            max_total_runs=3,
            max_concurrent_runs=1,
        )
    )
    wait_for(lambda: len(run.rows()) == 2 and run.rows()[1].curve)
    work.interrupt(run.folder)
    before = run.rows()
    go.touch()
    run.resume().wait_for_completion()
    rows, trials = run.rows(), study_of(run).trials
    assert rows[0] == before[0]
    assert rows[1].configuration == before[1].configuration
    assert [trial.state.name for trial in trials] == ["COMPLETE", "FAIL", "COMPLETE", "COMPLETE"]
    assert [trials[place].params for place in (0, 2, 3)] == [row.configuration for row in rows]
    assert len({str(trial.distributions) for trial in trials}) == 1
