"""`SchedulingVectorEnv`: many scheduling episodes stepped as one, in NumPy."""

from __future__ import annotations

from typing import Any

from gymnasium.vector import AutoresetMode

from hpo_gym.environments.time_limit import check_time_limit
from hpo_gym.scheduling.options import SchedulingOptions
from hpo_gym.scheduling.process import SchedulingProcess
from hpo_gym.shells.vector import VectorShell
from hpo_gym.tasks.options import shows


class SchedulingVectorEnv(VectorShell):
    """N environments of `SchedulingEnv` in one object, equal to them row by row.

    Takes the options of `SchedulingEnv`, and those of its `reset`, where ``task`` may also be an
    array (N,), one index per row. Row i seeded with s behaves as `SchedulingEnv` seeded with s + i,
    episode after episode.

    Args:
        num_envs: Number of rows N.
        autoreset_mode: "NextStep" (default), "SameStep" or "Disabled", or Gymnasium's enum.
        max_episode_steps: As in `TuningVectorEnv`.
    """

    process: SchedulingProcess

    @shows(SchedulingOptions)
    def __init__(
        self,
        num_envs: int = 1,
        *,
        render_mode: str | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        max_episode_steps: int | None = None,
        **options: Any,
    ) -> None:
        process = SchedulingProcess(SchedulingOptions(**options))
        check_time_limit(max_episode_steps, process.most_steps, "budget")
        super().__init__(
            process,
            num_envs,
            autoreset_mode=autoreset_mode,
            render_mode=render_mode,
            infos=process.options.infos,
        )
