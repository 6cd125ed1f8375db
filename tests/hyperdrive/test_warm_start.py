"""Runs that go on from earlier ones: what of these is refused, and by whom."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from hpo_gym.hyperdrive import (
    BayesianParameterSampling,
    FamilyRunConfig,
    HyperDriveConfig,
    HyperDriveConfigException,
    PrimaryMetricGoal,
    RandomParameterSampling,
    uniform,
)

RANDOM = RandomParameterSampling({"thr": uniform(0, 1)})
BAYESIAN = BayesianParameterSampling({"thr": uniform(0, 1)})
NARROWER = BayesianParameterSampling({"thr": uniform(0, 0.5)})
MAXIMIZE = PrimaryMetricGoal.MAXIMIZE


def config(sampling=RANDOM, metric="f1", goal=MAXIMIZE, total=20, **more):
    return HyperDriveConfig(
        sampling, metric, goal, total, run_config=FamilyRunConfig("notebook"), **more
    )


def run(name="old", status="Completed", children=4, **settings):
    return SimpleNamespace(
        id=name,
        get_status=lambda: status,
        get_children=lambda: range(children),
        hyperdrive_config=config(**settings),
    )


def child(name="old_0", status="Canceled", parent="old"):
    return SimpleNamespace(id=name, get_status=lambda: status, parent=SimpleNamespace(id=parent))


def test_what_is_taken():
    old = run()
    assert config(resume_from=old).resume_from == (old,)
    five = [run(str(i), children=196) for i in range(5)]
    assert config(resume_from=five).resume_from == tuple(five)  # 5 x 196 + 20 = 1000
    assert config(BAYESIAN, resume_from=run(sampling=BAYESIAN)).resume_from
    assert config(resume_from=run(sampling=BAYESIAN, status="Canceled")).resume_from
    ended = [child("a"), child("b", "Failed"), child("c", "Completed", "older")]
    assert config(resume_child_runs=ended).resume_child_runs == tuple(ended)
    assert config(resume_child_runs=ended[0]).resume_child_runs == (ended[0],)


def _words(value):
    """Ids that are alike in every process: without addresses."""
    return value if isinstance(value, str) else "arguments"


@pytest.mark.parametrize(
    ("arguments", "by", "words"),
    [
        ({"resume_from": [run() for _ in range(6)]}, "SDK", "has 6 parents; .* at most 5"),
        ({"resume_from": child()}, "SDK", "children go to resume_child_runs"),
        ({"resume_from": run(status="Running")}, "service", "old is 'Running', not 'Completed' or"),
        ({"resume_from": run(status="Failed")}, "service", "old is 'Failed'"),
        ({"resume_from": run(metric="loss")}, "SDK", "primary_metric_name = 'f1' .* old .*'loss'"),
        ({"resume_from": run(goal=PrimaryMetricGoal.MINIMIZE)}, "SDK", "primary_metric_goal = "),
        ({"resume_from": run(children=981)}, "service", "1001 runs, .* must be at most 1000"),
        (
            {"sampling": BAYESIAN, "resume_from": run(sampling=NARROWER)},
            "service",
            "parameter_space = .* Bayesian sampling learns from it",
        ),
        ({"resume_child_runs": [child(str(i)) for i in range(21)]}, "SDK", "21 runs, more than"),
        ({"resume_child_runs": [child(), child()]}, "SDK", "'old_0'. names a run twice"),
        ({"resume_child_runs": child(status="Running")}, "SDK", "old_0 is 'Running', not one of"),
        (
            {"resume_child_runs": [child(str(i), parent=str(i)) for i in range(6)]},
            "SDK",
            "resume_child_runs has 6 parents",
        ),
    ],
    ids=_words,
)
def test_what_is_refused(arguments, by, words):
    with pytest.raises(HyperDriveConfigException, match=words) as error:
        config(**arguments)
    assert error.value.by == by
