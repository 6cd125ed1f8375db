"""A second decision process: go on with a training, start it again with another limit, or stop."""

from typing import Any, ClassVar, NamedTuple

import numpy as np
from gymnasium import spaces

from hpo_gym import rng


class State(NamedTuple):
    key: Any
    grants: Any
    epochs: Any
    limit: Any
    best: Any


class TrainingProcess:
    info_types: ClassVar = {"value": float, "best": float, "epochs": int, "grants": int}
    budget = 7

    def action_space(self):
        return spaces.Discrete(3)

    def observation_space(self):
        return spaces.Box(np.zeros(4, np.float32), np.ones(4, np.float32))

    def read(self, action):
        return int(self.read_rows([action], 1, None)[0])

    def read_rows(self, actions, rows, ignored):
        array = np.asarray(actions)
        if array.shape != (rows,) or array.dtype.kind not in "iu":
            raise ValueError(f"actions = {actions!r} must be {rows} whole numbers in [0, 2]")
        array = array if ignored is None else np.where(ignored, 0, array)
        if array.min() < 0 or array.max() > 2:
            raise ValueError(f"actions = {actions!r} must be in [0, 2]")
        return array

    def read_episode(self, options, rows):
        if options:
            raise ValueError(f"there are no options, got {options!r}")

    def begin(self, key, turn, episode, xp):
        (draw,) = rng.uniforms(rng.derive(key, 1), 1)
        return State(key, 0, 0.0 * draw, 0.5 + 0.5 * draw, 0.0 * draw)

    def value(self, state, xp):
        return state.limit * (1.0 - xp.exp(-1.0 / 30.0 * state.epochs))

    def step(self, state, action, xp):
        grants = state.grants + 1
        word = grants.astype(np.uint64) if np.ndim(grants) else grants
        (draw,) = rng.uniforms(rng.derive(rng.derive(state.key, 2), word), 1)
        limit = xp.where(action == 1, 0.5 + 0.5 * draw, state.limit)
        epochs = xp.where(
            action == 1, 10.0, xp.where(action == 0, state.epochs + 10.0, state.epochs)
        )
        after = State(state.key, grants, epochs, limit, state.best)
        after = after._replace(best=xp.maximum(state.best, self.value(after, xp)))
        reward = after.best - state.best - 0.01
        return after, reward, (grants >= self.budget) | (action == 2)

    def merge(self, old, new, rows):
        columns = [np.array(np.broadcast_to(column, old.key.shape)) for column in old]
        for column, fresh in zip(columns, new, strict=True):
            column[rows] = fresh
        return State(*columns)

    def observation(self, state, xp):
        left = 1.0 - state.grants / self.budget
        return [(self.value(state, xp), state.best, left, state.epochs / 100.0)]

    def close(self):
        pass

    def info(self, state, xp):
        return self.value(state, xp), state.best, state.epochs, state.grants
