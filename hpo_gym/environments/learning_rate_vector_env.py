"""`LearningRateVectorEnv`: many trainings stepped as one, in NumPy."""

from __future__ import annotations

from typing import Any

from gymnasium.vector import AutoresetMode

from hpo_gym.environments.time_limit import check_time_limit
from hpo_gym.learning_rate import LearningRateOptions, LearningRateProcess
from hpo_gym.rendering import TuningRenderer
from hpo_gym.shells.vector import VectorShell
from hpo_gym.tasks.options import shows


class LearningRateVectorEnv(VectorShell):
    """N environments of `LearningRateEnv` in one object, equal to them row by row.

    Takes the options of `LearningRateEnv`, and those of its `reset`, where ``task`` may also be an
    array (N,), one index per row. Row i seeded with s behaves as `LearningRateEnv` seeded with
    s + i, episode after episode. Every array that is returned is fresh; observations are in
    Fortran order.

    Args:
        num_envs: Number of rows N.
        autoreset_mode: "NextStep" (default), "SameStep" or "Disabled", or Gymnasium's enum.
        render_mode: "ansi" or "rgb_array": `render` returns a tuple of N frames.
        max_episode_steps: What Gymnasium passes for a registered id that has a time limit. None,
            -1 and limits that no episode reaches are accepted.
    """

    process: LearningRateProcess

    @shows(LearningRateOptions)
    def __init__(
        self,
        num_envs: int = 1,
        *,
        render_mode: str | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        max_episode_steps: int | None = None,
        **options: Any,
    ) -> None:
        process = LearningRateProcess(LearningRateOptions(**options))
        check_time_limit(max_episode_steps, process.options.max_evaluations, "max_epochs")
        super().__init__(
            process,
            num_envs,
            autoreset_mode=autoreset_mode,
            render_mode=render_mode,
            renderer=TuningRenderer(process),
            infos=process.options.infos,
        )
