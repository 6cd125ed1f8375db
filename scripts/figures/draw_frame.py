"""Draw the picture of the README: an episode of the coordinate search.

python -m scripts.figures.draw_frame --out docs/episode.png
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path

import tyro
from matplotlib.image import imsave

from agents import make_agent
from hpo_gym.commands.checks import plain_errors, require_count
from hpo_gym.files import write_atomic
from scripts.command_line import MAX_SEED, make_env


@dataclass(frozen=True)
class Arguments:
    """Command line."""

    env: str = "hpo_gym:FictitiousHPO-v0"
    """Registered id of the environment."""
    agent: str = "coordinate"
    """Name of a hand-written agent."""
    seed: int = 0
    """Seed of the episode."""
    steps: int = 20
    """Evaluations before the picture is taken."""
    out: Path = field(default=Path("docs/episode.png"))
    """The PNG file."""


def main() -> None:
    """Run an episode and save its last frame."""
    arguments = tyro.cli(Arguments, description=__doc__)
    with plain_errors():
        draw(arguments)


def draw(arguments: Arguments) -> None:
    """Run the episode that the command line asks for, and save the frame."""
    require_count("--seed", arguments.seed, 0, MAX_SEED)
    require_count("--steps", arguments.steps, 0)
    env = make_env(arguments.env, {"render_mode": "rgb_array"})
    agent = make_agent(arguments.agent, env, seed=arguments.seed)
    observation, _ = env.reset(seed=arguments.seed)
    state, over, step = None, False, 0
    while not over and step < arguments.steps:
        action, state = agent.predict(observation, state=state)
        observation, _, over, _, _ = env.step(action)
        step += 1
    picture = io.BytesIO()
    imsave(picture, env.render(), format="png")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(arguments.out, picture.getvalue())
    print(f"written: {arguments.out}")


if __name__ == "__main__":
    main()
