"""The tuner for classifiers: what it reads, where it begins, whose spaces it tunes."""

from __future__ import annotations

import math

import numpy as np
import pytest

import hpo_gym
from hpo_gym import Categorical, Float, Integer, SearchSpace, Tuner
from hpo_gym.classifier_space import SPACE, is_of_classifier
from hpo_gym.policies.anyspace.policy import AnySpacePolicy
from hpo_gym.policies.classifier.policy import STARTS, ClassifierPolicy

THR, EPOCHS = Float(0.0, 1.0), Integer(1, 100)
LR = Float(1e-4, 10**0.8, log=True)
USUAL = {"thr": THR, "epochs": EPOCHS, "lr": LR}
POLICY = ClassifierPolicy.pretrained()


def f1(configuration):
    """A smooth F1 with its best at thr = 0.35, lr * epochs = 3."""
    product = math.log10(configuration["lr"] * configuration["epochs"] / 3.0)
    return 0.8 * math.exp(-4.0 * (configuration["thr"] - 0.35) ** 2 - 0.3 * product**2)


def test_default_of_load_and_of_the_tuner():
    assert isinstance(hpo_gym.pretrained.load(), ClassifierPolicy)
    assert hpo_gym.pretrained.load(seed=1).description["seed"] == 1
    scores = [
        hpo_gym.pretrained.load(seed=seed).description["validation"]["score"] for seed in range(3)
    ]
    assert hpo_gym.pretrained.load().description["seed"] == np.argmin(scores)
    tuner = Tuner(USUAL, budget=16)
    assert tuner.state()["policy"] == "classifier"
    assert tuner.metric == "f1"
    with pytest.raises(ValueError, match="give both, or none"):
        hpo_gym.pretrained.load("ppo")


@pytest.mark.parametrize(
    ("space", "arguments"),
    [
        ({**USUAL, "momentum": Float(0.0, 1.0)}, {}),
        ({"thr": THR, "epochs": EPOCHS}, {}),
        ({**USUAL, "lr": Float(1e-5, 1.0, log=True)}, {}),
        ({**USUAL, "epochs": Integer(1, 101)}, {}),
        ({**USUAL, "epochs": Float(1.0, 100.0)}, {}),
        ({**USUAL, "thr": Categorical([0.1, 0.5])}, {}),
        ({**USUAL, "thr": Integer(0, 1)}, {}),
        ({**USUAL, "lr": Integer(1, 6)}, {}),
        (USUAL, {"goal": "minimize"}),
        (USUAL, {"metric": "accuracy"}),
        (USUAL, {"policy": "anyspace"}),
    ],
)
def test_what_is_tuned_by_the_tuner_for_any_space(space, arguments):
    tuner = Tuner(space, budget=4, **arguments)
    assert tuner.state()["policy"] == "anyspace"
    assert tuner.metric == arguments.get("metric", "score")
    tuner.tell(tuner.ask(), 7.0)  # of any scale


@pytest.mark.parametrize(
    "space",
    [
        SPACE,
        SearchSpace({"lr": Float(1e-3, 0.5), "epochs": Integer(2, 9, log=True), "thr": THR}),
        SearchSpace({**USUAL, "lr": Float(np.float32(1e-4), np.float32(10**0.8), log=True)}),
    ],
)
def test_spaces_of_classifiers(space):
    assert is_of_classifier(space)


def test_it_begins_where_it_knows_a_good_place():
    first = Tuner(USUAL, budget=16).ask()
    thr, epochs, lr = POLICY.arrays["starts"][0]
    assert first["thr"] == pytest.approx(thr, abs=1e-6)
    assert first["epochs"] == pytest.approx(1.0 + 99.0 * epochs, abs=0.51)
    assert math.log10(first["lr"]) == pytest.approx(4.8 * lr - 4.0, abs=1e-5)
    given = {"thr": 0.5, "epochs": 10, "lr": 0.1}
    assert Tuner(USUAL, budget=16, start=given).ask() == given


