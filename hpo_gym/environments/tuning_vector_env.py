"""`TuningVectorEnv`: many tuning runs stepped as one, in NumPy."""

from __future__ import annotations

from typing import Any

from gymnasium.vector import AutoresetMode

from hpo_gym.environments.action_masks import ActionMasks
from hpo_gym.environments.time_limit import check_time_limit
from hpo_gym.rendering import TuningRenderer
from hpo_gym.shells.vector import VectorShell
from hpo_gym.tasks.options import shows
from hpo_gym.tuning.options import Options
from hpo_gym.tuning.process import TuningProcess


class TuningVectorEnv(ActionMasks, VectorShell):
    """N environments of `TuningEnv` in one object, equal to them row by row.

    Takes the options of `TuningEnv`, and those of its `reset`, where ``task`` may also be an array
    (N,), one index per row; ``{"rows": [dict, ...]}`` gives every row options of its own. Row i
    seeded with s behaves as `TuningEnv` seeded with s + i, episode
    after episode. Every array that is returned is fresh; observations are in Fortran order, as
    Gymnasium's own vector environments return them.

    Args:
        num_envs: Number of rows N.
        autoreset_mode: "NextStep" (default), "SameStep" or "Disabled", or Gymnasium's enum.
        render_mode: "ansi" or "rgb_array": `render` returns a tuple of N frames.
        max_episode_steps: What Gymnasium passes for a registered id that has a time limit. None,
            -1 and limits that no episode reaches are accepted.
    """

    process: TuningProcess

    @shows(Options)
    def __init__(
        self,
        num_envs: int = 1,
        *,
        render_mode: str | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        max_episode_steps: int | None = None,
        **options: Any,
    ) -> None:
        process = TuningProcess(Options(**options))
        check_time_limit(max_episode_steps, process.options.max_evaluations, "max_evaluations")
        super().__init__(
            process,
            num_envs,
            autoreset_mode=autoreset_mode,
            render_mode=render_mode,
            renderer=TuningRenderer(process),
            infos=process.options.infos,
        )
