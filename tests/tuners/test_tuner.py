"""The front door: asking, telling, guards, and states as JSON."""

from __future__ import annotations

import json
from math import inf, nan

import numpy as np
import pytest

from hpo_gym import Categorical, Float, Integer, SearchSpace, Tuner
from tests.support.spaces import MIXED

SPACE = {"x": Float(-1.0, 1.0), "n": Integer(1, 4), "kind": Categorical(["a", "b"])}


def quality(configuration):
    return -(configuration["x"] ** 2) - configuration["n"] + (configuration["kind"] == "b")


class Stubborn:
    """Always proposes one point, and keeps what it was shown."""

    def __init__(self, point=0.2):
        self.point, self.seen = point, []

    def propose(self, space, unit, scores, filler, *, budget):
        self.seen.append((unit.copy(), scores.copy(), filler.copy(), budget))
        return np.full(space.dimension, self.point)


def run(tuner, evaluations):
    asked = []
    for _ in range(evaluations):
        asked.append(tuner.ask())
        tuner.tell(asked[-1], quality(asked[-1]))
    return asked


def test_a_run_is_fixed_by_seed_and_history():
    one, again, other = (run(Tuner(SPACE, budget=12, seed=seed), 12) for seed in (3, 3, 4))
    assert one == again
    assert one != other
    assert all(SearchSpace(SPACE).unit(configuration) for configuration in one)


def test_the_policy_sees_the_history_in_order_with_what_is_running():
    policy = Stubborn()
    space = {"x": Float(0.0, 1.0), "n": Integer(0, 3)}
    tuner = Tuner(space, budget=8, goal="minimize", policy=policy)
    first, second, third = tuner.ask(), tuner.ask(), tuner.ask()
    tuner.tell(second, 5.0)
    tuner.fail(first)
    tuner.ask()
    unit, scores, filler, budget = policy.seen[-1]
    expected = [tuner.space.unit(configuration) for configuration in (second, first, third)]
    np.testing.assert_array_equal(unit, expected)
    np.testing.assert_array_equal(scores, [-5.0, -inf, nan])
    assert filler.shape == (2,)
    assert budget == 8
    assert len({tuple(seen[2]) for seen in policy.seen}) == 4
    assert tuner.running[0] == third


def test_what_was_told_without_being_asked_for_extends_the_plan():
    policy = Stubborn()
    tuner = Tuner(SPACE, budget=2, policy=policy)
    tuner.tell({"x": 0.5, "n": 1, "kind": "a"}, 1.0)
    tuner.ask()
    unit, scores, _, budget = policy.seen[-1]
    assert (len(unit), scores.tolist(), budget) == (1, [1.0], 3)
    tuner.ask()
    with pytest.raises(ValueError, match="budget of 2 evaluations is spent"):
        tuner.ask()
    assert len(tuner.evaluations) == 3


def test_the_start_is_asked_for_first():
    start = {"x": 0.25, "n": np.int64(2), "kind": "b"}
    tuner = Tuner(SPACE, budget=3, start=start)
    tuner.tell({"x": 0.5, "n": 1, "kind": "a"}, 1.0)
    assert tuner.ask() == start
    assert tuner.ask() != start
    with pytest.raises(ValueError, match="n = 9 is outside"):
        Tuner(SPACE, budget=3, start={**start, "n": 9})


def test_nothing_is_evaluated_twice_while_there_is_something_else():
    space = {"n": Integer(1, 5), "kind": Categorical(["a", "b", "c"])}
    tuner = Tuner(space, budget=17, policy=Stubborn(), patience=100)
    asked = [tuner.ask() for _ in range(15)]
    assert len({tuple(configuration.values()) for configuration in asked}) == 15
    for configuration in asked[:7]:
        tuner.tell(configuration, 0.0)
    for configuration in asked[7:]:
        tuner.fail(configuration)
    assert tuner.ask() in asked  # there is nothing else
    # Close ones come first: the choice of the first proposal is kept while it can be.
    assert {configuration["kind"] for configuration in asked[:5]} == {asked[0]["kind"]}


@pytest.mark.parametrize(
    "space",
    [{"x": Float(0.0, 1.0)}, {"n": Integer(1, 5000), "m": Integer(1, 2, log=True)}, MIXED],
    ids=["float", "many", "mixed"],
)
def test_nothing_is_evaluated_twice_in_large_spaces(space):
    tuner = Tuner(space, budget=100, policy=Stubborn(1.0), patience=1000)
    asked = [tuner.ask() for _ in range(100)]
    assert len({tuple(configuration.values()) for configuration in asked}) == 100
    units = np.array([tuner.space.unit(configuration) for configuration in asked])
    assert np.abs(units[1] - units[0]).max() <= 2.0 / 64  # close by


def test_a_tuner_that_is_lost_looks_elsewhere():
    policy = Stubborn()
    tuner = Tuner({"x": Float(0.0, 1.0)}, budget=20, policy=policy, patience=4)
    asked = []
    for i in range(14):
        asked.append(tuner.ask()["x"])
        tuner.tell({"x": asked[-1]}, 1.0 if i == 3 else 0.0)
    called = [len(unit) for unit, *_ in policy.seen]
    # Four evaluations after the improvement, the fourth, and again after four more.
    assert called == [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 13]
    assert abs(asked[8] - 0.6) > 0.01


