"""The third process: one running training, whose learning rate is set block by block."""

from hpo_gym.learning_rate.options import Options
from hpo_gym.learning_rate.process import LearningRateProcess

__all__ = ["LearningRateProcess", "Options"]
