"""Studies of the learned sampler: threads, hand-over, pickles, resumed studies; distributions."""

from __future__ import annotations

import pickle

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, RandomSampler

from hpo_gym.integrations.optuna import LearnedSampler
from hpo_gym.integrations.optuna_axis import Axis
from tests.support.optuna_studies import Recorder, bowl, conditional, study_of


@pytest.mark.parametrize("jobs", [2, 4])
def test_threads_share_a_sampler(jobs):
    study = study_of()
    study.optimize(bowl, n_trials=24, n_jobs=jobs)
    assert len({tuple(trial.params.values()) for trial in study.trials}) == 24
    assert study.sampler._drafts == {}


class Other(BaseSampler):
    """Says where it was asked."""

    def __init__(self):
        self.calls = []

    def infer_relative_search_space(self, study, trial):
        self.calls.append(("infer", trial.number))
        return {"x": FloatDistribution(-1.0, 1.0)} if trial.number % 2 else {}

    def sample_relative(self, study, trial, search_space):
        return {name: 0.25 for name in search_space}

    def sample_independent(self, study, trial, param_name, param_distribution):
        self.calls.append((param_name, trial.number))
        return param_distribution.to_external_repr(1.0)

    def before_trial(self, study, trial):
        self.calls.append(("before", trial.number))

    def after_trial(self, study, trial, state, values):
        self.calls.append(("after", trial.number))

    def reseed_rng(self):
        self.calls.append(("reseed", None))


def test_the_fallback_takes_over_with_the_same_study():
    policy, other = Recorder(), Other()
    study = study_of(policy, budget=10, hand_over=3, fallback=other)
    study.optimize(bowl, n_trials=5)
    assert len(policy.seen) == 3 + 2
    assert {number for _, number in other.calls} == {3, 4}
    assert other.calls[:3] == [("before", 3), ("infer", 3), ("y", 3)]
    assert study.trials[3].params == {"x": 0.25, "y": 1, "kind": "b"}
    assert study.trials[4].params == {"x": 1.0, "y": 1, "kind": "b"}
    study.sampler.reseed_rng()
    assert other.calls[-1] == ("reseed", None)


def test_beyond_the_budget_optuna_goes_on():
    policy = Recorder()
    study = study_of(policy, budget=4)
    study.optimize(bowl, n_trials=14)
    assert len(policy.seen) == 3 + 3
    assert study.sampler._successors == {}


def test_several_objectives_are_refused_by_name():
    study = optuna.create_study(
        directions=["minimize", "maximize"], sampler=LearnedSampler(budget=5)
    )
    with pytest.raises(ValueError, match="LearnedSampler"):
        study.optimize(lambda trial: (trial.suggest_float("x", 0, 1), 1.0), n_trials=1)


def test_a_pickled_sampler_goes_on_as_the_first():
    study, copied = study_of(), study_of()
    for each in (study, copied):
        each.optimize(bowl, n_trials=4)
    trial = study.ask()
    trial.suggest_float("x", -1.0, 1.0)
    copied.sampler = pickle.loads(pickle.dumps(study.sampler))
    assert copied.sampler._drafts == study.sampler._drafts != {}
    copied.optimize(bowl, n_trials=4)
    assert len(copied.trials) == 8


@pytest.mark.parametrize(
    ("storage", "seed", "budget"),
    [("sqlite", None, 20), ("sqlite", 5, 4), ("journal", 5, 20), ("journal", None, 4)],
)
def test_a_resumed_study_equals_an_uninterrupted_one(tmp_path, storage, seed, budget):
    def stored(name):
        if storage == "sqlite":
            return f"sqlite:///{tmp_path / name}.db"
        backend = optuna.storages.journal.JournalFileBackend(str(tmp_path / f"{name}.log"))
        return optuna.storages.JournalStorage(backend)

    def run(name, *parts):
        for trials in parts:
            study = optuna.create_study(
                storage=stored(name),
                study_name="tuning",
                sampler=LearnedSampler(budget=budget, seed=seed),
                load_if_exists=True,
            )
            study.optimize(conditional, n_trials=trials)
        return [(trial.params, trial.value) for trial in study.trials]

    assert run("parts", 1, 3, 4) == run("whole", 8)


def test_without_a_seed_studies_differ():
    first, second, third = (study_of(seed=seed) for seed in (None, None, 3))
    again = study_of(seed=3)
    for study in (first, second, third, again):
        study.optimize(bowl, n_trials=5)
    assert first.trials[-1].params != second.trials[-1].params
    assert third.trials[-1].params == again.trials[-1].params


@pytest.mark.parametrize(
    "distribution",
    [
        FloatDistribution(-10.2, 10.2, step=0.1),
        FloatDistribution(1e-7, 1.0, log=True),
        FloatDistribution(0.0, 1e13, step=0.5),
        FloatDistribution(1.0, 1.0 + 4e-16, log=True),
        IntDistribution(-10, 10, step=2),
        IntDistribution(1, 1000, log=True),
        IntDistribution(0, 2**60),
        IntDistribution(1, 2**60, log=True),
        CategoricalDistribution([None, 1, "a", 2.5, False]),
    ],
    ids=str,
)
def test_values_of_distributions_there_and_back(distribution):
    sampler, study = RandomSampler(seed=0), optuna.create_study()
    axis = Axis(distribution)
    for _ in range(30):
        trial = study.ask()
        frozen = study.trials[trial.number]
        value = sampler.sample_independent(study, frozen, "x", distribution)
        back = axis.to_trial(axis.to_parameter(value))
        assert back == pytest.approx(value) if isinstance(value, float) else back == value
        assert type(back) is type(value)
        assert distribution._contains(distribution.to_internal_repr(back))


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"budget": 0}, "budget = 0"),
        ({"hand_over": 11}, "hand_over = 11 must be at most budget = 10"),
        ({"hand_over": -1}, "hand_over = -1"),
        ({"seed": 1.5}, "seed = 1.5"),
        ({"policy": "mine"}, "policy = 'mine'"),
        ({"fallback": "tpe"}, "fallback = 'tpe' must be a sampler"),
        ({"patience": 0}, "patience = 0"),
    ],
)
def test_bad_arguments(arguments, match):
    with pytest.raises(ValueError, match=match):
        LearnedSampler(**{"budget": 10, **arguments})
