"""The scheduling process: workers on a virtual clock, and what they are to do.

When a worker is free, the agent decides what it does: see `hpo_gym.scheduling.actions`. A *grant*
lets a worker train a run to its next report, and takes as many worker-epochs from the budget. The
clock stands still while workers are asked; when all have been asked it goes on to the next report,
of equal times that of the first worker. After a report every worker without work is asked again,
the one that has reported first. What cannot be done is a wait; a wait while nobody works, and
workers without work when the budget pays for no block, end the episode.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from hpo_gym.arrays import Column, Columns, Namespace, Vectors
from hpo_gym.families import KnownOptimum
from hpo_gym.families.names import check_names
from hpo_gym.scheduling.actions import Action, ActionFormat
from hpo_gym.scheduling.choices import ChoiceFormat
from hpo_gym.scheduling.grants import Granter
from hpo_gym.scheduling.observations import SchedulingEncoder
from hpo_gym.scheduling.options import SchedulingOptions
from hpo_gym.scheduling.reports import Reporter
from hpo_gym.scheduling.rungs import RungEncoder
from hpo_gym.scheduling.state import State, begun
from hpo_gym.tasks.columns import SUCCESS_REGRET, merge_tasks
from hpo_gym.tasks.reset_options import Episodes, TaskReader

LEAST_REGRET = 1e-3
"""The reward "anytime" asks for no less."""


class SchedulingProcess:
    """The scheduling of runs on a family's tasks under a set of options.

    Args:
        options: The options.

    Attributes:
        options: The options.
        family: The family that they name.
        encoder: The layout of the runs, and of the observation "curves".
        rungs: The layout of the observation "rungs", if it is that one.
        format: The format of actions.
        knows_optimum: Whether the regret is known.
        info_types: Names and types of the info's values, in order.
    """

    def __init__(self, options: SchedulingOptions) -> None:
        self.options = options
        self.family = options.made_family
        check_names(self.family)
        dimension = self.family.space.dimension - 1
        self.encoder = SchedulingEncoder(
            dimension, options.ladder, options.max_runs, options.budget
        )
        self.format: ActionFormat | ChoiceFormat = ActionFormat(self.encoder)
        if options.action == "choose":
            self.format = ChoiceFormat(self.encoder, options.sampler, options.starts)
        self.rungs = RungEncoder(self.encoder) if options.observation == "rungs" else None
        self.knows_optimum = isinstance(self.family, KnownOptimum)
        self._reader = TaskReader(self.family, options)
        self._granter = Granter(options, self.encoder)
        self._reporter = Reporter(options, self.encoder)
        self._longest = options.budget / min(options.worker_speeds)
        self.info_types = self._info_types()

    def _info_types(self) -> dict[str, type]:
        family, known = self.family, self.knows_optimum
        return {
            **{name: p.dtype for name, p in family.space.parameters.items()},
            **dict.fromkeys(family.metrics, float),
            f"best_{self.options.metric}": float,
            **({"regret": float} if known else {}),
            **dict.fromkeys(("cost", "total_cost", "time"), float),
            **dict.fromkeys(("granted", "run", "runs", "task"), int),
            **({"is_success": bool} if known else {}),
        }

    @property
    def most_steps(self) -> int:
        """No episode has more: after each report every worker is asked once."""
        options, reports = self.options, len(self.encoder.reports)
        grants = min(options.budget, options.max_runs * reports)
        return (grants + 1) * options.workers

    @cached_property
    def interface(self) -> dict[str, Any]:
        """What a policy must share with an environment: what observations and actions mean."""
        return {
            "parameters": list(self.family.space.names),
            "reports": list(self.encoder.reports),
            "max_runs": self.encoder.max_runs,
            "observation": self.options.observation,
            "observation_size": (self.rungs or self.encoder).size,
            "action": self.options.action,
            "action_size": self.format.size,
        }

    def action_space(self) -> spaces.Box | spaces.Discrete[Any]:
        """A fresh action space of one row."""
        return self.format.space()

    def observation_space(self) -> spaces.Box:
        """A fresh observation space of one row."""
        return (self.rungs or self.encoder).space()

    def read(self, action: Any) -> Action:
        """Check one row's action; see `ActionReader.read`."""
        return Action(np.array([self.format.read(action)]).T, None)

    def read_rows(self, actions: Any, rows: int, ignored: NDArray[Any] | None) -> Action:
        """Check the actions of N rows; see `ActionReader.read_rows`."""
        return Action(np.asarray(self.format.read_rows(actions, rows, ignored)), ignored)

    def read_episode(
        self, options: Mapping[str, Any] | None, rows: NDArray[Any] | None = None
    ) -> Episodes:
        """Check the options of a reset; see `TaskReader`."""
        return self._reader.read(options, rows)

    def begin(self, key: Column, turn: Column, episode: Episodes, xp: Namespace) -> State:
        """Begin episodes: no run has been started; see `hpo_gym.shells.process.Process.begin`."""
        options, family = self.options, self.family
        keys = np.atleast_1d(np.asarray(key, dtype=np.uint64))
        tasks = self._reader.begin(keys, np.atleast_1d(turn), episode)
        sizes = (
            options.max_runs,
            self.encoder.row_size,
            options.workers,
            len(family.space.parameters),
            len(family.metrics),
        )
        return begun(tasks, keys, sizes, options.budget)

    def step(self, state: State, action: Action, xp: Namespace) -> tuple[State, Column, Column]:
        """Grant what the actions ask for, and go on to the next worker that asks.

        Args:
            state: The state; it stays as it is.
            action: What `read` or `read_rows` returned.
            xp: Array namespace.

        Returns:
            The new state, the reward, and whether the episode is over.
        """
        granted = self._granter.grant(state, self.format.grants(state, action))
        after, over = self._reporter.next(granted, action.ignored)
        reward = self._reward(state, after)
        if isinstance(xp, Vectors):
            return after, reward, over
        return after, float(reward[0]), bool(over[0])

    def _reward(self, before: State, after: State) -> NDArray[np.float64]:
        if self.options.reward == "anytime":
            fall = self._log_regret(before) - self._log_regret(after)
            return np.asarray(fall * after.left / self.options.budget)
        return np.asarray(after.best_true_score - before.best_true_score - after.cost)

    def _log_regret(self, state: State) -> NDArray[np.float64]:
        return np.asarray(np.log10(np.clip(self.regret(state), LEAST_REGRET, 1.0)))

    def merge(self, old: State, new: State, rows: NDArray[np.intp]) -> State:
        """A state with `old`'s rows, but for those at ``rows``, which are `new`'s."""
        tasks = merge_tasks(old.tasks, new.tasks, rows, len(old.key), self.family)
        fields = {}
        for name, mine, theirs in zip(State._fields[1:], old[1:], new[1:], strict=True):
            fields[name] = mine.copy()
            fields[name][..., rows] = theirs
        return State(tasks, **fields)

    def regret(self, state: State) -> NDArray[np.float64]:
        """(N,) noise-free normalised regret of the incumbent."""
        best = state.tasks.best_possible
        return np.asarray((best - state.best_true_score) / best)

    def observation(self, state: State, xp: Namespace) -> tuple[Columns, ...]:
        """The columns of the observation, in groups."""
        if self.rungs is not None:
            groups: list[Any] = [self.rungs.columns(state.table, state.left)]
        else:
            groups = [self._head(state), state.table.reshape(-1, state.table.shape[-1])]
        if isinstance(xp, Vectors):
            return tuple(groups)
        first, *rest = [np.asarray(group, dtype=np.float32)[:, 0] for group in groups]
        return (first.tolist(), *rest)

    def _head(self, state: State) -> tuple[Column, ...]:
        """What the observation "curves" begins with."""
        idle = np.count_nonzero(state.run < 0, axis=0) - 1.0
        return (
            state.clock / self._longest,
            state.left / self.options.budget,
            np.maximum(state.best_score, 0.0),
            np.maximum(idle, 0.0) / max(len(state.run) - 1, 1),
        )

    def info(self, state: State, xp: Namespace) -> Columns:
        """Values of the info dictionary, in the order of `info_types`."""
        known = self.knows_optimum
        regret = self.regret(state) if known else 0.0
        values = [
            *state.natural,
            *state.metrics,
            state.best_metric,
            *((regret,) if known else ()),
            state.cost,
            state.total_cost,
            state.clock,
            self.options.budget - state.left,
            state.shown,
            state.started,
            state.tasks.index,
            *((regret <= SUCCESS_REGRET,) if known else ()),
        ]
        if isinstance(xp, Vectors):
            return values
        return [np.reshape(value, -1)[0].item() for value in values]

    def close(self) -> None:
        """Release what the family holds."""
        self.family.close()
