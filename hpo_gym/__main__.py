"""The commands of the package: `python -m hpo_gym COMMAND`."""

from __future__ import annotations

import sys

from hpo_gym.references import load

COMMANDS = {
    "tune": ("hpo_gym.commands.tune.command:main", "tune a function, or a model on a table"),
}


def main() -> None:
    """Run the command that the command line names."""
    name, words = "".join(sys.argv[1:2]), sys.argv[2:]
    if name in COMMANDS:
        load(COMMANDS[name][0])(words)
        return
    lines = [f"  {each:8} {what}" for each, (_, what) in COMMANDS.items()]
    usage = "\n".join(["usage: python -m hpo_gym COMMAND [--help]", "", "commands:", *lines])
    if name in ("-h", "--help"):
        print(usage)
    else:
        sys.exit(usage if not name else f"error: {name!r} is no command\n\n{usage}")


if __name__ == "__main__":
    main()
