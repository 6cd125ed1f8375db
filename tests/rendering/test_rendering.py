"""Frames: one line of text, and pictures."""

from __future__ import annotations

import copy
import pickle
import re
import sys
from itertools import pairwise
from typing import ClassVar

import gymnasium as gym
import numpy as np
import pytest
from environment_ids import TUNING
from gymnasium.utils.env_checker import check_env
from gymnasium.wrappers import RenderCollection

from hpo_gym import TuningEnv, TuningVectorEnv
from hpo_gym.families import KnownOptimum
from hpo_gym.parameters import Float, Integer
from hpo_gym.rendering.picture import DPI, layout_for
from hpo_gym.space import SearchSpace

GOLDEN_START = {"start": {"thr": 0.3, "epochs": 10, "lr": 1e-4}}
GOLDEN_ACTIONS = np.array(
    [(0, 0, 0), (-0.5, 0.5, 0.9), (0, 0.6, 0.4), (-0.0061, 0.595959595959596, 0.416666666666667)],
    dtype=np.float32,
)
ORANGE = (232, 89, 12)


class Bowl(KnownOptimum):
    """A family of any dimension, to see that pictures adapt."""

    name = "bowl"
    metrics = ("quality",)
    goals: ClassVar = {"quality": "maximise"}
    kinds: ClassVar = {
        "a": Float(-2.0, 2.0),
        "b": Integer(1, 9),
        "c": Float(1e-3, 10.0, log=True),
        "d": Float(0.0, 1.0),
    }
    centre = (0.5, 3.0, -1.0, 0.25)

    def __init__(self, dimension):
        self.space = SearchSpace(dict(list(self.kinds.items())[:dimension]))

    def noiseless(self, parameters, scaled, xp):
        terms = [(x - c) * (x - c) for x, c in zip(scaled, self.centre, strict=False)]
        return (1.0 / (1.0 + 0.1 * sum(terms)),)

    draws = 1

    def observe(self, parameters, metrics, noise, draws, xp):
        return metrics

    def frontier(self, parameters, metric):
        centre = self.centre[: self.space.dimension]
        return tuple(np.array([c]) for c in centre), np.array([1.0])

    def describe(self):
        return {"name": self.name}


def episode(env, steps, seed=3):
    """The frames of a random episode, one per step and one of the start."""
    env.reset(seed=seed)
    env.action_space.seed(seed)
    frames = [env.render()]
    for _ in range(steps):
        env.step(env.action_space.sample())
        frames.append(env.render())
    return frames


@pytest.fixture
def golden():
    env = TuningEnv(render_mode="ansi")
    env.reset(options=GOLDEN_START)
    return env


def fields(line):
    return dict(re.findall(r"(\w+)=(\S+)", line))


def test_text_of_the_golden_episode(golden):
    lines = [golden.render()]
    for action in GOLDEN_ACTIONS:
        golden.step(action)
        lines.append(golden.render())
    assert lines[0].startswith("step 0/20 |")
    assert "reward" not in lines[0]
    assert fields(lines[0])["f1"] == "0.0843271"
    assert lines[3] == (
        "step 3/20 | thr=0.5 epochs=80 lr=0.229087 | f1=0.769354 best_f1=0.769354 | "
        "regret=0.000391814 | cost=0.018 total_cost=0.047 reward=+0.145263"
    )
    # Step 2 is worse than step 1: the incumbent stays.
    second = fields(lines[2])
    assert (second["lr"], second["f1"], second["best_f1"]) == ("3.63078", "0.17661", "0.606091")
    assert (second["regret"], second["reward"]) == ("0.212517", "-0.017000")
    assert fields(lines[4])["lr"] == "0.251189"


@pytest.mark.parametrize("env_id", TUNING)
def test_text_is_one_line_in_every_environment(env_id):
    env = gym.make(env_id, render_mode="ansi")
    lines, budget = episode(env, 3), env.unwrapped.process.options.max_evaluations
    assert [line.split(" |")[0] for line in lines] == [f"step {i}/{budget}" for i in range(4)]
    assert all("\n" not in line for line in lines)
    others = {
        "BealeHPO-v0": {"x", "y", "f", "best_f"},
        "AnySpaceHPO-v0": {"x1", "x8", "value", "best_value"},
    }
    assert others.get(env_id, {"thr", "epochs", "lr", "f1"}) <= set(fields(lines[-1]))


