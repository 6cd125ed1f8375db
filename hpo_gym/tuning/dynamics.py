"""The step logic, once, for one row or N rows.

`Dynamics` turns a family into a Markov decision process on columns: with `Floats` every column
is a Python number and a step serves `TuningEnv`; with `Vectors` every column is an array and the
same lines serve `TuningVectorEnv`. States are immutable: a step returns a new one, so that an
error leaves the old one as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hpo_gym import rng
from hpo_gym.arrays import Column, Columns, Namespace
from hpo_gym.families import make_family
from hpo_gym.tuning.actions import ActionMode
from hpo_gym.tuning.observations import Layout
from hpo_gym.tuning.options import Options
from hpo_gym.tuning.rewards import REWARDS
from hpo_gym.tuning.state import Episode, State, Tasks, stopped

SUCCESS_REGRET = 0.01
"""An episode is a success once the incumbent is within 1 % of the best possible score."""


class Dynamics:
    """The tuning process of a family under a set of options.

    Args:
        options: The options.

    Attributes:
        options: The options.
        family: The family that they name.
        space: Its search space.
        mode: The action mode.
        layout: The layout of the observation.
        noise: Standard deviation of the observed metrics; None for the tasks' own.
        info_types: Names and types of the info's values, in order.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.family = make_family(options.family)
        self.space = self.family.space
        self.mode = ActionMode(options, self.space.dimension)
        self.layout = Layout(options, self.family)
        self.noise = self.family.noise if options.noise is None else float(options.noise)
        self._reward = REWARDS[options.reward]
        self._metric = self.family.metrics.index(options.metric)
        self.info_types = self._info_types()
        self._epoch_cost = options.epoch_cost / 100.0
        self._start: tuple[float, ...] | None = None
        if not isinstance(options.start, str):
            self._start = self.space.unit(options.start)

    def _info_types(self) -> dict[str, type]:
        return {
            **{p.name: int if p.integer else float for p in self.space.parameters},
            **dict.fromkeys(self.family.metrics, float),
            **dict.fromkeys((f"best_{self.options.metric}", "regret"), float),
            **dict.fromkeys(("cost", "total_cost"), float),
            **dict.fromkeys(("evaluations", "task"), int),
            "is_success": bool,
        }

    @property
    def interface(self) -> dict[str, Any]:
        """What a policy must share with an environment: what observations and actions mean."""
        return {
            "parameters": list(self.space.names),
            "metrics": list(self.family.metrics),
            "observation": self.options.observation,
            "observation_size": self.layout.size,
            "action": self.mode.name,
            "action_size": self.mode.size,
            "stop": self.mode.stop,
        }

    def tasks(self, index: Column) -> Tasks:
        """The tasks with these indices in the option's split."""
        return Tasks(index, *self.family.tasks(self.options.split, index, self.options.metric))

    def read_episode(self, options: Mapping[str, Any] | None) -> Episode:
        """Check the options of a reset.

        Raises:
            ValueError: A key is unknown, or a start or model is not valid.
        """
        if not options:
            return Episode()
        known = ["start", "model", "task"]
        unknown = sorted(set(map(str, options)) - set(known))
        if unknown:
            raise ValueError(f"unknown reset options {unknown}; known: {known}")
        start = options.get("start")
        if start is not None:
            if not self.layout.start_evaluated:
                raise ValueError(
                    f"options['start'] = {start!r} needs an environment that evaluates a start; "
                    "this one has start='none'"
                )
            start = self.space.unit(start)
        return Episode(start, self._read_tasks(options.get("model"), options.get("task")))

    def _read_tasks(self, model: Any, task: Any) -> Tasks | None:
        """The tasks that a reset asks for by their constants or by their index."""
        if model is not None and task is not None:
            raise ValueError(
                f"options['model'] = {model!r} and options['task'] = {task!r} both name the task "
                "of the episode: give one of them"
            )
        if model is not None:
            parameters = self.family.with_model(model)
            return Tasks(-1, parameters, self.family.best_score(parameters, self.options.metric))
        if task is None:
            return None
        size = self.family.sizes[self.options.split]
        index = np.asarray(task)
        if index.dtype.kind not in "iu" or not ((index >= 0) & (index < size)).all():
            raise ValueError(
                f"options['task'] = {task!r} must be a whole number in [0, {size - 1}], of the "
                f"split {self.options.split!r} (a vector environment also takes one per row)"
            )
        return self.tasks(index.astype(np.int64) if index.ndim else int(index))

    def reset(self, key: Column, episode: Episode, xp: Namespace) -> State:
        """Begin the episodes with these keys.

        What all rows share is one number in the state, until rows differ.

        Args:
            key: An int, or (N,) uint64.
            episode: Start and task, where the call gave them.
            xp: Array namespace.
        """
        tasks = episode.tasks or self.tasks(self._draw_task(key))
        d = self.space.dimension
        state = State(
            *(tasks, key, 0, (0.0,) * d, (0.0,) * d, (0.0,) * len(self.family.metrics), 0.0),
            *((0.0,) * d, 0.0, 0.0, 0.0, 0.0, 0.0),
        )
        if not self.layout.start_evaluated:
            return state
        start = episode.start or self._start
        if start is None:
            draws = rng.uniforms(rng.derive(key, rng.START), d)
            unit = xp.group([2.0 * draw - 1.0 for draw in draws])
        else:
            unit = xp.group([self._fill(coordinate, key) for coordinate in start])
        scaled, metrics, true_score, score = self._evaluate(
            tasks.parameters, key, state.evaluations, unit, xp
        )
        return state._replace(
            unit=unit,
            scaled=scaled,
            metrics=metrics,
            true_score=true_score,
            best_unit=unit,
            best_metric=metrics[self._metric],
            best_score=score,
            best_true_score=true_score,
        )

    def step(self, state: State, action: Columns, xp: Namespace) -> tuple[State, Column, Column]:
        """Evaluate what the actions ask for.

        Args:
            state: The state; it stays as it is.
            action: Columns as `ActionMode` read them.
            xp: Array namespace.

        Returns:
            The new state, the reward, and whether the episode is over.
        """
        unit = self.mode.target(state.unit, action, xp)
        evaluations = state.evaluations + 1
        scaled, metrics, true_score, score = self._evaluate(
            state.tasks.parameters, state.key, evaluations, unit, xp
        )
        better = score > state.best_score
        if not self.layout.start_evaluated:  # the first evaluation is the incumbent even at 0
            better = better | (state.evaluations == 0)
        metric = metrics[self._metric]
        best_unit = xp.select(better, unit, state.best_unit)
        best_score = xp.where(better, score, state.best_score)
        best_metric = best_true_score = best_score
        if metric is not score:
            best_metric = xp.where(better, metric, state.best_metric)
        if true_score is not score:
            best_true_score = xp.where(better, true_score, state.best_true_score)
        cost = self.cost(scaled)
        after = State(
            state.tasks,
            state.key,
            evaluations,
            unit,
            scaled,
            metrics,
            true_score,
            best_unit,
            best_metric,
            best_score,
            best_true_score,
            cost,
            state.total_cost + cost,
        )
        reward = self._reward(state, after, xp)
        terminated = evaluations >= self.options.max_evaluations
        if not self.mode.stop:
            return after, reward, terminated
        stop = self.mode.stops(action)
        after = stopped(stop, state._replace(cost=0.0 * cost), after, xp)
        return after, xp.where(stop, 0.0, reward), terminated | stop

    def again(self, state: State, xp: Namespace) -> State:
        """Fill in what the last evaluations showed, where a state has given that away.

        Random numbers are functions of key and count, so this repeats the evaluations to the bit.
        """
        scaled, metrics, *_ = self._evaluate(
            state.tasks.parameters, state.key, state.evaluations, state.unit, xp
        )
        cost = xp.where(state.evaluations > 0, self.cost(scaled), 0.0)
        return state._replace(scaled=scaled, metrics=metrics, cost=cost)

    def cost(self, scaled: Columns) -> Column:
        """What evaluations of scaled configurations cost, in units of the score."""
        cost = self._epoch_cost * self.family.resource(scaled)
        cost += self.options.evaluation_cost
        return cost

    def regret(self, state: State) -> Column:
        """Noise-free normalised regret of the incumbent."""
        regret = state.tasks.best_possible - state.best_true_score
        regret /= state.tasks.best_possible
        return regret

    def observation(self, state: State, xp: Namespace) -> tuple[Columns, ...]:
        """The columns of the "summary" layout, in groups."""
        budget = 1.0 - state.evaluations / self.options.max_evaluations
        known: Column = 1.0
        if not self.layout.start_evaluated:
            known = xp.where(state.evaluations > 0, 1.0, 0.0)
        features = self.features(state, xp)
        return state.unit, features, state.best_unit, (state.best_score, budget, known)

    def features(self, state: State, xp: Namespace) -> Columns:
        """The last metrics as observations show them; zeros before any evaluation."""
        features = self.family.features(state.metrics, xp)
        if self.layout.start_evaluated:
            return features
        return xp.select(state.evaluations > 0, features, (0.0,) * len(features))

    def info(self, state: State, xp: Namespace) -> Columns:
        """Values of the info dictionary, in the order of `info_types`."""
        tasks, _, count, _, scaled, metrics, _, _, best_metric, _, _, cost, total_cost = state
        natural = self.space.natural(scaled, xp)
        if not self.layout.start_evaluated:
            natural = xp.select(count > 0, natural, (0.0,) * len(natural))
        regret = self.regret(state)
        return (
            *natural,
            *metrics,
            best_metric,
            regret,
            cost,
            total_cost,
            count,
            tasks.index,
            regret <= SUCCESS_REGRET,
        )

    def _evaluate(
        self, parameters: Any, key: Column, count: Column, unit: Columns, xp: Namespace
    ) -> tuple[Columns, Columns, Column, Column]:
        """Scaled configuration, observed metrics, noise-free score and observed score.

        ``count`` is the evaluation's index, the counter of its noise.
        """
        scaled = self.space.scaled(unit, xp)
        if self.noise == 0.0:
            exact = self.family.noiseless(parameters, scaled, xp)
            true_score = self.family.score(exact, self.options.metric, xp)
            return scaled, exact, true_score, true_score
        counter = count.astype(np.uint64) if isinstance(count, np.ndarray) else count
        noise_key = rng.derive(rng.derive(key, rng.NOISE), counter)
        xi = rng.normals(noise_key, self.family.noise_draws, xp)
        exact, metrics = self.family.evaluate(parameters, scaled, self.noise, xi, xp)
        true_score = self.family.score(exact, self.options.metric, xp)
        return scaled, metrics, true_score, self.family.score(metrics, self.options.metric, xp)

    def _draw_task(self, key: Column) -> Column:
        """Indices of the tasks of these episodes; one int if all rows have the same."""
        size = self.family.sizes[self.options.split]
        if self.options.task is not None or size == 1:
            return self.options.task or 0
        (draw,) = rng.uniforms(rng.derive(key, rng.TASK), 1)
        index = draw * size
        return index.astype(np.int64) if isinstance(index, np.ndarray) else int(index)

    @staticmethod
    def _fill(value: float, key: Column) -> Column:
        """A column of one value, as long as the column of keys."""
        return np.full(key.shape, value) if isinstance(key, np.ndarray) else value
