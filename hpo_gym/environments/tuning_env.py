"""`TuningEnv`: one tuning run as a Gymnasium environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.error import ResetNeeded
from numpy.typing import NDArray

from hpo_gym import rng
from hpo_gym.arrays import Floats
from hpo_gym.families import Family
from hpo_gym.rendering import Record, Renderer, Trail
from hpo_gym.tuning.dynamics import Dynamics
from hpo_gym.tuning.observations import History
from hpo_gym.tuning.options import Options
from hpo_gym.tuning.state import State

_XP = Floats()


class TuningEnv(gym.Env[NDArray[np.float32], Any]):
    """Tune a classifier: propose or adjust (thr, epochs, lr), earn the gain of F1, pay for epochs.

    ## Description
    An episode is one tuning run. Every action evaluates a configuration of one *task*, here a
    closed-form model of a classifier's training; the *incumbent* is the best configuration
    observed so far. The reward is what the incumbent gained, minus the cost of the evaluation. The
    budget is ``max_evaluations``. The optimum is known (three one-dimensional problems, solved to
    the last bits), so the regret in ``info`` is exact.

    `FictitiousHPO-v0` is one fixed model: it measures optimisation under cost. A policy can learn
    its optimum by heart, so it does not measure adaptation to unseen tasks. That is what
    `FictitiousHPOFamily-v0` and `BinormalHPOFamily-v0` measure: every reset draws a new task from
    the bank of the option ``split`` ("train" of 131,072 tasks; "validation", "test" and "shifted"
    of 4,096), nothing is known at the start, metrics are noisy, 16 evaluations are all, and the
    observation is the history. See `hpo_gym.families.fictitious.family` and
    `hpo_gym.families.binormal.family` for what is drawn.

    ## Action Space
    | `action` | space | meaning | min | max |
    |---|---|---|---|---|
    | "propose" | `Box(-1, 1, (3,), float32)` | absolute unit configuration | -1 | 1 |
    | "adjust" | `Box(-1, 1, (3,), float32)` | move, 1 = `adjust_step` of the range | -1 | 1 |
    | "nudge" | `Discrete(7)` | 0 stay, 2i + 1 down, 2i + 2 up in parameter i | 0 | 6 |

    A component a is clipped to [-1, 1]; with x = (a + 1) / 2, thr = x0, epochs = rint(1 + 99 x1),
    log10 lr = -4 + 4.8 x2. "adjust" and "nudge" move the last evaluated configuration; a nudge is
    0.1 of the range; moves are clipped at the walls, and evaluated and paid all the same. With
    ``stop=True`` a Box has a 4th component (> 0 stops) and Discrete an 8th action: the episode
    ends at no cost, without an evaluation.

    ## Observation Space
    `Box(float32)`; "summary" has 14 components (for d parameters and M metrics, 2d + M + 3):

    | index | content | min | max |
    |---|---|---|---|
    | 0-2 | last unit configuration | -1 | 1 |
    | 3-7 | its precision, recall, loss / (1 + loss), accuracy, F1, as observed | 0 | 1 |
    | 8-10 | the incumbent's unit configuration | -1 | 1 |
    | 11 | its observed score | 0 | 1 |
    | 12 | budget left | 0 | 1 |
    | 13 | known: 0 before any evaluation, 1 after | 0 | 1 |

    "history" appends one row [unit configuration, metrics, filled = 1] per evaluation, with zeros
    for those to come; the start, if it is evaluated, is the first.
    `hpo_gym.tuning.observations.Layout` decodes both. No component depends on the optimum or on
    noise-free values.

    ## Rewards
    With the noise-free score s (F1; accuracy; 1 / (1 + loss)) and cost = evaluation_cost +
    epoch_cost x epochs / 100:

    | `reward` | formula | range |
    |---|---|---|
    | "f1_gain" | s(new incumbent) - s(old incumbent) - cost | [-1 - cost, 1 - cost] |
    | "f1_delta" | s(now) - s(before) - cost | [-1 - cost, 1 - cost] |
    | "log_regret" | f1_gain - 0.3 log10(clip(its regret, 1e-3, 1)) | up to 0.9 more |

    Without noise f1_gain is at least -cost, which is 0.0022 to 0.022 by default.

    ## Starting State
    ``start="random"``: a uniformly drawn configuration, evaluated at no cost. A configuration:
    that one. "none": nothing is known, the incumbent's score is 0 ("propose" only).

    ## Episode End
    Terminated when the budget is exhausted, or by a stop. Never truncated: the budget left is
    part of the observation. A further step raises `gymnasium.error.ResetNeeded`.

    ## Information
    The same keys at reset and at every step. float: thr, lr, precision, recall, loss, accuracy,
    f1, best_f1 (all as observed), regret (noise-free, of the incumbent, relative to the optimum),
    cost, total_cost. int: epochs, evaluations, task (-1 for a model given to `reset`). bool:
    is_success (regret <= 0.01). Names are those of the family's parameters and metrics. With
    ``start="none"`` they are 0 at reset, and the regret is 1.

    ## Arguments
    The options are documented in `hpo_gym.tuning.options.Options`; all can be written as JSON.
    ``reset(options={"start": configuration, "model": constants})`` sets one episode, and
    ``{"task": index}`` its task.

    Example:
        >>> import gymnasium as gym
        >>> env = gym.make("hpo_gym:FictitiousHPO-v0")
        >>> start = {"thr": 0.3, "epochs": 10, "lr": 1e-4}
        >>> observation, info = env.reset(seed=0, options={"start": start})
        >>> round(info["f1"], 6)
        0.084327
        >>> observation, reward, terminated, truncated, info = env.step([0.0, 0.6, 0.4])
        >>> info["epochs"], round(info["f1"], 6), round(reward, 6)
        (80, 0.769354, 0.667027)

    ## Version History
    * v0: first version.
    """

    metadata: dict[str, Any] = {"render_modes": ["ansi", "rgb_array"], "render_fps": 4}

    def __init__(
        self,
        *,
        family: str | Mapping[str, Any] | Family = "notebook",
        split: str = "train",
        task: int | None = None,
        action: str = "propose",
        adjust_step: float = 0.2,
        stop: bool = False,
        reward: str = "f1_gain",
        metric: str = "f1",
        evaluation_cost: float = 0.002,
        epoch_cost: float = 0.02,
        max_evaluations: int = 20,
        start: str | Mapping[str, float] | Sequence[float] = "random",
        noise: float | None = None,
        observation: str = "summary",
        render_mode: str | None = None,
    ) -> None:
        self.dynamics = Dynamics(
            Options(
                family=family,
                split=split,
                task=task,
                action=action,
                adjust_step=adjust_step,
                stop=stop,
                reward=reward,
                metric=metric,
                evaluation_cost=evaluation_cost,
                epoch_cost=epoch_cost,
                max_evaluations=max_evaluations,
                start=start,
                noise=noise,
                observation=observation,
            )
        )
        self.render_mode = render_mode
        self._renderer = Renderer(self.dynamics, render_mode, self.metadata["render_modes"])
        self._trail = Trail(None, [])
        self.action_space: gym.Space[Any] = self.dynamics.mode.space()
        self.observation_space: gym.Space[Any] = self.dynamics.layout.space()
        self._info_names = tuple(self.dynamics.info_types)
        self._integer_names = [p.name for p in self.dynamics.space.parameters if p.integer]
        self._history = History(self.dynamics.layout, 1)
        self._keeps_history = self.dynamics.layout.rows > 0
        self._state: State | None = None
        self._over = False
        self._generator: np.random.Generator | None = None
        self._word = 0
        self._resets = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Begin an episode.

        Args:
            seed: Seeds the environment; the same seed gives the same episodes.
            options: ``{"start": configuration}`` replaces the start of this one episode,
                ``{"model": constants}`` or ``{"task": index}`` its task.

        Returns:
            The observation and the info of the start.

        Raises:
            ValueError: An option is unknown or not valid; the running episode goes on.
        """
        if options and np.ndim(options.get("task", 0)):
            raise ValueError(
                f"options['task'] = {options['task']!r} must be one whole number here; a vector "
                "environment takes one per row"
            )
        episode = self.dynamics.read_episode(options)
        super().reset(seed=seed)
        self._state = state = self.dynamics.reset(self._next_key(), episode, _XP)
        self._over = False
        if self._keeps_history:
            self._history.clear(slice(None))
            if self.dynamics.layout.start_evaluated:
                self._remember(state)
        info = self._info(state)
        if self.render_mode is not None:
            self._trail = Trail(state.tasks, [Record(state.unit, info, None)])
        return self._observation(state), info

    def step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Evaluate the configuration that the action asks for.

        Args:
            action: An element of the action space; a Box's components are clipped.

        Returns:
            Observation, reward, terminated, truncated (always False) and info.

        Raises:
            ValueError: The action has the wrong shape or kind or is NaN; nothing was evaluated.
            ResetNeeded: There is no running episode.
        """
        if self._state is None or self._over:
            raise ResetNeeded("the episode is over or has not begun: call reset() before step()")
        columns = self.dynamics.mode.read(action)
        before = self._state
        state, reward, self._over = self.dynamics.step(before, columns, _XP)
        self._state = state
        if self._keeps_history and state.evaluations > before.evaluations:
            self._remember(state)
        info = self._info(state)
        if self.render_mode is not None:
            self._trail.records.append(Record(state.unit, info, reward))
        return self._observation(state), reward, self._over, False, info

    def render(self) -> Any:
        """The frame of the current state: text for "ansi", (height, width, 3) for "rgb_array"."""
        if self.render_mode is None:
            gym.logger.warn("render() needs a render_mode: pass render_mode='rgb_array' to make()")
            return None
        if self._state is None:
            raise ResetNeeded("there is nothing to render: call reset() before render()")
        return self._renderer.frame(self._trail)

    def _next_key(self) -> int:
        """Key of the next episode: a hash of the seed and the number of resets since."""
        if self.np_random is not self._generator:  # seeded anew, or replaced by hand
            self._generator = self.np_random
            self._word, self._resets = rng.seed_word(self), 0
        key = rng.derive(self._word, self._resets)
        self._resets += 1
        return int(key)

    def _remember(self, state: State) -> None:
        columns = (*state.unit, *self.dynamics.features(state, _XP))
        self._history.write(state.evaluations, columns, 0)

    def _observation(self, state: State) -> NDArray[np.float32]:
        unit, features, best_unit, rest = self.dynamics.observation(state, _XP)
        summary = np.array((*unit, *features, *best_unit, *rest), dtype=np.float32)
        if not self._keeps_history:
            return summary
        return np.concatenate((summary, self._history.block.reshape(-1)))

    def _info(self, state: State) -> dict[str, Any]:
        info = dict(zip(self._info_names, self.dynamics.info(state, _XP), strict=True))
        for name in self._integer_names:
            info[name] = int(info[name])
        return info