def test_metrics_are_kept_and_failures_are_no_recommendation():
    tuner = Tuner(SPACE, budget=8, metric="f1")
    first, second, third = tuner.ask(), tuner.ask(), tuner.ask()
    with pytest.raises(ValueError, match="none of 0 evaluations"):
        tuner.recommend()
    tuner.tell(first, {"f1": np.float32(0.5), "loss": 3.0})
    tuner.tell(second, {"f1": nan})
    tuner.tell(third, inf)
    statuses = [evaluation.status for evaluation in tuner.evaluations]
    assert statuses == ["done", "failed", "failed"]
    assert tuner.evaluations[0].metrics == {"f1": 0.5, "loss": 3.0}
    assert tuner.recommend() == first
    for wrong in ({"loss": 1.0}, "good", None, True, [0.5]):
        with pytest.raises(ValueError, match="a number called 'f1'"):
            tuner.tell(first, wrong)
    assert len(tuner.evaluations) == 3


@pytest.mark.parametrize("goal", ["maximize", "minimize"])
def test_the_recommendation_is_the_first_of_the_best(goal):
    tuner = Tuner(SPACE, budget=4, goal=goal)
    asked = [tuner.ask() for _ in range(4)]
    for configuration, score in zip(asked, (2.0, 3.0, 3.0, 2.0), strict=True):
        tuner.tell(configuration, score)
    assert tuner.recommend() == asked[1 if goal == "maximize" else 0]


def test_a_state_survives_json_and_goes_on_alike():
    whole = Tuner(MIXED, budget=20, seed=2**70, start=MIXED.configuration([0.1] * MIXED.dimension))
    for i in range(7):
        configuration = whole.ask()
        if i == 4:
            whole.fail(configuration)
        elif i != 5:  # which is still running
            whole.tell(configuration, {"score": float(i), "seconds": 1.0})
    state = json.loads(json.dumps(whole.state()))
    again = Tuner.from_state(state)
    assert again.evaluations == whole.evaluations
    assert again.running == whole.running
    for i in range(6):
        configuration = whole.ask()
        assert again.ask() == configuration
        for tuner in (whole, again):
            tuner.tell(configuration, float(-i))
    assert again.state() == whole.state()


def test_damaged_states_are_refused():
    tuner = Tuner(SPACE, budget=3)
    tuner.tell(tuner.ask(), 1.0)
    state = tuner.state()
    damages = [
        {"version": 2},
        {"budget": 0},
        {"space": None},
        {"evaluations": [{"status": "done"}]},
        {"evaluations": [{**state["evaluations"][0], "status": "finished"}]},
        {"evaluations": [{**state["evaluations"][0], "asked": False, "status": "running"}]},
        {"evaluations": [{**state["evaluations"][0], "score": None}]},
        {"evaluations": [{**state["evaluations"][0], "configuration": {"x": 5.0}}]},
        {"policy": "oracle"},
        {"more": 1},
    ]
    for damage in damages:
        with pytest.raises(ValueError, match="the state of a tuner"):
            Tuner.from_state({**state, **damage})
    with pytest.raises(ValueError, match="damaged"):
        Tuner.from_state({"version": 1})


def test_a_policy_that_is_an_object_is_given_again():
    state = Tuner(SPACE, budget=3, policy=Stubborn()).state()
    with pytest.raises(ValueError, match="give it as policy="):
        Tuner.from_state(state)
    assert Tuner.from_state(state, policy=Stubborn()).ask()


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"budget": 0}, "budget = 0"),
        ({"budget": 2.0}, "budget = 2.0"),
        ({"seed": -1}, "seed = -1"),
        ({"goal": "maximise"}, r"one of \['maximize', 'minimize'\]"),
        ({"policy": "mine"}, "policy = 'mine'"),
        ({"policy": 3}, "a method `propose`"),
        ({"patience": True}, "patience = True"),
        ({"space": [1]}, "a dict from names"),
    ],
)
def test_bad_arguments(arguments, match):
    with pytest.raises(ValueError, match=match):
        Tuner(**{"space": SPACE, "budget": 4, **arguments})


def test_numbers_of_numpy_are_numbers():
    numbers = {"budget": np.int64(4), "seed": np.int32(1), "patience": np.int8(3)}
    tuner = Tuner(SPACE, **numbers)
    assert tuner.ask() == Tuner(SPACE, budget=4, seed=1, patience=3).ask()
    json.dumps(tuner.state())


@pytest.mark.parametrize("far", [np.finfo(float).max, 1e300])
def test_the_largest_floats_are_scores_like_others(far):
    def run_with(penalty):
        tuner = Tuner(SPACE, budget=16, goal="minimize")
        for _ in range(16):
            asked = tuner.ask()
            tuner.tell(asked, penalty if asked["x"] > 0.3 else -quality(asked))
        return [evaluation.configuration for evaluation in tuner.evaluations]

    assert run_with(far) == run_with(1e9)


def test_metrics_that_are_no_numbers_are_not_kept():
    tuner = Tuner(SPACE, budget=4, metric="f1")
    result = {"f1": np.float32(0.5), "matrix": np.eye(2), "name": "a", "large": 10**400}
    tuner.tell(tuner.ask(), result)
    tuner.tell(tuner.ask(), {"f1": -(10**400)})
    state = json.loads(json.dumps(tuner.state()))
    assert state["evaluations"][0]["metrics"] == {"f1": 0.5, "large": inf}
    assert [evaluation.status for evaluation in tuner.evaluations] == ["done", "failed"]
    again = Tuner.from_state(state)
    assert again.evaluations == tuner.evaluations


@pytest.mark.parametrize("proposed", [None, "a", [0.0], [[0.0] * 4], [0.0, nan, 0.0, 0.0]], ids=str)
def test_a_policy_that_proposes_no_point_is_named(proposed):
    class Broken:
        def propose(self, *history, budget):
            return proposed

    tuner = Tuner(SPACE, budget=4, policy=Broken())
    with pytest.raises(ValueError, match=r"Broken object .* must give 4 finite numbers"):
        tuner.ask()
    assert tuner.evaluations == []