@pytest.mark.parametrize(("first", "place"), [("start", 1), ("other", 0)])
def test_the_list_goes_on_where_it_stands(monkeypatch, first, place):
    """A first evaluation of somebody else does not take the place of the list's first."""
    monkeypatch.setattr(ClassifierPolicy, "_point", lambda _, space, unit, scores, gap, *rest: gap)
    tuner = Tuner(USUAL, budget=16)
    tuner.tell(tuner.ask() if first == "start" else {"thr": 0.5, "epochs": 3, "lr": 1e-3}, 0.5)
    shown = tuner.ask()
    assert shown["thr"] == pytest.approx(POLICY.arrays["starts"][place][0], abs=1e-6)


def play(space, budget, seed=0, told=lambda configuration: f1(configuration)):
    tuner = Tuner(space, budget=budget, seed=seed)
    for _ in range(budget):
        configuration = tuner.ask()
        tuner.tell(configuration, told(configuration))
    return tuner


def test_it_finds_the_best():
    found = [play(USUAL, 16, seed).recommend() for seed in range(5)]
    assert np.mean([f1(each) for each in found]) > 0.76
    sobol = [Tuner(USUAL, budget=16, policy="sobol", seed=seed) for seed in range(5)]
    best = [max(f1(tuner.ask()) for _ in range(16)) for tuner in sobol]
    assert np.mean(best) < np.mean([f1(each) for each in found])


def test_order_and_scale_of_the_parameters_do_not_matter():
    turned = {"lr": LR, "thr": THR, "epochs": Integer(1, 100, nearest=True)}
    for one, other in zip(play(SPACE, 12).evaluations, play(turned, 12).evaluations, strict=True):
        for name in USUAL:
            assert one.configuration[name] == pytest.approx(other.configuration[name], rel=1e-4)


def test_narrower_bounds_hold():
    space = {"thr": Float(0.2, 0.4), "epochs": Integer(5, 20), "lr": Float(1e-3, 1e-2)}
    for evaluation in play(space, 20).evaluations:
        values = evaluation.configuration
        assert 0.2 <= values["thr"] <= 0.4 and 5 <= values["epochs"] <= 20
        assert 1e-3 <= values["lr"] <= 1e-2


def test_metrics_may_be_told_by_name():
    others = {"precision": 0.5, "recall": 0.5, "loss": 0.3, "accuracy": 0.9}
    alone, together = play(USUAL, 8), play(USUAL, 8, told=lambda c: {**others, "f1": f1(c)})
    mine, theirs = ([e.configuration for e in t.evaluations] for t in (alone, together))
    assert mine == theirs
    assert together.evaluations[0].metrics["precision"] == 0.5
    with pytest.raises(ValueError, match="number called 'f1'"):
        Tuner(USUAL, budget=1).tell({"thr": 0.5, "epochs": 1, "lr": 0.1}, others)


@pytest.mark.parametrize("score", [1.5, -0.1, 1e300])
def test_what_is_no_f1_is_refused(score):
    tuner = Tuner(USUAL, budget=4)
    configuration = tuner.ask()
    with pytest.raises(ValueError, match=r"F1, in \[0, 1\]; .*anyspace"):
        tuner.tell(configuration, score)
    assert tuner.running == [configuration]
    tuner.tell(configuration, 0.5)


@pytest.mark.parametrize("score", [math.nextafter(1.0, 2.0), np.float32(1.0000001), -1e-17])
def test_an_f1_may_be_off_by_rounding(score):
    tuner = Tuner(USUAL, budget=4)
    tuner.tell(tuner.ask(), score)
    assert tuner.evaluations[0].score == float(score)
    assert set(tuner.ask()) == set(USUAL)


def test_failures_are_no_f1_and_are_told():
    tuner = Tuner(USUAL, budget=8)
    for number in range(8):
        configuration = tuner.ask()
        if number % 3:
            tuner.tell(configuration, f1(configuration))
        else:
            tuner.tell(configuration, math.nan)
    assert [e.status for e in tuner.evaluations].count("failed") == 3