def test_text_of_an_empty_start_and_of_a_stop():
    env = TuningEnv(start="none", stop=True, render_mode="ansi")
    env.reset(seed=1)
    assert env.render() == "step 0/20 | nothing evaluated yet"
    env.step(np.array([0, 0, 0, -1], dtype=np.float32))
    assert fields(env.render())["f1"] == "0.606091"
    env.step(np.array([1, 1, 1, 1], dtype=np.float32))
    assert env.render().startswith("step 2/20 stopped | thr=0.5 epochs=50 lr=0.0251189 |")


@pytest.mark.parametrize("env_id", TUNING)
def test_pictures_have_one_size_and_change_with_every_step(env_id):
    env = RenderCollection(gym.make(env_id, render_mode="rgb_array"), reset_clean=False)
    env.reset(seed=3)
    env.action_space.seed(3)
    if env_id != "FictitiousHPONudge-v0":
        actions = [env.action_space.sample() for _ in range(4)]
    else:
        actions = [1, 4, 5, 0]  # all of them are evaluated, also 0, which stays
    for action in actions:
        env.step(action)
    frames = env.render()
    assert len(frames) == 5
    height, width, _ = frames[0].shape
    assert height > 500 and width > 900
    assert height % 2 == 0 and width % 2 == 0  # as video encoders need them
    assert {frame.shape for frame in frames} == {(height, width, 3)}
    assert {frame.dtype for frame in frames} == {np.dtype(np.uint8)}
    for before, after in pairwise(frames):
        assert (before != after).any()


def test_equal_episodes_give_equal_pictures_whatever_was_drawn_before():
    first = TuningEnv(render_mode="rgb_array", reward="log_regret", noise=0.1)
    frames = episode(first, 5)
    assert (episode(first, 5, seed=4)[-1] != frames[-1]).any()
    again = episode(first, 5)
    other = episode(TuningEnv(render_mode="rgb_array", reward="log_regret", noise=0.1), 5)
    np.testing.assert_array_equal(again, frames)
    np.testing.assert_array_equal(other, frames)


@pytest.mark.parametrize(("reward", "grows"), [("log_regret", True), ("f1_gain", False)])
def test_axes_of_the_reward_grow_with_it(reward, grows):
    env = TuningEnv(render_mode="rgb_array", reward=reward)
    env.reset(options=GOLDEN_START)
    first = env.render()
    for action in GOLDEN_ACTIONS:
        env.step(action)
    last = env.render()
    panel = layout_for(3).reward
    rows = slice(*(first.shape[0] - int(DPI * y) for y in (panel.bottom + panel.height, 0.9)))
    numbers = slice(int(DPI * (panel.left - 0.5)), int(DPI * (panel.left - 0.1)))
    assert (first[rows, numbers] < 128).any()
    assert (first[rows, numbers] != last[rows, numbers]).any() == grows


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))])
def test_copies_made_in_mid_episode_draw_the_same(duplicate):
    env = TuningEnv(render_mode="rgb_array")
    frames = episode(env, 2)
    other = duplicate(env)
    np.testing.assert_array_equal(other.render(), frames[-1])
    for each in (env, other):
        each.step(GOLDEN_ACTIONS[0])
    np.testing.assert_array_equal(other.render(), env.render())
    # The pictures stay behind: they are megabytes.
    assert len(pickle.dumps(env)) < 100_000


@pytest.mark.parametrize("mode", ["ansi", "rgb_array"])
def test_rows_of_a_vector_look_like_scalar_environments(mode):
    options = {"max_evaluations": 2, "stop": True, "noise": 0.05, "render_mode": mode}
    envs = TuningVectorEnv(2, **options)
    scalars = [TuningEnv(**options) for _ in range(2)]
    model = {"model": {"k_accuracy": 0.5}}
    envs.reset(seed=7)
    envs.reset(options=model | {"reset_mask": np.array([False, True])})
    for row, env in enumerate(scalars):
        env.reset(seed=7 + row)
    scalars[1].reset(options=model)
    actions = np.array([[(0.1, 0.2, 0.3, -1), (0.5, 0.6, -0.3, 1)]] * 3, dtype=np.float32)
    over = [False, False]
    for step in actions:
        envs.step(step)
        for row, env in enumerate(scalars):
            if over[row]:
                env.reset()
            over[row] = False if over[row] else env.step(step[row])[2]
        frames = envs.render()
        assert isinstance(frames, tuple)
        for frame, env in zip(frames, scalars, strict=True):
            np.testing.assert_array_equal(frame, env.render())
    assert over == [False, True]  # an episode ended in each row, and not at the same time


