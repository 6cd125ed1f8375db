"""The tuning process: propose, adjust or nudge a configuration, and evaluate it."""

from hpo_gym.tuning.observations import Encoder
from hpo_gym.tuning.options import Options
from hpo_gym.tuning.problem import Problem
from hpo_gym.tuning.process import TuningProcess
from hpo_gym.tuning.trials import Observation, Trial

__all__ = ["Encoder", "Observation", "Options", "Problem", "Trial", "TuningProcess"]
