"""`python -m hpo_gym tune`, from the checkout."""

from hpo_gym.commands.tune.arguments import Arguments
from hpo_gym.commands.tune.command import main

__all__ = ["Arguments", "main"]

if __name__ == "__main__":
    main()
