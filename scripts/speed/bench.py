"""Measure the speed of the environments, as ratios of medians in one run.

    python -m scripts.speed.bench --part all

Every comparison interleaves its contestants in one process and gives the median over the repeats.
Actions are drawn beforehand, and calls that only reset are not counted.
"""

from __future__ import annotations

import statistics
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import gymnasium as gym
import numpy as np
import tyro
from gymnasium.envs.classic_control.cartpole import CartPoleVectorEnv
from gymnasium.spaces import Box

from hpo_gym import TuningVectorEnv
from hpo_gym.commands.checks import plain_errors, require_count
from scripts.speed.bench_tools import equations, pin_to_one_core, race, report
from scripts.speed.bench_tuners import time_decisions

HPO = "hpo_gym:FictitiousHPO-v0"
_ACTIONS = 8
"""Different arrays of actions, used in turn."""


@dataclass(frozen=True)
class Arguments:
    """Command line."""

    part: Literal["all", "steps", "families", "tuners", "scaling", "sb3"] = "all"
    """What to measure."""
    repeats: int = 7
    """Interleaved runs of every contestant."""
    num_envs: int = 16_384
    """Rows of the vector environments."""
    out: Path = field(default=Path("results"))
    """Folder of bench-scaling.png."""


def main() -> None:
    """Run the benchmark."""
    arguments = tyro.cli(Arguments, description=__doc__)
    with plain_errors():
        measure(arguments)


def measure(arguments: Arguments) -> None:
    """Measure what the command line asks for."""
    require_count("--repeats", arguments.repeats, 1)
    require_count("--num-envs", arguments.num_envs, 1)
    if arguments.part in ("all", "sb3"):  # uses both cores: before this process is pinned to one
        from scripts.speed.bench_sb3 import compare_loops

        compare_loops(min(arguments.repeats, 5))
    if arguments.part in ("all", "steps"):
        compare_steps(arguments.repeats, arguments.num_envs)
    if arguments.part in ("all", "families"):
        compare_families(arguments.repeats)
    if arguments.part in ("all", "tuners"):
        time_decisions(arguments.repeats)
    if arguments.part in ("all", "scaling"):
        draw_scaling(arguments.out)


def compare_steps(repeats: int, count: int) -> None:
    """Steps per second of one environment and of many, on one core."""
    pin_to_one_core()
    one = race({"ours": scalar(HPO), "CartPole-v1": scalar("CartPole-v1")}, repeats)
    report("steps/s of one environment, through gym.make", one)
    contestants = {
        "ours": vector(TuningVectorEnv(count), count),
        "CartPoleVectorEnv": vector(CartPoleVectorEnv(count), count),
        "bare equations, float64": equations(_boxes(count, 3)),
    }
    cartpole = _envpool(count)
    if cartpole is not None:
        contestants["EnvPool CartPole, 1 thread"] = cartpole
    report(f"steps/s of {count:,} environments", race(contestants, repeats))


def compare_families(repeats: int) -> None:
    """Steps per second of families, which draw tasks, add noise and show the history."""
    pin_to_one_core()
    count = 4096

    def family(name: str, **options: Any) -> Callable[[], float]:
        return vector(gym.make_vec(f"hpo_gym:{name}HPOFamily-v0", count, **options), count)

    contestants = {
        "fictitious family, history": family("Fictitious"),
        "fictitious family, summary": family("Fictitious", observation="summary"),
        "the same, no noise": family("Fictitious", observation="summary", noise=0.0),
        "binormal family, history": family("Binormal"),
        "rough family, history": family("Rough"),
        "one fixed model": vector(TuningVectorEnv(count), count),
        "CartPoleVectorEnv": vector(CartPoleVectorEnv(count), count),
    }
    report(f"steps/s of {count:,} environments of a family", race(contestants, repeats))


def scalar(env_id: str) -> Callable[[], float]:
    """A timer of one environment; the time of resets is left out."""
    env, steps = gym.make(env_id), 4000
    env.action_space.seed(0)
    actions = [env.action_space.sample() for _ in range(256)]
    env.reset(seed=0)

    def run() -> float:
        resets = 0.0
        begin = time.perf_counter()
        for i in range(steps):
            _, _, terminated, truncated, _ = env.step(actions[i & 255])
            if terminated or truncated:
                before = time.perf_counter()
                env.reset()
                resets += time.perf_counter() - before
        return steps / (time.perf_counter() - begin - resets)

    return run


def vector(envs: Any, count: int, calls: int = 60) -> Callable[[], float]:
    """A timer of a vector environment; calls that only reset a row do not count."""
    space = envs.single_action_space
    if isinstance(space, Box):
        actions = _boxes(count, space.shape[0])
    else:
        random = np.random.default_rng(0)
        actions = [random.integers(space.n, size=count) for _ in range(_ACTIONS)]
    envs.reset(seed=0)

    def run() -> float:
        done = np.zeros(count, dtype=np.bool_)
        steps, seconds = 0, 0.0
        for i in range(calls):
            stepped = count - int(done.sum())
            before = time.perf_counter()
            _, _, terminated, truncated, _ = envs.step(actions[i % _ACTIONS])
            if stepped:
                seconds += time.perf_counter() - before
                steps += stepped
            done = terminated | truncated
        return steps / seconds

    return run


def _boxes(count: int, size: int) -> list[Any]:
    random = np.random.default_rng(0)
    return [
        random.uniform(-1.0, 1.0, size=(count, size)).astype(np.float32) for _ in range(_ACTIONS)
    ]


def _envpool(count: int) -> Callable[[], float] | None:
    try:
        import envpool
    except ImportError:
        print("EnvPool is not installed: pip install 'hpo-gym[speed]'")
        return None
    envs = envpool.make_gymnasium("CartPole-v1", num_envs=count, num_threads=1, seed=0)
    random = np.random.default_rng(0)
    actions = [random.integers(2, size=count) for _ in range(_ACTIONS)]
    envs.reset()

    def run(calls: int = 8) -> float:
        begin = time.perf_counter()
        for i in range(calls):
            envs.step(actions[i % _ACTIONS])
        return calls * count / (time.perf_counter() - begin)

    return run


def draw_scaling(folder: Path) -> None:
    """Cost of a step and memory per environment, for 1 to 1,000,000 environments."""
    from matplotlib.figure import Figure

    pin_to_one_core()
    counts = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]
    nanoseconds, sizes = [], []
    for count in counts:
        tracemalloc.start()
        envs = TuningVectorEnv(count)
        envs.reset(seed=0)
        sizes.append(tracemalloc.get_traced_memory()[0] / count)
        tracemalloc.stop()
        run = vector(envs, count, calls=max(3, min(200, 4_000_000 // count)))
        nanoseconds.append(1e9 / statistics.median(run() for _ in range(3)))
    print("\nenvironments   ns/step   bytes held per environment")
    for count, cost, size in zip(counts, nanoseconds, sizes, strict=True):
        print(f"{count:12,}  {cost:8.0f}   {size:8.0f}")
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    axes.loglog(counts, nanoseconds, marker="o", color="#0072B2")
    axes.set(xlabel="environments", ylabel="nanoseconds per step and environment")
    axes.grid(alpha=0.3)
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / "bench-scaling.png", dpi=110)
    print(f"written: {folder / 'bench-scaling.png'}")


if __name__ == "__main__":
    main()
