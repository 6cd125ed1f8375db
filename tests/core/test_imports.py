"""What importing the package loads, and what it registers."""

from __future__ import annotations

import json

HEAVY = (
    "torch",
    "optuna",
    "sklearn",
    "stable_baselines3",
    "sb3_contrib",
    "matplotlib",
    "pandas",
    "scipy",
    "tyro",
    "pygame",
    "tensorboard",
    "rich",
    "tqdm",
    "distributed",
)


def test_import_loads_nothing_heavy(run_python):
    script = (
        "import sys, json, hpo_gym.testing, gymnasium as gym\n"
        "from hpo_gym import *\n"
        "env = gym.make('FictitiousHPO-v0')\n"
        "env.reset(seed=0)\n"
        "env.step(env.action_space.sample())\n"
        "gym.make_vec('FictitiousHPO-v0', 3).reset(seed=0)\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    loaded = set(json.loads(run_python(script)))
    assert "gymnasium" in loaded
    assert loaded.isdisjoint(HEAVY), loaded & set(HEAVY)


def test_import_is_idempotent_and_prefixed_ids_work_alone(run_python):
    script = (
        "import importlib, sys, gymnasium as gym\n"
        "assert 'hpo_gym' not in sys.modules\n"
        "env = gym.make('hpo_gym:FictitiousHPONudge-v0')\n"
        "before = dict(gym.registry)\n"
        "importlib.reload(sys.modules['hpo_gym'])\n"
        "assert gym.registry == before\n"
        "print([id for id in gym.registry if 'HPO' in id])"
    )
    printed = run_python(script)
    for env_id in ("FictitiousHPO-v0", "FictitiousHPOAdjust-v0", "FictitiousHPONudge-v0"):
        assert repr(env_id) in printed
    assert "'BealeHPO-v0'" in printed
