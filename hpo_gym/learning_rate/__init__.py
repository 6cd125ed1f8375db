"""The third process: one running training, whose learning rate is set block by block."""

from hpo_gym.learning_rate.options import LearningRateOptions
from hpo_gym.learning_rate.process import LearningRateProcess

__all__ = ["LearningRateOptions", "LearningRateProcess"]
