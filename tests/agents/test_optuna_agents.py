"""Optuna's samplers as agents: the same trials as in a study by hand, in the same order."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import numpy as np
import optuna
import pytest
from walks import play

import hpo_gym
from agents.searches.optuna_search import OptunaAgent
from hpo_gym.testing import check_agent
from hpo_gym.tuners import build_agent

DISTRIBUTIONS = {
    "thr": optuna.distributions.FloatDistribution(0.0, 1.0),
    "epochs": optuna.distributions.IntDistribution(1, 100),
    "lr": optuna.distributions.FloatDistribution(10**-4, 10**0.8, log=True),
}
CLASSES = {"tpe": "TPESampler", "gp": "GPSampler", "cma-es": "CmaEsSampler"}


def make_env(budget: int, **options: Any) -> hpo_gym.TuningEnv:
    return hpo_gym.TuningEnv(max_evaluations=budget, noise=0.05, **{"start": "none"} | options)


@pytest.mark.parametrize(
    ("sampler", "budget", "rows", "steps"), [("tpe", 7, 2, 9), ("cma-es", 7, 2, 9), ("gp", 3, 1, 4)]
)
def test_contract(sampler: str, budget: int, rows: int, steps: int) -> None:
    env = partial(make_env, budget)
    settings = {"sampler": sampler, "startup_trials": 2}
    check_agent(
        partial(build_agent, OptunaAgent, env(), seed=3, **settings),
        env,
        rows=rows,
        steps=steps,
        stochastic=True,
    )


@pytest.mark.parametrize(
    ("sampler", "budget", "metric"),
    [("tpe", 16, "f1"), ("tpe", 16, "loss"), ("cma-es", 16, "accuracy"), ("gp", 6, "f1")],
)
def test_trials_are_those_of_a_study_by_hand(
    sampler: str, budget: int, metric: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = getattr(optuna.samplers, CLASSES[sampler])
    settings: list[dict[str, Any]] = []

    def recorded(**given: Any) -> Any:
        settings.append(given)
        return original(**given)

    monkeypatch.setattr(optuna.samplers, CLASSES[sampler], recorded)
    env = make_env(budget, metric=metric)
    infos = play(build_agent(OptunaAgent, env, sampler=sampler, startup_trials=4), env)
    (given,) = settings
    assert given.keys() == {"seed", "n_startup_trials"} and given["n_startup_trials"] == 4
    study = optuna.create_study(direction="maximize", sampler=original(**given))
    for info in infos:
        trial = study.ask(DISTRIBUTIONS)
        assert trial.params["epochs"] == info["epochs"]
        assert trial.params["thr"] == pytest.approx(info["thr"], abs=1e-6)
        assert trial.params["lr"] == pytest.approx(info["lr"], rel=1e-5)
        value = info[metric] / (1.0 + info[metric]) if metric == "loss" else info[metric]
        value = float(np.float32(value))  # as the observation shows it
        study.tell(trial, 1.0 - value if metric == "loss" else value)


def test_whole_epochs_survive_the_way_through_an_action() -> None:
    env = make_env(1)
    space = env.process.space
    env = make_env(100)
    env.reset(seed=0)
    for epochs in range(1, 101):
        unit = space.unit({"thr": 0.5, "epochs": epochs, "lr": 0.1})
        assert space.configuration(np.float32(unit))["epochs"] == epochs
        assert env.step(np.float32(unit))[4]["epochs"] == epochs


def test_initial_configurations_come_first_in_their_order() -> None:
    env = make_env(4)
    units = np.array([[1.0, 1.0, 1.0], [-1.0, -1.0, -1.0], [0.25, 0.1, -0.3]])
    one, other = (
        play(
            build_agent(OptunaAgent, env, sampler="gp", startup_trials=3, seed=seed, initial=units),
            env,
        )
        for seed in (0, 9)
    )
    for unit, info in zip(units, one, strict=False):
        wanted = env.process.space.configuration(unit)
        assert {name: info[name] for name in wanted} == pytest.approx(wanted, rel=1e-6, abs=1e-7)
    assert (one[0]["epochs"], one[1]["epochs"]) == (100, 1)
    # The Gaussian process takes over at the fourth: random trials would differ far more.
    assert one[3]["thr"] == pytest.approx(other[3]["thr"], abs=0.05)
    assert one[3]["epochs"] == pytest.approx(other[3]["epochs"], abs=5)


def test_cma_es_begins_at_the_best_initial_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    original, given = optuna.samplers.CmaEsSampler, []

    def recorded(**settings: Any) -> Any:
        given.append(settings)
        return original(**settings)

    monkeypatch.setattr(optuna.samplers, "CmaEsSampler", recorded)
    env, units = make_env(6), [[0.9, 0.9, 0.9], [0.0, 0.5, 0.5], [-0.9, -0.9, -0.9]]
    infos = play(build_agent(OptunaAgent, env, sampler="cma-es", initial=units), env)
    best = max(range(3), key=lambda number: infos[number]["f1"])
    assert given[-1]["x0"] == pytest.approx(env.process.space.configuration(units[best]), rel=1e-5)
    play(build_agent(OptunaAgent, env, sampler="cma-es"), env)
    assert "x0" not in given[-1]  # a control


def test_start_up_trials_are_random_and_then_the_model_decides() -> None:
    env = make_env(6)
    four, five = (
        play(build_agent(OptunaAgent, env, sampler="tpe", startup_trials=count), env)
        for count in (4, 5)
    )
    assert [i["thr"] for i in four[:4]] == [i["thr"] for i in five[:4]]
    assert four[4]["thr"] != five[4]["thr"]


def test_an_evaluated_start_is_a_finished_trial() -> None:
    env = make_env(3, start={"thr": 0.4, "epochs": 7, "lr": 0.01})
    agent = build_agent(OptunaAgent, env)
    seen, info = env.reset(seed=2)
    _, state = agent.predict(seen)
    first, second = state.asked[0]._search._study.trials
    assert first.params == pytest.approx({"thr": 0.4, "epochs": 7, "lr": 0.01}, rel=1e-6)
    assert first.value == pytest.approx(info["f1"], abs=1e-7)
    assert (first.state.name, second.state.name) == ("COMPLETE", "RUNNING")


def test_optuna_is_silent_and_left_as_it_was(caplog: pytest.LogCaptureFixture) -> None:
    optuna.logging.set_verbosity(optuna.logging.INFO)
    env = make_env(3)
    play(build_agent(OptunaAgent, env, sampler="cma-es"), env)
    assert optuna.logging.get_verbosity() == optuna.logging.INFO
    assert caplog.text == ""
    optuna.create_study()
    assert "A new study created" in caplog.text


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"sampler": "grid"},
            r"sampler = 'grid' must be one of \['cma-es', 'gp', 'random', 'tpe'\]",
        ),
        ({"startup_trials": -1}, "startup_trials = -1 must be None or >= 0"),
    ],
)
def test_mistakes_are_explained(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build_agent(OptunaAgent, make_env(3), **settings)


@pytest.mark.parametrize(
    ("missing", "sampler"), [("optuna", "tpe"), ("cmaes", "cma-es"), ("torch", "gp")]
)
def test_without_a_library_the_extra_is_named(
    missing: str, sampler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ImportError, match=rf"needs {missing}: pip install 'hpo-gym\[bench\]'"):
        build_agent(OptunaAgent, make_env(3), sampler=sampler)
