"""Families keep their contract, and the check of it finds what breaks it."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from hpo_gym import (
    Float,
    SearchSpace,
    TuningEnv,
    TuningVectorEnv,
    make_family,
    register_family,
)
from hpo_gym.arrays import Vectors
from hpo_gym.families import (
    BealeFamily,
    BinormalFamily,
    Family,
    FictitiousFamily,
    NotebookFamily,
    RoughFamily,
)
from hpo_gym.families.classifier import Metrics
from hpo_gym.families.names import RESERVED
from hpo_gym.rng import uniforms
from hpo_gym.testing import check_family

ROWS = Vectors()
KINDS = (FictitiousFamily, BealeFamily, BinormalFamily, RoughFamily, NotebookFamily)

FAMILIES = [
    "notebook",
    "beale",
    {"name": "notebook", "k_accuracy": 0.8, "precision_slope": 60, "recall_slope": 5},
    {"name": "notebook", "accuracy_lr_slope": -0.4, "accuracy_lr_intercept": 2.3},
    {"name": "notebook", "loss_epochs_decay": -0.001, "precision_floor": 0.0},
    {"name": "notebook", "recall_offset": 0.5, "recall_slope": 30.0},  # best at thr = 0
]


@pytest.mark.parametrize("family", FAMILIES, ids=str)
def test_conformance(family):
    check_family(family)


class Lopsided(NotebookFamily):
    """Each of its mistakes is switched on by name."""

    name = "lopsided"

    def __init__(self, mistake="none"):
        super().__init__()
        self.mistake = mistake
        if mistake == "resource":
            self.resource_parameter = "seconds"
        self.calls = 0

    def noiseless(self, parameters, scaled, xp):
        metrics = Metrics(*super().noiseless(parameters, scaled, xp))
        if self.mistake == "one row differs" and isinstance(scaled[0], float):
            return metrics._replace(f1=metrics.f1 * (1.0 + 1e-15))
        if self.mistake == "above the optimum":
            return metrics._replace(f1=xp.where(abs(scaled[0] - 0.3) < 0.05, 1.0, metrics.f1))
        if self.mistake == "metrics too large":
            return metrics._replace(accuracy=2.0 * metrics.accuracy)
        if self.mistake == "NaN":
            return metrics._replace(loss=xp.where(scaled[1] > 99.0, float("nan"), metrics.loss))
        return metrics

    def score(self, metrics, metric, xp):
        score = super().score(metrics, metric, xp)
        if self.mistake == "goal" or (self.mistake == "error is maximised" and metric == "loss"):
            return 1.0 - score
        return score

    def metrics_of(self, features, xp):
        metrics = super().metrics_of(features, xp)
        if self.mistake == "features of something else":
            return (*metrics[:2], features[2], *metrics[3:])
        return metrics

    def frontier(self, parameters, metric):
        levels, score = super().frontier(parameters, metric)
        if self.mistake == "frontier claims too much":
            return levels, score + 1e-6
        if self.mistake == "dearest first":
            return tuple(level[::-1] for level in levels), score[::-1]
        return levels, score

    def observe(self, parameters, metrics, noise, draws, xp):
        self.calls += 1
        if self.mistake == "noise with memory":
            draws = tuple((draw + 0.1 * self.calls) % 1.0 for draw in draws)
        if self.mistake == "noise without draws":
            draws = tuple(0.0 * draw + 0.3 for draw in draws)
        return super().observe(parameters, metrics, noise, draws, xp)

    def describe(self):
        return {
            **{"name": self.name, "version": self.version, "mistake": self.mistake},
            **({"version": 7} if self.mistake == "version" else {}),
        }


register_family(Lopsided)


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        ("one row differs", "one row differs from many"),
        ("above the optimum", "is exceeded by"),
        ("metrics too large", "leaves \\[0, 1\\]"),
        ("goal", "does not maximise"),
        ("error is maximised", "the score of 'loss' does not minimise it"),
        ("features of something else", "not the inverse of features.*'loss' changes by"),
        ("resource", "resource_parameter = 'seconds' is not one of .*'thr', 'epochs', 'lr'"),
        ("NaN", "metric 'loss' is NaN at {'thr': .*'epochs': 100.0.*set may_fail = True"),
        ("frontier claims too much", "off the truth"),
        ("dearest first", "cheapest level must come first"),
        ("noise with memory", "equal draws, other noise"),
        ("noise without draws", "hardly change any metric"),
    ],
)
def test_conformance_finds_mistakes(mistake, words):
    with pytest.raises(AssertionError, match=words):
        check_family(Lopsided(mistake))


def test_conformance_accepts_the_same_family_without_mistakes():
    check_family(Lopsided())


def test_conformance_finds_descriptions_that_lie():
    with pytest.raises(AssertionError, match=r"describe\(\) must .* at version 1, not 7"):
        check_family(Lopsided("version"))


def test_registering():
    assert register_family(Lopsided) is Lopsided  # again is fine

    class Other(BealeFamily):
        name = "beale"

    Other.__qualname__ = Other.__name__
    namesake = type("BealeFamily", (Other,), {"__module__": __name__})
    for other in (Other, namesake):
        with pytest.raises(ValueError, match="'beale' is registered already"):
            register_family(other)
    assert type(make_family("beale")) is BealeFamily


class Shadowed(BealeFamily):
    """Keeps a value of its own where the environment looks for a method."""

    name = "shadowed"

    def __init__(self):
        self.best = 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_all_info_keys_are_reserved(kind):
    """Else a parameter or a metric could hide one."""
    for make in (TuningEnv, partial(TuningVectorEnv, 2)):
        env = make(family=kind(), metric=next(iter(kind.goals)), stop=True)
        own = {*kind.space.names, *kind.metrics, *(f"best_{metric}" for metric in kind.goals)}
        own |= {f"_{name}" for name in (*own, *RESERVED)}
        assert set(env.reset(seed=0)[1]) <= own | set(RESERVED)


def of_names(parameter, metric):
    """A class of families with these names."""
    space = SearchSpace({parameter: Float(0.0, 1.0)})
    facts = {"space": space, "metrics": (metric,), "goals": {metric: "maximise"}}
    return type("Named", (Family,), {"name": "named", **facts})


@pytest.mark.parametrize(
    ("parameter", "metric"),
    [
        *[(name, "m") for name in (*RESERVED, "m", "best_m", "_m", "_task", "_best_m")],
        *[("x", name) for name in ("task", "_x", "final_info", "terminal_observation")],
    ],
)
def test_names_of_infos_are_refused_at_registration(parameter, metric):
    with pytest.raises(ValueError, match=r"'named' has parameters or metrics called \['"):
        register_family(of_names(parameter, metric))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (5, "family 5 is 5, not a class of families"),
        (int, "family <class 'int'> is .* not a class of families"),
        (BealeFamily(), "not a class of families: give its class, BealeFamily"),
        (Family, "needs a name, such as name = 'mine', not None"),
        (type("Named", (BealeFamily,), {"name": 3}), "needs a name, .* not 3"),
        (
            type("Best", (BealeFamily,), {"name": "b", "best": 1}),
            r"called \['best'\], .* methods of K",
        ),
    ],
)
def test_what_cannot_be_registered(given, words):
    with pytest.raises(ValueError, match=words):
        register_family(given)


def test_attributes_do_not_hide_methods():
    with pytest.raises(ValueError, match=r"'shadowed' has attributes called \['best'\], which are"):
        TuningEnv(family=Shadowed(), metric="f")


@pytest.mark.parametrize(
    ("family", "words"),
    [
        (BealeFamily, r"or a Family: give an instance, BealeFamily\(\)"),
        (5, "family = 5 must be a name, a dict with a 'name', or a Family"),
        ("fictional", "unknown family 'fictional'; known families: .*'fictitious'"),
        ({}, "unknown family None"),
        ({"name": "notebook", "k_f1": 1.0}, "k_f1"),
        ({"name": "beale", "k_f1": 1.0}, "k_f1"),
        ({"name": "notebook", "version": 99}, "version 1, not 99"),
        ({"name": "notebook", "k_accuracy": 2.0}, "accuracy"),
    ],
)
def test_families_that_do_not_exist(family, words):
    with pytest.raises(ValueError, match=words):
        make_family(family)


def test_make_family_gives_families_back():
    family = make_family("beale")
    assert make_family(family) is family
    assert isinstance(family, Family)


def test_description_names_what_differs():
    family = make_family({"name": "notebook", "k_accuracy": 0.9, "recall_slope": 20.0})
    assert family.describe() == {"name": "notebook", "version": 1, "k_accuracy": 0.9}
    assert make_family(family.describe()).model == family.model


def test_noise_of_the_fictitious_family():
    """Its distribution is the documented one."""
    family = make_family("notebook")
    rows, sigma = 200_000, 0.05
    exact = tuple(np.full(rows, value) for value in (0.6, 0.5, 2.0, 0.7, 0.5))
    keys = np.arange(rows, dtype=np.uint64) * np.uint64(2**40 + 1)
    draws = uniforms(keys, 4)
    noisy = family.observe(None, exact, sigma, draws, ROWS)
    for column, mean, deviation in zip(
        noisy[:4], (0.6, 0.5, 2.0, 0.7), (sigma, sigma, 2.0 * sigma, sigma), strict=True
    ):
        assert column.mean() == pytest.approx(mean, abs=6 * deviation / np.sqrt(rows))
        assert column.std() == pytest.approx(deviation, rel=0.01)
    precision, recall, f1 = noisy[0], noisy[1], noisy[4]
    np.testing.assert_allclose(f1, 2 * precision * recall / (precision + recall), rtol=1e-14)
    assert np.abs(np.corrcoef(noisy[:4]) - np.eye(4)).max() < 0.01
    large = family.observe(None, exact, 1.0, draws, ROWS)
    for column in (large[0], large[1], large[3]):
        assert column.min() == 0.0
        assert column.max() == 1.0
    assert large[2].min() == 0.0
    assert large[4].min() == 0.0
    assert np.isfinite(large).all()


def test_scores():
    fictitious, beale = make_family("notebook"), make_family("beale")
    metrics = tuple(np.array([value]) for value in (0.6, 0.5, 3.0, 0.7, 0.55))
    assert fictitious.score(metrics, "f1", ROWS) == 0.55
    assert fictitious.score(metrics, "accuracy", ROWS) == 0.7
    assert fictitious.score(metrics, "loss", ROWS) == 0.25
    features = [column[0] for column in fictitious.features(metrics, ROWS)]
    assert features == [0.6, 0.5, 0.75, 0.7, 0.55]
    for value, score in ((0.0, 1.0), (415071.703125, 0.0), (99.0, 1 - 2 / np.log10(415072.703125))):
        found = beale.score((np.array([value]),), "f", ROWS)
        assert found == pytest.approx(score, abs=1e-15)
    assert fictitious.resource((0.5, 30.0, -1.0)) == 30.0
    assert beale.resource((0.5, 3.0)) == 0.0
    for family in (fictitious, beale):
        read = family.metrics_of(family.features(metrics[: len(family.metrics)], ROWS), ROWS)
        np.testing.assert_allclose(read, metrics[: len(family.metrics)], rtol=1e-12)
