"""Tries an installed wheel of hpo_gym that has no extras and no checkout beside it."""

import importlib.util
import subprocess
import sys
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import gymnasium as gym
import numpy as np

import hpo_gym
from hpo_gym import pretrained

HEAVY = ("matplotlib", "pandas", "scipy", "stable_baselines3", "torch")
STEPS = 50


def require(condition: bool, message: str) -> None:
    """Ends the program with the message unless the condition holds."""
    if not condition:
        sys.exit(f"wheel: {message}")


def check_installation() -> None:
    """The package is the installed one, whole, light, and alone."""
    location = Path(hpo_gym.__file__).resolve()
    require(location.is_relative_to(Path(sys.prefix).resolve()), f"imported from {location}")
    require(files("hpo_gym").joinpath("py.typed").is_file(), "py.typed is missing")
    loaded = [name for name in HEAVY if name in sys.modules]
    require(not loaded, f"import hpo_gym loads {loaded}")
    for name in ("agents", "scripts", "tests"):
        require(importlib.util.find_spec(name) is None, f"ships the top-level name {name}")


def check_environment() -> None:
    """The scalar environment runs, episode after episode."""
    env = gym.make("FictitiousHPO-v0")
    env.reset(seed=0)
    env.action_space.seed(0)
    episodes = 0
    for _ in range(STEPS):
        observation, _, terminated, truncated, _ = env.step(env.action_space.sample())
        require(env.observation_space.contains(observation), f"odd observation {observation}")
        if terminated or truncated:
            episodes += 1
            env.reset()
    require(episodes > 0, f"no episode ended in {STEPS} steps")
    env.close()


def check_pretrained() -> None:
    """A trained policy tunes unseen tasks of its family, in NumPy alone."""
    for policy in pretrained.policies():
        pretrained.load(*policy)
    known = [policy.name for policy in pretrained.policies()]
    require(len(known) >= 18, f"only {known} are pretrained")
    envs = gym.make_vec("FictitiousHPOFamily-v0", num_envs=64, split="validation")
    tuner = pretrained.load("unrolled", "fictitious")
    observations, infos = envs.reset(seed=0)
    for _ in range(16):
        actions, _ = tuner.predict(observations, deterministic=True)
        observations, _, _, _, infos = envs.step(actions)
    regret = float(np.median(infos["regret"]))
    require(regret < 0.03, f"the pretrained tuner has a median regret of {regret}")


def check_vector_environment() -> None:
    """gym.make_vec picks the native vector environment, and it runs."""
    envs = gym.make_vec("FictitiousHPO-v0", num_envs=3)
    native = type(envs.unwrapped).__module__.startswith("hpo_gym.")
    require(native, f"gym.make_vec made a {type(envs.unwrapped)}")
    envs.reset(seed=0)
    envs.action_space.seed(0)
    ended = np.zeros(3, dtype=bool)
    for _ in range(STEPS):
        observations, rewards, terminated, truncated, _ = envs.step(envs.action_space.sample())
        require(envs.observation_space.contains(observations), f"odd observation {observations}")
        require(bool(np.isfinite(rewards).all()), f"odd rewards {rewards}")
        ended |= terminated | truncated
    require(bool(ended.all()), f"some rows never ended in {STEPS} steps: {ended}")
    envs.close()


def check_command() -> None:
    """The command line is there, and says what it needs."""
    words = [sys.executable, "-I", "-W", "error", "-m", "hpo_gym", "tune"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    require("pip install 'hpo-gym[tune]'" in done.stderr, f"{words} said {done.stderr}")


if __name__ == "__main__":
    check_installation()
    check_command()
    check_environment()
    check_vector_environment()
    check_pretrained()
    print(f"wheel: hpo_gym {version('hpo-gym')} works alone (numpy {np.__version__})")
