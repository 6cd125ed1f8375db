"""The conformance check of vector environments: ours pass it, broken ones do not."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from environment_ids import TUNING
from live_classifiers import described

from hpo_gym import TuningEnv, TuningVectorEnv
from hpo_gym.testing import check_vector_env

MODES = ("NextStep", "SameStep", "Disabled")
START = {"start": {"thr": 0.3, "epochs": 10, "lr": 1e-4}}
MODEL = {"model": {"k_accuracy": 0.7, "precision_slope": 33.0}}


@pytest.mark.parametrize("env_id", TUNING)
@pytest.mark.parametrize("mode", MODES)
def test_conformance(env_id, mode):
    # A live training must not take long here; nothing is drawn in it either.
    options, live = ({"family": described()}, True) if "Live" in env_id else ({}, False)
    envs = gym.make_vec(f"hpo_gym:{env_id}", 4, autoreset_mode=mode, **options)
    assert type(envs) is TuningVectorEnv
    beale = env_id.startswith("Beale")
    resets = ({"start": [1.0, 2.0]},) if beale else (START, MODEL)
    if "Family" in env_id:
        model = {"model": {"pi": 0.3, "D": 0.5}} if "Binormal" in env_id else MODEL
        resets = ({"task": 2} if "Rough" in env_id else model, {"task": 7})
    elif env_id.startswith(("AnySpace", "Recorded")):
        resets = ({"task": 7}, {"task": 2})
    elif live:
        resets = ({"task": 0},)
    check_vector_env(envs, steps=50, stochastic=not (beale or live), reset_options=resets)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("rows", "options"),
    [
        (1, {"noise": 0.1, "observation": "history"}),
        (2, {"start": "none", "noise": 0.1}),
        (4, {"stop": True}),
        (4, {"stop": True, "family": "beale", "metric": "f"}),
        (4, {"stop": True, "action": "nudge", "metric": "loss", "observation": "history"}),
        (4, {"stop": True, "action": "adjust", "noise": 0.1, "metric": "accuracy"}),
    ],
    ids=str,
)
def test_conformance_with_options(rows, options, mode):
    """With ``stop``, an array that a result shares with the state comes back a step later."""
    options = {**options, "max_evaluations": 4}
    check_vector_env(
        lambda: TuningVectorEnv(rows, autoreset_mode=mode, **options),
        lambda: TuningEnv(**options),
        steps=60,
    )


class ReusesArrays(TuningVectorEnv):
    def step(self, actions):
        result = super().step(actions)
        self._kept = result[0] if not hasattr(self, "_kept") else self._kept
        self._kept[...] = result[0]
        return self._kept, *result[1:]


class ForgetsSeeds(TuningVectorEnv):
    def reset(self, *, seed=None, options=None):
        return super().reset(seed=None if seed is None else 3, options=options)


class PopsOptions(TuningVectorEnv):
    def reset(self, *, seed=None, options=None):
        mask = None if options is None else options.pop("reset_mask", None)
        return super().reset(seed=seed, options=None if mask is None else {"reset_mask": mask})


class StepsBeforeItRaises(TuningVectorEnv):
    def step(self, actions):
        try:
            return super().step(actions)
        except ValueError:
            super().step(np.zeros_like(self.action_space.sample()))
            raise


class TakesAnything(TuningVectorEnv):
    def step(self, actions):
        try:
            return super().step(actions)
        except ValueError:
            return super().step(np.zeros_like(self.action_space.sample()))


class RewardsResets(TuningVectorEnv):
    def step(self, actions):
        observations, rewards, *rest = super().step(actions)
        return observations, rewards + 1.0, *rest


class DropsAnInfo(TuningVectorEnv):
    def step(self, actions):
        *rest, infos = super().step(actions)
        del infos["cost"]
        return *rest, infos


class WrongDtype(TuningVectorEnv):
    def step(self, actions):
        observations, rewards, *rest = super().step(actions)
        return observations, rewards.astype(np.float32), *rest


class NoFinals(TuningVectorEnv):
    def step(self, actions):
        *rest, infos = super().step(actions)
        return *rest, {k: v for k, v in infos.items() if "final_" not in k}


class ResetsAll(TuningVectorEnv):
    def reset(self, *, seed=None, options=None):
        observations, infos = super().reset(seed=seed)
        mask = (options or {}).get("reset_mask")
        if mask is not None:
            for name, value in infos.items():
                value[~mask] = 0
                del name
        return observations, infos


@pytest.mark.parametrize(
    ("broken", "mode", "words"),
    [
        (ReusesArrays, "NextStep", "overwriting|shares memory"),
        (ForgetsSeeds, "NextStep", "seed"),
        (PopsOptions, "NextStep", "reset changed"),
        (StepsBeforeItRaises, "NextStep", "raised, but changed the state"),
        (TakesAnything, "NextStep", "did not raise"),
        (RewardsResets, "NextStep", "must have reward 0"),
        (RewardsResets, "SameStep", "differs from that of SyncVectorEnv"),
        (DropsAnInfo, "NextStep", "info keys changed"),
        (WrongDtype, "NextStep", "rewards have the dtype float32"),
        (NoFinals, "SameStep", "'final_obs' is missing"),
        (ResetsAll, "Disabled", "changed another row"),
    ],
)
def test_conformance_finds_faults(broken, mode, words):
    with pytest.raises(AssertionError, match=words):
        check_vector_env(
            lambda: broken(4, autoreset_mode=mode, max_evaluations=5), TuningEnv, steps=20
        )


def test_conformance_needs_an_end():
    with pytest.raises(AssertionError, match="choose a larger number of steps"):
        check_vector_env(lambda: TuningVectorEnv(2), steps=5)
