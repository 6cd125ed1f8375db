"""What can be asked about a run: orders, ties, what is missing; the SDK's own functions agree."""

import json
import math
import warnings
from itertools import product

import pytest
from hyperdrive_runs import experiment, family_config

from hpo_gym.hyperdrive import FamilyRunConfig, GridParameterSampling, PrimaryMetricGoal, choice
from hpo_gym.hyperdrive.journal import ChildRow

CURVES = ([0.1, 0.5], [0.5], [], [0.2, 0.1], [0.7], [0.5, 0.3], [-0.5], [0.0])
STATES = ("Completed", "Failed", "Completed", "Canceled", "Failed", "Completed", "Canceled")
STATES += ("Completed",)
GOALS = {"maximize": PrimaryMetricGoal.MAXIMIZE, "minimize": PrimaryMetricGoal.MINIMIZE}


def made_up(folder, monkeypatch, curves, states, goal="maximize", **options):
    """A run whose children have these curves and states."""
    sampling = GridParameterSampling(
        {"thr": choice(0.5), "lr": choice([0.01 * (k + 1) for k in range(len(curves))])}
    )
    run = experiment(folder).submit(
        family_config(
            target=FamilyRunConfig("notebook", epochs=1),
            hyperparameter_sampling=sampling,
            max_total_runs=len(curves),
            primary_metric_goal=GOALS[goal],
            **options,
        )
    )
    run.wait_for_completion()
    rows = [
        row._replace(curve=list(curve), status=state)
        for row, curve, state in zip(run.rows(), curves, states, strict=True)
    ]
    monkeypatch.setattr(type(run), "rows", lambda self: rows if self.id == run.id else [])
    return run


@pytest.fixture(params=["maximize", "minimize"])
def run(request, tmp_path, monkeypatch):
    return made_up(tmp_path, monkeypatch, CURVES, STATES, request.param)


def places(found):
    return [int(child["run_id"].rpartition("_")[2]) for child in found]


def test_children_are_sorted(run):
    goal = run.get_details()["properties"]["primary_metric_config"]
    if "maximize" in goal:
        best_first, worst_first = [4, 0, 1, 5, 3, 7, 6], [6, 7, 3, 0, 1, 5, 4]
    else:
        best_first, worst_first = [6, 7, 0, 3, 5, 1, 4], [4, 1, 5, 0, 3, 7, 6]
    found = run.get_children_sorted_by_primary_metric
    assert places(found()) == [*best_first, 2]
    assert places(found(reverse=True)) == [*worst_first, 2]
    assert places(found(discard_no_metric=True)) == best_first
    assert places(found(top=3)) == best_first[:3]
    assert places(found(top=99)) == [*best_first, 2]
    first, *_, last = found()
    number = best_first[0]
    assert first == {
        "run_id": f"{run.id}_{number}",
        "hyperparameters": json.dumps({"thr": 0.5, "lr": 0.01 * (number + 1)}),
        "best_primary_metric": CURVES[number][0],
        "status": STATES[number],
    }
    assert last["best_primary_metric"] is None
    assert run.get_hyperparameters()[first["run_id"]] == first["hyperparameters"]


def test_bad_arguments_are_assertion_errors_as_there(run):
    for arguments in ({"top": -1}, {"top": "a"}, {"reverse": 1}, {"discard_no_metric": 0}):
        with pytest.raises(AssertionError, match=next(iter(arguments))):
            run.get_children_sorted_by_primary_metric(**arguments)


def test_the_best_run_may_have_failed_unless_it_must_not(tmp_path, monkeypatch):
    run = made_up(tmp_path, monkeypatch, CURVES, STATES)
    best = run.get_best_run_by_primary_metric
    assert best().number == 4
    assert best(include_failed=False).number == 0  # 0 and 1 are equal, 1 has failed
    assert best(include_failed=False, include_canceled=False).number == 0
    monkeypatch.undo()
    least = made_up(tmp_path / "other", monkeypatch, CURVES, STATES, "minimize")
    assert least.get_best_run_by_primary_metric().number == 6
    assert least.get_best_run_by_primary_metric(include_canceled=False).number == 7


def test_no_child_with_a_metric_is_no_best_run(tmp_path, monkeypatch):
    run = made_up(tmp_path, monkeypatch, ([], [math.nan]), ("Completed", "Completed"))
    assert run.get_best_run_by_primary_metric() is None
    assert "best_child_run_id" not in run.get_details()["properties"]
    assert run.get_children_sorted_by_primary_metric(discard_no_metric=True) == []


@pytest.mark.parametrize("goal", GOALS)
def test_what_is_no_finite_number_is_never_the_best(goal):
    row = ChildRow(0, "Completed", {}, [], [math.nan, 0.5, math.inf, 0.4, -math.inf], 0.0)
    assert row.best(goal) == (0.5 if goal == "maximize" else 0.4)
    assert row._replace(curve=[math.inf, -math.inf]).best(goal) is None


@pytest.fixture(scope="module")
def azure():
    with warnings.catch_warnings(action="ignore"):
        return pytest.importorskip("azureml.train.hyperdrive", exc_type=ImportError)


class Stub:
    """As much of a run of Azure's as its functions ask for."""

    def __init__(self, run, goal):
        self._run, self._primary_metric_config = run, {"name": "f1", "goal": goal}
        self.hyperdrive_config = self

    def get_children(self):
        return [StubChild(self._run.id, row) for row in self._run.rows()]

    def get_hyperparameters(self):
        return self._run.get_hyperparameters()


class StubChild:
    def __init__(self, parent, row):
        self.id, self._row = f"{parent}_{row.number}", row

    def get_metrics(self, name):
        curve = self._row.curve
        return {"f1": curve if len(curve) != 1 else curve[0]} if curve else {}

    def get_status(self):
        return self._row.status


@pytest.mark.filterwarnings("ignore")
def test_azure_sorts_alike(azure, run):
    goal = json.loads(run.get_details()["properties"]["primary_metric_config"])["goal"]
    theirs = azure.HyperDriveRun.get_children_sorted_by_primary_metric.__get__(Stub(run, goal))
    for top, reverse, discard in product((0, 1, 3, 99), (False, True), (False, True)):
        arguments = {"top": top, "reverse": reverse, "discard_no_metric": discard}
        ours = run.get_children_sorted_by_primary_metric(**arguments)
        assert ours == theirs(**arguments), arguments
