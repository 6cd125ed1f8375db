"""A scheduler trained by CMA-ES (Hansen, 2006): whole episodes, no gradients.

Episodes are of the recorded training tables, in equal parts with each of some samplers (see
`hpo_gym.scheduling.choices`). A table meets the list that was made of the data of others, as in the
training of the tuner for classifiers. All candidates of a
generation play the same tasks with the same random numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from agents.training.classifiers.starts import FOLDS, fold_of_tables, starts_without
from agents.training.provenance import provenance
from agents.training.scheduling.linear import LinearPreferences
from hpo_gym.optional import optional
from hpo_gym.policies.description import FORMAT
from hpo_gym.policies.policy import Policy
from hpo_gym.scheduling.choices import SAMPLERS

ENVIRONMENT = "hpo_gym:RecordedHPOSchedule-v0"
OPTIONS: dict[str, Any] = {"action": "choose", "observation": "rungs", "reward": "anytime"}
VALIDATION_SEED = 2**31
_VALIDATION_EPISODES = 400
_INTERVAL = 10
"""Generations between two validations."""


@dataclass(frozen=True)
class EvolutionSettings:
    """Settings of a training.

    Attributes:
        generations: Number of generations.
        candidates: Policies of a generation.
        episodes: Episodes of each candidate in a generation, with each sampler; a multiple of 4.
        deviation: First standard deviation of the search.
        samplers: "random", "portfolio" and "mixed", or some of them.
    """

    generations: int = 120
    candidates: int = 16
    episodes: int = 32
    deviation: float = 1.0
    samplers: tuple[str, ...] = SAMPLERS


def _groups(settings: EvolutionSettings) -> list[gym.vector.VectorEnv[Any, Any, Any]]:
    """The environments of a training, of all candidates side by side."""
    groups, folds = [], fold_of_tables()
    for sampler in settings.samplers:
        if sampler == "random":
            groups.append(_envs(settings, settings.episodes, sampler=sampler))
            continue
        for fold in range(FOLDS):
            starts = np.clip(2.0 * starts_without(fold)[:, [0, 2]].astype(float) - 1.0, -1.0, 1.0)
            own = tuple(np.flatnonzero(folds == fold).tolist())
            listed = {"sampler": sampler, "starts": starts.tolist()}
            groups.append(_envs(settings, settings.episodes // FOLDS, task=own, **listed))
    return groups


def _envs(
    settings: EvolutionSettings, episodes: int, **options: Any
) -> gym.vector.VectorEnv[Any, Any, Any]:
    rows = settings.candidates * episodes
    return gym.make_vec(ENVIRONMENT, rows, infos="none", **OPTIONS, **options)


def _returns(
    envs: Any, weights: NDArray[np.float32], seed: int, tasks: NDArray[np.int64] | None
) -> NDArray[np.float64]:
    """Returns (candidates, episodes) of policies, which all play the same episodes."""
    candidates, episodes = len(weights), envs.num_envs // len(weights)
    options = None if tasks is None else {"task": np.tile(tasks, candidates)}
    seeds = np.tile(seed + np.arange(episodes), candidates)
    observations, _ = envs.reset(seed=seeds.tolist(), options=options)
    running, total = np.ones(envs.num_envs, dtype=np.bool_), np.zeros(envs.num_envs)
    while running.any():
        shown = observations.reshape(candidates, episodes, -1)
        values = np.matmul(shown, weights[:, :, :-1].transpose(0, 2, 1)) + weights[:, None, :, -1]
        observations, rewards, over, _, _ = envs.step(values.argmax(axis=2).reshape(-1))
        total += np.where(running, rewards, 0.0)
        running &= ~over
    return total.reshape(candidates, episodes)


def evolve(
    settings: EvolutionSettings,
    seed: int,
    command: str,
    note: Callable[[int, float], None] = lambda generation, best: None,
) -> Policy:
    """Train a scheduler.

    Args:
        settings: The settings.
        seed: Seeds everything.
        command: The command line, for the policy's description.
        note: Called after every generation with its number and its best mean return.

    Returns:
        Of the means of the distribution after every tenth generation that which was best on the
        validation tables with the samplers of the training; for
        `hpo_gym.scheduling.PolicyScheduler`.

    Raises:
        ImportError: The library cmaes is not installed.
    """
    cmaes = optional("cmaes", extra="bench", user="the training of schedulers")
    groups = _groups(settings)
    process = groups[0].unwrapped.process  # type: ignore[attr-defined]
    linear = LinearPreferences(process.rungs)
    search = cmaes.CMA(
        linear.first, settings.deviation, population_size=settings.candidates, seed=seed
    )
    draw, best = np.random.default_rng(seed), (-np.inf, linear.weights(linear.first))
    for generation in range(settings.generations):
        numbers = np.stack([search.ask() for _ in range(settings.candidates)])
        weights = linear.weights(numbers)
        returns = [_returns(envs, weights, *_episodes(envs, draw, weights)) for envs in groups]
        fitness = np.concatenate(returns, axis=1).mean(axis=1)
        search.tell(list(zip(numbers, -fitness, strict=True)))
        note(generation, float(fitness.max()))
        if (generation + 1) % _INTERVAL == 0 or generation + 1 == settings.generations:
            mean = linear.weights(search.mean)
            value = float(np.mean([*validation(mean, settings.samplers).values()]))
            best = max(best, (value, mean), key=lambda one: one[0])
    return _policy(settings, seed, command, process, best[1])


def _episodes(
    envs: Any, draw: np.random.Generator, weights: NDArray[np.float32]
) -> tuple[int, NDArray[np.int64]]:
    """The first seed and the tasks of a generation's episodes."""
    options, episodes = envs.unwrapped.process.options, envs.num_envs // len(weights)
    among = options.task or range(envs.unwrapped.process.family.sizes[options.split])
    return int(draw.integers(2**31)), draw.choice(np.array(among), episodes)


def _policy(
    settings: EvolutionSettings,
    seed: int,
    command: str,
    process: Any,
    weights: NDArray[np.float32],
) -> Policy:
    description = {
        "format": FORMAT,
        "algorithm": "CMA-ES",
        "kind": "greedy",
        "activation": "tanh",  # of no layer: it is linear
        "layer_sizes": [process.rungs.size, process.format.size],
        "interface": process.interface,
        "environment": {"id": ENVIRONMENT, "options": OPTIONS},
        "seed": seed,
        "settings": asdict(settings),
        "validation": validation(weights, SAMPLERS),
        **provenance(command),
    }
    return Policy({"weight_0": weights[:, :-1], "bias_0": weights[:, -1]}, description)


def validation(weights: NDArray[np.float32], samplers: Sequence[str]) -> dict[str, float]:
    """Mean returns of a policy (K, size + 1) on the validation tables, by sampler."""
    means = {}
    for sampler in samplers:
        envs = gym.make_vec(
            ENVIRONMENT,
            _VALIDATION_EPISODES,
            infos="none",
            split="validation",
            sampler=sampler,
            **OPTIONS,
        )
        means[sampler] = float(_returns(envs, weights[None], VALIDATION_SEED, None).mean())
    return means