@pytest.mark.parametrize(
    ("space", "arguments", "message"),
    [
        ({"x": Float(0.0, 1.0)}, {}, "not that of a classifier"),
        (USUAL, {"goal": "minimize"}, "goal = 'minimize'"),
    ],
)
def test_refusals(space, arguments, message):
    with pytest.raises(ValueError, match=message):
        Tuner(space, budget=4, policy="classifier", **arguments)


def test_workers_get_different_configurations():
    tuner = Tuner(USUAL, budget=16)
    asked = [tuner.ask() for _ in range(4)]
    while tuner.running:
        configuration = tuner.running[0]
        tuner.tell(configuration, f1(configuration))
        if len(asked) < 16:
            asked.append(tuner.ask())
    units = np.array([SPACE.unit(each) for each in asked])
    distance = np.abs(units[:, None] - units[None]).max(axis=2) + np.eye(16)
    assert distance.min() > 1e-3


def test_large_budgets():
    tuner = play(USUAL, 40)
    assert f1(tuner.recommend()) > 0.785


def test_its_state_goes_through_json():
    tuner = play(USUAL, 6)
    again = Tuner.from_state({**tuner.state(), "budget": 7})
    longer = Tuner.from_state({**tuner.state(), "budget": 7})
    assert again.ask() == longer.ask()
    assert again.metric == "f1"


def test_in_an_optuna_study():
    """The first trial asks for one parameter after the other, before the space is known."""
    optuna = pytest.importorskip("optuna")
    from hpo_gym.integrations.optuna import LearnedSampler

    def objective(trial):
        return f1(
            {
                "lr": trial.suggest_float("lr", 1e-4, 10**0.8, log=True),
                "thr": trial.suggest_float("thr", 0.0, 1.0),
                "epochs": trial.suggest_int("epochs", 1, 100),
            }
        )

    sampler = LearnedSampler(budget=12, policy="classifier", seed=0)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.optimize(objective, n_trials=12)
    first, *_ = asked = [trial.params for trial in study.trials]
    assert first == pytest.approx(Tuner(USUAL, budget=12).ask(), rel=1e-4)
    assert study.best_value > 0.75
    assert len({each["thr"] for each in asked}) > 8


@pytest.mark.parametrize(
    ("direction", "step", "message"),
    [("minimize", 1, "goal = 'minimize'"), ("maximize", 5, "none with a step")],
)
def test_other_studies_are_refused_before_anything_is_evaluated(direction, step, message):
    optuna = pytest.importorskip("optuna")
    from hpo_gym.integrations.optuna import LearnedSampler

    sampler = LearnedSampler(budget=4, policy="classifier", seed=0)
    trial = optuna.create_study(direction=direction, sampler=sampler).ask()
    with pytest.raises(ValueError, match=message):
        trial.suggest_int("epochs", 1, 96, step=step)


def test_a_study_that_tunes_only_a_part_is_refused():
    optuna = pytest.importorskip("optuna")
    from hpo_gym.integrations.optuna import LearnedSampler

    sampler = LearnedSampler(budget=4, policy="classifier", seed=0)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    with pytest.raises(ValueError, match=r"not that of a classifier.*policy='anyspace'"):
        study.optimize(lambda trial: trial.suggest_float("thr", 0.0, 1.0), n_trials=3)
    assert len(study.trials) == 2


def test_arrays_of_another_policy_are_refused():
    with pytest.raises(ValueError, match="algorithm"):
        ClassifierPolicy(POLICY.arrays, AnySpacePolicy.pretrained().description)
    with pytest.raises(ValueError, match="starts"):
        ClassifierPolicy(AnySpacePolicy.pretrained().arrays, POLICY.description)
    assert POLICY.arrays["starts"].shape == (STARTS, 3)
