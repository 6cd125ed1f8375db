"""The tuning process, once, for one row or N rows.

`TuningProcess` turns a family into a Markov decision process on columns: with `Floats` every column
is a Python number, with `Vectors` an array, and the same lines serve both shells. States are
immutable: a step returns a new one, so that an error leaves the old one as it was. No row is
evaluated that was not asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from hpo_gym.arrays import Column, Columns, Namespace
from hpo_gym.families import KnownOptimum
from hpo_gym.families.names import check_names
from hpo_gym.tasks.columns import SUCCESS_REGRET, Tasks
from hpo_gym.tasks.reset_options import Episodes
from hpo_gym.tuning.actions import ActionMode
from hpo_gym.tuning.evaluator import Evaluation, Evaluator
from hpo_gym.tuning.merging import merge
from hpo_gym.tuning.observations import Encoder
from hpo_gym.tuning.options import Options
from hpo_gym.tuning.problem import Problem
from hpo_gym.tuning.reset_options import EpisodeReader
from hpo_gym.tuning.rewards import REWARDS
from hpo_gym.tuning.state import Action, State, unless


class TuningProcess:
    """The tuning of a family's tasks under a set of options.

    Args:
        options: The options.

    Attributes:
        options: The options.
        family: The family that they name.
        space: Its search space.
        mode: The action mode.
        encoder: The encoder of observations.
        knows_optimum: Whether the regret is known.
        evaluator: Evaluates configurations.
        info_types: Names and types of the info's values, in order.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.family = options.made_family
        self.space = self.family.space
        self.mode = ActionMode(options, self.space.dimension)
        self.encoder = Encoder(
            self.family,
            options.metric,
            max_evaluations=options.max_evaluations,
            observation=options.observation,
            start_evaluated=options.start != "none",
        )
        self.evaluator = Evaluator(self.family, self.encoder, options)
        self._reader = EpisodeReader(self.family, options)
        self._reward = REWARDS[options.reward]
        self._metric = self.family.metrics.index(options.metric)
        self._budget = options.max_evaluations
        self.knows_optimum = isinstance(self.family, KnownOptimum)
        self._always_known = self.encoder.start_evaluated and not self.encoder.guarded
        self.info_types = self._info_types()

    def _info_types(self) -> dict[str, type]:
        check_names(self.family)
        return {
            **{name: p.dtype for name, p in self.space.parameters.items()},
            **dict.fromkeys(self.family.metrics, float),
            f"best_{self.options.metric}": float,
            **({"regret": float} if self.knows_optimum else {}),
            **dict.fromkeys(("cost", "total_cost"), float),
            **dict.fromkeys(("evaluations", "task"), int),
            **({"is_success": bool} if self.knows_optimum else {}),
            **({"failed": bool} if self.encoder.guarded else {}),
        }

    @cached_property
    def problem(self) -> Problem:
        """What a tuner may know."""
        return Problem.of(self.options, self.mode, self.encoder)

    @property
    def interface(self) -> dict[str, Any]:
        """What a policy must share with an environment."""
        return self.problem.interface

    def action_space(self) -> spaces.Box | spaces.Discrete[Any]:
        """A fresh action space of one row."""
        return self.mode.space()

    def observation_space(self) -> spaces.Box:
        """A fresh observation space of one row."""
        return self.encoder.space()

    def read(self, action: Any) -> Action:
        """Check one row's action; see `ActionMode.read`."""
        columns, mode = self.mode.read(action), self.mode
        return columns, mode.stop and bool(mode.stops(columns))

    def read_rows(self, actions: Any, rows: int, ignored: NDArray[Any] | None) -> Action:
        """Check the actions of N rows; see `ActionMode.read_rows`."""
        columns = self.mode.read_rows(actions, rows, ignored)
        skipped: Any = self.mode.stops(columns) if self.mode.stop else False
        if ignored is not None:
            skipped = skipped | ignored
        return columns, skipped if np.any(skipped) else False

    def read_episode(
        self, options: Mapping[str, Any] | None, rows: NDArray[Any] | None = None
    ) -> Episodes:
        """Check the options of a reset; see `EpisodeReader`."""
        return self._reader.read(options, rows)

    def tasks(self, index: Column) -> Tasks:
        """The tasks with these indices in the option's split."""
        return self._reader.tasks(index)

    def begin(self, key: Column, turn: Column, episode: Episodes, xp: Namespace) -> State:
        """Begin episodes; see `hpo_gym.shells.process.Process.begin`.

        What all rows share is one number in the state, until rows differ.
        """
        tasks = self._reader.begin(key, turn, episode)
        zeros = (0.0,) * self.space.dimension
        state = State(
            tasks,
            key,
            unit=zeros,
            scaled=(0.0,) * len(self.space.parameters),
            metrics=(0.0,) * len(self.family.metrics),
            best_unit=zeros,
            history=self.encoder.history.empty(key) if self.encoder.rows else (),
        )
        if not self.encoder.start_evaluated:
            return state
        unit = self._reader.start(key, episode, xp)
        scaled = self.space.scaled(unit, xp)
        seen = self.evaluator.evaluate(tasks.parameters, key, 0, scaled, xp)
        metrics, score, true_score, failed = seen
        state = state._replace(
            unit=unit,
            scaled=scaled,
            metrics=metrics,
            true_score=true_score,
            failed=failed,
            best_unit=unit if failed is False else xp.select(failed, zeros, tuple(unit)),
            best_metric=metrics[self._metric],
            best_score=score,
            best_true_score=true_score,
        )
        return self._noted(state, xp) if self.encoder.rows else state

    def step(self, state: State, action: Action, xp: Namespace) -> tuple[State, Column, Column]:
        """Evaluate what the actions ask for.

        Args:
            state: The state; it stays as it is.
            action: What `read` or `read_rows` returned.
            xp: Array namespace.

        Returns:
            The new state, the reward, and whether the episode is over.
        """
        columns, skipped = action
        if skipped is True or (skipped is not False and skipped.all()):  # nobody evaluates
            return state._replace(cost=0.0), 0.0, True
        count = state.evaluations + 1
        unit = self.mode.target(state.unit, columns, xp)
        scaled = self.space.scaled(unit, xp)
        if skipped is False:
            seen = self.evaluator.evaluate(state.tasks.parameters, state.key, count, scaled, xp)
        else:
            seen = self.evaluator.evaluate_some(state, count, scaled, skipped, xp)
        after = self._after(state, unit, scaled, seen, xp)
        reward = self._reward(state, after, xp)
        over = count >= self._budget
        if skipped is not False:
            after = unless(skipped, state._replace(cost=0.0 * after.cost), after, xp)
            reward, over = xp.where(skipped, 0.0, reward), over | skipped
        if self.encoder.rows:
            after = self._noted(after, xp)
        return after, reward, over

    def _after(
        self, before: State, unit: Columns, scaled: Columns, seen: Evaluation, xp: Namespace
    ) -> State:
        """The state after an evaluation of every row."""
        metrics, score, true_score, failed = seen
        cost = self.evaluator.cost(scaled)
        better = score > before.best_score
        metric = metrics[self._metric]
        best_score = xp.where(better, score, before.best_score)
        best_metric = best_true_score = best_score
        if metric is not score:
            best_metric = xp.where(better, metric, before.best_metric)
        if true_score is not score:
            best_true_score = xp.where(better, true_score, before.best_true_score)
        return State(
            before.tasks,
            before.key,
            before.evaluations + 1,
            unit,
            scaled,
            metrics,
            true_score,
            failed,
            xp.select(better, unit, before.best_unit),
            best_metric,
            best_score,
            best_true_score,
            cost,
            before.total_cost + cost,
            before.history,
        )

    def merge(self, old: State, new: State, rows: NDArray[np.intp]) -> State:
        """A state with `old`'s rows, but for those at ``rows``, which are `new`'s."""
        return merge(old, new, rows, self.family)

    def regret(self, state: State) -> Column:
        """Noise-free normalised regret of the incumbent."""
        regret = state.tasks.best_possible - state.best_true_score
        regret /= state.tasks.best_possible
        return regret

    def observation(self, state: State, xp: Namespace) -> tuple[Columns, ...]:
        """The columns of the observation, in groups."""
        encoder = self.encoder
        if self._always_known:
            features = self.family.features(state.metrics, xp)
        else:
            features = self._shown(state, xp)
        summary = encoder.summary(
            state.unit,
            features,
            state.best_unit,
            state.best_score,
            state.evaluations,
            xp,
            self.family.context_of(state.tasks.parameters, xp),
        )
        if not encoder.rows:
            return summary
        return (*summary, *encoder.history.groups(state.history))

    def info(self, state: State, xp: Namespace) -> Columns:
        """Values of the info dictionary, in the order of `info_types`."""
        natural = self.space.natural(state.scaled, xp)
        if not self.encoder.start_evaluated:
            natural = xp.select(state.evaluations > 0, natural, (0.0,) * len(natural))
        values = [*natural, *state.metrics, state.best_metric]
        known = self.knows_optimum
        regret = self.regret(state) if known else 0.0
        if known:
            values.append(regret)
        values += (state.cost, state.total_cost, state.evaluations, state.tasks.index)
        if known:
            values.append(regret <= SUCCESS_REGRET)
        if self.encoder.guarded:
            values.append(state.failed)
        return values

    def close(self) -> None:
        """Release what the family holds."""
        self.family.close()

    def _shown(self, state: State, xp: Namespace) -> Columns:
        """The last metrics as observations show them; zeros before any evaluation."""
        encoder = self.encoder
        if not encoder.guarded:
            features = self.family.features(state.metrics, xp)
        else:
            features = encoder.shown(state.metrics, state.failed, xp)
        if encoder.start_evaluated:
            return features
        return xp.select(state.evaluations > 0, features, (0.0,) * len(features))

    def _noted(self, state: State, xp: Namespace) -> State:
        """The state with its last evaluations in the history."""
        row = self.encoder.row(state.unit, self._shown(state, xp))
        history = self.encoder.history.note(state.history, state.key, state.evaluations, row)
        return state._replace(history=history)
