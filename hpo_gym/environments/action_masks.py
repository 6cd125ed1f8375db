"""What algorithms that mask actions ask of an environment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium.error import ResetNeeded
from numpy.typing import NDArray

from hpo_gym.tuning.process import TuningProcess


class ActionMasks:
    """Adds `action_masks`, as sb3-contrib's MaskablePPO asks for them, to a shell."""

    process: TuningProcess
    _state: Any

    @property
    def action_masks(self) -> Callable[[], NDArray[np.bool_]]:
        """Called, gives (n,) bool, of a vector environment (N, n): False for moves into a wall.

        Staying and stopping are always allowed. A property, for it is there with discrete actions
        only: libraries look whether an environment has it.

        Raises:
            AttributeError: The actions are not discrete.
        """
        mode = self.process.mode
        if not mode.discrete:
            raise AttributeError(
                f"action_masks needs discrete actions, not action={mode.name!r}: make the "
                "environment with action='nudge'"
            )
        return self._masks

    def _masks(self) -> NDArray[np.bool_]:
        if self._state is None:
            raise ResetNeeded("there is nothing to mask: call reset() before action_masks()")
        return self.process.mode.masks(self._state.unit)
