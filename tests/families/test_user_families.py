"""Families as users write them: what they must define, what they need not know, how they travel."""

from __future__ import annotations

import json

import numpy as np
import pytest
from foreign.blind import Blind
from foreign.impure import Counting
from foreign.rmse import Ridge

from hpo_gym import make_family, rng
from hpo_gym.arrays import Floats, Vectors
from hpo_gym.families import BealeFamily, Family, KnownOptimum, require_optimum
from hpo_gym.parameters import Float
from hpo_gym.space import SearchSpace
from hpo_gym.testing import check_family

ROW, ROWS = Floats(), Vectors()


@pytest.mark.parametrize("family", [Ridge, Blind, Counting])
def test_conformance(family):
    check_family(family())


@pytest.mark.parametrize("family", [Ridge, Blind, Counting])
def test_other_processes_find_them_by_module(family, run_python):
    description = family().describe()
    assert description == {"name": f"{family.__module__}:{family.__name__}", "version": 1}
    assert type(make_family(description["name"])) is family
    script = (
        "import sys; sys.path.insert(0, 'tests/support')\n"
        "from hpo_gym.families import make_family\n"
        f"print(make_family({json.dumps(description)}).describe())"
    )
    assert run_python(script).strip() == str(description)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no_such_module:Ridge", "cannot be imported: No module named 'no_such_module'"),
        ("foreign.rmse:Rigde", "cannot be imported: .*no attribute 'Rigde'"),
        ("foreign.rmse:Ridge.name", "is 'ridge', not a class of families"),
        ("foreign.rmse:np", "not a class of families"),
        (":Ridge", "cannot be imported"),
        ({"name": "foreign.rmse:Ridge", "version": 2}, "is at version 1, not 2"),
        ({"name": "foreign.rmse:Ridge", "width": 2}, r"with the parameters \['width'\]"),
    ],
)
def test_classes_that_do_not_exist(name, words):
    with pytest.raises(ValueError, match=words):
        make_family(name)


def test_a_minimised_metric_by_any_name():
    """Score and features come from the goal alone."""
    ridge = Ridge()
    (rmse,) = ridge.noiseless(None, (0.7,), ROW)
    assert rmse == pytest.approx(1.1)
    assert ridge.score((rmse,), "rmse", ROW) == 1.0 / (1.0 + rmse)
    (shown,) = ridge.features((rmse,), ROW)
    assert shown == rmse / (1.0 + rmse)
    assert ridge.metrics_of((shown,), ROW)[0] == pytest.approx(rmse, rel=1e-15)
    assert ridge.true_score(None, (0.7,), "rmse", ROW) == 1.0 / (1.0 + rmse)
    assert ridge.optimum(None, "rmse") == ((0.2,), 1.0 / 1.1)
    assert ridge.tasks("test", 0, "rmse") == (None, 1.0 / 1.1)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_huge_metric_that_was_rounded_is_finite_again(kind):
    shown = np.array([1.0, 1.0 - 2.0**-24], dtype=kind)
    (rmse,) = Ridge().metrics_of((shown,), ROWS)
    assert np.isfinite(rmse).all()
    assert rmse[0] >= 1e11
    assert rmse[1] == pytest.approx(2.0**24, rel=1e-6)


def test_resource_is_the_natural_value_of_its_parameter():
    blind = Blind()
    assert blind.resource((-1.0, 2.0)) == pytest.approx(100.0)
    wide = np.array([-1.0, -1.0]), np.array([0.0, 1.0])
    np.testing.assert_allclose(blind.resource(wide), [1.0, 10.0])
    assert Ridge().resource((0.4,)) == 0.0


def test_what_needs_an_optimum_refuses_by_name():
    assert isinstance(require_optimum(Ridge(), "regret"), KnownOptimum)
    with pytest.raises(ValueError, match=r"regret needs the best .* 'blind' does not know"):
        require_optimum(Blind(), "regret")


def test_an_impure_family_is_evaluated_once_a_point():
    counting = Counting()
    check_family(counting)
    assert len(counting.asked) == 16 * len(counting.sizes)
    with pytest.raises(NotImplementedError, match="'counting' is impure"):
        counting.noiseless(None, (0.5, 2.0), ROW)
    with pytest.raises(NotImplementedError, match="'counting' is impure"):
        counting.true_score(None, (0.5, 2.0), "gain", ROW)


class Failing(Counting):
    """NaN on the right half."""

    def evaluate(self, parameters, scaled, noise, draws, xp):
        observed = super().evaluate(parameters, scaled, noise, draws, xp)[1]
        return (observed if scaled[0] <= 0.0 else (float("nan"),),) * 2


class SaidToFail(Failing):
    may_fail = True


def test_an_impure_family_may_fail_if_it_says_so():
    check_family(SaidToFail())
    with pytest.raises(AssertionError, match=r"metric 'gain' is NaN at \{'x': 1.0"):
        check_family(Failing())


class Jumpy(Family):
    """Observed together with the exact metric; the draw is no normal: it chooses one of four."""

    name, metrics, goals = "jumpy", ("gain",), {"gain": "maximise"}
    space = SearchSpace({"x": Float(0.0, 1.0)})
    noise, draws = None, 1

    def evaluate(self, parameters, scaled, noise, draws, xp):
        gain = 0.5 * scaled[0]
        return (gain,), (gain + 0.1 * xp.rint(3.0 * draws[0]),)


def test_evaluate_alone_is_enough():
    check_family(Jumpy())
    assert Jumpy().noiseless(None, (0.5,), ROW) == (0.25,)
    seen = [Jumpy().evaluate(None, (0.0,), None, rng.uniforms(key, 1), ROW) for key in range(400)]
    gains = np.array([observed[0] for _, observed in seen])
    assert np.mean(gains == 0.1) == pytest.approx(1.0 / 3.0, abs=0.07)
    assert sorted({*gains.round(6).tolist()}) == [0.0, 0.1, 0.2, 0.3]


class Wide(Family):
    """Twenty parameters: three levels of each would be 3.5 billion corners."""

    name, metrics, goals = "wide", ("gain",), {"gain": "maximise"}
    space = SearchSpace({f"x{i}": Float(0.0, 1.0) for i in range(20)})

    def noiseless(self, parameters, scaled, xp):
        return (sum(scaled) / 20.0,)


class Unfinished(Family):
    name, metrics, goals = "unfinished", ("gain",), {"gain": "maximise"}
    space = SearchSpace({"x": Float(0.0, 1.0)})


def test_many_parameters():
    check_family(Wide())


def test_a_family_must_evaluate():
    with pytest.raises(AssertionError, match="'unfinished' must define noiseless or evaluate"):
        check_family(Unfinished())


def test_features_need_their_inverse():
    with pytest.raises(TypeError, match="Halved overrides `features`: override `metrics_of`"):

        class Halved(Ridge):
            def features(self, metrics, xp):
                return (0.5 * metrics[0],)

    class Whole(BealeFamily):
        def score(self, metrics, metric, xp):
            return super().score(metrics, metric, xp)

    assert Whole.metrics_of is BealeFamily.metrics_of


class Forgetful(Ridge):
    """Environments are told another best score than `best_score`."""

    def tasks(self, split, index, metric):
        return None, 1.0


def test_environments_must_be_told_the_best_score():
    with pytest.raises(AssertionError, match=r"tasks: best score 1\.0, not 0\.909"):
        check_family(Forgetful())
