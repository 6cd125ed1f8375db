"""Optuna's own tests of samplers."""

from __future__ import annotations

import pytest
from optuna.samplers import TPESampler
from optuna.testing.pytest_samplers import (
    BasicSamplerTestCase,
    RelativeSamplerTestCase,
    SingleOnlySamplerTestCase,
)

from hpo_gym.integrations.optuna import LearnedSampler


class _Learned:
    @pytest.fixture
    def sampler(self):
        return lambda: LearnedSampler(budget=200)


class _HandingOver:
    @pytest.fixture
    def sampler(self):
        return lambda: LearnedSampler(
            budget=20, hand_over=5, fallback=TPESampler(n_startup_trials=0)
        )


class TestLearnedBasic(_Learned, BasicSamplerTestCase):
    pass


class TestLearnedRelative(_Learned, RelativeSamplerTestCase):
    pass


class TestLearnedSingleOnly(_Learned, SingleOnlySamplerTestCase):
    pass


class TestHandingOverBasic(_HandingOver, BasicSamplerTestCase):
    pass


class TestHandingOverRelative(_HandingOver, RelativeSamplerTestCase):
    pass


class TestHandingOverSingleOnly(_HandingOver, SingleOnlySamplerTestCase):
    pass
