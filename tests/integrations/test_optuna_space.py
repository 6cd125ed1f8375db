"""Search spaces as Optuna's distributions."""

from __future__ import annotations

import sys

import numpy as np
import optuna
import pytest

from hpo_gym.integrations.optuna_space import optuna_distributions
from tests.support.spaces import MIXED


def test_distributions_have_the_bounds_and_kinds_of_the_parameters():
    of = optuna.distributions
    found = optuna_distributions(MIXED)
    assert list(found) == list(MIXED.names)
    assert found["dropout"] == of.FloatDistribution(0.0, 0.5)
    assert found["lr"] == of.FloatDistribution(1e-5, 1e-1, log=True)
    assert found["layers"] == of.IntDistribution(1, 8)
    assert found["width"] == of.IntDistribution(16, 1024, log=True)
    assert found["optimizer"] == of.CategoricalDistribution(("adam", "sgd", "rmsprop"))


def test_configurations_are_trials_and_back():
    distributions = optuna_distributions(MIXED)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for unit in np.random.default_rng(0).uniform(-1.0, 1.0, size=(20, MIXED.dimension)):
        configuration = MIXED.configuration(unit)
        trial = optuna.trial.create_trial(
            params=configuration, distributions=distributions, value=0.0
        )
        study.add_trial(trial)
        asked = study.ask(distributions)
        assert MIXED.unit(asked.params)
    assert study.trials[0].params.keys() == configuration.keys()


def test_without_optuna_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ImportError, match=r"needs optuna: pip install 'hpo-gym\[bench\]'"):
        optuna_distributions(MIXED)