def test_incumbent_is_drawn_where_it_is():
    env = TuningEnv(render_mode="rgb_array")
    env.reset(options=GOLDEN_START)
    for action in GOLDEN_ACTIONS[:2]:
        env.step(action)
    frame = env.render()
    # The incumbent, step 1, on the map of epochs against thr, which is the first.
    place = layout_for(3).maps[0]
    expected = (place.left + 0.5 * place.width, place.bottom + 49 / 99 * place.height)
    left, bottom = int(DPI * place.left), int(DPI * place.bottom)
    side = int(DPI * place.width)
    top = frame.shape[0] - bottom - side
    part = frame[top : top + side, left : left + side].astype(int)
    rows, columns = np.nonzero(np.abs(part - ORANGE).max(axis=2) < 8)
    assert rows.size > 20
    x = (left + (columns.min() + columns.max()) / 2) / DPI
    y = (frame.shape[0] - top - (rows.min() + rows.max()) / 2) / DPI
    assert (x, y) == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("dimension", [1, 4])
def test_pictures_of_other_dimensions(dimension):
    env = TuningEnv(family=Bowl(dimension), metric="quality", start="none", render_mode="rgb_array")
    frames = episode(env, 2)
    assert frames[0].shape == frames[2].shape
    assert (frames[0] != frames[1]).any() and (frames[1] != frames[2]).any()


def test_unknown_mode_is_refused():
    for build in (TuningEnv, TuningVectorEnv):
        with pytest.raises(ValueError, match="render_mode = 'text' is not one of"):
            build(render_mode="text")


def test_without_matplotlib_a_picture_names_the_extra(monkeypatch):
    monkeypatch.delitem(sys.modules, "hpo_gym.rendering.picture")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    env = TuningEnv(render_mode="rgb_array")
    env.reset(seed=0)
    with pytest.raises(ImportError, match=r"pip install 'hpo-gym\[plot\]'"):
        env.render()


def test_matplotlib_is_imported_for_a_picture_only_and_never_pyplot(run_python):
    script = """
import sys
from hpo_gym import TuningEnv
env = TuningEnv(render_mode={mode!r})
env.reset(seed=0)
env.step(env.action_space.sample())
env.render()
print("matplotlib" in sys.modules, "matplotlib.pyplot" in sys.modules)
"""
    assert run_python(script.format(mode="ansi")).split() == ["False", "False"]
    assert run_python(script.format(mode="rgb_array")).split() == ["True", "False"]


@pytest.mark.parametrize("family_id", ["FictitiousHPO-v0", "BealeHPO-v0"])
def test_gymnasium_finds_no_fault_with_rendering(family_id):
    check_env(gym.make(family_id, render_mode="rgb_array").unwrapped, skip_render_check=False)


def test_human_mode_shows_the_pictures_in_a_window(run_python):
    script = """
import warnings
# Gymnasium says that it adds the window, and pygame uses deprecated packages.
warnings.filterwarnings("ignore", message=".*HumanRendering wrapper is being applied")
warnings.filterwarnings("ignore", module="pygame")
import gymnasium as gym, pygame
env = gym.make("hpo_gym:FictitiousHPO-v0", render_mode="human")
env.reset(seed=0)
first = pygame.surfarray.array3d(env.get_wrapper_attr("window"))
env.step(env.action_space.sample())
second = pygame.surfarray.array3d(env.get_wrapper_attr("window"))
print(env.render_mode, first.std() > 10, (first != second).any())
env.close()
"""
    environment = {"SDL_VIDEODRIVER": "dummy", "PYGAME_HIDE_SUPPORT_PROMPT": "1"}
    assert run_python(script, **environment).split() == ["human", "True", "True"]
