"""Command lines that the wheel has: `python -m hpo_gym COMMAND`."""
