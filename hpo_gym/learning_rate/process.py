"""The process of learning rates: the tuning process of one parameter, in one running training.

An action is a learning rate, an evaluation the next block of epochs of the training that runs. All
else, from the observation to the reward, is that of `hpo_gym.tuning.process.TuningProcess`.
"""

from __future__ import annotations

from hpo_gym.arrays import Column, Columns, Namespace
from hpo_gym.learning_rate.options import LearningRateOptions
from hpo_gym.tasks.reset_options import Episodes
from hpo_gym.tuning.process import TuningProcess
from hpo_gym.tuning.state import Action, State


class LearningRateProcess(TuningProcess):
    """Trainings of a family under a set of options.

    Args:
        options: The options.

    Attributes:
        scheduled: The family's trainings.
    """

    def __init__(self, options: LearningRateOptions) -> None:
        self.scheduled = options.made_family
        super().__init__(options.tuning)

    def _info_types(self) -> dict[str, type]:
        return {**super()._info_types(), "epochs": int}

    def begin(self, key: Column, turn: Column, episode: Episodes, xp: Namespace) -> State:
        """Begin trainings; see `hpo_gym.shells.process.Process.begin`."""
        state = super().begin(key, turn, episode, xp)
        parameters = self.scheduled.untrained(state.tasks.parameters, key)
        return state._replace(tasks=state.tasks._replace(parameters=parameters))

    def step(self, state: State, action: Action, xp: Namespace) -> tuple[State, Column, Column]:
        """Train the next blocks; see `TuningProcess.step`. A training that failed is over."""
        (log_lr,) = self.space.scaled(self.mode.target(state.unit, action[0], xp), xp)
        parameters = self.scheduled.advanced(state.tasks.parameters, log_lr, xp)
        ahead = state._replace(tasks=state.tasks._replace(parameters=parameters))
        after, reward, over = super().step(ahead, action, xp)
        return after, reward, over | after.failed

    def info(self, state: State, xp: Namespace) -> Columns:
        """Values of the info dictionary, in the order of `info_types`."""
        epochs = state.evaluations * self.scheduled.block_epochs
        return [*super().info(state, xp), epochs]
