"""Train a scheduler by CMA-ES on recorded tables.

    python -m scripts.train_scheduler --seeds 0 1 2 --out runs/scheduler

The policy of each seed, a pair of files OUT-SEED.npz and OUT-SEED.json, is read by
`hpo_gym.policies.policy.Policy.load`, and schedules as `hpo_gym.scheduling.PolicyScheduler`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from agents.training.scheduling.evolution import EvolutionSettings, evolve
from hpo_gym.commands.checks import plain_errors, require_count, require_writable
from hpo_gym.scheduling.choices import SAMPLERS
from scripts.command_line import MAX_SEED, command_of


@dataclass(frozen=True)
class Arguments:
    """Command line."""

    seeds: tuple[int, ...] = (0,)
    """Seeds of everything, each of a training of its own."""
    samplers: tuple[Literal[*SAMPLERS], ...] = SAMPLERS
    """What configures the runs of an episode; the episodes are of equal parts."""
    generations: int = 120
    """Generations of each."""
    episodes: int = 32
    """Episodes of each candidate in a generation, with each sampler; a multiple of 4."""
    out: Path = Path("runs/scheduler")
    """Beginning of the files' names."""


def main() -> None:
    """Train, and print where the policies are and how good."""
    arguments = tyro.cli(Arguments, description=__doc__)
    with plain_errors():
        require_count("--generations", arguments.generations, 1, 100_000)
        require_count("--episodes", arguments.episodes, 4, 4096)
        for seed in arguments.seeds:
            require_count("--seeds", seed, 0, MAX_SEED)
        require_writable("--out", arguments.out.parent)
        for seed in arguments.seeds:
            settings = EvolutionSettings(
                arguments.generations, episodes=arguments.episodes, samplers=arguments.samplers
            )
            policy = evolve(settings, seed, command_of("scripts.train_scheduler"), _note)
            path = policy.save(arguments.out.with_name(f"{arguments.out.name}-{seed}"))
            print(f"policy      {path}")
            for sampler, value in policy.description["validation"].items():
                print(f"validation  {value:.4f} with the sampler {sampler}")


def _note(generation: int, best: float) -> None:
    print(f"generation {generation + 1}: {best:.4f}", file=sys.stderr)


if __name__ == "__main__":
    main()
