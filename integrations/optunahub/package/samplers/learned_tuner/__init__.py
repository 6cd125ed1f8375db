"""The learned tuner of hpo_gym as a package of OptunaHub."""

from hpo_gym.integrations.optuna import LearnedSampler

__all__ = ["LearnedSampler"]
