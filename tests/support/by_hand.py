"""Episodes computed from the options' meaning and the family's functions alone: no process."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hpo_gym.arrays import Floats
from hpo_gym.families import make_family

DEFAULTS: dict[str, Any] = {
    **{"family": "notebook", "split": "train", "action": "propose", "adjust_step": 0.2},
    **{"stop": False, "reward": "f1_gain", "metric": "f1", "evaluation_cost": 0.002},
    **{"epoch_cost": 0.02, "max_evaluations": 20, "start": "random", "noise": None},
    **{"observation": "summary", "task": None, "infos": "all"},
}
_XP = Floats()


class Episode:
    """One episode, followed by hand; asserts that an environment shows the same.

    Args:
        options: Those that differ from the defaults.
        observation: The first one.
        info: The first one, with everything in it.
        model: Constants that the reset gave.
    """

    def __init__(self, options: Any, observation: Any, info: Any, model: Any = None) -> None:
        self.options = o = DEFAULTS | dict(options)
        self.family = make_family(o["family"])
        self.metric, self.noise = str(o["metric"]), o["noise"]
        if model is None:
            self.parameters = self.family.sample(str(o["split"]), int(info["task"]))
        else:
            self.parameters = self.family.with_model(model)
        self.best_possible = self.family.best_score(self.parameters, self.metric)
        self.evaluations, self.total, self.ended = 0, 0.0, False
        self.rows: list[Any] = []
        self.unit = np.float64(observation[: self.family.space.dimension])
        self.true, self.best_true, self.best = 0.0, 0.0, -math.inf
        if not self._free:
            if not isinstance(o["start"], str) and model is None:
                given = self.family.space.unit(o["start"])
                np.testing.assert_allclose(self.unit, given, atol=1e-6)
            self._evaluate(info)
        self._shows(observation, info, cost=0.0)

    def step(self, action: Any, observation: Any, reward: float, over: bool, info: Any) -> None:
        """What a step with a good action must have shown."""
        o, d = self.options, self.family.space.dimension
        action = np.asarray(action, dtype=np.float64)
        if o["action"] == "nudge":
            stops = bool(o["stop"]) and action == 2 * d + 1
            moves = np.zeros(d)
            if action and not stops:
                moves[(int(action) - 1) // 2] = 0.2 if int(action) % 2 == 0 else -0.2
            target = self.unit + moves
        else:
            action = np.clip(action, -1.0, 1.0)
            stops = bool(o["stop"]) and action[-1] > 0.0
            target = action[:d]
            if o["action"] == "adjust":
                target = self.unit + 2.0 * float(o["adjust_step"]) * target
        if stops:
            assert over and reward == 0.0 and info["evaluations"] == self.evaluations
            self.ended = True
            return
        before, best_before = self.true, self.best_true
        self.unit = np.clip(target, -1.0, 1.0)
        self.evaluations += 1
        self._evaluate(info)
        epochs = self.family.resource(self.family.space.scaled(tuple(self.unit), _XP))
        cost = float(o["evaluation_cost"]) + float(o["epoch_cost"]) * epochs / 100.0
        self.total += cost
        expected = self.true - before if o["reward"] == "f1_delta" else self.best_true - best_before
        expected -= cost
        if o["reward"] == "log_regret":
            regret = (self.best_possible - self.true) / self.best_possible
            expected -= 0.3 * math.log10(min(max(regret, 1e-3), 1.0))
        assert abs(reward - expected) < 1e-5 * max(1.0, cost), (reward, expected)
        self.ended = self.evaluations == int(o["max_evaluations"])
        assert over == self.ended
        self._shows(observation, info, cost)

    def _evaluate(self, info: Any) -> None:
        """Evaluate here; what noise did to it is taken from what is shown."""
        family, unit = self.family, tuple(self.unit.tolist())
        for name, value in family.space.configuration(unit).items():
            assert math.isclose(info[name], value, rel_tol=1e-5, abs_tol=1e-5), name
        exact = family.noiseless(self.parameters, family.space.scaled(unit, _XP), _XP)
        shown = [float(info[name]) for name in family.metrics]
        noise = family.noise if self.noise is None else float(self.noise)
        if noise == 0.0:
            np.testing.assert_allclose(shown, exact, rtol=1e-5, atol=1e-5)
        elif noise is not None and noise > 1e-6:
            assert not np.allclose(shown, exact, rtol=1e-9, atol=0.0)
        self.true = family.score(exact, self.metric, _XP)
        score = family.score(tuple(shown), self.metric, _XP)
        if score > self.best:
            self.best, self.best_true, self.best_unit = score, self.true, self.unit
        self.rows.append(np.array([*unit, *family.features(tuple(shown), _XP), 1.0]))

    def _shows(self, observation: Any, info: Any, cost: float) -> None:
        d, budget = self.family.space.dimension, int(self.options["max_evaluations"])
        known = bool(self.rows)
        last = self.rows[-1][:-1] if known else np.zeros(d + len(self.family.metrics))
        incumbent = [*self.best_unit, self.best] if known else [0.0] * (d + 1)
        left = 1.0 - self.evaluations / budget
        expected = [*last, *incumbent, left, float(known)]
        if self.options["observation"] == "history":
            rows = budget + (not self._free)
            history = np.zeros((rows, d + len(self.family.metrics) + 1))
            for i, row in enumerate(self.rows):
                history[i] = row
            expected += [*history.ravel()]
        np.testing.assert_allclose(observation, expected, atol=1e-5, err_msg="observation")
        regret = (self.best_possible - self.best_true) / self.best_possible
        assert abs(info["regret"] - regret) < 1e-5, (info["regret"], regret)
        if abs(regret - 0.01) > 1e-4:
            assert bool(info["is_success"]) == (regret <= 0.01)
        assert math.isclose(info["cost"], cost, rel_tol=1e-5, abs_tol=1e-7)
        assert math.isclose(info["total_cost"], self.total, rel_tol=1e-5, abs_tol=1e-7)
        assert info["evaluations"] == self.evaluations

    @property
    def _free(self) -> bool:
        """Whether nothing is known at the start."""
        return isinstance(self.options["start"], str) and self.options["start"] == "none"
